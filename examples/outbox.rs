//! The parts of `benches/outbox.py`: the outbox as the daemon runs it, with a mail server and a filled store beside it, each
//! a process of its own so that one is measured without the others.
//!
//! ```text
//! outbox serve            a mail server on loopback; says its port, then at the end of its input how many mails it took
//! outbox fill STORE N     a store that owes N mails to operators
//! outbox letter FOLDER    what such a mail says, as `text` and `html`
//! outbox send STORE PORT  delivers what a store owes
//! outbox claim STORE N    a store in which N messages wait in each of several ways, and what a claim takes there
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use balancewatch::clock::Clock;
use balancewatch::domain::alert::EpisodeId;
use balancewatch::domain::notice::{Facts, Message, MessageKind, NoticeState, Notification, Transition};
use balancewatch::domain::reason::{Finding, Measure, Reason, Relation};
use balancewatch::domain::{AccountName, ChannelName, ClientId, Languages, Money, PolicyName, Reading, Severity};
use balancewatch::mail_catcher::{MailCatcher, Options};
use balancewatch::notify::delivery::Channel;
use balancewatch::notify::email::{Email, PATIENCE, Security, Server};
use balancewatch::notify::letter::{self, Letterhead};
use balancewatch::notify::outbox::{Outbox, Settings};
use balancewatch::notify::queue::Queue;
use balancewatch::store::{Access, Commit, Store};
use jiff::{SignedDuration, Timestamp};

/// How often each cost is measured.
const ROUNDS: u32 = 61;

type Failure = Box<dyn Error>;

/// Messages of one commit, as many as a sweep writes together.
const TOGETHER: u32 = 256;

#[expect(clippy::print_stdout, reason = "a program of its own; these are its answers")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["serve"] => {
            let catcher = MailCatcher::start(Options::default()).await?;
            println!("{}", catcher.address().port());
            tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
            let mails = catcher.mails();
            let ids: std::collections::BTreeSet<_> =
                mails.iter().filter_map(|mail| mail.header("Message-ID")).collect();
            println!("mails {} different {}", mails.len(), ids.len());
        }
        ["fill", path, number] => {
            let store = Store::open(Path::new(path), Access::Daemon).await?;
            let owed = (0..number.parse()?).map(|number| owed(number, "ops", now()));
            put(&store, owed).await?;
            store.close().await;
        }
        ["letter", folder] => {
            let (message, notification) = owed(0, "ops", now());
            let mail = letter::write(&message, &[notification], &letterhead(), now())?.to_mail();
            std::fs::write(Path::new(folder).join("text"), mail.text)?;
            std::fs::write(Path::new(folder).join("html"), mail.html)?;
        }
        ["send", path, port] => {
            let store = Store::open(Path::new(path), Access::Daemon).await?;
            let (_held, settings) = tokio::sync::watch::channel(Arc::new(settings(port.parse()?)?));
            let mut outbox = Outbox::new(store.clone(), Clock::real(), settings);
            let drained = outbox.drain(std::future::pending()).await?;
            store.close().await;
            println!("sent {}", drained.sent);
        }
        ["claim", path, number] => {
            let number: u32 = number.parse()?;
            for (name, shape) in SHAPES {
                let path = format!("{path}.{}", name.replace(' ', "-"));
                let store = Store::open(Path::new(&path), Access::Daemon).await?;
                put(&store, shape(number)).await?;
                let costs = costs(&store).await?;
                store.close().await;
                println!(
                    "{name}\t{}",
                    costs.map(|cost| format!("{:.1}", cost.as_secs_f64() * 1e6)).join("\t")
                );
            }
        }
        _ => return Err("arguments: serve | fill STORE N | letter FOLDER | send STORE PORT | claim STORE N".into()),
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program of its own, which measures real time"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program of its own, which measures real time"
)]
fn ticks() -> Instant {
    Instant::now()
}

type Owed = (Message, Notification);

/// A notification of an alert of client `number`, and the message that carries it.
fn owed(number: u32, channel: &str, at: Timestamp) -> Owed {
    let account = AccountName::new("main").expect("a name");
    let client = ClientId::new(&(100_000 + number).to_string()).expect("an id");
    let policy = PolicyName::new("low-balance").expect("a name");
    let episode = EpisodeId::new(&account, &client, &policy, at);
    let transition = Transition::Fired { relapse: false };
    let recipient = "noc@example.com".to_owned();
    let id = format!("{episode}/{}/{channel}/{recipient}", transition.label());
    let balance: Money = "8.0588".parse().expect("an amount");
    let notification = Notification {
        id: id.clone(),
        account: account.clone(),
        client,
        policy,
        episode: episode.clone(),
        transition,
        severity: Severity::Warning,
        channel: ChannelName::new(channel).expect("a name"),
        recipient: recipient.clone(),
        facts: Facts {
            label: "Consulting".to_owned(),
            currency: "USD".to_owned(),
            reading: Some(Reading {
                balance,
                spent_today: None,
                spent_total: None,
                at,
            }),
            threshold: None,
            reason: Reason::Limits {
                findings: vec![Finding {
                    measure: Measure::Balance,
                    value: balance,
                    relation: Relation::Below,
                    limit: "10".parse().expect("an amount"),
                    limit_text: None,
                }],
            },
            since: at,
            management: None,
            ending: None,
            enforcement: None,
            country: String::new(),
            account: None,
            runbook_url: None,
        },
        created_at: at,
        message: Some(id.clone()),
        state: NoticeState::Pending,
    };
    let message = Message {
        id,
        account,
        channel: notification.channel.clone(),
        recipient,
        thread: episode.to_string(),
        kind: MessageKind::Single,
        created_at: at,
        not_before: at,
        deadline: at + SignedDuration::from_hours(24),
        paced: None,
        attempts: 0,
        next_at: at,
        state: NoticeState::Pending,
        receipt: None,
    };
    (message, notification)
}

