//! The reseller API as a server, for anyone who writes against it: seeded clients that spend and pay in virtual time,
//! every known quirk of the wire, faults on order, and a `/sim/` surface for tests.
//!
//! - [`Simulator`] is the world and its rules; it knows no sockets. What `/sim/` offers over HTTP its methods offer in
//!   process.
//! - [`serve`] puts it on a listener.
//!
//! `README.md` beside this file shows it as a program for clients in any language. For tests in Rust, [`serve`] shows it in the process of
//! the test. [`manual`] lists its functions, settings, faults and `/sim/` calls, and [`Certainty`] says how sure each is:
//! much of the real API is documented or was observed, some is inferred, and what nobody knows is a setting whose every
//! value a client should survive.
//!
//! `wire/` turns bytes into calls and answers into bytes, `functions/` says what each call does, `world/` is what they
//! do it to. Settings (`settings/table.rs`), faults (`faults.rs`) and functions are tables: each grows by a row.
//! It shares no code with the client side, so that one mistake cannot hide in both; from the rest of the program it
//! uses the clock alone. `tests/it/wire/` holds it to the wire, fact by fact, in raw bytes.

mod access;
mod amount;
mod control;
mod edit;
mod faults;
mod functions;
#[cfg(fuzzing)]
pub mod fuzzing;
mod manual;
mod options;
mod php;
mod settings;
mod settling;
mod shown;
mod state;
mod wire;
mod world;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::clock::Clock;

use faults::Faults;
use settling::Turns;
use state::{Change, State};
use wire::journal::Journal;
use world::client::{Client, Management};
use world::{LIFE_HOURS, calendar};

pub use edit::EditError;
pub use manual::manual;
pub use options::{Options, OptionsError, Speed};
pub use settings::Certainty;
pub use wire::http::{call, serve};
pub use wire::reply::Reply;

/// How long virtual time runs.
const LIFE: Duration = Duration::from_secs(LIFE_HOURS * 3_600);

/// How a client stands, as nobody but the simulator knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glance {
    pub id: u32,
    /// In ten-thousandths of a dollar.
    pub balance_tenthousandths: i64,
    /// As typed; empty: never set.
    pub threshold: Box<str>,
    pub is_hard: bool,
}

/// A reseller account with its clients, in virtual time.
///
/// Virtual time is the start plus the clock's monotonic time times the speed plus what was [advanced]; it stands still
/// after ten years. Balances are worked out when they are asked for.
///
/// [advanced]: Simulator::advance
#[derive(Debug)]
pub struct Simulator {
    options: Options,
    clock: Clock,
    /// The virtual time at the start.
    start: Timestamp,
    state: Mutex<State>,
    turns: Turns,
    journal: Mutex<Journal>,
}

impl Simulator {
    /// Makes the world of the options' seed.
    ///
    /// # Errors
    /// [`OptionsError`] for a fault, setting or number that is not accepted.
    pub fn new(options: Options, clock: Clock) -> Result<Arc<Self>, OptionsError> {
        let start = options.start.unwrap_or_else(|| clock.now());
        let mut state = State::new(&options, start)?;
        state.began = clock.monotonic();
        Ok(Arc::new(Self {
            options,
            clock,
            start,
            state: Mutex::new(state),
            turns: Turns::default(),
            journal: Mutex::default(),
        }))
    }

    /// Makes everything as it was at the start: the world, virtual time, faults, settings, counts and remembered
    /// requests.
    ///
    /// # Errors
    /// [`OptionsError`] when a name among the allowed addresses can no longer be looked up; then nothing is changed.
    pub fn reset(&self) -> Result<(), OptionsError> {
        let fresh = State::new(&self.options, self.start)?;
        let mut state = self.lock();
        let former = std::mem::replace(&mut *state, fresh);
        state.began = self.clock.monotonic();
        drop(state);
        *self.journal() = Journal::default();
        // Dropping a large world takes as long as making it, so it happens outside the lock.
        drop(former);
        Ok(())
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.virtual_time(&self.lock())
    }

    /// Moves virtual time on.
    pub fn advance(&self, by: Duration) {
        let mut state = self.lock();
        state.advanced = state.advanced.saturating_add(by.as_nanos());
    }

