//! The disk below the store fails for a while: full, broken or read-only. What was written stays, what could not be is
//! said in words, and when the disk works again, so does the store.

use std::path::{Path, PathBuf};
use std::process::Command;

use balancewatch::domain::watch::{AccountState, Watched};
use balancewatch::domain::{AccountName, Client, ClientId, Reading};
use balancewatch::store::{Access, Commit, Error, HistoryEntry, ReserveCalls, Seen, Store};
use jiff::{SignedDuration, Timestamp};

/// Tells the copy of this program that runs on the disk that fails where its folder is.
const ON_IT: &str = "DISK_BELOW";

/// A folder on a disk that fails when it is told to, for programs that are started on it.
pub struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    /// A disk that works.
    pub fn new() -> Self {
        let disk = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        std::fs::create_dir(disk.below()).unwrap();
        std::fs::write(disk.fault(), "").unwrap();
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/attack/failing_disk.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(disk.library())
            .args([source, "-ldl", "-lpthread"])
            .status();
        assert!(built.unwrap().success(), "the C compiler that the README asks for");
        disk
    }

    /// Puts a program on it.
    pub fn holds(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", self.library())
            .env(ON_IT, self.below())
            .env("DISK_FAULT", self.fault());
    }

    /// The folder whose files are on it.
    pub fn below(&self) -> PathBuf {
        self.folder.path().join("below")
    }

    fn library(&self) -> PathBuf {
        self.folder.path().join("failing_disk.so")
    }

    fn fault(&self) -> PathBuf {
        self.folder.path().join("fault")
    }
}

/// In one step, so that nobody reads half of it.
fn fail(control: &Path, how: Fault, first: u32, what: char) {
    let next = control.with_extension("next");
    std::fs::write(&next, format!("{} {first} {what}", how as i32)).unwrap();
    std::fs::rename(next, control).unwrap();
}

fn heal(control: &Path) {
    std::fs::write(control, "").unwrap();
}

/// How a disk fails, with the numbers that Linux has for it.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    Full = 28,
    Broken = 5,
    ReadOnly = 30,
}

const FAULTS: [Fault; 3] = [Fault::Full, Fault::Broken, Fault::ReadOnly];

/// What is written to a store, and by what name.
const WRITES: [&str; 5] = ["commit", "reserve", "bury", "brake", "forget"];

/// The C library's calls fail in the whole process, so this test is run by a copy of its program of its own.
#[test]
fn whatever_write_of_the_store_fails_the_next_one_works_when_the_disk_does() {
    on_a_failing_disk(
        "attack::disk::whatever_write_of_the_store_fails_the_next_one_works_when_the_disk_does",
        |below, control| {
            block_on(every_write(below, control));
        },
    );
}

#[test]
fn whatever_read_of_the_store_fails_the_next_one_works_and_sees_what_is_new() {
    on_a_failing_disk(
        "attack::disk::whatever_read_of_the_store_fails_the_next_one_works_and_sees_what_is_new",
        |below, control| {
            block_on(every_read(below, control));
        },
    );
}

async fn every_write(below: PathBuf, control: PathBuf) {
    for how in FAULTS {
        let path = below.join(format!("{how:?}.db"));
        let store = Store::open(&path, Access::Daemon).await.unwrap();
        let mut number = 0;
        for kind in WRITES {
            for first in 1_u32.. {
                number += 1;
                prepare(&store, kind, number).await;
                fail(&control, how, first, 'w');
                let written = write(&store, kind, number).await;
                heal(&control);
                let Err(error) = written else {
                    assert!(first > 1, "{how:?}: {kind} writes nothing");
                    break;
                };
                let again = write(&store, kind, number).await;
                assert!(
                    again.is_ok(),
                    "{how:?}, {kind} after call {first} failed: {}",
                    chain(&again.unwrap_err())
                );
                let said = chain(&error);
                // Only what is written can be refused for want of room; a full disk that cannot sync is just an error.
                let words = if matches!((how, first), (Fault::Full, 1)) {
                    "the disk is full ("
                } else {
                    "the disk "
                };
                let named = path.display().to_string();
                assert!(said.contains(words) && said.contains(&named), "{how:?}, {kind}: {said}");
            }
        }
        let seen = store.load(&account()).await.unwrap();
        assert_eq!(seen.clients.len(), CLIENTS as usize);
    }
}

