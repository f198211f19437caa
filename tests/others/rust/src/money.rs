//! Charges, deposits and packages: what the crate reads is compared with the sums that `/sim/` keeps, and what it orders is
//! read back.

use std::error::Error;

use voip_ms::chrono::NaiveDate;
use voip_ms::reqwest::Method;
use voip_ms::rust_decimal::Decimal;
use voip_ms::serde_json::json;
use voip_ms::{
    AddChargeParams, AddPaymentParams, ApiStatus, GetChargesParams, GetClientPackagesParams, GetDepositsParams,
    GetPackagesParams, Reported,
};

use crate::lab::{Lab, Outcome, Report, amount, same, text};
use crate::reads::{CLIENT, as_multipart};
use crate::refusals::newcomer;

pub async fn all(lab: &Lab, report: &mut Report) {
    report.note("getPackages", packages(lab).await);
    report.note("getClientPackages", client_packages(lab).await);
    report.note("addCharge", add_charge(lab).await);
    report.note("addPayment", add_payment(lab).await);
    report.note("getCharges", adds_up(lab, Side::Charges).await);
    report.note("getDeposits", adds_up(lab, Side::Deposits).await);
    report.note("nothing charged or paid yet", nothing_yet(lab).await);
    report.note("a test moves nothing, unless it says true", tests(lab).await);
}

/// The two lists, which look alike.
#[derive(Clone, Copy)]
enum Side {
    Charges,
    Deposits,
}

/// An entry as both lists have it.
#[derive(Debug, PartialEq)]
struct Entry {
    id: u64,
    amount: Decimal,
    description: Option<String>,
}

/// What the crate reads of a row, in the order id, date, amount, description.
type Row = (
    Option<u64>,
    Option<Reported<NaiveDate>>,
    Option<Decimal>,
    Option<String>,
);

async fn entries(lab: &Lab, side: Side, client: u64) -> Result<Vec<Entry>, Box<dyn Error>> {
    let client = Some(client);
    let rows: Vec<Row> = match side {
        Side::Charges => {
            let rows = lab
                .api
                .get_charges(&GetChargesParams { client })
                .await?
                .charges
                .into_iter();
            rows.map(|row| (row.id, row.date, row.amount, row.description))
                .collect()
        }
        Side::Deposits => {
            let rows = lab
                .api
                .get_deposits(&GetDepositsParams { client })
                .await?
                .deposits
                .into_iter();
            rows.map(|row| (row.id, row.date, row.amount, row.description))
                .collect()
        }
    };
    rows.into_iter()
        .map(|row| match row {
            (Some(id), Some(Reported::Parsed(_)), Some(amount), description) => Ok(Entry {
                id,
                amount,
                description,
            }),
            other => Err(format!("a row lacks something: {other:?}").into()),
        })
        .collect()
}

/// Every client's entries add up to what the simulator counted, before it began and since.
async fn adds_up(lab: &Lab, side: Side) -> Outcome {
    let (function, counted) = match side {
        Side::Charges => ("getCharges", "charged"),
        Side::Deposits => ("getDeposits", "paid"),
    };
    for client in CLIENT..CLIENT + 10 {
        let (rows, shown) = (entries(lab, side, client).await?, lab.shown(client).await?);
        let expected = amount(&shown, counted).zip(amount(&shown["before"], counted));
        let sum = rows.iter().map(|row| row.amount).sum();
        same(
            &format!("the sum of {client}"),
            Some(sum),
            expected.map(|(since, before)| since + before),
        )?;
    }
    as_multipart(lab, function, &json!({"client": CLIENT})).await
}

/// A client without any: an empty list however that is told, or a status that the crate's table does not have.
async fn nothing_yet(lab: &Lab) -> Outcome {
    let signed_up = lab
        .api
        .call_raw("signupClient", &newcomer("email", "fresh@example.com"))
        .await?;
    let client = signed_up["client"].to_string().trim_matches('"').parse()?;
    for (shape, refused) in [("absent", false), ("status", true), ("list", false)] {
        lab.set("empty-ledger", shape).await?;
        for (side, status) in [(Side::Charges, "no_charges"), (Side::Deposits, "no_deposits")] {
            let got = match entries(lab, side, client).await {
                Ok(rows) => rows.len().to_string(),
                Err(error) => error.to_string(),
            };
            let expected = if refused {
                format!("API status: {status}")
            } else {
                "0".to_owned()
            };
            same(shape, got, expected)?;
        }
    }
    Ok(())
}

/// Debited each time it is sent; listed first, as sent.
async fn add_charge(lab: &Lab) -> Outcome {
    let (before, balance) = (
        entries(lab, Side::Charges, CLIENT).await?,
        amount(&lab.shown(CLIENT).await?, "balance"),
    );
    let params = AddChargeParams {
        client: Some(CLIENT),
        charge: Some(Decimal::new(499, 2)),
        description: Some("Ligne n° 2 / \"mai\"".to_owned()),
        test: false,
    };
    same("status", lab.api.add_charge(&params).await?.status, ApiStatus::Success)?;
    let said = lab.api.call_multipart_raw("addCharge", &params).await?;
    same("the whole answer", said, json!({"status": "success"}))?;
    let after = entries(lab, Side::Charges, CLIENT).await?;
    same("how many", after.len(), before.len() + 2)?;
    for row in &after[..2] {
        same("amount", Some(row.amount), params.charge)?;
        same("description", &row.description, &params.description)?;
    }
    same("the others", &after[2..], &before[..])?;
    let now = amount(&lab.shown(CLIENT).await?, "balance");
    same("balance", now, balance.map(|balance| balance - Decimal::new(998, 2)))
}

