//! From configuration files, environment and credentials to validated [`Settings`]; gathers every problem.
//!
//! In reading order: [`settings`] (the result), [`schedule`] (when sweeps tick).
//!
//! Reads files and what it is given as environment; never a socket, a store or the process environment itself.

pub mod schedule;
pub mod settings;

pub use schedule::{EverySweep, Schedule, SweepEvery};
pub use settings::{
    Account, Alerts, Channel, ChannelKind, Enforcement, Mode, Settings, Smtp, SmtpTls, Store, Transport,
};
