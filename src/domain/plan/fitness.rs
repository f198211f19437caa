//! Whether a record may be sent back as it was read: what no list of words can tell of a password, and what about the
//! record the program does not understand.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::hash::{BuildHasher, RandomState};

use super::record::{Field, Oddity, Read};
use crate::domain::ClientId;
use crate::domain::enforcement::Refusal;

/// The passwords that a list of clients shows, as hashes under a key that dies with them: to find what several clients
/// show, which is none. They live as long as one run.
pub struct Passwords {
    hasher: RandomState,
    owners: HashMap<u64, Owner>,
    clients: BTreeSet<ClientId>,
}

/// Who shows a password.
enum Owner {
    One(ClientId),
    Several,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Passwords(of {} clients)", self.clients.len())
    }
}

impl Passwords {
    /// Those of nobody, to be hashed by this.
    #[must_use]
    pub fn new(hasher: RandomState) -> Self {
        Self {
            hasher,
            owners: HashMap::new(),
            clients: BTreeSet::new(),
        }
    }

    /// Takes a client of the list in.
    pub fn add(&mut self, client: &ClientId, password: &str) {
        self.clients.insert(client.clone());
        let hash = self.hasher.hash_one(password.trim());
        let owner = self.owners.entry(hash).or_insert_with(|| Owner::One(client.clone()));
        if !matches!(owner, Owner::One(one) if one == client) {
            *owner = Owner::Several;
        }
    }

    /// Whether the list has this client: one that lacks it says nothing about it.
    #[must_use]
    pub fn knows(&self, client: &ClientId) -> bool {
        self.clients.contains(client)
    }

    /// How many clients the list has.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    /// Whether another client shows this password too.
    #[must_use]
    pub fn is_anothers(&self, client: &ClientId, password: &str) -> bool {
        match self.owners.get(&self.hasher.hash_one(password.trim())) {
            None => false,
            Some(Owner::One(owner)) => owner != client,
            Some(Owner::Several) => true,
        }
    }
}

/// Whether a record may be sent back with these `changes` to it. `harmless`: fields beside the known ones that setClient
/// leaves alone (`enforcement.extra_fields`). `passwords`: of the list; needed unless the password is changed.
///
/// # Errors
/// The [`Refusal`].
pub fn fit(
    read: &Read,
    changes: &[(Field, &str)],
    harmless: &BTreeSet<String>,
    passwords: Option<&Passwords>,
) -> Result<(), Refusal> {
    let is_changed = |wanted: Field| changes.iter().any(|(field, _)| *field == wanted);
    if !is_changed(Field::Password) {
        let password = read.record.expose_password().unwrap_or_default();
        if passwords.is_none_or(|passwords| passwords.is_anothers(&read.client.id, password)) {
            return Err(Refusal::PasswordShared);
        }
    }
    for oddity in &read.oddities {
        match oddity {
            // An id is compared with the one that was asked for, and a code with those that are listed.
            Oddity::Number(Field::Client | Field::BalanceManagement) => {}
            Oddity::Number(field) if is_changed(*field) => {}
            Oddity::Number(field) => {
                return Err(Refusal::Number {
                    field: field.name().to_owned(),
                });
            }
            Oddity::Unknown(name) if harmless.contains(name) => {}
            Oddity::Unknown(name) => return Err(Refusal::UnknownField { field: name.clone() }),
        }
    }
    Ok(())
}
