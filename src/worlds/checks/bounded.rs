//! No recipient gets more than the stated bound.
//!
//! By the fine print a client is told of an alert when it begins, when its money is used up, in reminders a day apart and when it
//! ends; of a relapse only when its cool-down of 6 hours is over. So in any window of `w` hours at most `⌈w / 6⌉` ends, one
//! beginning and one word that the money is gone more than ends, and `⌈w / 24⌉` reminders: **15 a day, 93 a week**. Operators hear of
//! a relapse at once, and from the second one in a row on it ends only when it was clear for a whole cool-down: twice as many
//! ends, so **18 a day** of one client and policy, without what enforcements came to. A receiver that was away gets what was decided
//! up to a day before. A clock that is set adds an end and a beginning.
//!
//! Besides: no `blind` of a client while an alert of the account says why nobody can be read; one message per client and sweep; a
//! summary at most once an hour; reminders 5 times an episode; a channel's `max_per_hour`, but for the first word of something critical.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::arrivals::receiver;
use super::circumstances::{Circumstances, after, before};
use super::noticed::EXPLAINS;
use super::{Evidence, Invariant, Violation};
use crate::domain::Severity;
use crate::domain::notice::{NoticeState, Transition};
use crate::worlds::channels::Channel;
use crate::worlds::log::{Fact, Received};
use crate::worlds::plan::{Act, Happening, Planned};
use crate::worlds::told::{self, Said, Word, known_as, received};
use crate::worlds::world::Played;

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Hours.
const COOL_DOWN: i64 = 6;

const MAX_REPEATS: u32 = 5;

/// To post what was judged before.
const SETTLED: SignedDuration = SignedDuration::from_mins(10);

/// Two sweeps are never closer than this, even when a killed program begins with one.
const CLOCK_STEPS: SignedDuration = SignedDuration::from_secs(60);

pub(super) fn check(evidence: &Evidence<'_>, found: &mut Vec<Violation>) {
    let Evidence {
        played,
        said,
        circumstances,
    } = *evidence;
    clients(played, circumstances, said, found);
    operators(played, circumstances, said, found);
    relapses(played, said, found);
    baseline(played, circumstances, said, found);
    outages(played, said, found);
    summaries(played, circumstances, found);
    hours(played, circumstances, found);
    quiet_hours(played, circumstances, found);
    one_each_sweep(played, circumstances, found);
}

fn violation(at: Timestamp, what: String) -> Violation {
    Violation {
        invariant: Invariant::Bounded,
        at,
        what,
    }
}

/// Most mails that one client gets in a window, by one policy.
fn most_for_clients(hours: i64) -> usize {
    let (ends, again) = (up(hours, COOL_DOWN), up(hours, 24));
    count(ends + (ends + 1) + (ends + 1) + again)
}

/// Most words that one operator gets about one client and policy in a window.
fn most_for_operators(hours: i64) -> usize {
    let (ends, again) = (2 * up(hours, COOL_DOWN), up(hours, 24));
    count(ends + (ends + 1) + again)
}

const fn up(hours: i64, each: i64) -> i64 {
    (hours + each - 1) / each
}

fn count(number: i64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The first time that each thing was heard; what comes again counts once.
fn firsts<'a>(told: impl Iterator<Item = &'a Said>) -> Vec<&'a Said> {
    let mut heard = BTreeSet::new();
    told.filter(|said| {
        heard.insert((
            &said.channel,
            &said.recipient,
            &said.client,
            &said.policy,
            &said.id,
            said.is_end,
        ))
    })
    .collect()
}

/// The most in any window, and when that one ended.
pub(super) fn densest(times: &[Timestamp], window: SignedDuration) -> (usize, Timestamp) {
    let mut most = (0, Timestamp::MIN);
    let mut first = 0;
    for (last, at) in times.iter().enumerate() {
        while times[first] <= before(*at, window) {
            first += 1;
        }
        if last + 1 - first > most.0 {
            most = (last + 1 - first, *at);
        }
    }
    most
}

/// How often the clock was set within a window and the cool-down before it.
fn clock_changes(circumstances: &Circumstances, window: SignedDuration, until: Timestamp) -> usize {
    let from = before(until, window + SignedDuration::from_hours(COOL_DOWN));
    circumstances.clock_sets(from, until)
}

