//! The functions that change a client's record. What they do to fields that are not sent is a setting (WIRE.md
//! section 6). Nothing is changed unless everything sent is acceptable.

use super::super::edit;
use super::super::settings::{Key, Settings};
use super::super::world::amount::Amount;
use super::super::world::client::Management;
use super::super::world::countries::by_code;
use super::super::world::people::{COUNTRY, EMAIL, FIELDS, PASSWORD, Texts};
use super::{Call, Status};

/// Replaces the record of a client.
pub(super) fn set_client(call: &mut Call<'_>) -> Result<(), Status> {
    let id = call.client_param()?;
    edit_once(call, Key::EditBeforeSetClient, id);
    let client = call
        .world
        .find(id)
        .filter(|client| client.id != 0)
        .ok_or("invalid_client")?;
    let kept = call.settings.text(Key::OmittedFields) == "kept";
    let mut texts: Texts = client.texts.clone();
    for (index, field) in FIELDS.iter().enumerate() {
        let sent = call.params.get(field.name);
        match (sent, field.missing) {
            (None | Some(""), Some(missing)) => return Err(missing),
            (Some(text), _) => texts[index] = text.into(),
            (None, None) if kept => {}
            (None, None) => texts[index] = Box::default(),
        }
    }
    check_email(&texts[EMAIL])?;
    if call
        .world
        .by_email(&texts[EMAIL])
        .is_some_and(|other| other.id != client.id)
    {
        return Err("invalid_email");
    }
    check_password(call.settings, &client.texts[PASSWORD], &texts[PASSWORD])?;
    let country_sent = call
        .params
        .get(FIELDS[COUNTRY].name)
        .is_some_and(|text| !text.is_empty());
    if country_sent && call.settings.text(Key::CountryIn) == "code" && by_code(&texts[COUNTRY]).is_none() {
        return Err("invalid_country");
    }
    let management = match call.params.get("balance_management").filter(|code| !code.is_empty()) {
        Some(code) if code == call.settings.text(Key::SoftCode) => Management::Soft,
        Some(code) if code == call.settings.text(Key::HardCode) => Management::Hard,
        Some(_) => return Err("invalid_balancemanagement"),
        None if kept => client.management.clone(),
        // New clients are SOFT, so that is what a field without a value falls back to.
        None => Management::Soft,
    };
    let (client, _) = call.world.settled(id, call.now, call.rules).ok_or("invalid_client")?;
    client.texts = texts;
    client.manage(management);
    edit_once(call, Key::EditAfterSetClient, id);
    Ok(())
}

/// Applies an edit that was ordered for this moment, if it is for this client.
fn edit_once(call: &mut Call<'_>, key: Key, id: &str) {
    if call
        .settings
        .text(key)
        .split_once(':')
        .is_some_and(|(wanted, _)| wanted == id)
    {
        let order = call.settings.take(key);
        edit::by_order(&order, call.world, call.settings, call.rules, call.now);
    }
}

fn check_email(email: &str) -> Result<(), Status> {
    let well_formed = email.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && host.contains('.') && !host.contains('@') && !email.contains(char::is_whitespace)
    });
    if well_formed { Ok(()) } else { Err("invalid_email") }
}

/// Judges a password as the settings say.
fn check_password(settings: &Settings, present: &str, sent: &str) -> Result<(), Status> {
    let same = present == sent;
    if same && settings.on(Key::UsedPassword) {
        return Err("used_password");
    }
    let judged = match settings.text(Key::PasswordRules) {
        "always" => true,
        "changed" => !same,
        _ => false,
    };
    let rules: [(bool, Status); 5] = [
        (sent.chars().count() >= 8, "invalid_password_lessthan_8characters_long"),
        (sent.contains(char::is_uppercase), "invalid_password_missing_uppercase"),
        (sent.contains(char::is_lowercase), "invalid_password_missing_lowercase"),
        (
            sent.contains(|letter: char| letter.is_ascii_digit()),
            "invalid_password_missing_number",
        ),
        (!sent.to_ascii_lowercase().contains("password"), "weak_password"),
    ];
    match rules.into_iter().find(|(kept, _)| judged && !kept) {
        Some((_, status)) => Err(status),
        None => Ok(()),
    }
}

/// Sets the threshold, and the address if one is sent.
pub(super) fn set_client_threshold(call: &mut Call<'_>) -> Result<(), Status> {
    let id = call.client_param()?;
    let client = call
        .world
        .find(id)
        .filter(|client| client.id != 0)
        .ok_or("invalid_client")?;
    let threshold = call.params.get("threshold").unwrap_or_default();
    let whole = !threshold.is_empty() && threshold.bytes().all(|byte| byte.is_ascii_digit());
    let in_range = (Amount::whole(1)..=Amount::whole(250)).contains(&Amount::parse(threshold).unwrap_or_default());
    if !whole || !in_range {
        return Err("Invalid_threshold");
    }
    let email = call.params.get("email").filter(|email| !email.is_empty());
    email.map_or(Ok(()), check_email)?;
    let mut client = client.clone();
    client.threshold = Some(threshold.trim_start_matches('0').into());
    client.threshold_is_native = false;
    if let Some(email) = email {
        client.threshold_email = email.into();
    }
    call.world.replace(client);
    Ok(())
}
