//! Calls as HTTP requests: multipart POST, or GET with a query. The parts that never change are made once.

use secrecy::{ExposeSecret, SecretString};

use super::call::Call;
use super::error::Problem;
use crate::net::header::{CONTENT_TYPE, HeaderValue};
use crate::net::{HttpRequest, Method, Url};

/// How a call is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// POST with `multipart/form-data`: nothing secret in the URL. What urlencoded forms get is a SOAP fault.
    Multipart,
    /// GET with a query: the API password is in the URL, where a proxy may log it. Only ever used for reads.
    Get,
}

/// The longest request line that the API takes, with room for method, version and an escaped path.
const LONGEST_QUERY_BYTES: usize = 8_000;

/// Makes requests. Holds the API password; cannot be printed.
pub(super) struct Encoder {
    url: Url,
    /// The URL with the credentials.
    get: Url,
    content_type: HeaderValue,
    delimiter: String,
    /// The parts with the credentials.
    head: String,
}

impl Encoder {
    /// `random` makes the boundary one that nobody can have put into a client's record.
    pub(super) fn new(url: Url, username: &str, password: &SecretString, random: [u64; 2]) -> Result<Self, Problem> {
        let boundary = format!("balancewatch-{:016x}{:016x}", random[0], random[1]);
        let mut get = url.clone();
        get.query_pairs_mut()
            .append_pair("api_username", username)
            .append_pair("api_password", password.expose_secret());
        let mut encoder = Self {
            url,
            get,
            content_type: HeaderValue::from_str(&format!("multipart/form-data; boundary={boundary}"))
                .map_err(|_| Problem::Unsendable("no boundary could be made"))?,
            delimiter: format!("--{boundary}"),
            head: String::new(),
        };
        let mut head = String::new();
        encoder.part(&mut head, "api_username", username);
        encoder.part(&mut head, "api_password", password.expose_secret());
        encoder.head = head;
        Ok(encoder)
    }

    fn part(&self, body: &mut String, name: &str, value: &str) {
        for piece in [
            &self.delimiter,
            "\r\nContent-Disposition: form-data; name=\"",
            name,
            "\"\r\n\r\n",
            value,
            "\r\n",
        ] {
            body.push_str(piece);
        }
    }

    /// The request for a call.
    pub(super) fn request(&self, call: &Call, transport: Transport) -> Result<HttpRequest, Problem> {
        match transport {
            Transport::Multipart => self.multipart(call),
            Transport::Get => self.query(call),
        }
    }

    fn multipart(&self, call: &Call) -> Result<HttpRequest, Problem> {
        let mut body = String::with_capacity(self.head.len() + 512);
        body.push_str(&self.head);
        self.part(&mut body, "method", call.function().name());
        let mut ends_a_part = false;
        for (name, value) in call.arguments() {
            ends_a_part |= value.contains(&self.delimiter);
            self.part(&mut body, name, value);
        }
        if ends_a_part {
            return Err(Problem::Unsendable("a value contains the boundary between values"));
        }
        body.push_str(&self.delimiter);
        body.push_str("--\r\n");
        let mut request =
            HttpRequest::new(Method::POST, self.url.clone()).header(CONTENT_TYPE, self.content_type.clone());
        request.body = Some(body.into_bytes());
        Ok(request)
    }

    fn query(&self, call: &Call) -> Result<HttpRequest, Problem> {
        let mut url = self.get.clone();
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("method", call.function().name());
            query.extend_pairs(call.arguments());
        }
        if url.as_str().len() > LONGEST_QUERY_BYTES {
            return Err(Problem::Unsendable("it is too long for a GET request"));
        }
        Ok(HttpRequest::new(Method::GET, url))
    }
}
