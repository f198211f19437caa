//! What the wire can send, and what comes of it: answers as tables, and whole calls against a server of bytes; and what
//! is refused before it is sent.

mod answers;
mod calls;
mod checks;
mod sent;
mod shown;
mod traps;
mod writes;
