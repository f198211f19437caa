//! Every switch of the simulator in one table: name, default, what is accepted, what it imitates and how sure that
//! is. A new switch is a row here and one place that asks for it.

use std::fmt;

use super::options::OptionsError;
use super::world::chance::Share;

/// How sure it is that the real API behaves in the way that a setting or fault imitates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// VoIP.ms documents it.
    Documented,
    /// Somebody recorded it from the live API.
    Observed,
    /// It follows from what is documented or observed.
    Inferred,
    /// Nobody recorded how it is; a client has to survive every value.
    Unknown,
    /// It imitates nothing: a tool for tests.
    Tool,
}

impl fmt::Display for Certainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Documented => "documented",
            Self::Observed => "observed",
            Self::Inferred => "inferred",
            Self::Unknown => "unknown",
            Self::Tool => "for tests",
        })
    }
}

/// Which values a setting takes.
#[derive(Clone, Copy, Debug)]
enum Accepts {
    OneOf(&'static [&'static str]),
    /// A whole number up to this.
    Number(u64),
    /// A decimal from 0 to 1.
    Share,
    Text(&'static str),
}

impl fmt::Display for Accepts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneOf(choices) => f.write_str(&choices.join("|")),
            Self::Number(most) => write!(f, "0 to {most}"),
            Self::Share => f.write_str("0 to 1"),
            Self::Text(what) => f.write_str(what),
        }
    }
}

/// One row of the table.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) default: &'static str,
    accepts: Accepts,
    pub(super) certainty: Certainty,
    pub(super) imitates: &'static str,
}

impl Setting {
    /// What it takes, for help and errors.
    pub(super) fn accepted(&self) -> String {
        self.accepts.to_string()
    }
}

const SWITCH: Accepts = Accepts::OneOf(&["on", "off"]);
const CODE: Accepts = Accepts::Text("CODE");
const EDIT: Accepts = Accepts::Text("ID:FIELD=VALUE, or empty");

macro_rules! settings {
    ($($key:ident $name:literal = $default:literal, $accepts:expr, $certainty:ident: $imitates:literal;)*) => {
        /// Names a setting in the code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Key { $($key,)* }

        /// Every setting, in the order of [`Key`].
        pub(super) const TABLE: &[Setting] = &[$(Setting {
            name: $name,
            default: $default,
            accepts: $accepts,
            certainty: Certainty::$certainty,
            imitates: $imitates,
        },)*];

        const KEYS: &[Key] = &[$(Key::$key,)*];
    };
}

