//! What an episode began with at a receiver: later messages are hung below it.

use super::decode::Columns;
use super::{Fault, Sqlite};
use crate::domain::notice::{Message, Notification};

/// The first message that told the same recipient of this episode and that the receiver has a name for.
const ROOT: &str = "
SELECT message.* FROM notification JOIN message ON message.id = notification.message
WHERE notification.episode = ?1 AND message.channel = ?2 AND message.recipient = ?3 AND message.receipt IS NOT NULL
    AND notification.id <> ?4
ORDER BY message.seq LIMIT 1";

const CARRIED: &str = "SELECT * FROM notification WHERE message = ?1 ORDER BY seq";

impl Sqlite {
    pub async fn root_of(&self, about: &Notification) -> Result<Option<(Message, Vec<Notification>)>, Fault> {
        let root = sqlx::query(ROOT)
            .bind(about.episode.as_str())
            .bind(about.channel.as_str())
            .bind(&about.recipient)
            .bind(&about.id);
        let Some(root) = root.fetch_optional(&mut *self.reader.take().await?).await? else {
            return Ok(None);
        };
        let root = Columns(&root).message()?;
        let carried = sqlx::query(CARRIED)
            .bind(&root.id)
            .fetch_all(&mut *self.reader.take().await?)
            .await?;
        let carried: Result<Vec<_>, _> = carried.iter().map(|row| Columns(row).notification()).collect();
        Ok(Some((root, carried?)))
    }
}
