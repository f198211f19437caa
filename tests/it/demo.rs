//! `demo` as a newcomer runs it: the real binary, its story, and the mails it leaves.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use mail_parser::MessageParser;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_balancewatch"));
    command
        .args(["demo", "--config", "/nowhere/at/all.toml"])
        .args(arguments)
        // It reads no environment: this would be refused by any command that does.
        .env("BALANCEWATCH__ACCOUNT__MAIN__RATE_PER_MINUTE", "none");
    command
}

fn demo(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// Starts a story without an end and reads it until something was told.
fn begun(until: &str) -> (Child, BufReader<ChildStdout>) {
    let mut child = command(&["--for", "0s"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains(until) {
        line.clear();
        assert!(told.read_line(&mut line).unwrap() > 0, "it ended early");
    }
    (child, told)
}

#[test]
fn ctrl_c_ends_a_story_without_an_end() {
    let (mut child, mut told) = begun("Mon 08:55");
    let interrupt = ["-INT".to_owned(), child.id().to_string()];
    assert!(Command::new("kill").args(interrupt).status().unwrap().success());
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{rest}");
    assert!(rest.contains("Stopped before the end of the story."), "{rest}");
    let (_, folder) = rest.rsplit_once(" in ").unwrap();
    let parent = PathBuf::from(folder.trim()).parent().unwrap().to_owned();
    assert_eq!(std::fs::read_dir(&parent).unwrap().count(), 1, "the store is gone");
    std::fs::remove_dir_all(parent).unwrap();
}

#[test]
fn a_reader_that_went_away_ends_the_story() {
    let (mut child, told) = begun("1. A reseller");
    drop(told);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn the_story_comes_to_its_expected_end_and_leaves_its_mails() {
    let output = demo(&["--for", "10s"]);
    let story = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{story}{errors}");
    assert_eq!(errors, "", "no noise");
    for part in [
        "\n1. A reseller and its clients\n",
        "561115  Consulting",
        "low-balance fires, the balance 129.50 is below 130.00",
        "low-balance is resolved",
        "fraud fires, today's spending 32.00 is above 25.00",
        "planned: balance_management 2 to 1 (HARD), 48.00 USD left",
        "set to HARD, read back, nothing else changed",
        "no answer from the mail server; 2 mails are kept and tried again",
        "nothing was lost",
        "Everything happened that was expected.",
    ] {
        assert!(story.contains(part), "`{part}` is not in\n{story}");
    }
    assert!(!story.to_lowercase().contains("suspend"), "{story}");
    assert!(!story.contains('\u{1b}'), "no colour in a pipe");
    assert!(story.lines().all(|line| line.chars().count() <= 100), "{story}");
    let checks: Vec<&str> = story.lines().filter(|line| line.ends_with("  yes")).collect();
    assert!(checks.len() >= 15, "{story}");
    assert!(!story.lines().any(|line| line.ends_with("  NO")), "{story}");
    read_mails(&story);
}

/// Reads the mails as a mail program would.
fn read_mails(story: &str) {
    let (_, folder) = story.rsplit_once(" mails are in ").unwrap();
    let folder = PathBuf::from(folder.trim());
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert_eq!(files.len(), 17, "{files:?}");
    let (mut ids, mut subjects) = (BTreeSet::new(), Vec::new());
    for file in &files {
        let data = std::fs::read(file).unwrap();
        let mail = MessageParser::default().parse(&data).unwrap();
        assert!(ids.insert(mail.message_id().unwrap().to_owned()), "{file:?} came twice");
        assert!(mail.references().as_text().is_some(), "{file:?} is in no thread");
        assert!(mail.body_text(0).unwrap().contains("USD"), "{file:?}");
        assert!(mail.body_html(0).unwrap().contains("<html"), "{file:?}");
        subjects.push(mail.subject().unwrap().to_owned());
    }
    let count = |part: &str| subjects.iter().filter(|subject| subject.contains(part)).count();
    assert_eq!(count("summary"), 1, "{subjects:?}");
    assert_eq!(count("RESOLVED"), 2, "{subjects:?}");
    assert_eq!(count("is set to HARD: calls should stop at 0"), 1, "{subjects:?}");
    assert_eq!(count("Your phone balance is low"), 5, "{subjects:?}");
    assert_eq!(count("Your phone balance is used up"), 1, "{subjects:?}");
    // Only the mails stay, in a folder of the demo's own.
    let parent = folder.parent().unwrap();
    let left: Vec<_> = std::fs::read_dir(parent)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(left, std::slice::from_ref(&folder));
    std::fs::remove_dir_all(parent).unwrap();
}

#[test]
fn numbers_that_make_no_story_are_usage_errors() {
    let cases: [(&str, &[&str], &str); 6] = [
        ("too short", &["--for", "5s"], "at least 10s"),
        ("just too short", &["--for", "9999ms"], "at least 10s"),
        ("no duration", &["--for", "soon"], "expected a duration"),
        ("too few clients", &["--clients", "5"], "from 6 to 500 clients"),
        ("too many clients", &["--clients", "501"], "from 6 to 500 clients"),
        ("no seed", &["--seed", "one"], "invalid digit"),
    ];
    for (name, arguments, part) in cases {
        let output = demo(arguments);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(64), "{name}: {errors}");
        assert!(errors.contains(part), "{name}: {errors}");
        assert!(output.stdout.is_empty(), "{name}");
    }
}
