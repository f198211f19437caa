//! What enforcement would do by what was kept, in which order, what it would not, and why. The domain plans; this puts it
//! into words. Nothing is asked, sent or written.

use jiff::Timestamp;
use serde::Serialize;

use super::page::{Cell, Page, Shown, Table, Tone};
use super::snapshot::Snapshot;
use super::words::{Now, change};
use crate::domain::alert::{Alert, EpisodeId};
use crate::domain::enforcement::{Deferral, Direction, EnforcementState, Mode};
use crate::domain::judge::lifecycle::confirms_from;
use crate::domain::plan::{Canary, Decision, Fleet, Intent, Orders, World, intents, plan};
use crate::domain::{AccountName, ClientId, Management, Money, PolicyName};

/// The enforcement of an account, as it stands.
pub struct Planned {
    /// Everything that is wanted, in the order in which it would be done, with what would become of it.
    pub decisions: Vec<(Intent, Decision)>,
    /// Where the first change ever stands.
    pub canary: Canary,
    /// What alerts asked for and was changed in the last 24 hours.
    pub enforced_in_day: u32,
    /// What was changed back in the last 24 hours.
    pub reverted_in_day: u32,
}

impl Planned {
    /// Plans by what was kept. Readings count when they are of the last sweep.
    pub fn new(snapshot: &Snapshot) -> Self {
        let (kept, guards) = (&snapshot.kept, &snapshot.guards);
        // Without any sweep there is no reading that could count.
        let sweep_started_at = kept.state.sweep_started_at.unwrap_or(snapshot.now.at);
        let fleet = Fleet {
            sweep_started_at,
            state: &kept.state,
            clients: u32::try_from(snapshot.listed().count()).unwrap_or(u32::MAX),
            guards,
            warnings: &snapshot.warnings,
            policies: &snapshot.rules.policies,
            history: &kept.enforcements,
        };
        let wanted = intents(&fleet, &kept.alerts, |client| snapshot.client(client.as_str()));
        let orders = Orders::of(&kept.decisions, snapshot.now.at);
        let world = World::new(snapshot.now.at, &fleet, orders);
        Self {
            canary: world.canary,
            enforced_in_day: world.used_in_day(Direction::Enforce),
            reverted_in_day: world.used_in_day(Direction::Revert),
            decisions: plan(wanted, &world),
        }
    }
}

/// What a mode means.
pub const fn mode_text(mode: Mode) -> &'static str {
    match mode {
        Mode::Observe => "observe: nothing is changed, `balancewatch plan` shows what would be",
        Mode::Approve => "approve: what policies ask for is changed once people approve it, within every guard",
        Mode::Apply => "apply: what policies ask for is changed, within every guard",
    }
}

/// The word for a decision.
pub const fn decision_word(decision: &Decision) -> &'static str {
    match decision {
        Decision::Go => "go",
        Decision::Would => "would",
        Decision::Already => "already",
        Decision::Deferred(_) => "deferred",
        Decision::Refused(_) => "refused",
    }
}

const fn decision_tone(decision: &Decision) -> Tone {
    match decision {
        Decision::Go => Tone::Good,
        Decision::Refused(_) => Tone::Bad,
        Decision::Deferred(_) => Tone::Warning,
        Decision::Would | Decision::Already => Tone::Plain,
    }
}

/// Why an intent is decided so; of what waits for a second reading, when that may come.
pub fn decision_reason(snapshot: &Snapshot, intent: &Intent, decision: &Decision) -> String {
    match decision {
        Decision::Go => "nothing stands in the way: the next sweep does it".to_owned(),
        Decision::Would => "it would be done now if the mode were apply".to_owned(),
        Decision::Already => "the client already is as wanted; nothing is sent".to_owned(),
        Decision::Deferred(Deferral::Brake) => "the brake is on; `balancewatch brake off` releases it".to_owned(),
        Decision::Deferred(Deferral::Unconfirmed) => {
            let mut firing = snapshot.kept.alerts.iter().filter_map(Alert::firing);
            let asking = firing.find(|firing| firing.episode == intent.episode);
            match asking.and_then(|firing| confirms_from(firing, snapshot.interval())) {
                Some(due) => format!(
                    "a second reading, at {} or later, must confirm it first",
                    snapshot.now.clock_and_age(due)
                ),
                None => Deferral::Unconfirmed.to_string(),
            }
        }
        Decision::Deferred(why) => with_times(why, &snapshot.now),
        Decision::Refused(why) => why.to_string(),
    }
}

