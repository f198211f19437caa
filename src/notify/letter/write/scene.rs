//! One notification as the letters see it: what it is about, who it is about, and its numbers in words. Pure.

use jiff::{SignedDuration, Timestamp};

use super::super::Letterhead;
use super::super::words::{LONGEST_NAME, amount, isolated, one_line, read_at, span, time_of_day};
use crate::domain::notice::{Ending, Notification};
use crate::domain::reason::{Finding, Measure, Reason, Relation};
use crate::domain::{ClientId, Money};

/// A text that leaves later than this after its decision says when that was: by then somebody may have acted.
const LATE: SignedDuration = SignedDuration::from_mins(5);

/// A threshold that was read this much before the balance it was compared with was not read in the same sweep: one
/// that is read again for a decision is read seconds before or after.
const OLDER_THRESHOLD: SignedDuration = SignedDuration::from_mins(5);

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    Balance,
    /// A client's spending today.
    Spending,
    /// A balance that cannot be read.
    Silence,
    /// The reseller's own balance.
    OwnBalance,
    /// The account as a whole.
    Account,
}

/// One notification, whom it is for and the time of sending.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub notification: &'a Notification,
    pub letterhead: &'a Letterhead,
    pub now: Timestamp,
}

impl Scene<'_> {
    /// What it is about.
    pub(super) fn topic(&self) -> Topic {
        let client = &self.notification.client;
        match &self.notification.facts.reason {
            _ if *client == ClientId::account() => Topic::Account,
            Reason::Account { .. } => Topic::Account,
            Reason::Unread { .. } | Reason::NoFreshReading { .. } => Topic::Silence,
            _ if *client == ClientId::reseller() => Topic::OwnBalance,
            Reason::Limits { findings } if findings.iter().any(|finding| finding.measure == Measure::SpentToday) => {
                Topic::Spending
            }
            Reason::Limits { .. } | Reason::NoThreshold | Reason::ThresholdUnknown => Topic::Balance,
        }
    }

    /// `Consulting (561115)`, `client 561115`, `your own VoIP.ms balance`, `account main`.
    pub(super) fn who(&self) -> String {
        let Notification { client, account, .. } = self.notification;
        if *client == ClientId::account() {
            return format!("account {account}");
        }
        if *client == ClientId::reseller() {
            return format!("your own account {account}");
        }
        let name = one_line(&self.notification.facts.label, LONGEST_NAME);
        if name.is_empty() || name == client.as_str() {
            format!("client {client}")
        } else {
            format!("{} ({client})", isolated(name))
        }
    }

    /// What people call the client; empty when it is only an id.
    pub(super) fn name(&self) -> String {
        let name = one_line(&self.notification.facts.label, LONGEST_NAME);
        if name == self.notification.client.as_str() {
            String::new()
        } else {
            name
        }
    }

    /// An amount with the account's currency.
    pub(super) fn amount(&self, money: Money) -> String {
        amount(money, &self.notification.facts.currency)
    }

    /// What was compared with a limit, for this measure.
    pub(super) fn finding(&self, measure: Measure) -> Option<&Finding> {
        match &self.notification.facts.reason {
            Reason::Limits { findings } => findings.iter().find(|finding| finding.measure == measure),
            _ => None,
        }
    }

    /// The balance that decided, or else the one that was read.
    pub(super) fn balance(&self) -> Option<Money> {
        let decided = self.finding(Measure::Balance).map(|finding| finding.value);
        decided.or_else(|| self.notification.facts.reading.as_ref().map(|reading| reading.balance))
    }

    /// The balance as it was read last, which may be after the one that decided.
    pub(super) fn last_balance(&self) -> Option<Money> {
        let read = self.notification.facts.reading.as_ref().map(|reading| reading.balance);
        read.or_else(|| self.balance())
    }

    /// Today's spending that decided, or else the one that was read.
    pub(super) fn spent_today(&self) -> Option<Money> {
        let decided = self.finding(Measure::SpentToday).map(|finding| finding.value);
        decided.or_else(|| {
            self.notification
                .facts
                .reading
                .as_ref()
                .and_then(|reading| reading.spent_today)
        })
    }

    /// `below its threshold of 10.00 USD`, `above 50.00 USD`.
    pub(super) fn comparison(&self, finding: &Finding) -> String {
        let relation = match finding.relation {
            Relation::Below => "below",
            Relation::AtMost => "at or below",
            Relation::Above => "above",
            Relation::AtLeast => "at or above",
        };
        let limit = self.amount(finding.limit);
        match finding.limit_text.as_deref() {
            Some("threshold") => format!("{relation} its threshold of {limit}"),
            Some(text) => format!("{relation} {limit} ({})", one_line(text, LONGEST_NAME)),
            None => format!("{relation} {limit}"),
        }
    }

    /// The time of day in the configured zone.
    pub(super) fn at(&self, at: Timestamp) -> String {
        time_of_day(at, self.now, &self.letterhead.zone)
    }

    /// The age of something and its time of day.
    pub(super) fn age(&self, at: Timestamp) -> String {
        read_at(at, self.now, &self.letterhead.zone)
    }

    /// How long the episode has run, until `until`.
    pub(super) fn lasted(&self, until: Timestamp) -> String {
        span(until.duration_since(self.notification.facts.since))
    }

    /// Whether the threshold that was used is older than the reading it was compared with.
    pub(super) fn threshold_is_older(&self) -> bool {
        let facts = &self.notification.facts;
        let times = facts.threshold.as_ref().zip(facts.reading.as_ref());
        times.is_some_and(|(threshold, reading)| reading.at.duration_since(threshold.at) > OLDER_THRESHOLD)
    }

    /// Whether it is over because its limit was changed.
    pub(super) fn was_limit_changed(&self) -> bool {
        matches!(self.notification.facts.ending, Some(Ending::LimitChanged { .. }))
    }

    /// Whether so much time has passed since the decision that the text must say so.
    pub(super) fn is_late(&self) -> bool {
        self.now.duration_since(self.notification.created_at) >= LATE
    }
}
