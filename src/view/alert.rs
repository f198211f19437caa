//! What fires now, why, by which number and how old that is. Shows what the last sweep decided; judges nothing.

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::hushed::Hushed;
use super::page::{Cell, Page, Shown, Table, Tone};
use super::snapshot::Snapshot;
use super::words::{Now, amount, span};
use crate::domain::alert::{Alert, EpisodeId, Phase};
use crate::domain::hush::Hushes;
use crate::domain::reason::{Measure, Reason};
use crate::domain::watch::Watched;
use crate::domain::{AccountName, ClientId, Money, PolicyName, Severity};

/// Where an alert stands, most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Firing,
    Pending,
    Inactive,
}

impl Standing {
    pub const fn of(alert: &Alert) -> Self {
        match alert.phase {
            Phase::Firing(_) => Self::Firing,
            Phase::Pending(_) => Self::Pending,
            Phase::CoolingDown { .. } => Self::Inactive,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Pending => "pending",
            Self::Inactive => "inactive",
        }
    }
}

/// An alert that is pending or firing.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AlertRow {
    pub account: AccountName,
    /// The client, or a pseudo-client.
    pub client: ClientId,
    /// What people call the client.
    pub company: String,
    pub policy: PolicyName,
    /// `None`: the policy is no longer in the configuration, and the next sweep withdraws the alert.
    pub severity: Option<Severity>,
    pub state: Standing,
    pub since: Timestamp,
    /// Why, by the last verdict that was not unknown.
    pub reason: String,
    /// What to do about it, for alerts about the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// By the last reading.
    pub balance: Option<Money>,
    /// What the balance or the spending was compared with.
    pub limit: Option<Money>,
    /// The client's own.
    pub threshold: Option<Money>,
    /// When the balance was read.
    pub read_at: Option<Timestamp>,
    pub age_seconds: Option<i64>,
    /// `None` while pending.
    pub episode: Option<EpisodeId>,
    /// When a pending alert fires if nothing changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fires_at: Option<Timestamp>,
    /// Whether it is between its limits, or clear and not for long enough: nobody is reminded of it.
    pub recovering: bool,
    /// How often operators were told: told means delivered.
    pub told: u32,
    pub client_told: bool,
    /// Since when the first word to operators waits to be delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_since: Option<Timestamp>,
    #[serde(flatten)]
    pub hushed: Hushed,
    /// Why the client itself cannot be told.
    pub cannot_be_told: Option<String>,
    #[serde(skip)]
    limit_text: String,
}

impl AlertRow {
    /// The alerts of an account that are pending or firing, most urgent first, the longest first among equals.
    pub fn all(snapshot: &Snapshot) -> Vec<Self> {
        let hushes = snapshot.hushes();
        let mut rows: Vec<Self> = snapshot
            .kept
            .alerts
            .iter()
            .filter_map(|alert| Self::new(snapshot, &hushes, alert))
            .collect();
        rows.sort_by(Self::by_urgency);
        rows
    }

    /// The most urgent first, the longest first among equals.
    pub fn by_urgency(&self, other: &Self) -> Ordering {
        let by_severity = other.severity.cmp(&self.severity);
        by_severity.then_with(|| (self.state, self.since, &self.client).cmp(&(other.state, other.since, &other.client)))
    }

