//! Records that would not come back as they were: what no list of words can tell of a password, and what is not understood.

use super::stage::Stage;
use crate::domain::enforcement::{Deferral, EnforcementState, Outcome, Refusal};
use crate::domain::plan::{Field, Oddity};

fn refused(why: Refusal) -> EnforcementState {
    EnforcementState::Ended {
        outcome: Outcome::Refused { why },
    }
}

#[tokio::test]
async fn a_password_that_two_clients_show_is_written_to_neither() {
    let stage = Stage::new(3).await;
    for client in ["1", "3"] {
        stage.fake.edit(client, Field::Password, "Ask support");
    }
    let report = stage.sweep().await;
    assert_eq!((report.applied, report.refused), (1, 2));
    let kept = stage.enforcements().await;
    for client in ["1", "3"] {
        let kept = kept.iter().find(|kept| kept.client.as_str() == client).unwrap();
        assert_eq!(kept.state, refused(Refusal::PasswordShared), "{client}");
    }
    assert_eq!(stage.code("2"), "1");
    assert_eq!(stage.calls("passwords"), 1, "the list is read once in a run");
    assert_eq!(stage.told().await[0], "enforced-refused-password-shared");
}

#[tokio::test]
async fn a_list_that_lacks_clients_clears_no_password() {
    for unlisted in [vec!["1"], vec!["4", "5", "6"]] {
        let mut stage = Stage::new(6).await;
        stage.alerts.truncate(1);
        stage.fake.world().unlisted = unlisted.iter().map(|id| (*id).to_owned()).collect();
        assert_eq!(stage.sweep().await.waiting, 1, "{unlisted:?}");
        let why = Deferral::Unreadable {
            error: "short_list".to_owned(),
        };
        assert_eq!(stage.enforcements().await[0].state, EnforcementState::Deferred { why });
        assert_eq!(stage.calls("record"), 0);
    }
}

#[tokio::test]
async fn what_is_not_understood_is_not_written_back() {
    let number = |field: Field| Refusal::Number {
        field: field.name().to_owned(),
    };
    let unknown = Refusal::UnknownField {
        field: "note".to_owned(),
    };
    let cases = [
        (vec![Oddity::Number(Field::Zip)], Some(number(Field::Zip))),
        (vec![Oddity::Number(Field::Password)], Some(number(Field::Password))),
        (
            vec![Oddity::Number(Field::Client), Oddity::Number(Field::BalanceManagement)],
            None,
        ),
        (vec![Oddity::Unknown("note".to_owned())], Some(unknown)),
        (vec![Oddity::Unknown("created".to_owned())], None),
    ];
    for (oddities, why) in cases {
        let stage = Stage::new(1).await;
        stage.fake.world().oddities.clone_from(&oddities);
        stage.sweep().await;
        assert_eq!(stage.calls("set"), u32::from(why.is_none()), "{oddities:?}");
        if let Some(why) = why {
            assert_eq!(stage.enforcements().await[0].state, refused(why), "{oddities:?}");
        }
    }
}
