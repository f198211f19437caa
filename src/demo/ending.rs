//! What was expected against what happened. Every row is counted from what is there: the mails as they were caught, the
//! store, the simulator. Changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Error;
use super::cast::{Cast, money, text};
use super::scene::{OPERATORS, Scene};
use crate::domain::Money;
use crate::mail_catcher::CaughtMail;
use crate::store::Filter;

/// What a person may edit in a record, and two fields of the threshold.
const FIELDS: [&str; 13] = [
    "email",
    "password",
    "company",
    "firstname",
    "lastname",
    "address",
    "city",
    "state",
    "country",
    "zip",
    "phone_number",
    "threshold",
    "threshold_email",
];

/// One row of the table at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What it is about.
    pub what: String,
    pub expected: String,
    pub happened: String,
    /// Whether that is the same.
    pub is_ok: bool,
}

impl Check {
    fn of(what: &str, expected: impl ToString, happened: impl ToString) -> Self {
        let (expected, happened) = (expected.to_string(), happened.to_string());
        Self {
            what: what.to_owned(),
            is_ok: expected == happened,
            expected,
            happened,
        }
    }
}

/// The clients' records as the simulator has them, by id.
pub(super) type Records = BTreeMap<String, Value>;

/// The records as they are now.
pub(super) fn records(scene: &Scene, cast: &Cast) -> Result<Records, Error> {
    let records = cast
        .all
        .iter()
        .map(|actor| Ok((actor.id.clone(), scene.world.simulator.client(&actor.id)?)));
    records.collect()
}

pub(super) async fn checks(scene: &Scene, cast: &Cast, before: &Records) -> Result<Vec<Check>, Error> {
    let mut checks = mails_by_kind(&scene.world.mail.mails(), cast);
    checks.extend(order_of_mails(&scene.world.mail.mails()));
    checks.push(nothing_lost(scene).await?);
    checks.push(firing(scene, cast).await?);
    checks.extend(enforced(scene, cast, before).await?);
    Ok(checks)
}

/// What a mail is, by whom it went to and what it says.
fn kind(mail: &CaughtMail) -> &'static str {
    let subject = mail.subject();
    let is_for_operators = mail.to.iter().any(|to| to == OPERATORS);
    if !is_for_operators {
        return if subject.contains("balance is low") {
            "clients: balance is low"
        } else if subject.contains("is used up") {
            "clients: money is gone"
        } else if subject.ends_with("again") {
            "clients: enough again"
        } else {
            "clients: other"
        };
    }
    if subject.contains("summary") {
        "operators: summary of who is low"
    } else if subject.starts_with("WARNING") {
        "operators: a client is low"
    } else if subject.starts_with("RESOLVED") {
        "operators: resolved"
    } else if subject.starts_with("CRITICAL") && subject.contains("spent") {
        "operators: page, unusual spending"
    } else if subject.starts_with("CRITICAL") {
        "operators: nothing left"
    } else if subject.contains("HARD") {
        "operators: set to HARD"
    } else {
        "operators: other"
    }
}

fn mails_by_kind(mails: &[std::sync::Arc<CaughtMail>], cast: &Cast) -> Vec<Check> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for mail in mails {
        *counts.entry(kind(mail)).or_default() += 1;
    }
    let ran_low = cast.run_low.len() + 1;
    let expected = [
        ("operators: summary of who is low", 1),
        ("operators: a client is low", ran_low),
        ("operators: resolved", cast.run_low.len()),
        ("operators: page, unusual spending", 1),
        ("operators: set to HARD", 1),
        ("operators: nothing left", 1),
        ("operators: other", 0),
        ("clients: balance is low", cast.low_at_start.len() + ran_low),
        ("clients: money is gone", 1),
        ("clients: enough again", cast.run_low.len()),
        ("clients: other", 0),
    ];
    expected
        .into_iter()
        .map(|(kind, expected)| {
            let happened = counts.get(kind).copied().unwrap_or(0);
            Check::of(&format!("mails to {kind}"), expected, happened)
        })
        .filter(|check| !check.is_ok || check.expected != "0")
        .collect()
}

