//! What the configuration says of enforcement, beside the rules that its clients are judged by.

use std::collections::BTreeSet;
use std::fmt;

use jiff::SignedDuration;

use crate::domain::Client;
use crate::domain::enforcement::Mode;
use crate::domain::policy::Pattern;
use crate::domain::share::Share;

/// A share of few clients would allow none: so many changes in a day are allowed of any fleet. Fewer, and a reseller with ten
/// clients could not have two thieves in a day; more, and a third of his clients could be changed by mistake.
const FLOOR_PER_DAY: u32 = 3;

/// What bounds the enforcement of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guards {
    /// What may be changed at all.
    pub mode: Mode,
    /// Clients that are never touched.
    pub protect: Vec<Protected>,
    pub caps: Caps,
    pub approvals: Approvals,
    /// Fields of a record beside the known ones that setClient leaves alone.
    pub extra_fields: BTreeSet<String>,
    /// How long the first enforcement ever is watched before any other.
    pub canary_wait: SignedDuration,
}

/// Who is never touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protected {
    Pattern(Pattern),
    /// Who has the package of this code (`getPackages`). The API tells that of one client at a time.
    Package(String),
}

impl fmt::Display for Protected {
    /// As it is written in the configuration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pattern(pattern) => pattern.fmt(f),
            Self::Package(code) => write!(f, "package:{code}"),
        }
    }
}

/// How many changes there may be, each way counted for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    pub per_sweep: u32,
    /// In any hour; so many wait for an approval at a time, too.
    pub per_hour: u32,
    /// In any 24 hours.
    pub per_day: u32,
    /// In any 24 hours, of all clients.
    pub share_per_day: Share,
}

/// What approving takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approvals {
    /// How many people.
    pub needed: u32,
    /// For how long a request can be approved, and for how long an approval holds.
    pub expires: SignedDuration,
    /// How long after a request it is asked again.
    pub ask_again: SignedDuration,
}

impl Guards {
    /// The entry of `protect` that names a client by what its record shows.
    #[must_use]
    pub fn protecting(&self, client: &Client) -> Option<&Protected> {
        let names = |entry: &&Protected| matches!(entry, Protected::Pattern(pattern) if pattern.matches(client));
        self.protect.iter().find(names)
    }

    /// Whether a client's packages decide whether it is protected.
    #[must_use]
    pub fn asks_for_packages(&self) -> bool {
        self.protect.iter().any(|entry| matches!(entry, Protected::Package(_)))
    }

    /// The entry of `protect` that names a client with these packages.
    #[must_use]
    pub fn protecting_package(&self, packages: &BTreeSet<String>) -> Option<&Protected> {
        let names = |entry: &&Protected| matches!(entry, Protected::Package(code) if packages.contains(code));
        self.protect.iter().find(names)
    }
}

impl Caps {
    /// How many changes of so many clients any 24 hours may see by `share_per_day`.
    #[must_use]
    pub fn share(&self, clients: u32) -> u32 {
        let share = self.share_per_day.of(u64::from(clients));
        u32::try_from(share).unwrap_or(u32::MAX).max(FLOOR_PER_DAY)
    }
}

#[cfg(test)]
mod tests {
    use super::{Caps, Share};

    #[test]
    fn a_share_makes_sense_for_ten_and_for_fifty_thousand() {
        let caps = Caps {
            per_sweep: 1,
            per_hour: 1,
            per_day: 1,
            share_per_day: Share::percent(2.into()),
        };
        for (clients, expected) in [(0, 3), (10, 3), (150, 3), (200, 4), (5_000, 100), (50_000, 1_000)] {
            assert_eq!(caps.share(clients), expected, "{clients}");
        }
    }
}
