//! getClients: the list as a lean inventory, and one client's whole record.

use std::collections::HashSet;
use std::hash::RandomState;

use super::Call;
use super::read::Read;
use super::rows::{Rows, read_rows};
use crate::domain::plan::Passwords;
use crate::domain::{Client, ClientId, plan};
use crate::voipms::answer::{Payload, Reader};
use crate::voipms::error::Problem;
use crate::voipms::function::Function;
use crate::voipms::json::{fields, for_each_row, scalar};
use crate::voipms::record::{OddRow, inventory_row, password_row, whole_record};

/// All clients, or those with this e-mail address.
pub(in crate::voipms) fn get_clients(email: Option<&str>) -> Read<'_, Rows<Client>> {
    Read::new(Function::GetClients, read).with("client", email)
}

fn read(payload: Payload<'_>, reader: &Reader<'_>) -> Result<Rows<Client>, Problem> {
    let mut seen = HashSet::new();
    read_rows("clients", payload, reader, |row| {
        let client = inventory_row(row, reader)?;
        if seen.insert(client.id.clone()) {
            return Ok(client);
        }
        Err(OddRow {
            id: Some(client.id.to_string()),
            why: "an id that was there before",
        })
    })
}

/// The passwords of all clients, hashed.
pub(in crate::voipms) fn passwords() -> Read<'static, Passwords> {
    Read::new(Function::GetClients, |payload, reader| {
        let mut passwords = Passwords::new(RandomState::new());
        if let Payload::Value(payload) = payload {
            for_each_row(payload, |row| password_row(row, &mut passwords))
                .ok_or_else(|| reader.malformed("`clients` is no list", payload.get()))?;
        }
        Ok(passwords)
    })
}

/// One client's whole record.
pub(in crate::voipms) struct GetClient<'c>(pub(in crate::voipms) &'c ClientId);

impl Call for GetClient<'_> {
    type Answer = plan::Read;

    fn function(&self) -> Function {
        Function::GetClients
    }

    fn parameters<'a>(&'a self, add: &mut dyn FnMut(&'static str, &'a str)) {
        add("client", self.0.as_str());
    }

    fn read(&self, payload: Payload<'_>, reader: &Reader<'_>) -> Result<plan::Read, Problem> {
        let absent = || Problem::Status {
            code: "no_client".to_owned(),
            message: None,
        };
        let Payload::Value(payload) = payload else {
            return Err(absent());
        };
        let (mut rows, mut mine) = (0u32, Vec::new());
        for_each_row(payload, |row| {
            rows += 1;
            let id = fields(row.get(), &["client"]).ok().and_then(|[id]| scalar(id?)?);
            if id.is_some_and(|id| id == self.0.as_str()) {
                mine.push(row);
            }
        })
        .ok_or_else(|| reader.malformed("`clients` is no list", payload.get()))?;
        match mine[..] {
            [row] => whole_record(row, reader),
            [] if rows == 0 => Err(absent()),
            [] => Err(Problem::WrongClient),
            [..] => Err(Problem::BadRecord {
                field: "client",
                what: "is there more than once",
            }),
        }
    }
}
