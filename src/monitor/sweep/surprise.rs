//! What a sweep's readings began, until its end tells whether that is ordinary. A surprise is kept in the account's state from
//! the batch on that shows it, so that also a sweep that is cut off leaves it behind.

use jiff::Timestamp;

use super::super::batch;
use super::Sweep;
use crate::domain::Threshold;
use crate::domain::decision::{BY_DATA, Decision};
use crate::domain::judge::belief::{Begun, Trust};
use crate::domain::judge::surprise::{self, Standing, Surprise};
use crate::domain::judge::{Seen, account};
use crate::domain::watch::Watched;
use crate::monitor::SweepError;
use crate::store::Commit;

/// What a sweep's readings began so far.
#[derive(Debug, Default)]
pub(super) struct Beginnings {
    /// Clients judged that had been read before.
    judged: u64,
    /// Those of them that began to breach a balance limit.
    clients: u64,
    held: Vec<Held>,
}

/// A client that began to breach and may be believed at the end.
#[derive(Debug)]
struct Held {
    watched: Watched,
    threshold: Option<Threshold>,
    begun: Vec<Begun>,
}

impl Beginnings {
    /// Counts one that is judged, and says how far what it may begin is believed.
    pub(super) fn next(&mut self, watched: &Watched) -> Trust {
        if watched.client.id.is_pseudo() {
            return Trust::Full;
        }
        self.judged += u64::from(watched.reading.is_some());
        if surprise::is_one(self.clients + 1, self.judged) {
            Trust::InDoubt
        } else {
            Trust::UntilTheEnd
        }
    }

    /// Whether they are a surprise.
    fn is_surprise(&self) -> bool {
        surprise::is_one(self.clients, self.judged)
    }
}

impl Sweep<'_> {
    /// Remembers what one client's reading began. What nothing explains waits for a second reading in any case.
    pub(super) fn hold(&mut self, commit: &mut Commit, watched: &Watched, begun: Vec<Begun>, is_explained: bool) {
        if begun.is_empty() {
            return;
        }
        self.begun.clients += 1;
        if is_explained {
            self.begun.held.push(Held {
                watched: watched.clone(),
                threshold: watched.threshold.clone(),
                begun,
            });
        }
        if self.begun.is_surprise() && self.state.surprise.is_none() {
            self.note_surprise();
            commit.state = Some(self.state.clone());
        }
    }

    fn note_surprise(&mut self) {
        let since = self.state.surprise.as_ref().map_or(self.started_at, |open| open.since);
        self.state.surprise = Some(Surprise {
            since,
            begun: self.begun.clients,
            judged: self.begun.judged,
        });
    }

    /// Believes what the sweep began, or says that the data look wrong; sets the brake when a second reading says the same.
    pub(super) async fn weigh(
        &mut self,
        commit: &mut Commit,
        now: Timestamp,
        is_whole: bool,
    ) -> Result<(), SweepError> {
        let began_here = self
            .state
            .surprise
            .as_ref()
            .is_some_and(|open| open.since == self.started_at);
        if self.begun.is_surprise() {
            self.note_surprise();
        } else if is_whole {
            if began_here {
                self.state.surprise = None;
            }
            self.believe(commit, now);
        }
        let Some(open) = self.state.surprise.clone() else {
            return Ok(());
        };
        let alerts = self.monitor.store.alerts(&self.rules.account).await?;
        let policies = &self.rules.policies;
        match open.standing(&alerts, policies, self.circumstances.interval, now) {
            Standing::Open => {
                if !matches!(self.health.upstream, Some(Err(_))) {
                    self.health.upstream = Some(Err(account::wrong_data(&open)));
                }
            }
            Standing::Over => self.state.surprise = None,
            Standing::Same(again) => {
                self.state.surprise = None;
                self.put_brake_on(commit, &open, again, now);
            }
        }
        commit.state = Some(self.state.clone());
        Ok(())
    }

    /// Tells whoever waited for the end of the sweep.
    fn believe(&mut self, commit: &mut Commit, now: Timestamp) {
        for held in std::mem::take(&mut self.begun.held) {
            let seen = Seen {
                watched: &held.watched,
                reading: held.watched.reading.as_ref(),
                threshold: held.threshold.as_ref(),
                threshold_is_fresh: true,
                alerts: &[],
                hushes: &self.hushes,
            };
            let mut decided = self.rules.believe(&seen, &held.begun, now);
            self.name_management(&mut decided, &held.watched);
            batch::add(commit, &held.watched.client.id, decided);
        }
    }

    /// Stops all enforcement until a person has looked. A brake that is on stays as it is.
    fn put_brake_on(&mut self, commit: &mut Commit, open: &Surprise, again: u64, now: Timestamp) {
        if self.brake.is_some() {
            return;
        }
        let Surprise { begun, judged, .. } = open;
        let note = format!(
            "{begun} of {judged} clients began to breach a balance limit in one sweep, and a second reading says the same of \
             {again}: see in the VoIP.ms portal whether these balances are true"
        );
        tracing::error!(account = %self.rules.account, begun, judged, again, "the brake is on: the data look wrong");
        let account = self.rules.account.clone();
        commit
            .decisions
            .push(Decision::brake(account, BY_DATA, note.clone(), now));
        self.brake = Some(note);
    }
}
