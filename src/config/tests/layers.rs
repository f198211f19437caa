//! Files, environment and credentials: who wins, what is created, what is refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use secrecy::ExposeSecret;

use super::super::{Loaded, Problems, Request, Secrets, Variables, load};
use super::{BASE, now};

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn load(&self, variables: &[(&str, &str)], secrets: Secrets) -> Result<Loaded, Problems> {
        let variables: Variables = variables
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        let path = &self.path().join("config.toml");
        load(Request {
            path,
            is_named: true,
            variables: &variables,
            secrets,
            now: now(),
        })
    }

    fn good(&self, variables: &[(&str, &str)]) -> Loaded {
        self.load(variables, Secrets::Required)
            .unwrap_or_else(|found| panic!("{:#?}", found.problems))
    }

    /// The problems, with the folder's path left out.
    fn bad(&self, variables: &[(&str, &str)], secrets: Secrets) -> Vec<String> {
        let folder = format!("{}/", self.path().display());
        match self.load(variables, secrets) {
            Ok(_) => Vec::new(),
            Err(found) => found
                .problems
                .iter()
                .map(|problem| problem.to_string().replace(&folder, ""))
                .collect(),
        }
    }
}

#[test]
fn later_files_win_key_by_key_and_keep_their_origin() {
    let folder = Folder::with(&[
        ("config.toml", BASE),
        (
            "conf.d/10-a.toml",
            "[[account]]\nname='main'\nrate_per_minute=10\nconcurrency=2",
        ),
        (
            "conf.d/20-b.toml",
            "[[account]]\nname='main'\nrate_per_minute=20\n[[account]]\nname='b'\nusername='u'\npassword='p'",
        ),
        ("conf.d/.30-hidden.toml", "nonsense"),
        ("conf.d/30-c.toml.bak", "nonsense"),
    ]);
    let loaded = folder.good(&[]);
    let [main, b] = &loaded.settings.accounts[..] else {
        panic!("two accounts")
    };
    assert_eq!(
        (main.rate_per_minute, main.concurrency, main.username.as_str()),
        (20, 2, "reseller@example.com")
    );
    assert_eq!((b.name.as_str(), b.rate_per_minute), ("b", 60));
    let origins = &loaded.effective.to_json()["origins"];
    for (key, file) in [
        ("name", "config.toml"),
        ("rate_per_minute", "20-b.toml"),
        ("concurrency", "10-a.toml"),
    ] {
        let origin = origins[format!("account.main.{key}")].as_str().unwrap();
        assert!(origin.ends_with(file), "{key}: {origin}");
    }
    assert_eq!(origins["account.main.transport"], "built-in");
}

#[test]
fn the_environment_replaces_and_creates() {
    let folder = Folder::with(&[("config.toml", BASE)]);
    let loaded = folder.good(&[
        ("BALANCEWATCH__ACCOUNT__MAIN__RATE_PER_MINUTE", "600"),
        ("BALANCEWATCH__ACCOUNT__NIGHT_SHIFT__USERNAME", "night"),
        ("BALANCEWATCH__ACCOUNT__NIGHT_SHIFT__PASSWORD", "00123"),
        ("BALANCEWATCH__CHANNEL__OPS__TO", "a@example.com, B <b@example.com>,"),
        ("BALANCEWATCH__ALERTS__NOTIFY_CLIENTS", "true"),
        ("BALANCEWATCH__ALERTS__DEFAULT_THRESHOLD", "12.50"),
        ("BALANCEWATCH__POLICY__LOW_BALANCE__WHEN__BALANCE_BELOW", "7"),
        (
            "BALANCEWATCH__POLICY__LOW_BALANCE__CLIENTS__EXCLUDE",
            "561115,*@internal.example.com",
        ),
        ("BALANCEWATCH__ENFORCEMENT__PROTECT", "561116"),
        ("BALANCEWATCH__STORE__URL", "sqlite:///tmp/x.db"),
        (
            "BALANCEWATCH_SERVICE_HOST",
            "what a cluster sets for a service of this name",
        ),
        ("PATH", "/bin"),
    ]);
    let settings = &loaded.settings;
    assert_eq!(settings.accounts[0].rate_per_minute, 600);
    assert_eq!(settings.accounts[1].name.as_str(), "night-shift");
    assert_eq!(
        settings.accounts[1].password.expose_secret(),
        "00123",
        "a password is no number"
    );
    let super::super::ChannelKind::Email { to, .. } = &settings.channels[0].kind else {
        panic!("it is no mail")
    };
    assert_eq!(to, &["a@example.com", "B <b@example.com>"]);
    assert_eq!(settings.alerts.default_threshold, Some("12.5".parse().unwrap()));
    let low = &settings.policies[0];
    assert_eq!(low.when.balance_below.unwrap().to_string(), "7.00");
    assert_eq!((low.clear.is_none(), low.clients.exclude.len()), (true, 2));
    assert_eq!(settings.enforcement.protect.len(), 1);
    assert_eq!(settings.store.path, Path::new("/tmp/x.db"));
    let origins = &loaded.effective.to_json()["origins"];
    assert_eq!(origins["store.url"], "environment BALANCEWATCH__STORE__URL");
}

