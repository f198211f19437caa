//! What is true of a client now, and who hears of it. PURE, as all of `domain`.
//!
//! In reading order: [`verdict`] (what a policy says of a reading), [`lifecycle`] (what that does to an alert),
//! [`audience`] (who is told). [`fall`] and [`surprise`] ask whether the numbers can be believed at all.

pub mod audience;
pub mod fall;
pub mod lifecycle;
pub mod surprise;
pub mod verdict;
