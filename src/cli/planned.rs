//! What enforcement would do, by what the store holds: shared by `plan`, `explain` and `status`.
//!
//! Pure: the domain plans, this only puts settings and store together for it. Nothing is asked, sent or written.

use jiff::{SignedDuration, Timestamp};

use super::opened::{Opened, find};
use crate::config::{Account, Settings};
use crate::daemon::parts;
use crate::domain::Policy;
use crate::domain::alert::Alert;
use crate::domain::decision;
use crate::domain::due::revisit;
use crate::domain::enforcement::{Deferral, Mode};
use crate::domain::judge::lifecycle::confirms_from;
use crate::domain::plan::{Canary, Decision, Fleet, Intent, World, intents, plan};
use crate::domain::watch::Watched;
use crate::store::AccountView;

/// The enforcement of an account, as it stands.
pub struct Planned {
    /// Everything that is wanted, in the order in which it would be done, with what would become of it.
    pub decisions: Vec<(Intent, Decision)>,
    /// Where the first change ever stands.
    pub canary: Canary,
    /// Changes in the last 24 hours, each way.
    pub used_in_day: UsedInDay,
    /// The longer of the schedule's interval and the achievable revisit time.
    pub interval: SignedDuration,
}

/// Changes in the last 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsedInDay {
    /// What alerts asked for.
    pub enforced: u32,
    /// Back to what was there before.
    pub reverted: u32,
}

impl Planned {
    /// Plans by what is stored. Readings count when they are of the last sweep.
    #[must_use]
    pub fn new(settings: &Settings, account: &Account, view: &AccountView, now: Timestamp) -> Self {
        let is_listed = |watched: &&Watched| watched.vanished_at.is_none() && !watched.client.id.is_pseudo();
        let clients = u64::try_from(view.clients.iter().filter(is_listed).count()).unwrap_or(u64::MAX);
        let interval = settings
            .schedule
            .interval(now)
            .max(revisit(clients, account.rate_per_minute));
        Self::with_policies(settings, &settings.policies_of(account), view, (now, interval))
    }

    /// Why an intent is decided so, in a sentence's words; of what waits for a second reading, when that may come.
    #[must_use]
    pub fn reason(&self, opened: &Opened, view: &AccountView, intent: &Intent, decision: &Decision) -> String {
        let firing = view.alerts.iter().filter_map(Alert::firing);
        let mut asking = firing.filter(|firing| firing.episode == intent.episode);
        let due = asking.next().and_then(|firing| confirms_from(firing, self.interval));
        match (decision, due) {
            (Decision::Deferred(Deferral::Unconfirmed), Some(due)) => {
                format!(
                    "a second reading, at {} or later, must confirm it first",
                    opened.time_and_age(due)
                )
            }
            _ => decision_reason(decision),
        }
    }

    fn with_policies(
        settings: &Settings,
        policies: &[Policy],
        view: &AccountView,
        (now, interval): (Timestamp, SignedDuration),
    ) -> Self {
        let guards = parts::guards(&settings.enforcement);
        // Without any sweep there is no reading that could count.
        let sweep_started_at = view.state.sweep_started_at.unwrap_or(now);
        let fleet = Fleet {
            sweep_started_at,
            inventory_at: view.state.inventory_at,
            mode: guards.mode,
            policies,
            history: &view.enforcements,
        };
        let wanted = intents(&fleet, &view.alerts, |client| find(view, client.as_str()));
        let brake = decision::brake(&view.decisions, now).is_some();
        let history = &view.enforcements;
        let world = World::new(now, sweep_started_at, &guards, brake, &view.state, history);
        Self {
            interval,
            canary: world.canary,
            used_in_day: UsedInDay {
                enforced: world.used_in_day(crate::domain::enforcement::Direction::Enforce),
                reverted: world.used_in_day(crate::domain::enforcement::Direction::Revert),
            },
            decisions: plan(wanted, &world),
        }
    }
}

/// What a mode means.
#[must_use]
pub const fn mode_text(mode: Mode) -> &'static str {
    match mode {
        Mode::Observe => "observe: nothing is changed, `balancewatch plan` shows what would be",
        Mode::Apply => "apply: what policies ask for is changed, within every guard",
    }
}

/// The word for a decision, in JSON and in tables.
#[must_use]
pub const fn decision_word(decision: &Decision) -> &'static str {
    match decision {
        Decision::Go => "go",
        Decision::Would => "would",
        Decision::Already => "already",
        Decision::Deferred(_) => "deferred",
        Decision::Refused(_) => "refused",
    }
}

/// Why, in a sentence's words.
fn decision_reason(decision: &Decision) -> String {
    match decision {
        Decision::Go => "nothing stands in the way: the next sweep does it".to_owned(),
        Decision::Would => "it would be done now if the mode were apply".to_owned(),
        Decision::Already => "the client already is as wanted; nothing is sent".to_owned(),
        Decision::Deferred(Deferral::Brake) => "the brake is on; `balancewatch brake off` releases it".to_owned(),
        Decision::Deferred(why) => why.to_string(),
        Decision::Refused(why) => why.to_string(),
    }
}

/// Where the first change ever stands, in words.
#[must_use]
pub const fn canary_text(canary: Canary) -> &'static str {
    match canary {
        Canary::Alone => "none yet: the account's first change goes alone and is read again before any other",
        Canary::Watched => "sent: it is read again before any other change goes",
        Canary::Passed => "passed",
    }
}
