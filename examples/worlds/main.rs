//! Plays simulated worlds, one seed after the other, and tells what broke: the whole world, its shortest form, and the story of
//! its last hours. `--help` shows how.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program of its own; these are its answers"
)]

mod arguments;
mod crew;
mod outcome;
mod report;

use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::Arguments;
use crate::report::Report;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    outcome::watch_panics();
    let mut report = Report::new(&arguments);
    crew::play_all(&arguments, |outcome| report.add(outcome));
    report.print();
    if !arguments.as_found {
        report.tell_more(&arguments);
    }
    if report.is_fine() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
