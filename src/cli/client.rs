//! `client ID`: all that is known of one client, and how old that is.

use clap::Args;

use super::context::{Context, Exit};
use super::failure::Failure;
use super::opened::Opened;
use super::runtime::block_on;
use crate::desk::find;
use crate::view::client::ClientCard;

/// Show what is known of a client.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch client 561115                             one client
  balancewatch client reseller                           your own balance
  balancewatch client 561115 --output json               for scripts")]
pub struct ClientArgs {
    /// The client's id
    #[arg(value_name = "ID")]
    pub id: String,
    /// One line for a Nagios check; comes with a later version
    #[arg(long, hide = true)]
    pub nagios: bool,
}

/// Enforcements shown: the last few tell what was tried; `enforcements list` has them all.
const ENFORCEMENTS_SHOWN: usize = 5;

pub fn run(context: &mut Context, args: &ClientArgs) -> Result<Exit, Failure> {
    if args.nagios {
        return Err(Failure::not_in_this_version("client --nagios"));
    }
    block_on(async {
        let opened = Opened::open(context).await?;
        let account = opened.account()?;
        let snapshot = opened.snapshot(account).await?;
        let watched = find::client(&snapshot, &args.id)?;
        let id = &watched.client.id;
        let enforcements = opened.desk.enforcements(&account.name, id, ENFORCEMENTS_SHOWN).await?;
        context.show(&ClientCard::new(&snapshot, &watched, &enforcements), &opened.desk.now)?;
        Ok(Exit::Fine)
    })
}
