//! What was posted to webhooks, PagerDuty, Slack and ntfy, read as they read it.

use serde_json::Value;

use super::{Spoken, Word, letter};

/// What an alert of the webhook's says of something that fired before.
const GOES_ON: &str = "It fires since ";

fn parsed(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Alertmanager's webhook, version 4. A change that was made is told as an alert that fires, and one that was taken back as one that
/// is over: neither begins or ends an episode.
pub(super) fn webhook(body: &str) -> Vec<Spoken> {
    let body = parsed(body);
    let alerts = body["alerts"].as_array().cloned().unwrap_or_default();
    let said = alerts.iter().map(|alert| {
        let goes_on = text(&alert["annotations"]["description"]).starts_with(GOES_ON);
        let word = match alert["status"].as_str() {
            _ if is_about_a_change(&text(&alert["annotations"]["summary"])) => Word::Else,
            Some("resolved") => Word::Ends,
            _ if goes_on => Word::Fires,
            _ => Word::Begins,
        };
        Spoken {
            client: text(&alert["labels"]["client"]),
            policy: text(&alert["labels"]["alertname"]),
            word,
        }
    });
    said.filter(|spoken| spoken.policy != "digest").collect()
}

/// Whether a headline tells what became of an enforcement.
fn is_about_a_change(headline: &str) -> bool {
    [
        " is set to ",
        " is set back to ",
        " is HARD already",
        " is SOFT already",
        " was not set ",
        " was set to ",
        " was called off",
        "after the change to",
        " is not set to ",
        " is not set back to ",
        ": set it to ",
        ": set it back to ",
    ]
    .iter()
    .any(|words| headline.contains(words))
}

/// An event of PagerDuty's Events API v2: its title, its key, and what it says. The key of an episode is the episode's name.
pub(super) fn pagerduty(body: &str) -> (String, String, Vec<Spoken>) {
    let event = parsed(body);
    let key = text(&event["dedup_key"]);
    let title = text(&event["payload"]["summary"]);
    if let Some(clients) = event["payload"]["custom_details"]["clients"].as_array() {
        let said = clients.iter().map(|row| Spoken {
            client: text(&row["client"]),
            policy: text(&row["policy"]),
            word: Word::Fires,
        });
        return (title, key, said.collect());
    }
    let mut parts = key.split('.').skip(1);
    let (client, policy) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let meaning = &event["payload"]["custom_details"]["meaning"];
    let word = match event["event_action"].as_str() {
        _ if key.ends_with(".enforcement") => Word::Else,
        Some("resolve") => Word::Ends,
        Some("trigger") if meaning.to_string().contains(GOES_ON) => Word::Fires,
        Some("trigger") => Word::Begins,
        _ => Word::Else,
    };
    let spoken = Spoken {
        client: client.to_owned(),
        policy: policy.to_owned(),
        word,
    };
    (title, key, vec![spoken])
}

/// A message of Slack's: its line for phones, the id that stands below, and what it says.
pub(super) fn slack(body: &str) -> (String, String, Vec<Spoken>) {
    let body = parsed(body);
    let title = plain(&body["text"]);
    let last = body["blocks"].as_array().and_then(|blocks| blocks.last());
    let last = last
        .map(|block| plain(&block["elements"][0]["text"]))
        .unwrap_or_default();
    let id = last.split_once(" · ").map(|(_, id)| id.to_owned()).unwrap_or_default();
    let said = letter::to_operators(&title, &text_of_blocks(&body));
    (title, id, said)
}

/// A text of Slack's as it is shown.
fn plain(value: &Value) -> String {
    text(value)
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

fn text_of_blocks(body: &Value) -> String {
    let blocks = body["blocks"].as_array().into_iter().flatten();
    let lines: Vec<String> = blocks.map(|block| plain(&block["text"]["text"])).collect();
    lines.join("\n")
}

/// A message of ntfy's: its title, its id, and what it says.
pub(super) fn ntfy(body: &str) -> (String, String, Vec<Spoken>) {
    let body = parsed(body);
    let title = text(&body["title"]);
    let message = text(&body["message"]);
    let said = letter::to_operators(&title, letter::whole_lines(&message));
    (title, text(&body["sequence_id"]), said)
}

/// Whether what was posted says of itself that it leaves something out.
pub(super) fn leaves_out(channel: &str, body: &str) -> bool {
    let body = parsed(body);
    match channel {
        "hook" => body["truncatedAlerts"].as_u64() > Some(0),
        "phone" => body["payload"]["custom_details"]["left_out"].as_u64() > Some(0),
        "chat" => letter::leaves_out(&text_of_blocks(&body)),
        _ => letter::leaves_out(&text(&body["message"])),
    }
}
