//! An API within the process, and callers of it on a stepped clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::clock::{Clock, Stepper};
use crate::domain::plan::{Field, Record};
use crate::domain::{AccountName, ClientId};
use crate::net::header::{HeaderMap, HeaderName};
use crate::net::raw_server::RawServer;
use crate::net::{Bounds, Cause, HttpAnswer, HttpError, HttpRequest, Method, Network};
use crate::voipms::pace::{MemoryLedger, Pace, Pacer};
use crate::voipms::{Call, Class, Client, Function, Settings, Transport, Wire};

pub(super) const BALANCE: &str = r#"{"status":"success","balance":{"current_balance":"8.0588"}}"#;
pub(super) const PASSWORD: &str = "p&ss w/\"rd";

pub(super) const JOHN: &str = r#"{"client":"561115","email":"john.doe@my-domain.com","password":"johnspassword",
    "company":"Consulting","firstname":"John","lastname":"Doe","address":"5491 190TH","city":"OPA LOCKA",
    "state":"FLORIDA","country":"UNITED STATES","zip":"02134","phone_number":"5551112222","balance_management":"1"}"#;

pub(super) fn id() -> ClientId {
    ClientId::new("561115").unwrap()
}

/// What the API does with one request.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Send(Reply),
    /// Says nothing until a deadline passes.
    Silence,
    /// Breaks the connection before an answer.
    Reset,
}

#[derive(Clone, Debug)]
pub(super) struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// An answer with HTTP success and this body.
pub(super) fn ok(body: &str) -> Reply {
    answer("200 OK", "", body.as_bytes())
}

/// An answer with this status line and these headers.
pub(super) fn answer(status: &str, headers: &str, body: &[u8]) -> Reply {
    let header = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())
    };
    Reply {
        status: status[..3].parse().unwrap(),
        headers: headers.lines().map(header).collect(),
        body: body.to_vec(),
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub class: Class,
    pub is_post: bool,
    pub target: String,
    content_type: String,
    pub body: String,
}

type Script = dyn Fn(usize, &Seen) -> Act + Send + Sync;

/// An API that answers request number `n` (counted from 0) as its script says.
pub(super) struct Api {
    script: Box<Script>,
    seen: Mutex<Vec<Seen>>,
}

impl Api {
    pub(super) fn start(script: impl Fn(usize, &Seen) -> Act + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            script: Box::new(script),
            seen: Mutex::default(),
        })
    }

    /// Always does the same.
    pub(super) fn doing(act: Act) -> Arc<Self> {
        Self::start(move |_, _| act.clone())
    }

    /// Always answers HTTP 200 with `body`.
    pub(super) fn answering(body: &str) -> Arc<Self> {
        Self::doing(Act::Send(ok(body)))
    }

    /// The requests so far.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Wire for Api {
    fn send(&self, class: Class, request: HttpRequest) -> BoxFuture<'_, Result<HttpAnswer, HttpError>> {
        let server = || "the-api:443".to_owned();
        assert_eq!(request.departure.is_some(), class != Class::Read);
        let may_leave = request.departure.as_ref().is_none_or(|departure| departure.depart());
        let outcome = if may_leave {
            let content_type = request.headers.get("content-type");
            let seen = Seen {
                class,
                is_post: request.method == Method::POST,
                target: target(&request.url),
                content_type: content_type.map_or_else(String::new, |value| value.to_str().unwrap().to_owned()),
                body: String::from_utf8(request.body.unwrap_or_default()).unwrap(),
            };
            let number = {
                let mut all = self.seen.lock().unwrap();
                all.push(seen.clone());
                all.len() - 1
            };
            match (self.script)(number, &seen) {
                Act::Send(Reply { status, headers, body }) => Ok(HttpAnswer { status, headers, body }),
                Act::Silence => Err(HttpError::Timeout {
                    server: server(),
                    after: Duration::from_secs(10),
                }),
                Act::Reset => Err(HttpError::Lost {
                    server: server(),
                    cause: Cause::new("connection reset"),
                }),
            }
        } else {
            Err(HttpError::TooLate { server: server() })
        };
        Box::pin(std::future::ready(outcome))
    }
}

fn target(url: &crate::net::Url) -> String {
    let query = url.query().map(|query| format!("?{query}"));
    format!("{}{}", url.path(), query.unwrap_or_default())
}

/// A client on a stepped clock.
pub(super) struct Caller {
    pub(super) client: Client,
    pub(super) stepper: Stepper,
}

impl Caller {
    /// A caller within the process.
    pub(super) fn new(api: &Arc<Api>, transport: Transport) -> Self {
        Self::at_rate(api, transport, FAST)
    }

    pub(super) fn at_rate(api: &Arc<Api>, transport: Transport, rate_per_minute: u32) -> Self {
        let (settings, pacer, stepper) = parts("https://the-api/api/v1/rest.php", transport, rate_per_minute);
        let wire = Arc::clone(api);
        let client = Client::over(wire, &settings, pacer, 1).unwrap();
        Self { client, stepper }
    }

