//! What the fuzz target calls: the way from texts and variables to settings, without touching a file. Built for fuzzing
//! alone, and adds nothing to what it calls but this: a secret's file is never one that exists.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::layers::Layers;
use super::load::settle;
use super::problem::{Report, Secrets};
use super::tree::{Kind, Origin, Table};
use super::{Loaded, Problems, Variables};

/// Where the texts seem to come from: a folder that is nowhere, so that what they name beside them is nowhere either.
const MAIN: &str = "/nonexistent/balancewatch/config.toml";

/// What the texts are laid over beside the built-in layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Under {
    /// Nothing: they must be a whole configuration.
    Nothing,
    /// [`BASE`]: a line or two are one.
    Base,
}

/// A small good configuration. Its schedule is a duration: reading a cron rule takes longer than most inputs.
pub const BASE: &str = r#"
[[account]]
name = "main"
username = "reseller@example.com"
password = "S3cret-hunter2"
[schedule]
sweep = "5m"
[smtp]
url = "smtp://alerts@mail.example.com:587"
password = "S3cret-hunter2"
from = "alerts@example.com"
[[channel]]
name = "ops"
type = "email"
to = ["noc@example.com"]
"#;

thread_local! {
    /// The layers below the texts, read once: they take longer than most inputs.
    static BUILT_IN: [Layers; 2] = {
        let report = Report::new(Secrets::Required);
        let nothing = Layers::built_in(&report);
        let mut base = nothing.clone();
        base.add_text(BASE, &main_file(), &report);
        [nothing, base]
    };
}

fn main_file() -> Origin {
    Origin::File(Arc::from(Path::new(MAIN)))
}

/// Loads the main text, the others as `conf.d` in their order, and the variables, as [`load`](super::load) does with files.
///
/// # Errors
/// Every problem there is, at once.
pub fn load(
    under: Under,
    texts: &[&str],
    variables: &Variables,
    secrets: Secrets,
    now: Timestamp,
) -> Result<Loaded, Problems> {
    let report = Report::new(secrets);
    let mut layers = BUILT_IN.with(|layers| layers[usize::from(under == Under::Base)].clone());
    for (number, text) in texts.iter().enumerate() {
        let path = match number {
            0 => MAIN.to_owned(),
            _ => format!("/nonexistent/balancewatch/conf.d/{number:02}.toml"),
        };
        layers.add_text(text, &Origin::File(Arc::from(Path::new(&path))), &report);
    }
    layers.add_environment(variables, &report);
    let mut values = layers.finish();
    keep_from_files(&mut values);
    settle(&values, &main_file(), now, report)
}

/// Makes every file that is named one below the folder that does not exist.
fn keep_from_files(table: &mut Table) {
    for (key, node) in table {
        match &mut node.kind {
            Kind::Text(path) if key.ends_with("_file") => {
                *path = path.trim_start_matches('/').to_owned();
                node.origin = main_file();
            }
            Kind::Table(table) | Kind::Entries(table) => keep_from_files(table),
            _ => {}
        }
    }
}
