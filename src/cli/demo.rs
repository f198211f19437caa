//! `demo`: what the program does, without an account. Prints the story; what happens in it is `demo`'s business.

use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::context::{Context, Exit};
use super::duration::duration;
use super::failure::{FAILED, Failure, USAGE};
use super::output::Output;
use super::runtime::block_on;
use super::signals::Signals;
use super::text::{clean, wrapped};
use crate::demo::{self, Check, Error, FleetRow, Options, Outcome, Teller, Voice};
use crate::view::{Table, Tone};

/// Widest line.
const COLUMNS: usize = 100;

/// See what it does, without an account.
///
/// A reseller, its clients and a mail server are simulated on this machine; the daemon between them is the real one. A day
/// passes in a minute; the dashboard shows it meanwhile. Nothing outside this machine is asked, and no configuration is read.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch demo                       a day in a minute
  balancewatch demo --for 10s             in a hurry
  balancewatch demo --for 0s              and then on, until Ctrl-C
  balancewatch demo --clients 200 --seed 7

Exit codes: 0 everything happened that was expected, 1 something did not, 64 usage.")]
pub struct DemoArgs {
    /// Real time for the story, at least 10s; 0s: a minute, and then on until Ctrl-C
    #[arg(long = "for", value_name = "DURATION", default_value = "60s", value_parser = duration)]
    pub duration: Duration,
    /// How many clients the reseller has
    #[arg(long, value_name = "COUNT", default_value_t = 12)]
    pub clients: u32,
    /// The same seed gives the same story
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

pub fn run(context: &mut Context, args: &DemoArgs) -> Result<Exit, Failure> {
    let options = Options {
        duration: Some(args.duration).filter(|duration| !duration.is_zero()),
        clients: args.clients,
        seed: args.seed,
    };
    let mut printer = Printer::new(&mut context.out);
    let outcome = block_on(async {
        let mut signals = Signals::listen()?;
        let stop = async move {
            signals.next().await;
        };
        demo::run(&options, &mut printer, stop).await.map_err(failure)
    });
    printer.bar.finish_and_clear();
    let failed = printer.failed.take();
    let outcome = outcome?;
    if let Some(failed) = failed {
        return Err(failed);
    }
    if context.out.is_closed() {
        return Ok(Exit::Fine);
    }
    farewell(&mut context.out, &outcome)?;
    // Without an end of its own, the story is ended by Ctrl-C whenever one likes.
    let is_fine = outcome.is_as_expected.unwrap_or(options.duration.is_none());
    Ok(if is_fine { Exit::Fine } else { Exit::MustLook })
}

fn failure(error: Error) -> Failure {
    let code = if error.is_usage() { USAGE } else { FAILED };
    Failure::from_error(&error, code).hint_if(error.hint())
}

fn farewell(out: &mut Output, outcome: &Outcome) -> Result<(), Failure> {
    out.line("")?;
    out.line(match outcome.is_as_expected {
        Some(true) => "Everything happened that was expected.",
        Some(false) => "Something did not happen as expected: see the rows marked NO.",
        None => "Stopped before the end of the story.",
    })?;
    out.line(&format!(
        "All {} mails are in {}",
        outcome.mail_count,
        outcome.mails.display()
    ))
}

/// Prints the story, a line per event, with a progress bar below it in a terminal.
struct Printer<'o> {
    out: &'o mut Output,
    bar: ProgressBar,
    /// The first thing that could not be printed.
    failed: Option<Failure>,
}

impl<'o> Printer<'o> {
    fn new(out: &'o mut Output) -> Self {
        let target = if out.terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(1_000), target);
        let style = ProgressStyle::with_template("  {prefix}{msg}  {bar:40}  {percent:>3} %");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { out, bar, failed: None }
    }

    fn print(&mut self, print: impl FnOnce(&mut Output) -> Result<(), Failure>) {
        let out = &mut *self.out;
        let printed = self.bar.suspend(|| print(out));
        if let Err(failure) = printed {
            self.failed.get_or_insert(failure);
        }
    }
}

impl Teller for Printer<'_> {
    fn chapter(&mut self, number: usize, title: &str) {
        self.bar.set_prefix(format!("chapter {number} of 6, "));
        let title = format!("{number}. {title}");
        let title = if self.out.colour {
            format!("\x1b[1m{title}\x1b[0m")
        } else {
            title
        };
        self.print(|out| out.text(&format!("\n{title}\n")));
    }

    fn event(&mut self, time: &str, voice: Voice, text: &str) {
        let (sign, colour) = sign(voice);
        let lead = format!("  {time}  {sign} ");
        let mut lines = String::new();
        for (number, line) in wrapped(&clean(text), COLUMNS - lead.chars().count()).iter().enumerate() {
            let lead = if number == 0 {
                lead.clone()
            } else {
                " ".repeat(lead.chars().count())
            };
            if self.out.colour && !colour.is_empty() {
                lines += &format!("\x1b[{colour}m{lead}{line}\x1b[0m\n");
            } else {
                lines += &format!("{lead}{line}\n");
            }
        }
        self.print(|out| out.text(&lines));
    }

    fn fleet(&mut self, rows: &[FleetRow], more: usize) {
        let mut table = Table::new(&["client", "company", ">balance", ">threshold", "management", ""]);
        for row in rows {
            let tone = if row.is_low { Tone::Warning } else { Tone::Plain };
            table.row([
                (row.client.as_str(), Tone::Plain),
                (row.company.as_str(), Tone::Plain),
                (row.balance.as_str(), tone),
                (row.threshold.as_str(), Tone::Plain),
                (row.management.as_str(), Tone::Faint),
                (if row.is_low { "low" } else { "" }, tone),
            ]);
        }
        self.print(|out| {
            out.table(&table)?;
            if more > 0 {
                out.line(&format!("and {more} more"))?;
            }
            out.line("")
        });
    }

    fn ending(&mut self, checks: &[Check]) {
        let mut table = Table::new(&["", ">expected", ">happened", "as expected"]);
        for check in checks {
            let (word, tone) = if check.is_ok {
                ("yes", Tone::Good)
            } else {
                ("NO", Tone::Bad)
            };
            table.row([
                (check.what.as_str(), Tone::Plain),
                (check.expected.as_str(), Tone::Plain),
                (
                    check.happened.as_str(),
                    if check.is_ok { Tone::Plain } else { Tone::Bad },
                ),
                (word, tone),
            ]);
        }
        self.print(|out| out.table(&table));
    }

    fn progress(&mut self, permille: u64, time: &str) {
        self.bar.set_message(time.to_owned());
        self.bar.set_position(permille);
    }

    fn is_heard(&self) -> bool {
        !self.out.is_closed()
    }
}

/// The sign before a line, and its colour as terminals name it.
const fn sign(voice: Voice) -> (&'static str, &'static str) {
    match voice {
        Voice::Plain => (" ", ""),
        Voice::Good => ("+", "32"),
        Voice::Warning => ("!", "33"),
        Voice::Bad => ("!", "31"),
        Voice::Faint => (" ", "2"),
        Voice::Mail => ("@", "36"),
    }
}
