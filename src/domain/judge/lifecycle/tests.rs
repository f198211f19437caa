//! Tables with both sides of each bound, and the invariants that must hold for any history.

use jiff::SignedDuration;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::{Moment, Step, believe, step, withdraw};
use crate::domain::alert::{Alert, ClientWaits, Firing, Phase};
use crate::domain::enforcement::Mode;
use crate::domain::judge::verdict::{Judgement, Verdict};
use crate::domain::notice::{Transition, Withdrawal};
use crate::domain::policy::{Policy, When};
use crate::domain::reason::{Finding, Measure, Reason, Relation};
use crate::domain::testing::{at, client, money, policy};
use crate::domain::{AccountName, ChannelName};

const INTERVAL_SECS: i64 = 300;

/// An account, a policy and what became of the alert so far.
struct Run {
    account: AccountName,
    policy: Policy,
    alert: Option<Alert>,
    mode: Mode,
    baseline: bool,
    unconfirmed: bool,
    jumped: bool,
    over_today: Option<bool>,
    is_doubted: bool,
    /// The balance that is judged.
    balance: Option<&'static str>,
}

impl Run {
    fn new(change: impl FnOnce(&mut Policy)) -> Self {
        let mut policy = policy("low-balance", When::default());
        change(&mut policy);
        let account = AccountName::new("main").unwrap();
        Self {
            account,
            policy,
            alert: None,
            mode: Mode::Observe,
            baseline: false,
            unconfirmed: false,
            jumped: false,
            over_today: None,
            is_doubted: false,
            balance: None,
        }
    }

    fn judge(&mut self, verdict: Verdict, secs: i64) -> Step {
        let zone = jiff::tz::TimeZone::get("America/Toronto").unwrap();
        let moment = Moment {
            account: &self.account,
            now: at(secs),
            interval: SignedDuration::from_secs(INTERVAL_SECS),
            day: at(secs).to_zoned(zone).date(),
            jumped: self.jumped,
            baseline: self.baseline,
            unconfirmed: self.unconfirmed,
            is_doubted: self.is_doubted,
            is_hushed: false,
            mode: self.mode,
        };
        let reason = match self.balance {
            None => Reason::NoFreshReading { error: None },
            Some(balance) => Reason::Limits {
                findings: vec![Finding {
                    measure: Measure::Balance,
                    value: money(balance),
                    relation: Relation::Below,
                    limit: money("10"),
                    limit_text: None,
                }],
            },
        };
        let judgement = Judgement {
            verdict,
            reason,
            over_today: self.over_today,
            has_news: false,
        };
        let reading_at = (verdict != Verdict::Unknown).then(|| at(secs));
        let step = step(
            self.alert.take(),
            &client(),
            &self.policy,
            &judgement,
            reading_at,
            &moment,
        );
        self.alert.clone_from(&step.next);
        step
    }

    /// Judges and tells what happened in short.
    fn told(&mut self, verdict: Verdict, secs: i64) -> Vec<String> {
        self.judge(verdict, secs)
            .transitions
            .iter()
            .map(Transition::label)
            .collect()
    }

    fn state(&self) -> &'static str {
        self.alert.as_ref().map_or("inactive", Alert::state)
    }

    fn firing(&self) -> &Firing {
        self.alert.as_ref().and_then(Alert::firing).unwrap()
    }
}

use Verdict::{Between, Breach, Clear, NotApplicable, Unknown};

#[test]
fn an_episode_that_was_only_observed_for_a_while_is_not_enforced_after() {
    let mut run = Run::new(|_| {});
    let mut mode_after = |mode: Mode, secs: i64| {
        run.mode = mode;
        run.judge(Breach, secs);
        run.firing().mode
    };
    assert_eq!(mode_after(Mode::Apply, 0), Mode::Apply);
    assert_eq!(mode_after(Mode::Apply, 900), Mode::Apply);
    assert_eq!(mode_after(Mode::Observe, 1_800), Mode::Observe);
    assert_eq!(mode_after(Mode::Apply, 2_700), Mode::Observe);
}

