//! `rehearse` through the real binary: the shipped configurations, every kind of channel, what nobody may reach, and what it refuses.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{Said, program};

/// Every kind of channel, at a server that listens and must not be asked, and every secret missing.
fn every_channel(folder: &Path, server: &str) -> PathBuf {
    let text = format!(
        r#"
[[account]]
name = "main"
username = "me@example.com"
password_file = "/nonexistent/api"
url = "http://{server}/api/v1/rest.php"
[[account]]
name = "second"
username = "you@example.com"
password_file = "/nonexistent/api"
[schedule]
sweep = "60m"
timezone = "Europe/Zurich"
[smtp]
url = "smtp://{server}"
from = "alerts@example.com"
[[channel]]
name = "ops"
type = "email"
to = ["noc@example.com"]
escalate = {{ to = "phone", after = "30m" }}
[[channel]]
name = "hook"
type = "webhook"
url = "http://{server}/hook"
secret_file = "/nonexistent/secret"
[[channel]]
name = "phone"
type = "pagerduty"
url = "http://{server}/v2/enqueue"
routing_key_file = "/nonexistent/key"
min_severity = "critical"
[[channel]]
name = "chat"
type = "slack"
url = "http://{server}/chat"
[[channel]]
name = "bot"
type = "slack"
url = "http://{server}/api"
token_file = "/nonexistent/token"
to = ["C0123456789"]
[[channel]]
name = "push"
type = "ntfy"
url = "http://{server}"
topic = "calls"
[[channel]]
name = "mirror"
type = "alertmanager"
urls = ["http://{server}"]
resend = "60m"
[heartbeat]
url = "http://{server}/heart"
[digest]
at = "0 8 * * MON"
channel = "ops"
[alerts]
notify_clients = true
[[policy]]
name = "fraud"
severity = "critical"
when = {{ spent_today_above = "30.00" }}
enforce = {{ balance_management = "hard" }}
[[policy]]
name = "ours"
when = {{ balance_below = "100.00" }}
clients = {{ include = ["777777"] }}
notify = ["ops"]
[store]
url = "sqlite://{store}"
"#,
        store = folder.join("state.db").display(),
    );
    let path = folder.join("config.toml");
    std::fs::write(&path, text).unwrap();
    path
}

fn rehearse(config: &Path, arguments: &[&str]) -> Said {
    let all = ["rehearse"].into_iter().chain(arguments.iter().copied());
    program(config, all).output().unwrap().into()
}

fn names(list: &Value, key: &str) -> BTreeSet<String> {
    let rows = list.as_array().unwrap().iter();
    rows.map(|row| row[key].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_kind_of_channel_is_told_within_the_process_and_nobody_outside() {
    let folder = TempDir::new().unwrap();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let config = every_channel(folder.path(), &server.local_addr().unwrap().to_string());
    let arguments = ["--days", "1", "--world", "fraud", "--clients", "20"];
    let said = rehearse(&config, &[&arguments[..], &["--output", "json"]].concat());
    let told = said.fine().json();
    let channels = names(&told["messages"], "channel");
    for channel in ["ops", "hook", "phone", "chat", "bot", "push"] {
        assert!(channels.contains(channel), "{channel}: {channels:?}");
    }
    assert!(
        !channels.contains("mirror"),
        "it shows what fires, and gets no messages"
    );
    assert_eq!(told["setting"]["account"], "main");
    assert_eq!(told["setting"]["mode"], "observe");
    assert!(told["totals"]["pages"].as_u64() >= Some(1), "{}", told["totals"]);
    assert_eq!(told["events"].as_array().unwrap().len(), 2);
    // Money and times are as everywhere.
    assert!(told["pages"][0]["balance"].is_string());
    assert!(told["messages"][0]["at"].as_str().unwrap().ends_with('Z'));
    let warnings = told["warnings"].to_string();
    assert!(warnings.contains("`ours` watches nobody here"), "{warnings}");

    // Nobody connected, nothing was made, and the same comes again.
    assert!(server.accept().is_err());
    assert!(!folder.path().join("state.db").exists());
    let again = rehearse(&config, &[&arguments[..], &["--output", "json"]].concat());
    assert_eq!(said.out, again.out);
}

#[test]
fn people_read_the_answer_first_and_each_day() {
    let folder = TempDir::new().unwrap();
    let config = every_channel(folder.path(), "127.0.0.1:1");
    let said = rehearse(
        &config,
        &["--days", "1", "--clients", "20", "--account", "second", "--messages"],
    );
    said.text();
    said.explains(&[
        "Rehearsal of account `second` (of 2; --account names another): 1 day from Mon 5 Jan, 20 simulated clients (--clients), world busy, \
         seed 1, mode observe. Nothing was sent and nothing was changed.",
        "In 1 day ",
        "Day by day",
        "Mon 5 Jan",
        "Who would get what",
        "noc@example.com",
        "your clients",
        "Every message",
    ]);
}

#[test]
fn the_shipped_configurations_can_be_rehearsed() {
    for name in ["minimal.toml", "container.toml"] {
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name);
        let arguments = [
            "rehearse",
            "--days",
            "1",
            "--world",
            "calm",
            "--clients",
            "3",
            "--output",
            "json",
        ];
        let mut command = program(&config, arguments);
        let said: Said = command
            .env("BALANCEWATCH__SCHEDULE__SWEEP", "60m")
            .output()
            .unwrap()
            .into();
        let told = said.fine().json();
        assert_eq!(
            (&told["setting"]["clients"], &told["setting"]["world"]),
            (&3.into(), &"calm".into()),
            "{name}"
        );
        assert_eq!(told["events"].as_array().unwrap().len(), 0, "{name}");
    }
}

#[test]
fn what_cannot_be_rehearsed_is_refused() {
    let folder = TempDir::new().unwrap();
    let good = every_channel(folder.path(), "127.0.0.1:1");
    let cases: [(&[&str], i32, &str); 6] = [
        (&["--days", "0"], 64, "1..=366"),
        (&["--days", "400"], 64, "1..=366"),
        (&["--clients", "0"], 64, "1..=1000"),
        (&["--world", "flood"], 64, "busy, fraud, outage, calm"),
        (&["--account", "third"], 64, "there is no account `third`"),
        (&["--seed", "x"], 64, "--seed"),
    ];
    for (arguments, code, said) in cases {
        rehearse(&good, arguments).failed(code, &[said]);
    }
    let bad = folder.path().join("bad.toml");
    std::fs::write(&bad, "[[account]]\nname = \"main\"\npasword = \"x\"\n").unwrap();
    rehearse(&bad, &["--days", "1"]).failed(78, &["pasword", "problem"]);
}
