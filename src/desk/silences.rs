//! Silences: for a time nobody is told of a client, a policy, or both.

use jiff::{SignedDuration, Timestamp};

use super::{Desk, Refusal, find};
use crate::config::Account;
use crate::domain::AccountName;
use crate::domain::decision::{Decision, Kind, Scope};
use crate::domain::hush::is_told_in_any_case;

/// What somebody wants silent: at least one of client and policy.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    pub client: Option<&'a str>,
    pub policy: Option<&'a str>,
    pub until: Timestamp,
    pub comment: &'a str,
    pub by: &'a str,
}

/// What ids are made of: nothing that is taken for something else when it is read out.
const LETTERS: &[u8] = b"23456789bcdfghjkmnpqrstvwxz";

/// How many of them: with some hundred silences, one in a thousand new ones would meet a known id, and is made anew.
const ID_LENGTH: usize = 4;

/// Ids that are tried before giving up.
const MOST_IDS: usize = 20;

impl Desk {
    /// When something is over that lasts so long from now on.
    #[must_use]
    pub fn until(&self, lasts: SignedDuration) -> Timestamp {
        self.now.at.checked_add(lasts).unwrap_or(Timestamp::MAX)
    }

    /// Silences an account's client, policy, or both.
    ///
    /// # Errors
    /// When there is no such client or policy, when nothing silences this policy, and when the store fails.
    pub async fn silence(&self, account: &Account, wanted: &Wanted<'_>) -> Result<Decision, Refusal> {
        self.silence_as(account, wanted, id).await
    }

    /// The same under an id that `new_id` makes up; it is asked again for one that is not free.
    ///
    /// # Errors
    /// As [`silence`](Self::silence).
    pub async fn silence_as(
        &self,
        account: &Account,
        wanted: &Wanted<'_>,
        mut new_id: impl FnMut() -> String,
    ) -> Result<Decision, Refusal> {
        let snapshot = self.snapshot(account).await?;
        let client = wanted.client.map(|id| find::client(&snapshot, id)).transpose()?;
        let scope = Scope {
            client: client.map(|watched| watched.client.id.clone()),
            policy: wanted.policy.map(|name| find::policy(&snapshot, name)).transpose()?,
            ..Scope::default()
        };
        if scope.client.is_none() && scope.policy.is_none() {
            return Err(Refusal::wrong("a silence needs a client, a policy, or both"));
        }
        if let Some(name) = scope.policy.as_ref().filter(|name| is_told_in_any_case(name)) {
            return Err(Refusal::wrong(format!("nothing silences `{name}`"))
                .hint("somebody must know that nothing is enforced, and why"));
        }
        let mut silence = Decision {
            id: String::new(),
            account: account.name.clone(),
            kind: Kind::Silence,
            scope,
            by: wanted.by.to_owned(),
            at: self.now.at,
            until: Some(wanted.until),
            note: wanted.comment.to_owned(),
        };
        for _ in 0..MOST_IDS {
            silence.id = new_id();
            let is_known = snapshot.kept.decisions.iter().any(|known| known.id == silence.id);
            if !is_known && self.store.decide(&silence).await? {
                return Ok(silence);
            }
        }
        Err(Refusal::conflict("no free id was found for the silence").hint("try again"))
    }

    /// The silences of an account that hold.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn silences(&self, account: &AccountName) -> Result<Vec<Decision>, Refusal> {
        let mut decisions = self.store.decisions(account).await?;
        decisions.retain(|decision| decision.kind == Kind::Silence && decision.in_force(self.now.at));
        Ok(decisions)
    }

    /// Ends a silence that holds, of any of these accounts; the silence.
    ///
    /// # Errors
    /// When none of this id holds, and when the store fails.
    pub async fn expire<'a>(
        &self,
        accounts: impl IntoIterator<Item = &'a AccountName>,
        id: &str,
    ) -> Result<Decision, Refusal> {
        for account in accounts {
            let found = self.silences(account).await?.into_iter().find(|known| known.id == id);
            if let Some(silence) = found
                && self.store.revoke(account, id).await?
            {
                return Ok(silence);
            }
        }
        Err(Refusal::unknown(format!("no silence `{id}` holds"))
            .hint("`balancewatch silence list` prints those that do"))
    }
}

/// A name that nobody has yet, most probably.
fn id() -> String {
    let letters = (0..ID_LENGTH).map(|_| LETTERS[rand::random_range(0..LETTERS.len())]);
    format!("s-{}", letters.map(char::from).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::id;

    #[test]
    fn ids_are_short_and_differ() {
        let ids: std::collections::BTreeSet<String> = (0..100).map(|_| id()).collect();
        assert!(ids.len() > 90, "{ids:?}");
        assert!(ids.iter().all(|id| id.len() == 6 && id.starts_with("s-")), "{ids:?}");
    }
}
