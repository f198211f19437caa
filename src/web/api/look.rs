//! What is looked up: the objects that the commands print with `--output json`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::Deserialize;

use super::request::{Limit, bad};
use super::table::{Asked, Part};
use crate::config::Account;
use crate::desk::{Desk, find};
use crate::domain::ClientId;
use crate::store::Filter;
use crate::view::alert::{AlertRow, Standing};
use crate::view::client::ClientCard;
use crate::view::clients::{ClientPage, Query, SortBy, Start, Wanted};
use crate::view::enforcement::{self, EnforcementCard, EnforcementRow};
use crate::view::history::History;
use crate::view::hushed::SilenceRow;
use crate::view::list::newest;
use crate::view::notice::{self, NoticeCard, NoticeRow};
use crate::view::status::Statuses;
use crate::web::answer::Refused;

/// Nothing can be said.
#[derive(Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Nothing {}

/// Which account.
#[derive(Deserialize, JsonSchema)]
pub struct OfAccount {
    /// Of this account only. Where one thing is named, it is needed only with several accounts.
    pub account: Option<String>,
}

/// The account that is named, or all of them.
pub fn accounts<'d>(desk: &'d Desk, named: Option<&str>) -> Result<Vec<&'d Account>, Refused> {
    match named {
        Some(name) => Ok(vec![desk.account(name)?]),
        None => Ok(desk.settings.accounts.iter().collect()),
    }
}

/// The one account that is meant.
pub fn account<'d>(desk: &'d Desk, named: Option<&str>) -> Result<&'d Account, Refused> {
    match accounts(desk, named)?[..] {
        [account] => Ok(account),
        _ => {
            let refused = bad("there are several accounts, and `account` names none");
            Err(refused.hint(find::accounts_in_words(&desk.settings)))
        }
    }
}

pub async fn status(asked: Asked<OfAccount>) -> Result<Statuses, Refused> {
    let (desk, picture) = (asked.site.desk(), asked.site.picture().await?);
    let mut statuses = Vec::new();
    for account in accounts(&desk, asked.what.account.as_deref())? {
        statuses.push(picture.status(&account.name)?.clone());
    }
    Ok(Statuses {
        store: desk.settings.store.path.display().to_string(),
        accounts: statuses,
    })
}

pub async fn client(asked: Asked<OfAccount>) -> Result<ClientCard, Refused> {
    let (desk, picture) = (asked.site.desk(), asked.site.picture().await?);
    let account = account(&desk, asked.what.account.as_deref())?;
    Ok(desk.client(picture.snapshot(&account.name)?, &asked.id).await?)
}

#[derive(Deserialize, JsonSchema)]
pub struct OfClients {
    /// Of this account only.
    account: Option<String>,
    /// Only those of whom every word is in the id, the names or the addresses.
    #[serde(default)]
    q: String,
    /// Only those that stand so; without it those on the list, and of a search the vanished ones too.
    #[schemars(extend("enum" = Wanted::ALL.map(Wanted::as_str)))]
    state: Option<String>,
    /// What the list goes by; behind a `-` the other way round.
    #[schemars(extend("examples" = SortBy::ALL.map(SortBy::as_str)))]
    sort: Option<String>,
    /// How many at most.
    #[serde(default)]
    limit: Limit,
    /// Where to go on: from the header `Link` of the part before.
    cursor: Option<String>,
}

impl OfClients {
    fn query(self, desk: &Desk) -> Result<Query, Refused> {
        let wrong = |what: &str, accepted: &[&str]| bad(format!("there is no such {what}")).hint(accepted.join(", "));
        let (state, sort) = (
            self.state.map(|state| state.parse()),
            self.sort.map(|sort| sort.parse()),
        );
        let account = self.account.map(|name| desk.account(&name)).transpose()?;
        Ok(Query {
            account: account.map(|account| account.name.clone()),
            q: self.q,
            state: state
                .transpose()
                .map_err(|()| wrong("state", &Wanted::ALL.map(Wanted::as_str)))?,
            sort: sort
                .transpose()
                .map_err(|()| wrong("order", &SortBy::ALL.map(SortBy::as_str)))?
                .unwrap_or_default(),
            start: self.cursor.map_or(Start::After(0), Start::Cursor),
            limit: self.limit.rows(),
        })
    }
}

pub async fn clients(asked: Asked<OfClients>) -> Result<Part<ClientPage>, Refused> {
    let (desk, picture) = (asked.site.desk(), asked.site.picture().await?);
    let found = picture.index.page(&picture.accounts, &asked.what.query(&desk)?);
    let answer = found.map_err(|_| bad("cursor: the list does not go on there").hint("begin without one"))?;
    let next = answer.next_cursor.clone();
    Ok(Part { answer, next })
}