/// How many times as much a world may tell whose operators reload: the shortest cool-down that they set is a third of the usual one.
fn by_reloads(played: &Played) -> usize {
    let is_reload = |planned: &Planned| matches!(planned.what, Happening::Operator(Act::Reload(_)));
    if played.plan.happenings.iter().any(is_reload) {
        3
    } else {
        1
    }
}

fn clients(played: &Played, circumstances: &Circumstances, told: &[Said], found: &mut Vec<Violation>) {
    let mut mails: BTreeMap<(&str, &str), Vec<Timestamp>> = BTreeMap::new();
    for said in firsts(told.iter().filter(|said| said.channel == "client")) {
        mails.entry((&said.client, &said.recipient)).or_default().push(said.at);
    }
    for ((client, recipient), times) in mails {
        for (window, hours) in [(DAY, 24), (WEEK, 7 * 24)] {
            let (number, until) = densest(&times, window);
            let was_away = circumstances.was_troubled("mail", before(until, window + DAY), until);
            let most = most_for_clients(if was_away { hours + 24 } else { hours });
            let most = most * by_reloads(played) + 3 * clock_changes(circumstances, window, until);
            if number > most {
                let what =
                    format!("{client} ({recipient}) got {number} mails in {hours} hours, where {most} are the most");
                found.push(violation(until, what));
            }
        }
    }
}

fn operators(played: &Played, circumstances: &Circumstances, told: &[Said], found: &mut Vec<Violation>) {
    let is_about_a_client = |said: &&Said| {
        let is_client = said.client.bytes().all(|byte| byte.is_ascii_digit());
        said.channel != "client" && said.channel != "phone" && said.word != Word::Else && is_client
    };
    let mut words: BTreeMap<(&str, &str, &str, &str), Vec<Timestamp>> = BTreeMap::new();
    for said in firsts(told.iter().filter(is_about_a_client)) {
        let place = (&*said.channel, &*said.recipient, &*said.client, &*said.policy);
        words.entry(place).or_default().push(said.at);
    }
    for ((channel, recipient, client, policy), times) in words {
        let (number, until) = densest(&times, DAY);
        let waits = |it: &Channel| it.waits() && receiver(it.name) == channel;
        let was_away = circumstances.was_troubled(channel, before(until, DAY + DAY), until)
            || played.plan.channels.iter().any(waits);
        let most = most_for_operators(if was_away { 48 } else { 24 }) * by_reloads(played)
            + 3 * clock_changes(circumstances, DAY, until);
        if number > most {
            let who = format!("{channel} {recipient}");
            let what =
                format!("{who} got {number} words about {policy} of {client} in a day, where {most} are the most");
            found.push(violation(until, what));
        }
    }
}

/// A client whose alert was over hears of it again only when its cool-down has passed.
///
/// Looked at are clients whose balance was low, was well, and is low again, by one policy: above 2, below which others have theirs.
fn relapses(played: &Played, told: &[Said], found: &mut Vec<Violation>) {
    let mut words: BTreeMap<&str, Vec<&Said>> = BTreeMap::new();
    for said in firsts(told.iter().filter(|said| said.channel == "client")) {
        words.entry(&said.client).or_default().push(said);
    }
    let is_low = |said: &Said| said.word == Word::Begins && said.title.contains("is low");
    for (client, words) in words {
        for three in words.windows(3) {
            let [first, end, again] = three else { continue };
            let is_relapse = is_low(first) && end.is_end && is_low(again);
            let gap = again.at.duration_since(end.at);
            let is_calm = !played.log.iter().any(|entry| {
                let is_cause = matches!(&entry.fact, Fact::Began(planned) | Fact::Over(planned) if matches!(
                    planned.what,
                    Happening::Wall(_) | Happening::Mail(_) | Happening::Operator(Act::Reload(_) | Act::RetryAll)
                ));
                is_cause && entry.at >= before(first.at, DAY) && entry.at <= again.at
            });
            let balance = played.log.iter().rev().find_map(|entry| match &entry.fact {
                Fact::Read { client: of, told, .. } if *of == client && entry.at <= again.at => Some(*told),
                _ => None,
            });
            let is_one_policy = balance.is_some_and(|balance| balance > Decimal::TWO);
            if is_relapse && is_calm && is_one_policy && gap < SignedDuration::from_hours(COOL_DOWN) - SETTLED {
                let what = format!(
                    "{client} heard at {} that it is well, and {gap:#} later that it is low",
                    end.at
                );
                found.push(violation(again.at, what));
            }
        }
    }
}

