//! What calls for attention while nothing is read: that somebody has an alert in hand is told to the machines that keep count
//! of incidents, and a critical alert that nobody acknowledged goes to a further channel. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::audience::{self, Addresses, Episode, MESSAGE_LIFETIME, Owed};
use super::{Rules, Seen};
use crate::domain::alert::{Alert, Firing};
use crate::domain::decision::{BY_ESCALATION, Decision, Kind, Scope};
use crate::domain::hush::{Hush, Hushes};
use crate::domain::kept::Fires;
use crate::domain::notice::Transition;
use crate::domain::{ChannelName, ClientId, Severity, plan};

/// What is owed, and when to look again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attended {
    /// What is told of an acknowledgement has the id that it had when this was asked before: who was told once is not owed it
    /// again.
    pub owed: Owed,
    /// Where episodes are escalated to from now on.
    pub escalations: Vec<Decision>,
    /// When the next escalation may be due; `None`: not before something is decided or fires.
    pub next_at: Option<Timestamp>,
}

/// One channel that was told, and when.
struct Told<'a> {
    channel: &'a ChannelName,
    at: Timestamp,
}

impl Rules {
    /// Whether any channel escalates.
    #[must_use]
    pub fn escalates(&self) -> bool {
        self.channels.values().any(|receiver| receiver.escalate.is_some())
    }

    /// What calls for attention at `now` of all that fires.
    #[must_use]
    pub fn attend(&self, fires: &Fires, now: Timestamp) -> Attended {
        let hushes = Hushes::new(&fires.decisions, &self.mutes, now);
        let account = self.account_as_client(now);
        let clients = fires.clients.iter().chain([&account]);
        let clients: BTreeMap<&ClientId, _> = clients.map(|watched| (&watched.client.id, watched)).collect();
        let mut attended = Attended::default();
        for alert in &fires.alerts {
            let (Some(firing), Some(policy)) = (alert.firing(), self.policy(&alert.policy)) else {
                continue;
            };
            let Some(watched) = clients.get(&alert.client) else {
                continue;
            };
            let seen = Seen::unread(watched, std::slice::from_ref(alert)).hushed(&hushes);
            let ack = hushes.ack(&firing.episode);
            if ack.is_none() && (firing.severity(policy) != Severity::Critical || !self.escalates()) {
                continue;
            }
            let mut facts = self.facts(&seen, policy, alert, firing);
            facts.management = plan::meaning(&fires.state.management_codes, &watched.client.balance_management);
            let episode = Episode {
                account: &self.account,
                client: &watched.client,
                policy,
                firing,
                facts: &facts,
                hushes: &hushes,
            };
            if let Some(ack) = ack {
                attended.owed.add(self.tell_of(ack, &episode, now));
            }
            self.escalate(&mut attended, &episode, alert, now);
        }
        attended
    }

    /// What is owed about an acknowledgement. One of long ago is no news: the daemon was not there.
    fn tell_of(&self, ack: &Hush, episode: &Episode<'_>, now: Timestamp) -> Owed {
        let is_news = ack.since <= now && now.duration_since(ack.since) < MESSAGE_LIFETIME;
        let by = ack.by.who();
        if !is_news {
            return Owed::default();
        }
        let operators = Addresses {
            channels: &self.channels,
            client: &[],
        };
        audience::owed(
            episode,
            &Transition::Acknowledged { by: by.to_owned() },
            &operators,
            ack.since,
        )
    }

    /// Goes from channel to channel as long as one was told and leads on.
    fn escalate(&self, attended: &mut Attended, episode: &Episode<'_>, alert: &Alert, now: Timestamp) {
        let Episode { policy, firing, .. } = *episode;
        let Some(mut told) = self.told(episode) else { return };
        if firing.severity(policy) != Severity::Critical || firing.is_recovering {
            return;
        }
        // What hushes it for a time ends without anybody deciding anything.
        let hushes = episode
            .hushes
            .on(episode.client, &policy.name, Some(&firing.episode), now);
        let hushes: Vec<&Hush> = hushes.collect();
        if !hushes.is_empty() {
            attended.look_at(hushes.iter().filter_map(|hush| hush.until).max());
            return;
        }
        let mut place = 0;
        while let Some(Told { channel: from, at }) = told.get(place) {
            place += 1;
            let receiver = self.channels.get(*from).and_then(|receiver| receiver.escalate.as_ref());
            let Some(escalation) = receiver else { continue };
            let Some((to, receiver)) = self.channels.get_key_value(&escalation.to) else {
                continue;
            };
            if told.iter().any(|told| told.channel == to) {
                continue;
            }
            let due = at.checked_add(escalation.after).unwrap_or(Timestamp::MAX);
            if due > now {
                attended.look_at(Some(due));
                continue;
            }
            attended
                .owed
                .add(audience::escalation(episode, from, (to, receiver), now));
            attended.escalations.push(self.escalation(alert, firing, from, to, now));
            told.push(Told { channel: to, at: now });
        }
    }

    /// The channels that were told of an episode; `None`: nobody was.
    fn told<'a>(&'a self, episode: &'a Episode<'_>) -> Option<Vec<Told<'a>>> {
        let since = episode.firing.told_since()?;
        let channels = episode.policy.notify.iter().filter(|channel| !channel.is_client());
        let first = channels.map(|channel| Told { channel, at: since });
        let escalated = episode.hushes.escalated(&episode.firing.episode);
        let escalated = escalated.map(|(channel, at)| Told { channel, at });
        Some(first.chain(escalated).collect())
    }

    /// Remembers that an episode was escalated to a channel, so that it is once, and its end goes there, too.
    fn escalation(
        &self,
        alert: &Alert,
        firing: &Firing,
        from: &ChannelName,
        to: &ChannelName,
        now: Timestamp,
    ) -> Decision {
        Decision {
            id: format!("escalated.{}.{to}", firing.episode),
            account: self.account.clone(),
            kind: Kind::Escalation,
            scope: Scope {
                client: Some(alert.client.clone()),
                policy: Some(alert.policy.clone()),
                episode: Some(firing.episode.clone()),
                channel: Some(to.clone()),
                enforcement: None,
            },
            by: BY_ESCALATION.to_owned(),
            at: now,
            until: None,
            note: format!("nobody acknowledged what {from} was told"),
        }
    }
}

impl Attended {
    fn look_at(&mut self, at: Option<Timestamp>) {
        self.next_at = [self.next_at, at].into_iter().flatten().min();
    }
}
