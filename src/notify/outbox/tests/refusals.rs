//! Whose a refusal is, seen over the recipients of a pass.

use super::*;

const BARE: &str = "550 no such user";

/// Refuses whoever's address begins so.
fn refusing(to: &'static str, reply: &'static str) -> Behaviour {
    let (code, text) = reply.split_once(' ').unwrap();
    let code = code.parse().unwrap();
    Behaviour::Refuse { to, code, text }
}

fn recipients(bench: &Bench, names: &[&str]) {
    for (number, name) in (561_100..).zip(names) {
        bench
            .shelf
            .put(owed(number, fired(), "client", &format!("{name}@example.com")));
    }
}

fn labels(bench: &Bench) -> Vec<&'static str> {
    bench.shelf.states().iter().map(NoticeState::label).collect()
}

#[tokio::test]
async fn a_bare_550_is_the_recipients_own_when_another_is_taken_wherever_it_stands() {
    for names in [["gone", "b", "c"], ["a", "gone", "c"], ["a", "b", "gone"]] {
        let mut bench = Bench::new().await;
        recipients(&bench, &names);
        bench.catcher.behave(refusing("gone@", BARE));
        let drained = bench.drain().await;
        assert_eq!((drained.sent, drained.dead, drained.deferred), (2, 1, 0), "{names:?}");
        let states = bench.shelf.states();
        let dead: Vec<_> = states.iter().filter_map(NoticeState::why).collect();
        assert!(dead.len() == 1 && dead[0].contains(BARE), "{states:?}");
        let refused = bench
            .shelf
            .attempts()
            .into_iter()
            .filter(|attempt| attempt.outcome == AttemptOutcome::Refused);
        assert_eq!(refused.count(), 1);
        assert_eq!(bench.health("client").broken_since, None);
        assert_eq!(bench.catcher.conversations(), 1);
    }
}

#[tokio::test]
async fn a_bare_550_that_every_recipient_gets_is_the_channels_and_nothing_dies_of_it() {
    for names in [&["a"][..], &["a", "b", "c"]] {
        let mut bench = Bench::new().await;
        recipients(&bench, names);
        bench.catcher.behave(refuse(Stage::Rcpt, 550));
        for _ in 0..20 {
            let drained = bench.drain().await;
            assert_eq!((drained.sent, drained.dead), (0, 0), "{names:?}");
            bench.step(HOUR);
        }
        assert!(bench.health("client").broken_since.is_some());
        assert!(bench.health("client").last_error.unwrap().contains("550 5.0.0 no"));
        // Repaired: what waits leaves by itself, the oldest first.
        bench.catcher.behave(Behaviour::Good);
        assert_eq!(bench.drain().await.sent, u32::try_from(names.len()).unwrap());
        let expected: Vec<_> = names.iter().map(|name| format!("{name}@example.com")).collect();
        assert_eq!(bench.recipients(), expected);
        assert_eq!(bench.health("client").broken_since, None);
    }
}

#[tokio::test]
async fn what_names_the_sender_or_a_quota_waits_and_the_others_go_on() {
    for reply in [
        "554 5.7.1 relay access denied",
        "550 5.4.5 daily quota",
        "553 5.1.8 sender",
        "550 5.4.1 access denied",
    ] {
        let mut bench = Bench::new().await;
        recipients(&bench, &["a", "refused", "c"]);
        bench.catcher.behave(refusing("refused@", reply));
        let drained = bench.drain().await;
        assert_eq!((drained.sent, drained.dead, drained.deferred), (2, 0, 1), "{reply}");
        assert_eq!(labels(&bench), ["delivered", "pending", "delivered"]);
        // At its deadline it is dead, with the words.
        bench.step(HOUR * 24);
        assert_eq!(bench.drain().await.dead, 1);
        assert!(bench.shelf.states()[1].why().unwrap().contains(reply), "{reply}");
    }
}

