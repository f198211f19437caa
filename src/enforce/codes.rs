//! The account's codes of balance management: learned before anything is changed, and never followed blindly.

use std::collections::BTreeMap;

use super::journal::Journal;
use super::{Enforcer, Error, Failure, Provider};
use crate::domain::plan::{Orders, confirms, contradiction};

impl<P: Provider> Enforcer<P> {
    /// The account's codes, read anew before anything is changed; those that are known, where nothing can be. A list that
    /// contradicts those used before sets the brake.
    pub(super) async fn learn_codes(
        &self,
        journal: &mut Journal<'_, '_>,
        is_wanted: bool,
        orders: &Orders,
    ) -> Result<Result<BTreeMap<String, String>, Failure>, Error> {
        let state = &mut *journal.ground.state;
        let used = state.trusted_codes().clone();
        let may_change = self.settings.guards.mode.changes() && orders.brake.is_none();
        if !is_wanted || (!used.is_empty() && !may_change) {
            return Ok(Ok(used));
        }
        let codes = match self.provider.management_codes().await {
            Ok(codes) => codes,
            Err(failure) => return Ok(Err(failure)),
        };
        let was_accepted = state.codes_disputed == codes;
        match contradiction(&used, &codes) {
            Some(what) if !was_accepted => {
                state.codes_disputed = codes;
                journal.state_changed = true;
                journal.brake_codes(what, self.clock.now());
                self.flush(journal).await?;
                return Ok(Ok(used));
            }
            contradicts => {
                // One that lists a value no more, or twice, changes nothing of what is known.
                let counts = contradicts.is_some() || confirms(&used, &codes);
                if counts && (state.codes_used != codes || !state.codes_disputed.is_empty()) {
                    state.codes_used.clone_from(&codes);
                    state.management_codes.clone_from(&codes);
                    state.codes_disputed.clear();
                    journal.state_changed = true;
                }
            }
        }
        Ok(Ok(codes))
    }
}
