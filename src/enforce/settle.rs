//! What became of changes that were left *sent*, the second look at the first change ever, and what people want taken back.
//! Reads, and writes nothing to the provider but the last.

use jiff::{SignedDuration, Timestamp};

use super::journal::Journal;
use super::{Enforcer, Error, Failure, Ground, Provider, Read, Report};
use crate::domain::enforcement::{Enforcement, EnforcementState, Outcome};
use crate::domain::plan::{Canary, Field, Record, compare};
use crate::domain::time::later;

/// How long a write whose record cannot be read is asked about before it counts as unknown. Shorter, and a short outage
/// would need a person; longer, and nobody would be told while all other enforcement waits for it.
const UNKNOWN_AFTER: SignedDuration = SignedDuration::from_hours(1);

impl<P: Provider> Enforcer<P> {
    /// Settles by reading what was left *sent*, and reads the account's first enforcement ever again. Called at the
    /// beginning of each sweep, before the list of clients is read, and at [`Report::next_at`] where the caller waits.
    ///
    /// # Errors
    /// [`Error::Store`]. What is remembered must be loaded again.
    pub async fn settle(&self, ground: &mut Ground<'_>) -> Result<Report, Error> {
        let mut report = Report::default();
        let is_sent = |kept: &&Enforcement| kept.state == EnforcementState::Sent;
        let sent: Vec<Enforcement> = ground.enforcements.iter().filter(is_sent).cloned().collect();
        let canary = canary(ground);
        let wishes = self.orders().await?.undos;
        if sent.is_empty() && canary.is_none() && wishes.is_empty() {
            return Ok(report);
        }
        let mut journal = Journal::new(&self.settings.rules, ground);
        for enforcement in sent {
            let was_settled = self.settle_one(&mut journal, enforcement).await?;
            match was_settled {
                Some(Outcome::Verified) => report.applied += 1,
                Some(_) => {}
                None => report.waiting += 1,
            }
        }
        if let Some(canary) = canary {
            self.look_again(&mut journal, canary).await?;
        }
        self.undo_all(&mut journal, wishes, &mut report).await?;
        self.flush(&mut journal).await?;
        report.events.append(&mut journal.events);
        report.wake_at(self.next_at(&journal));
        Ok(report)
    }

    /// Finds out what a write did, once it cannot do anything any more; `None`: not yet.
    async fn settle_one(
        &self,
        journal: &mut Journal<'_, '_>,
        mut enforcement: Enforcement,
    ) -> Result<Option<Outcome>, Error> {
        let settle_at = enforcement.settle_at.unwrap_or(enforcement.changed_at);
        if self.clock.now() < settle_at {
            return Ok(None);
        }
        self.at("before it is settled")?;
        let after = self.read_with_countries(journal, &enforcement).await;
        let now = self.clock.now();
        let outcome = match after {
            Ok(after) => {
                enforcement.fingerprint_after = Some(after.client.fingerprint.clone());
                let outcome = judge_settled(journal, &enforcement, &after);
                let by_us = matches!(outcome, Outcome::Verified);
                journal.seen(&after.client, by_us, now);
                outcome
            }
            Err(failure) if failure.is_gone() || now >= later(settle_at, UNKNOWN_AFTER) => {
                Outcome::Unknown { error: failure.word }
            }
            Err(_) => return Ok(None),
        };
        if let Outcome::Unknown { error } = &outcome {
            journal.brake_unknown(&enforcement, error, now);
        }
        let mut change = self.begin(enforcement).await?;
        journal.step(&mut change, "settled", "found out by reading the record");
        self.finish(journal, change, outcome.clone(), now).await?;
        self.at("after it is settled")?;
        Ok(Some(outcome))
    }

    /// The record, and the countries if they are needed to compare it with what was kept.
    async fn read_with_countries(
        &self,
        journal: &mut Journal<'_, '_>,
        enforcement: &Enforcement,
    ) -> Result<Read, Failure> {
        let after = self.provider.record(&enforcement.client).await?;
        let image = enforcement.before_image.as_deref().and_then(Record::from_image);
        if image.is_some_and(|image| image.get(Field::Country) != after.record.get(Field::Country)) {
            self.countries(journal).await?;
        }
        Ok(after)
    }

