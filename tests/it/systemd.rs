//! The unit in `systemd/`: what operators were promised of it, and that it and the program mean the same thing.
//! `.ci/run` asks systemd itself whether the unit is valid and how exposed the service is.

use std::fs;
use std::process::Command;

/// The unit's settings, in order; a key may come more than once.
pub fn settings() -> Vec<(String, String)> {
    settings_of("balancewatch.service")
}

fn settings_of(unit: &str) -> Vec<(String, String)> {
    shipped(&format!("systemd/{unit}"))
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn the_unit_keeps_its_promises() {
    let settings = settings();
    let promised = [
        ("Type", "notify"),
        ("ExecReload", "/bin/kill -HUP $MAINPID"),
        ("WatchdogSec", "3min"),
        ("DynamicUser", "yes"),
        ("StateDirectory", "balancewatch"),
        (
            "LoadCredential",
            "account.main.password:/etc/balancewatch/account.main.password",
        ),
        ("LoadCredential", "smtp.password:/etc/balancewatch/smtp.password"),
        ("Restart", "on-failure"),
        ("RestartPreventExitStatus", "64 78"),
        // A monitor that systemd gave up on is silent.
        ("StartLimitIntervalSec", "0"),
        // More than the 10 s in which the daemon finishes the work in hand.
        ("TimeoutStopSec", "20s"),
    ];
    for (key, value) in promised {
        let found = settings.iter().any(|(k, v)| k == key && v == value);
        assert!(found, "`{key}={value}` is missing");
    }
}

#[test]
fn the_program_understands_how_the_unit_starts_it() {
    let settings = settings();
    let value = |key: &str| &settings.iter().find(|(k, _)| k == key).unwrap().1;
    let mut words = value("ExecStart").split(' ');
    assert_eq!(words.next(), Some("/usr/local/bin/balancewatch"));
    // The same command line, but for a config that is surely not there: understood, and refused for the config alone.
    let arguments = words.map(|word| word.replace("/etc/balancewatch/", "/nonexistent/balancewatch/"));
    let ended = Command::new(env!("CARGO_BIN_EXE_balancewatch"))
        .args(arguments)
        .output()
        .unwrap();
    assert_eq!(
        ended.status.code(),
        Some(78),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
    assert!(value("RestartPreventExitStatus").split(' ').any(|code| code == "78"));
}

/// What `key` of a shipped configuration says, on whichever line it stands.
fn values_in<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    let values = text
        .lines()
        .filter_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""));
    values.filter_map(|value| value.split('"').next()).collect()
}

fn shipped(path: &str) -> String {
    fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn unit_config_and_manual_agree_on_where_secrets_live() {
    let credentials: Vec<String> = settings()
        .into_iter()
        .filter(|(key, _)| key == "LoadCredential")
        .filter_map(|(_, value)| Some(value.split_once(':')?.1.to_owned()))
        .collect();
    assert_eq!(credentials.len(), 2);
    for path in ["config/balancewatch.toml", "config/minimal.toml"] {
        assert_eq!(values_in(&shipped(path), "password_file"), credentials, "{path}");
    }
    let (manual, unit) = (shipped("config/INSTALL.md"), shipped("systemd/balancewatch.service"));
    for secret in &credentials {
        let install = format!("install -m 0600 /dev/stdin {secret}");
        assert!(manual.contains(&install), "INSTALL.md: {install}");
        assert!(unit.contains(&install), "the unit: {install}");
    }
}

#[test]
fn what_must_outlast_the_container_lies_on_its_volume() {
    let dockerfile = shipped("Dockerfile");
    let volume = dockerfile
        .lines()
        .find_map(|line| line.strip_prefix("VOLUME "))
        .unwrap();
    for path in ["config/container.toml", "config/balancewatch.toml"] {
        let stores = shipped(path);
        let stores = values_in(&stores, "url").into_iter();
        let stores: Vec<&str> = stores.filter_map(|url| url.strip_prefix("sqlite://")).collect();
        assert_eq!(stores, [format!("{volume}/state.db")], "{path}");
    }
}

#[test]
fn an_instance_is_the_service_in_folders_of_its_own() {
    let instance = settings_of("balancewatch@.service").into_iter();
    let alone = |value: &str| value.replace(" (%i)", "").replace("/%i", "");
    let instance: Vec<_> = instance.map(|(key, value)| (key, alone(&value))).collect();
    assert_eq!(instance, settings());
}

#[test]
fn the_socket_is_where_the_listener_is_by_default_and_is_named_as_it_is_looked_for() {
    let socket = settings_of("balancewatch.socket");
    let value = |key: &str| socket.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str());
    let usual = shipped("config/balancewatch.toml");
    assert_eq!(value("ListenStream"), values_in(&usual, "listen").first().copied());
    assert_eq!(value("FileDescriptorName"), Some("web"));
}
