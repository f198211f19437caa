//! A provider that does what it is told, and a monitor reduced to what enforcement needs of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use tempfile::TempDir;

use crate::clock::{Clock, Stepper};
use crate::domain::alert::{Alert, EpisodeId, Firing, Phase};
use crate::domain::decision::{self, BRAKE, BY_PERSON, Decision};
use crate::domain::enforcement::{Enforcement, Mode};
use crate::domain::judge::Rules;
use crate::domain::kept::Warnings;
use crate::domain::notice::Notification;
use crate::domain::plan::{Country, Field, Guards, Oddity, Passwords, Record};
use crate::domain::policy::{Enforce, Limit, Policy, When};
use crate::domain::reason::Reason;
use crate::domain::receiver::Receiver;
use crate::domain::testing::{at, guards, money, policy, threshold, triggers};
use crate::domain::watch::Watched;
use crate::domain::{AccountName, ChannelName, Client, ClientId, Management, PolicyName, Reading, Threshold};
use crate::enforce::{Cause, Enforcer, Error, Failure, Ground, Hook, LastLook, Provider, Read, Report, Settings};
use crate::store::{Access, AccountView, Commit, Filter, Store};

/// What happens to the next write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnWrite {
    Done,
    /// The request never arrived, and the client cannot know.
    LostRequest,
    /// It arrived; the answer did not.
    LostAnswer,
    /// The API says no.
    Declined(&'static str),
    /// The API says something that nobody knows, and does nothing.
    Answered(&'static str),
    /// The API says not now, and does nothing; and whether its code leaves that open.
    NotNow(&'static str, bool),
    /// The API says no, and does it.
    DeclinedButDone,
    /// The API says yes, and does nothing.
    Ignored,
    NotSent,
    /// A person edits this field right after it.
    ThenEdited(Field, &'static str),
}

pub struct World {
    pub records: BTreeMap<String, Record>,
    pub balances: BTreeMap<String, &'static str>,
    pub codes: BTreeMap<String, String>,
    pub on_write: OnWrite,
    /// What is odd about every record.
    pub oddities: Vec<Oddity>,
    /// Clients that the list lacks.
    pub unlisted: Vec<String>,
    /// Whose records the API declines to write.
    pub declined: Vec<String>,
    /// Every record that was written, in order.
    pub written: Vec<Record>,
    pub calls: BTreeMap<&'static str, u32>,
    /// Fails the calls of this name.
    pub failing: Option<&'static str>,
    /// As which kind of failure.
    pub failing_as: &'static str,
    /// How often records may still be read before that fails.
    pub reads_left: u32,
    /// Who has a package, and which.
    pub packages: BTreeMap<&'static str, String>,
    /// The day of everybody's newest deposit.
    pub newest_deposit: Option<Date>,
}

#[derive(Clone)]
pub struct Fake {
    world: Arc<Mutex<World>>,
    clock: Clock,
}

fn failure(word: &str) -> Failure {
    Failure {
        word: word.to_owned(),
        cause: match word {
            "wrong_client" => Cause::WrongRecord,
            "bad_record" => Cause::BadRecord,
            _ => Cause::Other,
        },
        may_have_taken_effect: false,
        is_transient: true,
    }
}

impl Fake {
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Edits a record as a person does in the portal.
    pub fn edit(&self, client: &str, field: Field, value: &str) {
        self.world().records.get_mut(client).unwrap().set(field, value);
    }

    fn called(&self, name: &'static str) -> Result<MutexGuard<'_, World>, Failure> {
        let mut world = self.world();
        *world.calls.entry(name).or_default() += 1;
        if world.failing == Some(name) {
            return Err(failure(world.failing_as));
        }
        Ok(world)
    }
}

/// What the list of clients shows of a record.
pub fn listed(record: &Record) -> Client {
    let fingerprint: Vec<&str> = Field::ALL.iter().map(|field| record.get(*field)).collect();
    Client {
        id: ClientId::new(record.get(Field::Client)).unwrap(),
        email: record.get(Field::Email).to_owned(),
        company: record.get(Field::Company).to_owned(),
        firstname: record.get(Field::Firstname).to_owned(),
        lastname: record.get(Field::Lastname).to_owned(),
        country: String::new(),
        balance_management: record.get(Field::BalanceManagement).to_owned(),
        fingerprint: fingerprint.join("|"),
    }
}

impl Provider for Fake {
    async fn balance(&self, client: &ClientId) -> Result<Reading, Failure> {
        let world = self.called("balance")?;
        Ok(Reading {
            balance: money(world.balances[client.as_str()]),
            spent_today: None,
            spent_total: None,
            at: self.clock.now(),
        })
    }

    async fn threshold(&self, _client: &ClientId) -> Result<Threshold, Failure> {
        drop(self.called("threshold")?);
        Ok(Threshold {
            at: self.clock.now(),
            ..threshold(Some("10"), 0)
        })
    }

    async fn record(&self, client: &ClientId) -> Result<Read, Failure> {
        let mut world = self.called("record")?;
        if world.reads_left == 0 {
            return Err(failure("timeout"));
        }
        world.reads_left -= 1;
        let Some(record) = world.records.get(client.as_str()) else {
            return Err(Failure {
                cause: Cause::Declined,
                is_transient: false,
                ..failure("invalid_client")
            });
        };
        Ok(Read {
            record: record.clone(),
            client: listed(record),
            oddities: world.oddities.clone(),
        })
    }

    async fn management_codes(&self) -> Result<BTreeMap<String, String>, Failure> {
        Ok(self.called("management_codes")?.codes.clone())
    }

    async fn countries(&self) -> Result<Vec<Country>, Failure> {
        drop(self.called("countries")?);
        let country = |code: &str, name: &str| Country {
            code: code.to_owned(),
            name: name.to_owned(),
        };
        Ok(vec![country("CA", "Canada"), country("CH", "Switzerland")])
    }

    async fn passwords(&self) -> Result<Passwords, Failure> {
        let world = self.called("passwords")?;
        let mut passwords = Passwords::new(std::hash::RandomState::new());
        for (id, record) in world.records.iter().filter(|(id, _)| !world.unlisted.contains(id)) {
            passwords.add(&ClientId::new(id).unwrap(), record.expose_password().unwrap());
        }
        Ok(passwords)
    }

    type Turn = ();

    async fn packages(&self, client: &ClientId) -> Result<BTreeSet<String>, Failure> {
        let world = self.called("packages")?;
        Ok(world.packages.get(client.as_str()).cloned().into_iter().collect())
    }

    async fn newest_deposit(&self, _client: &ClientId) -> Result<Option<Date>, Failure> {
        Ok(self.called("deposits")?.newest_deposit)
    }

    async fn record_before_write(&self, client: &ClientId) -> Result<LastLook<()>, Failure> {
        let read = self.record(client).await?;
        drop(self.called("turn")?);
        let (turn, since) = ((), self.clock.mark());
        Ok(LastLook { read, turn, since })
    }

    async fn set(&self, _turn: (), record: &Record) -> Result<(), Failure> {
        let mut world = self.called("set")?;
        let unknown = Failure {
            may_have_taken_effect: true,
            ..failure("timeout")
        };
        let declined = |code: &str| Failure {
            cause: Cause::Declined,
            is_transient: false,
            ..failure(code)
        };
        let id = record.get(Field::Client).to_owned();
        let country = world.records[&id].get(Field::Country).to_owned();
        let mut next = record.clone();
        assert!(
            matches!(record.get(Field::Country), "CA" | "CH" | ""),
            "a country is sent by its code"
        );
        next.set(Field::Country, &country);
        let mut on_write = world.on_write.clone();
        if world.declined.contains(&id) {
            on_write = OnWrite::Declined("used_password");
        }
        let does = !matches!(
            on_write,
            OnWrite::LostRequest
                | OnWrite::Declined(_)
                | OnWrite::Answered(_)
                | OnWrite::NotNow(..)
                | OnWrite::Ignored
                | OnWrite::NotSent
        );
        if does {
            world.written.push(record.clone());
            world.records.insert(id.clone(), next);
        }
        match on_write {
            OnWrite::Done | OnWrite::Ignored => Ok(()),
            OnWrite::LostRequest | OnWrite::LostAnswer => Err(unknown),
            OnWrite::Declined(code) => Err(declined(code)),
            OnWrite::Answered(code) => Err(Failure {
                may_have_taken_effect: true,
                ..declined(code)
            }),
            OnWrite::NotNow(code, may_have_taken_effect) => Err(Failure {
                cause: Cause::Declined,
                may_have_taken_effect,
                ..failure(code)
            }),
            OnWrite::DeclinedButDone => Err(declined("used_password")),
            OnWrite::NotSent => Err(failure("connect")),
            OnWrite::ThenEdited(field, value) => {
                world.records.get_mut(&id).unwrap().set(field, value);
                Ok(())
            }
        }
    }
}

/// A store, a provider, and alerts that fire in every sweep.
pub struct Stage {
    pub fake: Fake,
    pub clock: Clock,
    pub stepper: Arc<Stepper>,
    pub rules: Rules,
    pub guards: Guards,
    pub alerts: Vec<Alert>,
    /// Whether each sweep reads the list of clients.
    pub inventory: bool,
    /// Where warnings stand, as the store would say.
    pub warnings: Warnings,
    pub path: PathBuf,
    _folder: TempDir,
}

pub fn account() -> AccountName {
    AccountName::new("main").unwrap()
}

fn record(client: &str) -> Record {
    Record::from_fields([
        (Field::Client, client),
        (Field::Email, "seán.o'brien@example.com"),
        (Field::Password, &format!("P@ss wörd {client}")),
        (Field::Company, "Ü & Söhne \"Ltd\""),
        (Field::Firstname, "Seán"),
        (Field::Lastname, "O'Brien"),
        (Field::Address, "5491 190TH"),
        (Field::City, "MONTRÉAL"),
        (Field::State, "QUÉBEC"),
        (Field::Country, "CANADA"),
        (Field::Zip, "02134"),
        (Field::PhoneNumber, "0551112222"),
        (Field::BalanceManagement, "2"),
    ])
}

/// An alert of `hard` that fires since the beginning, in mode apply, confirmed.
pub fn fires(client: &str) -> Alert {
    let (client, policy) = (ClientId::new(client).unwrap(), PolicyName::new("hard").unwrap());
    Alert {
        phase: Phase::Firing(Firing::new(
            EpisodeId::new(&account(), &client, &policy, at(0)),
            at(0),
            Mode::Apply,
        )),
        client,
        policy,
        condition: String::new(),
        reason: Reason::NoThreshold,
    }
}

impl Stage {
    /// Clients 1 to `clients`, SOFT, at -1.00, -2.00 and so on, all firing; one enforcement was good before, so that
    /// none is the first.
    pub async fn new(clients: usize) -> Self {
        const BALANCES: [&str; 6] = ["-1", "-2", "-3", "-4", "-5", "-6"];
        let folder = tempfile::tempdir().unwrap();
        let (clock, stepper) = Clock::stepped(at(1000));
        let ids: Vec<String> = (1..=clients).map(|number| number.to_string()).collect();
        let codes = [("1", "Hard - suspend the client"), ("2", "Soft - go negative")];
        let world = World {
            records: ids.iter().map(|id| (id.clone(), record(id))).collect(),
            balances: ids.iter().cloned().zip(BALANCES).collect(),
            codes: codes
                .map(|(code, description)| (code.to_owned(), description.to_owned()))
                .into(),
            on_write: OnWrite::Done,
            declined: vec![],
            oddities: vec![],
            unlisted: vec![],
            written: vec![],
            calls: BTreeMap::new(),
            failing: None,
            failing_as: "timeout",
            reads_left: u32::MAX,
            packages: BTreeMap::new(),
            newest_deposit: None,
        };
        let enforce = Enforce {
            revert_on_recovery: true,
            ..Enforce::now(Management::Hard)
        };
        let when = When {
            balance_at_most: Some(Limit::Amount(money("0"))),
            ..When::default()
        };
        let stage = Self {
            fake: Fake {
                world: Arc::new(Mutex::new(world)),
                clock: clock.clone(),
            },
            rules: Rules {
                account: account(),
                currency: "USD".to_owned(),
                policies: vec![Policy {
                    enforce: Some(enforce),
                    ..policy("hard", when)
                }],
                channels: [(
                    ChannelName::new("ops").unwrap(),
                    Receiver::people(vec!["ops@example.com".to_owned()]),
                )]
                .into(),
                default_threshold: None,
                mode: Mode::Apply,
                triggers: triggers(),
                zone: TimeZone::UTC,
                mutes: Vec::new(),
            },
            guards: Guards {
                extra_fields: ["created".to_owned()].into(),
                ..guards(Mode::Apply, 3, 20)
            },
            clock,
            stepper: Arc::new(stepper),
            alerts: ids.iter().map(|id| fires(id)).collect(),
            inventory: false,
            warnings: Warnings::new(),
            path: folder.path().join("state.db"),
            _folder: folder,
        };
        let store = stage.open().await;
        let mut commit = Commit::new(account(), at(0));
        let mut state = store.load(&account()).await.unwrap().state;
        state.canary_passed_at = Some(at(0));
        commit.state = Some(state);
        let records: Vec<Record> = stage.fake.world().records.values().cloned().collect();
        commit.clients = records
            .iter()
            .map(|record| Watched::new(listed(record), at(0)))
            .collect();
        store.commit(&commit).await.unwrap();
        store.close().await;
        stage
    }

    pub async fn open(&self) -> Store {
        Store::open(&self.path, Access::Daemon).await.unwrap()
    }

    fn settings(&self) -> Settings {
        Settings {
            rules: Arc::new(self.rules.clone()),
            guards: Arc::new(self.guards.clone()),
            write_deadline: SignedDuration::from_secs(30),
        }
    }

    pub fn advance(&self, secs: i64) {
        self.stepper
            .advance_to(self.clock.now() + SignedDuration::from_secs(secs));
    }

    /// A whole life of the program: settles, reads everybody, enforces. Stops where a hook says so.
    pub async fn sweep_with(
        &self,
        hook: Option<Hook>,
        store_hook: Option<crate::store::Hook>,
    ) -> Result<Report, Error> {
        let mut store = self.open().await;
        if let Some(store_hook) = store_hook {
            store = store.with_hook(store_hook);
        }
        let mut enforcer = Enforcer::new(self.fake.clone(), store.clone(), self.settings(), self.clock.clone());
        if let Some(hook) = hook {
            enforcer = enforcer.with_hook(hook);
        }
        let swept = self.sweep_in(&enforcer, &store).await;
        store.close().await;
        swept
    }

    async fn sweep_in(&self, enforcer: &Enforcer<Fake>, store: &Store) -> Result<Report, Error> {
        let mut view = store.load(&account()).await?;
        let sweep_started_at = self.clock.now();
        let mut alerts = self.alerts.clone();
        let mut report = {
            let mut ground = ground(&mut view, &alerts, (sweep_started_at, &self.warnings));
            enforcer.settle(&mut ground).await?
        };
        if self.inventory {
            view.state.inventory_at = Some(sweep_started_at);
            for watched in &mut view.clients {
                let id = watched.client.id.as_str();
                watched.client = listed(&self.fake.world().records[id]);
            }
        }
        self.advance(1);
        for alert in &mut alerts {
            if let Phase::Firing(firing) = &mut alert.phase {
                firing.last_reading_at = Some(self.clock.now());
            }
        }
        for watched in &mut view.clients {
            let balance = self.fake.world().balances[watched.client.id.as_str()];
            watched.reading = Some(Reading {
                balance: money(balance),
                spent_today: None,
                spent_total: None,
                at: self.clock.now(),
            });
        }
        let mut ground = ground(&mut view, &alerts, (sweep_started_at, &self.warnings));
        report.add(enforcer.run(&mut ground).await?);
        // What the run remembers is what the store holds.
        let stored = store.load(&account()).await?;
        let by_id = |view: &[Enforcement]| -> BTreeMap<String, Enforcement> {
            view.iter().map(|kept| (kept.id.clone(), kept.clone())).collect()
        };
        let (kept, stored_ones) = (by_id(&view.enforcements), by_id(&stored.enforcements));
        assert!(
            stored_ones.iter().all(|(id, stored)| kept.get(id) == Some(stored)),
            "{kept:#?} {stored_ones:#?}"
        );
        Ok(report)
    }

    pub async fn sweep(&self) -> Report {
        self.sweep_with(None, None).await.unwrap()
    }

    /// All enforcements, oldest first.
    pub async fn enforcements(&self) -> Vec<Enforcement> {
        let store = self.open().await;
        let filter = Filter::newest(account(), 1000);
        let mut all = store.enforcements(&filter).await.unwrap();
        store.close().await;
        all.reverse();
        all
    }

    /// Client, number and state of each, oldest first.
    pub async fn states(&self) -> Vec<String> {
        let short = |kept: &Enforcement| {
            let number = kept.id.rsplit('/').next().unwrap();
            format!("{} {number} {}", kept.client, kept.state.label())
        };
        self.enforcements().await.iter().map(short).collect()
    }

    /// The steps of an enforcement's journal.
    pub async fn journal(&self, id: &str) -> Vec<String> {
        let store = self.open().await;
        let record = store.enforcement(id).await.unwrap().unwrap();
        store.close().await;
        assert!(record.steps.iter().zip(1..).all(|(step, number)| step.number == number));
        record.steps.into_iter().map(|step| step.step).collect()
    }

    /// Why the brake is on.
    pub async fn brake(&self) -> Option<(String, String)> {
        let store = self.open().await;
        let decisions = store.decisions(&account()).await.unwrap();
        store.close().await;
        let brake = decision::brake(&decisions, self.clock.now())?;
        Some((brake.by.clone(), brake.note.clone()))
    }

    pub async fn set_brake(&self, on: bool) {
        let store = self.open().await;
        if on {
            let brake = Decision::brake(account(), BY_PERSON, String::new(), self.clock.now());
            store.decide(&brake).await.unwrap();
        } else {
            store.revoke(&account(), BRAKE).await.unwrap();
        }
        store.close().await;
    }

    /// What was told, by the outcome's word.
    pub async fn told(&self) -> Vec<String> {
        let all = self.notifications().await;
        all.into_iter()
            .map(|notification| notification.transition.label())
            .collect()
    }

    /// Of whom something was told.
    pub async fn told_of(&self) -> Vec<String> {
        let all = self.notifications().await;
        all.into_iter()
            .map(|notification| notification.client.to_string())
            .collect()
    }

    async fn notifications(&self) -> Vec<Notification> {
        let store = self.open().await;
        let filter = crate::store::Filter::newest(account(), 1000);
        let mut all = store.notifications(&filter).await.unwrap();
        store.close().await;
        all.reverse();
        all
    }

    pub fn code(&self, client: &str) -> String {
        self.fake.world().records[client]
            .get(Field::BalanceManagement)
            .to_owned()
    }

    pub fn calls(&self, name: &str) -> u32 {
        self.fake.world().calls.get(name).copied().unwrap_or(0)
    }
}

fn ground<'a>(
    view: &'a mut AccountView,
    alerts: &'a [Alert],
    (sweep_started_at, warnings): (Timestamp, &Warnings),
) -> Ground<'a> {
    Ground {
        warnings: warnings.clone(),
        sweep_started_at,
        state: &mut view.state,
        clients: &mut view.clients,
        alerts,
        enforcements: &mut view.enforcements,
    }
}
