//! One change, from the last look to the comparison. See the steps in the parent's documentation.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::ledger::{Journal, Ledger};
use super::{End, Enforcer, Error, Failure, LastLook, Provider, Read, unreadable};
use crate::clock::Mark;
use crate::domain::enforcement::{Deferral, Enforcement, EnforcementState, Outcome, Refusal};
use crate::domain::judge::verdict::Known;
use crate::domain::plan::{
    Country, Decision, FRESH_FOR, Field, Intent, Passwords, Record, compare, fit, prepare, resolve, still_called_for,
};
use crate::domain::watch::Watched;
use crate::domain::{Money, Threshold};

/// How often a change begins anew in one run when too much time passed between the last read and the write. A machine that
/// was asleep needs one more; one that is so slow each time does not get faster by a fourth.
const MOST_STARTS: u32 = 3;

/// A change that may be sent: everything was asked a moment ago.
struct Ready {
    balance: Money,
    before: Read,
    sent: Record,
    countries: Vec<Country>,
    /// When the last read began.
    read_from: Mark,
}

impl<P: Provider> Enforcer<P> {
    /// Carries out an intent that may go, as far as it goes.
    pub(super) async fn carry(
        &self,
        ledger: &mut Ledger<'_, '_>,
        intent: &Intent,
        codes: &BTreeMap<String, String>,
    ) -> Result<End, Error> {
        for _ in 0..MOST_STARTS {
            let end = match self.look(ledger, intent, codes).await? {
                Ok((ready, turn)) => self.change(ledger, intent, ready, turn).await?,
                Err(decision) => self.stay(ledger, intent, decision).await?,
            };
            if end != End::TooLate {
                return Ok(end);
            }
        }
        Ok(End::InVain)
    }

    /// Notes why nothing is sent.
    async fn stay(&self, ledger: &mut Ledger<'_, '_>, intent: &Intent, decision: Decision) -> Result<End, Error> {
        let end = End::of(&decision);
        let now = self.clock.now();
        match decision {
            Decision::Refused(why) => ledger.refuse(intent, why, true, now),
            decision => ledger.note(intent, decision, now),
        }
        self.flush(ledger).await?;
        Ok(end)
    }

    /// Reads everything again and asks every guard again. Sends nothing.
    async fn look(
        &self,
        ledger: &mut Ledger<'_, '_>,
        intent: &Intent,
        codes: &BTreeMap<String, String>,
    ) -> Result<Result<(Ready, P::Turn), Decision>, Error> {
        let code = match code_for(intent, codes) {
            Ok(code) => code,
            Err(why) => return Ok(Err(Decision::Refused(why))),
        };
        self.at("before the balance is read")?;
        let (reading, threshold) = match self.measures(intent).await {
            Ok(measures) => measures,
            Err(failure) => return Ok(Err(unreadable(&failure))),
        };
        let known = Known {
            reading: Some(&reading),
            threshold: Some(&threshold),
            default_threshold: self.settings.rules.default_threshold,
            last_error: None,
            unread_since: None,
            revisit: jiff::SignedDuration::ZERO,
            now: self.clock.now(),
        };
        let is_called_for = ledger
            .watched(&intent.client)
            .is_some_and(|watched| still_called_for(intent, &self.settings.rules.policies, watched, &known));
        if !is_called_for {
            return Ok(Err(Decision::Deferred(Deferral::NotInBreach)));
        }
        let world = self.world(ledger, self.brake().await?);
        match world.decide(intent) {
            Decision::Go => {}
            decision => return Ok(Err(decision)),
        }
        let countries = match self.countries(ledger).await {
            Ok(countries) => countries,
            Err(failure) => return Ok(Err(unreadable(&failure))),
        };
        let passwords = match self.passwords(ledger, intent).await {
            Ok(passwords) => passwords,
            Err(failure) => return Ok(Err(unreadable(&failure))),
        };
        self.at("before the last read")?;
        let LastLook {
            read: before,
            turn,
            since: read_from,
        } = match self.provider.record_before_write(&intent.client).await {
            Ok(look) => look,
            Err(failure) => {
                return Ok(Err(failure
                    .refuses()
                    .map_or_else(|| unreadable(&failure), Decision::Refused)));
            }
        };
        let sent = match judge_record(intent, ledger, &before, code, &countries, self.clock.now()) {
            Ok(sent) => sent,
            Err(decision) => return Ok(Err(decision)),
        };
        let changes = [(Field::BalanceManagement, code)];
        if let Err(why) = fit(&before, &changes, &self.settings.guards.extra_fields, Some(&passwords)) {
            return Ok(Err(Decision::Refused(why)));
        }
        let ready = Ready {
            balance: reading.balance,
            before,
            sent,
            countries,
            read_from,
        };
        Ok(Ok((ready, turn)))
    }

