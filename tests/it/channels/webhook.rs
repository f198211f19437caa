//! Webhooks through the real program: what arrives, in which form, and what `check` says of them.

use serde_json::json;

use super::faults;
use super::receiver::{Act, Receiver};
use crate::journey::world::{World, nothing_new};

fn hook(url: &str) -> String {
    format!("\n[[channel]]\nname = \"hook\"\ntype = \"webhook\"\nurl = \"{url}/in?key=T0kenS3cret\"\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_of_a_receiver_costs_anything() {
    faults::cost_nothing(hook).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_receiver_delays_nobody() {
    faults::silence_delays_nobody(hook).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_arrives_signed_in_alertmanagers_format_and_is_resolved() {
    let (world, receiver) = (World::new(2).await, Receiver::start().await);
    let signed =
        "secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw,another one\"\nheaders = { X-Key = \"H3aderS3cret\" }\n";
    world.configure(&(hook(&receiver.url()) + signed));
    nothing_new(&world.sweep(0).await);
    world.balance(&world.ids[0], "5.00");
    let said = world.run(&["sweep", "--once", "--output", "json", "-vv"]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    for secret in ["T0kenS3cret", "H3aderS3cret", "MfKQ9r8G"] {
        assert!(!said.err.contains(secret) && !said.out.contains(secret), "{}", said.err);
    }
    world.balance(&world.ids[0], "50.00");
    world.sweep_later(60).await;
    world.sweep_later(120).await;
    let seen = receiver.seen();
    assert_eq!(seen.len(), 2, "{seen:?}");
    let [fired, over] = [seen[0].json(), seen[1].json()];
    let labels = json!({"alertname": "low-balance", "account": "main", "client": world.ids[0], "severity": "warning"});
    for (body, status) in [(&fired, "firing"), (&over, "resolved")] {
        assert_eq!(
            (&body["version"], &body["status"]),
            (&json!("4"), &json!(status)),
            "{body}"
        );
        assert_eq!(body["alerts"][0]["labels"], labels);
    }
    assert_eq!(fired["groupKey"], over["groupKey"]);
    assert_eq!(fired["alerts"][0]["fingerprint"], over["alerts"][0]["fingerprint"]);
    assert_eq!(fired["alerts"][0]["annotations"]["balance"], "5.00");
    assert!(
        seen[0].head.starts_with("POST /in?key=T0kenS3cret HTTP/1.1\r\n"),
        "{}",
        seen[0].head
    );
    assert_eq!(seen[0].header("x-key"), Some("H3aderS3cret"));
    assert_eq!(seen[0].header("content-type"), Some("application/json"));
    let signatures = seen[0].header("webhook-signature").unwrap();
    assert_eq!(signatures.split(' ').filter(|one| one.starts_with("v1,")).count(), 2);
    assert_ne!(seen[0].header("webhook-id"), seen[1].header("webhook-id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_again_carries_the_same_id() {
    let (world, receiver) = (World::new(2).await, Receiver::start().await);
    world.configure(&hook(&receiver.url()));
    nothing_new(&world.sweep(0).await);
    world.balance(&world.ids[0], "5.00");
    receiver.behave(Act::Answer(503, "", "busy"));
    world.sweep(0).await;
    receiver.behave(super::receiver::GOOD);
    world.sweep_later(120).await;
    let ids: Vec<_> = receiver
        .seen()
        .iter()
        .map(|seen| seen.header("webhook-id").map(str::to_owned))
        .collect();
    assert_eq!(ids.len(), 2);
    assert!(ids[0].is_some() && ids[0] == ids[1], "{ids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_found_beside_the_configuration_and_check_tries_it() {
    let (world, receiver) = (World::new(2).await, Receiver::start().await);
    let with = |body: &str| hook(&receiver.url()) + &format!("format = \"template\"\nbody = \"{body}\"\n");
    world.configure(&with("own.json"));
    let missing = world.run(&["check"]).await;
    assert_eq!(missing.code, Some(78), "{missing:?}");
    assert!(
        missing
            .out
            .contains("config.toml: channel.hook.body: template `own.json`: is not there"),
        "{}",
        missing.out
    );
    let path = world.folder.path().join("own.json");
    std::fs::write(&path, "{\n  \"text\": \"{{ titel }}\"\n}").unwrap();
    for arguments in [&["check"][..], &["check", "--online"], &["sweep", "--once"], &["run"]] {
        let wrong = world.run(arguments).await;
        assert_eq!(wrong.code, Some(78), "{wrong:?}");
        let said = format!("{}{}", wrong.out, wrong.err);
        assert!(said.contains("own.json`, line 2: undefined value"), "{said}");
    }
    std::fs::write(&path, "{\n  \"text\": \"{{ title }}\"\n}").unwrap();
    assert_eq!(world.run(&["check"]).await.code, Some(0));
    nothing_new(&world.sweep(0).await);
    world.balance(&world.ids[0], "5.00");
    world.sweep(0).await;
    let said = receiver.seen()[0].json();
    assert!(said["text"].as_str().unwrap().starts_with("WARNING: "), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_online_reaches_the_receiver_and_posts_nothing() {
    let (world, receiver) = (World::new(1).await, Receiver::start().await);
    world.configure(&hook(&receiver.url()));
    let good = world.run(&["check", "--online"]).await;
    assert_eq!(good.code, Some(0), "{good:?}");
    assert!(
        good.out.contains("channel hook") && good.out.contains("nothing was posted"),
        "{}",
        good.out
    );
    assert_eq!(receiver.seen().len(), 0);
    world.reconfigure(&receiver.url(), "http://127.0.0.1:1");
    let bad = world.run(&["check", "--online"]).await;
    assert_eq!(bad.code, Some(1), "{bad:?}");
    assert!(
        bad.out.contains("refused") && !bad.out.contains("T0kenS3cret"),
        "{}",
        bad.out
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_secrets_and_headers_are_found_by_check_and_not_shown() {
    let world = World::new(1).await;
    for (line, key) in [
        ("secret = \"whsec_Sh0rtS3cret\"", "channel.hook.secret: "),
        ("headers = { Host = \"Sh0rtS3cret\" }", "channel.hook.headers: "),
    ] {
        world.configure(&(hook("https://hooks.example.com") + line));
        let said = world.run(&["check"]).await;
        assert_eq!(said.code, Some(78), "{said:?}");
        assert!(
            said.out.contains(key) && !said.out.contains("Sh0rtS3cret"),
            "{}",
            said.out
        );
    }
}