#[test]
fn what_is_wrong_in_the_environment_names_the_variable() {
    let folder = Folder::with(&[("config.toml", BASE)]);
    let cases = [
        (
            "ACCOUNT__MAIN__RATE_PER_MINUTE",
            "many",
            "account.main.rate_per_minute: is a text (`many`; a whole number from",
        ),
        (
            "ACCOUNT__MAIN__COLOUR",
            "red",
            "account.main.colour: is not a known key",
        ),
        ("ACCOUNT__MAIN", "x", "names no key"),
        ("SMTP", "x", "names no key"),
        ("SMTP____URL", "x", "names no key"),
        (
            "ALERTS__NOTIFY_CLIENTS",
            "yes",
            "alerts.notify_clients: is a text (`yes`; true or false)",
        ),
        ("POLICY__MINE__WHEN", "x", "policy.mine.when: is a text"),
        ("SMTP__PASSWORD", "", "smtp.password: is empty"),
        ("ACCOUNT__MÄIN__USERNAME", "x", "account.mäin.name: is not a name"),
    ];
    for (name, value, said) in cases {
        let name = format!("BALANCEWATCH__{name}");
        let found = folder.bad(&[(&name, value)], Secrets::Required);
        let wanted = format!("environment {name}: {said}");
        assert!(found.iter().any(|line| line.starts_with(&wanted)), "{name}: {found:?}");
    }
}

#[test]
fn secrets_come_from_files_of_one_line() {
    let account = |line: &str| format!("[[account]]\nname='main'\nusername='u'\n{line}");
    let folder = Folder::with(&[
        ("config.toml", &account("password_file='secret'")),
        ("secret", "  kept blanks \n"),
    ]);
    assert_eq!(
        folder.good(&[]).settings.accounts[0].password.expose_secret(),
        "  kept blanks "
    );
    let cases = [
        ("windows line end", "p\r\n", Some("p")),
        ("no line end", "p", Some("p")),
        ("empty", "", None),
        ("line end only", "\n", None),
        ("two lines", "p\nq\n", None),
        ("a whole file", &"x".repeat(4097), None),
        ("the longest", &"x".repeat(4096), Some(&"x".repeat(4096))),
    ];
    for (name, text, expected) in cases {
        fs::write(folder.path().join("secret"), text).unwrap();
        for secrets in [Secrets::Required, Secrets::MayBeMissing] {
            let loaded = folder.load(&[], secrets);
            let got = loaded
                .as_ref()
                .ok()
                .map(|loaded| loaded.settings.accounts[0].password.expose_secret());
            assert_eq!(got, expected, "{name}");
        }
    }
}

