//! Logging to standard error, as text or as JSON. Prints no data of a command: that goes to standard output.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

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
pub fn init(format: LogFormat, verbosity: u8, colour: bool) {
    let filter = EnvFilter::new(directives(verbosity));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
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
