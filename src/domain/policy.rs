//! Policies: a condition, how long it must hold, when it clears, whom to tell, what to change.
//!
//! Only the words; what a policy says of a client now is in [`super::judge::verdict`].

use jiff::SignedDuration;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::client::{Client, Management};
use super::{ChannelName, Money, PolicyName};

/// A named rule, validated: limits are not inverted, names are known, durations are not negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its name, unique in the configuration.
    pub name: PolicyName,
    /// How urgent a breach is.
    pub severity: Severity,
    /// When it is breached.
    pub when: When,
    /// When it is clear; `None` means the exact opposite of `when`.
    pub clear: Option<Clear>,
    /// How long a breach must hold before it fires.
    pub hold: SignedDuration,
    /// How many clear readings in a row end an episode; at least 1.
    pub clear_readings: u32,
    /// How long it must have been clear before an episode ends.
    pub clear_for: SignedDuration,
    /// How often a firing alert is told again.
    pub repeat_every: SignedDuration,
    /// How often at most it is told again in one episode.
    pub max_repeats: u32,
    /// How long after a resolve a relapse is not told to the client.
    pub cool_down: SignedDuration,
    /// Whom to tell: names of channels.
    pub notify: Vec<ChannelName>,
    /// Which clients it is for.
    pub clients: Selector,
    /// What to change while it fires; `None`: nothing.
    pub enforce: Option<Enforce>,
    /// Whether it is the program's own, about the account or the reseller rather than about a client.
    pub scope: Scope,
    /// Where it is written what to do.
    pub runbook_url: Option<String>,
}

impl Policy {
    /// The condition in words: what a running episode was judged by. Another text judges it anew.
    #[must_use]
    pub fn condition(&self) -> String {
        let clear = self.clear.unwrap_or_default();
        let mut parts = Vec::new();
        let mut add = |key: &str, value: Option<String>| parts.extend(value.map(|value| format!("{key} {value}")));
        add("balance_below", self.when.balance_below.map(|limit| limit.to_string()));
        add(
            "balance_at_most",
            self.when.balance_at_most.map(|limit| limit.to_string()),
        );
        add("spent_today_above", self.when.spent_today_above.map(Money::for_people));
        add(
            "no_reading_for",
            self.when.no_reading_for.map(|bound| format!("{:#}", bound.limit)),
        );
        add(
            "clear: balance_at_least",
            clear.balance_at_least.map(|limit| limit.to_string()),
        );
        add(
            "clear: balance_above",
            clear.balance_above.map(|limit| limit.to_string()),
        );
        parts.join(", ")
    }

    /// Whether it judges this client.
    #[must_use]
    pub fn is_for(&self, client: &Client) -> bool {
        self.clients.selects(client)
    }

    /// Whether it mails the client itself.
    #[must_use]
    pub fn tells_client(&self) -> bool {
        self.notify.iter().any(ChannelName::is_client)
    }
}

/// How urgent a breach is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Info,
    /// Somebody should act in working hours.
    Warning,
    /// Somebody should act now.
    Critical,
}

impl Severity {
    /// The word used in the configuration, in JSON and in mails.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// What a policy judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Clients,
    /// The reseller's own balance, as the pseudo-client `reseller`.
    Reseller,
    /// The account itself, as the pseudo-client `account`: judged by the built-in alerts.
    Account,
}

/// The limits that must all be crossed for a breach. `no_reading_for` stands alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct When {
    /// Breached when the balance is below it.
    pub balance_below: Option<Limit>,
    /// Breached when the balance is at most it.
    pub balance_at_most: Option<Limit>,
    /// Breached when more than it was spent since midnight in Toronto.
    pub spent_today_above: Option<Money>,
    /// Breached when there was no good reading for this long.
    pub no_reading_for: Option<NoReadingFor>,
}

/// How long a client may stay unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoReadingFor {
    pub limit: SignedDuration,
    /// Whether twice the time between two readings of a client counts instead where that is longer (the shipped `blind`).
    pub at_least_two_intervals: bool,
}

/// What the balance must be for an episode to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clear {
    /// Clear when the balance is at least it.
    pub balance_at_least: Option<Limit>,
    /// Clear when the balance is above it.
    pub balance_above: Option<Limit>,
}

/// A limit on a balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    Amount(Money),
    /// A percentage of the client's own threshold; 100 for `"threshold"`.
    PercentOfThreshold(Decimal),
}

impl Limit {
    /// The amount it means for a client with this threshold; `None` when it needs a threshold and there is none.
    #[must_use]
    pub fn resolve(self, threshold: Option<Money>) -> Option<Money> {
        match self {
            Self::Amount(amount) => Some(amount),
            Self::PercentOfThreshold(percent) if percent == Decimal::ONE_HUNDRED => threshold,
            Self::PercentOfThreshold(percent) => threshold.map(|threshold| threshold.percent(percent)),
        }
    }

    /// Whether it needs the client's threshold.
    #[must_use]
    pub const fn needs_threshold(self) -> bool {
        matches!(self, Self::PercentOfThreshold(_))
    }
}

impl std::fmt::Display for Limit {
    /// As it is written in the configuration.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Amount(amount) => write!(f, "{}", amount.for_people()),
            Self::PercentOfThreshold(percent) if *percent == Decimal::ONE_HUNDRED => f.write_str("threshold"),
            Self::PercentOfThreshold(percent) => write!(f, "{}% of threshold", percent.normalize()),
        }
    }
}

