//! What operators read about an enforcement that ended. Says what was done and read back, never that anybody is
//! suspended. Pure.

use jiff::Timestamp;

use super::super::words::{LONGEST_NAME, LONGEST_TEXT, one_line};
use super::super::{Column, Letter, Table, Tone};
use super::scene::{Scene, Topic};
use super::steps::spending_steps;
use crate::domain::Management;
use crate::domain::enforcement::{Deferral, Direction, FieldDifference, Outcome};

/// Most fields shown that differ; a record has thirteen that setClient writes.
const MOST_FIELDS: usize = 30;

/// The letter, without the facts that every letter has.
pub(super) fn letter(scene: &Scene<'_>, outcome: &Outcome, wanted: Management, direction: Direction) -> Letter {
    let mut letter = match outcome {
        Outcome::Verified => verified(scene, wanted, direction),
        Outcome::Already => Letter {
            tone: Tone::Neutral,
            badge: "NOTHING TO CHANGE".to_owned(),
            headline: format!("{} is {wanted} already", scene.who()),
            paragraphs: vec![format!(
                "Nothing was sent. It was not set by balancewatch, so balancewatch will not set it back either.{}",
                effect_of(wanted)
            )],
            ..Letter::default()
        },
        Outcome::Refused { why } => not_done(
            scene,
            wanted,
            "NOT DONE",
            vec![format!(
                "balancewatch refused: {}. Nothing was changed.",
                one_line(&why.to_string(), LONGEST_TEXT)
            )],
        ),
        Outcome::Declined { code } => not_done(
            scene,
            wanted,
            "DECLINED",
            vec![format!(
                "VoIP.ms declined the change with the code `{}`. Nothing was changed. It is tried again every 15 minutes \
                 while the alert fires, and the next mail about it tells how it ended.",
                one_line(code, LONGEST_NAME)
            )],
        ),
        Outcome::DidNotHappen => not_done(
            scene,
            wanted,
            "DID NOT HAPPEN",
            vec![
                "The request got no answer. Read again after its deadline, the record is unchanged, so the change did \
                 not happen. It may be planned anew while the alert fires."
                    .to_owned(),
            ],
        ),
        Outcome::Differs { fields } => differs(scene, fields, wanted),
        Outcome::Unknown { error } => unknown(scene, error, wanted),
        Outcome::Asked {
            id, until, needed, why, ..
        } => asked(scene, (id, *until, *needed, why.as_deref()), wanted, direction),
        Outcome::Waiting { why, others } => waiting(scene, why, *others, wanted, direction),
        Outcome::Cancelled => Letter {
            tone: Tone::Neutral,
            badge: "CALLED OFF".to_owned(),
            headline: format!("{}: setting it to {wanted} was called off", scene.who()),
            paragraphs: vec!["It was no longer wanted before anything was sent. Nothing was changed.".to_owned()],
            ..Letter::default()
        },
    };
    letter.subject = format!("{}: {}", letter.badge, letter.headline);
    if scene.topic() == Topic::Spending && direction == Direction::Enforce {
        // A setting ends no calls while there is money: what does is a person in the portal.
        letter.steps.extend(spending_steps());
    }
    letter
}

/// What a value means for calls, as a sentence to append.
const fn effect_of(wanted: Management) -> &'static str {
    match wanted {
        Management::Hard => " HARD means that calls should stop at 0; emergency calls may not go through then either.",
        Management::Soft => " SOFT means that it may go below 0, at your cost.",
    }
}

