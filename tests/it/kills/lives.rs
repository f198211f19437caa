//! A daemon that is killed over and over, at moments from a seed, while clients fall and recover and one after the other is
//! robbed; and how it comes to rest at the end. What must hold after that is in `account`.

use std::collections::BTreeSet;
use std::time::Duration;

use balancewatch::clock::Clock;
use balancewatch::config::{Request, Secrets, Variables, load};
use balancewatch::daemon::{Daemon as Program, Environment};
use balancewatch::domain::enforcement::EnforcementState;
use balancewatch::monitor::Silent;
use balancewatch::world::drive;
use jiff::{SignedDuration, Timestamp};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;
use serde_json::json;

use super::account;
use super::receiver::Receiver;
use super::stage::{Held, Stage};
use crate::journey::world::Daemon;

/// Longest that a life waits for what it is to be killed at.
const LONGEST_LIFE: Duration = Duration::from_secs(4);

/// Longest that it takes to come to rest: a change that was in flight is settled after half a minute.
const REST: Duration = Duration::from_secs(150);

/// How often something is looked at that cannot be waited for otherwise.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// After so many lives it is looked whether anything of the store was lost.
const LOOK_BACK_EVERY: u32 = 8;

/// Whom what happens to, by their place in the list: at most five begin to breach at a time, or the data look wrong.
const PATIENT: std::ops::Range<usize> = 0..2;
const RESTLESS: usize = 2;
const ROBBED: std::ops::Range<usize> = 3..9;

/// How many clients there are.
const CLIENTS: u32 = 16;

/// What is to happen.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    pub seed: u64,
    /// How often the program is killed.
    pub kills: u32,
    pub rate_per_minute: u32,
}

/// What happened.
pub struct Lived {
    pub course: Course,
    pub stage: Stage,
    /// How everybody's record was before.
    pub records: Vec<serde_json::Value>,
    /// How often each client fell that waited until it was told, and recovered.
    pub fell: Vec<(String, usize)>,
    /// Who was robbed.
    pub robbed: Vec<String>,
    /// When the program or a receiver was killed.
    pub deaths: Vec<Timestamp>,
    /// Kills of the program by what they waited for.
    pub kills: [u32; 4],
    /// Ends on request, and kills of receivers.
    pub terms: usize,
    pub receivers_killed: usize,
    pub held: Held,
}

/// Where a client stands that waits until its fall and its recovery are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lane {
    Well,
    Low,
    Recovers,
}

/// At what a life ends.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// So long after its start.
    Time,
    /// So many calls later.
    Call(u64),
    /// When something comes to a receiver.
    Word,
    /// When a client is changed.
    Change,
}

struct Play {
    stage: Stage,
    dice: ChaCha8Rng,
    clock: Clock,
    lanes: Vec<(Lane, usize)>,
    is_restless_low: bool,
    robbed: Vec<String>,
    deaths: Vec<Timestamp>,
    kills: [u32; 4],
    terms: usize,
    receivers_killed: usize,
    /// When each client was last read and how many readings there are, as of the last look back.
    seen: (Vec<Option<Timestamp>>, u64),
}

/// Lives through a course, to its rest.
pub async fn live(course: Course) -> Lived {
    let stage = Stage::set(CLIENTS, course.rate_per_minute).await;
    let mut records = Vec::new();
    for id in &stage.ids {
        records.push(stage.client(id).await);
    }
    let mut play = Play {
        stage,
        dice: ChaCha8Rng::seed_from_u64(course.seed),
        clock: Clock::real(),
        lanes: vec![(Lane::Well, 0); PATIENT.len()],
        is_restless_low: false,
        robbed: Vec::new(),
        deaths: Vec::new(),
        kills: [0; 4],
        terms: 0,
        receivers_killed: 0,
        seen: (Vec::new(), 0),
    };
    play.first_sweep().await;
    let mut lives = 0;
    while play.kills.iter().sum::<u32>() < course.kills {
        play.happen(true).await;
        play.life().await;
        lives += 1;
        if lives % LOOK_BACK_EVERY == 0 {
            play.look_back().await;
        }
    }
    play.come_to_rest().await;
    let held = play.go_through_a_day().await;
    Lived {
        course,
        records,
        fell: PATIENT
            .map(|place| (play.stage.ids[place].clone(), play.lanes[place].1))
            .collect(),
        robbed: play.robbed,
        deaths: play.deaths,
        kills: play.kills,
        terms: play.terms,
        receivers_killed: play.receivers_killed,
        stage: play.stage,
        held,
    }
}

impl Play {
    fn below(&mut self, bound: u64) -> u64 {
        self.dice.random_range(0..bound)
    }

