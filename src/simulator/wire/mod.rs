//! The wire: from bytes on a connection to a call, and from what a function did to bytes. Knows statuses, quirks and
//! faults; what a call does to the world is the business of `functions` and `world`.

mod body;
mod connection;
pub mod exchange;
pub mod http;
pub mod journal;
pub mod reply;
pub mod statuses;
pub mod traffic;

/// How a call arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Get,
    Multipart,
    /// A POST with the form that browsers send.
    Urlencoded,
    /// A POST without a body.
    QueryPost,
    /// A POST of any other kind, which the SOAP handler answers.
    Other,
    /// PATCH or PUT, with a query.
    OtherMethod,
}

impl Transport {
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Multipart => "multipart",
            Self::Urlencoded => "urlencoded",
            Self::QueryPost => "query-post",
            Self::Other => "other",
            Self::OtherMethod => "other-method",
        }
    }
}
