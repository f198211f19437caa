//! A dead-man's switch elsewhere hears of every sweep: that it began, and how it ended. When it hears nothing, somebody is
//! told there; so nothing here ever waits for it, and one that cannot be reached is a warning and no alert.

use std::time::Duration;

use super::delivery::{Check, Failed, SetupError};
use super::post::{Poster, Verdict};
use crate::clock::Clock;
use crate::net::{Network, Url};

/// How long one request may take. What comes later than that says nothing any more.
const DEADLINE: Duration = Duration::from_secs(5);

/// How often a beat is sent at most.
const TRIES: usize = 2;

/// What the switch hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    /// A sweep begins.
    Start,
    /// It was judged, and everybody can be told.
    Good,
    Failed,
}

impl Beat {
    /// What is asked for below the switch's own address, as healthchecks.io has it.
    const fn path(self) -> &'static str {
        match self {
            Self::Start => "/start",
            Self::Good => "",
            Self::Failed => "/fail",
        }
    }
}

/// The switch.
#[derive(Debug)]
pub struct Heartbeat {
    poster: Poster,
    clock: Clock,
    /// Whether the last beat did not arrive.
    is_failing: bool,
}

impl Heartbeat {
    /// The switch at `url`, which may be in a network of one's own if it `is_internal`.
    ///
    /// # Errors
    /// [`SetupError`] when the address cannot be used.
    pub fn new(url: &str, is_internal: bool, network: &Network, clock: &Clock) -> Result<Self, SetupError> {
        let poster = Poster::to(url, is_internal, network, Some(DEADLINE));
        let poster = poster.map_err(|why| SetupError::Heartbeat { why })?;
        Ok(Self {
            poster,
            clock: clock.clone(),
            is_failing: false,
        })
    }

    /// Tells the switch, once more when that fails, and says in the log when that it fails or works is new.
    pub async fn send(&mut self, beat: Beat) {
        let poster = self.poster.at(address(self.poster.url(), beat));
        let mut sent = self.get(&poster).await;
        for _ in 1..TRIES {
            if sent.is_ok() {
                break;
            }
            sent = self.get(&poster).await;
        }
        match &sent {
            Ok(()) if self.is_failing => tracing::info!("the heartbeat arrives again"),
            Err(failed) if !self.is_failing => tracing::warn!(
                server = poster.server(),
                error = failed.word,
                hint = failed.hint,
                "the heartbeat did not arrive; whoever waits for it is told that nobody watches"
            ),
            _ => {}
        }
        self.is_failing = sent.is_err();
    }

    async fn get(&self, poster: &Poster) -> Result<(), Failed> {
        let _busy = self.clock.busy();
        let answer = poster.get().await?;
        poster
            .judge(&answer, Verdict::of(answer.status), self.clock.now())
            .map(drop)
    }

    /// Finds out whether the switch can be reached, and tells it nothing.
    pub async fn check(&self) -> Check {
        Check {
            what: "heartbeat".to_owned(),
            found: self
                .poster
                .reach()
                .await
                .map(|()| format!("reached {}; it was told nothing", self.poster.server())),
        }
    }
}

/// Where a beat is sent: below the path of the switch's address, whose query stays.
fn address(url: &Url, beat: Beat) -> Url {
    let mut address = url.clone();
    let path = address.path();
    if beat != Beat::Good {
        address.set_path(&format!("{}{}", path.trim_end_matches('/'), beat.path()));
    }
    address
}

/// The sweeps of several accounts, which are one to the switch: it begins with the first and ends with the last, and has
/// failed if any did. An account that is never swept is silence.
#[derive(Clone, Debug)]
pub struct Round {
    has_begun: bool,
    /// How each account's sweep ended, or the worst of its sweeps.
    ended: Vec<Option<bool>>,
}

impl Round {
    #[must_use]
    pub fn new(accounts: usize) -> Self {
        Self {
            has_begun: false,
            ended: vec![None; accounts],
        }
    }

    /// An account's sweep begins.
    pub fn begin(&mut self) -> Option<Beat> {
        let had_begun = std::mem::replace(&mut self.has_begun, true);
        (!had_begun).then_some(Beat::Start)
    }

    /// The sweep of the account at this place ended.
    pub fn end(&mut self, place: usize, is_good: bool) -> Option<Beat> {
        if let Some(ended) = self.ended.get_mut(place) {
            *ended = Some(is_good && ended.unwrap_or(true));
        }
        let all_good = self.ended.iter().copied().collect::<Option<Vec<bool>>>()?;
        *self = Self::new(all_good.len());
        Some(if all_good.contains(&false) {
            Beat::Failed
        } else {
            Beat::Good
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Beat, Round, address};

    #[test]
    fn the_address_of_a_beat_is_below_the_switchs_and_keeps_its_query() {
        for (url, start, good, failed) in [
            ("https://hc.example.com/uuid", "/uuid/start", "/uuid", "/uuid/fail"),
            ("https://hc.example.com/uuid/", "/uuid/start", "/uuid/", "/uuid/fail"),
            (
                "https://hc.example.com/ping/key/slug?create=1",
                "/ping/key/slug/start?create=1",
                "/ping/key/slug?create=1",
                "/ping/key/slug/fail?create=1",
            ),
            ("https://hc.example.com", "/start", "/", "/fail"),
        ] {
            for (beat, path) in [(Beat::Start, start), (Beat::Good, good), (Beat::Failed, failed)] {
                let got = address(&url.parse().unwrap(), beat);
                assert_eq!(got.as_str(), format!("https://hc.example.com{path}"), "{url}");
            }
        }
    }

    #[test]
    fn the_sweeps_of_all_accounts_are_one_round() {
        /// Whose sweep it is, and how it ends; `None`: it begins.
        type Step = (usize, Option<bool>);
        type Steps = [(Step, Option<Beat>)];
        let (begin, good, bad) = (None, Some(true), Some(false));
        let [start, fine, failed] = [Beat::Start, Beat::Good, Beat::Failed].map(Some);
        let cases: [(&str, usize, &Steps); 5] = [
            (
                "one account",
                1,
                &[
                    ((0, begin), start),
                    ((0, good), fine),
                    ((0, begin), start),
                    ((0, bad), failed),
                ],
            ),
            (
                "side by side",
                2,
                &[
                    ((0, begin), start),
                    ((1, begin), None),
                    ((0, good), None),
                    ((1, good), fine),
                ],
            ),
            (
                "one fails",
                2,
                &[
                    ((0, begin), start),
                    ((0, bad), None),
                    ((1, begin), None),
                    ((1, good), failed),
                    ((1, begin), start),
                ],
            ),
            (
                "the quick one comes round before the slow one ends",
                2,
                &[
                    ((0, begin), start),
                    ((1, begin), None),
                    ((0, bad), None),
                    ((0, begin), None),
                    ((0, good), None),
                    ((1, good), failed),
                    ((0, good), None),
                    ((1, begin), start),
                    ((1, good), fine),
                ],
            ),
            (
                "one is never swept",
                2,
                &[
                    ((0, begin), start),
                    ((0, good), None),
                    ((0, begin), None),
                    ((0, good), None),
                ],
            ),
        ];
        for (name, accounts, steps) in cases {
            let mut round = Round::new(accounts);
            for (index, ((place, end), expected)) in steps.iter().enumerate() {
                let beat = match end {
                    None => round.begin(),
                    Some(is_good) => round.end(*place, *is_good),
                };
                assert_eq!(beat, *expected, "{name}, step {index}");
            }
        }
    }
}
