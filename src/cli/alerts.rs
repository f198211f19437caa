//! `alerts`: what fires now, why, by which number and how old that is.
//!
//! Shows what the last sweep decided; judges nothing.

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::opened::{Opened, find};
use super::telling::{age_seconds, ago, amount, label, span};
use super::{Context, Exit, Failure, Table, Tone, block_on};
use crate::config::Account;
use crate::domain::alert::{Alert, EpisodeId, Phase};
use crate::domain::reason::{Measure, Reason};
use crate::domain::{AccountName, ClientId, Money, Policy, PolicyName, Severity};
use crate::store::AccountView;

/// Show the alerts that fire.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch alerts                                    what fires now
  balancewatch alerts --all                              also what is in breach, but not for long enough yet
  balancewatch alerts --output json                      for scripts

Firing alerts are no failure: the exit code is 0.")]
pub struct AlertsArgs {
    /// Also those that are in breach, but not for long enough yet
    #[arg(long)]
    pub all: bool,
}

/// An alert as scripts see it.
#[derive(Clone, Debug, Serialize)]
pub struct AlertRow {
    /// The account.
    pub account: AccountName,
    /// The client, or a pseudo-client.
    pub client: ClientId,
    /// What people call the client.
    pub company: String,
    /// The policy.
    pub policy: PolicyName,
    /// How urgent; `None` when the policy is no longer in the configuration, and the next sweep withdraws the alert.
    pub severity: Option<Severity>,
    /// `firing` or `pending`.
    pub state: &'static str,
    /// Since when.
    pub since: Timestamp,
    /// Why, by the last verdict that was not unknown.
    pub reason: String,
    /// What to do about it, for alerts about the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// The balance by the last reading.
    pub balance: Option<Money>,
    /// What the balance or the spending was compared with.
    pub limit: Option<Money>,
    /// The client's own threshold.
    pub threshold: Option<Money>,
    /// When the balance was read.
    pub read_at: Option<Timestamp>,
    /// How old that reading is.
    pub age_seconds: Option<i64>,
    /// The episode; `None` while pending.
    pub episode: Option<EpisodeId>,
    /// When a pending alert fires if nothing changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fires_at: Option<Timestamp>,
    /// Whether it is between its limits, or clear and not for long enough: nobody is reminded of it.
    pub recovering: bool,
    /// How often operators were told: told means delivered.
    pub told: u32,
    /// Whether the client was told.
    pub client_told: bool,
    /// Since when the first word to operators waits to be delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_since: Option<Timestamp>,
    /// Why the client itself cannot be told.
    pub cannot_be_told: Option<String>,
    /// The limit as the table shows it.
    #[serde(skip)]
    limit_text: String,
}

/// The alerts of an account that are pending or firing, most urgent first, the longest first among equals.
#[must_use]
pub fn rows(account: &Account, policies: &[Policy], view: &AccountView, now: Timestamp) -> Vec<AlertRow> {
    let mut rows: Vec<AlertRow> = view
        .alerts
        .iter()
        .filter_map(|alert| row(account, policies, view, alert, now))
        .collect();
    rows.sort_by(|one, other| {
        (other.severity, one.state, one.since, &one.client).cmp(&(
            one.severity,
            other.state,
            other.since,
            &other.client,
        ))
    });
    rows
}

/// Says of the alerts that fire who was told of them, and which clients cannot be.
pub async fn mark_told(opened: &Opened, account: &Account, rows: &mut [AlertRow]) -> Result<(), Failure> {
    let (told, untold) = (opened.told_of(account).await?, opened.untold(account).await?);
    for row in rows.iter_mut().filter(|row| row.state == "firing") {
        row.cannot_be_told = untold.get(&row.client).cloned();
        if let Some(told) = row.episode.as_ref().and_then(|episode| told.get(episode)) {
            row.told = told.operators;
            row.client_told = told.client;
            row.waits_since = told.operators_wait_since.filter(|_| told.operators == 0);
        }
    }
    Ok(())
}

fn row(account: &Account, policies: &[Policy], view: &AccountView, alert: &Alert, now: Timestamp) -> Option<AlertRow> {
    let policy = policies.iter().find(|policy| policy.name == alert.policy);
    let (since, firing, fires_at) = match &alert.phase {
        Phase::Firing(firing) => (firing.since, Some(firing), None),
        Phase::Pending(pending) => {
            let fires_at = policy.and_then(|policy| pending.since.checked_add(policy.hold).ok());
            (pending.since, None, fires_at)
        }
        Phase::CoolingDown { .. } => return None,
    };
    let watched = find(view, alert.client.as_str());
    let reading = watched.and_then(|watched| watched.reading.as_ref());
    let (limit, limit_text) = limit(&alert.reason);
    Some(AlertRow {
        account: account.name.clone(),
        client: alert.client.clone(),
        company: match watched {
            Some(watched) => label(&watched.client),
            None if alert.client == ClientId::account() => "the account itself".to_owned(),
            None => String::new(),
        },
        policy: alert.policy.clone(),
        severity: policy.map(|policy| policy.severity),
        state: alert.state(),
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
        age_seconds: reading.map(|reading| age_seconds(now, reading.at)),
        episode: firing.map(|firing| firing.episode.clone()),
        fires_at,
        recovering: firing.is_some_and(|firing| firing.is_recovering),
        told: 0,
        client_told: false,
        waits_since: None,
        cannot_be_told: None,
        limit_text,
    })
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
        Reason::Unread { limit_secs, .. } => (None, span(jiff::SignedDuration::from_secs(*limit_secs))),
        _ => (None, "-".to_owned()),
    }
}

