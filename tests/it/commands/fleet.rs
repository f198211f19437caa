//! A small fleet in a store of its own, with a configuration beside it, and the real binary to look at it with.

use std::path::PathBuf;
use std::process::Command;

use balancewatch::clock::Clock;
use balancewatch::domain::alert::{Alert, ClientWaits, EpisodeId, Firing, Pending, Phase};
use balancewatch::domain::enforcement::{
    Deferral, Direction, Enforcement, EnforcementState, EnforcementStep, FieldDifference, Mode, Outcome,
};
use balancewatch::domain::notice::{
    Attempt, AttemptOutcome, Facts, Message, MessageKind, NoticeState, Notification, Transition,
};
use balancewatch::domain::reason::{Finding, Measure, Reason, Relation};
use balancewatch::domain::watch::{AccountState, Watched};
use balancewatch::domain::{
    AccountName, ChannelName, Client, ClientId, Management, Money, PolicyName, Reading, Severity, Threshold,
};
use balancewatch::store::{Access, Commit, Error, HistoryEntry, Seen, Store};
use jiff::{SignedDuration, Timestamp};

use crate::program::{Said, program};

/// A company as the API could send it: not ASCII, with markup and with what would clear a terminal.
pub const NASTY: &str = "Über <b>GmbH</b>\u{1b}[2J\u{202e}";

/// The configuration; `PATH` is where the store is.
const CONFIG: &str = r#"
[[account]]
name = "main"
username = "reseller@example.com"
password_file = "/nowhere/at/all"

[smtp]
url = "smtp://127.0.0.1:2525"
from = "Phone service <alerts@example.com>"

[[channel]]
name = "ops"
type = "email"
to = ["noc@example.com"]

[[policy]]
name = "low-balance"
notify = ["ops", "client"]
clients = { exclude = ["561116"] }
enforce = { balance_management = "hard" }

[[policy]]
name = "held"
severity = "info"
when = { balance_below = "60.00" }
for = "10m"

[store]
url = "sqlite://PATH"
"#;

/// The fleet's place: a folder with a configuration and, once [`Fleet::fill`]ed, a store.
pub struct Fleet {
    pub folder: tempfile::TempDir,
    /// The time by which everything in the store is dated.
    pub now: Timestamp,
}

impl Fleet {
    /// A configuration, and no store yet.
    pub fn without_store() -> Self {
        let fleet = Self {
            folder: tempfile::tempdir().unwrap(),
            now: Clock::real().now(),
        };
        fleet.configure("");
        fleet
    }

    /// A configuration and a store with everything in it.
    pub async fn new() -> Self {
        let fleet = Self::without_store();
        let store = fleet.daemon_store().await;
        fleet.fill(&store).await;
        store.close().await;
        fleet
    }

    /// Writes the configuration, with more at its end.
    pub fn configure(&self, more: &str) {
        let path = self.store_path();
        let text = CONFIG.replace("PATH", path.to_str().unwrap());
        std::fs::write(self.folder.path().join("config.toml"), text + more).unwrap();
    }

    pub fn store_path(&self) -> PathBuf {
        self.folder.path().join("state.db")
    }

    /// Lets the firing alert of 561115 wait for a second reading, and a change wait for the brake.
    pub async fn leave_open(&self) {
        let store = self.daemon_store().await;
        let view = store.load(&account()).await.unwrap();
        let mut commit = Commit::new(account(), self.now);
        commit.alerts = view.alerts;
        commit.alerts.retain(|alert| alert.client == client("561115"));
        for alert in &mut commit.alerts {
            if let Phase::Firing(firing) = &mut alert.phase {
                firing.confirmed = false;
                firing.client_waits = Some(ClientWaits::Confirmation);
            }
        }
        let mut open = view.enforcements[0].clone();
        open.id = "open/enforce/1".to_owned();
        open.state = EnforcementState::Deferred { why: Deferral::Brake };
        (open.waited, open.told) = (3, ["waiting-brake".to_owned()].into());
        commit.enforcements = vec![open];
        store.commit(&commit).await.unwrap();
        store.close().await;
    }

