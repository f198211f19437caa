//! What somebody should look at, in plain words: what is wrong, and what to do about it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::measured::{Measured, NotAsked};
use crate::domain::enforcement::SWEEPS_UNTOLD;
use crate::domain::judge::verdict;
use crate::domain::kept::Counts;
use crate::view::snapshot::Snapshot;
use crate::view::words::{Now, count, kinds, span};

/// A sweep that is missing for this many intervals is a reason to ask whether the daemon runs.
const LATE_INTERVALS: i32 = 3;

/// The warning about a daemon that was never seen to do anything.
pub const NO_SWEEP: &str = "no sweep has ended yet; is `balancewatch run` running?";

/// The warnings about an account, most important first.
pub(super) fn of(snapshot: &Snapshot, measured: &Measured, not_asked: Option<&NotAsked>) -> Vec<String> {
    let (now, state, counts) = (&snapshot.now, &snapshot.kept.state, &measured.counts);
    let mut warnings = Vec::new();
    warnings.extend(measured.store_trouble.clone());
    warnings.extend(not_asked.map(|not_asked| unasked(not_asked, now)));
    warnings.extend(late(state.sweep_ended_at, snapshot.interval(), now));
    if let Some(brake) = snapshot.brake() {
        let (since, reason) = (now.ago(brake.at), &brake.note);
        warnings.push(format!(
            "the brake is on since {since}: {reason}; nothing is enforced until `balancewatch brake off`"
        ));
    }
    warnings.extend(open_changes(snapshot));
    if let Some(since) = state.inventory_short_since {
        warnings.push(format!(
            "the list of clients has been shorter than {} for {}: see in the VoIP.ms portal whether clients are missing",
            count(state.inventory_size, "client"),
            now.since(since)
        ));
    }
    warnings.extend(undelivered(snapshot, measured));
    warnings.extend(unseen(counts));
    warnings.extend(unjudged(snapshot, counts));
    let pace = (snapshot.revisit(), snapshot.schedule_interval, measured.revisit_within);
    warnings.extend(too_slow(counts.listed, snapshot.rate_per_minute, pace));
    warnings
}

/// `1 client has`, `2 clients have`.
fn clients(number: u64, one: &str, more: &str) -> String {
    format!("{} {}", count(number, "client"), if number == 1 { one } else { more })
}

/// Changes that have been open for so long that a mail told of it, by what they wait for.
fn open_changes(snapshot: &Snapshot) -> Vec<String> {
    let mut waiting: BTreeMap<String, u64> = BTreeMap::new();
    let enforcements = snapshot.kept.enforcements.iter();
    let open = enforcements.filter(|kept| kept.waited > SWEEPS_UNTOLD);
    for why in open.filter_map(|kept| kept.state.waits_for()) {
        *waiting.entry(why.to_string()).or_default() += 1;
    }
    let warnings = waiting.into_iter().map(|(why, number)| {
        let clients = clients(number, "is", "are");
        format!("{clients} still not set as a policy asks: {why}; `balancewatch plan` shows who")
    });
    warnings.collect()
}

/// The API cannot be asked, and nobody is watched therefore.
fn unasked(not_asked: &NotAsked, now: &Now) -> String {
    let NotAsked { reason, fix, .. } = not_asked;
    let (since, next_try) = (now.ago(not_asked.since), now.until(not_asked.next_try_at));
    let hint = if fix.is_empty() {
        String::new()
    } else {
        format!(": {fix}")
    };
    format!("the API cannot be asked since {since}, because {reason}; it is tried again {next_try}{hint}")
}

/// Whether the daemon seems not to run, or not to be able to write down what it sees.
fn late(ended_at: Option<Timestamp>, interval: SignedDuration, now: &Now) -> Option<String> {
    let Some(ended_at) = ended_at else {
        return Some(NO_SWEEP.to_owned());
    };
    let since = now.at.duration_since(ended_at);
    (since > interval.saturating_mul(LATE_INTERVALS)).then(|| {
        format!(
            "the last sweep ended {}, and one is expected every {}; is `balancewatch run` running? If it \
             is, its log says why",
            now.ago(ended_at),
            span(interval)
        )
    })
}

