//! The functions that change nothing. Shapes and types follow WIRE.md section 2; what is unknown is a setting.

use super::super::amount::Amount;
use super::super::php::json::Json;
use super::super::settings::{Key, Settings};
use super::super::world::RESELLER;
use super::super::world::chance::Topic;
use super::super::world::client::{Client, Management};
use super::super::world::countries::by_code;
use super::super::world::people::{COUNTRY, FIELDS, PASSWORD};
use super::super::world::usage::{Sum, clock_text};
use super::places::write_pair;
use super::{Call, Status, known, list, settled};

/// `balance`: what is left, and the use of the last 30 days and of today in Toronto.
pub(super) fn reseller_balance(call: &mut Call<'_>) -> Result<(), Status> {
    let id = call.client_param()?;
    let (client, mut around) = settled(call.world, id, call.now, call.rules)?;
    let used = client.used(call.now, &mut around);
    write_balance(&mut call.json, client.balance(), 4, Some(used), none_as(call.settings));
    Ok(())
}

/// The reseller's own account; `advanced` adds its use.
pub(super) fn balance(call: &mut Call<'_>) -> Result<(), Status> {
    let advanced = call
        .params
        .get("advanced")
        .is_some_and(|text| !matches!(text, "" | "0" | "false" | "False"));
    let Some((own, mut around)) = call.world.settled(RESELLER, call.now, call.rules) else {
        return Err("unavailable_info");
    };
    let used = advanced.then(|| own.used(call.now, &mut around));
    write_balance(&mut call.json, own.balance(), 6, used, none_as(call.settings));
    Ok(())
}

/// The object `balance`; `used` is of 30 days and of today.
fn write_balance(json: &mut Json, balance: Amount, least_places: usize, used: Option<(Sum, Sum)>, none_as: NoTime) {
    json.key("balance");
    json.open(b'{');
    json.key("current_balance");
    json.amount_column(balance, least_places);
    if let Some((total, today)) = used {
        json.key("spent_total");
        json.computed_amount(total.spent);
        json.key("calls_total");
        json.count(total.calls);
        json.key("time_total");
        write_time(json, total, none_as);
        json.key("spent_today");
        json.computed_amount(today.spent);
        json.key("calls_today");
        json.count(today.calls);
        json.key("time_today");
        write_time(json, today, none_as);
    }
    json.close(b'}');
}

/// How the time of no calls is written.
#[derive(Clone, Copy, Debug)]
enum NoTime {
    Number,
    Text,
}

fn none_as(settings: &Settings) -> NoTime {
    if settings.is(Key::TimeTodayNone, "text") {
        NoTime::Text
    } else {
        NoTime::Number
    }
}

/// A text such as `51:35`; nothing is the number 0, or a text of its own.
fn write_time(json: &mut Json, used: Sum, none_as: NoTime) {
    match none_as {
        NoTime::Number if used.secs == 0 => json.count(0),
        NoTime::Text if used.secs == 0 => json.text("0:00"),
        NoTime::Number | NoTime::Text => json.text(&clock_text(used.secs)),
    }
}

/// `threshold_information`: an object, or what the setting says for a client that never set one.
pub(super) fn client_threshold(call: &mut Call<'_>) -> Result<(), Status> {
    let id = call.client_param()?;
    let client = known(call.world, id)?;
    let hidden = client.threshold_is_native
        && call.world.is_among(
            Topic::ThresholdAbsent,
            client.id,
            call.settings.share(Key::ThresholdAbsent),
        );
    let threshold = client.threshold.as_deref().filter(|_| !hidden);
    let absent_as = |word| threshold.is_none() && call.settings.is(Key::ThresholdAbsentAs, word);
    let json = &mut call.json;
    if absent_as("unavailable_info") {
        return Err("unavailable_info");
    } else if absent_as("absent") {
        return Ok(());
    }
    json.key("threshold_information");
    if absent_as("list") {
        json.raw("[]");
        return Ok(());
    }
    json.open(b'{');
    json.key("threshold");
    if absent_as("empty") {
        json.text("");
    } else if absent_as("null") {
        json.raw("null");
    } else {
        json.number_column(threshold.unwrap_or("0"));
    }
    json.key("email");
    json.column(if threshold.is_some() {
        &client.threshold_email
    } else {
        ""
    });
    json.close(b'}');
    Ok(())
}

