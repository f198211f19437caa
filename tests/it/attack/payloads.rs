//! Answers that say success and hold something that is no balance, limit or amount: `api` shows what came, says what is
//! wrong with it, and ends with 1.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::api::elsewhere::{Elsewhere, ok};
use crate::api::stage::{JOHN, Stage, words};
use crate::journey::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_the_daemon_would_not_take_is_shown_and_is_no_success() {
    let one = format!("--client {JOHN}");
    for (line, key, payload, shown, wrong) in [
        (
            "getResellerBalance",
            "balance",
            r#"{"current_balance":"NaN"}"#,
            "NaN",
            "`NaN`",
        ),
        (
            "getResellerBalance",
            "balance",
            r#"{"current_balance":"8,05"}"#,
            "8,05",
            "`8,05`",
        ),
        (
            "getResellerBalance",
            "balance",
            r#"{"current_balance":"$8.05"}"#,
            "$8.05",
            "`$8.05`",
        ),
        (
            "getResellerBalance",
            "balance",
            r#"{"current_balance":"5","spent_today":"Infinity"}"#,
            "5.00",
            "`Infinity`",
        ),
        (
            "getBalance",
            "balance",
            r#"{"current_balance":"1e400"}"#,
            "1e400",
            "`1e400`",
        ),
        (
            "getClientThreshold",
            "threshold_information",
            r#"{"threshold":"ten","email":"a@b.cd"}"#,
            "ten",
            "`ten`",
        ),
        (
            "getCharges",
            "charges",
            r#"[{"id":"1","date":"2026-01-01","amount":"NaN","description":"x"}]"#,
            "NaN",
            "no row of `charges` can be used",
        ),
        (
            "getDeposits",
            "deposits",
            r#"[{"id":"1","date":"2026-01-01","amount":"2","description":"x"},{"id":"2","date":"soon","amount":"1"}]"#,
            "soon",
            "a row of it cannot be used: a date that is none, of `2`",
        ),
        ("getIP", "ip", r#""my house""#, "my house", "an address that is none"),
    ] {
        let body = format!(r#"{{"status":"success","{key}":{payload}}}"#);
        let server = Elsewhere::start({
            let body = body.clone();
            move |_| ok(&body)
        });
        let stage = Stage::new(&[]).await;
        let config = stage.pointing_to("http", server.address);
        let takes_client = !matches!(line, "getBalance" | "getIP");
        let line = if takes_client {
            format!("{line} {one}")
        } else {
            line.to_owned()
        };
        let table = stage.run_with(&config, &words(&line), b"");
        table
            .ended(1)
            .says(&[shown])
            .complains(&[wrong, "answered `success`, but"]);
        let json = stage.run_with(&config, &words(&format!("{line} --output json")), b"");
        json.ended(1).complains(&[wrong]);
        assert_eq!(json.out, body + "\n", "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_beyond_all_bounds_is_told_with_what_can_be_done() {
    let is_large = Arc::new(AtomicBool::new(false));
    let server = Elsewhere::start({
        let is_large = Arc::clone(&is_large);
        move |function| match function {
            "getClients" if is_large.load(Ordering::Relaxed) => {
                // One client's company, so that the body is JSON as far as it goes.
                let company = "x".repeat(65 << 20);
                ok(&format!(
                    r#"{{"status":"success","clients":[{{"client":"561115","company":"{company}"}}]}}"#
                ))
            }
            "getClients" => {
                ok(r#"{"status":"success","clients":[{"client":"561115","company":"A"},{"client":"561116"}]}"#)
            }
            "getClientThreshold" => ok(r#"{"status":"success","threshold_information":[]}"#),
            "getBalanceManagement" => ok(
                r#"{"status":"success","balance_management":[{"value":"1","description":"Hard"},{"value":"2","description":"Soft"}]}"#,
            ),
            _ => ok(r#"{"status":"success","balance":{"current_balance":"50.00"}}"#),
        }
    });
    let world = World::new(1).await;
    let config = std::fs::read_to_string(world.config_path()).unwrap();
    let url = config.lines().find(|line| line.starts_with("url = \"http://")).unwrap();
    world.reconfigure(url, &format!("url = \"http://{}/api/v1/rest.php\"", server.address));
    let what_to_do = "split them over several VoIP.ms accounts";
    is_large.store(true, Ordering::Relaxed);
    world
        .run(&["api", "getClients"])
        .await
        .ended(1)
        .complains(&["larger than 67108864 bytes", what_to_do]);
    world.sweep_later(60).await;
    world
        .to_ops()
        .last()
        .expect("blind from the first sweep on, and told")
        .says(&[what_to_do]);
    is_large.store(false, Ordering::Relaxed);
    world.sweep_later(120).await;
    is_large.store(true, Ordering::Relaxed);
    let before = world.to_ops().len();
    world.sweep_later(7200).await;
    let told = world.to_ops();
    assert!(told.len() > before, "{told:?}");
    told.last()
        .unwrap()
        .says(&["The clients that are known are watched as before", what_to_do]);
}
