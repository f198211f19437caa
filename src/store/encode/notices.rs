//! Rows of `message`, `notification` and `attempt`.

use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;

use super::{Text, detail, id, name, nanos, structure};
use crate::domain::Money;
use crate::domain::money::PLACES;
use crate::domain::notice::{Attempt, Message, MessageKind, NoticeState, Notification};

/// A row of `message`.
#[derive(Serialize)]
pub(in crate::store) struct MessageRow<'a> {
    id: Text<'a>,
    account: &'a str,
    channel: &'a str,
    recipient: Text<'a>,
    thread: Text<'a>,
    kind: &'a MessageKind,
    created_at: i64,
    not_before: i64,
    deadline: i64,
    paced: Option<Money>,
    paced_rank: Option<i64>,
    attempts: u32,
    next_at: i64,
    state: &'static str,
    why: Option<Text<'a>>,
}

impl<'a> From<&'a Message> for MessageRow<'a> {
    fn from(message: &'a Message) -> Self {
        Self {
            id: id(&message.id),
            account: message.account.as_str(),
            channel: message.channel.as_str(),
            recipient: name(&message.recipient),
            thread: id(&message.thread),
            kind: &message.kind,
            created_at: nanos(message.created_at),
            not_before: nanos(message.not_before),
            deadline: nanos(message.deadline),
            paced: message.paced,
            paced_rank: message.paced.map(rank),
            attempts: message.attempts,
            next_at: nanos(message.next_at),
            state: message.state.label(),
            why: message.state.why().map(detail),
        }
    }
}

/// An amount as a whole number that orders as it does: units of the last place that money keeps.
fn rank(amount: Money) -> i64 {
    let mut units = amount.amount();
    units.rescale(PLACES);
    units
        .mantissa()
        .to_i64()
        .unwrap_or(if amount.is_negative() { i64::MIN } else { i64::MAX })
}

/// A row of `notification`.
#[derive(Serialize)]
pub(in crate::store) struct NotificationRow<'a> {
    id: Text<'a>,
    account: &'a str,
    client: &'a str,
    policy: &'a str,
    episode: &'a str,
    transition: String,
    severity: &'static str,
    channel: &'a str,
    recipient: Text<'a>,
    facts: String,
    created_at: i64,
    message: Option<Text<'a>>,
    state: &'static str,
    why: Option<Text<'a>>,
}

impl<'a> From<&'a Notification> for NotificationRow<'a> {
    fn from(notice: &'a Notification) -> Self {
        Self {
            id: id(&notice.id),
            account: notice.account.as_str(),
            client: notice.client.as_str(),
            policy: notice.policy.as_str(),
            episode: notice.episode.as_str(),
            transition: structure(&notice.transition),
            severity: notice.severity.as_str(),
            channel: notice.channel.as_str(),
            recipient: name(&notice.recipient),
            facts: structure(&notice.facts),
            created_at: nanos(notice.created_at),
            message: notice.message.as_deref().map(id),
            state: notice.state.label(),
            why: notice.state.why().map(detail),
        }
    }
}

/// Where a message that waits goes from now on.
#[derive(Serialize)]
pub(in crate::store) struct AddressRow<'a> {
    id: Text<'a>,
    recipient: Text<'a>,
}

impl<'a> From<&'a (String, String)> for AddressRow<'a> {
    fn from((message, recipient): &'a (String, String)) -> Self {
        Self {
            id: id(message),
            recipient: id(recipient),
        }
    }
}

/// Which message carries a notification.
#[derive(Serialize)]
pub(in crate::store) struct CarriedRow<'a> {
    id: Text<'a>,
    message: Text<'a>,
}

impl<'a> From<&'a (String, String)> for CarriedRow<'a> {
    fn from((notification, message): &'a (String, String)) -> Self {
        Self {
            id: id(notification),
            message: id(message),
        }
    }
}

/// What became of all notifications that a message carries.
#[derive(Serialize)]
pub(in crate::store) struct FateRow<'a> {
    message: Text<'a>,
    state: &'static str,
    why: Option<Text<'a>>,
}

impl<'a> From<&'a (String, NoticeState)> for FateRow<'a> {
    fn from((message, state): &'a (String, NoticeState)) -> Self {
        Self {
            message: id(message),
            state: state.label(),
            why: state.why().map(detail),
        }
    }
}

/// A dead message of which people are told.
#[derive(Serialize)]
pub(in crate::store) struct AnnouncedRow<'a> {
    id: Text<'a>,
    at: i64,
}

impl<'a> AnnouncedRow<'a> {
    pub(in crate::store) const fn new(message: &'a str, at: i64) -> Self {
        Self { id: id(message), at }
    }
}

/// Who took a message.
#[derive(Serialize)]
pub(in crate::store) struct TakenRow<'a> {
    channel: &'a str,
    recipient: Text<'a>,
    at: i64,
}

impl<'a> TakenRow<'a> {
    pub(in crate::store) fn new(message: &'a Message, at: i64) -> Self {
        Self {
            channel: message.channel.as_str(),
            recipient: name(&message.recipient),
            at,
        }
    }
}

/// A row of `attempt`.
#[derive(Serialize)]
pub(in crate::store) struct AttemptRow<'a> {
    message: Text<'a>,
    number: u32,
    at: i64,
    outcome: Text<'a>,
    detail: Text<'a>,
}

impl<'a> From<&'a Attempt> for AttemptRow<'a> {
    fn from(attempt: &'a Attempt) -> Self {
        Self {
            message: id(&attempt.message),
            number: attempt.number,
            at: nanos(attempt.at),
            outcome: name(&attempt.outcome),
            detail: detail(&attempt.detail),
        }
    }
}
