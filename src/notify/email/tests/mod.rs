//! Conversations with a real server over loopback: every stage, every way to fail.

mod headers;
mod replies;
mod security;
mod sessions;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;

use crate::domain::notice::Message;
use crate::mail_catcher::{Behaviour, MailCatcher, Options, Stage as At};
use crate::notify::delivery::{End, Failed, Scope, Until, never};
use crate::notify::email::Email;
use crate::notify::email::error::MailError;
use crate::notify::email::mailer::{Handed, Mailer};
use crate::notify::email::stage::Stage;
use crate::notify::letter::Mail;
use crate::notify::testing::{email, fired, login, owed, server, start};

fn mail() -> Mail {
    Mail {
        subject: "Subject".to_owned(),
        text: "Text\n".to_owned(),
        html: "<p>Text</p>".to_owned(),
    }
}

fn message_to(recipient: &str) -> Message {
    owed(561_115, fired(), "ops", recipient).0
}

/// Sends one mail over a session of its own.
async fn send(email: &Arc<Email>, message: &Message, name: &str, mail: &Mail, cut: Until<'_>) -> Result<(), MailError> {
    let mut mailer = Mailer::new(Arc::clone(email));
    let result = match mailer.send(message, name, mail, start(), cut).await {
        Handed::Known(result) => result,
        Handed::Awaited(answer) => answer.await,
    };
    mailer.close().await;
    result
}

async fn send_to(email: &Arc<Email>, recipient: &str) -> Result<(), MailError> {
    send(email, &message_to(recipient), "", &mail(), never()).await
}

/// What is reported of it.
fn failed(error: &MailError) -> Failed {
    error.clone().into()
}

#[tokio::test]
async fn refusals_are_told_by_stage() {
    let catcher = MailCatcher::start(Options::default()).await.unwrap();
    let mut server = server(&catcher);
    server.login = login("user", "hunter2");
    let email = email(server);
    // Per row: where the catcher answers, the stage told, and whose a failure for now and one for good is.
    let rows = [
        (At::Ehlo, Stage::Greeting, Scope::Channel, Scope::Channel),
        (At::Auth, Stage::Login, Scope::Channel, Scope::Channel),
        (At::MailFrom, Stage::Sender, Scope::Channel, Scope::Channel),
        (At::Rcpt, Stage::Recipient, Scope::Message, Scope::Shared),
        (At::Data, Stage::Data, Scope::Message, Scope::Shared),
        (At::Content, Stage::Content, Scope::Message, Scope::Message),
    ];
    for (at, expected, for_now, for_good) in rows {
        for (code, transient, scope) in [
            (451, true, for_now),
            (450, true, for_now),
            (550, false, for_good),
            (554, false, for_good),
        ] {
            catcher.behave_next([Behaviour::Answer {
                at,
                code,
                text: "5.7.1 because",
            }]);
            let error = send_to(&email, "noc@example.com").await.unwrap_err();
            let (stage, got) = match &error {
                MailError::PutOff { stage, code, .. } | MailError::Refused { stage, code, .. } => (*stage, *code),
                other => panic!("{at:?} {code}: {other:?}"),
            };
            assert_eq!((stage, got), (expected, code), "{at:?}");
            assert_eq!(
                ((failed(&error).end != End::Refused), error.scope()),
                (transient, scope),
                "{at:?} {code}"
            );
            let outcome = match (scope, transient) {
                (Scope::Channel, _) => "unreachable",
                (Scope::Message, false) => "refused",
                _ => "retry",
            };
            assert_eq!(failed(&error).outcome().as_str(), outcome, "{at:?} {code}");
            assert!(error.to_string().ends_with("5.7.1 because"), "{error}");
        }
    }
    assert!(catcher.mails().is_empty(), "nothing refused was kept");
    send_to(&email, "noc@example.com").await.unwrap();
    assert_eq!(catcher.mails().len(), 1);
}

