//! All that there is in a world, and the hand that lets things happen in it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Builder;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use super::force::InForce;
use super::growth::{Growth, Lines};
use super::guards::Guards;
use super::log::{Fact, Log, Sample};
use super::plan::{Happening, Lie, Moment, Mood, Plan, Planned};
pub use super::played::{Kept, Played};
use super::played::{account_name, kept};
use super::{life, net, people, receivers, upstream};
use crate::clock::{Clock, Hands};
use crate::config::Loaded;
use crate::mail_catcher::{self, MailServer};
use crate::simulator::{self, Simulator};
use crate::store::{DiskTrouble, Store, at_once};
use crate::web::ReloadRequest;

/// How often it is looked how everybody really stands.
const SAMPLE_EVERY: Duration = Duration::from_secs(300);

/// How many intervals a world goes on after its faults have ended.
const INTERVALS_TO_GET_WELL: u32 = 4;

/// The name of the account.
pub const ACCOUNT: &str = "main";

/// How often it is looked how much there is.
const GROWTH_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// What a rehearsal brings with it.
pub struct Stage {
    /// What the program is told, in place of the plan's text: it leads nowhere but to the ports of this world.
    pub told: Loaded,
    /// What it does at each look at the world, with the time that has passed.
    pub look: Box<dyn Fn(Duration) + Send + Sync>,
}

/// A world. It belongs to one thread.
pub struct World {
    pub plan: Plan,
    stage: Option<Stage>,
    /// True time is its monotonic time; its wall clock is the one that the program believes.
    pub clock: Clock,
    hands: Hands,
    pub simulator: Arc<Simulator>,
    pub(super) upstream: upstream::Memory,
    pub mail: MailServer,
    store: std::path::PathBuf,
    /// A configuration with what was last read from it.
    pub(super) last_loaded: Mutex<Option<(String, Loaded)>>,
    log: Log,
    samples: Mutex<Vec<(u32, Sample)>>,
    lines: Lines,
    growth: Mutex<Vec<Growth>>,
    state: Mutex<State>,
    /// Which life of the program runs; one that is over does nothing any more.
    life: AtomicU32,
    was_killed: Notify,
    is_ending: AtomicBool,
    ending: Notify,
    tasks: Mutex<JoinSet<()>>,
}

#[derive(Default)]
struct State {
    in_force: InForce,
    operations: BTreeMap<&'static str, u64>,
    /// The kind of moment, and how many of it are still to come before the kill.
    armed: Option<(Moment, u32)>,
    config: String,
    /// What operators added to it for now.
    more_config: &'static str,
    /// Whom a happening is about, as long as it lasts.
    concerned: BTreeMap<usize, String>,
    /// The part of it that bounds changes.
    guards: String,
    running: Option<(Store, mpsc::Sender<ReloadRequest>)>,
    /// What others do beside the running program.
    beside: JoinSet<()>,
}

/// Lets a world happen, in `folder`, which must be empty.
///
/// # Panics
/// When the machine gives no thread, or the plan's settings are none.
#[must_use]
pub fn play(plan: Plan, folder: &Path) -> Played {
    play_on(None, plan, folder)
}

/// The same, on the stage of a rehearsal. Then neither calls nor what receivers took is written down, nor how clients stand: nobody
/// checks it, and it would grow with the days.
///
/// # Panics
/// As [`play`].
#[must_use]
pub fn play_on(stage: Option<Stage>, plan: Plan, folder: &Path) -> Played {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.unwrap_or_else(|error| unreachable!("the machine gives no runtime: {error}"));
    runtime.block_on(async {
        let is_rehearsal = stage.is_some();
        let world = World::new(stage, plan, folder);
        let _counted = (!is_rehearsal).then(|| tracing::subscriber::set_default(world.lines.clone()));
        let lives = life::live(Arc::clone(&world));
        let (faults_ended, ()) = tokio::join!(world.go_through(), lives);
        world.played(faults_ended).await
    })
}

