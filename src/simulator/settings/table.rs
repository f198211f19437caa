//! Every switch in one table, under the headings of the help: name, default, what is accepted, what it imitates and
//! how sure that is. Words that a switch takes are explained in the order in which they are listed.

use super::{Accepts, Certainty, Setting};

const SWITCH: Accepts = Accepts::OneOf(&["on", "off"]);
const CODE: Accepts = Accepts::Text("CODE");
const EDIT: Accepts = Accepts::Text("ID:FIELD=VALUE");

macro_rules! settings {
    ($($group:literal {
        $($key:ident $name:literal = $default:literal, $accepts:expr, $certainty:ident: $imitates:literal;)*
    })*) => {
        /// Names a setting in the code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Key { $($($key,)*)* }

        /// Every setting, in the order of [`Key`].
        pub const TABLE: &[Setting] = &[$($(Setting {
            group: $group,
            name: $name,
            default: $default,
            accepts: $accepts,
            certainty: Certainty::$certainty,
            imitates: $imitates,
        },)*)*];

        /// Every key, at its own place.
        pub(super) const KEYS: &[Key] = &[$($(Key::$key,)*)*];
    };
}

#[rustfmt::skip]
settings! {
"Access and transport" {
    ApiEnabled "api-enabled" = "on", SWITCH, Documented: "off: `api_not_enabled`";
    AllowedAddresses "allowed-addresses" = "0.0.0.0", Accepts::Addresses, Documented: "who may call; 0.0.0.0 is everybody, empty nobody; the others get `ip_not_enabled` at HTTP 200 from every function but getIP; names are looked up when they are set";
    CheckOrder "check-order" = "credentials", Accepts::OneOf(&["credentials", "address", "method"]), Unknown: "what is looked at first, and so what a stranger without credentials is told, or one who misspells a function";
    CapPer "cap-per" = "account", Accepts::OneOf(&["account", "address"]), Unknown: "whose calls --rate-cap counts together";
    CapWindow "cap-window" = "sliding", Accepts::OneOf(&["sliding", "minute"]), Unknown: "--rate-cap counts the last 60 seconds, or since the minute began";
    MaintenanceMethods "maintenance-methods" = "", Accepts::Functions, Documented: "these functions answer `method_maintenance`";
    UserAgentNeeded "user-agent-needed" = "off", SWITCH, Observed: "on: a call without a User-Agent gets Cloudflare's HTTP 403 page (2021)";
    MultipartMissing "multipart-missing" = "off", SWITCH, Observed: "on: every multipart POST answers `missing_method` (January 2024)";
    SoapFaultStatus "soap-fault-status" = "500", Accepts::OneOf(&["500", "200"]), Observed: "HTTP status of the SOAP fault that an urlencoded POST gets; 500 is what the author of the Python client voipms-api notes";
    Urlencoded "urlencoded" = "soap", Accepts::OneOf(&["soap", "taken"]), Unknown: "an urlencoded POST gets the SOAP fault, for which three clients left it, or is taken, as one says";
    QueryPost "query-post" = "soap", Accepts::OneOf(&["soap", "taken"]), Unknown: "a POST that has everything in its query gets the SOAP fault, or is taken";
    OtherMethods "other-methods" = "refused", Accepts::OneOf(&["refused", "taken"]), Unknown: "PATCH and PUT with a query get HTTP 405, or are taken: one client was written so (2023)";
    UsernameCase "username-case" = "exact", Accepts::OneOf(&["exact", "any"]), Unknown: "whether the user's name may be written in other letters, as addresses may";
}
"The look of answers" {
    ContentType "content-type" = "json", Accepts::OneOf(&["json", "html"]), Unknown: "content type of the answers";
    Types "types" = "mixed", Accepts::OneOf(&["mixed", "doc-strings", "all-numbers", "all-strings"]), Observed: "columns as strings and sums as numbers; amounts as strings; numbers wherever possible; strings only";
    FloatNoise "float-noise" = "off", SWITCH, Inferred: "on: sums print as 0.0450000000000005";
    EmptyColumns "empty-columns" = "empty", Accepts::OneOf(&["empty", "null"]), Observed: "empty columns come as \"\" or null";
    OneRowObject "one-row-object" = "off", SWITCH, Observed: "on: a list of one row comes as a bare object (seen for other functions)";
    ListAsObject "list-as-object" = "off", SWITCH, Inferred: "on: lists come as objects keyed by position, with a gap at 2, as PHP writes them and the document prints one";
    MessageOnSuccess "message-on-success" = "off", SWITCH, Unknown: "on: a success carries a message too";
    EmptySuccess "empty-success" = "off", SWITCH, Observed: "on: a successful write answers HTTP 200 with an empty body (seen for delConference)";
    AbsentId "absent-id" = "invalid_client", Accepts::OneOf(&["invalid_client", "missing_client"]), Observed: "status of a call without its client";
    AbsentFields "absent-fields" = "missing", Accepts::OneOf(&["missing", "invalid"]), Inferred: "a required field that is not sent answers `missing_firstname` and its like, or `invalid_firstname`, whose text says \"is missing or\"";
    LooseIds "loose-ids" = "off", SWITCH, Unknown: "on: blanks around a client's id and zeros before it do not count, as where PHP makes a number of it";
    TimeTodayNone "time-today-none" = "number", Accepts::OneOf(&["number", "text"]), Observed: "the time of no calls at all: 0 or \"0:00\"";
}
"The list of clients" {
    NoClient "no-client" = "off", Accepts::OneOf(&["off", "status", "list", "absent"]), Documented: "getClients finds nobody: `no_client`, an empty list, or success without the list";
    ListShare "list-share" = "1", Accepts::Share, Tool: "share of the clients that getClients lists without an id";
    WaitingListed "waiting-listed" = "on", SWITCH, Unknown: "off: getClients finds no clients in state WAIT, by id neither";
    PasswordShown "password-shown" = "clear", Accepts::OneOf(&["clear", "masked", "hashed", "empty"]), Documented: "the password in getClients; other than clear is unknown";
    CountryOut "country-out" = "name", Accepts::OneOf(&["name", "code"]), Documented: "the country in getClients: name in capitals (2010), or code";
}
"setClient and signupClient" {
    OmittedFields "omitted-fields" = "blanked", Accepts::OneOf(&["blanked", "kept"]), Unknown: "what setClient does to fields that are not sent (balance_management goes back to SOFT)";
    CountryIn "country-in" = "code", Accepts::OneOf(&["code", "any"]), Documented: "what is taken as country: a getCountries code, or anything";
    StateIn "state-in" = "any", Accepts::OneOf(&["any", "name", "code"]), Unknown: "what is taken as state of US and CA: anything, a name of getStates or getProvinces, or a code; else `invalid_state`";
    FieldRules "field-rules" = "off", SWITCH, Unknown: "on: `invalid_firstname` and its like for texts with markup or line breaks or of more than 100 signs, zips of more than 10, phone numbers without 7 to 15 digits";
    EmailTaken "email-taken" = "invalid_email", Accepts::OneOf(&["invalid_email", "used_email"]), Documented: "status when another client has the address";
    UsedPassword "used-password" = "off", SWITCH, Unknown: "on: re-sending the present password answers `used_password`";
    PasswordRules "password-rules" = "off", Accepts::OneOf(&["off", "changed", "always"]), Inferred: "whether passwords are judged: never, new ones, or re-sent ones too";
    ManagementNeeded "management-needed" = "off", SWITCH, Inferred: "on: signupClient without balance_management answers `missing_balancemanagement`; off: SOFT";
    SignupAnswer "signup-answer" = "client", Accepts::OneOf(&["client", "status"]), Documented: "signupClient tells the new id, or, as the older document has it, the status only";
    EditBeforeSetClient "edit-before-set-client" = "", EDIT, Tool: "one edit as in the portal, when the next setClient for ID arrives and before it acts";
    EditAfterSetClient "edit-after-set-client" = "", EDIT, Tool: "the same, right after it acted";
}
"Balance management" {
    SoftCode "soft-code" = "2", CODE, Unknown: "the value that means SOFT";
    HardCode "hard-code" = "1", CODE, Documented: "the value that means HARD";
    SoftListed "soft-listed" = "on", SWITCH, Unknown: "off: getBalanceManagement lists HARD only, as in the document";
    HardStops "hard-stops" = "on", SWITCH, Inferred: "off: HARD has no effect";
    SuspensionDelaySecs "suspension-delay-secs" = "0", Accepts::Number(604_800), Unknown: "virtual seconds from an empty balance to the calls stopping, with HARD";
    IncomingStops "incoming-stops" = "on", SWITCH, Unknown: "off: a suspended client is still called, and charged, about every third call";
    CutCalls "cut-calls" = "on", SWITCH, Unknown: "on: a call in progress ends when a HARD balance reaches 0; off: it is charged in full";
    ResumeOnPayment "resume-on-payment" = "on", SWITCH, Unknown: "off: a suspended client stays so until somebody sets it to SOFT";
}
"Thresholds" {
    ThresholdAbsent "threshold-absent" = "0", Accepts::Share, Tool: "share of the clients that never set a threshold";
    ThresholdAbsentAs "threshold-absent-as" = "zero", Accepts::OneOf(&["zero", "empty", "null", "absent", "list", "unavailable_info"]), Unknown: "what getClientThreshold answers for them: \"0\", \"\", null, no object, an empty list, or a status";
    ThresholdFractions "threshold-fractions" = "refused", Accepts::OneOf(&["refused", "kept", "cut"]), Unknown: "what setClientThreshold does with 2.5: `Invalid_threshold`, 2.5, or 2";
}
"Charges and deposits" {
    OddAmounts "odd-amounts" = "refused", Accepts::OneOf(&["refused", "taken", "rounded"]), Unknown: "addCharge and addPayment of zero, less, or parts of a cent: `invalid_charge` and `invalid_payment`, booked as sent, or refused but for parts of a cent, which are rounded as MySQL does";
    LooseAmounts "loose-amounts" = "off", SWITCH, Unknown: "on: addCharge, addPayment and setClientThreshold take ` 5`, `+5`, `.5` and `5.`, and a threshold of 10.00";
    DescriptionNeeded "description-needed" = "off", SWITCH, Unknown: "on: addCharge and addPayment without a description answer `missing_description`";
    LongestDescription "longest-description" = "255", Accepts::Number(10_000), Unknown: "characters of a description; more answer `invalid_description`";
    EmptyLedger "empty-ledger" = "list", Accepts::OneOf(&["list", "absent", "status", "null", "text"]), Unknown: "no charges or deposits: an empty list, success without the list, `no_charges` and `no_deposits`, null, or \"\"";
    LedgerOrder "ledger-order" = "newest", Accepts::OneOf(&["newest", "oldest", "mixed"]), Documented: "order of charges and deposits; the document's charges come newest first, its deposits in none";
    LedgerDates "ledger-dates" = "date", Accepts::OneOf(&["date", "datetime"]), Observed: "Toronto's date alone, as documented, or with the time (a decoder of 2016)";
    LedgerDelaySecs "ledger-delay-secs" = "0", Accepts::Number(86_400), Unknown: "virtual seconds until a charge or deposit is listed; the balance moves at once";
}
"The world" {
    LongestHistoryDays "longest-history-days" = "366", Accepts::Number(36_600), Observed: "days that getTransactionHistory may span: 365 were taken in 2016, the error table says 92";
    DayZone "day-zone" = "toronto", Accepts::OneOf(&["toronto", "utc"]), Unknown: "whose midnight resets `spent_today` and its like";
    Spending "spending" = "on", SWITCH, Tool: "off: no calls and no fees, but by `spend_per_hour`, which then costs the reseller nothing";
    ResellerPays "reseller-pays" = "on", SWITCH, Documented: "clients' calls come off the reseller's own balance at once: what they paid less their package's markup; how exactly is unknown";
    TopUps "top-ups" = "on", SWITCH, Tool: "off: nobody pays by themselves";
    SlowSecs "slow-secs" = "30", Accepts::Number(3600), Tool: "how late the fault `slow` answers, in real seconds";
    FaultStatus "fault-status" = "tls_error", Accepts::OneOf(&["tls_error", "provider_outofservice", "missing_params", "non_sufficient_funds", "no_such_code"]), Documented: "what the fault `status` answers; the last is in no table";
}
}
