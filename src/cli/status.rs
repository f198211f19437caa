//! `status`: is it watching, whom does it not see, what fires, what waits, what may be changed.
//!
//! Reads the store only: it works while the daemon runs, and while it does not.

use clap::Args;

use super::context::{Context, Exit};
use super::failure::Failure;
use super::opened::Opened;
use super::runtime::block_on;
use crate::view::status::Statuses;

/// Show how the watching goes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch status                                    all accounts
  balancewatch status --account main --output json       one, for scripts

The exit code is 0 whatever fires; it is 1 when the store cannot be read.")]
pub struct StatusArgs {}

pub fn run(context: &mut Context, _args: &StatusArgs) -> Result<Exit, Failure> {
    block_on(async {
        let opened = Opened::open(context).await?;
        let mut accounts = Vec::new();
        for account in opened.accounts() {
            let snapshot = opened.snapshot(account).await?;
            accounts.push(opened.desk.status(account, &snapshot).await?);
        }
        let store = opened.desk.settings.store.path.display().to_string();
        context.show(&Statuses { store, accounts }, &opened.desk.now)?;
        Ok(Exit::Fine)
    })
}
