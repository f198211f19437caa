//! One SMTP conversation, as the server. RFC 5321 as far as senders use it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::words::{decoded, file_name, path};
use super::{Behaviour, CaughtMail, MOST_IN_MEMORY, Shared, Stage, Wire};

/// Longest command: RFC 5321 asks for 512 bytes, SMTPUTF8 and AUTH need more.
const LONGEST_COMMAND: u64 = 12_288;

/// Largest mail that is kept.
const LARGEST_MAIL: usize = 10 << 20;

/// Most recipients of one mail, as RFC 5321 asks for at least.
const MOST_RECIPIENTS: usize = 100;

/// A conversation and where it stands.
pub(super) struct Conversation<'a> {
    wire: BufReader<Wire>,
    shared: &'a Shared,
    behaviour: Behaviour,
    encrypted: bool,
    user: Option<String>,
    /// Whether a mail was begun: the next one goes its own way.
    has_begun: bool,
    from: Option<String>,
    to: Vec<String>,
}

/// Whether the conversation goes on.
enum Next {
    Command,
    Encrypt,
    End,
}

impl<'a> Conversation<'a> {
    /// Holds a conversation until either side ends it.
    ///
    /// # Errors
    /// When the connection breaks.
    pub(super) async fn hold(wire: Wire, shared: &'a Shared) -> io::Result<()> {
        shared.conversations.fetch_add(1, Ordering::SeqCst);
        let encrypted = shared.options.tls.is_some();
        let wire = match &shared.options.tls {
            Some(upgrade) => upgrade(wire).await?,
            None => wire,
        };
        let mut conversation = Self {
            wire: BufReader::new(wire),
            shared,
            behaviour: shared.next_behaviour(),
            encrypted,
            user: None,
            has_begun: false,
            from: None,
            to: Vec::new(),
        };
        if let Some(refusal) = conversation.instead(Stage::Greeting) {
            return conversation.say(&refusal).await;
        }
        if let Next::End = conversation.reply(Stage::Greeting, "220 catcher ESMTP").await? {
            return Ok(());
        }
        while let Some(line) = conversation.line().await? {
            match conversation.obey(&line).await? {
                Next::Command => {}
                Next::Encrypt => conversation = conversation.encrypt().await?,
                Next::End => break,
            }
        }
        Ok(())
    }

