//! What waited for the end of quiet hours: only what still holds is told, and of that the last word.

use jiff::ToSpan;
use jiff::tz::TimeZone;
use std::sync::Arc;

use super::*;
use crate::domain::Severity;
use crate::domain::notice::MessageKind;
use crate::domain::receiver::{QuietHours, Receiver};

/// A worker whose channel `ops` is quiet from the start of the test on, for eight hours.
async fn bench() -> Bench {
    let mut bench = Bench::new().await;
    let zoned = start().to_zoned(TimeZone::UTC);
    let hours = QuietHours {
        from: zoned.time(),
        to: (&zoned + 8.hours()).time(),
        zone: TimeZone::UTC,
    };
    let ops = Receiver {
        quiet_hours: Some(hours),
        ..Receiver::people(vec!["noc@example.com".to_owned()])
    };
    Arc::make_mut(&mut bench.outbox.settings).receivers = BTreeMap::from([(ChannelName::new("ops").unwrap(), ops)]);
    bench
}

fn morning() -> Timestamp {
    start() + HOUR * 8
}

/// Decided so many minutes after the start, to be told in the morning.
fn waits(client: u32, transition: Transition, minutes: i64) -> (Message, Notification) {
    let (mut message, mut notification) = owed(client, transition, "ops", "noc@example.com");
    notification.created_at = start() + MINUTE * i32::try_from(minutes).unwrap();
    message.created_at = notification.created_at;
    (message.not_before, message.next_at) = (morning(), morning());
    (message, notification)
}

fn dropped(why: &str) -> NoticeState {
    NoticeState::Dropped(why.to_owned())
}

/// What was due before quiet hours began and failed, how long it lives, and whether it leaves within them.
#[tokio::test]
async fn what_is_late_waits_for_the_morning_unless_it_is_critical_or_would_die() {
    for (severity, lives_for, leaves) in [
        (Severity::Warning, HOUR * 24, false),
        (Severity::Critical, HOUR * 24, true),
        (Severity::Warning, HOUR * 5, true),
    ] {
        let mut bench = bench().await;
        let (mut message, mut notification) = owed(561_115, fired(), "ops", "noc@example.com");
        notification.severity = severity;
        message.created_at = start() - HOUR;
        message.not_before = message.created_at;
        message.deadline = start() + lives_for;
        message.next_at = start();
        message.attempts = 1;
        bench.shelf.put((message, notification));
        let drained = bench.drain().await;
        assert_eq!(
            (drained.sent == 1, drained.deferred == 1),
            (leaves, !leaves),
            "{severity:?} {lives_for}"
        );
        bench.stepper.advance_to(morning());
        let drained = bench.drain().await;
        assert_eq!(drained.sent == 1, !leaves, "{severity:?} {lives_for}");
    }
}

#[tokio::test]
async fn without_what_was_critical_the_rest_waits_for_the_morning() {
    let mut bench = bench().await;
    let (mut message, mut over) = owed(561_115, fired(), "ops", "noc@example.com");
    over.severity = Severity::Critical;
    message.kind = MessageKind::Group;
    message.attempts = 1;
    let (_, mut lasts) = owed(561_116, fired(), "ops", "noc@example.com");
    lasts.severity = Severity::Warning;
    lasts.message = Some(message.id.clone());
    bench.shelf.put((message, over));
    bench.shelf.0.lock().unwrap().notifications.push(lasts);
    let (mut told, mut end) = owed(561_115, Transition::Resolved, "ops", "noc@example.com");
    told.state = NoticeState::Delivered;
    end.state = NoticeState::Delivered;
    bench.shelf.put((told, end));
    let drained = bench.drain().await;
    assert_eq!((drained.sent, drained.deferred), (0, 1));
    let over = dropped("it was over before it could be told");
    assert_eq!(bench.shelf.0.lock().unwrap().notifications[0].state, over);
    bench.stepper.advance_to(morning());
    assert_eq!(bench.drain().await.sent, 1);
    let mails = bench.catcher.mails();
    let text = String::from_utf8_lossy(&mails[0].data).into_owned();
    assert!(text.contains("561116") && !text.contains("561115"), "{text}");
}

