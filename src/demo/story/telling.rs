//! What came of a sweep, a line for each: looked up in the store and the mail catcher, and compared with what was told
//! before. Changes nothing.

use std::collections::BTreeMap;

use super::Story;
use crate::demo::scene::OPERATORS;
use crate::demo::{Error, Voice};
use crate::domain::ClientId;
use crate::domain::enforcement::Enforcement;
use crate::store::Filter;

impl Story<'_> {
    /// Alerts that began to fire, and that ended.
    pub(super) async fn tell_alerts(&mut self) -> Result<(), Error> {
        let alerts = self.scene.daemon.store.alerts(&self.scene.account).await?;
        let firing = alerts.into_iter().filter(|alert| alert.firing().is_some());
        let firing: BTreeMap<_, _> = firing
            .map(|alert| ((alert.client, alert.policy), alert.reason))
            .collect();
        for ((client, policy), reason) in &firing {
            if !self.firing.contains_key(&(client.clone(), policy.clone())) {
                let voice = if policy.as_str() == "low-balance" {
                    Voice::Warning
                } else {
                    Voice::Bad
                };
                let text = format!("{}: {policy} fires, {reason}", self.who(client));
                self.say(voice, &text);
            }
        }
        let before = std::mem::replace(&mut self.firing, firing);
        for (client, policy) in before.keys() {
            if !self.firing.contains_key(&(client.clone(), policy.clone())) {
                let text = format!("{}: {policy} is resolved", self.who(client));
                self.say(Voice::Good, &text);
            }
        }
        Ok(())
    }

    /// Enforcements that ended, step by step.
    pub(super) async fn tell_enforcements(&mut self) -> Result<(), Error> {
        let filter = Filter::newest(self.scene.account.clone(), 100);
        for enforcement in self.scene.daemon.store.enforcements(&filter).await? {
            let Enforcement { id, client, state, .. } = &enforcement;
            if !self.ended.insert(format!("{id} {}", state.label())) {
                continue;
            }
            let who = self.who(client);
            let (before, sent) = (&enforcement.code_before, &enforcement.code_sent);
            if let (Some(before), Some(sent)) = (before, sent) {
                let balance = enforcement.balance.for_people();
                let wanted = enforcement.wanted;
                let text = format!("planned: balance_management {before} to {sent} ({wanted}), {balance} USD left");
                self.say(Voice::Plain, &text);
                self.say(
                    Voice::Plain,
                    "applied: the record read once more, then sent with that one field changed",
                );
            }
            if enforcement.is_verified_hard() {
                let text =
                    format!("verified: {who} is set to HARD, read back, nothing else changed; calls should stop at 0");
                self.say(Voice::Good, &text);
            } else {
                self.say(Voice::Bad, &format!("{who}: the change is {}", state.label()));
            }
        }
        Ok(())
    }

    pub(super) fn tell_mails(&mut self) {
        let mails = self.scene.world.mail.mails();
        let mut new: Vec<(&str, String)> = mails[self.mails_told..]
            .iter()
            .map(|mail| (mail.to.first().map_or("", String::as_str), mail.subject()))
            .collect();
        // Channels deliver side by side; each reader's mails stay in their order.
        new.sort_by_key(|(to, _)| (*to != OPERATORS, *to));
        for (to, subject) in new {
            let to = if to == OPERATORS { "operators" } else { to };
            self.say(Voice::Mail, &format!("mail to {to}: {subject}"));
        }
        self.mails_told = mails.len();
    }

    /// Mails that wait because the mail server does not answer.
    pub(super) async fn tell_waiting(&mut self) -> Result<(), Error> {
        let is_broken = self
            .scene
            .daemon
            .channels()
            .values()
            .any(|health| health.broken_since.is_some());
        if is_broken {
            let counts = self.scene.daemon.store.counts(&self.scene.account).await?;
            let waiting = counts.notifications.get("pending").copied().unwrap_or(0);
            let text = format!("no answer from the mail server; {waiting} mails are kept and tried again");
            self.say(Voice::Warning, &text);
        }
        Ok(())
    }

    fn who(&self, client: &ClientId) -> String {
        let actor = self.cast.find(client.as_str());
        actor.map_or_else(|| client.to_string(), |actor| actor.name.clone())
    }
}
