//! The built-in alerts: what is judged about an account as a whole. Pure.

use jiff::{SignedDuration, Timestamp};

use super::inventory::Short;
use super::lifecycle::{self, Moment};
use super::surprise::Surprise;
use super::verdict::{Judgement, Verdict};
use super::{Circumstances, Decided, Rules, Seen};
use crate::domain::account_alert::AccountAlert;
use crate::domain::alert::Alert;
use crate::domain::dead_letter::{self, DeadLetter};
use crate::domain::hush::Hushes;
use crate::domain::reason::{Reason, failure_in_words};
use crate::domain::share::Share;
use crate::domain::watch::Watched;
use crate::domain::{ChannelName, ClientId, Money};

/// What a sweep, or the absence of one, tells about the account. `None` in a field: nothing is known about it now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Whether the account let us in; else what it said and what to do.
    pub access: Option<Result<(), Trouble>>,
    /// Whether most readings came; else what went wrong.
    pub upstream: Option<Result<(), Trouble>>,
    /// Whether the list of clients could be read and was whole; else what is wrong with it.
    pub inventory: Option<Result<(), Trouble>>,
    /// How long it takes to ask everybody, and how long it may.
    pub revisit: Option<(SignedDuration, SignedDuration)>,
    /// Whether the brake is on, and why.
    pub brake: Option<Option<String>>,
    /// Whether the brake is on because a record that was read back differed, and what did.
    pub read_back: Option<Option<String>>,
    /// Clients set to HARD that still spend below zero: label and balance; empty: none.
    pub without_effect: Option<Vec<(String, Money)>>,
    /// Whether the store does its work; else what it does not do. Judged in memory only.
    pub store: Option<Result<(), Trouble>>,
    /// Whether what fires is known to the Alertmanagers that mirror it; else to which channel's it is not.
    pub mirrors: Option<Result<(), Trouble>>,
    /// Messages that will never arrive, and that nobody has dealt with; empty: none.
    pub dead_letters: Option<Vec<DeadLetter>>,
    /// Whether there is more to tell of those than was told, and somebody who can be.
    pub letters_have_news: bool,
}

/// What went wrong and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What, in plain words.
    pub what: String,
    pub fix: String,
}

impl Health {
    /// Judges one built-in alert. What nothing is known of is unknown.
    #[must_use]
    pub fn judge(&self, alert: AccountAlert) -> Judgement {
        let trouble = match alert {
            AccountAlert::Access => self.access.as_ref().map(|access| access.clone().err()),
            AccountAlert::Store => self.store.as_ref().map(|store| store.clone().err()),
            AccountAlert::Alertmanager => self.mirrors.as_ref().map(|mirrors| mirrors.clone().err()),
            AccountAlert::Upstream => self.upstream.as_ref().map(|upstream| upstream.clone().err()),
            AccountAlert::Inventory => self.inventory.as_ref().map(|list| list.clone().err()),
            AccountAlert::Overcommitted => self
                .revisit
                .map(|(revisit, limit)| (revisit > limit).then(|| too_slow(revisit, limit))),
            AccountAlert::Brake => self.brake.as_ref().map(|why| why.clone().map(braked)),
            AccountAlert::ReadBack => self.read_back.as_ref().map(|why| why.clone().map(differs)),
            AccountAlert::EnforcementWithoutEffect => self
                .without_effect
                .as_ref()
                .map(|clients| (!clients.is_empty()).then(|| no_effect(clients))),
            AccountAlert::DeadLetter => self
                .dead_letters
                .as_ref()
                .map(|letters| dead_letter::summary(letters).map(|(what, fix)| Trouble { what, fix })),
        };
        let (verdict, what, fix) = match trouble {
            None => (Verdict::Unknown, String::new(), String::new()),
            Some(None) => (Verdict::Clear, "all is well again".to_owned(), String::new()),
            Some(Some(Trouble { what, fix })) => (Verdict::Breach, what, fix),
        };
        Judgement {
            verdict,
            reason: Reason::Account { what, fix },
            over_today: None,
            has_news: alert == AccountAlert::DeadLetter && self.letters_have_news,
        }
    }
}

