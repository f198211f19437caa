//! Lists, row by row: a row that cannot be used costs nobody but itself.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::voipms::answer::{Payload, Reader, malformed};
use crate::voipms::error::Problem;
use crate::voipms::function::Function;
use crate::voipms::json::{fields, for_each_row, scalar};
use crate::voipms::record::OddRow;

/// A list with what could not be used of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows<T> {
    pub rows: Vec<T>,
    /// The others. Whoever stands in one of them was not forgotten by the API.
    pub odd: Vec<OddRow>,
}

/// Reads every row of a function's list. Not one usable row among several is a broken answer, no empty list.
pub(super) fn read_rows<'a, T>(
    function: Function,
    payload: Payload<'a>,
    mut read: impl FnMut(&'a RawValue) -> Result<T, OddRow>,
) -> Result<Rows<T>, Problem> {
    let mut list = Rows {
        rows: Vec::new(),
        odd: Vec::new(),
    };
    let Payload::Value(payload) = payload else {
        return Ok(list);
    };
    let key = function.result_key().unwrap_or_default();
    for_each_row(payload, |row| match read(row) {
        Ok(good) => list.rows.push(good),
        Err(odd) => list.odd.push(odd),
    })
    .ok_or_else(|| malformed(format!("`{key}` is no list")))?;
    if list.rows.is_empty() && !list.odd.is_empty() {
        return Err(malformed(format!("no row of `{key}` can be used")));
    }
    Ok(list)
}

/// The columns of a row, of which the first tells the row from others.
pub(super) struct Columns<'a, const N: usize>([Option<Cow<'a, str>>; N]);

impl<'a, const N: usize> Columns<'a, N> {
    /// Reads the columns of these names. What is absent or null is empty; what is neither text nor number makes the row
    /// odd.
    pub(super) fn read(row: &'a RawValue, names: &[&str; N], reader: &Reader<'_>) -> Result<Self, OddRow> {
        let mut columns = Self([const { None }; N]);
        let values = fields(row.get(), names).map_err(|_| columns.odd("no object"))?;
        for (position, value) in values.into_iter().enumerate() {
            let text = value.map_or(Some(None), scalar);
            let text = text.ok_or_else(|| columns.odd("a field that is no text"))?;
            columns.0[position] = text.map(|text| reader.secrets.data(text));
        }
        Ok(columns)
    }

    /// This row as an odd one.
    pub(super) fn odd(&self, why: &'static str) -> OddRow {
        let id = self.0.first().and_then(Option::as_deref);
        let id = id.filter(|id| !id.is_empty());
        OddRow {
            id: id.map(|id| id.chars().take(64).collect()),
            why,
        }
    }

    /// A column as it came; empty when there is none.
    pub(super) fn text(&mut self, position: usize) -> String {
        self.0[position].take().unwrap_or_default().into_owned()
    }

    /// A column that must be there, but may be empty.
    pub(super) fn given(&mut self, position: usize, why: &'static str) -> Result<String, OddRow> {
        match self.0[position].take() {
            Some(text) => Ok(text.into_owned()),
            None => Err(self.odd(why)),
        }
    }

    /// A column without which the row says nothing.
    pub(super) fn needed(&mut self, position: usize, why: &'static str) -> Result<String, OddRow> {
        let is_there = self.0[position].as_deref().is_some_and(|text| !text.trim().is_empty());
        if is_there {
            Ok(self.text(position))
        } else {
            Err(self.odd(why))
        }
    }

    /// A column that holds some number; `None` when it is empty.
    pub(super) fn parsed<T: std::str::FromStr>(&self, position: usize, why: &'static str) -> Result<Option<T>, OddRow> {
        let text = self.0[position].as_deref().unwrap_or_default().trim();
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| self.odd(why))
    }
}
