//! `explain ID`: what each policy says of a client, and why.

use clap::Args;

use super::context::{Context, Exit};
use super::failure::Failure;
use super::opened::Opened;
use super::runtime::block_on;
use crate::desk::find;
use crate::view::explain::Explained;

/// Show what each policy says of a client, and why.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch explain 561115                            why an alert fires, or does not
  balancewatch explain reseller                          your own balance
  balancewatch explain account                           the alerts about the account itself
  balancewatch explain 561115 --output json              for scripts")]
pub struct ExplainArgs {
    /// The client's id
    #[arg(value_name = "ID")]
    pub id: String,
}

/// Enforcements of the client that are looked at: those of the running episodes are among the newest.
const ENFORCEMENTS_READ: usize = 50;

pub fn run(context: &mut Context, args: &ExplainArgs) -> Result<Exit, Failure> {
    block_on(async {
        let opened = Opened::open(context).await?;
        let account = opened.account()?;
        let snapshot = opened.snapshot(account).await?;
        let watched = find::client(&snapshot, &args.id)?;
        let id = &watched.client.id;
        let enforcements = opened.desk.enforcements(&account.name, id, ENFORCEMENTS_READ).await?;
        context.show(&Explained::new(&snapshot, &watched, &enforcements), &opened.desk.now)?;
        Ok(Exit::Fine)
    })
}
