//! `api setClient`: over the record as it is, compared when it is read back; and `--raw`, which is neither.

use serde_json::{Value, json};

use super::stage::{JOHN, PASSWORD, Stage, words};

/// What the simulator has of [`JOHN`], but for what is not part of the record.
fn record(stage: &Stage) -> Value {
    let mut john = stage.john();
    let fields = john.as_object_mut().unwrap();
    let names = [
        "client",
        "email",
        "password",
        "company",
        "firstname",
        "lastname",
        "address",
        "city",
        "state",
        "country",
        "zip",
        "phone_number",
        "balance_management",
    ];
    fields.retain(|name, _| names.contains(&name.as_str()));
    assert_eq!(fields.len(), names.len());
    john
}

/// The record with some fields changed.
fn with(record: &Value, changes: &Value) -> Value {
    let mut record = record.clone();
    for (name, value) in changes.as_object().unwrap() {
        record[name] = value.clone();
    }
    record
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_given_is_laid_over_the_record_and_the_rest_stays() {
    for omitted in ["blanked", "kept"] {
        let stage = Stage::new(&[&format!("omitted-fields={omitted}")]).await;
        let before = record(&stage);
        let line = "setClient --client 561115 --city Laval --company '' --balance_management 1";
        let looked = stage.api(line);
        looked.ended(64).says(&[
            "CLIENT 561115       IS                                    BECOMES\n",
            "company             Ü & Söhne \"Ltd\" <x>                   (empty)\n",
            "city                MONTRÉAL                              Laval\n",
            "balance_management  2 (Soft - do not suspend the client)  1 (Hard - suspend the client)\n",
        ]);
        assert_eq!(looked.out.lines().count(), 4, "{}", looked.out);
        looked.complains(&["setClient was not sent: it overwrites", "(add `--yes` to do it)"]);
        assert_eq!(record(&stage), before);
        assert_eq!(
            stage.called(),
            ["getCountries", "getBalanceManagement", "getClients", "getClients"],
            "the list for its passwords, then the record"
        );

        let done = stage.api(&format!("{line} --yes"));
        done.ended(0).says(&[
            "BECOMES",
            "client 561115 is changed: read back, every field is as it was meant\n",
        ]);
        let expected = with(
            &before,
            &json!({"city": "Laval", "company": "", "balance_management": "1"}),
        );
        assert_eq!(record(&stage), expected, "{omitted}");
        let (function, params) = stage.arrived().remove(8);
        assert_eq!(
            (function.as_str(), params.len()),
            ("setClient", 13),
            "all thirteen fields"
        );
        assert_eq!(params["country"], "CA", "a name out, a code in");
        assert_eq!(
            stage.called()[4..],
            [
                "getCountries",
                "getBalanceManagement",
                "getClients",
                "getClients",
                "setClient",
                "getClients"
            ]
        );

        let again = stage.api(&format!("{line} --yes"));
        again
            .ended(0)
            .says(&["client 561115 is so already; nothing was sent\n"]);
        assert_eq!(stage.times("setClient"), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn for_scripts_the_answer_of_setclient_is_all_of_standard_output() {
    let stage = Stage::new(&[]).await;
    let said = stage.api("setClient --client 561115 --zip 10001 --yes --output json");
    said.ended(0).complains(&[
        "note: zip of client 561115: 02134 -> 10001",
        "note: client 561115 is changed: read back",
    ]);
    assert_eq!(said.out, "{\"status\":\"success\"}\n");
    let same = stage.api("setClient --client 561115 --zip 10001 --yes --output json");
    assert_eq!(same.ended(0).out, "", "nothing was asked, so there is no answer");
    same.complains(&["nothing was sent"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_password_is_set_without_being_shown() {
    let stage = Stage::new(&[]).await;
    let path = stage.file("password", "N3w-passwörd\n".as_bytes());
    for (name, arguments, input) in [
        ("a file", format!("--password-file '{path}'"), &b""[..]),
        (
            "standard input",
            "--password -".to_owned(),
            "N3w-passwörd\r\nmore".as_bytes(),
        ),
        ("the command line", "--password 'N3w-passwörd'".to_owned(), b""),
    ] {
        stage.edit(&json!({"password": PASSWORD}));
        let said = stage.run(
            &words(&format!("setClient --client 561115 {arguments} --yes -vv")),
            input,
        );
        said.ended(0).says(&["password       ***  changed", "is changed"]);
        let all = said.out.clone() + &said.err;
        assert!(!all.contains("N3w") && !all.contains("P@ss"), "{name}: {all}");
        assert_eq!(
            all.contains("note: a password on the command line"),
            name == "the command line"
        );
        assert_eq!(stage.john()["password"], "N3w-passwörd", "{name}");
    }
    let same = stage.api("setClient --client 561115 --password 'N3w-passwörd' --yes");
    same.ended(0).says(&["so already"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_record_that_would_be_harmed_is_not_sent_back() {
    for (setting, edit, arguments, code, parts) in [
        (
            "password-shown=masked",
            json!({}),
            "--zip 1",
            1,
            &["looks masked", "--password-file"][..],
        ),
        (
            "password-shown=hashed",
            json!({}),
            "--zip 1",
            1,
            &["looks hashed", "--password-file"],
        ),
        (
            "password-shown=empty",
            json!({}),
            "--zip 1",
            1,
            &["without a password", "--password-file"],
        ),
        (
            "country-out=name",
            json!({"firstname": ""}),
            "--zip 1",
            1,
            &["no `firstname`", "(give it with `--firstname`)"],
        ),
        (
            "country-out=name",
            json!({}),
            "--country XX",
            1,
            &["`XX` maps to no country code", "getCountries"],
        ),
        (
            "country-out=name",
            json!({}),
            "--phone_number ''",
            64,
            &["`phone_number`"],
        ),
    ] {
        let stage = Stage::new(&[setting]).await;
        stage.edit(&edit);
        let before = record(&stage);
        let said = stage.api(&format!("setClient --client 561115 {arguments} --yes"));
        assert_eq!(said.code, Some(code), "{setting} {arguments}: {}", said.err);
        said.complains(parts).complains(&["setClient was not sent"]);
        assert_eq!(
            (stage.times("setClient"), record(&stage)),
            (0, before),
            "{setting} {arguments}"
        );
    }
    for (setting, edit, arguments) in [
        ("password-shown=masked", json!({}), "--password N3w-passw0rd"),
        ("password-shown=empty", json!({}), "--password N3w-passw0rd --zip 1"),
        ("country-out=name", json!({"firstname": ""}), "--firstname Ann"),
        ("country-out=code", json!({}), "--country US"),
    ] {
        let stage = Stage::new(&[setting]).await;
        stage.edit(&edit);
        let said = stage.api(&format!("setClient --client 561115 {arguments} --yes"));
        said.ended(0).says(&["every field is as it was meant"]);
        let not_shown = setting.starts_with("password");
        assert_eq!(said.out.contains("could not be compared"), not_shown, "{}", said.out);
        assert_eq!(stage.times("setClient"), 1);
    }
    let stage = Stage::new(&["used-password=on"]).await;
    let said = stage.api("setClient --client 561115 --zip 1 --yes");
    said.ended(1).complains(&[
        "`used_password`",
        "(setClient always sends a password, and the API refuses the present one: change the field in the portal",
    ]);
    let stage = Stage::new(&[]).await;
    let said = stage.api("setClient --client 7 --zip 1 --yes");
    said.ended(1).complains(&[
        "setClient was not sent: what it needs could not be read",
        "invalid_client",
    ]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_edit_between_the_look_and_the_change_is_kept() {
    let stage = Stage::new(&[]).await;
    let line = "setClient --client 561115 --zip 10001";
    stage.api(line).ended(64);
    stage.edit(&json!({"city": "LAVAL", "password": "Other-P4ss"}));
    let before = record(&stage);
    stage.api(&format!("{line} --yes")).ended(0);
    assert_eq!(record(&stage), with(&before, &json!({"zip": "10001"})));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_edit_in_the_moment_before_the_change_is_overwritten_as_a_whole() {
    let stage = Stage::new(&["edit-before-set-client=561115:city=LAVAL"]).await;
    let before = record(&stage);
    stage.api("setClient --client 561115 --zip 10001 --yes").ended(0);
    // The API has no version of a record: neither this side nor the other can notice. No field of the edit is left over.
    assert_eq!(record(&stage), with(&before, &json!({"zip": "10001"})));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_record_that_is_not_as_meant_is_said_plainly() {
    let stage = Stage::new(&["edit-after-set-client=561115:city=LAVAL"]).await;
    let said = stage.api("setClient --client 561115 --zip 10001 --yes");
    said.ended(1).complains(&[
        "error: the record of client 561115 is not as it was meant",
        "caused by: `city` is `LAVAL`, and was meant to be `MONTRÉAL`",
        "(somebody may have changed it at the same time",
    ]);
    assert_eq!(said.err.matches("caused by").count(), 1, "{}", said.err);
    let stage = Stage::new(&["edit-after-set-client=561115:password=x1"]).await;
    let said = stage.api("setClient --client 561115 --zip 10001 --yes --output json");
    said.ended(1).complains(&["`password` is another than was sent"]);
    assert_eq!(said.out, "{\"status\":\"success\"}\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn when_the_reply_is_lost_the_record_tells() {
    let stage = Stage::new(&[]).await;
    stage.simulator.set_fault("reset-after@setClient", "1").unwrap();
    let said = stage.api("setClient --client 561115 --zip 10001 --yes");
    said.ended(0)
        .complains(&["note: it was done, although no answer came that says so (setClient: the connection"]);
    said.says(&["client 561115 is changed: read back"]);
    assert_eq!((stage.times("setClient"), &stage.john()["zip"]), (1, &json!("10001")));

    stage.simulator.set_fault("reset-after@setClient", "0").unwrap();
    stage.simulator.set_fault("reset-before@setClient", "1").unwrap();
    let said = stage.api("setClient --client 561115 --zip 10002 --yes");
    said.ended(1).complains(&[
        "client 561115 is not changed: the record is as it was",
        "look again in a minute",
    ]);
    assert_eq!((stage.times("setClient"), &stage.john()["zip"]), (2, &json!("10001")));

    stage.simulator.set_fault("reset-before@setClient", "0").unwrap();
    stage
        .simulator
        .set_setting("edit-before-set-client", "561115:country=ZZ")
        .unwrap();
    stage.simulator.set_setting("password-rules", "always").unwrap();
    stage.edit(&json!({"password": "short"}));
    let said = stage.api("setClient --client 561115 --zip 10003 --yes");
    said.ended(1).complains(&[
        "invalid_password_lessthan_8characters_long",
        "caused by: the password has less than 8",
    ]);
    assert_eq!(stage.john()["zip"], "10001", "declined is declined");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn raw_sends_what_is_given_and_nothing_else() {
    let stage = Stage::new(&[]).await;
    let path = stage.file("password", b"N3w-passw0rd");
    let line = format!(
        "setClient --raw --client {JOHN} --email a@example.com --password-file '{path}' --firstname A --lastname B \
         --phone_number 5551112222 --yes"
    );
    stage
        .api(&line)
        .ended(0)
        .says(&["overwrote the record of client 561115\n"]);
    let arrived = stage.arrived();
    let expected = json!({
        "client": JOHN, "email": "a@example.com", "password": "***", "firstname": "A", "lastname": "B",
        "phone_number": "5551112222",
    });
    assert_eq!(
        arrived,
        [("setClient".to_owned(), expected.as_object().unwrap().clone())]
    );
    assert_eq!(stage.john()["city"], "", "what the API does to the rest is its own");

    stage.simulator.set_fault("reset-after@setClient", "1").unwrap();
    stage.api(&line).ended(1).complains(&[
        "error: it is NOT known whether the record of client 561115 was overwritten",
        &format!(
            "balancewatch api getClients --client 561115 --config {}",
            stage.config_path().display()
        ),
    ]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_balance_management_that_the_account_does_not_list_is_not_sent() {
    for (settings, code, has) in [
        (
            &[][..],
            "hard",
            "(it has 1 (Hard - suspend the client), 2 (Soft - do not suspend the client))",
        ),
        (&[][..], "7", "it has 1"),
        (&["soft-listed=off"][..], "2", "(it has 1 (Hard - suspend the client))"),
    ] {
        let stage = Stage::new(settings).await;
        let before = record(&stage);
        let line = format!("setClient --client 561115 --balance_management {code} --yes");
        let problem = format!("setClient was not sent: the account has no balance management `{code}`");
        stage.api(&line).ended(1).complains(&[&problem, has]);
        assert_eq!(record(&stage), before);
        assert!(!stage.called().contains(&"setClient".to_owned()));
    }
}
