//! How far the daemon may go.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the daemon may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nothing: it says what it would do.
    Observe,
    /// What people approve, one change at a time, within every guard.
    Approve,
    /// What policies ask for, within every guard.
    Apply,
}

impl Mode {
    /// All, the most careful first.
    pub const ALL: [Self; 3] = [Self::Observe, Self::Approve, Self::Apply];

    /// The word used in the configuration and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Approve => "approve",
            Self::Apply => "apply",
        }
    }

    /// Whether anything may be changed in it.
    #[must_use]
    pub const fn changes(self) -> bool {
        !matches!(self, Self::Observe)
    }
}
