//! An account with all its clients, summed up once for as many scrapes as there may be. PURE.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::{ClientId, Money, PolicyName, Severity};
use crate::metrics::{self, Scrape};
use crate::view::Snapshot;
use crate::view::clients::{ClientRow, State, Tally};

/// What a scrape tells of an account.
pub struct Figures {
    account: String,
    interval_secs: i64,
    /// When its last sweep was judged.
    judged_at: Option<Timestamp>,
    /// How many clients there are of [`State::ALL`], in that order.
    states: [u64; State::ALL.len()],
    /// When clients were read, the longest ago first; nobody may have been.
    read_at: [(&'static str, Option<Timestamp>); 3],
    /// Policies that fire nowhere count as 0.
    firing: BTreeMap<(PolicyName, Severity), u64>,
    is_braked: bool,
    own_balance: Option<Money>,
}

impl Figures {
    /// Sums an account up, whose clients are summed up already.
    pub fn new(snapshot: &Snapshot, tally: &Tally) -> Self {
        let reseller = snapshot.client(ClientId::reseller().as_str());
        Self {
            account: snapshot.rules.account.to_string(),
            interval_secs: snapshot.interval().as_secs(),
            judged_at: snapshot.kept.state.sweep_ended_at,
            states: tally.states,
            read_at: [
                ("max", tally.oldest_read_at),
                ("p99", tally.p99_read_at),
                ("p50", tally.median_read_at),
            ],
            firing: firing(snapshot),
            is_braked: snapshot.brake().is_some(),
            own_balance: reseller
                .and_then(|own| own.reading.as_ref())
                .map(|reading| reading.balance),
        }
    }

    /// What all of its samples are labelled with.
    fn of(&self) -> [&str; 1] {
        [&self.account]
    }
}

fn firing(snapshot: &Snapshot) -> BTreeMap<(PolicyName, Severity), u64> {
    let policies = &snapshot.rules.policies;
    let quiet = policies
        .iter()
        .map(|policy| ((policy.name.clone(), policy.severity), 0));
    let mut firing: BTreeMap<(PolicyName, Severity), u64> = quiet.collect();
    for alert in &snapshot.kept.alerts {
        let policy = policies.iter().find(|policy| policy.name == alert.policy);
        let Some(episode) = alert.firing() else { continue };
        let severity = episode.severity.or_else(|| policy.map(|policy| policy.severity));
        // One that began when its severity was not kept, of a policy that is gone, is about to be withdrawn.
        if let Some(severity) = severity {
            *firing.entry((alert.policy.clone(), severity)).or_default() += 1;
        }
    }
    firing
}

/// Writes all accounts, one gauge after the other.
pub fn write(all: &[Figures], now: Timestamp, scrape: &mut Scrape) {
    let account = ["account"];
    scrape.gauge(
        metrics::SWEEP_INTERVAL,
        account,
        all.iter().map(|one| (one.of(), one.interval_secs)),
    );
    let judged = all
        .iter()
        .map(|one| (one.of(), one.judged_at.map_or(0, Timestamp::as_second)));
    scrape.gauge(metrics::LAST_SWEEP, account, judged);
    let states = all.iter().flat_map(|one| {
        let counts = State::ALL.iter().zip(one.states);
        counts.map(|(state, count)| ([one.account.as_str(), state.as_str()], count))
    });
    scrape.gauge(metrics::CLIENTS, ["account", "state"], states);
    let ages = all.iter().flat_map(|one| {
        let ages = one.read_at.iter();
        ages.filter_map(|(stat, at)| Some(([one.account.as_str(), *stat], secs_since((*at)?, now))))
    });
    scrape.gauge(metrics::READING_AGE, ["account", "stat"], ages);
    let firing = all.iter().flat_map(|one| {
        let firing = one.firing.iter();
        firing.map(|((policy, severity), count)| ([one.account.as_str(), policy.as_str(), severity.as_str()], count))
    });
    scrape.gauge(metrics::ALERTS_FIRING, ["account", "policy", "severity"], firing);
    scrape.gauge(
        metrics::BRAKE_ENGAGED,
        account,
        all.iter().map(|one| (one.of(), u8::from(one.is_braked))),
    );
    let balances = all.iter().filter_map(|one| Some((one.of(), one.own_balance?)));
    scrape.gauge(metrics::RESELLER_BALANCE, account, balances);
}

/// Those that run dry next, each with metrics of its own.
pub fn write_clients(driest: &[ClientRow], now: Timestamp, scrape: &mut Scrape) {
    let labels = ["account", "client"];
    let rows = || {
        let rows = driest.iter().filter_map(|row| Some((row, row.balance?)));
        rows.map(|(row, balance)| ([row.account.as_str(), row.client.as_str()], row, balance))
    };
    scrape.gauge(
        metrics::CLIENT_BALANCE,
        labels,
        rows().map(|(of, _, balance)| (of, balance)),
    );
    let thresholds = rows().filter_map(|(of, row, _)| Some((of, row.threshold?)));
    scrape.gauge(metrics::CLIENT_THRESHOLD, labels, thresholds);
    let dry = rows().filter_map(|(of, row, balance)| {
        let at = if balance.is_positive() { row.used_up_at? } else { now };
        Some((of, secs_since(now, at)))
    });
    scrape.gauge(metrics::CLIENT_RUNS_DRY, labels, dry);
}

/// How many seconds lie between two times; none when they are the other way round.
fn secs_since(earlier: Timestamp, later: Timestamp) -> i64 {
    later.duration_since(earlier).as_secs().max(0)
}

#[cfg(test)]
mod tests {
    use super::{Figures, firing, write_clients};
    use crate::domain::Severity;
    use crate::domain::policy::When;
    use crate::domain::testing::{policy, reading, threshold};
    use crate::domain::watch::Watched;
    use crate::metrics::Scrape;
    use crate::view::Snapshot;
    use crate::view::clients::{Index, Query};
    use crate::view::testing::{at, snapshot, watched};

    /// A client that was read at these two times, with these balances.
    fn read(id: &str, before: &str, now: &str) -> Watched {
        Watched {
            previous: Some(reading(before, "0", -3_660)),
            reading: Some(reading(now, "0", -60)),
            ..watched(id)
        }
    }

    fn of(watched: Vec<Watched>) -> Snapshot {
        let mut snapshot = snapshot();
        snapshot.kept.clients = watched;
        snapshot
    }

    #[test]
    fn ages_are_those_of_the_nearest_rank() {
        let ages = |count: i64| {
            let read = |age: i64| Watched {
                reading: Some(reading("1", "0", -age)),
                ..watched(&age.to_string())
            };
            let all = [of((1..=count).map(read).collect())];
            let ages = Figures::new(&all[0], &Index::new(&all).tallies()[0]).read_at;
            let ages = ages
                .iter()
                .filter_map(|(_, time)| Some(at(0).duration_since((*time)?).as_secs()));
            ages.collect::<Vec<_>>()
        };
        for (count, expected) in [
            (0, vec![]),
            (1, vec![1, 1, 1]),
            (3, vec![3, 3, 2]),
            (100, vec![100, 99, 50]),
        ] {
            assert_eq!(ages(count), expected, "max, p99 and p50 of {count}");
        }
        assert_eq!(ages(1_000), [1_000, 990, 500]);
    }

    #[test]
    fn what_fires_nowhere_counts_as_nothing_and_an_episode_keeps_its_severity() {
        let mut snapshot = snapshot();
        snapshot.rules.policies = vec![policy("low", When::default()), policy("quiet", When::default())];
        let mut fires = crate::view::testing::firing("561115");
        if let crate::domain::alert::Phase::Firing(episode) = &mut fires.phase {
            episode.severity = Some(Severity::Critical);
        }
        snapshot.kept.alerts = vec![fires, crate::view::testing::pending("561116")];
        let rows: Vec<(String, &str, u64)> = firing(&snapshot)
            .into_iter()
            .map(|((policy, severity), count)| (policy.to_string(), severity.as_str(), count))
            .collect();
        let row = |policy: &str, severity, count| (policy.to_owned(), severity, count);
        assert_eq!(rows.len(), 3, "{rows:?}");
        for expected in [
            row("low", "warning", 0),
            row("low", "critical", 1),
            row("quiet", "warning", 0),
        ] {
            assert!(rows.contains(&expected), "{rows:?}");
        }
    }

    #[test]
    fn who_runs_dry_next_comes_first_and_no_more_than_asked_for() {
        let told = |most: usize| {
            let mut in_debt = read("4", "-1", "-1");
            in_debt.threshold = Some(threshold(Some("10"), -60));
            let all = vec![
                read("1", "10", "10"),
                read("2", "4", "3"),
                read("3", "9", "8"),
                in_debt,
                watched("5"),
            ];
            let all = [of(all)];
            let driest = Index::new(&all).page(&all, &Query::first(most)).unwrap().clients;
            let mut scrape = Scrape::counted();
            let counted = scrape.clone().into_text().len();
            write_clients(&driest, at(0), &mut scrape);
            let text = scrape.into_text();
            let lines = text[counted..].lines().filter(|line| !line.starts_with('#'));
            lines
                .map(|line| line.replace("balancewatch_client_", ""))
                .collect::<Vec<_>>()
        };
        assert_eq!(told(0), [""; 0]);
        assert_eq!(
            told(3),
            [
                "balance{account=\"main\",client=\"4\"} -1",
                "balance{account=\"main\",client=\"2\"} 3",
                "balance{account=\"main\",client=\"3\"} 8",
                "threshold{account=\"main\",client=\"4\"} 10",
                "runs_dry_seconds{account=\"main\",client=\"4\"} 0",
                "runs_dry_seconds{account=\"main\",client=\"2\"} 10740",
                "runs_dry_seconds{account=\"main\",client=\"3\"} 28740",
            ]
        );
        assert_eq!(
            told(9).iter().filter(|line| line.starts_with("balance")).count(),
            4,
            "who was never read has none"
        );
    }
}
