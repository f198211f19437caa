//! What a client's reading leads to: verdicts, alerts that move, notifications owed. Pure: it sees a client, returns
//! rows to commit, and waits for nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::domain::alert::{Alert, Firing, Phase};
use crate::domain::enforcement::Mode;
use crate::domain::judge::audience::{self, Addresses, Episode, Owed};
use crate::domain::judge::fall::Fall;
use crate::domain::judge::lifecycle::{self, Moment, Step};
use crate::domain::judge::surprise;
use crate::domain::judge::verdict::{self, Judgement, Known, Verdict};
use crate::domain::notice::{Ending, Transition, Withdrawal};
use crate::domain::policy::{Policy, Scope};
use crate::domain::reason::Measure;
use crate::domain::watch::Watched;
use crate::domain::{AccountName, ChannelName, ClientId, Money, PolicyName, Reading, Threshold, address};
use crate::monitor::moved::{How, Moved};

mod belief;
mod facts;
mod gone;

pub use belief::{Begun, Trust};

/// Who is not told, though the policy names them.
pub type Except = BTreeSet<(ChannelName, String)>;

/// What stays the same for every client of an account.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The account.
    pub account: AccountName,
    /// The label of its money.
    pub currency: String,
    /// All its policies.
    pub policies: Vec<Policy>,
    /// The addresses behind each channel.
    pub channels: BTreeMap<ChannelName, Vec<String>>,
    /// What counts as threshold for clients without one.
    pub default_threshold: Option<Money>,
    /// What may be changed.
    pub mode: Mode,
    /// Where days are counted: America/Toronto.
    pub zone: TimeZone,
}

/// The circumstances of a judgement.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// The time.
    pub now: Timestamp,
    /// The longer of the schedule's interval and the achievable revisit time.
    pub interval: SignedDuration,
    /// How long it takes to ask everybody.
    pub revisit: SignedDuration,
    /// When the daemon started: silence before that is not the client's.
    pub started_at: Timestamp,
    /// Whether the clock jumped forward.
    pub jumped: bool,
    /// What was judged before does not count; see [`crate::domain::watch::AccountState::baseline_since`].
    pub baseline_since: Option<Timestamp>,
    /// How far what this reading begins is believed.
    pub trust: Trust,
    /// A fall of the balance that nothing explains.
    pub fall: Option<Fall>,
}

impl Decided {
    /// Whether the alert of this policy fires from now on, given the client's alerts before.
    #[must_use]
    pub fn fires(&self, policy: &PolicyName, before: &[Alert]) -> bool {
        let find = |alerts: &[Alert]| {
            alerts
                .iter()
                .find(|alert| alert.policy == *policy)
                .map(|alert| alert.firing().is_some())
        };
        !self.gone.contains(policy) && find(&self.alerts).or_else(|| find(before)).unwrap_or(false)
    }
}

/// What one client's judgement leads to.
#[derive(Clone, Debug, Default)]
pub struct Decided {
    /// Alerts to write.
    pub alerts: Vec<Alert>,
    /// Alerts that are inactive now.
    pub gone: Vec<PolicyName>,
    /// What is owed.
    pub owed: Owed,
    /// How often each thing happened.
    pub fired: u64,
    /// See [`Decided::fired`].
    pub resolved: u64,
    /// See [`Decided::fired`].
    pub withdrawn: u64,
    /// The same one by one, for the log.
    pub moved: Vec<Moved>,
    /// The policies that have judged it from now on; `None`: as before.
    pub judged: Option<Arc<str>>,
    /// Whether a threshold that is not of this sweep decided something.
    pub wants_threshold: bool,
    /// What the reading began of that which [counts](surprise::counts). A baseline begins nothing.
    pub begun: Vec<Begun>,
}

/// A client when it is judged.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// What is remembered of it, with its previous reading still in place.
    pub watched: &'a Watched,
    /// The reading of this sweep.
    pub reading: Option<&'a Reading>,
    /// The newest threshold.
    pub threshold: Option<&'a Threshold>,
    /// Whether the threshold is of this sweep.
    pub threshold_is_fresh: bool,
    /// Its alerts.
    pub alerts: &'a [Alert],
}

