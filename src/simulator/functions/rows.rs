//! Long lists of clients, row by row: an answer of megabytes is written while it is sent and never held whole. Decides
//! nothing about what a row looks like.

use super::super::settings::{Key, Settings};
use super::super::wire::php::Json;
use super::super::world::World;
use super::super::world::chance::{Share, Topic};
use super::super::world::client::Client;
use super::reads::write_client;

/// Most rows that are written at once: some 150 KB. More would be held in memory for each caller, fewer would come in
/// chunks where a length is what most programs get to see.
pub(super) const MOST_AT_ONCE: usize = 500;

/// Who is listed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    share: Share,
    waiting_too: bool,
}

impl Shown {
    pub(super) fn by(settings: &Settings) -> Self {
        Self {
            share: settings.share(Key::ListShare),
            waiting_too: settings.on(Key::WaitingListed),
        }
    }

    pub(super) fn has(self, client: &Client, world: &World) -> bool {
        (self.waiting_too || !client.is_waiting()) && world.is_among(Topic::Listed, client.id, self.share)
    }
}

/// Where a list that is being sent stands. Who comes or changes meanwhile is listed as of then.
#[derive(Debug)]
pub(in crate::simulator) struct Rows {
    shown: Shown,
    as_object: bool,
    /// As they were when the call came: a list is written in one way from its begin to its end.
    settings: Settings,
    /// The slot to look at next.
    slot: usize,
    /// How many rows are written.
    written: usize,
}

impl Rows {
    /// Opens the list.
    pub(super) fn begin(json: &mut Json, settings: &Settings, shown: Shown) -> Self {
        let as_object = settings.on(Key::ListAsObject);
        json.open(if as_object { b'{' } else { b'[' });
        Self {
            shown,
            as_object,
            settings: settings.clone(),
            slot: 0,
            written: 0,
        }
    }

    /// Writes rows until `json` holds `bytes`, and closes the list when there are no more; whether it did.
    pub(in crate::simulator) fn write(&mut self, json: &mut Json, world: &World, bytes: usize) -> bool {
        for (slot, client) in world.clients_from(self.slot) {
            if json.len() >= bytes {
                return false;
            }
            self.slot = slot + 1;
            if self.shown.has(client, world) {
                if self.as_object {
                    json.key(&super::position_key(self.written));
                }
                write_client(json, client, &self.settings);
                self.written += 1;
            }
        }
        json.close(if self.as_object { b'}' } else { b']' });
        true
    }
}
