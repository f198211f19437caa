//! What Alertmanager is to show: all that fires, and for a while what ended. PURE. Kept in memory alone: what a crash forgets
//! ends at Alertmanager by itself, because nobody says any more that it fires.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::super::labels::Labelled;
use crate::domain::labels::Names;

/// How long it is said of what ended that it did. A peer that was away for less hears of the end from us; one that was away
/// for longer has ended it by itself.
const ENDED_FOR: Duration = Duration::from_secs(15 * 60);

/// All that is shown, as of one look at the store.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Counts the looks; 0: none yet.
    pub look: u64,
    /// Counts the looks after which everything is said again.
    pub all: u64,
    entries: BTreeMap<Names, Entry>,
}

/// One alert that fires, or did.
#[derive(Clone, Debug)]
pub struct Entry {
    pub what: Arc<Labelled>,
    pub since: Timestamp,
    /// `None`: it fires.
    pub ended: Option<Ended>,
    /// The look that saw it begin or end.
    look: u64,
}

/// When something was found to have ended, by the wall clock and by the one that is never set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    pub at: Timestamp,
    pub monotonic: Duration,
}

impl Shown {
    /// What is shown after another look, which found this to fire, each with when it began. `is_all`: whether everything is
    /// said again.
    #[must_use]
    pub fn next(&self, firing: Vec<(Labelled, Timestamp)>, now: Ended, is_all: bool) -> Self {
        let look = self.look + 1;
        let mut entries: BTreeMap<Names, Entry> = BTreeMap::new();
        for (what, since) in firing {
            let before = self.entries.get(&what.labels);
            let goes_on = before.filter(|before| before.ended.is_none() && before.since == since);
            let entry = Entry {
                since,
                ended: None,
                look: goes_on.map_or(look, |before| before.look),
                what: Arc::new(what),
            };
            entries.insert(entry.what.labels.clone(), entry);
        }
        for (labels, before) in &self.entries {
            let is_fresh = |ended: &Ended| now.monotonic.saturating_sub(ended.monotonic) < ENDED_FOR;
            if entries.contains_key(labels) || !before.ended.as_ref().is_none_or(is_fresh) {
                continue;
            }
            let mut entry = before.clone();
            if entry.ended.is_none() {
                (entry.ended, entry.look) = (Some(now), look);
            }
            entries.insert(labels.clone(), entry);
        }
        Self {
            look,
            all: self.all + u64::from(is_all),
            entries,
        }
    }

    /// The same once more, where the store could not be looked at: what fired is believed to go on.
    #[must_use]
    pub fn again(&self) -> Self {
        Self {
            all: self.all + 1,
            ..self.clone()
        }
    }

    /// What began or ended after this look; after look 0 all that is shown.
    pub fn after(&self, look: u64) -> impl Iterator<Item = &Entry> {
        self.entries.values().filter(move |entry| entry.look > look)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Ended, Shown};
    use crate::domain::testing::at;
    use crate::notify::alertmanager::testing::labelled;

    fn moment(secs: u32) -> Ended {
        Ended {
            at: at(secs.into()),
            monotonic: Duration::from_secs(secs.into()),
        }
    }

    /// What is shown after a look: client, whether it fires, and whether this look saw that begin.
    fn told(shown: &Shown) -> Vec<(String, bool, bool)> {
        let new: Vec<_> = shown
            .after(shown.look - 1)
            .map(|entry| entry.what.labels.clone())
            .collect();
        let told = shown.after(0).map(|entry| {
            let labels = &entry.what.labels;
            (labels["client"].clone(), entry.ended.is_none(), new.contains(labels))
        });
        told.collect()
    }

    #[test]
    fn what_fires_is_shown_and_what_ended_for_a_quarter_of_an_hour() {
        let mut shown = Shown::default();
        let fires = true;
        for (name, secs, firing, expected) in [
            ("nothing", 0, vec![], vec![]),
            ("one begins", 10, vec![(1, 9)], vec![(1, fires, true)]),
            (
                "another",
                20,
                vec![(1, 9), (2, 20)],
                vec![(1, fires, false), (2, fires, true)],
            ),
            (
                "the first ends",
                30,
                vec![(2, 20)],
                vec![(1, !fires, true), (2, fires, false)],
            ),
            (
                "nothing new",
                929,
                vec![(2, 20)],
                vec![(1, !fires, false), (2, fires, false)],
            ),
            ("long enough", 930, vec![(2, 20)], vec![(2, fires, false)]),
            ("ends", 940, vec![], vec![(2, !fires, true)]),
            ("and begins again", 950, vec![(2, 950)], vec![(2, fires, true)]),
            (
                "ended and began between two looks",
                960,
                vec![(2, 955)],
                vec![(2, fires, true)],
            ),
        ] {
            let firing = firing.iter().map(|(client, since)| (labelled(*client, ""), at(*since)));
            shown = shown.next(firing.collect(), moment(secs), false);
            let expected: Vec<(String, bool, bool)> = expected
                .iter()
                .map(|(client, fires, new): &(i32, bool, bool)| (client.to_string(), *fires, *new))
                .collect();
            assert_eq!(told(&shown), expected, "{name}");
        }
        assert_eq!((shown.look, shown.all), (9, 0));
        let again = shown.again();
        assert_eq!((again.look, again.all, told(&again)), (9, 1, told(&shown)));
    }

    #[test]
    fn a_clock_that_is_set_changes_nothing_of_how_long_an_end_is_shown() {
        let shown = Shown::default().next(vec![(labelled(1, ""), at(0))], moment(0), true);
        let mut now = moment(10);
        let shown = shown.next(Vec::new(), now, true);
        for at_wall in [at(-1_000_000), at(1_000_000)] {
            now.at = at_wall;
            now.monotonic = Duration::from_secs(909);
            assert_eq!(
                told(&shown.next(Vec::new(), now, true)),
                [("1".to_owned(), false, false)]
            );
            now.monotonic = Duration::from_secs(910);
            assert_eq!(told(&shown.next(Vec::new(), now, true)), []);
        }
    }

    #[test]
    fn annotations_are_those_of_the_last_look() {
        let shown = Shown::default().next(vec![(labelled(1, "old"), at(0))], moment(0), true);
        let shown = shown.next(vec![(labelled(1, "new"), at(0))], moment(10), true);
        assert_eq!(shown.after(0).next().unwrap().what.annotations["summary"], "new");
        assert_eq!(shown.after(1).count(), 0, "that is nothing to wake a peer for");
    }
}
