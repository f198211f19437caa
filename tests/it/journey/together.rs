//! Many clients at once: one mail with a table, and of very many what they have in common.

use super::world::{World, nothing_new};

#[tokio::test(flavor = "multi_thread")]
async fn one_or_two_clients_come_by_themselves_and_more_in_one_mail() {
    for (low, mails) in [(2, 2), (3, 1)] {
        let world = World::new(12).await;
        nothing_new(&world.sweep(0).await);
        for id in &world.ids[..low] {
            world.balance(id, "5.00");
        }
        let report = world.sweep(0).await;
        assert_eq!(report["alerts"]["fired"], low, "{report}");
        assert_eq!(report["notifications"]["sent"], mails, "{report}");
        let told = world.to_ops();
        assert_eq!(told.len(), mails, "{told:#?}");
        for id in &world.ids[..low] {
            let about = told.iter().filter(|mail| mail.text.contains(id.as_str()));
            assert_eq!(about.count(), 1, "{id}");
        }
        nothing_new(&world.sweep(0).await);
        // What is told later of one of them is told by itself, where it belongs.
        world.balance(&world.ids[0], "50.00");
        world.sweep_later(300).await;
        world.sweep_later(300).await;
        let after = world.to_ops();
        let end = &after[mails..];
        assert_eq!(end.len(), 1, "{end:#?}");
        end[0].says(&["RESOLVED", &world.ids[0]]);
        assert!(
            told.iter().any(|mail| mail.references == end[0].references),
            "one thread"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_is_one_mail_that_says_what_is_known_of_its_cause() {
    let world = World::new(320).await;
    // Less than one in ten: more would be taken for wrong data.
    for (place, id) in world.ids[..30].iter().enumerate() {
        world.balance(id, if place < 4 { "15.00" } else { "30.00" });
    }
    nothing_new(&world.sweep(0).await);
    world.configure(HIGHER);
    let report = world.sweep(0).await;
    let told = world.to_ops();
    assert_eq!(told.len(), 2, "one for each severity: {report}");
    let critical = told
        .iter()
        .find(|mail| mail.subject.starts_with("CRITICAL: 4 clients"))
        .unwrap();
    critical.says(&["4 of 320 clients (1 %)", "the lowest has 15.00 USD"]);
    let storm = told
        .iter()
        .find(|mail| mail.subject.starts_with("WARNING, storm: 26 clients"));
    storm
        .unwrap()
        .says(&["26 of 320 clients (8 %)", "all: low-balance", "all: balance"]);
}

/// Limits that are above what some have.
const HIGHER: &str = r#"
[[policy]]
name = "low-balance"
when = { balance_below = "50.00" }
clear = { balance_at_least = "55.00" }

[[policy]]
name = "overdrawn"
when = { balance_at_most = "20.00" }
"#;
