//! What people write where a client's mail address belongs: several of them, or none.

use balancewatch::mail_catcher::Behaviour;
use serde_json::json;

use crate::journey::world::{CLIENTS_TOO, World, address_of};

/// Clients whose thresholds have these e-mails, after they became low and were told.
async fn told(threshold_emails: &[&str]) -> World {
    let world = World::new(u32::try_from(threshold_emails.len()).unwrap()).await;
    world.configure(CLIENTS_TOO);
    for (id, email) in world.ids.iter().zip(threshold_emails) {
        world.edit(id, &json!({"threshold_email": email}));
    }
    world.sweep(0).await;
    for id in &world.ids {
        world.balance(id, "5.00");
    }
    world.sweep(0).await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn several_addresses_are_all_told_and_an_unusable_one_does_not_silence_the_clients_own() {
    let world = told(&["anna@example.com, bert@example.com", "n/a"]).await;
    let own = address_of(&world.ids[1]);
    for address in ["anna@example.com", "bert@example.com", &own] {
        assert_eq!(world.mails_to(address).len(), 1, "{address}: {:#?}", world.mails());
    }
    assert!(world.mails_to(&address_of(&world.ids[0])).is_empty());
    assert!(
        world
            .mails()
            .iter()
            .all(|mail| !mail.text.contains("will never arrive"))
    );

    let several = world.json(&["client", &world.ids[0]]).await;
    assert_eq!(several["addresses"], json!(["anna@example.com", "bert@example.com"]));
    assert_eq!(several["address"], "anna@example.com");
    assert_eq!(several["threshold_email_unusable"], false);
    let card = world.run(&["client", &world.ids[0]]).await;
    card.says(&["anna@example.com, bert@example.com (from its threshold"]);
    let unusable = world.json(&["client", &world.ids[1]]).await;
    assert_eq!(unusable["addresses"], json!([own]));
    assert_eq!(unusable["threshold_email_unusable"], true);
    let card = world.run(&["client", &world.ids[1]]).await;
    card.says(&["`n/a` is no mail address; told at the client's own", &own]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_waits_follows_the_address_that_the_client_corrects() {
    let world = World::new(1).await;
    world.configure(CLIENTS_TOO);
    let (id, hours) = (world.ids[0].clone(), 3600);
    world.edit(&id, &json!({"threshold_email": "old@example.com"}));
    world.sweep(0).await;
    world.balance(&id, "5.00");
    world.mail.behave(Behaviour::Refuse {
        to: "old@",
        code: 450,
        text: "4.2.0 mailbox full",
    });
    world.sweep(0).await;
    world.edit(&id, &json!({"threshold_email": "new@example.com"}));
    // The threshold is read again after six hours; the sweep after that knows the address.
    for later in [7 * hours, 14 * hours] {
        world.sweep_later(later).await;
    }
    assert!(world.mails_to("old@example.com").is_empty());
    assert_eq!(world.mails_to("new@example.com").len(), 1, "{:#?}", world.mails());
    let told = world.json(&["notifications", "list", "--state", "delivered"]).await;
    let to_client = told.as_array().unwrap().iter().find(|row| row["channel"] == "client");
    assert_eq!(to_client.unwrap()["recipient"], "new@example.com");
}
