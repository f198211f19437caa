//! `plan`: what enforcement would do now, in order, what it would not, and why.
//!
//! Made from the store alone, by the same function that the daemon asks. Nothing is asked of the API, and nothing is
//! changed; the daemon reads each client once more before it changes anything.

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::opened::{Opened, find};
use super::planned::{Planned, canary_text, decision_word};
use super::telling::{ago, change, label};
use super::{Context, Exit, Failure, Table, Tone, block_on};
use crate::config::Account;
use crate::domain::alert::EpisodeId;
use crate::domain::decision;
use crate::domain::enforcement::{Direction, EnforcementState, Mode};
use crate::domain::plan::{Decision, Intent};
use crate::domain::{AccountName, ClientId, Management, Money, PolicyName};
use crate::store::AccountView;

/// Show what enforcement would do now.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch plan                                      in which order, what not, and why
  balancewatch plan --output json                        for scripts

It is made from the store; nothing is asked of the API and nothing is changed.")]
pub struct PlanArgs {}

/// The plan as scripts see it.
#[derive(Serialize)]
struct Answer {
    account: AccountName,
    mode: &'static str,
    brake: bool,
    brake_reason: Option<String>,
    canary: &'static str,
    max_per_sweep: u32,
    max_per_day: u32,
    applied_24h: u32,
    reverted_24h: u32,
    /// The sweep whose readings it is made from.
    sweep_started_at: Option<Timestamp>,
    sweep_ended_at: Option<Timestamp>,
    plan: Vec<Step>,
    /// Changes that were sent, and of which it is not known yet what became.
    sent: Vec<String>,
}

/// One wanted change.
#[derive(Serialize)]
struct Step {
    order: usize,
    client: ClientId,
    company: String,
    policy: PolicyName,
    episode: EpisodeId,
    direction: Direction,
    wanted: Management,
    balance: Money,
    read_at: Timestamp,
    decision: &'static str,
    reason: String,
}

/// Runs `plan`.
///
/// # Errors
/// When the configuration is not good, the store cannot be read, or the answer cannot be printed.
pub fn run(context: &mut Context, _args: &PlanArgs) -> Result<Exit, Failure> {
    block_on(async {
        let opened = Opened::open(context).await?;
        let account = opened.account()?;
        let view = opened.view(account).await?;
        let planned = Planned::new(&opened.settings, account, &view, opened.now);
        let steps: Vec<Step> = (1..)
            .zip(&planned.decisions)
            .map(|(order, (intent, decision))| {
                let reason = planned.reason(&opened, &view, intent, decision);
                step(order, intent, decision, reason, &view)
            })
            .collect();
        let answer = answer(&opened, account, &view, &planned, steps);
        if context.wants_json() {
            context.out.json(&answer)?;
        } else {
            print(context, &opened, account, &answer)?;
        }
        Ok(Exit::Fine)
    })
}

fn answer(opened: &Opened, account: &Account, view: &AccountView, planned: &Planned, plan: Vec<Step>) -> Answer {
    let bounds = &opened.settings.enforcement;
    let brake = decision::brake(&view.decisions, opened.now);
    Answer {
        account: account.name.clone(),
        mode: bounds.mode.as_str(),
        brake: brake.is_some(),
        brake_reason: brake.map(|brake| brake.note.clone()),
        canary: canary_text(planned.canary),
        max_per_sweep: bounds.max_per_sweep,
        max_per_day: bounds.max_per_day,
        applied_24h: planned.used_in_day.enforced,
        reverted_24h: planned.used_in_day.reverted,
        sweep_started_at: view.state.sweep_started_at,
        sweep_ended_at: view.state.sweep_ended_at,
        plan,
        sent: view
            .enforcements
            .iter()
            .filter(|done| done.state == EnforcementState::Sent)
            .map(|done| done.id.clone())
            .collect(),
    }
}

fn step(order: usize, intent: &Intent, decision: &Decision, reason: String, view: &AccountView) -> Step {
    Step {
        order,
        client: intent.client.clone(),
        company: find(view, intent.client.as_str())
            .map(|watched| label(&watched.client))
            .unwrap_or_default(),
        policy: intent.policy.clone(),
        episode: intent.episode.clone(),
        direction: intent.direction,
        wanted: intent.wanted,
        balance: intent.balance,
        read_at: intent.read_at,
        decision: decision_word(decision),
        reason,
    }
}

fn print(context: &mut Context, opened: &Opened, account: &Account, answer: &Answer) -> Result<(), Failure> {
    let out = &mut context.out;
    let mode = opened.settings.enforcement.mode;
    let what = match mode {
        Mode::Observe => "observe: nothing is changed, this is what would be",
        Mode::Apply => "apply: what is to be done now is done in the next sweep, by fresh readings",
    };
    out.line(&format!("account {}, mode {what}", account.name))?;
    out.line(&by_what(opened, answer))?;
    if let Some(reason) = &answer.brake_reason {
        out.line(&format!("the brake is on: {reason}"))?;
    }
    if mode == Mode::Apply {
        out.line(&format!("the account's first change: {}", answer.canary))?;
        out.line(&format!(
            "in 24h: {} of {} changes, {} of {} reversals; {} in one sweep",
            answer.applied_24h, answer.max_per_day, answer.reverted_24h, answer.max_per_day, answer.max_per_sweep
        ))?;
    }
    for id in &answer.sent {
        out.line(&format!("sent, and not settled yet: {id}"))?;
    }
    out.line("")?;
    if answer.plan.is_empty() {
        return out.line(&nothing(opened, account));
    }
    let mut table = Table::new(&[
        "client", "company", ">balance", "read", "change", "policy", "now", "why",
    ]);
    for step in &answer.plan {
        table.toned_row([
            (step.client.to_string(), Tone::Plain),
            (step.company.clone(), Tone::Plain),
            (step.balance.for_people(), Tone::Plain),
            (ago(opened.now, step.read_at), Tone::Faint),
            (change(step.direction, step.wanted), Tone::Plain),
            (step.policy.to_string(), Tone::Plain),
            (step.decision.to_owned(), tone(step.decision)),
            (step.reason.clone(), Tone::Plain),
        ]);
    }
    out.table(&table)
}

/// By which readings it is made, and how old they are.
fn by_what(opened: &Opened, answer: &Answer) -> String {
    match (answer.sweep_started_at, answer.sweep_ended_at) {
        (None, _) => "no sweep has begun yet, so there is nothing to plan by".to_owned(),
        (Some(started), Some(ended)) if ended >= started => {
            format!("by the readings of the sweep that ended {}", ago(opened.now, ended))
        }
        (Some(started), _) => format!(
            "by the readings of the sweep that began {}; clients that it has not read yet are not shown",
            ago(opened.now, started)
        ),
    }
}

/// Why nothing is planned.
fn nothing(opened: &Opened, account: &Account) -> String {
    let policies = opened.settings.policies_of(account);
    if policies.iter().any(|policy| policy.enforce.is_some()) {
        "nothing is asked for: no firing alert wants a change that was not made or given up already".to_owned()
    } else {
        "nothing is asked for: no policy has `enforce`".to_owned()
    }
}

fn tone(decision: &str) -> Tone {
    match decision {
        "go" => Tone::Good,
        "refused" => Tone::Bad,
        "deferred" => Tone::Warning,
        _ => Tone::Plain,
    }
}
