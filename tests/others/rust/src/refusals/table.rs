//! Which calls are refused with which status: for what they send, and because of a setting. Only tables.

use voip_ms::ApiStatus;
use voip_ms::serde_json::{Value, json};

use crate::reads::CLIENT;

/// An id that nobody has.
const NOBODY: u64 = 1;

/// A signupClient that would be taken, but for one field.
pub fn newcomer(field: &str, value: &str) -> Value {
    let mut newcomer = json!({
        "firstname": "F", "lastname": "L", "address": "1 A", "city": "C", "state": "S", "country": "CA", "zip": "Z",
        "phone_number": "5550001111", "email": "new@example.com", "confirm_email": "new@example.com",
        "password": "Some-Pass-1", "confirm_password": "Some-Pass-1",
    });
    newcomer[field] = json!(value);
    if field == "email" {
        newcomer["confirm_email"] = json!(value);
    }
    newcomer
}

/// Calls that are refused for what they send.
#[rustfmt::skip]
pub fn by_parameters() -> Vec<(ApiStatus, &'static str, Value)> {
    let threshold = |threshold: Value| json!({"client": CLIENT, "threshold": threshold});
    let record = |field: &str, value: &str| {
        let mut record = json!({
            "client": CLIENT, "email": "new@example.com", "password": "Some-Pass-1", "firstname": "F", "lastname": "L",
            "phone_number": "5550001111",
        });
        record[field] = json!(value);
        record
    };
    let dates = |mut params: Value| {
        params["date_from"] = json!("2026-11-01");
        params["date_to"] = json!("2026-11-20");
        params
    };
    vec![
        (ApiStatus::InvalidMethod, "getNothing", json!({})),
        (ApiStatus::InvalidClient, "getResellerBalance", json!({"client": NOBODY})),
        (ApiStatus::InvalidClient, "getResellerBalance", json!({})),
        (ApiStatus::InvalidClient, "getClientThreshold", json!({"client": NOBODY})),
        (ApiStatus::InvalidClient, "getClients", json!({"client": NOBODY})),
        (ApiStatus::InvalidClient, "getClients", json!({"client": "nobody@example.com"})),
        (ApiStatus::InvalidClient, "setClientThreshold", json!({"client": NOBODY, "threshold": 5})),
        (ApiStatus::InvalidBalancemanagement, "getBalanceManagement", json!({"balance_management": 9})),
        (ApiStatus::InvalidCountry, "getCountries", json!({"country": "ZZ"})),
        (ApiStatus::InvalidThreshold, "setClientThreshold", threshold(json!(0))),
        (ApiStatus::InvalidThreshold, "setClientThreshold", threshold(json!(251))),
        (ApiStatus::InvalidThreshold, "setClientThreshold", threshold(json!("ten"))),
        (ApiStatus::InvalidClient, "setClient", json!({"client": NOBODY})),
        (ApiStatus::MissingEmail, "setClient", record("email", "")),
        (ApiStatus::InvalidEmail, "setClient", record("email", "no address")),
        (ApiStatus::MissingPassword, "setClient", record("password", "")),
        (ApiStatus::MissingFirstname, "setClient", record("firstname", "")),
        (ApiStatus::MissingLastname, "setClient", record("lastname", "")),
        (ApiStatus::MissingPhonenumber, "setClient", record("phone_number", "")),
        (ApiStatus::InvalidCountry, "setClient", record("country", "CANADA")),
        (ApiStatus::InvalidBalancemanagement, "setClient", record("balance_management", "9")),
        (ApiStatus::InvalidClient, "getCharges", json!({"client": NOBODY})),
        (ApiStatus::InvalidClient, "getDeposits", json!({"client": NOBODY})),
        (ApiStatus::InvalidClient, "getClientPackages", json!({"client": NOBODY})),
        (ApiStatus::InvalidPackage, "getPackages", json!({"package": "1"})),
        (ApiStatus::MissingCharge, "addCharge", json!({"client": CLIENT})),
        (ApiStatus::InvalidCharge, "addCharge", json!({"client": CLIENT, "charge": "much"})),
        (ApiStatus::InvalidCharge, "addCharge", json!({"client": CLIENT, "charge": "-1"})),
        (ApiStatus::InvalidClient, "addCharge", json!({"client": NOBODY, "charge": "1"})),
        (ApiStatus::MissingPayment, "addPayment", json!({"client": CLIENT})),
        (ApiStatus::InvalidPayment, "addPayment", json!({"client": CLIENT, "payment": "0"})),
        (ApiStatus::InvalidClient, "addPayment", json!({"client": NOBODY, "payment": "1"})),
        (ApiStatus::InvalidDescription, "addPayment", json!({
            "client": CLIENT, "payment": "1", "description": "x".repeat(256)
        })),
        (ApiStatus::MissingFirstname, "signupClient", newcomer("firstname", "")),
        (ApiStatus::MissingAddress, "signupClient", newcomer("address", "")),
        (ApiStatus::MissingCity, "signupClient", newcomer("city", "")),
        (ApiStatus::MissingState, "signupClient", newcomer("state", "")),
        (ApiStatus::MissingCountry, "signupClient", newcomer("country", "")),
        (ApiStatus::MissingZip, "signupClient", newcomer("zip", "")),
        (ApiStatus::MissingEmailConfirm, "signupClient", newcomer("confirm_email", "")),
        (ApiStatus::MismatchEmailConfirm, "signupClient", newcomer("confirm_email", "other@example.com")),
        (ApiStatus::MissingPasswordConfirm, "signupClient", newcomer("confirm_password", "")),
        (ApiStatus::MismatchPasswordConfirm, "signupClient", newcomer("confirm_password", "Other-Pass-1")),
        (ApiStatus::InvalidCountry, "signupClient", newcomer("country", "CANADA")),
        (ApiStatus::InvalidEmail, "signupClient", newcomer("email", "john.doe@my-domain.com")),
        (ApiStatus::InvalidDate, "getTransactionHistory", json!({})),
        (ApiStatus::NoTransactions, "getTransactionHistory", dates(json!({}))),
        (ApiStatus::NoCallstatus, "getResellerCDR", dates(json!({"client": CLIENT, "timezone": "-5"}))),
        (ApiStatus::InvalidTimezone, "getResellerCDR", dates(json!({"client": CLIENT, "answered": 1}))),
        (ApiStatus::NoCDR, "getResellerCDR", dates(json!({"client": CLIENT, "answered": 1, "timezone": "-5"}))),
    ]
}

