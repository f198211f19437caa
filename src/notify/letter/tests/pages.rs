//! How large mails are, and what their pages need for a phone and for the dark.

use super::*;

/// Largest summary in bytes, text and HTML together.
const LARGEST: usize = 60_000;

fn fleet(number: u32, label: &str, policy_name: &str) -> Vec<Notification> {
    let alert = |index: u32| {
        let severe = index.is_multiple_of(50);
        let mut notification = if severe { overdrawn() } else { low() };
        notification.client = ClientId::new(&(9_000_000_000_u64 + u64::from(index)).to_string()).unwrap();
        label.clone_into(&mut notification.facts.label);
        if !severe {
            notification.policy = PolicyName::new(policy_name).unwrap();
        }
        notification
    };
    (0..number).map(alert).collect()
}

#[test]
fn a_summary_of_five_thousand_clients_stays_below_60_kb() {
    let long_policy = "p".repeat(64);
    for (name, label, policy) in [
        ("usual", "Consulting & Sons Ltd", "low-balance"),
        ("widest", &"漢".repeat(200), &long_policy),
        ("most escaped", &"<&\"'>".repeat(40), &long_policy),
    ] {
        let mail = sent_after(&fleet(5_000, label, policy), 3).unwrap();
        let size = mail.text.len() + mail.html.len();
        assert!(size < LARGEST, "{name}: {size}");
        let more = format!("and 4900 more: 4900 {policy}");
        let words = unwrapped(&mail);
        assert!(
            words.contains(&more) && words.contains("`balancewatch alerts` lists them all"),
            "{name}: {words}"
        );
        assert_eq!(
            words.matches(" overdrawn").count(),
            100,
            "{name}: the most severe have the rows"
        );
    }
}

#[test]
fn a_summary_reads_on_a_phone_and_text_says_the_same() {
    let mut many = vec![low(), overdrawn(), silence(), spending()];
    many[2].client = ClientId::new("561116").unwrap();
    let mail = sent_after(&many, 3).unwrap();
    // Two columns: what else there is to a client stands below its name.
    assert_eq!(mail.html.matches("<th ").count(), 2, "{}", mail.html);
    for row in [
        "<td valign=\"top\">Consulting (561115)<br><small class=\"g\" style=\"color:#667085;\">limit 0.00 · overdrawn</small></td><td valign=\"top\" align=\"right\" nowrap>-2.31 USD</td>",
        "limit 120.50 of 50.00 · fraud",
        "<small class=\"g\" style=\"color:#667085;\">blind</small></td><td valign=\"top\" align=\"right\" nowrap>not read</td>",
    ] {
        assert!(mail.html.contains(row), "{row} in {}", mail.html);
    }
    for part in ["0.00  overdrawn", "120.50 of 50.00  fraud", "blind"] {
        assert!(mail.text.contains(part), "{part} in {}", mail.text);
    }
}

#[test]
fn every_page_has_its_dark_colours_and_loads_nothing() {
    let summary = sent_after(&[low(), overdrawn()], 3).unwrap();
    let client = sent_after(&[to_client(low())], 3).unwrap();
    for mail in [summary, client, sent_after(&[low()], 3).unwrap()] {
        for part in [
            "<meta name=\"color-scheme\" content=\"light dark\">",
            "@media (prefers-color-scheme:dark)",
            "<meta name=\"viewport\"",
        ] {
            assert!(mail.html.contains(part), "{part}");
        }
        for part in ["src=", "url(", "@import", "<link", "<script", "<img", "http"] {
            assert!(!mail.html.contains(part), "{part} in {}", mail.html);
        }
    }
}

#[test]
fn very_long_values_are_cut_or_broken() {
    let word = "x".repeat(2_000);
    for mut notification in [low(), to_client(low()), account(), spending()] {
        notification.facts.label.clone_from(&word);
        notification.facts.enforcement = Some(word.clone());
        let mail = sent_after(&[notification], 3).unwrap();
        assert!(mail.subject.chars().count() <= 150, "{}", mail.subject);
        assert!(mail.text.len() < 5_000 && mail.html.len() < 20_000);
        assert!(mail.html.contains(".w{overflow-wrap:anywhere}"));
    }
}

#[test]
fn a_name_from_right_to_left_keeps_its_numbers_beside_it() {
    let name = "שלום תקשורת";
    for (label, shown) in [
        (name.to_owned(), format!("\u{2068}{name}\u{2069}")),
        (
            format!("\u{202e}{name}\u{2068}\u{2067}"),
            format!("\u{2068}{name}\u{2069}"),
        ),
        ("\u{2068}Consulting".to_owned(), "Consulting".to_owned()),
    ] {
        let mut notification = low();
        notification.facts.label = label;
        let operator = sent_after(&[notification.clone()], 3).unwrap();
        let beginning = format!("WARNING: {shown} (561115) has 8.0588 USD left");
        assert!(operator.subject.starts_with(&beginning), "{:?}", operator.subject);
        let client = sent_after(&[to_client(notification.clone())], 3).unwrap();
        assert!(
            client.text.starts_with(&format!("Hello {shown},\n")),
            "{:?}",
            client.text
        );
        let two = sent_after(&[notification.clone(), overdrawn()], 3).unwrap();
        assert!(two.text.contains(&format!("  {shown} (561115)  ")), "{:?}", two.text);
    }
}
