//! WIRE.md section 2: getPackages and getClientPackages.

use crate::wire::raw::{Server, status_of};

/// §2 [D] getPackages: the document's package, ten strings in its order, all or one.
#[test]
fn get_packages_as_in_the_document() {
    let server = Server::new(&[]);
    let row = r#"{"package":"8378","name":"VoIP","markup_fixed":"0.01","markup_percentage":"50","pulse":"60","international_route":"1","canada_route":"1","monthly_fee":"2.00","setup_fee":"1.00","free_minutes":"0"}"#;
    assert_eq!(
        server.call("method=getPackages&package=8378"),
        format!(r#"{{"status":"success","packages":[{row}]}}"#)
    );
    let all = server.call("method=getPackages");
    assert!(
        all.starts_with(r#"{"status":"success","packages":[{"package":""#) && all.contains(row),
        "{all}"
    );
    assert_eq!(all, server.call("method=getPackages&package="));
    for package in ["1", "x", "08378"] {
        assert_eq!(
            server.status(&format!("method=getPackages&package={package}")),
            "invalid_package",
            "{package}"
        );
    }
}

/// §2 [D] getClientPackages: value and description of the client's package.
#[test]
fn get_client_packages_as_in_the_document() {
    let server = Server::new(&[]);
    assert_eq!(
        server.call("method=getClientPackages&client=561115"),
        r#"{"status":"success","packages":[{"value":"8378","description":"VoIP"}]}"#
    );
    let known = server.call("method=getPackages");
    for id in 561_115..561_215 {
        let answer = server.call(&format!("method=getClientPackages&client={id}"));
        let value = answer
            .split(r#"{"value":""#)
            .nth(1)
            .unwrap_or_else(|| panic!("{id} has no package: {answer}"));
        let value = value.split('"').next().unwrap();
        assert!(known.contains(&format!(r#"{{"package":"{value}","#)), "{answer}");
    }
    assert_eq!(
        status_of(&server.call("method=getClientPackages&client=1")),
        "invalid_client"
    );
}

/// §2 [D] Nobody's packages are `no_package` "there are no Packages".
#[test]
fn nobody_and_nothing_is_a_status() {
    let server = Server::new(&[]);
    let added = server.order("POST", "clients", r#"{"package":""}"#);
    let id = crate::wire::raw::value_of(&added, "client")
        .trim_matches('"')
        .to_owned();
    assert_eq!(
        server.call(&format!("method=getClientPackages&client={id}")),
        r#"{"status":"no_package","message":"there are no Packages"}"#
    );
}
