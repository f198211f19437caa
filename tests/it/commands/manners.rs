//! Completions, manual pages and `health`: what a person, a shell and a container engine get.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::thread;

use super::fleet::Fleet;
use crate::program::{Said, program};

/// A configuration that is not there: none is needed.
const NOWHERE: &str = "/nowhere/at/all.toml";

fn run(arguments: &[&str]) -> Said {
    program(Path::new(NOWHERE), arguments).output().unwrap().into()
}

/// Whether this machine has a program.
fn has(name: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {name}")]).output();
    found.is_ok_and(|found| found.status.success())
}

#[test]
fn completions_are_scripts_that_complete() {
    for (shell, part) in [
        ("bash", "complete -F _balancewatch"),
        ("zsh", "#compdef balancewatch"),
        ("fish", "complete -c balancewatch"),
    ] {
        let said = run(&["completions", shell]);
        said.fine().says(&[part, "notifications"]);
        assert!(
            !said.out.contains("replay"),
            "what is not in this version is not completed"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("completions");
    std::fs::write(&script, run(&["completions", "bash"]).out).unwrap();
    let line = format!(
        "source '{}'; COMP_WORDS=(balancewatch api getClientT); COMP_CWORD=2; _balancewatch balancewatch getClientT api; \
         echo \"${{COMPREPLY[@]}}\"",
        script.display()
    );
    let completed = Command::new("bash").args(["-c", &line]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&completed.stdout), "getClientThreshold\n");
    run(&["completions", "tcsh"]).failed(64, &["tcsh"]);
}

#[test]
fn every_manual_page_is_one_for_groff() {
    let folder = tempfile::tempdir().unwrap();
    let said = run(&["man", "--into", &folder.path().display().to_string()]);
    said.fine().says(&["wrote", "pages below"]);
    let mut pages = Vec::new();
    for section in ["man1", "man5"] {
        let found = std::fs::read_dir(folder.path().join(section)).unwrap();
        pages.extend(found.map(|page| page.unwrap().path()));
    }
    assert!(pages.len() > 50, "{pages:?}");
    let first = std::fs::read_to_string(folder.path().join("man1/balancewatch.1")).unwrap();
    assert_eq!(run(&["man"]).out, first);
    let fifth = std::fs::read_to_string(folder.path().join("man5/balancewatch.toml.5")).unwrap();
    assert_eq!(run(&["man", "--section", "5"]).out, fifth);
    run(&["man", "--section", "3"]).failed(64, &["there is no section 3"]);
    if !has("groff") {
        return;
    }
    for page in pages {
        let formatted = Command::new("groff")
            .args(["-z", "-ww", "-man", "-Tutf8"])
            .arg(&page)
            .output()
            .unwrap();
        let complaints = String::from_utf8_lossy(&formatted.stderr);
        // A name of the configuration may be longer than a line of a terminal.
        let serious: Vec<&str> = complaints
            .lines()
            .filter(|line| !line.contains("cannot adjust line") && !line.contains("cannot break line"))
            .collect();
        assert!(
            formatted.status.success() && serious.is_empty(),
            "{page:?}: {complaints}"
        );
    }
}

/// Answers one request with this status line and body, and tells what was asked.
fn answering(status: &'static str, body: &'static str) -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 1024];
        let count = stream.read(&mut request).unwrap();
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all((head + body).as_bytes()).unwrap();
        String::from_utf8_lossy(&request[..count]).into_owned()
    });
    (url, served)
}

#[test]
fn health_says_what_the_daemon_says() {
    let (url, served) = answering("200 OK", "balancewatch is ready.\n");
    let said = run(&["health", "--url", &url]);
    assert_eq!(said.text(), format!("ready, says {url}/-/ready\n"));
    assert!(served.join().unwrap().starts_with("GET /-/ready HTTP/1.1\r\n"));

    let missing = "account main: no sweep was judged yet\n\u{1b}[2Jsecond\n";
    let (url, _) = answering("503 Service Unavailable", missing);
    run(&["health", "--url", &url]).failed(
        1,
        &[
            "error: not ready",
            "caused by: account main: no sweep was judged yet",
            "\ncaused by: \u{fffd}[2Jsecond",
        ],
    );
    let (url, _) = answering("503 Service Unavailable", missing);
    let said = run(&["health", "--url", &url, "--output", "json"]);
    said.ended(1);
    assert_eq!(said.json()["ready"], false);
    assert_eq!(said.json()["missing"][0], "account main: no sweep was judged yet");

    let (url, _) = answering("404 Not Found", "who?");
    run(&["health", "--url", &url]).failed(1, &["error: not ready", "caused by: HTTP 404"]);
    run(&["health", "--url", "127.0.0.1"]).failed(64, &["is no address of a listener"]);
}

#[test]
fn health_waits_for_nobody() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    run(&["health", "--url", &url]).failed(1, &["the daemon does not answer", "does `balancewatch run` run"]);
    drop(listener);
    run(&["health", "--url", &url]).failed(1, &["the daemon does not answer"]);
}

#[tokio::test]
async fn health_finds_the_listener_in_the_configuration() {
    let fleet = Fleet::without_store();
    let (url, served) = answering("200 OK", "");
    let address = url.trim_start_matches("http://");
    fleet.configure(&format!("[web]\nlisten = \"{address}\"\n"));
    assert_eq!(fleet.run(&["health"]).text(), format!("ready, says {url}/-/ready\n"));
    served.join().unwrap();
    fleet.configure("[web]\nlisten = \"off\"\n");
    fleet.run(&["health"]).failed(1, &["the web listener is off"]);
}

#[tokio::test]
async fn a_plugin_says_one_line_and_ends_with_its_state() {
    let fleet = Fleet::new().await;
    for (id, code, begin, end) in [
        (
            "561115",
            1,
            "BALANCEWATCH WARNING - 561115 Über <b>GmbH</b>",
            "low-balance: the balance 8.0588 is below 10.00",
        ),
        (
            "561116",
            0,
            "BALANCEWATCH OK - 561116 Nobody to mail, 50.00 USD read 1m",
            " | balance=50;;0: spent_today=0.216;;;0 age=",
        ),
        ("561117", 3, "BALANCEWATCH UNKNOWN - 561117 New, never read", ""),
        ("561118", 3, "BALANCEWATCH UNKNOWN - 561118 Gone, vanished", ""),
        (
            "account",
            2,
            "BALANCEWATCH CRITICAL - account the account itself",
            "refused this machine's address",
        ),
        ("999", 3, "BALANCEWATCH UNKNOWN - there is no client `999`", ""),
    ] {
        let said = fleet.run(&["client", id, "--nagios"]);
        said.ended(code).says(&[begin, end]);
        assert_eq!((said.out.lines().count(), said.err.as_str()), (1, ""), "{id}");
    }
    std::fs::remove_file(fleet.store_path()).unwrap();
    fleet
        .run(&["client", "1", "--nagios"])
        .ended(3)
        .says(&["UNKNOWN - there is no store at"]);
    fleet.configure("[schedule]\nsweep = \"never\"\n");
    fleet
        .run(&["client", "1", "--nagios"])
        .ended(3)
        .says(&["UNKNOWN - the configuration has 1 problem"]);
}
