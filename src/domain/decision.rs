//! What was decided about an account, and holds until it ends or is taken back. Pure.
//!
//! People decide with commands; the program decides only to set the brake, and to escalate.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::alert::EpisodeId;
use super::{AccountName, ChannelName, ClientId, PolicyName};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Unique within the account.
    pub id: String,
    pub account: AccountName,
    pub kind: Kind,
    pub scope: Scope,
    /// A person, or the program with its reason: one of the constants `BY_…`.
    pub by: String,
    pub at: Timestamp,
    /// It ends at this time; `None`: it holds until it is taken back.
    pub until: Option<Timestamp>,
    pub note: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Refuses all enforcement.
    Brake,
    /// Refuses enforcement for a client.
    Hold,
    /// Stops notifications.
    Silence,
    /// Stops notifications about an episode.
    Ack,
    /// Lets an enforcement that asked for it go.
    Approval,
    /// Refuses an enforcement that asked for approval.
    Rejection,
    /// Takes a change back.
    Undo,
    /// Tells another channel of an episode that nobody acknowledged.
    Escalation,
    /// Sends what was given up again.
    Retry,
}

/// What a decision is about. A part that is `None` narrows nothing, so the default is the whole account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scope {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub episode: Option<EpisodeId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelName>,
    /// An enforcement, by its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enforcement: Option<String>,
}

/// The id of the brake that a person releases: an account has one at most.
pub const BRAKE: &str = "brake";

/// The id of the brake that is on while too many clients cannot be read.
pub const BRAKE_UNREAD: &str = "brake.unread";

/// The id of the brake that is on while the list of clients lacks many.
pub const BRAKE_INVENTORY: &str = "brake.inventory";

/// All of them.
pub const BRAKES: [&str; 3] = [BRAKE, BRAKE_UNREAD, BRAKE_INVENTORY];

pub const BY_PERSON: &str = "a person";

/// The balances of too many clients look wrong.
pub const BY_DATA: &str = "balancewatch: the data look wrong";

/// Too many clients could not be read.
pub const BY_UNREAD: &str = "balancewatch: too many unread";

/// The list of clients lacks many.
pub const BY_INVENTORY: &str = "balancewatch: a short list";

/// The sum of all balances moved too far.
pub const BY_JUMP: &str = "balancewatch: the balances jumped";

/// A record that was read back after a change differs. This brake is the alert `read-back` too.
pub const BY_READ_BACK: &str = "balancewatch: read-back";

/// It could not be found out what a write did.
pub const BY_UNKNOWN: &str = "balancewatch: unknown outcome";

/// Nobody acknowledged a critical alert in time.
pub const BY_ESCALATION: &str = "balancewatch: escalation";

/// The account's codes of balance management are not those that were used before.
pub const BY_CODES: &str = "balancewatch: management codes";

/// Whoever set the brake because a change came out otherwise than meant.
const SURPRISES: [&str; 3] = [BY_READ_BACK, BY_UNKNOWN, BY_CODES];

impl Decision {
    /// The id of a client's hold: there is one at most.
    #[must_use]
    pub fn hold_id(client: &ClientId) -> String {
        format!("hold.{client}")
    }

    /// A brake that holds until it is taken back.
    #[must_use]
    pub fn brake(account: AccountName, by: &str, note: String, at: Timestamp) -> Self {
        Self {
            id: BRAKE.to_owned(),
            account,
            kind: Kind::Brake,
            scope: Scope::default(),
            by: by.to_owned(),
            at,
            until: None,
            note,
        }
    }

    /// Whether it is a brake because a change came out otherwise than meant: nothing at all is written until a person has
    /// looked.
    #[must_use]
    pub fn is_surprise(&self) -> bool {
        self.kind == Kind::Brake && SURPRISES.contains(&self.by.as_str())
    }

    /// Whether it ends by itself once what it is for is over.
    #[must_use]
    pub fn ends_by_itself(&self) -> bool {
        [BRAKE_UNREAD, BRAKE_INVENTORY].contains(&self.id.as_str())
    }

