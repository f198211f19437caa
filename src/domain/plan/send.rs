//! What exactly is sent, or why nothing is; and whether what was read back is what was meant.
//!
//! Enforcement changes `balance_management` and nothing else; a person may change any field ([`overlay`]). Everything
//! else goes back exactly as it was read, except that a country that was shown by its name is sent by its code, because
//! `setClient` takes no names.

use std::collections::BTreeMap;
use std::time::Duration;

use super::record::{Field, Record};
use crate::domain::enforcement::{FieldDifference, Refusal};
use crate::domain::{ClientId, Management};

/// How old a record may be when what was made of it is sent. Longer, and a person's edit would be overwritten more often;
/// shorter, and a slow connection would keep every change from being made.
pub const FRESH_FOR: Duration = Duration::from_secs(5);

/// A country that the API knows: a row of `getCountries`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Country {
    /// Its code, two letters such as `CA` (documented: ISO 3166-1 alpha-2): what `setClient` wants.
    pub code: String,
    /// Its name, such as `Canada`; `getClients` spells it differently (documented samples: `UNITED STATES`).
    pub name: String,
}

/// The account's code for a value, by the descriptions of `getBalanceManagement` (code to description): the only one
/// whose first word is `hard` or `soft`. `None` when there is not exactly one.
#[must_use]
pub fn resolve(codes: &BTreeMap<String, String>, wanted: Management) -> Option<&str> {
    let mut found = codes.iter().filter(|(code, description)| {
        let first = description
            .trim_start()
            .split(|letter: char| !letter.is_alphanumeric())
            .next();
        !code.is_empty() && first.is_some_and(|word| word.eq_ignore_ascii_case(wanted.as_str()))
    });
    let (code, _) = found.next()?;
    found.next().is_none().then_some(code.as_str())
}

/// What a client's code means on this account; `None` when the account's list does not say.
#[must_use]
pub fn meaning(codes: &BTreeMap<String, String>, code: &str) -> Option<Management> {
    [Management::Hard, Management::Soft]
        .into_iter()
        .find(|meaning| !code.is_empty() && resolve(codes, *meaning) == Some(code))
}

/// How a newly listed `codes` contradicts those that were `used` before: a value that has another code now, or a code that
/// means the other value now, in words. `None` when it does not; that a value is not listed is no contradiction.
#[must_use]
pub fn contradiction(used: &BTreeMap<String, String>, codes: &BTreeMap<String, String>) -> Option<String> {
    let said = |codes: &BTreeMap<String, String>, code: &str| match codes.get(code) {
        Some(description) => format!("`{code}` ({description})"),
        None => format!("`{code}`"),
    };
    [Management::Hard, Management::Soft].into_iter().find_map(|value| {
        let (before, now) = (resolve(used, value)?, resolve(codes, value)?);
        (before != now).then(|| {
            let (before, now) = (said(used, before), said(codes, now));
            format!("{value} was {before} when it was used before, and is listed as {now} now")
        })
    })
}

/// Whether newly listed codes still name every value by the code that was used before.
#[must_use]
pub fn confirms(used: &BTreeMap<String, String>, codes: &BTreeMap<String, String>) -> bool {
    [Management::Hard, Management::Soft]
        .into_iter()
        .all(|value| resolve(used, value).is_none_or(|before| resolve(codes, value) == Some(before)))
}

/// The record to send: `record` with `code` as its balance management. `record` must have been read a moment ago.
///
/// # Errors
/// As [`overlay`].
pub fn prepare(client: &ClientId, record: &Record, code: &str, countries: &[Country]) -> Result<Record, Refusal> {
    overlay(client, record, &[(Field::BalanceManagement, code)], countries)
}

