//! What the API says beside a status: the texts of its error table as far as they are known, else the code again.

/// The `message` that comes with a status that is not `success`.
pub(in crate::simulator) fn message(status: &str) -> &str {
    match status {
        "missing_credentials" => "Username or Password was not provided",
        "invalid_credentials" => "Username or Password is incorrect",
        "api_not_enabled" => "API has not been enabled or has been disabled",
        "ip_not_enabled" => "This IP is not enabled for API use",
        "missing_method" => "Method must be provided when using the REST/JSON API",
        "invalid_method" => "This is not a valid Method",
        "method_maintenance" => "This API method is under maintenance",
        "api_limit_exceeded" => "API requests limit per minute has been reached",
        "unavailable_info" => "The information you requested is unavailable at this moment",
        "no_client" => "There are no Clients",
        "missing_client" => "Client was not provided",
        "invalid_client" => "This is not a valid Client",
        "invalid_country" => "This is not a valid Country, must be in format ISO 3166-1 alpha-2, example: US, CA, etc.",
        "invalid_balancemanagement" => "This is not a valid Balance Management",
        "Invalid_threshold" => "This is not a valid Threshold Amount, must be between 1 and 250",
        "missing_email" => "E-mail was not provided",
        "invalid_email" => "This is not a valid email or email is already in database",
        "missing_password" => "Password was not provided",
        "used_password" => "This Password has been used previously by this account",
        "weak_password" => "This Password is too weak or too common",
        "invalid_password_lessthan_8characters_long" => "This Password must be at least 8 characters long",
        "invalid_password_missing_uppercase" => "This Password must have an uppercase letter",
        "invalid_password_missing_lowercase" => "This Password must have a lowercase letter",
        "invalid_password_missing_number" => "This Password must have a number",
        "missing_firstname" => "Firstname was not provided",
        "missing_lastname" => "Lastname was not provided",
        "missing_phonenumber" => "Phone Number was not provided",
        // Charges, payments and packages; all but the first and the last as the others are worded.
        "missing_charge" => "Charge was not provided.",
        "invalid_charge" => "This is not a valid Charge",
        "missing_payment" => "Payment was not provided.",
        "invalid_payment" => "This is not a valid Payment",
        "missing_description" => "Description was not provided",
        "invalid_description" => "This is not a valid Description",
        "invalid_package" => "This is not a valid Package",
        "no_package" => "there are no Packages",
        other => other,
    }
}