/// What a first look finds is told to clients slowly.
fn baseline(played: &Played, circumstances: &Circumstances, told: &[Said], found: &mut Vec<Violation>) {
    let setting = played
        .plan
        .config
        .lines()
        .find_map(|line| line.strip_prefix("client_mails_per_hour = "));
    let Some(most) = setting.and_then(|number| number.parse::<usize>().ok()) else {
        return;
    };
    let until = after(played.plan.start, SignedDuration::from_hours(6));
    let mut thresholds: BTreeMap<String, Decimal> = BTreeMap::new();
    for (client, sample) in &played.samples {
        let threshold = sample.threshold.parse().unwrap_or_default();
        thresholds.entry(client.to_string()).or_insert(threshold);
    }
    let mut were_low: BTreeMap<String, bool> = BTreeMap::new();
    for entry in &played.log {
        if let Fact::Read { client, told, .. } = &entry.fact {
            let threshold = thresholds.get(client).copied().unwrap_or_default();
            were_low
                .entry(client.clone())
                .or_insert(*told < threshold || *told <= Decimal::ZERO);
        }
    }
    let begins = told
        .iter()
        .filter(|said| said.channel == "client" && said.word == Word::Begins);
    let found_low = firsts(begins)
        .into_iter()
        .filter(|said| said.at <= until && were_low.get(&said.client).is_some_and(|was_low| *was_low));
    let times: Vec<Timestamp> = found_low.map(|said| said.at).collect();
    let (number, at) = densest(&times, HOUR);
    if number > most && clock_changes(circumstances, HOUR, until) == 0 {
        let what = format!("{number} clients were told in an hour what a first look found, where {most} are the most");
        found.push(violation(at, what));
    }
}

/// That nobody can be read is told once: while the webhook knows it, and what was going on before was told, it hears of no client.
fn outages(played: &Played, told: &[Said], found: &mut Vec<Violation>) {
    let hook = || told.iter().filter(|said| said.channel == "hook");
    for said in firsts(hook()) {
        let is_client = said.client.bytes().all(|byte| byte.is_ascii_digit());
        if !is_client || said.policy != "blind" || said.is_end {
            continue;
        }
        let since = before(said.at, SETTLED);
        let is_known = |policy: &&&str| {
            let of_it = || hook().filter(|word| word.client == "account" && word.policy == **policy);
            let known = of_it().rfind(|word| word.at <= since).is_some_and(|word| !word.is_end);
            known && !of_it().any(|word| word.is_end && word.at > since && word.at <= said.at)
        };
        let is_troubled = played.log.iter().any(|entry| {
            let is_trouble = match &entry.fact {
                Fact::Killed { .. } | Fact::Ended { .. } | Fact::NotStarted { .. } | Fact::Started { .. } => true,
                Fact::Began(planned) | Fact::Over(planned) => matches!(
                    planned.what,
                    Happening::Disk(_) | Happening::Wall(_) | Happening::Operator(Act::Reload(_))
                ),
                _ => false,
            };
            is_trouble && entry.at >= before(since, HOUR) && entry.at <= said.at
        });
        if let Some(policy) = EXPLAINS.iter().find(is_known).filter(|_| !is_troubled) {
            let what = format!(
                "`blind` of {} begins while `{policy}` says why nobody can be read",
                said.client
            );
            found.push(violation(said.at, what));
        }
    }
}

/// At the webhook, which is never away, a summary an hour.
fn summaries(played: &Played, circumstances: &Circumstances, found: &mut Vec<Violation>) {
    let mut last: Option<(Timestamp, &str)> = None;
    for (at, received) in received(&played.log).filter(|(_, received)| received.channel == "hook") {
        if !received.id.starts_with("summary_") {
            continue;
        }
        if let Some((before, id)) = last
            && id != received.id
            && at.duration_since(before) < HOUR - CLOCK_STEPS
            && clock_changes(circumstances, HOUR, at) == 0
        {
            let what = format!(
                "the webhook got a summary at {before}, and another one ({})",
                received.id
            );
            found.push(violation(at, what));
        }
        if last.is_none_or(|(_, id)| id != received.id) {
            last = Some((at, &received.id));
        }
    }
}