    async fn measures(&self, intent: &Intent) -> Result<(crate::domain::Reading, Threshold), Failure> {
        let reading = self.provider.balance(&intent.client).await?;
        let threshold = self.provider.threshold(&intent.client).await?;
        Ok((reading, threshold))
    }

    /// The passwords of the list, read once in a run. A list without this client, or much shorter than it was, would clear
    /// what it does not show.
    async fn passwords(&self, ledger: &mut Ledger<'_, '_>, intent: &Intent) -> Result<Arc<Passwords>, Failure> {
        let passwords = match &ledger.passwords {
            Some(passwords) => Arc::clone(passwords),
            None => Arc::new(self.provider.passwords().await?),
        };
        let is_listed = |watched: &&Watched| watched.vanished_at.is_none() && !watched.client.id.is_pseudo();
        let expected = ledger.ground.clients.iter().filter(is_listed).count();
        if !passwords.knows(&intent.client) || passwords.clients() + (expected / 20).max(2) < expected {
            return Err(Failure::of_list("short_list"));
        }
        ledger.passwords = Some(Arc::clone(&passwords));
        Ok(passwords)
    }

    /// The countries, read once in a run.
    pub(super) async fn countries(&self, ledger: &mut Ledger<'_, '_>) -> Result<Vec<Country>, Failure> {
        if let Some(countries) = &ledger.countries {
            return Ok(countries.clone());
        }
        let countries = self.provider.countries().await?;
        ledger.countries = Some(countries.clone());
        Ok(countries)
    }

    /// Writes down that it is sent, sends it, and finds out what came of it.
    async fn change(
        &self,
        ledger: &mut Ledger<'_, '_>,
        intent: &Intent,
        ready: Ready,
        turn: P::Turn,
    ) -> Result<End, Error> {
        let now = self.clock.now();
        let before = &ready.before;
        let mut enforcement = Enforcement {
            balance: ready.balance,
            state: EnforcementState::Sent,
            code_before: Some(before.record.get(Field::BalanceManagement).to_owned()),
            code_sent: Some(ready.sent.get(Field::BalanceManagement).to_owned()),
            fingerprint_before: Some(before.client.fingerprint.clone()),
            before_image: Some(before.record.image()),
            settle_at: Some(later(now, self.settings.write_deadline)),
            ..ledger.open(intent, now)
        };
        let mut journal = self.journal(&enforcement.id).await?;
        ledger.put(&enforcement);
        let balance = ready.balance.for_people();
        ledger.step(
            &enforcement,
            &mut journal,
            "planned",
            format!("the balance is {balance}"),
        );
        ledger.step(&enforcement, &mut journal, "read", "the record, for the last time");
        ledger.step(&enforcement, &mut journal, "sending", change_in_words(&enforcement));
        self.at("before sent is written")?;
        self.flush(ledger).await?;
        self.at("after sent is written")?;
        if self.brake().await? {
            let step = ("held-back", "the brake was set; nothing was sent".to_owned());
            self.put_off(ledger, &mut enforcement, &mut journal, step, Deferral::Brake)
                .await?;
            return Ok(End::Waiting);
        }
        self.at("before the write")?;
        if ready.read_from.age() > FRESH_FOR {
            return self.too_late(ledger, enforcement, journal).await;
        }
        let answer = self.provider.set(turn, &ready.sent).await;
        self.at("after the write")?;
        let window = ready.read_from.age();
        enforcement.window_ms = i64::try_from(window.as_millis()).ok();
        enforcement.changed_at = self.clock.now();
        self.take_answer(ledger, enforcement, journal, &ready, answer).await
    }

