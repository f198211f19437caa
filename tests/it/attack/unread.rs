//! Standard error is a pipe that nobody reads: what the daemon does goes on, and it ends when it is told to.

use std::io::{Read, Write};

use crate::journey::world::World;

/// What a pipe holds on Linux before its writer must wait.
const PIPE_BYTES: usize = 65_536;

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_reads_stops_no_sweep_no_mail_and_no_end() {
    let world = World::new(3).await;
    world.reconfigure(r#"sweep = "60s""#, r#"sweep = "1s""#);
    let (mut unread, mut full) = std::io::pipe().unwrap();
    full.write_all(&[b'.'; PIPE_BYTES]).unwrap();
    let mut daemon = world.daemon_after(|command| {
        command.arg("-vv").stderr(full);
    });
    let sweeps = |world: &World| world.calls("getResellerBalance") / 3;
    world.until("two sweeps", |world| sweeps(world) >= 2).await;
    world.balance(&world.ids[0], "5.00");
    world.wait_for_mails_to("noc@example.com", 1).await;
    daemon.signal("TERM");
    assert_eq!(daemon.end().await.0, Some(0));
    let mut left = String::new();
    unread.read_to_string(&mut left).unwrap();
    assert!(left.starts_with('.'), "the pipe was full all the time");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_last_is_not_lost_at_an_end() {
    let world = World::new(1).await;
    let mut daemon = world.daemon();
    world
        .until("a sweep", |world| world.daemon_log().contains("sweep done"))
        .await;
    daemon.signal("TERM");
    assert_eq!(daemon.end().await.0, Some(0));
    assert!(
        world.daemon_log().contains("the work in hand is finished first"),
        "{}",
        world.daemon_log()
    );
}
