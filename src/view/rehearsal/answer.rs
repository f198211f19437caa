//! The answer in a few sentences: how many mails, how many pages, how many changes.

use super::{Rehearsal, number};
use crate::view::words::count;

pub(super) fn sentences(of: &Rehearsal) -> Vec<String> {
    vec![messages(of), pages(of), changes(of)]
}

fn messages(of: &Rehearsal) -> String {
    let (setting, totals) = (&of.setting, &of.totals);
    let clients = if !setting.mails_clients {
        "your clients would get no mail, because no policy tells `client`".to_owned()
    } else if totals.to_clients == 0 {
        "your clients would get no mail".to_owned()
    } else {
        format!(
            "{} of {} would get {} in all",
            totals.clients_mailed,
            count(u64::from(setting.clients), "client"),
            count(totals.to_clients, "mail"),
        )
    };
    let busiest = of.recipients.iter().filter(|row| !row.channel.is_client());
    let busiest = busiest.max_by_key(|row| row.messages).filter(|row| row.messages > 0);
    let most = busiest.map_or(String::new(), |row| {
        let who = if row.recipient.is_empty() {
            row.channel.as_str()
        } else {
            &row.recipient
        };
        let number = if row.messages == totals.to_operators {
            format!("all to {who}")
        } else {
            format!("{who} the most, {}", row.messages)
        };
        format!(" ({number}, at most {} on one day)", row.most_on_a_day)
    });
    format!(
        "In {} {clients}; you and your colleagues would get {}{most}.",
        count(u64::from(setting.days), "day"),
        number(totals.to_operators, "message"),
    )
}

fn pages(of: &Rehearsal) -> String {
    let totals = &of.totals;
    match (totals.pages, totals.pages_at_night) {
        (0, _) => "Nothing critical would begin, so nobody would be paged.".to_owned(),
        (all, 0) => format!(
            "{} would begin, none between 22:00 and 07:00.",
            count(all, "critical alert")
        ),
        (all, night) if all == night => format!(
            "{} would begin, all between 22:00 and 07:00.",
            count(all, "critical alert")
        ),
        (all, night) => format!(
            "{} would begin, {night} of them between 22:00 and 07:00.",
            count(all, "critical alert")
        ),
    }
}

fn changes(of: &Rehearsal) -> String {
    let (done, open) = (of.totals.changes, of.totals.changes_not_done);
    let rest = if open == 0 {
        String::new()
    } else {
        format!(", and {} would be wanted and not done", count(open, "change"))
    };
    match (of.setting.may_change, of.setting.mode) {
        (false, _) => "Nothing would be changed at VoIP.ms, because no policy has `enforce`.".to_owned(),
        (true, "observe") => format!(
            "Nothing would be changed at VoIP.ms, because the mode is observe; in mode apply {} would be made{rest}.",
            number(done, "change")
        ),
        (true, "approve") => format!(
            "At VoIP.ms {} would be made{rest}: in mode approve each needs your answer, and in a rehearsal nobody gives one.",
            number(done, "change")
        ),
        (true, _) => format!("At VoIP.ms {} would be made{rest}.", number(done, "change")),
    }
}
