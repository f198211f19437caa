//! Enforcement against the simulator over HTTP: what `setClient` really sends, what the wire does to it, and what a
//! person does meanwhile. The monitor is reduced to what enforcement needs of it.

mod odd;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use balancewatch::clock::{Clock, Stepper};
use balancewatch::domain::alert::{Alert, EpisodeId, Firing, Phase};
use balancewatch::domain::decision;
use balancewatch::domain::enforcement::{Deferral, Enforcement, EnforcementState, Mode, Outcome, Refusal};
use balancewatch::domain::judge::Rules;
use balancewatch::domain::judge::triggers::Triggers;
use balancewatch::domain::kept::Warnings;
use balancewatch::domain::plan::{Approvals, Caps, Guards};
use balancewatch::domain::policy::{Enforce, Limit, Policy, Scope, Selector, Severity, When};
use balancewatch::domain::reason::Reason;
use balancewatch::domain::share::Share;
use balancewatch::domain::watch::Watched;
use balancewatch::domain::{AccountName, ClientId, Management, Money, PolicyName, Reading};
use balancewatch::enforce::{Enforcer, Error, Ground, Hook, Portal, Report, Settings};
use balancewatch::net::{Bounds, Network};
use balancewatch::simulator::{Options, Simulator};
use balancewatch::store::{Access, Commit, Error as StoreError, Filter, Store};
use balancewatch::voipms::pace::{MemoryLedger, Pace, Pacer};
use balancewatch::voipms::{Client, Transport};
use balancewatch::world::served;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Total deadline of a request in these tests, and so of a write.
const DEADLINE_SECS: u64 = 5;

/// A reseller on the simulator, a store, and a client in breach.
struct Stage {
    simulator: Arc<Simulator>,
    api: Client,
    clock: Clock,
    stepper: Stepper,
    settings: Settings,
    /// The client in breach; none of the others is.
    id: String,
    firing: bool,
    path: PathBuf,
    _folder: TempDir,
    _server: tokio::task::JoinSet<()>,
}

fn account() -> AccountName {
    AccountName::new("main").unwrap()
}

fn hard_policy() -> Policy {
    Policy {
        runbook_url: None,
        name: PolicyName::new("hard").unwrap(),
        severity: Severity::Critical,
        when: When {
            balance_at_most: Some(Limit::Amount(Money::ZERO)),
            ..When::default()
        },
        clear: None,
        hold: SignedDuration::ZERO,
        clear_readings: 2,
        clear_for: SignedDuration::ZERO,
        repeat_every: SignedDuration::from_hours(24),
        max_repeats: 5,
        cool_down: SignedDuration::from_hours(6),
        notify: vec![],
        clients: Selector::default(),
        enforce: Some(Enforce {
            revert_on_recovery: true,
            ..Enforce::now(Management::Hard)
        }),
        scope: Scope::Clients,
    }
}

fn api(url: String, options: &Options) -> Client {
    let settings = balancewatch::voipms::Settings {
        account: account(),
        url,
        username: options.username.clone(),
        password: options.password.clone(),
        transport: Transport::Multipart,
        bounds: Bounds {
            total: Duration::from_secs(DEADLINE_SECS),
            ..Bounds::default()
        },
        concurrency: 2,
    };
    let pacer = Pacer::new(Pace {
        account: account(),
        rate_per_minute: 10_000_000,
        longest_call: settings.bounds.total,
        owner: "test".to_owned(),
        ledger: Arc::new(MemoryLedger::default()),
        clock: Clock::real(),
    });
    Client::new(&settings, pacer, &Network::load(), 1).unwrap()
}

fn percent(number: i64) -> Share {
    Share::percent(number.into())
}

impl Stage {
    /// Three clients of whom one is at -5.00, SOFT, with a record that is easily spoilt. `settings`: the simulator's.
    async fn new(settings: &[&str]) -> Self {
        Self::behind(settings, None).await
    }

