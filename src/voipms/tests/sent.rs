//! What the typed calls put on the wire, and that each hands on the answer to its own question. Only what differs from
//! call to call: how often they are sent, and what comes of odd answers, is tested elsewhere.

use super::answers::read;
use super::stage::{Act, Api, Caller, JOHN, Seen, call, form, id, ok};
use crate::domain::plan::Field;
use crate::voipms::functions::get_balance_management;
use crate::voipms::request::Encoder;
use crate::voipms::{BalanceManagement, Call, Function, Transport};

/// Answers each function with rows of its own, so that no call can be taken for another.
fn own_answer(seen: &Seen) -> Act {
    let form = form(seen);
    let (_, method) = &form[2];
    let charges = r#"[{"id":"475568","date":"2010-10-29","amount":"2.00","description":"DID5551234567"}]"#;
    let (key, payload) = match method.as_str() {
        "getClients" => ("clients", format!("[{JOHN}]")),
        "getResellerBalance" => ("balance", r#"{"current_balance":"8.0588"}"#.to_owned()),
        "getBalance" => ("balance", r#"{"current_balance":"112.192790"}"#.to_owned()),
        "getClientThreshold" => (
            "threshold_information",
            r#"{"threshold":"130","email":"a@b.cd"}"#.to_owned(),
        ),
        "getBalanceManagement" => (
            "balance_management",
            r#"[{"value":"1","description":"Hard - suspend the client"}]"#.to_owned(),
        ),
        "getCountries" => ("countries", r#"[{"value":"CA","description":"Canada"}]"#.to_owned()),
        "getCharges" => ("charges", charges.to_owned()),
        "getIP" => ("ip", r#""203.0.113.7""#.to_owned()),
        other => panic!("{other} is no read"),
    };
    Act::Send(ok(&format!(r#"{{"status":"success","{key}":{payload}}}"#)))
}

#[tokio::test]
async fn each_typed_read_asks_its_own_question_and_hands_on_the_answer() {
    let server = Api::start(|_, seen| own_answer(seen));
    let caller = Caller::new(&server, Transport::Multipart);
    let (client, id) = (&caller.client, id());

    let clients = caller.run(client.get_clients()).await.unwrap();
    assert_eq!(clients.rows[0].company, "Consulting");
    let read = caller.run(client.get_client(&id)).await.unwrap();
    assert_eq!(read.record.get(Field::Zip), "02134");
    assert!(caller.run(client.has_client(&id)).await.unwrap());
    let balance = caller.run(client.get_reseller_balance(&id)).await.unwrap();
    assert_eq!(balance.current_balance.to_string(), "8.0588");
    let own = caller.run(client.get_balance()).await.unwrap();
    assert_eq!(own.current_balance.to_string(), "112.19279");
    let threshold = caller.run(client.get_client_threshold(&id)).await.unwrap();
    assert_eq!(threshold.email.as_deref(), Some("a@b.cd"));
    let codes = caller.run(client.get_balance_management()).await.unwrap();
    assert_eq!(codes[0].description, "Hard - suspend the client");
    assert_eq!(caller.run(client.get_countries()).await.unwrap()[0].name, "Canada");
    let charges = caller.run(client.get_charges(&id)).await.unwrap();
    assert_eq!(charges.rows[0].id, "475568");
    let address = caller.run(client.get_ip()).await.unwrap();
    assert_eq!(address.to_string(), "203.0.113.7");
    let (read, _) = caller.run(client.get_client_before_write(&id)).await.unwrap();
    assert_eq!(read.record.get(Field::Zip), "02134");

    let asked: Vec<String> = server
        .seen()
        .iter()
        .map(|seen| {
            let parts = form(seen).split_off(2);
            let parts: Vec<String> = parts.iter().map(|(name, value)| format!("{name}={value}")).collect();
            parts.join(" ")
        })
        .collect();
    let expected = [
        "method=getClients",
        "method=getClients client=561115",
        "method=getClients client=561115",
        "method=getResellerBalance client=561115",
        "method=getBalance",
        "method=getClientThreshold client=561115",
        "method=getBalanceManagement",
        "method=getCountries",
        "method=getCharges client=561115",
        "method=getIP",
        "method=getClients client=561115",
    ];
    assert_eq!(asked, expected);
}

/// Requests of an account, with a boundary that is known.
fn encoder() -> Encoder {
    let url = crate::net::Url::parse("https://voip.ms/api/v1/rest.php").unwrap();
    Encoder::new(url, "me", &"pw".into(), [1, 2]).unwrap()
}

fn described(description: &str) -> Call {
    let arguments = [("client", "561115"), ("charge", "1"), ("description", description)];
    call(Function::AddCharge, &arguments)
}

#[test]
fn no_value_can_end_its_part_of_a_form() {
    let boundary = "balancewatch-00000000000000010000000000000002";
    for (name, description, is_sent) in [
        ("words", "Router, March".to_owned(), true),
        ("dashes", "----".to_owned(), true),
        ("the boundary alone", boundary.to_owned(), true),
        ("the end of a part", format!("--{boundary}"), false),
        ("among words", format!("x --{boundary}-- y"), false),
    ] {
        let request = encoder().request(&described(&description), Transport::Multipart);
        match request {
            Ok(request) => {
                let body = String::from_utf8(request.body.unwrap()).unwrap();
                assert!(is_sent, "{name}: {body}");
                assert!(
                    body.contains(&format!("\r\n\r\n{description}\r\n--{boundary}--\r\n")),
                    "{name}: {body}"
                );
            }
            Err(problem) => {
                let expected = "the request cannot be sent: a value contains the boundary between values";
                assert_eq!((is_sent, problem.to_string().as_str()), (false, expected), "{name}");
            }
        }
    }
}

#[test]
fn a_query_ends_where_the_api_would_cut_it_off() {
    // A username fills it up: arguments are shorter than that together.
    let length_of = |username: &str| {
        let url = crate::net::Url::parse("https://voip.ms/api/v1/rest.php").unwrap();
        let encoder = Encoder::new(url, username, &"pw".into(), [1, 2]).unwrap();
        let call = call(Function::GetStates, &[]);
        encoder
            .request(&call, Transport::Get)
            .map(|request| request.url.as_str().len())
    };
    let empty = length_of("").unwrap();
    assert_eq!(length_of(&"x".repeat(8_000 - empty)), Ok(8_000));
    let refused = length_of(&"x".repeat(8_001 - empty)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the request cannot be sent: it is too long for a GET request"
    );
}

#[test]
fn a_code_that_stands_for_two_things_stands_for_nothing() {
    let by_code = |rows: &str| {
        let body = format!(r#"{{"status":"success","balance_management":[{rows}]}}"#);
        let list = read(&get_balance_management(), 200, &body).unwrap();
        let codes = BalanceManagement::by_code(list).into_iter();
        codes
            .map(|(code, description)| format!("{code}={description}"))
            .collect::<Vec<_>>()
    };
    let (hard, soft) = (
        r#"{"value":"1","description":"Hard"}"#,
        r#"{"value":"2","description":"Soft"}"#,
    );
    let other = r#"{"value":"1","description":"Soft"}"#;
    for (name, rows, expected) in [
        ("as documented", format!("{hard},{soft}"), &["1=Hard", "2=Soft"][..]),
        ("the same twice", format!("{hard},{hard}"), &["1=Hard"]),
        ("two meanings", format!("{hard},{soft},{other}"), &["1=", "2=Soft"]),
        ("two meanings, and one again", format!("{hard},{other},{hard}"), &["1="]),
    ] {
        assert_eq!(by_code(&rows), expected, "{name}");
    }
}
