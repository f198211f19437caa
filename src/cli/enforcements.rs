//! `enforcements`: what was changed or refused, and the journal of each.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::listing::{self, Listed};
use super::opened::{Opened, from_store};
use super::telling::{change, clock_minute};
use super::{Context, Exit, Failure, Table, Tone, block_on};
use crate::domain::alert::EpisodeId;
use crate::domain::enforcement::{
    Deferral, Direction, Enforcement, EnforcementState, EnforcementStep, FieldDifference, Outcome, Refusal,
};
use crate::domain::{AccountName, ClientId, Management, Money, PolicyName};
use crate::store::{EnforcementRecord, Filter};

/// Show what was changed at the provider, and what was refused.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct EnforcementsArgs {
    #[command(subcommand)]
    command: Option<EnforcementsCommand>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, Subcommand)]
enum EnforcementsCommand {
    /// List enforcements, newest first
    #[command(after_help = "\
Examples:
  balancewatch enforcements list                         the last 50
  balancewatch enforcements list --state differs         those whose record was not as meant
  balancewatch enforcements list --output json           for scripts")]
    List(ListArgs),
    /// Show one with its journal and the record as it was before
    Show {
        /// Its id, as `list` prints it
        #[arg(value_name = "ID")]
        id: String,
    },
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Only of this client
    #[arg(long, value_name = "ID")]
    client: Option<String>,
    /// Only in this state
    #[arg(long, value_name = "STATE", value_parser = STATES)]
    state: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
}

/// The words for where an enforcement can stand.
const STATES: [&str; 11] = [
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

/// An enforcement as scripts see it.
#[derive(Serialize)]
struct Row {
    id: String,
    account: AccountName,
    client: ClientId,
    policy: PolicyName,
    episode: EpisodeId,
    direction: Direction,
    wanted: Management,
    balance: Money,
    planned_at: Timestamp,
    changed_at: Timestamp,
    state: &'static str,
    why: String,
}

impl From<&Enforcement> for Row {
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
        }
    }
}

/// One enforcement with its journal.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    enforcement: Row,
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
}

