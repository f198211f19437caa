//! The client: every call passes the pace, reads are tried again when that is worth anything, writes never.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use secrecy::ExposeSecret;

use super::call::Call;
use super::error::{Error, Problem};
use super::fallback::Fallback;
use super::function::{Class, Function};
use super::outcome::{Answer, CallError, text};
use super::pace::{LedgerError, Pacer, Permit, Priority};
use super::question::Question;
use super::reply::read_reply;
use super::request::{Encoder, Transport};
use super::settings::{Settings, SettingsError};
use super::wire::{Http, Wire};
use crate::clock::{Mark, Stopwatch};
use crate::domain::AccountName;
use crate::domain::plan::FRESH_FOR;
use crate::metrics;
use crate::net::{Departure, Network};
use crate::redact::Redactor;

/// The bytes of an answer.
type Body = Vec<u8>;

/// How often a read is sent at most. At 30 % of calls broken, three tries leave 3 % unread; more would cost calls that
/// other clients need.
const TRIES: u32 = 3;

/// The wait before the second try, give or take half of it; doubled before the third. Longer would keep a place in the
/// sweep busy, shorter would meet the same hiccup again.
const BACK_OFF: Duration = Duration::from_millis(250);

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
    secrets: Redactor,
    transport: Transport,
    wire: Arc<dyn Wire>,
    random: Mutex<StdRng>,
    fallback: Mutex<Fallback>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.shared.account)
    }
}

impl Client {
    /// A client that calls over HTTP, and has not called yet. `seed` is for the jitter of repetitions and the boundary of
    /// multipart forms; take a random one but in tests and simulated worlds.
    pub fn new(settings: &Settings, pacer: Pacer, network: &Network, seed: u64) -> Result<Self, SettingsError> {
        let http = Http::new(&settings.url()?, network, settings.bounds, settings.concurrency)?;
        Self::over(Arc::new(http), settings, pacer, seed)
    }

