//! Who is told what about a transition. One pure function, [`owed`]; nobody else makes notifications.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::domain::alert::Firing;
use crate::domain::digest::Digest;
use crate::domain::hush::Hushes;
use crate::domain::notice::{Facts, Message, MessageKind, NoticeState, Notification, Transition};
use crate::domain::policy::Policy;
use crate::domain::reason::Reason;
use crate::domain::receiver::{Reads, Receiver};
use crate::domain::{AccountName, ChannelName, Client, ClientId, Money, PolicyName, Severity};

/// How long a message is tried. Longer, and it would tell of a day that nobody can act on; shorter, and one night
/// of a broken mail server would lose it.
pub const MESSAGE_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// An episode, seen by those who are told of it.
#[derive(Clone, Copy, Debug)]
pub struct Episode<'a> {
    pub account: &'a AccountName,
    /// The client, or a pseudo-client.
    pub client: &'a Client,
    pub policy: &'a Policy,
    /// The episode after the transition.
    pub firing: &'a Firing,
    /// What can be said of it.
    pub facts: &'a Facts,
    /// What people decided about alerts, as it holds now.
    pub hushes: &'a Hushes,
}

impl Episode<'_> {
    fn severity(&self) -> Severity {
        self.firing.severity(self.policy)
    }

    /// Why nobody is told of a transition now; `None`: people are.
    fn hushed(&self, transition: &Transition, now: Timestamp) -> Option<NoticeState> {
        let (policy, episode) = (&self.policy.name, &self.firing.episode);
        let over = self.hushes.over(self.client, policy, episode, transition, now)?;
        Some(NoticeState::Dropped(over.to_string()))
    }

    /// Which channels hear of a transition: those of the policy, and where it was escalated to. An escalation itself is
    /// told by [`escalation`].
    fn channels<'a>(&'a self, transition: &Transition) -> impl Iterator<Item = &'a ChannelName> {
        let follows = transition.is_end() || matches!(transition, Transition::Acknowledged { .. });
        let escalated = self.hushes.escalated(&self.firing.episode);
        let escalated = escalated.filter(move |_| follows).map(|(channel, _)| channel);
        let notify = &self.policy.notify;
        notify
            .iter()
            .chain(escalated.filter(|channel| !notify.contains(channel)))
    }
}

/// Where people are reached.
#[derive(Clone, Copy, Debug)]
pub struct Addresses<'a> {
    /// The configured channels.
    pub channels: &'a BTreeMap<ChannelName, Receiver>,
    /// Where the client itself is told; empty when it has no usable address.
    pub client: &'a [&'a str],
}

/// What is owed, to be committed with the transition that caused it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owed {
    /// One for each recipient.
    pub notifications: Vec<Notification>,
    /// What leaves for them. A notification without one waits for a summary, or is dropped.
    pub messages: Vec<Message>,
}

impl Owed {
    /// Adds what else is owed.
    pub fn add(&mut self, other: Self) {
        self.notifications.extend(other.notifications);
        self.messages.extend(other.messages);
    }

    /// Takes back what is not to be told, with the messages that would have carried it.
    pub fn retain(&mut self, is_told: impl Fn(&Notification) -> bool) {
        let gone: Vec<Notification> = self
            .notifications
            .extract_if(.., |notification| !is_told(notification))
            .collect();
        self.messages.retain(|message| {
            gone.iter()
                .all(|notification| notification.message.as_ref() != Some(&message.id))
        });
    }
}

/// Who is told of a transition, and in which message.
///
/// Operators learn of everything; of what fires of clients, and fires still, when it is [gathered](super::gather). The client
/// learns that it is low, at most as often as the policy repeats, and that it recovered if it was told before;
/// never of a withdrawal or an enforcement.
#[must_use]
pub fn owed(episode: &Episode<'_>, transition: &Transition, addresses: &Addresses<'_>, now: Timestamp) -> Owed {
    let mut owed = Owed::default();
    for channel in episode.channels(transition) {
        if channel.is_client() {
            if tells_client(episode.firing, transition) {
                for address in addresses.client {
                    owe_client(&mut owed, episode, transition, Some(address), now);
                }
                if addresses.client.is_empty() {
                    owe_client(&mut owed, episode, transition, None, now);
                }
            }
        } else if let Some(receiver) = addresses.channels.get(channel)
            && tells_operators(episode.firing, transition)
            && wants(receiver, episode.severity(), transition)
        {
            owe_operators(&mut owed, episode, transition, (channel, receiver), now);
        }
    }
    owed
}

