//! Silences, as Alertmanager shows and takes them. Here one is about a client, a policy, or both, of one account; what its
//! matchers say beyond that is refused, in words.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Said;
use super::alerts::matchers;
use super::matcher::Operator;
use crate::config::duration::for_people;
use crate::config::{Account, terms};
use crate::desk::silences::Wanted;
use crate::desk::{Desk, Refusal, spoken};
use crate::domain::decision::{Decision, Kind};
use crate::view::Snapshot;
use crate::web::Site;
use crate::web::access::Writer;

/// How long those are shown that ended, as long as they are kept.
const SHOWN_FOR: SignedDuration = SignedDuration::from_hours(5 * 24);

/// How far the clock of whoever asks may be ahead.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(5);

/// What a silence can be about.
const POSSIBLE: &str = "a silence here is about a client, a policy, or both: client=\"561115\" and alertname=\"low-balance\", with \
    account=\"…\" where there are several";

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Silence {
    id: String,
    status: Status,
    updated_at: Timestamp,
    comment: String,
    created_by: String,
    ends_at: Timestamp,
    starts_at: Timestamp,
    matchers: Vec<Matcher>,
}

#[derive(Debug, Serialize)]
struct Status {
    state: &'static str,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Matcher {
    name: String,
    value: String,
    is_regex: bool,
    #[serde(default = "yes")]
    is_equal: bool,
}

const fn yes() -> bool {
    true
}

impl Silence {
    fn new(decision: &Decision, now: Timestamp) -> Self {
        let scope = &decision.scope;
        let labels = [
            ("account", Some(decision.account.to_string())),
            ("alertname", scope.policy.as_ref().map(ToString::to_string)),
            ("client", scope.client.as_ref().map(ToString::to_string)),
        ];
        let matcher = |(name, value): (&str, Option<String>)| {
            Some(Matcher {
                name: name.to_owned(),
                value: value?,
                is_regex: false,
                is_equal: true,
            })
        };
        Self {
            id: decision.id.clone(),
            status: Status {
                state: if decision.in_force(now) { "active" } else { "expired" },
            },
            updated_at: decision.at,
            comment: decision.note.clone(),
            created_by: decision.by.clone(),
            ends_at: decision.until.unwrap_or(Timestamp::MAX),
            starts_at: decision.at,
            matchers: labels.into_iter().filter_map(matcher).collect(),
        }
    }

    fn label(&self, name: &str) -> Option<&str> {
        let found = self.matchers.iter().find(|matcher| matcher.name == name);
        found.map(|matcher| matcher.value.as_str())
    }
}

/// Those that hold, and those that ended lately.
async fn all(desk: &Desk) -> Result<Vec<Silence>, Said> {
    let mut silences = Vec::new();
    let since = desk.now.at.saturating_sub(SHOWN_FOR).unwrap_or(Timestamp::MIN);
    for account in &desk.settings.accounts {
        let decisions = desk.store.decisions(&account.name).await?.into_iter();
        let shown = decisions.filter(|decision| decision.kind == Kind::Silence && decision.in_force(since));
        silences.extend(shown.map(|decision| Silence::new(&decision, desk.now.at)));
    }
    Ok(silences)
}

