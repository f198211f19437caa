//! Who is told in a world, and which of them wants to hear what and when. The webhook hears everything at once in every world:
//! what is noticed is known by it. The chance is its own: the rest of a world stays as it is.

use super::super::channels::{Channel, Escalation, QuietHours};
use super::super::receivers::port;
use super::Dice;
use crate::domain::Severity;

/// What makes these dice others than those of the rest.
const OWN: u64 = 0x6368_616e;

/// The wishes of people that a machine has none of.
const PEOPLE: [&str; 4] = ["ops", "phone", "chat", "push"];

const HOURS: [(&str, &str); 4] = [
    ("22:00", "07:00"),
    ("20:00", "08:30"),
    ("12:00", "13:30"),
    ("00:00", "06:00"),
];

const ZONES: [&str; 4] = ["America/Toronto", "America/Toronto", "Europe/Berlin", "Asia/Kolkata"];

/// The channels of a seed.
pub(super) fn of(seed: u64) -> Vec<Channel> {
    let mut dice = Dice::of(seed ^ OWN);
    let mut channels = all();
    for channel in channels.iter_mut().filter(|channel| PEOPLE.contains(&channel.name)) {
        if dice.chance(25) {
            let (from, to) = dice.one_of(&HOURS);
            let zone = dice.one_of(&ZONES);
            channel.quiet_hours = Some(QuietHours { from, to, zone });
        }
        if dice.chance(25) {
            channel.max_per_hour = Some(dice.one_of(&[3, 6, 20]));
        }
        if matches!(channel.name, "chat" | "push") && dice.chance(30) {
            channel.min_severity = dice.one_of(&[Severity::Warning, Severity::Critical]);
        }
    }
    if dice.chance(30) {
        let from = dice.one_of(&["ops", "hook", "chat"]);
        let to = dice.one_of(&["phone", "push"]);
        let after = dice.one_of(&["10m", "30m", "2h", "8h"]);
        for channel in channels.iter_mut().filter(|channel| channel.name == from) {
            channel.escalate = Some(Escalation { to, after });
        }
    }
    channels
}

/// Every channel, and none of them with a wish.
fn all() -> Vec<Channel> {
    let at = |name: &str, path: &str| format!("http://127.0.0.1:{}{path}", port(name));
    let channel = |name: &'static str, place: String| Channel {
        name,
        place,
        recipients: &[],
        min_severity: Severity::Info,
        quiet_hours: None,
        max_per_hour: None,
        escalate: None,
    };
    let ops = "type = \"email\"\nto = [\"noc@example.com\", \"owner@example.com\"]";
    let hook = format!("type = \"webhook\"\nurl = \"{}\"", at("hook", "/alerts"));
    let phone = format!(
        "type = \"pagerduty\"\nurl = \"{}\"\nrouting_key = \"0123456789abcdef0123456789abcdef\"",
        at("phone", "/v2/enqueue")
    );
    let chat = format!("type = \"slack\"\nurl = \"{}\"", at("chat", "/services/T/B/x"));
    let push = format!("type = \"ntfy\"\nurl = \"{}\"\ntopic = \"calls\"", at("push", ""));
    let mirror = format!(
        "type = \"alertmanager\"\nurls = [\"{}\"]\nresend = \"60m\"",
        at("mirror", "")
    );
    vec![
        Channel {
            recipients: &["noc@example.com", "owner@example.com"],
            ..channel("ops", ops.to_owned())
        },
        channel("hook", hook),
        Channel {
            min_severity: Severity::Critical,
            ..channel("phone", phone)
        },
        channel("chat", chat),
        channel("push", push),
        channel("mirror", mirror),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::super::{net, seed};
    use super::{Channel, Severity, of};

    #[test]
    fn the_program_takes_the_channels_of_every_seed() {
        for seed in 0..100 {
            let plan = seed::plan(seed, 1);
            let text = net::config(&plan, "/nowhere".as_ref());
            let guards = plan.guards.map(|guards| guards.to_config()).unwrap_or_default();
            let loaded = crate::config::parse(&format!("{text}\n{guards}"), plan.start);
            assert!(loaded.is_ok(), "{seed}: {:?}", loaded.err());
        }
    }

    #[test]
    fn each_wish_is_there_in_some_worlds_and_the_webhook_has_none() {
        let all: Vec<Channel> = (0..100).flat_map(of).collect();
        let has = |wish: fn(&Channel) -> bool| all.iter().any(wish) && !all.iter().all(wish);
        assert!(has(|channel| channel.quiet_hours.is_some()));
        assert!(has(|channel| channel.max_per_hour.is_some()));
        assert!(has(|channel| channel.escalate.is_some()));
        assert!(has(
            |channel| channel.name == "push" && channel.min_severity > Severity::Info
        ));
        let hears_all = |channel: &Channel| !channel.waits() && channel.min_severity == Severity::Info;
        assert!(all.iter().filter(|channel| channel.name == "hook").all(hears_all));
    }
}
