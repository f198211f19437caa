//! What Prometheus is given: Debian's `promtool` checks the files in `config/` and the answers of a demo, and a real Prometheus
//! scrapes that demo.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use balancewatch::net::{Bounds, HttpClient, HttpRequest, Method, Network, Url};
use serde_json::Value;

use crate::journey::world::within;

/// How often something is looked at that cannot be waited for otherwise.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A program of Debian's package `prometheus`; `None`, told: this machine does not have it, which nobody but a machine that
/// judges must have.
fn program(name: &str) -> Option<PathBuf> {
    let named = std::env::var_os(format!("BALANCEWATCH_TEST_{}", name.to_uppercase())).map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let installed = folders.into_iter().map(|folder| folder.join(name));
    let found = named.into_iter().chain(installed).find(|path| path.is_file());
    if found.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "Debian's package prometheus is missing"
        );
        // Not as a test's output, which is kept back where it passes.
        let mut errors = std::io::stderr();
        writeln!(errors, "skipped: needs Debian's package prometheus").unwrap();
    }
    found
}

fn config(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(file)
}

#[test]
fn promtool_takes_the_rules_with_their_tests_and_the_scrape() {
    let Some(promtool) = program("promtool") else { return };
    for (what, file) in [
        (["check", "rules"], "prometheus/rules.yaml"),
        (["test", "rules"], "prometheus/rules.test.yaml"),
        (["check", "config"], "prometheus/scrape.yaml"),
    ] {
        let said = Command::new(&promtool).args(what).arg(config(file)).output().unwrap();
        let text = String::from_utf8_lossy(&said.stdout) + String::from_utf8_lossy(&said.stderr);
        assert!(said.status.success(), "{file}: {text}");
    }
    let tests = std::fs::read_to_string(config("prometheus/rules.test.yaml")).unwrap();
    let rules = std::fs::read_to_string(config("prometheus/rules.yaml")).unwrap();
    for rule in rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        let firing = format!("- alertname: {rule}\n");
        assert!(tests.contains(&firing), "no test lets {rule} fire");
    }
}

/// A process; killed when the test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A demo that goes on until it is stopped, and where its dashboard is.
fn demo() -> (Running, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_balancewatch"));
    let mut child = command
        .args(["demo", "--for", "0s"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap());
    let running = Running(child);
    let mut line = String::new();
    while !line.contains("the dashboard is at ") {
        line.clear();
        assert!(told.read_line(&mut line).unwrap() > 0, "it ended early");
    }
    // Whoever hears nothing more ends the story.
    std::thread::spawn(move || std::io::copy(&mut told, &mut std::io::sink()));
    let (_, rest) = line.split_once("the dashboard is at ").unwrap();
    let url = rest.split_whitespace().next().unwrap().to_owned();
    (running, url)
}

async fn get(url: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    let client = HttpClient::writes(&url, &Network::load(), Bounds::default()).unwrap();
    let answer = client.send(HttpRequest::new(Method::GET, url)).await.ok()?;
    (answer.status == 200).then(|| String::from_utf8(answer.body).unwrap())
}

/// Looks until `found` finds something in what is at `url`.
async fn look<T>(what: &str, url: &str, mut found: impl FnMut(&str) -> Option<T>) -> T {
    let looking = async {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        loop {
            ticks.tick().await;
            if let Some(found) = get(url).await.and_then(|text| found(&text)) {
                return found;
            }
        }
    };
    within(what, looking).await
}

/// The names that stand in a text, up to what a histogram adds to its own.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|char: char| !char.is_ascii_alphanumeric() && char != '_');
    let names = words.filter(|word| word.starts_with("balancewatch_") && !word.ends_with('_'));
    names
        .map(|name| name.strip_suffix("_bucket").unwrap_or(name).to_owned())
        .collect()
}

