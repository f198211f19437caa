//! From a balance to a mail: what is told, to whom, and that it is told once.

use serde_json::json;

use super::world::{CLIENTS_TOO, World, address_of, nothing_new, numbers};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_sweep_tells_the_operators_once_of_those_low_already_and_no_client() {
    let world = World::new(12).await;
    world.configure(CLIENTS_TOO);
    for id in &world.ids[..2] {
        world.balance(id, "5.00");
    }
    let mut printed = world.sweep(0).await;
    let seconds = printed["seconds"].take();
    assert!(seconds.as_f64().is_some_and(|seconds| seconds < 60.0), "{seconds}");
    let calls = printed["api_calls"].take();
    assert_eq!(
        printed,
        json!({
            "clients": 12, "readings": 12, "deferred": 0, "errors": {}, "api_calls": null,
            "alerts": {"fired": 2, "resolved": 0, "withdrawn": 0},
            "notifications": {"sent": 1, "deferred": 0, "dead": 0},
            "enforcements": {"applied": 0, "refused": 0, "waiting": 0, "would": 0},
            "seconds": null,
        })
    );
    assert_eq!(calls, world.simulator.stats()["calls"], "every call is counted");
    let mails = world.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0].to, ["noc@example.com"]);
    mails[0].says(&["2", "561115", "561116", "5.00", "10.00"]);

    // The program that this one replaces mailed everybody in each run.
    for _ in 0..3 {
        nothing_new(&world.sweep(0).await);
    }
    assert_eq!(world.mails().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_low_from_the_start_is_mailed_once_after_a_second_reading_an_interval_later() {
    let world = World::new(2).await;
    world.configure(CLIENTS_TOO);
    world.reconfigure(r#"sweep = "60s""#, r#"sweep = "3s""#);
    let low = &world.ids[0];
    world.balance(low, "5.00");
    world.sweep(0).await;
    let mut sweeps = 1;
    while world.mails_to(&address_of(low)).is_empty() {
        assert!(sweeps < 500, "the client was never told");
        world.sweep(0).await;
        sweeps += 1;
    }
    assert!(sweeps > 2, "two readings of one moment are one");
    nothing_new(&world.sweep(0).await);
    let mails = world.mails();
    assert_eq!(mails.len(), 2, "{mails:?}");
    mails[1].says(&["5.00", "10.00"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_falls_is_told_once_and_its_recovery_in_the_same_thread() {
    let world = World::new(5).await;
    world.configure(CLIENTS_TOO);
    nothing_new(&world.sweep(0).await);
    let low = &world.ids[2];
    world.balance(low, "9.99");
    let report = world.sweep(0).await;
    assert_eq!(numbers(&report, "alerts"), [1, 0, 0], "{report}");
    assert_eq!(report["notifications"]["sent"], 2, "{report}");
    let (ops, client) = (world.to_ops(), world.mails_to(&address_of(low)));
    assert_eq!((ops.len(), client.len(), world.mails().len()), (1, 1, 2));
    ops[0].says(&["9.99", "10.00", low]);
    client[0].says(&["9.99", "10.00"]);
    assert_ne!(ops[0].id, client[0].id);
    assert!(
        !ops[0].references.is_empty(),
        "a first mail names the thread that it opens"
    );
    for _ in 0..2 {
        nothing_new(&world.sweep(0).await);
    }

    // 9.99 and 1.01 are exactly 110 % of the threshold.
    world.simulator.deposit(low, "1.01").unwrap();
    nothing_new(&world.sweep(0).await);
    let report = world.sweep(0).await;
    assert_eq!(numbers(&report, "alerts"), [0, 1, 0], "{report}");
    let ops = world.to_ops();
    assert_eq!(ops.len(), 2, "{ops:?}");
    ops[1].says(&["11.00", low]);
    assert_eq!(ops[1].references, ops[0].references, "a reply to the firing");
    for mail in world.mails_to(&address_of(low)).iter().skip(1) {
        assert_eq!(mail.references, client[0].references);
    }
    let told = world.mails().len();
    nothing_new(&world.sweep(0).await);
    assert_eq!(world.mails().len(), told);
}
