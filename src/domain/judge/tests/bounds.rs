//! However a balance jumps, people are woken in vain, and whatever is decided meanwhile: nobody gets more about one client
//! than the bound says, and nothing critical waits. Drives the whole judgement, sweep by sweep.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{INTERVAL, after, listed, rules};
use crate::domain::alert::Alert;
use crate::domain::decision::{Decision, Kind, Scope};
use crate::domain::hush::{Covers, Hush, HushedBy, Hushes};
use crate::domain::judge::belief::Trust;
use crate::domain::judge::bound::{self, Bound};
use crate::domain::judge::gather::{self, Which};
use crate::domain::judge::rows::How;
use crate::domain::judge::{Circumstances, Decided, Rules, Seen, audience};
use crate::domain::notice::{Notification, Transition};
use crate::domain::policy::{Limit, Policy, When};
use crate::domain::set_back::SetBack;
use crate::domain::testing::{at, client, money, policy, threshold};
use crate::domain::watch::Watched;
use crate::domain::{ChannelName, Reading, Severity};

/// What happens next.
#[derive(Clone, Debug)]
enum Event {
    /// So many sweeps read this balance.
    Read(&'static str, u16),
    /// So many sweeps cannot read it.
    Unread(u16),
    /// The balance falls whenever nothing fires, and rises whenever something does, for so many sweeps: as bad as it gets.
    Flap(u16),
    /// The program is started anew.
    Restart,
    Configure(usize),
    /// The clock is set by so many minutes.
    Clock(i64),
    /// Everything is silenced for so many sweeps.
    Silence(i64),
    /// Whatever fires is acknowledged.
    Ack,
}

fn event() -> impl Strategy<Value = Event> {
    let balance = prop::sample::select(vec!["-5", "0", "0.01", "9.99", "10", "10.50", "50"]);
    prop_oneof![
        8 => (balance, 1..100_u16).prop_map(|(balance, times)| Event::Read(balance, times)),
        4 => (1..600_u16).prop_map(Event::Flap),
        1 => (1..30_u16).prop_map(Event::Unread),
        1 => Just(Event::Restart),
        1 => (0..CONFIGURATIONS).prop_map(Event::Configure),
        1 => (-300..1500_i64).prop_map(Event::Clock),
        1 => (1..300_i64).prop_map(Event::Silence),
        1 => Just(Event::Ack),
    ]
}

/// How many there are in [`configured`].
const CONFIGURATIONS: usize = 6;

/// Two limits of one balance, told to an operator and to the client.
fn configured(number: usize) -> Vec<Policy> {
    let hours = SignedDuration::from_hours;
    let minutes = SignedDuration::from_mins;
    let limit = |amount: &str| When {
        balance_below: Some(Limit::Amount(money(amount))),
        ..When::default()
    };
    let low = policy("low", limit("10"));
    let overdrawn = Policy {
        severity: Severity::Critical,
        ..policy("overdrawn", limit("0.01"))
    };
    let both = |change: &dyn Fn(Policy) -> Policy| vec![change(low.clone()), change(overdrawn.clone())];
    match number {
        0 => both(&|policy| policy),
        1 => both(&|policy| Policy {
            cool_down: hours(1),
            repeat_every: hours(2),
            max_repeats: 20,
            ..policy
        }),
        2 => both(&|policy| Policy {
            hold: minutes(10),
            clear_for: minutes(30),
            clear_readings: 1,
            ..policy
        }),
        3 => both(&|policy| Policy {
            cool_down: SignedDuration::ZERO,
            ..policy
        }),
        4 => vec![low],
        _ => both(&|policy| Policy {
            when: limit("20"),
            max_repeats: 0,
            ..policy
        }),
    }
}

/// A message that left.
#[derive(Debug)]
struct Sent {
    at: Timestamp,
    channel: ChannelName,
    transitions: Vec<(String, Transition)>,
}

/// A client and its watchers.
struct Stage {
    rules: Rules,
    watched: Watched,
    alerts: Vec<Alert>,
    decisions: Vec<Decision>,
    silences: Vec<Hush>,
    waiting: Vec<Notification>,
    sent: Vec<Sent>,
    now: Timestamp,
    jumped: bool,
    /// What the bound does not count: each may add an end and a beginning to each policy, or a word that was kept back.
    disturbances: u64,
    largest: BTreeMap<ChannelName, Bound>,
}

impl Stage {
    fn new(configuration: usize) -> Self {
        let watched = Watched {
            first_attempt_at: Some(at(0)),
            judged: "low,overdrawn,".into(),
            ..Watched::new(listed(client()), at(0))
        };
        let mut stage = Self {
            rules: rules(Vec::new()),
            watched,
            alerts: Vec::new(),
            decisions: Vec::new(),
            silences: Vec::new(),
            waiting: Vec::new(),
            sent: Vec::new(),
            now: at(0),
            jumped: false,
            disturbances: 0,
            largest: BTreeMap::new(),
        };
        stage.configure(configuration);
        stage
    }

