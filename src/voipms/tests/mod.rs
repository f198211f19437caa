//! What the wire can send, and what comes of it: answers as tables, whole calls within the process, and over HTTP what only
//! HTTP can do; and what is refused before it is sent.

mod answers;
mod calls;
mod checks;
mod http;
mod sent;
mod shown;
mod stage;
mod traps;
mod writes;
