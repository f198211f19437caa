//! Dead letters are announced from the store, whoever let them die.

use crate::daemon::letters::{DeadLetters, Looked};
use crate::domain::notice::{NoticeState, Transition};
use crate::store::Commit;

use super::{Stage, id};

const PAGER: &str = "[[channel]]\nname = 'messages'\ntype = 'email'\nto = ['pager@example.com']\n";

#[tokio::test]
async fn what_a_killed_program_left_dead_is_told_by_the_next_one_once() {
    let stage = Stage::new(3, "rate_per_minute = 1000000", PAGER).await;
    stage.pass().await;
    stage.edit(&id(0), "4");
    stage.wait(300);
    stage.pass().await;
    let watch = &stage.daemon.watches[0];
    let owed = stage.daemon.store.due_messages(stage.clock.now(), 10).await.unwrap();
    let owed = owed
        .iter()
        .find(|(message, _)| message.recipient == "noc@example.com")
        .unwrap();
    let mut dead = owed.0.clone();
    dead.state = NoticeState::Dead("no such user".to_owned());
    // The program was killed right after it wrote this.
    let death = Commit {
        notices_of_messages: vec![(dead.id.clone(), dead.state.clone())],
        messages: vec![dead],
        ..Commit::new(watch.account.clone(), stage.clock.now())
    };
    stage.daemon.store.commit(&death).await.unwrap();
    let looked = |is_owed| Looked {
        is_owed,
        all_told: true,
    };
    let news = async || {
        let notices = stage.notices().await;
        let news = notices
            .into_iter()
            .filter(|notice| notice.policy.as_str() == "dead-letter");
        news.map(|notice| (notice.transition, notice.recipient))
            .collect::<Vec<_>>()
    };
    for is_owed in [true, false, false] {
        assert_eq!(DeadLetters::default().judge(watch).await.unwrap(), looked(is_owed));
        stage.wait(5);
    }
    let fired = (Transition::Fired { relapse: false }, "pager@example.com".to_owned());
    assert_eq!(news().await, [fired], "through the other channel, once");

    stage.wait(300);
    stage.pass().await;
    assert_eq!(
        stage.firing().await.last().unwrap(),
        "account/dead-letter",
        "a sweep does not end it"
    );
    let given_up = stage.daemon.store.drop_dead(&owed.1[0].id, "told by phone").await;
    assert!(given_up.unwrap());
    assert_eq!(DeadLetters::default().judge(watch).await.unwrap(), looked(true));
    assert_eq!(
        news().await[1..],
        [
            (Transition::Resolved, "noc@example.com".to_owned()),
            (Transition::Resolved, "pager@example.com".to_owned())
        ]
    );
}
