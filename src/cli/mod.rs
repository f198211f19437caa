//! The command line: one file per command; the only place that prints to standard output.
//!
//! This file parses the arguments and prints how a command ended. It decides nothing that a command decides.
//!
//! To add a command: a file with its `Args` and a `run(&mut Context, Args) -> Result<Exit, Failure>`, a variant of
//! `Command` and an arm in `run`.

use std::ffi::OsString;
use std::future::Future;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::clock::Clock;
use crate::config::{Loaded, Problems, Request, Secrets, Variables};
use crate::telemetry::{self, LogFormat, Unread};

pub mod alerts;
pub mod api;
pub mod brake;
pub mod check;
pub mod client;
pub mod config;
mod daemon;
mod demo;
pub mod enforcements;
pub mod explain;
pub mod failure;
pub mod history;
pub mod listing;
pub mod notifications;
mod online;
pub mod opened;
pub mod output;
pub mod plan;
pub mod planned;
mod portal;
mod shell;
mod signals;
mod simulate;
pub mod status;
mod sweep;
pub mod telling;

pub use failure::Failure;
pub use output::{Output, OutputFormat, Table, Tone};

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
  balancewatch check --config ./balancewatch.toml      find every mistake in a configuration
  balancewatch sweep --once                            look at every client once
  balancewatch status --output json                    for scripts

Exit codes: 0 fine, 1 it could not be done or somebody must look, 64 usage, 78 configuration.";

/// Where the configuration is unless `--config` names another.
const DEFAULT_CONFIG: &str = "/etc/balancewatch/config.toml";

/// Options of every command, valid before and after it.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// The configuration; `conf.d/*.toml` beside it is read too
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        default_value = DEFAULT_CONFIG
    )]
    pub config: PathBuf,
    /// Whether the command line names it: the usual one may be missing where the environment is the configuration.
    #[arg(skip)]
    names_config: bool,
    /// Which account; needed only with several
    #[arg(long, global = true, value_name = "NAME")]
    pub account: Option<String>,
    /// How data is printed
    #[arg(long, global = true, value_enum, default_value_t)]
    pub output: OutputFormat,
    /// How log lines on standard error look
    #[arg(long, global = true, value_enum, default_value_t)]
    pub log_format: LogFormat,
    /// Log more (twice: everything)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// The commands of this version; the others are in [`LATER`].
#[derive(Debug, Subcommand)]
enum Command {
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
    Enforcements(enforcements::EnforcementsArgs),
    Brake(brake::BrakeArgs),
    Api(api::ApiArgs),
}

/// Commands of later versions, by the words that name them: known, so that nobody takes them for a typing mistake,
/// and refused. A path whose first words are no command of this version is left out.
const LATER: &[&[&str]] = &[
    &["ack"],
    &["completions"],
    &["config", "schema"],
    &["enforcements", "approve"],
    &["enforcements", "reject"],
    &["enforcements", "undo"],
    &["enforcements", "verify"],
    &["forget"],
    &["health"],
    &["hold"],
    &["init"],
    &["man"],
    &["preview"],
    &["release"],
    &["replay"],
    &["silence"],
    &["test-notify"],
];

/// What every command is given.
pub struct Context {
    /// The options of every command.
    pub global: Global,
    /// The environment, read once.
    pub variables: Variables,
    /// Standard output.
    pub out: Output,
}

impl Context {
    /// Whether data is wanted as JSON.
    #[must_use]
    pub fn wants_json(&self) -> bool {
        self.global.output == OutputFormat::Json
    }

    /// Loads the configuration that the command line names.
    ///
    /// # Errors
    /// Every problem of it.
    pub fn load(&self, secrets: Secrets) -> Result<Loaded, Problems> {
        let (path, variables) = (&self.global.config, &self.variables);
        crate::config::load(Request {
            path,
            is_named: self.global.names_config,
            variables,
            secrets,
            now: Clock::real().now(),
        })
    }
}

/// How a command that did not fail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Fine (0).
    Fine,
    /// Done, and somebody must look (1); what for is printed already.
    MustLook,
    /// The configuration is wrong (78); its problems are printed already.
    BadConfig,
}

impl Exit {
    const fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::MustLook => failure::FAILED,
            Self::BadConfig => failure::CONFIG,
        }
    }
}

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
    let is_story = matches!(cli.command, Command::Demo(_));
    if !is_story || cli.global.verbose > 0 {
        let global = &cli.global;
        telemetry::init(global.log_format, global.verbose, !no_colour, unread(&cli.command));
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
        Command::Enforcements(args) => enforcements::run(context, &args),
        Command::Brake(args) => brake::run(context, &args),
        Command::Api(args) => api::run(context, args),
    }
}

/// Reads a duration such as `10s` or `1m 30s`, at most a day.
fn duration(text: &str) -> Result<std::time::Duration, String> {
    let duration: jiff::SignedDuration = text
        .parse()
        .map_err(|_| "expected a duration such as 10s or 1m".to_owned())?;
    let is_bounded = duration <= jiff::SignedDuration::from_hours(24);
    let duration = std::time::Duration::try_from(duration).ok().filter(|_| is_bounded);
    duration.ok_or_else(|| "expected a duration from 0s to 24h".to_owned())
}

/// Prints on standard error what somebody must look at. A closed standard error changes nothing.
fn complain(failure: &Failure) {
    telemetry::say(&failure.to_string());
}

/// Runs `work` to its end on one thread: all that commands need which mostly wait.
///
/// # Errors
/// What `work` fails with, or that no runtime could be made.
pub fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::from(error).while_doing("cannot start the runtime"))?;
    let ended = runtime.block_on(work);
    // What is still looked up or read then is waited for by nobody: it must not hold up the end.
    runtime.shutdown_background();
    ended
}

/// Runs `work` to its end on several threads: for the simulator, which serves.
///
/// # Errors
/// As [`block_on`].
pub fn block_on_threads<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::from(error).while_doing("cannot start the runtime"))?;
    let ended = runtime.block_on(work);
    // A large world may be brought up to date for minutes for somebody who is cut off now.
    runtime.shutdown_background();
    ended
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
