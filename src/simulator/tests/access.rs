//! Who is let in, and in which order that is found out.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::super::wire::exchange::Arrival;
use super::super::wire::request::{Params, Transport};
use super::{AUTH, NOON, Options, Simulator, body, simulator, status, with};

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
fn the_allow_list_keeps_strangers_out() {
    let clients = format!("{AUTH}&method=getClients");
    let ip = format!("{AUTH}&method=getIP");
    for (list, address, for_clients) in [
        ("0.0.0.0", "203.0.113.9", "success"),
        ("", "127.0.0.1", "ip_not_enabled"),
        ("203.0.113.0/29", "203.0.113.7", "success"),
        ("203.0.113.0/29", "203.0.113.8", "ip_not_enabled"),
        ("198.51.100.*, 2001:db8::/64", "2001:db8::9", "success"),
        ("198.51.100.*, 2001:db8::/64", "198.51.101.0", "ip_not_enabled"),
        ("localhost", "127.0.0.1", "success"),
        ("localhost", "203.0.113.7", "ip_not_enabled"),
    ] {
        let simulator = simulator(&[&format!("allowed-addresses={list}")]);
        assert_eq!(
            status_from(&simulator, address, &clients),
            for_clients,
            "{list}: {address}"
        );
        assert_eq!(
            status_from(&simulator, address, &ip),
            "success",
            "getIP: {list}: {address}"
        );
        assert_eq!(status_from(&simulator, address, "method=getIP"), "missing_credentials");
    }
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
fn the_address_can_be_looked_at_first() {
    for (name, query, credentials_first, address_first) in [
        ("nothing", "", "missing_credentials", "ip_not_enabled"),
        (
            "a stranger",
            "api_username=x&api_password=y&method=getClients",
            "invalid_credentials",
            "ip_not_enabled",
        ),
        (
            "getIP of a stranger",
            "api_username=x&api_password=y&method=getIP",
            "invalid_credentials",
            "invalid_credentials",
        ),
        ("the API off", AUTH, "api_not_enabled", "ip_not_enabled"),
    ] {
        for (order, expected) in [("credentials", credentials_first), ("address", address_first)] {
            let simulator = simulator(&["api-enabled=off", "allowed-addresses=", &format!("check-order={order}")]);
            assert_eq!(status(&simulator, query), expected, "{name}, {order} first");
        }
    }
}

#[test]
fn the_cap_counts_the_account_or_the_address() {
    for (per, expected) in [("account", "api_limit_exceeded"), ("address", "success")] {
        let (simulator, stepper) = with(Options {
            rate_cap_per_minute: Some(1),
            settings: vec![format!("cap-per={per}")],
            ..Options::default()
        });
        let ip = format!("{AUTH}&method=getIP");
        assert_eq!(status_from(&simulator, "10.0.0.1", &ip), "success", "{per}");
        assert_eq!(status_from(&simulator, "10.0.0.1", &ip), "api_limit_exceeded", "{per}");
        assert_eq!(status_from(&simulator, "10.0.0.2", &ip), expected, "{per}");
        stepper.advance_to(NOON.parse::<Timestamp>().unwrap() + Duration::from_secs(60));
        assert_eq!(status_from(&simulator, "10.0.0.1", &ip), "success", "{per}");
    }
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

#[test]
fn the_fault_status_answers_what_its_setting_says() {
    for code in [
        "tls_error",
        "provider_outofservice",
        "missing_params",
        "non_sufficient_funds",
        "no_such_code",
    ] {
        let simulator = simulator(&[&format!("fault-status={code}")]);
        simulator.set_fault("status@getIP", "1").unwrap();
        assert!(body(&simulator, "method=getIP").starts_with(&format!("{{\"status\":\"{code}\",\"message\":\"")));
        assert_eq!(status(&simulator, &format!("{AUTH}&method=getStates")), "success");
    }
}