settings! {
    // Access
    ApiEnabled "api-enabled" = "on", SWITCH, Documented: "off answers `api_not_enabled`";
    AddressAllowed "address-allowed" = "on", SWITCH, Observed: "off answers `ip_not_enabled` at HTTP 200 to all but getIP";
    UserAgentNeeded "user-agent-needed" = "off", SWITCH, Observed: "on: a call without a User-Agent gets Cloudflare's HTTP 403 page (2021)";
    MultipartMissing "multipart-missing" = "off", SWITCH, Observed: "on: every multipart POST answers `missing_method` (January 2024)";
    SoapFaultStatus "soap-fault-status" = "500", Accepts::OneOf(&["500", "200"]), Unknown: "HTTP status of the SOAP fault that an urlencoded POST gets";
    ContentType "content-type" = "json", Accepts::OneOf(&["json", "html"]), Unknown: "content type of the answers";
    CapWindow "cap-window" = "sliding", Accepts::OneOf(&["sliding", "minute"]), Unknown: "--rate-cap counts the last 60 seconds, or since the minute began";
    MaintenanceMethods "maintenance-methods" = "", Accepts::Text("FUNCTION,..."), Documented: "these functions answer `method_maintenance`";
    // The look of answers
    Types "types" = "mixed", Accepts::OneOf(&["mixed", "doc-strings", "all-numbers", "all-strings"]), Observed: "columns as strings and sums as numbers; amounts as strings; numbers wherever possible; strings only";
    FloatNoise "float-noise" = "off", SWITCH, Inferred: "on: sums print as 0.0450000000000005";
    EmptyColumns "empty-columns" = "empty", Accepts::OneOf(&["empty", "null"]), Observed: "empty columns come as \"\" or null";
    OneRowObject "one-row-object" = "off", SWITCH, Observed: "on: a list of one row comes as a bare object (seen for other functions)";
    MessageOnSuccess "message-on-success" = "off", SWITCH, Unknown: "on: a success carries a message too";
    EmptySuccess "empty-success" = "off", SWITCH, Observed: "on: a successful write answers HTTP 200 with an empty body (seen for delConference)";
    AbsentId "absent-id" = "invalid_client", Accepts::OneOf(&["invalid_client", "missing_client"]), Observed: "status of a call without its client";
    // The list of clients
    NoClient "no-client" = "off", Accepts::OneOf(&["off", "status", "list", "absent"]), Documented: "getClients finds nobody: `no_client`, an empty list, or success without the list";
    ListShare "list-share" = "1", Accepts::Share, Tool: "share of the clients that getClients lists without an id";
    PasswordShown "password-shown" = "clear", Accepts::OneOf(&["clear", "masked", "hashed", "empty"]), Documented: "the password in getClients; other than clear is unknown";
    CountryOut "country-out" = "name", Accepts::OneOf(&["name", "code"]), Documented: "the country in getClients: name in capitals (2010), or code";
    // Balance management
    SoftCode "soft-code" = "2", CODE, Unknown: "the value that means SOFT";
    HardCode "hard-code" = "1", CODE, Documented: "the value that means HARD";
    SoftListed "soft-listed" = "on", SWITCH, Unknown: "off: getBalanceManagement lists HARD only, as in the document";
    HardStops "hard-stops" = "on", SWITCH, Inferred: "off: HARD has no effect";
    ResumeOnPayment "resume-on-payment" = "on", SWITCH, Unknown: "off: a suspended client stays so until somebody sets it to SOFT";
    // setClient
    OmittedFields "omitted-fields" = "blanked", Accepts::OneOf(&["blanked", "kept"]), Unknown: "what setClient does to fields that are not sent (balance_management goes back to SOFT)";
    UsedPassword "used-password" = "off", SWITCH, Unknown: "on: re-sending the present password answers `used_password`";
    PasswordRules "password-rules" = "off", Accepts::OneOf(&["off", "changed", "always"]), Inferred: "whether setClient judges passwords: never, new ones, or re-sent ones too";
    CountryIn "country-in" = "code", Accepts::OneOf(&["code", "any"]), Documented: "what setClient takes as country: a getCountries code, or anything";
    EditBeforeSetClient "edit-before-set-client" = "", EDIT, Tool: "one edit as in the portal, when the next setClient for ID arrives and before it acts";
    EditAfterSetClient "edit-after-set-client" = "", EDIT, Tool: "the same, right after it acted";
    // Thresholds
    ThresholdAbsent "threshold-absent" = "0", Accepts::Share, Tool: "share of the clients that never set a threshold";
    ThresholdAbsentAs "threshold-absent-as" = "zero", Accepts::OneOf(&["zero", "empty", "null", "absent", "list", "unavailable_info"]), Unknown: "what getClientThreshold answers for them: \"0\", \"\", null, no object, an empty list, or a status";
    // Charges, deposits and suspension
    OddAmounts "odd-amounts" = "refused", Accepts::OneOf(&["refused", "taken"]), Unknown: "addCharge and addPayment of zero, less, or parts of a cent: `invalid_charge` and `invalid_payment`, or booked";
    DescriptionNeeded "description-needed" = "off", SWITCH, Unknown: "on: addCharge and addPayment without a description answer `missing_description`";
    LongestDescription "longest-description" = "255", Accepts::Number(10_000), Unknown: "characters of a description; more answer `invalid_description`";
    EmptyLedger "empty-ledger" = "list", Accepts::OneOf(&["list", "absent", "status"]), Unknown: "no charges or deposits: an empty list, success without the list, or `no_charges` and `no_deposits`";
    LedgerOrder "ledger-order" = "newest", Accepts::OneOf(&["newest", "oldest", "mixed"]), Documented: "order of charges and deposits; the document's charges come newest first, its deposits in none";
    LedgerDates "ledger-dates" = "date", Accepts::OneOf(&["date", "datetime"]), Observed: "Toronto's date alone, as documented, or with the time (a decoder of 2016)";
    LedgerDelaySecs "ledger-delay-secs" = "0", Accepts::Number(86_400), Unknown: "virtual seconds until a charge or deposit is listed; the balance moves at once";
    SuspensionDelaySecs "suspension-delay-secs" = "0", Accepts::Number(604_800), Unknown: "virtual seconds from an empty balance to the calls stopping, with HARD";
    CutCalls "cut-calls" = "on", SWITCH, Unknown: "on: a call in progress ends when a HARD balance reaches 0; off: it is charged in full";
    DayZone "day-zone" = "toronto", Accepts::OneOf(&["toronto", "utc"]), Unknown: "whose midnight resets `spent_today` and its like";
    // The world
    Spending "spending" = "on", SWITCH, Tool: "off: no calls and no fees, but by `spend_per_hour`";
    TopUps "top-ups" = "on", SWITCH, Tool: "off: nobody pays by themselves";
    SlowSecs "slow-secs" = "30", Accepts::Number(3600), Tool: "how late the fault `slow` answers, in real seconds";
}

