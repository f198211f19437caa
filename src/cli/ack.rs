//! `ack`: say that somebody has the alerts of a client in hand.
//!
//! An acknowledgement is a decision in the store about one episode, which the daemon reads before each of its own. This
//! command changes nothing else and needs no running daemon.

use clap::Args;
use jiff::SignedDuration;

use super::brake::reason;
use super::context::{Context, Exit};
use super::failure::Failure;
use super::opened::{Opened, client};
use super::person;
use super::runtime::block_on;
use super::silence::policy;
use crate::domain::alert::{Alert, Firing};
use crate::domain::decision::{Decision, Kind, Scope};
use crate::domain::hush::is_told_in_any_case;
use crate::domain::{ClientId, PolicyName};
use crate::view::Snapshot;
use crate::view::hushed::{AckRow, Acked};

/// Say that you have what fires for a client.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch ack 561115                                all that fires for this client
  balancewatch ack 561115 --policy overdrawn --for 4h    one alert; after four hours reminders go on
  balancewatch ack reseller --comment \"a transfer is on its way\" --by alice
  balancewatch ack account                               the alerts about the account itself

An acknowledgement ends with the alert. Meanwhile nobody is reminded, and it goes to no further channel; its end is told
to whoever was told that it fires. It never stops enforcement, nor the alerts about the brake.")]
pub struct AckArgs {
    /// The client's id
    #[arg(value_name = "ID")]
    id: String,
    /// Only the alert of this policy
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// How long, at most 30d [default: until the alert ends]
    #[arg(long = "for", value_name = "DURATION", value_parser = person::lasting)]
    lasts: Option<SignedDuration>,
    /// What you do about it
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    comment: Option<String>,
    /// Who has it [default: the user who runs it]
    #[arg(long, value_name = "NAME", value_parser = person::by)]
    by: Option<String>,
}

pub fn run(context: &mut Context, args: &AckArgs) -> Result<Exit, Failure> {
    block_on(async {
        let opened = Opened::open(context).await?;
        let snapshot = opened.snapshot(opened.account()?).await?;
        let id = client(&snapshot, &args.id)?.client.id.clone();
        let only = args.policy.as_deref().map(|name| policy(&snapshot, name)).transpose()?;
        let by = person::name(args.by.as_deref(), &context.variables);
        let mut acked = Vec::new();
        for (alert, firing) in fires(&snapshot, &id, only.as_ref())? {
            let ack = ack(&opened, &snapshot, args, &by, (alert, firing));
            // Who says it last has it.
            if !opened.store.decide(&ack).await? {
                opened.store.revoke(&ack.account, &ack.id).await?;
                opened.store.decide(&ack).await?;
            }
            acked.push(AckRow::from(&ack));
        }
        context.show(&Acked(acked), &opened.now)?;
        Ok(Exit::Fine)
    })
}

/// What fires for a client and can be acknowledged.
///
/// # Errors
/// When nothing does (1).
fn fires<'a>(
    snapshot: &'a Snapshot,
    client: &ClientId,
    only: Option<&PolicyName>,
) -> Result<Vec<(&'a Alert, &'a Firing)>, Failure> {
    let alerts = snapshot.kept.alerts.iter();
    let alerts = alerts.filter(|alert| alert.client == *client && only.is_none_or(|only| alert.policy == *only));
    let all: Vec<_> = alerts.filter_map(|alert| Some((alert, alert.firing()?))).collect();
    let mut found = all.clone();
    found.retain(|(alert, _)| !is_told_in_any_case(&alert.policy));
    if let (Some((alert, _)), true) = (all.first(), found.is_empty()) {
        return Err(Failure::failed(format!("`{}` cannot be acknowledged", alert.policy))
            .hint("`balancewatch brake off` ends it"));
    }
    if !found.is_empty() {
        return Ok(found);
    }
    let what = only.map_or_else(|| "nothing fires".to_owned(), |only| format!("`{only}` does not fire"));
    Err(Failure::failed(format!("{what} for client `{client}`"))
        .hint(format!("`balancewatch explain {client}` says where each alert stands")))
}

fn ack(opened: &Opened, snapshot: &Snapshot, args: &AckArgs, by: &str, (alert, firing): (&Alert, &Firing)) -> Decision {
    let now = opened.now.at;
    Decision {
        id: format!("ack.{}", firing.episode),
        account: snapshot.rules.account.clone(),
        kind: Kind::Ack,
        scope: Scope {
            client: Some(alert.client.clone()),
            policy: Some(alert.policy.clone()),
            episode: Some(firing.episode.clone()),
            ..Scope::default()
        },
        by: by.to_owned(),
        at: now,
        until: args.lasts.and_then(|lasts| now.checked_add(lasts).ok()),
        note: args.comment.clone().unwrap_or_default(),
    }
}
