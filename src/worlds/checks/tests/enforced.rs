//! Changes that must not be, and words about changes that are not so.

use jiff::{SignedDuration, Timestamp};

use super::super::enforced::check;
use super::{CLEAN, add, each_is_named, found, happening, minutes, tell};
use crate::worlds::guards::Guards;
use crate::worlds::log::{Basis, Entry, Fact, Write};
use crate::worlds::plan::{Act, Happening, Lie};
use crate::worlds::told::{self, Word};
use crate::worlds::world::Played;

#[test]
fn guards_that_were_passed_over_are_named() {
    each_is_named(
        check,
        &[
            ("mode observe", |it| guards(it).applies = false, "in mode observe"),
            (
                "an episode of mode observe",
                mode_changes_after_the_episode_began,
                "an episode that began in mode observe",
            ),
            (
                "protected",
                |it| guards(it).protect = vec![client(it, HARD)],
                "is protected",
            ),
            (
                "a person's brake",
                |it| operator(it, Act::BrakeOn, -1),
                "while a person had set the brake",
            ),
            (
                "the program's brake",
                brake_is_told,
                "while the brake was on, as was told",
            ),
            (
                "a brake that was there to be read",
                brake_at_the_last_look,
                "while a person had set the brake",
            ),
            (
                "the first one",
                |it| guards(it).canary_wait_secs = 24 * 3_600,
                "right after the first change ever",
            ),
            ("twice in a day", |it| again(it, HARD, -30), "twice in 24 hours"),
            (
                "the cap of a day",
                |it| guards(it).per_day = 1,
                "changes one way in 24 hours, where 1 are allowed",
            ),
            (
                "the cap of a sweep",
                |it| guards(it).per_sweep = 1,
                "changes one way in a sweep, where 1 are allowed",
            ),
        ],
    );
}

#[test]
fn what_a_change_may_not_do_to_a_record_is_named() {
    each_is_named(
        check,
        &[
            ("another field", another_field_is_changed, "changed `city`, too"),
            (
                "back, and never set",
                set_back_is_who_never_was_set,
                "it was not the program that had set it",
            ),
            (
                "back, and no policy says so",
                |it| guards(it).policies[0].reverts = false,
                "no policy says so",
            ),
            (
                "back after an edit",
                |it| edit_before(it, BACK, -30),
                "was set back after a person had changed city",
            ),
            (
                "an edit that was there to be seen",
                |it| edit_before(it, HARD, -5),
                "soon after a person had edited the record",
            ),
            (
                "an old look",
                |it| look_was_earlier(it, SECOND),
                "and its record was last read",
            ),
            (
                "an edit that nobody was told of",
                |it| edit_behind(it, SECOND),
                "`city` of client",
            ),
        ],
    );
}

#[test]
fn grounds_that_are_none_are_named() {
    each_is_named(
        check,
        &[
            (
                "no reading",
                |it| write(it, HARD).basis = None,
                "was set to HARD without a reading",
            ),
            (
                "an old reading",
                |it| basis(it, |basis| basis.at = minutes(basis.at, -20)),
                "was set to HARD by a reading of",
            ),
            (
                "a reading that asks for nothing",
                |it| basis(it, |basis| basis.told.balance = 5.into()),
                "with a balance of 5",
            ),
            (
                "one wrong balance",
                |it| basis(it, |basis| wrong_since(basis, 0)),
                "by one wrong balance",
            ),
            (
                "many wrong balances",
                many_are_misled,
                "while 50 clients are told wrong",
            ),
        ],
    );
}

/// Whoever releases the brake while HARD and SOFT are told the other way round accepts that, and answers for it.
#[test]
fn nothing_is_named_once_a_person_accepted_other_codes() {
    let mut played = CLEAN.clone();
    set_back_is_who_never_was_set(&mut played);
    let before = minutes(at(&played, BACK + 1), -30);
    let release = |number| Fact::Began(happening(number, 0, Happening::Operator(Act::BrakeOff)));
    add(&mut played, minutes(before, -20), release(97));
    assert_eq!(found(check, &played).len(), 1, "the codes are what they were");
    let lie = Fact::Began(happening(98, 0, Happening::Lie(Lie::Codes)));
    add(&mut played, minutes(before, -10), lie);
    assert_eq!(found(check, &played).len(), 1, "nobody accepted them");
    add(&mut played, before, release(99));
    assert_eq!(found(check, &played), [""; 0]);
}

#[test]
fn words_that_are_not_so_are_named() {
    each_is_named(
        check,
        &[
            (
                "told, and not done",
                |it| drop(it.log.drain(place(it, SECOND)..place(it, SECOND) + 2)),
                "and this was told",
            ),
            (
                "wanted, and neither done nor told",
                nothing_is_done,
                "nobody was told that it waits",
            ),
            (
                "done, and not told",
                |it| it.log.retain(|entry| !tells_of_hard(entry)),
                "and nobody was told",
            ),
        ],
    );
}

/// The changes of the world, by their places among all.
const HARD: usize = 0;
const SECOND: usize = 1;
const BACK: usize = 3;

/// Where in the log a change is.
fn place(played: &Played, change: usize) -> usize {
    let places = played.log.iter().enumerate();
    let mut changes = places.filter(|(_, entry)| matches!(entry.fact, Fact::Wrote(_)));
    changes.nth(change).unwrap().0
}

fn at(played: &Played, change: usize) -> Timestamp {
    played.log[place(played, change)].at
}

