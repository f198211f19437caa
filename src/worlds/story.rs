//! What happened in a world, told in plain words to a person who does not know the code: a line for each thing, with the time.
//! It judges nothing.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::log::{Entry, Fact, Received, Sample};
use super::plan::{Act, Deed, Happening, Lie, Meanwhile, Moment, Mood, Planned, Refusal};
use super::told;
use super::world::Played;

/// Most lines of a story; of a longer one the end is told.
const MAX_LINES: usize = 120;

/// Most characters of what a receiver got.
const MAX_TEXT: usize = 90;

/// The story of the time before a moment, in the order of time. Where `wrong`, which says what is wrong then, names clients, what
/// happened to others is left out.
#[must_use]
pub fn before(played: &Played, wrong: &str, until: Timestamp, long: SignedDuration) -> Vec<String> {
    let from = until.saturating_sub(long).unwrap_or(Timestamp::MIN);
    let cast = Cast::of(wrong);
    let mut lines = crossings(&played.samples, &cast);
    lines.extend(facts(&played.log, &cast));
    if !cast.0.is_empty() {
        lines.extend(written_down(played, &cast));
    }
    lines.retain(|(at, _)| (from..=until).contains(at));
    lines.sort_by_key(|(at, _)| *at);
    let skipped = lines.len().saturating_sub(MAX_LINES);
    let mut story = Vec::new();
    if skipped > 0 {
        story.push(format!("({skipped} lines before these are not told)"));
    }
    let told = lines.into_iter().skip(skipped);
    story.extend(told.map(|(at, line)| format!("{}  {line}", at.strftime("%a %m-%d %H:%M:%S"))));
    story
}

/// Whom a story is about.
#[derive(Default)]
struct Cast<'a>(Vec<&'a str>);

impl<'a> Cast<'a> {
    /// The clients that a text names, by their ids of six digits, or the account.
    fn of(text: &'a str) -> Self {
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
        let is_id = |word: &str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
        let is_client = |word: &&str| is_id(word) || *word == "account";
        Self(words.filter(is_client).collect())
    }

    fn has(&self, client: &str) -> bool {
        self.0.is_empty() || self.0.contains(&client)
    }

    /// Whether the story tells it.
    fn is_in(&self, entry: &Entry) -> bool {
        match &entry.fact {
            Fact::Changed { client, .. } | Fact::Edited { client, .. } => self.has(client),
            Fact::Wrote(write) => self.has(&write.client),
            Fact::Read { client, .. } => self.0.contains(&client.as_str()),
            Fact::Decided { client, .. } => self.has(client),
            Fact::Hushed { client, .. } => client.as_deref().is_none_or(|client| self.has(client)),
            Fact::Received(received) => {
                let is_said = || {
                    told::said(std::slice::from_ref(entry))
                        .iter()
                        .any(|said| self.has(&said.client))
                };
                let is_named = |client: &&str| *client != "account" && received.body.contains(*client);
                self.0.iter().any(is_named) || is_said()
            }
            _ => true,
        }
    }
}

/// What the program wrote down to tell of somebody, and what became of it in the end, by the times that it wrote: the only thing here
/// that is its own word.
fn written_down(played: &Played, cast: &Cast<'_>) -> Vec<(Timestamp, String)> {
    let owed = played.end.iter().flat_map(|end| &end.notifications);
    let lines = owed.filter(|owed| cast.has(owed.client.as_str())).map(|owed| {
        let why = owed.state.why().map(|why| format!(" ({why})")).unwrap_or_default();
        let line = format!("written down, in the end {}{why}: {}", owed.state.label(), owed.id);
        (owed.created_at, line)
    });
    lines.collect()
}

