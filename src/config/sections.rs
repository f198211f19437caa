//! Accounts, schedule, mail server, channels, alerts, store and enforcement: from values to settings.
//!
//! Policies are read in a file of their own.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::addresses::{MAILBOX, SMTP_URL, api_url, mailbox, smtp_url, store_path};
use super::keys::LATER_CHANNELS;
use super::problem::Problem;
use super::read::{Section, optional, parse_duration, refuse};
use super::schedule::{EverySweep, Schedule, SweepEvery};
use super::secret::{self, Secrets};
use super::settings::{Account, Alerts, Channel, ChannelKind, Enforcement, Smtp, Store, Transport};
use crate::domain::enforcement::Mode;
use crate::domain::{AccountName, ChannelName, ClientId, Money};
use crate::net::{BadCertificates, certificates_in};

pub(super) const fn secs(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

pub(super) const fn days(days: i64) -> SignedDuration {
    SignedDuration::from_secs(days * 86_400)
}

/// The accounts; at least one is needed.
pub(super) fn accounts(root: &Section<'_>, secrets: Secrets) -> Vec<Account> {
    let entries = root.entries("account");
    if entries.is_empty() {
        root.missing("account", "at least one [[account]]");
    }
    let mut accounts: Vec<Account> = Vec::new();
    for (name, section) in &entries {
        let Some(account) = account(name, section, secrets) else {
            continue;
        };
        // One user has one rate limit at the provider, and two accounts would each use all of it.
        let same = |other: &&Account| other.username == account.username && other.url == account.url;
        if let Some(other) = accounts.iter().find(same) {
            let what = format!("is the user of account `{}` too", other.name);
            section.warn("username", &what, "one account for one user");
        }
        accounts.push(account);
    }
    accounts
}

fn account(name: &str, section: &Section<'_>, secrets: Secrets) -> Option<Account> {
    let name = AccountName::new(name);
    if name.is_err() {
        section.refuse("name", "is not a name", "a-z, 0-9 and -, at most 64");
    }
    let url = section.text("url").and_then(|url| api_url(section, url));
    if !section.has("username") {
        section.missing("username", "the user of the API, an e-mail address");
    }
    let username = section.text("username").map(|user| user.trim().to_owned());
    let password = secret::password(section, secrets, true);
    // The bounds: more calls than a year has milliseconds is no pace, and more in flight no service survives.
    let rate_per_minute = section.number("rate_per_minute", 1..=10_000_000);
    let concurrency = section
        .number("concurrency", 1..=256)
        .and_then(|number| usize::try_from(number).ok());
    let transports = [("multipart", Transport::Multipart), ("get", Transport::Get)];
    let transport = section.choice("transport", &transports, &[]);
    let currency = section.text("currency").map(str::trim).filter(|label| {
        let short = label.chars().count() <= 8;
        if !short {
            section.refuse(
                "currency",
                "is too long for a label",
                "at most 8 characters, such as USD",
            );
        }
        short
    });
    let own_balance_below = not_negative(section, "own_balance_below");
    Some(Account {
        name: name.ok()?,
        url: url?,
        username: username?,
        password: password?,
        rate_per_minute: rate_per_minute?,
        concurrency: concurrency?,
        transport: transport?,
        currency: currency?.to_owned(),
        own_balance_below: own_balance_below?,
    })
}

fn not_negative(section: &Section<'_>, key: &str) -> Option<Money> {
    let money = section.money(key)?;
    if money.is_negative() {
        section.refuse(key, "is negative", "0 or more");
        return None;
    }
    Some(money)
}

/// When sweeps start.
pub(super) fn schedule(root: &Section<'_>, now: Timestamp) -> Option<Schedule> {
    let section = root.table_or_empty("schedule");
    let zone = section.text("timezone").and_then(|name| {
        let zone = TimeZone::get(name.trim()).ok();
        let named = zone.and_then(|zone| Some((zone.iana_name()?.to_owned(), zone.clone())));
        if named.is_none() {
            let meant = nearest_zone(name);
            let accepted = "an IANA name such as America/Toronto or UTC";
            section.problem(
                "timezone",
                |p| p.accepted(accepted).did_you_mean(meant),
                "is not a time zone",
            );
        }
        named
    });
    // Without a good zone the rule is still read, for its own mistakes.
    let zone_name = zone.as_ref().map_or("UTC", |(name, _)| name.as_str());
    let sweep = section
        .text("sweep")
        .and_then(|text| sweep(&section, text, zone_name, now));
    let pace = section.choice("pace", &[("every-sweep", EverySweep)], &["adaptive"]);
    let threshold_refresh = section.duration("threshold_refresh", secs(0)..=days(30));
    let revisit_within = section.duration("revisit_within", secs(1)..=days(30));
    let (timezone_name, timezone) = zone?;
    Some(Schedule {
        sweep: sweep?,
        timezone,
        timezone_name,
        pace: pace?,
        threshold_refresh: threshold_refresh?,
        revisit_within: revisit_within?,
    })
}

fn nearest_zone(name: &str) -> Option<String> {
    let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    super::problem::nearest(name, names.iter().map(String::as_str))
}

fn sweep(section: &Section<'_>, text: &str, zone: &str, now: Timestamp) -> Option<SweepEvery> {
    let accepted = "a cron rule such as \"*/5 * * * *\", or a duration from 1s to 7d such as \"5m\"";
    if let Some(every) = parse_duration(text) {
        if every < secs(1) || every > days(7) {
            return refuse(section, "sweep", "is out of range", accepted);
        }
        return Some(SweepEvery::Every(every));
    }
    match SweepEvery::cron(text.trim(), zone, now) {
        Ok(sweep) => Some(sweep),
        Err(error) => refuse(section, "sweep", &error.to_string(), accepted),
    }
}

/// The mail server, when one is configured.
pub(super) fn smtp(root: &Section<'_>, secrets: Secrets) -> Option<Smtp> {
    let section = root.table("smtp", "a table headed [smtp]")?;
    for (key, accepted) in [("url", SMTP_URL), ("from", MAILBOX)] {
        if !section.has(key) {
            section.missing(key, accepted);
        }
    }
    let server = section.text("url").and_then(|url| smtp_url(&section, url));
    let logs_in = server.as_ref().is_some_and(|server| server.username.is_some());
    let password = secret::password(&section, secrets, logs_in);
    if !logs_in && server.is_some() && password.is_some() {
        section.warn(
            "url",
            "names no user, so the password is not used",
            "smtp://USER@HOST:PORT",
        );
    }
    let from = section.text("from").and_then(|text| mailbox(&section, "from", text));
    let helo = optional(&section, "helo", |key| helo(&section, section.text(key)?));
    let authorities = optional(&section, "ca_file", |key| {
        authorities(&section, section.text(key)?, secrets)
    });
    let timeout = section.duration("timeout", SignedDuration::from_millis(100)..=secs(600));
    let server = server?;
    if logs_in && password.is_none() {
        return None;
    }
    Some(Smtp {
        host: server.host,
        port: server.port,
        tls: server.tls,
        password: password.filter(|_| logs_in),
        username: server.username,
        from: from?,
        helo: helo?,
        authorities: authorities?.unwrap_or_default(),
        timeout: Duration::try_from(timeout?).ok()?,
    })
}

/// A name that a mail server can be told, or an address in brackets.
fn helo(section: &Section<'_>, text: &str) -> Option<String> {
    let text = text.trim();
    let literal = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let is_good = |text: &str, more: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
        !text.is_empty() && text.len() <= 255 && text.chars().all(fits)
    };
    let good = literal.map_or_else(|| is_good(text, ".-"), |address| is_good(address, ".:"));
    if good {
        return Some(text.to_owned());
    }
    refuse(
        section,
        "helo",
        "is not a host name",
        "a name such as watch.example.com",
    )
}

