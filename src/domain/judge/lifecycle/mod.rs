//! How an alert moves: inactive, pending, firing, and back through *resolved* or *withdrawn*.
//!
//! One pure function, [`step`]. An unknown verdict moves nothing; a clock that goes back counts as no time passed.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::verdict::{Judgement, Verdict};
use crate::domain::alert::{Alert, ClientWaits, EpisodeId, Firing, Pending, Phase};
use crate::domain::enforcement::Mode;
use crate::domain::notice::{Transition, Withdrawal};
use crate::domain::policy::Scope;
use crate::domain::reason::{Measure, Reason};
use crate::domain::{AccountName, ClientId, Policy};

/// When, and under which circumstances, an alert is judged.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    pub account: &'a AccountName,
    pub now: Timestamp,
    /// How long one round of readings takes: the longer of the schedule's interval and the achievable revisit time.
    pub interval: SignedDuration,
    /// The day in Toronto, where `spent_today` is counted.
    pub day: Date,
    /// Whether the clock jumped forward: holds and graces start again.
    pub jumped: bool,
    /// Whether this judgement is a baseline: the first of this client by this policy, or the first after a long gap.
    pub baseline: bool,
    /// Whether what this reading begins waits, for the client and for any enforcement, until the end of its sweep or a second
    /// reading: the sweep does not yet know whether it is alone, or nothing explains it.
    pub unconfirmed: bool,
    /// Whether nothing explains how far the balance fell, so that a second reading must say the same.
    pub is_doubted: bool,
    /// Whether something keeps people from being told that it still fires.
    pub is_hushed: bool,
    /// The enforcement mode; an episode remembers the one it began in.
    pub mode: Mode,
}

/// What became of an alert.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The alert from now on; `None`: inactive, no row.
    pub next: Option<Alert>,
    /// What happened, in order.
    pub transitions: Vec<Transition>,
    /// The episode that the transitions belong to, as it is after them.
    pub episode: Option<Firing>,
    /// Why it moved, when that is not what the alert says: an end is told by the reading that ended it.
    pub ended_by: Option<Reason>,
}

impl Step {
    /// Nothing but this state.
    fn quiet(next: Option<Alert>) -> Self {
        Self {
            next,
            ..Self::default()
        }
    }
}

/// Moves an alert by a judgement. `reading_at` is the time of the reading that was judged; one reading counts once.
#[must_use]
pub fn step(
    alert: Option<Alert>,
    client: &ClientId,
    policy: &Policy,
    judgement: &Judgement,
    reading_at: Option<Timestamp>,
    moment: &Moment<'_>,
) -> Step {
    if judgement.verdict == Verdict::Unknown {
        return Step::quiet(alert.filter(|alert| !is_spent(alert, policy, moment.now)));
    }
    let stepper = Stepper {
        client,
        policy,
        judgement,
        reading_at,
        moment,
    };
    match alert {
        None => stepper.when_inactive(None, None),
        Some(Alert {
            phase: Phase::CoolingDown { resolved_at, relapses },
            ..
        }) => stepper.when_inactive(None, stepper.still_cooling(Some(resolved_at), relapses)),
        Some(Alert {
            phase: Phase::Pending(pending),
            condition,
            ..
        }) => {
            let before = stepper.still_cooling(pending.resolved_at, pending.relapses);
            // A changed condition starts the hold anew.
            let pending = Some(pending).filter(|_| condition == policy.condition());
            stepper.when_inactive(pending, before)
        }
        Some(Alert {
            phase: Phase::Firing(firing),
            condition,
            ..
        }) => stepper.when_firing(firing, condition == policy.condition()),
    }
}

/// Ends a running episode because its ground went away; a pending alert just goes.
#[must_use]
pub fn withdraw(alert: Alert, why: Withdrawal) -> Step {
    match alert.phase {
        Phase::Firing(firing) => Step {
            next: None,
            transitions: vec![Transition::Withdrawn { why }],
            episode: Some(firing),
            ended_by: None,
        },
        Phase::Pending(_) | Phase::CoolingDown { .. } => Step::default(),
    }
}