/// What a policy asks to change while it fires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enforce {
    pub balance_management: Management,
    /// How long after the last warning arrived; without a warning, after the episode began.
    pub grace: SignedDuration,
    /// Through which channels people must have been told before.
    pub requires_notified: Vec<ChannelName>,
    /// Whether to put the old value back when nobody asks for the new one any more.
    pub revert_on_recovery: bool,
    /// Whether it is put back only after a deposit that is newer than the change.
    pub revert_needs_deposit: bool,
}

impl Enforce {
    /// To set this, at once and for good.
    #[must_use]
    pub const fn now(balance_management: Management) -> Self {
        Self {
            balance_management,
            grace: SignedDuration::ZERO,
            requires_notified: Vec::new(),
            revert_on_recovery: false,
            revert_needs_deposit: false,
        }
    }
}

/// Which clients a policy is for: all, or those that match `include`, without those that match `exclude`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// Empty: everybody.
    pub include: Vec<Pattern>,
    /// Nobody of these.
    pub exclude: Vec<Pattern>,
}

impl Selector {
    /// Whether the policy is for this client.
    #[must_use]
    pub fn selects(&self, client: &Client) -> bool {
        let matches = |pattern: &Pattern| pattern.matches(client);
        (self.include.is_empty() || self.include.iter().any(matches)) && !self.exclude.iter().any(matches)
    }
}

/// A way to name clients: an id, an e-mail pattern or `company:PATTERN`; `*` stands for any characters, and case does not
/// matter outside ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Exactly this id.
    Id(String),
    /// An e-mail address with `*`.
    Email(String),
    /// A company with `*`.
    Company(String),
}

impl std::fmt::Display for Pattern {
    /// As it is written in the configuration.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(text) | Self::Email(text) => f.write_str(text),
            Self::Company(pattern) => write!(f, "company:{pattern}"),
        }
    }
}

impl Pattern {
    /// Reads a pattern: `company:…`, else an address when it holds `@` or `*`, else an id.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix("company:") {
            Some(company) => Self::Company(company.trim().to_lowercase()),
            None if text.contains(['@', '*']) => Self::Email(text.trim().to_lowercase()),
            None => Self::Id(text.trim().to_owned()),
        }
    }

    /// Whether it names this client; an address is the client's own.
    #[must_use]
    pub fn matches(&self, client: &Client) -> bool {
        self.names(client.id.as_str(), &client.email, &client.company)
    }

    /// Whether it names the client of which this is known.
    #[must_use]
    pub fn names(&self, id: &str, email: &str, company: &str) -> bool {
        match self {
            Self::Id(wanted) => wanted == id,
            Self::Email(pattern) => glob(pattern, &email.to_lowercase()),
            Self::Company(pattern) => glob(pattern, &company.trim().to_lowercase()),
        }
    }
}

/// Whether `text` matches `pattern`, where `*` stands for any characters. Linear: the pieces between the stars are
/// found from left to right.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut left) = text.strip_prefix(first) else {
        return false;
    };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or("");
    for piece in pieces {
        match left.find(piece) {
            Some(at) => left = &left[at + piece.len()..],
            None => return false,
        }
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::{Limit, Pattern, Selector};
    use crate::domain::{Client, ClientId};

    #[test]
    fn patterns_name_clients() {
        let cases = [
            ("id", "561115", true),
            ("other id", "56111", false),
            ("address", "john@internal.example.com", true),
            ("any of a domain", "*@internal.example.com", true),
            ("case", "*@INTERNAL.example.com", true),
            ("other domain", "*@example.com", false),
            ("everybody", "*", true),
            ("two stars", "j*n@*.com", true),
            (
                "overlapping ends",
                "john@internal.example.com*john@internal.example.com",
                false,
            ),
            ("company", "company:Über*", true),
            ("company in full", "company:über gmbh", true),
            ("other company", "company:gmbh", false),
        ];
        let client = Client {
            email: "John@internal.example.com".to_owned(),
            company: "Über GmbH".to_owned(),
            ..Client::unknown(ClientId::new("561115").unwrap())
        };
        for (name, pattern, expected) in cases {
            assert_eq!(Pattern::parse(pattern).matches(&client), expected, "{name}");
        }
    }

    #[test]
    fn excluded_beats_included() {
        let client = |id: &str| Client::unknown(ClientId::new(id).unwrap());
        let everybody = Selector::default();
        assert!(everybody.selects(&client("1")));
        let one = Selector {
            include: vec![Pattern::parse("1")],
            exclude: vec![],
        };
        assert!(one.selects(&client("1")) && !one.selects(&client("2")));
        let none = Selector {
            include: vec![Pattern::parse("1")],
            exclude: vec![Pattern::parse("*")],
        };
        assert!(!none.selects(&client("1")));
    }

    #[test]
    fn a_limit_is_an_amount_or_a_share_of_the_threshold() {
        let money = |text: &str| text.parse::<crate::domain::Money>().unwrap();
        let half_more = Limit::PercentOfThreshold(150.into());
        assert_eq!(half_more.resolve(Some(money("10.01"))), Some(money("15.015")));
        assert_eq!(half_more.resolve(None), None);
        assert_eq!(Limit::Amount(money("5")).resolve(None), Some(money("5")));
        assert_eq!(half_more.to_string(), "150% of threshold");
        assert_eq!(Limit::PercentOfThreshold(100.into()).to_string(), "threshold");
    }
}
