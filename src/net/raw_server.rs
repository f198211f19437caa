//! A server for tests that speaks bytes: it shares nothing with the simulator and does whatever a test wants, also what
//! no HTTP library would.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Sends these bytes and waits for the next request.
    Send(Vec<u8>),
    /// Sends these bytes and closes.
    SendAndClose(Vec<u8>),
    /// Sends the first bytes at once and the others one by one, this far apart.
    Drip(Vec<u8>, Vec<u8>, Duration),
    Silence,
    Reset,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Which connection it came over, counted from 0.
    pub connection: usize,
    /// Request line and headers.
    pub head: String,
    pub body: String,
}

type Script = dyn Fn(usize, &Seen) -> Act + Send + Sync;

/// A server on a free loopback port; it lives as long as the test's runtime.
pub(crate) struct RawServer {
    /// `http://127.0.0.1:PORT/api/v1/rest.php`
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl RawServer {
    /// Answers request number `n` (counted from 0) as `script` says.
    pub(crate) async fn start(script: impl Fn(usize, &Seen) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api/v1/rest.php", listener.local_addr().unwrap());
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let script: Arc<Script> = Arc::new(script);
        tokio::spawn({
            let seen = Arc::clone(&seen);
            async move {
                for connection in 0.. {
                    let (stream, _) = listener.accept().await.unwrap();
                    tokio::spawn(serve(stream, connection, Arc::clone(&script), Arc::clone(&seen)));
                }
            }
        });
        Self { url, seen }
    }

    /// Always answers HTTP 200 with `body`.
    pub(crate) async fn answering(body: &str) -> Self {
        let answer = ok(body);
        Self::start(move |_, _| Act::Send(answer.clone())).await
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, connection: usize, script: Arc<Script>, seen: Arc<Mutex<Vec<Seen>>>) {
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer, connection).await {
        let number = {
            let mut seen = seen.lock().unwrap();
            seen.push(request.clone());
            seen.len() - 1
        };
        match script(number, &request) {
            Act::Send(bytes) => drop(stream.write_all(&bytes).await),
            Act::SendAndClose(bytes) => {
                drop(stream.write_all(&bytes).await);
                drop(stream.shutdown().await);
                return;
            }
            Act::Drip(first, bytes, every) => {
                drop(stream.write_all(&first).await);
                let mut ticks = tokio::time::interval(every);
                for byte in bytes {
                    ticks.tick().await;
                    if stream.write_all(&[byte]).await.is_err() {
                        return;
                    }
                }
            }
            Act::Silence => std::future::pending().await,
            Act::Reset => {
                stream.set_zero_linger().unwrap();
                return;
            }
        }
    }
}

/// Reads one request; `None` when the client closed.
async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>, connection: usize) -> Option<Seen> {
    loop {
        if let Some(end) = find(buffer, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok())
                .unwrap_or(0);
            while buffer.len() < end + 4 + length {
                if stream.read_buf(buffer).await.ok()? == 0 {
                    return None;
                }
            }
            let body = String::from_utf8_lossy(&buffer[end + 4..end + 4 + length]).into_owned();
            buffer.drain(..end + 4 + length);
            return Some(Seen { connection, head, body });
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

pub(crate) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// An answer with status 200 and this body.
pub(crate) fn ok(body: &str) -> Vec<u8> {
    answer("200 OK", "content-type: text/html; charset=UTF-8\r\n", body.as_bytes())
}

/// An answer with its length.
pub(crate) fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// A gzip file of `body`, uncompressed within.
pub(crate) fn gzip(body: &[u8]) -> Vec<u8> {
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut blocks = body.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap();
        file.push(u8::from(blocks.peek().is_none()));
        file.extend_from_slice(&length.to_le_bytes());
        file.extend_from_slice(&(!length).to_le_bytes());
        file.extend_from_slice(block);
    }
    file.extend_from_slice(&crc32(body).to_le_bytes());
    file.extend_from_slice(&u32::try_from(body.len()).unwrap().to_le_bytes());
    file
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    })
}

/// A gzip file that decompresses to `megabytes` of blanks: 158 times its size.
pub(crate) fn gzip_bomb(megabytes: usize) -> Vec<u8> {
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let (mut pending, mut bits) = (0u32, 0);
    let mut put = |file: &mut Vec<u8>, value: u32, count: u32| {
        pending |= value << bits;
        bits += count;
        while bits >= 8 {
            file.push(u8::try_from(pending & 0xff).unwrap());
            pending >>= 8;
            bits -= 8;
        }
    };
    // The last block, fixed codes; a blank (code 0x30 + 0x20); then "repeat the last byte 258 times" over and over.
    put(&mut file, 0b011, 3);
    put(&mut file, reversed(0x50, 8), 8);
    for _ in 0..megabytes * (1 << 20) / 258 + 1 {
        put(&mut file, reversed(0b1100_0101, 8), 8);
        put(&mut file, 0, 5);
    }
    put(&mut file, 0, 7);
    put(&mut file, 0, 8);
    file.extend_from_slice(&[0; 8]);
    file
}

fn reversed(code: u32, bits: u32) -> u32 {
    code.reverse_bits() >> (32 - bits)
}
