//! The functions of the API in one table. A new function is a row here and a handler that writes the keys behind
//! `"status":"success"`, or returns another status. Handlers know nothing of HTTP, faults or credentials.

mod ledger;
mod reads;
mod writes;

use std::net::IpAddr;

use super::settings::{Key, Settings};
use super::wire::php::Json;
use super::wire::request::Params;
use super::world::World;
use super::world::client::Rules;

/// A status other than `success`.
pub(super) type Status = &'static str;

/// What a handler may use.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) params: &'a Params<'a>,
    pub(super) world: &'a mut World,
    pub(super) settings: &'a mut Settings,
    pub(super) rules: Rules,
    /// Virtual time in seconds since 1970.
    pub(super) now: i64,
    pub(super) peer: IpAddr,
    pub(super) json: Json,
}

impl<'a> Call<'a> {
    /// The parameter `client`, which the function requires; who that is, is for the caller to find out.
    fn client_param(&self) -> Result<&'a str, Status> {
        let params: &'a Params<'a> = self.params;
        match params.get("client") {
            Some(id) if !id.is_empty() => Ok(id),
            _ if self.settings.text(Key::AbsentId) == "missing_client" => Err("missing_client"),
            _ => Err("invalid_client"),
        }
    }
}

/// Writes a list under a key; `row` writes one item.
fn list<T>(json: &mut Json, settings: &Settings, key: &str, rows: &[T], mut row: impl FnMut(&mut Json, &T)) {
    json.key(key);
    let bare = rows.len() == 1 && settings.on(Key::OneRowObject);
    if !bare {
        json.open(b'[');
    }
    for item in rows {
        row(json, item);
    }
    if !bare {
        json.close(b']');
    }
}

/// One function.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    /// Whether a success carries no payload.
    pub(super) is_write: bool,
    /// Whether it answers addresses that are not allowed.
    pub(super) any_address: bool,
    pub(super) handler: fn(&mut Call<'_>) -> Result<(), Status>,
}

const fn read(name: &'static str, handler: fn(&mut Call<'_>) -> Result<(), Status>) -> Function {
    Function {
        name,
        is_write: false,
        any_address: false,
        handler,
    }
}

const fn write(name: &'static str, handler: fn(&mut Call<'_>) -> Result<(), Status>) -> Function {
    Function {
        name,
        is_write: true,
        any_address: false,
        handler,
    }
}

/// Every function that is served; the others answer `invalid_method`.
pub(super) const FUNCTIONS: &[Function] = &[
    read("getResellerBalance", reads::reseller_balance),
    read("getClientThreshold", reads::client_threshold),
    read("getClients", reads::clients),
    read("getBalance", reads::balance),
    read("getBalanceManagement", reads::balance_management),
    read("getCountries", reads::countries),
    Function {
        any_address: true,
        ..read("getIP", reads::ip)
    },
    write("setClient", writes::set_client),
    write("setClientThreshold", writes::set_client_threshold),
    read("getCharges", ledger::charges),
    read("getDeposits", ledger::deposits),
    read("getClientPackages", ledger::client_packages),
    read("getPackages", ledger::packages),
    write("addCharge", ledger::add_charge),
    write("addPayment", ledger::add_payment),
];

/// The function of that name, spelled exactly so.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}
