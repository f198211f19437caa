//! Who is told: servers behind the ports of the channels, and what came to them.

use std::sync::Arc;

use super::log::{Fact, Received};
use super::plan::Mood;
use super::upstream::lost;
use super::world::World;
use crate::net::header::HeaderMap;
use crate::net::{Cause, HttpAnswer, HttpError, HttpRequest, Step};

/// The receivers over HTTP, by the last digits of their ports: 10 and up.
pub const OVER_HTTP: [&str; 6] = ["hook", "phone", "chat", "push", "mirror", "heartbeat"];

/// Those that misbehave. The webhook never does: what came to it is what was told in time.
pub const TROUBLED: [&str; 5] = ["phone", "chat", "push", "mirror", "heartbeat"];

/// The port of the first of them.
const FIRST_PORT: u16 = 10;

/// Where a receiver listens.
#[must_use]
pub fn port(receiver: &str) -> u16 {
    let place = OVER_HTTP.iter().position(|name| *name == receiver).unwrap_or_default();
    FIRST_PORT + u16::try_from(place).unwrap_or_default()
}

fn name(port: Option<u16>) -> Option<&'static str> {
    let place = usize::from(port?.checked_sub(FIRST_PORT)?);
    OVER_HTTP.get(place).copied()
}

/// Answers what is posted to a receiver.
pub(super) async fn answer(world: &Arc<World>, life: u32, request: HttpRequest) -> Result<HttpAnswer, HttpError> {
    let Some(receiver) = name(request.url.port()) else {
        return Err(refused());
    };
    let mood = world.mood(receiver);
    if mood == Mood::Down {
        return Err(refused());
    }
    if request.departure.as_ref().is_some_and(|departure| !departure.depart()) {
        return Err(lost());
    }
    match mood {
        Mood::Stalls => return std::future::pending().await,
        Mood::Refuses(status) => return Ok(plain(status, "no")),
        Mood::Good | Mood::Down | Mood::LosesReplies => {}
    }
    let body = String::from_utf8_lossy(&request.body.unwrap_or_default()).into_owned();
    let reply_lost = mood == Mood::LosesReplies;
    let path = request.url.path().to_owned();
    if receiver == "heartbeat" {
        world.log(Fact::Beat { path });
    } else {
        let id = ["webhook-id", "idempotency-key"].iter().find_map(|name| {
            let value = request.headers.get(*name)?;
            Some(value.to_str().ok()?.to_owned())
        });
        world.log(Fact::Received(Received {
            channel: receiver.to_owned(),
            recipient: String::new(),
            id: id.unwrap_or_default(),
            client: String::new(),
            body,
            reply_lost,
            life,
        }));
    }
    if reply_lost {
        return Err(lost());
    }
    Ok(match receiver {
        "phone" => plain(
            202,
            r#"{"status":"success","message":"Event processed","dedup_key":"x"}"#,
        ),
        "chat" => plain(200, "ok"),
        "push" => plain(200, r#"{"id":"abc","time":1,"event":"message","topic":"x"}"#),
        _ => plain(200, ""),
    })
}

/// An answer without headers.
pub(super) fn plain(status: u16, body: &str) -> HttpAnswer {
    HttpAnswer {
        status,
        headers: HeaderMap::new(),
        body: body.as_bytes().to_vec(),
    }
}

/// Nobody listens there.
pub(super) fn refused() -> HttpError {
    HttpError::Connect {
        server: "127.0.0.1".to_owned(),
        step: Step::Connection,
        cause: Cause::new("connection refused"),
    }
}

/// Writes down the mails that were taken since the last look.
pub(super) fn collect_mail(world: &World, life: u32) {
    for mail in world.mail.take_mails() {
        let id = mail.header("Message-ID").unwrap_or_default();
        for recipient in &mail.to {
            world.log(Fact::Received(Received {
                channel: "mail".to_owned(),
                recipient: recipient.clone(),
                id: id.clone(),
                client: whose(world, recipient).unwrap_or_default(),
                body: String::from_utf8_lossy(&mail.data).into_owned(),
                reply_lost: false,
                life,
            }));
        }
    }
}

/// The client with this address.
fn whose(world: &World, address: &str) -> Option<String> {
    let has_it = |id: &String| {
        let record = world.simulator.client(id).unwrap_or_default();
        let is_in = |field: &str| record[field].as_str().is_some_and(|text| text.contains(address));
        is_in("email") || is_in("threshold_email")
    };
    world.simulator.client_ids().into_iter().find(has_it)
}
