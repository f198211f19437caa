//! `run`: the daemon in the foreground, until SIGTERM or SIGINT. And what it shares with `sweep --once`.

use std::net::TcpListener;

use clap::Args;

use super::context::{Context, Exit};
use super::failure::{CONFIG, FAILED, Failure};
use super::runtime::block_on;
use super::signals::DaemonSignals;
use crate::config::{Secrets, Settings};
use crate::daemon::alarm::tell_of_start;
use crate::daemon::{Daemon, Environment, Error, service};
use crate::web::ReloadRequest;

/// Watch until told to stop.
///
/// Sweeps at once and then at every mark of the schedule, until it is told to stop.
///
/// Signals: SIGTERM, SIGINT and SIGQUIT finish the work in hand within 10 seconds and end it. SIGHUP reads the configuration
/// and its secrets anew: one that is wrong changes nothing, and the log names what needs a restart (the store, the listener's
/// address, an account that comes or goes). SIGUSR1 and SIGUSR2 are logged and change nothing. SIGPIPE is ignored. Others do
/// what the system does by default; a program that they end settles at its next start what was in hand.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch run                                       with /etc/balancewatch/config.toml
  balancewatch run --config ./config.toml --log-format json
  systemctl enable --now balancewatch                    as a service
  systemctl reload balancewatch                          after the configuration was changed

Exit codes: 0 told to stop; 1 it could not start, another daemon has the store, the store failed for ten minutes or was
removed; 64 usage; 78 configuration.")]
pub struct RunArgs {}

pub fn run(context: &mut Context, _: &RunArgs) -> Result<Exit, Failure> {
    let loaded = context.load_and_try(Secrets::Required)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let loader = context.loader();
    let listener = socket(&loaded.settings)?;
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
        let daemon = daemon.reloading_by(loader).listening_on(listener);
        let reloads = daemon.reloads();
        let stop = signals.told_to_stop(move || {
            // Where one waits already, it has not begun to read.
            reloads.try_send(ReloadRequest::unheard()).ok();
        });
        daemon.run(stop).await.map_err(|error| from_daemon(&error))
    })?;
    Ok(Exit::Fine)
}

/// The socket that systemd passes on. Whoever opened it, an open one wants a token.
fn socket(settings: &Settings) -> Result<Option<TcpListener>, Failure> {
    let listener = service::socket().map_err(|error| {
        Failure::from(error)
            .while_doing("the socket that was passed on cannot be used")
            .hint("`ListenStream=` of the socket's unit takes an address with a port")
    })?;
    let address = listener.as_ref().map(TcpListener::local_addr).transpose()?;
    match address {
        Some(address) if !address.ip().is_loopback() && settings.web.token.is_none() => Err(Failure {
            code: CONFIG,
            ..Failure::failed(format!(
                "the socket that was passed on listens on {address}, and nobody needs a token"
            ))
        }
        .hint("set web.token_file, or have it listen on 127.0.0.1")),
        _ => Ok(listener),
    }
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