/// What the channel `to` is owed because nobody acknowledged what `from` was told.
#[must_use]
pub fn escalation(episode: &Episode<'_>, from: &ChannelName, to: (&ChannelName, &Receiver), now: Timestamp) -> Owed {
    let mut owed = Owed::default();
    let transition = Transition::Escalated { from: from.clone() };
    if wants(to.1, episode.severity(), &transition) {
        owe_operators(&mut owed, episode, &transition, to, now);
    }
    owed
}

fn owe_operators(
    owed: &mut Owed,
    episode: &Episode<'_>,
    transition: &Transition,
    (channel, receiver): (&ChannelName, &Receiver),
    now: Timestamp,
) {
    let hushed = episode.hushed(transition, now);
    for recipient in &receiver.recipients {
        let mut notification = notification(episode, transition, channel, recipient, now);
        if let Some(dropped) = &hushed {
            notification.state = dropped.clone();
        } else if !is_gathered(&notification) {
            let thread = episode.firing.thread_in(channel);
            owed.messages.push(carry(&mut notification, thread, receiver, now));
        }
        owed.notifications.push(notification);
    }
}

/// Operators are told of everything, but not of the end of what they were never told of.
fn tells_operators(firing: &Firing, transition: &Transition) -> bool {
    match transition {
        Transition::ClientDue | Transition::UsedUp => false,
        Transition::Resolved | Transition::Withdrawn { .. } => !firing.baseline || firing.summary.is_some(),
        // It is about no episode, and owed by `sum_up`.
        Transition::Digest(_) => false,
        Transition::Fired { .. }
        | Transition::Repeated { .. }
        | Transition::News
        | Transition::StillFires
        | Transition::Escalated { .. }
        | Transition::Enforced { .. } => true,
        Transition::Acknowledged { .. } => firing.told_since().is_some(),
    }
}

/// Whether a channel wants to hear of it. People read each message; a machine that keeps count of incidents learns that
/// somebody has one, but of a change that went well it would open one, when its own may be closed already.
pub(super) fn wants(receiver: &Receiver, severity: Severity, transition: &Transition) -> bool {
    let is_for_it = match (transition, receiver.reads) {
        (Transition::Acknowledged { .. }, reads) => reads == Reads::Incidents,
        (Transition::Enforced { outcome, .. }, Reads::Incidents) => !outcome.is_well(),
        _ => receiver.tells_ends || !transition.is_end(),
    };
    severity >= receiver.min_severity && is_for_it
}

/// Whether operators may be told of it together with other clients, so that its message is made when a sweep ends.
#[must_use]
pub fn is_gathered(notification: &Notification) -> bool {
    let may = matches!(
        notification.transition,
        Transition::Fired { .. } | Transition::StillFires | Transition::Repeated { .. }
    );
    may && !notification.client.is_pseudo() && !notification.channel.is_client()
}

fn tells_client(firing: &Firing, transition: &Transition) -> bool {
    match transition {
        Transition::Fired { .. } | Transition::Repeated { .. } | Transition::Resolved => firing.client_told,
        Transition::StillFires => firing.client_told,
        Transition::ClientDue | Transition::UsedUp => true,
        Transition::News
        | Transition::Escalated { .. }
        | Transition::Acknowledged { .. }
        | Transition::Withdrawn { .. }
        | Transition::Enforced { .. }
        | Transition::Digest(_) => false,
    }
}

