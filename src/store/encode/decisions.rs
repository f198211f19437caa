//! Rows of `enforcement`, `enforcement_step` and `decision`.

use super::{bounded_structure, detail, id, name, nanos, nanos_of, structure};
use crate::domain::decision::Decision;
use crate::domain::enforcement::{Enforcement, EnforcementStep};

row! {
    EnforcementRow of enforcement: Enforcement as "enforcement" by ["id"] {
        id: enforcement.id,
        account: enforcement.account,
        client: enforcement.client,
        policy: enforcement.policy,
        episode: enforcement.episode,
        direction: enforcement.direction,
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
        asked_at: nanos_of(enforcement.asked_at),
        waited: enforcement.waited,
        told: structure(&enforcement.told),
    }
}

row! {
    StepRow of step: EnforcementStep as "enforcement_step" by ["enforcement", "number"] {
        enforcement: step.enforcement,
        number: step.number,
        at: nanos(step.at),
        step: name(&step.step),
        detail: detail(&step.detail),
    }
}

row! {
    DecisionRow of decision: Decision as "decision" by ["account", "id"] {
        id: id(&decision.id),
        kind: decision.kind,
        scope: structure(&decision.scope),
        by: name(&decision.by),
        at: nanos(decision.at),
        until: nanos_of(decision.until),
        note: detail(&decision.note),
    }
}
