//! `init`: from a few answers to a configuration that was tried, its secrets in files of their own, and a service.
//!
//! In reading order: `answers` (what is asked for, and the configuration that it makes), `ask` (a person at a terminal),
//! `files` (all of it on the disk, or none). Nothing is written before everything is known.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::Args;
use secrecy::SecretString;

use super::context::{Context, DEFAULT_CONFIG, Exit};
use super::failure::{CONFIG, Failure};
use super::runtime::block_on;
use super::signals::Signals;
use super::{online, shell};
use crate::clock::Clock;
use crate::config::{Settings, parse, secret_in};

mod answers;
mod ask;
mod files;

use answers::{Answers, Mail, Secrets};
use files::Files;

/// Make a configuration: a few questions, everything tried, then written.
///
/// Asks for what no flag tells: your API user and password (Main Menu > SOAP and REST/JSON API at voip.ms; allow the address
/// of this machine there, too), the mail server, who reads the alerts, below which balance of your own you want to hear,
/// and the time zone. Logs in to the API and the mail server; no mail is sent. Then writes the configuration, commented, and
/// the secrets beside it in files that only their owner may read. Nothing is overwritten.
///
/// Where nobody can be asked, --username, --password-file, and either --smtp-url, --from and --to or --no-mail are needed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sudo balancewatch init --install-unit                  ask, try, write /etc/balancewatch and the service
  balancewatch init --config ./balancewatch.toml         for a first look, in this folder
  balancewatch init --username me@example.com --password-file api.txt \\
      --smtp-url smtp://alerts@mail.example.com:587 --smtp-password-file smtp.txt \\
      --from alerts@example.com --to noc@example.com --yes

Exit codes: 0 written; 1 something did not work, or is there already, and nothing was written; 64 an answer is missing; 78 an answer cannot be used.")]
pub struct InitArgs {
    /// The user of the API: the e-mail address you log in to voip.ms with
    #[arg(long, value_name = "EMAIL")]
    pub username: Option<String>,
    /// A file that holds the API password (not the portal's)
    #[arg(long, value_name = "PATH")]
    pub password_file: Option<PathBuf>,
    /// The mail server: smtp://USER@HOST:PORT (STARTTLS) or smtps://USER@HOST:PORT
    #[arg(long, value_name = "URL", conflicts_with = "no_mail")]
    pub smtp_url: Option<String>,
    /// A file that holds the mail server's password
    #[arg(long, value_name = "PATH", conflicts_with = "no_mail")]
    pub smtp_password_file: Option<PathBuf>,
    /// The sender of all mails
    #[arg(long, value_name = "ADDRESS", conflicts_with = "no_mail")]
    pub from: Option<String>,
    /// Who reads the alerts; several with commas between
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',', conflicts_with = "no_mail")]
    pub to: Vec<String>,
    /// No mail server for now: alerts are only shown
    #[arg(long)]
    pub no_mail: bool,
    /// Tell when your own balance is below this [default: 50.00]
    #[arg(long, value_name = "AMOUNT")]
    pub own_balance_below: Option<String>,
    /// The time zone of the schedule and of times in mails [default: this machine's]
    #[arg(long, value_name = "NAME")]
    pub timezone: Option<String>,
    /// Where the API answers, for tests against `balancewatch simulate`
    #[arg(long, value_name = "URL")]
    pub api_url: Option<String>,
    /// Write the systemd unit, too
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = files::UNITS)]
    pub install_unit: Option<PathBuf>,
    /// Do not log in anywhere
    #[arg(long)]
    pub offline: bool,
    /// Ask nothing, and take the defaults
    #[arg(long)]
    pub yes: bool,
}

pub fn run(context: &mut Context, args: &InitArgs) -> Result<Exit, Failure> {
    let asks = !args.yes && std::io::stdin().is_terminal();
    let config = std::path::absolute(&context.global.config)?;
    let files = Files::new(&config, args.install_unit.as_deref())?;
    files.refuse_to_overwrite()?;
    let mut answers = given(args)?;
    block_on(async {
        let mut signals = Signals::listen()?;
        let work = async {
            if asks {
                ask::the_rest(args, &mut answers).await?;
            } else {
                need_all(args)?;
            }
            let settings = settings(&answers)?;
            if !(args.offline || works(context, &settings).await? || asks && ask::anyway().await?) {
                return Err(Failure::failed("nothing was written, because not everything worked")
                    .hint("mend what is said above and try again, or write it untried with --offline"));
            }
            Ok(())
        };
        tokio::select! {
            biased;
            done = work => done,
            signal = signals.next() => Err(Failure::failed(format!("nothing was written: {signal} came first"))),
        }
    })?;
    let store = store_of(&config);
    files.write(&answers, &store)?;
    tell(context, &config, files.has_unit())
}

