//! `notifications`: what is owed to whom, what became of it, and each try.

use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::listing::{self, Listed};
use super::opened::{Opened, from_store};
use super::telling::{amount, clock_minute};
use super::{Context, Exit, Failure, Table, Tone, block_on};
use crate::domain::alert::EpisodeId;
use crate::domain::notice::{Attempt, Message, MessageKind, NoticeState, Notification};
use crate::domain::{AccountName, ChannelName, ClientId, PolicyName, Severity};
use crate::store::{Filter, NoticeRecord};

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
        #[arg(long, value_name = "TEXT", value_parser = super::brake::reason)]
        comment: String,
        /// Who decides this
        #[arg(long, value_name = "NAME", default_value = crate::domain::decision::BY_PERSON, value_parser = super::brake::reason)]
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

/// A notification as scripts see it.
#[derive(Serialize)]
struct Row {
    id: String,
    account: AccountName,
    client: ClientId,
    company: String,
    policy: PolicyName,
    episode: EpisodeId,
    transition: String,
    severity: Severity,
    channel: ChannelName,
    recipient: String,
    reason: String,
    created_at: Timestamp,
    message: Option<String>,
    state: &'static str,
    why: Option<String>,
}

impl Row {
    /// Why it stands as it does; else why it was owed.
    fn why_shown(&self) -> &str {
        self.why.as_deref().unwrap_or(&self.reason)
    }
}

impl From<Notification> for Row {
    fn from(notification: Notification) -> Self {
        Self {
            transition: notification.transition.label(),
            company: notification.facts.label,
            reason: notification.facts.reason.to_string(),
            state: notification.state.label(),
            why: notification.state.why().map(str::to_owned),
            id: notification.id,
            account: notification.account,
            client: notification.client,
            policy: notification.policy,
            episode: notification.episode,
            severity: notification.severity,
            channel: notification.channel,
            recipient: notification.recipient,
            created_at: notification.created_at,
            message: notification.message,
        }
    }
}

/// One notification with all that became of it.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    notification: Row,
    carried_by: Option<Carrier>,
    attempts: Vec<Attempt>,
}

/// The message that carries it.
#[derive(Serialize)]
struct Carrier {
    id: String,
    kind: MessageKind,
    thread: String,
    created_at: Timestamp,
    not_before: Timestamp,
    next_at: Timestamp,
    deadline: Timestamp,
    attempts: u32,
    state: &'static str,
    why: Option<String>,
}

impl From<Message> for Carrier {
    fn from(message: Message) -> Self {
        Self {
            state: message.state.label(),
            why: message.state.why().map(str::to_owned),
            id: message.id,
            kind: message.kind,
            thread: message.thread,
            created_at: message.created_at,
            not_before: message.not_before,
            next_at: message.next_at,
            deadline: message.deadline,
            attempts: message.attempts,
        }
    }
}

/// Runs `notifications`; without a subcommand it lists.
///
/// # Errors
/// When the configuration is not good, the store cannot be read, there is no such notification, or the answer cannot
/// be printed.
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
    let client = args.client.as_deref().map(super::opened::client_id).transpose()?;
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut rows: Vec<Row> = Vec::new();
    for account in opened.accounts() {
        let filter = Filter {
            account: account.name.clone(),
            client: client.clone(),
            state: args.state.clone(),
            limit,
        };
        let found = opened.store.notifications(&filter).await;
        rows.extend(found.map_err(|error| from_store(&error))?.into_iter().map(Row::from));
    }
    listing::print(context, opened, limit, rows)
}

impl Listed for Row {
    const NOUN: &'static str = "notification";

    fn at(&self) -> Timestamp {
        self.created_at
    }

    fn sentences(zone: &TimeZone, rows: &[Self]) -> Table {
        let mut table = Table::new(&["state", "notification"]);
        for row in rows {
            let Row {
                client,
                policy,
                transition,
                channel,
                ..
            } = row;
            let created = clock_minute(row.created_at, zone);
            let to = if row.recipient.is_empty() {
                "nobody"
            } else {
                &row.recipient
            };
            let why = row.why_shown();
            let sentence = format!("{created}  {client} {policy} {transition}, to {to} through {channel}: {why}");
            table.toned_row([(row.state.to_owned(), tone(row.state)), (sentence, Tone::Plain)]);
            table.toned_row([(String::new(), Tone::Plain), (row.id.clone(), Tone::Faint)]);
        }
        table
    }

