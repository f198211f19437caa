//! A server of bytes: it answers each function as a test says, also as no API would, or not at all.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// What is sent back, as bytes; nothing keeps the caller waiting.
pub type Answer = Option<Vec<u8>>;

type Script = dyn Fn(&str) -> Answer + Send + Sync;

/// A server on a free port of loopback.
pub struct Elsewhere {
    pub address: SocketAddr,
    calls: Receiver<String>,
}

impl Elsewhere {
    /// Answers a call of a function as `script` says.
    pub fn start(script: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, calls) = channel();
        let script: Arc<Script> = Arc::new(script);
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let (script, tell) = (Arc::clone(&script), tell.clone());
                std::thread::spawn(move || serve(stream, &*script, &tell));
            }
        });
        Self { address, calls }
    }

    /// Waits for the next call, whole, and tells its function.
    pub fn next(&self) -> String {
        let next = self.calls.recv_timeout(Duration::from_secs(20));
        next.expect("a call within 20 seconds")
    }

    /// The functions that were called meanwhile.
    pub fn called(&self) -> Vec<String> {
        self.calls.try_iter().collect()
    }
}

/// HTTP 200 with a body.
pub fn ok(body: &str) -> Answer {
    http("200 OK", "", body)
}

/// An answer with its length.
pub fn http(status: &str, headers: &str, body: &str) -> Answer {
    let length = body.len();
    Some(format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}").into_bytes())
}

fn serve(mut stream: TcpStream, script: &Script, tell: &Sender<String>) {
    while let Some(function) = function(&mut stream) {
        tell.send(function.clone()).ok();
        let answer = script(&function);
        let Some(answer) = answer else {
            // Until the caller gives up.
            stream.read_to_end(&mut Vec::new()).ok();
            return;
        };
        if stream.write_all(&answer).is_err() {
            return;
        }
    }
}

/// The function of the next form.
fn function(stream: &mut TcpStream) -> Option<String> {
    let mut form = Vec::new();
    let mut bytes = [0; 4096];
    loop {
        let count = stream.read(&mut bytes).ok().filter(|count| *count > 0)?;
        form.extend_from_slice(&bytes[..count]);
        let text = String::from_utf8_lossy(&form);
        if text.ends_with("--\r\n") {
            let (_, method) = text.split_once("name=\"method\"\r\n\r\n")?;
            return Some(method.split_once('\r')?.0.to_owned());
        }
    }
}
