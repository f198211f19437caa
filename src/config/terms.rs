//! From settings to what an account is judged by. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::settings::{Account, Channel, Enforcement, Mute, Settings};
use crate::domain::ChannelName;
use crate::domain::hush::Hush;
use crate::domain::judge::Rules;
use crate::domain::plan::{Caps, Guards};
use crate::domain::receiver::Receiver;

/// What the configuration says of an account.
#[derive(Clone, Debug)]
pub struct Terms {
    /// What its clients are judged by, and who is told.
    pub rules: Arc<Rules>,
    /// What bounds its enforcement.
    pub guards: Arc<Guards>,
    /// When nobody is told.
    pub mutes: Arc<[Mute]>,
}

/// The zone in which VoIP.ms counts days. From the bundled zones, so it is always there.
fn toronto() -> TimeZone {
    TimeZone::get("America/Toronto").unwrap_or(TimeZone::UTC)
}

/// What the configuration says of an account.
#[must_use]
pub fn terms(settings: &Settings, account: &Account) -> Terms {
    Terms {
        rules: Arc::new(rules(settings, account)),
        mutes: settings.mutes.clone().into(),
        guards: Arc::new(guards(&settings.enforcement)),
    }
}

/// What an account's clients are judged by.
#[must_use]
pub fn rules(settings: &Settings, account: &Account) -> Rules {
    Rules {
        account: account.name.clone(),
        currency: account.currency.clone(),
        policies: settings.policies_of(account),
        channels: receivers(settings),
        default_threshold: settings.alerts.default_threshold,
        mode: settings.enforcement.mode,
        triggers: settings.enforcement.brake,
        zone: toronto(),
        mutes: Vec::new(),
    }
}

/// Who can be told, by the names of their channels.
#[must_use]
pub fn receivers(settings: &Settings) -> BTreeMap<ChannelName, Receiver> {
    let channels = settings.channels.iter();
    channels
        .map(|channel| (channel.name.clone(), receiver(channel)))
        .collect()
}

/// What the maintenance windows hush that are open at `now`.
#[must_use]
pub fn open(mutes: &[Mute], now: Timestamp) -> Vec<Hush> {
    mutes.iter().filter_map(|mute| mute.hush(now)).collect()
}

/// A channel as those see it who decide who is told.
fn receiver(channel: &Channel) -> Receiver {
    Receiver {
        recipients: channel.kind.recipients(),
        reads: channel.kind.reads(),
        min_severity: channel.min_severity,
        tells_ends: channel.resolved,
        quiet_hours: channel.quiet_hours.clone(),
        max_per_hour: channel.max_per_hour,
        escalate: channel.escalate.clone(),
    }
}

/// What enforcement reads of the configuration, beside the rules.
#[must_use]
pub fn guards(enforcement: &Enforcement) -> Guards {
    Guards {
        mode: enforcement.mode,
        protect: enforcement.protect.clone(),
        caps: Caps {
            per_sweep: enforcement.max_per_sweep,
            per_hour: enforcement.max_per_hour,
            per_day: enforcement.max_per_day,
            share_per_day: enforcement.max_share_per_day,
        },
        approvals: enforcement.approvals,
        extra_fields: enforcement.extra_fields.clone(),
        canary_wait: SignedDuration::try_from(enforcement.canary_wait).unwrap_or(SignedDuration::MAX),
    }
}
