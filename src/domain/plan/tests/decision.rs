//! Whether an intent may be carried out now.

use super::{HOUR, Mode, NOW, SWEEP, account, at, done, ended, guards, id, money, state};
use crate::domain::alert::EpisodeId;
use crate::domain::decision::{BY_PERSON, Decision as Decided};
use crate::domain::enforcement::{Deferral, Direction, Enforcement, EnforcementState, Outcome, Refusal};
use crate::domain::judge::surprise::Surprise;
use crate::domain::kept::Warnings;
use crate::domain::plan::{Back, Canary, Decision, Fleet, Guards, Intent, Orders, Request, Warned, World, plan};
use crate::domain::watch::AccountState;
use crate::domain::{Management, PolicyName};

fn intent(client: &str, balance: &str) -> Intent {
    Intent {
        client: id(client),
        policy: PolicyName::new("a-hard").unwrap(),
        episode: EpisodeId::from_stored(format!("{client}-episode")),
        episode_mode: Mode::Apply,
        direction: Direction::Enforce,
        wanted: Management::Hard,
        back: None,
        balance: money(balance),
        read_at: at(SWEEP + 5),
        confirmed: true,
        code_listed: Some("2".to_owned()),
        fingerprint_listed: Some("as listed".to_owned()),
        edited_at: None,
        was_in_vain: false,
        protected: None,
        warned: Warned::Fully,
        request: Request::default(),
        needs_deposit_since: None,
        by_person: false,
    }
}

fn back(client: &str, balance: &str) -> Intent {
    Intent {
        direction: Direction::Revert,
        wanted: Management::Soft,
        code_listed: Some("1".to_owned()),
        back: Some(Back {
            code: "2".to_owned(),
            fingerprint: "as listed".to_owned(),
        }),
        ..intent(client, balance)
    }
}

/// Another client's change that ended so many seconds before the plan, in an earlier sweep.
fn other(client: &str, seconds_ago: i64) -> Enforcement {
    done(client, "a-hard", 0, ended(Outcome::Verified), NOW - seconds_ago)
}

fn reverted(mut enforcement: Enforcement) -> Enforcement {
    enforcement.direction = Direction::Revert;
    enforcement
}

struct Given {
    guards: Guards,
    state: AccountState,
    decisions: Vec<Decided>,
    clients: u32,
    history: Vec<Enforcement>,
}

impl Given {
    fn new(per_sweep: u32, per_day: u32) -> Self {
        Self {
            guards: guards(per_sweep, per_day),
            state: state(),
            decisions: vec![],
            clients: 1_000,
            history: vec![],
        }
    }

    fn brake(&mut self) {
        let brake = Decided::brake(account(), BY_PERSON, "why".to_owned(), at(0));
        self.decisions.push(brake);
    }

    fn world(&self) -> World {
        let fleet = Fleet {
            sweep_started_at: at(SWEEP),
            state: &self.state,
            clients: self.clients,
            guards: &self.guards,
            warnings: &Warnings::new(),
            policies: &[],
            history: &self.history,
        };
        World::new(at(NOW), &fleet, Orders::of(&self.decisions, at(NOW)))
    }

    fn decide(&self, intent: &Intent) -> Decision {
        self.world().decide(intent)
    }
}

fn protected() -> Refusal {
    Refusal::Protected {
        entry: "*@x".to_owned(),
    }
}

/// What waits for an approval that was asked for then.
fn approval(asked: i64, given: &[&str], why: Option<&str>) -> Deferral {
    Deferral::Approval {
        needed: 1,
        given: given.iter().map(|name| (*name).to_owned()).collect(),
        asked_at: at(asked),
        until: at(asked + 4 * HOUR),
        why: why.map(str::to_owned),
    }
}

fn declined(secs_ago: i64) -> Enforcement {
    let declined = ended(Outcome::Declined {
        code: "used_password".to_owned(),
    });
    Enforcement {
        planned_at: at(0),
        ..done("1", "a-hard", 0, declined, NOW - secs_ago)
    }
}

