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

/// A list is measured by who was on one within this time: the shorter list is the measure after that. Shorter, and a list
/// that lies for a night would be believed; longer, and whoever gave up many clients would be told of it for days.
pub const MEASURED_BY: SignedDuration = SignedDuration::from_hours(24);

/// Clients that are asked for by their id after one list, when lists no longer have them. More, and a list that lies would cost
/// the calls that balances need; fewer, and many clients that are given up at once would be asked in vain for days.
pub const MOST_ASKED_BY_ID: usize = 10;

/// Inventories in a row without a client before it is asked for by its id.
pub const MISSING_BEFORE_ASKED: u32 = 2;

/// What a list of clients changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Indices of the clients whose row must be written.
    pub changed: Vec<usize>,
    /// Indices of the clients that may have vanished and must be asked for by their id, in this order.
    pub to_ask: Vec<usize>,
    /// Set while the list lacks too many.
    pub short: Option<Short>,
}

/// What a list has and lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short {
    /// How many clients it has.
    pub has: u64,
    /// How many it lacks that were on one within the last 24 hours.
    pub lacks: u64,
    /// How many were on one within the last 24 hours.
    pub of: u64,
}

impl Short {
    /// Whether it lacks more than a few clients that were given up may explain. An empty list after a full one is suspicious
    /// however short the full one was.
    const fn is_suspicious(&self) -> bool {
        let few = if self.of / 20 > 2 { self.of / 20 } else { 2 };
        self.lacks > 0 && (self.has == 0 || self.lacks > few)
    }
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
                if note_listed(&mut known[*index], client, now) {
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
            watched.missing_since = watched.missing_since.or(Some(now));
            change.changed.push(index);
            if watched.missing_inventories >= MISSING_BEFORE_ASKED {
                change.to_ask.push(index);
            }
        }
    }
    put_in_turn(&mut change.to_ask, known, now);
    let measured = measure(known, now);
    change.short = Some(measured).filter(Short::is_suspicious);
    state.inventory_at = Some(now);
    state.inventory_size = measured.of;
    state.inventory_short_since = change.short.and(state.inventory_short_since.or(Some(now)));
    change
}

/// Notes that a client is on the list, and as which; whether anything changed.
fn note_listed(watched: &mut Watched, client: Client, now: Timestamp) -> bool {
    let was_gone = watched.missing_since.is_some() || watched.missing_inventories > 0 || watched.vanished_at.is_some();
    let was_edited = watched.client.fingerprint != client.fingerprint;
    let is_changed = was_gone || watched.client != client;
    if was_edited {
        watched.edited_at = Some(now);
    }
    if was_gone {
        watched.missing_inventories = 0;
        watched.missing_since = None;
        watched.vanished_at = None;
    }
    watched.client = client;
    is_changed
}

/// Who is asked for by its id first: whose balance the API refused with the same word, then the others in turns, so that
/// one who is asked in vain each time keeps nobody waiting.
fn put_in_turn(to_ask: &mut [usize], known: &[Watched], now: Timestamp) {
    if !to_ask.is_empty() {
        let lists = now.as_second() / EVERY.as_secs();
        let turn = usize::try_from(lists).unwrap_or(0).wrapping_mul(MOST_ASKED_BY_ID);
        to_ask.rotate_left(turn % to_ask.len());
    }
    to_ask.sort_by_key(|index| !seems_gone(&known[*index]));
}

/// Whether a list lacks a client, and the API says for its balance, too, that it knows no such client. That is no failure of
/// the API, and no blindness: it is asked for by its id, and then has vanished.
#[must_use]
pub fn seems_gone(watched: &Watched) -> bool {
    watched
        .last_error
        .as_deref()
        .is_some_and(|error| is_gone(watched, error))
}

/// As [`seems_gone`], by the kind of this failure.
#[must_use]
pub fn is_gone(watched: &Watched, error: &str) -> bool {
    watched.missing_inventories > 0 && error == "invalid_client"
}

