//! What the checks share: a running simulator, its `/sim/` surface, and the report. Knows no function of the API.

use std::error::Error;
use std::fmt::Debug;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::str::FromStr;

use voip_ms::reqwest::{Method, Url};
use voip_ms::rust_decimal::Decimal;
use voip_ms::serde_json::{Value, json};
use voip_ms::{Client, reqwest};

/// What a check ends with: nothing, or what differed.
pub type Outcome = Result<(), Box<dyn Error>>;

/// Fails unless the two are equal.
pub fn same<T: PartialEq + Debug>(what: &str, got: T, expected: T) -> Outcome {
    if got == expected {
        Ok(())
    } else {
        Err(format!("{what} is {got:?}, not {expected:?}").into())
    }
}

/// A simulator as a process of its own in which nobody spends or pays unless told to, and the virtual clock stands
/// still.
pub struct Lab {
    process: Child,
    /// Held open: the simulator writes to it.
    _stdout: BufReader<ChildStdout>,
    http: reqwest::Client,
    url: Url,
    /// The crate's client, as its documentation has it.
    pub api: Client,
}

impl Lab {
    #[expect(clippy::disallowed_methods, reason = "nothing of the program's is used here")]
    pub fn start(program: &str, settings: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(["simulate", "--clients", "40", "--seed", "7", "--speed", "0"]);
        for setting in [&["spending=off", "top-ups=off"], settings].concat() {
            command.args(["--set", setting]);
        }
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the simulator starts");
        let mut stdout = BufReader::new(process.stdout.take().expect("it is piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("it says where it listens");
        let url = line
            .trim()
            .strip_prefix("listening on ")
            .expect("that is its first line");
        let url: Url = url.parse().expect("it is an address");
        let http = reqwest::Client::new();
        let api = login(&url, "demo@example.com", "demo");
        Self {
            process,
            _stdout: stdout,
            http,
            url,
            api,
        }
    }

    /// Another login at the same simulator.
    pub fn login(&self, username: &str, password: &str) -> Client {
        login(&self.url, username, password)
    }

    /// A call of `/sim/`.
    pub async fn sim(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Box<dyn Error>> {
        let url = self.url.join(&format!("/sim/{path}"))?;
        let mut request = self.http.request(method, url);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let (status, said) = (answer.status(), answer.json().await?);
        if status.is_success() {
            Ok(said)
        } else {
            Err(format!("/sim/{path} answers {status}: {said}").into())
        }
    }

    /// A client as the simulator has it.
    pub async fn shown(&self, id: u64) -> Result<Value, Box<dyn Error>> {
        self.sim(Method::GET, &format!("clients/{id}"), None).await
    }

    pub async fn edit(&self, id: u64, fields: Value) -> Result<Value, Box<dyn Error>> {
        self.sim(Method::PATCH, &format!("clients/{id}"), Some(fields)).await
    }

    pub async fn advance(&self, by: &str) -> Outcome {
        self.sim(Method::POST, "clock", Some(json!({ "advance": by }))).await?;
        Ok(())
    }

    /// Changes one setting.
    pub async fn set(&self, name: &str, value: &str) -> Outcome {
        self.sim(Method::PUT, "settings", Some(json!({ name: value }))).await?;
        Ok(())
    }

    /// Makes all calls fail in one way; `None` ends it.
    pub async fn fault(&self, name: Option<&str>) -> Outcome {
        let faults = name.map_or(json!({}), |name| json!({ name: 1 }));
        self.sim(Method::PUT, "faults", Some(faults)).await?;
        Ok(())
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn login(url: &Url, username: &str, password: &str) -> Client {
    Client::builder(username, password).base_url(url.clone()).build()
}

/// An amount that the simulator shows as text.
pub fn amount(shown: &Value, field: &str) -> Option<Decimal> {
    Decimal::from_str(shown[field].as_str()?).ok()
}

/// A text that the simulator shows; the crate reads empty ones as absent.
pub fn text(shown: &Value, field: &str) -> Option<String> {
    shown[field].as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Prints a line for each function and remembers whether all was well.
#[derive(Default)]
pub struct Report {
    checked: usize,
    failed: usize,
    types: &'static str,
}

impl Report {
    /// The same report, for another profile of types.
    pub fn of(&mut self, types: &'static str) -> &mut Self {
        self.types = types;
        self
    }

    pub fn note(&mut self, function: &str, outcome: Outcome) {
        self.checked += 1;
        match outcome {
            Ok(()) => println!("ok      voip-ms  {:11}  {function}", self.types),
            Err(differed) => {
                self.failed += 1;
                println!("FAILED  voip-ms  {:11}  {function}: {differed}", self.types);
            }
        }
    }

    pub fn end(self) -> ExitCode {
        println!("voip-ms: {} checks, {} failed", self.checked, self.failed);
        if self.failed == 0 && self.checked > 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}
