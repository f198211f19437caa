//! A client is set to HARD: one at a time, read back, told, and stopped by protection, by the brake and by the mode.

use serde_json::{Value, json};

use super::world::{World, nothing_new};

/// Who is overdrawn is set to HARD, and the first change is watched for this long.
pub fn enforcing(mode: &str, more: &str) -> String {
    format!(
        r#"
[[policy]]
name = "overdrawn"
enforce = {{ balance_management = "hard" }}

[enforcement]
mode = "{mode}"
canary_wait = "1s"
max_per_hour = 50
max_share_per_day = "100%"
{more}
"#
    )
}

/// Everything of the record but what may change.
fn rest_of(record: &Value) -> Value {
    let mut record = record.clone();
    let fields = record.as_object_mut().unwrap();
    fields.retain(|field, _| !["balance_management", "management", "suspended"].contains(&field.as_str()));
    record
}

/// The meaning of a client's balance management in the portal.
fn is_hard(world: &World, id: &str) -> bool {
    world.simulator.client(id).unwrap()["management"] == "hard"
}

fn hard_ones(world: &World) -> usize {
    world.ids.iter().filter(|id| is_hard(world, id)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_change_goes_alone_and_the_others_follow_each_verified() {
    let world = World::new(8).await;
    world.configure(&enforcing("apply", "protect = [\"561119\"]"));
    nothing_new(&world.sweep(0).await);
    for id in &world.ids[..5] {
        world.balance(id, "-3.00");
    }
    let before: Vec<Value> = world.ids.iter().map(|id| world.simulator.client(id).unwrap()).collect();
    let report = world.sweep(0).await;
    assert_eq!(world.calls("setClient"), 1, "the canary goes alone: {report}");
    assert_eq!(hard_ones(&world), 1);
    let counts = &report["enforcements"];
    assert_eq!(
        (&counts["applied"], &counts["waiting"]),
        (&json!(1), &json!(3)),
        "{report}"
    );
    assert_eq!(counts["refused"], 1, "the protected one: {report}");

    let mut sweeps = 1;
    while hard_ones(&world) < 4 {
        assert!(sweeps < 500, "the others never followed");
        world.sweep(0).await;
        sweeps += 1;
    }
    assert!(!is_hard(&world, "561119"), "protected");
    assert_eq!(world.calls("setClient"), 4);
    nothing_more(&world).await;
    for (id, before) in world.ids.iter().zip(&before) {
        let after = world.simulator.client(id).unwrap();
        assert_eq!(rest_of(&after), rest_of(before), "nothing else of {id} is touched");
    }
    let subjects: Vec<String> = world.to_ops().into_iter().map(|mail| mail.subject).collect();
    let said = |what: &str| subjects.iter().filter(|subject| subject.starts_with(what)).count();
    assert_eq!((said("CHANGED"), said("NOT DONE")), (4, 1), "{subjects:#?}");
    let rows = world.json(&["enforcements", "list"]).await;
    let verified = rows
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["outcome"] == "verified" || row["state"] == "verified");
    assert_eq!(verified.count(), 4, "{rows}");
}

/// Two more sweeps change nothing.
async fn nothing_more(world: &World) {
    let before = world.calls("setClient");
    for _ in 0..2 {
        let report = world.sweep(0).await;
        assert_eq!(report["enforcements"]["applied"], 0, "{report}");
    }
    assert_eq!(world.calls("setClient"), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn mode_observe_changes_nothing_and_counts_what_it_would_do() {
    let world = World::new(3).await;
    world.configure(&enforcing("observe", ""));
    nothing_new(&world.sweep(0).await);
    world.balance(&world.ids[0], "-3.00");
    let report = world.sweep(0).await;
    assert_eq!(
        report["enforcements"],
        json!({"applied": 0, "refused": 0, "waiting": 0, "would": 1}),
        "{report}"
    );
    assert_eq!((world.calls("setClient"), hard_ones(&world)), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_brake_stops_every_change_until_a_person_releases_it() {
    let world = World::new(3).await;
    world.configure(&enforcing("apply", ""));
    nothing_new(&world.sweep(0).await);
    let braked = world
        .run(&["brake", "on", "--reason", "the provider changes its records"])
        .await;
    assert_eq!(braked.code, Some(0), "{braked:?}");
    world.balance(&world.ids[0], "-3.00");
    for _ in 0..2 {
        let report = world.sweep(1).await;
        assert_eq!(report["enforcements"]["applied"], 0, "{report}");
        assert_eq!((world.calls("setClient"), hard_ones(&world)), (0, 0));
    }
    assert!(
        world
            .to_ops()
            .iter()
            .any(|mail| mail.text.contains("the provider changes its records"))
    );
    let released = world.run(&["brake", "off"]).await;
    assert_eq!(released.code, Some(0), "{released:?}");
    let report = world.sweep(0).await;
    assert_eq!(report["enforcements"]["applied"], 1, "{report}");
    assert_eq!((world.calls("setClient"), hard_ones(&world)), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_whose_answer_is_lost_is_settled_by_reading_and_never_sent_twice() {
    for fault in ["reset-after@setClient", "truncated@setClient", "empty@setClient"] {
        let world = World::new(3).await;
        world.configure(&enforcing("apply", ""));
        nothing_new(&world.sweep(0).await);
        world.fault(fault, "1");
        world.balance(&world.ids[0], "-3.00");
        world.sweep(0).await;
        world.fault(fault, "0");
        let later = world.sweep_later(600).await;
        assert!(later.braked.is_empty(), "{fault}");
        assert_eq!((world.calls("setClient"), hard_ones(&world)), (1, 1), "{fault}");
        let rows = world.json(&["enforcements", "list"]).await;
        assert_eq!(rows.as_array().unwrap().len(), 1, "{fault}: {rows}");
        let changed = world
            .to_ops()
            .iter()
            .filter(|mail| mail.subject.starts_with("CHANGED"))
            .count();
        assert_eq!(changed, 1, "{fault}: {rows}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_never_arrived_is_made_once_with_a_fresh_plan() {
    let world = World::new(3).await;
    world.configure(&enforcing("apply", ""));
    nothing_new(&world.sweep(0).await);
    world.fault("reset-before@setClient", "1");
    world.balance(&world.ids[0], "-3.00");
    world.sweep(0).await;
    assert_eq!(hard_ones(&world), 0);
    world.fault("reset-before@setClient", "0");
    let mut secs = 0;
    while hard_ones(&world) == 0 {
        secs += 300;
        assert!(secs < 7_200, "the change was never made");
        world.sweep_later(secs).await;
    }
    assert_eq!(world.calls("setClient"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_reads_back_otherwise_sets_the_brake_and_nothing_is_written_again() {
    let world = World::new(4).await;
    world.configure(&enforcing("apply", ""));
    nothing_new(&world.sweep(0).await);
    let spoilt = world.ids[0].as_str();
    world.edit(spoilt, &json!({"zip": "01234"}));
    // Seen before the change, or it would count as a person's edit a moment ago.
    world.sweep_later(400).await;
    let order = format!("{spoilt}:zip=99999");
    world.simulator.set_setting("edit-after-set-client", &order).unwrap();
    world.balance(spoilt, "-3.00");
    let first = world.sweep_later(2_000).await;
    assert_eq!((first.braked.len(), first.must_look()), (1, true), "{first:?}");
    world.balance(&world.ids[1], "-3.00");
    world.sweep_later(2_400).await;
    world.sweep(1).await;
    assert_eq!(
        world.calls("setClient"),
        1,
        "neither a second time nor for anybody else"
    );
    let brake = world.json(&["brake", "status"]).await;
    assert!(brake.to_string().contains(r#""on":true"#), "{brake}");
    let mails = world.to_ops();
    let read_back = mails.iter().filter(|mail| mail.text.contains("read-back")).count();
    assert_eq!(read_back, 1, "{mails:#?}");
    assert!(mails.iter().any(|mail| mail.text.contains("zip")), "{mails:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn balances_that_jump_set_the_brake_also_over_hours_without_a_sweep() {
    for (secs, is_on) in [(600, true), (20 * 3_600, true), (8 * 86_400, false)] {
        let world = World::new(8).await;
        world.configure(&enforcing("apply", ""));
        world.ids.iter().for_each(|id| world.balance(id, "100.00"));
        nothing_new(&world.sweep(0).await);
        world.ids.iter().for_each(|id| world.balance(id, "40.00"));
        world.sweep_later(secs).await;
        let brake = world.json(&["brake", "status"]).await.to_string();
        assert_eq!(brake.contains("from 800.00 to 320.00"), is_on, "{secs}: {brake}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_overdrawn_before_the_first_sweep_is_changed_after_a_second_reading_only() {
    let world = World::new(3).await;
    world.configure(&enforcing("apply", ""));
    world.balance(&world.ids[0], "-3.00");
    for _ in 0..2 {
        let report = world.sweep(0).await;
        assert_eq!(report["enforcements"]["applied"], 0, "{report}");
    }
    assert_eq!(world.calls("setClient"), 0);
    world.sweep_later(120).await;
    world.sweep_later(240).await;
    assert_eq!((world.calls("setClient"), hard_ones(&world)), (1, 1));
}

/// The id of the newest enforcement of a client.
async fn newest(world: &World, client: &str) -> String {
    let rows = world.json(&["enforcements", "list", "--client", client]).await;
    rows[0]["id"].as_str().unwrap_or_else(|| panic!("{rows}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn in_mode_approve_nothing_is_changed_before_somebody_says_yes_and_an_undo_takes_it_back() {
    let world = World::new(3).await;
    world.configure(&enforcing("approve", ""));
    nothing_new(&world.sweep(0).await);
    let [one, other] = [&world.ids[0], &world.ids[1]];
    for id in [one, other] {
        world.balance(id, "-3.00");
    }
    let report = world.sweep(0).await;
    assert_eq!(report["enforcements"]["waiting"], 2, "{report}");
    let asks: Vec<String> = world.to_ops().into_iter().map(|mail| mail.subject).collect();
    let asks: Vec<&String> = asks.iter().filter(|subject| subject.starts_with("APPROVE?")).collect();
    assert_eq!(asks.len(), 2, "{asks:?}");
    assert_eq!(world.calls("setClient"), 0);

    let id = newest(&world, one).await;
    let said = world
        .run(&["enforcements", "approve", &id, "--comment", "he knows", "--by", "alice"])
        .await;
    assert_eq!(said.code, Some(0), "{said:?}");
    let again = world
        .run(&["enforcements", "approve", &id, "--comment", "again", "--by", "Alice"])
        .await;
    assert!(
        again.code == Some(1) && again.err.contains("approved it already"),
        "{again:?}"
    );
    let rejected = newest(&world, other).await;
    let said = world
        .run(&[
            "enforcements",
            "reject",
            &rejected,
            "--comment",
            "pays tomorrow",
            "--by",
            "bob",
        ])
        .await;
    assert_eq!(said.code, Some(0), "{said:?}");
    let report = world.sweep(0).await;
    assert_eq!(
        (&report["enforcements"]["applied"], &report["enforcements"]["refused"]),
        (&json!(1), &json!(1)),
        "{report}"
    );
    assert!(is_hard(&world, one) && !is_hard(&world, other));
    let shown = world.run(&["enforcements", "show", &id]).await;
    assert!(shown.out.contains("by alice: he knows"), "{shown:?}");

    let undone = world.run(&["enforcements", "undo", &id, "--by", "carol"]).await;
    assert_eq!(undone.code, Some(0), "{undone:?}");
    world.sweep(0).await;
    assert!(!is_hard(&world, one));
    let calls = world.calls("setClient");
    let twice = world.run(&["enforcements", "undo", &id]).await;
    assert!(
        twice.code == Some(1) && twice.err.contains("was changed again since"),
        "{twice:?}"
    );
    world.sweep(0).await;
    assert_eq!(world.calls("setClient"), calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_daemon_undoes_within_seconds_and_leaves_a_held_client_alone() {
    let world = World::new(3).await;
    world.configure(&enforcing("apply", ""));
    world.reconfigure(r#"sweep = "60s""#, r#"sweep = "1s""#);
    let mut daemon = world.daemon();
    world
        .until("the first sweep", |world| world.daemon_log().contains("sweep done"))
        .await;
    let [one, held] = [world.ids[0].clone(), world.ids[1].clone()];
    let said = world.run(&["hold", &held, "--reason", "pays by transfer"]).await;
    assert!(said.code == Some(0) && said.out.contains("is held since"), "{said:?}");
    for id in [&one, &held] {
        world.balance(id, "-3.00");
    }
    world.until("the change", |world| is_hard(world, &one)).await;
    // From now on no sweep comes soon.
    world.reconfigure(r#"sweep = "1s""#, r#"sweep = "7d""#);
    daemon.signal("HUP");
    world
        .until("the reload", |world| world.daemon_log().contains("reloaded"))
        .await;
    let id = newest(&world, &one).await;
    let undone = world.run(&["enforcements", "undo", &id]).await;
    assert_eq!(undone.code, Some(0), "{undone:?}");
    world.until("the undo", |world| !is_hard(world, &one)).await;
    assert!(!is_hard(&world, &held), "held");
    let released = world.run(&["release", &held]).await;
    assert_eq!(released.code, Some(0), "{released:?}");
    let again = world.run(&["release", &held]).await;
    assert!(again.code == Some(1) && again.err.contains("nobody holds"), "{again:?}");
    daemon.signal("TERM");
    daemon.end().await;
}
