//! Webhooks: Alertmanager's format, the signature's headers, the shipped templates, and those that are wrong.

use std::path::Path;

use jiff::SignedDuration;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::Webhook;
use super::payload::Payload;
use super::template::{Body, Template};
use crate::domain::Management;
use crate::domain::Severity;
use crate::domain::enforcement::{Direction, Outcome};
use crate::domain::notice::{MessageKind, Notification, Transition, Withdrawal};
use crate::notify::delivery::{End, Parcel, Scope, Step};
use crate::notify::letter;
use crate::notify::sample;
use crate::notify::testing::{fired, letterhead, owed, start};

const SHIPPED: [&str; 8] = [
    "apprise",
    "discord",
    "goalert",
    "gotify",
    "mattermost",
    "pushover",
    "teams",
    "telegram",
];

/// A message about these.
fn parcel(notifications: Vec<Notification>) -> Parcel {
    let (mut message, _) = owed(561_115, fired(), "hook", "");
    message.kind = if notifications.len() == 1 {
        MessageKind::Single
    } else {
        MessageKind::Summary
    };
    let at = start() + SignedDuration::from_secs(1);
    Parcel {
        letter: letter::write(&message, &notifications, &letterhead(), at).unwrap(),
        message,
        notifications,
        at,
        root: None,
    }
}

fn told(number: u32, transition: Transition) -> Notification {
    let mut notification = owed(number, transition, "hook", "").1;
    notification.facts.since = start() - SignedDuration::from_mins(5);
    notification
}

fn posted(webhook: &Webhook, parcel: &Parcel) -> Value {
    serde_json::from_slice(&webhook.post(parcel).unwrap().body).unwrap()
}

fn plain() -> Webhook {
    Webhook::new(None, &[], None, letterhead()).unwrap()
}

fn of(template: Template) -> Webhook {
    Webhook::new(Some(template), &[], None, letterhead()).unwrap()
}

fn shipped(name: &str) -> Template {
    Template::find(name, Path::new("/nowhere"), None).unwrap()
}

#[test]
fn the_format_is_alertmanagers_of_version_4() {
    let mut body = posted(&plain(), &parcel(vec![told(561_115, fired())]));
    let annotations = body["alerts"][0]["annotations"].clone();
    assert!(
        annotations["description"]
            .as_str()
            .is_some_and(|text| text.contains("top up"))
    );
    assert_eq!(body["commonAnnotations"].take(), annotations);
    body["alerts"][0]["annotations"].take();
    let labels = json!({"alertname": "low-balance", "account": "main", "client": "561115", "severity": "warning"});
    let fingerprint = body["alerts"][0]["fingerprint"].take();
    assert!(fingerprint.as_str().is_some_and(|hex| hex.len() == 16));
    let expected = json!({
        "version": "4",
        "groupKey": "main.561115.low-balance.20261123T151500000Z",
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "hook",
        "groupLabels": {"account": "main", "client": "561115"},
        "commonLabels": labels,
        "commonAnnotations": null,
        "externalURL": "",
        "alerts": [{
            "status": "firing",
            "labels": labels,
            "annotations": null,
            "startsAt": "2026-11-23T15:10:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "",
            "fingerprint": null,
        }],
    });
    assert_eq!(body, expected);
}

#[test]
fn what_is_over_is_resolved_and_several_share_what_they_have_in_common() {
    let reverted = Transition::Enforced {
        outcome: Outcome::Verified,
        wanted: Management::Soft,
        direction: Direction::Revert,
    };
    let why = Withdrawal::PolicyRemoved;
    for (transition, status) in [
        (fired(), "firing"),
        (Transition::Repeated { repeat: 2 }, "firing"),
        (Transition::News, "firing"),
        (Transition::Resolved, "resolved"),
        (Transition::Withdrawn { why }, "resolved"),
        (reverted, "resolved"),
    ] {
        let body = posted(&plain(), &parcel(vec![told(561_115, transition)]));
        assert_eq!(body["status"], status);
        assert_eq!(body["alerts"][0]["status"], status);
        let ends_at = if status == "firing" {
            "0001-01-01T00:00:00Z"
        } else {
            "2026-11-23T15:15:00Z"
        };
        assert_eq!(body["alerts"][0]["endsAt"], ends_at, "{body}");
    }
    let mut other = told(561_116, Transition::Resolved);
    other.severity = Severity::Critical;
    let body = posted(&plain(), &parcel(vec![told(561_115, fired()), other]));
    assert_eq!(body["status"], "firing");
    assert_eq!(
        body["commonLabels"],
        json!({"alertname": "low-balance", "account": "main"})
    );
    assert_eq!(body["groupLabels"], json!({"account": "main"}));
    let prints = [0, 1].map(|number| body["alerts"][number]["fingerprint"].clone());
    assert_ne!(prints[0], prints[1]);
}

