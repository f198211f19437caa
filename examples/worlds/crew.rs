//! Who plays: as many threads as wanted, each one world after the other.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use balancewatch::worlds::form::Form;

use crate::arguments::Arguments;
use crate::outcome::{self, Outcome};

/// How long a world may take in real time, and how long each of its days: many times what the slowest machine needs.
const LONGEST: Duration = Duration::from_secs(120);
const LONGEST_OF_A_DAY: Duration = Duration::from_secs(60);

/// How often it is looked whether one hangs.
const LOOK_EVERY: Duration = Duration::from_secs(1);

struct Shared {
    next: AtomicU64,
    is_over: AtomicBool,
    running: Mutex<BTreeMap<u64, Instant>>,
}

/// Plays all that is asked for, and says what each world came to. One that hangs ends everything: a thread cannot be stopped.
pub fn play_all(arguments: &Arguments, mut say: impl FnMut(Outcome)) {
    let shared = Arc::new(Shared {
        next: AtomicU64::new(arguments.first_seed()),
        is_over: AtomicBool::new(false),
        running: Mutex::default(),
    });
    let (out, outcomes) = channel();
    for _ in 0..arguments.jobs.get() {
        let (shared, out, worker) = (Arc::clone(&shared), out.clone(), Worker::new(arguments));
        std::thread::spawn(move || worker.work(&shared, &out));
    }
    drop(out);
    let longest = LONGEST + LONGEST_OF_A_DAY * arguments.world_days.get();
    loop {
        match outcomes.recv_timeout(LOOK_EVERY) {
            Ok(outcome) => {
                let is_enough = arguments.stop_at_first && !outcome.complaints.is_empty();
                say(outcome);
                if is_enough {
                    return;
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {}
        }
        let running = shared.running.lock().unwrap_or_else(PoisonError::into_inner);
        let hangs = running.iter().find(|(_, since)| since.elapsed() > longest);
        if let Some((seed, since)) = hangs {
            shared.is_over.store(true, Ordering::Relaxed);
            say(Outcome::hung(arguments.form(*seed), since.elapsed()));
            return;
        }
    }
}

struct Worker {
    form: Form,
    promises: Vec<String>,
    /// The seed that is played no more.
    end: Option<u64>,
    until: Option<Instant>,
}

#[expect(clippy::disallowed_methods, reason = "worlds are played for so much real time")]
fn now() -> Instant {
    Instant::now()
}

impl Worker {
    fn new(arguments: &Arguments) -> Self {
        let first = arguments.first_seed();
        Self {
            form: arguments.form(first),
            promises: arguments.promises.clone(),
            end: arguments.worlds().map(|worlds| first.saturating_add(worlds)),
            until: arguments.long.map(|long| now() + long),
        }
    }

    fn work(&self, shared: &Shared, out: &Sender<Outcome>) {
        let running = || shared.running.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let seed = shared.next.fetch_add(1, Ordering::Relaxed);
            let is_late = self.until.is_some_and(|until| now() >= until);
            if is_late || self.end.is_some_and(|end| seed >= end) || shared.is_over.load(Ordering::Relaxed) {
                return;
            }
            running().insert(seed, now());
            let form = Form {
                seed,
                ..self.form.clone()
            };
            let (outcome, _) = outcome::of(&form, &self.promises);
            running().remove(&seed);
            if out.send(outcome).is_err() {
                return;
            }
        }
    }
}
