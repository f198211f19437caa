//! The `/sim/` surface for tests: reads and edits of the world behind the API's back, as JSON. Served to the same
//! machine only; every call here has its twin among the methods of `Simulator`.

use std::time::Duration;

use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde_json::{Map, Value, json};

use super::wire::reply::Reply;
use super::world::LIFE_HOURS;
use super::{EditError, LIFE, OptionsError, Simulator, functions, plain, shown};

/// Every call, for the index and the help: method, path and what it does. `ID` stands for any client.
#[rustfmt::skip]
pub(super) const ROUTES: &[(&str, &str, &str)] = &[
    ("GET", "/sim/", "this list"),
    ("GET", "/sim/state", "the world in numbers, and the faults and settings in force"),
    ("GET", "/sim/stats", "calls by function, and the most in any 60 seconds"),
    ("GET", "/sim/requests", "the last thousand API calls, passwords masked"),
    ("GET", "/sim/clients", "the ids of all clients"),
    ("POST", "/sim/clients", "adds one, with the id of a removed one or the next"),
    ("GET", "/sim/clients/ID", "what is known of a client; ID may be `reseller`"),
    ("PATCH", "/sim/clients/ID", "edits it as in the portal: fields of the record, balance, balance_management, package, threshold, threshold_email, account_state (ACTIVE, WAIT), spend_per_hour, spend_from, spend_until"),
    ("DELETE", "/sim/clients/ID", "removes it"),
    ("POST", "/sim/clients/ID/deposit", "it pays {\"amount\":\"5.00\"}"),
    ("POST", "/sim/clock", "moves virtual time on, up to ten years from the start: {\"advance\":\"1h\"}"),
    ("GET", "/sim/faults", "the faults in force"),
    ("PUT", "/sim/faults", "replaces them all: {\"NAME\":0.05}"),
    ("GET", "/sim/settings", "every setting"),
    ("PUT", "/sim/settings", "changes those that are named: {\"NAME\":\"VALUE\"}"),
    ("POST", "/sim/reset", "makes everything as it was at the start"),
];

/// A method and what stands behind `/sim/`.
type Route<'a> = (&'a str, &'a [&'a str]);

/// Answers a `/sim/` request.
pub(super) fn answer(simulator: &Simulator, method: &str, path: &str, body: &[u8]) -> Reply {
    let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    let route: Route<'_> = (if method == "HEAD" { "GET" } else { method }, &parts);
    match route {
        ("GET", [""]) => Reply::json(200, &index()),
        ("GET", ["state"]) => Reply::json(200, &simulator.state()),
        ("GET", ["stats"]) => Reply::json(200, &simulator.stats()),
        ("GET", ["requests"]) => Reply::json(200, &simulator.requests()),
        ("GET", ["faults"]) => Reply::json(200, &shown::faults(&simulator.lock().faults)),
        ("GET", ["settings"]) => Reply::json(200, &shown::settings(&simulator.lock().settings)),
        ("GET", ["clients"]) => Reply::json(200, &json!({"clients": simulator.client_ids()})),
        ("GET", ["clients", id]) => found(simulator.client(id)),
        ("DELETE", ["clients", id]) => match simulator.remove_client(id) {
            Ok(()) => Reply::json(200, &json!({"removed": id})),
            Err(refused) => refuse(&refused),
        },
        ("POST", ["reset"]) => match simulator.reset() {
            Ok(()) => Reply::json(200, &simulator.state()),
            Err(refused) => refuse_options(500, &refused),
        },
        (method, parts) if allowed(parts).contains(&method) => match serde_json::from_slice::<Value>(body) {
            Ok(Value::Object(given)) => change(simulator, route, &given),
            Ok(_) => error(400, "the body is no JSON object", not_an_object()),
            Err(wrong) => error(400, &format!("the body is no JSON: {wrong}"), not_an_object()),
        },
        (_, parts) => not_here(parts),
    }
}

