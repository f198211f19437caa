//! The command line: what is refused before anything is sent, and what help teaches.

use super::stage::{Stage, words};

/// Every function, with the group that it stands in.
const FUNCTIONS: [&str; 17] = [
    "addCharge",
    "addPayment",
    "getBalance",
    "getBalanceManagement",
    "getCharges",
    "getClientPackages",
    "getClientThreshold",
    "getClients",
    "getCountries",
    "getDeposits",
    "getIP",
    "getPackages",
    "getResellerBalance",
    "getStates",
    "setClient",
    "setClientThreshold",
    "signupClient",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_list_has_every_function_in_its_group() {
    let stage = Stage::new(&[]).await;
    let list = stage.api("--help");
    list.ended(0);
    for function in FUNCTIONS {
        assert!(list.out.contains(&format!("\n  {function} ")), "{function}");
        let group = match function {
            "setClient" | "setClientThreshold" => "Overwrites",
            "addCharge" | "addPayment" | "signupClient" => "Moves money",
            _ => "Reads",
        };
        let before = list.out.split(&format!("\n  {function} ")).next().unwrap();
        let last = ["Reads", "Overwrites", "Moves money"]
            .into_iter()
            .rfind(|group| before.contains(group));
        assert_eq!(last, Some(group), "{function}");
    }
    assert!(list.out.lines().all(|line| line.chars().count() <= 100), "{}", list.out);
    let alone = stage.run(&[], b"");
    assert_eq!((alone.code, alone.err.as_str()), (Some(64), list.out.as_str()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn help_teaches_each_parameter_and_its_examples_are_good() {
    let stage = Stage::new(&[]).await;
    for function in FUNCTIONS {
        let help = stage.api(&format!("{function} --help"));
        help.ended(0).says(&[
            "Usage: balancewatch api",
            "Examples:\n  balancewatch api ",
            "Options of every command:",
        ]);
        assert_eq!(help.out, stage.api(&format!("{function} -h")).out);
        assert_eq!(help.out.contains("--yes"), !function.starts_with("get"), "{function}");
        assert_eq!(
            help.out.contains("--test"),
            ["addCharge", "addPayment"].contains(&function),
            "{function}"
        );
        assert_eq!(help.out.contains("      --raw"), function == "setClient");
    }
    stage.api("addCharge --help").explains(&[
        "MOVES MONEY",
        "--charge <AMOUNT>",
        "Amount of money that will be Debited from the customer [required; example: 4.99]",
        "Charge Description [example: DID5551234567]",
        "do not repeat it before",
    ]);
    stage
        .api("signupClient --help")
        .explains(&["MAKES A CLIENT", "--confirm_email <EMAIL>", "--activate <1|0>"]);
    stage
        .api("setClient --help")
        .explains(&["WHOLE record", "[required with --raw; example: John]"]);
    assert!(stage.called().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_problem_is_told_at_once_and_nothing_is_sent() {
    let stage = Stage::new(&[]).await;
    for (line, parts) in [
        (
            "getclients",
            &["there is no function `getclients`", "did you mean `getClients`?"][..],
        ),
        ("ADDCHARGE --yes", &["did you mean `addCharge`?"]),
        ("charge --client 561115", &["did you mean `addCharge`?"]),
        ("balance", &["did you mean `getBalance`?"]),
        ("frobnicate", &["balancewatch api --help"]),
        (
            "getClients --clinet 5",
            &["unexpected argument '--clinet'", "'--client'"],
        ),
        ("setClient --phone-number 5", &["'--phone_number'"]),
        ("getClients 561115", &["unexpected argument '561115'"]),
        (
            "getCharges",
            &[
                "its arguments have a problem",
                "`client` is missing",
                "getCharges --help",
            ],
        ),
        ("getCharges --client x", &["`client` cannot be `x`"]),
        (
            "getCharges --client 1 --client 2",
            &["`client` is given more than once"],
        ),
        (
            "addCharge --charge 1 --client --yes",
            &["`--client` has no value: the option `--yes` comes next"],
        ),
        (
            "addCharge --charge -1 --yes",
            &[
                "its arguments have 2 problems",
                "`charge` cannot be `-1`",
                "`client` is missing",
            ],
        ),
        (
            "setClientThreshold --client 0 --threshold 250.5 --email x --yes",
            &[
                "3 problems",
                "`threshold` cannot be `250.5`: a threshold is a whole number from 1 to 250",
                "`email`",
                "`client`",
            ],
        ),
        ("setClientThreshold --client 561115 --threshold 0 --yes", &["1 to 250"]),
        (
            "setClientThreshold --client 561115 --threshold 251 --yes",
            &["1 to 250"],
        ),
        (
            "addCharge --client 561115 --charge 1.005 --yes",
            &["at most two decimals"],
        ),
        ("addCharge --client 561115 --charge 0 --yes", &["above 0"]),
        (
            "addPayment --client 561115 --payment 1e3 --yes",
            &["`payment` cannot be `1e3`"],
        ),
        (
            "addPayment --client 561115 --charge 1 --yes",
            &["unexpected argument '--charge'"],
        ),
        ("getCountries --country ca", &["two capital letters"]),
        ("getBalance --advanced yes", &["1 or True"]),
        (
            "setClient --client 561115 --yes",
            &["no field is given that is to be changed"],
        ),
        (
            "setClient --client 561115 --raw --zip 1 --yes",
            &["`email` is missing", "`password` is missing", "5 problems"],
        ),
        ("setClient --client 561115 --email x --country Canada", &["2 problems"]),
        (
            "signupClient --firstname A --email a@example.com --confirm_email b@example.com --activate yes",
            &[
                "`confirm_email` is not the same as `email`",
                "`activate`",
                "`lastname` is missing: Client's Lastname, such as Doe",
                "`zip` is missing",
                "give it with `--password-file PATH` or `--password -`",
                "not needed when the password comes from a file or standard input",
            ],
        ),
    ] {
        stage.api(line).failed(64, parts);
    }
    assert!(stage.called().is_empty(), "{:?}", stage.called());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_dry_run_is_asked_for_in_the_one_way_that_the_api_understands() {
    let stage = Stage::new(&[]).await;
    for function in ["setClient --zip 1", "setClientThreshold --threshold 5", "signupClient"] {
        let name = function.split(' ').next().unwrap();
        for test in ["--test", "--test 1", "--test true"] {
            let reason = format!("{name} has no dry run: the API would ignore `test` and do it");
            stage
                .api(
                    &format!("{function} --client 561115 {test}")
                        .replace("signupClient --client 561115", "signupClient"),
                )
                .failed(64, &[&reason]);
        }
    }
    for value in ["true", "0", "yes", "''", "2"] {
        let line = format!("addCharge --client 561115 --charge 1 --test {value} --yes");
        stage
            .api(&line)
            .failed(64, &["a dry run is asked for by 1 alone", "moves money"]);
        stage
            .api(&line.replace("--test ", "--test=").replace("''", ""))
            .failed(64, &["a dry run"]);
    }
    stage
        .api("getBalance --test")
        .failed(64, &["unexpected argument '--test'"]);
    assert!(stage.called().is_empty(), "{:?}", stage.called());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_write_needs_yes() {
    let stage = Stage::new(&[]).await;
    let sign_up = "signupClient --firstname A --lastname B --address C --city D --state E --country CA --zip F \
                   --phone_number 5551112222 --email a@example.com --confirm_email a@example.com --password 'Passw0rd' \
                   --confirm_password 'Passw0rd'";
    for (line, parts) in [
        (
            "addCharge --client 561115 --charge 4.99",
            [
                "moves money: it would charge 4.99 to client 561115",
                "or `--test` to try it without an effect",
            ],
        ),
        (
            "addPayment --client 561115 --payment 4.99",
            [
                "moves money: it would credit 4.99 to client 561115",
                "`--yes` is not given",
            ],
        ),
        (
            "setClientThreshold --client 561115 --threshold 10",
            ["overwrites", "(add `--yes` to do it)"],
        ),
        (sign_up, ["makes a new client", "(add `--yes` to do it)"]),
        (
            "setClient --raw --client 561115 --email a@example.com --password x --firstname A --lastname B --phone_number 5",
            ["overwrites", "(add `--yes` to do it)"],
        ),
    ] {
        stage.api(line).failed(64, &parts);
    }
    assert!(stage.called().is_empty(), "{:?}", stage.called());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn passwords_are_read_from_where_they_are_safe_and_their_problems_show_none() {
    let stage = Stage::new(&[]).await;
    let file = |name: &str, bytes: &[u8]| format!("'{}'", stage.file(name, bytes));
    let set = "setClient --client 561115 --password-file ";
    let long = vec![b'x'; 5000];
    for (name, path, problem) in [
        (
            "missing",
            "'/no/such/file'".to_owned(),
            "`--password-file /no/such/file` cannot be read",
        ),
        (
            "the password itself",
            "hunter2".to_owned(),
            "`--password-file` cannot be read: No such file or directory (os error 2) (it takes a file's path",
        ),
        ("a folder", "'/tmp'".to_owned(), "cannot be read"),
        (
            "a file in a folder",
            "no-such-folder/new.txt".to_owned(),
            "`--password-file no-such-folder/new.txt` cannot be read",
        ),
        ("empty", file("empty", b""), "is an empty file"),
        ("a line break alone", file("break", b"\n"), "is an empty file"),
        ("two lines", file("lines", b"hunter2\nhunter3\n"), "several lines"),
        ("no UTF-8", file("latin", b"hunter2\xe9"), "cannot be read"),
        ("too long", file("long", &long), "more than 4096 bytes"),
    ] {
        let said = stage.api(&format!("{set}{path}"));
        said.failed(64, &[problem, "setClient was not sent: its arguments have a problem"]);
        assert!(!said.err.contains("hunter"), "{name}: {}", said.err);
    }
    for (name, input, problem) in [
        ("nothing", &b""[..], "`--password -`: standard input has no password"),
        ("an empty line", b"\nhunter2\n", "has no password"),
        ("no UTF-8", b"hunter2\xff\n", "is no UTF-8"),
        ("a control character", b"hunter2\x1b\n", "(not shown) cannot be sent"),
    ] {
        let said = stage.run(&words("setClient --client 561115 --password -"), input);
        said.failed(64, &[problem]);
        assert!(!said.err.contains("hunter"), "{name}: {}", said.err);
    }
    let both = "setClient --client 561115 --password x --password-file y";
    stage.api(both).failed(64, &["cannot be used with"]);
    let seen = stage.api("signupClient --password hunter2 --confirm_password hunter3");
    seen.failed(
        64,
        &[
            "note: a password on the command line can be seen",
            "`confirm_password` is not the same",
        ],
    );
    assert!(!seen.err.contains("hunter"), "{}", seen.err);
    assert!(stage.called().is_empty(), "{:?}", stage.called());
}
