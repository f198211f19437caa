//! Forgetting who a client is: names and addresses go, from its rows and from what was written elsewhere about it. What was
//! done and when stays, with the id alone.
//!
//! What was deleted would still lie in pages and in the log, so the file is rebuilt afterwards and the log emptied. A disk
//! may keep blocks of its own; that is beyond a program.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Row};

use super::{Fault, Sqlite, Transaction, journal};
use crate::domain::{AccountName, ClientId};
use crate::store::chain::Kind;
use crate::store::encode::nanos;

/// What stands where something was.
pub const FORGOTTEN: &str = "forgotten";

/// What was forgotten of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Notifications about it, which keep their time and what became of them.
    pub notifications: u64,
    /// Messages to it, and their tries.
    pub messages: u64,
    /// Enforcements whose copy of its record is gone.
    pub enforcements: u64,
    /// Other texts in which its name or an address of it stood.
    pub texts: u64,
    /// Entries of its history; 0 unless they were to be forgotten.
    pub history: u64,
    /// Whether nothing of it is left in the files: else somebody reads the store, and the log goes when that ends.
    pub is_erased: bool,
}

/// Its messages are on their way at this moment: who sends them would write them down again.
const ON_THE_WAY: &str = "
SELECT count(*) FROM message WHERE state = 'sending'
    AND id IN (SELECT message FROM notification WHERE account = ?1 AND client = ?2)";

/// Names and addresses that are known of it, in any time.
const NAMES: &str = "
SELECT company FROM client WHERE account = ?1 AND client = ?2
UNION SELECT trim(firstname || ' ' || lastname) FROM client WHERE account = ?1 AND client = ?2
UNION SELECT facts ->> 'label' FROM notification WHERE account = ?1 AND client = ?2";
const ADDRESSES: &str = "
SELECT email FROM client WHERE account = ?1 AND client = ?2
UNION SELECT threshold_email FROM last_reading WHERE account = ?1 AND client = ?2
UNION SELECT recipient FROM notification WHERE account = ?1 AND client = ?2 AND channel = 'client'";

/// Its rows. The id of a message to it holds the address, so that it gets another.
const ROWS: [&str; 11] = [
    "CREATE TEMP TABLE renamed AS SELECT id, 'forgotten-' || seq AS new_id FROM message WHERE channel = 'client'
        AND id IN (SELECT message FROM notification WHERE account = ?1 AND client = ?2)",
    "UPDATE attempt SET detail = '', message = (SELECT new_id FROM renamed WHERE id = attempt.message)
        WHERE message IN (SELECT id FROM renamed)",
    "UPDATE notification SET message = (SELECT new_id FROM renamed WHERE id = notification.message)
        WHERE message IN (SELECT id FROM renamed)",
    "UPDATE notification SET id = episode || '/forgotten-' || seq, recipient = '',
        state = iif(state = 'pending', 'dropped', state), why = iif(state = 'pending' OR why IS NOT NULL, 'forgotten', NULL)
        WHERE account = ?1 AND client = ?2 AND channel = 'client'",
    "UPDATE notification SET facts = json_set(facts, '$.label', ?2, '$.country', '')
        WHERE account = ?1 AND client = ?2",
    "UPDATE notification SET facts = json_set(facts, '$.threshold.email', NULL)
        WHERE account = ?1 AND client = ?2 AND facts -> '$.threshold.email' IS NOT NULL",
    "UPDATE client SET email = '', company = '', firstname = '', lastname = '', country = '', fingerprint = ''
        WHERE account = ?1 AND client = ?2",
    "UPDATE last_reading SET threshold_email = NULL WHERE account = ?1 AND client = ?2",
    "UPDATE enforcement_step SET detail = 'forgotten' WHERE step = 'differs'
        AND enforcement IN (SELECT id FROM enforcement WHERE account = ?1 AND client = ?2)",
    "UPDATE enforcement SET detail = json_set(detail, '$.outcome.fields', json((
            SELECT json_group_array(json_object('field', value ->> 'field', 'expected', 'forgotten', 'found', 'forgotten'))
            FROM json_each(enforcement.detail, '$.outcome.fields'))))
        WHERE account = ?1 AND client = ?2 AND state = 'differs'",
    "UPDATE enforcement SET before_image = NULL, fingerprint_before = NULL, fingerprint_after = NULL
        WHERE account = ?1 AND client = ?2",
];

/// Messages to it that still wait are not sent any more, and nobody is told of those that died.
const MESSAGES: &str = "
UPDATE message SET id = (SELECT new_id FROM renamed WHERE renamed.id = message.id), recipient = '', receipt = NULL,
    state = iif(state = 'pending', 'dropped', state), why = iif(state = 'pending' OR why IS NOT NULL, 'forgotten', NULL),
    announced_at = coalesce(announced_at, ?1), settled_at = coalesce(settled_at, ?1)
