//! How far a write has come, and what is told of it when a signal ends it. Sends nothing and waits for nothing.

use std::cell::RefCell;

use crate::cli::context::Exit;
use crate::cli::failure::Failure;
use crate::net::Departure;
use crate::voipms::Function;

/// How far a write has come.
#[derive(Default)]
pub struct Progress(RefCell<Stage>);

#[derive(Default)]
enum Stage {
    /// Nothing is sent that changes anything.
    #[default]
    Before,
    /// It is sent as soon as `departure` says so, and then this is true.
    Sending {
        departure: Departure,
        unknown: Failure,
    },
    /// It was sent, and this is true until it is compared.
    Comparing(Failure),
    Over(Result<Exit, Failure>),
}

impl Progress {
    /// A write is about to be sent. `unknown`: what is true if nothing is heard of it.
    pub fn sending(&self, departure: Departure, unknown: Failure) {
        *self.0.borrow_mut() = Stage::Sending { departure, unknown };
    }

    /// It was sent and is about to be compared. `uncompared`: what is true until it is.
    pub fn comparing(&self, uncompared: Failure) {
        *self.0.borrow_mut() = Stage::Comparing(uncompared);
    }

    /// It ended so: a failure is still to be told, everything else was. What follows changes nothing of it.
    pub fn over(&self, ended: &Result<Exit, Failure>) {
        *self.0.borrow_mut() = Stage::Over(ended.clone());
    }

    /// How a signal ends it.
    ///
    /// # Errors
    /// What is true of the write then.
    pub fn ended_by(&self, signal: &str, function: Function) -> Result<Exit, Failure> {
        let came = format!("{signal} came before an answer did");
        match &*self.0.borrow() {
            Stage::Sending { departure, unknown } if departure.is_past() => Err(unknown.clone().cause(came)),
            Stage::Before | Stage::Sending { .. } => {
                Err(Failure::failed(format!("{function} was not sent: {signal} came first")))
            }
            Stage::Comparing(uncompared) => Err(uncompared.clone().cause(came)),
            Stage::Over(ended) => ended.clone(),
        }
    }
}
