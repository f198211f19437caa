//! Short ways to write the values that the domain's tests are about.

use jiff::{SignedDuration, Timestamp};

use super::alert::EpisodeId;
use super::dead_letter::DeadLetter;
use super::enforcement::{Direction, Enforcement, EnforcementState, Mode};
use super::judge::triggers::Triggers;
use super::plan::{Approvals, Caps, Guards};
use super::policy::{Policy, Scope, Selector, Severity, When};
use super::share::Share;
use super::{AccountName, ChannelName, Client, ClientId, Management, Money, PolicyName, Reading, Threshold};

pub fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// A time in seconds.
pub fn at(secs: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + secs).unwrap()
}

pub fn client() -> ClientId {
    ClientId::new("561115").unwrap()
}

/// What the list says of a client.
pub fn record(id: &str) -> Client {
    Client {
        email: format!("{id}@example.com"),
        company: "Acme".to_owned(),
        ..Client::unknown(ClientId::new(id).unwrap())
    }
}

pub fn reading(balance: &str, spent_today: &str, secs: i64) -> Reading {
    Reading {
        balance: money(balance),
        spent_today: Some(money(spent_today)),
        spent_total: None,
        at: at(secs),
    }
}

pub fn threshold(amount: Option<&str>, secs: i64) -> Threshold {
    Threshold {
        amount: amount.map(money),
        email: None,
        at: at(secs),
    }
}

/// A policy with the defaults of the configuration that tells the channels `ops` and `client`.
pub fn policy(name: &str, when: When) -> Policy {
    Policy {
        runbook_url: None,
        name: PolicyName::new(name).unwrap(),
        severity: Severity::Warning,
        when,
        clear: None,
        hold: SignedDuration::ZERO,
        clear_readings: 2,
        clear_for: SignedDuration::ZERO,
        repeat_every: SignedDuration::from_hours(24),
        max_repeats: 5,
        cool_down: SignedDuration::from_hours(6),
        notify: vec![ChannelName::new("ops").unwrap(), ChannelName::client()],
        clients: Selector::default(),
        enforce: None,
        scope: Scope::Clients,
    }
}

/// A dead letter to an operator.
pub fn dead_letter() -> DeadLetter {
    DeadLetter {
        message: "m".to_owned(),
        notification: "m/1".to_owned(),
        client: client(),
        label: "Consulting".to_owned(),
        carried: 1,
        channel: ChannelName::new("ops").unwrap(),
        recipient: "a@x".to_owned(),
        why: "no such user".to_owned(),
        is_announced: false,
        is_settled: false,
    }
}

/// A planned change to HARD that the policy `overdrawn` asked for in this episode.
pub fn enforcement(episode: EpisodeId) -> Enforcement {
    Enforcement {
        id: format!("{episode}/enforce/1"),
        account: AccountName::new("main").unwrap(),
        client: client(),
        policy: PolicyName::new("overdrawn").unwrap(),
        episode,
        direction: Direction::Enforce,
        wanted: Management::Hard,
        balance: money("-1"),
        planned_at: at(0),
        state: EnforcementState::Planned,
        changed_at: at(0),
        code_before: None,
        code_sent: None,
        fingerprint_before: None,
        fingerprint_after: None,
        before_image: None,
        window_ms: None,
        settle_at: None,
        asked_at: None,
        waited: 0,
        told: [].into(),
    }
}

/// What sets the brake by itself, as it is without a word in the configuration.
pub fn triggers() -> Triggers {
    Triggers {
        firing: Share::percent(10.into()),
        balance_jump: Share::percent(30.into()),
        unread: Share::percent(50.into()),
    }
}

/// Guards that stop little: no cap but these, nobody protected.
pub fn guards(mode: Mode, per_sweep: u32, per_day: u32) -> Guards {
    Guards {
        mode,
        protect: Vec::new(),
        caps: Caps {
            per_sweep,
            per_hour: 1_000,
            per_day,
            share_per_day: Share::percent(100.into()),
        },
        approvals: Approvals {
            needed: 1,
            expires: SignedDuration::from_hours(4),
            ask_again: SignedDuration::from_hours(6),
        },
        extra_fields: [].into(),
        canary_wait: SignedDuration::from_secs(60),
    }
}
