//! `check` and `config show` as a person at a shell meets them: what is printed where, and with which exit code.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const GOOD: &str = r#"
[[account]]
name = "main"
username = "reseller@example.com"
password = "hunter2-secret"
[smtp]
url = "smtp://alerts@mail.example.com:587"
password = "hunter2-secret"
from = "Phone service <alerts@example.com>"
[[channel]]
name = "ops"
type = "email"
to = ["noc@example.com"]
"#;

const BAD: &str = r#"
[[account]]
name = "main"
usernam = "reseller@example.com"
password = "hunter2-secret"
password_file = "/nowhere/hunter2"
rate_per_minute = 0
own_balance_below = 12.5
[schedule]
sweep = "61 * * * *"
[[channel]]
name = "ops"
type = "sms"
[alerts]
notify_clients = true
[enforcement]
mode = "off"
"#;

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            let path = folder.0.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        folder
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// The program with this folder's configuration and an empty environment.
    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = program(arguments);
        command.arg("--config").arg(self.path("config.toml"));
        command
    }
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_balancewatch"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

fn run(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn a_good_configuration_is_ok() {
    let folder = Folder::with(&[("config.toml", GOOD)]);
    let (code, out, err) = run(&mut folder.program(&["check"]));
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(
        out,
        "ok: 1 account, 1 channel, 14 policies in force, sweep */5 * * * *, enforcement observe\n"
    );
    let (code, out, _) = run(&mut folder.program(&["check", "--output", "json"]));
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, &answer["ok"], &answer["problems"]),
        (0, &Value::from(true), &Value::from(Vec::<Value>::new()))
    );
}

#[test]
fn every_problem_is_a_line_and_then_they_are_counted() {
    let folder = Folder::with(&[("config.toml", BAD)]);
    let (code, out, err) = run(&mut folder.program(&["check"]));
    assert_eq!((code, err.as_str()), (78, ""));
    let file = folder.path("config.toml");
    let keys = [
        "account.main.usernam",
        "account.main.username",
        "account.main.password",
        "account.main.rate_per_minute",
        "account.main.own_balance_below",
        "schedule.sweep",
        "channel.ops.type",
        "enforcement.mode",
        "smtp",
    ];
    for key in keys {
        let wanted = format!("{file}: {key}: ");
        assert_eq!(
            out.lines().filter(|line| line.starts_with(&wanted)).count(),
            1,
            "{key}: {out}"
        );
    }
    assert_eq!(out.lines().last(), Some("9 problems"), "{out}");
    assert!(
        out.contains("did you mean `username`?") && out.contains("observe, approve, apply"),
        "{out}"
    );
    let (code, out, _) = run(&mut folder.program(&["--output", "json", "check"]));
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, answer["problems"].as_array().unwrap().len()), (78, 9));
    assert!(
        answer["problems"]
            .as_array()
            .unwrap()
            .iter()
            .all(|problem| problem["file"] == file.as_str())
    );
}

#[test]
fn other_commands_say_all_problems_on_standard_error() {
    let folder = Folder::with(&[("config.toml", BAD)]);
    let (code, out, err) = run(&mut folder.program(&["config", "show"]));
    assert_eq!((code, out.as_str()), (78, ""));
    assert!(
        err.starts_with("error: the configuration has 9 problems\ncaused by: "),
        "{err}"
    );
    assert_eq!(
        err.lines().filter(|line| line.starts_with("caused by: ")).count(),
        9,
        "{err}"
    );
    assert!(
        err.trim_end()
            .ends_with("(`balancewatch check` finds every problem and changes nothing)"),
        "{err}"
    );
}

#[test]
fn a_configuration_that_cannot_be_read_is_a_wrong_configuration() {
    let folder = Folder::with(&[]);
    let (code, out, _) = run(&mut folder.program(&["check"]));
    assert_eq!(code, 78);
    assert!(out.contains("config.toml: cannot be read: "), "{out}");
    let (code, _, err) = run(&mut folder.program(&["config", "show"]));
    assert_eq!(code, 78);
    assert!(err.contains("cannot be read: "), "{err}");
}

