//! The commands that look at the store, as people and scripts run them: the real binary on a real store.

mod decisions;
mod fleet;
mod keeping;
mod manners;
mod rehearse;

use balancewatch::domain::AccountName;
use fleet::{Fleet, account};
use serde_json::{Value, json};

use crate::program::Said;

/// Every command that only looks, with arguments that are good for [`Fleet::new`].
const LOOKING: [&[&str]; 12] = [
    &["status"],
    &["alerts"],
    &["alerts", "--all"],
    &["client", "561115"],
    &["history", "561115"],
    &["explain", "561115"],
    &["explain", "account"],
    &["plan"],
    &["notifications"],
    &["enforcements", "list"],
    &["brake", "status"],
    &["silence", "list"],
];

/// The rows of a list whose `key` is `value`.
fn rows<'a>(list: &'a Value, key: &str, value: &str) -> Vec<&'a Value> {
    let list = list.as_array().unwrap();
    list.iter().filter(|row| row[key] == value).collect()
}

fn text_of<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("`{key}` is no text in {value}"))
}

#[track_caller]
fn holds(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is missing in:\n{text}");
    }
}

#[tokio::test]
async fn every_command_prints_for_people_and_for_scripts_while_the_daemon_runs() {
    let fleet = Fleet::without_store();
    let daemon = fleet.daemon_store().await;
    fleet.fill(&daemon).await;
    for arguments in LOOKING {
        let printed = fleet.run(arguments);
        assert!(!printed.text().trim().is_empty(), "{arguments:?}");
        fleet.json(arguments);
    }
    daemon.close().await;
}

#[tokio::test]
async fn status_says_what_somebody_should_look_at() {
    let fleet = Fleet::new().await;
    let said = fleet.run(&["status"]);
    holds(
        said.text(),
        &[
            "ACCOUNT MAIN",
            "ended 1m",
            "took 1m: 2 of 3 clients read, 1 deferred, 1 error (timeout 1), 7 calls",
            "3 on the list, 1 vanished, 1 without address, 1 without threshold, 1 never read, 1 not asked yet",
            "1 critical, 1 warning, 1 pending",
            "1 delivered, 1 waiting, 1 dead, 0 dropped",
            "observe: nothing is changed",
            "1 of 20 changes",
            "warning: channel `ops` does not take messages: 1 message tried in vain",
            "warning: 1 notification will never arrive",
            "warning: 1 client could not be read when last asked (timeout 1)",
            "warning: 1 client has no threshold and is not judged by low-balance: set `alerts.default_threshold`",
            "warning: 1 client has no mail address",
        ],
    );
    let status = fleet.json(&["status"]);
    let main = &status["accounts"][0];
    assert_eq!(main["account"], "main");
    assert_eq!(
        main["alerts"],
        json!({"critical": 1, "warning": 1, "info": 0, "pending": 1, "silenced": 0, "acked": 0, "muted": 0})
    );
    assert_eq!(main["clients"]["listed"], 3);
    assert_eq!(main["last_sweep"]["readings"], 2);
    assert_eq!(main["enforcement"]["mode"], "observe");
    assert_eq!(main["enforcement"]["brake"], Value::Null);
    assert_eq!(main["revisit_seconds"], 6);
    assert_eq!(main["interval_seconds"], 300);
    assert_eq!(main["channels"][0]["channel"], "ops");
    let warnings = main["warnings"].as_array().unwrap();
    assert!(
        !warnings
            .iter()
            .any(|warning| warning.as_str().unwrap().contains("`balancewatch run`"))
    );
}

