//! The layout of a letter as plain text.

use std::fmt::Write;

use super::words::ISOLATES;
use super::{Letter, Table};

/// Widest line of a text mail: fits an old terminal with one level of quoting.
const WIDTH: usize = 76;

impl Letter {
    /// The letter as plain text, lines ended by `\n`.
    pub(super) fn to_text(&self) -> String {
        let mut text = String::with_capacity(1024);
        for paragraph in std::iter::once(&self.greeting)
            .chain([&self.headline])
            .chain(&self.paragraphs)
        {
            self.paragraph(&mut text, paragraph);
        }
        self.facts_as_text(&mut text);
        if let Some(table) = &self.table {
            table.as_text(&mut text);
        }
        for section in &self.sections {
            wrap_into(&mut text, &format!("{}:", section.heading), "", "", WIDTH);
            section.table.as_text(&mut text);
        }
        self.steps_as_text(&mut text);
        self.lines_as_text(&mut text, self.words.pay_here, self.link.as_slice());
        for (words, link) in &self.links {
            let _ = write!(text, "{words}:\n  {link}\n\n");
        }
        self.lines_as_text(&mut text, self.words.contact, &self.contact);
        for note in &self.notes {
            self.paragraph(&mut text, note);
        }
        // The blank behind the dashes is what mail programs recognise a signature by.
        wrap_into(&mut text, &self.signature, "-- \n", "", WIDTH);
        text
    }

    #[expect(clippy::unused_self, reason = "reads as a part of `to_text`")]
    fn paragraph(&self, text: &mut String, paragraph: &str) {
        if !paragraph.is_empty() {
            wrap_into(text, paragraph, "", "", WIDTH);
            text.push('\n');
        }
    }

    fn facts_as_text(&self, text: &mut String) {
        let Some(widest) = self.facts.iter().map(|fact| fact.label.chars().count()).max() else {
            return;
        };
        let hanging = " ".repeat(widest + 4);
        for fact in &self.facts {
            let first = format!("  {:widest$}  ", fact.label);
            wrap_into(text, &fact.value, &first, &hanging, WIDTH);
        }
        text.push('\n');
    }

    fn steps_as_text(&self, text: &mut String) {
        if self.steps.is_empty() {
            return;
        }
        text.push_str(self.words.steps);
        text.push('\n');
        for (index, step) in self.steps.iter().enumerate() {
            if self.steps.len() == 1 {
                wrap_into(text, step, "  ", "  ", WIDTH);
            } else {
                wrap_into(text, step, &format!("  {}. ", index + 1), "     ", WIDTH);
            }
        }
        text.push('\n');
    }

    /// Lines under a heading.
    #[expect(clippy::unused_self, reason = "reads as a part of `to_text`")]
    fn lines_as_text(&self, text: &mut String, heading: &str, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        text.push_str(heading);
        text.push('\n');
        for line in lines {
            wrap_into(text, line, "  ", "  ", WIDTH);
        }
        text.push('\n');
    }
}

impl Table {
    fn as_text(&self, text: &mut String) {
        let widths: Vec<usize> = (0..self.head.len())
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                let widest = cells.map(|cell| width_of(cell)).max().unwrap_or(0);
                widest.max(self.head.get(column).map_or(0, |head| head.name.len()))
            })
            .collect();
        let names: Vec<String> = self.head.iter().map(|column| column.name.to_owned()).collect();
        for row in std::iter::once(&names).chain(&self.rows) {
            let mut line = String::from(" ");
            for ((cell, column), width) in row.iter().zip(&self.head).zip(&widths) {
                let gap = width.saturating_sub(width_of(cell));
                let (before, behind) = if column.numbers { (gap, 0) } else { (0, gap) };
                // Writing to a string cannot fail.
                write!(line, " {:before$}{cell}{:behind$} ", "", "").ok();
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        if !self.more.is_empty() {
            wrap_into(text, &self.more, "  ", "  ", WIDTH);
        }
        text.push('\n');
    }
}

/// How many columns a cell takes.
fn width_of(cell: &str) -> usize {
    cell.chars().filter(|c| !ISOLATES.contains(c)).count()
}

/// Appends `words` in lines of at most `width`, the first after `first`, the others after `hanging`. A word that is
/// longer than a line stands alone.
fn wrap_into(text: &mut String, words: &str, first: &str, hanging: &str, width: usize) {
    text.push_str(first);
    let mut column = first.rsplit('\n').next().unwrap_or("").chars().count();
    let mut line_is_empty = true;
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if !line_is_empty && column + 1 + length > width {
            text.push('\n');
            text.push_str(hanging);
            column = hanging.chars().count();
            line_is_empty = true;
        }
        if !line_is_empty {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
        line_is_empty = false;
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::super::{Column, Table};
    use super::wrap_into;

    #[test]
    fn lines_break_between_words_at_the_width() {
        let wrapped = |words: &str| {
            let mut text = String::new();
            wrap_into(&mut text, words, "* ", "  ", 10);
            text
        };
        assert_eq!(wrapped("one two"), "* one two\n");
        assert_eq!(wrapped("one twos"), "* one twos\n", "exactly the width");
        assert_eq!(wrapped("one twoss"), "* one\n  twoss\n", "one more");
        assert_eq!(wrapped("a verylongword b"), "* a\n  verylongword\n  b\n");
        assert_eq!(wrapped(""), "* \n");
    }

    #[test]
    fn numbers_are_aligned_to_the_right() {
        let column = |name, numbers| Column {
            name,
            numbers,
            below: false,
        };
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let table = Table {
            head: vec![
                column("Client", false),
                column("Balance", true),
                column("Policy", false),
            ],
            rows: vec![row(["Ä", "-2.31 USD", "x"]), row(["Consulting", "10.00 USD", "y"])],
            more: "and 3 more".to_owned(),
        };
        let mut text = String::new();
        table.as_text(&mut text);
        let expected =
            "  Client        Balance  Policy\n  Ä           -2.31 USD  x\n  Consulting  10.00 USD  y\n  and 3 more\n\n";
        assert_eq!(text, expected);
    }
}
