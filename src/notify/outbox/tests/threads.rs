//! What an episode began with comes with later parcels, for channels that hang them below it.

use std::sync::Mutex;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::*;
use crate::notify::delivery::{Check, Connection, Parcel, Sent, Until};

/// Takes everything and calls it `r1`, `r2`, …
#[derive(Default)]
struct Threaded(Mutex<Vec<Parcel>>);

struct Taking(Arc<Threaded>);

impl Channel for Threaded {
    fn connection(self: Arc<Self>) -> Box<dyn Connection> {
        Box::new(Taking(self))
    }

    fn has_threads(&self) -> bool {
        true
    }

    fn most_connections(&self) -> usize {
        1
    }

    fn check<'a>(&'a self, _recipients: &'a [String], _now: Timestamp) -> BoxFuture<'a, Vec<Check>> {
        std::future::ready(Vec::new()).boxed()
    }
}

impl Connection for Taking {
    fn send<'a, 'c: 'a>(&'a mut self, parcel: &'a Parcel, _cut: Until<'c>) -> BoxFuture<'a, Sent<'c>> {
        let mut parcels = self.0.0.lock().unwrap();
        parcels.push(parcel.clone());
        let receipt = format!("r{}", parcels.len());
        std::future::ready(Sent::Ended(Ok(Some(receipt)))).boxed()
    }

    fn is_open(&self) -> bool {
        false
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        std::future::ready(()).boxed()
    }
}

/// Per row: what the first message tells besides; what has ended elsewhere; and whether its root is over with its end.
#[tokio::test]
async fn a_root_is_over_when_all_that_it_told_of_is() {
    for (carries_another, another_ended, is_over) in [(false, false, true), (true, false, false), (true, true, true)] {
        let channel = Arc::<Threaded>::default();
        let (clock, _stepper) = Clock::stepped(start());
        let shelf = Shelf::default();
        let mut outbox = Bench::outbox_through(Arc::clone(&channel) as Arc<dyn Channel>, &shelf, &clock);
        let (first, fired_at_first) = owed(561_115, fired(), "ops", "C1");
        shelf.put((first.clone(), fired_at_first));
        let about_another = |transition: Transition| {
            let mut other = owed(561_115, transition, "ops", "C1").1;
            other.episode = owed(561_116, fired(), "ops", "C1").1.episode;
            other.id = format!("other-{}", other.id);
            other
        };
        if carries_another {
            shelf.0.lock().unwrap().notifications.push(about_another(fired()));
        }
        outbox.drain(std::future::pending()).await.unwrap();
        assert_eq!(shelf.message(&first.id).receipt.as_deref(), Some("r1"), "it is kept");
        if another_ended {
            let mut ended = about_another(Transition::Resolved);
            (ended.message, ended.state) = (None, NoticeState::Delivered);
            shelf.0.lock().unwrap().notifications.push(ended);
        }
        shelf.put(owed(561_115, Transition::Repeated { repeat: 1 }, "ops", "C1"));
        outbox.drain(std::future::pending()).await.unwrap();
        shelf.put(owed(561_115, Transition::Resolved, "ops", "C1"));
        outbox.drain(std::future::pending()).await.unwrap();
        let parcels = channel.0.lock().unwrap();
        let roots: Vec<_> = parcels.iter().map(|parcel| parcel.root.as_ref()).collect();
        let found: Vec<_> = roots
            .iter()
            .map(|root| root.map(|root| (root.receipt.as_str(), root.is_over)))
            .collect();
        assert_eq!(found, [None, Some(("r1", false)), Some(("r1", is_over))]);
        let said = roots[2].map(|root| root.letter.subject.as_str());
        assert_eq!(said, Some(parcels[0].letter.subject.as_str()), "as it was told");
    }
}
