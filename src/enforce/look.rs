//! The last look at one change: everything is read again, every guard is asked again, and the record to send is made.
//! Sends nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::journal::Journal;
use super::{Enforcer, Error, Failure, LastLook, Provider, Read};
use crate::clock::Mark;
use crate::domain::enforcement::{Deferral, Refusal};
use crate::domain::judge::fall::unexplained;
use crate::domain::judge::verdict::Known;
use crate::domain::plan::{
    Country, Decision, Field, Guards, Intent, Passwords, Record, fit, prepare, resolve, still_called_for,
};
use crate::domain::{Money, Reading, Threshold};

/// A change that may be sent: everything was asked a moment ago.
pub struct Ready {
    pub balance: Money,
    pub before: Read,
    pub sent: Record,
    pub countries: Vec<Country>,
    /// When the last read began.
    pub read_from: Mark,
    /// What the journal says before all else: who approved it, who wants it taken back.
    pub first: Vec<(&'static str, String)>,
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
        let rules = &self.settings.rules;
        let watched = journal.watched(&intent.client);
        if !watched.is_some_and(|watched| still_called_for(intent, &rules.policies, watched, &known)) {
            return Err(Decision::Deferred(Deferral::NotInBreach).into());
        }
        let swept = watched.and_then(|watched| watched.reading.as_ref());
        if swept.is_some_and(|swept| unexplained(swept, &reading, &[], &rules.zone).is_some()) {
            return Err(Decision::Deferred(Deferral::Unconfirmed).into());
        }
        let world = self.world(journal, self.orders().await?);
        match world.decide(intent) {
            Decision::Go => {}
            decision => return Err(decision.into()),
        }
        if let Some(since) = intent.needs_deposit_since {
            let newest = self.provider.newest_deposit(&intent.client).await.map_err(unreadable)?;
            // The API tells the day alone. That the balance is good again says that one of the same day came later.
            let changed_on = since.to_zoned(self.settings.rules.zone.clone()).date();
            if newest.is_none_or(|newest| newest < changed_on) {
                return Err(Decision::Deferred(Deferral::NoDeposit).into());
            }
        }
        self.look_at_packages(intent).await?;
        let approvals = world.approvals(intent);
        let first = approvals.map(|yes| ("approved", format!("by {}: {}", yes.by, yes.note)));
        let first = first.collect();
        self.last_look(journal, intent, code, (reading.balance, first)).await
    }

    /// Reads the record for the last time, and makes of it what is to be sent. `first`: what the journal says before, with the
    /// balance by which it is decided.
    pub(super) async fn last_look(
        &self,
        journal: &mut Journal<'_, '_>,
        intent: &Intent,
        code: &str,
        (balance, first): (Money, Vec<(&'static str, String)>),
    ) -> Result<(Ready, P::Turn), Stay> {
        let unreadable = |failure: Failure| failure.unreadable();
        let countries = self.countries(journal).await.map_err(unreadable)?;
        let passwords = self.passwords(journal, intent).await.map_err(unreadable)?;
        self.at("before the last read")?;
        let look = self.provider.record_before_write(&intent.client).await;
        let LastLook {
            read: before,
            turn,
            since: read_from,
        } = look.map_err(|failure| failure.no_record())?;
        let guards = &self.settings.guards;
        let sent = judge_record(intent, journal, &before, code, &countries, (guards, self.clock.now()))?;
        let changes = [(Field::BalanceManagement, code)];
        fit(&before, &changes, &guards.extra_fields, Some(&passwords)).map_err(Decision::Refused)?;
        let ready = Ready {
            balance,
            first,
            before,
            sent,
            countries,
            read_from,
        };
        Ok((ready, turn))
    }

    /// Who is protected by a package is known by asking for this client alone.
    async fn look_at_packages(&self, intent: &Intent) -> Result<(), Decision> {
        let guards = &self.settings.guards;
        if !guards.asks_for_packages() {
            return Ok(());
        }
        let packages = self.provider.packages(&intent.client).await;
        let packages = packages.map_err(|failure| failure.unreadable())?;
        match guards.protecting_package(&packages) {
            Some(entry) => Err(Decision::Refused(Refusal::Protected {
                entry: entry.to_string(),
            })),
            None => Ok(()),
        }
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
        let expected = journal
            .ground
            .clients
            .iter()
            .filter(|watched| watched.is_client())
            .count();
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
    (guards, now): (&Guards, Timestamp),
) -> Result<Record, Decision> {
    if before.client.id != intent.client {
        return Err(Decision::Refused(Refusal::WrongRecord));
    }
    if let Some(pattern) = guards.protecting(&before.client).filter(|_| !intent.by_person) {
        let entry = pattern.to_string();
        return Err(Decision::Refused(Refusal::Protected { entry }));
    }
    let is_edited = !intent.by_person
        && journal
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