fn owe_client(owed: &mut Owed, episode: &Episode<'_>, transition: &Transition, address: Option<&str>, now: Timestamp) {
    let mut notification = notification(
        episode,
        transition,
        &ChannelName::client(),
        address.unwrap_or_default(),
        now,
    );
    if address.is_none() {
        notification.state = NoticeState::Dropped("no address".to_owned());
    } else if let Some(dropped) = episode.hushed(transition, now) {
        notification.state = dropped;
    } else {
        let is_paced = episode.firing.baseline && !transition.is_end();
        let balance = episode
            .facts
            .reading
            .as_ref()
            .map_or(Money::ZERO, |reading| reading.balance);
        let thread = episode.firing.episode.as_str();
        notification.message = Some(notification.id.clone());
        owed.messages.push(Message {
            paced: is_paced.then_some(balance),
            ..message(&notification.id, thread, MessageKind::Single, &notification, now, now)
        });
    }
    owed.notifications.push(notification);
}

pub(super) fn notification(
    episode: &Episode<'_>,
    transition: &Transition,
    channel: &ChannelName,
    recipient: &str,
    now: Timestamp,
) -> Notification {
    let label = match transition {
        // One episode may see several enforcements with the same end, and the others again and again.
        Transition::Enforced { .. } | Transition::News | Transition::StillFires | Transition::Acknowledged { .. } => {
            format!("{}-{}", transition.label(), now.as_millisecond())
        }
        _ => transition.label(),
    };
    Notification {
        id: format!("{}/{label}/{channel}/{recipient}", episode.firing.episode),
        account: episode.account.clone(),
        client: episode.client.id.clone(),
        policy: episode.policy.name.clone(),
        episode: episode.firing.episode.clone(),
        transition: transition.clone(),
        severity: episode.severity(),
        channel: channel.clone(),
        recipient: recipient.to_owned(),
        facts: episode.facts.clone(),
        created_at: now,
        message: None,
        state: NoticeState::Pending,
    }
}

/// A message of its own for one notification to operators.
pub(super) fn carry(notification: &mut Notification, thread: &str, receiver: &Receiver, now: Timestamp) -> Message {
    notification.message = Some(notification.id.clone());
    let leaves_at = receiver.leaves_at(notification.severity, now);
    message(
        &notification.id,
        thread,
        MessageKind::Single,
        notification,
        leaves_at,
        now,
    )
}

/// A message that leaves no earlier than `leaves_at`, from when its lifetime counts.
pub(super) fn message(
    id: &str,
    thread: &str,
    kind: MessageKind,
    first: &Notification,
    leaves_at: Timestamp,
    now: Timestamp,
) -> Message {
    Message {
        id: id.to_owned(),
        account: first.account.clone(),
        channel: first.channel.clone(),
        recipient: first.recipient.clone(),
        thread: thread.to_owned(),
        kind,
        created_at: now,
        not_before: leaves_at,
        deadline: leaves_at.saturating_add(MESSAGE_LIFETIME).unwrap_or(Timestamp::MAX),
        paced: None,
        attempts: 0,
        next_at: leaves_at,
        state: NoticeState::Pending,
        receipt: None,
    }
}