/// The record to send: `record` with some fields set, fit to be sent back. `record` must have been read a moment ago.
///
/// # Errors
/// The [`Refusal`] when it is not fit: another client's, incomplete, with a password that would be lost (unless it is
/// one of the `changes`), or with a country that has no code.
pub fn overlay(
    client: &ClientId,
    record: &Record,
    changes: &[(Field, &str)],
    countries: &[Country],
) -> Result<Record, Refusal> {
    if record.get(Field::Client) != client.as_str() {
        return Err(Refusal::WrongRecord);
    }
    if !changes.iter().any(|(field, _)| *field == Field::Password) {
        check_password(record.expose_password().unwrap_or_default())?;
    }
    let mut sent = record.clone();
    for &(field, value) in changes {
        sent.set(field, value);
    }
    for field in Field::ALL {
        if field.is_required() && field != Field::Password && sent.get(field).trim().is_empty() {
            let field = field.name().to_owned();
            return Err(Refusal::MissingField { field });
        }
    }
    let country = sent.get(Field::Country).to_owned();
    let code = country_code(&country, countries).ok_or_else(|| Refusal::UnknownCountry {
        country: country.clone(),
    })?;
    sent.set(Field::Country, code);
    Ok(sent)
}

/// Those of the `given` values that are not what `record` has already: a country's name and its code are the same.
#[must_use]
pub fn differing<'v>(record: &Record, given: &[(Field, &'v str)], countries: &[Country]) -> Vec<(Field, &'v str)> {
    let is_there = |field: Field, value: &str| match field {
        Field::Password => record.expose_password() == Some(value),
        Field::Country => record.get(field) == value || is_same_country(value, record.get(field), countries),
        _ => record.get(field) == value,
    };
    let differing = given.iter().filter(|(field, value)| !is_there(*field, value));
    differing.copied().collect()
}

/// Whether the record holds the client's password, and not what an API may show in its place.
#[must_use]
pub fn shows_password(record: &Record) -> bool {
    check_password(record.expose_password().unwrap_or_default()).is_ok()
}

/// The code to send for a country as it was read: a code passes as it is, a name maps without regard to case to the
/// one code that has it, nothing stays nothing. `None` when it maps to no code or to several.
fn country_code<'a>(country: &'a str, countries: &'a [Country]) -> Option<&'a str> {
    let wanted = country.trim();
    if wanted.is_empty() {
        return Some(country);
    }
    let is_listed = |country: &Country| country.code.eq_ignore_ascii_case(wanted);
    if wanted.len() == 2 && countries.iter().any(is_listed) {
        return Some(country);
    }
    let wanted = wanted.to_lowercase();
    let mut found = countries
        .iter()
        .filter(|country| !country.code.trim().is_empty() && country.name.trim().to_lowercase() == wanted);
    let code = found.next()?.code.as_str();
    found.all(|country| country.code == code).then_some(code)
}

/// Words that stand where a password is not shown.
const MASKS: [&str; 26] = [
    "hidden",
    "masked",
    "redacted",
    "encrypted",
    "protected",
    "private",
    "removed",
    "secret",
    "null",
    "none",
    "undefined",
    "not shown",
    "n/a",
    "not available",
    "not set",
    "unavailable",
    "unknown",
    "filtered",
    "omitted",
    "withheld",
    "hashed",
    "password",
    "false",
    "true",
    "nil",
    "empty",
];

/// Signs that masks are drawn with.
const MASK_SIGNS: [char; 12] = ['*', '•', '●', '∙', '·', '⋅', '∗', '⁎', '■', '█', '▪', '…'];

/// Refuses a password that is none: setting it would replace the real one.
fn check_password(password: &str) -> Result<(), Refusal> {
    if password.trim().is_empty() {
        Err(Refusal::PasswordEmpty)
    } else if looks_masked(password) {
        Err(Refusal::PasswordMasked)
    } else if looks_hashed(password.trim()) {
        Err(Refusal::PasswordHashed)
    } else {
        Ok(())
    }
}