impl From<EnforcementRecord> for Shown {
    fn from(record: EnforcementRecord) -> Self {
        let EnforcementRecord { enforcement, steps } = record;
        let row = Row::from(&enforcement);
        let before_image = before_image(&enforcement);
        let guard = enforcement.state.stopped_by();
        let told = enforcement.told.iter().cloned().collect();
        let (mut deferral, mut refusal, mut differences) = (None, None, Vec::new());
        match enforcement.state {
            EnforcementState::Deferred { why } => deferral = Some(why),
            EnforcementState::Ended {
                outcome: Outcome::Refused { why },
            } => refusal = Some(why),
            EnforcementState::Ended {
                outcome: Outcome::Differs { fields },
            } => differences = fields,
            _ => {}
        }
        Self {
            enforcement: row,
            guard,
            told,
            deferral,
            refusal,
            differences,
            code_before: enforcement.code_before,
            code_sent: enforcement.code_sent,
            window_ms: enforcement.window_ms,
            settle_at: enforcement.settle_at,
            before_image,
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

/// Where an enforcement stands, in words.
#[must_use]
pub fn state_text(state: &EnforcementState) -> String {
    match state {
        EnforcementState::Planned => "written down, not begun".to_owned(),
        EnforcementState::Deferred { why } => format!("put off: {why}"),
        EnforcementState::Sent => "sent, and not read back yet".to_owned(),
        EnforcementState::Ended { outcome } => match outcome {
            Outcome::Verified => "set, and read back as meant".to_owned(),
            Outcome::Already => "it was as wanted already; nothing was sent".to_owned(),
            Outcome::Refused { why } => format!("refused: {why}"),
            Outcome::Declined { code } => {
                format!(
                    "the API declined it with `{code}`; nothing was changed, and it is tried again after 15 minutes"
                )
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
            Outcome::Waiting { why, .. } => format!("put off: {why}"),
        },
    }
}

/// Runs `enforcements`; without a subcommand it lists.
///
/// # Errors
/// When the configuration is not good, the store cannot be read, there is no such enforcement, or the answer cannot be
/// printed.
pub fn run(context: &mut Context, args: &EnforcementsArgs) -> Result<Exit, Failure> {
    block_on(async {
        let opened = Opened::open(context).await?;
        match &args.command {
            Some(EnforcementsCommand::Show { id }) => show(context, &opened, id).await?,
            Some(EnforcementsCommand::List(list_args)) => list(context, &opened, list_args).await?,
            None => list(context, &opened, &args.list).await?,
        }
        Ok(Exit::Fine)
    })
}

async fn list(context: &mut Context, opened: &Opened, args: &ListArgs) -> Result<(), Failure> {
    let client = args.client.as_deref().map(super::opened::client_id).transpose()?;
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut rows: Vec<Row> = Vec::new();
    for account in opened.accounts() {
        let filter = Filter {
            account: account.name.clone(),
            client: client.clone(),
            state: args.state.clone(),
            limit,
        };
        let found = opened.store.enforcements(&filter).await;
        rows.extend(found.map_err(|error| from_store(&error))?.iter().map(Row::from));
    }
    listing::print(context, opened, limit, rows)
}

impl Listed for Row {
    const NOUN: &'static str = "enforcement";

    fn at(&self) -> Timestamp {
        self.planned_at
    }

    fn sentences(zone: &TimeZone, rows: &[Self]) -> Table {
        let mut table = Table::new(&["state", "enforcement"]);
        for row in rows {
            let planned = clock_minute(row.planned_at, zone);
            let Row {
                client, policy, why, ..
            } = row;
            let (change, balance) = (change(row.direction, row.wanted), row.balance.for_people());
            let sentence = format!("{planned}  {client} {change} for {policy}, at a balance of {balance}: {why}");
            table.toned_row([(row.state.to_owned(), tone(row.state)), (sentence, Tone::Plain)]);
            table.toned_row([(String::new(), Tone::Plain), (row.id.clone(), Tone::Faint)]);
        }
        table
    }

    fn columns(zone: &TimeZone, rows: &[Self]) -> Table {
        let mut table = Table::new(&[
            "planned", "state", "client", "change", "policy", ">balance", "id", "why",
        ]);
        for row in rows {
            table.row([
                clock_minute(row.planned_at, zone),
                row.state.to_owned(),
                row.client.to_string(),
                change(row.direction, row.wanted),
                row.policy.to_string(),
                row.balance.for_people(),
                row.id.clone(),
                row.why.clone(),
            ]);
        }
        table
    }
}

fn tone(state: &str) -> Tone {
    match state {
        "verified" => Tone::Good,
        "differs" | "unknown" => Tone::Bad,
        "refused" | "declined" | "deferred" | "sent" => Tone::Warning,
        _ => Tone::Plain,
    }
}

async fn show(context: &mut Context, opened: &Opened, id: &str) -> Result<(), Failure> {
    let found = opened.store.enforcement(id).await;
    let Some(record) = found.map_err(|error| from_store(&error))? else {
        return Err(Failure::failed(format!("there is no enforcement `{id}`"))
            .hint("`balancewatch enforcements list` prints the ids"));
    };
    let shown = Shown::from(record);
    if context.wants_json() {
        context.out.json(&shown)
    } else {
        print(context, opened, &shown)
    }
}

fn print(context: &mut Context, opened: &Opened, shown: &Shown) -> Result<(), Failure> {
    let time = |at: Timestamp| opened.time_and_age(at);
    let row = &shown.enforcement;
    let mut card = Table::new(&["enforcement", ""]);
    card.fact("id", row.id.clone(), Tone::Plain);
    card.fact("client", row.client.to_string(), Tone::Plain);
    card.fact("change", change(row.direction, row.wanted), Tone::Plain);
    card.fact("state", format!("{}: {}", row.state, row.why), tone(row.state));
    if let Some(guard) = shown.guard {
        card.fact("stopped by", guard.to_owned(), tone(row.state));
    }
    if !shown.told.is_empty() {
        card.fact("told", shown.told.join(", "), Tone::Plain);
    }
    card.fact("policy", row.policy.to_string(), Tone::Plain);
    card.fact(
        "balance",
        format!("{} when it was planned", row.balance.for_people()),
        Tone::Plain,
    );
    card.fact("planned", time(row.planned_at), Tone::Plain);
    card.fact("changed", time(row.changed_at), Tone::Plain);
    if let Some(code) = &shown.code_before {
        let sent = shown.code_sent.as_deref().unwrap_or("nothing");
        card.fact("code", format!("{code} before, {sent} sent"), Tone::Plain);
    }
    if let Some(window) = shown.window_ms {
        let text = format!("{window} ms at most, in which a person's edit would have been lost");
        card.fact("window", text, Tone::Plain);
    }
    for difference in &shown.differences {
        let FieldDifference { field, expected, found } = difference;
        card.fact(
            "differs",
            format!("{field}: should be `{expected}`, is `{found}`"),
            Tone::Bad,
        );
    }
    context.out.table(&card)?;
    if let Some(fields) = &shown.before_image {
        context.out.line("")?;
        let mut table = Table::new(&["record before", "value"]);
        for (field, value) in fields {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            table.row([field.clone(), value]);
        }
        context.out.table(&table)?;
    }
    context.out.line("")?;
    let mut journal = Table::new(&[">#", "at", "step", "detail"]);
    for step in &shown.steps {
        let EnforcementStep {
            number,
            step: name,
            detail,
            ..
        } = step;
        journal.row([number.to_string(), time(step.at), name.clone(), detail.clone()]);
    }
    context.out.table(&journal)
}
