//! Encryption and logins.

use super::*;
use crate::notify::email::{Security, Server, SetupError};
use crate::notify::testing::authority;

fn named(mut server: Server, security: Security) -> Server {
    "localhost".clone_into(&mut server.host);
    server.security = security;
    server
}

#[tokio::test]
async fn starttls_and_tls_need_a_trusted_certificate_of_the_right_name() {
    let (ours, other) = (authority(), authority());
    for security in [Security::StartTls, Security::Tls] {
        let upgrade = Some(std::sync::Arc::clone(&ours.upgrade));
        let (starttls, tls) = match security {
            Security::Tls => (None, upgrade),
            _ => (upgrade, None),
        };
        let options = Options {
            starttls,
            tls,
            ..Options::default()
        };
        let catcher = MailCatcher::start(options).await.unwrap();
        let good = Arc::new(Email::new(named(server(&catcher), security), [&*ours.root]).unwrap());
        send_to(&good, "noc@example.com").await.unwrap();
        assert!(catcher.mails()[0].encrypted, "{security:?}");
        let untrusting = Arc::new(Email::new(named(server(&catcher), security), [&*other.root]).unwrap());
        let wrong_name = Server {
            host: "127.0.0.1".to_owned(),
            ..named(server(&catcher), security)
        };
        let misnamed = Arc::new(Email::new(wrong_name, [&*ours.root]).unwrap());
        for email in [untrusting, misnamed] {
            let error = send_to(&email, "noc@example.com").await.unwrap_err();
            assert!(
                matches!(error, MailError::Certificate { .. }),
                "{security:?}: {error:?}"
            );
            assert_eq!(
                (error.scope(), failed(&error).outcome().as_str()),
                (Scope::Channel, "unreachable")
            );
            assert!(error.hint().is_some());
        }
        assert_eq!(catcher.mails().len(), 1, "nothing left without trust");
    }
}

#[tokio::test]
async fn nothing_is_sent_unencrypted_where_encryption_is_required() {
    let catcher = MailCatcher::start(Options::default()).await.unwrap();
    let mut server = named(server(&catcher), Security::StartTls);
    server.login = login("user", "hunter2");
    let error = send_to(&email(server), "noc@example.com").await.unwrap_err();
    assert_eq!(error, MailError::NoEncryption);
    assert_eq!(error.scope(), Scope::Channel);
    assert!(catcher.mails().is_empty());
}

#[tokio::test]
async fn a_refused_starttls_is_not_answered_with_plain_text() {
    let ours = authority();
    let options = Options {
        starttls: Some(ours.upgrade),
        ..Options::default()
    };
    let catcher = MailCatcher::start(options).await.unwrap();
    for security in [Security::StartTls, Security::Loopback] {
        let at = At::StartTls;
        catcher.behave_next([Behaviour::Answer {
            at,
            code: 454,
            text: "4.7.0 not now",
        }]);
        let email = Arc::new(Email::new(named(server(&catcher), security), [&*ours.root]).unwrap());
        let error = send_to(&email, "noc@example.com").await.unwrap_err();
        assert!(
            matches!(
                error,
                MailError::PutOff {
                    stage: Stage::Tls,
                    code: 454,
                    ..
                }
            ),
            "{error:?}"
        );
    }
    assert!(catcher.mails().is_empty());
}

#[tokio::test]
async fn loopback_takes_any_certificate_and_none() {
    let options = Options {
        starttls: Some(authority().upgrade),
        ..Options::default()
    };
    let offering = MailCatcher::start(options).await.unwrap();
    send_to(&email(server(&offering)), "noc@example.com").await.unwrap();
    assert!(offering.mails()[0].encrypted);
    let plain = MailCatcher::start(Options::default()).await.unwrap();
    send_to(&email(server(&plain)), "noc@example.com").await.unwrap();
    assert!(!plain.mails()[0].encrypted);
}

#[tokio::test]
async fn tls_to_a_server_without_it_is_told_as_such() {
    let catcher = MailCatcher::start(Options::default()).await.unwrap();
    let email = email(named(server(&catcher), Security::Tls));
    let error = send_to(&email, "noc@example.com").await.unwrap_err();
    assert!(
        matches!(error, MailError::Broken { stage: Stage::Tls, .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn logs_in_and_tells_no_secret_when_it_may_not() {
    let options = Options {
        login: Some(("user@example.com".to_owned(), "hunter2 pässword".to_owned())),
        ..Options::default()
    };
    let catcher = MailCatcher::start(options).await.unwrap();
    let with = |user: &str, password: &str| {
        let mut server = server(&catcher);
        server.login = login(user, password);
        email(server)
    };
    let good = with("user@example.com", "hunter2 pässword");
    good.rehearse(&[], start()).await.unwrap();
    send_to(&good, "noc@example.com").await.unwrap();
    assert_eq!(catcher.mails()[0].user.as_deref(), Some("user@example.com"));
    let bad = with("user@example.com", "hunter3");
    let error = bad.rehearse(&[], start()).await.unwrap_err();
    assert!(
        matches!(
            error,
            MailError::Refused {
                stage: Stage::Login,
                code: 535,
                ..
            }
        ),
        "{error:?}"
    );
    for shown in [format!("{error} {error:?} {}", failed(&error).word), format!("{bad:?}")] {
        assert!(!shown.contains("hunter3"), "{shown}");
    }
    let nobody = email(server(&catcher));
    let error = send_to(&nobody, "noc@example.com").await.unwrap_err();
    assert!(
        matches!(
            error,
            MailError::Refused {
                stage: Stage::Sender,
                code: 530,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_server_without_auth_is_told_as_such() {
    let options = Options {
        without_auth: true,
        ..Options::default()
    };
    let catcher = MailCatcher::start(options).await.unwrap();
    let mut server = server(&catcher);
    server.login = login("user", "hunter2");
    assert_eq!(email(server).rehearse(&[], start()).await, Err(MailError::NoLogin));
}

#[tokio::test]
async fn a_sender_that_is_none_is_told_before_anything_is_sent() {
    let catcher = MailCatcher::start(Options::default()).await.unwrap();
    for from in ["", "Phone service", "a@b@c", "x <alerts@example.com"] {
        let server = Server {
            from: from.to_owned(),
            ..server(&catcher)
        };
        assert!(
            matches!(Email::new(server, []), Err(SetupError::Sender { .. })),
            "{from}"
        );
    }
}
