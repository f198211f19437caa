//! `client ID`: all that is known of one client, and how old that is.

use std::collections::BTreeMap;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::alerts::{self, AlertRow, severity};
use super::opened::{self, Opened};
use super::telling::{age_seconds, ago, amount, clock_time, label, management, management_text, span};
use super::{Context, Exit, Failure, Table, Tone, block_on};
use crate::config::Account;
use crate::domain::enforcement::Enforcement;
use crate::domain::judge::rules::addresses;
use crate::domain::watch::Watched;
use crate::domain::{AccountName, ClientId, Money, address};
use crate::store::AccountView;

/// Show what is known of a client.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch client 561115                             one client
  balancewatch client reseller                           your own balance
  balancewatch client 561115 --output json               for scripts")]
pub struct ClientArgs {
    /// The client's id
    #[arg(value_name = "ID")]
    pub id: String,
    /// One line for a Nagios check; comes with a later version
    #[arg(long, hide = true)]
    pub nagios: bool,
}

/// Enforcements shown: the last few tell what was tried; `enforcements list` has them all.
const ENFORCEMENTS_SHOWN: usize = 5;

/// A client as scripts see it.
#[derive(Serialize)]
struct Answer {
    account: AccountName,
    client: ClientId,
    email: String,
    company: String,
    firstname: String,
    lastname: String,
    currency: String,
    balance: Option<Money>,
    threshold: Option<Money>,
    default_threshold: Option<Money>,
    threshold_email: Option<String>,
    threshold_read_at: Option<Timestamp>,
    /// Where the client itself would be told: the first of its addresses.
    address: Option<String>,
    /// All of them.
    addresses: Vec<String>,
    /// Whether the threshold's e-mail is set and names no usable address.
    threshold_email_unusable: bool,
    /// Why its mails do not arrive.
    cannot_be_told: Option<String>,
    spent_today: Option<Money>,
    spent_total: Option<Money>,
    read_at: Option<Timestamp>,
    age_seconds: Option<i64>,
    /// `hard` or `soft`, or the code as it is when the account's list does not explain it.
    balance_management: Option<String>,
    balance_management_code: Option<String>,
    balance_management_description: Option<String>,
    alerts: Vec<AlertRow>,
    enforcements: Vec<Change>,
    first_seen_at: Timestamp,
    last_attempt_at: Option<Timestamp>,
    last_error: Option<String>,
    edited_at: Option<Timestamp>,
    missing_inventories: u32,
    vanished_at: Option<Timestamp>,
}

/// An enforcement in short.
#[derive(Serialize)]
struct Change {
    id: String,
    direction: crate::domain::enforcement::Direction,
    wanted: crate::domain::Management,
    state: &'static str,
    changed_at: Timestamp,
}

/// Runs `client ID`.
///
/// # Errors
/// When the configuration is not good, the store cannot be read, nobody of this id is known, or the answer cannot be
/// printed.
pub fn run(context: &mut Context, args: &ClientArgs) -> Result<Exit, Failure> {
    if args.nagios {
        return Err(Failure::not_in_this_version("client --nagios"));
    }
    block_on(async {
        let opened = Opened::open(context).await?;
        let account = opened.account()?;
        let view = opened.view(account).await?;
        let watched = opened::client(&view, &args.id, opened.now)?;
        let id = &watched.client.id;
        let enforcements = opened.enforcements(account, id, ENFORCEMENTS_SHOWN).await?;
        let untold = opened.untold(account).await?;
        let mut alerts: Vec<AlertRow> = alerts::rows(account, &opened.settings.policies_of(account), &view, opened.now)
            .into_iter()
            .filter(|row| row.client == *id)
            .collect();
        alerts::mark_told(&opened, account, &mut alerts).await?;
        let untold = untold.get(id).cloned();
        if context.wants_json() {
            let answer = answer(&opened, account, &view, &watched, alerts, &enforcements);
            context.out.json(&Answer {
                cannot_be_told: untold,
                ..answer
            })?;
        } else {
            let codes = &view.state.management_codes;
            let known = Known {
                watched: &watched,
                untold,
                alerts: &alerts,
                enforcements: &enforcements,
            };
            print(context, &opened, account, codes, known)?;
        }
        Ok(Exit::Fine)
    })
}

