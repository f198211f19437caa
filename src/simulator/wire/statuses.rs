//! What the API says beside a status: the texts of its error table, misspellings included, else the code again.

/// The statuses that a call can have here, and what the error table says about them.
#[rustfmt::skip]
const TABLE: &[(&str, &str)] = &[
    // Access
    ("missing_credentials", "Username or Password was not provided"),
    ("invalid_credentials", "Username or Password is incorrect"),
    ("api_not_enabled", "API has not been enabled or has been disabled"),
    ("ip_not_enabled", "This IP is not enabled for API use"),
    ("missing_method", "Method must be provided when using the REST/JSON API"),
    ("invalid_method", "This is not a valid Method"),
    // Any function
    ("api_limit_exceeded", "API requests limit per minute has been reached"),
    ("method_maintenance", "This API method is under maintenance"),
    ("unavailable_info", "The information you requested is unavailable at this moment"),
    ("tls_error", "Theres was a TLS error, please try later."),
    ("provider_outofservice", "One of our providers is out of service"),
    ("missing_params", "Required parameters were not provided"),
    ("non_sufficient_funds", "Your account does not have sufficient funds to proceed"),
    ("missing_client", "Client was not provided"),
    ("invalid_client", "This is not a valid Client"),
    // Lists
    ("no_client", "There are no Clients"),
    ("no_package", "there are no Packages"),
    ("invalid_package", "This is not a valid Package"),
    ("no_cdr", "There are no CDR entries for the filter"),
    ("no_callstatus", "No Call Status was provided. One of the following parameters needs to be set to \"1\": answered, noanswer, busy, failed"),
    ("invalid_timezone", "This is not a valid Timezone CDR and resellerCDR: Must be numeric Voicemail: Values from getTimezone"),
    ("invalid_date", "This is not a valid date Format is: yyyy-mm-dd"),
    ("invalid_date_from", "The \"From\" date should be prior to the \"To\" date."),
    ("invalid_daterange", "Date Range should be 92 days or less"),
    // Money
    ("missing_charge", "Charge was not provided."),
    ("invalid_charge", "This is not a valid Charge"),
    ("missing_payment", "Payment was not provided."),
    ("invalid_payment", "This is not a valid Payment"),
    ("missing_description", "Description was not provided"),
    ("invalid_description", "This is not a valid Description"),
    ("Invalid_threshold", "This is not a valid Threshold Amount. The Threshold Amount should be between 1 and 250"),
    // Records
    ("missing_firstname", "Firstname was not provided"),
    ("invalid_firstname", "First name is missing or the format is invalid."),
    ("missing_lastname", "Lastname was not provided"),
    ("invalid_lastname", "Lastname is missing or the format is invalid."),
    ("missing_address", "Address was not provided"),
    ("invalid_address", "Address is missing or the format is invalid."),
    ("missing_city", "City was not provided"),
    ("invalid_city", "City is missing or the format is invalid."),
    ("missing_state", "State was not provided"),
    ("invalid_state", "This is not a valid State"),
    ("missing_country", "Country was not provided"),
    ("invalid_country", "Country is missing or the format is invalid, must be in format ISO 3166-1 alpha-2, example: US, CA, etc. (You can use the values returned by the method getCountries)"),
    ("missing_zip", "Zip Code was not provided"),
    ("invalid_zip", "Zip Code is missing or the format is invalid."),
    ("missing_phonenumber", "Phone Number was not provided"),
    ("invalid_phonenumber", "This is not a valid Phone Number"),
    ("missing_balancemanagement", "BalanceManagemente was not provided"),
    ("invalid_balancemanagement", "This is not a valid BalanceManagement"),
    // Addresses and passwords
    ("missing_email", "e-mail was not provided"),
    ("invalid_email", "This is not a valid email or email is already in database"),
    ("used_email", "You already have an entry with this Email"),
    ("missing_email_confirm", "e-mail confirm was not provided"),
    ("mismatch_email_confirm", "e-mail confirm does not match with e-mail"),
    ("missing_password", "Password was not provided"),
    ("invalid_password", "This is not a valid password Voicemail: Must be 4 Digits SubAccounts: More than 6 chars, Must Contain Alphanumeric and !#$%&/()=?*[]_:.,{}+-"),
    ("invalid_password_lessthan_8characters_long", "This is not a valid password (Less than 8 characters long)"),
    ("invalid_password_missing_uppercase", "This is not a valid password (Missing upper case character)"),
    ("invalid_password_missing_lowercase", "This is not a valid password (Missing lower case character)"),
    ("invalid_password_missing_number", "This is not a valid password (Missing a number)"),
    ("invalid_password_ilegal_characters", "This is not a valid password (Allowed characters: Alphanumeric and ! # $ % & / ( ) = ? * [ ] _ : . , { } + -)"),
    ("used_password", "This password has been used previously by this account."),
    ("weak_password", "This Password is too weak or too common"),
    ("missing_password_confirm", "Password Confirm was not provided"),
    ("mismatch_password_confirm", "Pasword confirm does not match with Password"),
];

/// The `message` that comes with a status that is not `success`.
pub fn message(status: &str) -> &str {
    TABLE
        .iter()
        .find_map(|(code, text)| (*code == status).then_some(*text))
        .unwrap_or(status)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{TABLE, message};

    #[test]
    fn a_status_has_its_text_or_repeats_itself() {
        let codes: BTreeSet<_> = TABLE.iter().map(|(code, _)| code).collect();
        assert_eq!(codes.len(), TABLE.len(), "each once");
        for (status, text) in [
            ("tls_error", "Theres was a TLS error, please try later."),
            ("weak_password", "This Password is too weak or too common"),
            ("success_test", "success_test"),
            ("no_transactions", "no_transactions"),
            ("no_charges", "no_charges"),
        ] {
            assert_eq!(message(status), text);
        }
    }
}
