//! Messages that will never arrive, and that nobody has dealt with: what is told of them, and who can be told. Pure.

use std::collections::BTreeSet;

use super::{ChannelName, ClientId};

/// So many are named in one text; the command lists all.
const MOST_NAMED: usize = 5;

/// A dead message. It is dealt with when a person tried it again or dropped it, or when its recipient took a later one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    pub message: String,
    /// The first notification that it carried, by which a person deals with it.
    pub notification: String,
    /// The client that this was about, or a pseudo-client.
    pub client: ClientId,
    /// What people call the client.
    pub label: String,
    /// How many notifications it carried.
    pub carried: u64,
    pub channel: ChannelName,
    pub recipient: String,
    /// Why it will never arrive.
    pub why: String,
    /// Whether people were told of it.
    pub is_announced: bool,
    /// Whether its recipient took a later message, so that it can be reached again.
    pub is_settled: bool,
}

impl DeadLetter {
    /// Whom it was about, for whom, and why it died, in one sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Self { client, label, .. } = self;
        let about = match label.as_str() {
            _ if client.is_pseudo() => label.clone(),
            label if label == client.as_str() => format!("client {client}"),
            label => format!("{label} ({client})"),
        };
        let more = match self.carried {
            0 | 1 => String::new(),
            carried => format!(" and {} more", carried - 1),
        };
        format!(
            "the one about {about}{more} to {} through {}: {}",
            self.recipient, self.channel, self.why
        )
    }
}

/// What is told of dead letters, and what to do about them; `None` when there is none. Those that nobody was told of
/// yet come first.
#[must_use]
pub fn summary(letters: &[DeadLetter]) -> Option<(String, String)> {
    let mut letters: Vec<&DeadLetter> = letters.iter().collect();
    letters.sort_by_key(|letter| letter.is_announced);
    let first = letters.first()?;
    let count = match letters.len() {
        1 => "a message".to_owned(),
        number => format!("{number} messages"),
    };
    let mut what = format!("{count} will never arrive: ");
    for (index, letter) in letters.iter().take(MOST_NAMED).enumerate() {
        what.push_str(if index == 0 { "" } else { "; " });
        what.push_str(&letter.sentence());
    }
    if letters.len() > MOST_NAMED {
        what.push_str(&format!("; and {} more", letters.len() - MOST_NAMED));
    }
    let fix = format!(
        "tell the recipient yourself if it matters still. `balancewatch notifications list --state dead` shows all; \
         when the cause is mended, `balancewatch notifications retry {id}` sends it again, and `balancewatch \
         notifications drop {id} --comment TEXT` gives it up",
        id = first.notification
    );
    Some((what, fix))
}

/// Who of `recipients` cannot be told of these letters: never through a channel in which one died; only when that leaves
/// nobody, the other recipients of such a channel are told.
#[must_use]
pub fn unreachable(
    letters: &[DeadLetter],
    recipients: &BTreeSet<(ChannelName, String)>,
) -> BTreeSet<(ChannelName, String)> {
    let open = || letters.iter().filter(|letter| !letter.is_settled);
    let in_channels: BTreeSet<_> = recipients
        .iter()
        .filter(|(channel, _)| open().any(|letter| letter.channel == *channel))
        .cloned()
        .collect();
    if in_channels.len() < recipients.len() {
        return in_channels;
    }
    let is_own = |(channel, address): &&(ChannelName, String)| {
        open().any(|letter| letter.channel == *channel && letter.recipient == *address)
    };
    recipients.iter().filter(is_own).cloned().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{DeadLetter, summary, unreachable};
    use crate::domain::ChannelName;
    use crate::domain::testing::dead_letter;

    fn letter(channel: &str, recipient: &str) -> DeadLetter {
        DeadLetter {
            channel: ChannelName::new(channel).unwrap(),
            recipient: recipient.to_owned(),
            ..dead_letter()
        }
    }

    #[test]
    fn a_text_names_client_address_reason_and_command_and_is_bounded() {
        let (what, fix) = summary(&[letter("client", "john@example.com")]).unwrap();
        assert_eq!(
            what,
            "a message will never arrive: the one about Consulting (561115) to john@example.com through client: no such user"
        );
        assert!(fix.contains("notifications retry m/1") && fix.contains("notifications drop m/1 --comment"));
        let announced = DeadLetter {
            is_announced: true,
            recipient: "old@example.com".to_owned(),
            ..letter("ops", "")
        };
        let mut many = vec![announced; 7];
        many.push(letter("ops", "new@example.com"));
        let (what, _) = summary(&many).unwrap();
        assert!(what.starts_with("8 messages will never arrive: the one about Consulting (561115) to new@"));
        assert!(what.ends_with("; and 3 more"), "{what}");
        assert_eq!(summary(&[]), None);
    }

    #[test]
    fn the_broken_channel_is_never_told_about_itself() {
        let pair = |channel: &str, address: &str| (ChannelName::new(channel).unwrap(), address.to_owned());
        let (a, b, pager) = (pair("ops", "a@x"), pair("ops", "b@x"), pair("pager", "p@x"));
        let all = BTreeSet::from([a.clone(), b.clone(), pager.clone()]);
        let ops = BTreeSet::from([a.clone(), b.clone()]);
        let settled = DeadLetter {
            is_settled: true,
            ..letter("ops", "a@x")
        };
        let cases = [
            (
                "a client's",
                vec![letter("client", "c@x")],
                all.clone(),
                BTreeSet::new(),
            ),
            ("one of ops", vec![letter("ops", "a@x")], all.clone(), ops.clone()),
            (
                "one of the only channel",
                vec![letter("ops", "a@x")],
                ops.clone(),
                BTreeSet::from([a.clone()]),
            ),
            (
                "everybody",
                vec![letter("ops", "a@x"), letter("ops", "b@x")],
                ops.clone(),
                ops.clone(),
            ),
            (
                "one in each",
                vec![letter("ops", "a@x"), letter("pager", "p@x")],
                all,
                BTreeSet::from([a, pager]),
            ),
            ("reached again", vec![settled], ops, BTreeSet::new()),
        ];
        for (name, letters, recipients, expected) in cases {
            assert_eq!(unreachable(&letters, &recipients), expected, "{name}");
        }
    }
}
