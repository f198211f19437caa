//! One Alertmanager of a cluster: told of what is new at once, of everything again and again, and by its own clock. What
//! another one does is nothing to it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::watch;

use super::payload::{self, PeerClock};
use super::shown::Shown;
use super::{HOLDS, Reached, Settings};
use crate::clock::Clock;
use crate::domain::ChannelName;
use crate::net::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue};
use crate::net::{HttpAnswer, Network, Url};
use crate::notify::backoff;
use crate::notify::delivery::{Failed, Scope, SetupError, never};
use crate::notify::post::{Post, Poster, Verdict};

/// Where alerts are posted, below a peer's address.
const ALERTS: &str = "/api/v2/alerts";

/// A difference of clocks that is worth a word: nobody's alerts look right by both.
const DIFFERENT: SignedDuration = SignedDuration::from_mins(1);

pub struct Peer {
    channel: ChannelName,
    poster: Poster,
    headers: HeaderMap,
    clock: Clock,
    resend: SignedDuration,
}

/// How a peer fares, so that each change is said once.
#[derive(Debug, Default)]
struct Fares {
    /// How often in a row it could not be told.
    failures: u32,
    is_clock_different: bool,
}

impl Peer {
    /// The peer at `url`.
    ///
    /// # Errors
    /// [`SetupError`] when its address, or who logs in, cannot be used.
    pub fn new(settings: &Settings, url: &str, network: &Network, clock: &Clock) -> Result<Self, SetupError> {
        let unfit = |why: &str| SetupError::Channel {
            channel: settings.channel.clone(),
            why: why.to_owned(),
        };
        let mut address = Url::parse(url).map_err(|_| unfit("one of its urls is no URL"))?;
        let path = format!("{}{ALERTS}", address.path().trim_end_matches('/'));
        address.set_path(&path);
        let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        if let Some(authorization) = &settings.authorization {
            headers.insert(
                AUTHORIZATION,
                secret_header(authorization)
                    .ok_or_else(|| unfit("its token, user or password cannot stand in a header"))?,
            );
        }
        Ok(Self {
            channel: settings.channel.clone(),
            poster: Poster::new(&settings.channel, address.as_str(), true, network, None)?,
            headers,
            clock: clock.clone(),
            resend: settings.resend,
        })
    }

    /// `host:port`, which is no secret.
    pub fn server(&self) -> String {
        self.poster.server()
    }

    /// Tells it of each look that is new to it; never ends.
    pub async fn follow(&self, mut looks: watch::Receiver<Arc<Shown>>, reached: &watch::Sender<Reached>) -> ! {
        let (mut look, mut all) = (0, 0);
        let mut fares = Fares::default();
        loop {
            let shown = Arc::clone(&looks.borrow_and_update());
            let is_all = shown.all != all || fares.failures > 0;
            if is_all || shown.look != look {
                let after = if is_all { 0 } else { look };
                let told = self.tell(&shown, after, self.resend * HOLDS).await;
                if told.is_ok() {
                    (look, all) = (shown.look, shown.all);
                }
                self.note(told, &mut fares, reached);
            }
            tokio::select! {
                biased;
                // It is the mirror that sends, and that lives as long as this.
                _ = looks.changed(), if fares.failures == 0 => {}
                () = self.clock.sleep(self.pause(&fares)), if fares.failures > 0 => {}
            }
        }
    }

    /// How long it is left alone after it could not be told.
    fn pause(&self, fares: &Fares) -> std::time::Duration {
        let pause = backoff::wait(fares.failures, 100).min(self.resend);
        pause.try_into().unwrap_or_default()
    }

    /// Tells it of what began or ended after a look. What fires ends there after `holds`, unless it is told again.
    ///
    /// # Errors
    /// Why it does not know all of it now.
    pub async fn tell(&self, shown: &Shown, after: u64, holds: SignedDuration) -> Result<PeerClock, Failed> {
        let _busy = self.clock.busy();
        let clock = self.ask().await?;
        let mut refused = None;
        for body in payload::bodies(shown.after(after), &clock, holds) {
            match self.post(body).await {
                Ok(_) => {}
                // It takes what it can of a request that it refuses, and what others hold is nothing to it.
                Err(failed) if failed.scope == Scope::Message => refused = Some(failed),
                Err(failed) => return Err(failed),
            }
        }
        refused.map_or(Ok(clock), Err)
    }

    /// Whether it takes alerts, and what its clock shows: asked by telling it of none, so that it is asked what matters.
    ///
    /// # Errors
    /// Why it takes none.
    pub async fn ask(&self) -> Result<PeerClock, Failed> {
        let answer = self.post(Vec::from(*b"[]")).await?;
        let said = answer.headers.get(DATE).and_then(|date| date.to_str().ok());
        let said: Option<Timestamp> =
            said.and_then(|date| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok());
        Ok(PeerClock::of(said, self.clock.now()))
    }

    async fn post(&self, body: Vec<u8>) -> Result<HttpAnswer, Failed> {
        let post = Post {
            headers: self.headers.clone(),
            body,
        };
        let answer = self.poster.post(post, never()).await?;
        self.poster
            .judge(&answer, Verdict::of(answer.status), self.clock.now())
            .map(|_| answer)
    }

    fn compare(&self, clock: &PeerClock, fares: &mut Fares) {
        let is_different = clock.ahead.abs() > DIFFERENT;
        if is_different && !fares.is_clock_different {
            tracing::warn!(
                channel = %self.channel, peer = self.server(), ahead_secs = clock.ahead.as_secs(),
                "the clock of an Alertmanager and this machine's differ; it is told times by its own"
            );
        }
        fares.is_clock_different = is_different;
    }

    /// Notes what came of telling it, and says so when that changed.
    fn note(&self, told: Result<PeerClock, Failed>, fares: &mut Fares, reached: &watch::Sender<Reached>) {
        let (channel, peer) = (&self.channel, self.server());
        match told {
            Ok(clock) => {
                self.compare(&clock, fares);
                if fares.failures > 0 {
                    tracing::info!(%channel, peer, "an Alertmanager knows again what fires");
                }
                fares.failures = 0;
                let at = Some(self.clock.monotonic());
                reached.send_modify(|reached| (reached.at, reached.why) = (at, None));
            }
            Err(failed) => {
                if fares.failures == 0 {
                    tracing::warn!(
                        %channel, peer, error = failed.word, hint = failed.hint,
                        "an Alertmanager cannot be told what fires; it is tried again all the time"
                    );
                }
                fares.failures = fares.failures.saturating_add(1);
                reached.send_modify(|reached| reached.why = Some(failed.text));
            }
        }
    }
}

/// A header that is never printed; `None`: it would be none.
fn secret_header(text: &SecretString) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text.expose_secret()).ok()?;
    value.set_sensitive(true);
    Some(value)
}
