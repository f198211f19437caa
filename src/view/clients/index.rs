//! All clients of a picture, sorted and ready to be searched, so that a page of 50,000 costs a walk over numbers and short texts.
//! Made once for each picture; it holds places in the snapshots, and is of no use with others.

use std::cmp::Ordering;
use std::str::FromStr;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::State;
use super::row::{ClientPage, ClientRow, used_up_at};
use crate::domain::watch::Watched;
use crate::domain::{AccountName, Money};
use crate::view::snapshot::Snapshot;
use crate::view::words::label;

/// What clients can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Those on the list that stand so.
    Listed(State),
    /// Those that are on the list no more.
    Vanished,
}

impl Wanted {
    pub const ALL: [Self; 5] = [
        Self::Listed(State::Firing),
        Self::Listed(State::Unread),
        Self::Listed(State::Low),
        Self::Listed(State::Fine),
        Self::Vanished,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Listed(state) => state.as_str(),
            Self::Vanished => "vanished",
        }
    }
}

impl FromStr for Wanted {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|wanted| wanted.as_str() == text).ok_or(())
    }
}

/// What a list is sorted by. Who has no such value stands at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortBy {
    /// When nothing is left at the pace of the last spending, soonest first; those of whom nothing is left already are the first.
    #[default]
    UsedUp,
    /// How far the balance is above the threshold that counts, least first.
    Margin,
    /// Lowest first.
    Balance,
    /// Spent today, most first.
    Spent,
    Name,
    /// The last good reading, oldest first.
    Read,
}

impl SortBy {
    pub const ALL: [Self; 6] = [
        Self::UsedUp,
        Self::Margin,
        Self::Balance,
        Self::Spent,
        Self::Name,
        Self::Read,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UsedUp => "used_up",
            Self::Margin => "margin",
            Self::Balance => "balance",
            Self::Spent => "spent",
            Self::Name => "name",
            Self::Read => "read",
        }
    }
}

/// An order: the name of what it goes by, behind a `-` the other way round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    pub by: SortBy,
    pub is_reversed: bool,
}

impl FromStr for Sort {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let name = text.strip_prefix('-').unwrap_or(text);
        let by = SortBy::ALL.into_iter().find(|by| by.as_str() == name).ok_or(())?;
        Ok(Self {
            by,
            is_reversed: name.len() < text.len(),
        })
    }
}

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// Behind so many.
    After(usize),
    /// Behind the client of a cursor, wherever that stands by now.
    Cursor(String),
}

/// Which clients, in which order, from where on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Of this account only.
    pub account: Option<AccountName>,
    /// Words that must all be in the id, the names or the addresses of a client, in any case of letters. Empty: all.
    pub q: String,
    /// Without it: those on the list, and of a search the vanished ones too.
    pub state: Option<Wanted>,
    pub sort: Sort,
    pub start: Start,
    pub limit: usize,
}

impl Query {
    /// The first so many of all.
    #[must_use]
    pub fn first(limit: usize) -> Self {
        Self {
            account: None,
            q: String::new(),
            state: None,
            sort: Sort::default(),
            start: Start::After(0),
            limit,
        }
    }
}

/// The client of a cursor is not known any more, or never was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCursor;

/// An account in sums, without vanished clients and pseudo-clients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many clients there are of [`State::ALL`], in that order.
    pub states: [u64; State::ALL.len()],
    pub vanished: u64,
    /// Spent today, by the readings of today.
    pub spent_today: Money,
    /// Spent on an average day of the last 30.
    pub usual_per_day: Money,
    /// The reading that is the longest ago.
    pub oldest_read_at: Option<Timestamp>,
    /// One in a hundred readings is older.
    pub p99_read_at: Option<Timestamp>,
    /// Half of the readings are older.
    pub median_read_at: Option<Timestamp>,
}

impl Tally {
    #[must_use]
    pub fn count(&self, state: State) -> u64 {
        let counts = State::ALL.iter().zip(self.states);
        counts
            .filter(|(known, _)| **known == state)
            .map(|(_, count)| count)
            .sum()
    }

