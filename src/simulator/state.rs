//! What calls and edits change, and how a setting is changed.

use std::time::Duration;

use jiff::Timestamp;

use super::access::{self, AllowList};
use super::edit;
use super::faults::Faults;
use super::noted;
use super::options::{self, Options, OptionsError};
use super::settings::{self, Key, Settings};
use super::wire::traffic::Traffic;
use super::world::around::Rules;
use super::world::{MOST_CLIENTS, World, calendar};

/// What calls and edits change.
#[derive(Debug)]
pub(super) struct State {
    pub(super) world: World,
    pub(super) settings: Settings,
    /// Who may call: the setting `allowed-addresses`, looked up.
    pub(super) allowed: AllowList,
    pub(super) faults: Faults,
    pub(super) traffic: Traffic,
    /// The clock's monotonic time at the start; set when the state is put in place, since making it takes time.
    pub(super) began: Duration,
    /// Virtual nanoseconds beyond the clock's.
    pub(super) advanced: u128,
}

impl State {
    /// The state that the options describe, in a world that begins now; or everything that is wrong with them.
    pub(super) fn new(options: &Options, start: Timestamp) -> Result<Self, OptionsError> {
        let mut problems = options.problems();
        // Too many make no world, and a small one does to see what else is wrong.
        let clients = if options.clients > MOST_CLIENTS {
            0
        } else {
            options.clients
        };
        let mut state = Self {
            world: World::new(options.seed, clients, calendar::seconds(start)),
            settings: Settings::default(),
            allowed: AllowList::default(),
            faults: Faults::default(),
            traffic: Traffic::new(),
            began: Duration::ZERO,
            advanced: 0,
        };
        for fault in &options.faults {
            let set = options::assignment(fault).and_then(|(name, share)| state.faults.set(name, share));
            noted(set, &mut problems);
        }
        for setting in &options.settings {
            let change = options::assignment(setting).and_then(|(name, value)| Change::new(name, value));
            let changed = change.and_then(|change| state.change(calendar::seconds(start), &change));
            noted(changed, &mut problems);
        }
        OptionsError::all_of(problems).map(|()| state)
    }

    /// Whether these changes would make other rules than the present ones.
    pub(super) fn would_end_rules(&self, changes: &[Change<'_>]) -> bool {
        let mut settings = self.settings.clone();
        for change in changes {
            // What is refused changes nothing.
            settings.set(change.name, change.value).ok();
        }
        rules(&settings) != self.rules()
    }

    /// Changes a setting as of `now`; with an error nothing is changed.
    pub(super) fn change(&mut self, now: i64, change: &Change<'_>) -> Result<(), OptionsError> {
        let (rules, before) = (self.rules(), self.settings.clone());
        let Change { name, value, allowed } = change;
        let key = self.settings.set(name, value)?;
        let is_order = matches!(key, Key::EditBeforeSetClient | Key::EditAfterSetClient);
        if is_order
            && !value.is_empty()
            && let Err(refused) = edit::check_order(value, &self.world, &self.settings)
        {
            self.settings = before;
            return Err(OptionsError::BadSetting {
                name: settings::TABLE[key as usize].name,
                value: (*value).to_owned(),
                accepted: format!("accepted: ID:FIELD=VALUE; {refused}"),
            });
        }
        if let Some(allowed) = allowed {
            self.allowed = allowed.clone();
        }
        if self.rules() != rules {
            self.world.end_rules(now, rules);
        }
        Ok(())
    }

    /// The settings that decide what moves balances.
    pub(super) fn rules(&self) -> Rules {
        rules(&self.settings)
    }
}

fn rules(settings: &Settings) -> Rules {
    Rules {
        spending: settings.on(Key::Spending),
        top_ups: settings.on(Key::TopUps),
        hard_stops: settings.on(Key::HardStops),
        resume_on_payment: settings.on(Key::ResumeOnPayment),
        suspension_delay_secs: i64::try_from(settings.number(Key::SuspensionDelaySecs)).unwrap_or(i64::MAX),
        cut_calls: settings.on(Key::CutCalls),
        stops_incoming: settings.on(Key::IncomingStops),
        reseller_pays: settings.on(Key::Spending) && settings.on(Key::ResellerPays),
        utc_days: settings.is(Key::DayZone, "utc"),
    }
}

/// A setting that is to be changed. Whatever takes long, such as looking names up, is done before the state is locked.
#[derive(Debug)]
pub(super) struct Change<'a> {
    name: &'a str,
    value: &'a str,
    /// For the setting `allowed-addresses`.
    allowed: Option<AllowList>,
}

impl<'a> Change<'a> {
    pub(super) fn new(name: &'a str, value: &'a str) -> Result<Self, OptionsError> {
        let row = &settings::TABLE[Key::AllowedAddresses as usize];
        let allowed = if name == row.name {
            let allowed = AllowList::read(value).map_err(|refused| OptionsError::BadSetting {
                name: row.name,
                value: value.to_owned(),
                accepted: format!("accepted: {}; {refused}", access::ACCEPTED),
            })?;
            Some(allowed)
        } else {
            None
        };
        Ok(Self { name, value, allowed })
    }
}
