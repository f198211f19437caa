//! What was done to the running program to break it: each of these once showed a fault.

pub mod disk;
mod removed;
mod signals;
mod unread;

mod addresses;
mod dead;
mod echo;
mod faked;
mod files;
mod letters;
mod log;
mod mail;
mod notices;
mod payloads;