    fn configure(&mut self, number: usize) {
        self.rules.policies = configured(number);
        for channel in [ChannelName::new("ops").unwrap(), ChannelName::client()] {
            let bound = bound::of(&channel, self.rules.policies.iter(), &self.rules.channels, INTERVAL);
            let largest = self.largest.entry(channel).or_default();
            largest.day = largest.day.max(bound.day);
            largest.week = largest.week.max(bound.week);
        }
    }

    fn happen(&mut self, event: &Event) {
        match event {
            Event::Read(balance, times) => (0..*times).for_each(|_| self.sweep(Some(balance))),
            Event::Unread(times) => (0..*times).for_each(|_| self.sweep(None)),
            Event::Flap(times) => (0..*times).for_each(|_| self.flap()),
            Event::Restart => {
                let kept = serde_json::to_string(&self.alerts).unwrap();
                self.alerts = serde_json::from_str(&kept).unwrap();
            }
            Event::Configure(number) => {
                self.disturbances += 1;
                self.configure(*number);
            }
            Event::Clock(minutes) => {
                self.disturbances += 1;
                self.now += SignedDuration::from_mins(*minutes);
                self.jumped = *minutes > 0;
                let today = self.now.to_zoned(self.rules.zone.clone()).date();
                let newest = self.watched.reading.as_ref().map(|reading| reading.at);
                if let Some(set_back) = SetBack::needed(newest, self.now) {
                    self.alerts.iter_mut().for_each(|alert| set_back.alert(alert, today));
                    if let Some(reading) = &mut self.watched.reading {
                        reading.at = set_back.a_moment_ago();
                    }
                }
            }
            Event::Silence(sweeps) => {
                self.disturbances += 1;
                let by = HushedBy::Silence {
                    by: "alice".to_owned(),
                    id: "s1".to_owned(),
                };
                self.silences.push(Hush {
                    by,
                    since: self.now,
                    until: Some(self.now + SignedDuration::from_secs(300 * sweeps)),
                    covers: Covers::default(),
                });
            }
            Event::Ack => {
                self.disturbances += 1;
                for firing in self.alerts.iter().filter_map(Alert::firing) {
                    self.decisions.push(Decision {
                        kind: Kind::Ack,
                        scope: Scope {
                            episode: Some(firing.episode.clone()),
                            ..Scope::default()
                        },
                        ..Decision::brake(self.rules.account.clone(), "bob", String::new(), self.now)
                    });
                }
            }
        }
    }

    /// As bad as a balance can do to the bound.
    fn flap(&mut self) {
        let fires = self.alerts.iter().any(|alert| alert.firing().is_some());
        self.sweep(Some(if fires { "50" } else { "-5" }));
    }

    fn sweep(&mut self, balance: Option<&str>) {
        self.now += INTERVAL;
        let now = self.now;
        self.silences.retain(|silence| silence.in_force(now));
        let hushes = Hushes::new(&self.decisions, &self.silences, now);
        let reading = balance.map(|balance| Reading {
            balance: money(balance),
            spent_today: None,
            spent_total: None,
            at: now,
        });
        let ten = threshold(Some("10"), 0);
        let rules = self.rules.clone();
        let circumstances = Circumstances {
            trust: Trust::UntilTheEnd,
            jumped: std::mem::take(&mut self.jumped),
            ..Circumstances::ordinary(now, INTERVAL, at(0))
        };
        let (watched, alerts) = (self.watched.clone(), self.alerts.clone());
        let seen = Seen {
            watched: &watched,
            reading: reading.as_ref(),
            threshold: Some(&ten),
            threshold_is_fresh: true,
            alerts: &alerts,
            hushes: &hushes,
        };
        let decided = match reading {
            Some(_) => rules.judge_client(&seen, &circumstances),
            None => rules.judge_silence(&seen, &circumstances, false),
        };
        let critical = decided.moved.iter().filter(|moved| {
            moved.how == How::Fired && moved.severity == Severity::Critical && self.silences.is_empty()
        });
        let critical: Vec<String> = critical.map(|moved| moved.episode.to_string()).collect();
        let begun = decided.begun.clone();
        self.commit(decided);
        let believed = rules.believe(&Seen { alerts: &[], ..seen }, &begun, now);
        self.commit(believed);
        self.gather();
        self.watched.reading = reading.or(self.watched.reading.take());
        for episode in critical {
            let is_told = self.sent.iter().any(|sent| {
                let fired =
                    |(of, what): &(String, Transition)| *of == episode && matches!(what, Transition::Fired { .. });
                sent.at == now && !sent.channel.is_client() && sent.transitions.iter().any(fired)
            });
            assert!(is_told, "{episode} is critical, and waits");
        }
    }

    /// Writes down what was decided and has its messages leave.
    fn commit(&mut self, decided: Decided) {
        self.alerts = after(&self.alerts, &decided);
        let (mut messages, mut notifications) = (decided.owed.messages, decided.owed.notifications);
        audience::together(&mut messages, &mut notifications, &self.rules.channels);
        let (waiting, decided): (Vec<_>, Vec<_>) = notifications
            .into_iter()
            .partition(|notification| notification.message.is_none() && !notification.state.is_final());
        self.waiting.extend(waiting);
        self.leave(&decided);
    }

