//! Writes that move money or make clients: sent once, found again by their description, and told plainly when nobody
//! knows what came of them. And the lists of what they leave.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

use super::elsewhere::{Elsewhere, http};
use super::stage::{JOHN, Stage, said, words};

/// The description that the program made, as it said on standard error.
pub fn marker(err: &str) -> String {
    let (_, rest) = err
        .split_once("note: described as `")
        .unwrap_or_else(|| panic!("no marker: {err}"));
    let marker = rest.split_once('`').unwrap().0.to_owned();
    let id = marker.strip_prefix("balancewatch ").unwrap();
    assert!(
        id.len() == 26 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        "{marker}"
    );
    marker
}

fn balance(stage: &Stage) -> String {
    let said = stage.api("getResellerBalance --client 561115 --output json");
    said.ended(0).json()["balance"]["current_balance"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The entries of a ledger with this description.
fn entries(stage: &Stage, function: &str, key: &str, description: &str) -> Vec<Value> {
    let said = stage.api(&format!("{function} --client 561115 --output json"));
    let answer = said.ended(0).json();
    let all = answer[key].as_array().unwrap().iter();
    all.filter(|entry| entry["description"] == description)
        .cloned()
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn money_is_moved_once_and_found_again_by_its_description() {
    let stage = Stage::new(&[]).await;
    let charged = stage.api("addCharge --client 561115 --charge 4.99 --yes");
    let description = marker(&charged.err);
    charged.ended(0);
    assert_eq!(
        charged.out,
        format!("charged 4.99 CAD to client 561115, described as `{description}`\n")
    );
    let (function, params) = stage.arrived().remove(0);
    let expected = json!({"client": JOHN, "charge": "4.99", "description": description});
    assert_eq!((function.as_str(), Value::Object(params)), ("addCharge", expected));
    assert_eq!(balance(&stage), "3.0688");
    let listed = entries(&stage, "getCharges", "charges", &description);
    assert_eq!((listed.len(), &listed[0]["amount"]), (1, &json!("4.99")));

    let paid = stage.api("addPayment --client 561115 --payment 10 --description 'Cheque; 1234' --yes --output json");
    assert_eq!(paid.ended(0).out, "{\"status\":\"success\"}\n");
    assert_eq!(paid.err, "", "described by a person");
    assert_eq!(balance(&stage), "13.0688");
    assert_eq!(entries(&stage, "getDeposits", "deposits", "Cheque; 1234").len(), 1);
    let other = marker(&stage.api("addPayment --client 561115 --payment 0.01 --yes").err);
    assert_ne!(other, description);
    assert_eq!((stage.times("addCharge"), stage.times("addPayment")), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_dry_run_moves_nothing_and_needs_no_yes() {
    let stage = Stage::new(&[]).await;
    for (line, amount, would) in [
        (
            "addCharge --client 561115 --charge 4.99 --test",
            "charge",
            "4.99 CAD would be charged to client 561115",
        ),
        (
            "addPayment --client 561115 --payment 4.99 --test 1",
            "payment",
            "4.99 CAD would be credited to client 561115",
        ),
        (
            "addPayment --client 561115 --payment 4.99 --test=1 --yes",
            "payment",
            "4.99 CAD would be credited",
        ),
    ] {
        let said = stage.api(line);
        said.ended(0)
            .says(&["a dry run went well, and nothing was done", would, &marker(&said.err)]);
        let (_, params) = stage.arrived().pop().unwrap();
        assert_eq!(
            (&params["test"], &params[amount]),
            (&json!("1"), &json!("4.99")),
            "{line}"
        );
        let json = stage.api(&format!("{line} --output json"));
        assert_eq!(json.ended(0).json()["status"], "success_test", "{line}");
    }
    assert_eq!(balance(&stage), "8.0588");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn when_nobody_knows_whether_money_moved_the_command_that_finds_out_is_told() {
    for (function, amount, list, key, whether) in [
        (
            "addCharge",
            "charge",
            "getCharges",
            "charges",
            "client 561115 was charged 4.99 CAD",
        ),
        (
            "addPayment",
            "payment",
            "getDeposits",
            "deposits",
            "client 561115 was credited with 4.99 CAD",
        ),
    ] {
        for (fault, times) in [
            ("reset-after", 1),
            ("reset-before", 0),
            ("empty", 1),
            ("truncated", 1),
            ("html-503", 0),
        ] {
            let stage = Stage::new(&[]).await;
            stage.simulator.set_fault(&format!("{fault}@{function}"), "1").unwrap();
            let said = stage.api(&format!("{function} --client 561115 --{amount} 4.99 --yes"));
            let description = marker(&said.err);
            let command = format!("api {list} --client 561115 --config {}", stage.config_path().display());
            said.ended(1).complains(&[
                &format!("error: it is NOT known whether {whether}\n"),
                &format!("caused by: {function}: "),
                &format!("(do not repeat it before you know: `balancewatch {command}` shows an entry of 4.99"),
                &format!("described as `{description}`"),
            ]);
            assert_eq!(
                (said.out.as_str(), stage.times(function)),
                ("", 1),
                "{fault}: sent once"
            );
            // What was told finds out, as it stands there.
            let told = said
                .err
                .split("`balancewatch api ")
                .nth(1)
                .unwrap()
                .split('`')
                .next()
                .unwrap();
            let found = stage.run(&words(told.split(" --config").next().unwrap()), b"");
            assert_eq!(found.ended(0).out.matches(&description).count(), times, "{fault}");
            assert_eq!(entries(&stage, list, key, &description).len(), times, "{fault}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_description_that_others_may_have_is_looked_for_by_its_day_too() {
    let stage = Stage::new(&[]).await;
    stage.simulator.set_fault("reset-after@addCharge", "1").unwrap();
    let line = "addCharge --client 561115 --charge 4.99 --description 'Router, March'";
    let said = stage.api(&format!("{line} --yes"));
    said.ended(1).complains(&[
        "error: it is NOT known whether client 561115 was charged 4.99 CAD\n",
        "described as `Router, March` and dated today, in Toronto, if it was done; an older one like it says nothing",
    ]);
    let dry = stage.api(&format!("{line} --test"));
    dry.ended(1).complains(&[
        "error: the dry run came to no result; `test=1` should move nothing\n",
        "(see that `balancewatch api getCharges --client 561115 ",
        "lists nothing of it, then repeat it)",
    ]);
    assert!(!dry.err.contains("NOT known"), "{}", dry.err);
    assert_eq!(entries(&stage, "getCharges", "charges", "Router, March").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_declined_is_not_done_and_says_so() {
    let stage = Stage::new(&[]).await;
    for fault in ["maintenance", "limit"] {
        stage.simulator.set_fault(&format!("{fault}@addCharge"), "1").unwrap();
        let said = stage.api("addCharge --client 561115 --charge 4.99 --yes");
        said.ended(1).complains(&[
            "error: addCharge was not done\ncaused by: addCharge: the API answered `",
            "caused by: ",
        ]);
        assert!(!said.err.contains("NOT known"), "{}", said.err);
        stage.simulator.set_fault(&format!("{fault}@addCharge"), "0").unwrap();
    }
    stage
        .api("addCharge --client 7 --charge 4.99 --yes")
        .ended(1)
        .complains(&["`invalid_client`"]);
    assert_eq!((stage.times("addCharge"), balance(&stage).as_str()), (3, "8.0588"));
    // Nobody listens on the port of a listener that is gone.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let elsewhere = stage.pointing_to("http", address);
    drop(listener);
    let line = words("addCharge --client 561115 --charge 4.99 --yes");
    let said = stage.run_with(&elsewhere, &line, b"");
    said.ended(1).complains(&[
        "error: addCharge was not done\ncaused by: addCharge: ",
        &format!("no connection was made to `{address}`"),
        "network and firewall; no proxy is used",
    ]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_threshold_is_set_and_a_lost_answer_is_told() {
    let stage = Stage::new(&[]).await;
    let said = stage.api("setClientThreshold --client 561115 --threshold 10 --yes");
    assert_eq!(
        said.ended(0).out,
        "set the threshold of client 561115 to 10 CAD; where it is told stays as it was\n"
    );
    let with_address = "setClientThreshold --client 561115 --threshold 250 --email noc@example.com --yes";
    stage
        .api(with_address)
        .ended(0)
        .says(&["to 250 CAD; it is told at noc@example.com\n"]);
    stage
        .api("getClientThreshold --client 561115")
        .ended(0)
        .says(&["250.00 CAD", "noc@example.com"]);
    stage
        .simulator
        .set_fault("reset-after@setClientThreshold", "1")
        .unwrap();
    stage
        .api("setClientThreshold --client 561115 --threshold 20 --yes")
        .ended(1)
        .complains(&[
            "error: it is NOT known whether the threshold of client 561115 was set to 20 CAD",
            "balancewatch api getClientThreshold --client 561115 --config ",
            "shows the threshold 20 if it was done",
        ]);
    assert_eq!(stage.times("setClientThreshold"), 3);
}

const SIGN_UP: &str = "signupClient --firstname Ann --lastname 'O Neal' --address '1/2 A' --city Laval --state QC \
                       --country CA --zip 'H2X 1Y4' --phone_number 5145550000 --email ann@example.com \
                       --confirm_email ann@example.com --yes";

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_client_is_made_with_a_password_that_nobody_sees() {
    let stage = Stage::new(&[]).await;
    let path = stage.file("password", b"N3w-Passw0rd\n");
    let said = stage.api(&format!("{SIGN_UP} --password-file '{path}'"));
    said.ended(0).says(&[
        "made a client for ann@example.com: client ",
        "waits until somebody activates it",
    ]);
    let (_, params) = stage.arrived().pop().unwrap();
    assert_eq!(
        (&params["password"], &params["confirm_password"]),
        (&json!("***"), &json!("***"))
    );
    assert_eq!((params.len(), &params["zip"]), (12, &json!("H2X 1Y4")));
    let again = stage.run(
        &words(&format!("{SIGN_UP} --password - --activate 1 --output json")),
        b"N3w-Passw0rd\n",
    );
    again
        .ended(1)
        .complains(&["signupClient: the API answered `", "caused by: "]);
    assert!(!(again.out + &again.err + &said.out + &said.err).contains("N3w"));

    let line = SIGN_UP.replace("ann@", "bob@");
    stage.simulator.set_setting("signup-answer", "status").unwrap();
    let said = stage.run(
        &words(&format!("{line} --password - --confirm_password - --activate 1")),
        b"Oth3r-Pass\nOth3r-Pass\n",
    );
    said.ended(0)
        .says(&["the API did not say its id: `balancewatch api getClients --client bob@example.com --config "]);
    assert!(!said.out.contains("waits"));
    let piped = SIGN_UP.replace("ann@", "ann|sh@");
    let said = stage.run(&words(&format!("{piped} --password -")), b"Oth3r-Pass\n");
    said.ended(0)
        .says(&["`balancewatch api getClients --client 'ann|sh@example.com' --config "]);
    let differ = stage.run(
        &words(&format!("{line} --password - --confirm_password -")),
        b"Oth3r-Pass\nOther-Pass\n",
    );
    differ.failed(64, &["`confirm_password` is not the same as `password`"]);
    assert_eq!(stage.times("signupClient"), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn when_nobody_knows_whether_a_client_was_made_its_address_tells() {
    let stage = Stage::new(&[]).await;
    stage.simulator.set_fault("reset-after@signupClient", "1").unwrap();
    let said = stage.run(
        &words(&format!("{SIGN_UP} --password - --activate 1")),
        b"N3w-Passw0rd\n",
    );
    said.ended(1).complains(&[
        "error: it is NOT known whether a client was made for ann@example.com",
        "(do not repeat it before you know: `balancewatch api getClients --client ann@example.com --config ",
        "shows the client if it was done",
    ]);
    assert!(!said.err.contains("N3w"));
    stage
        .api("getClients --client ann@example.com")
        .ended(0)
        .says(&["Ann", "ann@example.com"]);
    assert_eq!(stage.times("signupClient"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn ledgers_packages_and_states_are_lists_for_people() {
    let stage = Stage::new(&["ledger-order=mixed"]).await;
    stage
        .api("addCharge --client 561115 --charge 1.50 --description 'first \u{1b}[2J' --yes")
        .failed(64, &["`description`"]);
    stage
        .api("addCharge --client 561115 --charge 1.50 --description first --yes")
        .ended(0);
    stage
        .api("addCharge --client 561115 --charge 2 --description second --yes")
        .ended(0);
    let charges = stage.api("getCharges --client 561115");
    charges
        .ended(0)
        .says(&["DATE", "AMOUNT (CAD)", "1.50", "2.00", "charges, ", " CAD in all\n"]);
    let (first, second) = (charges.out.find("first").unwrap(), charges.out.find("second").unwrap());
    assert!(second < first, "newest first: {}", charges.out);
    for line in [
        "getPackages",
        "getClientPackages --client 561115",
        "getStates",
        "getDeposits --client 561115",
    ] {
        let said = stage.api(line);
        assert!(said.ended(0).out.lines().count() >= 2, "{line}: {}", said.out);
        let key = match line.split(' ').next().unwrap() {
            "getStates" => "states",
            "getDeposits" => "deposits",
            _ => "packages",
        };
        let json = stage.api(&format!("{line} --output json"));
        assert!(!json.ended(0).json()[key].as_array().unwrap().is_empty(), "{line}");
    }
    let package = stage.api("getClientPackages --client 561115 --output json").json();
    let id = package["packages"][0]["value"].as_str().unwrap().to_owned();
    stage.api(&format!("getPackages --package {id}")).ended(0).says(&[
        &format!("PACKAGE {id}"),
        "monthly fee",
        " CAD\n",
        "pulse, in seconds",
    ]);
    stage.api(&format!("getPackages --package {id}")).explains(&[
        "mark-up, fixed 0.01 CAD mark-up, percent 50 pulse, in seconds 60",
        "monthly fee 2.00 CAD setup fee 1.00 CAD free minutes 0",
    ]);
    stage
        .api("getPackages")
        .explains(&["PACKAGE NAME MONTHLY (CAD) SETUP (CAD) MARK-UP (CAD) MARK-UP % PULSE (S) FREE MIN"]);
    stage
        .api("getClientPackages --client 561115")
        .explains(&["PACKAGE NAME 8378 VoIP"]);
    stage.edit(&json!({"package": ""}));
    stage
        .api("getClientPackages --client 561115")
        .ended(0)
        .says(&["client 561115 has no packages\n"]);
    stage.api("getStates").ended(0).says(&["CODE  STATE", "FLORIDA"]);
    assert_eq!(stage.api("getIP").ended(0).out, "127.0.0.1\n");
    assert_eq!(
        stage.api("getIP --output json").ended(0).out,
        "{\"status\":\"success\",\"ip\":\"127.0.0.1\"}\n"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_empty_ledger_is_a_sentence_however_it_is_answered() {
    for (empty, status) in [("list", "success"), ("absent", "success"), ("status", "no_charges")] {
        let stage = Stage::new(&[&format!("empty-ledger={empty}")]).await;
        let said = stage.run(
            &words(&format!("{SIGN_UP} --password - --output json")),
            b"N3w-Passw0rd\n",
        );
        let id = said.ended(0).json()["client"].to_string().replace('"', "");
        let charges = stage.api(&format!("getCharges --client {id}"));
        assert_eq!(charges.ended(0).out, format!("client {id} has no charges\n"), "{empty}");
        assert_eq!(
            stage.api(&format!("getDeposits --client {id}")).ended(0).out,
            format!("client {id} has no deposits\n")
        );
        let json = stage.api(&format!("getCharges --client {id} --output json"));
        assert_eq!(json.ended(0).json()["status"], status, "{empty}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_was_done_or_is_not_known_is_said_even_when_nothing_can_be_printed() {
    let stage = Stage::new(&[]).await;
    let run = |line: &str| {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = stage.command(&stage.config_path(), &words(line));
        said(command.stdout(full).stdin(Stdio::null()).output().unwrap())
    };
    let line = "addCharge --client 561115 --charge 4.99 --yes";
    for output in ["table", "json"] {
        let said = run(&format!("{line} --output {output}"));
        said.ended(1)
            .complains(&["error: addCharge was done, but what came of it could not be printed"]);
    }
    let tried = run(&format!("{line} --test"));
    tried.ended(1).complains(&["error: cannot write to standard output"]);
    assert!(!tried.err.contains("was done"), "a dry run does nothing: {}", tried.err);
    stage.simulator.set_fault("wrong-types@addCharge", "1").unwrap();
    run(&format!("{line} --output json"))
        .ended(1)
        .complains(&["error: it is NOT known whether client 561115"]);
    assert_eq!(stage.times("addCharge"), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn no_money_moves_under_a_marker_that_nobody_can_have_read() {
    let stage = Stage::new(&[]).await;
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let run = |line: &str, errors: &OwnedFd| {
        let mut command = stage.command(&stage.config_path(), &words(line));
        command.stdin(Stdio::null()).stderr(errors.try_clone().unwrap());
        said(command.output().unwrap())
    };
    for (name, errors) in [
        ("a full disk", OwnedFd::from(full)),
        ("a reader that went away", OwnedFd::from(closed)),
    ] {
        for line in [
            "addCharge --client 561115 --charge 4.99 --yes",
            "addPayment --client 561115 --payment 4.99 --yes --output json",
        ] {
            let said = run(line, &errors);
            assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{name}: {line}");
        }
        // Who described it can look for it without being told.
        run("addCharge --client 561115 --charge 1 --description May --yes", &errors).ended(0);
    }
    assert_eq!(stage.called(), ["addCharge"; 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_store_that_cannot_be_used_says_why() {
    let stage = Stage::new(&[]).await;
    stage.file("state.db", b"no database at all");
    let said = stage.api("addCharge --client 561115 --charge 4.99 --yes");
    said.ended(0).complains(&[
        "note: the store cannot be used, so the daemon's pace does not count this call: ",
        "not a database",
    ]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_dry_run_that_may_have_been_none_is_told_as_not_known() {
    let stage = Stage::new(&[]).await;
    for (status, body) in [
        ("200 OK", r#"{"status":"success"}"#),
        ("500 Error", r#"{"status":"success"}"#),
        ("200 OK", "<br />\n<b>Warning</b>: x<br />\n{\"status\":\"success\"}"),
    ] {
        let server = Elsewhere::start(move |_| http(status, "", body));
        let config = stage.pointing_to("http", server.address);
        let line = words("addCharge --client 561115 --charge 4.99 --test");
        let said = stage.run_with(&config, &line, b"");
        said.ended(1).complains(&[
            "error: it is NOT known whether client 561115 was charged 4.99 CAD, although a dry run was asked for\n",
            "caused by: addCharge: ",
            "(do not repeat it before you know: `balancewatch api getCharges --client 561115 ",
            &marker(&said.err),
        ]);
        assert_eq!(server.called(), ["addCharge"], "{status} {body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn who_waits_long_is_told_what_for() {
    let stage = Stage::new(&[]).await;
    let server = Elsewhere::start(|_| None);
    let config = stage.pointing_to("http", server.address);
    let mut child = stage.command(&config, &words("getClients")).spawn().unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    errors.read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let told = "note: it takes a while: account `main` makes at most 6000 calls a minute, those of a daemon included";
    assert!(line.starts_with(told), "{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_not_known_is_told_before_a_busy_store_is_waited_for() {
    let stage = Stage::new(&[]).await;
    let url = stage.make_store().await;
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = stage.pointing_to("http", listener.local_addr().unwrap());
    let line = words("addCharge --client 561115 --charge 4.99 --yes");
    let mut child = stage.command(&config, &line).spawn().unwrap();
    let (mut call, _) = listener.accept().unwrap();
    call.read_exact(&mut [0; 64]).unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    drop(call);
    let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
    let told = tokio::task::spawn_blocking(move || errors.any(|line| line.unwrap().contains("it is NOT known")));
    // Shorter than a program waits for the store.
    let told = tokio::time::timeout(Duration::from_secs(5), told).await;
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    assert!(matches!(told, Ok(Ok(true))), "{told:?}");
    assert_eq!(child.wait().unwrap().code(), Some(1));
}
