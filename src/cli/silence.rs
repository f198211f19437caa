//! `silence`: tell nobody of a client, of a policy or of both for a while; list what is silenced; end it by hand.
//!
//! A silence is a decision in the store, which the daemon reads before each of its own. This command changes nothing else and
//! needs no running daemon.

use clap::{ArgGroup, Args, Subcommand};
use jiff::SignedDuration;

use super::context::{Context, Exit};
use super::failure::Failure;
use super::opened::Opened;
use super::person;
use super::runtime::block_on;
use crate::desk::silences::Wanted;
use crate::desk::spoken::{self, reason};
use crate::domain::decision::Decision;
use crate::view::decided::Expired;
use crate::view::hushed::{SilenceRow, Silences};

/// Tell nobody of a client or a policy for a while.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub struct SilenceArgs {
    #[command(subcommand)]
    command: SilenceCommand,
}

#[derive(Debug, Subcommand)]
enum SilenceCommand {
    /// Silence a client, a policy, or a policy for one client
    #[command(after_help = "\
Examples:
  balancewatch silence add --client 561115 --for 2h --comment \"moves to another provider today\"
  balancewatch silence add --policy blind --for 1d --comment \"VoIP.ms announced maintenance\"
  balancewatch silence add --client 561115 --policy overdrawn --for 8h --comment \"has promised to pay\" --by alice

Alerts go on: they are judged, shown and counted. What still fires when the silence ends is told then, once. Whoever was
told that an alert fires is told that it ended. A silence never stops enforcement, nor the alerts about the brake.")]
    Add(AddArgs),
    /// List the silences that hold
    List,
    /// End a silence now: what still fires is told with its next reading
    Expire {
        /// Its id, as `list` prints it
        #[arg(value_name = "ID")]
        id: String,
    },
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").args(["client", "policy"]).required(true).multiple(true)))]
struct AddArgs {
    /// Only this client
    #[arg(long, value_name = "ID")]
    client: Option<String>,
    /// Only this policy
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// How long, at most 30d
    #[arg(long = "for", value_name = "DURATION", value_parser = spoken::lasting)]
    lasts: SignedDuration,
    /// Why, for whoever finds it
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    comment: String,
    /// Who decides this [default: the user who runs it]
    #[arg(long, value_name = "NAME", value_parser = spoken::by)]
    by: Option<String>,
}

pub fn run(context: &mut Context, args: &SilenceArgs) -> Result<Exit, Failure> {
    block_on(async {
        let opened = Opened::open(context).await?;
        match &args.command {
            SilenceCommand::Add(args) => add(context, &opened, args).await?,
            SilenceCommand::List => list(context, &opened).await?,
            SilenceCommand::Expire { id } => expire(context, &opened, id).await?,
        }
        Ok(Exit::Fine)
    })
}

async fn add(context: &mut Context, opened: &Opened, args: &AddArgs) -> Result<(), Failure> {
    let by = person::name(args.by.as_deref(), &context.variables);
    let wanted = Wanted {
        client: args.client.as_deref(),
        policy: args.policy.as_deref(),
        until: opened.desk.until(args.lasts),
        comment: &args.comment,
        by: &by,
    };
    let silence = opened.desk.silence(opened.account()?, &wanted).await?;
    say_added(context, opened, &silence)
}

fn say_added(context: &mut Context, opened: &Opened, silence: &Decision) -> Result<(), Failure> {
    let row = SilenceRow::from(silence);
    if context.wants_json() {
        return context.out.json(&row);
    }
    let until = silence
        .until
        .map(|until| opened.desk.now.clock(until))
        .unwrap_or_default();
    let Decision { id, by, .. } = silence;
    for line in [
        format!("{} is silenced by {by} until {until} ({id})", row.about()),
        "what still fires then is told then; whoever was told that an alert fires is told that it ended. Enforcement and the \
         alerts about the brake go on"
            .to_owned(),
        format!("`balancewatch silence expire {id}` ends it sooner"),
    ] {
        context.out.line(&line)?;
    }
    Ok(())
}

async fn list(context: &mut Context, opened: &Opened) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for account in opened.accounts() {
        rows.extend(opened.desk.silences(&account.name).await?.iter().map(SilenceRow::from));
    }
    let with_account = opened.desk.settings.accounts.len() > 1;
    context.show(&Silences::new(rows, with_account), &opened.desk.now)
}

async fn expire(context: &mut Context, opened: &Opened, id: &str) -> Result<(), Failure> {
    let accounts = opened.accounts();
    let accounts = accounts.into_iter().map(|account| &account.name);
    let silence = opened.desk.expire(accounts, id).await?;
    if context.wants_json() {
        return context.out.json(&Expired {
            id: silence.id,
            account: silence.account,
            expired: true,
        });
    }
    let about = SilenceRow::from(&silence).about();
    context.out.line(&format!("{about} is not silenced by {id} any more"))?;
    context
        .out
        .line("what still fires, and nothing else hushes, is told with its next reading")
}
