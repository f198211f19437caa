//! `run`: sweeps at the marks of the schedule, drains the outbox, settles and forgets, until told to stop.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, watch as signal};

use super::alarm::Alarm;
use super::heart::Heart;
use super::letters::DeadLetters;
use super::mirrors::Mirrors;
use super::pulse::{Part, Pulse, of_store};
use super::reload::Reloader;
use super::service::{self, Turns};
use super::trigger::{Trigger, end_of_sweep};
use super::{Daemon, Digests, Environment, Error, Watch};
use crate::clock::{Clock, Due};
use crate::config::Settings;
use crate::domain::report::Report;
use crate::monitor::Silent;
use crate::notify::outbox::Drained;
use crate::telemetry;
use crate::vitals::Vitals;
use crate::web::server::Place;
use crate::web::{self, Site};

/// The work in hand gets this long after the signal to stop, a second less than the ten that are promised. What is cut off then was written down before it began.
const GRACE: Duration = Duration::from_secs(9);

/// How long the store may take to close, in what is left of those ten seconds. One that is stuck loses nothing by it.
const CLOSING: Duration = Duration::from_millis(500);

/// How long to wait after the store failed, and no longer than to the next mark.
const STORE_PAUSE: Duration = Duration::from_secs(10);

impl Daemon {
    /// Runs until `stop` ends, and then less than ten seconds more for the work in hand.
    ///
    /// # Errors
    /// When the scheduler cannot be started, and [`Error::GivenUp`]. A failing store is logged, and tried again; people are
    /// told of one that goes on failing.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) -> Result<(), Error> {
        let Self {
            store,
            watches,
            mut outbox,
            letters,
            heartbeat,
            vitals,
            force,
            environment,
            loader,
            listener,
            reloads: (reload, reloads),
            stop: stopper,
        } = self;
        let clock = environment.clock.clone();
        let trigger = Trigger::start(force.settings.subscribe(), clock.clone()).await?;
        let wake = Notify::new();
        let pulse = Pulse::new(clock.clone());
        let turns = Turns::new(watches.len());
        let (passed, passes) = mpsc::unbounded_channel();
        let (heart, beats) = Heart::new(heartbeat, watches.len());
        let accounts = join_all(watches.iter().enumerate().map(|(place, watch)| {
            let marks = trigger.listen();
            let parts = Account {
                watch,
                environment: &environment,
                clock: &clock,
                settings: force.settings.subscribe(),
                pulse: &pulse,
                place,
                heart: &heart,
                mirrors: force.mirrors.subscribe(),
                vitals: &vitals,
                wake: &wake,
                turns: &turns,
            };
            parts.run(marks, stopper.subscribe())
        }));
        let alarm = watches.first().map(|watch| {
            let post = force.outbox.subscribe();
            Alarm::new(watch.terms.subscribe(), store.path(), &clock, post)
        });
        let deliveries = async {
            let cancel = stopped(stopper.subscribe());
            outbox
                .run(&wake, cancel, |pass| {
                    turns.outbox();
                    match pass {
                        Ok((drained, _)) => {
                            pulse.works(Part::Outbox);
                            if *drained != Drained::default() {
                                // Nobody listens any more when the program ends.
                                passed.send(()).ok();
                            }
                        }
                        Err(error) => pulse.fails(Part::Outbox, error),
                    }
                })
                .await;
            drop(passed);
        };
        let announcements = announce(letters, &watches, passes, &environment, (&wake, &heart));
        let digests = Digests::run(force.settings.subscribe(), &watches, &clock, &wake, stopper.subscribe());
        let reloader = Reloader {
            loader,
            force: &force,
            watches: &watches,
            heart: &heart,
            vitals: &vitals,
            environment: &environment,
            wake: &wake,
        };
        let next = |now| {
            let settings = force.settings.borrow();
            (settings.schedule.next_after(now), settings.schedule.timezone.clone())
        };
        let beside = async {
            tokio::select! {
                biased;
                () = stopped(stopper.subscribe()) => service::stopping(),
                _ = async {
                    tokio::join!(
                        Mirrors::run_all(force.mirrors.subscribe(), &watches, &store),
                        beats.run(),
                        reloader.run(reloads),
                        service::tell_status(&vitals, next, &clock),
                        service::keep_awake(&turns, &watches, &clock),
                    )
                } => {}
            }
        };
        let site = Site::new(
            force.settings.subscribe(),
            store.clone(),
            clock.clone(),
            Arc::clone(&vitals),
            reload,
        );
        let listen = force.settings.borrow().web.listen;
        let place = listener.map(Place::Given).or(listen.map(Place::Address));
        let web = async {
            if let Some(place) = place {
                web::server::run(Arc::new(site), place, stopped(stopper.subscribe())).await;
            }
        };
        service::ready();
        let work = async { tokio::join!(accounts, deliveries, announcements, digests, beside, web) };
        let mut work = Box::pin(work);
        let ended = tokio::select! {
            biased;
            _ = &mut work => None,
            () = stop => Some(Ok(())),
            error = watch_over(alarm, &pulse) => Some(Err(error)),
        };
        if let Some(ended) = &ended {
            match ended {
                Ok(()) => tracing::info!("stopping: the work in hand is finished first"),
                Err(error) => {
                    tracing::error!(%error, "the program ends, to be started anew; the work in hand is finished first")
                }
            }
            stopper.send_replace(true);
            if tokio::time::timeout(GRACE, &mut work).await.is_err() {
                tracing::warn!(
                    grace_secs = GRACE.as_secs(),
                    "the work in hand was cut off; it is settled at the next start"
                );
            }
        }
        // What was cut off may hold a connection of the store, which would never close.
        drop(work);
        trigger.stop().await;
        if tokio::time::timeout(CLOSING, store.close()).await.is_err() {
            tracing::warn!("the store does not close; its log is read at the next start");
        }
        ended.unwrap_or(Ok(()))
    }
}

