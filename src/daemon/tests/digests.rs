//! The digest: once for each mark, made up for when it was missed, and never twice.

use jiff::Timestamp;

use super::{Stage, id};
use crate::daemon::Digests;
use crate::domain::notice::Transition;

/// The stage begins at 12:00 UTC.
const DAILY: &str = "[schedule]\ntimezone = 'UTC'\n[digest]\nat = '30 12 * * *'\nchannel = 'ops'\n";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Makes what is due at `now`; whether anything was.
async fn make(stage: &Stage, now: &str) -> bool {
    let settings = stage.daemon.force.settings.borrow().clone();
    let digests = Digests::new(settings.digest.as_ref().unwrap());
    digests.make(&stage.daemon.watches, at(now)).await.unwrap()
}

#[tokio::test]
async fn there_is_one_for_each_mark_whatever_the_clock_does() {
    let stage = Stage::new(3, "rate_per_minute = 1000000", DAILY).await;
    stage.pass().await;
    for (name, now, is_made) in [
        ("before the first mark", "2026-11-23T12:29:59Z", false),
        ("at the mark", "2026-11-23T12:30:00Z", true),
        ("again", "2026-11-23T12:30:00Z", false),
        ("the clock was set back over the mark", "2026-11-23T12:10:00Z", false),
        ("and comes to it again", "2026-11-23T12:30:00Z", false),
        ("the next day", "2026-11-24T12:30:01Z", true),
        ("the clock was set back by days", "2026-11-23T12:30:00Z", false),
        ("a mark that was missed for hours", "2026-11-26T09:00:00Z", true),
        ("once", "2026-11-26T09:00:01Z", false),
        ("the mark after it", "2026-11-26T12:30:00Z", true),
    ] {
        assert_eq!(make(&stage, now).await, is_made, "{name}");
    }
}

#[tokio::test]
async fn a_mark_from_before_the_account_was_watched_is_not_made_up_for() {
    let stage = Stage::new(3, "rate_per_minute = 1000000", DAILY).await;
    assert!(!make(&stage, "2026-11-23T12:40:00Z").await, "nothing is known yet");
    stage.wait(2_400);
    stage.pass().await;
    assert!(!make(&stage, "2026-11-23T12:45:00Z").await, "known since 12:40");
    assert!(!make(&stage, "2026-11-24T08:00:00Z").await);
    assert!(make(&stage, "2026-11-24T12:30:00Z").await);
}

#[tokio::test]
async fn it_tells_who_is_low_and_what_happened_since_the_one_before() {
    let stage = Stage::new(4, "rate_per_minute = 1000000", DAILY).await;
    stage.pass().await;
    stage.edit(&id(1), "4");
    stage.wait(300);
    stage.pass().await;
    assert!(make(&stage, "2026-11-23T12:30:00Z").await);
    assert!(make(&stage, "2026-11-24T12:30:00Z").await);
    let notices = stage.notices().await;
    let digests: Vec<_> = notices
        .iter()
        .filter_map(|notice| match &notice.transition {
            Transition::Digest(digest) => Some((notice, digest)),
            _ => None,
        })
        .collect();
    let [(first, digest), (_, second)] = digests[..] else {
        panic!("{digests:?}")
    };
    assert_eq!(
        first.id,
        "main.account.digest.20261123T123000000Z/digest/ops/noc@example.com"
    );
    assert_eq!(first.message.as_deref(), Some(first.id.as_str()));
    let low: Vec<_> = digest.low.rows.iter().map(|low| low.who.client.to_string()).collect();
    assert_eq!((digest.clients, low), (4, vec![id(1)]));
    assert_eq!(digest.activity.began, 1);
    assert_eq!((second.since, second.activity.began), (first.created_at, 0));
    let owed = stage
        .daemon
        .store
        .due_messages(at("2026-11-24T13:00:00Z"), 10)
        .await
        .unwrap();
    assert_eq!(
        owed.iter().filter(|(message, _)| message.id.contains("digest")).count(),
        2
    );
}

#[tokio::test]
async fn it_names_the_maintenance_windows_that_are_open() {
    let window = format!("{DAILY}[[mute]]\nname = 'upgrade'\nstart = '0 12 * * *'\nfor = '2h'\n");
    let stage = Stage::new(2, "rate_per_minute = 1000000", &window).await;
    stage.pass().await;
    assert!(make(&stage, "2026-11-23T12:30:00Z").await);
    let notices = stage.notices().await;
    let digest = notices.iter().find_map(|notice| match &notice.transition {
        Transition::Digest(digest) => Some(digest),
        _ => None,
    });
    let silenced = &digest.unwrap().silenced.rows;
    let told: Vec<_> = silenced.iter().map(|row| (row.by.as_str(), row.until)).collect();
    assert_eq!(told, [("upgrade", Some(at("2026-11-23T14:00:00Z")))]);
}

#[tokio::test]
async fn a_running_daemon_makes_it_at_its_mark() {
    let soon = DAILY.replace("30 12", "2 12");
    let stage = Stage::new(2, "rate_per_minute = 1000000", &soon).await;
    let folder = stage.folder.path().join("state.db");
    let Stage {
        daemon,
        clock,
        stepper,
        folder: _folder,
        ..
    } = stage;
    let stop = async {
        for _ in 0..3 * 4 {
            clock.sleep(std::time::Duration::from_secs(15)).await;
        }
    };
    super::stepping(&stepper, 5_000, daemon.run(stop)).await.unwrap();
    let store = crate::store::Store::open(&folder, crate::store::Access::Read)
        .await
        .unwrap();
    let last = store
        .last_digest(&crate::domain::AccountName::new("main").unwrap())
        .await
        .unwrap();
    assert_eq!(
        last.unwrap().episode.as_str(),
        "main.account.digest.20261123T120200000Z"
    );
}
