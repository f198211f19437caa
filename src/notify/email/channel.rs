//! Mail as a channel: what the outbox and `check --online` see of it.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::Email;
use super::error::MailError;
use super::mailer::{Handed, Mailer};
use crate::notify::delivery::{Attempted, Channel, Check, Connection, Failed, Parcel, Sent, Until};

/// Sessions side by side. Three is what large providers let one mailbox hold; more would only be refused.
const MOST_SESSIONS: usize = 3;

impl Channel for Email {
    fn connection(self: Arc<Self>) -> Box<dyn Connection> {
        Box::new(Mailer::new(self))
    }

    fn most_connections(&self) -> usize {
        MOST_SESSIONS
    }

    fn check<'a>(&'a self, recipients: &'a [String], now: Timestamp) -> BoxFuture<'a, Vec<Check>> {
        async move {
            let recipients: Vec<&str> = recipients.iter().map(String::as_str).collect();
            let server = |found: Result<String, MailError>| Check {
                what: "mail server".to_owned(),
                found: found.map_err(Failed::from),
            };
            let answers = match self.rehearse(&recipients, now).await {
                Ok(answers) => answers,
                Err(error) => return vec![server(Err(error))],
            };
            let each = answers.into_iter().map(|(recipient, answer)| Check {
                what: format!("mail to {recipient}"),
                found: match answer {
                    Ok(()) => Ok(format!("would be taken, from {}", self.server.from)),
                    Err(error) => Err(error.into()),
                },
            });
            let lets_us_in = format!("{}:{} lets us in", self.server.host, self.server.port);
            [server(Ok(lets_us_in))].into_iter().chain(each).collect()
        }
        .boxed()
    }
}

impl Connection for Mailer {
    fn send<'a, 'c: 'a>(&'a mut self, parcel: &'a Parcel, cut: Until<'c>) -> BoxFuture<'a, Sent<'c>> {
        async move {
            let (name, mail) = (recipient_name(parcel), parcel.letter.to_mail());
            match Self::send(self, &parcel.message, name, &mail, parcel.at, cut).await {
                Handed::Known(result) => Sent::Ended(attempted(result)),
                Handed::Awaited(answer) => Sent::Awaited(answer.map(attempted).boxed()),
            }
        }
        .boxed()
    }

    fn is_open(&self) -> bool {
        Self::is_open(self)
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        Self::close(*self).boxed()
    }
}

/// A mail is recognised by its own Message-ID: what the server calls it is of no use.
fn attempted(result: Result<(), MailError>) -> Attempted {
    result.map(|()| None).map_err(Failed::from)
}

/// The name that stands in To: a client's own. Operators are addresses.
fn recipient_name(parcel: &Parcel) -> &str {
    match parcel.notifications.first() {
        Some(first) if parcel.message.channel.is_client() && first.facts.label != first.client.as_str() => {
            &first.facts.label
        }
        _ => "",
    }
}
