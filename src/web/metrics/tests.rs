//! What a scrape shows, and what it shows of a store that does not work. What is counted is tested where it is counted.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::State;
use tokio::sync::{mpsc, watch as signal};

use crate::clock::Clock;
use crate::config;
use crate::domain::testing::{at, reading, record};
use crate::domain::watch::Watched;
use crate::store::{Access, Commit, Store};
use crate::vitals::Vitals;
use crate::web::Site;

const CONFIG: &str = "
[[account]]
name = 'main'
username = 'reseller@example.com'
password = 'secret'
[smtp]
url = 'smtp://localhost'
from = 'alerts@example.com'
[[channel]]
name = 'ops'
type = 'email'
to = ['noc@example.com']
[web]
per_client_metrics = 2
";

/// A site with a store that this many clients were written to.
async fn site(folder: &std::path::Path, clients: usize) -> Arc<Site> {
    let (clock, _) = Clock::stepped(at(60));
    let settings = Arc::new(config::parse(CONFIG, at(60)).unwrap().settings);
    let store = Store::open(&folder.join("state.db"), Access::Daemon).await.unwrap();
    let account = settings.accounts[0].name.clone();
    let mut commit = Commit::new(account.clone(), at(0));
    commit.clients.extend((0..clients).map(|number| Watched {
        reading: Some(reading("10", "1", 0)),
        ..Watched::new(record(&(100_000 + number).to_string()), at(0))
    }));
    store.commit(&commit).await.unwrap();
    let vitals = Arc::new(Vitals::new(clock.clone(), [account]));
    let settings = signal::Sender::new(settings).subscribe();
    Arc::new(Site::new(settings, store, clock, vitals, mpsc::channel(1).0))
}

/// The samples of a scrape that begin so, without that.
async fn scraped(site: &Arc<Site>, start: &str) -> Vec<String> {
    let answer = super::scrape(State(Arc::clone(site))).await;
    assert_eq!(answer.status(), 200);
    let text = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    let text = String::from_utf8(text.to_vec()).unwrap();
    let samples = text
        .lines()
        .filter_map(|line| line.strip_prefix("balancewatch_")?.strip_prefix(start));
    samples.map(str::to_owned).collect()
}

#[tokio::test]
async fn what_is_true_at_the_moment_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let site = site(folder.path(), 3).await;
    for (start, expected) in [
        ("ready", &[" 0"][..]),
        (
            "clients",
            &[
                "{account=\"main\",state=\"firing\"} 0",
                "{account=\"main\",state=\"unread\"} 0",
                "{account=\"main\",state=\"low\"} 0",
                "{account=\"main\",state=\"fine\"} 3",
            ],
        ),
        (
            "reading_age_seconds",
            &[
                "{account=\"main\",stat=\"max\"} 60",
                "{account=\"main\",stat=\"p99\"} 60",
                "{account=\"main\",stat=\"p50\"} 60",
            ],
        ),
        (
            "outbox_messages",
            &[
                "{account=\"main\",channel=\"client\"} 0",
                "{account=\"main\",channel=\"ops\"} 0",
            ],
        ),
        ("outbox_oldest_seconds", &[" 0"]),
        ("sweep_interval_seconds", &["{account=\"main\"} 300"]),
        ("api_rate_limit_per_minute", &["{account=\"main\"} 60"]),
        ("last_sweep_timestamp_seconds", &["{account=\"main\"} 0"]),
        ("config_last_reload_successful", &[" 1"]),
        (
            "client_balance",
            &[
                "{account=\"main\",client=\"100000\"} 10",
                "{account=\"main\",client=\"100001\"} 10",
            ],
        ),
    ] {
        assert_eq!(scraped(&site, start).await, expected, "{start}");
    }
    site.vitals.judged(&site.settings.borrow().accounts[0].name);
    site.vitals.reloaded(Some("no such key".to_owned()));
    assert_eq!(scraped(&site, "ready").await, [" 1"]);
    assert_eq!(scraped(&site, "config_last_reload_successful").await, [" 0"]);
}

#[tokio::test]
async fn a_store_that_fails_takes_only_its_own_figures_away() {
    let folder = tempfile::tempdir().unwrap();
    let site = site(folder.path(), 1).await;
    site.store.close().await;
    assert_eq!(scraped(&site, "clients").await, [""; 0]);
    assert_eq!(scraped(&site, "outbox").await, [""; 0]);
    assert_eq!(scraped(&site, "ready").await, [" 0"]);
    let errors = scraped(&site, "store_errors_total ").await;
    assert!(errors[0].parse::<u64>().unwrap() > 0, "{errors:?}");
}