/// When clients fell below their thresholds, came back, and were switched.
fn crossings(samples: &[(u32, Sample)], cast: &Cast<'_>) -> Vec<(Timestamp, String)> {
    let mut last: BTreeMap<u32, (bool, bool)> = BTreeMap::new();
    let mut lines = Vec::new();
    for (client, sample) in samples.iter().filter(|(client, _)| cast.has(&client.to_string())) {
        let balance = Decimal::new(sample.balance_tenthousandths, 4);
        let threshold: Decimal = sample.threshold.parse().unwrap_or_default();
        let now = (balance < threshold, sample.is_hard);
        let before = last.insert(*client, now);
        let figures = format!("({} of {threshold})", balance.round_dp(2));
        if before.map_or(now.0, |before| before.0 != now.0) {
            let moved = match (before, now.0) {
                (None, _) => "is below its threshold from the start",
                (_, true) => "fell below its threshold",
                (_, false) => "is no longer below its threshold",
            };
            lines.push((sample.at, format!("client {client} {moved} {figures}")));
        }
        if before.is_some_and(|before| before.1 != now.1) {
            let kind = if now.1 { "hard" } else { "soft" };
            lines.push((sample.at, format!("client {client} is on {kind} balance management")));
        }
    }
    lines
}

/// The log, calls that follow each other on one line.
fn facts(log: &[Entry], cast: &Cast<'_>) -> Vec<(Timestamp, String)> {
    let mut lines = Vec::new();
    let mut calls: BTreeMap<&str, u32> = BTreeMap::new();
    let mut since = None;
    let mut not_started = "";
    for entry in log.iter().filter(|entry| cast.is_in(entry)) {
        if let Fact::Asked { function, .. } = &entry.fact {
            since.get_or_insert(entry.at);
            *calls.entry(function).or_default() += 1;
            continue;
        }
        // It is started again and again, and says the same.
        match &entry.fact {
            Fact::NotStarted { why, .. } if *why == not_started => continue,
            Fact::NotStarted { why, .. } => not_started = why,
            Fact::Started { .. } => not_started = "",
            _ => {}
        }
        let Some(line) = fact(entry) else { continue };
        if let Some(since) = since.take() {
            lines.push((since, asked(&std::mem::take(&mut calls))));
        }
        lines.push((entry.at, line));
    }
    lines.extend(since.map(|since| (since, asked(&calls))));
    lines
}

fn asked(calls: &BTreeMap<&str, u32>) -> String {
    let calls: Vec<String> = calls.iter().map(|(name, times)| format!("{times} {name}")).collect();
    format!("the program asked the API: {}", calls.join(", "))
}

/// One line, or nothing where there is nothing to tell.
fn fact(entry: &Entry) -> Option<String> {
    Some(match &entry.fact {
        Fact::Started { life } => format!("the program started (life {life})"),
        Fact::NotStarted { life, why } => format!("the program could not start (life {life}): {why}"),
        Fact::Killed { life, at } => format!("the process was killed (life {life}): {at}"),
        Fact::Ended { life, why: None } => format!("the program ended (life {life})"),
        Fact::Ended { life, why: Some(why) } => format!("the program ended by itself (life {life}): {why}"),
        Fact::Began(planned) => format!("[{}] {}", planned.number, began(planned)),
        Fact::Over(planned) => format!("[{}] is over: {}", planned.number, happening(&planned.what)),
        Fact::Skipped { number, why } => format!("[{number}] could not be done: {why}"),
        Fact::Changed { client, fields } => {
            let changes: Vec<String> = fields
                .iter()
                .map(|(name, before, after)| format!("{name} from {before} to {after}"))
                .collect();
            format!("the program changed client {client}: {}", changes.join(", "))
        }
        Fact::Wrote(write) => format!(
            "a change of client {} arrived: {} before, {} after",
            write.client, write.before, write.after
        ),
        Fact::Edited { client, fields } => {
            let fields: Vec<String> = fields.iter().map(|(name, _, to)| format!("{name} = {to}")).collect();
            format!("a person changed client {client}: {}", fields.join(", "))
        }
        Fact::Received(received) => got(entry, received),
        Fact::Hushed { client, policy, until } => {
            let what = [client, policy].map(|part| part.as_deref());
            let what: Vec<&str> = what.into_iter().flatten().collect();
            let until = until.map_or_else(|| "it is over".to_owned(), |until| format!("{until:.0}"));
            format!("an operator wants nothing more of {} until {until}", what.join(", "))
        }
        Fact::Decided { client, what } => format!("an operator decided about the changes of client {client}: {what:?}"),
        Fact::Read { client, told, truth } if told != truth => {
            format!("the API told that client {client} has {told}, and it has {truth}")
        }
        Fact::Read { client, told, .. } => format!("the API told that client {client} has {told}"),
        Fact::Asked { .. } | Fact::Shown { .. } | Fact::Beat { .. } => return None,
    })
}

