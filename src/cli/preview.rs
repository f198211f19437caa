//! `preview POLICY`: what a policy would send, as files to look at.
//!
//! Sends nothing, opens no network and changes no store.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use serde_json::json;

use super::context::{Context, Exit};
use super::failure::Failure;
use super::opened::{self, Opened};
use super::runtime::block_on;
use super::texts::only;
use crate::clock::Clock;
use crate::config::problem::nearest;
use crate::config::{Account, Channel, ChannelKind, Secrets, Settings};
use crate::daemon::parts;
use crate::demo::fresh_folder;
use crate::desk::find;
use crate::domain::notice::{MessageKind, Notification, Transition};
use crate::domain::policy::Scope;
use crate::domain::watch::Watched;
use crate::domain::{ChannelName, Language, Policy, PolicyName};
use crate::net::Network;
use crate::notify::labels::Labelled;
use crate::notify::letter::{self, Letterhead};
use crate::notify::made_up::{self, Sample, To};
use crate::view::Table;

/// Write what a policy would send to files, to look at.
///
/// One set of files for each channel that the policy tells, for each thing it can be told of, and for each language a client
/// may read. Nothing is sent, and no network is opened. With --client, name, address, language and threshold are the client's
/// own, and its balance where that suits; all else is made up.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch preview low-balance                       what clients and operators would read
  balancewatch preview low-balance --channel client      only what clients would read
  balancewatch preview overdrawn --client 561115 --into ./look
  balancewatch preview digest                            the message that sums up")]
pub struct PreviewArgs {
    /// The policy's name, or `digest`
    #[arg(value_name = "POLICY")]
    pub policy: String,
    /// With what is known of this client
    #[arg(long, value_name = "ID")]
    pub client: Option<String>,
    /// Only this channel; `client` for mails to clients
    #[arg(long, value_name = "NAME")]
    pub channel: Option<String>,
    /// Write into this folder; else into a new one among the machine's temporary ones
    #[arg(long, value_name = "DIR")]
    pub into: Option<PathBuf>,
}

/// One message, and the files it was written to.
#[derive(Debug, Serialize)]
struct Written {
    channel: ChannelName,
    transition: &'static str,
    language: &'static str,
    subject: String,
    /// The reseller's own text that was used.
    own_text: Option<String>,
    /// Why it was not.
    trouble: Option<String>,
    files: Vec<PathBuf>,
}

/// What there is to preview.
struct Preview<'a> {
    sample: Sample<'a>,
    letterhead: &'a Letterhead,
    folder: &'a Path,
}

pub fn run(context: &mut Context, args: &PreviewArgs) -> Result<Exit, Failure> {
    block_on(async {
        let settings = context.load(Secrets::MayBeMissing)?.settings;
        let wanted = context.global.account.as_deref();
        let (account, watched) = match &args.client {
            None => (first(&settings, wanted)?, None),
            Some(id) => {
                let opened = Opened::open(context).await?;
                let snapshot = opened.snapshot(opened.account()?).await?;
                let watched = find::client(&snapshot, id)?.into_owned();
                (opened::account(&settings, wanted)?, Some(watched))
            }
        };
        let policies = settings.policies_of(account);
        let policy = policy(&policies, &args.policy)?;
        let channels = channels(&settings, &policy, args)?;
        let delivery = parts::delivery(&settings, &Network::load(), None)
            .map_err(|error| Failure::from_error(&error, super::failure::FAILED))?;
        let folder = folder(args).map_err(|error| Failure::from(error).while_doing("cannot make the folder"))?;
        let preview = Preview {
            sample: Sample {
                account: &account.name,
                currency: &account.currency,
                policy: &policy,
                watched: watched.as_ref(),
                now: Clock::real().now(),
            },
            letterhead: &delivery.letterhead,
            folder: &folder,
        };
        let mut written = Vec::new();
        for (name, channel) in &channels {
            written.extend(preview.channel(name, *channel)?);
        }
        show(context, &folder, &written, watched.as_ref())?;
        Ok(if written.iter().any(|written| written.trouble.is_some()) {
            Exit::MustLook
        } else {
            Exit::Fine
        })
    })
}

