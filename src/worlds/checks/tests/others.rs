//! What must be noticed, what must not be told too often or too early, and what ends without a reason.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::super::noticed::interval;
use super::super::{bounded, endings, noticed, wrong_data};
use super::{add, each_is_named, happening, minutes, tell};
use crate::store::DiskTrouble;
use crate::worlds::log::{Fact, Sample};
use crate::worlds::plan::{Happening, Lie, Planned};
use crate::worlds::world::Played;

#[test]
fn what_nobody_noticed_is_named() {
    each_is_named(
        noticed::check,
        &[
            ("a bad disk", a_bad_disk, "nothing can be written since"),
            (
                "a set clock",
                nobody_is_read_after_the_clock_was_set,
                "the clock was set at",
            ),
        ],
    );
}

#[test]
fn what_is_told_too_often_or_too_early_is_named() {
    each_is_named(
        bounded::check,
        &[
            (
                "an outage for each client",
                |it| {
                    tell(it, start(it, 300), ("upstream", "account"));
                    tell(it, start(it, 400), ("blind", "561117"));
                },
                "begins while `upstream` says",
            ),
            ("a relapse", a_relapse_is_told, "that it is low"),
            ("a first look", a_first_look_is_told_at_once, "what a first look found"),
        ],
    );
}

#[test]
fn what_is_believed_too_early_is_named() {
    each_is_named(
        wrong_data::check,
        &[
            ("zeros for all", zeros_for_all, "were told wrong at once"),
            ("half a list", half_a_list, "lacks every second client"),
            ("one wrong balance", one_wrong_balance, "by one wrong balance"),
        ],
    );
}

#[test]
fn what_ends_without_a_reason_is_named() {
    each_is_named(
        endings::check,
        &[
            (
                "no clear reading",
                |it| told(it, 0, 0, "-20"),
                "without two clear readings",
            ),
            (
                "at midnight",
                |it| {
                    tell(it, start(it, 300), ("fraud", &id(it, 0)));
                    end(it, start(it, 400), ("fraud", &id(it, 0)));
                },
                "midnights later",
            ),
        ],
    );
}

/// So many minutes after a world began.
fn start(played: &Played, mins: i64) -> Timestamp {
    minutes(played.plan.start, mins)
}

/// The client at a place among all that have samples.
fn id(played: &Played, place: usize) -> String {
    let mut all: Vec<u32> = played.samples.iter().map(|(client, _)| *client).collect();
    all.sort_unstable();
    all.dedup();
    all[place].to_string()
}

/// Something begins, and is over.
fn lasts(played: &mut Played, (from, to): (i64, i64), what: Happening) {
    let planned = Planned {
        lasting: std::time::Duration::from_secs(1),
        ..happening(99, 0, what)
    };
    add(played, start(played, from), Fact::Began(planned.clone()));
    add(played, start(played, to), Fact::Over(planned));
}

fn a_bad_disk(played: &mut Played) {
    lasts(played, (700, 1_000), Happening::Disk(DiskTrouble::ReadOnly));
}

fn nobody_is_read_after_the_clock_was_set(played: &mut Played) {
    let set_at = start(played, 700);
    let until = set_at + interval(played) * 2 + SignedDuration::from_mins(12);
    played
        .log
        .retain(|entry| !(matches!(entry.fact, Fact::Read { .. }) && entry.at >= set_at && entry.at <= until));
    let wall = Happening::Wall(SignedDuration::from_hours(-6));
    add(played, set_at, Fact::Began(happening(99, 0, wall)));
    // It goes on afterwards.
    add(played, until, Fact::Beat { path: String::new() });
}

/// The webhook is told that something is over.
fn end(played: &mut Played, at: Timestamp, about: (&str, &str)) {
    tell(played, at, about);
    let place = played.log.partition_point(|entry| entry.at <= at) - 1;
    if let Fact::Received(received) = &mut played.log[place].fact {
        received.body = received.body.replace("firing", "resolved");
    }
}

