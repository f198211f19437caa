//! The names of things. A client is always meant together with its account.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a text is not a name of the kind that was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct BadName {
    text: String,
    expected: &'static str,
}

/// Longest name of anything. Names stand in every row, mail and metric label.
const LONGEST: usize = 64;

macro_rules! name {
    ($(#[$docs:meta])* $name:ident, $expected:literal, $allowed:expr) => {
        $(#[$docs])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "Arc<str>")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks and wraps a name.
            ///
            /// # Errors
            /// [`BadName`] when it is empty, longer than 64 bytes or has a character outside the allowed set.
            pub fn new(text: &str) -> Result<Self, BadName> {
                Self::try_from(Arc::<str>::from(text))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<Arc<str>> for $name {
            type Error = BadName;
            fn try_from(text: Arc<str>) -> Result<Self, BadName> {
                let allowed: fn(u8) -> bool = $allowed;
                if text.is_empty() || text.len() > LONGEST || !text.bytes().all(allowed) {
                    let text = text.chars().take(LONGEST).collect();
                    return Err(BadName { text, expected: $expected });
                }
                Ok(Self(text))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

const fn is_slug(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

name!(
    /// The reseller's own VoIP.ms account, as named in the configuration: one API user, one rate limit.
    AccountName, "an account name (a-z, 0-9 and -, at most 64)", is_slug
);
name!(
    /// A reseller client's id, such as `561115`, or one of the pseudo-clients [`ClientId::account`] and
    /// [`ClientId::reseller`]. Always together with its account.
    ClientId, "a client id (letters, digits, - and _, at most 64)",
    |byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
);
name!(
    /// A policy's name.
    PolicyName, "a policy name (a-z, 0-9 and -, at most 64)", is_slug
);
name!(
    /// A channel's name; [`ChannelName::client`] always exists.
    ChannelName, "a channel name (a-z, 0-9 and -, at most 64)", is_slug
);

impl ClientId {
    /// The pseudo-client that built-in alerts about the account hang on.
    #[must_use]
    pub fn account() -> Self {
        Self(Arc::from("account"))
    }

    /// The pseudo-client whose balance is the reseller's own.
    #[must_use]
    pub fn reseller() -> Self {
        Self(Arc::from("reseller"))
    }

    /// Whether this is no real client of the reseller.
    #[must_use]
    pub fn is_pseudo(&self) -> bool {
        matches!(&*self.0, "account" | "reseller")
    }
}

impl PolicyName {
    /// What a test of a channel is called. No policy causes it.
    #[must_use]
    pub fn test() -> Self {
        Self(Arc::from("test-notify"))
    }

    /// What a digest is kept under, on [`ClientId::account`]. No policy is judged by this name there.
    #[must_use]
    pub fn digest() -> Self {
        Self(Arc::from("digest"))
    }
}

impl ChannelName {
    /// The channel that mails the client itself.
    #[must_use]
    pub fn client() -> Self {
        Self(Arc::from("client"))
    }

    /// Whether this is the channel that mails the client itself.
    #[must_use]
    pub fn is_client(&self) -> bool {
        &*self.0 == "client"
    }
}

#[cfg(test)]
mod tests {
    use super::{AccountName, ClientId};

    #[test]
    fn both_sides_of_what_a_name_may_be() {
        for (name, text, good) in [
            ("documented id", "561115", true),
            ("pseudo", "account", true),
            ("empty", "", false),
            ("64 bytes", &"7".repeat(64), true),
            ("65 bytes", &"7".repeat(65), false),
            ("a line break", "5\n6", false),
            ("a quote", "5'6", false),
            ("non-ASCII digit", "٣", false),
        ] {
            assert_eq!(ClientId::new(text).is_ok(), good, "{name}");
        }
        assert!(AccountName::new("Main").is_err());
        assert!(AccountName::new("main-2").is_ok());
    }
}
