//! Sends mails through the configured mail server. lettre composes them and writes the commands; `wire` reads the
//! replies, and says why lettre does not.
//!
//! Decides nothing about retries: an error says what failed, at which stage, and whether it belongs to the recipient
//! or to the channel. A delivery has one deadline in all up to the dot that ends the mail. The answer to that dot is
//! awaited much longer: whoever gives up before it sends the same mail again.

mod channel;
mod compose;
mod conversation;
mod error;
mod mailer;
mod refusal;
mod stage;
#[cfg(test)]
mod tests;
mod tls;
mod wire;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::extension::ClientId;
use secrecy::{ExposeSecret, SecretString};

use self::compose::Composed;
use self::conversation::{Progress, Session};
use self::error::MailError;
use self::tls::Tls;
use super::delivery::{self, Scope, SetupError, Until};
use crate::net::Inside;
use crate::redact::{Redactor, one_line};

/// The mail server, as configured.
#[derive(Clone, Debug)]
pub struct Server {
    /// Host name or address.
    pub host: String,
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Who logs in; `None`: nobody does.
    pub login: Option<Login>,
    /// The sender, such as `Phone service <alerts@example.com>`.
    pub from: String,
    /// Who reads the answers, a mailbox; `None`: the sender.
    pub reply_to: Option<String>,
    /// As whom we introduce ourselves; `None`: the machine's name, or its address when it has none.
    pub helo: Option<String>,
    /// How long one delivery may take in all, up to the end of the mail. Real time.
    pub timeout: Duration,
    /// How long the answer to a whole mail is awaited. Real time.
    pub patience: Duration,
}

/// What [`Server::patience`] is outside of tests: RFC 5321 (4.5.3.2.6) asks for ten minutes, because a server may look
/// through the mail first, and has taken it by then.
pub const PATIENCE: Duration = Duration::from_secs(600);

#[derive(Clone, Debug)]
pub struct Login {
    pub user: String,
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

/// Longest name of the service.
const LONGEST_SERVICE: usize = 60;

/// Mail through one server. Cheap to share; holds no session.
pub struct Email {
    server: Server,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    hello: ClientId,
    tls: Tls,
    credentials: Option<Credentials>,
    redactor: Redactor,
    /// What stands in for the network.
    servers: Option<Arc<dyn Inside>>,
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
        let tls = Tls::new(&server, roots).map_err(|why| SetupError::Tls {
            host: server.host.clone(),
            why,
        })?;
        let hello = server.helo.clone().map(ClientId::Domain).unwrap_or_default();
        let login = server.login.as_ref();
        let secret = login.map_or("", |login| login.password.expose_secret());
        let redactor = Redactor::new(&[secret]);
        let credentials = login.map(|login| Credentials::new(login.user.clone(), secret.to_owned()));
        Ok(Self {
            server,
            from,
            reply_to,
            hello,
            tls,
            credentials,
            redactor,
            servers: None,
        })
    }

    /// The same that finds its server there, if there is such a place.
    #[must_use]
    pub fn among(mut self, servers: Option<&Arc<dyn Inside>>) -> Self {
        self.servers = servers.cloned();
        self
    }

    /// Whose phone service it is, as clients know it: the sender's name, or else its domain.
    #[must_use]
    pub fn service(&self) -> String {
        let name = self.from.name.as_deref().map(|name| one_line(name, LONGEST_SERVICE));
        name.filter(|name| !name.is_empty())
            .unwrap_or_else(|| self.from.email.domain().to_owned())
    }

    /// Connects, encrypts, logs in, names the sender and each of the `recipients`, and takes all that back: no mail is
    /// sent. What the server said to each of them, or why it never came to that.
    async fn rehearse<'r>(
        &self,
        recipients: &[&'r str],
        now: Timestamp,
    ) -> Result<Vec<(&'r str, Result<(), MailError>)>, MailError> {
        let progress = Progress::default();
        let never = delivery::never();
        let rehearsing = async {
            let mut session = self.open(now, &progress).await?;
            let mut answers = Vec::new();
            for recipient in recipients {
                let answer = async {
                    let envelope = compose::envelope(&self.from, recipient)?;
                    session.sender(&envelope, b"", &progress).await?;
                    session.recipients(&envelope, &progress).await
                };
                match answer.await {
                    Err(error) if error.scope() == Scope::Channel => return Err(error),
                    answer => answers.push((*recipient, answer)),
                }
            }
            session.take_back().await?;
            Ok((session, answers))
        };
        let (session, answers) = self.bounded(&progress, never, rehearsing).await?;
        session.goodbye().await;
        Ok(answers)
    }

    /// Everything up to the dot that ends the mail, over the kept connection or a new one, which then waits for the
    /// answer. After a refusal it may be used again, and is put back.
    async fn hand_over(
        &self,
        kept: &mut Option<Session>,
        mail: &Composed,
        now: Timestamp,
        cut: Until<'_>,
    ) -> Result<Session, MailError> {
        let progress = Progress::default();
        let reusable = kept.take();
        let handing_over = async {
            let mut session = self.begun(reusable, mail, now, &progress).await?;
            let handed = async {
                session.recipients(&mail.envelope, &progress).await?;
                session.content(&mail.data, &progress).await
            };
            let handed = handed.await;
            Ok((session, handed))
        };
        let (session, handed) = self.bounded(&progress, cut, handing_over).await?;
        match handed {
            Ok(()) => Ok(session),
            Err(error) => {
                *kept = error.leaves_open().then_some(session);
                Err(error)
            }
        }
    }

    /// A connection that has taken the sender of this mail. A kept one that does not, for whatever reason, is one that
    /// the server has had enough of: its answer counts for nothing, and a new one is made.
    async fn begun(
        &self,
        kept: Option<Session>,
        mail: &Composed,
        now: Timestamp,
        progress: &Progress,
    ) -> Result<Session, MailError> {
        if let Some(mut session) = kept {
            if !session.is_reusable(now) {
                session.goodbye().await;
            } else if session.sender(&mail.envelope, &mail.data, progress).await.is_ok() {
                return Ok(session);
            }
        }
        let mut session = self.open(now, progress).await?;
        session.sender(&mail.envelope, &mail.data, progress).await?;
        Ok(session)
    }

    /// Runs a part of a conversation within the server's deadline for all of it.
    async fn bounded<T>(
        &self,
        progress: &Progress,
        cut: Until<'_>,
        conversation: impl Future<Output = Result<T, MailError>>,
    ) -> Result<T, MailError> {
        let after = self.server.timeout;
        tokio::select! {
            biased;
            result = conversation => result,
            () = cut => Err(MailError::cut_off(progress.stage())),
            () = tokio::time::sleep(after) => Err(MailError::silent(progress.stage(), after)),
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
