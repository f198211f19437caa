//! `brake`: stop all enforcement of an account, let it go again, or see how it stands.
//!
//! The brake is a decision in the store; the daemon reads it immediately before each write. This command changes nothing else
//! and needs no running daemon.

use clap::{Args, Subcommand};

use super::context::{Context, Exit};
use super::failure::Failure;
use super::opened::Opened;
use super::runtime::block_on;
use crate::config::Account;
use crate::desk::spoken::reason;
use crate::domain::decision::{BY_PERSON, Decision};
use crate::view::decided::Brake;

/// Stop all enforcement, or let it go again.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub struct BrakeArgs {
    #[command(subcommand)]
    command: BrakeCommand,
}

#[derive(Debug, Subcommand)]
enum BrakeCommand {
    /// Refuse all enforcement from now on; alerts and mails go on
    #[command(after_help = "\
Example:
  balancewatch brake on --reason \"the provider changes its records today\"")]
    On {
        /// Why, for whoever finds it on
        #[arg(long, value_name = "TEXT", value_parser = reason)]
        reason: String,
    },
    /// Let enforcement go on
    Off,
    /// Show whether it is on, since when and why
    Status,
}

/// Runs `brake`.
///
/// # Errors
/// When the configuration is not good, the store cannot be read or written, or the answer cannot be printed.
pub fn run(context: &mut Context, args: &BrakeArgs) -> Result<Exit, Failure> {
    block_on(async {
        let opened = Opened::open(context).await?;
        let account = opened.account()?;
        let desk = &opened.desk;
        let changed = match &args.command {
            BrakeCommand::On { reason } => desk.brake_on(&account.name, BY_PERSON, reason).await?,
            BrakeCommand::Off => desk.brake_off(&account.name).await?,
            BrakeCommand::Status => false,
        };
        let brake = desk.store.brake(&account.name, desk.now.at).await?;
        let brake = brake.as_ref();
        if context.wants_json() {
            context.out.json(&Brake::new(account.name.clone(), brake, changed))?;
            return Ok(Exit::Fine);
        }
        for line in in_words(&opened, &args.command, account, brake, changed) {
            context.out.line(&line)?;
        }
        Ok(Exit::Fine)
    })
}

/// What happened and what it means.
fn in_words(
    opened: &Opened,
    command: &BrakeCommand,
    account: &Account,
    brake: Option<&Decision>,
    changed: bool,
) -> Vec<String> {
    let name = &account.name;
    let mode = opened.desk.settings.enforcement.mode.as_str();
    let Some(brake) = brake else {
        return match command {
            BrakeCommand::Off if changed => vec![
                format!("the brake of account {name} is off (mode {mode})"),
                "what is asked for and was put off is looked at again in the next sweep, with fresh readings"
                    .to_owned(),
            ],
            BrakeCommand::Off => vec![format!("the brake of account {name} was off already (mode {mode})")],
            _ => vec![format!("the brake of account {name} is off (mode {mode})")],
        };
    };
    let since = format!(
        "since {}, set by {}: {}",
        opened.desk.now.clock_and_age(brake.at),
        brake.by,
        brake.note
    );
    let mut lines = match command {
        BrakeCommand::On { .. } if changed => vec![format!("the brake of account {name} is on")],
        BrakeCommand::On { .. } => vec![format!("the brake of account {name} was on already, {since}")],
        _ => vec![format!("the brake of account {name} is on, {since}")],
    };
    lines.push(
        "nothing is enforced and nothing is taken back; a change that was sent already is not stopped. Watching, alerts \
         and mails go on. `balancewatch brake off` releases it"
            .to_owned(),
    );
    lines
}
