//! The validated configuration: plain values that the rest of the program can rely on.
//!
//! Holds no file names, no origins and no defaults: those belong to the loader.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use secrecy::SecretString;

use super::schedule::Schedule;
use crate::domain::enforcement::Mode;
use crate::domain::policy::{Limit, Scope, When};
use crate::domain::{AccountName, ChannelName, ClientId, Languages, Money, Policy};

/// Everything a person can set, validated. Secrets do not print.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The reseller's accounts; at least one, names unique.
    pub accounts: Vec<Account>,
    /// When sweeps start, and how old things may get.
    pub schedule: Schedule,
    /// The mail server; always there when an enabled policy mails somebody.
    pub smtp: Option<Smtp>,
    /// What mails share.
    pub mail: Mail,
    /// Where messages go, without `client`, which always exists; names unique.
    pub channels: Vec<Channel>,
    /// What holds for all alerts.
    pub alerts: Alerts,
    /// The enabled policies with the shipped and the built-in ones, names unique, in the order of the configuration.
    /// For one account take [`Settings::policies_of`].
    pub policies: Vec<Policy>,
    /// Where state is kept.
    pub store: Store,
    /// What may be changed at the provider.
    pub enforcement: Enforcement,
}

impl Settings {
    /// The account of this name.
    #[must_use]
    pub fn account(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.name.as_str() == name)
    }

    /// The policies as they hold for one account: a policy about the reseller's own balance that has no condition of
    /// its own is judged by the account's `own_balance_below`.
    #[must_use]
    pub fn policies_of(&self, account: &Account) -> Vec<Policy> {
        let mut policies = self.policies.clone();
        for policy in &mut policies {
            if policy.scope == Scope::Reseller && policy.when == When::default() {
                policy.when.balance_below = Some(Limit::Amount(account.own_balance_below));
            }
        }
        policies
    }

    /// Whether any enabled policy mails clients.
    #[must_use]
    pub fn mails_clients(&self) -> bool {
        self.policies
            .iter()
            .any(|policy| policy.notify.iter().any(ChannelName::is_client))
    }
}

/// One of the reseller's own VoIP.ms accounts: one API user, one rate limit.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its name in the configuration.
    pub name: AccountName,
    /// Where the API answers; https, or http to loopback. No user, query or fragment in it.
    pub url: String,
    /// The API user; never empty.
    pub username: String,
    /// The API password; empty only when it was allowed to be missing.
    pub password: SecretString,
    /// Calls in any 60 seconds, 1 to 10,000,000.
    pub rate_per_minute: u32,
    /// Calls in flight at once, 1 to 256.
    pub concurrency: usize,
    /// How calls are sent; writes are multipart whatever this says.
    pub transport: Transport,
    /// A label for amounts, such as `USD`.
    pub currency: String,
    /// The limit of the shipped policy `own-balance`.
    pub own_balance_below: Money,
}

/// How calls are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// POST with `multipart/form-data`: nothing secret in the URL.
    Multipart,
    /// GET with a query; only for reads.
    Get,
}

impl Transport {
    /// The word used in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Multipart => "multipart",
            Self::Get => "get",
        }
    }
}

/// The mail server.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// Host name or address, without brackets.
    pub host: String,
    /// Port, never 0.
    pub port: u16,
    /// How the connection is protected.
    pub tls: SmtpTls,
    /// Who logs in; `None`: nobody does.
    pub username: Option<String>,
    /// The password; there whenever `username` is, unless it was allowed to be missing.
    pub password: Option<SecretString>,
    /// The sender, a valid mailbox such as `Phone service <alerts@example.com>`.
    pub from: String,
    /// As whom the program introduces itself; `None`: by the machine's name.
    pub helo: Option<String>,
    /// Certificates that are trusted besides the machine's, DER encoded.
    pub authorities: Vec<Vec<u8>>,
    /// How long one delivery may take in all, up to the end of the mail.
    pub timeout: Duration,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// `smtp://`: STARTTLS, required.
    Starttls,
    /// `smtps://`: TLS from the first byte.
    Tls,
    /// `smtp://` to loopback: STARTTLS if offered, its certificate unchecked, else plain.
    OpportunisticLoopback,
}

/// What mails share. All but `reply_to` is for clients alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Who reads the answers to mails, a valid mailbox; `None`: whoever `from` is.
    pub reply_to: Option<String>,
    /// Where clients add money: https, http or mailto.
    pub pay_url: Option<String>,
    /// How clients reach the reseller: lines without control characters, none empty at either end.
    pub contact: Vec<String>,
    /// Who is written to in which language.
    pub languages: Languages,
}

/// A place where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its name, never `client`.
    pub name: ChannelName,
    /// What it is.
    pub kind: ChannelKind,
}

/// What a channel is, with what that kind needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelKind {
    /// Mail through the mail server.
    Email {
        /// Valid addresses or mailboxes, at least one.
        to: Vec<String>,
    },
}

impl ChannelKind {
    /// Who gets a message of its own.
    #[must_use]
    pub fn recipients(&self) -> &[String] {
        match self {
            Self::Email { to } => to,
        }
    }
}

/// What holds for all alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alerts {
    /// Whether the shipped `low-balance` mails the client too (already worked into the policies).
    pub notify_clients: bool,
    /// How many mails to clients may leave in an hour; at least 1.
    pub client_mails_per_hour: u32,
    /// The threshold of clients that have none; `None`: such clients are not judged by thresholds.
    pub default_threshold: Option<Money>,
}

/// Where state is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// The SQLite file; a relative path was taken from the folder of the file that names it.
    pub path: PathBuf,
    /// How long history is kept.
    pub keep_history: SignedDuration,
}

/// What may be changed at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enforcement {
    /// Whether changes are made.
    pub mode: Mode,
    /// Changes in one sweep, at most.
    pub max_per_sweep: u32,
    /// Changes in any 24 hours, at most.
    pub max_per_day: u32,
    /// Clients that are never changed.
    pub protect: Vec<ClientId>,
    /// Fields of a client's record beside the known ones that `setClient` leaves alone.
    pub extra_fields: BTreeSet<String>,
    /// How long the first change ever on an account is watched before any other.
    pub canary_wait: Duration,
}
