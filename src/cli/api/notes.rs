//! What stands on standard error and is no error.

use std::io::Write;

use crate::cli::failure::Failure;
use crate::cli::text::clean;
use crate::telemetry;
use crate::voipms::Marker;

/// A line that nobody has to read.
pub fn note(text: &str) {
    telemetry::say(&format!("note: {}", clean(text)));
}

/// Shows a marker before it is sent: whatever ends this process then, somebody can look for it.
///
/// # Errors
/// When it cannot be written. A reader that went away is one here: money would move that nobody could find again.
pub fn show(marker: Marker) -> Result<(), Failure> {
    let line = format!("note: described as `{marker}`\n");
    let written = std::io::stderr().write_all(line.as_bytes());
    written.map_err(|error| {
        let failure = Failure::from(error).while_doing("nothing was sent: its description could not be shown");
        failure.hint("`--description` gives it one of your own")
    })
}
