//! The clients of all accounts side by side: how each of them stands, in one word; and any part of them in any order.
//!
//! Whoever lists clients makes an [`Index`] once for each picture that it has of the accounts, and asks it for one page after
//! the other: [`Index::page`] takes a [`Query`] (search, state, order, where to go on) and gives rows, how many there are
//! in all, and the cursor of what follows.

use std::collections::HashSet;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Serialize;

use super::snapshot::Snapshot;
use crate::domain::ClientId;
use crate::domain::watch::Watched;

mod index;
mod row;

pub use index::{Index, Query, Sort, SortBy, Start, Tally, UnknownCursor, Wanted};
pub use row::{ClientPage, ClientRow};

/// How a client stands. Each is in exactly one of these; the first that holds counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// An alert about it fires.
    Firing,
    /// It was never read, or the last attempt failed.
    Unread,
    /// Its balance is below its threshold, and nothing fires for that (yet).
    Low,
    /// None of the others.
    Fine,
}

impl State {
    pub const ALL: [Self; 4] = [Self::Firing, Self::Unread, Self::Low, Self::Fine];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Unread => "unread",
            Self::Low => "low",
            Self::Fine => "fine",
        }
    }

    /// How a client stands, where `fires` tells whether an alert about it does.
    #[must_use]
    pub fn of(snapshot: &Snapshot, watched: &Watched, fires: bool) -> Self {
        let reading = watched.reading.as_ref();
        match reading.filter(|_| watched.last_error.is_none()) {
            _ if fires => Self::Firing,
            None => Self::Unread,
            Some(reading) => match snapshot.threshold(watched) {
                Some(threshold) if reading.balance < threshold => Self::Low,
                _ => Self::Fine,
            },
        }
    }
}

impl FromStr for State {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(())
    }
}

impl Snapshot {
    /// The clients that are on the list, by id: neither pseudo-clients nor vanished ones.
    pub fn listed(&self) -> impl Iterator<Item = &Watched> {
        let clients = self.kept.clients.iter();
        clients.filter(|watched| watched.vanished_at.is_none() && !watched.client.id.is_pseudo())
    }

    /// Those of whom an alert fires.
    #[must_use]
    pub fn firing_clients(&self) -> HashSet<&ClientId> {
        let alerts = self.kept.alerts.iter().filter(|alert| alert.firing().is_some());
        alerts.map(|alert| &alert.client).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::State;
    use crate::domain::testing::{reading, threshold};
    use crate::domain::watch::Watched;
    use crate::view::testing::{at, firing, snapshot, watched};

    #[test]
    fn each_client_stands_in_one_word() {
        type Case = (&'static str, fn(&mut Watched), bool, State);
        let read: fn(&mut Watched) = |client| client.reading = Some(reading("10", "0", -60));
        let failed: fn(&mut Watched) = |client| {
            client.reading = Some(reading("10", "0", -60));
            client.last_error = Some("timeout".to_owned());
        };
        let below: fn(&mut Watched) = |client| {
            client.reading = Some(reading("9.99", "0", -60));
            client.threshold = Some(threshold(Some("10"), -60));
        };
        let at_it: fn(&mut Watched) = |client| {
            client.reading = Some(reading("10", "0", -60));
            client.threshold = Some(threshold(Some("10"), -60));
        };
        let cases: [Case; 8] = [
            ("never read", |_| {}, false, State::Unread),
            ("never read, and that fires", |_| {}, true, State::Firing),
            ("read", read, false, State::Fine),
            ("read, and something fires", read, true, State::Firing),
            ("the last attempt failed", failed, false, State::Unread),
            ("below its threshold", below, false, State::Low),
            ("below its threshold, and that fires", below, true, State::Firing),
            ("at its threshold", at_it, false, State::Fine),
        ];
        for (name, change, fires, expected) in cases {
            let mut client = watched("561115");
            change(&mut client);
            assert_eq!(State::of(&snapshot(), &client, fires), expected, "{name}");
        }
    }

    #[test]
    fn the_list_has_neither_pseudo_clients_nor_vanished_ones() {
        let mut snapshot = snapshot();
        snapshot.kept.clients = ["1000", "561115", "reseller"].map(watched).into();
        snapshot.kept.clients[0].vanished_at = Some(at(-60));
        snapshot.kept.alerts = vec![firing("561115")];
        let listed: Vec<&str> = snapshot.listed().map(|watched| watched.client.id.as_str()).collect();
        assert_eq!(listed, ["561115"]);
        let fires = snapshot.firing_clients();
        assert!(fires.contains(&watched("561115").client.id) && fires.len() == 1);
    }
}
