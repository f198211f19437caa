//! Dead messages: which nobody has dealt with, that people were told of them, and that a person gives one up.

use super::decode::Columns;
use super::{Fault, Sqlite};
use crate::domain::AccountName;
use crate::domain::dead_letter::DeadLetter;
use crate::store::encode::{DETAIL_BYTES, clean};

/// Letters looked at; more would say nothing new to people, and those that are not told of yet come first.
const MOST: u32 = 1_000;

/// With `min`, the columns of the notification are those of the first one. One that is settled counts until it was told.
const DEAD: &str = "
SELECT message.id AS id, message.channel AS channel, message.recipient AS recipient, coalesce(message.why, '') AS why,
    announced_at IS NOT NULL AS announced, settled_at IS NOT NULL AS settled, min(notification.seq),
    notification.id AS notification, notification.client AS client, facts ->> 'label' AS label, count(*) AS carried
FROM message JOIN notification ON notification.message = message.id
WHERE message.state = 'dead' AND message.account = ?1 AND (settled_at IS NULL OR announced_at IS NULL)
    AND notification.policy <> 'dead-letter'
GROUP BY message.id
ORDER BY announced_at IS NOT NULL, message.seq
LIMIT ?2";

pub(super) const ANNOUNCED: &str = "
UPDATE message SET announced_at = value ->> 'at'
FROM jsonb_each(?2) WHERE account = ?1 AND message.id = value ->> 'id' AND state = 'dead'";

/// Who took a message can be reached again.
pub(super) const SETTLED: &str = "
UPDATE message SET settled_at = value ->> 'at'
FROM jsonb_each(?2) WHERE message.state = 'dead' AND settled_at IS NULL
    AND channel = value ->> 'channel' AND recipient = value ->> 'recipient'";

const DROP: &str = "
UPDATE message SET state = 'dropped', why = ?2
WHERE id = (SELECT message FROM notification WHERE id = ?1) AND state = 'dead'";

const DROP_CARRIED: &str = "
UPDATE notification SET state = 'dropped', why = ?2
WHERE message = (SELECT message FROM notification WHERE id = ?1) AND state = 'dead'";

impl Sqlite {
    pub(in crate::store) async fn dead_letters(&self, account: &AccountName) -> Result<Vec<DeadLetter>, Fault> {
        let query = sqlx::query(DEAD).bind(account.as_str()).bind(MOST);
        let rows = query.fetch_all(&self.reader).await?;
        rows.iter().map(|row| Columns(row).dead_letter()).collect()
    }

    pub(in crate::store) async fn drop_dead(&self, notification: &str, why: &str) -> Result<bool, Fault> {
        let why = clean(why, DETAIL_BYTES);
        let mut transaction = self.begin_write().await?;
        let dropped = sqlx::query(DROP).bind(notification).bind(&why);
        let changed = dropped.execute(&mut *transaction).await?.rows_affected() > 0;
        let carried = sqlx::query(DROP_CARRIED).bind(notification).bind(&why);
        carried.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(changed)
    }
}
