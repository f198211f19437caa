//! Durations on the command line.

use std::time::Duration;

use jiff::SignedDuration;

/// Reads a duration such as `10s` or `1m 30s`, at most a day.
pub fn duration(text: &str) -> Result<Duration, String> {
    let duration: SignedDuration = text
        .parse()
        .map_err(|_| "expected a duration such as 10s or 1m".to_owned())?;
    let is_bounded = duration <= SignedDuration::from_hours(24);
    let duration = Duration::try_from(duration).ok().filter(|_| is_bounded);
    duration.ok_or_else(|| "expected a duration from 0s to 24h".to_owned())
}
