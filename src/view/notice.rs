//! What is owed to whom, what became of it, and each try.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::list::newest;
use super::page::{Card, Cell, Page, Shown, Table, Thing, Tone};
use super::words::Now;
use crate::domain::alert::EpisodeId;
use crate::domain::kept::NoticeRecord;
use crate::domain::notice::{Attempt, Message, MessageKind, NoticeState, Notification};
use crate::domain::{AccountName, ChannelName, ClientId, PolicyName, Reading, Severity};

/// The words for what can become of a notification.
pub const STATES: [&str; 7] = [
    "pending",
    "sending",
    "delivered",
    "probably-delivered",
    "dead",
    "dropped",
    "merged",
];

/// A notification in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NoticeRow {
    pub id: String,
    pub account: AccountName,
    client: ClientId,
    company: String,
    policy: PolicyName,
    episode: EpisodeId,
    transition: String,
    severity: Severity,
    channel: ChannelName,
    recipient: String,
    reason: String,
    pub created_at: Timestamp,
    message: Option<String>,
    state: &'static str,
    why: Option<String>,
    #[serde(skip)]
    tone: Tone,
}

impl From<Notification> for NoticeRow {
    fn from(notification: Notification) -> Self {
        Self {
            transition: notification.transition.label(),
            company: notification.facts.label,
            reason: notification.facts.reason.to_string(),
            state: notification.state.label(),
            why: notification.state.why().map(str::to_owned),
            tone: tone(&notification.state),
            id: notification.id,
            account: notification.account,
            client: notification.client,
            policy: notification.policy,
            episode: notification.episode,
            severity: notification.severity,
            channel: notification.channel,
            recipient: notification.recipient,
            created_at: notification.created_at,
            message: notification.message,
        }
    }
}

impl NoticeRow {
    /// A channel without addresses leads to one place, which has no name of its own.
    fn recipient(&self) -> &str {
        match self.recipient.as_str() {
            "" if self.channel.is_client() => "nobody",
            "" => "-",
            address => address,
        }
    }
}

const fn tone(state: &NoticeState) -> Tone {
    match state {
        NoticeState::Delivered | NoticeState::ProbablyDelivered => Tone::Good,
        NoticeState::Dead(_) => Tone::Bad,
        NoticeState::Pending | NoticeState::Sending => Tone::Warning,
        NoticeState::Dropped(_) | NoticeState::Merged(_) => Tone::Faint,
    }
}

/// Notifications, newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Notices(Vec<NoticeRow>);

impl Notices {
    /// Those of each account, newest first, at most `limit` of all.
    pub fn new(accounts: Vec<Vec<NoticeRow>>, limit: usize) -> Self {
        Self(newest(accounts, limit, |row| row.created_at))
    }
}

impl Shown for Notices {
    fn page(&self, now: &Now) -> Page {
        let titles = [
            "created",
            "state",
            "client",
            "policy",
            "what",
            "channel",
            "recipient",
            "id",
            "why",
        ];
        let sentence = "{created}  {client} {policy} {what}, to {recipient} through {channel}: {why}";
        let mut table = Table::new(&titles).or_sentences("notification", sentence);
        for row in &self.0 {
            table.row([
                Cell::from(now.minute(row.created_at)),
                (row.state, row.tone).into(),
                Cell::client(&row.account, &row.client),
                row.policy.as_str().into(),
                row.transition.as_str().into(),
                row.channel.as_str().into(),
                row.recipient().into(),
                Cell::from(row.id.as_str()).about(Thing::Notification(row.id.clone())),
                // Why it stands as it does; else why it was owed.
                row.why.as_deref().unwrap_or(&row.reason).into(),
            ]);
        }
        let mut page = Page::default();
        page.table_or(table, "no such notification");
        page
    }
}