/// Writes them as a sweep would, a batch at a time.
async fn put(store: &Store, owed: impl Iterator<Item = Owed>) -> Result<(), Failure> {
    let mut owed = owed.peekable();
    while owed.peek().is_some() {
        let account = AccountName::new("main").expect("a name");
        let mut commit = Commit::new(account, now());
        for (message, notification) in owed.by_ref().take(TOGETHER as usize) {
            commit.messages.push(message);
            commit.notifications.push(notification);
        }
        store.commit(&commit).await?;
    }
    Ok(())
}

/// Mail through the server on this port, as the daemon sets it up.
fn settings(port: u16) -> Result<Settings, Failure> {
    let server = Server {
        host: "127.0.0.1".to_owned(),
        port,
        security: Security::Loopback,
        login: None,
        from: "Phone service <alerts@example.com>".to_owned(),
        reply_to: None,
        helo: None,
        timeout: Duration::from_secs(30),
        patience: PATIENCE,
    };
    let email: Arc<dyn Channel> = Arc::new(Email::new(server, [])?);
    Ok(Settings {
        channels: BTreeMap::from([(ChannelName::new("ops").expect("a name"), email)]),
        letterhead: letterhead(),
        receivers: BTreeMap::new(),
        client_mails_per_hour: 20,
        look_every: Duration::from_secs(5),
        seed: 1,
    })
}

fn letterhead() -> Letterhead {
    Letterhead {
        service: "Phone service".to_owned(),
        zone: jiff::tz::TimeZone::UTC,
        pay_url: None,
        contact: Vec::new(),
        takes_replies: false,
        languages: Languages::default(),
        links: None,
        templates: None,
    }
}

/// So many messages that wait.
type Waiting = fn(u32) -> Box<dyn Iterator<Item = Owed>>;

/// What may wait, and how.
const SHAPES: [(&str, Waiting); 7] = [
    ("all due", |number| {
        Box::new((0..number).map(|number| owed(number, "ops", now())))
    }),
    ("all to come", |number| {
        Box::new((0..number).map(|number| later(owed(number, "ops", now()))))
    }),
    ("paced ones put off", |number| {
        Box::new((0..number).map(|number| {
            let (mut message, notification) = later(owed(number, "client", now()));
            message.paced = Some(number.to_string().parse().expect("an amount"));
            (message, notification)
        }))
    }),
    ("threads of ten", |number| {
        Box::new((0..number).map(|number| in_thread(number, number / 10)))
    }),
    ("one thread", |number| {
        Box::new((0..number).map(|number| in_thread(number, 0)))
    }),
    ("ten channels", |number| {
        Box::new((0..number).map(|number| owed(number, &format!("ops-{}", number % 10), now())))
    }),
    ("broken channel, ends behind", |number| {
        Box::new((0..number).map(move |place| {
            let (first, half) = (place % (number / 2).max(1), number / 2);
            let (mut message, notification) = in_thread(place, first);
            if place < half {
                (message, _) = later((message, notification.clone()));
            }
            (message, notification)
        }))
    }),
];

/// Put off for an hour.
fn later((mut message, notification): Owed) -> Owed {
    message.next_at += SignedDuration::from_hours(1);
    (message, notification)
}

fn in_thread(number: u32, thread: u32) -> Owed {
    let (mut message, notification) = owed(number, "ops", now());
    message.thread = format!("thread-{thread}");
    (message, notification)
}

/// What the outbox pays while these wait, each as the fastest of many, since what else runs on the machine only adds: a
/// claim of ten of each channel, a look for the next one, a commit of 256 new messages, and the record of one that leaves
/// and of one that has.
async fn costs(store: &Store) -> Result<[Duration; 5], Failure> {
    let mut costs = [const { Vec::new() }; 5];
    for round in 0..ROUNDS {
        let started = ticks();
        Queue::due(store, now(), 10).await?;
        costs[0].push(started.elapsed());
        let started = ticks();
        Queue::next_at(store).await?;
        costs[1].push(started.elapsed());
        let at = now() + SignedDuration::from_hours(1);
        let new = (0..TOGETHER).map(|number| later(owed(1_000_000 + round * TOGETHER + number, "other", at)));
        let new: Vec<Owed> = new.collect();
        let started = ticks();
        put(store, new.clone().into_iter()).await?;
        costs[2].push(started.elapsed());
        let (mut one, _) = new[0].clone();
        for (place, state) in [(3, NoticeState::Sending), (4, NoticeState::Delivered)] {
            one.state = state;
            let record = balancewatch::notify::queue::Record::of(&one, None, now());
            let started = ticks();
            Queue::record(store, record).await?;
            costs[place].push(started.elapsed());
        }
        let mut gone = Commit::new(one.account.clone(), now());
        for (mut message, _) in new {
            message.state = NoticeState::Delivered;
            gone.messages.push(message);
        }
        store.commit(&gone).await?;
    }
    Ok(costs.map(|costs| costs.into_iter().min().unwrap_or_default()))
}
