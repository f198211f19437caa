//! `sweep --once`: one look at every client, what is due delivered, then the end. For cron, and for a first look.

use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::context::{Context, Exit};
use super::daemon::{environment, from_daemon};
use super::duration::duration;
use super::failure::Failure;
use super::runtime::block_on;
use crate::config::Secrets;
use crate::daemon::Daemon;
use crate::daemon::once::Once;
use crate::monitor::Progress;
use crate::view::sweep::table;

/// Look at every client once, deliver what is due, and end.
///
/// Clients that do not fit into one interval of the schedule at the configured rate stay due for the next sweep.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch sweep --once                              once, with a progress bar in a terminal
  */5 * * * *  balancewatch sweep --once >/dev/null      from cron
  balancewatch sweep --once --output json | jq .errors   which clients could not be read, by kind

Exit codes: 0 judged and written down; 1 an account could not be asked, the store failed, the brake is on, or a
message died and nobody can be told; 78 configuration.")]
pub struct SweepArgs {
    /// Once, then end; the only way in which this command works (the daemon is `run`)
    #[arg(long, required = true)]
    pub once: bool,
    /// How long to deliver what is due
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration)]
    pub deliver_for: Duration,
}

pub fn run(context: &mut Context, args: &SweepArgs) -> Result<Exit, Failure> {
    let loaded = context.load_and_try(Secrets::Required)?;
    let once = block_on(async {
        let daemon = Daemon::build(&loaded.settings, &environment()).await;
        let mut daemon = daemon.map_err(|error| from_daemon(&error))?;
        let bar = Bar::new();
        let once = daemon.once(args.deliver_for, &bar).await;
        bar.0.finish_and_clear();
        once.map_err(|error| from_daemon(&error).while_doing("the sweep was not finished"))
    })?;
    if context.wants_json() {
        context.out.json(&once.report)?;
    } else {
        context.out.table(&table(&once.report))?;
    }
    complain(&once);
    Ok(if once.must_look() { Exit::MustLook } else { Exit::Fine })
}

/// Says on standard error what somebody must look at.
fn complain(once: &Once) {
    for (account, what, fix) in &once.not_asked {
        let failure = Failure::failed(format!("account `{account}` could not be asked"));
        failure.cause(what).hint(fix).complain();
    }
    for account in &once.braked {
        let failure = Failure::failed(format!("the brake of account `{account}` is on: nothing is enforced"));
        failure.hint("`balancewatch brake status` says why").complain();
    }
    if once.has_unannounced_dead_letters {
        let failure = Failure::failed("messages will never arrive, and no other channel can tell of it");
        let hint = "`balancewatch notifications list --state dead` says which, and why";
        failure.hint(hint).complain();
    }
}

/// A progress bar on standard error, only in a terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} clients, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self(bar)
    }
}

impl Progress for Bar {
    fn begin(&self, clients: u64) {
        self.0.inc_length(clients);
    }

    fn step(&self) {
        self.0.inc(1);
    }
}
