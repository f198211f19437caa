//! WIRE.md section 2: getClientThreshold and setClientThreshold.

use crate::wire::raw::Server;

/// §2 [D] getClientThreshold: the document's example, an object of strings.
#[test]
fn get_client_threshold_as_in_the_document() {
    let server = Server::new(&[]);
    assert_eq!(
        server.call("method=getClientThreshold&client=561115"),
        r#"{"status":"success","threshold_information":{"threshold":"130","email":"john.doe@my-domain.com"}}"#
    );
    server.edit("561115", r#"{"threshold_email":""}"#);
    assert_eq!(
        server.call("method=getClientThreshold&client=561115"),
        r#"{"status":"success","threshold_information":{"threshold":"130","email":""}}"#,
        "the address may be empty"
    );
}

/// §2 [U] What a client without a threshold answers.
#[test]
fn no_threshold_has_many_faces() {
    for (setting, body) in [
        (
            "threshold-absent-as=zero",
            r#"{"status":"success","threshold_information":{"threshold":"0","email":""}}"#,
        ),
        (
            "threshold-absent-as=empty",
            r#"{"status":"success","threshold_information":{"threshold":"","email":""}}"#,
        ),
        (
            "threshold-absent-as=null",
            r#"{"status":"success","threshold_information":{"threshold":null,"email":""}}"#,
        ),
        ("threshold-absent-as=absent", r#"{"status":"success"}"#),
        (
            "threshold-absent-as=list",
            r#"{"status":"success","threshold_information":[]}"#,
        ),
        (
            "threshold-absent-as=unavailable_info",
            r#"{"status":"unavailable_info","message":"The information you requested is unavailable at this moment"}"#,
        ),
    ] {
        let server = Server::new(&[setting]);
        server.edit("561115", r#"{"threshold":null}"#);
        assert_eq!(
            server.call("method=getClientThreshold&client=561115"),
            body,
            "{setting}"
        );
        server.calls(&["method=setClientThreshold&client=561115&threshold=5&email=a%40example.com"]);
        assert_eq!(
            server.call("method=getClientThreshold&client=561115"),
            r#"{"status":"success","threshold_information":{"threshold":"5","email":"a@example.com"}}"#,
            "{setting}: set now"
        );
    }
    let everybody = Server::new(&["threshold-absent=1"]);
    let answer = everybody.call("method=getClientThreshold&client=561120");
    assert_eq!(
        answer,
        r#"{"status":"success","threshold_information":{"threshold":"0","email":""}}"#
    );
}

/// §2 [D] setClientThreshold takes whole numbers from 1 to 250; everything else is `Invalid_threshold` with a capital.
#[test]
fn thresholds_have_bounds() {
    let server = Server::new(&[]);
    for (threshold, status) in [
        ("&threshold=1", "success"),
        ("&threshold=250", "success"),
        ("&threshold=0", "Invalid_threshold"),
        ("&threshold=251", "Invalid_threshold"),
        ("&threshold=-1", "Invalid_threshold"),
        ("&threshold=ten", "Invalid_threshold"),
        ("&threshold=1e2", "Invalid_threshold"),
        ("&threshold=", "Invalid_threshold"),
        ("", "Invalid_threshold"),
    ] {
        let answer = server.status(&format!("method=setClientThreshold&client=561115{threshold}"));
        assert_eq!(answer, status, "{threshold}");
    }
    assert_eq!(
        server.client("561115", "threshold"),
        "\"250\"",
        "refusals change nothing"
    );
}

/// §2 [D] The e-mail is updated if it is provided, and stays otherwise.
#[test]
fn an_omitted_threshold_email_stays() {
    let server = Server::new(&[]);
    for (email, expected) in [
        ("", "john.doe@my-domain.com"),
        ("&email=", "john.doe@my-domain.com"),
        ("&email=b%40example.com", "b@example.com"),
        ("", "b@example.com"),
    ] {
        server.calls(&[&format!("method=setClientThreshold&client=561115&threshold=10{email}")]);
        assert_eq!(
            server.call("method=getClientThreshold&client=561115"),
            format!(r#"{{"status":"success","threshold_information":{{"threshold":"10","email":"{expected}"}}}}"#)
        );
    }
    assert_eq!(
        server.status("method=setClientThreshold&client=561115&threshold=10&email=nobody"),
        "invalid_email"
    );
    assert!(
        server
            .call("method=getClients&client=561115")
            .contains("john.doe@my-domain.com"),
        "the client's own stays"
    );
}

/// §2 [U] Fractions: refused, kept, or cut to whole numbers.
#[test]
fn fractions_of_thresholds_are_a_switch() {
    for (setting, status, stored) in [
        ("threshold-fractions=refused", "Invalid_threshold", "\"130\""),
        ("threshold-fractions=kept", "success", "\"2.5\""),
        ("threshold-fractions=cut", "success", "\"2\""),
    ] {
        let server = Server::new(&[setting]);
        assert_eq!(
            server.status("method=setClientThreshold&client=561115&threshold=2.5"),
            status,
            "{setting}"
        );
        assert_eq!(server.client("561115", "threshold"), stored, "{setting}");
        for threshold in ["0.5", "251.5", "2.5.5", "2,5", ".5", "-2.5"] {
            let query = format!("method=setClientThreshold&client=561115&threshold={threshold}");
            assert_eq!(server.status(&query), "Invalid_threshold", "{setting} {threshold}");
        }
    }
}
