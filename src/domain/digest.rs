//! What sums up an account now and then: who is low, who runs dry soon, and what happened since the one before. PURE
//! values, as they were when they were written down; every list is bounded. How it is said is in `notify::letter`.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::alert::{Alert, EpisodeId, Firing};
use super::dead_letter::DeadLetter;
use super::decision::Kind;
use super::enforcement::{Direction, Enforcement};
use super::hush::{Hush, HushedBy};
use super::kept::{AccountView, Activity};
use super::policy::Selector;
use super::reason::{Finding, Measure};
use super::watch::Watched;
use super::{AccountName, ChannelName, ClientId, Management, Money, Policy, PolicyName, Severity};

/// Most rows of one list: a page that is read, not searched. The commands list all.
const MOST_ROWS: usize = 25;

/// Who runs dry within this time is named.
const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Today's spending tells of the whole day when so much of it has passed: earlier, one call in the night would count as
/// dozens.
const TELLING: SignedDuration = SignedDuration::from_hours(6);

/// What one digest says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// When it was due: there is one for each mark.
    pub mark: Timestamp,
    /// What happened after this time is told.
    pub since: Timestamp,
    /// How many clients are watched.
    pub clients: u64,
    pub low: Listed<Low>,
    /// How many other alerts about clients fire.
    pub others: u64,
    /// Those who are low by then, soonest first.
    pub running_dry: Listed<RunningDry>,
    pub activity: Activity,
    pub changed: Listed<Changed>,
    /// Clients whose last attempt to read them failed.
    pub unread: Listed<Unread>,
    /// Messages that will never arrive, and that nobody has dealt with.
    pub dead: Listed<Dead>,
    pub silenced: Listed<Silenced>,
}

/// The first rows, and how many there are beyond them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed<T> {
    pub rows: Vec<T>,
    pub more: u64,
}

/// A client as people call it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    pub client: ClientId,
    pub label: String,
}

/// A client whose balance is in breach of a policy that fires: the most severe one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Low {
    pub who: Named,
    /// As it was read last.
    pub balance: Money,
    pub limit: Money,
    pub policy: PolicyName,
    pub severity: Severity,
    pub since: Timestamp,
}

/// A client whose money is gone within a week if it goes on spending as it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningDry {
    pub who: Named,
    pub balance: Money,
    pub rate: Rate,
    pub hours_left: u32,
}

/// What a client spends in a day: the higher of the two, for a warning too much costs less than one too few.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    pub per_day: Money,
    pub basis: Basis,
}

/// What a rate was reckoned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Spent today so far, scaled to the whole day.
    Today,
    /// The average of the last 30 days.
    Month,
}

/// A change of `balance_management` that was looked at since the digest before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    pub who: Named,
    pub wanted: Management,
    pub direction: Direction,
    /// The word for where it stands.
    pub state: String,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    pub who: Named,
    pub read_at: Option<Timestamp>,
    /// The kind of the last failure.
    pub error: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dead {
    pub who: Named,
    pub channel: ChannelName,
    pub why: String,
}

/// A silence, an acknowledgement or a maintenance window that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silenced {
    pub kind: Kind,
    /// `None`: all clients.
    pub who: Option<Named>,
    /// Empty: all policies.
    pub policies: Vec<PolicyName>,
    /// A person, or the name of a maintenance window.
    pub by: String,
    pub until: Option<Timestamp>,
    pub note: String,
}

/// What a digest is made from.
#[derive(Clone, Copy, Debug)]
pub struct Material<'a> {
    pub view: &'a AccountView,
    pub policies: &'a [Policy],
    /// Those that changed since, newest first.
    pub enforcements: &'a [Enforcement],
    pub letters: &'a [DeadLetter],
    pub activity: &'a Activity,
    /// Maintenance windows that are open.
    pub mutes: &'a [Hush],
    /// Where days are counted.
    pub zone: &'a TimeZone,
}

