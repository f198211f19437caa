//! `health`: whether a running daemon watches, for containers and scripts. Asks its listener; opens no store.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::context::{Context, Exit};
use super::failure::{FAILED, Failure};
use super::runtime::block_on;
use crate::config::{Secrets, Web};
use crate::net::{Bounds, HttpClient, HttpRequest, Method, Network, Url};

/// Ask a running daemon whether it watches.
///
/// Exits 0 when its page `/-/ready` says so, else 1 with what is missing. It waits three seconds at most.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch health                                    the daemon of the configuration in /etc/balancewatch
  balancewatch health --url http://127.0.0.1:9877        another one; no configuration is read
  balancewatch health --output json                      for scripts")]
pub struct HealthArgs {
    /// Where it listens, if not at `web.listen`
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
}

/// Below what container engines wait for a probe.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where it listens by default. Asked when the configuration cannot be read: a daemon that runs kept the one before, and is
/// not to be killed for an edit.
const USUAL: &str = "http://127.0.0.1:9877";

/// What is missing takes a line for each account.
const MOST_BYTES: usize = 16 << 10;

#[derive(Serialize)]
struct Answer {
    url: String,
    ready: bool,
    missing: Vec<String>,
}

pub fn run(context: &mut Context, args: &HealthArgs) -> Result<Exit, Failure> {
    let loaded = args.url.is_none().then(|| context.load(Secrets::MayBeMissing));
    let base = match (&args.url, &loaded) {
        (Some(url), _) => url.clone(),
        (None, Some(Ok(loaded))) => listener(&loaded.settings.web)?,
        (None, _) => USUAL.to_owned(),
    };
    let url = ready_page(&base)?;
    let answer = match (block_on(ask(url)), loaded) {
        (Err(_), Some(Err(problems))) => return Err(problems.into()),
        (asked, _) => asked?,
    };
    let (ready, url) = (answer.ready, answer.url.clone());
    if context.wants_json() {
        context.out.json(&answer)?;
        return Ok(if ready { Exit::Fine } else { Exit::MustLook });
    }
    if ready {
        context.out.line(&format!("ready, says {url}"))?;
        return Ok(Exit::Fine);
    }
    let mut failure = Failure::failed(format!("not ready, says {url}"));
    failure.causes = answer.missing;
    Err(failure.hint("`balancewatch status` and the log tell more"))
}

async fn ask(url: Url) -> Result<Answer, Failure> {
    let bounds = Bounds {
        connect: PATIENCE,
        read: PATIENCE,
        total: PATIENCE,
        body_bytes: MOST_BYTES,
    };
    let failed = |error: &dyn std::error::Error| {
        Failure::from_error(error, FAILED)
            .while_doing("the daemon does not answer")
            .hint("does `balancewatch run` run, and listen there? `--url` names another place")
    };
    let shown = url.to_string();
    let client = HttpClient::writes(&url, &Network::load(), bounds).map_err(|error| failed(&error))?;
    let asked = client.tell(HttpRequest::new(Method::GET, url)).await;
    let answer = asked.map_err(|error| failed(&error))?;
    let ready = answer.status == 200;
    let mut missing: Vec<String> = Vec::new();
    if !ready {
        let text = String::from_utf8_lossy(&answer.body);
        missing.extend(text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned));
        if missing.is_empty() || answer.status != 503 {
            missing = vec![format!("HTTP {}", answer.status)];
        }
    }
    Ok(Answer {
        url: shown,
        ready,
        missing,
    })
}

/// The page that says whether it is ready, of a listener.
fn ready_page(base: &str) -> Result<Url, Failure> {
    let page = format!("{}/-/ready", base.trim_end_matches('/').trim_end_matches("/-/ready"));
    let url = Url::parse(&page)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    url.filter(|url| url.username().is_empty() && url.password().is_none())
        .ok_or_else(|| {
            Failure::usage("`--url` is no address of a listener")
                .hint("it is like http://127.0.0.1:9877, without a user")
        })
}

/// Where the listener of a configuration is reached from its own machine.
fn listener(web: &Web) -> Result<String, Failure> {
    let Some(listen) = web.listen else {
        return Err(Failure::failed("the web listener is off").hint("`web.listen` in the configuration turns it on"));
    };
    if listen.port() == 0 {
        return Err(Failure::usage("`web.listen` leaves the port open").hint("name it: --url http://127.0.0.1:PORT"));
    }
    Ok(format!("http://{}", reachable(listen)))
}

/// Every address of the machine stands for loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::{reachable, ready_page};

    #[test]
    fn a_wildcard_is_asked_on_loopback() {
        for (listen, expected) in [
            ("127.0.0.1:9877", "127.0.0.1:9877"),
            ("0.0.0.0:9877", "127.0.0.1:9877"),
            ("[::]:9877", "[::1]:9877"),
            ("[::1]:1", "[::1]:1"),
            ("10.1.2.3:80", "10.1.2.3:80"),
        ] {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), expected, "{listen}");
        }
    }

    #[test]
    fn the_page_is_found_below_what_was_given() {
        for (base, expected) in [
            ("http://127.0.0.1:9877", Some("http://127.0.0.1:9877/-/ready")),
            ("http://127.0.0.1:9877/", Some("http://127.0.0.1:9877/-/ready")),
            ("http://127.0.0.1:9877/-/ready", Some("http://127.0.0.1:9877/-/ready")),
            (
                "https://b.example.com/watch/",
                Some("https://b.example.com/watch/-/ready"),
            ),
            ("127.0.0.1:9877", None),
            ("ftp://b.example.com", None),
            ("http://user:secret@b.example.com", None),
            ("", None),
        ] {
            let page = ready_page(base).ok().map(|url| url.to_string());
            assert_eq!(page.as_deref(), expected, "{base}");
        }
    }
}
