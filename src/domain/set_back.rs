//! What becomes of remembered times when the clock was set back. They then lie ahead, and all that counts from them or
//! waits for them would stand still until the clock has caught up. Pure.
//!
//! What happened is taken to have happened a moment ago: a clock that goes back counts as no time passed. What is to
//! come stays as far away as it was when anything was last written.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::alert::{Alert, ClientWaits, Firing, Pending, Phase};
use super::watch::AccountState;

/// What lies ahead by less may have been written this moment, by somebody who read the clock a little later.
const LEEWAY: SignedDuration = SignedDuration::from_secs(2);

/// What happened before now is set this much before it: what is of the present sweep is not earlier than its beginning.
const MOMENT: SignedDuration = SignedDuration::from_secs(1);

/// How times that lie ahead are set back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetBack {
    pub now: Timestamp,
    /// By how much the clock went back at least.
    pub by: SignedDuration,
}

impl SetBack {
    /// What is to be done when the `newest` thing that was written down is of this time; `None`: nothing.
    #[must_use]
    pub fn needed(newest: Option<Timestamp>, now: Timestamp) -> Option<Self> {
        let by = newest?.duration_since(now);
        (by > LEEWAY).then_some(Self { now, by })
    }

    /// The latest time at which anything can have happened.
    #[must_use]
    pub fn a_moment_ago(&self) -> Timestamp {
        self.now.saturating_sub(MOMENT).unwrap_or(self.now)
    }

    /// Sets back when something happened.
    fn past(&self, at: &mut Timestamp) {
        *at = (*at).min(self.a_moment_ago());
    }

    /// Sets back when something is to be.
    pub(super) fn mark(&self, at: &mut Timestamp) {
        // A mark for never stays one.
        if *at > self.now && *at != Timestamp::MAX {
            *at = at.saturating_sub(self.by).unwrap_or(self.now);
        }
    }

    /// Sets back what is remembered of an account.
    pub fn state(&self, state: &mut AccountState) {
        // By name, so that whoever adds a time says what becomes of it.
        let AccountState {
            sweep_started_at,
            sweep_ended_at,
            baseline_since,
            inventory_at,
            inventory_size: _,
            inventory_short_since,
            probe_at,
            probe_wait_secs: _,
            summary_at,
            canary_passed_at,
            management_codes: _,
            codes_used: _,
            codes_disputed: _,
            enforced_in: _,
            clock_jumped_at,
            surprise,
            last_sweep: _,
        } = state;
        let past = [
            sweep_started_at,
            sweep_ended_at,
            baseline_since,
            inventory_at,
            inventory_short_since,
            summary_at,
            canary_passed_at,
            clock_jumped_at,
        ];
        past.into_iter().flatten().for_each(|at| self.past(at));
        surprise.iter_mut().for_each(|open| self.past(&mut open.since));
        probe_at.iter_mut().for_each(|at| self.mark(at));
    }

    /// Sets back what is remembered of an alert; `today` is the day in Toronto.
    pub fn alert(&self, alert: &mut Alert, today: Date) {
        match &mut alert.phase {
            Phase::CoolingDown { resolved_at, .. } => self.past(resolved_at),
            Phase::Pending(Pending {
                since,
                last_breach_at,
                baseline: _,
                resolved_at,
                relapses: _,
            }) => {
                let past = [Some(since), Some(last_breach_at), resolved_at.as_mut()];
                past.into_iter().flatten().for_each(|at| self.past(at));
            }
            Phase::Firing(Firing {
                threads: _,
                relapses: _,
                episode: _,
                since,
                baseline: _,
                confirmed: _,
                repeats: _,
                last_told_at,
                client_waits,
                client_told: _,
                summary: _,
                clear_readings: _,
                clear_since,
                last_reading_at,
                over_on,
                under_on,
                breach: _,
                is_recovering: _,
                client_knows_it_is_gone: _,
                mode: _,
                severity: _,
                first_told_at,
                held_back: _,
            }) => {
                let past = [
                    Some(since),
                    Some(last_told_at),
                    clear_since.as_mut(),
                    last_reading_at.as_mut(),
                    first_told_at.as_mut(),
                ];
                past.into_iter().flatten().for_each(|at| self.past(at));
                if let Some(ClientWaits::CoolDownEnds(end)) = client_waits {
                    self.mark(end);
                }
                for day in [over_on, under_on].into_iter().flatten() {
                    *day = (*day).min(today);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::SetBack;
    use crate::domain::testing::at;

    #[test]
    fn it_is_needed_when_something_was_written_later_than_now() {
        for (name, newest, by) in [
            ("nothing was written", None, None),
            ("a moment ago", Some(999), None),
            ("by somebody who read the clock later", Some(1_002), None),
            ("before the clock went back by seconds", Some(1_003), Some(3)),
            ("by a day", Some(87_400), Some(86_400)),
        ] {
            let needed = SetBack::needed(newest.map(at), at(1_000));
            assert_eq!(needed.map(|needed| needed.by.as_secs()), by, "{name}");
        }
    }

    #[test]
    fn what_happened_was_a_moment_ago_and_what_is_to_come_stays_as_far_away() {
        let set_back = SetBack {
            now: at(1_000),
            by: SignedDuration::from_secs(7_200),
        };
        for (name, before, past, mark) in [
            ("long ago", 10, 10, 10),
            ("just now", 1_000, 999, 1_000),
            ("between", 2_000, 999, -5_200),
            ("the newest", 8_200, 999, 1_000),
            ("in a minute from then", 8_260, 999, 1_060),
        ] {
            let (mut happened, mut comes) = (at(before), at(before));
            set_back.past(&mut happened);
            set_back.mark(&mut comes);
            assert_eq!((happened, comes), (at(past), at(mark)), "{name}");
        }
        let mut never = Timestamp::MAX;
        set_back.mark(&mut never);
        assert_eq!(never, Timestamp::MAX);
    }
}
