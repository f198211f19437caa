//! A file of the store is removed or replaced while the daemon has it open: it says so and ends, for what it writes would be
//! lost, and a second daemon could start.

use std::fs;
use std::path::Path;

use crate::journey::world::World;

/// What is done to the file.
type Change = fn(&Path);

/// What is done, in words, and what the file is called behind the store's own name.
const CASES: [(&str, &str, Change); 5] = [
    ("removed", "", |path| fs::remove_file(path).unwrap()),
    ("replaced", "", |path| {
        let copy = path.with_extension("copy");
        fs::copy(path, &copy).unwrap();
        fs::rename(copy, path).unwrap();
    }),
    ("moved away", "", |path| {
        fs::rename(path, path.with_extension("old")).unwrap()
    }),
    ("removed", ".lock", |path| fs::remove_file(path).unwrap()),
    ("removed", "-wal", |path| fs::remove_file(path).unwrap()),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_there_any_more_ends_the_daemon_and_people_are_told() {
    let cases = CASES.map(async |(what, name, change)| {
        let world = World::new(2).await;
        world.reconfigure(r#"sweep = "60s""#, r#"sweep = "1s""#);
        let mut daemon = world.daemon();
        world
            .until("a sweep", |world| world.daemon_log().contains("sweep done"))
            .await;
        let path = format!("{}{name}", world.store_path().display());
        change(Path::new(&path));
        world.balance(&world.ids[0], "5.00");
        let log = || world.daemon_log();
        assert_eq!(daemon.end().await.0, Some(1), "{name} {what}: {}", log());
        assert!(
            log().contains(&format!("`{path}` was removed or replaced")),
            "{name} {what}: {}",
            log()
        );
        let mails = world.to_ops();
        assert!(
            mails
                .iter()
                .any(|mail| mail.subject.contains("nobody is watched any more")),
            "{name} {what}: {mails:#?}"
        );
    });
    futures_util::future::join_all(cases).await;
}
