//! PagerDuty, Slack and ntfy: each fault of a receiver, a thread from its beginning to its end, and what a check asks.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::receiver::{Act, Receiver};
use crate::journey::world::{World, nothing_new};
use crate::program::Said;

/// More than the first wait after a try that may have arrived.
const MUCH_LATER_SECS: i64 = 3 * 3600;

const NAMES: [&str; 3] = ["chat", "pager", "push"];

const KEY: &str = "0123456789abcdefS3cret0123456789";

/// The three channels at one receiver.
fn channels(url: &str) -> String {
    format!(
        r#"
[[channel]]
name = "pager"
type = "pagerduty"
url = "{url}/v2/enqueue"
routing_key = "{KEY}"

[[channel]]
name = "chat"
type = "slack"
url = "{url}/services/T1/B1/S3cret"

[[channel]]
name = "push"
type = "ntfy"
url = "{url}/"
topic = "alerts"
token = "tk_S3cret"
"#
    )
}

/// What is wrong with a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    Refused,
    UnknownHost,
    ExpiredCertificate,
    Does(Act),
}

/// Per row: what is wrong with the receivers; what the log line says of each; and what becomes of the messages in that sweep.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_receiver_does_nothing_is_lost_and_no_other_channel_waits() {
    let status = |status, headers| Fault::Does(Act::Answer(status, headers, "words"));
    let broke = "the connection broke after the message was sent";
    let rows = [
        (Fault::Refused, "connection refused", "pending"),
        (Fault::UnknownHost, "unknown host", "pending"),
        (Fault::ExpiredCertificate, "the certificate has expired", "pending"),
        (Fault::Does(Act::Silence), "cut off", "pending"),
        (Fault::Does(Act::HangUp), broke, "pending"),
        (status(301, "location: /there\r\n"), "HTTP 301", "pending"),
        (status(401, ""), "HTTP 401", "pending"),
        (status(413, ""), "HTTP 413", "dead"),
        (status(429, "retry-after: 120\r\n"), "HTTP 429", "pending"),
        (status(500, ""), "HTTP 500", "pending"),
        (Fault::Does(Act::Garbage), "the answer is not HTTP", "pending"),
    ];
    join_all(rows.map(|(fault, word, state)| fails_and_recovers(fault, word, state))).await;
}

/// Where nobody listens: at a port that was free a moment ago.
async fn nobody() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

async fn good() -> Receiver {
    let good = Receiver::start().await;
    good.behave(Act::Take);
    good
}

async fn fails_and_recovers(fault: Fault, word: &str, state: &str) {
    let world = World::new(2).await;
    let roots = world.folder.path().join("roots.pem");
    let bad = match &fault {
        Fault::ExpiredCertificate => {
            let (receiver, root) = Receiver::expired().await;
            std::fs::write(&roots, root).unwrap();
            receiver
        }
        _ => Receiver::start().await,
    };
    let bad_url = match &fault {
        Fault::Refused => nobody().await,
        Fault::UnknownHost => "https://nobody.invalid".to_owned(),
        Fault::ExpiredCertificate => format!("https://localhost:{}", bad.address.port()),
        Fault::Does(act) => {
            bad.behave(act.clone());
            bad.url()
        }
    };
    world.configure(&channels(&bad_url));
    nothing_new(&world.sweep(0).await);
    world.balance(&world.ids[0], "5.00");

    let mut command = world.program(&["sweep", "--once", "--output", "json", "--deliver-for", "3s"]);
    if roots.exists() {
        command.env("SSL_CERT_FILE", &roots);
    }
    let sweep = tokio::task::spawn_blocking(move || Said::from(command.output().unwrap()));
    world.wait_for_mails_to("noc@example.com", 1).await;
    if fault == Fault::Does(Act::Silence) {
        assert!(!sweep.is_finished(), "the mail waits for nobody");
    }
    let said = sweep.await.unwrap();
    for name in NAMES {
        let line = said
            .err
            .lines()
            .find(|line| line.contains("could not be delivered") && line.contains(name));
        let line = line.unwrap_or_else(|| panic!("{fault:?}: no line of {name} in {}", said.err));
        assert!(line.contains(word), "{fault:?}: {line}");
    }
    let printed = format!("{}{}", said.out, said.err);
    assert!(!printed.contains("S3cret"), "{fault:?}: {printed}");
    let states = states(&world).await;
    assert_eq!(states["ops"], "delivered", "{fault:?}");
    for name in NAMES {
        assert_eq!(states[name], state, "{fault:?}: {name}");
    }

    let good = good().await;
    world.configure(&channels(&good.url()));
    if state == "dead" {
        let dead = world.json(&["notifications", "list", "--state", "dead"]).await;
        for row in dead.as_array().unwrap() {
            world
                .json(&["notifications", "retry", row["id"].as_str().unwrap()])
                .await;
        }
    }
    world.sweep_later(MUCH_LATER_SECS).await;
    let states = self::states(&world).await;
    for name in NAMES {
        assert_eq!(states[name], "delivered", "{fault:?}: {name}");
    }
    for (path, id) in [("/v2/enqueue", "dedup_key"), ("/", "sequence_id")] {
        let ids = |receiver: &Receiver| -> Vec<Value> {
            let seen = receiver.seen().into_iter();
            seen.filter(|seen| seen.path() == path)
                .map(|seen| seen.json()[id].take())
                .collect()
        };
        let (tried, taken) = (ids(&bad), ids(&good));
        assert!(
            tried.iter().all(|id| taken.contains(id)),
            "{fault:?}: a repeat has its first id: {tried:?} {taken:?}"
        );
    }
}

