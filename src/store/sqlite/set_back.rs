//! Times that lie ahead because the clock was set back, in the columns of an account; those inside JSON come with the
//! commit as whole rows. Closed entries of the history stay as the clock had them: nothing counts from them.
//!
//! In each statement `?1` is the account, `?2` a moment ago, `?3` now, and `?4` by how much the clock went back.

use super::{Fault, Transaction};
use crate::domain::AccountName;
use crate::domain::set_back::SetBack;
use crate::store::encode::nanos;

const CLIENT: &str = "
UPDATE client SET first_seen_at = min(first_seen_at, ?2), vanished_at = min(vanished_at, ?2),
    edited_at = min(edited_at, ?2)
WHERE account = ?1 AND max(first_seen_at, coalesce(vanished_at, 0), coalesce(edited_at, 0)) > ?2";

const LAST_READING: &str = "
UPDATE last_reading SET read_at = min(read_at, ?2), previous_read_at = min(previous_read_at, ?2),
    threshold_read_at = min(threshold_read_at, ?2), first_attempt_at = min(first_attempt_at, ?2),
    last_attempt_at = min(last_attempt_at, ?2), kept_first_seen_at = min(kept_first_seen_at, ?2),
    kept_last_seen_at = min(kept_last_seen_at, ?2)
WHERE account = ?1";

const MESSAGE: &str = "
UPDATE message SET not_before = iif(not_before > ?3, not_before - ?4, not_before),
    next_at = iif(next_at > ?3, next_at - ?4, next_at), deadline = iif(deadline > ?3, deadline - ?4, deadline)
WHERE account = ?1 AND state IN ('pending', 'sending')";

const ATTEMPT: &str = "
UPDATE attempt SET at = ?2 WHERE at > ?2 AND message IN (SELECT id FROM message WHERE account = ?1)";

const ENFORCEMENT: &str = "
UPDATE enforcement SET planned_at = min(planned_at, ?2), changed_at = min(changed_at, ?2),
    settle_at = iif(settle_at > ?3, settle_at - ?4, settle_at), asked_at = min(asked_at, ?2)
WHERE account = ?1 AND max(planned_at, changed_at, coalesce(settle_at, 0), coalesce(asked_at, 0)) > ?2";

const DECISION: &str = "
UPDATE decision SET at = min(at, ?2), until = iif(until > ?3, until - ?4, until) WHERE account = ?1";

/// Sets back what lies ahead.
pub async fn set_back(
    transaction: &mut Transaction<'_>,
    account: &AccountName,
    set_back: &SetBack,
) -> Result<(), Fault> {
    let by = i64::try_from(set_back.by.as_nanos()).unwrap_or(i64::MAX);
    for sql in [CLIENT, LAST_READING, MESSAGE, ATTEMPT, ENFORCEMENT, DECISION] {
        let query = sqlx::query(sql)
            .bind(account.as_str().to_owned())
            .bind(nanos(set_back.a_moment_ago()))
            .bind(nanos(set_back.now))
            .bind(by);
        query.execute(&mut **transaction).await?;
    }
    Ok(())
}
