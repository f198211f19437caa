//! Logging to standard error, as text or as JSON. Prints no data of a command: that goes to standard output.
//!
//! A program that works for people who are not there waits for nobody who reads what it tells: see [`Unread::Queued`].

mod journal;
mod queue;

use std::io::{IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use self::queue::Queue;

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What becomes of what is told while nobody reads standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// Whoever tells it waits.
    Waits,
    /// It is queued, and too much of it is dropped and counted. Nobody waits, but for the end of the program.
    Queued {
        /// How long the end waits for what is left.
        patience: Duration,
    },
}

/// What waits for a reader, once it is queued.
static LINES: Queue = Queue::new();

/// How long the end of the program waits for it; unset: nothing is queued.
static PATIENCE: OnceLock<Duration> = OnceLock::new();

/// Whether what is queued are entries of the journal, and not lines.
static IS_JOURNAL: AtomicBool = AtomicBool::new(false);

/// What the libraries below may say, whatever `-v` says: the mail client logs its conversation with the password in
/// it at a lower level, the HTTP client its requests, and the scheduler and the store greet at each start.
const QUIET: &str = "warn,sqlx::postgres::notice=warn";

/// The filter for so many `-v`: information, then details, then everything of this program, and warnings of others.
#[must_use]
pub fn directives(verbosity: u8) -> String {
    let own = match verbosity {
        0 => "info",
        1 => "debug",
        _ => "trace",
    };
    format!("{QUIET},balancewatch={own}")
}

/// Starts logging for the whole process. A second start changes nothing, so that tests may call it.
///
/// Text that would end up in the journal (standard error is the stream that `journal` names, as systemd does in
/// `JOURNAL_STREAM`) goes there with its fields instead.
pub fn init(format: LogFormat, verbosity: u8, colour: bool, unread: Unread, journal: Option<&str>) {
    if let Unread::Queued { patience } = unread
        && format == LogFormat::Text
        && let Some(socket) = journal.and_then(journal::socket)
    {
        IS_JOURNAL.store(true, Ordering::Relaxed);
        start_queue(patience, socket);
        let filter = EnvFilter::new(directives(verbosity));
        drop(
            tracing_subscriber::registry()
                .with(filter)
                .with(journal::Journal(&LINES))
                .try_init(),
        );
        return;
    }
    let writer = match unread {
        Unread::Waits => BoxMakeWriter::new(std::io::stderr),
        Unread::Queued { patience } => {
            start_queue(patience, std::io::stderr());
            BoxMakeWriter::new(|| &LINES)
        }
    };
    let filter = EnvFilter::new(directives(verbosity));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_ansi(colour && std::io::stderr().is_terminal())
        // It would tell of a closed standard error on standard error, and panic there.
        .log_internal_errors(false);
    let started = match format {
        LogFormat::Text => tracing_subscriber::registry().with(filter).with(lines).try_init(),
        LogFormat::Json => tracing_subscriber::registry()
            .with(filter)
            .with(lines.json().flatten_event(true).with_current_span(false))
            .try_init(),
    };
    drop(started);
}

/// Has all that is told written by a thread of its own from now on; a panic is told like anything else.
fn start_queue(patience: Duration, out: impl Write + Send + 'static) {
    if PATIENCE.set(patience).is_err() {
        return;
    }
    let tell_lost =
        |lost_lines| tracing::warn!(lost_lines, "nobody read standard error: lines of the log are lost here");
    std::thread::spawn(move || LINES.work(out, tell_lost));
    std::panic::set_hook(Box::new(|panic| say(&panic.to_string())));
}

/// Writes a line on standard error that is no line of the log. A closed standard error changes nothing.
pub fn say(line: &str) {
    if IS_JOURNAL.load(Ordering::Relaxed) {
        return LINES.push(&journal::plain(line));
    }
    let line = format!("{line}\n");
    match PATIENCE.get() {
        Some(_) => LINES.push(line.as_bytes()),
        None => drop(std::io::stderr().write_all(line.as_bytes())),
    }
}

/// Waits until all that was told is written, where that can take long. To be called before the process ends.
pub fn finish() {
    if let Some(patience) = PATIENCE.get() {
        LINES.finish(*patience);
    }
}

/// An error with its causes on one line, for a field of a log line.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::directives;

    #[test]
    fn only_this_program_gets_louder() {
        for (verbosity, own) in [(0, "info"), (1, "debug"), (2, "trace"), (9, "trace")] {
            let directives = directives(verbosity);
            assert!(directives.starts_with("warn,"), "{directives}");
            assert!(directives.ends_with(&format!("balancewatch={own}")), "{directives}");
            assert_eq!(
                tracing_subscriber::EnvFilter::new(&directives)
                    .to_string()
                    .matches("lettre")
                    .count(),
                0
            );
        }
    }
}
