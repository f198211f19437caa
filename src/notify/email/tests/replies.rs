//! Replies as real servers word them: the code decides.

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::notify::email::{Security, Server};

/// Says these bytes where a word begins with the one named (`GREET`, `DOT` for the end of a mail); else what is right.
type Script = &'static [(&'static str, &'static [u8])];

const RIGHT: Script = &[
    ("GREET", b"220 raw\r\n"),
    ("EHLO", b"250-raw\r\n250 8BITMIME\r\n"),
    ("HELO", b"250 raw\r\n"),
    ("AUTH", b"235 ok\r\n"),
    ("MAIL", b"250 ok\r\n"),
    ("RCPT", b"250 ok\r\n"),
    ("DATA", b"354 go\r\n"),
    ("DOT", b"250 ok\r\n"),
    ("RSET", b"250 ok\r\n"),
    ("QUIT", b"221 bye\r\n"),
];

/// Holds one conversation and gives the commands that it was told, without what a mail holds.
async fn held(stream: TcpStream, script: Script) -> std::io::Result<Vec<String>> {
    let answer = |word: &str| {
        let mut lines = script.iter().chain(RIGHT);
        lines
            .find(|(at, _)| *at == word)
            .map_or(&b"500 what?\r\n"[..], |(_, bytes)| bytes)
    };
    let mut wire = BufReader::new(stream);
    wire.write_all(answer("GREET")).await?;
    let (mut told, mut line, mut in_mail) = (Vec::new(), String::new(), false);
    while wire.read_line(&mut line).await? > 0 {
        let text = std::mem::take(&mut line).trim_end().to_owned();
        let word = match (in_mail, &*text) {
            (true, ".") => "DOT".to_owned(),
            (true, _) => continue,
            (false, _) => text.chars().take(4).collect(),
        };
        told.push(if in_mail { word.clone() } else { text });
        let answer = answer(&word);
        in_mail = word == "DATA" && answer.starts_with(b"354");
        wire.write_all(answer).await?;
        if word == "QUIT" {
            break;
        }
    }
    Ok(told)
}

/// What became of one mail to a server with this script, and what the server was told.
async fn sent(script: Script, login: Option<(&str, &str)>) -> (Result<(), MailError>, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server {
        host: "127.0.0.1".to_owned(),
        port: listener.local_addr().unwrap().port(),
        security: Security::Loopback,
        login: login.and_then(|(user, password)| super::login(user, password)),
        from: "a@example.com".to_owned(),
        reply_to: None,
        helo: Some("watch.example.com".to_owned()),
        timeout: Duration::from_secs(10),
        patience: Duration::from_secs(10),
    };
    let email = email(server);
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        held(stream, script).await.unwrap_or_default()
    });
    let result = send_to(&email, "noc@example.com").await;
    (result, serving.await.unwrap())
}

#[tokio::test]
async fn words_that_are_no_utf8_and_codes_without_words_are_a_yes() {
    let rows: [(&str, Script); 9] = [
        ("latin 1 at the dot", &[("DOT", b"250 2.0.0 f\xfcr\r\n")]),
        ("latin 1 in the greeting", &[("GREET", b"220 gr\xfc\xdfe\r\n")]),
        (
            "latin 1 everywhere",
            &[
                ("EHLO", b"250-\xfc\r\n250 \xfc\r\n"),
                ("MAIL", b"250 \xe9\r\n"),
                ("RCPT", b"250 \xe9\r\n"),
            ],
        ),
        ("bare at the dot", &[("DOT", b"250\r\n")]),
        (
            "bare everywhere",
            &[
                ("GREET", b"220\r\n"),
                ("EHLO", b"250\r\n"),
                ("MAIL", b"250\r\n"),
                ("RCPT", b"250 \r\n"),
                ("DATA", b"354\r\n"),
            ],
        ),
        ("LF alone", &[("GREET", b"220 x\n"), ("DOT", b"250 x\n")]),
        (
            "another 2xx",
            &[("DOT", b"299 fine\r\n"), ("RCPT", b"251 will forward\r\n")],
        ),
        ("several lines", &[("DOT", b"250-2.0.0 one\r\n250-\xff\r\n250\r\n")]),
        ("no EHLO", &[("EHLO", b"502 unknown\r\n")]),
    ];
    for (name, script) in rows {
        let (result, told) = sent(script, None).await;
        assert_eq!(result, Ok(()), "{name}: {told:?}");
        assert_eq!(told.last().map(String::as_str), Some("QUIT"), "{name}");
    }
}

#[tokio::test]
async fn helo_follows_a_refused_ehlo_with_the_configured_name() {
    let (result, told) = sent(&[("EHLO", b"502 5.5.1 unknown\r\n")], None).await;
    assert_eq!(result, Ok(()));
    assert_eq!(told[..2], ["EHLO watch.example.com", "HELO watch.example.com"]);
    let (result, _) = sent(&[("EHLO", b"502 no\r\n"), ("HELO", b"554 5.7.1 bad name\r\n")], None).await;
    let error = result.unwrap_err();
    assert_eq!((error.stage(), error.scope()), (Some(Stage::Greeting), Scope::Channel));
    assert!(error.to_string().contains("554 5.7.1 bad name"), "{error}");
}

#[tokio::test]
async fn what_is_no_answer_after_the_mail_is_uncertain_and_before_it_is_not() {
    for (at, bytes) in [
        ("DOT", &b"354 again\r\n"[..]),
        ("DOT", b"hello\r\n"),
        ("DOT", b"\xff\xff\xff\r\n"),
    ] {
        let script: Script = Box::leak(Box::new([(at, bytes)]));
        let error = sent(script, None).await.0.unwrap_err();
        assert_eq!(failed(&error).outcome().as_str(), "uncertain", "{bytes:?}: {error}");
    }
    for (at, bytes, stage) in [
        ("GREET", &b"\x80\x81\x82\r\n"[..], Stage::Greeting),
        ("EHLO", b"334 x\r\n", Stage::Greeting),
        ("MAIL", b"354 x\r\n", Stage::Sender),
        ("RCPT", b"hello\r\n", Stage::Recipient),
        ("DATA", b"250 ok\r\n", Stage::Data),
    ] {
        let script: Script = Box::leak(Box::new([(at, bytes)]));
        let error = sent(script, None).await.0.unwrap_err();
        assert!(matches!(error, MailError::Broken { .. }), "{bytes:?}: {error}");
        assert_eq!(error.stage(), Some(stage), "{bytes:?}: {error}");
    }
}

#[tokio::test]
async fn the_old_way_to_log_in_asks_twice() {
    let script: Script = &[
        ("EHLO", b"250-raw\r\n250 AUTH=LOGIN\r\n"),
        ("AUTH", b"334 \xff\r\n"),
        ("dXNl", b"334\r\n"),
        ("aHVu", b"235\r\n"),
    ];
    let (result, told) = sent(script, Some(("user", "hunter2"))).await;
    assert_eq!(result, Ok(()), "{told:?}");
    assert_eq!(told[1..4], ["AUTH LOGIN", "dXNlcg==", "aHVudGVyMg=="]);
}
