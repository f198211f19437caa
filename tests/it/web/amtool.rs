//! Debian's `amtool` against a running daemon: what fires is queried, silenced, and the silence ended.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::Listener;
use crate::journey::world::{World, within};

/// Where the program is; `None`, told: this machine does not have it, which nobody but a machine that judges must have.
fn amtool() -> Option<PathBuf> {
    let named = std::env::var_os("BALANCEWATCH_TEST_AMTOOL").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let found = named
        .into_iter()
        .chain(folders.into_iter().map(|folder| folder.join("amtool")));
    let found = found.into_iter().find(|path| path.is_file());
    if found.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "amtool of Debian's package prometheus-alertmanager is missing"
        );
        // Not as a test's output, which is kept back where it passes.
        let mut errors = std::io::stderr();
        std::io::Write::write_all(
            &mut errors,
            b"skipped: needs amtool of Debian's package prometheus-alertmanager\n",
        )
        .unwrap();
    }
    found
}

/// Somebody who has amtool, and the token.
struct Operator {
    amtool: PathBuf,
    listener: Listener,
}

impl Operator {
    /// What it printed on standard output and on standard error; whether it ended well.
    async fn run(&self, arguments: &[&str]) -> (String, String, bool) {
        let folder = self.listener.folder.path();
        let config = folder.join("http.yml");
        let token = folder.join("web.token");
        std::fs::write(
            &config,
            format!("authorization: {{ credentials_file: {} }}\n", token.display()),
        )
        .unwrap();
        let mut command = Command::new(&self.amtool);
        command
            .arg("--alertmanager.url")
            .arg(&self.listener.url)
            .arg("--http.config.file")
            .arg(config);
        command.arg("--no-version-check").args(arguments).env("HOME", folder);
        let ended = tokio::task::spawn_blocking(move || command.output().unwrap());
        let output = within("amtool's end", ended).await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr), output.status.success())
    }

    /// What it printed; it must end well.
    #[track_caller]
    fn said(&self, arguments: &[&str]) -> impl Future<Output = String> {
        let place = std::panic::Location::caller();
        async move {
            let (out, errors, is_well) = self.run(arguments).await;
            assert!(is_well, "{place}: {arguments:?}: {errors}");
            out
        }
    }

    async fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.said(&[arguments, &["--output", "json"]].concat()).await).unwrap()
    }

    /// Client and policy of the alerts that it finds.
    async fn alerts(&self, arguments: &[&str]) -> Vec<(String, String)> {
        let found = self.json(&[&["alert", "query"], arguments].concat()).await;
        let label = |alert: &Value, name: &str| alert["labels"][name].as_str().unwrap().to_owned();
        let alerts = found.as_array().unwrap().iter();
        alerts
            .map(|alert| (label(alert, "client"), label(alert, "alertname")))
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn amtool_shows_what_fires_and_silences_it() {
    let Some(amtool) = amtool() else { return };
    let world = World::new(3).await;
    world.reconfigure(r#"sweep = "60s""#, r#"sweep = "1s""#);
    let listener = Listener::of(world, |_| {}).await.ready().await;
    let (low, overdrawn) = (listener.ids[0].clone(), listener.ids[1].clone());
    listener.balance(&low, "9.99");
    listener.balance(&overdrawn, "-3.00");
    let operator = Operator { amtool, listener };
    let firing = async {
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(100));
        while operator.alerts(&[]).await.len() < 3 {
            ticks.tick().await;
        }
    };
    within("three alerts", firing).await;

    let pair = |client: &str, policy: &str| (client.to_owned(), policy.to_owned());
    let client = format!("client={low}");
    assert_eq!(operator.alerts(&[&client]).await, [pair(&low, "low-balance")]);
    assert_eq!(operator.alerts(&["overdrawn"]).await, [pair(&overdrawn, "overdrawn")]);
    assert_eq!(
        operator.alerts(&["severity!=warning", "client=~5.*"]).await,
        [pair(&overdrawn, "overdrawn")]
    );
    assert_eq!(operator.alerts(&["client!~5.*"]).await, []);
    assert_eq!(operator.alerts(&["--receiver", "o.s"]).await.len(), 3);
    assert_eq!(operator.alerts(&["--receiver", "p.s"]).await, []);
    let simple = operator.said(&["alert", "query", &client]).await;
    assert!(simple.contains("low-balance") && simple.contains("9.99"), "{simple}");
    let groups = operator.listener.get("/api/v2/alerts/groups").await.is(200).json();
    let groups = groups.as_array().unwrap();
    let group = |group: &Value| {
        (
            group["labels"]["alertname"].clone(),
            group["receiver"]["name"].clone(),
            group["alerts"].as_array().unwrap().len(),
        )
    };
    let groups: Vec<_> = groups.iter().map(group).collect();
    assert_eq!(
        groups,
        [
            (json!("low-balance"), json!("ops"), 2),
            (json!("overdrawn"), json!("ops"), 1)
        ]
    );

    let add = [
        "silence",
        "add",
        "--author",
        "alice",
        "--duration",
        "2h",
        "--comment",
        "moves today",
    ];
    let id = operator
        .said(&[&add[..], &["alertname=low-balance", &client]].concat())
        .await
        .trim()
        .to_owned();
    assert!(id.starts_with("s-"), "{id}");
    assert_eq!(operator.alerts(&[&client]).await, [], "silenced");
    assert_eq!(operator.alerts(&["--silenced", &client]).await.len(), 1);
    let silences = operator.json(&["silence", "query"]).await;
    assert_eq!(
        (&silences[0]["id"], &silences[0]["createdBy"]),
        (&json!(id), &json!("alice"))
    );
    assert_eq!(
        operator.json(&["silence", "query", "alertname=overdrawn"]).await,
        json!([])
    );
    assert_eq!(
        operator
            .json(&["silence", "query", &client])
            .await
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let listed = operator.listener.world.json(&["silence", "list"]).await;
    assert_eq!(
        (&listed[0]["id"], &listed[0]["policy"], &listed[0]["by"]),
        (&json!(id), &json!("low-balance"), &json!("alice"))
    );
    operator.said(&["silence", "update", "--duration", "4h", &id]).await;
    let silences = operator.json(&["silence", "query"]).await;
    let updated = silences[0]["id"].as_str().unwrap();
    assert!(silences.as_array().unwrap().len() == 1 && updated != id, "{silences}");
    operator.said(&["silence", "expire", updated]).await;
    assert_eq!(operator.json(&["silence", "query"]).await, json!([]));
    assert_eq!(operator.alerts(&[&client]).await.len(), 1, "told again");

    let shown = operator.said(&["config", "show"]).await;
    assert!(shown.contains("name: ops"), "{shown}");
    let routes = operator.said(&["config", "routes", "test", "client=1"]).await;
    assert_eq!(routes.trim(), "ops");
    what_is_not_possible_is_said(&operator, &add).await;
}

/// amtool prints why.
async fn what_is_not_possible_is_said(operator: &Operator, add: &[&str]) {
    for (matchers, why) in [
        (
            &["client=~5.*"][..],
            "client=~… is not possible: a silence here is about a client",
        ),
        (&["severity=warning", "client=1"], "severity=… is not possible"),
        (&["client=1"], "there is no client `1`"),
        (&["alertname=lo"], "there is no policy `lo`"),
        (&["alertname=brake"], "nothing silences `brake`"),
        (&["account=main"], "it would silence everything"),
        (&["account=other", "client=1"], "there is no account `other`"),
    ] {
        let (_, errors, is_well) = operator.run(&[add, matchers].concat()).await;
        assert!(!is_well && errors.contains(why), "{matchers:?}: {errors}");
    }
    let (_, errors, is_well) = operator.run(&["silence", "expire", "s-none"]).await;
    assert!(!is_well && errors.contains("404"), "{errors}");
    let (_, errors, is_well) = operator.run(&["alert", "add", "made-up"]).await;
    assert!(!is_well && errors.contains("405"), "{errors}");
    for (path, why) in [
        ("alerts?filter=client", "bad matcher format: client"),
        ("alerts?filter=client%3D~%22(%22", "bad regular expression: ("),
        ("alerts?active=perhaps", "active is true or false"),
        ("alerts?receiver=(", "bad regular expression: ("),
    ] {
        let answer = operator.listener.get(&format!("/api/v2/{path}")).await;
        assert_eq!(answer.is(400).json(), why, "{path}");
    }
    let unknown = operator.listener.ask("POST", "/api/v2/silences").body("{}");
    super::answer(unknown).await.is(401);
}