    /// Reads the account's first enforcement ever again, once its time is up.
    async fn look_again(&self, journal: &mut Journal<'_, '_>, canary: Enforcement) -> Result<(), Error> {
        if self.clock.now() < later(canary.changed_at, self.settings.guards.canary_wait) {
            return Ok(());
        }
        self.at("before the first one is read again")?;
        let after = match self.read_with_countries(journal, &canary).await {
            Ok(after) => after,
            Err(failure) if failure.is_gone() => {
                // There is nothing left to watch. The next one goes alone in its place.
                let change = self.begin(canary).await?;
                let outcome = Outcome::Unknown { error: failure.word };
                return self.finish(journal, change, outcome, self.clock.now()).await;
            }
            Err(_) => return Ok(()),
        };
        let now = self.clock.now();
        let countries = journal.countries.as_deref().unwrap_or(&[]);
        let fields = images(&canary).map(|(before, sent)| compare(&sent, &before, &after.record, countries));
        let is_same = canary.fingerprint_after.as_ref() == Some(&after.client.fingerprint);
        let mut change = self.begin(canary).await?;
        if is_same || fields.as_ref().is_some_and(Vec::is_empty) {
            journal.step(&mut change, "read-again", "as it was left; others may follow");
            journal.ground.state.canary_passed_at = Some(now);
            journal.state_changed = true;
            return self.flush(journal).await;
        }
        journal.seen(&after.client, false, now);
        let outcome = Outcome::Differs {
            fields: fields.unwrap_or_default(),
        };
        self.finish(journal, change, outcome, now).await
    }

    /// When something that waits for a time can next be found out.
    pub(super) fn next_at(&self, journal: &Journal<'_, '_>) -> Option<Timestamp> {
        let sent = journal
            .ground
            .enforcements
            .iter()
            .filter(|kept| kept.state == EnforcementState::Sent);
        let settles = sent.filter_map(|kept| kept.settle_at);
        let looks = canary(journal.ground).map(|canary| later(canary.changed_at, self.settings.guards.canary_wait));
        let now = self.clock.now();
        // What is past was tried, and is tried again in the next sweep.
        settles.chain(looks).filter(|at| *at > now).min()
    }
}

/// The account's first enforcement ever, while it is to be read again.
fn canary(ground: &Ground<'_>) -> Option<Enforcement> {
    if Canary::of(ground.state.canary_passed_at, ground.enforcements) != Canary::Watched {
        return None;
    }
    let verified = EnforcementState::Ended {
        outcome: Outcome::Verified,
    };
    let newest = ground.enforcements.iter().filter(|kept| kept.state == verified);
    newest.max_by_key(|kept| kept.changed_at).cloned()
}

/// The record as it was, and as it should have become, without passwords.
fn images(enforcement: &Enforcement) -> Option<(Record, Record)> {
    let before = Record::from_image(enforcement.before_image.as_deref()?)?;
    let mut sent = before.clone();
    sent.set(Field::BalanceManagement, enforcement.code_sent.as_deref()?);
    Some((before, sent))
}

/// What a write did, by the record as it is now.
fn judge_settled(journal: &Journal<'_, '_>, enforcement: &Enforcement, after: &Read) -> Outcome {
    let countries = journal.countries.as_deref().unwrap_or(&[]);
    let Some((before, sent)) = images(enforcement) else {
        return Outcome::Unknown {
            error: "no-image".to_owned(),
        };
    };
    let fields = compare(&sent, &before, &after.record, countries);
    if fields.is_empty() {
        Outcome::Verified
    } else if compare(&before, &before, &after.record, countries).is_empty() {
        Outcome::DidNotHappen
    } else {
        Outcome::Differs { fields }
    }
}
