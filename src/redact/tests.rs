//! What is taken out of foreign text, and what is left.

use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assume, prop_oneof, proptest};

use super::{LONGEST_CHARS, NOT_SHOWN, Redactor, is_unprintable, one_line};

const SECRET: &str = "p&ss w/\"'rd";

#[test]
fn no_form_of_a_secret_is_kept() {
    let redactor = Redactor::new(&[SECRET, ""]);
    let long = "x".repeat(78);
    for (name, text, kept) in [
        ("as it is", "no method for p&ss w/\"'rd, sorry", "no method for ***"),
        ("in another case", "P&SS W/\"'RD", NOT_SHOWN),
        ("in a query", "see ?api_password=p%26ss%20w%2F%22%27rd&", "see ***"),
        ("in a query, blanks as plus", "see ?p=p%26ss+w%2f%22%27rd&", "see ***"),
        ("in a query, only some of it", "see p%26s%73+w/\"'rd", "see ***"),
        ("in a page", "<p> p&amp;ss w/&quot;&#039;rd</p>", "<p> ***"),
        ("in a page, other quote", "<p> p&amp;ss w/&quot;&#x27;rd</p>", "<p> ***"),
        ("in JSON", r#"{"message": "p&ss w\/\"'rd"}"#, r#"{"message": ***"#),
        (
            "in JSON, all escaped",
            r#"it is \u0070\u0026ss w\/\u0022\u0027rd"#,
            "it is ***",
        ),
        ("in JSON within JSON", r#"it is p&ss w\\\/\\\"'rd"#, "it is ***"),
        ("in JSON within a query", "it is p%26ss+w%5C%2F%5C%22%27rd", "it is ***"),
        ("in hexadecimal", "it is 70267373 20772F22 277264", "it is ***"),
        ("in base64", "it is cCZzcyB3LyIncmQ=", "it is ***"),
        ("as AUTH PLAIN says it", "334 AGFsZXJ0cwBwJnNzIHcvIidyZA==", "334 ***"),
        ("broken over two lines", "it is p&ss w\r\n/\"'rd", "it is ***"),
        ("broken off within it", "it is p&ss", "it is ***"),
        ("broken off within a form of it", "<p> p&amp;ss w/&qu", "<p> ***"),
        ("half of it", "half w/\"'rd", "half ***"),
        (
            "across the end of what is kept",
            &format!("{long} p&ss w/\"'rd"),
            &format!("{long} ***"),
        ),
        ("far behind", &format!("{long}xxx p&ss w/\"'rd"), &format!("{long}x…")),
        (
            "behind blanks",
            &format!("a{}p&ss w/\"'rd", " ".repeat(100_000)),
            "a ***",
        ),
        ("nothing of it", "hardly p&s", "hardly p&s"),
    ] {
        assert_eq!(redactor.excerpt(text), kept, "{name}");
    }
}

#[test]
fn unusual_secrets_are_found() {
    let redactor = Redactor::new(&["a*b~c \u{1f511}\u{3a3}d"]);
    for text in [
        "it is a*b~c \u{1f511}\u{3a3}dx",
        "it is a*b%7Ec+%F0%9F%94%91%CE%A3d",
        r"it is a*b~c \ud83d\udd11\u03a3d",
        "it is a*b~c &#128273;&Sigma;d",
        "it is a*b~c ??\u{fffd}",
    ] {
        assert_eq!(redactor.excerpt(text), "it is ***", "{text}");
    }
    for (secret, text) in [("a%41b&lt;c", "it is aab%3Cc"), ("1234 5678", "it is 12345678")] {
        assert_eq!(Redactor::new(&[secret]).excerpt(text), "it is ***", "{secret}");
    }
}

#[test]
fn beside_a_secret_that_could_be_a_syllable_nothing_is_kept() {
    for secret in ["a", "abc", "é日本語", "    ", "++++"] {
        assert_eq!(Redactor::new(&[secret]).excerpt("any words"), NOT_SHOWN, "{secret}");
    }
    assert_eq!(Redactor::new(&["abcd"]).excerpt("any words"), "any words");
    assert_eq!(Redactor::new(&[]).excerpt("any words"), "any words");
}

#[test]
fn replies_keep_their_enhanced_code_and_first_words() {
    let redactor = Redactor::new(&["hunter22"]);
    for (name, text, kept) in [
        ("one line", "5.1.1 no such user", "5.1.1 no such user"),
        ("without an enhanced code", "no such user", "no such user"),
        ("with the code", "550 5.1.1 no such user", "5.1.1 no such user"),
        (
            "several lines",
            "550-5.7.1 unusual\r\n550 5.7.1 rate",
            "5.7.1 unusual rate",
        ),
        (
            "broken within a secret",
            "550-5.7.1 you said hunt\r\n550 5.7.1 er22!",
            "5.7.1 you said ***",
        ),
        ("an address", "192.0.2.1 is listed", "192.0.2.1 is listed"),
        ("nothing", "", ""),
    ] {
        assert_eq!(redactor.reply(text), kept, "{name}");
    }
}

#[test]
fn data_stay_as_they_are_but_for_secrets_that_are_no_words() {
    let redactor = Redactor::new(&["demo", "Api-S3cret-0815"]);
    for (text, kept) in [
        ("demo & Sons", "demo & Sons"),
        ("Api Secrets", "Api Secrets"),
        ("api-s3cret-0815", "***"),
        ("x Api%2DS3cret-0815 y", "***"),
    ] {
        assert_eq!(redactor.data(text.into()), kept);
    }
    assert!(redactor.finds("a demo"));
    assert!(!redactor.finds("a dem"));
}

#[test]
fn excerpts_are_short_harmless_and_one_line() {
    let redactor = Redactor::new(&[]);
    for (text, kept) in [
        ("a\nb\u{1b}[31m\u{202e}c", "a b [31m c"),
        ("<html>\r\n\t<p>Busy\u{1b}\n", "<html> <p>Busy"),
        (" \u{feff} ", ""),
        ("a\u{200d}b", "a\u{200d}b"),
    ] {
        assert_eq!(redactor.excerpt(text), kept);
    }
    let (fits, too_long) = ("é".repeat(LONGEST_CHARS), "é".repeat(LONGEST_CHARS + 1));
    assert_eq!(redactor.excerpt(&fits), fits);
    assert_eq!(redactor.excerpt(&too_long), "é".repeat(LONGEST_CHARS - 1) + "…");
    assert_eq!(one_line("123456 7", 7), "123456…");
    assert_eq!(one_line("123456 ", 6), "123456");
}

/// The ways in which servers write a text that they were sent.
const ENCODINGS: [fn(&str) -> String; 9] = [
    str::to_owned,
    str::to_uppercase,
    |text| text.bytes().map(|byte| format!("%{byte:02X}")).collect(),
    |text| {
        let url = crate::net::Url::parse_with_params("https://h", [("p", text)]).unwrap();
        url.query().unwrap_or_default().to_owned()
    },
    |text| {
        let json = serde_json::Value::from(text).to_string();
        json.replace('/', "\\/")
    },
    |text| text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect(),
    |text| text.chars().map(|char| format!("&#{};", u32::from(char))).collect(),
    |text| {
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        text.replace('"', "&quot;").replace('\'', "&#039;")
    },
    |text| text.bytes().map(|byte| format!("{byte:02x}")).collect(),
];

fn secrets() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{4,24}",
        "[a-zA-Z0-9]{4,16}",
        "[%&;#x0-9a-f\\\\u]{4,12}",
        any::<String>(),
        "[!-~]{60,120}",
    ]
}

