//! `rehearse`: the configuration, played against a simulated fleet. What is played is in `worlds`, and what it came to in `view`.
//!
//! Sends nothing and opens no network; the store of the configuration is only asked how many clients there are.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rustix::fs::statvfs;

use super::context::{Context, Exit};
use super::failure::Failure;
use super::opened;
use super::runtime::block_on;
use super::signals::Signals;
use crate::clock::Clock;
use crate::config::{Account, Loaded, Secrets};
use crate::demo::{fresh_folder, fresh_folder_in};
use crate::store::{Access, Store};
use crate::view::Now;
use crate::view::rehearsal::Rehearsal;
use crate::worlds::rehearse::{self, MOST_CLIENTS, MOST_DAYS, Options, Scene};

/// How many clients there are when nothing tells.
const CLIENTS: u32 = 40;

/// What the folder is for, as its name says.
const PURPOSE: &str = "rehearsal";

/// A folder in memory, where Linux has one. The store commits as often as in all those days, and a disk would make each commit wait.
const MEMORY: &str = "/dev/shm";

/// So much must be free there: several times what a year of the largest fleet takes would be more than most machines have, and a
/// month of an ordinary one takes a few MB.
const ROOM_BYTES: u64 = 1 << 30;

/// See what this configuration would do, before it is switched on.
///
/// Plays it against simulated clients, in seconds: how many mails they and you would get, which pages at night, what would be changed
/// at VoIP.ms. The program is the real one; the API, the mail server and every channel are stand-ins within this process. Nothing is
/// sent, no network is opened, and missing secrets are no obstacle.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch rehearse --config ./balancewatch.toml     a busy month: how many mails will there be?
  balancewatch rehearse --world fraud                    does the page at night go to the right place?
  balancewatch rehearse --world outage --days 7          what is told when VoIP.ms or the mail server is down?
  balancewatch rehearse --clients 300 --seed 7           a larger fleet, and other luck
  balancewatch rehearse --messages                       every message, too
  balancewatch rehearse --output json                    for scripts

In mode observe it also says what mode apply would have changed. The same seed gives the same; another seed shows what was luck.

Exit codes: 0 it was played, 1 it could not be, 64 usage, 78 the configuration is wrong.")]
pub struct RehearseArgs {
    /// How many days, up to a year
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_DAYS)))]
    pub days: u32,
    /// The same seed gives the same
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// What kind of days
    #[arg(long, value_enum, default_value_t)]
    pub world: World,
    /// How many clients; else as many as the configured store knows, or 40
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_CLIENTS)))]
    pub clients: Option<u32>,
    /// Show every message, too
    #[arg(long)]
    pub messages: bool,
}

/// What kind of days are played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum World {
    /// Every day some clients run low, and most pay
    #[default]
    Busy,
    /// Two hacked PBXs, each in a night
    Fraud,
    /// As busy; an hour without the API, an afternoon without the mail server, and a restart
    Outage,
    /// The clients' usual calls and payments alone
    Calm,
}

impl World {
    const fn scene(self) -> Scene {
        match self {
            Self::Busy => Scene::Busy,
            Self::Fraud => Scene::Fraud,
            Self::Outage => Scene::Outage,
            Self::Calm => Scene::Calm,
        }
    }
}

/// A folder that is gone when it is dropped, whatever ended the rehearsal.
struct Folder(PathBuf);

impl Folder {
    /// In memory, where there is room; else among the machine's temporary ones.
    fn fresh() -> Result<Self, Failure> {
        let memory = Path::new(MEMORY);
        let room = statvfs(memory).map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        let in_memory = (room >= ROOM_BYTES).then(|| fresh_folder_in(memory, PURPOSE).ok());
        match in_memory.flatten() {
            Some(folder) => Ok(Self(folder)),
            None => fresh_folder(PURPOSE)
                .map(Self)
                .map_err(|error| Failure::from(error).while_doing("cannot make a folder")),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left of it lies among the machine's temporary files.
        std::fs::remove_dir_all(&self.0).ok();
    }
}

pub fn run(context: &mut Context, args: &RehearseArgs) -> Result<Exit, Failure> {
    let loaded = context.load_and_try(Secrets::MayBeMissing)?;
    let accounts = opened::accounts(&loaded.settings, context.global.account.as_deref())?;
    let account = accounts.first().map(|account| (*account).clone());
    let account = account.ok_or_else(|| Failure::usage("the configuration has no account"))?;
    let folder = Folder::fresh()?;
    let bar = bar(context.out.terminal);
    let rehearsal = block_on(async {
        let mut signals = Signals::listen()?;
        let (clients, clients_from) = match args.clients {
            Some(clients) => (clients, "--clients".to_owned()),
            None => clients_of(&loaded.settings.store.path, &account).await,
        };
        let options = Options {
            days: args.days,
            clients,
            seed: args.seed,
            scene: args.world.scene(),
        };
        let place = folder.0.clone();
        let shown = bar.clone();
        let playing = tokio::task::spawn_blocking(move || play(&loaded, &account, options, &place, shown));
        let played = tokio::select! {
            played = playing => played,
            _ = signals.next() => return Err(Failure::failed("stopped before the end of the rehearsal")),
        };
        let mut rehearsal =
            played.map_err(|error| Failure::failed("the rehearsal broke off").cause(error.to_string()))??;
        rehearsal.setting.clients_from = clients_from;
        rehearsal.shows_messages = args.messages;
        Ok(rehearsal)
    });
    bar.finish_and_clear();
    let rehearsal = rehearsal?;
    let now = Now {
        at: Clock::real().now(),
        zone: rehearsal.setting.zone.clone(),
    };
    context.show(&rehearsal, &now)?;
    Ok(Exit::Fine)
}

fn play(
    loaded: &Loaded,
    account: &Account,
    options: Options,
    folder: &Path,
    bar: ProgressBar,
) -> Result<Rehearsal, Failure> {
    let progress: rehearse::Progress = Arc::new(move |permille| bar.set_position(permille));
    rehearse::rehearse(loaded, account, options, folder, &progress)
        .map_err(|why| Failure::failed("the configuration could not be rehearsed").cause(why))
}

/// As many clients as the configured store knows, where there is one that can be read; and where the number is from.
async fn clients_of(store: &Path, account: &Account) -> (u32, String) {
    let known = async {
        let store = Store::open(store, Access::Read).await.ok()?;
        let listed = store.counts(&account.name).await.ok()?.listed;
        store.close().await;
        u32::try_from(listed).ok().filter(|listed| *listed > 0)
    };
    match known.await {
        Some(all) if all > MOST_CLIENTS => (MOST_CLIENTS, format!("of {all} in your store; more are not played")),
        Some(all) => (all, "as many as in your store".to_owned()),
        None => (
            CLIENTS,
            "no store tells how many you have; --clients sets it".to_owned(),
        ),
    }
}

/// A bar on standard error, where people see it.
fn bar(is_terminal: bool) -> ProgressBar {
    let target = if is_terminal {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(1_000), target);
    let style = ProgressStyle::with_template("  rehearsing  {bar:40}  {percent:>3} %  {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}
