//! The money of the world through the API's own answers: charges, payments, packages, fees, suspension, midnights, and
//! that everything adds up at any moment.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use serde_json::{Value, json};

use super::super::amount::Amount;
use super::super::world::ledger::MOST_ENTRIES;
use super::{AUTH, Options, Simulator, body, json_of, simulator, status, with};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

fn money(value: &Value) -> Amount {
    value
        .as_str()
        .and_then(Amount::parse)
        .unwrap_or_else(|| panic!("{value} is no amount"))
}

fn rows(simulator: &Simulator, function: &str, key: &str, id: &str) -> Vec<Value> {
    json_of(simulator, &format!("method={function}&client={id}"))[key]
        .as_array()
        .unwrap()
        .clone()
}

fn charges(simulator: &Simulator, id: &str) -> Vec<Value> {
    rows(simulator, "getCharges", "charges", id)
}

fn deposits(simulator: &Simulator, id: &str) -> Vec<Value> {
    rows(simulator, "getDeposits", "deposits", id)
}

fn sum(rows: &[Value]) -> Amount {
    rows.iter().map(|row| money(&row["amount"])).sum()
}

fn advance(simulator: &Simulator, secs: u64) {
    simulator.advance(Duration::from_secs(secs));
}

/// Both equations of a client's money, by what the API lists.
#[track_caller]
fn check_sums(simulator: &Simulator, id: &str) {
    let client = simulator.client(id).unwrap();
    let (charged, paid) = (sum(&charges(simulator, id)), sum(&deposits(simulator, id)));
    let term = |name: &str| money(&client[name]);
    let before = |name: &str| money(&client["before"][name]);
    let told =
        money(&json_of(simulator, &format!("method=getResellerBalance&client={id}"))["balance"]["current_balance"]);
    assert_eq!(told, term("balance"), "{client:#}");
    assert_eq!(
        term("opening_balance") + term("paid") - term("charged") - term("spent") + term("adjusted"),
        told,
        "{client:#}"
    );
    assert_eq!(
        before("paid") - before("charged") - before("spent") + before("carried"),
        term("opening_balance"),
        "{client:#}"
    );
    assert_eq!(
        (paid, charged),
        (before("paid") + term("paid"), before("charged") + term("charged")),
        "what is listed: {client:#}"
    );
    assert!(!before("spent").is_negative(), "{client:#}");
}

#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    /// To a second before, at, or after the next midnight in Toronto.
    Midnight(u64),
    Charge(u32),
    Pay(u32),
    Deposit(u32),
    Balance(i32),
    Management(bool),
    Package(&'static str),
    Drain(Option<u32>),
    Setting(&'static str, &'static str),
    Look,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3 * DAY).prop_map(Step::Pass),
        3 => (0..3_u64).prop_map(Step::Midnight),
        2 => (1..2_000_u32).prop_map(Step::Charge),
        2 => (1..2_000_u32).prop_map(Step::Pay),
        1 => (1..2_000_u32).prop_map(Step::Deposit),
        1 => (-100_000..400_000_i32).prop_map(Step::Balance),
        2 => any::<bool>().prop_map(Step::Management),
        1 => prop_oneof![Just("8378"), Just("8455"), Just("")].prop_map(Step::Package),
        1 => proptest::option::of(0..90_000_u32).prop_map(Step::Drain),
        1 => prop_oneof![
            Just(("spending", "off")), Just(("spending", "on")), Just(("top-ups", "off")), Just(("hard-stops", "off")),
            Just(("hard-stops", "on")), Just(("cut-calls", "off")), Just(("cut-calls", "on")), Just(("day-zone", "utc")),
            Just(("day-zone", "toronto")), Just(("suspension-delay-secs", "3600")), Just(("suspension-delay-secs", "0")),
            Just(("resume-on-payment", "off")), Just(("resume-on-payment", "on")),
        ].prop_map(|(name, value)| Step::Setting(name, value)),
        2 => Just(Step::Look),
    ]
}

