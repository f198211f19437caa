//! What is wanted of a client.

use super::{Guards, NOW, SWEEP, asks, at, done, ended, fires, firing_mut, guards, hours, id, state, watched};
use crate::domain::alert::{Alert, Phase};
use crate::domain::enforcement::{Deferral, Direction, Enforcement, EnforcementState, Mode, Outcome, Refusal};
use crate::domain::judge::verdict::Known;
use crate::domain::kept::Warnings;
use crate::domain::plan::{Fleet, Intent, intents, outdated, still_called_for};
use crate::domain::policy::{Limit, Pattern, Policy, Scope};
use crate::domain::testing::{money, reading, threshold};
use crate::domain::watch::{AccountState, Watched};
use crate::domain::{ClientId, Management, Reading, Threshold};
use Management::{Hard, Soft};

/// Everything that intents are made from; the defaults ask for HARD.
struct Given {
    policies: Vec<Policy>,
    alerts: Vec<Alert>,
    watched: Vec<Watched>,
    history: Vec<Enforcement>,
    guards: Guards,
    warnings: Warnings,
    state: AccountState,
}

impl Default for Given {
    fn default() -> Self {
        Self {
            policies: vec![
                asks("a-hard", Hard, true),
                asks("b-hard", Hard, false),
                asks("c-soft", Soft, true),
            ],
            alerts: vec![fires("1", "a-hard", 0)],
            watched: vec![watched("1", "1.00")],
            history: vec![],
            guards: guards(3, 20),
            warnings: Warnings::new(),
            state: AccountState {
                inventory_at: Some(at(SWEEP)),
                ..state()
            },
        }
    }
}

impl Given {
    fn fleet(&self) -> Fleet<'_> {
        Fleet {
            sweep_started_at: at(SWEEP),
            state: &self.state,
            clients: 1_000,
            guards: &self.guards,
            warnings: &self.warnings,
            policies: &self.policies,
            history: &self.history,
        }
    }

    fn intents(&self) -> Vec<Intent> {
        let find = |client: &ClientId| self.watched.iter().find(|watched| watched.client.id == *client);
        intents(&self.fleet(), &self.alerts, find)
    }

    /// Policy, direction and value of each.
    fn wanted(&self) -> Vec<(String, Direction, Management)> {
        let short = |intent: Intent| (intent.policy.to_string(), intent.direction, intent.wanted);
        self.intents().into_iter().map(short).collect()
    }
}

fn enforce(policy: &str, wanted: Management) -> Vec<(String, Direction, Management)> {
    vec![(policy.to_owned(), Direction::Enforce, wanted)]
}

#[test]
fn a_value_is_wanted_while_an_alert_that_asks_for_it_fires() {
    let given = Given::default();
    assert_eq!(given.wanted(), enforce("a-hard", Hard));
    let intent = &given.intents()[0];
    assert_eq!(intent.balance, money("1.00"));
    assert_eq!(intent.code_listed.as_deref(), Some("2"));

    type Change = fn(&mut Given);
    let cases: [(&str, Change); 8] = [
        ("no alert", |given| given.alerts.clear()),
        ("only pending or cooling down", |given| {
            given.alerts = vec![cools_down("1", "a-hard")];
        }),
        ("the policy asks for nothing", |given| given.policies[0].enforce = None),
        ("the policy is gone", |given| {
            given.policies.remove(0);
        }),
        ("the alert was judged in an earlier sweep", |given| {
            firing_mut(&mut given.alerts[0]).last_reading_at = Some(at(SWEEP - 1));
        }),
        ("the reading is of an earlier sweep", |given| {
            given.watched[0].reading = Some(reading("1", "0", SWEEP - 1));
        }),
        ("never read", |given| given.watched[0].reading = None),
        ("vanished", |given| given.watched[0].vanished_at = Some(at(0))),
    ];
    for (name, change) in cases {
        let mut given = Given::default();
        change(&mut given);
        assert_eq!(given.wanted(), [], "{name}");
    }
}

#[test]
fn the_account_and_the_reseller_are_never_changed() {
    for pseudo in ["account", "reseller"] {
        let given = Given {
            alerts: vec![fires(pseudo, "a-hard", 0)],
            watched: vec![watched(pseudo, "1.00")],
            ..Given::default()
        };
        assert_eq!(given.wanted(), [], "{pseudo}");
    }
}

