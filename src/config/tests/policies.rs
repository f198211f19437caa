//! Policies: conditions, ends, who is told, what is refused.

use jiff::SignedDuration;

use super::{BASE, problems, settings};
use crate::domain::policy::{Limit, Scope};
use crate::domain::{Money, Policy};

fn money(text: &str) -> Limit {
    Limit::Amount(text.parse::<Money>().unwrap())
}

/// The base with an entry of this name and these lines.
fn entry(name: &str, lines: &str) -> String {
    format!("{BASE}\n[[policy]]\nname = '{name}'\n{lines}\n")
}

fn policy(text: &str, name: &str) -> Option<Policy> {
    settings(text)
        .policies
        .into_iter()
        .find(|policy| policy.name.as_str() == name)
}

#[test]
fn limits_are_amounts_or_shares_of_the_threshold() {
    let cases = [
        ("amount", "'10.50'", Some(money("10.50"))),
        ("negative amount", "'-5'", Some(money("-5"))),
        ("whole number", "10", Some(money("10"))),
        ("threshold", "'threshold'", Some(Limit::PercentOfThreshold(100.into()))),
        (
            "percentage",
            "'150% of threshold'",
            Some(Limit::PercentOfThreshold(150.into())),
        ),
        (
            "blank before the sign",
            "'150 % of threshold'",
            Some(Limit::PercentOfThreshold(150.into())),
        ),
        (
            "smallest",
            "'0.01% of threshold'",
            Some(Limit::PercentOfThreshold("0.01".parse().unwrap())),
        ),
        (
            "largest",
            "'10000% of threshold'",
            Some(Limit::PercentOfThreshold(10_000.into())),
        ),
        ("below the smallest", "'0% of threshold'", None),
        ("above the largest", "'10000.01% of threshold'", None),
        ("negative", "'-5% of threshold'", None),
        ("no number", "'% of threshold'", None),
        ("misspelt", "'treshold'", None),
        ("of something else", "'50% of balance'", None),
        ("float", "10.5", None),
    ];
    for (name, value, expected) in cases {
        let text = entry("a", &format!("when = {{ balance_below = {value} }}"));
        match expected {
            Some(limit) => assert_eq!(policy(&text, "a").unwrap().when.balance_below, Some(limit), "{name}"),
            None => {
                let found = problems(&text);
                assert_eq!(found.len(), 1, "{name}: {found:?}");
                assert!(
                    found[0].starts_with("policy.a.when.balance_below: is "),
                    "{name}: {found:?}"
                );
            }
        }
    }
}

