//! People are told that the store fails, and that it works again. The alert `store` lives in memory, and its messages
//! leave without a queue. That they were told outlives the process, so that a store that keeps the program from starting
//! is told once, and its end by the program that starts at last.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch as signal;

use super::pulse::{Pulse, trouble};
use super::{Environment, parts};
use crate::clock::Clock;
use crate::config::{Settings, Terms, terms};
use crate::domain::alert::Alert;
use crate::domain::hush;
use crate::domain::judge::Circumstances;
use crate::domain::judge::account::{Health, Trouble};
use crate::domain::notice::{Message, Notification};
use crate::notify::delivery::End;
use crate::notify::outbox;
use crate::store::{self, mark};

/// How long after a delivery that failed the next one is tried, and after how long it is judged again while it fires.
const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// How often at least it is judged while it fails.
const JUDGED_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// How long a start that failed tries to tell it before it ends. Real time.
const LAST_WORDS: Duration = Duration::from_secs(60);

/// Who tells of the store.
pub(super) struct Alarm<'a> {
    /// Of the first account: the store is everybody's.
    terms: signal::Receiver<Terms>,
    store: &'a Path,
    clock: &'a Clock,
    /// Without channels the log is all there is.
    post: signal::Receiver<Arc<outbox::Settings>>,
    alerts: Vec<Alert>,
    owed: Vec<(Message, Notification)>,
    /// Since when it fails, as people were told.
    told: Option<Timestamp>,
}

impl<'a> Alarm<'a> {
    /// Knows what an earlier process told.
    pub fn new(
        terms: signal::Receiver<Terms>,
        store: &'a Path,
        clock: &'a Clock,
        post: signal::Receiver<Arc<outbox::Settings>>,
    ) -> Self {
        let mut alarm = Self {
            terms,
            store,
            clock,
            post,
            alerts: Vec::new(),
            owed: Vec::new(),
            told: mark::failing_since(store),
        };
        if let Some(since) = alarm.told {
            alarm.judge(Err(before()), since);
            alarm.owed.clear();
        }
        alarm
    }

    /// Tells what there is to tell; never ends.
    pub async fn run(mut self, pulse: &Pulse) -> ! {
        if let Some(since) = self.told {
            pulse.failed_before(since, before());
        }
        loop {
            // Before the look: to tell takes time, in which it may change again.
            let changed = pulse.changed();
            if let Some(store) = pulse.verdict() {
                self.judge(store, self.clock.now());
            }
            self.deliver().await;
            tokio::select! {
                biased;
                () = changed => {}
                () = self.clock.sleep(AGAIN_AFTER), if self.is_unsettled() => {}
            }
        }
    }

    /// Whether there is something to tell yet, or to judge again: two looks of one moment are one, and the second may be the last.
    fn is_unsettled(&self) -> bool {
        !self.owed.is_empty() || self.alerts.iter().any(|alert| alert.firing().is_some())
    }

    fn judge(&mut self, store: Result<(), Trouble>, now: Timestamp) {
        let is_well = store.is_ok();
        let health = Health {
            store: Some(store),
            ..Health::default()
        };
        let circumstances = Circumstances::ordinary(now, JUDGED_EVERY, now);
        let rules = Arc::clone(&self.terms.borrow().rules);
        let decided = rules.judge_account(&health, &self.alerts, &hush::NOTHING, &circumstances);
        self.alerts.retain(|alert| {
            let is_new = |new: &Alert| new.policy == alert.policy;
            !decided.gone.contains(&alert.policy) && !decided.alerts.iter().any(is_new)
        });
        self.alerts.extend(decided.alerts);
        for (message, notification) in decided.owed.messages.into_iter().zip(decided.owed.notifications) {
            let waiting = self.owed.len();
            let whom = (&message.channel, &message.recipient);
            // Who never heard of the beginning need not hear of the end. Most channels have no recipient but themselves.
            self.owed
                .retain(|(before, _)| !is_well || (&before.channel, &before.recipient) != whom);
            if self.owed.len() == waiting {
                self.owed.push((message, notification));
            }
        }
    }

    /// Tries each message once, side by side; those that did not arrive stay, for as long as a message is tried.
    async fn deliver(&mut self) {
        let now = self.clock.now();
        self.owed.retain(|(message, _)| message.deadline > now);
        let post = Arc::clone(&self.post.borrow());
        let tries = self
            .owed
            .drain(..)
            .map(|(message, notification)| tried(&post, message, notification, now));
        let left = join_all(tries).await;
        self.owed.extend(left.into_iter().flatten());
        if self.owed.is_empty() {
            self.remember(now);
        }
    }

    /// Leaves for the next process what people were told.
    fn remember(&mut self, now: Timestamp) {
        let since = self.alerts.iter().find_map(Alert::firing).map(|firing| firing.since);
        if since != self.told {
            let marked = match since {
                Some(since) => mark::set_failing(self.store, since),
                None => mark::set_working(self.store, now),
            };
            if let Err(error) = marked {
                tracing::debug!(%error, "what was told of the store is forgotten at the end");
            }
            self.told = since;
        }
    }
}