    /// Goes on by what the API answered to the write.
    async fn take_answer(
        &self,
        ledger: &mut Ledger<'_, '_>,
        mut enforcement: Enforcement,
        mut journal: Journal,
        ready: &Ready,
        answer: Result<(), Failure>,
    ) -> Result<End, Error> {
        let failure = match answer {
            Ok(()) => return self.read_back(ledger, enforcement, journal, ready, None).await,
            Err(failure) => failure,
        };
        // The API answered for good: what it did is done, whatever its code means.
        if failure.code.is_some() {
            return self.read_back(ledger, enforcement, journal, ready, Some(failure)).await;
        }
        if failure.is_too_late() {
            return self.too_late(ledger, enforcement, journal).await;
        }
        if !failure.may_have_taken_effect {
            let detail = failure.kind.clone();
            let why = Deferral::NotDone { error: failure.kind };
            self.put_off(ledger, &mut enforcement, &mut journal, ("not-sent", detail), why)
                .await?;
            return Ok(End::InVain);
        }
        enforcement.settle_at = Some(later(self.clock.now(), self.settings.write_deadline));
        let detail = format!("{}; settled by reading later", failure.kind);
        ledger.step(&enforcement, &mut journal, "no-answer", detail);
        ledger.put(&enforcement);
        self.flush(ledger).await?;
        Ok(End::Waiting)
    }

    /// Too much time passed since the last read: a person may have changed the record since.
    async fn too_late(
        &self,
        ledger: &mut Ledger<'_, '_>,
        mut enforcement: Enforcement,
        mut journal: Journal,
    ) -> Result<End, Error> {
        enforcement.window_ms = None;
        let detail = "more than 5 seconds passed since the record was read; nothing was sent";
        let step = ("too-late", detail.to_owned());
        self.put_off(ledger, &mut enforcement, &mut journal, step, Deferral::TooLate)
            .await?;
        Ok(End::TooLate)
    }

    /// It was written down that it would be sent, and nothing was changed by it: it waits again.
    async fn put_off(
        &self,
        ledger: &mut Ledger<'_, '_>,
        enforcement: &mut Enforcement,
        journal: &mut Journal,
        (step, detail): (&str, String),
        why: Deferral,
    ) -> Result<(), Error> {
        enforcement.state = EnforcementState::Deferred { why };
        enforcement.changed_at = self.clock.now();
        enforcement.settle_at = None;
        ledger.step(enforcement, journal, step, detail);
        ledger.put(enforcement);
        self.flush(ledger).await
    }

    /// Reads the record back and compares. `declined`: the API said no, which is checked like a yes.
    async fn read_back(
        &self,
        ledger: &mut Ledger<'_, '_>,
        mut enforcement: Enforcement,
        mut journal: Journal,
        ready: &Ready,
        declined: Option<Failure>,
    ) -> Result<End, Error> {
        let answer = declined.as_ref().map_or("success", |failure| &failure.kind);
        ledger.step(&enforcement, &mut journal, "answered", answer);
        self.at("before the record is read back")?;
        let after = self.provider.record(&enforcement.client).await;
        self.at("after the record is read back")?;
        let now = self.clock.now();
        let (outcome, end) = match (after, declined) {
            (Ok(after), declined) => {
                // What was declined must not have changed anything.
                let meant = if declined.is_some() {
                    &ready.before.record
                } else {
                    &ready.sent
                };
                let fields = compare(meant, &ready.before.record, &after.record, &ready.countries);
                enforcement.fingerprint_after = Some(after.client.fingerprint.clone());
                ledger.seen(&after.client, fields.is_empty(), now);
                match declined {
                    _ if !fields.is_empty() => (Outcome::Differs { fields }, End::Uncounted),
                    None => (Outcome::Verified, End::Applied),
                    Some(declined) => {
                        return self.not_done(ledger, enforcement, journal, declined).await;
                    }
                }
            }
            (Err(_), Some(declined)) if !declined.may_have_taken_effect => {
                return self.not_done(ledger, enforcement, journal, declined).await;
            }
            (Err(failure), _) => {
                // It stays sent, and is settled by a later read.
                ledger.step(&enforcement, &mut journal, "unreadable", failure.kind);
                ledger.put(&enforcement);
                self.flush(ledger).await?;
                return Ok(End::Waiting);
            }
        };
        self.finish(ledger, &mut enforcement, &mut journal, outcome, now)
            .await?;
        Ok(end)
    }

