//! The command line: one file per command; the only place that prints to standard output.
//!
//! This file parses the arguments and prints how a command ended. It decides nothing that a command decides. A command
//! loads what it needs; what is shown of it is made in [`crate::view`], and laid out in `output`.
//!
//! To add a command: a file with its `Args` and a `run(&mut Context, Args) -> Result<Exit, Failure>`, a variant of
//! `Command` and an arm in `run`.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::Variables;
use crate::telemetry::{self, Unread};

mod ack;
mod alerts;
mod api;
mod backup;
mod brake;
mod check;
mod client;
mod completions;
mod config;
mod context;
mod daemon;
mod demo;
mod duration;
mod enforcements;
mod explain;
mod failure;
mod forget;
mod health;
mod hidden;
mod history;
mod hold;
mod init;
mod man;
mod notifications;
mod online;
mod opened;
mod output;
mod person;
mod plan;
mod portal;
mod preview;
mod rehearse;
mod runtime;
mod shell;
mod signals;
mod silence;
mod simulate;
mod status;
mod sweep;
mod test_notify;
mod text;
mod texts;

use context::{Context, Exit, Global};
use failure::Failure;
use output::Output;

/// Watches the prepaid balances of a VoIP.ms reseller's clients: warns before the phones stop, and can switch a
/// client to hard balance management.
#[derive(Debug, Parser)]
#[command(name = "balancewatch", version, after_help = EXAMPLES, arg_required_else_help = true, max_term_width = 100)]
struct Cli {
    #[command(flatten, next_help_heading = "Options of every command")]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  balancewatch demo                                    see what it does, without an account
  sudo balancewatch init --install-unit                make a configuration and a service, by a few questions
  balancewatch check --config ./balancewatch.toml      find every mistake in a configuration
  balancewatch rehearse                                see what it would do in a month, before it does
  balancewatch sweep --once                            look at every client once
  balancewatch status --output json                    for scripts

Exit codes: 0 fine, 1 it could not be done or somebody must look, 64 usage, 78 configuration.";

/// The commands of this version; the others are in [`LATER`].
#[derive(Debug, Subcommand)]
enum Command {
    Init(init::InitArgs),
    Run(daemon::RunArgs),
    Demo(demo::DemoArgs),
    Simulate(simulate::Args),
    Sweep(sweep::SweepArgs),
    Check(check::CheckArgs),
    Config(config::ConfigArgs),
    Status(status::StatusArgs),
    Alerts(alerts::AlertsArgs),
    Client(client::ClientArgs),
    History(history::HistoryArgs),
    Explain(explain::ExplainArgs),
    Plan(plan::PlanArgs),
    Notifications(notifications::NotificationsArgs),
    Preview(preview::PreviewArgs),
    Rehearse(rehearse::RehearseArgs),
    TestNotify(test_notify::TestNotifyArgs),
    Enforcements(enforcements::EnforcementsArgs),
    Silence(silence::SilenceArgs),
    Ack(ack::AckArgs),
    Brake(brake::BrakeArgs),
    Hold(hold::HoldArgs),
    Release(hold::ReleaseArgs),
    Api(api::ApiArgs),
    Forget(forget::ForgetArgs),
    Backup(backup::BackupArgs),
    Restore(backup::RestoreArgs),
    Health(health::HealthArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// Commands of later versions, by the words that name them: known, so that nobody takes them for a typing mistake,
/// and refused. A path whose first words are no command of this version is left out.
const LATER: &[&[&str]] = &[&["replay"]];

/// Runs the program: parses the arguments of the process, runs the command, prints why it failed.
pub fn main() -> ExitCode {
    let variables: Variables = std::env::vars_os().collect();
    let code = match start(std::env::args_os(), variables) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            telemetry::say(&failure.to_string());
            failure.exit_code()
        }
    };
    telemetry::finish();
    code
}

/// Parses and runs; the exit code of what did not fail.
fn start(arguments: impl IntoIterator<Item = OsString>, variables: Variables) -> Result<u8, Failure> {
    let variable = |name: &str| variables.get(&OsString::from(name));
    let no_colour = variable("NO_COLOR").is_some_and(|value| !value.is_empty())
        || variable("TERM").is_some_and(|terminal| terminal == "dumb");
    let matches = match with_later(Cli::command()).try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(answer) => {
            // Help and version are answers and go to standard output; the rest is a mistake.
            answer.print().ok();
            return Ok(if answer.use_stderr() { failure::USAGE } else { 0 });
        }
    };
    let mut path = Vec::new();
    let mut inner = &matches;
    while let Some((name, matches)) = inner.subcommand() {
        path.push(name);
        inner = matches;
    }
    if LATER.contains(&path.as_slice()) {
        return Err(Failure::not_in_this_version(&path.join(" ")));
    }
    let mut cli = Cli::from_arg_matches(&matches).map_err(|error| Failure::usage(error.to_string()))?;
    cli.global.names_config = matches.value_source("config") == Some(ValueSource::CommandLine);
    let is_story = matches!(cli.command, Command::Demo(_) | Command::Rehearse(_));
    if !is_story || cli.global.verbose > 0 {
        let global = &cli.global;
        let journal = variable("JOURNAL_STREAM").and_then(|stream| stream.to_str());
        telemetry::init(
            global.log_format,
            global.verbose,
            !no_colour,
            unread(&cli.command),
            journal,
        );
    }
    let mut context = Context {
        global: cli.global,
        variables,
        out: Output::stdout(no_colour),
    };
    run(&mut context, cli.command).map(Exit::code)
}

