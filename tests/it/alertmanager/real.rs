//! Debian's `prometheus-alertmanager`, started with a configuration of its own behind a door that stays where it is when the
//! program is started anew; and the receiver that it tells. It judges nothing: the tests do.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use balancewatch::net::{Bounds, HttpClient, HttpRequest, Method, Network, Url};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::journey::world::within;

/// How often something is looked at that cannot be waited for otherwise.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Tells each alert by itself and at once; what is over is told a second later.
const CONFIG: &str = "
route: { receiver: test, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 24h }
receivers: [ { name: test, webhook_configs: [ { url: 'http://RECEIVER/', send_resolved: true } ] } ]
";

/// Where the program is; `None`, told: this machine does not have it, which nobody but a machine that judges must have.
pub fn program() -> Option<PathBuf> {
    let named = std::env::var_os("BALANCEWATCH_TEST_ALERTMANAGER").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let installed = folders.into_iter().map(|folder| folder.join("prometheus-alertmanager"));
    let found = named.into_iter().chain(installed).find(|path| path.is_file());
    if found.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "Debian's package prometheus-alertmanager is missing"
        );
        // Not as a test's output, which is kept back where it passes.
        let mut errors = std::io::stderr();
        writeln!(errors, "skipped: needs Debian's package prometheus-alertmanager").unwrap();
    }
    found
}

/// A running Alertmanager; killed when the test ends.
pub struct Alertmanager {
    program: PathBuf,
    folder: tempfile::TempDir,
    child: Child,
    /// Where it is found, whichever process it is.
    pub door: SocketAddr,
    /// Where the door leads.
    behind: Arc<Mutex<Option<SocketAddr>>>,
    pub receiver: Receiver,
}

impl Alertmanager {
    /// Starts one that knows nothing; `None`: this machine has none.
    pub async fn start() -> Option<Self> {
        let (program, receiver) = (program()?, Receiver::start().await);
        let folder = tempfile::tempdir().unwrap();
        let config = CONFIG.replace("RECEIVER", &receiver.address.to_string());
        std::fs::write(folder.path().join("alertmanager.yml"), config).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let door = listener.local_addr().unwrap();
        let behind = Arc::<Mutex<Option<SocketAddr>>>::default();
        tokio::spawn(lead(listener, Arc::clone(&behind)));
        let child = spawn(&program, &folder);
        let started = Self {
            program,
            folder,
            child,
            door,
            behind,
            receiver,
        };
        started.open().await;
        Some(started)
    }

    /// Waits until it listens, and opens the door.
    async fn open(&self) {
        let log = self.folder.path().join("log");
        let mut address = None;
        until("Alertmanager", async || {
            let said = std::fs::read_to_string(&log).unwrap();
            let listens = said.lines().find(|line| line.contains("msg=\"Listening on\""));
            address = listens.and_then(|line| line.rsplit_once("address=")?.1.parse().ok());
            address.is_some()
        })
        .await;
        *self.behind.lock().unwrap() = address;
    }

    /// Ends it as an operator does, and starts it on what it kept: whom it told, and no alert.
    pub async fn restart(&mut self) {
        *self.behind.lock().unwrap() = None;
        let id = self.child.id().to_string();
        assert!(Command::new("kill").arg(&id).status().unwrap().success());
        until("its end", async || self.child.try_wait().unwrap().is_some()).await;
        self.child = spawn(&self.program, &self.folder);
        self.open().await;
    }

    /// What it shows as firing.
    pub async fn alerts(&self) -> Vec<Value> {
        let url = Url::parse(&format!("http://{}/api/v2/alerts?active=true", self.door)).unwrap();
        let client = HttpClient::writes(&url, &Network::load(), Bounds::default()).unwrap();
        let answer = client.send(HttpRequest::new(Method::GET, url)).await.unwrap();
        assert_eq!(answer.status, 200);
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// Waits until it shows this many as firing.
    pub async fn wait_for_alerts(&self, count: usize) -> Vec<Value> {
        let mut alerts = Vec::new();
        until("alerts", async || {
            alerts = self.alerts().await;
            alerts.len() == count
        })
        .await;
        alerts
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn spawn(program: &PathBuf, folder: &tempfile::TempDir) -> Child {
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    let mut command = Command::new(program);
    command
        .current_dir(folder.path())
        .args(["--config.file=alertmanager.yml", "--storage.path=data"])
        .args(["--web.listen-address=127.0.0.1:0", "--cluster.listen-address="]);
    command.stdout(Stdio::null()).stderr(log).spawn().unwrap()
}

/// Leads everybody who comes to what is behind the door, or turns them away.
async fn lead(door: TcpListener, behind: Arc<Mutex<Option<SocketAddr>>>) {
    loop {
        let (mut guest, _) = door.accept().await.unwrap();
        let Some(address) = *behind.lock().unwrap() else {
            continue;
        };
        tokio::spawn(async move {
            if let Ok(mut host) = TcpStream::connect(address).await {
                tokio::io::copy_bidirectional(&mut guest, &mut host).await.ok();
            }
        });
    }
}

/// Whom Alertmanager tells: the alerts of every webhook it sent, as it sent them.
pub struct Receiver {
    address: SocketAddr,
    told: Arc<Mutex<Vec<Value>>>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let told = Arc::<Mutex<Vec<Value>>>::default();
        let kept = Arc::clone(&told);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(hear(stream, Arc::clone(&kept)));
            }
        });
        Self { address, told }
    }

    /// All that it was told so far of one client: `firing` and `resolved`, in order.
    pub fn told_of(&self, client: &str) -> Vec<String> {
        let told = self.told.lock().unwrap();
        let of_it = told.iter().filter(|alert| alert["labels"]["client"] == client);
        of_it
            .map(|alert| alert["status"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Waits until it was told this of a client, and nothing else.
    pub async fn wait_until_told(&self, client: &str, expected: &[&str]) {
        until(&format!("{expected:?} of {client}"), async || {
            let told = self.told_of(client);
            assert!(told.len() <= expected.len(), "{told:?} instead of {expected:?}");
            told == expected
        })
        .await;
    }
}

async fn hear(mut stream: TcpStream, told: Arc<Mutex<Vec<Value>>>) {
    let mut bytes = Vec::new();
    loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            let all = end + 4 + length.unwrap_or(0);
            if bytes.len() >= all {
                let webhook: Value = serde_json::from_slice(&bytes[end + 4..all]).unwrap();
                told.lock()
                    .unwrap()
                    .extend(webhook["alerts"].as_array().unwrap().clone());
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                    .await
                    .ok();
                bytes.drain(..all);
                continue;
            }
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    }
}

/// Waits until something is so.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let looking = async {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        while !is_so().await {
            ticks.tick().await;
        }
    };
    within(what, looking).await;
}
