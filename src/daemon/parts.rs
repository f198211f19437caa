//! From settings to the parts that work by them. Pure, but for the random id of a run, and the texts that are read from
//! their folder.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret, SecretString};

use super::{Environment, posts, webhooks};
use crate::clock::Clock;
use crate::config::{self, Account, ChannelKind, HttpLogin, Settings, SmtpTls, terms};
use crate::domain::{ChannelName, PolicyName};
use crate::links::{Links, Signer};
use crate::net::{Bounds, Network};
use crate::notify::delivery::{Channel, SetupError};
use crate::notify::email::{Email, Login, PATIENCE, Security, Server};
use crate::notify::letter::Letterhead;
use crate::notify::letter::templates::Templates;
use crate::notify::{outbox, own_texts};
use crate::voipms::pace::{CallLedger, Pace, Pacer};
use crate::voipms::{self, Transport};
use crate::web;

/// How the daemon's owners of reserved calls are named: whoever has the store's lock knows that all others are dead.
pub const DAEMON: &str = "daemon-";

/// The pace of an account, shared with other processes through `ledger`. `role` starts the name of this run there.
#[must_use]
pub fn pacer(role: &str, account: &Account, ledger: Arc<dyn CallLedger>, clock: &Clock, bounds: Bounds) -> Pacer {
    Pacer::new(Pace {
        account: account.name.clone(),
        rate_per_minute: account.rate_per_minute,
        longest_call: bounds.total,
        // Never used twice: a process id alone comes back, and would hide what a killed run had reserved.
        owner: format!("{role}{}-{:016x}", std::process::id(), rand::random::<u64>()),
        ledger,
        clock: clock.clone(),
    })
}

/// The API client of an account.
///
/// # Errors
/// When the address or the credentials cannot be used.
pub fn api(
    account: &Account,
    pacer: Pacer,
    network: &Network,
    bounds: Bounds,
    seed: u64,
) -> Result<voipms::Client, voipms::SettingsError> {
    let settings = voipms::Settings {
        account: account.name.clone(),
        url: account.url.clone(),
        username: account.username.clone(),
        password: account.password.clone(),
        transport: match account.transport {
            config::Transport::Multipart => Transport::Multipart,
            config::Transport::Get => Transport::Get,
        },
        bounds,
        concurrency: account.concurrency,
    };
    voipms::Client::new(&settings, pacer, network, seed)
}

/// Whether the API of an account is asked as before.
pub(super) fn is_same_api(account: &Account, before: &Account) -> bool {
    let asked = |account: &Account| {
        let password = account.password.expose_secret().to_owned();
        (
            account.url.clone(),
            account.username.clone(),
            password,
            account.transport,
            account.concurrency,
        )
    };
    asked(account) == asked(before)
}

/// The mail server, if one is configured. Who reads the answers: `reply_to`, else who does for all mails.
fn email(
    settings: &Settings,
    reply_to: Option<&String>,
    network: &Network,
    timeout: Option<Duration>,
) -> Result<Option<Email>, SetupError> {
    let Some(smtp) = &settings.smtp else { return Ok(None) };
    let password = || smtp.password.clone().unwrap_or_else(|| SecretString::from(""));
    let server = Server {
        host: smtp.host.clone(),
        port: smtp.port,
        security: match smtp.tls {
            SmtpTls::Starttls => Security::StartTls,
            SmtpTls::Tls => Security::Tls,
            SmtpTls::OpportunisticLoopback => Security::Loopback,
        },
        login: smtp.username.clone().map(|user| Login {
            user,
            password: password(),
        }),
        from: smtp.from.clone(),
        reply_to: reply_to.or(settings.mail.reply_to.as_ref()).cloned(),
        helo: smtp.helo.clone(),
        patience: PATIENCE,
        timeout: timeout.unwrap_or(smtp.timeout),
    };
    let own = smtp.authorities.iter().map(Vec::as_slice);
    let email = Email::new(server, network.der().chain(own))?;
    Ok(Some(email.among(network.servers())))
}

/// How messages leave: the channels, and what all of them share.
pub struct Delivery {
    pub routes: Vec<Route>,
    pub letterhead: Letterhead,
}

impl Delivery {
    /// The channel that this name leads to.
    #[must_use]
    pub fn channel(&self, name: &ChannelName) -> Option<Arc<dyn Channel>> {
        let route = self.routes.iter().find(|route| route.names.contains(name));
        route.map(|route| Arc::clone(&route.channel))
    }
}

/// A channel with the configured names that lead to it.
pub struct Route {
    pub channel: Arc<dyn Channel>,
    names: Vec<ChannelName>,
    /// Each once.
    pub recipients: Vec<String>,
}

