//! What is done with a message before and after a try. Pure.

use jiff::{SignedDuration, Timestamp};

use crate::domain::notice::{Attempt, Message, NoticeState, Notification, Transition};
use crate::notify::email::DeliveryError;
use crate::notify::queue::Told;
use crate::notify::retry;

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
        let arrived = |told: &Told| told.state.has_arrived() || told.maybe_arrived;
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
        Transition::Fired { .. }
            | Transition::ClientDue
            | Transition::Repeated { .. }
            | Transition::News
            | Transition::UsedUp
    )
}

/// What is known about a failed try besides its error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances {
    /// Whether it is refused for good.
    pub is_dead: bool,
    /// How long until the next try.
    pub wait: SignedDuration,
    /// How many of its tries ended without an answer to the mail, this one included. Counted where it decides: after such
    /// a try, and after the last one.
    pub uncertain_tries: u32,
    /// Spreads waits.
    pub jitter: u32,
}

/// The message after a try, and the try itself.
pub(super) fn after(
    mut message: Message,
    result: &Result<(), DeliveryError>,
    circumstances: Circumstances,
    now: Timestamp,
) -> (Message, Attempt) {
    let Circumstances {
        is_dead,
        wait,
        uncertain_tries,
        jitter,
    } = circumstances;
    let (outcome, detail) = match result {
        Ok(()) => ("delivered", String::new()),
        Err(error) if is_dead => ("refused", error.to_string()),
        Err(error) => (error.outcome(), error.to_string()),
    };
    let mut next_at = next_try(&message, wait, now);
    message.state = match result {
        Ok(()) => NoticeState::Delivered,
        Err(error) if is_dead => NoticeState::Dead(error.to_string()),
        Err(DeliveryError::Uncertain { .. }) => {
            let wait = retry::uncertain(uncertain_tries, jitter);
            let again = wait.and_then(|wait| now.saturating_add(wait).ok());
            match again.filter(|again| *again <= message.deadline) {
                Some(again) => {
                    next_at = again;
                    NoticeState::Pending
                }
                None => NoticeState::ProbablyDelivered,
            }
        }
        // One of its tries may have arrived.
        Err(_) if now >= message.deadline && uncertain_tries > 0 => NoticeState::ProbablyDelivered,
        Err(error) if now >= message.deadline => {
            NoticeState::Dead(format!("its deadline is over; the last try: {error}"))
        }
        Err(DeliveryError::CutOff { .. }) => {
            // It was given up for no fault of the server: the next start may try at once.
            next_at = now;
            NoticeState::Pending
        }
        Err(_) => NoticeState::Pending,
    };
    if message.state == NoticeState::Pending {
        message.next_at = next_at;
    }
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
