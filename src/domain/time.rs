//! How times are reckoned. Pure.

use jiff::{SignedDuration, Timestamp};

/// So much later; the last time that there is where that would be after it.
#[must_use]
pub fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}
