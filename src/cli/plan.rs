//! `plan`: what enforcement would do now, in order, what it would not, and why.
//!
//! Made from the store alone, by the same function that the daemon asks. Nothing is asked of the API, and nothing is
//! changed; the daemon reads each client once more before it changes anything.

use clap::Args;

use super::context::{Context, Exit};
use super::failure::Failure;
use super::opened::Opened;
use super::runtime::block_on;
use crate::view::plan::Plan;

/// Show what enforcement would do now.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch plan                                      in which order, what not, and why
  balancewatch plan --output json                        for scripts

It is made from the store; nothing is asked of the API and nothing is changed.")]
pub struct PlanArgs {}

pub fn run(context: &mut Context, _args: &PlanArgs) -> Result<Exit, Failure> {
    block_on(async {
        let opened = Opened::open(context).await?;
        let snapshot = opened.snapshot(opened.account()?).await?;
        context.show(&Plan::new(&snapshot), &opened.desk.now)?;
        Ok(Exit::Fine)
    })
}
