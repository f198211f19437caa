//! What came to the receivers, set against what happened and against what the program says of itself: nothing lost, nothing
//! told twice but under one id, nothing told in the wrong order, nothing changed but what was to be changed.

use std::collections::{BTreeMap, BTreeSet};

use balancewatch::domain::Money;
use balancewatch::domain::alert::Phase;
use balancewatch::domain::enforcement::{Enforcement, EnforcementState};
use balancewatch::domain::notice::{NoticeState, Notification};
use balancewatch::worlds::log::{Entry, Fact, Received};
use balancewatch::worlds::told::{Said, said};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::lives::Lived;
use super::receiver::Came;
use super::stage::{Held, Stage};

/// The policy by which whoever is patient falls and recovers.
const LOW: &str = "low-balance";

/// Everybody who is told of an alert about a client: channel and recipient.
const EVERYBODY: [(&str, &str); 3] = [("hook", ""), ("ops", "noc@example.com"), ("ops", "owner@example.com")];

/// How far the time of a kill and that of what was received may be apart, though both are this machine's.
const SLACK: SignedDuration = SignedDuration::from_millis(50);

/// What the program may have changed of a client, and what changes by itself.
const MAY_DIFFER: [&str; 14] = [
    "adjusted",
    "balance",
    "balance_management",
    "before",
    "charged",
    "charges",
    "management",
    "paid",
    "payments",
    "spend_from",
    "spend_per_hour",
    "spend_until",
    "spent",
    "suspended",
];

/// What the webhook was told, each word once however often it came.
fn words(stage: &Stage) -> Vec<Said> {
    let entry = |came: Came| Entry {
        at: came.at,
        fact: Fact::Received(Received {
            channel: "hook".to_owned(),
            recipient: came.recipient,
            id: came.id,
            client: String::new(),
            body: came.body,
            reply_lost: false,
            life: 0,
        }),
    };
    let log: Vec<Entry> = stage.hook.came().into_iter().map(entry).collect();
    let mut known = BTreeSet::new();
    let mut words = said(&log);
    words.retain(|word| known.insert((word.id.clone(), word.client.clone(), word.policy.clone())));
    words
}

/// How often everybody who cannot be kept waiting, the webhook and the mirror, heard that a client fell.
pub fn begun(stage: &Stage, client: &str) -> usize {
    let begins = words(stage).into_iter();
    let begins = begins.filter(|word| word.client == client && word.policy == LOW && !word.is_end);
    let shown: BTreeSet<Timestamp> = shown(stage)
        .into_iter()
        .filter(|shown| shown.client == client && shown.policy == LOW && shown.ends > shown.at)
        .map(|shown| shown.since)
        .collect();
    begins.count().min(shown.len())
}

/// How often the webhook heard that a client recovered.
pub fn ended(stage: &Stage, client: &str) -> usize {
    let ends = words(stage).into_iter();
    ends.filter(|word| word.client == client && word.policy == LOW && word.is_end)
        .count()
}

/// Whether the webhook heard that a client's money is gone.
pub fn is_overdrawn_told(stage: &Stage, client: &str) -> bool {
    words(stage)
        .iter()
        .any(|word| word.client == client && word.policy == "overdrawn")
}

/// An alert as it was posted to the mirror.
#[derive(Debug)]
struct Shown {
    at: Timestamp,
    client: String,
    policy: String,
    since: Timestamp,
    ends: Timestamp,
}

fn shown(stage: &Stage) -> Vec<Shown> {
    let mut all = Vec::new();
    for came in stage.mirror.came() {
        let alerts: Vec<Value> = serde_json::from_str(&came.body).unwrap();
        all.extend(alerts.iter().map(|alert| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            Shown {
                at: came.at,
                client: text(&alert["labels"]["client"]),
                policy: text(&alert["labels"]["alertname"]),
                since: text(&alert["startsAt"]).parse().unwrap(),
                ends: text(&alert["endsAt"]).parse().unwrap(),
            }
        }));
    }
    all
}

/// Whether what fires by the last word that came to the mirror is what fires by the store.
pub fn mirror_agrees(stage: &Stage, held: &Held, now: Timestamp) -> bool {
    let mut last = BTreeMap::new();
    for shown in shown(stage) {
        last.insert((shown.client, shown.policy), shown.ends);
    }
    let shown: BTreeSet<_> = last
        .into_iter()
        .filter(|(_, ends)| *ends > now)
        .map(|(alert, _)| alert)
        .collect();
    shown == firing(held)
}

/// The alerts that fire by the store: client and policy.
fn firing(held: &Held) -> BTreeSet<(String, String)> {
    let firing = held
        .view
        .alerts
        .iter()
        .filter(|alert| matches!(alert.phase, Phase::Firing(_)));
    firing
        .map(|alert| (alert.client.to_string(), alert.policy.to_string()))
        .collect()
}