    /// Edits a client, or the reseller's own account as `reseller`, as a person does in the portal: a JSON object of
    /// the record's fields, `balance`, `balance_management`, `package`, `threshold`, `threshold_email`, `account_state`,
    /// and `spend_per_hour`, `spend_from`, `spend_until` for scripted spending.
    ///
    /// # Errors
    /// [`EditError`] when the client, a field or a value is not known; then nothing is changed.
    pub fn edit(&self, id: &str, fields: &Value) -> Result<(), EditError> {
        let fields = fields.as_object().ok_or(EditError::NotAnObject)?;
        self.prepare_for(id);
        let mut state = self.lock();
        let (now, rules) = (self.virtual_secs(&state), state.rules());
        let State { world, settings, .. } = &mut *state;
        edit::apply(id, fields, world, settings, rules, now)
    }

    /// The client pays `amount`, a positive decimal.
    ///
    /// # Errors
    /// [`EditError`] when the client is not known or the amount is none.
    pub fn deposit(&self, id: &str, amount: &str) -> Result<(), EditError> {
        self.prepare_for(id);
        let mut state = self.lock();
        let (now, rules) = (self.virtual_secs(&state), state.rules());
        edit::pay(id, amount, &mut state.world, rules, now)
    }

    /// The reseller charges a client, or credits it, so that it has this balance. An edit of the balance is in no ledger.
    ///
    /// # Errors
    /// [`EditError`] when the client is not known or the balance is no amount.
    pub fn bring_to(&self, id: &str, balance: &str) -> Result<(), EditError> {
        self.prepare_for(id);
        let mut state = self.lock();
        let (now, rules) = (self.virtual_secs(&state), state.rules());
        edit::bring_to(id, balance, &mut state.world, rules, now)
    }

    /// A client, or the reseller's own account as `reseller`, as it is now.
    ///
    /// # Errors
    /// [`EditError::UnknownClient`].
    pub fn client(&self, id: &str) -> Result<Value, EditError> {
        self.prepare_for(id);
        let mut state = self.lock();
        let (now, rules) = (self.virtual_secs(&state), state.rules());
        let State { world, settings, .. } = &mut *state;
        let (client, mut around) = world
            .settled(id, now, rules)
            .ok_or_else(|| EditError::UnknownClient(id.to_owned()))?;
        Ok(shown::client(client, settings, &mut around))
    }

    /// How everybody stands now, without the reseller's own account: id, balance, threshold and whether it is HARD. Much cheaper than
    /// [`Self::client`] for each.
    #[must_use]
    pub fn glance(&self) -> Vec<Glance> {
        let mut state = self.lock();
        let (now, rules) = (self.virtual_secs(&state), state.rules());
        state.world.settle_all(now, rules);
        let clients = state.world.clients().filter(|client| !client.is_reseller());
        let glance = |client: &Client| Glance {
            id: client.id,
            balance_tenthousandths: client.balance().tenthousandths(),
            threshold: client.threshold.as_deref().unwrap_or_default().into(),
            is_hard: client.management == Management::Hard,
        };
        clients.map(glance).collect()
    }

    /// The ids of all clients, in order.
    #[must_use]
    pub fn client_ids(&self) -> Vec<String> {
        self.lock()
            .world
            .clients()
            .map(|client| client.id.to_string())
            .collect()
    }

    /// Adds a client, with the id of a removed one or the next id, and edits it; returns its id.
    ///
    /// # Errors
    /// [`EditError`] when the id is not free or the edit is refused; then nobody is added.
    pub fn add_client(&self, fields: &Value) -> Result<String, EditError> {
        let mut fields = fields.as_object().ok_or(EditError::NotAnObject)?.clone();
        let wanted = match fields.remove("client") {
            Some(Value::String(id)) => Some(id),
            None | Some(Value::Null) => None,
            Some(id) => Some(id.to_string()),
        };
        let mut state = self.lock();
        let now = self.virtual_secs(&state);
        let client = state.world.newcomer(wanted.as_deref(), now);
        let client = client.ok_or_else(|| EditError::NotFree(wanted.unwrap_or_default()))?;
        let client = edit::edited(client, &fields, &state.settings, now)?;
        let id = client.id.to_string();
        state.world.replace(client);
        Ok(id)
    }

    /// Removes a client.
    ///
    /// # Errors
    /// [`EditError::UnknownClient`].
    pub fn remove_client(&self, id: &str) -> Result<(), EditError> {
        let mut state = self.lock();
        let (now, rules) = (self.virtual_secs(&state), state.rules());
        if state.world.remove(id, now, rules) {
            Ok(())
        } else {
            Err(EditError::UnknownClient(id.to_owned()))
        }
    }

