//! The real binary confined as the unit in `systemd/` confines it: its filter of system calls, no memory that is written and executed,
//! no new privileges, and a root that is read-only but for its folder. What needs systemd itself stays untried: the user of its own, the
//! namespaces for users and devices, the address families.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};

use crate::journey::world::World;
use crate::systemd::settings;

/// What systemd lets a set of system calls be, other sets in it included.
fn calls(set: &str, sets: &BTreeMap<String, Vec<String>>, found: &mut BTreeSet<String>) {
    for name in sets.get(set).into_iter().flatten() {
        if name.starts_with('@') {
            calls(name, sets, found);
        } else {
            found.insert(name.clone());
        }
    }
}

/// The calls that the unit allows.
fn allowed() -> Option<BTreeSet<String>> {
    let told = Command::new("systemd-analyze").arg("syscall-filter").output().ok()?;
    let (mut sets, mut set) = (BTreeMap::new(), String::new());
    for line in String::from_utf8(told.stdout).unwrap().lines() {
        let name = line.trim();
        if line.starts_with('@') {
            name.clone_into(&mut set);
        } else if line.starts_with(' ') && !name.starts_with('#') {
            sets.entry(set.clone()).or_insert_with(Vec::new).push(name.to_owned());
        }
    }
    let mut allowed = BTreeSet::new();
    for (_, filter) in settings().iter().filter(|(key, _)| key == "SystemCallFilter") {
        let mut named = BTreeSet::new();
        let words = filter.trim_start_matches('~').split(' ');
        words.for_each(|set| calls(set, &sets, &mut named));
        if filter.starts_with('~') {
            allowed.retain(|name| !named.contains(name));
        } else {
            allowed.extend(named);
        }
    }
    Some(allowed)
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
async fn it_sweeps_and_mails_under_the_units_filter_on_a_read_only_root() {
    let has_bwrap = Command::new("bwrap").arg("--version").output().is_ok();
    let Some(allowed) = allowed().filter(|_| has_bwrap) else {
        assert!(std::env::var_os("CI").is_none(), "bwrap or systemd-analyze is missing");
        println!("skipped: bwrap or systemd-analyze is missing");
        return;
    };
    assert!(allowed.contains("read") && !allowed.contains("chroot") && !allowed.contains("setpriority"));
    let world = World::new(2).await;
    world.balance(&world.ids[0], "1.00");
    let tools = tempfile::tempdir().unwrap();
    let table: String = allowed
        .iter()
        .map(|name| format!("#ifdef SYS_{name}\nSYS_{name},\n#endif\n"))
        .collect();
    std::fs::write(tools.path().join("allowed.h"), table).unwrap();
    let launcher = tools.path().join("confined");
    let built = Command::new("cc")
        .args(["-O1", "-I"])
        .arg(tools.path())
        .arg("-o")
        .arg(&launcher)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/confined.c"))
        .status();
    assert!(built.unwrap().success(), "the C compiler that the README asks for");

    let daemon = world.program(&["run"]);
    let folder = world.folder.path();
    let log = std::fs::File::create(folder.join("daemon.log")).unwrap();
    let mut confined = Command::new("bwrap");
    confined
        .env_clear()
        .env("BALANCEWATCH__WEB__LISTEN", "127.0.0.1:0")
        .args([
            "--die-with-parent",
            "--ro-bind",
            "/",
            "/",
            "--dev",
            "/dev",
            "--proc",
            "/proc",
            "--bind",
        ])
        .args([folder, folder])
        .arg(&launcher)
        .arg(daemon.get_program())
        .args(daemon.get_args());
    let mut child = confined.stdout(Stdio::null()).stderr(log).spawn().unwrap();
    world.wait_for_mails_to("noc@example.com", 1).await;
    world
        .until("the sweep's end", |world| world.daemon_log().contains("sweep done"))
        .await;
    let log = world.daemon_log();
    assert!(log.contains("the dashboard is at"), "{log}");
    assert!(!log.contains("ERROR") && !log.contains("not permitted"), "{log}");
    child.kill().unwrap();
    child.wait().unwrap();
}
