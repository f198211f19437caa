//! Writing a commit: one transaction, one statement for each table that has rows, always in the same order.

use std::collections::HashSet;

use serde::Serialize;
use sqlx::{AssertSqlSafe, Row as _};

use super::letters::{ANNOUNCED, MESSAGE_READDRESSED, NOTIFICATION_READDRESSED, SETTLED};
use super::statements::{
    ALERT_GONE, HISTORY_CLOSE, HISTORY_KEEP, HISTORY_LAST_SEQ, MESSAGE_MOVED, NOTIFICATION_CARRIED, NOTIFICATION_FATE,
};
use super::{Fault, Files, Sqlite, Transaction, journal, place, set_back, statements};
use crate::domain::notice::NoticeState;
use crate::store::encode::{
    AccountRow, AddressRow, AlertKey, AlertRow, AnnouncedRow, AttemptRow, CarriedRow, ClientRow, DecisionRow,
    EnforcementRow, FateRow, HistoryRow, MessageRow, MovedRow, NotificationRow, ReadingRow, Row, StepRow, TakenRow,
    nanos, rows,
};
use crate::store::hook::pass;
use crate::store::{Commit, HistoryEntry, Hook, Step};

impl Sqlite {
    /// Writes `commit`, all or nothing.
    pub async fn commit(&self, commit: &Commit, hook: Option<&Hook>) -> Result<(), Fault> {
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

/// A commit on its way. When it is dropped before COMMIT, nothing of it stays.
struct Writing<'a> {
    transaction: Transaction<'a>,
    account: &'a str,
    hook: Option<&'a Hook>,
}

/// One statement for all rows of a table.
struct Statement {
    name: &'static str,
    sql: String,
    rows: String,
}

fn statement<R: Serialize>(
    name: &'static str,
    sql: impl FnOnce() -> String,
    records: impl Iterator<Item = R>,
) -> Option<Statement> {
    let mut records = records.peekable();
    records.peek()?;
    let (sql, rows) = (sql(), rows(records));
    Some(Statement { name, sql, rows })
}

fn upsert<R: Row>(records: impl Iterator<Item = R>) -> Option<Statement> {
    statement(R::TABLE, statements::upsert::<R>, records)
}

fn update<R: Serialize>(name: &'static str, sql: &'static str, records: impl Iterator<Item = R>) -> Option<Statement> {
    statement(name, || sql.to_owned(), records)
}

impl Writing<'_> {
    async fn run(&mut self, statement: Option<Statement>) -> Result<(), Fault> {
        let Some(Statement { name, sql, rows }) = statement else {
            return Ok(());
        };
        pass(self.hook, Step::Statement(name))?;
        let query = sqlx::query(AssertSqlSafe(sql)).bind(self.account.to_owned()).bind(rows);
        query.execute(&mut *self.transaction).await?;
        Ok(())
    }

    async fn clients(&mut self, commit: &Commit) -> Result<(), Fault> {
        self.run(upsert(commit.state.iter().map(|_| AccountRow(commit))))
            .await?;
        let listed = commit.listed.iter().chain(&commit.clients).map(ClientRow);
        let sql = statements::upsert_changed::<ClientRow<'_>>;
        self.run(statement(ClientRow::TABLE, sql, listed)).await?;
        let read = commit.readings.iter().chain(&commit.clients);
        self.run(upsert(read.map(ReadingRow))).await?;
        self.history(&commit.history).await?;
        self.run(upsert(commit.alerts.iter().map(AlertRow))).await?;
        let gone = commit.alerts_gone.iter().map(AlertKey);
        self.run(update("alert (gone)", ALERT_GONE, gone)).await
    }

