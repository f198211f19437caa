//! `alerts`: what fires now, why, by which number and how old that is.

use clap::Args;

use super::context::{Context, Exit};
use super::failure::Failure;
use super::opened::Opened;
use super::runtime::block_on;
use crate::view::alert::Alerts;

/// Show the alerts that fire.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch alerts                                    what fires now
  balancewatch alerts --all                              also what is in breach, but not for long enough yet
  balancewatch alerts --output json                      for scripts

Firing alerts are no failure: the exit code is 0.")]
pub struct AlertsArgs {
    /// Also those that are in breach, but not for long enough yet
    #[arg(long)]
    pub all: bool,
}

pub fn run(context: &mut Context, args: &AlertsArgs) -> Result<Exit, Failure> {
    block_on(async {
        let opened = Opened::open(context).await?;
        let mut snapshots = Vec::new();
        for account in opened.accounts() {
            snapshots.push(opened.snapshot(account).await?);
        }
        let with_account = opened.desk.settings.accounts.len() > 1;
        context.show(&Alerts::new(&snapshots, args.all, with_account), &opened.desk.now)?;
        Ok(Exit::Fine)
    })
}