    /// The API answered that it did not do it, and it did not. What may pass by itself waits; the rest ends as declined, for
    /// somebody to look at. Both are tried again.
    async fn not_done(
        &self,
        ledger: &mut Ledger<'_, '_>,
        mut enforcement: Enforcement,
        mut journal: Journal,
        declined: Failure,
    ) -> Result<End, Error> {
        let may_pass = declined.is_transient;
        let code = declined.code.unwrap_or(declined.kind);
        if may_pass {
            let step = ("not-done", format!("{code}; nothing was changed"));
            let why = Deferral::NotDone { error: code };
            self.put_off(ledger, &mut enforcement, &mut journal, step, why).await?;
            return Ok(End::InVain);
        }
        let outcome = Outcome::Declined { code };
        let now = self.clock.now();
        self.finish(ledger, &mut enforcement, &mut journal, outcome, now)
            .await?;
        Ok(End::Refused)
    }

    /// Ends an enforcement and writes that down.
    pub(super) async fn finish(
        &self,
        ledger: &mut Ledger<'_, '_>,
        enforcement: &mut Enforcement,
        journal: &mut Journal,
        outcome: Outcome,
        now: Timestamp,
    ) -> Result<(), Error> {
        enforcement.changed_at = now;
        let detail = match &outcome {
            Outcome::Verified => change_in_words(enforcement),
            Outcome::Differs { fields } => {
                let names: Vec<&str> = fields.iter().map(|field| field.field.as_str()).collect();
                format!("{} not as meant; the brake is on", names.join(", "))
            }
            Outcome::Declined { code } => format!("{code}; nothing was changed"),
            Outcome::Unknown { error } => error.clone(),
            _ => String::new(),
        };
        ledger.step(enforcement, journal, outcome.label(), detail);
        ledger.end(enforcement, outcome, now);
        self.flush(ledger).await
    }

    /// How far an enforcement's journal got.
    pub(super) async fn journal(&self, id: &str) -> Result<Journal, Error> {
        let stored = self.store.enforcement(id).await?;
        let last = stored.and_then(|stored| stored.steps.last().map(|step| step.number));
        Ok(Journal {
            lines: last.unwrap_or(0),
        })
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
    ledger: &mut Ledger<'_, '_>,
    before: &Read,
    code: &str,
    countries: &[Country],
    now: Timestamp,
) -> Result<Record, Decision> {
    if before.client.id != intent.client {
        return Err(Decision::Refused(Refusal::WrongRecord));
    }
    let is_edited = ledger
        .watched(&intent.client)
        .is_none_or(|watched| watched.client.fingerprint != before.client.fingerprint);
    ledger.seen(&before.client, false, now);
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

fn change_in_words(enforcement: &Enforcement) -> String {
    let code = |code: &Option<String>| code.clone().unwrap_or_default();
    format!(
        "balance_management {} to {} ({})",
        code(&enforcement.code_before),
        code(&enforcement.code_sent),
        enforcement.wanted
    )
}

/// A time so much later; the end of time when there is none.
pub(super) fn later(now: Timestamp, by: jiff::SignedDuration) -> Timestamp {
    now.saturating_add(by).unwrap_or(Timestamp::MAX)
}
