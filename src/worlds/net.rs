//! What the program reaches: the API, the receivers and the mail server, each at a port of loopback that is none.

use std::io;
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};

use super::plan::{Moment, Plan};
use super::world::{ACCOUNT, World};
use super::{receivers, rehearse, upstream};
use crate::net::{HttpAnswer, HttpError, HttpRequest, Inside, Stream};

/// Where the API is.
pub const API_PORT: u16 = 1;

/// Where the mail server is.
pub const MAIL_PORT: u16 = 2;

/// Bytes of a conversation that wait to be read.
const PIPE_BYTES: usize = 64 << 10;

/// Everything that one life of the program can reach.
pub(super) struct Reached {
    world: Arc<World>,
    life: u32,
}

impl Reached {
    pub(super) fn new(world: &Arc<World>, life: u32) -> Self {
        let world = Arc::clone(world);
        Self { world, life }
    }
}

impl Inside for Reached {
    fn exchange(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpAnswer, HttpError>> {
        Box::pin(async move {
            let is_api = request.url.port() == Some(API_PORT);
            let moment = if is_api { Moment::Call } else { Moment::Post };
            let (world, life) = (&self.world, self.life);
            let place = format!("{} {}", request.method, request.url.port().unwrap_or_default());
            let point = async |when: &str| {
                if world.is_over(life) || world.passes(life, moment, || format!("{when} {place}")) {
                    std::future::pending::<()>().await;
                }
            };
            point("before").await;
            let answer = if is_api {
                upstream::answer(world, request).await
            } else if world.told().is_some() {
                rehearse::answer(world, &request)
            } else {
                receivers::answer(world, life, request).await
            };
            point("after").await;
            answer
        })
    }

    fn connect(&self, _host: &str, _port: u16) -> BoxFuture<'_, io::Result<Stream>> {
        Box::pin(async move {
            let (ours, theirs) = duplex(PIPE_BYTES);
            self.world
                .spawn(converse(Arc::downgrade(&self.world), self.life, theirs));
            let line: Stream = Box::new(Line {
                pipe: ours,
                world: Arc::clone(&self.world),
                life: self.life,
            });
            Ok(line)
        })
    }
}

/// The mail server's end of a conversation. What it takes is written down when it does: the program may not look for long.
async fn converse(world: Weak<World>, life: u32, pipe: DuplexStream) {
    let Some(mail) = world.upgrade().map(|world| world.mail.clone()) else {
        return;
    };
    let mut taken = mail.listen();
    let mut held = pin!(mail.hold(Box::new(pipe)));
    loop {
        let is_over = tokio::select! {
            biased;
            // A conversation that breaks off is the program's matter.
            _ = &mut held => true,
            changed = taken.changed() => changed.is_err(),
        };
        if let Some(world) = world.upgrade() {
            receivers::collect_mail(&world, life);
        }
        if is_over {
            return;
        }
    }
}

/// The program's end of a conversation with the mail server.
struct Line {
    pipe: DuplexStream,
    world: Arc<World>,
    life: u32,
}

impl Line {
    /// Whether the process is gone here.
    fn ends(&self, what: &str) -> bool {
        receivers::collect_mail(&self.world, self.life);
        self.world.is_over(self.life)
            || self
                .world
                .passes(self.life, Moment::Line, || format!("{what} of a mail"))
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.pipe).poll_read(context, buffer);
        if read.is_ready() && self.ends("a line") {
            return Poll::Pending;
        }
        read
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.ends("a command") {
            return Poll::Pending;
        }
        Pin::new(&mut self.pipe).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_shutdown(context)
    }
}

/// What the program is told of its surroundings, before what the plan tells it.
pub(super) fn config(plan: &Plan, folder: &Path) -> String {
    format!(
        "[[account]]\nname = \"{ACCOUNT}\"\nurl = \"http://127.0.0.1:{api}/api/v1/rest.php\"\nusername = \"demo@example.com\"\n\
         password = \"demo\"\nrate_per_minute = {rate}\n\
         [store]\nurl = \"sqlite://{store}\"\n[web]\nlisten = \"off\"\n\
         [smtp]\nurl = \"smtp://127.0.0.1:{mail}\"\nfrom = \"Phone service <alerts@example.com>\"\n{own}",
        api = API_PORT,
        rate = plan.rate_per_minute,
        store = folder.join("state.db").display(),
        mail = MAIL_PORT,
        own = plan.config,
    )
}
