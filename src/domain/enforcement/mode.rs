//! How far the daemon may go.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the daemon may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nothing: it says what it would do.
    Observe,
    /// What policies ask for, within every guard.
    Apply,
}

impl Mode {
    /// The word used in the configuration and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Apply => "apply",
        }
    }
}
