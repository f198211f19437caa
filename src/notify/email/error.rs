//! What can go wrong with a mail, by the stage of the conversation.

use std::io;
use std::time::Duration;

use super::refusal::{self, Enhanced};
use super::stage::Stage;
use super::wire::Reply;
use crate::notify::cause::cause;
use crate::notify::delivery::{End, Failed, Scope, Step};
use crate::redact::{Redactor, one_line};

/// Longest words of the network or of TLS that are kept.
const LONGEST_WHY: usize = 200;

/// Why a mail was not delivered, or may not have been. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The recipient is no mail address.
    #[error("`{address}` is no mail address ({why})")]
    BadAddress {
        /// As it is kept, on one line.
        address: String,
        /// What is wrong with it.
        why: String,
    },
    /// The address has characters that the server does not take.
    #[error("`{address}` has characters beyond ASCII, and the mail server takes no such addresses (SMTPUTF8)")]
    NeedsUtf8 { address: String },
    /// The mail could not be put together.
    #[error("the mail could not be composed ({why})")]
    Compose { why: String },
    /// The server said no, for good.
    #[error("the mail server refused {stage}: {code} {reply}")]
    Refused {
        stage: Stage,
        /// 500 to 599.
        code: u16,
        /// The reason in numbers, when it gave one.
        enhanced: Option<Enhanced>,
        reply: String,
    },
    /// The server said not now.
    #[error("the mail server put off {stage}: {code} {reply}")]
    PutOff {
        /// What it put off.
        stage: Stage,
        code: u16,
        reply: String,
    },
    /// The connection was not made, or broke.
    #[error("the conversation with the mail server broke at {stage} ({why})")]
    Broken {
        stage: Stage,
        /// What the network said.
        why: String,
    },
    /// The server's certificate is not trusted.
    #[error("the mail server's certificate is not trusted ({why})")]
    Certificate { why: String },
    /// The server offers no encryption, and it is required.
    #[error("the mail server offers no STARTTLS, and nothing is sent unencrypted")]
    NoEncryption,
    /// The server offers no way to log in that is known here.
    #[error("the mail server offers neither AUTH PLAIN nor AUTH LOGIN, and a login is configured")]
    NoLogin,
    /// The server did not answer in time.
    #[error("the mail server said nothing at {stage} within {after:?} in all")]
    Silent {
        /// Where it fell silent.
        stage: Stage,
        /// The deadline of the whole delivery.
        after: Duration,
    },
    /// The mail was sent, but no answer came: it may have arrived.
    #[error("no answer came after the mail was sent, so that it may have arrived ({why})")]
    Uncertain { why: String },
    /// The program was told to stop meanwhile.
    #[error("the delivery was cut off at {stage} because the program was to stop")]
    CutOff { stage: Stage },
}

impl MailError {
    /// The deadline passed while this stage was in hand.
    pub(super) fn silent(stage: Stage, after: Duration) -> Self {
        if stage == Stage::Content {
            let why = format!("nothing within {after:?} in all");
            return Self::Uncertain { why };
        }
        Self::Silent { stage, after }
    }

    /// The program was told to stop while this stage was in hand.
    pub(super) fn cut_off(stage: Stage) -> Self {
        if stage == Stage::Content {
            let why = "cut off because the program was to stop".to_owned();
            return Self::Uncertain { why };
        }
        Self::CutOff { stage }
    }

    /// The server answered, and not with what was to come. Of its words only the first are kept, and no secret.
    pub(super) fn refused(stage: Stage, answer: &Reply, redactor: &Redactor) -> Self {
        let reply = redactor.reply(&answer.words());
        let code = answer.code;
        match code {
            500.. => Self::Refused {
                stage,
                code,
                enhanced: answer.enhanced(),
                reply,
            },
            400..500 => Self::PutOff { stage, code, reply },
            _ => Self::broken(stage, format!("it answered {code} {reply}")),
        }
    }

    /// The connection broke, or what came was no reply.
    pub(super) fn lost(stage: Stage, error: &io::Error) -> Self {
        let why = one_line(&error.to_string(), LONGEST_WHY);
        match error.get_ref().and_then(|inside| inside.downcast_ref()) {
            Some(rustls::Error::InvalidCertificate(_)) => Self::Certificate { why },
            // What TLS does not understand in the first bytes is most often a server that does not speak it.
            Some(_) if stage < Stage::Content => Self::broken(Stage::Tls, why),
            _ => Self::broken(stage, why),
        }
    }

    /// The conversation broke at this stage.
    pub(super) fn broken(stage: Stage, why: String) -> Self {
        if stage == Stage::Content {
            return Self::Uncertain { why };
        }
        Self::Broken { stage, why }
    }

    const fn end(&self) -> End {
        match self {
            Self::BadAddress { .. }
            | Self::NeedsUtf8 { .. }
            | Self::Compose { .. }
            | Self::Refused { .. }
            | Self::Certificate { .. }
            | Self::NoEncryption
            | Self::NoLogin => End::Refused,
            Self::PutOff { .. } => End::PutOff,
            Self::Broken { .. } | Self::Silent { .. } => End::Silent,
            Self::Uncertain { .. } => End::Uncertain,
            Self::CutOff { .. } => End::CutOff,
        }
    }

