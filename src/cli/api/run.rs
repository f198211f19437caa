//! One call, from its turn to what is printed of it.

use std::collections::BTreeSet;

use super::answer::Printer;
use super::notes::note;
use super::outcome;
use super::progress::Progress;
use crate::cli::context::{Context, Exit};
use crate::cli::failure::Failure;
use crate::config::Account;
use crate::voipms::{Call, Client, Error};

/// What a call is made with, and what is told of it while it is made.
pub struct Run<'a> {
    pub context: &'a mut Context,
    pub account: &'a Account,
    /// Fields of a record that may be there beside the known ones.
    pub extra_fields: &'a BTreeSet<String>,
    pub api: &'a Client,
    pub printer: &'a Printer,
    pub progress: &'a Progress,
}

impl Run<'_> {
    /// Sends a call and prints what came of it.
    pub async fn send(&mut self, call: &Call) -> Result<Exit, Failure> {
        let (currency, options) = (&self.account.currency, &self.printer.find_out_options);
        let answer = match outcome::unheard(call, currency, options) {
            None => self.api.call(call).await,
            Some(unheard) => {
                let turn = self.api.write_turn(call.function()).await;
                let turn = outcome::answered(self.api, turn).await?;
                self.progress.sending(turn.departure(), unheard);
                self.api.write_in(turn, call).await
            }
        };
        match answer {
            Ok(answer) => {
                let printed = self.printer.print(self.context, self.account, call, &answer);
                printed.map_err(|failure| outcome::unprinted(call, failure))
            }
            Err(error) => {
                self.printer.print_declined(self.context, &error);
                match outcome::unknown(call, currency, &error, options) {
                    Some(unknown) => Err(unknown),
                    None => Err(self.declined(error.error()).await),
                }
            }
        }
    }

    /// The API said no. Its hint may have to be asked for: that it was not done is told also when a signal ends that.
    pub async fn declined(&self, error: &Error) -> Failure {
        self.progress.over(&Err(outcome::declined(error)));
        outcome::advised(self.api, error).await
    }

    /// Says what came of it: on standard error where standard output is for the API's own answer.
    pub fn say(&mut self, text: &str) -> Result<Exit, Failure> {
        if self.context.wants_json() {
            note(text);
        } else {
            self.context.out.line(text)?;
        }
        Ok(Exit::Fine)
    }
}
