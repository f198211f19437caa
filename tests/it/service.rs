//! What the service manager hears from the real binary, through a socket as systemd has it, and a socket that it passes on.

use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use balancewatch::clock::Clock;

use crate::attack::disk::Disk;
use crate::journey::world::World;

/// A manager that hears everything, and when.
struct Manager(Arc<Mutex<Vec<(Duration, String)>>>, std::path::PathBuf);

impl Manager {
    fn new(world: &World) -> Self {
        let path = world.folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        let heard: Arc<Mutex<Vec<(Duration, String)>>> = Arc::default();
        let writes = Arc::clone(&heard);
        std::thread::spawn(move || {
            let (clock, mut buffer) = (Clock::real(), [0; 4096]);
            while let Ok(length) = socket.recv(&mut buffer) {
                let text = String::from_utf8(buffer[..length].to_vec()).unwrap();
                writes.lock().unwrap().push((clock.monotonic(), text));
            }
        });
        Self(heard, path)
    }

    fn starts(&self, command: &mut Command) {
        command.env("NOTIFY_SOCKET", &self.1);
    }

    fn heard(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|(_, text)| text.clone()).collect()
    }

    async fn hears(&self, world: &World, what: &str) {
        world
            .until(what, |_| self.heard().iter().any(|heard| heard.contains(what)))
            .await;
    }

    /// When each sign came that it is not stuck.
    fn signs(&self) -> Vec<Duration> {
        let heard = self.0.lock().unwrap();
        let signs = heard.iter().filter(|(_, text)| text == "WATCHDOG=1\n");
        signs.map(|(at, _)| *at).collect()
    }

    fn longest_silence(&self) -> Duration {
        let signs = self.signs();
        signs.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_that_it_is_up_how_it_goes_that_it_reloads_and_that_it_stops() {
    let world = World::new(2).await;
    let manager = Manager::new(&world);
    // No sweep ends before this does: that keeps nobody from being up.
    world.fault("slow", "1");
    let mut daemon = world.daemon_after(|command| manager.starts(command));
    manager.hears(&world, "READY=1\n").await;
    assert_eq!(manager.heard()[0], "READY=1\n");
    manager.hears(&world, "STATUS=no sweep yet; next ").await;
    world.fault("slow", "0");
    manager.hears(&world, "STATUS=last sweep ").await;

    daemon.signal("HUP");
    manager.hears(&world, "RELOADING=1\nMONOTONIC_USEC=").await;
    world
        .until("up again", |_| {
            manager.heard().iter().filter(|heard| *heard == "READY=1\n").count() == 2
        })
        .await;
    world.configure("\n[nonsense]\nx = 1\n");
    daemon.signal("HUP");
    manager.hears(&world, "was refused: ").await;
    let heard = manager.heard();
    let refused = heard.iter().find(|heard| heard.contains("was refused")).unwrap();
    assert_eq!(
        (refused.lines().count(), refused.contains("nonsense")),
        (1, true),
        "{refused}"
    );
    world
        .until("up again", |_| {
            manager.heard().iter().filter(|heard| *heard == "READY=1\n").count() == 3
        })
        .await;

    daemon.signal("TERM");
    assert_eq!(daemon.end().await.0, Some(0));
    manager.hears(&world, "STOPPING=1\nSTATUS=stopping").await;
    // Each reload ends before anything else begins.
    let states = manager.heard();
    let states = states.iter().filter(|state| !state.starts_with("STATUS"));
    let states: Vec<&str> = states.map(|state| state.split('=').next().unwrap()).collect();
    assert_eq!(
        states,
        ["READY", "RELOADING", "READY", "RELOADING", "READY", "STOPPING"]
    );
}

/// How long the manager waits for a sign; longer than any loop takes for a turn.
const ALLOWED: Duration = Duration::from_secs(8);

fn watched(manager: &Manager, command: &mut Command) {
    manager.starts(command);
    command.env("WATCHDOG_USEC", ALLOWED.as_micros().to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn signs_of_life_end_when_a_sweep_hangs_and_come_back_with_it() {
    let world = World::new(2).await;
    world.reconfigure(r#"sweep = "60s""#, r#"sweep = "1s""#);
    let (manager, disk) = (Manager::new(&world), Disk::new(&world.store_path()));
    let _daemon = world.daemon_after(|command| {
        watched(&manager, command);
        disk.holds(command);
    });
    world.until("signs", |_| manager.signs().len() > 4).await;
    assert!(manager.longest_silence() < ALLOWED / 2);
    disk.stall();
    world.until("a write that hangs", |_| disk.is_stalled()).await;
    world
        .until("the log", |world| {
            world.daemon_log().contains("nothing goes on any more")
        })
        .await;
    let before = manager.signs();
    disk.heal();
    world
        .until("signs again", |_| manager.signs().len() > before.len())
        .await;
    // Silent for long before it was told, and systemd counts from the last sign.
    let heard = manager.signs();
    assert!(heard[before.len()] - before[before.len() - 1] >= ALLOWED / 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_the_pace_is_not_stuck() {
    let world = World::new(2).await;
    world.reconfigure("rate_per_minute = 10000000", "rate_per_minute = 4");
    let manager = Manager::new(&world);
    let _daemon = world.daemon_after(|command| watched(&manager, command));
    // Fifteen seconds between two calls.
    let calls = |world: &World| world.simulator.stats()["calls"].as_u64().unwrap_or(0);
    world.until("three calls", |world| calls(world) >= 3).await;
    assert!(manager.longest_silence() < ALLOWED / 2, "{:?}", manager.signs());
    assert!(
        !world.daemon_log().contains("nothing goes on"),
        "{}",
        world.daemon_log()
    );
}

/// Passes a socket on as systemd does, to the program that it becomes.
const ACTIVATE: &str = "\
import os, socket, sys
listener = socket.socket()
listener.bind((sys.argv[1], 0))
listener.listen()
print(listener.getsockname()[1], flush=True)
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES='web')
os.execv(sys.argv[2], sys.argv[2:])";

/// The daemon's command behind [`ACTIVATE`].
fn activated(world: &World, address: &str) -> Command {
    let daemon = world.program(&["run"]);
    let mut command = Command::new("python3");
    command
        .args(["-c", ACTIVATE, address])
        .arg(daemon.get_program())
        .args(daemon.get_args());
    command
        .env_clear()
        .env("BALANCEWATCH__WEB__LISTEN", "off")
        .env("PATH", "/usr/bin:/bin");
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn it_serves_on_a_socket_that_it_is_given_and_on_an_open_one_only_with_a_token() {
    let world = World::new(1).await;
    let mut command = activated(&world, "127.0.0.1");
    let log = std::fs::File::create(world.folder.path().join("daemon.log")).unwrap();
    let mut daemon = command.stderr(log).stdout(std::process::Stdio::null()).spawn().unwrap();
    world
        .until("the listener", |world| {
            world.daemon_log().contains("the dashboard is at http://127.0.0.1:")
        })
        .await;
    let log = world.daemon_log();
    let url = log
        .split_once("the dashboard is at ")
        .unwrap()
        .1
        .split_whitespace()
        .next()
        .unwrap()
        .to_owned();
    let healthy = tokio::task::spawn_blocking(move || {
        let asked = Command::new(env!("CARGO_BIN_EXE_balancewatch"));
        let mut asked = asked;
        asked.args(["health", "--url", &url]).output().unwrap()
    });
    let healthy = healthy.await.unwrap();
    // Whether it is ready yet matters not: it was reached.
    assert!(matches!(healthy.status.code(), Some(0 | 1)), "{healthy:?}");
    daemon.kill().unwrap();
    daemon.wait().unwrap();

    let mut command = activated(&world, "0.0.0.0");
    let ended = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(78), "{said}");
    assert!(said.contains("web.token_file"), "{said}");
}
