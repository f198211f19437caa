//! One change that may be sent: written down, sent once, read back and compared. See the steps in the parent's
//! documentation.

use jiff::Timestamp;

use super::journal::{Change, Journal};
use super::look::Ready;
use super::report::End;
use super::{Cause, Enforcer, Error, Failure, Provider};
use crate::domain::enforcement::{Deferral, Enforcement, EnforcementState, Outcome};
use crate::domain::plan::{FRESH_FOR, Field, Intent, compare};
use crate::domain::time::later;

impl<P: Provider> Enforcer<P> {
    /// Writes down that it is sent, sends it, and finds out what came of it.
    pub(super) async fn change(
        &self,
        journal: &mut Journal<'_, '_>,
        intent: &Intent,
        ready: Ready,
        turn: P::Turn,
    ) -> Result<End, Error> {
        let now = self.clock.now();
        let before = &ready.before;
        let enforcement = Enforcement {
            balance: ready.balance,
            state: EnforcementState::Sent,
            code_before: Some(before.record.get(Field::BalanceManagement).to_owned()),
            code_sent: Some(ready.sent.get(Field::BalanceManagement).to_owned()),
            fingerprint_before: Some(before.client.fingerprint.clone()),
            before_image: Some(before.record.image()),
            settle_at: Some(later(now, self.settings.write_deadline)),
            ..journal.open(intent, now)
        };
        let mut change = self.begin(enforcement).await?;
        journal.put(&change.enforcement);
        let balance = format!("the balance is {}", ready.balance.for_people());
        for (step, detail) in &ready.first {
            journal.step(&mut change, step, detail.clone());
        }
        journal.step(&mut change, "planned", balance);
        journal.step(&mut change, "read", "the record, for the last time");
        let words = change_in_words(&change.enforcement);
        journal.step(&mut change, "sending", words);
        self.at("before sent is written")?;
        self.flush(journal).await?;
        self.at("after sent is written")?;
        if let Some(why) = self.orders().await?.forbid(intent) {
            let step = ("held-back", format!("{why}; nothing was sent"));
            self.put_off(journal, change, step, why).await?;
            return Ok(End::Waiting);
        }
        self.at("before the write")?;
        if ready.read_from.age() > FRESH_FOR {
            return self.too_late(journal, change).await;
        }
        let answer = self.provider.set(turn, &ready.sent).await;
        self.at("after the write")?;
        let window = ready.read_from.age();
        change.enforcement.window_ms = i64::try_from(window.as_millis()).ok();
        change.enforcement.changed_at = self.clock.now();
        self.take_answer(journal, change, &ready, answer).await
    }

    /// Goes on by what the API answered to the write.
    async fn take_answer(
        &self,
        journal: &mut Journal<'_, '_>,
        mut change: Change,
        ready: &Ready,
        answer: Result<(), Failure>,
    ) -> Result<End, Error> {
        let failure = match answer {
            Ok(()) => return self.read_back(journal, change, ready, None).await,
            // The API answered for good: what it did is done, whatever its code means.
            Err(declined) if declined.cause == Cause::Declined => {
                return self.read_back(journal, change, ready, Some(declined)).await;
            }
            Err(failure) => failure,
        };
        if failure.cause == Cause::TooLate {
            return self.too_late(journal, change).await;
        }
        if !failure.may_have_taken_effect {
            let step = ("not-sent", failure.word.clone());
            let why = Deferral::NotDone { error: failure.word };
            self.put_off(journal, change, step, why).await?;
            return Ok(End::InVain);
        }
        change.enforcement.settle_at = Some(later(self.clock.now(), self.settings.write_deadline));
        let detail = format!("{}; settled by reading later", failure.word);
        self.leave_sent(journal, change, "no-answer", detail).await
    }

    /// Too much time passed since the last read: a person may have changed the record since.
    async fn too_late(&self, journal: &mut Journal<'_, '_>, mut change: Change) -> Result<End, Error> {
        change.enforcement.window_ms = None;
        let detail = "more than 5 seconds passed since the record was read; nothing was sent";
        let step = ("too-late", detail.to_owned());
        self.put_off(journal, change, step, Deferral::TooLate).await?;
        Ok(End::TooLate)
    }

