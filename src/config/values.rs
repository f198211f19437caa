//! Readers of single values: from a text to what it means, or what is wrong with it.
//!
//! Addresses and URLs are in `addresses`.

use std::net::SocketAddr;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::form::Amount;
use super::problem::{Wrong, nearest, wrong};
use crate::domain::language::Whom;
use crate::domain::plan::Protected;
use crate::domain::policy::{Limit, Pattern};
use crate::domain::share::Share;
use crate::domain::{AccountName, ChannelName, ClientId, Money, PolicyName};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ChannelType {
    Email,
    Alertmanager,
    PagerDuty,
    Webhook,
    Slack,
    Ntfy,
}

impl ChannelType {
    pub const ALL: [Self; 6] = [
        Self::Email,
        Self::Alertmanager,
        Self::PagerDuty,
        Self::Webhook,
        Self::Slack,
        Self::Ntfy,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Alertmanager => "alertmanager",
            Self::PagerDuty => "pagerduty",
            Self::Webhook => "webhook",
            Self::Slack => "slack",
            Self::Ntfy => "ntfy",
        }
    }
}

pub fn verbatim(text: &str) -> Result<String, Wrong> {
    Ok(text.to_owned())
}

pub fn account_name(text: &str) -> Result<AccountName, Wrong> {
    AccountName::new(text).map_err(|_| wrong("is not a name"))
}

pub fn policy_name(text: &str) -> Result<PolicyName, Wrong> {
    PolicyName::new(text).map_err(|_| wrong("is not a name"))
}

pub fn channel_name(text: &str) -> Result<ChannelName, Wrong> {
    let name = ChannelName::new(text).map_err(|_| wrong("is not a name"))?;
    if name.is_client() {
        return Err(wrong("is taken: the channel `client` always exists").accepted("another name"));
    }
    Ok(name)
}

pub fn currency(text: &str) -> Result<String, Wrong> {
    if text.chars().count() > 8 {
        return Err(wrong("is too long for a label"));
    }
    Ok(text.to_owned())
}

/// A zone with its IANA name.
pub fn time_zone(text: &str) -> Result<(String, TimeZone), Wrong> {
    let named = |zone: TimeZone| Some((zone.iana_name()?.to_owned(), zone.clone()));
    TimeZone::get(text).ok().and_then(named).ok_or_else(|| {
        let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        wrong("is not a time zone").did_you_mean(nearest(text, names.iter().map(String::as_str)))
    })
}

/// Two different times of day with a dash between them.
pub fn hours(text: &str) -> Result<(Time, Time), Wrong> {
    let time = |text: &str| Time::strptime("%H:%M", text.trim()).ok();
    let hours = text.split_once('-').and_then(|(from, to)| time(from).zip(time(to)));
    match hours {
        Some((from, to)) if from == to => Err(wrong("is no time at all, or the whole day")),
        Some(hours) => Ok(hours),
        None => Err(wrong("is not two times of day")),
    }
}

/// A topic of ntfy: <https://docs.ntfy.sh/publish/> allows these and no more.
pub fn topic(text: &str) -> Result<String, Wrong> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if text.len() > 64 || !text.chars().all(fits) {
        return Err(wrong("is not a topic"));
    }
    Ok(text.to_owned())
}

/// Where the web listener listens; `None`: nowhere.
pub fn listen(text: &str) -> Result<Option<SocketAddr>, Wrong> {
    if text == "off" {
        return Ok(None);
    }
    let address = text.parse().map_err(|_| wrong("is no address with a port"))?;
    Ok(Some(address))
}

/// What every amount matches.
pub const MONEY: &str = "^\\s*[-+]?[0-9.]+([eE][-+]?[0-9]+)?\\s*$";

fn money(text: &str) -> Result<Money, Wrong> {
    text.parse().map_err(|_| wrong("is not an amount"))
}

pub fn at_least_zero(text: &str) -> Result<Money, Wrong> {
    let money = money(text)?;
    if money.is_negative() {
        return Err(wrong("is negative").accepted("0 or more"));
    }
    Ok(money)
}

pub fn positive(text: &str) -> Result<Money, Wrong> {
    let money = money(text)?;
    if !money.is_positive() {
        return Err(wrong("is not above 0").accepted("an amount above 0"));
    }
    Ok(money)
}

pub fn spent(text: &str) -> Result<Money, Wrong> {
    if text.ends_with("usual") {
        return Err(wrong("is not in this version"));
    }
    at_least_zero(text)
}

/// A limit on a balance.
pub const LIMIT: Amount<Limit> = Amount {
    parse: limit,
    pattern: "^\\s*([-+]?[0-9.]+([eE][-+]?[0-9]+)?|([0-9.]+ *% *of )?threshold)\\s*$",
};

fn limit(text: &str) -> Result<Limit, Wrong> {
    if text == "threshold" {
        return Ok(Limit::PercentOfThreshold(Decimal::ONE_HUNDRED));
    }
    let percent = text.strip_suffix("of threshold");
    if let Some(percent) = percent.and_then(|text| text.trim_end().strip_suffix('%')) {
        return share(percent.trim());
    }
    text.parse().map(Limit::Amount).map_err(|_| {
        let meant = nearest(text, ["threshold", "100% of threshold"]);
        wrong("is not a limit").did_you_mean(meant)
    })
}

fn percent(text: &str) -> Result<Decimal, Wrong> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let percent = Decimal::from_str_exact(text).ok().filter(|_| plain);
    percent.ok_or_else(|| wrong("is not a percentage"))
}

/// A share of something, from 0.01% to 100%.
pub fn share_of_all(text: &str) -> Result<Share, Wrong> {
    let number = text.strip_suffix('%').ok_or_else(|| wrong("is not a percentage"))?;
    let percent = percent(number.trim_end())?;
    if !(Decimal::new(1, 2)..=Decimal::ONE_HUNDRED).contains(&percent) {
        return Err(wrong("is out of range").accepted("from 0.01% to 100%"));
    }
    Ok(Share::percent(percent))
}

fn share(text: &str) -> Result<Limit, Wrong> {
    let percent = percent(text)?;
    if !(Decimal::new(1, 2)..=Decimal::from(10_000)).contains(&percent) {
        return Err(wrong("is out of range").accepted("from 0.01% to 10000% of threshold"));
    }
    Ok(Limit::PercentOfThreshold(percent.normalize()))
}

/// A pattern of clients.
pub fn pattern(text: &str) -> Result<Pattern, Wrong> {
    let pattern = Pattern::parse(text);
    let good = match &pattern {
        Pattern::Id(id) => ClientId::new(id).is_ok(),
        Pattern::Email(pattern) | Pattern::Company(pattern) => !pattern.is_empty(),
    };
    if good {
        Ok(pattern)
    } else {
        Err(wrong("is not a pattern"))
    }
}

/// Who is protected: a pattern of clients, or their package.
pub fn protected(text: &str) -> Result<Protected, Wrong> {
    match text.strip_prefix("package:").map(str::trim) {
        Some("") => Err(wrong("names no package").accepted("a code of getPackages, such as package:8378")),
        Some(code) => Ok(Protected::Package(code.to_owned())),
        None => pattern(text).map(Protected::Pattern),
    }
}

/// A pattern of clients, or their country.
pub fn whom(text: &str) -> Result<Whom, Wrong> {
    match Whom::parse(text) {
        Whom::Country(country) if country.is_empty() => {
            Err(wrong("names no country").accepted("such as country:FRANCE or country:FR"))
        }
        country @ Whom::Country(_) => Ok(country),
        Whom::Pattern(_) => pattern(text).map(Whom::Pattern),
    }
}
