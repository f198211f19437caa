//! One session for several mails.

use super::*;
use crate::notify::email::{Security, Server};
use crate::notify::testing::authority;

async fn over(mailer: &mut Mailer, recipient: &str) -> Result<(), MailError> {
    match mailer.send(&message_to(recipient), "", &mail(), start(), never()).await {
        Handed::Known(result) => result,
        Handed::Awaited(answer) => answer.await,
    }
}

#[tokio::test]
async fn a_connection_is_encrypted_and_logged_in_once_for_many_mails() {
    let ours = authority();
    let options = Options {
        starttls: Some(ours.upgrade),
        login: Some(("user".to_owned(), "hunter2".to_owned())),
        ..Options::default()
    };
    let catcher = MailCatcher::start(options).await.unwrap();
    let server = Server {
        host: "localhost".to_owned(),
        security: Security::StartTls,
        login: login("user", "hunter2"),
        ..server(&catcher)
    };
    let email = Arc::new(Email::new(server, [&*ours.root]).unwrap());
    let mut mailer = Mailer::new(Arc::clone(&email));
    for _ in 0..250 {
        over(&mut mailer, "noc@example.com").await.unwrap();
    }
    assert!(mailer.is_open());
    assert_eq!(catcher.conversations(), 3, "a hundred mails each");
    assert_eq!(catcher.mails().len(), 250);
    mailer.close().await;
}

#[tokio::test]
async fn an_old_connection_is_not_used_again() {
    let catcher = MailCatcher::start(Options::default()).await.unwrap();
    let email = email(server(&catcher));
    let mut mailer = Mailer::new(Arc::clone(&email));
    for (minutes, conversations) in [(0, 1), (4, 1), (5, 2), (9, 2), (4, 3)] {
        let now = start() + jiff::SignedDuration::from_mins(minutes);
        let handed = mailer
            .send(&message_to("noc@example.com"), "", &mail(), now, never())
            .await;
        assert!(matches!(handed, Handed::Known(Ok(()))), "{minutes}");
        assert_eq!(catcher.conversations(), conversations, "{minutes}");
    }
}

#[tokio::test]
async fn a_refused_mail_is_taken_back_and_the_connection_goes_on() {
    let catcher = MailCatcher::start(Options::default()).await.unwrap();
    let email = email(server(&catcher));
    for at in [At::Rcpt, At::Data, At::Content] {
        let (text, code) = ("5.1.1 no such user", 550);
        catcher.behave_next([Behaviour::Answer { at, code, text }]);
        let before = (catcher.conversations(), catcher.mails().len());
        let mut mailer = Mailer::new(Arc::clone(&email));
        over(&mut mailer, "gone@example.com").await.unwrap_err();
        over(&mut mailer, "noc@example.com").await.unwrap();
        let after = (catcher.conversations(), catcher.mails().len());
        assert_eq!(after, (before.0 + 1, before.1 + 1), "{at:?}");
        mailer.close().await;
    }
}

#[tokio::test]
async fn a_server_that_closes_after_each_mail_costs_a_connection_and_no_failure() {
    let catcher = MailCatcher::start(Options::default()).await.unwrap();
    catcher.behave(Behaviour::OneMailEach);
    let email = email(server(&catcher));
    let mut mailer = Mailer::new(Arc::clone(&email));
    for _ in 0..3 {
        over(&mut mailer, "noc@example.com").await.unwrap();
    }
    assert_eq!((catcher.conversations(), catcher.mails().len()), (3, 3));
}

#[tokio::test]
async fn the_answer_to_a_whole_mail_is_awaited_longer_than_everything_else() {
    let catcher = MailCatcher::start(Options::default()).await.unwrap();
    let server = Server {
        timeout: Duration::from_millis(300),
        patience: Duration::from_secs(30),
        ..server(&catcher)
    };
    let email = email(server);
    catcher.behave_next([Behaviour::LateAnswer(Duration::from_millis(900))]);
    send_to(&email, "noc@example.com").await.unwrap();
    catcher.behave_next([Behaviour::LateAnswer(Duration::from_millis(900))]);
    let mut mailer = Mailer::new(Arc::clone(&email));
    let handed = mailer
        .send(&message_to("noc@example.com"), "", &mail(), start(), never())
        .await;
    let Handed::Awaited(answer) = handed else {
        panic!("it answered early");
    };
    assert!(!mailer.is_open(), "it is free for another connection");
    answer.await.unwrap();
}

#[tokio::test]
async fn a_rehearsal_asks_for_each_recipient_and_sends_nothing() {
    let catcher = MailCatcher::start(Options::default()).await.unwrap();
    let email = email(server(&catcher));
    let (at, code, text) = (At::Rcpt, 550, "5.1.1 no such user");
    catcher.behave_next([Behaviour::Answer { at, code, text }]);
    let recipients = ["gone@example.com", "NOC <noc@example.com>", "nobody"];
    let answers = email.rehearse(&recipients, start()).await.unwrap();
    let told: Vec<_> = answers
        .iter()
        .map(|(recipient, answer)| (*recipient, answer.is_ok()))
        .collect();
    assert_eq!(
        told,
        [
            ("gone@example.com", false),
            ("NOC <noc@example.com>", true),
            ("nobody", false)
        ]
    );
    assert_eq!((catcher.conversations(), catcher.mails().len()), (1, 0));
    catcher.behave_next([Behaviour::Answer {
        at: At::MailFrom,
        code: 553,
        text: "5.7.1 not yours",
    }]);
    let error = email.rehearse(&recipients, start()).await.unwrap_err();
    assert_eq!(error.stage(), Some(Stage::Sender));
}
