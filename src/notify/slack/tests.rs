//! What Slack is told, what its answers mean, and how a thread goes on.

use serde_json::{Value, json};

use super::blocks::{self, Title};
use super::errors::{self, ERRORS, Said};
use super::thread::Receipt;
use super::{Slack, thread};
use crate::domain::ChannelName;
use crate::domain::notice::{MessageKind, Transition};
use crate::net::Url;
use crate::notify::delivery::{Attempted, End, Parcel, Root, Scope, never};
use crate::notify::post::Vendor;
use crate::notify::testing::{every_status, fired, owed, parcel, parcel_of, poster, receiver, told, usual};

fn slack(token: Option<&str>) -> Slack {
    let channel = ChannelName::new("ops").unwrap();
    let base = Url::parse("http://127.0.0.1:1/api/v1").unwrap();
    let token = token.map(|token| token.to_owned().into());
    Slack::new(&channel, &base, token.as_ref()).unwrap()
}

/// What a parcel comes to with the API, which gives these answers; and what was called with which arguments.
async fn called(parcel: &Parcel, answers: Vec<(u16, &'static str, &'static str)>) -> (Attempted, Vec<(String, Value)>) {
    let receiver = receiver(answers).await;
    let channel = ChannelName::new("ops").unwrap();
    let poster = poster(&receiver.url);
    let slack = Slack::new(&channel, poster.url(), Some(&"xoxb-1".to_owned().into())).unwrap();
    let attempted = slack.deliver(&poster, parcel, never()).await;
    let seen = receiver.seen().into_iter().map(|seen| {
        assert!(seen.head.contains("authorization: Bearer xoxb-1"), "{}", seen.head);
        let path = seen.head.split(' ').nth(1).unwrap();
        let method = path.rsplit('/').next().unwrap().to_owned();
        (method, serde_json::from_str(&seen.body).unwrap())
    });
    (attempted, seen.collect())
}

fn to_c1(transition: Transition) -> Parcel {
    let (message, notification) = owed(561_115, transition, "ops", "C1");
    parcel(message, vec![notification])
}

fn root(receipt: &str, is_over: bool) -> Option<Root> {
    Some(Root {
        receipt: receipt.to_owned(),
        letter: to_c1(fired()).letter,
        is_over,
    })
}

const POSTED: (u16, &str, &str) = (
    200,
    "",
    r#"{"ok":true,"channel":"C1","ts":"1503435956.000247","message":{}}"#,
);
const UPDATED: (u16, &str, &str) = (
    200,
    "",
    r#"{"ok":true,"channel":"C1","ts":"1503435956.000247","text":"t"}"#,
);

/// Block Kit: <https://docs.slack.dev/reference/block-kit/blocks/section-block>.
#[test]
fn a_message_has_the_published_shape() {
    let (message, mut notification) = owed(561_115, fired(), "ops", "");
    notification.facts.runbook_url = Some("https://wiki.example.com/low?a=1&b=2".to_owned());
    let parcel = parcel(message, vec![notification]);
    let told = blocks::message(&parcel.letter, &Title::Plain, "the-id");
    assert_eq!(
        told["text"],
        "WARNING: Consulting (561115) has 8.0588 USD left, below 10.00 USD"
    );
    assert_eq!(
        (&told["unfurl_links"], &told["unfurl_media"]),
        (&json!(false), &json!(false))
    );
    let all = told["blocks"].as_array().unwrap();
    assert_eq!(
        all[0],
        json!({"type": "section", "text": {"type": "mrkdwn", "verbatim": true,
            "text": ":warning: *WARNING: Consulting (561115) has 8.0588 USD left, below 10.00 USD*"}})
    );
    let body = all[1]["text"]["text"].as_str().unwrap();
    assert!(body.contains("\n*Balance:* 8.0588 USD\n"), "{body}");
    assert!(
        body.contains("\n*Runbook:* <https://wiki.example.com/low?a=1&amp;b=2>\n"),
        "{body}"
    );
    assert_eq!(
        all.last().unwrap(),
        &json!({"type": "context", "elements": [{"type": "mrkdwn", "verbatim": true,
            "text": "balancewatch, for Phone service · the-id"}]})
    );
}

