//! The first page: how the clients stand, who runs dry next, and whether it is watching.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::blocks::{Blocks, class};
use super::layout::{Html, Shell, Visitor};
use super::rows::{Head, Row, heads};
use crate::config::Settings;
use crate::view::clients::{ClientRow, Query, State as Standing, Tally};
use crate::view::page::Card;
use crate::view::status::NO_SWEEP;
use crate::view::words::count;
use crate::view::{Now, Page, Snapshot, Tone};
use crate::web::Site;
use crate::web::answer::Refused;
use crate::web::picture::Picture;

/// Clients that are named: what fits on a screen beside the rest.
const MOST_ROWS: usize = 8;

/// A number of clients, which leads to them.
struct Tile {
    href: String,
    count: u64,
    word: &'static str,
    means: &'static str,
    class: &'static str,
}

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview<'r> {
    shell: Shell,
    warnings: Vec<String>,
    /// What whoever installed it does next.
    steps: Vec<String>,
    tiles: Vec<Tile>,
    heads: Vec<Head>,
    rows: Vec<Row<'r>>,
    accounts: Vec<Blocks>,
}

pub async fn overview(State(site): State<Arc<Site>>, visitor: Visitor) -> Result<axum::response::Response, Refused> {
    let picture = site.picture().await?;
    let settings = site.desk().settings;
    let fires: u64 = picture
        .index
        .tallies()
        .iter()
        .map(|tally| tally.count(Standing::Firing))
        .sum();
    let title = if fires > 0 {
        format!("{fires} firing · Overview")
    } else {
        "Overview".to_owned()
    };
    let shell = site.shell(visitor, "/", title);
    let found = picture.index.page(&picture.accounts, &Query::first(MOST_ROWS));
    let driest: Vec<ClientRow> = found.map(|page| page.clients).unwrap_or_default();
    // Whoever spends nothing and has something left runs dry of nothing.
    let driest = driest
        .iter()
        .filter(|row| row.used_up_at.is_some() || row.balance.is_some_and(|balance| !balance.is_positive()));
    let (several, now) = (picture.accounts.len() > 1, shell.now().clone());
    let page = Overview {
        shell,
        warnings: warnings(&picture, several),
        steps: steps(&settings, &picture, &now),
        tiles: tiles(picture.index.tallies()),
        heads: heads(),
        rows: driest.map(|row| Row::new(row, &now, several)).collect(),
        accounts: accounts(&picture, &now),
    };
    Ok(axum::response::IntoResponse::into_response(Html(page)))
}

fn warnings(picture: &Picture, several: bool) -> Vec<String> {
    let accounts = picture.accounts.iter().zip(&picture.statuses);
    let mut warnings = Vec::new();
    for (snapshot, status) in accounts {
        // Whoever reads it here sees that it runs; what to do next is said below.
        let others = status.warnings().iter().filter(|warning| *warning != NO_SWEEP);
        let told = others.map(|warning| {
            if several {
                format!("{}: {warning}", snapshot.rules.account)
            } else {
                warning.clone()
            }
        });
        warnings.extend(told);
    }
    warnings
}

fn tiles(tallies: &[Tally]) -> Vec<Tile> {
    let tile = |state: Standing| {
        let count = tallies.iter().map(|tally| tally.count(state)).sum();
        let (means, tone) = match state {
            Standing::Firing => ("an alert fires", Tone::Bad),
            Standing::Unread => ("could not be read when last asked, or never", Tone::Warning),
            Standing::Low => ("below the threshold, and nothing fires for it yet", Tone::Warning),
            Standing::Fine => ("read, and above the threshold", Tone::Good),
        };
        Tile {
            href: format!("/clients?state={}", state.as_str()),
            count,
            word: state.as_str(),
            means,
            class: if count > 0 { class(tone) } else { "" },
        }
    };
    Standing::ALL.map(tile).into()
}

/// What is missing before it can do its work. Empty: nothing.
fn steps(settings: &Settings, picture: &Picture, now: &Now) -> Vec<String> {
    let mut steps = Vec::new();
    for (snapshot, status) in picture.accounts.iter().zip(&picture.statuses) {
        let account = &snapshot.rules.account;
        if snapshot.kept.state.sweep_ended_at.is_none() {
            let next = now.until(status.next_sweep_at());
            steps.push(format!(
                "Account {account}: no sweep has ended yet. The next one begins {next}; until then nothing is known. \
                 `balancewatch check --online` tries the login to the API now."
            ));
        } else if snapshot.listed().next().is_none() {
            steps.push(format!(
                "Account {account}: it has no clients. They are made in the VoIP.ms portal, under Reseller; the next sweep finds them."
            ));
        }
    }
    let is_told = |snapshot: &Snapshot| {
        let mut policies = snapshot.rules.policies.iter();
        policies.any(|policy| !policy.notify.is_empty())
    };
    if !picture.accounts.iter().any(is_told) {
        steps.push("Nobody is told of anything: name a channel in `notify` of a policy, and reload.".to_owned());
    } else if settings.channels.is_empty() {
        steps.push(
            "Only clients are told: add a `[[channel]]` for yourself, name it in `notify` of the policies, and reload. \
             `balancewatch test-notify` then sends a test."
                .to_owned(),
        );
    }
    steps
}

/// How the watching of each account goes.
fn accounts(picture: &Picture, now: &Now) -> Vec<Blocks> {
    let tallies = picture.index.tallies();
    let accounts = picture.accounts.iter().zip(&picture.statuses).zip(tallies);
    let cards = accounts.map(|((snapshot, status), tally)| {
        let mut card = status.card(now);
        spending(&mut card, snapshot, tally);
        ages(&mut card, tally, now);
        Blocks::new(Page::from(card), "Account")
    });
    cards.collect()
}

fn spending(card: &mut Card, snapshot: &Snapshot, tally: &Tally) {
    let currency = &snapshot.rules.currency;
    let (today, usual) = (tally.spent_today.for_people(), tally.usual_per_day.amount().round_dp(2));
    let text =
        format!("{today} {currency} so far (since midnight in Toronto); {usual} on an average day of the last 30");
    card.fact("spent today", text);
}

fn ages(card: &mut Card, tally: &Tally, now: &Now) {
    if let (Some(oldest), Some(median)) = (tally.oldest_read_at, tally.median_read_at) {
        let clients = count(tally.listed(), "client");
        let text = format!(
            "of {clients} half were read {} or later, the oldest {}",
            now.ago(median),
            now.ago(oldest)
        );
        card.fact("readings", text);
    }
}
