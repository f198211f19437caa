//! Who is let in, and who is not: tokens, cookies, forms of other sites, names of other sites.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::{Answer, Listener, answer};

/// A token as it stands in a configuration.
const TOKEN: &str = "a token of 25 characters.";

/// The daemon with that token, and a name under which people reach it.
async fn with_token() -> Listener {
    let more = format!("\n[web]\ntoken = \"{TOKEN}\"\nexternal_url = \"https://balances.example.com/\"\n");
    Listener::new(2, &more).await
}

/// The answer to a login of somebody who shows this.
async fn login(listener: &Listener, token: &str, name: &str) -> Answer {
    answer(listener.form("/login", format!("token={token}&name={name}&to=/clients"))).await
}

/// The answer to a logout, which anybody may do who is logged in.
async fn logout(listener: &Listener, cookie: &str, csrf: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = listener.ask("POST", "/logout").header("cookie", cookie);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    answer(request.body(format!("csrf={csrf}"))).await
}

/// What the forms of somebody's pages show.
async fn csrf(listener: &Listener, cookie: &str) -> String {
    let page = answer(listener.ask("GET", "/login").header("cookie", cookie)).await;
    let (_, rest) = page.is(200).body.split_once("name=\"csrf\" value=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_configured_token_this_machine_reads_and_only_the_token_writes() {
    let mut listener = Listener::new(2, "").await.ready().await;
    listener.get("/api/v1/status").await.is(200);
    let file = listener.folder.path().join("web.token");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let token = listener.token();
    for (name, shown) in [
        ("nothing", None),
        ("a wrong one", Some("wrong")),
        ("half of it", Some(&token[..20])),
        ("nothing after the word", Some("")),
    ] {
        let mut request = listener.ask("POST", "/-/reload");
        if let Some(shown) = shown {
            request = request.bearer_auth(shown);
        }
        let answer = answer(request).await;
        assert_eq!(answer.status, 401, "{name}: {answer:?}");
        assert_eq!(
            answer.header("www-authenticate"),
            "Bearer realm=\"balancewatch\"",
            "{name}"
        );
    }
    let taken = listener.send("POST", "/-/reload", &json!({})).await;
    assert_ne!(taken.status, 401, "{taken:?}");
    // Who shows a wrong token is told so, and not let in as somebody at this machine.
    let wrong = answer(listener.ask("GET", "/api/v1/status").bearer_auth("wrong")).await;
    assert_eq!(wrong.is(401).json()["error"], "the token is wrong");
    // Through a proxy, somebody else reads.
    let passed_on = listener
        .ask("GET", "/api/v1/status")
        .header("x-forwarded-for", "192.0.2.7");
    answer(passed_on).await.is(401);
    // The page that asks for it says where it is.
    let page = listener.get("/login").await;
    assert!(page.body.contains(file.to_str().unwrap()), "{}", page.body);
    let log = listener.daemon_log();
    assert!(log.contains("web.token") && !log.contains(&token), "{log}");
    listener.daemon.signal("TERM");
    assert_eq!(listener.daemon.end().await.0, Some(0));
    // The next start finds it again; nobody who only reads makes one.
    std::fs::remove_file(&file).unwrap();
    listener.world.run(&["status"]).await.ended(0);
    listener.world.sweep(0).await;
    assert!(!file.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_configured_token_reading_needs_it_too_and_health_does_not() {
    let listener = with_token().await.ready().await;
    assert!(!listener.folder.path().join("web.token").exists());
    listener.get("/-/healthy").await.is(200);
    listener.get("/api/v1/status").await.is(401);
    answer(listener.ask("GET", "/api/v1/status").bearer_auth(TOKEN))
        .await
        .is(200);
    // A browser is led to the login, and back.
    let browser = |path: &str| listener.ask("GET", path).header("accept", "text/html,*/*");
    let led = answer(browser("/api/v1/status?q=a%26b")).await;
    assert_eq!(
        led.is(303).header("location"),
        "/login?to=%2Fapi%2Fv1%2Fstatus%3Fq%3Da%2526b"
    );
    // Its cookie is kept back from whoever follows a link in a mail: our own page leads on.
    let followed = answer(browser("/api/v1/status").header("sec-fetch-site", "cross-site")).await;
    assert!(followed.is(200).body.contains("http-equiv=\"refresh\""));
    let cookie = login(&listener, TOKEN, "Alice").await;
    let cookie = cookie.is(303).header("set-cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200", "Secure"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let cookie = cookie.split_once(';').unwrap().0;
    answer(listener.ask("GET", "/api/v1/status").header("cookie", cookie))
        .await
        .is(200);
    let log = listener.daemon_log();
    assert!(!log.contains(TOKEN) && log.contains("Alice"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_page_of_this_site_decides_for_somebody_who_is_logged_in() {
    let listener = Listener::new(2, "").await;
    let cookie = listener.login("Zo%C3%AB").await;
    let other = listener.login("Bob").await;
    let (csrf, others) = (csrf(&listener, &cookie).await, csrf(&listener, &other).await);
    let ours = ("origin", listener.url.as_str());
    let (name, value) = cookie.split_once('=').unwrap();
    let (signed, proof) = value.rsplit_once('.').unwrap();
    let (until, rest) = signed.split_once('.').unwrap();
    let forged = format!("{name}={}.{rest}.{proof}", until.parse::<i64>().unwrap() + 1_000);
    let unproven = format!("{name}={signed}.");
    for (what, cookie, csrf, headers, status) in [
        ("no cookie", "", csrf.as_str(), &[ours][..], 401),
        ("a longer session", &forged, &csrf, &[ours], 401),
        ("no proof", &unproven, &csrf, &[ours], 401),
        ("no csrf", &cookie, "", &[ours], 403),
        ("somebody else's csrf", &cookie, &others, &[ours], 403),
        ("the session as csrf", &cookie, proof, &[ours], 403),
        ("nothing says which page", &cookie, &csrf, &[], 403),
        (
            "another site",
            &cookie,
            &csrf,
            &[("origin", "https://evil.example")],
            403,
        ),
        ("another port", &cookie, &csrf, &[("origin", "http://127.0.0.1:1")], 403),
        ("a sandbox", &cookie, &csrf, &[("origin", "null")], 403),
        (
            "another site by name of ours",
            &cookie,
            &csrf,
            &[ours, ("sec-fetch-site", "cross-site")],
            403,
        ),
        (
            "our page",
            &cookie,
            &csrf,
            &[ours, ("sec-fetch-site", "same-origin")],
            303,
        ),
    ] {
        let answer = logout(&listener, cookie, csrf, headers).await;
        assert_eq!(answer.status, status, "{what}: {answer:?}");
    }
    let out = logout(&listener, &cookie, &csrf, &[ours]).await;
    assert!(out.is(303).header("set-cookie").contains("Max-Age=0"), "{out:?}");
    // JSON with a cookie needs the same proof.
    let reload = |site: &'static str| {
        let request = listener.ask("POST", "/-/reload").header("cookie", &cookie);
        answer(request.header("sec-fetch-site", site))
    };
    reload("cross-site").await.is(403);
    assert_ne!(reload("same-origin").await.status, 403);
    // The login itself is no way for another site to log somebody in.
    let elsewhere = listener.ask("POST", "/login").header("origin", "https://evil.example");
    let elsewhere = elsewhere.header("content-type", "application/x-www-form-urlencoded");
    let form = format!("token={}&name=x", listener.token());
    answer(elsewhere.body(form)).await.is(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_ends_every_session() {
    let listener = Listener::new(2, "").await;
    let cookie = listener.login("Alice").await;
    let Listener { world, mut daemon, .. } = listener;
    daemon.signal("TERM");
    daemon.end().await;
    // The port is another one then, and the cookie's name is by the configuration.
    let again = Listener::of(world, |_| {}).await;
    let status = |listener: &Listener| {
        let request = listener.ask("POST", "/-/reload").header("cookie", &cookie);
        answer(request.header("origin", &listener.url))
    };
    assert_ne!(status(&again).await.status, 401, "a restart ends none");
    let Listener { world, mut daemon, .. } = again;
    daemon.signal("TERM");
    daemon.end().await;
    std::fs::remove_file(world.folder.path().join("web.token")).unwrap();
    let again = Listener::of(world, |_| {}).await;
    status(&again).await.is(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_tokens_are_bounded_for_each_address() {
    let listener = Listener::new(2, "").await;
    let mut statuses = Vec::new();
    for _ in 0..7 {
        statuses.push(login(&listener, "wrong-S3cret", "Alice").await.status.as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429]);
    let right = login(&listener, &listener.token(), "Alice").await;
    assert!(!right.is(429).header("retry-after").is_empty());
    // Programs that show the token go on.
    assert_ne!(listener.send("POST", "/-/reload", &json!({})).await.status, 429);
    assert!(!listener.daemon_log().contains("wrong-S3cret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_reached_under_its_own_names_alone() {
    let listener = with_token().await.ready().await;
    let status = async |host: &str, token: bool| {
        let mut request = listener.ask("GET", "/login").header("host", host);
        if token {
            request = request.bearer_auth(TOKEN);
        }
        answer(request).await.status.as_u16()
    };
    for (host, expected) in [
        ("127.0.0.1:1", 200),
        ("localhost", 200),
        ("[::1]:9877", 200),
        ("BALANCES.example.com", 200),
        ("evil.example", 421),
        ("balances.example.com.evil.example", 421),
        ("user@localhost", 400),
    ] {
        assert_eq!(status(host, false).await, expected, "{host}");
    }
    // A program that shows the token is no page in somebody's browser; and probes are told nothing.
    assert_eq!(status("balancewatch:9877", true).await, 200);
    let probe = listener.ask("GET", "/-/ready").header("host", "pod.example");
    answer(probe).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_tells_browsers_what_they_may_not_do() {
    let listener = Listener::new(2, "").await.ready().await;
    for (method, path, status) in [
        ("GET", "/login", 200),
        ("GET", "/-/healthy", 200),
        ("GET", "/nothing", 404),
        ("GET", "//login", 404),
        ("GET", "/%2e%2e/web.token", 404),
        ("GET", "/../web.token", 404),
        ("PUT", "/-/reload", 405),
        ("TRACE", "/login", 405),
        ("OPTIONS", "/login", 405),
        ("DELETE", "/login", 405),
        ("POST", "/-/reload", 401),
    ] {
        let answer = answer(listener.ask(method, path)).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self'"),
            "{path}: {policy}"
        );
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cache-control", "no-store"),
            ("access-control-allow-origin", ""),
        ] {
            assert_eq!(answer.header(name), value, "{method} {path}: {name}");
        }
    }
}