#[tokio::test]
async fn a_server_that_closes_belongs_to_the_channel_whenever_it_says_so() {
    let catcher = MailCatcher::start(Options::default()).await.unwrap();
    let email = email(server(&catcher));
    for at in [At::Ehlo, At::MailFrom, At::Rcpt, At::Data, At::Content] {
        let text = "4.3.2 closing";
        catcher.behave_next([Behaviour::Answer { at, code: 421, text }]);
        let error = send_to(&email, "noc@example.com").await.unwrap_err();
        assert_eq!(
            (error.scope(), (failed(&error).end != End::Refused)),
            (Scope::Channel, true),
            "{at:?}: {error}"
        );
    }
}

#[tokio::test]
async fn a_lost_connection_is_told_by_stage_and_uncertain_after_the_mail() {
    let catcher = MailCatcher::start(Options::default()).await.unwrap();
    let mut server = server(&catcher);
    server.login = login("user", "hunter2");
    let email = email(server);
    let rows = [
        (At::Greeting, Some(Stage::Greeting), Scope::Channel),
        (At::Ehlo, Some(Stage::Greeting), Scope::Channel),
        (At::Auth, Some(Stage::Login), Scope::Channel),
        (At::MailFrom, Some(Stage::Sender), Scope::Channel),
        (At::Rcpt, Some(Stage::Recipient), Scope::Message),
        (At::Data, Some(Stage::Data), Scope::Message),
        (At::Content, None, Scope::Message),
    ];
    for (at, expected, scope) in rows {
        catcher.behave_next([Behaviour::HangUp(at)]);
        let error = send_to(&email, "noc@example.com").await.unwrap_err();
        let stage = match &error {
            MailError::Broken { stage, .. } => Some(*stage),
            MailError::Uncertain { .. } => None,
            other => panic!("{at:?}: {other:?}"),
        };
        assert_eq!(stage, expected, "{at:?}: {error}");
        assert_eq!(
            (
                error.scope(),
                (failed(&error).end != End::Refused),
                failed(&error).is_silence()
            ),
            (scope, true, true),
            "{at:?}"
        );
    }
    let mails = catcher.mails();
    assert_eq!(mails.len(), 1, "the reply was lost, the mail was not");
    send_to(&email, "noc@example.com").await.unwrap();
    let again = catcher.wait_for(2).await;
    let ids: Vec<_> = again.iter().map(|mail| mail.header("Message-ID").unwrap()).collect();
    assert_eq!(ids[0], ids[1], "a repeat is recognised by its id");
}

/// Sends to a catcher that stalls at `at`, with a total deadline of a second.
async fn send_into_silence(behaviour: Behaviour) -> MailError {
    let catcher = MailCatcher::start(Options::default()).await.unwrap();
    catcher.behave(behaviour);
    let mut server = server(&catcher);
    server.login = login("user", "hunter2");
    server.timeout = Duration::from_secs(1);
    server.patience = Duration::from_secs(1);
    let sending = tokio::time::timeout(Duration::from_secs(30), async {
        send_to(&email(server), "noc@example.com").await
    });
    sending.await.expect("it does not hang").unwrap_err()
}

#[tokio::test]
async fn a_silent_server_does_not_hang_it_at_any_stage() {
    let rows = [
        (At::Greeting, Some(Stage::Greeting)),
        (At::Ehlo, Some(Stage::Greeting)),
        (At::Auth, Some(Stage::Login)),
        (At::MailFrom, Some(Stage::Sender)),
        (At::Rcpt, Some(Stage::Recipient)),
        (At::Data, Some(Stage::Data)),
        (At::Content, None),
    ];
    let errors = rows.map(|(at, _)| send_into_silence(Behaviour::Stall(at)));
    let errors = futures_util::future::join_all(errors).await;
    for ((at, expected), error) in rows.into_iter().zip(errors) {
        let stage = match &error {
            MailError::Silent { stage, .. } => Some(*stage),
            MailError::Uncertain { .. } => None,
            other => panic!("{at:?}: {other:?}"),
        };
        assert_eq!(stage, expected, "{at:?}: {error}");
    }
}

