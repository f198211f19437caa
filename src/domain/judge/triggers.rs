//! What stops all changes without a person: figures that no ordinary sweep brings. Pure.

use rust_decimal::Decimal;

use super::Rules;
use crate::domain::Money;
use crate::domain::share::Share;

/// So many clients that move are no jump: a few pay, or are stolen from, in any sweep of a small fleet.
const FEW: u32 = 5;

/// A client moves when its balance does by more than so much, and by more than a tenth: a call is no move.
const MOVES: i64 = 1;

/// From which share on each figure is no ordinary one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Triggers {
    /// Of the clients judged in a sweep, so many begin to breach a balance limit.
    pub firing: Share,
    /// The sum of all balances moves by so much from one sweep to the next.
    pub balance_jump: Share,
    /// Of the clients asked in a sweep, so many could not be read.
    pub unread: Share,
}

impl Rules {
    /// Whether anything would be changed at the provider, once an alert asks for it.
    #[must_use]
    pub fn may_change(&self) -> bool {
        self.mode.changes() && self.policies.iter().any(|policy| policy.enforce.is_some())
    }

    /// Whether any change waits until somebody was warned of it.
    #[must_use]
    pub fn asks_for_warnings(&self) -> bool {
        let mut asking = self.policies.iter().filter_map(|policy| policy.enforce.as_ref());
        asking.any(|asks| !asks.requires_notified.is_empty())
    }
}

/// The balances of those who were read in two sweeps, summed up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    clients: u32,
    before: Money,
    after: Money,
    /// What all of them are worth, whatever the sign: the sum of debts and balances may be near nothing.
    volume: Money,
    /// The largest rise of one client, and how many rose.
    rise: (Money, u32),
    /// The largest fall of one client, and how many fell.
    fall: (Money, u32),
}

/// How the sum of all balances moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    pub clients: u32,
    pub before: Money,
    pub after: Money,
}

impl Totals {
    /// Takes in one client's balance of the sweep before and of this one.
    pub fn add(&mut self, before: Money, after: Money) {
        let moved = after - before;
        self.clients = self.clients.saturating_add(1);
        self.before = self.before + before;
        self.after = self.after + after;
        self.volume = self.volume + before.abs();
        let by = moved.abs().amount();
        let moves = by > Decimal::from(MOVES) && by > before.abs().percent(Decimal::TEN).amount();
        let side = if moved.is_negative() {
            &mut self.fall
        } else {
            &mut self.rise
        };
        *side = (side.0.max(moved.abs()), side.1 + u32::from(moves));
    }

    /// Whether they moved by more than this share, many of them, and also without the one that moved most: a deposit or a thief is
    /// no jump.
    #[must_use]
    pub fn jump(&self, share: Share) -> Option<Jump> {
        let moved = self.after - self.before;
        let (most, clients) = if moved.is_negative() { self.fall } else { self.rise };
        let moved = moved.abs() - most;
        let is_far = clients > FEW && moved.is_positive() && share.is_exceeded(moved.amount(), self.volume.amount());
        is_far.then_some(Jump {
            clients: self.clients,
            before: self.before,
            after: self.after,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Totals;
    use crate::domain::share::Share;
    use crate::domain::testing::money;

    #[test]
    fn the_sum_jumps_when_many_move_and_not_when_one_does() {
        let third = Share::percent(30.into());
        const TEN: [(&str, &str); 5] = [("10", "10"), ("10", "10"), ("10", "10"), ("10", "10"), ("10", "10")];
        let all = |now: &'static str, clients: usize| vec![("10", now); clients];
        type Case = (&'static str, Vec<(&'static str, &'static str)>, bool);
        let cases: [Case; 11] = [
            ("nobody", vec![], false),
            ("nothing moves", TEN.to_vec(), false),
            ("one deposit", [&TEN[..], &[("10", "500")]].concat(), false),
            ("one thief", [&TEN[..], &[("1000", "0")]].concat(), false),
            ("all a hundredth", all("0.10", 6), true),
            ("all a hundredth, of a few", all("0.10", 5), false),
            ("all doubled", all("20", 6), true),
            ("as much as the share without one", all("6.40", 6), false),
            ("more than the share without one", all("6.30", 6), true),
            ("calls alone", all("9.10", 100), false),
            (
                "debts and balances",
                [vec![("100", "99"); 6], vec![("-100", "-101"); 6]].concat(),
                false,
            ),
        ];
        for (name, moves, expected) in cases {
            let mut totals = Totals::default();
            for (before, after) in moves {
                totals.add(money(before), money(after));
            }
            assert_eq!(totals.jump(third).is_some(), expected, "{name}");
        }
    }
}
