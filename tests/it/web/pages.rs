//! The pages as a browser gets them: what they say, how they lead on, and that nothing from outside becomes a part of them.

use serde_json::json;

use super::{Listener, answer};
use crate::journey::world::World;

/// Every page of the dashboard that everybody has.
const PAGES: [&str; 3] = ["/", "/clients", "/clients/main/561115"];

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_install_says_what_comes_next() {
    let world = World::new(2).await;
    world.fault("http-500", "1");
    let listener = Listener::of(world, |_| {}).await;
    let page = listener.get("/").await;
    let said = &page.is(200).body;
    assert!(
        said.contains("What to do next") && said.contains("check --online"),
        "{said}"
    );
    assert!(!said.contains("is `balancewatch run` running"), "{said}");
    listener.get("/clients").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_searched_filtered_sorted_and_looked_at() {
    let world = World::new(60).await;
    world.edit("561116", &json!({"company": "Zebra & Söhne"}));
    world.balance("561117", "-4.00");
    let listener = Listener::of(world, |_| {}).await.ready().await;
    let all = listener.get("/clients?sort=name").await;
    assert!(
        all.is(200).body.contains("60 clients, of which 1 to 50"),
        "{}",
        all.body
    );
    let second = listener.get("/clients?sort=name&page=2").await;
    assert!(
        second.is(200).body.contains("60 clients, of which 51 to 60"),
        "{}",
        second.body
    );
    let found = listener.get("/clients?q=s%C3%B6hne+ZEBRA").await;
    assert!(
        found.is(200).body.contains("Zebra &#38; Söhne") && found.body.contains(">1 client<"),
        "{}",
        found.body
    );
    for (wrong, hint) in [("state=odd", "vanished"), ("sort=size", "used_up")] {
        let refused = listener.get(&format!("/clients?{wrong}")).await;
        assert!(
            refused.is(400).json()["hint"].as_str().unwrap().contains(hint),
            "{refused:?}"
        );
    }
    let client = listener.get("/clients/main/561117?range=24h").await;
    for part in [
        "client 561117",
        "-4.00 USD",
        "<svg viewBox",
        "The same in numbers",
        "What each policy says",
        "Log in",
    ] {
        assert!(client.is(200).body.contains(part), "{part}: {}", client.body);
    }
    let cookie = listener.login("ann").await;
    let decided = answer(listener.ask("GET", "/clients/main/561117").header("cookie", cookie)).await;
    assert!(
        decided.is(200).body.contains("action=\"/silences\""),
        "{}",
        decided.body
    );
    listener.get("/clients/main/9").await.is(404);
    listener.get("/clients/other/561117").await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_from_outside_stay_texts() {
    let world = World::new(3).await;
    let long = "W".repeat(300);
    for (id, name) in [
        ("561115", "<script>alert(1)</script>"),
        ("561116", "\u{202e}\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{1f600}\" onload='x'"),
        ("561117", &*long),
    ] {
        world.edit(id, &json!({"company": name, "firstname": name}));
    }
    let listener = Listener::of(world, |_| {}).await.ready().await;
    let list = listener.get("/clients").await;
    assert!(list.is(200).body.contains("&#60;script&#62;"), "{}", list.body);
    for page in PAGES
        .into_iter()
        .chain(["/clients?q=%3Cscript%3E%22", "/clients/main/561116"])
    {
        let html = listener.get(page).await;
        let body = &html.is(200).body;
        assert!(
            !body.contains("<script>") && !body.contains('\u{202e}') && !body.contains("onload='"),
            "{page}: {body}"
        );
        assert!(!body.contains(" style="), "{page}");
        assert!(body.len() < 100_000, "{page}: {}", body.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn assets_are_kept_and_what_is_refused_is_a_page_for_browsers() {
    let listener = Listener::new(2, "").await;
    let page = listener.get("/").await;
    let (_, rest) = page.is(200).body.split_once("href=\"/assets/").unwrap();
    let asset = format!("/assets/{}", rest.split_once('"').unwrap().0);
    let style = listener.get(&asset).await;
    assert!(style.is(200).header("cache-control").contains("immutable"), "{style:?}");
    let again = listener
        .ask("GET", &asset)
        .header("if-none-match", style.header("etag"));
    assert!(answer(again).await.is(304).body.is_empty());
    listener.get("/assets/0000.css").await.is(404);
    let looked = answer(listener.ask("GET", "/nowhere").header("accept", "text/html")).await;
    assert!(
        looked.is(404).header("content-type").starts_with("text/html"),
        "{looked:?}"
    );
    assert!(looked.body.contains("<h1>Not Found</h1>"), "{}", looked.body);
    assert_eq!(
        listener.get("/nowhere").await.is(404).json()["error"],
        "there is nothing at this address"
    );
}
