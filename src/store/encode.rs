//! Domain records as the JSON rows that the set-based statements read: one array of objects for each table, whose
//! keys are the columns. The same rows will do for PostgreSQL.
//!
//! Texts that came from outside are bounded here and freed of NUL, which SQLite's JSON functions cut a text at and
//! PostgreSQL refuses. Ids are not bounded: they are only equal or not.

use jiff::Timestamp;
use rust_decimal::prelude::ToPrimitive;
use serde::{Serialize, Serializer};

use super::{HistoryEntry, Seen};
use crate::domain::alert::Alert;
use crate::domain::enforcement::{Enforcement, EnforcementStep};
use crate::domain::notice::{Attempt, Message, NoticeState, Notification};
use crate::domain::watch::{Flag, FlagKind, Watched};
use crate::domain::{ClientId, Money, PolicyName, Reading};

/// Longest name, address or code, in bytes. No address that mail servers accept has more than 254, so one that is cut
/// here could not have been mailed either.
pub(super) const NAME_BYTES: usize = 1_000;

/// Longest text for people: what a receiver said, a note, a reason. Two screens; an HTML error page has more.
pub(super) const DETAIL_BYTES: usize = 2_000;

/// From this size on the texts inside structured parts are bounded too. They hold the program's own words and a
/// client's names, so more than this means that somebody put a book into a name.
const STRUCTURE_BYTES: usize = 16_000;

/// An array of rows.
pub(super) fn rows<T: Serialize>(rows: impl IntoIterator<Item = T>) -> String {
    let mut json = Vec::with_capacity(256);
    let mut serializer = serde_json::Serializer::new(&mut json);
    serializer
        .collect_seq(rows)
        .expect("rows are maps with text keys, and memory takes every write");
    String::from_utf8(json).expect("serde_json writes UTF-8")
}

/// A structured part as JSON text.
pub(super) fn structure<T: Serialize>(part: &T) -> String {
    let json = serde_json::to_string(part).expect("domain records serialize to JSON");
    bounded_structure(json)
}

/// JSON text whose inner texts are cut when it is too long to be honest.
fn bounded_structure(json: String) -> String {
    if json.len() <= STRUCTURE_BYTES {
        return json;
    }
    match serde_json::from_str::<serde_json::Value>(&json) {
        Ok(mut value) => {
            bound_texts(&mut value);
            value.to_string()
        }
        Err(_) => clean(&json, STRUCTURE_BYTES),
    }
}

fn bound_texts(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) if text.len() > DETAIL_BYTES => *text = clean(text, DETAIL_BYTES),
        serde_json::Value::Array(items) => items.iter_mut().for_each(bound_texts),
        serde_json::Value::Object(fields) => fields.values_mut().for_each(bound_texts),
        _ => {}
    }
}

/// `text` without NUL and with at most about `most` bytes, cut between characters.
pub(super) fn clean(text: &str, most: usize) -> String {
    let mut cut = text.len().min(most);
    while !text.is_char_boundary(cut) {
        cut -= 1;
    }
    let mut cleaned = text[..cut].replace('\0', "\u{fffd}");
    if cut < text.len() {
        cleaned.push('…');
    }
    cleaned
}

/// A text from outside.
struct Text<'a>(&'a str, usize);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.len() <= self.1 && !self.0.as_bytes().contains(&0) {
            serializer.serialize_str(self.0)
        } else {
            serializer.serialize_str(&clean(self.0, self.1))
        }
    }
}

/// A name, address or code from outside.
const fn name(text: &str) -> Text<'_> {
    Text(text, NAME_BYTES)
}

/// A text for people.
const fn detail(text: &str) -> Text<'_> {
    Text(text, DETAIL_BYTES)
}

/// An id that may have parts from outside.
const fn id(text: &str) -> Text<'_> {
    Text(text, usize::MAX)
}

/// Nanoseconds since 1970. Times outside 1677 to 2262 become the nearest of these.
pub(super) fn nanos(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(if at < Timestamp::UNIX_EPOCH { i64::MIN } else { i64::MAX })
}

fn nanos_of(at: Option<Timestamp>) -> Option<i64> {
    at.map(nanos)
}