/// The certificates in a file. A relative path counts from the file that names it.
fn authorities(section: &Section<'_>, file: &str, secrets: Secrets) -> Option<Vec<Vec<u8>>> {
    let origin = section.origin_of("ca_file");
    let path = origin.folder().unwrap_or_default().join(file.trim());
    let problem = |bad: &BadCertificates| {
        let told = Problem::new(origin, section.key("ca_file"), bad.to_string());
        told.value(path.display())
            .accepted("a file with certificates in PEM, -----BEGIN CERTIFICATE-----")
    };
    match certificates_in(&path) {
        Ok(authorities) => Some(authorities),
        Err(bad @ BadCertificates::Unreadable(_)) => {
            secret::unreadable(problem(&bad), secrets, section.report());
            (secrets == Secrets::MayBeMissing).then(Vec::new)
        }
        Err(bad) => {
            section.report().problem(problem(&bad));
            None
        }
    }
}

/// The channels.
pub(super) fn channels(root: &Section<'_>) -> Vec<Channel> {
    root.entries("channel")
        .iter()
        .filter_map(|(name, section)| channel(name, section))
        .collect()
}

fn channel(name: &str, section: &Section<'_>) -> Option<Channel> {
    let name = ChannelName::new(name);
    match &name {
        Ok(name) if name.is_client() => {
            section.refuse("name", "is taken: the channel `client` always exists", "another name");
        }
        Ok(_) => {}
        Err(_) => section.refuse("name", "is not a name", "a-z, 0-9 and -, at most 64"),
    }
    if !section.has("type") {
        section.missing("type", "email");
    }
    let kind = section.choice("type", &[("email", ())], &LATER_CHANNELS);
    if section.has("type") {
        // Another kind has other keys.
        kind?;
    }
    if !section.has("to") {
        section.missing("to", "a list of e-mail addresses");
    }
    let given = section.list("to")?;
    if given.is_empty() {
        return refuse(section, "to", "is empty", "at least one e-mail address");
    }
    let to: Vec<String> = given.iter().filter_map(|text| mailbox(section, "to", text)).collect();
    let name = name.ok().filter(|name| !name.is_client())?;
    kind?;
    (to.len() == given.len()).then_some(Channel {
        name,
        kind: ChannelKind::Email { to },
    })
}

