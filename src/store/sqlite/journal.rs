//! The journal: a line for whatever is written about an enforcement, in the transaction that writes it. See
//! [`chain`](crate::store::chain) for what a line is.

use std::collections::BTreeMap;

use sqlx::Row;

use super::{Fault, Sqlite, Transaction};
use crate::domain::AccountName;
use crate::store::Commit;
use crate::store::chain::{Kind, Line, NOTHING, Part, digest};
use crate::store::encode::nanos;

/// What of an enforcement is sealed: all but what counts sweeps and times that a clock that goes back moves.
const ENFORCEMENTS: &str = "
SELECT id AS enforcement, 0 AS part, json_array(client, policy, episode, direction, wanted, balance, detail, code_before, code_sent,
    fingerprint_before, fingerprint_after, before_image, window_ms) AS body
FROM enforcement WHERE account = ?1";

const STEPS: &str = "
SELECT enforcement, number AS part, json_array(enforcement_step.at, step, enforcement_step.detail) AS body
FROM enforcement_step JOIN enforcement ON enforcement.id = enforcement_step.enforcement WHERE account = ?1";

const LINES: &str = "SELECT * FROM journal WHERE account = ?1 ORDER BY number";

const LAST: &str = "SELECT number, digest FROM journal WHERE account = ?1 ORDER BY number DESC LIMIT 1";

const APPEND: &str = "
INSERT INTO journal (account, number, at, enforcement, part, kind, body, digest)
SELECT ?1, value ->> 'number', value ->> 'at', value ->> 'enforcement', value ->> 'part', value ->> 'kind', value ->> 'body',
    value ->> 'digest'
FROM json_each(?2)";

/// What SQLite keeps for the program as a number in the file's header: since when all is sealed that was there before.
const SEALED: i64 = 1;
const MARK_SEALED: &str = "PRAGMA user_version = 1";

/// Accounts with enforcements and no line.
const UNSEALED: &str = "
SELECT DISTINCT account FROM enforcement WHERE account NOT IN (SELECT account FROM journal)";

impl Sqlite {
    /// The lines of an account's journal, and what they are about as it stands now.
    pub async fn journal(&self, account: &AccountName) -> Result<(Vec<Line>, BTreeMap<Part, String>), Fault> {
        let mut transaction = self.begin_read().await?;
        let rows = sqlx::query(LINES)
            .bind(account.as_str())
            .fetch_all(&mut *transaction)
            .await?;
        let lines = rows.iter().map(|row| {
            let kind: String = row.try_get("kind")?;
            let known = Kind::ALL.into_iter().find(|known| known.as_str() == kind);
            Ok(Line {
                number: row.try_get("number")?,
                at: row.try_get("at")?,
                enforcement: row.try_get("enforcement")?,
                part: row.try_get("part")?,
                kind: known.unwrap_or(Kind::Written),
                body: row.try_get("body")?,
                // A word that this program never writes breaks the seal.
                digest: known.map_or(Ok(String::new()), |_| row.try_get("digest"))?,
            })
        });
        let lines = lines.collect::<Result<_, Fault>>()?;
        let texts = texts(&mut transaction, account.as_str()).await?;
        transaction.commit().await?;
        Ok((lines, texts))
    }

    /// Seals what was written before there was a journal, once in the life of a store: a journal that is gone later stays gone,
    /// and is found out.
    pub async fn adopt(&self) -> Result<(), Fault> {
        let mut transaction = self.begin_write().await?;
        let mark = sqlx::query("PRAGMA user_version").fetch_one(&mut *transaction).await?;
        if mark.try_get::<i64, _>(0)? >= SEALED {
            return Ok(());
        }
        let accounts = sqlx::query(UNSEALED).fetch_all(&mut *transaction).await?;
        for row in accounts {
            let account: String = row.try_get("account")?;
            let parts = texts(&mut transaction, &account).await?;
            append(&mut transaction, &account, 0, Kind::Adopted, parts).await?;
        }
        sqlx::query(MARK_SEALED).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Appends lines for what a commit has just written.
pub async fn written(transaction: &mut Transaction<'_>, commit: &Commit) -> Result<(), Fault> {
    let (account, mut parts) = (commit.account.as_str(), Vec::new());
    for enforcement in &commit.enforcements {
        parts.push((enforcement.id.clone(), 0));
    }
    for step in &commit.steps {
        parts.push((step.enforcement.clone(), i64::from(step.number)));
    }
    let mut found = Vec::new();
    for (id, part) in parts {
        let sql = match part {
            0 => format!("{ENFORCEMENTS} AND id = ?2"),
            _ => format!("{STEPS} AND enforcement = ?2 AND number = ?3"),
        };
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(account).bind(&id);
        let query = if part == 0 { query } else { query.bind(part) };
        if let Some(row) = query.fetch_optional(&mut **transaction).await? {
            let body: String = row.try_get("body")?;
            // The same enforcement several times in one commit is one line.
            let about = (id, part);
            if !found.iter().any(|(known, _)| *known == about) {
                found.push((about, body));
            }
        }
    }
    append(transaction, account, nanos(commit.at), Kind::Written, found).await
}

/// Everything that an account's journal is about, as it stands now.
pub async fn texts(transaction: &mut Transaction<'_>, account: &str) -> Result<BTreeMap<Part, String>, Fault> {
    let mut texts = BTreeMap::new();
    for sql in [ENFORCEMENTS, STEPS] {
        for row in sqlx::query(sql).bind(account).fetch_all(&mut **transaction).await? {
            texts.insert(
                (row.try_get("enforcement")?, row.try_get("part")?),
                row.try_get("body")?,
            );
        }
    }
    Ok(texts)
}

/// Appends lines, each sealed behind the one before.
pub async fn append(
    transaction: &mut Transaction<'_>,
    account: &str,
    at: i64,
    kind: Kind,
    parts: impl IntoIterator<Item = (Part, String)>,
) -> Result<(), Fault> {
    let last = sqlx::query(LAST)
        .bind(account)
        .fetch_optional(&mut **transaction)
        .await?;
    let (mut number, mut before) = match last {
        Some(row) => (row.try_get("number")?, row.try_get("digest")?),
        None => (0, NOTHING.to_owned()),
    };
    let mut lines = Vec::new();
    for (about, text) in parts {
        number += 1;
        let line = Line::sealed(&before, number, at, about, kind, digest(&[&text]));
        before.clone_from(&line.digest);
        lines.push(line);
    }
    if lines.is_empty() {
        return Ok(());
    }
    let rows = serde_json::to_string(&lines).unwrap_or_default();
    sqlx::query(APPEND)
        .bind(account)
        .bind(rows)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}
