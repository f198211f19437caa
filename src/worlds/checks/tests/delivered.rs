//! Messages that are lost, come twice or are nobody's, and reasons that are not so.

use jiff::Timestamp;

use super::super::delivered::check;
use super::{CLEAN, add, each_is_named, found, happening, minutes};
use crate::domain::notice::{NoticeState, Notification, Transition};
use crate::worlds::log::{Fact, Received};
use crate::worlds::plan::{Happening, Mood};
use crate::worlds::told::known_as;
use crate::worlds::world::Played;

#[test]
fn messages_that_are_lost_twice_or_nobodys_are_named() {
    each_is_named(
        check,
        &[
            (
                "a message is lost",
                |it| drop(take_from_chat(it)),
                "is called delivered, and never came",
            ),
            (
                "one comes twice",
                |it| comes_again(it, 60),
                "again, which it had answered at",
            ),
            (
                "one comes that nobody owes",
                another_comes,
                "got a message that the store does not know",
            ),
            ("one is not owed to all", one_is_not_owed, "chat  is not owed it"),
            ("one waits to the end", waits_long, "is still pending at the end"),
            ("no store", |it| it.end = None, "the store cannot be read"),
        ],
    );
}

#[test]
fn ends_without_a_delivery_for_reasons_that_are_not_so_are_named() {
    each_is_named(
        check,
        &[
            (
                "dead",
                |it| becomes(it, NoticeState::Dead("no".to_owned())),
                "is called dead (no), and its receiver took all the time",
            ),
            (
                "dead, and nobody was told",
                dead_unannounced,
                "is dead (no), and nobody was told",
            ),
            (
                "probably delivered",
                |it| becomes(it, NoticeState::ProbablyDelivered),
                "is called probably delivered",
            ),
            (
                "merged into nothing",
                |it| becomes(it, NoticeState::Merged("later".to_owned())),
                "was merged (later), and nothing followed",
            ),
            (
                "no address",
                |it| dropped(it, "no address"),
                "was dropped (no address), which is not so",
            ),
            (
                "over, and it fires",
                |it| dropped(it, "it was over before it could be told"),
                "which is not so",
            ),
            (
                "quiet hours",
                |it| dropped(it, "it was over before quiet hours ended"),
                "which is not so",
            ),
            (
                "silenced by nobody",
                |it| dropped(it, "silenced by operator until then"),
                "which is not so",
            ),
            (
                "acknowledged by nobody",
                |it| dropped(it, "acknowledged by operator"),
                "which is not so",
            ),
            (
                "muted by nothing",
                |it| dropped(it, "muted by works"),
                "which is not so",
            ),
            (
                "no reason that is known",
                |it| dropped(it, "for fun"),
                "was dropped (for fun), which is not so",
            ),
            (
                "an end without a beginning",
                end_without_beginning,
                "was dropped (its alert never arrived), which is not so",
            ),
        ],
    );
}

/// What comes twice because the program died before it could write down that it came is nobody's fault.
#[test]
fn a_crash_excuses_a_second_time() {
    let mut played = CLEAN.clone();
    comes_again(&mut played, 1);
    let (_, at, received) = first_of_chat(&played);
    // It is the next life that sends it again.
    for entry in played.log.iter_mut().filter(|entry| entry.at > at) {
        match &mut entry.fact {
            Fact::Received(again) if again.channel == "chat" && again.body == received.body => again.life += 1,
            _ => {}
        }
    }
    played.log.retain(|entry| !matches!(entry.fact, Fact::Ended { .. }));
    let killed = Fact::Killed {
        life: received.life,
        at: "at once".to_owned(),
    };
    add(&mut played, at, killed);
    assert_eq!(found(check, &played), [""; 0]);
}

/// What the chat took first, with its place in the log.
fn first_of_chat(played: &Played) -> (usize, Timestamp, Received) {
    let mut all = played.log.iter().enumerate();
    let first = all.find_map(|(place, entry)| match &entry.fact {
        Fact::Received(received) if received.channel == "chat" => Some((place, entry.at, received.clone())),
        _ => None,
    });
    first.unwrap()
}

fn take_from_chat(played: &mut Played) -> Received {
    let (place, _, received) = first_of_chat(played);
    played.log.remove(place);
    received
}

fn comes_again(played: &mut Played, mins: i64) {
    let (_, at, received) = first_of_chat(played);
    add(played, minutes(at, mins), Fact::Received(received));
}

fn another_comes(played: &mut Played) {
    let (_, at, mut received) = first_of_chat(played);
    "hook".clone_into(&mut received.channel);
    "another".clone_into(&mut received.id);
    add(played, at, Fact::Received(received));
}

/// The chat is not owed the first message that it took.
fn one_is_not_owed(played: &mut Played) {
    let id = known_as(&take_from_chat(played));
    let end = played.end.as_mut().unwrap();
    end.notifications
        .retain(|owed| owed.channel.as_str() != "chat" || owed.message.as_ref() != Some(&id));
}

/// The last notification of the chat that such a thing fires.
fn last_of_chat(played: &mut Played, is_it: fn(&Transition) -> bool) -> &mut Notification {
    let all = played.end.as_mut().unwrap().notifications.iter_mut();
    let of_chat = all.filter(|owed| owed.channel.as_str() == "chat" && is_it(&owed.transition));
    of_chat.max_by_key(|owed| owed.created_at).unwrap()
}

/// A notification about something that fires to the end comes to this.
fn becomes(played: &mut Played, state: NoticeState) {
    last_of_chat(played, is_reminder).state = state;
}

fn is_reminder(transition: &Transition) -> bool {
    matches!(transition, Transition::Repeated { .. })
}

/// It is from long ago; from when.
fn is_old(played: &mut Played) -> Timestamp {
    let owed = last_of_chat(played, is_reminder);
    owed.created_at = minutes(owed.created_at, -3 * 24 * 60);
    owed.created_at
}

fn waits_long(played: &mut Played) {
    becomes(played, NoticeState::Pending);
    is_old(played);
}

fn dropped(played: &mut Played, why: &str) {
    becomes(played, NoticeState::Dropped(why.to_owned()));
}

fn end_without_beginning(played: &mut Played) {
    let owed = last_of_chat(played, |transition| matches!(transition, Transition::Resolved));
    owed.state = NoticeState::Dropped("its alert never arrived".to_owned());
}

fn dead_unannounced(played: &mut Played) {
    becomes(played, NoticeState::Dead("no".to_owned()));
    let at = is_old(played);
    let down = Happening::Mood {
        receiver: "chat",
        mood: Mood::Down,
    };
    add(played, at, Fact::Began(happening(99, 0, down)));
}