pub async fn list(
    State(site): State<Arc<Site>>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<Vec<Silence>>, Said> {
    let matchers = matchers(&pairs)?;
    let mut silences = all(&site.desk()).await?;
    silences.retain(|silence| {
        matchers
            .iter()
            .all(|matcher| matcher.matches(|name| silence.label(name)))
    });
    silences.sort_by_key(|silence| (silence.status.state, silence.ends_at));
    Ok(Json(silences))
}

pub async fn show(State(site): State<Arc<Site>>, Path(id): Path<String>) -> Result<Json<Silence>, Said> {
    let found = all(&site.desk()).await?.into_iter().find(|silence| silence.id == id);
    found.map(Json).ok_or_else(|| unknown(&id))
}

fn unknown(id: &str) -> Said {
    let id: String = id.chars().take(spoken::LONGEST_NAME).collect();
    Said(StatusCode::NOT_FOUND, format!("there is no silence `{id}`"))
}

pub async fn expire(_: Writer, State(site): State<Arc<Site>>, Path(id): Path<String>) -> Result<(), Said> {
    end(&site.desk(), &id).await?;
    site.pictures.outdate();
    Ok(())
}

async fn end(desk: &Desk, id: &str) -> Result<(), Said> {
    let accounts: Vec<_> = desk.settings.accounts.iter().map(|account| &account.name).collect();
    match desk.expire(accounts, id).await {
        Ok(_) => Ok(()),
        Err(Refusal::Store(error)) => Err(error.into()),
        Err(_) => Err(unknown(id)),
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Posted {
    /// The one that this one replaces.
    #[serde(default)]
    id: String,
    matchers: Vec<Matcher>,
    starts_at: Timestamp,
    ends_at: Timestamp,
    created_by: String,
    comment: String,
}

#[derive(Debug, Serialize)]
pub struct Added {
    #[serde(rename = "silenceID")]
    id: String,
}

pub async fn add(_: Writer, State(site): State<Arc<Site>>, body: Bytes) -> Result<Json<Added>, Said> {
    let posted = Json::<Posted>::from_bytes(&body).map_err(|error| Said::bad(error.body_text()))?;
    let (desk, posted) = (site.desk(), posted.0);
    let now = desk.now.at;
    if posted.starts_at > now.saturating_add(CLOCKS_DIFFER).unwrap_or(now) {
        return Err(Said::bad("a silence begins at once here: startsAt is in the future"));
    }
    if posted.ends_at <= now {
        return Err(Said::bad("the silence would be over already: endsAt is in the past"));
    }
    if posted.ends_at.duration_since(now) > spoken::LONGEST {
        let longest = for_people(spoken::LONGEST);
        return Err(Said::bad(format!("a silence lasts at most {longest} here")));
    }
    let picture = site.picture().await?;
    let about = About::read(&posted.matchers).map_err(Said::bad)?;
    let account = about.account(&desk, &picture.accounts)?;
    about.check_severity(&desk, account)?;
    if !posted.id.is_empty() && !all(&desk).await?.iter().any(|silence| silence.id == posted.id) {
        return Err(unknown(&posted.id));
    }
    let wanted = Wanted {
        client: about.client,
        policy: about.policy,
        until: posted.ends_at,
        comment: &spoken::reason(&posted.comment).map_err(Said::bad)?,
        by: &spoken::by(&posted.created_by).map_err(Said::bad)?,
    };
    let silence = match desk.silence(account, &wanted).await {
        Ok(silence) => silence,
        Err(Refusal::Store(error)) => return Err(error.into()),
        Err(refusal) => return Err(Said::bad(refusal.to_string())),
    };
    if !posted.id.is_empty() {
        // One that is over already is replaced as well.
        end(&desk, &posted.id).await.or_else(|said| {
            if said.0 == StatusCode::NOT_FOUND {
                Ok(())
            } else {
                Err(said)
            }
        })?;
    }
    site.pictures.outdate();
    Ok(Json(Added { id: silence.id }))
}

/// What the matchers of a silence come to.
#[derive(Debug, Default, PartialEq, Eq)]
struct About<'m> {
    account: Option<&'m str>,
    client: Option<&'m str>,
    policy: Option<&'m str>,
    severity: Option<&'m str>,
}

impl<'m> About<'m> {
    /// # Errors
    /// When they say what a silence here cannot be about.
    fn read(matchers: &'m [Matcher]) -> Result<Self, String> {
        let mut about = Self::default();
        for Matcher {
            name,
            value,
            is_regex,
            is_equal,
        } in matchers
        {
            let operator = Operator::new(*is_equal, *is_regex);
            if operator != Operator::Equal {
                return Err(format!("{name}{}… is not possible: {POSSIBLE}", operator.as_str()));
            }
            let place = match name.as_str() {
                "account" => &mut about.account,
                "client" => &mut about.client,
                "alertname" => &mut about.policy,
                "severity" => &mut about.severity,
                _ => return Err(format!("{name}=… is not possible: {POSSIBLE}")),
            };
            if place.replace(value).is_some_and(|known| known != value) {
                return Err(format!("{name} cannot be two things at once"));
            }
        }
        if about.client.is_none() && about.policy.is_none() {
            return Err(format!("it would silence everything: {POSSIBLE}"));
        }
        Ok(about)
    }

    /// The account that is meant: the one that is named, the only one, or the only one that has the client.
    fn account<'d>(&self, desk: &'d Desk, snapshots: &[Snapshot]) -> Result<&'d Account, Said> {
        let accounts = &desk.settings.accounts;
        if let Some(name) = self.account {
            return desk.account(name).map_err(|refusal| Said::bad(refusal.to_string()));
        }
        let has_client = |account: &&Account| {
            let mut own = snapshots
                .iter()
                .filter(|snapshot| snapshot.rules.account == account.name);
            self.client
                .is_some_and(|id| own.any(|snapshot| snapshot.client(id).is_some()))
        };
        let mut having = accounts.iter().filter(has_client);
        match (&accounts[..], having.next(), having.next()) {
            ([only], ..) => Ok(only),
            (_, Some(account), None) => Ok(account),
            _ => {
                let names: Vec<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
                Err(Said::bad(format!(
                    "name the account as well, with account=…: there are {}",
                    names.join(", ")
                )))
            }
        }
    }

    /// Other programs name all labels of an alert. Beside its policy the severity says nothing more, unless it is another one.
    fn check_severity(&self, desk: &Desk, account: &Account) -> Result<(), Said> {
        let Some(severity) = self.severity else { return Ok(()) };
        let rules = terms::rules(&desk.settings, account);
        let mut policies = rules.policies.iter();
        let policy = policies.find(|policy| Some(policy.name.as_str()) == self.policy);
        if policy.is_some_and(|policy| policy.severity.as_str() == severity) {
            return Ok(());
        }
        Err(Said::bad(format!("severity=… is not possible: {POSSIBLE}")))
    }
}

