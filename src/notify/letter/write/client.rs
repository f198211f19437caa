//! What clients read: plain words about their own phone service, in their own language. No jargon, no names of
//! policies, no ids, nothing about the reseller's account. Pure.

use super::super::catalogue::{self, Catalogue};
use super::super::words::{capitalised, isolated};
use super::super::{Fact, Letter, Tone};
use super::Unwritten;
use super::scene::{Scene, Topic};
use crate::domain::notice::Transition;
use crate::domain::reason::Measure;
use crate::domain::{ClientId, Money};

/// The letter about the first thing, with what else the client is told at the same time. About one topic one headline is enough.
///
/// # Errors
/// [`Unwritten::NotForClients`] for what clients are never told.
pub(super) fn together(mut letter: Letter, lead: &Scene<'_>, others: &[&Scene<'_>]) -> Result<Letter, Unwritten> {
    let mut topics = vec![lead.topic()];
    for other in others {
        if !topics.contains(&other.topic()) {
            topics.push(other.topic());
            letter.paragraphs.push(format!("{}.", self::letter(other)?.headline));
        }
    }
    Ok(letter)
}

/// The letter to the client itself.
///
/// # Errors
/// [`Unwritten::NotForClients`] for what clients are never told, so that a mistake elsewhere cannot tell them.
pub(super) fn letter(scene: &Scene<'_>) -> Result<Letter, Unwritten> {
    let topic = scene.topic();
    let own_business = matches!(topic, Topic::OwnBalance | Topic::Account);
    if own_business || scene.notification.client == ClientId::reseller() {
        return Err(Unwritten::NotForClients);
    }
    let wording = Wording {
        scene,
        words: words_for(scene),
        again: matches!(scene.notification.transition, Transition::Repeated { .. }),
    };
    let mut letter = match (&scene.notification.transition, topic) {
        (
            Transition::News
            | Transition::Escalated { .. }
            | Transition::Acknowledged { .. }
            | Transition::Withdrawn { .. }
            | Transition::Enforced { .. }
            | Transition::Digest(_),
            _,
        ) => {
            return Err(Unwritten::NotForClients);
        }
        (Transition::Resolved, Topic::Spending) => wording.good_news(wording.words.uses_less_again),
        (Transition::Resolved, Topic::Silence) => wording.good_news(wording.words.readable_again),
        (Transition::Resolved, _) => wording.enough_again(),
        (_, Topic::Spending) => wording.spending(),
        (_, Topic::Silence) => wording.unreadable(),
        _ => wording.low(),
    };
    letter.words = wording.words;
    letter.greeting = (wording.words.greeting)(&isolated(scene.name()));
    wording.age(&mut letter);
    letter.contact.clone_from(&scene.letterhead.contact);
    letter.signature = (wording.words.signature)(&scene.letterhead.service);
    Ok(letter)
}

/// A letter that only shows that letters arrive. It says nothing of the client's affairs.
pub(super) fn test(scene: &Scene<'_>) -> Letter {
    let words = words_for(scene);
    let wording = Wording {
        scene,
        words,
        again: false,
    };
    Letter {
        words,
        greeting: (words.greeting)(&isolated(scene.name())),
        paragraphs: vec![words.nothing_to_do.to_owned()],
        contact: scene.letterhead.contact.clone(),
        signature: (words.signature)(&scene.letterhead.service),
        ..wording.headed(words.only_a_test, Tone::Neutral)
    }
}

/// The texts in the client's language.
fn words_for(scene: &Scene<'_>) -> &'static Catalogue {
    let notification = scene.notification;
    let recipient = notification.recipient.as_str();
    let address = recipient.rsplit_once('<').map_or(recipient, |(_, address)| address);
    let facts = &notification.facts;
    catalogue::of(scene.letterhead.languages.of(
        notification.client.as_str(),
        address.trim_end_matches('>').trim(),
        &facts.label,
        &facts.country,
    ))
}

/// What is told, in which words, and whether it was told before.
struct Wording<'a> {
    scene: &'a Scene<'a>,
    words: &'static Catalogue,
    again: bool,
}

