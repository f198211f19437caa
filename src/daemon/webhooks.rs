//! Webhooks, from settings: reads and tries their templates. Posts nothing.

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;

use super::parts;
use crate::config::{self, ChannelKind, Loaded, Problem, Settings};
use crate::net::Network;
use crate::notify::delivery::{Channel, SetupError};
use crate::notify::letter::Letterhead;
use crate::notify::post::{HttpChannel, Poster};
use crate::notify::webhook::template::Template;
use crate::notify::webhook::{Unfit, Webhook};

/// The channel of these settings; `None`: it is no webhook. `timeout` stands in for the usual length of an exchange.
pub fn channel(
    settings: &Settings,
    channel: &config::Channel,
    letterhead: &Letterhead,
    network: &Network,
    timeout: Option<Duration>,
) -> Result<Option<Arc<dyn Channel>>, SetupError> {
    let ChannelKind::Webhook { endpoint, .. } = &channel.kind else {
        return Ok(None);
    };
    let poster = Poster::new(
        &channel.name,
        endpoint.url.expose_secret(),
        endpoint.internal,
        network,
        timeout,
    )?;
    let webhook = webhook(settings, channel, letterhead).map_err(|unfit| SetupError::Channel {
        channel: channel.name.clone(),
        why: unfit.why,
    })?;
    Ok(
        webhook
            .map(|webhook| -> Arc<dyn Channel> { Arc::new(HttpChannel::new(channel.name.clone(), poster, webhook)) }),
    )
}

fn webhook(settings: &Settings, channel: &config::Channel, letterhead: &Letterhead) -> Result<Option<Webhook>, Unfit> {
    let ChannelKind::Webhook {
        body, headers, secret, ..
    } = &channel.kind
    else {
        return Ok(None);
    };
    let find = |body: &config::WebhookBody| Template::find(&body.name, &body.path, settings.templates.as_deref());
    let template = body.as_ref().map(find).transpose()?;
    // One that was allowed to be missing signs nothing.
    let secret = secret.as_ref().filter(|secret| !secret.expose_secret().is_empty());
    Webhook::new(template, headers, secret, letterhead.clone()).map(Some)
}

/// What is wrong with webhooks beyond what each key says by itself. Every template is filled in with made-up alerts.
#[must_use]
pub fn problems(loaded: &Loaded) -> Vec<Problem> {
    let settings = &loaded.settings;
    let letterhead = parts::letterhead(settings, String::new());
    let unfit = settings.channels.iter().filter_map(|channel| {
        let tried = webhook(settings, channel, &letterhead)
            .and_then(|webhook| webhook.map_or(Ok(()), |webhook| webhook.try_out().map_err(Unfit::from)));
        Some((channel, tried.err()?))
    });
    let problems = unfit.map(|(channel, Unfit { key, why })| {
        let key = format!("channel.{}.{key}", channel.name);
        let origin = loaded.effective.origin(&key).unwrap_or("configuration");
        Problem::new(origin, key, why)
    });
    problems.collect()
}