/// Tells people of the store, until there is no hope left that it works again; why.
async fn watch_over(alarm: Option<Alarm<'_>>, pulse: &Pulse) -> Error {
    let telling = async {
        match alarm {
            Some(alarm) => alarm.run(pulse).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        error = pulse.hopeless() => error,
        never = telling => never,
    }
}

/// Ends when the program is to end.
pub(super) async fn stopped(mut stop: signal::Receiver<bool>) {
    // A sender that is gone means the end, too.
    stop.wait_for(|stop| *stop).await.ok();
}

/// Judges dead letters after each pass of the outbox, and soon after a person dealt with one.
async fn announce(
    mut letters: DeadLetters,
    watches: &[Watch],
    mut passes: mpsc::UnboundedReceiver<()>,
    environment: &Environment,
    (wake, heart): (&Notify, &Heart),
) {
    loop {
        tokio::select! {
            biased;
            pass = passes.recv() => if pass.is_none() { return },
            () = environment.clock.sleep(environment.look_every) => {}
        }
        let mut can_tell = true;
        for watch in watches {
            match letters.judge(watch).await {
                Ok(looked) => {
                    can_tell &= looked.all_told;
                    if looked.is_owed {
                        wake.notify_one();
                    }
                }
                Err(error) => tracing::error!(%error, "dead letters could not be judged"),
            }
        }
        heart.can_tell(can_tell);
    }
}

/// How long after a try to take a change back the next one comes: each costs some calls, and what stood in the way rarely passes in
/// seconds.
const UNDO_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// What one account's loop works with.
struct Account<'a> {
    watch: &'a Watch,
    environment: &'a Environment,
    clock: &'a Clock,
    settings: signal::Receiver<Arc<Settings>>,
    pulse: &'a Pulse,
    /// Which of the accounts it is.
    place: usize,
    heart: &'a Heart,
    mirrors: signal::Receiver<Arc<Mirrors>>,
    vitals: &'a Vitals,
    wake: &'a Notify,
    turns: &'a Turns,
}

/// What is to be done before the next mark.
#[derive(Default)]
struct Next {
    settle_at: Option<Due>,
    probe_at: Option<Due>,
}

/// What happened while the account waited for its next sweep.
enum Woken {
    Stop,
    Sweep,
    Settle,
    Silence,
    Attend,
}

