//! Is it watching, whom does it not see, what fires, what waits, what may be changed; and at the end in plain words what
//! somebody should look at.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::alert::{AlertRow, Standing};
use super::page::{Page, Shown};
use super::plan::{Planned, canary_text};
use super::snapshot::Snapshot;
use super::words::Now;
use crate::domain::enforcement::Mode;
use crate::domain::kept::Counts;
use crate::domain::report::Report;
use crate::domain::{AccountName, ClientId, Severity};

mod card;
mod measured;
mod warnings;

use measured::NotAsked;
pub use measured::{ChannelTrouble, Measured};
pub use warnings::NO_SWEEP;

/// The accounts of a store.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Statuses {
    pub store: String,
    pub accounts: Vec<Status>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Status {
    account: AccountName,
    last_sweep: Option<LastSweep>,
    /// Since when one has been running.
    sweeping_since: Option<Timestamp>,
    next_sweep_at: Timestamp,
    interval_seconds: i64,
    revisit_seconds: i64,
    rate_per_minute: u32,
    clients: Counts,
    alerts: Alerts,
    notifications: BTreeMap<String, u64>,
    /// Why clients cannot be told, by client.
    cannot_be_told: BTreeMap<ClientId, String>,
    /// Since when and why the API cannot be asked; `None`: it can.
    not_asked: Option<NotAsked>,
    channels: Vec<ChannelTrouble>,
    enforcement: Enforcement,
    warnings: Vec<String>,
    #[serde(skip)]
    schedule: String,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
struct LastSweep {
    started_at: Option<Timestamp>,
    ended_at: Timestamp,
    age_seconds: i64,
    #[serde(flatten)]
    report: Option<Report>,
}

#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "StatusAlerts")]
struct Alerts {
    critical: u64,
    warning: u64,
    info: u64,
    pending: u64,
    /// Of those that fire.
    silenced: u64,
    acked: u64,
    muted: u64,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "StatusEnforcement")]
struct Enforcement {
    mode: Mode,
    brake: Option<Brake>,
    canary_passed_at: Option<Timestamp>,
    canary: &'static str,
    applied_24h: u32,
    reverted_24h: u32,
    max_per_day: u32,
    max_per_sweep: u32,
    by_state: BTreeMap<String, u64>,
    client_mails_last_hour: u32,
    client_mails_per_hour: u32,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "StatusBrake")]
struct Brake {
    since: Timestamp,
    by: String,
    reason: String,
}

impl Status {
    pub fn new(snapshot: &Snapshot, measured: Measured) -> Self {
        let state = &snapshot.kept.state;
        let is_running = |started: &Timestamp| state.sweep_ended_at.is_none_or(|ended| ended < *started);
        let not_asked = NotAsked::new(snapshot);
        let warnings = warnings::of(snapshot, &measured, not_asked.as_ref());
        let enforcement = Enforcement::new(snapshot, &measured);
        Self {
            account: snapshot.rules.account.clone(),
            last_sweep: LastSweep::new(snapshot),
            sweeping_since: state.sweep_started_at.filter(is_running),
            next_sweep_at: measured.next_sweep_at,
            interval_seconds: snapshot.schedule_interval.as_secs(),
            revisit_seconds: snapshot.revisit().as_secs(),
            rate_per_minute: snapshot.rate_per_minute,
            alerts: Alerts::new(snapshot),
            notifications: measured.counts.notifications.clone(),
            clients: measured.counts,
            cannot_be_told: snapshot.cannot_be_told.clone(),
            not_asked,
            channels: measured.channels,
            enforcement,
            warnings,
            schedule: measured.schedule,
        }
    }
}

impl Status {
    /// What somebody should look at, most important first.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    #[must_use]
    pub fn next_sweep_at(&self) -> Timestamp {
        self.next_sweep_at
    }
}

impl LastSweep {
    fn new(snapshot: &Snapshot) -> Option<Self> {
        let state = &snapshot.kept.state;
        let ended_at = state.sweep_ended_at?;
        let report = state.last_sweep.as_deref();
        Some(Self {
            started_at: state.sweep_started_at.filter(|started| *started <= ended_at),
            ended_at,
            age_seconds: snapshot.now.age_seconds(ended_at),
            // One of another version is not worth failing for.
            report: report.and_then(|report| serde_json::from_str(report).ok()),
        })
    }
}

impl Alerts {
    fn new(snapshot: &Snapshot) -> Self {
        let mut counts = Self::default();
        for row in AlertRow::all(snapshot) {
            if row.state == Standing::Firing {
                counts.silenced += u64::from(row.hushed.silenced_by.is_some());
                counts.acked += u64::from(row.hushed.acked_by.is_some());
                counts.muted += u64::from(row.hushed.muted_by.is_some());
            }
            *match (row.state, row.severity) {
                (Standing::Pending, _) => &mut counts.pending,
                (_, Some(Severity::Critical)) => &mut counts.critical,
                (_, Some(Severity::Warning)) => &mut counts.warning,
                (_, Some(Severity::Info) | None) => &mut counts.info,
            } += 1;
        }
        counts
    }
}

impl Enforcement {
    fn new(snapshot: &Snapshot, measured: &Measured) -> Self {
        let (planned, guards) = (Planned::new(snapshot), &snapshot.guards);
        Self {
            mode: guards.mode,
            brake: snapshot.brake().map(|brake| Brake {
                since: brake.at,
                by: brake.by.clone(),
                reason: brake.note.clone(),
            }),
            canary_passed_at: snapshot.kept.state.canary_passed_at,
            canary: canary_text(planned.canary),
            applied_24h: planned.enforced_in_day,
            reverted_24h: planned.reverted_in_day,
            max_per_day: guards.caps.per_day,
            max_per_sweep: guards.caps.per_sweep,
            by_state: measured.counts.enforcements.clone(),
            client_mails_last_hour: measured.client_mails_last_hour,
            client_mails_per_hour: measured.client_mails_per_hour,
        }
    }
}

