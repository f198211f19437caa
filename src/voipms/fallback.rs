//! Which way reads go while the API does not read multipart forms: by GET, and once in a while one of them tries a form
//! again. Keeps one time; sends, waits and logs nothing.

use std::time::Duration;

use super::request::Transport;

/// How long reads go by GET before multipart is tried again. The known outage of multipart lasted days.
const GET_FOR: Duration = Duration::from_secs(60 * 60);

/// Whether reads go by GET because multipart answers `missing_method`. Times are of the monotonic clock.
#[derive(Debug, Default)]
pub(super) struct Fallback {
    /// When multipart was last found broken, or tried again; `None` while it works.
    since: Option<Duration>,
}

impl Fallback {
    /// How the read that begins now goes. One finds out whether multipart works again; the others stay with GET
    /// meanwhile.
    pub(super) fn transport(&mut self, now: Duration) -> Transport {
        match self.since {
            None => Transport::Multipart,
            Some(since) if now.saturating_sub(since) < GET_FOR => Transport::Get,
            Some(_) => {
                self.since = Some(now);
                Transport::Multipart
            }
        }
    }

    /// Multipart is found broken. Whether that is news.
    pub(super) fn begin(&mut self, now: Duration) -> bool {
        self.since.replace(now).is_none()
    }

    /// Multipart is found to work. Whether that is news.
    pub(super) fn end(&mut self) -> bool {
        self.since.take().is_some()
    }

    /// Whether multipart was broken when it was last tried.
    pub(super) fn is_on(&self) -> bool {
        self.since.is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Fallback;
    use crate::voipms::Transport::{self, Get, Multipart};

    #[derive(Debug)]
    enum Event {
        /// A read begins, and goes this way.
        Read(Transport),
        /// Multipart is found broken; whether that is news.
        Broken(bool),
        /// Multipart is found to work; whether that is news.
        Works(bool),
    }

    #[test]
    fn reads_go_by_get_and_one_an_hour_tries_a_form() {
        use Event::{Broken, Read, Works};
        // Seconds, what happens then, and whether the fallback is on afterwards.
        let story = [
            (0, Works(false), false),
            (0, Read(Multipart), false),
            (100, Broken(true), true),
            (100, Read(Get), true),
            (150, Broken(false), true),
            (3_749, Read(Get), true),
            (3_750, Read(Multipart), true),
            (3_750, Read(Get), true),
            (3_800, Broken(false), true),
            (7_399, Read(Get), true),
            // Nobody says what became of this one, as after an outage page: the next hour another one tries.
            (7_400, Read(Multipart), true),
            (10_999, Read(Get), true),
            (11_000, Read(Multipart), true),
            (11_001, Works(true), false),
            (11_001, Works(false), false),
            (11_001, Read(Multipart), false),
            (11_002, Broken(true), true),
            // A time before the one that is kept is no time passed.
            (0, Read(Get), true),
        ];
        let mut fallback = Fallback::default();
        for (seconds, event, is_on) in story {
            let now = Duration::from_secs(seconds);
            match event {
                Read(way) => assert_eq!(fallback.transport(now), way, "{seconds} {event:?}"),
                Broken(is_news) => assert_eq!(fallback.begin(now), is_news, "{seconds} {event:?}"),
                Works(is_news) => assert_eq!(fallback.end(), is_news, "{seconds} {event:?}"),
            }
            assert_eq!(fallback.is_on(), is_on, "{seconds} {event:?}");
        }
    }
}
