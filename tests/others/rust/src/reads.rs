//! The functions that change nothing, each by GET as the crate's typed method has it, and once more as multipart, which must
//! answer the same.

use voip_ms::chrono::NaiveDate;
use voip_ms::chrono_tz::Tz;
use voip_ms::reqwest::Method;
use voip_ms::rust_decimal::Decimal;
use voip_ms::serde::Serialize;
use voip_ms::serde_json::json;
use voip_ms::{
    ApiStatus, GetBalanceManagementParams, GetBalanceParams, GetClientThresholdParams, GetClientsParams,
    GetCountriesParams, GetResellerBalanceParams, GetResellerCDRParams, GetTransactionHistoryParams,
};

use crate::lab::{Lab, Outcome, Report, amount, same, text};

/// A client of every world, the one of the document.
pub const CLIENT: u64 = 561_115;

pub async fn all(lab: &Lab, report: &mut Report) {
    report.note("getIP", ip(lab).await);
    report.note("getCountries", countries(lab).await);
    report.note("getStates", states(lab).await);
    report.note("getProvinces", provinces(lab).await);
    report.note("getBalanceManagement", balance_management(lab).await);
    report.note("getClients", clients(lab).await);
    report.note("getClientThreshold", client_threshold(lab).await);
    report.note("getResellerBalance", reseller_balance(lab).await);
    report.note("getBalance", balance(lab).await);
    report.note("getResellerCDR", reseller_cdr(lab).await);
    report.note("getTransactionHistory", transaction_history(lab).await);
}

/// Whether multipart answers what GET does, to the letter.
pub async fn as_multipart<P: Serialize>(lab: &Lab, function: &str, params: &P) -> Outcome {
    let by_get = lab.api.call_raw(function, params).await?;
    same(
        "by multipart",
        lab.api.call_multipart_raw(function, params).await?,
        by_get,
    )
}

async fn ip(lab: &Lab) -> Outcome {
    same("ip", lab.api.get_ip().await?.ip.as_deref(), Some("127.0.0.1"))?;
    as_multipart(lab, "getIP", &json!({})).await
}

async fn countries(lab: &Lab) -> Outcome {
    let all = lab.api.get_countries(&GetCountriesParams::default()).await?.countries;
    if all.len() < 50 {
        return Err(format!("only {} countries", all.len()).into());
    }
    let canada = GetCountriesParams {
        country: Some("CA".to_owned()),
    };
    let rows = lab.api.get_countries(&canada).await?.countries;
    let rows: Vec<_> = rows
        .iter()
        .map(|row| (row.value.as_deref(), row.description.as_deref()))
        .collect();
    same("the row of CA", rows, vec![(Some("CA"), Some("Canada"))])?;
    as_multipart(lab, "getCountries", &canada).await
}

async fn states(lab: &Lab) -> Outcome {
    let rows = lab.api.get_states().await?.states;
    let alabama = rows.iter().find(|row| row.state.as_deref() == Some("AL"));
    same(
        "AL",
        alabama.and_then(|row| row.description.as_deref()),
        Some("ALABAMA"),
    )?;
    same(
        "all",
        rows.len() >= 50 && rows.iter().all(|row| row.description.is_some()),
        true,
    )?;
    as_multipart(lab, "getStates", &json!({})).await
}

async fn provinces(lab: &Lab) -> Outcome {
    let rows = lab.api.get_provinces().await?.provinces;
    let ontario = rows.iter().find(|row| row.province.as_deref() == Some("ON"));
    same(
        "ON",
        ontario.and_then(|row| row.description.as_deref()),
        Some("ONTARIO"),
    )?;
    same(
        "all",
        rows.len() >= 13 && rows.iter().all(|row| row.description.is_some()),
        true,
    )?;
    as_multipart(lab, "getProvinces", &json!({})).await
}

async fn balance_management(lab: &Lab) -> Outcome {
    let mut params = GetBalanceManagementParams::default();
    let rows = lab.api.get_balance_management(&params).await?.balance_management;
    let first_words: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row.value,
                row.description.as_deref().and_then(|text| text.split(' ').next()),
            )
        })
        .collect();
    same(
        "the codes",
        first_words,
        vec![(Some(1), Some("Hard")), (Some(2), Some("Soft"))],
    )?;
    params.balance_management = Some(1);
    let rows = lab.api.get_balance_management(&params).await?.balance_management;
    let hard = rows.first().and_then(|row| row.description.as_deref());
    same(
        "the row of 1",
        (rows.len(), hard),
        (1, Some("Hard - suspend the client")),
    )?;
    as_multipart(lab, "getBalanceManagement", &params).await
}

async fn clients(lab: &Lab) -> Outcome {
    let everybody = lab.api.get_clients(&GetClientsParams::default()).await?.clients;
    let known = lab.sim(Method::GET, "state", None).await?["clients"].clone();
    same("how many", json!(everybody.len()), known)?;
    let countries = lab.api.get_countries(&GetCountriesParams::default()).await?.countries;
    for row in &everybody {
        let id = row.client.ok_or("a client has no id")?;
        let shown = lab.shown(id).await?;
        let code = text(&shown, "country");
        let country = countries
            .iter()
            .find(|country| country.value == code)
            .and_then(|country| Some(country.description.as_deref()?.to_uppercase()));
        for (field, got, expected) in [
            ("email", &row.email, text(&shown, "email")),
            ("password", &row.password, text(&shown, "password")),
            ("company", &row.company, text(&shown, "company")),
            ("firstname", &row.first_name, text(&shown, "firstname")),
            ("lastname", &row.last_name, text(&shown, "lastname")),
            ("address", &row.address, text(&shown, "address")),
            ("city", &row.city, text(&shown, "city")),
            ("state", &row.state, text(&shown, "state")),
            ("country", &row.country, country),
            ("zip", &row.zip_code, text(&shown, "zip")),
            ("phone_number", &row.phone_number, text(&shown, "phone_number")),
            (
                "balance_management",
                &row.balance_management.map(|code| code.to_string()),
                text(&shown, "balance_management"),
            ),
        ] {
            same(&format!("{field} of {id}"), got, &expected)?;
        }
    }
    let row = everybody.last().ok_or("nobody")?;
    for wanted in [row.client.map(|id| id.to_string()), row.email.clone()] {
        let params = GetClientsParams { client_filter: wanted };
        same(
            "one alone",
            &lab.api.get_clients(&params).await?.clients,
            &vec![row.clone()],
        )?;
        as_multipart(lab, "getClients", &params).await?;
    }
    as_multipart(lab, "getClients", &json!({})).await
}

