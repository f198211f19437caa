//! `backup FILE` and `restore FILE`: all that is remembered, into one file and back. The configuration, the secrets and
//! `web.token` are files of their own, and in no backup.

use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::context::{Context, Exit};
use super::failure::Failure;
use super::opened::Opened;
use super::runtime::block_on;
use super::shell;
use crate::clock::Clock;
use crate::config::Secrets;
use crate::store::{Store, partial_backup};

/// Copy all that is remembered into a file.
///
/// The daemon may run meanwhile: the copy is the store as it was at one moment, and is looked through before the command
/// ends. The file must not be there yet, and only its owner may read it: it holds names, addresses and balances.
///
/// The configuration, the secrets and the token `web.token` beside the store are not in it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch backup /var/backups/balancewatch.db
  balancewatch backup \"/var/backups/balancewatch-$(date +%F).db\"        from cron, a file for each day

Exit codes: 0 it is there and whole; 1 it is not.")]
pub struct BackupArgs {
    /// The file to make
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Put a backup in the place of the store.
///
/// Refused while a daemon works on the store. What was there is kept beside it. The daemon, when it starts, goes on from
/// where the backup was: it sends what was waiting then and is not older than a day, so that somebody may be told of
/// something twice; it looks at every client before it changes anything at the provider. Silences, acknowledgements and
/// the brake are those of the backup.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  systemctl stop balancewatch
  balancewatch restore /var/backups/balancewatch.db
  systemctl start balancewatch

Exit codes: 0 it is in its place; 1 it is not, and the store is as it was; 78 configuration.")]
pub struct RestoreArgs {
    /// The backup; it stays as it is
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

pub fn run(context: &mut Context, args: &BackupArgs) -> Result<Exit, Failure> {
    let file = args.file.as_path();
    let bytes = block_on(async {
        let opened = Opened::open(context).await?;
        let store = &opened.desk.store;
        let bar = Bar::new(store.path(), file);
        let copied = tokio::select! {
            copied = store.backup(file) => copied,
            never = bar.follow() => match never {},
        };
        bar.bar.finish_and_clear();
        copied.map_err(|error| Failure::from(error).while_doing("no backup was made"))?;
        Ok(fs::metadata(file)?.len())
    })?;
    if context.wants_json() {
        context.out.json(&json!({ "file": file, "bytes": bytes }))?;
    } else {
        let shown = file.display();
        context
            .out
            .line(&format!("wrote {shown}: {bytes} bytes, looked through and whole"))?;
        context
            .out
            .line("not in it: the configuration, the secrets, and `web.token` beside the store")?;
    }
    Ok(Exit::Fine)
}

pub fn restore(context: &mut Context, args: &RestoreArgs) -> Result<Exit, Failure> {
    let settings = context.load(Secrets::MayBeMissing)?.settings;
    let (store, file) = (&settings.store.path, &args.file);
    let aside = block_on(async {
        let restored = Store::restore(store, file, Clock::real().now()).await;
        restored.map_err(|error| Failure::from(error).while_doing("nothing was restored"))
    })?;
    if context.wants_json() {
        context
            .out
            .json(&json!({ "store": store, "from": file, "kept": aside }))?;
        return Ok(Exit::Fine);
    }
    context
        .out
        .line(&format!("restored {} from {}", store.display(), file.display()))?;
    if let Some(aside) = aside {
        let word = shell::word(&aside.display().to_string());
        context.out.line(&format!(
            "what was there is kept in {word}; delete it when it is not needed any more"
        ))?;
    }
    context
        .out
        .line("start the daemon: it brings the store up to date and goes on from there")?;
    Ok(Exit::Fine)
}

/// How often the bar looks how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// A progress bar on standard error, only in a terminal: how much of the copy is written.
struct Bar {
    bar: ProgressBar,
    partial: PathBuf,
}

impl Bar {
    fn new(store: &Path, file: &Path) -> Self {
        let bytes = fs::metadata(store).map_or(0, |data| data.len());
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:30} {bytes} of {total_bytes}, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let partial = partial_backup(file);
        Self { bar, partial }
    }

    /// Shows how far it is, until it is dropped.
    async fn follow(&self) -> Infallible {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let written = fs::metadata(&self.partial).map_or(0, |data| data.len());
            self.bar.set_position(written);
        }
    }
}