#[tokio::test]
async fn status_of_an_empty_store_asks_whether_the_daemon_runs() {
    let fleet = Fleet::without_store();
    fleet.daemon_store().await.close().await;
    let said = fleet.run(&["status"]);
    holds(
        said.text(),
        &["none yet", "no sweep has ended yet; is `balancewatch run` running?"],
    );
    assert_eq!(fleet.json(&["status"])["accounts"][0]["last_sweep"], Value::Null);
    holds(
        fleet.run(&["alerts"]).text(),
        &["no alert fires; no sweep has ended yet"],
    );
    assert_eq!(fleet.json(&["alerts"]), json!([]));
    holds(fleet.run(&["plan"]).text(), &["no sweep has begun yet"]);
    for list in ["notifications", "enforcements"] {
        assert_eq!(fleet.json(&[list, "list"]), json!([]));
    }
}

#[tokio::test]
async fn alerts_are_most_urgent_first_with_the_age_of_their_number() {
    let fleet = Fleet::new().await;
    let alerts = fleet.json(&["alerts"]);
    let order: Vec<&str> = alerts
        .as_array()
        .unwrap()
        .iter()
        .map(|row| text_of(row, "policy"))
        .collect();
    assert_eq!(order, ["account-access", "low-balance"]);
    let low = &alerts[1];
    assert_eq!(
        (
            text_of(low, "account"),
            text_of(low, "client"),
            text_of(low, "severity"),
            text_of(low, "state")
        ),
        ("main", "561115", "warning", "firing")
    );
    assert_eq!(
        (
            text_of(low, "balance"),
            text_of(low, "limit"),
            text_of(low, "threshold")
        ),
        ("8.0588", "10", "10")
    );
    assert_eq!(text_of(low, "reason"), "the balance 8.0588 is below 10.00 (threshold)");
    let age = low["age_seconds"].as_i64().unwrap();
    assert!((90..120).contains(&age), "{age}");
    assert!(text_of(low, "episode").starts_with("main.561115.low-balance."));
    assert!(text_of(low, "since").ends_with('Z'));
    assert_eq!(
        (low["told"].as_u64(), low["client_told"].as_bool()),
        (Some(1), Some(false))
    );
    let all = fleet.json(&["alerts", "--all"]);
    assert_eq!(rows(&all, "state", "pending").len(), 1);

    let table = fleet.run(&["alerts"]);
    holds(
        table.text(),
        &[
            "SEVERITY",
            "critical",
            "the account itself",
            "Über <b>GmbH</b>\u{fffd}[2J\u{fffd}",
            "8.0588",
            "10.00",
            "1x",
            "account-access: the API refused this machine's address",
            "allow-list 192.0.2.7",
            "1 pending; `--all` shows them",
        ],
    );
    holds(fleet.run(&["alerts", "--all"]).text(), &["held", "fires in"]);
}

#[tokio::test]
async fn a_client_is_shown_with_what_its_code_means() {
    let fleet = Fleet::new().await;
    let client = fleet.json(&["client", "561115"]);
    for (key, expected) in [
        ("account", "main"),
        ("client", "561115"),
        ("email", "john@example.com"),
        ("company", fleet::NASTY),
        ("balance", "8.0588"),
        ("threshold", "10"),
        ("threshold_email", "jürgen@example.com"),
        ("address", "jürgen@example.com"),
        ("spent_today", "0.216"),
        ("balance_management", "soft"),
        ("balance_management_code", "2"),
    ] {
        assert_eq!(client[key], expected, "{key}");
    }
    assert!(text_of(&client, "read_at").ends_with('Z'));
    assert!((90..120).contains(&client["age_seconds"].as_i64().unwrap()));
    assert_eq!(rows(&client["alerts"], "policy", "low-balance").len(), 1);
    holds(
        fleet.run(&["client", "561115"]).text(),
        &[
            "CLIENT 561115",
            "8.0588 USD, read 1m 3",
            "10.00 USD, read 10m",
            "SOFT (may go below 0, at your cost)",
            "jürgen@example.com (from its threshold; its own is john@example.com)",
            "low-balance (warning), firing for 2h: the balance 8.0588 is below 10.00 (threshold)",
        ],
    );
    holds(
        fleet.run(&["client", "561116"]).text(),
        &[
            "none, so it is not judged by one",
            "none: nobody there can be told",
            "failed 1m",
            "timeout",
            "to HARD for low-balance: differs",
        ],
    );
    holds(
        fleet.run(&["client", "561117"]).text(),
        &["not asked yet", "alerts  ", "none"],
    );
    holds(
        fleet.run(&["client", "561118"]).text(),
        &["vanished", "from the list, 1d ago"],
    );
    holds(
        fleet.run(&["client", "reseller"]).text(),
        &["your own balance", "120.50 USD"],
    );
}

