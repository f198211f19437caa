//! One mail at a time, over a session that is kept from one to the next.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::conversation::Session;
use super::error::MailError;
use super::stage::Stage;
use super::{Email, compose};
use crate::domain::notice::Message;
use crate::notify::delivery::Until;
use crate::notify::letter::Mail;

/// Sends mails through `email`; opens nothing before the first.
pub(super) struct Mailer {
    email: Arc<Email>,
    kept: Option<Session>,
}

/// What came of handing a mail over.
pub(super) enum Handed<'c> {
    /// It is known what became of it.
    Known(Result<(), MailError>),
    /// The server has the whole mail, and has not answered for as long as all the rest may take.
    Awaited(BoxFuture<'c, Result<(), MailError>>),
}

impl Mailer {
    pub(super) const fn new(email: Arc<Email>) -> Self {
        Self { email, kept: None }
    }

    /// Whether it has a session.
    pub(super) const fn is_open(&self) -> bool {
        self.kept.is_some()
    }

    /// Delivers one mail to the message's recipient, whose `name` is empty when unknown. `now` becomes its date. Waits
    /// for the answer itself only as long as for all the rest.
    pub(super) async fn send<'c>(
        &mut self,
        message: &Message,
        name: &str,
        mail: &Mail,
        now: Timestamp,
        cut: Until<'c>,
    ) -> Handed<'c> {
        let email = &*self.email;
        let handed = match compose::compose(&email.from, email.reply_to.as_ref(), name, message, mail, now) {
            Ok(composed) => email.hand_over(&mut self.kept, &composed, now, cut.clone()).await,
            Err(error) => Err(error),
        };
        let mut session = match handed {
            Ok(session) => session,
            Err(error) => return Handed::Known(Err(error)),
        };
        let patience = email.server.patience;
        let short = email.server.timeout.min(patience);
        let mut answering = Box::pin(async move {
            let result = session.answer().await;
            (session, result)
        });
        tokio::select! {
            biased;
            (session, result) = &mut answering => {
                let is_open = result.as_ref().err().is_none_or(MailError::leaves_open);
                self.kept = is_open.then_some(session);
                return Handed::Known(result);
            }
            () = cut.clone() => return Handed::Known(Err(MailError::cut_off(Stage::Content))),
            () = tokio::time::sleep(short) => {}
        }
        let answer = async move {
            tokio::select! {
                biased;
                (session, result) = answering => {
                    session.goodbye().await;
                    result
                }
                () = cut => Err(MailError::cut_off(Stage::Content)),
                () = tokio::time::sleep(patience.saturating_sub(short)) => {
                    Err(MailError::silent(Stage::Content, patience))
                }
            }
        };
        Handed::Awaited(answer.boxed())
    }

    /// Ends the session politely, if there is one.
    pub(super) async fn close(self) {
        if let Some(session) = self.kept {
            session.goodbye().await;
        }
    }
}
