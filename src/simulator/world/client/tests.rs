//! What moves balances: the same world whoever looks at it and when, and ledgers that add up.

use proptest::prelude::{Just, ProptestConfig, any, prop_assert, prop_assert_eq, prop_assume, prop_oneof, proptest};

use super::super::around::Rules;
use super::super::ledger::PAYMENT;
use super::super::{FIRST_ID, World};
use super::{Management, Script};
use crate::simulator::amount::Amount;

/// What holds with every setting at its default.
pub const RULES: Rules = Rules {
    spending: true,
    top_ups: true,
    hard_stops: true,
    resume_on_payment: true,
    suspension_delay_secs: 0,
    cut_calls: true,
    stops_incoming: true,
    reseller_pays: true,
    utc_days: false,
};

/// A Monday noon in Toronto.
const START: i64 = 1_795_453_200;

const HOUR: i64 = 3_600;

fn first() -> String {
    FIRST_ID.to_string()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn nobody_changes_the_world_by_looking(
        seed in any::<u64>(),
        looks in proptest::collection::vec(0_i64..40 * 24 * HOUR, 0..12),
        hard in any::<bool>(),
        units in 1_i64..80,
        suspension_delay_secs in prop_oneof![Just(0), 1..3 * HOUR],
        (resume_on_payment, cut_calls, stops_incoming, utc_days) in any::<(bool, bool, bool, bool)>(),
    ) {
        let rules = Rules { resume_on_payment, suspension_delay_secs, cut_calls, stops_incoming, utc_days, ..RULES };
        let end = START + 40 * 24 * HOUR;
        let world = || {
            let mut world = World::new(seed, 3, START);
            for id in FIRST_ID..FIRST_ID + 3 {
                let (client, _) = world.settled(&id.to_string(), START, rules).unwrap();
                client.manage(if hard { Management::Hard } else { Management::Soft });
                client.adjust_to(Amount::whole(units));
            }
            world
        };
        let mut watched = world();
        let mut looks = looks;
        looks.sort_unstable();
        for look in looks {
            for id in [FIRST_ID, FIRST_ID + 2] {
                watched.settled(&id.to_string(), START + look, rules).unwrap();
            }
        }
        let mut alone = world();
        for id in FIRST_ID..FIRST_ID + 3 {
            let id = id.to_string();
            let (client, mut around) = watched.settled(&id, end, rules).unwrap();
            let seen = (client.ledger().clone(), client.used(end, &mut around), client.is_suspended(rules));
            let (client, mut around) = alone.settled(&id, end, rules).unwrap();
            let unseen = (client.ledger().clone(), client.used(end, &mut around), client.is_suspended(rules));
            prop_assert_eq!(seen, unseen);
        }
    }

    #[test]
    fn ledgers_add_up(seed in any::<u64>(), days in 0_i64..70, hard in any::<bool>(), paid in 0_i64..100) {
        let mut world = World::new(seed, 2, START);
        let id = first();
        let half = START + days * 12 * HOUR;
        let (client, _) = world.settled(&id, half, RULES).unwrap();
        client.manage(if hard { Management::Hard } else { Management::Soft });
        client.pay(Amount::whole(paid), PAYMENT, RULES);
        client.charge(Amount::whole(2), PAYMENT, RULES);
        client.adjust_to(client.balance() - Amount::whole(3));
        let before = client.ledger().clone();
        let (client, mut around) = world.settled(&id, half + days * 12 * HOUR, RULES).unwrap();
        let after = client.ledger().clone();
        prop_assert_eq!(after.sums().added_up(), after.balance());
        let moved = after.sums().paid - before.sums().paid - (after.sums().charged - before.sums().charged) - (after.sums().spent - before.sums().spent);
        prop_assert_eq!(after.balance() - before.balance(), moved);
        prop_assert_eq!(after.sums().adjusted, -Amount::whole(3));
        let (total, today) = client.used(half + days * 12 * HOUR, &mut around);
        prop_assert!(total.spent >= today.spent && total.calls >= today.calls && total.secs >= today.secs);
    }

    #[test]
    fn hard_never_goes_below_zero_by_spending(seed in any::<u64>(), cents in 1_i64..500) {
        let mut world = World::new(seed, 1, START);
        let (client, _) = world.settled(&first(), START, RULES).unwrap();
        prop_assume!(client.profile.calls_per_day > 0);
        client.manage(Management::Hard);
        client.adjust_to(Amount::ten_thousandths(cents * 100));
        // Fees come nevertheless.
        client.subscribe(None, true);
        let quiet = Rules { top_ups: false, ..RULES };
        for day in 1..60 {
            let (client, _) = world.settled(&first(), START + day * 24 * HOUR, quiet).unwrap();
            prop_assert!(!client.balance().is_negative());
        }
        let (client, _) = world.settled(&first(), START + 400 * 24 * HOUR, quiet).unwrap();
        prop_assert_eq!(client.balance(), Amount::ZERO);
        prop_assert!(client.is_suspended(quiet));
    }
}

/// A client that drains 4.00 an hour from 6.00, with nobody paying.
fn drained(management: Management) -> World {
    let mut world = World::new(1, 1, START);
    let (client, _) = world.settled(&first(), START, RULES).unwrap();
    client.manage(management);
    client.adjust_to(Amount::whole(6));
    client.follow(Some(Script {
        per_hour: Amount::whole(4),
        from: START,
        until: i64::MAX,
    }));
    world
}

