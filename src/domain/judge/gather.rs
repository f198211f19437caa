//! What operators are told of clients at one time, put into few messages: a client or two each have their own, more come
//! in one with a table. Pure; what leaves is decided by [`audience`](super::audience) alone, here only in which message.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::audience::{carry, message};
use crate::domain::alert::{Alert, EpisodeId, Firing, Phase};
use crate::domain::notice::{AccountFacts, Message, MessageKind, NoticeState, Notification, Transition};
use crate::domain::receiver::{Reads, Receiver};
use crate::domain::{AccountName, ChannelName, ClientId, Severity};

/// So many clients are told of in a message each. One more, and a table reads better than the mails.
const MOST_SINGLES: usize = 2;

/// So many new ones in one message are a list; more are a storm, whose cause matters more than its clients. A machine that
/// opens incidents opens one for each of so many, and a single one for a storm.
pub const MOST_IN_A_LIST: usize = 25;

/// What of all that waits is to be told now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// What begins or goes on; not what a baseline found.
    Fresh,
    /// Of that, clients with something critical: it does not wait until everybody was asked.
    Critical,
    /// What a baseline found, too.
    All,
}

/// The account when what waits is gathered.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    pub account: &'a AccountName,
    pub channels: &'a BTreeMap<ChannelName, Receiver>,
    /// How many clients it has.
    pub clients: u64,
    pub which: Which,
    /// Since when what began is doubted, because too many began at once.
    pub doubted_since: Option<Timestamp>,
    pub now: Timestamp,
}

/// What is to be written: all that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// Each with the message that carries it, or dropped.
    pub notifications: Vec<Notification>,
    pub messages: Vec<Message>,
    /// Those that follow another thread from now on.
    pub alerts: Vec<Alert>,
    /// Whether what a baseline found is told in it.
    pub has_summary: bool,
}

/// What may stand in one message for one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Some of these clients have something new.
    New(Severity),
    /// All of it was told before.
    Again(Severity),
    Baseline,
}

/// Puts what waits into messages, for each recipient and severity; a client with several alerts counts by the most severe.
/// What has ended meanwhile is dropped: telling of it would need a second message to take it back. The rest goes on waiting.
#[must_use]
pub fn gather(scene: &Scene<'_>, waiting: Vec<Notification>, alerts: &[Alert]) -> Gathered {
    let firing: HashMap<&EpisodeId, &Firing> = alerts
        .iter()
        .filter_map(Alert::firing)
        .map(|firing| (&firing.episode, firing))
        .collect();
    let mut gathered = Gathered::default();
    let mut ready = Vec::new();
    for mut notification in waiting {
        match firing.get(&notification.episode) {
            None => {
                notification.state = NoticeState::Dropped("it ended before it could be told".to_owned());
                gathered.notifications.push(notification);
            }
            Some(firing) if scene.may_leave(&notification, firing) => ready.push(notification),
            Some(_) => {}
        }
    }
    let mut threads: BTreeMap<EpisodeId, Threads> = BTreeMap::new();
    for ((channel, _, kind), mut group) in scene.groups(ready, &firing) {
        let thread = scene.put(kind, &mut group, &firing, &mut gathered.messages);
        for notification in &group {
            let threads = threads.entry(notification.episode.clone()).or_default();
            match (kind, &thread) {
                (Kind::Baseline, Some(thread)) => threads.summary = Some(thread.clone()),
                // Told by itself: it follows its own thread, and counts as told.
                (Kind::Baseline, None) => {
                    let own = notification.episode.to_string();
                    threads.in_channels.insert(channel.clone(), own.clone());
                    threads.summary.get_or_insert(own);
                }
                (_, Some(thread)) => {
                    threads.in_channels.insert(channel.clone(), thread.clone());
                }
                (_, None) => {}
            }
        }
        gathered.has_summary |= kind == Kind::Baseline;
        gathered.notifications.extend(group);
    }
    gathered.alerts = follow(alerts, threads, scene.now);
    gathered
}

