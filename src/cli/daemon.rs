//! `run`: the daemon in the foreground, until SIGTERM or SIGINT. And what it shares with `sweep --once`.

use clap::Args;

use super::context::{Context, Exit};
use super::failure::{FAILED, Failure};
use super::runtime::block_on;
use super::signals::DaemonSignals;
use crate::config::Secrets;
use crate::daemon::alarm::tell_of_start;
use crate::daemon::{Daemon, Environment, Error};

/// Watch until told to stop.
///
/// Sweeps at once and then at every mark of the schedule, until it is told to stop.
///
/// Signals: SIGTERM, SIGINT and SIGQUIT finish the work in hand within 10 seconds and end it. SIGHUP, SIGUSR1 and SIGUSR2
/// are logged and change nothing (a changed configuration needs a restart). SIGPIPE is ignored. Others do what the system
/// does by default; a program that they end settles at its next start what was in hand.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch run                                       with /etc/balancewatch/config.toml
  balancewatch run --config ./config.toml --log-format json
  systemctl enable --now balancewatch                    as a service

Exit codes: 0 told to stop; 1 it could not start, another daemon has the store, the store failed for ten minutes or was
removed; 64 usage; 78 configuration.")]
pub struct RunArgs {}

pub fn run(context: &mut Context, _: &RunArgs) -> Result<Exit, Failure> {
    let loaded = context.load_and_try(Secrets::Required)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    block_on(async {
        let mut signals = DaemonSignals::listen()?;
        let environment = environment();
        let daemon = match Daemon::build(&loaded.settings, &environment).await {
            Ok(daemon) => daemon,
            Err(error) => {
                if let Error::Store(error) = &error {
                    tell_of_start(&loaded.settings, &environment, error).await;
                }
                return Err(from_daemon(&error));
            }
        };
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            accounts = loaded.settings.accounts.len(),
            mode = loaded.settings.enforcement.mode.as_str(),
            "watching"
        );
        let stop = async {
            signals.told_to_stop().await;
        };
        daemon.run(stop).await.map_err(|error| from_daemon(&error))
    })?;
    Ok(Exit::Fine)
}

/// The real world.
pub fn environment() -> Environment {
    Environment::real()
}

/// Why the daemon could not work, with what to do.
pub fn from_daemon(error: &Error) -> Failure {
    match error {
        Error::Store(error) => Failure::from(error),
        _ => Failure::from_error(error, FAILED),
    }
}
