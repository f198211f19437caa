//! The reseller API as a typed client. It knows the wire, its quirks and its pace; it has no policy and stores nothing.

pub mod pace;
