//! Accounts, schedule, mail server, mails, alerts, heartbeat, digest, web listener, store and enforcement: from values to settings.
//!
//! What each key takes is in `keys`; here is what keys mean together. Policies, channels and maintenance windows
//! are read in files of their own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::channels;
use super::duration::{days, duration, secs};
use super::keys;
use super::problem::{Secrets, wrong};
use super::reader::Reader;
use super::schedule::{CronRule, Schedule, SweepEvery};
use super::secret;
use super::settings::{Account, Alerts, Channel, Digest, Endpoint, Enforcement, Mail, Smtp, Store, Web};
use crate::domain::judge::triggers::Triggers;
use crate::domain::language::Whom;
use crate::domain::plan::Approvals;
use crate::domain::receiver::Reads;
use crate::domain::{Language, Languages};
use crate::net::{BadCertificates, certificates_in};

/// The accounts; at least one is needed.
pub fn accounts(root: &Reader<'_>) -> Vec<Account> {
    let entries = root.entries(&keys::ACCOUNT);
    if entries.is_empty() {
        root.report.absence(root.missing(&keys::ACCOUNT));
    }
    let mut accounts: Vec<Account> = Vec::new();
    for reader in &entries {
        let Some(account) = account(reader) else { continue };
        // One user has one rate limit at the provider, and two accounts would each use all of it.
        let same = |other: &&Account| other.username == account.username && other.url == account.url;
        if let Some(other) = accounts.iter().find(same) {
            let what = format!("is the user of account `{}` too", other.name);
            reader.warn(&keys::ACCOUNT_USERNAME, &what, "one account for one user");
        }
        accounts.push(account);
    }
    accounts
}

fn account(reader: &Reader<'_>) -> Option<Account> {
    let password = secret::password(reader, &keys::ACCOUNT_PASSWORD, &keys::ACCOUNT_PASSWORD_FILE, true);
    Some(Account {
        name: reader.get(&keys::ACCOUNT_NAME)?,
        url: reader.get(&keys::ACCOUNT_URL)?,
        username: reader.get(&keys::ACCOUNT_USERNAME)?,
        password: password?,
        rate_per_minute: reader.get(&keys::ACCOUNT_RATE_PER_MINUTE)?,
        concurrency: usize::try_from(reader.get(&keys::ACCOUNT_CONCURRENCY)?).ok()?,
        transport: reader.get(&keys::ACCOUNT_TRANSPORT)?,
        currency: reader.get(&keys::ACCOUNT_CURRENCY)?,
        own_balance_below: reader.get(&keys::ACCOUNT_OWN_BALANCE_BELOW)?,
    })
}

pub fn schedule(root: &Reader<'_>) -> Option<Schedule> {
    let zone = root.get(&keys::SCHEDULE_TIMEZONE);
    // Without a good zone the rule is still read, for its own mistakes.
    let sweep = sweep(root, zone.as_ref().map_or("UTC", |(name, _)| name.as_str()));
    let (timezone_name, timezone) = zone?;
    Some(Schedule {
        sweep: sweep?,
        timezone,
        timezone_name,
        threshold_refresh: root.get(&keys::SCHEDULE_THRESHOLD_REFRESH)?,
        revisit_within: root.get(&keys::SCHEDULE_REVISIT_WITHIN)?,
    })
}

fn sweep(root: &Reader<'_>, zone: &str) -> Option<SweepEvery> {
    let text = root.get(&keys::SCHEDULE_SWEEP)?;
    let sweep = match duration(&text) {
        Some(every) if (secs(1)..=days(7)).contains(&every) => Ok(SweepEvery::Every(every)),
        Some(_) => Err("is out of range".to_owned()),
        None => SweepEvery::cron(&text, zone, root.now).map_err(|error| error.to_string()),
    };
    sweep
        .map_err(|what| root.refuse(&keys::SCHEDULE_SWEEP, wrong(what)))
        .ok()
}