#[test]
fn stories_of_one_alert() {
    /// What is changed of the policy, the verdicts with their times, and what is told and where it stands after each.
    type Story = (
        &'static str,
        fn(&mut Policy),
        &'static [(Verdict, i64, &'static str, &'static str)],
    );
    let stories: [Story; 14] = [
        (
            "fires at once without a hold",
            |_| {},
            &[(Breach, 0, "fired", "firing")],
        ),
        (
            "fires when the hold is over, not a second before",
            |policy| policy.hold = SignedDuration::from_secs(600),
            &[
                (Breach, 0, "", "pending"),
                (Breach, 599, "", "pending"),
                (Breach, 600, "fired", "firing"),
            ],
        ),
        (
            "a short breach never fires",
            |policy| policy.hold = SignedDuration::from_secs(600),
            &[
                (Breach, 0, "", "pending"),
                (Between, 300, "", "inactive"),
                (Breach, 600, "", "pending"),
            ],
        ),
        (
            "no reading keeps a pending alert, and three intervals of gap do not break the hold",
            |policy| policy.hold = SignedDuration::from_secs(600),
            &[
                (Breach, 0, "", "pending"),
                (Unknown, 300, "", "pending"),
                (Breach, 900, "fired", "firing"),
            ],
        ),
        (
            "a longer gap starts the hold again",
            |policy| policy.hold = SignedDuration::from_secs(600),
            &[
                (Breach, 0, "", "pending"),
                (Breach, 901, "", "pending"),
                (Breach, 1501, "fired", "firing"),
            ],
        ),
        (
            "a clock that goes back counts as no time passed",
            |policy| policy.hold = SignedDuration::from_secs(600),
            &[
                (Breach, 1000, "", "pending"),
                (Breach, 0, "", "pending"),
                (Breach, 599, "", "pending"),
            ],
        ),
        (
            "recovery needs two clear readings in a row",
            |_| {},
            &[
                (Breach, 0, "fired", "firing"),
                (Clear, 300, "", "firing"),
                (Between, 600, "", "firing"),
                (Clear, 900, "", "firing"),
                (Unknown, 1000, "", "firing"),
                (Clear, 1200, "resolved", "inactive"),
            ],
        ),
        (
            "and for as long as asked",
            |policy| policy.clear_for = SignedDuration::from_secs(600),
            &[
                (Breach, 0, "fired", "firing"),
                (Clear, 300, "", "firing"),
                (Clear, 899, "", "firing"),
                (Clear, 900, "resolved", "inactive"),
            ],
        ),
        (
            "between and unknown keep it firing",
            |_| {},
            &[
                (Breach, 0, "fired", "firing"),
                (Between, 300, "", "firing"),
                (Unknown, 600, "", "firing"),
            ],
        ),
        (
            "repeats come at their interval and end at their maximum",
            |policy| {
                policy.repeat_every = SignedDuration::from_secs(1000);
                policy.max_repeats = 2;
            },
            &[
                (Breach, 0, "fired", "firing"),
                (Breach, 999, "", "firing"),
                (Unknown, 1000, "", "firing"),
                // Nobody is reminded of what is recovering.
                (Between, 1001, "", "firing"),
                (Breach, 1002, "repeated-1", "firing"),
                (Breach, 2001, "", "firing"),
                (Breach, 2002, "repeated-2", "firing"),
                (Breach, 9000, "", "firing"),
            ],
        ),
        (
            "a threshold that went away withdraws",
            |_| {},
            &[
                (Breach, 0, "fired", "firing"),
                (NotApplicable, 300, "withdrawn", "inactive"),
            ],
        ),
        (
            "a pending alert whose threshold went away just goes",
            |policy| policy.hold = SignedDuration::from_secs(600),
            &[(Breach, 0, "", "pending"), (NotApplicable, 300, "", "inactive")],
        ),
        (
            "a relapse in the cool-down tells the client when it ends",
            |policy| {
                policy.clear_readings = 1;
                policy.cool_down = SignedDuration::from_secs(1000);
            },
            &[
                (Breach, 0, "fired", "firing"),
                (Clear, 100, "resolved", "inactive"),
                (Breach, 200, "fired", "firing"),
                (Breach, 1099, "", "firing"),
                (Breach, 1100, "client-due", "firing"),
                (Breach, 1400, "", "firing"),
            ],
        ),
        (
            "after the cool-down it is an alert like the first",
            |policy| {
                policy.clear_readings = 1;
                policy.cool_down = SignedDuration::from_secs(1000);
            },
            &[
                (Breach, 0, "fired", "firing"),
                (Clear, 100, "resolved", "inactive"),
                (Breach, 1100, "fired", "firing"),
                (Breach, 2200, "", "firing"),
            ],
        ),
    ];
    for (name, change, steps) in stories {
        let mut run = Run::new(change);
        for (verdict, secs, told, state) in steps {
            assert_eq!(run.told(*verdict, *secs).join(" "), *told, "{name}, at {secs}");
            assert_eq!(run.state(), *state, "{name}, at {secs}");
        }
    }
}

