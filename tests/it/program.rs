//! The program as people and scripts run it, how it ended, and the simulator that it asks. It judges nothing by itself: the
//! tests do.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The real binary with these arguments and nothing of this process's environment, not started.
pub fn program(config: &Path, arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_balancewatch"));
    let arguments: Vec<OsString> = arguments.into_iter().map(|one| one.as_ref().to_owned()).collect();
    command.env_clear().arg("--config").arg(config).args(&arguments);
    // Daemons that run side by side would want the same port; a test of the listener names one of its own.
    if arguments.iter().any(|one| one == "run") {
        command.env("BALANCEWATCH__WEB__LISTEN", "off");
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// How the program ended and what it said.
#[derive(Debug)]
pub struct Said {
    /// `None` when a signal ended it.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let said = Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!said.err.contains("panicked"), "{}", said.err);
        said
    }
}

impl Said {
    /// Asserts how it ended, and that nothing on standard error harms a terminal.
    #[track_caller]
    pub fn ended(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        assert!(!self.err.contains(is_harmful), "{:?}", self.err);
        self
    }

    /// Asserts that it ended well and complained of nothing.
    #[track_caller]
    pub fn fine(&self) -> &Self {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""), "{}", self.out);
        self
    }

    /// Asserts that it failed with this code, printed no data, and says all of this on standard error.
    #[track_caller]
    pub fn failed(&self, code: i32, parts: &[&str]) -> &Self {
        assert_eq!(self.out, "", "{}", self.err);
        self.ended(code).complains(parts)
    }

    /// Asserts that standard output holds all of this.
    #[track_caller]
    pub fn says(&self, parts: &[&str]) -> &Self {
        self.holds(&self.out, parts)
    }

    /// Asserts that standard output holds all of this, wherever its lines are broken.
    #[track_caller]
    pub fn explains(&self, parts: &[&str]) {
        let unbroken = self.out.split_whitespace().collect::<Vec<_>>().join(" ");
        self.holds(&unbroken, parts);
    }

    /// Asserts that standard error holds all of this.
    #[track_caller]
    pub fn complains(&self, parts: &[&str]) -> &Self {
        self.holds(&self.err, parts)
    }

    #[track_caller]
    fn holds(&self, text: &str, parts: &[&str]) -> &Self {
        for part in parts {
            assert!(
                text.contains(part),
                "`{part}` is missing in:\n{text}\nof:\n{}\n{}",
                self.out,
                self.err
            );
        }
        self
    }

    /// Standard output for people. Asserts that it ended well, and that nothing of it harms a terminal.
    #[track_caller]
    pub fn text(&self) -> &str {
        let out = &self.fine().out;
        assert!(!out.contains(is_harmful), "{out:?}");
        out
    }

    /// Standard output as JSON, however it ended.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }
}

fn is_harmful(char: char) -> bool {
    (char.is_control() && char != '\n') || char == '\u{202e}'
}
