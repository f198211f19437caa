//! `config show`: the configuration that is in force, and where each value came from. `config schema`: what it may say.

use clap::{Args, Subcommand};

use super::context::{Context, Exit};
use super::failure::Failure;
use crate::config::{Secrets, schema};

/// Show the configuration that is in force, or what it may say.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print every value and where it came from; secrets as ***
    #[command(after_help = "\
Examples:
  balancewatch config show                               as a configuration file
  balancewatch config show | grep -v built-in            what differs from the defaults
  balancewatch config show --output json                 for scripts")]
    Show,
    /// Print a JSON schema of the configuration, for editors that complete and check TOML
    #[command(after_help = "\
Examples:
  balancewatch config schema > balancewatch.schema.json

With the line `#:schema ./balancewatch.schema.json` at the top of a configuration file, editors with a TOML plugin use it.")]
    Schema,
}

pub fn run(context: &mut Context, args: &ConfigArgs) -> Result<Exit, Failure> {
    match args.command {
        ConfigCommand::Show => show(context),
        ConfigCommand::Schema => {
            context.out.json(&schema())?;
            Ok(Exit::Fine)
        }
    }
}

fn show(context: &mut Context) -> Result<Exit, Failure> {
    let loaded = context.load(Secrets::MayBeMissing)?;
    if context.wants_json() {
        context.out.json(&loaded.effective.to_json())?;
    } else {
        context.out.text(&loaded.effective.to_toml())?;
    }
    Ok(Exit::Fine)
}
