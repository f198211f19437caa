//! Entries of systemd's journal, with the fields of an event as fields of the entry. They leave through the same queue as lines
//! do: a journal that sleeps holds up nobody.
//!
//! The text has the fields, too, so that it says as much as the line on a terminal to whoever reads only that.

use std::fmt::{Debug, Write as _};
use std::io::{self, Write};
use std::os::unix::net::UnixDatagram;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::queue::Queue;

/// Where the journal takes entries.
const SOCKET: &str = "/run/systemd/journal/socket";

/// More would need another way than a datagram; no event of this program has so much to say.
const MOST_BYTES: usize = 64 << 10;

/// Who says it.
const IDENTIFIER: &str = "balancewatch";

/// Writes each entry into the queue.
pub(super) struct Journal(pub &'static Queue);

impl<S: Subscriber> Layer<S> for Journal {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let mut said = Said::default();
        event.record(&mut said);
        let mut entry = Vec::new();
        field(&mut entry, "MESSAGE", &format!("{}{}", said.message, said.line));
        field(&mut entry, "PRIORITY", priority(*metadata.level()));
        field(&mut entry, "SYSLOG_IDENTIFIER", IDENTIFIER);
        field(&mut entry, "TARGET", metadata.target());
        for (name, value) in &said.fields {
            field(&mut entry, name, value);
        }
        self.0.push(&entry);
    }
}

/// An entry with a text alone.
pub(super) fn plain(text: &str) -> Vec<u8> {
    let mut entry = Vec::new();
    field(&mut entry, "MESSAGE", text);
    field(&mut entry, "PRIORITY", priority(Level::ERROR));
    field(&mut entry, "SYSLOG_IDENTIFIER", IDENTIFIER);
    entry
}

/// The journal's socket, when standard error is the stream that `stream` names as `DEVICE:INODE`.
pub(super) fn socket(stream: &str) -> Option<Entries> {
    let is = rustix::fs::fstat(io::stderr()).ok()?;
    if stream != format!("{}:{}", is.st_dev, is.st_ino) {
        return None;
    }
    let socket = UnixDatagram::unbound().ok()?;
    socket.connect(SOCKET).ok()?;
    Some(Entries(socket))
}

/// Each write is an entry.
pub(super) struct Entries(UnixDatagram);

impl Write for Entries {
    fn write(&mut self, entry: &[u8]) -> io::Result<usize> {
        self.0.send(entry)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What an event says.
#[derive(Default)]
struct Said {
    message: String,
    /// The fields as text.
    line: String,
    /// By the names that they have in the journal.
    fields: Vec<(String, String)>,
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
            return;
        }
        write!(self.line, " {}={value:?}", field.name()).ok();
        let name = format!("BALANCEWATCH_{}", field.name().to_ascii_uppercase().replace('.', "_"));
        self.fields.push((name, value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let value = format!("{value:?}");
        if field.name() == "message" {
            self.message = value;
            return;
        }
        write!(self.line, " {}={value}", field.name()).ok();
        let name = format!("BALANCEWATCH_{}", field.name().to_ascii_uppercase().replace('.', "_"));
        self.fields.push((name, value));
    }
}

/// As syslog counts.
const fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => "3",
        Level::WARN => "4",
        Level::INFO => "6",
        _ => "7",
    }
}

/// Adds a field with its length before it, so that a line break is part of the value. What is too long is left out.
fn field(entry: &mut Vec<u8>, name: &str, value: &str) {
    let room = MOST_BYTES.saturating_sub(entry.len() + name.len());
    let value = &value.as_bytes()[..value.len().min(room)];
    entry.extend_from_slice(name.as_bytes());
    entry.push(b'\n');
    entry.extend_from_slice(&(value.len() as u64).to_le_bytes());
    entry.extend_from_slice(value);
    entry.push(b'\n');
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::mpsc;

    use tracing_subscriber::layer::SubscriberExt;

    use super::{Journal, plain, socket};
    use crate::telemetry::queue::Queue;

    struct Taken(mpsc::Sender<Vec<u8>>);

    impl Write for Taken {
        fn write(&mut self, entry: &[u8]) -> std::io::Result<usize> {
            self.0.send(entry.to_vec()).ok();
            Ok(entry.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// An entry's fields.
    fn fields(mut entry: &[u8]) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        while let Some(end) = entry.iter().position(|byte| *byte == b'\n') {
            let (name, rest) = (&entry[..end], &entry[end + 1..]);
            let length = usize::try_from(u64::from_le_bytes(rest[..8].try_into().unwrap())).unwrap();
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            fields.push((text(name), text(&rest[8..8 + length])));
            entry = &rest[8 + length + 1..];
        }
        fields
    }

    #[test]
    fn an_event_is_an_entry_whose_fields_nobody_can_forge() {
        static QUEUE: Queue = Queue::new();
        let (sender, taken) = mpsc::channel();
        std::thread::spawn(move || QUEUE.work(Taken(sender), |_| {}));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(Journal(&QUEUE)), || {
            tracing::warn!(account = %"main", clients = 3, why = "a\nPRIORITY=0", "sweep done");
        });
        let expected = [
            ("MESSAGE", "sweep done account=main clients=3 why=\"a\\nPRIORITY=0\""),
            ("PRIORITY", "4"),
            ("SYSLOG_IDENTIFIER", "balancewatch"),
            ("TARGET", module_path!()),
            ("BALANCEWATCH_ACCOUNT", "main"),
            ("BALANCEWATCH_CLIENTS", "3"),
            ("BALANCEWATCH_WHY", "a\nPRIORITY=0"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(fields(&taken.recv().unwrap()), expected);
        assert_eq!(fields(&plain(&"x".repeat(100_000))).len(), 3);
    }

    #[test]
    fn another_stream_than_the_journals_keeps_its_lines() {
        for stream in ["", "1", "0:0", "x:y"] {
            assert!(socket(stream).is_none(), "{stream}");
        }
    }
}
