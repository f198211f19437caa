//! Who is asked first when there are fewer calls than clients.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::policy::{Policy, Scope};
use super::watch::Watched;
use super::{Money, Reading};

/// Days that `spent_total` covers.
const SPENT_TOTAL_DAYS: i64 = 30;

/// Order in which clients are asked, as indices into `clients`.
///
/// Two of three calls go by age, who was never asked first; one of three by the time to the nearest limit not yet
/// crossed, so that who is about to run dry is asked in time. A client past all its limits counts by age alone.
#[must_use]
pub fn order(
    clients: &[&Watched],
    policies: &[Policy],
    default_threshold: Option<Money>,
    now: Timestamp,
) -> Vec<usize> {
    let mut by_age: Vec<usize> = (0..clients.len()).collect();
    by_age.sort_by_key(|index| clients[*index].last_attempt_at);
    let mut by_limit: Vec<(SignedDuration, usize)> = clients
        .iter()
        .enumerate()
        .filter_map(|(index, client)| Some((time_to_limit(client, policies, default_threshold, now)?, index)))
        .collect();
    by_limit.sort_unstable();

    let mut order = Vec::with_capacity(clients.len());
    let mut taken = vec![false; clients.len()];
    let (mut by_age, mut by_limit) = (by_age.into_iter(), by_limit.into_iter().map(|(_, index)| index));
    while order.len() < clients.len() {
        let turn_of_limit = order.len() % 3 == 2;
        let by_limit = || by_limit.find(|index| !taken[*index]);
        let by_age = || by_age.find(|index| !taken[*index]);
        let next = if turn_of_limit {
            pick(by_limit, by_age)
        } else {
            pick(by_age, by_limit)
        };
        let Some(index) = next else { break };
        taken[index] = true;
        order.push(index);
    }
    order
}

fn pick(first: impl FnOnce() -> Option<usize>, second: impl FnOnce() -> Option<usize>) -> Option<usize> {
    first().or_else(second)
}

/// How long it takes to ask this many clients at a rate, each for a balance and, at worst, a threshold; rounded up to
/// whole seconds.
#[must_use]
pub fn revisit(clients: u64, rate_per_minute: u32) -> SignedDuration {
    let secs = clients.saturating_mul(120).div_ceil(u64::from(rate_per_minute.max(1)));
    SignedDuration::from_secs(i64::try_from(secs).unwrap_or(i64::MAX))
}

/// Time until a client reaches the nearest limit that it has not crossed, at the spending between its last two
/// readings, or with one reading at its average of 30 days. `None`: it spends nothing, or is past all its limits.
#[must_use]
pub fn time_to_limit(
    client: &Watched,
    policies: &[Policy],
    default_threshold: Option<Money>,
    now: Timestamp,
) -> Option<SignedDuration> {
    let reading = client.reading.as_ref()?;
    let per_day = spending_per_day(reading, client.previous.as_ref()).filter(|rate| rate.is_positive())?;
    let threshold = client
        .threshold
        .as_ref()
        .and_then(|threshold| threshold.amount)
        .or(default_threshold);
    let mut room: Option<Money> = None;
    let mut consider = |left: Money| {
        if left.is_positive() && room.is_none_or(|room| left < room) {
            room = Some(left);
        }
    };
    for policy in policies.iter().filter(|policy| policy.scope == Scope::Clients) {
        let balance_limits = [policy.when.balance_below, policy.when.balance_at_most];
        for limit in balance_limits
            .into_iter()
            .flatten()
            .filter_map(|limit| limit.resolve(threshold))
        {
            consider(reading.balance - limit);
        }
        if let (Some(limit), Some(spent)) = (policy.when.spent_today_above, reading.spent_today) {
            consider(limit - spent);
        }
    }
    used_up(room?, per_day, reading, now)
}

/// Time until a client's balance is used up, at the spending that [`time_to_limit`] goes by. `None`: it spends nothing, or
/// nothing is left.
#[must_use]
pub fn time_to_zero(client: &Watched, now: Timestamp) -> Option<SignedDuration> {
    let reading = client
        .reading
        .as_ref()
        .filter(|reading| reading.balance.is_positive())?;
    let per_day = spending_per_day(reading, client.previous.as_ref()).filter(|rate| rate.is_positive())?;
    used_up(reading.balance, per_day, reading, now)
}

/// Time until so much is spent, counted from a reading.
fn used_up(room: Money, per_day: Money, reading: &Reading, now: Timestamp) -> Option<SignedDuration> {
    let secs = room
        .amount()
        .checked_mul(Decimal::from(86_400))?
        .checked_div(per_day.amount())?
        .to_i64()?;
    let since = reading.at.checked_add(SignedDuration::from_secs(secs)).ok()?;
    Some(since.duration_since(now))
}