#[tokio::test]
async fn a_reason_of_the_recipients_own_kills_at_once_also_alone() {
    for reply in [
        "550 5.1.1 unknown",
        "550 5.1.10 null mx",
        "552 5.2.2 full",
        "552 5.3.4 too big",
        "554 5.6.1 no html",
    ] {
        let mut bench = Bench::new().await;
        recipients(&bench, &["gone"]);
        bench.catcher.behave(refusing("gone@", reply));
        assert_eq!(bench.drain().await.dead, 1, "{reply}");
        assert_eq!(bench.health("client").broken_since, None, "{reply}");
    }
}

#[tokio::test]
async fn after_the_mail_a_refusal_is_its_own_but_for_quotas() {
    let at = Stage::Content;
    for (text, states) in [
        ("5.7.1 spam", ["dead", "delivered"]),
        ("no", ["dead", "delivered"]),
        ("5.4.5 daily quota", ["pending", "delivered"]),
    ] {
        let mut bench = Bench::new().await;
        recipients(&bench, &["a", "b"]);
        bench.catcher.behave_next([Behaviour::Answer { at, code: 550, text }]);
        bench.drain().await;
        assert_eq!(labels(&bench), states, "{text}");
    }
}

#[tokio::test]
async fn a_quota_for_all_keeps_everything_and_asks_for_few() {
    for at in [Stage::Rcpt, Stage::Data, Stage::Content] {
        let mut bench = Bench::new().await;
        let names: Vec<String> = (0..50).map(|number| format!("c{number:02}")).collect();
        recipients(&bench, &names.iter().map(String::as_str).collect::<Vec<_>>());
        let (code, text) = (550, "5.4.5 daily quota exceeded");
        bench.catcher.behave(Behaviour::Answer { at, code, text });
        let drained = bench.drain().await;
        assert_eq!((drained.sent, drained.dead, drained.deferred), (0, 0, 50), "{at:?}");
        // Those in hand beside the twentieth end, too.
        assert!((20..23).contains(&bench.shelf.attempts().len()), "{at:?}");
        assert!(bench.health("client").last_error.unwrap().contains("daily quota"));
        bench.catcher.behave(Behaviour::Good);
        bench.step(MINUTE);
        assert_eq!(bench.drain().await.sent, 50, "{at:?}: one success makes all due");
    }
}

#[tokio::test]
async fn many_dead_addresses_at_the_head_hold_up_nobody_for_long() {
    let mut bench = Bench::new().await;
    recipients(&bench, &["gone"; 45]);
    recipients(&bench, &["good"]);
    bench.shelf.0.lock().unwrap().messages.last_mut().unwrap().thread = "another".to_owned();
    for (number, message) in bench.shelf.0.lock().unwrap().messages.iter_mut().enumerate() {
        message.thread = format!("thread {number}");
        message.id = format!("{number} {}", message.id);
    }
    for (number, notification) in bench.shelf.0.lock().unwrap().notifications.iter_mut().enumerate() {
        notification.id = format!("{number} {}", notification.id);
        notification.message = Some(notification.id.clone());
    }
    bench.catcher.behave(refusing("gone@", BARE));
    for _ in 0..3 {
        bench.drain().await;
        // Five minutes is the longest wait of the channel so far, and jitter adds a tenth.
        bench.step(MINUTE * 6);
    }
    assert_eq!(bench.recipients(), ["good@example.com"]);
    assert_eq!(bench.shelf.states().last(), Some(&NoticeState::Delivered));
}

#[tokio::test]
async fn one_success_makes_all_that_waits_in_the_channel_due() {
    let mut bench = Bench::new().await;
    recipients(&bench, &["a", "b", "c"]);
    bench.catcher.behave(refuse(Stage::MailFrom, 553));
    for _ in 0..8 {
        bench.drain().await;
        bench.step(HOUR / 2);
    }
    assert_eq!(bench.drain().await.deferred, 3);
    // The next try is up to a quarter of an hour away; a new message leaves at once, and all others with it.
    bench.catcher.behave(Behaviour::Good);
    bench.step(MINUTE);
    bench.shelf.put(owed(561_900, fired(), "client", "new@example.com"));
    assert_eq!(bench.drain().await.sent, 4);
    let order = ["new@example.com", "a@example.com", "b@example.com", "c@example.com"];
    assert_eq!(bench.recipients(), order);
}
