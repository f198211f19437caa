//! Texts for people, read as a careful person would: the subject, the row that names the policy, tables of clients, and what is said
//! of other policies besides.

use super::{Spoken, Word};
use crate::domain::account_alert::AccountAlert;

/// What an operator's text says of something that fired before.
const GOES_ON: &str = "It fires since ";

/// How sentences end that name another policy of the same client, behind its severity.
const BESIDES: [(&str, Word); 3] = [
    (") is over as well.", Word::Ends),
    (") was withdrawn, because ", Word::Ends),
    (") fires as well: ", Word::Fires),
];

/// Whether a mail is one to operators, by its signature.
pub(super) fn is_to_operators(text: &str) -> bool {
    text.contains("\n-- \nbalancewatch")
}

/// How a text ends that was cut because its channel takes no longer one.
const CUT: &str = "\n…";

/// Whether a text says of itself that it leaves something out: a table counts the rest, or the text was cut.
pub(super) fn leaves_out(text: &str) -> bool {
    let counts_the_rest = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().take(3).collect();
        matches!(*words, ["and", number, "more:"] if number.parse::<u32>().is_ok())
    };
    text.ends_with(CUT) || text.lines().any(counts_the_rest)
}

/// The lines of a text that are whole: of one that was cut, all but the last.
pub(super) fn whole_lines(text: &str) -> &str {
    let cut = text.strip_suffix(CUT);
    cut.map_or(text, |cut| cut.rsplit_once('\n').unwrap_or_default().0)
}

/// What a text to operators says.
pub(super) fn to_operators(subject: &str, text: &str) -> Vec<Spoken> {
    let plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if is_about_many(subject) {
        return rows(text);
    }
    let Some(policy) = policy(text) else {
        return Vec::new();
    };
    let client = client(&policy, subject, &plain);
    let lead = Spoken {
        client: client.clone(),
        policy,
        word: word(subject, &plain),
    };
    let others = besides(&plain).into_iter().map(|(policy, word)| Spoken {
        client: client.clone(),
        policy,
        word,
    });
    std::iter::once(lead).chain(others).collect()
}

/// What a mail to a client says. It names no policy.
pub(super) fn to_client(client: &str, subject: &str) -> Spoken {
    let is_good = ["again", "above the new level at which we tell you"];
    let word = if is_good.iter().any(|end| subject.ends_with(end)) {
        Word::Ends
    } else if subject.starts_with("Reminder") {
        Word::Fires
    } else {
        Word::Begins
    };
    Spoken {
        client: client.to_owned(),
        policy: String::new(),
        word,
    }
}

/// By the words before the first colon.
fn word(subject: &str, plain: &str) -> Word {
    let head = subject.split(':').next().unwrap_or_default();
    match head.split(',').next().unwrap_or_default() {
        "RESOLVED" | "WITHDRAWN" => Word::Ends,
        "INFO" | "WARNING" | "CRITICAL" if plain.contains(GOES_ON) => Word::Fires,
        "INFO" | "WARNING" | "CRITICAL" => Word::Begins,
        _ => Word::Else,
    }
}

/// `3 clients of account main need a look`, also those that still do.
fn is_about_many(subject: &str) -> bool {
    subject.split_once(" of account ").is_some_and(|(_, rest)| {
        let mut words = rest.split_whitespace().skip(1).filter(|word| *word != "still");
        matches!(words.next(), Some("need" | "needs")) && words.next() == Some("a")
    })
}

/// The row `Policy`, as mails, Slack and ntfy have it: `low-balance (warning)`.
fn policy(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let line = line.trim_start();
        let value = ["Policy ", "*Policy:* ", "Policy: "]
            .iter()
            .find_map(|label| line.strip_prefix(label))?;
        let (policy, severity) = value.trim().split_once(" (")?;
        (severity.ends_with(')') && is_name(policy)).then(|| policy.to_owned())
    })
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(fits)
}

/// Whom a text about one alert is about.
fn client(policy: &str, subject: &str, plain: &str) -> String {
    if AccountAlert::of(policy).is_some() {
        return "account".to_owned();
    }
    let explained = plain.split_once("`balancewatch explain ").map(|(_, rest)| rest);
    let explained = explained.and_then(|rest| rest.split('`').next());
    let named = explained.filter(|id| is_id(id)).or_else(|| id_in(subject));
    named.unwrap_or("reseller").to_owned()
}

fn is_id(text: &str) -> bool {
    text.len() >= 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The id of `Consulting (561115)` or `client 561115`.
fn id_in(text: &str) -> Option<&str> {
    let mut in_brackets = text.split('(').skip(1).filter_map(|rest| rest.split(')').next());
    let bare = text.split("client ").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest.get(..end)
    });
    in_brackets
        .find(|id| is_id(id))
        .or_else(|| bare.into_iter().find(|id| is_id(id)))
}

/// Other policies of the same client.
fn besides(plain: &str) -> Vec<(String, Word)> {
    let mut found = Vec::new();
    for (end, word) in BESIDES {
        for (at, _) in plain.match_indices(end) {
            let policy = plain[..at].rsplit_once(" (").map(|(before, _)| before);
            let policy = policy.and_then(|before| before.split_whitespace().next_back());
            found.extend(
                policy
                    .filter(|policy| is_name(policy))
                    .map(|policy| (policy.to_owned(), word)),
            );
        }
    }
    found
}

