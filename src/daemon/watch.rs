//! One account, watched: settle what an earlier run left, sweep, enforce.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, watch};

use super::{Environment, Error, StoreLedger, parts};
use crate::config::{Account, Settings, Terms, terms};
use crate::domain::AccountName;
use crate::domain::decision::{BY_READ_BACK, Decision};
use crate::domain::judge::Rules;
use crate::domain::judge::account::Health;
use crate::domain::kept::{Past, Warnings};
use crate::domain::report::{Enforcements, Report};
use crate::enforce::{self, Enforcer, Ground, Portal};
use crate::metrics;
use crate::monitor::attention::Seen;
use crate::monitor::letters::Looked;
use crate::monitor::{Monitor, Progress, SweepError};
use crate::store::{Filter, Store};

#[derive(Debug)]
pub struct Watch {
    pub account: AccountName,
    /// What each pass works by. It is read once, when the pass begins: what is sent meanwhile counts from the next one.
    pub terms: watch::Sender<Terms>,
    /// What each pass works with; the same holds.
    monitor: watch::Sender<Arc<Monitor>>,
    write_deadline: SignedDuration,
    /// Somebody may have mended why the account cannot be asked.
    mended: Notify,
}

/// What a reload makes of a [`Watch`].
pub(super) struct Renewed {
    terms: Terms,
    monitor: Monitor,
    is_mended: bool,
}

/// What one pass came to.
#[derive(Debug, Default)]
pub struct Pass {
    pub report: Report,
    /// Why the account could not be asked, and what to do; `None`: it was.
    pub not_asked: Option<(String, String)>,
    /// When there is something to settle before the next sweep.
    pub settle_at: Option<Timestamp>,
    /// For an account that could not be asked: when a probe may ask whether it is back.
    pub probe_at: Option<Timestamp>,
}

/// Which half of enforcement is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Half {
    /// What an earlier run left open is settled by reading.
    Settle,
    /// What the alerts ask for is carried out.
    Run,
}

impl Watch {
    /// Everything that works for one account.
    pub(super) fn new(
        settings: &Settings,
        account: &Account,
        store: &Store,
        environment: &Environment,
        stop: &watch::Receiver<bool>,
    ) -> Result<Self, Error> {
        let Environment {
            clock,
            bounds,
            seed,
            network,
            ..
        } = environment;
        let ledger = Arc::new(StoreLedger(store.clone()));
        let pacer = parts::pacer(parts::DAEMON, account, ledger, clock, *bounds);
        let api = parts::api(account, pacer, network, *bounds, *seed).map_err(|source| Error::Api {
            account: account.name.clone(),
            source,
        })?;
        let now = clock.now();
        let monitor = Monitor {
            api: Arc::new(api),
            store: store.clone(),
            clock: clock.clone(),
            started_at: Arc::new(std::sync::Mutex::new(now)),
            interval: settings.schedule.interval(now),
            rate_per_minute: account.rate_per_minute,
            concurrency: account.concurrency,
            threshold_refresh: settings.schedule.threshold_refresh,
            revisit_within: settings.schedule.revisit_within,
            jumps_noted: Arc::new(std::sync::atomic::AtomicU64::new(clock.jumps().forward)),
            attention: Arc::default(),
            stop: stop.clone(),
        };
        metrics::watches(account.name.as_str());
        Ok(Self {
            account: account.name.clone(),
            terms: watch::Sender::new(terms::terms(settings, account)),
            monitor: watch::Sender::new(Arc::new(monitor)),
            write_deadline: SignedDuration::try_from(bounds.total).unwrap_or(SignedDuration::MAX),
            mended: Notify::new(),
        })
    }

