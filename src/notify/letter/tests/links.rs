//! Who finds what behind which link.

use super::*;
use crate::links::{Links, Signer};

fn linked() -> Letterhead {
    Letterhead {
        links: Some(Links::new("https://b.example", Some(Signer::new("token")))),
        ..letterhead()
    }
}

fn mail_about(notification: &Notification) -> Mail {
    let notifications = [notification.clone()];
    let letter = write(&message(&notifications), &notifications, &linked(), decided());
    letter.unwrap().to_mail()
}

#[test]
fn operators_acknowledge_what_fires_and_see_the_client() {
    for (name, transition, acknowledges) in [
        ("fired", Transition::Fired { relapse: false }, true),
        ("a reminder", Transition::Repeated { repeat: 1 }, true),
        ("over", Transition::Resolved, false),
        (
            "somebody has it",
            Transition::Acknowledged { by: "alice".to_owned() },
            false,
        ),
    ] {
        let mail = mail_about(&with(low(), transition));
        let shown = mail.text.contains("Acknowledge:\n  https://b.example/acknowledge/");
        assert_eq!(shown, acknowledges, "{name}: {}", mail.text);
        assert_eq!(
            mail.html.contains("https://b.example/acknowledge/"),
            acknowledges,
            "{name}"
        );
        assert!(
            mail.text
                .contains("See this client:\n  https://b.example/clients/main/561115\n"),
            "{name}: {}",
            mail.text
        );
        // No line but that of a link is longer than a terminal is wide.
        let long = mail
            .text
            .lines()
            .filter(|line| line.len() > 78 && !line.contains("https://"));
        assert_eq!(long.count(), 0, "{name}: {}", mail.text);
    }
}

#[test]
fn nobody_acknowledges_a_brake_by_a_link_and_no_client_sees_one() {
    let mut brake = low();
    brake.policy = PolicyName::new("brake").unwrap();
    assert!(!mail_about(&brake).text.contains("/acknowledge/"));
    let mut to_client = low();
    to_client.channel = ChannelName::client();
    let mail = mail_about(&to_client);
    assert!(
        !mail.text.contains("b.example") && !mail.html.contains("b.example"),
        "{}",
        mail.text
    );
}

#[test]
fn many_at_once_lead_to_the_list() {
    let mut other = low();
    other.client = ClientId::new("561116").unwrap();
    let notifications = [low(), other];
    let message = Message {
        kind: MessageKind::Group,
        ..message(&notifications)
    };
    let letter = write(&message, &notifications, &linked(), decided());
    let mail = letter.unwrap().to_mail();
    assert!(
        mail.text.contains("See what fires:\n  https://b.example/alerts\n"),
        "{}",
        mail.text
    );
    assert!(!mail.text.contains("/acknowledge/"), "{}", mail.text);
}
