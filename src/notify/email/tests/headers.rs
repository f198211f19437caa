//! What arrives, read as a mail program reads it.

use mail_parser::MessageParser;

use super::*;
use crate::domain::notice::Transition;
use crate::mail_catcher::CaughtMail;
use crate::notify::email::Server;

/// Sends one mail and gives what arrived.
async fn arrived(from: &str, message: &Message, name: &str, mail: &Mail) -> Arc<CaughtMail> {
    let catcher = MailCatcher::start(Options::default()).await.unwrap();
    let server = Server {
        from: from.to_owned(),
        ..server(&catcher)
    };
    send(&email(server), message, name, mail, never()).await.unwrap();
    Arc::clone(&catcher.mails()[0])
}

const FROM: &str = "Phone service <alerts@example.com>";

fn header_names(mail: &CaughtMail) -> Vec<String> {
    let text = String::from_utf8(mail.data.clone()).unwrap();
    let head = text.split("\r\n\r\n").next().unwrap().to_owned();
    head.split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split(':').next().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn has_the_headers_that_keep_robots_quiet_and_threads_together() {
    let fired_message = message_to("noc@example.com");
    let (resolved_message, _) = owed(561_115, Transition::Resolved, "ops", "noc@example.com");
    let fired_mail = arrived(FROM, &fired_message, "", &mail()).await;
    let resolved_mail = arrived(FROM, &resolved_message, "", &mail()).await;
    let header = |mail: &CaughtMail, name: &str| mail.header(name).unwrap();
    assert_eq!(header(&fired_mail, "Auto-Submitted"), "auto-generated");
    assert_eq!(header(&fired_mail, "X-Auto-Response-Suppress"), "All");
    assert_eq!(header(&fired_mail, "Date"), "Mon, 23 Nov 2026 15:15:00 +0000");
    assert_eq!(header(&fired_mail, "MIME-Version"), "1.0");
    let (one, two) = (header(&fired_mail, "Message-ID"), header(&resolved_mail, "Message-ID"));
    assert!(
        one.starts_with('<') && one.ends_with("@example.com>") && one != two,
        "{one} {two}"
    );
    for name in ["In-Reply-To", "References"] {
        assert_eq!(
            header(&fired_mail, name),
            header(&resolved_mail, name),
            "an episode is one thread"
        );
        assert!(header(&fired_mail, name).starts_with("<thread."));
    }
    let (other, _) = owed(561_116, fired(), "ops", "noc@example.com");
    let other = arrived(FROM, &other, "", &mail()).await;
    assert_ne!(header(&other, "References"), header(&fired_mail, "References"));
}

#[tokio::test]
async fn names_and_subjects_beyond_ascii_arrive_whole() {
    let subject = "Über «GmbH» hat 8,06 € – 漢字 😀, and a subject that is much longer than one line of a header may be 漢字漢字漢字漢字漢字";
    let mail = Mail {
        subject: subject.to_owned(),
        ..mail()
    };
    for (name, from_name) in [
        ("Über GmbH", "Téléphonie Ünïted"),
        ("O'Brien, \"Bob\" <x@y> \\ (z); Inc.", "Smith, John & \"Co\""),
        (
            "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字",
            "Phone",
        ),
    ] {
        let quoted = from_name.replace('\\', "\\\\").replace('"', "\\\"");
        let from = format!("\"{quoted}\" <alerts@example.com>");
        let mail = arrived(&from, &message_to("noc@example.com"), name, &mail).await;
        assert!(mail.data.is_ascii(), "encoded words only");
        let read = MessageParser::default().parse(&mail.data).unwrap();
        assert_eq!(read.subject(), Some(subject));
        let to = read.to().unwrap().first().unwrap();
        assert_eq!((to.name(), to.address()), (Some(name), Some("noc@example.com")));
        let sender = read.from().unwrap().first().unwrap();
        assert_eq!(
            (sender.name(), sender.address()),
            (Some(from_name), Some("alerts@example.com"))
        );
    }
}

#[tokio::test]
async fn line_breaks_from_outside_add_no_header() {
    let harmless = arrived(FROM, &message_to("noc@example.com"), "Acme", &mail()).await;
    let expected = header_names(&harmless);
    for evil in [
        "Acme\r\nBcc: everybody@example.com",
        "Acme\nX-Evil: 1",
        "Acme\r\n\r\nbody",
        "Acme\rX-Evil: 1",
        "Acme\u{0}\u{b}\u{85}\u{2028}X-Evil: 1",
        "Acme\r\n.\r\nMAIL FROM:<x@y.z>",
    ] {
        let mut message = message_to("noc@example.com");
        message.id = format!("{evil}/fired");
        message.thread = evil.to_owned();
        let spoiled = Mail {
            subject: evil.to_owned(),
            ..mail()
        };
        let mail = arrived(FROM, &message, evil, &spoiled).await;
        assert_eq!(header_names(&mail), expected, "{evil:?}");
        let read = MessageParser::default().parse(&mail.data).unwrap();
        assert!(read.bcc().is_none());
        assert_eq!(read.to().unwrap().first().unwrap().address(), Some("noc@example.com"));
    }
}

#[tokio::test]
async fn text_and_html_arrive_whole_with_dots_long_lines_and_eight_bits() {
    let long = "x".repeat(5000);
    let text = format!(".\n..\n.leading dot\nÜmläut € 漢字\n{long}\nFrom here\n\nlast");
    let html = format!("<p>{}</p>\n<p>Ü &lt;b&gt; 😀</p>", "word ".repeat(2000));
    let mail = Mail {
        text: text.clone(),
        html: html.clone(),
        ..mail()
    };
    let caught = arrived(FROM, &message_to("noc@example.com"), "", &mail).await;
    assert!(caught.data.is_ascii());
    let longest = caught.data.split(|byte| *byte == b'\n').map(<[u8]>::len).max();
    assert!(longest.unwrap() <= 999, "{longest:?}");
    let read = MessageParser::default().parse(&caught.data).unwrap();
    let normal = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
    assert_eq!(normal(&read.body_text(0).unwrap()), normal(&text));
    assert_eq!(normal(&read.body_html(0).unwrap()), normal(&html));
    let kind = caught.header("Content-Type").unwrap();
    assert!(kind.starts_with("multipart/alternative"), "{kind}");
}

#[tokio::test]
async fn answers_go_where_they_are_read_and_the_address_adds_no_header() {
    let from_alone = arrived(FROM, &message_to("noc@example.com"), "", &mail()).await;
    assert_eq!(from_alone.header("Reply-To"), None);
    for (configured, name) in [
        ("support@example.com", None),
        (
            "\"Téléphonie; Bob \\\"x\\\"\" <support@example.com>",
            Some("Téléphonie; Bob \"x\""),
        ),
    ] {
        let catcher = MailCatcher::start(Options::default()).await.unwrap();
        let server = Server {
            reply_to: Some(configured.to_owned()),
            ..server(&catcher)
        };
        let message = message_to("noc@example.com");
        send(&email(server), &message, "", &mail(), never()).await.unwrap();
        let caught = Arc::clone(&catcher.mails()[0]);
        assert!(caught.data.is_ascii(), "encoded words only");
        let read = MessageParser::default().parse(&caught.data).unwrap();
        let reply_to = read.reply_to().unwrap().first().unwrap();
        assert_eq!(
            (reply_to.name(), reply_to.address()),
            (name, Some("support@example.com"))
        );
        assert_eq!(
            read.from().unwrap().first().unwrap().address(),
            Some("alerts@example.com")
        );
    }
    let catcher = MailCatcher::start(Options::default()).await.unwrap();
    for evil in [
        "a@example.com\r\nBcc: b@example.com",
        "a@example.com, b@example.com",
        "nobody",
    ] {
        let server = Server {
            reply_to: Some(evil.to_owned()),
            ..server(&catcher)
        };
        assert!(crate::notify::email::Email::new(server, []).is_err(), "{evil:?}");
    }
}