#[test]
fn a_request_is_bounded_and_says_what_it_leaves_out() {
    let many = |number, name: &str| {
        let all = (0..number).map(|more| {
            let mut one = told(561_115 + more, fired());
            one.facts.label = name.to_owned();
            one
        });
        parcel(all.collect())
    };
    let body = posted(&plain(), &many(100, "Short"));
    assert_eq!(
        (body["alerts"].as_array().unwrap().len(), &body["truncatedAlerts"]),
        (100, &json!(0))
    );
    let body = posted(&plain(), &many(130, "Short"));
    assert_eq!(
        (body["alerts"].as_array().unwrap().len(), &body["truncatedAlerts"]),
        (100, &json!(30))
    );
    let mut storm = many(130, "Short");
    let severe = storm.notifications.last_mut().unwrap();
    severe.severity = Severity::Critical;
    let client = severe.client.to_string();
    let body = posted(&plain(), &storm);
    assert_eq!(
        body["alerts"][0]["labels"]["client"],
        json!(client),
        "the least severe are left out"
    );
    let large = plain().post(&many(130, &"漢".repeat(10_000))).unwrap();
    assert!(large.body.len() < 300 << 10, "{}", large.body.len());
}

#[test]
fn requests_carry_an_id_that_stays_and_the_signatures_of_every_secret() {
    let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw,old one");
    let headers = [
        ("Authorization".to_owned(), SecretString::from("Bearer T0ken")),
        ("content-type".to_owned(), SecretString::from("application/vnd.x+json")),
    ];
    let webhook = Webhook::new(None, &headers, Some(&secret), letterhead()).unwrap();
    let mut parcel = parcel(vec![told(561_115, fired())]);
    let first = webhook.post(&parcel).unwrap();
    parcel.at += SignedDuration::from_hours(2);
    let again = webhook.post(&parcel).unwrap();
    let header = |post: &super::Post, name| post.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(header(&first, "webhook-id"), header(&again, "webhook-id"));
    assert_eq!(header(&first, "webhook-timestamp").unwrap(), "1795446901");
    assert_eq!(header(&again, "webhook-timestamp").unwrap(), "1795454101");
    let signatures = header(&first, "webhook-signature").unwrap();
    assert_eq!(signatures.split(' ').filter(|one| one.starts_with("v1,")).count(), 2);
    assert_ne!(signatures, header(&again, "webhook-signature").unwrap());
    assert_eq!(header(&first, "authorization").unwrap(), "Bearer T0ken");
    assert_eq!(header(&first, "content-type").unwrap(), "application/vnd.x+json");
    assert!(!format!("{first:?}").contains("T0ken"), "{first:?}");
    let unsigned = plain().post(&parcel).unwrap();
    assert_eq!(header(&unsigned, "webhook-signature"), None);
    assert_eq!(header(&unsigned, "content-type").unwrap(), "application/json");
}

#[test]
fn headers_that_are_none_are_refused_without_their_value() {
    for (name, value) in [
        ("a b", "S3cret"),
        ("", "S3cret"),
        ("X-Key", "S3cret\u{7f}"),
        ("Host", "S3cret"),
        ("Content-Length", "S3cret"),
        ("webhook-id", "S3cret"),
    ] {
        let headers = [(name.to_owned(), SecretString::from(value))];
        let error = Webhook::new(None, &headers, None, letterhead()).err().unwrap();
        assert!(error.key == "headers" && !error.why.contains("S3cret"), "{error:?}");
    }
    let secret = SecretString::from("whsec_S3cret");
    let error = Webhook::new(None, &[], Some(&secret), letterhead()).err().unwrap();
    assert!(error.key == "secret" && !error.why.contains("S3cret"), "{error:?}");
}

