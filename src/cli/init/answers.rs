//! What `init` must know, and the configuration that it makes of it.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use crate::clock::Clock;
use crate::config::{Problem, parse};

/// What is known so far. Begins with what would be good, so that each answer can be tried alone.
pub struct Answers {
    pub username: String,
    pub password: SecretString,
    /// `None`: nobody is mailed.
    pub mail: Option<Mail>,
    pub own_balance_below: String,
    pub timezone: String,
    /// `None`: the provider's own.
    pub api_url: Option<String>,
}

pub struct Mail {
    pub url: String,
    pub password: Option<SecretString>,
    pub from: String,
    pub to: Vec<String>,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            username: "reseller@example.com".to_owned(),
            password: "unknown".into(),
            mail: Some(Mail {
                url: "smtp://127.0.0.1".to_owned(),
                password: None,
                from: "alerts@example.com".to_owned(),
                to: vec!["noc@example.com".to_owned()],
            }),
            own_balance_below: "50.00".to_owned(),
            timezone: zone_of_this_machine(),
            api_url: None,
        }
    }
}

/// As the machine is set, else that of the provider.
fn zone_of_this_machine() -> String {
    let zone = jiff::tz::TimeZone::system();
    let name = zone.iana_name().filter(|name| jiff::tz::TimeZone::get(name).is_ok());
    name.unwrap_or("America/Toronto").to_owned()
}

/// How secrets stand in a configuration.
pub enum Secrets<'a> {
    /// As they are: for one that is only tried.
    Inline,
    /// In files of this folder.
    Files(&'a Path),
}

/// The names of the files; the systemd unit knows them.
pub const ACCOUNT_SECRET: &str = "account.main.password";
pub const SMTP_SECRET: &str = "smtp.password";

impl Answers {
    /// What is wrong with the value of this key.
    pub fn problem(&self, key: &str) -> Option<String> {
        let text = self.text(&Secrets::Inline, "state.db");
        let problems = parse(&text, Clock::real().now()).err()?.problems;
        problems.iter().find(|problem| problem.key == key).map(told)
    }

    /// Whether the mail server's address names a user, who has a password.
    pub fn needs_mail_password(&self) -> bool {
        let mail = self.mail.as_ref().filter(|mail| mail.password.is_none());
        mail.is_some_and(|mail| mail.url.contains('@'))
    }

    /// The configuration, commented.
    pub fn text(&self, secrets: &Secrets<'_>, store: &str) -> String {
        let secret = |key: &str, value: &SecretString, file: &str| match secrets {
            Secrets::Inline => format!("{key} = {}", quoted(value.expose_secret())),
            Secrets::Files(folder) => format!("{key}_file = {}", quoted(&folder.join(file).to_string_lossy())),
        };
        let url = match &self.api_url {
            Some(url) => format!("url = {}\n", quoted(url)),
            None => String::new(),
        };
        let mail = match &self.mail {
            Some(mail) => {
                let password = mail
                    .password
                    .as_ref()
                    .map(|value| secret("password", value, SMTP_SECRET) + "\n");
                let to: Vec<String> = mail.to.iter().map(|address| quoted(address.trim())).collect();
                format!(
                    "[smtp]\n\
                     url = {}                    # smtp: STARTTLS is required; smtps: TLS from the start\n{}from = {}\n\n\
                     [[channel]]\nname = \"ops\"\ntype = \"email\"\n\
                     to = [{}]                   # who is told of everything\n",
                    quoted(&mail.url),
                    password.unwrap_or_default(),
                    quoted(&mail.from),
                    to.join(", ")
                )
            }
            None => "# Nobody is mailed. A mail server is a table [smtp]; who reads the alerts is a [[channel]].\n"
                .to_owned(),
        };
        format!(
            "# The configuration of balancewatch, written by `balancewatch init`. `man balancewatch.toml` explains every key;\n\
             # `balancewatch check` finds every mistake, and `balancewatch config show` prints the defaults that hold.\n\n\
             [[account]]\n\
             name = \"main\"\n\
             {url}username = {}\n\
             {}\n\
             own_balance_below = {}       # tells you before your own money at the provider is gone\n\n\
             [schedule]\n\
             sweep = \"*/5 * * * *\"          # every client is looked at so often, as far as the rate limit lets it\n\
             timezone = {}\n\n\
             {mail}\n\
             [alerts]\n\
             notify_clients = false        # true: clients are mailed, too, when their balance is below their threshold\n\n\
             [store]\n\
             url = {}\n\n\
             # Nothing is changed at the provider. `balancewatch plan` shows what a policy with\n\
             # `enforce = {{ balance_management = \"hard\" }}` would do, and mode = \"apply\" does it.\n\
             [enforcement]\n\
             mode = \"observe\"\n",
            quoted(&self.username),
            secret("password", &self.password, ACCOUNT_SECRET),
            quoted(&self.own_balance_below),
            quoted(&self.timezone),
            quoted(&format!("sqlite://{store}")),
        )
    }
}

/// A problem without the place of a file that nobody has.
pub fn told(problem: &Problem) -> String {
    let mut told = format!("{} {}", problem.key, problem.problem);
    if let Some(accepted) = &problem.accepted {
        told += &format!(" ({accepted})");
    }
    told
}

/// A text of TOML: its basic strings take what JSON's do, but for one character.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}
