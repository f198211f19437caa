//! Clients who spend, pay and are robbed, people who edit in the portal, and operators who decide.

use std::sync::Arc;

use serde_json::json;

use super::life;
use super::plan::{Act, Deed};
use super::world::World;
use crate::desk::Desk;
use crate::view::Now;
use crate::web::ReloadRequest;

/// Does something to a client; ends it where it lasted.
pub(super) fn client(world: &World, index: usize, deed: &Deed, is_begin: bool) -> Result<(), String> {
    let ids = world.simulator.client_ids();
    let id = ids.get(index % ids.len().max(1)).ok_or("nobody is left")?;
    let simulator = &world.simulator;
    let said = |error: crate::simulator::EditError| error.to_string();
    match deed {
        Deed::Fraud(per_hour) => {
            let rate = if is_begin { *per_hour } else { "0" };
            simulator.edit(id, &json!({ "spend_per_hour": rate })).map_err(said)
        }
        Deed::Deposit(amount) => simulator.deposit(id, amount).map_err(said),
        Deed::Balance(balance) => simulator.bring_to(id, balance).map_err(said),
        Deed::Threshold(threshold) => simulator.edit(id, &json!({ "threshold": threshold })).map_err(said),
        Deed::Edit { field, text } => simulator.edit(id, &json!({ *field: text })).map_err(said),
        Deed::Management(value) => simulator
            .edit(id, &json!({ "balance_management": value }))
            .map_err(said),
        Deed::Removed => simulator.remove_client(id).map_err(said),
    }
}

/// An operator decides, in a process of their own.
pub(super) async fn operator(world: &Arc<World>, act: &Act) -> Result<(), String> {
    let Some((store, reloads)) = world.running() else {
        return Err("the program does not run".to_owned());
    };
    if let Act::Reload(lines) = act {
        world.configure(lines);
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
    let name = &account.name;
    let done = match act {
        Act::BrakeOn => desk.brake_on(name, "operator", "a drill").await.map(drop),
        Act::BrakeOff => desk.brake_off(name).await.map(drop),
        _ => return Err("not in this world".to_owned()),
    };
    done.map_err(|refusal| format!("{refusal:?}"))
}