    /// The same over another wire.
    pub fn over(wire: Arc<dyn Wire>, settings: &Settings, pacer: Pacer, seed: u64) -> Result<Self, SettingsError> {
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
                secrets: Redactor::new(&[settings.password.expose_secret()]),
                transport: settings.transport,
                wire,
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

    #[must_use]
    pub fn pacer(&self) -> &Pacer {
        &self.shared.pacer
    }

    /// How many calls were started, repeated ones included, by this process since its start.
    #[must_use]
    pub fn calls_made(&self) -> u64 {
        self.shared.pacer.calls_made()
    }

    /// Whether reads go by GET at present because multipart answered `missing_method`.
    #[must_use]
    pub fn has_fallen_back_to_get(&self) -> bool {
        self.shared.fallback().is_on()
    }

    /// Waits until a write may start, for callers that want to look once more before it does, or to know whether it left.
    /// The turn occupies the account's pace: use it at once or drop it.
    ///
    /// # Errors
    /// [`Error`]; nothing was sent then.
    pub async fn write_turn(&self, function: Function) -> Result<WriteTurn, Error> {
        self.turn().await.map_err(|problem| Error::new(function, problem))
    }

    async fn turn(&self) -> Result<WriteTurn, Problem> {
        let permit = self.shared.pacer.permit(self.priority).await;
        permit.map(|permit| self.turn_of(permit)).map_err(Problem::Ledger)
    }

    fn turn_of(&self, permit: Permit) -> WriteTurn {
        WriteTurn {
            permit,
            departure: Departure::default(),
            since: self.shared.pacer.clock().mark(),
        }
    }

    /// Sends a call as it is given. A read is tried again when that is worth anything; a write is sent once, always as
    /// a multipart form.
    ///
    /// # Errors
    /// [`CallError`]: no success. It has the body that came, if one did, and says of a write whether it may have been
    /// done.
    pub async fn call(&self, call: &Call) -> Result<Answer, CallError> {
        if call.function().class() != Class::Read {
            let turn = self.turn().await;
            let turn = turn.map_err(|problem| CallError::new(call, problem, None))?;
            return self.write_in(turn, call).await;
        }
        let (outcome, body, _) = self.ask(&Question::of_success(call.clone()), Turns::One).await;
        answered(call, outcome, body)
    }

    /// Sends a write as it is given, in a turn that was waited for.
    ///
    /// # Errors
    /// [`CallError`], as [`Client::call`].
    pub async fn write_in(&self, turn: WriteTurn, call: &Call) -> Result<Answer, CallError> {
        let question = Question::of_success(call.clone());
        let WriteTurn { permit, departure, .. } = turn;
        let sent = self.exchange(&question, Transport::Multipart, permit, Some(departure));
        let (outcome, body) = sent.await;
        if let Err(problem) = &outcome {
            self.note_limit(problem);
        }
        answered(call, outcome, body)
    }

    /// Reads; again when that is worth anything.
    pub(super) async fn read<A>(&self, question: &Question<A>) -> Result<A, Error> {
        let (outcome, ..) = self.ask(question, Turns::One).await;
        outcome.map_err(|problem| Error::new(question.call.function(), problem))
    }

    /// Reads, and has the turn for a write that is made of what was read: it is sent at once, so that no more than a round
    /// trip lies between the two. At a rate of one call a minute it is a minute.
    pub(super) async fn read_before_write<A>(&self, question: &Question<A>) -> Result<(A, WriteTurn), Error> {
        let function = question.call.function();
        let asked = self.shared.pacer.clock().mark();
        let (outcome, _, turn) = self.ask(question, Turns::Two).await;
        let answer = outcome.map_err(|problem| Error::new(function, problem))?;
        let turn = match turn {
            Some(turn) => turn,
            None => WriteTurn {
                since: asked,
                ..self.write_turn(function).await?
            },
        };
        // The last moment is when the connection for the write is there: no other tells how old the record is by then.
        let since = turn.since.clone();
        let departure = Departure::if_still(move || since.age() <= FRESH_FOR);
        Ok((answer, WriteTurn { departure, ..turn }))
    }

    async fn ask<A>(
        &self,
        question: &Question<A>,
        turns: Turns,
    ) -> (Result<A, Problem>, Option<Body>, Option<WriteTurn>) {
        let function = question.call.function();
        debug_assert_eq!(function.class(), Class::Read, "writes are never repeated");
        let shared = &*self.shared;
        let mut tries = 0;
        loop {
            let transport = shared.read_transport();
            tries += 1;
            let (outcome, body, turn) = self.attempt(question, transport, turns).await;
            let problem = match outcome {
                Ok(answer) => {
                    shared.note_success(transport);
                    return (Ok(answer), body, turn);
                }
                Err(problem) => problem,
            };
            drop(turn);
            if transport == Transport::Multipart && problem.code() == Some("missing_method") {
                shared.fall_back(function);
                // Not a try that failed: the API never saw the call.
                tries -= 1;
                continue;
            }
            self.note_limit(&problem);
            if tries >= TRIES || !problem.is_worth_another_try() {
                return (Err(problem), body, None);
            }
            let (account, function) = (shared.account.as_str(), function.name());
            tracing::debug!(account, function, kind = %problem.kind(), tries, "a read failed and is tried again");
            let delay = shared.back_off(tries);
            shared.pacer.clock().sleep(delay).await;
        }
    }

    async fn attempt<A>(
        &self,
        question: &Question<A>,
        transport: Transport,
        turns: Turns,
    ) -> (Result<A, Problem>, Option<Body>, Option<WriteTurn>) {
        match self.permits(turns).await {
            Ok((permit, turn)) => {
                let (outcome, body) = self.exchange(question, transport, permit, None).await;
                (outcome, body, turn)
            }
            Err(error) => (Err(Problem::Ledger(error)), None, None),
        }
    }

    async fn permits(&self, turns: Turns) -> Result<(Permit, Option<WriteTurn>), LedgerError> {
        let pacer = &self.shared.pacer;
        if turns == Turns::Two
            && let Some([first, second]) = pacer.pair(self.priority).await?
        {
            return Ok((first, Some(self.turn_of(second))));
        }
        Ok((pacer.permit(self.priority).await?, None))
    }

    /// One request, sent once, and its answer with the body that it was read from.
    async fn exchange<A>(
        &self,
        question: &Question<A>,
        transport: Transport,
        permit: Permit,
        departure: Option<Departure>,
    ) -> (Result<A, Problem>, Option<Body>) {
        let shared = &*self.shared;
        let mut request = match shared.encoder.request(&question.call, transport) {
            Ok(request) => request,
            Err(problem) => return (Err(problem), None),
        };
        request.departure = departure;
        let (function, watch) = (question.call.function(), Stopwatch::start());
        let answer = shared.wire.send(function.class(), request).await;
        let took = watch.elapsed();
        drop(permit);
        let (outcome, body) = match answer {
            Ok(answer) => {
                let outcome = read_reply(question, &answer, &shared.secrets);
                (outcome, Some(answer.body))
            }
            Err(error) => (Err(Problem::Http(error)), None),
        };
        let status = outcome
            .as_ref()
            .err()
            .map_or("success", |problem| problem.kind().counted_as());
        metrics::api_request(shared.account.as_str(), function.name(), status, took);
        (outcome, body)
    }

    fn note_limit(&self, problem: &Problem) {
        if problem.is_limit() {
            self.shared.pacer.limit_hit();
        }
    }
}

/// What a call as given came to.
fn answered(call: &Call, outcome: Result<(), Problem>, body: Option<Body>) -> Result<Answer, CallError> {
    match outcome {
        Ok(()) => Ok(Answer::new(text(body.unwrap_or_default()))),
        Err(problem) => Err(CallError::new(call, problem, body)),
    }
}

/// How many turns a read waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turns {
    One,
    /// Its own, and that of a write behind it.
    Two,
}

/// The right to send one write now.
#[derive(Debug)]
pub struct WriteTurn {
    permit: Permit,
    departure: Departure,
    since: Mark,
}

impl WriteTurn {
    /// When the read began that the write is made of, or a little before; without one, when the turn came.
    #[must_use]
    pub fn since(&self) -> Mark {
        self.since.clone()
    }

    /// Tells whether the write has begun to leave.
    #[must_use]
    pub fn departure(&self) -> Departure {
        self.departure.clone()
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
        self.fallback().transport(self.pacer.clock().monotonic())
    }

    fn fall_back(&self, function: Function) {
        let is_news = self.fallback().begin(self.pacer.clock().monotonic());
        if is_news {
            let (account, function) = (self.account.as_str(), function.name());
            tracing::warn!(
                account,
                function,
                "the API does not read multipart requests (it answers `missing_method`): reads go by GET meanwhile, with \
                 the API password in the URL"
            );
        }
    }

    fn note_success(&self, transport: Transport) {
        if transport == Transport::Multipart && self.fallback().end() {
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
