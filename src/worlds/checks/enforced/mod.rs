//! No change outside the guards, no field but the one, none on data that are known to be wrong; what was told of changes is true.
//! All by what arrived at the API, what persons did there and what the webhook was told; nothing by the program's own word.
//!
//! `bounds` has the guards that a configuration and operators set, `consent` what people decided about changes, `records` what a change may do to a record, `grounds` what a
//! change may rest on, `words` what must be told of changes.

mod bounds;
mod consent;
mod grounds;
mod records;
mod words;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::circumstances::{Circumstances, before};
use super::{Evidence, Invariant, Violation};
use crate::worlds::guards::Guards;
use crate::worlds::log::{Decided, Entry, Fact, Write};
use crate::worlds::plan::{Act, Happening};
use crate::worlds::told::Said;
use crate::worlds::world::Played;

/// How much longer than two intervals a configuration may still be worked by after it was replaced: a sweep that is under way
/// ends as it began, and one whose calls fail slowly takes its time.
const OLD_GUARDS: SignedDuration = SignedDuration::from_hours(1);

pub(super) fn check(evidence: &Evidence<'_>, found: &mut Vec<Violation>) {
    let played = evidence.played;
    let Some(guards) = &played.plan.guards else {
        return;
    };
    let case = Case::of(evidence, guards);
    let rules: [fn(&Case<'_>, &mut Found); 21] = [
        bounds::no_more_than_an_hour_and_a_share_allow,
        consent::nothing_unasked,
        consent::nobody_pressed,
        consent::nobody_held,
        bounds::nothing_in_mode_observe,
        bounds::no_episode_of_another_mode,
        bounds::nobody_protected,
        bounds::nothing_while_the_brake_is_on,
        bounds::once_each_way_in_a_day,
        bounds::no_more_than_the_cap_of_a_day,
        bounds::no_more_than_the_cap_of_a_sweep,
        bounds::the_first_goes_alone,
        records::only_the_one_field,
        records::back_only_what_was_set,
        records::what_differs_stops_everything,
        records::nothing_right_after_an_edit,
        records::nothing_on_an_old_look,
        grounds::a_reading_asks_for_it,
        grounds::no_wrong_data,
        words::what_is_told_is_true,
        words::what_waits_is_told,
    ];
    let mut all = Found {
        until: grounds::codes_accepted_at(&case).unwrap_or(Timestamp::MAX),
        violations: Vec::new(),
    };
    for rule in rules {
        rule(&case, &mut all);
    }
    words::every_change_is_told(&case, &mut all);
    found.append(&mut all.violations);
}

/// What was found.
#[derive(Debug)]
struct Found {
    /// Later than this nobody answers for what HARD means but the person who said so.
    until: Timestamp,
    violations: Vec<Violation>,
}

impl Found {
    fn add(&mut self, at: Timestamp, what: String) {
        if at <= self.until {
            self.violations.push(Violation {
                invariant: Invariant::Enforced,
                at,
                what,
            });
        }
    }
}

/// A change that arrived.
#[derive(Clone, Copy, Debug)]
struct Change<'a> {
    /// Its place in the log.
    place: usize,
    at: Timestamp,
    write: &'a Write,
    /// Each field that became another.
    fields: &'a [(String, String, String)],
    /// Whether a person had just wanted it taken back.
    is_undo: bool,
}

impl Change<'_> {
    /// Whether it set the client to HARD, or back; `None` when it did neither.
    fn sets_hard(&self) -> Option<bool> {
        let Write { before, after, .. } = self.write;
        (before != after).then_some(after == "hard")
    }

    const fn client(&self) -> &String {
        &self.write.client
    }
}

/// Whether a person wanted a change of this client taken back within the last day.
fn was_undone(before: &[Entry], client: &str, at: Timestamp) -> bool {
    let mut recent = before
        .iter()
        .rev()
        .take_while(|entry| at.duration_since(entry.at) <= SignedDuration::from_hours(25));
    recent.any(|entry| matches!(&entry.fact, Fact::Decided { client: of, what: Decided::Undone } if of == client))
}

/// A world, as far as changes are concerned.
struct Case<'a> {
    played: &'a Played,
    circumstances: &'a Circumstances,
    changes: Vec<Change<'a>>,
    /// The guards, each from when on.
    guards: Vec<(Timestamp, &'a Guards)>,
    /// What operators did to the brake: its place in the log, when, and whether they set it.
    brakes: Vec<(usize, Timestamp, bool)>,
    /// What the webhook was told.
    said: Vec<&'a Said>,
}