/// The rows of a table of clients: in columns, or with commas between.
fn rows(text: &str) -> Vec<Spoken> {
    text.lines().filter_map(row).collect()
}

fn row(line: &str) -> Option<Spoken> {
    let line = line.trim();
    let cells: Vec<&str> = if line.contains("  ") {
        line.split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .collect()
    } else {
        line.split(", ").collect()
    };
    let policy = cells.last().copied().filter(|cell| cells.len() >= 3 && is_name(cell))?;
    let client = if line.starts_with("your own account") {
        "reseller"
    } else if line.starts_with("account ") {
        "account"
    } else {
        let bare = line.split([' ', ',']).next().filter(|word| is_id(word));
        id_in(line).or(bare)?
    };
    Some(Spoken {
        client: client.to_owned(),
        policy: policy.to_owned(),
        word: Word::Fires,
    })
}

#[cfg(test)]
mod tests {
    use super::{Word, is_about_many, leaves_out, to_client, to_operators, whole_lines};

    /// Client, policy and word of each alert that a text tells of.
    fn read(subject: &str, text: &str) -> Vec<(String, String, Word)> {
        let spoken = to_operators(subject, text).into_iter();
        spoken
            .map(|spoken| (spoken.client, spoken.policy, spoken.word))
            .collect()
    }

    fn one(client: &str, policy: &str, word: Word) -> (String, String, Word) {
        (client.to_owned(), policy.to_owned(), word)
    }

    #[test]
    fn texts_to_operators_are_read() {
        let low = "WARNING: Consulting (561115) has 8.0588 USD left, below its threshold of 10.00 USD";
        let facts = "  Policy            low-balance (warning)\n  Account           main\n";
        let again = format!("It fires since 10:14 EST, for 2 hours now.\n{facts}");
        let besides = format!(
            "overdrawn (critical) fires as well: the\nbalance is low. fraud (critical) is over as well.\n{facts}"
        );
        let low_balance = |word| one("561115", "low-balance", word);
        for (name, subject, text, expected) in [
            ("it begins", low, facts, vec![low_balance(Word::Begins)]),
            ("it goes on", low, &again, vec![low_balance(Word::Fires)]),
            (
                "others",
                low,
                &besides,
                vec![
                    low_balance(Word::Begins),
                    one("561115", "fraud", Word::Ends),
                    one("561115", "overdrawn", Word::Fires),
                ],
            ),
            (
                "an end",
                "RESOLVED: client 561115 has 25.00 USD again",
                "*Policy:* low-balance (warning)",
                vec![low_balance(Word::Ends)],
            ),
            (
                "a change",
                "CHANGED: Consulting (561115) is set to HARD",
                "Policy: fraud (critical)",
                vec![one("561115", "fraud", Word::Else)],
            ),
            (
                "the account, whoever is named in it",
                "CRITICAL: a message will never arrive: the one about Consulting (561115)",
                "Policy: dead-letter (critical)",
                vec![one("account", "dead-letter", Word::Begins)],
            ),
            (
                "the reseller",
                "CRITICAL: your own VoIP.ms balance (main) is 43.10 USD, below 50.00 USD",
                "Policy   own-balance (critical)",
                vec![one("reseller", "own-balance", Word::Begins)],
            ),
            ("a digest", "Digest: 3 clients", "nothing", vec![]),
        ] {
            assert_eq!(read(subject, text), expected, "{name}");
        }
    }

    #[test]
    fn tables_are_read_in_columns_and_with_commas() {
        let subject = "CRITICAL, summary: 2 clients of account main need a look, the lowest has -2.31 USD";
        assert!(is_about_many(subject));
        assert!(is_about_many("WARNING: 3 clients of account main still need a look"));
        assert!(!is_about_many(
            "RESOLVED: the clients of account main are watched again"
        ));
        let columns = "  Client              Balance  Limit  Policy\n  Long na… (561115)  -2.31 USD   0.00  overdrawn\n  \
                       561116              not read         blind\n";
        let commas = "Long na… (561115), -2.31 USD, 0.00, overdrawn\n561116, not read, , blind\nThe balances were read just now.";
        for text in [columns, commas] {
            let expected = [
                one("561115", "overdrawn", Word::Fires),
                one("561116", "blind", Word::Fires),
            ];
            assert_eq!(read(subject, text), expected);
        }
    }

    #[test]
    fn a_text_says_that_it_leaves_something_out() {
        for (text, is_it, whole) in [
            ("561115, overdrawn\n561116, low-bal\n…", true, "561115, overdrawn"),
            ("561115, low-bal\n…", true, ""),
            (
                "  561115  overdrawn\n  and 2 more: 2 blind\n",
                true,
                "  561115  overdrawn\n  and 2 more: 2 blind\n",
            ),
            ("and some more: of it", false, "and some more: of it"),
            ("Long na… (561115), overdrawn", false, "Long na… (561115), overdrawn"),
        ] {
            assert_eq!((leaves_out(text), whole_lines(text)), (is_it, whole), "{text}");
        }
    }

    #[test]
    fn mails_to_clients_begin_go_on_and_end() {
        for (subject, expected) in [
            ("Your phone balance is low: 8.06 USD left", Word::Begins),
            ("Reminder: your phone balance is still low: 8.06 USD left", Word::Fires),
            ("Your phone balance is 25.00 USD again", Word::Ends),
            ("Your phones use less again", Word::Ends),
        ] {
            assert_eq!(to_client("561115", subject).word, expected, "{subject}");
        }
    }
}