/// The name of a message at its receiver, as anybody can work it out.
fn name_of(channel: &str, message: &str) -> String {
    if channel == "ops" {
        // FNV-1a of 128 bits.
        let hash = message
            .bytes()
            .fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
                (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
            });
        return format!("<{hash:032x}@example.com>");
    }
    let sign = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') {
            c
        } else {
            '_'
        }
    };
    message.chars().map(sign).collect()
}

/// When each message came to whom, by channel, recipient and name; earliest first.
type Arrivals = BTreeMap<(&'static str, String, String), Vec<Timestamp>>;

fn arrivals(stage: &Stage) -> Arrivals {
    let mut all = Arrivals::new();
    for (channel, receiver) in [("ops", &stage.mail), ("hook", &stage.hook)] {
        for came in receiver.came() {
            all.entry((channel, came.recipient, came.id)).or_default().push(came.at);
        }
    }
    all
}

/// When a notification came first; `None`: never.
fn arrival(arrivals: &Arrivals, kept: &Notification) -> Option<Timestamp> {
    let channel = EVERYBODY
        .map(|(channel, _)| channel)
        .into_iter()
        .find(|channel| *channel == kept.channel.as_str())?;
    let name = name_of(channel, kept.message.as_deref()?);
    arrivals.get(&(channel, kept.recipient.clone(), name))?.first().copied()
}

/// Whatever counts as delivered came.
pub fn what_counts_as_told_was_told(stage: &Stage, held: &Held) {
    let arrivals = arrivals(stage);
    for kept in &held.notifications {
        let is_told = matches!(kept.state, NoticeState::Delivered);
        assert!(
            !is_told || arrival(&arrivals, kept).is_some(),
            "counts as told, and never came: {kept:#?}"
        );
    }
}

/// Whether it was dropped for a reason that is true by what came: a client may recover, or fall again, while the mail server is
/// dead.
fn is_rightly_dropped(kept: &Notification, held: &Held, arrivals: &Arrivals) -> bool {
    let NoticeState::Dropped(why) = &kept.state else {
        return false;
    };
    let here = || {
        let others = held.notifications.iter().filter(|other| other.id != kept.id);
        others.filter(|other| (&other.channel, &other.recipient) == (&kept.channel, &kept.recipient))
    };
    let of_it = || here().filter(|other| other.episode == kept.episode);
    let has_come = |other: &Notification| other.transition.begins() && arrival(arrivals, other).is_some();
    match why.as_str() {
        "it was over before it could be told" => {
            kept.transition.begins() && of_it().any(|other| other.transition.is_end())
        }
        "its alert never arrived" => kept.transition.is_end() && !of_it().any(has_come),
        "it fires again, and that was told already" => {
            let is_later = |other: &&Notification| {
                let is_same = (&other.client, &other.policy) == (&kept.client, &kept.policy);
                is_same && other.episode != kept.episode && other.created_at >= kept.created_at
            };
            kept.transition.is_end() && here().filter(is_later).any(has_come)
        }
        _ => false,
    }
}

/// Everything that must hold after a life under kills.
pub async fn settle(lived: &Lived) {
    let Lived { stage, held, .. } = lived;
    let arrivals = arrivals(stage);
    what_counts_as_told_was_told(stage, held);
    for kept in &held.notifications {
        assert!(
            matches!(kept.state, NoticeState::Delivered) || is_rightly_dropped(kept, held, &arrivals),
            "owed, and not told: {kept:#?}"
        );
    }
    nothing_comes_that_is_not_owed(lived, &arrivals);
    nothing_comes_twice_without_a_death(lived, &arrivals);
    each_episode_is_told(lived, &arrivals);
    enforcements_are_what_they_say(lived).await;
    readings_are_those_of_now(lived).await;
    let most = stage.stats().await["max_calls_in_60s"].as_u64().unwrap();
    assert!(most <= u64::from(lived.course.rate_per_minute), "{most} calls in 60 s");
    assert!(!stage.log().contains("panicked"), "{}", stage.log());
}

fn nothing_comes_that_is_not_owed(lived: &Lived, arrivals: &Arrivals) {
    let owed = lived.held.notifications.iter().filter_map(|kept| {
        let (channel, message) = (kept.channel.as_str(), kept.message.as_deref()?);
        Some((channel.to_owned(), kept.recipient.clone(), name_of(channel, message)))
    });
    let owed: BTreeSet<_> = owed.collect();
    for (channel, recipient, id) in arrivals.keys() {
        let came = ((*channel).to_owned(), recipient.clone(), id.clone());
        assert!(owed.contains(&came), "came, and is not known: {came:?}");
    }
}

fn nothing_comes_twice_without_a_death(lived: &Lived, arrivals: &Arrivals) {
    for (what, times) in arrivals {
        for pair in times.windows(2) {
            let between = (pair[0] - SLACK)..=(pair[1] + SLACK);
            let died = lived.deaths.iter().any(|death| between.contains(death));
            assert!(died, "came twice, and nobody died: {what:?} {pair:?}");
        }
    }
}

/// Each episode's beginning comes to everybody once, and so does its end, which is never before it.
fn each_episode_is_told(lived: &Lived, arrivals: &Arrivals) {
    let mut episodes: BTreeMap<&str, Vec<&Notification>> = BTreeMap::new();
    for kept in &lived.held.notifications {
        episodes.entry(kept.episode.as_str()).or_default().push(kept);
    }
    let firing = firing(&lived.held);
    let mut fell: BTreeMap<&str, usize> = BTreeMap::new();
    for (episode, told) in &episodes {
        let (client, policy) = (told[0].client.as_str(), told[0].policy.as_str());
        if policy == LOW {
            *fell.entry(client).or_default() += 1;
        }
        let open = lived.held.view.alerts.iter().any(|alert| match &alert.phase {
            Phase::Firing(now) => now.episode.as_str() == *episode,
            _ => false,
        });
        for (channel, recipient) in EVERYBODY {
            let of = |is_one: fn(&Notification) -> bool| -> Vec<Option<Timestamp>> {
                let all = told
                    .iter()
                    .filter(|kept| kept.channel.as_str() == channel && kept.recipient == recipient);
                all.filter(|kept| is_one(kept))
                    .map(|kept| arrival(arrivals, kept))
                    .collect()
            };
            let begins = of(|kept| kept.transition.begins());
            let ends = of(|kept| kept.transition.is_end());
            let whole = (begins.len(), ends.len()) == (1, usize::from(!open));
            assert!(
                whole,
                "{episode} at {channel} {recipient}: {begins:?} {ends:?}, still fires: {open}"
            );
            assert!(
                ends.iter().flatten().all(|end| Some(*end) >= begins[0]),
                "{episode} ended before it began: {begins:?} {ends:?}"
            );
        }
    }
    for (client, times) in &lived.fell {
        assert_eq!(fell.get(client.as_str()).copied().unwrap_or(0), *times, "{client} fell");
    }
    let gone = lived.robbed.iter().map(|id| (id.clone(), "overdrawn".to_owned()));
    let expected: BTreeSet<_> = gone
        .chain(lived.robbed.iter().map(|id| (id.clone(), LOW.to_owned())))
        .collect();
    assert_eq!(firing, expected, "what fires at the end");
}

/// Whoever was robbed is HARD, and says so; nobody else's record was touched, and nothing else of theirs.
async fn enforcements_are_what_they_say(lived: &Lived) {
    let Lived { stage, held, .. } = lived;
    for (id, before) in stage.ids.iter().zip(&lived.records) {
        let after = stage.client(id).await;
        for (field, value) in before.as_object().unwrap() {
            let may = MAY_DIFFER.contains(&field.as_str());
            assert!(
                may || after[field] == *value,
                "{field} of {id}: {value} {}",
                after[field]
            );
        }
        let of_it: Vec<&Enforcement> = held
            .enforcements
            .iter()
            .filter(|kept| kept.client.as_str() == id)
            .collect();
        let is_robbed = lived.robbed.contains(id);
        assert_eq!(after["management"] == "hard", is_robbed, "{id}: {of_it:#?}");
        assert_eq!(
            of_it.iter().any(|kept| kept.is_verified_hard()),
            is_robbed,
            "{id}: {of_it:#?}"
        );
        let has_ended = |kept: &&Enforcement| matches!(kept.state, EnforcementState::Ended { .. });
        assert!(of_it.iter().all(has_ended), "{id}: {of_it:#?}");
    }
    let calls = stage.stats().await["calls_by_function"]["setClient"]
        .as_u64()
        .unwrap_or(0);
    let sent = held.enforcements.iter().filter(|kept| kept.code_sent.is_some()).count() as u64;
    assert!(calls <= sent, "{calls} changes of {sent} that were written down");
    assert!(
        held.view.decisions.is_empty(),
        "nobody braked: {:#?}",
        held.view.decisions
    );
}

/// The last reading of everybody is what they have.
async fn readings_are_those_of_now(lived: &Lived) {
    for id in &lived.stage.ids {
        let has: Money = lived.stage.client(id).await["balance"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let watched = lived
            .held
            .view
            .clients
            .iter()
            .find(|watched| watched.client.id.as_str() == id);
        let read = watched.unwrap().reading.as_ref().unwrap().balance;
        assert_eq!(read, has, "{id}");
    }
}
