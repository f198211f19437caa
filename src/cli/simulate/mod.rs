//! `simulate`: the reseller API as a server, until it is told to stop. Parses arguments and prints where it listens;
//! what it serves is `simulator`'s business.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use secrecy::SecretString;
use tokio::net::TcpListener;

use crate::clock::Clock;
use crate::simulator::{Options, OptionsError, Simulator, Speed, manual, serve};

mod catcher;

use super::context::{Context, Exit};
use super::failure::Failure;
use super::failure::USAGE;
use super::runtime::block_on_threads;
use super::signals::Signals;
use catcher::{Catching, Reseller};

/// What stands before the tables in help: first steps, and what to try. Every line fits 80 columns.
const LESSON: &str = "\
The daemon against it, mails and all (it prints what to type next)
  balancewatch simulate --with-mail-catcher

First steps
  balancewatch simulate --listen 127.0.0.1:8099

  The first line that it prints is the URL for your program, in the place of
  https://voip.ms/api/v1/rest.php. The clients are 561115, 561116 and so on.

  SIM=http://127.0.0.1:8099
  curl -G $SIM/api/v1/rest.php -d api_username=demo@example.com \\
    -d api_password=demo -d method=getResellerBalance -d client=561115

  Make something happen: a client with 6.00 left that spends 4.00 an hour, and
  an hour that passes at once. Then look at what your program did.

  curl -X PATCH $SIM/sim/clients/561115 \\
    -d '{\"balance\":\"6.00\",\"spend_per_hour\":\"4.00\"}'
  curl -X POST $SIM/sim/clock -d '{\"advance\":\"1h\"}'
  curl $SIM/sim/requests
  curl $SIM/sim/clients/561115

What breaks programs, and how to try it (or PUT /sim/faults while it runs)
  HTTP 200 is no success: `status` says it     --fault unavailable=0.1
  one client fails, and the others must not    --fault unavailable@561115=1
  numbers come as texts, texts as numbers      --set types=all-strings
  no answer is not \"there are no clients\"      --fault empty=0.1
  an answer breaks off                         --fault truncated=0.1
  a page comes instead of JSON                 --fault html-503=0.05
  an answer comes later than you wait          --fault slow=0.1
  the answer is lost, but the payment was made --fault reset-after@addPayment=1
  nobody says how many calls a minute pass     --rate-cap 60
  setClient may blank what is not sent         --set omitted-fields=kept
  the code of SOFT is a guess: look it up      --set soft-code=0
  today ends at midnight in Toronto            --speed 3600
  test=true moves the money, test=1 does not   always so
  a POST must be multipart, or SOAP answers    always so

  What nobody knows of the real API is marked [unknown] below: try every value
  of it. src/simulator/README.md has a table of them, and more examples.
";

/// Serve the reseller API for clients that do not exist
///
/// For testing a program against VoIP.ms without an account there: every call is answered as the real API is known or
/// believed to answer, clients call and pay in virtual time, and things go wrong when you say so. It keeps everything in
/// memory, repeats from its seed, and runs until Ctrl-C.
#[derive(Debug, clap::Args)]
#[command(after_long_help = format!("{LESSON}\n{}", manual()))]
pub struct Args {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// How many clients the reseller has
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    clients: u32,
    /// The same seed gives the same world
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The API user
    #[arg(long, value_name = "EMAIL", default_value = "demo@example.com")]
    username: String,
    /// The API password; visible to everybody on this machine, so not one that is used elsewhere
    #[arg(long, default_value = "demo")]
    password: String,
    /// How many times faster than real time the world lives; 0: only `/sim/clock` moves it
    #[arg(long, value_name = "TIMES", default_value_t = Speed::ONE)]
    speed: Speed,
    /// Real time that every answer takes longer
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency: u64,
    /// Calls per minute of real time, above which `api_limit_exceeded` is answered
    #[arg(long, value_name = "PER_MINUTE")]
    rate_cap: Option<u32>,
    /// Let a share of calls go wrong, such as `empty=0.1` (`--help` lists how); NAME@clients: all calls about that share
    /// of the clients; NAME@ID, NAME@FUNCTION: calls about one client, or of one function. May be given several times
    #[arg(long, value_name = "NAME=SHARE")]
    fault: Vec<String>,
    /// Change how the API behaves, such as `types=all-strings` (`--help` lists the settings). May be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Catch mails, too: keep them as FOLDER/mails/*.eml (by default in a new folder), and write FOLDER/config.toml, a
    /// whole configuration for both. `balancewatch run --config FOLDER/config.toml` then watches this simulator
    #[arg(long, value_name = "FOLDER", num_args = 0..=1, default_missing_value = "")]
    with_mail_catcher: Option<PathBuf>,
}

/// Options that are not accepted are a wrong command line.
fn refused(error: OptionsError) -> Failure {
    let failure = Failure::from_error(&error, USAGE);
    if let [_, _, ..] = error.problems() {
        let problems = error.problems().iter();
        return problems.fold(failure, |failure, problem| {
            let hint = problem.hint().map_or_else(String::new, |hint| format!(" ({hint})"));
            failure.cause(format!("{problem}{hint}"))
        });
    }
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// Raises the limit of open files to what the system allows: each connection is one, and 1,024 is the usual limit of
/// processes that do not ask. Whoever tests a server of many connections would else wait for the simulator.
fn allow_many_connections() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    // Where it is not allowed it works as before.
    setrlimit(Resource::Nofile, raised).ok();
}

/// Serves until SIGINT or SIGTERM.
///
/// # Errors
/// Options that are not accepted, or an address that cannot be listened on.
pub fn run(context: &mut Context, args: Args) -> Result<Exit, Failure> {
    allow_many_connections();
    block_on_threads(async {
        let listen = args.listen;
        let options = Options {
            clients: args.clients,
            seed: args.seed,
            username: args.username.clone(),
            password: SecretString::from(args.password.clone()),
            speed: args.speed,
            latency: Duration::from_millis(args.latency),
            rate_cap_per_minute: args.rate_cap,
            faults: args.fault,
            settings: args.set,
            start: None,
        };
        let simulator = Simulator::new(options, Clock::real()).map_err(refused)?;
        let cannot_listen =
            |error: std::io::Error| Failure::from(error).while_doing(format!("cannot listen on `{listen}`"));
        let listener = TcpListener::bind(listen).await.map_err(cannot_listen)?;
        let address = listener.local_addr().map_err(cannot_listen)?;
        let catching = match &args.with_mail_catcher {
            Some(folder) => {
                let (username, password) = (&args.username, &args.password);
                let reseller = Reseller {
                    address,
                    username,
                    password,
                };
                Some(Catching::start(folder, &reseller).await?)
            }
            None => None,
        };
        // Signals are caught before anybody is told that it runs.
        let mut signals = Signals::listen()?;
        context
            .out
            .line(&format!("listening on http://{address}/api/v1/rest.php"))?;
        let mut notices = std::io::stderr();
        // Nobody has to read the notices.
        writeln!(
            notices,
            "{} clients, seed {}; for tests: http://{address}/sim/state",
            args.clients, args.seed
        )
        .ok();
        if let Some(catching) = &catching {
            catching.tell(&mut notices).ok();
        }
        if !address.ip().is_loopback() {
            writeln!(
                notices,
                "warning: {address} can be reached from outside; /sim/ answers this machine only"
            )
            .ok();
        }
        serve(listener, simulator, async move {
            signals.next().await;
        })
        .await?;
        Ok(Exit::Fine)
    })
}
