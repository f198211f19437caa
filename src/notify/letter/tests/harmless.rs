//! What no mail may ever do, whatever the data: break a header, run in a page, tell a client what is not for it.

use proptest::prelude::{Strategy, any, prop_assert, proptest};

use super::*;

/// Every alert with every transition, for operators.
fn everything() -> Vec<(String, Notification)> {
    let mut all = Vec::new();
    for (name, alert) in every_alert() {
        for transition in every_transition() {
            let name = format!("{name}, {}", transition.label());
            all.push((name, with(alert.clone(), transition)));
        }
    }
    all
}

/// Spoils every text that comes from outside.
fn spoil(notification: &mut Notification, text: &str) {
    notification.facts.label = text.to_owned();
    notification.facts.enforcement = Some(text.to_owned());
    match &mut notification.facts.reason {
        Reason::Limits { findings } => findings[0].limit_text = Some(text.to_owned()),
        Reason::Unread { error, .. } => *error = Some(text.to_owned()),
        Reason::Account { what, fix } => (*what, *fix) = (text.to_owned(), text.to_owned()),
        Reason::NoThreshold | Reason::ThresholdUnknown | Reason::NoFreshReading { .. } => {}
    }
    if let Transition::Enforced { outcome, .. } = &mut notification.transition {
        match outcome {
            Outcome::Declined { code } => *code = text.to_owned(),
            Outcome::Unknown { error } => *error = text.to_owned(),
            Outcome::Differs { fields } => fields[0].found = text.to_owned(),
            _ => {}
        }
    }
}

fn assert_harmless(name: &str, mail: &Mail) {
    assert!(!mail.subject.is_empty(), "{name}");
    assert!(!mail.subject.contains(char::is_control), "{name}: {:?}", mail.subject);
    assert!(mail.subject.chars().count() <= 150, "{name}");
    let text_is_clean = mail.text.chars().all(|c| c == '\n' || !c.is_control());
    assert!(text_is_clean, "{name}: {:?}", mail.text);
    assert!(!mail.html.contains("<script"), "{name}: {}", mail.html);
    let tags = mail.html.matches('<').count();
    assert_eq!(tags, mail.html.matches('>').count(), "{name}");
}

#[test]
fn every_transition_of_every_alert_has_a_mail_for_operators() {
    for (name, notification) in everything() {
        let mail = sent_after(std::slice::from_ref(&notification), 3).unwrap();
        assert_harmless(&name, &mail);
        assert!(!mail.text.contains("suspended"), "{name}: {}", mail.text);
        assert!(mail.html.contains("<h1"), "{name}");
        let two = sent_after(&[notification.clone(), notification], 3).unwrap();
        assert_harmless(&name, &two);
    }
}

#[test]
fn where_lines_may_stop_operators_read_of_emergency_calls() {
    for notification in [
        low(),
        overdrawn(),
        own_balance(),
        enforced(spending(), Outcome::Verified),
    ] {
        let mail = sent_after(&[notification], 3).unwrap();
        let words = unwrapped(&mail);
        assert!(words.contains("emergency calls may not go through"), "{words}");
    }
}

#[test]
fn a_spend_alert_always_says_what_to_do_in_the_portal() {
    for transition in [
        Transition::Fired { relapse: false },
        Transition::Fired { relapse: true },
        Transition::Repeated { repeat: 1 },
        Transition::ClientDue,
    ] {
        let mail = sent_after(&[with(spending(), transition)], 3).unwrap();
        assert!(mail.text.contains("In the VoIP.ms portal"), "{}", mail.text);
    }
    for outcome in every_outcome() {
        let mail = sent_after(&[enforced(spending(), outcome)], 3).unwrap();
        assert!(mail.text.contains("In the VoIP.ms portal"), "{}", mail.text);
    }
}

