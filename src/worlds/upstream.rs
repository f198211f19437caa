//! The API of a world: the simulator, told apart from what it tells when it lies, and what the program changed by it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use serde_json::Value;

use super::log::Fact;
use super::plan::Lie;
use super::world::World;
use crate::net::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use crate::net::{Cause, HttpAnswer, HttpError, HttpRequest};
use crate::simulator;

/// Who asks.
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Answers a call.
pub(super) async fn answer(world: &Arc<World>, request: HttpRequest) -> Result<HttpAnswer, HttpError> {
    if request.departure.as_ref().is_some_and(|departure| !departure.depart()) {
        return Err(lost());
    }
    let body = request.body.unwrap_or_default();
    let argument = |name: &str| part(&body, name).or_else(|| query(&request.url, name));
    let (function, client) = (argument("method").unwrap_or_default(), argument("client"));
    world.log(Fact::Asked {
        function: function.clone(),
        client: client.clone(),
    });
    let is_write = function == "setClient";
    let before = client
        .as_deref()
        .filter(|_| is_write)
        .and_then(|id| world.simulator.client(id).ok());
    let reply = simulator::call(
        &world.simulator,
        &request.method,
        request.url.query(),
        &with_agent(request.headers),
        &body,
        PEER,
    );
    if let (Some(before), Some(id)) = (before, &client)
        && let Ok(after) = world.simulator.client(id)
    {
        let fields = difference(&before, &after);
        if !fields.is_empty() {
            let client = id.clone();
            world.log(Fact::Changed { client, fields });
        }
    }
    if !reply.delay.is_zero() {
        tokio::time::sleep(reply.delay).await;
    }
    if reply.reset {
        return Err(lost());
    }
    let body = match world.lie() {
        Some(lie) => told(lie, &function, reply.body),
        None => reply.body,
    };
    if let Some(client) = client.filter(|_| reply.http_status == 200 && is_balance(&function, &body)) {
        world.log(Fact::Read { client });
    }
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(reply.content_type))]);
    Ok(HttpAnswer {
        status: reply.http_status,
        headers,
        body,
    })
}

/// Whether an answer tells a balance.
fn is_balance(function: &str, body: &[u8]) -> bool {
    if function != "getResellerBalance" {
        return false;
    }
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    answer["status"] == "success" && !answer["balance"]["current_balance"].is_null()
}

pub(super) fn lost() -> HttpError {
    HttpError::Lost {
        server: "127.0.0.1".to_owned(),
        cause: Cause::new("connection reset by peer"),
    }
}

/// As the real client sends it; it is added below what stands in for the network.
fn with_agent(mut headers: HeaderMap) -> HeaderMap {
    let agent = HeaderValue::from_static(crate::net::USER_AGENT);
    headers.insert(crate::net::header::USER_AGENT, agent);
    headers
}

/// The value of a part of a multipart body.
fn part(body: &[u8], name: &str) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let at = text.find(&format!("name=\"{name}\""))?;
    let value = text[at..].split_once("\r\n\r\n")?.1;
    Some(value.split("\r\n").next()?.to_owned())
}

fn query(url: &crate::net::Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The fields of two records that differ, with their values; what passes by itself is none of the record.
fn difference(before: &Value, after: &Value) -> Vec<(String, String, String)> {
    const MONEY: [&str; 8] = [
        "balance",
        "spent",
        "suspended",
        "paid",
        "payments",
        "charged",
        "charges",
        "before",
    ];
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else {
        return Vec::new();
    };
    let fields = after.iter().filter(|(name, _)| !MONEY.contains(&name.as_str()));
    let differs = fields.filter(|(name, value)| before.get(*name) != Some(value));
    let text = |value: Option<&Value>| value.map(ToString::to_string).unwrap_or_default();
    differs
        .map(|(name, value)| (name.clone(), text(before.get(name)), text(Some(value))))
        .collect()
}

/// What a lie makes of an answer.
fn told(lie: Lie, function: &str, body: Vec<u8>) -> Vec<u8> {
    let Ok(mut answer) = serde_json::from_slice::<Value>(&body) else {
        return body;
    };
    match (lie, function) {
        (Lie::HalfTheList, "getClients") => {
            let Some(Value::Array(clients)) = answer.get_mut("clients") else {
                return body;
            };
            let mut place = 0;
            clients.retain(|_| {
                place += 1;
                place % 2 == 0
            });
        }
        (Lie::Zeros | Lie::Hundredth | Lie::Same, "getResellerBalance") => {
            let Some(balance) = answer
                .get_mut("balance")
                .and_then(|balance| balance.get_mut("current_balance"))
            else {
                return body;
            };
            let text = balance.as_str().map_or_else(|| balance.to_string(), str::to_owned);
            let lied = match lie {
                Lie::Zeros => "0.0000".to_owned(),
                Lie::Same => "1.0000".to_owned(),
                Lie::Hundredth | Lie::HalfTheList => hundredth(&text),
            };
            *balance = Value::String(lied);
        }
        _ => return body,
    }
    answer.to_string().into_bytes()
}

/// A hundredth of a decimal, to four places.
fn hundredth(text: &str) -> String {
    let parsed: Option<rust_decimal::Decimal> = text.parse().ok();
    parsed.map_or_else(
        || text.to_owned(),
        |amount| (amount / rust_decimal::Decimal::ONE_HUNDRED).round_dp(4).to_string(),
    )
}
