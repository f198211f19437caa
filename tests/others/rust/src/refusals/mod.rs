//! What the crate makes of refusals, empty lists and broken answers: the variant it maps each to, and whether the message
//! beside a status is the text that its table has from the official documentation.

mod table;

use voip_ms::reqwest::{Method, StatusCode};
use voip_ms::serde_json::{Value, json};
use voip_ms::{
    ApiStatus, Client, Error, GetClientThresholdParams, GetClientsParams, GetResellerBalanceParams, TransportFailure,
};

use crate::lab::{Lab, Outcome, Report, same};
use crate::reads::CLIENT;

pub use table::newcomer;

pub async fn all(lab: &Lab, report: &mut Report) {
    report.of("refusals");
    for (status, function, params) in table::by_parameters() {
        let name = format!("{function} -> {}", status.as_wire());
        report.note(&name, refused(&lab.api, function, &params, status).await);
    }
    for (status, setting, value, function, params) in table::by_settings() {
        let name = format!("{setting}={value} -> {}", status.as_wire());
        report.note(
            &name,
            refused_with(lab, setting, value, function, &params, status).await,
        );
    }
    for status in [
        ApiStatus::APILimitExceeded,
        ApiStatus::MethodMaintenance,
        ApiStatus::UnavailableInfo,
    ] {
        let name = status.as_wire().to_owned();
        report.note(&name, struck(lab, status).await);
    }
    report.note("credentials", credentials(lab).await);
    report.note("no_client is an empty list", no_client(lab).await);
    report.note("a client without a threshold", no_threshold(lab).await);
    report.note("broken answers", broken(lab).await);
    report.note("no User-Agent", no_user_agent(lab).await);
}

/// Refused with that status, both ways, and with the message of the documentation.
async fn refused(api: &Client, function: &str, params: &Value, status: ApiStatus) -> Outcome {
    for (transport, result) in [
        ("by GET", api.call_raw(function, params).await),
        ("by multipart", api.call_multipart_raw(function, params).await),
    ] {
        match result {
            Err(Error::Api(got)) => same(transport, got, status.clone())?,
            other => return Err(format!("{transport}: {other:?}").into()),
        }
    }
    let said = api.call_raw_unchecked(function, params).await?;
    let text = said["message"].as_str().map(unbroken);
    same("message", text, Some(unbroken(official_text(&status))))
}

/// What the official table says of a status. A code that is not in it repeats itself; the crate has found one of them,
/// with a text of its own.
fn official_text(status: &ApiStatus) -> &str {
    match status {
        ApiStatus::NoTransactions => status.as_wire(),
        _ => status.description().unwrap_or(status.as_wire()),
    }
}

/// A text without its blanks: where the table breaks a line, nobody knows what the wire has.
fn unbroken(text: &str) -> String {
    text.split_whitespace().collect()
}

async fn refused_with(
    lab: &Lab,
    setting: &str,
    value: &str,
    function: &str,
    params: &Value,
    status: ApiStatus,
) -> Outcome {
    let before = lab.sim(Method::GET, "state", None).await?["settings"][setting].clone();
    lab.set(setting, value).await?;
    let outcome = refused(&lab.api, function, params, status).await;
    lab.set(setting, before.as_str().ok_or("no such setting")?).await?;
    outcome
}

/// A fault that answers a status.
async fn struck(lab: &Lab, status: ApiStatus) -> Outcome {
    let fault = match status {
        ApiStatus::APILimitExceeded => "limit",
        ApiStatus::MethodMaintenance => "maintenance",
        _ => "unavailable",
    };
    lab.fault(Some(fault)).await?;
    let outcome = refused(&lab.api, "getResellerBalance", &json!({"client": CLIENT}), status).await;
    lab.fault(None).await?;
    outcome
}

async fn credentials(lab: &Lab) -> Outcome {
    let nothing = json!({});
    refused(
        &lab.login("demo@example.com", "wrong"),
        "getIP",
        &nothing,
        ApiStatus::InvalidCredentials,
    )
    .await?;
    refused(
        &lab.login("other@example.com", "demo"),
        "getIP",
        &nothing,
        ApiStatus::InvalidCredentials,
    )
    .await?;
    refused(&lab.login("", ""), "getIP", &nothing, ApiStatus::MissingCredentials).await?;
    refused(&lab.api, "", &nothing, ApiStatus::MissingMethod).await
}

