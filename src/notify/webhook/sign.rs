//! Signatures by the Standard Webhooks scheme: <https://github.com/standard-webhooks/standard-webhooks>. PURE.
//!
//! Signed is `ID.TIMESTAMP.BODY` by HMAC-SHA256. While one secret replaces another each request carries the signatures of
//! both, so that the receiver may change over whenever it likes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use ring::hmac;

/// What secrets of the scheme begin with; behind it is base64.
const PREFIX: &str = "whsec_";

/// How many bytes the scheme allows a secret to have.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Longest id of a message, in characters: within the 8 kB that servers allow all headers, with room for the others.
const LONGEST_ID: usize = 1024;

/// Signs requests. Cannot be printed.
#[derive(Clone)]
pub struct Signer(Vec<hmac::Key>);

impl Signer {
    /// Signs with each of these secrets, which stand between commas: of the scheme, or plain text.
    ///
    /// # Errors
    /// What is wrong with one of them, in words that do not show it.
    pub fn new(secrets: &str) -> Result<Self, &'static str> {
        let secrets = secrets.split(',').map(str::trim);
        secrets.map(key).collect::<Result<_, _>>().map(Self)
    }

    /// The signatures of one request, with blanks between.
    #[must_use]
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> String {
        let mut content = format!("{id}.{}.", at.as_second()).into_bytes();
        content.extend_from_slice(body);
        let signatures = self.0.iter().map(|key| hmac::sign(key, &content));
        let signatures: Vec<String> = signatures.map(|tag| format!("v1,{}", STANDARD.encode(tag))).collect();
        signatures.join(" ")
    }
}

fn key(secret: &str) -> Result<hmac::Key, &'static str> {
    let bytes = match secret.strip_prefix(PREFIX) {
        Some(encoded) => {
            let bytes = STANDARD
                .decode(encoded)
                .map_err(|_| "what stands behind whsec_ is not base64")?;
            if !KEY_BYTES.contains(&bytes.len()) {
                return Err("a secret has fewer than 24 or more than 64 bytes behind whsec_");
            }
            bytes
        }
        None if secret.is_empty() => return Err("a secret is empty"),
        None => secret.as_bytes().to_vec(),
    };
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

/// A message's id as a header: the scheme keeps the full stop for itself.
#[must_use]
pub fn header_id(id: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let id = id.chars().take(LONGEST_ID);
    id.map(|c| if fits(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::{Signer, header_id};

    /// The example of Svix, who wrote the scheme down: <https://docs.svix.com/receiving/verifying-payloads/how-manual>.
    #[test]
    fn signatures_are_those_of_the_scheme() {
        let at = jiff::Timestamp::from_second(1_614_265_330).unwrap();
        let sign = |secrets| {
            let signer = Signer::new(secrets).ok().unwrap();
            signer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#)
        };
        let one = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), one);
        let both = sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, another one");
        assert!(both.starts_with(&format!("{one} v1,")), "{both}");
        assert_eq!(both.split(' ').nth(1).unwrap(), sign("another one"));
    }

    #[test]
    fn secrets_are_taken_as_they_are_meant() {
        let of = |bytes: usize| format!("whsec_{}", "AAAA".repeat(bytes / 3));
        for (secrets, is_good) in [
            (of(24), true),
            (of(21), false),
            (of(63), true),
            (of(66), false),
            ("whsec_not base64".to_owned(), false),
            ("whsec_".to_owned(), false),
            ("plain".to_owned(), true),
            (String::new(), false),
            ("one,".to_owned(), false),
            ("one,two".to_owned(), true),
        ] {
            assert_eq!(Signer::new(&secrets).is_ok(), is_good, "{secrets}");
        }
    }

    #[test]
    fn an_id_fits_a_header_and_has_no_full_stop() {
        let id = "main.561115.low-balance.2026-11-23T15:15:00Z/fired/hook/ü\r\nx: y";
        let expected = "main_561115_low-balance_2026-11-23T15_15_00Z_fired_hook____x__y";
        assert_eq!(header_id(id), expected);
        assert_eq!(header_id(&"x".repeat(5_000)).len(), 1_024);
    }
}
