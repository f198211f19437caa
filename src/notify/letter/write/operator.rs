//! What operators read: the reason, the age of the number and the next step. Says no more than is known: HARD is a
//! setting, what may stop is calls, and emergency calls may be among them. Pure.

use jiff::SignedDuration;

use super::super::words::{LONGEST_TEXT, capitalised, one_line, span};
use super::super::{Letter, Tone};
use super::facts::facts;
use super::scene::{Scene, Topic};
use super::steps::steps;
use super::{account, digest, enforced};
use crate::domain::enforcement::Outcome;
use crate::domain::hush::is_told_in_any_case;
use crate::domain::notice::{Ending, Notification, Transition, Withdrawal};
use crate::domain::reason::{Measure, Reason};
use crate::domain::{ChannelName, ClientId, Management, Severity};
use crate::links::Grant;

/// The letter about the first notification, with what its message carries besides.
pub(super) fn together(mut letter: Letter, others: &[&Scene<'_>]) -> Letter {
    letter.paragraphs.extend(others.iter().map(|other| besides(other)));
    letter
}

/// A letter that only shows that letters arrive.
pub(super) fn test(scene: &Scene<'_>) -> Letter {
    let channel = &scene.notification.channel;
    let headline = format!("the channel {channel} of balancewatch works");
    Letter {
        subject: format!("TEST: {headline}"),
        badge: "TEST".to_owned(),
        headline: capitalised(&headline),
        paragraphs: vec![
            "Somebody ran `balancewatch test-notify` to see whether this arrives. It is no alert: nothing is wrong, nothing \
             is counted, and nothing follows."
                .to_owned(),
        ],
        signature: scene.letterhead.operator_signature(),
        ..Letter::default()
    }
}

/// What another policy tells of the same client at the same time.
fn besides(scene: &Scene<'_>) -> String {
    let (policy, severity) = (&scene.notification.policy, scene.notification.severity.as_str());
    match scene.notification.transition {
        Transition::Resolved => format!("{policy} ({severity}) is over as well."),
        Transition::Withdrawn { why } => format!("{policy} ({severity}) was withdrawn, because {why}."),
        _ => {
            let reason = one_line(&scene.notification.facts.reason.to_string(), LONGEST_TEXT);
            format!("{policy} ({severity}) fires as well: {reason}.")
        }
    }
}

/// The letter to operators about one notification.
pub(super) fn letter(scene: &Scene<'_>) -> Letter {
    let mut letter = match &scene.notification.transition {
        Transition::Fired { relapse } => fired(scene, *relapse),
        Transition::ClientDue => client_due(scene),
        Transition::Repeated { repeat } => repeated(scene, *repeat),
        Transition::News | Transition::UsedUp => news(scene),
        Transition::StillFires => still_fires(scene),
        Transition::Escalated { from } => escalated(scene, from),
        Transition::Acknowledged { by } => acknowledged(scene, by),
        Transition::Resolved => resolved(scene),
        Transition::Withdrawn { why } => withdrawn(scene, *why),
        Transition::Enforced {
            outcome,
            wanted,
            direction,
        } => enforced::letter(scene, outcome, *wanted, *direction),
        Transition::Digest(digest) => return digest::letter(scene, digest),
    };
    letter.facts.extend(facts(scene));
    if scene.is_late() {
        letter.notes.insert(
            0,
            format!(
                "This was decided {}, and is delivered late: things may have changed since.",
                scene.age(scene.notification.created_at)
            ),
        );
    }
    if !scene.notification.client.is_pseudo() {
        letter.notes.push(format!(
            "`balancewatch explain {}` shows what was compared and what would change it.",
            scene.notification.client
        ));
    }
    letter.headline = capitalised(&letter.headline);
    letter.links = links(scene);
    letter.signature = scene.letterhead.operator_signature();
    letter
}

/// Where more is to be seen; for what fires, where it is acknowledged.
fn links(scene: &Scene<'_>) -> Vec<(&'static str, String)> {
    let Some(links) = &scene.letterhead.links else {
        return Vec::new();
    };
    let Notification {
        account,
        client,
        policy,
        episode,
        transition,
        channel,
        ..
    } = scene.notification;
    let mut found = Vec::new();
    let fires = matches!(
        transition,
        Transition::Fired { .. }
            | Transition::Repeated { .. }
            | Transition::News
            | Transition::StillFires
            | Transition::Escalated { .. }
    );
    let grant = |enforcement: Option<String>| Grant {
        episode: episode.to_string(),
        account: account.to_string(),
        client: client.to_string(),
        policy: policy.to_string(),
        to: channel.to_string(),
        until: 0,
        enforcement,
    };
    if fires && !is_told_in_any_case(policy) {
        let grant = grant(None);
        let link = links.acknowledge(grant, scene.now.as_second());
        found.extend(link.map(|link| ("Acknowledge", link)));
    }
    // A link tells who got it and not who clicks: it cannot stand for two people.
    if let Transition::Enforced {
        outcome: Outcome::Asked { id, needed: 1, .. },
        ..
    } = transition
    {
        let link = links.approve(grant(Some(id.clone())), scene.now.as_second());
        found.extend(link.map(|link| ("Approve or reject", link)));
    }
    let words = if client.is_pseudo() {
        "See what fires"
    } else {
        "See this client"
    };
    found.extend(scene.letterhead.page_of(scene.notification).map(|page| (words, page)));
    found
}

/// The word and the colour of a severity.
fn badge(severity: Severity) -> (String, Tone) {
    let tone = match severity {
        Severity::Critical => Tone::Bad,
        Severity::Warning => Tone::Warn,
        Severity::Info => Tone::Neutral,
    };
    (severity.as_str().to_uppercase(), tone)
}

/// An alert that fires: subject and headline say the same, behind the severity.
fn fired(scene: &Scene<'_>, relapse: bool) -> Letter {
    let (badge, tone) = badge(scene.notification.severity);
    let headline = headline(scene, false);
    let mut letter = Letter {
        subject: format!("{badge}: {headline}"),
        tone,
        badge,
        headline,
        paragraphs: meaning(scene),
        steps: steps(scene),
        ..Letter::default()
    };
    if relapse {
        let again = "It had recovered only recently, so this is told to operators at once; a client that is to be \
                     told hears of it when the cool-down ends, if it still fires then.";
        letter.paragraphs.insert(0, again.to_owned());
    }
    letter
}

fn repeated(scene: &Scene<'_>, repeat: u32) -> Letter {
    let (badge, tone) = badge(scene.notification.severity);
    let headline = headline(scene, true);
    Letter {
        subject: format!("{badge}, reminder {repeat}: {headline}"),
        tone,
        badge: format!("{badge}, REMINDER {repeat}"),
        headline,
        paragraphs: std::iter::once(since(scene)).chain(meaning(scene)).collect(),
        steps: steps(scene),
        ..Letter::default()
    }
}

/// More of what fires already: told as it is now.
fn news(scene: &Scene<'_>) -> Letter {
    Letter {
        paragraphs: std::iter::once(since(scene)).chain(meaning(scene)).collect(),
        ..fired(scene, false)
    }
}

fn client_due(scene: &Scene<'_>) -> Letter {
    let (badge, tone) = badge(scene.notification.severity);
    let headline = headline(scene, true);
    Letter {
        subject: format!("{badge}, the client is told now: {headline}"),
        tone,
        badge,
        headline,
        paragraphs: std::iter::once(since(scene)).chain(meaning(scene)).collect(),
        steps: steps(scene),
        ..Letter::default()
    }
}

/// What was kept back by people's decisions, and fires on when they end.
fn still_fires(scene: &Scene<'_>) -> Letter {
    let (badge, tone) = badge(scene.notification.severity);
    let headline = headline(scene, true);
    let kept_back =
        "A silence, an acknowledgement or a maintenance window kept word of it back. That is over, and it still \
                     fires."
            .to_owned();
    Letter {
        subject: format!("{badge}, no longer silenced: {headline}"),
        tone,
        badge,
        headline,
        paragraphs: [since(scene), kept_back].into_iter().chain(meaning(scene)).collect(),
        steps: steps(scene),
        ..Letter::default()
    }
}

fn escalated(scene: &Scene<'_>, from: &ChannelName) -> Letter {
    let (badge, tone) = badge(scene.notification.severity);
    let headline = headline(scene, true);
    let nobody = format!(
        "The channel {from} was told, and nobody has acknowledged it. `balancewatch ack {}` says that you have it: reminders \
         and further escalation stop.",
        scene.notification.client
    );
    Letter {
        subject: format!("{badge}, nobody has acknowledged it: {headline}"),
        tone,
        badge: format!("{badge}, ESCALATED"),
        headline,
        paragraphs: [since(scene), nobody].into_iter().chain(meaning(scene)).collect(),
        steps: steps(scene),
        ..Letter::default()
    }
}

fn acknowledged(scene: &Scene<'_>, by: &str) -> Letter {
    let by = one_line(by, LONGEST_TEXT);
    Letter {
        subject: format!("ACKNOWLEDGED by {by}: {}", headline(scene, true)),
        tone: Tone::Neutral,
        badge: "ACKNOWLEDGED".to_owned(),
        headline: format!("{by} has it: {}", headline(scene, true)),
        paragraphs: vec![since(scene)],
        ..Letter::default()
    }
}

/// How long it has fired.
fn since(scene: &Scene<'_>) -> String {
    let facts = &scene.notification.facts;
    format!(
        "It fires since {}, for {} now.",
        scene.at(facts.since),
        scene.lasted(scene.now)
    )
}

/// What is the matter, in one sentence without the full stop.
fn headline(scene: &Scene<'_>, still: bool) -> String {
    let (who, still) = (scene.who(), if still { "still " } else { "" });
    match (scene.topic(), &scene.notification.facts.reason) {
        (Topic::Account, _) => account::headline(scene, still),
        (Topic::Silence, Reason::Unread { since, .. }) => {
            let whose = if scene.notification.client == ClientId::reseller() {
                "your own balance".to_owned()
            } else {
                format!("the balance of {who}")
            };
            format!("{whose} has {still}not been read since {}", scene.at(*since))
        }
        (Topic::OwnBalance, _) => match (scene.balance(), scene.finding(Measure::Balance)) {
            (Some(balance), Some(finding)) => format!(
                "your own VoIP.ms balance ({}) is {still}{}, {}",
                scene.notification.account,
                scene.amount(balance),
                scene.comparison(finding)
            ),
            _ => plain_headline(scene, still),
        },
        (Topic::Spending, _) => match (scene.spent_today(), scene.finding(Measure::SpentToday)) {
            (Some(spent), Some(finding)) => {
                format!(
                    "{who} has spent {} today, {}",
                    scene.amount(spent),
                    scene.comparison(finding)
                )
            }
            _ => plain_headline(scene, still),
        },
        (Topic::Balance, _) => match (scene.balance(), scene.finding(Measure::Balance)) {
            (Some(balance), _) if !balance.is_positive() => {
                format!("{who} {still}has no money left: {}", scene.amount(balance))
            }
            (Some(balance), Some(finding)) => format!(
                "{who} {still}has {} left, {}",
                scene.amount(balance),
                scene.comparison(finding)
            ),
            _ => plain_headline(scene, still),
        },
        (Topic::Silence, _) => plain_headline(scene, still),
    }
}

/// For reasons that have no sentence of their own.
fn plain_headline(scene: &Scene<'_>, still: &str) -> String {
    let reason = one_line(&scene.notification.facts.reason.to_string(), LONGEST_TEXT);
    format!("{} {still}needs a look: {reason}", scene.who())
}

fn meaning(scene: &Scene<'_>) -> Vec<String> {
    let is_gone = scene.balance().is_some_and(|balance| !balance.is_positive());
    let meaning = match scene.topic() {
        Topic::Balance => match (scene.notification.facts.management, is_gone) {
            (Some(Management::Soft), true) => "It is set to SOFT: its calls go on at your cost.",
            (Some(Management::Soft), false) => {
                "It is set to SOFT: when its money runs out, it goes on calling at your cost."
            }
            (Some(Management::Hard), true) => {
                "It is set to HARD: its calls should stop, and then emergency calls may not go through either."
            }
            (Some(Management::Hard), false) => {
                "It is set to HARD: when its money runs out, its calls should stop, and then emergency calls may not go \
                 through either."
            }
            (None, true) => {
                "If it is set to SOFT, its calls go on at your cost. If it is set to HARD, its calls should stop, and \
                 then emergency calls may not go through either."
            }
            (None, false) => {
                "When it runs out, a client set to SOFT goes on calling at your cost; the calls of one set to HARD \
                 should stop, and then emergency calls may not go through either."
            }
        },
        Topic::Spending => return spending_meaning(scene),
        Topic::Silence => return silence_meaning(scene),
        Topic::OwnBalance => {
            "VoIP.ms charges all your clients' calls to this balance. When it runs out, calls of all of them may stop, \
             and emergency calls may not go through either."
        }
        Topic::Account => return account::meaning(scene),
    };
    doubt(scene).into_iter().chain([meaning.to_owned()]).collect()
}

/// That nothing explains the fall, and what waits for that reason.
fn doubt(scene: &Scene<'_>) -> Option<String> {
    let fall = scene.finding(Measure::Fall)?;
    Some(format!(
        "The balance fell by {} since the last reading; its spending explains {} of that. It may be a wrong answer: the client \
         is told, and anything is changed, only when a second reading says the same.",
        scene.amount(fall.value),
        scene.amount(fall.limit)
    ))
}

fn silence_meaning(scene: &Scene<'_>) -> Vec<String> {
    let too_long = match &scene.notification.facts.reason {
        Reason::Unread { limit_secs, .. } => {
            format!(
                " More than {} is too long.",
                span(SignedDuration::from_secs(*limit_secs))
            )
        }
        _ => String::new(),
    };
    vec![format!(
        "Nothing is known of this balance meanwhile: it may run out unnoticed. No other alert about it fires or \
         resolves until it can be read again.{too_long}"
    )]
}

fn spending_meaning(scene: &Scene<'_>) -> Vec<String> {
    let left = scene
        .balance()
        .map(|balance| format!(" It has {} left.", scene.amount(balance)));
    vec![format!(
        "This may be a busy day, or somebody may be abusing its phones: such calls may go on, charged to you, until \
         somebody acts. HARD alone ends nothing while there is money: calls should stop at 0.{}",
        left.unwrap_or_default()
    )]
}

fn resolved(scene: &Scene<'_>) -> Letter {
    let who = scene.who();
    let headline = match (scene.topic(), scene.balance()) {
        (Topic::Balance, Some(balance)) if scene.was_limit_changed() => {
            format!("{who} has {}, which is above its new limit", scene.amount(balance))
        }
        (Topic::Account, _) => account::over(scene),
        (Topic::Silence, Some(balance)) => format!("{who} can be read again: {}", scene.amount(balance)),
        (Topic::OwnBalance, Some(balance)) => format!(
            "your own VoIP.ms balance ({}) is {} again",
            scene.notification.account,
            scene.amount(balance)
        ),
        (Topic::Spending, _) => format!("{who} is back under its daily limit"),
        (Topic::Balance, Some(balance)) => format!("{who} has {} again", scene.amount(balance)),
        (Topic::Silence | Topic::OwnBalance | Topic::Balance, None) => {
            format!("{who}: the alert {} is over", scene.notification.policy)
        }
    };
    let mut paragraphs = Vec::from_iter(ending(scene));
    let facts = &scene.notification.facts;
    let left = if facts.enforcement.is_some() && facts.management == Some(Management::Hard) {
        "The client is set to HARD: calls stop when its balance reaches 0. Unless `enforce.revert_on_recovery` is true, that \
         stays so until somebody sets it back in the VoIP.ms portal."
    } else {
        "There is nothing to do."
    };
    paragraphs.push(format!(
        "The alert fired since {}, for {}, and resolved by itself. {left}",
        scene.at(facts.since),
        scene.lasted(scene.notification.created_at)
    ));
    if scene.topic() == Topic::Spending {
        paragraphs.push("It stayed under the limit for one whole day (Toronto time).".to_owned());
    }
    Letter {
        subject: format!("RESOLVED: {headline}"),
        tone: Tone::Good,
        badge: "RESOLVED".to_owned(),
        headline,
        paragraphs,
        ..Letter::default()
    }
}

/// Why it is over, where the balance tells.
fn ending(scene: &Scene<'_>) -> Option<String> {
    let now = scene.amount(scene.balance()?);
    Some(match scene.notification.facts.ending? {
        Ending::Rose { from } => format!(
            "The balance rose from {} to {now}: it was paid, or corrected.",
            scene.amount(from)
        ),
        Ending::LimitChanged { from } => format!(
            "Nothing was paid: the limit was {} and was changed. The balance, {now}, is above the new one.",
            scene.amount(from)
        ),
    })
}

fn withdrawn(scene: &Scene<'_>, why: Withdrawal) -> Letter {
    let headline = format!(
        "{}: the alert {} no longer applies",
        scene.who(),
        scene.notification.policy
    );
    let last = match (&scene.notification.facts.reading, scene.topic()) {
        (Some(reading), topic) if topic != Topic::Account => format!(
            " This is no recovery: the last balance read was {}, {}.",
            scene.amount(reading.balance),
            scene.age(reading.at)
        ),
        _ => " This is no recovery.".to_owned(),
    };
    Letter {
        subject: format!("WITHDRAWN: {headline}"),
        tone: Tone::Neutral,
        badge: "WITHDRAWN".to_owned(),
        headline,
        paragraphs: vec![format!("It was withdrawn because {why}.{last}")],
        ..Letter::default()
    }
}
