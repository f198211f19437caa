//! The reseller API as a typed client: functions, wire quirks, errors, pacing. No policy, and nothing is stored here.
//!
//! [`Function`] lists what there is, each with its [`Parameter`]s. A [`Call`] is a function with its arguments; [`Client`]
//! sends it: reads whose answers the daemon decides by have a method each, and any call can be sent as it is given.
//! [`Wire`] carries the request. `functions` has what is asked and what the answer means; `check` refuses what must not be
//! sent; `answer` knows what an answer means, and `json` reads what the wire really sends; [`Error`] says what callers must
//! know of a failure, and [`CallError`] whether a write may have been done and how to find out; [`pace`] keeps the account's
//! rate.
//!
//! What holds throughout: HTTP success proves nothing; an answer without its payload is an error, never zero and never
//! "no clients"; amounts are read from their digits; one odd row costs that row; no secret and nobody's password is
//! printable; writes are sent once.

mod answer;
mod call;
mod calls;
mod check;
mod client;
mod codes;
mod error;
mod fallback;
mod find_out;
mod function;
mod functions;
#[cfg(fuzzing)]
pub mod fuzzing;
mod json;
mod kind;
mod marker;
mod outcome;
pub mod pace;
mod parameters;
mod question;
mod record;
mod reply;
mod request;
mod settings;
mod taken;
mod texts;
mod wire;

pub use call::Call;
pub use check::Unacceptable;
pub use client::{Client, WriteTurn};
pub use codes::meaning;
pub use error::{Error, Problem};
pub use find_out::FindOut;
pub use function::{Class, Function};
pub use functions::{BalanceManagement, ClientThreshold, Entry, ResellerBalance, Rows};
pub use kind::ErrorKind;
pub use marker::Marker;
pub use outcome::{Answer, CallError};
pub use parameters::{Kind, Parameter};
pub use record::OddRow;
pub use request::Transport;
pub use settings::{Settings, SettingsError};
pub use taken::Untaken;
pub use texts::Row;
pub use wire::Wire;

#[cfg(test)]
mod tests;
