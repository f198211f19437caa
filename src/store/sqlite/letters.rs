//! Whom messages reached: who was told of an episode, which dead ones nobody has dealt with, that people were told of
//! these, and that a person gives one up.

use std::collections::BTreeMap;

use sqlx::Row;

use super::decode::Columns;
use super::{Fault, Sqlite};
use crate::domain::alert::EpisodeId;
use crate::domain::dead_letter::DeadLetter;
use crate::domain::kept::{Warning, Warnings};
use crate::domain::notice::Notification;
use crate::domain::{AccountName, ChannelName, ClientId};
use crate::store::encode::{DETAIL_BYTES, clean};
use crate::store::{Sibling, Told, WaitingMail};

/// Letters looked at; more would say nothing new to people, and those that are not told of yet come first.
const MOST: u32 = 1_000;

/// With `min`, the columns of the notification are those of the first one. One that is settled counts until it was told.
pub(super) const DEAD: &str = "
SELECT message.id AS id, message.channel AS channel, message.recipient AS recipient, coalesce(message.why, '') AS why,
    announced_at IS NOT NULL AS announced, settled_at IS NOT NULL AS settled, min(notification.seq),
    notification.id AS notification, notification.client AS client, facts ->> 'label' AS label, count(*) AS carried
FROM message JOIN notification ON notification.message = message.id
WHERE message.state = 'dead' AND message.account = ?1 AND (settled_at IS NULL OR announced_at IS NULL)
    AND notification.policy <> 'dead-letter'
GROUP BY message.id
ORDER BY announced_at IS NOT NULL, message.seq
LIMIT ?2 + 0";

pub const ANNOUNCED: &str = "
UPDATE message SET announced_at = value ->> 'at'
FROM jsonb_each(?2) WHERE account = ?1 AND message.id = value ->> 'id' AND state = 'dead'";

/// Who took a message can be reached again.
pub const SETTLED: &str = "
UPDATE message SET settled_at = value ->> 'at'
FROM jsonb_each(?2) WHERE message.state = 'dead' AND settled_at IS NULL
    AND channel = value ->> 'channel' AND recipient = value ->> 'recipient'";

/// Only what still waits: one that is being sent may arrive where it goes.
pub const MESSAGE_READDRESSED: &str = "
UPDATE message SET recipient = value ->> 'recipient', next_at = not_before
FROM jsonb_each(?2) WHERE account = ?1 AND message.id = value ->> 'id' AND state = 'pending'";

pub const NOTIFICATION_READDRESSED: &str = "
UPDATE notification SET recipient = value ->> 'recipient'
FROM jsonb_each(?2) WHERE account = ?1 AND notification.message = value ->> 'id' AND state = 'pending'";

/// The plus keeps SQLite from walking through all messages, in the order in which they are told apart.
pub(super) const WAITING_FOR_CLIENTS: &str = "
SELECT DISTINCT +message.id AS id, message.recipient AS recipient, notification.client AS client
FROM message JOIN notification ON notification.message = message.id
WHERE message.state IN ('pending', 'sending') AND message.account = ?1 AND message.channel = 'client'
    AND message.state = 'pending'";

const DROP: &str = "
UPDATE message SET state = 'dropped', why = ?2
WHERE id = (SELECT message FROM notification WHERE id = ?1) AND state = 'dead'";

const DROP_CARRIED: &str = "
UPDATE notification SET state = 'dropped', why = ?2
WHERE message = (SELECT message FROM notification WHERE id = ?1) AND state = 'dead'";

const TOLD: &str = "
SELECT alert.episode AS episode, channel = 'client' AS client,
    count(DISTINCT transition) FILTER (WHERE notification.state IN ('delivered', 'probably-delivered')) AS times,
    min(created_at) FILTER (WHERE notification.state IN ('pending', 'sending')) AS waits_since
FROM alert JOIN notification ON notification.episode = alert.episode
WHERE alert.account = ?1 AND alert.state = 'firing'
GROUP BY alert.episode, channel = 'client'";

/// Of the running episodes: what tells that they fire, by channel. Where several tell it, what arrived counts first, then what may.
const WARNINGS: &str = "
SELECT alert.episode AS episode, channel,
    min(attempt.at) FILTER (WHERE notification.state = 'delivered') AS arrived_at,
    count(*) FILTER (WHERE notification.state IN ('pending', 'sending', 'merged')) AS waiting,
    max(coalesce(notification.why, notification.state)) FILTER (
        WHERE notification.state IN ('dead', 'dropped', 'probably-delivered')) AS why
FROM alert JOIN notification ON notification.episode = alert.episode
    LEFT JOIN attempt ON attempt.message = notification.message AND attempt.outcome = 'delivered'
WHERE alert.account = ?1 AND alert.state = 'firing'
    AND transition ->> 'kind' NOT IN ('resolved', 'withdrawn', 'enforced', 'acknowledged')
GROUP BY alert.episode, channel";

