//! `status`: is it watching, whom does it not see, what fires, what waits, what may be changed.
//!
//! One page for each account, and at its end in plain words what somebody should look at. Reads the store only: it works
//! while the daemon runs, and while it does not.

use std::collections::BTreeMap;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::opened::{Opened, from_store};
use super::planned::Planned;
use super::{Context, Exit, Failure, alerts, block_on};
use crate::config::Account;
use crate::domain::decision;
use crate::domain::due;
use crate::domain::notice::NoticeState;
use crate::domain::reason::Reason;
use crate::domain::report::Report;
use crate::domain::{AccountName, ClientId, Severity};
use crate::store::AccountView;

mod card;
mod warnings;

/// Show how the watching goes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch status                                    all accounts
  balancewatch status --account main --output json       one, for scripts

The exit code is 0 whatever fires; it is 1 when the store cannot be read.")]
pub struct StatusArgs {}

/// A sweep that is missing for this many intervals is a reason to ask whether the daemon runs.
const LATE_INTERVALS: i32 = 3;

/// Messages looked at to find broken channels. More would say nothing new about a channel.
const MOST_WAITING: usize = 1_000;

/// The paced mails of this time count against `client_mails_per_hour`.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// All that is shown.
#[derive(Serialize)]
struct Answer {
    store: String,
    accounts: Vec<Status>,
}

