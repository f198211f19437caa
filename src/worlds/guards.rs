//! What the program may change in a world, as its plan says it: the policies that ask for changes, and the bounds. Written out
//! as configuration for the program, and read as it is by whoever checks what was changed.

use std::fmt::Write as _;

/// Which policies ask for changes, and what bounds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guards {
    /// Whether anything may be changed at all.
    pub applies: bool,
    /// Whether people are asked before.
    pub asks: bool,
    pub per_sweep: usize,
    pub per_hour: usize,
    /// In any 24 hours.
    pub per_day: usize,
    /// Of all clients, in any 24 hours.
    pub share_percent: u32,
    /// Ids of clients that are never changed.
    pub protect: Vec<String>,
    pub canary_wait_secs: u32,
    /// Each asks for HARD.
    pub policies: Vec<Asking>,
}

/// A policy that asks for HARD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    pub name: &'static str,
    pub limit: Limit,
    /// Whether the change goes back when the client recovers.
    pub reverts: bool,
}

/// When a policy asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The balance is at most so much.
    AtMost(&'static str),
    /// The balance is below so much.
    Below(&'static str),
    /// The balance is below the client's threshold.
    BelowThreshold,
    /// So much was spent today, or more.
    SpentAbove(&'static str),
}

impl Guards {
    /// As the configuration says it.
    #[must_use]
    pub fn to_config(&self) -> String {
        let mut text = String::new();
        for asking in &self.policies {
            let Asking { name, limit, reverts } = asking;
            let when = match limit {
                Limit::AtMost(amount) => format!("balance_at_most = \"{amount}\""),
                Limit::Below(amount) => format!("balance_below = \"{amount}\""),
                Limit::BelowThreshold => "balance_below = \"threshold\"".to_owned(),
                Limit::SpentAbove(amount) => format!("spent_today_above = \"{amount}\""),
            };
            let _infallible = write!(
                text,
                "\n[[policy]]\nname = \"{name}\"\nseverity = \"critical\"\nwhen = {{ {when} }}\n\
                 enforce = {{ balance_management = \"hard\", revert_on_recovery = {reverts} }}\n"
            );
        }
        let mode = match (self.applies, self.asks) {
            (false, _) => "observe",
            (true, true) => "approve",
            (true, false) => "apply",
        };
        let _infallible = write!(
            text,
            "\n[enforcement]\nmode = \"{mode}\"\nmax_per_sweep = {}\nmax_per_hour = {}\nmax_per_day = {}\n\
             max_share_per_day = \"{}%\"\nprotect = {:?}\ncanary_wait = \"{}s\"\n",
            self.per_sweep, self.per_hour, self.per_day, self.share_percent, self.protect, self.canary_wait_secs
        );
        text
    }

    /// Whether any policy takes its change back.
    #[must_use]
    pub fn reverts(&self) -> bool {
        self.policies.iter().any(|asking| asking.reverts)
    }
}
