//! What the service manager hears, by the protocol of `sd_notify(3)`: that it is up, reloads, stops, how it goes, and that it is
//! not stuck. Without a manager nobody hears anything. It decides nothing about the work.
//!
//! It is up once the store is open and the trigger runs, not only after the first sweep: an API that is down must not keep the
//! machine from starting, nor have the daemon started again and again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sd_notify::NotifyState;
use tokio::sync::watch as signal;

use super::Watch;
use crate::clock::Clock;
use crate::vitals::{Known, Vitals};

/// How many times in the time that the manager allows it is looked whether all goes on.
const LOOKS: u32 = 4;

/// The longest line of status, in characters; the log has the rest.
const LONGEST_STATUS: usize = 400;

/// Signs of life: each loop counts its turns, and whoever waits on purpose turns, too.
#[derive(Debug)]
pub struct Turns {
    accounts: Vec<AtomicU64>,
    outbox: AtomicU64,
}

impl Turns {
    /// Of this many accounts.
    pub fn new(accounts: usize) -> Self {
        Self {
            accounts: std::iter::repeat_with(AtomicU64::default).take(accounts).collect(),
            outbox: AtomicU64::new(0),
        }
    }

    /// The account at this place goes on.
    pub fn account(&self, place: usize) {
        if let Some(turns) = self.accounts.get(place) {
            turns.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The outbox goes on.
    pub fn outbox(&self) {
        self.outbox.fetch_add(1, Ordering::Relaxed);
    }

    /// Whatever is to grow, with what it is.
    fn all(&self, watches: &[Watch]) -> Vec<(String, u64)> {
        let accounts = watches.iter().zip(&self.accounts).map(|(watch, turns)| {
            // Calls that are made or waited for are signs of their own: a sweep of many clients is one turn of its loop.
            let calls = watch.monitor().api.pacer().turns();
            let turns = turns.load(Ordering::Relaxed).saturating_add(calls);
            (format!("account {}", watch.account), turns)
        });
        let outbox = ("the outbox".to_owned(), self.outbox.load(Ordering::Relaxed));
        accounts.chain([outbox]).collect()
    }
}

/// The socket that the manager passes on for the listener, if it does.
///
/// # Errors
/// When what it passes on is no socket that connections come to.
pub fn socket() -> std::io::Result<Option<std::net::TcpListener>> {
    listenfd::ListenFd::from_env().take_tcp_listener(0)
}

/// It is up.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// A reload begins.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::debug!(%error, "the service manager is not told of the reload"),
    }
}

/// A reload came to its end, well or not.
pub fn reloaded() {
    ready();
}

/// The end begins.
pub fn stopping() {
    tell(&[
        NotifyState::Stopping,
        NotifyState::Status("stopping: the work in hand is finished"),
    ]);
}

/// Tells how it goes whenever that changes; never ends.
pub async fn tell_status(vitals: &Vitals, next: impl Fn(Timestamp) -> (Timestamp, TimeZone), clock: &Clock) {
    let mut known: signal::Receiver<Known> = vitals.listen();
    loop {
        let status = {
            let known = known.borrow_and_update();
            let (next, zone) = next(clock.now());
            status(&known, next, &zone)
        };
        tell(&[NotifyState::Status(&status)]);
        if known.changed().await.is_err() {
            return std::future::pending().await;
        }
    }
}

/// Tells that it is not stuck, as often as the manager wants to hear it and for as long as everything goes on; never ends.
pub async fn keep_awake(turns: &Turns, watches: &[Watch], clock: &Clock) {
    let Some(allowed) = sd_notify::watchdog_enabled().filter(|allowed| !allowed.is_zero()) else {
        return std::future::pending().await;
    };
    let every = allowed / LOOKS;
    let mut seen: Vec<(String, u64)> = Vec::new();
    let mut moved_at: Vec<Duration> = Vec::new();
    let mut is_stuck = false;
    loop {
        let now = clock.monotonic();
        let all = turns.all(watches);
        moved_at.resize(all.len(), now);
        for (place, part) in all.iter().enumerate() {
            if seen.get(place) != Some(part) {
                moved_at[place] = now;
            }
        }
        seen = all;
        let stuck = moved_at.iter().position(|at| now.saturating_sub(*at) > allowed);
        match stuck {
            None => {
                is_stuck = false;
                tell(&[NotifyState::Watchdog]);
            }
            Some(place) if !is_stuck => {
                is_stuck = true;
                let (part, secs) = (&seen[place].0, allowed.as_secs());
                tracing::error!(
                    part,
                    secs,
                    "nothing goes on any more: the service manager is to start the program anew"
                );
            }
            Some(_) => {}
        }
        tokio::time::sleep(every).await;
    }
}

/// One line for people who ask the service manager.
fn status(known: &Known, next: Timestamp, zone: &TimeZone) -> String {
    let time = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string();
    let judged = known.accounts.values().filter_map(|vitals| vitals.judged).max();
    let mut parts = vec![match judged {
        Some((at, _)) => format!("last sweep {}", time(at)),
        None => "no sweep yet".to_owned(),
    }];
    parts.push(format!("next {}", time(next)));
    for (account, vitals) in &known.accounts {
        parts.extend(vitals.trouble.as_ref().map(|why| format!("account {account}: {why}")));
    }
    parts.extend(known.reloaded.refused.as_ref().map(|why| {
        let at = time(known.reloaded.at);
        format!("the configuration of {at} was refused: {why}")
    }));
    // A line break would begin another message to the manager.
    let line: String = parts.join("; ").chars().take(LONGEST_STATUS).collect();
    line.replace('\n', "; ").replace(char::is_control, "\u{fffd}")
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "the service manager could not be told");
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::status;
    use crate::clock::Clock;
    use crate::domain::AccountName;
    use crate::domain::testing::at;
    use crate::vitals::Vitals;

    #[test]
    fn the_status_is_one_line_that_says_how_it_goes() {
        let (clock, stepper) = Clock::stepped(at(0));
        let names = ["main", "other"].map(|name| AccountName::new(name).unwrap());
        let vitals = Vitals::new(clock, names.clone());
        let said = || status(&vitals.listen().borrow(), at(300), &TimeZone::UTC);
        let next = "next 22:18:20";
        assert_eq!(said(), format!("no sweep yet; {next}"));
        vitals.judged(&names[0]);
        vitals.failed(&names[1], "invalid_credentials");
        stepper.advance_to(at(60));
        vitals.reloaded(Some("a.toml: x: is odd\na.toml: y: is\tmissing".to_owned()));
        assert_eq!(
            said(),
            format!(
                "last sweep 22:13:20; {next}; account other: invalid_credentials; the configuration of 22:14:20 \
                 was refused: a.toml: x: is odd; a.toml: y: is\u{fffd}missing"
            )
        );
        vitals.judged(&names[1]);
        vitals.reloaded(None);
        assert_eq!(said(), format!("last sweep 22:14:20; {next}"));
        vitals.reloaded(Some("x".repeat(1_000)));
        assert_eq!(said().chars().count(), 400);
    }
}
