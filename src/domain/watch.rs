//! What is remembered of a watched client and of an account between sweeps.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::enforcement::Mode;
use super::judge::surprise::Surprise;
use super::{Client, ClientId, Reading, Threshold};

/// Everything remembered of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Who it is, by the last inventory that had it. The pseudo-client `reseller` is watched too.
    pub client: Client,
    /// When an inventory first had it.
    pub first_seen_at: Timestamp,
    /// How many inventories in a row were without it; 0 while it is listed, and again when the API knows its id.
    pub missing_inventories: u32,
    /// Since when inventories have been without it; `None` while it is listed. What a list is measured by.
    pub missing_since: Option<Timestamp>,
    /// When it was found to have vanished: two inventories without it, and `invalid_client` for its id.
    pub vanished_at: Option<Timestamp>,
    /// The last good reading.
    pub reading: Option<Reading>,
    /// The good reading before it, for the spending between the two.
    pub previous: Option<Reading>,
    /// The last good threshold.
    pub threshold: Option<Threshold>,
    /// The first attempt to read its balance.
    pub first_attempt_at: Option<Timestamp>,
    /// The last attempt to read its balance, good or not.
    pub last_attempt_at: Option<Timestamp>,
    /// The kind of the last failure, when the last attempt failed.
    pub last_error: Option<String>,
    /// The policies that have judged it before, by name, each followed by a comma: what is not here gets a baseline.
    /// Shared, because nearly all clients have the same.
    pub judged: Arc<str>,
    /// When an inventory or a read of its record last showed that somebody edited it.
    pub edited_at: Option<Timestamp>,
}

impl Watched {
    /// A client that an inventory shows for the first time.
    #[must_use]
    pub fn new(client: Client, now: Timestamp) -> Self {
        Self {
            client,
            first_seen_at: now,
            missing_inventories: 0,
            missing_since: None,
            vanished_at: None,
            reading: None,
            previous: None,
            threshold: None,
            first_attempt_at: None,
            last_attempt_at: None,
            last_error: None,
            judged: Arc::from(""),
            edited_at: None,
        }
    }

    /// Whether it is one of the account's clients: no pseudo-client, and not known to have vanished.
    #[must_use]
    pub fn is_client(&self) -> bool {
        self.vanished_at.is_none() && !self.client.id.is_pseudo()
    }

    /// A pseudo-client, and what people call it.
    #[must_use]
    pub fn pseudo(id: ClientId, label: &str, now: Timestamp) -> Self {
        let client = Client {
            company: label.to_owned(),
            ..Client::unknown(id)
        };
        Self::new(client, now)
    }
}

/// Everything remembered of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountState {
    /// When its last sweep began.
    pub sweep_started_at: Option<Timestamp>,
    /// When its last sweep ended with its readings judged.
    pub sweep_ended_at: Option<Timestamp>,
    /// What was judged before this time does not count: the next judgement of each client is a baseline again.
    pub baseline_since: Option<Timestamp>,
    /// When the list of clients was last read.
    pub inventory_at: Option<Timestamp>,
    /// How many clients were on the list within the last 24 hours: what a shrinking list is measured by.
    pub inventory_size: u64,
    /// Since when the list has been shorter than it should be.
    pub inventory_short_since: Option<Timestamp>,
    /// When a probe call may next ask whether an unreachable account is back.
    pub probe_at: Option<Timestamp>,
    /// How long to wait after a failed probe, in seconds.
    pub probe_wait_secs: i64,
    /// When a summary of a baseline last went out.
    pub summary_at: Option<Timestamp>,
    /// When the account's first enforcement ever was verified a second time; only then may others follow.
    pub canary_passed_at: Option<Timestamp>,
    /// Codes of `balance_management`, by value, with their descriptions, as last listed.
    pub management_codes: BTreeMap<String, String>,
    /// The codes that enforcement goes by, with their descriptions: those that it used before, and no others without a
    /// person's word.
    pub codes_used: BTreeMap<String, String>,
    /// The list of codes that contradicted them and set the brake. Whoever releases it accepts this list.
    pub codes_disputed: BTreeMap<String, String>,
    /// The mode in which enforcement last ran; another one cancels what waits.
    pub enforced_in: Option<Mode>,
    /// When the clock was last seen to jump forward by more than a minute.
    pub clock_jumped_at: Option<Timestamp>,
    /// A sweep in which too many clients began to breach a balance limit, until a second one told what it was.
    pub surprise: Option<Surprise>,
    /// What the last sweep came to, as JSON, for `status`.
    pub last_sweep: Option<String>,
}

impl AccountState {
    /// The codes that enforcement goes by; before its first use those that were listed for people.
    #[must_use]
    pub fn trusted_codes(&self) -> &BTreeMap<String, String> {
        if self.codes_used.is_empty() {
            &self.management_codes
        } else {
            &self.codes_used
        }
    }
}

impl Default for AccountState {
    fn default() -> Self {
        Self {
            sweep_started_at: None,
            sweep_ended_at: None,
            baseline_since: None,
            inventory_at: None,
            inventory_size: 0,
            inventory_short_since: None,
            probe_at: None,
            probe_wait_secs: 60,
            summary_at: None,
            canary_passed_at: None,
            management_codes: BTreeMap::new(),
            codes_used: BTreeMap::new(),
            codes_disputed: BTreeMap::new(),
            enforced_in: None,
            clock_jumped_at: None,
            surprise: None,
            last_sweep: None,
        }
    }
}
