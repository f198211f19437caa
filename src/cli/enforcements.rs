//! `enforcements`: what was changed or refused, the journal of each, and what people decide about it.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::context::{Context, Exit};
use super::failure::Failure;
use super::opened::Opened;
use super::person;
use super::runtime::block_on;
use crate::desk::approvals::Answer;
use crate::desk::journal::{self, Verified};
use crate::desk::spoken::{self, reason};
use crate::view::enforcement::{EnforcementCard, EnforcementRow, Enforcements, STATES};

/// Show what was changed at the provider and what was refused; approve, reject or undo it.
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
    /// Approve one that waits for it; it is made in the next sweep, if it is still called for
    #[command(after_help = "\
Examples:
  balancewatch enforcements list --state deferred        what waits, and for what
  balancewatch enforcements approve ID --comment \"called him, it is a thief\"")]
    Approve(AnswerArgs),
    /// Reject one that waits: it is not asked for again while its alert lasts
    Reject(AnswerArgs),
    /// Take back what was changed, if nobody changed the record since
    #[command(after_help = "\
A running daemon does it within seconds; else the next `sweep --once` does. It works from the journal alone: the record is read
once more, must be as it was left, and the value that was there before is set. No cap applies, and a brake does not stop it,
unless it is on because a change came out otherwise than meant.")]
    Undo(UndoArgs),
    /// Check that nothing in the journal was changed, taken away or added
    #[command(after_help = "\
Examples:
  balancewatch enforcements verify                       the journal in the store
  balancewatch enforcements export >journal.jsonl        write it out, for another place
  balancewatch enforcements verify --from journal.jsonl  check it there, without a store or a configuration

It prints the digest of the last line. Keep it elsewhere: a journal that was written anew as a whole has another.
Exit codes: 0 whole; 1 not, and the first thing that is wrong is named.")]
    Verify {
        /// A file that `enforcements export` wrote
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
    },
    /// Write the journal out, a line of JSON for each line of it
    Export,
}

#[derive(Debug, Args)]
struct AnswerArgs {
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    comment: String,
    #[command(flatten)]
    about: AboutArgs,
}

#[derive(Debug, Args)]
struct UndoArgs {
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    comment: Option<String>,
    #[command(flatten)]
    about: AboutArgs,
}

/// What is answered, and by whom.
#[derive(Debug, Args)]
struct AboutArgs {
    /// Its id, as `list` prints it
    #[arg(value_name = "ID")]
    id: String,
    /// Who decides [default: the user who runs it]
    #[arg(long, value_name = "NAME", value_parser = spoken::by)]
    by: Option<String>,
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

impl AboutArgs {
    fn person(&self, context: &Context) -> String {
        person::name(self.by.as_deref(), &context.variables)
    }

    fn answer<'a>(&'a self, comment: &'a str, by: &'a str) -> Answer<'a> {
        let id = &self.id;
        Answer { id, comment, by }
    }
}

pub fn run(context: &mut Context, args: &EnforcementsArgs) -> Result<Exit, Failure> {
    if let Some(EnforcementsCommand::Verify { from: Some(path) }) = &args.command {
        return verify_file(context, path);
    }
    block_on(async {
        let opened = Opened::open(context).await?;
        match &args.command {
            Some(EnforcementsCommand::Show { id }) => show(context, &opened, id).await?,
            Some(EnforcementsCommand::Approve(AnswerArgs { comment, about })) => {
                let by = about.person(context);
                let answered = opened.desk.approve(&about.answer(comment, &by)).await?;
                context.show(&answered, &opened.desk.now)?;
            }
            Some(EnforcementsCommand::Reject(AnswerArgs { comment, about })) => {
                let by = about.person(context);
                let answered = opened.desk.reject(&about.answer(comment, &by)).await?;
                context.show(&answered, &opened.desk.now)?;
            }
            Some(EnforcementsCommand::Undo(UndoArgs { comment, about })) => {
                let (comment, by) = (comment.as_deref().unwrap_or_default(), about.person(context));
                let answered = opened.desk.undo(&about.answer(comment, &by)).await?;
                context.show(&answered, &opened.desk.now)?;
            }
            Some(EnforcementsCommand::Verify { .. }) => return verify(context, &opened).await,
            Some(EnforcementsCommand::Export) => {
                let account = &opened.account()?.name;
                let (lines, texts) = opened.desk.store.journal(account).await?;
                let mut out = Vec::new();
                journal::export(&mut out, account, lines, texts).map_err(|error| {
                    Failure::from_error(&error, 1).while_doing("the journal could not be written out")
                })?;
                context.out.text(&String::from_utf8_lossy(&out))?;
            }
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

/// Each account's journal in the store.
async fn verify(context: &mut Context, opened: &Opened) -> Result<Exit, Failure> {
    let mut all = Vec::new();
    for account in opened.accounts() {
        let checked = opened.desk.store.verify(&account.name).await?;
        all.push(Verified::new(
            &account.name,
            checked.map_err(|broken| broken.to_string()),
        ));
    }
    tell(context, all)
}

/// A journal that was written out.
fn verify_file(context: &mut Context, path: &Path) -> Result<Exit, Failure> {
    let file = File::open(path)
        .map_err(|error| Failure::from_error(&error, 1).while_doing(format!("{} could not be read", path.display())))?;
    let verified = match journal::verify(BufReader::new(file)) {
        Ok((account, checked)) => Verified::new(&account, Ok(checked)),
        Err(unfit) => Verified::broken(unfit.to_string()),
    };
    tell(context, vec![verified])
}

fn tell(context: &mut Context, all: Vec<Verified>) -> Result<Exit, Failure> {
    let is_whole = all.iter().all(Verified::is_whole);
    if context.wants_json() {
        context.out.json(&all)?;
    } else {
        for verified in &all {
            context.out.line(&verified.in_words())?;
        }
    }
    Ok(if is_whole { Exit::Fine } else { Exit::MustLook })
}
