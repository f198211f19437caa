//! `silence`: tell nobody of a client, of a policy or of both for a while; list what is silenced; end it by hand.
//!
//! A silence is a decision in the store, which the daemon reads before each of its own. This command changes nothing else and
//! needs no running daemon.

use clap::{ArgGroup, Args, Subcommand};
use jiff::SignedDuration;
use serde_json::json;

use super::brake::reason;
use super::context::{Context, Exit};
use super::failure::Failure;
use super::opened::{Opened, client};
use super::person;
use super::runtime::block_on;
use crate::config::Account;
use crate::domain::PolicyName;
use crate::domain::decision::{Decision, Kind, Scope};
use crate::domain::hush::is_told_in_any_case;
use crate::view::Snapshot;
use crate::view::hushed::{SilenceRow, Silences};

/// Tell nobody of a client or a policy for a while.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub struct SilenceArgs {
    #[command(subcommand)]
    command: SilenceCommand,
}

#[derive(Debug, Subcommand)]
enum SilenceCommand {
    /// Silence a client, a policy, or a policy for one client
    #[command(after_help = "\
Examples:
  balancewatch silence add --client 561115 --for 2h --comment \"moves to another provider today\"
  balancewatch silence add --policy blind --for 1d --comment \"VoIP.ms announced maintenance\"
  balancewatch silence add --client 561115 --policy overdrawn --for 8h --comment \"has promised to pay\" --by alice

Alerts go on: they are judged, shown and counted. What still fires when the silence ends is told then, once. Whoever was
told that an alert fires is told that it ended. A silence never stops enforcement, nor the alerts about the brake.")]
    Add(AddArgs),
    /// List the silences that hold
    List,
    /// End a silence now: what still fires is told with its next reading
    Expire {
        /// Its id, as `list` prints it
        #[arg(value_name = "ID")]
        id: String,
    },
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").args(["client", "policy"]).required(true).multiple(true)))]
struct AddArgs {
    /// Only this client
    #[arg(long, value_name = "ID")]
    client: Option<String>,
    /// Only this policy
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// How long, at most 30d
    #[arg(long = "for", value_name = "DURATION", value_parser = person::lasting)]
    lasts: SignedDuration,
    /// Why, for whoever finds it
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    comment: String,
    /// Who decides this [default: the user who runs it]
    #[arg(long, value_name = "NAME", value_parser = person::by)]
    by: Option<String>,
}

/// What ids are made of: nothing that is taken for something else when it is read out.
const LETTERS: &[u8] = b"23456789bcdfghjkmnpqrstvwxz";

/// How many of them: with some hundred silences, one in a thousand new ones would meet a known id, and is made anew.
const ID_LENGTH: usize = 4;

/// Ids that are tried before giving up.
const MOST_IDS: usize = 20;

pub fn run(context: &mut Context, args: &SilenceArgs) -> Result<Exit, Failure> {
    block_on(async {
        let opened = Opened::open(context).await?;
        match &args.command {
            SilenceCommand::Add(args) => add(context, &opened, args).await?,
            SilenceCommand::List => list(context, &opened).await?,
            SilenceCommand::Expire { id } => expire(context, &opened, id).await?,
        }
        Ok(Exit::Fine)
    })
}

async fn add(context: &mut Context, opened: &Opened, args: &AddArgs) -> Result<(), Failure> {
    let account = opened.account()?;
    let snapshot = opened.snapshot(account).await?;
    let scope = Scope {
        client: match &args.client {
            Some(id) => Some(client(&snapshot, id)?.client.id.clone()),
            None => None,
        },
        policy: args.policy.as_deref().map(|name| policy(&snapshot, name)).transpose()?,
        ..Scope::default()
    };
    if let Some(name) = scope.policy.as_ref().filter(|name| is_told_in_any_case(name)) {
        return Err(Failure::failed(format!("nothing silences `{name}`"))
            .hint("somebody must know that nothing is enforced, and why"));
    }
    let now = opened.now.at;
    let mut silence = Decision {
        id: String::new(),
        account: account.name.clone(),
        kind: Kind::Silence,
        scope,
        by: person::name(args.by.as_deref(), &context.variables),
        at: now,
        until: now.checked_add(args.lasts).ok(),
        note: args.comment.clone(),
    };
    for _ in 0..MOST_IDS {
        silence.id = id();
        let is_known = snapshot.kept.decisions.iter().any(|known| known.id == silence.id);
        if !is_known && opened.store.decide(&silence).await? {
            return say_added(context, opened, &silence);
        }
    }
    Err(Failure::failed("no free id was found for the silence").hint("try again"))
}

/// A name that nobody has yet, most probably.
fn id() -> String {
    let letters = (0..ID_LENGTH).map(|_| LETTERS[rand::random_range(0..LETTERS.len())]);
    format!("s-{}", letters.map(char::from).collect::<String>())
}

fn say_added(context: &mut Context, opened: &Opened, silence: &Decision) -> Result<(), Failure> {
    let row = SilenceRow::from(silence);
    if context.wants_json() {
        return context.out.json(&row);
    }
    let until = silence.until.map(|until| opened.now.clock(until)).unwrap_or_default();
    let Decision { id, by, .. } = silence;
    for line in [
        format!("{} is silenced by {by} until {until} ({id})", row.about()),
        "what still fires then is told then; whoever was told that an alert fires is told that it ended. Enforcement and the \
         alerts about the brake go on"
            .to_owned(),
        format!("`balancewatch silence expire {id}` ends it sooner"),
    ] {
        context.out.line(&line)?;
    }
    Ok(())
}

async fn list(context: &mut Context, opened: &Opened) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for account in opened.accounts() {
        rows.extend(silences(opened, account).await?.iter().map(SilenceRow::from));
    }
    let with_account = opened.settings.accounts.len() > 1;
    context.show(&Silences::new(rows, with_account), &opened.now)
}

