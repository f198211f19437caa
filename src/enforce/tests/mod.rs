//! Enforcement against a provider that does what it is told, over a real store.

mod changes;
mod codes;
mod crashes;
mod late;
mod odd;
mod people;
mod stage;
mod waiting;
