//! The faults that every channel over HTTP meets, and what they must not cost. Knows no kind of channel.

use std::time::Duration;

use balancewatch::mail_catcher::{MailCatcher, Options};
use futures_util::StreamExt;
use futures_util::stream::iter;

use super::receiver::{Act, GOOD, Receiver};
use crate::journey::world::{World, nothing_new, within};
use crate::program::Said;

/// Worlds side by side: each is three programs one after the other.
const AT_ONCE: usize = 3;

/// More than a channel is left alone after a failure.
const LATER_SECS: i64 = 120;

/// More than a message waits of which nobody knows whether it arrived.
const MUCH_LATER_SECS: i64 = 3 * 3600;

/// What goes wrong, with what the log says of it.
#[derive(Clone, Debug)]
enum Fault {
    Receives(Act),
    Refuses,
    UnknownHost,
    Expired,
}

/// A channel called `hook` at the address of its receiver, as it stands in the configuration.
pub type Configured = fn(&str) -> String;

/// Every fault: the message waits (or is dead, where the receiver does not want it, and that is told), the log says why,
/// the mail to the operators goes out all the same, and when the receiver is well again it gets what it missed.
pub async fn cost_nothing(configured: Configured) {
    let answers = |status, headers| Fault::Receives(Act::Answer(status, headers, "words from outside"));
    let faults = [
        (Fault::Refuses, "connection refused", LATER_SECS),
        (Fault::UnknownHost, "unknown host", LATER_SECS),
        (Fault::Expired, "the certificate has expired", LATER_SECS),
        (
            Fault::Receives(Act::HangUp),
            "broke after the message was sent",
            MUCH_LATER_SECS,
        ),
        (
            answers(301, "location: http://127.0.0.1:1/\r\n"),
            "HTTP 301",
            LATER_SECS,
        ),
        (answers(401, ""), "HTTP 401", LATER_SECS),
        (answers(413, ""), "HTTP 413", LATER_SECS),
        (answers(429, "retry-after: 60\r\n"), "HTTP 429", LATER_SECS),
        (answers(500, ""), "HTTP 500", LATER_SECS),
        (Fault::Receives(Act::Garbage), "the answer is not HTTP", LATER_SECS),
    ];
    let cases = faults.map(|(fault, word, later_secs)| costs_nothing(configured, fault, word, later_secs));
    iter(cases).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}

async fn costs_nothing(configured: Configured, fault: Fault, word: &str, later_secs: i64) {
    let world = World::new(2).await;
    let receiver = Receiver::start().await;
    world.configure(&configured(&receiver.url()));
    nothing_new(&world.sweep(0).await);
    world.balance(&world.ids[0], "5.00");
    let said = swept_with(&world, &receiver, &fault).await;
    assert_eq!(said.code, Some(0), "{fault:?}: {said:?}");
    assert!(said.err.contains(word), "`{word}` for {fault:?}: {}", said.err);
    assert!(!said.err.contains("words from outside"), "{}", said.err);
    let is_unwanted = word == "HTTP 413";
    assert!(!world.to_ops().is_empty(), "{fault:?}: the other channel was told");
    let state = if is_unwanted { "dead" } else { "pending" };
    let waiting = world.json(&["notifications", "list", "--state", state]).await;
    assert_eq!(waiting.as_array().unwrap().len(), 1, "{fault:?}: {waiting}");
    receiver.behave(GOOD);
    world.configure(&configured(&receiver.url()));
    let before = receiver.seen();
    world.sweep_later(later_secs).await;
    let seen = receiver.seen();
    let gained = seen.len() - before.len();
    assert_eq!(gained, usize::from(!is_unwanted), "{fault:?}");
    if is_unwanted {
        let told = world
            .to_ops()
            .iter()
            .any(|mail| mail.subject.contains("never arrive") || mail.text.contains("dead-letter"));
        assert!(told, "a dead letter is told elsewhere");
    }
}

/// One sweep while something is wrong.
async fn swept_with(world: &World, receiver: &Receiver, fault: &Fault) -> Said {
    let arguments = ["sweep", "--once", "--output", "json"];
    let elsewhere = |url: &str| world.reconfigure(&receiver.url(), url);
    match fault {
        Fault::Receives(act) => receiver.behave(act.clone()),
        Fault::Refuses => {
            // A port that was free a moment ago, and that nobody listens at.
            let gone = MailCatcher::start(Options::default()).await.unwrap().address();
            elsewhere(&format!("http://{gone}"));
        }
        // The name of no host: no label may be so long.
        Fault::UnknownHost => elsewhere(&format!("https://{}.example", "x".repeat(64))),
        Fault::Expired => {
            let (expired, root) = Receiver::expired().await;
            elsewhere(&format!("https://localhost:{}", expired.address.port()));
            let path = world.folder.path().join("root.pem");
            std::fs::write(&path, root).unwrap();
            let mut command = world.program(&arguments);
            command.env("SSL_CERT_FILE", path);
            let ended = tokio::task::spawn_blocking(move || command.output().unwrap());
            let said = within("the program's end", ended).await.unwrap().into();
            assert_eq!(
                expired.seen().len(),
                0,
                "nothing is said over a connection that is not trusted"
            );
            return said;
        }
    }
    world.run(&arguments).await
}

/// A receiver that takes a request and says nothing holds up nobody else, and is told off after the deadline.
pub async fn silence_delays_nobody(configured: Configured) {
    let world = World::new(2).await;
    let receiver = Receiver::start().await;
    world.configure(&configured(&receiver.url()));
    nothing_new(&world.sweep(0).await);
    world.balance(&world.ids[0], "5.00");
    receiver.behave(Act::Silence);
    let sweeping = world.run(&["sweep", "--once", "--deliver-for", "50s"]);
    let meanwhile = async {
        world.wait_for_mails_to("noc@example.com", 1).await;
        world.until("the request", |_| !receiver.seen().is_empty()).await;
        // The mail is there, and the request is not answered yet.
        receiver.behave(GOOD);
    };
    let (said, ()) = tokio::join!(sweeping, meanwhile);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(receiver.seen().len(), 1);

    world.balance(&world.ids[1], "5.00");
    receiver.behave(Act::Silence);
    let once = world.sweep_later_within(60, Some(Duration::from_millis(500))).await;
    assert_eq!(once.report.notifications.deferred, 1, "{:?}", once.report);
    assert_eq!(world.to_ops().len(), 2);
    let waiting = world.json(&["notifications", "list", "--state", "pending"]).await;
    let id = waiting[0]["id"].as_str().unwrap();
    let shown = world.json(&["notifications", "show", id]).await;
    assert!(shown["attempts"].to_string().contains("no complete answer"), "{shown}");
}
