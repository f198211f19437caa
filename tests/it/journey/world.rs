//! A reseller, a mail server and a configuration, each in this process or in a folder of its own, and the real binary
//! to run against them. It judges nothing: the journeys do.

use std::ffi::OsStr;
use std::ops::Deref;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use balancewatch::clock::Clock;
use balancewatch::config::{Request, Secrets, Variables, load};
use balancewatch::daemon::once::Once;
use balancewatch::daemon::{Daemon as Program, Environment};
use balancewatch::mail_catcher::{CaughtMail, Options as Mailbox};
use balancewatch::monitor::Silent;
use balancewatch::simulator::{Options, Simulator};
use balancewatch::world::drive;
use jiff::SignedDuration;
use mail_parser::MessageParser;
use serde_json::{Value, json};

use crate::program::{Said, program};

/// The API password: long enough that its bytes stand nowhere by chance.
pub const API_PASSWORD: &str = "Api-S3cret-0815";

/// The mail server's password.
pub const SMTP_PASSWORD: &str = "Smtp-S3cret-4711";

/// Longest that anything awaited may take. Far above what it takes; only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often something is looked at that cannot be waited for otherwise.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Everybody and everything that the program meets.
pub struct World {
    around: balancewatch::world::World,
    pub folder: tempfile::TempDir,
    /// All clients' ids, in the order of the list.
    pub ids: Vec<String>,
}

impl Deref for World {
    type Target = balancewatch::world::World;

    fn deref(&self) -> &Self::Target {
        &self.around
    }
}

/// What the program is told.
const CONFIG: &str = r#"
[[account]]
name = "main"
url = "{url}"
username = "demo@example.com"
password = "Api-S3cret-0815"
rate_per_minute = 10000000

[schedule]
sweep = "60s"

[smtp]
url = "smtp://alerts@{mail}"
password = "Smtp-S3cret-4711"
from = "Phone service <alerts@example.com>"
timeout = "1s"

[[channel]]
name = "ops"
type = "email"
to = ["noc@example.com"]

[store]
url = "{store}"
"#;

impl World {
    /// This many clients, each at 100.00 with a threshold of 10.00, SOFT, who neither spend nor pay.
    pub async fn new(clients: u32) -> Self {
        let options = Options {
            clients,
            password: API_PASSWORD.to_owned().into(),
            settings: vec!["spending=off".to_owned(), "top-ups=off".to_owned()],
            ..Options::default()
        };
        let simulator = Simulator::new(options, Clock::real()).unwrap();
        let mailbox = Mailbox {
            login: Some(("alerts".to_owned(), SMTP_PASSWORD.to_owned())),
            ..Mailbox::default()
        };
        let ids: Vec<String> = (561_115..)
            .take(clients as usize)
            .map(|id: u32| id.to_string())
            .collect();
        for id in &ids {
            let record = json!({"balance": "100.00", "threshold": "10.00", "threshold_email": "", "balance_management": "soft",
                "email": address_of(id), "password": client_password(id)});
            simulator.edit(id, &record).unwrap();
        }
        simulator.edit("reseller", &json!({"balance": "500.00"})).unwrap();
        let world = Self {
            around: balancewatch::world::World::start(simulator, mailbox).await.unwrap(),
            folder: tempfile::tempdir().unwrap(),
            ids,
        };
        world.configure("");
        world
    }

    /// Writes the configuration, with more at its end.
    pub fn configure(&self, more: &str) {
        let text = self.configuration(CONFIG, self.folder.path());
        std::fs::write(self.config_path(), text + more).unwrap();
    }

    /// The same, with another mail server.
    pub fn configure_mail(&self, server: std::net::SocketAddr, more: &str) {
        self.configure(more);
        self.reconfigure(&self.mail.address().to_string(), &server.to_string());
    }

