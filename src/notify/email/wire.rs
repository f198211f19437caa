//! The bytes of a conversation: commands out, replies in. Knows no stage, and judges nothing.
//!
//! lettre composes the mails and writes the commands; its reader is replaced by this one. It takes only replies that
//! are UTF-8 and have words behind the code, so that one `ü` at the end of a mail made duplicates, and its connection
//! gives up where HELO would do. Filtering its bytes instead would end at STARTTLS. Here the code decides, and words are
//! shown as far as they can be read.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::refusal::Enhanced;
use crate::net::Stream;

/// Longest line of a reply. RFC 5321 allows 512 bytes; some servers write more, and none needs this much.
const LONGEST_LINE: u64 = 4096;

/// Most lines of a reply: EHLO's longest known one has about 30.
const MOST_LINES: usize = 200;

/// A connection that speaks in commands and replies.
pub(super) struct Wire(BufReader<Stream>);

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    /// 200 to 599.
    pub code: u16,
    /// The words behind the code, a line each; bytes that are no UTF-8 are replaced.
    pub lines: Vec<String>,
}

impl Reply {
    /// Whether it says yes: done.
    pub(super) const fn is_done(&self) -> bool {
        matches!(self.code, 200..=299)
    }

    /// Whether it says go on.
    pub(super) const fn is_go_on(&self) -> bool {
        matches!(self.code, 300..=399)
    }

    /// Its words, a line each.
    pub(super) fn words(&self) -> String {
        self.lines.join("\n")
    }

    /// The enhanced status code (RFC 2034) that leads the words, when it is of the same class as the code.
    pub(super) fn enhanced(&self) -> Option<Enhanced> {
        let codes = self.lines.iter().filter_map(|line| enhanced(line, self.code / 100));
        codes.into_iter().next()
    }
}

fn enhanced(line: &str, class: u16) -> Option<Enhanced> {
    let word = line.split_whitespace().next()?;
    let mut parts = word.split('.');
    let mut number = || {
        let part = parts.next()?;
        let is_number = (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse::<u16>().ok())?
    };
    let (own, subject, detail) = (number()?, number()?, number()?);
    (own == class && parts.next().is_none()).then_some(Enhanced { subject, detail })
}

impl Wire {
    pub(super) fn new(stream: Stream) -> Self {
        Self(BufReader::new(stream))
    }

    /// Sends a command, its line end included, and reads the reply.
    pub(super) async fn command(&mut self, command: &str) -> io::Result<Reply> {
        self.send(command.as_bytes()).await?;
        self.reply().await
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await?;
        self.0.flush().await
    }

    /// Reads one reply, of one line or several. When the codes of its lines differ, the last one counts.
    pub(super) async fn reply(&mut self) -> io::Result<Reply> {
        let mut lines = Vec::new();
        loop {
            let line = self.line().await?;
            let (code, more, words) = split(&line).ok_or_else(|| bad("what came is no reply of a mail server"))?;
            lines.push(words);
            if !more {
                return Ok(Reply { code, lines });
            }
            if lines.len() == MOST_LINES {
                return Err(bad("its reply does not end"));
            }
        }
    }

    /// A line without its end.
    async fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        (&mut self.0).take(LONGEST_LINE).read_until(b'\n', &mut line).await?;
        if line.pop() != Some(b'\n') {
            // Without a line end it was cut, by the bound or by the other side.
            let is_cut = line.len() + 1 == usize::try_from(LONGEST_LINE).unwrap_or(usize::MAX);
            return Err(if is_cut {
                bad("a line of its reply does not end")
            } else {
                io::Error::new(io::ErrorKind::UnexpectedEof, "it closed the connection")
            });
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(line)
    }

    /// The bare stream, to be encrypted.
    ///
    /// # Errors
    /// When bytes have come that nobody asked for: whoever is on the way may have put them there, and they would count
    /// as said under encryption.
    pub(super) fn into_stream(self) -> io::Result<Stream> {
        if self.0.buffer().is_empty() {
            Ok(self.0.into_inner())
        } else {
            Err(bad("it went on in plain text after it had agreed to encrypt"))
        }
    }
}

