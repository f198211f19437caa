//! What is still open at the end of a sweep: counted, and told once for each reason. A mail promised how it would end; who
//! waits for that must not have to guess.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::journal::Journal;
use crate::domain::enforcement::{Deferral, Direction, Enforcement, Outcome, SWEEPS_UNTOLD};
use crate::domain::plan::fulfilled;

/// How much is told of one change at most. An API that gives another reason each time has told enough by then.
pub(super) const MOST_TOLD: usize = 20;

/// What is told in one mail: the policy, whether the change goes back, and the word for what it waits for.
type Group = (String, bool, &'static str);

impl Journal<'_, '_> {
    /// Counts the sweep for what is open at its end, and tells of what was open for too long: the clients of one policy
    /// that wait for the same thing in one mail, which the one with the lowest balance leads.
    pub fn tell_what_waits(&mut self, now: Timestamp) {
        let mut untold: BTreeMap<Group, Vec<(Enforcement, Deferral)>> = BTreeMap::new();
        for (mut open, why) in self.open_ones() {
            if open.waited <= SWEEPS_UNTOLD {
                open.waited += 1;
                self.put(&open);
            }
            let is_told = open.told.len() >= MOST_TOLD || open.told.contains(&waiting(&why, 0).told_as());
            if open.waited > SWEEPS_UNTOLD && !is_told {
                let is_revert = open.direction == Direction::Revert;
                let group = (open.policy.to_string(), is_revert, why.label());
                untold.entry(group).or_default().push((open, why));
            }
        }
        for mut group in untold.into_values() {
            group.sort_by(|(one, _), (other, _)| (one.balance, &one.client).cmp(&(other.balance, &other.client)));
            for (open, why) in &mut group {
                open.told.insert(waiting(why, 0).told_as());
                self.put(open);
            }
            let others = u64::try_from(group.len()).unwrap_or(u64::MAX).saturating_sub(1);
            if let Some((lead, why)) = group.first() {
                self.tell(lead, &waiting(why, others), now);
            }
        }
    }

    /// What did not end, and what each waits for.
    fn open_ones(&self) -> Vec<(Enforcement, Deferral)> {
        let fulfilled = fulfilled(self.ground.enforcements);
        let kept = self.ground.enforcements.iter();
        kept.filter_map(|kept| {
            if fulfilled.contains(kept.id.as_str()) {
                return None;
            }
            let why = kept
                .state
                .waits_for()
                .or_else(|| self.behind_refusals.get(&kept.id).cloned())?;
            (!why.is_known()).then(|| (kept.clone(), why))
        })
        .collect()
    }
}

fn waiting(why: &Deferral, others: u64) -> Outcome {
    Outcome::Waiting {
        why: why.clone(),
        others,
    }
}