#[tokio::test]
async fn nobody_of_this_id_is_exit_code_1_with_a_hint() {
    let fleet = Fleet::new().await;
    for command in ["client", "history", "explain"] {
        for (id, hint) in [
            ("999999", "ids are those of the VoIP.ms portal"),
            (
                "'; DROP TABLE client; --",
                "there is no client `'; DROP TABLE client; --`",
            ),
            ("über", "did you mean 561115 ("),
            ("", "there is no client ``"),
            ("561115\u{1b}[2J", "561115\u{fffd}[2J"),
            ("٣", "there is no client"),
        ] {
            fleet
                .run(&[command, id])
                .failed(1, &["error: there is no client `", hint]);
        }
    }
    let store = fleet.run(&["client", "561115"]);
    holds(store.text(), &["8.0588"]);
    for list in ["notifications", "enforcements"] {
        fleet
            .run(&[list, "list", "--client", "'; DROP"])
            .failed(1, &["there is no client `'; DROP`"]);
    }
}

#[tokio::test]
async fn history_is_newest_first_with_its_gaps() {
    let fleet = Fleet::new().await;
    let history = fleet.json(&["history", "561115"]);
    let short: Vec<(&str, u64)> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (text_of(row, "kind"), row["count"].as_u64().unwrap()))
        .collect();
    assert_eq!(short, [("reading", 1), ("gap", 2), ("reading", 2)]);
    assert_eq!(
        (&history[0]["balance"], &history[0]["error"]),
        (&json!("8.0588"), &Value::Null)
    );
    assert_eq!(
        (&history[1]["balance"], &history[1]["error"]),
        (&Value::Null, &json!("timeout"))
    );
    let limited = fleet.json(&["history", "561115", "--limit", "1"]);
    assert_eq!(limited.as_array().unwrap().len(), 1);
    holds(
        fleet.run(&["history", "561115"]).text(),
        &["8.0588", "not read for 5m: timeout", "9.50", "2x"],
    );
    holds(
        fleet.run(&["history", "561117"]).text(),
        &["nothing was read of client 561117 yet"],
    );
    fleet
        .run(&["history", "561115", "--limit", "0"])
        .failed(64, &["--limit"]);
}

#[tokio::test]
async fn what_waits_is_told_with_when_it_may_go_on() {
    let fleet = Fleet::new().await;
    fleet.leave_open().await;
    holds(
        fleet.run(&["explain", "561115"]).text(),
        &[
            "the client is told when a second reading, at 20",
            " or later, confirms it",
            "asks for HARD: a second reading, at 20",
            " or later, must confirm it first",
        ],
    );
    let plan = fleet.json(&["plan"]);
    let reason = text_of(&plan["plan"][0], "reason");
    assert!(reason.starts_with("a second reading, at 20"), "{reason}");
    holds(
        fleet.run(&["status"]).text(),
        &["1 client is still not set as a policy asks: the brake is on; `balancewatch plan` shows who"],
    );
    holds(
        fleet.run(&["enforcements", "show", "open/enforce/1"]).text(),
        &[
            "deferred: put off: the brake is on",
            "stopped by",
            "brake",
            "told",
            "waiting-brake",
        ],
    );
}

