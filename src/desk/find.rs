//! What somebody named: an account, a client, a policy, a channel.

use std::borrow::Cow;

use super::Refusal;
use crate::config::{Account, Settings};
use crate::domain::watch::Watched;
use crate::domain::{ChannelName, Client, ClientId, PolicyName};
use crate::view::Snapshot;
use crate::view::snapshot::THE_ACCOUNT;

/// Clients suggested to somebody who gave a name where an id belongs.
const MOST_SUGGESTIONS: usize = 3;

/// The account of this name.
///
/// # Errors
/// When it is not configured.
pub fn account<'s>(settings: &'s Settings, name: &str) -> Result<&'s Account, Refusal> {
    let unknown = || Refusal::unknown(format!("there is no account `{name}`")).hint(accounts_in_words(settings));
    settings.account(name).ok_or_else(unknown)
}

/// The accounts that are configured, for a hint.
#[must_use]
pub fn accounts_in_words(settings: &Settings) -> String {
    let names: Vec<&str> = settings.accounts.iter().map(|account| account.name.as_str()).collect();
    format!("the configuration has {}", names.join(", "))
}

/// The client of this id. The pseudo-client `account`, on which the alerts about the account hang, is always there.
///
/// # Errors
/// When nobody of this id is known; the hint names clients whose company or address holds the text.
pub fn client<'a>(snapshot: &'a Snapshot, id: &str) -> Result<Cow<'a, Watched>, Refusal> {
    if let Some(watched) = snapshot.client(id) {
        return Ok(Cow::Borrowed(watched));
    }
    if id == ClientId::account().as_str() {
        return Ok(Cow::Owned(Watched::new(account_itself(), snapshot.now.at)));
    }
    let failure = Refusal::unknown(format!("there is no client `{id}`"));
    let suggestions = suggestions(&snapshot.kept.clients, id);
    Err(if suggestions.is_empty() {
        failure.hint("ids are those of the VoIP.ms portal; a new client is known after the next sweep")
    } else {
        failure.hint(format!("did you mean {}", suggestions.join(", ")))
    })
}

/// A policy of the configuration.
///
/// # Errors
/// When there is none of this name.
pub fn policy(snapshot: &Snapshot, name: &str) -> Result<PolicyName, Refusal> {
    let policies = &snapshot.rules.policies;
    let found = policies.iter().find(|policy| policy.name.as_str() == name);
    found.map(|policy| policy.name.clone()).ok_or_else(|| {
        let known: Vec<&str> = policies.iter().map(|policy| policy.name.as_str()).collect();
        Refusal::unknown(format!("there is no policy `{name}`")).hint(format!("there are {}", known.join(", ")))
    })
}

/// A channel of the configuration, or the clients'.
///
/// # Errors
/// When there is none of this name.
pub fn channel(settings: &Settings, name: &str) -> Result<ChannelName, Refusal> {
    let configured = settings.channels.iter().map(|channel| channel.name.clone());
    let known: Vec<ChannelName> = configured.chain([ChannelName::client()]).collect();
    let found = known.iter().find(|known| known.as_str() == name).cloned();
    found.ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(ChannelName::as_str).collect();
        let refusal = Refusal::unknown(format!("there is no channel `{name}`"));
        refusal.hint(format!("the channels are {}", names.join(", ")))
    })
}

fn suggestions(clients: &[Watched], text: &str) -> Vec<String> {
    let wanted = text.trim().to_lowercase();
    if wanted.chars().count() < 3 {
        return Vec::new();
    }
    let holds = |client: &Client| {
        client.label().to_lowercase().contains(&wanted)
            || client.email.to_lowercase().contains(&wanted)
            || client.id.as_str().contains(&wanted)
    };
    clients
        .iter()
        .filter(|watched| holds(&watched.client))
        .take(MOST_SUGGESTIONS)
        .map(|watched| format!("{} ({})", watched.client.id, watched.client.label()))
        .collect()
}

/// The account as a client without anything of a client's.
fn account_itself() -> Client {
    Client {
        company: THE_ACCOUNT.to_owned(),
        ..Client::unknown(ClientId::account())
    }
}

#[cfg(test)]
mod tests {
    use super::{account_itself, client};
    use crate::desk::Refusal;
    use crate::domain::ClientId;
    use crate::domain::watch::Watched;
    use crate::view::testing::{at, snapshot};

    #[test]
    fn a_client_is_found_by_its_id_and_suggested_by_its_name() {
        let watched = |id: &str, company: &str| {
            let mut client = account_itself();
            client.id = ClientId::new(id).unwrap();
            company.clone_into(&mut client.company);
            Watched::new(client, at(0))
        };
        let mut snapshot = snapshot();
        snapshot.kept.clients = vec![
            watched("1000", "Ten"),
            watched("561115", "Über GmbH"),
            watched("9", "Nine"),
        ];
        let find = |id: &str| client(&snapshot, id).map(|watched| watched.client.id.to_string());
        for id in ["1000", "561115", "9", "account"] {
            assert_eq!(find(id).unwrap(), id);
        }
        let cases = [
            ("a company", "über", "did you mean 561115 (Über GmbH)"),
            ("part of an id", "5611", "did you mean 561115 (Über GmbH)"),
            ("too short to mean anybody", "56", "ids are those"),
            ("nobody", "'; DROP TABLE client", "ids are those"),
        ];
        for (name, id, hint) in cases {
            let Err(Refusal::Unknown { hint: said, .. }) = find(id) else {
                panic!("{name}: somebody was found");
            };
            assert!(said.starts_with(hint), "{name}: {said}");
        }
    }
}
