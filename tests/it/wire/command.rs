//! `balancewatch simulate` as a program: what it prints, what it takes, what it refuses.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::raw::{AUTH, Answer};

/// The program, killed when dropped.
struct Program {
    child: Child,
    first_line: String,
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_balancewatch"));
    command
        .env_clear()
        .arg("simulate")
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

impl Program {
    fn start(args: &[&str]) -> Self {
        let mut child = command(args).spawn().unwrap();
        let mut first_line = String::new();
        // A byte at a time, so that what follows the line is left for others.
        BufReader::with_capacity(1, child.stdout.as_mut().unwrap())
            .read_line(&mut first_line)
            .unwrap();
        Self { child, first_line }
    }

    fn authority(&self) -> &str {
        let url = self.first_line.strip_prefix("listening on http://").unwrap();
        url.strip_suffix("/api/v1/rest.php\n").unwrap()
    }

    fn get(&self, target: &str) -> Answer {
        ask(self.authority(), target)
    }
}

/// A GET at this address and port.
fn ask(authority: &str, target: &str) -> Answer {
    let mut stream = TcpStream::connect(authority).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut bytes = String::new();
    stream.read_to_string(&mut bytes).unwrap();
    let (head, body) = bytes.split_once("\r\n\r\n").unwrap();
    Answer {
        head: head.to_owned(),
        body: body.into(),
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().unwrap();
    }
}

/// [C] The first line on standard output names the address, on loopback and a free port; the options arrive.
#[test]
fn the_first_line_names_the_address() {
    let program = Program::start(&[
        "--clients",
        "3",
        "--seed",
        "7",
        "--username",
        "me@example.com",
        "--password",
        "secret",
        "--rate-cap",
        "2",
        "--fault",
        "maintenance@getBalance=1",
        "--set",
        "soft-code=0",
        "--speed",
        "60",
        "--latency",
        "0",
    ]);
    let port = program
        .authority()
        .strip_prefix("127.0.0.1:")
        .unwrap()
        .parse::<u16>()
        .unwrap();
    assert_ne!(port, 0);
    let call = |query: &str| program.get(&format!("/api/v1/rest.php?{query}")).text();
    assert!(call(&format!("{AUTH}&method=getIP")).starts_with(r#"{"status":"invalid_credentials""#));
    let auth = "api_username=me%40example.com&api_password=secret";
    assert!(call(&format!("{auth}&method=getBalanceManagement")).contains(r#"{"value":"0","description":"Soft "#));
    assert!(call(&format!("{auth}&method=getBalance")).starts_with(r#"{"status":"method_maintenance""#));
    assert!(
        call(&format!("{auth}&method=getIP")).starts_with(r#"{"status":"api_limit_exceeded""#),
        "the third of two"
    );
    let state = program.get("/sim/state").text();
    for part in [
        r#""clients":3"#,
        r#""seed":7"#,
        r#""speed":"60""#,
        r#""faults":{"maintenance@getBalance":"1"}"#,
    ] {
        assert!(state.contains(part), "{part} in {state}");
    }
}

/// [C] A given port is used; a second program cannot have it, and says so with exit code 1.
#[test]
fn a_port_can_be_given() {
    let first = Program::start(&[]);
    let output = command(&["--listen", first.authority()]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with(&format!("error: cannot listen on `{}`\ncaused by: ", first.authority())),
        "{said}"
    );
    assert_eq!(output.stdout, b"", "nothing is announced that is not so");
}

/// [C] SIGTERM and SIGINT end it well; one line was said to programs, the rest to people.
#[test]
fn a_signal_ends_it() {
    for signal in ["-TERM", "-INT"] {
        let mut program = Program::start(&[]);
        let sent = Command::new("kill")
            .args([signal, &program.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
        assert_eq!(program.child.wait().unwrap().code(), Some(0), "{signal}");
        let (mut out, mut err) = (String::new(), String::new());
        program.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        program.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!(out, "", "standard output has one line and no more");
        assert!(
            err.starts_with("100 clients, seed 1; "),
            "notices go to standard error: {err}"
        );
    }
}

/// [C] A signal ends it in the middle of the longest work, too: ten years of many clients, which nobody will see.
#[test]
fn a_signal_ends_long_work() {
    let mut program = Program::start(&["--clients", "20000"]);
    let mut asking = TcpStream::connect(program.authority()).unwrap();
    let advance = r#"{"advance":"87600h"}"#;
    write!(
        asking,
        "POST /sim/clock HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{advance}GET /sim/state HTTP/1.1\r\nHost: x\r\n\r\n",
        advance.len()
    )
    .unwrap();
    // The first answer; then the second is worked on.
    assert_ne!(asking.read(&mut [0; 4_096]).unwrap(), 0);
    program.get(&format!("/api/v1/rest.php?{AUTH}&method=getIP"));
    let sent = Command::new("kill")
        .args(["-INT", &program.child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    let mut out = program.child.stdout.take().unwrap();
    let (done, is_done) = mpsc::channel();
    // Standard output ends with the program.
    std::thread::spawn(move || done.send(out.read_to_end(&mut Vec::new()).is_ok()));
    assert_eq!(is_done.recv_timeout(Duration::from_secs(20)), Ok(true));
    assert_eq!(program.child.wait().unwrap().code(), Some(0));
}

/// [C] Listening for others is warned of, and `/sim/` answers this machine only, by its loopback address.
#[test]
fn the_world_is_nobody_elses_to_change() {
    let program = Program::start(&["--listen", "0.0.0.0:0"]);
    let port = program.authority().rsplit_once(':').unwrap().1;
    // Where packets to elsewhere would leave from; nothing is sent. A machine without such an address has no others.
    let outside = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    let Some(own) = outside.connect("192.0.2.1:9").and_then(|()| outside.local_addr()).ok() else {
        return;
    };
    for (host, line) in [
        ("127.0.0.1".to_owned(), "HTTP/1.1 200 OK"),
        (own.ip().to_string(), "HTTP/1.1 404 Not Found"),
    ] {
        let answer = ask(&format!("{host}:{port}"), "/sim/stats");
        assert_eq!(answer.line(), line, "{host}");
        let call = ask(
            &format!("{host}:{port}"),
            &format!("/api/v1/rest.php?{AUTH}&method=getIP"),
        );
        assert_eq!(call.text(), format!(r#"{{"status":"success","ip":"{host}"}}"#));
    }
}

/// [C] What makes no world is a wrong command line, exit code 64, with what would be accepted.
#[test]
fn wrong_options_are_usage_errors() {
    for (args, said) in [
        (
            &["--fault", "html-504=1"][..],
            "error: there is no fault `html-504`\n(did you mean `html-503`? known: html-503, ",
        ),
        (
            &["--fault", "limit=2"],
            "error: `2` is not a share for fault `limit`\n(",
        ),
        (&["--fault", "limit"], "error: `limit` is not of the form NAME=VALUE"),
        (
            &["--set", "colour=blue"],
            "error: there is no setting `colour`\n(known: api-enabled, ",
        ),
        (
            &["--set", "types=blue"],
            "error: setting `types` does not take `blue`\n(accepted: mixed, doc-strings, ",
        ),
        (
            &["--set", "omited_fields=keep"],
            "error: there is no setting `omited_fields`\n(did you mean `omitted-fields`? known: api-enabled, ",
        ),
        (
            &["--set", "omitted-fields=keep"],
            "error: setting `omitted-fields` does not take `keep`\n(did you mean `kept`? accepted: blanked, kept)\n",
        ),
        (
            &["--set", "maintenance-methods=getIP,setclient"],
            "error: setting `maintenance-methods` does not take `getIP,setclient`\n(did you mean `setClient`? accepted: ",
        ),
        (
            &["--fault", "empty@setclient=1"],
            "error: `empty@setclient` hits nobody\n(did you mean `setClient`? behind the @ stands `clients`, ",
        ),
        (
            &[
                "--clients",
                "250001",
                "--rate-cap",
                "0",
                "--fault",
                "slow",
                "--fault",
                "limit=2",
                "--set",
                "soft_code=0",
            ],
            "error: 5 things are not accepted\n\
             caused by: `250001` clients are more than the 250000 that a world holds\n\
             caused by: a rate cap of `0` would refuse every call (leave it out for no cap)\n\
             caused by: `slow` is not of the form NAME=VALUE\n\
             caused by: `2` is not a share for fault `limit` (a decimal from 0 to 1 with at most six places, such as 0.05)\n\
             caused by: there is no setting `soft_code` (did you mean `soft-code`? known: ",
        ),
        (
            &["--rate-cap", "0"],
            "error: a rate cap of `0` would refuse every call\n(",
        ),
        (
            &["--clients", "250001"],
            "error: `250001` clients are more than the 250000 that a world holds",
        ),
        (&["--listen", "here"], "error: "),
        (&["--speed", "fast"], "error: "),
    ] {
        let output = command(args).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(64), "{args:?}: {error}");
        assert!(error.starts_with(said), "{args:?}: {error}");
    }
}

/// [C] Help lists every fault and every setting with its default and how sure it is, every function, and `/sim/`.
#[test]
fn help_lists_everything() {
    let output = command(&["--help"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let help = String::from_utf8(output.stdout).unwrap();
    // Help may wrap its lines at the terminal's width, so words are compared and not lines.
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words(&help).ends_with(&words(&balancewatch::simulator::manual())),
        "{help}"
    );
    for certainty in ["documented", "observed", "inferred", "unknown"] {
        assert!(help.contains(&format!("[{certainty}]")), "{certainty}");
    }
    for route in [
        "/sim/clients/ID",
        "/sim/clients/ID/deposit",
        "/sim/clock",
        "/sim/faults",
        "/sim/settings",
        "/sim/state",
        "/sim/stats",
        "/sim/requests",
    ] {
        assert!(help.contains(route), "{route}");
    }
}

/// [C] With a mail catcher beside it, what it prints is all that the daemon needs: a configuration that is whole, and a folder
/// in which the mails are.
#[test]
fn with_a_mail_catcher_one_command_is_all_that_the_daemon_needs() {
    let folder = tempfile::tempdir().unwrap();
    let lab = folder.path().join("lab");
    let mut simulator = Program::start(&["--clients", "5", "--with-mail-catcher", lab.to_str().unwrap()]);
    let mut said = BufReader::new(simulator.child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("balancewatch run --config ") {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "it names no configuration");
    }
    let config = PathBuf::from(line.trim().strip_prefix("balancewatch run --config ").unwrap());
    let run =
        |arguments: &[&str]| crate::program::Said::from(crate::program::program(&config, arguments).output().unwrap());
    run(&["check", "--online"]).ended(0);
    let edit = |balance: &str| {
        let body = format!(r#"{{"balance":"{balance}","threshold":"10.00"}}"#);
        let mut stream = TcpStream::connect(simulator.authority()).unwrap();
        let length = body.len();
        write!(
            stream,
            "PATCH /sim/clients/561115 HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
        .unwrap();
        stream.read_to_string(&mut String::new()).unwrap();
    };
    edit("100.00");
    run(&["sweep", "--once"]).ended(0);
    edit("4.00");
    run(&["sweep", "--once"]).ended(0);
    let mails: Vec<String> = std::fs::read_dir(lab.join("mails"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let to_operators = mails.iter().filter(|name| name.ends_with("-noc@example.com.eml"));
    assert!(to_operators.count() >= 1, "{mails:?}");
}