    /// Replaces a piece of the configuration, which must be in it.
    pub fn reconfigure(&self, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.config_path()).unwrap();
        assert!(text.contains(from), "`{from}` is not in the configuration");
        std::fs::write(self.config_path(), text.replace(from, to)).unwrap();
    }

    pub fn config_path(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    pub fn store_path(&self) -> PathBuf {
        self.folder.path().join("state.db")
    }

    /// The program with these arguments, not started.
    pub fn program(&self, arguments: &[&str]) -> Command {
        program(&self.config_path(), arguments)
    }

    /// Runs the program to its end. The simulator and the mail server work meanwhile.
    pub async fn run(&self, arguments: &[&str]) -> Said {
        let mut command = self.program(arguments);
        let ended = tokio::task::spawn_blocking(move || command.output().unwrap());
        within("the program's end", ended).await.unwrap().into()
    }

    /// One `sweep --once`, which must end with this code; what it printed.
    #[track_caller]
    pub fn sweep(&self, code: i32) -> impl Future<Output = Value> + '_ {
        let place = std::panic::Location::caller();
        async move {
            let said = self.run(&["sweep", "--once", "--output", "json"]).await;
            assert_eq!(said.code, Some(code), "{place}: {said:?}");
            said.json()
        }
    }

    /// What a command prints for scripts; it must end well.
    pub async fn json(&self, arguments: &[&str]) -> Value {
        let said = self.run(&[arguments, &["--output", "json"]].concat()).await;
        assert_eq!(said.code, Some(0), "{said:?}");
        said.json()
    }

    /// One sweep as `sweep --once` does it, in this process and so much later: by a clock that moves only to where
    /// something waits.
    pub async fn sweep_later(&self, secs: i64) -> Once {
        self.sweep_later_within(secs, None).await
    }

    /// The same, with this much time for each delivery in place of what is usual.
    pub async fn sweep_later_within(&self, secs: i64, delivery_timeout: Option<Duration>) -> Once {
        let now = Clock::real().now() + SignedDuration::from_secs(secs);
        let loaded = load(Request {
            is_named: true,
            path: &self.config_path(),
            variables: &Variables::default(),
            secrets: Secrets::Required,
            now,
        });
        let (clock, stepper) = Clock::stepped(now);
        let environment = Environment {
            clock,
            delivery_timeout,
            ..Environment::real()
        };
        let mut daemon = Program::build(&loaded.unwrap().settings, &environment).await.unwrap();
        // On the heap: a test's thread has little stack.
        let once = Box::pin(daemon.once(Duration::from_secs(10), &Silent));
        drive(&stepper, once).await.unwrap()
    }

    /// Starts `run`.
    pub fn daemon(&self) -> Daemon {
        self.daemon_with(&[])
    }

    /// Starts `run` with these variables in its environment.
    pub fn daemon_with(&self, variables: &[(&str, &OsStr)]) -> Daemon {
        self.daemon_after(|command| {
            command.envs(variables.iter().copied());
        })
    }

    /// Starts `run` after something was done to the command.
    pub fn daemon_after(&self, prepare: impl FnOnce(&mut Command)) -> Daemon {
        let mut command = self.program(&["run"]);
        let log = std::fs::File::create(self.folder.path().join("daemon.log")).unwrap();
        prepare(command.stdout(Stdio::null()).stderr(log));
        Daemon(command.spawn().unwrap())
    }

    /// What the daemon logged.
    pub fn daemon_log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("daemon.log")).unwrap()
    }

    /// Edits a client as a person does in the portal.
    pub fn edit(&self, id: &str, fields: &Value) {
        self.simulator.edit(id, fields).unwrap();
    }

    /// Charges or credits a client so that it has this balance.
    pub fn balance(&self, id: &str, balance: &str) {
        self.simulator.bring_to(id, balance).unwrap();
    }

    /// Sets a fault to a share; 0 ends it.
    pub fn fault(&self, name: &str, share: &str) {
        self.simulator.set_fault(name, share).unwrap();
    }

    /// How often a function was called so far.
    pub fn calls(&self, function: &str) -> u64 {
        self.simulator.stats()["calls_by_function"][function]
            .as_u64()
            .unwrap_or(0)
    }

    /// The mails so far.
    pub fn mails(&self) -> Vec<Letter> {
        self.mail.mails().iter().map(|mail| Letter::read(mail)).collect()
    }

    /// The mails to one address.
    pub fn mails_to(&self, address: &str) -> Vec<Letter> {
        self.mails().into_iter().filter(|mail| mail.to == [address]).collect()
    }

    /// The mails to the operators.
    pub fn to_ops(&self) -> Vec<Letter> {
        self.mails_to("noc@example.com")
    }

    /// Waits until the mails to an address are this many.
    pub async fn wait_for_mails_to(&self, address: &str, count: usize) -> Vec<Letter> {
        let mut found = Vec::new();
        self.until("a mail", |world| {
            found = world.mails_to(address);
            found.len() >= count
        })
        .await;
        found
    }

    /// Waits until something is so.
    pub async fn until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let looking = async {
            let mut ticks = tokio::time::interval(LOOK_EVERY);
            while !is_so(self) {
                ticks.tick().await;
            }
        };
        within(what, looking).await;
    }
}

