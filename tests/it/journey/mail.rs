//! The mail server is down, stalls or refuses: nothing is lost, and what can never arrive is told.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use balancewatch::mail_catcher::{Behaviour, MailCatcher, Options, Stage};
use futures_util::future::join_all;
use serde_json::json;

use super::world::{World, address_of, nothing_new, numbers};

/// More than the first wait before another try.
const LATER_SECS: i64 = 60;

/// Clients are told, each fallen one in two mails.
const BOTH: &str = "\n[alerts]\nnotify_clients = true\n";

#[tokio::test(flavor = "multi_thread")]
async fn what_a_mail_server_fails_to_take_waits_and_arrives_later_once() {
    let answer = |at, code, text| Behaviour::Answer { at, code, text };
    let behaviours = [
        answer(Stage::Greeting, 421, "busy"),
        answer(Stage::Auth, 535, "wrong"),
        answer(Stage::MailFrom, 451, "later"),
        answer(Stage::Rcpt, 450, "greylisted"),
        answer(Stage::Content, 452, "full"),
        Behaviour::Stall(Stage::Greeting),
        Behaviour::Stall(Stage::Rcpt),
        Behaviour::HangUp(Stage::Ehlo),
        Behaviour::HangUp(Stage::Data),
    ];
    join_all(behaviours.map(waits_and_arrives)).await;
}

async fn waits_and_arrives(behaviour: Behaviour) {
    let world = World::new(3).await;
    world.configure(BOTH);
    nothing_new(&world.sweep(0).await);
    world.balance(&world.ids[0], "5.00");
    world.mail.behave(behaviour.clone());
    let report = world.sweep(0).await;
    assert_eq!(numbers(&report, "alerts"), [1, 0, 0], "{behaviour:?}: {report}");
    assert_eq!(
        report["notifications"],
        json!({"sent": 0, "deferred": 2, "dead": 0}),
        "{behaviour:?}"
    );
    assert_eq!(world.mails(), [], "{behaviour:?}");
    world.mail.behave(Behaviour::Good);
    let sent = world.sweep_later(LATER_SECS).await.report.notifications;
    assert_eq!((sent.sent, sent.deferred, sent.dead), (2, 0, 0), "{behaviour:?}");
    assert_eq!(world.to_ops().len(), 1, "{behaviour:?}");
    assert_eq!(world.mails_to(&address_of(&world.ids[0])).len(), 1, "{behaviour:?}");
    assert_eq!(world.sweep_later(2 * LATER_SECS).await.report.notifications.sent, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reply_is_tried_again_under_the_same_id() {
    let world = World::new(2).await;
    nothing_new(&world.sweep(0).await);
    world.balance(&world.ids[0], "5.00");
    world.mail.behave_next([Behaviour::HangUp(Stage::Content)]);
    world.sweep(0).await;
    world.sweep_later(LATER_SECS).await;
    assert_eq!(world.mails().len(), 1, "it may have arrived: not so soon");
    world.sweep_later(3 * 3600).await;
    let mails = world.mails();
    assert_eq!(mails.len(), 2, "the server took it twice: {mails:?}");
    assert_eq!(mails[0].id, mails[1].id, "a mail program shows it once");
}

#[tokio::test(flavor = "multi_thread")]
async fn once_a_connect_failed_the_other_messages_of_the_run_are_not_tried() {
    let world = World::new(4).await;
    nothing_new(&world.sweep(0).await);
    for id in &world.ids[..2] {
        world.balance(id, "5.00");
    }
    // A port that was free a moment ago, and that nobody listens at.
    let gone: SocketAddr = MailCatcher::start(Options::default()).await.unwrap().address();
    world.configure_mail(gone, BOTH);
    let report = world.sweep(0).await;
    assert_eq!(report["notifications"], json!({"sent": 0, "deferred": 4, "dead": 0}));
    let mut tried = BTreeMap::new();
    for row in world.json(&["notifications"]).await.as_array().unwrap() {
        let shown = world
            .json(&["notifications", "show", row["id"].as_str().unwrap()])
            .await;
        *tried.entry(row["channel"].to_string()).or_insert(0) += shown["attempts"].as_array().unwrap().len();
    }
    assert_eq!(
        tried,
        BTreeMap::from([("\"client\"".to_owned(), 1), ("\"ops\"".to_owned(), 1)])
    );
    world.configure(BOTH);
    let sent = world.sweep_later(LATER_SECS).await.report.notifications;
    assert_eq!((sent.sent, sent.deferred, sent.dead), (4, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_can_never_arrive_is_told_through_another_channel_or_by_the_exit_code() {
    for (second, code, dead_alerts) in [("", 1, 0), (SECOND_CHANNEL, 0, 1)] {
        let world = World::new(2).await;
        world.configure(second);
        nothing_new(&world.sweep(0).await);
        world.balance(&world.ids[0], "5.00");
        world.mail.behave_next([Behaviour::Answer {
            at: Stage::Rcpt,
            code: 550,
            text: "5.1.1 no such user",
        }]);
        let report = world.sweep(code).await;
        assert_eq!(report["notifications"]["dead"], 1, "{report}");
        let dead = world.json(&["notifications", "list", "--state", "dead"]).await;
        assert_eq!(dead.as_array().unwrap().len(), 1, "{dead}");
        assert!(dead[0]["why"].as_str().unwrap().contains("no such user"), "{dead}");
        let mails = world.mails();
        let told = mails
            .iter()
            .filter(|mail| mail.subject.contains("dead-letter") || mail.text.contains("dead-letter"));
        assert_eq!(told.count(), dead_alerts, "{mails:#?}");
        world.sweep(code).await;
        let id = dead[0]["id"].as_str().unwrap();
        assert_eq!(world.json(&["notifications", "retry", id]).await["state"], "pending");
        let again = world.sweep(0).await;
        assert!(
            again["notifications"]["sent"].as_u64() >= Some(1),
            "a person tried it again: {again}"
        );
        let dead = world.json(&["notifications", "list", "--state", "dead"]).await;
        assert_eq!(dead, json!([]));
        assert_eq!(world.json(&["notifications", "show", id]).await["state"], "delivered");
    }
}

const SECOND_CHANNEL: &str = r#"
[[channel]]
name = "second"
type = "email"
to = ["second@example.com"]
"#;
