//! A receiver of HTTP on a port of loopback, in this process, that keeps what it is posted and does as it is told. It
//! speaks bytes and judges nothing.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// What it does with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Answers with this status, these headers (lines that end) and this body.
    Answer(u16, &'static str, &'static str),
    /// Answers as the vendor of this path does who has taken it.
    Take,
    HangUp,
    /// Says nothing until it is told to do something else, which it does then.
    Silence,
    Garbage,
}

pub const GOOD: Act = Act::Answer(200, "", "ok");

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Request line and headers.
    pub head: String,
    pub body: String,
}

impl Seen {
    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// It ends with the test's runtime.
pub struct Receiver {
    pub address: SocketAddr,
    act: watch::Sender<Act>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Receiver {
    pub async fn start() -> Self {
        Self::serve(None).await
    }

    /// One that speaks TLS as `localhost` with a certificate that has expired, and who signed that, in PEM.
    pub async fn expired() -> (Self, String) {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(vec![]).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = STANDARD.encode(parameters.self_signed(&key).unwrap().der());
        let root = format!("-----BEGIN CERTIFICATE-----\n{root}\n-----END CERTIFICATE-----\n");
        let issuer = Issuer::new(parameters, key);
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        parameters.not_after = rcgen::date_time_ymd(2001, 1, 1);
        let certificate = parameters.signed_by(&key, &issuer).unwrap();
        let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .unwrap();
        (Self::serve(Some(TlsAcceptor::from(Arc::new(config)))).await, root)
    }

    async fn serve(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (act, acts) = watch::channel(GOOD);
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let keeps = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acts, keeps, tls) = (acts.clone(), Arc::clone(&keeps), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => converse(stream, acts, keeps).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                converse(stream, acts, keeps).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, act, seen }
    }

    /// From now on.
    pub fn behave(&self, act: Act) {
        self.act.send_replace(act);
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests with a body so far: those without are checks.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

/// Takes one request.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    mut acts: watch::Receiver<Act>,
    keeps: Arc<Mutex<Vec<Seen>>>,
) {
    let Some(seen) = request(&mut stream).await else {
        return;
    };
    let number = {
        let mut keeps = keeps.lock().unwrap();
        keeps.push(seen.clone());
        keeps.len()
    };
    let act = acts.wait_for(|act| *act != Act::Silence).await;
    let Ok(act) = act.map(|act| act.clone()) else {
        return;
    };
    let bytes = match act {
        Act::Take => taken(seen.path(), number),
        Act::Answer(status, headers, body) => {
            format!(
                "HTTP/1.1 {status} Words\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            )
        }
        Act::Garbage => "SSH-2.0-OpenSSH_9.2\r\n".to_owned(),
        Act::HangUp | Act::Silence => String::new(),
    };
    // A client that has gone is no trouble of the test.
    stream.write_all(bytes.as_bytes()).await.ok();
    stream.shutdown().await.ok();
}

/// What PagerDuty, Slack's API, its incoming webhooks and ntfy answer.
fn taken(path: &str, number: usize) -> String {
    let (status, body) = match path {
        "/v2/enqueue" => (202, r#"{"status":"success","message":"Event processed"}"#.to_owned()),
        path if path.starts_with("/api/") => {
            let posted = format!(r#"{{"ok":true,"channel":"C1","ts":"15.{number:06}","team":"T","user":"U"}}"#);
            (200, posted)
        }
        path if path.starts_with("/services/") => (200, "ok".to_owned()),
        _ => (200, format!(r#"{{"id":"m{number}","event":"message"}}"#)),
    };
    let length = body.len();
    format!("HTTP/1.1 {status} Words\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
}

/// `None`: it hung up before the whole body was there, or sent none.
pub async fn request<S: AsyncRead + Unpin>(stream: &mut S) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut seen = Seen {
        head,
        body: String::new(),
    };
    let length: usize = seen.header("content-length")?.parse().unwrap();
    while bytes.len() < end + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    seen.body = String::from_utf8(bytes[end + 4..].to_vec()).unwrap();
    Some(seen)
}
