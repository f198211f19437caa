//! Each key: what it takes and what it refuses, on both sides of each bound.

use super::{load, problems, with};

/// Section, key, values that are taken, values that are refused and what the problem says.
pub type Row = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
);

pub const ROWS: &[Row] = &[
    (
        "account",
        "name",
        &["'a'", "'main-2'"],
        &[
            ("''", "is not a name"),
            ("'Main'", "is not a name"),
            ("'a_b'", "is not a name"),
            ("7", "is a whole number"),
        ],
    ),
    (
        "account",
        "url",
        &[
            "'https://voip.ms/api/v1/rest.php'",
            "'http://127.0.0.1:8080/api/v1/rest.php'",
            "'http://localhost/x'",
            "'http://[::1]:1/x'",
            "'http://127.8.9.10/x'",
        ],
        &[
            ("'http://voip.ms/api/v1/rest.php'", "is not encrypted"),
            ("'http://localhost.example.com/'", "is not encrypted"),
            ("'http://128.0.0.1/'", "is not encrypted"),
            ("'ftp://voip.ms/'", "is no web address"),
            ("'voip.ms'", "is not a URL"),
            ("'https://u:pw@voip.ms/'", "has a user or password in it"),
            ("'https://voip.ms/?a=b'", "has a query or fragment in it"),
            ("''", "is empty"),
            ("1", "is a whole number"),
        ],
    ),
    (
        "account",
        "username",
        &["'u'"],
        &[
            ("''", "is empty"),
            ("\"a\\nb\"", "has control characters"),
            ("true", "is true or false"),
        ],
    ),
    (
        "account",
        "password",
        &["'p'", "'00123'", "' '"],
        &[
            ("''", "is empty"),
            ("12345", "is a whole number"),
            ("\"a\\nb\"", "has control characters"),
        ],
    ),
    (
        "account",
        "rate_per_minute",
        &["1", "10000000"],
        &[
            ("0", "is out of range"),
            ("10000001", "is out of range"),
            ("-1", "is out of range"),
            ("'60'", "is a text"),
            ("1.5", "is a float"),
        ],
    ),
    (
        "account",
        "concurrency",
        &["1", "256"],
        &[
            ("0", "is out of range"),
            ("257", "is out of range"),
            ("[]", "is a list"),
        ],
    ),
    (
        "account",
        "transport",
        &["'multipart'", "'get'"],
        &[("'post'", "is not known"), ("'GET'", "is not known")],
    ),
    (
        "account",
        "currency",
        &["'USD'", "'12345678'"],
        &[("'123456789'", "is too long"), ("''", "is empty")],
    ),
    (
        "account",
        "own_balance_below",
        &["'0'", "'50.00'", "50"],
        &[
            ("'-0.01'", "is negative"),
            ("50.0", "is a float"),
            ("'$5'", "is not an amount"),
            ("''", "is not an amount"),
        ],
    ),
    (
        "mail",
        "reply_to",
        &[
            "'a@example.com'",
            "'Support 24/7 <a@example.com>'",
            "'\"Ü; x\" <a@example.com>'",
        ],
        &[
            ("'a@example.com, b@example.com'", "is not an e-mail address"),
            ("'n/a'", "is not an e-mail address"),
            ("\"a@example.com\\r\\nBcc: b@example.com\"", "has control characters"),
            ("''", "is empty"),
            ("['a@example.com']", "is a list"),
        ],
    ),
    (
        "mail",
        "pay_url",
        &[
            "'https://example.com/pay?a=b&c=d#e'",
            "'http://192.0.2.1:8080/'",
            "'mailto:billing@example.com?subject=Top-up'",
            "'HTTPS://example.com'",
            "'https://example.com/página'",
        ],
        &[
            ("'javascript:alert(1)'", "is neither a web address nor mailto"),
            ("'data:text/html,x'", "is neither a web address nor mailto"),
            ("'ftp://example.com/'", "is neither a web address nor mailto"),
            ("'example.com/pay'", "is not a URL"),
            ("'https://'", "is not a URL"),
            ("'mailto:'", "leads nowhere"),
            ("'mailto:nobody'", "leads nowhere"),
            ("'https://u:pw@example.com/'", "has a user or password in it"),
            ("'https://example.com/a b'", "has blanks"),
            ("'https://example.com/\"onclick=x'", "has blanks, quotes"),
            ("'https://example.com/<b>'", "has blanks, quotes or brackets"),
            ("\"https://example.com/\\nx\"", "has control characters"),
            ("''", "is empty"),
        ],
    ),
    (
        "mail",
        "contact",
        &[
            "'one line'",
            "\"two\\nlines\"",
            "\"\"\"\n\n  three\r\n\nlines\n\"\"\"",
            "'<b>&'",
        ],
        &[
            ("''", "is empty"),
            ("\" \\n\\t\"", "is empty"),
            ("\"a\\u001bb\"", "has control characters"),
            (
                "\"1\\n2\\n3\\n4\\n5\\n6\\n7\\n8\\n9\\n10\\n11\\n12\\n13\"",
                "is too long",
            ),
            ("['a']", "is a list"),
        ],
    ),
    (
        "mail",
        "language",
        &["'en'", "'fr'", "'es'"],
        &[("'de'", "is not known"), ("'FR'", "is not known"), ("''", "is empty")],
    ),
    (
        "mail",
        "languages",
        &[
            "{ fr = ['*@example.fr', '561115', 'company:Ü*', 'country:FR'], es = [] }",
            "{ en = ['country:*'] }",
            "{}",
        ],
        &[
            ("{ de = ['x'] }", "is not a known key"),
            ("{ fr = 'x' }", "is a text"),
            ("{ fr = ['country: '] }", "names no country"),
            ("{ fr = ['not an id'] }", "is not a pattern"),
            ("{ fr = ['company:'] }", "is not a pattern"),
            ("{ fr = [7] }", "has an item that is a whole number"),
            ("['fr']", "is a list"),
        ],
    ),
    (
        "schedule",
        "sweep",
        &[
            "'*/5 * * * *'",
            "'0 */5 * * * *'",
            "'@hourly'",
            "'1s'",
            "'7d'",
            "'5m 30s'",
        ],
        &[
            ("'0s'", "is out of range"),
            ("'8d'", "is out of range"),
            ("'61 * * * *'", "is not a cron rule"),
            ("'often'", "is not a cron rule"),
            ("'0 0 30 2 *'", "never comes"),
            ("5", "is a whole number"),
        ],
    ),
    (
        "schedule",
        "timezone",
        &["'UTC'", "'America/Toronto'", "'europe/berlin'"],
        &[
            ("'America/Torronto'", "did you mean `America/Toronto`"),
            ("'EST5XYZ'", "is not a time zone"),
            ("''", "is empty"),
        ],
    ),
    (
        "schedule",
        "pace",
        &["'every-sweep'"],
        &[
            ("'adaptive'", "is not in this version"),
            ("'every_sweep'", "did you mean `every-sweep`"),
        ],
    ),
    (
        "schedule",
        "threshold_refresh",
        &["'0s'", "'30d'"],
        &[
            ("'31d'", "is out of range"),
            ("'-1s'", "is not a duration"),
            ("'6'", "is not a duration"),
        ],
    ),
    (
        "schedule",
        "revisit_within",
        &["'1s'", "'30d'"],
        &[
            ("'0s'", "is out of range"),
            ("'30d 1s'", "is out of range"),
            ("60", "is a whole number"),
        ],
    ),
    (
        "smtp",
        "url",
        &[
            "'smtp://a@mail.example.com:587'",
            "'smtps://a@mail.example.com'",
            "'smtp://a%40example.com@mail.example.com'",
            "'smtp://a@127.0.0.1:2525'",
            "'smtp://a@[::1]:2525/'",
            "'smtp://a@mail.example.com:65535'",
        ],
        &[
            ("'smtp://a@mail.example.com:65536'", "is not a URL"),
            ("'smtp://a@mail.example.com:0'", "has port 0"),
            ("'https://mail.example.com'", "is not a mail server"),
            ("'mail.example.com:25'", "has no host"),
            ("'smtp://'", "has no host"),
            ("'smtp://a:hunter2-secret@mail.example.com'", "has a password in it"),
            ("'smtp://a@mail.example.com/x'", "has more than user, host and port"),
            ("'smtp://a@mail.example.com?x=y'", "has more than user, host and port"),
        ],
    ),
    (
        "smtp",
        "from",
        &["'a@example.com'", "'Ünser Büro <a@example.com>'"],
        &[
            ("'nobody'", "is not an e-mail address"),
            ("\"a@b.c\\nBcc: x@y.z\"", "has control characters"),
        ],
    ),
    (
        "smtp",
        "helo",
        &["'watch.example.com'", "'[192.0.2.1]'", "'[IPv6:2001:db8::1]'", "'host'"],
        &[
            ("''", "is empty"),
            ("'a b'", "is not a host name"),
            ("\"a\\r\\nQUIT\"", "has control characters"),
            ("'ünser.example.com'", "is not a host name"),
        ],
    ),
    (
        "smtp",
        "ca_file",
        &[],
        &[
            ("'/nowhere/ca.pem'", "cannot be read"),
            ("'/dev/null'", "is not an ordinary file"),
        ],
    ),
    (
        "smtp",
        "timeout",
        &["'100ms'", "'10m'"],
        &[("'99ms'", "is out of range"), ("'10m 1s'", "is out of range")],
    ),
    (
        "channel",
        "name",
        &["'a-1'"],
        &[
            ("'client'", "is taken"),
            ("'A'", "is not a name"),
            ("'boss'", "is given twice"),
        ],
    ),
    ("channel", "type", &["'email'"], &[("'e-mail'", "did you mean `email`")]),
    (
        "channel",
        "to",
        &["['a@example.com']", "['a@example.com', 'B C <b@example.com>']"],
        &[
            ("[]", "is empty"),
            ("['a b']", "is not an e-mail address"),
            ("[1]", "has an item that is a whole number"),
            ("'a@example.com'", "is a text"),
        ],
    ),
    (
        "alerts",
        "notify_clients",
        &["true", "false"],
        &[("'yes'", "is a text"), ("1", "is a whole number")],
    ),
    (
        "alerts",
        "client_mails_per_hour",
        &["1", "100000"],
        &[("0", "is out of range"), ("100001", "is out of range")],
    ),
    (
        "alerts",
        "default_threshold",
        &["'0.01'", "10"],
        &[
            ("'0'", "is not above 0"),
            ("'-1'", "is not above 0"),
            ("10.5", "is a float"),
        ],
    ),
    (
        "store",
        "url",
        &["'sqlite:///tmp/x.db'", "'sqlite:/tmp/x.db'", "'sqlite://x.db'"],
        &[
            ("'sqlite::memory:'", "would be forgotten"),
            ("'sqlite://'", "would be forgotten"),
            ("'sqlite:///x.db?mode=ro'", "has options in it"),
            ("'sqlite:///tmp/'", "is a folder"),
            ("'postgres://u:pw@h/db'", "not in this version"),
            ("'postgresql://h/db'", "not in this version"),
            ("'/tmp/x.db'", "is not a store"),
        ],
    ),
    (
        "store",
        "keep_history",
        &["'1d'", "'3650d'"],
        &[
            ("'23h'", "is out of range"),
            ("'3651d'", "is out of range"),
            ("'1y'", "is not a duration"),
        ],
    ),
    (
        "enforcement",
        "mode",
        &["'observe'", "'approve'", "'apply'"],
        &[("'off'", "is not known")],
    ),
    (
        "enforcement",
        "max_per_sweep",
        &["0", "100000"],
        &[("-1", "is out of range"), ("100001", "is out of range")],
    ),
    (
        "enforcement",
        "max_per_day",
        &["0", "100000"],
        &[("-1", "is out of range"), ("100001", "is out of range")],
    ),
    (
        "enforcement",
        "extra_fields",
        &["[]", "['created', 'note']"],
        &[
            ("'created'", "a list of texts"),
            ("[1]", "has an item that is a whole number"),
            ("['']", "is empty"),
        ],
    ),
    (
        "enforcement",
        "protect",
        &[
            "[]",
            "['561116', 'a_b']",
            "['*@clinic.example', 'company:Ambulance*', 'package:8378']",
        ],
        &[
            ("['a b']", "is not a pattern"),
            ("['package:']", "names no package"),
            ("[561116]", "has an item that is a whole number"),
            ("['']", "is empty"),
        ],
    ),
    (
        "enforcement",
        "canary_wait",
        &["'0s'", "'1h'"],
        &[("'61m'", "is out of range"), ("60", "is a whole number")],
    ),
    (
        "enforcement",
        "max_per_hour",
        &["0", "100000"],
        &[("-1", "is out of range"), ("100001", "is out of range")],
    ),
    (
        "enforcement",
        "max_share_per_day",
        &["'0.01%'", "'2 %'", "'100%'"],
        &[
            ("'0%'", "is out of range"),
            ("'101%'", "is out of range"),
            ("'2'", "is not a percentage"),
            ("'-2%'", "is not a percentage"),
            ("2", "is a whole number"),
        ],
    ),
    (
        "enforcement",
        "approvers_needed",
        &["1", "2"],
        &[("0", "is out of range"), ("3", "is out of range")],
    ),
    (
        "enforcement",
        "approval_expires",
        &["'1m'", "'6h'"],
        &[("'59s'", "is out of range"), ("'8d'", "is out of range")],
    ),
    (
        "enforcement",
        "ask_again",
        &["'4h'", "'30d'"],
        &[
            ("'31d'", "is out of range"),
            ("'3h'", "would ask again while the request before can still be approved"),
        ],
    ),
    (
        "enforcement.brake",
        "firing_share",
        &["'0.5%'"],
        &[("'0%'", "is out of range")],
    ),
    (
        "enforcement.brake",
        "balance_jump",
        &["'100%'"],
        &[("30", "is a whole number")],
    ),
    (
        "enforcement.brake",
        "unread_share",
        &["'50%'"],
        &[("'half'", "is not a percentage")],
    ),
];

