//! Made-up notifications, as a policy would cause them: to look at, and to try texts with. Pure; never stored.

use jiff::{SignedDuration, Timestamp};

use crate::domain::account_alert::AccountAlert;
use crate::domain::alert::EpisodeId;
use crate::domain::digest::{Basis, Digest, Listed, Low, Named, Rate, RunningDry};
use crate::domain::enforcement::{Direction, Outcome};
use crate::domain::kept::Activity;
use crate::domain::notice::{
    AccountFacts, Facts, Message, MessageKind, NoticeState, Notification, Transition, Withdrawal,
};
use crate::domain::policy::{Limit, Scope};
use crate::domain::reason::{Finding, Measure, Reason, Relation};
use crate::domain::watch::Watched;
use crate::domain::{
    AccountName, ChannelName, Client, ClientId, Management, Money, Policy, PolicyName, Reading, Severity, Threshold,
};

/// What is made up about whom.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    pub account: &'a AccountName,
    pub currency: &'a str,
    pub policy: &'a Policy,
    /// The client as it is known; `None`: one that is made up.
    pub watched: Option<&'a Watched>,
    pub now: Timestamp,
}

/// Who is written to, and how.
#[derive(Clone, Copy, Debug)]
pub struct To<'a> {
    pub channel: &'a ChannelName,
    pub recipient: &'a str,
    /// The country of a client that is made up.
    pub country: &'a str,
}

