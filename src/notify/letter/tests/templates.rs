//! Texts of the reseller's own: which mail takes which, what they may say, and that none breaks a mail.

use std::sync::Arc;

use proptest::prelude::{any, prop_assert, proptest};

use super::super::Letter;
use super::super::templates::{Fault, NAMES, Source, Templates};
use super::*;
use crate::domain::{Language, Languages};

fn policies() -> Vec<PolicyName> {
    ["low-balance", "overdrawn"]
        .map(|name| PolicyName::new(name).unwrap())
        .to_vec()
}

fn read(files: &[(&str, &str)]) -> (Templates, Vec<Fault>) {
    let source = |(name, text): &(&str, &str)| Source {
        name: (*name).to_owned(),
        text: (*text).to_owned(),
    };
    let sources: Vec<Source> = files.iter().map(source).collect();
    Templates::read(&sources, &policies())
}

/// The letter with these files, in this language.
fn written(files: &[(&str, &str)], language: Language, notifications: &[Notification]) -> Letter {
    let (templates, faults) = read(files);
    assert_eq!(faults, []);
    let letterhead = Letterhead {
        links: None,
        templates: Some(Arc::new(templates)),
        languages: Languages {
            default: language,
            rules: Vec::new(),
        },
        pay_url: Some("https://pay.example.com/".to_owned()),
        ..letterhead()
    };
    write(&message(notifications), notifications, &letterhead, decided()).unwrap()
}

fn english(files: &[(&str, &str)], notification: Notification) -> Letter {
    written(files, Language::English, &[notification])
}

#[test]
fn a_policy_s_own_text_goes_before_that_of_any_policy_and_that_before_the_shipped_one() {
    let own = ("en/low-balance.fired.client.txt", "Subject: own");
    let any = ("en/fired.client.txt", "Subject: any");
    let ops = ("en/fired.operator.txt", "Subject: ops");
    let french = ("fr/fired.client.txt", "Subject: français");
    let shipped = "Your phone balance is low: 8.0588 USD left";
    let overdrawn_shipped = "Your phone balance is used up: -2.31 USD";
    let client = to_client(low());
    for (name, files, notification, expected) in [
        ("its own", &[any, own][..], client.clone(), "own"),
        ("any policy's", &[any], client.clone(), "any"),
        ("another policy", &[own], to_client(overdrawn()), overdrawn_shipped),
        ("another language", &[french], client.clone(), shipped),
        ("other readers", &[ops], client.clone(), shipped),
        ("operators", &[any, ops], low(), "ops"),
        (
            "that the client had to wait",
            &[own],
            with(client.clone(), Transition::ClientDue),
            "own",
        ),
        (
            "another word",
            &[own],
            with(client, Transition::Repeated { repeat: 1 }),
            "Reminder: your phone balance is still low: 8.0588 USD left",
        ),
    ] {
        let letter = english(files, notification);
        assert_eq!(letter.subject, expected, "{name}");
        assert_eq!(letter.own_text.is_some(), expected.len() < 10, "{name}");
    }
    let french = written(&[french, any], Language::French, &[to_client(low())]);
    assert_eq!(french.subject, "français");
    let summary = ("en/summary.operator.txt", "Headline: {{ count }} of them");
    let letter = written(&[summary], Language::English, &[low(), overdrawn()]);
    assert_eq!((letter.headline.as_str(), letter.table.is_some()), ("2 of them", true));
}

