//! What was changed at the provider or refused, and the journal of each.

mod story;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::list::newest;
use super::page::{Card, Cell, Page, Shown, Table, Thing, Tone};
use super::words::{Now, change};
use crate::domain::alert::EpisodeId;
use crate::domain::enforcement::{
    Deferral, Direction, Enforcement, EnforcementState, EnforcementStep, FieldDifference, Outcome, Refusal,
};
use crate::domain::kept::EnforcementRecord;
use crate::domain::{AccountName, ClientId, Management, Money, PolicyName};

/// The words for where an enforcement can stand.
pub const STATES: [&str; 11] = [
    "planned",
    "deferred",
    "sent",
    "verified",
    "already",
    "refused",
    "declined",
    "differs",
    "did-not-happen",
    "unknown",
    "cancelled",
];

/// An enforcement in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EnforcementRow {
    pub id: String,
    pub account: AccountName,
    client: ClientId,
    policy: PolicyName,
    episode: EpisodeId,
    direction: Direction,
    wanted: Management,
    balance: Money,
    pub planned_at: Timestamp,
    changed_at: Timestamp,
    state: &'static str,
    why: String,
    #[serde(skip)]
    tone: Tone,
}

impl From<&Enforcement> for EnforcementRow {
    fn from(enforcement: &Enforcement) -> Self {
        Self {
            id: enforcement.id.clone(),
            account: enforcement.account.clone(),
            client: enforcement.client.clone(),
            policy: enforcement.policy.clone(),
            episode: enforcement.episode.clone(),
            direction: enforcement.direction,
            wanted: enforcement.wanted,
            balance: enforcement.balance,
            planned_at: enforcement.planned_at,
            changed_at: enforcement.changed_at,
            state: enforcement.state.label(),
            why: state_text(&enforcement.state),
            tone: tone(&enforcement.state),
        }
    }
}

/// Where an enforcement stands, in words.
pub fn state_text(state: &EnforcementState) -> String {
    let outcome = match state {
        EnforcementState::Planned => return "written down, not begun".to_owned(),
        EnforcementState::Deferred { why } => return format!("put off: {why}"),
        EnforcementState::Sent => return "sent, and not read back yet".to_owned(),
        EnforcementState::Ended { outcome } => outcome,
    };
    match outcome {
        Outcome::Verified => "set, and read back as meant".to_owned(),
        Outcome::Already => "it was as wanted already; nothing was sent".to_owned(),
        Outcome::Refused { why } => format!("refused: {why}"),
        Outcome::Declined { code } => {
            format!("the API declined it with `{code}`; nothing was changed, and it is tried again after 15 minutes")
        }
        Outcome::Differs { fields } => {
            let fields: Vec<&str> = fields.iter().map(|difference| difference.field.as_str()).collect();
            format!("the record that was read back is not as meant: {}", fields.join(", "))
        }
        Outcome::DidNotHappen => "the change did not happen; the record is as it was".to_owned(),
        Outcome::Unknown { error } => {
            format!("it is not known whether it happened: the record could not be read ({error})")
        }
        Outcome::Cancelled => "not wanted any more before anything was sent".to_owned(),
        Outcome::Asked { .. } => "people were asked to approve it".to_owned(),
        Outcome::Waiting { why, .. } => format!("put off: {why}"),
    }
}

const fn tone(state: &EnforcementState) -> Tone {
    match state {
        EnforcementState::Planned => Tone::Plain,
        EnforcementState::Deferred { .. } | EnforcementState::Sent => Tone::Warning,
        EnforcementState::Ended { outcome } => match outcome {
            Outcome::Verified => Tone::Good,
            Outcome::Differs { .. } | Outcome::Unknown { .. } => Tone::Bad,
            Outcome::Refused { .. } | Outcome::Declined { .. } => Tone::Warning,
            Outcome::Already
            | Outcome::DidNotHappen
            | Outcome::Cancelled
            | Outcome::Asked { .. }
            | Outcome::Waiting { .. } => Tone::Plain,
        },
    }
}

/// Enforcements, newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Enforcements(Vec<EnforcementRow>);

impl Enforcements {
    /// Those of each account, newest first, at most `limit` of all.
    pub fn new(accounts: Vec<Vec<EnforcementRow>>, limit: usize) -> Self {
        Self(newest(accounts, limit, |row| row.planned_at))
    }
}

impl Shown for Enforcements {
    fn page(&self, now: &Now) -> Page {
        let titles = [
            "planned", "state", "client", "change", "policy", ">balance", "id", "why",
        ];
        let sentence = "{planned}  {client} {change} for {policy}, at a balance of {balance}: {why}";
        let mut table = Table::new(&titles).or_sentences("enforcement", sentence);
        for row in &self.0 {
            table.row([
                Cell::from(now.minute(row.planned_at)),
                (row.state, row.tone).into(),
                Cell::client(&row.account, &row.client),
                change(row.direction, row.wanted).into(),
                row.policy.as_str().into(),
                row.balance.for_people().into(),
                Cell::from(row.id.as_str()).about(Thing::Enforcement(row.id.clone())),
                row.why.as_str().into(),
            ]);
        }
        let mut page = Page::default();
        page.table_or(table, "no such enforcement");
        page
    }
}