/// A value in the form that is asked for.
#[derive(Clone, Debug)]
enum Value {
    Choice(&'static str),
    Number(u64),
    Share(Share),
    Text(Box<str>),
}

/// The present values.
#[derive(Clone, Debug)]
pub(super) struct Settings(Vec<Value>);

impl Default for Settings {
    fn default() -> Self {
        Self(
            TABLE
                .iter()
                .map(|row| read(row, row.default).unwrap_or(Value::Choice(row.default)))
                .collect(),
        )
    }
}

fn read(row: &Setting, text: &str) -> Option<Value> {
    match row.accepts {
        Accepts::OneOf(choices) => choices
            .iter()
            .find(|choice| **choice == text)
            .map(|choice| Value::Choice(choice)),
        Accepts::Number(most) => text.parse().ok().filter(|number| *number <= most).map(Value::Number),
        Accepts::Share => Share::parse(text).map(Value::Share),
        Accepts::Text(_) => (text.len() <= 1_000).then(|| Value::Text(text.into())),
    }
}

impl Settings {
    /// Changes the setting of that name.
    ///
    /// # Errors
    /// When there is none, or it does not take the value.
    pub(super) fn set(&mut self, name: &str, text: &str) -> Result<Key, OptionsError> {
        let index = TABLE
            .iter()
            .position(|row| row.name == name)
            .ok_or_else(|| OptionsError::UnknownSetting {
                name: name.to_owned(),
                known: TABLE.iter().map(|row| row.name).collect::<Vec<_>>().join(", "),
            })?;
        self.0[index] = read(&TABLE[index], text).ok_or_else(|| OptionsError::BadSetting {
            name: TABLE[index].name,
            value: text.to_owned(),
            accepted: TABLE[index].accepted(),
        })?;
        Ok(KEYS[index])
    }

    /// The chosen word, or the text.
    pub(super) fn text(&self, key: Key) -> &str {
        match &self.0[key as usize] {
            Value::Choice(choice) => choice,
            Value::Text(text) => text,
            Value::Number(_) | Value::Share(_) => "",
        }
    }

    /// Whether a switch is on.
    pub(super) fn on(&self, key: Key) -> bool {
        matches!(self.0[key as usize], Value::Choice("on"))
    }

    /// The number of a setting that takes one.
    pub(super) fn number(&self, key: Key) -> u64 {
        match self.0[key as usize] {
            Value::Number(number) => number,
            Value::Choice(_) | Value::Share(_) | Value::Text(_) => 0,
        }
    }

    /// The share of a setting that takes one.
    pub(super) fn share(&self, key: Key) -> Share {
        match self.0[key as usize] {
            Value::Share(share) => share,
            Value::Choice(_) | Value::Number(_) | Value::Text(_) => Share::NONE,
        }
    }

    /// Takes a one-shot text, leaving it empty.
    pub(super) fn take(&mut self, key: Key) -> Box<str> {
        match &mut self.0[key as usize] {
            Value::Text(text) => std::mem::take(text),
            Value::Choice(_) | Value::Number(_) | Value::Share(_) => Box::default(),
        }
    }

    /// Every name with its present value, in the order of the table.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, String)> {
        TABLE.iter().zip(&self.0).map(|(row, value)| {
            let text = match value {
                Value::Choice(choice) => (*choice).to_owned(),
                Value::Number(number) => number.to_string(),
                Value::Share(share) => share.to_string(),
                Value::Text(text) => text.to_string(),
            };
            (row.name, text)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{KEYS, Key, Settings, TABLE, read};

    #[test]
    fn every_row_takes_its_default_and_stands_where_its_key_says() {
        let names: BTreeSet<_> = TABLE.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), TABLE.len(), "names are unique");
        let settings = Settings::default();
        for ((index, row), (name, value)) in TABLE.iter().enumerate().zip(settings.all()) {
            assert!(read(row, row.default).is_some(), "{} takes its default", row.name);
            assert_eq!((name, value.as_str()), (row.name, row.default));
            assert_eq!(KEYS[index] as usize, index);
        }
    }

    #[test]
    fn both_sides_of_what_a_setting_takes() {
        let mut settings = Settings::default();
        for (name, value, good) in [
            ("omitted-fields", "kept", true),
            ("omitted-fields", "KEPT", false),
            ("slow-secs", "3600", true),
            ("slow-secs", "3601", false),
            ("slow-secs", "-1", false),
            ("threshold-absent", "0.5", true),
            ("threshold-absent", "1.5", false),
            ("api-enabled", "off", true),
            ("api-enabled", "", false),
            ("soft-code", "0", true),
            ("no-such-thing", "on", false),
        ] {
            assert_eq!(settings.set(name, value).is_ok(), good, "{name}={value}");
        }
        assert!(!settings.on(Key::ApiEnabled));
        assert_eq!(settings.text(Key::SoftCode), "0");
        assert_eq!(settings.number(Key::SlowSecs), 3600);
    }
}
