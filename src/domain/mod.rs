//! The heart, and PURE: plain values and the time go in, decisions with their reasons come out.
//!
//! Nothing here reads a clock, the environment or randomness, logs, waits or does I/O, and nothing here imports from
//! the rest of the program. `tests/it/tidy/` enforces it.
//!
//! In reading order: [`money`] and [`id`] (values), [`client`] (what is known), [`policy`] (what is asked).

pub mod account_alert;
pub mod address;
pub mod alert;
pub mod client;
pub mod dead_letter;
pub mod decision;
pub mod digest;
pub mod due;
pub mod enforcement;
pub mod hush;
pub mod id;
pub mod judge;
pub mod kept;
pub mod labels;
pub mod language;
pub mod money;
pub mod notice;
pub mod plan;
pub mod policy;
pub mod reason;
pub mod receiver;
pub mod report;
pub mod set_back;
pub mod share;
#[cfg(test)]
pub mod testing;
pub mod time;
pub mod watch;

pub use client::{Client, Management, Reading, Threshold};
pub use id::{AccountName, ChannelName, ClientId, PolicyName};
pub use language::{Language, Languages};
pub use money::{Money, MoneyError};
pub use policy::{Policy, Severity};