#[cfg(test)]
mod tests {
    use super::{About, Matcher};

    #[test]
    fn matchers_come_to_a_client_a_policy_or_both() {
        type Case = (
            &'static str,
            &'static [(&'static str, &'static str, bool, bool)],
            Result<About<'static>, &'static str>,
        );
        let client = Some("561115");
        let cases: [Case; 9] = [
            (
                "a client",
                &[("client", "561115", false, true)],
                Ok(About {
                    client,
                    ..About::default()
                }),
            ),
            (
                "a policy of an account",
                &[("alertname", "low", false, true), ("account", "main", false, true)],
                Ok(About {
                    policy: Some("low"),
                    account: Some("main"),
                    ..About::default()
                }),
            ),
            (
                "all labels",
                &[
                    ("alertname", "low", false, true),
                    ("client", "561115", false, true),
                    ("severity", "info", false, true),
                ],
                Ok(About {
                    policy: Some("low"),
                    client,
                    severity: Some("info"),
                    ..About::default()
                }),
            ),
            (
                "the same twice",
                &[("client", "561115", false, true), ("client", "561115", false, true)],
                Ok(About {
                    client,
                    ..About::default()
                }),
            ),
            (
                "two clients",
                &[("client", "1", false, true), ("client", "2", false, true)],
                Err("client cannot be two things"),
            ),
            ("nothing", &[], Err("it would silence everything")),
            (
                "an account",
                &[("account", "main", false, true)],
                Err("it would silence everything"),
            ),
            (
                "a pattern",
                &[("client", "5.*", true, true)],
                Err("client=~… is not possible: a silence here is about"),
            ),
            (
                "all others",
                &[("client", "1", false, false)],
                Err("client!=… is not possible"),
            ),
        ];
        for (name, matchers, expected) in cases {
            let matcher = |(name, value, is_regex, is_equal): &(&str, &str, bool, bool)| Matcher {
                name: (*name).to_owned(),
                value: (*value).to_owned(),
                is_regex: *is_regex,
                is_equal: *is_equal,
            };
            let matchers: Vec<Matcher> = matchers.iter().map(matcher).collect();
            match (About::read(&matchers), expected) {
                (Err(why), Err(expected)) => assert!(why.starts_with(expected), "{name}: {why}"),
                (found, expected) => assert_eq!(found, expected.map_err(str::to_owned), "{name}"),
            }
        }
    }
}
