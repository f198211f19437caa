//! What fires, as Alertmanager shows it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use jiff::Timestamp;
use regex::Regex;
use serde::Serialize;

use super::matcher::{Matcher, pattern};
use super::{NOBODY, Receiver, Said};
use crate::domain::Severity;
use crate::domain::hush::{HushedBy, Hushes};
use crate::domain::labels::{Names, fingerprint, labels};
use crate::domain::policy::Policy;
use crate::domain::time::later;
use crate::domain::watch::Watched;
use crate::view::Snapshot;
use crate::view::alert::{AlertRow, Standing};
use crate::web::Site;

/// Whoever asks for an alert again after so many sweeps finds it, or it ended.
const HOLDS_SWEEPS: i32 = 3;

/// Matchers in one question; each is tried on each alert.
const MOST_MATCHERS: usize = 50;

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    labels: Names,
    annotations: Names,
    receivers: Vec<Receiver>,
    fingerprint: String,
    starts_at: Timestamp,
    updated_at: Timestamp,
    ends_at: Timestamp,
    status: Status,
    #[serde(rename = "generatorURL", skip_serializing_if = "Option::is_none")]
    generator_url: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    /// `active` or `suppressed`.
    state: &'static str,
    silenced_by: Vec<String>,
    inhibited_by: Vec<String>,
    /// The maintenance windows that are open for it.
    muted_by: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct Group {
    labels: BTreeMap<&'static str, String>,
    receiver: Receiver,
    alerts: Vec<Alert>,
}

/// Which alerts somebody wants to see.
struct Wanted {
    active: bool,
    silenced: bool,
    muted: bool,
    receiver: Option<Regex>,
    matchers: Vec<Matcher>,
}

/// The keys and values of a query, as often as each stands there.
type Pairs = Query<Vec<(String, String)>>;

/// The matchers of a query.
pub fn matchers(pairs: &[(String, String)]) -> Result<Vec<Matcher>, Said> {
    let filters = pairs.iter().filter(|(key, _)| key == "filter");
    let texts: Vec<&str> = filters.map(|(_, text)| text.as_str()).collect();
    if texts.len() > MOST_MATCHERS {
        return Err(Said::bad(format!("at most {MOST_MATCHERS} matchers")));
    }
    texts
        .into_iter()
        .map(Matcher::parse)
        .collect::<Result<_, _>>()
        .map_err(Said::bad)
}

impl Wanted {
    fn read(pairs: &[(String, String)]) -> Result<Self, Said> {
        let value = |wanted: &str| {
            pairs
                .iter()
                .rev()
                .find(|(key, _)| key == wanted)
                .map(|(_, value)| value.as_str())
        };
        let flag = |key: &str| match value(key) {
            None | Some("true" | "1" | "") => Ok(true),
            Some("false" | "0") => Ok(false),
            Some(_) => Err(Said::bad(format!("{key} is true or false"))),
        };
        let receiver = value("receiver").filter(|name| !name.is_empty());
        Ok(Self {
            active: flag("active")?,
            silenced: flag("silenced")?,
            muted: flag("muted")?,
            receiver: receiver.map(pattern).transpose().map_err(Said::bad)?,
            matchers: matchers(pairs)?,
        })
    }

    fn wants(&self, alert: &Alert) -> bool {
        let Status {
            silenced_by, muted_by, ..
        } = &alert.status;
        let is_seen = match (silenced_by.is_empty(), muted_by.is_empty()) {
            (true, true) => self.active,
            (false, _) => self.silenced,
            // Who does not know of windows asks for what is silenced.
            (true, false) => self.silenced && self.muted,
        };
        let is_told = |regex: &Regex| alert.receivers.iter().any(|receiver| regex.is_match(&receiver.name));
        is_seen
            && self.receiver.as_ref().is_none_or(is_told)
            && self
                .matchers
                .iter()
                .all(|matcher| matcher.matches(|name| alert.labels.get(name).map(String::as_str)))
    }
}

pub async fn list(State(site): State<Arc<Site>>, Query(pairs): Pairs) -> Result<Json<Vec<Alert>>, Said> {
    found(&site, &pairs).await.map(Json)
}

/// One group for each policy and account that somebody is told of.
pub async fn groups(State(site): State<Arc<Site>>, Query(pairs): Pairs) -> Result<Json<Vec<Group>>, Said> {
    let mut groups: BTreeMap<(Receiver, Vec<String>), Vec<Alert>> = BTreeMap::new();
    for alert in found(&site, &pairs).await? {
        let key: Vec<String> = BY.iter().filter_map(|name| alert.labels.get(name).cloned()).collect();
        for receiver in &alert.receivers {
            groups
                .entry((receiver.clone(), key.clone()))
                .or_default()
                .push(alert.clone());
        }
    }
    let group = |((receiver, key), alerts)| Group {
        labels: BY.into_iter().zip(key).collect(),
        receiver,
        alerts,
    };
    Ok(Json(groups.into_iter().map(group).collect()))
}