fn not_done() -> Deferral {
    Deferral::NotDone {
        error: "used_password".to_owned(),
    }
}

#[test]
fn every_guard_stands_in_the_way() {
    type Change = fn(&mut Given, &mut Intent);
    let waits = Decision::Deferred;
    let cases: [(&str, Change, Decision); 27] = [
        ("nothing does", |_, _| {}, Decision::Go),
        (
            "mode observe",
            |given, _| given.guards.mode = Mode::Observe,
            Decision::Would,
        ),
        (
            "already",
            |_, intent| intent.code_listed = Some("1".to_owned()),
            Decision::Already,
        ),
        (
            "already, as far as is known",
            |given, intent| {
                intent.code_listed = Some("1".to_owned());
                given.state.management_codes.clear();
            },
            Decision::Go,
        ),
        (
            "protected",
            |_, intent| intent.protected = Some("*@x".to_owned()),
            Decision::Refused(protected()),
        ),
        (
            "protected, in mode observe",
            |given, intent| {
                given.guards.mode = Mode::Observe;
                intent.protected = Some("*@x".to_owned());
            },
            Decision::Refused(protected()),
        ),
        (
            "began in another mode",
            |_, intent| intent.episode_mode = Mode::Observe,
            waits(approval(NOW, &[], Some("its alert began in another mode"))),
        ),
        ("brake", |given, _| given.brake(), waits(Deferral::Brake)),
        (
            "the data look wrong for many",
            |given, _| {
                given.state.surprise = Some(Surprise {
                    since: at(SWEEP),
                    begun: 20,
                    judged: 50,
                });
            },
            waits(Deferral::Unconfirmed),
        ),
        (
            "the clock jumped in this sweep",
            |given, _| given.state.clock_jumped_at = Some(at(SWEEP)),
            waits(Deferral::ClockJumped),
        ),
        (
            "the clock jumped before this sweep",
            |given, _| given.state.clock_jumped_at = Some(at(SWEEP - 1)),
            Decision::Go,
        ),
        (
            "unconfirmed",
            |_, intent| intent.confirmed = false,
            waits(Deferral::Unconfirmed),
        ),
        (
            "edited a moment ago",
            |_, intent| intent.edited_at = Some(at(NOW - 899)),
            waits(Deferral::EditedRecently),
        ),
        (
            "edited 15 minutes ago",
            |_, intent| intent.edited_at = Some(at(NOW - 900)),
            Decision::Go,
        ),
        (
            "edited in the future",
            |_, intent| intent.edited_at = Some(at(NOW + 1)),
            waits(Deferral::EditedRecently),
        ),
        (
            "changed within 24 hours",
            |given, _| given.history.push(other("1", 24 * HOUR - 1)),
            waits(Deferral::OncePerDay),
        ),
        (
            "changed 24 hours ago",
            |given, _| given.history.push(other("1", 24 * HOUR)),
            Decision::Go,
        ),
        (
            "changed the other way",
            |given, _| given.history.push(reverted(other("1", 9))),
            Decision::Go,
        ),
        (
            "declined a moment ago",
            |given, _| given.history.push(declined(899)),
            waits(not_done()),
        ),
        (
            "declined 15 minutes ago",
            |given, _| given.history.push(declined(900)),
            Decision::Go,
        ),
        (
            "declined before the clock went back",
            |given, _| given.history.push(declined(-1)),
            Decision::Go,
        ),
        (
            "not done a moment ago",
            |given, _| {
                let state = EnforcementState::Deferred { why: not_done() };
                given.history.push(done("1", "a-hard", 0, state, NOW - 899));
            },
            waits(not_done()),
        ),
        (
            "lost three times",
            |given, _| {
                let lost = || done("1", "a-hard", 0, ended(Outcome::DidNotHappen), NOW - 9 * HOUR);
                given.history.extend([lost(), lost(), lost()]);
            },
            waits(Deferral::GaveUp),
        ),
        (
            "lost twice",
            |given, _| {
                let lost = || done("1", "a-hard", 0, ended(Outcome::DidNotHappen), NOW - 9 * HOUR);
                given.history.extend([lost(), lost()]);
            },
            Decision::Go,
        ),
        (
            "another one is not settled",
            |given, _| {
                given.history.push(done("2", "a-hard", 0, EnforcementState::Sent, 0));
            },
            waits(Deferral::Unsettled),
        ),
        (
            "the day's cap",
            |given, _| given.history.extend([other("2", 9 * HOUR), other("3", HOUR)]),
            waits(Deferral::DayCap { cap: 2 }),
        ),
        (
            "the day's cap, a day later",
            |given, _| given.history.extend([other("2", 24 * HOUR), other("3", HOUR)]),
            Decision::Go,
        ),
    ];
    for (name, change, expected) in cases {
        let (mut given, mut intent) = (Given::new(1, 2), intent("1", "1"));
        change(&mut given, &mut intent);
        assert_eq!(given.decide(&intent), expected, "{name}");
    }
}