fn began(planned: &Planned) -> String {
    let what = happening(&planned.what);
    if planned.lasting.is_zero() {
        what
    } else {
        let minutes = planned.lasting.as_secs().div_ceil(60);
        format!("{what}, for {minutes} min")
    }
}

/// What happens, in plain words.
#[must_use]
pub fn happening(what: &Happening) -> String {
    match what {
        Happening::Fault { name, share } => format!("the API has the fault {name} for a share of {share}"),
        Happening::Lie(lie) => lied(*lie).to_owned(),
        Happening::Mood { receiver, mood } => format!("the receiver {receiver} {}", behaves(*mood)),
        Happening::Mail(behaviour) => format!("the mail server misbehaves: {behaviour:?}"),
        Happening::Disk(trouble) => format!("the disk is in trouble: {trouble:?}"),
        Happening::Crash { at: Moment::Now, .. } => "the process is to be killed at once".to_owned(),
        Happening::Crash { at, nth } => format!("the process is to be killed {}, after {nth} others", moment(*at)),
        Happening::Wall(by) => format!("the wall clock is set by {by:#}"),
        Happening::Client { index, deed } => format!("to the client at place {index}: {}", done(deed)),
        Happening::Operator(act) => format!("an operator {}", acts(act)),
    }
}

fn lied(lie: Lie) -> &'static str {
    match lie {
        Lie::Zeros => "the API says that every balance is 0",
        Lie::Hundredth => "the API says a hundredth of every balance",
        Lie::Same => "the API says the same balance for everybody",
        Lie::HalfTheList => "the API leaves every second client out of the list",
        Lie::Another => "the API says another client's balance",
        Lie::Yesterday => "the API says yesterday's balances",
        Lie::Wild(_) => "the API says that one client is far below zero",
        Lie::Spent => "the API says that everybody spent a fortune today",
        Lie::SpentNothing => "the API says that nobody spent anything",
        Lie::Thresholds => "the API says that every threshold is 100000",
        Lie::Codes => "the API swaps the codes of balance management",
        Lie::FieldMissing => "the API leaves a field out of records",
        Lie::FieldUnknown => "the API adds a field to records",
        Lie::OnePassword => "the API says the same password for everybody",
        Lie::Twice => "the API says each balance twice, and different",
    }
}

fn behaves(mood: Mood) -> String {
    match mood {
        Mood::Good => "is well".to_owned(),
        Mood::Down => "is down".to_owned(),
        Mood::Refuses(Refusal { status, body, .. }) => format!("refuses everything with {status} {body}"),
        Mood::Stalls => "never answers".to_owned(),
        Mood::LosesReplies => "takes everything, and its answers are lost".to_owned(),
    }
}

fn moment(at: Moment) -> &'static str {
    match at {
        Moment::Statement => "at a statement of the store",
        Moment::Call => "at a call of the API",
        Moment::Post => "at a post to a receiver",
        Moment::Line => "at a line of a conversation with the mail server",
        Moment::Now => "at once",
    }
}

fn done(deed: &Deed) -> String {
    match deed {
        Deed::Fraud(per_hour) => format!("somebody calls at its cost, {per_hour} an hour"),
        Deed::Deposit(amount) => format!("it pays in {amount}"),
        Deed::Balance(balance) => format!("its balance is set to {balance}"),
        Deed::Threshold(threshold) => format!("its threshold is set to {threshold}"),
        Deed::Edit { field, text } => format!("a person edits {field}: {text}"),
        Deed::Management(value) => format!("a person sets its balance management to {value}"),
        Deed::Meanwhile { moment, field, text } => {
            let when = match moment {
                Meanwhile::Read => "while the program reads a record",
                Meanwhile::BeforeWrite => "right before the next change by the program",
                Meanwhile::AfterWrite => "right after the next change by the program",
            };
            format!("a person edits {field} {when}: {text}")
        }
        Deed::Removed => "it is removed".to_owned(),
        Deed::Added(threshold) => format!("another client comes, with a threshold of {threshold}"),
    }
}

