//! Mails about an account as a whole: what it means, since when, and what no subject may hold.

use super::*;
use crate::domain::notice::AccountFacts;

/// What an API in trouble answers with.
const PAGE: &str = "<html><head><title>503 Service Unavailable</title></head><body><center><h1>503</h1>";

/// An alert about the account, found when it could be asked last seven minutes before.
fn about(policy: &str, what: &str, next_try_secs: Option<i64>) -> Notification {
    let mut notification = super::policy(account(), policy, Severity::Critical);
    notification.facts.reason = Reason::Account {
        what: what.to_owned(),
        fix: "do this".to_owned(),
    };
    notification.facts.account = Some(AccountFacts {
        clients: 120,
        last_sweep_at: Some(decided() - SignedDuration::from_mins(7)),
        next_try_at: next_try_secs.map(|secs| decided() + SignedDuration::from_secs(secs)),
    });
    notification
}

fn rendered(notification: Notification) -> Mail {
    sent_after(&[notification], 3).unwrap()
}

#[test]
fn an_account_that_cannot_be_asked_says_that_nobody_is_watched_since_when_and_what_is_done() {
    let mail = rendered(about(
        "account-access",
        "the API answered `ip_not_enabled` (getBalance)",
        Some(60),
    ));
    let expected = r"
CRITICAL: nobody is watched on account main: VoIP.ms refuses access

Nobody is watched on account main: VoIP.ms refuses access

The API answered `ip_not_enabled` (getBalance).

No balance is read meanwhile: clients may run dry unnoticed, nobody is
warned of it, and nothing is changed.

  Since            just now, at 10:15 EST
  Last full sweep  7 minutes ago, at 10:08 EST
  Clients          120
  Tried again      at 10:16 EST, then every 1 to 15 minutes
  Policy           account-access (critical)
  Account          main

What to do:
  Do this

-- 
balancewatch, for Phone service
";
    let got = format!("{}\n\n{}", mail.subject, mail.text);
    assert_eq!(got.trim_end(), expected.trim());
    let again = with(
        about("upstream", "no answer (getBalance)", Some(-60)),
        Transition::Repeated { repeat: 1 },
    );
    let again = rendered(again);
    assert_eq!(
        again.subject,
        "CRITICAL, reminder 1: still nobody is watched on account main: VoIP.ms cannot be asked"
    );
    assert!(
        unwrapped(&again).contains("Tried again every 1 to 15 minutes"),
        "{}",
        again.text
    );
}

#[test]
fn subjects_are_short_and_the_detail_stands_below() {
    for (policy, what, subject) in [
        (
            "upstream",
            "80 of 120 readings failed; those clients are not watched meanwhile; the most common failure was HTTP 503",
            "CRITICAL: account main: 80 of 120 readings failed",
        ),
        (
            "inventory",
            "the list of clients lacks 40 of 120: it has 80 entries, and those were on it within the last 24 hours",
            "CRITICAL: account main: the list of clients lacks 40 of 120",
        ),
        (
            "read-back",
            "a record that was read back is not what was meant: 561115: zip",
            "CRITICAL: account main: a record that was read back is not what was meant",
        ),
        (
            "enforcement-without-effect",
            "2 set to HARD, at or below 0, and still spending: Consulting (-1.00), Other (-2.00)",
            "CRITICAL: account main: 2 set to HARD, at or below 0, and still spending",
        ),
        (
            "alertmanager",
            "no Alertmanager of channel `am` knows what fires, for 3m now; what it knew ends there by itself, as if it were over: no",
            "CRITICAL: account main: no Alertmanager of channel `am` knows what fires, for 3m now",
        ),
    ] {
        let mail = rendered(about(policy, what, None));
        assert_eq!(mail.subject, subject);
        let words = unwrapped(&mail).to_lowercase();
        assert!(words.contains(&what.to_lowercase()), "{words}");
        assert!(
            words.contains("last full sweep 7 minutes ago, at 10:08 est clients 120"),
            "{words}"
        );
    }
    let brake = rendered(about("brake", "the brake is on: a person", None));
    assert!(!brake.text.contains("Tried again"), "nothing is tried: {}", brake.text);
    let what = "2 messages will never arrive: the one about Consulting (561115) to john@example.com: no such user";
    let news = rendered(with(about("dead-letter", what, None), Transition::News));
    assert_eq!(news.subject, "CRITICAL: account main: 2 messages will never arrive");
    let words = unwrapped(&news);
    assert!(
        words.contains("It fires since") && words.contains("john@example.com: no such user."),
        "{words}"
    );
    let over = with(about("upstream", "all is well again", None), Transition::Resolved);
    assert_eq!(
        rendered(over).subject,
        "RESOLVED: the clients of account main are watched again"
    );
}

#[test]
fn no_subject_holds_a_tag_whatever_the_api_says_or_a_client_is_called() {
    for policy in [
        "account-access",
        "upstream",
        "inventory",
        "overcommitted",
        "brake",
        "dead-letter",
        "read-back",
        "enforcement-without-effect",
        "alertmanager",
    ] {
        for transition in every_transition() {
            for next_try_secs in [None, Some(60)] {
                let notification = with(about(policy, PAGE, next_try_secs), transition.clone());
                let mail = rendered(notification);
                assert!(!mail.subject.contains(['<', '>']), "{policy}: {}", mail.subject);
                assert!(!mail.html.contains("<center>"), "{policy}");
                assert!(mail.subject.chars().count() <= 150, "{policy}: {}", mail.subject);
            }
        }
    }
    for mut notification in [low(), to_client(low()), silence(), spending()] {
        "<script>alert(1)</script>".clone_into(&mut notification.facts.label);
        let mail = rendered(notification);
        assert!(!mail.subject.contains(['<', '>']), "{}", mail.subject);
    }
}
