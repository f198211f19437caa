//! The outbox as a queue: which messages may leave now, and when the next one may.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::Row;

use super::decode::Columns;
use super::{Fault, Sqlite, place};
use crate::domain::judge::audience::MESSAGE_LIFETIME;
use crate::domain::kept::Waiting;
use crate::domain::notice::{Message, Notification};
use crate::domain::{AccountName, ChannelName};
use crate::store::encode::nanos;

/// No earlier message to the same recipient must leave before it: of its thread, or of an episode that it tells of.
macro_rules! is_first {
    () => {
        "behind IS NULL
    AND NOT EXISTS (
        SELECT 1 FROM message AS earlier
        WHERE earlier.state IN ('pending', 'sending') AND earlier.thread = message.thread
            AND earlier.channel = message.channel AND earlier.recipient = message.recipient
            AND earlier.seq < message.seq)
    AND NOT EXISTS (
        SELECT 1 FROM notification AS mine
        JOIN notification AS theirs ON theirs.episode = mine.episode
        JOIN message AS earlier ON earlier.id = theirs.message
        WHERE mine.message = message.id AND earlier.state IN ('pending', 'sending')
            AND earlier.channel = message.channel AND earlier.recipient = message.recipient
            AND earlier.seq < message.seq)"
    };
}

/// Those that nobody paces first, in the order in which they were written down. So many of each channel: a channel with
/// many must not hide the others.
///
/// From the line of each channel only what is taken is read; beside it all whose time came since the line was filled.
pub(super) const DUE: &str = concat!(
    "
WITH RECURSIVE line (channel) AS (
    SELECT min(channel) FROM message WHERE state IN ('pending', 'sending') AND due = 1 AND behind IS NULL
    UNION ALL
    SELECT (
        SELECT min(channel) FROM message
        WHERE state IN ('pending', 'sending') AND due = 1 AND behind IS NULL AND channel > line.channel)
    FROM line WHERE line.channel IS NOT NULL
),
candidate (place) AS (
    SELECT taken.seq FROM line CROSS JOIN message AS taken
    WHERE taken.seq IN (
        SELECT seq FROM message
        WHERE channel = line.channel AND state IN ('pending', 'sending') AND due = 1 AND next_at <= ?1
            AND not_before <= ?1 AND ",
    is_first!(),
    "
        ORDER BY paced_rank, seq LIMIT ?2 + 0)
    UNION ALL
    SELECT seq FROM message
    WHERE state IN ('pending', 'sending') AND due = 0 AND max(next_at, not_before) <= ?1 AND ",
    is_first!(),
    "
)
SELECT * FROM (
    SELECT message.*, row_number() OVER (PARTITION BY channel ORDER BY paced_rank, seq) AS place
    FROM candidate CROSS JOIN message ON message.seq = candidate.place)
WHERE place <= ?2
ORDER BY paced_rank, seq"
);