/// Puts into one message what several policies tell one recipient of one client at one time, through one channel. The
/// most severe of what begins or goes on leads: the message is its own, and the others are carried along; it leaves when
/// the first of them may. Alerts about the account are matters of their own, and where each episode is an incident of its
/// own it stays one.
pub fn together(
    messages: &mut Vec<Message>,
    notifications: &mut [Notification],
    channels: &BTreeMap<ChannelName, Receiver>,
) {
    let mut groups: BTreeMap<(ClientId, ChannelName, String), Vec<usize>> = BTreeMap::new();
    for (index, notification) in notifications.iter().enumerate() {
        let is_alone = notification.message.as_deref() == Some(notification.id.as_str());
        let receiver = channels.get(&notification.channel);
        let is_incident = receiver.is_some_and(|receiver| receiver.reads == Reads::Incidents);
        if is_alone && !is_incident && notification.client != ClientId::account() {
            let Notification {
                client,
                channel,
                recipient,
                ..
            } = notification;
            let place = (client.clone(), channel.clone(), recipient.clone());
            groups.entry(place).or_default().push(index);
        }
    }
    let mut carried: BTreeMap<String, String> = BTreeMap::new();
    for group in groups.into_values().filter(|group| group.len() > 1) {
        let leader = group.iter().min_by_key(|index| rank(&notifications[**index]));
        let Some(leader) = leader.map(|index| notifications[*index].id.clone()) else {
            continue;
        };
        for index in group {
            let notification = &mut notifications[index];
            if notification.id != leader {
                notification.message = Some(leader.clone());
                carried.insert(notification.id.clone(), leader.clone());
            }
        }
    }
    let mut away: BTreeMap<String, Vec<Message>> = BTreeMap::new();
    for message in messages.extract_if(.., |message| carried.contains_key(&message.id)) {
        if let Some(leader) = carried.get(&message.id) {
            away.entry(leader.clone()).or_default().push(message);
        }
    }
    for message in messages {
        for other in away.get(&message.id).into_iter().flatten() {
            message.paced = message.paced.filter(|_| other.paced.is_some());
            message.not_before = message.not_before.min(other.not_before);
            message.next_at = message.next_at.min(other.next_at);
            message.deadline = message.deadline.min(other.deadline);
        }
    }
}

/// A digest for each recipient of a channel. Its id comes from its mark, so that it is the same after a crash.
#[must_use]
pub fn sum_up(
    account: &AccountName,
    digest: &Digest,
    currency: &str,
    (channel, receiver): (&ChannelName, &Receiver),
    now: Timestamp,
) -> Owed {
    let (client, policy) = (ClientId::account(), PolicyName::digest());
    let episode = digest.episode(account);
    let facts = Facts {
        label: client.to_string(),
        currency: currency.to_owned(),
        reading: None,
        threshold: None,
        reason: Reason::Account {
            what: "what happened is summed up".to_owned(),
            fix: String::new(),
        },
        since: digest.mark,
        enforcement: None,
        management: None,
        ending: None,
        country: String::new(),
        runbook_url: None,
        account: None,
    };
    let transition = Transition::Digest(Box::new(digest.clone()));
    let mut owed = Owed::default();
    for recipient in &receiver.recipients {
        let mut notification = Notification {
            id: format!("{episode}/{}/{channel}/{recipient}", transition.label()),
            account: account.clone(),
            client: client.clone(),
            policy: policy.clone(),
            episode: episode.clone(),
            transition: transition.clone(),
            severity: Severity::Info,
            channel: channel.clone(),
            recipient: recipient.clone(),
            facts: facts.clone(),
            created_at: now,
            message: None,
            state: NoticeState::Pending,
        };
        owed.messages
            .push(carry(&mut notification, episode.as_str(), receiver, now));
        owed.notifications.push(notification);
    }
    owed
}