fn index() -> Value {
    let calls: Vec<Value> = ROUTES
        .iter()
        .map(|(method, path, what)| json!({"method": method, "path": path, "what": what}))
        .collect();
    let functions: Vec<&str> = functions::FUNCTIONS.iter().map(|function| function.name).collect();
    json!({
        "about": "a simulated VoIP.ms reseller account; `balancewatch simulate --help` lists faults and settings",
        "api": "/api/v1/rest.php",
        "functions": functions,
        "calls": calls,
    })
}

/// The methods of a path.
fn allowed(parts: &[&str]) -> Vec<&'static str> {
    let is_there = |path: &str| {
        let mut wanted = path.trim_start_matches("/sim/").split('/');
        let same = parts
            .iter()
            .all(|part| wanted.next().is_some_and(|wanted| wanted == *part || wanted == "ID"));
        same && wanted.next().is_none()
    };
    ROUTES
        .iter()
        .filter(|(_, path, _)| is_there(path))
        .map(|(method, _, _)| *method)
        .collect()
}

/// Answers what carries a JSON object.
fn change(simulator: &Simulator, route: Route<'_>, given: &Map<String, Value>) -> Reply {
    match route {
        ("PATCH", ["clients", id]) => match simulator.edit(id, &Value::Object(given.clone())) {
            Ok(()) => found(simulator.client(id)),
            Err(refused) => refuse(&refused),
        },
        ("POST", ["clients"]) => match simulator.add_client(&Value::Object(given.clone())) {
            Ok(id) => found(simulator.client(&id)),
            Err(refused) => refuse(&refused),
        },
        ("POST", ["clients", _, "deposit"]) if given.keys().any(|key| key != "amount") => not_alone(given, "amount"),
        ("POST", ["clients", id, "deposit"]) => {
            match simulator.deposit(id, &given.get("amount").map(plain).unwrap_or_default()) {
                Ok(()) => found(simulator.client(id)),
                Err(refused) => refuse(&refused),
            }
        }
        ("POST", ["clock"]) if given.keys().any(|key| key != "advance") => not_alone(given, "advance"),
        ("POST", ["clock"]) => match given.get("advance").and_then(Value::as_str).and_then(duration) {
            Some(by) if by > LIFE => error(
                400,
                "a world does not live that long",
                Some(format!("up to {LIFE_HOURS}h, ten years")),
            ),
            Some(by) => {
                simulator.advance(by);
                Reply::json(200, &json!({"time": simulator.now().to_string()}))
            }
            None => error(
                400,
                "`advance` is not a duration such as \"1h\"",
                Some("a text with units, such as \"90s\", \"5m\" or \"2d 3h\"; time does not go back".to_owned()),
            ),
        },
        ("PUT", ["faults"]) => match simulator.replace_faults(given) {
            Ok(()) => Reply::json(200, &shown::faults(&simulator.lock().faults)),
            Err(refused) => refuse_options(400, &refused),
        },
        ("PUT", ["settings"]) => match simulator.change_settings(given) {
            Ok(()) => Reply::json(200, &shown::settings(&simulator.lock().settings)),
            Err(refused) => refuse_options(400, &refused),
        },
        (_, parts) => not_here(parts),
    }
}

/// What a body has to be.
fn not_an_object() -> Option<String> {
    Some("a JSON object such as {\"balance\":\"6.00\"}; `{}` when there is nothing to say".to_owned())
}

/// Only one key is taken, and there are others.
fn not_alone(given: &Map<String, Value>, taken: &str) -> Reply {
    let others = given.keys().filter(|key| *key != taken);
    let others: Vec<String> = others.map(|key| format!("`{key}`")).collect();
    let text = format!("there is no {} here", others.join(", "));
    error(400, &text, Some(format!("known: {taken}")))
}

fn found(client: Result<Value, EditError>) -> Reply {
    match client {
        Ok(client) => Reply::json(200, &client),
        Err(refused) => refuse(&refused),
    }
}