/// Every channel that is configured. Clients are mailed where there is a mail server. `timeout` stands in for the
/// configured one of a mail.
///
/// # Errors
/// When its settings cannot be used.
pub fn delivery(settings: &Settings, network: &Network, timeout: Option<Duration>) -> Result<Delivery, SetupError> {
    let email = |reply_to| self::email(settings, reply_to, network, timeout);
    let clients = email(None)?;
    let service = clients.as_ref().map(Email::service).unwrap_or_default();
    let letterhead = letterhead(settings, service);
    let mut own: Vec<Route> = Vec::new();
    let mut mail = clients.map(|email| Route {
        channel: Arc::new(email),
        names: vec![ChannelName::client()],
        recipients: Vec::new(),
    });
    for channel in &settings.channels {
        match &channel.kind {
            ChannelKind::Email {
                to,
                reply_to: Some(reply_to),
            } => own.extend(email(Some(reply_to))?.map(|email| Route {
                channel: Arc::new(email),
                names: vec![channel.name.clone()],
                recipients: to.clone(),
            })),
            ChannelKind::Email { to, reply_to: None } => {
                if let Some(mail) = &mut mail {
                    mail.names.push(channel.name.clone());
                    for recipient in to {
                        if !mail.recipients.contains(recipient) {
                            mail.recipients.push(recipient.clone());
                        }
                    }
                }
            }
            kind => {
                let posts = match kind {
                    ChannelKind::Webhook { .. } => webhooks::channel(settings, channel, &letterhead, network, timeout)?,
                    _ => posts::channel(channel, &letterhead, network, timeout)?,
                };
                own.extend(posts.map(|posts| Route {
                    channel: posts,
                    names: vec![channel.name.clone()],
                    recipients: channel.kind.recipients(),
                }));
            }
        }
    }
    Ok(Delivery {
        routes: mail.into_iter().chain(own).collect(),
        letterhead,
    })
}

/// How a receiver over HTTP is told who logs in: the value of the header.
pub fn authorization(login: &HttpLogin) -> SecretString {
    SecretString::from(match login {
        HttpLogin::Token(token) => format!("Bearer {}", token.expose_secret()),
        HttpLogin::Password { username, password } => {
            let pair = format!("{username}:{}", password.expose_secret());
            format!("Basic {}", BASE64_STANDARD.encode(pair))
        }
    })
}

/// What all messages to people share.
pub(super) fn letterhead(settings: &Settings, service: String) -> Letterhead {
    let mail = &settings.mail;
    Letterhead {
        service,
        zone: settings.schedule.timezone.clone(),
        pay_url: mail.pay_url.clone(),
        contact: mail.contact.clone(),
        takes_replies: mail.reply_to.is_some(),
        languages: mail.languages.clone(),
        links: links(settings),
        templates: templates(settings).map(Arc::new),
    }
}

/// Where messages lead, if people reach the pages from elsewhere than this machine.
fn links(settings: &Settings) -> Option<Links> {
    let url = settings.web.external_url.as_ref()?;
    let signer = web::token_of(settings).map(|token| Signer::new(token.expose_secret()));
    Some(Links::new(url, signer))
}

/// The reseller's own texts, read from their folder. What cannot be used is left out, and the shipped text stands in:
/// somebody may have to be warned now.
fn templates(settings: &Settings) -> Option<Templates> {
    let folder = settings.templates.as_ref()?;
    let (templates, _) = Templates::read(&own_texts::read(folder).0, &policy_names(settings));
    Some(templates)
}

/// Says in the log which of them are left out.
pub fn warn_of_texts(settings: &Settings) {
    let Some(folder) = &settings.templates else { return };
    let (sources, mut faults) = own_texts::read(folder);
    faults.extend(Templates::read(&sources, &policy_names(settings)).1);
    for fault in faults {
        tracing::warn!(%fault, "a text of your own cannot be used, and the shipped one stands in: see `balancewatch check`");
    }
}

fn policy_names(settings: &Settings) -> Vec<PolicyName> {
    settings.policies.iter().map(|policy| policy.name.clone()).collect()
}

/// What the outbox works by.
#[must_use]
pub fn outbox(settings: &Settings, delivery: Delivery, environment: &Environment) -> outbox::Settings {
    let routes = delivery.routes.into_iter();
    let channels: BTreeMap<_, _> = routes
        .flat_map(|route| {
            let channel = route.channel;
            route.names.into_iter().map(move |name| (name, Arc::clone(&channel)))
        })
        .collect();
    outbox::Settings {
        channels,
        letterhead: delivery.letterhead,
        receivers: terms::receivers(settings),
        client_mails_per_hour: settings.alerts.client_mails_per_hour,
        look_every: environment.look_every,
        seed: environment.seed,
    }
}
