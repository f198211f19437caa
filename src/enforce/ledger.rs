//! What one run notes: enforcements as they move, their journals, what is owed about them; gathered into commits, and
//! kept in step with what the caller remembers.
//!
//! Decides only which record a note belongs to, and whether it is news.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::waiting::MOST_TOLD;
use super::{Event, Ground};
use crate::domain::alert::EpisodeId;
use crate::domain::decision::{self, BY_CODES, BY_READ_BACK, BY_UNKNOWN};
use crate::domain::enforcement::{
    Deferral, Direction, Enforcement, EnforcementState, EnforcementStep, FieldDifference, Outcome, Refusal,
};
use crate::domain::judge::Rules;
use crate::domain::plan::{Country, Decision, Intent, Passwords};
use crate::domain::watch::Watched;
use crate::domain::{Client, ClientId};
use crate::store::Commit;

/// How many lines an enforcement's journal has.
#[derive(Debug, Default)]
pub(super) struct Journal {
    pub lines: u32,
}

/// What one run notes.
pub(super) struct Ledger<'g, 'a> {
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
    rules: &'g Rules,
    clients: HashMap<ClientId, usize>,
    episodes: HashMap<EpisodeId, Vec<usize>>,
    batch: Commit,
}

impl<'g, 'a> Ledger<'g, 'a> {
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

    fn newest(&self, intent: &Intent) -> Option<&Enforcement> {
        self.kept(&intent.episode, intent.direction)
            .max_by_key(|kept| number(&kept.id))
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
            None => format!("{}/{way}/{}", intent.episode, number_of(self.newest(intent)) + 1),
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
        match known.and_then(|index| self.ground.enforcements.get_mut(*index)) {
            Some(kept) => kept.clone_from(enforcement),
            None => {
                indices.push(self.ground.enforcements.len());
                self.ground.enforcements.push(enforcement.clone());
            }
        }
    }

    /// Adds a line to an enforcement's journal.
    pub fn step(&mut self, enforcement: &Enforcement, journal: &mut Journal, step: &str, detail: impl Into<String>) {
        journal.lines += 1;
        self.batch.steps.push(EnforcementStep {
            enforcement: enforcement.id.clone(),
            number: journal.lines,
            at: enforcement.changed_at,
            step: step.to_owned(),
            detail: detail.into(),
        });
    }

    /// Notes an end, with what is owed about it.
    pub fn end(&mut self, enforcement: &mut Enforcement, outcome: Outcome, now: Timestamp) {
        let is_news = is_news(enforcement, &outcome);
        if is_news {
            enforcement.told.insert(outcome.told_as());
        }
        enforcement.state = EnforcementState::Ended {
            outcome: outcome.clone(),
        };
        enforcement.changed_at = now;
        self.put(enforcement);
        if is_news {
            self.tell(enforcement, &outcome, now);
        }
        match outcome {
            Outcome::Differs { fields } => self.surprise_read_back(enforcement, fields, now),
            Outcome::Unknown { error } => self.events.push(Event::Unknown {
                client: enforcement.client.clone(),
                enforcement: enforcement.id.clone(),
                error,
            }),
            _ => {}
        }
    }

    /// Logs what became of an enforcement, and owes the notices about it.
    pub fn tell(&mut self, enforcement: &Enforcement, outcome: &Outcome, now: Timestamp) {
        log(enforcement, outcome);
        let Some(watched) = self.watched(&enforcement.client) else {
            return;
        };
        let owed = self
            .rules
            .judge_enforced(enforcement, outcome, watched, self.ground.alerts, now);
        self.batch.notifications.extend(owed.notifications);
        self.batch.messages.extend(owed.messages);
    }

    fn surprise_read_back(&mut self, enforcement: &Enforcement, fields: Vec<FieldDifference>, now: Timestamp) {
        let names: Vec<&str> = fields.iter().map(|difference| difference.field.as_str()).collect();
        let note = format!(
            "client {}: {} not as meant after setClient (enforcement {})",
            enforcement.client,
            names.join(", "),
            enforcement.id
        );
        self.brake(BY_READ_BACK, note, now);
        self.events.push(Event::ReadBack {
            client: enforcement.client.clone(),
            enforcement: enforcement.id.clone(),
            fields,
        });
    }

    /// Sets the brake because it cannot be found out what a write did.
    pub fn brake_unknown(&mut self, enforcement: &Enforcement, error: &str, now: Timestamp) {
        let note = format!(
            "client {}: what setClient did could not be read back: {error} (enforcement {})",
            enforcement.client, enforcement.id
        );
        self.brake(BY_UNKNOWN, note, now);
    }

    /// Sets the brake because the account's codes are not those that were used before.
    pub fn brake_codes(&mut self, what: String, now: Timestamp) {
        let note = format!(
            "{what}. Look in the VoIP.ms portal which is right; whoever releases the brake accepts the new codes"
        );
        self.brake(BY_CODES, note, now);
        self.events.push(Event::Codes { what });
    }