#[test]
fn each_key_takes_what_is_good() {
    for (section, key, good, _) in ROWS {
        for value in *good {
            assert_eq!(
                problems(&with(section, key, value)),
                [] as [String; 0],
                "{section}.{key} = {value}"
            );
        }
    }
}

#[test]
fn each_key_refuses_what_is_bad_once_and_by_its_name() {
    for (section, key, _, bad) in ROWS {
        for (value, said) in *bad {
            let found = problems(&with(section, key, value));
            let about: Vec<&String> = found.iter().filter(|problem| problem.contains(said)).collect();
            assert_eq!(about.len(), 1, "{section}.{key} = {value}: {found:?}");
            assert!(about[0].contains(key) && about[0].starts_with(section), "{found:?}");
        }
    }
}

#[test]
fn all_problems_come_at_once() {
    let mut text = String::new();
    for (section, key, _, bad) in ROWS
        .iter()
        .filter(|(section, ..)| !matches!(*section, "account" | "channel" | "smtp"))
    {
        if !text.contains(&format!("[{section}]")) {
            text.push_str(&format!("[{section}]\n"));
        }
        text.push_str(&format!("{key} = {}\n", bad[0].0));
    }
    // The sections of ROWS stand together, so each heading is written once.
    let found = problems(&text);
    let expected = ROWS
        .iter()
        .filter(|(section, ..)| !matches!(*section, "account" | "channel" | "smtp"))
        .count();
    // One more for the account that is missing.
    assert_eq!(found.len(), expected + 1, "{found:#?}");
}

