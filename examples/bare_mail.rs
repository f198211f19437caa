//! The measure for a burst of mails: the same letters composed and sent by the same mail library over as many connections,
//! and nothing else: blocking, a thread for each connection, which costs less than any runtime. No store, retries or
//! reports belong here, and nothing of the library is used.
//!
//! ```text
//! cargo run --release --example bare_mail -- PORT MAILS TEXT_FILE HTML_FILE [CONNECTIONS]
//! ```

use std::error::Error;

use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::client::SmtpConnection;
use lettre::transport::smtp::extension::ClientId;

/// Connections unless told otherwise: as many as the channel holds.
const CONNECTIONS: usize = 3;

type Failure = Box<dyn Error + Send + Sync>;

#[expect(clippy::print_stdout, reason = "a program of its own; this is its answer")]
fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, mails, text, html, more @ ..] = arguments.as_slice() else {
        return Err("arguments: PORT MAILS TEXT_FILE HTML_FILE [CONNECTIONS]".into());
    };
    let (port, mails): (u16, usize) = (port.parse()?, mails.parse()?);
    let connections = more.first().map_or(Ok(CONNECTIONS), |number| number.parse())?;
    let (text, html) = (std::fs::read_to_string(text)?, std::fs::read_to_string(html)?);
    let (text, html) = (text.as_str(), html.as_str());
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..connections)
            .map(|first| scope.spawn(move || send(port, (first..mails).step_by(connections), text, html)))
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().map_err(|_| "a thread ended early")?)
    })?;
    println!("sent {mails}");
    Ok(())
}

/// Sends mails with these numbers over one connection.
fn send(port: u16, numbers: impl Iterator<Item = usize>, text: &str, html: &str) -> Result<(), Failure> {
    let hello = ClientId::default();
    let mut connection = SmtpConnection::connect(("127.0.0.1", port), None, &hello, None, None)?;
    let from: Mailbox = "Phone service <alerts@example.com>".parse()?;
    let to: Mailbox = "noc@example.com".parse()?;
    for number in numbers {
        let mail = Message::builder()
            .from(from.clone())
            .to(to.clone())
            .subject("[warning] Consulting: balance $8.05, below $10.00")
            .date_now()
            .message_id(Some(format!("<{number:032x}@example.com>")))
            .in_reply_to(format!("<thread.{number:032x}@example.com>"))
            .references(format!("<thread.{number:032x}@example.com>"))
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("X-Auto-Response-Suppress", "All"))
            .multipart(MultiPart::alternative_plain_html(text.to_owned(), html.to_owned()))?;
        connection.send(mail.envelope(), &mail.formatted())?;
    }
    connection.quit()?;
    Ok(())
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}
