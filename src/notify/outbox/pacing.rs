//! Paced messages to clients: at most so many leave in an hour.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::limit::count;
use super::spool::Spool;
use super::{Drained, Outbox, state};
use crate::domain::AccountName;
use crate::domain::notice::{Message, NoticeState};
use crate::notify::queue::{Due, Queue};

/// Over which time mails to clients are counted.
const PACE_WINDOW: SignedDuration = SignedDuration::from_hours(1);

impl<Q: Queue> Outbox<Q> {
    /// Lets as many paced messages to clients leave as the hour has room for, lowest balance first; the others wait.
    pub(super) async fn pace(
        &self,
        due: Vec<Due>,
        now: Timestamp,
        drained: &mut Drained,
    ) -> Result<Vec<Due>, Q::Error> {
        // What a killed process was sending has had its place, and keeps it only while it is so in the store.
        let waits = |(message, _): &Due| message.paced.is_some() && message.state != NoticeState::Sending;
        let (mut paced, mut leaving): (Vec<Due>, Vec<Due>) = due.into_iter().partition(waits);
        paced.sort_by_key(|(message, _)| message.paced);
        let mut room: BTreeMap<AccountName, u32> = BTreeMap::new();
        let mut waiting: BTreeMap<AccountName, Vec<Message>> = BTreeMap::new();
        let cap = self.settings.client_mails_per_hour.max(1);
        let until = now
            .saturating_add(PACE_WINDOW / cap.min(60).cast_signed())
            .unwrap_or(now);
        for (message, notifications) in paced {
            let account = message.account.clone();
            if !room.contains_key(&account) {
                let since = now.saturating_sub(PACE_WINDOW).unwrap_or(now);
                let used = self.queue.paced_since(&account, since).await?;
                // Those taken earlier that have not left yet are not in the store's count.
                let taken = self.spools.values().flat_map(Spool::waiting);
                let taken = taken.filter(|taken| taken.account == account && taken.paced.is_some());
                let used = used.saturating_add(count(taken.count()));
                room.insert(account.clone(), cap.saturating_sub(used));
            }
            match room.get_mut(&account) {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    leaving.push((message, notifications));
                }
                _ => waiting.entry(account).or_default().push(state::paced(message, until)),
            }
        }
        self.put_off(waiting, now, drained).await?;
        Ok(leaving)
    }
}
