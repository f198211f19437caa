//! WIRE.md section 2: getClients.

use balancewatch::simulator::Options;

use crate::wire::raw::{AUTH, Server, status_of};

const JOHN: &str = r#"{"status":"success","clients":[{"client":"561115","email":"john.doe@my-domain.com","password":"johnspassword","company":"Consulting","firstname":"John","lastname":"Doe","address":"5491 190TH","city":"OPA LOCKA","state":"FLORIDA","country":"UNITED STATES","zip":"33055","phone_number":"5551112222","balance_management":"1"}]}"#;

/// §2 [D] getClients by id or e-mail: the document's row, a list even for one; [D] the old alias `email`.
#[test]
fn get_clients_as_in_the_document() {
    let server = Server::new(&[]);
    server.edit("561115", r#"{"balance_management":"hard"}"#);
    for query in [
        "client=561115",
        "client=john.doe%40my-domain.com",
        "client=John.Doe%40My-Domain.com",
        "email=john.doe%40my-domain.com",
        "client=&email=john.doe%40my-domain.com",
    ] {
        assert_eq!(server.call(&format!("method=getClients&{query}")), JOHN, "{query}");
    }
    for query in ["client=1", "client=nobody%40example.com", "email=nobody%40example.com"] {
        assert_eq!(
            server.status(&format!("method=getClients&{query}")),
            "invalid_client",
            "{query}"
        );
    }
}

/// §2 [D] Without an id or with an empty one, everybody; no balance, no threshold and no state in a row.
#[test]
fn get_clients_lists_everybody() {
    let server = Server::new(&[]);
    let all = server.call("method=getClients");
    assert_eq!(all, server.call("method=getClients&client="));
    assert_eq!(all.matches(r#"{"client":""#).count(), 100);
    assert!(
        all.starts_with(r#"{"status":"success","clients":[{"client":"561115","#),
        "the first is the document's"
    );
    for key in [
        "\"balance\"",
        "threshold",
        "current_balance",
        "\"status\":\"active\"",
        "WAIT",
    ] {
        assert!(!all.contains(key), "{key}");
    }
}

/// §2 [D] Nobody is `no_client` without a list; a client must cope with an empty list and with none too.
#[test]
fn nobody_is_a_status() {
    for (setting, body) in [
        (
            "no-client=status",
            r#"{"status":"no_client","message":"There are no Clients"}"#,
        ),
        ("no-client=list", r#"{"status":"success","clients":[]}"#),
        ("no-client=absent", r#"{"status":"success"}"#),
        (
            "list-share=0",
            r#"{"status":"no_client","message":"There are no Clients"}"#,
        ),
    ] {
        let server = Server::new(&[setting]);
        assert_eq!(server.call("method=getClients"), body, "{setting}");
        assert_eq!(
            status_of(&server.call("method=getClients&client=561115")),
            "success",
            "{setting}: one is found"
        );
    }
}

/// §2 [L] Empty columns come as "" or null.
#[test]
fn empty_columns_may_be_null() {
    for (setting, company) in [
        ("empty-columns=empty", r#""company":"","#),
        ("empty-columns=null", r#""company":null,"#),
    ] {
        let server = Server::new(&[setting]);
        server.edit("561115", r#"{"company":""}"#);
        let row = server.call("method=getClients&client=561115");
        assert!(row.contains(company), "{setting}: {row}");
    }
}

/// §2 [D] delClient takes a client away; another one's id is `invalid_client`.
#[test]
fn del_client_takes_a_client_away() {
    let server = Server::quiet(&[]);
    assert_eq!(server.status("method=delClient&client=561116"), "success");
    assert_eq!(
        server.status("method=getResellerBalance&client=561116"),
        "invalid_client"
    );
    assert_eq!(server.status("method=delClient&client=561116"), "invalid_client");
    assert_eq!(server.status("method=getResellerBalance&client=561115"), "success");
}

/// §2 [U] How strictly ids, amounts and the user's name are read.
#[test]
fn ids_amounts_and_names_may_be_read_loosely() {
    let strict = Server::quiet(&["loose-ids=off", "loose-amounts=off", "username-case=exact"]);
    let loose = Server::quiet(&["loose-ids=on", "loose-amounts=on", "username-case=any"]);
    for (query, refused) in [
        ("method=getResellerBalance&client=%20561115", "invalid_client"),
        ("method=getResellerBalance&client=0561115%20", "invalid_client"),
        ("method=addCharge&client=561115&charge=.5", "invalid_charge"),
        ("method=addPayment&client=561115&payment=%205.", "invalid_payment"),
        (
            "method=setClientThreshold&client=561115&threshold=10.00",
            "Invalid_threshold",
        ),
    ] {
        assert_eq!(strict.status(query), refused, "{query}");
        assert_eq!(loose.status(query), "success", "{query}");
    }
    assert_eq!(loose.client("561115", "threshold"), "\"10\"");
    for text in ["", "x", ".", "-", "5 5"] {
        let query = format!("method=addCharge&client=561115&charge={text}");
        assert_ne!(loose.status(&query.replace(' ', "%20")), "success", "{text}");
    }
    let shouted = "api_username=DEMO@example.com&api_password=demo&method=getIP";
    assert_eq!(strict.anonymous_status(shouted), "invalid_credentials");
    assert_eq!(loose.anonymous_status(shouted), "success");
}

/// §2 [I] A very long list is one answer of a stated length, and each row is the one that its client has by itself.
#[test]
fn very_long_lists_come_whole() {
    let server = Server::with(Options {
        clients: 1_300,
        ..Options::default()
    });
    let all = server.get(&format!("{AUTH}&method=getClients"));
    let text = all.text();
    assert_eq!(all.header("content-length"), Some(&*text.len().to_string()));
    assert_eq!(text.matches(r#"{"client":""#).count(), 1_300);
    for id in [561_115, 561_999, 562_414] {
        let one = server.call(&format!("method=getClients&client={id}"));
        let row = &one[one.find(r#"{"client""#).unwrap()..one.len() - 2];
        assert!(text.contains(row), "{row}");
    }
}
