//! Everybody and everything that one daemon meets, each a process of its own: the reseller API, a mail server, a webhook, an
//! Alertmanager. It kills whom it is told to, and judges nothing.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use balancewatch::domain::AccountName;
use balancewatch::domain::enforcement::Enforcement;
use balancewatch::domain::kept::AccountView;
use balancewatch::domain::notice::Notification;
use balancewatch::net::{Bounds, HttpClient, HttpRequest, Method, Network, Url};
use balancewatch::store::{Access, Filter, Store};
use serde_json::{Value, json};

use super::receiver::{Kind, Receiver, free_port};
use crate::journey::world::Daemon;
use crate::program::program;

/// What the program is told. Episodes may follow each other closely, so that much happens between two kills.
const CONFIG: &str = r#"
[[account]]
name = "main"
url = "http://127.0.0.1:{api}/api/v1/rest.php"
username = "demo@example.com"
password = "demo"
rate_per_minute = {rate}

[schedule]
sweep = "1s"

[smtp]
url = "smtp://127.0.0.1:{mail}"
from = "Phone service <alerts@example.com>"
timeout = "1s"

[[channel]]
name = "ops"
type = "email"
to = ["noc@example.com", "owner@example.com"]

[[channel]]
name = "hook"
type = "webhook"
url = "http://127.0.0.1:{hook}/alerts"

[[channel]]
name = "mirror"
type = "alertmanager"
urls = ["http://127.0.0.1:{mirror}"]
resend = "1s"

[store]
url = "sqlite://{store}"

[[policy]]
name = "low-balance"
clear_readings = 1
cool_down = "0s"

[[policy]]
name = "overdrawn"
clear_readings = 1
cool_down = "0s"
enforce = { balance_management = "hard" }

[enforcement]
mode = "apply"
canary_wait = "1s"
max_per_hour = 50
max_share_per_day = "100%"
"#;

/// How fast the world lives: what is spent is charged by the minute.
const MINUTE_A_SECOND: &str = "60";

/// Most notifications that are read.
const MOST: usize = 100_000;

/// One reseller with everything around it.
pub struct Stage {
    pub folder: tempfile::TempDir,
    /// All clients' ids, in the order of the list.
    pub ids: Vec<String>,
    pub mail: Receiver,
    pub hook: Receiver,
    pub mirror: Receiver,
    sim: HttpClient,
    at: String,
    api: Child,
}

/// What the store holds.
pub struct Held {
    pub view: AccountView,
    pub notifications: Vec<Notification>,
    pub enforcements: Vec<Enforcement>,
    /// Readings that were kept, of all clients.
    pub readings: u64,
}

impl Stage {
    /// So many clients, each at 100.00 with a threshold of 10.00, SOFT, who neither spend nor pay.
    pub async fn set(clients: u32, rate_per_minute: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let mail = Receiver::start(Kind::Mail, at("mail")).await;
        let hook = Receiver::start(Kind::Http, at("hook")).await;
        let mirror = Receiver::start(Kind::Http, at("mirror")).await;
        let api = free_port();
        let config = CONFIG
            .replace("{api}", &api.to_string())
            .replace("{rate}", &rate_per_minute.to_string())
            .replace("{mail}", &mail.port.to_string())
            .replace("{hook}", &hook.port.to_string())
            .replace("{mirror}", &mirror.port.to_string())
            .replace("{store}", at("state.db").to_str().unwrap());
        fs::write(at("config.toml"), config).unwrap();
        let url = Url::parse(&format!("http://127.0.0.1:{api}/sim/")).unwrap();
        let stage = Self {
            ids: (561_115..)
                .take(clients as usize)
                .map(|id: u32| id.to_string())
                .collect(),
            sim: HttpClient::writes(&url, &Network::load(), Bounds::default()).unwrap(),
            at: url.to_string(),
            api: simulator(&at("config.toml"), api, clients),
            mail,
            hook,
            mirror,
            folder,
        };
        for id in &stage.ids {
            let record = json!({"balance": "100.00", "threshold": "10.00", "balance_management": "soft"});
            stage.edit(id, record).await;
        }
        stage.edit("reseller", json!({"balance": "100000.00"})).await;
        stage
    }

    /// Edits a client as a person does in the portal.
    pub async fn edit(&self, id: &str, fields: Value) {
        self.ask(Method::PATCH, &format!("clients/{id}"), Some(fields)).await;
    }

    /// What is known of a client.
    pub async fn client(&self, id: &str) -> Value {
        self.ask(Method::GET, &format!("clients/{id}"), None).await
    }

    /// What was called so far.
    pub async fn stats(&self) -> Value {
        self.ask(Method::GET, "stats", None).await
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let url = Url::parse(&format!("{}{path}", self.at)).unwrap();
        let mut request = HttpRequest::new(method, url);
        request.body = body.map(|body| body.to_string().into_bytes());
        let answer = self.sim.send(request).await.unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        serde_json::from_slice(&answer.body).unwrap()
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    /// Starts the program once more.
    pub fn daemon(&self) -> Daemon {
        let path = self.folder.path().join("daemon.log");
        let log = File::options().create(true).append(true).open(path).unwrap();
        let mut command = program(&self.config(), ["run"]);
        Daemon::of(command.stdout(Stdio::null()).stderr(log).spawn().unwrap())
    }

    /// What all lives of the program logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("daemon.log")).unwrap_or_default()
    }

    /// The receivers, by their channels' names.
    pub fn receivers(&mut self) -> [&mut Receiver; 3] {
        [&mut self.mail, &mut self.hook, &mut self.mirror]
    }

    /// What the store holds now.
    pub async fn held(&self) -> Held {
        let store = Store::open(&self.folder.path().join("state.db"), Access::Read)
            .await
            .unwrap();
        let account = AccountName::new("main").unwrap();
        let newest = || Filter::newest(account.clone(), MOST);
        let view = store.load(&account).await.unwrap();
        let mut readings = 0;
        for watched in &view.clients {
            let kept = store.history(&account, &watched.client.id, MOST).await.unwrap();
            readings += kept.iter().map(|kept| kept.count).sum::<u64>();
        }
        let held = Held {
            notifications: store.notifications(&newest()).await.unwrap(),
            enforcements: store.enforcements(&newest()).await.unwrap(),
            view,
            readings,
        };
        store.close().await;
        held
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // It may have ended already.
        self.api.kill().ok();
        self.api.wait().ok();
    }
}

/// Starts the reseller API; it listens when this is over.
fn simulator(config: &std::path::Path, port: u16, clients: u32) -> Child {
    let (listen, clients) = (format!("127.0.0.1:{port}"), clients.to_string());
    let arguments = [
        "simulate",
        "--listen",
        &listen,
        "--clients",
        &clients,
        "--speed",
        MINUTE_A_SECOND,
        "--set",
        "spending=off",
        "--set",
        "top-ups=off",
    ];
    let mut command = program(config, arguments);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with("listening on "), "{line}");
    child
}