fn refuse(refused: &EditError) -> Reply {
    let http_status = match refused {
        EditError::UnknownClient(_) => 404,
        EditError::NotFree(_) => 409,
        EditError::UnknownField(_) | EditError::BadValue { .. } | EditError::NotAnObject | EditError::Several(_) => 400,
    };
    let problems = refused.problems().iter();
    let problems = problems.map(|problem| (problem.to_string(), problem.hint()));
    errors(http_status, refused.to_string(), problems.collect())
}

fn refuse_options(http_status: u16, refused: &OptionsError) -> Reply {
    let problems = refused.problems().iter();
    let problems = problems.map(|problem| (problem.to_string(), problem.hint()));
    errors(http_status, refused.to_string(), problems.collect())
}

/// What is wrong; when it is more than one thing, each under `problems`.
fn errors(http_status: u16, text: String, mut problems: Vec<(String, Option<String>)>) -> Reply {
    if let [_] = *problems
        && let Some((_, hint)) = problems.pop()
    {
        return error(http_status, &text, hint);
    }
    let each = |(error, hint): (String, Option<String>)| json!({"error": error, "hint": hint});
    let problems: Vec<Value> = problems.into_iter().map(each).collect();
    Reply::json(http_status, &json!({"error": text, "hint": null, "problems": problems}))
}

/// No such path, or not with this method.
fn not_here(parts: &[&str]) -> Reply {
    let allow = allowed(parts).join(", ");
    if allow.is_empty() {
        error(404, "nothing here", Some("GET /sim/ lists what there is".to_owned()))
    } else {
        let hint = Some(format!("this path takes {allow}"));
        Reply {
            allow,
            ..error(405, "not with this method", hint)
        }
    }
}

fn error(http_status: u16, text: &str, hint: Option<String>) -> Reply {
    Reply::json(http_status, &json!({"error": text, "hint": hint}))
}

/// Reads `1h`, `90m`, `2d 3h` or `PT1H`; days have 24 hours.
fn duration(text: &str) -> Option<Duration> {
    let span: Span = text.parse().ok()?;
    let exact: SignedDuration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    Duration::try_from(exact).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{ROUTES, Simulator, answer, duration};
    use crate::clock::Clock;
    use crate::simulator::Options;
    use crate::simulator::edit::EXTRAS;

    #[test]
    fn durations_are_read() {
        for (text, secs) in [
            ("1h", Some(3_600)),
            ("90m", Some(5_400)),
            ("1d", Some(86_400)),
            ("PT30S", Some(30)),
            ("-1h", None),
            ("1", None),
            ("", None),
        ] {
            assert_eq!(duration(text), secs.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn the_index_tells_of_every_field_of_an_edit() {
        let (_, _, what) = ROUTES.iter().find(|(method, _, _)| *method == "PATCH").unwrap();
        let told: Vec<&str> = what.split([' ', ',']).collect();
        for extra in EXTRAS {
            assert!(told.contains(&extra.name), "{}", extra.name);
        }
    }

    #[test]
    fn every_call_of_the_index_is_there() {
        let simulator = Simulator::new(Options::default(), Clock::real()).unwrap();
        for (method, path, _) in ROUTES {
            let path = path.trim_start_matches("/sim/").replace("ID", "561116");
            let reply = answer(&simulator, method, &path, b"[]");
            let expected = if matches!(*method, "GET" | "DELETE") || path == "reset" {
                200
            } else {
                400
            };
            assert_eq!(reply.http_status, expected, "{method} {path}");
            simulator.reset().unwrap();
        }
        for (method, path, http_status, allow) in [
            ("GET", "nothing", 404, ""),
            ("GET", "clients/561115/more", 404, ""),
            ("GET", "clients//", 200, ""),
            ("PUT", "state", 405, "GET"),
            ("GET", "clock", 405, "POST"),
            ("PUT", "clients/561115", 405, "GET, PATCH, DELETE"),
            ("HEAD", "state/", 200, ""),
        ] {
            let reply = answer(&simulator, method, path, b"{}");
            assert_eq!(
                (reply.http_status, &*reply.allow),
                (http_status, allow),
                "{method} {path}"
            );
        }
    }
}