#[test]
fn the_brake_stops_mode_observe_too_and_caps_do_not() {
    let mut given = Given::new(0, 0);
    given.guards.mode = Mode::Observe;
    given.state.canary_passed_at = None;
    let plan_of = |given: &Given| plan(vec![intent("1", "1"), intent("2", "2")], &given.world());
    assert!(plan_of(&given).iter().all(|(_, decision)| *decision == Decision::Would));
    given.brake();
    let deferred = Decision::Deferred(Deferral::Brake);
    assert!(plan_of(&given).iter().all(|(_, decision)| *decision == deferred));
}

#[test]
fn a_refused_record_is_looked_at_again_after_an_hour() {
    let masked = Refusal::PasswordMasked;
    let package = Refusal::Protected {
        entry: "package:1".to_owned(),
    };
    let cases = [
        (
            "a moment ago",
            masked.clone(),
            HOUR - 1,
            Decision::Refused(masked.clone()),
        ),
        ("an hour ago", masked, HOUR, Decision::Go),
        ("protected then, not now", protected(), 1, Decision::Go),
        (
            "by its package",
            package.clone(),
            HOUR - 1,
            Decision::Refused(package.clone()),
        ),
        ("by its package, an hour ago", package, HOUR, Decision::Go),
        ("of another mode then, not now", Refusal::OtherMode, 1, Decision::Go),
    ];
    for (name, why, seconds_ago, expected) in cases {
        let mut given = Given::new(1, 1);
        let mut refused = done("1", "a-hard", 0, ended(Outcome::Refused { why }), NOW - seconds_ago);
        refused.episode = intent("1", "1").episode;
        given.history.push(refused);
        assert_eq!(given.decide(&intent("1", "1")), expected, "{name}");
        assert_eq!(given.decide(&intent("2", "1")), Decision::Go, "{name}: another client");
    }
}

#[test]
fn of_several_refusals_the_last_one_counts() {
    let refused = |why: &Refusal, seconds_ago| {
        let why = why.clone();
        let mut refused = done("1", "a-hard", 0, ended(Outcome::Refused { why }), NOW - seconds_ago);
        refused.episode = intent("1", "1").episode;
        refused
    };
    let (masked, empty) = (Refusal::PasswordMasked, Refusal::PasswordEmpty);
    for (name, history, expected) in [
        (
            "the older one first",
            [refused(&masked, HOUR), refused(&empty, 1)],
            Decision::Refused(empty.clone()),
        ),
        (
            "the newer one first",
            [refused(&empty, 1), refused(&masked, HOUR)],
            Decision::Refused(empty.clone()),
        ),
        (
            "both long ago",
            [refused(&empty, HOUR), refused(&masked, 2 * HOUR)],
            Decision::Go,
        ),
    ] {
        let mut given = Given::new(1, 1);
        given.history.extend(history);
        assert_eq!(given.decide(&intent("1", "1")), expected, "{name}");
    }
}