#[tokio::test]
async fn explain_tells_every_policys_view() {
    let fleet = Fleet::new().await;
    let low = fleet.json(&["explain", "561115"]);
    let policies = &low["policies"];
    let of = |name: &str| rows(policies, "policy", name)[0].clone();
    let low_balance = of("low-balance");
    assert_eq!(
        (text_of(&low_balance, "verdict"), text_of(&low_balance, "state")),
        ("breach", "firing")
    );
    assert_eq!(
        text_of(&low_balance, "fires_when"),
        "the balance is below 10.00 (threshold)"
    );
    assert_eq!(
        text_of(&low_balance, "clears_when"),
        "the balance is at or above 11.00 (110% of threshold), by 2 readings in a row"
    );
    assert_eq!(
        low_balance["tells"],
        json!([
            {"channel": "ops", "recipients": ["noc@example.com"]},
            {"channel": "client", "recipients": ["jürgen@example.com"]}
        ])
    );
    assert_eq!(low_balance["enforcement"]["decision"], "would");
    assert_eq!(text_of(&of("overdrawn"), "verdict"), "clear");
    assert_eq!(text_of(&of("blind"), "verdict"), "clear");
    assert!(
        rows(policies, "policy", "own-balance").is_empty(),
        "it is about the reseller"
    );
    holds(
        fleet.run(&["explain", "561115"]).text(),
        &[
            "balance 8.0588 USD, read 1m",
            "breach: the balance 8.0588 is below 10.00 (threshold)",
            "firing for 2h; operators were told 1x, last owed 1h",
            "the client could not be told",
            "by 2 readings in a row (2.9412 away)",
            "ops (noc@example.com); client (jürgen@example.com)",
            "asks for HARD: it would be done now if the mode were apply",
        ],
    );
    holds(
        fleet.run(&["explain", "561116"]).text(),
        &[
            "`clients.exclude` names it with `561116`",
            "pending for 5m",
            "it fires in",
            "the last attempt to read it failed",
        ],
    );
    holds(
        fleet.run(&["explain", "561117"]).text(),
        &["no balance was read yet", "unknown: "],
    );
    holds(
        fleet.run(&["explain", "account"]).text(),
        &[
            "ACCOUNT-ACCESS",
            "allow-list 192.0.2.7",
            "firing for 2h",
            "OVERCOMMITTED",
        ],
    );
    holds(
        fleet.run(&["explain", "reseller"]).text(),
        &["OWN-BALANCE", "clear: the balance 120.50 is at or above 50.00"],
    );
}

#[tokio::test]
async fn a_sweep_that_has_not_come_to_a_client_yet_does_not_make_it_unread() {
    let fleet = Fleet::new().await;
    let store = fleet.daemon_store().await;
    for (name, started_secs_ago, ended_secs_ago, expected) in [
        ("a sweep runs and has not come to it", 10, 60, "clear"),
        ("a sweep ended without it", 20, 10, "between"),
    ] {
        store
            .commit(&fleet.swept(started_secs_ago, ended_secs_ago))
            .await
            .unwrap();
        let explained = fleet.json(&["explain", "561115"]);
        let blind = rows(&explained["policies"], "policy", "blind")[0];
        assert_eq!(text_of(blind, "verdict"), expected, "{name}");
    }
    holds(
        fleet.run(&["explain", "561115"]).text(),
        &["before the last sweep: the daemon would not decide by it"],
    );
    store.close().await;
}