    /// A line without its end; `None`: the sender closed the connection, or said too much.
    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        let read = (&mut self.wire)
            .take(LONGEST_COMMAND)
            .read_until(b'\n', &mut line)
            .await?;
        if read == 0 || !line.ends_with(b"\n") {
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()))
    }

    async fn say(&mut self, reply: &str) -> io::Result<()> {
        if let Behaviour::Slow(each) = self.behaviour {
            tokio::time::sleep(each).await;
        }
        self.wire.write_all(format!("{reply}\r\n").as_bytes()).await?;
        self.wire.flush().await
    }

    /// Answers as the behaviour has it for this stage; `good` when it has nothing to say about it. Gives
    /// [`Next::End`] when the conversation is over, and [`Next::Command`] when the good answer was given.
    async fn reply(&mut self, stage: Stage, good: &str) -> io::Result<Next> {
        match self.behaviour.clone() {
            Behaviour::Stall(at) if at == stage => {
                self.stall().await?;
                Ok(Next::End)
            }
            Behaviour::HangUp(at) if at == stage => {
                self.wire.shutdown().await?;
                Ok(Next::End)
            }
            _ => {
                self.say(good).await?;
                Ok(Next::Command)
            }
        }
    }

    /// Listens without a word until the sender gives up.
    async fn stall(&mut self) -> io::Result<()> {
        self.shared.stalled.send_modify(|stalled| *stalled += 1);
        let mut ignored = [0; 4096];
        while self.wire.read(&mut ignored).await? > 0 {}
        Ok(())
    }

    /// The answer that the behaviour has for this stage instead of the good one.
    fn instead(&self, stage: Stage) -> Option<String> {
        match &self.behaviour {
            Behaviour::Answer { at, code, text } if *at == stage => Some(format!("{code} {text}")),
            _ => None,
        }
    }

    async fn obey(&mut self, line: &str) -> io::Result<Next> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" | "HELO" => self.hello().await,
            "STARTTLS" => self.start_tls().await,
            "AUTH" => self.auth(rest).await,
            "MAIL" => self.mail_from(rest).await,
            "RCPT" => self.rcpt(rest).await,
            "DATA" => self.data().await,
            "RSET" => {
                self.forget();
                self.ok("250 2.0.0 forgotten").await
            }
            "NOOP" => self.ok("250 2.0.0 fine").await,
            "VRFY" => self.ok("252 2.1.5 try it").await,
            "QUIT" => {
                self.say("221 2.0.0 bye").await?;
                Ok(Next::End)
            }
            _ => self.ok("500 5.5.2 unknown command").await,
        }
    }

    /// Says something that ends nothing.
    async fn ok(&mut self, reply: &str) -> io::Result<Next> {
        self.say(reply).await?;
        Ok(Next::Command)
    }

    fn forget(&mut self) {
        self.from = None;
        self.to.clear();
    }

    async fn hello(&mut self) -> io::Result<Next> {
        self.forget();
        if let Some(reply) = self.instead(Stage::Ehlo) {
            return self.ok(&reply).await;
        }
        let options = &self.shared.options;
        let mut features = vec![
            "catcher",
            "PIPELINING",
            "8BITMIME",
            "SIZE 10485760",
            "ENHANCEDSTATUSCODES",
        ];
        if options.utf8 {
            features.push("SMTPUTF8");
        }
        if options.starttls.is_some() && !self.encrypted {
            features.push("STARTTLS");
        }
        if !options.without_auth {
            features.push("AUTH PLAIN LOGIN");
        }
        let (last, others) = features.split_last().unwrap_or((&"catcher", &[]));
        let mut reply: String = others.iter().map(|feature| format!("250-{feature}\r\n")).collect();
        reply.push_str("250 ");
        reply.push_str(last);
        self.reply(Stage::Ehlo, &reply).await
    }

    async fn start_tls(&mut self) -> io::Result<Next> {
        if self.shared.options.starttls.is_none() || self.encrypted {
            return self.ok("502 5.5.1 not offered").await;
        }
        if let Some(reply) = self.instead(Stage::StartTls) {
            return self.ok(&reply).await;
        }
        Ok(match self.reply(Stage::StartTls, "220 2.0.0 go ahead").await? {
            Next::Command => Next::Encrypt,
            other => other,
        })
    }

    /// What was said before the encryption counts for nothing after it: neither state nor bytes already received.
    async fn encrypt(self) -> io::Result<Self> {
        let Some(upgrade) = &self.shared.options.starttls else {
            return Ok(self);
        };
        let wire = upgrade(self.wire.into_inner()).await?;
        Ok(Self {
            wire: BufReader::new(wire),
            encrypted: true,
            user: None,
            from: None,
            to: Vec::new(),
            ..self
        })
    }

    async fn auth(&mut self, rest: &str) -> io::Result<Next> {
        if self.shared.options.without_auth {
            return self.ok("502 5.5.1 not offered").await;
        }
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        let said = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let answer = if initial.is_empty() {
                    self.ask("334 ").await?
                } else {
                    Some(initial.to_owned())
                };
                answer.as_deref().and_then(decoded).and_then(|plain| {
                    let mut parts = plain.split('\0').skip(1);
                    Some((parts.next()?.to_owned(), parts.next()?.to_owned()))
                })
            }
            "LOGIN" => {
                let user = self.ask("334 VXNlcm5hbWU6").await?;
                let password = self.ask("334 UGFzc3dvcmQ6").await?;
                user.as_deref()
                    .and_then(decoded)
                    .zip(password.as_deref().and_then(decoded))
            }
            _ => return self.ok("504 5.5.4 unknown mechanism").await,
        };
        if let Some(reply) = self.instead(Stage::Auth) {
            return self.ok(&reply).await;
        }
        match said {
            None => self.ok("501 5.5.2 not understood").await,
            Some(said) if self.shared.options.login.as_ref().is_none_or(|login| *login == said) => {
                self.user = Some(said.0);
                self.reply(Stage::Auth, "235 2.7.0 welcome").await
            }
            Some(_) => self.ok("535 5.7.8 wrong user or password").await,
        }
    }

    async fn ask(&mut self, prompt: &str) -> io::Result<Option<String>> {
        self.say(prompt).await?;
        self.line().await
    }

    async fn mail_from(&mut self, rest: &str) -> io::Result<Next> {
        if self.shared.options.login.is_some() && self.user.is_none() {
            return self.ok("530 5.7.0 log in first").await;
        }
        if std::mem::replace(&mut self.has_begun, true) {
            self.behaviour = self.shared.next_behaviour();
        }
        if let Some(reply) = self.instead(Stage::MailFrom) {
            return self.ok(&reply).await;
        }
        let Some(from) = path(rest, "FROM:") else {
            return self.ok("501 5.5.4 MAIL FROM:<address>").await;
        };
        self.forget();
        self.from = Some(from);
        self.reply(Stage::MailFrom, "250 2.1.0 sender ok").await
    }

    async fn rcpt(&mut self, rest: &str) -> io::Result<Next> {
        if self.from.is_none() {
            return self.ok("503 5.5.1 MAIL first").await;
        }
        if let Some(reply) = self.instead(Stage::Rcpt) {
            return self.ok(&reply).await;
        }
        let to = path(rest, "TO:");
        if let Behaviour::Refuse { to: whom, code, text } = self.behaviour
            && to.as_deref().is_some_and(|to| to.starts_with(whom))
        {
            return self.ok(&format!("{code} {text}")).await;
        }
        match to {
            Some(to) if !to.is_empty() && self.to.len() < MOST_RECIPIENTS => {
                self.to.push(to);
                self.reply(Stage::Rcpt, "250 2.1.5 recipient ok").await
            }
            Some(to) if !to.is_empty() => self.ok("452 4.5.3 too many recipients").await,
            _ => self.ok("501 5.5.4 RCPT TO:<address>").await,
        }
    }

    async fn data(&mut self) -> io::Result<Next> {
        if self.to.is_empty() {
            return self.ok("503 5.5.1 RCPT first").await;
        }
        if let Some(reply) = self.instead(Stage::Data) {
            return self.ok(&reply).await;
        }
        if let Next::End = self.reply(Stage::Data, "354 end with a dot").await? {
            return Ok(Next::End);
        }
        let Some(data) = self.content().await? else {
            return Ok(Next::End);
        };
        if let Some(reply) = self.instead(Stage::Content) {
            self.forget();
            return self.ok(&reply).await;
        }
        if data.len() > LARGEST_MAIL {
            self.forget();
            return self.ok("552 5.3.4 too large").await;
        }
        if let Err(error) = self.keep(data).await {
            tracing::warn!(%error, "a caught mail could not be written");
            return self.ok("451 4.3.0 cannot write").await;
        }
        if let Behaviour::LateAnswer(after) = self.behaviour {
            tokio::time::sleep(after).await;
        }
        match self.reply(Stage::Content, "250 2.0.0 taken").await? {
            Next::Command if self.behaviour == Behaviour::OneMailEach => Ok(Next::End),
            next => Ok(next),
        }
    }

    /// The mail up to its closing dot, dots unstuffed; `None`: the sender closed the connection before it.
    async fn content(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut data = Vec::new();
        loop {
            let start = data.len();
            // One byte more than may be kept shows that it is too large; what comes then is read and thrown away.
            let room = u64::try_from((LARGEST_MAIL + 2).saturating_sub(start).max(4096)).unwrap_or(4096);
            if (&mut self.wire).take(room).read_until(b'\n', &mut data).await? == 0 {
                return Ok(None);
            }
            if data.get(start..) == Some(b".\r\n") {
                data.truncate(start);
                return Ok(Some(data));
            }
            if data.get(start) == Some(&b'.') {
                data.remove(start);
            }
            if data.len() > LARGEST_MAIL {
                data.truncate(LARGEST_MAIL + 1);
            }
        }
    }

    async fn keep(&mut self, data: Vec<u8>) -> io::Result<()> {
        let number = self.shared.next_number.fetch_add(1, Ordering::SeqCst);
        let to = std::mem::take(&mut self.to);
        let file = match &self.shared.options.folder {
            Some(folder) => {
                let recipient = file_name(to.first().map_or("", String::as_str));
                let file = folder.join(format!("{number:04}-{recipient}.eml"));
                tokio::fs::write(&file, &data).await?;
                Some(file)
            }
            None => None,
        };
        let mail = CaughtMail {
            number,
            from: self.from.take().unwrap_or_default(),
            to,
            data,
            file,
            user: self.user.clone(),
            encrypted: self.encrypted,
        };
        let is_on_disk = mail.file.is_some();
        self.shared.mails.send_modify(|mails| {
            if is_on_disk && mails.len() >= MOST_IN_MEMORY {
                mails.remove(0);
            }
            mails.push(Arc::new(mail));
        });
        Ok(())
    }
}