/// Runs `alerts`.
///
/// # Errors
/// When the configuration is not good, the store cannot be read, or the answer cannot be printed.
pub fn run(context: &mut Context, args: &AlertsArgs) -> Result<Exit, Failure> {
    block_on(async {
        let opened = Opened::open(context).await?;
        let mut all = Vec::new();
        let mut last_sweep: Option<Timestamp> = None;
        for account in opened.accounts() {
            let view = opened.view(account).await?;
            last_sweep = last_sweep.max(view.state.sweep_ended_at);
            let mut found = rows(account, &opened.settings.policies_of(account), &view, opened.now);
            mark_told(&opened, account, &mut found).await?;
            all.extend(found);
        }
        let is_shown = |row: &AlertRow| args.all || row.state == "firing";
        let (shown, hidden): (Vec<AlertRow>, Vec<AlertRow>) = all.into_iter().partition(is_shown);
        if context.wants_json() {
            context.out.json(&shown)?;
        } else {
            print(context, &opened, &shown, hidden.len(), last_sweep)?;
        }
        Ok(Exit::Fine)
    })
}

fn print(
    context: &mut Context,
    opened: &Opened,
    rows: &[AlertRow],
    hidden: usize,
    last_sweep: Option<Timestamp>,
) -> Result<(), Failure> {
    if rows.is_empty() {
        let judged = match last_sweep {
            Some(at) => format!("the last sweep ended {}", ago(opened.now, at)),
            None => "no sweep has ended yet".to_owned(),
        };
        context.out.line(&format!("no alert fires; {judged}"))?;
    } else {
        let table = table(opened, rows);
        context.out.table(&table)?;
    }
    for row in rows {
        if let Some(why) = &row.cannot_be_told {
            context.out.line("")?;
            let (client, policy) = (&row.client, &row.policy);
            context
                .out
                .line(&format!("{client} {policy}: the client cannot be told: {why}"))?;
        }
        if let Some(fix) = &row.fix {
            context.out.line("")?;
            context.out.line(&format!("{}: {}", row.policy, row.reason))?;
            context.out.line(&format!("  {fix}"))?;
        }
    }
    if hidden > 0 {
        context.out.line(&format!("{hidden} pending; `--all` shows them"))?;
    }
    Ok(())
}

/// The table of alerts; with the account where there are several.
fn table(opened: &Opened, rows: &[AlertRow]) -> Table {
    let several = opened.settings.accounts.len() > 1;
    let mut titles = vec![
        "severity", "client", "company", "policy", "for", ">balance", ">limit", "read", "told",
    ];
    if several {
        titles.insert(1, "account");
    }
    let mut table = Table::new(&titles);
    for row in rows {
        let (severity, tone) = severity(row.severity);
        let mut cells = vec![
            (severity.to_owned(), tone),
            (row.client.to_string(), Tone::Plain),
            (row.company.clone(), Tone::Plain),
            (row.policy.to_string(), Tone::Plain),
            (span(opened.now.duration_since(row.since)), Tone::Plain),
            (amount(row.balance), Tone::Plain),
            (row.limit_text.clone(), Tone::Plain),
            (
                row.read_at
                    .map_or_else(|| "-".to_owned(), |read_at| ago(opened.now, read_at)),
                Tone::Faint,
            ),
            (told_text(row, opened), Tone::Plain),
        ];
        if several {
            cells.insert(1, (row.account.to_string(), Tone::Plain));
        }
        table.toned_row(cells);
    }
    table
}

/// The word for a severity, and how it looks.
#[must_use]
pub fn severity(severity: Option<Severity>) -> (&'static str, Tone) {
    match severity {
        Some(Severity::Critical) => ("critical", Tone::Bad),
        Some(Severity::Warning) => ("warning", Tone::Warning),
        Some(Severity::Info) => ("info", Tone::Plain),
        None => ("removed", Tone::Faint),
    }
}

fn told_text(row: &AlertRow, opened: &Opened) -> String {
    let mut text = match (row.state, row.told, row.fires_at, row.waits_since) {
        ("pending", _, Some(at), _) if at > opened.now => return format!("fires {}", ago(opened.now, at)),
        ("pending", ..) => return "pending".to_owned(),
        (_, 0, _, Some(since)) => format!("waits since {}", ago(opened.now, since)),
        (_, 0, ..) => "not yet".to_owned(),
        (_, times, ..) => format!("{times}x"),
    };
    if row.client_told {
        text.push_str(" + client");
    }
    if row.recovering {
        text.push_str(", recovering");
    }
    text
}
