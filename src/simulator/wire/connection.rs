//! Connections with what HTTP libraries leave out: real resets, a limit on the request line as it is on the wire, and an
//! end that lets the other side read its answer. Knows nothing of requests beyond the first line.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Sleep;

/// Longest request line that the real server takes (measured there), without its line end.
pub(super) const LONGEST_REQUEST_LINE_BYTES: usize = 8_190;

/// How long the other side may go on sending what nobody reads, so that it gets to its answer.
const LINGER: Duration = Duration::from_secs(2);

/// Above so many bytes the rest of a request line goes no further: who reads the head takes little more and would
/// refuse it in words of its own.
const CUT_REQUEST_LINE_BYTES: usize = 60_000;

/// What a request line that is too long is ended with: the rest of it is never looked at.
const CUT: &[u8] = b" HTTP/1.1\r\nconnection: close\r\n\r\n";

/// How long to wait after a connection could not be taken, for instance because too many files are open. A shorter wait
/// would keep a processor busy, a longer one callers waiting.
const RETRY_ACCEPT: Duration = Duration::from_millis(100);

/// The next connection, and who is at its other end.
pub(super) async fn accept(listener: &TcpListener) -> (Connection, Peer) {
    let (stream, address) = loop {
        match listener.accept().await {
            Ok(accepted) => break accepted,
            Err(_) => tokio::time::sleep(RETRY_ACCEPT).await,
        }
    };
    // Without it answers would still come, only later.
    stream.set_nodelay(true).ok();
    let connection = Connection::new(stream);
    let peer = Peer {
        address: address.ip().to_canonical(),
        switches: Arc::clone(&connection.switches),
    };
    (connection, peer)
}

/// Who is at the other end, and the switches of the connection.
#[derive(Clone)]
pub(super) struct Peer {
    pub(super) address: IpAddr,
    switches: Arc<Switches>,
}

#[derive(Debug, Default)]
struct Switches {
    reset: AtomicBool,
    linger: AtomicBool,
    expect_line: AtomicBool,
    line_bytes: AtomicUsize,
}

impl Peer {
    /// Nothing more is sent, and the connection ends with a reset.
    pub(super) fn reset(&self) {
        self.switches.reset.store(true, Ordering::Release);
    }

    /// The connection will end with some of the request unread: the other side is given time to read the answer.
    pub(super) fn linger(&self) {
        self.switches.linger.store(true, Ordering::Release);
    }

    /// A request has begun, and none of its body was asked for yet. The length of its line without its end; 0 when it
    /// came together with the request before, since nobody looked for its line then.
    pub(super) fn begin_request(&self) -> usize {
        let seen = self.switches.line_bytes.swap(0, Ordering::AcqRel);
        let came_along = self.switches.expect_line.swap(false, Ordering::AcqRel);
        if came_along { 0 } else { seen }
    }

    /// The request is read: what is received next begins with another request line, unless one is there already.
    pub(super) fn end_request(&self) {
        self.switches.expect_line.store(true, Ordering::Release);
    }
}

/// How far a connection is with a request line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// So many bytes of it have come.
    Coming(usize),
    /// It has ended and had so many bytes.
    Over(usize),
    /// It was far too long, and so many bytes of [`CUT`] have been handed on in the place of its rest.
    Cut(usize),
}

/// A connection that does what its switches say.
pub(super) struct Connection {
    stream: TcpStream,
    switches: Arc<Switches>,
    line: Line,
    lingering: Option<Pin<Box<Sleep>>>,
}