#[test]
fn a_name_calls_nobody_and_forges_nothing() {
    let name = "<!channel> <@U1> & <https://evil.example|your bank> *x* ~y~ ```z```";
    let (message, mut notification) = owed(561_115, fired(), "ops", "");
    notification.facts.label = name.to_owned();
    let single = parcel(message.clone(), vec![notification.clone()]);
    let mut other = notification.clone();
    other.client = crate::domain::ClientId::new("561116").unwrap();
    let mut message = message;
    message.kind = MessageKind::Summary;
    let summary = parcel(message, vec![notification, other]);
    for (parcel, title) in [
        (&single, Title::Plain),
        (&single, Title::Over(&summary.letter)),
        (&summary, Title::Plain),
    ] {
        let told = blocks::message(&parcel.letter, &title, "the-id");
        for text in texts(&told) {
            assert!(!text.contains('<') && !text.contains('>'), "{text}");
            let plain = text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
            assert!(!plain.contains('&'), "{text}");
            let fences = text.matches("```").count();
            assert!(!text.starts_with("```") || fences == 2, "{text}");
        }
        let title = told["blocks"][0]["text"]["text"].as_str().unwrap();
        let crossed = title.matches('~').count();
        assert!(crossed == 0 || crossed == 2, "{title}");
    }
}

/// All texts of a message.
fn texts(told: &Value) -> Vec<&str> {
    let blocks = told["blocks"].as_array().unwrap().iter();
    let texts = blocks.map(|block| {
        let text = block["text"]["text"].as_str();
        text.or(block["elements"][0]["text"].as_str()).unwrap()
    });
    texts.chain(told["text"].as_str()).collect()
}

#[test]
fn nothing_is_longer_than_slack_takes() {
    let mut message = owed(1, fired(), "ops", "").0;
    message.kind = MessageKind::Summary;
    let many = (1..1_000).map(|number| {
        let mut notification = owed(number, fired(), "ops", "").1;
        notification.facts.label = "&<>".repeat(1_000);
        notification
    });
    let many = parcel(message.clone(), many.collect());
    let mut long = parcel_of(fired());
    long.letter.subject = "&".repeat(100_000);
    long.letter.headline = "ü".repeat(10_000);
    long.letter.paragraphs = vec!["<".repeat(400_000), "a b ".repeat(10_000)];
    for parcel in [many, long] {
        let told = blocks::message(&parcel.letter, &Title::Plain, &"x".repeat(100_000));
        assert!(told["blocks"].as_array().unwrap().len() <= 50);
        for text in texts(&told) {
            assert!(
                !text.is_empty() && text.chars().count() <= 3_000,
                "{}",
                text.chars().count()
            );
            let whole = text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
            assert!(!whole.contains('&'), "an escape is never broken");
        }
    }
}

#[tokio::test]
async fn every_status_says_what_it_means() {
    for (status, came_to) in every_status(&slack(None), &parcel_of(fired()), "ok").await {
        if !matches!(status, 204 | 205) {
            assert_eq!(came_to, usual(status), "{status}");
        }
    }
    let receiver = receiver((200..=599).map(|status| (status, "", POSTED.2)).collect()).await;
    let poster = poster(&receiver.url);
    let channel = ChannelName::new("ops").unwrap();
    let api = Slack::new(&channel, poster.url(), Some(&"xoxb-1".to_owned().into())).unwrap();
    for status in 200..=599 {
        let attempted = api.deliver(&poster, &to_c1(fired()), never()).await;
        if !matches!(status, 204 | 205) {
            let came_to = attempted.err().map(|failed| (failed.end, failed.scope));
            assert_eq!(came_to, usual(status), "{status}");
        }
    }
    for body in ["", "ok", "<html>log in</html>", "{}", r#"{"ok":"true"}"#] {
        let (attempted, _) = called(&to_c1(fired()), vec![(200, "", body)]).await;
        let failed = attempted.unwrap_err();
        assert_eq!((failed.end, failed.scope), (End::PutOff, Scope::Channel), "{body}");
    }
    let failed = told(&slack(None), &parcel_of(fired()), vec![(200, "", "<html>")])
        .await
        .unwrap_err();
    assert_eq!((failed.end, failed.scope), (End::PutOff, Scope::Channel));
}

