//! What holds whatever happened before.

use proptest::prelude::{Just, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::{HOUR, Mode, NOW, SWEEP, asks, at, done, ended, fires, firing_mut, guards, id, state, watched};
use crate::domain::alert::{Alert, Phase};
use crate::domain::enforcement::{Deferral, Direction, Enforcement, EnforcementState, Outcome, Refusal};
use crate::domain::kept::Warnings;
use crate::domain::plan::{Decision, Field, Fleet, Orders, Record, World, intents, plan, prepare};
use crate::domain::testing::reading;
use crate::domain::watch::Watched;
use crate::domain::{ClientId, Management};

const CLIENTS: [&str; 5] = ["1", "2", "3", "4", "protected"];
const POLICIES: [&str; 3] = ["a-hard", "b-hard", "c-soft"];

fn states() -> impl Strategy<Value = EnforcementState> {
    prop_oneof![
        Just(EnforcementState::Sent),
        Just(EnforcementState::Deferred { why: Deferral::Brake }),
        Just(ended(Outcome::Verified)),
        Just(ended(Outcome::Already)),
        Just(ended(Outcome::DidNotHappen)),
        Just(ended(Outcome::Differs { fields: vec![] })),
        Just(ended(Outcome::Unknown { error: String::new() })),
        Just(ended(Outcome::Declined { code: String::new() })),
        Just(ended(Outcome::Refused {
            why: Refusal::EditedSince
        })),
        Just(ended(Outcome::Refused {
            why: Refusal::PasswordMasked
        })),
    ]
}

fn histories() -> impl Strategy<Value = Vec<Enforcement>> {
    let one = (
        0..CLIENTS.len(),
        0..POLICIES.len(),
        states(),
        0..50 * HOUR,
        any::<bool>(),
    );
    prop::collection::vec(one, 0..8).prop_map(|all| {
        all.into_iter()
            .map(|(client, policy, state, ago, is_revert)| {
                let mut done = done(CLIENTS[client], POLICIES[policy], NOW - ago - 9, state, NOW - ago);
                if is_revert {
                    done.direction = Direction::Revert;
                }
                done
            })
            .collect()
    })
}

/// Alerts in every phase, some not judged or confirmed, some of another mode; with the clients they are about.
fn fleets() -> impl Strategy<Value = (Vec<Alert>, Vec<Watched>)> {
    let alert = (0..CLIENTS.len(), 0..POLICIES.len(), 0..50 * HOUR, 0..12u8);
    let reading_at = prop::collection::vec((-2000i64..2000, -10i64..30), CLIENTS.len());
    (prop::collection::vec(alert, 0..9), reading_at).prop_map(|(alerts, readings)| {
        let alerts = alerts
            .into_iter()
            .map(|(client, policy, ago, kind)| {
                let mut alert = fires(CLIENTS[client], POLICIES[policy], NOW - ago);
                match kind {
                    0 => {
                        alert.phase = Phase::CoolingDown {
                            resolved_at: at(0),
                            relapses: 0,
                        }
                    }
                    1 => firing_mut(&mut alert).last_reading_at = Some(at(SWEEP - 1)),
                    2 => firing_mut(&mut alert).confirmed = false,
                    3 => firing_mut(&mut alert).mode = Mode::Observe,
                    _ => {}
                }
                alert
            })
            .collect();
        let clients = CLIENTS.iter().zip(readings).map(|(client, (cents, read_at))| {
            let mut watched = watched(client, "0");
            watched.reading = Some(reading(&format!("{cents}e-2"), "0", SWEEP + read_at));
            watched
        });
        (alerts, clients.collect())
    })
}

proptest! {
    #[test]
    fn nothing_is_changed_without_a_firing_alert_and_within_every_bound(
        (alerts, clients) in fleets(),
        history in histories(),
        (per_sweep, per_day) in (0u32..4, 0u32..4),
        canary_passed in any::<bool>(),
    ) {
        let policies = [
            asks("a-hard", Management::Hard, true),
            asks("b-hard", Management::Hard, false),
            asks("c-soft", Management::Soft, true),
        ];
        let guards = guards(per_sweep, per_day);
        let mut state = state();
        if !canary_passed {
            state.canary_passed_at = None;
        }
        state.inventory_at = Some(at(SWEEP));
        let warnings = Warnings::new();
        let fleet = Fleet {
            sweep_started_at: at(SWEEP),
            state: &state,
            clients: 1_000,
            guards: &guards,
            warnings: &warnings,
            policies: &policies,
            history: &history,
        };
        let find = |client: &ClientId| clients.iter().find(|watched| watched.client.id == *client);
        let intents = intents(&fleet, &alerts, find);
        let world = World::new(at(NOW), &fleet, Orders::default());
        let planned = plan(intents, &world);

        let clients_once: std::collections::BTreeSet<_> = planned.iter().map(|(intent, _)| &intent.client).collect();
        prop_assert_eq!(clients_once.len(), planned.len(), "one intent per client");
        let recent = |done: &&Enforcement| match &done.state {
            EnforcementState::Sent => true,
            EnforcementState::Ended { outcome } => !matches!(
                outcome,
                Outcome::Already
                    | Outcome::DidNotHappen
                    | Outcome::Refused { .. }
                    | Outcome::Declined { .. }
                    | Outcome::Cancelled
            ),
            _ => false,
        } && done.changed_at > at(NOW - 24 * HOUR);
        for direction in [Direction::Enforce, Direction::Revert] {
            let goes = planned.iter().filter(|(i, d)| *d == Decision::Go && i.direction == direction).count();
            let before = history.iter().filter(recent).filter(|done| done.direction == direction).count();
            prop_assert!(goes == 0 || goes + before <= per_day as usize, "the day's cap");
            prop_assert!(goes <= per_sweep as usize, "the sweep's cap");
        }
        for (intent, decision) in &planned {
            if *decision != Decision::Go {
                continue;
            }
            let was_changed = history
                .iter()
                .filter(recent)
                .any(|done| done.client == intent.client && done.direction == intent.direction);
            prop_assert!(!was_changed, "never twice the same way in 24 hours");
            prop_assert!(intent.client != id("protected"));
            prop_assert!(intent.confirmed && intent.episode_mode == Mode::Apply && intent.read_at >= at(SWEEP));
            prop_assert!(history.iter().all(|done| done.state != EnforcementState::Sent), "one at a time");
            let mut firing = alerts.iter().filter(|a| a.client == intent.client).filter_map(Alert::firing);
            match intent.direction {
                Direction::Enforce => prop_assert!(firing.any(|firing| firing.episode == intent.episode)),
                Direction::Revert => prop_assert!(intent.back.is_some()),
            }
        }
        let goes = planned.iter().filter(|(_, decision)| *decision == Decision::Go).count();
        prop_assert!(canary_passed || goes <= 1, "the first one goes alone");

        // As if all had been done: planning again changes nothing.
        let mut after = history.clone();
        for (number, (intent, _)) in planned.iter().filter(|(_, decision)| *decision == Decision::Go).enumerate() {
            let mut done = done("1", "a-hard", 0, ended(Outcome::Verified), NOW);
            done.id = format!("new {number}");
            (done.client, done.episode, done.policy) = (intent.client.clone(), intent.episode.clone(), intent.policy.clone());
            (done.direction, done.wanted, done.planned_at) = (intent.direction, intent.wanted, at(NOW));
            after.push(done);
        }
        let done_for: Vec<_> = planned.iter().filter(|(_, d)| *d == Decision::Go).map(|(i, _)| (&i.client, i.direction)).collect();
        let fleet = Fleet { history: &after, ..fleet };
        let again = super::super::intents(&fleet, &alerts, find);
        let repeated = again.iter().any(|intent| done_for.contains(&(&intent.client, intent.direction)));
        prop_assert!(!repeated, "an empty plan after success");
    }

    #[test]
    fn what_is_prepared_differs_in_one_field_whatever_the_record_holds(
        values in prop::collection::vec(".{0,48}", 13),
        password in prop_oneof![".{0,48}", "[*x•]{0,9}", "[0-9a-f]{31,33}", "\\$[a-z0-9]{1,4}\\$.{0,20}"],
    ) {
        let mut record = Record::from_fields(Field::ALL.into_iter().zip(values.iter().map(String::as_str)));
        record.set(Field::Password, &password);
        record.set(Field::Client, "561115");
        record.set(Field::Country, "");
        // Refused or prepared, but never anything else; and what is prepared is the record with one change.
        if let Ok(sent) = prepare(&id("561115"), &record, "1", &[]) {
            for field in Field::ALL {
                let expected = if field == Field::BalanceManagement { "1" } else { record.get(field) };
                prop_assert_eq!(sent.get(field), expected);
                prop_assert!(!field.is_required() || !sent.get(field).trim().is_empty());
            }
            prop_assert_eq!(sent.expose_password(), Some(password.as_str()));
        }
    }
}
