//! Passwords that are typed at a terminal: asked for, not shown, and the terminal is as before, whatever happens. The
//! terminal is that of `script`, which is on every Debian.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use super::stage::Stage;

/// A shell at a terminal of its own.
struct Terminal {
    script: Child,
    shown: String,
}

impl Terminal {
    /// Runs a command line and tells afterwards how it ended and whether the terminal shows what is typed.
    fn run(stage: &Stage, line: &str) -> Self {
        let program = env!("CARGO_BIN_EXE_balancewatch");
        let config = stage.config_path();
        let shell = format!(
            "trap : INT; '{program}' --config '{}' api {line}; echo \"ended $?\"; stty -a | grep -o -E -- '-?\\becho\\b'",
            config.display()
        );
        let script = Command::new("script")
            .args(["-q", "-e", "-c", &shell, "/dev/null"])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            script,
            shown: String::new(),
        }
    }

    /// Waits until the terminal shows this, behind what it showed before.
    fn wait_for(&mut self, text: &str) {
        let from = self.shown.len();
        let mut bytes = [0; 256];
        while !self.shown[from..].contains(text) {
            let count = self.script.stdout.as_mut().unwrap().read(&mut bytes).unwrap();
            assert!(count > 0, "`{text}` never came: {}", self.shown);
            self.shown += &String::from_utf8_lossy(&bytes[..count]);
        }
    }

    fn types(&mut self, text: &str) {
        self.script.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// All that was shown, once the shell is at its end.
    fn end(mut self) -> String {
        self.wait_for("echo\r\n");
        drop(self.script.stdin.take());
        self.script.wait().unwrap();
        self.shown
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_typed_password_is_asked_for_twice_and_not_shown() {
    let stage = Stage::new(&[]).await;
    let mut terminal = Terminal::run(&stage, "setClient --client 561115 --password - --yes");
    terminal.wait_for("password: ");
    terminal.types("N3w-passwörd\n");
    terminal.wait_for("the same again: ");
    terminal.types("N3w-passwörd\n");
    let shown = terminal.end();
    assert!(!shown.contains("N3w"), "{shown}");
    assert!(
        shown.contains("is changed: read back") && shown.contains("ended 0\r\necho\r\n"),
        "{shown}"
    );
    assert_eq!(stage.john()["password"], json!("N3w-passwörd"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_typed_differently_is_not_sent() {
    let stage = Stage::new(&[]).await;
    for (line, questions, problem) in [
        (
            "setClient --client 561115 --password - --yes",
            ["password: ", "the same again: "],
            "what was typed differs between the first and the second time",
        ),
        (
            "signupClient --password - --confirm_password - --yes",
            ["password: ", "confirm_password: "],
            "`confirm_password` is not the same as `password`",
        ),
    ] {
        let mut terminal = Terminal::run(&stage, line);
        for (question, text) in questions.into_iter().zip(["N3w-one\n", "N3w-two\n"]) {
            terminal.wait_for(question);
            terminal.types(text);
        }
        let shown = terminal.end();
        assert!(!shown.contains("N3w"), "{shown}");
        assert!(
            shown.contains(problem) && shown.contains("ended 64\r\necho\r\n"),
            "{shown}"
        );
    }
    assert!(stage.called().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn no_password_is_asked_for_where_yes_is_missing() {
    let stage = Stage::new(&[]).await;
    for line in [
        "signupClient --password -",
        "setClient --raw --client 561115 --password -",
    ] {
        let shown = Terminal::run(&stage, line).end();
        assert!(
            shown.contains("`--yes` is not given") && shown.contains("ended 64\r\necho\r\n"),
            "{shown}"
        );
        assert!(!shown.contains("password: "), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_terminal_is_as_before_when_nobody_answers() {
    let stage = Stage::new(&[]).await;
    for (name, key, said, code) in [
        (
            "Ctrl-C",
            "N3w\u{3}",
            "error: setClient was not sent: SIGINT came first",
            1,
        ),
        ("Ctrl-D", "\u{4}", "has no password: its line is empty", 64),
    ] {
        let mut terminal = Terminal::run(&stage, "setClient --client 561115 --password - --yes");
        terminal.wait_for("password: ");
        terminal.types(key);
        let shown = terminal.end();
        assert!(shown.contains(said), "{name}: {shown}");
        assert!(shown.contains(&format!("ended {code}\r\necho\r\n")), "{name}: {shown}");
        assert!(shown.contains("password: \r\n"), "{name}: {shown}");
    }
    assert!(stage.called().is_empty());
}