impl Digest {
    /// The digest that was due at `mark`, as things stand at `now`.
    #[must_use]
    pub fn of(material: &Material<'_>, mark: Timestamp, since: Timestamp, now: Timestamp) -> Self {
        let view = material.view;
        let watched = || {
            let clients = view.clients.iter();
            clients.filter(|watched| !watched.client.id.is_pseudo() && watched.vanished_at.is_none())
        };
        let named: BTreeMap<&ClientId, &Watched> = watched().map(|watched| (&watched.client.id, watched)).collect();
        let who = |client: &ClientId| Named {
            client: client.clone(),
            label: named
                .get(client)
                .map_or(client.to_string(), |watched| watched.client.label()),
        };
        let (low, others) = low(material, &named, &who);
        let changed = material.enforcements.iter();
        let changed = changed
            .filter(|change| change.changed_at > since)
            .map(|change| Changed {
                who: who(&change.client),
                wanted: change.wanted,
                direction: change.direction,
                state: change.state.label().to_owned(),
                at: change.changed_at,
            });
        let unread = watched().filter_map(|watched| {
            Some(Unread {
                who: who(&watched.client.id),
                read_at: watched.reading.as_ref().map(|reading| reading.at),
                error: watched.last_error.clone()?,
            })
        });
        let dead = material
            .letters
            .iter()
            .filter(|letter| !letter.is_settled)
            .map(|letter| Dead {
                who: Named {
                    client: letter.client.clone(),
                    label: letter.label.clone(),
                },
                channel: letter.channel.clone(),
                why: letter.why.clone(),
            });
        Self {
            mark,
            since,
            clients: u64::try_from(named.len()).unwrap_or(u64::MAX),
            low,
            others,
            running_dry: running_dry(watched(), &who, material.zone),
            activity: *material.activity,
            changed: Listed::of(changed),
            unread: Listed::of(unread),
            dead: Listed::of(dead),
            silenced: Listed::of(silenced(material, &who, now)),
        }
    }

    /// What its rows hang on: one for each mark.
    #[must_use]
    pub fn episode(&self, account: &AccountName) -> EpisodeId {
        EpisodeId::new(account, &ClientId::account(), &PolicyName::digest(), self.mark)
    }

    /// Whether there is nothing that a person must look at.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.low.rows.is_empty()
            && self.others == 0
            && self.running_dry.rows.is_empty()
            && self.unread.rows.is_empty()
            && self.dead.rows.is_empty()
    }
}

impl<T> Listed<T> {
    fn of(rows: impl IntoIterator<Item = T>) -> Self {
        let mut rows: Vec<T> = rows.into_iter().collect();
        let more = rows.len().saturating_sub(MOST_ROWS);
        rows.truncate(MOST_ROWS);
        Self {
            rows,
            more: u64::try_from(more).unwrap_or(u64::MAX),
        }
    }

    /// How many there are in all.
    #[must_use]
    pub fn count(&self) -> u64 {
        u64::try_from(self.rows.len())
            .unwrap_or(u64::MAX)
            .saturating_add(self.more)
    }
}

/// Who is low, each once, the most severe and then the lowest first; and how many other alerts about clients fire.
fn low(
    material: &Material<'_>,
    named: &BTreeMap<&ClientId, &Watched>,
    who: &impl Fn(&ClientId) -> Named,
) -> (Listed<Low>, u64) {
    let severity = |alert: &Alert, firing: &Firing| {
        let policy = material.policies.iter().find(|policy| policy.name == alert.policy);
        policy.map_or(firing.severity.unwrap_or(Severity::Warning), |policy| {
            firing.severity(policy)
        })
    };
    let mut rows: BTreeMap<&ClientId, Low> = BTreeMap::new();
    let mut others = 0;
    for alert in &material.view.alerts {
        let (Some(firing), Some(watched)) = (alert.firing(), named.get(&alert.client)) else {
            continue;
        };
        let breach = firing
            .breach
            .as_deref()
            .or_else(|| alert.reason.finding(Measure::Balance));
        let Some(Finding { value, limit, .. }) = breach.filter(|breach| breach.measure == Measure::Balance) else {
            others += 1;
            continue;
        };
        let row = Low {
            who: who(&alert.client),
            balance: watched.reading.as_ref().map_or(*value, |reading| reading.balance),
            limit: *limit,
            policy: alert.policy.clone(),
            severity: severity(alert, firing),
            since: firing.since,
        };
        let kept = rows.entry(&alert.client).or_insert_with(|| row.clone());
        if row.severity > kept.severity {
            *kept = row;
        }
    }
    let mut rows: Vec<Low> = rows.into_values().collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.severity), row.balance));
    (Listed::of(rows), others)
}