fn answer(
    opened: &Opened,
    account: &Account,
    view: &AccountView,
    watched: &Watched,
    alerts: Vec<AlertRow>,
    enforcements: &[Enforcement],
) -> Answer {
    let client = &watched.client;
    let (reading, threshold) = (watched.reading.as_ref(), watched.threshold.as_ref());
    let told_at: Vec<String> = addresses(watched, threshold).into_iter().map(str::to_owned).collect();
    let codes = &view.state.management_codes;
    let code = Some(client.balance_management.clone()).filter(|code| !code.is_empty());
    let meaning = management(codes, &client.balance_management).map(|meaning| meaning.as_str().to_owned());
    Answer {
        account: account.name.clone(),
        client: client.id.clone(),
        email: client.email.clone(),
        company: client.company.clone(),
        firstname: client.firstname.clone(),
        lastname: client.lastname.clone(),
        currency: account.currency.clone(),
        balance: reading.map(|reading| reading.balance),
        threshold: threshold.and_then(|threshold| threshold.amount),
        default_threshold: opened.settings.alerts.default_threshold,
        threshold_email: threshold.and_then(|threshold| threshold.email.clone()),
        threshold_read_at: threshold.map(|threshold| threshold.at),
        address: told_at.first().cloned(),
        addresses: told_at,
        threshold_email_unusable: unusable(watched).is_some(),
        cannot_be_told: None,
        spent_today: reading.and_then(|reading| reading.spent_today),
        spent_total: reading.and_then(|reading| reading.spent_total),
        read_at: reading.map(|reading| reading.at),
        age_seconds: reading.map(|reading| age_seconds(opened.now, reading.at)),
        balance_management: meaning.or_else(|| code.clone()),
        balance_management_description: codes.get(&client.balance_management).cloned(),
        balance_management_code: code,
        alerts,
        enforcements: enforcements.iter().map(change).collect(),
        first_seen_at: watched.first_seen_at,
        last_attempt_at: watched.last_attempt_at,
        last_error: watched.last_error.clone(),
        edited_at: watched.edited_at,
        missing_inventories: watched.missing_inventories,
        vanished_at: watched.vanished_at,
    }
}

fn change(enforcement: &Enforcement) -> Change {
    Change {
        id: enforcement.id.clone(),
        direction: enforcement.direction,
        wanted: enforcement.wanted,
        state: enforcement.state.label(),
        changed_at: enforcement.changed_at,
    }
}

/// What the card is about.
struct Known<'a> {
    watched: &'a Watched,
    /// Why its mails do not arrive.
    untold: Option<String>,
    alerts: &'a [AlertRow],
    enforcements: &'a [Enforcement],
}

