//! To come.

use super::Violation;
use crate::worlds::world::Played;

pub(super) fn check(_played: &Played, _found: &mut Vec<Violation>) {}