fn running_dry<'a>(
    watched: impl Iterator<Item = &'a Watched>,
    who: &impl Fn(&ClientId) -> Named,
    zone: &TimeZone,
) -> Listed<RunningDry> {
    let mut rows: Vec<RunningDry> = watched
        .filter_map(|watched| {
            let reading = watched
                .reading
                .as_ref()
                .filter(|reading| reading.balance.is_positive())?;
            let rate = Rate::of(reading, zone)?;
            let hours_left = rate.hours(reading.balance)?;
            (i64::from(hours_left) <= SOON.as_hours()).then(|| RunningDry {
                who: who(&watched.client.id),
                balance: reading.balance,
                rate,
                hours_left,
            })
        })
        .collect();
    rows.sort_by_key(|row| row.hours_left);
    Listed::of(rows)
}

/// What keeps people from being told. An acknowledgement ended with its episode, whatever its row says.
fn silenced(material: &Material<'_>, who: &impl Fn(&ClientId) -> Named, now: Timestamp) -> Vec<Silenced> {
    let alerts = &material.view.alerts;
    let fires = |episode: &EpisodeId| {
        alerts
            .iter()
            .any(|alert| alert.firing().is_some_and(|firing| firing.episode == *episode))
    };
    let decisions = material.view.decisions.iter().filter(|decision| decision.in_force(now));
    let decisions = decisions.filter(|decision| match decision.kind {
        Kind::Silence => true,
        Kind::Ack => decision.scope.episode.as_ref().is_none_or(fires),
        _ => false,
    });
    let decisions = decisions.map(|decision| Silenced {
        kind: decision.kind,
        who: decision.scope.client.as_ref().map(who),
        policies: decision.scope.policy.iter().cloned().collect(),
        by: decision.by.clone(),
        until: decision.until,
        note: decision.note.clone(),
    });
    let windows = material.mutes.iter().filter(|mute| mute.in_force(now));
    let windows = windows.filter_map(|mute| match &mute.by {
        HushedBy::Mute { name } => Some(Silenced {
            kind: Kind::Silence,
            who: (mute.covers.clients != Selector::default()).then(|| Named {
                client: ClientId::account(),
                label: "some clients".to_owned(),
            }),
            policies: mute.covers.policies.clone(),
            by: name.to_string(),
            until: mute.until,
            note: "maintenance window".to_owned(),
        }),
        _ => None,
    });
    decisions.chain(windows).collect()
}

impl Rate {
    /// What a client spends in a day, by one reading; `None`: nothing, or it is not known.
    fn of(reading: &super::Reading, zone: &TimeZone) -> Option<Self> {
        let per_day = |spent: Money, share: (i64, i64), basis| {
            let scaled = spent.amount().checked_mul(Decimal::from(share.0))?;
            let per_day = Money::new(scaled.checked_div(Decimal::from(share.1))?.round_dp(2)).ok()?;
            per_day.is_positive().then_some(Self { per_day, basis })
        };
        let day_began = reading.at.to_zoned(zone.clone()).start_of_day().ok()?.timestamp();
        let passed = reading.at.duration_since(day_began);
        let today = reading.spent_today.filter(|_| passed >= TELLING);
        let today = today.and_then(|spent| per_day(spent, (86_400, passed.as_secs()), Basis::Today));
        let month = reading
            .spent_total
            .and_then(|spent| per_day(spent, (1, 30), Basis::Month));
        [today, month].into_iter().flatten().max_by_key(|rate| rate.per_day)
    }

