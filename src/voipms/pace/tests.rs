//! Whole processes on a stepped clock, with arrivals counted as a server counts them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use proptest::prelude::{Strategy, any, prop_assert, proptest};
use proptest::test_runner::Config;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::window::MINUTE_AND_DRIFT;
use super::{CallLedger, Grant, LedgerError, MemoryLedger, Occupied, Pace, Pacer, Permit, Priority, Reservation};
use crate::clock::{Clock, Stepper};
use crate::domain::AccountName;

const LONGEST_CALL: Duration = Duration::from_secs(30);

/// A world with a clock, a ledger and a server that notes arrivals.
struct World {
    clock: Clock,
    stepper: Stepper,
    ledger: Arc<dyn CallLedger>,
    arrivals: Arc<Mutex<Vec<Duration>>>,
    processes: u32,
    /// How late timers are.
    late: Duration,
}

impl World {
    fn new() -> Self {
        let (clock, stepper) = Clock::stepped(Timestamp::UNIX_EPOCH);
        Self {
            clock,
            stepper,
            ledger: Arc::new(MemoryLedger::default()),
            arrivals: Arc::default(),
            processes: 0,
            late: Duration::ZERO,
        }
    }

    /// A new process of the account.
    fn process(&mut self, rate_per_minute: u32) -> Pacer {
        self.processes += 1;
        Pacer::new(Pace {
            account: AccountName::new("main").unwrap(),
            rate_per_minute,
            longest_call: LONGEST_CALL,
            owner: format!("process {}", self.processes),
            ledger: Arc::clone(&self.ledger),
            clock: self.clock.clone(),
        })
    }

    /// Starts `workers` callers that never stop; each call's latency comes from `latency`.
    fn work<L>(&self, pacer: &Pacer, workers: u64, seed: u64, latency: L) -> Vec<tokio::task::JoinHandle<()>>
    where
        L: Fn(&mut StdRng) -> Duration + Clone + Send + 'static,
    {
        (0..workers)
            .map(|worker| {
                let (pacer, clock, arrivals) = (pacer.clone(), self.clock.clone(), Arc::clone(&self.arrivals));
                let latency = latency.clone();
                let mut random = StdRng::seed_from_u64(seed.wrapping_mul(1_000).wrapping_add(worker));
                tokio::spawn(async move {
                    while let Ok(permit) = pacer.permit(Priority::Normal).await {
                        let took = latency(&mut random);
                        let arrival = took.mul_f64(random.random_range(0.0..=1.0));
                        arrivals.lock().unwrap().push(clock.monotonic() + arrival);
                        clock.sleep(took).await;
                        drop(permit);
                    }
                })
            })
            .collect()
    }

    /// Starts a caller that never stops and makes two calls at a time, the second behind the first where that can be.
    fn work_in_pairs(&self, pacer: &Pacer, seed: u64, longest: Duration) -> tokio::task::JoinHandle<()> {
        let (pacer, clock, arrivals) = (pacer.clone(), self.clock.clone(), Arc::clone(&self.arrivals));
        let mut random = StdRng::seed_from_u64(seed);
        tokio::spawn(async move {
            loop {
                let permits: Vec<Permit> = match pacer.pair(Priority::High).await {
                    Ok(Some(pair)) => pair.into(),
                    Ok(None) => pacer.permit(Priority::High).await.into_iter().collect(),
                    Err(_) => return,
                };
                for permit in permits {
                    let took = longest.mul_f64(random.random_range(0.0..=1.0));
                    let arrival = took.mul_f64(random.random_range(0.0..=1.0));
                    arrivals.lock().unwrap().push(clock.monotonic() + arrival);
                    clock.sleep(took).await;
                    drop(permit);
                }
            }
        })
    }

    /// Lets everybody run until nobody can go on without time passing.
    async fn settle(&self) {
        for _ in 0..64 {
            tokio::task::yield_now().await;
        }
    }

    /// Runs until `secs` seconds after the start.
    async fn run_until(&self, secs: u64) {
        let end = Duration::from_secs(secs);
        loop {
            self.settle().await;
            let wake = self.stepper.next_wake().map(|wake| since_epoch(wake) + self.late);
            match wake.filter(|wake| *wake <= end) {
                Some(wake) => self.stepper.advance_to(timestamp(wake)),
                None => break,
            }
        }
        self.stepper.advance_to(timestamp(end));
    }

    /// The most arrivals in any 60 seconds.
    fn busiest_minute(&self) -> usize {
        let mut arrivals = self.arrivals.lock().unwrap().clone();
        arrivals.sort_unstable();
        let mut first = 0;
        let mut most = 0;
        for (last, at) in arrivals.iter().enumerate() {
            while *at - arrivals[first] >= Duration::from_secs(60) {
                first += 1;
            }
            most = most.max(last + 1 - first);
        }
        most
    }