#[test]
fn what_must_be_there_is_missed() {
    let cases = [
        ("no account", "", "account: is missing (at least one [[account]])"),
        (
            "no user",
            "[[account]]\nname='a'\npassword='p'",
            "account.a.username: is missing",
        ),
        (
            "no password",
            "[[account]]\nname='a'\nusername='u'",
            "account.a.password: is missing",
        ),
        (
            "no mail server",
            "[[channel]]\nname='ops'\ntype='email'\nto=['a@b.c']",
            "smtp: is missing (channel `ops` sends mail",
        ),
        (
            "no mail server for clients",
            "[alerts]\nnotify_clients=true",
            "smtp: is missing (policy `low-balance` mails clients",
        ),
        (
            "no type",
            "[[channel]]\nname='ops'\nto=['a@b.c']",
            "channel.ops.type: is missing",
        ),
        (
            "no addresses",
            "[[channel]]\nname='ops'\ntype='email'",
            "channel.ops.to: is missing",
        ),
        ("no condition", "[[policy]]\nname='a'", "policy.a.when: is missing"),
        ("no sender", "[smtp]\nurl='smtp://h'", "smtp.from: is missing"),
        ("no server", "[smtp]\nfrom='a@b.c'", "smtp.url: is missing"),
        (
            "no token where other machines reach it",
            "[web]\nlisten='0.0.0.0:9877'",
            "web.listen",
        ),
        ("nor there", "[web]\nlisten='[::]:9877'", "web.listen"),
    ];
    for (name, text, expected) in cases {
        let found = problems(text);
        assert!(
            found.iter().any(|problem| problem.starts_with(expected)),
            "{name}: {found:?}"
        );
    }
}

