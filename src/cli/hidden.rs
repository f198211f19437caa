//! Typing that a terminal does not show. Only the terminal's settings; what is typed is read elsewhere.

use std::io::{IsTerminal, Stdin, Write, stderr, stdin};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// Standard input shows nothing of what is typed as long as this lives, and is as before when it is dropped.
pub struct Hidden {
    terminal: Stdin,
    before: Termios,
    is_answered: bool,
}

impl Hidden {
    /// Hides what is typed; `None` where standard input is no terminal.
    ///
    /// # Errors
    /// When the terminal does not let it: what is typed would be seen.
    pub fn typing() -> std::io::Result<Option<Self>> {
        let terminal = stdin();
        if !terminal.is_terminal() {
            return Ok(None);
        }
        let before = tcgetattr(&terminal)?;
        let mut hidden = before.clone();
        // The line break is shown, so that what follows has a line of its own. Signals still come from the keyboard.
        hidden.local_modes.remove(LocalModes::ECHO);
        hidden.local_modes.insert(LocalModes::ECHONL);
        // What was typed before the question is no answer to it.
        tcsetattr(&terminal, OptionalActions::Flush, &hidden)?;
        Ok(Some(Self {
            terminal,
            before,
            is_answered: false,
        }))
    }

    /// Shows again what is typed: all that was asked for is there.
    pub fn answered(mut self) {
        self.is_answered = true;
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // There is nobody to tell, and nothing else to try.
        tcsetattr(&self.terminal, OptionalActions::Now, &self.before).ok();
        if !self.is_answered {
            // What is said next does not belong behind the question.
            writeln!(stderr()).ok();
        }
    }
}
