//! `notifications`: what is owed to whom, what became of it, and each try; and what a person does about those that are
//! dead.

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::brake::reason;
use super::context::{Context, Exit};
use super::failure::Failure;
use super::opened::Opened;
use super::runtime::block_on;
use crate::domain::ChannelName;
use crate::domain::decision::BY_PERSON;
use crate::domain::kept::NoticeRecord;
use crate::view::notice::{NoticeCard, NoticeRow, Notices};
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
    #[arg(long, value_name = "STATE", value_parser = ["pending", "sending", "delivered", "probably-delivered", "dead", "dropped",
        "merged"])]
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
            Some(NotificationsCommand::Drop { id, comment, by }) => {
                drop_dead(context, &opened, id, comment, by).await?
            }
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
        let found = opened.store.notifications(&filter).await?;
        accounts.push(found.into_iter().map(NoticeRow::from).collect());
    }
    context.show(&Notices::new(accounts, limit), &opened.now)
}

async fn show(context: &mut Context, opened: &Opened, id: &str) -> Result<(), Failure> {
    let record = find(opened, id).await?;
    context.show(&NoticeCard::from(record), &opened.now)
}

async fn find(opened: &Opened, id: &str) -> Result<NoticeRecord, Failure> {
    let unknown = || Failure::failed(format!("there is no notification `{id}`"));
    let found = opened.store.notification(id).await?;
    found.ok_or_else(|| unknown().hint("`balancewatch notifications list` prints the ids"))
}

async fn retry(context: &mut Context, opened: &Opened, id: &str) -> Result<(), Failure> {
    let record = find(opened, id).await?;
    if !opened.store.retry(id, opened.now.at).await? {
        let state = record.notification.state.label();
        let failure = Failure::failed(format!("the notification is {state} and cannot be tried again"));
        return Err(failure.hint("only one that is dead or pending can"));
    }
    if context.wants_json() {
        return context.out.json(&json!({ "id": id, "state": "pending" }));
    }
    context
        .out
        .line("it is due now: a running daemon tries it within 5 seconds, else the next `sweep --once`")
}

async fn drop_dead(context: &mut Context, opened: &Opened, id: &str, comment: &str, by: &str) -> Result<(), Failure> {
    let record = find(opened, id).await?;
    let at = opened.now.minute(opened.now.at);
    let why = format!("given up by {by} at {at}: {comment}");
    if !opened.store.drop_dead(id, &why).await? {
        let state = record.notification.state.label();
        let failure = Failure::failed(format!("the notification is {state} and is not dropped"));
        return Err(failure.hint("only one that is dead can be given up"));
    }
    if context.wants_json() {
        return context.out.json(&json!({ "id": id, "state": "dropped" }));
    }
    context
        .out
        .line("it is given up; its alert ends when no other message that died is left to deal with")
}

/// What died longer ago than this is old news to whoever would get it.
const NEWS: SignedDuration = SignedDuration::from_hours(7 * 24);

async fn retry_all(context: &mut Context, opened: &Opened, name: Option<&str>) -> Result<(), Failure> {
    let channel = name.map(|name| channel(opened, name)).transpose()?;
    let now = opened.now.at;
    let since = now.saturating_sub(NEWS).unwrap_or(Timestamp::MIN);
    let number = opened.store.retry_all(channel.as_ref(), since, now).await?;
    if context.wants_json() {
        return context.out.json(&json!({ "messages": number, "state": "pending" }));
    }
    let messages = count(number, "message");
    context.out.line(&format!(
        "due now: {messages}; a running daemon tries them within 5 seconds, else the next `sweep --once`"
    ))
}

/// The channel of this name.
fn channel(opened: &Opened, name: &str) -> Result<ChannelName, Failure> {
    let configured = opened.settings.channels.iter().map(|channel| channel.name.clone());
    let known: Vec<ChannelName> = configured.chain([ChannelName::client()]).collect();
    let found = known.iter().find(|known| known.as_str() == name).cloned();
    found.ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(ChannelName::as_str).collect();
        let failure = Failure::failed(format!("there is no channel `{name}`"));
        failure.hint(format!("the channels are {}", names.join(", ")))
    })
}
