//! SIGINT and SIGTERM: what is true is told at once.

use std::io::Read;
use std::net::TcpListener;
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection, SqliteConnection};

use super::elsewhere::{Answer, Elsewhere, ok};
use super::money::marker;
use super::stage::{PASSWORD, Stage, said, words};
use crate::program::Said;

const SIGNALS: [(Signal, &str); 2] = [(Signal::INT, "SIGINT"), (Signal::TERM, "SIGTERM")];

fn end(child: Child, signal: Signal) -> Said {
    kill_process(Pid::from_child(&child), signal).unwrap();
    said(child.wait_with_output().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_write_that_is_on_its_way_is_told_as_not_known() {
    let stage = Stage::new(&[]).await;
    let server = Elsewhere::start(|_| None);
    let config = stage.pointing_to("http", server.address);
    let options = format!("--config {}", config.display());
    let sign_up = "signupClient --firstname A --lastname B --address C --city D --state E --country CA --zip F --phone_number 5 \
                   --email a@example.com --confirm_email a@example.com --password Passw0rd --confirm_password Passw0rd --yes";
    for (line, error, hint) in [
        (
            "addCharge --client 561115 --charge 4.99 --yes",
            "it is NOT known whether client 561115 was charged 4.99 CAD",
            format!(
                "(do not repeat it before you know: `balancewatch api getCharges --client 561115 {options}` shows an entry of"
            ),
        ),
        (
            "addPayment --client 561115 --payment 4.99 --description May --yes --output json",
            "it is NOT known whether client 561115 was credited with 4.99 CAD",
            format!(
                "(do not repeat it before you know: `balancewatch api getDeposits --client 561115 {options}` shows"
            ),
        ),
        (
            "setClientThreshold --client 561115 --threshold 10 --yes",
            "it is NOT known whether the threshold of client 561115 was set to 10 CAD",
            format!("(`balancewatch api getClientThreshold --client 561115 {options}` shows the threshold 10"),
        ),
        (
            sign_up,
            "it is NOT known whether a client was made for a@example.com",
            format!(
                "(do not repeat it before you know: `balancewatch api getClients --client a@example.com {options}`"
            ),
        ),
        (
            "addCharge --client 561115 --charge 4.99 --test",
            "the dry run came to no result; `test=1` should move nothing",
            format!(
                "(see that `balancewatch api getCharges --client 561115 {options}` lists nothing of it, then repeat it)"
            ),
        ),
    ] {
        for (signal, name) in SIGNALS {
            let child = stage.command(&config, &words(line)).spawn().unwrap();
            assert_eq!(Some(&*server.next()), words(line).first().map(String::as_str));
            let said = end(child, signal);
            let cause = format!("caused by: {name} came before an answer did\n");
            said.ended(1).complains(&[&format!("error: {error}\n{cause}"), &hint]);
            assert_eq!((said.out.as_str(), server.called().len()), ("", 0), "{line}");
            if line.contains("4.99") && !line.contains("May") && !line.contains("--test") {
                assert!(
                    said.err.contains(&format!("described as `{}` if", marker(&said.err))),
                    "{}",
                    said.err
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_write_that_was_declined_is_told_so_while_its_hint_is_waited_for() {
    let stage = Stage::new(&[]).await;
    let server = Elsewhere::start(|function| match function {
        "getIP" => None,
        _ => ok(r#"{"status":"ip_not_enabled"}"#),
    });
    let config = stage.pointing_to("http", server.address);
    for (signal, _) in SIGNALS {
        let line = "addCharge --client 561115 --charge 4.99 --yes";
        let child = stage.command(&config, &words(line)).spawn().unwrap();
        assert_eq!([server.next(), server.next()], ["addCharge", "getIP"]);
        let said = end(child, signal);
        said.ended(1)
            .complains(&["error: addCharge was not done\n", "`ip_not_enabled`", "(allow-list"]);
        assert!(!said.err.contains("NOT known"), "{}", said.err);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_write_that_did_not_leave_is_told_as_not_sent() {
    let stage = Stage::new(&[]).await;
    // It takes the connection and never makes it secure.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = stage.pointing_to("https", listener.local_addr().unwrap());
    for line in [
        "addCharge --client 561115 --charge 4.99 --yes",
        "setClient --client 561115 --zip 1 --yes",
        "setClientThreshold --client 561115 --threshold 10 --yes",
    ] {
        for (signal, name) in SIGNALS {
            let child = stage.command(&config, &words(line)).spawn().unwrap();
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_exact(&mut [0; 5]).unwrap();
            let said = end(child, signal);
            let function = line.split(' ').next().unwrap();
            let error = format!("error: {function} was not sent: {name} came first\n");
            said.ended(1).complains(&[&error]);
            assert!(!said.err.contains("NOT known"), "{}", said.err);
        }
    }
    // Reads just end: of SIGTERM, for a shell that starts tests in the background has them ignore the other.
    let child = stage.command(&config, &words("getClients")).spawn().unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    stream.read_exact(&mut [0; 5]).unwrap();
    let said = end(child, Signal::TERM);
    assert_eq!((said.code, said.out + &said.err), (None, String::new()));
}

/// What a scripted API says of the client, until it changes.
fn record(zip: &str) -> Answer {
    let password = serde_json::to_string(PASSWORD).unwrap();
    ok(&format!(
        r#"{{"status":"success","clients":[{{"client":"561115","email":"j@example.com","password":{password},"company":"",
        "firstname":"A","lastname":"B","address":"1","city":"C","state":"QC","country":"CA","zip":"{zip}",
        "phone_number":"5551112222","balance_management":"1"}}]}}"#
    ))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_change_of_a_record_is_told_for_every_moment() {
    let stage = Stage::new(&[]).await;
    let countries = r#"{"status":"success","countries":[{"value":"CA","description":"Canada"}]}"#;
    // Which call is never answered, how setClient is answered, and what is true then.
    for (silent, answer, parts) in [
        (
            "getCountries",
            "",
            &["error: setClient was not sent: SIGINT came first\n"][..],
        ),
        (
            "getClients 1",
            "",
            &["error: setClient was not sent: SIGINT came first\n"],
        ),
        (
            "getClients 2",
            "",
            &["error: setClient was not sent: SIGINT came first\n"],
        ),
        (
            "setClient",
            "",
            &[
                "error: it is NOT known whether the record of client 561115 was changed\ncaused by: SIGINT came before",
                "(`balancewatch api getClients --client 561115 --config ",
            ],
        ),
        (
            "getClients 3",
            r#"{"status":"success"}"#,
            &[
                "error: setClient answered success, but the record of client 561115 was not read again to compare it\n",
                "caused by: SIGINT came",
                "(`balancewatch api getClients --client 561115 --config ",
            ],
        ),
        (
            "getClients 3",
            "<html>",
            &["error: it is NOT known whether the record of client 561115 was changed\ncaused by: SIGINT came"],
        ),
    ] {
        let looks = std::sync::atomic::AtomicUsize::new(0);
        let server = Elsewhere::start(move |function| match function {
            "getCountries" if silent != function => ok(countries),
            "setClient" if silent != function => ok(answer),
            "getClients" => {
                let look = looks.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
                if silent == format!("getClients {look}") {
                    None
                } else {
                    record("02134")
                }
            }
            _ => None,
        });
        let config = stage.pointing_to("http", server.address);
        let line = words("setClient --client 561115 --zip 10001 --yes");
        let child = stage.command(&config, &line).spawn().unwrap();
        let (last, count) = match silent.split_once(' ') {
            Some((function, count)) => (function, count.parse().unwrap()),
            None => (silent, 1),
        };
        let mut seen = 0;
        while seen < count {
            seen += usize::from(server.next() == last);
        }
        end(child, Signal::INT).ended(1).complains(parts);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_was_told_is_not_told_again_while_a_busy_store_is_waited_for() {
    let stage = Stage::new(&[]).await;
    let url = stage.make_store().await;
    for (answer, code, told) in [
        (r#"{"status":"success"}"#, 0, "charged 4.99 CAD to client 561115"),
        (r#"{"status":"invalid_client"}"#, 1, "error: addCharge was not done"),
    ] {
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let wait = std::sync::Mutex::new(wait);
        let server = Elsewhere::start(move |_| {
            wait.lock().unwrap().recv().ok();
            ok(answer)
        });
        let config = stage.pointing_to("http", server.address);
        let line = words("addCharge --client 561115 --charge 4.99 --yes");
        let mut child = stage.command(&config, &line).spawn().unwrap();
        let mut other = SqliteConnection::connect(&url).await.unwrap();
        let mut errors = std::io::BufReader::new(child.stderr.take().unwrap());
        // The call was reserved before it came; from here on nobody else gets the store.
        server.next();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
        go.send(()).unwrap();
        let mut out = child.stdout.take().unwrap();
        let mut all = String::new();
        if code == 0 {
            let mut bytes = [0; 33];
            out.read_exact(&mut bytes).unwrap();
            all = String::from_utf8(bytes.to_vec()).unwrap();
        } else {
            while !all.contains(told) {
                std::io::BufRead::read_line(&mut errors, &mut all).unwrap();
            }
        }
        kill_process(Pid::from_child(&child), Signal::INT).unwrap();
        let ended = child.wait().unwrap();
        errors.read_to_string(&mut all).unwrap();
        sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
        assert_eq!(ended.code(), Some(code), "{all}");
        assert!(!all.contains("SIGINT") && !all.contains("NOT known"), "{all}");
        assert_eq!(all.matches(told).count(), 1, "{all}");
    }
}
