//! An alert as it is kept: one account, client and policy; pending or firing. How it moves is in [`super::judge::lifecycle`].

use std::collections::BTreeMap;
use std::fmt;

use jiff::{Timestamp, civil::Date};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::enforcement::mode::Mode;
use super::notice::Transition;
use super::reason::{Finding, Reason};
use super::{AccountName, ChannelName, ClientId, Policy, PolicyName, Severity};

/// Names an episode for ever: account, client, policy and the second it began. Readable, unique, and the same
/// after a crash in the middle of a commit that did not happen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct EpisodeId(String);

impl EpisodeId {
    /// The episode of this alert that begins at `fired_at`.
    #[must_use]
    pub fn new(account: &AccountName, client: &ClientId, policy: &PolicyName, fired_at: Timestamp) -> Self {
        let at = fired_at.strftime("%Y%m%dT%H%M%S%3fZ");
        Self(format!("{account}.{client}.{policy}.{at}"))
    }

    /// Reads one back from the store.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EpisodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// An alert that is not inactive, or that must be remembered because its cool-down runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// The client, or a pseudo-client.
    pub client: ClientId,
    pub policy: PolicyName,
    /// The policy's condition as it was when the alert was last judged; a changed one judges it anew.
    pub condition: String,
    pub phase: Phase,
    /// Why, by the last verdict that was not unknown.
    pub reason: Reason,
}

/// Where an alert stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Phase {
    /// In breach, not yet for long enough.
    Pending(Pending),
    /// Told, and not over.
    Firing(Firing),
    /// Over. Inactive in every way; kept until the cool-down ends, so that a relapse is recognised.
    CoolingDown {
        /// When the episode was resolved.
        resolved_at: Timestamp,
        /// How many relapses in a row it ended.
        #[serde(default)]
        relapses: u32,
    },
}

/// A breach that must hold before it fires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Since when the breach holds.
    pub since: Timestamp,
    /// The newest reading in breach.
    pub last_breach_at: Timestamp,
    /// Whether the first breach was seen by a baseline.
    pub baseline: bool,
    /// When an earlier episode was resolved, if its cool-down still runs.
    pub resolved_at: Option<Timestamp>,
    /// How many relapses in a row that one ended.
    #[serde(default)]
    pub relapses: u32,
}

/// An episode that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firing {
    pub episode: EpisodeId,
    pub since: Timestamp,
    /// Whether a baseline found it: operators learn of it in a summary.
    pub baseline: bool,
    /// Whether a second good reading, at least one interval after the first, still found it in breach. Only then
    /// may the client be told and anything be enforced; an episode that no baseline found is confirmed at once.
    pub confirmed: bool,
    /// Which relapse in a row it is: each began within the cool-down of the one before. From the second on it ends only when
    /// it was clear for as long as a cool-down: however a balance jumps around its limit, ends and beginnings stay far apart.
    #[serde(default)]
    pub relapses: u32,
    /// How often it was told again.
    pub repeats: u32,
    /// When it was last told.
    pub last_told_at: Timestamp,
    /// When the client may be told, if that waits: the end of a cool-down, or the confirmation of a baseline.
    pub client_waits: Option<ClientWaits>,
    /// Whether the client was told in this episode.
    pub client_told: bool,
    /// For an episode that a baseline found: the thread of the summary that told operators of it; `None` until then.
    pub summary: Option<String>,
    /// For what is told of it later: the thread to follow in a channel where it was told together with others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub threads: BTreeMap<ChannelName, String>,
    /// How many clear readings in a row there were.
    pub clear_readings: u32,
    /// Since when it has been clear.
    pub clear_since: Option<Timestamp>,
    /// The reading that was judged last, so that one reading never counts twice.
    pub last_reading_at: Option<Timestamp>,
    /// The last Toronto day on which today's spending was over its limit.
    pub over_on: Option<Date>,
    /// The last Toronto day after `over_on` on which it was seen under its limit.
    pub under_on: Option<Date>,
    /// The balance and what it was compared with when it was last in breach: what its end is told by.
    #[serde(default)]
    pub breach: Option<Box<Finding>>,
    /// Whether it is between its limits, or clear and not for long enough: nobody is reminded of it then.
    #[serde(default)]
    pub is_recovering: bool,
    /// Whether the client was told that its money is gone.
    #[serde(default)]
    pub client_knows_it_is_gone: bool,
    /// The enforcement mode when it began; `observe`, too, once it was judged in that mode while it fires. Only an episode of
    /// mode `apply` is enforced.
    pub mode: Mode,
    /// The severity with which it began: it stays so while it fires. `None`: it began when this was not kept.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// When people were first told of it, or were to be; `None`: not yet, or it began when this was not kept.
    #[serde(default)]
    pub first_told_at: Option<Timestamp>,
    /// Whether a silence, an acknowledgement or a maintenance window kept something from being told: when nothing does any
    /// more, people are told that it still fires.
    #[serde(default)]
    pub held_back: bool,
}

