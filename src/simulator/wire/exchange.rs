//! One API call from its parameters to its reply: credentials, API enabled, address, cap, method, parameters, effect,
//! and the fault that may strike. Knows no sockets: a reset or a delay is part of the reply, as data.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::Transport;
use super::body;
use super::journal::Outline;
use super::reply::{HTML, JSON, Reply};
use crate::simulator::Simulator;
use crate::simulator::faults::{Caller, Fault, Stage};
use crate::simulator::functions::{self, Call, Function, Status};
use crate::simulator::php::json::Style;
use crate::simulator::php::params::Params;
use crate::simulator::settings::{Key, Settings};
use crate::simulator::state::State;
use crate::simulator::world::calendar::seconds;

/// How a call arrived.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    pub transport: Transport,
    pub peer: IpAddr,
    pub has_user_agent: bool,
    pub params: &'a Params<'a>,
}

impl Simulator {
    pub fn answer(&self, arrival: Arrival<'_>) -> Reply {
        let params = arrival.params;
        let method = params.get("method").unwrap_or_default();
        let monotonic = self.clock.monotonic();
        let mut state = self.lock();
        let at = self.virtual_time_at(monotonic, &state);
        let number = state.traffic.arrive(monotonic, method);
        let caller = Caller {
            call: number,
            function: method,
            client: params.get("client"),
        };
        let fault = state.faults.choose(state.world.dice(), caller);
        let (mut reply, status) = match at_the_door(&state.settings, arrival, fault) {
            Some(reply) => (reply, ""),
            None => self.handle(&mut state, arrival, (monotonic, at), fault),
        };
        if state.settings.is(Key::ContentType, "html") && reply.content_type == JSON {
            reply.content_type = HTML;
        }
        if fault == Some(Fault::Slow) {
            reply.delay += Duration::from_secs(state.settings.number(Key::SlowSecs));
        }
        drop(state);
        reply.delay += self.options.latency;
        let fault = fault.map_or("", |fault| fault.row().name);
        let outline = Outline {
            number,
            at,
            transport: arrival.transport,
            http_status: reply.http_status,
            status,
            fault,
        };
        self.journal().remember(outline, params);
        reply
    }

    /// Past the door: the checks in order, then the function and its answer.
    fn handle(
        &self,
        state: &mut State,
        arrival: Arrival<'_>,
        (monotonic, at): (Duration, Timestamp),
        fault: Option<Fault>,
    ) -> (Reply, Status) {
        let outcome = self.admit(state, arrival, monotonic).and_then(|function| {
            if let Some(status) = fault.and_then(|fault| status_instead(fault, &state.settings)) {
                return Err(status);
            }
            Ok(function)
        });
        if fault == Some(Fault::NullStatus) && outcome.is_ok() {
            return (Reply::new(200, JSON, "{\"status\":null}"), "null");
        }
        let style = body::style(&state.settings, fault == Some(Fault::WrongTypes));
        let result = outcome.and_then(|function| run(state, arrival, at, function, style));
        let status = result.as_ref().map_or_else(|status| *status, |_| "success");
        let body = result.unwrap_or_else(|status| body::refusal(status, style));
        let mut reply = Reply::new(200, JSON, body);
        match fault {
            Some(Fault::Truncated) => reply.body.truncate(reply.body.len() / 2),
            Some(Fault::Empty) => reply.body.clear(),
            Some(Fault::ResetAfter) => reply.reset = true,
            _ => {}
        }
        (reply, status)
    }

