//! What setClient and signupClient ask of a client's record. How strict the real API is, is largely a matter of
//! settings. Judges only; changes nothing.

use super::super::settings::{Key, Settings};
use super::super::world::client::{Client, Management};
use super::super::world::countries::by_code;
use super::super::world::people::{
    COUNTRY, EMAIL, FIELDS, Field, LONGEST_TEXT_BYTES, PASSWORD, PHONE, STATE, Texts, ZIP,
};
use super::super::world::regions;
use super::{Call, Status};

/// Longest text that a field takes with `field-rules=on`, in characters.
const LONGEST_TEXT: usize = 100;

/// Longest e-mail address there is (RFC 5321 with its erratum), in bytes.
const LONGEST_EMAIL_BYTES: usize = 254;

/// What is kept of a text that is sent: too long ones are cut, as MySQL does unless told otherwise.
pub(super) fn kept(text: &str) -> Box<str> {
    text[..text.floor_char_boundary(LONGEST_TEXT_BYTES)].into()
}

/// The status of a call without a field that it requires.
pub(super) fn absent(settings: &Settings, field: &Field) -> Status {
    if settings.is(Key::AbsentFields, "invalid") {
        field.invalid
    } else {
        field.missing
    }
}

/// Judges a record that is to be written over `present`, or as a new one. Texts that were not sent are not judged.
///
/// # Errors
/// The status of the first thing that is wrong.
pub(super) fn judge(call: &Call<'_>, texts: &Texts, present: Option<&Client>) -> Result<(), Status> {
    let settings = &*call.settings;
    check_email(&texts[EMAIL])?;
    let other = call.world.by_email(&texts[EMAIL]);
    if other.is_some_and(|other| present.is_none_or(|present| present.id != other.id)) {
        return Err(settings.choice(Key::EmailTaken));
    }
    let present_password = present.map_or("", |client| &client.texts[PASSWORD]);
    check_password(settings, present_password, &texts[PASSWORD])?;
    let sent = |index: usize| {
        let text = call.params.get(FIELDS[index].name);
        text.is_some_and(|text| !text.is_empty())
    };
    if sent(COUNTRY) && settings.is(Key::CountryIn, "code") && by_code(&texts[COUNTRY]).is_none() {
        return Err(FIELDS[COUNTRY].invalid);
    }
    if sent(STATE) && !is_known_state(settings, texts) {
        return Err(FIELDS[STATE].invalid);
    }
    if settings.on(Key::FieldRules) {
        let wrong = (0..FIELDS.len()).find(|index| {
            !FIELDS[*index].invalid.is_empty() && sent(*index) && !is_well_formed(*index, &texts[*index])
        });
        if let Some(index) = wrong {
            return Err(FIELDS[index].invalid);
        }
    }
    Ok(())
}

/// Whether an address looks like one.
///
/// # Errors
/// `invalid_email`.
pub(super) fn check_email(email: &str) -> Result<(), Status> {
    let well_formed = email.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && host.contains('.') && !host.contains('@') && !email.contains(char::is_whitespace)
    });
    if well_formed && email.len() <= LONGEST_EMAIL_BYTES {
        Ok(())
    } else {
        Err(FIELDS[EMAIL].invalid)
    }
}

/// The parameter `balance_management`, if it is sent.
///
/// # Errors
/// `invalid_balancemanagement` for a code that getBalanceManagement does not list.
pub(super) fn management(call: &Call<'_>) -> Result<Option<Management>, Status> {
    match call.params.get("balance_management").filter(|code| !code.is_empty()) {
        None => Ok(None),
        Some(code) if code == call.settings.text(Key::SoftCode) => Ok(Some(Management::Soft)),
        Some(code) if code == call.settings.text(Key::HardCode) => Ok(Some(Management::Hard)),
        Some(_) => Err("invalid_balancemanagement"),
    }
}

/// Judges a password as the settings say.
fn check_password(settings: &Settings, present: &str, sent: &str) -> Result<(), Status> {
    let same = present == sent;
    if same && settings.on(Key::UsedPassword) {
        return Err("used_password");
    }
    let rules = |word| settings.is(Key::PasswordRules, word);
    let judged = rules("always") || (rules("changed") && !same);
    // The signs are those that the error table lists.
    let is_legal = |letter: char| letter.is_alphanumeric() || "!#$%&/()=?*[]_:.,{}+-".contains(letter);
    let rules: [(bool, Status); 6] = [
        (sent.chars().count() >= 8, "invalid_password_lessthan_8characters_long"),
        (sent.contains(char::is_uppercase), "invalid_password_missing_uppercase"),
        (sent.contains(char::is_lowercase), "invalid_password_missing_lowercase"),
        (
            sent.contains(|letter: char| letter.is_ascii_digit()),
            "invalid_password_missing_number",
        ),
        (sent.chars().all(is_legal), "invalid_password_ilegal_characters"),
        (!sent.to_ascii_lowercase().contains("password"), "weak_password"),
    ];
    match rules.into_iter().find(|(kept, _)| judged && !kept) {
        Some((_, status)) => Err(status),
        None => Ok(()),
    }
}

/// Whether the state is spelled as the setting wants it; the API lists states of two countries only.
fn is_known_state(settings: &Settings, texts: &Texts) -> bool {
    let Some(regions) = regions::of_country(&texts[COUNTRY]) else {
        return true;
    };
    let state = &*texts[STATE];
    if settings.is(Key::StateIn, "name") {
        regions.iter().any(|(_, name)| name.eq_ignore_ascii_case(state))
    } else if settings.is(Key::StateIn, "code") {
        regions.iter().any(|(code, _)| *code == state)
    } else {
        true
    }
}

/// The rules of `field-rules=on`.
fn is_well_formed(index: usize, text: &str) -> bool {
    let plain = text.chars().count() <= LONGEST_TEXT
        && !text.contains(|letter: char| letter.is_control() || "<>".contains(letter));
    let all = |signs: &str| {
        text.chars()
            .all(|letter| letter.is_ascii_alphanumeric() || signs.contains(letter))
    };
    plain
        && match index {
            ZIP => text.len() <= 10 && all(" -"),
            PHONE => {
                let digits = text.bytes().filter(u8::is_ascii_digit).count();
                (7..=15).contains(&digits) && all(" +-().") && !text.contains(char::is_alphabetic)
            }
            _ => true,
        }
}