    /// Sets one fault, `NAME`, `NAME@clients`, `NAME@ID` or `NAME@FUNCTION`, to a share such as `0.05`; 0 ends it.
    ///
    /// # Errors
    /// [`OptionsError`] when there is no such fault or share.
    pub fn set_fault(&self, name: &str, share: &str) -> Result<(), OptionsError> {
        self.lock().faults.set(name, share)
    }

    /// Replaces all faults; with an error nothing is changed.
    fn replace_faults(&self, faults: &Map<String, Value>) -> Result<(), OptionsError> {
        let (mut replaced, mut problems) = (Faults::default(), Vec::new());
        for (name, share) in faults {
            noted(replaced.set(name, &plain(share)), &mut problems);
        }
        OptionsError::all_of(problems)?;
        self.lock().faults = replaced;
        Ok(())
    }

    /// Changes one setting. What already happened stays as it was. Names among the `allowed-addresses` are looked up
    /// first, which takes as long as the resolver takes; calls are answered meanwhile.
    ///
    /// # Errors
    /// [`OptionsError`] when there is no such setting, or it does not take the value.
    pub fn set_setting(&self, name: &str, value: &str) -> Result<(), OptionsError> {
        let change = Change::new(name, value)?;
        self.prepare(std::slice::from_ref(&change));
        let mut state = self.lock();
        let now = self.virtual_secs(&state);
        state.change(now, &change)
    }

    /// Changes several settings; with an error nothing is changed.
    fn change_settings(&self, values: &Map<String, Value>) -> Result<(), OptionsError> {
        let values: Vec<(&String, String)> = values.iter().map(|(name, value)| (name, plain(value))).collect();
        let mut problems = Vec::new();
        let changes = values.iter().map(|(name, value)| Change::new(name, value));
        let changes: Vec<Change<'_>> = changes.filter_map(|change| noted(change, &mut problems)).collect();
        self.prepare(&changes);
        let mut state = self.lock();
        let now = self.virtual_secs(&state);
        let before = (state.settings.clone(), state.allowed.clone());
        for change in &changes {
            noted(state.change(now, change), &mut problems);
        }
        if !problems.is_empty() {
            (state.settings, state.allowed) = before;
        }
        OptionsError::all_of(problems)
    }

    /// What was called: `calls`, `calls_by_function`, `max_calls_in_60s` (by the clock's monotonic time; refused calls
    /// and faults count too).
    #[must_use]
    pub fn stats(&self) -> Value {
        shown::traffic(&self.lock().traffic)
    }

    /// The world in numbers, with everybody settled, and the faults and settings in force. Calls are answered while it is
    /// worked out.
    #[must_use]
    pub fn state(&self) -> Value {
        self.catch_up();
        let mut state = self.lock();
        let (now, rules) = (self.virtual_secs(&state), state.rules());
        state.world.settle_all(now, rules);
        shown::state(&state, self.virtual_time(&state), &self.options)
    }

    /// The last thousand API calls, oldest first, secrets masked.
    #[must_use]
    pub fn requests(&self) -> Value {
        self.journal().shown()
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn virtual_time(&self, state: &State) -> Timestamp {
        self.virtual_time_at(self.clock.monotonic(), state)
    }

    /// Virtual time when the clock's monotonic time is `monotonic`.
    fn virtual_time_at(&self, monotonic: Duration, state: &State) -> Timestamp {
        let passed = monotonic.saturating_sub(state.began).as_nanos();
        let passed = self.options.speed.virtual_nanos(passed).saturating_add(state.advanced);
        let passed = u64::try_from(passed.min(LIFE.as_nanos())).unwrap_or(u64::MAX);
        self.start
            .saturating_add(Duration::from_nanos(passed))
            .unwrap_or(Timestamp::MAX)
    }

    fn virtual_secs(&self, state: &State) -> i64 {
        calendar::seconds(self.virtual_time(state))
    }
}

/// What is there, or nothing and one problem more.
fn noted<T, E>(result: Result<T, E>, problems: &mut Vec<E>) -> Option<T> {
    result.map_err(|problem| problems.push(problem)).ok()
}

/// A JSON value as a setting or share is written: `true` as `on`, a number as its digits.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "on".to_owned(),
        Value::Bool(false) => "off".to_owned(),
        Value::Null => String::new(),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests;
