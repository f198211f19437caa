//! The JSON API of a running daemon: it answers as it is described, decides as the commands do, and names what is wrong.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Answer, Listener, schema};
use crate::journey::enforcement::enforcing;
use crate::journey::world::World;

/// A reseller of three clients: one is low, one overdrawn and set to HARD.
async fn troubled() -> Listener {
    let world = World::new(3).await;
    world.configure(&enforcing("apply", ""));
    world.reconfigure(r#"sweep = "60s""#, r#"sweep = "1s""#);
    let listener = Listener::of(world, |_| {}).await.ready().await;
    listener.balance(&listener.ids[0], "9.99");
    listener.balance(&listener.ids[1], "-3.00");
    until(&listener, "/api/v1/enforcements?state=verified", |rows| rows.len() == 1).await;
    // Low, low and overdrawn.
    until(&listener, "/api/v1/alerts", |rows| rows.len() == 3).await;
    until(&listener, "/api/v1/notifications?state=delivered", |rows| {
        rows.len() >= 4
    })
    .await;
    listener
}

/// Asks until a list is so.
pub async fn until(listener: &Listener, path: &str, is_so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let asking = async {
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(50));
        loop {
            let rows = listener.get(path).await.is(200).json();
            let rows = rows.as_array().unwrap();
            if is_so(rows) {
                return rows.clone();
            }
            ticks.tick().await;
        }
    };
    crate::journey::world::within(path, asking).await
}