/// What the flags say.
fn given(args: &InitArgs) -> Result<Answers, Failure> {
    let mut answers = Answers {
        api_url: args.api_url.clone(),
        ..Answers::default()
    };
    if let Some(username) = &args.username {
        answers.username.clone_from(username);
    }
    if let Some(path) = &args.password_file {
        answers.password = secret(path)?;
    }
    if args.no_mail {
        answers.mail = None;
    }
    if let Some(mail) = &mut answers.mail {
        if let Some(url) = &args.smtp_url {
            mail.url.clone_from(url);
            mail.password = None;
        }
        if let Some(path) = &args.smtp_password_file {
            mail.password = Some(secret(path)?);
        }
        if let Some(from) = &args.from {
            mail.from.clone_from(from);
        }
        if !args.to.is_empty() {
            mail.to.clone_from(&args.to);
        }
    }
    if let Some(amount) = &args.own_balance_below {
        answers.own_balance_below.clone_from(amount);
    }
    if let Some(zone) = &args.timezone {
        answers.timezone.clone_from(zone);
    }
    Ok(answers)
}

fn secret(path: &Path) -> Result<SecretString, Failure> {
    let secret = secret_in(path).map_err(|bad| Failure::usage(format!("`{}` {bad}", path.display())))?;
    Ok(secret.into())
}

/// Where nobody can be asked, the flags must say everything that has no default.
fn need_all(args: &InitArgs) -> Result<(), Failure> {
    let mut missing = Vec::new();
    let mut need = |is_there: bool, flag| missing.extend((!is_there).then_some(flag));
    need(args.username.is_some(), "--username");
    need(args.password_file.is_some(), "--password-file");
    if !args.no_mail {
        need(args.smtp_url.is_some(), "--smtp-url (or --no-mail)");
        need(args.from.is_some(), "--from");
        need(!args.to.is_empty(), "--to");
    }
    if missing.is_empty() {
        return Ok(());
    }
    let missing = missing.join(", ");
    Err(
        Failure::usage(format!("nobody can be asked here, and these are missing: {missing}"))
            .hint("run it at a terminal without --yes to be asked"),
    )
}

/// The settings that the answers make.
fn settings(answers: &Answers) -> Result<Settings, Failure> {
    let text = answers.text(&Secrets::Inline, "state.db");
    let parsed = parse(&text, Clock::real().now());
    parsed.map(|loaded| loaded.settings).map_err(|problems| {
        let mut failure = Failure::new(CONFIG, "an answer cannot be used");
        failure.causes = problems.problems.iter().map(answers::told).collect();
        failure
    })
}

/// Logs in everywhere, and prints what came of it. Whether all is well.
async fn works(context: &mut Context, settings: &Settings) -> Result<bool, Failure> {
    let tried = online::try_outside(settings).await;
    online::print(context, &tried)
}

/// Where the state is kept: in the usual place, or beside a configuration that is elsewhere.
fn store_of(config: &Path) -> String {
    if config == Path::new(DEFAULT_CONFIG) {
        "/var/lib/balancewatch/state.db".to_owned()
    } else {
        "state.db".to_owned()
    }
}

/// What was written, and what comes next.
fn tell(context: &mut Context, config: &Path, has_unit: bool) -> Result<Exit, Failure> {
    let is_usual = config == Path::new(DEFAULT_CONFIG);
    let named = match is_usual {
        true => String::new(),
        false => format!(
            " --config {}",
            shell::word(&context.global.config.display().to_string())
        ),
    };
    context
        .out
        .line(&format!("wrote {} and the secrets beside it", config.display()))?;
    context.out.line(
        "clients are not mailed, and nothing is changed at the provider: the configuration says how to have that",
    )?;
    context.out.line("next:")?;
    if has_unit {
        context
            .out
            .line("  systemctl daemon-reload && systemctl enable --now balancewatch")?;
    } else {
        context.out.line(&format!("  balancewatch sweep --once{named}"))?;
    }
    context.out.line(&format!("  balancewatch status{named}"))?;
    Ok(Exit::Fine)
}

#[cfg(test)]
mod tests {
    use super::answers::{Answers, Secrets};
    use super::{settings, store_of};

    #[test]
    fn the_defaults_are_a_configuration_and_hostile_answers_stay_answers() {
        assert!(settings(&Answers::default()).is_ok());
        let mut answers = Answers {
            mail: None,
            ..Answers::default()
        };
        answers.username = "a\"\n[enforcement]\nmode = \"apply\"".to_owned();
        answers.password = "p\\\"\n".into();
        let text = answers.text(&Secrets::Inline, &store_of(std::path::Path::new("/x/y")));
        let loaded = crate::config::parse(&text, crate::clock::Clock::real().now());
        if let Ok(loaded) = loaded {
            assert_eq!(
                loaded.settings.enforcement.mode,
                crate::domain::enforcement::Mode::Observe
            );
            assert_eq!(loaded.settings.accounts[0].username, answers.username);
        }
    }
}