impl Rules {
    /// Judges the built-in alerts by what is known of the account, given its alerts.
    #[must_use]
    pub fn judge_account(
        &self,
        health: &Health,
        alerts: &[Alert],
        hushes: &Hushes,
        circumstances: &Circumstances,
    ) -> Decided {
        let now = circumstances.now;
        let watched = self.account_as_client(now);
        let seen = Seen::unread(&watched, alerts).hushed(hushes);
        let moment = self.moment(circumstances, false, false);
        let mut decided = Decided::default();
        for policy in &self.policies {
            let Some(alert) = AccountAlert::of(policy.name.as_str()) else {
                continue;
            };
            let before = seen.alert(&policy.name);
            let judgement = health.judge(alert);
            let id = &watched.client.id;
            let moment = Moment {
                is_hushed: seen.is_hushed(before, now),
                ..moment
            };
            let step = lifecycle::step(before.cloned(), id, policy, &judgement, Some(now), &moment);
            decided.add(self, &seen, policy, before, step, now);
        }
        decided
    }

    /// The pseudo-client that alerts about the account are about.
    pub(super) fn account_as_client(&self, now: Timestamp) -> Watched {
        Watched::pseudo(ClientId::account(), &format!("account {}", self.account), now)
    }
}

/// Judges whether most readings of a sweep failed together, or more than the `share` that stops all changes. One failure
/// alone is a client's own.
#[must_use]
pub fn upstream((tried, failed): (u64, u64), share: Share, most_common: Option<&str>) -> Option<Result<(), Trouble>> {
    if tried == 0 {
        return None;
    }
    let is_most = failed * 2 > tried || share.is_exceeded(failed.into(), tried.into());
    if failed < 2 || !is_most {
        return Some(Ok(()));
    }
    let kind = most_common.unwrap_or("unknown");
    Some(Err(Trouble {
        what: format!(
            "{failed} of {tried} readings failed; those clients are not watched meanwhile; the most common failure was {}",
            failure_in_words(kind)
        ),
        fix:
            "nothing to do here: the API is asked again in every sweep, and nothing is changed until most answer. See \
              whether https://voip.ms answers and whether VoIP.ms reports an outage"
                .to_owned(),
    }))
}

/// Too many clients began to breach a limit in one sweep.
#[must_use]
pub fn wrong_data(surprise: &Surprise) -> Trouble {
    let Surprise { begun, judged, .. } = surprise;
    Trouble {
        what: format!("the data look wrong: {begun} of {judged} clients began to breach a balance limit in one sweep"),
        fix: "compare some balances with the VoIP.ms portal. What clients are told and any change wait for a second reading; if \
              it says the same, clients are told, and the brake goes on until you release it"
            .to_owned(),
    }
}

/// The list of clients lacks many that were on it.
#[must_use]
pub fn short_list(list: Short) -> Trouble {
    let Short { has, lacks, of } = list;
    Trouble {
        what: format!(
            "the list of clients lacks {lacks} of {of}: it has {has} entries, and those were on it within the last 24 hours"
        ),
        fix: "see in the VoIP.ms portal whether clients are missing. Whom the list lacks is watched as before, until the \
              API says that it knows no such client; after 24 hours the shorter list is taken for the right one"
            .to_owned(),
    }
}

/// The list of clients could not be read for so long that new clients may be unseen.
#[must_use]
pub fn unread_list(error: &str, hint: Option<&str>) -> Trouble {
    let otherwise = "see in the VoIP.ms portal whether the list opens there; if it does, ask VoIP.ms about the API \
                     function getClients";
    Trouble {
        what: format!("the list of clients cannot be read, so new clients are not seen: {error}"),
        fix: format!(
            "the clients that are known are watched as before; {}",
            hint.unwrap_or(otherwise)
        ),
    }
}