    /// The same, with somebody between the program and the API who garbles answers.
    async fn behind(settings: &[&str], garbler: Option<odd::Garbler>) -> Self {
        let mut all = vec!["spending=off".to_owned(), "top-ups=off".to_owned()];
        all.extend(settings.iter().map(|setting| (*setting).to_owned()));
        let options = Options {
            clients: 3,
            settings: all,
            ..Options::default()
        };
        let simulator = Simulator::new(options.clone(), Clock::real()).unwrap();
        let (url, mut server) = served(&simulator).await.unwrap();
        let url = match garbler {
            Some(garbler) => garbler.before(url, &mut server).await,
            None => url,
        };
        let api = api(url, &options);
        let id = api.get_clients().await.unwrap().rows[0].id.to_string();
        let record = json!({
            "balance": "-5.00", "balance_management": "soft", "company": "Ü & Söhne \"Ltd\" <x>", "firstname": "Seán",
            "lastname": "O'Brien", "city": "MONTRÉAL", "state": "QUÉBEC", "zip": "02134",
            "phone_number": "0551112222", "password": "P@ss+w%C3rd 1 é",
        });
        simulator.edit(&id, &record).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (clock, stepper) = Clock::stepped("2026-11-23T12:00:00Z".parse().unwrap());
        let stage = Self {
            simulator,
            api,
            settings: Settings {
                rules: Arc::new(Rules {
                    account: account(),
                    currency: "USD".to_owned(),
                    policies: vec![hard_policy()],
                    channels: [].into(),
                    default_threshold: None,
                    mode: Mode::Apply,
                    triggers: Triggers {
                        firing: percent(10),
                        balance_jump: percent(30),
                        unread: percent(50),
                    },
                    zone: TimeZone::UTC,
                    mutes: Vec::new(),
                }),
                guards: Arc::new(Guards {
                    mode: Mode::Apply,
                    protect: [].into(),
                    caps: Caps {
                        per_sweep: 3,
                        per_hour: 5,
                        per_day: 20,
                        share_per_day: percent(2),
                    },
                    approvals: Approvals {
                        needed: 1,
                        expires: SignedDuration::from_hours(4),
                        ask_again: SignedDuration::from_hours(6),
                    },
                    extra_fields: [].into(),
                    canary_wait: SignedDuration::from_secs(60),
                }),
                write_deadline: SignedDuration::from_secs(DEADLINE_SECS.cast_signed()),
            },
            clock,
            stepper,
            id,
            firing: true,
            path: folder.path().join("state.db"),
            _folder: folder,
            _server: server,
        };
        stage.first_inventory().await;
        stage
    }

    async fn first_inventory(&self) {
        let store = self.open().await;
        let mut commit = Commit::new(account(), self.clock.now());
        let listed = self.api.get_clients().await.unwrap().rows;
        commit.clients = listed
            .into_iter()
            .map(|client| Watched::new(client, self.clock.now()))
            .collect();
        store.commit(&commit).await.unwrap();
        store.close().await;
    }

    async fn open(&self) -> Store {
        // Another test's child process holds every lock of this process for the moment between its fork and its exec.
        for _ in 0..100_000 {
            match Store::open(&self.path, Access::Daemon).await {
                Err(StoreError::Locked { .. }) => tokio::task::yield_now().await,
                opened => return opened.unwrap(),
            }
        }
        panic!("the store stayed locked");
    }

    fn advance(&self, secs: i64) {
        self.stepper
            .advance_to(self.clock.now() + SignedDuration::from_secs(secs));
    }

    fn alerts(&self) -> Vec<Alert> {
        let (client, policy) = (ClientId::new(&self.id).unwrap(), hard_policy().name);
        let since: Timestamp = "2026-11-23T11:00:00Z".parse().unwrap();
        let episode = EpisodeId::new(&account(), &client, &policy, since);
        let firing = Firing {
            last_reading_at: Some(self.clock.now()),
            ..Firing::new(episode, since, Mode::Apply)
        };
        let alert = Alert {
            client,
            policy,
            condition: String::new(),
            phase: Phase::Firing(firing),
            reason: Reason::NoThreshold,
        };
        if self.firing { vec![alert] } else { vec![] }
    }