    /// Clients on the list.
    #[must_use]
    pub fn listed(&self) -> u64 {
        self.states.iter().sum()
    }
}

/// The time that `spent_total` is about.
const USUAL_DAYS: u32 = 30;

/// A client's place in the snapshots.
#[derive(Debug)]
struct Entry {
    account: u32,
    client: u32,
    wanted: Wanted,
    /// Where its text ends; it begins where the one before it ends.
    text_end: usize,
}

/// An order of the entries.
#[derive(Debug)]
struct Order {
    entries: Vec<u32>,
    /// How many of them have a value; the others follow.
    known: usize,
}

#[derive(Debug)]
pub struct Index {
    entries: Vec<Entry>,
    /// What is searched, of one client after the other.
    text: String,
    /// In the order of [`SortBy::ALL`].
    orders: [Order; SortBy::ALL.len()],
    tallies: Vec<Tally>,
}

impl Index {
    #[must_use]
    pub fn new(snapshots: &[Snapshot]) -> Self {
        let mut index = Self {
            entries: Vec::with_capacity(snapshots.iter().map(|snapshot| snapshot.kept.clients.len()).sum()),
            text: String::new(),
            orders: SortBy::ALL.map(|_| Order {
                entries: Vec::new(),
                known: 0,
            }),
            tallies: Vec::with_capacity(snapshots.len()),
        };
        for (account, snapshot) in (0..).zip(snapshots) {
            index.add(account, snapshot);
        }
        index.text.shrink_to_fit();
        index.orders = [
            index.order(snapshots, used_up),
            index.order(snapshots, |snapshot, watched| {
                Some(watched.reading.as_ref()?.balance - snapshot.threshold(watched)?)
            }),
            index.order(snapshots, |_, watched| Some(watched.reading.as_ref()?.balance)),
            index.order(snapshots, |_, watched| Some(-watched.reading.as_ref()?.spent_today?)),
            index.order(snapshots, |_, watched| Some(label(&watched.client).to_lowercase())),
            index.order(snapshots, |_, watched| Some(watched.reading.as_ref()?.at)),
        ];
        index
    }

    /// The sums of each account, in the order of the snapshots.
    #[must_use]
    pub fn tallies(&self) -> &[Tally] {
        &self.tallies
    }

    fn add(&mut self, account: u32, snapshot: &Snapshot) {
        let fires = snapshot.firing_clients();
        let midnight = snapshot.now.at.to_zoned(snapshot.rules.zone.clone()).start_of_day();
        let midnight = midnight.map_or(Timestamp::MIN, |midnight| midnight.timestamp());
        let (mut tally, mut read, mut month) = (Tally::default(), Vec::new(), Money::ZERO);
        for (client, watched) in (0..).zip(&snapshot.kept.clients) {
            if watched.client.id.is_pseudo() {
                continue;
            }
            let wanted = match watched.vanished_at {
                Some(_) => Wanted::Vanished,
                None => Wanted::Listed(State::of(snapshot, watched, fires.contains(&watched.client.id))),
            };
            self.write_text(watched);
            self.entries.push(Entry {
                account,
                client,
                wanted,
                text_end: self.text.len(),
            });
            let Wanted::Listed(state) = wanted else {
                tally.vanished += 1;
                continue;
            };
            for (count, known) in tally.states.iter_mut().zip(State::ALL) {
                *count += u64::from(known == state);
            }
            let Some(reading) = &watched.reading else { continue };
            read.push(reading.at);
            month = month + reading.spent_total.unwrap_or_default();
            if reading.at >= midnight {
                tally.spent_today = tally.spent_today + reading.spent_today.unwrap_or_default();
            }
        }
        read.sort_unstable();
        tally.oldest_read_at = read.first().copied();
        // By nearest rank: an age of rank k from below is a time of rank k from above.
        tally.p99_read_at = read.get(read.len() / 100).copied();
        tally.median_read_at = read.get(read.len() / 2).copied();
        let a_day = month.amount().checked_div(Decimal::from(USUAL_DAYS));
        tally.usual_per_day = a_day.and_then(|a_day| Money::new(a_day).ok()).unwrap_or_default();
        self.tallies.push(tally);
    }