fn print(
    context: &mut Context,
    opened: &Opened,
    account: &Account,
    codes: &BTreeMap<String, String>,
    known: Known<'_>,
) -> Result<(), Failure> {
    let Known {
        watched,
        untold,
        alerts,
        enforcements,
    } = known;
    let client = &watched.client;
    let mut card = Table::new(&[&format!("client {}", client.id), &format!("account {}", account.name)]);
    card.fact("name", label(client), Tone::Plain);
    if let Some(at) = watched.vanished_at {
        card.fact("vanished", format!("from the list, {}", ago(opened.now, at)), Tone::Bad);
    }
    let (text, tone) = balance(opened, account, watched);
    card.fact("balance", text, tone);
    if !client.id.is_pseudo() {
        card.fact("threshold", threshold(opened, account, watched), Tone::Plain);
        card.fact(
            "balance management",
            management_text(codes, &client.balance_management),
            Tone::Plain,
        );
        card.fact("mail address", mail_address(watched), Tone::Plain);
        if let Some(why) = untold {
            card.fact("cannot be told", why, Tone::Bad);
        }
    }
    if watched.reading.is_some() {
        card.fact("spending", spending(account, watched), Tone::Plain);
    }
    if let Some(error) = &watched.last_error {
        let at = watched.last_attempt_at.map(|at| format!(" {}", ago(opened.now, at)));
        card.fact(
            "last read",
            format!("failed{}: {error}", at.unwrap_or_default()),
            Tone::Warning,
        );
    }
    if let Some(at) = watched.edited_at {
        card.fact("last edit", format!("seen {}", ago(opened.now, at)), Tone::Plain);
    }
    card.fact(
        "known since",
        clock_time(watched.first_seen_at, &opened.settings.schedule.timezone),
        Tone::Plain,
    );
    for (index, alert) in alerts.iter().enumerate() {
        let name = if index == 0 { "alerts" } else { "" };
        let (word, tone) = severity(alert.severity);
        let for_how_long = span(opened.now.duration_since(alert.since));
        let state = if alert.recovering {
            "recovering, firing"
        } else {
            alert.state
        };
        let text = format!(
            "{} ({word}), {state} for {for_how_long}: {}",
            alert.policy, alert.reason
        );
        card.fact(name, text, tone);
    }
    if alerts.is_empty() {
        card.fact("alerts", "none".to_owned(), Tone::Good);
    }
    for (index, enforcement) in enforcements.iter().enumerate() {
        let name = if index == 0 { "enforcements" } else { "" };
        let (state, at) = (enforcement.state.label(), ago(opened.now, enforcement.changed_at));
        let text = format!("to {} for {}: {state}, {at}", enforcement.wanted, enforcement.policy);
        card.fact(name, text, Tone::Plain);
    }
    context.out.table(&card)
}

fn balance(opened: &Opened, account: &Account, watched: &Watched) -> (String, Tone) {
    match &watched.reading {
        None if watched.first_attempt_at.is_none() => ("not asked yet".to_owned(), Tone::Warning),
        None => ("never read".to_owned(), Tone::Warning),
        Some(reading) => {
            let tone = if reading.balance.is_positive() {
                Tone::Plain
            } else {
                Tone::Bad
            };
            let (balance, currency) = (reading.balance.for_people(), &account.currency);
            (
                format!("{balance} {currency}, read {}", ago(opened.now, reading.at)),
                tone,
            )
        }
    }
}

fn threshold(opened: &Opened, account: &Account, watched: &Watched) -> String {
    let Some(threshold) = &watched.threshold else {
        return "not read yet".to_owned();
    };
    let read = ago(opened.now, threshold.at);
    match (threshold.amount, opened.settings.alerts.default_threshold) {
        (Some(amount), _) => format!("{} {}, read {read}", amount.for_people(), account.currency),
        (None, Some(default)) => format!(
            "none of its own; `alerts.default_threshold` {} {} counts, read {read}",
            default.for_people(),
            account.currency
        ),
        (None, None) => format!("none, so it is not judged by one; read {read}"),
    }
}

fn mail_address(watched: &Watched) -> String {
    let told_at = addresses(watched, watched.threshold.as_ref());
    let shown = told_at.join(", ");
    let is_own = told_at == address::usable(&watched.client.email);
    match unusable(watched) {
        _ if told_at.is_empty() => "none: nobody there can be told".to_owned(),
        Some(text) => format!("`{text}` is no mail address; told at the client's own, {shown}"),
        None if is_own => shown,
        None => format!("{shown} (from its threshold; its own is {})", own(watched)),
    }
}

/// The e-mail of its threshold, when there is one that cannot be used.
fn unusable(watched: &Watched) -> Option<&str> {
    let text = watched.threshold.as_ref()?.email.as_deref()?.trim();
    Some(text).filter(|text| !text.is_empty() && address::usable(text).is_empty())
}

fn own(watched: &Watched) -> &str {
    let email = watched.client.email.trim();
    if email.is_empty() { "empty" } else { email }
}

fn spending(account: &Account, watched: &Watched) -> String {
    let Some(reading) = &watched.reading else {
        return String::new();
    };
    format!(
        "{} today (since midnight in Toronto), {} in the last 30 days ({})",
        amount(reading.spent_today),
        amount(reading.spent_total),
        account.currency
    )
}