impl Shown for Statuses {
    fn page(&self, now: &Now) -> Page {
        let mut page = Page::default();
        for status in &self.accounts {
            page.gap();
            page.card(status.card(now));
            for (number, warning) in status.warnings.iter().enumerate() {
                if number == 0 {
                    page.gap();
                }
                page.line(format!("warning: {warning}"));
            }
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::{Counts, Measured, Status, Statuses};
    use crate::domain::decision::{BY_PERSON, Decision};
    use crate::domain::policy::When;
    use crate::domain::reason::Reason;
    use crate::domain::testing::policy;
    use crate::domain::{AccountName, ClientId, PolicyName};
    use crate::view::page::Shown;
    use crate::view::snapshot::Snapshot;
    use crate::view::testing::{at, firing, now, pending, snapshot, text};

    fn measured() -> Measured {
        Measured {
            counts: Counts::default(),
            client_mails_last_hour: 1,
            client_mails_per_hour: 20,
            channels: Vec::new(),
            store_trouble: None,
            next_sweep_at: at(120),
            schedule: "5m, UTC".to_owned(),
            revisit_within: SignedDuration::from_mins(60),
        }
    }

    fn page(snapshot: &Snapshot, measured: Measured) -> String {
        let accounts = vec![Status::new(snapshot, measured)];
        let store = "/state.db".to_owned();
        text(&Statuses { store, accounts }.page(&now()))
    }

    #[test]
    fn an_account_that_never_swept_asks_whether_the_daemon_runs() {
        assert_eq!(
            page(&snapshot(), measured()),
            "last sweep: none yet\n\
             next sweep: expected in 2m at 2023-11-14 22:15:20 (5m, UTC)\n\
             revisit time: everybody is asked again within 0s at 60 calls a minute; sweeps start every 5m\n\
             clients: 0 on the list\n\
             firing: nothing\n\
             notifications: 0 delivered, 0 waiting, 0 dead, 0 dropped\n\
             enforcement: observe: nothing is changed, `balancewatch plan` shows what would be\n\
             brake: off\n\
             first change: none yet: the account's first change goes alone and is read again before any other\n\
             caps: 0 of 20 changes and 0 of 20 reversals in 24h; 1 of 20 paced mails to clients in the last hour\n\
             \nwarning: no sweep has ended yet; is `balancewatch run` running?\n"
        );
    }

    #[test]
    fn a_page_counts_what_fires_and_warns_of_what_is_wrong() {
        let mut snapshot = snapshot();
        let mut refused = firing("1");
        refused.client = ClientId::account();
        refused.policy = PolicyName::new("account-access").unwrap();
        refused.reason = Reason::Account {
            what: "it refused this address".to_owned(),
            fix: "allow-list it".to_owned(),
        };
        snapshot.rules.policies = vec![policy("low", When::default())];
        snapshot.kept.alerts = vec![firing("1"), pending("2"), refused];
        let state = &mut snapshot.kept.state;
        (state.sweep_started_at, state.sweep_ended_at) = (Some(at(-120)), Some(at(-60)));
        state.last_sweep = Some(
            r#"{"clients":3,"readings":2,"deferred":1,"errors":{"timeout":1},"api_calls":7,
                "alerts":{"fired":1,"resolved":0,"withdrawn":0},"notifications":{"sent":1,"deferred":1,"dead":1},
                "enforcements":{"applied":0,"refused":0,"waiting":0,"would":1},"seconds":60.0}"#
                .to_owned(),
        );
        (state.probe_at, state.inventory_short_since, state.inventory_size) = (Some(at(60)), Some(at(-3_600)), 9);
        let account = AccountName::new("main").unwrap();
        snapshot.kept.decisions = vec![Decision::brake(account, BY_PERSON, "odd".to_owned(), at(-60))];
        snapshot.cannot_be_told = [("1", "550"), ("2", "551")]
            .map(|(id, why)| (ClientId::new(id).unwrap(), why.to_owned()))
            .into();
        let mut measured = measured();
        measured.counts.without_address = 1;
        measured.counts.notifications = [("dead".to_owned(), 2)].into();
        let shown = page(&snapshot, measured);
        for line in [
            "last sweep: ended 1m ago, took 1m: 2 of 3 clients read, 1 deferred, 1 error (timeout 1), 7 calls\n",
            "clients: 0 on the list, 1 without address\n",
            "firing: 1 warning, 1 info, 1 pending\n",
            "brake: ON, set 1m ago by a person: odd\n",
            "warning: the API cannot be asked since 2h ago, because it refused this address; it is tried again in 1m: \
             allow-list it\n",
            "warning: the brake is on since 1m ago: odd; nothing is enforced until `balancewatch brake off`\n",
            "warning: the list of clients has been shorter than 9 clients for 1h: see in the VoIP.ms portal whether clients \
             are missing\n",
            "warning: 2 notifications will never arrive; `balancewatch notifications list --state dead` shows which and why\n",
            "warning: client 1 cannot be told: 550; so are 1 more\n",
            "warning: 1 client has no mail address, so nobody there is told\n",
        ] {
            assert!(shown.contains(line), "{line}is missing in:\n{shown}");
        }
    }
}
