//! Maintenance windows: from values to settings, and whether one is open. Decides nothing about alerts.

use jiff::{SignedDuration, Timestamp};

use super::keys;
use super::problem::wrong;
use super::reader::Reader;
use super::schedule::CronRule;
use super::settings::Mute;
use crate::domain::PolicyName;
use crate::domain::hush::{Covers, Hush, HushedBy};
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

impl Mute {
    /// What it hushes at `now`; `None`: it is not open. One that opens again before it closes goes on from the first opening
    /// to the end of the last.
    #[must_use]
    pub fn hush(&self, now: Timestamp) -> Option<Hush> {
        let last = self.last_start(now)?;
        let begin = now.checked_sub(self.lasts).ok()?;
        Some(Hush {
            by: HushedBy::Mute {
                name: self.name.clone(),
            },
            since: self.start.next_after(begin).map_or(last, |first| first.min(last)),
            until: last.checked_add(self.lasts).ok(),
            covers: Covers {
                clients: self.clients.clone(),
                policies: self.policies.clone(),
                ..Covers::default()
            },
        })
    }

    /// When it opened last, if it is open. Looks back in doubling steps, because a rule tells only what comes next.
    fn last_start(&self, now: Timestamp) -> Option<Timestamp> {
        let has_come = |from: Timestamp| self.start.next_after(from).filter(|start| *start <= now);
        let mut back = SignedDuration::from_secs(1);
        loop {
            let mut last = has_come(now.checked_sub(back.min(self.lasts)).ok()?);
            while let Some(next) = last.and_then(has_come) {
                last = Some(next);
            }
            if last.is_some() || back >= self.lasts {
                return last;
            }
            back = back.saturating_mul(2);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::Mute;
    use crate::config::CronRule;
    use crate::domain::PolicyName;
    use crate::domain::policy::Selector;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn mute(start: &str, zone: &str, lasts_mins: i64) -> Mute {
        Mute {
            name: PolicyName::new("window").unwrap(),
            start: CronRule::parse(start, zone, at("2026-01-01T00:00:00Z")).unwrap(),
            lasts: SignedDuration::from_mins(lasts_mins),
            clients: Selector::default(),
            policies: Vec::new(),
        }
    }

    #[test]
    fn it_is_open_from_its_start_for_as_long_as_it_lasts() {
        // In Toronto the clocks go forward on 2026-03-08 at 2:00 and back on 2026-11-01 at 2:00.
        const TORONTO: &str = "America/Toronto";
        let sunday = || mute("0 2 * * SUN", "UTC", 180);
        let night = || mute("0 23 * * *", TORONTO, 240);
        let missing = || mute("30 2 * * *", TORONTO, 60);
        let twice = || mute("30 1 * * *", TORONTO, 60);
        let hourly = || mute("0 * * * *", "UTC", 180);
        let monthly = || mute("0 0 1 * *", "UTC", 7 * 24 * 60);
        for (name, mute, now, open) in [
            ("before it", sunday(), "2026-11-29T01:59:59Z", None),
            (
                "at its start",
                sunday(),
                "2026-11-29T02:00:00Z",
                Some(("2026-11-29T02:00:00Z", "2026-11-29T05:00:00Z")),
            ),
            (
                "within",
                sunday(),
                "2026-11-29T04:59:59.999Z",
                Some(("2026-11-29T02:00:00Z", "2026-11-29T05:00:00Z")),
            ),
            ("at its end", sunday(), "2026-11-29T05:00:00Z", None),
            ("just after", sunday(), "2026-11-29T05:00:00.5Z", None),
            ("on another day", sunday(), "2026-11-28T03:00:00Z", None),
            // From 23:00 EST over an hour that is left out: four real hours, until 4:00 EDT.
            (
                "a day of 23 hours",
                night(),
                "2026-03-08T07:59:59Z",
                Some(("2026-03-08T04:00:00Z", "2026-03-08T08:00:00Z")),
            ),
            ("a day of 23 hours, over", night(), "2026-03-08T08:00:00Z", None),
            (
                "a day of 25 hours",
                night(),
                "2026-11-01T06:59:59Z",
                Some(("2026-11-01T03:00:00Z", "2026-11-01T07:00:00Z")),
            ),
            ("a day of 25 hours, over", night(), "2026-11-01T07:00:00Z", None),
            ("an hour that does not exist", missing(), "2026-03-08T06:59:59Z", None),
            (
                "begins when it would be over",
                missing(),
                "2026-03-08T07:00:00Z",
                Some(("2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z")),
            ),
            (
                "the first of two",
                twice(),
                "2026-11-01T05:30:00Z",
                Some(("2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z")),
            ),
            ("no second time", twice(), "2026-11-01T06:30:00Z", None),
            (
                "windows that overlap",
                hourly(),
                "2026-11-29T12:30:00Z",
                Some(("2026-11-29T10:00:00Z", "2026-11-29T15:00:00Z")),
            ),
            (
                "a whole week",
                monthly(),
                "2026-11-07T23:00:00Z",
                Some(("2026-11-01T00:00:00Z", "2026-11-08T00:00:00Z")),
            ),
            ("after the week", monthly(), "2026-11-08T00:00:00Z", None),
        ] {
            let hush = mute.hush(at(now));
            let found = hush.map(|hush| (hush.since, hush.until.unwrap()));
            assert_eq!(found, open.map(|(since, until)| (at(since), at(until))), "{name}");
        }
    }

    #[test]
    fn a_rule_that_comes_each_second_costs_few_looks() {
        let always = mute("* * * * * *", "UTC", 7 * 24 * 60);
        let hush = always.hush(at("2026-11-29T12:00:00Z")).unwrap();
        assert_eq!(hush.until, Some(at("2026-12-06T12:00:00Z")));
        assert_eq!(hush.since, at("2026-11-22T12:00:01Z"));
    }
}
