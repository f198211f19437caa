//! One world played, and what is to be said of it.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use balancewatch::worlds::form::Form;
use balancewatch::worlds::log::Fact;
use balancewatch::worlds::{Played, checks, play};
use jiff::Timestamp;

/// What a world came to.
#[derive(Debug)]
pub struct Outcome {
    pub form: Form,
    pub took: Duration,
    pub crashes: u64,
    pub messages: u64,
    pub changes: u64,
    pub calls: u64,
    pub complaints: Vec<Complaint>,
}

/// Something that must not be.
#[derive(Clone, Debug)]
pub struct Complaint {
    /// The promise that is broken, `panic` or `hang`.
    pub kind: String,
    /// `None`: nobody knows when.
    pub at: Option<Timestamp>,
    pub what: String,
}

thread_local! {
    /// The seed that this thread plays.
    static PLAYS: Cell<Option<u64>> = const { Cell::new(None) };
}

/// What panicked, and in which world; one of a database's thread belongs to whichever world ends next.
static PANICS: Mutex<Vec<(Option<u64>, String)>> = Mutex::new(Vec::new());

/// Keeps what panics say: within a task they would pass unnoticed.
pub fn watch_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
        panics.push((PLAYS.get(), panic.to_string().replace('\n', ": ")));
    }));
}

fn panics_of(seed: u64) -> Vec<Complaint> {
    let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
    let of_it = panics.extract_if(.., |(of, _)| of.is_none_or(|of| of == seed));
    of_it
        .map(|(_, what)| Complaint {
            kind: "panic".to_owned(),
            at: None,
            what,
        })
        .collect()
}

/// Plays a world in a folder of its own, which is gone afterwards.
#[expect(clippy::disallowed_methods, reason = "it measures itself")]
pub fn of(form: &Form, promises: &[String]) -> (Outcome, Option<Played>) {
    let began = Instant::now();
    PLAYS.set(Some(form.seed));
    let played = tempfile::Builder::new()
        .prefix("world-")
        .tempdir()
        .map_err(|error| format!("there is no folder for it: {error}"))
        .and_then(|folder| {
            let played = catch_unwind(AssertUnwindSafe(|| {
                let played = play(form.plan(), folder.path());
                let found = checks::all(&played);
                (played, found)
            }));
            played.map_err(|_| String::new())
        });
    let mut outcome = Outcome {
        form: form.clone(),
        took: began.elapsed(),
        crashes: 0,
        messages: 0,
        changes: 0,
        calls: 0,
        complaints: panics_of(form.seed),
    };
    match played {
        Ok((played, found)) => {
            outcome.count(&played);
            let complaints = found.into_iter().map(|violation| Complaint {
                kind: format!("{:?}", violation.invariant).to_lowercase(),
                at: Some(violation.at),
                what: violation.what,
            });
            let is_looked_at = |complaint: &Complaint| promises.is_empty() || promises.contains(&complaint.kind);
            outcome.complaints.extend(complaints.filter(is_looked_at));
            (outcome, Some(played))
        }
        Err(why) => {
            if outcome.complaints.is_empty() {
                outcome.complaints.push(Complaint {
                    kind: "panic".to_owned(),
                    at: None,
                    what: why,
                });
            }
            (outcome, None)
        }
    }
}

impl Outcome {
    fn count(&mut self, played: &Played) {
        self.calls = played.calls;
        for entry in &played.log {
            match entry.fact {
                Fact::Killed { .. } => self.crashes += 1,
                Fact::Received(_) => self.messages += 1,
                Fact::Changed { .. } => self.changes += 1,
                _ => {}
            }
        }
    }

    /// One that did not end in time.
    pub fn hung(form: Form, took: Duration) -> Self {
        let complaint = Complaint {
            kind: "hang".to_owned(),
            at: None,
            what: format!("it did not end within {} s", took.as_secs()),
        };
        Self {
            form,
            took,
            crashes: 0,
            messages: 0,
            changes: 0,
            calls: 0,
            complaints: vec![complaint],
        }
    }
}
