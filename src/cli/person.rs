//! Who decides something on a command line.

use std::ffi::OsString;

use super::text::clean;
use crate::config::Variables;
use crate::desk::spoken::LONGEST_NAME;

/// Where the names of users are.
const USERS: &str = "/etc/passwd";

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

#[cfg(test)]
mod tests {
    use super::{name, user};
    use crate::config::Variables;

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
}