fn verified(scene: &Scene<'_>, wanted: Management, direction: Direction) -> Letter {
    let who = scene.who();
    let set = match direction {
        Direction::Enforce => "set to",
        Direction::Revert => "set back to",
    };
    let effect = match (wanted, scene.last_balance()) {
        (Management::Soft, _) => "it may go below 0, at your cost".to_owned(),
        (Management::Hard, Some(balance)) if balance.is_positive() => {
            format!("calls should stop at 0, {} left", scene.amount(balance))
        }
        (Management::Hard, Some(balance)) => {
            format!("calls should stop, as the balance is {}", scene.amount(balance))
        }
        (Management::Hard, None) => "calls should stop at 0".to_owned(),
    };
    let mut paragraphs =
        vec!["The record was read back: the value is there, and nothing else in it changed.".to_owned()];
    if wanted == Management::Hard {
        paragraphs.push(
            "This is a setting at VoIP.ms, no proof that calls stop. When they stop, emergency calls may not go \
             through either: tell the client."
                .to_owned(),
        );
    }
    let steps = match (wanted, direction) {
        (Management::Hard, Direction::Enforce) => {
            vec!["To take it back, set its balance management to SOFT in the VoIP.ms portal.".to_owned()]
        }
        _ => Vec::new(),
    };
    Letter {
        tone: if direction == Direction::Enforce {
            Tone::Warn
        } else {
            Tone::Good
        },
        badge: if direction == Direction::Enforce {
            "CHANGED"
        } else {
            "CHANGED BACK"
        }
        .to_owned(),
        headline: format!("{who} is {set} {wanted}: {effect}"),
        paragraphs,
        steps,
        ..Letter::default()
    }
}

/// What is to be approved: its id, until when, by how many, and why it is asked for in mode apply.
type Request<'a> = (&'a str, Timestamp, u32, Option<&'a str>);

/// People are asked to approve it.
fn asked(scene: &Scene<'_>, request: Request<'_>, wanted: Management, direction: Direction) -> Letter {
    let (id, until, needed, why) = request;
    let set = match direction {
        Direction::Enforce => "set it to",
        Direction::Revert => "set it back to",
    };
    let left = scene
        .last_balance()
        .map_or(String::new(), |balance| format!(", {} left", scene.amount(balance)));
    let mut paragraphs = vec![match why {
        Some(why) => format!(
            "balancewatch would {set} {wanted}, but asks first: {}.",
            one_line(why, LONGEST_TEXT)
        ),
        None => format!("balancewatch would {set} {wanted}, and changes nothing without an answer."),
    }];
    paragraphs.push(effect_of(wanted).trim_start().to_owned());
    let people = if needed > 1 {
        format!(" {needed} different people have to.")
    } else {
        String::new()
    };
    paragraphs.push(format!(
        "It can be approved until {}.{people} Without an answer nothing is changed, and you are asked again while it is \
         wanted. Once approved, everything is read again before the change; it is made in the next sweep if it is still \
         called for.",
        scene.at(until)
    ));
    Letter {
        tone: Tone::Warn,
        badge: "APPROVE?".to_owned(),
        headline: format!("{}: {set} {wanted}{left}?", scene.who()),
        paragraphs,
        steps: vec![
            format!("To approve: `balancewatch enforcements approve {id} --comment \"why\"`"),
            format!(
                "To reject, for as long as this alert lasts: `balancewatch enforcements reject {id} --comment \"why\"`"
            ),
        ],
        ..Letter::default()
    }
}