fn undelivered(snapshot: &Snapshot, measured: &Measured) -> Vec<String> {
    let mut warnings = Vec::new();
    for channel in &measured.channels {
        warnings.push(format!(
            "channel `{}` does not take messages: {} tried in vain, the last with \"{}\"; next try {}; `balancewatch \
             notifications list --state pending` shows which",
            channel.channel,
            count(channel.waiting, "message"),
            channel.last_error.as_deref().unwrap_or("no word"),
            snapshot.now.until(channel.next_try_at),
        ));
    }
    let dead = measured.counts.dead();
    if dead > 0 {
        warnings.push(format!(
            "{} will never arrive; `balancewatch notifications list --state dead` shows which and why",
            count(dead, "notification")
        ));
    }
    let untold = &snapshot.cannot_be_told;
    if let Some((client, why)) = untold.first_key_value() {
        let more = match untold.len() {
            1 => String::new(),
            number => format!("; so are {} more", number - 1),
        };
        warnings.push(format!("client {client} cannot be told: {why}{more}"));
    }
    warnings
}

/// Clients that are not seen.
fn unseen(counts: &Counts) -> Vec<String> {
    let mut warnings = Vec::new();
    if !counts.unread.is_empty() {
        let number: u64 = counts.unread.values().sum();
        warnings.push(format!(
            "{} could not be read when last asked ({})",
            count(number, "client"),
            kinds(&counts.unread)
        ));
    }
    if counts.never_asked > 0 {
        let never_asked = clients(counts.never_asked, "was", "were");
        warnings.push(format!(
            "{never_asked} not asked yet: their turn comes in the next sweeps"
        ));
    }
    let tried = counts.never_read.saturating_sub(counts.never_asked);
    if tried > 0 {
        warnings.push(format!("{} asked, and never read", clients(tried, "was", "were")));
    }
    if counts.vanished > 0 {
        warnings.push(format!(
            "{} vanished from the list: kept, and not watched any more",
            count(counts.vanished, "client")
        ));
    }
    warnings
}

/// Clients that are read, and still not judged or not told.
fn unjudged(snapshot: &Snapshot, counts: &Counts) -> Vec<String> {
    let mut warnings = Vec::new();
    let policies = &snapshot.rules.policies;
    let by_threshold = policies.iter().filter(|policy| verdict::needs_threshold(policy));
    let by_threshold: Vec<&str> = by_threshold.map(|policy| policy.name.as_str()).collect();
    let is_judged = snapshot.rules.default_threshold.is_some() || by_threshold.is_empty();
    if counts.without_threshold > 0 && !is_judged {
        warnings.push(format!(
            "{} not judged by {}: set `alerts.default_threshold`",
            clients(
                counts.without_threshold,
                "has no threshold and is",
                "have no threshold and are"
            ),
            by_threshold.join(", ")
        ));
    }
    if counts.without_address > 0 && policies.iter().any(|policy| policy.tells_client()) {
        let have = clients(counts.without_address, "has", "have");
        warnings.push(format!("{have} no mail address, so nobody there is told"));
    }
    warnings
}

