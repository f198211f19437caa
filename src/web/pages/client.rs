//! One client: what is known of it, its balance over time, what each policy says and why, what was sent and what was changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query as Asked, State};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::blocks::Blocks;
use super::layout::{Html, Shell, Visitor};
use super::links;
use crate::desk::{Desk, find};
use crate::domain::ClientId;
use crate::domain::enforcement::Enforcement;
use crate::domain::notice::{Notification, Transition};
use crate::store::{self, Filter};
use crate::view::chart::{Chart, Drawn, HEIGHT};
use crate::view::client::ClientCard;
use crate::view::enforcement::{EnforcementRow, Enforcements};
use crate::view::explain::Explained;
use crate::view::notice::{NoticeRow, Notices};
use crate::view::words::{change, clean};
use crate::view::{Now, Page, Shown, Snapshot, Table};
use crate::web::Site;
use crate::web::answer::Refused;

/// Times that can be shown, in hours.
const RANGES: [(&str, &str, i64); 4] = [
    ("24h", "24 hours", 24),
    ("7d", "7 days", 7 * 24),
    ("30d", "30 days", 30 * 24),
    ("1y", "A year", 365 * 24),
];

/// The one that is shown unless another is asked for: a week has a weekend in it.
const USUAL_RANGE: usize = 1;

/// Entries of the history that are walked through at most: a year of one every five minutes has as many.
const MOST_ENTRIES: usize = 105_000;

/// Notifications and enforcements that are shown.
const MOST_SENT: usize = 50;

#[derive(Deserialize)]
pub struct Wish {
    #[serde(default)]
    range: String,
}

/// Something that happened, where it stands in the chart.
struct Mark {
    x: i64,
    class: &'static str,
    text: String,
    at: String,
}

/// Where a form goes, its title, its button, and the times that it offers.
type Form = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

#[derive(Template)]
#[template(path = "client.html")]
struct Client {
    shell: Shell,
    name: String,
    client: ClientId,
    account: String,
    /// The address of this page.
    here: String,
    /// Whether something fires for it.
    fires: bool,
    /// Whether somebody holds it.
    is_held: bool,
    card: Blocks,
    range: &'static str,
    is_empty: bool,
    drawn: Drawn,
    /// The chart in a sentence.
    says: String,
    marks: Vec<Mark>,
    times: Vec<String>,
    events: Option<Blocks>,
    numbers: Blocks,
    policies: Blocks,
    sent: Blocks,
    changed: Blocks,
}

#[expect(clippy::unused_self, reason = "templates reach functions through methods")]
impl Client {
    fn ranges(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        RANGES.iter().map(|(value, name, _)| (*value, *name))
    }

    /// What can be decided about it: where the form goes, what it is called, and for how long it can hold.
    fn decisions(&self) -> Vec<Form> {
        let mut forms = vec![(
            "/silences",
            "Silence",
            "Silence this client",
            &[("2h", "2 hours"), ("8h", "8 hours"), ("1d", "a day"), ("7d", "7 days")][..],
        )];
        if self.fires {
            let lasts = &[("", "as long as it fires"), ("2h", "2 hours"), ("8h", "8 hours")][..];
            forms.insert(0, ("/acks", "Acknowledge", "Acknowledge what fires", lasts));
        }
        forms
    }

    fn legend(&self) -> [(&'static str, &'static str); 6] {
        [
            ("balance", "balance"),
            ("threshold", "threshold"),
            ("top-up", "money was added"),
            ("alert", "an alert began or ended"),
            ("enforcement", "balance management was changed"),
            ("gap", "not read"),
        ]
    }

    /// Where the lines across the chart are.
    fn heights(&self) -> impl Iterator<Item = i64> {
        let spaces = i64::try_from(self.drawn.lines.len())
            .unwrap_or(1)
            .saturating_sub(1)
            .max(1);
        (0..=spaces).map(move |number| HEIGHT * number / spaces)
    }
}

pub async fn show(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Path((account, id)): Path<(String, String)>,
    Asked(wish): Asked<Wish>,
) -> Result<Response, Refused> {
    let (desk, picture) = (site.desk(), site.picture().await?);
    let account = &desk.account(&account)?.name;
    let snapshot = picture.snapshot(account)?;
    let watched = find::client(snapshot, &id)?;
    let client = watched.client.id.clone();
    let (range, _, hours) = RANGES
        .iter()
        .find(|range| range.0 == wish.range)
        .unwrap_or(&RANGES[USUAL_RANGE]);
    let mut chart = Chart::new(desk.now.at, SignedDuration::from_hours(*hours));
    let bounds = (chart.since(), MOST_ENTRIES);
    {
        let _walking = site.walking.lock().await;
        desk.store
            .walk_history(account, &client, bounds, |kept| chart.add(&kept))
            .await?;
    }
    let enforcements = desk.enforcements(account, &client, MOST_SENT).await?;
    let notices = notices(&desk, snapshot, &client).await?;
    let (now, card) = (&desk.now, ClientCard::new(snapshot, &watched, &enforcements));
    let happened = happened(&notices, &enforcements, chart.since());
    let name = clean(&snapshot.label(&client)).into_owned();
    let drawn = chart.drawn();
    let page = Client {
        shell: site.shell(visitor, "/clients", format!("{name} ({client})")),
        says: says(&drawn, now, chart.since()),
        name,
        here: links::client(account, &client),
        fires: snapshot.firing_clients().contains(&client),
        is_held: snapshot.hold(&client).is_some(),
        account: account.to_string(),
        card: Blocks::new(card.page(now), "Client"),
        range,
        is_empty: chart.is_empty(),
        drawn,
        marks: marks(&chart, &happened, now),
        times: times(chart.since(), now, *hours),
        events: events(&happened, now),
        numbers: Blocks::new(chart.table(now).into(), "Balance over time in numbers"),
        policies: Blocks::new(Explained::new(snapshot, &watched, &enforcements).page(now), "Policies"),
        sent: Blocks::new(sent(notices, now), "What was sent"),
        changed: Blocks::new(changed(&enforcements, now), "What was changed"),
        client,
    };
    Ok(Html(page).into_response())
}

