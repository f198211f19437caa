//! The conversation with a mail server, stage by stage, so that a failure's stage is known exactly. lettre writes the
//! commands; what comes back is read by [`super::wire`].

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::commands::{Auth, Data, Ehlo, Mail, Quit, Rcpt, Rset, Starttls};
use lettre::transport::smtp::extension::{ClientId, MailBodyParameter, MailParameter};
use tokio::net::TcpStream;

use super::error::MailError;
use super::stage::Stage;
use super::wire::{Reply, Wire, stuffed};
use super::{Email, Security, Server};
use crate::net::Stream;
use crate::redact::Redactor;

/// How long a goodbye may take; nothing depends on it.
const GOODBYE: Duration = Duration::from_secs(1);

/// How many addresses of a server get their share of the time to connect: IPv6, IPv4 and one more.
const ADDRESSES: u32 = 3;

/// Mails over one connection: logging in is a small part of them by then, and servers begin to close at about this many.
const MOST_MAILS: u32 = 100;

/// How long a connection is used: servers that move or get a new certificate are followed. Domain time.
const LONGEST_USE: SignedDuration = SignedDuration::from_mins(5);

/// Which stage is in hand: read when the conversation is given up from outside.
#[derive(Debug)]
pub(super) struct Progress(Mutex<Stage>);

impl Default for Progress {
    fn default() -> Self {
        Self(Mutex::new(Stage::Connect))
    }
}

impl Progress {
    /// The stage in hand.
    pub(super) fn stage(&self) -> Stage {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, stage: Stage) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }
}

/// What a server said it can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Abilities {
    starttls: bool,
    utf8: bool,
    eight_bit: bool,
    size: bool,
    plain: bool,
    login: bool,
}

impl Abilities {
    fn of(hello: &Reply) -> Self {
        let mut can = Self::default();
        for line in &hello.lines {
            // Old servers write `AUTH=PLAIN`.
            let line = line.replacen('=', " ", 1).to_ascii_uppercase();
            let mut words = line.split_whitespace();
            match words.next() {
                Some("STARTTLS") => can.starttls = true,
                Some("SMTPUTF8") => can.utf8 = true,
                Some("8BITMIME") => can.eight_bit = true,
                Some("SIZE") => can.size = true,
                Some("AUTH") => {
                    for mechanism in words {
                        can.plain |= mechanism == "PLAIN";
                        can.login |= mechanism == "LOGIN";
                    }
                }
                _ => {}
            }
        }
        can
    }
}

/// A session that is encrypted and logged in as configured, between two mails or in one.
pub(super) struct Session {
    wire: Wire,
    /// Takes out of the server's words what must not be kept.
    redactor: Redactor,
    can: Abilities,
    opened_at: Timestamp,
    mails: u32,
    /// Whether the server still remembers the sender of a mail that went no further.
    is_begun: bool,
}

