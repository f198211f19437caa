//! What must hold in every world, each checked from what the world itself saw. One file an invariant, in the words of the
//! design's promises, besides `mirrored` for Alertmanager, `endings` for what ends, and `wrong_data` for what is not to be
//! believed; [`all`] asks every one of them.

use jiff::Timestamp;

use self::circumstances::Circumstances;
use super::told::{self, Said};
use super::world::Played;

mod arrivals;
mod bounded;
mod calls;
mod circumstances;
mod delivered;
mod endings;
mod enforced;
mod episodes;
mod mirrored;
mod noticed;
mod states;
#[cfg(test)]
mod tests;
mod well;
mod wrong_data;

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which of the eight promises is broken.
    pub invariant: Invariant,
    /// When, by the time that really passed.
    pub at: Timestamp,
    /// What, in plain words, with the client, the policy or the receiver.
    pub what: String,
}

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// A crossing that lasts is noticed within its bound, or the client is reported as unread, or the account as blind.
    Noticed,
    /// Every notification owed is delivered, or ended for a reason that is true; none twice without cause.
    Delivered,
    /// Firing and its end alternate at every receiver, and its last word agrees with the world.
    Episodes,
    /// No recipient gets more than the stated bound.
    Bounded,
    /// No change outside the guards, no field but the one, none on data known to be wrong; promises are kept.
    Enforced,
    /// The alert states in the store equal those computed afresh from the readings.
    States,
    /// The cap of calls is never exceeded; memory, descriptors, rows and log lines stay bounded.
    Calls,
    /// After the faults all is well within two intervals.
    Well,
}

/// What checks go by.
struct Evidence<'a> {
    played: &'a Played,
    /// Everything that receivers were told, read once.
    said: &'a [Said],
    circumstances: &'a Circumstances,
}

/// Every promise that was broken.
#[must_use]
pub fn all(played: &Played) -> Vec<Violation> {
    let checks = [
        noticed::check,
        delivered::check,
        episodes::check,
        mirrored::check,
        bounded::check,
        enforced::check,
        states::check,
        endings::check,
        calls::check,
        well::check,
        wrong_data::check,
    ];
    let evidence = Evidence {
        played,
        said: &told::said(&played.log),
        circumstances: &Circumstances::of(&played.log),
    };
    let mut found = Vec::new();
    for check in checks {
        check(&evidence, &mut found);
    }
    found.sort_by_key(|violation| violation.at);
    found
}