async fn notices(desk: &Desk, snapshot: &Snapshot, client: &ClientId) -> Result<Vec<Notification>, store::Error> {
    let filter = Filter {
        client: Some(client.clone()),
        ..Filter::newest(snapshot.rules.account.clone(), MOST_SENT)
    };
    desk.store.notifications(&filter).await
}

fn sent(notices: Vec<Notification>, now: &Now) -> Page {
    if notices.is_empty() {
        let mut page = Page::default();
        page.line("Nobody was told anything about it.");
        return page;
    }
    let rows = notices.into_iter().map(NoticeRow::from).collect();
    Notices::new(vec![rows], MOST_SENT).page(now)
}

fn changed(enforcements: &[Enforcement], now: &Now) -> Page {
    if enforcements.is_empty() {
        let mut page = Page::default();
        page.line("Nothing was changed, and no change was asked for.");
        return page;
    }
    let rows = enforcements.iter().map(EnforcementRow::from).collect();
    Enforcements::new(vec![rows], MOST_SENT).page(now)
}

/// What happened in the time of a chart, newest first: when, as what it is drawn, and what it was.
fn happened(
    notices: &[Notification],
    enforcements: &[Enforcement],
    since: Timestamp,
) -> Vec<(Timestamp, &'static str, String)> {
    let is_turn = |notice: &&Notification| {
        matches!(
            notice.transition,
            Transition::Fired { .. } | Transition::Resolved | Transition::Withdrawn { .. } | Transition::UsedUp
        )
    };
    // Each of several recipients has a notification of the same turn, not all of one moment: the first counts.
    let mut turns = BTreeMap::new();
    for notice in notices.iter().filter(is_turn) {
        let turn = (&notice.policy, &notice.episode, notice.transition.label());
        let at = turns.entry(turn).or_insert(notice.created_at);
        *at = notice.created_at.min(*at);
    }
    let told = turns
        .into_iter()
        .map(|((policy, _, label), at)| (at, "alert", format!("{policy} {label}")));
    let changed = enforcements.iter().map(|enforcement| {
        let (change, state) = (
            change(enforcement.direction, enforcement.wanted),
            enforcement.state.label(),
        );
        (
            enforcement.changed_at,
            "enforcement",
            format!("balance management {change}: {state}"),
        )
    });
    let happened: BTreeSet<_> = told.chain(changed).filter(|(at, ..)| *at >= since).collect();
    happened.into_iter().rev().collect()
}

fn marks(chart: &Chart, happened: &[(Timestamp, &'static str, String)], now: &Now) -> Vec<Mark> {
    let marks = happened.iter().map(|(at, class, text)| Mark {
        x: chart.x(*at),
        class,
        text: text.clone(),
        at: now.clock(*at),
    });
    marks.collect()
}

/// The marks of the chart for those who do not see it.
fn events(happened: &[(Timestamp, &'static str, String)], now: &Now) -> Option<Blocks> {
    let mut table = Table::new(&["at", "what"]);
    for (at, _, text) in happened {
        table.row([now.minute(*at), text.clone()]);
    }
    (!happened.is_empty()).then(|| Blocks::new(table.into(), "What is marked in the chart"))
}

fn says(drawn: &Drawn, now: &Now, since: Timestamp) -> String {
    let (from, until) = (now.minute(since), now.minute(now.at));
    let (lowest, highest) = (drawn.lines.last(), drawn.lines.first());
    let (lowest, highest) = (lowest.map_or("0", |line| line), highest.map_or("0", |line| line));
    format!("The balance from {from} to {until}, between {lowest} and {highest}. The numbers are in the table below.")
}

/// The times below the chart, at even distances.
fn times(since: Timestamp, now: &Now, hours: i64) -> Vec<String> {
    let shape = match hours {
        ..=24 => "%H:%M",
        25..=1_000 => "%b %-d",
        _ => "%b %Y",
    };
    let quarter = SignedDuration::from_mins(hours * 15);
    let times = (0..=4).filter_map(|number| since.checked_add(quarter * number).ok());
    times
        .map(|at| at.to_zoned(now.zone.clone()).strftime(shape).to_string())
        .collect()
}
