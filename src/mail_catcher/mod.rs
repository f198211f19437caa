//! A mail server on loopback that keeps what it is sent, and misbehaves on request. Used by the demo and by tests.
//!
//! It relays nothing, listens on nothing but 127.0.0.1, and shares no code with the sending side, so that one mistake
//! cannot hide in both.

mod conversation;
#[cfg(test)]
mod tests;
mod words;

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use self::conversation::Conversation;
pub use self::words::{decoded, unencoded, unquoted};

/// Conversations held at once; more wait to be accepted. One sender holds few.
const MOST_CONVERSATIONS: usize = 64;

/// Mails kept in memory while they are written to files, too: a catcher beside a simulator may run for weeks.
const MOST_IN_MEMORY: usize = 1_000;

/// A connection, encrypted or not.
pub type Wire = Box<dyn Duplex>;

/// What a connection must be able to do.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Makes a connection an encrypted one, as the server: the catcher itself knows no TLS.
pub type Upgrade = Arc<dyn Fn(Wire) -> Pin<Box<dyn Future<Output = io::Result<Wire>> + Send>> + Send + Sync>;

/// What a catcher is like. The default keeps mails in memory only, takes any login and offers no encryption.
#[derive(Clone, Default)]
pub struct Options {
    /// Where each mail is written as `NNNN-recipient.eml`; it must exist. `None`: nowhere.
    pub folder: Option<PathBuf>,
    /// Mails are numbered from the one after this.
    pub numbered_after: u32,
    /// The only user and password that may log in, and must, before any mail; `None`: anybody may, nobody must.
    pub login: Option<(String, String)>,
    /// Whether AUTH is not offered at all.
    pub without_auth: bool,
    /// Whether addresses beyond ASCII are taken.
    pub utf8: bool,
    pub starttls: Option<Upgrade>,
    /// Encrypts from the first byte.
    pub tls: Option<Upgrade>,
}

/// A point of the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The first line, before anything was said.
    Greeting,
    Ehlo,
    StartTls,
    /// AUTH, when the secret was said.
    Auth,
    MailFrom,
    Rcpt,
    Data,
    /// The end of the mail itself.
    Content,
}

/// How a conversation goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    #[default]
    Good,
    /// Says nothing any more from this stage on, and keeps the connection. At [`Stage::Content`] the mail is kept.
    Stall(Stage),
    /// Closes the connection instead of answering. At [`Stage::Content`] the mail is kept: the reply is lost.
    HangUp(Stage),
    /// Answers this way at this stage, and takes nothing there.
    Answer {
        at: Stage,
        /// The reply code, such as 451.
        code: u16,
        /// The words behind it.
        text: &'static str,
    },
    /// Answers this way to RCPT for addresses that begin so, and is good to all others.
    Refuse {
        to: &'static str,
        /// The reply code, such as 550.
        code: u16,
        /// The words behind it.
        text: &'static str,
    },
    /// Waits this long (in real time) before each answer.
    Slow(Duration),
    /// Waits this long (in real time) before it answers a whole mail, which is kept.
    LateAnswer(Duration),
    /// Closes the connection without a word after each mail that was taken.
    OneMailEach,
}

/// A mail that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaughtMail {
    /// 1 is the first.
    pub number: u32,
    pub from: String,
    pub to: Vec<String>,
    /// The mail as it was sent, dots unstuffed, lines ended by CR LF.
    pub data: Vec<u8>,
    /// Where it was written.
    pub file: Option<PathBuf>,
    /// Who had logged in.
    pub user: Option<String>,
    /// Whether the connection was encrypted.
    pub encrypted: bool,
}

impl CaughtMail {
    /// The first header of this name, its lines joined, encoded words left as they are.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let text = String::from_utf8_lossy(&self.data);
        let head = text.split("\r\n\r\n").next().unwrap_or_default();
        let unfolded = head.replace("\r\n\t", " ").replace("\r\n ", " ");
        unfolded.split("\r\n").find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }

    /// The subject, its encoded words read; empty when there is none.
    #[must_use]
    pub fn subject(&self) -> String {
        words::unencoded(&self.header("Subject").unwrap_or_default())
    }
}

/// A running catcher. It ends, with all its conversations, when dropped.
#[derive(Debug)]
pub struct MailCatcher {
    address: SocketAddr,
    server: MailServer,
    // Aborts everything when dropped.
    _accepting: JoinSet<()>,
}