#[derive(Deserialize, JsonSchema)]
pub struct OfHistory {
    /// The client's account; needed only with several.
    account: Option<String>,
    /// How many entries at most.
    #[serde(default)]
    limit: Limit,
}

pub async fn history(asked: Asked<OfHistory>) -> Result<History, Refused> {
    let (desk, picture) = (asked.site.desk(), asked.site.picture().await?);
    let account = account(&desk, asked.what.account.as_deref())?;
    let id = find::client(picture.snapshot(&account.name)?, &asked.id)?
        .client
        .id
        .clone();
    let kept = desk.store.history(&account.name, &id, asked.what.limit.rows()).await?;
    Ok(History::new(id, kept, false))
}

/// What fires, or may fire soon.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Alerting {
    #[default]
    Firing,
    Pending,
    All,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertOrder {
    /// The most severe first, the longest first among equals.
    #[default]
    Urgency,
    /// The newest first.
    Since,
    /// The lowest first.
    Balance,
}

#[derive(Deserialize, JsonSchema)]
pub struct OfAlerts {
    /// Of this account only.
    account: Option<String>,
    /// Only those whose client, name, policy or reason holds this text.
    #[serde(default)]
    q: String,
    #[serde(default)]
    state: Alerting,
    #[serde(default)]
    sort: AlertOrder,
    /// How many at most.
    #[serde(default)]
    limit: Limit,
    /// Where to go on: from the header `Link` of the part before.
    #[serde(default)]
    cursor: u32,
}

pub async fn alerts(asked: Asked<OfAlerts>) -> Result<Part<Vec<AlertRow>>, Refused> {
    let (desk, picture) = (asked.site.desk(), asked.site.picture().await?);
    let what = asked.what;
    let mut rows = Vec::new();
    for account in accounts(&desk, what.account.as_deref())? {
        rows.extend(AlertRow::all(picture.snapshot(&account.name)?));
    }
    let wanted = what.q.to_lowercase();
    rows.retain(|row| {
        let is_meant = match what.state {
            Alerting::Firing => row.state == Standing::Firing,
            Alerting::Pending => row.state == Standing::Pending,
            Alerting::All => true,
        };
        is_meant
            && [row.client.as_str(), &row.company, row.policy.as_str(), &row.reason]
                .iter()
                .any(|text| holds(text, &wanted))
    });
    match what.sort {
        AlertOrder::Urgency => {}
        AlertOrder::Since => rows.sort_by_key(|row| std::cmp::Reverse(row.since)),
        AlertOrder::Balance => rows.sort_by_key(|row| (row.balance.is_none(), row.balance)),
    }
    Ok(part(rows, what.limit, what.cursor))
}

#[derive(Deserialize, JsonSchema)]
pub struct OfSilences {
    /// Of this account only.
    account: Option<String>,
    /// Only those whose client, policy, author or comment holds this text.
    #[serde(default)]
    q: String,
    /// How many at most.
    #[serde(default)]
    limit: Limit,
    /// Where to go on: from the header `Link` of the part before.
    #[serde(default)]
    cursor: u32,
}

/// Those that hold, those that end first at the top.
pub async fn silences(asked: Asked<OfSilences>) -> Result<Part<Vec<SilenceRow>>, Refused> {
    let (desk, what) = (asked.site.desk(), asked.what);
    let mut silences = Vec::new();
    for account in accounts(&desk, what.account.as_deref())? {
        silences.extend(desk.silences(&account.name).await?);
    }
    let wanted = what.q.to_lowercase();
    silences.retain(|silence| {
        let (client, policy) = (silence.scope.client.as_ref(), silence.scope.policy.as_ref());
        let texts = [client.map(ClientId::as_str), policy.map(|policy| policy.as_str())];
        let texts = texts
            .into_iter()
            .flatten()
            .chain([silence.by.as_str(), silence.note.as_str()]);
        texts.into_iter().any(|text| holds(text, &wanted))
    });
    silences.sort_by_key(|silence| silence.until);
    Ok(part(
        silences.iter().map(SilenceRow::from).collect(),
        what.limit,
        what.cursor,
    ))
}

/// Whether a text holds another one, which is in small letters.
fn holds(text: &str, wanted: &str) -> bool {
    wanted.is_empty() || text.to_lowercase().contains(wanted)
}

