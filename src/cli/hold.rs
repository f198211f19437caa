//! `hold` and `release`: a person's "hands off" for one client.
//!
//! A hold is a decision in the store, which the daemon reads immediately before each write. These commands change nothing else
//! and need no running daemon.

use clap::Args;

use super::context::{Context, Exit};
use super::failure::Failure;
use super::opened::Opened;
use super::person;
use super::runtime::block_on;
use crate::desk::spoken::{self, reason};

/// Let no policy change a client until it is released.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  balancewatch hold 561115 --reason \"pays by bank transfer, due on Friday\"

Watching, alerts and mails go on. The program never ends a hold by itself; `balancewatch release 561115` does.")]
pub struct HoldArgs {
    /// The client's id
    #[arg(value_name = "ID")]
    id: String,
    /// Why, for whoever finds it held
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: String,
    /// Who holds it [default: the user who runs it]
    #[arg(long, value_name = "NAME", value_parser = spoken::by)]
    by: Option<String>,
}

/// Let policies change a held client again.
#[derive(Debug, Args)]
pub struct ReleaseArgs {
    /// The client's id
    #[arg(value_name = "ID")]
    id: String,
}

pub fn hold(context: &mut Context, args: &HoldArgs) -> Result<Exit, Failure> {
    block_on(async {
        let opened = Opened::open(context).await?;
        let by = person::name(args.by.as_deref(), &context.variables);
        let held = opened.desk.hold(opened.account()?, &args.id, &args.reason, &by).await?;
        context.show(&held, &opened.desk.now)?;
        Ok(Exit::Fine)
    })
}

pub fn release(context: &mut Context, args: &ReleaseArgs) -> Result<Exit, Failure> {
    block_on(async {
        let opened = Opened::open(context).await?;
        let released = opened.desk.release(opened.account()?, &args.id).await?;
        context.show(&released, &opened.desk.now)?;
        Ok(Exit::Fine)
    })
}
