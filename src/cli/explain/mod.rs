//! `explain ID`: every policy's view of a client: what it sees, what it says and why, what would change that, who is
//! told, and what becomes of the change it asks for.
//!
//! Judges by the last reading, whatever its age, and says how old that is; the daemon itself only decides on fresh ones.

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::opened::{self, Opened};
use super::planned::{Planned, mode_text};
use super::telling::{age_seconds, ago, label};
use super::{Context, Exit, Failure, Table, block_on};
use crate::config::Account;
use crate::daemon::parts;
use crate::domain::judge::{Circumstances, Rules};
use crate::domain::watch::Watched;
use crate::domain::{AccountName, ClientId, Money};
use crate::store::AccountView;

mod condition;
mod policy;

use policy::PolicyRow;

/// Show what each policy says of a client, and why.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch explain 561115                            why an alert fires, or does not
  balancewatch explain reseller                          your own balance
  balancewatch explain account                           the alerts about the account itself
  balancewatch explain 561115 --output json              for scripts")]
pub struct ExplainArgs {
    /// The client's id
    #[arg(value_name = "ID")]
    pub id: String,
}

/// Enforcements of the client that are looked at: those of the running episodes are among the newest.
const ENFORCEMENTS_READ: usize = 50;

#[derive(Serialize)]
struct Answer {
    account: AccountName,
    client: ClientId,
    company: String,
    balance: Option<Money>,
    spent_today: Option<Money>,
    threshold: Option<Money>,
    default_threshold: Option<Money>,
    threshold_read_at: Option<Timestamp>,
    read_at: Option<Timestamp>,
    age_seconds: Option<i64>,
    last_error: Option<String>,
    mode: &'static str,
    policies: Vec<PolicyRow>,
}

/// Everything a policy is explained by.
struct Scene<'a> {
    opened: &'a Opened,
    view: &'a AccountView,
    watched: &'a Watched,
    rules: Rules,
    circumstances: Circumstances,
    planned: Planned,
    /// What was done about the client, newest first.
    enforcements: Vec<crate::domain::enforcement::Enforcement>,
    /// Who was told of the episodes that run.
    told: std::collections::BTreeMap<crate::domain::alert::EpisodeId, crate::store::Told>,
}

/// Runs `explain ID`.
///
/// # Errors
/// When the configuration is not good, the store cannot be read, nobody of this id is known, or the answer cannot be
/// printed.
pub fn run(context: &mut Context, args: &ExplainArgs) -> Result<Exit, Failure> {
    block_on(async {
        let opened = Opened::open(context).await?;
        let account = opened.account()?;
        let view = opened.view(account).await?;
        let watched = opened::client(&view, &args.id, opened.now)?;
        let id = &watched.client.id;
        let scene = Scene {
            opened: &opened,
            view: &view,
            watched: &watched,
            rules: parts::rules(&opened.settings, account),
            circumstances: circumstances(&opened, account, &view),
            planned: Planned::new(&opened.settings, account, &view, opened.now),
            enforcements: opened.enforcements(account, id, ENFORCEMENTS_READ).await?,
            told: opened.told_of(account).await?,
        };
        let policies = scene.policies();
        if context.wants_json() {
            context.out.json(&answer(&scene, policies))?;
        } else {
            print(context, &scene, &policies)?;
        }
        Ok(Exit::Fine)
    })
}

/// What is the same for all clients of the account, as the monitor takes it.
fn circumstances(opened: &Opened, account: &Account, view: &AccountView) -> Circumstances {
    let is_listed = |watched: &&Watched| watched.vanished_at.is_none() && !watched.client.id.is_pseudo();
    let clients = view.clients.iter().filter(is_listed).count();
    let revisit = crate::domain::due::revisit(u64::try_from(clients).unwrap_or(u64::MAX), account.rate_per_minute);
    let interval = opened.settings.schedule.interval(opened.now).max(revisit);
    Circumstances {
        revisit,
        baseline_since: view.state.baseline_since,
        // The daemon's start is not stored. Without it silence counts from the last reading, which is never shorter.
        ..Circumstances::ordinary(opened.now, interval, Timestamp::UNIX_EPOCH)
    }
}

fn answer(scene: &Scene<'_>, policies: Vec<PolicyRow>) -> Answer {
    let watched = scene.watched;
    let reading = watched.reading.as_ref();
    Answer {
        account: scene.rules.account.clone(),
        client: watched.client.id.clone(),
        company: label(&watched.client),
        balance: reading.map(|reading| reading.balance),
        spent_today: reading.and_then(|reading| reading.spent_today),
        threshold: watched.threshold.as_ref().and_then(|threshold| threshold.amount),
        default_threshold: scene.rules.default_threshold,
        threshold_read_at: watched.threshold.as_ref().map(|threshold| threshold.at),
        read_at: reading.map(|reading| reading.at),
        age_seconds: reading.map(|reading| age_seconds(scene.opened.now, reading.at)),
        last_error: watched.last_error.clone(),
        mode: scene.rules.mode.as_str(),
        policies,
    }
}

fn print(context: &mut Context, scene: &Scene<'_>, policies: &[PolicyRow]) -> Result<(), Failure> {
    for line in scene.introduction() {
        context.out.line(&line)?;
    }
    for row in policies {
        context.out.line("")?;
        let mut card = Table::new(&[&row.policy.to_string(), row.severity.as_str()]);
        for (name, text, tone) in row.lines() {
            card.fact(name, text, tone);
        }
        context.out.table(&card)?;
    }
    Ok(())
}

impl Scene<'_> {
    /// Who it is, and by which numbers all that follows is judged.
    fn introduction(&self) -> Vec<String> {
        let (now, currency, client) = (self.opened.now, &self.rules.currency, &self.watched.client);
        let mut lines = vec![format!(
            "client {}, {}, account {}",
            client.id,
            label(client),
            self.rules.account
        )];
        if client.id == ClientId::account() {
            lines.push(
                "what is judged about the account is judged by the daemon; shown is what it found last".to_owned(),
            );
            return lines;
        }
        lines.push(match &self.watched.reading {
            None => "no balance was read yet, so nothing can be judged by one".to_owned(),
            Some(reading) => format!(
                "balance {} {currency}, read {}{}",
                reading.balance.for_people(),
                ago(now, reading.at),
                if self.is_fresh(reading.at) {
                    ""
                } else {
                    ", before the last sweep: the daemon would not decide by it"
                }
            ),
        });
        if let Some(error) = &self.watched.last_error {
            let at = self.watched.last_attempt_at.map(|at| format!(" {}", ago(now, at)));
            lines.push(format!(
                "the last attempt to read it failed{}: {error}",
                at.unwrap_or_default()
            ));
        }
        if let Some(at) = self.watched.vanished_at {
            lines.push(format!(
                "it vanished from the list {}, and is not watched any more",
                ago(now, at)
            ));
        }
        lines.push(format!("enforcement mode {}", mode_text(self.rules.mode)));
        lines
    }

    /// Whether a reading is of the last sweep. While one runs that has not come to the client yet, the reading of the
    /// sweep before it counts too.
    fn is_fresh(&self, read_at: Timestamp) -> bool {
        let state = &self.view.state;
        let Some(started_at) = state.sweep_started_at else {
            return false;
        };
        let is_running = state.sweep_ended_at.is_none_or(|ended_at| ended_at < started_at);
        let age = self.opened.now.duration_since(read_at);
        read_at >= started_at || (is_running && age <= self.circumstances.interval.saturating_mul(2))
    }
}
