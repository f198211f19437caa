//! The real program under a wall clock that is set while it runs, the monotonic clock untouched: Debian's `faketime`.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::join_all;

use crate::journey::world::World;

/// One interval, ten seconds more as promised, and a little for a busy machine; less than the smallest jump.
const LONGEST_SILENCE: Duration = Duration::from_secs(13);

/// Where the library is; `None`, told: this machine does not have it, which nobody but a machine that judges must have.
fn library() -> Option<PathBuf> {
    let named = std::env::var_os("BALANCEWATCH_TEST_FAKETIME").map(PathBuf::from);
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let installed = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    let found = named.into_iter().chain(installed).find(|path| path.is_file());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "Debian's package faketime is missing");
        // Not as a test's output, which is kept back where it passes.
        let mut errors = std::io::stderr();
        writeln!(errors, "skipped: needs Debian's package faketime").unwrap();
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_stops_no_sweep_and_is_told_in_one_line() {
    let Some(library) = library() else { return };
    let jumps = [
        (-14, "the clock was set back"),
        (-90, "the clock was set back"),
        (-7_200, "the clock was set back"),
        (-86_400, "the clock was set back"),
        (7_200, "the clock jumped forward"),
        (86_400, "the clock jumped forward"),
    ];
    join_all(jumps.map(|(jump, told)| jumps_while_it_sweeps(library.clone(), jump, told))).await;
}

async fn jumps_while_it_sweeps(library: PathBuf, jump: i64, told: &str) {
    let world = World::new(3).await;
    world.reconfigure(r#"sweep = "60s""#, r#"sweep = "1s""#);
    let set = world.folder.path().join("clock");
    std::fs::write(&set, "+0").unwrap();
    let sweeps = |world: &World| world.calls("getBalance");
    let mut daemon = world.daemon_with(&[
        ("LD_PRELOAD", library.as_os_str()),
        ("FAKETIME_NO_CACHE", "1".as_ref()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".as_ref()),
        ("FAKETIME_TIMESTAMP_FILE", set.as_os_str()),
    ]);
    world.until("two sweeps", |world| sweeps(world) >= 2).await;
    std::fs::write(&set, format!("{jump:+}")).unwrap();
    let before = sweeps(&world);
    let goes_on = world.until("a sweep after the jump", |world| sweeps(world) >= before + 2);
    let in_time = tokio::time::timeout(LONGEST_SILENCE, goes_on).await;
    assert!(in_time.is_ok(), "silent after {jump} s:\n{}", world.daemon_log());
    // What happens by the new time is told, too.
    world.balance(&world.ids[0], "5.00");
    world.wait_for_mails_to("noc@example.com", 1).await;
    daemon.signal("TERM");
    assert_eq!(daemon.end().await.0, Some(0), "{}", world.daemon_log());
    let log = world.daemon_log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("the clock ")).collect();
    assert_eq!(lines.len(), 1, "{jump} s: {lines:#?}");
    assert!(lines[0].contains(told), "{jump} s: {lines:#?}");
}
