//! The functions of the API in one table. A new function is a row here and a handler that writes the keys behind
//! `"status":"success"`, or returns another status. Handlers know nothing of HTTP, faults or credentials.

mod history;
mod money;
mod places;
mod reads;
mod record;
mod signup;
mod writes;

use std::net::IpAddr;

use super::php::json::Json;
use super::php::params::Params;
use super::settings::{Certainty, Key, Settings};
use super::world::World;
use super::world::around::{Around, Rules};
use super::world::client::Client;

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
            Some(id) if !id.is_empty() && self.settings.on(Key::LooseIds) => Ok(id.trim().trim_start_matches('0')),
            Some(id) if !id.is_empty() => Ok(id),
            _ if self.settings.is(Key::AbsentId, "missing_client") => Err("missing_client"),
            _ => Err("invalid_client"),
        }
    }
}

/// The client of an id, as it is: not settled. The reseller's own account is none.
fn known<'a>(world: &'a World, id: &str) -> Result<&'a Client, Status> {
    let client = world.find(id).filter(|client| !client.is_reseller());
    client.ok_or("invalid_client")
}

/// The client of an id, settled up to the moment of the call, and what its usage needs.
fn settled<'a>(world: &'a mut World, id: &str, now: i64, rules: Rules) -> Result<(&'a mut Client, Around<'a>), Status> {
    let settled = world
        .settled(id, now, rules)
        .filter(|(client, _)| !client.is_reseller());
    settled.ok_or("invalid_client")
}

/// Writes a list under a key; `row` writes one item.
fn list<T>(json: &mut Json, settings: &Settings, key: &str, rows: &[T], mut row: impl FnMut(&mut Json, &T)) {
    json.key(key);
    match rows {
        [only] if settings.on(Key::OneRowObject) => row(json, only),
        [_, ..] if settings.on(Key::ListAsObject) => {
            json.open(b'{');
            for (position, item) in rows.iter().enumerate() {
                json.key(&position_key(position));
                row(json, item);
            }
            json.close(b'}');
        }
        _ => {
            json.open(b'[');
            for item in rows {
                row(json, item);
            }
            json.close(b']');
        }
    }
}

/// The key of a row in a list that comes as an object: the document's own example skips position 2.
fn position_key(position: usize) -> String {
    (position + usize::from(position >= 2)).to_string()
}

#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    /// Whether it changes something and its success carries no payload to speak of.
    pub(super) is_write: bool,
    /// Whether it answers addresses that are not allowed.
    pub(super) any_address: bool,
    /// How sure its parameters and the shape of its answer are.
    pub(super) certainty: Certainty,
    /// What it does, for the help.
    pub(super) what: &'static str,
    pub(super) handler: Handler,
}

type Handler = fn(&mut Call<'_>) -> Result<(), Status>;

const fn read(name: &'static str, handler: Handler, certainty: Certainty, what: &'static str) -> Function {
    Function {
        name,
        is_write: false,
        any_address: false,
        certainty,
        what,
        handler,
    }
}

const fn write(name: &'static str, handler: Handler, certainty: Certainty, what: &'static str) -> Function {
    Function {
        is_write: true,
        ..read(name, handler, certainty, what)
    }
}

/// Every function that is served; the others answer `invalid_method`. Those that are called most stand first.
#[rustfmt::skip]
pub(super) const FUNCTIONS: &[Function] = &[
    read("getResellerBalance", reads::reseller_balance, Certainty::Inferred, "a client's balance, and its calls of 30 days and of today; which values are strings and which numbers is inferred"),
    read("getClientThreshold", reads::client_threshold, Certainty::Documented, "the threshold of a client, and who is told"),
    read("getClients", reads::clients, Certainty::Documented, "the records of all clients, or of one by id or address"),
    read("getBalance", reads::balance, Certainty::Observed, "the reseller's own balance; with advanced its calls too"),
    read("getBalanceManagement", reads::balance_management, Certainty::Documented, "the codes for HARD and SOFT; that of SOFT is unknown"),
    read("getCountries", places::countries, Certainty::Documented, "country codes"),
    read("getStates", places::states, Certainty::Documented, "the states of the United States"),
    read("getLanguages", places::languages, Certainty::Inferred, "the languages that a client may have; which there are is inferred"),
    read("getProvinces", places::provinces, Certainty::Documented, "the provinces of Canada"),
    read("getResellerCDR", history::reseller_cdr, Certainty::Documented, "checks its parameters, then `no_cdr`: calls are not listed"),
    read("getTransactionHistory", history::transaction_history, Certainty::Observed, "checks its parameters, then `no_transactions`"),
    Function {
        any_address: true,
        ..read("getIP", reads::ip, Certainty::Documented, "the caller's address; answers addresses that are not allowed, too")
    },
    read("getCharges", money::charges, Certainty::Documented, "what a client was charged, but for calls"),
    read("getDeposits", money::deposits, Certainty::Documented, "what a client paid"),
    read("getClientPackages", money::client_packages, Certainty::Documented, "the package of a client"),
    read("getPackages", money::packages, Certainty::Documented, "all packages with their prices and fees, or one"),
    write("addCharge", money::add_charge, Certainty::Documented, "takes money from a client; test=1 does not, test=true does"),
    write("addPayment", money::add_payment, Certainty::Documented, "gives money to a client; test=1 does not, test=true does"),
    write("setClient", writes::set_client, Certainty::Documented, "replaces a client's record; what it does to fields that are not sent is unknown"),
    write("setClientThreshold", writes::set_client_threshold, Certainty::Documented, "sets the threshold, and the address if one is sent"),
    write("delClient", writes::del_client, Certainty::Documented, "takes a client away, with all that was booked"),
    write("signupClient", signup::signup_client, Certainty::Documented, "adds a client: balance 0, no threshold, no package; in state WAIT unless activate=1"),
];

/// The function of that name, spelled exactly so.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}
