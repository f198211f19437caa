//! What came of a rehearsal, as plain facts for whoever shows it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{Options, Play};
use crate::config::{Account, ChannelKind, Loaded, Settings};
use crate::domain::enforcement::{Enforcement, EnforcementState, Outcome};
use crate::domain::notice::{AttemptOutcome, NoticeState, Notification};
use crate::domain::plan::Protected;
use crate::domain::policy::Scope;
use crate::domain::{ChannelName, Client, ClientId, Policy};
use crate::store::{Access, Error, Store, at_once};
use crate::view::enforcement::state_text;
use crate::view::rehearsal::{Change, Changed, ChannelFacts, Event, Facts, Message, Rehearsal, Setting, Told, Untold};
use crate::view::words;
use crate::worlds::log::Fact;
use crate::worlds::plan::{Deed, Happening};
use crate::worlds::world::{Kept, Played};

pub(super) fn of(
    loaded: &Loaded,
    account: &Account,
    options: Options,
    play: &Play,
    applied: Option<&Play>,
) -> Result<Rehearsal, String> {
    let settings = &loaded.settings;
    let kept = kept(&play.played)?;
    let arrivals = at_once(arrivals(play, &kept.notifications)).map_err(|error| error.to_string())?;
    let changes = applied.map_or(Ok(kept), |applied| self::kept(&applied.played))?;
    let policies = settings.policies_of(account);
    let setting = Setting {
        account: account.name.clone(),
        other_accounts: settings
            .accounts
            .iter()
            .map(|other| other.name.clone())
            .filter(|name| *name != account.name)
            .collect(),
        days: options.days,
        seed: options.seed,
        world: options.scene.as_str(),
        clients: options.clients,
        clients_from: String::new(),
        mode: settings.enforcement.mode.as_str(),
        from: play.from,
        until: play
            .from
            .saturating_add(SignedDuration::from_hours(24 * i64::from(options.days)))
            .unwrap_or(play.from),
        zone: settings.schedule.timezone.clone(),
        channels: channels(settings),
        idle: idle(settings, &policies, kept),
        may_change: policies.iter().any(|policy| policy.enforce.is_some()),
        mails_clients: settings.mails_clients(),
    };
    let mut done: Vec<Change> = changes
        .enforcements
        .iter()
        .filter_map(|one| change(one, changes))
        .collect();
    done.sort_by_key(|change| change.at);
    Ok(Rehearsal::new(Facts {
        messages: messages(&kept.notifications, &arrivals),
        changes: done,
        untold: untold(&kept.notifications),
        events: events(play, kept),
        setting,
    }))
}

/// What the store holds; or why the program never ran.
fn kept(played: &Played) -> Result<&Kept, String> {
    let not_started = played.log.iter().find_map(|entry| match &entry.fact {
        Fact::NotStarted { why, .. } => Some(why.clone()),
        _ => None,
    });
    match (&played.end, not_started) {
        (Some(kept), None) => Ok(kept),
        (_, Some(why)) => Err(why),
        (None, None) => Err("the store of the rehearsal cannot be read".to_owned()),
    }
}

/// When each message arrived.
async fn arrivals(play: &Play, notifications: &[Notification]) -> Result<BTreeMap<String, Timestamp>, Error> {
    let store = Store::open(&play.store, Access::Read).await?;
    let mut arrivals = BTreeMap::new();
    for notification in notifications.iter().filter(|one| one.state.has_arrived()) {
        let Some(message) = &notification.message else { continue };
        if arrivals.contains_key(message) {
            continue;
        }
        let record = store.notification(&notification.id).await?;
        let attempts = record.map(|record| record.attempts).unwrap_or_default();
        let taken = attempts
            .iter()
            .find(|attempt| attempt.outcome == AttemptOutcome::Delivered)
            .or(attempts.last());
        arrivals.insert(
            message.clone(),
            taken.map_or(notification.created_at, |attempt| attempt.at),
        );
    }
    store.close().await;
    Ok(arrivals)
}

fn messages(notifications: &[Notification], arrivals: &BTreeMap<String, Timestamp>) -> Vec<Message> {
    let mut by_message: BTreeMap<&str, Message> = BTreeMap::new();
    for notification in notifications.iter().filter(|one| one.state.has_arrived()) {
        let Some(id) = &notification.message else { continue };
        let message = by_message.entry(id).or_insert_with(|| Message {
            at: arrivals.get(id).copied().unwrap_or(notification.created_at),
            channel: notification.channel.clone(),
            recipient: notification.recipient.clone(),
            tells: Vec::new(),
        });
        message.tells.push(told(notification));
    }
    let mut messages: Vec<Message> = by_message.into_values().collect();
    for message in &mut messages {
        message
            .tells
            .sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.episode.cmp(&b.episode)));
    }
    messages.sort_by(|a, b| (a.at, &a.channel, &a.recipient).cmp(&(b.at, &b.channel, &b.recipient)));
    messages
}

fn told(notification: &Notification) -> Told {
    Told {
        episode: notification.episode.to_string(),
        client: notification.client.clone(),
        company: notification.facts.label.clone(),
        policy: notification.policy.clone(),
        what: notification.transition.label(),
        severity: notification.severity,
        begins: notification.transition.begins(),
        reason: notification.facts.reason.to_string(),
        balance: notification.facts.reading.as_ref().map(|reading| reading.balance),
    }
}