impl World {
    fn new(stage: Option<Stage>, plan: Plan, folder: &Path) -> Arc<Self> {
        let (clock, hands) = Clock::by_runtime(plan.start);
        let options = simulator::Options {
            clients: plan.clients,
            seed: plan.seed,
            settings: plan.settings.clone(),
            start: Some(plan.start),
            ..simulator::Options::default()
        };
        let simulator = Simulator::new(options, clock.clone());
        let simulator = simulator.unwrap_or_else(|error| unreachable!("the plan's settings are none: {error}"));
        Arc::new(Self {
            clock,
            hands,
            simulator,
            upstream: upstream::Memory::default(),
            mail: MailServer::new(mail_catcher::Options::default()),
            store: folder.join("state.db"),
            last_loaded: Mutex::default(),
            log: Log::default(),
            samples: Mutex::default(),
            lines: Lines::default(),
            growth: Mutex::default(),
            state: Mutex::new(State {
                config: net::config(&plan, folder),
                guards: plan.guards.as_ref().map(Guards::to_config).unwrap_or_default(),
                ..State::default()
            }),
            life: AtomicU32::new(0),
            was_killed: Notify::new(),
            is_ending: AtomicBool::new(false),
            ending: Notify::new(),
            tasks: Mutex::default(),
            stage,
            plan,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time that really passed since the start, as a time of day.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.plan
            .start
            .saturating_add(self.clock.monotonic())
            .unwrap_or(Timestamp::MAX)
    }

    pub(super) fn log(&self, fact: Fact) {
        if self.stage.is_some() && matches!(fact, Fact::Asked { .. } | Fact::Received(_) | Fact::Beat { .. }) {
            return;
        }
        self.log.add(self.now(), fact);
    }

    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    /// Lets everything happen that is planned; the time at which all faults had ended.
    async fn go_through(self: &Arc<Self>) -> Timestamp {
        let mut moments: Vec<(Duration, bool, &Planned)> = Vec::new();
        for planned in &self.plan.happenings {
            moments.push((planned.after, true, planned));
            if !planned.lasting.is_zero() {
                let end = planned.after.saturating_add(planned.lasting).min(self.plan.length);
                moments.push((end, false, planned));
            }
        }
        moments.sort_by_key(|(at, is_begin, planned)| (*at, planned.number, !*is_begin));
        let mut sample_at = Duration::ZERO;
        let mut moments = moments.into_iter().peekable();
        while let Some((at, _, _)) = moments.peek() {
            if sample_at <= *at {
                self.reach(sample_at).await;
                self.sample();
                sample_at += SAMPLE_EVERY;
            } else if let Some((at, is_begin, planned)) = moments.next() {
                self.reach(at).await;
                self.happen(planned, is_begin).await;
            }
        }
        let faults_ended = self.clock.monotonic().max(self.plan.length);
        let end = faults_ended + tail(self.plan.interval);
        while sample_at <= end {
            self.reach(sample_at).await;
            self.sample();
            sample_at += SAMPLE_EVERY;
        }
        self.is_ending.store(true, Ordering::Release);
        self.ending.notify_waiters();
        self.plan.start.saturating_add(faults_ended).unwrap_or(Timestamp::MAX)
    }

    async fn reach(&self, at: Duration) {
        tokio::time::sleep(at.saturating_sub(self.clock.monotonic())).await;
    }

    fn sample(&self) {
        if let Some(stage) = &self.stage {
            return (stage.look)(self.clock.monotonic());
        }
        let at = self.now();
        let mut growth = self.growth.lock().unwrap_or_else(PoisonError::into_inner);
        if growth
            .last()
            .is_none_or(|last| at.duration_since(last.at) >= GROWTH_EVERY)
        {
            growth.push(self.lines.measure(at, &self.store));
        }
        drop(growth);
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        samples.extend(self.simulator.glance().into_iter().map(|glance| {
            let sample = Sample {
                at,
                balance_tenthousandths: glance.balance_tenthousandths,
                threshold: glance.threshold,
                is_hard: glance.is_hard,
            };
            (glance.id, sample)
        }));
    }

    /// Lets one thing begin, or end.
    async fn happen(self: &Arc<Self>, planned: &Planned, is_begin: bool) {
        let number = planned.number;
        self.log(if is_begin {
            Fact::Began(planned.clone())
        } else {
            Fact::Over(planned.clone())
        });
        let done = match &planned.what {
            Happening::Crash { at: Moment::Now, .. } => {
                self.kill("at once");
                Ok(())
            }
            Happening::Crash { at, nth } => {
                self.state().armed = Some((*at, *nth));
                Ok(())
            }
            Happening::Wall(by) => {
                self.hands.set_wall(*by);
                Ok(())
            }
            Happening::Client { index, deed } => people::client(self, (number, *index), deed, is_begin),
            Happening::Operator(act) => {
                // They use the store of the program, which answers nobody once it is killed.
                let life = self.life();
                tokio::select! {
                    biased;
                    done = people::operator(self, number, act, is_begin) => done,
                    () = self.killed(life) => Err("the program was killed meanwhile".to_owned()),
                }
            }
            lasting => {
                let (simulator, mail) = (&self.simulator, &self.mail);
                let in_force = &mut self.state().in_force;
                in_force.turn((simulator, mail), number, lasting, is_begin)
            }
        };
        if let Err(why) = done {
            self.log(Fact::Skipped { number, why });
        }
    }

    /// The store does something.
    pub(super) fn counts(&self, operation: &'static str) {
        *self.state().operations.entry(operation).or_default() += 1;
    }

    /// The lie that is told now.
    pub(super) fn lie(&self) -> Option<Lie> {
        self.state().in_force.lie()
    }

    /// Whether there is a fault now.
    pub(super) fn has_fault(&self, name: &str) -> bool {
        self.state().in_force.has_fault(name)
    }

    /// What the disk does not do now.
    pub(super) fn disk(&self) -> Option<DiskTrouble> {
        self.state().in_force.disk()
    }

    /// How a receiver over HTTP behaves now.
    pub(super) fn mood(&self, receiver: &str) -> Mood {
        self.state().in_force.mood(receiver)
    }

    /// What the program is told on the stage of a rehearsal.
    pub(super) fn told(&self) -> Option<&Loaded> {
        self.stage.as_ref().map(|stage| &stage.told)
    }

    pub(super) fn config(&self) -> String {
        let state = self.state();
        format!("{}\n{}\n{}", state.config, state.more_config, state.guards)
    }

    /// Changes what the configuration says of changes.
    pub(super) fn guard(&self, guards: &Guards) {
        self.state().guards = guards.to_config();
    }

    /// A text without the name of the folder, which no other world of the same seed has.
    pub(super) fn without_folder(&self, text: &str) -> String {
        text.replace(&self.store.display().to_string(), "state.db")
    }

    /// Adds lines to the configuration, in place of those that were added before.
    pub(super) fn configure(&self, lines: &'static str) {
        self.state().more_config = lines;
    }

    /// Whom a happening is about: the client at this place of the list when it began. The reseller's own account is none.
    pub(super) fn concerned(&self, number: usize, index: usize) -> Option<String> {
        let ids = self.simulator.client_ids();
        let ids: Vec<&String> = ids.iter().filter(|id| id.len() > 1).collect();
        let found = ids.get(index % ids.len().max(1)).map(|id| (*id).clone());
        let mut state = self.state();
        let of = state.concerned.get(&number).cloned().or(found)?;
        state.concerned.insert(number, of.clone());
        Some(of)
    }

    /// A life of the program begins.
    pub(super) fn begins(&self, life: u32) {
        self.life.store(life, Ordering::Release);
    }

    /// Others may leave decisions now.
    pub(super) fn lives(&self, store: Store, reloads: mpsc::Sender<ReloadRequest>) {
        self.state().running = Some((store, reloads));
    }

    /// Others do something beside the program, for as long as it runs.
    pub(super) fn beside(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.state().beside.spawn(work);
    }

    /// The program is gone.
    pub(super) fn is_gone(&self) {
        let mut state = self.state();
        state.running = None;
        state.beside.abort_all();
    }

    /// The store of the running program, and who reloads it.
    pub(super) fn running(&self) -> Option<(Store, mpsc::Sender<ReloadRequest>)> {
        self.state().running.clone()
    }

    /// The life that runs; 0: none does.
    pub(super) fn life(&self) -> u32 {
        self.life.load(Ordering::Acquire)
    }

    /// Whether a life is over, so that nothing of it may act any more.
    pub(super) fn is_over(&self, life: u32) -> bool {
        self.life.load(Ordering::Acquire) != life
    }

    /// Passes a moment of a life; whether it is killed there.
    pub(super) fn passes(&self, life: u32, moment: Moment, place: impl FnOnce() -> String) -> bool {
        let mut state = self.state();
        match &mut state.armed {
            Some((armed, left)) if *armed == moment && *left > 0 => {
                *left -= 1;
                false
            }
            Some((armed, _)) if *armed == moment => {
                state.armed = None;
                drop(state);
                if self.is_over(life) {
                    return true;
                }
                self.kill(&place());
                true
            }
            _ => false,
        }
    }

    /// Kills the program that runs.
    fn kill(&self, place: &str) {
        let life = self.life.swap(0, Ordering::AcqRel);
        if life == 0 {
            return;
        }
        self.log(Fact::Killed {
            life,
            at: place.to_owned(),
        });
        self.was_killed.notify_waiters();
    }

    /// Ends when a life was killed.
    pub(super) async fn killed(&self, life: u32) {
        loop {
            let killed = self.was_killed.notified();
            if self.is_over(life) {
                return;
            }
            killed.await;
        }
    }

    pub(super) fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Acquire)
    }