impl Wording<'_> {
    fn amount(&self, money: Money) -> String {
        self.words.amount(money, &self.scene.notification.facts.currency)
    }

    fn at(&self, at: jiff::Timestamp) -> String {
        self.words.age(at, self.scene.now, &self.scene.letterhead.zone)
    }

    /// How old the number is, and whether the message is late.
    fn age(&self, letter: &mut Letter) {
        let (scene, words) = (self.scene, self.words);
        let facts = &scene.notification.facts;
        if let Some(reading) = &facts.reading {
            let stale = scene.topic() == Topic::Silence && scene.notification.transition != Transition::Resolved;
            letter.facts.push(Fact {
                label: if stale { words.last_looked_up } else { words.looked_up },
                value: self.at(reading.at),
            });
        }
        if let (true, Some(threshold)) = (scene.threshold_is_older(), &facts.threshold) {
            letter.notes.push((words.limit_looked_up)(&self.at(threshold.at)));
        }
        if scene.is_late() {
            let written = self.at(scene.notification.created_at);
            letter.notes.push((words.late)(&written));
        }
    }

    /// A letter that begins with its headline.
    fn headed(&self, headline: &str, tone: Tone) -> Letter {
        let subject = if self.again {
            (self.words.reminder)(headline)
        } else {
            headline.to_owned()
        };
        Letter {
            subject: capitalised(&subject),
            tone,
            headline: capitalised(headline),
            ..Letter::default()
        }
    }

    fn balance(&self) -> Option<Fact> {
        let value = self.amount(self.scene.balance()?);
        let label = self.words.balance;
        Some(Fact { label, value })
    }

    fn ask(&self) -> String {
        if self.scene.letterhead.takes_replies {
            self.words.ask_by_reply.to_owned()
        } else {
            (self.words.ask_service)(&self.scene.letterhead.service)
        }
    }

    /// What to do, and whom to ask.
    fn and_ask(&self, step: &str) -> Vec<String> {
        vec![format!("{step} {}", self.ask())]
    }

    fn low(&self) -> Letter {
        let words = self.words;
        let link = self.scene.letterhead.pay_url.clone();
        let Some(balance) = self.scene.balance() else {
            return Letter {
                steps: vec![self.ask()],
                link,
                ..self.headed(words.check_balance, Tone::Warn)
            };
        };
        let (shown, used_up) = (self.amount(balance), !balance.is_positive());
        let (headline, tone, meaning, pay) = if used_up {
            let headline = (words.used_up)(&shown, self.again);
            (headline, Tone::Bad, words.calls_may_have_stopped, words.pay_today)
        } else {
            let headline = (words.low)(&shown, self.again);
            (headline, Tone::Warn, words.calls_may_stop, words.pay_soon)
        };
        let limit = self.scene.finding(Measure::Balance).filter(|_| !used_up);
        let below = limit.map(|finding| (words.below_limit)(&self.amount(finding.limit)));
        Letter {
            paragraphs: below.into_iter().chain([meaning.to_owned()]).collect(),
            facts: self.balance().into_iter().collect(),
            steps: self.and_ask(pay),
            link,
            ..self.headed(&headline, tone)
        }
    }

    fn spending(&self) -> Letter {
        let (scene, words) = (self.scene, self.words);
        let (Some(spent), Some(finding)) = (scene.spent_today(), scene.finding(Measure::SpentToday)) else {
            return Letter {
                steps: vec![self.ask()],
                ..self.headed(words.check_balance, Tone::Warn)
            };
        };
        let spent = self.amount(spent);
        let used = Fact {
            label: words.used_today,
            value: (words.since_midnight)(&spent),
        };
        Letter {
            paragraphs: vec![
                (words.above_limit)(&self.amount(finding.limit)),
                words.not_your_calls.to_owned(),
            ],
            facts: [used].into_iter().chain(self.balance()).collect(),
            steps: vec![
                (words.contact_at_once)(&scene.letterhead.service),
                words.change_passwords.to_owned(),
            ],
            ..self.headed(&(words.spent)(&spent), Tone::Bad)
        }
    }

    fn unreadable(&self) -> Letter {
        Letter {
            paragraphs: vec![self.words.unreadable_meaning.to_owned()],
            facts: self.balance().into_iter().collect(),
            steps: self.and_ask(self.words.watch_yourself),
            ..self.headed(&(self.words.unreadable)(self.again), Tone::Warn)
        }
    }

    fn enough_again(&self) -> Letter {
        match self.scene.balance() {
            Some(balance) if self.scene.was_limit_changed() => {
                self.good_news(&(self.words.above_new_limit)(&self.amount(balance)))
            }
            Some(balance) => self.good_news(&(self.words.enough_again)(&self.amount(balance))),
            None => self.good_news(self.words.in_order_again),
        }
    }

    fn good_news(&self, headline: &str) -> Letter {
        Letter {
            paragraphs: vec![self.words.nothing_to_do.to_owned()],
            facts: self.balance().into_iter().collect(),
            ..self.headed(headline, Tone::Good)
        }
    }
}
