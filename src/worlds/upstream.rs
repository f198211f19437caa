//! The API of a world: the simulator, told apart from what it tells when it lies; what the program was told of everybody's money,
//! and what it changed.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::lies::{self, decimal};
use super::log::{Basis, Fact, Money, Write};
use super::people;
use super::plan::Meanwhile;
use super::world::World;
use crate::net::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use crate::net::{Cause, HttpAnswer, HttpError, HttpRequest};
use crate::simulator;

/// Who asks.
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What is remembered of all answers.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    liars: lies::Known,
    /// By client: the last that was told of its money.
    bases: BTreeMap<String, Basis>,
    /// By client: its threshold as told last, and as it was then.
    thresholds: BTreeMap<String, (Decimal, Decimal)>,
    /// What persons will do to a record that the program is at.
    edits: Vec<(Meanwhile, &'static str, String)>,
    /// The number of the happening by which the brake will be set while a record is read.
    brake: Option<usize>,
    /// How often the account's own balance was asked for.
    looks: u64,
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the next answer about the account's own balance takes, with which a sweep begins. Never twice the same in a row: no two
    /// sweeps at the same time of day, before and after the clock was set, are alike to the millisecond, which ids hold.
    fn unevenness(&self) -> Duration {
        let mut memory = self.lock();
        memory.looks += 1;
        Duration::from_millis(memory.looks % 251)
    }

    /// The next record of which this is true is edited by a person in the same moment.
    pub(super) fn edit_meanwhile(&self, moment: Meanwhile, field: &'static str, text: String) {
        self.lock().edits.push((moment, field, text));
    }

    /// The edits that waited for a moment, which is now.
    fn edits_at(&self, moment: Meanwhile) -> Vec<(&'static str, String)> {
        let mut memory = self.lock();
        let all = std::mem::take(&mut memory.edits);
        let (now, later): (Vec<_>, Vec<_>) = all.into_iter().partition(|(of, ..)| *of == moment);
        memory.edits = later;
        now.into_iter().map(|(_, field, text)| (field, text)).collect()
    }

    /// The brake is set when the next record is read by itself.
    pub(super) fn brake_at_read(&self, number: usize) {
        self.lock().brake = Some(number);
    }

    /// The number of the happening by which the brake is to be set now.
    pub(super) fn brake_now(&self) -> Option<usize> {
        self.lock().brake.take()
    }
}

/// A fault that is none of the simulator's: a request takes time before it can leave.
pub(super) const SLOW_WAY: &str = "slow-way";

/// So much time: longer than what a change rests on may be old.
const LEAVES_AFTER: Duration = Duration::from_secs(7);

/// Answers a call.
pub(super) async fn answer(world: &Arc<World>, request: HttpRequest) -> Result<HttpAnswer, HttpError> {
    if world.has_fault(SLOW_WAY) {
        tokio::time::sleep(LEAVES_AFTER).await;
    }
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
    if let ("getClients", Some(client)) = (&*function, &client) {
        people::at_read(world, client).await;
    }
    let call = || {
        simulator::call(
            &world.simulator,
            &request.method,
            request.url.query(),
            &with_agent(request.headers.clone()),
            &body,
            PEER,
        )
    };
    let reply = match client.as_deref().filter(|_| function == "setClient") {
        Some(client) => write(world, client, call),
        None => call(),
    };
    let delay = match &*function {
        "getBalance" => reply.delay + world.upstream.unevenness(),
        _ => reply.delay,
    };
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    if reply.reset {
        return Err(lost());
    }
    let is_answer = reply.http_status == 200;
    let truth = balance(&function, &reply.body).filter(|_| is_answer);
    let body = told(world, &function, client.as_deref(), reply.body);
    let balance = balance(&function, &body).filter(|_| is_answer);
    if let (Some(client), Some(told), Some(truth)) = (client, balance, truth) {
        world.log(Fact::Read { client, told, truth });
    }
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(reply.content_type))]);
    Ok(HttpAnswer {
        status: reply.http_status,
        headers,
        body,
    })
}

/// The balance that a good answer tells.
fn balance(function: &str, body: &[u8]) -> Option<Decimal> {
    if function != "getResellerBalance" {
        return None;
    }
    let answer: Value = serde_json::from_slice(body).ok()?;
    decimal(&answer["balance"]["current_balance"]).filter(|_| answer["status"] == "success")
}

