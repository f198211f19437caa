//! Every notification owed is delivered, or ended for a reason that is true by the log; nothing comes twice without cause, and
//! nothing comes that is not owed; what is dead is announced.
//!
//! Both directions are compared: what the store calls delivered came to its receiver, and what came is in the store. A message may
//! come again when its answer was lost or the program died before it wrote the answer down, and then under the same name.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::arrivals::{Arrivals, names, receiver};
use super::circumstances::{Circumstances, after, before};
use super::{Evidence, Invariant, Violation};
use crate::domain::notice::{NoticeState, Notification, Transition};
use crate::worlds::channels::{self, Channel};
use crate::worlds::log::Fact;
use crate::worlds::plan::{Act, Happening};
use crate::worlds::told::Said;
use crate::worlds::world::{Kept, Played};

/// What may have arrived is tried again after hours, where the receiver does not know a repeat; so much is soon.
const SOON: SignedDuration = SignedDuration::from_mins(90);

/// What is decided in one moment has one name.
const SETTLED: SignedDuration = SignedDuration::from_millis(1);

/// A message is tried for 24 hours from when it may first leave, which pacing and quiet hours put off.
const TRIED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Pacing and quiet hours put a first try off by so much at most in a world.
const PUT_OFF: SignedDuration = SignedDuration::from_hours(14);

/// Waiting for a turn in a channel that takes so many messages an hour puts it off by so much more.
const TURNS: SignedDuration = SignedDuration::from_hours(48);

pub(super) fn check(evidence: &Evidence<'_>, found: &mut Vec<Violation>) {
    let Evidence { played, said, .. } = evidence;
    let Some(end) = &played.end else {
        found.push(violation(
            played.ended,
            "the store cannot be read at the end".to_owned(),
        ));
        return;
    };
    let scene = Scene {
        played,
        end,
        circumstances: evidence.circumstances,
        arrivals: Arrivals::of(&played.log, said),
        told: said,
        firing: end
            .view
            .alerts
            .iter()
            .filter_map(|alert| Some(alert.firing()?.episode.to_string()))
            .collect(),
    };
    scene.nothing_unowed(found);
    scene.nothing_twice(found);
    scene.everybody_is_owed(found);
    for notification in &end.notifications {
        if let Some(what) = scene.wrong(notification) {
            let what = format!("{}: {what}", notification.id);
            found.push(violation(notification.created_at, what));
        }
    }
}

fn violation(at: Timestamp, what: String) -> Violation {
    Violation {
        invariant: Invariant::Delivered,
        at,
        what,
    }
}

struct Scene<'a> {
    played: &'a Played,
    end: &'a Kept,
    circumstances: &'a Circumstances,
    arrivals: Arrivals<'a>,
    told: &'a [Said],
    /// The episodes that fire at the end.
    firing: BTreeSet<String>,
}

