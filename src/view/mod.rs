//! What is shown, and PURE: values made from what was kept, with their sentences. The commands, the pages of the
//! dashboard and the JSON API are only clothes for them.
//!
//! Each value is `Serialize`, which is what scripts read, and [`Shown`], which is what people read. Nothing here knows a
//! colour, a width or a clock, and nothing here is read from the world.
//!
//! In reading order: [`page`] (the shapes), [`words`] (times and amounts), [`snapshot`] (what it is all made from), then
//! one file for each thing that is shown.

pub mod alert;
pub mod chart;
pub mod client;
pub mod clients;
pub mod decided;
pub mod enforcement;
pub mod explain;
pub mod history;
pub mod hushed;
pub mod list;
pub mod nagios;
pub mod notice;
pub mod page;
pub mod plan;
pub mod rehearsal;
mod schema;
pub mod snapshot;
pub mod status;
pub mod sweep;
#[cfg(test)]
pub mod testing;
pub mod words;

pub use page::{Card, Page, Shown, Table, Tone};
pub use snapshot::Snapshot;
pub use words::Now;