/// Tries one message; gives it back when it did not arrive.
async fn tried(
    post: &outbox::Settings,
    message: Message,
    notification: Notification,
    now: Timestamp,
) -> Option<(Message, Notification)> {
    let channel = &message.channel;
    match post.send_past_the_queue(&message, &notification, now).await {
        Ok(_) => tracing::info!(%channel, "a message about the store was delivered"),
        Err(failed) => {
            tracing::warn!(%channel, error = failed.word, "a message about the store could not be delivered");
            return (failed.end != End::Uncertain).then_some((message, notification));
        }
    }
    None
}

/// What an earlier process told is not known any more, but that it did.
fn before() -> Trouble {
    Trouble {
        what: "the store failed before this start".to_owned(),
        fix: String::new(),
    }
}

/// Tells people of a store that keeps the daemon from starting: once, however often it is started.
pub async fn tell_of_start(settings: &Settings, environment: &Environment, error: &store::Error) {
    let path = &settings.store.path;
    let is_failure = matches!(
        error,
        store::Error::Disk { .. } | store::Error::Database { .. } | store::Error::Migration { .. }
    );
    let Some(account) = settings
        .accounts
        .first()
        .filter(|_| is_failure && mark::failing_since(path).is_none())
    else {
        return;
    };
    let now = environment.clock.now();
    // Where this cannot be remembered, each start would tell it again.
    if mark::set_failing(path, now).is_err() {
        return;
    }
    let Ok(delivery) = parts::delivery(settings, &environment.network, environment.delivery_timeout) else {
        return;
    };
    let outbox = parts::outbox(settings, delivery, environment);
    let (_post, post) = signal::channel(Arc::new(outbox));
    let (_terms, terms) = signal::channel(terms::terms(settings, account));
    let mut alarm = Alarm {
        alerts: Vec::new(),
        ..Alarm::new(terms, path, &environment.clock, post)
    };
    alarm.judge(Err(trouble(error)), now);
    let told = tokio::time::timeout(LAST_WORDS, alarm.deliver()).await;
    if told.is_err() || !alarm.owed.is_empty() {
        mark::set_working(path, now).ok();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::watch as signal;

    use super::{Alarm, trouble};
    use crate::clock::Clock;
    use crate::config::{self, terms};
    use crate::daemon::{Environment, parts};
    use crate::domain::notice::Transition;
    use crate::domain::testing::at;
    use crate::store;

    /// Channels that are their own only recipient, and mail for two.
    const CONFIG: &str = "
[[account]]
name = 'main'
url = 'http://127.0.0.1:1'
username = 'demo@example.com'
password = 'demo'
[smtp]
url = 'smtp://127.0.0.1:1'
from = 'a@example.com'
[[channel]]
name = 'ops'
type = 'email'
to = ['noc@example.com', 'owner@example.com']
[[channel]]
name = 'hook'
type = 'webhook'
url = 'http://127.0.0.1:1/a'
[[channel]]
name = 'push'
type = 'ntfy'
url = 'http://127.0.0.1:1'
topic = 'calls'
";

    #[tokio::test]
    async fn the_end_is_told_to_everybody_who_was_told_of_the_beginning_and_to_nobody_else() {
        let (clock, stepper) = Clock::stepped(at(0));
        let environment = Environment {
            clock: clock.clone(),
            ..Environment::real()
        };
        let settings = config::parse(CONFIG, at(0)).unwrap().settings;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let delivery = parts::delivery(&settings, &environment.network, None).unwrap();
        let post = signal::Sender::new(Arc::new(parts::outbox(&settings, delivery, &environment)));
        let terms = signal::Sender::new(terms::terms(&settings, &settings.accounts[0]));
        let mut alarm = Alarm::new(terms.subscribe(), &path, &clock, post.subscribe());
        let whom = |alarm: &Alarm<'_>, is_end: bool| -> Vec<String> {
            let owed = alarm.owed.iter();
            let owed = owed.filter(|(_, notification)| notification.transition.is_end() == is_end);
            owed.map(|(message, _)| format!("{} {}", message.channel, message.recipient))
                .collect()
        };
        let gone = store::Error::Gone { path: path.clone() };
        alarm.judge(Err(trouble(&gone)), at(0));
        let everybody = ["ops noc@example.com", "ops owner@example.com", "hook ", "push "];
        let told = whom(&alarm, false);
        assert_eq!(told.len(), everybody.len(), "{told:?}");
        assert!(
            everybody.iter().all(|one| told.iter().any(|other| other == one)),
            "{told:?}"
        );
        // Push was not reached before it was over.
        alarm.owed.retain(|(message, _)| message.channel.as_str() == "push");
        stepper.advance_to(at(600));
        alarm.judge(Ok(()), at(600));
        alarm.judge(Ok(()), at(900));
        let ended = whom(&alarm, true);
        assert_eq!(ended.len(), 3, "{ended:?}");
        assert!(!ended.contains(&"push ".to_owned()), "{ended:?}");
        assert_eq!(whom(&alarm, false), [""; 0], "nobody hears of a beginning that is over");
        assert!(
            alarm
                .owed
                .iter()
                .all(|(_, owed)| owed.transition == Transition::Resolved)
        );
    }
}
