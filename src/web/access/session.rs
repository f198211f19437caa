//! Sessions: what a cookie says, and proves. Pure but for the nonce: nothing is kept of a session here, so that no number of logins fills
//! the memory, and a restart ends none. All hang on the token: with a new one every session is over.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use jiff::{SignedDuration, Timestamp};
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

/// A session lasts a working day, and not the next one.
pub const LASTS: SignedDuration = SignedDuration::from_hours(12);

/// Somebody who logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The name that was given at the login: whom decisions are put down to.
    pub by: String,
    /// What was signed: until when, which session, whose.
    signed: String,
}

/// What is made from a token: none of it leads back to it.
pub struct Keys {
    sessions: hmac::Key,
    csrf: hmac::Key,
    token: hmac::Tag,
}

impl Keys {
    pub fn of(token: &SecretString) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, token.expose_secret().as_bytes());
        let derived = |purpose: &str| hmac::sign(&root, purpose.as_bytes());
        let key = |purpose| hmac::Key::new(hmac::HMAC_SHA256, derived(purpose).as_ref());
        let sessions = key("sessions of balancewatch");
        Self {
            token: hmac::sign(&sessions, token.expose_secret().as_bytes()),
            csrf: key("forms of balancewatch"),
            sessions,
        }
    }

    /// Whether this is the token. How long that takes tells nothing of it.
    #[must_use]
    pub fn is_token(&self, shown: &[u8]) -> bool {
        hmac::verify(&self.sessions, shown, self.token.as_ref()).is_ok()
    }

    /// The value of the cookie of a new session, and the session.
    pub fn begin(&self, by: &str, now: Timestamp) -> (String, Session) {
        let until = now.saturating_add(LASTS).unwrap_or(now).as_second();
        let nonce = BASE64.encode(rand::random::<[u8; 12]>());
        let signed = format!("{until}.{nonce}.{}", BASE64.encode(by));
        let cookie = format!("{signed}.{}", BASE64.encode(mark(&self.sessions, &signed)));
        let by = by.to_owned();
        (cookie, Session { by, signed })
    }

    /// The session of a cookie; `None`: forged, of another token, or over.
    #[must_use]
    pub fn session(&self, cookie: &str, now: Timestamp) -> Option<Session> {
        let (signed, proof) = cookie.rsplit_once('.')?;
        let proof = BASE64.decode(proof).ok()?;
        hmac::verify(&self.sessions, signed.as_bytes(), &proof).ok()?;
        let mut parts = signed.split('.');
        let until: i64 = parts.next()?.parse().ok()?;
        let by = String::from_utf8(BASE64.decode(parts.nth(1)?).ok()?).ok()?;
        let signed = signed.to_owned();
        (now.as_second() < until).then_some(Session { by, signed })
    }

    /// What a form of this session shows.
    #[must_use]
    pub fn csrf(&self, session: &Session) -> String {
        BASE64.encode(mark(&self.csrf, &session.signed))
    }

    /// Whether a form shows what it must.
    #[must_use]
    pub fn has_csrf(&self, session: &Session, shown: &str) -> bool {
        let shown = BASE64.decode(shown).unwrap_or_default();
        hmac::verify(&self.csrf, session.signed.as_bytes(), &shown).is_ok()
    }
}

fn mark(key: &hmac::Key, text: &str) -> hmac::Tag {
    hmac::sign(key, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{BASE64, Keys, LASTS};
    use crate::domain::testing::at;
    use base64::Engine;

    #[test]
    fn a_session_is_what_was_signed_and_for_twelve_hours() {
        let keys = Keys::of(&"a token of some length".into());
        let other = Keys::of(&"another token of a length".into());
        let (cookie, session) = keys.begin("Zoë <b>.", at(0));
        assert_eq!(session.by, "Zoë <b>.");
        let later = |seconds: i64| at(LASTS.as_secs() + seconds);
        let (rest, proof) = cookie.rsplit_once('.').unwrap();
        let mallory = rest.rsplit_once('.').unwrap().0.to_owned() + "." + &BASE64.encode("mallory");
        let longer = rest.replacen(rest.split('.').next().unwrap(), "99999999999", 1);
        for (name, keys, cookie, now, is_valid) in [
            ("fresh", &keys, cookie.clone(), at(0), true),
            ("nearly over", &keys, cookie.clone(), later(-1), true),
            ("over", &keys, cookie.clone(), later(0), false),
            ("another token", &other, cookie.clone(), at(0), false),
            ("another name", &keys, format!("{mallory}.{proof}"), at(0), false),
            ("another end", &keys, format!("{longer}.{proof}"), at(0), false),
            ("no proof", &keys, format!("{rest}."), at(0), false),
            (
                "half a proof",
                &keys,
                cookie[..cookie.len() - 8].to_owned(),
                at(0),
                false,
            ),
            (
                "the csrf value as proof",
                &keys,
                format!("{rest}.{}", keys.csrf(&session)),
                at(0),
                false,
            ),
            ("nothing", &keys, String::new(), at(0), false),
            ("dots", &keys, "....".to_owned(), at(0), false),
        ] {
            let found = keys.session(&cookie, now);
            assert_eq!(found, is_valid.then(|| session.clone()), "{name}");
        }
    }

    #[test]
    fn a_form_shows_what_belongs_to_its_own_session() {
        let keys = Keys::of(&"a token of some length".into());
        let (_, session) = keys.begin("alice", at(0));
        let (_, again) = keys.begin("alice", at(0));
        let csrf = keys.csrf(&session);
        assert!(keys.has_csrf(&session, &csrf));
        assert!(!keys.has_csrf(&again, &csrf));
        assert!(!keys.has_csrf(&session, ""));
        assert!(!keys.has_csrf(&session, &csrf[1..]));
        assert!(!Keys::of(&"another token of a length".into()).has_csrf(&session, &csrf));
    }

    #[test]
    fn only_the_whole_token_is_the_token() {
        let keys = Keys::of(&"a token of some length".into());
        for (shown, is_it) in [
            ("a token of some length", true),
            ("a token of some lengt", false),
            ("a token of some length ", false),
            ("", false),
        ] {
            assert_eq!(keys.is_token(shown.as_bytes()), is_it, "{shown:?}");
        }
    }
}
