//! `/alerts`: what fires and what is about to, why, who was told, and who has it; fifty at a time.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::decide::Draft;
use super::layout::{Html, Shell, Visitor};
use super::{PER_PAGE, blocks, links};
use crate::domain::Severity;
use crate::domain::hush::is_told_in_any_case;
use crate::view::alert::{AlertRow, Standing, severity};
use crate::view::page::Thing;
use crate::view::words::{amount, clean};
use crate::view::{Now, Snapshot};
use crate::web::Site;
use crate::web::answer::Refused;

/// Which alerts are wanted; what is empty is not asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    state: String,
    severity: String,
    policy: String,
    account: String,
    /// How many before it are not shown.
    from: String,
}

impl Asked {
    fn wants(&self, row: &AlertRow) -> bool {
        let is = |asked: &str, value: &str| asked.is_empty() || asked == value;
        is(&self.state, row.state.as_str())
            && is(&self.severity, severity(row.severity).0)
            && is(&self.policy, row.policy.as_str())
            && is(&self.account, row.account.as_str())
    }

    fn is_for_all(&self) -> bool {
        [&self.state, &self.severity, &self.policy, &self.account]
            .into_iter()
            .all(String::is_empty)
    }

    /// The address of the same alerts, without so many of the first.
    fn path(&self, from: usize) -> String {
        let from = if from == 0 { String::new() } else { from.to_string() };
        let asked = [
            ("state", &*self.state),
            ("severity", &self.severity),
            ("policy", &self.policy),
            ("account", &self.account),
            ("from", &from),
        ];
        links::with("/alerts", &asked)
    }
}

#[derive(Template)]
#[template(path = "alerts.html")]
struct Page {
    shell: Shell,
    asked: Asked,
    accounts: Vec<String>,
    policies: Vec<String>,
    rows: Vec<Row>,
    /// How many are wanted, shown or not.
    wanted: usize,
    /// Whether there are alerts that are not wanted.
    has_others: bool,
    /// When somebody last looked whether there is something to tell.
    judged: String,
    newer: Option<String>,
    older: Option<String>,
    /// This page, for forms to come back to.
    back: String,
    login: String,
}

/// An alert as the page says it.
struct Row {
    account: String,
    client: String,
    policy: String,
    company: String,
    client_href: String,
    severity: &'static str,
    class: &'static str,
    state: String,
    reason: String,
    fix: Option<String>,
    balance: String,
    read: Option<String>,
    told: String,
    hushed: Vec<String>,
    can_be_acked: bool,
    is_acked: bool,
    /// Where it is silenced; `None`: nothing silences it.
    silence_href: Option<String>,
}

impl Row {
    fn new(row: &AlertRow, now: &Now) -> Self {
        let (word, tone) = severity(row.severity);
        let (account, client, policy) = (row.account.as_str(), row.client.as_str(), row.policy.as_str());
        let fires = row.state == Standing::Firing;
        let may_be_hushed = !is_told_in_any_case(&row.policy);
        let silence = [("account", account), ("client", client), ("policy", policy)];
        Self {
            client_href: links::to(&Thing::Client(row.account.clone(), row.client.clone())),
            company: clean(&row.company).into_owned(),
            severity: word,
            class: blocks::class(tone),
            state: row.state_text(now),
            reason: clean(&row.reason).into_owned(),
            fix: row.fix.as_ref().map(|fix| clean(fix).into_owned()),
            balance: amount(row.balance),
            read: row.read_at.map(|at| now.ago(at)),
            told: match row.state {
                Standing::Firing => format!("told {}", row.delivered_text(now)),
                _ => row.delivered_text(now),
            },
            hushed: row.hushed.words(now),
            can_be_acked: fires && may_be_hushed,
            is_acked: row.hushed.acked_by.is_some(),
            silence_href: may_be_hushed.then(|| links::with("/silences", &silence) + "#add"),
            account: account.to_owned(),
            client: client.to_owned(),
            policy: policy.to_owned(),
        }
    }
}

pub async fn show(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Refused> {
    page(&site, visitor, asked, Draft::default()).await
}

/// The page, and what is to be said of a form that was sent from it.
pub async fn page(site: &Arc<Site>, visitor: Visitor, asked: Asked, draft: Draft) -> Result<Response, Refused> {
    let (desk, picture) = (site.desk(), site.picture().await?);
    let mut all: Vec<AlertRow> = picture.accounts.iter().flat_map(AlertRow::all).collect();
    all.sort_by(AlertRow::by_urgency);
    let wanted: Vec<&AlertRow> = all.iter().filter(|row| asked.wants(row)).collect();
    let from = asked.from.parse().unwrap_or(0).min(wanted.len());
    let shown = wanted.iter().skip(from).take(PER_PAGE);
    let mut policies: Vec<String> = picture.accounts.iter().flat_map(policies).collect();
    policies.sort();
    policies.dedup();
    let judged = picture
        .accounts
        .iter()
        .filter_map(|account| account.kept.state.sweep_ended_at)
        .max();
    let page = Page {
        rows: shown.map(|row| Row::new(row, &desk.now)).collect(),
        accounts: super::accounts(&desk),
        policies,
        wanted: wanted.len(),
        has_others: wanted.len() < all.len(),
        judged: judged.map_or_else(
            || "No sweep has ended yet.".to_owned(),
            |at| format!("The last sweep ended {}.", desk.now.ago(at)),
        ),
        newer: (from > 0).then(|| asked.path(from.saturating_sub(PER_PAGE))),
        older: (from + PER_PAGE < wanted.len()).then(|| asked.path(from + PER_PAGE)),
        login: links::with("/login", &[("to", &asked.path(from))]),
        back: asked.path(from),
        shell: site.shell(visitor, "/alerts", "Alerts").notice(draft.notice()),
        asked,
    };
    Ok((draft.status(), Html(page)).into_response())
}

/// The names of all that may alert, of policies that are gone too.
fn policies(account: &Snapshot) -> Vec<String> {
    let configured = account.rules.policies.iter().map(|policy| &policy.name);
    let alerting = account.kept.alerts.iter().map(|alert| &alert.policy);
    configured.chain(alerting).map(ToString::to_string).collect()
}

impl Page {
    #[expect(clippy::unused_self, reason = "templates reach functions through methods")]
    fn severities(&self) -> [&'static str; 3] {
        [Severity::Critical, Severity::Warning, Severity::Info].map(Severity::as_str)
    }
}
