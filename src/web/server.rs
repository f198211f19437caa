//! Where it listens, and until when. An address that is taken keeps nobody from being watched: it is tried again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::{Site, connections, router};

/// How long after an address could not be had it is tried again. Real time.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

/// Where it listens.
#[derive(Debug)]
pub enum Place {
    Address(SocketAddr),
    /// On a socket that somebody else opened.
    Given(std::net::TcpListener),
}

impl Place {
    /// The socket, for a try; an error of one that was given is final.
    async fn listen(&self) -> std::io::Result<TcpListener> {
        match self {
            Self::Address(address) => TcpListener::bind(address).await,
            Self::Given(listener) => {
                let listener = listener.try_clone()?;
                listener.set_nonblocking(true)?;
                TcpListener::from_std(listener)
            }
        }
    }
}

/// Serves until `stop` ends.
pub async fn run(site: Arc<Site>, place: Place, stop: impl Future<Output = ()> + Send + 'static) {
    let mut stop = std::pin::pin!(futures_util::FutureExt::shared(stop));
    let listener = loop {
        match place.listen().await {
            Ok(listener) => break listener,
            Err(error) => {
                tracing::error!(?place, %error, "the web listener cannot listen there; it is tried again");
            }
        }
        tokio::select! {
            () = &mut stop => return,
            () = tokio::time::sleep(AGAIN_AFTER) => {}
        }
    };
    if let Ok(address) = listener.local_addr() {
        tracing::info!(%address, "the dashboard is at http://{address}");
    }
    serve(site, listener, stop.clone()).await;
}

/// Serves who comes to a listener, until `stop` ends.
pub async fn serve(site: Arc<Site>, listener: TcpListener, stop: impl Future<Output = ()> + Send + 'static) {
    site.access.prepare();
    let clock = site.real.clone();
    connections::serve(listener, router(site), clock, stop).await;
}