#[test]
fn hard_beats_soft_and_one_intent_is_made_for_all() {
    let mut given = Given {
        alerts: vec![
            fires("1", "c-soft", 0),
            fires("1", "a-hard", 0),
            fires("1", "b-hard", 0),
        ],
        ..Given::default()
    };
    assert_eq!(
        given.wanted(),
        enforce("b-hard", Hard),
        "one that never reverts speaks for all"
    );
    firing_mut(&mut given.alerts[2]).confirmed = false;
    assert_eq!(
        given.wanted(),
        enforce("a-hard", Hard),
        "a confirmed one before one that is not"
    );
    firing_mut(&mut given.alerts[1]).mode = Mode::Observe;
    assert_eq!(
        given.wanted(),
        enforce("b-hard", Hard),
        "one of the present mode before others"
    );
    firing_mut(&mut given.alerts[2]).mode = Mode::Observe;
    assert_eq!(
        given.wanted(),
        enforce("a-hard", Hard),
        "SOFT is not done while HARD waits"
    );
    given.alerts.truncate(1);
    assert_eq!(given.wanted(), enforce("c-soft", Soft));
}

#[test]
fn a_wish_is_fulfilled_once_in_an_episode() {
    let refused = Outcome::Refused {
        why: Refusal::PasswordMasked,
    };
    let declined = Outcome::Declined {
        code: "used_password".to_owned(),
    };
    let cases = [
        ("verified", ended(Outcome::Verified), false),
        ("already", ended(Outcome::Already), false),
        ("differs", ended(Outcome::Differs { fields: vec![] }), false),
        ("unknown", ended(Outcome::Unknown { error: String::new() }), false),
        ("sent", EnforcementState::Sent, false),
        ("did not happen", ended(Outcome::DidNotHappen), true),
        ("cancelled", ended(Outcome::Cancelled), true),
        ("refused", ended(refused), true),
        ("declined", ended(declined), true),
        ("planned", EnforcementState::Planned, true),
        ("deferred", EnforcementState::Deferred { why: Deferral::Brake }, true),
    ];
    for (name, state, wanted) in cases {
        for (of, history) in [
            ("this episode", done("1", "a-hard", 100, state.clone(), 200)),
            (
                "another policy's, since it fires",
                done("1", "b-hard", 90, state.clone(), 100),
            ),
        ] {
            let given = Given {
                alerts: vec![fires("1", "a-hard", 100)],
                history: vec![history],
                ..Given::default()
            };
            assert_eq!(!given.wanted().is_empty(), wanted, "{name}, {of}");
        }
        for (of, history) in [
            ("an earlier episode", done("1", "a-hard", 0, state.clone(), 99)),
            ("another client's", done("2", "a-hard", 100, state.clone(), 200)),
        ] {
            let given = Given {
                alerts: vec![fires("1", "a-hard", 100)],
                history: vec![history],
                ..Given::default()
            };
            assert_eq!(given.wanted(), enforce("a-hard", Hard), "{name}, {of}");
        }
    }
}

#[test]
fn planning_again_after_success_gives_an_empty_plan() {
    let mut given = Given::default();
    let intent = given.intents().remove(0);
    given
        .history
        .push(done("1", "a-hard", 0, ended(Outcome::Verified), NOW));
    assert_eq!(given.history[0].episode, intent.episode);
    assert_eq!(given.wanted(), []);
}

/// A client that was set to HARD by `a-hard` and recovered.
fn recovered() -> Given {
    Given {
        alerts: vec![],
        watched: vec![watched("1", "20.00")],
        history: vec![done("1", "a-hard", 0, ended(Outcome::Verified), 100)],
        ..Given::default()
    }
}

