//! What a judgement starts from: the rules of an account, the circumstances of a sweep, a client as it is seen.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::belief::Trust;
use super::fall::Fall;
use super::lifecycle::Moment;
use super::triggers::Triggers;
use super::verdict::Known;
use crate::domain::alert::Alert;
use crate::domain::enforcement::Mode;
use crate::domain::hush::{self, Hush, Hushes};
use crate::domain::notice::Transition;
use crate::domain::policy::{Policy, Scope};
use crate::domain::receiver::Receiver;
use crate::domain::watch::Watched;
use crate::domain::{AccountName, ChannelName, Money, PolicyName, Reading, Threshold, address};

/// What stays the same for every client of an account.
#[derive(Clone, Debug)]
pub struct Rules {
    pub account: AccountName,
    /// The label of its money.
    pub currency: String,
    /// All that are enabled.
    pub policies: Vec<Policy>,
    /// Where messages go.
    pub channels: BTreeMap<ChannelName, Receiver>,
    /// What counts as threshold for clients without one.
    pub default_threshold: Option<Money>,
    /// What may be changed.
    pub mode: Mode,
    /// What stops all changes by itself.
    pub triggers: Triggers,
    /// Where days are counted: America/Toronto.
    pub zone: TimeZone,
    /// The maintenance windows that were open when the rules were last looked at.
    pub mutes: Vec<Hush>,
}

/// The circumstances of a judgement.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    pub now: Timestamp,
    /// The longer of the schedule's interval and the achievable revisit time.
    pub interval: SignedDuration,
    /// When the daemon started: silence before that is not the client's.
    pub started_at: Timestamp,
    /// Whether the clock jumped forward.
    pub jumped: bool,
    /// What was judged before does not count; see [`crate::domain::watch::AccountState::baseline_since`].
    pub baseline_since: Option<Timestamp>,
    /// How far what this reading begins is believed.
    pub trust: Trust,
    /// A fall of the balance that nothing explains.
    pub fall: Option<Fall>,
}

/// A client when it is judged.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// What is remembered of it, with its previous reading still in place.
    pub watched: &'a Watched,
    /// The reading of this sweep.
    pub reading: Option<&'a Reading>,
    pub threshold: Option<&'a Threshold>,
    /// Whether the threshold is of this sweep.
    pub threshold_is_fresh: bool,
    pub alerts: &'a [Alert],
    /// What people decided about alerts, as it holds now.
    pub hushes: &'a Hushes,
}

impl Circumstances {
    /// Those of a judgement outside a sweep: nobody is doubted, nothing begins anew.
    #[must_use]
    pub const fn ordinary(now: Timestamp, interval: SignedDuration, started_at: Timestamp) -> Self {
        Self {
            now,
            interval,
            started_at,
            jumped: false,
            baseline_since: None,
            trust: Trust::Full,
            fall: None,
        }
    }
}

impl<'a> Seen<'a> {
    /// A client without a reading of this sweep, judged by the threshold that is remembered.
    #[must_use]
    pub fn unread(watched: &'a Watched, alerts: &'a [Alert]) -> Self {
        Self {
            watched,
            reading: None,
            threshold: watched.threshold.as_ref(),
            threshold_is_fresh: false,
            alerts,
            hushes: &hush::NOTHING,
        }
    }

    /// The same client, with what people decided.
    #[must_use]
    pub const fn hushed(self, hushes: &'a Hushes) -> Self {
        Self { hushes, ..self }
    }

    /// Whether something keeps people from being told that its alert of this policy still fires.
    #[must_use]
    pub fn is_hushed(&self, alert: Option<&Alert>, now: Timestamp) -> bool {
        let firing = alert.and_then(|alert| Some((&alert.policy, alert.firing()?)));
        firing.is_some_and(|(policy, firing)| {
            let client = &self.watched.client;
            let over = self
                .hushes
                .over(client, policy, &firing.episode, &Transition::StillFires, now);
            over.is_some()
        })
    }

    /// Which policies judge it.
    #[must_use]
    pub fn scope(&self) -> Scope {
        scope_of(self.watched)
    }

    /// Its alert of this policy.
    #[must_use]
    pub fn alert(&self, policy: &PolicyName) -> Option<&'a Alert> {
        self.alerts.iter().find(|alert| alert.policy == *policy)
    }
}

impl Rules {
    /// The policy of this name.
    #[must_use]
    pub fn policy(&self, name: &PolicyName) -> Option<&Policy> {
        self.policies.iter().find(|policy| policy.name == *name)
    }

    /// What the verdict is made from.
    pub(super) fn known<'a>(&self, seen: &Seen<'a>, circumstances: &Circumstances) -> Known<'a> {
        Known {
            reading: seen.reading,
            threshold: seen.threshold,
            default_threshold: self.default_threshold,
            last_error: seen.watched.last_error.as_deref(),
            unread_since: unread_since(seen.watched, circumstances.started_at),
            interval: circumstances.interval,
            now: circumstances.now,
        }
    }

    /// When an alert moves.
    pub(super) fn moment(&self, circumstances: &Circumstances, baseline: bool, unconfirmed: bool) -> Moment<'_> {
        Moment {
            account: &self.account,
            now: circumstances.now,
            interval: circumstances.interval,
            day: circumstances.now.to_zoned(self.zone.clone()).date(),
            jumped: circumstances.jumped,
            baseline,
            unconfirmed,
            is_doubted: circumstances.fall.is_some(),
            is_hushed: false,
            mode: self.mode,
        }
    }
}

/// Which policies judge it.
#[must_use]
pub fn scope_of(watched: &Watched) -> Scope {
    match watched.client.id.as_str() {
        "reseller" => Scope::Reseller,
        "account" => Scope::Account,
        _ => Scope::Clients,
    }
}

/// Where the client itself is told: at the usable addresses on its threshold, else at its own.
#[must_use]
pub fn addresses<'a>(watched: &'a Watched, threshold: Option<&'a Threshold>) -> Vec<&'a str> {
    let wished = threshold.and_then(|threshold| threshold.email.as_deref());
    let wished = address::usable(wished.unwrap_or_default());
    if wished.is_empty() {
        address::usable(&watched.client.email)
    } else {
        wished
    }
}

/// Since when a client has been unread: the latest of its last reading, the daemon's start and the first attempt.
fn unread_since(watched: &Watched, started_at: Timestamp) -> Option<Timestamp> {
    let first_attempt = watched.first_attempt_at?;
    let last_reading = watched.reading.as_ref().map_or(first_attempt, |reading| reading.at);
    Some(last_reading.max(started_at).max(first_attempt))
}
