//! Reads: every function in both outputs, what arrives, and what is shown when there is nothing or something else.

use balancewatch::store::{Access, ReserveCalls, Store};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::stage::{JOHN, PASSWORD, Stage};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_read_prints_for_people_and_byte_for_byte_for_scripts() {
    let stage = Stage::new(&[]).await;
    for (line, params, shown) in [
        (
            "getClients",
            json!({}),
            &["CLIENT", "E-MAIL", "561115", "Seán O'Brien", "Ü & Söhne \"Ltd\" <x>"][..],
        ),
        (
            "getClients --client 561115",
            json!({"client": "561115"}),
            &[
                "CLIENT 561115",
                "ACCOUNT MAIN",
                "zip code",
                "02134",
                "QUÉBEC",
                "CANADA",
                "*** (--show-secrets",
            ],
        ),
        (
            "getClients --client John.Doe@my-domain.com",
            json!({"client": "John.Doe@my-domain.com"}),
            &["CLIENT 561115"],
        ),
        (
            "getClients --client ''",
            json!({"client": ""}),
            &["561115", "561116", "561117"],
        ),
        (
            "getResellerBalance --client 561115",
            json!({"client": "561115"}),
            &[
                "balance ",
                "8.0588 CAD",
                "spent in the last 30 days",
                "time on calls today",
                "none",
            ],
        ),
        (
            "getClientThreshold --client 561115",
            json!({"client": "561115"}),
            &["threshold", "130.00 CAD", "told at", "john.doe@my-domain.com"],
        ),
        (
            "getBalanceManagement",
            json!({}),
            &["CODE", "MEANING", "Hard - suspend the client", "Soft"],
        ),
        (
            "getBalanceManagement --balance_management 1",
            json!({"balance_management": "1"}),
            &["1     Hard"],
        ),
        ("getCountries", json!({}), &["CODE  COUNTRY", "CA    Canada"]),
        ("getCountries --country CA", json!({"country": "CA"}), &["CA    Canada"]),
        ("getBalance", json!({}), &["YOUR OWN BALANCE", "1121.8702 CAD"]),
        (
            "getBalance --advanced True",
            json!({"advanced": "True"}),
            &["1121.8702 CAD", "spent today", "calls in the last 30 days"],
        ),
    ] {
        let function = line.split(' ').next().unwrap();
        let before = stage.arrived().len();
        stage.api(line).ended(0).says(shown);
        let arrived = stage.arrived().split_off(before);
        assert_eq!(
            arrived,
            [(function.to_owned(), params.as_object().unwrap().clone())],
            "{line}"
        );

        let json = stage.api(&format!("{line} --output json"));
        json.ended(0);
        assert_eq!(json.err, "", "{line}");
        let printed = json.json();
        assert_eq!(printed["status"], "success", "{line}");
        for text in [&json.out, &stage.api(line).out] {
            assert!(!text.contains("P@ss"), "{line}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_counted_is_told_from_money_and_from_time() {
    let stage = Stage::new(&[]).await;
    stage.edit(&json!({"balance": "8.0588"}));
    stage.api("getResellerBalance --client 561115").explains(&[
        "balance 8.0588 CAD spent in the last 30 days ",
        "spent today 0.00 CAD calls today 0 time on calls today none",
    ]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn json_is_the_answer_of_the_api_and_only_passwords_are_not() {
    let stage = Stage::new(&["types=all-numbers", "float-noise=on"]).await;
    let client = stage.api("getClients --client 561115 --output json");
    client.ended(0);
    // Escaped slashes and letters, the order of keys: as the simulator writes them, which tests of its own pin down.
    let expected = r#"{"status":"success","clients":[{"client":561115,"email":"john.doe@my-domain.com","password":"***","company":"\u00dc & S\u00f6hne \"Ltd\" <x>","firstname":"Se\u00e1n","#;
    assert!(client.out.starts_with(expected), "{}", client.out);
    assert!(client.out.ends_with("}]}\n"), "{}", client.out);
    let secrets = stage.api("getClients --client 561115 --output json --show-secrets");
    assert_eq!(secrets.ended(0).json()["clients"][0]["password"], PASSWORD);
    assert_eq!(
        secrets.out.len() - client.out.len(),
        serde_json_of(PASSWORD).len() - "\"***\"".len()
    );
    stage
        .api("getClients --client 561115 --show-secrets")
        .ended(0)
        .says(&[PASSWORD]);
    stage
        .api("getClients --show-secrets")
        .ended(0)
        .says(&["PASSWORD", PASSWORD]);
}

/// A text as PHP writes it.
fn serde_json_of(text: &str) -> String {
    json!(text).to_string().replace('é', r"\u00e9").replace('/', r"\/")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn nothing_is_told_from_an_empty_list_and_from_no_answer() {
    let stage = Stage::new(&["no-client=status"]).await;
    stage.api("getClients").ended(0).says(&["there are no clients\n"]);
    let empty = stage.api("getClients --output json");
    assert_eq!(empty.ended(0).json()["status"], "no_client");
    stage.simulator.set_setting("no-client", "list").unwrap();
    stage.api("getClients").ended(0).says(&["there are no clients\n"]);
    stage.simulator.set_setting("no-client", "absent").unwrap();
    stage.api("getClients").ended(1).complains(&[
        "getClients answered `success`, but no `clients`",
        "neither that there is none nor that it is zero",
    ]);
    let absent = stage.api("getClients --output json");
    assert_eq!(absent.ended(1).json(), json!({"status": "success"}));
    for as_what in ["zero", "empty", "null", "list", "absent"] {
        let stage = Stage::new(&["threshold-absent=1", &format!("threshold-absent-as={as_what}")]).await;
        let said = stage.api("getClientThreshold --client 561115");
        if as_what == "absent" {
            said.ended(1).complains(&["no `threshold_information`"]);
        } else {
            said.ended(0).says(&["threshold", "none"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_the_api_declines_is_told_with_its_code_and_meaning() {
    let stage = Stage::new(&[]).await;
    for output in ["table", "json"] {
        let said = stage.api(&format!("getResellerBalance --client 7 --output {output}"));
        said.ended(1).complains(&[
            "error: getResellerBalance: the API answered `invalid_client` (This is not a valid Client)",
            "caused by: the account has no such client\n(`balancewatch api getClients` lists the clients)",
        ]);
        let body = "{\"status\":\"invalid_client\",\"message\":\"This is not a valid Client\"}\n";
        assert_eq!(said.out, if output == "json" { body } else { "" });
    }
    stage.simulator.set_setting("api-enabled", "off").unwrap();
    stage
        .api("getBalance")
        .ended(1)
        .complains(&["`api_not_enabled`", "(enable the API on the portal's API page"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn answers_that_are_none_are_errors_that_show_no_password() {
    for (fault, error) in [
        ("html-503", "HTTP 503"),
        ("empty", "the answer is empty"),
        ("truncated", "cut off"),
        ("null-status", "status null"),
    ] {
        let stage = Stage::new(&[]).await;
        stage.simulator.set_fault(fault, "1").unwrap();
        let table = stage.api("getClients");
        table.ended(1).complains(&["error: getClients: ", error]);
        assert_eq!(table.out, "", "{fault}");
        assert_eq!(stage.times("getClients"), 3, "{fault}: a read is asked three times");
        let json = stage.api("getClients --output json");
        json.ended(1).complains(&[error]);
        let all = json.out + &json.err;
        assert!(!all.contains("P@ss") && !all.contains("johns"), "{fault}: {all}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn one_row_and_odd_rows_are_shown_too() {
    let stage = Stage::new(&["one-row-object=on"]).await;
    stage
        .api("getClients --client 561115")
        .ended(0)
        .says(&["CLIENT 561115"]);
    stage.edit(&json!({"company": "a\u{1b}[2Jb\u{202e}c", "lastname": "", "firstname": ""}));
    let said = stage.api("getClients");
    said.ended(0).says(&["561115  a\u{fffd}[2Jb\u{fffd}c  "]);
    assert!(!said.out.contains(['\u{1b}', '\u{202e}']), "{:?}", said.out);
    stage.simulator.set_fault("wrong-types", "1").unwrap();
    stage.api("getClients").ended(1).says(&["CLIENT  NAME", "\n-  "]);
    stage.api("getBalanceManagement").ended(1).says(&["CODE  MEANING\n-  "]);
    let balance = stage.api("getResellerBalance --client 561115");
    balance.ended(1).complains(&["the daemon takes none of it"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_call_counts_in_the_pace_of_a_daemon_beside_it() {
    let stage = Stage::new(&[]).await;
    let store = Store::open(&stage.store_path(), Access::Daemon).await.unwrap();
    stage.api("getBalance").ended(0);
    let now: Timestamp = balancewatch::clock::Clock::real().now();
    let request = ReserveCalls {
        now,
        calls: 1,
        last_start_by: now + SignedDuration::from_secs(1),
        occupied_until: now + SignedDuration::from_secs(60),
        settled: Vec::new(),
    };
    let account = balancewatch::domain::AccountName::new("main").unwrap();
    let reserved = store.reserve_calls(&account, "daemon-1", &request).await.unwrap();
    let others: u32 = reserved.foreign.iter().map(|foreign| foreign.calls).sum();
    assert_eq!(others, 1, "one call, and what was reserved beyond it was given back");
    store.close().await;
    // A store that is none does not stand in the way of a person.
    std::fs::write(stage.store_path(), "no database").unwrap();
    stage
        .api("getBalance")
        .ended(0)
        .complains(&["note: the store cannot be used"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_reader_that_goes_away_is_no_error() {
    let stage = Stage::new(&[]).await;
    for line in ["getCountries", "getCountries --output json"] {
        let mut child = stage
            .command(&stage.config_path(), &super::stage::words(line))
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            (output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()),
            (Some(0), ""),
            "{line}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_account_is_the_one_that_is_meant() {
    let stage = Stage::new(&[]).await;
    let two = stage.path("two.toml");
    let get = |line: &str| stage.run_with(&two, &super::stage::words(line), b"");
    get("getBalance").failed(
        64,
        &[
            "there are several accounts, and `--account` names none",
            "`main`, `other`",
        ],
    );
    get("getBalance --account none").failed(64, &["there is no account `none`"]);
    get("getBalance --account other").ended(0).says(&["ACCOUNT OTHER"]);
    stage
        .run_with(&stage.path("none.toml"), &super::stage::words("getBalance"), b"")
        .ended(78);
    assert_eq!(stage.called(), ["getBalance"], "{JOHN}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_log_of_everything_holds_no_password() {
    let stage = Stage::new(&[]).await;
    let config = std::fs::read_to_string(stage.config_path()).unwrap();
    let config = config.replace("currency = ", "transport = \"get\"\ncurrency = ");
    let by_get = stage.file("get.toml", config.as_bytes());
    let new = stage.file("new", b"N3w-Passw0rd\n");
    for line in [
        "getClients -vv",
        "getClients --client 561115 -vv --log-format json",
        "addCharge --client 561115 --charge 1 --yes -vv",
        &format!("setClient --client 561115 --password-file '{new}' --yes -vv"),
        // Every try fails and is logged.
        "getBalance -vv",
    ] {
        let is_broken = line.starts_with("getBalance");
        let share = if is_broken { "1" } else { "0" };
        stage.simulator.set_fault("reset-before", share).unwrap();
        for config in [stage.config_path(), by_get.clone().into()] {
            let said = stage.run_with(&config, &super::stage::words(line), b"");
            said.ended(i32::from(is_broken));
            assert_eq!(
                said.err.contains("a read failed and is tried again"),
                is_broken,
                "{}",
                said.err
            );
            for secret in ["P@ss", "N3w-Pass"] {
                assert!(
                    !said.err.contains(secret) && !said.out.contains(secret),
                    "{}{}",
                    said.out,
                    said.err
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_address_that_is_not_allowed_is_named() {
    for (line, functions, error) in [
        ("getClients", ["getClients", "getIP"], "error: getClients"),
        (
            "addCharge --client 561115 --charge 4.99 --yes",
            ["addCharge", "getIP"],
            "error: addCharge was not done\n",
        ),
        (
            "setClient --client 561115 --zip 1 --yes",
            ["getCountries", "getIP"],
            "error: setClient was not sent: what it needs could not be read\n",
        ),
    ] {
        let stage = Stage::new(&["allowed-addresses="]).await;
        let said = stage.api(line);
        said.ended(1).complains(&[
            error,
            "`ip_not_enabled`",
            "(allow-list 127.0.0.1 on the portal's API page (Main Menu > SOAP and REST/JSON API))\n",
        ]);
        assert_eq!(
            (said.out.as_str(), stage.called()),
            ("", functions.map(str::to_owned).to_vec()),
            "{line}"
        );
    }
}
