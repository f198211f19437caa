//! The measure for a sweep's cost: the same calls with the same HTTP library, transport and runtime flavour, the two
//! amounts of each client parsed, and nothing else. No retries, pacing, judging or storing belongs here, and nothing of
//! the library is used, so that a cost that hides in the library cannot hide in the measure too.
//!
//! ```text
//! cargo run --release --example bare_loop -- URL USERNAME PASSWORD [CONCURRENCY]
//! ```

use std::error::Error;

use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::multipart::Form;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Calls in flight at a time, unless told otherwise: what the goal is stated for.
const CONCURRENCY: usize = 32;

type Failure = Box<dyn Error>;

#[derive(Deserialize)]
struct Clients<'a> {
    #[serde(borrow)]
    clients: Vec<ClientRow<'a>>,
}

#[derive(Deserialize)]
struct ClientRow<'a> {
    client: &'a str,
}

#[derive(Deserialize)]
struct BalanceAnswer<'a> {
    #[serde(borrow)]
    balance: Balance<'a>,
}

#[derive(Deserialize)]
struct Balance<'a> {
    #[serde(borrow)]
    current_balance: &'a RawValue,
}

#[derive(Deserialize)]
struct ThresholdAnswer<'a> {
    #[serde(borrow)]
    threshold_information: ThresholdInformation<'a>,
}

#[derive(Deserialize)]
struct ThresholdInformation<'a> {
    #[serde(borrow)]
    threshold: &'a RawValue,
}

/// The API that is asked, and as whom.
struct Api {
    http: reqwest::Client,
    url: String,
    username: String,
    password: String,
}

impl Api {
    async fn call(&self, function: &'static str, client: Option<&str>) -> Result<Vec<u8>, Failure> {
        let mut form = Form::new()
            .text("api_username", self.username.clone())
            .text("api_password", self.password.clone())
            .text("method", function);
        if let Some(client) = client {
            form = form.text("client", client.to_owned());
        }
        let answer = self.http.post(&self.url).multipart(form).send().await?;
        Ok(answer.bytes().await?.into())
    }

    /// Whether the client's balance is below its threshold, so that neither amount is optimised away.
    async fn is_low(&self, client: &str) -> Result<bool, Failure> {
        let answer = self.call("getResellerBalance", Some(client)).await?;
        let balance = amount(
            serde_json::from_slice::<BalanceAnswer>(&answer)?
                .balance
                .current_balance,
        )?;
        let answer = self.call("getClientThreshold", Some(client)).await?;
        let threshold = amount(
            serde_json::from_slice::<ThresholdAnswer>(&answer)?
                .threshold_information
                .threshold,
        )?;
        Ok(balance < threshold)
    }
}

fn amount(raw: &RawValue) -> Result<Decimal, rust_decimal::Error> {
    Decimal::from_str_exact(raw.get().trim_matches('"'))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the measure must not share the library's client"
)]
#[expect(clippy::print_stdout, reason = "a program of its own; this is its answer")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = |name: &str| arguments.next().ok_or(format!("missing argument: {name}"));
    let (url, username, password) = (argument("URL")?, argument("USERNAME")?, argument("PASSWORD")?);
    let concurrency = argument("CONCURRENCY").map_or(Ok(CONCURRENCY), |text| text.parse())?;
    rustls::crypto::ring::default_provider().install_default().ok();
    let api = Api {
        http: reqwest::Client::builder().tls_certs_only([]).build()?,
        url,
        username,
        password,
    };

    let answer = api.call("getClients", None).await?;
    let clients = serde_json::from_slice::<Clients>(&answer)?.clients;
    let low = stream::iter(&clients)
        .map(|row| api.is_low(row.client))
        .buffer_unordered(concurrency)
        .try_fold(0_usize, async |low, is_low| Ok(low + usize::from(is_low)))
        .await?;
    println!("calls {} clients {} low {low}", 1 + 2 * clients.len(), clients.len());
    Ok(())
}
