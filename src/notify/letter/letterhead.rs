//! What all letters share, as configured.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::templates::Templates;
use crate::domain::Languages;
use crate::domain::notice::Notification;
use crate::links::Links;

/// What all letters share.
#[derive(Clone, Debug)]
pub struct Letterhead {
    /// Whose phone service it is, as clients know it; empty when nothing says so.
    pub service: String,
    /// The zone that times of day are told in.
    pub zone: TimeZone,
    /// Where a client adds money.
    pub pay_url: Option<String>,
    /// How a client reaches the reseller: clean lines.
    pub contact: Vec<String>,
    /// Whether somebody reads the answers to a mail.
    pub takes_replies: bool,
    /// Which client is written to in which language.
    pub languages: Languages,
    /// Where operators find more, and acknowledge; `None`: nowhere but on this machine.
    pub links: Option<Links>,
    /// Texts of the reseller's own; `None`: all are the shipped ones.
    pub templates: Option<Arc<Templates>>,
}

impl Letterhead {
    /// The page about what a notification tells of.
    #[must_use]
    pub fn page_of(&self, notification: &Notification) -> Option<String> {
        let links = self.links.as_ref()?;
        let Notification { account, client, .. } = notification;
        Some(if client.is_pseudo() {
            links.alerts()
        } else {
            links.client(account.as_str(), client.as_str())
        })
    }

    /// What stands below the letters to operators.
    pub(super) fn operator_signature(&self) -> String {
        if self.service.is_empty() {
            "balancewatch".to_owned()
        } else {
            format!("balancewatch, for {}", self.service)
        }
    }
}
