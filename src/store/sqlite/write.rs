//! Writing a commit: one transaction, one statement for each table that has rows, always in the same order.

use std::collections::HashSet;

use sqlx::Row;

use super::{Fault, Files, Sqlite, Transaction, set_back, statements};
use crate::domain::notice::NoticeState;
use crate::store::encode::{self, rows};
use crate::store::{Commit, HistoryEntry, Hook, Step};

/// The row of `account`.
#[derive(serde::Serialize)]
struct AccountRow {
    state: String,
    changed_at: i64,
}

impl Sqlite {
    /// Writes `commit`, all or nothing.
    pub(in crate::store) async fn commit(&self, commit: &Commit, hook: Option<&Hook>) -> Result<(), Fault> {
        if commit.is_empty() {
            return Ok(());
        }
        let mut writing = Writing {
            transaction: self.begin_write().await?,
            account: commit.account.as_str(),
            hook,
        };
        // While the transaction is open, nothing of this process opens or closes a log.
        if let Some(gone) = self.files.as_ref().and_then(Files::gone) {
            return Err(Fault::Gone(gone));
        }
        if let Some(wanted) = &commit.set_back {
            pass(hook, Step::Statement("set back"))?;
            set_back::set_back(&mut writing.transaction, &commit.account, wanted).await?;
        }
        writing.clients(commit).await?;
        writing.notices(commit).await?;
        writing.enforcements(commit).await?;
        pass(hook, Step::BeforeCommit)?;
        writing.transaction.commit().await?;
        pass(hook, Step::AfterCommit)
    }
}

/// Asks the hook whether to go on.
fn pass(hook: Option<&Hook>, step: Step) -> Result<(), Fault> {
    match hook {
        Some(hook) if !hook(step) => Err(Fault::Stopped(step)),
        _ => Ok(()),
    }
}

/// A commit on its way. When it is dropped before COMMIT, nothing of it stays.
struct Writing<'a> {
    transaction: Transaction,
    account: &'a str,
    hook: Option<&'a Hook>,
}