    /// One life of the program: settles, reads, enforces; stops where the hook says so.
    async fn try_sweep(&self, hook: Option<Hook>) -> Result<Report, Error> {
        let store = self.open().await;
        let portal = Portal::new(&self.api, self.clock.clone());
        let mut enforcer = Enforcer::new(portal, store.clone(), self.settings.clone(), self.clock.clone());
        if let Some(hook) = hook {
            enforcer = enforcer.with_hook(hook);
        }
        let swept = self.sweep_in(&enforcer, &store).await;
        store.close().await;
        swept
    }

    async fn sweep_in(&self, enforcer: &Enforcer<Portal>, store: &Store) -> Result<Report, Error> {
        let mut view = store.load(&account()).await?;
        let sweep_started_at = self.clock.now();
        let mut report = enforcer
            .settle(&mut Ground {
                sweep_started_at,
                warnings: Warnings::new(),
                state: &mut view.state,
                clients: &mut view.clients,
                alerts: &[],
                enforcements: &mut view.enforcements,
            })
            .await?;
        self.advance(1);
        for watched in &mut view.clients {
            let balance = self.api.get_reseller_balance(&watched.client.id).await.unwrap();
            watched.reading = Some(Reading {
                balance: balance.current_balance,
                spent_today: None,
                spent_total: None,
                at: self.clock.now(),
            });
        }
        let alerts = self.alerts();
        let mut ground = Ground {
            sweep_started_at,
            warnings: Warnings::new(),
            state: &mut view.state,
            clients: &mut view.clients,
            alerts: &alerts,
            enforcements: &mut view.enforcements,
        };
        report.add(enforcer.run(&mut ground).await?);
        Ok(report)
    }

    async fn sweep(&self) -> Report {
        self.try_sweep(None).await.unwrap()
    }

    /// The client as the portal shows it.
    fn record(&self) -> Value {
        self.simulator.client(&self.id).unwrap()
    }

    fn edit(&self, field: &str, value: &str) {
        self.simulator.edit(&self.id, &json!({ field: value })).unwrap();
    }

    /// How often the function was called.
    fn calls(&self, function: &str) -> u64 {
        self.simulator.stats()["calls_by_function"][function]
            .as_u64()
            .unwrap_or(0)
    }

    async fn enforcements(&self) -> Vec<Enforcement> {
        let store = self.open().await;
        let filter = Filter::newest(account(), 100);
        let mut all = store.enforcements(&filter).await.unwrap();
        store.close().await;
        all.reverse();
        all
    }

    /// The states of all enforcements, oldest first.
    async fn states(&self) -> Vec<&'static str> {
        self.enforcements()
            .await
            .iter()
            .map(|kept| kept.state.label())
            .collect()
    }

    async fn is_braked(&self) -> bool {
        let store = self.open().await;
        let decisions = store.decisions(&account()).await.unwrap();
        store.close().await;
        decision::brake(&decisions, balancewatch::clock::Clock::real().now()).is_some()
    }
}

/// Everything but the one field that may change, and what it brings about.
fn but_management(record: &Value) -> Value {
    let mut record = record.clone();
    for field in ["balance_management", "management", "suspended"] {
        record.as_object_mut().unwrap().remove(field);
    }
    record
}

#[tokio::test]
async fn one_field_changes_and_no_other_is_blanked_or_garbled() {
    for setting in [
        "omitted-fields=blanked",
        "types=all-numbers",
        "country-out=code",
        "empty-columns=null",
    ] {
        let stage = Stage::new(&[setting]).await;
        stage.edit("address", "");
        stage.first_inventory().await;
        let before = stage.record();
        let report = stage.sweep().await;
        assert_eq!((report.applied, report.waiting, report.refused), (1, 0, 0), "{setting}");
        let after = stage.record();
        assert_eq!(after["balance_management"], "1", "{setting}");
        assert_eq!(but_management(&after), but_management(&before), "{setting}");
        stage.advance(300);
        assert_eq!(stage.sweep().await.applied, 0, "{setting}");
        assert_eq!(stage.calls("setClient"), 1, "{setting}: nothing is left to do");
    }
}