/// What works for people who are not there waits for none of them.
const fn unread(command: &Command) -> Unread {
    let patience = match command {
        // A second of the ten in which it ends.
        Command::Run(_) => std::time::Duration::from_millis(500),
        Command::Sweep(_) => std::time::Duration::from_secs(60),
        _ => return Unread::Waits,
    };
    Unread::Queued { patience }
}

/// Adds the commands of [`LATER`], hidden and taking anything.
fn with_later(mut command: clap::Command) -> clap::Command {
    for path in LATER {
        command = match path {
            [name] => command.subcommand(later(name)),
            [parent, name] if command.find_subcommand(parent).is_some() => {
                command.mut_subcommand(*parent, |command| command.subcommand(later(name)))
            }
            _ => command,
        };
    }
    command
}

fn later(name: &'static str) -> clap::Command {
    let anything = clap::Arg::new("anything")
        .num_args(0..)
        .trailing_var_arg(true)
        .allow_hyphen_values(true)
        .value_parser(clap::value_parser!(OsString));
    clap::Command::new(name)
        .hide(true)
        .disable_help_flag(true)
        .arg(anything)
}

fn run(context: &mut Context, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Init(args) => init::run(context, &args),
        Command::Run(args) => daemon::run(context, &args),
        Command::Demo(args) => demo::run(context, &args),
        Command::Simulate(args) => simulate::run(context, args),
        Command::Sweep(args) => sweep::run(context, &args),
        Command::Check(args) => check::run(context, &args),
        Command::Config(args) => config::run(context, &args),
        Command::Status(args) => status::run(context, &args),
        Command::Alerts(args) => alerts::run(context, &args),
        Command::Client(args) => client::run(context, &args),
        Command::History(args) => history::run(context, &args),
        Command::Explain(args) => explain::run(context, &args),
        Command::Plan(args) => plan::run(context, &args),
        Command::Notifications(args) => notifications::run(context, &args),
        Command::Preview(args) => preview::run(context, &args),
        Command::Rehearse(args) => rehearse::run(context, &args),
        Command::TestNotify(args) => test_notify::run(context, &args),
        Command::Enforcements(args) => enforcements::run(context, &args),
        Command::Silence(args) => silence::run(context, &args),
        Command::Ack(args) => ack::run(context, &args),
        Command::Brake(args) => brake::run(context, &args),
        Command::Hold(args) => hold::hold(context, &args),
        Command::Release(args) => hold::release(context, &args),
        Command::Api(args) => api::run(context, args),
        Command::Forget(args) => forget::run(context, &args),
        Command::Backup(args) => backup::run(context, &args),
        Command::Restore(args) => backup::restore(context, &args),
        Command::Health(args) => health::run(context, &args),
        Command::Completions(args) => completions::run(context, &args),
        Command::Man(args) => man::run(context, &args),
    }
}

#[cfg(test)]
mod tests {
    use super::{Cli, LATER, with_later};
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        with_later(Cli::command()).debug_assert();
    }

    #[test]
    fn later_commands_are_in_order_and_not_in_the_help() {
        assert!(LATER.is_sorted());
        let help = with_later(Cli::command()).render_long_help().to_string();
        for path in LATER {
            assert!(
                !help.contains(&format!("\n  {} ", path[0])) || path.len() > 1,
                "{path:?}"
            );
        }
    }
}
