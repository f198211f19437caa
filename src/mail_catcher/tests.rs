//! Conversations byte by byte, as senders hold them.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::words::{decoded, file_name};
use super::{Behaviour, MailCatcher, Options, Stage};

/// Says all of `said` at once, and gives all that came until the catcher closed.
async fn talk(catcher: &MailCatcher, said: &str) -> String {
    let mut stream = TcpStream::connect(catcher.address()).await.unwrap();
    stream.write_all(said.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let reading = stream.read_to_string(&mut answer);
    tokio::time::timeout(Duration::from_secs(10), reading)
        .await
        .expect("the catcher closes after QUIT")
        .ok();
    answer
}

fn codes(answer: &str) -> Vec<&str> {
    answer
        .lines()
        .filter(|line| line.get(3..4) == Some(" "))
        .map(|line| &line[..3])
        .collect()
}

const MAIL: &str = "EHLO me\r\nMAIL FROM:<a@example.com> BODY=8BITMIME\r\nRCPT TO:<b@example.com>\r\nrcpt to:<c@example.com>\r\n\
                    DATA\r\nSubject: dots\r\n\r\n..\r\n...x\r\nend\r\n.\r\nQUIT\r\n";

#[tokio::test]
async fn takes_a_pipelined_mail_and_unstuffs_its_dots() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        folder: Some(folder.path().to_owned()),
        ..Options::default()
    };
    let catcher = MailCatcher::start(options).await.unwrap();
    let answer = talk(&catcher, MAIL).await;
    assert_eq!(
        codes(&answer),
        ["220", "250", "250", "250", "250", "354", "250", "221"],
        "{answer}"
    );
    let mails = catcher.wait_for(1).await;
    let mail = &mails[0];
    assert_eq!(
        (mail.from.as_str(), mail.to.join(",").as_str()),
        ("a@example.com", "b@example.com,c@example.com")
    );
    assert_eq!(mail.data, b"Subject: dots\r\n\r\n.\r\n..x\r\nend\r\n");
    assert_eq!(mail.header("subject").as_deref(), Some("dots"));
    let file = mail.file.clone().unwrap();
    assert_eq!(file.file_name().unwrap(), "0001-b@example.com.eml");
    assert_eq!(std::fs::read(file).unwrap(), mail.data);
}

#[tokio::test]
async fn keeps_the_order_of_commands() {
    let catcher = MailCatcher::start(Options::default()).await.unwrap();
    let answer = talk(
        &catcher,
        "RCPT TO:<b@c>\r\nDATA\r\nMAIL FROM a\r\nAUTH X\r\nWHAT\r\nNOOP\r\nRSET\r\nVRFY b\r\nSTARTTLS\r\nQUIT\r\n",
    )
    .await;
    assert_eq!(
        codes(&answer),
        [
            "220", "503", "503", "501", "504", "500", "250", "250", "252", "502", "221"
        ]
    );
    assert!(catcher.mails().is_empty());
}

#[tokio::test]
async fn behaves_as_it_is_told_at_each_stage() {
    let catcher = MailCatcher::start(Options::default()).await.unwrap();
    for (at, expected) in [
        (
            Stage::Ehlo,
            vec!["220", "451", "250", "250", "250", "354", "250", "221"],
        ),
        (Stage::MailFrom, vec!["220", "250", "451", "503", "503", "503"]),
        (Stage::Rcpt, vec!["220", "250", "250", "451", "451", "503"]),
        (Stage::Data, vec!["220", "250", "250", "250", "250", "451"]),
        (
            Stage::Content,
            vec!["220", "250", "250", "250", "250", "354", "451", "221"],
        ),
    ] {
        let taken = catcher.mails().len();
        let text = "4.0.0 later";
        catcher.behave_next([Behaviour::Answer { at, code: 451, text }]);
        let answer = talk(&catcher, MAIL).await;
        let got = codes(&answer);
        assert_eq!(got[..expected.len()], expected, "{at:?}: {answer}");
        let kept = catcher.mails().len() - taken;
        assert_eq!(kept, usize::from(at == Stage::Ehlo), "{at:?}");
    }
    let taken = catcher.mails().len();
    catcher.behave_next([Behaviour::HangUp(Stage::Content), Behaviour::HangUp(Stage::Greeting)]);
    assert_eq!(
        codes(&talk(&catcher, MAIL).await),
        ["220", "250", "250", "250", "250", "354"]
    );
    assert_eq!(catcher.mails().len(), taken + 1, "the reply is lost, the mail is not");
    assert_eq!(talk(&catcher, MAIL).await, "");
    assert_eq!(codes(&talk(&catcher, MAIL).await).len(), 8, "good again");
}

#[tokio::test]
async fn lets_in_only_who_may() {
    let login = Some(("user".to_owned(), "pass".to_owned()));
    let options = Options {
        login,
        ..Options::default()
    };
    let catcher = MailCatcher::start(options).await.unwrap();
    let mail = "MAIL FROM:<a@b.c>\r\nQUIT\r\n";
    for (name, said, expected) in [
        ("nobody", "", vec!["220", "530", "221"]),
        (
            "PLAIN",
            "AUTH PLAIN AHVzZXIAcGFzcw==\r\n",
            vec!["220", "235", "250", "221"],
        ),
        (
            "PLAIN, asked",
            "AUTH PLAIN\r\nAHVzZXIAcGFzcw==\r\n",
            vec!["220", "334", "235", "250", "221"],
        ),
        (
            "LOGIN",
            "AUTH LOGIN\r\ndXNlcg==\r\ncGFzcw==\r\n",
            vec!["220", "334", "334", "235", "250", "221"],
        ),
        (
            "a wrong password",
            "AUTH PLAIN AHVzZXIAcGFzeA==\r\n",
            vec!["220", "535", "530", "221"],
        ),
        ("no base64", "AUTH PLAIN !\r\n", vec!["220", "501", "530", "221"]),
    ] {
        assert_eq!(
            codes(&talk(&catcher, &format!("{said}{mail}")).await),
            expected,
            "{name}"
        );
    }
}

#[test]
fn base64_and_file_names() {
    for (text, expected) in [
        ("", Some("")),
        ("YQ==", Some("a")),
        ("YWI=", Some("ab")),
        ("YWJj", Some("abc")),
        ("%", None),
    ] {
        assert_eq!(decoded(text).as_deref(), expected, "{text}");
    }
    assert_eq!(file_name("../../etc/passwd"), "_.._etc_passwd");
    assert_eq!(file_name("Ü b@c.d"), "Ü_b@c.d");
    assert_eq!(file_name(&"a".repeat(100)).len(), 60);
}
