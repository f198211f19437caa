//! Enforcement against a provider that does what it is told, over a real store.

mod changes;
mod crashes;
mod stage;
