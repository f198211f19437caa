//! SIGINT and SIGTERM, for every command that ends in its own way, and what signals mean to the daemon. Decides nothing
//! about what ends.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::failure::Failure;

/// Both signals, from when this is made: they do not end the process by themselves any more.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Listens.
    pub fn listen() -> Result<Self, Failure> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next of them, and names it.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}

/// What signals mean to `run`. Those that are not named here do what the system does by default.
pub struct DaemonSignals {
    stop: Signals,
    quit: Signal,
    hang_up: Signal,
    user_1: Signal,
    user_2: Signal,
}

impl DaemonSignals {
    /// Listens.
    pub fn listen() -> Result<Self, Failure> {
        Ok(Self {
            stop: Signals::listen()?,
            quit: signal(SignalKind::quit())?,
            hang_up: signal(SignalKind::hangup())?,
            user_1: signal(SignalKind::user_defined1())?,
            user_2: signal(SignalKind::user_defined2())?,
        })
    }

    /// Waits for one that ends the daemon. Has it reloaded at each SIGHUP, and logs the others.
    pub async fn told_to_stop(&mut self, reload: impl Fn()) {
        loop {
            let signal = tokio::select! {
                _ = self.stop.next() => return,
                _ = self.quit.recv() => return,
                _ = self.hang_up.recv() => {
                    reload();
                    continue;
                }
                _ = self.user_1.recv() => "SIGUSR1",
                _ = self.user_2.recv() => "SIGUSR2",
            };
            tracing::warn!(signal, "this signal means nothing to the program");
        }
    }
}