/// It is neither done nor given up: what it waits for, and what a person can do meanwhile.
fn waiting(scene: &Scene<'_>, why: &Deferral, others: u64, wanted: Management, direction: Direction) -> Letter {
    let set = match direction {
        Direction::Enforce => "set to",
        Direction::Revert => "set back to",
    };
    let mut paragraphs = vec![
        format!("What it waits for: {}.", one_line(&why.to_string(), LONGEST_TEXT)),
        format!(
            "balancewatch goes on while {}. Another mail tells how it ended, or that it waits for something else.",
            match direction {
                Direction::Enforce => "the alert fires",
                Direction::Revert => "nothing asks for what is set now",
            }
        ),
    ];
    if others > 0 {
        let wait = if others == 1 { "client waits" } else { "clients wait" };
        paragraphs.push(format!(
            "{others} more {wait} for the same: `balancewatch plan` shows all that is wanted."
        ));
    }
    let mut steps = match why {
        Deferral::Brake => vec!["See why the brake is on, then release it: `balancewatch brake off`.".to_owned()],
        Deferral::DayCap { .. } => vec!["If it must not wait, raise `max_per_day` and restart.".to_owned()],
        Deferral::SweepCap { .. } => vec!["If it must not wait, raise `max_per_sweep` and restart.".to_owned()],
        Deferral::HourCap { .. } => vec!["If it must not wait, raise `max_per_hour` and reload.".to_owned()],
        Deferral::ShareCap { .. } => vec!["If it must not wait, raise `max_share_per_day` and reload.".to_owned()],
        Deferral::Held { .. } => vec![format!(
            "If nothing speaks against it any more, release the client: `balancewatch release {}`.",
            scene.notification.client
        )],
        _ => Vec::new(),
    };
    steps.push(format!(
        "If it cannot wait, set it to {wanted} in the VoIP.ms portal. {}",
        effect_of(wanted).trim_start()
    ));
    Letter {
        tone: Tone::Warn,
        badge: "STILL WAITS".to_owned(),
        headline: format!("{} is not {set} {wanted} yet", scene.who()),
        paragraphs,
        steps,
        ..Letter::default()
    }
}

fn not_done(scene: &Scene<'_>, wanted: Management, badge: &str, paragraphs: Vec<String>) -> Letter {
    Letter {
        tone: Tone::Warn,
        badge: badge.to_owned(),
        headline: format!("{} was not set to {wanted}", scene.who()),
        paragraphs,
        steps: vec![format!(
            "Decide yourself: set it to {wanted} in the VoIP.ms portal, or leave it as it is. {}",
            effect_of(wanted).trim_start()
        )],
        ..Letter::default()
    }
}

fn differs(scene: &Scene<'_>, fields: &[FieldDifference], wanted: Management) -> Letter {
    let cell = |text: &str| {
        let text = one_line(text, LONGEST_NAME);
        if text.is_empty() { "(empty)".to_owned() } else { text }
    };
    let column = |name| Column {
        name,
        numbers: false,
        below: false,
    };
    // The domain never carries the password here; this is the second lock on the same door.
    let shown = |field: &FieldDifference| {
        if field.field.contains("password") {
            vec![cell(&field.field), "(not shown)".to_owned(), "(not shown)".to_owned()]
        } else {
            vec![cell(&field.field), cell(&field.expected), cell(&field.found)]
        }
    };
    Letter {
        tone: Tone::Bad,
        badge: "ACT NOW".to_owned(),
        headline: format!(
            "{}'s record is not what it should be after the change to {wanted}",
            scene.who()
        ),
        paragraphs: vec![
            "What was read back differs from what was meant. The brake is on: balancewatch changes nothing any more, \
             and will not repair this by itself."
                .to_owned(),
        ],
        table: Some(Table {
            head: vec![column("Field"), column("Should be"), column("Is")],
            rows: fields.iter().take(MOST_FIELDS).map(shown).collect(),
            more: match fields.len().saturating_sub(MOST_FIELDS) {
                0 => String::new(),
                more => format!("and {more} more"),
            },
        }),
        steps: vec![
            "Open the client in the VoIP.ms portal and put right what is wrong.".to_owned(),
            "`balancewatch enforcements show` has the whole record as it was before, without the password.".to_owned(),
            "When all is well, release the brake: `balancewatch brake off`.".to_owned(),
        ],
        ..Letter::default()
    }
}

fn unknown(scene: &Scene<'_>, error: &str, wanted: Management) -> Letter {
    Letter {
        tone: Tone::Bad,
        badge: "UNKNOWN".to_owned(),
        headline: format!("it is not known whether {} was set to {wanted}", scene.who()),
        paragraphs: vec![format!(
            "The request may have arrived, and the record could not be read since ({}).",
            one_line(error, LONGEST_NAME)
        )],
        steps: vec![format!(
            "Look in the VoIP.ms portal which balance management the client has, and whether its other data are as \
             they were. {}",
            effect_of(wanted).trim_start()
        )],
        ..Letter::default()
    }
}
