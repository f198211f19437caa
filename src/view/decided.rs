//! What came of a decision, for scripts: the commands print it, and the JSON API answers it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::page::{Page, Shown};
use super::words::{Now, change};
use crate::domain::decision::Decision;
use crate::domain::enforcement::{Direction, Enforcement};
use crate::domain::{AccountName, ClientId, Management, PolicyName};

/// A silence that was ended by hand.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Expired {
    pub id: String,
    pub account: AccountName,
    /// It does not hold any more.
    pub expired: bool,
}

/// A notification that somebody dealt with.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DealtWith {
    pub id: String,
    /// `pending`: it is due now; `dropped`: it was given up.
    pub state: &'static str,
}

/// Messages that are due now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Due {
    /// How many.
    pub messages: u64,
    /// `pending`.
    pub state: &'static str,
}

/// The brake of an account.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Brake {
    account: AccountName,
    on: bool,
    since: Option<Timestamp>,
    by: Option<String>,
    reason: Option<String>,
    /// Whether this decision changed it.
    changed: bool,
}

impl Brake {
    /// `brake`: the one that is on.
    #[must_use]
    pub fn new(account: AccountName, brake: Option<&Decision>, changed: bool) -> Self {
        Self {
            account,
            on: brake.is_some(),
            since: brake.map(|brake| brake.at),
            by: brake.map(|brake| brake.by.clone()),
            reason: brake.map(|brake| brake.note.clone()),
            changed,
        }
    }
}

/// A person's answer about a change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answered {
    /// The enforcement.
    pub id: String,
    pub account: AccountName,
    pub client: ClientId,
    pub policy: PolicyName,
    /// What `balance_management` is to become.
    pub wanted: Management,
    pub direction: Direction,
    /// `approved`, `rejected` or `undo`.
    pub decision: &'static str,
    pub by: String,
    /// How many people approved it, where that is asked for.
    pub given: u32,
    /// How many have to.
    pub needed: u32,
    /// Until when it can be approved.
    pub until: Option<Timestamp>,
}

impl Answered {
    #[must_use]
    pub fn new(enforcement: &Enforcement, decision: &'static str, by: &str) -> Self {
        Self {
            id: enforcement.id.clone(),
            account: enforcement.account.clone(),
            client: enforcement.client.clone(),
            policy: enforcement.policy.clone(),
            wanted: enforcement.wanted,
            direction: enforcement.direction,
            decision,
            by: by.to_owned(),
            given: 0,
            needed: 0,
            until: None,
        }
    }

    /// What was answered, and what follows from it.
    #[must_use]
    pub fn in_words(&self, now: &Now) -> String {
        let what = format!(
            "client {} {} for {}",
            self.client,
            change(self.direction, self.wanted),
            self.policy
        );
        match (self.decision, self.until) {
            ("approved", Some(until)) if self.given < self.needed => format!(
                "{} approved {what}: {} of {} people did. The others have until {}",
                self.by,
                self.given,
                self.needed,
                now.clock(until)
            ),
            ("approved", _) => format!(
                "{} approved {what}: it is made in the next sweep, if it is still called for and no guard stands in the way",
                self.by
            ),
            ("rejected", _) => format!(
                "{} rejected {what}: it is not asked for again while this alert lasts",
                self.by
            ),
            _ => format!(
                "{} takes back what was changed for {what}: the daemon does it within seconds, if nobody changed the record \
                 since. `balancewatch enforcements list --client {}` shows what came of it",
                self.by, self.client
            ),
        }
    }
}

impl Shown for Answered {
    fn page(&self, now: &Now) -> Page {
        let mut page = Page::default();
        page.line(self.in_words(now));
        page
    }
}

/// A client that nothing may change, or that was released.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Held {
    account: AccountName,
    client: ClientId,
    held: bool,
    since: Option<Timestamp>,
    by: Option<String>,
    reason: Option<String>,
    /// Whether this decision changed it.
    changed: bool,
}

impl Held {
    /// `hold`: the one that is in force.
    #[must_use]
    pub fn new(account: &AccountName, client: &ClientId, hold: Option<&Decision>, changed: bool) -> Self {
        Self {
            account: account.clone(),
            client: client.clone(),
            held: hold.is_some(),
            since: hold.map(|hold| hold.at),
            by: hold.map(|hold| hold.by.clone()),
            reason: hold.map(|hold| hold.note.clone()),
            changed,
        }
    }
}

impl Shown for Held {
    fn page(&self, now: &Now) -> Page {
        let mut page = Page::default();
        let client = &self.client;
        match (&self.by, &self.reason, self.since) {
            (Some(by), Some(reason), Some(since)) => {
                let already = if self.changed { "" } else { " already" };
                page.line(format!("client {client} is held{already} since {} by {by}: {reason}", now.clock_and_age(since)));
                page.line(format!(
                    "no policy changes it, and nothing is taken back. Watching, alerts and mails go on. `balancewatch release \
                     {client}` ends it"
                ));
            }
            _ => page.line(format!(
                "client {client} is released: what is asked for is looked at again in the next sweep, with fresh readings"
            )),
        }
        page
    }
}
