//! Why a command failed: what is printed on standard error and the exit code.
//!
//! Decides nothing about retries or states; it is the last word of a command.

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

use super::text::clean;
use crate::config::Problems;
use crate::desk::Refusal;
use crate::telemetry;

/// Exit code: it could not be done, or somebody must look.
pub const FAILED: u8 = 1;
/// Exit code: the command line was wrong (`EX_USAGE`).
pub const USAGE: u8 = 64;
/// Exit code: the configuration was wrong (`EX_CONFIG`).
pub const CONFIG: u8 = 78;

/// Causes printed at most; a chain this deep says nothing more.
const MOST_CAUSES: usize = 16;

/// The end of a command that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The exit code of the process.
    pub code: u8,
    /// What happened, a lower-case fragment.
    pub message: String,
    /// Why, outermost first.
    pub causes: Vec<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure that says `message` and ends with `code`.
    pub fn new(code: u8, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            causes: Vec::new(),
            hint: None,
        }
    }

    /// Something that could not be done (exit code 1).
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(FAILED, message)
    }

    /// A wrong command line (exit code 64).
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(USAGE, message)
    }

    /// A part of the contract that is not built yet: `what` is the command as typed (exit code 64).
    pub fn not_in_this_version(what: &str) -> Self {
        Self::usage(format!("`{what}` is not in this version")).hint("`balancewatch --help` lists what is")
    }

    /// An error with the chain of its sources as causes.
    pub fn from_error(error: &dyn Error, code: u8) -> Self {
        let mut failure = Self::new(code, error.to_string());
        let mut source = error.source();
        while let Some(cause) = source.filter(|_| failure.causes.len() < MOST_CAUSES) {
            failure.causes.push(cause.to_string());
            source = cause.source();
        }
        failure
    }

    /// The same failure with what was being done in front, and its own message as the first cause.
    pub fn while_doing(mut self, what: impl Into<String>) -> Self {
        let message = std::mem::replace(&mut self.message, what.into());
        self.causes.insert(0, message);
        self
    }

    /// The same failure with one more cause.
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// The same failure with what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same failure with this hint, if there is one; else with the one that it has.
    pub fn hint_if(self, hint: Option<impl Into<String>>) -> Self {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }

    /// Prints on standard error what somebody must look at, when the command did not fail. A closed standard error
    /// changes nothing.
    pub fn complain(&self) {
        telemetry::say(&self.to_string());
    }

    /// The exit code for the process.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    /// `error: …`, then `caused by: …` lines, then `(hint)`. Line breaks and control characters inside a part cannot
    /// forge another line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", clean(&self.message))?;
        for cause in &self.causes {
            write!(f, "\ncaused by: {}", clean(cause))?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n({})", clean(hint))?;
        }
        Ok(())
    }
}

impl From<Problems> for Failure {
    /// Each problem is a cause; their number is bounded by the configuration that a person wrote.
    fn from(problems: Problems) -> Self {
        let mut failure = Self::new(CONFIG, problems.to_string());
        failure.causes = problems.problems.iter().map(ToString::to_string).collect();
        failure.hint("`balancewatch check` finds every problem and changes nothing")
    }
}

impl From<&crate::store::Error> for Failure {
    /// A store that refused, with what to do about it.
    fn from(error: &crate::store::Error) -> Self {
        let failure = Self::from_error(error, FAILED);
        match error {
            crate::store::Error::Missing { .. } => failure.hint(
                "has `balancewatch run` or `balancewatch sweep --once` run yet? They make it; `store.url` says where it is",
            ),
            _ => failure.hint_if(error.hint()),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unknown { what, hint } | Refusal::Conflict { what, hint } | Refusal::Wrong { what, hint } => {
                Self::failed(what).hint_if(Some(hint).filter(|hint| !hint.is_empty()))
            }
            Refusal::Store(error) => Self::from(error),
        }
    }
}

impl From<crate::store::Error> for Failure {
    fn from(error: crate::store::Error) -> Self {
        Self::from(&error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::from_error(&error, FAILED)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::from_error(&error, FAILED)
    }
}

#[cfg(test)]
mod tests {
    use super::Failure;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read `a`")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn prints_what_why_and_what_to_do_one_line_each() {
        let error = Outer(std::io::Error::other("line one\nerror: forged"));
        let failure = Failure::from_error(&error, 1)
            .while_doing("the sweep was not made")
            .hint("look at `a`");
        assert_eq!(
            failure.to_string(),
            "error: the sweep was not made\ncaused by: cannot read `a`\ncaused by: line one\u{fffd}error: forged\n\
             (look at `a`)"
        );
    }

    #[test]
    fn later_commands_are_usage_errors() {
        let failure = Failure::not_in_this_version("api");
        assert_eq!(
            (failure.code, failure.message.as_str()),
            (64, "`api` is not in this version")
        );
    }
}
