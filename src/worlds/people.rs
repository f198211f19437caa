//! Clients who spend, pay and are robbed, people who edit in the portal, and operators who decide. Nobody here decides by chance:
//! the same world has the same people.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::log::{Decided, Fact};
use super::plan::{Act, Deed, Happening, Meanwhile, Planned};
use super::world::World;
use super::{life, net, upstream};
use crate::config::Account;
use crate::daemon::{StoreLedger, parts};
use crate::desk::acks::Taken;
use crate::desk::approvals::Answer;
use crate::desk::silences::Wanted;
use crate::desk::{Desk, Refusal};
use crate::domain::enforcement::{Deferral, Enforcement, EnforcementState};
use crate::domain::hush::is_told_in_any_case;
use crate::net::{Bounds, Network};
use crate::store::Store;
use crate::view::Now;
use crate::web::ReloadRequest;

/// How operators call themselves.
const OPERATOR: &str = "operator";

/// Does something to the client at a place of the list; ends it where it lasted. `who` is the number of the happening and the place.
pub(super) fn client(world: &World, who: (usize, usize), deed: &Deed, is_begin: bool) -> Result<(), String> {
    let simulator = &world.simulator;
    let said = |error: crate::simulator::EditError| error.to_string();
    if let Deed::Added(threshold) = deed {
        let newcomer = json!({ "threshold": threshold, "balance": "12.00" });
        return simulator.add_client(&newcomer).map(drop).map_err(said);
    }
    let (number, index) = who;
    let id = &world.concerned(number, index).ok_or("nobody is left")?;
    match deed {
        Deed::Fraud(per_hour) => {
            let rate = if is_begin { json!(per_hour) } else { json!(null) };
            simulator.edit(id, &json!({ "spend_per_hour": rate })).map_err(said)
        }
        Deed::Deposit(amount) => simulator.deposit(id, amount).map_err(said),
        Deed::Balance(balance) => simulator.bring_to(id, balance).map_err(said),
        Deed::Threshold(threshold) => upstream::edit(world, id, &json!({ "threshold": threshold })).map_err(said),
        Deed::Edit { field, text } => upstream::edit(world, id, &json!({ *field: text })).map_err(said),
        Deed::Management(value) => upstream::edit(world, id, &json!({ "balance_management": value })).map_err(said),
        Deed::Meanwhile { moment, field, text } => {
            world.upstream.edit_meanwhile(*moment, field, text.clone());
            Ok(())
        }
        Deed::Removed => simulator.remove_client(id).map_err(said),
        Deed::Added(_) => Ok(()),
    }
}

/// An operator decides, in a process of their own. `number` is that of the happening.
pub(super) async fn operator(world: &Arc<World>, number: usize, act: &Act, is_begin: bool) -> Result<(), String> {
    if let Act::BrakeAtRead = act {
        world.upstream.brake_at_read(number);
        return Ok(());
    }
    if let Act::Reload(lines) = act {
        world.configure(if is_begin { lines } else { "" });
    }
    let Some((store, reloads)) = world.running() else {
        return Err("the program does not run".to_owned());
    };
    if let Act::Reload(_) | Act::Guards(_) = act {
        if let Act::Guards(guards) = act {
            world.guard(guards);
        }
        return reloads
            .try_send(ReloadRequest::unheard())
            .map_err(|error| error.to_string());
    }
    let settings = life::settings(world)?;
    let account = settings.accounts.first().cloned().ok_or("there is no account")?;
    let desk = Desk {
        now: Now {
            at: world.clock.now(),
            zone: settings.schedule.timezone.clone(),
        },
        settings: Arc::new(settings),
        store,
    };
    if let Act::Asks(times) = act {
        return ask(world, &desk.store, &account, (number, *times));
    }
    let name = &account.name;
    let done = match act {
        Act::BrakeOn | Act::BrakeAtRead => desk.brake_on(name, OPERATOR, "a drill").await.map(drop),
        Act::BrakeOff => desk.brake_off(name).await.map(drop),
        Act::Ack => acknowledge(world, &desk, &account, number).await,
        Act::Silence { hours } => silence(world, &desk, &account, number, *hours).await,
        Act::RetryAll => desk.retry_all(None).await.map(drop),
        Act::Answer { approves } => answer(world, &desk, &account, *approves).await,
        Act::Hold { index } => hold(world, &desk, &account, (number, *index), is_begin).await,
        Act::Undo => undo(world, &desk, &account).await,
        Act::Reload(_) | Act::Guards(_) | Act::Asks(_) => Ok(()),
    };
    done.map_err(|refusal| world.without_folder(&format!("{refusal:?}")))
}

/// Asks the API beside the program, as commands do: as fast as the store lets both of them. It ends with the program, whose store it uses.
fn ask(world: &Arc<World>, store: &Store, account: &Account, (number, times): (usize, u32)) -> Result<(), String> {
    let bounds = Bounds::default();
    let ledger = Arc::new(StoreLedger(store.clone()));
    let pacer = parts::pacer(&format!("{OPERATOR}-{number}-"), account, ledger, &world.clock, bounds);
    let network = Network::inside(Arc::new(net::Reached::new(world, world.life())));
    let api = parts::api(account, pacer, &network, bounds, world.plan.seed).map_err(|error| error.to_string())?;
    world.beside(async move {
        for _ in 0..times {
            // What goes wrong is for whoever asks to see.
            api.get_balance().await.ok();
        }
        api.pacer().settle().await.ok();
    });
    Ok(())
}

