//! Reserving calls: one transaction that settles, forgets, tells what others have, and reserves.

use jiff::Timestamp;
use sqlx::Row;

use super::decode::Columns;
use super::{Fault, Sqlite};
use crate::domain::AccountName;
use crate::store::encode::nanos;
use crate::store::{ForeignCalls, ReserveCalls, ReservedCalls};

const SETTLE: &str = "
UPDATE call_window SET calls = ?3, ended_at = ?4, occupied_until = ?5 WHERE seq = ?1 AND owner = ?2";

/// A reservation from more than a minute ahead was made before the clock was set back: it counts for as long as it
/// would have then. A few seconds ahead are another process that read the clock later and wrote earlier.
const FORESEE: &str = "
UPDATE call_window SET occupied_until = occupied_until - (reserved_at - ?2),
    last_start_by = last_start_by - (reserved_at - ?2), reserved_at = ?2
WHERE account = ?1 AND reserved_at > ?2 + 60000000000";

const FORGET: &str = "DELETE FROM call_window WHERE account = ?1 AND (occupied_until <= ?2 OR calls = 0)";

const FOREIGN: &str = "
SELECT calls, occupied_until FROM call_window WHERE account = ?1 AND owner <> ?2 ORDER BY occupied_until";

const RESERVE: &str = "
INSERT INTO call_window (account, owner, calls, reserved_at, last_start_by, occupied_until)
VALUES (?1, ?2, ?3, ?4, ?5, ?6) RETURNING seq";

/// `?1` starts the names of the owners. A minute, two seconds for a clock that drifts, and one for what was under way on the
/// network when they died.
const BURY: &str = "
UPDATE call_window SET ended_at = ?2, occupied_until = min(occupied_until, ?2 + 63000000000)
WHERE ended_at IS NULL AND substr(owner, 1, length(?1)) = ?1";

impl Sqlite {
    pub async fn settle_dead_owners(&self, role: &str, now: Timestamp) -> Result<(), Fault> {
        let mut transaction = self.begin_write().await?;
        sqlx::query(BURY)
            .bind(role)
            .bind(nanos(now))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    pub async fn reserve_calls(
        &self,
        account: &AccountName,
        owner: &str,
        request: &ReserveCalls,
    ) -> Result<ReservedCalls, Fault> {
        let account = account.as_str();
        let now = nanos(request.now);
        let mut transaction = self.begin_write().await?;
        for settled in &request.settled {
            sqlx::query(SETTLE)
                .bind(settled.id)
                .bind(owner)
                .bind(i64::from(settled.calls))
                .bind(nanos(settled.ended_at))
                .bind(nanos(settled.occupied_until))
                .execute(&mut *transaction)
                .await?;
        }
        for sql in [FORESEE, FORGET] {
            sqlx::query(sql)
                .bind(account)
                .bind(now)
                .execute(&mut *transaction)
                .await?;
        }
        let rows = sqlx::query(FOREIGN).bind(account).bind(owner);
        let mut foreign = Vec::new();
        for row in &rows.fetch_all(&mut *transaction).await? {
            foreign.push(ForeignCalls {
                calls: Columns(row).count("calls")?,
                occupied_until: Columns(row).at("occupied_until")?,
            });
        }
        let mut id = 0;
        if request.calls > 0 {
            let reserve = sqlx::query(RESERVE)
                .bind(account)
                .bind(owner)
                .bind(i64::from(request.calls))
                .bind(now)
                .bind(nanos(request.last_start_by))
                .bind(nanos(request.occupied_until));
            id = reserve.fetch_one(&mut *transaction).await?.try_get("seq")?;
        }
        transaction.commit().await?;
        Ok(ReservedCalls { id, foreign })
    }
}