/// The same without a port: it holds the conversations that it is handed.
#[derive(Clone, Debug)]
pub struct MailServer {
    shared: Arc<Shared>,
}

impl MailServer {
    #[must_use]
    pub fn new(options: Options) -> Self {
        let numbered_after = options.numbered_after;
        Self {
            shared: Arc::new(Shared {
                options,
                script: Mutex::default(),
                mails: watch::Sender::new(Vec::new()),
                next_number: AtomicU32::new(numbered_after.saturating_add(1)),
                conversations: AtomicU32::new(0),
                stalled: watch::Sender::new(0),
            }),
        }
    }

    /// Holds a conversation until either side ends it.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn hold(&self, wire: Wire) -> io::Result<()> {
        Conversation::hold(wire, &self.shared).await
    }

    /// Changes with each mail that is taken.
    #[must_use]
    pub fn listen(&self) -> watch::Receiver<Vec<Arc<CaughtMail>>> {
        self.shared.mails.subscribe()
    }

    /// Hands out the mails that were taken since the last call.
    #[must_use]
    pub fn take_mails(&self) -> Vec<Arc<CaughtMail>> {
        let mut taken = Vec::new();
        self.shared.mails.send_if_modified(|mails| {
            taken = std::mem::take(mails);
            false
        });
        taken
    }

    /// From the next mail on, all go this way.
    pub fn behave(&self, behaviour: Behaviour) {
        let mut script = self.shared.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.otherwise = behaviour;
    }
}

/// What all conversations share.
struct Shared {
    options: Options,
    script: Mutex<Script>,
    mails: watch::Sender<Vec<Arc<CaughtMail>>>,
    next_number: AtomicU32,
    conversations: AtomicU32,
    stalled: watch::Sender<u32>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct Script {
    /// For one mail each.
    next: VecDeque<Behaviour>,
    otherwise: Behaviour,
}

impl Shared {
    fn next_behaviour(&self) -> Behaviour {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.next.pop_front().unwrap_or_else(|| script.otherwise.clone())
    }
}

impl MailCatcher {
    /// Starts one on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let server = MailServer::new(options);
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, server.clone()));
        Ok(Self {
            address,
            server,
            _accepting: accepting,
        })
    }

    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// From the next mail on, all go this way.
    pub fn behave(&self, behaviour: Behaviour) {
        self.server.behave(behaviour);
    }

    /// The next mails go these ways, one each, before the others. The first mail of a conversation begins with it.
    pub fn behave_next(&self, behaviours: impl IntoIterator<Item = Behaviour>) {
        let mut script = self.server.shared.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.next.extend(behaviours);
    }

    /// How many conversations were begun.
    #[must_use]
    pub fn conversations(&self) -> u32 {
        self.server.shared.conversations.load(Ordering::SeqCst)
    }

    /// The mails so far, in the order in which they were taken.
    #[must_use]
    pub fn mails(&self) -> Vec<Arc<CaughtMail>> {
        self.server.shared.mails.borrow().clone()
    }

    /// Waits until at least `count` conversations have come to where they stall.
    pub async fn wait_for_stalled(&self, count: u32) {
        let mut stalled = self.server.shared.stalled.subscribe();
        // The sender lives as long as this catcher.
        stalled.wait_for(|stalled| *stalled >= count).await.ok();
    }

    /// Waits until at least `count` mails were taken, and gives them all.
    pub async fn wait_for(&self, count: usize) -> Vec<Arc<CaughtMail>> {
        let mut mails = self.server.shared.mails.subscribe();
        // The sender lives as long as this catcher, so that waiting ends only with enough mails.
        let enough = mails.wait_for(|mails| mails.len() >= count).await;
        enough.map(|mails| mails.clone()).unwrap_or_default()
    }
}

async fn accept(listener: TcpListener, server: MailServer) {
    let places = Arc::new(Semaphore::new(MOST_CONVERSATIONS));
    let mut conversations = JoinSet::new();
    loop {
        while conversations.try_join_next().is_some() {}
        // The semaphore is never closed, and a failed accept (too many open files) may work the next time.
        let (Ok(place), Ok((stream, _))) = (Arc::clone(&places).acquire_owned().await, listener.accept().await) else {
            tokio::task::yield_now().await;
            continue;
        };
        // Small answers leave at once; it works without, too.
        stream.set_nodelay(true).ok();
        let server = server.clone();
        conversations.spawn(async move {
            // A connection that breaks is the sender's matter; the next one is served.
            server.hold(Box::new(stream)).await.ok();
            drop(place);
        });
    }
}
