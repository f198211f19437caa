//! What the long lists have in common: which of an account's rows are wanted, fifty at a time, the newest first.

use serde::Deserialize;

use super::{PER_PAGE, links};
use crate::config::Account;
use crate::desk::{Desk, Refusal};
use crate::domain::ClientId;
use crate::store::Filter;

/// Which rows are wanted, or which one; what is empty is not asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// This one alone, with all that is known of it.
    pub id: String,
    pub client: String,
    pub state: String,
    pub account: String,
    /// Only what is older than the one of this id.
    pub before: String,
}

/// One page of a list.
pub struct Part<T> {
    /// The rows of each account.
    pub rows: Vec<Vec<T>>,
    /// Where older ones are.
    pub older: Option<String>,
    /// Whether there are older ones of several accounts, which have no order in common.
    pub is_cut: bool,
}

impl Asked {
    pub fn is_for_all(&self) -> bool {
        [&self.client, &self.state, &self.account, &self.before]
            .into_iter()
            .all(|asked| asked.is_empty())
    }

    /// What is read of each account that is meant.
    ///
    /// # Errors
    /// When what is asked for names nothing that can be.
    pub fn filters(&self, desk: &Desk) -> Result<Vec<Filter>, Refusal> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let client = given(&self.client).map(|id| ClientId::new(&id)).transpose();
        let client =
            client.map_err(|error| Refusal::wrong(error.to_string()).hint("ids are those of the VoIP.ms portal"))?;
        let filter = |account: &Account| Filter {
            client: client.clone(),
            state: given(&self.state),
            before: given(&self.before),
            // One more than is shown tells whether there are older ones.
            ..Filter::newest(account.name.clone(), PER_PAGE + 1)
        };
        if self.account.is_empty() {
            return Ok(desk.settings.accounts.iter().map(filter).collect());
        }
        Ok(vec![filter(desk.account(&self.account)?)])
    }

    /// One page of the list at `path`, of what was found of each account.
    pub fn part<T>(&self, path: &str, mut rows: Vec<Vec<T>>, id: impl Fn(&T) -> &str) -> Part<T> {
        let mut last = None;
        for found in rows.iter_mut().filter(|found| found.len() > PER_PAGE) {
            found.truncate(PER_PAGE);
            last = found.last().map(|row| id(row).to_owned());
        }
        let is_one = rows.len() == 1;
        let is_cut = last.is_some() && !is_one;
        let older = last.filter(|_| is_one).map(|last| {
            let asked = [
                ("client", &*self.client),
                ("state", &self.state),
                ("account", &self.account),
                ("before", &last),
            ];
            links::with(path, &asked)
        });
        Part { rows, older, is_cut }
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, PER_PAGE};

    #[test]
    fn a_page_leads_to_older_ones_if_there_are_any() {
        let asked = Asked {
            state: "dead".to_owned(),
            ..Asked::default()
        };
        let ids = |count: usize| (0..count).map(|number| format!("n{number}")).collect::<Vec<_>>();
        let part = |rows| asked.part("/notifications", rows, |id: &String| id);
        let full = part(vec![ids(PER_PAGE)]);
        assert_eq!((full.rows[0].len(), full.older, full.is_cut), (PER_PAGE, None, false));
        let more = part(vec![ids(PER_PAGE + 1)]);
        assert_eq!(more.rows[0].len(), PER_PAGE);
        assert_eq!(more.older.as_deref(), Some("/notifications?state=dead&before=n49"));
        let several = part(vec![ids(PER_PAGE + 1), ids(2)]);
        assert_eq!(
            (several.rows[0].len(), several.older, several.is_cut),
            (PER_PAGE, None, true)
        );
    }
}