/// One of those in line will do: its time is past.
pub(super) const NEXT: &str = concat!(
    "
SELECT min(next) AS next FROM (
    SELECT * FROM (
        SELECT max(next_at, not_before) AS next FROM message
        WHERE state IN ('pending', 'sending') AND due = 1 AND ",
    is_first!(),
    " LIMIT 1)
    UNION ALL
    SELECT * FROM (
        SELECT max(next_at, not_before) AS next FROM message
        WHERE state IN ('pending', 'sending') AND due = 0 AND ",
    is_first!(),
    " ORDER BY max(next_at, not_before) LIMIT 1))"
);

pub(super) const CARRIED: &str = "
SELECT * FROM notification WHERE message IN (SELECT value FROM json_each(?1)) ORDER BY seq";

/// One that was being sent when the daemon was killed may have left without a row in `attempt`.
pub(super) const CLIENT_MAILS: &str = "
SELECT count(*) AS number FROM (
    SELECT message.id FROM attempt JOIN message ON message.id = attempt.message
    WHERE attempt.at >= ?2 AND account = ?1 AND channel = 'client' AND paced IS NOT NULL
    UNION
    SELECT id FROM message
    WHERE state = 'sending' AND account = ?1 AND channel = 'client' AND paced IS NOT NULL
)";

/// Unfinished ones by account and channel, and since when the oldest of them might have left: what is paced or held back has its
/// own reason to wait.
const WAITING: &str = "
SELECT account, channel, count(*) AS number,
    min(CASE WHEN paced IS NULL AND not_before <= ?1 THEN max(created_at, not_before) END) AS since
FROM message WHERE state IN ('pending', 'sending') GROUP BY account, channel";

pub(super) const UNCERTAIN: &str = "
SELECT count(*) AS number FROM attempt WHERE message = ?1 AND outcome = 'uncertain'";

/// One that is being sent is left alone: its outcome is about to be written. `?2` is now, `?3` a day later.
pub(super) const RETRY: &str = "
UPDATE message SET state = 'pending', why = NULL, announced_at = NULL, settled_at = NULL, next_at = ?2, not_before = min(not_before, ?2),
    deadline = max(deadline, ?3)
WHERE id = (SELECT message FROM notification WHERE id = ?1) AND state IN ('pending', 'dead')
RETURNING id";

const RETRY_CARRIED: &str = "
UPDATE notification SET state = 'pending', why = NULL
WHERE message = (SELECT message FROM notification WHERE id = ?1) AND state IN ('pending', 'dead')";

/// What was tried last without an answer to the mail keeps its distance. `?2` is a channel, or NULL for all.
pub(super) const MAKE_DUE: &str = "
UPDATE message SET next_at = ?1, due = 1
WHERE state IN ('pending', 'sending') AND due = 0 AND state = 'pending' AND next_at > ?1 AND not_before <= ?1
    AND (?2 IS NULL OR channel = ?2)
    AND NOT EXISTS (
        SELECT 1 FROM attempt
        WHERE attempt.message = message.id AND attempt.number = message.attempts AND attempt.outcome = 'uncertain')";

/// `?1` is now, `?2` a day later, `?3` since when what is dead counts, `?4` a channel, or NULL for all.
const RETRY_ALL: &str = "
UPDATE message SET state = 'pending', why = NULL, announced_at = NULL, settled_at = NULL, next_at = ?1,
    not_before = min(not_before, ?1), deadline = max(deadline, ?2), due = 1
WHERE (state = 'pending' OR state = 'dead' AND created_at >= ?3) AND (?4 IS NULL OR channel = ?4)";

const RETRY_ALL_CARRIED: &str = "
UPDATE notification SET state = 'pending', why = NULL
WHERE state = 'dead' AND message IN (SELECT id FROM message WHERE state = 'pending')";

/// Of a channel, by an index of the attempts: neither what waits nor what is long gone is looked at. Grouped by message, SQLite
/// would walk through all messages in that order.
pub(super) const MESSAGES_OF_CHANNEL: &str = "
SELECT count(DISTINCT attempt.message) AS number, min(attempt.at) AS first
FROM attempt CROSS JOIN message ON message.id = attempt.message
WHERE attempt.at > ?2 AND channel = ?1";

impl Sqlite {
    pub async fn messages_since(
        &self,
        channel: &ChannelName,
        since: Timestamp,
    ) -> Result<(u32, Option<Timestamp>), Fault> {
        let query = sqlx::query(MESSAGES_OF_CHANNEL)
            .bind(channel.as_str())
            .bind(nanos(since));
        let row = query.fetch_one(&mut *self.reader.take().await?).await?;
        let number = u32::try_from(row.try_get::<i64, _>("number")?).unwrap_or(u32::MAX);
        Ok((number, Columns(&row).at_of("first")?))
    }

    pub async fn make_due(&self, channel: Option<&ChannelName>, now: Timestamp) -> Result<(), Fault> {
        let mut transaction = self.begin_write().await?;
        let make = sqlx::query(MAKE_DUE)
            .bind(nanos(now))
            .bind(channel.map(ChannelName::as_str));
        make.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    pub async fn retry_all(
        &self,
        channel: Option<&ChannelName>,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<u64, Fault> {
        let deadline = now.saturating_add(MESSAGE_LIFETIME).unwrap_or(Timestamp::MAX);
        let mut transaction = self.begin_write().await?;
        let retry = sqlx::query(RETRY_ALL)
            .bind(nanos(now))
            .bind(nanos(deadline))
            .bind(nanos(since))
            .bind(channel.map(ChannelName::as_str));
        let changed = retry.execute(&mut *transaction).await?.rows_affected();
        sqlx::query(RETRY_ALL_CARRIED).execute(&mut *transaction).await?;
        place::place_all(&mut transaction).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    pub async fn uncertain_tries(&self, message: &str) -> Result<u32, Fault> {
        let row = sqlx::query(UNCERTAIN)
            .bind(message)
            .fetch_one(&mut *self.reader.take().await?)
            .await?;
        Ok(u32::try_from(row.try_get::<i64, _>("number")?).unwrap_or(u32::MAX))
    }

    pub async fn retry(&self, notification: &str, now: Timestamp) -> Result<bool, Fault> {
        let deadline = now.saturating_add(MESSAGE_LIFETIME).unwrap_or(Timestamp::MAX);
        let mut transaction = self.begin_write().await?;
        let retry = sqlx::query(RETRY)
            .bind(notification)
            .bind(nanos(now))
            .bind(nanos(deadline));
        let retried = retry.fetch_optional(&mut *transaction).await?;
        if let Some(row) = &retried {
            place::place(&mut transaction, &[row.try_get("id")?], now).await?;
            sqlx::query(RETRY_CARRIED)
                .bind(notification)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(retried.is_some())
    }

    pub async fn due_messages(&self, now: Timestamp, limit: usize) -> Result<Vec<(Message, Vec<Notification>)>, Fault> {
        let mut transaction = self.begin_read().await?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = sqlx::query(DUE)
            .bind(nanos(now))
            .bind(limit)
            .fetch_all(&mut *transaction)
            .await?;
        let mut due = Vec::with_capacity(rows.len());
        for row in &rows {
            due.push((Columns(row).message()?, Vec::new()));
        }
        if due.is_empty() {
            transaction.commit().await?;
            return Ok(due);
        }
        let ids: Vec<&str> = due.iter().map(|(message, _)| message.id.as_str()).collect();
        let ids = serde_json::to_string(&ids).expect("texts serialize to JSON");
        let carried = sqlx::query(CARRIED).bind(ids).fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        let mut by_message: HashMap<String, Vec<Notification>> = HashMap::new();
        for row in &carried {
            let notice = Columns(row).notification()?;
            by_message
                .entry(notice.message.clone().unwrap_or_default())
                .or_default()
                .push(notice);
        }
        for (message, notices) in &mut due {
            *notices = by_message.remove(&message.id).unwrap_or_default();
        }
        Ok(due)
    }

    pub async fn next_message_at(&self) -> Result<Option<Timestamp>, Fault> {
        let row = sqlx::query(NEXT).fetch_one(&mut *self.reader.take().await?).await?;
        Columns(&row).at_of("next")
    }

    pub async fn owed_messages(&self) -> Result<u64, Fault> {
        let row = sqlx::query("SELECT count(*) AS number FROM message WHERE state IN ('pending', 'sending')")
            .fetch_one(&mut *self.reader.take().await?)
            .await?;
        Ok(u64::try_from(row.try_get::<i64, _>("number")?).unwrap_or(0))
    }

    pub async fn waiting_messages(&self, now: Timestamp) -> Result<Vec<Waiting>, Fault> {
        let rows = sqlx::query(WAITING)
            .bind(nanos(now))
            .fetch_all(&mut *self.reader.take().await?)
            .await?;
        let waiting = rows.iter().map(|row| {
            let columns = Columns(row);
            Ok(Waiting {
                account: columns.named("account")?,
                channel: columns.named("channel")?,
                messages: columns.count("number")?,
                since: columns.at_of("since")?,
            })
        });
        waiting.collect()
    }

    pub async fn client_mails_since(&self, account: &AccountName, since: Timestamp) -> Result<u32, Fault> {
        let query = sqlx::query(CLIENT_MAILS).bind(account.as_str()).bind(nanos(since));
        let row = query.fetch_one(&mut *self.reader.take().await?).await?;
        Ok(u32::try_from(row.try_get::<i64, _>("number")?).unwrap_or(u32::MAX))
    }
}