impl Rules {
    /// Judges a client by every policy that is for it.
    #[must_use]
    pub fn decide(&self, seen: &Seen<'_>, circumstances: &Circumstances) -> Decided {
        let mut decided = Decided::default();
        let known = self.known(seen, circumstances);
        for policy in self
            .policies
            .iter()
            .filter(|policy| policy.scope == scope_of(seen.watched))
        {
            let alert = seen.alerts.iter().find(|alert| alert.policy == policy.name).cloned();
            let client = &seen.watched.client;
            if !policy
                .clients
                .selects(client.id.as_str(), &client.email, &client.company)
            {
                if let Some(alert) = alert {
                    self.withdraw(&mut decided, seen, alert, Withdrawal::ClientExcluded, circumstances.now);
                }
                continue;
            }
            let mut judgement = verdict::judge(policy, &self.for_silence(policy, &known, seen, circumstances));
            judgement.note_fall(circumstances.fall);
            self.apply(&mut decided, seen, policy, alert, &judgement, circumstances);
        }
        self.withdraw_orphans(&mut decided, seen, circumstances.now);
        if decided.begun.iter().any(Begun::will_tell_that_all_is_gone) {
            // The mail of what begins waits for the end of the sweep, and says the same.
            decided.owed.forget(&Transition::UsedUp);
        }
        decided
    }

    /// Judges only how long a client has been unread, and what needs no reading to end; for clients without a reading
    /// in this sweep.
    #[must_use]
    pub fn decide_silence(&self, seen: &Seen<'_>, circumstances: &Circumstances, held_back: bool) -> Decided {
        let mut decided = Decided::default();
        self.withdraw_groundless(&mut decided, seen, circumstances.now);
        let known = self.known(seen, circumstances);
        let client = &seen.watched.client;
        let silences = self.policies.iter().filter(|policy| {
            policy.when.no_reading_for.is_some()
                && policy.scope == scope_of(seen.watched)
                && policy
                    .clients
                    .selects(client.id.as_str(), &client.email, &client.company)
        });
        for policy in silences {
            let judgement = verdict::judge(policy, &self.for_silence(policy, &known, seen, circumstances));
            let alert = seen.alerts.iter().find(|alert| alert.policy == policy.name).cloned();
            let fires = alert.as_ref().is_some_and(|alert| alert.firing().is_some());
            if held_back && judgement.verdict == Verdict::Breach && !fires {
                continue;
            }
            self.apply(&mut decided, seen, policy, alert, &judgement, circumstances);
        }
        decided
    }

    /// Judges something about the account as a whole.
    #[must_use]
    pub fn decide_builtin(
        &self,
        seen: &Seen<'_>,
        policy: &Policy,
        judgement: &Judgement,
        except: &Except,
        circumstances: &Circumstances,
    ) -> Decided {
        let mut decided = Decided::default();
        let alert = seen.alerts.iter().find(|alert| alert.policy == policy.name).cloned();
        let moment = self.moment(circumstances, false, false);
        let at = Some(circumstances.now);
        let id = &seen.watched.client.id;
        let step = lifecycle::step(alert.clone(), id, policy, judgement, at, &moment);
        self.settle(
            &mut decided,
            seen,
            policy,
            alert.as_ref(),
            step,
            except,
            circumstances.now,
        );
        decided
    }

    /// What a policy says of a client, without anything that follows from it.
    #[must_use]
    pub fn judge(&self, policy: &Policy, seen: &Seen<'_>, circumstances: &Circumstances) -> Judgement {
        let known = self.known(seen, circumstances);
        verdict::judge(policy, &self.for_silence(policy, &known, seen, circumstances))
    }

