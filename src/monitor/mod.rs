//! The sweep: due, fetch, decide, commit.
//!
//! In reading order: [`report`] (what a sweep comes to), [`decide`] (a reading turns into rows), `inventory` (who is
//! watched), `account` (the built-in alerts), `fetch` (calls in flight), `sweep` (the order of it all).
//!
//! Never sends a mail and never changes anything at the provider: it writes down what is owed and planned.

pub mod account;
pub mod decide;
pub mod inventory;
pub mod report;
