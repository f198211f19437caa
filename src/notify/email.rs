//! Sends mails through the configured mail server, over lettre. One conversation per mail; keeps no connection.
//!
//! Decides nothing about retries: an error says what failed, at which stage, and whether it belongs to the recipient
//! or to the channel. Every conversation has one deadline in all, because lettre's own covers only the connect.

mod compose;
mod conversation;
mod error;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters};
use secrecy::{ExposeSecret, SecretString};

pub use self::error::{DeliveryError, Scope, Stage};

use self::conversation::Progress;
use super::render::{Letterhead, Mail, Texts};
use crate::domain::notice::Message;
use crate::redact::Redactor;

/// The mail server, as configured.
#[derive(Clone, Debug)]
pub struct Server {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Who logs in; `None`: nobody does.
    pub login: Option<Login>,
    /// The sender, such as `Phone service <alerts@example.com>`.
    pub from: String,
    /// Who reads the answers, a mailbox; `None`: the sender.
    pub reply_to: Option<String>,
    /// How long one delivery may take in all. Real time.
    pub timeout: Duration,
}

/// Who logs in.
#[derive(Clone, Debug)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password.
    pub password: SecretString,
}

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// STARTTLS, required.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// STARTTLS if offered, its certificate unchecked, else plain. For loopback only.
    Loopback,
}

/// Why a mail server cannot be used as configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// The sender, or who reads the answers, is no mailbox.
    #[error("`{from}` is no address such as \"Phone service <alerts@example.com>\" ({why})")]
    Sender {
        /// As configured.
        from: String,
        /// What is wrong.
        why: String,
    },
    /// TLS could not be set up.
    #[error("TLS could not be set up for `{host}` ({why})")]
    Tls {
        /// The mail server.
        host: String,
        /// What is wrong.
        why: String,
    },
}

/// Mail through one server. Cheap to share; holds no connection.
pub struct Email {
    server: Server,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    tls: TlsParameters,
    credentials: Option<Credentials>,
    redactor: Redactor,
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Email")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl Email {
    /// Prepares sending; opens nothing. `roots` are the DER certificates that the server's is checked against.
    ///
    /// # Errors
    /// [`SetupError`] when the sender is no mailbox, or TLS refuses the host or a root.
    pub fn new<'r>(server: Server, roots: impl IntoIterator<Item = &'r [u8]>) -> Result<Self, SetupError> {
        let from = mailbox(&server.from)?;
        let reply_to = server.reply_to.as_deref().map(mailbox).transpose()?;
        let tls = tls(&server, roots).map_err(|error| SetupError::Tls {
            host: server.host.clone(),
            why: error.to_string(),
        })?;
        let login = server.login.as_ref();
        let secret = login.map_or("", |login| login.password.expose_secret());
        let redactor = Redactor::new(&[secret]);
        let credentials =
            login.map(|login| Credentials::new(login.user.clone(), login.password.expose_secret().to_owned()));
        Ok(Self {
            server,
            from,
            reply_to,
            tls,
            credentials,
            redactor,
        })
    }

    /// What the texts of its mails share: the sender's name, the zone of their times, and what clients read besides.
    #[must_use]
    pub fn texts(&self, zone: TimeZone, letterhead: Letterhead) -> Texts {
        Texts::new(&self.from, zone, letterhead)
    }

    /// Delivers one mail to the message's recipient, whose `name` is empty when unknown. `now` becomes its date. When
    /// `cut` ends first, so does the conversation.
    ///
    /// # Errors
    /// [`DeliveryError`], which says whether the mail may have arrived all the same.
    pub async fn send(
        &self,
        message: &Message,
        name: &str,
        mail: &Mail,
        now: Timestamp,
        cut: impl Future<Output = ()>,
    ) -> Result<(), DeliveryError> {
        let composed = compose::compose(&self.from, self.reply_to.as_ref(), name, message, mail, now)?;
        let progress = Progress::new(&self.redactor);
        let conversation = async {
            let mut connection = self.open(&progress).await?;
            let result = conversation::transfer(&mut connection, &composed, &progress).await;
            Ok((connection, result))
        };
        let (connection, result) = self.bounded(&progress, cut, conversation).await?;
        // The mail is taken or refused by now; a server that is slow to say goodbye changes nothing about it.
        conversation::goodbye(connection).await;
        result
    }

    /// Connects, encrypts and logs in, and leaves without sending anything.
    ///
    /// # Errors
    /// [`DeliveryError`] of the stage that failed.
    pub async fn login(&self) -> Result<(), DeliveryError> {
        let progress = Progress::new(&self.redactor);
        let connection = self
            .bounded(&progress, std::future::pending(), self.open(&progress))
            .await?;
        conversation::goodbye(connection).await;
        Ok(())
    }

    /// Runs a conversation within the server's total deadline.
    async fn bounded<T>(
        &self,
        progress: &Progress<'_>,
        cut: impl Future<Output = ()>,
        conversation: impl Future<Output = Result<T, DeliveryError>>,
    ) -> Result<T, DeliveryError> {
        let after = self.server.timeout;
        tokio::select! {
            biased;
            result = conversation => result,
            () = cut => Err(DeliveryError::cut_off(progress.stage())),
            () = tokio::time::sleep(after) => Err(DeliveryError::silent(progress.stage(), after)),
        }
    }
}

/// A configured address of ours.
fn mailbox(text: &str) -> Result<Mailbox, SetupError> {
    text.parse()
        .map_err(|error: lettre::address::AddressError| SetupError::Sender {
            from: text.to_owned(),
            why: error.to_string(),
        })
}

/// The parameters of TLS with this server. Building them parses every root, so that it is done once.
fn tls<'r>(
    server: &Server,
    roots: impl IntoIterator<Item = &'r [u8]>,
) -> Result<TlsParameters, lettre::transport::smtp::Error> {
    let mut builder = TlsParameters::builder(server.host.clone()).certificate_store(CertificateStore::None);
    if server.security == Security::Loopback {
        // Whoever can listen on this machine's loopback could read the mails anyway.
        return builder
            .dangerous_accept_invalid_certs(true)
            .dangerous_accept_invalid_hostnames(true)
            .build();
    }
    for root in roots {
        builder = builder.add_root_certificate(Certificate::from_der(root.to_vec())?);
    }
    builder.build()
}
