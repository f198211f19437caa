//! What people decide, from the command line to the mail that is not sent, or is.

use serde_json::{Value, json};

use super::world::{World, numbers};

const CRITICAL: &str = "\n[[policy]]\nname = \"low-balance\"\nseverity = \"critical\"\n";

/// The only alert that fires.
async fn alert(world: &World) -> Value {
    let alerts = world.json(&["alerts"]).await;
    let alerts = alerts.as_array().unwrap();
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    alerts[0].clone()
}

/// The notifications so far as `what state`, oldest first.
async fn notified(world: &World) -> Vec<String> {
    let list = world.json(&["notifications", "list"]).await;
    let rows = list.as_array().unwrap().iter().rev();
    rows.map(|row| {
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        format!("{} {}", text("transition"), text("state"))
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silenced_alert_lives_on_and_is_told_when_the_silence_ends() {
    let world = World::new(2).await;
    let id = world.ids[0].as_str();
    world.sweep(0).await;
    let added = [
        "silence",
        "add",
        "--client",
        id,
        "--for",
        "30m",
        "--comment",
        "moves house",
        "--by",
        "alice",
    ];
    let silence = world.json(&added).await;
    assert_eq!(
        (&silence["client"], &silence["policy"], &silence["by"]),
        (&json!(id), &Value::Null, &json!("alice"))
    );
    world.balance(id, "5.00");
    let report = world.sweep(0).await;
    assert_eq!(numbers(&report, "alerts"), [1, 0, 0], "it is judged and counted");
    assert_eq!(world.mails().len(), 0);
    let row = alert(&world).await;
    assert_eq!(row["silenced_by"], json!({"by": "alice", "until": silence["until"]}));
    assert_eq!((&row["acked_by"], &row["muted_by"]), (&Value::Null, &Value::Null));
    assert_eq!(notified(&world).await, ["fired dropped"]);
    let explained = world.run(&["explain", id]).await;
    assert!(
        explained.out.contains("silenced by alice, ends in"),
        "{}",
        explained.out
    );

    // Over the end of the silence, and over a restart.
    let once = world.sweep_later(1_900).await;
    assert_eq!(once.report.notifications.sent, 1);
    let mails = world.to_ops();
    mails[0].says(&["WARNING, no longer silenced", id, "5.00"]);
    world.sweep_later(2_000).await;
    world.balance(id, "50.00");
    world.sweep_later(2_100).await;
    world.sweep_later(2_200).await;
    let mails = world.to_ops();
    assert_eq!(mails.len(), 2, "{mails:?}");
    mails[1].says(&["RESOLVED"]);
    assert_eq!(
        notified(&world).await,
        ["fired dropped", "still-fires delivered", "resolved delivered"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_within_a_silence_is_told_to_nobody_who_never_heard_of_the_alert() {
    let world = World::new(2).await;
    let id = world.ids[0].as_str();
    world.sweep(0).await;
    world
        .json(&[
            "silence",
            "add",
            "--policy",
            "low-balance",
            "--for",
            "30d",
            "--comment",
            "known",
        ])
        .await;
    world.balance(id, "5.00");
    world.sweep(0).await;
    world.balance(id, "50.00");
    world.sweep(0).await;
    let report = world.sweep(0).await;
    assert_eq!(numbers(&report, "alerts"), [0, 1, 0]);
    assert_eq!(world.mails().len(), 0);
    assert_eq!(notified(&world).await, ["fired dropped", "resolved dropped"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_mutes_the_summary_of_a_first_sweep_and_tells_at_its_end() {
    let world = World::new(3).await;
    // Open at any minute of the day, and closed by taking it out of the configuration.
    let window = "\n[[mute]]\nname = \"works\"\nstart = \"* * * * *\"\nfor = \"2h\"\npolicies = [\"low-balance\"]\n";
    world.configure(window);
    for id in &world.ids[..2] {
        world.balance(id, "5.00");
    }
    world.sweep(0).await;
    assert_eq!(world.mails().len(), 0);
    let alerts = world.json(&["alerts"]).await;
    assert_eq!(alerts[0]["muted_by"]["by"], "works");
    let status = world.json(&["status"]).await;
    assert_eq!(status["accounts"][0]["alerts"]["muted"], 2);
    world.configure("");
    world.sweep_later(120).await;
    let told: usize = world.to_ops().len();
    assert!(told == 1 || told == 2, "{:?}", world.to_ops());
    world.balance(&world.ids[0], "50.00");
    world.sweep_later(240).await;
    world.sweep_later(360).await;
    assert_eq!(world.to_ops().len(), told + 1, "its end is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_acknowledged_goes_to_a_further_channel_and_its_end_too() {
    let phone = "\n[[channel]]\nname = \"phone\"\ntype = \"email\"\nto = [\"phone@example.com\"]\n";
    let world = World::new(2).await;
    let policy = CRITICAL.replace("severity", "notify = [\"ops\"]\nseverity");
    world.configure(&format!("{phone}{policy}"));
    world.reconfigure(
        "to = [\"noc@example.com\"]",
        "to = [\"noc@example.com\"]\nescalate = { to = \"phone\", after = \"30m\" }",
    );
    let id = world.ids[0].as_str();
    world.sweep(0).await;
    world.balance(id, "5.00");
    world.sweep(0).await;
    assert_eq!(
        (world.to_ops().len(), world.mails_to("phone@example.com").len()),
        (1, 0)
    );
    // A sweep that cannot ask anybody attends to it, too.
    world.fault("unavailable", "1");
    world.sweep_later(1_900).await;
    world.fault("unavailable", "0");
    let mails = world.mails_to("phone@example.com");
    let escalated = mails
        .iter()
        .find(|mail| mail.subject.contains("nobody has acknowledged it"));
    escalated
        .unwrap_or_else(|| panic!("{mails:?}"))
        .says(&["CRITICAL", id, "5.00", "ops was told"]);
    let acked = world.json(&["ack", id, "--by", "bob", "--comment", "calls them"]).await;
    assert_eq!((&acked[0]["by"], &acked[0]["until"]), (&json!("bob"), &Value::Null));
    let row = world.json(&["alerts"]).await;
    let row = row.as_array().unwrap().iter().find(|row| row["client"] == id).unwrap();
    assert_eq!(row["acked_by"], json!({"by": "bob", "until": null}));
    world.balance(id, "50.00");
    for secs in [2_900, 3_000, 3_100] {
        world.sweep_later(secs).await;
    }
    let resolved = |address: &str| {
        let mails = world.mails_to(address);
        mails
            .iter()
            .filter(|mail| mail.subject.contains("RESOLVED") && mail.subject.contains("50.00"))
            .count()
    };
    assert_eq!((resolved("noc@example.com"), resolved("phone@example.com")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledged_alert_goes_nowhere_else_and_its_end_is_told() {
    let phone = "\n[[channel]]\nname = \"phone\"\ntype = \"email\"\nto = [\"phone@example.com\"]\n";
    let world = World::new(2).await;
    let policy = CRITICAL.replace("severity", "notify = [\"ops\"]\nrepeat_every = \"30m\"\nseverity");
    world.configure(&format!("{phone}{policy}"));
    world.reconfigure(
        "to = [\"noc@example.com\"]",
        "to = [\"noc@example.com\"]\nescalate = { to = \"phone\", after = \"30m\" }",
    );
    let id = world.ids[0].as_str();
    world.sweep(0).await;
    world.balance(id, "5.00");
    world.sweep(0).await;
    world.json(&["ack", id, "--by", "bob"]).await;
    world.sweep_later(1_900).await;
    assert_eq!(
        (world.to_ops().len(), world.mails_to("phone@example.com").len()),
        (1, 0)
    );
    assert_eq!(notified(&world).await, ["fired delivered", "repeated-1 dropped"]);
    world.balance(id, "50.00");
    world.sweep_later(2_000).await;
    world.sweep_later(2_100).await;
    world.to_ops()[1].says(&["RESOLVED"]);
    assert_eq!(world.mails_to("phone@example.com").len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_daemon_sees_a_silence_before_it_decides() {
    let world = World::new(2).await;
    world.reconfigure(r#"sweep = "60s""#, r#"sweep = "1s""#);
    let id = world.ids[0].clone();
    let _daemon = world.daemon();
    world
        .until("the first sweep", |world| world.calls("getResellerBalance") >= 2)
        .await;
    world
        .json(&["silence", "add", "--client", &id, "--for", "1h", "--comment", "known"])
        .await;
    world.balance(&id, "5.00");
    world.balance(&world.ids[1], "5.00");
    // The other one is told.
    world.wait_for_mails_to("noc@example.com", 1).await;
    let silenced = world.json(&["silence", "list"]).await;
    let silence = silenced[0]["id"].as_str().unwrap().to_owned();
    world.to_ops()[0].says(&[world.ids[1].as_str()]);
    assert!(world.to_ops().iter().all(|mail| !mail.subject.contains(&id)));
    world.json(&["silence", "expire", &silence]).await;
    let mails = world.wait_for_mails_to("noc@example.com", 2).await;
    mails[1].says(&["no longer silenced", &id]);
}
