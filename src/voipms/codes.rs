//! The status codes that the API documents for these functions: what each means, and what a person can do about it. A
//! code that is not in the table is passed on verbatim; nobody says that the table is complete.

/// A documented code. Its spelling on the wire varies in case.
struct Code {
    code: &'static str,
    meaning: &'static str,
    hint: Option<&'static str>,
}

/// What to do about too many requests.
pub(super) const LOWER_THE_RATE: &str = "wait a minute; if it comes again, lower `rate_per_minute`, or \
                                         look for other programs that use the same account";
const API_PAGE: &str = "enable the API on the portal's API page (Main Menu > SOAP and REST/JSON API)";
const CREDENTIALS: &str = "check `username` (the portal's e-mail address) and `password`: the API has a password of its \
                           own, set on the portal's API page";
const NO_SUCH_CLIENT: &str = "the account has no client with this id";
const STRONGER: &str = "VoIP.ms wants at least 8 characters with upper case, lower case and a number, and of signs only \
                        ! # $ % & / ( ) = ? * [ ] _ : . , { } + -";
const MANAGEMENT: &str = "getBalanceManagement lists the codes of this account";
const COUNTRIES: &str =
    "a country goes in by its code of two capital letters (getCountries lists them), not by its name";
const STATES: &str = "try the code that getStates lists in place of the name, or the other way round";

const fn plain(code: &'static str, meaning: &'static str) -> Code {
    Code {
        code,
        meaning,
        hint: None,
    }
}

const fn hinted(code: &'static str, meaning: &'static str, hint: &'static str) -> Code {
    Code {
        code,
        meaning,
        hint: Some(hint),
    }
}

#[rustfmt::skip]
static CODES: &[Code] = &[
    hinted("api_limit_exceeded", "too many requests in this minute", LOWER_THE_RATE),
    hinted("api_not_enabled", "the API is switched off for this account", API_PAGE),
    hinted("invalid_address", "the address is not accepted", "check the street address"),
    hinted("invalid_balancemanagement", "there is no such code of balance_management", MANAGEMENT),
    plain("invalid_charge", "the amount of the charge is not accepted"),
    plain("invalid_city", "the city is not accepted"),
    hinted("invalid_client", "the account has no such client", NO_SUCH_CLIENT),
    hinted("invalid_country", "the country is not a code of two letters", COUNTRIES),
    hinted("invalid_credentials", "username or API password is wrong", CREDENTIALS),
    hinted("invalid_description", "the description is not accepted", "try a shorter one without special signs"),
    hinted("invalid_email", "the e-mail address is not valid, or is in use already", "take an address that no VoIP.ms customer or client has"),
    plain("invalid_firstname", "the first name is not accepted"),
    plain("invalid_lastname", "the last name is not accepted"),
    plain("invalid_method", "the API has no such function"),
    hinted("invalid_package", "the account has no such package", "getPackages lists the packages"),
    hinted("invalid_password", "the password is not accepted", STRONGER),
    hinted("invalid_password_ilegal_characters", "the password has a sign that is not allowed", STRONGER),
    hinted("invalid_password_lessthan_8characters_long", "the password has less than 8 characters", STRONGER),
    hinted("invalid_password_missing_lowercase", "the password has no lower case letter", STRONGER),
    hinted("invalid_password_missing_number", "the password has no number", STRONGER),
    hinted("invalid_password_missing_uppercase", "the password has no upper case letter", STRONGER),
    plain("invalid_payment", "the amount of the payment is not accepted"),
    hinted("invalid_phonenumber", "the phone number is not accepted", "try its digits alone"),
    hinted("invalid_state", "the state is not accepted", STATES),
    hinted("invalid_threshold", "the threshold is missing or not between 1 and 250", "a threshold is a whole number from 1 to 250"),
    plain("invalid_zip", "the zip code is not accepted"),
    hinted(
        "ip_not_enabled",
        "this machine's address may not use the API",
        "allow-list this machine's address on the portal's API page (Main Menu > SOAP and REST/JSON API); \
         `balancewatch api getIP` tells which it is",
    ),
    hinted("method_maintenance", "the function is under maintenance", "VoIP.ms is working on this function; try again later"),
    plain("mismatch_email_confirm", "the two e-mail addresses are not the same"),
    plain("mismatch_password_confirm", "the two passwords are not the same"),
    plain("missing_address", "the address was not given"),
    hinted("missing_balancemanagement", "balance_management was not given", MANAGEMENT),
    plain("missing_charge", "the amount of the charge was not given"),
    plain("missing_city", "the city was not given"),
    hinted("missing_client", "the client was not given", NO_SUCH_CLIENT),
    plain("missing_country", "the country was not given"),
    hinted("missing_credentials", "username or API password was not given", CREDENTIALS),
    plain("missing_description", "the description was not given"),
    plain("missing_email", "the e-mail address was not given"),
    plain("missing_email_confirm", "the e-mail address was not confirmed"),
    plain("missing_firstname", "the first name was not given"),
    plain("missing_lastname", "the last name was not given"),
    hinted("missing_method", "no function was named", "the API does not read multipart requests now; `transport = \"get\"` may help reads, writes must wait"),
    plain("missing_package", "the package was not given"),
    plain("missing_params", "required parameters were not given"),
    plain("missing_password", "the password was not given"),
    plain("missing_password_confirm", "the password was not confirmed"),
    plain("missing_payment", "the amount of the payment was not given"),
    plain("missing_phonenumber", "the phone number was not given"),
    plain("missing_state", "the state was not given"),
    plain("missing_zip", "the zip code was not given"),
    hinted("no_client", "there are no clients", NO_SUCH_CLIENT),
    plain("no_package", "there are no packages"),
    hinted("non_sufficient_funds", "the account has not enough money for this", "look at getBalance: the reseller's own balance"),
    hinted("provider_outofservice", "a provider of VoIP.ms is out of service", "try again later"),
    plain("success", "it was done"),
    plain("success_test", "a dry run went well; nothing was done"),
    hinted("tls_error", "a TLS error within VoIP.ms", "try again later"),
    hinted("unavailable_info", "the information is not available at this moment", "try again later"),
    hinted("used_email", "the e-mail address is in use already", "take an address that no VoIP.ms customer or client has"),
    hinted("used_password", "this account had the same password before", "choose a password that this client never had"),
    hinted("weak_password", "the password is too weak or too common", STRONGER),
];

/// A documented code in the spelling of the table.
pub(super) fn documented(code: &str) -> Option<&'static str> {
    find(code).map(|known| known.code)
}

fn find(code: &str) -> Option<&'static Code> {
    CODES.iter().find(|known| known.code.eq_ignore_ascii_case(code))
}

/// What a status code means, in a few words without a full stop; `None` for one that is not documented for these
/// functions.
#[must_use]
pub fn meaning(code: &str) -> Option<&'static str> {
    find(code).map(|known| known.meaning)
}

/// What to do about an address that is not allowed.
pub(super) fn allow(address: &str) -> String {
    format!("allow-list {address} on the portal's API page (Main Menu > SOAP and REST/JSON API)")
}

/// What a person can do about a code.
pub(super) fn hint(code: &str) -> Option<&'static str> {
    find(code)?.hint
}
