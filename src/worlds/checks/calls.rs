//! The cap of calls is never exceeded, and nothing grows without end: lines of the log, bytes of the store, and descriptors. A long
//! world's second half is measured by its first; resident memory is for whoever runs worlds at night.

use jiff::{SignedDuration, Timestamp};

use super::bounded::densest;
use super::{Evidence, Invariant, Violation};
use crate::worlds::growth::Growth;
use crate::worlds::log::Fact;
use crate::worlds::plan::Happening;

/// What the cap is for.
const A_MINUTE: SignedDuration = SignedDuration::from_secs(60);

/// Worlds of fewer days are too short to be measured by their own first half.
const LONG_DAYS: usize = 40;

/// What other worlds of the process may open meanwhile.
const OTHER_DESCRIPTORS: u64 = 100;

/// Lines of the log that a day may bring, whatever happens: a few for each client, and those of a bad day. Besides, a program that
/// cannot use its disk is started every ten seconds, and says so in ten lines.
const LINES_A_DAY: u64 = 1_500;

/// Lines that each client may bring on a day.
const LINES_A_CLIENT: u64 = 60;

pub(super) fn check(evidence: &Evidence<'_>, found: &mut Vec<Violation>) {
    let played = evidence.played;
    let mut add = |at: Timestamp, what: String| {
        let invariant = Invariant::Calls;
        found.push(Violation { invariant, at, what });
    };
    let asked = played
        .log
        .iter()
        .filter(|entry| matches!(entry.fact, Fact::Asked { .. }));
    let times: Vec<Timestamp> = asked.map(|entry| entry.at).collect();
    let cap = usize::try_from(played.plan.rate_per_minute).unwrap_or(usize::MAX);
    // Processes know of each other's calls by the wall clock: they lose count where it is set.
    let mut from = 0;
    for set_at in evidence.circumstances.far_sets().chain([Timestamp::MAX]) {
        let until = times.partition_point(|at| *at < set_at);
        let (calls, at) = densest(&times[from..until], A_MINUTE);
        if calls > cap {
            add(at, format!("{calls} calls in 60 s, where {cap} are allowed"));
        }
        from = until;
    }
    let happenings = played.plan.happenings.iter();
    let disks = happenings.filter(|planned| matches!(planned.what, Happening::Disk(_)));
    let bad_secs: u64 = disks.map(|planned| planned.lasting.as_secs()).sum();
    let most = LINES_A_DAY + LINES_A_CLIENT * u64::from(played.plan.clients) + bad_secs;
    for day in played.growth.windows(2) {
        let lines = day[1].lines.all() - day[0].lines.all();
        if lines > most {
            let what = format!("{lines} lines were logged on the day before {:.0}", day[1].at);
            add(day[1].at, what);
        }
    }
    if let Some(what) = grows(&played.growth) {
        add(played.ended, what);
    }
}

/// What the second half of a long world brought more than its first: half as much more is chance.
fn grows(growth: &[Growth]) -> Option<String> {
    let (first, last) = (growth.first()?, growth.last()?);
    if growth.len() < LONG_DAYS {
        return None;
    }
    let half = growth[growth.len() / 2];
    let more = |before: u64, then: u64, now: u64, slack: u64| {
        now.saturating_sub(then) > then.saturating_sub(before) * 3 / 2 + slack
    };
    if more(first.bytes, half.bytes, last.bytes, 4 << 20) {
        return Some(format!(
            "the store grows ever faster: {}, {}, {} bytes",
            first.bytes, half.bytes, last.bytes
        ));
    }
    let lines = [first, &half, last].map(|growth| growth.lines.all());
    if more(lines[0], lines[1], lines[2], 2_000) {
        return Some(format!("the log grows ever faster: {lines:?} lines"));
    }
    let most = |part: &[Growth]| part.iter().map(|growth| growth.descriptors).max();
    let (before, after) = growth.split_at(growth.len() / 2);
    let (before, after) = (most(before)?, most(after)?);
    (after > before + OTHER_DESCRIPTORS).then(|| format!("{after} descriptors are open, and before {before} were"))
}