#[tokio::test]
async fn a_plan_follows_mode_protection_and_brake() {
    let fleet = Fleet::new().await;
    let decision = |fleet: &Fleet| {
        let plan = fleet.json(&["plan"]);
        let steps = plan["plan"].as_array().unwrap().clone();
        assert_eq!(steps.len(), 1, "{plan}");
        assert_eq!(
            (text_of(&steps[0], "client"), text_of(&steps[0], "wanted")),
            ("561115", "hard")
        );
        (
            text_of(&plan, "mode").to_owned(),
            text_of(&steps[0], "decision").to_owned(),
        )
    };
    assert_eq!(decision(&fleet), ("observe".to_owned(), "would".to_owned()));
    holds(
        fleet.run(&["plan"]).text(),
        &[
            "mode observe",
            "to HARD",
            "would",
            "by the readings of the sweep that ended 1m",
        ],
    );

    fleet.configure("[enforcement]\nprotect = [\"561115\"]\n");
    assert_eq!(decision(&fleet), ("observe".to_owned(), "refused".to_owned()));
    holds(fleet.run(&["plan"]).text(), &["the client is protected"]);

    // The episode began in mode observe, and needs an approval.
    fleet.configure("[enforcement]\nmode = \"apply\"\n");
    assert_eq!(decision(&fleet), ("apply".to_owned(), "deferred".to_owned()));
    holds(
        fleet.run(&["plan"]).text(),
        &[
            "it waits for an approval (its alert began in another mode)",
            "the account's first change: none yet",
        ],
    );

    let store = fleet.daemon_store().await;
    store.commit(&fleet.begun_in_apply()).await.unwrap();
    store.close().await;
    assert_eq!(decision(&fleet), ("apply".to_owned(), "go".to_owned()));

    fleet.configure("");
    fleet.json(&["brake", "on", "--reason", "odd"]);
    assert_eq!(decision(&fleet), ("observe".to_owned(), "deferred".to_owned()));
    holds(fleet.run(&["plan"]).text(), &["the brake is on: odd"]);
}

#[tokio::test]
async fn notifications_are_listed_and_shown_with_each_try() {
    let fleet = Fleet::new().await;
    let all = fleet.json(&["notifications", "list"]);
    assert_eq!(all.as_array().unwrap().len(), 3);
    let dead = fleet.json(&["notifications", "list", "--state", "dead"]);
    assert_eq!(dead.as_array().unwrap().len(), 1);
    assert_eq!(
        (
            text_of(&dead[0], "recipient"),
            text_of(&dead[0], "why"),
            text_of(&dead[0], "transition")
        ),
        ("jürgen@example.com", "550 no such user", "fired")
    );
    assert_eq!(fleet.json(&["notifications", "list", "--client", "561116"]), json!([]));
    assert_eq!(
        fleet.json(&["notifications", "--limit", "2"]).as_array().unwrap().len(),
        2
    );
    let id = text_of(&dead[0], "id");
    let shown = fleet.json(&["notifications", "show", id]);
    assert_eq!(shown["id"], id);
    assert_eq!(shown["attempts"].as_array().unwrap().len(), 2);
    assert_eq!(shown["attempts"][1]["outcome"], "refused");
    assert_eq!(shown["carried_by"]["state"], "dead");
    holds(
        fleet.run(&["notifications", "show", id]).text(),
        &[
            "dead: 550 no such user",
            "451 try again later\u{fffd}[0m",
            "refused",
            "8.0588 USD",
        ],
    );
    holds(
        fleet.run(&["notifications", "list"]).text(),
        &["delivered", "dead", "pending", id],
    );
    fleet
        .run(&["notifications", "show", "nothing"])
        .failed(1, &["there is no notification `nothing`"]);
    fleet
        .run(&["notifications", "list", "--state", "lost"])
        .failed(64, &["dropped"]);
    fleet
        .run(&["notifications", "retry", "nothing"])
        .failed(1, &["there is no notification `nothing`"]);
}