    /// What a client is found by.
    fn write_text(&mut self, watched: &Watched) {
        let client = &watched.client;
        let threshold = watched
            .threshold
            .as_ref()
            .and_then(|threshold| threshold.email.as_deref());
        let parts = [
            client.id.as_str(),
            &client.company,
            &client.firstname,
            &client.lastname,
            &client.email,
            threshold.filter(|email| *email != client.email).unwrap_or_default(),
        ];
        for part in parts.into_iter().filter(|part| !part.is_empty()) {
            self.text.push_str(&part.to_lowercase());
            self.text.push('\n');
        }
    }

    fn order<K: Ord>(&self, snapshots: &[Snapshot], key: impl Fn(&Snapshot, &Watched) -> Option<K>) -> Order {
        let keys: Vec<Option<K>> = self
            .entries
            .iter()
            .map(|entry| place(snapshots, entry).and_then(|(snapshot, watched)| key(snapshot, watched)))
            .collect();
        let mut entries: Vec<u32> = (0..).take(keys.len()).collect();
        let key = |entry: &u32| keys.get(*entry as usize).and_then(Option::as_ref);
        // Stable: equals stay in the order of accounts and ids.
        entries.sort_by(|one, other| match (key(one), key(other)) {
            (Some(one), Some(other)) => one.cmp(other),
            (one, other) => other.is_some().cmp(&one.is_some()),
        });
        let known = keys.iter().flatten().count();
        Order { entries, known }
    }

    /// The entries in an order.
    fn sorted(&self, sort: Sort) -> impl Iterator<Item = u32> {
        let place = SortBy::ALL.iter().position(|by| *by == sort.by).unwrap_or_default();
        let order = &self.orders[place];
        let (known, others) = order.entries.split_at(order.known);
        let len = known.len();
        let known = (0..len).map(move |place| known[if sort.is_reversed { len - 1 - place } else { place }]);
        known.chain(others.iter().copied())
    }

    /// The part of the clients that a query asks for, of the same snapshots that the index was made of.
    ///
    /// # Errors
    /// When it is to go on behind a client that is not known.
    pub fn page(&self, snapshots: &[Snapshot], query: &Query) -> Result<ClientPage, UnknownCursor> {
        let words: Vec<String> = query.q.split_whitespace().map(str::to_lowercase).collect();
        let account = query.account.as_ref().map(|name| {
            let found = snapshots.iter().position(|snapshot| snapshot.rules.account == *name);
            found.unwrap_or(usize::MAX)
        });
        let is_asked_for = |place: usize, entry: &Entry| {
            account.is_none_or(|account| entry.account as usize == account)
                && match query.state {
                    Some(wanted) => entry.wanted == wanted,
                    None => entry.wanted != Wanted::Vanished || !words.is_empty(),
                }
                && words.iter().all(|word| self.text_of(place).contains(word.as_str()))
        };
        let after = match &query.start {
            Start::After(_) => None,
            Start::Cursor(cursor) => Some(self.find(snapshots, cursor).ok_or(UnknownCursor)?),
        };
        let (mut total, mut before, mut is_behind) = (0, 0, after.is_none());
        let mut found: Vec<u32> = Vec::new();
        for place in self.sorted(query.sort) {
            let entry = &self.entries[place as usize];
            if is_asked_for(place as usize, entry) {
                total += 1;
                let is_before = match query.start {
                    Start::After(number) => total <= number,
                    Start::Cursor(_) => !is_behind,
                };
                if is_before {
                    before += 1;
                } else if found.len() < query.limit {
                    found.push(place);
                }
            }
            is_behind |= after == Some(place);
        }
        let rows = found.iter().filter_map(|place| {
            let entry = &self.entries[*place as usize];
            let (snapshot, watched) = self::place(snapshots, entry)?;
            Some(ClientRow::new(snapshot, watched, entry.wanted))
        });
        let clients: Vec<ClientRow> = rows.collect();
        let is_last = before + clients.len() >= total;
        let last = clients.last().filter(|_| !is_last);
        Ok(ClientPage {
            total,
            before,
            next_cursor: last.map(|last| format!("{}/{}", last.account, last.client)),
            clients,
        })
    }