/// Whether the rate reaches everybody in time: how long that takes, how often a sweep starts, and the bound.
fn too_slow(
    clients: u64,
    rate_per_minute: u32,
    (revisit, interval, within): (SignedDuration, SignedDuration, SignedDuration),
) -> Option<String> {
    let advice = if revisit > within {
        let within = span(within);
        format!("and `schedule.revisit_within` is {within}: raise `rate_per_minute` if the API allows it")
    } else if revisit > interval {
        let interval = span(interval);
        format!("and sweeps start every {interval}: each asks a part, most urgent first")
    } else {
        return None;
    };
    let (clients, revisit) = (count(clients, "client"), span(revisit));
    Some(format!(
        "asking {clients} takes {revisit} at `rate_per_minute` = {rate_per_minute}, {advice}"
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::SignedDuration;

    use super::{clients, late, too_slow, unasked, unseen};
    use crate::domain::due::revisit;
    use crate::domain::kept::Counts;
    use crate::view::status::measured::NotAsked;
    use crate::view::testing::{at, now};

    #[test]
    fn a_sweep_is_late_after_three_intervals() {
        let cases = [
            ("three intervals", 900, 300, false),
            ("a second more", 901, 300, true),
            ("a clock that went back", -10_000, 300, false),
        ];
        let told = |ended_secs_ago: i64, interval: i64| {
            late(Some(at(-ended_secs_ago)), SignedDuration::from_secs(interval), &now())
        };
        for (name, ended_secs_ago, interval, expected) in cases {
            assert_eq!(told(ended_secs_ago, interval).is_some(), expected, "{name}");
        }
        assert_eq!(
            told(3_700, 300).unwrap(),
            "the last sweep ended 1h 1m ago, and one is expected every 5m; is `balancewatch run` running? If it is, its \
             log says why"
        );
        assert_eq!(
            late(None, SignedDuration::from_mins(5), &now()).unwrap(),
            "no sweep has ended yet; is `balancewatch run` running?"
        );
    }

    #[test]
    fn a_rate_that_does_not_reach_everybody_is_told() {
        let cases = [
            ("as often as the schedule", 150, None),
            (
                "less often",
                151,
                Some(
                    "asking 151 clients takes 5m 2s at `rate_per_minute` = 60, and sweeps start every 5m: each asks a part, \
                     most urgent first",
                ),
            ),
            (
                "within the bound",
                1_800,
                Some(
                    "asking 1800 clients takes 1h at `rate_per_minute` = 60, and sweeps start every 5m: each asks a part, \
                     most urgent first",
                ),
            ),
            (
                "beyond it",
                1_801,
                Some(
                    "asking 1801 clients takes 1h at `rate_per_minute` = 60, and `schedule.revisit_within` is 1h: raise \
                     `rate_per_minute` if the API allows it",
                ),
            ),
        ];
        for (name, clients, expected) in cases {
            let pace = (
                revisit(clients, 60),
                SignedDuration::from_mins(5),
                SignedDuration::from_mins(60),
            );
            assert_eq!(too_slow(clients, 60, pace).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn clients_that_are_not_seen_are_counted_apart() {
        let counts = Counts {
            never_read: 3,
            never_asked: 1,
            vanished: 2,
            unread: BTreeMap::from([("timeout".to_owned(), 1), ("html".to_owned(), 2)]),
            ..Counts::default()
        };
        assert_eq!(
            unseen(&counts),
            [
                "3 clients could not be read when last asked (html 2, timeout 1)",
                "1 client was not asked yet: their turn comes in the next sweeps",
                "2 clients were asked, and never read",
                "2 clients vanished from the list: kept, and not watched any more",
            ]
        );
        assert_eq!(unseen(&Counts::default()), [] as [&str; 0]);
        assert_eq!(clients(1, "has", "have"), "1 client has");
    }

    #[test]
    fn an_account_that_is_not_asked_says_why_and_what_to_do() {
        let mut not_asked = NotAsked {
            since: at(-60),
            reason: "it refused this address".to_owned(),
            fix: "allow-list it".to_owned(),
            next_try_at: at(-1),
        };
        assert_eq!(
            unasked(&not_asked, &now()),
            "the API cannot be asked since 1m ago, because it refused this address; it is tried again now: allow-list it"
        );
        (not_asked.fix, not_asked.next_try_at) = (String::new(), at(120));
        assert_eq!(
            unasked(&not_asked, &now()),
            "the API cannot be asked since 1m ago, because it refused this address; it is tried again in 2m"
        );
    }
}