#[test]
fn one_reading_never_counts_twice() {
    let mut run = Run::new(|_| {});
    run.judge(Breach, 0);
    run.judge(Clear, 300);
    assert_eq!(run.told(Clear, 300), Vec::<String>::new(), "the same reading again");
    assert_eq!(run.told(Clear, 600), ["resolved"]);
}

#[test]
fn a_baseline_tells_the_client_after_a_second_reading_one_interval_later() {
    let mut run = Run::new(|_| {});
    run.baseline = true;
    let first = run.judge(Breach, 0);
    assert!(
        first
            .episode
            .is_some_and(|firing| firing.baseline && !firing.confirmed && !firing.client_told)
    );
    run.baseline = false;
    assert_eq!(run.told(Breach, INTERVAL_SECS - 11), Vec::<String>::new());
    assert!(!run.firing().confirmed);
    assert_eq!(
        run.told(Breach, INTERVAL_SECS - 10),
        ["client-due"],
        "sweeps do not keep the second"
    );
    assert!(run.firing().confirmed && run.firing().client_told);
}

#[test]
fn who_does_not_mail_the_client_owes_it_nothing() {
    let mut run = Run::new(|policy| policy.notify = vec![ChannelName::new("ops").unwrap()]);
    run.baseline = true;
    run.judge(Breach, 0);
    assert_eq!(run.told(Breach, INTERVAL_SECS), Vec::<String>::new());
    assert!(run.firing().confirmed && !run.firing().client_told);
}

#[test]
fn a_changed_condition_judges_the_running_episode_anew() {
    for (verdict, told, state) in [
        (Breach, "", "firing"),
        (Unknown, "", "firing"),
        (Between, "withdrawn", "inactive"),
        (Clear, "withdrawn", "inactive"),
    ] {
        let mut run = Run::new(|_| {});
        run.judge(Breach, 0);
        run.policy.when.spent_today_above = Some(money("5"));
        assert_eq!(run.told(verdict, 300).join(" "), told, "{verdict:?}");
        assert_eq!(run.state(), state, "{verdict:?}");
    }
}

#[test]
fn other_changes_do_not_end_an_episode() {
    let mut run = Run::new(|_| {});
    run.judge(Breach, 0);
    run.policy.repeat_every = SignedDuration::from_secs(1);
    run.policy.severity = crate::domain::Severity::Critical;
    assert_eq!(run.told(Breach, 300), ["repeated-1"]);
}

#[test]
fn a_jump_of_the_clock_starts_holds_and_graces_again() {
    let mut run = Run::new(|policy| policy.hold = SignedDuration::from_secs(600));
    run.judge(Breach, 0);
    run.jumped = true;
    assert_eq!(run.told(Breach, 600), Vec::<String>::new());
    run.jumped = false;
    assert_eq!(run.told(Breach, 1200), ["fired"]);

    run.policy.clear_for = SignedDuration::from_secs(600);
    run.judge(Clear, 1500);
    run.jumped = true;
    assert_eq!(run.told(Clear, 2100), Vec::<String>::new());
    run.jumped = false;
    assert_eq!(run.told(Clear, 2700), ["resolved"]);
}

#[test]
fn spending_recovers_after_a_whole_day_under_its_limit_and_not_at_midnight() {
    let day_secs = 24 * 3600;
    let mut run = Run::new(|_| {});
    run.over_today = Some(true);
    assert_eq!(run.told(Breach, 0), ["fired"]);
    run.over_today = Some(false);
    for (name, secs) in [("the next day", day_secs), ("later that day", day_secs + 600)] {
        assert_eq!(run.told(Clear, secs), Vec::<String>::new(), "{name}");
    }
    assert_eq!(
        run.told(Clear, 2 * day_secs),
        Vec::<String>::new(),
        "first clear reading after a whole day"
    );
    assert_eq!(run.told(Clear, 2 * day_secs + 300), ["resolved"]);

    run.over_today = Some(true);
    run.judge(Breach, 10 * day_secs);
    run.over_today = Some(false);
    run.judge(Clear, 11 * day_secs);
    run.over_today = Some(true);
    run.judge(Breach, 11 * day_secs + 600);
    run.over_today = Some(false);
    run.judge(Clear, 12 * day_secs);
    assert_eq!(
        run.told(Clear, 12 * day_secs + 300),
        Vec::<String>::new(),
        "over again on the day between"
    );
    run.judge(Clear, 13 * day_secs);
    assert_eq!(run.told(Clear, 13 * day_secs + 300), ["resolved"]);
}