#[test]
fn a_secret_that_is_not_there_is_a_warning_until_it_is_needed() {
    let account = "[[account]]\nname='main'\nusername='u'\n";
    for (name, line, said) in [
        (
            "a missing file",
            "password_file='./nope'",
            "account.main.password_file: cannot be read",
        ),
        ("nothing at all", "", "account.main.password: is missing"),
    ] {
        let folder = Folder::with(&[("config.toml", &format!("{account}{line}"))]);
        let found = folder.bad(&[], Secrets::Required);
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        assert!(
            found[0].starts_with(&format!("config.toml: {said}")),
            "{name}: {found:?}"
        );
        let loaded = folder.load(&[], Secrets::MayBeMissing).unwrap();
        assert!(
            loaded.warnings.iter().any(|warning| warning.to_string().contains(said)),
            "{name}"
        );
        assert_eq!(loaded.settings.accounts[0].password.expose_secret(), "", "{name}");
    }
}

#[test]
fn a_secret_and_its_file_clash_in_one_layer_and_replace_each_other_across_layers() {
    let account = "[[account]]\nname='main'\nusername='u'\n";
    let both = Folder::with(&[("config.toml", &format!("{account}password='p'\npassword_file='./f'"))]);
    let found = both.bad(&[], Secrets::Required);
    assert_eq!(
        found,
        ["config.toml: account.main.password: is given beside password_file (one of the two)"]
    );
    let file = Folder::with(&[
        ("config.toml", &format!("{account}password_file='./f'")),
        ("f", "of the file"),
    ]);
    let later = file.good(&[("BALANCEWATCH__ACCOUNT__MAIN__PASSWORD", "of the environment")]);
    assert_eq!(
        later.settings.accounts[0].password.expose_secret(),
        "of the environment"
    );
}

#[test]
fn credentials_win_over_everything() {
    let folder = Folder::with(&[
        ("config.toml", BASE),
        ("credentials/account.main.password", "of systemd\n"),
        ("credentials/smtp.password", "of systemd too"),
        ("credentials/account.nobody.password", "unused"),
        ("credentials/something.else", "of another program"),
    ]);
    let directory = folder.path().join("credentials");
    let variables = [
        ("CREDENTIALS_DIRECTORY", directory.to_str().unwrap()),
        ("BALANCEWATCH__ACCOUNT__MAIN__PASSWORD", "of the environment"),
    ];
    let loaded = folder.good(&variables);
    assert_eq!(loaded.settings.accounts[0].password.expose_secret(), "of systemd");
    assert_eq!(
        loaded.settings.smtp.unwrap().password.unwrap().expose_secret(),
        "of systemd too"
    );
    assert_eq!(loaded.settings.accounts.len(), 1);
    assert_eq!(loaded.warnings.len(), 1);
    assert!(
        loaded.warnings[0]
            .to_string()
            .contains("account.nobody.password: is not used"),
        "{:?}",
        loaded.warnings
    );
    fs::write(directory.join("smtp.password"), "").unwrap();
    let found = folder.bad(&variables, Secrets::Required);
    assert_eq!(found, ["credentials/smtp.password: smtp.password: is an empty file"]);
}

#[test]
fn files_that_cannot_be_read_are_problems_and_hide_no_others() {
    let folder = Folder::with(&[
        ("config.toml", "[[account]\n"),
        ("conf.d/a.toml", "[alerts]\nnotify_clients = 'no'"),
        ("conf.d/b.toml/inner", ""),
    ]);
    let found = folder.bad(&[], Secrets::Required);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(
        found[0].starts_with("config.toml: is not TOML: line 1, column "),
        "{found:?}"
    );
    assert!(found[1].starts_with("conf.d/b.toml: cannot be read: "), "{found:?}");
    assert!(
        found[2].starts_with("conf.d/a.toml: alerts.notify_clients: is a text"),
        "{found:?}"
    );
    let missing = Folder::with(&[]).bad(&[], Secrets::MayBeMissing);
    assert_eq!(missing.len(), 1, "{missing:?}");
    assert!(missing[0].starts_with("config.toml: cannot be read: "), "{missing:?}");
}

