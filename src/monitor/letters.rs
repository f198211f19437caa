//! Looks at the messages that will never arrive, and writes down who is owed news of them.

use std::collections::BTreeSet;

use super::{Monitor, SweepError};
use crate::domain::judge::Rules;
use crate::store::Commit;

/// What a look at the dead letters came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Whether somebody is owed a message about it.
    pub is_owed: bool,
    /// Dead messages that nobody can be told of.
    pub untold: BTreeSet<String>,
}

impl Monitor {
    /// Judges the dead letters and writes down who is owed news of them. One message for all that died meanwhile.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn judge_dead_letters(&self, rules: &Rules) -> Result<Looked, SweepError> {
        let _busy = self.clock.busy();
        let letters = self.store.dead_letters(&rules.account).await?;
        let alerts = self.account_alerts(&rules.account).await?;
        let now = self.clock.now();
        let hushes = self.hushes(rules, now).await?;
        let announcement = rules.judge_dead_letters(letters, &alerts, &hushes, &self.circumstances_at(now));
        let Some(announcement) = announcement else {
            return Ok(Looked::default());
        };
        let looked = Looked {
            is_owed: !announcement.decided.owed.messages.is_empty(),
            untold: announcement.untold,
        };
        if announcement.is_news {
            let mut commit = Commit::new(rules.account.clone(), now);
            commit.letters_announced = announcement.announced;
            self.write(commit, announcement.decided).await?;
        }
        Ok(looked)
    }
}
