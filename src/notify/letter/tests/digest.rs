//! A digest, word for word, and as harmless as any other mail.

use super::*;
use crate::domain::decision::Kind;
use crate::domain::digest::{Basis, Changed, Dead, Digest, Listed, Low, Named, Rate, RunningDry, Silenced, Unread};
use crate::domain::kept::Activity;

fn who(id: &str, label: &str) -> Named {
    Named {
        client: ClientId::new(id).unwrap(),
        label: label.to_owned(),
    }
}

fn listed<T>(rows: Vec<T>, more: u64) -> Listed<T> {
    Listed { rows, more }
}

fn quiet() -> Digest {
    Digest {
        mark: decided(),
        since: decided() - SignedDuration::from_hours(24 * 7),
        clients: 312,
        low: listed(Vec::new(), 0),
        others: 0,
        running_dry: listed(Vec::new(), 0),
        activity: Activity::default(),
        changed: listed(Vec::new(), 0),
        unread: listed(Vec::new(), 0),
        dead: listed(Vec::new(), 0),
        silenced: listed(Vec::new(), 0),
    }
}

fn full(label: &str) -> Digest {
    let low = |who, balance, limit, policy, severity| Low {
        who,
        balance: money(balance),
        limit: money(limit),
        policy: PolicyName::new(policy).unwrap(),
        severity,
        since: decided(),
    };
    let dry = |who, balance, per_day, basis, hours_left| RunningDry {
        who,
        balance: money(balance),
        rate: Rate {
            per_day: money(per_day),
            basis,
        },
        hours_left,
    };
    let silence = |kind, who, until| Silenced {
        kind,
        who,
        policies: vec![PolicyName::new("blind").unwrap()],
        by: "alice".to_owned(),
        until,
        note: "moving offices".to_owned(),
    };
    Digest {
        low: listed(
            vec![
                low(who("561116", label), "-2.31", "0", "overdrawn", Severity::Critical),
                low(
                    who("561115", "Consulting"),
                    "8.0588",
                    "10",
                    "low-balance",
                    Severity::Warning,
                ),
            ],
            3,
        ),
        others: 2,
        running_dry: listed(
            vec![
                dry(who("561115", "Consulting"), "8.0588", "14.2", Basis::Today, 13),
                dry(who("561120", ""), "60", "10", Basis::Month, 144),
            ],
            0,
        ),
        activity: Activity {
            began: 12,
            ended: 9,
            delivered: 31,
            dead: 1,
            dropped: 4,
        },
        changed: listed(
            vec![Changed {
                who: who("561116", label),
                wanted: Management::Hard,
                direction: Direction::Enforce,
                state: "verified".to_owned(),
                at: decided() - SignedDuration::from_hours(30),
            }],
            0,
        ),
        unread: listed(
            vec![Unread {
                who: who("561117", label),
                read_at: None,
                error: "html".to_owned(),
            }],
            0,
        ),
        dead: listed(
            vec![Dead {
                who: who("561118", label),
                channel: ChannelName::client(),
                why: "550 5.1.1 no such user".to_owned(),
            }],
            0,
        ),
        silenced: listed(
            vec![
                silence(Kind::Silence, None, Some(decided() + SignedDuration::from_hours(2))),
                silence(Kind::Ack, Some(who("561116", label)), None),
            ],
            0,
        ),
        ..quiet()
    }
}

fn mail(digest: Digest) -> Mail {
    let mut notification = with(account(), Transition::Digest(Box::new(digest)));
    notification.severity = Severity::Info;
    sent_after(&[notification], 3).unwrap()
}

#[test]
fn a_week_in_which_much_happened() {
    let mail = mail(full("Överdrawn Ltd"));
    let got = format!("{}\n\n{}", mail.subject, mail.text);
    let expected = r"
Digest, account main: 5 clients are low, 2 run dry within a week, 1 could not be read, 1 message will never arrive

Account main: 5 clients are low, 2 run dry within a week, 1 could not be
read, 1 message will never arrive

  Since          16 Nov 2026 10:15 EST (7 days)
  Clients        312 watched
  Alerts         12 began, 9 ended
  Also firing    2 alerts about other things
  Notifications  31 arrived, 1 never will, 4 not sent on purpose

Low now:
  Client                     Balance  Limit  Policy
  Överdrawn Ltd (561116)   -2.31 USD   0.00  overdrawn
  Consulting (561115)     8.0588 USD  10.00  low-balance
  and 3 more

Dry within a week at the present rate:
  Client                  Balance  A day  Spending          Lasts
  Consulting (561115)  8.0588 USD  14.20  as today       13 hours
  561120                60.00 USD  10.00  as in 30 days    6 days

Changes of balance management:
  Client                  Change   State     When
  Överdrawn Ltd (561116)  to HARD  verified  22 Nov 2026 04:15 EST

Clients that could not be read:
  Client                  Last read  Last failure
  Överdrawn Ltd (561117)  never      a web page instead of an answer

Messages that will never arrive:
  About                   Channel  Why
  Överdrawn Ltd (561118)  client   550 5.1.1 no such user

Silenced:
  What                           Until       By     Why
  all clients: blind             12:15 EST   alice  moving offices
  Överdrawn Ltd (561116): blind  it is over  alice  moving offices

This was summed up just now, at 10:15 EST.

A rate is the higher of two: what was spent today so far, scaled to the
whole day (after six hours of it), and a thirtieth of what was spent in 30
days.

-- 
balancewatch, for Phone service
";
    assert_eq!(got.trim_end(), expected.trim());
}

#[test]
fn a_quiet_week_and_an_account_without_clients_are_short() {
    let mail_of = |digest| {
        let mail = mail(digest);
        (mail.subject, mail.text)
    };
    let (subject, text) = mail_of(quiet());
    assert_eq!(
        subject,
        "Digest, account main: 312 clients, and none is low or runs dry within a week"
    );
    assert!(!text.contains("Low now"), "{text}");
    let none = Digest { clients: 0, ..quiet() };
    let (subject, text) = mail_of(none);
    assert_eq!(subject, "Digest: account main has no clients");
    assert_eq!(
        text.lines().next(),
        Some("Account main has no clients, so there is nothing to sum up.")
    );
    assert_eq!(text.lines().filter(|line| !line.is_empty()).count(), 3, "{text}");
}

#[test]
fn names_in_it_are_harmless() {
    let mail = mail(full("<script>alert(1)</script>\r\nBcc: x@example.com"));
    assert!(
        !mail.html.contains("<script>") && !mail.subject.contains('\n'),
        "{}",
        mail.html
    );
    assert!(!mail.text.contains("\nBcc:"), "{}", mail.text);
    let narrow = |line: &&str| line.chars().count() <= 80;
    assert!(mail.text.lines().all(|line| narrow(&line)), "{}", mail.text);
}

#[test]
fn it_is_not_for_clients() {
    let notification = with(to_client(account()), Transition::Digest(Box::new(quiet())));
    assert_eq!(sent_after(&[notification], 3), Err(Unwritten::NotForClients));
}
