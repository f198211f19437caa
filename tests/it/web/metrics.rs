//! `/metrics` of a running daemon: who may read it, and that what happens is counted.

use super::{Listener, answer};

/// A token as it stands in a configuration.
const TOKEN: &str = "a token of 25 characters.";

#[tokio::test(flavor = "multi_thread")]
async fn a_configured_token_is_needed_and_what_happens_is_counted() {
    let listener = Listener::new(3, &format!("\n[web]\ntoken = \"{TOKEN}\"\n"))
        .await
        .ready()
        .await;
    listener.get("/metrics").await.is(401);
    let answer = answer(listener.ask("GET", "/metrics").bearer_auth(TOKEN)).await;
    assert_eq!(
        answer.is(200).header("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let sample = |start: &str| {
        let line = answer.body.lines().find_map(|line| line.strip_prefix(start));
        line.unwrap_or_else(|| panic!("no `{start}` in {}", answer.body))
            .to_owned()
    };
    let account = "main";
    for (start, expected) in [
        (
            format!("balancewatch_sweeps_total{{account=\"{account}\",result=\"judged\"}} "),
            "1",
        ),
        (
            format!("balancewatch_sweep_duration_seconds_count{{account=\"{account}\"}} "),
            "1",
        ),
        (
            format!(
                "balancewatch_api_requests_total{{account=\"{account}\",function=\"getResellerBalance\",status=\"success\"}} "
            ),
            "3",
        ),
        ("balancewatch_ready ".to_owned(), "1"),
        ("balancewatch_store_errors_total ".to_owned(), "0"),
    ] {
        assert_eq!(sample(&start), expected, "{start}");
    }
    for secret in [TOKEN, "example.com"] {
        assert!(!answer.body.contains(secret), "{secret} is in {}", answer.body);
    }
}
