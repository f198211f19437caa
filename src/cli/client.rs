//! `client ID`: all that is known of one client, and how old that is.

use clap::Args;

use super::context::{Context, Exit};
use super::failure::Failure;
use super::opened::Opened;
use super::runtime::block_on;

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

pub fn run(context: &mut Context, args: &ClientArgs) -> Result<Exit, Failure> {
    if args.nagios {
        return Err(Failure::not_in_this_version("client --nagios"));
    }
    block_on(async {
        let opened = Opened::open(context).await?;
        let account = opened.account()?;
        let snapshot = opened.snapshot(account).await?;
        let card = opened.desk.client(&snapshot, &args.id).await?;
        context.show(&card, &opened.desk.now)?;
        Ok(Exit::Fine)
    })
}
