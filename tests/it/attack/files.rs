//! FIFOs, devices and folders where a file is meant: an error at once, never a wait. And files with secrets that anybody on
//! the machine may read.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use crate::journey::world::World;
use crate::program::Said;

fn make_fifo(path: &Path) {
    std::fs::remove_file(path).ok();
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_waits_for_what_is_no_file() {
    let world = World::new(1).await;
    world.sweep(0).await;
    let at = |name: &str| world.folder.path().join(name);
    let config = std::fs::read_to_string(world.config_path()).unwrap();
    let secret = config.replace("password = \"Smtp", "password_file = \"secret\"\n#");
    assert_ne!(secret, config);
    std::fs::create_dir(at("conf.d")).unwrap();
    // What is a FIFO, the configuration, and what must be said of it.
    let cases: &[(&str, &str, i32, &[&[&str]])] = &[
        (
            "secret",
            &secret,
            78,
            &[&["check", "--online"], &["sweep", "--once"], &["run"]],
        ),
        (
            "conf.d/more.toml",
            &config,
            78,
            &[&["check"], &["status"], &["run"], &["config", "show"]],
        ),
        ("state.db-wal", &config, 1, &[&["status"], &["run"]]),
        ("state.db.lock", &config, 1, &[&["run"], &["sweep", "--once"]]),
        ("state.db", &config, 1, &[&["status"], &["run"], &["alerts"]]),
        ("config.toml", &config, 78, &[&["check"], &["status"], &["run"]]),
    ];
    for (name, text, code, commands) in cases {
        std::fs::write(world.config_path(), text).unwrap();
        let path = at(name);
        make_fifo(&path);
        for command in *commands {
            let said: Said = world.run(command).await;
            assert_eq!(said.code, Some(*code), "{name} {command:?}: {said:?}");
            assert!(
                (said.out + &said.err).contains("it is a FIFO, and not a regular file"),
                "{name} {command:?}"
            );
        }
        std::fs::remove_file(&path).unwrap();
    }
    let device = world.run(&["check", "--config", "/dev/zero"]).await;
    assert_eq!(device.code, Some(78), "{device:?}");
    let password = [
        "api",
        "setClient",
        "--client",
        "561115",
        "--password-file",
        "/dev/zero",
        "--yes",
    ];
    let device = world.run(&password).await;
    assert!(
        device.err.contains("it is a device, and not a regular file"),
        "{device:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn check_warns_of_secrets_that_are_open_to_others() {
    let world = World::new(1).await;
    let at = |name: &str| world.folder.path().join(name);
    let config = std::fs::read_to_string(world.config_path()).unwrap();
    let mode = |name: &str, mode| std::fs::set_permissions(at(name), Permissions::from_mode(mode)).unwrap();
    let warnings = async || {
        let said = world.run(&["check"]).await;
        assert_eq!(said.code, Some(0), "{said:?}");
        said.out
            .lines()
            .filter(|line| line.starts_with("warning: "))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for (bits, is_open) in [
        (0o600, false),
        (0o640, false),
        (0o660, true),
        (0o644, true),
        (0o666, true),
        (0o400, false),
    ] {
        mode("config.toml", bits);
        let said = warnings().await;
        assert_eq!(
            said.len(),
            usize::from(is_open),
            "two passwords in one file, {bits:o}: {said:?}"
        );
        if is_open {
            let path = world.config_path();
            let path = path.display();
            assert_eq!(
                said[0],
                format!(
                    "warning: {path}: holds a secret, and is open to others on this machine (close it with `chmod g-w,o= '{path}'`)"
                )
            );
        }
    }
    let files = config.replace("password = \"Smtp-S3cret-4711\"", "password_file = \"smtp\"");
    mode("config.toml", 0o600);
    std::fs::write(
        world.config_path(),
        files.replace("password = \"Api-S3cret-0815\"", "password_file = \"api\""),
    )
    .unwrap();
    for name in ["smtp", "api"] {
        std::fs::write(at(name), "secret-of-mine").unwrap();
        mode(name, 0o644);
    }
    assert_eq!(warnings().await.len(), 2);
    mode("smtp", 0o600);
    let said = warnings().await;
    assert!(said.len() == 1 && said[0].contains("/api: holds"), "{said:?}");
    // As Kubernetes hands them out.
    std::fs::create_dir(at("..2026_11_29")).unwrap();
    std::fs::rename(at("api"), at("..2026_11_29/api")).unwrap();
    symlink("..2026_11_29/api", at("api")).unwrap();
    assert!(warnings().await.is_empty());
    // Without a secret in it, it may be open.
    mode("config.toml", 0o644);
    assert!(warnings().await.is_empty());
}
