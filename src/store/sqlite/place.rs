//! Where each message stands in the queue: whether its time has come, and behind which other one it waits.
//!
//! Both follow from the other columns and are kept so that a claim need not look at what waits. Whoever writes a message
//! places it in the same transaction. Nothing leaves on their word alone: a claim looks once more at the time and for an
//! earlier message. So what is kept wrongly could only make a message wait, and all are placed anew at each start.

use jiff::Timestamp;

use super::{Fault, Sqlite, Transaction};
use crate::store::encode::nanos;

/// The last unfinished message to the same recipient that must leave before `message`: of its thread, or of an episode
/// that it tells of. The last, not the first: so each end of a message concerns the one right behind it, and no others.
macro_rules! behind {
    () => {
        "nullif(max(
    coalesce((
        SELECT max(earlier.seq) FROM message AS earlier
        WHERE earlier.state IN ('pending', 'sending') AND earlier.thread = message.thread
            AND earlier.channel = message.channel AND earlier.recipient = message.recipient
            AND earlier.seq < message.seq), 0),
    coalesce((
        SELECT max(earlier.seq) FROM notification AS mine
        JOIN notification AS theirs ON theirs.episode = mine.episode
        JOIN message AS earlier ON earlier.id = theirs.message
        WHERE mine.message = message.id AND earlier.state IN ('pending', 'sending')
            AND earlier.channel = message.channel AND earlier.recipient = message.recipient
            AND earlier.seq < message.seq), 0)), 0)"
    };
}

/// `?1` are ids of messages that changed, `?2` is now. Those right behind them are placed with them.
pub(super) const PLACE: &str = concat!(
    "
UPDATE message SET due = max(next_at, not_before) <= ?2, behind = ",
    behind!(),
    "
WHERE state IN ('pending', 'sending') AND seq IN (
    SELECT changed.seq FROM json_each(?1) JOIN message AS changed ON changed.id = value
    UNION ALL
    SELECT follower.seq FROM json_each(?1) JOIN message AS changed ON changed.id = value
    JOIN message AS follower ON follower.behind = changed.seq AND follower.state IN ('pending', 'sending'))"
);

const PLACE_ALL: &str = concat!(
    "
UPDATE message SET behind = ",
    behind!(),
    "
WHERE state IN ('pending', 'sending') AND behind IS NOT ",
    behind!()
);

pub(super) const IS_ANY_TO_RISE: &str = "
SELECT 1 FROM message
WHERE state IN ('pending', 'sending') AND due = 0 AND max(next_at, not_before) <= ?1 LIMIT 1";

pub(super) const RISE: &str = "
UPDATE message SET due = 1
WHERE state IN ('pending', 'sending') AND due = 0 AND max(next_at, not_before) <= ?1";

impl Sqlite {
    /// Puts those in line whose time has come since the last time.
    pub async fn fill_line(&self, now: Timestamp) -> Result<(), Fault> {
        let any = sqlx::query(IS_ANY_TO_RISE).bind(nanos(now));
        if any.fetch_optional(&mut *self.reader.take().await?).await?.is_none() {
            return Ok(());
        }
        let mut transaction = self.begin_write().await?;
        let rise = sqlx::query(RISE).bind(nanos(now));
        rise.execute(&mut *transaction).await?;
        transaction.commit().await
    }

    /// Places every message anew.
    pub(super) async fn place_all_anew(&self) -> Result<(), Fault> {
        let mut transaction = self.begin_write().await?;
        place_all(&mut transaction).await?;
        transaction.commit().await
    }
}

/// Places messages that were written, by id.
pub(super) async fn place(transaction: &mut Transaction<'_>, ids: &[&str], now: Timestamp) -> Result<(), Fault> {
    let ids = serde_json::to_string(ids).expect("texts serialize to JSON");
    let place = sqlx::query(PLACE).bind(ids).bind(nanos(now));
    place.execute(&mut **transaction).await?;
    Ok(())
}

/// Places every message after many were changed.
pub(super) async fn place_all(transaction: &mut Transaction<'_>) -> Result<(), Fault> {
    sqlx::query(PLACE_ALL).execute(&mut **transaction).await?;
    Ok(())
}
