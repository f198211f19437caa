//! Rows of `message`, `notification` and `attempt`.

use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;

use super::{Text, detail, id, name, nanos, structure};
use crate::domain::Money;
use crate::domain::money::PLACES;
use crate::domain::notice::{Attempt, Message, NoticeState, Notification};

row! {
    MessageRow of message: Message as "message" by ["id"] {
        id: id(&message.id),
        account: message.account,
        channel: message.channel,
        recipient: name(&message.recipient),
        thread: id(&message.thread),
        kind: message.kind,
        created_at: nanos(message.created_at),
        not_before: nanos(message.not_before),
        deadline: nanos(message.deadline),
        paced: message.paced,
        paced_rank: message.paced.map(rank),
        attempts: message.attempts,
        next_at: nanos(message.next_at),
        state: message.state.label(),
        why: message.state.why().map(detail),
        receipt: message.receipt.as_deref().map(id),
    }
}

row! {
    /// What changes of a message while it leaves.
    MovedRow of message: Message {
        id: id(&message.id),
        not_before: nanos(message.not_before),
        deadline: nanos(message.deadline),
        attempts: message.attempts,
        next_at: nanos(message.next_at),
        state: message.state.label(),
        why: message.state.why().map(detail),
        receipt: message.receipt.as_deref().map(id),
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

row! {
    NotificationRow of notice: Notification as "notification" by ["id"] {
        id: id(&notice.id),
        account: notice.account,
        client: notice.client,
        policy: notice.policy,
        episode: notice.episode,
        transition: structure(&notice.transition),
        severity: notice.severity.as_str(),
        channel: notice.channel,
        recipient: name(&notice.recipient),
        facts: structure(&notice.facts),
        created_at: nanos(notice.created_at),
        message: notice.message.as_deref().map(id),
        state: notice.state.label(),
        why: notice.state.why().map(detail),
    }
}

row! {
    /// Where a message that waits goes from now on.
    AddressRow of readdressed: (String, String) {
        id: id(&readdressed.0),
        recipient: id(&readdressed.1),
    }
}

row! {
    /// Which message carries a notification.
    CarriedRow of carried: (String, String) {
        id: id(&carried.0),
        message: id(&carried.1),
    }
}

row! {
    /// What became of all notifications that a message carries.
    FateRow of fate: (String, NoticeState) {
        message: id(&fate.0),
        state: fate.1.label(),
        why: fate.1.why().map(detail),
    }
}

/// A dead message of which people are told.
#[derive(Serialize)]
pub struct AnnouncedRow<'a> {
    id: Text<'a>,
    at: i64,
}

impl<'a> AnnouncedRow<'a> {
    pub const fn new(message: &'a str, at: i64) -> Self {
        Self { id: id(message), at }
    }
}

/// Who took a message.
#[derive(Serialize)]
pub struct TakenRow<'a> {
    channel: &'a str,
    recipient: Text<'a>,
    at: i64,
}

impl<'a> TakenRow<'a> {
    pub fn new(message: &'a Message, at: i64) -> Self {
        Self {
            channel: message.channel.as_str(),
            recipient: name(&message.recipient),
            at,
        }
    }
}

row! {
    AttemptRow of attempt: Attempt as "attempt" by ["message", "number"] {
        message: id(&attempt.message),
        number: attempt.number,
        at: nanos(attempt.at),
        outcome: attempt.outcome.as_str(),
        detail: detail(&attempt.detail),
    }
}
