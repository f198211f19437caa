//! Rows of `enforcement`, `enforcement_step` and `decision`.

use serde::Serialize;

use super::{Text, bounded_structure, detail, id, name, nanos, nanos_of, structure};
use crate::domain::Money;
use crate::domain::decision::{self, Decision};
use crate::domain::enforcement::{Direction, Enforcement, EnforcementStep};

/// A row of `enforcement`.
#[derive(Serialize)]
pub(in crate::store) struct EnforcementRow<'a> {
    id: &'a str,
    account: &'a str,
    client: &'a str,
    policy: &'a str,
    episode: &'a str,
    direction: &'a Direction,
    wanted: &'static str,
    balance: Money,
    planned_at: i64,
    state: &'static str,
    detail: String,
    changed_at: i64,
    code_before: Option<Text<'a>>,
    code_sent: Option<Text<'a>>,
    fingerprint_before: Option<Text<'a>>,
    fingerprint_after: Option<Text<'a>>,
    before_image: Option<String>,
    window_ms: Option<i64>,
    settle_at: Option<i64>,
    waited: u32,
    told: String,
}

impl<'a> From<&'a Enforcement> for EnforcementRow<'a> {
    fn from(enforcement: &'a Enforcement) -> Self {
        Self {
            id: &enforcement.id,
            account: enforcement.account.as_str(),
            client: enforcement.client.as_str(),
            policy: enforcement.policy.as_str(),
            episode: enforcement.episode.as_str(),
            direction: &enforcement.direction,
            wanted: enforcement.wanted.as_str(),
            balance: enforcement.balance,
            planned_at: nanos(enforcement.planned_at),
            state: enforcement.state.label(),
            detail: structure(&enforcement.state),
            changed_at: nanos(enforcement.changed_at),
            code_before: enforcement.code_before.as_deref().map(name),
            code_sent: enforcement.code_sent.as_deref().map(name),
            fingerprint_before: enforcement.fingerprint_before.as_deref().map(name),
            fingerprint_after: enforcement.fingerprint_after.as_deref().map(name),
            before_image: enforcement
                .before_image
                .as_deref()
                .map(|image| bounded_structure(image.replace('\0', "\u{fffd}"))),
            window_ms: enforcement.window_ms,
            settle_at: nanos_of(enforcement.settle_at),
            waited: enforcement.waited,
            told: structure(&enforcement.told),
        }
    }
}

/// A row of `enforcement_step`.
#[derive(Serialize)]
pub(in crate::store) struct StepRow<'a> {
    enforcement: &'a str,
    number: u32,
    at: i64,
    step: Text<'a>,
    detail: Text<'a>,
}

impl<'a> From<&'a EnforcementStep> for StepRow<'a> {
    fn from(step: &'a EnforcementStep) -> Self {
        Self {
            enforcement: &step.enforcement,
            number: step.number,
            at: nanos(step.at),
            step: name(&step.step),
            detail: detail(&step.detail),
        }
    }
}

/// A row of `decision`.
#[derive(Serialize)]
pub(in crate::store) struct DecisionRow<'a> {
    id: Text<'a>,
    kind: decision::Kind,
    scope: String,
    by: Text<'a>,
    at: i64,
    until: Option<i64>,
    note: Text<'a>,
}

impl<'a> From<&'a Decision> for DecisionRow<'a> {
    fn from(decision: &'a Decision) -> Self {
        Self {
            id: id(&decision.id),
            kind: decision.kind,
            scope: structure(&decision.scope),
            by: name(&decision.by),
            at: nanos(decision.at),
            until: nanos_of(decision.until),
            note: detail(&decision.note),
        }
    }
}
