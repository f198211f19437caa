//! Drains the outbox: what is owed leaves here, or is declared dead with a reason. Decides nothing about alerts.
//!
//! - [`render`]: what mails say. Pure.
//! - [`email`]: sends them over SMTP.

pub mod email;
pub mod render;
#[cfg(test)]
mod testing;
