//! The mirror against Debian's own Alertmanager: whoever is paged by it hears of each episode once, and of its end.

pub mod real;

use std::net::SocketAddr;

use balancewatch::clock::Clock;
use balancewatch::domain::ChannelName;
use balancewatch::net::Network;
use balancewatch::notify::alertmanager::{Mirror, Settings};
use balancewatch::notify::labels::Labelled;
use jiff::SignedDuration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use self::real::Alertmanager;
use crate::journey::world::{World, nothing_new};

/// A reseller whose alerts are mirrored to these peers, swept every second.
async fn world(peers: &[SocketAddr], resend: &str) -> World {
    let world = World::new(3).await;
    configure(&world, peers, resend, "");
    world
}

fn configure(world: &World, peers: &[SocketAddr], resend: &str, more: &str) {
    let urls: Vec<String> = peers.iter().map(|peer| format!("\"http://{peer}\"")).collect();
    let urls = urls.join(", ");
    world.configure(&format!(
        "\n[[channel]]\nname = \"am\"\ntype = \"alertmanager\"\nurls = [{urls}]\nresend = \"{resend}\"\n{more}"
    ));
    world.reconfigure(r#"sweep = "60s""#, r#"sweep = "1s""#);
}

/// Starts the daemon and waits until it has judged everybody once, so that what follows is news.
macro_rules! watching {
    ($world:expr) => {{
        nothing_new(&$world.sweep(0).await);
        $world.daemon()
    }};
}

/// An address of loopback where nobody listens.
async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_episode_is_told_once_whoever_is_restarted_and_so_is_its_end() {
    let Some(mut alertmanager) = Alertmanager::start().await else {
        return;
    };
    let world = world(&[alertmanager.door], "5s").await;
    let mut daemon = watching!(world);
    let low = world.ids[0].clone();
    world.balance(&low, "9.99");
    alertmanager.receiver.wait_until_told(&low, &["firing"]).await;
    let shown = alertmanager.wait_for_alerts(1).await.remove(0);
    assert_eq!(
        shown["labels"],
        serde_json::json!({"alertname": "low-balance", "account": "main", "client": low, "severity": "warning"})
    );
    let annotations = &shown["annotations"];
    assert_eq!(
        (&annotations["balance"], &annotations["threshold"]),
        (&"9.99".into(), &"10.00".into())
    );
    assert!(
        annotations["summary"].as_str().unwrap().contains("9.99 USD left"),
        "{annotations}"
    );
    let read_at: jiff::Timestamp = annotations["read_at"].as_str().unwrap().parse().unwrap();
    let begun: jiff::Timestamp = shown["startsAt"].as_str().unwrap().parse().unwrap();
    assert!(
        read_at.duration_since(begun).abs() < SignedDuration::from_secs(120),
        "{shown}"
    );

    alertmanager.restart().await;
    alertmanager.wait_for_alerts(1).await;
    daemon.signal("KILL");
    daemon.end().await;
    let again = world.daemon();
    // What is news after the restart: by then the old alert was posted, too.
    world.balance(&world.ids[1], "9.99");
    alertmanager.receiver.wait_until_told(&world.ids[1], &["firing"]).await;
    assert_eq!(
        alertmanager.receiver.told_of(&low),
        ["firing"],
        "{}",
        world.daemon_log()
    );

    world.simulator.deposit(&low, "50").unwrap();
    alertmanager
        .receiver
        .wait_until_told(&low, &["firing", "resolved"])
        .await;
    assert_eq!(alertmanager.receiver.told_of(&world.ids[1]), ["firing"]);
    drop(again);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_withdrawn_ends_there_too() {
    let Some(alertmanager) = Alertmanager::start().await else {
        return;
    };
    let world = world(&[alertmanager.door], "1h").await;
    let mut daemon = watching!(world);
    let low = world.ids[0].clone();
    world.balance(&low, "9.99");
    alertmanager.receiver.wait_until_told(&low, &["firing"]).await;
    daemon.signal("TERM");
    daemon.end().await;
    let excluded = format!("[[policy]]\nname = \"low-balance\"\nclients = {{ exclude = [\"{low}\"] }}\n");
    configure(&world, &[alertmanager.door], "1h", &excluded);
    let _again = world.daemon();
    alertmanager
        .receiver
        .wait_until_told(&low, &["firing", "resolved"])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_daemon_that_is_gone_had_posted_ends_by_itself() {
    let Some(alertmanager) = Alertmanager::start().await else {
        return;
    };
    let world = world(&[alertmanager.door], "1s").await;
    let daemon = watching!(world);
    let low = world.ids[0].clone();
    world.balance(&low, "9.99");
    alertmanager.receiver.wait_until_told(&low, &["firing"]).await;
    daemon.signal("KILL");
    alertmanager
        .receiver
        .wait_until_told(&low, &["firing", "resolved"])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_is_down_or_silent_delays_no_other_and_is_told_of_once() {
    let Some(alertmanager) = Alertmanager::start().await else {
        return;
    };
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (down, mute) = (nobody().await, silent.local_addr().unwrap());
    let world = world(&[down, mute, alertmanager.door], "1s").await;
    // One that ends waits for a peer no longer than for anybody.
    let said = world.run(&["sweep", "--once", "--deliver-for", "1s"]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    for (peer, why) in [(down, "connection refused"), (mute, "no answer in time")] {
        let told = |line: &&str| line.contains("was not told") && line.contains(&peer.to_string());
        let line = said.err.lines().find(told).unwrap();
        assert!(line.contains(why), "{line}");
    }
    let mut daemon = world.daemon();
    world.balance(&world.ids[0], "9.99");
    alertmanager.receiver.wait_until_told(&world.ids[0], &["firing"]).await;
    // Some rounds later: the one that is down was tried again meanwhile.
    world.simulator.deposit(&world.ids[0], "50").unwrap();
    alertmanager
        .receiver
        .wait_until_told(&world.ids[0], &["firing", "resolved"])
        .await;
    daemon.signal("TERM");
    assert_eq!(daemon.end().await.0, Some(0));
    let log = world.daemon_log();
    let warned: Vec<&str> = log.lines().filter(|line| line.contains("cannot be told")).collect();
    assert_eq!(warned.len(), 1, "{log}");
    assert!(
        warned[0].contains(&down.to_string()) && warned[0].contains("connection refused"),
        "{}",
        warned[0]
    );
    assert!(!log.contains("alertmanager "), "one peer is enough: {log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_no_peer_is_reached_the_other_channels_hear_of_it() {
    let down = nobody().await;
    let world = world(&[down], "1s").await;
    let daemon = watching!(world);
    let mails = world.wait_for_mails_to("noc@example.com", 1).await;
    mails[0].says(&[
        "no Alertmanager of channel `am` knows what fires",
        "Connection refused",
        "check --online",
    ]);
    // It comes, by the same address.
    let listener = TcpListener::bind(down).await.unwrap();
    tokio::spawn(async move {
        // Kept open: one that is closed with a request unread is reset, and the answer lost with it.
        let mut kept = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            // An answer that is there before its request is none.
            stream.read_u8().await.ok();
            stream.write_all(answer).await.ok();
            kept.push(stream);
        }
    });
    let mails = world.wait_for_mails_to("noc@example.com", 2).await;
    mails[1].says(&["RESOLVED", "Alertmanager knows again what fires"]);
    drop(daemon);
    let log = world.daemon_log();
    assert_eq!(log.matches("ERROR").count(), 1, "{log}");
    assert_eq!(log.matches("knows again what fires").count(), 1, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_by_cron_tells_it_once_and_holds_until_the_next_ones() {
    let Some(alertmanager) = Alertmanager::start().await else {
        return;
    };
    let world = world(&[alertmanager.door], "1s").await;
    world.reconfigure(r#"sweep = "1s""#, r#"sweep = "10m""#);
    nothing_new(&world.sweep(0).await);
    world.balance(&world.ids[0], "9.99");
    world.sweep(0).await;
    alertmanager.receiver.wait_until_told(&world.ids[0], &["firing"]).await;
    let shown = alertmanager.wait_for_alerts(1).await.remove(0);
    let ends: jiff::Timestamp = shown["endsAt"].as_str().unwrap().parse().unwrap();
    let holds = ends.duration_since(Clock::real().now());
    assert!((25..=30).contains(&holds.as_mins()), "{holds:#}");
    world.simulator.deposit(&world.ids[0], "50").unwrap();
    world.sweep(0).await;
    world.sweep(0).await;
    alertmanager
        .receiver
        .wait_until_told(&world.ids[0], &["firing", "resolved"])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_and_tests_ask_each_peer() {
    let Some(alertmanager) = Alertmanager::start().await else {
        return;
    };
    let (good, down) = (alertmanager.door, nobody().await);
    let world = world(&[good, down], "1m").await;
    let tried = world.run(&["check", "--online", "--output", "json"]).await;
    tried.ended(1);
    let tried = tried.json().to_string();
    assert!(tried.contains(&format!("`{good}` takes alerts")), "{tried}");
    assert!(
        tried.contains(&format!("no connection was made to `{down}`")),
        "{tried}"
    );
    assert_eq!(alertmanager.alerts().await.len(), 0);

    let said = world.run(&["test-notify", "am"]).await;
    said.ended(1);
    assert!(
        said.err.contains(&down.to_string()) && said.out.contains("taken"),
        "{said:?}"
    );
    let shown = alertmanager.wait_for_alerts(1).await.remove(0);
    assert!(
        shown["annotations"]["summary"]
            .as_str()
            .unwrap()
            .contains("this is a test"),
        "{shown}"
    );
    configure(&world, &[good], "1m", "");
    world.run(&["test-notify", "am"]).await.ended(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_at_once_arrive_and_end() {
    let Some(alertmanager) = Alertmanager::start().await else {
        return;
    };
    let settings = Settings {
        channel: ChannelName::new("am").unwrap(),
        urls: vec![format!("http://{}/", alertmanager.door)],
        authorization: None,
        resend: SignedDuration::from_secs(60),
    };
    let clock = Clock::real();
    let mirror = Mirror::new(&settings, &Network::load(), &clock).unwrap();
    let now = clock.now();
    let alert = |client: u32| Labelled {
        labels: [("alertname", "low-balance".to_owned()), ("client", client.to_string())].into(),
        annotations: [("description", "x".repeat(1_000))].into(),
        page: String::new(),
    };
    mirror.show((0..5_000).map(|client| (alert(client), now)).collect(), true);
    let kept = async {
        alertmanager.wait_for_alerts(5_000).await;
        mirror.show(vec![(alert(7), now)], false);
        alertmanager.wait_for_alerts(1).await;
    };
    tokio::select! {
        () = kept => {}
        () = mirror.run() => {}
    }
    assert_eq!(mirror.verdict(), Some(Ok(())));
}
