//! The reseller API as a typed client: functions, wire quirks, errors, pacing. No policy, and nothing is stored here.
//!
//! [`Function`] lists what there is, each with its [`Parameter`]s; [`Client`] calls: typed, a method for each function, or
//! as given, a [`RawCall`]. `functions` has one file for what is sent and what the answer means; `check` refuses what
//! must not be sent; `answer` knows what an answer means, and `json` reads what the wire really sends; [`Error`] says what
//! callers must know of a failure, and [`WriteError`] whether a write may have been done and how to find out; [`pace`] keeps
//! the account's rate.
//!
//! What holds throughout: HTTP success proves nothing; an answer without its payload is an error, never zero and never
//! "no clients"; amounts are read from their digits; one odd row costs that row; no secret and nobody's password is
//! printable; writes are sent once.

mod answer;
mod calls;
mod check;
mod client;
mod codes;
mod error;
mod fallback;
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
mod raw;
mod record;
mod reply;
mod request;
mod settings;

pub use check::Unacceptable;
pub use client::{Client, WriteTurn};
pub use codes::meaning;
pub use error::{Error, Problem};
pub use function::{Class, Function};
pub use functions::{
    AddCharge, AddPayment, BalanceManagement, ClientPackage, ClientThreshold, Entry, NewClient, Package,
    ResellerBalance, Rows, SetClientThreshold, SignupClient, State,
};
pub use kind::ErrorKind;
pub use marker::Marker;
pub use outcome::{FindOut, Sign, Unknown, WriteError};
pub use parameters::{Kind, Parameter};
pub use raw::{CallError, RawAnswer, RawCall, Row, Untaken};
pub use record::OddRow;
pub use request::Transport;
pub use settings::{Settings, SettingsError};

#[cfg(test)]
mod tests;
