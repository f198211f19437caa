//! `test-notify CHANNEL`: one message through the real channel, now.
//!
//! Goes past the outbox and is written down nowhere: it counts as no notification, and changes no store.

use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;
use serde::Serialize;

use super::context::{Context, Exit};
use super::failure::{FAILED, Failure};
use super::opened::{self, Opened};
use super::runtime::block_on;
use crate::clock::Clock;
use crate::config::problem::nearest;
use crate::config::{Account, Channel, ChannelKind, Secrets, Settings};
use crate::daemon::mirrors::Mirrors;
use crate::daemon::parts::{self, Delivery};
use crate::desk::find;
use crate::domain::ChannelName;
use crate::domain::judge::rules::addresses;
use crate::domain::notice::MessageKind;
use crate::domain::watch::Watched;
use crate::net::Network;
use crate::notify::delivery::{Failed, Parcel, never, send_alone};
use crate::notify::letter;
use crate::notify::made_up::{self, To};
use crate::view::{Table, Tone};

/// Send one test message through a channel, now.
///
/// It is marked as a test, goes to each recipient of the channel and is written down nowhere: it counts as no notification, and
/// nothing follows from it. A pager opens an incident for it, which a person closes; Alertmanagers show it for five minutes. `client` is the channel that mails
/// clients: it needs --client, and mails that client alone.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch test-notify ops                           is everything set up?
  balancewatch test-notify client --client 561115        mails this client: it says that it is a test

Exit codes: 0 every recipient's server took it, 1 one did not; what it said is printed.")]
pub struct TestNotifyArgs {
    /// The channel's name
    #[arg(value_name = "CHANNEL")]
    pub channel: String,
    /// About this client; with the channel `client`, to it
    #[arg(long, value_name = "ID")]
    pub client: Option<String>,
}

/// How long a test stays at an Alertmanager: as long as somebody needs to look.
const SHOWN_FOR: SignedDuration = SignedDuration::from_mins(5);

/// How long each Alertmanager may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of one message.
#[derive(Debug, Serialize)]
struct Sent {
    channel: ChannelName,
    recipient: String,
    ok: bool,
    /// What the receiver said.
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'static str>,
}

pub fn run(context: &mut Context, args: &TestNotifyArgs) -> Result<Exit, Failure> {
    block_on(async {
        let settings = context.load(Secrets::Required)?.settings;
        let wanted = context.global.account.as_deref();
        let known = match &args.client {
            None => None,
            Some(id) => {
                let opened = Opened::open(context).await?;
                let snapshot = opened.snapshot(opened.account()?).await?;
                Some(find::client(&snapshot, id)?.into_owned())
            }
        };
        let accounts = opened::accounts(&settings, wanted)?;
        let account = accounts.first().copied();
        let account = account.ok_or_else(|| Failure::failed("no account is configured"))?;
        let (name, recipients) = whom(&settings, &args.channel, known.as_ref())?;
        if is_mirror(&settings, &name) {
            let sent = show_one(&settings, account, &name, known.as_ref()).await?;
            return end(context, &name, &sent);
        }
        let delivery = parts::delivery(&settings, &Network::load(), None)
            .map_err(|error| Failure::from_error(&error, FAILED).while_doing("the channel cannot be used"))?;
        let mut sent = Vec::new();
        for recipient in recipients {
            sent.push(send(account, &delivery, &name, recipient, known.as_ref()).await?);
        }
        end(context, &name, &sent)
    })
}

/// What came of it. Nobody who was not reached: a failure.
fn end(context: &mut Context, name: &ChannelName, sent: &[Sent]) -> Result<Exit, Failure> {
    show(context, sent)?;
    match sent.iter().find(|sent| !sent.ok) {
        None => Ok(Exit::Fine),
        Some(bad) => Err(
            Failure::failed(format!("channel `{name}` did not take the test message"))
                .cause(bad.detail.clone())
                .hint_if(bad.hint),
        ),
    }
}

fn is_mirror(settings: &Settings, name: &ChannelName) -> bool {
    let channel = settings.channels.iter().find(|channel| channel.name == *name);
    channel.is_some_and(|channel| matches!(channel.kind, ChannelKind::Alertmanager { .. }))
}

