//! The reseller's own texts, tried with made-up data: each file on every letter it may be used for.
//!
//! Sends nothing, and opens neither store nor network.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::clock::Clock;
use crate::config::problem::nearest;
use crate::config::{Account, Problem, Settings};
use crate::domain::notice::{MessageKind, Notification, Transition};
use crate::domain::policy::Scope;
use crate::domain::{ChannelName, Language, Languages, Policy, PolicyName};
use crate::notify::letter::templates::{Fault, Place, Templates, Told};
use crate::notify::letter::{self, Letterhead};
use crate::notify::made_up::{self, Sample, To};
use crate::notify::own_texts;

/// Everything that is wrong with the folder of texts; nothing when there is none.
pub fn problems(settings: &Settings) -> Vec<Problem> {
    let Some(folder) = &settings.templates else {
        return Vec::new();
    };
    let (sources, mut faults) = own_texts::read(folder);
    let (templates, unread) = Templates::read(&sources, &policies(settings));
    faults.extend(unread);
    faults.extend(try_all(settings, templates));
    faults.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    faults.dedup();
    faults.into_iter().map(|fault| problem(folder, fault)).collect()
}

/// The policies that a text may be for.
fn policies(settings: &Settings) -> Vec<PolicyName> {
    settings.policies.iter().map(|policy| policy.name.clone()).collect()
}

fn problem(folder: &Path, fault: Fault) -> Problem {
    let place = fault.line.map_or(String::new(), |line| format!("line {line}"));
    let mut problem = Problem::new(folder.join(&fault.file).display(), place, fault.what);
    if !fault.known.is_empty() {
        let meant = nearest(&fault.given, fault.known.iter().map(String::as_str));
        problem = problem.accepted(format!("there are {}", fault.known.join(", ")));
        problem = problem.did_you_mean(meant);
    }
    problem
}

/// What goes wrong when each file is used for what it is for.
fn try_all(settings: &Settings, templates: Templates) -> Vec<Fault> {
    let places: Vec<Place> = templates.files().map(|(place, _)| place.clone()).collect();
    let templates = Arc::new(templates);
    let mut faults: BTreeMap<(String, Option<usize>), Fault> = BTreeMap::new();
    for account in &settings.accounts {
        for place in &places {
            for letter in letters(settings, account, &templates, place) {
                if let Some(fault) = letter.trouble {
                    faults.entry((fault.file.clone(), fault.line)).or_insert(fault);
                }
            }
        }
    }
    faults.into_values().collect()
}

/// A letter for each policy that a file may be used for.
fn letters(settings: &Settings, account: &Account, templates: &Arc<Templates>, place: &Place) -> Vec<letter::Letter> {
    let letterhead = Letterhead {
        service: "Phone service".to_owned(),
        zone: TimeZone::UTC,
        pay_url: settings.mail.pay_url.clone(),
        contact: settings.mail.contact.clone(),
        takes_replies: settings.mail.reply_to.is_some(),
        languages: only(place.language),
        links: None,
        templates: Some(Arc::clone(templates)),
    };
    let is_meant = |policy: &&Policy| {
        place.policy.as_ref().is_none_or(|name| *name == policy.name)
            && (place.told == Told::Operators || policy.scope == Scope::Clients)
    };
    let now = Clock::real().now();
    let policies = settings.policies_of(account);
    let samples = policies.iter().filter(is_meant).filter_map(|policy| {
        let sample = Sample {
            account: &account.name,
            currency: &account.currency,
            policy,
            watched: None,
            now,
        };
        let (kind, notifications) = about(&sample, place)?;
        let message = made_up::message(notifications.first()?, kind);
        letter::write(&message, &notifications, &letterhead, now).ok()
    });
    samples.collect()
}

/// Nobody is written to in any other language.
pub fn only(language: Language) -> Languages {
    Languages {
        default: language,
        rules: Vec::new(),
    }
}

/// What a file is told of, made up; `None`: this policy never causes it.
fn about(sample: &Sample<'_>, place: &Place) -> Option<(MessageKind, Vec<Notification>)> {
    let channel = match place.told {
        Told::Clients => ChannelName::client(),
        Told::Operators => ChannelName::new("operators").ok()?,
    };
    let to = To {
        channel: &channel,
        recipient: "somebody@example.com",
        country: "",
    };
    let of = |transition| vec![sample.notification(transition, to)];
    let transitions = match place.told {
        Told::Clients => sample.to_clients(),
        Told::Operators => sample.to_operators(),
    };
    Some(match place.what {
        "group" => (MessageKind::Group, sample.group(to)),
        "summary" => (MessageKind::Summary, sample.group(to)),
        "digest" => (MessageKind::Single, of(sample.digest())),
        "acknowledged" => {
            let by = "alice".to_owned();
            (MessageKind::Single, of(Transition::Acknowledged { by }))
        }
        "client-due" => (MessageKind::Single, of(Transition::ClientDue)),
        what => {
            let (_, transition) = transitions.into_iter().find(|(name, _)| *name == what)?;
            (MessageKind::Single, of(transition))
        }
    })
}
