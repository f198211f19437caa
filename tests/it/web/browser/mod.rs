//! The dashboard in a real browser: how each page looks and whom it shuts out, and the decisions by mouse, by keyboard and
//! without JavaScript, over the real daemon and clients with names that mean harm.
//!
//! With a folder in BALANCEWATCH_TEST_SHOTS each page is left there as a picture, for somebody to look at.

use balancewatch::mail_catcher::Behaviour;
use serde_json::{Value, json};

use super::Listener;
use crate::alertmanager::real::until;
use crate::journey::world::World;

mod chromium;

use chromium::{Browser, ENTER, TAB};

/// What a company could be called by whoever wants to see what happens.
fn names() -> [String; 4] {
    [
        "<script>alert(document.cookie)</script><img src=x onerror=alert(1)>".to_owned(),
        "\u{202e}evitagen si ecnalab ruoY\u{2066} \u{5e9}\u{5dc}\u{5d5}\u{5dd}".to_owned(),
        "{{7*7}} \"'><svg/onload=alert(1)> \u{1f4de}\u{1f469}\u{200d}\u{1f680} \u{1b}[2J".to_owned(),
        "LangeFirmaMitEinemNamen".repeat(13),
    ]
}

/// Every change that one policy asks for is made, and clients are told.
const MORE: &str = r#"
[alerts]
notify_clients = true

[[policy]]
name = "overdrawn"
enforce = { balance_management = "hard" }

[[policy]]
name = "soon"
severity = "info"
when = { balance_below = "60.00" }
for = "2d"

[enforcement]
mode = "apply"
canary_wait = "1s"
"#;

/// A daemon that has been through something: alerts of all kinds, a mail that died, a client that was set to HARD.
async fn eventful() -> Listener {
    let world = World::new(6).await;
    world.configure(MORE);
    for (id, name) in world.ids.iter().zip(names()) {
        world.edit(id, &json!({ "company": name }));
    }
    world.sweep(0).await;
    let [low, debt, pending] = [0, 1, 2].map(|place| world.ids[place].as_str());
    let (to, text) = ("client561115@", "5.1.1 no such <b>user</b>");
    world.mail.behave(Behaviour::Refuse { to, code: 550, text });
    world.balance(low, "5.00");
    world.balance(debt, "-3.00");
    world.balance(pending, "50.00");
    world.sweep(0).await;
    Listener::of(world, |_| {}).await.ready().await
}

/// The first row of a list that the command prints, by what it holds.
async fn id_of(world: &World, list: &[&str]) -> String {
    let rows: Value = world.json(list).await;
    rows[0]["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{list:?}: {rows}"))
        .to_owned()
}