async fn every_read(below: PathBuf, control: PathBuf) {
    for how in [Fault::Broken, Fault::Full] {
        let store = Store::open(&below.join(format!("{how:?}.db")), Access::Daemon)
            .await
            .unwrap();
        let mut failed = 0;
        for first in 1_u32.. {
            write(&store, "commit", first).await.unwrap();
            fail(&control, how, first, 'r');
            let read = store.load(&account()).await;
            heal(&control);
            failed += u32::from(read.is_err());
            write(&store, "commit", first + 1_000).await.unwrap();
            let seen = store.load(&account()).await.unwrap();
            assert_eq!(seen.state.inventory_size, u64::from(first + 1_000), "{how:?} {first}");
            if read.is_ok() {
                break;
            }
        }
        assert!(failed > 1, "{how:?}: {failed}");
    }
}

/// Makes something to write: what changes nothing writes nothing.
async fn prepare(store: &Store, kind: &str, number: u32) {
    match kind {
        "bury" => write(store, "reserve", number).await.unwrap(),
        "brake" => {
            store
                .set_brake(&account(), false, "a test", "", at(number))
                .await
                .unwrap();
        }
        "forget" => write(store, "commit", number).await.unwrap(),
        _ => {}
    }
}

async fn write(store: &Store, kind: &str, number: u32) -> Result<(), Error> {
    let now = at(number);
    match kind {
        "commit" => store.commit(&commit(number)).await,
        "reserve" => {
            let request = ReserveCalls {
                now,
                calls: 3,
                last_start_by: now,
                occupied_until: now + SignedDuration::from_secs(60),
                settled: Vec::new(),
            };
            store.reserve_calls(&account(), "daemon-1", &request).await.map(drop)
        }
        "bury" => store.bury_callers("daemon-", now).await,
        "brake" => store
            .set_brake(&account(), true, "a test", "because", now)
            .await
            .map(drop),
        _ => store.forget_history_before(&account(), now).await.map(drop),
    }
}

/// Clients in a commit: so many that it writes pages of every kind of table.
const CLIENTS: u32 = 12;

fn commit(number: u32) -> Commit {
    let mut commit = Commit::new(account(), at(number));
    commit.state = Some(AccountState {
        inventory_size: number.into(),
        ..AccountState::default()
    });
    for place in 0..CLIENTS {
        let id = ClientId::new(&(561_115 + place).to_string()).unwrap();
        let balance = format!("{number}.{place:02}").parse().unwrap();
        let client = Client {
            id: id.clone(),
            email: format!("client{place}@example.com"),
            company: "A company".repeat(10),
            firstname: "John".to_owned(),
            lastname: "O'Neil".to_owned(),
            balance_management: "2".to_owned(),
            country: String::new(),
            fingerprint: "f".to_owned(),
        };
        commit.clients.push(Watched {
            reading: Some(Reading {
                balance,
                spent_today: None,
                spent_total: None,
                at: at(number),
            }),
            ..Watched::new(client, at(0))
        });
        commit.history.push(HistoryEntry {
            client: id,
            at: at(number),
            seen: Seen::Reading {
                balance,
                spent_today: None,
                threshold: None,
            },
        });
    }
    commit
}

fn account() -> AccountName {
    AccountName::new("main").unwrap()
}

fn at(secs: u32) -> Timestamp {
    let start: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
    start + SignedDuration::from_secs(i64::from(secs) * 60)
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn block_on(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(work);
}

/// Runs `work` in a copy of this program that runs only the test of this name, with the folder on a failing disk and the
/// file that says how it fails.
fn on_a_failing_disk(test: &str, work: impl FnOnce(PathBuf, PathBuf)) {
    let variable =
        |name: &str| std::env::vars_os().find_map(|(key, value)| (key == name).then(|| PathBuf::from(value)));
    if let (Some(below), Some(control)) = (variable(ON_IT), variable("DISK_FAULT")) {
        return work(below, control);
    }
    let disk = Disk::new();
    let mut copy = Command::new(std::env::current_exe().unwrap());
    disk.holds(copy.args([test, "--exact", "--nocapture"]));
    let ended = copy.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
}
