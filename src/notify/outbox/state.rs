//! The state of a message before and after an attempt. Pure.

use jiff::{SignedDuration, Timestamp};

use crate::domain::notice::{Attempt, AttemptOutcome, Message, NoticeState, Notification, Transition};
use crate::notify::backoff;
use crate::notify::delivery::{Attempted, End};
use crate::notify::queue::Sibling;

/// Whether what else was told of the episode decides about this message: the end of an episode, a first word to a client,
/// what had to wait, and what was tried or put off before: it may have died meanwhile, and been taken up again. All others are
/// sent without looking.
pub(super) fn depends_on_siblings(message: &Message, notification: &Notification) -> bool {
    let may_be_over = message.channel.is_client() || has_waited(message);
    follows(&notification.transition) || may_be_over || !is_untouched(message) || was_put_off(message)
}

/// Why a notification is not sent, by what else was told of its episode; `None`: it is sent.
///
/// An end never outlives its beginning: who was never told that it fired is not told that it is over. Nobody who had to
/// wait is told of something that is over already, nor in several messages how it went on meanwhile; and no client.
pub(super) fn dropped(
    message: &Message,
    notification: &Notification,
    siblings: &[Sibling],
    was_quiet: bool,
) -> Option<NoticeState> {
    if follows(&notification.transition) {
        let arrived = |sibling: &Sibling| sibling.state.has_arrived() || sibling.maybe_arrived;
        let begun = siblings
            .iter()
            .any(|sibling| tells_of_breach(&sibling.transition) && arrived(sibling));
        return (!begun).then(|| NoticeState::Dropped("its alert never arrived".to_owned()));
    }
    if !tells_of_breach(&notification.transition) {
        return None;
    }
    let over = || Some(NoticeState::Dropped("it was over before it could be told".to_owned()));
    let end_is_final = |sibling: &Sibling| sibling.transition.is_end() && sibling.state.is_final();
    if siblings.iter().any(end_is_final) {
        // It was given up, and taken up again when its end was told or given up: nothing would take it back.
        return over();
    }
    let is_later =
        |sibling: &Sibling| tells_of_breach(&sibling.transition) && sibling.created_at > notification.created_at;
    let was_told_later = |sibling: &Sibling| is_later(sibling) && sibling.state.has_arrived();
    let merged = || Some(NoticeState::Merged("a later word of the same".to_owned()));
    if siblings.iter().any(was_told_later) {
        return merged();
    }
    if !is_untouched(message) {
        return None;
    }
    let is_over = siblings.iter().any(|sibling| sibling.transition.is_end());
    let has_waited = has_waited(message);
    if is_over && (has_waited || message.channel.is_client()) {
        return if was_quiet {
            Some(NoticeState::Dropped("it was over before quiet hours ended".to_owned()))
        } else {
            over()
        };
    }
    let waits = |sibling: &Sibling| is_later(sibling) && sibling.state == NoticeState::Pending;
    if has_waited && !message.channel.is_client() && siblings.iter().any(waits) {
        return merged();
    }
    None
}

/// What an end becomes that would be taken for that of a later episode, of which its reader was told already.
pub(super) fn outdated() -> NoticeState {
    NoticeState::Dropped("it fires again, and that was told already".to_owned())
}

/// Whether it was not to leave as soon as it was written down.
fn has_waited(message: &Message) -> bool {
    message.not_before > message.created_at
}

/// Whether it was to leave before, and did not: its channel was broken, or it died and somebody has it tried again.
fn was_put_off(message: &Message) -> bool {
    message.next_at > message.not_before
}

/// Whether it says something only to whoever was told that it fires.
const fn follows(transition: &Transition) -> bool {
    transition.is_end() || matches!(transition, Transition::Acknowledged { .. })
}

/// Whether no attempt was made yet. One that was being sent when the program was killed may have arrived.
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
            | Transition::StillFires
            | Transition::Escalated { .. }
    )
}

/// What is known about a failed attempt besides its error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances {
    /// Whether it is refused for good.
    pub is_dead: bool,
    /// How long until the next attempt.
    pub wait: SignedDuration,
    /// How many of its attempts ended without an answer, this one included. Counted where it decides.
    pub uncertain_tries: u32,
    /// Whether a copy does no harm, so that one that may have arrived is tried again as any other.
    pub knows_repeats: bool,
    pub jitter: u32,
}

/// The message after an attempt, and the attempt itself.
pub(super) fn after(
    mut message: Message,
    attempted: &Attempted,
    circumstances: Circumstances,
    now: Timestamp,
) -> (Message, Attempt) {
    let Circumstances {
        is_dead,
        wait,
        uncertain_tries,
        knows_repeats,
        jitter,
    } = circumstances;
    let (outcome, detail) = match attempted {
        Ok(_) => (AttemptOutcome::Delivered, String::new()),
        Err(failed) if is_dead => (AttemptOutcome::Refused, failed.text.clone()),
        Err(failed) => (failed.outcome(), failed.text.clone()),
    };
    let mut next_at = next_try(&message, wait, now);
    message.state = match attempted {
        Ok(receipt) => {
            message.receipt.clone_from(receipt);
            NoticeState::Delivered
        }
        Err(failed) if is_dead => NoticeState::Dead(failed.text.clone()),
        Err(failed) if failed.end == End::Uncertain => {
            let wait = if knows_repeats {
                Some(wait)
            } else {
                backoff::uncertain(uncertain_tries, jitter)
            };
            let again = wait.and_then(|wait| now.saturating_add(wait).ok());
            match again.filter(|again| *again <= message.deadline) {
                Some(again) => {
                    next_at = again;
                    NoticeState::Pending
                }
                None => NoticeState::ProbablyDelivered,
            }
        }
        // One of its attempts may have arrived.
        Err(_) if now >= message.deadline && uncertain_tries > 0 => NoticeState::ProbablyDelivered,
        Err(failed) if now >= message.deadline => {
            NoticeState::Dead(format!("its deadline is over; the last try: {failed}"))
        }
        Err(failed) if failed.end == End::CutOff => {
            // It was given up for no fault of the receiver: the next start may try at once.
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
        outcome,
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

/// A message that waited too long for a turn in a channel that takes so many an hour.
pub(super) fn never_had_a_turn(mut message: Message, most: u32) -> Message {
    let why = format!("it waited two days for its turn: `max_per_hour = {most}` is too few for what there is to tell");
    message.state = NoticeState::Dead(why);
    message
}

/// The last try is at the deadline itself.
fn next_try(message: &Message, wait: SignedDuration, now: Timestamp) -> Timestamp {
    now.saturating_add(wait)
        .map_or(message.deadline, |at| at.min(message.deadline))
}