#[test]
fn a_text_is_cut_into_subject_headline_paragraphs_and_steps_and_the_numbers_stay() {
    let text = "Subject: {{ name }}: {{ balance }} left\nHeadline: Only {{ balance }} left\n\nBelow\n  {{ limit }}.\n\n\
                {% if reminder %}Again.{% endif %}\n\nRead {{ read_at }}.\n\n- Pay at\n  {{ pay_url }}\n- Or call\n";
    let letter = written(&[("fr/fired.client.txt", text)], Language::French, &[to_client(low())]);
    assert_eq!(letter.subject, "Consulting: 8,0588 USD left");
    assert_eq!(letter.headline, "Only 8,0588 USD left");
    assert_eq!(
        letter.paragraphs,
        ["Below 10,00 USD.", "Read à l’instant (10 h 14 EST)."]
    );
    assert_eq!(letter.steps, ["Pay at https://pay.example.com/", "Or call"]);
    let shipped = written(&[], Language::French, &[to_client(low())]);
    assert_eq!(letter.facts, shipped.facts);
    assert_eq!(
        (&letter.greeting, &letter.signature),
        (&shipped.greeting, &shipped.signature)
    );
    let only_subject = english(&[("en/fired.client.txt", "Subject: x")], to_client(low()));
    let shipped = english(&[], to_client(low()));
    assert_eq!(only_subject.paragraphs, shipped.paragraphs);
    let around = "Dear customer,\n\n{% for paragraph in paragraphs %}{{ paragraph }}\n\n{% endfor %}{% for step in steps %}- {{ step }}\n{% endfor %}";
    let letter = english(&[("en/fired.client.txt", around)], to_client(low()));
    assert_eq!(letter.paragraphs[1..], shipped.paragraphs);
    assert_eq!(letter.steps, shipped.steps);
}