#[tokio::test]
async fn enforcements_are_shown_with_journal_and_record_but_never_a_password() {
    let fleet = Fleet::new().await;
    let all = fleet.json(&["enforcements"]);
    let id = text_of(&all[0], "id").to_owned();
    assert_eq!(
        (text_of(&all[0], "state"), text_of(&all[0], "balance")),
        ("differs", "-0.5")
    );
    let shown = fleet.json(&["enforcements", "show", &id]);
    assert_eq!(shown["before_image"], json!({"client": "561116", "zip": "01234"}));
    assert_eq!(
        shown["differences"],
        json!([{"field": "zip", "expected": "01234", "found": ""}])
    );
    assert_eq!(shown["steps"].as_array().unwrap().len(), 2);
    holds(
        fleet.run(&["enforcements", "show", &id]).text(),
        &[
            "differs: the record that was read back is not as meant: zip",
            "zip: should be `01234`, is ``",
            "2 before, 1 sent",
            "123 ms at most",
            "asked for by low-balance",
        ],
    );
    let list = fleet.run(&["enforcements", "list", "--state", "differs"]);
    holds(list.text(), &["to HARD", "-0.50", &id]);
    assert_eq!(fleet.json(&["enforcements", "list", "--state", "verified"]), json!([]));
    for arguments in [
        &["enforcements", "show", &id] as &[&str],
        &["enforcements"],
        &["client", "561116"],
        &["explain", "561116"],
    ] {
        for format in ["table", "json"] {
            let said = fleet.run(&[arguments, &["--output", format]].concat());
            assert!(!said.out.contains("hunter2"), "{arguments:?} {format}");
        }
    }
    fleet
        .run(&["enforcements", "show", "nothing"])
        .failed(1, &["there is no enforcement `nothing`"]);
    for answer in ["approve", "reject"] {
        fleet
            .run(&["enforcements", answer, &id, "--comment", "why"])
            .failed(1, &["it does not wait for an answer: it is differs"]);
    }
    fleet
        .run(&["enforcements", "undo", &id])
        .failed(1, &["there is nothing to undo: it is differs"]);
}

#[tokio::test]
async fn the_brake_is_set_shown_and_released_while_the_daemon_runs() {
    let fleet = Fleet::new().await;
    let daemon = fleet.daemon_store().await;
    holds(
        fleet.run(&["brake", "status"]).text(),
        &["the brake of account main is off (mode observe)"],
    );
    let on = fleet.json(&["brake", "on", "--reason", "records look odd"]);
    assert_eq!(
        (&on["on"], &on["changed"], text_of(&on, "reason"), text_of(&on, "by")),
        (&json!(true), &json!(true), "records look odd", "a person")
    );
    let decisions = daemon.decisions(&account()).await.unwrap();
    assert_eq!(decisions.len(), 1, "the daemon sees it at once");
    let again = fleet.json(&["brake", "on", "--reason", "another"]);
    assert_eq!(
        (&again["changed"], text_of(&again, "reason")),
        (&json!(false), "records look odd")
    );
    holds(
        fleet.run(&["brake", "status"]).text(),
        &[
            "is on, since",
            "set by a person: records look odd",
            "Watching, alerts and mails go on",
        ],
    );
    holds(
        fleet.run(&["status"]).text(),
        &["ON, set", "warning: the brake is on since"],
    );
    holds(
        fleet.run(&["brake", "off"]).text(),
        &["the brake of account main is off", "looked at again in the next sweep"],
    );
    assert_eq!(daemon.decisions(&account()).await.unwrap(), []);
    assert_eq!(fleet.json(&["brake", "off"])["changed"], false);
    fleet.run(&["brake", "on"]).failed(64, &["--reason"]);
    fleet
        .run(&["brake", "on", "--reason", "  "])
        .failed(64, &["a reason is needed"]);
    daemon.close().await;
}

