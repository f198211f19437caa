//! WIRE.md section 1: the list of addresses that may call.

use super::raw::{AUTH, Server, get, status_of};

/// The status that this address gets.
fn from(server: &Server, address: &str, query: &str) -> String {
    let answer = server.connect_from(address).exchange(get(query)).unwrap();
    assert_eq!(answer.line(), "HTTP/1.1 200 OK", "a refusal is no HTTP error");
    status_of(&answer.text()).to_owned()
}

/// §1 [D] The list takes addresses, CIDR, `a.b.c.*`, names, and 0.0.0.0 for everybody; nobody else is let in,
/// [L] at HTTP 200.
#[test]
fn only_listed_addresses_may_call() {
    for (list, allowed, refused) in [
        ("0.0.0.0", &["127.0.0.1", "127.0.0.9"][..], &[][..]),
        ("", &[], &["127.0.0.1", "127.0.0.9"]),
        ("127.0.0.2", &["127.0.0.2"], &["127.0.0.1", "127.0.0.3", "127.0.0.22"]),
        ("10.0.0.1,127.0.0.3", &["127.0.0.3"], &["127.0.0.1"]),
        ("10.0.0.1, 127.0.0.3", &["127.0.0.3"], &["127.0.0.1"]),
        ("127.0.0.4/30", &["127.0.0.4", "127.0.0.7"], &["127.0.0.3", "127.0.0.8"]),
        ("127.0.0.9/32", &["127.0.0.9"], &["127.0.0.8", "127.0.0.10"]),
        (
            "127.0.5.*",
            &["127.0.5.1", "127.0.5.250"],
            &["127.0.4.255", "127.0.6.0"],
        ),
        ("localhost", &["127.0.0.1"], &["127.0.0.2"]),
        (
            "10.0.0.0/8,localhost,127.0.5.*",
            &["127.0.0.1", "127.0.5.5"],
            &["127.0.0.2"],
        ),
    ] {
        let server = Server::new(&[&format!("allowed-addresses={list}")]);
        let call = format!("{AUTH}&method=getBalanceManagement");
        for address in allowed {
            assert_eq!(from(&server, address, &call), "success", "`{list}` {address}");
        }
        for address in refused {
            assert_eq!(from(&server, address, &call), "ip_not_enabled", "`{list}` {address}");
        }
    }
}

/// §1 [D] getIP alone is exempt, and still wants credentials; it tells what to put on the list.
#[test]
fn get_ip_is_exempt() {
    let server = Server::new(&["allowed-addresses=10.0.0.1"]);
    let answer = server
        .connect_from("127.0.0.6")
        .exchange(get(&format!("{AUTH}&method=getIP")))
        .unwrap();
    assert_eq!(answer.text(), r#"{"status":"success","ip":"127.0.0.6"}"#);
    assert_eq!(from(&server, "127.0.0.6", "method=getIP"), "missing_credentials");
    for query in ["", "&method=", "&method=noSuch", "&method=getBalance"] {
        assert_eq!(
            from(&server, "127.0.0.6", &format!("{AUTH}{query}")),
            "ip_not_enabled",
            "{query}"
        );
    }
}

/// §1 [U] Which is looked at first, the credentials or the address.
#[test]
fn the_order_of_the_checks_is_a_switch() {
    let wrong = "api_username=x&api_password=x";
    for (order, strangers, switched_off) in [
        (
            "check-order=credentials",
            ["missing_credentials", "invalid_credentials"],
            "api_not_enabled",
        ),
        (
            "check-order=address",
            ["ip_not_enabled", "ip_not_enabled"],
            "ip_not_enabled",
        ),
    ] {
        let server = Server::new(&[order, "allowed-addresses="]);
        assert_eq!(
            status_of(&server.get("method=getBalance").text()),
            strangers[0],
            "{order}"
        );
        assert_eq!(
            status_of(&server.get(&format!("{wrong}&method=getBalance")).text()),
            strangers[1],
            "{order}"
        );
        assert_eq!(
            status_of(&server.get(&format!("{wrong}&method=getIP")).text()),
            "invalid_credentials",
            "{order}"
        );
        assert_eq!(server.status("method=getBalance"), "ip_not_enabled", "{order}");
        server.order("PUT", "settings", r#"{"api-enabled":"off"}"#);
        assert_eq!(server.status("method=getBalance"), switched_off, "{order}");
    }
}

/// §1 [U] Or the function before both: who misspells it is told so, whoever that is.
#[test]
fn the_function_may_be_looked_at_first() {
    for (order, unknown, absent) in [
        ("check-order=method", "invalid_method", "missing_method"),
        ("check-order=credentials", "missing_credentials", "missing_credentials"),
    ] {
        let server = Server::new(&[order, "allowed-addresses="]);
        assert_eq!(status_of(&server.get("method=getNothing").text()), unknown, "{order}");
        assert_eq!(status_of(&server.get("client=561115").text()), absent, "{order}");
        assert_eq!(
            status_of(&server.get("method=getBalance").text()),
            "missing_credentials",
            "{order}"
        );
        assert_eq!(server.status("method=getBalance"), "ip_not_enabled", "{order}");
    }
}