/// The account that is meant, or else the first.
fn first<'s>(settings: &'s Settings, wanted: Option<&str>) -> Result<&'s Account, Failure> {
    let accounts = opened::accounts(settings, wanted)?;
    let first = accounts.first().copied();
    first.ok_or_else(|| Failure::failed("no account is configured"))
}

/// The policy of this name. A digest has none, and is made up from any.
fn policy(policies: &[Policy], name: &str) -> Result<Policy, Failure> {
    let found = policies.iter().find(|policy| policy.name.as_str() == name);
    if let Some(policy) = found {
        return Ok(policy.clone());
    }
    match policies.first() {
        Some(any) if name == PolicyName::digest().as_str() => Ok(Policy {
            name: PolicyName::digest(),
            ..any.clone()
        }),
        _ => {
            let known = || policies.iter().map(|policy| policy.name.as_str());
            let failure = Failure::usage(format!("there is no policy `{name}`"));
            Err(match nearest(name, known()) {
                Some(meant) => failure.hint(format!("did you mean `{meant}`?")),
                None => failure.hint(format!(
                    "there are {}, and digest",
                    known().collect::<Vec<_>>().join(", ")
                )),
            })
        }
    }
}

/// The channels to show: those that are told, or the one that is asked for.
fn channels<'s>(
    settings: &'s Settings,
    policy: &Policy,
    args: &PreviewArgs,
) -> Result<Vec<(ChannelName, Option<&'s Channel>)>, Failure> {
    let find = |name: &str| settings.channels.iter().find(|channel| channel.name.as_str() == name);
    let is_digest = policy.name == PolicyName::digest();
    let digest = settings.digest.iter().map(|digest| digest.channel.clone());
    let names: Vec<ChannelName> = match &args.channel {
        Some(name) if name == ChannelName::client().as_str() && !is_digest => vec![ChannelName::client()],
        Some(name) => match find(name) {
            Some(channel) => vec![channel.name.clone()],
            None => {
                let known: Vec<&str> = settings.channels.iter().map(|channel| channel.name.as_str()).collect();
                return Err(
                    Failure::usage(format!("there is no channel `{name}` for this")).hint(format!(
                        "there are {}, and client for what clients read",
                        known.join(", ")
                    )),
                );
            }
        },
        None if is_digest => digest.collect(),
        None => policy.notify.clone(),
    };
    if names.is_empty() {
        let failure = Failure::failed(format!("`{}` is told to nobody", policy.name));
        return Err(failure.hint("`--channel NAME` shows what that channel would get"));
    }
    Ok(names
        .into_iter()
        .map(|name| (name.clone(), find(name.as_str())))
        .collect())
}

fn folder(args: &PreviewArgs) -> io::Result<PathBuf> {
    match &args.into {
        None => fresh_folder("preview"),
        Some(folder) => {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            folder.canonicalize()
        }
    }
}

/// One message to show.
struct Piece<'a> {
    what: &'static str,
    kind: MessageKind,
    notifications: Vec<Notification>,
    language: Language,
    channel: &'a ChannelName,
    /// Whether it is laid out as a mail.
    is_mail: bool,
}