fn cents(cents: u32) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// Seconds until the next midnight in Toronto.
fn to_midnight(simulator: &Simulator) -> u64 {
    let now = simulator.now().in_tz("America/Toronto").unwrap();
    let midnight = now.tomorrow().unwrap().start_of_day().unwrap();
    u64::try_from(midnight.timestamp().as_second() - now.timestamp().as_second()).unwrap()
}

fn take(simulator: &Simulator, id: &str, step: &Step) {
    let send = |query: &str| {
        assert_eq!(status(simulator, &format!("{AUTH}&{query}")), "success", "{query}");
    };
    let edit = |edit: Value| simulator.edit(id, &edit).unwrap();
    match step {
        Step::Pass(secs) => advance(simulator, *secs),
        Step::Midnight(later) => advance(simulator, to_midnight(simulator) + later - 1),
        Step::Charge(amount) => send(&format!(
            "method=addCharge&client={id}&charge={}&description=a",
            cents(*amount)
        )),
        Step::Pay(amount) => send(&format!(
            "method=addPayment&client={id}&payment={}&description=b",
            cents(*amount)
        )),
        Step::Deposit(amount) => simulator.deposit(id, &cents(*amount)).unwrap(),
        Step::Balance(balance) => edit(json!({"balance": Amount::ten_thousandths((*balance).into()).to_string()})),
        Step::Management(hard) => {
            let code = if *hard { 1 } else { 2 };
            let record = super::RECORD.replace("balance_management=1", &format!("balance_management={code}"));
            send(&record.replace("561115", id));
        }
        Step::Package(package) => edit(json!({"package": package})),
        Step::Drain(rate) => edit(json!({"spend_per_hour": rate.map(cents)})),
        Step::Setting(name, value) => simulator.set_setting(name, value).unwrap(),
        Step::Look => drop(simulator.state()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn everything_adds_up_at_any_moment(
        seed in any::<u64>(),
        start in prop_oneof![Just("2026-03-06T12:00:00Z"), Just("2026-10-30T12:00:00Z"), Just("2026-07-04T03:59:30Z")],
        client in 0..3_u32,
        steps in proptest::collection::vec(step(), 1..25),
    ) {
        let (simulator, _) = with(Options { seed, clients: 3, start: Some(start.parse().unwrap()), ..Options::default() });
        let id = (561_115 + client).to_string();
        check_sums(&simulator, &id);
        for step in &steps {
            take(&simulator, &id, step);
            check_sums(&simulator, &id);
        }
        let state = simulator.state();
        let term = |name: &str| money(&state[name]);
        assert_eq!(
            term("opening_balances") + term("paid") - term("charged") - term("spent") + term("adjusted"),
            term("balances")
        );
        check_sums(&simulator, &id);
    }
}

#[test]
fn every_client_has_a_believable_past() {
    for seed in 1..6 {
        let (simulator, _) = with(Options {
            seed,
            clients: 60,
            ..Options::default()
        });
        for id in 561_115..561_175 {
            let id = id.to_string();
            check_sums(&simulator, &id);
            let (charges, deposits) = (charges(&simulator, &id), deposits(&simulator, &id));
            let client = simulator.client(&id).unwrap();
            assert!((1..40).contains(&deposits.len()), "{deposits:?}");
            assert_eq!(client["before"]["carried"], "0.0000");
            let used =
                &json_of(&simulator, &format!("method=getResellerBalance&client={id}"))["balance"]["spent_total"];
            let used = Amount::parse(&used.to_string()).unwrap();
            assert!(money(&client["before"]["spent"]) >= used, "{client:#}");
            for rows in [&charges, &deposits] {
                let ids: Vec<u64> = rows
                    .iter()
                    .map(|row| row["id"].as_str().unwrap().parse().unwrap())
                    .collect();
                assert!(ids.windows(2).all(|pair| pair[0] > pair[1]), "newest first: {rows:?}");
                let dates: Vec<&str> = rows.iter().map(|row| row["date"].as_str().unwrap()).collect();
                assert!(
                    dates.windows(2).all(|pair| pair[0] >= pair[1]),
                    "newest first: {rows:?}"
                );
                assert!(
                    dates.iter().all(|date| ("2025-06-01".."2026-11-24").contains(date)),
                    "{dates:?}"
                );
                assert!(rows.iter().all(|row| money(&row["amount"]).is_positive()), "{rows:?}");
            }
        }
    }
}

#[test]
fn the_first_client_is_the_documents() {
    let simulator = simulator(&[]);
    let all = charges(&simulator, "561115");
    let descriptions: Vec<&str> = all.iter().map(|row| row["description"].as_str().unwrap()).collect();
    let [.., monthly, setup, package] = &descriptions[..] else {
        panic!("{descriptions:?}")
    };
    assert_eq!(
        (*monthly, *setup, *package),
        ("DID5551234567", "SETUP5551234567", "SETUPPACKAGE:8378")
    );
    let prices: Vec<&str> = all.iter().rev().map(|row| row["amount"].as_str().unwrap()).collect();
    assert_eq!(prices[..3], ["3.00", "1.00", "2.00"]);
    assert_eq!(
        body(&simulator, "method=getPackages&package=8378"),
        r#"{"status":"success","packages":[{"package":"8378","name":"VoIP","markup_fixed":"0.01","markup_percentage":"50","pulse":"60","international_route":"1","canada_route":"1","monthly_fee":"2.00","setup_fee":"1.00","free_minutes":"0"}]}"#
    );
    assert_eq!(
        body(&simulator, "method=getClientPackages&client=561115"),
        r#"{"status":"success","packages":[{"value":"8378","description":"VoIP"}]}"#
    );
    let all = json_of(&simulator, "method=getPackages");
    assert!(all["packages"].as_array().unwrap().len() > 3);
    simulator.set_setting("types", "all-numbers").unwrap();
    let row = r#"{"package":8378,"name":"VoIP","markup_fixed":0.01,"markup_percentage":50,"pulse":60,"international_route":1,"canada_route":1,"monthly_fee":2,"setup_fee":1,"free_minutes":0}"#;
    assert!(body(&simulator, "method=getPackages").contains(row));
}

fn amount_of(simulator: &Simulator) -> Amount {
    money(&simulator.client("561115").unwrap()["balance"])
}

#[test]
fn sums_never_outgrow_what_can_be_added_up() {
    let simulator = simulator(&["spending=off"]);
    let pay = format!("{AUTH}&method=addPayment&client=561115&payment=1000000000");
    for number in 1..=12 {
        let expected = if number < 10 { "success" } else { "invalid_payment" };
        assert_eq!(status(&simulator, &pay), expected, "{number}");
    }
    assert!(simulator.deposit("561115", "1000000000").is_err());
    assert_eq!(simulator.client("561115").unwrap()["paid"], "9000000000.0000");
}

#[test]
fn a_package_can_be_taken_away_and_given_for_its_price() {
    let simulator = simulator(&[]);
    simulator
        .edit("561115", &json!({"package": "", "balance": "10"}))
        .unwrap();
    assert_eq!(
        body(&simulator, "method=getClientPackages&client=561115"),
        r#"{"status":"no_package","message":"there are no Packages"}"#
    );
    for (package, balance, newest) in [
        ("8378", "7.0000", "SETUPPACKAGE:8378"),
        ("8378", "7.0000", "SETUPPACKAGE:8378"),
        ("8490", "7.0000", "SETUPPACKAGE:8378"),
        ("8455", "-8.0000", "SETUPPACKAGE:8455"),
    ] {
        simulator.edit("561115", &json!({"package": package})).unwrap();
        let client = simulator.client("561115").unwrap();
        assert_eq!(
            (&client["balance"], &client["package"]),
            (&json!(balance), &json!(package))
        );
        assert_eq!(charges(&simulator, "561115")[0]["description"], newest);
    }
    let both = json!({"balance": "1", "package": "8379"});
    simulator.edit("561115", &both).unwrap();
    assert_eq!(simulator.client("561115").unwrap()["balance"], "1.0000", "as asked for");
    check_sums(&simulator, "561115");
    simulator.edit("561115", &json!({"balance": "-8"})).unwrap();
    simulator.set_setting("spending", "off").unwrap();
    simulator.edit("561115", &json!({"package": "8378"})).unwrap();
    assert_eq!(
        simulator.client("561115").unwrap()["balance"],
        "-8.0000",
        "no fees without spending"
    );
    assert!(simulator.edit("561115", &json!({"package": "1"})).is_err());
}

#[test]
fn fees_come_a_minute_after_midnight_on_the_billing_day() {
    let (simulator, _) = with(Options {
        settings: vec!["top-ups=off".to_owned()],
        start: Some("2026-10-20T16:00:00Z".parse().unwrap()),
        ..Options::default()
    });
    let fees = |simulator: &Simulator| {
        charges(simulator, "561115")
            .into_iter()
            .filter(|row| row["date"].as_str() > Some("2026-10-20"))
            .collect::<Vec<_>>()
    };
    assert!(fees(&simulator).is_empty());
    let mut billed = Vec::new();
    // Over the day of 25 hours.
    for _ in 0..90 {
        advance(&simulator, to_midnight(&simulator) + 59);
        let before = fees(&simulator).len();
        advance(&simulator, 1);
        billed.push(fees(&simulator).len() - before);
    }
    assert_eq!(billed.iter().sum::<usize>(), 3, "once a month: {billed:?}");
    let days: Vec<String> = fees(&simulator)
        .iter()
        .map(|fee| fee["date"].as_str().unwrap()[8..].to_owned())
        .collect();
    assert!(days.iter().all(|day| *day == days[0]), "{days:?}");
    for fee in fees(&simulator) {
        assert_eq!(
            (&fee["description"], &fee["amount"]),
            (&json!("DID5551234567"), &json!("2.00"))
        );
    }
    check_sums(&simulator, "561115");
    let quiet = super::simulator(&["spending=off", "top-ups=off"]);
    let before: Vec<_> = ids().map(|id| quiet.client(&id).unwrap()).collect();
    advance(&quiet, 60 * DAY);
    let after: Vec<_> = ids().map(|id| quiet.client(&id).unwrap()).collect();
    assert_eq!(before, after, "nothing moves by itself");
}

fn ids() -> impl Iterator<Item = String> {
    (561_115..561_215).map(|id| id.to_string())
}

#[test]
fn a_fee_takes_a_suspended_client_below_zero() {
    let simulator = simulator(&["top-ups=off"]);
    let edit = json!({"balance": "0.0000", "balance_management": "hard"});
    simulator.edit("561115", &edit).unwrap();
    let before = simulator.client("561115").unwrap();
    advance(&simulator, 32 * DAY);
    let after = simulator.client("561115").unwrap();
    assert_eq!(after["spent"], before["spent"], "no calls");
    let months = charges(&simulator, "561115").len() - usize::try_from(before["charges"].as_u64().unwrap()).unwrap();
    assert!(months > 0);
    assert!(
        matches!(after["balance"].as_str().unwrap(), "-2.0000" | "-4.0000"),
        "{after:#}"
    );
}

/// A HARD client that drains 6.00 an hour from 0.25 on: the third minute takes it below zero.
fn draining(settings: &[&str]) -> Arc<Simulator> {
    let simulator = simulator(settings);
    let drain = json!({"balance": "0.2500", "balance_management": "hard", "spend_per_hour": "6.00"});
    simulator.edit("561115", &drain).unwrap();
    simulator
}

#[test]
fn calls_stop_when_the_settings_say() {
    for (name, settings, minutes, balance, suspended) in [
        ("in time", &[][..], 2, "0.0500", false),
        ("cut off at zero", &[], 3, "0.0000", true),
        ("for good", &[], 30, "0.0000", true),
        ("charged in full", &["cut-calls=off"], 3, "-0.0500", true),
        ("and then no more", &["cut-calls=off"], 30, "-0.0500", true),
        ("late", &["suspension-delay-secs=120"], 4, "-0.1500", false),
        (
            "late, at the second",
            &["suspension-delay-secs=120"],
            5,
            "-0.1500",
            true,
        ),
        (
            "late, in full",
            &["suspension-delay-secs=120", "cut-calls=off"],
            5,
            "-0.2500",
            true,
        ),
        (
            "late, in full, no more",
            &["suspension-delay-secs=120", "cut-calls=off"],
            30,
            "-0.2500",
            true,
        ),
        ("never", &["hard-stops=off"], 30, "-2.7500", false),
    ] {
        let simulator = draining(settings);
        advance(&simulator, minutes * 60);
        let client = simulator.client("561115").unwrap();
        assert_eq!(
            (&client["balance"], &client["suspended"]),
            (&json!(balance), &json!(suspended)),
            "{name}"
        );
        check_sums(&simulator, "561115");
    }
}

#[test]
fn a_call_in_progress_when_the_money_goes_is_cut_or_charged_in_full() {
    for (name, setting, balance) in [
        ("cut: the second minute is not charged", "cut-calls=on", "-10.1000"),
        ("in full: the second minute is the last", "cut-calls=off", "-10.2000"),
    ] {
        let simulator = simulator(&["spending=off", setting]);
        let drain = json!({"balance": "10", "balance_management": "hard", "spend_per_hour": "6.00"});
        simulator.edit("561115", &drain).unwrap();
        advance(&simulator, 90);
        assert_eq!(
            status(&simulator, &format!("{AUTH}&method=addCharge&client=561115&charge=20")),
            "success"
        );
        advance(&simulator, HOUR);
        assert_eq!(simulator.client("561115").unwrap()["balance"], balance, "{name}");
    }
}

#[test]
fn a_payment_resumes_a_suspended_client_as_the_setting_says() {
    for (setting, suspended, balance) in [
        ("resume-on-payment=on", false, "4.0000"),
        ("resume-on-payment=off", true, "5.0000"),
    ] {
        for delay in ["suspension-delay-secs=0", "suspension-delay-secs=600"] {
            let simulator = draining(&[setting, delay]);
            advance(&simulator, HOUR);
            assert_eq!(simulator.client("561115").unwrap()["suspended"], true);
            let due = Amount::whole(5) - amount_of(&simulator);
            let pay = |text: &str| {
                let query = format!("{AUTH}&method=addPayment&client=561115&payment={text}&description=x");
                assert_eq!(status(&simulator, &query), "success");
            };
            pay(&due.column(2));
            let client = simulator.client("561115").unwrap();
            assert_eq!(
                (&client["balance"], &client["suspended"]),
                (&json!("5.0000"), &json!(suspended)),
                "{setting} {delay}"
            );
            advance(&simulator, 10 * 60);
            assert_eq!(
                simulator.client("561115").unwrap()["balance"],
                balance,
                "{setting} {delay}"
            );
        }
    }
    // A charge stops the calls, as spending does; one before the delay is over does not.
    let simulator = simulator(&["spending=off"]);
    let drain = json!({"balance": "10", "balance_management": "hard", "spend_per_hour": "6.00"});
    simulator.edit("561115", &drain).unwrap();
    assert_eq!(
        status(&simulator, &format!("{AUTH}&method=addCharge&client=561115&charge=12")),
        "success"
    );
    advance(&simulator, HOUR);
    let client = simulator.client("561115").unwrap();
    assert_eq!(
        (&client["balance"], &client["suspended"]),
        (&json!("-2.0000"), &json!(true))
    );
}

#[test]
fn today_starts_anew_at_the_midnight_of_the_zone() {
    for (name, start, zone, midnight) in [
        (
            "into the day of 23 hours",
            "2026-03-07T17:00:00Z",
            "toronto",
            "2026-03-08T05:00:00Z",
        ),
        ("out of it", "2026-03-08T17:00:00Z", "toronto", "2026-03-09T04:00:00Z"),
        (
            "into the day of 25 hours",
            "2026-10-31T17:00:00Z",
            "toronto",
            "2026-11-01T04:00:00Z",
        ),
        ("out of it", "2026-11-01T17:00:00Z", "toronto", "2026-11-02T05:00:00Z"),
        ("UTC, winter", "2026-11-01T17:00:00Z", "utc", "2026-11-02T00:00:00Z"),
        ("UTC, summer", "2026-07-01T17:00:00Z", "utc", "2026-07-02T00:00:00Z"),
    ] {
        let (simulator, stepper) = with(Options {
            settings: vec![format!("day-zone={zone}"), "spending=off".to_owned()],
            start: Some(start.parse().unwrap()),
            ..Options::default()
        });
        drop(stepper);
        let (start, midnight): (jiff::Timestamp, jiff::Timestamp) = (start.parse().unwrap(), midnight.parse().unwrap());
        let left = u64::try_from(midnight.as_second() - start.as_second()).unwrap();
        simulator.edit("561115", &json!({"spend_per_hour": "6.00"})).unwrap();
        let today = || {
            let answer = json_of(&simulator, "method=getResellerBalance&client=561115");
            let balance = &answer["balance"];
            (
                balance["calls_today"].as_u64().unwrap(),
                balance["spent_today"].to_string(),
                balance["time_today"].clone(),
            )
        };
        advance(&simulator, left - 1);
        let calls = left / 60 - 1;
        assert_eq!(today().0, calls, "{name}: the second before");
        // A minute ends with the midnight, and counts for the new day.
        advance(&simulator, 1);
        assert_eq!(today(), (1, "0.1".to_owned(), json!("1:00")), "{name}: at midnight");
        simulator.edit("561115", &json!({"spend_per_hour": null})).unwrap();
        advance(&simulator, DAY + 2 * HOUR);
        assert_eq!(today(), (0, "0".to_owned(), json!(0)), "{name}: nothing since");
        let answer = json_of(&simulator, "method=getResellerBalance&client=561115");
        assert_eq!(answer["balance"]["calls_total"].as_u64().unwrap(), calls + 1, "{name}");
    }
}

#[test]
fn a_long_list_forgets_its_oldest_and_still_adds_up() {
    let simulator = simulator(&["spending=off"]);
    let charge = format!("{AUTH}&method=addCharge&client=561115&charge=0.03&description=x");
    let carried = |simulator: &Simulator| simulator.client("561115").unwrap()["before"]["carried"] != "0.0000";
    for count in 1..=MOST_ENTRIES + 5 {
        assert_eq!(status(&simulator, &charge), "success");
        assert_eq!(carried(&simulator), count > MOST_ENTRIES, "{count}");
    }
    check_sums(&simulator, "561115");
    assert_eq!(charges(&simulator, "561115").len(), MOST_ENTRIES);
    assert!(
        deposits(&simulator, "561115").is_empty(),
        "what is older is listed no more"
    );
}

/// The state, and every client, at the end of a month.
fn after_a_month(seed: u64, clients: u32, step_secs: u64) -> (Value, Vec<Value>) {
    let (simulator, _) = with(Options {
        seed,
        clients,
        // Over the day of 25 hours.
        start: Some("2026-10-15T13:20:00Z".parse().unwrap()),
        ..Options::default()
    });
    for _ in 0..30 * DAY / step_secs {
        advance(&simulator, step_secs);
        drop(simulator.state());
    }
    let ids = (561_115..561_115 + clients).map(|id| id.to_string());
    let clients = ids.map(|id| simulator.client(&id).unwrap()).collect();
    (simulator.state(), clients)
}

#[test]
fn a_month_by_the_hour_is_a_month_at_once() {
    let at_once = after_a_month(3, 200, 30 * DAY);
    assert_eq!(at_once, after_a_month(3, 200, HOUR), "by the hour");
    assert_eq!(at_once, after_a_month(3, 200, 30 * DAY), "again");
    assert_ne!(
        at_once.0["balances"],
        after_a_month(4, 200, 30 * DAY).0["balances"],
        "another seed"
    );
    let charges = at_once.0["charges"].as_u64().unwrap();
    assert!(
        (100..=200).contains(&charges),
        "a fee each, but where there is none: {charges}"
    );
}
