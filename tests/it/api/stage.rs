//! A simulator on loopback, a configuration that points to it, and the binary to run.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use balancewatch::clock::Clock;
use balancewatch::simulator::{Options, Simulator};
use balancewatch::store::{Access, Store};
use balancewatch::world::served;
use serde_json::{Map, Value};

use crate::program::{Said, program};

/// The client that is in every world.
pub const JOHN: &str = "561115";

/// The API password of these tests: nowhere may it be printed.
pub const API_PASSWORD: &str = "Api-S3cret/ü";

/// The portal password of [`JOHN`].
pub const PASSWORD: &str = "P@ss+w%C3rd \"1\" é";

/// A simulator with three clients of whom nobody spends or pays, and a folder with a configuration.
pub struct Stage {
    pub simulator: Arc<Simulator>,
    folder: tempfile::TempDir,
    _server: tokio::task::JoinSet<()>,
}

impl Stage {
    pub async fn new(settings: &[&str]) -> Self {
        let mut all = vec!["spending=off".to_owned(), "top-ups=off".to_owned()];
        all.extend(settings.iter().map(|setting| (*setting).to_owned()));
        let options = Options {
            clients: 3,
            settings: all,
            password: API_PASSWORD.into(),
            ..Options::default()
        };
        let simulator = Simulator::new(options, Clock::real()).unwrap();
        let (url, server) = served(&simulator).await.unwrap();
        let stage = Self {
            simulator,
            folder: tempfile::tempdir().unwrap(),
            _server: server,
        };
        stage.configure(&url);
        stage.edit(&serde_json::json!({
            "balance": "8.0588", "company": "Ü & Söhne \"Ltd\" <x>", "firstname": "Seán", "lastname": "O'Brien",
            "city": "MONTRÉAL", "state": "QUÉBEC", "country": "CA", "zip": "02134", "phone_number": "0551112222",
            "password": PASSWORD,
        }));
        stage
    }

    fn configure(&self, url: &str) {
        let account = |name: &str| {
            format!(
                "[[account]]\nname = \"{name}\"\nurl = \"{url}\"\nusername = \"demo@example.com\"\n\
                 password = \"{API_PASSWORD}\"\nrate_per_minute = 6000\ncurrency = \"CAD\"\n"
            )
        };
        let rest = format!(
            "[smtp]\nurl = \"smtp://127.0.0.1:2525\"\nfrom = \"a@example.com\"\n\
             [[channel]]\nname = \"ops\"\ntype = \"email\"\nto = [\"noc@example.com\"]\n\
             [store]\nurl = \"sqlite://{}\"\n",
            self.store_path().display()
        );
        std::fs::write(self.config_path(), account("main") + &rest).unwrap();
        std::fs::write(self.path("two.toml"), account("main") + &account("other") + &rest).unwrap();
    }

    /// The same configuration for a server at another address.
    pub fn pointing_to(&self, scheme: &str, address: SocketAddr) -> PathBuf {
        let config = std::fs::read_to_string(self.config_path()).unwrap();
        let (before, url) = config.split_once("http://127.0.0.1:").unwrap();
        let (_, after) = url.split_once('/').unwrap();
        let config = format!("{before}{scheme}://{address}/{after}");
        self.file("elsewhere.toml", config.as_bytes()).into()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn config_path(&self) -> PathBuf {
        self.path("config.toml")
    }

    pub fn store_path(&self) -> PathBuf {
        self.path("state.db")
    }

    /// Makes the store, empty; where it is.
    pub async fn make_store(&self) -> String {
        let store = Store::open(&self.store_path(), Access::Daemon).await.unwrap();
        store.close().await;
        format!("sqlite://{}", self.store_path().display())
    }

    /// A file in the folder.
    pub fn file(&self, name: &str, bytes: &[u8]) -> String {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name).to_str().unwrap().to_owned()
    }

    /// A person's edit of [`JOHN`].
    pub fn edit(&self, fields: &Value) {
        self.simulator.edit(JOHN, fields).unwrap();
    }

    /// [`JOHN`] as the simulator has it.
    pub fn john(&self) -> Value {
        self.simulator.client(JOHN).unwrap()
    }

    /// `balancewatch api …`, in words; a word with blanks stands in single quotes.
    pub fn api(&self, line: &str) -> Said {
        self.run(&words(line), b"")
    }

    /// `balancewatch api …` with something on standard input.
    pub fn run(&self, arguments: &[String], input: &[u8]) -> Said {
        self.run_with(&self.config_path(), arguments, input)
    }

    pub fn run_with(&self, config: &Path, arguments: &[String], input: &[u8]) -> Said {
        let mut child = self.command(config, arguments).spawn().unwrap();
        // A program that reads nothing may be gone already.
        child.stdin.take().unwrap().write_all(input).ok();
        said(child.wait_with_output().unwrap())
    }

    pub fn command(&self, config: &Path, arguments: &[String]) -> Command {
        let mut command = program(config, ["api"]);
        command.args(arguments).stdin(Stdio::piped());
        command
    }

    /// All calls that arrived, in order: function and parameters.
    pub fn arrived(&self) -> Vec<(String, Map<String, Value>)> {
        let all = self.simulator.requests();
        let calls = all.as_array().unwrap().iter().map(|request| {
            let mut params = request["params"].as_object().unwrap().clone();
            assert_eq!(params.remove("api_password").unwrap(), "***");
            assert_eq!(params.remove("api_username").unwrap(), "demo@example.com");
            let method = params.remove("method").unwrap();
            (method.as_str().unwrap().to_owned(), params)
        });
        calls.collect()
    }

    /// The functions of all calls that arrived, in order.
    pub fn called(&self) -> Vec<String> {
        self.arrived().into_iter().map(|(function, _)| function).collect()
    }

    /// How often a function was called.
    pub fn times(&self, function: &str) -> usize {
        self.called().iter().filter(|called| *called == function).count()
    }
}

/// A command line in words.
pub fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in line.split('\'').enumerate() {
        if index % 2 == 0 {
            words.extend(part.split_whitespace().map(str::to_owned));
        } else {
            words.push(part.to_owned());
        }
    }
    words
}

/// How the program ended and what it said, which is not the API password.
pub fn said(output: Output) -> Said {
    let said = Said::from(output);
    // Its beginning stays as it is in a URL, too.
    let (start, _) = API_PASSWORD.split_once('/').unwrap();
    assert!(
        !said.out.contains(start) && !said.err.contains(start),
        "the API password is printed: {said:?}"
    );
    said
}