/// The mail server, when one is configured.
pub fn smtp(root: &Reader<'_>) -> Option<Smtp> {
    root.get(&keys::SMTP)?;
    let server = root.get(&keys::SMTP_URL);
    let logs_in = server.as_ref().is_some_and(|server| server.username.is_some());
    let password = secret::password(root, &keys::SMTP_PASSWORD, &keys::SMTP_PASSWORD_FILE, logs_in);
    if !logs_in && server.is_some() && password.is_some() {
        let what = "names no user, so the password is not used";
        root.warn(&keys::SMTP_URL, what, "smtp://USER@HOST:PORT");
    }
    let authorities = if root.has(&keys::SMTP_CA_FILE) {
        authorities(root)
    } else {
        Some(Vec::new())
    };
    if logs_in && password.is_none() {
        return None;
    }
    let server = server?;
    Some(Smtp {
        host: server.host,
        port: server.port,
        tls: server.tls,
        password: password.filter(|_| logs_in),
        username: server.username,
        from: root.get(&keys::SMTP_FROM)?,
        helo: root.optional(&keys::SMTP_HELO)?,
        authorities: authorities?,
        timeout: Duration::try_from(root.get(&keys::SMTP_TIMEOUT)?).ok()?,
    })
}

/// The certificates in `ca_file`. A relative path counts from the file that names it.
fn authorities(root: &Reader<'_>) -> Option<Vec<Vec<u8>>> {
    let key = &keys::SMTP_CA_FILE;
    let path = root.origin_of(key).folder().unwrap_or_default().join(root.get(key)?);
    let bad = match certificates_in(&path) {
        Ok(authorities) => return Some(authorities),
        Err(bad) => bad,
    };
    let problem = root.problem(key, wrong(bad.to_string()).item(path.display().to_string()));
    match bad {
        BadCertificates::Unreadable(_) => root.report.unreadable(problem),
        _ => root.report.problem(problem),
    }
    (root.report.secrets == Secrets::MayBeMissing).then(Vec::new)
}

pub fn mail(root: &Reader<'_>) -> Option<Mail> {
    // In the order in which they are asked.
    let rules: [(_, Language); 3] = [
        (&keys::MAIL_LANGUAGES_EN, Language::English),
        (&keys::MAIL_LANGUAGES_FR, Language::French),
        (&keys::MAIL_LANGUAGES_ES, Language::Spanish),
    ];
    let mut languages = Languages {
        default: root.get(&keys::MAIL_LANGUAGE)?,
        rules: Vec::new(),
    };
    for (key, language) in rules {
        let whom: Vec<Whom> = root.optional(key)?.unwrap_or_default();
        languages.rules.extend(whom.into_iter().map(|whom| (language, whom)));
    }
    Some(Mail {
        reply_to: root.optional(&keys::MAIL_REPLY_TO)?,
        pay_url: root.optional(&keys::MAIL_PAY_URL)?,
        contact: root.optional(&keys::MAIL_CONTACT)?.unwrap_or_default(),
        languages,
    })
}

/// The dead-man's switch; `Some(None)`: there is none.
pub fn heartbeat(root: &Reader<'_>) -> Option<Option<Endpoint>> {
    if !root.has(&keys::HEARTBEAT) {
        return Some(None);
    }
    let internal = root.optional(&keys::HEARTBEAT_INTERNAL)?.unwrap_or(false);
    let url = (&keys::HEARTBEAT_URL, &keys::HEARTBEAT_URL_FILE);
    channels::endpoint(root, url, internal, None).map(Some)
}

pub fn digest(root: &Reader<'_>, zone: &str, channels: &[Channel]) -> Option<Option<Digest>> {
    if !root.has(&keys::DIGEST) {
        return Some(None);
    }
    let channel = root.get(&keys::DIGEST_CHANNEL);
    if let Some(channel) = &channel {
        channels::refuse_unknown(root, &keys::DIGEST_CHANNEL, channel, channels);
        let pages = |other: &&Channel| other.name == *channel && other.kind.reads() == Reads::Incidents;
        if channels.iter().any(|other| pages(&other)) {
            let wrong = wrong("would open an incident for each digest").accepted("a channel that people read");
            root.refuse(&keys::DIGEST_CHANNEL, wrong);
        }
    }
    let rule = root.get(&keys::DIGEST_AT)?;
    let at = CronRule::parse(&rule, zone, root.now)
        .map_err(|error| root.refuse(&keys::DIGEST_AT, wrong(error.to_string())))
        .ok()?;
    Some(Some(Digest { at, channel: channel? }))
}

