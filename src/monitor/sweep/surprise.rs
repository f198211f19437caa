//! What a sweep's readings began, until its end tells whether that is ordinary. A surprise is kept in the account's state from
//! the batch on that shows it, so that also a sweep that is cut off leaves it behind. What else sets the brake is in `brake`.

use jiff::{SignedDuration, Timestamp};

use super::super::batch;
use super::Sweep;
use crate::domain::decision::BY_DATA;
use crate::domain::judge::belief::{Begun, Trust};
use crate::domain::judge::surprise::{self, Standing, Surprise};
use crate::domain::judge::triggers::Totals;
use crate::domain::judge::{Seen, account};
use crate::domain::share::Share;
use crate::domain::watch::Watched;
use crate::domain::{Reading, Threshold};
use crate::monitor::SweepError;
use crate::store::Commit;

/// How old what is compared with may be. Wrong data often come with the end of an outage, when what a first look finds counts as
/// no surprise. After a week, so much may have happened that a person would be called for nothing.
const COMPARED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What a sweep's readings began so far.
#[derive(Debug)]
pub(super) struct Beginnings {
    /// From which share on they are a surprise.
    share: Share,
    /// Clients judged that had been read before.
    judged: u64,
    /// Those of them that began to breach a balance limit.
    clients: u64,
    held: Vec<Held>,
    /// What they had in the sweep before, and have now.
    pub(super) totals: Totals,
}

/// A client that began to breach and may be believed at the end.
#[derive(Debug)]
struct Held {
    watched: Watched,
    threshold: Option<Threshold>,
    begun: Vec<Begun>,
}

impl Beginnings {
    /// None yet.
    pub(super) fn new(share: Share) -> Self {
        Self {
            share,
            judged: 0,
            clients: 0,
            held: Vec::new(),
            totals: Totals::default(),
        }
    }

    /// Counts one that is judged by this reading, and says how far what it may begin is believed.
    pub(super) fn next(&mut self, watched: &Watched, reading: &Reading) -> Trust {
        if watched.client.id.is_pseudo() {
            return Trust::Full;
        }
        let is_recent = |before: &&Reading| reading.at.duration_since(before.at) <= COMPARED_FOR;
        if let Some(before) = watched.reading.as_ref().filter(is_recent) {
            self.totals.add(before.balance, reading.balance);
        }
        self.judged += u64::from(watched.reading.is_some());
        if surprise::is_one(self.clients + 1, self.judged, self.share) {
            Trust::InDoubt
        } else {
            Trust::UntilTheEnd
        }
    }

    /// Whether they are a surprise.
    pub(super) fn is_surprise(&self) -> bool {
        surprise::is_one(self.clients, self.judged, self.share)
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
        let by = (&self.rules.policies[..], self.begun.share);
        match open.standing(&alerts, by, self.circumstances.interval, now) {
            Standing::Open => {
                if !matches!(self.health.upstream, Some(Err(_))) {
                    self.health.upstream = Some(Err(account::wrong_data(&open)));
                }
            }
            Standing::Over => self.state.surprise = None,
            Standing::Same(again) => {
                self.state.surprise = None;
                self.brake_for_wrong_data(commit, &open, again, now);
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

    /// Stops all enforcement until a person has looked.
    fn brake_for_wrong_data(&mut self, commit: &mut Commit, open: &Surprise, again: u64, now: Timestamp) {
        let Surprise { begun, judged, .. } = open;
        let note = format!(
            "{begun} of {judged} clients began to breach a balance limit in one sweep, and a second reading says the same of \
             {again}: see in the VoIP.ms portal whether these balances are true"
        );
        self.put_brake_on(commit, BY_DATA, note, now);
    }
}
