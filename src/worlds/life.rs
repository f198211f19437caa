//! The program, life after life: started on what the one before left, and killed when its world says so.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::log::Fact;
use super::world::World;
use super::{disk, net, receivers};
use crate::clock::Clock;
use crate::config::{self, Loaded, Problems, Settings};
use crate::daemon::{self, Daemon, Environment, alarm};
use crate::net::{Bounds, Network};
use crate::store::{self, Access, Store, at_once};
use crate::telemetry;

/// How long the service manager waits before it starts a program again.
const RESTART: Duration = Duration::from_secs(10);

/// How often it is looked what other processes left in the store. Each look is three reads; the real program looks every five
/// seconds, and nothing but its answer to a decision comes later by this.
const LOOK_EVERY: Duration = Duration::from_secs(3_600);

/// How often silence is judged between sweeps: a clock that is set wakes it, too.
const SILENCE_EVERY: Duration = Duration::from_secs(1_200);

/// Lives until the world ends.
pub(super) async fn live(world: Arc<World>) {
    for life in 1.. {
        world.begins(life);
        match start(&world, life).await {
            Ok(Some((daemon, store))) => {
                world.log(Fact::Started { life });
                run(&world, life, daemon).await;
                close(store).await;
            }
            Ok(None) => {}
            Err(why) => world.log(Fact::NotStarted {
                life,
                why: world.without_folder(&why),
            }),
        }
        if world.is_ending() {
            return;
        }
        tokio::time::sleep(RESTART).await;
        // What was on its way when it was killed is its own.
        receivers::collect_mail(&world, life);
    }
}

/// What the program of one life is surrounded by.
fn environment(world: &Arc<World>, life: u32) -> Environment {
    Environment {
        clock: Clock::anew(&world.clock),
        bounds: Bounds::default(),
        delivery_timeout: None,
        seed: world.plan.seed ^ u64::from(life),
        network: Network::inside(Arc::new(net::Reached::new(world, life))),
        look_every: LOOK_EVERY,
        silence_every: SILENCE_EVERY,
    }
}

/// The program, unless it is killed while it starts; else what it says why it cannot.
async fn start(world: &Arc<World>, life: u32) -> Result<Option<(Daemon, Store)>, String> {
    let environment = environment(world, life);
    let settings = settings(world)?;
    match build(world, life, &settings, &environment).await {
        Ok(built) => Ok(built),
        Err(error) => {
            if let daemon::Error::Store(error) = &error {
                let told = alarm::tell_of_start(&settings, &environment, error);
                tokio::select! {
                    biased;
                    () = world.killed(life) => {}
                    () = told => {}
                }
            }
            Err(telemetry::chain(&error))
        }
    }
}

/// The configuration as it is now, or every problem that it has.
fn loaded(world: &World) -> Result<Loaded, Problems> {
    if let Some(told) = world.told() {
        return Ok(told.clone());
    }
    // It is read at each start, and hardly ever another one.
    let text = world.config();
    let mut last = world.last_loaded.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, loaded)) = last.as_ref().filter(|(of, _)| *of == text) {
        return Ok(loaded.clone());
    }
    let loaded = config::parse(&text, world.clock.now())?;
    *last = Some((text, loaded.clone()));
    Ok(loaded)
}

/// The configuration as it is now.
pub(super) fn settings(world: &World) -> Result<Settings, String> {
    let loaded = loaded(world).map_err(|found| {
        let problems: Vec<String> = found.problems.iter().map(ToString::to_string).collect();
        problems.join("; ")
    })?;
    Ok(loaded.settings)
}

async fn build(
    world: &Arc<World>,
    life: u32,
    settings: &Settings,
    environment: &Environment,
) -> Result<Option<(Daemon, Store)>, daemon::Error> {
    if let Some(trouble) = world.disk() {
        let path = settings.store.path.clone();
        return Err(daemon::Error::Store(store::Error::simulated(path, trouble)));
    }
    let plain = at_once(Store::open(&settings.store.path, Access::Daemon))?;
    let plain = plain.at_once();
    let store = plain.clone().with_hook(disk::hook(world, life));
    let built = tokio::select! {
        biased;
        () = world.killed(life) => None,
        built = Daemon::over(store, settings, environment) => Some(built),
    };
    if let Some(Ok(daemon)) = built {
        return Ok(Some((daemon, plain)));
    }
    close(plain).await;
    built.transpose().map(|_| None)
}

/// One life, to its end.
async fn run(world: &Arc<World>, life: u32, daemon: Daemon) {
    let loads = Arc::clone(world);
    let daemon = daemon.reloading_by(Arc::new(move || loaded(&loads)));
    world.lives(daemon.store.clone(), daemon.reloads());
    let ended = tokio::select! {
        biased;
        () = world.killed(life) => None,
        ended = daemon.run(world.told_to_end()) => Some(ended),
    };
    world.is_gone();
    if let Some(ended) = ended {
        let why = ended.err().map(|error| world.without_folder(&telemetry::chain(&error)));
        world.log(Fact::Ended { life, why });
    }
}

/// Lets go of a store, once whoever used it has.
async fn close(store: Store) {
    at_once(store.close());
    while store.is_shared() {
        tokio::task::yield_now().await;
    }
}