#[tokio::test]
async fn the_accounts_own_codes_are_used_and_put_back() {
    let mut stage = Stage::new(&["soft-code=0", "hard-code=7"]).await;
    assert_eq!(stage.sweep().await.applied, 1);
    let kept = stage.enforcements().await.remove(0);
    assert_eq!(
        (kept.code_before.as_deref(), kept.code_sent.as_deref()),
        (Some("0"), Some("7"))
    );
    stage.firing = false;
    stage.edit("balance", "50.00");
    stage.advance(3600);
    assert_eq!(stage.sweep().await.applied, 1);
    assert_eq!(stage.record()["balance_management"], "0");
}

#[tokio::test]
async fn a_value_that_is_not_listed_is_not_written() {
    let mut stage = Stage::new(&[]).await;
    assert_eq!(stage.sweep().await.applied, 1);
    stage.simulator.set_setting("soft-listed", "off").unwrap();
    stage.firing = false;
    stage.edit("balance", "50.00");
    stage.advance(3600);
    assert_eq!(stage.sweep().await.refused, 1);
    let why = Refusal::UndoNotListed { code: "2".to_owned() };
    let refused = stage.enforcements().await.pop().unwrap();
    assert_eq!(
        refused.state,
        EnforcementState::Ended {
            outcome: Outcome::Refused { why }
        }
    );
    assert_eq!(stage.calls("setClient"), 1);
}

#[tokio::test]
async fn an_edit_before_the_last_read_is_kept_and_an_edit_after_the_write_is_found() {
    let stage = Stage::new(&[]).await;
    let (simulator, id) = (Arc::clone(&stage.simulator), stage.id.clone());
    let edits: Hook = Arc::new(move |at| {
        if at == "before the last read" {
            simulator.edit(&id, &json!({"zip": "H2Y 1C6"})).unwrap();
        }
        true
    });
    assert_eq!(stage.try_sweep(Some(edits)).await.unwrap().waiting, 1);
    let why = Deferral::EditedRecently;
    assert_eq!(stage.enforcements().await[0].state, EnforcementState::Deferred { why });
    assert_eq!(stage.calls("setClient"), 0);
    stage.advance(900);
    assert_eq!(stage.sweep().await.applied, 1);
    assert_eq!(stage.record()["zip"], "H2Y 1C6", "kept");

    let stage = Stage::new(&[]).await;
    let order = format!("{}:zip=H2Y 1C6", stage.id);
    stage.simulator.set_setting("edit-after-set-client", &order).unwrap();
    let report = stage.sweep().await;
    assert_eq!((report.applied, report.events.len()), (0, 1));
    assert_eq!(stage.states().await, ["differs"]);
    assert!(stage.is_braked().await);
    stage.advance(300);
    stage.sweep().await;
    assert_eq!(stage.calls("setClient"), 1, "nothing is written again");
    assert_eq!(stage.record()["zip"], "H2Y 1C6", "the edit stands");
}