/// What became of what was owed about the client, by channel.
async fn states(world: &World) -> BTreeMap<String, String> {
    let rows = world.json(&["notifications"]).await;
    let rows = rows.as_array().unwrap().iter();
    let about = rows.filter(|row| row["client"] == world.ids[0].as_str());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    about.map(|row| (text(&row["channel"]), text(&row["state"]))).collect()
}

const THREAD: &str = r#"
[[channel]]
name = "chat"
type = "slack"
url = "{url}/api/"
token = "xoxb-S3cret"
to = ["C0123456789"]

[[channel]]
name = "pager"
type = "pagerduty"
url = "{url}/v2/enqueue"
routing_key = "0123456789abcdefS3cret0123456789"
"#;

/// Every sweep is a process of its own: what Slack called the first message outlives it.
#[tokio::test(flavor = "multi_thread")]
async fn an_episode_is_one_thread_and_one_incident_from_its_beginning_to_its_end() {
    let world = World::new(2).await;
    let receiver = good().await;
    world.configure(&THREAD.replace("{url}", &receiver.url()));
    nothing_new(&world.sweep(0).await);
    world.balance(&world.ids[0], "5.00");
    world.sweep(0).await;
    world.balance(&world.ids[0], "50.00");
    world.sweep(0).await;
    let ended = world.sweep(0).await;
    assert_eq!(ended["alerts"]["resolved"], 1, "{ended}");

    let calls: Vec<(String, Value)> = receiver
        .seen()
        .iter()
        .map(|seen| {
            let is_slack = seen.path().starts_with("/api/");
            assert!(!is_slack || seen.header("authorization") == Some("Bearer xoxb-S3cret"));
            (seen.path().to_owned(), seen.json())
        })
        .collect();
    let to = |path: &str| -> Vec<&Value> {
        let calls = calls.iter().filter(|(called, _)| called.starts_with(path));
        calls.map(|(_, body)| body).collect()
    };
    let methods: Vec<&str> = calls
        .iter()
        .filter_map(|(path, _)| path.strip_prefix("/api/"))
        .collect();
    assert_eq!(methods, ["chat.postMessage", "chat.update", "chat.postMessage"]);
    let slack = to("/api/");
    let first = slack[1]["ts"].as_str().unwrap();
    assert!(first.starts_with("15."), "{first}");
    let title = slack[1]["blocks"][0]["text"]["text"].as_str().unwrap();
    assert!(title.contains('~'), "{title}");
    assert_eq!(slack[2]["thread_ts"], first);

    let events = to("/v2/enqueue");
    let actions: Vec<&Value> = events.iter().map(|event| &event["event_action"]).collect();
    assert_eq!(json!(actions), json!(["trigger", "resolve"]));
    assert_eq!(events[0]["dedup_key"], events[1]["dedup_key"]);
    assert_eq!(events[0]["payload"]["custom_details"]["balance"], "5");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_of_each_channel_whether_it_can_be_reached_and_posts_nothing() {
    let world = World::new(1).await;
    let receiver = good().await;
    world.configure(
        &(channels(&receiver.url())
            + &THREAD
                .replace("{url}", &receiver.url())
                .replace("\"chat\"", "\"talk\"")
                .replace("\"pager\"", "\"pager2\"")),
    );
    let said = world.run(&["check", "--online"]).await;
    said.ended(0).explains(&[
        "channel pager",
        "channel chat",
        "channel push",
        "channel talk",
        "lets us in as U of T",
    ]);
    let seen = receiver.seen();
    let paths: Vec<&str> = seen.iter().map(super::receiver::Seen::path).collect();
    assert_eq!(paths, ["/api/auth.test"]);

    world.configure(&channels(&nobody().await));
    let said = world.run(&["check", "--online"]).await;
    said.ended(1);
    let all = format!("{}{}", said.out, said.err);
    for part in ["channel pager", "channel chat", "channel push", "refused"] {
        assert!(all.contains(part), "{part}: {all}");
    }
    assert!(!all.contains("S3cret"), "{all}");
}
