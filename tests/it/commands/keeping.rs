//! What is kept and what is not: `backup`, `restore` and `forget` on a real store, while a daemon has it and after.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use balancewatch::domain::notice::NoticeState;
use balancewatch::store::{Commit, Store};
use serde_json::{Value, json};

use super::fleet::{Fleet, account};
use super::{holds, rows};

fn path_of(fleet: &Fleet, name: &str) -> String {
    fleet.folder.path().join(name).display().to_string()
}

/// Whether the brake is on, by the command.
fn brake(fleet: &Fleet) -> Value {
    fleet.json(&["brake", "status"])["on"].clone()
}

#[tokio::test]
async fn a_backup_made_while_the_daemon_runs_can_take_its_place() {
    let fleet = Fleet::without_store();
    let daemon = fleet.daemon_store().await;
    fleet.fill(&daemon).await;
    let backup = path_of(&fleet, "backup.db");
    holds(
        fleet.run(&["backup", &backup]).text(),
        &[
            "looked through and whole",
            "not in it: the configuration, the secrets, and `web.token`",
        ],
    );
    let mode = std::fs::metadata(&backup).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!Path::new(&format!("{backup}.partial")).exists());
    let before = std::fs::read(&backup).unwrap();
    fleet.run(&["backup", &backup]).failed(
        1,
        &["no backup was made", "there is something at", "nothing is overwritten"],
    );
    assert_eq!(std::fs::read(&backup).unwrap(), before);

    fleet.run(&["brake", "on", "--reason", "later"]).fine();
    fleet
        .run(&["restore", &backup])
        .failed(1, &["nothing was restored", "in use by another daemon"]);
    daemon.close().await;
    drop(daemon);
    assert_eq!(brake(&fleet), true);

    let restored = fleet.run(&["restore", &backup, "--output", "json"]);
    restored.fine();
    assert_eq!(brake(&fleet), false);
    assert_eq!(rows(&fleet.json(&["alerts"]), "client", "561115").len(), 1);
    assert_eq!(std::fs::read(&backup).unwrap(), before, "it stays as it is");
    let mode = std::fs::metadata(fleet.store_path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    fleet.daemon_store().await.close().await;

    // What was replaced is a store that can be put back.
    let kept = restored.json()["kept"].as_str().unwrap().to_owned();
    holds(
        fleet.run(&["restore", &kept]).text(),
        &["restored", "is kept in", "start the daemon"],
    );
    assert_eq!(brake(&fleet), true);
}

#[tokio::test]
async fn what_is_no_backup_replaces_nothing() {
    let fleet = Fleet::new().await;
    let before = std::fs::read(fleet.store_path()).unwrap();
    let backup = path_of(&fleet, "backup.db");
    fleet.run(&["backup", &backup]).fine();
    let good = std::fs::read(&backup).unwrap();
    let mut damaged = good.clone();
    let middle = damaged.len() / 2;
    damaged[middle - 4096..middle + 4096].fill(0x5a);
    for (name, bytes, parts) in [
        (
            "text",
            b"no database at all".repeat(100),
            &["nothing was restored"] as &[&str],
        ),
        ("empty", Vec::new(), &["is not a store of balancewatch"]),
        ("cut", good[..good.len() / 2].to_vec(), &["nothing was restored"]),
        ("damaged", damaged, &["nothing was restored"]),
    ] {
        let file = path_of(&fleet, name);
        std::fs::write(&file, bytes).unwrap();
        fleet.run(&["restore", &file]).failed(1, parts);
    }
    let missing = path_of(&fleet, "missing");
    fleet.run(&["restore", &missing]).failed(1, &["there is no backup at"]);
    let folder = fleet.folder.path().display().to_string();
    fleet.run(&["restore", &folder]).failed(1, &["it is a folder"]);
    assert_eq!(std::fs::read(fleet.store_path()).unwrap(), before);

    std::fs::remove_file(fleet.store_path()).unwrap();
    holds(fleet.run(&["restore", &backup]).text(), &["restored"]);
    assert_eq!(rows(&fleet.json(&["alerts"]), "client", "561115").len(), 1);
}