fn acts(act: &Act) -> String {
    match act {
        Act::Ack => "acknowledges an alert".to_owned(),
        Act::Silence { hours } => format!("silences for {hours} h"),
        Act::BrakeOn => "sets the brake".to_owned(),
        Act::BrakeAtRead => "will set the brake while the program reads a record".to_owned(),
        Act::BrakeOff => "releases the brake".to_owned(),
        Act::Asks(times) => format!("asks the API {times} times from the command line"),
        Act::Answer { approves: true } => "approves what waits".to_owned(),
        Act::Answer { approves: false } => "rejects what waits".to_owned(),
        Act::Hold { index } => format!("holds the client at place {index}"),
        Act::Undo => "takes a change back".to_owned(),
        Act::RetryAll => "lets everything that died be tried again".to_owned(),
        Act::Guards(guards) => format!("reloads other bounds of changes: {guards:?}"),
        Act::Reload(lines) => format!("reloads the configuration with: {}", lines.trim().replace('\n', "; ")),
    }
}

fn got(entry: &Entry, received: &Received) -> String {
    let to = match received.recipient.as_str() {
        "" => received.channel.clone(),
        recipient => format!("{} to {recipient}", received.channel),
    };
    let said = told::said(std::slice::from_ref(entry));
    let subject = received.body.lines().find_map(|line| line.strip_prefix("Subject: "));
    let words: Vec<String> = said
        .iter()
        .map(|said| {
            let ends = if said.is_end { "ended" } else { "fires" };
            format!("{} of {} {ends}", said.policy, said.client)
        })
        .collect();
    let mut what = match subject {
        Some(subject) => subject.to_owned(),
        None if words.is_empty() => received.body.split_whitespace().collect::<Vec<_>>().join(" "),
        None => words.join(", "),
    };
    if let Some((at, _)) = what.char_indices().nth(MAX_TEXT) {
        what.truncate(at);
        what.push('…');
    }
    let lost = if received.reply_lost {
        " (its answer was lost)"
    } else {
        ""
    };
    format!("{to}: {what}{lost} [{}]", told::known_as(received))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at: i64, balance_tenthousandths: i64) -> (u32, Sample) {
        let sample = Sample {
            at: Timestamp::from_second(at).unwrap(),
            balance_tenthousandths,
            threshold: "10.00".into(),
            is_hard: false,
        };
        (561_117, sample)
    }

    #[test]
    fn crossings_are_told_once_each() {
        let samples = [
            sample(0, 120_000),
            sample(300, 98_000),
            sample(600, 97_000),
            sample(900, 100_000),
        ];
        let lines: Vec<String> = crossings(&samples, &Cast::default())
            .into_iter()
            .map(|(_, line)| line)
            .collect();
        let expected = [
            "client 561117 fell below its threshold (9.80 of 10.00)",
            "client 561117 is no longer below its threshold (10.00 of 10.00)",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_story_about_a_client_leaves_others_out() {
        let edited = |client: &str| Entry {
            at: Timestamp::UNIX_EPOCH,
            fact: Fact::Edited {
                client: client.to_owned(),
                fields: Vec::new(),
            },
        };
        let log = [edited("561117"), edited("561127")];
        for (wrong, lines) in [
            ("client 561127 was not told (in 4h)", 1),
            ("1000000 calls in a minute", 2),
        ] {
            assert_eq!(facts(&log, &Cast::of(wrong)).len(), lines, "{wrong}");
        }
    }

    #[test]
    fn calls_in_a_row_are_one_line() {
        let entry = |fact| Entry {
            at: Timestamp::UNIX_EPOCH,
            fact,
        };
        let asked = |function: &str| {
            entry(Fact::Asked {
                function: function.to_owned(),
                client: None,
            })
        };
        let killed = entry(Fact::Killed {
            life: 1,
            at: "at once".to_owned(),
        });
        let log = [asked("getClients"), asked("getBalance"), asked("getBalance"), killed];
        let lines: Vec<String> = facts(&log, &Cast::default())
            .into_iter()
            .map(|(_, line)| line)
            .collect();
        let expected = [
            "the program asked the API: 2 getBalance, 1 getClients",
            "the process was killed (life 1): at once",
        ];
        assert_eq!(lines, expected);
    }
}