async fn log_in(browser: &Browser, listener: &Listener) {
    browser.fill("#name", "Zoë <b>").await;
    browser.fill("#token", &listener.token()).await;
    browser.click("main form button").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_clean_and_open_to_everybody_on_each_screen() {
    let Some(browser) = Browser::start().await else { return };
    let listener = eventful().await;
    let dead = id_of(&listener, &["notifications", "list", "--state", "dead"]).await;
    let changed = id_of(&listener, &["enforcements", "list"]).await;
    let query = |id: &str| id.replace('/', "%2F").replace(':', "%3A").replace('@', "%40");
    let pages = [
        ("overview", "/".to_owned()),
        ("clients", "/clients".to_owned()),
        ("none", "/clients?q=nobody".to_owned()),
        ("client", "/clients/main/561115".to_owned()),
        ("debtor", "/clients/main/561116".to_owned()),
        ("alerts", "/alerts".to_owned()),
        ("filtered", "/alerts?severity=info&state=firing".to_owned()),
        ("enforcements", "/enforcements".to_owned()),
        ("enforcement", format!("/enforcements?id={}", query(&changed))),
        ("silences", "/silences?client=561115&policy=low-balance".to_owned()),
        ("notifications", "/notifications".to_owned()),
        ("notification", format!("/notifications?id={}", query(&dead))),
        ("login", "/login".to_owned()),
    ];
    browser.open(&format!("{}/alerts", listener.url)).await;
    look_at(&browser, "guest", "light").await;
    browser.open(&format!("{}/login", listener.url)).await;
    look_at(&browser, "login-guest", "light").await;
    log_in(&browser, &listener).await;
    browser.until_it_says("Logged in as Zoë <b>").await;
    for screen in ["light", "dark", "phone"] {
        if screen == "phone" {
            browser.phone().await;
        } else {
            browser.desk(screen).await;
        }
        for (name, path) in &pages {
            browser.open(&format!("{}{path}", listener.url)).await;
            look_at(&browser, name, screen).await;
        }
    }
}

/// Takes a picture of the page, and asserts that nothing is wrong with it.
async fn look_at(browser: &Browser, name: &str, screen: &str) {
    if let Some(folder) = std::env::var_os("BALANCEWATCH_TEST_SHOTS") {
        browser
            .shot(&std::path::Path::new(&folder).join(format!("{name}-{screen}.png")))
            .await;
    }
    let complaints = browser.complaints().await;
    assert!(complaints.is_empty(), "{name} on {screen}: {complaints:#?}");
    let barriers = browser.barriers().await;
    assert!(barriers.is_empty(), "{name} on {screen}: {barriers:#?}");
    let made = "document.querySelectorAll('script:not([src]), img, svg[onload], [style]').length";
    assert_eq!(browser.script(made).await, 0, "{name} on {screen}: made by a name");
    let overhang = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert_eq!(
        browser.script(overhang).await,
        0,
        "{name} on {screen}: wider than the screen"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn people_decide_by_mouse_by_keyboard_and_without_javascript() {
    let Some(browser) = Browser::start().await else { return };
    let listener = eventful().await;
    by_mouse(&browser, &listener).await;
    by_keyboard(&browser, &listener).await;
    browser.without_javascript().await;
    without_javascript(&browser, &listener).await;
    let complaints = browser.complaints().await;
    let unexpected = complaints
        .iter()
        .filter(|said| !said.contains("422 (Unprocessable Entity)"));
    assert_eq!(unexpected.collect::<Vec<_>>(), [] as [&String; 0]);
}

async fn by_mouse(browser: &Browser, listener: &Listener) {
    browser.open(&format!("{}/alerts", listener.url)).await;
    browser.click("main a[href^='/login']").await;
    log_in(browser, listener).await;
    browser.until_it_says("Logged in as").await;
    assert_eq!(browser.place().await, "/alerts", "back where somebody logged in from");

    // Search.
    browser.click("nav a[href='/clients']").await;
    browser.fill("input[name=q]", "561116").await;
    browser.click("form[role=search] button").await;
    browser.until_it_says("561116").await;
    assert!(!browser.text().await.contains("561117"), "only who was searched for");

    // Acknowledge.
    browser.click("nav a[href='/alerts']").await;
    browser
        .click("button[aria-label='Acknowledge overdrawn of client 561116']")
        .await;
    browser.until_it_says("Acknowledged: nobody is reminded").await;
    browser.until_it_says("acknowledged by Zoë <b>").await;
    let alerts = listener.json(&["alerts"]).await;
    let acked = alerts
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["acked_by"]["by"] == "Zoë <b>");
    assert_eq!(acked.count(), 1, "{alerts}");

    // Silence, first with a mistake.
    browser
        .click("a[aria-label='Silence low-balance of client 561115']")
        .await;
    browser.fill("input[name=for]", "tomorrow").await;
    browser.fill("input[name=comment]", "moves to another provider").await;
    browser.click("#add button").await;
    browser
        .until_it_says("Nothing was done. for: expected a duration")
        .await;
    assert_eq!(
        browser
            .script("document.querySelector('input[name=comment]').value")
            .await,
        "moves to another provider"
    );
    assert_eq!(
        browser.script("document.activeElement.name").await,
        "for",
        "where it is to be mended"
    );
    assert_eq!(browser.barriers().await, [] as [String; 0]);
    browser.fill("input[name=for]", "3h").await;
    browser.click("#add button").await;
    browser.until_it_says("Silenced. What still fires").await;
    browser.until_it_says("low-balance of client 561115").await;
    assert_eq!(listener.json(&["silence", "list"]).await.as_array().unwrap().len(), 1);

    // Expire.
    browser.click("form[action='/silences/expire'] button").await;
    browser.until_it_says("The silence has ended").await;
    browser.until_it_says("Nothing is silenced").await;

    // The brake, on and off.
    browser.click("nav a[href='/enforcements']").await;
    browser.click("#brake summary").await;
    browser.fill("#brake input[name=comment]", "odd numbers").await;
    browser.click("#brake button").await;
    browser.until_it_says("set by Zoë <b>: odd numbers").await;
    assert_eq!(listener.json(&["brake", "status"]).await["on"], true);
    browser.click("form[action='/brake'] button").await;
    browser.until_it_says("The brake is off").await;

    // What died is tried again; the mail server has come to its senses.
    listener.mail.behave(Behaviour::Good);
    browser
        .open(&format!("{}/notifications?state=dead", listener.url))
        .await;
    browser.click("td a[href^='/notifications?id=']").await;
    browser.click("form[action='/notifications/retry'] button").await;
    browser.until_it_says("Due now").await;
    listener.wait_for_mails_to("client561115@example.com", 1).await;

    browser.click("form[action='/logout'] button").await;
    browser.until_it_says("Log in").await;
    browser.open(&format!("{}/alerts", listener.url)).await;
    assert!(
        !browser.text().await.contains("Take over"),
        "nothing is offered to a guest"
    );
}

/// Presses Tab until the focus is where it is meant to be, as somebody does who sees where it is.
async fn tab_to(browser: &Browser, selector: &str) {
    let is_there = format!("document.activeElement.matches(\"{selector}\")");
    for _ in 0..80 {
        browser.press(TAB).await;
        if browser.script(&is_there).await == true {
            let outline = "getComputedStyle(document.activeElement).outlineStyle";
            assert_ne!(
                browser.script(outline).await,
                "none",
                "nobody sees that {selector} has the focus"
            );
            return;
        }
    }
    panic!("no Tab leads to {selector}");
}

async fn by_keyboard(browser: &Browser, listener: &Listener) {
    browser.open(&format!("{}/login", listener.url)).await;
    tab_to(browser, "#name").await;
    browser.press("Bob").await;
    tab_to(browser, "#token").await;
    browser.press(&listener.token()).await;
    browser.press(ENTER).await;
    browser.until_it_says("Logged in as Bob").await;
    browser.open(&format!("{}/alerts", listener.url)).await;
    tab_to(browser, ".skip").await;
    browser.press(ENTER).await;
    tab_to(browser, "form[action='/acks'] button").await;
    browser.press(ENTER).await;
    browser.until_it_says("acknowledged by Bob").await;
}

async fn without_javascript(browser: &Browser, listener: &Listener) {
    browser.open(&format!("{}/silences", listener.url)).await;
    browser.fill("input[name=client]", "561118").await;
    browser.fill("input[name=comment]", "no script").await;
    browser.click("#add button").await;
    browser.until_it_says("client 561118").await;
    browser.click("form[action='/silences/expire'] button").await;
    browser.until_it_says("Nothing is silenced").await;
    browser.click("nav a[href='/clients']").await;
    browser.fill("input[name=q]", "561117").await;
    browser.click("form[role=search] button").await;
    until("the search", async || browser.place().await.contains("q=561117")).await;
    browser.click("form[action='/logout'] button").await;
    browser.until_it_says("Log in").await;
}
