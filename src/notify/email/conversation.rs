//! The conversation with a mail server, stage by stage, so that a failure's stage is known exactly: lettre's
//! transport does it in one go, and its errors do not tell.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};

use tokio::net::TcpStream;

use super::compose::Composed;
use super::{DeliveryError, Email, Security, Server, Stage};
use crate::redact::Redactor;

/// How long a goodbye may take; nothing depends on it.
const GOODBYE: Duration = Duration::from_secs(1);

/// How many addresses of a server get their share of the time to connect: IPv6, IPv4 and one more.
const ADDRESSES: u32 = 3;

/// Which stage is in hand, read when the conversation is given up from outside; and what must not be kept of a reply.
#[derive(Debug)]
pub(super) struct Progress<'r> {
    stage: Mutex<Stage>,
    redactor: &'r Redactor,
}

impl<'r> Progress<'r> {
    /// At the beginning.
    pub(super) const fn new(redactor: &'r Redactor) -> Self {
        Self {
            stage: Mutex::new(Stage::Connect),
            redactor,
        }
    }

    /// The stage in hand.
    pub(super) fn stage(&self) -> Stage {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, stage: Stage) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }

    fn failed(&self, error: &lettre::transport::smtp::Error) -> DeliveryError {
        DeliveryError::from_lettre(self.stage(), error, self.redactor)
    }
}

impl Email {
    /// Connects, encrypts and logs in.
    pub(super) async fn open(&self, progress: &Progress<'_>) -> Result<AsyncSmtpConnection, DeliveryError> {
        let hello = ClientId::default();
        let server = &self.server;
        let mut connection = if server.security == Security::Tls {
            let address = (server.host.as_str(), server.port);
            let each = Some(server.timeout / ADDRESSES);
            let connecting = AsyncSmtpConnection::connect_tokio1(address, each, &hello, Some(self.tls.clone()), None);
            connecting.await.map_err(|error| progress.failed(&error))?
        } else {
            let stream = self.connect().await?;
            progress.enter(Stage::Greeting);
            let greeting = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello);
            greeting.await.map_err(|error| progress.failed(&error))?
        };
        if server.security != Security::Tls {
            if connection.can_starttls() {
                progress.enter(Stage::Tls);
                let upgrade = connection.starttls(self.tls.clone(), &hello);
                upgrade.await.map_err(|error| progress.failed(&error))?;
            } else if server.security == Security::StartTls {
                return Err(DeliveryError::NoEncryption);
            }
        }
        if let Some(credentials) = &self.credentials {
            progress.enter(Stage::Login);
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            let login = connection.auth(&mechanisms, credentials);
            login.await.map_err(|error| progress.failed(&error))?;
        }
        Ok(connection)
    }

    /// Tries the server's addresses one after the other, with a share of the time each: the first may lead nowhere.
    async fn connect(&self) -> Result<TcpStream, DeliveryError> {
        let broken = |why: String| DeliveryError::Broken {
            stage: Stage::Connect,
            why,
        };
        let Server {
            host, port, timeout, ..
        } = &self.server;
        let addresses = tokio::net::lookup_host((host.as_str(), *port)).await;
        let addresses = addresses.map_err(|error| broken(error.to_string()))?;
        let mut why = format!("`{host}` has no address");
        for address in addresses {
            match tokio::time::timeout(*timeout / ADDRESSES, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Each command waits for its answer: delaying small packets would cost 40 ms each. It works
                    // without, too.
                    stream.set_nodelay(true).ok();
                    return Ok(stream);
                }
                Ok(Err(error)) => why = error.to_string(),
                Err(_) => why = format!("{address} does not answer"),
            }
        }
        Err(broken(why))
    }
}

/// Hands one mail over.
pub(super) async fn transfer(
    connection: &mut AsyncSmtpConnection,
    mail: &Composed,
    progress: &Progress<'_>,
) -> Result<(), DeliveryError> {
    let parameters = parameters(connection, mail)?;
    progress.enter(Stage::Sender);
    let sender = Mail::new(mail.envelope.from().cloned(), parameters);
    let reply = connection.command(sender).await;
    reply.map_err(|error| progress.failed(&error))?;
    progress.enter(Stage::Recipient);
    for recipient in mail.envelope.to() {
        let reply = connection.command(Rcpt::new(recipient.clone(), vec![])).await;
        reply.map_err(|error| progress.failed(&error))?;
    }
    progress.enter(Stage::Data);
    connection
        .command(Data)
        .await
        .map_err(|error| progress.failed(&error))?;
    progress.enter(Stage::Content);
    let reply = connection.message(&mail.data).await;
    reply.map_err(|error| progress.failed(&error))?;
    Ok(())
}

/// What MAIL FROM must say about this mail, if the server can take it at all.
fn parameters(connection: &AsyncSmtpConnection, mail: &Composed) -> Result<Vec<MailParameter>, DeliveryError> {
    let can = |extension| connection.server_info().supports_feature(extension);
    let beyond_ascii = mail.envelope.to().iter().chain(mail.envelope.from()).find(|address| {
        let address: &str = address.as_ref();
        !address.is_ascii()
    });
    let mut parameters = Vec::new();
    if let Some(address) = beyond_ascii {
        if !can(Extension::SmtpUtfEight) {
            return Err(DeliveryError::NeedsUtf8 {
                address: address.to_string(),
            });
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    // Only an address beyond ASCII makes the mail so: lettre encodes everything else.
    if !mail.data.is_ascii() && can(Extension::EightBitMime) {
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(parameters)
}

/// Ends a conversation politely, but without waiting long.
pub(super) async fn goodbye(mut connection: AsyncSmtpConnection) {
    // Whatever comes back, the connection is dropped.
    tokio::time::timeout(GOODBYE, connection.quit()).await.ok();
}