/// Counts who is not on the list any more. Ids count and not the length: a list of as many others has lost everybody. What
/// lists lost bit by bit counts together, whether or not the API confirmed it: somebody should look either way.
fn measure(known: &[Watched], now: Timestamp) -> Short {
    let (mut has, mut lacks) = (0u64, 0u64);
    for watched in known.iter().filter(|watched| !watched.client.id.is_pseudo()) {
        match watched.missing_since {
            None => has += 1,
            Some(since) if now.duration_since(since) < MEASURED_BY => lacks += 1,
            Some(_) => {}
        }
    }
    let of = has + lacks;
    Short { has, lacks, of }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use jiff::Timestamp;

    use super::{AccountState, Change, Client, ClientId, MOST_ASKED_BY_ID, Short, Watched};
    use crate::domain::testing::at;

    fn take(known: &mut Vec<Watched>, listed: Vec<Client>, state: &mut AccountState, now: Timestamp) -> Change {
        super::take(known, listed, &HashSet::new(), state, now)
    }

    fn listed(ids: impl IntoIterator<Item = u32>) -> Vec<Client> {
        let client = |id: u32| Client {
            balance_management: "1".to_owned(),
            fingerprint: "a".to_owned(),
            ..Client::unknown(ClientId::new(&id.to_string()).unwrap())
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

    /// A list of these ids, and how many it has, lacks and is measured by when it is suspicious.
    type Case = (
        &'static str,
        std::ops::Range<u32>,
        std::ops::Range<u32>,
        Option<(u64, u64, u64)>,
    );

    #[test]
    fn a_list_that_lacks_more_than_two_clients_or_a_twentieth_is_suspicious() {
        let cases: [Case; 13] = [
            ("same", 0..100, 0..100, None),
            ("a twentieth", 0..100, 0..95, None),
            ("more than a twentieth", 0..100, 0..94, Some((94, 6, 100))),
            ("two of a few", 0..10, 0..8, None),
            ("three of a few", 0..10, 0..7, Some((7, 3, 10))),
            ("empty after two", 0..2, 0..0, Some((0, 2, 2))),
            ("empty after one", 0..1, 0..0, Some((0, 1, 1))),
            ("empty from the start", 0..0, 0..0, None),
            ("one is left", 0..100, 99..100, Some((1, 99, 100))),
            ("longer", 0..10, 0..1000, None),
            ("as many others", 0..100, 100..200, Some((100, 100, 200))),
            ("more, but others", 0..10, 10..40, Some((30, 10, 40))),
            ("as many, a few others", 0..100, 5..105, None),
        ];
        for (name, before, after, short) in cases {
            let (mut known, mut state): (Vec<Watched>, _) = (Vec::new(), AccountState::default());
            take(&mut known, listed(before), &mut state, at(0));
            let change = take(&mut known, listed(after), &mut state, at(300));
            let short = short.map(|(has, lacks, of)| Short { has, lacks, of });
            assert_eq!(change.short, short, "{name}");
            assert_eq!(state.inventory_short_since, short.map(|_| at(300)), "{name}");
        }
    }

    #[test]
    fn a_client_that_a_list_repeats_stands_for_no_other() {
        let (mut known, mut state) = (Vec::new(), AccountState::default());
        take(&mut known, listed(0..10), &mut state, at(0));
        let repeated = || std::iter::repeat_n(0, 10);
        let short = take(&mut known, listed(repeated()), &mut state, at(300)).short;
        assert_eq!(short.map(|short| (short.has, short.lacks)), Some((1, 9)));
        assert_eq!(known.len(), 10);
    }

    #[test]
    fn what_lists_lose_bit_by_bit_counts_together_for_a_day_and_not_a_second_longer() {
        let day = 24 * 3600;
        let (mut known, mut state) = (Vec::new(), AccountState::default());
        let lists = [
            (0, 0..100, None),
            (1000, 0..97, None),
            (2000, 0..94, Some((94, 6, 100))),
            // The API's word that they have vanished changes nothing.
            (3000, 0..94, Some((94, 6, 100))),
            (1000 + day - 1, 0..94, Some((94, 6, 100))),
            (1000 + day, 0..94, None),
            (1001 + day, 0..93, None),
            (1002 + day, 0..92, Some((92, 5, 97))),
            (2000 + day, 0..92, None),
        ];
        for (secs, ids, short) in lists {
            let got = take(&mut known, listed(ids), &mut state, at(secs)).short;
            let short = short.map(|(has, lacks, of)| Short { has, lacks, of });
            assert_eq!(got, short, "at {secs}");
            if secs == 2000 {
                known[95].vanished_at = Some(at(2500));
            }
        }
    }

    #[test]
    fn a_list_that_is_back_is_well_again_at_once() {
        let (mut known, mut state) = (Vec::new(), AccountState::default());
        take(&mut known, listed(0..10), &mut state, at(0));
        assert!(take(&mut known, listed(0..5), &mut state, at(100)).short.is_some());
        assert_eq!(take(&mut known, listed(0..10), &mut state, at(400)).short, None);
        assert_eq!((state.inventory_short_since, state.inventory_size), (None, 10));
        // One that the API knows by its id is missing all the same.
        take(&mut known, listed(0..5), &mut state, at(700));
        known[7].missing_inventories = 0;
        assert!(take(&mut known, listed(0..5), &mut state, at(1000)).short.is_some());
    }

    #[test]
    fn who_is_refused_by_both_is_asked_for_first_and_the_others_in_turns() {
        let (mut known, mut state) = (Vec::new(), AccountState::default());
        take(&mut known, listed(0..40), &mut state, at(0));
        known[33].last_error = Some("invalid_client".to_owned());
        known[34].last_error = Some("timeout".to_owned());
        let mut asked = std::collections::BTreeSet::new();
        for round in 0..5 {
            let to_ask = take(&mut known, vec![], &mut state, at(round * 300)).to_ask;
            if let [first, ..] = to_ask[..] {
                assert_eq!((first, to_ask.len()), (33, 40));
            }
            asked.extend(to_ask.into_iter().take(MOST_ASKED_BY_ID));
        }
        assert!(asked.len() > 30, "{asked:?}");
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