impl Writing<'_> {
    /// One statement for all rows of a table; none without rows.
    async fn write(&mut self, table: &'static str, sql: &'static str, rows: Option<String>) -> Result<(), Fault> {
        let Some(rows) = rows else { return Ok(()) };
        pass(self.hook, Step::Statement(table))?;
        let query = sqlx::query(sql).bind(self.account.to_owned()).bind(rows);
        query.execute(&mut *self.transaction).await?;
        Ok(())
    }

    async fn clients(&mut self, commit: &Commit) -> Result<(), Fault> {
        if let Some(state) = &commit.state {
            pass(self.hook, Step::Statement("account"))?;
            let row = AccountRow {
                state: encode::structure(state),
                changed_at: encode::nanos(commit.at),
            };
            let query = sqlx::query(statements::ACCOUNT).bind(self.account.to_owned());
            query.bind(rows([row])).execute(&mut *self.transaction).await?;
        }
        let listed = commit.listed.iter().chain(&commit.clients);
        self.write(
            "client",
            statements::CLIENT,
            encoded::<_, encode::ClientRow<'_>>(listed),
        )
        .await?;
        let read = commit.readings.iter().chain(&commit.clients);
        self.write(
            "last_reading",
            statements::LAST_READING,
            encoded::<_, encode::ReadingRow<'_>>(read),
        )
        .await?;
        self.history(&commit.history).await?;
        self.write(
            "alert",
            statements::ALERT,
            encoded::<_, encode::AlertRow<'_>>(&commit.alerts),
        )
        .await?;
        self.write(
            "alert (gone)",
            statements::ALERT_GONE,
            encoded::<_, encode::AlertKey<'_>>(&commit.alerts_gone),
        )
        .await
    }

    /// Two statements for each round in which no client occurs twice; nearly always there is one round.
    async fn history(&mut self, entries: &[HistoryEntry]) -> Result<(), Fault> {
        let mut rest: Vec<&HistoryEntry> = entries.iter().collect();
        while !rest.is_empty() {
            pass(self.hook, Step::Statement("reading_history"))?;
            let mut seen = HashSet::with_capacity(rest.len());
            let (round, later): (Vec<_>, Vec<_>) = rest.into_iter().partition(|entry| seen.insert(&entry.client));
            rest = later;
            let json = rows(round.into_iter().map(encode::HistoryRow::from));
            let last_seq: i64 = sqlx::query(statements::HISTORY_LAST_SEQ)
                .fetch_one(&mut *self.transaction)
                .await?
                .try_get(0)?;
            let close = sqlx::query(statements::HISTORY_CLOSE).bind(self.account.to_owned());
            close
                .bind(json.clone())
                .bind(last_seq)
                .execute(&mut *self.transaction)
                .await?;
            pass(self.hook, Step::Statement("last_reading (kept)"))?;
            let keep = sqlx::query(statements::HISTORY_KEEP).bind(self.account.to_owned());
            keep.bind(json).bind(last_seq).execute(&mut *self.transaction).await?;
        }
        Ok(())
    }

    /// Messages before the notifications that name them.
    async fn notices(&mut self, commit: &Commit) -> Result<(), Fault> {
        self.write(
            "message",
            statements::MESSAGE,
            encoded::<_, encode::MessageRow<'_>>(&commit.messages),
        )
        .await?;
        self.write(
            "notification",
            statements::NOTIFICATION,
            encoded::<_, encode::NotificationRow<'_>>(&commit.notifications),
        )
        .await?;
        for (name, statement) in [
            ("message (readdressed)", super::letters::MESSAGE_READDRESSED),
            ("notification (readdressed)", super::letters::NOTIFICATION_READDRESSED),
        ] {
            self.write(
                name,
                statement,
                encoded::<_, encode::AddressRow<'_>>(&commit.readdressed),
            )
            .await?;
        }
        let carried = &commit.notices_into;
        self.write(
            "notification (carried)",
            statements::NOTIFICATION_CARRIED,
            encoded::<_, encode::CarriedRow<'_>>(carried),
        )
        .await?;
        let at = encode::nanos(commit.at);
        let announced = commit
            .letters_announced
            .iter()
            .map(|id| encode::AnnouncedRow::new(id, at));
        self.write("message (announced)", super::letters::ANNOUNCED, some_rows(announced))
            .await?;
        let taken = commit
            .messages
            .iter()
            .filter(|message| message.state == NoticeState::Delivered);
        let taken = taken.map(|message| encode::TakenRow::new(message, at));
        self.write("message (settled)", super::letters::SETTLED, some_rows(taken))
            .await?;
        let fates = &commit.notices_of_messages;
        self.write(
            "notification (fate)",
            statements::NOTIFICATION_FATE,
            encoded::<_, encode::FateRow<'_>>(fates),
        )
        .await?;
        self.write(
            "attempt",
            statements::ATTEMPT,
            encoded::<_, encode::AttemptRow<'_>>(&commit.attempts),
        )
        .await
    }

    async fn enforcements(&mut self, commit: &Commit) -> Result<(), Fault> {
        let enforcements = &commit.enforcements;
        self.write(
            "enforcement",
            statements::ENFORCEMENT,
            encoded::<_, encode::EnforcementRow<'_>>(enforcements),
        )
        .await?;
        self.write(
            "enforcement_step",
            statements::ENFORCEMENT_STEP,
            encoded::<_, encode::StepRow<'_>>(&commit.steps),
        )
        .await?;
        self.write(
            "decision",
            statements::DECISION,
            encoded::<_, encode::DecisionRow<'_>>(&commit.decisions),
        )
        .await
    }
}

/// Records as rows of a statement; `None` without any.
fn encoded<'a, T, R>(records: impl IntoIterator<Item = &'a T>) -> Option<String>
where
    T: 'a,
    R: From<&'a T> + serde::Serialize,
{
    some_rows(records.into_iter().map(R::from))
}

/// Rows of a statement; `None` without any.
fn some_rows<R: serde::Serialize>(records: impl Iterator<Item = R>) -> Option<String> {
    let mut records = records.peekable();
    records.peek().is_some().then(|| rows(records))
}