#[test]
fn a_channel_that_does_not_mail_needs_no_mail_server() {
    let account = "[[account]]\nname='a'\nusername='u'\npassword='hunter2'";
    let found = problems(&format!("{account}\n[[channel]]\nname='ops'\ntype='webhook'"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("channel.ops.url: is missing"), "{found:?}");
}

#[test]
fn unknown_keys_are_refused_with_what_was_meant_and_without_their_value() {
    let cases = [
        (
            "misspelt",
            "[[account]]\nname='a'\nusernam='hunter2-secret'",
            "account.a.usernam",
            "did you mean `username`?",
        ),
        (
            "of another section",
            "sweep='5m'",
            "sweep",
            "did you mean `schedule.sweep`?",
        ),
        ("of an entry", "url='x'", "url", "did you mean `account.NAME.url`?"),
        (
            "section",
            "[enforcment]\nmode='apply'",
            "enforcment",
            "did you mean `enforcement`?",
        ),
        (
            "deep",
            "[[policy]]\nname='a'\nwhen={balance_bellow='1'}",
            "policy.a.when.balance_bellow",
            "did you mean `balance_below`?",
        ),
        ("like nothing", "colour=1", "colour", "known here: account"),
    ];
    for (name, text, key, said) in cases {
        let found = problems(text);
        let wanted = format!("{key}: is not a known key");
        assert!(
            found
                .iter()
                .any(|line| line.starts_with(&wanted) && line.contains(said)),
            "{name}: {found:?}"
        );
        assert!(!found.concat().contains("hunter2"), "{name}: {found:?}");
    }
}

#[test]
fn no_problem_shows_a_secret() {
    let secret = "hunter2-secret";
    let cases = [
        ("unfinished text", format!("[[account]]\nname='a'\npassword=\"{secret}")),
        ("unquoted", format!("[[account]]\nname='a'\npassword={secret}")),
        (
            "with a line break",
            format!("[[account]]\nname='a'\npassword=\"{secret}\\n\""),
        ),
        ("in a list", format!("[[account]]\nname='a'\npassword=['{secret}']")),
        (
            "beside its file",
            format!("[[account]]\nname='a'\npassword='{secret}'\npassword_file='x/y'"),
        ),
        (
            "as its file",
            format!("[[account]]\nname='a'\nusername='u'\npassword_file='{secret}'"),
        ),
        (
            "as its file, with a line break",
            format!("[[account]]\nname='a'\nusername='u'\npassword_file=\"{secret}\\n\""),
        ),
        (
            "as its file, in a list",
            format!("[[account]]\nname='a'\nusername='u'\npassword_file=['{secret}']"),
        ),
        (
            "in the API's URL",
            format!("[[account]]\nname='a'\nurl='https://u:{secret}@h/'"),
        ),
        (
            "in a broken URL",
            format!("[[account]]\nname='a'\nurl='https://u:{secret}@h:x/'"),
        ),
        ("in the mail server's URL", format!("[smtp]\nurl='smtp://u:{secret}@h'")),
        (
            "in a URL with a line break",
            format!("[smtp]\nurl=\"smtp://u:{secret}@h\\n\""),
        ),
        (
            "in the store's URL",
            format!("[store]\nurl='postgres://u:{secret}@h/d'"),
        ),
        (
            "in another store's URL",
            format!("[store]\nurl='mysql://u:{secret}@h/d'"),
        ),
    ];
    for (name, text) in cases {
        let found = load(&text).unwrap_err();
        assert!(!found.problems.is_empty());
        assert!(!format!("{found:?}").contains("hunter2"), "{name}: {found:?}");
    }
}

#[test]
fn a_good_configuration_does_not_print_its_secrets() {
    let loaded = load(super::BASE).unwrap();
    let printed = format!("{loaded:?}{}{}", loaded.effective.to_toml(), loaded.effective.to_json());
    assert!(!printed.contains("hunter2"), "{printed}");
}