fn bad(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// A line of a reply: its code, whether more follow, and its words. `None`: it is no such line.
fn split(line: &[u8]) -> Option<(u16, bool, String)> {
    let (code, rest) = line.split_at_checked(3)?;
    let code: u16 = std::str::from_utf8(code).ok()?.parse().ok()?;
    if !(200..600).contains(&code) {
        return None;
    }
    let more = rest.first() == Some(&b'-');
    let words = rest.strip_prefix(b"-").or(rest.strip_prefix(b" ")).unwrap_or(rest);
    Some((code, more, String::from_utf8_lossy(words).into_owned()))
}

/// A mail as it goes over the wire, without the dot that ends it: every line ends in CR LF, and a dot that begins one is
/// doubled. Also what ends in a bare CR or LF is a line here, so that no server can see an end where there is none.
pub(super) fn stuffed(mail: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(mail.len() + mail.len() / 32 + 2);
    let mut rest = mail;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let (line, tail) = rest.split_at(end.unwrap_or(rest.len()));
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
        let ends: [&[u8]; 3] = [b"\r\n", b"\r", b"\n"];
        rest = ends.iter().find_map(|end| tail.strip_prefix(*end)).unwrap_or(tail);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Enhanced, LONGEST_LINE, MOST_LINES, Reply, Wire, stuffed};

    /// What is read of these bytes, after which the server closes.
    async fn read(bytes: &[u8]) -> Result<Reply, String> {
        let said = std::io::Cursor::new(bytes.to_vec());
        let mut wire = Wire::new(Box::new(tokio::io::join(said, tokio::io::sink())));
        wire.reply().await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn the_code_decides_whatever_the_words_are() {
        let rows: [(&[u8], u16, &[&str]); 10] = [
            (b"250 2.0.0 f\xfcr\r\n", 250, &["2.0.0 f\u{fffd}r"]),
            (b"250\r\n", 250, &[""]),
            (b"250 \r\n", 250, &[""]),
            (b"250\n", 250, &[""]),
            (b"250-one\r\n250-two\r\n250 three\r\n", 250, &["one", "two", "three"]),
            (b"250-one\r\n250\r\n", 250, &["one", ""]),
            (
                b"250-\xff\xfe\r\n550 5.1.1 no\r\n",
                550,
                &["\u{fffd}\u{fffd}", "5.1.1 no"],
            ),
            (b"299 fine\r\n", 299, &["fine"]),
            (b"250ok\r\n", 250, &["ok"]),
            (b"220 \xe2\x80\xae\x1b[31m\r\n", 220, &["\u{202e}\u{1b}[31m"]),
        ];
        for (bytes, code, lines) in rows {
            let reply = read(bytes).await.unwrap();
            assert_eq!(
                (reply.code, &*reply.lines),
                (code, &*lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>())
            );
        }
    }

    #[tokio::test]
    async fn what_is_no_reply_is_none_and_everything_has_a_bound() {
        let endless = "220-more\r\n".repeat(MOST_LINES + 1);
        let long = format!("250 {}\r\n", "A".repeat(usize::try_from(LONGEST_LINE).unwrap()));
        let rows: [(&str, &[u8], &str); 9] = [
            ("nothing", b"", "it closed the connection"),
            ("half a line", b"250 ok", "it closed the connection"),
            ("half a reply", b"250-ok\r\n", "it closed the connection"),
            ("no number", b"hello\r\n", "what came is no reply of a mail server"),
            ("too short", b"25\r\n", "what came is no reply of a mail server"),
            (
                "code of no class",
                b"199 x\r\n",
                "what came is no reply of a mail server",
            ),
            ("a sign", b"+25 x\r\n", "what came is no reply of a mail server"),
            ("endless", endless.as_bytes(), "its reply does not end"),
            ("long", long.as_bytes(), "a line of its reply does not end"),
        ];
        for (name, bytes, why) in rows {
            assert_eq!(read(bytes).await.unwrap_err(), why, "{name}");
        }
    }

    #[test]
    fn enhanced_codes_lead_the_words_and_match_the_code() {
        let reply = |code, lines: &[&str]| Reply {
            code,
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        };
        let some = |subject, detail| Some(Enhanced { subject, detail });
        for (reply, expected) in [
            (reply(550, &["5.1.1 no such user"]), some(1, 1)),
            (reply(550, &["5.1.10"]), some(1, 10)),
            (reply(550, &["no such user", "5.7.1 really"]), some(7, 1)),
            (reply(450, &["4.2.0 later"]), some(2, 0)),
            (reply(550, &["4.2.0 other class"]), None),
            (reply(550, &["see 5.1.1"]), None),
            (reply(550, &["5.1.1.1 no"]), None),
            (reply(550, &["5.1 no", "5.+1.1 no", "5.1234.1 no"]), None),
            (reply(550, &[""]), None),
        ] {
            assert_eq!(reply.enhanced(), expected, "{reply:?}");
        }
    }

    #[test]
    fn dots_are_doubled_where_a_line_begins_and_nowhere_else() {
        let rows: [(&[u8], &[u8]); 8] = [
            (b"", b""),
            (b"a", b"a\r\n"),
            (b".", b"..\r\n"),
            (b"a.b\r\n.c\r\n", b"a.b\r\n..c\r\n"),
            (b"a\r\n.\r\nb\r\n", b"a\r\n..\r\nb\r\n"),
            (b"a\n.\nb", b"a\r\n..\r\nb\r\n"),
            (b"a\r.\rb", b"a\r\n..\r\nb\r\n"),
            (b"a\r\r\n\n.b", b"a\r\n\r\n\r\n..b\r\n"),
        ];
        for (mail, expected) in rows {
            assert_eq!(stuffed(mail), expected, "{mail:?}");
        }
    }
}
