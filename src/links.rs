//! Links in messages to operators: to the program's own pages, and links that carry the right to acknowledge one episode or
//! to answer whether one change is made.
//!
//! A mail program or a scanner follows links, so opening one must change nothing: what it leads to asks for a click. Each
//! that carries a right is signed, ends after a day, and works once (the store remembers that).

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ring::hmac::{self, HMAC_SHA256, Key};
use serde::{Deserialize, Serialize};

/// How long a link that carries a right holds. Who comes later finds the alert on the pages.
const HOLDS_SECS: i64 = 24 * 3600;

/// Makes the key of links differ from every other that is made of the same token.
const PURPOSE: &[u8] = b"balancewatch link 1";

/// Longest link that is read, in characters.
const LONGEST: usize = 2_000;

/// The right that a link carries: to acknowledge one episode, or to answer whether a change is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    #[serde(rename = "e")]
    pub episode: String,
    #[serde(rename = "a")]
    pub account: String,
    #[serde(rename = "c")]
    pub client: String,
    #[serde(rename = "p")]
    pub policy: String,
    /// Whom the message was for: who acknowledges by it.
    #[serde(rename = "t")]
    pub to: String,
    /// Until when it holds, in seconds since 1970.
    #[serde(rename = "u")]
    pub until: i64,
    /// The change that may be approved or rejected; `None`: the episode may be acknowledged.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub enforcement: Option<String>,
}

/// Why a link gives no right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("this link is not one of balancewatch's, or the token has changed since it was sent")]
    Forged,
    #[error("this link is older than a day")]
    Expired,
}

/// Where links lead, and what signs those that carry a right.
#[derive(Clone)]
pub struct Links {
    base: String,
    /// `None`: there is no token, and no link carries a right.
    signer: Option<Signer>,
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl Links {
    /// To the pages at `base`, without a slash at its end.
    #[must_use]
    pub fn new(base: &str, signer: Option<Signer>) -> Self {
        let base = base.to_owned();
        Self { base, signer }
    }

    /// The page of a client.
    #[must_use]
    pub fn client(&self, account: &str, client: &str) -> String {
        format!("{}/clients/{account}/{client}", self.base)
    }

    /// The list of what fires.
    #[must_use]
    pub fn alerts(&self) -> String {
        format!("{}/alerts", self.base)
    }

    /// A link by which one episode can be acknowledged once, until a day after `now` (seconds since 1970).
    #[must_use]
    pub fn acknowledge(&self, grant: Grant, now: i64) -> Option<String> {
        self.signed("acknowledge", grant, now)
    }

    /// A link by which one change can be approved or rejected once; as [`Links::acknowledge`].
    #[must_use]
    pub fn approve(&self, grant: Grant, now: i64) -> Option<String> {
        self.signed("approve", grant, now)
    }

    fn signed(&self, page: &str, grant: Grant, now: i64) -> Option<String> {
        let until = now.saturating_add(HOLDS_SECS);
        let signed = self.signer.as_ref()?.sign(&Grant { until, ..grant })?;
        Some(format!("{}/{page}/{signed}", self.base))
    }

    /// Where all of them begin.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }
}

/// What signs links, made of the token: a new token ends all of them.
#[derive(Clone)]
pub struct Signer(Key);

impl Signer {
    #[must_use]
    pub fn new(token: &str) -> Self {
        let master = Key::new(HMAC_SHA256, token.as_bytes());
        Self(Key::new(HMAC_SHA256, hmac::sign(&master, PURPOSE).as_ref()))
    }

    fn sign(&self, grant: &Grant) -> Option<String> {
        let said = BASE64.encode(serde_json::to_vec(grant).ok()?);
        let tag = hmac::sign(&self.0, said.as_bytes());
        Some(format!("{said}.{}", BASE64.encode(tag.as_ref())))
    }

    /// The right that a link carries, with what the store knows it by.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn read(&self, link: &str, now: i64) -> Result<(Grant, String), Unfit> {
        let (said, tag) = link
            .split_once('.')
            .filter(|_| link.len() <= LONGEST)
            .ok_or(Unfit::Forged)?;
        let shown = BASE64.decode(tag).map_err(|_| Unfit::Forged)?;
        // In constant time.
        hmac::verify(&self.0, said.as_bytes(), &shown).map_err(|_| Unfit::Forged)?;
        let grant = BASE64.decode(said).map_err(|_| Unfit::Forged)?;
        let grant: Grant = serde_json::from_slice(&grant).map_err(|_| Unfit::Forged)?;
        if grant.until <= now {
            return Err(Unfit::Expired);
        }
        Ok((grant, tag.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Grant, Links, Signer, Unfit};

    fn grant() -> Grant {
        Grant {
            episode: "main.561115.low-balance.20261129T000000000Z".to_owned(),
            account: "main".to_owned(),
            client: "561115".to_owned(),
            policy: "low-balance".to_owned(),
            to: "ops".to_owned(),
            until: 0,
            enforcement: None,
        }
    }

    #[test]
    fn a_link_holds_for_a_day_and_for_the_token_it_was_made_with() {
        let signer = Signer::new("token");
        let links = Links::new("https://x.example", Some(signer.clone()));
        let link = links.acknowledge(grant(), 1_000).unwrap();
        let link = link.strip_prefix("https://x.example/acknowledge/").unwrap();
        assert_eq!(signer.read(link, 87_399).unwrap().0.episode, grant().episode);
        assert_eq!(signer.read(link, 87_400), Err(Unfit::Expired));
        assert_eq!(Signer::new("another").read(link, 2_000), Err(Unfit::Forged));
        assert_eq!(Links::new("https://x.example", None).acknowledge(grant(), 0), None);
    }

    #[test]
    fn no_other_letter_anywhere_is_taken() {
        let signer = Signer::new("token");
        let link = signer.sign(&Grant { until: 10, ..grant() }).unwrap();
        assert!(signer.read(&link, 1).is_ok());
        let dot = link.find('.').unwrap();
        for at in 0..link.len() {
            let mut bytes = link.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(bytes).unwrap();
            // The last letter of the tag has bits that mean nothing.
            if at != dot && at + 1 != link.len() {
                assert_eq!(signer.read(&forged, 1), Err(Unfit::Forged), "{at}");
            }
        }
        for odd in ["", ".", "a.b", "é.é", &"x".repeat(10_000)] {
            assert_eq!(signer.read(odd, 1), Err(Unfit::Forged), "{odd:?}");
        }
    }
}
