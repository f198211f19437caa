//! `check`: every problem of the configuration at once.
//!
//! Opens no store and no network; `--online` is in `online`.

use clap::Args;
use serde::Serialize;

use super::context::{Context, Exit};
use super::failure::Failure;
use super::output::Output;
use super::texts;
use crate::config::problem::count;
use crate::config::{Loaded, Problem, Problems, Secrets, Settings};
use crate::daemon::webhooks;

/// Find every problem of the configuration.
///
/// Prints one line for each, `FILE: KEY: what is wrong (value; what is accepted; did you mean)`, then a count.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch check                                     the configuration in /etc/balancewatch
  balancewatch check --config ./balancewatch.toml        another one
  balancewatch check --online                            log in to the API, the mail server and the store, too
  balancewatch check --output json                       for scripts

Exit codes: 0 it is good, 78 it is not; 1 with --online when something could not be reached. A secret's file that is missing is a warning here and an error in `run`.")]
pub struct CheckArgs {
    /// Also log in to the API, the mail server and the store, and ask the mail server for each operator's address; no mail
    /// is sent
    #[arg(long)]
    pub online: bool,
}

#[derive(Serialize)]
struct Answer<'a> {
    ok: bool,
    problems: &'a [Problem],
    warnings: &'a [Problem],
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<Summary>,
}

#[derive(Serialize)]
struct Summary {
    accounts: usize,
    channels: usize,
    policies: usize,
    mode: &'static str,
    sweep: String,
}

pub fn run(context: &mut Context, args: &CheckArgs) -> Result<Exit, Failure> {
    let secrets = if args.online {
        Secrets::Required
    } else {
        Secrets::MayBeMissing
    };
    match context.load(secrets).and_then(tried) {
        Ok(loaded) if args.online => super::online::run(context, &loaded.settings),
        Ok(loaded) => {
            print_good(context, &loaded)?;
            Ok(Exit::Fine)
        }
        Err(problems) => {
            print_bad(context, &problems)?;
            Ok(Exit::BadConfig)
        }
    }
}

/// The same configuration, when the texts in its folder and the templates of webhooks are good, too.
fn tried(loaded: Loaded) -> Result<Loaded, Problems> {
    let mut problems = webhooks::problems(&loaded);
    problems.extend(texts::problems(&loaded.settings));
    if problems.is_empty() {
        return Ok(loaded);
    }
    Err(Problems {
        problems,
        warnings: loaded.warnings,
    })
}

/// Prints that the configuration is good, with its warnings.
pub fn print_good(context: &mut Context, loaded: &Loaded) -> Result<(), Failure> {
    let summary = Summary::of(&loaded.settings);
    if context.wants_json() {
        return context.out.json(&Answer {
            ok: true,
            problems: &[],
            warnings: &loaded.warnings,
            summary: Some(summary),
        });
    }
    print_warnings(&mut context.out, &loaded.warnings)?;
    let Summary {
        accounts,
        channels,
        policies,
        mode,
        sweep,
    } = summary;
    let policies = if policies == 1 {
        "1 policy".to_owned()
    } else {
        format!("{policies} policies")
    };
    context.out.line(&format!(
        "ok: {}, {}, {policies} in force, sweep {sweep}, enforcement {mode}",
        count(accounts, "account"),
        count(channels, "channel"),
    ))
}

/// Prints every problem and warning, and how many there are.
pub fn print_bad(context: &mut Context, found: &Problems) -> Result<(), Failure> {
    let Problems { problems, warnings } = found;
    if context.wants_json() {
        return context.out.json(&Answer {
            ok: false,
            problems,
            warnings,
            summary: None,
        });
    }
    for problem in problems {
        context.out.line(&problem.to_string())?;
    }
    print_warnings(&mut context.out, warnings)?;
    let mut counted = count(problems.len(), "problem");
    if !warnings.is_empty() {
        counted += &format!(", {}", count(warnings.len(), "warning"));
    }
    context.out.line(&counted)
}

fn print_warnings(out: &mut Output, warnings: &[Problem]) -> Result<(), Failure> {
    warnings
        .iter()
        .try_for_each(|warning| out.line(&format!("warning: {warning}")))
}

impl Summary {
    fn of(settings: &Settings) -> Self {
        Self {
            accounts: settings.accounts.len(),
            channels: settings.channels.len(),
            policies: settings.policies.len(),
            mode: settings.enforcement.mode.as_str(),
            sweep: settings.schedule.sweep.text(),
        }
    }
}
