//! Decisions by the forms of pages, as a browser sends them: what is done, what is refused and said, who is offered anything.

use serde_json::json;

use super::api::until;
use super::{Answer, Listener, answer};
use crate::journey::enforcement::enforcing;
use crate::journey::world::World;

/// Somebody who looks at pages with this cookie; the csrf field of their forms.
struct Person<'l> {
    listener: &'l Listener,
    cookie: String,
    csrf: String,
}

impl<'l> Person<'l> {
    async fn new(listener: &'l Listener) -> Self {
        let cookie = listener.login("Ann").await;
        let mut person = Self {
            listener,
            cookie,
            csrf: String::new(),
        };
        let page = person.look("/silences").await;
        let rest = page.body.split_once("name=\"csrf\" value=\"").unwrap().1;
        rest.split_once('"').unwrap().0.clone_into(&mut person.csrf);
        person
    }

    async fn look(&self, path: &str) -> Answer {
        let asked = self.listener.ask("GET", path).header("accept", "text/html");
        answer(asked.header("cookie", &self.cookie)).await
    }

    async fn send(&self, path: &str, fields: &str) -> Answer {
        let fields = format!("csrf={}&{fields}", self.csrf);
        let sent = self.listener.form(path, fields).header("accept", "text/html");
        answer(sent.header("cookie", &self.cookie)).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_comes_back_with_what_is_wrong_in_it_and_decides_nothing() {
    let listener = Listener::new(2, "").await.ready().await;
    let person = Person::new(&listener).await;
    for (path, fields, status, says) in [
        (
            "/silences",
            "client=561115&for=2h&comment=",
            422,
            "comment: a reason is needed",
        ),
        (
            "/silences",
            "client=561115&for=never&comment=x",
            422,
            "for: expected a duration",
        ),
        ("/silences", "client=561115&for=31d&comment=x", 422, "for: at most 30d"),
        (
            "/silences",
            "for=2h&comment=x",
            422,
            "a silence needs a client, a policy, or both",
        ),
        (
            "/silences",
            "client=<b>&for=2h&comment=x",
            404,
            "there is no client `&#60;b&#62;`",
        ),
        (
            "/silences",
            "policy=brake&for=2h&comment=x",
            422,
            "nothing silences `brake`",
        ),
        (
            "/silences",
            "account=other&client=561115&for=2h&comment=x",
            404,
            "there is no account `other`",
        ),
        ("/silences/expire", "id=s-none", 404, "no silence `s-none` holds"),
        ("/acks", "client=561115", 409, "nothing fires for client `561115`"),
        ("/acks", "client=1", 404, "there is no client `1`"),
        ("/brake", "set=on&comment=", 422, "comment: a reason is needed"),
        ("/brake", "set=maybe&comment=x", 422, "set: it is `on` or `off`"),
        (
            "/notifications/retry",
            "id=none",
            404,
            "there is no notification `none`",
        ),
        (
            "/notifications/give-up",
            "id=none&comment=x",
            404,
            "there is no notification `none`",
        ),
        (
            "/notifications/retry-all",
            "channel=none",
            404,
            "there is no channel `none`",
        ),
    ] {
        let answer = person.send(path, fields).await;
        assert_eq!(answer.status.as_u16(), status, "{path} {fields}: {}", answer.body);
        assert!(answer.body.contains(says), "{path} {fields}: {}", answer.body);
    }
    let filled = person
        .send("/silences", "client=561115&for=never&comment=a+%22b%22")
        .await;
    for part in [
        "value=\"561115\"",
        "value=\"never\"",
        "value=\"a &#34;b&#34;\"",
        "aria-invalid=\"true\"",
    ] {
        assert!(filled.body.contains(part), "{part}: {}", filled.body);
    }
    assert_eq!(listener.json(&["silence", "list"]).await, json!([]));
    assert_eq!(listener.json(&["brake", "status"]).await["on"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_decided_is_put_down_to_whoever_did_it_and_shows_on_the_next_page() {
    let listener = Listener::new(2, "").await.ready().await;
    let person = Person::new(&listener).await;
    let done = person
        .send(
            "/silences",
            "client=561115&policy=&for=2h&comment=moves&back=//evil.example",
        )
        .await;
    assert_eq!(done.is(303).header("location"), "/?done=silenced");
    let silences = listener.json(&["silence", "list"]).await;
    assert_eq!(
        (&silences[0]["by"], &silences[0]["comment"]),
        (&json!("Ann"), &json!("moves"))
    );
    let page = person.look("/silences?done=silenced").await;
    assert!(
        page.body.contains("client 561115") && page.body.contains("Silenced. What"),
        "{}",
        page.body
    );

    let done = person.send("/brake", "set=on&comment=odd").await;
    assert_eq!(done.is(303).header("location"), "/enforcements?done=brake-on");
    let page = person.look("/enforcements").await;
    assert!(page.body.contains("set by <bdi>Ann</bdi>: odd"), "{}", page.body);
    person.send("/brake", "set=off").await.is(303);
    let page = person.look("/enforcements?done=you-won").await;
    assert!(
        !page.body.contains("set by") && !page.body.contains("you-won"),
        "{}",
        page.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_approved_and_taken_back_by_the_pages() {
    let world = World::new(2).await;
    world.configure(&enforcing("approve", ""));
    world.reconfigure(r#"sweep = "60s""#, r#"sweep = "1s""#);
    let listener = Listener::of(world, |_| {}).await.ready().await;
    let person = Person::new(&listener).await;
    listener.balance(&listener.ids[0], "-3.00");
    let change = wait_for(&listener, "deferred", 1).await;
    let page = person.look("/enforcements").await;
    assert!(page.body.contains("Waits for your answer"), "{}", page.body);
    let encoded = change.replace('/', "%2F");
    person
        .send("/enforcements/answer", &format!("id={encoded}&set=approve&comment="))
        .await
        .is(422);
    person
        .send(
            "/enforcements/answer",
            &format!("id={encoded}&set=approve&comment=he+knows"),
        )
        .await
        .is(303);
    wait_for(&listener, "verified", 1).await;
    let path = format!("/enforcements?id={encoded}");
    let guest = answer(listener.ask("GET", &path).header("accept", "text/html")).await;
    assert!(
        guest.body.contains("to take it back") && !guest.body.contains("value=\"undo\""),
        "{}",
        guest.body
    );
    let page = person.look(&path).await;
    assert!(
        page.body.contains("value=\"undo\"") && page.body.contains("he knows"),
        "{}",
        page.body
    );
    let done = person
        .send(
            "/enforcements/answer",
            &format!("id={encoded}&set=undo&comment=a+mistake"),
        )
        .await;
    assert_eq!(done.is(303).header("location"), "/enforcements?done=undone");
    wait_for(&listener, "verified", 2).await;
    assert_eq!(
        listener.simulator.client(&listener.ids[0]).unwrap()["management"],
        "soft"
    );
    let again = person
        .send("/enforcements/answer", &format!("id={encoded}&set=undo&comment=again"))
        .await;
    assert!(again.is(409).body.contains("changed again since"), "{}", again.body);
}

/// Waits until so many enforcements have this state. Gives the id of the newest.
async fn wait_for(listener: &Listener, state: &str, number: usize) -> String {
    let path = format!("/api/v1/enforcements?state={state}");
    let rows = until(listener, &path, |rows| rows.len() == number).await;
    rows[0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_install_says_what_each_page_is_for_and_offers_a_guest_a_login() {
    let listener = Listener::new(1, "").await.ready().await;
    for (path, says) in [
        ("/alerts", "No alert fires, and none is about to. The last sweep ended"),
        ("/silences", "Nothing is silenced."),
        (
            "/enforcements",
            "Nothing was changed at the provider, and nothing was refused.",
        ),
        ("/notifications", "Nothing was to be told yet."),
    ] {
        let page = listener.get(path).await;
        assert!(page.is(200).body.contains(says), "{path}: {}", page.body);
        assert!(
            !page.body.contains("method=\"post\""),
            "{path}: offered to a guest: {}",
            page.body
        );
    }
    for path in [
        "/notifications?id=none",
        "/enforcements?id=none",
        "/notifications?account=none",
    ] {
        listener.get(path).await.is(404);
    }
    listener.get("/notifications?client=%3Cb%3E").await.is(422);
    let guest = answer(listener.form("/brake", "set=on&comment=x".to_owned())).await;
    guest.is(401);
}