    /// How many whole hours a balance lasts.
    fn hours(self, balance: Money) -> Option<u32> {
        let days = balance.amount().checked_div(self.per_day.amount())?;
        let hours = days.checked_mul(Decimal::from(24))?;
        hours.trunc().try_into().ok()
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::{Activity, Basis, Digest, MOST_ROWS, Material, Rate};
    use crate::domain::alert::{Alert, EpisodeId, Firing, Phase};
    use crate::domain::decision::{BY_PERSON, Decision, Kind};
    use crate::domain::enforcement::Mode;
    use crate::domain::kept::AccountView;
    use crate::domain::policy::When;
    use crate::domain::reason::{Finding, Measure, Reason, Relation};
    use crate::domain::testing::{at, client, dead_letter, enforcement, money, policy};
    use crate::domain::watch::{AccountState, Watched};
    use crate::domain::{AccountName, ClientId, PolicyName, Reading, Severity};

    fn account() -> AccountName {
        AccountName::new("main").unwrap()
    }

    fn watched(id: &str, balance: &str, spent_total: &str) -> Watched {
        let mut watched = Watched::pseudo(ClientId::new(id).unwrap(), &format!("Client {id}"), at(0));
        watched.reading = Some(Reading {
            balance: money(balance),
            spent_today: None,
            spent_total: Some(money(spent_total)),
            at: at(0),
        });
        watched
    }

    fn firing(id: &str, policy: &str, measure: Measure, value: &str) -> Alert {
        let (client, policy) = (ClientId::new(id).unwrap(), PolicyName::new(policy).unwrap());
        let episode = EpisodeId::new(&account(), &client, &policy, at(0));
        Alert {
            client,
            policy,
            condition: String::new(),
            phase: Phase::Firing(Firing::new(episode, at(0), Mode::Observe)),
            reason: Reason::Limits {
                findings: vec![Finding {
                    measure,
                    value: money(value),
                    relation: Relation::Below,
                    limit: money("10"),
                    limit_text: None,
                }],
            },
        }
    }

    fn view(clients: Vec<Watched>, alerts: Vec<Alert>, decisions: Vec<Decision>) -> AccountView {
        AccountView {
            state: AccountState::default(),
            clients,
            alerts,
            decisions,
            enforcements: Vec::new(),
        }
    }

    fn digest(view: &AccountView) -> Digest {
        let mut overdrawn = policy("overdrawn", When::default());
        overdrawn.severity = Severity::Critical;
        let changes = [enforcement(EpisodeId::from_stored("e".to_owned()))];
        let material = Material {
            view,
            policies: &[policy("low-balance", When::default()), overdrawn],
            enforcements: &changes,
            letters: &[dead_letter()],
            activity: &Activity::default(),
            mutes: &[],
            zone: &TimeZone::UTC,
        };
        Digest::of(&material, at(60), at(-60), at(61))
    }

    #[test]
    fn who_is_low_is_listed_once_the_most_severe_first() {
        let mut vanished = watched("9", "1", "0");
        vanished.vanished_at = Some(at(0));
        let view = view(
            vec![
                watched("1", "5", "0"),
                watched("2", "-1", "0"),
                watched("3", "4", "0"),
                vanished,
            ],
            vec![
                firing("1", "low-balance", Measure::Balance, "5"),
                firing("2", "low-balance", Measure::Balance, "-1"),
                firing("2", "overdrawn", Measure::Balance, "-1"),
                firing("3", "low-balance", Measure::Balance, "4"),
                firing("3", "fraud", Measure::SpentToday, "90"),
                firing("9", "low-balance", Measure::Balance, "1"),
            ],
            Vec::new(),
        );
        let digest = digest(&view);
        let low: Vec<_> = digest
            .low
            .rows
            .iter()
            .map(|low| (low.who.client.as_str(), low.policy.as_str()))
            .collect();
        assert_eq!(low, [("2", "overdrawn"), ("3", "low-balance"), ("1", "low-balance")]);
        assert_eq!((digest.clients, digest.others), (3, 1));
        assert_eq!((digest.changed.count(), digest.dead.count()), (1, 1));
        assert!(!digest.is_quiet());
    }

    #[test]
    fn lists_are_bounded_and_count_the_rest() {
        let clients = (1..=40).map(|id| watched(&id.to_string(), "1", "300")).collect();
        let digest = digest(&view(clients, Vec::new(), Vec::new()));
        assert_eq!(digest.running_dry.rows.len(), MOST_ROWS);
        assert_eq!(digest.running_dry.count(), 40);
    }

    #[test]
    fn a_rate_is_the_higher_of_today_and_the_month() {
        let midnight: jiff::Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
        for (name, hours, today, month, expected) in [
            ("half a day", 12, Some("4"), Some("30"), Some(("8", Basis::Today))),
            (
                "the month was worse",
                12,
                Some("4"),
                Some("300"),
                Some(("10", Basis::Month)),
            ),
            ("too early to tell", 5, Some("4"), Some("30"), Some(("1", Basis::Month))),
            ("just enough to tell", 6, Some("4"), None, Some(("16", Basis::Today))),
            ("nothing was spent", 12, Some("0"), Some("0"), None),
            ("nothing is known", 12, None, None, None),
        ] {
            let reading = Reading {
                balance: money("5"),
                spent_today: today.map(money),
                spent_total: month.map(money),
                at: midnight + jiff::SignedDuration::from_hours(hours),
            };
            let rate = Rate::of(&reading, &TimeZone::UTC).map(|rate| (rate.per_day, rate.basis));
            assert_eq!(rate, expected.map(|(rate, basis)| (money(rate), basis)), "{name}");
        }
    }

    #[test]
    fn who_lasts_a_week_is_named_and_who_lasts_longer_or_has_nothing_is_not() {
        let clients = vec![
            watched("1", "7", "30"),
            watched("2", "7.05", "30"),
            watched("3", "0.5", "30"),
            watched("4", "0", "30"),
        ];
        let digest = digest(&view(clients, Vec::new(), Vec::new()));
        let dry: Vec<_> = digest
            .running_dry
            .rows
            .iter()
            .map(|row| (row.who.client.as_str(), row.hours_left))
            .collect();
        assert_eq!(dry, [("3", 12), ("1", 168)]);
    }

    #[test]
    fn what_is_silenced_is_told_while_it_holds() {
        let decision = |kind, until| Decision {
            kind,
            until,
            ..Decision::brake(account(), BY_PERSON, "moving".to_owned(), at(0))
        };
        let mut narrow = decision(Kind::Ack, None);
        narrow.scope.client = Some(client());
        let mut over = narrow.clone();
        over.scope.episode = Some(EpisodeId::from_stored("that ended".to_owned()));
        let decisions = vec![
            decision(Kind::Silence, Some(at(62))),
            decision(Kind::Silence, Some(at(61))),
            decision(Kind::Brake, None),
            over,
            narrow,
        ];
        let digest = digest(&view(Vec::new(), Vec::new(), decisions));
        let silenced: Vec<_> = digest.silenced.rows.iter().map(|row| (row.kind, row.until)).collect();
        assert_eq!(silenced, [(Kind::Silence, Some(at(62))), (Kind::Ack, None)]);
        let text = serde_json::to_string(&digest).unwrap();
        assert_eq!(serde_json::from_str::<Digest>(&text).unwrap(), digest);
    }
}
