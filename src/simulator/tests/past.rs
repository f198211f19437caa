//! What lies behind a world when it begins: a past as its clients would have lived it, told by the API's own lists with
//! their times of day.

use jiff::Zoned;
use jiff::civil::{DateTime, Time};
use serde_json::Value;

use super::{Options, Simulator, json_of, with};

/// A list of a client, oldest first: when, in Toronto, and the description.
fn listed(simulator: &Simulator, function: &str, key: &str, id: &str) -> Vec<(DateTime, String)> {
    let answer = json_of(simulator, &format!("method={function}&client={id}"));
    let text = |row: &Value, column: &str| row[column].as_str().unwrap().to_owned();
    let rows = answer[key].as_array().unwrap().iter().rev();
    rows.map(|row| (text(row, "date").parse().unwrap(), text(row, "description")))
        .collect()
}

#[test]
fn a_client_orders_by_day_pays_first_and_is_billed_every_month_since() {
    let (simulator, _) = with(Options {
        clients: 60,
        settings: ["spending=off", "top-ups=off", "ledger-dates=datetime"]
            .map(str::to_owned)
            .into(),
        ..Options::default()
    });
    let now: DateTime = "2026-11-23T12:00:00".parse().unwrap();
    let mut monthly = 0;
    for id in 561_115..561_175 {
        let id = id.to_string();
        let (charges, deposits) = (
            listed(&simulator, "getCharges", "charges", &id),
            listed(&simulator, "getDeposits", "deposits", &id),
        );
        assert!(
            charges.iter().chain(&deposits).all(|(at, _)| *at < now),
            "{id}: {charges:?} {deposits:?}"
        );
        assert!(
            deposits[0].0 < charges.first().map_or(now, |(at, _)| *at),
            "{id} paid first: {charges:?} {deposits:?}"
        );
        let numbers: Vec<&(DateTime, String)> = charges.iter().filter(|(_, what)| what.starts_with("DID")).collect();
        let Some(((ordered, number), bills)) = numbers.split_first() else {
            continue;
        };
        let by_day = Time::constant(9, 0, 0, 0)..=Time::constant(17, 2, 0, 0);
        assert!(by_day.contains(&ordered.time()), "{id}: {ordered}");
        let is_nobodys = number.len() == 13 && &number[6..9] == "555";
        assert!(
            is_nobodys || number == "DID5551234567",
            "{id}: {number} may be somebody's"
        );
        for (came, _) in charges.iter().filter(|(_, what)| what.starts_with("SETUPPACKAGE")) {
            let hours = ordered.duration_since(*came).as_hours();
            assert!(
                (1..=20 * 24).contains(&hours),
                "{id}: the package came {hours} h before the number"
            );
        }
        let months = bills
            .iter()
            .map(|(at, _)| i32::from(at.year()) * 12 + i32::from(at.month()));
        let first = i32::from(ordered.year()) * 12 + i32::from(ordered.month());
        let expected: Vec<i32> = (first + 1..).take(bills.len()).collect();
        assert_eq!(
            months.collect::<Vec<_>>(),
            expected,
            "{id}: a bill each month: {bills:?}"
        );
        let last = numbers.last().unwrap().0;
        assert!(
            now.duration_since(last).as_hours() <= 31 * 24,
            "{id}: the last bill was {last}"
        );
        monthly += bills.len();
    }
    assert!(monthly > 60, "{monthly} bills were looked at");
}

/// What clients used today, by their ids.
fn used_today(simulator: &Simulator) -> Vec<(String, [Value; 3])> {
    let today = |id: String| {
        let answer = json_of(simulator, &format!("method=getResellerBalance&client={id}"));
        let used = ["calls_today", "time_today", "spent_today"].map(|key| answer["balance"][key].clone());
        (id, used)
    };
    simulator.client_ids().into_iter().map(today).collect()
}

#[test]
fn the_morning_before_a_world_began_is_the_one_that_it_would_have_lived() {
    let born = |at: &str| {
        let settings = ["top-ups=off"].map(str::to_owned).into();
        let (clients, start) = (60, Some(at.parse().unwrap()));
        with(Options {
            clients,
            start,
            settings,
            ..Options::default()
        })
        .0
    };
    let midnight: Zoned = "2026-11-23T00:00-05:00[America/Toronto]".parse().unwrap();
    let lived = born(&midnight.timestamp().to_string());
    assert!(
        used_today(&lived).iter().all(|(_, used)| used[0] == 0),
        "the day begins"
    );
    lived.advance(std::time::Duration::from_secs(12 * 3_600 + 34 * 60));
    let lived = used_today(&lived);
    let told = used_today(&born("2026-11-23T17:34:00Z"));
    let differ: Vec<_> = lived.iter().zip(&told).filter(|(lived, told)| lived != told).collect();
    assert_eq!(differ, []);
    let busy = told.iter().filter(|(_, used)| used[0] != 0).count();
    assert!(busy > 30, "{busy} clients made calls");
}