impl Firing {
    /// An episode that begins, confirmed, and told to operators alone.
    #[must_use]
    pub const fn new(episode: EpisodeId, since: Timestamp, mode: Mode) -> Self {
        Self {
            episode,
            since,
            baseline: false,
            confirmed: true,
            relapses: 0,
            repeats: 0,
            last_told_at: since,
            client_waits: None,
            client_told: false,
            summary: None,
            threads: BTreeMap::new(),
            clear_readings: 0,
            clear_since: None,
            last_reading_at: None,
            over_on: None,
            under_on: None,
            breach: None,
            is_recovering: false,
            client_knows_it_is_gone: false,
            mode,
            severity: None,
            first_told_at: None,
            held_back: false,
        }
    }

    /// How urgent it is, for as long as it fires.
    #[must_use]
    pub fn severity(&self, policy: &Policy) -> Severity {
        self.severity.unwrap_or(policy.severity)
    }

    /// When people were first told of it; `None`: not yet.
    #[must_use]
    pub fn told_since(&self) -> Option<Timestamp> {
        let is_told = !self.held_back && (!self.baseline || self.summary.is_some());
        self.first_told_at.or_else(|| is_told.then_some(self.since))
    }

    /// Whether a silence or a maintenance window was in force when it began, and nobody was told since.
    #[must_use]
    pub const fn is_unheard(&self) -> bool {
        self.held_back && self.first_told_at.is_none()
    }

    /// Takes note of what people are told, or are kept from by a silence, an acknowledgement or a window.
    pub fn note_told(&mut self, transition: &Transition, is_hushed: bool, now: Timestamp) {
        let begins = matches!(transition, Transition::Fired { .. } | Transition::StillFires);
        if is_hushed {
            match transition {
                Transition::Fired { .. } => self.first_told_at = None,
                Transition::StillFires => {}
                _ => self.first_told_at = self.told_since(),
            }
            self.held_back = true;
        } else if matches!(transition, Transition::StillFires) {
            self.held_back = false;
            self.first_told_at.get_or_insert(now);
            // What a summary would have told is told by this.
            if self.baseline && self.summary.is_none() {
                self.summary = Some(self.episode.as_str().to_owned());
            }
        } else if begins && !self.baseline {
            self.first_told_at.get_or_insert(now);
        }
    }

    /// Which thread its next message through a channel belongs to: that of those it was told together with, else its own.
    #[must_use]
    pub fn thread_in(&self, channel: &ChannelName) -> &str {
        let together = self.threads.get(channel).or(self.summary.as_ref());
        together.map_or(self.episode.as_str(), String::as_str)
    }
}

/// What the client's own mail waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientWaits {
    /// For the end of the cool-down after an earlier episode.
    CoolDownEnds(Timestamp),
    /// For a second good reading.
    Confirmation,
}

impl Alert {
    /// The running episode, if it fires.
    #[must_use]
    pub fn firing(&self) -> Option<&Firing> {
        match &self.phase {
            Phase::Firing(firing) => Some(firing),
            Phase::Pending(_) | Phase::CoolingDown { .. } => None,
        }
    }

    /// The word for where it stands: `pending`, `firing` or `inactive`.
    #[must_use]
    pub const fn state(&self) -> &'static str {
        match self.phase {
            Phase::Pending(_) => "pending",
            Phase::Firing(_) => "firing",
            Phase::CoolingDown { .. } => "inactive",
        }
    }
}
