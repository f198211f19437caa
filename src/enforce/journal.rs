//! What one run writes down: enforcements as they move and the lines of their journals; gathered into commits, and kept in
//! step with what the caller remembers.
//!
//! Decides only which record a note belongs to.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::Ground;
use super::report::Event;
use crate::domain::alert::EpisodeId;
use crate::domain::decision;
use crate::domain::enforcement::{Deferral, Direction, Enforcement, EnforcementState, EnforcementStep};
use crate::domain::judge::Rules;
use crate::domain::judge::audience::Owed;
use crate::domain::plan::{Country, Intent, Passwords};
use crate::domain::watch::Watched;
use crate::domain::{Client, ClientId};
use crate::metrics;
use crate::store::Commit;

/// An enforcement on its way.
pub struct Change {
    pub enforcement: Enforcement,
    /// How many lines there are about it.
    pub lines: u32,
}

/// What one run writes down.
pub struct Journal<'g, 'a> {
    pub ground: &'g mut Ground<'a>,
    /// Whether the account's state has to be written.
    pub state_changed: bool,
    /// What somebody must look at.
    pub events: Vec<Event>,
    /// The countries, once they were read in this run.
    pub countries: Option<Vec<Country>>,
    /// The passwords of the list, once they were read in this run.
    pub passwords: Option<Arc<Passwords>>,
    /// What those wait for now, by id, that were refused or declined last and are kept as that.
    pub behind_refusals: HashMap<String, Deferral>,
    pub rules: &'g Rules,
    clients: HashMap<ClientId, usize>,
    episodes: HashMap<EpisodeId, Vec<usize>>,
    batch: Commit,
}

impl<'g, 'a> Journal<'g, 'a> {
    pub fn new(rules: &'g Rules, ground: &'g mut Ground<'a>) -> Self {
        let clients = ground.clients.iter().enumerate();
        let clients = clients
            .map(|(index, watched)| (watched.client.id.clone(), index))
            .collect();
        let mut episodes: HashMap<EpisodeId, Vec<usize>> = HashMap::new();
        for (index, kept) in ground.enforcements.iter().enumerate() {
            episodes.entry(kept.episode.clone()).or_default().push(index);
        }
        Self {
            state_changed: false,
            events: Vec::new(),
            countries: None,
            passwords: None,
            behind_refusals: HashMap::new(),
            batch: Commit::new(rules.account.clone(), Timestamp::UNIX_EPOCH),
            ground,
            rules,
            clients,
            episodes,
        }
    }

    pub fn watched(&self, client: &ClientId) -> Option<&Watched> {
        self.ground.clients.get(*self.clients.get(client)?)
    }

    /// Remembers a client's record as it was seen now. `by_us`: with our change in it, which is nobody's edit.
    pub fn seen(&mut self, client: &Client, by_us: bool, now: Timestamp) {
        let Some(watched) = self
            .clients
            .get(&client.id)
            .and_then(|index| self.ground.clients.get_mut(*index))
        else {
            return;
        };
        if watched.client != *client {
            watched.client = client.clone();
            if !by_us {
                watched.edited_at = Some(now);
            }
            self.batch.clients.push(watched.clone());
        }
    }

    /// The kept enforcements of an intent's episode in its direction.
    fn kept(&self, episode: &EpisodeId, direction: Direction) -> impl Iterator<Item = &Enforcement> {
        let indices = self.episodes.get(episode).into_iter().flatten();
        let kept = indices.filter_map(|index| self.ground.enforcements.get(*index));
        kept.filter(move |kept| kept.direction == direction)
    }

    pub fn newest(&self, intent: &Intent) -> Option<&Enforcement> {
        self.kept(&intent.episode, intent.direction)
            .max_by_key(|kept| kept.number())
    }

    /// The record that waits for this intent, or a new one, as planned now.
    pub fn open(&self, intent: &Intent, now: Timestamp) -> Enforcement {
        let newest = self.newest(intent);
        let newest = newest.filter(|kept| kept.wanted == intent.wanted);
        // What the API declines is tried again and again: one record of it says as much as many.
        let waits = |kept: &&Enforcement| {
            let is_open = matches!(
                kept.state,
                EnforcementState::Planned | EnforcementState::Deferred { .. }
            );
            is_open || kept.state.not_done().is_some()
        };
        let way = match intent.direction {
            Direction::Enforce => "enforce",
            Direction::Revert => "revert",
        };
        let id = match newest.filter(waits) {
            Some(waiting) => waiting.id.clone(),
            None => format!(
                "{}/{way}/{}",
                intent.episode,
                self.newest(intent).map_or(0, Enforcement::number) + 1
            ),
        };
        Enforcement {
            id,
            account: self.rules.account.clone(),
            client: intent.client.clone(),
            policy: intent.policy.clone(),
            episode: intent.episode.clone(),
            direction: intent.direction,
            wanted: intent.wanted,
            balance: intent.balance,
            planned_at: now,
            state: EnforcementState::Planned,
            changed_at: now,
            code_before: None,
            code_sent: None,
            fingerprint_before: None,
            fingerprint_after: None,
            before_image: None,
            window_ms: None,
            settle_at: None,
            asked_at: newest.and_then(|kept| kept.asked_at),
            waited: newest.map_or(0, |kept| kept.waited),
            told: newest.map(|kept| kept.told.clone()).unwrap_or_default(),
        }
    }

    /// Writes an enforcement down.
    pub fn put(&mut self, enforcement: &Enforcement) {
        self.batch.enforcements.push(enforcement.clone());
        let indices = self.episodes.entry(enforcement.episode.clone()).or_default();
        let known = indices.iter().find(|index| {
            self.ground
                .enforcements
                .get(**index)
                .is_some_and(|kept| kept.id == enforcement.id)
        });
        let kept = known.and_then(|index| self.ground.enforcements.get_mut(*index));
        let is_news = kept.as_ref().is_none_or(|kept| kept.state != enforcement.state);
        if let EnforcementState::Ended { outcome } = &enforcement.state
            && is_news
        {
            metrics::enforced(self.rules.account.as_str(), outcome.label());
        }
        match kept {
            Some(kept) => kept.clone_from(enforcement),
            None => {
                indices.push(self.ground.enforcements.len());
                self.ground.enforcements.push(enforcement.clone());
            }
        }
    }

    /// Adds a line about a change.
    pub fn step(&mut self, change: &mut Change, step: &str, detail: impl Into<String>) {
        change.lines += 1;
        self.batch.steps.push(EnforcementStep {
            enforcement: change.enforcement.id.clone(),
            number: change.lines,
            at: change.enforcement.changed_at,
            step: step.to_owned(),
            detail: detail.into(),
        });
    }

    pub fn brake(&mut self, by: &str, note: String, now: Timestamp) {
        let brake = decision::Decision::brake(self.rules.account.clone(), by, note, now);
        self.decide(brake);
    }

    /// Writes down what became of a decision.
    pub fn decide(&mut self, decision: decision::Decision) {
        self.batch.decisions.push(decision);
    }

    pub fn owe(&mut self, owed: Owed) {
        self.batch.notifications.extend(owed.notifications);
        self.batch.messages.extend(owed.messages);
    }

    /// What is not in the store yet.
    pub fn take(&mut self, now: Timestamp) -> Commit {
        let empty = Commit::new(self.rules.account.clone(), now);
        let mut commit = std::mem::replace(&mut self.batch, empty);
        commit.at = now;
        if std::mem::take(&mut self.state_changed) {
            commit.state = Some(self.ground.state.clone());
        }
        commit
    }
}