    /// Ends when the program is told to end.
    pub(super) async fn told_to_end(&self) {
        loop {
            let ending = self.ending.notified();
            if self.is_ending() {
                return;
            }
            ending.await;
        }
    }

    async fn played(self: Arc<Self>, faults_ended: Timestamp) -> Played {
        receivers::collect_mail(&self, 0);
        let account = self.told().and_then(|told| told.settings.accounts.first());
        let account = account.map_or_else(account_name, |account| account.name.clone());
        let end = at_once(kept(&self.store, account, self.clock.now())).ok();
        Played {
            plan: self.plan.clone(),
            log: self.log.take(),
            samples: std::mem::take(&mut *self.samples.lock().unwrap_or_else(PoisonError::into_inner)),
            calls: self.simulator.stats()["calls"].as_u64().unwrap_or_default(),
            operations: std::mem::take(&mut self.state().operations),
            end,
            growth: std::mem::take(&mut *self.growth.lock().unwrap_or_else(PoisonError::into_inner)),
            lines: self.lines.last(),
            faults_ended,
            ended: self.now(),
        }
    }
}

/// How long a world goes on after its faults have ended.
pub(super) fn tail(interval: SignedDuration) -> Duration {
    Duration::try_from(interval).unwrap_or_default() * INTERVALS_TO_GET_WELL + Duration::from_secs(3_600)
}