async fn add_payment(lab: &Lab) -> Outcome {
    let (before, balance) = (
        entries(lab, Side::Deposits, CLIENT).await?,
        amount(&lab.shown(CLIENT).await?, "balance"),
    );
    let params = AddPaymentParams {
        client: Some(CLIENT),
        payment: Some(Decimal::new(1250, 2)),
        description: Some("Cheque 12/2026".to_owned()),
        test: false,
    };
    same("status", lab.api.add_payment(&params).await?.status, ApiStatus::Success)?;
    let said = lab.api.call_multipart_raw("addPayment", &params).await?;
    same("the whole answer", said, json!({"status": "success"}))?;
    let after = entries(lab, Side::Deposits, CLIENT).await?;
    same("how many", after.len(), before.len() + 2)?;
    for row in &after[..2] {
        same("amount", Some(row.amount), params.payment)?;
        same("description", &row.description, &params.description)?;
    }
    let now = amount(&lab.shown(CLIENT).await?, "balance");
    same("balance", now, balance.map(|balance| balance + Decimal::from(25)))
}

/// The crate sends `test=1`, which is `success_test`. The `true` that the document asks for moves the money.
async fn tests(lab: &Lab) -> Outcome {
    let balance = amount(&lab.shown(CLIENT).await?, "balance");
    let charge = AddChargeParams {
        client: Some(CLIENT),
        charge: Some(Decimal::ONE),
        description: None,
        test: true,
    };
    same(
        "addCharge",
        lab.api.add_charge(&charge).await?.status,
        ApiStatus::SuccessTest,
    )?;
    let payment = AddPaymentParams {
        client: Some(CLIENT),
        payment: Some(Decimal::ONE),
        description: None,
        test: true,
    };
    same(
        "addPayment",
        lab.api.add_payment(&payment).await?.status,
        ApiStatus::SuccessTest,
    )?;
    same(
        "balance after test=1",
        amount(&lab.shown(CLIENT).await?, "balance"),
        balance,
    )?;
    let params = json!({"client": CLIENT, "charge": "1", "test": "true"});
    same(
        "test=true",
        &lab.api.call_raw("addCharge", &params).await?["status"],
        &json!("success"),
    )?;
    let now = amount(&lab.shown(CLIENT).await?, "balance");
    same(
        "balance after test=true",
        now,
        balance.map(|balance| balance - Decimal::ONE),
    )
}

/// The document's package, to the last column, and the others readable.
async fn packages(lab: &Lab) -> Outcome {
    let all = lab.api.get_packages(&GetPackagesParams::default()).await?.packages;
    for row in &all {
        let readable = row.package.is_some() && row.name.is_some() && row.monthly_fee.is_some();
        same(&format!("{row:?} readable"), readable, true)?;
    }
    let params = GetPackagesParams {
        package: Some("8378".to_owned()),
    };
    let rows = lab.api.get_packages(&params).await?.packages;
    let row = rows.first().ok_or("no package 8378")?;
    same("rows", rows.len(), 1)?;
    same("name", (row.package, row.name.as_deref()), (Some(8378), Some("VoIP")))?;
    let fees = (row.markup_fixed, row.monthly_fee, row.setup_fee);
    let cents = |cents| Some(Decimal::new(cents, 2));
    same("fixed markup and fees", fees, (cents(1), cents(200), cents(100)))?;
    same(
        "percentage and pulse",
        (row.markup_percentage, row.pulse),
        (Some(50), Some(60)),
    )?;
    let rest = (row.international_route, row.canada_route, row.free_minutes);
    same("routes and minutes", rest, (Some(1), Some(1), Some(0)))?;
    as_multipart(lab, "getPackages", &json!({})).await
}

/// The package of a client is one of getPackages; without one the crate reads `no_package` as an empty list.
async fn client_packages(lab: &Lab) -> Outcome {
    let all = lab.api.get_packages(&GetPackagesParams::default()).await?.packages;
    for client in CLIENT..CLIENT + 10 {
        let params = GetClientPackagesParams { client: Some(client) };
        let rows = lab.api.get_client_packages(&params).await?.packages;
        let row = rows.first().ok_or("no package")?;
        same("rows", rows.len(), 1)?;
        let value = row.value.map(|value| value.to_string());
        same(
            &format!("that of {client}"),
            value,
            text(&lab.shown(client).await?, "package"),
        )?;
        let listed = all
            .iter()
            .any(|package| package.package == row.value && package.name == row.description);
        same("listed by getPackages", listed, true)?;
    }
    let params = GetClientPackagesParams { client: Some(CLIENT) };
    as_multipart(lab, "getClientPackages", &params).await?;
    let package = lab.shown(CLIENT).await?["package"].clone();
    lab.edit(CLIENT, json!({"package": ""})).await?;
    let none = lab.api.get_client_packages(&params).await?;
    same(
        "without one",
        (none.status, none.packages.len()),
        (ApiStatus::NoPackage, 0),
    )?;
    lab.sim(
        Method::PATCH,
        &format!("clients/{CLIENT}"),
        Some(json!({"package": package})),
    )
    .await?;
    Ok(())
}
