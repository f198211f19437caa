//! What happens, chapter by chapter. Decides when; what comes of it is the daemon's doing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::cast::{Cast, FRAUD_PER_HOUR, PAYMENT, money, shown, time};
use super::ending;
use super::scene::{INTERVAL, Scene};
use super::tempo::Tempo;
use super::{Error, FEWEST_CLIENTS, MOST_CLIENTS, Options, Outcome, SHORTEST, Teller, Voice};
use crate::daemon::Pass;
use crate::domain::reason::Reason;
use crate::domain::{ClientId, PolicyName};
use crate::mail_catcher::{Behaviour, Stage};

mod telling;

/// How long the story lasts when it goes on afterwards.
const A_MINUTE: std::time::Duration = std::time::Duration::from_secs(60);

/// Real time between two sweeps once the story is told.
const IDLE: std::time::Duration = std::time::Duration::from_secs(1);

/// Sweeps more than planned, at most, until the outbox of a chapter is empty: a mail that a loaded machine delayed is
/// tried again.
const MOST_EXTRA_SWEEPS: u32 = 8;

/// Tells the story to its end, or until `stop` ends; without a duration it goes on after its end, until `stop` ends.
///
/// # Errors
/// [`Error`]; when merely something unexpected happened, the outcome says so.
pub async fn run(options: &Options, teller: &mut dyn Teller, stop: impl Future<Output = ()>) -> Result<Outcome, Error> {
    if !(FEWEST_CLIENTS..=MOST_CLIENTS).contains(&options.clients) {
        return Err(Error::Clients(options.clients));
    }
    if let Some(duration) = options.duration.filter(|duration| *duration < SHORTEST) {
        return Err(Error::TooShort(duration));
    }
    let mut cast = None;
    let scene = Scene::build(options, time(0, 8, 55), |simulator| {
        cast = Some(Cast::prepare(simulator, options.clients)?);
        Ok(())
    });
    let scene = scene.await?;
    let Some(cast) = cast else {
        return Err(Error::Clients(options.clients));
    };
    let mut story = Story {
        before: ending::records(&scene, &cast)?,
        scene,
        cast,
        teller,
        tempo: Tempo::new(options.duration.unwrap_or(A_MINUTE)),
        mails_told: 0,
        firing: BTreeMap::new(),
        ended: BTreeSet::new(),
        last_mark: Timestamp::UNIX_EPOCH,
    };
    let told = story.play(options.duration.is_none(), stop).await;
    let outcome = Outcome {
        is_as_expected: told.as_ref().ok().copied().flatten(),
        mails: story.scene.mails.clone(),
        mail_count: story.scene.world.mail.mails().len(),
    };
    // Nobody would know where the mails are.
    let keeps_mails = !matches!(told, Err(Error::Unheard));
    story.scene.close(keeps_mails).await;
    match told {
        Ok(_) | Err(Error::Unheard) => Ok(outcome),
        Err(error) => Err(error),
    }
}

/// The story and where it stands.
struct Story<'t> {
    scene: Scene,
    cast: Cast,
    teller: &'t mut dyn Teller,
    tempo: Tempo,
    /// The clients' records before anything happened.
    before: ending::Records,
    mails_told: usize,
    /// What fires, and why.
    firing: BTreeMap<(ClientId, PolicyName), Reason>,
    /// Enforcements whose end was told.
    ended: BTreeSet<String>,
    last_mark: Timestamp,
}

