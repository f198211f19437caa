//! What would annoy, or would not be heard.

use super::{Rehearsal, day};
use crate::domain::Severity;
use crate::view::words::count;

/// More messages on one day than this are not read any more.
const MANY_ON_A_DAY: u64 = 20;

/// More mails in a week than this annoy a client.
const MANY_IN_A_WEEK: u64 = 3;

/// So many clients are named at most.
const NAMED: usize = 3;

pub(super) fn sentences(of: &Rehearsal) -> Vec<String> {
    let mut found = Vec::new();
    floods(of, &mut found);
    clients(of, &mut found);
    nights(of, &mut found);
    unheard(of, &mut found);
    found.extend(of.setting.idle.iter().cloned());
    found
}

fn floods(of: &Rehearsal, found: &mut Vec<String>) {
    for row in &of.recipients {
        let Some(busiest) = row.busiest_day.filter(|_| row.most_on_a_day > MANY_ON_A_DAY) else {
            continue;
        };
        if row.channel.is_client() {
            continue;
        }
        let who = if row.recipient.is_empty() {
            row.channel.as_str()
        } else {
            &row.recipient
        };
        found.push(format!(
            "{who} gets {} messages on {}: `min_severity`, `resolved = false` or `max_per_hour` of channel `{}` makes it fewer",
            row.most_on_a_day,
            day(busiest),
            row.channel
        ));
    }
}

fn clients(of: &Rehearsal, found: &mut Vec<String>) {
    let often = of
        .clients
        .iter()
        .filter(|client| client.most_in_a_week > MANY_IN_A_WEEK);
    let often: Vec<_> = often.collect();
    let Some(most) = often.iter().map(|client| client.most_in_a_week).max() else {
        return;
    };
    let named: Vec<&str> = often.iter().take(NAMED).map(|client| client.client.as_str()).collect();
    let more = often.len().saturating_sub(NAMED);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    found.push(format!(
        "{} than {MANY_IN_A_WEEK} mails in a week, at most {most} ({}{more}): a longer `repeat_every`, a smaller `max_repeats` or a \
         longer `cool_down` makes it fewer",
        if often.len() == 1 { "1 client gets more".to_owned() } else { format!("{} clients get more", often.len()) },
        named.join(", "),
    ));
}

fn nights(of: &Rehearsal, found: &mut Vec<String>) {
    for row in &of.recipients {
        let rings = of.setting.channels.get(&row.channel).is_some_and(|facts| facts.rings);
        if rings && row.not_critical_at_night > 0 {
            found.push(format!(
                "`{}` rings {} between 22:00 and 07:00 for what is not critical: `min_severity = \"critical\"` or `quiet_hours` keeps it still",
                row.channel,
                count(row.not_critical_at_night, "time"),
            ));
        }
    }
    let mirrors = of.setting.channels.values().any(|facts| facts.mirrors);
    let wakes = |channel: &crate::domain::ChannelName| {
        let facts = of.setting.channels.get(channel);
        facts.is_some_and(|facts| facts.rings || facts.kind == "webhook")
    };
    let asleep = of
        .pages
        .iter()
        .filter(|page| page.at_night && !page.channels.iter().any(wakes));
    let asleep = asleep.count() as u64;
    if asleep > 0 && !mirrors {
        found.push(format!(
            "{} between 22:00 and 07:00 that only e-mail or chat is told of: nobody is woken (a channel of type `pagerduty` or `ntfy`, or \
             `escalate`, would)",
            if asleep == 1 { "1 critical alert begins".to_owned() } else { format!("{asleep} critical alerts begin") },
        ));
    }
}

/// What never arrived, and channels that heard nothing of what is critical.
fn unheard(of: &Rehearsal, found: &mut Vec<String>) {
    let dead: u64 = of
        .untold
        .iter()
        .filter(|untold| untold.state == "dead")
        .map(|untold| untold.number)
        .sum();
    if dead > 0 {
        found.push(format!("{} never arrived: see below why", count(dead, "message")));
    }
    let addressless = of
        .untold
        .iter()
        .filter(|untold| untold.why == "no address")
        .map(|untold| untold.number)
        .sum();
    if addressless > 0 {
        found.push(format!(
            "{} could not be told: they have no address",
            count(addressless, "notice")
        ));
    }
    if of.setting.channels.is_empty()
        && of
            .messages
            .iter()
            .any(|message| message.tells.iter().any(|told| told.severity == Severity::Critical))
    {
        found.push("no channel is configured: you hear of nothing yourself".to_owned());
    }
}