#[test]
fn a_day_on_which_nothing_could_be_read_is_no_day_under_the_limit() {
    let day_secs = 24 * 3600;
    let mut run = Run::new(|_| {});
    run.over_today = Some(true);
    run.judge(Breach, 0);
    run.over_today = Some(false);
    run.judge(Clear, 2 * day_secs);
    assert_eq!(run.told(Clear, 2 * day_secs + 300), Vec::<String>::new());
}

#[test]
fn only_a_running_episode_is_withdrawn() {
    let mut run = Run::new(|policy| policy.hold = SignedDuration::from_secs(600));
    run.judge(Breach, 0);
    assert_eq!(
        withdraw(run.alert.take().unwrap(), Withdrawal::ClientVanished),
        Step::default()
    );
    let mut run = Run::new(|_| {});
    run.judge(Breach, 0);
    let step = withdraw(run.alert.take().unwrap(), Withdrawal::ClientVanished);
    assert_eq!(
        step.transitions,
        [Transition::Withdrawn {
            why: Withdrawal::ClientVanished
        }]
    );
    assert_eq!(step.next, None);
}

#[test]
fn a_relapse_waits_by_the_time_of_the_resolve_also_in_a_baseline() {
    for baseline in [false, true] {
        let mut run = Run::new(|policy| policy.clear_readings = 1);
        run.judge(Breach, 0);
        run.judge(Clear, 100);
        run.baseline = baseline;
        run.judge(Breach, 200);
        let end = at(100 + 6 * 3600);
        assert_eq!(run.firing().client_waits, Some(ClientWaits::CoolDownEnds(end)));
    }
}

fn verdicts() -> impl Strategy<Value = Vec<(Verdict, i64, bool, bool)>> {
    let verdict = prop_oneof![
        Just(Breach),
        Just(Between),
        Just(Clear),
        Just(Unknown),
        Just(NotApplicable)
    ];
    proptest::collection::vec((verdict, -400i64..4000, any::<bool>(), any::<bool>()), 0..60)
}

/// Where a firing alert stands: confirmed, whether the client waits, whether it was told.
fn stands(run: &Run) -> (bool, Option<ClientWaits>, bool) {
    let firing = run.alert.as_ref().unwrap().firing().unwrap();
    (firing.confirmed, firing.client_waits, firing.client_told)
}

#[test]
fn what_is_not_confirmed_tells_the_client_at_a_second_reading_one_round_later() {
    let mut run = Run::new(|_| {});
    run.unconfirmed = true;
    let fired = run.judge(Verdict::Breach, 0);
    assert_eq!(fired.transitions, [Transition::Fired { relapse: false }], "operators");
    assert_eq!(stands(&run), (false, Some(ClientWaits::Confirmation), false));
    assert_eq!(
        run.judge(Verdict::Breach, INTERVAL_SECS - 31).transitions,
        [],
        "too soon"
    );
    let second = run.judge(Verdict::Breach, INTERVAL_SECS);
    assert_eq!(second.transitions, [Transition::ClientDue]);
    assert_eq!(stands(&run), (true, None, true));
}

#[test]
fn what_was_held_for_a_round_needs_no_second_reading() {
    let mut run = Run::new(|policy| policy.hold = SignedDuration::from_secs(INTERVAL_SECS));
    run.unconfirmed = true;
    run.judge(Verdict::Breach, 0);
    run.judge(Verdict::Breach, INTERVAL_SECS);
    assert_eq!(stands(&run), (true, None, true));
}

#[test]
fn what_is_believed_is_told_to_the_client_and_a_relapse_waits_all_the_same() {
    let mut run = Run::new(|_| {});
    run.unconfirmed = true;
    run.judge(Verdict::Breach, 0);
    let step = believe(run.alert.clone().unwrap(), &run.policy, false);
    assert_eq!(step.transitions, [Transition::Fired { relapse: false }]);
    run.alert = step.next;
    assert_eq!(stands(&run), (true, None, true));

    run.judge(Verdict::Clear, INTERVAL_SECS);
    run.judge(Verdict::Clear, 2 * INTERVAL_SECS);
    run.judge(Verdict::Breach, 3 * INTERVAL_SECS);
    let (is_confirmed, waits, _) = stands(&run);
    assert!(
        !is_confirmed && matches!(waits, Some(ClientWaits::CoolDownEnds(_))),
        "{waits:?}"
    );
    let step = believe(run.alert.clone().unwrap(), &run.policy, true);
    assert_eq!(step.transitions, [Transition::Fired { relapse: true }]);
    run.alert = step.next;
    assert_eq!(stands(&run), (true, waits, false));
}

