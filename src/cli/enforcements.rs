//! `enforcements`: what was changed or refused, and the journal of each.

use clap::{Args, Subcommand};

use super::context::{Context, Exit};
use super::failure::Failure;
use super::opened::Opened;
use super::runtime::block_on;
use crate::view::enforcement::{EnforcementCard, EnforcementRow, Enforcements, STATES};

/// Show what was changed at the provider, and what was refused.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct EnforcementsArgs {
    #[command(subcommand)]
    command: Option<EnforcementsCommand>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, Subcommand)]
enum EnforcementsCommand {
    /// List enforcements, newest first
    #[command(after_help = "\
Examples:
  balancewatch enforcements list                         the last 50
  balancewatch enforcements list --state differs         those whose record was not as meant
  balancewatch enforcements list --output json           for scripts")]
    List(ListArgs),
    /// Show one with its journal and the record as it was before
    Show {
        /// Its id, as `list` prints it
        #[arg(value_name = "ID")]
        id: String,
    },
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Only of this client
    #[arg(long, value_name = "ID")]
    client: Option<String>,
    /// Only in this state
    #[arg(long, value_name = "STATE", value_parser = STATES)]
    state: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
}

pub fn run(context: &mut Context, args: &EnforcementsArgs) -> Result<Exit, Failure> {
    block_on(async {
        let opened = Opened::open(context).await?;
        match &args.command {
            Some(EnforcementsCommand::Show { id }) => show(context, &opened, id).await?,
            Some(EnforcementsCommand::List(list_args)) => list(context, &opened, list_args).await?,
            None => list(context, &opened, &args.list).await?,
        }
        Ok(Exit::Fine)
    })
}

async fn list(context: &mut Context, opened: &Opened, args: &ListArgs) -> Result<(), Failure> {
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut accounts = Vec::new();
    for filter in opened.filters(args.client.as_deref(), args.state.as_deref(), limit)? {
        let found = opened.desk.store.enforcements(&filter).await?;
        accounts.push(found.iter().map(EnforcementRow::from).collect());
    }
    context.show(&Enforcements::new(accounts, limit), &opened.desk.now)
}

async fn show(context: &mut Context, opened: &Opened, id: &str) -> Result<(), Failure> {
    let record = opened.desk.enforcement(id).await?;
    context.show(&EnforcementCard::from(record), &opened.desk.now)
}