WHERE id IN (SELECT id FROM renamed)";

const HISTORY: &str = "DELETE FROM reading_history WHERE account = ?1 AND client = ?2";
const LAST_READING: &str = "DELETE FROM last_reading WHERE account = ?1 AND client = ?2";

/// Where else somebody may be named.
const TEXTS: [(&str, &str); 11] = [
    ("attempt", "detail"),
    ("message", "why"),
    ("notification", "why"),
    ("notification", "facts"),
    ("notification", "transition"),
    ("alert", "reason"),
    ("alert", "phase"),
    ("enforcement", "detail"),
    ("enforcement_step", "detail"),
    ("decision", "note"),
    ("account", "state"),
];

/// How often the log is tried to be emptied while others read, and how long after.
const TRIES: u32 = 10;
const AGAIN_AFTER: Duration = Duration::from_millis(200);

impl Sqlite {
    /// Forgets who a client is, and with `history` what its balances were. `None`: a message to it or about it is being sent
    /// at this moment, and nothing was forgotten.
    pub async fn forget_client(
        &self,
        account: &AccountName,
        client: &ClientId,
        history: bool,
        now: Timestamp,
    ) -> Result<Option<Forgotten>, Fault> {
        let mut forgetting = Forgetting {
            transaction: self.begin_write().await?,
            account: account.as_str(),
            client: client.as_str(),
        };
        if forgetting.count(ON_THE_WAY).await? > 0 {
            return Ok(None);
        }
        let mut forgotten = forgetting.all(now).await?;
        if history {
            forgotten.history = forgetting.change(HISTORY).await? + forgetting.change(LAST_READING).await?;
        }
        forgetting.transaction.commit().await?;
        forgotten.is_erased = self.erase().await?;
        Ok(Some(forgotten))
    }

    /// Rebuilds the file without what was deleted, and empties the log. Whether that could be done to its end.
    async fn erase(&self) -> Result<bool, Fault> {
        sqlx::query("VACUUM").execute(&mut *self.writer.take().await?).await?;
        for _ in 0..TRIES {
            let checkpoint = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                .fetch_one(&mut *self.writer.take().await?)
                .await?;
            let is_busy: i64 = checkpoint.try_get(0)?;
            if is_busy == 0 {
                return Ok(true);
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
        Ok(false)
    }
}

/// A client on its way out.
struct Forgetting<'a> {
    transaction: Transaction<'a>,
    account: &'a str,
    client: &'a str,
}

impl Forgetting<'_> {
    async fn all(&mut self, now: Timestamp) -> Result<Forgotten, Fault> {
        // Ids change in two tables one after the other.
        sqlx::query("PRAGMA defer_foreign_keys = ON")
            .execute(&mut *self.transaction)
            .await?;
        sqlx::query("DROP TABLE IF EXISTS temp.renamed")
            .execute(&mut *self.transaction)
            .await?;
        let (names, addresses) = (self.texts(NAMES).await?, self.texts(ADDRESSES).await?);
        let before = journal::texts(&mut self.transaction, self.account).await?;
        let mut forgotten = Forgotten {
            notifications: self
                .count("SELECT count(*) FROM notification WHERE account = ?1 AND client = ?2")
                .await?,
            enforcements: self
                .count("SELECT count(*) FROM enforcement WHERE account = ?1 AND client = ?2")
                .await?,
            ..Forgotten::default()
        };
        for sql in ROWS {
            self.change(sql).await?;
        }
        let messages = sqlx::query(MESSAGES)
            .bind(nanos(now))
            .execute(&mut *self.transaction)
            .await?;
        forgotten.messages = messages.rows_affected();
        let traces = Traces::new(self.client, &names, &addresses);
        for (table, column) in TEXTS {
            forgotten.texts += self.wipe(table, column, &traces).await?;
        }
        sqlx::query("DROP TABLE temp.renamed")
            .execute(&mut *self.transaction)
            .await?;
        // What was erased is sealed as it is now; what somebody else changed before is not.
        let mut erased = journal::texts(&mut self.transaction, self.account).await?;
        erased.retain(|about, body| before.get(about) != Some(body));
        journal::append(&mut self.transaction, self.account, nanos(now), Kind::Erased, erased).await?;
        Ok(forgotten)
    }

    async fn count(&mut self, sql: &'static str) -> Result<u64, Fault> {
        let query = sqlx::query(sql).bind(self.account).bind(self.client);
        let count: i64 = query.fetch_one(&mut *self.transaction).await?.try_get(0)?;
        Ok(count.unsigned_abs())
    }

    async fn change(&mut self, sql: &'static str) -> Result<u64, Fault> {
        let query = sqlx::query(sql).bind(self.account).bind(self.client);
        Ok(query.execute(&mut *self.transaction).await?.rows_affected())
    }

