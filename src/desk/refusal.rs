//! Why nothing was looked up or decided.

use std::fmt;

use crate::store;

/// Why something was not shown or not done. Each says what, and most say what to do.
#[derive(Debug)]
pub enum Refusal {
    /// There is no such thing.
    Unknown { what: String, hint: String },
    /// It is there, and in no state in which this can be done.
    Conflict { what: String, hint: String },
    /// What was asked for makes no sense.
    Wrong { what: String, hint: String },
    /// The store could not be read or written.
    Store(store::Error),
}

impl Refusal {
    pub fn unknown(what: impl Into<String>) -> Self {
        let (what, hint) = (what.into(), String::new());
        Self::Unknown { what, hint }
    }

    pub fn conflict(what: impl Into<String>) -> Self {
        let (what, hint) = (what.into(), String::new());
        Self::Conflict { what, hint }
    }

    pub fn wrong(what: impl Into<String>) -> Self {
        let (what, hint) = (what.into(), String::new());
        Self::Wrong { what, hint }
    }

    /// The same with what to do about it. A failure of the store has a hint of its own.
    #[must_use]
    pub fn hint(mut self, text: impl Into<String>) -> Self {
        match &mut self {
            Self::Unknown { hint, .. } | Self::Conflict { hint, .. } | Self::Wrong { hint, .. } => *hint = text.into(),
            Self::Store(_) => {}
        }
        self
    }
}

impl From<store::Error> for Refusal {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { what, .. } | Self::Conflict { what, .. } | Self::Wrong { what, .. } => f.write_str(what),
            Self::Store(error) => error.fmt(f),
        }
    }
}