    fn new(snapshot: &Snapshot, hushes: &Hushes, alert: &Alert) -> Option<Self> {
        let policy = snapshot
            .rules
            .policies
            .iter()
            .find(|policy| policy.name == alert.policy);
        let (since, firing, fires_at) = match &alert.phase {
            Phase::Firing(firing) => (firing.since, Some(firing), None),
            Phase::Pending(pending) => {
                let fires_at = policy.and_then(|policy| pending.since.checked_add(policy.hold).ok());
                (pending.since, None, fires_at)
            }
            Phase::CoolingDown { .. } => return None,
        };
        let watched = snapshot.client(alert.client.as_str());
        let reading = watched.and_then(|watched| watched.reading.as_ref());
        let told = firing
            .and_then(|firing| snapshot.told.get(&firing.episode))
            .cloned()
            .unwrap_or_default();
        let (limit, limit_text) = limit(&alert.reason);
        let nobody = Watched::pseudo(alert.client.clone(), "", snapshot.now.at);
        let client = &watched.unwrap_or(&nobody).client;
        let episode = firing.map(|firing| &firing.episode);
        let hushed = Hushed::of(hushes, client, &alert.policy, episode, snapshot.now.at);
        Some(Self {
            account: snapshot.rules.account.clone(),
            client: alert.client.clone(),
            company: snapshot.label(&alert.client),
            policy: alert.policy.clone(),
            severity: policy.map(|policy| firing.map_or(policy.severity, |firing| firing.severity(policy))),
            state: Standing::of(alert),
            since,
            reason: alert.reason.to_string(),
            fix: match &alert.reason {
                Reason::Account { fix, .. } if !fix.is_empty() => Some(fix.clone()),
                _ => None,
            },
            balance: reading.map(|reading| reading.balance),
            limit,
            threshold: watched.and_then(|watched| watched.threshold.as_ref()?.amount),
            read_at: reading.map(|reading| reading.at),
            age_seconds: reading.map(|reading| snapshot.now.age_seconds(reading.at)),
            episode: firing.map(|firing| firing.episode.clone()),
            fires_at,
            recovering: firing.is_some_and(|firing| firing.is_recovering),
            told: told.operators,
            client_told: told.client,
            waits_since: told.operators_wait_since.filter(|_| told.operators == 0),
            hushed,
            cannot_be_told: firing.and_then(|_| snapshot.cannot_be_told.get(&alert.client).cloned()),
            limit_text,
        })
    }

    /// In the list of alerts of one client.
    pub fn sentence(&self, now: &Now) -> Cell {
        let (word, tone) = severity(self.severity);
        let (policy, state, reason) = (&self.policy, self.state_text(now), &self.reason);
        let mut text = format!("{policy} ({word}), {state}: {reason}");
        for hushed in self.hushed.words(now) {
            text.push_str(&format!("; {hushed}"));
        }
        (text, tone).into()
    }

    /// Where it stands, and for how long.
    pub fn state_text(&self, now: &Now) -> String {
        let state = if self.recovering {
            "recovering, firing"
        } else {
            self.state.as_str()
        };
        format!("{state} for {}", now.since(self.since))
    }

    /// Who was told, or when it comes to that.
    fn told_text(&self, now: &Now) -> String {
        let mut text = self.delivered_text(now);
        for hushed in self.hushed.words(now) {
            text.push_str(&format!("; {hushed}"));
        }
        text
    }

    /// The same without what keeps people from being told.
    pub fn delivered_text(&self, now: &Now) -> String {
        let mut text = match (self.state, self.told, self.fires_at, self.waits_since) {
            (Standing::Pending, _, Some(at), _) if at > now.at => return format!("fires {}", now.ago(at)),
            (Standing::Pending, ..) => return "pending".to_owned(),
            (_, 0, _, Some(since)) => format!("waits since {}", now.ago(since)),
            (_, 0, ..) => "not yet".to_owned(),
            (_, times, ..) => format!("{times}x"),
        };
        if self.client_told {
            text.push_str(" + client");
        }
        if self.recovering {
            text.push_str(", recovering");
        }
        text
    }
}

/// What was compared with, as an amount where it is one.
fn limit(reason: &Reason) -> (Option<Money>, String) {
    match reason {
        Reason::Limits { findings } => match findings.first() {
            Some(finding) if finding.measure == Measure::SpentToday => {
                (Some(finding.limit), format!("{} a day", finding.limit.for_people()))
            }
            Some(finding) => (Some(finding.limit), finding.limit.for_people()),
            None => (None, "-".to_owned()),
        },
        Reason::Unread { limit_secs, .. } => (None, span(SignedDuration::from_secs(*limit_secs))),
        _ => (None, "-".to_owned()),
    }
}

/// The word for a severity, and how it looks. `None`: the policy is no longer in the configuration.
pub const fn severity(severity: Option<Severity>) -> (&'static str, Tone) {
    match severity {
        Some(Severity::Critical) => ("critical", Tone::Bad),
        Some(Severity::Warning) => ("warning", Tone::Warning),
        Some(Severity::Info) => ("info", Tone::Plain),
        None => ("removed", Tone::Faint),
    }
}