/// Per row: what Slack says, how that failed, whose it is.
#[test]
fn each_documented_error_says_whose_it_is() {
    for (word, end, scope) in [
        ("channel_not_found", End::Refused, Scope::Shared),
        ("not_in_channel", End::Refused, Scope::Shared),
        ("is_archived", End::Refused, Scope::Shared),
        ("restricted_action_read_only_channel", End::Refused, Scope::Shared),
        ("invalid_auth", End::Refused, Scope::Channel),
        ("not_authed", End::Refused, Scope::Channel),
        ("token_revoked", End::Refused, Scope::Channel),
        ("token_expired", End::Refused, Scope::Channel),
        ("account_inactive", End::Refused, Scope::Channel),
        ("missing_scope", End::Refused, Scope::Channel),
        ("no_service", End::Refused, Scope::Channel),
        ("msg_too_long", End::Refused, Scope::Message),
        ("no_text", End::Refused, Scope::Message),
        ("invalid_blocks", End::Refused, Scope::Message),
        ("ratelimited", End::PutOff, Scope::Channel),
        ("rate_limited", End::PutOff, Scope::Channel),
        ("service_unavailable", End::PutOff, Scope::Channel),
        ("internal_error", End::PutOff, Scope::Channel),
        ("something new", End::PutOff, Scope::Shared),
        ("", End::PutOff, Scope::Shared),
    ] {
        let failed = errors::of(word).into_failed();
        assert_eq!((failed.end, failed.scope), (end, scope), "{word}");
        assert!(
            !failed.text.contains("something new"),
            "only words that are known are kept"
        );
    }
    let mut words: Vec<&str> = ERRORS.iter().map(|(word, ..)| *word).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), ERRORS.len(), "each once");
    assert!(matches!(errors::of("message_not_found"), Said::NotThere(_)));
}

#[tokio::test]
async fn a_webhook_is_told_by_name_what_is_wrong() {
    for (status, body, word) in [
        (404, "no_service", Some("no_service")),
        (404, "no_service\n", Some("no_service")),
        (403, "action_prohibited", Some("action_prohibited")),
        (410, "channel_is_archived", Some("channel_is_archived")),
        (400, "invalid_payload", Some("invalid_payload")),
        (500, "rollup_error", Some("rollup_error")),
        (404, "a secret", None),
    ] {
        let failed = told(&slack(None), &parcel_of(fired()), vec![(status, "", body)])
            .await
            .unwrap_err();
        assert_eq!(Some((failed.end, failed.scope)), usual(status), "{body}");
        assert_eq!(
            word.is_some_and(|word| failed.word.ends_with(word)),
            word.is_some(),
            "{}",
            failed.word
        );
        assert!(!failed.text.contains("a secret") && !failed.word.contains("a secret"));
    }
}

#[test]
fn receipts_are_read_as_they_were_kept() {
    let posted = json!({"ok": true, "channel": "C1", "ts": "1.2"});
    let first = Receipt::of(&posted, None).unwrap();
    assert_eq!(first, "C1:1.2");
    let first = Receipt::read(&first).unwrap();
    assert!(first.is_first());
    let answer = Receipt::of(&json!({"channel": "C1", "ts": "3.4"}), Some(&first)).unwrap();
    assert_eq!(answer, "C1:1.2:3.4");
    let answer = Receipt::read(&answer).unwrap();
    assert!(!answer.is_first());
    let below = thread::message(&to_c1(Transition::Resolved), Some(&answer));
    assert_eq!(below["thread_ts"], "1.2", "the first message of the thread");
    assert_eq!(Receipt::of(&json!({"channel": "C1"}), None), None);
    assert_eq!(Receipt::read("odd"), None);
}