#[test]
fn nobody_is_reminded_between_the_limits_and_a_relapse_into_breach_is() {
    let day = 24 * 3600;
    let mut run = Run::new(|_| {});
    assert_eq!(run.told(Breach, 0), ["fired"]);
    for number in 1..=5 {
        assert_eq!(run.told(Between, number * day), [""; 0], "day {number}");
        assert!(run.alert.as_ref().unwrap().firing().unwrap().is_recovering);
    }
    assert_eq!(
        run.told(Breach, 5 * day + 300),
        ["repeated-1"],
        "still in breach, and five days have passed"
    );
    assert!(!run.alert.as_ref().unwrap().firing().unwrap().is_recovering);
    assert_eq!(run.told(Breach, 6 * day), [""; 0]);
}

#[test]
fn a_client_that_was_told_gets_one_more_word_when_its_money_is_gone() {
    let mut run = Run::new(|_| {});
    let mut told = |balance, is_doubted, secs| {
        (run.balance, run.is_doubted) = (Some(balance), is_doubted);
        run.told(Breach, secs)
    };
    assert_eq!(told("5", false, 0), ["fired"]);
    assert_eq!(told("0.01", false, 300), [""; 0]);
    assert_eq!(told("0", true, 600), [""; 0], "nothing explains such a fall");
    assert_eq!(told("0", false, 900), ["used-up"], "a second reading says the same");
    assert_eq!(told("-9", false, 1200), [""; 0], "once");
    assert_eq!(told("5", false, 1500), [""; 0]);
    assert_eq!(told("-1", false, 1800), [""; 0], "once in an episode");
    assert_eq!(
        told("-1", false, 900 + 24 * 3600 - 1),
        [""; 0],
        "a day after the last word"
    );
    assert_eq!(told("-1", false, 900 + 24 * 3600), ["repeated-1"]);

    let mut at_once = Run::new(|_| {});
    at_once.balance = Some("-1");
    assert_eq!(
        (at_once.told(Breach, 0), at_once.told(Breach, 300)),
        (vec!["fired".to_owned()], vec![])
    );
    let mut operators_only = Run::new(|policy| policy.notify.retain(|channel| !channel.is_client()));
    operators_only.balance = Some("5");
    operators_only.told(Breach, 0);
    operators_only.balance = Some("-1");
    assert_eq!(operators_only.told(Breach, 300), [""; 0]);
}

proptest! {
    #[test]
    fn an_alert_alternates_between_firing_and_ending_with_bounded_repeats(
        history in verdicts(), hold_secs in 0i64..1000, max_repeats in 0u32..4,
    ) {
        let mut run = Run::new(|policy| {
            policy.hold = SignedDuration::from_secs(hold_secs);
            policy.max_repeats = max_repeats;
            policy.repeat_every = SignedDuration::from_secs(500);
            policy.cool_down = SignedDuration::from_secs(2000);
        });
        let (mut now, mut fires, mut repeats, mut client_told) = (0, false, 0, false);
        for (verdict, passed_secs, baseline, jumped) in history {
            now += passed_secs;
            (run.baseline, run.jumped) = (baseline, jumped);
            let before = run.alert.clone();
            let step = run.judge(verdict, now);
            if verdict == Unknown {
                prop_assert!(step.transitions.is_empty(), "no transition on unknown");
                prop_assert!(step.next == before || !fires, "no change of a running episode on unknown");
            }
            for transition in &step.transitions {
                match transition {
                    Transition::Fired { .. } => {
                        prop_assert!(!fires, "never fires twice without ending in between");
                        prop_assert_eq!(verdict, Breach);
                        let told_at_once = step.episode.as_ref().is_some_and(|firing| firing.client_told);
                        (fires, repeats, client_told) = (true, 0, told_at_once);
                    }
                    Transition::Repeated { repeat } => {
                        repeats += 1;
                        prop_assert!(fires && *repeat == repeats && repeats <= max_repeats);
                    }
                    Transition::ClientDue => {
                        prop_assert!(fires && !client_told, "the client's late mail comes once");
                        client_told = true;
                    }
                    Transition::Resolved | Transition::Withdrawn { .. } => {
                        prop_assert!(fires, "nothing ends that did not fire");
                        fires = false;
                    }
                    _ => prop_assert!(false, "not decided here"),
                }
            }
            let is_firing = matches!(run.alert, Some(Alert { phase: Phase::Firing(_), .. }));
            prop_assert_eq!(is_firing, fires, "the state and the story agree");
        }
    }
}