impl Preview<'_> {
    /// Everything that one channel would get.
    fn channel(&self, name: &ChannelName, channel: Option<&Channel>) -> Result<Vec<Written>, Failure> {
        let is_mail = channel.is_none_or(|channel| matches!(channel.kind, ChannelKind::Email { .. }));
        let recipients = channel.map(|channel| channel.kind.recipients()).unwrap_or_default();
        let recipient = if name.is_client() {
            "client@example.com".to_owned()
        } else {
            recipients.into_iter().next().unwrap_or_default()
        };
        let to = To {
            channel: name,
            recipient: &recipient,
            country: "",
        };
        let is_digest = self.sample.policy.name == PolicyName::digest();
        let transitions: Vec<(&'static str, Transition)> = match (is_digest, name.is_client()) {
            (true, _) => vec![("digest", self.sample.digest())],
            (false, true) => self.sample.to_clients(),
            (false, false) => self.sample.to_operators(),
        };
        let mut pieces = Vec::new();
        for language in self.languages(name) {
            pieces.extend(transitions.iter().map(|(what, transition)| Piece {
                what,
                kind: MessageKind::Single,
                notifications: vec![self.sample.notification(transition.clone(), to)],
                language,
                channel: name,
                is_mail,
            }));
        }
        if !name.is_client() && !is_digest && self.sample.policy.scope == Scope::Clients {
            let together = [("group", MessageKind::Group), ("summary", MessageKind::Summary)];
            pieces.extend(together.map(|(what, kind)| Piece {
                what,
                kind,
                notifications: self.sample.group(to),
                language: Language::English,
                channel: name,
                is_mail,
            }));
        }
        let written = pieces.iter().filter_map(|piece| self.write(piece).transpose());
        written.collect()
    }

    /// The languages that a channel may be written to in.
    fn languages(&self, channel: &ChannelName) -> Vec<Language> {
        if !channel.is_client() {
            return vec![Language::English];
        }
        let languages = &self.letterhead.languages;
        if let Some(Watched { client, .. }) = self.sample.watched {
            let language = languages.of(client.id.as_str(), &client.email, &client.label(), &client.country);
            return vec![language];
        }
        let mut all: Vec<Language> = languages.rules.iter().map(|(language, _)| *language).collect();
        all.push(languages.default);
        all.sort();
        all.dedup();
        all
    }

    /// Writes the files of one message; `None`: nobody is told of this.
    fn write(&self, piece: &Piece<'_>) -> Result<Option<Written>, Failure> {
        let letterhead = Letterhead {
            languages: only(piece.language),
            ..self.letterhead.clone()
        };
        let Some(first) = piece.notifications.first() else {
            return Ok(None);
        };
        let message = made_up::message(first, piece.kind);
        let Ok(letter) = letter::write(&message, &piece.notifications, &letterhead, self.sample.now) else {
            return Ok(None);
        };
        let mail = letter.to_mail();
        let language = piece.language.code();
        let about = json!({
            "channel": piece.channel,
            "policy": self.sample.policy.name,
            "transition": piece.what,
            "language": language,
            "subject": mail.subject,
            "text": mail.text,
            "alerts": piece.notifications.iter()
                .map(|notification| Labelled::of(notification, &letterhead, self.sample.now))
                .collect::<Vec<_>>(),
        });
        let mut contents = vec![("txt", format!("Subject: {}\n\n{}", mail.subject, mail.text))];
        if piece.is_mail {
            contents.push(("html", mail.html));
        }
        contents.push(("json", serde_json::to_string_pretty(&about)? + "\n"));
        let mut name = format!("{}.{}", piece.channel, piece.what);
        if piece.channel.is_client() {
            name = format!("{name}.{language}");
        }
        let mut files = Vec::new();
        for (ending, content) in contents {
            let path = self.folder.join(format!("{name}.{ending}"));
            std::fs::write(&path, content)
                .map_err(|error| Failure::from(error).while_doing(format!("cannot write `{}`", path.display())))?;
            files.push(path);
        }
        Ok(Some(Written {
            channel: piece.channel.clone(),
            transition: piece.what,
            language,
            subject: mail.subject,
            own_text: letter.own_text,
            trouble: letter.trouble.map(|trouble| trouble.to_string()),
            files,
        }))
    }
}

fn show(context: &mut Context, folder: &Path, written: &[Written], watched: Option<&Watched>) -> Result<(), Failure> {
    if context.wants_json() {
        return context.out.json(&written);
    }
    let mut table = Table::new(&["channel", "about", "language", "files", "subject"]);
    for piece in written {
        let name = piece.files.first().and_then(|file| file.file_stem());
        let endings = piece.files.iter().filter_map(|file| file.extension());
        let endings: Vec<_> = endings.map(|ending| ending.to_string_lossy()).collect();
        let name = name.map(|name| name.to_string_lossy()).unwrap_or_default();
        table.row([
            piece.channel.to_string(),
            piece.transition.to_owned(),
            piece.language.to_owned(),
            format!("{name}.{{{}}}", endings.join(",")),
            piece.subject.clone(),
        ]);
    }
    context.out.table(&table)?;
    for piece in written {
        if let Some(trouble) = &piece.trouble {
            context
                .out
                .line(&format!("warning: the shipped text stands in for {trouble}"))?;
        }
    }
    let made_up = match watched {
        Some(watched) => format!("{} is real; numbers that do not suit are made up", watched.client.id),
        None => "the client is made up".to_owned(),
    };
    context.out.line(&format!(
        "written to {}; {made_up}, and nothing was sent",
        folder.display()
    ))
}
