//! The functions about money: charges, payments, deposits and packages (WIRE.md sections 2 and 5). What moves is booked
//! in the client's ledger, and what is listed is read from there.

use super::super::amount::Amount;
use super::super::php::json::Json;
use super::super::settings::{Key, Settings};
use super::super::world::ledger::{Entry, Reason, Side};
use super::super::world::packages::{self as table, Contract, PACKAGES, Package};
use super::{Call, Status, known, list, settled};

/// How a side is called on the wire.
struct Names {
    amount: &'static str,
    missing: Status,
    invalid: Status,
    list: &'static str,
    none: Status,
}

const fn names(side: Side) -> Names {
    match side {
        Side::Charge => Names {
            amount: "charge",
            missing: "missing_charge",
            invalid: "invalid_charge",
            list: "charges",
            none: "no_charges",
        },
        Side::Deposit => Names {
            amount: "payment",
            missing: "missing_payment",
            invalid: "invalid_payment",
            list: "deposits",
            none: "no_deposits",
        },
    }
}

pub(super) fn add_charge(call: &mut Call<'_>) -> Result<(), Status> {
    add(call, Side::Charge)
}

/// Credits the client; who is suspended resumes as the setting says.
pub(super) fn add_payment(call: &mut Call<'_>) -> Result<(), Status> {
    add(call, Side::Deposit)
}

/// Books an entry as sent, every time it is sent: nothing tells a repetition from a second order.
fn add(call: &mut Call<'_>, side: Side) -> Result<(), Status> {
    let id = call.client_param()?;
    known(call.world, id)?;
    let amount = amount(call, &names(side))?;
    let description = description(call)?;
    let rules = call.rules;
    let (client, _) = settled(call.world, id, call.now, rules)?;
    if !client.ledger().has_room_for(amount) {
        return Err(names(side).invalid);
    }
    // Only `1` makes a test: the `true` that the document asks for moves the money.
    if call.params.get("test") == Some("1") {
        return Err("success_test");
    }
    let reason = Reason::Written(description.into());
    match side {
        Side::Charge => client.charge(amount, reason, rules),
        Side::Deposit => client.pay(amount, reason, rules),
    }
    Ok(())
}

fn amount(call: &Call<'_>, names: &Names) -> Result<Amount, Status> {
    let text = call.params.get(names.amount).filter(|text| !text.is_empty());
    let parse = if call.settings.on(Key::LooseAmounts) {
        Amount::parse_loosely
    } else {
        Amount::parse
    };
    let sent = parse(text.ok_or(names.missing)?).ok_or(names.invalid)?;
    let amount = if call.settings.is(Key::OddAmounts, "rounded") {
        sent.round_to_cents()
    } else {
        sent
    };
    let is_odd = !amount.is_positive() || !amount.is_whole_cents();
    if is_odd && !call.settings.is(Key::OddAmounts, "taken") {
        return Err(names.invalid);
    }
    Ok(amount)
}

fn description<'a>(call: &Call<'a>) -> Result<&'a str, Status> {
    let text = call.params.get("description").unwrap_or_default();
    if text.is_empty() && call.settings.on(Key::DescriptionNeeded) {
        return Err("missing_description");
    }
    let longest = call.settings.number(Key::LongestDescription);
    if u64::try_from(text.chars().count()).is_ok_and(|length| length > longest) {
        return Err("invalid_description");
    }
    Ok(text)
}

/// `charges`: every one, the oldest of a very long list left out.
pub(super) fn charges(call: &mut Call<'_>) -> Result<(), Status> {
    entries(call, Side::Charge)
}

/// `deposits`: the same of what was paid.
pub(super) fn deposits(call: &mut Call<'_>) -> Result<(), Status> {
    entries(call, Side::Deposit)
}

