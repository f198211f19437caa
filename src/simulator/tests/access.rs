//! Who is let in, and in which order that is found out.

use std::net::IpAddr;

use serde_json::Value;

use super::super::php::params::Params;
use super::super::wire::Transport;
use super::super::wire::exchange::Arrival;
use super::{AUTH, Simulator, simulator, status};

/// The status of the answer to a whole query from an address.
fn status_from(simulator: &Simulator, address: &str, query: &str) -> String {
    let mut params = Params::default();
    params.read_query(query);
    let address: IpAddr = address.parse().unwrap();
    let reply = simulator.answer(Arrival {
        transport: Transport::Get,
        peer: address,
        has_user_agent: true,
        params: &params,
    });
    let answer: Value = serde_json::from_slice(&reply.body).unwrap();
    answer["status"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_list_that_is_none_changes_nothing() {
    let simulator = simulator(&[]);
    simulator.set_setting("allowed-addresses", "10.0.0.*").unwrap();
    for bad in ["10.0.0", "10.0.0.0/33", "a..b"] {
        let refused = simulator.set_setting("allowed-addresses", bad).unwrap_err();
        assert!(
            refused.hint().unwrap().contains(&format!("`{bad}` is neither")),
            "{refused:?}"
        );
        assert_eq!(simulator.state()["settings"]["allowed-addresses"], "10.0.0.*");
        assert_eq!(
            status_from(&simulator, "10.0.0.1", &format!("{AUTH}&method=getClients")),
            "success"
        );
    }
    let several = serde_json::json!({"allowed-addresses": "127.0.0.1", "types": "blue"});
    assert!(simulator.change_settings(several.as_object().unwrap()).is_err());
    assert_eq!(
        status_from(&simulator, "10.0.0.1", &format!("{AUTH}&method=getClients")),
        "success"
    );
}

#[test]
fn an_array_is_no_text() {
    let simulator = simulator(&["absent-id=missing_client"]);
    for (query, expected) in [
        ("method=getResellerBalance&client[]=561115", "invalid_client"),
        (
            "method=getResellerBalance&client=561115&client[0]=561115",
            "invalid_client",
        ),
        ("method=getResellerBalance&client[]=1&client=561115", "success"),
        ("method[]=getIP", "invalid_method"),
    ] {
        assert_eq!(status(&simulator, &format!("{AUTH}&{query}")), expected, "{query}");
    }
    assert_eq!(
        status(
            &simulator,
            "api_username[]=demo@example.com&api_password=demo&method=getIP"
        ),
        "invalid_credentials"
    );
}
