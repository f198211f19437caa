//! What every command is given, and how one that did not fail ended.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::failure::{CONFIG, FAILED, Failure};
use super::output::{Output, OutputFormat};
use crate::clock::Clock;
use crate::config::{Loaded, Problems, Request, Secrets, Variables};
use crate::daemon::reload::Loader;
use crate::telemetry::LogFormat;
use crate::view::nagios::Nagios;
use crate::view::{Now, Shown};

/// Where the configuration is unless `--config` names another.
pub const DEFAULT_CONFIG: &str = "/etc/balancewatch/config.toml";

/// Options of every command, valid before and after it.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// The configuration; `conf.d/*.toml` beside it is read too
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        default_value = DEFAULT_CONFIG
    )]
    pub config: PathBuf,
    /// Whether the command line names it: the usual one may be missing where the environment is the configuration.
    #[arg(skip)]
    pub names_config: bool,
    /// Which account; needed only with several
    #[arg(long, global = true, value_name = "NAME")]
    pub account: Option<String>,
    /// How data is printed
    #[arg(long, global = true, value_enum, default_value_t)]
    pub output: OutputFormat,
    /// How log lines on standard error look
    #[arg(long, global = true, value_enum, default_value_t)]
    pub log_format: LogFormat,
    /// Log more (twice: everything)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// What every command is given.
pub struct Context {
    /// The options of every command.
    pub global: Global,
    /// The environment, read once.
    pub variables: Variables,
    /// Standard output.
    pub out: Output,
}

impl Context {
    /// Whether data is wanted as JSON.
    pub fn wants_json(&self) -> bool {
        self.global.output == OutputFormat::Json
    }

    /// Prints a value: as JSON for scripts, as a page for people.
    pub fn show(&mut self, shown: &impl Shown, now: &Now) -> Result<(), Failure> {
        if self.wants_json() {
            self.out.json(shown)
        } else {
            self.out.page(&shown.page(now))
        }
    }

    /// Loads the configuration that the command line names.
    pub fn load(&self, secrets: Secrets) -> Result<Loaded, Problems> {
        let (path, variables) = (&self.global.config, &self.variables);
        crate::config::load(Request {
            path,
            is_named: self.global.names_config,
            variables,
            secrets,
            now: Clock::real().now(),
        })
    }
}

impl Context {
    /// Loads the configuration as [`Context::load`] does, and tries the templates of webhooks: without one nothing could be
    /// sent, while a mail whose text is wrong goes out with the shipped one.
    pub fn load_and_try(&self, secrets: Secrets) -> Result<Loaded, Problems> {
        self.load(secrets).and_then(tried)
    }

    /// Does so again later, for whoever runs on: what the command line and the environment say stays the same.
    pub fn loader(&self) -> Loader {
        let (path, is_named, variables) = (
            self.global.config.clone(),
            self.global.names_config,
            self.variables.clone(),
        );
        Arc::new(move || {
            let request = Request {
                path: &path,
                is_named,
                variables: &variables,
                secrets: Secrets::Required,
                now: Clock::real().now(),
            };
            crate::config::load(request).and_then(tried)
        })
    }
}

/// The same configuration, when the templates of its webhooks are good, too.
fn tried(loaded: Loaded) -> Result<Loaded, Problems> {
    let problems = crate::daemon::webhooks::problems(&loaded);
    if problems.is_empty() {
        return Ok(loaded);
    }
    let warnings = loaded.warnings;
    Err(Problems { problems, warnings })
}

/// How a command that did not fail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Fine (0).
    Fine,
    /// Done, and somebody must look (1); what for is printed already.
    MustLook,
    /// The configuration is wrong (78); its problems are printed already.
    BadConfig,
    /// The state that a plugin of Nagios found (0, 1, 2 or 3).
    Plugin(Nagios),
}

impl Exit {
    pub const fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::MustLook => FAILED,
            Self::BadConfig => CONFIG,
            Self::Plugin(state) => state.code(),
        }
    }
}
