//! One event is one mail, and a mail says what the program knows: why it ended, what the client is set to, who was told.

use serde_json::json;

use balancewatch::mail_catcher::{Behaviour, Stage};

use crate::journey::world::{CLIENTS_TOO, World, address_of, nothing_new};

/// Both shipped policies tell operators and the client.
const BOTH: &str = "\n[[policy]]\nname = \"overdrawn\"\nnotify = [\"ops\", \"client\"]\n";

#[tokio::test(flavor = "multi_thread")]
async fn one_event_is_one_mail_to_each_and_its_end_too() {
    let world = World::new(2).await;
    world.configure(&format!("{CLIENTS_TOO}{BOTH}"));
    nothing_new(&world.sweep(0).await);
    let client = address_of(&world.ids[0]);
    world.balance(&world.ids[0], "-1.00");
    assert_eq!(world.sweep(0).await["alerts"]["fired"], 2);
    world.sweep(0).await;
    let mails = world.to_ops();
    assert_eq!(mails.len(), 1, "{mails:#?}");
    mails[0].says(&["CRITICAL: ", "low-balance (warning) fires as well", "It is set to SOFT"]);
    assert!(!mails[0].text.contains("If it is set"), "{}", mails[0].text);
    assert_eq!(world.mails_to(&client).len(), 1);
    let alerts = world.json(&["alerts"]).await;
    for alert in alerts.as_array().unwrap() {
        assert_eq!(
            (&alert["told"], &alert["client_told"]),
            (&json!(1), &json!(true)),
            "{alert}"
        );
    }
    world.balance(&world.ids[0], "500.00");
    world.sweep(0).await;
    world.sweep(0).await;
    let mails = world.to_ops();
    assert_eq!(mails.len(), 2, "{mails:#?}");
    mails[1].says(&[
        "RESOLVED",
        "has 500.00 USD again",
        "rose from -1.00 USD to 500.00 USD",
        "low-balance (warning) is over as well",
    ]);
    assert_eq!(world.mails_to(&client).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_does_not_overtake_what_an_earlier_message_tells_of_the_same_episode() {
    let world = World::new(2).await;
    nothing_new(&world.sweep(0).await);
    // Fired at different times, so in different messages; both wait, and both end in one.
    world.mail.behave(Behaviour::Answer {
        at: Stage::Rcpt,
        code: 450,
        text: "4.2.0 later",
    });
    for balance in ["5.00", "-1.00", "500.00", "500.00"] {
        world.balance(&world.ids[0], balance);
        world.sweep(0).await;
    }
    let alerts = world.json(&["notifications"]).await;
    let waiting = alerts
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["state"] == "pending");
    assert_eq!(waiting.count(), 4, "{alerts}");
    world.mail.behave(Behaviour::Good);
    for hours in 1..=6 {
        world.sweep_later(hours * 3600).await;
    }
    let subjects: Vec<String> = world.to_ops().into_iter().map(|mail| mail.subject).collect();
    assert_eq!(subjects.len(), 3, "{subjects:?}");
    assert!(
        subjects[0].contains("WARNING") && subjects[1].contains("CRITICAL"),
        "{subjects:?}"
    );
    assert!(subjects[2].contains("RESOLVED"), "{subjects:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn told_means_delivered() {
    let world = World::new(2).await;
    nothing_new(&world.sweep(0).await);
    world.mail.behave(Behaviour::Answer {
        at: Stage::Greeting,
        code: 421,
        text: "busy",
    });
    world.balance(&world.ids[0], "5.00");
    world.sweep(0).await;
    let alerts = world.json(&["alerts"]).await;
    assert_eq!(alerts[0]["told"], 0, "{alerts}");
    assert!(alerts[0]["waits_since"].is_string(), "{alerts}");
    world.run(&["alerts"]).await.explains(&["waits since"]);
    world.run(&["explain", &world.ids[0]]).await.explains(&["waits since"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_is_told_by_the_reading_that_ended_it() {
    let world = World::new(2).await;
    world.configure("\n[[policy]]\nname = \"overdrawn\"\ncool_down = \"0s\"\nclear_readings = 1\n[[policy]]\nname = \"low-balance\"\nenabled = false\n");
    nothing_new(&world.sweep(0).await);
    for balance in ["-5.00", "500.00"] {
        world.balance(&world.ids[0], balance);
        world.sweep(0).await;
    }
    let mails = world.to_ops();
    mails[1].says(&["RESOLVED", "has 500.00 USD again"]);
    assert!(!mails[1].subject.contains("-5.00"), "{}", mails[1].subject);
}