    /// Everybody is judged once, so that what follows is news.
    async fn first_sweep(&mut self) {
        let mut daemon = self.stage.daemon();
        self.until(REST, &mut daemon, "the first sweep", async |play| {
            play.stage.log().contains("sweep done")
        })
        .await;
        daemon.signal("TERM");
        assert_eq!(daemon.end().await.0, Some(0), "{}", self.story());
    }

    /// Lets clients fall and recover. `is_going_on`: whether anything new may begin.
    async fn happen(&mut self, is_going_on: bool) {
        for place in PATIENT {
            let id = self.stage.ids[place].clone();
            let (lane, fell) = self.lanes[place];
            let (begun, ended) = (account::begun(&self.stage, &id), account::ended(&self.stage, &id));
            assert!(
                begun <= fell && ended <= fell,
                "{id} fell {fell} times: {begun} {ended}"
            );
            self.lanes[place] = match lane {
                Lane::Well if is_going_on && self.below(2) == 0 => {
                    self.stage.edit(&id, json!({"balance": "9.00"})).await;
                    (Lane::Low, fell + 1)
                }
                Lane::Low if begun == fell => {
                    self.stage.edit(&id, json!({"balance": "100.00"})).await;
                    (Lane::Recovers, fell)
                }
                Lane::Recovers if ended == fell => (Lane::Well, fell),
                lane => (lane, fell),
            };
        }
        if self.is_restless_low != (is_going_on && self.below(2) == 0) {
            self.is_restless_low = !self.is_restless_low;
            let balance = if self.is_restless_low { "9.00" } else { "100.00" };
            let id = self.stage.ids[RESTLESS].clone();
            self.stage.edit(&id, json!({ "balance": balance })).await;
        }
        let is_known = self
            .robbed
            .last()
            .is_none_or(|id| account::is_overdrawn_told(&self.stage, id));
        let next = ROBBED.start + self.robbed.len();
        if is_going_on && is_known && next < ROBBED.end && self.below(4) == 0 {
            let id = self.stage.ids[next].clone();
            self.stage
                .edit(&id, json!({"balance": "0.50", "spend_per_hour": "300"}))
                .await;
            self.robbed.push(id);
        }
    }

    /// One life of the program.
    async fn life(&mut self) {
        let dead = self.below(2) == 0;
        for receiver in self.stage.receivers() {
            if dead {
                receiver.begin();
            }
        }
        let moment = match self.below(8) {
            0..3 => Moment::Time,
            3..5 => Moment::Call(self.below(40)),
            5..7 => Moment::Word,
            _ => Moment::Change,
        };
        let (calls, changes) = self.calls().await;
        let sizes = self.sizes();
        let mut daemon = self.stage.daemon();
        let comes = async |play: &mut Self| match moment {
            Moment::Time => true,
            Moment::Call(more) => play.calls().await.0 > calls + more,
            Moment::Word => play.sizes() != sizes,
            Moment::Change => play.calls().await.1 > changes,
        };
        self.while_it_lives(&mut daemon, LONGEST_LIFE, comes).await;
        if self.below(12) == 0 {
            let which = usize::try_from(self.below(3)).unwrap();
            self.stage.receivers()[which].kill();
            self.receivers_killed += 1;
            self.deaths.push(self.clock.now());
        }
        let (index, longest) = match moment {
            Moment::Time => (0, 800),
            Moment::Call(_) => (1, 20),
            Moment::Word => (2, 20),
            Moment::Change => (3, 40),
        };
        let after = Duration::from_millis(self.below(longest));
        self.while_it_lives(&mut daemon, after, async |_| false).await;
        if self.below(8) == 0 {
            self.terms += 1;
            daemon.signal("TERM");
            let (code, took) = daemon.end().await;
            assert!(
                code.is_none_or(|code| code == 0),
                "{code:?} after {took:?}: {}",
                self.story()
            );
        } else {
            self.kills[index] += 1;
            self.deaths.push(self.clock.now());
            daemon.signal("KILL");
            daemon.end().await;
        }
    }

    /// Waits until something is so, or so long; the program must not end meanwhile. Whether it is so.
    async fn while_it_lives(
        &mut self,
        daemon: &mut Daemon,
        longest: Duration,
        mut is_so: impl AsyncFnMut(&mut Self) -> bool,
    ) -> bool {
        let looking = async {
            let mut ticks = tokio::time::interval(LOOK_EVERY);
            while !is_so(self).await {
                ticks.tick().await;
            }
        };
        let ended = tokio::select! {
            ended = daemon.end() => Some(ended.0),
            looked = tokio::time::timeout(longest, looking) => return looked.is_ok(),
        };
        panic!("it ended by itself with {ended:?}: {}", self.story());
    }

