//! Maintenance windows: from values to settings. Decides nothing about alerts.

use super::keys;
use super::problem::wrong;
use super::reader::Reader;
use super::schedule::CronRule;
use super::settings::Mute;
use crate::domain::PolicyName;
use crate::domain::policy::Selector;

/// The windows. `zone` is the IANA name of the schedule's time zone.
pub fn mutes(root: &Reader<'_>, zone: &str) -> Vec<Mute> {
    let known = root.entries(&keys::POLICY);
    let known: Vec<&str> = known.iter().map(|policy| policy.entry).collect();
    let mutes = root.entries(&keys::MUTE);
    mutes.iter().filter_map(|reader| mute(reader, zone, &known)).collect()
}

fn mute(reader: &Reader<'_>, zone: &str, known: &[&str]) -> Option<Mute> {
    let own_zone = reader.optional(&keys::MUTE_TIMEZONE);
    let own_zone = own_zone.as_ref().and_then(Option::as_ref);
    let zone = own_zone.map_or(zone, |(name, _)| name.as_str());
    let start = reader.get(&keys::MUTE_START).and_then(|rule| {
        CronRule::parse(&rule, zone, reader.now)
            .map_err(|error| reader.refuse(&keys::MUTE_START, wrong(error.to_string())))
            .ok()
    });
    let names = reader.optional(&keys::MUTE_POLICIES)?.unwrap_or_default();
    let mut policies = Vec::new();
    for name in names {
        if known.contains(&name.as_str()) {
            policies.push(PolicyName::new(&name).ok()?);
        } else {
            let wrong = wrong("names no policy").accepted(format!("the known ones: {}", known.join(", ")));
            let meant = super::problem::nearest(&name, known.iter().copied());
            reader.refuse(&keys::MUTE_POLICIES, wrong.did_you_mean(meant).item(name));
        }
    }
    Some(Mute {
        name: reader.get(&keys::MUTE_NAME)?,
        start: start?,
        lasts: reader.get(&keys::MUTE_FOR)?,
        clients: Selector {
            include: reader.optional(&keys::MUTE_CLIENTS_INCLUDE)?.unwrap_or_default(),
            exclude: reader.optional(&keys::MUTE_CLIENTS_EXCLUDE)?.unwrap_or_default(),
        },
        policies,
    })
}
