//! What a channel shows that mirrors what fires: everything that its receiver wants to see, for as long as it fires. It is
//! owed nothing, so no transition is told there. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::audience::{self, Episode};
use super::{Rules, Seen};
use crate::domain::hush::Hushes;
use crate::domain::kept::Fires;
use crate::domain::notice::{Notification, Transition};
use crate::domain::{ChannelName, ClientId, plan};

impl Rules {
    /// All that fires and that `channel` shows, as a notification each that is told anew. One of a policy that is not
    /// configured any more is not shown: the next sweep withdraws it; nor one that a silence or a window kept from being told
    /// when it began.
    #[must_use]
    pub fn mirrored(&self, channel: &ChannelName, fires: &Fires, now: Timestamp) -> Vec<Notification> {
        let account = self.account_as_client(now);
        let clients = fires.clients.iter().chain([&account]);
        let clients: BTreeMap<&ClientId, _> = clients.map(|watched| (&watched.client.id, watched)).collect();
        let fired = Transition::Fired { relapse: false };
        let hushes = Hushes::new(&fires.decisions, &self.mutes, now);
        let Some(receiver) = self.channels.get(channel) else {
            return Vec::new();
        };
        let shown = fires.alerts.iter().filter_map(|alert| {
            let (policy, watched) = (self.policy(&alert.policy)?, clients.get(&alert.client)?);
            let firing = alert.firing()?;
            let is_escalated = || hushes.escalated(&firing.episode).any(|(to, _)| to == channel);
            let is_for_it = policy.notify.contains(channel) || is_escalated();
            if !is_for_it || firing.is_unheard() || !audience::wants(receiver, firing.severity(policy), &fired) {
                return None;
            }
            let seen = Seen::unread(watched, std::slice::from_ref(alert));
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
            Some(audience::notification(&episode, &fired, channel, "", now))
        });
        shown.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::tz::TimeZone;

    use super::Rules;
    use crate::domain::alert::{Alert, EpisodeId, Firing, Pending, Phase};
    use crate::domain::enforcement::Mode;
    use crate::domain::kept::Fires;
    use crate::domain::policy::When;
    use crate::domain::reason::Reason;
    use crate::domain::receiver::Receiver;
    use crate::domain::testing::{at, client, policy, reading};
    use crate::domain::watch::{AccountState, Watched};
    use crate::domain::{AccountName, ChannelName, ClientId, Severity};

    fn rules(min_severity: Severity) -> Rules {
        let mirror = Receiver {
            min_severity,
            ..Receiver::people(Vec::new())
        };
        let mut low = policy("low", When::default());
        low.notify.push(ChannelName::new("mirror").unwrap());
        let mut quiet = policy("quiet", When::default());
        quiet.severity = Severity::Critical;
        Rules {
            account: AccountName::new("main").unwrap(),
            currency: "USD".to_owned(),
            policies: vec![low, quiet],
            channels: BTreeMap::from([(ChannelName::new("mirror").unwrap(), mirror)]),
            default_threshold: None,
            mode: Mode::Observe,
            triggers: crate::domain::testing::triggers(),
            zone: TimeZone::UTC,
            mutes: Vec::new(),
        }
    }

    fn alert(client: &ClientId, policy_name: &str, phase: Option<Phase>) -> Alert {
        let account = AccountName::new("main").unwrap();
        let policy = policy(policy_name, When::default()).name;
        let firing = Firing::new(EpisodeId::new(&account, client, &policy, at(0)), at(0), Mode::Observe);
        Alert {
            client: client.clone(),
            policy,
            condition: String::new(),
            phase: phase.unwrap_or(Phase::Firing(firing)),
            reason: Reason::NoThreshold,
        }
    }

    #[test]
    fn it_shows_what_fires_and_names_it_and_is_severe_enough() {
        let mut watched = Watched::pseudo(client(), "Consulting", at(0));
        watched.reading = Some(reading("5", "0", 50));
        let pending = Phase::Pending(Pending {
            since: at(0),
            last_breach_at: at(0),
            baseline: false,
            resolved_at: None,
            relapses: 0,
        });
        let fires = |alert: Alert| Fires {
            state: AccountState::default(),
            alerts: vec![alert],
            clients: vec![watched.clone()],
            decisions: Vec::new(),
        };
        let gone = ClientId::new("7").unwrap();
        let mut unheard = alert(&client(), "low", None);
        if let Phase::Firing(firing) = &mut unheard.phase {
            firing.held_back = true;
        }
        for (name, min_severity, alert, shown) in [
            ("a client's", Severity::Info, alert(&client(), "low", None), true),
            (
                "just severe enough",
                Severity::Warning,
                alert(&client(), "low", None),
                true,
            ),
            (
                "not severe enough",
                Severity::Critical,
                alert(&client(), "low", None),
                false,
            ),
            (
                "of a policy that tells others",
                Severity::Info,
                alert(&client(), "quiet", None),
                false,
            ),
            (
                "of no policy any more",
                Severity::Info,
                alert(&client(), "removed", None),
                false,
            ),
            (
                "not firing yet",
                Severity::Info,
                alert(&client(), "low", Some(pending)),
                false,
            ),
            (
                "the account's",
                Severity::Info,
                alert(&ClientId::account(), "low", None),
                true,
            ),
            ("that was silenced when it began", Severity::Info, unheard, false),
            ("of nobody", Severity::Info, alert(&gone, "low", None), false),
        ] {
            let (rules, mirror) = (rules(min_severity), ChannelName::new("mirror").unwrap());
            let mirrored = rules.mirrored(&mirror, &fires(alert), at(60));
            assert_eq!(!mirrored.is_empty(), shown, "{name}");
            let other = ChannelName::new("other").unwrap();
            assert!(
                rules
                    .mirrored(&other, &fires(self::alert(&client(), "low", None)), at(60))
                    .is_empty()
            );
        }
        let mirrored = rules(Severity::Info).mirrored(
            &ChannelName::new("mirror").unwrap(),
            &fires(alert(&client(), "low", None)),
            at(60),
        );
        assert_eq!(mirrored[0].facts.reading, watched.reading);
        assert_eq!(
            (mirrored[0].facts.since, mirrored[0].severity),
            (at(0), Severity::Warning)
        );
    }
}