    fn columns(zone: &TimeZone, rows: &[Self]) -> Table {
        let mut table = Table::new(&[
            "created",
            "state",
            "client",
            "policy",
            "what",
            "channel",
            "recipient",
            "id",
            "why",
        ]);
        for row in rows {
            table.row([
                clock_minute(row.created_at, zone),
                row.state.to_owned(),
                row.client.to_string(),
                row.policy.to_string(),
                row.transition.clone(),
                row.channel.to_string(),
                row.recipient.clone(),
                row.id.clone(),
                row.why_shown().to_owned(),
            ]);
        }
        table
    }
}

fn tone(state: &str) -> Tone {
    match state {
        "delivered" | "probably-delivered" => Tone::Good,
        "dead" => Tone::Bad,
        "pending" | "sending" => Tone::Warning,
        _ => Tone::Faint,
    }
}

async fn retry(context: &mut Context, opened: &Opened, id: &str) -> Result<(), Failure> {
    let found = opened.store.notification(id).await;
    let Some(record) = found.map_err(|error| from_store(&error))? else {
        return Err(unknown(id));
    };
    let retried = opened.store.retry(id, opened.now).await;
    if !retried.map_err(|error| from_store(&error))? {
        let state = record.notification.state.label();
        return Err(
            Failure::failed(format!("the notification is {state} and cannot be tried again"))
                .hint("only one that is dead or pending can"),
        );
    }
    if context.wants_json() {
        return context.out.json(&serde_json::json!({ "id": id, "state": "pending" }));
    }
    context
        .out
        .line("it is due now: a running daemon tries it within 5 seconds, else the next `sweep --once`")
}

async fn drop_dead(context: &mut Context, opened: &Opened, id: &str, comment: &str, by: &str) -> Result<(), Failure> {
    let found = opened.store.notification(id).await;
    let Some(record) = found.map_err(|error| from_store(&error))? else {
        return Err(unknown(id));
    };
    let at = clock_minute(opened.now, &opened.settings.schedule.timezone);
    let dropped = opened
        .store
        .drop_dead(id, &format!("given up by {by} at {at}: {comment}"))
        .await;
    if !dropped.map_err(|error| from_store(&error))? {
        let state = record.notification.state.label();
        return Err(
            Failure::failed(format!("the notification is {state} and is not dropped"))
                .hint("only one that is dead can be given up"),
        );
    }
    if context.wants_json() {
        return context.out.json(&serde_json::json!({ "id": id, "state": "dropped" }));
    }
    context
        .out
        .line("it is given up; its alert ends when no other message that died is left to deal with")
}

/// What died longer ago than this is old news to whoever would get it.
const NEWS: SignedDuration = SignedDuration::from_hours(7 * 24);

async fn retry_all(context: &mut Context, opened: &Opened, channel: Option<&str>) -> Result<(), Failure> {
    let channel = match channel {
        Some(name) => {
            let known = opened.settings.channels.iter().map(|channel| &channel.name);
            let channel = ChannelName::new(name).ok();
            let channel = channel.filter(|name| name.is_client() || known.clone().any(|known| known == name));
            let names: Vec<_> = known.map(ToString::to_string).chain(["client".to_owned()]).collect();
            let unknown = || {
                let hint = format!("the channels are {}", names.join(", "));
                Failure::failed(format!("there is no channel `{name}`")).hint(hint)
            };
            Some(channel.ok_or_else(unknown)?)
        }
        None => None,
    };
    let since = opened.now.saturating_sub(NEWS).unwrap_or(Timestamp::MIN);
    let retried = opened.store.retry_all(channel.as_ref(), since, opened.now).await;
    let number = retried.map_err(|error| from_store(&error))?;
    if context.wants_json() {
        return context
            .out
            .json(&serde_json::json!({ "messages": number, "state": "pending" }));
    }
    let count = usize::try_from(number).unwrap_or(usize::MAX);
    let messages = crate::config::problem::count(count, "message");
    context.out.line(&format!(
        "due now: {messages}; a running daemon tries them within 5 seconds, else the next `sweep --once`"
    ))
}

fn unknown(id: &str) -> Failure {
    Failure::failed(format!("there is no notification `{id}`")).hint("`balancewatch notifications list` prints the ids")
}

async fn show(context: &mut Context, opened: &Opened, id: &str) -> Result<(), Failure> {
    let found = opened.store.notification(id).await;
    let Some(record) = found.map_err(|error| from_store(&error))? else {
        return Err(unknown(id));
    };
    if !context.wants_json() {
        return print(context, opened, &record);
    }
    let NoticeRecord {
        notification,
        message,
        attempts,
    } = record;
    context.out.json(&Shown {
        notification: Row::from(notification),
        carried_by: message.map(Carrier::from),
        attempts,
    })
}

