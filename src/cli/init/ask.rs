//! A person at a terminal is asked, one thing after the other, and again when an answer cannot be used. Questions go to
//! standard error; what is secret is not shown.

use std::io::{BufRead, Read, Write, stderr, stdin};

use secrecy::SecretString;

use super::answers::Answers;
use super::{InitArgs, Mail};
use crate::cli::failure::Failure;
use crate::cli::hidden::Hidden;

/// The longest line that is read.
const LONGEST_BYTES: u64 = 4096;

/// How an answer becomes part of what is known.
type Set = fn(&mut Answers, String);

/// Asks for all that no flag told.
pub async fn the_rest(args: &InitArgs, answers: &mut Answers) -> Result<(), Failure> {
    if args.username.is_none() {
        let set: Set = |answers, text| answers.username = text;
        asked(
            answers,
            "API user (the e-mail address you log in to voip.ms with)",
            "",
            "account.main.username",
            set,
        )
        .await?;
    }
    if args.password_file.is_none() {
        answers.password = hidden("API password (not the portal's; it is not shown)").await?;
    }
    if !args.no_mail {
        mail(args, answers).await?;
    }
    if args.own_balance_below.is_none() {
        let (set, usual): (Set, _) = (
            |answers, text| answers.own_balance_below = text,
            answers.own_balance_below.clone(),
        );
        asked(
            answers,
            "tell when your own balance is below",
            &usual,
            "account.main.own_balance_below",
            set,
        )
        .await?;
    }
    if args.timezone.is_none() {
        let (set, usual): (Set, _) = (|answers, text| answers.timezone = text, answers.timezone.clone());
        asked(answers, "time zone", &usual, "schedule.timezone", set).await?;
    }
    Ok(())
}

async fn mail(args: &InitArgs, answers: &mut Answers) -> Result<(), Failure> {
    if args.smtp_url.is_none() {
        let set: Set = |answers, text| with_mail(answers, |mail| mail.url = text);
        let question = "mail server (smtp://USER@HOST:587 or smtps://USER@HOST:465; `none` for none)";
        loop {
            let text = line(question, "").await?;
            if text == "none" {
                answers.mail = None;
                return Ok(());
            }
            set(answers, text);
            match answers.problem("smtp.url") {
                Some(problem) => complain(&problem),
                None => break,
            }
        }
    }
    if answers.needs_mail_password() {
        let password = hidden("password of the mail server (it is not shown)").await?;
        with_mail(answers, |mail| mail.password = Some(password));
    }
    if args.from.is_none() {
        let set: Set = |answers, text| with_mail(answers, |mail| mail.from = text);
        asked(answers, "sender of the mails", "", "smtp.from", set).await?;
    }
    if args.to.is_empty() {
        let set: Set =
            |answers, text| with_mail(answers, |mail| mail.to = text.split(',').map(str::to_owned).collect());
        asked(
            answers,
            "who reads the alerts (addresses, commas between)",
            "",
            "channel.ops.to",
            set,
        )
        .await?;
    }
    Ok(())
}

fn with_mail(answers: &mut Answers, change: impl FnOnce(&mut Mail)) {
    if let Some(mail) = &mut answers.mail {
        change(mail);
    }
}

/// Whether a configuration is wanted that did not work.
pub async fn anyway() -> Result<bool, Failure> {
    let answer = line(
        "not everything worked; write the configuration all the same? (y or n)",
        "n",
    )
    .await?;
    Ok(matches!(answer.as_str(), "y" | "yes"))
}

/// Asks until the answer is one that the key takes.
async fn asked(answers: &mut Answers, question: &str, usual: &str, key: &str, set: Set) -> Result<(), Failure> {
    loop {
        let text = line(question, usual).await?;
        set(answers, text);
        match answers.problem(key) {
            Some(problem) => complain(&problem),
            None => return Ok(()),
        }
    }
}

async fn hidden(question: &str) -> Result<SecretString, Failure> {
    let unseen = Hidden::typing().map_err(|error| {
        Failure::from(error)
            .while_doing("the terminal would show what is typed")
            .hint("give it in a file")
    })?;
    let secret = line(question, "").await?;
    if let Some(unseen) = unseen {
        unseen.answered();
    }
    Ok(secret.into())
}

/// One line that is not empty, or the usual one.
async fn line(question: &str, usual: &str) -> Result<String, Failure> {
    let shown = match usual {
        "" => format!("{question}: "),
        usual => format!("{question} [{usual}]: "),
    };
    loop {
        say(&shown);
        // What waits for a person must not keep a signal from ending it.
        let read = tokio::task::spawn_blocking(|| {
            let mut text = String::new();
            stdin().lock().take(LONGEST_BYTES).read_line(&mut text).map(|_| text)
        });
        let text = read.await.map_err(|error| Failure::failed(error.to_string()))??;
        if text.is_empty() {
            return Err(Failure::usage(
                "nothing was written: standard input ended before the last question",
            ));
        }
        match text.trim() {
            "" if usual.is_empty() => complain("an answer is needed"),
            "" => return Ok(usual.to_owned()),
            text => return Ok(text.to_owned()),
        }
    }
}

fn complain(problem: &str) {
    say(&format!("  {}\n", crate::view::words::clean(problem)));
}

/// A person who cannot be told anything cannot answer either.
fn say(text: &str) {
    stderr().write_all(text.as_bytes()).ok();
}