/// Whether a baseline found it. What was kept back from its summary is told by itself.
fn is_of_baseline(notification: &Notification, firing: &Firing) -> bool {
    firing.baseline && notification.transition != Transition::StillFires
}

/// Which threads an episode follows from now on.
#[derive(Default)]
struct Threads {
    summary: Option<String>,
    in_channels: BTreeMap<ChannelName, String>,
}

/// The alerts that follow other threads than before.
fn follow(alerts: &[Alert], mut threads: BTreeMap<EpisodeId, Threads>, now: Timestamp) -> Vec<Alert> {
    let mut changed = Vec::new();
    for alert in alerts {
        let mut next = alert.clone();
        if let Phase::Firing(firing) = &mut next.phase
            && let Some(Threads { summary, in_channels }) = threads.remove(&firing.episode)
        {
            if summary.is_some() {
                firing.summary = summary;
                firing.first_told_at.get_or_insert(now);
                firing.threads.clear();
            }
            firing.threads.extend(in_channels);
            if next != *alert {
                changed.push(next);
            }
        }
    }
    changed
}

/// Recipient of a channel, and what stands in one message for it.
type Place = (ChannelName, String, Kind);

impl Scene<'_> {
    /// Whether what waits about this episode may be told now.
    fn may_leave(&self, notification: &Notification, firing: &Firing) -> bool {
        if !is_of_baseline(notification, firing) {
            return true;
        }
        let is_doubtful = !firing.confirmed && self.doubted_since.is_some_and(|since| firing.since >= since);
        // What is about to end goes untold.
        self.which == Which::All && !is_doubtful && firing.clear_readings == 0
    }

    fn groups(
        &self,
        ready: Vec<Notification>,
        firing: &HashMap<&EpisodeId, &Firing>,
    ) -> BTreeMap<Place, Vec<Notification>> {
        let mut clients: BTreeMap<(ChannelName, String, ClientId, bool), Vec<Notification>> = BTreeMap::new();
        for notification in ready {
            let Notification {
                channel,
                recipient,
                client,
                ..
            } = &notification;
            let firing = firing.get(&notification.episode);
            let is_baseline = firing.is_some_and(|firing| is_of_baseline(&notification, firing));
            let place = (channel.clone(), recipient.clone(), client.clone(), is_baseline);
            clients.entry(place).or_default().push(notification);
        }
        let mut groups: BTreeMap<Place, Vec<Notification>> = BTreeMap::new();
        for ((channel, recipient, _, is_baseline), notifications) in clients {
            let severities = notifications.iter().map(|notification| notification.severity);
            let severity = severities.max().unwrap_or(Severity::Info);
            if self.which == Which::Critical && severity < Severity::Critical {
                continue;
            }
            let is_new = |notification: &Notification| !matches!(notification.transition, Transition::Repeated { .. });
            let kind = if is_baseline {
                Kind::Baseline
            } else if notifications.iter().any(is_new) {
                Kind::New(severity)
            } else {
                Kind::Again(severity)
            };
            let place = (channel, recipient, kind);
            groups.entry(place).or_default().extend(notifications);
        }
        groups
    }

    /// Makes the messages of a group; the thread of the one that carries it all, if there is one.
    fn put(
        &self,
        kind: Kind,
        group: &mut [Notification],
        firing: &HashMap<&EpisodeId, &Firing>,
        messages: &mut Vec<Message>,
    ) -> Option<String> {
        let everything = Receiver::people(Vec::new());
        let first = group.first()?.clone();
        let receiver = self.channels.get(&first.channel).unwrap_or(&everything);
        let clients = group.iter().map(|notification| &notification.client);
        let clients = clients.collect::<BTreeSet<_>>().len();
        let most_singles = match (receiver.reads, kind) {
            (Reads::Incidents, _) => MOST_IN_A_LIST,
            (Reads::Messages, Kind::Baseline) => 0,
            (Reads::Messages, Kind::New(_) | Kind::Again(_)) => MOST_SINGLES,
        };
        if clients <= most_singles {
            for notification in group {
                let own = notification.episode.as_str();
                let thread = firing.get(&notification.episode).filter(|_| kind != Kind::Baseline);
                let thread = thread.map_or(own, |firing| firing.thread_in(&notification.channel));
                let thread = thread.to_owned();
                messages.push(carry(notification, &thread, receiver, self.now));
            }
            return None;
        }
        let (thread, kind) = match kind {
            Kind::Baseline => {
                let at = self.now.strftime("%Y%m%dT%H%M%S%3fZ");
                (format!("summary.{}.{at}", self.account), MessageKind::Summary)
            }
            // What was gathered once is never gathered again, so that its first one names it.
            Kind::New(_) | Kind::Again(_) => {
                let thread = format!("group/{}/{}", first.episode, first.transition.label());
                (thread, MessageKind::Group)
            }
        };
        let id = format!("{thread}/{}/{}", first.channel, first.recipient);
        let severities = group.iter().map(|notification| notification.severity);
        let leaves_at = receiver.leaves_at(severities.max().unwrap_or(first.severity), self.now);
        for notification in group {
            notification.message = Some(id.clone());
            if kind == MessageKind::Group {
                notification.facts.account = Some(AccountFacts {
                    clients: self.clients,
                    ..AccountFacts::default()
                });
            }
        }
        messages.push(message(&id, &thread, kind, &first, leaves_at, self.now));
        Some(thread)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Gathered, Scene, Which, gather};
    use crate::domain::alert::{Alert, EpisodeId, Firing, Phase};
    use crate::domain::enforcement::Mode;
    use crate::domain::hush;
    use crate::domain::judge::audience::{self, Addresses, Episode};
    use crate::domain::notice::{Facts, MessageKind, NoticeState, Notification, Transition};
    use crate::domain::policy::{Policy, When};
    use crate::domain::reason::Reason;
    use crate::domain::receiver::{QuietHours, Reads, Receiver};
    use crate::domain::testing::{at, policy, reading, record};
    use crate::domain::{AccountName, ChannelName, Severity};

    const FIRED: Transition = Transition::Fired { relapse: false };

    /// An account whose clients began to fire, and what waits for two people and a pager.
    struct Stage {
        account: AccountName,
        channels: BTreeMap<ChannelName, Receiver>,
        waiting: Vec<Notification>,
        alerts: Vec<Alert>,
    }

    impl Stage {
        fn new() -> Self {
            let people = |names: &[&str]| Receiver::people(names.iter().map(|&name| name.to_owned()).collect());
            let pager = Receiver {
                reads: Reads::Incidents,
                ..people(&[""])
            };
            let name = |name: &str| ChannelName::new(name).unwrap();
            Self {
                account: AccountName::new("main").unwrap(),
                channels: BTreeMap::from([
                    (name("ops"), people(&["a@example.com", "b@example.com"])),
                    (name("pager"), pager),
                ]),
                waiting: Vec::new(),
                alerts: Vec::new(),
            }
        }

        fn policy(severity: Severity) -> Policy {
            let notify = ["ops", "pager"].map(|name| ChannelName::new(name).unwrap());
            Policy {
                severity,
                notify: notify.to_vec(),
                ..policy(severity.as_str(), When::default())
            }
        }

        /// So many clients, by number, have this transition; `change` says what else is true of their episodes.
        fn add(
            &mut self,
            clients: std::ops::Range<u32>,
            severity: Severity,
            transition: &Transition,
            change: impl Fn(&mut Firing),
        ) {
            let policy = Self::policy(severity);
            for number in clients {
                let client = record(&(1000 + number).to_string());
                let episode = EpisodeId::new(&self.account, &client.id, &policy.name, at(0));
                let mut firing = Firing::new(episode, at(0), Mode::Observe);
                change(&mut firing);
                let facts = Facts {
                    label: String::new(),
                    currency: "USD".to_owned(),
                    reading: Some(reading("4", "0", 0)),
                    threshold: None,
                    reason: Reason::NoThreshold,
                    since: at(0),
                    enforcement: None,
                    management: None,
                    ending: None,
                    country: String::new(),
                    runbook_url: None,
                    account: None,
                };
                let episode = Episode {
                    account: &self.account,
                    client: &client,
                    policy: &policy,
                    firing: &firing,
                    facts: &facts,
                    hushes: &hush::NOTHING,
                };
                let addresses = Addresses {
                    channels: &self.channels,
                    client: &[],
                };
                let owed = audience::owed(&episode, transition, &addresses, at(5));
                self.waiting.extend(owed.notifications);
                self.alerts.push(Alert {
                    client: client.id,
                    policy: policy.name.clone(),
                    condition: String::new(),
                    phase: Phase::Firing(firing),
                    reason: Reason::NoThreshold,
                });
            }
        }

        fn gather(&self, which: Which) -> Gathered {
            let scene = Scene {
                account: &self.account,
                channels: &self.channels,
                clients: 1000,
                which,
                doubted_since: Some(at(100)),
                now: at(9),
            };
            gather(&scene, self.waiting.clone(), &self.alerts)
        }
    }

    /// How many messages each person of `ops` gets, and the pager.
    fn messages(gathered: &Gathered) -> (usize, usize) {
        let count = |recipient: &str| {
            let messages = gathered.messages.iter();
            messages.filter(|message| message.recipient == recipient).count()
        };
        assert_eq!(count("a@example.com"), count("b@example.com"));
        (count("a@example.com"), count(""))
    }

    fn nothing_else(_: &mut Firing) {}

    #[test]
    fn one_or_two_come_by_themselves_and_more_together() {
        let cases = [(1, 1, 1), (2, 2, 2), (3, 1, 3), (25, 1, 25), (26, 1, 1), (200, 1, 1)];
        for (clients, people, pager) in cases {
            let mut stage = Stage::new();
            stage.add(0..clients, Severity::Critical, &FIRED, nothing_else);
            let gathered = stage.gather(Which::All);
            assert_eq!(messages(&gathered), (people, pager), "{clients}");
            assert_eq!(gathered.notifications.len(), stage.waiting.len());
            assert!(
                gathered
                    .notifications
                    .iter()
                    .all(|notification| notification.message.is_some())
            );
            assert!(!gathered.has_summary);
        }
    }

    #[test]
    fn each_severity_has_its_message_and_reminders_have_theirs() {
        let mut stage = Stage::new();
        stage.add(0..4, Severity::Warning, &FIRED, nothing_else);
        stage.add(10..14, Severity::Critical, &FIRED, nothing_else);
        stage.add(
            20..24,
            Severity::Critical,
            &Transition::Repeated { repeat: 1 },
            nothing_else,
        );
        assert_eq!(messages(&stage.gather(Which::All)), (3, 12));
        // A client with two alerts counts by the more severe one, and is told of once.
        stage.add(0..4, Severity::Critical, &FIRED, nothing_else);
        let gathered = stage.gather(Which::All);
        assert_eq!(messages(&gathered), (2, 16));
        // What waits no longer than a moment does not pull in what may wait.
        let critical = stage.gather(Which::Critical);
        assert_eq!(messages(&critical), (2, 16));
    }

    #[test]
    fn what_is_critical_is_told_without_the_rest() {
        let mut stage = Stage::new();
        stage.add(0..4, Severity::Warning, &FIRED, nothing_else);
        stage.add(10..11, Severity::Critical, &FIRED, nothing_else);
        let gathered = stage.gather(Which::Critical);
        assert_eq!(messages(&gathered), (1, 1));
        assert_eq!(gathered.notifications.len(), 3, "the others go on waiting");
    }

    #[test]
    fn what_a_baseline_found_is_one_summary_for_people() {
        let baseline = |firing: &mut Firing| (firing.baseline, firing.confirmed) = (true, false);
        let mut stage = Stage::new();
        stage.add(0..1, Severity::Warning, &FIRED, baseline);
        stage.add(10..12, Severity::Critical, &FIRED, baseline);
        assert_eq!(stage.gather(Which::Fresh), Gathered::default());
        let gathered = stage.gather(Which::All);
        assert_eq!(messages(&gathered), (1, 3));
        assert!(gathered.has_summary);
        for firing in gathered.alerts.iter().filter_map(Alert::firing) {
            let [ops, pager] = ["ops", "pager"].map(|name| ChannelName::new(name).unwrap());
            assert!(
                firing.thread_in(&ops).starts_with("summary.main."),
                "it follows the summary"
            );
            assert_eq!(
                firing.thread_in(&pager),
                firing.episode.as_str(),
                "an incident of its own"
            );
        }
        // What is doubted, or about to end, is not told yet.
        let mut stage = Stage::new();
        stage.add(0..1, Severity::Warning, &FIRED, |firing| {
            baseline(firing);
            firing.since = at(100);
        });
        stage.add(1..2, Severity::Warning, &FIRED, |firing| {
            baseline(firing);
            firing.clear_readings = 1;
        });
        assert_eq!(stage.gather(Which::All), Gathered::default());
    }

    #[test]
    fn what_ended_before_it_was_told_is_dropped() {
        let mut stage = Stage::new();
        stage.add(0..3, Severity::Warning, &FIRED, nothing_else);
        stage.alerts.pop();
        let gathered = stage.gather(Which::All);
        let dropped = |notification: &&Notification| notification.state.is_final();
        let dropped: Vec<&Notification> = gathered.notifications.iter().filter(dropped).collect();
        assert_eq!(dropped.len(), 3);
        let why = NoticeState::Dropped("it ended before it could be told".to_owned());
        assert!(
            dropped
                .iter()
                .all(|notification| notification.state == why && notification.message.is_none())
        );
        assert_eq!(messages(&gathered), (2, 2), "two are left");
    }

    #[test]
    fn what_follows_is_in_the_thread_of_the_group() {
        let mut stage = Stage::new();
        stage.add(0..3, Severity::Warning, &FIRED, nothing_else);
        let gathered = stage.gather(Which::All);
        let group = gathered
            .messages
            .iter()
            .find(|message| message.kind == MessageKind::Group)
            .unwrap();
        let [ops, pager] = ["ops", "pager"].map(|name| ChannelName::new(name).unwrap());
        assert_eq!(gathered.alerts.len(), 3);
        for firing in gathered.alerts.iter().filter_map(Alert::firing) {
            assert_eq!(firing.thread_in(&ops), group.thread);
            assert_eq!(firing.thread_in(&pager), firing.episode.as_str());
        }
    }

    #[test]
    fn a_group_waits_for_the_end_of_quiet_hours_unless_something_in_it_is_critical() {
        let mut stage = Stage::new();
        let zone = jiff::tz::TimeZone::UTC;
        let hour = |hour| jiff::civil::time(hour, 0, 0, 0);
        // Tests begin at 22:13 UTC.
        for receiver in stage.channels.values_mut() {
            let (from, to) = (hour(22), hour(7));
            receiver.quiet_hours = Some(QuietHours {
                from,
                to,
                zone: zone.clone(),
            });
        }
        stage.add(0..3, Severity::Warning, &FIRED, nothing_else);
        stage.add(10..13, Severity::Critical, &FIRED, nothing_else);
        let gathered = stage.gather(Which::All);
        let group = |severity: Severity| {
            let named = |id: &str| id.contains(severity.as_str());
            gathered.messages.iter().find(|message| named(&message.id)).unwrap()
        };
        assert_eq!(group(Severity::Critical).not_before, at(9));
        let morning: jiff::Timestamp = "2023-11-15T07:00:00Z".parse().unwrap();
        let waits = group(Severity::Warning);
        assert_eq!((waits.not_before, waits.next_at), (morning, morning));
        assert_eq!(
            waits.deadline,
            morning + audience::MESSAGE_LIFETIME,
            "from when it may leave"
        );
    }
}
