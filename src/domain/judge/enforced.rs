//! Who hears what became of a change: each operator of the policy that asked for it, never the client.

use jiff::Timestamp;

use super::audience::{self, Addresses, Episode, Owed};
use super::{Rules, Seen};
use crate::domain::alert::{Alert, Firing, Phase};
use crate::domain::enforcement::{Direction, Enforcement, Mode, Outcome};
use crate::domain::hush;
use crate::domain::notice::Transition;
use crate::domain::reason::Reason;
use crate::domain::watch::Watched;

impl Rules {
    /// What is owed about the end of an enforcement of this client. `alerts` may hold those of other clients.
    ///
    /// Nothing, when the policy is gone, or when the episode is over and the change was no way back from it.
    #[must_use]
    pub fn judge_enforced(
        &self,
        enforcement: &Enforcement,
        outcome: &Outcome,
        watched: &Watched,
        alerts: &[Alert],
        now: Timestamp,
    ) -> Owed {
        let Some(policy) = self.policy(&enforcement.policy) else {
            return Owed::default();
        };
        let mut own = alerts.iter().filter(|alert| alert.client == enforcement.client);
        let asked = |alert: &&Alert| {
            let firing = alert.firing();
            firing.is_some_and(|firing| firing.episode == enforcement.episode)
        };
        let alert = match own.clone().find(asked) {
            Some(alert) => alert.clone(),
            // What goes back does so because the episode is over.
            None if enforcement.direction == Direction::Revert => {
                past_episode(enforcement, own.find(|alert| alert.policy == enforcement.policy))
            }
            None => return Owed::default(),
        };
        let Some(firing) = alert.firing() else {
            return Owed::default();
        };
        let facts = self.facts(&Seen::unread(watched, &[]), policy, &alert, firing);
        let episode = Episode {
            account: &self.account,
            client: &watched.client,
            policy,
            firing,
            facts: &facts,
            hushes: &hush::NOTHING,
        };
        let operators = Addresses {
            channels: &self.channels,
            client: &[],
        };
        let transition = Transition::Enforced {
            outcome: outcome.clone(),
            wanted: enforcement.wanted,
            direction: enforcement.direction,
        };
        audience::owed(&episode, &transition, &operators, now)
    }
}

/// The alert of an episode that is over, as far as it is still known, for what is told of it afterwards.
fn past_episode(enforcement: &Enforcement, last: Option<&Alert>) -> Alert {
    let Enforcement {
        episode, planned_at, ..
    } = enforcement;
    Alert {
        client: enforcement.client.clone(),
        policy: enforcement.policy.clone(),
        condition: String::new(),
        phase: Phase::Firing(Firing::new(episode.clone(), *planned_at, Mode::Apply)),
        reason: last.map_or(Reason::Limits { findings: Vec::new() }, |alert| alert.reason.clone()),
    }
}