    /// A caller over HTTP.
    pub(super) fn over_http(server: &RawServer, transport: Transport) -> Self {
        let (settings, pacer, stepper) = parts(&server.url, transport, FAST);
        let client = Client::new(&settings, pacer, &Network::nobody(), 1).unwrap();
        Self { client, stepper }
    }

    /// Runs a call; time passes when nothing is under way.
    pub(super) async fn run<T>(&self, call: impl Future<Output = T>) -> T {
        let mut call = std::pin::pin!(call);
        loop {
            tokio::select! {
                biased;
                outcome = &mut call => return outcome,
                () = tokio::task::yield_now() => if self.stepper.is_idle() && let Some(wake) = self.stepper.next_wake() {
                    self.stepper.advance_to(wake);
                },
            }
        }
    }

    pub(super) async fn balance(&self) -> String {
        match self.run(self.client.get_reseller_balance(&id())).await {
            Ok(balance) => balance.current_balance.to_string(),
            Err(error) => error.kind().to_string(),
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.client.pacer().clock().monotonic()
    }
}

/// Calls a minute at which nobody waits.
const FAST: u32 = 1_000_000;

fn parts(url: &str, transport: Transport, rate_per_minute: u32) -> (Settings, Pacer, Stepper) {
    let (clock, stepper) = Clock::stepped(Timestamp::UNIX_EPOCH);
    let settings = Settings {
        account: AccountName::new("main").unwrap(),
        url: url.to_owned(),
        username: "reseller@example.com".to_owned(),
        password: SecretString::from(PASSWORD.to_owned()),
        transport,
        bounds: Bounds {
            connect: Duration::from_secs(2),
            read: Duration::from_millis(150),
            total: Duration::from_secs(2),
            body_bytes: 64 << 20,
        },
        concurrency: 4,
    };
    let pacer = Pacer::new(Pace {
        account: settings.account.clone(),
        rate_per_minute,
        longest_call: settings.bounds.total,
        owner: "test".to_owned(),
        ledger: Arc::new(MemoryLedger::default()),
        clock,
    });
    (settings, pacer, stepper)
}

/// The parts of a form.
pub(super) fn form(seen: &Seen) -> Vec<(String, String)> {
    let (_, boundary) = seen.content_type.split_once("boundary=").unwrap();
    let mut parts = seen.body.split(&format!("--{boundary}")).collect::<Vec<_>>();
    assert_eq!((parts.remove(0), parts.pop()), ("", Some("--\r\n")));
    parts
        .into_iter()
        .map(|part| {
            let part = part
                .strip_prefix("\r\nContent-Disposition: form-data; name=\"")
                .unwrap();
            let (name, value) = part.split_once("\"\r\n\r\n").unwrap();
            (name.to_owned(), value.strip_suffix("\r\n").unwrap().to_owned())
        })
        .collect()
}

/// What decompresses to nothing that is known here.
pub(super) const BINARY: &[u8] = b"\x0b\x0a\x80\xff\x00\x1b[31m\x03";

/// UTF-16 with its mark.
pub(super) fn utf16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

pub(super) fn record() -> Record {
    Record::from_fields([
        (Field::Client, "561115"),
        (Field::Email, "josé@example.com"),
        (Field::Password, "johns \"pass\"\r\nword"),
        (Field::Company, "O'Neill & Søn"),
        (Field::Firstname, "José"),
        (Field::Lastname, "Ó"),
        (Field::City, "OPA LOCKA"),
        (Field::State, "FLORIDA"),
        (Field::Country, "US"),
        (Field::Zip, "02134"),
        (Field::PhoneNumber, "5551112222"),
        (Field::BalanceManagement, "1"),
    ])
}

pub(super) fn call(function: Function, arguments: &[(&'static str, &str)]) -> Call {
    let arguments = arguments.iter().map(|(name, value)| (*name, (*value).to_owned()));
    Call::new(function, arguments.collect()).unwrap()
}

pub(super) const WRITES: [Function; 5] = [
    Function::AddCharge,
    Function::AddPayment,
    Function::SetClient,
    Function::SetClientThreshold,
    Function::SignupClient,
];

/// A write with arguments that are good. setClient and signupClient send the password `johnspassword`.
pub(super) fn write(function: Function) -> Call {
    let person = [
        ("email", "john.doe@my-domain.com"),
        ("password", "johnspassword"),
        ("firstname", "John"),
        ("lastname", "Doe"),
        ("phone_number", "5551112222"),
    ];
    match function {
        Function::AddCharge => call(
            function,
            &[("client", "561115"), ("charge", "4.99"), ("description", "b 1")],
        ),
        Function::AddPayment => call(function, &[("client", "561115"), ("payment", "10")]),
        Function::SetClientThreshold => call(function, &[("client", "561115"), ("threshold", "10")]),
        Function::SetClient => call(function, &[&[("client", "561115")], &person[..]].concat()),
        Function::SignupClient => {
            let more = [
                ("address", "1 Main St"),
                ("city", "x"),
                ("state", "x"),
                ("country", "US"),
                ("zip", "0"),
                ("confirm_email", "john.doe@my-domain.com"),
                ("confirm_password", "johnspassword"),
            ];
            call(function, &[&person[..], &more].concat())
        }
        _ => panic!("{function} is no write"),
    }
}