    /// Waits until something is so that must come.
    async fn until(
        &mut self,
        longest: Duration,
        daemon: &mut Daemon,
        what: &str,
        is_so: impl AsyncFnMut(&mut Self) -> bool,
    ) {
        let came = self.while_it_lives(daemon, longest, is_so).await;
        assert!(came, "never came: {what}: {}", self.story());
    }

    /// The calls so far, and those of them that change a client.
    async fn calls(&self) -> (u64, u64) {
        let stats = self.stage.stats().await;
        let changes = stats["calls_by_function"]["setClient"].as_u64().unwrap_or(0);
        (stats["calls"].as_u64().unwrap(), changes)
    }

    fn sizes(&self) -> [u64; 2] {
        [&self.stage.mail, &self.stage.hook].map(Receiver::size)
    }

    /// Nothing that was written down is gone, and what counts as told was told.
    async fn look_back(&mut self) {
        let held = self.stage.held().await;
        let read: Vec<Option<Timestamp>> = held
            .view
            .clients
            .iter()
            .map(|watched| watched.reading.as_ref().map(|reading| reading.at))
            .collect();
        let (before, readings) = &self.seen;
        assert!(held.readings >= *readings, "{} readings of {readings}", held.readings);
        for (before, now) in before.iter().zip(&read) {
            assert!(now >= before, "a reading of {before:?} is gone: {now:?}");
        }
        account::what_counts_as_told_was_told(&self.stage, &held);
        self.seen = (read, held.readings);
    }

    /// Nothing happens any more, and nobody is killed: whoever fell recovers, and the program ends its work.
    async fn come_to_rest(&mut self) {
        for receiver in self.stage.receivers() {
            receiver.begin();
            receiver.listens().await;
        }
        let mut daemon = self.stage.daemon();
        let mut ticks = 0;
        self.until(REST, &mut daemon, "rest", async |play| {
            ticks += 1;
            if ticks % 50 != 0 {
                return false;
            }
            play.happen(false).await;
            let is_well = play.lanes.iter().all(|(lane, _)| *lane == Lane::Well);
            let held = play.stage.held().await;
            let is_sent =
                |state: &EnforcementState| matches!(state, EnforcementState::Sent | EnforcementState::Planned);
            let agrees = account::mirror_agrees(&play.stage, &held, play.clock.now());
            is_well && agrees && !held.enforcements.iter().any(|kept| is_sent(&kept.state))
        })
        .await;
        daemon.signal("TERM");
        assert_eq!(daemon.end().await.0, Some(0), "{}", self.story());
    }

    /// Sweeps every twenty minutes of most of a day, so that whatever waits for a later hour is done; and once more, for who was
    /// changed in the last one went on spending after being read.
    async fn go_through_a_day(&mut self) -> Held {
        let config = self.stage.folder.path().join("config.toml");
        let mut was_done = false;
        for sweep in 1..=66 {
            let now = self.clock.now() + SignedDuration::from_mins(20 * sweep);
            let loaded = load(Request {
                is_named: true,
                path: &config,
                variables: &Variables::default(),
                secrets: Secrets::Required,
                now,
            });
            let (clock, stepper) = Clock::stepped(now);
            let environment = Environment {
                clock,
                ..Environment::real()
            };
            let mut daemon = Program::build(&loaded.unwrap().settings, &environment).await.unwrap();
            // On the heap: a test's thread has little stack.
            let once = Box::pin(daemon.once(Duration::from_secs(10), &Silent));
            drive(&stepper, once).await.unwrap();
            drop(daemon);
            let held = self.stage.held().await;
            let is_done = held.notifications.iter().all(|kept| kept.state.is_final());
            let hard = held.enforcements.iter().filter(|kept| kept.is_verified_hard());
            let hard: BTreeSet<&str> = hard.map(|kept| kept.client.as_str()).collect();
            let is_done = is_done && self.robbed.iter().all(|id| hard.contains(id.as_str()));
            if is_done && was_done {
                return held;
            }
            was_done = is_done;
        }
        let held = self.stage.held().await;
        let open = held.notifications.iter().filter(|kept| !kept.state.is_final());
        let open: Vec<_> = open.map(|kept| (&kept.id, &kept.state)).collect();
        let changes = held.enforcements.iter();
        let changes: Vec<_> = changes.map(|kept| (&kept.id, &kept.state, kept.changed_at)).collect();
        panic!(
            "not all was done in a day: {open:#?} {changes:#?} {:#?} of {:?}",
            held.view.decisions, self.robbed
        );
    }

    /// The last that the program said.
    fn story(&self) -> String {
        let log = self.stage.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }
}