/// Why something waits, and until when, where that is known.
pub fn with_times(why: &Deferral, now: &Now) -> String {
    match why {
        Deferral::Approval { until, .. } => format!("{why}, until {}", now.clock(*until)),
        Deferral::Expired { ask_again_at } => format!("{why}, at {} or later", now.clock(*ask_again_at)),
        Deferral::Grace { until } => format!("{why}, until {}", now.clock(*until)),
        _ => why.to_string(),
    }
}

/// Where the first change ever stands, in words.
pub const fn canary_text(canary: Canary) -> &'static str {
    match canary {
        Canary::Alone => "none yet: the account's first change goes alone and is read again before any other",
        Canary::Watched => "sent: it is read again before any other change goes",
        Canary::Passed => "passed",
    }
}

/// The plan of an account.
#[derive(Debug, Serialize)]
pub struct Plan {
    account: AccountName,
    mode: Mode,
    brake: bool,
    brake_reason: Option<String>,
    canary: &'static str,
    max_per_sweep: u32,
    max_per_hour: u32,
    /// The lower of `max_per_day` and what `max_share_per_day` allows.
    max_per_day: u32,
    applied_24h: u32,
    reverted_24h: u32,
    /// The sweep whose readings it is made from.
    sweep_started_at: Option<Timestamp>,
    sweep_ended_at: Option<Timestamp>,
    plan: Vec<PlanRow>,
    /// Changes that were sent, and of which it is not known yet what became.
    sent: Vec<String>,
    /// Whether any policy asks for a change at all.
    #[serde(skip)]
    is_asked_for: bool,
}

#[derive(Debug, Serialize)]
struct PlanRow {
    order: usize,
    client: ClientId,
    company: String,
    policy: PolicyName,
    episode: EpisodeId,
    direction: Direction,
    wanted: Management,
    balance: Money,
    read_at: Timestamp,
    decision: &'static str,
    reason: String,
    #[serde(skip)]
    tone: Tone,
}

impl Plan {
    pub fn new(snapshot: &Snapshot) -> Self {
        let planned = Planned::new(snapshot);
        let (state, caps, brake) = (&snapshot.kept.state, &snapshot.guards.caps, snapshot.brake());
        let rows = (1..)
            .zip(&planned.decisions)
            .map(|(order, (intent, decision))| PlanRow {
                order,
                client: intent.client.clone(),
                company: snapshot.label(&intent.client),
                policy: intent.policy.clone(),
                episode: intent.episode.clone(),
                direction: intent.direction,
                wanted: intent.wanted,
                balance: intent.balance,
                read_at: intent.read_at,
                decision: decision_word(decision),
                reason: decision_reason(snapshot, intent, decision),
                tone: decision_tone(decision),
            });
        let clients = u32::try_from(snapshot.listed().count()).unwrap_or(u32::MAX);
        let enforcements = snapshot.kept.enforcements.iter();
        let sent = enforcements.filter(|done| done.state == EnforcementState::Sent);
        Self {
            account: snapshot.rules.account.clone(),
            mode: snapshot.guards.mode,
            brake: brake.is_some(),
            brake_reason: brake.map(|brake| brake.note.clone()),
            canary: canary_text(planned.canary),
            max_per_sweep: caps.per_sweep,
            max_per_hour: caps.per_hour,
            max_per_day: caps.per_day.min(caps.share(clients)),
            applied_24h: planned.enforced_in_day,
            reverted_24h: planned.reverted_in_day,
            sweep_started_at: state.sweep_started_at,
            sweep_ended_at: state.sweep_ended_at,
            plan: rows.collect(),
            sent: sent.map(|done| done.id.clone()).collect(),
            is_asked_for: snapshot.rules.policies.iter().any(|policy| policy.enforce.is_some()),
        }
    }

