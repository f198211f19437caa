//! The stage: the configuration with every address and secret replaced, and who answers at the addresses. Nothing of the user's
//! own servers is left in what the program is told.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use crate::config::{Account, ChannelKind, Endpoint, Settings, SmtpTls};
use crate::net::{HttpAnswer, HttpError, HttpRequest};
use crate::worlds::net::{API_PORT, MAIL_PORT};
use crate::worlds::receivers::{plain, refused};
use crate::worlds::world::World;

/// The port of the first channel; the others follow in the order of the configuration. Where it has none, the heartbeat is there.
const FIRST_PORT: u16 = 100;

/// What every secret is replaced by: of the form that each of them must have.
const NO_SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Calls a minute where the fleet fits into its sweeps anyway: as the pace decides nothing then, a sweep need not take as long, which
/// a rehearsal would spend on single commits.
const QUICK_RATE: u32 = 6_000;

/// How long the rehearsal keeps what happened: longer than it can last.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 400);

/// The settings of one account with so many clients, on the stage: the store is in `folder`, and there is no dashboard.
pub(super) fn settings(of: &Settings, account: &Account, clients: u32, folder: &Path) -> Settings {
    let mut settings = of.clone();
    let mut account = account.clone();
    let interval = settings.schedule.interval(Timestamp::UNIX_EPOCH).as_secs();
    let calls_in_an_interval = i64::from(account.rate_per_minute).saturating_mul(interval) / 60;
    if calls_in_an_interval >= 2 * i64::from(clients) {
        account.rate_per_minute = account.rate_per_minute.max(QUICK_RATE);
    }
    account.url = format!("http://127.0.0.1:{API_PORT}/api/v1/rest.php");
    account.username = "demo@example.com".to_owned();
    account.password = SecretString::from("demo");
    settings.accounts = vec![account];
    if let Some(smtp) = &mut settings.smtp {
        smtp.host = "127.0.0.1".to_owned();
        smtp.port = MAIL_PORT;
        smtp.tls = SmtpTls::OpportunisticLoopback;
        smtp.username = None;
        smtp.password = None;
        smtp.authorities = Vec::new();
    }
    let ports = FIRST_PORT..;
    for (channel, port) in settings.channels.iter_mut().zip(ports) {
        replace(&mut channel.kind, port);
    }
    if let Some(heartbeat) = &mut settings.heartbeat {
        let port = FIRST_PORT.saturating_add(u16::try_from(settings.channels.len()).unwrap_or(u16::MAX));
        *heartbeat = endpoint(port);
    }
    settings.store.path = folder.join("state.db");
    settings.store.keep_history = KEPT;
    settings.web.listen = None;
    settings.web.token = None;
    settings.web.external_url = None;
    settings
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn endpoint(port: u16) -> Endpoint {
    Endpoint {
        url: SecretString::from(url(port)),
        internal: true,
    }
}

/// Leads a channel to this port, and takes its secrets from it.
fn replace(kind: &mut ChannelKind, port: u16) {
    match kind {
        ChannelKind::Email { .. } => {}
        ChannelKind::Alertmanager { urls, login, .. } => {
            *urls = vec![url(port)];
            *login = None;
        }
        ChannelKind::PagerDuty {
            endpoint: to,
            routing_key,
        } => {
            *to = endpoint(port);
            *routing_key = SecretString::from(NO_SECRET);
        }
        ChannelKind::Webhook {
            endpoint: to,
            headers,
            secret,
            ..
        } => {
            *to = endpoint(port);
            headers.clear();
            *secret = None;
        }
        ChannelKind::Slack {
            endpoint: to, token, ..
        } => {
            *to = endpoint(port);
            if let Some(token) = token {
                *token = SecretString::from(NO_SECRET);
            }
        }
        ChannelKind::Ntfy {
            endpoint: to, login, ..
        } => {
            *to = endpoint(port);
            *login = None;
        }
    }
}

/// Answers what is posted to a channel or to the heartbeat: it is taken.
pub(in crate::worlds) fn answer(world: &World, request: &HttpRequest) -> Result<HttpAnswer, HttpError> {
    let place = request.url.port().and_then(|port| port.checked_sub(FIRST_PORT));
    let (Some(place), Some(told)) = (place, world.told()) else {
        return Err(refused());
    };
    if request.departure.as_ref().is_some_and(|departure| !departure.depart()) {
        return Err(refused());
    }
    let channel = told.settings.channels.get(usize::from(place));
    let (status, body) = match channel.map(|channel| &channel.kind) {
        Some(ChannelKind::PagerDuty { .. }) => (
            202,
            r#"{"status":"success","message":"Event processed","dedup_key":"rehearsal"}"#,
        ),
        Some(ChannelKind::Slack { token: Some(_), .. }) => {
            (200, r#"{"ok":true,"channel":"C0REHEARSAL","ts":"1.000001"}"#)
        }
        Some(ChannelKind::Slack { .. }) => (200, "ok"),
        Some(ChannelKind::Ntfy { .. }) => (200, r#"{"id":"rehearsal","time":1,"event":"message","topic":"x"}"#),
        _ => (200, ""),
    };
    Ok(plain(status, body))
}
