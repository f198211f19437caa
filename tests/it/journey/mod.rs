//! The real binary from end to end: against the simulated API and a mail server that takes what it is sent.

mod alerts;
mod daemon;
mod decisions;
pub mod enforcement;
mod first;
mod inventory;
mod mail;
mod reload;
mod secrets;
mod texts;
mod together;
mod transport;
mod upstream;
pub mod world;
