//! A world to watch, in this process: a simulated reseller account on one port of loopback and, on another, a mail server
//! that keeps what it is given. The demo plays its story in one, and the journeys of the tests run the program against one.
//! Decides nothing about what happens in it.

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::clock::Stepper;
use crate::mail_catcher::{self, MailCatcher};
use crate::simulator::{Simulator, serve};

/// Turns that everybody gets before waiting really begins. More costs a busy processor, fewer cost milliseconds.
const TURNS: u32 = 64;

/// Turns in a row without work in hand before the time is moved.
const CALM_TURNS: u32 = 3;

/// Both servers; they end when it is dropped.
pub struct World {
    pub simulator: Arc<Simulator>,
    pub mail: MailCatcher,
    /// Where the API is.
    pub url: String,
    _served: JoinSet<()>,
}

impl World {
    /// Puts the simulator on a port, and a mail server beside it.
    ///
    /// # Errors
    /// When loopback has no port for them.
    pub async fn start(simulator: Arc<Simulator>, mail: mail_catcher::Options) -> io::Result<Self> {
        let (url, served) = served(&simulator).await?;
        Ok(Self {
            simulator,
            mail: MailCatcher::start(mail).await?,
            url,
            _served: served,
        })
    }

    /// A daemon's configuration: `text` with the servers of this world in place of `{url}` and `{mail}`, and a store in
    /// that folder in place of `{store}`.
    #[must_use]
    pub fn configuration(&self, text: &str, folder: &Path) -> String {
        text.replace("{url}", &self.url)
            .replace("{mail}", &self.mail.address().to_string())
            .replace("{store}", &format!("sqlite://{}", folder.join("state.db").display()))
    }
}

/// Puts a simulator on a port of loopback: the URL of its API, and what serves it until it is dropped.
///
/// # Errors
/// When loopback has no port for it.
pub async fn served(simulator: &Arc<Simulator>) -> io::Result<(String, JoinSet<()>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("http://{}/api/v1/rest.php", listener.local_addr()?);
    let simulator = Arc::clone(simulator);
    let mut served = JoinSet::new();
    served.spawn(async move {
        // A listener that broke shows in every call.
        serve(listener, simulator, std::future::pending()).await.ok();
    });
    Ok((url, served))
}

/// Awaits `work` by a stepped clock, moving the time to the next due event whenever nothing is in hand and somebody waits
/// for it.
pub async fn drive<T>(stepper: &Stepper, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = calm(stepper) => {}
        }
        if let Some(wake) = stepper.next_wake() {
            stepper.advance_to(wake);
        }
    }
}

/// Ends when nothing is in hand and somebody waits for the time.
async fn calm(stepper: &Stepper) {
    let (mut turns, mut calm) = (0, 0);
    while calm < CALM_TURNS {
        if stepper.is_idle() && stepper.next_wake().is_some() {
            calm += 1;
            tokio::task::yield_now().await;
        } else if turns < TURNS {
            (turns, calm) = (turns + 1, 0);
            tokio::task::yield_now().await;
        } else {
            calm = 0;
            // The store works in a thread of its own, or a deadline runs: nothing to do but wait.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}