    fn known<'a>(&self, seen: &Seen<'a>, circumstances: &Circumstances) -> Known<'a> {
        Known {
            reading: seen.reading,
            threshold: seen.threshold,
            default_threshold: self.default_threshold,
            last_error: seen.watched.last_error.as_deref(),
            unread_since: unread_since(seen.watched, circumstances.started_at),
            revisit: circumstances.revisit,
            now: circumstances.now,
        }
    }

    /// What a policy about silence sees. A reading that cannot be judged for want of a threshold is none to it, from
    /// the moment the last threshold became too old.
    fn for_silence<'a>(&self, policy: &Policy, known: &Known<'a>, seen: &Seen<'_>, now: &Circumstances) -> Known<'a> {
        let is_judgeable = policy.when.no_reading_for.is_none()
            || verdict::usable_threshold(known.threshold, known.now).is_some()
            || !self
                .policies
                .iter()
                .any(|policy| policy.scope == Scope::Clients && verdict::needs_threshold(policy));
        if is_judgeable || scope_of(seen.watched) != Scope::Clients {
            return *known;
        }
        let usable_until = known
            .threshold
            .and_then(|threshold| threshold.at.checked_add(verdict::THRESHOLD_USABLE_FOR).ok());
        let since = usable_until
            .or(seen.watched.first_attempt_at)
            .map(|since| since.max(now.started_at));
        Known {
            reading: None,
            unread_since: since,
            ..*known
        }
    }

    fn moment(&self, circumstances: &Circumstances, baseline: bool, unconfirmed: bool) -> Moment<'_> {
        Moment {
            account: &self.account,
            now: circumstances.now,
            interval: circumstances.interval,
            day: circumstances.now.to_zoned(self.zone.clone()).date(),
            jumped: circumstances.jumped,
            baseline,
            unconfirmed,
            is_doubted: circumstances.fall.is_some(),
            mode: self.mode,
        }
    }

    fn apply(
        &self,
        decided: &mut Decided,
        seen: &Seen<'_>,
        policy: &Policy,
        alert: Option<Alert>,
        judgement: &Judgement,
        circumstances: &Circumstances,
    ) {
        let was_judged = was_judged(seen.watched, &policy.name, circumstances.baseline_since);
        let is_client = policy.scope == Scope::Clients;
        let is_baseline = !was_judged && is_client;
        // A doubtful beginning goes the way of a baseline: operators learn of it in a summary.
        let is_doubtful = circumstances.trust == Trust::InDoubt && surprise::counts(policy);
        let waits = circumstances.trust != Trust::Full && surprise::counts(policy);
        let unconfirmed = waits || (is_client && circumstances.fall.is_some());
        let moment = self.moment(circumstances, is_baseline || is_doubtful, unconfirmed);
        let reading_at = seen.reading.map(|reading| reading.at);
        let id = &seen.watched.client.id;
        let step = lifecycle::step(alert.clone(), id, policy, judgement, reading_at, &moment);
        let moves = !step.transitions.is_empty() || state(alert.as_ref()) != state(step.next.as_ref());
        if let Some(next) = &step.next
            && state(alert.as_ref()) == 0
            && state(Some(next)) > 0
            && surprise::counts(policy)
            && !is_baseline
        {
            decided.begun.push(Begun {
                alert: next.clone(),
                relapse: step.transitions.contains(&Transition::Fired { relapse: true }),
            });
        }
        decided.wants_threshold |= moves && !seen.threshold_is_fresh && verdict::needs_threshold(policy);
        if judgement.verdict != Verdict::Unknown && !was_judged {
            let before = decided
                .judged
                .as_deref()
                .unwrap_or_else(|| judged(seen.watched, circumstances.baseline_since));
            decided.judged = Some(Arc::from(format!("{before}{},", policy.name)));
        }
        self.settle(
            decided,
            seen,
            policy,
            alert.as_ref(),
            step,
            &Except::new(),
            circumstances.now,
        );
    }

    /// Writes down what a step led to.
    #[expect(
        clippy::too_many_arguments,
        reason = "one private place where a step turns into rows"
    )]
    fn settle(
        &self,
        decided: &mut Decided,
        seen: &Seen<'_>,
        policy: &Policy,
        before: Option<&Alert>,
        step: Step,
        except: &Except,
        now: Timestamp,
    ) {
        for transition in &step.transitions {
            match transition {
                Transition::Fired { .. } => decided.fired += 1,
                Transition::Resolved => decided.resolved += 1,
                Transition::Withdrawn { .. } => decided.withdrawn += 1,
                Transition::ClientDue
                | Transition::Repeated { .. }
                | Transition::News
                | Transition::UsedUp
                | Transition::Enforced { .. } => {}
            }
            let told_of = step.next.as_ref().or(before);
            let (Some(firing), Some(alert)) = (&step.episode, told_of) else {
                continue;
            };
            let client = &seen.watched.client.id;
            decided.moved.extend(moved(client, policy, alert, firing, transition));
            let mut facts = self.facts(seen, policy, alert, firing);
            if let Some(reason) = &step.ended_by {
                let balances = firing.breach.as_ref().zip(reason.finding(Measure::Balance));
                facts.ending = balances.map(|(breach, now)| Ending::of(breach, now));
                facts.reason = reason.clone();
            }
            let episode = Episode {
                account: &self.account,
                client,
                policy,
                firing,
                facts: &facts,
            };
            let told_at = addresses(seen.watched, seen.threshold);
            let addresses = Addresses {
                channels: &self.channels,
                client: &told_at,
                except,
            };
            let owed = audience::owed(&episode, transition, &addresses, now);
            decided.owed.notifications.extend(owed.notifications);
            decided.owed.messages.extend(owed.messages);
        }
        match step.next {
            Some(next) if before != Some(&next) => decided.alerts.push(next),
            None if before.is_some() => decided.gone.push(policy.name.clone()),
            _ => {}
        }
    }
}