    fn calls_between(&self, from_secs: u64, to_secs: u64) -> usize {
        let (from, to) = (Duration::from_secs(from_secs), Duration::from_secs(to_secs));
        let arrivals = self.arrivals.lock().unwrap();
        arrivals.iter().filter(|at| from <= **at && **at < to).count()
    }
}

fn since_epoch(at: Timestamp) -> Duration {
    Duration::try_from(at.duration_since(Timestamp::UNIX_EPOCH)).unwrap()
}

fn timestamp(at: Duration) -> Timestamp {
    super::later(Timestamp::UNIX_EPOCH, at)
}

fn constant(millis: u64) -> impl Fn(&mut StdRng) -> Duration + Clone + Send + 'static {
    move |_| Duration::from_millis(millis)
}

#[tokio::test]
async fn the_cap_is_used_to_99_percent_and_never_exceeded() {
    for (rate, workers, latency_ms) in [(600u32, 8, 50), (60, 8, 50), (60, 1, 50), (600, 100, 9_000), (7, 2, 0)] {
        let mut world = World::new();
        world.late = Duration::from_millis(1);
        let pacer = world.process(rate);
        drop(world.work(&pacer, workers, 1, constant(latency_ms)));
        world.run_until(600).await;
        let name = format!("{rate} a minute, {workers} workers, {latency_ms} ms");
        let cap = usize::try_from(rate).unwrap();
        assert!(world.busiest_minute() <= cap, "{name}: {}", world.busiest_minute());
        let made = world.calls_between(0, 600);
        // A slot is taken a minute and a latency long, so slow calls cost their share of it.
        let possible = 10.0 * f64::from(rate) * 60.0 / (60.0 + Duration::from_millis(latency_ms).as_secs_f64());
        assert!(
            f64::from(u32::try_from(made).unwrap()) >= possible * 0.99,
            "{name}: {made}"
        );
        assert!(pacer.calls_made() >= made as u64, "{name}");
    }
}

#[tokio::test]
async fn what_a_killed_process_had_reserved_counts_and_the_next_one_loses_little() {
    for rate in [600u32, 60] {
        let mut world = World::new();
        let killed = world.process(rate);
        let work = world.work(&killed, 8, 1, constant(50));
        world.run_until(150).await;
        for worker in work {
            worker.abort();
        }
        drop(killed);
        let next = world.process(rate);
        drop(world.work(&next, 8, 2, constant(50)));
        world.run_until(450).await;
        let cap = usize::try_from(rate).unwrap();
        assert!(world.busiest_minute() <= cap, "{rate}: {}", world.busiest_minute());
        let after = world.calls_between(150, 450);
        assert!(
            after * 100 >= cap * 5 * 97,
            "{rate}: {after} of {} after the kill",
            cap * 5
        );
        let later = world.calls_between(270, 450);
        assert!(
            later * 100 >= cap * 3 * 99,
            "{rate}: {later} of {} two minutes after it",
            cap * 3
        );
    }
}

#[tokio::test]
async fn a_second_process_gets_its_calls_soon_and_the_cap_holds() {
    for rate in [600u32, 60] {
        let mut world = World::new();
        let daemon = world.process(rate);
        drop(world.work(&daemon, 8, 1, constant(50)));
        world.run_until(130).await;
        let command = world.process(rate);
        let done = tokio::spawn({
            let (clock, arrivals) = (world.clock.clone(), Arc::clone(&world.arrivals));
            async move {
                for _ in 0..3 {
                    let permit = command.permit(Priority::Normal).await.unwrap();
                    arrivals.lock().unwrap().push(clock.monotonic());
                    drop(permit);
                }
                command.settle().await.unwrap();
                clock.monotonic()
            }
        });
        world.run_until(300).await;
        assert!(done.is_finished(), "{rate}: the command starved");
        let took = done.await.unwrap() - Duration::from_secs(130);
        assert!(took < Duration::from_secs(15), "{rate}: three calls took {took:?}");
        let cap = usize::try_from(rate).unwrap();
        assert!(world.busiest_minute() <= cap, "{rate}: {}", world.busiest_minute());
        assert!(
            world.calls_between(130, 300) * 100 >= cap * 170 / 60 * 98,
            "{rate}: the daemon was held up"
        );
    }
}

