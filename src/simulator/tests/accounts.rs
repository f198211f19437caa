//! Whether the API's own answers agree with each other after anything that may happen: an account is kept beside the
//! simulator from what it answers alone, by the days of Toronto, and compared to the last place. Knows nothing of how the
//! simulator works its sums out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::ToSpan;
use jiff::civil::Date;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use serde_json::{Value, json};

use super::super::amount::Amount;
use super::{AUTH, Options, Simulator, body, json_of, status, with};

/// Days that `spent_total` and its like cover.
const DAYS: i32 = 30;

/// Calls of one day, or of thirty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Used {
    spent: Amount,
    calls: u64,
    secs: u64,
}

/// What one client's answers say now.
#[derive(Debug)]
struct Answers {
    balance: Amount,
    total: Used,
    today: Used,
    charged: Amount,
    paid: Amount,
}

/// An amount of an answer: a text, or a number as it was written.
fn amount(value: &Value) -> Amount {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    // PHP's way to write what is below a ten-thousandth does not occur: calls cost whole ones.
    Amount::parse(&text).unwrap_or_else(|| panic!("{value} is no amount"))
}

/// `m:ss`, `h:mm:ss`, or the number 0.
fn seconds(value: &Value) -> u64 {
    match value.as_str() {
        None => value.as_u64().filter(|number| *number == 0).unwrap(),
        Some(text) => text
            .split(':')
            .fold(0, |secs, part| secs * 60 + part.parse::<u64>().unwrap()),
    }
}

fn listed(simulator: &Simulator, function: &str, key: &str, id: &str) -> Amount {
    let answer = json_of(simulator, &format!("method={function}&client={id}"));
    answer[key]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| amount(&row["amount"]))
        .sum()
}

fn answers(simulator: &Simulator, id: &str) -> Answers {
    let answer = json_of(simulator, &format!("method=getResellerBalance&client={id}"));
    let balance = &answer["balance"];
    let used = |of: &str| Used {
        spent: amount(&balance[format!("spent_{of}")]),
        calls: balance[format!("calls_{of}")].as_u64().unwrap(),
        secs: seconds(&balance[format!("time_{of}")]),
    };
    Answers {
        balance: amount(&balance["current_balance"]),
        total: used("total"),
        today: used("today"),
        charged: listed(simulator, "getCharges", "charges", id),
        paid: listed(simulator, "getDeposits", "deposits", id),
    }
}

/// What is known of a client from its answers so far.
struct Account {
    id: String,
    /// Whether there was nothing before it was first asked, so that thirty days can be added up.
    is_new: bool,
    last: Answers,
    /// The date of the last answers.
    date: Date,
    days: BTreeMap<Date, Used>,
    /// By edits of the balance as such, since the last answers.
    adjusted: Amount,
}

fn today(simulator: &Simulator) -> Date {
    simulator.now().in_tz("America/Toronto").unwrap().date()
}

impl Account {
    fn open(simulator: &Simulator, id: &str, is_new: bool) -> Self {
        let (last, date) = (answers(simulator, id), today(simulator));
        Self {
            id: id.to_owned(),
            is_new,
            days: BTreeMap::from([(date, last.today)]),
            last,
            date,
            adjusted: Amount::ZERO,
        }
    }