async fn client_threshold(lab: &Lab) -> Outcome {
    let params = GetClientThresholdParams { client: Some(CLIENT) };
    let shown = lab.shown(CLIENT).await?;
    let got = lab
        .api
        .get_client_threshold(&params)
        .await?
        .threshold_information
        .ok_or("no object")?;
    same(
        "threshold",
        got.threshold.map(|threshold| threshold.to_string()),
        text(&shown, "threshold"),
    )?;
    same("email", got.email, text(&shown, "threshold_email"))?;
    as_multipart(lab, "getClientThreshold", &params).await
}

/// Before the first call of the day, and after two hours at 1.50 an hour, a minute a call.
async fn reseller_balance(lab: &Lab) -> Outcome {
    let params = GetResellerBalanceParams { client: Some(CLIENT) };
    let idle = lab
        .api
        .get_reseller_balance(&params)
        .await?
        .balance
        .ok_or("no object")?;
    same(
        "current_balance",
        idle.current_balance,
        amount(&lab.shown(CLIENT).await?, "balance"),
    )?;
    same(
        "calls and time of nobody",
        (idle.calls_today, idle.time_today.as_deref()),
        (Some(0), Some("0")),
    )?;
    same(
        "spent by nobody",
        (idle.spent_total, idle.spent_today),
        (Some(Decimal::ZERO), Some(Decimal::ZERO)),
    )?;

    lab.edit(CLIENT, json!({"balance": "100", "spend_per_hour": "1.50"}))
        .await?;
    lab.advance("2h").await?;
    let shown = lab.edit(CLIENT, json!({"spend_per_hour": null})).await?;
    let busy = lab
        .api
        .get_reseller_balance(&params)
        .await?
        .balance
        .ok_or("no object")?;
    same(
        "current_balance after 2 h",
        busy.current_balance,
        amount(&shown, "balance"),
    )?;
    same(
        "current_balance after 2 h at 1.50",
        busy.current_balance,
        Some(Decimal::from(97)),
    )?;
    same("spent_total", busy.spent_total, Some(Decimal::from(3)))?;
    same("calls_total", busy.calls_total, Some(120))?;
    same("time_total", busy.time_total.as_deref(), Some("2:00:00"))?;
    // What of it is today's depends on when midnight was in Toronto.
    let today = (busy.spent_today, busy.calls_today);
    if today.0 > busy.spent_total || today.1 > busy.calls_total || today.1.is_none() {
        return Err(format!("today is more than the last 30 days: {busy:?}").into());
    }
    as_multipart(lab, "getResellerBalance", &params).await
}

async fn balance(lab: &Lab) -> Outcome {
    let shown = lab.sim(Method::GET, "clients/reseller", None).await?;
    let plain = lab
        .api
        .get_balance(&GetBalanceParams::default())
        .await?
        .balance
        .ok_or("no object")?;
    same("current_balance", plain.current_balance, amount(&shown, "balance"))?;
    same("spent_total unasked", plain.spent_total, None)?;
    let advanced = GetBalanceParams { advanced: Some(true) };
    let more = lab.api.get_balance(&advanced).await?.balance.ok_or("no object")?;
    same(
        "current_balance with statistics",
        more.current_balance,
        plain.current_balance,
    )?;
    same("spent_total", more.spent_total, amount(&shown, "spent"))?;
    if more.calls_total.is_none() || more.time_total.is_none() || more.time_today.is_none() {
        return Err(format!("statistics are missing: {more:?}").into());
    }
    as_multipart(lab, "getBalance", &advanced).await
}

/// Well asked it finds no calls; the crate reads `no_cdr` as an empty list.
async fn reseller_cdr(lab: &Lab) -> Outcome {
    let params = GetResellerCDRParams {
        date_from: NaiveDate::from_ymd_opt(2026, 11, 1),
        date_to: NaiveDate::from_ymd_opt(2026, 11, 20),
        client: Some(CLIENT),
        answered: Some(true),
        timezone: Some(Tz::America__Toronto),
        ..GetResellerCDRParams::default()
    };
    let none = lab.api.get_reseller_cdr(&params).await?;
    same("rows", (none.status, none.cdr.len()), (ApiStatus::NoCDR, 0))
}

async fn transaction_history(lab: &Lab) -> Outcome {
    let params = GetTransactionHistoryParams {
        date_from: NaiveDate::from_ymd_opt(2026, 11, 1),
        date_to: NaiveDate::from_ymd_opt(2026, 11, 20),
    };
    let none = lab.api.get_transaction_history(&params).await?;
    same(
        "rows",
        (none.status, none.transactions.len()),
        (ApiStatus::NoTransactions, 0),
    )
}
