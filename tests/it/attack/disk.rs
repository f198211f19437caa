//! The disk below the store fails for a while: full, broken or read-only. What was written stays, what could not be is
//! said in words, and when the disk works again, so does the store.

use std::path::{Path, PathBuf};
use std::process::Command;

use balancewatch::domain::decision::{BRAKE, BY_PERSON, Decision};
use balancewatch::domain::watch::{AccountState, Watched};
use balancewatch::domain::{AccountName, Client, ClientId, Reading};
use balancewatch::store::{Access, Commit, Error, HistoryEntry, ReserveCalls, Seen, Store};
use jiff::{SignedDuration, Timestamp};

use crate::journey::world::World;

/// Tells the copy of this program that runs on the disk that fails where its folder is.
const ON_IT: &str = "DISK_BELOW";

/// A disk that fails when it is told to, for programs that are started on it.
pub struct Disk {
    folder: tempfile::TempDir,
    below: PathBuf,
}

impl Disk {
    /// A disk that works, with all files whose paths begin so.
    pub fn new(below: &Path) -> Self {
        let disk = Self {
            folder: tempfile::tempdir().unwrap(),
            below: below.to_owned(),
        };
        disk.heal();
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
            .env(ON_IT, &self.below)
            .env("DISK_FAULT", self.fault());
    }

    /// Whatever writes (`w`) or reads (`r`) fails from now on.
    pub fn fail(&self, how: Fault, what: char) {
        fail(&self.fault(), how, 1, what);
    }

    /// Whatever writes hangs from now on.
    pub fn stall(&self) {
        tell(&self.fault(), "0 1 w");
    }

    /// Whether something hangs.
    pub fn is_stalled(&self) -> bool {
        self.fault().with_extension("stalled").exists()
    }

    /// It works again.
    pub fn heal(&self) {
        heal(&self.fault());
    }

    fn library(&self) -> PathBuf {
        self.folder.path().join("failing_disk.so")
    }

    fn fault(&self) -> PathBuf {
        self.folder.path().join("fault")
    }
}

/// In one step, so that nobody reads half of it.
fn tell(control: &Path, what: &str) {
    let next = control.with_extension("next");
    std::fs::write(&next, what).unwrap();
    std::fs::rename(next, control).unwrap();
}

fn fail(control: &Path, how: Fault, first: u32, what: char) {
    tell(control, &format!("{} {first} {what}", how as i32));
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

/// How often the log has this.
fn count(world: &World, part: &str) -> usize {
    world.daemon_log().matches(part).count()
}

/// A network disk that is away, a machine that is being backed up: what hangs in the store must not hold up the end.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_hangs_keeps_nobody_from_stopping_the_daemon() {
    let world = World::new(1).await;
    world.reconfigure(r#"sweep = "60s""#, r#"sweep = "1s""#);
    let disk = Disk::new(&world.store_path());
    let mut daemon = world.daemon_after(|command| disk.holds(command));
    world.until("a sweep", |world| count(world, "sweep done") > 0).await;
    disk.stall();
    world.until("a write that hangs", |_| disk.is_stalled()).await;
    daemon.signal("TERM");
    assert_eq!(daemon.end().await.0, Some(0), "{}", world.daemon_log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_for_a_while_is_told_once_and_so_is_its_end_and_the_next_sweep_works() {
    let world = World::new(3).await;
    world.reconfigure(r#"sweep = "60s""#, r#"sweep = "1s""#);
    let disk = Disk::new(&world.store_path());
    let mut daemon = world.daemon_after(|command| disk.holds(command));
    world.until("two sweeps", |world| count(world, "sweep done") >= 2).await;
    for how in [Fault::ReadOnly, Fault::Broken] {
        let (failed, done) = (count(&world, "the sweep failed"), count(&world, "sweep done"));
        disk.fail(how, 'w');
        world
            .until("a failure", |world| count(world, "the sweep failed") > failed)
            .await;
        disk.heal();
        world
            .until("the next sweep", |world| count(world, "sweep done") > done)
            .await;
    }
    disk.fail(Fault::Full, 'w');
    let told = |world: &World, word: &str| {
        let mails = world.to_ops();
        mails
            .into_iter()
            .filter(|mail| mail.subject.starts_with(word))
            .collect::<Vec<_>>()
    };
    world
        .until("the mail", |world| !told(world, "CRITICAL").is_empty())
        .await;
    let place = world.store_path().display().to_string();
    told(&world, "CRITICAL")[0].says(&["the disk is full (", "nobody is watched", &place, "Free some space"]);
    let failed = count(&world, "the sweep failed");
    world
        .until("more failures", |world| count(world, "the sweep failed") > failed + 2)
        .await;
    world.balance(&world.ids[0], "5.00");
    let done = count(&world, "sweep done");
    disk.heal();
    world
        .until("the next sweep", |world| count(world, "sweep done") > done)
        .await;
    world
        .until("the end of it", |world| !told(world, "RESOLVED").is_empty())
        .await;
    world
        .until("what was low meanwhile", |world| !told(world, "WARNING").is_empty())
        .await;
    daemon.signal("TERM");
    assert_eq!(daemon.end().await.0, Some(0), "{}", world.daemon_log());
    assert_eq!((told(&world, "CRITICAL").len(), told(&world, "RESOLVED").len()), (1, 1));
    assert!(
        world.daemon_log().contains(&format!("`{place}`: the disk is full (")),
        "{}",
        world.daemon_log()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_on_a_disk_that_fails_is_told_once_however_often_and_so_is_the_start_that_works() {
    let world = World::new(1).await;
    world.sweep(0).await;
    let disk = Disk::new(&world.store_path());
    let subjects = |world: &World| {
        let mails = world.to_ops().into_iter();
        mails.map(|mail| mail.subject).collect::<Vec<_>>()
    };
    disk.fail(Fault::Full, 'w');
    for _ in 0..2 {
        let mut daemon = world.daemon_after(|command| disk.holds(command));
        assert_eq!(daemon.end().await.0, Some(1));
        assert!(world.daemon_log().contains("`: the disk "), "{}", world.daemon_log());
        let subjects = subjects(&world);
        assert!(
            matches!(&subjects[..], [one] if one.starts_with("CRITICAL") && one.contains("nobody is watched")),
            "{subjects:?}"
        );
    }
    disk.heal();
    let mut daemon = world.daemon_after(|command| disk.holds(command));
    world.until("the end of it", |world| subjects(world).len() == 2).await;
    daemon.signal("TERM");
    assert_eq!(daemon.end().await.0, Some(0), "{}", world.daemon_log());
    let mails = world.to_ops();
    assert!(mails[1].subject.starts_with("RESOLVED"), "{}", mails[1].subject);
    assert_eq!(mails[0].references, mails[1].references, "one thread");
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
            store.revoke(&account(), BRAKE).await.unwrap();
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
        "bury" => store.settle_dead_owners("daemon-", now).await,
        "brake" => {
            let brake = Decision::brake(account(), BY_PERSON, "because".to_owned(), now);
            store.decide(&brake).await.map(drop)
        }
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
    let below = tempfile::tempdir().unwrap();
    let disk = Disk::new(below.path());
    let mut copy = Command::new(std::env::current_exe().unwrap());
    disk.holds(copy.args([test, "--exact", "--nocapture"]));
    let ended = copy.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned() + &String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
}