impl Account<'_> {
    /// Sweeps at once, and then at every mark. A mark that passes meanwhile starts the next sweep when this one ends.
    async fn run(self, mut marks: signal::Receiver<u64>, stop: signal::Receiver<bool>) {
        let mut forgotten_on = None;
        while !*stop.borrow() {
            marks.mark_unchanged();
            let Next {
                mut settle_at,
                probe_at,
            } = self.sweep(&stop).await;
            let settings = Arc::clone(&self.settings.borrow());
            let today = self.clock.now().to_zoned(settings.schedule.timezone.clone()).date();
            if forgotten_on.replace(today) != Some(today)
                && let Err(error) = self.watch.forget(settings.store.keep_history).await
            {
                tracing::error!(%error, "old history could not be forgotten");
            }
            let mut silence_at = self.clock.due(self.later(self.environment.silence_every));
            let mut undo_from = Duration::ZERO;
            loop {
                self.turns.account(self.place);
                match self.wait(&mut marks, &stop, settle_at, probe_at, silence_at).await {
                    Woken::Stop => return,
                    Woken::Sweep => break,
                    Woken::Settle => settle_at = self.settle().await,
                    Woken::Silence => {
                        self.judge_silence().await;
                        silence_at = self.clock.due(self.later(self.environment.silence_every));
                    }
                    Woken::Attend => {
                        let wants_undo = self.attend().await;
                        if wants_undo && self.clock.monotonic() >= undo_from {
                            settle_at = self.settle().await;
                            undo_from = self.clock.monotonic() + UNDO_AGAIN_AFTER;
                        }
                    }
                }
            }
        }
    }

    async fn wait(
        &self,
        marks: &mut signal::Receiver<u64>,
        stop: &signal::Receiver<bool>,
        settle_at: Option<Due>,
        probe_at: Option<Due>,
        silence_at: Due,
    ) -> Woken {
        let reached = async |due: Option<Due>| match due {
            Some(due) => self.clock.reach(due).await,
            None => std::future::pending().await,
        };
        tokio::select! {
            biased;
            () = stopped(stop.clone()) => Woken::Stop,
            // Marks do not count while an account that cannot be asked is left alone: the probe is its next sweep.
            Ok(()) = marks.changed(), if probe_at.is_none() => Woken::Sweep,
            () = reached(probe_at) => Woken::Sweep,
            () = self.watch.mended(), if probe_at.is_some() => Woken::Sweep,
            () = reached(settle_at) => Woken::Settle,
            () = self.clock.reach(silence_at) => Woken::Silence,
            () = self.clock.sleep(self.environment.look_every) => Woken::Attend,
            // What lies ahead or is over by the new time is looked at now.
            () = self.clock.until_jump() => Woken::Silence,
        }
    }

    /// One pass; what is to be done before the next mark.
    async fn sweep(&self, stop: &signal::Receiver<bool>) -> Next {
        let account = &self.watch.account;
        let next_after = |after| self.settings.borrow().schedule.next_after(after);
        let deadline = end_of_sweep(self.clock.now(), next_after);
        self.heart.begin();
        let pass = self.watch.pass(deadline, &Silent).await;
        self.wake.notify_one();
        // One that was cut short was neither.
        if !*stop.borrow() {
            let was_judged = pass.as_ref().is_ok_and(|pass| pass.not_asked.is_none());
            self.heart
                .end(self.place, was_judged && !self.mirrors.borrow().are_silent());
        }
        match pass {
            Ok(pass) => {
                self.pulse.works(Part::Sweeps(self.place));
                if let Some((what, fix)) = &pass.not_asked {
                    self.vitals.failed(account, what);
                    tracing::error!(%account, what, fix, "the account could not be asked");
                } else {
                    self.vitals.judged(account);
                    log(account.as_str(), &pass.report);
                }
                Next {
                    settle_at: pass.settle_at.map(|at| self.clock.due(at)),
                    probe_at: pass.probe_at.map(|at| self.clock.due(at)),
                }
            }
            Err(error) => {
                self.vitals.failed(account, &telemetry::chain(&error));
                tracing::error!(%account, error = %telemetry::chain(&error), "the sweep failed; nothing that was not written counts");
                if let Some(error) = of_store(&error) {
                    self.pulse.fails(Part::Sweeps(self.place), error);
                }
                let now = self.clock.now();
                let interval = self.settings.borrow().schedule.interval(now);
                let interval = Duration::try_from(interval).unwrap_or(STORE_PAUSE);
                tokio::select! {
                    biased;
                    () = stopped(stop.clone()) => {}
                    () = self.clock.sleep(STORE_PAUSE.min(interval)) => {}
                }
                Next {
                    probe_at: Some(self.clock.due(self.clock.now())),
                    ..Next::default()
                }
            }
        }
    }

    async fn settle(&self) -> Option<Due> {
        let settled = self.watch.settle().await;
        self.wake.notify_one();
        match settled {
            // Looking again at once would only ask again what cannot be told yet.
            Ok(done) => done
                .next_at
                .filter(|at| *at > self.clock.now())
                .map(|at| self.clock.due(at)),
            Err(error) => {
                tracing::error!(error = %telemetry::chain(&error), "enforcements could not be settled");
                None
            }
        }
    }

    /// So much later than now.
    fn later(&self, wait: Duration) -> Timestamp {
        let now = self.clock.now();
        now.saturating_add(wait).unwrap_or(now)
    }

    /// Whether a person waits for a change to be taken back.
    async fn attend(&self) -> bool {
        match self.watch.attend().await {
            Ok(seen) => {
                if seen.owes {
                    self.wake.notify_one();
                }
                seen.wants_undo
            }
            Err(error) => {
                tracing::error!(%error, "acknowledgements, escalations and what is to be undone could not be attended to");
                false
            }
        }
    }

    async fn judge_silence(&self) {
        if let Err(error) = self.watch.judge_silence().await {
            tracing::error!(%error, "silence could not be judged");
        }
        self.wake.notify_one();
    }
}

fn log(account: &str, report: &Report) {
    let kinds: Vec<String> = report
        .errors
        .iter()
        .map(|(kind, count)| format!("{kind} {count}"))
        .collect();
    tracing::info!(
        account,
        clients = report.clients,
        readings = report.readings,
        deferred = report.deferred,
        unread = report.errors.values().sum::<u64>(),
        unread_why = %kinds.join(", "),
        api_calls = report.api_calls,
        fired = report.alerts.fired,
        resolved = report.alerts.resolved,
        withdrawn = report.alerts.withdrawn,
        seconds = (report.seconds * 10.0).round() / 10.0,
        "sweep done"
    );
}
