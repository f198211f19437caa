//! What is known of an account at one moment: by which rules it is watched, what was kept of it, who was told. Everything
//! that is shown of its clients and alerts is made from this.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::words::{Now, label};
use crate::domain::alert::{Alert, EpisodeId};
use crate::domain::decision::{self, Decision};
use crate::domain::due::revisit;
use crate::domain::hush::Hushes;
use crate::domain::judge::rules::Rules;
use crate::domain::judge::verdict::usable_threshold;
use crate::domain::kept::{AccountView, Told, Warnings};
use crate::domain::plan::Guards;
use crate::domain::watch::Watched;
use crate::domain::{ClientId, Money, PolicyName};

#[derive(Clone, Debug)]
pub struct Snapshot {
    /// When it was taken.
    pub now: Now,
    pub rules: Rules,
    pub guards: Guards,
    pub rate_per_minute: u32,
    /// From one sweep of the schedule to the next.
    pub schedule_interval: SignedDuration,
    pub kept: AccountView,
    /// Who was told of the episodes that run.
    pub told: BTreeMap<EpisodeId, Told>,
    /// Where the warnings of running episodes stand.
    pub warnings: Warnings,
    /// Why clients cannot be told: their mails died, and they took none since.
    pub cannot_be_told: BTreeMap<ClientId, String>,
}

impl Snapshot {
    /// How long it takes to ask everybody.
    pub fn revisit(&self) -> SignedDuration {
        let clients = self.listed().count();
        revisit(u64::try_from(clients).unwrap_or(u64::MAX), self.rate_per_minute)
    }

    /// From one reading of a client to the next: the longer of the schedule's interval and the time to ask everybody.
    pub fn interval(&self) -> SignedDuration {
        self.schedule_interval.max(self.revisit())
    }

    /// The brake, if it is on.
    pub fn brake(&self) -> Option<&Decision> {
        decision::brake(&self.kept.decisions, self.now.at)
    }

    /// The hold of a client, if somebody holds it.
    pub fn hold(&self, client: &ClientId) -> Option<&Decision> {
        let id = Decision::hold_id(client);
        let mut decisions = self.kept.decisions.iter();
        decisions.find(|decision| decision.id == id && decision.in_force(self.now.at))
    }

    /// What people decided about alerts, and the windows that are open.
    pub fn hushes(&self) -> Hushes {
        Hushes::new(&self.kept.decisions, &self.rules.mutes, self.now.at)
    }

    pub fn client(&self, id: &str) -> Option<&Watched> {
        let clients = &self.kept.clients;
        let by_id = clients.binary_search_by(|watched| watched.client.id.as_str().cmp(id));
        by_id.ok().and_then(|index| clients.get(index))
    }

    /// What people call a client; empty for one that is not known.
    pub fn label(&self, id: &ClientId) -> String {
        match self.client(id.as_str()) {
            Some(watched) => label(&watched.client),
            None if *id == ClientId::account() => THE_ACCOUNT.to_owned(),
            None => String::new(),
        }
    }

    pub fn alert(&self, client: &ClientId, policy: &PolicyName) -> Option<&Alert> {
        let mut alerts = self.kept.alerts.iter();
        alerts.find(|alert| alert.client == *client && alert.policy == *policy)
    }

    /// The threshold by which a client is judged now.
    pub fn threshold(&self, watched: &Watched) -> Option<Money> {
        let usable = usable_threshold(watched.threshold.as_ref(), self.now.at)?;
        let own = usable.amount.filter(|amount| amount.is_positive());
        own.or(self.rules.default_threshold)
    }

    /// Whether a reading is of the last sweep. While one runs that has not come to the client yet, the reading of the
    /// sweep before it counts too.
    pub fn is_fresh(&self, read_at: Timestamp) -> bool {
        let state = &self.kept.state;
        let Some(started_at) = state.sweep_started_at else {
            return false;
        };
        let is_running = state.sweep_ended_at.is_none_or(|ended_at| ended_at < started_at);
        let age = self.now.at.duration_since(read_at);
        read_at >= started_at || (is_running && age <= self.interval().saturating_mul(2))
    }
}

/// What the pseudo-client `account` is called.
pub const THE_ACCOUNT: &str = "the account itself";

#[cfg(test)]
mod tests {
    use crate::domain::testing::{money, threshold};
    use crate::domain::{ClientId, Money};
    use crate::view::testing::{at, snapshot, watched};

    #[test]
    fn a_reading_is_fresh_when_it_is_of_the_last_sweep() {
        // A sweep every five minutes.
        for (name, started, ended, read, expected) in [
            ("no sweep yet", None, None, -10, false),
            ("of the sweep that ended", Some(-120), Some(-60), -120, true),
            ("before it", Some(-120), Some(-60), -121, false),
            ("one runs, and has not come to it", Some(-10), Some(-60), -300, true),
            (
                "one runs, and it is two intervals old",
                Some(-10),
                Some(-60),
                -600,
                true,
            ),
            ("one runs, and it is older", Some(-10), Some(-60), -601, false),
            ("the first runs", Some(-10), None, -300, true),
        ] {
            let mut snapshot = snapshot();
            snapshot.kept.state.sweep_started_at = started.map(at);
            snapshot.kept.state.sweep_ended_at = ended.map(at);
            assert_eq!(snapshot.is_fresh(at(read)), expected, "{name}");
        }
    }

    #[test]
    fn the_threshold_that_counts_is_its_own_or_the_default() {
        const DAY: i64 = 86_400;
        let default = Some("5");
        for (name, own, read_secs_ago, default, expected) in [
            ("its own", Some("10"), 0, default, Some("10")),
            ("none of its own", None, 0, default, default),
            ("zero is none", Some("0"), 0, default, default),
            ("no default either", None, 0, None, None),
            ("a day old", Some("10"), DAY, default, Some("10")),
            ("older", Some("10"), DAY + 1, default, None),
        ] {
            let mut snapshot = snapshot();
            snapshot.rules.default_threshold = default.map(money);
            let mut client = watched("561115");
            client.threshold = Some(threshold(own, -read_secs_ago));
            let expected: Option<Money> = expected.map(money);
            assert_eq!(snapshot.threshold(&client), expected, "{name}");
        }
        assert_eq!(snapshot().threshold(&watched("561115")), None, "never read");
    }

    #[test]
    fn clients_are_found_by_their_id() {
        let mut snapshot = snapshot();
        snapshot.kept.clients = ["1000", "561115", "9"].map(watched).into();
        for id in ["1000", "561115", "9"] {
            assert_eq!(snapshot.client(id).unwrap().client.id.as_str(), id);
        }
        assert_eq!(snapshot.client("account"), None);
        let label = |id: &str| snapshot.label(&ClientId::new(id).unwrap());
        assert_eq!((&*label("9"), &*label("10")), ("Acme", ""));
        assert_eq!(snapshot.label(&ClientId::account()), "the account itself");
        assert_eq!(
            snapshot.revisit().as_secs(),
            6,
            "two calls for each of three, 60 a minute"
        );
        assert_eq!(snapshot.interval().as_secs(), 300);
    }
}