/// One enforcement with its journal.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EnforcementCard {
    #[serde(flatten)]
    row: EnforcementRow,
    /// The guard that stopped it, in a word.
    guard: Option<&'static str>,
    deferral: Option<Deferral>,
    refusal: Option<Refusal>,
    /// What operators were told of it, each once.
    told: Vec<String>,
    differences: Vec<FieldDifference>,
    code_before: Option<String>,
    code_sent: Option<String>,
    window_ms: Option<i64>,
    settle_at: Option<Timestamp>,
    /// The record as it was before, without the password.
    before_image: Option<serde_json::Map<String, serde_json::Value>>,
    steps: Vec<EnforcementStep>,
    #[serde(skip)]
    can_be_undone: bool,
}

impl From<EnforcementRecord> for EnforcementCard {
    fn from(record: EnforcementRecord) -> Self {
        let EnforcementRecord { enforcement, steps } = record;
        let (mut deferral, mut refusal, mut differences) = (None, None, Vec::new());
        match &enforcement.state {
            EnforcementState::Deferred { why } => deferral = Some(why.clone()),
            EnforcementState::Ended { outcome } => match outcome {
                Outcome::Refused { why } => refusal = Some(why.clone()),
                Outcome::Differs { fields } => differences.clone_from(fields),
                _ => {}
            },
            EnforcementState::Planned | EnforcementState::Sent => {}
        }
        Self {
            row: EnforcementRow::from(&enforcement),
            guard: enforcement.state.stopped_by(),
            can_be_undone: enforcement.can_be_undone(),
            deferral,
            refusal,
            told: enforcement.told.iter().cloned().collect(),
            differences,
            before_image: before_image(&enforcement),
            code_before: enforcement.code_before,
            code_sent: enforcement.code_sent,
            window_ms: enforcement.window_ms,
            settle_at: enforcement.settle_at,
            steps,
        }
    }
}

/// The record as it was. It is kept without the password; should one ever be in it, it is not shown.
fn before_image(enforcement: &Enforcement) -> Option<serde_json::Map<String, serde_json::Value>> {
    let image = enforcement.before_image.as_deref()?;
    let mut fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(image).ok()?;
    fields.remove("password");
    Some(fields)
}

impl EnforcementCard {
    fn card(&self, now: &Now) -> Card {
        let row = &self.row;
        let mut card = Card::new("enforcement", "");
        card.fact("id", row.id.as_str());
        card.fact("client", Cell::client(&row.account, &row.client));
        card.fact("change", change(row.direction, row.wanted));
        card.fact("state", (format!("{}: {}", row.state, row.why), row.tone));
        if let Some(guard) = self.guard {
            card.fact("stopped by", (guard, row.tone));
        }
        if !self.told.is_empty() {
            card.fact("told", self.told.join(", "));
        }
        card.fact("policy", row.policy.as_str());
        card.fact("balance", format!("{} when it was planned", row.balance.for_people()));
        card.fact("planned", now.clock_and_age(row.planned_at));
        card.fact("changed", now.clock_and_age(row.changed_at));
        if let Some(code) = &self.code_before {
            let sent = self.code_sent.as_deref().unwrap_or("nothing");
            card.fact("code", format!("{code} before, {sent} sent"));
        }
        if let Some(window) = self.window_ms {
            let text = format!("{window} ms at most, in which a person's edit would have been lost");
            card.fact("window", text);
        }
        let differences = self.differences.iter().map(|difference| {
            let FieldDifference { field, expected, found } = difference;
            (format!("{field}: should be `{expected}`, is `{found}`"), Tone::Bad)
        });
        card.facts("differs", differences);
        card
    }
}

impl Shown for EnforcementCard {
    fn page(&self, now: &Now) -> Page {
        let mut page = Page::default();
        page.line(self.story(now));
        page.gap();
        page.card(self.card(now));
        if let Some(fields) = &self.before_image {
            page.gap();
            let mut table = Table::new(&["record before", "value"]);
            for (field, value) in fields {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                table.row([field.as_str().into(), Cell::from(value)]);
            }
            page.table(table);
        }
        page.gap();
        let mut journal = Table::new(&[">#", "at", "step", "detail"]);
        for step in &self.steps {
            let (number, at) = (step.number.to_string(), now.clock_and_age(step.at));
            journal.row([number, at, step.step.clone(), step.detail.clone()]);
        }
        page.table(journal);
        page
    }
}

