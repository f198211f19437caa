//! What tests of this module share: messages, servers, and a certificate authority of their own.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use super::delivery::{Attempted, End, Failed, Parcel, Scope, Step, never};
use super::email::{Email, Login, Security, Server};
use super::letter::{self, Letterhead};
use super::post::{Poster, Vendor};
use crate::domain::alert::EpisodeId;
use crate::domain::notice::{Facts, Message, MessageKind, NoticeState, Notification, Transition};
use crate::domain::reason::{Finding, Measure, Reason, Relation};
use crate::domain::{AccountName, ChannelName, ClientId, Languages, Money, PolicyName, Reading, Severity};
use crate::mail_catcher::{MailCatcher, Upgrade, Wire};
use crate::net::Network;
use crate::net::raw_server::{Act, RawServer, answer};

pub(super) fn start() -> Timestamp {
    "2026-11-23T15:15:00Z".parse().unwrap()
}

/// A notification of the alert `low-balance` of client `number`, and the message that carries it.
pub(super) fn owed(number: u32, transition: Transition, channel: &str, recipient: &str) -> (Message, Notification) {
    let account = AccountName::new("main").unwrap();
    let client = ClientId::new(&number.to_string()).unwrap();
    let policy = PolicyName::new("low-balance").unwrap();
    let episode = EpisodeId::new(&account, &client, &policy, start());
    let id = format!("{episode}/{}/{channel}/{recipient}", transition.label());
    let balance: Money = "8.0588".parse().unwrap();
    let notification = Notification {
        id: id.clone(),
        account: account.clone(),
        client,
        policy,
        episode: episode.clone(),
        transition,
        severity: Severity::Warning,
        channel: ChannelName::new(channel).unwrap(),
        recipient: recipient.to_owned(),
        facts: Facts {
            label: "Consulting".to_owned(),
            currency: "USD".to_owned(),
            reading: Some(Reading {
                balance,
                spent_today: None,
                spent_total: None,
                at: start(),
            }),
            threshold: None,
            reason: Reason::Limits {
                findings: vec![Finding {
                    measure: Measure::Balance,
                    value: balance,
                    relation: Relation::Below,
                    limit: "10".parse().unwrap(),
                    limit_text: None,
                }],
            },
            since: start(),
            management: None,
            ending: None,
            enforcement: None,
            country: String::new(),
            runbook_url: None,
            account: None,
        },
        created_at: start(),
        message: Some(id.clone()),
        state: NoticeState::Pending,
    };
    let message = Message {
        id,
        account,
        channel: notification.channel.clone(),
        recipient: recipient.to_owned(),
        thread: episode.to_string(),
        kind: MessageKind::Single,
        created_at: start(),
        not_before: start(),
        deadline: start() + SignedDuration::from_hours(24),
        paced: None,
        attempts: 0,
        next_at: start(),
        state: NoticeState::Pending,
        receipt: None,
    };
    (message, notification)
}

/// A channel that put a connection off.
pub(super) fn failed() -> Failed {
    Failed {
        end: End::PutOff,
        scope: Scope::Channel,
        step: Step::Connection,
        retry_after: None,
        word: "busy".to_owned(),
        text: "the receiver is busy".to_owned(),
        hint: None,
    }
}

/// With the name of a service and nothing else.
pub(super) fn letterhead() -> Letterhead {
    Letterhead {
        service: "Phone service".to_owned(),
        zone: TimeZone::UTC,
        pay_url: None,
        contact: Vec::new(),
        takes_replies: false,
        languages: Languages::default(),
        links: None,
        templates: None,
    }
}

/// What leaves for a message that carries these.
pub(super) fn parcel(message: Message, notifications: Vec<Notification>) -> Parcel {
    let letter = letter::write(&message, &notifications, &letterhead(), start()).unwrap();
    Parcel {
        message,
        notifications,
        letter,
        at: start(),
        root: None,
    }
}

/// The same, of one notification.
pub(super) fn parcel_of(transition: Transition) -> Parcel {
    let (message, notification) = owed(561_115, transition, "ops", "");
    parcel(message, vec![notification])
}

/// A receiver that gives these answers, the last one again and again: status, headers, body.
pub(super) async fn receiver(answers: Vec<(u16, &'static str, &'static str)>) -> RawServer {
    RawServer::start(move |number, _| {
        let (status, headers, body) = answers[number.min(answers.len() - 1)];
        let close = format!("connection: close\r\n{headers}");
        Act::SendAndClose(answer(&format!("{status} Text"), &close, body.as_bytes()))
    })
    .await
}