/// Who of those that are told together leads: the lowest.
#[must_use]
pub fn rank(notification: &Notification) -> (bool, std::cmp::Reverse<Severity>) {
    (
        notification.transition.is_end(),
        std::cmp::Reverse(notification.severity),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Addresses, Episode, Owed, owed, together, wants};
    use crate::domain::alert::{EpisodeId, Firing};
    use crate::domain::enforcement::{Direction, Mode, Outcome};
    use crate::domain::hush;
    use crate::domain::notice::{Facts, NoticeState, Transition, Withdrawal};
    use crate::domain::policy::When;
    use crate::domain::reason::Reason;
    use crate::domain::receiver::{Reads, Receiver};
    use crate::domain::testing::{at, client, policy, reading, record};
    use crate::domain::{AccountName, ChannelName, Management, Severity};

    fn firing(baseline: bool, client_told: bool, summary: Option<&str>) -> Firing {
        let account = AccountName::new("main").unwrap();
        let episode = EpisodeId::new(&account, &client(), &policy("low", When::default()).name, at(0));
        Firing {
            baseline,
            confirmed: !baseline,
            client_told,
            summary: summary.map(str::to_owned),
            ..Firing::new(episode, at(0), Mode::Observe)
        }
    }

    fn told(firing: &Firing, transition: &Transition, client_addresses: &[&str]) -> Owed {
        let account = AccountName::new("main").unwrap();
        let policy = policy("low", When::default());
        let ops = vec!["a@example.com".to_owned(), "b@example.com".to_owned()];
        let channels = BTreeMap::from([(ChannelName::new("ops").unwrap(), Receiver::people(ops))]);
        let facts = Facts {
            label: "Consulting".to_owned(),
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
        let client = record("561115");
        let episode = Episode {
            account: &account,
            client: &client,
            policy: &policy,
            firing,
            facts: &facts,
            hushes: &hush::NOTHING,
        };
        let addresses = Addresses {
            channels: &channels,
            client: client_addresses,
        };
        owed(&episode, transition, &addresses, at(5))
    }

    #[test]
    fn each_transition_has_its_audience() {
        let fired = Transition::Fired { relapse: false };
        let repeated = Transition::Repeated { repeat: 1 };
        let withdrawn = Transition::Withdrawn {
            why: Withdrawal::PolicyRemoved,
        };
        let enforced = Transition::Enforced {
            outcome: Outcome::Verified,
            wanted: Management::Hard,
            direction: Direction::Enforce,
        };
        // Per row: whether a baseline found it, whether the client was told, whether a summary went out; then how
        // many operators and clients get a message now, and how many notifications wait to be gathered.
        let cases = [
            ("fired", &fired, (false, true, false), (0, 1, 2)),
            ("relapse: the client waits", &fired, (false, false, false), (0, 0, 2)),
            ("found by a baseline", &fired, (true, false, false), (0, 0, 2)),
            ("repeated", &repeated, (false, true, false), (0, 1, 2)),
            ("repeated after a baseline", &repeated, (true, true, true), (0, 1, 2)),
            (
                "the client's late mail",
                &Transition::ClientDue,
                (true, true, true),
                (0, 1, 0),
            ),
            ("resolved", &Transition::Resolved, (false, true, false), (2, 1, 0)),
            (
                "resolved, client never told",
                &Transition::Resolved,
                (false, false, false),
                (2, 0, 0),
            ),
            (
                "resolved after the summary",
                &Transition::Resolved,
                (true, false, true),
                (2, 0, 0),
            ),
            (
                "resolved before the summary",
                &Transition::Resolved,
                (true, false, false),
                (0, 0, 0),
            ),
            ("withdrawn", &withdrawn, (false, true, false), (2, 0, 0)),
            ("enforced", &enforced, (false, true, false), (2, 0, 0)),
        ];
        for (name, transition, (baseline, client_told, summary), expected) in cases {
            let firing = firing(baseline, client_told, summary.then_some("summary.main.1"));
            let owed = told(&firing, transition, &["john@example.com"]);
            let clients = owed
                .messages
                .iter()
                .filter(|message| message.channel.is_client())
                .count();
            let waiting = owed
                .notifications
                .iter()
                .filter(|notification| notification.message.is_none())
                .count();
            assert_eq!((owed.messages.len() - clients, clients, waiting), expected, "{name}");
        }
    }

    #[test]
    fn a_client_without_an_address_is_counted_and_not_mailed() {
        let owed = told(&firing(false, true, None), &Transition::Fired { relapse: false }, &[]);
        assert_eq!(owed.messages.len(), 0, "the operators are told when the sweep ends");
        let dropped = NoticeState::Dropped("no address".to_owned());
        assert_eq!(
            owed.notifications
                .iter()
                .filter(|notification| notification.state == dropped)
                .count(),
            1
        );
    }

    #[test]
    fn a_client_with_several_addresses_is_told_at_each() {
        let fired = Transition::Fired { relapse: false };
        let owed = told(
            &firing(false, true, None),
            &fired,
            &["anna@example.com", "bert@example.com"],
        );
        let to: Vec<&str> = owed
            .messages
            .iter()
            .filter(|message| message.channel.is_client())
            .map(|message| message.recipient.as_str())
            .collect();
        assert_eq!(to, ["anna@example.com", "bert@example.com"]);
    }

    #[test]
    fn only_what_a_baseline_found_is_paced() {
        let paced = |baseline, transition: &Transition| {
            let owed = told(&firing(baseline, true, Some("s")), transition, &["john@example.com"]);
            owed.messages
                .iter()
                .find(|message| message.channel.is_client())
                .is_some_and(|m| m.paced.is_some())
        };
        assert!(paced(true, &Transition::ClientDue));
        assert!(!paced(false, &Transition::Fired { relapse: false }));
        assert!(!paced(true, &Transition::Resolved), "good news need not wait");
    }

    #[test]
    fn what_several_policies_tell_one_recipient_is_one_message_led_by_the_most_severe() {
        let ended = Transition::Resolved;
        let mut low = told(&firing(false, true, None), &ended, &["john@example.com"]);
        let mut gone = told(&firing(false, true, None), &ended, &["jane@example.com"]);
        for notification in &mut gone.notifications {
            notification.severity = Severity::Critical;
            notification.id.push_str("/overdrawn");
            notification.message = Some(notification.id.clone());
        }
        for message in &mut gone.messages {
            message.id.push_str("/overdrawn");
        }
        let expected: Vec<String> = gone.messages.iter().map(|message| message.id.clone()).collect();
        let (john, operators): (Vec<_>, Vec<_>) = low.messages.into_iter().partition(|m| m.channel.is_client());
        let mut messages: Vec<_> = operators.into_iter().chain(john).chain(gone.messages).collect();
        low.notifications.extend(gone.notifications);
        let incidents = Receiver {
            reads: Reads::Incidents,
            ..Receiver::people(Vec::new())
        };
        let incidents = BTreeMap::from([(ChannelName::new("ops").unwrap(), incidents)]);
        let (mut apart, mut notifications) = (messages.clone(), low.notifications.clone());
        together(&mut apart, &mut notifications, &incidents);
        assert_eq!(apart.len(), messages.len(), "each is an incident");
        together(&mut messages, &mut low.notifications, &BTreeMap::new());
        let ids: Vec<&str> = messages.iter().map(|message| message.id.as_str()).collect();
        assert_eq!(
            ids.len(),
            4,
            "one for each operator, and one for each address of the client: {ids:?}"
        );
        assert!(expected.iter().all(|id| ids.contains(&id.as_str())), "{ids:?}");
        for notification in low.notifications.iter().filter(|n| !n.channel.is_client()) {
            let carrier = notification.message.as_deref().unwrap();
            assert!(
                carrier.ends_with("/overdrawn") && carrier.contains(&notification.recipient),
                "{carrier}"
            );
        }
    }

    #[test]
    fn incidents_are_opened_by_what_needs_somebody_and_by_nothing_else() {
        let enforced = |outcome| Transition::Enforced {
            outcome,
            wanted: Management::Hard,
            direction: Direction::Revert,
        };
        let unknown = Outcome::Unknown {
            error: "timeout".to_owned(),
        };
        for (transition, opens) in [
            (Transition::Fired { relapse: false }, true),
            (Transition::Resolved, true),
            (enforced(Outcome::Verified), false),
            (enforced(Outcome::Already), false),
            (enforced(unknown), true),
        ] {
            let mut receiver = Receiver::people(vec![String::new()]);
            assert!(
                wants(&receiver, Severity::Warning, &transition),
                "people are told of everything"
            );
            receiver.reads = Reads::Incidents;
            assert_eq!(
                wants(&receiver, Severity::Warning, &transition),
                opens,
                "{transition:?}"
            );
        }
    }

    #[test]
    fn what_follows_a_summary_is_in_its_thread() {
        let owed = told(&firing(true, false, Some("summary.main.1")), &Transition::Resolved, &[]);
        assert!(owed.messages.iter().all(|message| message.thread == "summary.main.1"));
    }
}
