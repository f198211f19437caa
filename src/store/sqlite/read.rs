//! Reading: an account as the sweep needs it, in one transaction; bounded lists for the commands.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row};

use super::decode::{Columns, Interned, WATCHED, WATCHED_FIRING};
use super::{Fault, Sqlite, Transaction};
use crate::domain::alert::Alert;
use crate::domain::decision::Decision;
use crate::domain::enforcement::Enforcement;
use crate::domain::kept::Past;
use crate::domain::notice::Notification;
use crate::domain::watch::AccountState;
use crate::domain::{AccountName, ClientId};
use crate::store::encode::nanos;
use crate::store::{AccountView, Activity, Counts, EnforcementRecord, Filter, Fires, Kept, NoticeRecord};

const ALERTS: &str = "SELECT * FROM alert WHERE account = ?1 ORDER BY client, policy";

const ALERTS_OF: &str = "SELECT * FROM alert WHERE account = ?1 AND client = ?2 ORDER BY policy";

const FIRING: &str = "SELECT * FROM alert WHERE account = ?1 AND state = 'firing' ORDER BY client, policy";

const DECISIONS: &str = "SELECT * FROM decision WHERE account = ?1 ORDER BY id";

/// See `Past::Lately`. 24 hours are 86400000000000 ns; they count back from the newest change, which is never later than now, so that
/// nothing of the last 24 hours is missing. Left to itself, SQLite looks for the open ones through all that ever were.
macro_rules! lately {
    () => {
        "
SELECT * FROM enforcement WHERE seq IN (
    SELECT seq FROM enforcement INDEXED BY enforcement_open
    WHERE account = ?1 AND state IN ('planned', 'deferred', 'sent')
    UNION ALL
    SELECT seq FROM enforcement WHERE account = ?1
        AND changed_at >= (SELECT max(changed_at) FROM enforcement WHERE account = ?1) - 86400000000000"
    };
}

pub(super) const ENFORCEMENTS_LATELY: &str = concat!(lately!(), ") ORDER BY seq");

/// See `AccountView::enforcements`. Walks through all that ever were.
const ENFORCEMENTS_IN_PLAY: &str = concat!(
    lately!(),
    "
    UNION ALL
    SELECT seq FROM (
        SELECT seq, row_number() OVER (
            PARTITION BY client, policy, direction, wanted, state ORDER BY changed_at DESC, seq DESC
        ) AS place
        FROM enforcement WHERE account = ?1
    ) WHERE place = 1
) ORDER BY seq"
);

/// The open entry, and from it back from entry to entry. A `prior` always leads to a lower number.
const HISTORY: &str = "
WITH RECURSIVE chain (first_seen_at, last_seen_at, count, balance, spent_today, threshold, error, prior) AS (
    SELECT kept_first_seen_at, kept_last_seen_at, kept_count, kept_balance, kept_spent_today, kept_threshold,
        kept_error, kept_prior
    FROM last_reading WHERE account = ?1 AND client = ?2 AND kept_first_seen_at IS NOT NULL
    UNION ALL
    SELECT older.first_seen_at, older.last_seen_at, older.count, older.balance, older.spent_today, older.threshold,
        older.error, older.prior
    FROM chain JOIN reading_history AS older ON older.seq = chain.prior
    WHERE chain.first_seen_at > ?4
    LIMIT ?3 + 0
)
SELECT * FROM chain";

/// Each of these three walks an index from its end, or the table, and stops at the limit; with a ?5 it begins below that one.
/// The plus keeps SQLite from sorting all of an account's rows instead.
const NOTIFICATIONS: &str = "
SELECT * FROM notification WHERE +account = ?1
    AND seq < CASE WHEN ?5 IS NULL THEN 9223372036854775807 ELSE (SELECT seq FROM notification WHERE id = ?5) END
ORDER BY seq DESC LIMIT ?4 + 0";

const NOTIFICATIONS_IN_STATE: &str = "
SELECT * FROM notification WHERE account = ?1 AND state = ?3
    AND seq < CASE WHEN ?5 IS NULL THEN 9223372036854775807 ELSE (SELECT seq FROM notification WHERE id = ?5) END
ORDER BY seq DESC LIMIT ?4 + 0";

const NOTIFICATIONS_OF_CLIENT: &str = "
SELECT * FROM notification WHERE account = ?1 AND client = ?2 AND (?3 IS NULL OR +state = ?3)
    AND seq < CASE WHEN ?5 IS NULL THEN 9223372036854775807 ELSE (SELECT seq FROM notification WHERE id = ?5) END
ORDER BY seq DESC LIMIT ?4 + 0";