#[tokio::test]
async fn a_prometheus_scrapes_a_running_demo() {
    let (Some(promtool), Some(prometheus)) = (program("promtool"), program("prometheus")) else {
        return;
    };
    let (_demo, url) = demo();
    let mut wanted = BTreeSet::new();
    for file in [
        "prometheus/rules.yaml",
        "prometheus/rules.test.yaml",
        "grafana/balancewatch.json",
    ] {
        wanted.extend(metrics_in(&std::fs::read_to_string(config(file)).unwrap()));
    }
    assert!(wanted.len() > 20, "{wanted:?}");
    let mut missing = wanted.clone();
    let metrics = format!("{url}/metrics");
    // The first alert comes when the story has begun.
    let scraped = look("all metrics", &metrics, |text| {
        let types = text
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
        let there: BTreeSet<String> = types.map(str::to_owned).collect();
        missing = wanted.difference(&there).cloned().collect();
        missing.is_empty().then(|| text.to_owned())
    });
    let scraped = scraped.await;
    let mut check = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    check.stdin.take().unwrap().write_all(scraped.as_bytes()).unwrap();
    let said = check.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&said.stdout) + String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success() && text.trim().is_empty(), "{text}");

    let folder = tempfile::tempdir().unwrap();
    let target = url.strip_prefix("http://").unwrap();
    let shipped = std::fs::read_to_string(config("prometheus/scrape.yaml")).unwrap();
    let mine = shipped.replace("127.0.0.1:9877", target).replace("30s", "1s");
    let rules = config("prometheus/rules.yaml");
    let mine = mine.replace("- rules.yaml", &format!("- {}", rules.display()));
    std::fs::write(folder.path().join("prometheus.yml"), mine).unwrap();
    let log = folder.path().join("log");
    let command = Command::new(prometheus)
        .current_dir(folder.path())
        .args([
            "--config.file=prometheus.yml",
            "--storage.tsdb.path=data",
            "--web.listen-address=127.0.0.1:0",
        ])
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn();
    let _prometheus = Running(command.unwrap());
    let mut address = None;
    let started = async {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        while address.is_none() {
            ticks.tick().await;
            let said = std::fs::read_to_string(&log).unwrap();
            let listens = said.lines().find(|line| line.contains("msg=\"Listening on\""));
            address = listens.and_then(|line| Some(line.rsplit_once("address=")?.1.to_owned()));
        }
    };
    within("Prometheus", started).await;
    let address = address.unwrap();
    for (query, expected) in [
        ("up%7Bjob%3D%22balancewatch%22%7D", "1"),
        ("sum(balancewatch_clients)", "12"),
        ("count(balancewatch_client_balance)", "5"),
        ("min(balancewatch_config_last_reload_successful)", "1"),
    ] {
        let query = format!("http://{address}/api/v1/query?query={query}");
        look(&query, &query, |text| {
            let answer: Value = serde_json::from_str(text).unwrap();
            (answer["data"]["result"][0]["value"][1] == expected).then_some(())
        })
        .await;
    }
    let rules = get(&format!("http://{address}/api/v1/rules")).await.unwrap();
    assert!(rules.contains("BalancewatchSweepStale"), "{rules}");
}

#[tokio::test]
async fn the_mails_of_a_demo_are_read_in_a_browser() {
    let (_demo, url) = demo();
    let mails = format!("{url}/mails");
    let has_one = |text: &str| text.contains("href=\"/mails/0001\"").then(|| text.to_owned());
    let list = look("a mail", &mails, has_one).await;
    assert!(list.contains("noc@example.com"), "{list}");
    let mail = get(&format!("{mails}/0001")).await.unwrap();
    assert!(mail.contains("\nSubject: ") && mail.contains("USD"), "{mail}");
    for elsewhere in ["0000", "..%2Fstate.db", "%2Fetc%2Fpasswd", "state.db"] {
        assert_eq!(get(&format!("{mails}/{elsewhere}")).await, None, "{elsewhere}");
    }
}