/// What no receiver may be made to do by a name.
const NASTY: [&str; 6] = [
    "Quote\" \\ and \u{202e}RTL",
    "Line\nbreak\r\n\tand\u{0}more",
    "<script>alert(1)</script> & @everyone <@1> <!channel>",
    "[click](https://evil.example) *bold* `code` ||x||",
    "{{ id }} {% raw %} ${x} %s",
    "😀",
];

/// Every sample with every nasty name, and some of them very long.
fn nasty() -> impl Iterator<Item = Parcel> {
    let long = NASTY.concat().repeat(50);
    let names = NASTY.iter().map(ToString::to_string).chain([long]);
    names.flat_map(|name| {
        let mut parcels: Vec<Parcel> = sample::parcels(&letterhead())
            .into_iter()
            .map(|(_, parcel)| parcel)
            .collect();
        let many = (0..130).map(|more| told(561_115 + more, fired())).collect();
        parcels.push(self::parcel(many));
        for parcel in &mut parcels {
            for notification in &mut parcel.notifications {
                notification.facts.label.clone_from(&name);
                notification.facts.runbook_url = Some("https://wiki.example.com/low?a=1&b=2".to_owned());
            }
            parcel.letter = letter::write(&parcel.message, &parcel.notifications, &letterhead(), parcel.at).unwrap();
        }
        parcels
    })
}

fn chars(value: &Value) -> usize {
    value.as_str().unwrap().encode_utf16().count()
}

