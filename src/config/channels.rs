//! Channels: from values to settings, each kind with the keys that are its own.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use secrecy::{ExposeSecret, SecretString};

use super::addresses::{mailbox, post_url};
use super::form::{Secret, SecretFile};
use super::key::{AnyKey, Key};
use super::keys;
use super::problem::{Secrets, nearest, wrong};
use super::reader::Reader;
use super::secret;
use super::settings::{Channel, ChannelKind, Endpoint, HttpLogin, WebhookBody, WebhookFormat};
use super::values::ChannelType;
use crate::domain::ChannelName;
use crate::domain::receiver::{Escalation, QuietHours};

/// How often all that fires is posted again, where nothing is said.
const RESEND: SignedDuration = SignedDuration::from_secs(60);

/// PagerDuty's Events API v2: <https://developer.pagerduty.com/docs/events-api-v2-overview>.
const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";

/// Slack's Web API: <https://docs.slack.dev/apis/web-api/>.
const SLACK: &str = "https://slack.com/api/";

/// The public server of ntfy: <https://docs.ntfy.sh/publish/>.
const NTFY: &str = "https://ntfy.sh/";

/// The channels, whose times of day are the schedule's where they name no other.
pub fn channels(root: &Reader<'_>, zone: &TimeZone) -> Vec<Channel> {
    let readers = root.entries(&keys::CHANNEL);
    let mut channels: Vec<(Reader<'_>, Channel)> = Vec::new();
    for reader in readers {
        if let Some(channel) = channel(&reader, zone) {
            channels.push((reader, channel));
        }
    }
    let all: Vec<Channel> = channels.iter().map(|(_, channel)| channel.clone()).collect();
    for (reader, channel) in &channels {
        refuse_circle(reader, channel, &all);
    }
    all
}

fn channel(reader: &Reader<'_>, zone: &TimeZone) -> Option<Channel> {
    let kind = reader.get(&keys::CHANNEL_TYPE)?;
    refuse_foreign(reader, kind);
    let kind = match kind {
        ChannelType::Email => email(reader),
        ChannelType::Alertmanager => alertmanager(reader),
        ChannelType::PagerDuty => pagerduty(reader),
        ChannelType::Webhook => webhook(reader),
        ChannelType::Slack => slack(reader),
        ChannelType::Ntfy => ntfy(reader),
    };
    let own_zone = reader.optional(&keys::CHANNEL_TIMEZONE)?.map(|(_, zone)| zone);
    let hours = reader.optional(&keys::CHANNEL_QUIET_HOURS)?;
    let escalate = if reader.has(&keys::CHANNEL_ESCALATE) {
        Some(Escalation {
            to: reader.get(&keys::ESCALATE_TO)?,
            after: reader.get(&keys::ESCALATE_AFTER)?,
        })
    } else {
        None
    };
    Some(Channel {
        name: reader.get(&keys::CHANNEL_NAME)?,
        kind: kind?,
        min_severity: reader.get(&keys::CHANNEL_MIN_SEVERITY)?,
        resolved: reader.get(&keys::CHANNEL_RESOLVED)?,
        quiet_hours: hours.map(|(from, to)| QuietHours {
            from,
            to,
            zone: own_zone.unwrap_or_else(|| zone.clone()),
        }),
        max_per_hour: reader.optional(&keys::CHANNEL_MAX_PER_HOUR)?,
        escalate,
    })
}

/// Refuses the keys of other kinds: who wrote them expects something of them.
fn refuse_foreign(reader: &Reader<'_>, kind: ChannelType) {
    use ChannelType::{Alertmanager, Email, Ntfy, PagerDuty, Slack, Webhook};
    let of: [(&dyn AnyKey, &[ChannelType]); 24] = [
        (&keys::CHANNEL_TO, &[Email, Slack]),
        (&keys::CHANNEL_REPLY_TO, &[Email]),
        (&keys::CHANNEL_URLS, &[Alertmanager]),
        (&keys::CHANNEL_RESEND, &[Alertmanager]),
        (&keys::CHANNEL_URL, &[PagerDuty, Webhook, Slack, Ntfy]),
        (&keys::CHANNEL_URL_FILE, &[PagerDuty, Webhook, Slack, Ntfy]),
        (&keys::CHANNEL_INTERNAL, &[Webhook, Ntfy]),
        (&keys::CHANNEL_USERNAME, &[Alertmanager, Ntfy]),
        (&keys::CHANNEL_PASSWORD, &[Alertmanager, Ntfy]),
        (&keys::CHANNEL_PASSWORD_FILE, &[Alertmanager, Ntfy]),
        (&keys::CHANNEL_BEARER_TOKEN, &[Alertmanager]),
        (&keys::CHANNEL_BEARER_TOKEN_FILE, &[Alertmanager]),
        (&keys::CHANNEL_ROUTING_KEY, &[PagerDuty]),
        (&keys::CHANNEL_ROUTING_KEY_FILE, &[PagerDuty]),
        (&keys::CHANNEL_FORMAT, &[Webhook]),
        (&keys::CHANNEL_BODY, &[Webhook]),
        (&keys::CHANNEL_HEADERS, &[Webhook]),
        (&keys::CHANNEL_SECRET, &[Webhook]),
        (&keys::CHANNEL_SECRET_FILE, &[Webhook]),
        (&keys::CHANNEL_TOKEN, &[Slack, Ntfy]),
        (&keys::CHANNEL_TOKEN_FILE, &[Slack, Ntfy]),
        (&keys::CHANNEL_TOPIC, &[Ntfy]),
        // A mirror is told nothing by itself: Alertmanager has times and limits of its own.
        (&keys::CHANNEL_QUIET_HOURS, &[Email, PagerDuty, Webhook, Slack, Ntfy]),
        (&keys::CHANNEL_MAX_PER_HOUR, &[Email, PagerDuty, Webhook, Slack, Ntfy]),
    ];
    for (key, kinds) in of {
        if reader.has(key) && !kinds.contains(&kind) {
            let words: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
            let what = format!("means nothing for a channel of type {}", kind.as_str());
            let wrong = wrong(what).accepted(format!("it belongs to {}", words.join(", ")));
            reader.refuse(key, wrong.hiding_value());
        }
    }
}

/// Refuses an escalation to a channel that is not there, or that leads back.
fn refuse_circle(reader: &Reader<'_>, channel: &Channel, channels: &[Channel]) {
    let mut passed = vec![&channel.name];
    let mut next = channel.escalate.as_ref();
    while let Some(Escalation { to, .. }) = next {
        if passed.len() == 1 && !refuse_unknown(reader, &keys::ESCALATE_TO, to, channels) {
            return;
        }
        if passed.contains(&to) {
            let wrong = wrong("leads back to where it came from").accepted("another channel");
            reader.refuse(&keys::ESCALATE_TO, wrong);
            return;
        }
        passed.push(to);
        let channel = channels.iter().find(|channel| channel.name == *to);
        next = channel.and_then(|channel| channel.escalate.as_ref());
    }
}

/// Refuses the name of a channel that is not there. Whether it is there and is owed messages.
pub fn refuse_unknown(reader: &Reader<'_>, key: &dyn AnyKey, name: &ChannelName, channels: &[Channel]) -> bool {
    let known = || reader.entries(&keys::CHANNEL);
    match channels.iter().find(|channel| channel.name == *name) {
        Some(channel) if channel.kind.recipients().is_empty() => {
            let wrong = wrong("is an Alertmanager, which mirrors what fires and gets no messages");
            reader.refuse(key, wrong.accepted("another channel"));
            false
        }
        Some(_) => true,
        None => {
            let known: Vec<&str> = known().iter().map(|channel| channel.entry).collect();
            // One that has a problem of its own was reported already.
            if !known.contains(&name.as_str()) {
                let wrong = wrong("names no channel").accepted(format!("the configured ones: {}", known.join(", ")));
                reader.refuse(key, wrong.did_you_mean(nearest(name.as_str(), known)));
            }
            false
        }
    }
}

fn email(reader: &Reader<'_>) -> Option<ChannelKind> {
    if !reader.has(&keys::CHANNEL_TO) {
        reader.report.absence(reader.missing(&keys::CHANNEL_TO));
    }
    let to = reader.get(&keys::CHANNEL_TO)?;
    if to.is_empty() {
        reader.refuse(&keys::CHANNEL_TO, wrong("is empty"));
    }
    for address in &to {
        if let Err(wrong) = mailbox(address) {
            reader.refuse(&keys::CHANNEL_TO, wrong.item(address.clone()));
        }
    }
    let reply_to = reader.optional(&keys::CHANNEL_REPLY_TO)?;
    Some(ChannelKind::Email { to, reply_to })
}

fn alertmanager(reader: &Reader<'_>) -> Option<ChannelKind> {
    if !reader.has(&keys::CHANNEL_URLS) {
        reader.report.absence(reader.missing(&keys::CHANNEL_URLS));
    }
    let urls = reader.get(&keys::CHANNEL_URLS)?;
    if urls.is_empty() {
        reader.refuse(&keys::CHANNEL_URLS, wrong("is empty"));
    }
    let token = (&keys::CHANNEL_BEARER_TOKEN, &keys::CHANNEL_BEARER_TOKEN_FILE);
    Some(ChannelKind::Alertmanager {
        urls,
        resend: reader.optional(&keys::CHANNEL_RESEND)?.unwrap_or(RESEND),
        login: login(reader, token)?,
    })
}

fn pagerduty(reader: &Reader<'_>) -> Option<ChannelKind> {
    let (key, file) = (&keys::CHANNEL_ROUTING_KEY, &keys::CHANNEL_ROUTING_KEY_FILE);
    let routing_key = secret::password(reader, key, file, true);
    Some(ChannelKind::PagerDuty {
        endpoint: channel_endpoint(reader, false, Some(PAGERDUTY))?,
        routing_key: routing_key?,
    })
}

fn webhook(reader: &Reader<'_>) -> Option<ChannelKind> {
    let internal = reader.optional(&keys::CHANNEL_INTERNAL)?.unwrap_or(false);
    let format = reader.optional(&keys::CHANNEL_FORMAT)?;
    let format = format.unwrap_or(WebhookFormat::Alertmanager);
    match (format, reader.has(&keys::CHANNEL_BODY)) {
        (WebhookFormat::Template, false) => reader.report.absence(reader.missing(&keys::CHANNEL_BODY)),
        (WebhookFormat::Alertmanager, true) => {
            let wrong = wrong("is not used: Alertmanager's format has no template");
            reader.refuse(&keys::CHANNEL_BODY, wrong.accepted("with format = \"template\""));
        }
        _ => {}
    }
    let body = reader.optional(&keys::CHANNEL_BODY)?;
    let folder = reader.origin_of(&keys::CHANNEL_BODY).folder().unwrap_or_default();
    let secret = secret::password(reader, &keys::CHANNEL_SECRET, &keys::CHANNEL_SECRET_FILE, false);
    Some(ChannelKind::Webhook {
        endpoint: channel_endpoint(reader, internal, None)?,
        format,
        body: body.map(|name| WebhookBody {
            path: folder.join(&name),
            name,
        }),
        headers: reader.optional(&keys::CHANNEL_HEADERS)?.unwrap_or_default(),
        secret,
    })
}

fn slack(reader: &Reader<'_>) -> Option<ChannelKind> {
    let token = secret::password(reader, &keys::CHANNEL_TOKEN, &keys::CHANNEL_TOKEN_FILE, false);
    let to = reader.optional(&keys::CHANNEL_TO)?.unwrap_or_default();
    match (&token, to.is_empty()) {
        (Some(_), true) => reader.report.absence(reader.missing(&keys::CHANNEL_TO)),
        (None, false) => {
            let wrong = wrong("is not used: the url of an incoming webhook leads to one channel of Slack");
            reader.refuse(&keys::CHANNEL_TO, wrong.accepted("with token or token_file"));
        }
        _ => {}
    }
    let endpoint = channel_endpoint(reader, false, token.as_ref().map(|_| SLACK))?;
    Some(ChannelKind::Slack { endpoint, token, to })
}

fn ntfy(reader: &Reader<'_>) -> Option<ChannelKind> {
    let internal = reader.optional(&keys::CHANNEL_INTERNAL)?.unwrap_or(false);
    if !reader.has(&keys::CHANNEL_TOPIC) {
        reader.report.absence(reader.missing(&keys::CHANNEL_TOPIC));
    }
    let token = (&keys::CHANNEL_TOKEN, &keys::CHANNEL_TOKEN_FILE);
    Some(ChannelKind::Ntfy {
        endpoint: channel_endpoint(reader, internal, Some(NTFY))?,
        topic: reader.get(&keys::CHANNEL_TOPIC)?,
        login: login(reader, token)?,
    })
}

/// A key and its `_file` twin.
type Twins<'k> = (&'k Key<Secret>, &'k Key<SecretFile>);

/// Who logs in; `Some(None)`: nobody does.
fn login(reader: &Reader<'_>, (token, token_file): Twins<'_>) -> Option<Option<HttpLogin>> {
    let has_token = reader.has(token) || reader.has(token_file);
    let username = reader.optional(&keys::CHANNEL_USERNAME)?;
    if has_token && username.is_some() {
        let wrong = wrong("is given beside a token").accepted("one of the two");
        reader.refuse(&keys::CHANNEL_USERNAME, wrong);
    }
    let (key, file) = (&keys::CHANNEL_PASSWORD, &keys::CHANNEL_PASSWORD_FILE);
    let password = secret::password(reader, key, file, username.is_some());
    if has_token {
        return secret::password(reader, token, token_file, true).map(|token| Some(HttpLogin::Token(token)));
    }
    match username {
        Some(username) => Some(Some(HttpLogin::Password {
            username,
            password: password?,
        })),
        None if password.is_some() => {
            let missing = reader.missing(&keys::CHANNEL_USERNAME);
            reader.report.absence(missing);
            None
        }
        None => Some(None),
    }
}

fn channel_endpoint(reader: &Reader<'_>, internal: bool, vendor: Option<&str>) -> Option<Endpoint> {
    let url = (&keys::CHANNEL_URL, &keys::CHANNEL_URL_FILE);
    endpoint(reader, url, internal, vendor)
}

/// Where something is posted: what `url` or its twin says, else the address of the vendor.
pub fn endpoint(
    reader: &Reader<'_>,
    (url, url_file): Twins<'_>,
    internal: bool,
    vendor: Option<&str>,
) -> Option<Endpoint> {
    let given = secret::password(reader, url, url_file, vendor.is_none());
    let is_given = reader.has(url) || reader.has(url_file);
    let url_text = match (given, vendor) {
        (Some(given), _) => given,
        (None, Some(vendor)) if !is_given => SecretString::from(vendor),
        (None, _) => return None,
    };
    let text = url_text.expose_secret();
    let may_be_missing = reader.report.secrets == Secrets::MayBeMissing;
    if !(text.is_empty() && may_be_missing)
        && let Err(wrong) = post_url(text, internal)
    {
        let key: &dyn AnyKey = if reader.has(url) { url } else { url_file };
        reader.refuse(key, wrong.accepted(url.accepted()));
        return None;
    }
    Some(Endpoint {
        url: url_text,
        internal,
    })
}
