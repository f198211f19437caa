//! A manual page as text: the few requests of `man(7)` that are needed, with everything else escaped. Plain ASCII, because
//! not every formatter reads more.

use std::fmt::Write;

#[derive(Default)]
pub struct Roff(String);

impl Roff {
    /// The first lines of a page. No word is broken: it may be one that is typed.
    pub fn title(&mut self, name: &str, section: u8) {
        let version = env!("CARGO_PKG_VERSION");
        self.0 += &format!(".TH {name} {section} \"\" \"balancewatch {version}\" \"balancewatch manual\"\n.nh\n");
    }

    pub fn heading(&mut self, text: &str) {
        self.0 += &format!(".SH {}\n", inline(text));
    }

    pub fn paragraph(&mut self, text: &str) {
        self.0 += ".PP\n";
        self.text(text);
    }

    /// A term, and what there is to say of it.
    pub fn entry(&mut self, term: &str, text: &str) {
        self.0 += ".TP\n";
        self.0 += &format!("\\fB{}\\fR\n", inline(term));
        self.text(text);
    }

    /// A new line within a paragraph or an entry.
    pub fn break_line(&mut self) {
        self.0 += ".br\n";
    }

    pub fn text(&mut self, text: &str) {
        self.0 += &line(text);
    }

    /// Lines as they are.
    pub fn verbatim<'a>(&mut self, lines: impl Iterator<Item = &'a str>) {
        self.0 += ".PP\n.nf\n";
        lines.for_each(|text| self.0 += &line(text));
        self.0 += ".fi\n";
    }

    /// What another program made.
    pub fn raw(&mut self, made: &[u8]) {
        self.0 += &String::from_utf8_lossy(made);
    }

    pub fn finish(self) -> String {
        ascii(&self.0)
    }
}

/// A line that is never taken for a request.
fn line(text: &str) -> String {
    let text = inline(text);
    let guard = if text.starts_with(['.', '\'']) { "\\&" } else { "" };
    format!("{guard}{text}\n")
}

fn inline(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-").replace('\n', " ")
}

/// A page with the names of all characters that are not ASCII.
fn ascii(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_ascii() {
            plain.push(char);
        } else {
            // Writing to a text does not fail.
            write!(plain, "\\[u{:04X}]", u32::from(char)).ok();
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::Roff;

    #[test]
    fn nothing_in_a_text_is_a_request() {
        let mut roff = Roff::default();
        roff.text(".so /etc/passwd");
        roff.text("'br \\fB and a-b…");
        assert_eq!(roff.finish(), "\\&.so /etc/passwd\n\\&'br \\efB and a\\-b\\[u2026]\n");
    }
}