/// A mail as its reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub to: Vec<String>,
    pub subject: String,
    pub text: String,
    pub id: String,
    /// The thread that it belongs to.
    pub references: String,
    pub bytes: Vec<u8>,
}

impl Letter {
    fn read(mail: &CaughtMail) -> Self {
        let parsed = MessageParser::default().parse(&mail.data).unwrap();
        Self {
            to: mail.to.clone(),
            subject: parsed.subject().unwrap_or_default().to_owned(),
            text: parsed.body_text(0).unwrap_or_default().into_owned(),
            id: mail.header("Message-ID").unwrap(),
            references: mail.header("References").unwrap_or_default(),
            bytes: mail.data.clone(),
        }
    }

    /// Asserts that it says all of this, in its subject or text; where lines break does not matter.
    #[track_caller]
    pub fn says(&self, parts: &[&str]) {
        let text = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in parts {
            let said = self.subject.contains(part) || text.contains(part);
            assert!(said, "`{part}` is missing in `{}`:\n{}", self.subject, self.text);
        }
    }
}

/// A running daemon; killed when the test ends.
pub struct Daemon(Child);

impl Daemon {
    /// One that was started elsewhere.
    pub fn of(child: Child) -> Self {
        Self(child)
    }

    /// Sends a signal by name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end; its exit code, and how long that took.
    pub async fn end(&mut self) -> (Option<i32>, Duration) {
        let clock = Clock::real();
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return (status.code(), clock.monotonic());
            }
            assert!(clock.monotonic() < PATIENCE, "the daemon never ended");
            ticks.tick().await;
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A client's own address.
pub fn address_of(id: &str) -> String {
    format!("client{id}@example.com")
}

/// A client's password in the portal.
pub fn client_password(id: &str) -> String {
    format!("Client-S3cret-{id}")
}

/// Does something that must end while there is patience.
pub async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    let Ok(done) = tokio::time::timeout(PATIENCE, work).await else {
        panic!("never came: {what}");
    };
    done
}

/// Clients are told, too.
pub const CLIENTS_TOO: &str = "\n[alerts]\nnotify_clients = true\n";

/// The numbers of one part of a report: of `alerts` those fired, resolved and withdrawn.
pub fn numbers(report: &Value, part: &str) -> Vec<u64> {
    let part = report[part].as_object().unwrap();
    part.values().map(|number| number.as_u64().unwrap()).collect()
}

/// Asserts that a sweep changed no alert and sent nothing.
#[track_caller]
pub fn nothing_new(report: &Value) {
    assert_eq!(numbers(report, "alerts"), [0, 0, 0], "{report}");
    assert_eq!(report["notifications"]["sent"], 0, "{report}");
}
