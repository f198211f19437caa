//! From configuration files, environment and credentials to validated [`Settings`]; gathers every problem.
//!
//! In reading order: [`settings`] (the result), [`schedule`] (when sweeps tick), `keys` (the table of keys: path, form, bounds,
//! default, meaning), `load` (how a result is made), `layers` and `tree` (where values come from and how they are laid over each
//! other), `key`, `known`, `form`, `values`, `addresses`, `duration` (what a key takes), `reader` (values by their keys), `sections`,
//! `policies`, `conditions`, `channels`, `mutes`, `secret` (what keys mean together), [`problem`] (what is wrong), [`show`] (what is in force), `schema`, `manual`.
//!
//! Reads files and what it is given as environment; never a socket, a store or the process environment itself.

mod addresses;
mod channels;
mod conditions;
pub mod duration;
mod form;
#[cfg(fuzzing)]
pub mod fuzzing;
mod key;
mod keys;
mod known;
mod layers;
mod load;
mod manual;
mod mutes;
mod policies;
pub mod problem;
mod reader;
pub mod schedule;
mod schema;
mod secret;
mod sections;
pub mod settings;
pub mod show;
pub mod terms;
mod tree;
mod values;

#[cfg(test)]
mod tests;

pub use layers::Variables;
pub use load::{Loaded, Request, load, parse};
pub use manual::{ManualEntry, manual};
pub use problem::{Problem, Problems, Secrets};
pub use schedule::{CronRule, Schedule, SweepEvery};
pub use schema::schema;
pub use secret::{BadFile, secret_in};
pub use settings::{
    Account, Alerts, Channel, ChannelKind, Digest, Endpoint, Enforcement, HttpLogin, Mail, Mute, Settings, Smtp,
    SmtpTls, Store, Transport, Web, WebhookBody, WebhookFormat,
};
pub use show::Effective;
pub use terms::Terms;