#[test]
fn what_else_is_told_in_the_same_mail_is_told_with_an_own_text_too() {
    let files = &[("en/overdrawn.fired.client.txt", "All is gone.")];
    let (templates, _) = read(files);
    let letterhead = Letterhead {
        links: None,
        templates: Some(Arc::new(templates)),
        ..letterhead()
    };
    let both = [to_client(overdrawn()), to_client(spending())];
    let single = Message {
        kind: MessageKind::Single,
        ..message(&both)
    };
    let letter = write(&single, &both, &letterhead, decided()).unwrap();
    assert_eq!(
        letter.paragraphs,
        ["All is gone.", "Your phones have used 120.50 USD today."]
    );
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_line() {
    let long = "x".repeat(70_000);
    for (name, text, line, what, meant) in [
        (
            "en/fird.client.txt",
            "x",
            None,
            "is about nothing that clients are told",
            Some("fired"),
        ),
        ("en/fired.clients.txt", "x", None, "is for nobody", Some("client")),
        (
            "en/withdrawn.client.txt",
            "x",
            None,
            "is about nothing that clients are told",
            None,
        ),
        (
            "en/low.fired.client.txt",
            "x",
            None,
            "is for a policy that is not there",
            Some("low-balance"),
        ),
        ("en/fired.txt", "x", None, "is no name such as", None),
        ("en/a.b.c.d.txt", "x", None, "is no name such as", None),
        ("en/fired.client.md", "x", None, "is no name such as", None),
        (
            "de/fired.client.txt",
            "x",
            None,
            "is in no folder of a language",
            Some("en"),
        ),
        ("fr/fired.operator.txt", "x", None, "is never used", None),
        ("en/fired.client.txt", "", None, "is empty", None),
        ("en/fired.client.txt", &long, None, "is larger than", None),
        (
            "en/fired.client.txt",
            "Subject: a\nSubject: b",
            Some(2),
            "gives the subject twice",
            None,
        ),
        (
            "en/fired.client.txt",
            "Subjct: a",
            Some(1),
            "is neither",
            Some("Subject"),
        ),
        (
            "en/fired.client.txt",
            "Subject: a\n\nb\n{{ balnce }}",
            Some(4),
            "there is no value `balnce`",
            Some("balance"),
        ),
        (
            "en/fired.client.txt",
            "{% if balnce %}a{% endif %}",
            Some(1),
            "there is no value `balnce`",
            Some("balance"),
        ),
        (
            "en/fired.client.txt",
            "{{ enforcement }}",
            Some(1),
            "is not for clients",
            None,
        ),
        (
            "en/fired.client.txt",
            "a\n{{ balance",
            Some(2),
            "unexpected end of input",
            None,
        ),
        (
            "en/fired.client.txt",
            "{% include 'x' %}",
            Some(1),
            "unknown statement",
            None,
        ),
    ] {
        let (_, faults) = read(&[(name, text)]);
        let [fault] = &faults[..] else {
            panic!("{name}: {text}: {faults:?}")
        };
        assert_eq!(fault.line, line, "{name}: {text}");
        assert!(fault.what.contains(what), "{name}: {fault}");
        if let Some(meant) = meant {
            assert!(
                fault.known.iter().any(|known| known.eq_ignore_ascii_case(meant)),
                "{name}: {fault:?}"
            );
        }
    }
}

#[test]
fn a_text_that_fails_leaves_the_shipped_one_and_says_so() {
    for (name, text) in [
        ("a list", "{{ contact }}"),
        ("nothing", "{% if reminder %}x{% endif %}"),
        ("an empty subject", "Subject: {{ runbook_url }}"),
        ("no such filter", "{{ name|lowr }}"),
        ("no such part", "{{ name.first }}"),
        ("too long", "{% for i in range(40) %}x\n\n{% endfor %}"),
        (
            "for ever",
            "{% for i in range(9000) %}{% for j in range(9000) %}x{% endfor %}{% endfor %}",
        ),
    ] {
        let letter = english(&[("en/fired.operator.txt", text)], low());
        let shipped = english(&[], low());
        assert_eq!(letter.to_mail(), shipped.to_mail(), "{name}");
        assert!(letter.trouble.is_some() && letter.own_text.is_none(), "{name}");
    }
}

proptest! {
    /// Whatever a name holds, a text that shows it everywhere breaks no header, page or sentence.
    #[test]
    fn names_in_own_texts_are_harmless(label in any::<String>()) {
        let text = "Subject: {{ name }}\nHeadline: {{ name }}{{ name }}\n\n{{ name }}\n\n- {{ name }} {{ headline }}\n\n.";
        let mut notification = to_client(low());
        notification.facts.label = label;
        let letter = english(&[("en/fired.client.txt", text)], notification);
        let mail = letter.to_mail();
        prop_assert!(!mail.subject.contains(char::is_control));
        prop_assert!(mail.text.chars().all(|c| c == '\n' || !c.is_control()));
        prop_assert!(!mail.html.contains("<script"));
        prop_assert!(letter.facts.len() == 2);
    }

    /// Any text is refused or used; none breaks a mail or ends the program.
    #[test]
    fn any_text_is_used_or_refused(text in "(\\{\\{|\\}\\}|\\{%|%\\}|[a-z |.<>\n:-]|Subject: |name){0,40}") {
        let (templates, _) = read(&[("en/fired.client.txt", &text)]);
        let letterhead = Letterhead { templates: Some(Arc::new(templates)), ..letterhead() };
        let told = [to_client(low())];
        let mail = write(&message(&told), &told, &letterhead, decided()).unwrap().to_mail();
        prop_assert!(!mail.subject.is_empty() && !mail.subject.contains(char::is_control));
        prop_assert!(mail.html.matches('<').count() == mail.html.matches('>').count());
    }
}

#[test]
fn a_subject_of_nothing_but_angles_is_none_and_the_shipped_one_stands() {
    for subject in ["<", "<>", "> <"] {
        let (templates, _) = read(&[("en/fired.client.txt", &format!("Subject: {subject}"))]);
        let letterhead = Letterhead {
            templates: Some(Arc::new(templates)),
            ..letterhead()
        };
        let told = [to_client(low())];
        let mail = write(&message(&told), &told, &letterhead, decided()).unwrap().to_mail();
        assert_eq!(mail.subject, "Your phone balance is low: 8.0588 USD left", "{subject}");
    }
}

#[test]
fn every_value_is_given_and_stands_in_the_docs() {
    let all: Vec<String> = NAMES
        .iter()
        .map(|row| match row.name {
            "contact" | "paragraphs" | "steps" => format!("{{{{ {}|join(' ') }}}}.", row.name),
            name => format!("{{{{ {name} }}}}."),
        })
        .collect();
    let letter = english(&[("en/fired.operator.txt", &all.join("\n"))], low());
    assert_eq!(letter.trouble, None);
    let docs = include_str!("../../../../config/ON-CALL.md");
    for row in NAMES {
        let line = format!(
            "| `{}` | {} | {} |",
            row.name,
            if row.for_clients { "both" } else { "operators" },
            row.meaning
        );
        assert!(docs.contains(&line), "{line}");
    }
}