/// What never arrived, by channel and reason.
fn untold(notifications: &[Notification]) -> Vec<Untold> {
    let mut groups: BTreeMap<(&ChannelName, &str, &str), Untold> = BTreeMap::new();
    let mut oldest_first: Vec<&Notification> = notifications.iter().collect();
    oldest_first.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    for notification in oldest_first {
        let (state, why) = match &notification.state {
            NoticeState::Dead(why) => ("dead", why.as_str()),
            NoticeState::Dropped(why) => ("dropped", why.as_str()),
            NoticeState::Pending | NoticeState::Sending => ("pending", "still waiting at the end"),
            NoticeState::Delivered | NoticeState::ProbablyDelivered | NoticeState::Merged(_) => continue,
        };
        let group = groups
            .entry((&notification.channel, state, why))
            .or_insert_with(|| Untold {
                at: notification.created_at,
                channel: notification.channel.clone(),
                state,
                why: why.to_owned(),
                number: 0,
                client: notification.client.clone(),
                policy: notification.policy.clone(),
            });
        group.number += 1;
    }
    groups.into_values().collect()
}

/// A change that is worth telling; what was not wanted any more is not.
fn change(of: &Enforcement, kept: &Kept) -> Option<Change> {
    let changed = match &of.state {
        EnforcementState::Ended {
            outcome: Outcome::Verified,
        } => Changed::Done,
        EnforcementState::Ended {
            outcome: Outcome::Already,
        } => Changed::Already,
        EnforcementState::Ended {
            outcome: Outcome::Cancelled,
        } => return None,
        _ => Changed::NotDone,
    };
    let client = kept.view.clients.iter().find(|watched| watched.client.id == of.client);
    Some(Change {
        at: of.changed_at,
        client: of.client.clone(),
        company: client.map(|watched| words::label(&watched.client)).unwrap_or_default(),
        policy: of.policy.clone(),
        change: words::change(of.direction, of.wanted),
        balance: of.balance,
        changed,
        why: state_text(&of.state),
    })
}

fn channels(settings: &Settings) -> BTreeMap<ChannelName, ChannelFacts> {
    let channels = settings.channels.iter().map(|channel| {
        let (kind, rings, mirrors) = match channel.kind {
            ChannelKind::Email { .. } => ("email", false, false),
            ChannelKind::Alertmanager { .. } => ("alertmanager", false, true),
            ChannelKind::PagerDuty { .. } => ("pagerduty", true, false),
            ChannelKind::Webhook { .. } => ("webhook", false, false),
            ChannelKind::Slack { .. } => ("slack", false, false),
            ChannelKind::Ntfy { .. } => ("ntfy", true, false),
        };
        let facts = ChannelFacts { kind, rings, mirrors };
        (channel.name.clone(), facts)
    });
    channels.collect()
}

/// What of the configuration names clients that a simulated fleet does not have.
fn idle(settings: &Settings, policies: &[Policy], kept: &Kept) -> Vec<String> {
    let clients: Vec<&Client> = kept.view.clients.iter().map(|watched| &watched.client).collect();
    let watches = |policy: &Policy| {
        let mut clients = clients.iter();
        policy.scope != Scope::Clients || clients.any(|client| policy.is_for(client))
    };
    let mut idle: Vec<String> = policies
        .iter()
        .filter(|policy| !watches(policy))
        .map(|policy| {
            format!(
                "`{}` watches nobody here: its `clients` name others than the simulated ones",
                policy.name
            )
        })
        .collect();
    let protect = &settings.enforcement.protect;
    let names = |client: &Client| {
        protect
            .iter()
            .any(|entry| matches!(entry, Protected::Pattern(pattern) if pattern.matches(client)))
    };
    if !protect.is_empty() && !clients.iter().any(|client| names(client)) {
        idle.push("`protect` protects nobody here: it names others than the simulated clients".to_owned());
    }
    idle
}

/// What happened besides the fleet's own life. That clients run low and pay is what the rest tells of.
fn events(play: &Play, kept: &Kept) -> Vec<Event> {
    let listed = kept.view.clients.iter().map(|watched| &watched.client.id);
    let ids: BTreeSet<&ClientId> = listed
        .filter(|id| id.as_str().bytes().all(|byte| byte.is_ascii_digit()))
        .collect();
    let ids: Vec<&ClientId> = ids.into_iter().collect();
    let mut events = Vec::new();
    for planned in &play.happenings {
        let hours = planned.lasting.as_secs() / 3_600;
        let what = match &planned.what {
            Happening::Client {
                index,
                deed: Deed::Fraud(rate),
            } => {
                let Some(client) = ids.get(index % ids.len().max(1)) else {
                    continue;
                };
                format!("somebody calls at the cost of {client} for {hours} hours, {rate} an hour")
            }
            Happening::Fault { .. } => "VoIP.ms is down for an hour".to_owned(),
            Happening::Mail(_) => format!("the mail server is down for {hours} hours"),
            Happening::Crash { .. } => "balancewatch is killed and starts again".to_owned(),
            _ => continue,
        };
        let at = play.from.saturating_add(planned.after).unwrap_or(play.from);
        events.push(Event { at, what });
    }
    events
}