/// `clients`: one by id or address, or all. Always a list.
pub(super) fn clients(call: &mut Call<'_>) -> Result<(), Status> {
    // VoIP.ms's own PHP example passes an address as `email`.
    let wanted = call
        .params
        .get("client")
        .filter(|text| !text.is_empty())
        .or_else(|| call.params.get("email"));
    match wanted.filter(|text| !text.is_empty()) {
        Some(wanted) => one_client(call, wanted),
        None => all_clients(call),
    }
}

fn one_client(call: &mut Call<'_>, wanted: &str) -> Result<(), Status> {
    let found = if wanted.contains('@') {
        call.world.by_email(wanted)
    } else {
        known(call.world, wanted).ok()
    };
    let waiting_too = call.settings.on(Key::WaitingListed);
    let client = found.filter(|client| waiting_too || !client.is_waiting());
    write_clients(&mut call.json, call.settings, &[client.ok_or("invalid_client")?]);
    Ok(())
}

fn all_clients(call: &mut Call<'_>) -> Result<(), Status> {
    let settings = &*call.settings;
    let is = |word| settings.is(Key::NoClient, word);
    if is("status") {
        return Err("no_client");
    } else if is("absent") {
        return Ok(());
    } else if is("list") {
        write_clients(&mut call.json, settings, &[]);
        return Ok(());
    }
    let (share, waiting_too) = (settings.share(Key::ListShare), settings.on(Key::WaitingListed));
    let is_listed = |client: &&Client| {
        (waiting_too || !client.is_waiting()) && call.world.is_among(Topic::Listed, client.id, share)
    };
    let rows: Vec<&Client> = call.world.clients().filter(is_listed).collect();
    if rows.is_empty() {
        return Err("no_client");
    }
    write_clients(&mut call.json, settings, &rows);
    Ok(())
}

fn write_clients(json: &mut Json, settings: &Settings, rows: &[&Client]) {
    list(json, settings, "clients", rows, |json, client| {
        write_client(json, client, settings);
    });
}

fn write_client(json: &mut Json, client: &Client, settings: &Settings) {
    json.open(b'{');
    json.key("client");
    json.number_column(&client.id.to_string());
    for (index, (field, text)) in FIELDS.iter().zip(&client.texts).enumerate() {
        json.key(field.name);
        match index {
            PASSWORD => write_password(json, text, settings),
            COUNTRY => match by_code(text).filter(|_| settings.is(Key::CountryOut, "name")) {
                Some((_, name)) => json.column(&name.to_uppercase()),
                None => json.column(text),
            },
            _ => json.column(text),
        }
    }
    json.key("balance_management");
    json.number_column(match &client.management {
        Management::Soft => settings.text(Key::SoftCode),
        Management::Hard => settings.text(Key::HardCode),
        Management::Other(code) => code,
    });
    json.close(b'}');
}

fn write_password(json: &mut Json, password: &str, settings: &Settings) {
    let is = |word| settings.is(Key::PasswordShown, word);
    if is("masked") {
        json.column("********");
    } else if is("hashed") {
        json.column(&looks_hashed(password));
    } else if is("empty") {
        json.column("");
    } else {
        json.column(password);
    }
}

/// A text in the shape of a bcrypt hash, the same for the same password. It protects nothing.
fn looks_hashed(password: &str) -> String {
    const LETTERS: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut state = password.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut text = "$2y$10$".to_owned();
    for _ in 0..53 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        text.push(char::from(LETTERS[usize::try_from(state >> 58).unwrap_or_default()]));
    }
    text
}

/// `balance_management`: the codes and what they mean, all or the one asked for.
pub(super) fn balance_management(call: &mut Call<'_>) -> Result<(), Status> {
    let hard = (
        call.settings.text(Key::HardCode).to_owned(),
        "Hard - suspend the client",
    );
    let soft = (
        call.settings.text(Key::SoftCode).to_owned(),
        "Soft - do not suspend the client",
    );
    let mut rows = vec![hard];
    if call.settings.on(Key::SoftListed) {
        rows.push(soft);
    }
    rows.sort();
    if let Some(wanted) = call.params.get("balance_management").filter(|text| !text.is_empty()) {
        rows.retain(|(code, _)| code == wanted);
        if rows.is_empty() {
            return Err("invalid_balancemanagement");
        }
    }
    list(
        &mut call.json,
        call.settings,
        "balance_management",
        &rows,
        |json, (code, description)| {
            write_pair(json, "value", code, description);
        },
    );
    Ok(())
}

/// `ip`: the caller's address.
pub(super) fn ip(call: &mut Call<'_>) -> Result<(), Status> {
    let address = call.peer.to_string();
    call.json.key("ip");
    call.json.text(&address);
    Ok(())
}
