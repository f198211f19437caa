//! The dead-man's switch hears of every sweep, and no sweep waits for it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use balancewatch::clock::Clock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::journey::world::{API_PASSWORD, World};

/// A switch that answers every request in the same way, or none.
struct Switch {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Switch {
    async fn answering(status: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let kept = Arc::clone(&heard);
        tokio::spawn(async move {
            let mut silent = Vec::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut bytes = vec![0; 4_096];
                let length = stream.read(&mut bytes).await.unwrap_or(0);
                let head = String::from_utf8_lossy(&bytes[..length]).into_owned();
                // A connection that was only tried is no beat.
                if let Some(line) = head.lines().next() {
                    kept.lock().unwrap().push(line.trim_end_matches(" HTTP/1.1").to_owned());
                }
                match status {
                    Some(status) => {
                        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
                        stream.write_all(answer.as_bytes()).await.ok();
                    }
                    None => silent.push(stream),
                }
            }
        });
        Self { address, heard }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// What it heard since it was last asked, which must be this.
    #[track_caller]
    fn heard_just(&self, expected: &[&str]) {
        let heard = std::mem::take(&mut *self.heard.lock().unwrap());
        assert_eq!(heard, expected);
    }
}

async fn world(switch: &Switch, more: &str) -> World {
    let world = World::new(3).await;
    configure(&world, switch, more);
    world
}

fn configure(world: &World, switch: &Switch, more: &str) {
    let url = format!("http://{}/S3cret?rid=7", switch.address);
    world.configure(&format!("\n[heartbeat]\nurl = \"{url}\"\n{more}"));
}

const START: &str = "GET /S3cret/start?rid=7";
const GOOD: &str = "GET /S3cret?rid=7";
const FAILED: &str = "GET /S3cret/fail?rid=7";

#[tokio::test(flavor = "multi_thread")]
async fn it_hears_how_each_sweep_by_cron_ended() {
    let switch = Switch::answering(Some("200 OK")).await;
    let world = world(&switch, "").await;
    world.sweep(0).await;
    switch.heard_just(&[START, GOOD]);
    // A client that cannot be read is no failure of the sweep, and neither is an alert.
    world.balance(&world.ids[0], "5.00");
    world.simulator.set_fault("html-503@clients", "0.3").unwrap();
    world.sweep(0).await;
    switch.heard_just(&[START, GOOD]);
    world.fault("html-503@clients", "0");
    world.reconfigure(API_PASSWORD, "wrong");
    world.sweep(1).await;
    switch.heard_just(&[START, FAILED]);
    world.reconfigure("\"wrong\"", &format!("\"{API_PASSWORD}\""));
    // A connection is tried, and it hears nothing.
    let said = world.run(&["check", "--online", "--output", "json"]).await;
    let tried = said.json();
    let beat = tried
        .as_array()
        .unwrap()
        .iter()
        .find(|tried| tried["what"] == "heartbeat");
    assert_eq!(beat.unwrap()["ok"], true, "{tried}");
    assert!(!said.out.contains("S3cret"), "{}", said.out);
    switch.heard_just(&[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_that_nobody_can_be_told_of_is_a_failure() {
    let switch = Switch::answering(Some("200 OK")).await;
    let world = world(&switch, "").await;
    world.sweep(0).await;
    switch.heard_just(&[START, GOOD]);
    world.mail.behave(balancewatch::mail_catcher::Behaviour::Refuse {
        to: "noc@example.com",
        code: 550,
        text: "5.1.1 no such user",
    });
    world.balance(&world.ids[0], "5.00");
    world.sweep(1).await;
    switch.heard_just(&[START, FAILED]);
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_one_round_that_fails_when_one_does() {
    let switch = Switch::answering(Some("200 OK")).await;
    let world = world(&switch, "").await;
    let second = format!(
        "\n[[account]]\nname = \"second\"\nurl = \"{}\"\nusername = \"nobody@example.com\"\npassword = \"wrong\"\n",
        world.url
    );
    configure(&world, &switch, &second);
    world.sweep(1).await;
    switch.heard_just(&[START, FAILED]);
    let daemon = world.daemon();
    world.until("both swept", |_| switch.heard().len() >= 2).await;
    switch.heard_just(&[START, FAILED]);
    drop(daemon);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_hears_of_every_sweep_of_the_daemon() {
    let switch = Switch::answering(Some("200 OK")).await;
    let world = world(&switch, "").await;
    world.reconfigure(r#"sweep = "60s""#, r#"sweep = "1s""#);
    let mut daemon = world.daemon();
    world.until("two sweeps", |_| switch.heard().len() >= 4).await;
    assert_eq!(switch.heard()[..4], [START, GOOD, START, GOOD]);
    daemon.signal("TERM");
    assert_eq!(daemon.end().await.0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_fails_or_is_silent_delays_no_sweep_and_is_one_warning() {
    for (name, status, cause) in [
        ("an error", Some("500 Internal Server Error"), "HTTP 500"),
        ("a redirect", Some("302 Found"), "HTTP 302"),
        ("silence", None, "no answer in time"),
    ] {
        let switch = Switch::answering(status).await;
        let world = world(&switch, "").await;
        world.reconfigure(r#"sweep = "60s""#, r#"sweep = "1s""#);
        let clock = Clock::real();
        let mut daemon = world.daemon();
        let sweeps = |world: &World| world.calls("getBalance");
        world.until("sweeps", |world| sweeps(world) >= 5).await;
        assert!(
            clock.monotonic() < Duration::from_secs(20),
            "{name}: {:?}",
            clock.monotonic()
        );
        world
            .until("a warning", |world| {
                world.daemon_log().contains("the heartbeat did not arrive")
            })
            .await;
        world.balance(&world.ids[0], "5.00");
        let mails = world.wait_for_mails_to("noc@example.com", 1).await;
        assert!(
            mails[0].subject.contains("5.00"),
            "{name}: never an alert of its own: {mails:?}"
        );
        daemon.signal("TERM");
        let (code, _) = daemon.end().await;
        let log = world.daemon_log();
        assert_eq!(code, Some(0), "{log}");
        let warned: Vec<&str> = log.lines().filter(|line| line.contains("heartbeat")).collect();
        assert_eq!(warned.len(), 1, "{name}: {log}");
        assert!(
            warned[0].contains("WARN") && warned[0].contains(cause),
            "{name}: {}",
            warned[0]
        );
        assert!(!log.contains("S3cret"), "{name}: {log}");
    }
}