/// No mail twice; what is resolved was told before, in the same thread to the same reader.
fn order_of_mails(mails: &[std::sync::Arc<CaughtMail>]) -> [Check; 2] {
    let ids: BTreeSet<String> = mails.iter().filter_map(|mail| mail.header("Message-ID")).collect();
    let mut threads: BTreeSet<(Option<String>, &[String])> = BTreeSet::new();
    let (mut resolved, mut in_order) = (0, 0);
    for mail in mails {
        let thread = (mail.header("References"), mail.to.as_slice());
        if matches!(kind(mail), "operators: resolved" | "clients: enough again") {
            resolved += 1;
            in_order += usize::from(thread.0.is_some() && threads.contains(&thread));
        }
        threads.insert(thread);
    }
    [
        Check::of("mails that arrived once, by their Message-ID", mails.len(), ids.len()),
        Check::of("resolved mails behind their warning, in its thread", resolved, in_order),
    ]
}

async fn nothing_lost(scene: &Scene) -> Result<Check, Error> {
    let counts = scene.daemon.store.counts(&scene.account).await?;
    let open: u64 = ["pending", "sending", "dead"]
        .iter()
        .filter_map(|state| counts.notifications.get(*state))
        .sum();
    Ok(Check::of("mails still waiting, or lost", 0, open))
}

/// Exactly these alerts fire at the end.
async fn firing(scene: &Scene, cast: &Cast) -> Result<Check, Error> {
    let low = cast.low_at_start.iter().chain([&cast.victim]);
    let mut expected: BTreeSet<String> = low.map(|actor| format!("{} low-balance", actor.id)).collect();
    expected.extend(["fraud", "overdrawn"].map(|policy| format!("{} {policy}", cast.victim.id)));
    let alerts = scene.daemon.store.alerts(&scene.account).await?;
    let happened: BTreeSet<String> = alerts
        .iter()
        .filter(|alert| alert.firing().is_some())
        .map(|alert| format!("{} {}", alert.client, alert.policy))
        .collect();
    let listed = |set: &BTreeSet<String>| format!("{} alerts", set.len());
    let odd: Vec<&str> = expected.symmetric_difference(&happened).map(String::as_str).collect();
    let mut check = Check::of(
        "firing at the end: who is still low, and the fraud",
        listed(&expected),
        listed(&happened),
    );
    check.is_ok = odd.is_empty();
    if !odd.is_empty() {
        check.happened = format!("{}; odd: {}", check.happened, odd.join(", "));
    }
    Ok(check)
}

/// One change, verified, of one field of one record; and its effect.
async fn enforced(scene: &Scene, cast: &Cast, before: &Records) -> Result<Vec<Check>, Error> {
    let filter = Filter::newest(scene.account.clone(), 100);
    let enforcements = scene.daemon.store.enforcements(&filter).await?;
    let happened: Vec<String> = enforcements
        .iter()
        .map(|enforcement| format!("{} {}", enforcement.client, enforcement.state.label()))
        .collect();
    let sent = scene.world.simulator.stats()["calls_by_function"]["setClient"]
        .as_u64()
        .unwrap_or(0);
    let after = records(scene, cast)?;
    let same = |field: &str| before.iter().all(|(id, before)| after[id][field] == before[field]);
    let changed: Vec<&str> = FIELDS.into_iter().filter(|field| !same(field)).collect();
    let managed: Vec<String> = before
        .iter()
        .filter(|(id, before)| text(before, "management") != text(&after[*id], "management"))
        .map(|(id, _)| format!("{id} {}", text(&after[id], "management")))
        .collect();
    let passed = scene.daemon.store.load(&scene.account).await?.state.canary_passed_at;
    let victim = &after[&cast.victim.id];
    let id = &cast.victim.id;
    let or_none = |list: Vec<String>| {
        if list.is_empty() {
            "none".to_owned()
        } else {
            list.join(", ")
        }
    };
    let changed = or_none(changed.into_iter().map(str::to_owned).collect());
    Ok(vec![
        Check::of("enforcements, read back", format!("{id} verified"), or_none(happened)),
        Check::of("the first change ever, read a second time", true, passed.is_some()),
        Check::of("setClient calls that reached the provider", 1, sent),
        Check::of("balance_management changed", format!("{id} hard"), or_none(managed)),
        Check::of("other fields changed, of all clients", "none", changed),
        Check::of(
            "the victim's balance, calls having stopped",
            Money::ZERO,
            money(victim, "balance"),
        ),
    ])
}
