//! What is written together: one [`Commit`] is one transaction, and everything the daemon remembers goes through it.
//!
//! Decides nothing; it only carries what was decided.

use jiff::Timestamp;

use crate::domain::alert::Alert;
use crate::domain::decision::Decision;
use crate::domain::enforcement::{Enforcement, EnforcementStep};
use crate::domain::kept::Seen;
use crate::domain::notice::{Attempt, Message, NoticeState, Notification};
use crate::domain::set_back::SetBack;
use crate::domain::watch::{AccountState, Watched};
use crate::domain::{AccountName, ClientId, PolicyName};

/// Everything that becomes true at once, for one account. Written in the order of the fields, all or nothing.
#[derive(Clone, Debug)]
pub struct Commit {
    pub account: AccountName,
    pub at: Timestamp,
    /// Sets back the stored times of the account that lie ahead, but for those in its state and its alerts: they are
    /// written whole.
    pub set_back: Option<SetBack>,
    /// Replaces what is remembered of the account.
    pub state: Option<AccountState>,
    /// Who clients are, new or known: of each record only what a list shows.
    pub listed: Vec<Watched>,
    /// What was read of stored clients: of each record all but who it is. A sweep writes nothing else of most clients.
    pub readings: Vec<Watched>,
    /// Whole records of clients, new or known. The last of several for one client counts.
    pub clients: Vec<Watched>,
    /// What was read or could not be read. Several for one client count in this order.
    pub history: Vec<HistoryEntry>,
    /// Whole alerts, new or known.
    pub alerts: Vec<Alert>,
    /// Alerts that are inactive now.
    pub alerts_gone: Vec<(ClientId, PolicyName)>,
    /// Whole messages. A new one goes to the end of the queue, a known one keeps its place.
    pub messages: Vec<Message>,
    /// Stored messages that moved through the queue: of each what became of it, and when it is tried again.
    pub messages_moved: Vec<Message>,
    /// Whole notifications. The message that one names must be stored, or be in this commit.
    pub notifications: Vec<Notification>,
    /// Notifications, by id, that the message with this id carries from now on.
    pub notices_into: Vec<(String, String)>,
    /// Messages, by id, that go to this address from now on, if they still wait.
    pub readdressed: Vec<(String, String)>,
    /// Messages, by id, whose notifications all get this state.
    pub notices_of_messages: Vec<(String, NoticeState)>,
    /// Dead messages, by id, of which people are told from now on.
    pub letters_announced: Vec<String>,
    /// Tries to deliver stored messages.
    pub attempts: Vec<Attempt>,
    pub enforcements: Vec<Enforcement>,
    /// Lines for the journals of stored enforcements.
    pub steps: Vec<EnforcementStep>,
    /// Whole decisions. One of the same id is replaced.
    pub decisions: Vec<Decision>,
}

impl Commit {
    /// A commit that writes nothing yet.
    #[must_use]
    pub const fn new(account: AccountName, at: Timestamp) -> Self {
        Self {
            account,
            at,
            set_back: None,
            state: None,
            listed: Vec::new(),
            readings: Vec::new(),
            clients: Vec::new(),
            history: Vec::new(),
            alerts: Vec::new(),
            alerts_gone: Vec::new(),
            messages: Vec::new(),
            messages_moved: Vec::new(),
            notifications: Vec::new(),
            notices_into: Vec::new(),
            readdressed: Vec::new(),
            notices_of_messages: Vec::new(),
            letters_announced: Vec::new(),
            attempts: Vec::new(),
            enforcements: Vec::new(),
            steps: Vec::new(),
            decisions: Vec::new(),
        }
    }

    /// Whether it would write nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set_back.is_none()
            && self.state.is_none()
            && self.listed.is_empty()
            && self.readings.is_empty()
            && self.clients.is_empty()
            && self.history.is_empty()
            && self.alerts.is_empty()
            && self.alerts_gone.is_empty()
            && self.messages.is_empty()
            && self.messages_moved.is_empty()
            && self.notifications.is_empty()
            && self.notices_into.is_empty()
            && self.readdressed.is_empty()
            && self.notices_of_messages.is_empty()
            && self.letters_announced.is_empty()
            && self.attempts.is_empty()
            && self.enforcements.is_empty()
            && self.steps.is_empty()
            && self.decisions.is_empty()
    }
}

/// A line for a client's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    pub client: ClientId,
    /// When it was read, or could not be.
    pub at: Timestamp,
    pub seen: Seen,
}