/// Whether a text is anywhere in the files of the store. Another process reads them: when this one closes a file, the system
/// lets go of the locks that its database holds on it.
fn is_in_files(fleet: &Fleet, text: &str) -> bool {
    let name = fleet.store_path().display().to_string();
    ["", "-wal", "-shm"].iter().any(|ending| {
        let read = Command::new("cat").arg(format!("{name}{ending}")).output().unwrap();
        read.stdout.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

/// What is personal of 561115 in [`Fleet::fill`], but for names that others share.
const PERSONAL: [&str; 3] = ["john@example.com", "jürgen@example.com", "Über <b>GmbH</b>"];

#[tokio::test]
async fn nothing_personal_is_left_in_the_files() {
    let fleet = Fleet::without_store();
    let daemon = fleet.daemon_store().await;
    fleet.fill(&daemon).await;
    assert!(
        PERSONAL.iter().all(|text| is_in_files(&fleet, text)),
        "else it proves nothing"
    );
    assert!(is_in_files(&fleet, "01234"), "else it proves nothing");
    let told_before = fleet.json(&["notifications", "list"]).as_array().unwrap().len();

    fleet
        .run(&["forget", "561115", "--yes"])
        .failed(1, &["client 561115 is still one of yours at the provider", "--anyway"]);
    fleet
        .run(&["forget", "999", "--yes"])
        .failed(1, &["there is no client `999`"]);
    fleet.run(&["forget", "reseller", "--yes"]).failed(1, &["is no client"]);
    holds(
        fleet.run(&["forget", "561115", "--anyway"]).text(),
        &["would forget name, country, addresses of client 561115; nothing is forgotten without `--yes`"],
    );
    assert!(PERSONAL.iter().all(|text| is_in_files(&fleet, text)));

    let forgotten = fleet.json(&["forget", "561115", "--anyway", "--yes"]);
    assert_eq!(forgotten["forgotten"]["erased"], true, "{forgotten}");
    assert_eq!(forgotten["forgotten"]["history"], 0);
    for text in PERSONAL {
        assert!(!is_in_files(&fleet, text), "`{text}` is left");
    }
    holds(
        fleet.run(&["forget", "561116", "--anyway", "--yes"]).text(),
        &["forgot who client 561116 is", "1 enforcements"],
    );
    assert!(!is_in_files(&fleet, "01234"), "the copy of the record is left");

    // What was done and when is there, with the id, and the daemon goes on.
    let told = fleet.json(&["notifications", "list"]);
    assert_eq!(told.as_array().unwrap().len(), told_before);
    assert!(!rows(&told, "client", "561115").is_empty());
    assert_eq!(
        rows(&fleet.json(&["enforcements", "list"]), "client", "561116").len(),
        1
    );
    assert!(
        !fleet.json(&["history", "561115"])["entries"].is_null() || fleet.run(&["history", "561115"]).code == Some(0)
    );
    let card = fleet.json(&["client", "561115"]);
    assert_eq!(
        (&card["email"], &card["company"], &card["balance"]),
        (&json!(""), &json!(""), &json!("8.0588"))
    );
    daemon.commit(&fleet.swept(60, 30)).await.unwrap();
    assert!(
        !daemon
            .due_messages(fleet.now + jiff::SignedDuration::from_hours(1), 100)
            .await
            .unwrap()
            .iter()
            .any(|(message, _)| message.channel.is_client())
    );

    let forgotten = fleet.json(&["forget", "561118", "--history", "--yes"]);
    assert_eq!(forgotten["client"], "561118");
    let forgotten = fleet.json(&["forget", "561115", "--history", "--anyway", "--yes"]);
    assert!(forgotten["forgotten"]["history"].as_u64().unwrap() > 1, "{forgotten}");
    assert_eq!(fleet.json(&["client", "561115"])["balance"], Value::Null);
    daemon.close().await;
}

/// Marks every message about the client as being sent.
async fn send(daemon: &Store, fleet: &Fleet) {
    let mut commit = Commit::new(account(), fleet.now);
    for row in rows(&fleet.json(&["notifications", "list"]), "client", "561115") {
        let record = daemon.notification(row["id"].as_str().unwrap()).await.unwrap().unwrap();
        commit.messages.extend(record.message.map(|mut message| {
            message.state = NoticeState::Sending;
            message
        }));
    }
    assert!(!commit.messages.is_empty());
    daemon.commit(&commit).await.unwrap();
}

#[tokio::test]
async fn nobody_is_forgotten_while_a_message_to_them_is_on_its_way() {
    let fleet = Fleet::without_store();
    let daemon = fleet.daemon_store().await;
    fleet.fill(&daemon).await;
    send(&daemon, &fleet).await;
    fleet.run(&["forget", "561115", "--anyway", "--yes"]).failed(
        1,
        &["a message about client 561115 is being sent", "try again in a minute"],
    );
    assert!(PERSONAL.iter().all(|text| is_in_files(&fleet, text)));
    daemon.close().await;
}
