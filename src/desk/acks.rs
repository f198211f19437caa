//! Acknowledgements: somebody has what fires for a client. Each is about one episode, and ends with it.

use jiff::{SignedDuration, Timestamp};

use super::{Desk, Refusal, find};
use crate::config::Account;
use crate::domain::alert::{Alert, Firing};
use crate::domain::decision::{Decision, Kind, Scope};
use crate::domain::hush::is_told_in_any_case;
use crate::domain::{ClientId, PolicyName};
use crate::view::Snapshot;

/// What somebody has in hand.
#[derive(Clone, Debug)]
pub struct Taken<'a> {
    pub client: &'a str,
    /// `None`: all that fires for the client.
    pub policy: Option<&'a str>,
    /// Only this episode; `None`: the one that runs.
    pub episode: Option<&'a str>,
    /// `None`: until the alert ends.
    pub lasts: Option<SignedDuration>,
    pub comment: &'a str,
    pub by: &'a str,
}

impl Desk {
    /// Acknowledges what fires for a client. Who says it last has it.
    ///
    /// # Errors
    /// When there is no such client or policy, when nothing fires that can be acknowledged, and when the store fails.
    pub async fn acknowledge(&self, account: &Account, taken: &Taken<'_>) -> Result<Vec<Decision>, Refusal> {
        let snapshot = self.snapshot(account).await?;
        let id = find::client(&snapshot, taken.client)?.client.id.clone();
        let only = taken.policy.map(|name| find::policy(&snapshot, name)).transpose()?;
        let until = taken.lasts.map(|lasts| self.until(lasts));
        let mut acks = Vec::new();
        for (alert, firing) in fires(&snapshot, &id, only.as_ref())? {
            if taken.episode.is_some_and(|episode| firing.episode.as_str() != episode) {
                return Err(Refusal::conflict("that episode is over, and another fires"));
            }
            let ack = ack(account, taken, self.now.at, until, (alert, firing));
            if !self.store.decide(&ack).await? {
                self.store.revoke(&ack.account, &ack.id).await?;
                self.store.decide(&ack).await?;
            }
            acks.push(ack);
        }
        Ok(acks)
    }
}

/// What fires for a client and can be acknowledged.
///
/// # Errors
/// When nothing does.
fn fires<'a>(
    snapshot: &'a Snapshot,
    client: &ClientId,
    only: Option<&PolicyName>,
) -> Result<Vec<(&'a Alert, &'a Firing)>, Refusal> {
    let alerts = snapshot.kept.alerts.iter();
    let alerts = alerts.filter(|alert| alert.client == *client && only.is_none_or(|only| alert.policy == *only));
    let all: Vec<_> = alerts.filter_map(|alert| Some((alert, alert.firing()?))).collect();
    let mut found = all.clone();
    found.retain(|(alert, _)| !is_told_in_any_case(&alert.policy));
    if let (Some((alert, _)), true) = (all.first(), found.is_empty()) {
        return Err(Refusal::conflict(format!("`{}` cannot be acknowledged", alert.policy))
            .hint("`balancewatch brake off` ends it"));
    }
    if !found.is_empty() {
        return Ok(found);
    }
    let what = only.map_or_else(|| "nothing fires".to_owned(), |only| format!("`{only}` does not fire"));
    Err(Refusal::conflict(format!("{what} for client `{client}`"))
        .hint(format!("`balancewatch explain {client}` says where each alert stands")))
}

fn ack(
    account: &Account,
    taken: &Taken<'_>,
    at: Timestamp,
    until: Option<Timestamp>,
    (alert, firing): (&Alert, &Firing),
) -> Decision {
    Decision {
        id: format!("ack.{}", firing.episode),
        account: account.name.clone(),
        kind: Kind::Ack,
        scope: Scope {
            client: Some(alert.client.clone()),
            policy: Some(alert.policy.clone()),
            episode: Some(firing.episode.clone()),
            ..Scope::default()
        },
        by: taken.by.to_owned(),
        at,
        until,
        note: taken.comment.to_owned(),
    }
}