/// A mail to a client, made of one that came.
fn mail(played: &mut Played, at: Timestamp, (client, subject): (&str, &str)) {
    let mails = played.log.iter().filter_map(|entry| match &entry.fact {
        Fact::Received(received) if received.channel == "mail" && received.client == client => Some(received.clone()),
        _ => None,
    });
    let is_client = |body: &str| !body.contains("balancewatch");
    let mut mail = mails.into_iter().find(|mail| is_client(&mail.body)).unwrap();
    let before = mail
        .body
        .lines()
        .find(|line| line.starts_with("Subject: "))
        .unwrap()
        .to_owned();
    mail.body = mail.body.replacen(&before, &format!("Subject: {subject}"), 1);
    mail.id = format!("<{at}@example.com>");
    add(played, at, Fact::Received(mail));
}

fn a_relapse_is_told(played: &mut Played) {
    let client = &id(played, 0);
    for (mins, subject) in [
        (900, "Your phone balance is low: 5.00 USD left"),
        (1_000, "Your phone balance is 50.00 USD again"),
        (1_100, "Your phone balance is low: 4.00 USD left"),
    ] {
        mail(played, start(played, mins), (client, subject));
    }
}

/// Two clients were low from the beginning, and nobody may be told within an hour.
fn a_first_look_is_told_at_once(played: &mut Played) {
    let setting = played
        .plan
        .config
        .lines()
        .find(|line| line.starts_with("client_mails_per_hour"))
        .unwrap()
        .to_owned();
    played.plan.config = played.plan.config.replace(&setting, "client_mails_per_hour = 0");
    told(played, 1, 0, "-1");
    told(played, 4, 0, "-1");
}

/// What the API told of a client from a minute on is another balance.
fn told(played: &mut Played, place: usize, from: i64, balance: &str) {
    let (client, since) = (id(played, place), start(played, from));
    for entry in played.log.iter_mut().filter(|entry| entry.at >= since) {
        if let Fact::Read { client: of, told, .. } = &mut entry.fact
            && *of == client
        {
            *told = balance.parse().unwrap();
        }
    }
}

/// A client that has money and a threshold, read at these minutes, with what was told of it.
fn reads(played: &mut Played, client: u32, readings: &[(i64, i64)]) {
    let sample = Sample {
        at: start(played, 0),
        balance_tenthousandths: 1_000_000,
        threshold: "10".into(),
        is_hard: false,
    };
    played.samples.push((client, sample));
    for (mins, told) in readings {
        let fact = Fact::Read {
            client: client.to_string(),
            told: Decimal::from(*told),
            truth: Decimal::from(100),
        };
        add(played, start(played, *mins), fact);
    }
}

fn zeros_for_all(played: &mut Played) {
    for client in 700_001..700_020 {
        reads(played, client, &[(695, 100), (705, 0)]);
    }
    lasts(played, (700, 1_000), Happening::Lie(Lie::Zeros));
}

fn half_a_list(played: &mut Played) {
    played.plan.clients = 20;
    lasts(played, (700, 1_000), Happening::Lie(Lie::HalfTheList));
}

fn one_wrong_balance(played: &mut Played) {
    // It runs since long ago.
    played.log.retain(|entry| !matches!(entry.fact, Fact::Started { .. }));
    reads(played, 700_001, &[(1_640, 100), (1_650, 3)]);
    lasts(played, (1_645, 1_660), Happening::Lie(Lie::Wild(0)));
    let client = id(played, 0);
    mail(
        played,
        start(played, 1_651),
        (&client, "Your phone balance is low: 3.00 USD left"),
    );
    let place = played.log.partition_point(|entry| entry.at <= start(played, 1_651)) - 1;
    if let Fact::Received(received) = &mut played.log[place].fact {
        "700001".clone_into(&mut received.client);
    }
}