    /// The store as the daemon opens it.
    pub async fn daemon_store(&self) -> Store {
        // Another test's child process holds every lock of this process for the moment between its fork and its exec.
        for _ in 0..100_000 {
            match Store::open(&self.store_path(), Access::Daemon).await {
                Err(Error::Locked { .. }) => tokio::task::yield_now().await,
                opened => return opened.unwrap(),
            }
        }
        panic!("the store stayed locked");
    }

    /// The program with these arguments, not started.
    pub fn program(&self, arguments: &[&str]) -> Command {
        program(&self.folder.path().join("config.toml"), arguments)
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Said {
        self.program(arguments).output().unwrap().into()
    }

    /// Runs it for scripts.
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        self.run(&[arguments, &["--output", "json"]].concat()).fine().json()
    }

    /// This many seconds ago.
    pub fn ago(&self, secs: i64) -> Timestamp {
        self.now - SignedDuration::from_secs(secs)
    }

    /// Puts the fleet into the store.
    pub async fn fill(&self, store: &Store) {
        store.commit(&self.commit(&account())).await.unwrap();
    }

    /// Everything, as one commit.
    pub fn commit(&self, account: &AccountName) -> Commit {
        let (alert, low) = self.firing(account);
        let notification = self.notification(account, &low, "ops", "noc@example.com", NoticeState::Delivered);
        let dead = NoticeState::Dead("550 no such user".to_owned());
        let to_client = self.notification(account, &low, "client", "jürgen@example.com", dead);
        let waiting = self.notification(account, &low, "ops", "second@example.com", NoticeState::Pending);
        let carried = [&notification, &to_client, &waiting];
        let mut commit = Commit::new(account.clone(), self.now);
        commit.state = Some(self.state());
        commit.clients = self.clients();
        commit.history = self.history();
        commit.alerts = vec![alert, self.pending(), self.account_access(account)];
        commit.messages = carried.iter().map(|notification| self.message(notification)).collect();
        commit.attempts = vec![
            self.attempt(&to_client, 1, AttemptOutcome::Retry, "451 try again later\u{1b}[0m"),
            self.attempt(&to_client, 2, AttemptOutcome::Refused, "550 no such user"),
        ];
        let enforcement = self.enforcement(account, &low);
        commit.steps = self.steps(&enforcement);
        commit.enforcements = vec![enforcement];
        commit.notifications = vec![notification, to_client, waiting];
        commit
    }

    /// The alert that fires, as if it had begun in mode apply.
    pub fn begun_in_apply(&self) -> Commit {
        let (mut alert, _) = self.firing(&account());
        if let Phase::Firing(firing) = &mut alert.phase {
            firing.mode = Mode::Apply;
        }
        let mut commit = Commit::new(account(), self.now);
        commit.alerts = vec![alert];
        commit
    }

    /// The account, as if its last sweep had begun and ended at these times.
    pub fn swept(&self, started_secs_ago: i64, ended_secs_ago: i64) -> Commit {
        let mut commit = Commit::new(account(), self.now);
        commit.state = Some(AccountState {
            sweep_started_at: Some(self.ago(started_secs_ago)),
            sweep_ended_at: Some(self.ago(ended_secs_ago)),
            ..self.state()
        });
        commit
    }