pub(super) const NOTIFICATIONS_UNCARRIED: &str = "
SELECT * FROM notification WHERE account = ?1 AND state = 'pending' AND message IS NULL ORDER BY seq";

const ENFORCEMENTS: &str = "
SELECT * FROM enforcement
WHERE account = ?1 AND (?2 IS NULL OR client = ?2) AND (?3 IS NULL OR state = ?3)
    AND seq < CASE WHEN ?5 IS NULL THEN 9223372036854775807 ELSE (SELECT seq FROM enforcement WHERE id = ?5) END
ORDER BY seq DESC LIMIT ?4 + 0";

/// Reads every notification of the account: asked once for each digest.
const ACTIVITY: &str = "
SELECT count(DISTINCT episode) FILTER (WHERE json_extract(transition, '$.kind') = 'fired') AS began,
    count(DISTINCT episode) FILTER (WHERE json_extract(transition, '$.kind') IN ('resolved', 'withdrawn')) AS ended,
    count(*) FILTER (WHERE state IN ('delivered', 'probably-delivered')) AS delivered,
    count(*) FILTER (WHERE state = 'dead') AS dead,
    count(*) FILTER (WHERE state = 'dropped') AS dropped
FROM notification WHERE account = ?1 AND created_at > ?2 AND NOT (client = 'account' AND policy = 'digest')";

const LAST_DIGEST: &str = "
SELECT * FROM notification WHERE account = ?1 AND client = 'account' AND policy = 'digest' ORDER BY seq DESC LIMIT 1";

const CLIENT_COUNTS: &str = "
SELECT count(*) FILTER (WHERE vanished_at IS NULL) AS clients,
    count(*) FILTER (WHERE vanished_at IS NOT NULL) AS vanished,
    count(*) FILTER (WHERE vanished_at IS NULL AND email NOT LIKE '%_@_%._%'
        AND coalesce(threshold_email, '') NOT LIKE '%_@_%._%') AS without_address,
    count(*) FILTER (WHERE vanished_at IS NULL AND threshold_read_at IS NOT NULL AND threshold IS NULL)
        AS without_threshold,
    count(*) FILTER (WHERE vanished_at IS NULL AND read_at IS NULL) AS never_read,
    count(*) FILTER (WHERE vanished_at IS NULL AND first_attempt_at IS NULL) AS never_asked
FROM client LEFT JOIN last_reading USING (account, client)
WHERE account = ?1 AND client NOT IN ('account', 'reseller')";

const UNREAD: &str = "
SELECT last_error AS label, count(*) AS number
FROM client JOIN last_reading USING (account, client)
WHERE account = ?1 AND client NOT IN ('account', 'reseller') AND vanished_at IS NULL AND last_error IS NOT NULL
GROUP BY last_error";

impl Sqlite {
    pub async fn load(&self, account: &AccountName, past: Past) -> Result<AccountView, Fault> {
        let mut transaction = self.begin_read().await?;
        let name = account.as_str();
        let state = state(&mut transaction, name).await?;
        let mut clients = Vec::with_capacity(client_count(&mut transaction, name).await?);
        let mut judged = Interned::default();
        {
            let mut rows = sqlx::query(WATCHED).bind(name).fetch(&mut *transaction);
            while let Some(row) = rows.try_next().await? {
                clients.push(Columns(&row).watched(&mut judged)?);
            }
        }
        let alerts = list(&mut transaction, ALERTS, name, |row| row.alert()).await?;
        let decisions = list(&mut transaction, DECISIONS, name, |row| row.decision()).await?;
        let enforcements = match past {
            Past::InPlay => ENFORCEMENTS_IN_PLAY,
            Past::Lately => ENFORCEMENTS_LATELY,
        };
        let enforcements = list(&mut transaction, enforcements, name, |row| row.enforcement()).await?;
        transaction.commit().await?;
        Ok(AccountView {
            state,
            clients,
            alerts,
            decisions,
            enforcements,
        })
    }

    pub async fn fires(&self, account: &AccountName) -> Result<Fires, Fault> {
        let mut transaction = self.begin_read().await?;
        let name = account.as_str();
        let state = state(&mut transaction, name).await?;
        let alerts = list(&mut transaction, FIRING, name, |row| row.alert()).await?;
        let mut judged = Interned::default();
        let clients = list(&mut transaction, WATCHED_FIRING, name, |row| row.watched(&mut judged)).await?;
        let decisions = list(&mut transaction, DECISIONS, name, |row| row.decision()).await?;
        transaction.commit().await?;
        Ok(Fires {
            state,
            alerts,
            clients,
            decisions,
        })
    }