impl Sample<'_> {
    /// What clients can be told of, by name.
    #[must_use]
    pub fn to_clients(&self) -> Vec<(&'static str, Transition)> {
        let mut all = vec![
            ("fired", Transition::Fired { relapse: false }),
            ("repeated", Transition::Repeated { repeat: 1 }),
        ];
        if self.policy.when.balance_below.is_some() {
            all.push(("used-up", Transition::UsedUp));
        }
        all.push(("still-fires", Transition::StillFires));
        all.push(("resolved", Transition::Resolved));
        all
    }

    /// What operators can be told of, by name.
    #[must_use]
    pub fn to_operators(&self) -> Vec<(&'static str, Transition)> {
        let why = Withdrawal::PolicyRemoved;
        let mut all = vec![
            ("fired", Transition::Fired { relapse: false }),
            ("repeated", Transition::Repeated { repeat: 1 }),
            ("news", Transition::News),
            ("still-fires", Transition::StillFires),
            ("resolved", Transition::Resolved),
            ("withdrawn", Transition::Withdrawn { why }),
        ];
        if self.policy.severity == Severity::Critical
            && let Some(from) = self.policy.notify.iter().find(|channel| !channel.is_client())
        {
            all.push(("escalated", Transition::Escalated { from: from.clone() }));
        }
        if let Some(enforce) = &self.policy.enforce {
            let enforced = |outcome, direction| Transition::Enforced {
                outcome,
                wanted: enforce.balance_management,
                direction,
            };
            all.push(("enforced", enforced(Outcome::Verified, Direction::Enforce)));
        }
        all
    }

    /// The notification of one transition.
    #[must_use]
    pub fn notification(&self, transition: Transition, to: To<'_>) -> Notification {
        let client = self.client();
        let since = self
            .now
            .saturating_sub(SignedDuration::from_mins(70))
            .unwrap_or(self.now);
        let since = if matches!(transition, Transition::Fired { .. }) {
            self.now
        } else {
            since
        };
        let episode = EpisodeId::new(self.account, &client, &self.policy.name, since);
        let id = format!("{episode}/{}/{}/{}", transition.label(), to.channel, to.recipient);
        Notification {
            id: id.clone(),
            account: self.account.clone(),
            client,
            policy: self.policy.name.clone(),
            episode,
            severity: self.policy.severity,
            channel: to.channel.clone(),
            recipient: to.recipient.to_owned(),
            facts: self.facts(&transition, to.country, since),
            transition,
            created_at: self.now,
            message: Some(id),
            state: NoticeState::Pending,
        }
    }

    /// What several clients at once are told of, as operators read it.
    #[must_use]
    pub fn group(&self, to: To<'_>) -> Vec<Notification> {
        let one = |number: u32| {
            let mut notification = self.notification(Transition::Fired { relapse: false }, to);
            if self.policy.scope == Scope::Clients && number > 0 {
                notification.client = ClientId::new(&(561_115 + number).to_string()).unwrap_or(notification.client);
                notification.facts.label = format!("Example Company {number}");
            }
            notification
        };
        (0..3).map(one).collect()
    }

    /// A digest of a made-up week.
    #[must_use]
    pub fn digest(&self) -> Transition {
        let who = |number: u32| Named {
            client: ClientId::new(&(561_115 + number).to_string()).unwrap_or_else(|_| ClientId::account()),
            label: format!("Example Company {number}"),
        };
        let low = Low {
            who: who(1),
            balance: money(4),
            limit: money(10),
            policy: PolicyName::new("low-balance").unwrap_or_else(|_| self.policy.name.clone()),
            severity: Severity::Warning,
            since: self.now,
        };
        let dry = RunningDry {
            who: who(2),
            balance: money(30),
            rate: Rate {
                per_day: money(8),
                basis: Basis::Month,
            },
            hours_left: 90,
        };
        let since = self
            .now
            .saturating_sub(SignedDuration::from_hours(7 * 24))
            .unwrap_or(self.now);
        Transition::Digest(Box::new(Digest {
            mark: self.now,
            since,
            clients: 12,
            low: Listed {
                rows: vec![low],
                more: 0,
            },
            others: 0,
            running_dry: Listed {
                rows: vec![dry],
                more: 0,
            },
            activity: Activity {
                began: 3,
                ended: 2,
                delivered: 7,
                ..Activity::default()
            },
            changed: Listed {
                rows: Vec::new(),
                more: 0,
            },
            unread: Listed {
                rows: Vec::new(),
                more: 0,
            },
            dead: Listed {
                rows: Vec::new(),
                more: 0,
            },
            silenced: Listed {
                rows: Vec::new(),
                more: 0,
            },
        }))
    }

    fn client(&self) -> ClientId {
        match (self.policy.scope, self.watched) {
            (Scope::Account, _) => ClientId::account(),
            (Scope::Reseller, _) => ClientId::reseller(),
            (Scope::Clients, Some(watched)) => watched.client.id.clone(),
            (Scope::Clients, None) => ClientId::new("561115").unwrap_or_else(|_| ClientId::account()),
        }
    }

    fn facts(&self, transition: &Transition, country: &str, since: Timestamp) -> Facts {
        let threshold = self.threshold();
        let balance = self.balance(transition, &threshold);
        let is_client = self.policy.scope == Scope::Clients;
        let known = self.watched.and_then(|watched| watched.reading.as_ref());
        let reading = Reading {
            balance,
            spent_today: known
                .and_then(|reading| reading.spent_today)
                .or(Some(self.spent(transition))),
            spent_total: known.and_then(|reading| reading.spent_total),
            at: self.read_at(transition, since),
        };
        let wanted = self.policy.enforce.as_ref().map(|enforce| enforce.balance_management);
        Facts {
            label: self.label(),
            currency: self.currency.to_owned(),
            reading: (self.policy.scope != Scope::Account).then_some(reading),
            threshold: is_client.then_some(threshold),
            reason: self.reason(transition, balance, since),
            since,
            enforcement: wanted.map(|wanted| format!("sets the client to {wanted}")),
            management: wanted.map(|_| Management::Soft),
            ending: None,
            country: self
                .watched
                .map_or(country, |watched| &watched.client.country)
                .to_owned(),
            runbook_url: self.policy.runbook_url.clone(),
            account: (self.policy.scope == Scope::Account).then(|| AccountFacts {
                clients: 12,
                last_sweep_at: self.now.checked_sub(SignedDuration::from_mins(5)).ok(),
                next_try_at: None,
            }),
        }
    }

    /// A moment ago; for who cannot be read, as long ago as is too long.
    fn read_at(&self, transition: &Transition, since: Timestamp) -> Timestamp {
        let last = match self.policy.when.no_reading_for {
            Some(bound) if *transition != Transition::Resolved => since.saturating_sub(bound.limit),
            _ => self.now.saturating_sub(SignedDuration::from_secs(5)),
        };
        last.unwrap_or(self.now)
    }

    fn label(&self) -> String {
        match (self.policy.scope, self.watched) {
            (Scope::Clients, Some(watched)) => watched.client.label(),
            (Scope::Clients, None) => "Example Consulting".to_owned(),
            _ => self.client().to_string(),
        }
    }

    fn threshold(&self) -> Threshold {
        let known = self.watched.and_then(|watched| watched.threshold.as_ref());
        Threshold {
            amount: known.and_then(|threshold| threshold.amount).or(Some(money(10))),
            email: None,
            at: self.now,
        }
    }

    /// The limit of the balance, and how it is written where that is no plain amount.
    fn limit(&self) -> Option<(Limit, Relation)> {
        let when = &self.policy.when;
        let below = when.balance_below.map(|limit| (limit, Relation::Below));
        below.or_else(|| when.balance_at_most.map(|limit| (limit, Relation::AtMost)))
    }

    /// The client's own balance where it suits the transition, else one that does.
    fn balance(&self, transition: &Transition, threshold: &Threshold) -> Money {
        let limit = self.limit().and_then(|(limit, _)| limit.resolve(threshold.amount));
        let limit = limit.unwrap_or_else(|| money(50));
        let suits = |balance: Money| match transition {
            Transition::Resolved => balance > limit,
            Transition::UsedUp => !balance.is_positive(),
            _ => balance <= limit && balance.is_positive() == limit.is_positive(),
        };
        let known = self.watched.and_then(|watched| watched.reading.as_ref());
        if let Some(known) = known.filter(|reading| suits(reading.balance)) {
            return known.balance;
        }
        match transition {
            Transition::Resolved => limit.percent(250.into()) + money(20),
            Transition::UsedUp => money(0),
            _ if limit.is_positive() => limit.percent(80.into()),
            _ => limit - money(3),
        }
    }

    fn spent(&self, transition: &Transition) -> Money {
        let limit = self.policy.when.spent_today_above.unwrap_or_else(|| money(4));
        let is_over = matches!(transition, Transition::Resolved);
        limit.percent(if is_over { 20.into() } else { 140.into() })
    }

    fn reason(&self, transition: &Transition, balance: Money, since: Timestamp) -> Reason {
        let when = &self.policy.when;
        if self.policy.scope == Scope::Account {
            return self.account_reason();
        }
        let is_over = matches!(transition, Transition::Resolved);
        if let Some(bound) = when.no_reading_for {
            return Reason::Unread {
                since: since.saturating_sub(bound.limit).unwrap_or(since),
                limit_secs: bound.limit.as_secs(),
                error: Some("timeout".to_owned()),
            };
        }
        let turned = |relation: Relation| if is_over { relation.opposite() } else { relation };
        let mut findings = Vec::new();
        if let Some((limit, relation)) = self.limit() {
            findings.push(Finding {
                measure: Measure::Balance,
                value: balance,
                relation: turned(relation),
                limit: limit.resolve(self.threshold().amount).unwrap_or(balance),
                limit_text: limit.needs_threshold().then(|| limit.to_string()),
            });
        }
        if let Some(limit) = when.spent_today_above {
            findings.push(Finding {
                measure: Measure::SpentToday,
                value: self.spent(transition),
                relation: turned(Relation::Above),
                limit,
                limit_text: None,
            });
        }
        if findings.is_empty() {
            // The reseller's own balance, with the account's limit.
            findings.push(Finding {
                measure: Measure::Balance,
                value: balance,
                relation: turned(Relation::Below),
                limit: money(50),
                limit_text: None,
            });
        }
        Reason::Limits { findings }
    }

    fn account_reason(&self) -> Reason {
        let (what, fix) = match AccountAlert::of(self.policy.name.as_str()) {
            Some(AccountAlert::Access) => (
                "VoIP.ms does not allow this machine's address (ip_not_enabled)",
                "allow-list this address on the API page of the VoIP.ms portal",
            ),
            _ => (
                "this is a made-up example of what is wrong",
                "this is a made-up example of what to do about it",
            ),
        };
        Reason::Account {
            what: what.to_owned(),
            fix: fix.to_owned(),
        }
    }
}

