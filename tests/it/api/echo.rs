//! A server that repeats the password that it was sent: it is printed nowhere.

use super::elsewhere::{Elsewhere, ok};
use super::stage::{JOHN, Stage, words};

const SECRET: &str = "N3w/Passw0rd";

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_password_that_comes_back_is_not_printed() {
    let record = format!(
        r#"{{"client":"{JOHN}","email":"a@b.cd","password":"Pr3sent-one","company":"","firstname":"A","lastname":"B","address":"","city":"","state":"","country":"CA","zip":"1","phone_number":"5551112222","balance_management":"1"}}"#
    );
    // What setClient reads first, and a refusal of every write in which its password stands.
    let server = Elsewhere::start(move |function| {
        let success = |key: &str, row: &str| ok(&format!(r#"{{"status":"success","{key}":[{row}]}}"#));
        match function {
            "getCountries" => success("countries", r#"{"value":"CA","description":"Canada"}"#),
            "getBalanceManagement" => success("balance_management", r#"{"value":"1","description":"Hard"}"#),
            "getClients" => success("clients", &record),
            _ => ok(r#"{"status":"weak_password","message":"N3w\/Passw0rd is weak"}"#),
        }
    });
    let stage = Stage::new(&[]).await;
    let config = stage.pointing_to("http", server.address);
    let file = stage.file("new", SECRET.as_bytes());
    let person = "--email a@b.cd --firstname A --lastname B --phone_number 5551112222";
    for (name, line) in [
        (
            "as given",
            format!("setClient --raw --client {JOHN} {person} --password-file '{file}' --yes"),
        ),
        (
            "over the record",
            format!("setClient --client {JOHN} --password-file '{file}' --yes"),
        ),
        (
            "of a new client",
            format!(
                "signupClient {person} --confirm_email a@b.cd --address C --city D --state E --country CA --zip F \
                 --password-file '{file}' --yes"
            ),
        ),
    ] {
        let said = stage.run_with(&config, &words(&format!("{line} --output json")), b"");
        said.ended(1).complains(&["`weak_password`"]);
        assert_eq!(
            said.out, "{\"status\":\"weak_password\",\"message\":\"***\"}\n",
            "{name}"
        );
        assert!(
            !said.err.contains("N3w") && !said.err.contains("is weak"),
            "{name}: {}",
            said.err
        );
        let table = stage.run_with(&config, &words(&line), b"");
        assert!(!(table.out + &table.err).contains("N3w"), "{name}");
    }
    assert_eq!(
        server.called().iter().filter(|called| *called == "setClient").count(),
        4
    );
}