#[test]
fn what_we_set_goes_back_when_nobody_asks_for_it_any_more() {
    let given = recovered();
    let intent = given.intents().remove(0);
    assert_eq!((intent.direction, intent.wanted), (Direction::Revert, Soft));
    let back = intent.back.unwrap();
    assert_eq!((&*back.code, &*back.fingerprint), ("2", "as left"));

    type Change = fn(&mut Given);
    let stays: [(&str, Change); 15] = [
        ("the policy does not revert", |given| {
            given.policies[0] = asks("a-hard", Hard, false)
        }),
        ("the policy is gone", |given| {
            given.policies.remove(0);
        }),
        ("the policy is not for the client any more", |given| {
            given.policies[0].clients.exclude = vec![Pattern::parse("1")];
        }),
        ("a day's spending caused it", |given| {
            given.policies[0].when.spent_today_above = Some(money("50"));
        }),
        ("another alert asks for it", |given| {
            given.alerts = vec![fires("1", "b-hard", 0)]
        }),
        ("one that was not judged in this sweep asks for it", |given| {
            given.alerts = vec![fires("1", "b-hard", 0)];
            firing_mut(&mut given.alerts[0]).last_reading_at = Some(at(SWEEP - 1));
            given.history.push(done("1", "b-hard", 0, ended(Outcome::Already), 100));
        }),
        ("one is about to ask for it", |given| {
            given.alerts = vec![fires("1", "a-hard", 0)];
            given.alerts[0].phase = Phase::Pending(crate::domain::alert::Pending {
                since: at(SWEEP),
                last_breach_at: at(SWEEP),
                baseline: false,
                resolved_at: None,
                relapses: 0,
            });
        }),
        ("not read in this sweep", |given| given.watched[0].reading = None),
        ("it came to a bad end", |given| {
            given.history[0].state = ended(Outcome::Differs { fields: vec![] });
        }),
        ("it was not ours", |given| {
            given.history[0].state = ended(Outcome::Already)
        }),
        ("a later change came to an unknown end", |given| {
            let unknown = ended(Outcome::Unknown { error: String::new() });
            given.history.push(done("1", "b-hard", 200, unknown, 300));
        }),
        ("a policy that never reverts found it as it wanted it", |given| {
            given
                .history
                .push(done("1", "b-hard", 200, ended(Outcome::Already), 300));
        }),
        ("it went back before", |given| {
            given.history.push(went_back(ended(Outcome::Verified)))
        }),
        ("somebody else put it back", |given| {
            given.history.push(went_back(ended(Outcome::Already)))
        }),
        ("somebody edited the record since", |given| {
            let refused = Outcome::Refused {
                why: Refusal::EditedSince,
            };
            given.history.push(went_back(ended(refused)));
        }),
    ];
    for (name, change) in stays {
        let mut given = recovered();
        change(&mut given);
        let back = given
            .intents()
            .into_iter()
            .filter(|intent| intent.direction == Direction::Revert);
        assert_eq!(back.count(), 0, "{name}");
    }

    let goes: [(&str, Change); 4] = [
        ("the alert cools down", |given| {
            given.alerts = vec![cools_down("1", "a-hard")];
        }),
        ("a later episode found it as it wanted it, and reverts", |given| {
            given
                .history
                .push(done("1", "a-hard", 200, ended(Outcome::Already), 300));
        }),
        ("an earlier one found it as it wanted it", |given| {
            given.history.push(done("1", "b-hard", 0, ended(Outcome::Already), 50));
        }),
        ("an earlier try did not happen", |given| {
            given.history.push(went_back(ended(Outcome::DidNotHappen)))
        }),
    ];
    for (name, change) in goes {
        let mut given = recovered();
        change(&mut given);
        assert_eq!(
            given.wanted(),
            [("a-hard".to_owned(), Direction::Revert, Soft)],
            "{name}"
        );
    }
}

/// An alert that is over since a moment.
fn cools_down(client: &str, policy: &str) -> Alert {
    Alert {
        phase: Phase::CoolingDown {
            resolved_at: at(0),
            relapses: 0,
        },
        ..fires(client, policy, 0)
    }
}

/// A change back of what `recovered` set.
fn went_back(state: EnforcementState) -> Enforcement {
    Enforcement {
        direction: Direction::Revert,
        wanted: Soft,
        id: "back".to_owned(),
        ..done("1", "a-hard", 0, state, 200)
    }
}

#[test]
fn a_wish_for_the_other_value_comes_before_going_back() {
    let mut given = recovered();
    given.alerts = vec![fires("1", "c-soft", 0)];
    assert_eq!(given.wanted(), enforce("c-soft", Soft));
}

#[test]
fn money_at_risk_comes_first() {
    let mut given = recovered();
    given.alerts = vec![
        fires("7", "a-hard", 0),
        fires("6", "a-hard", 0),
        fires("8", "a-hard", 0),
    ];
    given
        .watched
        .extend([watched("6", "-3"), watched("7", "-3"), watched("8", "-20.5")]);
    let order: Vec<String> = given.intents().iter().map(|intent| intent.client.to_string()).collect();
    assert_eq!(order, ["8", "6", "7", "1"]);
    let why = Deferral::Unreadable { error: String::new() };
    given
        .history
        .push(done("8", "a-hard", 0, EnforcementState::Deferred { why }, 5));
    let order: Vec<String> = given.intents().iter().map(|intent| intent.client.to_string()).collect();
    assert_eq!(
        order,
        ["6", "7", "1", "8"],
        "one that could not be read goes behind the others"
    );
}