/// What only shows that a channel works: it is about nothing, and no policy causes it.
#[must_use]
pub fn test(account: &AccountName, client: Option<&Client>, to: To<'_>, now: Timestamp) -> Notification {
    let id = client.map_or_else(ClientId::account, |client| client.id.clone());
    let policy = PolicyName::test();
    let episode = EpisodeId::new(account, &id, &policy, now);
    Notification {
        id: format!("{episode}/test/{}/{}", to.channel, to.recipient),
        account: account.clone(),
        facts: Facts {
            label: client.map_or_else(|| id.to_string(), Client::label),
            currency: String::new(),
            reading: None,
            threshold: None,
            reason: Reason::Account {
                what: "this is a test: nothing is wrong".to_owned(),
                fix: "nothing is to be done".to_owned(),
            },
            since: now,
            enforcement: None,
            management: None,
            ending: None,
            country: client.map_or_else(String::new, |client| client.country.clone()),
            runbook_url: None,
            account: None,
        },
        client: id,
        policy,
        episode,
        transition: Transition::Fired { relapse: false },
        severity: Severity::Info,
        channel: to.channel.clone(),
        recipient: to.recipient.to_owned(),
        created_at: now,
        message: None,
        state: NoticeState::Pending,
    }
}

/// What would carry these notifications, at least one, to their recipient.
#[must_use]
pub fn message(first: &Notification, kind: MessageKind) -> Message {
    let now = first.created_at;
    Message {
        id: first.id.clone(),
        account: first.account.clone(),
        channel: first.channel.clone(),
        recipient: first.recipient.clone(),
        thread: first.episode.to_string(),
        kind,
        created_at: now,
        not_before: now,
        deadline: now.saturating_add(SignedDuration::from_hours(24)).unwrap_or(now),
        paced: None,
        attempts: 0,
        next_at: now,
        state: NoticeState::Pending,
        receipt: None,
    }
}

/// Whole units of money.
fn money(units: i64) -> Money {
    Money::new(units.into()).unwrap_or(Money::ZERO)
}