/// The alerts of one account or of all.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Alerts {
    rows: Vec<AlertRow>,
    /// How many are pending and not among them.
    #[serde(skip)]
    hidden: usize,
    /// When the last sweep ended that could have found more.
    #[serde(skip)]
    swept_at: Option<Timestamp>,
    #[serde(skip)]
    with_account: bool,
}

impl Alerts {
    /// What fires, and with `all` what is pending too. `with_account`: whether a row says whose it is.
    pub fn new(snapshots: &[Snapshot], all: bool, with_account: bool) -> Self {
        let rows = snapshots.iter().flat_map(AlertRow::all);
        let (rows, hidden): (Vec<_>, Vec<_>) = rows.partition(|row| all || row.state == Standing::Firing);
        Self {
            rows,
            hidden: hidden.len(),
            swept_at: snapshots
                .iter()
                .filter_map(|snapshot| snapshot.kept.state.sweep_ended_at)
                .max(),
            with_account,
        }
    }

    fn table(&self, now: &Now) -> Table {
        let mut titles = vec![
            "severity", "client", "company", "policy", "for", ">balance", ">limit", "read", "told",
        ];
        if self.with_account {
            titles.insert(1, "account");
        }
        let mut table = Table::new(&titles);
        for row in &self.rows {
            let read = row.read_at.map_or_else(|| "-".to_owned(), |at| now.ago(at));
            let mut cells: Vec<Cell> = vec![
                severity(row.severity).into(),
                Cell::client(&row.account, &row.client),
                row.company.as_str().into(),
                row.policy.as_str().into(),
                now.since(row.since).into(),
                amount(row.balance).into(),
                row.limit_text.as_str().into(),
                (read, Tone::Faint).into(),
                row.told_text(now).into(),
            ];
            if self.with_account {
                cells.insert(1, row.account.as_str().into());
            }
            table.row(cells);
        }
        table
    }
}