/// The rows behind the first `cursor` ones, at most `limit`.
fn part<R>(rows: Vec<R>, limit: Limit, cursor: u32) -> Part<Vec<R>> {
    let from = usize::try_from(cursor).unwrap_or(usize::MAX).min(rows.len());
    let to = from.saturating_add(limit.rows());
    let next = (to < rows.len()).then(|| to.to_string());
    let answer = rows.into_iter().skip(from).take(limit.rows()).collect();
    Part { answer, next }
}

/// What is listed of the store, newest first.
#[derive(Deserialize, JsonSchema)]
pub struct OfRecords {
    /// Of this account only.
    account: Option<String>,
    /// Of this client only.
    client: Option<String>,
    /// In this state only.
    state: Option<String>,
    /// How many at most.
    #[serde(default)]
    limit: Limit,
    /// Where to go on: from the header `Link` of the part before.
    cursor: Option<String>,
}

impl OfRecords {
    /// What is listed of each account: one more than is shown, so that it is seen whether it goes on.
    fn filters(&self, desk: &Desk, states: &[&str]) -> Result<Vec<Filter>, Refused> {
        if let Some(state) = self.state.as_deref().filter(|state| !states.contains(state)) {
            return Err(bad(format!("state: `{state}` is none")).hint(format!("there are {}", states.join(", "))));
        }
        let client = self.client.as_deref().map(ClientId::new).transpose();
        let client = client.map_err(|error| bad(format!("client: {error}")))?;
        let before = self.cursor.as_deref().map(marks).transpose()?.unwrap_or_default();
        let filter = |account: &Account| Filter {
            client: client.clone(),
            state: self.state.clone(),
            before: before.get(account.name.as_str()).cloned(),
            ..Filter::newest(account.name.clone(), self.limit.rows() + 1)
        };
        let accounts = accounts(desk, self.account.as_deref())?;
        Ok(accounts.into_iter().map(filter).collect())
    }

    /// Makes one list of those of each account, of which `mark` gives account and id.
    fn part<R>(
        &self,
        accounts: Vec<Vec<R>>,
        at: impl Fn(&R) -> jiff::Timestamp,
        mark: impl Fn(&R) -> (String, String),
    ) -> Result<Part<Vec<R>>, Refused> {
        let mut rows = newest(accounts, self.limit.rows() + 1, at);
        if rows.len() <= self.limit.rows() {
            return Ok(Part {
                answer: rows,
                next: None,
            });
        }
        rows.truncate(self.limit.rows());
        let mut last = self.cursor.as_deref().map(marks).transpose()?.unwrap_or_default();
        last.extend(rows.iter().map(mark));
        let next = serde_json::to_vec(&last).ok().map(|text| URL_SAFE_NO_PAD.encode(text));
        Ok(Part { answer: rows, next })
    }
}

/// Reads a cursor: the last id that was listed of each account.
fn marks(cursor: &str) -> Result<BTreeMap<String, String>, Refused> {
    let text = URL_SAFE_NO_PAD.decode(cursor).ok();
    let marks = text.and_then(|text| serde_json::from_slice(&text).ok());
    marks.ok_or_else(|| {
        bad("cursor: it is not one that was given").hint("take it from the header `Link` of the part before")
    })
}

pub async fn notifications(asked: Asked<OfRecords>) -> Result<Part<Vec<NoticeRow>>, Refused> {
    let (desk, what) = (asked.site.desk(), asked.what);
    let mut accounts = Vec::new();
    for filter in what.filters(&desk, &notice::STATES)? {
        let found = desk.store.notifications(&filter).await?;
        accounts.push(found.into_iter().map(NoticeRow::from).collect());
    }
    what.part(
        accounts,
        |row| row.created_at,
        |row| (row.account.to_string(), row.id.clone()),
    )
}

pub async fn notification(asked: Asked<Nothing>) -> Result<NoticeCard, Refused> {
    Ok(asked.site.desk().notification(&asked.id).await?.into())
}

pub async fn enforcements(asked: Asked<OfRecords>) -> Result<Part<Vec<EnforcementRow>>, Refused> {
    let (desk, what) = (asked.site.desk(), asked.what);
    let mut accounts = Vec::new();
    for filter in what.filters(&desk, &enforcement::STATES)? {
        let found = desk.store.enforcements(&filter).await?;
        accounts.push(found.iter().map(EnforcementRow::from).collect());
    }
    what.part(
        accounts,
        |row| row.planned_at,
        |row| (row.account.to_string(), row.id.clone()),
    )
}

pub async fn enforcement(asked: Asked<Nothing>) -> Result<EnforcementCard, Refused> {
    Ok(asked.site.desk().enforcement(&asked.id).await?.into())
}
