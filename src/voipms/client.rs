//! The client: every call passes the pace, reads are tried again when that is worth anything, writes never.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use secrecy::ExposeSecret;

use super::error::{Error, Problem};
use super::function::{Class, Function};
use super::functions::{
    BalanceManagement, Call, ClientThreshold, Country, GetBalance, GetBalanceManagement, GetClient, GetClientThreshold,
    GetClients, GetCountries, GetResellerBalance, ResellerBalance, Rows, SetClient,
};
use super::pace::{Pacer, Priority};
use super::record::ClientRecord;
use super::reply::read_reply;
use super::request::{Encoder, Transport};
use super::secrets::Secrets;
use super::settings::{Settings, SettingsError};
use crate::domain::{self, AccountName, ClientId};
use crate::net::{HttpClient, Trust};

/// How often a read is sent at most. At 30 % of calls broken, three tries leave 3 % unread; more would cost calls that
/// other clients need.
const TRIES: u32 = 3;

/// The wait before the second try, give or take half of it; doubled before the third. Longer would keep a place in the
/// sweep busy, shorter would meet the same hiccup again.
const BACK_OFF: Duration = Duration::from_millis(250);

/// How long reads go by GET before multipart is tried again. The known outage of multipart lasted days.
const GET_FOR: Duration = Duration::from_secs(60 * 60);

/// The API of one account. Cheap to clone; clones share pace and connections.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    priority: Priority,
}

struct Shared {
    account: AccountName,
    pacer: Pacer,
    encoder: Encoder,
    secrets: Secrets,
    transport: Transport,
    reads: HttpClient,
    writes: HttpClient,
    random: Mutex<StdRng>,
    fallback: Mutex<Fallback>,
}

/// Whether reads go by GET because multipart answers `missing_method`.
#[derive(Debug, Default)]
struct Fallback {
    since: Option<Duration>,
    announced: bool,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.shared.account)
    }
}