/// What holds for all alerts.
pub(super) fn alerts(root: &Section<'_>) -> Option<Alerts> {
    let section = root.table_or_empty("alerts");
    let notify_clients = section.flag("notify_clients");
    let client_mails_per_hour = section.number("client_mails_per_hour", 1..=100_000);
    let default_threshold = section.money("default_threshold");
    if default_threshold.is_some_and(|money| !money.is_positive()) {
        return refuse(&section, "default_threshold", "is not above 0", "an amount above 0");
    }
    if section.has("default_threshold") {
        default_threshold?;
    }
    Some(Alerts {
        notify_clients: notify_clients?,
        client_mails_per_hour: client_mails_per_hour?,
        default_threshold,
    })
}

/// Where state is kept.
pub(super) fn store(root: &Section<'_>) -> Option<Store> {
    let section = root.table_or_empty("store");
    let path = section.text("url").and_then(|url| store_path(&section, url.trim()));
    let keep_history = section.duration("keep_history", days(1)..=days(3_650));
    Some(Store {
        url: section.text("url")?.trim().to_owned(),
        path: path?,
        keep_history: keep_history?,
    })
}

/// What may be changed at the provider.
pub(super) fn enforcement(root: &Section<'_>) -> Option<Enforcement> {
    let section = root.table_or_empty("enforcement");
    let mode = section.choice(
        "mode",
        &[("observe", Mode::Observe), ("apply", Mode::Apply)],
        &["approve"],
    );
    let max_per_sweep = section.number("max_per_sweep", 0..=100_000);
    let max_per_day = section.number("max_per_day", 0..=100_000);
    let protect = section.list("protect").map(|ids| {
        let id = |text: &&str| {
            ClientId::new(text)
                .map_err(|_| section.refuse_item("protect", text, "is not a client id", "an id such as 561116"))
                .ok()
        };
        ids.iter().filter_map(id).collect()
    });
    let extra_fields = section.list("extra_fields");
    let canary_wait = section.duration("canary_wait", secs(0)..=secs(3_600));
    Some(Enforcement {
        mode: mode?,
        max_per_sweep: max_per_sweep?,
        max_per_day: max_per_day?,
        protect: protect?,
        extra_fields: extra_fields?.into_iter().map(str::to_owned).collect(),
        canary_wait: Duration::try_from(canary_wait?).ok()?,
    })
}