fn print(context: &mut Context, opened: &Opened, record: &NoticeRecord) -> Result<(), Failure> {
    let NoticeRecord {
        notification,
        message,
        attempts,
    } = record;
    let time = |at: Timestamp| opened.time_and_age(at);
    let mut card = Table::new(&["notification", ""]);
    let facts = &notification.facts;
    card.fact("id", notification.id.clone(), Tone::Plain);
    card.fact(
        "state",
        state_text(&notification.state),
        tone(notification.state.label()),
    );
    card.fact(
        "client",
        format!("{}, {}", notification.client, facts.label),
        Tone::Plain,
    );
    let severity = notification.severity.as_str();
    card.fact("policy", format!("{} ({severity})", notification.policy), Tone::Plain);
    card.fact("what", notification.transition.label(), Tone::Plain);
    card.fact("reason", facts.reason.to_string(), Tone::Plain);
    if let Some(reading) = &facts.reading {
        let text = format!(
            "{} {}, read {}",
            amount(Some(reading.balance)),
            facts.currency,
            time(reading.at)
        );
        card.fact("balance", text, Tone::Plain);
    }
    let recipient = if notification.recipient.is_empty() {
        "nobody"
    } else {
        &notification.recipient
    };
    card.fact(
        "to",
        format!("{recipient} through {}", notification.channel),
        Tone::Plain,
    );
    card.fact("created", time(notification.created_at), Tone::Plain);
    if let Some(message) = message {
        let kind = match message.kind {
            MessageKind::Single => "a message of its own",
            MessageKind::Summary => "a summary",
        };
        card.fact("carried by", format!("{kind}, {}", message.id), Tone::Plain);
        if !message.state.is_final() {
            card.fact("next try", time(message.next_at.max(message.not_before)), Tone::Plain);
            card.fact("given up", time(message.deadline), Tone::Plain);
        }
    }
    context.out.table(&card)?;
    context.out.line("")?;
    if attempts.is_empty() {
        return context.out.line("nothing was tried yet");
    }
    let mut table = Table::new(&[">try", "at", "outcome", "what was said"]);
    for attempt in attempts {
        let Attempt {
            number,
            outcome,
            detail,
            ..
        } = attempt;
        table.row([number.to_string(), time(attempt.at), outcome.clone(), detail.clone()]);
    }
    context.out.table(&table)
}

fn state_text(state: &NoticeState) -> String {
    match state.why() {
        Some(why) => format!("{}: {why}", state.label()),
        None => state.label().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::io::{self, Write};
    use std::rc::Rc;

    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::{Listed, Row};
    use crate::cli::Output;
    use crate::domain::alert::EpisodeId;
    use crate::domain::{AccountName, ChannelName, ClientId, PolicyName, Severity};

    #[derive(Clone, Default)]
    struct Sink(Rc<RefCell<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_terminal_gets_the_whole_id_and_a_pipe_one_line_each() {
        let row = Row {
            id: "main.1.low.20260101T000000000Z/fired/client/".to_owned(),
            account: AccountName::new("main").unwrap(),
            client: ClientId::new("1").unwrap(),
            company: String::new(),
            policy: PolicyName::new("low").unwrap(),
            episode: EpisodeId::from_stored("main.1.low.20260101T000000000Z".to_owned()),
            transition: "fired".to_owned(),
            severity: Severity::Warning,
            channel: ChannelName::client(),
            recipient: String::new(),
            reason: String::new(),
            created_at: Timestamp::UNIX_EPOCH,
            message: None,
            state: "dropped",
            why: Some("no address".to_owned()),
        };
        let printed = |table| {
            let sink = Sink::default();
            Output::plain(Box::new(sink.clone())).table(&table).unwrap();
            String::from_utf8(sink.0.take()).unwrap()
        };
        assert_eq!(
            printed(Row::sentences(&TimeZone::UTC, std::slice::from_ref(&row))),
            "STATE    NOTIFICATION\n\
             dropped  1970-01-01 00:00  1 low fired, to nobody through client: no address\n         \
             main.1.low.20260101T000000000Z/fired/client/\n"
        );
        assert_eq!(printed(Row::columns(&TimeZone::UTC, &[row])).lines().count(), 2);
    }
}
