//! Drains the outbox: what is owed leaves here, or is declared dead with a reason. Decides nothing about alerts.
//!
//! In reading order: [`letter`] (what is said; pure), [`delivery`] (what a channel is given and what it reports),
//! [`email`] (the channel that mails), [`post`] (what all channels over HTTP are made of), [`pagerduty`],
//! [`slack`] and [`ntfy`], [`queue`] (what is needed of the
//! store), [`backoff`] and [`health`] (pure rules), [`outbox`] (the worker), [`labels`] (an alert as Alertmanager and its
//! receivers know one; pure).
//!
//! To add a channel:
//! 1. Write a file beside `email` that implements [`delivery::Channel`] and [`delivery::Connection`]. It says of each
//!    attempt how it failed, whose that is and how far it came; all the rest is the outbox's. Over HTTP it is enough to
//!    implement [`post::Vendor`]: what is posted.
//! 2. Add a variant to `config::ChannelKind` with what it needs and its recipients, and its keys to the table of keys.
//! 3. Add an arm to `daemon::parts::delivery`, which makes the channel from the settings.
//!
//! The outbox, the commands and `check --online` need no change.

pub mod alertmanager;
pub mod backoff;
mod cause;
pub mod delivery;
pub mod email;
pub mod health;
pub mod heartbeat;
pub mod labels;
pub mod letter;
pub mod made_up;
pub mod ntfy;
pub mod outbox;
pub mod own_texts;
pub mod pagerduty;
pub mod post;
pub mod queue;
pub mod sample;
pub mod slack;
pub mod stable;
#[cfg(test)]
mod testing;
pub mod webhook;