impl Client {
    /// A client that has not called yet. `seed` is for the jitter of repetitions and the boundary of multipart forms;
    /// take a random one but in tests and simulated worlds.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn new(settings: &Settings, pacer: Pacer, trust: &Trust, seed: u64) -> Result<Self, SettingsError> {
        let url = settings.url()?;
        let mut random = StdRng::seed_from_u64(seed);
        let boundary = [random.random(), random.random()];
        let encoder =
            Encoder::new(url, &settings.username, &settings.password, boundary).map_err(|_| SettingsError::BadUrl)?;
        Ok(Self {
            shared: Arc::new(Shared {
                account: settings.account.clone(),
                pacer,
                encoder,
                secrets: Secrets::new(&[settings.password.expose_secret()]),
                transport: settings.transport,
                reads: HttpClient::reads(trust, settings.bounds, settings.concurrency)?,
                writes: HttpClient::writes(trust, settings.bounds)?,
                random: Mutex::new(random),
                fallback: Mutex::default(),
            }),
            priority: Priority::Normal,
        })
    }

    /// The same client whose calls overtake those that wait: for enforcement.
    #[must_use]
    pub fn urgent(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            priority: Priority::High,
        }
    }

    /// The account's pace.
    #[must_use]
    pub fn pacer(&self) -> &Pacer {
        &self.shared.pacer
    }

    /// Whether reads go by GET at present because multipart answered `missing_method`.
    #[must_use]
    pub fn has_fallen_back_to_get(&self) -> bool {
        self.shared.fallback().since.is_some()
    }

    /// All clients of the account, without passwords.
    ///
    /// # Errors
    /// [`Error`]; an answer in which no row can be used is one.
    pub async fn get_clients(&self) -> Result<Rows<domain::Client>, Error> {
        self.call(&GetClients { email: None }).await
    }

    /// The clients with this e-mail address.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_clients_by_email(&self, email: &str) -> Result<Rows<domain::Client>, Error> {
        self.call(&GetClients { email: Some(email) }).await
    }

    /// One client's whole record.
    ///
    /// # Errors
    /// [`Error`]: [`Error::is_absent_client`] when there is no such client; [`Problem::WrongClient`] when the answer is
    /// about others; [`Problem::BadRecord`] when it is not complete.
    pub async fn get_client(&self, client: &ClientId) -> Result<ClientRecord, Error> {
        self.call(&GetClient(client)).await
    }

    /// A client's balance.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_reseller_balance(&self, client: &ClientId) -> Result<ResellerBalance, Error> {
        self.call(&GetResellerBalance(client)).await
    }

    /// A client's own limit.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_client_threshold(&self, client: &ClientId) -> Result<ClientThreshold, Error> {
        self.call(&GetClientThreshold(client)).await
    }

    /// The account's codes of `balance_management`.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_balance_management(&self) -> Result<Vec<BalanceManagement>, Error> {
        self.call(&GetBalanceManagement).await
    }

    /// The codes of countries.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_countries(&self) -> Result<Vec<Country>, Error> {
        self.call(&GetCountries).await
    }

    /// The reseller's own balance.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get_balance(&self) -> Result<ResellerBalance, Error> {
        self.call(&GetBalance).await
    }

    /// Overwrites a client's whole record. Sent once, whatever comes of it.
    ///
    /// # Errors
    /// [`Error`]; [`Error::may_have_taken_effect`] says whether the record must be read to know.
    pub async fn set_client(&self, record: &ClientRecord) -> Result<(), Error> {
        self.call(&SetClient(record)).await
    }

    async fn call<C: Call>(&self, call: &C) -> Result<C::Answer, Error> {
        let shared = &*self.shared;
        let is_read = C::FUNCTION.class() == Class::Read;
        let mut tries = 0;
        loop {
            let transport = if is_read {
                shared.read_transport()
            } else {
                Transport::Multipart
            };
            tries += 1;
            let problem = match self.attempt(call, transport).await {
                Ok(answer) => {
                    shared.note_success(is_read, transport);
                    return Ok(answer);
                }
                Err(problem) => problem,
            };
            let no_multipart = is_read && transport == Transport::Multipart && problem.code() == Some("missing_method");
            if no_multipart {
                shared.fall_back(C::FUNCTION);
                // Not a try that failed: the API never saw the call.
                tries -= 1;
                continue;
            }
            let error = Error::new(C::FUNCTION, problem);
            if error.is_limit() {
                shared.pacer.limit_hit();
            }
            if !is_read || tries >= TRIES || !error.is_worth_another_try() {
                return Err(error);
            }
            let (account, function, kind) = (shared.account.as_str(), C::FUNCTION.name(), error.kind());
            tracing::debug!(account, function, %kind, tries, "a read failed and is tried again");
            let delay = shared.back_off(tries);
            shared.pacer.clock().sleep(delay).await;
        }
    }

    /// One request, sent once.
    async fn attempt<C: Call>(&self, call: &C, transport: Transport) -> Result<C::Answer, Problem> {
        let shared = &*self.shared;
        let request = shared.encoder.request(call, transport)?;
        let http = match C::FUNCTION.class() {
            Class::Read => &shared.reads,
            Class::IdempotentWrite | Class::MoneyMovingWrite => &shared.writes,
        };
        let permit = shared.pacer.permit(self.priority).await.map_err(Problem::Ledger)?;
        let answer = http.send(request).await.map_err(Problem::Http);
        drop(permit);
        read_reply(call, &answer?, &shared.secrets)
    }
}

impl Shared {
    fn fallback(&self) -> MutexGuard<'_, Fallback> {
        self.fallback.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_transport(&self) -> Transport {
        if self.transport == Transport::Get {
            return Transport::Get;
        }
        let mut fallback = self.fallback();
        let Some(since) = fallback.since else {
            return Transport::Multipart;
        };
        let now = self.pacer.clock().monotonic();
        if now.saturating_sub(since) < GET_FOR {
            return Transport::Get;
        }
        // This call finds out whether multipart works again; the others stay with GET meanwhile.
        fallback.since = Some(now);
        Transport::Multipart
    }

    fn fall_back(&self, function: Function) {
        let mut fallback = self.fallback();
        fallback.since = Some(self.pacer.clock().monotonic());
        if !std::mem::replace(&mut fallback.announced, true) {
            let (account, function) = (self.account.as_str(), function.name());
            tracing::warn!(
                account,
                function,
                "the API does not read multipart requests (it answers `missing_method`): reads go by GET meanwhile, with \
                 the API password in the URL"
            );
        }
    }

    fn note_success(&self, is_read: bool, transport: Transport) {
        if !is_read || transport == Transport::Get {
            return;
        }
        let mut fallback = self.fallback();
        if fallback.since.take().is_some() {
            fallback.announced = false;
            tracing::info!(
                account = self.account.as_str(),
                "the API reads multipart requests again"
            );
        }
    }

    /// The wait after `tries` tries.
    fn back_off(&self, tries: u32) -> Duration {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        BACK_OFF.mul_f64(random.random_range(0.5..1.5)) * 2u32.saturating_pow(tries - 1)
    }
}
