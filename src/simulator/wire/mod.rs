//! The wire: from bytes on a connection to a call, and from what a function did to bytes. Knows statuses, quirks and
//! faults; what a call does to the world is the business of `functions` and `world`.

mod body;
mod connection;
pub(in crate::simulator) mod exchange;
pub(in crate::simulator) mod http;
pub(in crate::simulator) mod journal;
mod multipart;
pub(in crate::simulator) mod php;
pub(in crate::simulator) mod reply;
pub(in crate::simulator) mod request;
pub(in crate::simulator) mod statuses;
pub(in crate::simulator) mod traffic;