/// A row of `client`.
#[derive(Serialize)]
pub(super) struct ClientRow<'a> {
    client: &'a str,
    email: Text<'a>,
    company: Text<'a>,
    firstname: Text<'a>,
    lastname: Text<'a>,
    balance_management: Text<'a>,
    fingerprint: Text<'a>,
    first_seen_at: i64,
    missing_inventories: u32,
    vanished_at: Option<i64>,
    edited_at: Option<i64>,
}

impl<'a> From<&'a Watched> for ClientRow<'a> {
    fn from(watched: &'a Watched) -> Self {
        let client = &watched.client;
        Self {
            client: client.id.as_str(),
            email: name(&client.email),
            company: name(&client.company),
            firstname: name(&client.firstname),
            lastname: name(&client.lastname),
            balance_management: name(&client.balance_management),
            fingerprint: name(&client.fingerprint),
            first_seen_at: nanos(watched.first_seen_at),
            missing_inventories: watched.missing_inventories,
            vanished_at: nanos_of(watched.vanished_at),
            edited_at: nanos_of(watched.edited_at),
        }
    }
}

/// A row of `last_reading`, without the open entry of the history.
#[derive(Serialize)]
pub(super) struct ReadingRow<'a> {
    client: &'a str,
    balance: Option<Money>,
    spent_today: Option<Money>,
    spent_total: Option<Money>,
    read_at: Option<i64>,
    previous_balance: Option<Money>,
    previous_spent_today: Option<Money>,
    previous_spent_total: Option<Money>,
    previous_read_at: Option<i64>,
    threshold: Option<Money>,
    threshold_email: Option<Text<'a>>,
    threshold_read_at: Option<i64>,
    first_attempt_at: Option<i64>,
    last_attempt_at: Option<i64>,
    last_error: Option<Text<'a>>,
    judged: Text<'a>,
}

impl<'a> From<&'a Watched> for ReadingRow<'a> {
    fn from(watched: &'a Watched) -> Self {
        let last = watched.reading.as_ref();
        let previous = watched.previous.as_ref();
        let threshold = watched.threshold.as_ref();
        let read_at = |reading: &Reading| nanos(reading.at);
        Self {
            client: watched.client.id.as_str(),
            balance: last.map(|reading| reading.balance),
            spent_today: last.and_then(|reading| reading.spent_today),
            spent_total: last.and_then(|reading| reading.spent_total),
            read_at: last.map(read_at),
            previous_balance: previous.map(|reading| reading.balance),
            previous_spent_today: previous.and_then(|reading| reading.spent_today),
            previous_spent_total: previous.and_then(|reading| reading.spent_total),
            previous_read_at: previous.map(read_at),
            threshold: threshold.and_then(|threshold| threshold.amount),
            threshold_email: threshold.and_then(|threshold| threshold.email.as_deref()).map(name),
            threshold_read_at: threshold.map(|threshold| nanos(threshold.at)),
            first_attempt_at: nanos_of(watched.first_attempt_at),
            last_attempt_at: nanos_of(watched.last_attempt_at),
            last_error: watched.last_error.as_deref().map(detail),
            judged: id(&watched.judged),
        }
    }
}

/// An entry of the history.
#[derive(Serialize)]
pub(super) struct HistoryRow<'a> {
    client: &'a str,
    at: i64,
    balance: Option<Money>,
    spent_today: Option<Money>,
    threshold: Option<Money>,
    error: Option<Text<'a>>,
}

impl<'a> From<&'a HistoryEntry> for HistoryRow<'a> {
    fn from(entry: &'a HistoryEntry) -> Self {
        let (balance, spent_today, threshold, error) = match &entry.seen {
            Seen::Reading {
                balance,
                spent_today,
                threshold,
            } => (Some(*balance), *spent_today, *threshold, None),
            Seen::Gap { error } => (None, None, None, Some(name(error))),
        };
        Self {
            client: entry.client.as_str(),
            at: nanos(entry.at),
            balance,
            spent_today,
            threshold,
            error,
        }
    }
}

/// A row of `alert`.
#[derive(Serialize)]
pub(super) struct AlertRow<'a> {
    client: &'a str,
    policy: &'a str,
    state: &'static str,
    episode: Option<&'a str>,
    condition: Text<'a>,
    phase: String,
    reason: String,
}

impl<'a> From<&'a Alert> for AlertRow<'a> {
    fn from(alert: &'a Alert) -> Self {
        Self {
            client: alert.client.as_str(),
            policy: alert.policy.as_str(),
            state: alert.state(),
            episode: alert.firing().map(|firing| firing.episode.as_str()),
            condition: id(&alert.condition),
            phase: structure(&alert.phase),
            reason: structure(&alert.reason),
        }
    }
}

