//! Drains the outbox: what is owed leaves here, or is declared dead with a reason. Decides nothing about alerts.
//!
//! In reading order: [`letter`] (what is said; pure), [`email`] (sends them over SMTP), [`queue`] (what is needed of
//! the store), [`backoff`] and [`health`] (pure rules), [`outbox`] (the worker).

pub mod backoff;
pub mod delivery;
pub mod email;
pub mod health;
pub mod letter;
pub mod outbox;
pub mod queue;
#[cfg(test)]
mod testing;
