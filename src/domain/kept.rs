//! What was kept, as it is read back: an account as a sweep needs it, and what is listed of it. How it is stored is the
//! store's business.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::alert::{Alert, EpisodeId};
use super::decision::Decision;
use super::enforcement::{Enforcement, EnforcementStep};
use super::notice::{Attempt, Message, NoticeState, Notification, Transition};
use super::watch::{AccountState, Watched};
use super::{AccountName, ChannelName, ClientId, Money};

/// An account as one transaction saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountView {
    /// What is remembered of the account; the default for one that is not stored yet.
    pub state: AccountState,
    /// All clients by id, vanished ones and the pseudo-client `reseller` too.
    pub clients: Vec<Watched>,
    /// All alerts, by client and policy.
    pub alerts: Vec<Alert>,
    /// All decisions, those that ended too.
    pub decisions: Vec<Decision>,
    /// Enforcements that a decision may need, oldest first: those that did not end, those that changed in the 24 hours
    /// before the newest change, and for each client, policy, direction and value the newest of every state: what was
    /// done, found done, refused or lost decides long afterwards whether it is done again or taken back.
    pub enforcements: Vec<Enforcement>,
}

impl AccountView {
    /// When the newest thing that was written down of the account's sweeps and changes happened.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        let AccountState {
            sweep_started_at,
            sweep_ended_at,
            inventory_at,
            clock_jumped_at,
            ..
        } = self.state;
        let account = [sweep_started_at, sweep_ended_at, inventory_at, clock_jumped_at];
        let clients = self.clients.iter().map(|watched| watched.last_attempt_at);
        let enforcements = self.enforcements.iter().map(|kept| Some(kept.changed_at));
        account.into_iter().chain(clients).chain(enforcements).flatten().max()
    }
}

/// Which enforcements are read with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// All that a decision may need: [`AccountView::enforcements`].
    InPlay,
    /// Those that did not end, and those that changed in the 24 hours before the newest change. Enough for whoever decides nothing about
    /// changes: after a year the others are most of what is read.
    Lately,
}

/// What fires in an account, as one transaction saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fires {
    pub state: AccountState,
    /// By client and policy.
    pub alerts: Vec<Alert>,
    /// Those of whom one fires, by id; of the pseudo-clients only `reseller`.
    pub clients: Vec<Watched>,
    /// All, those that ended too.
    pub decisions: Vec<Decision>,
}

/// What an attempt to read a client came to. Equal ones in a row are kept as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Reading {
        balance: Money,
        /// Spent since midnight in Toronto.
        spent_today: Option<Money>,
        /// The threshold that was used.
        threshold: Option<Money>,
    },
    Gap {
        /// The kind of the failure.
        error: String,
    },
}

/// An entry of a client's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub seen: Seen,
    /// When it was seen first.
    pub first_seen_at: Timestamp,
    /// When it was seen last with nothing else in between.
    pub last_seen_at: Timestamp,
    /// How often it was seen; at least 1.
    pub count: u64,
}

/// A notification with all that became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeRecord {
    pub notification: Notification,
    /// The message that carries it.
    pub message: Option<Message>,
    /// The tries to deliver that message, oldest first.
    pub attempts: Vec<Attempt>,
}

/// Messages of an account that are still to be delivered through a channel, now or later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub account: AccountName,
    pub channel: ChannelName,
    pub messages: u64,
    /// Since when the oldest has waited that may leave; `None`: each is paced or held back until later.
    pub since: Option<Timestamp>,
}

/// A mail to a client that waits to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingMail {
    /// The message, by its id.
    pub message: String,
    pub recipient: String,
    /// Whom it is for.
    pub client: ClientId,
}

/// What became of another notification of an episode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sibling {
    pub transition: Transition,
    /// When it was decided.
    pub created_at: Timestamp,
    /// What became of it.
    pub state: NoticeState,
    /// Whether it may have arrived although it is not known to have: one of its tries got no answer.
    pub maybe_arrived: bool,
}

/// Who was told of an episode: told means delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// How often operators were.
    pub operators: u32,
    /// Since when what is owed to operators waits.
    pub operators_wait_since: Option<Timestamp>,
    /// Whether the client was.
    pub client: bool,
    /// Since when what is owed to the client waits.
    pub client_waits_since: Option<Timestamp>,
}

/// Where the first word of an episode through a channel stands, for those who must be warned before a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// It arrived: the first of it then.
    Arrived { at: Timestamp },
    /// It may still arrive.
    Waits,
    /// It will not arrive.
    Failed { why: String },
}

/// Where warnings stand, by episode and channel. Nothing was decided to be told where one is missing.
pub type Warnings = BTreeMap<(EpisodeId, ChannelName), Warning>;

/// What happened in an account since a time: alerts of which somebody was to be told, and what became of that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Episodes that began.
    pub began: u64,
    /// Episodes that ended.
    pub ended: u64,
    /// Notifications that arrived, or probably did.
    pub delivered: u64,
    /// Notifications that will never arrive.
    pub dead: u64,
    /// Notifications that it was decided not to send.
    pub dropped: u64,
}

/// An enforcement with its journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnforcementRecord {
    pub enforcement: Enforcement,
    /// Its journal, first line first.
    pub steps: Vec<EnforcementStep>,
}

/// An account in numbers. Pseudo-clients are not counted, vanished clients only as vanished.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// Clients that are on the list.
    pub listed: u64,
    /// Clients that vanished from it.
    pub vanished: u64,
    /// Clients that cannot be mailed: neither the threshold nor the record has an address.
    pub without_address: u64,
    /// Clients whose threshold was read, and that have none.
    pub without_threshold: u64,
    /// Clients without any good reading.
    pub never_read: u64,
    /// Clients that were not asked yet.
    pub never_asked: u64,
    /// Clients whose last attempt failed, by the kind of the failure.
    pub unread: BTreeMap<String, u64>,
    /// Alerts by state: `pending`, `firing`, `inactive` (cooling down).
    #[serde(skip)]
    pub alerts: BTreeMap<String, u64>,
    #[serde(skip)]
    pub notifications: BTreeMap<String, u64>,
    #[serde(skip)]
    pub enforcements: BTreeMap<String, u64>,
}

impl Counts {
    /// Notifications that will never arrive.
    #[must_use]
    pub fn dead(&self) -> u64 {
        self.notifications.get("dead").copied().unwrap_or(0)
    }
}
