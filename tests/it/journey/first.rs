//! The first ten minutes: `init` by flags and at a terminal, what it refuses, and the sweep that follows.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::world::{API_PASSWORD, SMTP_PASSWORD, World};
use crate::program::{Said, program};

/// A place for a configuration, and secrets in files elsewhere.
struct First {
    world: World,
    place: tempfile::TempDir,
}

impl First {
    async fn new() -> Self {
        let first = Self {
            world: World::new(2).await,
            place: tempfile::tempdir().unwrap(),
        };
        std::fs::write(first.secret("api"), format!("{API_PASSWORD}\n")).unwrap();
        std::fs::write(first.secret("smtp"), format!("{SMTP_PASSWORD}\n")).unwrap();
        first
    }

    fn secret(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn config(&self) -> PathBuf {
        self.place.path().join("etc/config.toml")
    }

    fn in_folder(&self, name: &str) -> PathBuf {
        self.place.path().join("etc").join(name)
    }

    fn smtp_url(&self) -> String {
        format!("smtp://alerts@{}", self.world.mail.address())
    }

    /// All that must be said where nobody can be asked.
    fn flags(&self) -> Vec<String> {
        let (api, smtp) = (self.secret("api"), self.secret("smtp"));
        let flags = [
            ("--username", "demo@example.com".to_owned()),
            ("--password-file", api.display().to_string()),
            ("--smtp-url", self.smtp_url()),
            ("--smtp-password-file", smtp.display().to_string()),
            ("--from", "Phone service <alerts@example.com>".to_owned()),
            ("--to", "noc@example.com,boss@example.com".to_owned()),
            ("--api-url", self.world.url.clone()),
        ];
        flags
            .into_iter()
            .flat_map(|(flag, value)| [flag.to_owned(), value])
            .collect()
    }

    fn init(&self, flags: &[String]) -> Said {
        let arguments = ["init".to_owned()].into_iter().chain(flags.iter().cloned());
        program(&self.config(), arguments).output().unwrap().into()
    }

    fn run(&self, arguments: &[&str]) -> Said {
        program(&self.config(), arguments).output().unwrap().into()
    }

    /// Asserts that what was written is whole, kept from others, and works.
    fn works(&self) {
        for (name, mode, text) in [
            ("config.toml", 0o644, None),
            ("account.main.password", 0o600, Some(API_PASSWORD)),
            ("smtp.password", 0o600, Some(SMTP_PASSWORD)),
        ] {
            let path = self.in_folder(name);
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, mode, "{name}");
            if let Some(text) = text {
                assert_eq!(std::fs::read_to_string(path).unwrap(), format!("{text}\n"));
            }
        }
        let config = std::fs::read_to_string(self.config()).unwrap();
        assert!(
            !config.contains(API_PASSWORD) && !config.contains(SMTP_PASSWORD),
            "{config}"
        );
        self.run(&["check"]).fine().says(&["ok: 1 account, 1 channel"]);
        let swept = self.run(&["sweep", "--once", "--output", "json"]);
        swept.ended(0);
        assert_eq!(swept.json()["readings"], 2, "{}", swept.err);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn flags_alone_lead_to_the_first_sweep() {
    let first = First::new().await;
    let said = first.init(&first.flags());
    said.fine().says(&[
        "logged in; your own balance is 500.00 USD",
        "wrote ",
        "next:\n  balancewatch sweep --once --config ",
    ]);
    assert!(!said.out.contains(API_PASSWORD) && !said.out.contains(SMTP_PASSWORD));
    first.works();

    let before = std::fs::read(first.config()).unwrap();
    first
        .init(&first.flags())
        .failed(1, &["config.toml` is there already", "nothing is overwritten"]);
    assert_eq!(std::fs::read(first.config()).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_missing_or_does_not_work_writes_nothing() {
    let first = First::new().await;
    first.init(&[]).failed(
        64,
        &[
            "nobody can be asked here",
            "--username, --password-file, --smtp-url (or --no-mail), --from, --to",
        ],
    );
    let with = |flag: &str, value: &str| {
        let mut flags = first.flags();
        let at = flags.iter().position(|one| one == flag).unwrap();
        value.clone_into(&mut flags[at + 1]);
        flags
    };
    first
        .init(&with("--from", "nobody at all"))
        .failed(78, &["an answer cannot be used", "smtp.from"]);
    first
        .init(&with("--password-file", "/nowhere/at/all"))
        .failed(64, &["cannot be read"]);
    std::fs::write(first.secret("api"), "wrong\n").unwrap();
    first
        .init(&first.flags())
        .ended(1)
        .says(&["FAILED", "mail server"])
        .complains(&["nothing was written, because not everything worked", "--offline"]);
    assert!(!first.place.path().join("etc").exists());

    let offline = [first.flags(), vec!["--offline".to_owned()]].concat();
    first.init(&offline).fine().says(&["wrote "]);
    assert!(first.config().exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_unit_names_this_program_and_what_there_is() {
    let first = First::new().await;
    // The example that a package brought is nobody's configuration.
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/config/minimal.toml");
    std::fs::create_dir(first.place.path().join("etc")).unwrap();
    std::fs::copy(example, first.config()).unwrap();
    let units = first.place.path().join("units");
    std::fs::create_dir(&units).unwrap();
    let install = format!("--install-unit={}", units.display());
    let flags = ["--username", "demo@example.com", "--password-file"].map(str::to_owned);
    let api = first.secret("api").display().to_string();
    let more = [
        api,
        "--no-mail".to_owned(),
        "--api-url".to_owned(),
        first.world.url.clone(),
        install,
    ];
    let said = first.init(&[&flags[..], &more[..]].concat());
    said.fine()
        .says(&["systemctl daemon-reload && systemctl enable --now balancewatch"]);
    let unit = std::fs::read_to_string(units.join("balancewatch.service")).unwrap();
    let start = format!(
        "\nExecStart={} run --config {}",
        env!("CARGO_BIN_EXE_balancewatch"),
        first.config().display()
    );
    assert!(unit.contains(&start), "{unit}");
    assert!(!unit.contains("\nLoadCredential=smtp.password"), "{unit}");
    assert!(!first.in_folder("smtp.password").exists());
    first.run(&["check"]).ended(0).says(&["nobody is told of anything"]);
}

/// Runs `init` at a terminal of its own: answers each question when it comes. What the terminal showed.
fn at_a_terminal(config: &Path, flags: &str, talk: &[(&str, &str)]) -> String {
    let program = env!("CARGO_BIN_EXE_balancewatch");
    let config = config.display();
    let line = format!(
        "trap : INT; '{program}' --config '{config}' init {flags}; echo \"ended $?\"; stty -a | grep -o -E -- '-?\\becho\\b'"
    );
    let mut script = Command::new("script")
        .args(["-q", "-e", "-c", &line, "/dev/null"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut input, mut output) = (script.stdin.take().unwrap(), script.stdout.take().unwrap());
    let mut shown = String::new();
    let mut from = 0;
    for (question, answer) in talk.iter().copied().chain([("echo\r\n", "")]) {
        while !shown[from..].contains(question) {
            let mut bytes = [0; 1024];
            let count = output.read(&mut bytes).unwrap();
            assert!(count > 0, "`{question}` never came: {shown}");
            shown += &String::from_utf8_lossy(&bytes[..count]);
        }
        from = shown.len();
        input.write_all(answer.as_bytes()).unwrap();
    }
    drop(input);
    script.wait().unwrap();
    shown
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_person_is_asked_and_secrets_are_not_shown() {
    let first = First::new().await;
    let api_url = format!("--api-url {}", first.world.url);
    let (api_password, smtp_password) = (format!("{API_PASSWORD}\n"), format!("{SMTP_PASSWORD}\n"));
    let smtp_url = format!("{}\n", first.smtp_url());
    let shown = at_a_terminal(
        &first.config(),
        &api_url,
        &[
            ("voip.ms with): ", "\n"),
            ("an answer is needed", "demo@example.com\n"),
            ("it is not shown): ", &api_password),
            ("`none` for none): ", "gopher://mail\n"),
            ("`none` for none): ", &smtp_url),
            ("it is not shown): ", &smtp_password),
            ("sender of the mails: ", "alerts at example\n"),
            ("sender of the mails: ", "alerts@example.com\n"),
            ("commas between): ", "noc@example.com, boss@example.com\n"),
            ("[50.00]: ", "\n"),
            ("time zone [", "Mars/Olympus\n"),
            ("time zone [", "America/Toronto\n"),
        ],
    );
    assert!(
        !shown.contains(API_PASSWORD) && !shown.contains(SMTP_PASSWORD),
        "{shown}"
    );
    assert!(shown.contains("ended 0\r\necho\r\n"), "{shown}");
    first.works();
    let config = std::fs::read_to_string(first.config()).unwrap();
    assert!(
        config.contains("to = [\"noc@example.com\", \"boss@example.com\"]"),
        "{config}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_terminal_is_as_before_when_somebody_gives_up() {
    let first = First::new().await;
    for (name, key, said) in [
        ("Ctrl-C", "N3w\u{3}", "nothing was written: SIGINT came first"),
        ("Ctrl-D", "\u{4}", "standard input ended before the last question"),
    ] {
        let talk = [("voip.ms with): ", "demo@example.com\n"), ("it is not shown): ", key)];
        let shown = at_a_terminal(&first.config(), "", &talk);
        assert!(
            shown.contains(said) && shown.ends_with("\r\necho\r\n"),
            "{name}: {shown}"
        );
        assert!(!shown.contains("N3w"), "{name}: {shown}");
    }
    assert!(!first.config().exists());
}