fn entries(call: &mut Call<'_>, side: Side) -> Result<(), Status> {
    let id = call.client_param()?;
    let (client, mut around) = settled(call.world, id, call.now, call.rules)?;
    let contract = Contract::of(around.dice, client.id);
    let mut rows = client.entries(side, &mut around);
    let delay = i64::try_from(call.settings.number(Key::LedgerDelaySecs)).unwrap_or(i64::MAX);
    rows.retain(|(_, entry)| entry.at.saturating_add(delay) <= call.now);
    if call.settings.is(Key::LedgerOrder, "mixed") {
        // Any order will do that is neither.
        rows.sort_by_key(|(id, _)| id.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    } else if call.settings.is(Key::LedgerOrder, "newest") {
        rows.reverse();
    }
    let names = names(side);
    if rows.is_empty() {
        return write_nothing(call, &names);
    }
    let with_time = call.settings.is(Key::LedgerDates, "datetime");
    list(&mut call.json, call.settings, names.list, &rows, |json, (id, entry)| {
        let date = if with_time {
            around.toronto.date_and_time(entry.at)
        } else {
            around.toronto.date(entry.at)
        };
        write_entry(json, *id, &date, entry, &contract);
    });
    Ok(())
}

/// An empty list, as the setting says.
fn write_nothing(call: &mut Call<'_>, names: &Names) -> Result<(), Status> {
    let is = |word| call.settings.is(Key::EmptyLedger, word);
    if is("status") {
        return Err(names.none);
    }
    let written = [("list", "[]"), ("null", "null"), ("text", "\"\"")];
    // The word that is left is `absent`.
    if let Some((_, written)) = written.into_iter().find(|(word, _)| is(word)) {
        call.json.key(names.list);
        call.json.raw(written);
    }
    Ok(())
}

fn write_entry(json: &mut Json, id: u64, date: &str, entry: &Entry, contract: &Contract) {
    json.open(b'{');
    json.key("id");
    json.number_column(&id.to_string());
    json.key("date");
    json.column(date);
    json.key("amount");
    json.amount_column(entry.amount, 2);
    json.key("description");
    json.column(&entry.reason.text(contract));
    json.close(b'}');
}

/// `packages`: the client's one, as a pair.
pub(super) fn client_packages(call: &mut Call<'_>) -> Result<(), Status> {
    let id = call.client_param()?;
    let package = known(call.world, id)?.package().ok_or("no_package")?;
    write_list(call, &[package], |json, package| {
        json.open(b'{');
        json.key("value");
        json.number_column(&package.id.to_string());
        json.key("description");
        json.column(package.name);
        json.close(b'}');
    });
    Ok(())
}

/// `packages`: all of the reseller's, or the one asked for.
pub(super) fn packages(call: &mut Call<'_>) -> Result<(), Status> {
    let rows: Vec<&Package> = match call.params.get("package").filter(|text| !text.is_empty()) {
        Some(id) => vec![table::by_id(id).ok_or("invalid_package")?],
        None => PACKAGES.iter().collect(),
    };
    write_list(call, &rows, write_package);
    Ok(())
}

fn write_list(call: &mut Call<'_>, rows: &[&Package], row: fn(&mut Json, &Package)) {
    let settings: &Settings = call.settings;
    list(&mut call.json, settings, "packages", rows, |json, package| {
        row(json, package)
    });
}

fn write_package(json: &mut Json, package: &Package) {
    let number = |json: &mut Json, key: &str, value: u64| {
        json.key(key);
        json.number_column(&value.to_string());
    };
    let amount = |json: &mut Json, key: &str, value: Amount| {
        json.key(key);
        json.amount_column(value, 2);
    };
    json.open(b'{');
    number(json, "package", package.id.into());
    json.key("name");
    json.column(package.name);
    amount(json, "markup_fixed", package.markup_fixed);
    number(json, "markup_percentage", package.markup_percentage.into());
    number(json, "pulse", package.pulse_secs.into());
    number(json, "international_route", package.international_route.into());
    number(json, "canada_route", package.canada_route.into());
    amount(json, "monthly_fee", package.monthly_fee);
    amount(json, "setup_fee", package.setup_fee);
    number(json, "free_minutes", package.free_minutes.into());
    json.close(b'}');
}