/// Calls that are refused because of a setting.
#[rustfmt::skip]
pub fn by_settings() -> Vec<(ApiStatus, &'static str, &'static str, &'static str, Value)> {
    let balance = json!({"client": CLIENT});
    let password = |password: &str| {
        json!({
            "client": CLIENT, "email": "new@example.com", "password": password, "firstname": "F", "lastname": "L",
            "phone_number": "5550001111",
        })
    };
    vec![
        (ApiStatus::MissingClient, "absent-id", "missing_client", "getResellerBalance", json!({})),
        (ApiStatus::APINotEnabled, "api-enabled", "off", "getIP", json!({})),
        (ApiStatus::IPNotEnabled, "allowed-addresses", "192.0.2.7", "getResellerBalance", balance.clone()),
        (ApiStatus::MethodMaintenance, "maintenance-methods", "getResellerBalance", "getResellerBalance", balance),
        (ApiStatus::UsedPassword, "used-password", "on", "setClient", password("johnspassword")),
        (ApiStatus::InvalidPasswordLessthan8charactersLong, "password-rules", "always", "setClient", password("Ab1")),
        (ApiStatus::InvalidPasswordMissingUppercase, "password-rules", "always", "setClient", password("abcdefg1")),
        (ApiStatus::InvalidPasswordMissingLowercase, "password-rules", "always", "setClient", password("ABCDEFG1")),
        (ApiStatus::InvalidPasswordMissingNumber, "password-rules", "always", "setClient", password("Abcdefgh")),
        (ApiStatus::InvalidPasswordIlegalCharacters, "password-rules", "always", "setClient", password("Abcdefg1|")),
        (ApiStatus::WeakPassword, "password-rules", "always", "setClient", password("Password1")),
        (ApiStatus::UsedEmail, "email-taken", "used_email", "signupClient", newcomer("email", "john.doe@my-domain.com")),
        (ApiStatus::InvalidState, "state-in", "code", "signupClient", newcomer("state", "ONTARIO")),
        (ApiStatus::MissingBalancemanagement, "management-needed", "on", "signupClient", newcomer("city", "C")),
        (ApiStatus::MissingDescription, "description-needed", "on", "addCharge", json!({"client": CLIENT, "charge": "1"})),
    ]
}