    /// Whether it holds at `now`. One from a time that lies ahead holds: the clock was set back since it was made.
    #[must_use]
    pub fn in_force(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// The brake, if it is on; the one that a person releases before those that end by themselves.
#[must_use]
pub fn brake(decisions: &[Decision], now: Timestamp) -> Option<&Decision> {
    let on = decisions
        .iter()
        .filter(|decision| decision.kind == Kind::Brake && decision.in_force(now));
    on.min_by_key(|decision| &decision.id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, proptest};
    use proptest::{prop_assert, prop_assert_eq};

    use super::{BRAKE, BY_PERSON, Decision, Kind, Scope, brake};
    use crate::domain::set_back::SetBack;
    use crate::domain::testing::{at, client};
    use crate::domain::{AccountName, PolicyName};

    fn decision(kind: Kind, from: i64, until: Option<i64>) -> Decision {
        let account = AccountName::new("main").unwrap();
        Decision {
            id: format!("{kind:?}-{from}"),
            kind,
            until: until.map(at),
            ..Decision::brake(account, BY_PERSON, "why".to_owned(), at(from))
        }
    }

    #[test]
    fn it_holds_until_its_end_and_not_at_it() {
        for (name, until, now, holds) in [
            ("without an end", None, 1_000_000, true),
            ("before the end", Some(100), 99, true),
            ("at the end", Some(100), 100, false),
            ("after the end", Some(100), 101, false),
            ("when the clock went back before it was made", Some(100), -7_200, true),
            ("that ends before it begins", Some(-1), 0, false),
        ] {
            assert_eq!(decision(Kind::Brake, 0, until).in_force(at(now)), holds, "{name}");
        }
    }

    #[test]
    fn the_brake_is_found_among_all_that_was_decided() {
        let [over, hold, silence] = [
            decision(Kind::Brake, 0, Some(50)),
            decision(Kind::Hold, 0, None),
            decision(Kind::Silence, 0, Some(500)),
        ];
        let on = decision(Kind::Brake, 60, None);
        for (name, decisions, found) in [
            ("nothing was decided", vec![], None),
            ("others hold", vec![hold.clone(), silence.clone()], None),
            ("it is over", vec![over.clone(), hold.clone()], None),
            ("it is on", vec![hold.clone(), on.clone(), silence], Some(&on)),
            ("a later one is on", vec![over, on.clone()], Some(&on)),
        ] {
            assert_eq!(brake(&decisions, at(100)), found, "{name}");
        }
        assert_eq!(
            brake(std::slice::from_ref(&on), at(100)).map(|on| on.scope.clone()),
            Some(Scope::default())
        );
        assert_eq!(
            Decision::brake(on.account.clone(), BY_PERSON, String::new(), at(0)).id,
            BRAKE
        );
    }

    #[test]
    fn a_scope_is_written_with_what_it_names_only_and_read_without_loss() {
        let narrow = Scope {
            client: Some(client()),
            policy: Some(PolicyName::new("low-balance").unwrap()),
            ..Scope::default()
        };
        for (scope, text) in [
            (Scope::default(), "{}"),
            (narrow, r#"{"client":"561115","policy":"low-balance"}"#),
        ] {
            assert_eq!(serde_json::to_string(&scope).unwrap(), text);
            assert_eq!(serde_json::from_str::<Scope>(text).unwrap(), scope);
        }
    }

    fn times() -> impl Strategy<Value = (i64, Option<i64>, i64)> {
        let secs = -1_000_000i64..1_000_000;
        (secs.clone(), proptest::option::of(secs.clone()), secs)
    }

    proptest! {
        #[test]
        fn only_the_end_decides((from, until, now) in times()) {
            let holds = decision(Kind::Silence, from, until).in_force(at(now));
            prop_assert_eq!(holds, until.is_none_or(|until| now < until));
        }

        #[test]
        fn what_is_over_stays_over_and_what_holds_held_before((from, until, now) in times(), step in 0i64..1_000_000) {
            let decision = decision(Kind::Hold, from, until);
            prop_assert!(decision.in_force(at(now - step)) || !decision.in_force(at(now)));
        }

        /// A clock that goes back counts as no time passed: what held goes on to hold for as long as it would have.
        #[test]
        fn a_clock_that_is_set_back_neither_ends_nor_prolongs_it(
            (from, until, now) in times(), back in 3i64..1_000_000, later in 0i64..1_000_000,
        ) {
            let before = decision(Kind::Silence, from.min(now), until);
            let set_back = SetBack::needed(Some(at(now)), at(now - back)).unwrap();
            let mut after = before.clone();
            after.until.iter_mut().for_each(|until| set_back.mark(until));
            prop_assert_eq!(after.in_force(at(now - back + later)), before.in_force(at(now + later)));
        }
    }
}