/// All the same character, a word for "not shown", or three signs of a mask in a row. A real password that looks so
/// is refused as well: a refusal costs a look, a wrong guess costs the client's access.
fn looks_masked(password: &str) -> bool {
    let trimmed = password.trim();
    let all_same = trimmed
        .chars()
        .skip(1)
        .zip(trimmed.chars())
        .all(|(one, other)| one == other);
    let only_signs = trimmed.chars().all(|sign| MASK_SIGNS.contains(&sign));
    let word = trimmed.trim_matches(|sign: char| !sign.is_alphanumeric());
    let is_word = MASKS.iter().any(|mask| word.eq_ignore_ascii_case(mask));
    let mut run = 0;
    let has_run = trimmed.chars().any(|sign| {
        run = if MASK_SIGNS.contains(&sign) { run + 1 } else { 0 };
        run >= 3
    });
    all_same || only_signs || is_word || has_run
}

/// The shapes in which hashes are stored: hexadecimal of the usual lengths (also after MySQL's `*`), crypt's
/// `$id$…`, Django's `algorithm$…$…`, LDAP's `{SCHEME}…`, and padded base64 of the usual lengths.
fn looks_hashed(password: &str) -> bool {
    let hex = password.strip_prefix(['*']).unwrap_or(password);
    let hex = hex.strip_prefix("0x").unwrap_or(hex);
    if matches!(hex.len(), 32 | 40 | 48 | 56 | 64 | 96 | 128) && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return true;
    }
    let is_name = |name: &str| {
        !name.is_empty()
            && name.len() <= 16
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    if let Some((id, rest)) = password.strip_prefix('$').and_then(|rest| rest.split_once('$')) {
        return is_name(id) && rest.len() >= 8;
    }
    if let Some((scheme, rest)) = password.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
        return is_name(scheme) && rest.len() >= 8;
    }
    let mut parts = password.splitn(3, '$');
    if let (Some(name), Some(_), Some(rest)) = (parts.next(), parts.next(), parts.next()) {
        return is_name(name) && name.len() >= 3 && rest.len() >= 16;
    }
    // A prefix such as `sha256:` does not make a hash a password.
    let digest = password.rsplit([':', '|']).next().unwrap_or(password);
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    if digest.len() < password.len() && digest.len() >= 32 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return true;
    }
    matches!(digest.len(), 24 | 28 | 44 | 88)
        && digest.ends_with('=')
        && digest.trim_end_matches('=').bytes().all(is_digit)
}

/// The fields in which `after` is not what it should be: what was sent. Passwords are compared where all records have
/// one, and never shown: where the API did not show the one before, it will not show the new one. A country may come back
/// by its code or by its name, and is expected as it stood in `before`.
#[must_use]
pub fn compare(sent: &Record, before: &Record, after: &Record, countries: &[Country]) -> Vec<FieldDifference> {
    let mut differences = Vec::new();
    for field in Field::ALL {
        let (sent_value, value_before) = (sent.get(field), before.get(field));
        let expected = match field {
            Field::Country if is_same_country(sent_value, value_before, countries) => value_before,
            _ => sent_value,
        };
        let found = after.get(field);
        let as_meant = match field {
            Field::Country => found == expected || is_same_country(sent_value, found, countries),
            Field::Password => match (sent.expose_password(), after.expose_password()) {
                (Some(expected), Some(found)) => expected == found || !shows_password(before),
                (None, _) => true,
                (Some(_), None) => false,
            },
            _ => found == expected,
        };
        if !as_meant {
            differences.push(FieldDifference {
                field: field.name().to_owned(),
                expected: expected.to_owned(),
                found: found.to_owned(),
            });
        }
    }
    differences
}

/// Whether a country that was sent and one that was read are the same, by code or by name.
fn is_same_country(sent: &str, found: &str, countries: &[Country]) -> bool {
    match (country_code(sent, countries), country_code(found, countries)) {
        (Some(sent), Some(found)) => sent.trim().eq_ignore_ascii_case(found.trim()),
        _ => false,
    }
}
