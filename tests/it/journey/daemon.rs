//! `run`: told to stop, started twice, and killed in the middle of something.

use std::collections::BTreeSet;
use std::time::Duration;

use balancewatch::mail_catcher::{Behaviour, Stage};

use super::enforcement::enforcing;
use super::world::{Letter, World, nothing_new, within};

/// What the contract allows, and a second for a busy machine.
const STOPS_WITHIN: Duration = Duration::from_secs(11);

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_an_idle_daemon_at_once() {
    let world = World::new(3).await;
    let mut daemon = world.daemon();
    world
        .until("the first sweep", |world| world.calls("getResellerBalance") >= 3)
        .await;
    world.balance(&world.ids[0], "5.00");
    daemon.signal("TERM");
    let (code, took) = daemon.end().await;
    assert_eq!(code, Some(0), "{}", world.daemon_log());
    assert!(took < STOPS_WITHIN, "{took:?}");
    world.sweep(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_a_daemon_in_time_whose_api_and_mail_server_hang() {
    let world = World::new(20).await;
    nothing_new(&world.sweep(0).await);
    world.mail.behave(Behaviour::Stall(Stage::MailFrom));
    world.reconfigure(r#"timeout = "1s""#, r#"timeout = "30s""#);
    world.balance(&world.ids[0], "5.00");
    // Written down and not delivered when the daemon starts: no time to deliver.
    let said = world.run(&["sweep", "--once", "--deliver-for", "0s"]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    world.fault("slow@clients", "1");
    let asked = world.calls("getResellerBalance");
    let mut daemon = world.daemon();
    world
        .until("a call", |world| world.calls("getResellerBalance") > asked)
        .await;
    within("a delivery that stalls", world.mail.wait_for_stalled(1)).await;
    daemon.signal("TERM");
    let (code, took) = daemon.end().await;
    assert_eq!(code, Some(0), "{}", world.daemon_log());
    assert!(took < STOPS_WITHIN, "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_daemon_on_the_store_ends_with_1_and_leaves_the_first_alone() {
    let world = World::new(3).await;
    let mut daemon = world.daemon();
    world
        .until("the first sweep", |world| world.calls("getResellerBalance") >= 3)
        .await;
    for arguments in [&["run"][..], &["sweep", "--once"]] {
        let said = world.run(arguments).await;
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
        assert!(said.err.contains("error: "), "{said:?}");
    }
    daemon.signal("INT");
    assert_eq!(daemon.end().await.0, Some(0));
}

/// Waits until the daemon handles signals. The one before it may have done all the work already.
async fn listens(world: &World) {
    world
        .until("the daemon", |world| world.daemon_log().contains("watching"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_during_a_sweep_it_goes_on_where_it_was_and_nobody_is_told_twice() {
    let world = World::new(40).await;
    nothing_new(&world.sweep(0).await);
    // More at once would be taken for wrong data.
    for id in &world.ids[..5] {
        world.balance(id, "5.00");
    }
    world.simulator.set_setting("slow-secs", "1").unwrap();
    world.fault("slow@clients", "1");
    let asked = world.calls("getResellerBalance");
    let mut daemon = world.daemon();
    world
        .until("half a sweep", |world| world.calls("getResellerBalance") >= asked + 20)
        .await;
    daemon.signal("KILL");
    daemon.end().await;
    world.fault("slow@clients", "0");
    let mut again = world.daemon();
    let is_told = |world: &World| world.ids[..5].iter().all(|id| !mails_about(world, id).is_empty());
    world.until("all to be told", is_told).await;
    listens(&world).await;
    again.signal("TERM");
    assert_eq!(again.end().await.0, Some(0));
    nothing_new(&world.sweep(0).await);
    each_client_once(&world, &world.ids[..5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_during_deliveries_everything_arrives_and_what_comes_twice_has_one_id() {
    let world = World::new(120).await;
    world.configure("\n[alerts]\nnotify_clients = true\n");
    nothing_new(&world.sweep(0).await);
    // One in ten: more would be taken for wrong data.
    for id in &world.ids[..12] {
        world.balance(id, "5.00");
    }
    world.mail.behave(Behaviour::Slow(Duration::from_millis(20)));
    let mut daemon = world.daemon();
    let to_clients = |world: &World| {
        let mails = world.mails().into_iter();
        let mails = mails.filter(|mail| !mail.to.contains(&"noc@example.com".to_owned()));
        mails.map(|mail| mail.id).collect::<Vec<_>>()
    };
    world.until("three mails", |world| to_clients(world).len() >= 3).await;
    daemon.signal("KILL");
    daemon.end().await;
    world.mail.behave(Behaviour::Good);
    let mut again = world.daemon();
    let ids = |world: &World| to_clients(world).into_iter().collect::<BTreeSet<_>>();
    world.until("all mails", |world| ids(world).len() >= 12).await;
    listens(&world).await;
    again.signal("TERM");
    assert_eq!(again.end().await.0, Some(0));
    world.sweep_later(600).await;
    assert_eq!(ids(&world).len(), 12);
    assert!(to_clients(&world).len() <= 13, "at most the one in hand comes twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_right_after_a_change_was_sent_it_reads_what_became_of_it_and_sends_none_again() {
    let world = World::new(3).await;
    world.configure(&enforcing("apply", ""));
    nothing_new(&world.sweep(0).await);
    world.balance(&world.ids[0], "-3.00");
    world.fault("slow@setClient", "1");
    let mut daemon = world.daemon();
    world.until("the change", |world| world.calls("setClient") == 1).await;
    daemon.signal("KILL");
    daemon.end().await;
    world.fault("slow@setClient", "0");
    let unsettled = world.sweep(0).await;
    assert_eq!(
        unsettled["enforcements"]["applied"], 0,
        "too early to tell: {unsettled}"
    );
    let settled = world.sweep_later(600).await;
    assert_eq!(settled.report.enforcements.applied, 1);
    world.sweep_later(1_200).await;
    assert_eq!(world.calls("setClient"), 1);
    let changed = world
        .to_ops()
        .iter()
        .filter(|mail| mail.subject.starts_with("CHANGED"))
        .count();
    assert_eq!(changed, 1);
}

/// Each client's alert is one mail. One that left in the moment of the kill, before that was noted, leaves again under the
/// same id, by which a mail program knows it; there is no way around that.
fn each_client_once(world: &World, clients: &[String]) {
    for id in clients {
        assert_eq!(mails_about(world, id).len(), 1, "{id}");
    }
}

/// The ids of the mails to operators that name a client, alone or with others.
fn mails_about(world: &World, client: &str) -> BTreeSet<String> {
    let mails = world.to_ops().into_iter();
    let names = |mail: &Letter| mail.subject.contains(client) || mail.text.contains(client);
    mails.filter(names).map(|mail| mail.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_during_the_very_first_sweep_those_low_already_are_one_summary_all_the_same() {
    let world = World::new(40).await;
    // A mark that passes meanwhile would end the sweep, and its summary would go out with whom it had read.
    world.reconfigure(r#"sweep = "60s""#, r#"sweep = "24h""#);
    for id in &world.ids {
        world.balance(id, "5.00");
    }
    world.simulator.set_setting("slow-secs", "1").unwrap();
    world.fault("slow@clients", "1");
    let mut daemon = world.daemon();
    world
        .until("half a sweep", |world| world.calls("getResellerBalance") >= 20)
        .await;
    daemon.signal("KILL");
    daemon.end().await;
    world.fault("slow@clients", "0");
    world.sweep(0).await;
    nothing_new(&world.sweep(0).await);
    let mails = world.to_ops();
    assert_eq!(mails.len(), 1, "{mails:#?}");
    for id in &world.ids {
        mails[0].says(&[id]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_sweeps_at_every_mark_and_tells_once_of_what_begins_and_of_what_ends() {
    let world = World::new(5).await;
    world.reconfigure(r#"sweep = "60s""#, r#"sweep = "1s""#);
    let mut daemon = world.daemon();
    let low = world.ids[0].as_str();
    let sweeps = |world: &World| world.calls("getResellerBalance") / 5;
    world.until("two sweeps", |world| sweeps(world) >= 2).await;
    world.balance(low, "5.00");
    world.wait_for_mails_to("noc@example.com", 1).await;
    let at = sweeps(&world);
    world.until("more sweeps", |world| sweeps(world) >= at + 3).await;
    assert_eq!(world.mails().len(), 1);
    world.simulator.deposit(low, "20.00").unwrap();
    world.wait_for_mails_to("noc@example.com", 2).await;
    let at = sweeps(&world);
    world.until("more sweeps", |world| sweeps(world) >= at + 2).await;
    daemon.signal("TERM");
    assert_eq!(daemon.end().await.0, Some(0), "{}", world.daemon_log());
    let mails = world.mails();
    assert_eq!(mails.len(), 2, "{mails:#?}");
    assert_eq!(mails[0].references, mails[1].references);
}
