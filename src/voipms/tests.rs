//! What the wire can send, and what comes of it: answers as tables, and whole calls against a server of bytes.

mod answers;
mod calls;
