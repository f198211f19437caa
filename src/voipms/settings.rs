//! What a client of the API is made from, and what is refused before the first call.

use secrecy::{ExposeSecret, SecretString};

use super::request::Transport;
use crate::domain::AccountName;
use crate::net::{Bounds, HttpError, Url};
use crate::redact::LONGEST_SECRET_BYTES;

/// Where the API is, as whom to ask, and how.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The account, for logs.
    pub account: AccountName,
    /// The API's address: https, or http to loopback.
    pub url: String,
    /// The API user: the portal's e-mail address.
    pub username: String,
    pub password: SecretString,
    /// How reads are sent; writes are always multipart.
    pub transport: Transport,
    /// Deadlines and the largest answer.
    pub bounds: Bounds,
    /// How many calls are under way at once: so many connections are kept.
    pub concurrency: usize,
}

/// Why settings cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// No address of a server.
    #[error("`url` is no http address")]
    BadUrl,
    /// The password would travel in clear.
    #[error("`url` of account `{account}` must be https: only loopback may be asked over http")]
    Insecure { account: AccountName },
    /// User, query or fragment in the address.
    #[error("`url` must hold no user, password, query or fragment")]
    Decorated,
    #[error("`username` is empty")]
    NoUsername,
    #[error("`password` is empty")]
    NoPassword,
    /// So long that it could not be kept out of every error.
    #[error("`password` is longer than {LONGEST_SECRET_BYTES} bytes")]
    LongPassword,
    /// The HTTP client could not be made.
    #[error(transparent)]
    Http(#[from] HttpError),
}

impl Settings {
    /// Checks everything but whether the API likes it.
    pub(super) fn url(&self) -> Result<Url, SettingsError> {
        let url = Url::parse(&self.url).map_err(|_| SettingsError::BadUrl)?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => {
                let account = self.account.clone();
                return Err(SettingsError::Insecure { account });
            }
            _ => return Err(SettingsError::BadUrl),
        }
        let decorated =
            !url.username().is_empty() || url.password().is_some() || url.query().or(url.fragment()).is_some();
        if decorated {
            return Err(SettingsError::Decorated);
        }
        if self.username.is_empty() {
            return Err(SettingsError::NoUsername);
        }
        match self.password.expose_secret().len() {
            0 => Err(SettingsError::NoPassword),
            1..=LONGEST_SECRET_BYTES => Ok(url),
            _ => Err(SettingsError::LongPassword),
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::{AccountName, Bounds, Settings, SettingsError, Transport};

    #[test]
    fn what_may_be_asked_and_how() {
        let insecure = || {
            Some(SettingsError::Insecure {
                account: AccountName::new("main").unwrap(),
            })
        };
        let cases = [
            ("https", "https://voip.ms/api/v1/rest.php", "x", None),
            ("http elsewhere", "http://voip.ms/api/v1/rest.php", "x", insecure()),
            ("http to loopback", "http://127.0.0.1:8080/api/v1/rest.php", "x", None),
            ("another loopback", "http://127.9.9.9/", "x", None),
            ("loopback by name", "http://localhost:1/", "x", None),
            ("loopback v6", "http://[::1]:1/", "x", None),
            ("looks like loopback", "http://127.0.0.1.example.com/", "x", insecure()),
            ("looks like localhost", "http://localhost.example.com/", "x", insecure()),
            ("all addresses", "http://0.0.0.0/", "x", insecure()),
            ("loopback as user", "http://localhost@example.com/", "x", insecure()),
            ("other scheme", "ftp://127.0.0.1/", "x", Some(SettingsError::BadUrl)),
            ("no scheme", "voip.ms/api", "x", Some(SettingsError::BadUrl)),
            ("user", "https://me@voip.ms/", "x", Some(SettingsError::Decorated)),
            ("password", "https://:pw@voip.ms/", "x", Some(SettingsError::Decorated)),
            (
                "query",
                "https://voip.ms/?api_password=x",
                "x",
                Some(SettingsError::Decorated),
            ),
            ("no password", "https://voip.ms/", "", Some(SettingsError::NoPassword)),
            ("longest password", "https://voip.ms/", &"x".repeat(512), None),
            (
                "too long",
                "https://voip.ms/",
                &"x".repeat(513),
                Some(SettingsError::LongPassword),
            ),
        ];
        for (name, url, password, expected) in cases {
            let settings = Settings {
                account: AccountName::new("main").unwrap(),
                url: url.to_owned(),
                username: "reseller@example.com".to_owned(),
                password: SecretString::from(password.to_owned()),
                transport: Transport::Multipart,
                bounds: Bounds::default(),
                concurrency: 8,
            };
            assert_eq!(settings.url().err(), expected, "{name}");
        }
    }
}