/// One that died may have arrived all the same when one of its tries got no answer.
pub(super) const SIBLINGS: &str = "
SELECT transition, created_at, state, why, state = 'dead' AND EXISTS (
        SELECT 1 FROM attempt WHERE attempt.message = notification.message AND outcome = 'uncertain') AS maybe_arrived
FROM notification WHERE episode = ?1 AND channel = ?2 AND recipient = ?3 AND id <> ?4";

/// What may have arrived counts, for it is tried again. What follows word that it fires, and is no such word itself, does not.
pub(super) const FIRED_AGAIN: &str = "
SELECT EXISTS (
    SELECT 1 FROM notification AS mine
    JOIN notification AS later ON later.account = mine.account AND later.client = mine.client
    WHERE mine.id = ?1 AND later.seq > mine.seq AND later.episode <> mine.episode AND later.policy = mine.policy
        AND later.channel = mine.channel AND later.recipient = mine.recipient
        AND later.transition ->> 'kind' NOT IN ('enforced', 'acknowledged')
        AND (later.state IN ('delivered', 'probably-delivered') OR EXISTS (
            SELECT 1 FROM attempt WHERE attempt.message = later.message AND outcome = 'uncertain'))) AS fired_again";

impl Sqlite {
    pub async fn fired_again(&self, about: &Notification) -> Result<bool, Fault> {
        let query = sqlx::query(FIRED_AGAIN).bind(&about.id);
        let row = query.fetch_one(&mut *self.reader.take().await?).await?;
        Ok(row.try_get("fired_again")?)
    }

    pub async fn siblings(&self, about: &Notification) -> Result<Vec<Sibling>, Fault> {
        let query = sqlx::query(SIBLINGS).bind(about.episode.as_str());
        let query = query
            .bind(about.channel.as_str())
            .bind(&about.recipient)
            .bind(&about.id);
        let rows = query.fetch_all(&mut *self.reader.take().await?).await?;
        let siblings = rows.iter().map(|row| {
            Ok(Sibling {
                transition: Columns(row).structure("transition")?,
                created_at: Columns(row).at("created_at")?,
                state: Columns(row).notice_state()?,
                maybe_arrived: row.try_get("maybe_arrived")?,
            })
        });
        siblings.collect()
    }

    pub async fn told_of(&self, account: &AccountName) -> Result<BTreeMap<EpisodeId, Told>, Fault> {
        let rows = sqlx::query(TOLD)
            .bind(account.as_str())
            .fetch_all(&mut *self.reader.take().await?)
            .await?;
        let mut told: BTreeMap<EpisodeId, Told> = BTreeMap::new();
        for row in &rows {
            let entry = told.entry(EpisodeId::from_stored(row.try_get("episode")?)).or_default();
            let (times, waits_since) = (Columns(row).count("times")?, Columns(row).at_of("waits_since")?);
            if row.try_get("client")? {
                (entry.client, entry.client_waits_since) = (times > 0, waits_since);
            } else {
                (entry.operators, entry.operators_wait_since) = (times, waits_since);
            }
        }
        Ok(told)
    }

    pub async fn warnings(&self, account: &AccountName) -> Result<Warnings, Fault> {
        let query = sqlx::query(WARNINGS).bind(account.as_str());
        let rows = query.fetch_all(&mut *self.reader.take().await?).await?;
        let warnings = rows.iter().map(|row| {
            let key = (
                EpisodeId::from_stored(row.try_get("episode")?),
                Columns(row).named::<ChannelName>("channel")?,
            );
            let (arrived_at, waiting) = (Columns(row).at_of("arrived_at")?, Columns(row).count::<u64>("waiting")?);
            let why: Option<String> = row.try_get("why")?;
            let warning = match (arrived_at, why) {
                (Some(at), _) => Warning::Arrived { at },
                (None, Some(why)) if waiting == 0 => Warning::Failed { why },
                (None, _) => Warning::Waits,
            };
            Ok((key, warning))
        });
        warnings.collect()
    }

    pub async fn waiting_for_clients(&self, account: &AccountName) -> Result<Vec<WaitingMail>, Fault> {
        let query = sqlx::query(WAITING_FOR_CLIENTS).bind(account.as_str());
        let rows = query.fetch_all(&mut *self.reader.take().await?).await?;
        let waiting = rows.iter().map(|row| {
            Ok(WaitingMail {
                message: row.try_get("id")?,
                recipient: row.try_get("recipient")?,
                client: Columns(row).named::<ClientId>("client")?,
            })
        });
        waiting.collect()
    }

    pub async fn dead_letters(&self, account: &AccountName) -> Result<Vec<DeadLetter>, Fault> {
        let query = sqlx::query(DEAD).bind(account.as_str()).bind(MOST);
        let rows = query.fetch_all(&mut *self.reader.take().await?).await?;
        rows.iter().map(|row| Columns(row).dead_letter()).collect()
    }

    pub async fn drop_dead(&self, notification: &str, why: &str) -> Result<bool, Fault> {
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
