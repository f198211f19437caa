//! What a change may do to a record: one field, and nothing that a person set, outside the window that is named.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::{Case, Change, Found};
use crate::worlds::log::Fact;

/// What a change is about, under both names that the record has for it.
const MEANT: [&str; 2] = ["balance_management", "management"];

/// What persons set that is none of a record: no change of it is seen or overwritten.
const NOT_OF_THE_RECORD: [&str; 8] = [
    "threshold",
    "threshold_email",
    "package",
    "account_state",
    "spend_per_hour",
    "spend_from",
    "spend_until",
    "password",
];

/// For so long a record is left alone after an edit was seen, less what clocks drift.
const LEFT_ALONE: SignedDuration = SignedDuration::from_mins(14);

/// How old the last look at a record may be when it is changed.
const FRESH: SignedDuration = SignedDuration::from_secs(5);

/// How long a world must have gone on for somebody to have been told that a record differs.
const TOLD_WITHIN: SignedDuration = SignedDuration::from_hours(12);

/// A change changes the one field. What a person set between the last read and the write is overwritten: that is the window
/// that no program can close.
pub fn only_the_one_field(case: &Case<'_>, found: &mut Found) {
    for change in &case.changes {
        let in_window = edited_in_window(case, change);
        for (field, before, after) in change.fields {
            if !MEANT.contains(&field.as_str()) && !in_window.contains(field.as_str()) {
                let client = change.client();
                found.add(
                    change.at,
                    format!("a change of client {client} changed `{field}`, too: from {before} to {after}"),
                );
            }
        }
    }
}

/// A change rests on a look at the record that is hardly older than the call.
pub fn nothing_on_an_old_look(case: &Case<'_>, found: &mut Found) {
    for change in &case.changes {
        let look = case.last_look(change).and_then(|place| case.played.log.get(place));
        if look.is_none_or(|look| change.at.duration_since(look.at) > FRESH) {
            let looked = look.map_or("never".to_owned(), |look| look.at.to_string());
            let client = change.client();
            found.add(
                change.at,
                format!("client {client} was changed, and its record was last read {looked}"),
            );
        }
    }
}

/// A record that a person edited is left alone for a while, when the edit could be seen.
pub fn nothing_right_after_an_edit(case: &Case<'_>, found: &mut Found) {
    for change in &case.changes {
        let Some(look) = case.last_look(change) else { continue };
        let edited = case.played.log[..look].iter().rfind(|entry| {
            matches!(&entry.fact, Fact::Edited { client, fields }
                if client == change.client() && fields.iter().any(|(field, ..)| is_of_the_record(field)))
        });
        let Some(edited) = edited else { continue };
        let is_soon = change.at.duration_since(edited.at) < LEFT_ALONE;
        if is_soon && !case.clock_was_set(change.at, LEFT_ALONE) {
            let (client, at) = (change.client(), edited.at);
            found.add(
                change.at,
                format!("client {client} was changed soon after a person had edited the record at {at}"),
            );
        }
    }
}

/// Whether a field is one of the record, besides what changes are about.
fn is_of_the_record(field: &str) -> bool {
    !MEANT.contains(&field) && !NOT_OF_THE_RECORD.contains(&field)
}

/// Fields that a person set between the last read of the client and a change.
fn edited_in_window<'a>(case: &Case<'a>, change: &Change<'_>) -> BTreeSet<&'a str> {
    let before = case.played.log[..change.place].iter().rev();
    let mut edited = BTreeSet::new();
    for entry in before {
        match &entry.fact {
            Fact::Shown { client } if client == change.client() => break,
            Fact::Edited { client, fields } if client == change.client() => {
                edited.extend(fields.iter().map(|(field, _, _)| field.as_str()));
            }
            _ => {}
        }
    }
    edited
}

/// Only what the program set goes back, and only where the policies say so and nobody touched the record since.
pub fn back_only_what_was_set(case: &Case<'_>, found: &mut Found) {
    let mut touched: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    let mut ours: BTreeSet<&str> = BTreeSet::new();
    let mut changes = case.changes.iter().peekable();
    for (place, entry) in case.played.log.iter().enumerate() {
        match &entry.fact {
            Fact::Edited { client, fields } => {
                let touched = touched.entry(client).or_default();
                for (field, before, after) in fields {
                    if NOT_OF_THE_RECORD.contains(&field.as_str()) {
                        continue;
                    }
                    let original = touched.remove(field.as_str()).unwrap_or(before);
                    if original != after {
                        touched.insert(field, original);
                    }
                }
            }
            Fact::Wrote(_) => {
                let Some(change) = changes.next_if(|change| change.place == place) else {
                    continue;
                };
                let client = change.client().as_str();
                match change.sets_hard() {
                    Some(true) => {
                        ours.insert(client);
                        touched.remove(client);
                    }
                    Some(false) => back(case, change, ours.remove(client), touched.get(client), found),
                    None => {}
                }
            }
            _ => {}
        }
    }
}

fn back(
    case: &Case<'_>,
    change: &Change<'_>,
    was_ours: bool,
    touched: Option<&BTreeMap<&str, &str>>,
    found: &mut Found,
) {
    let client = change.client();
    if !was_ours {
        found.add(
            change.at,
            format!("client {client} was set back, and it was not the program that had set it"),
        );
    }
    if !change.is_undo && !case.guards.iter().any(|(_, guards)| guards.reverts()) {
        found.add(
            change.at,
            format!("client {client} was set back, and no policy says so"),
        );
    }
    let in_window = edited_in_window(case, change);
    let others: Vec<&str> = touched
        .into_iter()
        .flatten()
        .map(|(field, _)| *field)
        .filter(|field| !in_window.contains(field))
        .collect();
    if !others.is_empty() {
        found.add(
            change.at,
            format!(
                "client {client} was set back after a person had changed {}",
                others.join(", ")
            ),
        );
    }
}

/// A record that differs when it is read back sets the brake, and is told.
pub fn what_differs_stops_everything(case: &Case<'_>, found: &mut Found) {
    for change in &case.changes {
        let mut edited: Option<&str> = None;
        for entry in &case.played.log[change.place + 1..] {
            match &entry.fact {
                Fact::Shown { client } if client == change.client() => break,
                Fact::Edited { client, fields } if client == change.client() => {
                    let of_record = fields.iter().map(|(field, _, _)| field.as_str());
                    edited = edited.or(of_record.into_iter().find(|field| !NOT_OF_THE_RECORD.contains(field)));
                }
                _ => {}
            }
        }
        let lasted = case.played.ended.duration_since(change.at) > TOLD_WITHIN;
        if let Some(field) = edited.filter(|_| lasted)
            && !case.was_told(&["read-back", "brake"], change.at, TOLD_WITHIN)
        {
            let client = change.client();
            found.add(
                change.at,
                format!("`{field}` of client {client} differed after a change, and nobody was told"),
            );
        }
    }
}