fn encoded(id: &str) -> String {
    id.replace('%', "%25").replace('/', "%2F").replace('@', "%40")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_as_it_is_described() {
    let listener = troubled().await;
    let description = listener.get("/api/v1/openapi.json").await.is(200).json();
    let client = listener.ids[0].clone();
    let notice = listener.get("/api/v1/notifications").await.json()[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let change = listener.get("/api/v1/enforcements").await.json()[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let silence = json!({"client": client, "for": "2h", "comment": "moves", "by": "alice"});
    let silenced = listener.send("POST", "/api/v1/silences", &silence).await.is(200).json();
    // One that waits, for what can be tried again.
    let mut asked = BTreeSet::new();
    let mut told = BTreeSet::new();
    for (method, path, id, query, body) in [
        ("get", "/api/v1/status", "", "", None),
        ("get", "/api/v1/clients", "", "?state=firing&sort=-balance", None),
        ("get", "/api/v1/clients/{id}", &*client, "", None),
        ("get", "/api/v1/clients/{id}/history", &client, "?limit=5", None),
        ("get", "/api/v1/alerts", "", "?sort=balance&state=all", None),
        (
            "post",
            "/api/v1/acks",
            "",
            "",
            Some(json!({"client": client, "for": "4h"})),
        ),
        ("get", "/api/v1/silences", "", "?q=alice", None),
        ("post", "/api/v1/silences", "", "", Some(silence)),
        (
            "delete",
            "/api/v1/silences/{id}",
            silenced["id"].as_str().unwrap(),
            "",
            None,
        ),
        ("get", "/api/v1/enforcements", "", "", None),
        ("get", "/api/v1/enforcements/{id}", &change, "", None),
        // It is verified: it waits for no answer, and can be taken back.
        (
            "post",
            "/api/v1/enforcements/{id}/approve",
            &change,
            "",
            Some(json!({"comment": "he knows"})),
        ),
        (
            "post",
            "/api/v1/enforcements/{id}/reject",
            &change,
            "",
            Some(json!({"comment": "pays tomorrow", "by": "alice"})),
        ),
        (
            "post",
            "/api/v1/enforcements/{id}/undo",
            &change,
            "",
            Some(json!({"comment": "a mistake"})),
        ),
        (
            "post",
            "/api/v1/clients/{id}/hold",
            &client,
            "",
            Some(json!({"reason": "pays by transfer"})),
        ),
        ("delete", "/api/v1/clients/{id}/hold", &client, "?account=main", None),
        (
            "post",
            "/api/v1/brake",
            "",
            "",
            Some(json!({"reason": "the list looks odd"})),
        ),
        ("delete", "/api/v1/brake", "", "?account=main", None),
        ("get", "/api/v1/notifications", "", "", None),
        ("get", "/api/v1/notifications/{id}", &notice, "", None),
        (
            "post",
            "/api/v1/notifications/retry",
            "",
            "",
            Some(json!({"channel": "ops"})),
        ),
        ("post", "/api/v1/notifications/{id}/retry", &notice, "", Some(json!({}))),
        (
            "post",
            "/api/v1/notifications/{id}/give-up",
            &notice,
            "",
            Some(json!({"comment": "told by phone"})),
        ),
    ] {
        let operation = &description["paths"][path][method];
        let keys: Vec<&str> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| one["name"].as_str().unwrap())
            .collect();
        let used = query
            .trim_start_matches('?')
            .split('&')
            .filter_map(|pair| Some(pair.split_once('=')?.0));
        assert!(used.clone().all(|key| keys.contains(&key)), "{path}: {keys:?}");
        if let Some(body) = &body {
            let described = &operation["requestBody"]["content"]["application/json"]["schema"];
            assert_eq!(
                schema::problems(&description, described, body),
                [""; 0],
                "{method} {path}"
            );
        }
        let address = path.replace("{id}", &encoded(id)) + query;
        let answer = match (&body, method) {
            (None, "get") => listener.get(&address).await,
            (body, method) => {
                listener
                    .send(&method.to_uppercase(), &address, body.as_ref().unwrap_or(&Value::Null))
                    .await
            }
        };
        // What was delivered is neither tried again nor given up: that is told as it is described, too.
        let response = if answer.status == 200 { "200" } else { "default" };
        let too_late = ["}/retry", "give-up", "approve", "reject"];
        answer.is(if too_late.iter().any(|end| path.ends_with(end)) {
            409
        } else {
            200
        });
        let described = &operation["responses"][response]["content"]["application/json"]["schema"];
        assert_eq!(
            schema::problems(&description, described, &answer.json()),
            [""; 0],
            "{method} {path}: {answer:?}"
        );
        told.insert(operation["operationId"].to_string());
        asked.insert((path.to_owned(), method.to_owned()));
    }
    let paths = description["paths"].as_object().unwrap().iter();
    let described = paths.flat_map(|(path, operations)| {
        let methods = operations.as_object().unwrap().keys();
        methods.map(move |method| (path.clone(), method.clone()))
    });
    assert_eq!(described.collect::<BTreeSet<_>>(), asked);
    assert_eq!(told.len(), asked.len(), "each has a name of its own");
}

/// The same without what changes by the second.
fn still(mut value: Value) -> Value {
    match &mut value {
        Value::Array(rows) => rows.iter_mut().for_each(|row| *row = still(row.take())),
        Value::Object(fields) => {
            fields.retain(|name, _| {
                !["age_seconds", "read_at", "last_attempt_at", "last_seen_at", "count"].contains(&name.as_str())
            });
            fields.values_mut().for_each(|field| *field = still(field.take()));
        }
        _ => {}
    }
    value
}

#[tokio::test(flavor = "multi_thread")]
async fn it_tells_what_the_commands_tell_and_decides_what_they_decide() {
    let listener = troubled().await;
    let client = listener.ids[0].clone();
    let silence = json!({"client": client, "policy": "low-balance", "for": "2h", "comment": "moves"});
    let silenced = listener.send("POST", "/api/v1/silences", &silence).await.is(200).json();
    assert_eq!(silenced["by"], "token", "{silenced}");
    let taken = json!({"client": listener.ids[1], "policy": "overdrawn", "by": "alice"});
    let acked = listener.send("POST", "/api/v1/acks", &taken).await.is(200).json();
    assert_eq!((acked.as_array().unwrap().len(), &acked[0]["by"]), (1, &json!("alice")));

    for (path, command) in [
        ("/api/v1/alerts", &["alerts"][..]),
        ("/api/v1/silences", &["silence", "list"]),
        ("/api/v1/notifications", &["notifications", "list"]),
        ("/api/v1/enforcements", &["enforcements", "list"]),
        (&format!("/api/v1/clients/{client}"), &["client", &client]),
        (&format!("/api/v1/clients/{client}/history"), &["history", &client]),
    ] {
        let (web, printed) = (listener.get(path).await.is(200).json(), listener.json(command).await);
        assert_eq!(still(web), still(printed), "{path}");
    }
    let alerts = listener.get("/api/v1/alerts?q=OVERDRAWN").await.is(200).json();
    assert_eq!(
        (alerts.as_array().unwrap().len(), &alerts[0]["acked_by"]["by"]),
        (1, &json!("alice"))
    );
    // Last: it fires an alert of its own, which would come between two looks.
    let braked = listener
        .send("POST", "/api/v1/brake", &json!({"reason": "odd"}))
        .await
        .is(200)
        .json();
    assert_eq!((&braked["on"], &braked["changed"]), (&json!(true), &json!(true)));
    let status = listener.get("/api/v1/status").await.is(200).json();
    assert_eq!(status["accounts"][0]["enforcement"]["brake"]["reason"], "odd");

    let id = silenced["id"].as_str().unwrap();
    listener
        .send("DELETE", &format!("/api/v1/silences/{id}"), &Value::Null)
        .await
        .is(200);
    assert_eq!(listener.get("/api/v1/silences").await.json(), json!([]));
    let off = listener
        .send("DELETE", "/api/v1/brake", &Value::Null)
        .await
        .is(200)
        .json();
    assert_eq!((&off["on"], &off["changed"]), (&json!(false), &json!(true)));
}

/// The address of what follows.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link");
    Some(
        link.strip_prefix('<')?
            .strip_suffix(">; rel=\"next\"")
            .unwrap()
            .to_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_goes_on_where_it_says() {
    let listener = troubled().await;
    for (path, id) in [
        ("/api/v1/notifications?limit=1", "id"),
        ("/api/v1/alerts?state=all&limit=1", "episode"),
        ("/api/v1/clients?limit=1&sort=name", "client"),
    ] {
        let (mut seen, mut at) = (Vec::new(), Some(path.to_owned()));
        while let Some(path) = at {
            let answer = listener.get(&path).await;
            let found = answer.is(200).json();
            let rows = found.get("clients").unwrap_or(&found).as_array().unwrap();
            assert_eq!(rows.len(), 1, "{path}");
            seen.push(rows[0][id].as_str().unwrap().to_owned());
            at = next(&answer);
        }
        let all = listener.get(&path.replace("limit=1", "limit=1000")).await.json();
        let all = all.get("clients").unwrap_or(&all).as_array().unwrap();
        let expected: Vec<&str> = all.iter().map(|row| row[id].as_str().unwrap()).collect();
        assert_eq!(seen, expected, "{path}");
        assert!(seen.len() >= 3, "{path}: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named() {
    let listener = Listener::new(1, "").await.ready().await;
    for (path, status, error, hint) in [
        ("/api/v1/clients/1", 404, "there is no client `1`", "ids are those"),
        ("/api/v1/clients/%FF", 400, "", ""),
        (
            "/api/v1/status?account=other",
            404,
            "there is no account `other`",
            "the configuration has main",
        ),
        (
            "/api/v1/alerts?limits=5",
            400,
            "`limits` is not known here",
            "did you mean `limit`",
        ),
        ("/api/v1/alerts?limit=0", 400, "limit: expected 1 to 1000", ""),
        ("/api/v1/alerts?limit=1001", 400, "limit: expected 1 to 1000", ""),
        ("/api/v1/alerts?limit=many", 400, "limit: invalid digit", ""),
        (
            "/api/v1/alerts?state=fire",
            400,
            "state: unknown variant `fire`, expected one of `firing`",
            "",
        ),
        ("/api/v1/alerts?q=a&q=b", 400, "duplicate field `q`", ""),
        (
            "/api/v1/clients?sort=age",
            400,
            "there is no such order",
            "used_up, margin",
        ),
        (
            "/api/v1/clients?cursor=main/9",
            400,
            "cursor: the list does not go on there",
            "begin",
        ),
        (
            "/api/v1/notifications?cursor=x",
            400,
            "cursor: it is not one that was given",
            "take it",
        ),
        (
            "/api/v1/notifications?state=sad",
            400,
            "state: `sad` is none",
            "there are pending",
        ),
        (
            "/api/v1/notifications?client=%3Cscript%3E",
            400,
            "client: `<script>` is not a client id",
            "",
        ),
        ("/api/v1/notifications/none", 404, "there is no notification `none`", ""),
        (
            "/api/v1/enforcements/none?x=1",
            400,
            "`x` is not known here",
            "nothing can be said",
        ),
        ("/api/v1/enforcements/none", 404, "there is no enforcement `none`", ""),
    ] {
        refused(&listener.get(path).await, path, status, error, hint);
    }
    let client = listener.ids[0].clone();
    for (path, body, status, error, hint) in [
        (
            "silences",
            json!({"client": client, "for": "2h"}),
            400,
            "missing field `comment`",
            "",
        ),
        (
            "silences",
            json!({"client": client, "for": "2 moons", "comment": "x"}),
            400,
            "for: expected a duration such as",
            "",
        ),
        (
            "silences",
            json!({"client": client, "for": "31d", "comment": "x"}),
            400,
            "for: at most 30d",
            "",
        ),
        (
            "silences",
            json!({"client": 5, "for": "2h", "comment": "x"}),
            400,
            "client: invalid type: integer",
            "",
        ),
        (
            "silences",
            json!({"client": client, "for": "2h", "coment": "x"}),
            400,
            "`coment` is not known",
            "did you mean `comment`",
        ),
        (
            "silences",
            json!({"for": "2h", "comment": "x"}),
            422,
            "a silence needs a client, a policy, or both",
            "",
        ),
        (
            "silences",
            json!({"client": "1", "for": "2h", "comment": "x"}),
            404,
            "there is no client `1`",
            "",
        ),
        (
            "acks",
            json!({"client": client}),
            409,
            "nothing fires for client",
            "explain",
        ),
        ("brake", json!({"reason": " "}), 400, "reason: a reason is needed", ""),
        ("brake", json!([]), 400, "invalid", ""),
        (
            "notifications/retry",
            json!({"channel": "pager"}),
            404,
            "there is no channel `pager`",
            "the channels are ops",
        ),
    ] {
        let path = format!("/api/v1/{path}");
        refused(
            &listener.send("POST", &path, &body).await,
            &format!("{path} {body}"),
            status,
            error,
            hint,
        );
    }
    let token = listener.token();
    let broken = listener.ask("POST", "/api/v1/brake").bearer_auth(&token);
    let broken = broken.header("content-type", "application/json").body("{\"reason\":");
    refused(
        &super::answer(broken).await,
        "half a body",
        400,
        "EOF while parsing",
        "",
    );
    let form = listener
        .ask("POST", "/api/v1/brake")
        .bearer_auth(&token)
        .body("{\"reason\":\"x\"}");
    refused(
        &super::answer(form).await,
        "no JSON",
        400,
        "the body is not marked as JSON",
        "application/json",
    );
    let unknown = listener
        .ask("POST", "/api/v1/brake")
        .header("content-type", "application/json")
        .body("{\"reason\":\"x\"}");
    refused(&super::answer(unknown).await, "no token", 401, "", "");
    assert_eq!(listener.json(&["brake", "status"]).await["on"], false);
}

#[track_caller]
fn refused(answer: &Answer, what: &str, status: u16, error: &str, hint: &str) {
    let body = answer.is(status).json();
    let keys: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["error", "hint"], "{what}");
    for (key, part) in [("error", error), ("hint", hint)] {
        assert!(body[key].as_str().unwrap().contains(part), "{what}: {body}");
    }
}
