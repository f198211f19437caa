//! Who is watched: what a list of clients changes. Pure; the list is read elsewhere.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use crate::domain::watch::{AccountState, Watched};
use crate::domain::{Client, ClientId};

/// A list is read at most this often. Oftener, it would cost a call (and megabytes) for nothing; less often, a new
/// client would wait longer for its first look.
pub const EVERY: SignedDuration = SignedDuration::from_mins(5);

/// A list that could not be read for this long is told: a single failure is the network's, half an hour is blindness.
pub const UNREAD_AFTER: SignedDuration = SignedDuration::from_mins(30);

/// A shorter list is the measure after this long.
pub const SHORT_LIST_ACCEPTED_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// Inventories in a row without a client before it is asked for by its id.
pub const MISSING_BEFORE_ASKED: u32 = 2;

/// What a list of clients changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Indices of the clients whose row must be written.
    pub changed: Vec<usize>,
    /// Indices of the clients that may have vanished and must be asked for by their id.
    pub to_ask: Vec<usize>,
    /// Set while the list is shorter than it should be: how many it has, and how many it had.
    pub short: Option<(u64, u64)>,
}

/// Works a list into what is known. `known` gets new clients, marks on the missing ones, and what was edited. `odd` are
/// the ids of rows that could not be used: such a client is on the list, if nothing else is known of it.
pub fn take(
    known: &mut Vec<Watched>,
    listed: Vec<Client>,
    odd: &HashSet<&str>,
    state: &mut AccountState,
    now: Timestamp,
) -> Change {
    let mut change = Change::default();
    let listed_count = u64::try_from(listed.len() + odd.len()).unwrap_or(u64::MAX);
    let mut places: HashMap<ClientId, usize> = known
        .iter()
        .enumerate()
        .map(|(index, watched)| (watched.client.id.clone(), index))
        .collect();
    let mut is_listed = vec![false; known.len()];
    for client in listed.into_iter().filter(|client| !client.id.is_pseudo()) {
        match places.get(&client.id) {
            Some(index) => {
                is_listed[*index] = true;
                if meet(&mut known[*index], client, now) {
                    change.changed.push(*index);
                }
            }
            None => {
                places.insert(client.id.clone(), known.len());
                change.changed.push(known.len());
                known.push(Watched::new(client, now));
                is_listed.push(true);
            }
        }
    }
    for (index, watched) in known.iter_mut().enumerate() {
        let is_odd = odd.contains(watched.client.id.as_str());
        if !is_listed[index] && !is_odd && !watched.client.id.is_pseudo() && watched.vanished_at.is_none() {
            watched.missing_inventories += 1;
            change.changed.push(index);
            if watched.missing_inventories >= MISSING_BEFORE_ASKED {
                change.to_ask.push(index);
            }
        }
    }
    change.short = measure(listed_count, state, now);
    state.inventory_at = Some(now);
    change
}

/// Notes that a client is on the list, and as which; whether anything changed.
fn meet(watched: &mut Watched, client: Client, now: Timestamp) -> bool {
    let was_gone = watched.missing_inventories > 0 || watched.vanished_at.is_some();
    let was_edited = watched.client.fingerprint != client.fingerprint;
    let is_changed = was_gone || watched.client != client;
    if was_edited {
        watched.edited_at = Some(now);
    }
    if was_gone {
        watched.missing_inventories = 0;
        watched.vanished_at = None;
    }
    watched.client = client;
    is_changed
}