#[test]
fn what_does_not_make_a_policy_is_refused() {
    let below = "when = { balance_below = '10' }";
    let cases = [
        ("no condition", "a", "when = {}", "policy.a.when: has no condition"),
        (
            "absence beside a limit",
            "a",
            "when = { no_reading_for = '1h', balance_below = '1' }",
            "policy.a.when.no_reading_for: stands beside",
        ),
        (
            "later condition",
            "a",
            "when = { empty_within = '3d' }",
            "policy.a.when.empty_within: is not in this version",
        ),
        (
            "later spending",
            "a",
            "when = { spent_today_above = '5x usual' }",
            "policy.a.when.spent_today_above: is not in this version",
        ),
        (
            "negative spending",
            "a",
            "when = { spent_today_above = '-1' }",
            "policy.a.when.spent_today_above: is negative",
        ),
        (
            "absence of no time",
            "a",
            "when = { no_reading_for = '0s' }",
            "policy.a.when.no_reading_for: is out of range",
        ),
        (
            "condition as text",
            "a",
            "when = 'balance < 5'",
            "policy.a.when: is a text",
        ),
        (
            "empty end",
            "a",
            &format!("{below}\nclear = {{}}"),
            "policy.a.clear: has no limit",
        ),
        (
            "end of absence",
            "a",
            "when = { no_reading_for = '1h' }\nclear = { balance_above = '1' }",
            "policy.a.clear: is about the balance",
        ),
        (
            "end of spending",
            "a",
            "when = { spent_today_above = '1' }\nclear = { balance_above = '1' }",
            "policy.a.clear: is about the balance",
        ),
        (
            "severity",
            "a",
            &format!("{below}\nseverity = 'warn'"),
            "policy.a.severity: is not known (`warn`; info, warning, critical",
        ),
        (
            "unknown channel",
            "a",
            &format!("{below}\nnotify = ['opps']"),
            "policy.a.notify: names no channel (`opps`; the configured ones: ops, boss, client; did you mean `ops`?)",
        ),
        (
            "enforced absence",
            "a",
            "when = { no_reading_for = '1h' }\nenforce = { balance_management = 'hard' }",
            "policy.a.enforce: would change a client without a reading",
        ),
        (
            "enforced nothing",
            "a",
            &format!("{below}\nenforce = {{}}"),
            "policy.a.enforce.balance_management: is missing",
        ),
        (
            "enforced by code",
            "a",
            &format!("{below}\nenforce = {{ balance_management = '1' }}"),
            "policy.a.enforce.balance_management: is not known",
        ),
        (
            "enforced as text",
            "a",
            &format!("{below}\nenforce = 'hard'"),
            "policy.a.enforce: is a text",
        ),
        (
            "empty pattern",
            "a",
            &format!("{below}\nclients = {{ include = ['company:'] }}"),
            "policy.a.clients.include: is not a pattern",
        ),
        (
            "id with a blank",
            "a",
            &format!("{below}\nclients = {{ exclude = ['5 6'] }}"),
            "policy.a.clients.exclude: is not a pattern",
        ),
        (
            "no clear readings",
            "a",
            &format!("{below}\nclear_readings = 0"),
            "policy.a.clear_readings: is out of range",
        ),
        (
            "101 clear readings",
            "a",
            &format!("{below}\nclear_readings = 101"),
            "policy.a.clear_readings: is out of range",
        ),
        (
            "1001 repeats",
            "a",
            &format!("{below}\nmax_repeats = 1001"),
            "policy.a.max_repeats: is out of range",
        ),
        (
            "repeats without pause",
            "a",
            &format!("{below}\nrepeat_every = '0s'"),
            "policy.a.repeat_every: is out of range",
        ),
        (
            "long hold",
            "a",
            &format!("{below}\nfor = '31d'"),
            "policy.a.for: is out of range",
        ),
        (
            "long clear hold",
            "a",
            &format!("{below}\nclear_for = '31d'"),
            "policy.a.clear_for: is out of range",
        ),
        (
            "long cool-down",
            "a",
            &format!("{below}\ncool_down = '31d'"),
            "policy.a.cool_down: is out of range",
        ),
        (
            "switch",
            "a",
            &format!("{below}\nenabled = 'no'"),
            "policy.a.enabled: is a text",
        ),
        ("name", "A b", below, "policy.A b.name: is not a name"),
        (
            "built-in with a condition",
            "brake",
            below,
            "policy.brake.when: cannot be set for a built-in alert",
        ),
        (
            "built-in for some",
            "upstream",
            "clients = { include = ['1'] }",
            "policy.upstream.clients: cannot be set",
        ),
        (
            "built-in to clients",
            "inventory",
            "notify = ['client']",
            "policy.inventory.notify: is about no client",
        ),
        (
            "reseller enforced",
            "own-balance",
            "enforce = { balance_management = 'hard' }",
            "policy.own-balance.enforce: cannot be set",
        ),
        (
            "reseller's threshold",
            "own-balance",
            "when = { balance_below = 'threshold' }",
            "policy.own-balance.when.balance_below: needs a threshold",
        ),
        (
            "reseller's absence",
            "own-balance",
            "when = { no_reading_for = '1h' }",
            "policy.own-balance.when.no_reading_for: cannot be asked",
        ),
        (
            "reseller's threshold to clear",
            "own-balance",
            "clear = { balance_above = 'threshold' }",
            "policy.own-balance.clear.balance_above: needs a threshold",
        ),
    ];
    for (name, policy, lines, expected) in cases {
        let found = problems(&entry(policy, lines));
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        assert!(found[0].starts_with(expected), "{name}: {found:?}");
    }
}

#[test]
fn an_end_on_the_wrong_side_is_refused_where_it_can_be_seen() {
    let cases = [
        ("above", "balance_below='10'", "balance_at_least='10.01'", true),
        (
            "at the edge of less",
            "balance_below='10'",
            "balance_at_least='10'",
            true,
        ),
        ("below", "balance_below='10'", "balance_at_least='9.99'", false),
        (
            "above the edge of less",
            "balance_below='10'",
            "balance_above='10'",
            true,
        ),
        ("above less", "balance_below='10'", "balance_above='9.99'", false),
        (
            "at the edge of at most",
            "balance_at_most='10'",
            "balance_at_least='10'",
            false,
        ),
        (
            "past the edge of at most",
            "balance_at_most='10'",
            "balance_at_least='10.01'",
            true,
        ),
        (
            "above the edge of at most",
            "balance_at_most='10'",
            "balance_above='10'",
            true,
        ),
        ("above at most", "balance_at_most='10'", "balance_above='9.99'", false),
        (
            "larger share",
            "balance_below='threshold'",
            "balance_at_least='100% of threshold'",
            true,
        ),
        (
            "smaller share",
            "balance_below='threshold'",
            "balance_at_least='99% of threshold'",
            false,
        ),
        (
            "a share against an amount cannot be seen",
            "balance_below='threshold'",
            "balance_at_least='1'",
            true,
        ),
        (
            "the other way round neither",
            "balance_below='100'",
            "balance_at_least='1% of threshold'",
            true,
        ),
        (
            "both ends must be right",
            "balance_below='10'",
            "balance_at_least='12', balance_above='9'",
            false,
        ),
    ];
    for (name, when, clear, good) in cases {
        let found = problems(&entry("a", &format!("when = {{ {when} }}\nclear = {{ {clear} }}")));
        assert_eq!(found.is_empty(), good, "{name}: {found:?}");
        assert!(
            good || found[0].contains("is on the wrong side of `when`"),
            "{name}: {found:?}"
        );
    }
}

