//! The last look at one change: everything is read again, every guard is asked again, and the record to send is made.
//! Sends nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::journal::Journal;
use super::{Enforcer, Error, Failure, LastLook, Provider, Read};
use crate::clock::Mark;
use crate::domain::enforcement::{Deferral, Refusal};
use crate::domain::judge::verdict::Known;
use crate::domain::plan::{
    Country, Decision, Field, Intent, Passwords, Record, fit, prepare, resolve, still_called_for,
};
use crate::domain::watch::Watched;
use crate::domain::{Money, Reading, Threshold};

/// A change that may be sent: everything was asked a moment ago.
pub struct Ready {
    pub balance: Money,
    pub before: Read,
    pub sent: Record,
    pub countries: Vec<Country>,
    /// When the last read began.
    pub read_from: Mark,
}

/// Why a look ends without anything to send.
pub enum Stay {
    Decided(Decision),
    Failed(Error),
}

impl From<Decision> for Stay {
    fn from(decision: Decision) -> Self {
        Self::Decided(decision)
    }
}

impl From<Error> for Stay {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl<P: Provider> Enforcer<P> {
    /// Reads everything again and asks every guard again. Sends nothing.
    pub(super) async fn look(
        &self,
        journal: &mut Journal<'_, '_>,
        intent: &Intent,
        codes: &BTreeMap<String, String>,
    ) -> Result<(Ready, P::Turn), Stay> {
        let unreadable = |failure: Failure| failure.unreadable();
        let code = code_for(intent, codes).map_err(Decision::Refused)?;
        self.at("before the balance is read")?;
        let (reading, threshold) = self.measures(intent).await.map_err(unreadable)?;
        let known = Known {
            reading: Some(&reading),
            threshold: Some(&threshold),
            default_threshold: self.settings.rules.default_threshold,
            last_error: None,
            unread_since: None,
            interval: SignedDuration::ZERO,
            now: self.clock.now(),
        };
        let is_called_for = journal
            .watched(&intent.client)
            .is_some_and(|watched| still_called_for(intent, &self.settings.rules.policies, watched, &known));
        if !is_called_for {
            return Err(Decision::Deferred(Deferral::NotInBreach).into());
        }
        match self.world(journal, self.brake().await?).decide(intent) {
            Decision::Go => {}
            decision => return Err(decision.into()),
        }
        let countries = self.countries(journal).await.map_err(unreadable)?;
        let passwords = self.passwords(journal, intent).await.map_err(unreadable)?;
        self.at("before the last read")?;
        let look = self.provider.record_before_write(&intent.client).await;
        let LastLook {
            read: before,
            turn,
            since: read_from,
        } = look.map_err(|failure| failure.no_record())?;
        let sent = judge_record(intent, journal, &before, code, &countries, self.clock.now())?;
        let changes = [(Field::BalanceManagement, code)];
        let extra_fields = &self.settings.guards.extra_fields;
        fit(&before, &changes, extra_fields, Some(&passwords)).map_err(Decision::Refused)?;
        let ready = Ready {
            balance: reading.balance,
            before,
            sent,
            countries,
            read_from,
        };
        Ok((ready, turn))
    }

    async fn measures(&self, intent: &Intent) -> Result<(Reading, Threshold), Failure> {
        let reading = self.provider.balance(&intent.client).await?;
        let threshold = self.provider.threshold(&intent.client).await?;
        Ok((reading, threshold))
    }

    /// The passwords of the list, read once in a run. A list without this client, or much shorter than it was, would clear
    /// what it does not show.
    async fn passwords(&self, journal: &mut Journal<'_, '_>, intent: &Intent) -> Result<Arc<Passwords>, Failure> {
        let passwords = match &journal.passwords {
            Some(passwords) => Arc::clone(passwords),
            None => Arc::new(self.provider.passwords().await?),
        };
        let is_listed = |watched: &&Watched| watched.vanished_at.is_none() && !watched.client.id.is_pseudo();
        let expected = journal.ground.clients.iter().filter(is_listed).count();
        if !passwords.knows(&intent.client) || passwords.clients() + (expected / 20).max(2) < expected {
            return Err(Failure::short_list());
        }
        journal.passwords = Some(Arc::clone(&passwords));
        Ok(passwords)
    }

    /// The countries, read once in a run.
    pub(super) async fn countries(&self, journal: &mut Journal<'_, '_>) -> Result<Vec<Country>, Failure> {
        if let Some(countries) = &journal.countries {
            return Ok(countries.clone());
        }
        let countries = self.provider.countries().await?;
        journal.countries = Some(countries.clone());
        Ok(countries)
    }
}

/// The code to send.
fn code_for<'a>(intent: &'a Intent, codes: &'a BTreeMap<String, String>) -> Result<&'a str, Refusal> {
    match &intent.back {
        Some(back) if codes.contains_key(&back.code) => Ok(&back.code),
        Some(back) => Err(Refusal::UndoNotListed {
            code: back.code.clone(),
        }),
        None => resolve(codes, intent.wanted).ok_or(Refusal::NotListed { wanted: intent.wanted }),
    }
}

/// What the last read says: the record to send, or why none is sent.
fn judge_record(
    intent: &Intent,
    journal: &mut Journal<'_, '_>,
    before: &Read,
    code: &str,
    countries: &[Country],
    now: Timestamp,
) -> Result<Record, Decision> {
    if before.client.id != intent.client {
        return Err(Decision::Refused(Refusal::WrongRecord));
    }
    let is_edited = journal
        .watched(&intent.client)
        .is_none_or(|watched| watched.client.fingerprint != before.client.fingerprint);
    journal.seen(&before.client, false, now);
    if before.record.get(Field::BalanceManagement) == code {
        return Err(Decision::Already);
    }
    if let Some(back) = &intent.back
        && back.fingerprint != before.client.fingerprint
    {
        return Err(Decision::Refused(Refusal::EditedSince));
    }
    if is_edited {
        return Err(Decision::Deferred(Deferral::EditedRecently));
    }
    prepare(&intent.client, &before.record, code, countries).map_err(Decision::Refused)
}
