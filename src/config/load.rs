//! Loads the configuration: layers, then every section, then what must fit together.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::key::AnyKey;
use super::layers::{self, Layers};
use super::policies::{self, OWN_BALANCE};
use super::problem::{Problem, Problems, Report, Secrets};
use super::reader::Reader;
use super::settings::Settings;
use super::show::Effective;
use super::tree::{Origin, Table};
use super::values::ChannelType;
use super::{Variables, channels, keys, mutes, sections};
use crate::domain::policy::When;
use crate::domain::{ChannelName, Policy};

#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The main file; `conf.d/*.toml` beside it is read too.
    pub path: &'a Path,
    /// Whether somebody named the main file. The usual one may be missing where the environment names an account.
    pub is_named: bool,
    /// The environment of the process.
    pub variables: &'a Variables,
    /// What a secret means that cannot be read.
    pub secrets: Secrets,
    /// The time: a schedule that never comes again is refused.
    pub now: Timestamp,
}

#[derive(Clone, Debug)]
pub struct Loaded {
    pub settings: Settings,
    /// What is odd but in nobody's way.
    pub warnings: Vec<Problem>,
    /// Every value and where it came from, without secrets.
    pub effective: Effective,
}

/// Loads and validates the configuration.
///
/// # Errors
/// Every problem there is, at once.
pub fn load(request: Request<'_>) -> Result<Loaded, Problems> {
    let report = Report::new(request.secrets);
    let mut layers = Layers::built_in(&report);
    let needs_main = request.is_named || !layers::names_account(request.variables);
    layers.add_files(request.path, needs_main, &report);
    layers.add_environment(request.variables, &report);
    layers.add_credentials(request.variables, &report);
    let origin = Origin::File(Arc::from(request.path));
    settle(&layers.finish(), &origin, request.now, report)
}

/// Validates one text over the built-in layer: no other file, environment or credential is read, but for `_file`s that
/// it names. For the demo and for tests.
///
/// # Errors
/// Every problem there is, at once.
pub fn parse(text: &str, now: Timestamp) -> Result<Loaded, Problems> {
    let report = Report::new(Secrets::Required);
    let mut layers = Layers::built_in(&report);
    layers.add_text(text, &Origin::Text, &report);
    settle(&layers.finish(), &Origin::Text, now, report)
}

/// Validates what all layers together say. `main` is named when something is missing.
pub fn settle(values: &Table, main: &Origin, now: Timestamp, report: Report) -> Result<Loaded, Problems> {
    let root = Reader {
        values,
        entry: "",
        main,
        report: &report,
        now,
    };
    root.check();
    let settings = settings(&root);
    let (problems, warnings) = report.into_parts();
    match settings {
        Some(settings) if problems.is_empty() => Ok(Loaded {
            settings,
            warnings,
            effective: Effective::of(values),
        }),
        _ => Err(Problems { problems, warnings }),
    }
}

fn settings(root: &Reader<'_>) -> Option<Settings> {
    // Every section is read before any is given up, so that all problems come at once.
    let accounts = sections::accounts(root);
    let schedule = sections::schedule(root);
    let smtp = sections::smtp(root);
    let mail = sections::mail(root);
    let zone = schedule.as_ref();
    let zone = zone.map_or(("UTC", TimeZone::UTC), |schedule| {
        (schedule.timezone_name.as_str(), schedule.timezone.clone())
    });
    let channels = channels::channels(root, &zone.1);
    let mutes = mutes::mutes(root, zone.0);
    let digest = sections::digest(root, zone.0, &channels);
    let heartbeat = sections::heartbeat(root);
    let templates = sections::templates(root);
    let alerts = sections::alerts(root);
    let notify_clients = alerts.as_ref().is_some_and(|alerts| alerts.notify_clients);
    let policies = policies::policies(root, notify_clients);
    let store = sections::store(root);
    let enforcement = sections::enforcement(root);
    let web = sections::web(root);
    need_smtp(root, &policies);
    warn_of_unused_limits(root, &policies);
    Some(Settings {
        accounts,
        smtp,
        mail: mail?,
        channels,
        alerts: alerts?,
        policies,
        mutes,
        digest: digest?,
        heartbeat: heartbeat?,
        templates: templates?,
        schedule: schedule?,
        store: store?,
        enforcement: enforcement?,
        web: web?,
    })
}

/// A mail server is needed as soon as anybody is mailed.
fn need_smtp(root: &Reader<'_>, policies: &[Policy]) {
    if root.has(&keys::SMTP) {
        return;
    }
    let channels = root.entries(&keys::CHANNEL);
    let mails = |channel: &&Reader<'_>| {
        let kind = channel.get(&keys::CHANNEL_TYPE);
        matches!(kind, Some(ChannelType::Email)) || !channel.has(&keys::CHANNEL_TYPE)
    };
    let mut channels = channels
        .iter()
        .filter(|channel| channel.entry != ChannelName::client().as_str())
        .peekable();
    let has_channels = channels.peek().is_some();
    let why = match (
        channels.find(mails),
        policies.iter().find(|policy| policy.tells_client()),
    ) {
        (Some(channel), _) => format!("channel `{}` sends mail", channel.entry),
        (None, Some(policy)) => format!("policy `{}` mails clients", policy.name),
        (None, None) if has_channels => return,
        (None, None) => {
            let what = "is missing, so nobody is told of anything";
            root.warn(&keys::CHANNEL, what, &keys::CHANNEL.accepted());
            return;
        }
    };
    let missing = root.missing(&keys::SMTP);
    let accepted = format!("{why}, so {} is needed", keys::SMTP.accepted());
    root.report.absence(missing.accepted(accepted));
}

/// A condition of `own-balance` itself holds for all accounts, whatever theirs says.
fn warn_of_unused_limits(root: &Reader<'_>, policies: &[Policy]) {
    let own_balance = policies.iter().find(|policy| policy.name.as_str() == OWN_BALANCE);
    if own_balance.is_none_or(|policy| policy.when == When::default()) {
        return;
    }
    for account in root.entries(&keys::ACCOUNT) {
        if *account.origin_of(&keys::ACCOUNT_OWN_BALANCE_BELOW) != Origin::BuiltIn {
            let what = "is not used: policy `own-balance` has a `when` of its own";
            account.warn(&keys::ACCOUNT_OWN_BALANCE_BELOW, what, "one of the two");
        }
    }
}
