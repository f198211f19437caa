//! Servers that repeat what they were sent: in a refusal, in a name, as a code. No password of it is kept or shown.

use balancewatch::mail_catcher::{Behaviour, Stage as At};
use serde_json::json;

use crate::api::elsewhere::{Elsewhere, ok};
use crate::api::stage::{JOHN, Stage, words};
use crate::journey::world::{API_PASSWORD, SMTP_PASSWORD, World};

/// Everything that a command prints and the store holds.
async fn kept(world: &World, commands: &[&[&str]]) -> Vec<u8> {
    let mut kept = Vec::new();
    for command in commands {
        for more in [&["-vvv"][..], &["--output", "json"]] {
            let said = world.run(&[command, more].concat()).await;
            assert!(matches!(said.code, Some(0 | 1)), "{command:?}: {said:?}");
            kept.extend(said.out.into_bytes());
            kept.extend(said.err.into_bytes());
        }
    }
    for entry in std::fs::read_dir(world.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path != world.config_path() {
            kept.extend(std::fs::read(&path).unwrap());
        }
    }
    kept
}

fn holds(kept: &[u8], text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let is_it = |window: &[u8]| window.eq_ignore_ascii_case(text.as_bytes());
    kept.windows(text.len()).any(is_it)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mail_password_in_a_refusal_is_not_kept() {
    let world = World::new(5).await;
    world.sweep(0).await;
    // As it is, as AUTH PLAIN says it, as AUTH LOGIN says it, broken over two lines, in a query.
    let forms = [
        SMTP_PASSWORD,
        "AGFsZXJ0cwBTbXRwLVMzY3JldC00NzEx",
        "U210cC1TM2NyZXQtNDcxMQ==",
        "Smtp-S3cre t-4711",
        "Smtp%2DS3cret%2D4711",
    ];
    let texts = [
        "5.7.1 relaying denied, you said Smtp-S3cret-4711",
        "5.7.1 relaying denied, you said AGFsZXJ0cwBTbXRwLVMzY3JldC00NzEx",
        "5.7.1 relaying denied, you said U210cC1TM2NyZXQtNDcxMQ==",
        "5.7.1 relaying denied, you said Smtp-S3cre t-4711",
        "5.7.1 relaying denied, you said Smtp%2DS3cret%2D4711",
    ];
    for (text, (id, later)) in texts.into_iter().zip(world.ids.iter().zip((60..).step_by(60))) {
        world.balance(id, "5.00");
        world.mail.behave_next([Behaviour::Answer {
            at: At::Rcpt,
            code: 550,
            text,
        }]);
        world.sweep_later(later).await;
    }
    let kept = kept(&world, &[&["notifications", "list"], &["status"], &["alerts"]]).await;
    for form in forms {
        assert!(!holds(&kept, form), "`{form}` was kept");
    }
    assert!(holds(&kept, "5.7.1 relaying denied"), "the first words are kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_password_as_a_name_is_not_kept() {
    let world = World::new(2).await;
    for (id, name) in [(&world.ids[0], API_PASSWORD), (&world.ids[1], "Api%2dS3cret-0815 Ltd")] {
        world.edit(
            id,
            &json!({"company": name, "threshold_email": format!("{API_PASSWORD}@example.com")}),
        );
        world.balance(id, "5.00");
    }
    world.sweep(0).await;
    world.sweep_later(60).await;
    let commands: &[&[&str]] = &[&["notifications", "list"], &["alerts"], &["client", &world.ids[0]]];
    let kept = kept(&world, commands).await;
    assert!(!holds(&kept, API_PASSWORD), "the password was kept");
    assert!(!holds(&kept, "Api%2dS3cret"), "a form of it was kept");
    for mail in world.mails() {
        assert!(!holds(&mail.bytes, API_PASSWORD), "{mail:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn tables_mask_what_json_masks() {
    let server = Elsewhere::start(|function| match function {
        "getBalanceManagement" => {
            ok(r#"{"status":"success","balance_management":[{"value":"Api-S3cret\/\u00fc","description":"Hard"}]}"#)
        }
        _ => ok(
            r#"{"status":"success","clients":[{"client":"561115","password":"Portal-1","company":"x Api-S3cret\/\u00fc","email":"a@b.cd"}]}"#,
        ),
    });
    let stage = Stage::new(&[]).await;
    let config = stage.pointing_to("http", server.address);
    for line in [
        "getBalanceManagement",
        "getClients",
        &format!("getClients --client {JOHN}"),
    ] {
        for output in ["", " --output json"] {
            let said = stage.run_with(&config, &words(&format!("{line}{output}")), b"");
            said.ended(0).says(&["***"]);
            assert!(!(said.out.clone() + &said.err).contains("S3cret"), "{line}: {said:?}");
            assert!(!said.out.contains("Portal-1"), "{line}: {said:?}");
        }
    }
}
