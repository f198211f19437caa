//! A client's row in a table of clients: the same on the overview and in the list.

use std::borrow::Cow;

use super::blocks::{Toned, toned};
use super::links;
use crate::view::clients::ClientRow;
use crate::view::words::{amount, clean};
use crate::view::{Now, Tone};

/// The head of a column. One with an address sorts by it.
pub struct Head {
    pub title: &'static str,
    pub class: &'static str,
    pub href: String,
    /// `ascending`, `descending` or empty.
    pub aria: &'static str,
}

/// The columns, each with the name of the order that goes by it.
pub const COLUMNS: [(&str, &str, &str); 7] = [
    ("Client", "", "name"),
    ("State", "", ""),
    ("Balance", "right", "balance"),
    ("Threshold", "right wide", "margin"),
    ("Spent today", "right wide", "spent"),
    ("Nothing left", "wide", "used_up"),
    ("Read", "wide", "read"),
];

/// Columns that sort nothing.
pub fn heads() -> Vec<Head> {
    let heads = COLUMNS.iter();
    heads
        .map(|(title, class, _)| Head {
            title,
            class,
            href: String::new(),
            aria: "",
        })
        .collect()
}

/// What a row says, in words.
pub struct Row<'r> {
    pub href: String,
    pub name: Cow<'r, str>,
    pub id: String,
    pub state: Toned<'static>,
    pub firing: String,
    pub balance: Toned<'static>,
    pub threshold: String,
    pub spent: String,
    pub used_up: Toned<'static>,
    pub read: Toned<'static>,
}

impl<'r> Row<'r> {
    /// A row; its account is named where there are several.
    pub fn new(row: &'r ClientRow, now: &Now, names_account: bool) -> Self {
        let (account, client) = (&row.account, &row.client);
        let firing: Vec<&str> = row.firing.iter().map(|policy| policy.as_str()).collect();
        let is_used_up = row.balance.is_some_and(|balance| !balance.is_positive());
        let used_up = match row.used_up_at {
            _ if is_used_up => said("nothing left", Tone::Bad),
            Some(at) if at <= now.at => said("by now, at its pace", Tone::Bad),
            Some(at) => said(now.ago(at), Tone::Plain),
            None => said("-", Tone::Faint),
        };
        Self {
            href: links::client(account, client),
            name: clean(&row.company),
            id: if names_account {
                format!("{client}, account {account}")
            } else {
                client.to_string()
            },
            state: said(row.state, row.tone()),
            firing: firing.join(", "),
            balance: said(amount(row.balance), if is_used_up { Tone::Bad } else { Tone::Plain }),
            threshold: amount(row.threshold),
            spent: amount(row.spent_today),
            used_up,
            read: match (&row.last_error, row.read_at) {
                (Some(error), Some(at)) => said(format!("failed: {error}; good {}", now.ago(at)), Tone::Warning),
                (Some(error), None) => said(format!("never: {error}"), Tone::Warning),
                (None, Some(at)) => said(now.ago(at), Tone::Plain),
                (None, None) => said("not yet", Tone::Warning),
            },
        }
    }
}

fn said(text: impl Into<String>, tone: Tone) -> Toned<'static> {
    toned(Cow::Owned(text.into()), tone)
}