/// One notification with all that became of it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NoticeCard {
    #[serde(flatten)]
    row: NoticeRow,
    carried_by: Option<Carrier>,
    attempts: Vec<Attempt>,
    #[serde(skip)]
    reading: Option<Reading>,
    #[serde(skip)]
    currency: String,
}

/// The message that carries it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Message")]
struct Carrier {
    id: String,
    kind: MessageKind,
    thread: String,
    created_at: Timestamp,
    not_before: Timestamp,
    next_at: Timestamp,
    deadline: Timestamp,
    attempts: u32,
    state: &'static str,
    why: Option<String>,
    #[serde(skip)]
    is_final: bool,
}

impl From<Message> for Carrier {
    fn from(message: Message) -> Self {
        Self {
            state: message.state.label(),
            why: message.state.why().map(str::to_owned),
            is_final: message.state.is_final(),
            id: message.id,
            kind: message.kind,
            thread: message.thread,
            created_at: message.created_at,
            not_before: message.not_before,
            next_at: message.next_at,
            deadline: message.deadline,
            attempts: message.attempts,
        }
    }
}

impl From<NoticeRecord> for NoticeCard {
    fn from(record: NoticeRecord) -> Self {
        let NoticeRecord {
            notification,
            message,
            attempts,
        } = record;
        Self {
            reading: notification.facts.reading.clone(),
            currency: notification.facts.currency.clone(),
            row: NoticeRow::from(notification),
            carried_by: message.map(Carrier::from),
            attempts,
        }
    }
}

impl NoticeCard {
    fn card(&self, now: &Now) -> Card {
        let row = &self.row;
        let mut card = Card::new("notification", "");
        card.fact("id", row.id.as_str());
        let state = match &row.why {
            Some(why) => format!("{}: {why}", row.state),
            None => row.state.to_owned(),
        };
        card.fact("state", (state, row.tone));
        let client = Cell::from(format!("{}, {}", row.client, row.company));
        card.fact(
            "client",
            client.about(Thing::Client(row.account.clone(), row.client.clone())),
        );
        card.fact("policy", format!("{} ({})", row.policy, row.severity.as_str()));
        card.fact("what", row.transition.as_str());
        card.fact("reason", row.reason.as_str());
        if let Some(Reading { balance, at, .. }) = &self.reading {
            let (balance, read) = (balance.for_people(), now.clock_and_age(*at));
            card.fact("balance", format!("{balance} {}, read {read}", self.currency));
        }
        card.fact("to", format!("{} through {}", row.recipient(), row.channel));
        card.fact("created", now.clock_and_age(row.created_at));
        if let Some(carrier) = &self.carried_by {
            let kind = match carrier.kind {
                MessageKind::Single => "a message of its own",
                MessageKind::Summary => "a summary",
                MessageKind::Group => "one with other clients",
            };
            card.fact("carried by", format!("{kind}, {}", carrier.id));
            if !carrier.is_final {
                card.fact("next try", now.clock_and_age(carrier.next_at.max(carrier.not_before)));
                card.fact("given up", now.clock_and_age(carrier.deadline));
            }
        }
        card
    }
}

impl Shown for NoticeCard {
    fn page(&self, now: &Now) -> Page {
        let mut page = Page::from(self.card(now));
        page.gap();
        if self.attempts.is_empty() {
            page.line("nothing was tried yet");
            return page;
        }
        let mut table = Table::new(&[">try", "at", "outcome", "what was said"]);
        for attempt in &self.attempts {
            let (number, at) = (attempt.number.to_string(), now.clock_and_age(attempt.at));
            table.row([number, at, attempt.outcome.as_str().to_owned(), attempt.detail.clone()]);
        }
        page.table(table);
        page
    }
}

#[cfg(test)]
mod tests {
    use super::{NoticeCard, NoticeRow, Notices};
    use crate::domain::alert::EpisodeId;
    use crate::domain::kept::NoticeRecord;
    use crate::domain::notice::{
        Attempt, AttemptOutcome, Facts, Message, MessageKind, NoticeState, Notification, Transition,
    };
    use crate::domain::reason::Reason;
    use crate::domain::testing::reading;
    use crate::domain::{AccountName, ChannelName, ClientId, PolicyName, Severity};
    use crate::view::page::{Block, Shown};
    use crate::view::testing::{at, now, text};