/// The name of an alert.
#[derive(Serialize)]
pub(super) struct AlertKey<'a> {
    client: &'a str,
    policy: &'a str,
}

impl<'a> From<&'a (ClientId, PolicyName)> for AlertKey<'a> {
    fn from((client, policy): &'a (ClientId, PolicyName)) -> Self {
        Self {
            client: client.as_str(),
            policy: policy.as_str(),
        }
    }
}

/// A row of `message`.
#[derive(Serialize)]
pub(super) struct MessageRow<'a> {
    id: Text<'a>,
    account: &'a str,
    channel: &'a str,
    recipient: Text<'a>,
    thread: Text<'a>,
    kind: &'a crate::domain::notice::MessageKind,
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
    units.rescale(crate::domain::money::PLACES);
    units
        .mantissa()
        .to_i64()
        .unwrap_or(if amount.is_negative() { i64::MIN } else { i64::MAX })
}

/// A row of `notification`.
#[derive(Serialize)]
pub(super) struct NotificationRow<'a> {
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

/// Which message carries a notification.
#[derive(Serialize)]
pub(super) struct CarriedRow<'a> {
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
pub(super) struct FateRow<'a> {
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

/// A row of `attempt`.
#[derive(Serialize)]
pub(super) struct AttemptRow<'a> {
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

/// A row of `enforcement`.
#[derive(Serialize)]
pub(super) struct EnforcementRow<'a> {
    id: &'a str,
    account: &'a str,
    client: &'a str,
    policy: &'a str,
    episode: &'a str,
    direction: &'a crate::domain::enforcement::Direction,
    wanted: &'static str,
    balance: Money,
    planned_at: i64,
    state: &'static str,
    detail: String,
    changed_at: i64,
    code_before: Option<Text<'a>>,
    code_sent: Option<Text<'a>>,
    fingerprint_before: Option<Text<'a>>,
    fingerprint_after: Option<Text<'a>>,
    before_image: Option<String>,
    window_ms: Option<i64>,
    settle_at: Option<i64>,
}

impl<'a> From<&'a Enforcement> for EnforcementRow<'a> {
    fn from(enforcement: &'a Enforcement) -> Self {
        Self {
            id: &enforcement.id,
            account: enforcement.account.as_str(),
            client: enforcement.client.as_str(),
            policy: enforcement.policy.as_str(),
            episode: enforcement.episode.as_str(),
            direction: &enforcement.direction,
            wanted: enforcement.wanted.as_str(),
            balance: enforcement.balance,
            planned_at: nanos(enforcement.planned_at),
            state: enforcement.state.label(),
            detail: structure(&enforcement.state),
            changed_at: nanos(enforcement.changed_at),
            code_before: enforcement.code_before.as_deref().map(name),
            code_sent: enforcement.code_sent.as_deref().map(name),
            fingerprint_before: enforcement.fingerprint_before.as_deref().map(name),
            fingerprint_after: enforcement.fingerprint_after.as_deref().map(name),
            before_image: enforcement.before_image.clone().map(bounded_structure),
            window_ms: enforcement.window_ms,
            settle_at: nanos_of(enforcement.settle_at),
        }
    }
}

/// A row of `enforcement_step`.
#[derive(Serialize)]
pub(super) struct StepRow<'a> {
    enforcement: &'a str,
    number: u32,
    at: i64,
    step: Text<'a>,
    detail: Text<'a>,
}

impl<'a> From<&'a EnforcementStep> for StepRow<'a> {
    fn from(step: &'a EnforcementStep) -> Self {
        Self {
            enforcement: &step.enforcement,
            number: step.number,
            at: nanos(step.at),
            step: name(&step.step),
            detail: detail(&step.detail),
        }
    }
}

/// A row of `flag`.
#[derive(Serialize)]
pub(super) struct FlagRow<'a> {
    kind: FlagKind,
    at: i64,
    by: Text<'a>,
    note: Text<'a>,
}

impl<'a> From<&'a Flag> for FlagRow<'a> {
    fn from(flag: &'a Flag) -> Self {
        Self {
            kind: flag.kind,
            at: nanos(flag.at),
            by: name(&flag.by),
            note: detail(&flag.note),
        }
    }
}