/// The window that the API leaves open, and that no read-back can show. This is what the documentation says of it.
#[tokio::test]
async fn an_edit_within_the_window_is_overwritten_and_the_window_is_journalled() {
    let stage = Stage::new(&[]).await;
    let order = format!("{}:zip=H2Y 1C6", stage.id);
    stage.simulator.set_setting("edit-before-set-client", &order).unwrap();
    assert_eq!(stage.sweep().await.applied, 1);
    assert_eq!(stage.record()["zip"], "02134");
    assert!(stage.enforcements().await[0].window_ms.is_some());
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_settled_by_reading_and_sent_once() {
    let cases = [
        ("reset-after", "verified"),
        ("truncated", "verified"),
        ("empty", "verified"),
        ("null-status", "did-not-happen"),
        ("html-503", "did-not-happen"),
        ("http-500", "did-not-happen"),
        ("reset-before", "did-not-happen"),
    ];
    for (fault, settled) in cases {
        let stage = Stage::new(&[]).await;
        stage.simulator.set_fault(&format!("{fault}@setClient"), "1").unwrap();
        assert_eq!(stage.sweep().await.waiting, 1, "{fault}");
        assert_eq!(stage.states().await, ["sent"], "{fault}");
        let is_done = stage.record()["balance_management"] == "1";
        stage.simulator.set_fault(&format!("{fault}@setClient"), "0").unwrap();
        stage.advance(i64::try_from(DEADLINE_SECS).unwrap());
        assert_eq!(stage.sweep().await.applied, 1, "{fault}");
        let expected = if is_done {
            vec!["verified"]
        } else {
            vec!["did-not-happen", "verified"]
        };
        assert_eq!(stage.states().await, expected, "{fault}");
        assert_eq!(stage.states().await[0], settled, "{fault}");
        assert_eq!(stage.calls("setClient"), if is_done { 1 } else { 2 }, "{fault}");
        assert_eq!(stage.record()["balance_management"], "1", "{fault}");
        assert!(!stage.is_braked().await, "{fault}");
    }
}

#[tokio::test]
async fn what_the_api_declines_changes_nothing() {
    let short = Some(("password", "short"));
    let cases = [
        ("used-password=on", None, "used_password"),
        (
            "password-rules=always",
            short,
            "invalid_password_lessthan_8characters_long",
        ),
        ("maintenance-methods=setClient", None, "deferred"),
    ];
    for (setting, edit, expected) in cases {
        let stage = Stage::new(&[setting]).await;
        if let Some((field, value)) = edit {
            stage.edit(field, value);
        }
        let before = stage.record();
        assert_eq!(stage.sweep().await.applied, 0, "{setting}");
        assert_eq!(stage.record(), before, "{setting}");
        let kept = stage.enforcements().await.remove(0);
        match kept.state {
            EnforcementState::Ended {
                outcome: Outcome::Declined { code },
            } => assert_eq!(code, expected),
            state => assert_eq!(state.label(), expected, "{setting}"),
        }
        assert!(!stage.is_braked().await, "{setting}");
    }
}

#[tokio::test]
async fn a_record_that_would_be_spoilt_is_refused() {
    let country = || Refusal::UnknownCountry {
        country: "ATLANTIS".to_owned(),
    };
    let phone = || Refusal::MissingField {
        field: "phone_number".to_owned(),
    };
    let cases = [
        ("password-shown=masked", None, Refusal::PasswordMasked),
        ("password-shown=hashed", None, Refusal::PasswordHashed),
        ("password-shown=empty", None, Refusal::PasswordEmpty),
        (
            "password-shown=clear",
            Some(("password", "N/A")),
            Refusal::PasswordMasked,
        ),
        ("password-shown=clear", Some(("country", "ATLANTIS")), country()),
        ("password-shown=clear", Some(("phone_number", "")), phone()),
    ];
    for (setting, edit, why) in cases {
        let stage = Stage::new(&[setting]).await;
        if let Some((field, value)) = edit {
            stage.edit(field, value);
            stage.first_inventory().await;
        }
        assert_eq!(stage.sweep().await.refused, 1, "{why:?}");
        let kept = stage.enforcements().await.remove(0);
        assert_eq!(
            kept.state,
            EnforcementState::Ended {
                outcome: Outcome::Refused { why }
            }
        );
        assert_eq!(stage.calls("setClient"), 0);
    }
}

#[tokio::test]
async fn a_crash_between_any_two_steps_leads_to_one_write() {
    for moment in 0.. {
        let stage = Stage::new(&[]).await;
        let before = stage.record();
        let passed = std::sync::atomic::AtomicU32::new(0);
        let stops: Hook = Arc::new(move |_| passed.fetch_add(1, std::sync::atomic::Ordering::SeqCst) != moment);
        let crashed = stage.try_sweep(Some(stops)).await;
        for _ in 0..2 {
            stage.advance(60);
            stage.sweep().await;
        }
        assert_eq!(stage.calls("setClient"), 1, "moment {moment}");
        let after = stage.record();
        assert_eq!(after["balance_management"], "1", "moment {moment}");
        assert_eq!(but_management(&after), but_management(&before), "moment {moment}");
        assert_eq!(stage.states().await.last(), Some(&"verified"), "moment {moment}");
        if crashed.is_ok() {
            assert!(moment > 9, "{moment}");
            return;
        }
    }
}