    /// Credentials, API enabled, address, cap, method; or the address first.
    fn admit(&self, state: &mut State, arrival: Arrival<'_>, monotonic: Duration) -> Result<&'static Function, Status> {
        let params = arrival.params;
        let method = params.get("method").filter(|text| !text.is_empty());
        let function = method.and_then(functions::find);
        let is_stranger = !state.allowed.admits(arrival.peer) && !function.is_some_and(|function| function.any_address);
        if is_stranger && state.settings.is(Key::CheckOrder, "address") {
            return Err("ip_not_enabled");
        }
        let no_function = if method.is_some() {
            "invalid_method"
        } else {
            "missing_method"
        };
        if function.is_none() && state.settings.is(Key::CheckOrder, "method") {
            return Err(no_function);
        }
        self.check_credentials(&state.settings, params)?;
        if !state.settings.on(Key::ApiEnabled) {
            return Err("api_not_enabled");
        }
        if is_stranger {
            return Err("ip_not_enabled");
        }
        if let Some(cap) = self.options.rate_cap_per_minute {
            let sliding = state.settings.is(Key::CapWindow, "sliding");
            let per = (state.settings.is(Key::CapPer, "address")).then_some(arrival.peer);
            if !state.traffic.is_within(cap, monotonic, sliding, per) {
                return Err("api_limit_exceeded");
            }
        }
        let function = function.ok_or(no_function)?;
        let down = state.settings.text(Key::MaintenanceMethods);
        if down.split(',').any(|name| name.trim() == function.name) {
            return Err("method_maintenance");
        }
        Ok(function)
    }

    fn check_credentials(&self, settings: &Settings, params: &Params<'_>) -> Result<(), Status> {
        let is_user = |given: &str, user: &str| {
            given == user || (settings.is(Key::UsernameCase, "any") && given.eq_ignore_ascii_case(user))
        };
        let given = |name| params.get(name).filter(|text| !text.is_empty());
        match (given("api_username"), given("api_password")) {
            (Some(user), Some(password))
                if is_user(user, &self.options.username) && password == self.options.password.expose_secret() =>
            {
                Ok(())
            }
            (Some(_), Some(_)) => Err("invalid_credentials"),
            (None, _) | (_, None) => Err("missing_credentials"),
        }
    }
}

/// Runs a function; the body of its success.
fn run(
    state: &mut State,
    arrival: Arrival<'_>,
    at: Timestamp,
    function: &'static Function,
    style: Style,
) -> Result<Vec<u8>, Status> {
    let rules = state.rules();
    let State { world, settings, .. } = state;
    let mut call = Call {
        params: arrival.params,
        world,
        settings,
        rules,
        now: seconds(at),
        peer: arrival.peer,
        json: body::begun(style, function),
    };
    (function.handler)(&mut call)?;
    let Call { json, settings, .. } = call;
    if function.is_write && settings.on(Key::EmptySuccess) {
        return Ok(Vec::new());
    }
    Ok(body::ended(json, settings))
}

/// What is answered before anybody looks at the parameters.
fn at_the_door(settings: &Settings, arrival: Arrival<'_>, fault: Option<Fault>) -> Option<Reply> {
    if settings.on(Key::UserAgentNeeded) && !arrival.has_user_agent {
        return Some(Reply::blocked());
    }
    if let Some(fault) = fault.filter(|fault| fault.row().stage == Stage::Front) {
        return Some(match fault {
            Fault::Html403 => Reply::blocked(),
            Fault::Http429 => Reply::rate_limited(),
            Fault::Http500 => Reply::broken("The server encountered an internal error."),
            Fault::ResetBefore => Reply {
                reset: true,
                ..Reply::new(200, JSON, "")
            },
            _ => Reply::no_backend(),
        });
    }
    let is_taken = match arrival.transport {
        Transport::Urlencoded => settings.is(Key::Urlencoded, "taken"),
        Transport::QueryPost => settings.is(Key::QueryPost, "taken"),
        Transport::OtherMethod => settings.is(Key::OtherMethods, "taken"),
        Transport::Other => false,
        Transport::Get | Transport::Multipart => true,
    };
    match arrival.transport {
        Transport::OtherMethod if !is_taken => Some(Reply::not_allowed()),
        _ if !is_taken => {
            let is_fine = settings.is(Key::SoapFaultStatus, "200");
            Some(Reply::soap_fault(if is_fine { 200 } else { 500 }))
        }
        Transport::Multipart if settings.on(Key::MultipartMissing) => Some(Reply::new(
            200,
            JSON,
            body::refusal("missing_method", body::style(settings, false)),
        )),
        _ => None,
    }
}

/// The status that a fault answers instead of an effect.
fn status_instead(fault: Fault, settings: &Settings) -> Option<Status> {
    match fault {
        Fault::Limit => Some("api_limit_exceeded"),
        Fault::Maintenance => Some("method_maintenance"),
        Fault::Unavailable => Some("unavailable_info"),
        Fault::Status => Some(settings.choice(Key::FaultStatus)),
        _ => None,
    }
}