#[tokio::test]
async fn with_several_accounts_the_one_that_is_meant_must_be_named() {
    let fleet = Fleet::new().await;
    fleet.configure("[[account]]\nname = \"second\"\nusername = \"other@example.com\"\npassword_file = \"/nowhere\"\n");
    let store = fleet.daemon_store().await;
    let second = AccountName::new("second").unwrap();
    store.commit(&fleet.commit(&second)).await.unwrap();
    store.close().await;
    for arguments in [
        &["client", "561115"] as &[&str],
        &["history", "561115"],
        &["explain", "561115"],
        &["plan"],
        &["brake", "status"],
    ] {
        fleet.run(arguments).failed(
            64,
            &["there are several accounts", "(the configuration has `main`, `second`)"],
        );
        let named = fleet.run(&[arguments, &["--account", "second"]].concat());
        assert!(!named.text().is_empty());
    }
    let status = fleet.json(&["status"]);
    let names: Vec<&str> = status["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| text_of(row, "account"))
        .collect();
    assert_eq!(names, ["main", "second"]);
    let both = fleet.json(&["alerts"]);
    assert_eq!(
        (
            rows(&both, "account", "main").len(),
            rows(&both, "account", "second").len()
        ),
        (2, 2)
    );
    let one = fleet.json(&["alerts", "--account", "second"]);
    assert_eq!(
        (
            rows(&one, "account", "main").len(),
            rows(&one, "account", "second").len()
        ),
        (0, 2)
    );
    holds(fleet.run(&["alerts"]).text(), &["ACCOUNT", "second"]);
    fleet
        .run(&["status", "--account", "third"])
        .failed(64, &["there is no account `third`", "`main`, `second`"]);
    fleet
        .run(&["status", "--account", "'; DROP"])
        .failed(64, &["there is no account `'; DROP`"]);
}

#[tokio::test]
async fn a_store_that_is_missing_foreign_or_newer_is_left_alone() {
    let fleet = Fleet::without_store();
    for arguments in LOOKING {
        fleet.run(arguments).failed(
            1,
            &[
                "error: there is no store at",
                "(has `balancewatch run` or `balancewatch sweep --once` run yet?",
            ],
        );
    }
    fleet
        .run(&["brake", "on", "--reason", "x"])
        .failed(1, &["there is no store"]);
    assert!(!fleet.store_path().exists(), "no command makes a store");

    std::fs::write(
        fleet.store_path(),
        "this is no database, but a text of some length\n".repeat(100),
    )
    .unwrap();
    fleet
        .run(&["status"])
        .failed(1, &["error: ", "caused by: ", "(the file is damaged"]);

    std::fs::remove_file(fleet.store_path()).unwrap();
    fleet.daemon_store().await.close().await;
    make_newer(&fleet).await;
    let before = std::fs::read(fleet.store_path()).unwrap();
    for arguments in LOOKING {
        fleet
            .run(arguments)
            .failed(1, &["has schema version 999", "(a newer balancewatch wrote this store"]);
    }
    assert_eq!(std::fs::read(fleet.store_path()).unwrap(), before);
}

/// Writes a migration of the future into the store.
async fn make_newer(fleet: &Fleet) {
    use sqlx::Connection;
    let url = format!("sqlite://{}", fleet.store_path().display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (999, 'later', true, x'00', 0)",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_bad_configuration_is_exit_code_78() {
    let fleet = Fleet::new().await;
    fleet.configure("[schedule]\nsweep = \"never\"\n[enforcement]\nmode = \"destroy\"\n");
    for arguments in LOOKING {
        fleet.run(arguments).failed(78, &["schedule.sweep", "enforcement.mode"]);
    }
    std::fs::remove_file(fleet.folder.path().join("config.toml")).unwrap();
    fleet.run(&["status"]).failed(78, &["config.toml"]);
}

#[tokio::test]
async fn a_reader_that_went_away_is_no_error() {
    let fleet = Fleet::new().await;
    for arguments in LOOKING {
        for format in ["table", "json"] {
            let mut child = fleet
                .program(&[arguments, &["--output", format]].concat())
                .spawn()
                .unwrap();
            drop(child.stdout.take());
            let said = Said::from(child.wait_with_output().unwrap());
            assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{arguments:?} {format}");
        }
    }
}
