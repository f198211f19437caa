//! The functions that change something: by GET through the crate's typed methods, and as multipart; what they did is read
//! back from `/sim/`.

use voip_ms::rust_decimal::Decimal;
use voip_ms::serde::Serialize;
use voip_ms::serde_json::{Value, json};
use voip_ms::{ApiStatus, GetClientsParams, SetClientParams, SetClientThresholdParams, SignupClientParams};

use crate::lab::{Lab, Outcome, Report, amount, same};
use crate::reads::CLIENT;

pub async fn all(lab: &Lab, report: &mut Report) {
    report.note("setClientThreshold", set_client_threshold(lab).await);
    report.note("setClient", set_client(lab).await);
    report.note("signupClient", signup_client(lab).await);
}

/// The same call as multipart.
async fn as_multipart<P: Serialize>(lab: &Lab, function: &str, params: &P) -> Outcome {
    let said = lab.api.call_multipart_raw(function, params).await?;
    same("by multipart", &said["status"], &json!("success"))
}

async fn set_client_threshold(lab: &Lab) -> Outcome {
    let mut params = SetClientThresholdParams {
        client: Some(CLIENT),
        threshold: Some(17),
        email: Some("low@example.com".to_owned()),
    };
    same(
        "status",
        lab.api.set_client_threshold(&params).await?.status,
        ApiStatus::Success,
    )?;
    let shown = lab.shown(CLIENT).await?;
    same(
        "by GET",
        (&shown["threshold"], &shown["threshold_email"]),
        (&json!("17"), &json!("low@example.com")),
    )?;
    (params.threshold, params.email) = (Some(18), None);
    as_multipart(lab, "setClientThreshold", &params).await?;
    let shown = lab.shown(CLIENT).await?;
    same(
        "an address not sent",
        (&shown["threshold"], &shown["threshold_email"]),
        (&json!("18"), &json!("low@example.com")),
    )
}

/// The round trip of the document: the whole record read, one field changed, the country as a code, all sent.
async fn set_client(lab: &Lab) -> Outcome {
    let wanted = GetClientsParams {
        client_filter: Some(CLIENT.to_string()),
    };
    let row = lab.api.get_clients(&wanted).await?.clients.pop().ok_or("nobody")?;
    let before = lab.shown(CLIENT).await?;
    let mut params = SetClientParams {
        client: row.client,
        email: row.email,
        password: row.password,
        company: Some("Müller & Söhne \"1/2\"".to_owned()),
        first_name: row.first_name,
        last_name: row.last_name,
        address: row.address,
        city: row.city,
        state: row.state,
        country: Some("US".to_owned()),
        zip_code: Some("02134".to_owned()),
        phone_number: row.phone_number,
        balance_management: Some(1),
    };
    same("status", lab.api.set_client(&params).await?.status, ApiStatus::Success)?;
    let changes = [
        ("company", "Müller & Söhne \"1/2\""),
        ("zip", "02134"),
        ("balance_management", "1"),
        ("management", "hard"),
    ];
    same("by GET", lab.shown(CLIENT).await?, changed(&before, &changes))?;
    params.balance_management = Some(2);
    as_multipart(lab, "setClient", &params).await?;
    let changes = [
        changes[0],
        changes[1],
        ("balance_management", "2"),
        ("management", "soft"),
    ];
    same("by multipart", lab.shown(CLIENT).await?, changed(&before, &changes))
}

/// Two newcomers: by GET, active and HARD, and as multipart, waiting and with the rest as it comes.
async fn signup_client(lab: &Lab) -> Outcome {
    let email = "rené.new@example.com".to_owned();
    let mut params = SignupClientParams {
        first_name: Some("René".to_owned()),
        last_name: Some("O'Neal".to_owned()),
        company: Some("Neal & Co".to_owned()),
        address: Some("1/2 rue Principale".to_owned()),
        city: Some("Gatineau".to_owned()),
        state: Some("QUEBEC".to_owned()),
        country: Some("CA".to_owned()),
        zip_code: Some("J8X 1A1".to_owned()),
        phone_number: Some("8195550100".to_owned()),
        email: Some(email.clone()),
        confirm_email: Some(email.clone()),
        password: Some("Some-Pass-1".to_owned()),
        confirm_password: Some("Some-Pass-1".to_owned()),
        activate: Some(true),
        balance_management: Some(1),
    };
    let signed_up = lab.api.signup_client(&params).await?;
    same("status", signed_up.status, ApiStatus::Success)?;
    let id = signed_up.client.ok_or("no id")?;
    let shown = lab.shown(id).await?;
    for (field, expected) in [
        ("firstname", "René"),
        ("lastname", "O'Neal"),
        ("company", "Neal & Co"),
        ("address", "1/2 rue Principale"),
        ("state", "QUEBEC"),
        ("country", "CA"),
        ("zip", "J8X 1A1"),
        ("email", &email),
        ("password", "Some-Pass-1"),
        ("management", "hard"),
        ("account_state", "ACTIVE"),
    ] {
        same(field, shown[field].as_str(), Some(expected))?;
    }
    same("balance", amount(&shown, "balance"), Some(Decimal::ZERO))?;
    let wanted = GetClientsParams {
        client_filter: Some(email),
    };
    let row = lab.api.get_clients(&wanted).await?.clients.pop().ok_or("nobody")?;
    same(
        "found by address",
        (row.client, row.country.as_deref()),
        (Some(id), Some("CANADA")),
    )?;

    let email = Some("two@example.com".to_owned());
    (params.email, params.confirm_email) = (email.clone(), email);
    (params.company, params.activate, params.balance_management) = (None, None, None);
    lab.set("signup-answer", "status").await?;
    let said = lab.api.call_multipart_raw("signupClient", &params).await?;
    lab.set("signup-answer", "client").await?;
    same("the older answer", said, json!({"status": "success"}))?;
    let shown = lab.shown(id + 1).await?;
    same(
        "the second",
        (&shown["management"], &shown["account_state"]),
        (&json!("soft"), &json!("WAIT")),
    )
}

fn changed(before: &Value, changes: &[(&str, &str)]) -> Value {
    let mut after = before.clone();
    for (field, value) in changes {
        after[*field] = json!(value);
    }
    after
}
