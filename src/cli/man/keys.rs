//! Section 5: the configuration, every key by the table that the program itself goes by.

use super::Manual;
use super::roff::Roff;
use crate::cli::context::DEFAULT_CONFIG;
use crate::config::{ManualEntry, manual};

const NAME: &str = "balancewatch.toml";

const LAYERS: [&str; 4] = [
    "The configuration is TOML. Values come in layers, the later wins: what is built in, the main file, the files in conf.d \
     beside it by their names, variables of the environment, systemd credentials. Lists of named things (account, channel, \
     policy) are merged by name, key by key.",
    "Amounts are texts in quotes, such as \"10.00\". Durations are texts such as \"90s\", \"15m\" or \"6h\".",
    "Every secret KEY has a twin KEY_file that names the file in which it is; giving both is an error.",
    "`balancewatch check` finds every mistake at once, `balancewatch config show` prints what is in force and where each \
     value came from, and `balancewatch config schema` prints a schema for editors.",
];

/// The page about the configuration.
pub fn page() -> Manual {
    let mut roff = Roff::default();
    roff.title(NAME, 5);
    roff.heading("NAME");
    roff.text(&format!("{NAME} - configuration of balancewatch"));
    roff.heading("SYNOPSIS");
    roff.text(&format!("{DEFAULT_CONFIG}, conf.d/*.toml beside it"));
    roff.heading("DESCRIPTION");
    LAYERS.iter().for_each(|text| roff.paragraph(text));
    for entry in manual() {
        if entry.is_table {
            roff.heading(&entry.heading);
            roff.text(entry.meaning);
        } else {
            roff.entry(&entry.heading, entry.meaning);
            roff.break_line();
            roff.text(&takes(&entry));
        }
    }
    roff.heading("ENVIRONMENT");
    roff.text(
        "Each key has a variable, named with it above. NAME in it is the name of the entry in capitals, with _ for -; an entry \
         that is not there yet is made. Lists are separated by commas.",
    );
    roff.heading("FILES");
    for (path, text) in [
        (DEFAULT_CONFIG, "The main file; --config names another."),
        ("/etc/balancewatch/conf.d/*.toml", "Further files, read by name."),
        (
            "$CREDENTIALS_DIRECTORY",
            "Secrets from systemd, in files such as account.NAME.password and smtp.password.",
        ),
    ] {
        roff.entry(path, text);
    }
    roff.heading("SEE ALSO");
    roff.text("balancewatch(1), balancewatch-check(1), balancewatch-config-show(1)");
    Manual {
        name: NAME.to_owned(),
        section: 5,
        text: roff.finish(),
    }
}

fn takes(entry: &ManualEntry) -> String {
    let default = match entry.default {
        Some("") | None if entry.is_required => " Required.".to_owned(),
        Some("") | None => String::new(),
        Some(text) => format!(" Default: {text}."),
    };
    format!("Takes {}.{default} Variable: {}.", entry.takes, entry.variable)
}
