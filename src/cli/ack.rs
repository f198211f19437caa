//! `ack`: say that somebody has the alerts of a client in hand.
//!
//! An acknowledgement is a decision in the store about one episode, which the daemon reads before each of its own. This
//! command changes nothing else and needs no running daemon.

use clap::Args;
use jiff::SignedDuration;

use super::context::{Context, Exit};
use super::failure::Failure;
use super::opened::Opened;
use super::person;
use super::runtime::block_on;
use crate::desk::acks::Taken;
use crate::desk::spoken::{self, reason};
use crate::view::hushed::{AckRow, Acked};

/// Say that you have what fires for a client.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch ack 561115                                all that fires for this client
  balancewatch ack 561115 --policy overdrawn --for 4h    one alert; after four hours reminders go on
  balancewatch ack reseller --comment \"a transfer is on its way\" --by alice
  balancewatch ack account                               the alerts about the account itself

An acknowledgement ends with the alert. Meanwhile nobody is reminded, and it goes to no further channel; its end is told
to whoever was told that it fires. It never stops enforcement, nor the alerts about the brake.")]
pub struct AckArgs {
    /// The client's id
    #[arg(value_name = "ID")]
    id: String,
    /// Only the alert of this policy
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// How long, at most 30d [default: until the alert ends]
    #[arg(long = "for", value_name = "DURATION", value_parser = spoken::lasting)]
    lasts: Option<SignedDuration>,
    /// What you do about it
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    comment: Option<String>,
    /// Who has it [default: the user who runs it]
    #[arg(long, value_name = "NAME", value_parser = spoken::by)]
    by: Option<String>,
}

pub fn run(context: &mut Context, args: &AckArgs) -> Result<Exit, Failure> {
    block_on(async {
        let opened = Opened::open(context).await?;
        let by = person::name(args.by.as_deref(), &context.variables);
        let taken = Taken {
            client: &args.id,
            policy: args.policy.as_deref(),
            episode: None,
            lasts: args.lasts,
            comment: args.comment.as_deref().unwrap_or_default(),
            by: &by,
        };
        let acks = opened.desk.acknowledge(opened.account()?, &taken).await?;
        context.show(&Acked(acks.iter().map(AckRow::from).collect()), &opened.desk.now)?;
        Ok(Exit::Fine)
    })
}