    /// Whom it belongs to. Up to and including MAIL FROM every mail would meet the same; 421 says that the whole
    /// service closes.
    pub(super) fn scope(&self) -> Scope {
        match self {
            Self::Certificate { .. } | Self::NoEncryption | Self::NoLogin | Self::PutOff { code: 421, .. } => {
                Scope::Channel
            }
            Self::Refused {
                stage, code, enhanced, ..
            } => refusal::scope(*stage, *code, *enhanced),
            Self::PutOff { stage, .. } | Self::Broken { stage, .. } | Self::Silent { stage, .. } => {
                if *stage <= Stage::Sender {
                    Scope::Channel
                } else {
                    Scope::Message
                }
            }
            Self::BadAddress { .. }
            | Self::NeedsUtf8 { .. }
            | Self::Compose { .. }
            | Self::Uncertain { .. }
            | Self::CutOff { .. } => Scope::Message,
        }
    }

    const fn step(&self) -> Step {
        match self.stage() {
            None => Step::Unsent,
            Some(Stage::Connect | Stage::Tls | Stage::Greeting | Stage::Login) => Step::Connection,
            Some(Stage::Sender) => Step::Sender,
            Some(Stage::Recipient) => Step::Recipient,
            Some(Stage::Data) => Step::Message,
            Some(Stage::Content) => Step::Answer,
        }
    }

    /// Where the conversation ended; `None`: it did not begin, or the server lacks something.
    pub(super) const fn stage(&self) -> Option<Stage> {
        match self {
            Self::Refused { stage, .. }
            | Self::PutOff { stage, .. }
            | Self::Broken { stage, .. }
            | Self::Silent { stage, .. }
            | Self::CutOff { stage } => Some(*stage),
            Self::Uncertain { .. } => Some(Stage::Content),
            Self::Certificate { .. } | Self::NoEncryption => Some(Stage::Tls),
            Self::NoLogin => Some(Stage::Login),
            Self::BadAddress { .. } | Self::NeedsUtf8 { .. } | Self::Compose { .. } => None,
        }
    }

    /// Whether the server listens on: it answered, and not that it closes.
    pub(super) fn leaves_open(&self) -> bool {
        let is_answer = matches!(self, Self::Refused { .. } | Self::PutOff { .. });
        is_answer && self.scope() != Scope::Channel
    }

    /// What happened without any word or address from outside: for logs.
    fn brief(&self) -> String {
        match self {
            Self::BadAddress { .. } => "not a mail address".to_owned(),
            Self::NeedsUtf8 { .. } => "the server takes no address beyond ASCII".to_owned(),
            Self::Compose { .. } => "could not be composed".to_owned(),
            Self::Refused { stage, code, .. } => format!("the server refused {stage} ({code})"),
            Self::PutOff { stage, code, .. } => format!("the server put off {stage} ({code})"),
            Self::Broken { stage, why } => format!("{} at {stage}", cause(why).unwrap_or("the connection broke")),
            Self::Certificate { why } => cause(why).unwrap_or("the certificate is not trusted").to_owned(),
            Self::NoEncryption => "no STARTTLS".to_owned(),
            Self::NoLogin => "no usable AUTH".to_owned(),
            Self::Silent { stage, .. } => format!("no answer in time at {stage}"),
            Self::Uncertain { .. } => "no answer after the mail was sent".to_owned(),
            Self::CutOff { stage } => format!("cut off at {stage}"),
        }
    }

    /// What a person can do about it, if anything.
    pub(super) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Certificate { .. } => Some(
                "use the host name that the certificate is made for, or name its authority's certificate in `smtp.ca_file`",
            ),
            Self::NoEncryption => Some("use smtps:// if the server encrypts from the first byte, usually on port 465"),
            Self::NoLogin => Some("remove the user from `smtp.url` if the server wants no login"),
            Self::Refused {
                stage: Stage::Login, ..
            } => Some("see the user in `smtp.url` and `smtp.password`"),
            Self::Refused {
                stage: Stage::Sender, ..
            } => Some("see `smtp.from`: the server does not let this login send as it"),
            Self::Refused {
                stage: Stage::Greeting, ..
            } => Some("see `smtp.helo`: the server may want the name that this machine's address resolves to"),
            Self::Refused {
                stage: Stage::Recipient,
                ..
            } if self.scope() == Scope::Shared => Some(
                "see `smtp.from`, `smtp.helo` and the user in `smtp.url`: the server takes nothing of theirs for it",
            ),
            Self::Broken {
                stage: Stage::Connect, ..
            } => Some("see host and port in `smtp.url`"),
            Self::Broken { stage: Stage::Tls, .. } => {
                Some("smtps:// is for servers that encrypt from the first byte, smtp:// for STARTTLS")
            }
            Self::Silent {
                stage: Stage::Connect | Stage::Tls | Stage::Greeting,
                ..
            } => Some("see host and port in `smtp.url`: smtps:// usually is port 465, smtp:// port 587"),
            _ => None,
        }
    }
}

impl From<MailError> for Failed {
    fn from(error: MailError) -> Self {
        Self {
            end: error.end(),
            scope: error.scope(),
            step: error.step(),
            retry_after: None,
            word: error.brief(),
            text: error.to_string(),
            hint: error.hint(),
        }
    }
}
