//! Who is told: a mail server, and receivers of HTTP, each a process of its own that can be killed like the program. What one
//! took is in files before it answers. It judges nothing.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener as Port};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use balancewatch::clock::Clock;
use balancewatch::mail_catcher::{MailServer, Options};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::channels::receiver::request;
use crate::journey::world::within;

/// What it is to do: its kind, its port and its folder, with a blank between.
const ORDERS: &str = "BALANCEWATCH_TEST_RECEIVER";

/// How often something is looked at that cannot be waited for otherwise.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Ports from here on are given to nobody who asks for any port.
const FIRST_PORT: u16 = 21_000;

/// What is posted to a receiver of HTTP, a line each.
const JOURNAL: &str = "journal";

/// What a receiver takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Mail,
    Http,
}

/// A receiver, whichever process it is.
pub struct Receiver {
    kind: Kind,
    pub port: u16,
    folder: PathBuf,
    process: Option<Child>,
}

/// Something that came.
#[derive(Clone, Debug)]
pub struct Came {
    pub at: Timestamp,
    /// An address, for mails.
    pub recipient: String,
    /// What tells a repeat from another message.
    pub id: String,
    pub body: String,
}

impl Receiver {
    /// One that keeps what it takes in `folder`. It listens when this is over.
    pub async fn start(kind: Kind, folder: PathBuf) -> Self {
        fs::create_dir(&folder).unwrap();
        let mut receiver = Self {
            kind,
            port: free_port(),
            folder,
            process: None,
        };
        receiver.begin();
        receiver.listens().await;
        receiver
    }

    /// Starts it, if it does not run.
    pub fn begin(&mut self) {
        if self.process.is_some() {
            return;
        }
        let kind = match self.kind {
            Kind::Mail => "mail",
            Kind::Http => "http",
        };
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "kills::receiver::in_a_process_of_its_own", "--nocapture"])
            .env(ORDERS, format!("{kind} {} {}", self.port, self.folder.display()));
        // It ends when its input does, also if this process is killed.
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        self.process = Some(command.spawn().unwrap());
    }

    /// Waits until it listens.
    pub async fn listens(&self) {
        let connected = async {
            let mut ticks = tokio::time::interval(LOOK_EVERY);
            while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.is_err() {
                ticks.tick().await;
            }
        };
        within("a receiver", connected).await;
    }

    /// Kills it.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// How much has come so far.
    pub fn size(&self) -> u64 {
        match self.kind {
            Kind::Mail => fs::read_dir(&self.folder).unwrap().count() as u64,
            Kind::Http => fs::metadata(self.folder.join(JOURNAL)).map_or(0, |found| found.len()),
        }
    }

    /// All that came so far, in the order in which it was taken.
    pub fn came(&self) -> Vec<Came> {
        match self.kind {
            Kind::Mail => mails(&self.folder),
            Kind::Http => posts(&self.folder.join(JOURNAL)),
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port on which nobody listens, and that nobody gets who asks for any.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let offset = u16::try_from(std::process::id() % 10_000).unwrap();
    loop {
        let port = FIRST_PORT + (offset + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000;
        if Port::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

fn mails(folder: &Path) -> Vec<Came> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<(u32, PathBuf)> = files.filter_map(|file| Some((number(&file)?, file))).collect();
    files.sort();
    let read = files.into_iter().filter_map(|(_, file)| {
        let text = fs::read_to_string(&file).unwrap();
        let changed = fs::metadata(&file).unwrap().modified().unwrap();
        // One that was killed in between left an empty file, and answered nothing.
        (!text.is_empty()).then(|| Came {
            at: Timestamp::try_from(changed).unwrap(),
            recipient: header(&text, "To"),
            id: header(&text, "Message-ID"),
            body: text,
        })
    });
    read.collect()
}

/// The number of a mail by the name of its file.
fn number(file: &Path) -> Option<u32> {
    file.file_name()?.to_str()?.split('-').next()?.parse().ok()
}

/// The first header of this name.
fn header(mail: &str, name: &str) -> String {
    let unfolded = mail.replace("\r\n ", " ").replace("\r\n\t", " ");
    let value = unfolded
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    value.unwrap_or_default().to_owned()
}

fn posts(journal: &Path) -> Vec<Came> {
    let text = fs::read_to_string(journal).unwrap_or_default();
    // A line that does not end was never answered.
    let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let posts = whole.map(|line| {
        let post: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| post[key].as_str().unwrap().to_owned();
        Came {
            at: text("at").parse().unwrap(),
            recipient: String::new(),
            id: text("id"),
            body: text("body"),
        }
    });
    posts.collect()
}

/// Not a test by itself: what [`Receiver::begin`] starts. Without orders there is nothing to do.
#[tokio::test(flavor = "multi_thread")]
async fn in_a_process_of_its_own() {
    let Some(orders) = std::env::var_os(ORDERS) else {
        return;
    };
    let orders = orders.to_str().unwrap();
    let [kind, port, folder] = orders.splitn(3, ' ').collect::<Vec<_>>().try_into().unwrap();
    let port: u16 = port.parse().unwrap();
    let serves = async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        match kind {
            "mail" => take_mails(listener, Path::new(folder)).await,
            _ => take_posts(listener, Path::new(folder)).await,
        }
    };
    let parent_ends = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0]));
    tokio::select! {
        () = serves => {}
        _ = parent_ends => {}
    }
}

async fn take_mails(listener: TcpListener, folder: &Path) {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let server = MailServer::new(Options {
        folder: Some(folder.to_owned()),
        numbered_after: files.filter_map(|file| number(&file)).max().unwrap_or(0),
        ..Options::default()
    });
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let server = server.clone();
        tokio::spawn(async move {
            // A conversation that breaks off is the program's matter.
            server.hold(Box::new(stream)).await.ok();
        });
    }
}

async fn take_posts(listener: TcpListener, folder: &Path) {
    let journal = File::options().create(true).append(true).open(folder.join(JOURNAL));
    let journal = Arc::new(Mutex::new(journal.unwrap()));
    let clock = Clock::real();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (journal, clock) = (Arc::clone(&journal), clock.clone());
        tokio::spawn(async move {
            let Some(seen) = request(&mut stream).await else {
                return;
            };
            let id = seen.header("webhook-id").unwrap_or_default();
            let post = json!({"at": clock.now().to_string(), "id": id, "body": seen.body});
            // In one piece, so that a kill leaves all of it or nothing.
            journal
                .lock()
                .unwrap()
                .write_all(format!("{post}\n").as_bytes())
                .unwrap();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            // A client that has gone is no trouble of the receiver.
            stream.write_all(answer).await.ok();
            stream.shutdown().await.ok();
        });
    }
}