/// Lets a change act, and writes down what it did. People may edit in the same moment.
fn write<T>(world: &World, client: &str, act: impl FnOnce() -> T) -> T {
    edit_all(world, client, Meanwhile::BeforeWrite);
    let before = world.simulator.client(client).unwrap_or_default();
    let done = act();
    let after = world.simulator.client(client).unwrap_or_default();
    let management = |record: &Value| record["management"].as_str().unwrap_or_default().to_owned();
    let (misled, basis) = known(world, client);
    world.log(Fact::Wrote(Box::new(Write {
        client: client.to_owned(),
        wall: world.clock.now(),
        before: management(&before),
        after: management(&after),
        basis,
        misled,
        clients: world.simulator.client_ids().len(),
    })));
    let fields = difference(&before, &after);
    if !fields.is_empty() {
        let client = client.to_owned();
        world.log(Fact::Changed { client, fields });
    }
    edit_all(world, client, Meanwhile::AfterWrite);
    done
}

/// Lets persons edit a record who waited for this moment.
pub(super) fn edit_all(world: &World, client: &str, moment: Meanwhile) {
    for (field, text) in world.upstream.edits_at(moment) {
        // A client that is gone is edited by nobody.
        edit(world, client, &json!({ field: text })).ok();
    }
}

/// A person edits a client's record in the portal.
pub(super) fn edit(world: &World, client: &str, fields: &Value) -> Result<(), simulator::EditError> {
    let before = world.simulator.client(client)?;
    world.simulator.edit(client, fields)?;
    let after = world.simulator.client(client)?;
    let fields = difference(&before, &after);
    if !fields.is_empty() {
        let client = client.to_owned();
        world.log(Fact::Edited { client, fields });
    }
    Ok(())
}

/// How many clients are told to be below their thresholds who are not, and what was told of this one.
fn known(world: &World, client: &str) -> (usize, Option<Basis>) {
    let memory = world.upstream.lock();
    let is_misled = |(client, basis): (&String, &Basis)| {
        let thresholds = memory.thresholds.get(client);
        thresholds.is_some_and(|(told, truth)| basis.told.balance < *told && basis.truth.balance >= *truth)
    };
    let misled = memory.bases.iter().filter(|basis| is_misled(*basis)).count();
    let mut basis = memory.bases.get(client).cloned();
    if let Some(basis) = &mut basis {
        basis.threshold = memory.thresholds.get(client).copied();
    }
    (misled, basis)
}

/// What is told of an answer, and takes note of it.
fn told(world: &World, function: &str, client: Option<&str>, body: Vec<u8>) -> Vec<u8> {
    if !matches!(
        function,
        "getResellerBalance" | "getClientThreshold" | "getClients" | "getBalanceManagement"
    ) {
        return body;
    }
    let truth: Value = serde_json::from_slice(&body).unwrap_or_default();
    let now = world.now();
    let mut memory = world.upstream.lock();
    let body = match world.lie() {
        Some(lie) => {
            let ids = world.simulator.client_ids();
            let place = ids
                .iter()
                .position(|id| Some(id.as_str()) == client)
                .unwrap_or(usize::MAX);
            lies::told(lie, &memory.liars, (function, client, place), body)
        }
        None => body,
    };
    let Some(client) = client.filter(|_| truth["status"] == "success") else {
        return body;
    };
    let told: Value = serde_json::from_slice(&body).unwrap_or_default();
    match function {
        "getResellerBalance" => {
            memory.liars.learn(client, &truth["balance"], now);
            if let (Some(told), Some(truth)) = (money(&told), money(&truth)) {
                let earlier = memory.bases.get(client);
                let basis = Basis {
                    at: now,
                    told,
                    truth,
                    wrong_since: (told != truth)
                        .then(|| earlier.and_then(|earlier| earlier.wrong_since).unwrap_or(now)),
                    before: if told == truth {
                        Some(truth.balance)
                    } else {
                        earlier.and_then(|earlier| earlier.before)
                    },
                    threshold: None,
                };
                memory.bases.insert(client.to_owned(), basis);
            }
        }
        "getClientThreshold" => {
            let of = |answer: &Value| decimal(&answer["threshold_information"]["threshold"]);
            if let (Some(told), Some(truth)) = (of(&told), of(&truth)) {
                memory.thresholds.insert(client.to_owned(), (told, truth));
            }
        }
        "getClients" => {
            drop(memory);
            let client = client.to_owned();
            world.log(Fact::Shown { client });
        }
        _ => {}
    }
    body
}

fn money(answer: &Value) -> Option<Money> {
    Some(Money {
        balance: decimal(&answer["balance"]["current_balance"])?,
        spent_today: decimal(&answer["balance"]["spent_today"])?,
    })
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
