//! No password is where it should not be: not in a log, not on a screen, not in the store, not in a mail.

use balancewatch::mail_catcher::{Behaviour, Stage};

use serde_json::json;

use super::enforcement::enforcing;
use super::world::{API_PASSWORD, CLIENTS_TOO, SMTP_PASSWORD, World, client_password};

/// What every command said, and what it left behind, must hold none of the passwords.
struct Searched {
    secrets: Vec<String>,
    places: usize,
}

impl Searched {
    fn nothing_in(&mut self, place: &str, bytes: &[u8]) {
        self.places += 1;
        for secret in &self.secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "`{secret}` is in {place}: {}", String::from_utf8_lossy(bytes));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_is_in_a_log_a_screen_the_store_or_a_mail() {
    let world = World::new(4).await;
    world.configure(&(enforcing("apply", "") + CLIENTS_TOO));
    let mut searched = Searched {
        secrets: world.ids.iter().map(|id| client_password(id)).collect(),
        places: 0,
    };
    searched
        .secrets
        .extend([API_PASSWORD, SMTP_PASSWORD].map(str::to_owned));
    // As AUTH PLAIN says them.
    searched.secrets.push("AGFsZXJ0cwBTbXRwLVMzY3JldC00NzEx".to_owned());

    said(&world, &mut searched, &["sweep", "--once"]).await;
    for id in &world.ids[..2] {
        world.balance(id, "-3.00");
    }
    // A server that repeats what it was told, an API that breaks off in the middle of a record.
    world.mail.behave_next([Behaviour::Answer {
        at: Stage::Auth,
        code: 535,
        text: SMTP_PASSWORD,
    }]);
    world.fault("truncated@getClients", "1");
    said(&world, &mut searched, &["sweep", "--once"]).await;
    world.fault("truncated@getClients", "0");
    world.fault("reset-after@setClient", "1");
    said(&world, &mut searched, &["sweep", "--once"]).await;
    said(&world, &mut searched, &["check", "--online"]).await;
    world.fault("reset-after@setClient", "0");
    let low = world.ids[0].as_str();
    for arguments in [
        &["sweep", "--once"][..],
        &["status"],
        &["alerts", "--all"],
        &["client", low],
        &["history", low],
        &["explain", low],
        &["plan"],
        &["notifications", "list"],
        &["enforcements", "list"],
        &["config", "show"],
    ] {
        said(&world, &mut searched, arguments).await;
    }
    for row in world.json(&["enforcements", "list"]).await.as_array().unwrap() {
        let id = row["id"].as_str().unwrap();
        said(&world, &mut searched, &["enforcements", "show", id]).await;
    }
    world.sweep_later(600).await;
    let record = world.simulator.client(low).unwrap();
    let went = (&record["management"], &record["password"]);
    let sent = (&json!("hard"), &json!(client_password(low)));
    assert_eq!(went, sent, "the password went over the wire and back");

    for mail in world.mails() {
        searched.nothing_in("a mail", &mail.bytes);
        searched.nothing_in("a mail", (mail.subject + &mail.text).as_bytes());
    }
    for entry in std::fs::read_dir(world.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path != world.config_path() {
            searched.nothing_in(&path.display().to_string(), &std::fs::read(&path).unwrap());
        }
    }
    assert!(searched.places > 50, "{} places", searched.places);
}

/// Runs a command as talkative as it can be, for people and for scripts.
async fn said(world: &World, searched: &mut Searched, arguments: &[&str]) {
    for more in [
        &["-vvv", "--log-format", "text"][..],
        &["-vvv", "--log-format", "json", "--output", "json"],
    ] {
        let said = world.run(&[arguments, more].concat()).await;
        assert!(matches!(said.code, Some(0 | 1)), "{arguments:?}: {said:?}");
        searched.nothing_in(&format!("what {arguments:?} printed"), said.out.as_bytes());
        searched.nothing_in(&format!("what {arguments:?} logged"), said.err.as_bytes());
    }
}
