//! The validated configuration: plain values that the rest of the program can rely on. What each key means, its bounds and
//! its default are in the table of keys.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use secrecy::SecretString;

use super::schedule::{CronRule, Schedule};
use crate::domain::enforcement::Mode;
use crate::domain::judge::triggers::Triggers;
use crate::domain::plan::{Approvals, Protected};
use crate::domain::policy::{Limit, Scope, Selector, When};
use crate::domain::receiver::{Escalation, QuietHours, Reads};
use crate::domain::share::Share;
use crate::domain::{AccountName, ChannelName, Languages, Money, Policy, PolicyName, Severity};

/// Everything a person can set, validated. Secrets do not print.
#[derive(Clone, Debug)]
pub struct Settings {
    /// At least one, names unique.
    pub accounts: Vec<Account>,
    pub schedule: Schedule,
    /// Always there when an enabled policy mails somebody.
    pub smtp: Option<Smtp>,
    pub mail: Mail,
    /// Without `client`, which always exists; names unique.
    pub channels: Vec<Channel>,
    pub alerts: Alerts,
    /// Where every sweep is told of.
    pub heartbeat: Option<Endpoint>,
    pub mutes: Vec<Mute>,
    pub digest: Option<Digest>,
    /// Where templates are looked for before the shipped ones.
    pub templates: Option<PathBuf>,
    /// The enabled policies with the shipped and the built-in ones, names unique, in the order of the configuration.
    /// For one account take [`Settings::policies_of`].
    pub policies: Vec<Policy>,
    pub store: Store,
    pub enforcement: Enforcement,
    pub web: Web,
}

impl Settings {
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

/// The web listener.
#[derive(Clone, Debug)]
pub struct Web {
    /// `None`: there is none.
    pub listen: Option<SocketAddr>,
    /// Always there when it listens elsewhere than on loopback; empty only when it was allowed to be missing.
    pub token: Option<SecretString>,
    /// Where people reach it; without a slash at its end.
    pub external_url: Option<String>,
    /// Clients with metrics of their own, at most.
    pub per_client_metrics: usize,
}

/// One of the reseller's own VoIP.ms accounts: one API user, one rate limit.
#[derive(Clone, Debug)]
pub struct Account {
    pub name: AccountName,
    /// https, or http to loopback. No user, query or fragment in it.
    pub url: String,
    pub username: String,
    /// Empty only when it was allowed to be missing.
    pub password: SecretString,
    pub rate_per_minute: u32,
    pub concurrency: usize,
    pub transport: Transport,
    /// A label for amounts, such as `USD`.
    pub currency: String,
    /// The limit of the shipped policy `own-balance`.
    pub own_balance_below: Money,
}

/// How reads are sent; writes are multipart whatever this says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// POST with `multipart/form-data`: nothing secret in the URL.
    Multipart,
    /// GET with a query.
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

#[derive(Clone, Debug)]
pub struct Smtp {
    /// Host name or address, without brackets.
    pub host: String,
    /// Never 0.
    pub port: u16,
    pub tls: SmtpTls,
    /// Who logs in; `None`: nobody does.
    pub username: Option<String>,
    /// There whenever `username` is; empty only when it was allowed to be missing.
    pub password: Option<SecretString>,
    /// A valid mailbox such as `Phone service <alerts@example.com>`.
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
    /// A valid mailbox; `None`: `from` reads the answers.
    pub reply_to: Option<String>,
    /// Where clients add money: https, http or mailto.
    pub pay_url: Option<String>,
    /// How clients reach the reseller: lines without control characters, none empty at either end.
    pub contact: Vec<String>,
    pub languages: Languages,
}

/// A place where messages go.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Never `client`.
    pub name: ChannelName,
    pub kind: ChannelKind,
    /// Nothing less severe goes there.
    pub min_severity: Severity,
    /// Whether it is told of ends.
    pub resolved: bool,
    pub quiet_hours: Option<QuietHours>,
    pub max_per_hour: Option<u32>,
    /// Leads to a channel that exists, and never back.
    pub escalate: Option<Escalation>,
}