/// What fires does not get to a channel's Alertmanagers; `silent_for`: for how long.
#[must_use]
pub fn unmirrored(channel: &ChannelName, silent_for: SignedDuration, why: &str) -> Trouble {
    Trouble {
        what: format!(
            "no Alertmanager of channel `{channel}` knows what fires, for {silent_for:#} now; what it knew ends there by itself, as \
             if it were over: {why}"
        ),
        fix: "see whether it runs, and run `balancewatch check --online`; the other channels are told as before. It is tried again \
              all the time"
            .to_owned(),
    }
}

fn too_slow(revisit: SignedDuration, limit: SignedDuration) -> Trouble {
    Trouble {
        what: format!("asking every client takes {revisit:#} at the configured rate, and may take {limit:#}"),
        fix: "raise `rate_per_minute` if the API allows it, or accept it by raising `schedule.revisit_within`"
            .to_owned(),
    }
}

fn braked(why: String) -> Trouble {
    Trouble {
        what: format!("the brake is on: {why}"),
        fix: "nothing is enforced until a person releases it with `balancewatch brake off`".to_owned(),
    }
}

fn differs(what: String) -> Trouble {
    Trouble {
        what: format!("a record that was read back is not what was meant: {what}"),
        fix: "compare the client in the portal with the record as it was: `balancewatch enforcements show ID` prints \
              it. Then release the brake with `balancewatch brake off`"
            .to_owned(),
    }
}

fn no_effect(clients: &[(String, Money)]) -> Trouble {
    let list: Vec<String> = clients
        .iter()
        .take(10)
        .map(|(label, balance)| format!("{label} ({})", balance.for_people()))
        .collect();
    Trouble {
        what: format!(
            "{} set to HARD, at or below 0, and still spending: {}{}",
            clients.len(),
            list.join(", "),
            if clients.len() > list.len() { ", and others" } else { "" }
        ),
        fix: "stop the calls in the VoIP.ms portal: disable the client's sub-accounts or its international calls"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::{AccountAlert, Health, Share, Trouble, Verdict, upstream};

    #[test]
    fn most_failing_together_is_one_matter_and_one_failing_alone_is_not() {
        for (tried, failed, expected) in [
            (0, 0, None),
            (1, 1, Some(true)),
            (2, 2, Some(false)),
            (4, 2, Some(true)),
            (5, 3, Some(false)),
        ] {
            assert_eq!(
                upstream((tried, failed), Share::percent(50.into()), Some("timeout")).map(|health| health.is_ok()),
                expected,
                "{failed}/{tried}"
            );
        }
    }

    #[test]
    fn what_is_not_known_is_not_judged() {
        let verdicts = |health: &Health| AccountAlert::ALL.map(|alert| health.judge(alert).verdict);
        assert_eq!(verdicts(&Health::default()), [Verdict::Unknown; 10]);
        let well = Health {
            access: Some(Ok(())),
            upstream: Some(Ok(())),
            inventory: Some(Ok(())),
            revisit: Some((SignedDuration::from_mins(60), SignedDuration::from_mins(60))),
            brake: Some(None),
            read_back: Some(None),
            without_effect: Some(vec![]),
            dead_letters: Some(vec![]),
            letters_have_news: false,
            store: Some(Ok(())),
            mirrors: Some(Ok(())),
        };
        assert_eq!(verdicts(&well), [Verdict::Clear; 10]);
        let trouble = || Trouble {
            what: "x".to_owned(),
            fix: "y".to_owned(),
        };
        let ill = Health {
            access: Some(Err(trouble())),
            upstream: Some(Err(trouble())),
            inventory: Some(Err(trouble())),
            revisit: Some((SignedDuration::from_mins(61), SignedDuration::from_mins(60))),
            brake: Some(Some("a person".to_owned())),
            read_back: Some(Some("zip".to_owned())),
            without_effect: Some(vec![("Consulting".to_owned(), "-1".parse().unwrap())]),
            dead_letters: Some(vec![crate::domain::testing::dead_letter()]),
            letters_have_news: false,
            store: Some(Err(trouble())),
            mirrors: Some(Err(trouble())),
        };
        assert_eq!(verdicts(&ill), [Verdict::Breach; 10]);
    }
}
