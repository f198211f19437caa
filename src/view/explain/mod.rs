//! Every policy's view of a client: what it sees, what it says and why, what would change that, who is told, and what
//! becomes of the change it asks for.
//!
//! Judges by the last reading, whatever its age, and says how old that is; the daemon itself only decides on fresh ones.

use jiff::Timestamp;
use serde::Serialize;

use super::page::{Page, Shown};
use super::plan::mode_text;
use super::snapshot::Snapshot;
use super::words::{Now, label};
use crate::domain::enforcement::{Enforcement, Mode};
use crate::domain::judge::rules::scope_of;
use crate::domain::watch::Watched;
use crate::domain::{AccountName, ChannelName, ClientId, Money};

mod condition;
mod policy;
mod scene;
mod state;

use policy::PolicyCard;
use scene::Scene;

#[derive(Debug, Serialize)]
pub struct Explained {
    account: AccountName,
    client: ClientId,
    /// What people call the client.
    company: String,
    balance: Option<Money>,
    spent_today: Option<Money>,
    threshold: Option<Money>,
    default_threshold: Option<Money>,
    threshold_read_at: Option<Timestamp>,
    read_at: Option<Timestamp>,
    age_seconds: Option<i64>,
    last_error: Option<String>,
    mode: Mode,
    policies: Vec<PolicyCard>,
    /// The most messages about it that each recipient of a channel can get, whatever its balance does.
    most_messages: Vec<Most>,
    #[serde(skip)]
    currency: String,
    /// Whether the daemon would decide by the balance.
    #[serde(skip)]
    is_fresh: bool,
    #[serde(skip)]
    last_attempt_at: Option<Timestamp>,
    #[serde(skip)]
    vanished_at: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
struct Most {
    channel: ChannelName,
    in_24_hours: u64,
    in_7_days: u64,
}

impl Explained {
    /// A client, with what was done about it, newest first.
    pub fn new(snapshot: &Snapshot, watched: &Watched, enforcements: &[Enforcement]) -> Self {
        let scene = Scene::new(snapshot, watched, enforcements);
        let (rules, reading) = (&snapshot.rules, watched.reading.as_ref());
        let scope = scope_of(watched);
        let policies = rules.policies.iter().filter(|policy| policy.scope == scope);
        Self {
            account: rules.account.clone(),
            client: watched.client.id.clone(),
            company: label(&watched.client),
            balance: reading.map(|reading| reading.balance),
            spent_today: reading.and_then(|reading| reading.spent_today),
            threshold: watched.threshold.as_ref().and_then(|threshold| threshold.amount),
            default_threshold: rules.default_threshold,
            threshold_read_at: watched.threshold.as_ref().map(|threshold| threshold.at),
            read_at: reading.map(|reading| reading.at),
            age_seconds: reading.map(|reading| snapshot.now.age_seconds(reading.at)),
            last_error: watched.last_error.clone(),
            mode: rules.mode,
            policies: policies.clone().map(|policy| scene.explain(policy)).collect(),
            most_messages: scene.most_messages(policies.filter(|policy| policy.is_for(&watched.client))),
            currency: rules.currency.clone(),
            is_fresh: reading.is_some_and(|reading| snapshot.is_fresh(reading.at)),
            last_attempt_at: watched.last_attempt_at,
            vanished_at: watched.vanished_at,
        }
    }

    /// Who it is, and by which numbers all that follows is judged.
    fn introduction(&self, now: &Now) -> Vec<String> {
        let (client, label, account) = (&self.client, &self.company, &self.account);
        let mut lines = vec![format!("client {client}, {label}, account {account}")];
        if *client == ClientId::account() {
            let by_whom = "what is judged about the account is judged by the daemon; shown is what it found last";
            lines.push(by_whom.to_owned());
            return lines;
        }
        lines.push(match (self.balance, self.read_at) {
            (Some(balance), Some(at)) => {
                let (balance, currency, read) = (balance.for_people(), &self.currency, now.ago(at));
                let doubt = if self.is_fresh {
                    ""
                } else {
                    ", before the last sweep: the daemon would not decide by it"
                };
                format!("balance {balance} {currency}, read {read}{doubt}")
            }
            _ => "no balance was read yet, so nothing can be judged by one".to_owned(),
        });
        if let Some(error) = &self.last_error {
            let at = self
                .last_attempt_at
                .map(|at| format!(" {}", now.ago(at)))
                .unwrap_or_default();
            lines.push(format!("the last attempt to read it failed{at}: {error}"));
        }
        if let Some(at) = self.vanished_at {
            let ago = now.ago(at);
            lines.push(format!("it vanished from the list {ago}, and is not watched any more"));
        }
        lines.push(format!("enforcement mode {}", mode_text(self.mode)));
        lines
    }
}

impl Shown for Explained {
    fn page(&self, now: &Now) -> Page {
        let mut page = Page::default();
        for line in self.introduction(now) {
            page.line(line);
        }
        for policy in &self.policies {
            page.gap();
            page.card(policy.card());
        }
        if !self.most_messages.is_empty() {
            page.gap();
        }
        for Most {
            channel,
            in_24_hours,
            in_7_days,
        } in &self.most_messages
        {
            page.line(format!(
                "{channel}: at most {in_24_hours} messages about it in 24 hours and {in_7_days} in 7 days, whatever its balance does"
            ));
        }
        page
    }
}