#[test]
fn a_script_drains_to_the_minute() {
    for (name, management, minutes, balance) in [
        ("before the first minute", Management::Soft, 0, "6.0000"),
        ("one minute", Management::Soft, 1, "5.9334"),
        ("half an hour", Management::Soft, 30, "4.0000"),
        ("an hour", Management::Soft, 60, "2.0000"),
        ("SOFT goes on", Management::Soft, 120, "-2.0000"),
        ("HARD at zero", Management::Hard, 90, "0.0000"),
        ("HARD stays there", Management::Hard, 600, "0.0000"),
        (
            "a value that is not listed",
            Management::Other("7".into()),
            120,
            "-2.0000",
        ),
    ] {
        let mut world = drained(management);
        let (client, _) = world.settled(&first(), START + minutes * 60 + 59, RULES).unwrap();
        assert_eq!(client.balance().to_string(), balance, "{name}");
    }
}

#[test]
fn a_suspended_client_resumes_on_payment_unless_told_otherwise() {
    for (resume_on_payment, balance) in [(true, "1.0000"), (false, "5.0000")] {
        let rules = Rules {
            resume_on_payment,
            ..RULES
        };
        let mut world = drained(Management::Hard);
        let (client, _) = world.settled(&first(), START + 3 * HOUR, rules).unwrap();
        assert!(client.is_suspended(rules));
        client.pay(Amount::whole(5), PAYMENT, rules);
        let (client, _) = world.settled(&first(), START + 4 * HOUR, rules).unwrap();
        assert_eq!(client.balance().to_string(), balance, "{resume_on_payment}");
        client.manage(Management::Soft);
        let (client, _) = world.settled(&first(), START + 5 * HOUR, rules).unwrap();
        assert_eq!(client.balance(), client.ledger().sums().added_up());
        assert!(client.balance() < Amount::whole(5), "SOFT spends again");
    }
}

#[test]
fn a_suspended_client_may_still_be_called() {
    let week = |management: Management, stops_incoming: bool| {
        let rules = Rules {
            stops_incoming,
            top_ups: false,
            ..RULES
        };
        let mut world = World::new(1, 20, START);
        let mut calls = 0;
        for id in FIRST_ID..FIRST_ID + 20 {
            let id = id.to_string();
            let (client, _) = world.settled(&id, START, rules).unwrap();
            client.manage(management.clone());
            client.subscribe(None, false);
            client.adjust_to(Amount::ZERO);
            let before = client.ledger().sums().spent;
            let end = START + 7 * 24 * HOUR;
            let (client, mut around) = world.settled(&id, end, rules).unwrap();
            // What was used before START is in both.
            calls += client.used(end, &mut around).0.calls;
            assert!(management == Management::Soft || !stops_incoming || client.ledger().sums().spent == before);
        }
        i64::try_from(calls).unwrap()
    };
    let (none, all) = (week(Management::Hard, true), week(Management::Soft, true));
    let incoming = week(Management::Hard, false) - none;
    assert!(
        incoming * 4 > all - none && incoming * 5 < (all - none) * 2,
        "{incoming} of {}",
        all - none
    );
    assert_eq!(week(Management::Soft, false), all);
}

#[test]
fn a_script_ends_when_it_says() {
    let mut world = drained(Management::Soft);
    let (client, _) = world.settled(&first(), START, RULES).unwrap();
    client.follow(Some(Script {
        per_hour: Amount::whole(4),
        from: START + HOUR,
        until: START + 2 * HOUR,
    }));
    for (hours, balance) in [(1, "6.0000"), (2, "2.0000"), (9, "2.0000")] {
        let (client, _) = world.settled(&first(), START + hours * HOUR, RULES).unwrap();
        assert_eq!(client.balance().to_string(), balance, "{hours} h");
    }
}

#[test]
fn what_was_used_today_starts_anew_at_midnight_in_toronto() {
    for (name, start, midnight) in [
        ("a whole day of 25 hours", 1_793_505_600_i64, 25),
        ("a whole day of 23 hours", 1_772_946_000, 23),
        ("from noon of an ordinary day", START, 12),
    ] {
        let mut world = World::new(1, 1, start);
        let quiet = Rules {
            spending: false,
            ..RULES
        };
        let (client, _) = world.settled(&first(), start, quiet).unwrap();
        client.follow(Some(Script {
            per_hour: Amount::whole(6),
            from: start,
            until: i64::MAX,
        }));
        let end_of_day = start + midnight * HOUR;
        for (at, calls) in [
            (end_of_day - 1, midnight * 60 - 1),
            (end_of_day, 1),
            (end_of_day + 60, 2),
        ] {
            let (client, mut around) = world.settled(&first(), at, quiet).unwrap();
            let (total, today) = client.used(at, &mut around);
            assert_eq!(i64::try_from(today.calls).unwrap(), calls, "{name} at {at}");
            assert_eq!(i64::try_from(total.calls).unwrap(), (at - start) / 60, "{name} at {at}");
        }
    }
}

#[test]
fn a_time_that_is_past_changes_nothing() {
    let mut world = drained(Management::Soft);
    let (client, _) = world.settled(&first(), START + HOUR, RULES).unwrap();
    let before = client.ledger().clone();
    let (client, _) = world.settled(&first(), START, RULES).unwrap();
    assert_eq!(*client.ledger(), before);
}

#[test]
fn three_hundred_clients_live_a_month() {
    let mut world = World::new(1, 300, START);
    world.settle_all(START + 30 * 24 * HOUR, RULES);
    let totals = world.totals(RULES);
    assert_eq!(totals.sums.balance, totals.sums.added_up());
    assert!(totals.sums.payments > 30, "people pay: {totals:?}");
    assert!(totals.below_zero > 0 && totals.below_zero < 100, "{totals:?}");
    assert!(
        totals.sums.spent > Amount::whole(3_000),
        "fraud and offices cost money: {totals:?}"
    );
}