impl Scene<'_> {
    /// What came is in the store.
    fn nothing_unowed(&self, found: &mut Vec<Violation>) {
        let mut known: BTreeSet<(&str, String)> = BTreeSet::new();
        for notification in &self.end.notifications {
            let receiver = receiver(notification.channel.as_str());
            known.extend(names(notification).into_iter().map(|name| (receiver, name)));
        }
        // What a message did not carry any more when it came again has no message in the store.
        let uncarried = self.end.notifications.iter().filter(|owed| owed.message.is_none());
        let uncarried: Vec<&Notification> = uncarried.collect();
        for (receiver, id, times) in self.arrivals.iter() {
            let was_carried = || {
                uncarried
                    .iter()
                    .any(|owed| names(&as_its_own(owed)).iter().any(|name| name == id))
            };
            if !known.contains(&(receiver, id.to_owned())) && !was_carried() {
                for (at, _) in times {
                    let what = format!("{receiver} got a message that the store does not know: {id}");
                    found.push(violation(*at, what));
                }
            }
        }
    }

    /// What came twice had a reason to.
    fn nothing_twice(&self, found: &mut Vec<Violation>) {
        // A pager knows an alert by one key, whatever is told of it.
        for (receiver, id, times) in self.arrivals.iter().filter(|(receiver, ..)| *receiver != "phone") {
            let mut last: BTreeMap<&str, (Timestamp, bool, &str, u32)> = BTreeMap::new();
            for (at, received) in times {
                let is_excused = self.circumstances.may_come_again(received, *at);
                let before = last.insert(
                    &received.recipient,
                    (*at, is_excused, received.body.as_str(), received.life),
                );
                // No time passes in a world while the program works: what is decided twice in one millisecond has one name.
                let is_other = |first: Timestamp, body: &str| first == *at && body != received.body;
                if let Some((first, true, _, life)) = before
                    && !["push", "phone"].contains(&receiver)
                    && life == received.life
                    && (SETTLED..SOON).contains(&at.duration_since(first))
                    && self.circumstances.clock_sets(first, *at) == 0
                    && !self.did_an_operator(|act| matches!(act, Act::RetryAll))
                {
                    let what = format!(
                        "{receiver} {} got {id} again soon, which may have arrived at {first}",
                        received.recipient
                    );
                    found.push(violation(*at, what));
                }
                // What is decided in two moments that are one by a clock that was set back has one name, too.
                let is_one_moment = |first: Timestamp| {
                    let apart = self
                        .circumstances
                        .wall(first)
                        .duration_since(self.circumstances.wall(*at));
                    apart.abs() < SOON && at.duration_since(first) > SOON
                };
                if let Some((first, false, body, _)) = before
                    && !is_other(first, body)
                    && !is_one_moment(first)
                {
                    let what = format!(
                        "{receiver} {} got {id} again, which it had answered at {first}",
                        received.recipient
                    );
                    found.push(violation(*at, what));
                }
            }
        }
    }

    /// Of what the webhook hears, which is everything, each channel hears what is as severe as it wants.
    fn everybody_is_owed(&self, found: &mut Vec<Violation>) {
        let plan = &self.played.plan;
        if self.did_an_operator(|act| matches!(act, Act::Reload(_))) {
            return;
        }
        let fired = || {
            let all = self.end.notifications.iter();
            all.filter(|owed| matches!(owed.transition, Transition::Fired { .. }) && !owed.channel.is_client())
        };
        let owed: BTreeSet<(&str, &str, &str)> = fired()
            .map(|owed| (owed.episode.as_str(), owed.channel.as_str(), owed.recipient.as_str()))
            .collect();
        // Dead letters are not told to the channel that they died in.
        let by_hook = fired().filter(|owed| owed.channel.as_str() == "hook" && owed.policy.as_str() != "dead-letter");
        for notification in by_hook {
            let episode = notification.episode.as_str();
            let wants = |channel: &&Channel| {
                let is_left_out = notification.policy.as_str() == channels::ESCALATED
                    && channels::escalates_to(&plan.channels) == Some(channel.name);
                channel.name != "mirror" && notification.severity >= channel.min_severity && !is_left_out
            };
            for channel in plan.channels.iter().filter(wants) {
                for recipient in channel.addresses() {
                    if !owed.contains(&(episode, channel.name, recipient)) {
                        let what = format!("{episode}: {} {recipient} is not owed it", channel.name);
                        found.push(violation(notification.created_at, what));
                    }
                }
            }
        }
    }

    /// What is wrong with what became of a notification.
    fn wrong(&self, owed: &Notification) -> Option<String> {
        let (from, until) = self.tried_between(owed);
        let was_troubled = || {
            self.circumstances
                .was_troubled(receiver(owed.channel.as_str()), from, until)
        };
        match &owed.state {
            NoticeState::Delivered => {
                let came = !self.arrivals.of_notification(owed).is_empty();
                (!came).then(|| "is called delivered, and never came".to_owned())
            }
            NoticeState::ProbablyDelivered => (!was_troubled())
                .then(|| "is called probably delivered, and its receiver answered all the time".to_owned()),
            // Its receiver takes all, and others had the places.
            NoticeState::Dead(why)
                if is_overdue(why) && self.channel(owed).is_some_and(|channel| channel.max_per_hour.is_some()) =>
            {
                self.unannounced(owed)
                    .then(|| format!("is dead ({why}), and nobody was told"))
            }
            NoticeState::Dead(why) if !was_troubled() => {
                Some(format!("is called dead ({why}), and its receiver took all the time"))
            }
            NoticeState::Dead(why) => self
                .unannounced(owed)
                .then(|| format!("is dead ({why}), and nobody was told")),
            NoticeState::Dropped(why) => self.dropped_for_nothing(owed, why),
            NoticeState::Merged(why) => {
                let later = |other: &&Notification| is_sibling(owed, other) && other.created_at > owed.created_at;
                let is_true = self.end.notifications.iter().any(|other| later(&other));
                (!is_true).then(|| format!("was merged ({why}), and nothing followed"))
            }
            NoticeState::Pending | NoticeState::Sending => {
                let is_old = self.played.ended > after(until, SignedDuration::from_hours(1));
                is_old.then(|| format!("is still {} at the end", owed.state.label()))
            }
        }
    }

    /// The channel of a notification; `None`: it is the client's own.
    fn channel(&self, owed: &Notification) -> Option<&Channel> {
        let mut channels = self.played.plan.channels.iter();
        channels.find(|channel| channel.name == owed.channel.as_str())
    }

    /// When it may have been tried, by the time that really passed.
    fn tried_between(&self, owed: &Notification) -> (Timestamp, Timestamp) {
        let shifted = self.circumstances.shifted;
        let is_limited = self.channel(owed).is_some_and(|channel| channel.max_per_hour.is_some());
        let put_off = if is_limited { PUT_OFF + TURNS } else { PUT_OFF };
        let last = after(owed.created_at, TRIED_FOR + put_off);
        (before(owed.created_at, shifted), after(last, shifted))
    }

    /// Whether nobody was told of a dead message by another channel, although there was time.
    fn unannounced(&self, owed: &Notification) -> bool {
        let (from, until) = self.tried_between(owed);
        let told = self.told.iter().any(|said| {
            let is_other = said.channel != owed.channel.as_str();
            said.policy == "dead-letter" && said.at >= from && is_other
        });
        owed.policy.as_str() != "dead-letter" && !told && self.played.ended > until
    }

    /// Whether a reason for not sending is not true.
    fn dropped_for_nothing(&self, owed: &Notification, why: &str) -> Option<String> {
        let is_over = || !self.firing.contains(owed.episode.as_str());
        let is_true = match why {
            "no address" => owed.channel.is_client() && owed.recipient.is_empty(),
            "it was over before it could be told" | "it ended before it could be told" => is_over(),
            "it was over before quiet hours ended" => {
                let channel = self.channel(owed);
                is_over() && channel.is_some_and(|channel| channel.quiet_hours.is_some())
            }
            "its alert never arrived" => !self.has_begun(owed) || self.has_begun_by_a_retry(owed),
            "it fires again, and that was told already" => self.has_begun_again(owed),
            _ if why.starts_with("silenced by ") => self.did_an_operator(|act| matches!(act, Act::Silence { .. })),
            _ if why.starts_with("acknowledged by ") => self.did_an_operator(|act| *act == Act::Ack),
            _ if why.starts_with("muted by ") => {
                let is_window = |act: &Act| matches!(act, Act::Reload(lines) if lines.contains("[[mute]]"));
                self.played.plan.config.contains("[[mute]]") || self.did_an_operator(is_window)
            }
            _ => false,
        };
        (!is_true).then(|| format!("was dropped ({why}), which is not so"))
    }

    /// Whether the recipient of an end was told that it fires, and answered.
    fn has_begun(&self, owed: &Notification) -> bool {
        let told =
            |other: &&Notification| is_sibling(owed, other) && !other.transition.is_end() && other.state.has_arrived();
        let enforced = |other: &&Notification| matches!(other.transition, Transition::Enforced { .. });
        self.end.notifications.iter().any(|other| {
            told(&other) && !enforced(&other) && !matches!(other.transition, Transition::Acknowledged { .. })
        })
    }

    /// Whether it was told only later that it fires, for an operator had what was dead tried again.
    fn has_begun_by_a_retry(&self, owed: &Notification) -> bool {
        let siblings = self.end.notifications.iter().filter(|other| is_sibling(owed, other));
        let mut begins = siblings.filter(|other| other.transition.begins());
        let came_later = |at: &Timestamp| self.circumstances.wall(*at) > owed.created_at;
        self.did_an_operator(|act| matches!(act, Act::RetryAll))
            && begins.all(|begin| self.arrivals.of_notification(begin).iter().all(came_later))
    }

    /// Whether the recipient of an end was told of a later episode of the same alert, or may have been.
    fn has_begun_again(&self, owed: &Notification) -> bool {
        // The newest come first.
        let mut later = self.end.notifications.iter().take_while(|other| other.id != owed.id);
        later.any(|other| {
            let is_same = (&other.client, &other.policy) == (&owed.client, &owed.policy);
            let is_here = (&other.channel, &other.recipient) == (&owed.channel, &owed.recipient);
            let is_told = || other.state.has_arrived() || !self.arrivals.of_notification(other).is_empty();
            is_same && is_here && other.episode != owed.episode && is_told()
        })
    }

    fn did_an_operator(&self, is_it: impl Fn(&Act) -> bool) -> bool {
        self.played.log.iter().any(|entry| match &entry.fact {
            Fact::Began(planned) => matches!(&planned.what, Happening::Operator(act) if is_it(act)),
            _ => false,
        })
    }
}

/// Whether both are about one episode, for one recipient.
fn is_sibling(one: &Notification, other: &Notification) -> bool {
    one.episode == other.episode
        && one.channel == other.channel
        && one.recipient == other.recipient
        && one.id != other.id
}

/// As if it had a message of its own, as it had before that was taken from it.
fn as_its_own(owed: &Notification) -> Notification {
    Notification {
        message: Some(owed.id.clone()),
        ..owed.clone()
    }
}
/// Whether this is why something died for which a channel's `max_per_hour` left no place in two days.
fn is_overdue(why: &str) -> bool {
    why.contains("for its turn")
}