    pub async fn decisions(&self, account: &AccountName) -> Result<Vec<Decision>, Fault> {
        let rows = sqlx::query(DECISIONS)
            .bind(account.as_str())
            .fetch_all(&mut *self.reader.take().await?)
            .await?;
        rows.iter().map(|row| Columns(row).decision()).collect()
    }

    pub async fn alerts(&self, account: &AccountName) -> Result<Vec<Alert>, Fault> {
        let rows = sqlx::query(ALERTS)
            .bind(account.as_str())
            .fetch_all(&mut *self.reader.take().await?)
            .await?;
        rows.iter().map(|row| Columns(row).alert()).collect()
    }

    pub async fn alerts_of(&self, account: &AccountName, client: &ClientId) -> Result<Vec<Alert>, Fault> {
        let query = sqlx::query(ALERTS_OF).bind(account.as_str()).bind(client.as_str());
        let rows = query.fetch_all(&mut *self.reader.take().await?).await?;
        rows.iter().map(|row| Columns(row).alert()).collect()
    }

    pub async fn history(&self, account: &AccountName, client: &ClientId, limit: usize) -> Result<Vec<Kept>, Fault> {
        let mut entries = Vec::new();
        self.walk_history(account, client, (Timestamp::MIN, limit), |kept| entries.push(kept))
            .await?;
        Ok(entries)
    }

    pub async fn walk_history(
        &self,
        account: &AccountName,
        client: &ClientId,
        (since, most): (Timestamp, usize),
        mut each: impl FnMut(Kept),
    ) -> Result<(), Fault> {
        let query = sqlx::query(HISTORY).bind(account.as_str()).bind(client.as_str());
        let mut reader = self.reader.take().await?;
        let mut rows = query.bind(bound(most)).bind(nanos(since)).fetch(&mut *reader);
        while let Some(row) = rows.try_next().await? {
            each(Columns(&row).kept()?);
        }
        Ok(())
    }

    pub async fn notifications(&self, filter: &Filter) -> Result<Vec<Notification>, Fault> {
        let sql = match (&filter.client, &filter.state) {
            (Some(_), _) => NOTIFICATIONS_OF_CLIENT,
            (None, Some(_)) => NOTIFICATIONS_IN_STATE,
            (None, None) => NOTIFICATIONS,
        };
        let query = sqlx::query(sql)
            .bind(filter.account.as_str())
            .bind(filter.client.as_ref().map(ClientId::as_str))
            .bind(filter.state.as_deref())
            .bind(bound(filter.limit))
            .bind(filter.before.as_deref());
        let rows = query.fetch_all(&mut *self.reader.take().await?).await?;
        rows.iter().map(|row| Columns(row).notification()).collect()
    }

    pub async fn activity_since(&self, account: &AccountName, since: Timestamp) -> Result<Activity, Fault> {
        let query = sqlx::query(ACTIVITY).bind(account.as_str()).bind(nanos(since));
        let row = query.fetch_one(&mut *self.reader.take().await?).await?;
        let number = |column: &'static str| Columns(&row).count::<u64>(column);
        Ok(Activity {
            began: number("began")?,
            ended: number("ended")?,
            delivered: number("delivered")?,
            dead: number("dead")?,
            dropped: number("dropped")?,
        })
    }

    pub async fn last_digest(&self, account: &AccountName) -> Result<Option<Notification>, Fault> {
        let query = sqlx::query(LAST_DIGEST).bind(account.as_str());
        let row = query.fetch_optional(&mut *self.reader.take().await?).await?;
        row.map(|row| Columns(&row).notification()).transpose()
    }

    pub async fn uncarried_notifications(&self, account: &AccountName) -> Result<Vec<Notification>, Fault> {
        let query = sqlx::query(NOTIFICATIONS_UNCARRIED).bind(account.as_str());
        let rows = query.fetch_all(&mut *self.reader.take().await?).await?;
        rows.iter().map(|row| Columns(row).notification()).collect()
    }

    pub async fn notification(&self, id: &str) -> Result<Option<NoticeRecord>, Fault> {
        let mut transaction = self.begin_read().await?;
        let found = list(
            &mut transaction,
            "SELECT * FROM notification WHERE id = ?1",
            id,
            |row| row.notification(),
        );
        let Some(notification) = found.await?.pop() else {
            return Ok(None);
        };
        let carrier = notification.message.clone().unwrap_or_default();
        let message = list(
            &mut transaction,
            "SELECT * FROM message WHERE id = ?1",
            &carrier,
            |row| row.message(),
        );
        let message = message.await?.pop();
        let attempts = "SELECT * FROM attempt WHERE message = ?1 ORDER BY number";
        let attempts = list(&mut transaction, attempts, &carrier, |row| row.attempt()).await?;
        transaction.commit().await?;
        Ok(Some(NoticeRecord {
            notification,
            message,
            attempts,
        }))
    }