impl Session {
    /// Whether another mail may follow.
    pub(super) fn is_reusable(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.opened_at);
        self.mails < MOST_MAILS && !age.is_negative() && age < LONGEST_USE
    }

    /// Says one thing and takes a yes for an answer.
    async fn ask(&mut self, command: impl ToString, stage: Stage) -> Result<Reply, MailError> {
        let reply = self.wire.command(&command.to_string()).await;
        let reply = reply.map_err(|error| MailError::lost(stage, &error))?;
        if reply.is_done() {
            Ok(reply)
        } else {
            Err(MailError::refused(stage, &reply, &self.redactor))
        }
    }

    /// Says who we are. HELO follows where EHLO is refused: some servers know no other, and behind some it is cut off.
    async fn hello(&mut self, name: &ClientId) -> Result<(), MailError> {
        self.can = Abilities::default();
        match self.ask(Ehlo::new(name.clone()), Stage::Greeting).await {
            Ok(hello) => self.can = Abilities::of(&hello),
            Err(refused @ MailError::Refused { .. }) => {
                match self.ask(format!("HELO {name}\r\n"), Stage::Greeting).await {
                    Ok(_) => {}
                    // It closed instead: what it said before tells more.
                    Err(MailError::Broken { .. }) => return Err(refused),
                    Err(other) => return Err(other),
                }
            }
            Err(other) => return Err(other),
        }
        Ok(())
    }

    /// Names the sender; forgets an unfinished mail first.
    pub(super) async fn sender(
        &mut self,
        envelope: &Envelope,
        data: &[u8],
        progress: &Progress,
    ) -> Result<(), MailError> {
        let parameters = self.parameters(envelope, data)?;
        progress.enter(Stage::Sender);
        self.take_back().await?;
        self.mails += 1;
        let sender = Mail::new(envelope.from().cloned(), parameters);
        self.ask(sender, Stage::Sender).await?;
        self.is_begun = true;
        Ok(())
    }

    /// Makes the server forget an unfinished mail.
    pub(super) async fn take_back(&mut self) -> Result<(), MailError> {
        if self.is_begun {
            self.ask(Rset, Stage::Sender).await?;
            self.is_begun = false;
        }
        Ok(())
    }

    pub(super) async fn recipients(&mut self, envelope: &Envelope, progress: &Progress) -> Result<(), MailError> {
        progress.enter(Stage::Recipient);
        for recipient in envelope.to() {
            self.ask(Rcpt::new(recipient.clone(), vec![]), Stage::Recipient).await?;
        }
        Ok(())
    }

    /// Sends the mail itself, up to the dot that ends it.
    pub(super) async fn content(&mut self, data: &[u8], progress: &Progress) -> Result<(), MailError> {
        progress.enter(Stage::Data);
        let lost = |error: std::io::Error| MailError::lost(Stage::Data, &error);
        let reply = self.wire.command(&Data.to_string()).await.map_err(lost)?;
        if !reply.is_go_on() {
            return Err(MailError::refused(Stage::Data, &reply, &self.redactor));
        }
        self.wire.send(&stuffed(data)).await.map_err(lost)?;
        progress.enter(Stage::Content);
        let dot = self.wire.send(b".\r\n").await;
        dot.map_err(|error| MailError::lost(Stage::Content, &error))
    }

    /// The answer to the mail.
    pub(super) async fn answer(&mut self) -> Result<(), MailError> {
        let reply = self.wire.reply().await;
        let reply = reply.map_err(|error| MailError::lost(Stage::Content, &error))?;
        self.is_begun = false;
        if reply.is_done() {
            Ok(())
        } else {
            Err(MailError::refused(Stage::Content, &reply, &self.redactor))
        }
    }

    /// What MAIL FROM must say about this mail, if the server can take it at all.
    fn parameters(&self, envelope: &Envelope, data: &[u8]) -> Result<Vec<MailParameter>, MailError> {
        let beyond_ascii = envelope.to().iter().chain(envelope.from()).find(|address| {
            let address: &str = address.as_ref();
            !address.is_ascii()
        });
        let mut parameters = Vec::new();
        if self.can.size && !data.is_empty() {
            parameters.push(MailParameter::Size(data.len()));
        }
        if let Some(address) = beyond_ascii {
            if !self.can.utf8 {
                return Err(MailError::NeedsUtf8 {
                    address: address.to_string(),
                });
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        // Only an address beyond ASCII makes the mail so: lettre encodes everything else.
        if !data.is_ascii() && self.can.eight_bit {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        Ok(parameters)
    }

    /// Ends a conversation politely, but without waiting long.
    pub(super) async fn goodbye(mut self) {
        // Whatever comes back, the session is dropped.
        let quit = Quit.to_string();
        tokio::time::timeout(GOODBYE, self.wire.command(&quit)).await.ok();
    }
}

impl Email {
    /// Connects, encrypts and logs in.
    pub(super) async fn open(&self, now: Timestamp, progress: &Progress) -> Result<Session, MailError> {
        progress.enter(Stage::Connect);
        let security = self.server.security;
        let mut stream = self.connect().await?;
        if security == Security::Tls {
            progress.enter(Stage::Tls);
            stream = self.encrypt(stream).await?;
        }
        progress.enter(Stage::Greeting);
        let mut session = Session {
            wire: Wire::new(stream),
            redactor: self.redactor.clone(),
            can: Abilities::default(),
            opened_at: now,
            mails: 0,
            is_begun: false,
        };
        let greeting = session.wire.reply().await;
        let greeting = greeting.map_err(|error| MailError::lost(Stage::Greeting, &error))?;
        if !greeting.is_done() {
            return Err(MailError::refused(Stage::Greeting, &greeting, &self.redactor));
        }
        session.hello(&self.hello).await?;
        if security != Security::Tls {
            if session.can.starttls {
                progress.enter(Stage::Tls);
                session = self.start_tls(session).await?;
            } else if security == Security::StartTls {
                return Err(MailError::NoEncryption);
            }
        }
        progress.enter(Stage::Login);
        self.log_in(&mut session).await?;
        Ok(session)
    }

    async fn encrypt(&self, stream: Stream) -> Result<Stream, MailError> {
        let encrypted = self.tls.over(stream).await;
        encrypted.map_err(|error| MailError::lost(Stage::Tls, &error))
    }

    /// What was said before the encryption counts for nothing after it: neither abilities nor bytes already received.
    async fn start_tls(&self, mut session: Session) -> Result<Session, MailError> {
        session.ask(Starttls, Stage::Tls).await?;
        let bare = session.wire.into_stream();
        let bare = bare.map_err(|error| MailError::lost(Stage::Tls, &error))?;
        session.wire = Wire::new(self.encrypt(bare).await?);
        session.hello(&self.hello).await?;
        Ok(session)
    }

    async fn log_in(&self, session: &mut Session) -> Result<(), MailError> {
        let Some(credentials) = &self.credentials else {
            return Ok(());
        };
        let auth = |mechanism, challenge: Option<&str>| {
            let auth = Auth::new(mechanism, credentials.clone(), challenge.map(str::to_owned));
            auth.map_err(|_| MailError::NoLogin)
        };
        if session.can.plain {
            session.ask(auth(Mechanism::Plain, None)?, Stage::Login).await?;
            return Ok(());
        }
        if !session.can.login {
            return Err(MailError::NoLogin);
        }
        // Servers word the two questions in their own ways; their order is always the same.
        for step in [auth(Mechanism::Login, None)?, auth(Mechanism::Login, Some("Username"))?] {
            let reply = session.wire.command(&step.to_string()).await;
            let reply = reply.map_err(|error| MailError::lost(Stage::Login, &error))?;
            if !reply.is_go_on() {
                return Err(MailError::refused(Stage::Login, &reply, &self.redactor));
            }
        }
        let password = auth(Mechanism::Login, Some("Password"))?;
        session.ask(password, Stage::Login).await?;
        Ok(())
    }

    /// Tries the server's addresses one after the other, with a share of the time each: the first may lead nowhere.
    async fn connect(&self) -> Result<Stream, MailError> {
        let broken = |why: String| MailError::broken(Stage::Connect, why);
        let Server {
            host, port, timeout, ..
        } = &self.server;
        if let Some(servers) = &self.servers {
            let connecting = tokio::time::timeout(*timeout / ADDRESSES, servers.connect(host, *port)).await;
            return match connecting {
                Ok(connected) => connected.map_err(|error| broken(error.to_string())),
                Err(_) => Err(broken(format!("{host} does not answer"))),
            };
        }
        let addresses = tokio::net::lookup_host((host.as_str(), *port)).await;
        let addresses = addresses.map_err(|error| broken(error.to_string()))?;
        let mut why = format!("`{host}` has no address");
        for address in addresses {
            match tokio::time::timeout(*timeout / ADDRESSES, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Each command waits for its answer: delaying small packets would cost 40 ms each. It works
                    // without, too.
                    stream.set_nodelay(true).ok();
                    return Ok(Box::new(stream));
                }
                Ok(Err(error)) => why = error.to_string(),
                Err(_) => why = format!("{address} does not answer"),
            }
        }
        Err(broken(why))
    }
}
