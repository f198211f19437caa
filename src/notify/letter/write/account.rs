//! What operators read about an account as a whole: what it means, since when, what was seen last and when it is tried
//! again. The subject is short, for a phone, and none of it is what a machine elsewhere said. Pure.

use super::super::Fact;
use super::super::words::{capitalised, one_line};
use super::scene::Scene;
use crate::domain::account_alert::AccountAlert;
use crate::domain::reason::Reason;

/// Longest headline behind the name of the account: what a phone shows of a subject, twice over.
const LONGEST_HEADLINE: usize = 80;

/// What is wrong, without the full stop.
pub(super) fn headline(scene: &Scene<'_>, still: &str) -> String {
    let account = &scene.notification.account;
    let nobody = if still.is_empty() {
        "nobody is"
    } else {
        "still nobody is"
    };
    match (kind(scene), nobody_is_watched(scene)) {
        (Some(AccountAlert::Access), true) => {
            format!("{nobody} watched on account {account}: VoIP.ms refuses access")
        }
        (_, true) => format!("{nobody} watched on account {account}: VoIP.ms cannot be asked"),
        (_, false) => {
            let what = what(scene);
            // What comes behind is detail, and is told below.
            let first = what.split([';', ':']).next().unwrap_or_default();
            format!("account {account}: {still}{}", one_line(first, LONGEST_HEADLINE))
        }
    }
}

fn kind(scene: &Scene<'_>) -> Option<AccountAlert> {
    AccountAlert::of(scene.notification.policy.as_str())
}

/// Longest text of what was found or is to be done: it may name several clients, and commands with their ids.
const LONGEST_DETAIL: usize = 1_200;

/// Whether the sweep ended because the account could not be asked: only then is a time set at which it is asked again.
fn nobody_is_watched(scene: &Scene<'_>) -> bool {
    let is_asked_again = |account: crate::domain::notice::AccountFacts| account.next_try_at.is_some();
    kind(scene).is_some_and(AccountAlert::is_about_asking)
        && scene.notification.facts.account.is_some_and(is_asked_again)
}

fn what(scene: &Scene<'_>) -> String {
    match &scene.notification.facts.reason {
        Reason::Account { what, .. } => one_line(what, LONGEST_DETAIL),
        other => one_line(&other.to_string(), LONGEST_DETAIL),
    }
}

/// What was found, and what it means.
pub(super) fn meaning(scene: &Scene<'_>) -> Vec<String> {
    let means = match kind(scene) {
        Some(AccountAlert::Access | AccountAlert::Upstream) if nobody_is_watched(scene) => {
            "No balance is read meanwhile: clients may run dry unnoticed, nobody is warned of it, and nothing is changed."
        }
        Some(AccountAlert::Overcommitted) => "A client may run dry before its balance is read again.",
        Some(AccountAlert::Brake) => {
            "No client is set to HARD or back meanwhile, whatever its balance does. All are watched as before."
        }
        Some(AccountAlert::ReadBack) => {
            "The brake is on: balancewatch changes nothing any more, and will not repair this by itself. All clients are \
             watched as before."
        }
        Some(AccountAlert::Alertmanager) => {
            "Whoever is paged by it hears of nothing meanwhile. All clients are watched, and other channels are told, as before."
        }
        Some(AccountAlert::EnforcementWithoutEffect) => "HARD is set, but calls seem to go on, at your cost.",
        _ => "",
    };
    let what = format!("{}.", capitalised(what(scene).trim_end_matches('.')));
    [what, means.to_owned()]
        .into_iter()
        .filter(|paragraph| !paragraph.is_empty())
        .collect()
}

/// Since when, for how many, and when it is tried again.
pub(super) fn facts(scene: &Scene<'_>) -> Vec<Fact> {
    let facts = &scene.notification.facts;
    let Some(account) = facts.account else {
        return Vec::new();
    };
    let mut rows = Vec::with_capacity(4);
    let mut row = |label, value: String| rows.push(Fact { label, value });
    let is_over = scene.notification.transition.is_end();
    row(if is_over { "It began" } else { "Since" }, scene.age(facts.since));
    let last = account
        .last_sweep_at
        .map_or_else(|| "none yet".to_owned(), |at| scene.age(at));
    row("Last full sweep", last);
    row("Clients", account.clients.to_string());
    let is_tried = kind(scene).is_some_and(AccountAlert::explains_silence);
    if is_tried && !is_over {
        row("Tried again", tried_again(scene, account.next_try_at));
    }
    rows
}

fn tried_again(scene: &Scene<'_>, at: Option<jiff::Timestamp>) -> String {
    match at {
        None => "in every sweep".to_owned(),
        Some(at) if at > scene.now => format!("at {}, then every 1 to 15 minutes", scene.at(at)),
        Some(_) => "every 1 to 15 minutes".to_owned(),
    }
}

/// What is over, in one sentence without the full stop.
pub(super) fn over(scene: &Scene<'_>) -> String {
    let account = &scene.notification.account;
    match kind(scene) {
        Some(AccountAlert::Access | AccountAlert::Upstream) => {
            format!("the clients of account {account} are watched again")
        }
        Some(AccountAlert::Store) => {
            format!("account {account}: what is seen is written down again, and all are watched")
        }
        Some(AccountAlert::Alertmanager) => format!("account {account}: Alertmanager knows again what fires"),
        _ => format!("account {account}: the alert {} is over", scene.notification.policy),
    }
}

pub(super) fn steps(scene: &Scene<'_>) -> Vec<String> {
    match &scene.notification.facts.reason {
        Reason::Account { fix, .. } if !fix.trim().is_empty() => vec![capitalised(&one_line(fix, LONGEST_DETAIL))],
        _ => vec!["Run `balancewatch status` and `balancewatch check --online`.".to_owned()],
    }
}
