//! What is printed: how it goes, what it came to, and of each kind of failure the shortest form and the story.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use balancewatch::worlds::form::Form;
use balancewatch::worlds::{shrink, story};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::SignedDuration;

use crate::arguments::Arguments;
use crate::outcome::{self, Complaint, Outcome};

/// For how long after what is wrong a story goes on.
const AFTERWARDS: SignedDuration = SignedDuration::from_mins(2);

/// How one repeats a world.
const COMMAND: &str = "cargo run --release --example worlds --";

/// Where nobody looks at a bar, a line says how it goes this often.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// Most failures of one kind that are listed.
const MAX_LISTED: usize = 20;

pub struct Report {
    bar: ProgressBar,
    began: Instant,
    said: Instant,
    worlds: u64,
    days: u64,
    crashes: u64,
    messages: u64,
    changes: u64,
    calls: u64,
    slowest: Duration,
    /// By kind; each with the world and what is wrong in it.
    failures: BTreeMap<String, Vec<(Form, Complaint)>>,
}

#[expect(clippy::disallowed_methods, reason = "it measures itself")]
fn now() -> Instant {
    Instant::now()
}

impl Report {
    pub fn new(arguments: &Arguments) -> Self {
        let bar = arguments
            .worlds()
            .map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let template = "{spinner} {wide_bar} {pos} worlds, {msg} {elapsed}";
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message("nothing broken,");
        Self {
            bar,
            began: now(),
            said: now(),
            worlds: 0,
            days: 0,
            crashes: 0,
            messages: 0,
            changes: 0,
            calls: 0,
            slowest: Duration::ZERO,
            failures: BTreeMap::new(),
        }
    }

    pub fn is_fine(&self) -> bool {
        self.failures.is_empty()
    }

    /// Takes what a world came to, and says how it goes.
    pub fn add(&mut self, outcome: Outcome) {
        self.worlds += 1;
        self.days += u64::from(outcome.form.days);
        self.crashes += outcome.crashes;
        self.messages += outcome.messages;
        self.changes += outcome.changes;
        self.calls += outcome.calls;
        self.slowest = self.slowest.max(outcome.took);
        for complaint in outcome.complaints {
            let of_kind = self.failures.entry(complaint.kind.clone()).or_default();
            if of_kind.is_empty() {
                let Complaint { kind, what, .. } = &complaint;
                self.bar
                    .suspend(|| eprintln!("{kind} broken in {}: {what}", outcome.form));
            }
            of_kind.push((outcome.form.clone(), complaint));
        }
        self.bar.inc(1);
        if !self.failures.is_empty() {
            let broken: usize = self.failures.values().map(Vec::len).sum();
            self.bar.set_message(format!("{broken} broken,"));
        }
        if !std::io::stderr().is_terminal() && self.said.elapsed() >= SAY_EVERY {
            self.said = now();
            let broken: usize = self.failures.values().map(Vec::len).sum();
            eprintln!("{} worlds, {} virtual days, {broken} broken", self.worlds, self.days);
        }
    }

    /// The figures, and every failure by kind.
    pub fn print(&self) {
        self.bar.finish_and_clear();
        let seconds = self.began.elapsed().as_millis().max(1);
        let tenths = u128::from(self.days) * 10_000 / seconds;
        println!("worlds                   {:>12}", self.worlds);
        println!("virtual days             {:>12}", self.days);
        println!("virtual days per second  {:>10}.{}", tenths / 10, tenths % 10);
        println!("slowest world            {:>10} s", self.slowest.as_secs());
        println!("crashes                  {:>12}", self.crashes);
        println!("messages received        {:>12}", self.messages);
        println!("changes of clients       {:>12}", self.changes);
        println!("calls of the API         {:>12}", self.calls);
        if self.is_fine() {
            println!("\neverything held");
        }
        for (kind, failures) in &self.failures {
            println!("\n{kind}: broken {} times", failures.len());
            for (form, complaint) in failures.iter().take(MAX_LISTED) {
                let at = complaint.at.map(|at| at.strftime("%a %m-%d %H:%M ").to_string());
                println!("  {form}  {}{}", at.unwrap_or_default(), complaint.what);
            }
            if failures.len() > MAX_LISTED {
                println!("  and {} more", failures.len() - MAX_LISTED);
            }
        }
    }

    /// Of the first failure of each kind: the commands that repeat it, and its story.
    pub fn tell_more(&self, arguments: &Arguments) {
        for (kind, failures) in &self.failures {
            let Some((form, _)) = failures.first() else { continue };
            println!("\n{kind}\n  repeat it:        {COMMAND} {form}");
            if kind == "hang" {
                continue;
            }
            let until = now() + arguments.shrink_for;
            let promises = if kind == "panic" {
                Vec::new()
            } else {
                vec![kind.clone()]
            };
            let shortest = shrink::shortest(form, |shorter| {
                now() < until && {
                    let (outcome, _) = outcome::of(shorter, &promises);
                    outcome.complaints.iter().any(|complaint| complaint.kind == *kind)
                }
            });
            println!("  its shortest form: {COMMAND} {shortest}");
            tell(&shortest, kind, arguments);
        }
    }
}

/// What happened before the first thing of a kind that is wrong in a world.
fn tell(form: &Form, kind: &str, arguments: &Arguments) {
    let (outcome, played) = outcome::of(form, &[]);
    let complaint = outcome.complaints.iter().find(|complaint| complaint.kind == kind);
    let (Some(complaint), Some(played)) = (complaint, played) else {
        return;
    };
    println!("  what is wrong:     {}", complaint.what);
    // What came of it follows within moments.
    let until = complaint
        .at
        .unwrap_or(played.ended)
        .saturating_add(AFTERWARDS)
        .unwrap_or(played.ended);
    let long = SignedDuration::try_from(arguments.story).unwrap_or(SignedDuration::MAX);
    println!("  its story, by the time that really passed (UTC):");
    for line in story::before(&played, &complaint.what, until, long) {
        println!("    {line}");
    }
}
