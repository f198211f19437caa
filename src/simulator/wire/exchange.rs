//! One API call from its parameters to its reply: credentials, API enabled, address, cap, method, parameters, effect,
//! and the fault that may strike. Knows no sockets: a reset or a delay is part of the reply, as data.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::journal::Outline;
use super::php::{Json, Style, Types};
use super::request::{Params, Transport};
use super::statuses;
use crate::simulator::Simulator;
use crate::simulator::faults::{Caller, Fault, Stage};
use crate::simulator::functions::{self, Call, Function, Rows, Status};
use crate::simulator::settings::{Key, Settings};
use crate::simulator::state::State;
use crate::simulator::world::World;
use crate::simulator::world::calendar::seconds;

/// Bytes that an ordinary answer fits into.
const ORDINARY_ANSWER_BYTES: usize = 256;

/// Bytes of a long answer that are written at a time, and so long everybody else waits: some 200 rows.
const PIECE_BYTES: usize = 64 * 1_024;

/// What goes back over the connection.
#[derive(Debug)]
pub(in crate::simulator) struct Reply {
    pub(in crate::simulator) http_status: u16,
    pub(in crate::simulator) content_type: &'static str,
    pub(in crate::simulator) body: Vec<u8>,
    /// What comes behind the body, if that is too long to be written at once.
    pub(in crate::simulator) rest: Option<Box<Rest>>,
    /// The methods that a status 405 names.
    pub(in crate::simulator) allow: String,
    /// Real time to wait before it goes.
    pub(in crate::simulator) delay: Duration,
    /// The connection is reset instead.
    pub(in crate::simulator) reset: bool,
}

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=UTF-8";
const XML: &str = "text/xml; charset=utf-8";

impl Reply {
    pub(in crate::simulator) fn new(http_status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            http_status,
            content_type,
            body: body.into(),
            rest: None,
            allow: String::new(),
            delay: Duration::ZERO,
            reset: false,
        }
    }

    pub(in crate::simulator) fn html(http_status: u16, title: &str, text: &str) -> Self {
        let body = format!(
            "<!DOCTYPE html>\n<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n<p>{text}</p>\n</body>\n</html>\n"
        );
        Self::new(http_status, HTML, body)
    }

    pub(in crate::simulator) fn json(http_status: u16, value: &serde_json::Value) -> Self {
        Self::new(http_status, JSON, format!("{value}\n"))
    }
}

/// How a call arrived.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulator) struct Arrival<'a> {
    pub(in crate::simulator) transport: Transport,
    pub(in crate::simulator) peer: IpAddr,
    pub(in crate::simulator) has_user_agent: bool,
    pub(in crate::simulator) params: &'a Params<'a>,
}

