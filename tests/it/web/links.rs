//! The link in a mail to operators: it acknowledges once, after a click, and nothing else does.

use serde_json::json;

use super::{Listener, answer};
use crate::journey::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn the_link_of_a_mail_acknowledges_once_after_a_click() {
    let world = World::new(2).await;
    world.configure("\n[web]\nexternal_url = \"https://balances.example.com\"\n");
    let client = world.ids[0].clone();
    world.balance(&client, "1.00");
    let listener = Listener::of(world, |_| {}).await.ready().await;
    let mails = listener.wait_for_mails_to("noc@example.com", 1).await;
    let text = &mails[0].text.replace("\r\n", "\n");
    let page = format!("See this client:\n  https://balances.example.com/clients/main/{client}\n");
    assert!(text.contains(&page), "{text}");
    let (_, rest) = text.split_once("https://balances.example.com/acknowledge/").unwrap();
    let link = format!("/acknowledge/{}", rest.split_whitespace().next().unwrap());

    let acked_by = async || {
        let alerts = listener.world.json(&["alerts"]).await;
        alerts[0]["acked_by"].clone()
    };
    for scan in 0..3 {
        let opened = listener.get(&link).await;
        assert!(
            opened.is(200).body.contains("<button>Acknowledge for ops</button>"),
            "{opened:?}"
        );
        assert_eq!(opened.header("cache-control"), "no-store");
        assert_eq!(acked_by().await, json!(null), "scan {scan}");
    }
    // Whoever changes a letter of it gets nowhere.
    let forged = format!("{}A", &link[..link.len() - 3]);
    answer(listener.ask("POST", &forged)).await.is(403);
    answer(listener.ask("POST", "/acknowledge/x.y")).await.is(403);
    assert_eq!(acked_by().await, json!(null));

    let clicked = answer(listener.ask("POST", &link)).await;
    assert!(clicked.is(200).body.contains("acknowledged."), "{clicked:?}");
    let who = acked_by().await;
    assert!(who.to_string().contains("ops (by a link)"), "{who}");

    let replayed = answer(listener.ask("POST", &link)).await;
    assert!(replayed.is(200).body.contains("was used already"), "{replayed:?}");
    let seen = listener.get(&link).await;
    assert!(!seen.is(200).body.contains("<button>Acknowledge"), "{seen:?}");
}
