//! `history ID`: what was read of a client and when nothing could be, newest first.

use clap::Args;

use super::context::{Context, Exit};
use super::failure::Failure;
use super::opened::Opened;
use super::runtime::block_on;
use crate::desk::find;
use crate::view::history::History;

/// Show the balances that a client had.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch history 561115                            the last 50 changes
  balancewatch history 561115 --limit 1000 --output json for scripts

Equal readings in a row are one line with the time of the first and the last.")]
pub struct HistoryArgs {
    /// The client's id
    #[arg(value_name = "ID")]
    pub id: String,
    /// How many entries at most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub limit: u32,
}

pub fn run(context: &mut Context, args: &HistoryArgs) -> Result<Exit, Failure> {
    block_on(async {
        let opened = Opened::open(context).await?;
        let account = opened.account()?;
        let snapshot = opened.snapshot(account).await?;
        let id = find::client(&snapshot, &args.id)?.client.id.clone();
        let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
        let kept = opened.desk.store.history(&account.name, &id, limit).await?;
        // There is room for bars where somebody looks.
        let with_bars = context.out.terminal;
        context.show(&History::new(id, kept, with_bars), &opened.desk.now)?;
        Ok(Exit::Fine)
    })
}