/// Believes what one reading began, at the end of its sweep: nothing of it waits any more for a second reading. `relapse` is
/// whether it came back within its cool-down.
#[must_use]
pub fn believe(mut alert: Alert, policy: &Policy, relapse: bool) -> Step {
    match &mut alert.phase {
        Phase::Pending(pending) => pending.baseline = false,
        Phase::CoolingDown { .. } => {}
        Phase::Firing(firing) => {
            firing.baseline = false;
            firing.confirmed = true;
            if firing.client_waits == Some(ClientWaits::Confirmation) {
                firing.client_waits = None;
                firing.client_told = policy.tells_client();
                firing.client_knows_it_is_gone = is_used_up(&alert.reason);
            }
            return Step {
                transitions: vec![Transition::Fired { relapse }],
                episode: Some(firing.clone()),
                next: Some(alert),
                ended_by: None,
            };
        }
    }
    Step::quiet(Some(alert))
}

/// Whether an inactive alert's cool-down is over, so that nothing about it must be remembered.
#[must_use]
pub fn is_spent(alert: &Alert, policy: &Policy, now: Timestamp) -> bool {
    matches!(alert.phase, Phase::CoolingDown { resolved_at, .. } if now.duration_since(resolved_at) >= policy.cool_down)
}

/// How much later a second reading must be to confirm a first. Two sweeps are one interval apart, but what they read is
/// read and judged some seconds earlier or later within them: without this allowance, every second confirmation would
/// wait for a third sweep.
#[must_use]
pub fn one_round_later(interval: SignedDuration) -> SignedDuration {
    interval - (interval / 10).min(SignedDuration::from_secs(10))
}

/// From this relapse in a row on an end takes long. One relapse is life: a client that paid too little.
const FLAPS: u32 = 2;

/// How long an episode must have been clear before it ends. What is wrong with the account itself ends when it is right again.
#[must_use]
pub fn clear_for(firing: &Firing, policy: &Policy) -> SignedDuration {
    if firing.relapses >= FLAPS && policy.scope != Scope::Account {
        policy.clear_for.max(policy.cool_down)
    } else {
        policy.clear_for
    }
}

/// When the reading may come at the earliest that confirms what a first one found; `None` when it is confirmed.
#[must_use]
pub fn confirms_from(firing: &Firing, interval: SignedDuration) -> Option<Timestamp> {
    let due = firing.since.saturating_add(one_round_later(interval));
    (!firing.confirmed).then(|| due.unwrap_or(Timestamp::MAX))
}

/// Whether the balance that was compared is used up.
#[must_use]
pub fn is_used_up(reason: &Reason) -> bool {
    let finding = reason.finding(Measure::Balance);
    finding.is_some_and(|finding| !finding.value.is_positive())
}

/// The episode before, while its cool-down runs.
#[derive(Clone, Copy)]
struct Before {
    resolved_at: Timestamp,
    relapses: u32,
}

struct Stepper<'a> {
    client: &'a ClientId,
    policy: &'a Policy,
    judgement: &'a Judgement,
    reading_at: Option<Timestamp>,
    moment: &'a Moment<'a>,
}