#[test]
fn layers_come_together_and_each_value_names_its_own() {
    let folder = Folder::with(&[
        ("config.toml", GOOD),
        (
            "conf.d/rate.toml",
            "[[account]]\nname = 'main'\nrate_per_minute = 120\n",
        ),
        ("credentials/account.main.password", "of systemd\n"),
    ]);
    let mut command = folder.program(&["config", "show", "--output", "json"]);
    command.env("CREDENTIALS_DIRECTORY", folder.path("credentials"));
    command.env("BALANCEWATCH__ACCOUNT__SECOND_ONE__USERNAME", "second");
    command.env("BALANCEWATCH__ACCOUNT__SECOND_ONE__PASSWORD", "hunter2-secret");
    command.env("BALANCEWATCH__CHANNEL__OPS__TO", "a@example.com,b@example.com");
    let (code, out, err) = run(&mut command);
    assert_eq!((code, err.as_str()), (0, ""));
    let shown: Value = serde_json::from_str(&out).unwrap();
    let (config, origins) = (&shown["config"], &shown["origins"]);
    assert_eq!(config["account"][0]["rate_per_minute"], 120);
    assert_eq!(config["account"][1]["name"], "second-one");
    assert_eq!(config["account"][1]["password"], "***");
    assert_eq!(
        config["channel"][0]["to"],
        serde_json::json!(["a@example.com", "b@example.com"])
    );
    assert_eq!(origins["account.main.rate_per_minute"], folder.path("conf.d/rate.toml"));
    assert_eq!(origins["account.main.username"], folder.path("config.toml"));
    assert_eq!(
        origins["account.main.password"],
        folder.path("credentials/account.main.password")
    );
    assert_eq!(origins["channel.ops.to"], "environment BALANCEWATCH__CHANNEL__OPS__TO");
    assert_eq!(origins["store.url"], "built-in");
}

#[test]
fn what_is_shown_is_a_configuration_that_shows_the_same() {
    let first = Folder::with(&[("config.toml", GOOD)]);
    let (code, shown, _) = run(&mut first.program(&["config", "show"]));
    assert_eq!(code, 0);
    assert!(
        shown.contains(&format!("# from {}", first.path("config.toml"))),
        "{shown}"
    );
    let second = Folder::with(&[("config.toml", &shown)]);
    let values = |folder: &Folder| {
        let (code, out, _) = run(&mut folder.program(&["config", "show", "--output", "json"]));
        assert_eq!(code, 0);
        serde_json::from_str::<Value>(&out).unwrap()["config"].clone()
    };
    assert_eq!(values(&first), values(&second));
}

#[test]
fn a_secret_is_never_printed() {
    for (name, text) in [
        ("good", GOOD.to_owned()),
        ("bad", BAD.replace("/nowhere/hunter2", "./x")),
        ("unfinished", GOOD.replace("hunter2-secret\"", "hunter2-secret")),
        ("unquoted", GOOD.replace("\"hunter2-secret\"", "hunter2-secret")),
        (
            "of another kind",
            GOOD.replace("\"hunter2-secret\"", "[\"hunter2-secret\"]"),
        ),
        ("behind a wrong key", GOOD.replace("password", "pasword")),
        ("in the URL", GOOD.replace("alerts@mail", "alerts:hunter2-secret@mail")),
    ] {
        let folder = Folder::with(&[("config.toml", &text)]);
        for arguments in [
            &["check"][..],
            &["check", "--output", "json"],
            &["config", "show"],
            &["-vv", "config", "show", "--output", "json"],
        ] {
            let mut command = folder.program(arguments);
            command.env("BALANCEWATCH__ACCOUNT__OTHER__PASSWORD", "hunter2-of-the-environment");
            let (_, out, err) = run(&mut command);
            assert!(
                !out.contains("hunter2") && !err.contains("hunter2"),
                "{name} {arguments:?}: {out}{err}"
            );
        }
    }
}

