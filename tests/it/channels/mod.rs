//! Channels over HTTP through the real program: what each fault of a receiver costs, and that nothing is lost by it.

mod faults;
mod pages;
pub mod receiver;
mod webhook;
