//! Simulator, daemon and mail catcher in one process, and the story they tell.
//!
//! The daemon's parts are the real ones: calls go over HTTP, mails over SMTP, what is remembered into SQLite. Only the
//! time is not real: it is moved on as soon as the work in hand is done, so that a day passes in a minute and the same
//! seed tells the same story.
//!
//! In reading order: `story` (what happens, chapter by chapter), `cast` (who it happens to), `scene` (what it
//! happens in), `tempo` (how fast it is told), `ending` (what was expected against what happened).
//!
//! It reads no configuration, environment or credential, and talks to nothing but its own simulator and mail catcher.
//! It prints nothing itself: a [`Teller`] does.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

mod cast;
mod ending;
mod scene;
mod story;
mod tempo;

pub use ending::Check;
pub use story::run;

/// The shortest time that a story fits into, besides zero: until told to stop.
pub const SHORTEST: Duration = Duration::from_secs(10);

/// Fewest clients that the story has roles for.
pub const FEWEST_CLIENTS: u32 = 6;

/// Most clients: more would not fit into a minute.
pub const MOST_CLIENTS: u32 = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Real time for the whole story, at least [`SHORTEST`]; `None`: a minute, and then on until told to stop.
    pub duration: Option<Duration>,
    /// How many clients the reseller has, from [`FEWEST_CLIENTS`] to [`MOST_CLIENTS`].
    pub clients: u32,
    /// The same seed gives the same story.
    pub seed: u64,
}

/// How something sounds. Never the only sign: the words say it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    Plain,
    Good,
    Warning,
    Bad,
    Faint,
    Mail,
}

/// One client, when the fleet is introduced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetRow {
    pub client: String,
    /// The company, or who it is.
    pub company: String,
    pub balance: String,
    /// The client's own threshold.
    pub threshold: String,
    /// `HARD` or `SOFT`.
    pub management: String,
    /// Whether the balance is below the threshold.
    pub is_low: bool,
}

pub trait Teller {
    fn chapter(&mut self, number: usize, title: &str);
    /// Something happens at a time of the story, such as `Mon 09:00`.
    fn event(&mut self, time: &str, voice: Voice, text: &str);
    /// The fleet, and how many more there are than are shown.
    fn fleet(&mut self, rows: &[FleetRow], more: usize);
    /// What was expected against what happened.
    fn ending(&mut self, checks: &[Check]);
    /// How far the story is, in thousandths.
    fn progress(&mut self, permille: u64, time: &str);
    /// Whether anybody still listens; if not, the story ends.
    fn is_heard(&self) -> bool;
}

/// What a story came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether everything happened that was expected; `None`: it was stopped before its end.
    pub is_as_expected: Option<bool>,
    /// Where the mails are.
    pub mails: PathBuf,
    /// How many there are.
    pub mail_count: usize,
}

/// Why a story could not be told to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fewer clients than there are roles, or more than are told of.
    #[error("`{0}` clients are too few or too many for the story")]
    Clients(u32),
    /// A time that nothing fits into.
    #[error("`{0:?}` is too short for the story")]
    TooShort(Duration),
    /// Nobody listens any more.
    #[error("nobody listens any more")]
    Unheard,
    /// The machine does not give what is needed.
    #[error("cannot {what}")]
    Machine {
        /// What was being done.
        what: &'static str,
        source: std::io::Error,
    },
    /// The built-in configuration is refused.
    #[error("the demo's own configuration is refused: {0}")]
    Config(String),
    /// The simulator refuses its script.
    #[error("the simulator refuses the script")]
    Script(#[from] crate::simulator::EditError),
    /// The simulator cannot be made.
    #[error("the simulator cannot be made")]
    Simulator(#[from] crate::simulator::OptionsError),
    #[error("the daemon failed")]
    Daemon(#[from] crate::daemon::Error),
    #[error("the store failed")]
    Store(#[from] crate::store::Error),
}

impl Error {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Clients(_) => Some(format!("from {FEWEST_CLIENTS} to {MOST_CLIENTS} clients")),
            Self::TooShort(_) => Some("at least 10s, or 0s: until Ctrl-C".to_owned()),
            _ => None,
        }
    }

    /// Whether the command line asked for what there is not.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        matches!(self, Self::Clients(_) | Self::TooShort(_))
    }
}

/// A new folder among the machine's temporary ones, for its owner only.
///
/// # Errors
/// When it cannot be made.
pub fn fresh_folder(purpose: &str) -> std::io::Result<PathBuf> {
    fresh_folder_in(&std::env::temp_dir(), purpose)
}

/// A new folder in another one, for its owner only.
///
/// # Errors
/// When it cannot be made.
pub fn fresh_folder_in(parent: &Path, purpose: &str) -> std::io::Result<PathBuf> {
    let folder = parent.join(format!("balancewatch-{purpose}-{:08x}", rand::random::<u32>()));
    std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
    Ok(folder)
}
