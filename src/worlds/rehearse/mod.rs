//! A rehearsal: somebody's own configuration, played against a simulated fleet. It answers what they and their clients would get and
//! what would be changed, before anything is switched on.
//!
//! Nothing leaves the process: every address of the configuration is replaced by one of the world before the program sees it, and
//! every secret by a word that is none. The store is a file of its own.
//!
//! In reading order: `stage` (the configuration with its addresses and secrets replaced, and who answers there), `scenes` (what happens),
//! `outcome` (what came of it).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::plan::Planned;
use super::world::{self, Played};
use crate::config::{Account, Loaded};
use crate::domain::enforcement::Mode;
use crate::view::rehearsal::Rehearsal;

mod outcome;
mod scenes;
mod stage;

pub use scenes::Scene;
pub(super) use stage::answer;

/// Most clients: more would take a person's patience.
pub const MOST_CLIENTS: u32 = 1_000;

/// Most days: a year. No more than a configuration may keep of its history.
pub const MOST_DAYS: u32 = 366;

/// What is played.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// From 1 to [`MOST_DAYS`].
    pub days: u32,
    /// From 1 to [`MOST_CLIENTS`].
    pub clients: u32,
    pub seed: u64,
    pub scene: Scene,
}

/// How far a rehearsal is, in thousandths.
pub type Progress = Arc<dyn Fn(u64) + Send + Sync>;

/// Plays the configuration of one of its accounts, with its files in `folder`, which must be empty.
///
/// In mode observe it is played a second time in mode apply where a policy asks for changes: what would have been changed depends on
/// what the changes before it did.
///
/// # Errors
/// What kept the program from starting.
pub fn rehearse(
    loaded: &Loaded,
    account: &Account,
    options: Options,
    folder: &Path,
    progress: &Progress,
) -> Result<Rehearsal, String> {
    let mode = loaded.settings.enforcement.mode;
    let asks = loaded.settings.policies.iter().any(|policy| policy.enforce.is_some());
    let is_twice = mode == Mode::Observe && asks;
    let plays = if is_twice { 2 } else { 1 };
    let once = |number: u64, mode: Mode| {
        let folder = folder.join(format!("play{number}"));
        std::fs::create_dir(&folder).map_err(|error| format!("cannot make a folder: {error}"))?;
        let progress = Arc::clone(progress);
        let whole = u64::from(options.days) * 86_400;
        let look = move |passed: Duration| progress((number * 1_000 + passed.as_secs() * 1_000 / whole) / plays);
        play(loaded, account, options, mode, &folder, Box::new(look))
    };
    let played = once(0, mode)?;
    let applied = if is_twice { Some(once(1, Mode::Apply)?) } else { None };
    outcome::of(loaded, account, options, &played, applied.as_ref())
}

/// What one play left.
struct Play {
    played: Played,
    store: std::path::PathBuf,
    from: Timestamp,
    happenings: Vec<Planned>,
}

fn play(
    loaded: &Loaded,
    account: &Account,
    options: Options,
    mode: Mode,
    folder: &Path,
    look: Box<dyn Fn(Duration) + Send + Sync>,
) -> Result<Play, String> {
    let mut told = loaded.clone();
    told.settings = stage::settings(&loaded.settings, account, options.clients, folder);
    told.settings.enforcement.mode = mode;
    let store = told.settings.store.path.clone();
    let plan = scenes::plan(&told.settings, options);
    let (from, happenings) = (plan.start, plan.happenings.clone());
    let played = world::play_on(Some(world::Stage { told, look }), plan, folder);
    Ok(Play {
        played,
        store,
        from,
        happenings,
    })
}
