//! The values that texts of the reseller's own may say, told as the letter tells them. Pure.

use minijinja::Value;

use super::super::Letter;
use super::super::templates::{Told, Values, is_given};
use super::super::words::{LONGEST_TEXT, one_line};
use super::scene::Scene;
use crate::domain::Money;
use crate::domain::notice::Transition;
use crate::domain::reason::Measure;

/// The values of a letter, told as the letter tells them.
pub(super) fn of(scene: &Scene<'_>, letter: &Letter, told: Told, count: usize) -> Values {
    let notification = scene.notification;
    let facts = &notification.facts;
    let is_client = told == Told::Clients;
    let currency = &facts.currency;
    let amount = |money: Option<Money>| match money {
        Some(money) if is_client => letter.words.amount(money, currency),
        Some(money) => scene.amount(money),
        None => String::new(),
    };
    let age = |at: jiff::Timestamp| {
        if is_client {
            letter.words.age(at, scene.now, &scene.letterhead.zone)
        } else {
            scene.age(at)
        }
    };
    let finding = [Measure::SpentToday, Measure::Balance]
        .into_iter()
        .find_map(|measure| scene.finding(measure));
    let reminder = match notification.transition {
        Transition::Repeated { repeat } => repeat,
        _ => 0,
    };
    let texts = |texts: &[String]| texts.iter().map(|text| Value::from(text.as_str())).collect::<Value>();
    let line = |text: &str| Value::from(one_line(text, LONGEST_TEXT));
    let all: [(&'static str, Value); 24] = [
        ("name", line(&scene.name())),
        ("client", line(notification.client.as_str())),
        ("balance", Value::from(amount(scene.balance()))),
        ("limit", Value::from(amount(finding.map(|finding| finding.limit)))),
        (
            "threshold",
            Value::from(amount(facts.threshold.as_ref().and_then(|threshold| threshold.amount))),
        ),
        ("spent_today", Value::from(amount(scene.spent_today()))),
        (
            "read_at",
            Value::from(facts.reading.as_ref().map_or(String::new(), |reading| age(reading.at))),
        ),
        ("since", Value::from(age(facts.since))),
        ("reminder", Value::from(reminder)),
        ("service", line(&scene.letterhead.service)),
        ("pay_url", line(scene.letterhead.pay_url.as_deref().unwrap_or_default())),
        ("contact", texts(&scene.letterhead.contact)),
        ("subject", Value::from(letter.subject.as_str())),
        ("headline", Value::from(letter.headline.as_str())),
        ("paragraphs", texts(&letter.paragraphs)),
        ("steps", texts(&letter.steps)),
        ("account", line(notification.account.as_str())),
        ("policy", line(notification.policy.as_str())),
        ("severity", Value::from(notification.severity.as_str())),
        ("reason", line(&facts.reason.to_string())),
        (
            "management",
            Value::from(facts.management.map_or(String::new(), |set| set.to_string())),
        ),
        ("enforcement", line(facts.enforcement.as_deref().unwrap_or_default())),
        ("runbook_url", line(facts.runbook_url.as_deref().unwrap_or_default())),
        ("count", Value::from(count)),
    ];
    all.into_iter().filter(|(name, _)| is_given(name, told)).collect()
}