#[test]
fn the_first_one_ever_goes_alone() {
    let mut given = Given::new(9, 9);
    given.state.canary_passed_at = None;
    let decisions = |given: &Given| -> Vec<Decision> {
        let intents = vec![intent("2", "2"), intent("1", "1"), intent("3", "3")];
        plan(intents, &given.world())
            .into_iter()
            .map(|(_, decision)| decision)
            .collect()
    };
    let waits = Decision::Deferred(Deferral::Canary);
    assert_eq!(decisions(&given), [Decision::Go, waits.clone(), waits.clone()]);

    let cases = [
        ("sent", EnforcementState::Sent, Canary::Watched),
        ("verified", ended(Outcome::Verified), Canary::Watched),
        ("did not happen", ended(Outcome::DidNotHappen), Canary::Alone),
        ("refused", ended(Outcome::Refused { why: protected() }), Canary::Alone),
        (
            "declined",
            ended(Outcome::Declined { code: String::new() }),
            Canary::Alone,
        ),
        ("differs", ended(Outcome::Differs { fields: vec![] }), Canary::Alone),
        (
            "unknown",
            ended(Outcome::Unknown { error: String::new() }),
            Canary::Alone,
        ),
        ("already", ended(Outcome::Already), Canary::Alone),
    ];
    for (name, state, expected) in cases {
        let history = [done("9", "a-hard", 0, state, 0)];
        assert_eq!(Canary::of(None, &history), expected, "{name}");
        assert_eq!(Canary::of(Some(at(0)), &history), Canary::Passed, "{name}");
    }
    given.history = vec![done("9", "a-hard", 0, ended(Outcome::Verified), 0)];
    assert_eq!(decisions(&given), [waits.clone(), waits.clone(), waits]);
    given.state.canary_passed_at = Some(at(1));
    assert_eq!(decisions(&given), [Decision::Go, Decision::Go, Decision::Go]);
}

#[test]
fn a_sweeps_cap_defers_the_smaller_risks_and_going_back_has_a_cap_of_its_own() {
    let mut given = Given::new(2, 20);
    // One was done in this sweep already: planned after its beginning.
    given
        .history
        .push(done("9", "a-hard", 0, ended(Outcome::Verified), SWEEP + 6));
    let intents = vec![
        intent("2", "2"),
        back("5", "50"),
        intent("1", "-1"),
        back("4", "40"),
        back("6", "60"),
    ];
    let got: Vec<(String, Decision)> = plan(intents, &given.world())
        .into_iter()
        .map(|(intent, decision)| (intent.client.to_string(), decision))
        .collect();
    let capped = Decision::Deferred(Deferral::SweepCap { cap: 2 });
    let expected = [
        ("1", Decision::Go),
        ("2", capped.clone()),
        ("4", Decision::Go),
        ("5", Decision::Go),
        ("6", capped),
    ];
    assert_eq!(got, expected.map(|(client, decision)| (client.to_owned(), decision)));
}

#[test]
fn a_sweep_reads_only_so_many_clients_to_change_them() {
    let given = Given::new(3, 20);
    let mut world = given.world();
    for _ in 0..12 {
        world.count_looks(1);
        assert_eq!(world.decide(&intent("1", "1")), Decision::Go);
    }
    world.count_looks(1);
    assert_eq!(
        world.decide(&intent("1", "1")),
        Decision::Deferred(Deferral::SweepCap { cap: 3 })
    );
}

#[test]
fn going_back_needs_the_record_as_it_was_left() {
    let given = Given::new(9, 9);
    let left = back("1", "20");
    let edited = Intent {
        fingerprint_listed: Some("edited".to_owned()),
        ..left.clone()
    };
    let unlisted = Intent {
        fingerprint_listed: None,
        code_listed: None,
        ..left.clone()
    };
    let put_back = Intent {
        code_listed: Some("2".to_owned()),
        ..edited.clone()
    };
    assert_eq!(given.decide(&left), Decision::Go);
    assert_eq!(given.decide(&edited), Decision::Refused(Refusal::EditedSince));
    assert_eq!(given.decide(&unlisted), Decision::Go, "the last read will tell");
    assert_eq!(given.decide(&put_back), Decision::Already);
}
