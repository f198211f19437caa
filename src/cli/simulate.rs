//! `simulate`: the reseller API as a server, until it is told to stop. Parses arguments and prints where it listens;
//! what it serves is `simulator`'s business.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::clock::Clock;
use crate::simulator::{Options, OptionsError, Simulator, Speed, manual, serve};

use super::failure::USAGE;
use super::{Context, Exit, Failure, block_on_threads};

/// What stands before the tables in help. Every line fits 80 columns.
const EXAMPLES: &str = "\
Examples
  balancewatch simulate --listen 127.0.0.1:8099         always on this port
  balancewatch simulate --latency 300                   every answer takes 300 ms
  balancewatch simulate --fault slow=0.1                a tenth takes slow-secs
  balancewatch simulate --rate-cap 60                   refuses above 60 a minute
  balancewatch simulate --fault html-503=0.05           a page instead of JSON
  balancewatch simulate --fault reset-after@addPayment=1
                                                        paid, but no answer
  balancewatch simulate --fault unavailable@561115=1    one client fails
  balancewatch simulate --set soft-code=0 --set omitted-fields=kept

What nobody knows of the real API is marked [unknown] below; README.md has a
table of it.
";

/// Serve the reseller API for clients that do not exist
///
/// Every call is answered as the real API is known or believed to answer. The world repeats from its seed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = format!("{EXAMPLES}\n{}", manual()))]
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
    /// How many times faster than real time the world lives
    #[arg(long, value_name = "TIMES", default_value_t = Speed::ONE)]
    speed: Speed,
    /// Real time that every answer takes longer
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency: u64,
    /// Calls per minute of real time, above which `api_limit_exceeded` is answered
    #[arg(long, value_name = "PER_MINUTE")]
    rate_cap: Option<u32>,
    /// Let a share of calls go wrong (`--help` lists how); NAME@clients: all calls about that share of clients; NAME@ID,
    /// NAME@FUNCTION
    #[arg(long, value_name = "NAME=SHARE")]
    fault: Vec<String>,
    /// Change how the API behaves (`--help` lists the settings)
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
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
            username: args.username,
            password: SecretString::from(args.password),
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
        // Signals are caught before anybody is told that it runs.
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
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
        if !address.ip().is_loopback() {
            writeln!(
                notices,
                "warning: {address} can be reached from outside; /sim/ answers this machine only"
            )
            .ok();
        }
        serve(listener, simulator, async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
        .await?;
        Ok(Exit::Fine)
    })
}