    fn brake(&mut self, by: &str, note: String, now: Timestamp) {
        let brake = decision::Decision::brake(self.rules.account.clone(), by, note, now);
        self.batch.decisions.push(brake);
    }

    /// Notes a decision other than to go.
    pub fn note(&mut self, intent: &Intent, decision: Decision, now: Timestamp) {
        match decision {
            Decision::Go | Decision::Would => {}
            Decision::Already => {
                let mut enforcement = self.open(intent, now);
                self.end(&mut enforcement, Outcome::Already, now);
            }
            Decision::Refused(why) => self.refuse(intent, why, false, now),
            Decision::Deferred(why) => {
                let state = EnforcementState::Deferred { why };
                // What was refused or declined says more than what it waits for before it is looked at again.
                match self.newest(intent) {
                    Some(kept) if kept.state == state => {}
                    Some(kept) if was_declined(&kept.state) => {
                        let id = kept.id.clone();
                        self.note_behind_refusal(id, state);
                    }
                    _ => {
                        let enforcement = Enforcement {
                            state,
                            ..self.open(intent, now)
                        };
                        self.put(&enforcement);
                    }
                }
            }
        }
    }

    /// Notes what one waits for that keeps its refusal as its state; that it is tried again belongs to the refusal.
    fn note_behind_refusal(&mut self, id: String, state: EnforcementState) {
        if let EnforcementState::Deferred { why } = state
            && !matches!(why, Deferral::NotDone { .. })
        {
            self.behind_refusals.insert(id, why);
        }
    }

    /// Notes a refusal. One that only repeats the newest is not news; `looked`: when the record was read for it, the
    /// time of that look is kept.
    pub fn refuse(&mut self, intent: &Intent, why: Refusal, looked: bool, now: Timestamp) {
        let outcome = Outcome::Refused { why };
        let same = EnforcementState::Ended {
            outcome: outcome.clone(),
        };
        match self.newest(intent).filter(|kept| kept.state == same).cloned() {
            Some(mut kept) if looked => {
                kept.changed_at = now;
                self.put(&kept);
            }
            Some(_) => {}
            None => {
                let mut enforcement = self.open(intent, now);
                self.end(&mut enforcement, outcome, now);
            }
        }
    }

    /// Notes that what waited is not wanted any more.
    pub fn cancel(&mut self, mut enforcement: Enforcement, now: Timestamp) {
        self.end(&mut enforcement, Outcome::Cancelled, now);
    }

    /// What was noted and is not written yet.
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

/// Logs an end that somebody is told of: as an error when somebody must act.
fn log(enforcement: &Enforcement, outcome: &Outcome) {
    let (account, client) = (&enforcement.account, &enforcement.client);
    let (id, wanted, outcome_label) = (&enforcement.id, enforcement.wanted, outcome.label());
    match outcome {
        Outcome::Differs { .. } | Outcome::Unknown { .. } => {
            tracing::error!(%account, %client, enforcement = %id, outcome = outcome_label, "an enforcement came to a bad end");
        }
        Outcome::Refused { why } => {
            tracing::warn!(%account, %client, enforcement = %id, why = why.label(), "an enforcement was refused");
        }
        Outcome::Waiting { why, others } => {
            tracing::warn!(%account, %client, enforcement = %id, why = why.label(), others, "an enforcement still waits");
        }
        Outcome::Declined { code } => {
            tracing::warn!(%account, %client, enforcement = %id, code, "the API declined an enforcement");
        }
        _ => {
            tracing::info!(%account, %client, enforcement = %id, %wanted, outcome = outcome_label, "an enforcement ended")
        }
    }
}

/// Whether somebody is told: of ends that matter, of a refusal or a decline only once per reason and episode, and that
/// nothing was to be done whoever was told that it waits.
fn is_news(enforcement: &Enforcement, outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Verified | Outcome::Differs { .. } | Outcome::Unknown { .. } => true,
        Outcome::Refused { .. } | Outcome::Declined { .. } => {
            enforcement.told.len() < MOST_TOLD && !enforcement.told.contains(&outcome.told_as())
        }
        Outcome::Already => !enforcement.told.is_empty(),
        // The end of its episode, or another change, is told itself.
        Outcome::DidNotHappen | Outcome::Cancelled | Outcome::Waiting { .. } => false,
    }
}

fn number_of(kept: Option<&Enforcement>) -> u32 {
    kept.map_or(0, |kept| number(&kept.id))
}

/// The last part of an enforcement's id.
fn number(id: &str) -> u32 {
    let digits = id.rsplit('/').next().unwrap_or_default();
    digits.parse().unwrap_or(0)
}

const fn was_declined(state: &EnforcementState) -> bool {
    matches!(
        state,
        EnforcementState::Ended {
            outcome: Outcome::Refused { .. } | Outcome::Declined { .. }
        }
    )
}