/// The folder of templates. A relative path counts from the file that names it.
pub fn templates(root: &Reader<'_>) -> Option<Option<PathBuf>> {
    if !root.has(&keys::TEMPLATES) {
        return Some(None);
    }
    let key = &keys::TEMPLATES_FOLDER;
    let folder = root.origin_of(key).folder().unwrap_or_default().join(root.get(key)?);
    if !folder.is_dir() {
        root.report.unreadable(root.problem(key, wrong("is no folder")));
    }
    Some(Some(folder))
}

pub fn alerts(root: &Reader<'_>) -> Option<Alerts> {
    Some(Alerts {
        notify_clients: root.get(&keys::ALERTS_NOTIFY_CLIENTS)?,
        client_mails_per_hour: root.get(&keys::ALERTS_CLIENT_MAILS_PER_HOUR)?,
        default_threshold: root.optional(&keys::ALERTS_DEFAULT_THRESHOLD)?,
    })
}

pub fn store(root: &Reader<'_>) -> Option<Store> {
    // A relative path counts from the file that names it, so that daemon and commands mean the same store.
    let folder = root.origin_of(&keys::STORE_URL).folder().unwrap_or_default();
    Some(Store {
        path: folder.join(root.get(&keys::STORE_URL)?),
        keep_history: root.get(&keys::STORE_KEEP_HISTORY)?,
    })
}

pub fn web(root: &Reader<'_>) -> Option<Web> {
    let listen = root.get(&keys::WEB_LISTEN);
    let token = secret::password(root, &keys::WEB_TOKEN, &keys::WEB_TOKEN_FILE, false);
    let is_open = |address: SocketAddr| !address.ip().is_loopback();
    if listen.flatten().is_some_and(is_open) && !root.has(&keys::WEB_TOKEN) && !root.has(&keys::WEB_TOKEN_FILE) {
        let wrong = wrong("is open to other machines, and there is no token");
        root.refuse(
            &keys::WEB_LISTEN,
            wrong.accepted("web.token_file beside it, or an address of loopback"),
        );
    }
    Some(Web {
        listen: listen?,
        token,
        external_url: root
            .optional(&keys::WEB_EXTERNAL_URL)?
            .map(|url| url.trim_end_matches('/').to_owned()),
        per_client_metrics: usize::try_from(root.get(&keys::WEB_PER_CLIENT_METRICS)?).ok()?,
    })
}

pub fn enforcement(root: &Reader<'_>) -> Option<Enforcement> {
    Some(Enforcement {
        mode: root.get(&keys::ENFORCEMENT_MODE)?,
        max_per_sweep: root.get(&keys::ENFORCEMENT_MAX_PER_SWEEP)?,
        max_per_hour: root.get(&keys::ENFORCEMENT_MAX_PER_HOUR)?,
        max_per_day: root.get(&keys::ENFORCEMENT_MAX_PER_DAY)?,
        max_share_per_day: root.get(&keys::ENFORCEMENT_MAX_SHARE_PER_DAY)?,
        approvals: approvals(root)?,
        brake: Triggers {
            firing: root.get(&keys::BRAKE_FIRING_SHARE)?,
            balance_jump: root.get(&keys::BRAKE_BALANCE_JUMP)?,
            unread: root.get(&keys::BRAKE_UNREAD_SHARE)?,
        },
        protect: root.get(&keys::ENFORCEMENT_PROTECT)?,
        extra_fields: root.get(&keys::ENFORCEMENT_EXTRA_FIELDS)?.into_iter().collect(),
        canary_wait: Duration::try_from(root.get(&keys::ENFORCEMENT_CANARY_WAIT)?).ok()?,
    })
}

fn approvals(root: &Reader<'_>) -> Option<Approvals> {
    let expires = root.get(&keys::ENFORCEMENT_APPROVAL_EXPIRES);
    let ask_again = root.get(&keys::ENFORCEMENT_ASK_AGAIN);
    let needed = root.get(&keys::ENFORCEMENT_APPROVERS_NEEDED);
    let (expires, ask_again) = (expires?, ask_again?);
    if ask_again < expires {
        let wrong = wrong("would ask again while the request before can still be approved");
        let accepted = "as long as enforcement.approval_expires, or longer";
        root.refuse(&keys::ENFORCEMENT_ASK_AGAIN, wrong.accepted(accepted));
    }
    Some(Approvals {
        needed: needed?,
        expires,
        ask_again,
    })
}