impl Stepper<'_> {
    /// The episode before, if its cool-down still runs.
    fn still_cooling(&self, resolved_at: Option<Timestamp>, relapses: u32) -> Option<Before> {
        let resolved_at = resolved_at.filter(|at| self.moment.now.duration_since(*at) < self.policy.cool_down)?;
        Some(Before { resolved_at, relapses })
    }

    fn alert(&self, phase: Phase) -> Alert {
        Alert {
            client: self.client.clone(),
            policy: self.policy.name.clone(),
            condition: self.policy.condition(),
            phase,
            reason: self.judgement.reason.clone(),
        }
    }

    /// From inactive or pending: a breach starts or continues the hold and fires when it is over.
    fn when_inactive(&self, pending: Option<Pending>, before: Option<Before>) -> Step {
        let now = self.moment.now;
        if self.judgement.verdict != Verdict::Breach {
            let cooling = before.map(|Before { resolved_at, relapses }| Phase::CoolingDown { resolved_at, relapses });
            return Step::quiet(cooling.map(|phase| self.alert(phase)));
        }
        let unbroken = pending.filter(|pending| {
            !self.moment.jumped && now.duration_since(pending.last_breach_at) <= self.moment.interval * 3
        });
        let (since, baseline) = match unbroken {
            Some(pending) => (pending.since.min(now), pending.baseline),
            None => (now, self.moment.baseline),
        };
        if now.duration_since(since) < self.policy.hold {
            let pending = Pending {
                since,
                last_breach_at: now,
                baseline,
                resolved_at: before.map(|before| before.resolved_at),
                relapses: before.map_or(0, |before| before.relapses),
            };
            return Step::quiet(Some(self.alert(Phase::Pending(pending))));
        }
        // What was seen one whole round before needs no more.
        let is_second = now.duration_since(since) >= one_round_later(self.moment.interval);
        let unconfirmed = self.moment.unconfirmed && !(is_second && since < now);
        self.fire(baseline, unconfirmed, before)
    }

    fn fire(&self, baseline: bool, unconfirmed: bool, before: Option<Before>) -> Step {
        let Moment {
            account,
            now,
            day,
            mode,
            ..
        } = *self.moment;
        // A cool-down that cannot be represented never ends, which tells the client less, not more. One that runs is longer than
        // a second reading takes, which it waits for as well.
        let cools_down = before
            .map(|before| before.resolved_at.saturating_add(self.policy.cool_down))
            .map(|over| ClientWaits::CoolDownEnds(over.unwrap_or(Timestamp::MAX)));
        let waits = cools_down.or_else(|| (baseline || unconfirmed).then_some(ClientWaits::Confirmation));
        let client_waits = waits.filter(|_| self.policy.tells_client());
        let firing = Firing {
            baseline,
            relapses: before.map_or(0, |before| before.relapses.saturating_add(1)),
            confirmed: !(baseline || unconfirmed),
            client_waits,
            client_told: self.policy.tells_client() && client_waits.is_none(),
            client_knows_it_is_gone: client_waits.is_none() && self.is_used_up(),
            breach: self.judgement.reason.finding(Measure::Balance).cloned().map(Box::new),
            last_reading_at: self.reading_at,
            over_on: (self.judgement.over_today == Some(true)).then_some(day),
            severity: Some(self.policy.severity),
            ..Firing::new(EpisodeId::new(account, self.client, &self.policy.name, now), now, mode)
        };
        let transitions = vec![Transition::Fired {
            relapse: before.is_some(),
        }];
        Step {
            next: Some(self.alert(Phase::Firing(firing.clone()))),
            transitions,
            episode: Some(firing),
            ended_by: None,
        }
    }

    /// Whether the judged balance is used up.
    fn is_used_up(&self) -> bool {
        is_used_up(&self.judgement.reason)
    }

    fn when_firing(&self, mut firing: Firing, same_condition: bool) -> Step {
        match self.judgement.verdict {
            Verdict::NotApplicable => {
                return withdraw(self.alert(Phase::Firing(firing)), Withdrawal::ThresholdRemoved);
            }
            Verdict::Clear | Verdict::Between if !same_condition => {
                return withdraw(self.alert(Phase::Firing(firing)), Withdrawal::PolicyChanged);
            }
            _ => {}
        }
        // Whoever goes on to a bolder mode has not decided about what a more careful one saw meanwhile.
        firing.mode = firing.mode.min(self.moment.mode);
        let is_new_reading = self.reading_at.is_none() || self.reading_at != firing.last_reading_at;
        firing.last_reading_at = self.reading_at.or(firing.last_reading_at);
        firing.is_recovering = self.judgement.verdict != Verdict::Breach;
        if !firing.is_recovering {
            firing.breach = self.judgement.reason.finding(Measure::Balance).cloned().map(Box::new);
        }
        let day_recovered = self.note_spending(&mut firing);
        if self.judgement.verdict == Verdict::Clear && day_recovered {
            return self.clear(firing, is_new_reading);
        }
        if !self.is_untried() {
            firing.clear_readings = 0;
            firing.clear_since = None;
        }
        if self.judgement.verdict == Verdict::Breach && is_new_reading {
            let seen_at = self.reading_at.unwrap_or(self.moment.now);
            firing.confirmed |= seen_at.duration_since(firing.since) >= one_round_later(self.moment.interval);
        }
        // Nobody is reminded of what is recovering; when it breaches again, a repeat that came due meanwhile is told.
        let transitions = if firing.is_recovering {
            Vec::new()
        } else {
            self.told_again(&mut firing)
        };
        Step {
            next: Some(self.alert(Phase::Firing(firing.clone()))),
            transitions,
            episode: Some(firing),
            ended_by: None,
        }
    }

    /// Whether it was only looked at the time since the last reading, and nobody tried to read anew: that interrupts no readings.
    /// Silence is looked at every minute between two sweeps.
    const fn is_untried(&self) -> bool {
        matches!(self.judgement.verdict, Verdict::Between)
            && matches!(self.judgement.reason, Reason::Unread { error: None, .. })
    }

    /// Notes on which day spending was over or under its limit; whether one whole day under it has passed. The new
    /// day's zero is no recovery: the spending may go on.
    fn note_spending(&self, firing: &mut Firing) -> bool {
        let day = self.moment.day;
        let Some(over_on) = firing.over_on else {
            firing.over_on = (self.judgement.over_today == Some(true)).then_some(day);
            return firing.over_on.is_none();
        };
        if self.judgement.over_today == Some(true) {
            firing.over_on = Some(over_on.max(day));
            firing.under_on = None;
            return false;
        }
        let whole_day_under = firing.under_on.is_some_and(|under_on| under_on < day);
        if self.judgement.over_today == Some(false) && day > over_on && firing.under_on.is_none() {
            firing.under_on = Some(day);
        }
        whole_day_under
    }

    /// One more clear reading; the episode ends when there were enough, for long enough.
    fn clear(&self, mut firing: Firing, is_new_reading: bool) -> Step {
        let now = self.moment.now;
        if is_new_reading {
            firing.clear_readings += 1;
        }
        let since = firing
            .clear_since
            .filter(|_| !self.moment.jumped)
            .map_or(now, |since| since.min(now));
        firing.clear_since = Some(since);
        if firing.clear_readings < self.policy.clear_readings
            || now.duration_since(since) < clear_for(&firing, self.policy)
        {
            return Step::quiet(Some(self.alert(Phase::Firing(firing))));
        }
        let cooling = || Phase::CoolingDown {
            resolved_at: now,
            relapses: firing.relapses,
        };
        let next = (!self.policy.cool_down.is_zero()).then(|| self.alert(cooling()));
        Step {
            next,
            transitions: vec![Transition::Resolved],
            episode: Some(firing),
            ended_by: Some(self.judgement.reason.clone()),
        }
    }

    /// What was held back, the client's late mail, or a repeat when one is due. Never two at once.
    fn told_again(&self, firing: &mut Firing) -> Vec<Transition> {
        let now = self.moment.now;
        let client_due = match firing.client_waits {
            Some(ClientWaits::Confirmation) => firing.confirmed,
            Some(ClientWaits::CoolDownEnds(end)) => now >= end && firing.confirmed,
            None => false,
        };
        if client_due {
            firing.client_waits = None;
            firing.client_told = true;
            firing.client_knows_it_is_gone = self.is_used_up();
            // The next reminder comes a whole `repeat_every` after this, or two mails would say the same.
            firing.last_told_at = now;
        }
        if firing.held_back && !self.moment.is_hushed {
            firing.client_knows_it_is_gone |= self.is_used_up();
            firing.last_told_at = now;
            return vec![Transition::StillFires];
        }
        if client_due {
            return vec![Transition::ClientDue];
        }
        if self.judgement.has_news {
            firing.last_told_at = now;
            return vec![Transition::News];
        }
        let repeat_due = now.duration_since(firing.last_told_at) >= self.policy.repeat_every;
        if repeat_due && firing.repeats < self.policy.max_repeats {
            firing.repeats += 1;
            firing.last_told_at = now;
            firing.client_knows_it_is_gone |= self.is_used_up();
            return vec![Transition::Repeated { repeat: firing.repeats }];
        }
        if firing.client_told && !firing.client_knows_it_is_gone && self.is_used_up() && !self.moment.is_doubted {
            firing.client_knows_it_is_gone = true;
            // The next reminder comes a whole `repeat_every` after this.
            firing.last_told_at = now;
            return vec![Transition::UsedUp];
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
