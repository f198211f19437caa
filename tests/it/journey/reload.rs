//! The configuration is read anew while the program works: what changes, what does not, and that nothing is lost meanwhile.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::enforcement::enforcing;
use super::world::{API_PASSWORD, CLIENTS_TOO, World, within};
use crate::web::{Listener, answer};

/// How often it is reloaded under load.
const MANY: usize = 1_000;

impl World {
    fn logged(&self, what: &str) -> usize {
        self.daemon_log().matches(what).count()
    }

    async fn until_logged(&self, what: &str, times: usize) {
        self.until(what, |world| world.logged(what) >= times).await;
    }
}

const EVERY_SECOND: &str = "\n[[policy]]\nname = 'plenty'\nwhen = { balance_below = '200' }\n";

fn every_second(world: &World) {
    world.reconfigure(r#"sweep = "60s""#, r#"sweep = "1s""#);
}

async fn firing(world: &World) -> Vec<String> {
    let alerts = world.json(&["alerts"]).await;
    let alerts = alerts.as_array().unwrap().iter();
    alerts
        .map(|alert| alert["policy"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_channels_and_passwords_count_without_a_restart_and_a_mistake_changes_nothing() {
    let world = World::new(2).await;
    let daemon = world.daemon();
    world.until_logged("sweep done", 1).await;

    // A policy more, a schedule that is no mark away, and texts to clients.
    world.configure(&format!("{EVERY_SECOND}{CLIENTS_TOO}"));
    every_second(&world);
    daemon.signal("HUP");
    world.until_logged("the configuration was reloaded", 1).await;
    world.wait_for_mails_to("noc@example.com", 1).await;
    assert_eq!(firing(&world).await, ["plenty", "plenty"]);

    // Two mistakes: both are named, and it goes on as before.
    let good = std::fs::read(world.config_path()).unwrap();
    world.reconfigure("balance_below = '200'", "balance_below = 'many'");
    world.reconfigure("notify_clients = true", "notify_clients = 3");
    daemon.signal("HUP");
    world.until_logged("the new configuration is refused", 2).await;
    let log = world.daemon_log();
    assert!(
        log.contains("policy.plenty.when") && log.contains("alerts.notify_clients"),
        "{log}"
    );
    let sweeps = world.logged("sweep done");
    world.until_logged("sweep done", sweeps + 2).await;
    // For the command that looks, which reads the file itself.
    std::fs::write(world.config_path(), good).unwrap();
    assert_eq!(firing(&world).await, ["plenty", "plenty"]);

    // The policy is gone: what it raised is withdrawn at the next sweep. What cannot change under way is named.
    world.configure("\n[web]\nlisten = '127.0.0.1:1'\n");
    every_second(&world);
    world.reconfigure("state.db", "elsewhere.db");
    daemon.signal("HUP");
    world.until_logged("the configuration was reloaded", 2).await;
    let log = world.daemon_log();
    assert!(log.contains("needs_restart=\"store.url\""), "{log}");
    world.configure("");
    every_second(&world);
    let mut left = vec![String::new()];
    while !left.is_empty() {
        left = firing(&world).await;
    }

    // A wrong password, and then the right one: the next sweep is not far.
    world.reconfigure(API_PASSWORD, "Another-S3cret");
    daemon.signal("HUP");
    world.until_logged("the account could not be asked", 1).await;
    world.reconfigure("Another-S3cret", API_PASSWORD);
    let sweeps = world.logged("sweep done");
    daemon.signal("HUP");
    world.until_logged("sweep done", sweeps + 1).await;
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stdout, reason = "how long reloads take is told")]
async fn a_thousand_reloads_under_load_lose_no_sweep_mail_or_change() {
    let world = World::new(100).await;
    world.configure(&enforcing("apply", "max_per_sweep = 10\nmax_per_day = 50"));
    every_second(&world);
    let listener = Listener::of(world, |_| {}).await.ready().await;
    let (world, token) = (&listener.world, listener.token());
    let overdrawn = &world.ids[..8];
    let reload = || answer(listener.ask("POST", "/-/reload").bearer_auth(&token));
    let (mut took, mut sweeps) = (Vec::new(), world.logged("sweep done"));
    let clock = balancewatch::clock::Clock::real();
    let began = clock.monotonic();
    let mut rates = ["10000000", "9999999"].into_iter().cycle();
    for number in 0..MANY {
        if number % 100 == 0
            && let Some(id) = overdrawn.get(number / 100)
        {
            world.balance(id, "-3.00");
        }
        // A password anew and another rate now and then: then there is another API client, too.
        if number % 10 == 0 {
            let text = std::fs::read_to_string(world.config_path()).unwrap();
            let rate = rates.next().unwrap();
            let text = text.replace("10000000", rate).replace("9999999", rate);
            std::fs::write(world.config_path(), text + "\n").unwrap();
        }
        let at = clock.monotonic();
        let mut answer = reload().await;
        while answer.status == 429 {
            answer = reload().await;
        }
        took.push(clock.monotonic() - at);
        assert_eq!(answer.is(200).json(), json!([]));
    }
    let seconds = (clock.monotonic() - began).as_secs();
    took.sort_unstable();
    println!(
        "{MANY} reloads in {seconds} s: median {:?}, 99 % {:?}",
        took[MANY / 2],
        took[MANY * 99 / 100]
    );
    sweeps = world.logged("sweep done") - sweeps;
    assert!(sweeps as u64 * 3 > seconds, "{sweeps} sweeps in {seconds} s");

    let is_hard = |id: &String| world.simulator.client(id).unwrap()["management"] == "hard";
    world.until("all changes", |_| overdrawn.iter().all(is_hard)).await;
    let told = |world: &World| {
        let subjects = world.to_ops().into_iter().map(|mail| mail.subject);
        subjects.filter(|subject| subject.starts_with("CHANGED")).count()
    };
    world.until("all mails", |world| told(world) >= overdrawn.len()).await;
    assert_eq!(
        (told(world), world.calls("setClient")),
        (overdrawn.len(), overdrawn.len() as u64)
    );
    let ids: Vec<String> = world.to_ops().into_iter().map(|mail| mail.id).collect();
    let once: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(ids.len(), once.len(), "no mail left twice");
    let notices = world.json(&["notifications", "list", "--limit", "1000"]).await;
    let is_delivered = |notice: &Value| notice["state"] == "delivered";
    assert!(notices.as_array().unwrap().iter().all(is_delivered), "{notices}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_reloads_at_once_are_one_after_the_other_and_who_asks_hears_what_is_wrong() {
    let listener = Listener::new(1, "").await;
    let reload = || answer(listener.ask("POST", "/-/reload").bearer_auth(listener.token()));
    let both = within("both", async { tokio::join!(reload(), reload()) }).await;
    both.0.is(200);
    both.1.is(200);
    answer(listener.ask("POST", "/-/reload")).await.is(401);
    listener
        .world
        .configure("\n[schedule2]\nx = 1\n[alerts]\nclient_mails_per_hour = 'x'\n");
    let refused = reload().await;
    let error = refused.is(422).json()["error"].as_str().unwrap().to_owned();
    assert!(
        error.contains("schedule2") && error.contains("client_mails_per_hour"),
        "{error}"
    );
}