fn write(played: &mut Played, change: usize) -> &mut Write {
    let place = place(played, change);
    match &mut played.log[place].fact {
        Fact::Wrote(write) => write,
        other => panic!("{other:?}"),
    }
}

fn client(played: &Played, change: usize) -> String {
    match &played.log[place(played, change)].fact {
        Fact::Wrote(write) => write.client.clone(),
        other => panic!("{other:?}"),
    }
}

fn guards(played: &mut Played) -> &mut Guards {
    played.plan.guards.as_mut().unwrap()
}

fn basis(played: &mut Played, edit: impl FnOnce(&mut Basis)) {
    edit(write(played, HARD).basis.as_mut().unwrap());
}

/// What was told is wrong, since so many minutes: the client has money.
fn wrong_since(basis: &mut Basis, mins: i64) {
    basis.truth.balance = 50.into();
    basis.before = Some(50.into());
    basis.wrong_since = Some(minutes(basis.at, -mins));
}

fn many_are_misled(played: &mut Played) {
    basis(played, |basis| wrong_since(basis, 300));
    write(played, HARD).misled = 50;
}

/// An operator does something, so many minutes after the first change.
fn operator(played: &mut Played, act: Act, mins: i64) {
    let began = Fact::Began(happening(99, 0, Happening::Operator(act)));
    add(played, minutes(at(played, HARD), mins), began);
}

/// The webhook is told of the first change's episode two hours before it; the mode becomes apply one hour before it.
fn mode_changes_after_the_episode_began(played: &mut Played) {
    let applies = guards(played).clone();
    guards(played).applies = false;
    let client = client(played, HARD);
    tell(played, minutes(at(played, HARD), -120), ("stop-empty", &client));
    operator(played, Act::Guards(applies), -60);
}

fn brake_is_told(played: &mut Played) {
    tell(played, minutes(at(played, HARD), -1), ("brake", "account"));
}

/// A change comes again so many minutes later, on a reading of then.
fn again(played: &mut Played, change: usize, mins: i64) {
    let place = place(played, change);
    let client = client(played, change);
    let look = Entry {
        at: played.log[place].at,
        fact: Fact::Shown { client },
    };
    let again = [&[look], &played.log[place..place + 2]].concat();
    for mut entry in again {
        entry.at = minutes(entry.at, mins);
        if let Fact::Wrote(write) = &mut entry.fact {
            write.wall = minutes(write.wall, mins);
            write.basis = write.basis.take().map(|basis| Basis { at: entry.at, ..basis });
        }
        add(played, entry.at, entry.fact);
    }
}

fn another_field_is_changed(played: &mut Played) {
    let place = place(played, HARD);
    if let Fact::Changed { fields, .. } = &mut played.log[place + 1].fact {
        fields.push(edited());
    }
}

/// The last change is another client's.
fn set_back_is_who_never_was_set(played: &mut Played) {
    again(played, BACK, 600);
    "561120".clone_into(&mut write(played, BACK + 1).client);
    let (at, place, client) = (at(played, BACK + 1), place(played, BACK + 1), "561120".to_owned());
    let fact = Fact::Shown { client };
    played.log.insert(place, Entry { at, fact });
}

fn edited() -> (String, String, String) {
    ("city".to_owned(), "\"Toronto\"".to_owned(), "\"Ottawa\"".to_owned())
}

/// A person edits the record of whom a change is about, so many minutes after it.
fn edit_before(played: &mut Played, change: usize, mins: i64) {
    let (client, at) = (client(played, change), minutes(at(played, change), mins));
    let fields = vec![edited()];
    add(played, at, Fact::Edited { client, fields });
}

/// The same right after it, before it is read back.
fn edit_behind(played: &mut Played, change: usize) {
    let (client, place) = (client(played, change), place(played, change));
    let fields = vec![edited()];
    let (at, fact) = (played.log[place].at, Fact::Edited { client, fields });
    played.log.insert(place + 2, Entry { at, fact });
}

/// The record was read for the last time ten seconds before the change.
fn look_was_earlier(played: &mut Played, change: usize) {
    let (client, place) = (client(played, change), place(played, change));
    let early = played.log[place].at - SignedDuration::from_secs(10);
    for entry in &mut played.log[..place] {
        let is_look = matches!(&entry.fact, Fact::Shown { client: of } if *of == client);
        if is_look && entry.at > early {
            entry.at = early;
        }
    }
}

/// The brake is set right before the record is read for the last time.
fn brake_at_the_last_look(played: &mut Played) {
    let place = place(played, HARD);
    let before = &played.log[..place];
    let look = before
        .iter()
        .rposition(|entry| matches!(entry.fact, Fact::Shown { .. }))
        .unwrap();
    let fact = Fact::Began(happening(99, 0, Happening::Operator(Act::BrakeOn)));
    let at = played.log[look].at;
    played.log.insert(look, Entry { at, fact });
}

/// Everybody stays SOFT, and nobody is told anything of changes.
fn nothing_is_done(played: &mut Played) {
    played.log.retain(|entry| {
        let is_change = matches!(entry.fact, Fact::Wrote(_) | Fact::Changed { .. });
        !is_change && !tells_of_changes(entry)
    });
    for (_, sample) in &mut played.samples {
        sample.is_hard = false;
    }
}

fn tells_of_changes(entry: &Entry) -> bool {
    let said = told::said(std::slice::from_ref(entry));
    said.iter().any(|said| said.word == Word::Else)
}

fn tells_of_hard(entry: &Entry) -> bool {
    matches!(&entry.fact, Fact::Received(received) if received.body.contains(" is set to HARD: "))
}