    fn gather(&mut self) {
        let scene = gather::Scene {
            account: &self.rules.account,
            channels: &self.rules.channels,
            clients: 1,
            which: Which::All,
            doubted_since: None,
            now: self.now,
        };
        let mut gathered = gather::gather(&scene, std::mem::take(&mut self.waiting), &self.alerts);
        for alert in gathered.alerts {
            if let Some(kept) = self.alerts.iter_mut().find(|kept| kept.policy == alert.policy) {
                *kept = alert;
            }
        }
        audience::together(
            &mut gathered.messages,
            &mut gathered.notifications,
            &self.rules.channels,
        );
        self.leave(&gathered.notifications);
    }

    fn leave(&mut self, notifications: &[Notification]) {
        let mut messages: BTreeMap<&str, Sent> = BTreeMap::new();
        for notification in notifications {
            let Some(message) = notification.message.as_deref() else {
                continue;
            };
            let sent = messages.entry(message).or_insert_with(|| Sent {
                at: self.now,
                channel: notification.channel.clone(),
                transitions: Vec::new(),
            });
            let what = (notification.episode.to_string(), notification.transition.clone());
            sent.transitions.push(what);
        }
        self.sent.extend(messages.into_values());
    }

    /// The most messages through a channel in any window of this length.
    fn most(&self, channel: &ChannelName, window: SignedDuration) -> u64 {
        let times: Vec<Timestamp> = self
            .sent
            .iter()
            .filter(|sent| sent.channel == *channel)
            .map(|sent| sent.at)
            .collect();
        let within = |from: &Timestamp| {
            times
                .iter()
                .filter(|at| *from <= **at && at.duration_since(*from) < window)
                .count()
        };
        u64::try_from(times.iter().map(within).max().unwrap_or(0)).unwrap()
    }

    fn assert_bounded(&self) {
        // Two policies, and for each an end, a beginning and what follows for the client.
        let allowed = self.disturbances * 2 * 3;
        for (channel, bound) in &self.largest {
            let (day, week) = (SignedDuration::from_hours(24), SignedDuration::from_hours(7 * 24));
            for (window, most) in [(day, bound.day), (week, bound.week)] {
                let sent = self.most(channel, window);
                assert!(
                    sent <= most + allowed,
                    "{channel} got {sent} in {window:#}, and {most} + {allowed} is the most"
                );
            }
        }
    }

    /// Nobody hears that something is over who did not hear of it before.
    fn assert_in_order(&self) {
        let mut begun: Vec<(&ChannelName, &str)> = Vec::new();
        for sent in &self.sent {
            for (episode, transition) in &sent.transitions {
                let place = (&sent.channel, episode.as_str());
                if transition.is_end() {
                    let hushed = self.disturbances > 0;
                    assert!(hushed || begun.contains(&place), "{place:?} ended before it began");
                } else {
                    begun.push(place);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn nobody_gets_more_than_the_bound(configuration in 0..CONFIGURATIONS, events in prop::collection::vec(event(), 1..25)) {
        let mut stage = Stage::new(configuration);
        events.iter().for_each(|event| stage.happen(event));
        stage.assert_bounded();
        stage.assert_in_order();
    }

    #[test]
    fn a_balance_alone_keeps_to_the_bound_exactly(configuration in 0..CONFIGURATIONS, events in prop::collection::vec(event(), 1..25)) {
        let mut stage = Stage::new(configuration);
        let by_balance = |event: &&Event| matches!(event, Event::Read(..) | Event::Unread(_) | Event::Flap(_) | Event::Restart);
        events.iter().filter(by_balance).for_each(|event| stage.happen(event));
        prop_assert_eq!(stage.disturbances, 0);
        stage.assert_bounded();
        stage.assert_in_order();
    }
}

/// The bound is no idle number: a balance can reach half of it, with a rhythm of its own for each reader.
#[test]
fn the_bound_is_within_twice_of_what_a_balance_can_do() {
    let for_eight_days = |round: &[Event]| -> Vec<Event> {
        let rounds = round.iter().cycle().take(round.len() * 35);
        rounds.cloned().collect()
    };
    // One relapse in each cool-down: the second in a row would end late.
    let to_operators = for_eight_days(&[
        Event::Read("5", 1),
        Event::Read("50", 2),
        Event::Read("5", 1),
        Event::Read("50", 74),
    ]);
    let to_client = for_eight_days(&[
        Event::Read("50", 74),
        Event::Read("5", 1),
        Event::Read("-5", 1),
        Event::Read("50", 2),
    ]);
    for (channel, events) in [
        (ChannelName::new("ops").unwrap(), to_operators),
        (ChannelName::client(), to_client),
    ] {
        let mut stage = Stage::new(4);
        events.iter().for_each(|event| stage.happen(event));
        let bound = stage.largest[&channel];
        for (hours, most) in [(24, bound.day), (24 * 7, bound.week)] {
            let sent = stage.most(&channel, SignedDuration::from_hours(hours));
            assert!(
                sent * 2 >= most && sent <= most,
                "{channel}: {sent} of {most} in {hours} hours"
            );
        }
    }
}