/// Shows a test alert at every peer of a mirror, which ends by itself.
async fn show_one(
    settings: &Settings,
    account: &Account,
    channel: &ChannelName,
    known: Option<&Watched>,
) -> Result<Vec<Sent>, Failure> {
    let clock = Clock::real();
    let mirrors = Mirrors::new(settings, &Network::load(), &clock, None)
        .map_err(|error| Failure::from_error(&error, FAILED).while_doing("the channel cannot be used"))?;
    let to = To {
        channel,
        recipient: "",
        country: "",
    };
    let notification = made_up::test(&account.name, known.map(|watched| &watched.client), to, clock.now());
    let told = mirrors.show_one(channel, &notification, SHOWN_FOR, PATIENCE).await;
    let sent = told.into_iter().map(|(peer, told)| Sent {
        channel: channel.clone(),
        recipient: peer,
        ok: told.is_ok(),
        hint: told.as_ref().err().and_then(|failed| failed.as_ref()?.hint),
        detail: match told {
            Ok(()) => format!("taken; the alert test-notify ends there in {SHOWN_FOR:#}"),
            Err(Some(failed)) => failed.text,
            Err(None) => "no answer in time".to_owned(),
        },
    });
    Ok(sent.collect())
}

/// To whom the message goes.
fn whom(settings: &Settings, name: &str, known: Option<&Watched>) -> Result<(ChannelName, Vec<String>), Failure> {
    if name == ChannelName::client().as_str() {
        let Some(watched) = known else {
            let failure = Failure::usage("the channel `client` needs `--client ID`");
            return Err(failure.hint("it mails that client, and nobody else"));
        };
        let addresses = addresses(watched, watched.threshold.as_ref());
        if addresses.is_empty() {
            let failure = Failure::failed(format!("client `{}` has no usable mail address", watched.client.id));
            return Err(failure.hint("give it one in the VoIP.ms portal; it is known after the next sweep"));
        }
        return Ok((
            ChannelName::client(),
            addresses.into_iter().map(str::to_owned).collect(),
        ));
    }
    let channels = &settings.channels;
    let Some(Channel { name, kind, .. }) = channels.iter().find(|channel| channel.name.as_str() == name) else {
        let known = || channels.iter().map(|channel| channel.name.as_str());
        let failure = Failure::usage(format!("there is no channel `{name}`"));
        return Err(match nearest(name, known()) {
            Some(meant) => failure.hint(format!("did you mean `{meant}`?")),
            None => failure.hint(format!(
                "there are {}, and client",
                known().collect::<Vec<_>>().join(", ")
            )),
        });
    };
    Ok((name.clone(), kind.recipients()))
}

async fn send(
    account: &Account,
    delivery: &Delivery,
    channel: &ChannelName,
    recipient: String,
    known: Option<&Watched>,
) -> Result<Sent, Failure> {
    let now = Clock::real().now();
    let to = To {
        channel,
        recipient: &recipient,
        country: "",
    };
    let notification = made_up::test(&account.name, known.map(|watched| &watched.client), to, now);
    let message = made_up::message(&notification, MessageKind::Single);
    let parcel = Parcel {
        letter: letter::test(&message, &notification, &delivery.letterhead, now),
        message,
        notifications: vec![notification],
        at: now,
        root: None,
    };
    let Some(way) = delivery.channel(channel) else {
        let failure = Failure::failed(format!("channel `{channel}` cannot be used"));
        return Err(failure.hint("mails need `[smtp]` in the configuration"));
    };
    let attempted = send_alone(way, &parcel, never()).await;
    let detail = match &attempted {
        Ok(Some(receipt)) => format!("taken, as {receipt}"),
        Ok(None) => "taken".to_owned(),
        Err(Failed { text, .. }) => text.clone(),
    };
    Ok(Sent {
        channel: channel.clone(),
        recipient,
        ok: attempted.is_ok(),
        detail,
        hint: attempted.err().and_then(|failed| failed.hint),
    })
}

fn show(context: &mut Context, sent: &[Sent]) -> Result<(), Failure> {
    if context.wants_json() {
        return context.out.json(&sent);
    }
    let mut table = Table::new(&["channel", "recipient", "", "answer"]);
    for sent in sent {
        let (word, tone) = if sent.ok {
            ("ok", Tone::Good)
        } else {
            ("FAILED", Tone::Bad)
        };
        let recipient = if sent.recipient.is_empty() {
            "-"
        } else {
            &sent.recipient
        };
        table.row([
            (sent.channel.to_string(), Tone::Plain),
            (recipient.to_owned(), Tone::Plain),
            (word.to_owned(), tone),
            (sent.detail.clone(), Tone::Plain),
        ]);
    }
    context.out.table(&table)
}