#[tokio::test]
async fn there_is_one_deadline_for_all_and_not_one_for_each_step() {
    let error = send_into_silence(Behaviour::Slow(Duration::from_millis(400))).await;
    assert!(matches!(error, MailError::Silent { .. }), "{error}");
}

#[tokio::test]
async fn a_slow_goodbye_does_not_undo_a_delivery() {
    let catcher = MailCatcher::start(Options::default()).await.unwrap();
    let email = email(server(&catcher));
    catcher.behave_next([Behaviour::Slow(Duration::from_millis(20))]);
    send_to(&email, "noc@example.com").await.unwrap();
}

#[tokio::test]
async fn being_told_to_stop_cuts_it_off() {
    let catcher = MailCatcher::start(Options::default()).await.unwrap();
    let email = email(server(&catcher));
    for (stalled, at, uncertain) in [(1, At::Rcpt, false), (2, At::Content, true)] {
        catcher.behave_next([Behaviour::Stall(at)]);
        let cut = catcher.wait_for_stalled(stalled).boxed().shared();
        let error = send(&email, &message_to("noc@example.com"), "", &mail(), cut)
            .await
            .unwrap_err();
        assert_eq!(matches!(error, MailError::Uncertain { .. }), uncertain, "{error:?}");
        assert_eq!(matches!(error, MailError::CutOff { .. }), !uncertain, "{error:?}");
        assert!((failed(&error).end != End::Refused));
    }
}

#[tokio::test]
async fn nobody_listening_is_a_broken_connection() {
    let catcher = MailCatcher::start(Options::default()).await.unwrap();
    let email = email(server(&catcher));
    drop(catcher);
    let error = send_to(&email, "noc@example.com").await.unwrap_err();
    assert!(
        matches!(
            error,
            MailError::Broken {
                stage: Stage::Connect,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(failed(&error).outcome().as_str(), "unreachable");
    assert!(error.hint().is_some());
}

#[tokio::test]
async fn addresses_that_are_none_never_reach_the_server() {
    let catcher = MailCatcher::start(Options::default()).await.unwrap();
    let email = email(server(&catcher));
    let long = format!("{}@example.com", "a".repeat(250));
    for address in [
        "",
        "  ",
        "nobody",
        "@example.com",
        "a@",
        "a b@example.com",
        "a@example.com\r\nRCPT TO:<b@example.com>",
        "a@example.com>\r\nDATA",
        "a@example.com, b@example.com",
        "a@exa mple.com",
        "<a@example.com",
        &long,
        "a\u{0}@example.com",
    ] {
        let error = send_to(&email, address).await.unwrap_err();
        assert!(matches!(error, MailError::BadAddress { .. }), "{address:?}: {error:?}");
        assert_eq!(
            (error.scope(), failed(&error).outcome().as_str()),
            (Scope::Message, "refused"),
            "{address:?}"
        );
        assert!(!error.to_string().contains(char::is_control), "{error}");
    }
    assert_eq!(catcher.conversations(), 0);
    for (address, envelope) in [
        ("a@example.com", "a@example.com"),
        ("NOC <noc@example.com>", "noc@example.com"),
        (" a+b@EXAMPLE.com ", "a+b@EXAMPLE.com"),
    ] {
        send_to(&email, address).await.unwrap();
        assert_eq!(catcher.mails().last().unwrap().to, [envelope], "{address}");
    }
}

#[tokio::test]
async fn addresses_beyond_ascii_need_a_server_that_takes_them() {
    let plain = MailCatcher::start(Options::default()).await.unwrap();
    let error = send_to(&email(server(&plain)), "jürgen@example.com").await.unwrap_err();
    assert!(matches!(error, MailError::NeedsUtf8 { .. }), "{error:?}");
    assert_eq!(
        (error.scope(), (failed(&error).end != End::Refused)),
        (Scope::Message, false)
    );
    let options = Options {
        utf8: true,
        ..Options::default()
    };
    let able = MailCatcher::start(options).await.unwrap();
    send_to(&email(server(&able)), "jürgen@example.com").await.unwrap();
    assert_eq!(able.mails()[0].to, ["jürgen@example.com"]);
}
