//! The targets: each tries one input on the program, and panics when what must hold of every input does not. Whoever calls
//! them finds the inputs: libFuzzer those that are new, the replay those that are always the same.

pub mod config;
pub mod requests;
pub mod responses;

use jiff::Timestamp;

/// The time of every try.
fn now() -> Timestamp {
    Timestamp::from_second(1_795_435_200).expect("2026-11-23T12:00:00Z is a time")
}
