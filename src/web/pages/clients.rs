//! The list of clients: searched, filtered, sorted and page by page, from the index of the picture.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query as Asked, State};
use axum::http::StatusCode;
use serde::Deserialize;

use super::layout::{Html, Shell, Visitor};
use super::links;
use super::rows::{COLUMNS, Head, Row};
use crate::domain::AccountName;
use crate::view::clients::{ClientPage, ClientRow, Query, Sort, SortBy, Start, Wanted};
use crate::view::words::count;
use crate::web::Site;
use crate::web::answer::Refused;

/// Clients on one page: what is read through before somebody searches instead.
const PAGE: usize = 50;

/// Longest text that is searched for, in characters.
const LONGEST_SEARCH: usize = 200;

/// What the address asks for. An empty field of the form is none.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wish {
    q: String,
    state: String,
    account: String,
    sort: String,
    page: String,
}

impl Wish {
    fn query(&self) -> Result<Query, Refused> {
        let wrong = |what: &str, accepted: Vec<&str>| {
            Refused::new(StatusCode::BAD_REQUEST, format!("there is no such {what}"))
                .hint(format!("it is one of {}", accepted.join(", ")))
        };
        if self.q.chars().count() > LONGEST_SEARCH {
            let what = format!("a search has at most {LONGEST_SEARCH} characters");
            return Err(Refused::new(StatusCode::BAD_REQUEST, what));
        }
        let state = Some(&*self.state)
            .filter(|state| !state.is_empty())
            .map(str::parse)
            .transpose();
        let sort = Some(&*self.sort)
            .filter(|sort| !sort.is_empty())
            .map(str::parse)
            .transpose();
        let account = Some(&*self.account)
            .filter(|account| !account.is_empty())
            .map(AccountName::new)
            .transpose();
        Ok(Query {
            q: self.q.clone(),
            state: state.map_err(|()| wrong("state", Wanted::ALL.map(Wanted::as_str).into()))?,
            sort: sort
                .map_err(|()| wrong("order", SortBy::ALL.map(SortBy::as_str).into()))?
                .unwrap_or_default(),
            account: account.map_err(|_| wrong("account", Vec::new()))?,
            start: Start::After((self.number() - 1).saturating_mul(PAGE)),
            limit: PAGE,
        })
    }

    /// Which page, from 1 on.
    fn number(&self) -> usize {
        self.page.parse().unwrap_or(1).max(1)
    }

    /// The address of the list like this, sorted so and on this page.
    fn address(&self, sort: &str, page: usize) -> String {
        let page = if page > 1 { page.to_string() } else { String::new() };
        let fields = [
            ("q", &*self.q),
            ("state", &self.state),
            ("account", &self.account),
            ("sort", sort),
            ("page", &page),
        ];
        links::with("/clients", &fields)
    }
}

/// One of several that a field takes.
struct Choice {
    value: String,
    name: String,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "clients.html")]
struct Clients<'r> {
    shell: Shell,
    q: String,
    sort: String,
    states: Vec<Choice>,
    accounts: Vec<Choice>,
    summary: String,
    /// What is said where there are none.
    empty: &'static str,
    heads: Vec<Head>,
    rows: Vec<Row<'r>>,
    pages: Vec<(String, String)>,
}

pub async fn list(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Asked(wish): Asked<Wish>,
) -> Result<axum::response::Response, Refused> {
    let query = wish.query()?;
    let picture = site.picture().await?;
    let found = picture.index.page(&picture.accounts, &query);
    let found = found.map_err(|_| Refused::new(StatusCode::BAD_REQUEST, "the list does not go on there"))?;
    let shell = site.shell(visitor, "/clients", "Clients");
    let names = picture
        .accounts
        .iter()
        .map(|snapshot| snapshot.rules.account.to_string());
    let names: Vec<String> = names.collect();
    let rows = |rows: &[ClientRow]| rows.len();
    let shown = rows(&found.clients);
    let page = Clients {
        q: wish.q.clone(),
        sort: wish.sort.clone(),
        states: choices(
            "all that are listed",
            Wanted::ALL.map(|wanted| wanted.as_str().to_owned()).into(),
            &wish.state,
        ),
        accounts: choices("all accounts", names.clone(), &wish.account),
        summary: summary(&found, shown),
        empty: if wish.q.is_empty() && wish.state.is_empty() {
            "No client is known yet. The list of clients is read in each sweep: the overview says when the next one begins."
        } else {
            "No client is like that. A search looks for every word in ids, names and addresses."
        },
        heads: heads(&wish, query.sort),
        rows: found
            .clients
            .iter()
            .map(|row| Row::new(row, shell.now(), names.len() > 1))
            .collect(),
        pages: pages(&wish, &found, shown),
        shell,
    };
    Ok(axum::response::IntoResponse::into_response(Html(page)))
}

fn choices(all: &str, values: Vec<String>, chosen: &str) -> Vec<Choice> {
    let first = Choice {
        value: String::new(),
        name: all.to_owned(),
        is_chosen: chosen.is_empty(),
    };
    let others = values.into_iter().map(|value| Choice {
        is_chosen: value == chosen,
        name: value.clone(),
        value,
    });
    [first].into_iter().chain(others).collect()
}

fn summary(found: &ClientPage, shown: usize) -> String {
    let total = count(u64::try_from(found.total).unwrap_or(u64::MAX), "client");
    if shown == found.total || shown == 0 {
        total
    } else {
        format!("{total}, of which {} to {}", found.before + 1, found.before + shown)
    }
}

/// The columns, which sort by themselves, and the other way round at the second time.
fn heads(wish: &Wish, sort: Sort) -> Vec<Head> {
    let heads = COLUMNS.iter().map(|(title, class, by)| {
        let is_by = !by.is_empty() && sort.by.as_str() == *by;
        let next = if is_by && !sort.is_reversed {
            format!("-{by}")
        } else {
            (*by).to_owned()
        };
        // The greatest spending comes first.
        let is_falling = sort.is_reversed != (sort.by == SortBy::Spent);
        Head {
            title,
            class,
            href: if by.is_empty() {
                String::new()
            } else {
                wish.address(&next, 1)
            },
            aria: match (is_by, is_falling) {
                (false, _) => "",
                (true, false) => "ascending",
                (true, true) => "descending",
            },
        }
    });
    heads.collect()
}

/// Where the list goes on, and where it came from.
fn pages(wish: &Wish, found: &ClientPage, shown: usize) -> Vec<(String, String)> {
    let (number, last) = (wish.number(), found.total.div_ceil(PAGE));
    let mut pages = Vec::new();
    let mut add = |page: usize, name: String| pages.push((wish.address(&wish.sort, page), name));
    if number > 1 {
        add(1, "First page".to_owned());
        add(number - 1, "Previous page".to_owned());
    }
    if found.before + shown < found.total {
        add(number + 1, "Next page".to_owned());
        add(last, format!("Last page ({last})"));
    }
    pages
}
