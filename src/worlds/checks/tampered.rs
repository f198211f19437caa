//! Each promise about who is told can be broken: a world in which all is well, tampered with, is found out.

use jiff::{SignedDuration, Timestamp};

use super::{Invariant, all};
use crate::domain::notice::{NoticeState, Transition};
use crate::worlds::log::{Entry, Fact, Received};
use crate::worlds::told::{Word, said};
use crate::worlds::world::Played;
use crate::worlds::{play, seed};

/// A world without violations in which alerts begin and end.
const SEED: u64 = 1;

/// What is done to a world, what it breaks, and some words of how that is told.
type Case = (&'static str, fn(&mut Played), Invariant, &'static str);

const CASES: [Case; 9] = [
    ("a message is lost", lose, Invariant::Delivered, "never came"),
    ("one comes again", repeat, Invariant::Delivered, "again"),
    ("one that is not owed", make_up, Invariant::Delivered, "does not know"),
    ("a channel is forgotten", forget, Invariant::Delivered, "is not owed it"),
    (
        "given up for nothing",
        give_up,
        Invariant::Delivered,
        "took all the time",
    ),
    ("dropped for nothing", drop_one, Invariant::Delivered, "is not so"),
    ("an end comes alone", behead, Invariant::Episodes, "did not fire"),
    (
        "an end is not told",
        never_end,
        Invariant::Episodes,
        "believes to the end",
    ),
    ("a client is flooded", flood, Invariant::Bounded, "mails in 24 hours"),
];

#[test]
fn what_is_broken_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let played = play(seed::plan(SEED, 1), folder.path());
    let own = |found: &super::Violation| CASES.iter().any(|(_, _, invariant, _)| *invariant == found.invariant);
    let before: Vec<_> = all(&played).into_iter().filter(own).collect();
    assert_eq!(before, []);
    for (name, tamper, invariant, words) in CASES {
        let mut tampered = played.clone();
        tamper(&mut tampered);
        let found = all(&tampered);
        let is_it = |found: &super::Violation| found.invariant == invariant && found.what.contains(words);
        assert!(found.iter().any(is_it), "{name}: {found:#?}");
    }
}

/// Where the first word of this kind stands that the webhook heard of a client's low balance.
fn heard(played: &Played, word: Word) -> usize {
    let told = said(&played.log);
    let said = told
        .iter()
        .find(|said| said.channel == "hook" && said.policy == "low-balance" && said.word == word);
    let said = said.expect("it heard one");
    let is_it = |entry: &Entry| matches!(&entry.fact, Fact::Received(received) if received.id == said.id);
    played.log.iter().position(is_it).expect("it came")
}

fn received(played: &Played, place: usize) -> (Timestamp, Received) {
    let entry = &played.log[place];
    match &entry.fact {
        Fact::Received(received) => (entry.at, received.clone()),
        other => unreachable!("{other:?}"),
    }
}

fn add(played: &mut Played, at: Timestamp, received: Received) {
    let place = played.log.partition_point(|entry| entry.at <= at);
    let fact = Fact::Received(received);
    played.log.insert(place, Entry { at, fact });
}

fn later(at: Timestamp, hours: i64) -> Timestamp {
    at + SignedDuration::from_hours(hours)
}

fn lose(played: &mut Played) {
    let place = heard(played, Word::Begins);
    played.log.remove(place);
}

fn repeat(played: &mut Played) {
    let place = heard(played, Word::Ends);
    let (at, received) = received(played, place);
    add(played, later(at, 1), received);
}

fn make_up(played: &mut Played) {
    let place = heard(played, Word::Ends);
    let (at, mut received) = received(played, place);
    received.id.push_str("_x");
    add(played, later(at, 1), received);
}

fn forget(played: &mut Played) {
    let end = played.end.as_mut().expect("the store can be read");
    let fired = |owed: &crate::domain::notice::Notification| matches!(owed.transition, Transition::Fired { .. });
    let place = end
        .notifications
        .iter()
        .position(|owed| fired(owed) && owed.channel.as_str() == "push");
    end.notifications.remove(place.expect("it was owed something"));
}

fn change(played: &mut Played, state: &NoticeState) {
    let end = played.end.as_mut().expect("the store can be read");
    let owed = end
        .notifications
        .iter_mut()
        .find(|owed| owed.channel.as_str() == "hook");
    owed.expect("it was owed something").state = state.clone();
}

fn give_up(played: &mut Played) {
    change(played, &NoticeState::Dead("its deadline is over".to_owned()));
}

fn drop_one(played: &mut Played) {
    change(played, &NoticeState::Dropped("no address".to_owned()));
}

fn behead(played: &mut Played) {
    let place = heard(played, Word::Ends);
    let (at, mut received) = received(played, place);
    received.body = received.body.replace("\"client\":\"", "\"client\":\"9");
    add(played, at, received);
}

fn never_end(played: &mut Played) {
    let told = said(&played.log);
    let ends: Vec<&String> = told
        .iter()
        .filter(|said| said.channel == "hook" && said.is_end)
        .map(|said| &said.id)
        .collect();
    played
        .log
        .retain(|entry| !matches!(&entry.fact, Fact::Received(received) if ends.contains(&&received.id)));
}

fn flood(played: &mut Played) {
    let is_mail = |entry: &Entry| matches!(&entry.fact, Fact::Received(received) if !received.client.is_empty());
    let place = played.log.iter().position(is_mail).expect("a client was told");
    let (at, mail) = received(played, place);
    for number in 0..60 {
        let mut mail = mail.clone();
        mail.id.push_str(&number.to_string());
        add(played, at, mail);
    }
}
