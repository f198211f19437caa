//! How an answer is printed: as the API's own JSON with passwords masked, or as a view for people. Calls nothing.

use secrecy::{ExposeSecret, SecretString};

use super::notes::note;
use super::outcome;
use super::view;
use super::words::Deed;
use crate::cli::context::{Context, Exit};
use crate::cli::failure::Failure;
use crate::config::Account;
use crate::redact::Redactor;
use crate::voipms::{Answer, Call, CallError, Class, Function, Untaken};

/// How this run prints.
pub struct Printer {
    pub show_secrets: bool,
    /// Passwords that an answer might repeat.
    pub known_secrets: Vec<SecretString>,
    /// The options of a command that finds out what came of a call.
    pub find_out_options: String,
}

impl Printer {
    /// Prints a good answer.
    ///
    /// # Errors
    /// When it says success but the daemon would not take what came (1), or it cannot be printed.
    pub fn print(
        &self,
        context: &mut Context,
        account: &Account,
        call: &Call,
        answer: &Answer,
    ) -> Result<Exit, Failure> {
        let untaken = answer.untaken(call, &self.redactor());
        // Tables show the same text as JSON does: what is masked is masked once.
        let masked = self.masked(answer.body()).map(Answer::new);
        if context.wants_json() {
            self.print_body(context, answer.body())?;
        } else if let Some(answer) = &masked {
            if untaken.is_some() && !holds_anything(call.function(), answer) {
                // Nothing came that could be shown.
            } else if call.function().class() == Class::Read {
                view::print(context, account, call, answer, self.show_secrets)?;
            } else {
                context.out.line(&self.done(call, &account.currency, answer))?;
            }
        }
        match untaken {
            None => Ok(Exit::Fine),
            Some(Untaken { what, hint }) => {
                Err(Failure::failed(format!("{} answered `success`, but {what}", call.function())).hint(hint))
            }
        }
    }

    /// Prints the JSON of an answer that is no success, where JSON is wanted. Whether that can be printed matters less than
    /// what is said of it afterwards.
    pub fn print_declined(&self, context: &mut Context, error: &CallError) {
        let body = error.body().filter(|body| !body.trim().is_empty());
        if let Some(body) = body.filter(|_| context.wants_json())
            && let Err(failure) = self.print_body(context, body)
        {
            note(&failure.message);
        }
    }

    /// Prints a body as it came, but for the passwords.
    ///
    /// # Errors
    /// When it cannot be printed.
    pub fn print_body(&self, context: &mut Context, body: &str) -> Result<(), Failure> {
        match self.masked(body) {
            Some(json) => context.out.text(&format!("{json}\n")),
            None => {
                note("the answer is no JSON, and not shown: it may hold a password (`--show-secrets` shows it)");
                Ok(())
            }
        }
    }

    /// A body without its passwords; `None` when nobody can say where they are in it.
    fn masked(&self, body: &str) -> Option<String> {
        if self.show_secrets {
            return Some(body.trim_end().to_owned());
        }
        self.redactor().masked_json(body)
    }

    fn redactor(&self) -> Redactor {
        let known: Vec<&str> = self.known_secrets.iter().map(ExposeSecret::expose_secret).collect();
        Redactor::new(&known)
    }

    /// What was done, in a sentence.
    fn done(&self, call: &Call, currency: &str, answer: &Answer) -> String {
        let Deed { mut done, would, .. } = Deed::of(call, currency);
        if call.is_dry_run() {
            done = format!("a dry run went well, and nothing was done: {would}");
        }
        if let Some(description) = call.argument("description") {
            done += &format!(", described as `{description}`");
        }
        match call.function() {
            Function::SetClientThreshold => match call.argument("email") {
                Some(email) => done += &format!("; it is told at {email}"),
                None => done += "; where it is told stays as it was",
            },
            Function::SignupClient => {
                let email = call.argument("email").unwrap_or_default();
                done += &match answer.text("client").filter(|id| !id.is_empty()) {
                    Some(id) => format!(": client {id}"),
                    None => format!(
                        "; the API did not say its id: {}",
                        outcome::command(Function::GetClients, email, &self.find_out_options)
                    ),
                };
                if call.argument("activate") != Some("1") {
                    done += "; it waits until somebody activates it in the portal";
                }
            }
            _ => {}
        }
        done
    }
}

/// Whether there is anything in the payload that can be shown.
fn holds_anything(function: Function, answer: &Answer) -> bool {
    let key = function.result_key().unwrap_or_default();
    answer.rows(key).iter().any(|row| row.names().next().is_some()) || answer.text(key).is_some()
}
