//! What is true of a client now, and who hears of it. PURE, as all of `domain`.
//!
//! The walk of one reading: [`client`] takes it through [`verdict`] (what a policy says of it), [`lifecycle`] (how that
//! moves the alert) and [`audience`] (who is told), and [`rows`] gathers what is to be written; [`gather`] puts what many
//! clients have in common into one message, and [`bound`] says how many one recipient can get. [`fall`], [`surprise`] and
//! [`belief`] ask whether the numbers can be believed at all. [`gone`] ends what lost its ground. [`account`] judges the
//! account as a whole, [`letters`] the messages that died, [`inventory`] who is watched, [`enforced`] who hears what became
//! of a change, [`attention`] what is told while nothing is read; `mirrored` is what a channel shows that is told nothing.

mod facts;
mod mirrored;

pub mod account;
pub mod attention;
pub mod audience;
pub mod belief;
pub mod bound;
pub mod client;
pub mod enforced;
pub mod fall;
pub mod gather;
pub mod gone;
pub mod inventory;
pub mod letters;
pub mod lifecycle;
pub mod rows;
pub mod rules;
pub mod surprise;
pub mod triggers;
pub mod verdict;

#[cfg(test)]
mod tests;

pub use rows::Decided;
pub use rules::{Circumstances, Rules, Seen};
