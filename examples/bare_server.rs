//! The measure for the simulator's speed: hyper on the same runtime, answering every request with one constant body and
//! looking at nothing. No routing, parsing or state belongs here, and nothing of the library is used.
//!
//! ```text
//! cargo run --release --example bare_server -- BODY
//! ```

use std::convert::Infallible;
use std::error::Error;

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::net::TcpListener;

/// The whole answer at once.
struct Whole(Option<Bytes>);

impl Body for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

#[expect(clippy::print_stdout, reason = "a program of its own; this is its answer")]
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let body = Bytes::from(std::env::args().nth(1).ok_or("missing argument: BODY")?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}/api/v1/rest.php", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let body = body.clone();
        tokio::spawn(async move {
            let answer = service_fn(|_: Request<Incoming>| {
                let mut response = Response::new(Whole(Some(body.clone())));
                response
                    .headers_mut()
                    .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                std::future::ready(Ok::<_, Infallible>(response))
            });
            // Whoever measures closes connections as it likes.
            http1::Builder::new()
                .serve_connection(TokioIo::new(stream), answer)
                .await
                .ok();
        });
    }
}
