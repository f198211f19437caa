//! How long one plan takes: 50,000 clients, 10 policies that enforce, every fifth client in breach, thousands of changes before.
//!
//! `cargo bench --bench plan`

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it tells how long something really takes"
)]

use std::hint::black_box;
use std::time::Instant;

use balancewatch::domain::alert::{Alert, EpisodeId, Firing, Phase};
use balancewatch::domain::enforcement::{Direction, Enforcement, EnforcementState, Mode, Outcome};
use balancewatch::domain::kept::Warnings;
use balancewatch::domain::plan::{Approvals, Caps, Fleet, Guards, Orders, Protected, World, intents, outdated, plan};
use balancewatch::domain::policy::{Enforce, Limit, Pattern, Policy, Scope, Selector, Severity, When};
use balancewatch::domain::reason::Reason;
use balancewatch::domain::share::Share;
use balancewatch::domain::watch::{AccountState, Watched};
use balancewatch::domain::{AccountName, Client, ClientId, Management, PolicyName, Reading};
use jiff::{SignedDuration, Timestamp};

const CLIENTS: u32 = 50_000;
const POLICIES: u32 = 10;
const ROUNDS: u32 = 20;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + secs).expect("a time")
}

fn policy(number: u32) -> Policy {
    Policy {
        name: PolicyName::new(&format!("policy-{number}")).expect("a name"),
        severity: Severity::Critical,
        when: When {
            balance_below: Some(Limit::Amount("5".parse().expect("an amount"))),
            ..When::default()
        },
        clear: None,
        hold: SignedDuration::ZERO,
        clear_readings: 2,
        clear_for: SignedDuration::ZERO,
        repeat_every: SignedDuration::from_hours(24),
        max_repeats: 5,
        cool_down: SignedDuration::from_hours(6),
        notify: Vec::new(),
        clients: Selector::default(),
        enforce: Some(Enforce {
            revert_on_recovery: true,
            ..Enforce::now(Management::Hard)
        }),
        scope: Scope::Clients,
        runbook_url: None,
    }
}

fn client(number: u32) -> Watched {
    let id = ClientId::new(&(500_000 + number).to_string()).expect("an id");
    let client = Client {
        email: format!("client{number}@example.com"),
        company: format!("Company {number}"),
        balance_management: "2".to_owned(),
        fingerprint: "as listed".to_owned(),
        ..Client::unknown(id)
    };
    Watched {
        reading: Some(Reading {
            balance: format!("{}.25", number % 7).parse().expect("an amount"),
            spent_today: None,
            spent_total: None,
            at: at(10),
        }),
        ..Watched::new(client, at(-86_400))
    }
}

fn fires(account: &AccountName, watched: &Watched, policy: &Policy) -> Alert {
    let client = watched.client.id.clone();
    let since = at(-3_600);
    let episode = EpisodeId::new(account, &client, &policy.name, since);
    let firing = Firing {
        last_reading_at: Some(at(10)),
        ..Firing::new(episode, since, Mode::Apply)
    };
    Alert {
        client,
        policy: policy.name.clone(),
        condition: policy.condition(),
        phase: Phase::Firing(firing),
        reason: Reason::NoThreshold,
    }
}

/// A change that was made and read back some days ago.
fn done(account: &AccountName, watched: &Watched, policy: &Policy) -> Enforcement {
    let client = watched.client.id.clone();
    let episode = EpisodeId::new(account, &client, &policy.name, at(-400_000));
    Enforcement {
        id: format!("{episode}/enforce/1"),
        account: account.clone(),
        client,
        policy: policy.name.clone(),
        episode,
        direction: Direction::Enforce,
        wanted: Management::Hard,
        balance: "1".parse().expect("an amount"),
        planned_at: at(-400_000),
        state: EnforcementState::Ended {
            outcome: Outcome::Verified,
        },
        changed_at: at(-399_990),
        code_before: Some("2".to_owned()),
        code_sent: Some("1".to_owned()),
        fingerprint_before: Some("before".to_owned()),
        fingerprint_after: Some("as listed".to_owned()),
        before_image: None,
        window_ms: None,
        settle_at: None,
        asked_at: None,
        waited: 0,
        told: [].into(),
    }
}

fn main() {
    let account = AccountName::new("main").expect("a name");
    let policies: Vec<Policy> = (0..POLICIES).map(policy).collect();
    let clients: Vec<Watched> = (0..CLIENTS).map(client).collect();
    let in_breach = || clients.iter().step_by(5);
    let alerts: Vec<Alert> = in_breach()
        .flat_map(|watched| policies.iter().map(|policy| fires(&account, watched, policy)))
        .collect();
    let history: Vec<Enforcement> = clients
        .iter()
        .step_by(10)
        .map(|watched| done(&account, watched, &policies[0]))
        .collect();
    let share = |percent: i64| Share::percent(percent.into());
    let guards = Guards {
        mode: Mode::Apply,
        protect: ["*@clinic.example", "company:Ambulance*"]
            .map(|text| Protected::Pattern(Pattern::parse(text)))
            .into(),
        caps: Caps {
            per_sweep: 3,
            per_hour: 5,
            per_day: 20,
            share_per_day: share(2),
        },
        approvals: Approvals {
            needed: 1,
            expires: SignedDuration::from_hours(4),
            ask_again: SignedDuration::from_hours(6),
        },
        extra_fields: [].into(),
        canary_wait: SignedDuration::from_secs(60),
    };
    let state = AccountState {
        canary_passed_at: Some(at(-500_000)),
        inventory_at: Some(at(1)),
        ..AccountState::default()
    };
    let warnings = Warnings::new();
    let fleet = Fleet {
        sweep_started_at: at(0),
        state: &state,
        clients: CLIENTS,
        guards: &guards,
        warnings: &warnings,
        policies: &policies,
        history: &history,
    };
    // As the enforcer finds them: by their place.
    let places: std::collections::HashMap<&ClientId, &Watched> =
        clients.iter().map(|watched| (&watched.client.id, watched)).collect();
    let mut fastest = f64::MAX;
    let mut slowest: f64 = 0.0;
    let mut decided = 0;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let gone = outdated(&fleet, &alerts);
        let wanted = intents(&fleet, &alerts, |client| places.get(client).copied());
        let world = World::new(at(20), &fleet, Orders::default());
        decided = black_box(plan(wanted, &world)).len() + black_box(gone).len();
        let millis = began.elapsed().as_secs_f64() * 1_000.0;
        (fastest, slowest) = (fastest.min(millis), slowest.max(millis));
    }
    println!(
        "{CLIENTS} clients, {POLICIES} policies, {} alerts that fire, {} changes before: {decided} decisions in {fastest:.1} to \
         {slowest:.1} ms",
        alerts.len(),
        history.len()
    );
}
