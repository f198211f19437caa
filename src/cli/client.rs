//! `client ID`: all that is known of one client, and how old that is.

use clap::Args;

use super::context::{Context, Exit};
use super::failure::Failure;
use super::opened::Opened;
use super::runtime::block_on;
use crate::desk::find;
use crate::view::nagios;

/// Show what is known of a client.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch client 561115                             one client
  balancewatch client reseller                           your own balance
  balancewatch client 561115 --nagios                    one line for Nagios, Icinga or Checkmk
  balancewatch client 561115 --output json               for scripts

Exit codes: 0 shown, 1 not; with --nagios 0 nothing fires, 1 a warning fires, 2 a critical alert, 3 nobody knows: unread, a reading older than three sweeps, no such client, no store, a configuration that is wrong.")]
pub struct ClientArgs {
    /// The client's id
    #[arg(value_name = "ID")]
    pub id: String,
    /// Print one line with performance data, and end with 0, 1, 2 or 3, as Nagios plugins do
    #[arg(long)]
    pub nagios: bool,
}

pub fn run(context: &mut Context, args: &ClientArgs) -> Result<Exit, Failure> {
    if args.nagios {
        return plugin(context, args);
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

/// The same as a plugin of Nagios: whatever goes wrong is a line and the state "unknown".
fn plugin(context: &mut Context, args: &ClientArgs) -> Result<Exit, Failure> {
    let checked = block_on(async {
        let opened = Opened::open(context).await?;
        let snapshot = opened.snapshot(opened.account()?).await?;
        let watched = find::client(&snapshot, &args.id)?;
        Ok(nagios::check(&snapshot, &watched))
    });
    let (state, line) = checked.unwrap_or_else(|failure| {
        let why = [std::slice::from_ref(&failure.message), &failure.causes].concat();
        (nagios::Nagios::Unknown, nagios::unknown(&why.join(": ")))
    });
    context.out.line(&line)?;
    Ok(Exit::Plugin(state))
}