/// `max_per_hour` of each channel that has one. What was tried before has had its place, and comes when it can, or when an operator
/// wants it tried again; what is told of the store waits for nothing.
fn hours(played: &Played, circumstances: &Circumstances, found: &mut Vec<Violation>) {
    for channel in &played.plan.channels {
        let Some(most) = channel.max_per_hour else { continue };
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let mut heard = BTreeSet::new();
        let counts = |received: &Received| !is_critical(received) && !received.body.contains(".store.");
        let took = received(&played.log).filter(|(_, received)| channel.took(received) && counts(received));
        let new = took.filter(|(_, received)| heard.insert((known_as(received), &*received.recipient)));
        let times: Vec<Timestamp> = new.map(|(at, _)| at).collect();
        let (number, until) = densest(&times, HOUR);
        let was_away = circumstances.was_troubled(receiver(channel.name), before(until, DAY + HOUR), until);
        let was_retried = played.log.iter().any(|entry| {
            let is_it = matches!(&entry.fact, Fact::Began(planned) if matches!(planned.what, Happening::Operator(Act::RetryAll)));
            is_it && before(until, HOUR * 2) <= entry.at && entry.at <= until
        });
        if number > most && !was_away && !was_retried && clock_changes(circumstances, HOUR, until) == 0 {
            let name = channel.name;
            let what = format!("{name} got {number} messages in an hour, where {most} are the most");
            found.push(violation(until, what));
        }
    }
}

/// Nothing but what is critical comes in quiet hours. When a clock is set, what waits is put off by as much time as before.
fn quiet_hours(played: &Played, circumstances: &Circumstances, found: &mut Vec<Violation>) {
    for channel in &played.plan.channels {
        let is_always_critical = channel.min_severity == Severity::Critical;
        let Some(hours) = channel.quiet_hours.filter(|_| !is_always_critical) else {
            continue;
        };
        for (at, received) in received(&played.log).filter(|(_, received)| channel.took(received)) {
            let is_quiet = hours.run_at(circumstances.wall(at)) && clock_changes(circumstances, DAY, at) == 0;
            let id = known_as(received);
            if is_quiet && !is_critical(received) {
                let name = channel.name;
                found.push(violation(at, format!("{name} got {id} in its quiet hours")));
            }
        }
    }
}

/// Whether it may be the first word of something critical, or tells of it, by its own words.
fn is_critical(received: &Received) -> bool {
    if received.channel == "phone" {
        return received.body.contains("\"trigger\"");
    }
    let words = told::words(received);
    words.contains("CRITICAL") || words.contains("(critical)")
}

/// A client gets one message per sweep, and an episode so many reminders: by what was written down, whoever took it.
fn one_each_sweep(played: &Played, circumstances: &Circumstances, found: &mut Vec<Violation>) {
    let Some(end) = &played.end else { return };
    let mut messages: BTreeMap<(&str, &str, Timestamp), BTreeSet<&str>> = BTreeMap::new();
    let owed = end.notifications.iter();
    for owed in owed.filter(|owed| owed.channel.is_client() && owed.state != NoticeState::Pending) {
        let place = (owed.client.as_str(), owed.recipient.as_str(), owed.created_at);
        messages.entry(place).or_default().extend(owed.message.as_deref());
    }
    for ((client, recipient, at), messages) in messages {
        // Two sweeps are one by a clock that was set back.
        if messages.len() > 1 && !circumstances.was_set_back() {
            let what = format!("{client} ({recipient}) got {} messages of one sweep", messages.len());
            found.push(violation(at, what));
        }
    }
    for owed in &end.notifications {
        if let Transition::Repeated { repeat } = owed.transition
            && repeat > MAX_REPEATS
        {
            let what = format!("{}: reminder {repeat}, where {MAX_REPEATS} are the most", owed.id);
            found.push(violation(owed.created_at, what));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{most_for_clients, most_for_operators};

    #[test]
    fn the_bounds_are_those_of_the_document() {
        assert_eq!((most_for_clients(24), most_for_clients(7 * 24)), (15, 93));
        assert_eq!(most_for_operators(24), 18);
    }
}