    fn text_of(&self, place: usize) -> &str {
        let start = place.checked_sub(1).map_or(0, |before| self.entries[before].text_end);
        &self.text[start..self.entries[place].text_end]
    }

    /// The entry of a cursor, `ACCOUNT/ID`.
    fn find(&self, snapshots: &[Snapshot], cursor: &str) -> Option<u32> {
        let (account, client) = cursor.split_once('/')?;
        let account = snapshots
            .iter()
            .position(|snapshot| snapshot.rules.account.as_str() == account)?;
        let clients = &snapshots[account].kept.clients;
        let client = clients
            .binary_search_by(|watched| watched.client.id.as_str().cmp(client))
            .ok()?;
        let wanted = (account, client);
        let found = self
            .entries
            .binary_search_by(|entry| (entry.account as usize, entry.client as usize).cmp(&wanted));
        found.ok().and_then(|found| u32::try_from(found).ok())
    }
}

fn place<'a>(snapshots: &'a [Snapshot], entry: &Entry) -> Option<(&'a Snapshot, &'a Watched)> {
    let snapshot = snapshots.get(entry.account as usize)?;
    Some((snapshot, snapshot.kept.clients.get(entry.client as usize)?))
}

/// Whose money is used up comes first, the deepest in debt at the front.
fn used_up(snapshot: &Snapshot, watched: &Watched) -> Option<(Ordering, Option<Money>, Option<Timestamp>)> {
    let balance = watched.reading.as_ref()?.balance;
    if !balance.is_positive() {
        return Some((Ordering::Less, Some(balance), None));
    }
    let at = used_up_at(watched, snapshot.now.at)?;
    Some((Ordering::Equal, None, Some(at)))
}

#[cfg(test)]
mod tests {
    use super::{Index, Query, Sort, Start, UnknownCursor};
    use crate::domain::AccountName;
    use crate::domain::testing::{money, reading, threshold};
    use crate::view::clients::State;
    use crate::view::snapshot::Snapshot;
    use crate::view::testing::{at, firing, snapshot, watched};

    /// Two accounts; `main` has five clients, of whom one is fine, one low, one fires, one is unread and one vanished.
    fn snapshots() -> [Snapshot; 2] {
        let client = |id: &str, company: &str, balance: Option<&str>, read_secs_ago: i64| {
            let mut client = watched(id);
            company.clone_into(&mut client.client.company);
            client.reading = balance.map(|balance| reading(balance, "2", -read_secs_ago));
            client.threshold = Some(threshold(Some("10"), -60));
            client
        };
        let mut main = snapshot();
        main.kept.clients = vec![
            client("1", "Über GmbH", Some("50"), 60),
            client("2", "acme", Some("5"), 120),
            client("3", "Zeta", Some("0"), 30),
            client("4", "Beta", None, 0),
            client("5", "Gone Ltd", Some("20"), 600),
            watched("reseller"),
        ];
        // Only this one is known to spend anything.
        main.kept.clients[1].reading.as_mut().unwrap().spent_total = Some(money("30"));
        main.kept.clients[4].vanished_at = Some(at(-60));
        main.kept.alerts = vec![firing("3")];
        let mut other = snapshot();
        other.rules.account = AccountName::new("other").unwrap();
        other.kept.clients = vec![client("1", "Alpha", Some("7"), 90)];
        [main, other]
    }

    fn found(change: impl FnOnce(&mut Query)) -> Result<(Vec<String>, usize, usize, Option<String>), UnknownCursor> {
        let snapshots = snapshots();
        let mut query = Query::first(10);
        change(&mut query);
        let page = Index::new(&snapshots).page(&snapshots, &query)?;
        let names = page
            .clients
            .iter()
            .map(|row| format!("{}/{} {}", row.account, row.client, row.state));
        Ok((names.collect(), page.total, page.before, page.next_cursor))
    }

