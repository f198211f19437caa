//! The reseller's own balance, which proves that the account can be asked, and the list of clients.

use std::collections::HashSet;

use jiff::Timestamp;

use super::super::fetch::Fetched;
use super::{Ended, Sweep, is_watched, trouble};
use crate::domain::judge::{Seen, account, inventory};
use crate::domain::notice::Withdrawal;
use crate::domain::watch::Watched;
use crate::domain::{ClientId, Reading};
use crate::monitor::SweepError;
use crate::store::{self, HistoryEntry};
use crate::voipms::{BalanceManagement, ErrorKind};

impl Sweep<'_> {
    /// The reseller's own balance, then the list of clients.
    pub(super) async fn ask_account(&mut self) -> Result<Option<Ended>, SweepError> {
        let place = self.reseller();
        let Some(answer) = self.unless_stopped(self.monitor.api.get_balance()).await else {
            return Ok(Some(Ended::Stopped));
        };
        match answer {
            Ok(answer) => {
                self.health.access = Some(Ok(()));
                let reading = Reading {
                    balance: answer.current_balance,
                    spent_today: answer.spent_today,
                    spent_total: answer.spent_total,
                    at: self.now(),
                };
                self.tried.0 += 1;
                self.take_own(place, reading).await?;
            }
            Err(error) => {
                self.miss_own(place, &error.kind().as_str()).await?;
                if error.is_auth() {
                    return Ok(Some(Ended::Access(error)));
                }
                self.tried = (self.tried.0 + 1, self.tried.1 + 1);
                // Else it is this one function that fails; whether the account answers is seen by its clients.
                if self.state.probe_at.is_some() {
                    return Ok(Some(Ended::Upstream(trouble(&error))));
                }
            }
        }
        self.ask_inventory().await
    }

    /// The place of the pseudo-client whose balance is the reseller's own.
    fn reseller(&mut self) -> usize {
        let id = ClientId::reseller();
        if let Some(place) = self.clients.iter().position(|watched| watched.client.id == id) {
            return place;
        }
        self.clients
            .push(Watched::pseudo(id, "your own VoIP.ms account", self.started_at));
        self.is_read.push(false);
        self.clients.len() - 1
    }

    /// Writes down that the reseller's own balance could not be read.
    async fn miss_own(&mut self, place: usize, kind: &str) -> Result<(), SweepError> {
        let now = self.now();
        let mut commit = self.writer.commit_at(now);
        let own = &mut self.clients[place];
        own.first_attempt_at = own.first_attempt_at.or(Some(now));
        own.last_attempt_at = Some(now);
        own.last_error = Some(kind.to_owned());
        commit.clients.push(own.clone());
        commit.history.push(HistoryEntry {
            client: own.client.id.clone(),
            at: now,
            seen: store::Seen::Gap { error: kind.to_owned() },
        });
        self.writer.write(commit).await?;
        Ok(())
    }

    async fn take_own(&mut self, place: usize, reading: Reading) -> Result<(), SweepError> {
        let now = self.time_to_judge();
        let mut commit = self.writer.commit_at(now);
        let fetched = Fetched {
            index: place,
            asked_before: 0,
            at: now,
            reading: Ok(reading),
            threshold: None,
            charges: Vec::new(),
        };
        self.take(&mut commit, fetched, now);
        self.writer.write(commit).await?;
        Ok(())
    }

    /// Reads the list of clients, unless it was read a moment ago.
    async fn ask_inventory(&mut self) -> Result<Option<Ended>, SweepError> {
        // A list from the future was read before the clock was set back.
        let is_recent = |at: Timestamp| at <= self.started_at && self.started_at.duration_since(at) < inventory::EVERY;
        if self.state.inventory_at.is_some_and(is_recent) {
            return Ok(None);
        }
        let Some(listed) = self.unless_stopped(self.monitor.api.get_clients()).await else {
            return Ok(Some(Ended::Stopped));
        };
        let listed = match listed {
            Ok(listed) => listed,
            Err(error) if error.is_auth() => return Ok(Some(Ended::Access(error))),
            Err(error) => {
                tracing::warn!(account = %self.rules.account, error = %error, "the list of clients could not be read");
                let now = self.now();
                let is_stale = |at: Timestamp| now.duration_since(at) >= inventory::UNREAD_AFTER;
                // What will not pass by itself is told at once.
                if self
                    .state
                    .inventory_at
                    .is_some_and(|at| is_stale(at) || error.kind() == ErrorKind::TooLarge)
                {
                    self.health.inventory = Some(Err(account::unread_list(&error.brief(), error.hint())));
                }
                let knows_clients = self.clients.iter().any(|watched| !watched.client.id.is_pseudo());
                return Ok((!knows_clients).then(|| Ended::Upstream(trouble(&error))));
            }
        };
        let now = self.now();
        for odd in &listed.odd {
            tracing::warn!(
                client = odd.id.as_deref().unwrap_or("unknown"),
                why = odd.why,
                "a row of the list cannot be used"
            );
        }
        let odd: HashSet<&str> = listed.odd.iter().filter_map(|odd| odd.id.as_deref()).collect();
        let change = inventory::take(&mut self.clients, listed.rows, &odd, &mut self.state, now);
        self.is_read.resize(self.clients.len(), false);
        self.health.inventory = Some(change.short.map_or(Ok(()), |short| Err(account::short_list(short))));
        for chunk in change.changed.chunks(1000) {
            let mut commit = self.writer.commit_at(now);
            commit
                .listed
                .extend(chunk.iter().map(|index| self.clients[*index].clone()));
            self.writer.write(commit).await?;
        }
        self.learn_codes().await;
        let mut commit = self.writer.commit_at(now);
        commit.state = Some(self.state.clone());
        self.writer.write(commit).await?;
        for index in change.to_ask.into_iter().take(inventory::MOST_ASKED_BY_ID) {
            self.ask_by_id(index).await?;
        }
        let count = self.clients.iter().filter(|watched| is_watched(watched)).count();
        self.circumstances.interval = self.monitor.interval_for(count);
        Ok(None)
    }

    /// What the codes of `balance_management` mean, when the list shows one that is not known. For people only:
    /// enforcement reads them anew, and a failure costs nothing but a word.
    async fn learn_codes(&mut self) {
        let known = &self.state.management_codes;
        let is_known = |code: &str| code.is_empty() || known.contains_key(code);
        if self
            .clients
            .iter()
            .all(|watched| is_known(&watched.client.balance_management))
        {
            return;
        }
        match self.monitor.api.get_balance_management().await {
            Ok(list) => self.state.management_codes = BalanceManagement::by_code(list),
            Err(error) => tracing::debug!(%error, "the codes of balance_management could not be read"),
        }
    }

    /// Asks for a client that lists no longer have: only the API's own word makes it vanish.
    async fn ask_by_id(&mut self, index: usize) -> Result<(), SweepError> {
        let id = self.clients[index].client.id.clone();
        let Some(Ok(is_there)) = self.unless_stopped(self.monitor.api.has_client(&id)).await else {
            return Ok(());
        };
        let is_gone = !is_there;
        let now = self.now();
        let mut commit = self.writer.commit_at(now);
        let watched = &mut self.clients[index];
        if is_gone {
            watched.vanished_at = Some(now);
            tracing::info!(client = %id, "the client is no longer one of the reseller's");
            let alerts = self.alerts.remove(&id).unwrap_or_default();
            let watched = &self.clients[index];
            let seen = Seen::unread(watched, &alerts).hushed(&self.hushes);
            let decided = self.rules.withdraw_all(&seen, Withdrawal::ClientVanished, now);
            self.add(&mut commit, &id, decided);
        } else {
            watched.missing_inventories = 0;
        }
        commit.clients.push(self.clients[index].clone());
        self.writer.write(commit).await?;
        Ok(())
    }
}
