//! What goes back over the connection, as data, and the pages that come instead of answers. Does not know when.

use std::time::Duration;

/// What goes back over the connection.
#[derive(Debug)]
pub struct Reply {
    pub http_status: u16,
    pub content_type: &'static str,
    pub body: Vec<u8>,
    /// The methods that a status 405 names.
    pub allow: String,
    /// Real time to wait before it goes.
    pub delay: Duration,
    /// The connection is reset instead.
    pub reset: bool,
}

pub(super) const JSON: &str = "application/json";
pub(super) const HTML: &str = "text/html; charset=UTF-8";
const XML: &str = "text/xml; charset=utf-8";

impl Reply {
    pub fn new(http_status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            http_status,
            content_type,
            body: body.into(),
            allow: String::new(),
            delay: Duration::ZERO,
            reset: false,
        }
    }

    pub fn html(http_status: u16, title: &str, text: &str) -> Self {
        let body = format!(
            "<!DOCTYPE html>\n<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n<p>{text}</p>\n</body>\n</html>\n"
        );
        Self::new(http_status, HTML, body)
    }

    pub fn json(http_status: u16, value: &serde_json::Value) -> Self {
        Self::new(http_status, JSON, format!("{value}\n"))
    }

    /// The page for a method that the server does not take.
    pub(super) fn not_allowed() -> Self {
        let text = "The requested method is not allowed for this URL.";
        Self {
            allow: "GET, HEAD, POST".to_owned(),
            ..Self::html(405, "Method Not Allowed", text)
        }
    }

    /// Cloudflare's page for whom it does not let through.
    pub(super) fn blocked() -> Self {
        Self::html(
            403,
            "Attention Required! | Cloudflare",
            "Sorry, you have been blocked. You are unable to access voip.ms",
        )
    }

    /// The page of a server that gets too much from somebody.
    pub(super) fn rate_limited() -> Self {
        Self::html(429, "Too Many Requests", "You are being rate limited.")
    }

    /// The page of a server that made a mistake.
    pub(super) fn broken(text: &str) -> Self {
        Self::html(500, "Internal Server Error", text)
    }

    /// The page of a cache that does not reach the server behind it.
    pub(super) fn no_backend() -> Self {
        Self::html(
            503,
            "503 Backend fetch failed",
            "Error 503 Backend fetch failed</p>\n<p>Guru Meditation:</p>\n<p>Varnish cache server",
        )
    }

    /// What PHP's SOAP server says to a POST that is no SOAP.
    pub(super) fn soap_fault(http_status: u16) -> Self {
        let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\">\
<SOAP-ENV:Body><SOAP-ENV:Fault><faultcode>SOAP-ENV:Client</faultcode><faultstring>Bad Request</faultstring></SOAP-ENV:Fault>\
</SOAP-ENV:Body></SOAP-ENV:Envelope>\n";
        Self::new(http_status, XML, body)
    }
}