    /// By which readings it is made, and how old they are.
    fn by_what(&self, now: &Now) -> String {
        match (self.sweep_started_at, self.sweep_ended_at) {
            (None, _) => "no sweep has begun yet, so there is nothing to plan by".to_owned(),
            (Some(started), Some(ended)) if ended >= started => {
                format!("by the readings of the sweep that ended {}", now.ago(ended))
            }
            (Some(started), _) => format!(
                "by the readings of the sweep that began {}; clients that it has not read yet are not shown",
                now.ago(started)
            ),
        }
    }
}

impl Shown for Plan {
    fn page(&self, now: &Now) -> Page {
        let mut page = Page::default();
        let mode = match self.mode {
            Mode::Observe => "observe: nothing is changed, this is what would be",
            Mode::Approve => "approve: what people approved is done in the next sweep, by fresh readings",
            Mode::Apply => "apply: what is to be done now is done in the next sweep, by fresh readings",
        };
        page.line(format!("account {}, mode {mode}", self.account));
        page.line(self.by_what(now));
        if let Some(reason) = &self.brake_reason {
            page.line(format!("the brake is on: {reason}"));
        }
        if self.mode.changes() {
            page.line(format!("the account's first change: {}", self.canary));
            page.line(format!(
                "in 24h: {} of {} changes, {} of {} reversals; {} in one sweep, {} in an hour",
                self.applied_24h,
                self.max_per_day,
                self.reverted_24h,
                self.max_per_day,
                self.max_per_sweep,
                self.max_per_hour
            ));
        }
        for id in &self.sent {
            page.line(format!("sent, and not settled yet: {id}"));
        }
        page.gap();
        let mut table = Table::new(&[
            "client", "company", ">balance", "read", "change", "policy", "now", "why",
        ]);
        for row in &self.plan {
            table.row([
                Cell::client(&self.account, &row.client),
                row.company.as_str().into(),
                row.balance.for_people().into(),
                (now.ago(row.read_at), Tone::Faint).into(),
                change(row.direction, row.wanted).into(),
                row.policy.as_str().into(),
                (row.decision, row.tone).into(),
                row.reason.as_str().into(),
            ]);
        }
        page.table_or(
            table,
            if self.is_asked_for {
                "nothing is asked for: no firing alert wants a change that was not made or given up already"
            } else {
                "nothing is asked for: no policy has `enforce`"
            },
        );
        page
    }
}

#[cfg(test)]
mod tests {
    use super::{Decision, Deferral, Plan, Tone, decision_reason, decision_tone, decision_word};
    use crate::domain::alert::Phase;
    use crate::domain::enforcement::{EnforcementState, Mode, Refusal};
    use crate::domain::policy::{Enforce, When};
    use crate::domain::testing::{money, policy, reading};
    use crate::domain::{ClientId, Management, PolicyName};
    use crate::view::page::Shown;
    use crate::view::snapshot::Snapshot;
    use crate::view::testing::{at, enforcement, firing, now, snapshot, text, watched};

    /// An account where `low` fires for a client, asks for HARD, and nothing was done yet.
    fn asked() -> Snapshot {
        let mut snapshot = snapshot();
        let mut low = policy("low", When::default());
        low.enforce = Some(Enforce::now(Management::Hard));
        snapshot.rules.policies = vec![low];
        let mut client = watched("561115");
        client.reading = Some(reading("8", "1", -60));
        snapshot.kept.clients = vec![client];
        snapshot.kept.alerts = vec![firing("561115")];
        snapshot.kept.state.sweep_started_at = Some(at(-120));
        snapshot.kept.state.sweep_ended_at = Some(at(-30));
        snapshot
    }