    fn state(&self) -> AccountState {
        let codes = [("1", "Hard balance management"), ("2", "Soft balance management")];
        AccountState {
            sweep_started_at: Some(self.ago(120)),
            sweep_ended_at: Some(self.ago(60)),
            inventory_at: Some(self.ago(119)),
            inventory_size: 3,
            management_codes: codes.map(|(code, text)| (code.to_owned(), text.to_owned())).into(),
            last_sweep: Some(
                r#"{"clients":3,"readings":2,"deferred":1,"errors":{"timeout":1},"api_calls":7,
                "alerts":{"fired":1,"resolved":0,"withdrawn":0},"notifications":{"sent":1,"deferred":1,"dead":1},
                "enforcements":{"applied":0,"refused":0,"waiting":0,"would":1},"seconds":60.0}"#
                    .to_owned(),
            ),
            ..AccountState::default()
        }
    }

    fn clients(&self) -> Vec<Watched> {
        let low = Watched {
            reading: Some(self.reading("8.0588", 90)),
            previous: Some(self.reading("9.50", 390)),
            threshold: Some(Threshold {
                amount: Some(money("10")),
                email: Some("jürgen@example.com".to_owned()),
                at: self.ago(600),
            }),
            judged: "low-balance,held,overdrawn,blind,".into(),
            ..self.watched("561115", NASTY, "john@example.com", 90)
        };
        let without_threshold = Watched {
            reading: Some(self.reading("50", 80)),
            threshold: Some(Threshold {
                amount: None,
                email: None,
                at: self.ago(600),
            }),
            last_error: Some("timeout".to_owned()),
            ..self.watched("561116", "Nobody to mail", "", 70)
        };
        let never_asked = Watched {
            first_attempt_at: None,
            last_attempt_at: None,
            ..self.watched("561117", "New", "new@example.com", 0)
        };
        let vanished = Watched {
            vanished_at: Some(self.ago(86_400)),
            missing_inventories: 2,
            ..self.watched("561118", "Gone", "gone@example.com", 90_000)
        };
        let reseller = Watched {
            reading: Some(self.reading("120.50", 100)),
            ..self.watched("reseller", "", "", 100)
        };
        vec![low, without_threshold, never_asked, vanished, reseller]
    }

    fn watched(&self, id: &str, company: &str, email: &str, attempt_secs: i64) -> Watched {
        let client = Client {
            id: client(id),
            email: email.to_owned(),
            company: company.to_owned(),
            firstname: "John".to_owned(),
            lastname: "O'Neil".to_owned(),
            country: String::new(),
            balance_management: "2".to_owned(),
            fingerprint: "f".to_owned(),
        };
        Watched {
            first_attempt_at: Some(self.ago(attempt_secs)),
            last_attempt_at: Some(self.ago(attempt_secs)),
            ..Watched::new(client, self.ago(100_000))
        }
    }

    fn reading(&self, balance: &str, secs: i64) -> Reading {
        Reading {
            balance: money(balance),
            spent_today: Some(money("0.2160")),
            spent_total: Some(money("31.5")),
            at: self.ago(secs),
        }
    }

    fn history(&self) -> Vec<HistoryEntry> {
        let entry = |secs, seen| HistoryEntry {
            client: client("561115"),
            at: self.ago(secs),
            seen,
        };
        let read = |balance: &str| Seen::Reading {
            balance: money(balance),
            spent_today: Some(money("0.2160")),
            threshold: Some(money("10")),
        };
        let gap = || Seen::Gap {
            error: "timeout".to_owned(),
        };
        vec![
            entry(1_290, read("9.50")),
            entry(990, read("9.50")),
            entry(690, gap()),
            entry(390, gap()),
            entry(90, read("8.0588")),
        ]
    }

    /// `low-balance` fires for 561115.
    fn firing(&self, account: &AccountName) -> (Alert, EpisodeId) {
        let (client, policy) = (client("561115"), policy("low-balance"));
        let since = self.ago(7_200);
        let episode = EpisodeId::new(account, &client, &policy, since);
        let firing = Firing {
            repeats: 1,
            last_told_at: self.ago(3_600),
            client_told: true,
            last_reading_at: Some(self.ago(90)),
            ..Firing::new(episode.clone(), since, Mode::Observe)
        };
        let alert = Alert {
            client,
            policy,
            condition: "balance_below threshold, clear: balance_at_least 110% of threshold".to_owned(),
            phase: Phase::Firing(firing),
            reason: low("8.0588", "10", Some("threshold")),
        };
        (alert, episode)
    }

    /// `held` is in breach for 561116, not for long enough.
    fn pending(&self) -> Alert {
        Alert {
            client: client("561116"),
            policy: policy("held"),
            condition: "balance_below 60.00".to_owned(),
            phase: Phase::Pending(Pending {
                since: self.ago(300),
                last_breach_at: self.ago(80),
                baseline: false,
                resolved_at: None,
                relapses: 0,
            }),
            reason: low("50", "60", None),
        }
    }

    fn account_access(&self, account: &AccountName) -> Alert {
        let (alert, _) = self.firing(account);
        let Phase::Firing(mut firing) = alert.phase else {
            unreachable!("it fires");
        };
        firing.repeats = 0;
        Alert {
            client: ClientId::account(),
            policy: policy("account-access"),
            condition: String::new(),
            phase: Phase::Firing(firing),
            reason: Reason::Account {
                what: "the API refused this machine's address".to_owned(),
                fix: "allow-list 192.0.2.7 on the API page of the portal".to_owned(),
            },
        }
    }

    fn notification(
        &self,
        account: &AccountName,
        episode: &EpisodeId,
        channel: &str,
        recipient: &str,
        state: NoticeState,
    ) -> Notification {
        let id = format!("{episode}/fired/{channel}/{recipient}");
        Notification {
            message: Some(id.clone()),
            id,
            account: account.clone(),
            client: client("561115"),
            policy: policy("low-balance"),
            episode: episode.clone(),
            transition: Transition::Fired { relapse: false },
            severity: Severity::Warning,
            channel: ChannelName::new(channel).unwrap(),
            recipient: recipient.to_owned(),
            facts: Facts {
                label: NASTY.to_owned(),
                currency: "USD".to_owned(),
                reading: Some(self.reading("8.0588", 90)),
                threshold: None,
                reason: low("8.0588", "10", Some("threshold")),
                since: self.ago(7_200),
                management: None,
                ending: None,
                enforcement: None,
                country: String::new(),
                runbook_url: None,
                account: None,
            },
            created_at: self.ago(7_200),
            state,
        }
    }

    fn message(&self, notification: &Notification) -> Message {
        Message {
            id: notification.id.clone(),
            account: notification.account.clone(),
            channel: notification.channel.clone(),
            recipient: notification.recipient.clone(),
            thread: notification.episode.to_string(),
            kind: MessageKind::Single,
            created_at: notification.created_at,
            not_before: notification.created_at,
            deadline: notification.created_at + SignedDuration::from_hours(24),
            paced: None,
            attempts: 2,
            next_at: self.now + SignedDuration::from_secs(600),
            state: notification.state.clone(),
            receipt: None,
        }
    }

    fn attempt(&self, notification: &Notification, number: u32, outcome: AttemptOutcome, detail: &str) -> Attempt {
        Attempt {
            message: notification.id.clone(),
            number,
            at: self.ago(7_200 - i64::from(number)),
            outcome,
            detail: detail.to_owned(),
        }
    }

    /// One whose record was not as meant when it was read back. Its image holds a password by mistake.
    fn enforcement(&self, account: &AccountName, episode: &EpisodeId) -> Enforcement {
        let zip = FieldDifference {
            field: "zip".to_owned(),
            expected: "01234".to_owned(),
            found: String::new(),
        };
        Enforcement {
            id: format!("{episode}/enforce/1"),
            account: account.clone(),
            client: client("561116"),
            policy: policy("low-balance"),
            episode: episode.clone(),
            direction: Direction::Enforce,
            wanted: Management::Hard,
            balance: money("-0.5"),
            planned_at: self.ago(7_100),
            state: EnforcementState::Ended {
                outcome: Outcome::Differs { fields: vec![zip] },
            },
            changed_at: self.ago(7_000),
            code_before: Some("2".to_owned()),
            code_sent: Some("1".to_owned()),
            fingerprint_before: Some("f".to_owned()),
            fingerprint_after: Some("g".to_owned()),
            before_image: Some(r#"{"client":"561116","zip":"01234","password":"hunter2"}"#.to_owned()),
            window_ms: Some(123),
            settle_at: None,
            asked_at: None,
            waited: 0,
            told: [].into(),
        }
    }

    fn steps(&self, enforcement: &Enforcement) -> Vec<EnforcementStep> {
        let steps = [
            ("planned", "asked for by low-balance"),
            ("sent", "balance_management=1"),
        ];
        (1..)
            .zip(steps)
            .map(|(number, (step, detail))| EnforcementStep {
                enforcement: enforcement.id.clone(),
                number,
                at: self.ago(7_100 - i64::from(number)),
                step: step.to_owned(),
                detail: detail.to_owned(),
            })
            .collect()
    }
}

pub fn account() -> AccountName {
    AccountName::new("main").unwrap()
}

fn client(id: &str) -> ClientId {
    ClientId::new(id).unwrap()
}

fn policy(name: &str) -> PolicyName {
    PolicyName::new(name).unwrap()
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn low(value: &str, limit: &str, limit_text: Option<&str>) -> Reason {
    Reason::Limits {
        findings: vec![Finding {
            measure: Measure::Balance,
            value: money(value),
            relation: Relation::Below,
            limit: money(limit),
            limit_text: limit_text.map(str::to_owned),
        }],
    }
}
