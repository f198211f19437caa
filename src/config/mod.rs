//! From configuration files, environment and credentials to validated [`Settings`]; gathers every problem.
//!
//! In reading order: [`settings`] (the result), [`schedule`] (when sweeps tick), `load` (how it is made), `layers` and
//! `tree` (where values come from and how they are laid over each other), `keys` (which there are), `read`, `sections`, `mail`,
//! `addresses`, `policies`, `conditions`, `secret` (values of the right form), [`problem`] (what is wrong), [`show`] (what is in force).
//!
//! Reads files and what it is given as environment; never a socket, a store or the process environment itself.

use std::collections::BTreeMap;
use std::ffi::OsString;

mod addresses;
mod conditions;
#[cfg(fuzzing)]
pub mod fuzzing;
mod keys;
mod layers;
mod load;
mod mail;
pub mod policies;
pub mod problem;
mod read;
pub mod schedule;
mod secret;
mod sections;
pub mod settings;
pub mod show;
mod tree;

#[cfg(test)]
mod tests;

pub use load::{Loaded, Request, load, parse};
pub use problem::{Problem, Problems};
pub use schedule::{EverySweep, Schedule, SweepEvery};
pub use secret::{BadFile, Secrets, secret_in};
pub use settings::{
    Account, Alerts, Channel, ChannelKind, Enforcement, Mail, Settings, Smtp, SmtpTls, Store, Transport,
};
pub use show::Effective;

/// The variables of an environment.
pub type Variables = BTreeMap<OsString, OsString>;
