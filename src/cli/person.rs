//! Who decides something, and for how long: what the commands share by which people silence and acknowledge.

use std::ffi::OsString;

use jiff::SignedDuration;

use super::text::clean;
use crate::config::Variables;
use crate::config::duration::{duration, for_people};

/// Where the names of users are.
const USERS: &str = "/etc/passwd";

/// Longest name of a person, in characters: it stands in tables and mails.
const LONGEST_NAME: usize = 60;

/// Nothing is hushed for longer: what must be silent for good is a matter of the configuration.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The name that was given, else that of the user who runs the command. One who became root by `sudo` is named.
pub fn name(given: Option<&str>, variables: &Variables) -> String {
    let id = rustix::process::getuid().as_raw();
    let sudo = variables.get(&OsString::from("SUDO_USER")).filter(|_| id == 0);
    let sudo = sudo.and_then(|name| name.to_str()).filter(|name| !name.is_empty());
    let named = given.or(sudo).map(str::to_owned);
    let name = named.or_else(|| user(&std::fs::read_to_string(USERS).ok()?, id));
    let name = name.unwrap_or_else(|| format!("user {id}"));
    clean(&name).chars().take(LONGEST_NAME).collect()
}

/// The name of a user in the file of users.
fn user(users: &str, id: u32) -> Option<String> {
    let mut fields = users.lines().map(|line| line.split(':'));
    let found = fields.find_map(|mut fields| {
        let name = fields.next()?;
        let number = fields.nth(1)?;
        (number.parse() == Ok(id)).then_some(name)
    })?;
    (!found.is_empty()).then(|| found.to_owned())
}

/// Who decides, on one line.
pub fn by(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST_NAME {
        return Err(format!("a name has 1 to {LONGEST_NAME} characters"));
    }
    Ok(clean(text).into_owned())
}

/// How long something holds from now on.
pub fn lasting(text: &str) -> Result<SignedDuration, String> {
    let found = duration(text).ok_or_else(|| "expected a duration such as 30m, 2h or 3d".to_owned())?;
    if found.is_zero() {
        return Err("it would be over at once".to_owned());
    }
    if found > LONGEST {
        return Err(format!(
            "at most {}: what must be silent for longer belongs in the configuration (`clients.exclude`, `[[mute]]`, or no \
             `notify` of a policy)",
            for_people(LONGEST)
        ));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, by, lasting, name, user};
    use crate::config::Variables;
    use jiff::SignedDuration;

    #[test]
    fn a_user_is_found_by_number() {
        const USERS: &str =
            "root:x:0:0:root:/root:/bin/sh\nbroken\nalice:x:1000:1000::/home/alice:/bin/sh\n:x:7:7::/:/bin/sh\n";
        for (id, expected) in [(0, Some("root")), (1000, Some("alice")), (7, None), (8, None)] {
            assert_eq!(user(USERS, id).as_deref(), expected, "{id}");
        }
        assert_eq!(name(Some("bob"), &Variables::default()), "bob");
        assert!(!name(None, &Variables::default()).is_empty());
    }

    #[test]
    fn it_lasts_up_to_thirty_days_and_not_for_nothing() {
        for (text, expected) in [
            ("2h", Some(SignedDuration::from_hours(2))),
            ("1s", Some(SignedDuration::from_secs(1))),
            ("30d", Some(LONGEST)),
            ("30d 1s", None),
            ("0s", None),
            ("-2h", None),
            ("", None),
            ("tomorrow", None),
        ] {
            assert_eq!(lasting(text).ok(), expected, "{text}");
        }
        assert!(lasting("31d").unwrap_err().contains("at most 30d"));
    }

    #[test]
    fn a_name_is_short_and_on_one_line() {
        assert_eq!(by(" Alice ").as_deref(), Ok("Alice"));
        assert_eq!(by("a\nb").as_deref(), Ok("a\u{fffd}b"));
        assert!(by(" ").is_err());
        assert!(by(&"x".repeat(61)).is_err());
    }
}