/// What alerts are grouped by.
const BY: [&str; 2] = ["alertname", "account"];

async fn found(site: &Arc<Site>, pairs: &[(String, String)]) -> Result<Vec<Alert>, Said> {
    let wanted = Wanted::read(pairs)?;
    let picture = site.picture().await?;
    let external_url = site.settings.borrow().web.external_url.clone();
    let alerts = picture
        .accounts
        .iter()
        .flat_map(|snapshot| of(snapshot, external_url.as_deref()));
    Ok(alerts.filter(|alert| wanted.wants(alert)).collect())
}

/// What fires in an account. What the next sweep withdraws, because its policy is gone, is not shown.
fn of(snapshot: &Snapshot, external_url: Option<&str>) -> Vec<Alert> {
    let hushes = snapshot.hushes();
    let rows = AlertRow::all(snapshot)
        .into_iter()
        .filter(|row| row.state == Standing::Firing);
    let policies = &snapshot.rules.policies;
    let alert = |row: AlertRow| {
        let policy = policies.iter().find(|policy| policy.name == row.policy)?;
        Some(new(snapshot, &hushes, &row, policy, external_url))
    };
    rows.filter_map(alert).collect()
}

fn new(snapshot: &Snapshot, hushes: &Hushes, row: &AlertRow, policy: &Policy, external_url: Option<&str>) -> Alert {
    let severity = row.severity.unwrap_or(policy.severity);
    let labels = labels(&row.account, &row.client, &row.policy, severity);
    let now = snapshot.now.at;
    let interval = snapshot.interval();
    Alert {
        annotations: annotations(row, policy),
        receivers: receivers(snapshot, policy, severity),
        fingerprint: fingerprint(&labels),
        starts_at: row.since,
        updated_at: row.read_at.map_or(row.since, |read_at| read_at.max(row.since)),
        ends_at: later(now, interval.saturating_mul(HOLDS_SWEEPS)),
        status: status(snapshot, hushes, row),
        generator_url: external_url
            .filter(|_| !row.client.is_pseudo())
            .map(|url| format!("{url}/clients/{}/{}", row.account, row.client)),
        labels,
    }
}

fn annotations(row: &AlertRow, policy: &Policy) -> Names {
    let (company, client, reason) = (&row.company, &row.client, &row.reason);
    let acked = row.hushed.acked_by.as_ref();
    let annotations = [
        ("summary", Some(format!("{company} ({client}): {reason}"))),
        ("description", row.fix.clone()),
        ("balance", row.balance.map(|balance| balance.for_people())),
        ("threshold", row.threshold.map(|threshold| threshold.for_people())),
        ("read_at", row.read_at.map(|at| format!("{at:.0}"))),
        ("acknowledged_by", acked.map(|acked| acked.by.clone())),
        ("runbook_url", policy.runbook_url.clone()),
    ];
    annotations
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

/// The channels that are told of it.
fn receivers(snapshot: &Snapshot, policy: &Policy, severity: Severity) -> Vec<Receiver> {
    let is_told = |name: &&_| {
        let channel = snapshot.rules.channels.get(*name);
        channel.is_some_and(|channel| severity >= channel.min_severity)
    };
    let names = policy.notify.iter().filter(is_told).map(ToString::to_string);
    let mut receivers: Vec<Receiver> = names.map(|name| Receiver { name }).collect();
    if receivers.is_empty() {
        receivers.push(Receiver {
            name: NOBODY.to_owned(),
        });
    }
    receivers
}

fn status(snapshot: &Snapshot, hushes: &Hushes, row: &AlertRow) -> Status {
    let nobody = Watched::pseudo(row.client.clone(), "", snapshot.now.at);
    let client = &snapshot.client(row.client.as_str()).unwrap_or(&nobody).client;
    let (mut silenced_by, mut muted_by) = (Vec::new(), Vec::new());
    for hush in hushes.on(client, &row.policy, row.episode.as_ref(), snapshot.now.at) {
        match &hush.by {
            HushedBy::Silence { id, .. } => silenced_by.push(id.clone()),
            HushedBy::Mute { name } => muted_by.push(name.to_string()),
            HushedBy::Ack { .. } => {}
        }
    }
    let is_active = silenced_by.is_empty() && muted_by.is_empty();
    Status {
        state: if is_active { "active" } else { "suppressed" },
        silenced_by,
        inhibited_by: Vec::new(),
        muted_by,
    }
}