/// What a channel is, with what that kind needs.
#[derive(Clone, Debug)]
pub enum ChannelKind {
    /// Mail through the mail server.
    Email {
        /// Valid addresses or mailboxes, at least one.
        to: Vec<String>,
        /// `None`: as for all mails.
        reply_to: Option<String>,
    },
    Alertmanager {
        /// All peers, at least one; http or https, without a path of the API.
        urls: Vec<String>,
        resend: SignedDuration,
        login: Option<HttpLogin>,
    },
    PagerDuty {
        endpoint: Endpoint,
        routing_key: SecretString,
    },
    Webhook {
        endpoint: Endpoint,
        format: WebhookFormat,
        /// The template of [`WebhookFormat::Template`], and only of that.
        body: Option<WebhookBody>,
        headers: Vec<(String, SecretString)>,
        /// As written; `None`: requests are not signed.
        secret: Option<SecretString>,
    },
    Slack {
        /// An incoming webhook, or the address of the API where there is a token.
        endpoint: Endpoint,
        token: Option<SecretString>,
        /// With a token the ids of its channels, at least one; else empty.
        to: Vec<String>,
    },
    Ntfy {
        /// Of the server, without the topic.
        endpoint: Endpoint,
        topic: String,
        login: Option<HttpLogin>,
    },
}

impl ChannelKind {
    /// Who gets a message of its own: one nameless recipient where there are no addresses, nobody where nothing is owed.
    #[must_use]
    pub fn recipients(&self) -> Vec<String> {
        match self {
            Self::Email { to, .. } => to.clone(),
            Self::Slack { to, .. } if !to.is_empty() => to.clone(),
            Self::Alertmanager { .. } => Vec::new(),
            Self::PagerDuty { .. } | Self::Webhook { .. } | Self::Slack { .. } | Self::Ntfy { .. } => {
                vec![String::new()]
            }
        }
    }

    /// What becomes of its messages at the other end.
    #[must_use]
    pub const fn reads(&self) -> Reads {
        match self {
            Self::PagerDuty { .. } => Reads::Incidents,
            _ => Reads::Messages,
        }
    }
}

/// Where something is posted.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// A valid http or https URL, which may hold secrets; empty only when it was allowed to be missing.
    pub url: SecretString,
    /// Whether its host may be in one's own network. A host that is written as an address is meant as such.
    pub internal: bool,
}

/// Who logs in to an HTTP receiver.
#[derive(Clone, Debug)]
pub enum HttpLogin {
    Token(SecretString),
    Password { username: String, password: SecretString },
}

/// The template of a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookBody {
    /// As written: the name of a shipped one, or of one in the folder of templates, or a path.
    pub name: String,
    /// The same as a path from the folder of the file that names it.
    pub path: PathBuf,
}

/// What a webhook gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookFormat {
    /// Alertmanager's webhook of version 4.
    Alertmanager,
    Template,
}

impl WebhookFormat {
    /// The word used in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alertmanager => "alertmanager",
            Self::Template => "template",
        }
    }
}

/// A maintenance window: what begins to fire meanwhile is judged and shown, and told to nobody.
#[derive(Clone, Debug)]
pub struct Mute {
    pub name: PolicyName,
    pub start: CronRule,
    pub lasts: SignedDuration,
    pub clients: Selector,
    /// Empty: all.
    pub policies: Vec<PolicyName>,
}

/// A message that sums up, now and then.
#[derive(Clone, Debug)]
pub struct Digest {
    pub at: CronRule,
    /// One that exists.
    pub channel: ChannelName,
}

/// What holds for all alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alerts {
    /// Already worked into the policies.
    pub notify_clients: bool,
    pub client_mails_per_hour: u32,
    /// `None`: clients that have set none are not judged by thresholds.
    pub default_threshold: Option<Money>,
}

/// Where state is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// The SQLite file; a relative path was taken from the folder of the file that names it.
    pub path: PathBuf,
    pub keep_history: SignedDuration,
}

/// What may be changed at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enforcement {
    pub mode: Mode,
    pub max_per_sweep: u32,
    /// In any hour.
    pub max_per_hour: u32,
    /// In any 24 hours.
    pub max_per_day: u32,
    /// In any 24 hours, of all clients.
    pub max_share_per_day: Share,
    /// Clients that are never changed.
    pub protect: Vec<Protected>,
    pub approvals: Approvals,
    pub brake: Triggers,
    /// Fields of a client's record beside the known ones that `setClient` leaves alone.
    pub extra_fields: BTreeSet<String>,
    /// How long the first change ever on an account is watched before any other.
    pub canary_wait: Duration,
}
