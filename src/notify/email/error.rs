//! What can go wrong with a delivery, and whose fault it is.

use std::fmt;
use std::time::Duration;

use crate::redact::Redactor;

/// A point of the conversation, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The TCP connection.
    Connect,
    /// Encryption.
    Tls,
    /// The greeting and EHLO.
    Greeting,
    /// AUTH.
    Login,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// DATA, before any of the mail was sent.
    Data,
    /// The mail itself, and the answer to it.
    Content,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Connect => "connecting",
            Self::Tls => "TLS",
            Self::Greeting => "EHLO",
            Self::Login => "AUTH",
            Self::Sender => "MAIL FROM",
            Self::Recipient => "RCPT TO",
            Self::Data => "DATA",
            Self::Content => "the mail",
        })
    }
}

/// Whom a failure belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// This message and its recipient; others of the channel may work.
    Recipient,
    /// The whole channel: others would fail in the same way.
    Channel,
}

/// Why a mail was not delivered, or may not have been. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
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
    NeedsUtf8 {
        /// The address.
        address: String,
    },
    /// The mail could not be put together.
    #[error("the mail could not be composed ({why})")]
    Compose {
        /// What is wrong.
        why: String,
    },
    /// The server said no, for good.
    #[error("the mail server refused {stage}: {code} {reply}")]
    Refused {
        /// What it refused.
        stage: Stage,
        /// 500 to 599.
        code: u16,
        /// Its words.
        reply: String,
    },
    /// The server said not now.
    #[error("the mail server put off {stage}: {code} {reply}")]
    PutOff {
        /// What it put off.
        stage: Stage,
        /// 400 to 499.
        code: u16,
        /// Its words.
        reply: String,
    },
    /// The connection was not made, or broke.
    #[error("the conversation with the mail server broke at {stage} ({why})")]
    Broken {
        /// Where.
        stage: Stage,
        /// What the network said.
        why: String,
    },
    /// The server's certificate is not trusted.
    #[error("the mail server's certificate is not trusted ({why})")]
    Certificate {
        /// What TLS said.
        why: String,
    },
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
    Uncertain {
        /// What came instead.
        why: String,
    },
    /// The program was told to stop meanwhile.
    #[error("the delivery was cut off at {stage} because the program was to stop")]
    CutOff {
        /// Where.
        stage: Stage,
    },
}

impl DeliveryError {
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

    /// What lettre's error means at this stage. Of the server's words only the first are kept, and no secret.
    pub(super) fn from_lettre(stage: Stage, error: &lettre::transport::smtp::Error, redactor: &Redactor) -> Self {
        if let Some(code) = error.status() {
            let code = code.to_string().parse().unwrap_or(500);
            let words = std::error::Error::source(error).map(ToString::to_string);
            let reply = redactor.reply(&words.unwrap_or_default());
            return match code {
                400..500 => Self::PutOff { stage, code, reply },
                _ => Self::Refused { stage, code, reply },
            };
        }
        if stage == Stage::Login && error.is_client() {
            return Self::NoLogin;
        }
        let why = redactor.excerpt(&innermost(error));
        if stage == Stage::Content {
            return Self::Uncertain { why };
        }
        match certificate_error(error) {
            Some(why) => Self::Certificate {
                why: redactor.excerpt(&why),
            },
            None if is_tls(error) => Self::Broken { stage: Stage::Tls, why },
            None => Self::Broken { stage, why },
        }
    }

    /// Whether trying again later may help although nobody changes anything. What belongs to the channel is tried
    /// again in any case.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::BadAddress { .. }
            | Self::NeedsUtf8 { .. }
            | Self::Compose { .. }
            | Self::Refused { .. }
            | Self::Certificate { .. }
            | Self::NoEncryption
            | Self::NoLogin => false,
            Self::PutOff { .. }
            | Self::Broken { .. }
            | Self::Silent { .. }
            | Self::Uncertain { .. }
            | Self::CutOff { .. } => true,
        }
    }

    /// Whom it belongs to. Up to and including MAIL FROM every mail would meet the same; 421 says that the whole
    /// service closes.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match self {
            Self::Certificate { .. } | Self::NoEncryption | Self::NoLogin | Self::PutOff { code: 421, .. } => {
                Scope::Channel
            }
            Self::Refused { stage, .. }
            | Self::PutOff { stage, .. }
            | Self::Broken { stage, .. }
            | Self::Silent { stage, .. } => {
                if *stage <= Stage::Sender {
                    Scope::Channel
                } else {
                    Scope::Recipient
                }
            }
            Self::BadAddress { .. }
            | Self::NeedsUtf8 { .. }
            | Self::Compose { .. }
            | Self::Uncertain { .. }
            | Self::CutOff { .. } => Scope::Recipient,
        }
    }

    /// Whether the server gave no answer to what was asked: several of these in a row look like a dead server.
    #[must_use]
    pub const fn is_silence(&self) -> bool {
        matches!(self, Self::Broken { .. } | Self::Silent { .. } | Self::Uncertain { .. })
    }

    /// The word kept with an attempt: `refused`, `retry`, `uncertain` or `unreachable`.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Uncertain { .. } => "uncertain",
            _ if self.scope() == Scope::Channel => "unreachable",
            _ if self.is_transient() => "retry",
            _ => "refused",
        }
    }

    /// What happened without any word or address from outside: for logs.
    #[must_use]
    pub fn brief(&self) -> String {
        match self {
            Self::BadAddress { .. } => "not a mail address".to_owned(),
            Self::NeedsUtf8 { .. } => "the server takes no address beyond ASCII".to_owned(),
            Self::Compose { .. } => "could not be composed".to_owned(),
            Self::Refused { stage, code, .. } => format!("{code} for {stage}"),
            Self::PutOff { stage, code, .. } => format!("{code} for {stage}"),
            Self::Broken { stage, .. } => format!("broken at {stage}"),
            Self::Certificate { .. } => "certificate not trusted".to_owned(),
            Self::NoEncryption => "no STARTTLS".to_owned(),
            Self::NoLogin => "no usable AUTH".to_owned(),
            Self::Silent { stage, .. } => format!("silent at {stage}"),
            Self::Uncertain { .. } => "no answer after the mail was sent".to_owned(),
            Self::CutOff { stage } => format!("cut off at {stage}"),
        }
    }

    /// What a person can do about it, if anything.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Certificate { .. } => Some(
                "use the host name that the certificate is made for, or add its authority to the machine's trust roots",
            ),
            Self::NoEncryption => Some("use smtps:// if the server encrypts from the first byte, usually on port 465"),
            Self::NoLogin => Some("remove the user from `smtp.url` if the server wants no login"),
            Self::Refused {
                stage: Stage::Login, ..
            } => Some("see the user in `smtp.url` and `smtp.password`"),
            Self::Refused {
                stage: Stage::Sender, ..
            } => Some("see `smtp.from`: the server does not let this login send as it"),
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

/// The text of the error at the root, which says most.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

/// The error of TLS in the chain, which hides inside of an I/O error.
fn tls_error(error: &lettre::transport::smtp::Error) -> Option<&rustls::Error> {
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        let inside = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(tls) = inside.and_then(|inside| inside.downcast_ref()) {
            return Some(tls);
        }
        next = error.source();
    }
    None
}

fn is_tls(error: &lettre::transport::smtp::Error) -> bool {
    error.is_tls() || tls_error(error).is_some()
}

fn certificate_error(error: &lettre::transport::smtp::Error) -> Option<String> {
    match tls_error(error) {
        Some(error @ rustls::Error::InvalidCertificate(_)) => Some(error.to_string()),
        _ => None,
    }
}