impl<'a> Case<'a> {
    fn of(evidence: &Evidence<'a>, first: &'a Guards) -> Self {
        let played = evidence.played;
        let mut changes = Vec::new();
        let mut guards = vec![(played.plan.start, first)];
        let mut brakes = Vec::new();
        let skipped: BTreeSet<usize> = played
            .log
            .iter()
            .filter_map(|entry| match &entry.fact {
                Fact::Skipped { number, .. } => Some(*number),
                _ => None,
            })
            .collect();
        for (place, entry) in played.log.iter().enumerate() {
            match &entry.fact {
                Fact::Wrote(write) => changes.push(Change {
                    place,
                    at: entry.at,
                    write,
                    is_undo: was_undone(&played.log[..place], &write.client, entry.at) && write.before == "hard",
                    fields: match played.log.get(place + 1).map(|next| &next.fact) {
                        Some(Fact::Changed { fields, .. }) => fields,
                        _ => &[],
                    },
                }),
                // One that was cut off may have been released.
                Fact::Began(planned) if matches!(planned.what, Happening::Operator(Act::BrakeOff)) => {
                    brakes.push((place, entry.at, false));
                }
                Fact::Began(planned) if !skipped.contains(&planned.number) => match &planned.what {
                    Happening::Operator(Act::BrakeOn) => brakes.push((place, entry.at, true)),
                    Happening::Operator(Act::Guards(changed)) => guards.push((entry.at, changed)),
                    _ => {}
                },
                _ => {}
            }
        }
        let said = evidence.said.iter().filter(|said| said.channel == "hook").collect();
        Self {
            played,
            circumstances: evidence.circumstances,
            changes,
            guards,
            brakes,
            said,
        }
    }

    /// What the program changed because policies ask for it.
    fn automatic(&self) -> impl Iterator<Item = &Change<'a>> + Clone {
        self.changes.iter().filter(|change| !change.is_undo)
    }

    /// Whether an operator decided so about a change's client, no longer than that before it.
    fn was_decided(&self, change: &Change<'_>, wanted: Decided, within: SignedDuration) -> bool {
        let before = self.played.log.get(..change.place).unwrap_or_default();
        let mut before = before.iter().rev();
        let mut recent = before
            .by_ref()
            .take_while(|entry| change.at.duration_since(entry.at) <= within);
        recent.any(|entry| matches!(&entry.fact, Fact::Decided { client, what } if client == change.client() && *what == wanted))
    }

    /// The longer of the schedule's interval and the time that asking everybody takes.
    fn interval(&self) -> SignedDuration {
        let calls = i64::from(self.played.plan.clients) * 2 * 60;
        let revisit = SignedDuration::from_secs(calls / i64::from(self.played.plan.rate_per_minute.max(1)));
        self.played.plan.interval.max(revisit)
    }

    /// Every guards that may have been worked by at a time.
    fn guards_at(&self, at: Timestamp) -> impl Iterator<Item = &'a Guards> {
        let grace = self.interval() * 2 + OLD_GUARDS;
        let ends = self.guards.iter().skip(1).map(|(from, _)| Some(*from)).chain([None]);
        let known = self.guards.iter().zip(ends);
        known
            .filter(move |((from, _), end)| *from <= at && end.is_none_or(|end| at.duration_since(end) < grace))
            .map(|((_, guards), _)| *guards)
    }

    /// When a person last released the brake before a time.
    fn released_before(&self, at: Timestamp) -> Option<Timestamp> {
        let released = self.brakes.iter().filter(|(_, when, is_on)| !is_on && *when <= at);
        released.map(|(_, when, _)| *when).next_back()
    }

    /// Whether the clock was set so shortly before.
    fn clock_was_set(&self, at: Timestamp, within: SignedDuration) -> bool {
        self.circumstances.clock_sets(before(at, within), at) > 0
    }

    /// The place in the log of the last time that a client's record was shown before a change.
    fn last_look(&self, change: &Change<'_>) -> Option<usize> {
        let before = self.played.log.get(..change.place)?;
        before
            .iter()
            .rposition(|entry| matches!(&entry.fact, Fact::Shown { client } if client == change.client()))
    }

    /// Whether the webhook was told of an account's alert after a time, and at the latest so much later.
    fn was_told(&self, policies: &[&str], from: Timestamp, within: SignedDuration) -> bool {
        self.said.iter().any(|said| {
            !said.is_end
                && policies.contains(&said.policy.as_str())
                && said.at >= from
                && said.at.duration_since(from) <= within
        })
    }
}