#[test]
fn who_is_told() {
    let cases = [
        ("everybody but clients", "", "low-balance", vec!["ops", "boss"]),
        (
            "the one that is named",
            "[[policy]]\nname='low-balance'\nnotify=['boss']",
            "low-balance",
            vec!["boss"],
        ),
        (
            "nobody",
            "[[policy]]\nname='low-balance'\nnotify=[]",
            "low-balance",
            vec![],
        ),
        (
            "once each",
            "[[policy]]\nname='low-balance'\nnotify=['ops','ops']",
            "low-balance",
            vec!["ops"],
        ),
        (
            "clients by name",
            "[[policy]]\nname='overdrawn'\nnotify=['client']",
            "overdrawn",
            vec!["client"],
        ),
        (
            "clients by the switch",
            "[alerts]\nnotify_clients=true",
            "low-balance",
            vec!["ops", "boss", "client"],
        ),
        (
            "clients by the switch beside a name",
            "[alerts]\nnotify_clients=true\n[[policy]]\nname='low-balance'\nnotify=['ops']",
            "low-balance",
            vec!["ops", "client"],
        ),
        (
            "the switch is for low-balance alone",
            "[alerts]\nnotify_clients=true",
            "overdrawn",
            vec!["ops", "boss"],
        ),
        (
            "built-in alerts",
            "[alerts]\nnotify_clients=true",
            "account-access",
            vec!["ops", "boss"],
        ),
    ];
    for (name, lines, policy, expected) in cases {
        let settings = settings(&format!("{BASE}\n{lines}"));
        let policy = settings.policies.iter().find(|it| it.name.as_str() == policy).unwrap();
        let told: Vec<&str> = policy.notify.iter().map(crate::domain::ChannelName::as_str).collect();
        assert_eq!(told, expected, "{name}");
        assert_eq!(settings.mails_clients(), lines.contains("client"), "{name}");
    }
}

#[test]
fn shipped_policies_change_key_by_key() {
    let shipped = policy(BASE, "low-balance").unwrap();
    let changed = policy(&entry("low-balance", "severity = 'critical'"), "low-balance").unwrap();
    assert_eq!(changed.severity.as_str(), "critical");
    assert_eq!((changed.when, &changed.clear), (shipped.when, &shipped.clear));
    let own = policy(
        &entry("low-balance", "when = { balance_below = '150% of threshold' }"),
        "low-balance",
    )
    .unwrap();
    assert_eq!(own.clear, None, "the shipped end belongs to the shipped condition");
    assert_eq!(policy(&entry("overdrawn", "enabled = false"), "overdrawn"), None);
    assert!(
        problems(&entry("a", "enabled = false\nwhen = {}")).len() == 1,
        "a disabled policy is judged too"
    );
}

#[test]
fn blind_waits_for_two_rounds_as_shipped_and_as_told_otherwise() {
    let cases = [
        ("", 30, true),
        ("when = { no_reading_for = '30m' }", 30, true),
        ("when = { no_reading_for = '5m' }", 5, false),
    ];
    for (lines, minutes, at_least_two_intervals) in cases {
        let limit = policy(&entry("blind", lines), "blind")
            .unwrap()
            .when
            .no_reading_for
            .unwrap();
        assert_eq!(limit.limit, SignedDuration::from_mins(minutes), "{lines}");
        assert_eq!(limit.at_least_two_intervals, at_least_two_intervals, "{lines}");
    }
    let mine = policy(&entry("mine", "when = { no_reading_for = '30m' }"), "mine").unwrap();
    assert!(!mine.when.no_reading_for.unwrap().at_least_two_intervals);
}

#[test]
fn the_own_balance_is_judged_by_the_account_unless_the_policy_says_otherwise() {
    let second = "[[account]]\nname='second'\nusername='u'\npassword='p'\nown_balance_below='7.50'\n";
    let limit_of = |text: &str, account: &str| {
        let settings = settings(text);
        let policies = settings.policies_of(settings.account(account).unwrap());
        let own = policies
            .into_iter()
            .find(|policy| policy.scope == Scope::Reseller)
            .unwrap();
        own.when.balance_below.unwrap()
    };
    let two = format!("{BASE}{second}");
    assert_eq!(limit_of(&two, "main"), money("50"));
    assert_eq!(limit_of(&two, "second"), money("7.5"));
    let own = format!("{two}[[policy]]\nname='own-balance'\nwhen={{balance_below='1'}}");
    assert_eq!(limit_of(&own, "second"), money("1"));
    let warnings = super::load(&own).unwrap().warnings;
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0]
            .to_string()
            .contains("account.second.own_balance_below: is not used"),
        "{warnings:?}"
    );
}