/// Compares the length of the list with what it was. A list that shrank is suspicious until it is back, or for a day.
fn measure(listed: u64, state: &mut AccountState, now: Timestamp) -> Option<(u64, u64)> {
    let size = state.inventory_size;
    let tolerated = (size / 20).max(2);
    // An empty list after a full one is suspicious however short the full one was.
    let is_short = size > 0 && (listed == 0 || size.saturating_sub(listed) > tolerated);
    let since = state.inventory_short_since;
    let is_accepted = since.is_some_and(|since| now.duration_since(since) >= SHORT_LIST_ACCEPTED_AFTER);
    if is_short && !is_accepted {
        state.inventory_short_since = since.or(Some(now));
        return Some((listed, size));
    }
    state.inventory_short_since = None;
    state.inventory_size = listed;
    None
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use jiff::Timestamp;

    use super::{AccountState, Change, Client, ClientId, Watched};
    use crate::domain::testing::at;

    fn take(known: &mut Vec<Watched>, listed: Vec<Client>, state: &mut AccountState, now: Timestamp) -> Change {
        super::take(known, listed, &HashSet::new(), state, now)
    }

    fn listed(ids: impl IntoIterator<Item = u32>) -> Vec<Client> {
        let client = |id: u32| Client {
            id: ClientId::new(&id.to_string()).unwrap(),
            email: String::new(),
            company: String::new(),
            firstname: String::new(),
            lastname: String::new(),
            country: String::new(),
            balance_management: "1".to_owned(),
            fingerprint: "a".to_owned(),
        };
        ids.into_iter().map(client).collect()
    }

    #[test]
    fn a_missing_client_is_kept_and_asked_for_after_two_lists_without_it() {
        let (mut known, mut state) = (Vec::new(), AccountState::default());
        assert_eq!(take(&mut known, listed(1..=3), &mut state, at(0)).changed, [0, 1, 2]);
        assert_eq!(
            take(&mut known, listed(1..=3), &mut state, at(300)).changed,
            [0; 0],
            "nothing new"
        );
        let once = take(&mut known, listed(1..=2), &mut state, at(600));
        assert_eq!((once.changed, once.to_ask), (vec![2], vec![]));
        let twice = take(&mut known, listed(1..=2), &mut state, at(900));
        assert_eq!(twice.to_ask, [2]);
        assert_eq!(known.len(), 3, "kept");
        assert_eq!(
            take(&mut known, listed(1..=3), &mut state, at(1200)).changed,
            [2],
            "back"
        );
        assert_eq!(known[2].missing_inventories, 0);
    }

    #[test]
    fn a_vanished_client_that_comes_back_is_watched_again() {
        let (mut known, mut state) = (Vec::new(), AccountState::default());
        take(&mut known, listed(1..=3), &mut state, at(0));
        known[2].vanished_at = Some(at(10));
        assert_eq!(
            take(&mut known, listed(1..=2), &mut state, at(300)).changed,
            [0; 0],
            "no more asking"
        );
        take(&mut known, listed(1..=3), &mut state, at(600));
        assert_eq!(known[2].vanished_at, None);
    }

    #[test]
    fn a_shrinking_list_is_suspicious_beyond_two_clients_or_a_twentieth() {
        let cases = [
            ("same", 100, 100, None),
            ("a twentieth", 100, 95, None),
            ("more than a twentieth", 100, 94, Some((94, 100))),
            ("two of a few", 10, 8, None),
            ("three of a few", 10, 7, Some((7, 10))),
            ("empty after two", 2, 0, Some((0, 2))),
            ("empty from the start", 0, 0, None),
            ("longer", 10, 20, None),
        ];
        for (name, before, after, short) in cases {
            let (mut known, mut state): (Vec<Watched>, _) = (Vec::new(), AccountState::default());
            take(&mut known, listed(0..before), &mut state, at(0));
            assert_eq!(
                take(&mut known, listed(0..after), &mut state, at(300)).short,
                short,
                "{name}"
            );
        }
    }

    #[test]
    fn a_short_list_is_the_measure_after_a_day_and_not_a_second_before() {
        let (mut known, mut state) = (Vec::new(), AccountState::default());
        take(&mut known, listed(0..10), &mut state, at(0));
        assert!(take(&mut known, listed(0..5), &mut state, at(100)).short.is_some());
        let day = 24 * 3600;
        assert!(
            take(&mut known, listed(0..5), &mut state, at(100 + day - 1))
                .short
                .is_some()
        );
        assert_eq!(take(&mut known, listed(0..5), &mut state, at(100 + day)).short, None);
        assert_eq!(state.inventory_size, 5);
    }

    #[test]
    fn an_edited_record_is_noticed() {
        let (mut known, mut state) = (Vec::new(), AccountState::default());
        take(&mut known, listed(0..1), &mut state, at(0));
        assert_eq!(known[0].edited_at, None);
        let mut edited = listed(0..1);
        edited[0].fingerprint = "b".to_owned();
        take(&mut known, edited, &mut state, at(300));
        assert_eq!(known[0].edited_at, Some(at(300)));
    }

    #[test]
    fn an_odd_row_is_no_missing_client() {
        let (mut known, mut state) = (Vec::new(), AccountState::default());
        take(&mut known, listed(1..=3), &mut state, at(0));
        let change = super::take(&mut known, listed(1..=2), &HashSet::from(["3"]), &mut state, at(300));
        assert_eq!((change.changed, known[2].missing_inventories), (vec![], 0));
    }
}