    #[test]
    fn clients_are_found_by_every_word_and_by_their_state() {
        let named = |change: fn(&mut Query)| found(change).unwrap().0.join(", ");
        let by_name: fn(&mut Query) = |query| query.sort = "name".parse().unwrap();
        assert_eq!(
            named(by_name),
            "main/2 low, other/1 low, main/4 unread, main/3 firing, main/1 fine"
        );
        for (name, change, expected) in [
            (
                "any case, any letters",
                (|query| query.q = "ÜBER".to_owned()) as fn(&mut Query),
                "main/1 fine",
            ),
            ("all words count", |query| query.q = "gmbh acme".to_owned(), ""),
            ("an address", |query| query.q = "john@ zet".to_owned(), "main/3 firing"),
            (
                "a search finds who vanished",
                |query| query.q = "gone".to_owned(),
                "main/5 vanished",
            ),
            (
                "those alone",
                |query| query.state = "vanished".parse().ok(),
                "main/5 vanished",
            ),
            ("a state", |query| query.state = "unread".parse().ok(), "main/4 unread"),
            (
                "an account",
                |query| query.account = AccountName::new("other").ok(),
                "other/1 low",
            ),
            (
                "one that is not there",
                |query| query.account = AccountName::new("gone").ok(),
                "",
            ),
            (
                "a text never reaches into the next client",
                |query| query.q = "gmbh\n2".to_owned(),
                "",
            ),
        ] {
            assert_eq!(named(change), expected, "{name}");
        }
    }

    #[test]
    fn who_has_no_such_value_stands_last_either_way_round() {
        let ids = |sort: &str| {
            let sort: Sort = sort.parse().unwrap();
            let (names, ..) =
                found(|query| (query.sort, query.account) = (sort, AccountName::new("main").ok())).unwrap();
            names
                .iter()
                .map(|name| name["main/".len()..].split(' ').next().unwrap().to_owned())
                .collect::<String>()
        };
        for (sort, expected) in [
            ("balance", "3214"),
            ("-balance", "1234"),
            ("margin", "3214"),
            ("read", "2134"),
            ("-read", "3124"),
            ("used_up", "3214"),
            ("name", "2431"),
        ] {
            assert_eq!(ids(sort), expected, "{sort}");
        }
        assert!("size".parse::<Sort>().is_err() && "--name".parse::<Sort>().is_err());
    }

    #[test]
    fn a_page_goes_on_behind_a_number_or_a_client() {
        let page = |start: Start| {
            found(|query| {
                (query.limit, query.start) = (2, start);
                query.sort = "balance".parse().unwrap();
            })
        };
        let (first, total, before, next) = page(Start::After(0)).unwrap();
        assert_eq!(
            (first.join(", "), total, before),
            ("main/3 firing, main/2 low".to_owned(), 5, 0)
        );
        let (second, _, before, next) = page(Start::Cursor(next.unwrap())).unwrap();
        assert_eq!((second.join(", "), before), ("other/1 low, main/1 fine".to_owned(), 2));
        let (third, _, before, end) = page(Start::Cursor(next.unwrap())).unwrap();
        assert_eq!((third.join(", "), before, end), ("main/4 unread".to_owned(), 4, None));
        assert_eq!(page(Start::After(2)).unwrap().0, second);
        assert!(page(Start::After(9)).unwrap().0.is_empty());
        for unknown in ["main/9", "gone/1", "", "main"] {
            assert_eq!(page(Start::Cursor(unknown.to_owned())), Err(UnknownCursor), "{unknown}");
        }
    }

    #[test]
    fn an_account_is_summed_up_without_those_that_vanished() {
        let snapshots = snapshots();
        let index = Index::new(&snapshots);
        let tally = &index.tallies()[0];
        assert_eq!(State::ALL.map(|state| tally.count(state)), [1, 1, 1, 1]);
        assert_eq!((tally.listed(), tally.vanished), (4, 1));
        assert_eq!(tally.spent_today, money("6"));
        assert_eq!(
            (tally.oldest_read_at, tally.median_read_at),
            (Some(at(-120)), Some(at(-60)))
        );
    }
}
