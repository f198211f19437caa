//! What clients read: plain words about their own phone service. No jargon, no names of policies, no ids, nothing
//! about the reseller's account. Pure.

use super::RenderError;
use super::letter::{Fact, Letter, Tone};
use super::scene::{Scene, Topic};
use crate::domain::ClientId;
use crate::domain::notice::Transition;
use crate::domain::reason::Measure;

/// The letter to the client itself.
///
/// # Errors
/// [`RenderError::NotForClients`] for what clients are never told, so that a mistake elsewhere cannot tell them.
pub(super) fn letter(scene: &Scene<'_>) -> Result<Letter, RenderError> {
    let topic = scene.topic();
    let own_business = matches!(topic, Topic::OwnBalance | Topic::Account);
    if own_business || scene.notification.client == ClientId::reseller() {
        return Err(RenderError::NotForClients);
    }
    let mut letter = match (&scene.notification.transition, topic) {
        (Transition::Withdrawn { .. } | Transition::Enforced { .. }, _) => return Err(RenderError::NotForClients),
        (Transition::Resolved, Topic::Spending) => spending_over(scene),
        (Transition::Resolved, Topic::Silence) => readable_again(scene),
        (Transition::Resolved, _) => enough_again(scene),
        (transition, Topic::Spending) => spending(scene, is_reminder(transition)),
        (transition, Topic::Silence) => unreadable(scene, is_reminder(transition)),
        (transition, _) => low(scene, is_reminder(transition)),
    };
    letter.greeting = match scene.name() {
        name if name.is_empty() => "Hello,".to_owned(),
        name => format!("Hello {name},"),
    };
    age(scene, &mut letter);
    letter.signature = scene.texts.client_signature();
    Ok(letter)
}

const fn is_reminder(transition: &Transition) -> bool {
    matches!(transition, Transition::Repeated { .. })
}

/// How old the number is, and whether the message is late.
fn age(scene: &Scene<'_>, letter: &mut Letter) {
    let facts = &scene.notification.facts;
    if let Some(reading) = &facts.reading {
        let stale = scene.topic() == Topic::Silence && scene.notification.transition != Transition::Resolved;
        letter.facts.push(Fact {
            label: if stale { "Last looked up" } else { "Looked up" },
            value: scene.age(reading.at),
        });
    }
    if let (true, Some(threshold)) = (scene.threshold_is_older(), &facts.threshold) {
        letter.notes.push(format!(
            "We last looked up the level at which you are told {}.",
            scene.age(threshold.at)
        ));
    }
    if scene.is_late() {
        let written = scene.age(scene.notification.created_at);
        letter.notes.push(format!(
            "This message was written {written}, and reaches you late. Your balance may have changed since."
        ));
    }
}

fn balance_fact(scene: &Scene<'_>) -> Vec<Fact> {
    let balance = scene.balance().map(|balance| Fact {
        label: "Balance",
        value: scene.amount(balance),
    });
    balance.into_iter().collect()
}

fn low(scene: &Scene<'_>, reminder: bool) -> Letter {
    let Some(balance) = scene.balance() else {
        return without_number(scene);
    };
    let shown = scene.amount(balance);
    let used_up = !balance.is_positive();
    let still = if reminder { "still " } else { "" };
    let headline = if used_up {
        format!("your phone balance is {still}used up: {shown}")
    } else {
        format!("your phone balance is {still}low: {shown} left")
    };
    let mut paragraphs = Vec::new();
    match scene.finding(Measure::Balance) {
        Some(finding) if !used_up => paragraphs.push(format!(
            "This is below {}, the level at which we tell you.",
            scene.amount(finding.limit)
        )),
        _ => {}
    }
    paragraphs.push(
        if used_up {
            "Your phones may stop making calls, or may have stopped. This can include calls to emergency numbers."
        } else {
            "When it is used up, your phones may stop making calls. This can include calls to emergency numbers."
        }
        .to_owned(),
    );
    let when = if used_up { "today" } else { "soon" };
    Letter {
        subject: subject(&headline, reminder),
        tone: if used_up { Tone::Bad } else { Tone::Warn },
        headline: first_capital(&headline),
        paragraphs,
        facts: balance_fact(scene),
        steps: vec![format!(
            "Please add money to your phone account {when}. If you have just done so, there is nothing else to do. If \
             you have a question, please contact {}.",
            scene.texts.service
        )],
        ..Letter::default()
    }
}

/// For an alert without a balance, which no policy on balances gives.
fn without_number(scene: &Scene<'_>) -> Letter {
    Letter {
        subject: "Please check your phone balance".to_owned(),
        tone: Tone::Warn,
        headline: "Please check your phone balance".to_owned(),
        steps: vec![format!(
            "If you have a question, please contact {}.",
            scene.texts.service
        )],
        ..Letter::default()
    }
}

fn spending(scene: &Scene<'_>, reminder: bool) -> Letter {
    let (Some(spent), Some(finding)) = (scene.spent_today(), scene.finding(Measure::SpentToday)) else {
        return without_number(scene);
    };
    let headline = format!("your phones have used {} today", scene.amount(spent));
    Letter {
        subject: subject(&headline, reminder),
        tone: Tone::Bad,
        headline: first_capital(&headline),
        paragraphs: vec![
            format!(
                "This is more than {}, the amount at which we tell you.",
                scene.amount(finding.limit)
            ),
            "If you made these calls, all is well. If not, somebody else may be calling at your cost.".to_owned(),
        ],
        facts: std::iter::once(Fact {
            label: "Used today",
            value: format!("{} (since midnight, Toronto time)", scene.amount(spent)),
        })
        .chain(balance_fact(scene))
        .collect(),
        steps: vec![
            format!("If these are not your calls, contact {} at once.", scene.texts.service),
            "Then change the passwords of your phones and of your phone system.".to_owned(),
        ],
        ..Letter::default()
    }
}

fn unreadable(scene: &Scene<'_>, reminder: bool) -> Letter {
    let still = if reminder { "still " } else { "" };
    let headline = format!("we {still}cannot look up your phone balance at the moment");
    Letter {
        subject: subject(&headline, reminder),
        tone: Tone::Warn,
        headline: first_capital(&headline),
        paragraphs: vec![
            "So we cannot tell you in time if it runs low. This says nothing about your phones themselves.".to_owned(),
        ],
        facts: balance_fact(scene),
        steps: vec![format!(
            "Please keep an eye on your balance yourself for now. If you have a question, please contact {}.",
            scene.texts.service
        )],
        ..Letter::default()
    }
}

fn readable_again(scene: &Scene<'_>) -> Letter {
    good_news(scene, "we can look up your phone balance again")
}

fn enough_again(scene: &Scene<'_>) -> Letter {
    match scene.balance() {
        Some(balance) => good_news(scene, &format!("your phone balance is {} again", scene.amount(balance))),
        None => good_news(scene, "your phone balance is in order again"),
    }
}

fn spending_over(scene: &Scene<'_>) -> Letter {
    good_news(scene, "your phones use less again")
}

fn good_news(scene: &Scene<'_>, headline: &str) -> Letter {
    Letter {
        subject: subject(headline, false),
        tone: Tone::Good,
        headline: first_capital(headline),
        paragraphs: vec!["There is nothing you need to do. Thank you.".to_owned()],
        facts: balance_fact(scene),
        ..Letter::default()
    }
}

fn subject(headline: &str, reminder: bool) -> String {
    if reminder {
        format!("Reminder: {headline}")
    } else {
        first_capital(headline)
    }
}

/// The text with a capital first letter; headlines are written here in small letters, all ASCII.
fn first_capital(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}
