//! What is done with a message before and after a try. Pure.

use jiff::{SignedDuration, Timestamp};

use crate::domain::notice::{Attempt, Message, NoticeState, Notification, Transition};
use crate::notify::email::{DeliveryError, Scope};
use crate::notify::queue::Told;

/// Whether what else was told of the episode decides about this message: the end of an episode, and a first word to a
/// client. All others are sent without looking.
pub(super) fn needs_told(message: &Message, notification: &Notification) -> bool {
    notification.transition.is_end() || (message.channel.is_client() && is_untouched(message))
}

/// Why a message is not sent, by what else was told of its episode; `None`: it is sent.
///
/// An end never outlives its beginning: who was never told that it fired is not told that it is over. And a client is
/// not told of something that is over already.
pub(super) fn dropped(message: &Message, notification: &Notification, told: &[Told]) -> Option<&'static str> {
    if notification.transition.is_end() {
        let arrived = |told: &Told| told.state == NoticeState::Delivered || told.maybe_arrived;
        let begun = told
            .iter()
            .any(|told| tells_of_breach(&told.transition) && arrived(told));
        return (!begun).then_some("its alert never arrived");
    }
    let over = told.iter().any(|told| told.transition.is_end());
    (message.channel.is_client() && is_untouched(message) && over).then_some("it was over before it could be told")
}

/// Whether no try was made yet. One that was being sent when the program was killed may have arrived.
fn is_untouched(message: &Message) -> bool {
    message.attempts == 0 && message.state == NoticeState::Pending
}

const fn tells_of_breach(transition: &Transition) -> bool {
    matches!(
        transition,
        Transition::Fired { .. } | Transition::ClientDue | Transition::Repeated { .. } | Transition::News
    )
}

/// The message after a try, and the try itself. `wait`: how long until the next one.
pub(super) fn after(
    mut message: Message,
    result: &Result<(), DeliveryError>,
    wait: SignedDuration,
    now: Timestamp,
) -> (Message, Attempt) {
    let (state, outcome, detail) = match result {
        Ok(()) => (NoticeState::Delivered, "delivered", String::new()),
        Err(error) => {
            let lasting = error.scope() == Scope::Recipient && !error.is_transient();
            let state = if lasting || now >= message.deadline {
                NoticeState::Dead(why_dead(error, lasting))
            } else {
                NoticeState::Pending
            };
            (state, error.outcome(), error.to_string())
        }
    };
    if state == NoticeState::Pending {
        message.next_at = match result {
            // It was given up for no fault of the server: the next start may try at once.
            Err(DeliveryError::CutOff { .. }) => now,
            _ => next_try(&message, wait, now),
        };
    }
    message.state = state;
    let attempt = Attempt {
        message: message.id.clone(),
        number: message.attempts,
        at: now,
        outcome: outcome.to_owned(),
        detail,
    };
    (message, attempt)
}

/// A message that is not tried because its channel is broken; dead when its deadline is over.
pub(super) fn put_off(mut message: Message, until: Timestamp, error: &str, now: Timestamp) -> Message {
    if now >= message.deadline {
        message.state = NoticeState::Dead(format!("its channel was broken until its deadline: {error}"));
    } else {
        message.state = NoticeState::Pending;
        message.next_at = until.min(message.deadline);
    }
    message
}

/// A message that waits for its turn among those to clients: its deadline runs from when it may first leave.
pub(super) fn paced(mut message: Message, until: Timestamp) -> Message {
    if message.attempts == 0 {
        let lifetime = message.deadline.duration_since(message.not_before);
        message.not_before = until;
        message.deadline = until.saturating_add(lifetime).unwrap_or(message.deadline);
    }
    message.state = NoticeState::Pending;
    message.next_at = until;
    message
}

/// The last try is at the deadline itself.
fn next_try(message: &Message, wait: SignedDuration, now: Timestamp) -> Timestamp {
    now.saturating_add(wait)
        .map_or(message.deadline, |at| at.min(message.deadline))
}

fn why_dead(error: &DeliveryError, lasting: bool) -> String {
    if lasting {
        error.to_string()
    } else {
        format!("its deadline is over; the last try: {error}")
    }
}