impl Shown for Alerts {
    fn page(&self, now: &Now) -> Page {
        let mut page = Page::default();
        let judged = match self.swept_at {
            Some(at) => format!("the last sweep ended {}", now.ago(at)),
            None => "no sweep has ended yet".to_owned(),
        };
        page.table_or(self.table(now), format!("no alert fires; {judged}"));
        for row in &self.rows {
            let (client, policy, reason) = (&row.client, &row.policy, &row.reason);
            if let Some(why) = &row.cannot_be_told {
                page.gap();
                page.line(format!("{client} {policy}: the client cannot be told: {why}"));
            }
            if let Some(fix) = &row.fix {
                page.gap();
                page.line(format!("{policy}: {reason}"));
                page.line(format!("  {fix}"));
            }
        }
        if self.hidden > 0 {
            page.line(format!("{} pending; `--all` shows them", self.hidden));
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::{AlertRow, Alerts};
    use crate::domain::ClientId;
    use crate::domain::alert::{Alert, Phase};
    use crate::domain::kept::Told;
    use crate::domain::policy::{Severity, When};
    use crate::domain::reason::Reason;
    use crate::domain::testing::policy;
    use crate::view::page::Shown;
    use crate::view::snapshot::Snapshot;
    use crate::view::testing::{at, firing, now, pending, snapshot, text, watched};

    /// An account with these alerts, whose policy waits ten minutes before it fires.
    fn with(alerts: Vec<Alert>) -> Snapshot {
        let mut snapshot = snapshot();
        let mut low = policy("low", When::default());
        low.hold = jiff::SignedDuration::from_mins(10);
        snapshot.rules.policies = vec![low];
        snapshot.kept.clients = vec![watched("1"), watched("2"), watched("3")];
        snapshot.kept.alerts = alerts;
        snapshot
    }

    #[test]
    fn a_row_says_who_was_told_or_when_it_comes_to_that() {
        let told = |operators, client| Told {
            operators,
            client,
            ..Told::default()
        };
        let waits = Told {
            operators_wait_since: Some(at(-60)),
            ..Told::default()
        };
        for (name, recovering, told, expected) in [
            ("nobody", false, Told::default(), "not yet"),
            ("it waits to be delivered", false, waits.clone(), "waits since 1m ago"),
            ("operators", false, told(2, false), "2x"),
            ("and another word waits", false, Told { operators: 1, ..waits }, "1x"),
            ("the client too", false, told(1, true), "1x + client"),
            ("it recovers", true, told(1, true), "1x + client, recovering"),
        ] {
            let mut alert = firing("1");
            let Phase::Firing(state) = &mut alert.phase else {
                unreachable!("it fires")
            };
            state.is_recovering = recovering;
            let episode = state.episode.clone();
            let mut snapshot = with(vec![alert]);
            snapshot.told = [(episode, told)].into();
            assert_eq!(AlertRow::all(&snapshot)[0].told_text(&now()), expected, "{name}");
        }
        let told_of_pending = |hold_mins: i64| {
            let mut snapshot = with(vec![pending("1")]);
            snapshot.rules.policies[0].hold = jiff::SignedDuration::from_mins(hold_mins);
            AlertRow::all(&snapshot)[0].told_text(&now())
        };
        assert_eq!(told_of_pending(10), "fires in 5m");
        assert_eq!(told_of_pending(5), "pending", "it is due now, and waits for a reading");
    }

    #[test]
    fn the_most_urgent_come_first_and_the_longest_among_equals() {
        let mut longer = firing("3");
        let Phase::Firing(state) = &mut longer.phase else {
            unreachable!("it fires")
        };
        state.since = at(-9_000);
        let mut orphan = firing("2");
        orphan.policy = crate::domain::PolicyName::new("gone").unwrap();
        let mut snapshot = with(vec![pending("2"), firing("1"), orphan, firing("2"), longer]);
        let order = |snapshot: &Snapshot| -> Vec<String> {
            let rows = AlertRow::all(snapshot).into_iter();
            rows.map(|row| format!("{} {} {}", row.client, row.policy, row.state.as_str()))
                .collect()
        };
        assert_eq!(
            order(&snapshot),
            [
                "3 low firing",
                "1 low firing",
                "2 low firing",
                "2 low pending",
                "2 gone firing"
            ]
        );
        snapshot.rules.policies[0].severity = Severity::Critical;
        assert_eq!(AlertRow::all(&snapshot)[0].severity, Some(Severity::Critical));
        snapshot.kept.alerts = vec![Alert {
            phase: Phase::CoolingDown {
                resolved_at: at(-60),
                relapses: 0,
            },
            ..firing("1")
        }];
        assert!(AlertRow::all(&snapshot).is_empty(), "it is over");
    }

    #[test]
    fn the_page_says_what_the_table_cannot() {
        let mut refused = firing("1");
        refused.client = ClientId::account();
        refused.reason = Reason::Account {
            what: "the API refused this address".to_owned(),
            fix: "allow-list it".to_owned(),
        };
        let mut snapshot = with(vec![refused, firing("2"), pending("3")]);
        snapshot.cannot_be_told = [(ClientId::new("2").unwrap(), "550 no such user".to_owned())].into();
        let page = |all| text(&Alerts::new(std::slice::from_ref(&snapshot), all, false).page(&now()));
        assert_eq!(
            page(false),
            "warning | 2 | Acme | low | 2h | - | 10.00 | - | not yet\n\
             warning | account | the account itself | low | 2h | - | - | - | not yet\n\
             \n2 low: the client cannot be told: 550 no such user\n\
             \nlow: the API refused this address\n  allow-list it\n\
             1 pending; `--all` shows them\n"
        );
        assert!(page(true).contains("warning | 3 | Acme | low | 5m | - | 10.00 | - | fires in 5m\n"));
        let nothing = |ended: Option<i64>| {
            let mut snapshot = with(Vec::new());
            snapshot.kept.state.sweep_ended_at = ended.map(at);
            text(&Alerts::new(&[snapshot], false, false).page(&now()))
        };
        assert_eq!(nothing(Some(-60)), "no alert fires; the last sweep ended 1m ago\n");
        assert_eq!(nothing(None), "no alert fires; no sweep has ended yet\n");
    }
}
