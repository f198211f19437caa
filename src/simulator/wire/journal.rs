//! The last requests, with secrets masked, for `/sim/requests`. Bounded in number and size; remembering one more
//! reuses the room of the oldest, so that it costs next to nothing.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Transport;
use crate::simulator::php::params::Params;

/// How many requests are remembered. Enough to see a sweep of a small world, or what went wrong last.
const REQUESTS_KEPT: usize = 1_000;

/// Longest parameter value that is kept, in bytes.
const LONGEST_VALUE: usize = 300;

/// Most bytes of all parameters of one request that are kept; the rest is left out.
const LONGEST_REQUEST: usize = 2_000;

/// What is remembered of a request beside its parameters.
#[derive(Clone, Copy, Debug)]
pub struct Outline {
    /// Counts all calls from 0.
    pub number: u64,
    pub at: Timestamp,
    pub transport: Transport,
    pub http_status: u16,
    /// The `status` that was answered; empty when the answer carried none.
    pub status: &'static str,
    /// The fault that struck, or empty.
    pub fault: &'static str,
}

#[derive(Debug)]
struct Entry {
    outline: Outline,
    /// Names and values one after the other.
    text: String,
    /// Where each name and each value ends.
    ends: Vec<(u16, u16)>,
}

#[derive(Debug, Default)]
pub struct Journal(VecDeque<Entry>);

impl Journal {
    pub fn remember(&mut self, outline: Outline, params: &Params<'_>) {
        let (mut text, mut ends) = (String::new(), Vec::new());
        if self.0.len() >= REQUESTS_KEPT
            && let Some(oldest) = self.0.pop_front()
        {
            (text, ends) = (oldest.text, oldest.ends);
            text.clear();
            ends.clear();
        }
        for (name, value) in params.iter() {
            let (name, value) = (cut(name), if is_secret(name) { "***" } else { cut(value) });
            if text.len() + name.len() + value.len() > LONGEST_REQUEST {
                break;
            }
            text.push_str(name);
            let name_end = text.len();
            text.push_str(value);
            ends.push((bounded(name_end), bounded(text.len())));
        }
        self.0.push_back(Entry { outline, text, ends });
    }

    /// The remembered requests as JSON, by number.
    pub fn shown(&self) -> Value {
        let mut entries: Vec<&Entry> = self.0.iter().collect();
        entries.sort_by_key(|entry| entry.outline.number);
        Value::Array(entries.into_iter().map(Entry::shown).collect())
    }
}

impl Entry {
    fn shown(&self) -> Value {
        let mut params = Map::new();
        let mut begin = 0;
        for (name_end, end) in &self.ends {
            let (name_end, end) = (usize::from(*name_end), usize::from(*end));
            params.insert(self.text[begin..name_end].to_owned(), self.text[name_end..end].into());
            begin = end;
        }
        let outline = self.outline;
        json!({
            "number": outline.number,
            "time": outline.at.to_string(),
            "transport": outline.transport.name(),
            "params": params,
            "http_status": outline.http_status,
            "status": outline.status,
            "fault": outline.fault,
        })
    }
}

/// [`LONGEST_REQUEST`] keeps every position below the limit.
fn bounded(position: usize) -> u16 {
    u16::try_from(position).unwrap_or(u16::MAX)
}

/// Whether a value is never kept: `password`, `api_password`, `confirm_password`, and what somebody misspelled.
fn is_secret(name: &str) -> bool {
    name.as_bytes()
        .windows(4)
        .any(|letters| matches!(letters[0], b'p' | b'P') && letters.eq_ignore_ascii_case(b"pass"))
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST_VALUE)]
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Journal, Outline, Params, REQUESTS_KEPT, Transport};

    fn outline(number: u64) -> Outline {
        Outline {
            number,
            at: Timestamp::UNIX_EPOCH,
            transport: Transport::Get,
            http_status: 200,
            status: "success",
            fault: "",
        }
    }

    #[test]
    fn remembered_requests_are_bounded_and_carry_no_secrets() {
        let mut journal = Journal::default();
        let long = format!(
            "api_password=S3cret&password=S3cret&confirm_password=S3cret&API_Password=S3cret&apiPassword[]=S3cret&company={}&b=1",
            "é".repeat(1_000)
        );
        let many = (0..5_000).map(|number| format!("p{number}=x&")).collect::<String>();
        for number in 0..=REQUESTS_KEPT as u64 {
            let mut params = Params::default();
            params.read_query(if number % 2 == 0 { &long } else { &many });
            journal.remember(outline(number), &params);
        }
        assert!(!format!("{journal:?}").contains("S3cret"));
        let shown = journal.shown();
        let shown = shown.as_array().unwrap();
        assert_eq!((shown.len(), &shown[0]["number"]), (REQUESTS_KEPT, &1.into()));
        let last = &shown[REQUESTS_KEPT - 1]["params"];
        assert_eq!(
            (&last["api_password"], &last["password"], &last["b"]),
            (&"***".into(), &"***".into(), &"1".into())
        );
        assert_eq!(last["company"], "é".repeat(150));
        assert!(shown[0]["params"].as_object().unwrap().len() < 1_000);
    }
}