#[test]
fn relative_paths_count_from_the_file_that_names_them() {
    let store = "[store]\nurl='sqlite:state.db'";
    let folder = Folder::with(&[("config.toml", &format!("{BASE}{store}"))]);
    assert_eq!(folder.good(&[]).settings.store.path, folder.path().join("state.db"));
    let from_variable = folder.good(&[("BALANCEWATCH__STORE__URL", "sqlite:state.db")]);
    assert_eq!(from_variable.settings.store.path, Path::new("state.db"));
}

#[test]
fn a_variable_that_is_no_text_is_a_problem() {
    use std::os::unix::ffi::OsStringExt;
    let folder = Folder::with(&[("config.toml", BASE)]);
    let value = std::ffi::OsString::from_vec(vec![0xff]);
    let variables: Variables = BTreeMap::from([("BALANCEWATCH__SMTP__FROM".into(), value)]);
    let path = &folder.path().join("config.toml");
    let found = load(Request {
        path,
        is_named: true,
        variables: &variables,
        secrets: Secrets::Required,
        now: now(),
    })
    .unwrap_err();
    assert_eq!(
        found.problems[0].to_string(),
        "environment BALANCEWATCH__SMTP__FROM: is not UTF-8"
    );
}

#[test]
fn what_is_shown_reads_back_to_the_same_settings() {
    let shipped = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config/balancewatch.toml")).unwrap();
    let own = r#"
        [[policy]]
        name = "fraud"
        when = { spent_today_above = "100.00", balance_below = "200% of threshold" }
        clear = { balance_above = "200% of threshold" }
        notify = ["client"]
        clients = { include = ["1", "company:A \"B\"*"], exclude = ["*@x.y"] }
        enforce = { balance_management = "hard", revert_on_recovery = true }
    "#;
    for (name, text) in [
        ("base", BASE.to_owned()),
        ("own", format!("{BASE}{own}")),
        ("shipped", shipped),
    ] {
        let folder = Folder::with(&[("config.toml", &text)]);
        let first = folder
            .load(
                &[("BALANCEWATCH__ACCOUNT__MAIN__CONCURRENCY", "3")],
                Secrets::MayBeMissing,
            )
            .unwrap();
        let shown = first.effective.to_toml();
        let folder = Folder::with(&[("config.toml", &shown)]);
        let second = folder
            .load(&[], Secrets::MayBeMissing)
            .unwrap_or_else(|found| panic!("{found:?}\n{shown}"));
        assert_eq!(
            format!("{:?}", first.settings),
            format!("{:?}", second.settings),
            "{name}"
        );
        assert_eq!(
            first.effective.to_json()["config"],
            second.effective.to_json()["config"],
            "{name}"
        );
    }
}

/// Variables alone are a configuration where nobody named a file, and nothing but variables made it one.
#[test]
fn the_usual_file_may_be_missing_where_the_environment_names_an_account() {
    let folder = Folder::with(&[]);
    let path = &folder.path().join("config.toml");
    let account = [
        ("BALANCEWATCH__ACCOUNT__MAIN__USERNAME", "reseller@example.com"),
        ("BALANCEWATCH__ACCOUNT__MAIN__PASSWORD", "hunter2-secret"),
    ];
    let store = [("BALANCEWATCH__STORE__URL", "sqlite://state.db")];
    let load_with = |set: &[(&str, &str)], is_named| {
        let variables: Variables = set.iter().map(|(name, value)| (name.into(), value.into())).collect();
        let request = Request {
            path,
            is_named,
            variables: &variables,
            secrets: Secrets::Required,
            now: now(),
        };
        load(request)
    };
    let loaded = load_with(&account, false).unwrap_or_else(|found| panic!("{:#?}", found.problems));
    assert_eq!(loaded.settings.accounts[0].username, "reseller@example.com");
    for (set, is_named) in [(account.as_slice(), true), (store.as_slice(), false), (&[], false)] {
        let found = load_with(set, is_named).unwrap_err();
        assert!(
            found.problems[0].to_string().contains("cannot be read: "),
            "{set:?}, named: {is_named}"
        );
    }
    // One that is there and cannot be read is not missing.
    std::os::unix::fs::symlink("nowhere.toml", path).unwrap();
    assert!(load_with(&account, false).is_err());
}
