//! What a world adds up to. Reads only.

use super::World;
use super::around::Rules;
use super::client::Management;
use super::ledger::Sums;
use crate::simulator::amount::Amount;

/// What a world adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub clients: usize,
    pub below_threshold: usize,
    pub below_zero: usize,
    pub hard: usize,
    pub suspended: usize,
    pub waiting: usize,
    pub sums: Sums,
    /// What the reseller has left.
    pub reseller_balance: Amount,
    /// What the clients' calls cost him since the world began.
    pub reseller_spent: Amount,
}

impl World {
    /// What everybody adds up to, as settled.
    pub fn totals(&self, rules: Rules) -> Totals {
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