    fn notification(state: NoticeState) -> Notification {
        let account = AccountName::new("main").unwrap();
        let (client, policy) = (ClientId::new("1").unwrap(), PolicyName::new("low").unwrap());
        let episode = EpisodeId::new(&account, &client, &policy, at(-60));
        Notification {
            id: "x/fired/client/".to_owned(),
            account,
            client,
            policy,
            episode,
            transition: Transition::Fired { relapse: false },
            severity: Severity::Warning,
            channel: ChannelName::client(),
            recipient: String::new(),
            facts: Facts {
                label: "Acme".to_owned(),
                currency: "USD".to_owned(),
                reading: Some(reading("8", "1", -90)),
                threshold: None,
                reason: Reason::NoThreshold,
                since: at(-60),
                enforcement: None,
                management: None,
                ending: None,
                country: String::new(),
                runbook_url: None,
                account: None,
            },
            created_at: at(-60),
            message: None,
            state,
        }
    }

    #[test]
    fn a_row_says_why_it_stands_so_or_else_why_it_was_owed() {
        let page = Notices::new(vec![vec![NoticeRow::from(notification(NoticeState::Pending))]], 50).page(&now());
        let why = "the client has no threshold, and `default_threshold` is not set";
        assert_eq!(
            text(&page),
            format!("2023-11-14 22:12 | pending | 1 | low | fired | client | nobody | x/fired/client/ | {why}\n")
        );
        let Block::Table(table) = &page.0[0] else {
            panic!("{page:?}")
        };
        assert_eq!(
            text(&table.sentences().unwrap().into()),
            format!("pending | 2023-11-14 22:12  1 low fired, to nobody through client: {why}\n | x/fired/client/\n")
        );
        assert_eq!(text(&Notices::new(vec![], 50).page(&now())), "no such notification\n");
    }

    #[test]
    fn a_card_says_when_it_is_tried_next_and_what_was_said() {
        let message = Message {
            id: "m".to_owned(),
            account: AccountName::new("main").unwrap(),
            channel: ChannelName::client(),
            recipient: String::new(),
            thread: "t".to_owned(),
            kind: MessageKind::Summary,
            created_at: at(-60),
            not_before: at(120),
            deadline: at(86_400),
            paced: None,
            attempts: 1,
            next_at: at(60),
            state: NoticeState::Pending,
            receipt: None,
        };
        let attempt = Attempt {
            message: "m".to_owned(),
            number: 1,
            at: at(-30),
            outcome: AttemptOutcome::Retry,
            detail: "451 later".to_owned(),
        };
        let mut record = NoticeRecord {
            notification: notification(NoticeState::Pending),
            message: Some(message),
            attempts: vec![attempt],
        };
        let shown = text(&NoticeCard::from(record.clone()).page(&now()));
        assert_eq!(
            shown.split_once("balance: ").unwrap().1,
            "8.00 USD, read 2023-11-14 22:11:50 (1m 30s ago)\n\
             to: nobody through client\n\
             created: 2023-11-14 22:12:20 (1m ago)\n\
             carried by: a summary, m\n\
             next try: 2023-11-14 22:15:20 (in 2m)\n\
             given up: 2023-11-15 22:13:20 (in 1d)\n\
             \n1 | 2023-11-14 22:12:50 (30s ago) | retry | 451 later\n"
        );
        record.message.as_mut().unwrap().state = NoticeState::Delivered;
        record.attempts.clear();
        let shown = text(&NoticeCard::from(record).page(&now()));
        assert!(
            shown.ends_with("carried by: a summary, m\n\nnothing was tried yet\n"),
            "{shown}"
        );
    }
}
