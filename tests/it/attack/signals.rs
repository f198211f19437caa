//! Every signal has the meaning that `run --help` tells.

use crate::journey::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn signals_that_end_nothing_are_logged() {
    let world = World::new(1).await;
    world.reconfigure(r#"sweep = "60s""#, r#"sweep = "1s""#);
    let mut daemon = world.daemon();
    let sweeps = |world: &World| world.daemon_log().matches("sweep done").count();
    world.until("a sweep", |world| sweeps(world) > 0).await;
    for (signal, line) in [
        ("HUP", "the configuration was reloaded"),
        ("USR1", "SIGUSR1"),
        ("USR2", "SIGUSR2"),
        // Ignored without a line: nobody is behind it.
        ("PIPE", ""),
    ] {
        daemon.signal(signal);
        world.until(line, |world| world.daemon_log().contains(line)).await;
        let before = sweeps(&world);
        world.until("one more sweep", |world| sweeps(world) > before).await;
    }
    daemon.signal("QUIT");
    assert_eq!(daemon.end().await.0, Some(0), "{}", world.daemon_log());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_signal_that_stops_it_ends_it_well_also_after_a_hang_up() {
    for signal in ["TERM", "INT", "QUIT"] {
        let world = World::new(1).await;
        let mut daemon = world.daemon();
        world
            .until("a sweep", |world| world.daemon_log().contains("sweep done"))
            .await;
        daemon.signal("HUP");
        daemon.signal(signal);
        // The second changes nothing.
        daemon.signal(signal);
        assert_eq!(daemon.end().await.0, Some(0), "{signal}: {}", world.daemon_log());
    }
}

#[tokio::test]
async fn the_help_names_each_signal() {
    let world = World::new(1).await;
    let said = world.run(&["run", "--help"]).await;
    said.fine().explains(&[
        "SIGTERM",
        "SIGINT",
        "SIGQUIT",
        "SIGHUP",
        "SIGUSR1",
        "SIGUSR2",
        "SIGPIPE",
        "within 10 seconds",
    ]);
}