/// What each vendor publishes of what it takes.
fn assert_taken(name: &str, body: &Value, bytes: usize) {
    let said = |value: &Value| chars(value) > 0;
    match name {
        "discord" => {
            assert_eq!(body["allowed_mentions"], json!({"parse": []}));
            let embed = &body["embeds"][0];
            assert!(said(&embed["title"]) && chars(&embed["title"]) <= 256);
            assert!(said(&embed["description"]) && chars(&embed["description"]) <= 4_096);
            assert!(embed["color"].as_u64().unwrap() <= 0xff_ffff);
            assert!(embed["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
            assert!(!embed["description"].as_str().unwrap().contains("@everyone"));
        }
        "teams" => {
            assert!(bytes < 28 << 10, "{bytes}");
            let card = &body["attachments"][0];
            assert_eq!(card["contentType"], "application/vnd.microsoft.card.adaptive");
            assert_eq!(card["content"]["type"], "AdaptiveCard");
            for block in card["content"]["body"].as_array().unwrap() {
                assert_eq!(block["type"], "RichTextBlock");
                assert!(said(&block["inlines"][0]["text"]));
            }
        }
        "telegram" => {
            assert!(said(&body["text"]) && chars(&body["text"]) <= 4_096);
            assert!(body["disable_notification"].is_boolean() && body.get("parse_mode").is_none());
        }
        "mattermost" => {
            let post = &body["attachments"][0];
            assert!(said(&post["fallback"]) && said(&post["text"]) && chars(&post["text"]) <= 16_383);
            assert!(!body.to_string().contains("@everyone"));
        }
        "gotify" => {
            assert!(said(&body["title"]) && said(&body["message"]));
            assert!((0..=10).contains(&body["priority"].as_i64().unwrap()));
        }
        "pushover" => {
            assert!(chars(&body["title"]) <= 250 && said(&body["message"]) && chars(&body["message"]) <= 1_024);
            assert!((-2..=1).contains(&body["priority"].as_i64().unwrap()));
            assert!(body["timestamp"].as_i64().unwrap() > 0);
        }
        "goalert" => {
            assert!(said(&body["summary"]) && chars(&body["summary"]) <= 1_024);
            assert!(chars(&body["details"]) <= 6_144 && said(&body["dedup"]));
            assert!(["create", "close"].contains(&body["action"].as_str().unwrap()));
        }
        "apprise" => {
            assert!(said(&body["body"]) && chars(&body["body"]) <= 32_768);
            let kinds = ["info", "success", "warning", "failure"];
            assert!(kinds.contains(&body["type"].as_str().unwrap()));
        }
        other => panic!("nothing is known of {other}"),
    }
}

#[test]
fn shipped_templates_make_what_their_receivers_take_whatever_a_client_is_called() {
    for name in SHIPPED {
        let webhook = of(shipped(name));
        for parcel in nasty() {
            let post = webhook.post(&parcel).unwrap();
            assert_eq!(post.headers["content-type"], "application/json", "{name}");
            let body: Value = serde_json::from_slice(&post.body).unwrap();
            assert_taken(name, &body, post.body.len());
            assert!(!body.to_string().contains("\\u0000"), "{name}: {body}");
        }
        assert_eq!(shipped(name).try_out(&letterhead()), Ok(()), "{name}");
    }
}

#[test]
fn what_a_shipped_template_says_depends_on_how_bad_it_is() {
    let said = |name, severity, transition| {
        let mut notification = told(561_115, transition);
        notification.severity = severity;
        posted(&of(shipped(name)), &parcel(vec![notification]))
    };
    let (critical, info) = (Severity::Critical, Severity::Info);
    for (name, field, bad, mild, over) in [
        ("gotify", "priority", json!(8), json!(2), json!(2)),
        ("pushover", "priority", json!(1), json!(-1), json!(-1)),
        (
            "telegram",
            "disable_notification",
            json!(false),
            json!(true),
            json!(true),
        ),
        ("goalert", "action", json!("create"), json!("create"), json!("close")),
        ("apprise", "type", json!("failure"), json!("info"), json!("success")),
    ] {
        assert_eq!(said(name, critical, fired())[field], bad, "{name}");
        assert_eq!(said(name, info, fired())[field], mild, "{name}");
        assert_eq!(said(name, critical, Transition::Resolved)[field], over, "{name}");
    }
    let dedup = |transition| said("goalert", critical, transition)["dedup"].clone();
    assert_eq!(
        dedup(fired()),
        dedup(Transition::Resolved),
        "what is closed is what was opened"
    );
}

/// A template in a folder of its own, found and tried.
fn tried(file: &str, source: &str) -> Result<Template, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(file);
    std::fs::write(&path, source).unwrap();
    let template = Template::find(file, &path, None).map_err(|wrong| wrong.to_string())?;
    match template.try_out(&letterhead()) {
        Ok(()) => Ok(template),
        Err(wrong) => Err(wrong.to_string().replace(&folder.path().display().to_string(), "F")),
    }
}

#[test]
fn what_is_wrong_with_a_template_is_told_with_its_line() {
    for (source, parts) in [
        (
            "{\n\"a\": \"{{ nothing }}\"}",
            &["line 2", "undefined value", "{{ nothing }}"][..],
        ),
        (
            "{\"a\": \"{{ alerts[0].labels.nothing }}\"}",
            &["line 1", "undefined value"],
        ),
        ("{\n\n\"a\": \"{{ title\"}", &["line 3", "syntax error"]),
        (
            "{\"a\": \"{{ title | shout }}\"}",
            &["line 1", "unknown filter", "shout"],
        ),
        ("{% include \"/etc/passwd\" %}", &["line 1", "syntax error"]),
        (
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            &["takes too long"],
        ),
        ("{\"a\": {{ title }} }", &["makes no JSON", "an alert that fires"]),
        ("{\"a\": \"{{ client }}\",}", &["makes no JSON"]),
        (
            "{% if status == \"resolved\" %}{{ nothing }}{% endif %}{}",
            &["undefined value", "an alert that is over"],
        ),
        (
            "{\"a\": \"{{ alerts[0].annotations.balance }}\"}",
            &["undefined value", "an alert without a reading"],
        ),
        ("", &["makes no JSON"]),
    ] {
        let wrong = tried("own.json", source).err().unwrap_or_else(|| panic!("{source}"));
        for part in parts {
            assert!(wrong.contains(part), "`{part}` in `{wrong}`");
        }
    }
    let wrong = Template::find("discrod", Path::new("/nowhere/discrod"), None)
        .err()
        .unwrap();
    assert!(wrong.to_string().contains("discord"), "{wrong}");
}

#[test]
fn values_are_escaped_for_where_they_stand() {
    let source = r#"{"a": "{{ alerts[0].annotations.summary }}", "b": {{ title | tojson }}, "c": {{ alerts }},
        "d": "{{ steps | join("\n") }}", "e": {{ truncated }}, "f": "{{ "x\"y" ~ title }}", "g": "{{ alerts[0].annotations.threshold | default("-") }}"}"#;
    let webhook = of(tried("own.json", source).unwrap());
    for parcel in nasty() {
        let body = posted(&webhook, &parcel);
        assert_eq!(body["a"], body["c"][0]["annotations"]["summary"]);
        assert!(body["f"].as_str().unwrap().starts_with("x\"y"));
        assert_eq!(body["b"], json!(parcel.letter.subject));
        assert_eq!(body["d"], json!(parcel.letter.steps.join("\n")));
    }
    let text = of(tried("own.txt", "{{ title }}: {{ client }}").unwrap());
    let post = text.post(&parcel(vec![told(561_115, fired())])).unwrap();
    assert_eq!(post.headers["content-type"], "text/plain; charset=utf-8");
    let said = String::from_utf8(post.body).unwrap();
    assert!(said.ends_with(": 561115") && said.starts_with("WARNING: "), "{said}");
}