    /// Asks anew and compares.
    fn check(&mut self, simulator: &Simulator) {
        let (now, date) = (answers(simulator, &self.id), today(simulator));
        let (before, id) = (&self.last, &self.id);
        let spent =
            before.balance + (now.paid - before.paid) - (now.charged - before.charged) + self.adjusted - now.balance;
        assert!(!spent.is_negative(), "{id} {date}: {before:?} {now:?}");
        let so_far = self.days.get(&date).copied().unwrap_or_default();
        assert_eq!(
            now.today.spent,
            so_far.spent + spent,
            "{id} {date}: what today cost: {before:?} {now:?}"
        );
        assert!(
            now.today.calls >= so_far.calls && now.today.secs >= so_far.secs,
            "{id} {date}: {so_far:?} {now:?}"
        );
        assert!(
            spent == Amount::ZERO || now.today.calls > so_far.calls,
            "{id} {date}: {now:?}"
        );
        self.days.insert(date, now.today);
        if self.is_new {
            let first = date.checked_sub((DAYS - 1).days()).unwrap();
            let total = self.days.range(first..).fold(Used::default(), |sum, (_, day)| Used {
                spent: sum.spent + day.spent,
                calls: sum.calls + day.calls,
                secs: sum.secs + day.secs,
            });
            assert_eq!(now.total, total, "{id} {date}: thirty days");
        } else if date == self.date {
            // Nothing leaves the thirty days within a day.
            assert_eq!(now.total.spent - before.total.spent, spent, "{id} {date}");
            assert_eq!(
                now.total.calls - before.total.calls,
                now.today.calls - before.today.calls,
                "{id} {date}"
            );
        }
        (self.last, self.date, self.adjusted) = (now, date, Amount::ZERO);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Pass(u64),
    Days(u64),
    Charge(u32),
    Pay(u32),
    Test,
    Deposit(u32),
    Balance(i32),
    Management(&'static str),
    Package(&'static str),
    Drain(Option<u32>),
    Threshold(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1..30_000_u64).prop_map(Step::Pass),
        3 => (1..4_u64).prop_map(Step::Days),
        1 => (28..33_u64).prop_map(Step::Days),
        2 => (1..2_000_u32).prop_map(Step::Charge),
        2 => (1..20_000_u32).prop_map(Step::Pay),
        1 => Just(Step::Test),
        1 => (1..2_000_u32).prop_map(Step::Deposit),
        1 => (-100_000..400_000_i32).prop_map(Step::Balance),
        2 => prop_oneof![Just("hard"), Just("soft")].prop_map(Step::Management),
        1 => prop_oneof![Just("8378"), Just("8455"), Just("8412"), Just("")].prop_map(Step::Package),
        1 => proptest::option::of(0..9_000_u32).prop_map(Step::Drain),
        1 => (1..251_u32).prop_map(Step::Threshold),
    ]
}

fn cents(cents: u32) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// Lets time pass so that every day's last second is looked at, and its first.
fn pass(simulator: &Simulator, accounts: &mut [Account], mut secs: u64) {
    while secs > 0 {
        let now = simulator.now().in_tz("America/Toronto").unwrap();
        let midnight = now.tomorrow().unwrap().start_of_day().unwrap();
        let left = u64::try_from(midnight.timestamp().as_second() - now.timestamp().as_second()).unwrap();
        // Up to the last second of the day, and from there to the first of the next.
        let part = secs.min(if left > 1 { left - 1 } else { 1 });
        simulator.advance(Duration::from_secs(part));
        for account in &mut *accounts {
            account.check(simulator);
        }
        secs -= part;
    }
}

fn take(simulator: &Simulator, accounts: &mut [Account], which: usize, step: &Step) {
    let id = accounts[which].id.clone();
    let send = |query: &str, expected: &str| {
        assert_eq!(status(simulator, &format!("{AUTH}&{query}")), expected, "{query}");
    };
    let edit = |edit: Value| simulator.edit(&id, &edit).unwrap();
    match step {
        Step::Pass(secs) => pass(simulator, accounts, *secs),
        Step::Days(days) => pass(simulator, accounts, days * 86_400),
        Step::Charge(amount) => send(
            &format!("method=addCharge&client={id}&charge={}", cents(*amount)),
            "success",
        ),
        Step::Pay(amount) => send(
            &format!("method=addPayment&client={id}&payment={}", cents(*amount)),
            "success",
        ),
        Step::Test => {
            send(
                &format!("method=addCharge&client={id}&charge=5.00&test=1"),
                "success_test",
            );
            send(
                &format!("method=addPayment&client={id}&payment=5.00&test=1"),
                "success_test",
            );
        }
        Step::Deposit(amount) => simulator.deposit(&id, &cents(*amount)).unwrap(),
        Step::Balance(balance) => {
            let balance = Amount::ten_thousandths((*balance).into());
            accounts[which].adjusted = balance - accounts[which].last.balance;
            edit(json!({"balance": balance.to_string()}));
        }
        Step::Management(management) => edit(json!({"balance_management": management})),
        Step::Package(package) => edit(json!({"package": package})),
        Step::Drain(rate) => edit(json!({"spend_per_hour": rate.map(cents)})),
        Step::Threshold(threshold) => {
            send(
                &format!("method=setClientThreshold&client={id}&threshold={threshold}"),
                "success",
            );
        }
    }
    for account in accounts {
        account.check(simulator);
    }
}

/// Somebody who signs up, is active, has a package and money.
fn newcomer(simulator: &Simulator, number: usize) -> String {
    let answer = json_of(
        simulator,
        &format!(
            "method=signupClient&firstname=A&lastname=B&address=C&city=D&state=E&country=CA&zip=1&phone_number=5550001111\
             &email=new{number}@example.com&confirm_email=new{number}@example.com&password=Secret12&confirm_password=Secret12\
             &activate=1"
        ),
    );
    let id = answer["client"].to_string();
    simulator
        .edit(&id, &json!({"package": "8379", "balance": "40"}))
        .unwrap();
    id
}

/// What everybody's answers add up to is what `/sim/state` says.
fn check_state(simulator: &Simulator) {
    let state = simulator.state();
    let all = simulator.client_ids();
    let balances: Amount = all.iter().map(|id| answers(simulator, id).balance).sum();
    assert_eq!(amount(&state["balances"]), balances, "{state:#}");
    let term = |name: &str| amount(&state[name]);
    assert_eq!(
        term("opening_balances") + term("paid") - term("charged") - term("spent") + term("adjusted"),
        balances,
        "{state:#}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_answers_agree_with_each_other_at_any_moment(
        seed in any::<u64>(),
        // Before days of 23 and 25 hours, a new year, a leap day, and no such day.
        start in prop_oneof![
            Just("2026-03-07T15:00:00Z"), Just("2026-10-31T12:00:00Z"), Just("2026-12-30T22:10:07Z"),
            Just("2028-02-27T04:59:59Z"), Just("2027-02-27T05:00:00Z"),
        ],
        steps in proptest::collection::vec((0..4_usize, step()), 1..20),
    ) {
        let (simulator, _): (Arc<Simulator>, _) = with(Options { seed, clients: 2, start: Some(start.parse().unwrap()), ..Options::default() });
        let mut accounts: Vec<Account> = ["561115", "561116"].map(|id| Account::open(&simulator, id, false)).into();
        for number in 0..2 {
            let id = newcomer(&simulator, number);
            accounts.push(Account::open(&simulator, &id, true));
        }
        for (which, step) in &steps {
            take(&simulator, &mut accounts, *which, step);
            check_state(&simulator);
        }
    }
}

/// Calls of four callers at once, about clients of their own each, leave the world that they leave one after the other:
/// every answer, byte by byte.
#[test]
fn the_order_of_callers_makes_no_difference() {
    let world = |at_once: bool| -> Vec<String> {
        let (simulator, _) = with(Options {
            clients: 40,
            ..Options::default()
        });
        let calls = |caller: usize| {
            for id in (0..40).filter(|id| id % 4 == caller).map(|id| 561_115 + id) {
                for query in [
                    format!("method=getResellerBalance&client={id}"),
                    format!("method=addCharge&client={id}&charge=1.25&description=a"),
                    format!("method=addPayment&client={id}&payment=20&description=b"),
                    format!("method=setClientThreshold&client={id}&threshold={}", 1 + id % 250),
                    "method=getClients".to_owned(),
                    format!("method=getCharges&client={id}"),
                ] {
                    assert_eq!(status(&simulator, &format!("{AUTH}&{query}")), "success", "{query}");
                }
            }
        };
        for hours in [5, 24 * 20, 24 * 45] {
            simulator.advance(Duration::from_secs(hours * 3_600));
            if at_once {
                std::thread::scope(|scope| {
                    for caller in 0..4 {
                        scope.spawn(move || calls(caller));
                    }
                    scope.spawn(|| drop(simulator.state()));
                });
            } else {
                (0..4).rev().for_each(calls);
            }
        }
        let mut seen = vec![body(&simulator, "method=getClients"), simulator.state().to_string()];
        for id in simulator.client_ids() {
            for function in ["getResellerBalance", "getClientThreshold", "getCharges", "getDeposits"] {
                seen.push(body(&simulator, &format!("method={function}&client={id}")));
            }
            seen.push(simulator.client(&id).unwrap().to_string());
        }
        seen
    };
    assert!(world(true) == world(false));
}

/// What the clients' calls cost the reseller is what his own account used, to the last place, whoever looks and when.
#[test]
fn the_reseller_pays_for_the_calls_of_all_clients() {
    let world = |look_every: u64, settings: &[&str]| {
        let (simulator, _) = with(Options {
            clients: 20,
            settings: settings.iter().map(|text| (*text).to_owned()).collect(),
            // Over the day of 25 hours.
            start: Some("2026-10-30T13:20:00Z".parse().unwrap()),
            ..Options::default()
        });
        // Without a package a call costs the client what it costs the reseller.
        for id in simulator.client_ids() {
            simulator
                .edit(&id, &json!({"package": "", "balance_management": "soft"}))
                .unwrap();
        }
        let own = |simulator: &Simulator| {
            let answer = json_of(simulator, "method=getBalance&advanced=1")["balance"].take();
            (
                amount(&answer["current_balance"]),
                amount(&answer["spent_today"]),
                seconds(&answer["time_today"]),
            )
        };
        let all = |simulator: &Simulator| -> Vec<Answers> {
            simulator.client_ids().iter().map(|id| answers(simulator, id)).collect()
        };
        let (first, before) = (own(&simulator), all(&simulator));
        for _ in 0..72 / look_every {
            simulator.advance(Duration::from_secs(look_every * 3_600));
            let (now, clients) = (own(&simulator), all(&simulator));
            let used: Amount = before
                .iter()
                .zip(&clients)
                .map(|(before, now)| {
                    before.balance + (now.paid - before.paid) - (now.charged - before.charged) - now.balance
                })
                .sum();
            let is_free = settings.contains(&"reseller-pays=off");
            let cost = if is_free { Amount::ZERO } else { used };
            assert_eq!(first.0 - now.0, cost, "every {look_every} hours");
            assert_eq!(amount(&simulator.state()["reseller_spent"]), cost);
            if look_every <= 24 && today(&simulator) > "2026-10-30".parse::<Date>().unwrap() && !is_free {
                let today = clients.iter().map(|client| client.today.spent).sum::<Amount>();
                let secs = clients.iter().map(|client| client.today.secs).sum::<u64>();
                assert_eq!((now.1, now.2), (today, secs), "today");
            }
        }
        json_of(&simulator, "method=getBalance&advanced=1")
    };
    let quiet = ["top-ups=off"];
    let looked_at = world(1, &quiet);
    assert_eq!(looked_at, world(72, &quiet), "who looks makes no difference");
    assert_ne!(looked_at, world(72, &["top-ups=off", "reseller-pays=off"]));
}

/// The package says how much less than the client the reseller pays; he pays for more credit when it runs low, and for
/// what somebody used who is then removed.
#[test]
fn the_reseller_pays_less_than_his_clients() {
    let world = |looks: u64| {
        let (simulator, _) = with(Options {
            clients: 100,
            ..Options::default()
        });
        for _ in 0..looks {
            simulator.advance(Duration::from_secs(40 * 86_400 / looks));
            json_of(&simulator, "method=getBalance");
        }
        simulator.remove_client("561120").unwrap();
        let (state, own) = (simulator.state(), simulator.client("reseller").unwrap());
        let (clients, cost) = (amount(&state["spent"]), amount(&state["reseller_spent"]));
        assert!(cost < clients && cost + cost > clients, "{state:#}");
        assert_eq!(state["reseller_balance"], own["balance"]);
        assert!(own["payments"].as_u64().unwrap() > 3, "{own:#}");
        own
    };
    assert_eq!(world(1), world(96));
}