#[tokio::test]
async fn an_episode_is_a_thread_and_its_end_crosses_out_the_first_message() {
    let (taken, calls) = called(&to_c1(fired()), vec![POSTED]).await;
    assert_eq!(taken.unwrap().as_deref(), Some("C1:1503435956.000247"));
    assert_eq!((calls.len(), calls[0].0.as_str()), (1, "chat.postMessage"));
    let told = &calls[0].1;
    assert_eq!(
        (&told["channel"], &told["parse"], &told["link_names"]),
        (&json!("C1"), &json!("none"), &json!(false))
    );
    assert_eq!(told.get("thread_ts"), None);

    let mut reminder = to_c1(Transition::Repeated { repeat: 1 });
    reminder.root = root("C2:7.7", false);
    let (taken, calls) = called(&reminder, vec![POSTED]).await;
    assert_eq!(taken.unwrap().as_deref(), Some("C1:7.7:1503435956.000247"));
    let told = &calls[0].1;
    assert_eq!(
        (calls.len(), &told["channel"], &told["thread_ts"]),
        (1, &json!("C2"), &json!("7.7"))
    );
    assert_eq!(
        told["reply_broadcast"], true,
        "whoever does not follow the thread sees it"
    );

    let mut end = to_c1(Transition::Resolved);
    end.root = root("C2:7.7", true);
    let (taken, calls) = called(&end, vec![UPDATED, POSTED]).await;
    assert!(taken.is_ok());
    let methods: Vec<_> = calls.iter().map(|(method, _)| method.as_str()).collect();
    assert_eq!(methods, ["chat.update", "chat.postMessage"]);
    let edit = &calls[0].1;
    assert_eq!(
        (&edit["channel"], &edit["ts"], &edit["parse"]),
        (&json!("C2"), &json!("7.7"), &json!("none"))
    );
    let title = edit["blocks"][0]["text"]["text"].as_str().unwrap();
    let crossed = ":white_check_mark: ~WARNING: Consulting (561115) has 8.0588 USD left, below 10.00 USD~\n*RESOLVED: ";
    assert!(title.starts_with(crossed), "{title}");
    assert_eq!(calls[1].1["reply_broadcast"], false);
}

/// Per row: what the first message is called; whether all is over; what Slack answers; what is called; whether it has
/// arrived.
#[tokio::test]
async fn what_cannot_be_edited_or_answered_is_told_all_the_same() {
    let gone = (200, "", r#"{"ok":false,"error":"message_not_found"}"#);
    let no_thread = (200, "", r#"{"ok":false,"error":"thread_not_found"}"#);
    let closed = (200, "", r#"{"ok":false,"error":"edit_window_closed"}"#);
    let busy = (429, "retry-after: 30\r\n", "");
    let revoked = (200, "", r#"{"ok":false,"error":"token_revoked"}"#);
    let (edit, post) = ("chat.update", "chat.postMessage");
    for (receipt, is_over, answers, expected, arrives) in [
        ("C1:1.2", true, vec![closed, POSTED], vec![edit, post], true),
        (
            "C1:1.2",
            true,
            vec![gone, no_thread, POSTED],
            vec![edit, post, post],
            true,
        ),
        ("C1:1.2", false, vec![no_thread, POSTED], vec![post, post], true),
        ("C1:1.2", true, vec![busy], vec![edit], false),
        ("C1:1.2", true, vec![revoked], vec![edit], false),
        ("C1:1.2", true, vec![UPDATED, busy], vec![edit, post], false),
        ("C1:1.2:3.4", true, vec![POSTED], vec![post], true),
        ("odd", true, vec![POSTED], vec![post], true),
    ] {
        let mut end = to_c1(Transition::Resolved);
        end.root = root(receipt, is_over);
        let (taken, calls) = called(&end, answers.clone()).await;
        let methods: Vec<_> = calls.iter().map(|(method, _)| method.as_str()).collect();
        assert_eq!(methods, expected, "{answers:?}");
        assert_eq!(taken.is_ok(), arrives, "{answers:?}: {taken:?}");
    }
}

#[tokio::test]
async fn a_check_says_who_is_let_in_and_posts_nothing() {
    let channel = ChannelName::new("ops").unwrap();
    for (body, said) in [
        (
            r#"{"ok":true,"team":"Example","user":"balancewatch"}"#,
            Ok("balancewatch of Example"),
        ),
        (r#"{"ok":false,"error":"invalid_auth"}"#, Err("invalid_auth")),
    ] {
        let receiver = receiver(vec![(200, "", body)]).await;
        let poster = poster(&receiver.url);
        let slack = Slack::new(&channel, poster.url(), Some(&"xoxb-1".to_owned().into())).unwrap();
        let found = slack.check(&poster, crate::notify::testing::start()).await;
        match (found, said) {
            (Ok(found), Ok(said)) => assert!(found.contains(said), "{found}"),
            (Err(failed), Err(said)) => assert!(failed.text.contains(said), "{failed:?}"),
            (found, _) => panic!("{found:?}"),
        }
        assert!(receiver.seen().iter().all(|seen| seen.head.contains("/auth.test ")));
    }
}