pub(super) fn poster(url: &str) -> Poster {
    let channel = ChannelName::new("ops").unwrap();
    Poster::new(&channel, url, false, &Network::nobody(), Some(Duration::from_secs(10))).unwrap()
}

/// What a parcel comes to with a receiver that gives these answers.
pub(super) async fn told(
    vendor: &impl Vendor,
    parcel: &Parcel,
    answers: Vec<(u16, &'static str, &'static str)>,
) -> Attempted {
    let receiver = receiver(answers).await;
    vendor.deliver(&poster(&receiver.url), parcel, never()).await
}

/// What each status from 200 comes to, with this body: how it failed and whose that is, or `None`: delivered. Each answer
/// asks to be left alone for 90 seconds.
pub(super) async fn every_status(
    vendor: &impl Vendor,
    parcel: &Parcel,
    body: &'static str,
) -> Vec<(u16, Option<(End, Scope)>)> {
    let answers = (200..=599).map(|status| (status, "retry-after: 90\r\n", body));
    let receiver = receiver(answers.collect()).await;
    let poster = poster(&receiver.url);
    let mut came_to = Vec::new();
    for status in 200..=599 {
        let attempted = vendor.deliver(&poster, parcel, never()).await;
        if let Err(failed) = &attempted {
            let asked = failed.retry_after.map(|asked| asked.as_secs());
            assert!(asked == Some(90) || status < 300, "{status}: {failed:?}");
        }
        came_to.push((status, attempted.err().map(|failed| (failed.end, failed.scope))));
    }
    came_to
}

/// What a status comes to where a vendor says nothing else.
pub(super) const fn usual(status: u16) -> Option<(End, Scope)> {
    match status {
        200..=299 => None,
        400 | 413 | 422 => Some((End::Refused, Scope::Message)),
        408 | 425 | 429 | 502..=504 => Some((End::PutOff, Scope::Channel)),
        500..=599 => Some((End::PutOff, Scope::Shared)),
        _ => Some((End::Refused, Scope::Channel)),
    }
}

pub(super) fn fired() -> Transition {
    Transition::Fired { relapse: false }
}

/// The catcher as a mail server without encryption. A second is plenty on loopback; what stalls is cut after it.
pub(super) fn server(catcher: &MailCatcher) -> Server {
    Server {
        host: "127.0.0.1".to_owned(),
        port: catcher.address().port(),
        security: Security::Loopback,
        login: None,
        from: "Phone service <alerts@example.com>".to_owned(),
        reply_to: None,
        helo: None,
        timeout: Duration::from_secs(10),
        patience: Duration::from_secs(10),
    }
}

pub(super) fn login(user: &str, password: &str) -> Option<Login> {
    Some(Login {
        user: user.to_owned(),
        password: password.to_owned().into(),
    })
}

pub(super) fn email(server: Server) -> Arc<Email> {
    Arc::new(Email::new(server, []).unwrap())
}

/// A certificate authority, and a server with a certificate for `localhost` by it.
pub(super) struct Authority {
    /// Its certificate, DER encoded.
    pub root: Vec<u8>,
    /// Encrypts as the server.
    pub upgrade: Upgrade,
    /// The same for a server that needs more of TLS than a stream.
    pub acceptor: TlsAcceptor,
}

pub(super) fn authority() -> Authority {
    authority_until(None)
}

/// The same, whose server's certificate was good until then.
pub(super) fn authority_until(year: Option<i32>) -> Authority {
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::new(vec![]).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = parameters.self_signed(&key).unwrap();
    let issuer = Issuer::new(parameters, key);
    let server_key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    if let Some(year) = year {
        parameters.not_after = rcgen::date_time_ymd(year, 1, 1);
    }
    let server = parameters.signed_by(&server_key, &issuer).unwrap();
    let private = PrivateKeyDer::try_from(server_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![server.der().clone()], private)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let accepts = acceptor.clone();
    let upgrade: Upgrade = Arc::new(move |wire: Wire| {
        let accepting = accepts.accept(wire);
        Box::pin(async move {
            let encrypted: io::Result<_> = accepting.await;
            encrypted.map(|stream| Box::new(stream) as Wire)
        })
    });
    Authority {
        root: root.der().to_vec(),
        upgrade,
        acceptor,
    }
}