impl Story<'_> {
    /// Tells the story, and goes on after it if wanted. Whether everything happened that was expected; `None` when it
    /// was stopped before its end.
    async fn play(&mut self, goes_on: bool, stop: impl Future<Output = ()>) -> Result<Option<bool>, Error> {
        let mut stop = std::pin::pin!(stop);
        let is_as_expected = tokio::select! {
            told = self.tell() => told?,
            () = &mut stop => return Ok(None),
        };
        if goes_on {
            self.go_on(stop).await?;
        }
        Ok(Some(is_as_expected))
    }

    /// All chapters. Whether everything happened that was expected.
    async fn tell(&mut self) -> Result<bool, Error> {
        self.fleet().await?;
        self.run_low().await?;
        self.top_up().await?;
        self.fraud().await?;
        self.stall().await?;
        self.ending().await
    }

    async fn fleet(&mut self) -> Result<(), Error> {
        self.chapter(0, 3, "A reseller and its clients");
        let (rows, more) = self.cast.fleet(&self.scene.world.simulator)?;
        self.teller.fleet(&rows, more);
        let text = format!(
            "the dashboard is at http://{0} meanwhile, the mails at http://{0}/mails",
            self.scene.dashboard
        );
        self.say(Voice::Plain, &text);
        let text = format!(
            "who logs in there with what is in {} may decide, too",
            self.scene.token().display()
        );
        self.say(Voice::Faint, &text);
        self.say(
            Voice::Plain,
            "balancewatch starts, and looks at every client for the first time",
        );
        let pass = self.mark(time(0, 9, 0)).await?;
        if let Some(pass) = pass {
            let readings = pass.report.readings;
            let text = format!("{readings} clients read; who was low already went into one summary, not a mail each");
            self.say(Voice::Faint, &text);
        }
        self.mark(time(0, 9, 5)).await?;
        self.say(
            Voice::Faint,
            "clients are told once a second reading, an interval later, says the same",
        );
        self.mark(time(0, 9, 10)).await?;
        self.empty_outbox().await
    }

    async fn run_low(&mut self) -> Result<(), Error> {
        let marks = [
            (10, 0),
            (10, 15),
            (10, 20),
            (10, 25),
            (10, 30),
            (10, 40),
            (10, 45),
            (10, 50),
        ];
        self.chapter(1, marks.len(), "Business hours: two clients run low");
        for (hour, minute) in marks {
            self.mark(time(0, hour, minute)).await?;
        }
        self.empty_outbox().await
    }

    async fn top_up(&mut self) -> Result<(), Error> {
        self.chapter(2, 5, "One of them pays");
        self.mark(time(0, 11, 45)).await?;
        self.mark(time(0, 12, 40)).await?;
        self.pay(0, time(0, 13, 2)).await?;
        self.mark(time(0, 13, 5)).await?;
        self.say(Voice::Faint, "enough again; one more good reading, and it is believed");
        self.mark(time(0, 13, 10)).await?;
        self.empty_outbox().await
    }

    async fn fraud(&mut self) -> Result<(), Error> {
        let first = time(1, 1, 5);
        let minutes = (0..14).map(|nth| first.saturating_add(INTERVAL * nth).unwrap_or(first));
        self.chapter(3, 26, "At night somebody breaks into a phone system");
        self.quietly(time(1, 1, 0)).await?;
        let victim = self.cast.victim.clone();
        self.scene.advance_to(time(1, 1, 0));
        let text = format!(
            "{}: stolen calls to far away begin, {FRAUD_PER_HOUR} USD an hour",
            victim.name
        );
        self.say(Voice::Bad, &text);
        let mut was_gone = false;
        for at in minutes {
            self.mark(at).await?;
            let balance = money(&self.scene.world.simulator.client(&victim.id)?, "balance");
            if balance.is_positive() {
                let text = format!("{} has {} USD left", victim.name, balance.for_people());
                self.say(Voice::Faint, &text);
            } else if was_gone {
                let text = format!("{} still has exactly 0: no more calls, no debt", victim.name);
                self.say(Voice::Good, &text);
                break;
            } else {
                was_gone = true;
                self.say(
                    Voice::Plain,
                    "the balance has reached 0: with HARD, calls should stop here",
                );
            }
        }
        self.empty_outbox().await
    }

    async fn stall(&mut self) -> Result<(), Error> {
        self.chapter(4, 14, "The mail server stalls");
        self.quietly(time(1, 8, 0)).await?;
        self.scene.advance_to(time(1, 8, 1));
        self.scene.world.mail.behave(Behaviour::Stall(Stage::Greeting));
        self.say(
            Voice::Bad,
            "the mail server takes connections and says nothing any more",
        );
        self.pay(1, time(1, 8, 2)).await?;
        for minute in [5, 10, 15] {
            self.mark(time(1, 8, minute)).await?;
        }
        self.scene.advance_to(time(1, 8, 17));
        self.scene.world.mail.behave(Behaviour::Good);
        self.say(Voice::Good, "the mail server is back");
        self.mark(time(1, 8, 20)).await?;
        self.empty_outbox().await?;
        if self.scene.daemon.store.next_message_at().await?.is_none() {
            self.say(Voice::Good, "nothing was lost: what waited has arrived");
        }
        Ok(())
    }

    async fn ending(&mut self) -> Result<bool, Error> {
        self.chapter(5, 1, "What was expected, and what happened");
        self.tempo.wait(|_| {}).await;
        let checks = ending::checks(&self.scene, &self.cast, &self.before).await?;
        self.teller.progress(1_000, &shown(self.scene.clock.now()));
        self.teller.ending(&checks);
        Ok(checks.iter().all(|check| check.is_ok))
    }

    /// Sweeps on after the story, until told to stop.
    async fn go_on(&mut self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        self.say(Voice::Faint, "it goes on, five minutes a second, until Ctrl-C");
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return Ok(()),
                () = tokio::time::sleep(IDLE) => {}
            }
            let next = self.next_mark();
            self.mark(next).await?;
        }
    }

    /// One of those who ran low pays.
    async fn pay(&mut self, nth: usize, at: Timestamp) -> Result<(), Error> {
        self.scene.advance_to(at);
        let actor = self.cast.run_low[nth].clone();
        self.scene.world.simulator.deposit(&actor.id, PAYMENT)?;
        let text = format!("{} pays {PAYMENT} USD", actor.name);
        self.say(Voice::Good, &text);
        Ok(())
    }

    fn chapter(&mut self, index: usize, steps: usize, title: &str) {
        self.tempo.chapter(index, steps);
        self.teller.chapter(index + 1, title);
    }

    fn say(&mut self, voice: Voice, text: &str) {
        let now = self.scene.clock.now();
        self.teller.event(&shown(now), voice, text);
    }

    fn next_mark(&self) -> Timestamp {
        self.last_mark.saturating_add(INTERVAL).unwrap_or(self.last_mark)
    }

    /// Sweeps once an hour while nothing is expected to happen, the last time at `until`. Longer gaps would make the
    /// daemon believe that it had been away.
    async fn quietly(&mut self, until: Timestamp) -> Result<(), Error> {
        let mut sweeps = 0;
        let (mails, from) = (self.mails_told, self.last_mark);
        while self.last_mark < until {
            let next = self
                .last_mark
                .saturating_add(SignedDuration::from_hours(1))
                .unwrap_or(until);
            self.mark(next.min(until)).await?;
            sweeps += 1;
        }
        if mails == self.mails_told {
            let text = format!("{sweeps} sweeps since {}: nothing to tell", shown(from));
            self.say(Voice::Faint, &text);
        }
        Ok(())
    }

    /// Sweeps at the next marks as long as something waits to be delivered.
    async fn empty_outbox(&mut self) -> Result<(), Error> {
        for _ in 0..MOST_EXTRA_SWEEPS {
            if self.scene.daemon.store.next_message_at().await?.is_none() {
                break;
            }
            let next = self.next_mark();
            self.mark(next).await?;
        }
        Ok(())
    }

    /// Waits for the mark's real time, moves the clock there, sweeps, delivers, and tells what came of it. `None` when
    /// the mark is past.
    async fn mark(&mut self, at: Timestamp) -> Result<Option<Pass>, Error> {
        let time = shown(self.scene.clock.now());
        let teller = &mut *self.teller;
        self.tempo.wait(|permille| teller.progress(permille, &time)).await;
        if !self.teller.is_heard() {
            return Err(Error::Unheard);
        }
        if at <= self.last_mark {
            return Ok(None);
        }
        self.last_mark = at;
        self.scene.advance_to(at);
        let pass = self.scene.sweep().await?;
        if let Some((what, fix)) = &pass.not_asked {
            self.say(Voice::Bad, &format!("the account could not be asked: {what}; {fix}"));
        }
        self.tell_alerts().await?;
        self.tell_enforcements().await?;
        self.tell_mails();
        self.tell_waiting().await?;
        if let Some(settle_at) = pass.settle_at {
            self.scene.advance_to(settle_at);
            self.scene.settle().await?;
            self.tell_enforcements().await?;
            if self
                .scene
                .daemon
                .store
                .load(&self.scene.account)
                .await?
                .state
                .canary_passed_at
                .is_some()
            {
                let text = "the first change ever is read a second time before any other may follow: as it was left";
                self.say(Voice::Good, text);
            }
            self.tell_mails();
        }
        Ok(Some(pass))
    }
}