    /// What other settings make of it, where `before` is in force. The pace goes on, whatever changes.
    ///
    /// # Errors
    /// When the account's settings cannot be used.
    pub(super) fn renewed(
        &self,
        (settings, account): (&Settings, &Account),
        before: &Account,
        environment: &Environment,
    ) -> Result<Renewed, Error> {
        let old = self.monitor();
        let is_mended = !parts::is_same_api(account, before);
        let api = if is_mended {
            let pacer = old.api.pacer().clone();
            Arc::new(
                parts::api(
                    account,
                    pacer,
                    &environment.network,
                    environment.bounds,
                    environment.seed,
                )
                .map_err(|source| {
                    let account = account.name.clone();
                    Error::Api { account, source }
                })?,
            )
        } else {
            Arc::clone(&old.api)
        };
        let monitor = Monitor {
            api,
            interval: settings.schedule.interval(environment.clock.now()),
            rate_per_minute: account.rate_per_minute,
            concurrency: account.concurrency,
            threshold_refresh: settings.schedule.threshold_refresh,
            revisit_within: settings.schedule.revisit_within,
            ..Monitor::clone(&old)
        };
        Ok(Renewed {
            terms: terms::terms(settings, account),
            monitor,
            is_mended,
        })
    }

    /// Puts other settings in force, from the next pass on. The rate holds at once.
    pub(super) fn renew(&self, renewed: Renewed) {
        renewed.monitor.api.pacer().set_rate(renewed.monitor.rate_per_minute);
        self.terms.send_replace(renewed.terms);
        self.monitor.send_replace(Arc::new(renewed.monitor));
        if renewed.is_mended {
            self.mended.notify_one();
        }
    }

    /// Ends when the account may be asked by other credentials than before.
    pub(super) async fn mended(&self) {
        self.mended.notified().await;
    }

    /// What a pass that begins now works with.
    #[must_use]
    pub fn monitor(&self) -> Arc<Monitor> {
        Arc::clone(&self.monitor.borrow())
    }

    /// The terms, with the maintenance windows that are open.
    pub(super) fn terms(&self) -> Terms {
        let mut terms = self.terms.borrow().clone();
        let open = terms::open(&terms.mutes, self.monitor().clock.now());
        if !open.is_empty() {
            Arc::make_mut(&mut terms.rules).mutes = open;
        }
        terms
    }

