//! The functions that change a client's record. What they do to fields that are not sent is a setting (WIRE.md
//! section 6). Nothing is changed unless everything sent is acceptable.

use std::borrow::Cow;

use super::super::amount::Amount;
use super::super::edit;
use super::super::settings::{Key, Settings};
use super::super::world::client::Management;
use super::super::world::people::{FIELDS, Texts};
use super::{Call, Status, known, record, settled};

/// Replaces the record of a client.
pub(super) fn set_client(call: &mut Call<'_>) -> Result<(), Status> {
    let id = call.client_param()?;
    edit_once(call, Key::EditBeforeSetClient, id);
    let client = known(call.world, id)?;
    let kept = call.settings.is(Key::OmittedFields, "kept");
    let mut texts: Texts = client.texts.clone();
    for (index, field) in FIELDS.iter().enumerate() {
        let sent = call.params.get(field.name);
        match sent {
            None | Some("") if field.always_required => return Err(record::absent(call.settings, field)),
            Some(text) => texts[index] = record::kept(text),
            None if kept => {}
            None => texts[index] = Box::default(),
        }
    }
    record::judge(call, &texts, Some(client))?;
    let management = match record::management(call)? {
        Some(management) => management,
        None if kept => client.management.clone(),
        // New clients are SOFT, so that is what a field without a value falls back to.
        None => Management::Soft,
    };
    let (client, _) = settled(call.world, id, call.now, call.rules)?;
    client.texts = texts;
    client.manage(management);
    edit_once(call, Key::EditAfterSetClient, id);
    Ok(())
}

/// Takes a client away.
pub(super) fn del_client(call: &mut Call<'_>) -> Result<(), Status> {
    let id = call.client_param()?;
    let was_there = call.world.remove(id, call.now, call.rules);
    was_there.then_some(()).ok_or("invalid_client")
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

/// Sets the threshold, and the address if one is sent.
pub(super) fn set_client_threshold(call: &mut Call<'_>) -> Result<(), Status> {
    let id = call.client_param()?;
    known(call.world, id)?;
    let sent = call.params.get("threshold").unwrap_or_default();
    let mut sent = Cow::Borrowed(sent);
    if call.settings.on(Key::LooseAmounts)
        && let Some(amount) = Amount::parse_loosely(&sent)
    {
        sent = Cow::Owned(amount.column(0));
    }
    let threshold = threshold(call.settings, &sent).ok_or("Invalid_threshold")?;
    let email = call.params.get("email").filter(|email| !email.is_empty());
    email.map_or(Ok(()), record::check_email)?;
    let (client, _) = settled(call.world, id, call.now, call.rules)?;
    client.threshold = Some(threshold);
    client.threshold_is_native = false;
    if let Some(email) = email {
        client.threshold_email = email.into();
    }
    Ok(())
}

/// A threshold as it is stored: a whole number from 1 to 250, or a fraction as the setting says.
fn threshold(settings: &Settings, sent: &str) -> Option<Box<str>> {
    let (whole, fraction) = sent.split_once('.').unwrap_or((sent, ""));
    let (kept, cut) = (
        settings.is(Key::ThresholdFractions, "kept"),
        settings.is(Key::ThresholdFractions, "cut"),
    );
    let stored = if cut || (kept && fraction.is_empty()) {
        whole
    } else {
        sent
    };
    let is_number = !whole.is_empty() && Amount::parse(sent).is_some();
    let is_whole = stored.bytes().all(|byte| byte.is_ascii_digit());
    let in_range = (Amount::whole(1)..=Amount::whole(250)).contains(&Amount::parse(stored)?);
    (is_number && in_range && (is_whole || kept)).then(|| stored.trim_start_matches('0').into())
}
