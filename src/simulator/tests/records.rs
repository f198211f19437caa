//! What signupClient, setClient, setClientThreshold and the lists say.

use std::time::Duration;

use serde_json::{Value, json};

use super::{AUTH, Options, Simulator, json_of, simulator, status, with};

/// Everything that signupClient takes but the company and the codes.
const SIGNUP: &str = "method=signupClient&firstname=Ana&lastname=Lee&address=1/2 A St&city=MIAMI&state=FLORIDA\
&country=US&zip=02134&phone_number=5550001111&email=ana@example.com&confirm_email=ana@example.com&password=New-Pass-1\
&confirm_password=New-Pass-1";

fn signup(simulator: &Simulator, query: &str) -> Value {
    json_of(simulator, query)
}

#[test]
fn nobody_calls_before_being_activated() {
    for (activate, state) in [
        ("", "WAIT"),
        ("&activate=0", "WAIT"),
        ("&activate=true", "WAIT"),
        ("&activate=1", "ACTIVE"),
    ] {
        let (simulator, _) = with(Options::default());
        let id = signup(&simulator, &format!("{SIGNUP}{activate}"))["client"].to_string();
        simulator
            .edit(&id, &json!({"balance": "50", "spend_per_hour": "1"}))
            .unwrap();
        simulator.advance(Duration::from_secs(3_600));
        let client = simulator.client(&id).unwrap();
        assert_eq!(client["account_state"], state, "{activate}");
        let balance = if state == "WAIT" { "50.0000" } else { "49.0000" };
        assert_eq!(client["balance"], balance, "{activate}");
        assert_eq!(simulator.state()["waiting"], u8::from(state == "WAIT"));
    }
    let (simulator, _) = with(Options::default());
    let id = signup(&simulator, SIGNUP)["client"].to_string();
    simulator.edit(&id, &json!({"balance": "50"})).unwrap();
    simulator.advance(Duration::from_secs(30 * 86_400));
    assert_eq!(simulator.client(&id).unwrap()["balance"], "50.0000");
    simulator.edit(&id, &json!({"account_state": "ACTIVE"})).unwrap();
    assert_eq!(
        simulator.client(&id).unwrap()["balance"],
        "50.0000",
        "what was not called is not charged"
    );
    simulator.advance(Duration::from_secs(30 * 86_400));
    assert_ne!(
        simulator.client(&id).unwrap()["balance"],
        "50.0000",
        "it lives by the habits of its id"
    );
    let used = json_of(&simulator, &format!("method=getResellerBalance&client={id}"));
    assert!(used["balance"]["calls_total"].as_u64().unwrap() > 0);
    simulator.edit(&id, &json!({"account_state": "WAIT"})).unwrap();
    let before = simulator.client(&id).unwrap()["balance"].clone();
    simulator.advance(Duration::from_secs(86_400));
    assert_eq!(simulator.client(&id).unwrap()["balance"], before);
    for bad in [json!("wait"), json!(""), json!(null), json!(1)] {
        assert!(simulator.edit(&id, &json!({"account_state": bad})).is_err(), "{bad}");
    }
}

#[test]
fn clients_that_wait_can_be_hidden() {
    let by_id = "method=getClients&client=561215";
    let by_address = "method=getClients&client=ana@example.com";
    let simulator = simulator(&["waiting-listed=off"]);
    signup(&simulator, SIGNUP);
    let listed = |simulator: &Simulator| {
        json_of(simulator, "method=getClients")["clients"]
            .as_array()
            .unwrap()
            .len()
    };
    for (state, expected, count) in [("WAIT", "invalid_client", 100), ("ACTIVE", "success", 101)] {
        simulator.edit("561215", &json!({"account_state": state})).unwrap();
        for query in [by_id, by_address] {
            assert_eq!(status(&simulator, &format!("{AUTH}&{query}")), expected, "{state}");
        }
        assert_eq!(listed(&simulator), count, "{state}");
    }
    simulator.set_setting("waiting-listed", "on").unwrap();
    simulator.edit("561215", &json!({"account_state": "WAIT"})).unwrap();
    assert_eq!(listed(&simulator), 101);
}