/// An account.
#[derive(Debug, Serialize)]
struct Status {
    account: AccountName,
    last_sweep: Option<LastSweep>,
    /// Since when one has been running.
    sweeping_since: Option<Timestamp>,
    next_sweep_at: Timestamp,
    interval_seconds: i64,
    revisit_seconds: i64,
    rate_per_minute: u32,
    clients: Clients,
    alerts: Alerts,
    notifications: BTreeMap<String, u64>,
    /// Why clients cannot be told, by client.
    cannot_be_told: BTreeMap<ClientId, String>,
    /// Since when and why the API cannot be asked; `None`: it can.
    not_asked: Option<NotAsked>,
    channels: Vec<ChannelTrouble>,
    enforcement: Enforcement,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct LastSweep {
    started_at: Option<Timestamp>,
    ended_at: Timestamp,
    age_seconds: i64,
    #[serde(flatten)]
    report: Option<Report>,
}

#[derive(Debug, Serialize)]
struct Clients {
    listed: u64,
    vanished: u64,
    without_address: u64,
    without_threshold: u64,
    never_read: u64,
    never_asked: u64,
    /// Those whose last read failed, by the kind of the failure.
    unread: BTreeMap<String, u64>,
}

#[derive(Debug, Default, Serialize)]
struct Alerts {
    critical: u64,
    warning: u64,
    info: u64,
    pending: u64,
}

/// An account that cannot be asked.
#[derive(Debug, Serialize)]
struct NotAsked {
    since: Timestamp,
    reason: String,
    fix: String,
    next_try_at: Timestamp,
}

/// A channel with messages that were tried in vain.
#[derive(Debug, Serialize)]
struct ChannelTrouble {
    channel: String,
    waiting: u64,
    next_try_at: Timestamp,
    /// What was said to the newest try.
    last_error: Option<String>,
}

#[derive(Debug, Serialize)]
struct Enforcement {
    mode: &'static str,
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

#[derive(Debug, Serialize)]
struct Brake {
    since: Timestamp,
    by: String,
    reason: String,
}

/// Runs `status`.
///
/// # Errors
/// When the configuration is not good, the store cannot be read, or the answer cannot be printed.
pub fn run(context: &mut Context, _args: &StatusArgs) -> Result<Exit, Failure> {
    block_on(async {
        let opened = Opened::open(context).await?;
        let mut accounts = Vec::new();
        for account in opened.accounts() {
            accounts.push(status(&opened, account).await?);
        }
        if context.wants_json() {
            let store = opened.settings.store.path.display().to_string();
            context.out.json(&Answer { store, accounts })?;
        } else {
            for (index, status) in accounts.iter().enumerate() {
                if index > 0 {
                    context.out.line("")?;
                }
                card::print(&mut context.out, &opened, status)?;
            }
        }
        Ok(Exit::Fine)
    })
}

async fn status(opened: &Opened, account: &Account) -> Result<Status, Failure> {
    let now = opened.now;
    let view = opened.view(account).await?;
    let counts = opened.store.counts(&account.name).await;
    let counts = counts.map_err(|error| from_store(&error))?;
    let mails = opened
        .store
        .client_mails_since(&account.name, now.saturating_add(-HOUR).unwrap_or(Timestamp::MIN))
        .await
        .map_err(|error| from_store(&error))?;
    let schedule = &opened.settings.schedule;
    let mut status = Status {
        account: account.name.clone(),
        last_sweep: last_sweep(&view, now),
        sweeping_since: view
            .state
            .sweep_started_at
            .filter(|started| view.state.sweep_ended_at.is_none_or(|ended| ended < *started)),
        next_sweep_at: schedule.next_after(now),
        interval_seconds: schedule.interval(now).as_secs(),
        revisit_seconds: due::revisit(counts.clients, account.rate_per_minute).as_secs(),
        rate_per_minute: account.rate_per_minute,
        alerts: alert_counts(opened, account, &view),
        not_asked: not_asked(&view),
        channels: channel_troubles(opened, account).await?,
        enforcement: enforcement(opened, account, &view, mails, counts.enforcements),
        notifications: counts.notifications,
        cannot_be_told: opened.untold(account).await?,
        clients: Clients {
            listed: counts.clients,
            vanished: counts.vanished,
            without_address: counts.without_address,
            without_threshold: counts.without_threshold,
            never_read: counts.never_read,
            never_asked: counts.never_asked,
            unread: counts.unread,
        },
        warnings: Vec::new(),
    };
    status.warnings = warnings::of(&opened.settings, &status, &view, now);
    Ok(status)
}

fn last_sweep(view: &AccountView, now: Timestamp) -> Option<LastSweep> {
    let ended_at = view.state.sweep_ended_at?;
    let report = view.state.last_sweep.as_deref();
    Some(LastSweep {
        started_at: view.state.sweep_started_at.filter(|started| *started <= ended_at),
        ended_at,
        age_seconds: super::telling::age_seconds(now, ended_at),
        // One of another version is not worth failing for.
        report: report.and_then(|report| serde_json::from_str(report).ok()),
    })
}

fn alert_counts(opened: &Opened, account: &Account, view: &AccountView) -> Alerts {
    let mut counts = Alerts::default();
    for row in alerts::rows(account, &opened.settings.policies_of(account), view, opened.now) {
        *match (row.state, row.severity) {
            ("pending", _) => &mut counts.pending,
            (_, Some(Severity::Critical)) => &mut counts.critical,
            (_, Some(Severity::Warning)) => &mut counts.warning,
            (_, Some(Severity::Info) | None) => &mut counts.info,
        } += 1;
    }
    counts
}

/// Why an account is left alone until a probe: by the alert that told so, or in general words where its policy is off.
fn not_asked(view: &AccountView) -> Option<NotAsked> {
    let next_try_at = view.state.probe_at?;
    let told = view
        .alerts
        .iter()
        .find_map(|alert| match (alert.firing(), &alert.reason) {
            (Some(firing), Reason::Account { what, fix })
                if matches!(alert.policy.as_str(), "account-access" | "upstream") =>
            {
                Some((firing.since, what.clone(), fix.clone()))
            }
            _ => None,
        });
    let (since, reason, fix) = told.unwrap_or_else(|| {
        let since = view.state.sweep_ended_at.or(view.state.sweep_started_at);
        let reason = "it did not answer as it should".to_owned();
        (since.unwrap_or(next_try_at), reason, String::new())
    });
    Some(NotAsked {
        since,
        reason,
        fix,
        next_try_at,
    })
}

/// Channels with messages of this account that were tried, and are still waiting.
async fn channel_troubles(opened: &Opened, account: &Account) -> Result<Vec<ChannelTrouble>, Failure> {
    // A message waits for its next try: what is due within the lifetime of a message is all that waits.
    let soon = crate::domain::judge::audience::MESSAGE_LIFETIME;
    let until = opened.now.saturating_add(soon).unwrap_or(Timestamp::MAX);
    let waiting = opened.store.due_messages(until, MOST_WAITING).await;
    let mut troubles: BTreeMap<String, ChannelTrouble> = BTreeMap::new();
    for (message, notifications) in waiting.map_err(|error| from_store(&error))? {
        if message.account != account.name || message.attempts == 0 || message.state != NoticeState::Pending {
            continue;
        }
        let channel = message.channel.to_string();
        if !troubles.contains_key(&channel) {
            let last_error = match notifications.first() {
                Some(first) => last_error(opened, &first.id).await?,
                None => None,
            };
            let trouble = ChannelTrouble {
                channel: channel.clone(),
                waiting: 0,
                next_try_at: message.next_at,
                last_error,
            };
            troubles.insert(channel.clone(), trouble);
        }
        let Some(trouble) = troubles.get_mut(&channel) else {
            continue;
        };
        trouble.waiting += 1;
        trouble.next_try_at = trouble.next_try_at.min(message.next_at);
    }
    Ok(troubles.into_values().collect())
}

/// What was said to the newest try of the message that carries a notification.
async fn last_error(opened: &Opened, id: &str) -> Result<Option<String>, Failure> {
    let found = opened.store.notification(id).await;
    let attempts = found.map_err(|error| from_store(&error))?.map(|record| record.attempts);
    let newest = attempts.into_iter().flatten().next_back();
    Ok(newest.map(|attempt| {
        if attempt.detail.is_empty() {
            attempt.outcome
        } else {
            attempt.detail
        }
    }))
}

fn enforcement(
    opened: &Opened,
    account: &Account,
    view: &AccountView,
    mails: u32,
    by_state: BTreeMap<String, u64>,
) -> Enforcement {
    let planned = Planned::new(&opened.settings, account, view, opened.now);
    let bounds = &opened.settings.enforcement;
    Enforcement {
        mode: bounds.mode.as_str(),
        brake: decision::brake(&view.decisions, opened.now).map(|brake| Brake {
            since: brake.at,
            by: brake.by.clone(),
            reason: brake.note.clone(),
        }),
        canary_passed_at: view.state.canary_passed_at,
        canary: super::planned::canary_text(planned.canary),
        applied_24h: planned.used_in_day.enforced,
        reverted_24h: planned.used_in_day.reverted,
        max_per_day: bounds.max_per_day,
        max_per_sweep: bounds.max_per_sweep,
        by_state,
        client_mails_last_hour: mails,
        client_mails_per_hour: opened.settings.alerts.client_mails_per_hour,
    }
}