#[cfg(test)]
mod tests {
    use super::{EnforcementCard, EnforcementRow, Enforcements, Tone, state_text, tone};
    use crate::domain::enforcement::{Deferral, EnforcementState, EnforcementStep, FieldDifference, Outcome, Refusal};
    use crate::domain::kept::EnforcementRecord;
    use crate::view::page::Shown;
    use crate::view::testing::{at, enforcement, now, text};

    fn ended(outcome: Outcome) -> EnforcementState {
        EnforcementState::Ended { outcome }
    }

    fn differs() -> EnforcementState {
        let difference = |field: &str| FieldDifference {
            field: field.to_owned(),
            expected: "1".to_owned(),
            found: String::new(),
        };
        let fields = vec![difference("zip"), difference("city")];
        ended(Outcome::Differs { fields })
    }

    #[test]
    fn every_state_is_told_in_words_and_by_its_tone() {
        let why = Refusal::Protected {
            entry: "*@x".to_owned(),
        };
        let brake = || Deferral::Brake;
        for (state, text, expected) in [
            (EnforcementState::Planned, "written down, not begun", Tone::Plain),
            (
                EnforcementState::Deferred { why: brake() },
                "put off: the brake is on",
                Tone::Warning,
            ),
            (EnforcementState::Sent, "sent, and not read back yet", Tone::Warning),
            (ended(Outcome::Verified), "set, and read back as meant", Tone::Good),
            (
                ended(Outcome::Already),
                "it was as wanted already; nothing was sent",
                Tone::Plain,
            ),
            (
                ended(Outcome::Refused { why }),
                "refused: the client is protected (`enforcement.protect`: `*@x`)",
                Tone::Warning,
            ),
            (
                ended(Outcome::Declined { code: "no".to_owned() }),
                "the API declined it with `no`; nothing was changed, and it is tried again after 15 minutes",
                Tone::Warning,
            ),
            (
                differs(),
                "the record that was read back is not as meant: zip, city",
                Tone::Bad,
            ),
            (
                ended(Outcome::DidNotHappen),
                "the change did not happen; the record is as it was",
                Tone::Plain,
            ),
            (
                ended(Outcome::Cancelled),
                "not wanted any more before anything was sent",
                Tone::Plain,
            ),
            (
                ended(Outcome::Waiting {
                    why: brake(),
                    others: 1,
                }),
                "put off: the brake is on",
                Tone::Plain,
            ),
        ] {
            assert_eq!((&*state_text(&state), tone(&state)), (text, expected));
        }
    }

    #[test]
    fn a_card_has_the_record_before_without_a_password_and_the_journal() {
        let mut differing = enforcement(differs());
        differing.code_before = Some("2".to_owned());
        differing.window_ms = Some(123);
        differing.before_image = Some(r#"{"client":"1","password":"hunter2","zip":7}"#.to_owned());
        differing.told = ["differs".to_owned()].into();
        let step = EnforcementStep {
            enforcement: differing.id.clone(),
            number: 1,
            at: at(-500),
            step: "sent".to_owned(),
            detail: "balance_management=1".to_owned(),
        };
        let card = EnforcementCard::from(EnforcementRecord {
            enforcement: differing,
            steps: vec![step],
        });
        let shown = text(&card.page(&now()));
        assert_eq!(
            shown.split_once("stopped by").unwrap().1,
            ": read-back\n\
             told: differs\n\
             policy: low\n\
             balance: -0.50 when it was planned\n\
             planned: 2023-11-14 22:03:20 (10m ago)\n\
             changed: 2023-11-14 22:05:00 (8m 20s ago)\n\
             code: 2 before, nothing sent\n\
             window: 123 ms at most, in which a person's edit would have been lost\n\
             differs: zip: should be `1`, is `` | city: should be `1`, is ``\n\
             \nclient | 1\nzip | 7\n\
             \n1 | 2023-11-14 22:05:00 (8m 20s ago) | sent | balance_management=1\n"
        );
        let json = serde_json::to_string(&card).unwrap();
        assert!(!json.contains("hunter2") && !shown.contains("hunter2"));
    }

    #[test]
    fn a_list_reads_as_columns_and_as_sentences() {
        let row = EnforcementRow::from(&enforcement(EnforcementState::Sent));
        let id = row.id.clone();
        let list = Enforcements::new(vec![vec![row]], 50);
        let page = list.page(&now());
        assert_eq!(
            text(&page),
            format!("2023-11-14 22:03 | sent | 561115 | to HARD | low | -0.50 | {id} | sent, and not read back yet\n")
        );
        let crate::view::page::Block::Table(table) = &page.0[0] else {
            panic!("{page:?}")
        };
        assert_eq!(
            text(&table.sentences().unwrap().into()),
            format!(
                "sent | 2023-11-14 22:03  561115 to HARD for low, at a balance of -0.50: sent, and not read back yet\n | \
                 {id}\n"
            )
        );
        assert_eq!(
            text(&Enforcements::new(vec![vec![]], 50).page(&now())),
            "no such enforcement\n"
        );
    }
}
