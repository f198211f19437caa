//! The calls of a sweep: one client's balance, and its threshold where that is due or decides something.
//!
//! Decides nothing but which calls are made; remembers nothing.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;
use crate::domain::alert::Alert;
use crate::domain::hush;
use crate::domain::judge::{Circumstances, Decided, Rules, Seen, verdict};
use crate::domain::watch::Watched;
use crate::domain::{Money, Reading, Threshold};
use crate::voipms;

/// What asking one client came to.
#[derive(Debug)]
pub struct Fetched {
    /// Its place in the sweep's list of clients.
    pub index: usize,
    /// How often it was asked before in this sweep.
    pub asked_before: u32,
    /// When the answer, or its absence, was known.
    pub at: Timestamp,
    pub reading: Result<Reading, voipms::Error>,
    /// Its threshold; `None`: not asked.
    pub threshold: Option<Result<Threshold, voipms::Error>>,
    /// What it was charged since the day of its last reading, newest first; none where it was not asked, or is not known.
    pub charges: Vec<Money>,
}

/// Asks clients, and counts what may be asked for age alone.
#[derive(Debug)]
pub struct Fetcher<'a> {
    pub api: &'a voipms::Client,
    pub clock: &'a Clock,
    /// What clients are judged by.
    pub rules: &'a Rules,
    /// How long a threshold is taken for fresh.
    pub threshold_refresh: SignedDuration,
    /// Threshold reads for age alone that are left in this sweep.
    pub refreshes_left: AtomicU64,
    /// Calls for charges that are left in this sweep.
    pub explanations_left: AtomicU64,
    /// The circumstances by which a reading is looked at first, to see whether it would decide something.
    pub circumstances: Circumstances,
    /// Whether any policy needs thresholds, or their addresses.
    pub wants_thresholds: bool,
}

impl Fetcher<'_> {
    pub async fn fetch(&self, index: usize, asked_before: u32, watched: &Watched, alerts: &[Alert]) -> Fetched {
        let reading = self.reading(watched).await;
        let threshold = match &reading {
            Ok(reading) if self.is_threshold_due(watched) || self.decided(watched, reading, alerts).wants_threshold => {
                Some(self.threshold(watched).await)
            }
            _ => None,
        };
        let charges = match &reading {
            Ok(reading) if self.must_explain(watched, reading, alerts) => {
                self.charges(watched).await.unwrap_or_default()
            }
            _ => Vec::new(),
        };
        Fetched {
            index,
            asked_before,
            at: self.clock.now(),
            reading,
            threshold,
            charges,
        }
    }

    async fn reading(&self, watched: &Watched) -> Result<Reading, voipms::Error> {
        let answer = self.api.get_reseller_balance(&watched.client.id).await?;
        Ok(Reading {
            balance: answer.current_balance,
            spent_today: answer.spent_today,
            spent_total: answer.spent_total,
            at: self.clock.now(),
        })
    }

    async fn threshold(&self, watched: &Watched) -> Result<Threshold, voipms::Error> {
        let answer = self.api.get_client_threshold(&watched.client.id).await?;
        Ok(Threshold {
            amount: answer.threshold,
            email: answer.email,
            at: self.clock.now(),
        })
    }

    /// Whether the threshold is read for its age alone, within what a sweep spends on that.
    fn is_threshold_due(&self, watched: &Watched) -> bool {
        let is_old = watched
            .threshold
            .as_ref()
            .is_none_or(|threshold| self.clock.now().duration_since(threshold.at) >= self.threshold_refresh);
        self.wants_thresholds && is_old && take_one(&self.refreshes_left)
    }

    /// Whether the client's charges are asked for: something begins by a fall that its spending does not explain. It is one
    /// call, within what a sweep spends on that.
    fn must_explain(&self, watched: &Watched, reading: &Reading, alerts: &[Alert]) -> bool {
        self.rules.fall(watched, reading, &[]).is_some()
            && !self.decided(watched, reading, alerts).begun.is_empty()
            && take_one(&self.explanations_left)
    }

    /// What a client was charged since the day of its last reading, newest first: a charge tells no more of its time than the day,
    /// and its id comes after those of earlier ones.
    async fn charges(&self, watched: &Watched) -> Option<Vec<Money>> {
        let since = watched.reading.as_ref()?.at.to_zoned(self.rules.zone.clone()).date();
        let mut charges = self.api.get_charges(&watched.client.id).await.ok()?.rows;
        charges.retain(|charge| charge.date >= since);
        charges.sort_by_key(|charge| Reverse((charge.date, charge.id.parse::<u64>().unwrap_or_default())));
        Some(charges.into_iter().map(|charge| charge.amount).collect())
    }

    /// What the reading leads to, judged by the threshold of an earlier sweep: where that moves an alert, the threshold is
    /// read again first.
    fn decided(&self, watched: &Watched, reading: &Reading, alerts: &[Alert]) -> Decided {
        let threshold = watched.threshold.as_ref();
        let seen = Seen {
            watched,
            reading: Some(reading),
            threshold,
            threshold_is_fresh: false,
            alerts,
            hushes: &hush::NOTHING,
        };
        let circumstances = Circumstances {
            now: self.clock.now(),
            ..self.circumstances
        };
        self.rules.judge_client(&seen, &circumstances)
    }
}

/// Takes one of what is left, if there is any.
fn take_one(left: &AtomicU64) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
        .is_ok()
}

/// Whether thresholds are asked for at all: for a policy's limits, or for the address a client gave with it.
#[must_use]
pub fn wants_thresholds(rules: &Rules) -> bool {
    rules
        .policies
        .iter()
        .any(|policy| verdict::needs_threshold(policy) || policy.tells_client())
}
