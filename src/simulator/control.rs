//! The `/sim/` surface for tests: reads and edits of the world behind the API's back, as JSON. Served to the same
//! machine only; every call here has its twin among the methods of `Simulator`.

use std::time::Duration;

use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde_json::{Map, Value, json};

use super::wire::exchange::Reply;
use super::{EditError, Simulator, plain};

/// A method and what stands behind `/sim/`.
type Route<'a> = (&'a str, &'a [&'a str]);

/// Answers a `/sim/` request.
pub(super) fn answer(simulator: &Simulator, method: &str, path: &str, body: &[u8]) -> Reply {
    let parts: Vec<&str> = path.split('/').collect();
    let route: Route<'_> = (method, &parts);
    match route {
        ("GET", ["state"]) => Reply::json(200, &simulator.state()),
        ("GET", ["stats"]) => Reply::json(200, &simulator.stats()),
        ("GET", ["requests"]) => Reply::json(200, &simulator.requests()),
        ("GET", ["clients", id]) => found(simulator.client(id)),
        ("DELETE", ["clients", id]) => match simulator.remove_client(id) {
            Ok(()) => Reply::json(200, &json!({"removed": id})),
            Err(refused) => refuse(&refused),
        },
        ("PATCH" | "PUT" | "POST", _) => match serde_json::from_slice::<Value>(body) {
            Ok(Value::Object(given)) => change(simulator, route, &given),
            Ok(_) | Err(_) => error(400, "the body is not a JSON object", None),
        },
        _ => nothing_here(),
    }
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
        ("POST", ["clients", id, "deposit"]) => {
            match simulator.deposit(id, &given.get("amount").map(plain).unwrap_or_default()) {
                Ok(()) => found(simulator.client(id)),
                Err(refused) => refuse(&refused),
            }
        }
        ("POST", ["clock"]) => match given.get("advance").and_then(Value::as_str).and_then(duration) {
            Some(by) => {
                simulator.advance(by);
                Reply::json(200, &json!({"time": simulator.now().to_string()}))
            }
            None => error(400, "`advance` is not a duration such as \"1h\"", None),
        },
        ("PUT", ["faults"]) => match simulator.replace_faults(given) {
            Ok(()) => Reply::json(200, &simulator.state()["faults"]),
            Err(refused) => error(400, &refused.to_string(), refused.hint()),
        },
        ("PUT", ["settings"]) => match simulator.change_settings(given) {
            Ok(()) => Reply::json(200, &simulator.state()["settings"]),
            Err(refused) => error(400, &refused.to_string(), refused.hint()),
        },
        _ => nothing_here(),
    }
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
        EditError::UnknownField(_) | EditError::BadValue { .. } | EditError::NotAnObject => 400,
    };
    error(http_status, &refused.to_string(), refused.hint())
}

fn nothing_here() -> Reply {
    error(
        404,
        "nothing here",
        Some("`balancewatch simulate --help` lists what is".to_owned()),
    )
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

    use super::duration;

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
}