/// What a transition is to the log; `None`: the alert neither began nor ended.
fn moved(client: &ClientId, policy: &Policy, alert: &Alert, firing: &Firing, transition: &Transition) -> Option<Moved> {
    let (how, reason) = match transition {
        Transition::Fired { .. } => (How::Fired, alert.reason.to_string()),
        Transition::Resolved => (How::Resolved, alert.reason.to_string()),
        Transition::Withdrawn { why } => (How::Withdrawn, why.to_string()),
        Transition::ClientDue
        | Transition::Repeated { .. }
        | Transition::News
        | Transition::UsedUp
        | Transition::Enforced { .. } => {
            return None;
        }
    };
    Some(Moved {
        client: client.clone(),
        policy: policy.name.clone(),
        severity: policy.severity,
        episode: firing.episode.clone(),
        how,
        reason,
    })
}

/// Where the client itself is told: at the usable addresses on its threshold, else at its own.
#[must_use]
pub fn addresses<'a>(watched: &'a Watched, threshold: Option<&'a Threshold>) -> Vec<&'a str> {
    let wished = threshold.and_then(|threshold| threshold.email.as_deref());
    let wished = address::usable(wished.unwrap_or_default());
    if wished.is_empty() {
        address::usable(&watched.client.email)
    } else {
        wished
    }
}

/// Which policies judge it.
#[must_use]
pub fn scope_of(watched: &Watched) -> Scope {
    match watched.client.id.as_str() {
        "reseller" => Scope::Reseller,
        "account" => Scope::Account,
        _ => Scope::Clients,
    }
}

fn state(alert: Option<&Alert>) -> u8 {
    match alert.map(|alert| &alert.phase) {
        None | Some(Phase::CoolingDown { .. }) => 0,
        Some(Phase::Pending(_)) => 1,
        Some(Phase::Firing(_)) => 2,
    }
}

/// The policies that have judged a client, each followed by a comma.
fn judged(watched: &Watched, baseline_since: Option<Timestamp>) -> &str {
    let last = watched.reading.as_ref().map(|reading| reading.at);
    let counts = baseline_since.is_none_or(|since| last.is_some_and(|last| last >= since));
    if counts { &watched.judged } else { "" }
}

fn was_judged(watched: &Watched, policy: &PolicyName, baseline_since: Option<Timestamp>) -> bool {
    judged(watched, baseline_since)
        .split(',')
        .any(|name| name == policy.as_str())
}

/// Since when a client has been unread: the latest of its last reading, the daemon's start and the first attempt.
#[must_use]
pub fn unread_since(watched: &Watched, started_at: Timestamp) -> Option<Timestamp> {
    let first_attempt = watched.first_attempt_at?;
    let last_reading = watched.reading.as_ref().map_or(first_attempt, |reading| reading.at);
    Some(last_reading.max(started_at).max(first_attempt))
}
