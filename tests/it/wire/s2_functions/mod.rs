//! WIRE.md section 2: what each function takes and answers, with the document's examples byte by byte.

mod balances;
mod clients;
pub mod history;
mod ledgers;
mod lists;
mod money;
mod packages;
pub mod signup;
mod thresholds;
mod types;
