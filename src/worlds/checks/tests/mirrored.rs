//! An Alertmanager that shows something else than what fires.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::mirrored::check;
use super::{add, each_is_named, minutes};
use crate::worlds::log::{Entry, Fact, Received};
use crate::worlds::world::Played;

#[test]
fn what_is_shown_and_does_not_fire_is_named_and_the_other_way_round() {
    each_is_named(
        check,
        &[
            (
                "nothing is posted",
                |it| it.log.retain(|entry| mirrored(entry).is_none()),
                "Alertmanager does not show that it fires",
            ),
            (
                "it is over, and posted all the same",
                |it| posted_again(it, evening(it), |_| {}),
                "Alertmanager shows that it fires, and it is over",
            ),
            (
                "the same at the end",
                |it| posted_again(it, minutes(it.ended, -30), |_| {}),
                "at the end Alertmanager shows that it fires, which it does not",
            ),
            (
                "it begins tomorrow",
                |it| posted_again(it, noon(it), |alert| alert["startsAt"] = json!("2026-01-07T00:00:00Z")),
                "was posted to begin at",
            ),
        ],
    );
}

/// While the first client's alerts fire.
fn noon(played: &Played) -> Timestamp {
    minutes(played.plan.start, 400)
}

/// When they are over.
fn evening(played: &Played) -> Timestamp {
    minutes(played.plan.start, 720)
}

fn mirrored(entry: &Entry) -> Option<&Received> {
    match &entry.fact {
        Fact::Received(received) if received.channel == "mirror" => Some(received),
        _ => None,
    }
}

/// The first client's alert is posted once more, for ten hours.
fn posted_again(played: &mut Played, at: Timestamp, edit: fn(&mut Value)) {
    let mut posts = played.log.iter().filter_map(mirrored);
    let (received, mut alert) = posts
        .find_map(|received| {
            let alerts: Vec<Value> = serde_json::from_str(&received.body).ok()?;
            let of_first = |alert: &Value| alert["labels"]["client"] == "561115";
            Some((received.clone(), alerts.into_iter().find(of_first)?))
        })
        .unwrap();
    alert["endsAt"] = json!(minutes(at, 600));
    edit(&mut alert);
    let body = json!([alert]).to_string();
    add(played, at, Fact::Received(Received { body, ..received }));
}
