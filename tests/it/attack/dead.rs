//! A message that will never arrive is told to somebody who can be told, until a person or its recipient settles it.

use balancewatch::mail_catcher::Behaviour;
use serde_json::json;

use crate::journey::world::{CLIENTS_TOO, Letter, World, address_of, nothing_new, numbers};

const PAGER: &str = "\n[[channel]]\nname = \"pager\"\ntype = \"email\"\nto = [\"pager@example.com\"]\n";

const REFUSED: &str = "client561115@example.com";

/// Refuses one address for good.
const fn refuse(to: &'static str) -> Behaviour {
    Behaviour::Refuse {
        to,
        code: 550,
        text: "5.1.1 no such user",
    }
}

/// A world in which the first client was told nothing since its address is refused, while others are told well.
async fn with_a_dead_letter() -> World {
    let world = World::new(4).await;
    world.configure(&format!("{CLIENTS_TOO}{PAGER}"));
    nothing_new(&world.sweep(0).await);
    world.mail.behave(refuse(REFUSED));
    world.balance(&world.ids[0], "5.00");
    world.balance(&world.ids[1], "6.00");
    assert_eq!(world.sweep(0).await["notifications"]["dead"], 1);
    world
}

fn about_dead(mails: &[Letter]) -> Vec<&Letter> {
    let about = |mail: &&Letter| mail.text.contains("will never arrive");
    mails.iter().filter(about).collect()
}

async fn dead_letter_fires(world: &World) -> bool {
    let alerts = world.json(&["alerts"]).await;
    alerts
        .as_array()
        .unwrap()
        .iter()
        .any(|alert| alert["policy"] == "dead-letter")
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_mail_does_not_settle_a_dead_letter() {
    let world = with_a_dead_letter().await;
    for address in ["noc@example.com", "pager@example.com"] {
        let mails = world.mails_to(address);
        let told = about_dead(&mails);
        assert_eq!(told.len(), 1, "{address}: {mails:#?}");
        told[0].says(&["(561115)", REFUSED, "no such user", "notifications retry"]);
    }
    world.balance(&world.ids[2], "5.00");
    for _ in 0..2 {
        let report = world.sweep(0).await;
        assert_eq!(numbers(&report, "alerts")[1], 0, "{report}");
    }
    assert!(dead_letter_fires(&world).await);
    assert_eq!(about_dead(&world.mails()).len(), 2, "told once to each");

    // A client that cannot be told is visible wherever somebody looks.
    let status = world.json(&["status"]).await["accounts"][0]["warnings"].to_string();
    assert!(status.contains("cannot be told"), "{status}");
    let client = world.json(&["client", &world.ids[0]]).await;
    assert!(
        client["cannot_be_told"].as_str().unwrap().contains("no such user"),
        "{client}"
    );
    let card = world.run(&["client", &world.ids[0]]).await;
    card.says(&["cannot be told"]);
    let alerts = world.json(&["alerts"]).await;
    let row = alerts.as_array().unwrap().iter().find(|row| row["client"] == "561115");
    assert!(row.unwrap()["cannot_be_told"].is_string(), "{alerts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recipients_own_later_mail_settles_it() {
    let world = with_a_dead_letter().await;
    world.mail.behave(Behaviour::Good);
    world.balance(&world.ids[0], "-1.00");
    world.reconfigure(
        "[alerts]",
        "[[policy]]\nname = \"overdrawn\"\nnotify = [\"client\"]\n\n[alerts]",
    );
    world.sweep(0).await;
    assert_eq!(world.mails_to(REFUSED).len(), 1);
    assert!(!dead_letter_fires(&world).await);
    let ended = |mail: &&Letter| mail.subject.starts_with("RESOLVED") && mail.text.contains("dead-letter");
    assert_eq!(world.to_ops().iter().filter(ended).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_drops_it_with_a_comment_or_tries_it_again() {
    let world = with_a_dead_letter().await;
    let dead = world.json(&["notifications", "list", "--state", "dead"]).await;
    let id = dead[0]["id"].as_str().unwrap();
    world
        .run(&["notifications", "drop", id])
        .await
        .failed(64, &["--comment"]);
    let dropped = world
        .json(&["notifications", "drop", id, "--comment", "called them", "--by", "anna"])
        .await;
    assert_eq!(dropped["state"], "dropped");
    let shown = world.json(&["notifications", "show", id]).await;
    let why = shown["why"].as_str().unwrap();
    assert!(why.contains("called them") && why.contains("anna"), "{why}");
    world
        .run(&["notifications", "drop", id, "--comment", "twice"])
        .await
        .failed(1, &["dropped"]);
    world.sweep(0).await;
    assert!(!dead_letter_fires(&world).await);

    let world = with_a_dead_letter().await;
    world.mail.behave(Behaviour::Good);
    let dead = world.json(&["notifications", "list", "--state", "dead"]).await;
    let id = dead[0]["id"].as_str().unwrap();
    assert_eq!(world.json(&["notifications", "retry", id]).await["state"], "pending");
    world.sweep(0).await;
    assert!(!dead_letter_fires(&world).await);
    assert_eq!(world.mails_to(&address_of(&world.ids[0])).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn new_dead_letters_are_told_in_one_mail_for_all_of_a_pass() {
    let world = with_a_dead_letter().await;
    world.mail.behave(refuse("client"));
    world.balance(&world.ids[2], "5.00");
    world.balance(&world.ids[3], "5.00");
    assert_eq!(world.sweep(0).await["notifications"]["dead"], 2);
    let mails = world.to_ops();
    let told = about_dead(&mails);
    assert_eq!(told.len(), 2, "{mails:#?}");
    told[1].says(&["3 messages will never arrive", "(561117)", "(561118)"]);
    world.sweep(0).await;
    assert_eq!(about_dead(&world.to_ops()).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_another_channel_it_is_an_error_until_somebody_deals_with_it() {
    let world = World::new(2).await;
    nothing_new(&world.sweep(0).await);
    world.mail.behave(refuse("noc@example.com"));
    world.balance(&world.ids[0], "5.00");
    for _ in 0..2 {
        let said = world.run(&["sweep", "--once"]).await;
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.err.contains("never arrive"), "{said:?}");
    }
    let dead = world.json(&["notifications", "list", "--state", "dead"]).await;
    assert_eq!(dead.as_array().unwrap().len(), 1, "none about itself: {dead}");
    let id = dead[0]["id"].as_str().unwrap();
    assert_eq!(
        world.json(&["notifications", "drop", id, "--comment", "seen"]).await,
        json!({"id": id, "state": "dropped"})
    );
    world.sweep(0).await;
}
