//! The worker through a channel that reports what the test says: it needs to know no more of a channel than that.

use std::collections::VecDeque;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::*;
use crate::notify::delivery::{Attempted, Check, Connection, End, Failed, Parcel, Scope, Sent, Step, Until};
use crate::notify::testing::failed;

/// Reports what is next in the script, and delivery after its end.
#[derive(Clone, Default)]
struct Scripted(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    reports: VecDeque<Attempted>,
    /// What came, delivered or not.
    parcels: Vec<Parcel>,
    connections: usize,
    /// Whether it takes its time to answer.
    is_slow: bool,
    knows_repeats: bool,
}

impl Channel for Scripted {
    fn connection(self: Arc<Self>) -> Box<dyn Connection> {
        self.0.lock().unwrap().connections += 1;
        Box::new(Self::clone(&self))
    }

    fn knows_repeats(&self) -> bool {
        self.0.lock().unwrap().knows_repeats
    }

    fn most_connections(&self) -> usize {
        1
    }

    fn check<'a>(&'a self, _recipients: &'a [String], _now: Timestamp) -> BoxFuture<'a, Vec<Check>> {
        std::future::ready(Vec::new()).boxed()
    }
}

impl Connection for Scripted {
    fn send<'a, 'c: 'a>(&'a mut self, parcel: &'a Parcel, _cut: Until<'c>) -> BoxFuture<'a, Sent<'c>> {
        let mut script = self.0.lock().unwrap();
        script.parcels.push(parcel.clone());
        let report = script.reports.pop_front().unwrap_or(Ok(None));
        let sent = if script.is_slow {
            Sent::Awaited(std::future::ready(report).boxed())
        } else {
            Sent::Ended(report)
        };
        std::future::ready(sent).boxed()
    }

    fn is_open(&self) -> bool {
        false
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        std::future::ready(()).boxed()
    }
}

struct Scene {
    channel: Scripted,
    shelf: Shelf,
    clock: Clock,
    stepper: Stepper,
    outbox: Outbox<Shelf>,
}

impl Scene {
    /// A scene with so many messages that are due.
    fn new(messages: u32) -> Self {
        let channel = Scripted::default();
        let (clock, stepper) = Clock::stepped(start());
        let shelf = Shelf::default();
        for number in 0..messages {
            shelf.put(owed(561_115 + number, fired(), "ops", &format!("{number}")));
        }
        let outbox = Bench::outbox_through(Arc::new(channel.clone()), &shelf, &clock);
        Self {
            channel,
            shelf,
            clock,
            stepper,
            outbox,
        }
    }

    fn reports(&self, reports: impl IntoIterator<Item = Attempted>) {
        self.channel.0.lock().unwrap().reports.extend(reports);
    }

    async fn drain(&mut self) -> Drained {
        self.outbox.drain(std::future::pending()).await.unwrap()
    }

    fn labels(&self) -> Vec<&'static str> {
        self.shelf.states().iter().map(NoticeState::label).collect()
    }

    fn is_broken(&self) -> bool {
        let health = self.outbox.health().get(&ChannelName::new("ops").unwrap());
        health.is_some_and(|health| health.broken_since.is_some())
    }

    /// How long a message waits.
    fn wait_secs(&self, place: usize) -> i64 {
        let next_at = self.shelf.0.lock().unwrap().messages[place].next_at;
        next_at.duration_since(self.clock.now()).as_secs()
    }
}

/// A failure of the message at this step.
fn at(step: Step, end: End, scope: Scope) -> Failed {
    Failed {
        end,
        scope,
        step,
        ..failed()
    }
}

/// Per row: how the first of two messages fails; what becomes of both; the word that is kept; whether the channel counts
/// as broken; and how long the first one waits, give or take a tenth. A channel that works again makes all due at once,
/// but for what may have arrived.
#[tokio::test]
async fn each_way_to_fail_has_its_consequence() {
    use End::{CutOff, PutOff, Refused, Silent, Uncertain};
    let (goes_on, stops) = (["pending", "delivered"], ["pending", "pending"]);
    let dies = ["dead", "delivered"];
    let message = |step, end| at(step, end, Scope::Message);
    let rows = [
        ("put off", message(Step::Recipient, PutOff), goes_on, "retry", false, 30),
        ("refused", message(Step::Recipient, Refused), dies, "refused", false, 0),
        ("unfit", message(Step::Unsent, Refused), dies, "refused", false, 0),
        ("silent", message(Step::Message, Silent), goes_on, "retry", false, 30),
        (
            "uncertain",
            message(Step::Answer, Uncertain),
            goes_on,
            "uncertain",
            false,
            7200,
        ),
        ("cut off", message(Step::Message, CutOff), goes_on, "retry", false, 0),
        ("channel busy", failed(), stops, "unreachable", true, 30),
        (
            "channel refuses",
            Failed {
                end: Refused,
                ..failed()
            },
            stops,
            "unreachable",
            true,
            30,
        ),
        (
            "quota",
            at(Step::Recipient, Refused, Scope::Shared),
            goes_on,
            "retry",
            false,
            0,
        ),
        (
            "no reason",
            at(Step::Recipient, Refused, Scope::Unclear),
            dies,
            "refused",
            false,
            0,
        ),
    ];
    for (name, report, states, outcome, is_broken, wait) in rows {
        let mut scene = Scene::new(1);
        assert_eq!(scene.drain().await.sent, 1, "it worked before");
        for number in 1..3 {
            scene
                .shelf
                .put(owed(561_115 + number, fired(), "ops", &format!("{number}")));
        }
        scene.reports([Err(report)]);
        scene.drain().await;
        assert_eq!(scene.labels()[1..], states, "{name}");
        let first = &scene.shelf.attempts()[1];
        assert_eq!(
            (first.outcome.as_str(), &first.detail),
            (outcome, &failed().text),
            "{name}"
        );
        assert_eq!(scene.is_broken(), is_broken, "{name}");
        if states[0] == "pending" {
            let waits = scene.wait_secs(1);
            assert!((waits - wait).abs() * 10 <= wait, "{name}: {waits}");
        }
    }
}