    #[test]
    fn a_decision_says_what_stands_in_the_way() {
        let snapshot = asked();
        let intent = &super::Planned::new(&snapshot).decisions[0].0;
        for (decision, word, tone, reason) in [
            (
                Decision::Go,
                "go",
                Tone::Good,
                "nothing stands in the way: the next sweep does it",
            ),
            (
                Decision::Would,
                "would",
                Tone::Plain,
                "it would be done now if the mode were apply",
            ),
            (
                Decision::Already,
                "already",
                Tone::Plain,
                "the client already is as wanted; nothing is sent",
            ),
            (
                Decision::Deferred(Deferral::Brake),
                "deferred",
                Tone::Warning,
                "the brake is on; `balancewatch brake off` releases it",
            ),
            (
                Decision::Deferred(Deferral::Unconfirmed),
                "deferred",
                Tone::Warning,
                "a second reading must confirm it first",
            ),
            (
                Decision::Refused(Refusal::Protected {
                    entry: "561115".to_owned(),
                }),
                "refused",
                Tone::Bad,
                "the client is protected (`enforcement.protect`: `561115`)",
            ),
        ] {
            assert_eq!((decision_word(&decision), decision_tone(&decision)), (word, tone));
            assert_eq!(decision_reason(&snapshot, intent, &decision), reason);
        }
        let mut unconfirmed = asked();
        if let Phase::Firing(firing) = &mut unconfirmed.kept.alerts[0].phase {
            (firing.confirmed, firing.since) = (false, at(-60));
        }
        let reason = decision_reason(&unconfirmed, intent, &Decision::Deferred(Deferral::Unconfirmed));
        assert!(
            reason.starts_with("a second reading, at 2023-11-14 22:1")
                && reason.ends_with(" or later, must confirm it first"),
            "{reason}"
        );
    }

    #[test]
    fn a_plan_says_by_which_readings_it_is_made() {
        let page = |snapshot: &Snapshot| text(&Plan::new(snapshot).page(&now()));
        let mut observed = asked();
        assert_eq!(
            page(&observed),
            "account main, mode observe: nothing is changed, this is what would be\n\
             by the readings of the sweep that ended 30s ago\n\
             \n561115 | Acme | 8.00 | 1m ago | to HARD | low | would | it would be done now if the mode were apply\n"
        );
        observed.kept.state.sweep_ended_at = Some(at(-200));
        let running =
            "by the readings of the sweep that began 2m ago; clients that it has not read yet are not shown\n";
        assert!(page(&observed).contains(running));

        let mut applied = asked();
        (applied.guards.mode, applied.rules.mode) = (Mode::Apply, Mode::Apply);
        applied.kept.alerts.clear();
        let mut sent = enforcement(EnforcementState::Sent);
        sent.id = "x/enforce/1".to_owned();
        (sent.client, sent.balance) = (ClientId::new("1").unwrap(), money("1"));
        applied.kept.enforcements = vec![sent];
        assert_eq!(
            page(&applied),
            "account main, mode apply: what is to be done now is done in the next sweep, by fresh readings\n\
             by the readings of the sweep that ended 30s ago\n\
             the account's first change: sent: it is read again before any other change goes\n\
             in 24h: 1 of 3 changes, 0 of 3 reversals; 3 in one sweep, 1000 in an hour\n\
             sent, and not settled yet: x/enforce/1\n\
             \nnothing is asked for: no firing alert wants a change that was not made or given up already\n"
        );
        let mut empty = snapshot();
        empty.rules.policies = vec![policy("low", When::default())];
        assert_eq!(
            page(&empty),
            "account main, mode observe: nothing is changed, this is what would be\n\
             no sweep has begun yet, so there is nothing to plan by\n\
             \nnothing is asked for: no policy has `enforce`\n"
        );
        assert_eq!(empty.rules.policies[0].name, PolicyName::new("low").unwrap());
    }
}
