//! The channels that post over HTTP, from settings. Sends nothing.

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;

use super::parts;
use crate::config::{self, ChannelKind, Endpoint, HttpLogin};
use crate::domain::ChannelName;
use crate::net::Network;
use crate::net::header::HeaderValue;
use crate::notify::delivery::{Channel, SetupError};
use crate::notify::letter::Letterhead;
use crate::notify::ntfy::Ntfy;
use crate::notify::pagerduty::PagerDuty;
use crate::notify::post::{HttpChannel, Poster};
use crate::notify::slack::Slack;

/// The channel of these settings; `None`: it does not post, or is owed nothing. `timeout` stands in for the usual length of
/// an exchange.
pub fn channel(
    channel: &config::Channel,
    letterhead: &Letterhead,
    network: &Network,
    timeout: Option<Duration>,
) -> Result<Option<Arc<dyn Channel>>, SetupError> {
    let name = || channel.name.clone();
    let poster = |endpoint: &Endpoint| {
        let url = endpoint.url.expose_secret();
        Poster::new(&channel.name, url, endpoint.internal, network, timeout)
    };
    Ok(Some(match &channel.kind {
        ChannelKind::PagerDuty { endpoint, routing_key } => {
            let vendor = PagerDuty::new(routing_key.clone(), letterhead.clone());
            Arc::new(HttpChannel::new(name(), poster(endpoint)?, vendor))
        }
        ChannelKind::Slack { endpoint, token, .. } => {
            let poster = poster(endpoint)?;
            let vendor = Slack::new(&channel.name, poster.url(), token.as_ref())?;
            Arc::new(HttpChannel::new(name(), poster, vendor))
        }
        ChannelKind::Ntfy { endpoint, topic, login } => {
            let login = login
                .as_ref()
                .map(|login| authorization(&channel.name, login))
                .transpose()?;
            let vendor = Ntfy::new(topic.clone(), login, letterhead.pay_url.clone());
            Arc::new(HttpChannel::new(name(), poster(endpoint)?, vendor))
        }
        ChannelKind::Webhook { .. } => return Ok(None),
        // A mirror is owed nothing.
        ChannelKind::Alertmanager { .. } | ChannelKind::Email { .. } => return Ok(None),
    }))
}

/// How a receiver is told who logs in.
fn authorization(channel: &ChannelName, login: &HttpLogin) -> Result<HeaderValue, SetupError> {
    let said = parts::authorization(login);
    let mut said = HeaderValue::from_str(said.expose_secret()).map_err(|_| SetupError::Channel {
        channel: channel.clone(),
        why: "its token has characters that no token has".to_owned(),
    })?;
    said.set_sensitive(true);
    Ok(said)
}