    pub async fn enforcements(&self, filter: &Filter) -> Result<Vec<Enforcement>, Fault> {
        let query = sqlx::query(ENFORCEMENTS)
            .bind(filter.account.as_str())
            .bind(filter.client.as_ref().map(ClientId::as_str))
            .bind(filter.state.as_deref())
            .bind(bound(filter.limit))
            .bind(filter.before.as_deref());
        let rows = query.fetch_all(&mut *self.reader.take().await?).await?;
        rows.iter().map(|row| Columns(row).enforcement()).collect()
    }

    pub async fn enforcement(&self, id: &str) -> Result<Option<EnforcementRecord>, Fault> {
        let mut transaction = self.begin_read().await?;
        let found = list(&mut transaction, "SELECT * FROM enforcement WHERE id = ?1", id, |row| {
            row.enforcement()
        });
        let Some(enforcement) = found.await?.pop() else {
            return Ok(None);
        };
        let steps = "SELECT * FROM enforcement_step WHERE enforcement = ?1 ORDER BY number";
        let steps = list(&mut transaction, steps, id, |row| row.step()).await?;
        transaction.commit().await?;
        Ok(Some(EnforcementRecord { enforcement, steps }))
    }

    pub async fn counts(&self, account: &AccountName) -> Result<Counts, Fault> {
        let mut transaction = self.begin_read().await?;
        let name = account.as_str();
        let clients = sqlx::query(CLIENT_COUNTS)
            .bind(name)
            .fetch_one(&mut *transaction)
            .await?;
        let number = |column: &'static str| Columns(&clients).count::<u64>(column);
        let counts = Counts {
            listed: number("clients")?,
            vanished: number("vanished")?,
            without_address: number("without_address")?,
            without_threshold: number("without_threshold")?,
            never_read: number("never_read")?,
            never_asked: number("never_asked")?,
            unread: tally(&mut transaction, UNREAD, name).await?,
            alerts: tally_states(&mut transaction, "alert", name).await?,
            notifications: tally_states(&mut transaction, "notification", name).await?,
            enforcements: tally_states(&mut transaction, "enforcement", name).await?,
        };
        transaction.commit().await?;
        Ok(counts)
    }
}

async fn state(transaction: &mut Transaction<'_>, account: &str) -> Result<AccountState, Fault> {
    let query = sqlx::query("SELECT state FROM account WHERE account = ?1").bind(account);
    match query.fetch_optional(&mut **transaction).await? {
        Some(row) => Columns(&row).structure("state"),
        None => Ok(AccountState::default()),
    }
}

/// So that the list of clients never grows by doubling: half of such a list would be memory for nothing.
async fn client_count(transaction: &mut Transaction<'_>, account: &str) -> Result<usize, Fault> {
    let query = sqlx::query("SELECT count(*) AS number FROM client WHERE account = ?1").bind(account);
    Columns(&query.fetch_one(&mut **transaction).await?).count("number")
}

/// All rows of a query with one argument.
async fn list<T>(
    transaction: &mut Transaction<'_>,
    sql: &'static str,
    argument: &str,
    mut decode: impl FnMut(Columns<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut rows = sqlx::query(sql).bind(argument).fetch(&mut **transaction);
    let mut records = Vec::new();
    while let Some(row) = rows.try_next().await? {
        records.push(decode(Columns(&row))?);
    }
    Ok(records)
}

async fn tally(
    transaction: &mut Transaction<'_>,
    sql: impl sqlx::SqlSafeStr,
    account: &str,
) -> Result<BTreeMap<String, u64>, Fault> {
    let rows: Vec<SqliteRow> = sqlx::query(sql).bind(account).fetch_all(&mut **transaction).await?;
    rows.iter()
        .map(|row| Ok((row.try_get("label")?, Columns(row).count("number")?)))
        .collect()
}

async fn tally_states(
    transaction: &mut Transaction<'_>,
    table: &'static str,
    account: &str,
) -> Result<BTreeMap<String, u64>, Fault> {
    // The table is one of the program's own words.
    let sql = format!("SELECT state AS label, count(*) AS number FROM {table} WHERE account = ?1 GROUP BY state");
    tally(transaction, AssertSqlSafe(sql), account).await
}

/// A limit as SQLite takes it.
fn bound(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