    /// It was written down that it would be sent, and nothing was changed by it: it waits again.
    async fn put_off(
        &self,
        journal: &mut Journal<'_, '_>,
        mut change: Change,
        (step, detail): (&str, String),
        why: Deferral,
    ) -> Result<(), Error> {
        change.enforcement.state = EnforcementState::Deferred { why };
        change.enforcement.changed_at = self.clock.now();
        change.enforcement.settle_at = None;
        journal.step(&mut change, step, detail);
        journal.put(&change.enforcement);
        self.flush(journal).await
    }

    /// It stays sent, and is settled by a later read.
    async fn leave_sent(
        &self,
        journal: &mut Journal<'_, '_>,
        mut change: Change,
        step: &str,
        detail: String,
    ) -> Result<End, Error> {
        journal.step(&mut change, step, detail);
        journal.put(&change.enforcement);
        self.flush(journal).await?;
        Ok(End::Waiting)
    }

    /// Reads the record back and compares. `declined`: the API said no, which is checked like a yes.
    async fn read_back(
        &self,
        journal: &mut Journal<'_, '_>,
        mut change: Change,
        ready: &Ready,
        declined: Option<Failure>,
    ) -> Result<End, Error> {
        let answer = declined.as_ref().map_or("success", |failure| &failure.word);
        journal.step(&mut change, "answered", answer);
        self.at("before the record is read back")?;
        let after = self.provider.record(&change.enforcement.client).await;
        self.at("after the record is read back")?;
        let now = self.clock.now();
        let (after, declined) = match (after, declined) {
            (Ok(after), declined) => (after, declined),
            (Err(_), Some(declined)) if !declined.may_have_taken_effect => {
                return self.not_done(journal, change, declined).await;
            }
            (Err(failure), _) => return self.leave_sent(journal, change, "unreadable", failure.word).await,
        };
        // What was declined must not have changed anything.
        let meant = match declined {
            Some(_) => &ready.before.record,
            None => &ready.sent,
        };
        let fields = compare(meant, &ready.before.record, &after.record, &ready.countries);
        change.enforcement.fingerprint_after = Some(after.client.fingerprint.clone());
        journal.seen(&after.client, fields.is_empty(), now);
        let (outcome, end) = match declined {
            _ if !fields.is_empty() => (Outcome::Differs { fields }, End::Uncounted),
            None => (Outcome::Verified, End::Applied),
            Some(declined) => return self.not_done(journal, change, declined).await,
        };
        self.finish(journal, change, outcome, now).await?;
        Ok(end)
    }

    /// The API answered that it did not do it, and it did not. What may pass by itself waits; the rest ends as declined, for
    /// somebody to look at. Both are tried again.
    async fn not_done(&self, journal: &mut Journal<'_, '_>, change: Change, declined: Failure) -> Result<End, Error> {
        let code = declined.word;
        if declined.is_transient {
            let step = ("not-done", format!("{code}; nothing was changed"));
            let why = Deferral::NotDone { error: code };
            self.put_off(journal, change, step, why).await?;
            return Ok(End::InVain);
        }
        let outcome = Outcome::Declined { code };
        self.finish(journal, change, outcome, self.clock.now()).await?;
        Ok(End::Refused)
    }

    /// Ends an enforcement and writes that down.
    pub(super) async fn finish(
        &self,
        journal: &mut Journal<'_, '_>,
        mut change: Change,
        outcome: Outcome,
        now: Timestamp,
    ) -> Result<(), Error> {
        change.enforcement.changed_at = now;
        let detail = match &outcome {
            Outcome::Verified => change_in_words(&change.enforcement),
            Outcome::Differs { fields } => {
                let names: Vec<&str> = fields.iter().map(|field| field.field.as_str()).collect();
                format!("{} not as meant; the brake is on", names.join(", "))
            }
            Outcome::Declined { code } => format!("{code}; nothing was changed"),
            Outcome::Unknown { error } => error.clone(),
            _ => String::new(),
        };
        journal.step(&mut change, outcome.label(), detail);
        journal.end(&mut change.enforcement, outcome, now);
        self.flush(journal).await
    }

    /// Goes on with an enforcement's journal where the store has left it.
    pub(super) async fn begin(&self, enforcement: Enforcement) -> Result<Change, Error> {
        let stored = self.store.enforcement(&enforcement.id).await?;
        let last = stored.and_then(|stored| stored.steps.last().map(|step| step.number));
        Ok(Change {
            enforcement,
            lines: last.unwrap_or(0),
        })
    }
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