    async fn texts(&mut self, sql: &'static str) -> Result<Vec<String>, Fault> {
        let query = sqlx::query(sql).bind(self.account).bind(self.client);
        let rows = query.fetch_all(&mut *self.transaction).await?;
        let texts: Result<Vec<Option<String>>, _> = rows.iter().map(|row| row.try_get(0)).collect();
        Ok(texts?.into_iter().flatten().collect())
    }

    /// Takes the traces out of a column; how many rows that changed. Equal texts are changed together.
    async fn wipe(&mut self, table: &str, column: &str, traces: &Traces) -> Result<u64, Fault> {
        let find = format!(
            "SELECT DISTINCT {column} FROM {table} WHERE EXISTS (
                SELECT 1 FROM json_each(?1) WHERE instr(lower({column}), value))"
        );
        let found = sqlx::query(AssertSqlSafe(find))
            .bind(traces.wanted())
            .fetch_all(&mut *self.transaction)
            .await?;
        let mut changed = 0;
        for row in found {
            let text: String = row.try_get(0)?;
            let Some(wiped) = traces.wiped(&text) else { continue };
            let change = format!("UPDATE {table} SET {column} = ?2 WHERE {column} = ?1");
            let change = sqlx::query(AssertSqlSafe(change)).bind(text).bind(wiped);
            changed += change.execute(&mut *self.transaction).await?.rows_affected();
        }
        Ok(changed)
    }
}

/// By what a client may be known in a text.
struct Traces {
    client: String,
    /// What is written with its id behind it: `Acme (561115)`. A name alone may be anybody's, or a word.
    named: Vec<String>,
    addresses: Vec<String>,
}

impl Traces {
    fn new(client: &str, names: &[String], addresses: &[String]) -> Self {
        let names = names.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
        let lists = addresses.iter().flat_map(|text| text.split([',', ';', ' ']));
        Self {
            client: client.to_owned(),
            named: names.map(|name| format!("{name} ({client})")).collect(),
            addresses: lists
                .filter(|text| text.contains('@'))
                .map(str::to_ascii_lowercase)
                .collect(),
        }
    }

    /// What a text must hold to be looked at, as a JSON list in small letters.
    fn wanted(&self) -> String {
        let Self { client, addresses, .. } = self;
        let id = [format!("({client})"), format!("\"{client}\"").to_lowercase()];
        serde_json::json!([&id[..], addresses].concat()).to_string()
    }

    /// The text without them; `None`: none is in it.
    fn wiped(&self, text: &str) -> Option<String> {
        let wiped = match serde_json::from_str::<Value>(text) {
            Ok(mut value @ (Value::Object(_) | Value::Array(_))) => {
                self.wipe(&mut value);
                value.to_string()
            }
            _ => self.without(text),
        };
        (wiped != text).then_some(wiped)
    }

    fn wipe(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.without(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.wipe(item)),
            Value::Object(fields) => {
                let is_theirs = fields.get("client").and_then(Value::as_str) == Some(&self.client);
                if let Some(label) = fields.get_mut("label").filter(|_| is_theirs) {
                    *label = Value::String(self.client.clone());
                }
                fields.values_mut().for_each(|field| self.wipe(field));
            }
            _ => {}
        }
    }

    fn without(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for named in &self.named {
            text = text.replace(named, &format!("client {}", self.client));
        }
        for address in &self.addresses {
            // Small letters of some scripts are longer than their capitals, so places are looked for in ASCII alone.
            while let Some(at) = text.to_ascii_lowercase().find(address.as_str()) {
                text.replace_range(at..at + address.len(), FORGOTTEN);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Traces;

    #[test]
    fn traces_go_and_other_people_stay() {
        let traces = Traces::new(
            "561115",
            &["Acme \"Ltd\"".to_owned(), String::new()],
            &["John@Example.com, ann@example.com".to_owned()],
        );
        for (name, text, expected) in [
            ("nothing of it", "550 no such user bob@example.com", None),
            (
                "an address",
                "550 <john@example.com> unknown",
                Some("550 <forgotten> unknown"),
            ),
            ("another spelling", "JOHN@EXAMPLE.COM", Some("forgotten")),
            ("a name alone", "Acme \"Ltd\" called", None),
            ("a name with the id", "Acme \"Ltd\" (561115) x", Some("client 561115 x")),
            (
                "within JSON",
                r#"{"rows":[{"who":{"client":"561115","label":"Old name"}},{"who":{"client":"1","label":"Old name"}}]}"#,
                Some(
                    r#"{"rows":[{"who":{"client":"561115","label":"561115"}},{"who":{"client":"1","label":"Old name"}}]}"#,
                ),
            ),
            (
                "a text within JSON",
                r#"{"what":"Acme \"Ltd\" (561115), ann@example.com: 550"}"#,
                Some(r#"{"what":"client 561115, forgotten: 550"}"#),
            ),
        ] {
            assert_eq!(traces.wiped(text).as_deref(), expected, "{name}");
        }
    }
}
