//! Tables at 80 columns, folded below, and in a pipe; and readers that go away.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::Output;
use super::layout::{Fit, Grid};
use crate::view::page::{Card, Table, Tone};

fn rendered(table: &Table, fit: Fit) -> String {
    Grid::from(table).render(fit, false)
}

fn alerts() -> Table {
    let mut table = Table::new(&["severity", "client", "company", "policy", "for", ">balance", "told"]);
    table.row([
        "critical",
        "561115",
        "A company with a very long name that goes on",
        "enforcement-without-effect",
        "2h 10min",
        "-1234.5678",
        "3x + client",
    ]);
    table.row(["warning", "7", "שלום בע״מ", "low-balance", "5min", "8.05", "not yet"]);
    table
}

#[test]
fn a_table_wraps_between_words_and_folds_into_cards() {
    for columns in [100, 80, 79, 60, 40, 20] {
        let text = rendered(&alerts(), Fit::Columns(columns));
        for word in ["enforcement-", "-1234.5678", "very", "561115", "critical"] {
            assert!(text.contains(word), "{word} at {columns}:\n{text}");
        }
        let widest = text.lines().map(UnicodeWidthStr::width).max().unwrap();
        // The widest word of it, with its name in front.
        assert!(widest <= columns.max(21), "{widest} at {columns}:\n{text}");
    }
    assert_eq!(
        rendered(&alerts(), Fit::Columns(80)),
        "SEVERITY  CLIENT  COMPANY        POLICY        FOR          BALANCE  TOLD\n\
         critical  561115  A company      enforcement-  2h 10min  -1234.5678  3x + client\n                  \
         with a very    without-\n                  \
         long name      effect\n                  \
         that goes on\n\
         warning   7       \u{2068}שלום בע״מ\u{2069}      low-balance   5min            8.05  not yet\n"
    );
    let mut endless = alerts();
    endless.row(["info", "8", &"x".repeat(90), "blind", "1d", "-", "1x"]);
    let text = rendered(&endless, Fit::Columns(80));
    assert!(
        text.contains("xxx…") && text.lines().all(|line| line.width() <= 80),
        "{text}"
    );
    let cards = rendered(&alerts(), Fit::Columns(40));
    assert_eq!(
        cards,
        "severity: critical\n\
         client: 561115\n\
         company: A company with a very long\n  name that goes on\n\
         policy: enforcement-without-effect\n\
         for: 2h 10min\n\
         balance: -1234.5678\n\
         told: 3x + client\n\
         \n\
         severity: warning\n\
         client: 7\n\
         company: \u{2068}שלום בע״מ\u{2069}\n\
         policy: low-balance\n\
         for: 5min\n\
         balance: 8.05\n\
         told: not yet\n"
    );
}

#[test]
fn a_card_stays_one_and_its_text_wraps() {
    let mut card = Card::new("account main", "");
    card.fact("last sweep", "2 minutes ago, 1200 clients in 90 seconds");
    card.fact("brake", ("off", Tone::Good));
    card.facts("alerts", ["one", "two"]);
    card.facts("notes", [] as [&str; 0]);
    let grid = Grid::from(&card);
    assert_eq!(
        grid.render(Fit::Columns(40), false),
        "ACCOUNT MAIN\n\
         last sweep    2 minutes ago, 1200\n              \
         clients in 90 seconds\n\
         brake         off\n\
         alerts        one\n              \
         two\n"
    );
    assert_eq!(
        grid.render(Fit::Columns(80), true).lines().next(),
        Some("\u{1b}[1mACCOUNT MAIN\u{1b}[0m")
    );
}

#[test]
fn an_id_below_a_sentence_is_not_broken() {
    let id = "main.561118.hard-when-used-up.20261129T115044928Z/fired/ops/noc@example.com";
    let mut table = Table::new(&["state", "notification"]);
    table.row([
        "pending",
        "561118 hard-when-used-up fired, to noc@example.com through ops: 451 later",
    ]);
    table.row(["", id]);
    assert_eq!(
        rendered(&table, Fit::Columns(80)),
        format!(
            "STATE    NOTIFICATION\npending  561118 hard-when-used-up fired, to noc@example.com through ops: 451\n         \
             later\n  {id}\n"
        )
    );
    assert!(
        rendered(&table, Fit::Columns(40)).contains(id),
        "nor where it cannot fit"
    );
}

#[test]
fn a_pipe_has_one_line_a_row_and_no_name_widens_it() {
    let mut table = Table::new(&["client", ">balance", "company", "id"]);
    let id = "main.561115.low-balance.20260101T000000000Z/fired/client/";
    table.row(["561115", "8.0588", "A name that is short enough", id]);
    table.row(["7", "-1.00", &"x".repeat(300), ""]);
    table.row(["8", "1.00", &"long name ".repeat(30), "b\u{1b}[2J\u{202e}"]);
    let text = rendered(&table, Fit::Pipe);
    assert_eq!(text.lines().count(), 4, "{text}");
    for line in text.lines() {
        assert!(line.width() <= 120, "{line}");
    }
    assert!(
        text.contains(id) && text.contains("xxx…") && text.contains("long name lon…"),
        "{text}"
    );
    assert!(
        text.contains("A name that is short enough") && text.contains("b\u{fffd}[2J\u{fffd}"),
        "{text}"
    );
    let mut sentences = Table::new(&["client", "company", "why"]);
    let why = "it needs an approval, and other words ".repeat(4);
    sentences.row(["7", &"x".repeat(300), &why]);
    let text = rendered(&sentences, Fit::Pipe);
    assert!(
        text.contains(why.trim_end()) && text.contains("xxx…  it needs"),
        "{text}"
    );
    let mut small = Table::new(&["client", ">balance"]);
    small.row(["561115", "8.0588"]);
    small.row([("7", Tone::Plain), ("-1.00", Tone::Bad)]);
    assert_eq!(
        rendered(&small, Fit::Pipe),
        "CLIENT  BALANCE\n561115   8.0588\n7         -1.00\n"
    );
}

struct Broken(io::ErrorKind);

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_went_away_is_the_end_and_other_errors_are_errors() {
    let mut gone = Output::plain(Box::new(Broken(io::ErrorKind::BrokenPipe)));
    assert!(!gone.is_closed());
    gone.line("x").unwrap();
    assert!(gone.is_closed());
    gone.line("y").unwrap();
    let mut full = Output::plain(Box::new(Broken(io::ErrorKind::StorageFull)));
    assert_eq!(full.line("x").unwrap_err().code, 1);
}
