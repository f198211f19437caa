//! Fuzzes `config show`: what is printed of a configuration that is taken holds no password, and read again it means the same.
//! Apart from the target `config` because it takes several times as long. The input is laid out as `src/texts.rs` says.

use std::path::PathBuf;

use balancewatch::config::fuzzing::{Under, load};
use balancewatch::config::{Loaded, Secrets, Settings, Variables};

use super::now;
use crate::canary;
use crate::texts::Texts;

/// Tries one input.
///
/// # Panics
/// When what must hold does not.
pub fn try_input(data: &[u8]) {
    let Some(texts) = Texts::of(data) else { return };
    let parts = [&*texts.main, &texts.more];
    let Ok(loaded) = load(texts.under, &parts, &texts.variables, texts.secrets, now()) else {
        return;
    };
    let debug = format!("{:?}", loaded.settings);
    assert!(!canary::is_seen(&debug), "a password is in the settings' Debug");
    let json = loaded.effective.to_json();
    if !texts.names_a_path {
        let shown = format!("{:?}{json}", loaded.effective);
        assert!(!canary::is_seen(&shown), "a password is shown: {shown}");
    }
    let again = read_back(&loaded, texts.secrets);
    assert_eq!(again.effective.to_json()["config"], json["config"]);
}

/// What is printed as the configuration in force means the same when it is read.
fn read_back(loaded: &Loaded, secrets: Secrets) -> Loaded {
    let printed = loaded.effective.to_toml();
    let again = match load(Under::Nothing, &[&printed], &Variables::new(), secrets, now()) {
        Ok(again) => again,
        Err(found) => panic!("{:?} in what `config show` prints:\n{printed}", found.problems),
    };
    assert_eq!(meaning(&again.settings), meaning(&loaded.settings), "{printed}");
    again
}

/// The settings but for the store's path, which counts from the folder of the file that names it.
fn meaning(settings: &Settings) -> String {
    let mut settings = settings.clone();
    settings.store.path = PathBuf::new();
    format!("{settings:?}")
}
