//! Who is told: servers behind the ports of the channels, and what came to them. They answer as the vendors do, as far as the program
//! reads it.

use std::sync::Arc;

use super::log::{Fact, Received};
use super::plan::{Mood, Refusal};
use super::upstream::lost;
use super::world::World;
use crate::net::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};
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
        Mood::Refuses(refusal) => return Ok(refuses(refusal)),
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
        "mirror" => dated(world),
        _ => plain(200, ""),
    })
}

/// How a receiver may refuse what comes.
///
/// <https://developer.pagerduty.com/docs/send-alert-event>, <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>,
/// <https://github.com/binwiederhier/ntfy/blob/main/server/errors.go>.
pub(super) fn refusals(receiver: &str) -> &'static [Refusal] {
    const fn says(status: u16, body: &'static str) -> Refusal {
        Refusal {
            status,
            body,
            retry_after_secs: None,
        }
    }
    const fn later(secs: u16, body: &'static str) -> Refusal {
        Refusal {
            retry_after_secs: Some(secs),
            ..says(429, body)
        }
    }
    match receiver {
        "phone" => {
            const {
                &[
                    later(
                        90,
                        r#"{"status":"throttle exceeded","message":"Requests for this service are arriving too quickly","errors":[]}"#,
                    ),
                    says(
                        400,
                        r#"{"status":"invalid event","message":"Event object is invalid","errors":["'payload.summary' is missing or blank"]}"#,
                    ),
                    says(
                        400,
                        r#"{"status":"invalid event","message":"Event object is invalid","errors":["'routing_key' is invalid"]}"#,
                    ),
                    says(500, ""),
                ]
            }
        }
        "chat" => {
            const {
                &[
                    later(30, "rate_limited"),
                    says(400, "invalid_payload"),
                    says(403, "action_prohibited"),
                    says(404, "channel_not_found"),
                    says(410, "channel_is_archived"),
                    says(500, "rollup_error"),
                ]
            }
        }
        "push" => {
            const {
                &[
                    says(
                        429,
                        r#"{"code":42901,"http":429,"error":"limit reached: too many requests"}"#,
                    ),
                    says(
                        400,
                        r#"{"code":40009,"http":400,"error":"invalid request: topic invalid"}"#,
                    ),
                    says(
                        400,
                        r#"{"code":40017,"http":400,"error":"invalid request: invalid message"}"#,
                    ),
                    says(401, r#"{"code":40101,"http":401,"error":"unauthorized"}"#),
                    says(
                        507,
                        r#"{"code":50701,"http":507,"error":"cannot publish to UnifiedPush topic without previously active subscriber"}"#,
                    ),
                ]
            }
        }
        // A proxy in front of it.
        _ => {
            const {
                &[
                    later(600, ""),
                    says(400, "bad matcher"),
                    says(401, "Unauthorized"),
                    says(503, ""),
                ]
            }
        }
    }
}

fn refuses(refusal: Refusal) -> HttpAnswer {
    let mut answer = plain(refusal.status, refusal.body);
    let wait = refusal.retry_after_secs.map(HeaderValue::from);
    answer.headers.extend(wait.map(|wait| (RETRY_AFTER, wait)));
    answer
}

/// Alertmanager's answer, with the time by its own clock: that is never set.
fn dated(world: &World) -> HttpAnswer {
    let mut answer = plain(200, "");
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&world.now());
    let date = date.ok().and_then(|date| HeaderValue::try_from(date).ok());
    answer.headers.extend(date.map(|date| (DATE, date)));
    answer
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
