//! What an operator reads in the log at night, without any other command.

use serde_json::json;

use crate::journey::world::World;

/// The lines of the log that say this.
fn lines<'a>(log: &'a str, what: &str) -> Vec<&'a str> {
    log.lines().filter(|line| line.contains(what)).collect()
}

/// Asserts that a log can be read by anybody: no addresses, nothing as Rust prints it, no number longer than it means.
fn is_readable(log: &str) {
    for part in ["@example.com", "Some(", "None", "[\"", "ReadBack {", "\u{1b}["] {
        assert!(!log.contains(part), "`{part}` in:\n{log}");
    }
    for line in lines(log, "sweep done") {
        let seconds = line.split(" seconds=").nth(1).unwrap().split(' ').next().unwrap();
        let fraction = seconds.split('.').nth(1).unwrap_or_default();
        assert!(fraction.len() <= 1, "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_alert_and_each_delivery_is_a_line_with_its_reason() {
    let world = World::new(3).await;
    world.reconfigure(r#"sweep = "60s""#, r#"sweep = "1s""#);
    let mut daemon = world.daemon();
    let low = world.ids[0].as_str();
    world
        .until("a sweep", |world| world.calls("getResellerBalance") >= 6)
        .await;
    world.balance(low, "5.00");
    world.wait_for_mails_to("noc@example.com", 1).await;
    world.simulator.deposit(low, "20.00").unwrap();
    world.wait_for_mails_to("noc@example.com", 2).await;
    daemon.signal("TERM");
    assert_eq!(daemon.end().await.0, Some(0));
    let log = world.daemon_log();
    let about = format!("client={low} policy=low-balance");
    for (what, reason) in [
        (
            "INFO balancewatch::monitor::moved: an alert fires",
            "reason=\"the balance 5.00 is below 10.00 (threshold)\"",
        ),
        (
            "INFO balancewatch::monitor::moved: an alert is over",
            "reason=\"the balance 25.00 is at or above ",
        ),
    ] {
        let lines = lines(&log, what);
        assert_eq!(lines.len(), 1, "{what} in:\n{log}");
        for part in [&about, reason, "severity=\"warning\"", "episode=main."] {
            assert!(lines[0].contains(part), "`{part}` is missing in {}", lines[0]);
        }
    }
    let delivered = lines(&log, "a message was delivered");
    assert_eq!(delivered.len(), 2, "{log}");
    for line in delivered {
        let client = format!("client=\"{low}\" policy=\"low-balance\"");
        for part in [&client, "channel=ops", "message_id=\"main.", "attempt=1"] {
            assert!(line.contains(part), "`{part}` is missing in {line}");
        }
    }
    is_readable(&log);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_fails_says_why_in_words_and_so_does_status() {
    let world = World::new(3).await;
    let mail = format!("smtp://alerts@{}", world.mail.address());
    world.reconfigure(&mail, "smtp://alerts@127.0.0.1:1");
    world.sweep(0).await;
    world.balance(&world.ids[0], "5.00");
    let said = world.run(&["sweep", "--once"]).await;
    let failed = lines(&said.err, "a message could not be delivered");
    assert_eq!(failed.len(), 1, "{}", said.err);
    let client = format!("client=\"{}\"", world.ids[0]);
    let why = "why=\"connection refused at connecting\"";
    for part in [
        why,
        "policy=\"low-balance\"",
        &client,
        "channel=ops",
        "message_id=\"main.",
    ] {
        assert!(failed[0].contains(part), "`{part}` is missing in {}", failed[0]);
    }
    is_readable(&said.err);
    let channels = &world.json(&["status"]).await["accounts"][0]["channels"];
    let last_error = channels[0]["last_error"].as_str().unwrap();
    assert!(last_error.contains("at connecting"), "{channels}");
    let status = world.run(&["status"]).await;
    status
        .explains(&["channel `ops` does not take messages: 1 message tried in vain, the last with \"the conversation"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn status_says_since_when_and_why_the_api_cannot_be_asked() {
    let world = World::new(3).await;
    world.sweep(0).await;
    assert_eq!(world.json(&["status"]).await["accounts"][0]["not_asked"], json!(null));
    world.simulator.set_setting("api-enabled", "off").unwrap();
    world.sweep(1).await;
    let account = &world.json(&["status"]).await["accounts"][0];
    let not_asked = &account["not_asked"];
    assert!(
        not_asked["since"].is_string() && not_asked["next_try_at"].is_string(),
        "{account}"
    );
    for key in ["reason", "fix"] {
        assert!(!not_asked[key].as_str().unwrap().is_empty(), "{account}");
    }
    let reason = not_asked["reason"].as_str().unwrap();
    let since = format!(", because {reason}; it is tried again in ");
    world
        .run(&["status"])
        .await
        .explains(&["warning: the API cannot be asked since ", &since]);
}