/// What a client spends in a day. A rise between two readings is a top-up and tells nothing about spending.
fn spending_per_day(reading: &Reading, previous: Option<&Reading>) -> Option<Money> {
    let measured = previous.and_then(|previous| {
        let secs = reading.at.duration_since(previous.at).as_secs();
        let spent = (previous.balance - reading.balance).amount();
        let per_day = spent
            .checked_mul(Decimal::from(86_400))?
            .checked_div(Decimal::from(secs))?;
        Money::new(per_day)
            .ok()
            .filter(|_| secs > 0)
            .filter(|rate| !rate.is_negative())
    });
    measured.or_else(|| {
        let average = reading
            .spent_total?
            .amount()
            .checked_div(Decimal::from(SPENT_TOTAL_DAYS))?;
        Money::new(average).ok()
    })
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::{order, revisit, time_to_limit, time_to_zero};
    use crate::domain::policy::{Limit, Policy, When};
    use crate::domain::testing::{at, client, money, policy, reading};
    use crate::domain::watch::Watched;
    use crate::domain::{Client, Reading};

    fn watched(attempt_secs: Option<i64>, reading: Option<Reading>, previous: Option<Reading>) -> Watched {
        Watched {
            last_attempt_at: attempt_secs.map(at),
            reading,
            previous,
            ..Watched::new(Client::unknown(client()), at(0))
        }
    }

    fn below_ten() -> Vec<Policy> {
        let when = When {
            balance_below: Some(Limit::Amount(money("10"))),
            ..When::default()
        };
        let overdrawn = When {
            balance_at_most: Some(Limit::Amount(money("0"))),
            ..When::default()
        };
        vec![policy("low", when), policy("overdrawn", overdrawn)]
    }

    #[test]
    fn asking_everybody_takes_two_calls_each() {
        for (clients, rate, expected) in [
            (0, 60, 0),
            (30, 60, 60),
            (824, 60, 1_648),
            (1, 10_000_000, 1),
            (1, 0, 120),
        ] {
            assert_eq!(revisit(clients, rate).as_secs(), expected, "{clients} at {rate}");
        }
    }

    #[test]
    fn the_nearest_limit_not_yet_crossed_counts() {
        let hour = 3600;
        let two = |before, now| (Some(reading(now, "0", hour)), Some(reading(before, "0", 0)));
        let mut average = reading("13", "0", hour);
        average.spent_total = Some(money("30"));
        let cases = [
            ("1 an hour, 2 above the limit", two("13", "12"), Some(2 * hour)),
            ("past the first, 3 above zero", two("4", "3"), Some(3 * hour)),
            ("past all its limits", two("1", "-1"), None),
            ("exactly at the last", two("1", "0"), None),
            ("spends nothing", two("12", "12"), None),
            (
                "one reading: 1 a day on average, 3 above",
                (Some(average.clone()), None),
                Some(3 * 24 * hour),
            ),
            (
                "a top-up: the average",
                (Some(average), Some(reading("1", "0", 0))),
                Some(3 * 24 * hour),
            ),
            ("never read", (None, None), None),
        ];
        for (name, (now, before), expected) in cases {
            let client = watched(None, now, before);
            let got = time_to_limit(&client, &below_ten(), None, at(hour));
            assert_eq!(got, expected.map(SignedDuration::from_secs), "{name}");
        }
    }

    #[test]
    fn the_balance_is_used_up_at_the_last_pace() {
        let hour = 3600;
        let two = |before, now| watched(None, Some(reading(now, "0", hour)), Some(reading(before, "0", 0)));
        for (name, client, now, expected) in [
            ("1 an hour, 3 left", two("4", "3"), hour, Some(3 * hour)),
            ("an hour later", two("4", "3"), 2 * hour, Some(2 * hour)),
            ("longer ago than it would last", two("4", "3"), 5 * hour, Some(-hour)),
            ("spends nothing", two("3", "3"), hour, None),
            ("nothing is left", two("1", "0"), hour, None),
            ("never read", watched(None, None, None), hour, None),
        ] {
            let got = time_to_zero(&client, at(now));
            assert_eq!(got, expected.map(SignedDuration::from_secs), "{name}");
        }
    }

    #[test]
    fn two_thirds_go_by_age_and_one_third_by_urgency() {
        let spending = |now| (Some(reading(now, "0", 3600)), Some(reading("100", "0", 0)));
        let clients: Vec<Watched> = (0..9)
            .map(|index| {
                let (now, before) = if index >= 6 {
                    spending(["50", "20", "11"][index - 6])
                } else {
                    (None, None)
                };
                watched(Some(i64::try_from(index).unwrap()), now, before)
            })
            .chain([watched(None, None, None)])
            .collect();
        let clients: Vec<&Watched> = clients.iter().collect();
        let order = order(&clients, &below_ten(), None, at(3600));
        assert_eq!(order, [9, 0, 8, 1, 2, 7, 3, 4, 6, 5]);
    }

    #[test]
    fn everybody_is_asked_once() {
        let clients: Vec<Watched> = (0..100).map(|index| watched(Some(index % 7), None, None)).collect();
        let clients: Vec<&Watched> = clients.iter().collect();
        let mut order = order(&clients, &below_ten(), None, at(0));
        order.sort_unstable();
        assert_eq!(order, (0..100).collect::<Vec<_>>());
    }
}
