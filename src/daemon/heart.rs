//! What sweeps say to the dead-man's switch. Nothing waits for it: what the switch is slow to take is dropped.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use secrecy::ExposeSecret;
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::config::Settings;
use crate::net::Network;
use crate::notify::delivery::SetupError;
use crate::notify::heartbeat::{Beat, Heartbeat, Round};

/// Beats that wait for the switch. More would tell it of sweeps long past.
const MOST_WAITING: usize = 8;

/// The dead-man's switch that is configured, if there is one.
///
/// # Errors
/// When its address cannot be used.
pub fn configured(settings: &Settings, network: &Network, clock: &Clock) -> Result<Option<Heartbeat>, SetupError> {
    let Some(endpoint) = &settings.heartbeat else {
        return Ok(None);
    };
    Heartbeat::new(endpoint.url.expose_secret(), endpoint.internal, network, clock).map(Some)
}

/// What every sweep tells. Without a switch nobody hears it.
#[derive(Debug)]
pub struct Heart {
    round: Mutex<Round>,
    beats: mpsc::Sender<Beat>,
    switches: mpsc::UnboundedSender<Option<Heartbeat>>,
    /// Whether there are messages that will never arrive and that nobody can be told of.
    is_mute: AtomicBool,
}

/// What carries the beats to the switch.
pub struct Pulsing {
    beats: mpsc::Receiver<Beat>,
    switches: mpsc::UnboundedReceiver<Option<Heartbeat>>,
    heartbeat: Option<Heartbeat>,
}

impl Heart {
    /// Of this many accounts.
    pub fn new(heartbeat: Option<Heartbeat>, accounts: usize) -> (Self, Pulsing) {
        let (sender, beats) = mpsc::channel(MOST_WAITING);
        let (other, switches) = mpsc::unbounded_channel();
        let heart = Self {
            round: Mutex::new(Round::new(accounts)),
            beats: sender,
            switches: other,
            is_mute: AtomicBool::new(false),
        };
        let pulsing = Pulsing {
            beats,
            switches,
            heartbeat,
        };
        (heart, pulsing)
    }

    /// From the next beat on another switch hears it, or none.
    pub fn tell(&self, heartbeat: Option<Heartbeat>) {
        self.switches.send(heartbeat).ok();
    }

    /// A sweep of some account begins.
    pub fn begin(&self) {
        self.beat(Round::begin);
    }

    /// The sweep of the account at this place was judged, or not.
    pub fn end(&self, place: usize, was_judged: bool) {
        let is_good = was_judged && !self.is_mute.load(Ordering::Relaxed);
        self.beat(|round| round.end(place, is_good));
    }

    /// Whether everybody who must know of dead letters can be told.
    pub fn can_tell(&self, can_tell: bool) {
        self.is_mute.store(!can_tell, Ordering::Relaxed);
    }

    fn beat(&self, next: impl FnOnce(&mut Round) -> Option<Beat>) {
        let mut round = self.round.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(beat) = next(&mut round)
            && self.beats.try_send(beat).is_err()
        {
            tracing::debug!("a beat is dropped: the switch is slow, or the program ends");
        }
    }
}

impl Pulsing {
    /// Carries every beat, until the heart is gone.
    pub async fn run(mut self) {
        while let Some(beat) = self.beats.recv().await {
            while let Ok(other) = self.switches.try_recv() {
                self.heartbeat = other;
            }
            if let Some(heartbeat) = &mut self.heartbeat {
                heartbeat.send(beat).await;
            }
        }
    }
}