#[tokio::test]
async fn urgent_calls_overtake_and_the_others_keep_their_order() {
    let mut world = World::new();
    let pacer = world.process(60);
    let order = Arc::new(Mutex::new(Vec::new()));
    let call = |name: &'static str, priority| {
        let (pacer, order) = (pacer.clone(), Arc::clone(&order));
        tokio::spawn(async move {
            let permit = pacer.permit(priority).await.unwrap();
            order.lock().unwrap().push(name);
            drop(permit);
        })
    };
    for name in ["first", "second", "third"] {
        drop(call(name, Priority::Normal));
        world.settle().await;
    }
    drop(call("urgent", Priority::High));
    drop(call("also urgent", Priority::High));
    world.run_until(30).await;
    let expected = ["first", "urgent", "also urgent", "second", "third"];
    assert_eq!(*order.lock().unwrap(), expected);
}

#[tokio::test]
async fn who_gives_up_waiting_costs_nobody_a_turn() {
    let mut world = World::new();
    let pacer = world.process(60);
    let wait = |priority| {
        let pacer = pacer.clone();
        tokio::spawn(async move { drop(pacer.permit(priority).await.unwrap()) })
    };
    drop(wait(Priority::Normal));
    world.settle().await;
    let waiting = [Priority::Normal, Priority::High, Priority::Normal, Priority::High].map(wait);
    let last = wait(Priority::Normal);
    world.settle().await;
    // The holder of the turn, who is asleep, and three who wait for it.
    for waiter in waiting {
        waiter.abort();
    }
    world.run_until(5).await;
    assert!(last.is_finished());
    assert_eq!(pacer.calls_made(), 2);
}

#[tokio::test]
async fn a_complaint_stops_the_calls_for_a_minute_and_slows_them_down() {
    let mut world = World::new();
    let pacer = world.process(60);
    drop(world.work(&pacer, 4, 1, constant(10)));
    world.run_until(60).await;
    pacer.limit_hit();
    pacer.limit_hit();
    assert_eq!(pacer.effective_rate(), 30);
    world.run_until(300).await;
    assert_eq!(world.calls_between(61, 120), 0, "the minute is waited out");
    let minutes = [120, 180, 240].map(|from| world.calls_between(from, from + 60));
    assert!((29..=31).contains(&minutes[0]), "{minutes:?}");
    assert!((34..=37).contains(&minutes[1]), "a tenth of 60 more: {minutes:?}");
    assert!((40..=43).contains(&minutes[2]), "{minutes:?}");
}

/// A ledger that fails when told to, and works on the transactions late.
struct Troubled {
    inner: MemoryLedger,
    broken: AtomicBool,
    clock: Clock,
    random: Mutex<StdRng>,
}

impl CallLedger for Troubled {
    fn reserve(&self, reservation: Reservation) -> BoxFuture<'_, Result<Grant, LedgerError>> {
        let [before, after] = {
            let mut random = self.random.lock().unwrap();
            [(); 2].map(|()| Duration::from_millis(random.random_range(0..300)))
        };
        Box::pin(async move {
            self.clock.sleep(before).await;
            if self.broken.load(Ordering::Relaxed) {
                return Err(LedgerError("disk full".to_owned()));
            }
            let grant = self.inner.reserve(reservation).await;
            self.clock.sleep(after).await;
            grant
        })
    }
}

#[tokio::test]
async fn without_the_ledger_no_call_starts_and_with_it_they_go_on() {
    let mut world = World::new();
    let ledger = Arc::new(Troubled {
        inner: MemoryLedger::default(),
        broken: AtomicBool::new(true),
        clock: world.clock.clone(),
        random: Mutex::new(StdRng::seed_from_u64(1)),
    });
    world.ledger = Arc::clone(&ledger) as Arc<dyn CallLedger>;
    let pacer = world.process(60);
    let refused = tokio::spawn({
        let pacer = pacer.clone();
        async move { pacer.permit(Priority::Normal).await.err() }
    });
    world.run_until(1).await;
    assert_eq!(refused.await.unwrap(), Some(LedgerError("disk full".to_owned())));
    assert_eq!(pacer.calls_made(), 0);
    ledger.broken.store(false, Ordering::Relaxed);
    drop(world.work(&pacer, 1, 1, constant(10)));
    world.run_until(10).await;
    assert!(pacer.calls_made() >= 8, "{}", pacer.calls_made());
}

#[tokio::test]
async fn two_calls_start_together_and_none_waits_for_ever() {
    for (rate, secs) in [(60, 10), (2, 300), (1, 300)] {
        let mut world = World::new();
        let (pacer, other) = (world.process(rate), world.process(rate));
        drop(world.work(&pacer, 1, 1, constant(50)));
        drop(world.work(&other, 1, 2, constant(50)));
        world.run_until(1).await;
        let pairs = world.work_in_pairs(&pacer, 3, Duration::from_millis(50));
        world.run_until(secs).await;
        assert!(!pairs.is_finished());
        assert!(
            world.busiest_minute() <= usize::try_from(rate).unwrap(),
            "{rate}: {}",
            world.busiest_minute()
        );
        assert!(
            world.calls_between(secs / 2, secs) > 0,
            "{rate}: somebody waits for ever"
        );
        let arrivals = world.arrivals.lock().unwrap().clone();
        let behind = |pair: &[Duration]| pair[1] - pair[0] <= Duration::from_millis(100);
        assert_eq!(arrivals.windows(2).any(behind), rate > 1, "{rate}: {arrivals:?}");
    }
}