    /// Two statements for each round in which no client occurs twice; nearly always there is one round.
    async fn history(&mut self, entries: &[HistoryEntry]) -> Result<(), Fault> {
        let mut rest: Vec<&HistoryEntry> = entries.iter().collect();
        while !rest.is_empty() {
            pass(self.hook, Step::Statement("reading_history"))?;
            let mut seen = HashSet::with_capacity(rest.len());
            let (round, later): (Vec<_>, Vec<_>) = rest.into_iter().partition(|entry| seen.insert(&entry.client));
            rest = later;
            let json = rows(round.into_iter().map(HistoryRow));
            let last_seq: i64 = sqlx::query(HISTORY_LAST_SEQ)
                .fetch_one(&mut *self.transaction)
                .await?
                .try_get(0)?;
            let close = sqlx::query(HISTORY_CLOSE).bind(self.account.to_owned());
            close
                .bind(json.clone())
                .bind(last_seq)
                .execute(&mut *self.transaction)
                .await?;
            pass(self.hook, Step::Statement("last_reading (kept)"))?;
            let keep = sqlx::query(HISTORY_KEEP).bind(self.account.to_owned());
            keep.bind(json).bind(last_seq).execute(&mut *self.transaction).await?;
        }
        Ok(())
    }

    /// Messages before the notifications that name them.
    async fn notices(&mut self, commit: &Commit) -> Result<(), Fault> {
        let at = nanos(commit.at);
        self.run(upsert(commit.messages.iter().map(MessageRow))).await?;
        let moved = commit.messages_moved.iter().map(MovedRow);
        self.run(update("message (moved)", MESSAGE_MOVED, moved)).await?;
        self.run(upsert(commit.notifications.iter().map(NotificationRow)))
            .await?;
        for (name, sql) in [
            ("message (readdressed)", MESSAGE_READDRESSED),
            ("notification (readdressed)", NOTIFICATION_READDRESSED),
        ] {
            let readdressed = commit.readdressed.iter().map(AddressRow);
            self.run(update(name, sql, readdressed)).await?;
        }
        let carried = commit.notices_into.iter().map(CarriedRow);
        self.run(update("notification (carried)", NOTIFICATION_CARRIED, carried))
            .await?;
        let announced = commit.letters_announced.iter().map(|id| AnnouncedRow::new(id, at));
        self.run(update("message (announced)", ANNOUNCED, announced)).await?;
        let taken = commit.messages.iter().chain(&commit.messages_moved);
        let taken = taken.filter(|message| message.state == NoticeState::Delivered);
        let taken = taken.map(|message| TakenRow::new(message, at));
        self.run(update("message (settled)", SETTLED, taken)).await?;
        let fates = commit.notices_of_messages.iter().map(FateRow);
        self.run(update("notification (fate)", NOTIFICATION_FATE, fates))
            .await?;
        self.run(upsert(commit.attempts.iter().map(AttemptRow))).await?;
        self.places(commit).await
    }

    /// One that leaves keeps its place.
    async fn places(&mut self, commit: &Commit) -> Result<(), Fault> {
        let written = commit.messages.iter().chain(&commit.messages_moved);
        let written = written.filter(|message| message.state != NoticeState::Sending);
        let written = written.map(|message| message.id.as_str());
        let carriers = commit.notices_into.iter().map(|(_, message)| message.as_str());
        let readdressed = commit.readdressed.iter().map(|(message, _)| message.as_str());
        let ids: Vec<&str> = written.chain(carriers).chain(readdressed).collect();
        if ids.is_empty() {
            return Ok(());
        }
        pass(self.hook, Step::Statement("message (placed)"))?;
        place::place(&mut self.transaction, &ids, commit.at).await
    }

    async fn enforcements(&mut self, commit: &Commit) -> Result<(), Fault> {
        self.run(upsert(commit.enforcements.iter().map(EnforcementRow))).await?;
        self.run(upsert(commit.steps.iter().map(StepRow))).await?;
        if !commit.enforcements.is_empty() || !commit.steps.is_empty() {
            pass(self.hook, Step::Statement("journal"))?;
            journal::written(&mut self.transaction, commit).await?;
        }
        self.run(upsert(commit.decisions.iter().map(DecisionRow))).await
    }
}