impl Connection {
    fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            switches: Arc::default(),
            line: Line::Coming(0),
            lingering: None,
        }
    }

    /// The error that ends the connection, if it is to be reset. With no lingering, dropping the stream makes the
    /// kernel send RST instead of FIN.
    fn check(&self) -> io::Result<()> {
        if !self.switches.reset.load(Ordering::Acquire) {
            return Ok(());
        }
        self.stream.set_zero_linger().ok();
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

/// Looks at what was read behind `before` while a request line is coming; cuts it when it becomes far too long.
fn watch_line(seen: usize, before: usize, buffer: &mut ReadBuf<'_>) -> Line {
    let new = &buffer.filled()[before..];
    let end = new.iter().position(|byte| *byte == b'\n');
    let length = seen + end.unwrap_or(new.len());
    // With its end in sight it is cut only where the end cannot be mistaken for part of the target.
    let most = CUT_REQUEST_LINE_BYTES + if end.is_some() { CUT.len() } else { 0 };
    if length > most {
        buffer.set_filled(before + CUT_REQUEST_LINE_BYTES.saturating_sub(seen));
        return Line::Cut(0);
    }
    // A CR at the end is no part of the line, also when its LF comes later.
    let length = length - usize::from(new[..end.unwrap_or(new.len())].ends_with(b"\r"));
    match end {
        Some(_) => Line::Over(length),
        None => Line::Coming(length),
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.switches.expect_line.swap(false, Ordering::AcqRel) {
            self.line = Line::Coming(0);
        }
        if let Line::Coming(seen) = self.line {
            let before = buffer.filled().len();
            ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
            self.line = watch_line(seen, before, buffer);
            if let Line::Over(length) = self.line {
                self.switches.line_bytes.store(length, Ordering::Release);
            }
            if buffer.filled().len() > before || self.line != Line::Cut(0) {
                return Poll::Ready(Ok(()));
            }
        }
        if let Line::Cut(sent) = self.line {
            if sent == CUT.len() {
                // The answer that is coming ends the connection; nothing is read before.
                return Poll::Pending;
            }
            let part = &CUT[sent..CUT.len().min(sent + buffer.remaining())];
            buffer.put_slice(part);
            self.line = Line::Cut(sent + part.len());
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A shutdown would send the FIN that a reset must not be preceded by.
        self.check()?;
        if self.lingering.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            if !self.switches.linger.load(Ordering::Acquire) {
                return Poll::Ready(Ok(()));
            }
            self.lingering = Some(Box::pin(tokio::time::sleep(LINGER)));
        }
        // Closing with bytes unread would send a reset, which may overtake the answer.
        let mut unread = [0; 16 * 1024];
        loop {
            if let Some(lingering) = &mut self.lingering
                && lingering.as_mut().poll(context).is_ready()
            {
                return Poll::Ready(Ok(()));
            }
            let mut buffer = ReadBuf::new(&mut unread);
            let read = ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CUT_REQUEST_LINE_BYTES, Line, ReadBuf, watch_line};

    #[test]
    fn a_line_is_measured_and_cut_when_it_is_far_too_long() {
        const MOST: usize = CUT_REQUEST_LINE_BYTES;
        for (name, seen, new, line, kept) in [
            ("begins", 0, "GET /".to_owned(), Line::Coming(5), 5),
            ("goes on", 5, "x HT".to_owned(), Line::Coming(9), 4),
            ("ends", 5, "x HTTP/1.1\r\nHost: x".to_owned(), Line::Over(15), 19),
            ("LF alone", 5, "x HTTP/1.1\nHost: x".to_owned(), Line::Over(15), 18),
            ("CR alone", 5, "x HTTP/1.1\r".to_owned(), Line::Coming(15), 11),
            ("LF after it", 15, "\n".to_owned(), Line::Over(15), 1),
            ("nothing in it", 0, "\n".to_owned(), Line::Over(0), 1),
            ("as long as goes on", MOST, "\nx".to_owned(), Line::Over(MOST), 2),
            (
                "its end in sight",
                MOST - 11,
                "x HTTP/1.1\r\n".to_owned(),
                Line::Over(MOST - 1),
                12,
            ),
            (
                "a little more",
                MOST - 1,
                "x HTTP/1.1\r\n".to_owned(),
                Line::Over(MOST + 9),
                12,
            ),
            ("too long", MOST, format!("{}\r\n", "x".repeat(40)), Line::Cut(0), 0),
            ("too long at once", 0, "x".repeat(MOST * 2), Line::Cut(0), MOST),
            ("one too long", 1, "x".repeat(MOST), Line::Cut(0), MOST - 1),
        ] {
            let mut memory = vec![0; MOST * 3];
            let mut buffer = ReadBuf::new(&mut memory);
            buffer.put_slice(b"before");
            buffer.put_slice(new.as_bytes());
            assert_eq!(watch_line(seen, 6, &mut buffer), line, "{name}");
            assert_eq!(buffer.filled(), format!("before{}", &new[..kept]).as_bytes(), "{name}");
        }
    }
}