#[test]
fn a_template_of_ones_own_goes_before_the_shipped_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("webhook")).unwrap();
    std::fs::write(folder.path().join("webhook/discord.json"), "{\"mine\": true}").unwrap();
    let template = Template::find("discord", Path::new("/nowhere"), Some(folder.path())).unwrap();
    let parcel = parcel(vec![told(561_115, fired())]);
    let payload = Payload::of(&parcel, &letterhead());
    assert_eq!(
        template.render(&parcel, &payload),
        Ok(Body::Json(b"{\"mine\": true}".to_vec()))
    );
    for (name, is_found) in [("telegram", true), ("../webhook/discord.json", false)] {
        let found = Template::find(name, Path::new("/nowhere"), Some(folder.path()));
        assert_eq!(found.is_ok(), is_found, "{name}");
    }
    let large = folder.path().join("large.json");
    std::fs::write(&large, " ".repeat((64 << 10) + 1)).unwrap();
    assert!(Template::find("large.json", &large, None).is_err());
    assert!(
        Template::find("webhook", folder.path(), None).is_err(),
        "a folder is no file"
    );
}

/// It may be mended, so that the message waits; and it may fail on this message alone, so that others are tried.
#[test]
fn a_template_that_fails_loses_nothing() {
    let source = "{% if truncated %}{{ nothing }}{% endif %}{}";
    let webhook = of(tried("own.json", source).unwrap());
    let many = parcel((0..130).map(|more| told(561_115 + more, fired())).collect());
    let failed = webhook.post(&many).unwrap_err();
    assert_eq!(
        (failed.end, failed.scope, failed.step),
        (End::Refused, Scope::Shared, Step::Unsent)
    );
    assert!(failed.text.contains("line 1"), "{}", failed.text);
    assert_eq!(failed.word, "the template failed");
}

#[test]
fn the_manuals_template_works_and_it_names_everything_there_is() {
    let manual = include_str!("../../../config/ON-CALL.md");
    let template = manual.split("```jinja\n").nth(1).unwrap().split("```").next().unwrap();
    let two = vec![told(561_115, fired()), told(561_116, fired())];
    let body = posted(&of(tried("manual.json", template).unwrap()), &parcel(two));
    assert_eq!(body["lines"], json!(["561115: 8.0588", "561116: 8.0588"]));
    let parcel = parcel(vec![told(561_115, fired())]);
    let payload = Payload::of(&parcel, &letterhead());
    let context = serde_json::to_value(super::context::Context::of(&parcel, &payload)).unwrap();
    for name in context.as_object().unwrap().keys() {
        assert!(manual.contains(&format!("`{name}`")), "{name}");
    }
    for name in SHIPPED {
        assert!(manual.contains(&format!("| `{name}` | ")), "{name}");
    }
}
