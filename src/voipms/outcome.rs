//! What came of a write: done, not done, or not known. The one place that decides which, for typed and raw calls alike,
//! and that says how to find out. Nothing is asked here.

use std::fmt;

use super::error::Error;
use super::function::Function;
use super::functions::Call;
use super::marker::Marker;

/// Why no success of a write was reported. A write is sent once, whatever comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteError {
    /// It surely has no effect.
    NotDone(Error),
    /// It may have been done: the answer was lost, or says nothing. Repeating it blindly could do it twice.
    Unknown(Box<Unknown>),
}

/// A write whose outcome is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What went wrong.
    pub error: Error,
    /// How to find out what came of it.
    pub find_out: FindOut,
}

/// How to find out whether a write was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindOut {
    /// The function that tells.
    pub function: Function,
    /// Whom to ask it about: the client's id, or the e-mail address of the client that was to be made.
    pub client: String,
    /// What is there if it was done.
    pub sign: Sign,
}

/// What is there if a write was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    /// A charge or deposit. How soon it is listed was never measured.
    Entry {
        /// Its amount as it was sent.
        amount: String,
        /// The description. With a marker no other entry has it; without one an older entry may look the same. `None` when
        /// none was sent, and only date and amount tell it from others.
        description: Option<String>,
    },
    /// This threshold.
    Threshold(String),
    /// The record as it was sent.
    Record,
    /// A client with this address.
    Client,
}

impl WriteError {
    /// What a failed write comes to.
    pub(super) fn of<C: Call>(call: &C, error: Error) -> Self {
        match FindOut::of(call) {
            Some(find_out) if error.may_have_taken_effect() => Self::Unknown(Box::new(Unknown { error, find_out })),
            _ => Self::NotDone(error),
        }
    }

    /// What went wrong.
    #[must_use]
    pub const fn error(&self) -> &Error {
        match self {
            Self::NotDone(error) => error,
            Self::Unknown(unknown) => &unknown.error,
        }
    }

    /// What went wrong, alone.
    #[must_use]
    pub fn into_error(self) -> Error {
        match self {
            Self::NotDone(error) => error,
            Self::Unknown(unknown) => unknown.error,
        }
    }

    /// How to find out what came of it; `None` when it surely was not done.
    #[must_use]
    pub const fn find_out(&self) -> Option<&FindOut> {
        match self {
            Self::NotDone(_) => None,
            Self::Unknown(unknown) => Some(&unknown.find_out),
        }
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDone(error) => error.fmt(f),
            Self::Unknown(unknown) => write!(f, "{}; it is not known whether it was done", unknown.error),
        }
    }
}

impl std::error::Error for WriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error().source()
    }
}

impl FindOut {
    /// For the call of a write; `None` for a read, of which there is nothing to find out.
    pub(super) fn of<C: Call>(call: &C) -> Option<Self> {
        let value = |wanted: &str| {
            let mut found = None;
            call.parameters(&mut |name, value| {
                if name == wanted {
                    found = Some(value.to_owned());
                }
            });
            found
        };
        let text = |wanted| value(wanted).unwrap_or_default();
        let entry = |amount| Sign::Entry {
            amount: text(amount),
            description: value("description"),
        };
        let (function, who, sign) = match call.function() {
            Function::AddCharge => (Function::GetCharges, "client", entry("charge")),
            Function::AddPayment => (Function::GetDeposits, "client", entry("payment")),
            Function::SetClient => (Function::GetClients, "client", Sign::Record),
            Function::SetClientThreshold => (
                Function::GetClientThreshold,
                "client",
                Sign::Threshold(text("threshold")),
            ),
            Function::SignupClient => (Function::GetClients, "email", Sign::Client),
            _ => return None,
        };
        let client = text(who);
        Some(Self { function, client, sign })
    }

    /// What that shows if it was done, and how soon.
    #[must_use]
    pub fn what_it_shows(&self) -> String {
        match &self.sign {
            Sign::Entry { amount, description } => {
                let told_by = match description {
                    Some(description) if Marker::ends(description) => {
                        format!("described as `{description}` if it was done")
                    }
                    // Rents and fees are described alike month after month: the one of last month proves nothing.
                    Some(description) => format!(
                        "described as `{description}` and dated today, in Toronto, if it was done; an older one like it says \
                         nothing"
                    ),
                    None => "dated today, in Toronto, if it was done; an older one like it says nothing".to_owned(),
                };
                format!(
                    "an entry of {amount} {told_by}; how soon is not known, so look more than once before repeating it"
                )
            }
            Sign::Threshold(threshold) => format!("the threshold {threshold} if it was done"),
            Sign::Record => "the new values if it was done".to_owned(),
            Sign::Client => "the client if it was done, else `invalid_client`".to_owned(),
        }
    }
}
