//! Mails to clients that wait for an address which the client has corrected meanwhile.

use std::collections::HashMap;

use jiff::Timestamp;

use super::Sweep;
use crate::domain::ClientId;
use crate::domain::judge::rules::addresses;
use crate::domain::watch::Watched;
use crate::monitor::SweepError;

impl Sweep<'_> {
    /// Sends what waits for an address that is none of the client's any more to the one it has now, under the same id. What
    /// this sweep read of thresholds counts from the next one on.
    pub(super) async fn readdress(&mut self, now: Timestamp) -> Result<(), SweepError> {
        let monitor = self.monitor;
        let waiting = monitor.store.waiting_for_clients(&self.rules.account).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        let clients = self.clients.iter();
        let clients: HashMap<&ClientId, &Watched> = clients.map(|watched| (&watched.client.id, watched)).collect();
        let mut commit = self.writer.commit_at(now);
        for mail in waiting {
            let Some(watched) = clients.get(&mail.client) else {
                continue;
            };
            let addresses = addresses(watched, watched.threshold.as_ref());
            if let Some(first) = addresses.first()
                && !addresses.contains(&mail.recipient.as_str())
            {
                commit.readdressed.push((mail.message, (*first).to_owned()));
            }
        }
        self.writer.write(commit).await?;
        Ok(self.writer.finish().await?)
    }
}