#[tokio::test]
async fn a_pair_whose_rate_falls_to_one_is_given_up_and_the_others_go_on() {
    let mut world = World::new();
    let pacer = world.process(2);
    drop(pacer.permit(Priority::Normal).await.unwrap());
    let waiting = tokio::spawn({
        let pacer = pacer.clone();
        async move { pacer.pair(Priority::Normal).await.unwrap().is_none() }
    });
    world.settle().await;
    pacer.limit_hit();
    assert_eq!(pacer.effective_rate(), 1);
    let next = tokio::spawn({
        let pacer = pacer.clone();
        async move { drop(pacer.permit(Priority::Normal).await.unwrap()) }
    });
    world.run_until(70).await;
    assert!(waiting.is_finished() && waiting.await.unwrap());
    assert!(next.is_finished());
}

#[tokio::test]
async fn the_ledger_is_told_what_ended_and_gets_back_what_was_not_used() {
    let mut world = World::new();
    let ledger = Arc::new(MemoryLedger::default());
    world.ledger = Arc::clone(&ledger) as Arc<dyn CallLedger>;
    let pacer = world.process(6_000_000);
    for _ in 0..20 {
        drop(pacer.permit(Priority::Normal).await.unwrap());
    }
    pacer.settle().await.unwrap();
    let asked = Reservation {
        account: AccountName::new("main").unwrap(),
        owner: "somebody else".to_owned(),
        now: world.clock.now(),
        calls: 0,
        last_start_by: world.clock.now(),
        occupied_until: world.clock.now(),
        settled: Vec::new(),
    };
    let grant = ledger.reserve(asked.clone()).await.unwrap();
    assert_eq!(grant.others.iter().map(|other| other.calls).sum::<u32>(), 20);
    let until = timestamp(MINUTE_AND_DRIFT);
    assert!(grant.others.iter().all(|other| *other
        == Occupied {
            calls: other.calls,
            until
        }));
    let other_account = Reservation {
        account: AccountName::new("second").unwrap(),
        ..asked
    };
    assert_eq!(ledger.reserve(other_account).await.unwrap().others, []);
}

proptest! {
    #![proptest_config(Config::with_cases(48))]

    /// Whatever the latencies, with several processes, some of them killed, over a slow ledger.
    #[test]
    fn no_minute_ever_has_more_arrivals_than_the_cap(
        rate in proptest::prop_oneof![1u32..8, 8u32..200],
        longest_ms in proptest::prop_oneof![1u64..300, 300u64..30_000],
        processes in proptest::collection::vec(
            (1u64..9, (0u64..240).prop_map(|kill| (kill > 60).then_some(kill)), any::<bool>()), 1..4
        ),
        slow_ledger in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let busiest = runtime.block_on(async {
            let mut world = World::new();
            if slow_ledger {
                world.ledger = Arc::new(Troubled {
                    inner: MemoryLedger::default(),
                    broken: AtomicBool::new(false),
                    clock: world.clock.clone(),
                    random: Mutex::new(StdRng::seed_from_u64(seed)),
                });
            }
            let mut kills = Vec::new();
            for (process, (workers, kill, pairs)) in processes.iter().enumerate() {
                let pacer = world.process(rate);
                let seed = seed.wrapping_add(process as u64);
                let latency = move |random: &mut StdRng| Duration::from_millis(random.random_range(0..=longest_ms));
                let mut work = world.work(&pacer, *workers, seed, latency);
                if *pairs {
                    work.push(world.work_in_pairs(&pacer, seed, Duration::from_millis(longest_ms)));
                }
                kills.extend(kill.map(|kill| (kill, *workers, work)));
            }
            kills.sort_by_key(|(kill, ..)| *kill);
            for (kill, workers, work) in kills {
                world.run_until(kill).await;
                for worker in work {
                    worker.abort();
                }
                // It is started again at once.
                let pacer = world.process(rate);
                drop(world.work(&pacer, workers, seed ^ kill, |random: &mut StdRng| {
                    Duration::from_millis(random.random_range(0..=100))
                }));
            }
            world.run_until(300).await;
            world.busiest_minute()
        });
        prop_assert!(busiest <= usize::try_from(rate).unwrap(), "{busiest} arrivals in a minute at {rate}");
    }
}
