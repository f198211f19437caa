//! What a world adds up to. Reads only.

use super::World;
use super::amount::Amount;
use super::client::{Management, Rules};
use super::ledger::Sums;

/// What a world adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::simulator) struct Totals {
    pub(in crate::simulator) clients: usize,
    pub(in crate::simulator) below_threshold: usize,
    pub(in crate::simulator) below_zero: usize,
    pub(in crate::simulator) hard: usize,
    pub(in crate::simulator) suspended: usize,
    /// In state WAIT.
    pub(in crate::simulator) waiting: usize,
    pub(in crate::simulator) sums: Sums,
    /// What the reseller has left.
    pub(in crate::simulator) reseller_balance: Amount,
    /// What the clients' calls cost him since the world began.
    pub(in crate::simulator) reseller_spent: Amount,
}

impl World {
    /// What everybody adds up to, as settled.
    pub(in crate::simulator) fn totals(&self, rules: Rules) -> Totals {
        let mut totals = Totals {
            reseller_balance: self.own.balance(),
            reseller_spent: self.own.ledger().sums().spent,
            ..Totals::default()
        };
        for client in self.clients() {
            totals.clients += 1;
            totals.below_threshold += usize::from(client.limit().is_some_and(|limit| client.balance() < limit));
            totals.below_zero += usize::from(client.balance().is_negative());
            totals.hard += usize::from(client.management == Management::Hard);
            totals.suspended += usize::from(client.is_suspended(rules));
            totals.waiting += usize::from(client.is_waiting());
            totals.sums += client.ledger().sums();
        }
        totals
    }
}