/// What people do in the moment in which a record is read by itself.
pub(super) async fn at_read(world: &Arc<World>, client: &str) {
    upstream::edit_all(world, client, Meanwhile::Read);
    let Some(number) = world.upstream.brake_now() else {
        return;
    };
    if operator(world, number, &Act::BrakeOn, true).await.is_ok() {
        world.log(Fact::Began(Planned {
            number,
            after: Duration::ZERO,
            lasting: Duration::ZERO,
            what: Happening::Operator(Act::BrakeOn),
        }));
    }
}

/// Takes one of the clients in hand for whom something fires.
async fn acknowledge(world: &World, desk: &Desk, account: &Account, number: usize) -> Result<(), Refusal> {
    let alerts = desk.store.alerts(&account.name).await?;
    let mut firing = alerts
        .iter()
        .filter(|alert| alert.firing().is_some() && !is_told_in_any_case(&alert.policy));
    let count = firing.clone().count();
    let alert = firing.nth(number % count.max(1));
    let client = alert.map_or("nobody", |alert| alert.client.as_str());
    let taken = Taken {
        client,
        policy: None,
        episode: None,
        lasts: None,
        comment: "I look after it",
        by: OPERATOR,
    };
    desk.acknowledge(account, &taken).await?;
    world.log(Fact::Hushed {
        client: Some(client.to_owned()),
        policy: None,
        until: None,
    });
    Ok(())
}

/// Answers everything that waits for an approval.
async fn answer(world: &World, desk: &Desk, account: &Account, approves: bool) -> Result<(), Refusal> {
    let view = desk.store.load(&account.name).await?;
    let asks = |kept: &&Enforcement| {
        matches!(
            &kept.state,
            EnforcementState::Deferred {
                why: Deferral::Approval { .. }
            }
        )
    };
    for kept in view.enforcements.iter().filter(asks) {
        let answer = Answer {
            id: &kept.id,
            comment: "I looked at it",
            by: OPERATOR,
        };
        let (done, what) = match approves {
            true => (desk.approve(&answer).await, Decided::Approved),
            false => (desk.reject(&answer).await, Decided::Rejected),
        };
        match done {
            Ok(_) => decided(world, kept.client.as_str(), what),
            // It was answered before, or the time is over.
            Err(Refusal::Conflict { .. }) => {}
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(())
}

/// Holds a client, or releases it.
async fn hold(
    world: &World,
    desk: &Desk,
    account: &Account,
    (number, index): (usize, usize),
    is_begin: bool,
) -> Result<(), Refusal> {
    let unknown = || Refusal::unknown("nobody is left");
    let client = world.concerned(number, index).ok_or_else(unknown)?;
    if is_begin {
        desk.hold(account, &client, "hands off", OPERATOR).await?;
        decided(world, &client, Decided::Held);
    } else {
        // From this moment on, whatever becomes of the answer.
        decided(world, &client, Decided::Released);
        desk.release(account, &client).await?;
    }
    Ok(())
}

/// Takes back the newest change that can be.
async fn undo(world: &World, desk: &Desk, account: &Account) -> Result<(), Refusal> {
    let view = desk.store.load(&account.name).await?;
    let mut hard: Vec<&Enforcement> = view
        .enforcements
        .iter()
        .filter(|kept| kept.is_verified_hard())
        .collect();
    hard.sort_by_key(|kept| kept.changed_at);
    let newest = hard.pop().ok_or_else(|| Refusal::unknown("nothing was changed"))?;
    let answer = Answer {
        id: &newest.id,
        comment: "a mistake",
        by: OPERATOR,
    };
    desk.undo(&answer).await?;
    decided(world, newest.client.as_str(), Decided::Undone);
    Ok(())
}

fn decided(world: &World, client: &str, what: Decided) {
    let client = client.to_owned();
    world.log(Fact::Decided { client, what });
}

/// Silences one client, or one policy for everybody.
async fn silence(world: &World, desk: &Desk, account: &Account, number: usize, hours: i64) -> Result<(), Refusal> {
    let view = desk.store.load(&account.name).await?;
    let watched: Vec<&str> = view.clients.iter().map(|watched| watched.client.id.as_str()).collect();
    let everybody = number.is_multiple_of(4);
    let client = watched
        .get(number % watched.len().max(1))
        .copied()
        .filter(|_| !everybody);
    let policy = everybody.then_some("overdrawn");
    let lasts = SignedDuration::from_hours(hours);
    let wanted = Wanted {
        client,
        policy,
        until: desk.until(lasts),
        comment: "known",
        by: OPERATOR,
    };
    let mut tries = 0;
    let id = || {
        tries += 1;
        format!("s-{number}-{tries}")
    };
    desk.silence_as(account, &wanted, id).await?;
    world.log(Fact::Hushed {
        client: client.map(str::to_owned),
        policy: policy.map(str::to_owned),
        until: Some(world.now().saturating_add(lasts).unwrap_or(Timestamp::MAX)),
    });
    Ok(())
}
