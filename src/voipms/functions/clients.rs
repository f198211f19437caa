//! getClients: the list as a lean inventory, and one client's whole record.

use std::collections::HashSet;
use std::hash::RandomState;

use super::rows::{Rows, read_rows};
use crate::domain::plan::{Passwords, Read};
use crate::domain::{Client, ClientId};
use crate::voipms::answer::{Payload, Reader, malformed};
use crate::voipms::call::Call;
use crate::voipms::error::Problem;
use crate::voipms::function::Function;
use crate::voipms::json::{fields, for_each_row, scalar};
use crate::voipms::question::Question;
use crate::voipms::record::{OddRow, inventory_row, password_row, whole_record};

pub fn get_clients() -> Question<Rows<Client>> {
    Question::new(Call::plain(Function::GetClients), read_clients)
}

pub fn read_clients(_: &Call, payload: Payload<'_>, reader: &Reader<'_>) -> Result<Rows<Client>, Problem> {
    let mut seen = HashSet::new();
    read_rows(Function::GetClients, payload, |row| {
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
pub fn get_passwords() -> Question<Passwords> {
    Question::new(Call::plain(Function::GetClients), |_, payload, _| {
        let mut passwords = Passwords::new(RandomState::new());
        if let Payload::Value(payload) = payload {
            for_each_row(payload, |row| password_row(row, &mut passwords))
                .ok_or_else(|| malformed("`clients` is no list"))?;
        }
        Ok(passwords)
    })
}

/// One client's whole record.
pub fn get_client(client: &ClientId) -> Question<Read> {
    Question::new(Call::of_client(Function::GetClients, client), read_client)
}

fn read_client(call: &Call, payload: Payload<'_>, reader: &Reader<'_>) -> Result<Read, Problem> {
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
        if id.is_some_and(|id| Some(&*id) == call.argument("client")) {
            mine.push(row);
        }
    })
    .ok_or_else(|| malformed("`clients` is no list"))?;
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