impl Simulator {
    /// Answers one call.
    pub(in crate::simulator) fn answer(&self, arrival: Arrival<'_>) -> Reply {
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

    /// The next bytes of an answer that is too long to be written at once; `None` behind the last.
    pub(in crate::simulator) fn piece(&self, rest: &mut Rest) -> Option<Vec<u8>> {
        rest.piece(&self.lock().world)
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
        let style = style(&state.settings, fault == Some(Fault::WrongTypes));
        let result = outcome.and_then(|function| run(state, arrival, at, function, style));
        let status = result.as_ref().map_or_else(|status| *status, |_| "success");
        let (body, rest) = result.unwrap_or_else(|status| (refusal(status, style), None));
        let mut reply = Reply {
            rest,
            ..Reply::new(200, JSON, body)
        };
        match fault {
            Some(Fault::Truncated) => {
                let mut rest = reply.rest.take();
                while let Some(piece) = rest.as_mut().and_then(|rest| rest.piece(&state.world)) {
                    reply.body.extend(piece);
                }
                reply.body.truncate(reply.body.len() / 2);
            }
            Some(Fault::Empty) => (reply.body, reply.rest) = (Vec::new(), None),
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
        self.check_credentials(params)?;
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

    fn check_credentials(&self, params: &Params<'_>) -> Result<(), Status> {
        let given = |name| params.get(name).filter(|text| !text.is_empty());
        match (given("api_username"), given("api_password")) {
            (Some(user), Some(password))
                if user == self.options.username && password == self.options.password.expose_secret() =>
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
) -> Result<(Vec<u8>, Option<Box<Rest>>), Status> {
    let rules = state.rules();
    let State { world, settings, .. } = state;
    let mut json = Json::new(style, ORDINARY_ANSWER_BYTES);
    json.open(b'{');
    json.key("status");
    // Without a payload the status is all that can have a wrong type.
    json.raw(if function.is_write && style.wrong {
        "[\"success\"]"
    } else {
        "\"success\""
    });
    let mut call = Call {
        params: arrival.params,
        world,
        settings,
        rules,
        now: seconds(at),
        peer: arrival.peer,
        json,
        rows: None,
    };
    (function.handler)(&mut call)?;
    let Call {
        json, settings, rows, ..
    } = call;
    if function.is_write && settings.on(Key::EmptySuccess) {
        return Ok((Vec::new(), None));
    }
    let with_message = settings.on(Key::MessageOnSuccess);
    Ok(match rows {
        None => (ended(json, with_message), None),
        Some(rows) => {
            let rest = Rest {
                json: Some(json),
                rows,
                with_message,
            };
            (Vec::new(), Some(Box::new(rest)))
        }
    })
}

/// The bytes of a success that has said all else.
fn ended(mut json: Json, with_message: bool) -> Vec<u8> {
    if with_message {
        json.key("message");
        json.raw("\"success\"");
    }
    json.close(b'}');
    json.into_bytes()
}

/// What is still to be written of an answer with very many rows.
#[derive(Debug)]
pub(in crate::simulator) struct Rest {
    /// `None` when everything is written.
    json: Option<Json>,
    rows: Rows,
    with_message: bool,
}

impl Rest {
    /// The next bytes; `None` behind the last.
    fn piece(&mut self, world: &World) -> Option<Vec<u8>> {
        let mut json = self.json.take()?;
        if self.rows.write(&mut json, world, PIECE_BYTES) {
            return Some(ended(json, self.with_message));
        }
        let piece = json.take();
        self.json = Some(json);
        Some(piece)
    }
}

/// What is answered before anybody looks at the parameters.
fn at_the_door(settings: &Settings, arrival: Arrival<'_>, fault: Option<Fault>) -> Option<Reply> {
    if settings.on(Key::UserAgentNeeded) && !arrival.has_user_agent {
        return Some(blocked());
    }
    if let Some(fault) = fault.filter(|fault| fault.row().stage == Stage::Front) {
        return Some(match fault {
            Fault::Html403 => blocked(),
            Fault::Http429 => Reply::html(429, "Too Many Requests", "You are being rate limited."),
            Fault::Http500 => Reply::html(
                500,
                "Internal Server Error",
                "The server encountered an internal error.",
            ),
            Fault::ResetBefore => Reply {
                reset: true,
                ..Reply::new(200, JSON, "")
            },
            _ => Reply::html(
                503,
                "503 Backend fetch failed",
                "Error 503 Backend fetch failed</p>\n<p>Guru Meditation:</p>\n<p>Varnish cache server",
            ),
        });
    }
    match arrival.transport {
        Transport::Other => Some(soap_fault(settings)),
        Transport::Multipart if settings.on(Key::MultipartMissing) => {
            Some(Reply::new(200, JSON, refusal("missing_method", style(settings, false))))
        }
        Transport::Get | Transport::Multipart => None,
    }
}

fn blocked() -> Reply {
    Reply::html(
        403,
        "Attention Required! | Cloudflare",
        "Sorry, you have been blocked. You are unable to access voip.ms",
    )
}

/// What PHP's SOAP server says to a POST that is no SOAP.
fn soap_fault(settings: &Settings) -> Reply {
    let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\">\
<SOAP-ENV:Body><SOAP-ENV:Fault><faultcode>SOAP-ENV:Client</faultcode><faultstring>Bad Request</faultstring></SOAP-ENV:Fault>\
</SOAP-ENV:Body></SOAP-ENV:Envelope>\n";
    let http_status = if settings.is(Key::SoapFaultStatus, "200") {
        200
    } else {
        500
    };
    Reply::new(http_status, XML, body)
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

/// An answer that is not a success.
fn refusal(status: &str, style: Style) -> Vec<u8> {
    let mut json = Json::new(Style { wrong: false, ..style }, ORDINARY_ANSWER_BYTES);
    json.open(b'{');
    json.key("status");
    json.text(status);
    json.key("message");
    json.text(statuses::message(status));
    json.close(b'}');
    json.into_bytes()
}

fn types(settings: &Settings) -> Types {
    let are = |word| settings.is(Key::Types, word);
    if are("doc-strings") {
        Types::DocStrings
    } else if are("all-numbers") {
        Types::AllNumbers
    } else if are("all-strings") {
        Types::AllStrings
    } else {
        Types::Mixed
    }
}

fn style(settings: &Settings, wrong: bool) -> Style {
    Style {
        types: types(settings),
        noise: settings.on(Key::FloatNoise),
        null_columns: settings.is(Key::EmptyColumns, "null"),
        wrong,
    }
}