fn contexts() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[ -~]{0,12}",
        "[a-z ]{60,90}",
        "[a-z]{40}[ \\r\\n\\t]{0,9}[a-z]{30,45}",
        any::<String>()
    ]
}

/// Without what the search takes no notice of.
fn bare(text: &str) -> String {
    text.chars()
        .filter(|char| char.is_ascii_graphic() && *char != '+')
        .collect::<String>()
        .to_ascii_lowercase()
}

proptest! {
    #[test]
    fn no_secret_survives_in_any_encoding(
        secret in secrets(), before in contexts(), after in contexts(),
        inner in 0..ENCODINGS.len(), outer in 0..ENCODINGS.len(), broken_at in 0..200_usize,
    ) {
        prop_assume!(!secret.is_empty());
        let written = ENCODINGS[outer](&ENCODINGS[inner](&secret));
        let (head, tail) = written.split_at(written.floor_char_boundary(broken_at));
        // A break within an escape is none that a server makes.
        let written = if inner + outer == 0 { format!("{head}\r\n{tail}") } else { written.clone() };
        let redactor = Redactor::new(&[&secret]);
        let kept = redactor.excerpt(&format!("{before}{written}{after}"));
        prop_assert!(kept.chars().count() <= LONGEST_CHARS + 4, "{kept}");
        prop_assert!(!kept.chars().any(is_unprintable), "{kept:?}");
        if kept == NOT_SHOWN {
            return Ok(());
        }
        let shown = bare(kept.strip_suffix(" ***").unwrap_or(&kept));
        let own = bare(&(before + "\n" + &after));
        for encoding in ENCODINGS {
            let form = bare(&encoding(&secret));
            // No more of it than a syllable, unless the text around it says the same.
            for piece in form.as_bytes().windows(12).filter(|_| secret.is_ascii()) {
                let piece = std::str::from_utf8(piece).unwrap();
                prop_assert!(!shown.contains(piece) || own.contains(piece), "{piece} of {secret:?} is in {kept:?}");
            }
            let is_whole = form.len() >= 4 && shown.contains(&form);
            prop_assert!(!is_whole || own.contains(&form), "{secret:?} is in {kept:?}");
        }
    }

    #[test]
    fn a_secret_in_base64_does_not_survive(before in "[a-z]{0,9}", secret in "[!-~]{6,40}", after in "[a-z]{0,9}") {
        let blob = base64(format!("{before}\0{secret}{after}").as_bytes());
        let kept = Redactor::new(&[&secret]).excerpt(&format!("334 not {blob}"));
        prop_assert!(kept == "334 not ***" || kept == NOT_SHOWN || kept == "334 ***" || kept == "***", "{kept}");
    }

    #[test]
    fn no_text_makes_it_panic(secret in any::<String>(), text in any::<String>()) {
        let redactor = Redactor::new(&[&secret]);
        let _ = (redactor.excerpt(&text), redactor.reply(&text), redactor.finds(&text), redactor.data((&*text).into()));
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..=group.len() {
            text.push(char::from(LETTERS[(bits >> (18 - 6 * place) & 63) as usize]));
        }
    }
    text + &"=".repeat((3 - bytes.len() % 3) % 3)
}