/// The crate's typed method reads the status as an empty list, its raw one as an error.
async fn no_client(lab: &Lab) -> Outcome {
    lab.set("no-client", "status").await?;
    let everybody = lab.api.get_clients(&GetClientsParams::default()).await;
    let raw = refused(&lab.api, "getClients", &json!({}), ApiStatus::NoClient).await;
    for shape in ["list", "absent"] {
        lab.set("no-client", shape).await?;
        same(
            shape,
            lab.api.get_clients(&GetClientsParams::default()).await?.clients.len(),
            0,
        )?;
    }
    lab.set("no-client", "off").await?;
    let everybody = everybody?;
    same(
        "the list",
        (everybody.status, everybody.clients.len()),
        (ApiStatus::NoClient, 0),
    )?;
    raw
}

/// Every way in which a threshold may be absent that the crate can read; an empty list in place of the object is not
/// one of them.
async fn no_threshold(lab: &Lab) -> Outcome {
    lab.edit(CLIENT, json!({"threshold": null})).await?;
    let params = GetClientThresholdParams { client: Some(CLIENT) };
    for (shape, expected) in [
        ("zero", Some(Some(0))),
        ("empty", Some(None)),
        ("null", Some(None)),
        ("absent", None),
    ] {
        lab.set("threshold-absent-as", shape).await?;
        let got = lab.api.get_client_threshold(&params).await?.threshold_information;
        same(shape, got.map(|information| information.threshold), expected)?;
    }
    lab.set("threshold-absent-as", "unavailable_info").await?;
    let outcome = refused(
        &lab.api,
        "getClientThreshold",
        &json!({"client": CLIENT}),
        ApiStatus::UnavailableInfo,
    )
    .await;
    lab.set("threshold-absent-as", "zero").await?;
    outcome
}

/// HTTP errors, cut and empty bodies, and connections that break.
async fn broken(lab: &Lab) -> Outcome {
    let params = GetResellerBalanceParams { client: Some(CLIENT) };
    for (fault, transport) in [
        (
            "html-503",
            Some(TransportFailure::Rejected(StatusCode::SERVICE_UNAVAILABLE)),
        ),
        ("html-403", Some(TransportFailure::Rejected(StatusCode::FORBIDDEN))),
        (
            "http-429",
            Some(TransportFailure::Rejected(StatusCode::TOO_MANY_REQUESTS)),
        ),
        (
            "http-500",
            Some(TransportFailure::Rejected(StatusCode::INTERNAL_SERVER_ERROR)),
        ),
        ("reset-before", Some(TransportFailure::Other)),
        ("reset-after", Some(TransportFailure::Other)),
        ("truncated", None),
        ("null-status", None),
        ("wrong-types", None),
    ] {
        lab.fault(Some(fault)).await?;
        let result = lab.api.get_reseller_balance(&params).await;
        lab.fault(None).await?;
        match (result, transport) {
            (Err(Error::InvalidResponse(_)), None) => {}
            (Err(error), Some(expected)) => same(fault, error.transport(), Some(expected))?,
            (other, _) => return Err(format!("{fault}: {other:?}").into()),
        }
    }
    // The crate takes an empty body for a success, also of a read: then there is no balance, which is not a balance of 0.
    lab.fault(Some("empty")).await?;
    let empty = lab.api.get_reseller_balance(&params).await;
    lab.fault(None).await?;
    same("empty", empty?.balance.is_none(), true)
}

/// The crate sends no User-Agent unless it is given an HTTP client that does: the firewall of 2021 turns it away.
async fn no_user_agent(lab: &Lab) -> Outcome {
    lab.set("user-agent-needed", "on").await?;
    let turned_away = lab.api.get_ip().await;
    lab.set("user-agent-needed", "off").await?;
    let transport = turned_away.err().and_then(|error| error.transport());
    same(
        "transport",
        transport,
        Some(TransportFailure::Rejected(StatusCode::FORBIDDEN)),
    )
}
