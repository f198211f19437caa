//! Several clients in one mail: a list, and a storm with what is known of its cause.

use super::*;
use crate::domain::notice::AccountFacts;

/// So many clients, told of together.
fn group(number: u32, change: impl Fn(u32, &mut Notification)) -> Mail {
    let alert = |index: u32| {
        let mut notification = overdrawn();
        notification.client = ClientId::new(&(561_115 + index).to_string()).unwrap();
        notification.facts.account = Some(AccountFacts {
            clients: 1000,
            ..AccountFacts::default()
        });
        notification.facts.management = Some(Management::Soft);
        change(index, &mut notification);
        notification
    };
    let notifications: Vec<Notification> = (0..number).map(alert).collect();
    let message = Message {
        kind: MessageKind::Group,
        ..message(&notifications)
    };
    let letter = write(
        &message,
        &notifications,
        &letterhead(),
        decided() + SignedDuration::from_secs(3),
    );
    letter.unwrap().to_mail()
}

#[test]
fn a_few_are_a_list() {
    let mail = group(3, |_, _| {});
    let expected = "\
CRITICAL: 3 clients of account main need a look, the lowest has -2.31 USD

3 clients of account main need a look, the lowest has -2.31 USD

They began at one time: 3 of 1000 clients (less than 1 %).

The calls of clients set to HARD should stop at 0, and then emergency calls
may not go through either; those set to SOFT go on at your cost.

  Client                 Balance  Limit  Policy
  Consulting (561115)  -2.31 USD   0.00  overdrawn
  Consulting (561116)  -2.31 USD   0.00  overdrawn
  Consulting (561117)  -2.31 USD   0.00  overdrawn

What to do:
  `balancewatch alerts` lists them all; `balancewatch explain ID` tells
  about one.

The balances were read just now, at 10:14 EST.

-- 
balancewatch, for Phone service
";
    assert_eq!(format!("{}\n\n{}", mail.subject, mail.text), expected);
}

#[test]
fn many_are_a_storm_with_what_they_have_in_common() {
    let mail = group(40, |index, notification| {
        notification.facts.since = decided() - SignedDuration::from_secs(i64::from(index) * 7);
        if index >= 30 {
            notification.facts.management = None;
        }
        notification.facts.country = ["CA", "US", "FR", "DE", "IT", "ES", "PT", "BE"][index as usize % 8].to_owned();
    });
    let expected = "\
CRITICAL, storm: 40 clients of account main need a look, the lowest has -2.31 USD

40 clients of account main need a look, the lowest has -2.31 USD

They began within 4 minutes: 40 of 1000 clients (4 %).

So many at once seldom run low by themselves: think of one cause first, such
as wrong data, limits that were changed, or fraud. balancewatch sees no
calls and no packages: whether these clients share a package, an hour of day
or a destination, only the VoIP.ms portal can tell.

The calls of clients set to HARD should stop at 0, and then emergency calls
may not go through either; those set to SOFT go on at your cost.

  Policy  all: overdrawn
  What    all: balance
  Limit   all: 0.00 USD
  Set to  30: SOFT, 10 unknown

  Client                 Balance  Limit  Policy
  Consulting (561115)  -2.31 USD   0.00  overdrawn
  Consulting (561116)  -2.31 USD   0.00  overdrawn";
    assert_eq!(
        format!(
            "{}\n\n{}",
            mail.subject,
            &mail.text[..mail.text.find("\n  Consulting (561117)").unwrap()]
        ),
        expected
    );
}

#[test]
fn reminders_say_that_they_are_reminders() {
    let mail = group(4, |_, notification| {
        notification.transition = Transition::Repeated { repeat: 1 }
    });
    assert_eq!(
        mail.subject,
        "CRITICAL: 4 clients of account main still need a look, the lowest has -2.31 USD"
    );
    let words = unwrapped(&mail);
    assert!(
        words.contains("They came due together: 4 of 1000 clients (less than 1 %)."),
        "{words}"
    );
}
