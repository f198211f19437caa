//! `forget ID`: the names and addresses of a client, for a person who has a right to that.

use clap::Args;
use serde_json::json;

use super::context::{Context, Exit};
use super::failure::Failure;
use super::opened::Opened;
use super::runtime::block_on;
use crate::desk::forget::Forget;
use crate::store::Forgotten;

/// Forget who a client is.
///
/// Takes name, company, country and e-mail addresses of a client out of the store: from what is known of it, from what was
/// told to it and about it, from the copies of its record that enforcement made, and from what mail servers answered. The
/// file is rebuilt, so that nothing is left in it. Messages to it that still wait are dropped. It works while the daemon
/// runs.
///
/// What was done and when stays, with the id alone: alerts, enforcements, notifications, balances. Balances go with
/// --history. Backups, the log and mails that were sent are beyond this command.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch forget 561115                             say what would be forgotten
  balancewatch forget 561115 --yes                       forget name and addresses
  balancewatch forget 561115 --history --yes             and every balance

Exit codes: 0 forgotten, or shown without --yes; 1 not: there is no such client, it is still on the provider's list, or a message about it is being sent.")]
pub struct ForgetArgs {
    /// The client's id
    #[arg(value_name = "ID")]
    pub id: String,
    /// Forget; without it only what would be forgotten is shown
    #[arg(long)]
    pub yes: bool,
    /// Forget the balances that were read, too
    #[arg(long)]
    pub history: bool,
    /// Also one that is still on the provider's list, although the next sweep reads it from there again
    #[arg(long)]
    pub anyway: bool,
}

pub fn run(context: &mut Context, args: &ForgetArgs) -> Result<Exit, Failure> {
    let wanted = Forget {
        client: &args.id,
        history: args.history,
        anyway: args.anyway,
    };
    let (account, id, forgotten) = block_on(async {
        let opened = Opened::open(context).await?;
        let account = opened.account()?;
        let id = opened.desk.may_forget(account, &wanted).await?;
        let forgotten = match args.yes {
            true => Some(opened.desk.forget(&account.name, &id, args.history).await?),
            false => None,
        };
        Ok((account.name.clone(), id, forgotten))
    })?;
    if context.wants_json() {
        context.out.json(&answer(&account, &id, forgotten.as_ref()))?;
        return Ok(Exit::Fine);
    }
    let Some(forgotten) = forgotten else {
        let balances = if args.history { ", its balances" } else { "" };
        context.out.line(&format!(
            "would forget name, country, addresses{balances} of client {id}; nothing is forgotten without `--yes`"
        ))?;
        return Ok(Exit::Fine);
    };
    context.out.line(&format!("forgot who client {id} is:"))?;
    for (number, what) in [
        (
            forgotten.notifications,
            "notifications about it, which keep their time and what became of them",
        ),
        (forgotten.messages, "messages to it, with what mail servers answered"),
        (
            forgotten.enforcements,
            "enforcements, whose copies of its record are gone",
        ),
        (forgotten.texts, "other texts that named it"),
        (forgotten.history, "entries of its history"),
    ] {
        context.out.line(&format!("  {number} {what}"))?;
    }
    if !forgotten.is_erased {
        context.out.line(
            "somebody reads the store at this moment, so that the log beside it may still hold traces: run the command again",
        )?;
    }
    context
        .out
        .line("backups, logs and mails that were sent are not changed by this")?;
    Ok(Exit::Fine)
}

fn answer(
    account: &crate::domain::AccountName,
    id: &crate::domain::ClientId,
    done: Option<&Forgotten>,
) -> serde_json::Value {
    let counts = done.map(|done| {
        json!({
            "notifications": done.notifications,
            "messages": done.messages,
            "enforcements": done.enforcements,
            "texts": done.texts,
            "history": done.history,
            "erased": done.is_erased,
        })
    });
    json!({ "account": account, "client": id, "forgotten": counts })
}
