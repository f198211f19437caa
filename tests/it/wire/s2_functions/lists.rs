//! WIRE.md section 2: getCountries.

use crate::wire::raw::Server;

/// §2 [D] getCountries: code and name in mixed case, all or one; an unknown one is `invalid_country`.
#[test]
fn get_countries_as_in_the_document() {
    let server = Server::new(&[]);
    assert_eq!(
        server.call("method=getCountries&country=CA"),
        r#"{"status":"success","countries":[{"value":"CA","description":"Canada"}]}"#
    );
    let all = server.call("method=getCountries");
    assert_eq!(all, server.call("method=getCountries&country="));
    assert_eq!(all.matches(r#"{"value":""#).count(), 249);
    assert!(all.contains(r#"{"value":"US","description":"United States"}"#));
    for country in ["XX", "ca", "CAN", "Canada"] {
        assert_eq!(
            server.status(&format!("method=getCountries&country={country}")),
            "invalid_country",
            "{country}"
        );
    }
}

/// §2 [D] getStates: code and name in capitals.
#[test]
fn get_states_as_in_the_document() {
    let server = Server::new(&[]);
    let all = server.call("method=getStates");
    assert!(all.starts_with(r#"{"status":"success","states":[{"state":"A"#), "{all}");
    for row in [
        r#"{"state":"AL","description":"ALABAMA"}"#,
        r#"{"state":"FL","description":"FLORIDA"}"#,
        r#"{"state":"WY","description":"WYOMING"}"#,
    ] {
        assert!(all.contains(row), "{row}");
    }
    assert!(
        (50..=60).contains(&all.matches(r#"{"state":""#).count()),
        "the states and perhaps the territories"
    );
}

/// §2 [I] getLanguages: code and name, all or one.
#[test]
fn get_languages_lists_codes_and_names() {
    let server = Server::new(&[]);
    let all = server.call("method=getLanguages");
    assert!(
        all.starts_with(r#"{"status":"success","languages":[{"value":"en","description":"English"}"#),
        "{all}"
    );
    let french = server.call("method=getLanguages&language=fr");
    assert_eq!(
        french,
        r#"{"status":"success","languages":[{"value":"fr","description":"French"}]}"#
    );
    assert_eq!(server.status("method=getLanguages&language=xx"), "invalid_language");
}

/// §2 [D] getProvinces: code and name in capitals.
#[test]
fn get_provinces_as_in_the_document() {
    let all = Server::new(&[]).call("method=getProvinces");
    assert!(
        all.starts_with(r#"{"status":"success","provinces":[{"province":"A"#),
        "{all}"
    );
    assert!(all.contains(r#"{"province":"ON","description":"ONTARIO"}"#), "{all}");
    assert_eq!(all.matches(r#"{"province":""#).count(), 13);
}