#[tokio::test]
async fn a_message_waits_as_long_as_its_receiver_asks() {
    let mut scene = Scene::new(1);
    let asks = Failed {
        retry_after: Some(SignedDuration::from_mins(10)),
        ..at(Step::Recipient, End::PutOff, Scope::Message)
    };
    scene.reports([Err(asks)]);
    scene.drain().await;
    assert_eq!(scene.wait_secs(0), 600);
    scene.stepper.advance_to(start() + MINUTE * 10);
    assert_eq!(scene.drain().await.sent, 1);
}

#[tokio::test]
async fn a_channel_that_asks_for_rest_gets_it_whatever_becomes_due() {
    let mut scene = Scene::new(1);
    let asks = Failed {
        retry_after: Some(SignedDuration::from_mins(10)),
        ..failed()
    };
    scene.reports([Err(asks)]);
    scene.drain().await;
    assert_eq!(scene.wait_secs(0), 600);
    scene.stepper.advance_to(start() + MINUTE * 9);
    scene.shelf.put(owed(561_200, fired(), "ops", "new"));
    assert_eq!(scene.drain().await.deferred, 1);
    assert_eq!(scene.shelf.attempts().len(), 1, "it is left alone");
    scene.stepper.advance_to(start() + MINUTE * 10);
    assert_eq!(scene.drain().await.sent, 2);
    assert!(!scene.is_broken());
}

#[tokio::test]
async fn it_gets_the_letter_with_what_it_tells_of_and_no_more_connections_than_it_allows() {
    let mut scene = Scene::new(30);
    scene.channel.0.lock().unwrap().is_slow = true;
    assert_eq!(scene.drain().await.sent, 30);
    let script = scene.channel.0.lock().unwrap();
    assert_eq!(script.connections, 1);
    let parcel = &script.parcels[0];
    assert_eq!(parcel.letter.badge, "WARNING");
    assert_eq!(
        parcel.letter.headline,
        "Consulting (561115) has 8.0588 USD left, below 10.00 USD"
    );
    assert_eq!(parcel.notifications[0].client.as_str(), "561115");
    assert_eq!((parcel.message.attempts, parcel.message.state.label()), (1, "sending"));
    assert_eq!(parcel.at, start());
}

#[tokio::test]
async fn what_may_have_arrived_is_given_up_at_its_deadline_and_counts_as_told() {
    let mut scene = Scene::new(1);
    let uncertain = || Err(at(Step::Answer, End::Uncertain, Scope::Message));
    scene.reports(std::iter::repeat_with(uncertain).take(5));
    while let Some(next) = scene.shelf.next_at().await.unwrap() {
        scene.stepper.advance_to(next.max(scene.clock.now()));
        scene.drain().await;
    }
    assert_eq!(scene.labels(), ["probably-delivered"]);
    assert_eq!(scene.channel.0.lock().unwrap().parcels.len(), 5);
}

/// A page must not wait for hours because an answer was lost; and it is not given up before its time is over.
#[tokio::test]
async fn what_may_have_arrived_is_tried_again_soon_where_repeats_are_known() {
    let uncertain = || Err(at(Step::Answer, End::Uncertain, Scope::Message));
    for (knows_repeats, wait) in [(false, 7200), (true, 30)] {
        let mut scene = Scene::new(1);
        scene.channel.0.lock().unwrap().knows_repeats = knows_repeats;
        scene.reports([uncertain()]);
        scene.drain().await;
        let waits = scene.wait_secs(0);
        assert!((waits - wait).abs() * 10 <= wait, "{knows_repeats}: {waits}");
    }
    let mut scene = Scene::new(1);
    scene.channel.0.lock().unwrap().knows_repeats = true;
    let mut tries = 0;
    while scene.labels() == ["pending"] {
        scene.reports([uncertain()]);
        scene.drain().await;
        tries += 1;
        let next_at = scene.shelf.0.lock().unwrap().messages[0].next_at;
        scene.stepper.advance_to(next_at);
    }
    assert_eq!(scene.labels(), ["probably-delivered"]);
    assert!(tries > 20, "until its time is over: {tries}");
}
