//! A place in a channel's queue: one mail at a time, over a connection that is kept from one to the next.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::conversation::Connection;
use super::{DeliveryError, Email, Stage, compose};
use crate::domain::notice::Message;
use crate::notify::letter::Mail;

/// One connection at a time through `email`; none before the first mail.
pub struct Line<E> {
    email: E,
    kept: Option<Connection>,
}

/// What came of handing a mail over.
#[derive(Debug)]
pub enum Handed {
    /// It is known what became of it.
    Known(Result<(), DeliveryError>),
    /// The server has the whole mail, and has not answered for as long as all the rest may take.
    Awaited(Awaited),
}

/// A mail that a server has whole and has not answered yet.
pub struct Awaited {
    /// Keeps what has come of the answer so far.
    answering: BoxFuture<'static, (Connection, Result<(), DeliveryError>)>,
    /// How much longer it is awaited.
    left: Duration,
    /// How long in all.
    patience: Duration,
}

impl<E: Deref<Target = Email>> Line<E> {
    /// A line without a connection.
    #[must_use]
    pub const fn new(email: E) -> Self {
        Self { email, kept: None }
    }

    /// Whether it has a connection.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.kept.is_some()
    }

    /// Delivers one mail, as [`Email::send`] does, but over the kept connection, and without waiting long for the
    /// answer.
    pub async fn send(
        &mut self,
        message: &Message,
        name: &str,
        mail: &Mail,
        now: Timestamp,
        cut: impl Future<Output = ()>,
    ) -> Handed {
        let mut cut = std::pin::pin!(cut);
        let email = &*self.email;
        let handed = match compose::compose(&email.from, email.reply_to.as_ref(), name, message, mail, now) {
            Ok(composed) => email.hand_over(&mut self.kept, &composed, now, &mut cut).await,
            Err(error) => Err(error),
        };
        let mut connection = match handed {
            Ok(connection) => connection,
            Err(error) => return Handed::Known(Err(error)),
        };
        let patience = email.server.patience;
        let short = email.server.timeout.min(patience);
        let mut awaited = Awaited {
            answering: Box::pin(async move {
                let result = connection.answer().await;
                (connection, result)
            }),
            left: patience.saturating_sub(short),
            patience,
        };
        tokio::select! {
            biased;
            (connection, result) = &mut awaited.answering => {
                let is_open = result.as_ref().err().is_none_or(DeliveryError::leaves_open);
                self.kept = is_open.then_some(connection);
                Handed::Known(result)
            }
            () = cut => Handed::Known(Err(DeliveryError::cut_off(Stage::Content))),
            () = tokio::time::sleep(short) => Handed::Awaited(awaited),
        }
    }

    /// Ends the connection politely, if there is one.
    pub async fn close(self) {
        if let Some(connection) = self.kept {
            connection.goodbye().await;
        }
    }
}

impl Awaited {
    /// Waits for the answer, until it was awaited for as long as RFC 5321 has it. Ends the connection.
    ///
    /// # Errors
    /// [`DeliveryError`], which says whether the mail may have arrived all the same.
    pub async fn answer(self, cut: impl Future<Output = ()>) -> Result<(), DeliveryError> {
        tokio::select! {
            biased;
            (connection, result) = self.answering => {
                connection.goodbye().await;
                result
            }
            () = cut => Err(DeliveryError::cut_off(Stage::Content)),
            () = tokio::time::sleep(self.left) => Err(DeliveryError::silent(Stage::Content, self.patience)),
        }
    }
}

impl<E> fmt::Debug for Line<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").finish_non_exhaustive()
    }
}

impl fmt::Debug for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Awaited").finish_non_exhaustive()
    }
}
