//! `notifications`: what is owed to whom, what became of it, and each try; and what a person does about those that are
//! dead.

use clap::{Args, Subcommand};

use super::context::{Context, Exit};
use super::failure::Failure;
use super::opened::Opened;
use super::runtime::block_on;
use crate::desk::spoken::reason;
use crate::domain::decision::BY_PERSON;
use crate::view::decided::{DealtWith, Due};
use crate::view::notice::{NoticeCard, NoticeRow, Notices, STATES};
use crate::view::words::count;

/// Show what was told to whom.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct NotificationsArgs {
    #[command(subcommand)]
    command: Option<NotificationsCommand>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, Subcommand)]
enum NotificationsCommand {
    /// List notifications, newest first
    #[command(after_help = "\
Examples:
  balancewatch notifications list --state dead           what will never arrive, and why
  balancewatch notifications list --client 561115        what was told about a client
  balancewatch notifications list --output json          for scripts")]
    List(ListArgs),
    /// Show one with each try to deliver it
    Show {
        /// Its id, as `list` prints it
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Give up one that is dead: its alert ends, and nobody is reminded of it
    #[command(after_help = "\
Example:
  balancewatch notifications drop ID --comment \"told them by phone\"")]
    Drop {
        /// Its id, as `list` prints it
        #[arg(value_name = "ID")]
        id: String,
        /// Why, for whoever looks later
        #[arg(long, value_name = "TEXT", value_parser = reason)]
        comment: String,
        /// Who decides this
        #[arg(long, value_name = "NAME", default_value = BY_PERSON, value_parser = reason)]
        by: String,
    },
    /// Try one again that is dead or waits, or all of them, at once and for another day
    #[command(after_help = "\
Examples:
  balancewatch notifications retry ID                    one, by the id that `list` prints
  balancewatch notifications retry --all                 all that wait, and all that died in the last 7 days
  balancewatch notifications retry --all --channel ops   only those of one channel

What waits behind a mistake in the mail settings leaves by itself after the mistake is mended and the daemon was
restarted; this is for what is dead, and for the impatient.")]
    Retry(RetryArgs),
}

#[derive(Debug, Args)]
struct RetryArgs {
    /// Its id, as `list` prints it
    #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
    id: Option<String>,
    /// All that wait, and all that died in the last 7 days
    #[arg(long)]
    all: bool,
    /// Only those of this channel
    #[arg(long, value_name = "NAME", requires = "all")]
    channel: Option<String>,
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Only about this client
    #[arg(long, value_name = "ID")]
    client: Option<String>,
    /// Only in this state
    #[arg(long, value_name = "STATE", value_parser = STATES)]
    state: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
}

pub fn run(context: &mut Context, args: &NotificationsArgs) -> Result<Exit, Failure> {
    block_on(async {
        let opened = Opened::open(context).await?;
        match &args.command {
            Some(NotificationsCommand::Show { id }) => show(context, &opened, id).await?,
            Some(NotificationsCommand::Drop { id, comment, by }) => give_up(context, &opened, id, comment, by).await?,
            Some(NotificationsCommand::Retry(RetryArgs { id: Some(id), .. })) => retry(context, &opened, id).await?,
            Some(NotificationsCommand::Retry(args)) => retry_all(context, &opened, args.channel.as_deref()).await?,
            Some(NotificationsCommand::List(list_args)) => list(context, &opened, list_args).await?,
            None => list(context, &opened, &args.list).await?,
        }
        Ok(Exit::Fine)
    })
}

async fn list(context: &mut Context, opened: &Opened, args: &ListArgs) -> Result<(), Failure> {
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut accounts = Vec::new();
    for filter in opened.filters(args.client.as_deref(), args.state.as_deref(), limit)? {
        let found = opened.desk.store.notifications(&filter).await?;
        accounts.push(found.into_iter().map(NoticeRow::from).collect());
    }
    context.show(&Notices::new(accounts, limit), &opened.desk.now)
}

async fn show(context: &mut Context, opened: &Opened, id: &str) -> Result<(), Failure> {
    let record = opened.desk.notification(id).await?;
    context.show(&NoticeCard::from(record), &opened.desk.now)
}

async fn retry(context: &mut Context, opened: &Opened, id: &str) -> Result<(), Failure> {
    opened.desk.retry(id).await?;
    if context.wants_json() {
        return context.out.json(&dealt_with(id, "pending"));
    }
    context
        .out
        .line("it is due now: a running daemon tries it within 5 seconds, else the next `sweep --once`")
}

async fn give_up(context: &mut Context, opened: &Opened, id: &str, comment: &str, by: &str) -> Result<(), Failure> {
    opened.desk.give_up(id, comment, by).await?;
    if context.wants_json() {
        return context.out.json(&dealt_with(id, "dropped"));
    }
    context
        .out
        .line("it is given up; its alert ends when no other message that died is left to deal with")
}

fn dealt_with(id: &str, state: &'static str) -> DealtWith {
    let id = id.to_owned();
    DealtWith { id, state }
}

async fn retry_all(context: &mut Context, opened: &Opened, name: Option<&str>) -> Result<(), Failure> {
    let number = opened.desk.retry_all(name).await?;
    if context.wants_json() {
        return context.out.json(&Due {
            messages: number,
            state: "pending",
        });
    }
    let messages = count(number, "message");
    context.out.line(&format!(
        "due now: {messages}; a running daemon tries them within 5 seconds, else the next `sweep --once`"
    ))
}
