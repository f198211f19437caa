//! `balancewatch api`: the real binary, as people and scripts run it, against the simulator over HTTP. What arrives there
//! is looked at as well as what is printed.

mod echo;
pub mod elsewhere;
mod money;
mod reads;
mod records;
mod signals;
pub mod stage;
mod typed;
mod usage;