#[test]
fn what_waits_is_outdated_when_it_is_not_wanted_any_more() {
    let deferred = EnforcementState::Deferred { why: Deferral::Brake };
    let waits = |since| done("1", "a-hard", since, deferred.clone(), since);
    let back = || {
        let mut given = recovered();
        given.history.push(went_back(deferred.clone()));
        given
    };
    let given = |history, alerts, mode| Given {
        history: vec![history],
        alerts,
        guards: Guards { mode, ..guards(3, 20) },
        ..Given::default()
    };
    let mut unread = given(waits(0), vec![fires("1", "a-hard", 0)], Mode::Apply);
    unread.watched[0].reading = None;
    let mut asked_again = back();
    asked_again.alerts = vec![fires("1", "b-hard", 0)];
    let mut cooling_down = back();
    cooling_down.alerts = vec![cools_down("1", "a-hard")];
    let cases = [
        (
            "it still fires",
            given(waits(0), vec![fires("1", "a-hard", 0)], Mode::Apply),
            0,
        ),
        ("not read in this sweep", unread, 0),
        ("it is over", given(waits(0), vec![], Mode::Apply), 1),
        (
            "another episode",
            given(waits(0), vec![fires("1", "a-hard", 9)], Mode::Apply),
            1,
        ),
        (
            "the mode changed",
            given(waits(0), vec![fires("1", "a-hard", 0)], Mode::Observe),
            1,
        ),
        (
            "sent is not taken back",
            given(done("1", "a-hard", 0, EnforcementState::Sent, 0), vec![], Mode::Apply),
            0,
        ),
        ("going back is wanted", back(), 0),
        ("its alert is over, and cools down", cooling_down, 0),
        ("going back is not wanted any more", asked_again, 1),
    ];
    for (name, given, count) in cases {
        assert_eq!(outdated(&given.fleet(), &given.alerts).len(), count, "{name}");
    }
}

/// What was read at [`NOW`].
fn known<'a>(reading: &'a Reading, threshold: &'a Threshold) -> Known<'a> {
    Known {
        reading: Some(reading),
        threshold: Some(threshold),
        default_threshold: None,
        last_error: None,
        unread_since: None,
        interval: hours(0),
        now: at(NOW),
    }
}

#[test]
fn what_is_read_just_before_must_call_for_it_still() {
    let given = Given::default();
    let enforce = given.intents().remove(0);
    let back = recovered().intents().remove(0);
    let cases = [
        ("in breach", "4.99", true, false),
        ("between", "5.00", false, false),
        ("just below clear", "9.99", false, false),
        ("clear", "10.00", false, true),
    ];
    for (name, balance, enforces, goes_back) in cases {
        let (reading, threshold) = (reading(balance, "0", NOW), threshold(None, NOW));
        let known = known(&reading, &threshold);
        let called_for = |intent, known| still_called_for(intent, &given.policies, &given.watched[0], known);
        assert_eq!(called_for(&enforce, &known), enforces, "{name}");
        assert_eq!(called_for(&back, &known), goes_back, "{name}");
        let unread = Known { reading: None, ..known };
        assert!(!called_for(&enforce, &unread) && !called_for(&back, &unread), "{name}");
    }
    assert_eq!(id("1"), enforce.client);
}

#[test]
fn a_change_goes_not_back_while_another_policy_for_this_client_asks_for_it() {
    let recovered = recovered();
    let back = recovered.intents().remove(0);
    let (reading, threshold) = (reading("20.00", "0", NOW), threshold(None, NOW));
    let known = known(&reading, &threshold);
    // In breach at 20.00, other than the policy whose change is to go back.
    let below_fifty = |wanted| {
        let mut policy = asks("z-fifty", wanted, false);
        policy.when.balance_below = Some(Limit::Amount(money("50")));
        policy.clear = None;
        policy
    };
    let mut of_account = below_fifty(Hard);
    of_account.scope = Scope::Account;
    let mut of_others = below_fifty(Hard);
    of_others.clients.exclude = vec![Pattern::parse("1")];
    let mut asks_nothing = below_fifty(Hard);
    asks_nothing.enforce = None;
    for (name, other, goes_back) in [
        ("asks for hard", below_fifty(Hard), false),
        ("asks for soft", below_fifty(Soft), true),
        ("asks for nothing", asks_nothing, true),
        ("about the account", of_account, true),
        ("about other clients", of_others, true),
    ] {
        let policies: Vec<Policy> = recovered.policies.iter().cloned().chain([other]).collect();
        assert_eq!(
            still_called_for(&back, &policies, &recovered.watched[0], &known),
            goes_back,
            "{name}"
        );
    }
}