#[test]
fn clients_read_no_jargon_and_nothing_that_is_not_theirs() {
    let jargon = [
        "561115",
        "low-balance",
        "overdrawn",
        "fraud",
        "blind",
        "policy",
        "Policy",
        "threshold",
        "HARD",
        "SOFT",
        "main",
        "balancewatch",
        "sweep",
        "alert",
        "VoIP.ms",
        "API",
        "episode",
    ];
    for (name, notification) in everything() {
        let told = sent_after(&[to_client(notification.clone())], 3);
        let not_theirs = matches!(
            notification.transition,
            Transition::Withdrawn { .. } | Transition::Enforced { .. }
        ) || notification.client.is_pseudo();
        assert_eq!(told.is_err(), not_theirs, "{name}");
        let Ok(mail) = told else { continue };
        assert_harmless(&name, &mail);
        for word in jargon {
            let found = [&mail.subject, &mail.text, &mail.html]
                .iter()
                .any(|part| part.contains(word));
            assert!(!found, "{name}: `{word}` in {}", mail.text);
        }
    }
    let two = [to_client(low()), to_client(overdrawn())];
    assert_eq!(sent_after(&two, 3), Err(Unwritten::NotForClients), "a summary");
}

#[test]
fn an_empty_message_is_no_mail() {
    let letter = write(&message(&[low()]), &[], &letterhead(), decided());
    assert_eq!(letter.unwrap_err(), Unwritten::Empty);
}

#[test]
fn a_client_without_a_name_is_greeted_without_its_id() {
    let mut notification = to_client(low());
    notification.facts.label = "561115".to_owned();
    let mail = sent_after(&[notification], 3).unwrap();
    assert!(mail.text.starts_with("Hello,\n"), "{}", mail.text);
}

#[test]
fn hostile_names_harm_neither_subject_nor_page() {
    for text in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "Acme\r\nBcc: everybody@example.com\r\n\r\n<b>body</b>",
        "Acme\u{2028}\u{202e}cba\0",
        "{{ letter.subject }} {% include \"x\" %}",
        "`</code><script>`",
    ] {
        for (name, mut notification) in everything() {
            spoil(&mut notification, text);
            for notification in [notification.clone(), to_client(notification)] {
                if let Ok(mail) = sent_after(&[notification], 3) {
                    assert_harmless(&name, &mail);
                    assert!(!mail.html.contains("<img") && !mail.html.contains("<b>"), "{name}");
                    assert!(!mail.subject.contains("\nBcc"), "{name}");
                }
            }
        }
    }
}

#[test]
fn a_password_field_is_never_shown() {
    let fields = vec![FieldDifference {
        field: "password".to_owned(),
        expected: "hunter2".to_owned(),
        found: "hunter3".to_owned(),
    }];
    let mail = sent_after(&[enforced(low(), Outcome::Differs { fields })], 3).unwrap();
    assert!(
        !mail.text.contains("hunter") && !mail.html.contains("hunter"),
        "{}",
        mail.text
    );
}

fn any_notification() -> impl Strategy<Value = (usize, String)> {
    (any::<usize>(), "\\PC{0,200}|[\\x00-\\x1f<>&\"'`]{0,40}")
}

proptest! {
    #[test]
    fn no_text_from_outside_breaks_a_mail((which, text) in any_notification()) {
        let all = everything();
        let (name, mut notification) = all[which % all.len()].clone();
        spoil(&mut notification, &text);
        let mail = sent_after(&[notification.clone()], 3).unwrap();
        assert_harmless(&name, &mail);
        let own_tags = sent_after(&[all[which % all.len()].1.clone()], 3).unwrap();
        // The same page with another name has the same tags, but for commands between backticks and empty rows.
        let tags = |mail: &Mail| mail.html.matches("<table").count();
        prop_assert!(tags(&mail) == tags(&own_tags));
        let client = sent_after(&[to_client(notification)], 3);
        if let Ok(mail) = client {
            assert_harmless(&name, &mail);
        }
    }
}
