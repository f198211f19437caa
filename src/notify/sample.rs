//! Made-up messages, by which templates are tried before they are needed. PURE. Nobody is sent them.

use jiff::{SignedDuration, Timestamp};

use super::delivery::Parcel;
use super::letter::{self, Letterhead};
use super::made_up;
use crate::domain::alert::EpisodeId;
use crate::domain::notice::{Facts, MessageKind, NoticeState, Notification, Transition};
use crate::domain::reason::{Finding, Measure, Reason, Relation};
use crate::domain::{AccountName, ChannelName, ClientId, PolicyName, Reading, Severity};

/// With what breaks texts that are put together carelessly.
const NAME: &str = "Müller \"& Söhne\" <b>\\ {{ PBX }}";

const FIRST_CLIENT: u32 = 561_115;

/// What may have to be told, each with what it is: an alert that fires, one that is over, several, one without a reading.
#[must_use]
pub fn parcels(letterhead: &Letterhead) -> Vec<(&'static str, Parcel)> {
    let fired = || Transition::Fired { relapse: false };
    let one = |transition| vec![notification(FIRST_CLIENT, transition)];
    let several = (0..3).map(|more| notification(FIRST_CLIENT + more, fired())).collect();
    let unread = notification(FIRST_CLIENT, fired()).map(|mut unread| {
        unread.facts.reading = None;
        unread.facts.reason = Reason::Unread {
            since: unread.facts.since,
            limit_secs: 1_800,
            error: Some("no answer".to_owned()),
        };
        unread
    });
    let samples = [
        ("an alert that fires", one(fired()), MessageKind::Single),
        ("an alert that is over", one(Transition::Resolved), MessageKind::Single),
        ("several alerts", several, MessageKind::Summary),
        ("an alert without a reading", vec![unread], MessageKind::Single),
    ];
    let parcels = samples.into_iter().filter_map(|(what, notifications, kind)| {
        let notifications: Vec<Notification> = notifications.into_iter().collect::<Option<_>>()?;
        Some((what, parcel(notifications, kind, letterhead)?))
    });
    parcels.collect()
}

/// A Monday afternoon.
fn begun() -> Timestamp {
    Timestamp::UNIX_EPOCH
        .saturating_add(SignedDuration::from_secs(1_795_446_900))
        .unwrap_or_default()
}

/// A client whose balance is below its limit.
fn notification(number: u32, transition: Transition) -> Option<Notification> {
    let account = AccountName::new("main").ok()?;
    let client = ClientId::new(&number.to_string()).ok()?;
    let policy = PolicyName::new("low-balance").ok()?;
    let channel = ChannelName::new("sample").ok()?;
    let episode = EpisodeId::new(&account, &client, &policy, begun());
    let balance = "8.0588".parse().ok()?;
    let finding = Finding {
        measure: Measure::Balance,
        value: balance,
        relation: Relation::Below,
        limit: "10".parse().ok()?,
        limit_text: None,
    };
    Some(Notification {
        id: format!("{episode}/{}/{channel}/", transition.label()),
        account,
        client,
        policy,
        episode,
        transition,
        severity: Severity::Warning,
        channel,
        recipient: String::new(),
        facts: Facts {
            label: NAME.to_owned(),
            currency: "USD".to_owned(),
            reading: Some(Reading {
                balance,
                spent_today: None,
                spent_total: None,
                at: begun(),
            }),
            threshold: None,
            reason: Reason::Limits {
                findings: vec![finding],
            },
            since: begun(),
            enforcement: None,
            management: None,
            ending: None,
            country: String::new(),
            runbook_url: None,
            account: None,
        },
        created_at: begun(),
        message: None,
        state: NoticeState::Pending,
    })
}

fn parcel(notifications: Vec<Notification>, kind: MessageKind, letterhead: &Letterhead) -> Option<Parcel> {
    let first = notifications.first()?;
    let message = made_up::message(first, kind);
    Some(Parcel {
        letter: letter::write(&message, &notifications, letterhead, begun()).ok()?,
        message,
        notifications,
        at: begun(),
        root: None,
    })
}

#[cfg(test)]
mod tests {
    use super::parcels;
    use crate::notify::testing::letterhead;

    #[test]
    fn there_is_one_of_each() {
        let subjects: Vec<_> = parcels(&letterhead())
            .into_iter()
            .map(|(what, parcel)| (what, parcel.letter.subject))
            .collect();
        let has =
            ["fires", "over", "several", "without"].map(|word| subjects.iter().any(|(what, _)| what.contains(word)));
        assert_eq!((subjects.len(), has), (4, [true; 4]), "{subjects:?}");
    }
}