#[test]
fn a_secret_file_that_is_missing_is_a_warning_of_check() {
    let text = GOOD.replace("password = \"hunter2-secret\"", "password_file = \"/nowhere/at/all\"");
    let folder = Folder::with(&[("config.toml", &text)]);
    let (code, out, _) = run(&mut folder.program(&["check"]));
    assert_eq!(code, 0);
    assert_eq!(
        out.lines().filter(|line| line.starts_with("warning: ")).count(),
        2,
        "{out}"
    );
    assert!(out.contains("account.main.password_file: cannot be read: "), "{out}");
}

#[test]
fn the_shipped_files_pass_in_a_bare_clone() {
    for name in ["balancewatch.toml", "minimal.toml", "container.toml"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name);
        let (code, out, err) = run(program(&["check", "--config"]).arg(path));
        assert_eq!((code, err.as_str()), (0, ""), "{name}: {out}");
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    for (text, arguments, expected) in [
        (GOOD, ["config", "show"], 0),
        (GOOD, ["check", "-v"], 0),
        (BAD, ["check", "-v"], 78),
    ] {
        let folder = Folder::with(&[("config.toml", text)]);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut child = folder
            .program(&arguments)
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!(
            (child.wait().unwrap().code(), err.as_str()),
            (Some(expected), ""),
            "{arguments:?}"
        );
    }
}

#[test]
fn usage_is_64_and_answers_are_0() {
    let cases: [(&[&str], i32, &str, &str); 12] = [
        (&["--version"], 0, "balancewatch 0.", ""),
        (&["--help"], 0, "Examples:", ""),
        (&["check", "--help"], 0, "Exit codes:", ""),
        (&[], 64, "", "Usage:"),
        (&["config"], 64, "", "Usage:"),
        (&["chekc"], 64, "", "similar subcommand exists: 'check'"),
        (&["check", "--colour"], 64, "", "--colour"),
        (&["--output", "yaml", "check"], 64, "", "possible values: table, json"),
        (&["hold", "561115"], 64, "", "--reason <TEXT>"),
        (&["enforcements", "verify", "--yes"], 64, "", "--yes"),
        (&["config", "schema"], 0, "\"title\": \"schedule.sweep\"", ""),
        (
            &["--output", "json", "replay", "--policy"],
            64,
            "",
            "error: `replay` is not in this version",
        ),
    ];
    for (arguments, expected, said, complained) in cases {
        let (code, out, err) = run(&mut program(arguments));
        assert_eq!(code, expected, "{arguments:?}: {out}{err}");
        assert!(
            out.contains(said) && err.contains(complained),
            "{arguments:?}: {out}{err}"
        );
        assert_eq!(
            (out.is_empty(), err.is_empty()),
            (expected != 0, expected == 0),
            "{arguments:?}: {out}{err}"
        );
    }
}

#[test]
fn global_options_stand_before_and_after_the_command() {
    let folder = Folder::with(&[("config.toml", GOOD)]);
    let path = folder.path("config.toml");
    let orders: [&[&str]; 3] = [
        &[
            "--config",
            &path,
            "--output",
            "json",
            "--log-format",
            "json",
            "-v",
            "check",
        ],
        &[
            "check",
            "--config",
            &path,
            "--output",
            "json",
            "--log-format",
            "json",
            "-v",
        ],
        &["--output", "json", "check", "-v", "--config", &path],
    ];
    for arguments in orders {
        let (code, out, _) = run(&mut program(arguments));
        assert_eq!(code, 0, "{arguments:?}");
        assert!(serde_json::from_str::<Value>(&out).is_ok(), "{arguments:?}: {out}");
    }
}