#[tokio::test]
async fn what_was_over_in_the_morning_is_dropped_with_its_end() {
    let mut bench = bench().await;
    bench.shelf.put(waits(561_115, fired(), 1));
    bench.shelf.put(waits(561_115, Transition::Resolved, 60));
    assert_eq!(bench.drain().await, Drained::default(), "nothing is due");
    bench.stepper.advance_to(morning());
    let drained = bench.drain().await;
    assert_eq!((drained.sent, drained.dropped), (0, 2));
    let expected = ["it was over before quiet hours ended", "its alert never arrived"].map(dropped);
    assert_eq!(bench.shelf.states(), expected);
}

#[tokio::test]
async fn of_several_words_about_one_episode_the_last_one_is_told() {
    let mut bench = bench().await;
    bench.shelf.put(waits(561_115, fired(), 1));
    bench.shelf.put(waits(561_115, Transition::Repeated { repeat: 1 }, 120));
    bench.stepper.advance_to(morning());
    let drained = bench.drain().await;
    assert_eq!((drained.sent, drained.dropped), (1, 1));
    let merged = NoticeState::Merged("a later word of the same".to_owned());
    assert_eq!(bench.shelf.states(), [merged, NoticeState::Delivered]);
}

#[tokio::test]
async fn a_group_goes_on_without_those_that_are_over() {
    let mut bench = bench().await;
    let (mut message, _) = waits(561_115, fired(), 1);
    message.kind = MessageKind::Group;
    message.id = "group/1/fired/ops/noc@example.com".to_owned();
    message.thread = "group/1/fired".to_owned();
    for client in 561_115..561_119 {
        let (_, mut notification) = waits(client, fired(), 1);
        notification.message = Some(message.id.clone());
        bench.shelf.0.lock().unwrap().notifications.push(notification);
    }
    bench.shelf.0.lock().unwrap().messages.push(message.clone());
    let (mut end, notification) = waits(561_116, Transition::Resolved, 30);
    end.thread = message.thread.clone();
    bench.shelf.put((end, notification));
    bench.stepper.advance_to(morning());
    let drained = bench.drain().await;
    assert_eq!((drained.sent, drained.dropped), (1, 1));
    let mails = bench.catcher.mails();
    let text = String::from_utf8_lossy(&mails[0].data).into_owned();
    assert!(
        text.contains("561115") && !text.contains("561116") && text.contains("561117"),
        "{text}"
    );
    let notifications = bench.shelf.0.lock().unwrap().notifications.clone();
    let states: Vec<NoticeState> = notifications
        .into_iter()
        .map(|notification| notification.state)
        .collect();
    let told = NoticeState::Delivered;
    let over = dropped("it was over before quiet hours ended");
    let end = dropped("its alert never arrived");
    assert_eq!(states, [told.clone(), over, told.clone(), told, end]);
}

#[tokio::test]
async fn of_a_message_that_says_nothing_any_more_each_part_keeps_its_own_reason() {
    let mut bench = bench().await;
    let (mut message, over) = waits(561_115, fired(), 1);
    message.kind = MessageKind::Group;
    let (_, mut unheard) = waits(561_116, Transition::Resolved, 1);
    unheard.message = Some(message.id.clone());
    bench.shelf.put((message, over));
    bench.shelf.0.lock().unwrap().notifications.push(unheard);
    bench.shelf.put(waits(561_115, Transition::Resolved, 60));
    bench.stepper.advance_to(morning());
    let drained = bench.drain().await;
    assert_eq!((drained.sent, drained.dropped), (0, 2));
    let over = dropped("it was over before quiet hours ended");
    let unheard = dropped("its alert never arrived");
    let notifications = bench.shelf.0.lock().unwrap().notifications.clone();
    let states: Vec<NoticeState> = notifications.into_iter().map(|told| told.state).collect();
    assert_eq!(states, [over, unheard.clone(), unheard]);
}