    /// One pass: settle, sweep, enforce. No call of the sweep is started after `deadline`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn pass(&self, deadline: Timestamp, progress: &dyn Progress) -> Result<Pass, Error> {
        let account = self.account.as_str();
        let pass = self.settle_sweep_enforce(deadline, progress).await;
        match &pass {
            Ok(pass) if pass.not_asked.is_none() => metrics::sweep_judged(account, pass.report.seconds),
            Ok(_) => metrics::sweep_not_asked(account),
            Err(_) => metrics::sweep_failed(account),
        }
        pass
    }

    async fn settle_sweep_enforce(&self, deadline: Timestamp, progress: &dyn Progress) -> Result<Pass, Error> {
        let (monitor, terms) = (self.monitor(), self.terms());
        let calls_before = monitor.api.calls_made();
        let mut done = self
            .enforce(&monitor, &terms, Half::Settle, monitor.clock.now())
            .await?;
        let swept_at = monitor.clock.now();
        let mut pass = Pass::default();
        match monitor.sweep(&terms.rules, deadline, progress).await {
            Ok(report) => {
                monitor.attend(&terms.rules, true).await?;
                pass.report = report;
                // What was read before the end is written; a change is begun by a program that goes on.
                if !monitor.is_stopping() {
                    done.add(self.enforce(&monitor, &terms, Half::Run, swept_at).await?);
                }
            }
            Err(SweepError::NotAsked {
                what,
                fix,
                probe_at,
                report,
                ..
            }) => {
                monitor.attend(&terms.rules, true).await?;
                pass.report = *report;
                pass.probe_at = probe_at;
                pass.not_asked = Some((what, fix));
            }
            Err(error @ SweepError::Store(_)) => return Err(error.into()),
        }
        pass.report.enforcements = Enforcements {
            applied: done.applied,
            refused: done.refused,
            waiting: done.waiting,
            would: done.would,
        };
        pass.report.api_calls = monitor.api.calls_made() - calls_before;
        pass.settle_at = done.next_at;
        self.give_back(&monitor).await;
        Ok(pass)
    }

    /// Settles what can be settled between two sweeps: the canary, and writes whose answer was lost.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn settle(&self) -> Result<enforce::Report, Error> {
        let (monitor, terms) = (self.monitor(), self.terms());
        let done = self
            .enforce(&monitor, &terms, Half::Settle, monitor.clock.now())
            .await?;
        self.give_back(&monitor).await;
        Ok(done)
    }

    /// Gives reserved calls back, so that other processes need not wait for them.
    async fn give_back(&self, monitor: &Monitor) {
        if let Err(error) = monitor.api.pacer().settle().await {
            tracing::debug!(%error, "reserved calls were not given back");
        }
    }

    async fn enforce(
        &self,
        monitor: &Monitor,
        terms: &Terms,
        half: Half,
        sweep_started_at: Timestamp,
    ) -> Result<enforce::Report, Error> {
        let Terms { rules, guards, .. } = terms;
        let account = &self.account;
        let any = Filter::newest(account.clone(), 1);
        let asks_for_changes = rules.policies.iter().any(|policy| policy.enforce.is_some());
        if !asks_for_changes && monitor.store.enforcements(&any).await?.is_empty() {
            return Ok(enforce::Report::default());
        }
        let mut view = monitor.load(rules, monitor.clock.now(), Past::InPlay).await?;
        let warnings = if rules.asks_for_warnings() {
            monitor.store.warnings(account).await?
        } else {
            Warnings::new()
        };
        let mut ground = Ground {
            sweep_started_at,
            warnings,
            state: &mut view.state,
            clients: &mut view.clients,
            alerts: &view.alerts,
            enforcements: &mut view.enforcements,
        };
        let settings = enforce::Settings {
            rules: Arc::clone(rules),
            guards: Arc::clone(guards),
            write_deadline: self.write_deadline,
        };
        let Monitor { api, store, clock, .. } = monitor;
        let portal = Portal::new(api, clock.clone());
        let enforcer = Enforcer::new(portal, store.clone(), settings, clock.clone());
        let done = match half {
            Half::Settle => enforcer.settle(&mut ground).await?,
            Half::Run => enforcer.run(&mut ground).await?,
        };
        for event in &done.events {
            tracing::error!(%account, %event, "the brake is on: look at the client in the portal");
        }
        if !done.events.is_empty() {
            self.judge_brake(rules).await?;
        }
        Ok(done)
    }

    /// Raises the alerts about the brake at once; the next sweep may be far.
    async fn judge_brake(&self, rules: &Rules) -> Result<(), Error> {
        let brake = self.brake().await?.filter(|brake| !brake.ends_by_itself());
        let read_back = brake.as_ref().filter(|brake| brake.by == BY_READ_BACK);
        let health = Health {
            read_back: Some(read_back.map(|brake| brake.note.clone())),
            brake: Some(brake.as_ref().map(|brake| brake.note.clone())),
            ..Health::default()
        };
        Ok(self.monitor().judge_account(rules, &health).await?)
    }

    /// Judges how long clients have been unread, without any call.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn judge_silence(&self) -> Result<(), Error> {
        Ok(self.monitor().judge_silence(&self.terms().rules).await?)
    }

    /// Attends to what people decided since the last look, and to escalations that are due.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn attend(&self) -> Result<Seen, Error> {
        Ok(self.monitor().attend(&self.terms().rules, false).await?)
    }

    /// Judges the messages that will never arrive.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn judge_dead_letters(&self) -> Result<Looked, Error> {
        Ok(self.monitor().judge_dead_letters(&self.terms().rules).await?)
    }

    /// Whether the brake is on.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_braked(&self) -> Result<bool, Error> {
        Ok(self.brake().await?.is_some())
    }

    async fn brake(&self) -> Result<Option<Decision>, Error> {
        let now = self.monitor().clock.now();
        Ok(self.monitor().store.brake(&self.account, now).await?)
    }

    /// Forgets history older than `keep`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn forget(&self, keep: SignedDuration) -> Result<(), Error> {
        let Ok(before) = self.monitor().clock.now().checked_sub(keep) else {
            return Ok(());
        };
        let forgotten = self
            .monitor()
            .store
            .forget_history_before(&self.account, before)
            .await?;
        if forgotten > 0 {
            tracing::info!(account = %self.account, forgotten, "old history was forgotten");
        }
        Ok(())
    }
}
