//! Mail servers that refuse: whose a refusal is, and that what waits leaves by itself.

use balancewatch::mail_catcher::{Behaviour, Stage};
use serde_json::{Value, json};

use crate::journey::world::{CLIENTS_TOO, World};

/// More than the longest wait before another try.
const LATER_SECS: i64 = 1_000;

/// States of the messages in a channel, by how many there are.
async fn in_state(world: &World, channel: &str, state: &str) -> usize {
    let rows = world.json(&["notifications", "list", "--state", state]).await;
    let rows = rows.as_array().unwrap();
    rows.iter().filter(|row| row["channel"] == channel).count()
}

/// How many mails arrived about clients: dead letters are told of in mails of their own.
fn about_clients(world: &World) -> usize {
    let mails = world.mails();
    mails.iter().filter(|mail| !mail.text.contains("dead-letter")).count()
}

/// One sweep, whoever must look afterwards.
async fn swept(world: &World) -> Value {
    world.run(&["sweep", "--once", "--output", "json"]).await.json()
}

async fn fallen(clients: u32, refused: Behaviour) -> World {
    let world = World::new(clients).await;
    world.configure(CLIENTS_TOO);
    world.sweep(0).await;
    for id in &world.ids {
        world.balance(id, "5.00");
    }
    world.mail.behave(refused);
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_the_mail_settings_kills_no_message_and_everything_leaves_after_its_repair() {
    let (at, code) = (Stage::Rcpt, 554);
    for text in [
        "5.7.1 <noc@example.com>: Relay access denied",
        "5.1.8 <alerts@example.com>: Sender address rejected: Domain not found",
        "5.7.1 <host>: Helo command rejected: Host not found",
        "5.4.5 Daily sending quota exceeded",
        "go away",
    ] {
        let world = fallen(2, Behaviour::Answer { at, code, text }).await;
        let report = world.sweep(0).await;
        assert_eq!(
            report["notifications"],
            json!({"sent": 0, "deferred": 4, "dead": 0}),
            "{text}"
        );
        let report = world.sweep_later(LATER_SECS).await.report.notifications;
        assert_eq!((report.sent, report.dead), (0, 0), "{text}");
        assert_eq!(in_state(&world, "client", "pending").await, 2, "{text}");
        let status = world.run(&["status"]).await.out;
        assert!(status.contains("does not take messages"), "{status}");
        assert!(status.contains(text.split_once(' ').unwrap().1), "its words: {status}");
        world.mail.behave(Behaviour::Good);
        let report = world.sweep_later(2 * LATER_SECS).await.report.notifications;
        assert_eq!((report.sent, report.deferred, report.dead), (4, 0, 0), "{text}");
        assert_eq!(world.mails().len(), 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_clients_refused_address_holds_up_nobody_and_is_told_as_dead() {
    let refused = Behaviour::Answer {
        at: Stage::Rcpt,
        code: 550,
        text: "no such user",
    };
    let world = fallen(2, Behaviour::Good).await;
    // The first mail to a client is the only one that is refused; which client that is does not matter.
    world.mail.behave_next([refused]);
    let report = swept(&world).await;
    assert_eq!(
        in_state(&world, "client", "dead").await + in_state(&world, "ops", "dead").await,
        1
    );
    assert_eq!(report["notifications"]["deferred"], 0, "{report}");
    assert_eq!(about_clients(&world), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_dead_or_waits_is_tried_again_by_one_command() {
    let (at, code, text) = (Stage::Rcpt, 550, "5.1.1 no such user");
    let world = fallen(2, Behaviour::Answer { at, code, text }).await;
    swept(&world).await;
    assert_eq!(
        (
            in_state(&world, "ops", "dead").await,
            in_state(&world, "client", "dead").await
        ),
        (2, 2)
    );
    world.mail.behave(Behaviour::Good);
    let one: Value = world
        .json(&["notifications", "retry", "--all", "--channel", "ops"])
        .await;
    assert_eq!(one, json!({"messages": 2, "state": "pending"}));
    swept(&world).await;
    assert_eq!(
        (
            in_state(&world, "ops", "dead").await,
            in_state(&world, "client", "dead").await
        ),
        (0, 2)
    );
    let rest = world.json(&["notifications", "retry", "--all"]).await;
    assert_eq!(rest["messages"], 2);
    world.sweep(0).await;
    assert_eq!(about_clients(&world), 4);
    for (arguments, code) in [
        (&["notifications", "retry"][..], 64),
        (&["notifications", "retry", "id", "--all"], 64),
        (&["notifications", "retry", "--channel", "ops"], 64),
        (&["notifications", "retry", "--all", "--channel", "nowhere"], 1),
    ] {
        assert_eq!(world.run(arguments).await.code, Some(code), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_online_asks_for_each_operator_and_sends_no_mail() {
    let world = World::new(1).await;
    let boss = "\n[[channel]]\nname = \"boss\"\ntype = \"email\"\nto = [\"boss@example.com\", \"noc@example.com\"]\n";
    world.configure(boss);
    let good = world.run(&["check", "--online"]).await;
    assert_eq!(good.code, Some(0), "{good:?}");
    for part in ["mail to noc@example.com", "mail to boss@example.com", "would be taken"] {
        assert!(good.out.contains(part), "{}", good.out);
    }
    assert_eq!(good.out.matches("mail to noc@example.com").count(), 1, "{}", good.out);
    let (at, code, text) = (Stage::Rcpt, 554, "5.7.1 Relay access denied");
    world.mail.behave(Behaviour::Answer { at, code, text });
    let bad = world.run(&["check", "--online"]).await;
    assert_eq!(bad.code, Some(1), "{bad:?}");
    assert!(bad.out.contains("Relay access denied"), "{}", bad.out);
    let (at, code, text) = (Stage::MailFrom, 553, "5.7.1 not owned by user alerts");
    world.mail.behave(Behaviour::Answer { at, code, text });
    let bad = world.run(&["check", "--online"]).await;
    assert!(
        bad.out.contains("not owned by user") && bad.out.contains("smtp.from"),
        "{}",
        bad.out
    );
    assert_eq!(world.mails(), []);
}