/// Those that hold.
async fn silences(opened: &Opened, account: &Account) -> Result<Vec<Decision>, Failure> {
    let mut decisions = opened.store.decisions(&account.name).await?;
    decisions.retain(|decision| decision.kind == Kind::Silence && decision.in_force(opened.now.at));
    Ok(decisions)
}

async fn expire(context: &mut Context, opened: &Opened, id: &str) -> Result<(), Failure> {
    for account in opened.accounts() {
        let Some(silence) = silences(opened, account)
            .await?
            .into_iter()
            .find(|known| known.id == id)
        else {
            continue;
        };
        if !opened.store.revoke(&account.name, id).await? {
            continue;
        }
        if context.wants_json() {
            return context
                .out
                .json(&json!({"id": id, "account": account.name, "expired": true}));
        }
        let about = SilenceRow::from(&silence).about();
        context.out.line(&format!("{about} is not silenced by {id} any more"))?;
        return context
            .out
            .line("what still fires, and nothing else hushes, is told with its next reading");
    }
    Err(Failure::failed(format!("no silence `{id}` holds")).hint("`balancewatch silence list` prints those that do"))
}

/// A policy of the configuration.
///
/// # Errors
/// When there is none of this name (1).
pub fn policy(snapshot: &Snapshot, name: &str) -> Result<PolicyName, Failure> {
    let policies = &snapshot.rules.policies;
    let found = policies.iter().find(|policy| policy.name.as_str() == name);
    found.map(|policy| policy.name.clone()).ok_or_else(|| {
        let known: Vec<&str> = policies.iter().map(|policy| policy.name.as_str()).collect();
        Failure::failed(format!("there is no policy `{name}`")).hint(format!("there are {}", known.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::id;

    #[test]
    fn ids_are_short_and_differ() {
        let ids: std::collections::BTreeSet<String> = (0..100).map(|_| id()).collect();
        assert!(ids.len() > 90, "{ids:?}");
        assert!(ids.iter().all(|id| id.len() == 6 && id.starts_with("s-")), "{ids:?}");
    }
}
