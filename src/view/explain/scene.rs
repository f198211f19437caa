//! Everything a policy is explained by.

use jiff::Timestamp;

use crate::domain::enforcement::Enforcement;
use crate::domain::hush::Hushes;
use crate::domain::judge::rules::Circumstances;
use crate::domain::watch::Watched;
use crate::view::plan::Planned;
use crate::view::snapshot::Snapshot;

pub(super) struct Scene<'a> {
    pub snapshot: &'a Snapshot,
    pub watched: &'a Watched,
    pub circumstances: Circumstances,
    pub planned: Planned,
    /// What people decided about alerts, as it holds now.
    pub hushes: Hushes,
    /// What was done about the client, newest first.
    pub enforcements: &'a [Enforcement],
}

impl<'a> Scene<'a> {
    pub fn new(snapshot: &'a Snapshot, watched: &'a Watched, enforcements: &'a [Enforcement]) -> Self {
        Self {
            snapshot,
            watched,
            circumstances: circumstances(snapshot),
            planned: Planned::new(snapshot),
            hushes: snapshot.hushes(),
            enforcements,
        }
    }
}

/// What is the same for all clients of the account, as the monitor takes it.
fn circumstances(snapshot: &Snapshot) -> Circumstances {
    // The daemon's start is not stored. Without it silence counts from the last reading, which is never shorter.
    let started_at = Timestamp::UNIX_EPOCH;
    Circumstances {
        baseline_since: snapshot.kept.state.baseline_since,
        ..Circumstances::ordinary(snapshot.now.at, snapshot.interval(), started_at)
    }
}
