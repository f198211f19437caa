//! The main mails, word for word. A text is changed here on purpose only: read it as its reader would.

use super::*;

fn differing() -> Outcome {
    let field = FieldDifference {
        field: "company".to_owned(),
        expected: "Consulting".to_owned(),
        found: String::new(),
    };
    Outcome::Differs { fields: vec![field] }
}

fn many() -> Vec<Notification> {
    let mut many = vec![low(), overdrawn(), silence(), spending()];
    many[1].facts.label = "A very long company name that is much longer than it should be Ltd".to_owned();
    many[2].client = ClientId::new("561116").unwrap();
    many
}

fn assert_mail(name: &str, notifications: &[Notification], sent_after_secs: i64, expected: &str) {
    let mail = sent_after(notifications, sent_after_secs).unwrap();
    let got = format!("{}\n\n{}", mail.subject, mail.text);
    assert_eq!(got.trim_end(), expected.trim(), "{name}");
}

#[test]
fn mails_about_low_balances() {
    assert_mail(
        "a low balance, to operators",
        &[low()],
        120,
        r"
WARNING: Consulting (561115) has 8.0588 USD left, below its threshold of 10.00 USD

Consulting (561115) has 8.0588 USD left, below its threshold of 10.00 USD

When it runs out, a client set to SOFT goes on calling at your cost; the
calls of one set to HARD should stop, and then emergency calls may not go
through either.

  Balance           8.0588 USD
  Spent today       4.11 USD
  Spent in 30 days  92.00 USD
  Read              2 minutes ago, at 10:14 EST
  Compared          the balance is below its threshold of 10.00 USD
  Threshold         10.00 USD
  Policy            low-balance (warning)
  Account           main

What to do:
  1. Ask Consulting (561115) to top up, or add a payment for it yourself in
     the VoIP.ms portal.
  2. Check in the portal whether it is set to SOFT or HARD, and whether you
     want that.

`balancewatch explain 561115` shows what was compared and what would change
it.

-- 
balancewatch, for Phone service
",
    );
    assert_mail(
        "a low balance, to the client",
        &[to_client(low())],
        120,
        r"
Your phone balance is low: 8.0588 USD left

Hello Consulting,

Your phone balance is low: 8.0588 USD left

This is below 10.00 USD, the level at which we tell you.

When it is used up, your phones may stop making calls. This can include
calls to emergency numbers.

  Balance    8.0588 USD
  Looked up  2 minutes ago (10:14 EST)

What to do:
  Please add money to your phone account soon. If you have just done so,
  there is nothing else to do. If you have a question, please contact Phone
  service.

-- 
Phone service. This message was sent automatically.
",
    );
    assert_mail(
        "a reminder, delivered late, to the client",
        &[to_client(with(low(), Transition::Repeated { repeat: 2 }))],
        7200,
        r"
Reminder: your phone balance is still low: 8.0588 USD left

Hello Consulting,

Your phone balance is still low: 8.0588 USD left

This is below 10.00 USD, the level at which we tell you.

When it is used up, your phones may stop making calls. This can include
calls to emergency numbers.

  Balance    8.0588 USD
  Looked up  2 hours ago (10:14 EST)

What to do:
  Please add money to your phone account soon. If you have just done so,
  there is nothing else to do. If you have a question, please contact Phone
  service.

This message was written 2 hours ago (10:15 EST), and reaches you late. Your
balance may have changed since.

-- 
Phone service. This message was sent automatically.
",
    );
    assert_mail(
        "no money left, to the client",
        &[to_client(overdrawn())],
        120,
        r"
Your phone balance is used up: -2.31 USD

Hello Consulting,

Your phone balance is used up: -2.31 USD

Your phones may stop making calls, or may have stopped. This can include
calls to emergency numbers.

  Balance    -2.31 USD
  Looked up  2 minutes ago (10:14 EST)

What to do:
  Please add money to your phone account today. If you have just done so,
  there is nothing else to do. If you have a question, please contact Phone
  service.

-- 
Phone service. This message was sent automatically.
",
    );
}

#[test]
fn mails_about_spending_and_silence() {
    assert_mail(
        "spending, to operators",
        &[spending()],
        120,
        r"
CRITICAL: Consulting (561115) has spent 120.50 USD today, above 50.00 USD

Consulting (561115) has spent 120.50 USD today, above 50.00 USD

This may be a busy day, or somebody may be abusing its phones: such calls
may go on, charged to you, until somebody acts. HARD alone ends nothing
while there is money: calls should stop at 0. It has 43.10 USD left.

  Balance           43.10 USD
  Spent today       120.50 USD
  Spent in 30 days  92.00 USD
  Read              2 minutes ago, at 10:14 EST
  Compared          today's spending is above 50.00 USD
  Policy            fraud (critical)
  Account           main

What to do:
  1. In the VoIP.ms portal, look at the client's call records: which
     destinations, at what hours?
  2. If these are not its own calls: change the SIP passwords of its sub
     accounts there, and restrict its international calls.
  3. Tell the client, so that it can look for the hole in its phone system.

`balancewatch explain 561115` shows what was compared and what would change
it.

-- 
balancewatch, for Phone service
",
    );
    assert_mail(
        "spending, to the client",
        &[to_client(spending())],
        120,
        r"
Your phones have used 120.50 USD today

Hello Consulting,

Your phones have used 120.50 USD today

This is more than 50.00 USD, the amount at which we tell you.

If you made these calls, all is well. If not, somebody else may be calling
at your cost.

  Used today  120.50 USD (since midnight, Toronto time)
  Balance     43.10 USD
  Looked up   2 minutes ago (10:14 EST)

What to do:
  1. If these are not your calls, contact Phone service at once.
  2. Then change the passwords of your phones and of your phone system.

-- 
Phone service. This message was sent automatically.
",
    );
    assert_mail(
        "a silent balance, to operators",
        &[silence()],
        120,
        r"
WARNING: the balance of Consulting (561115) has not been read since 09:33 EST

The balance of Consulting (561115) has not been read since 09:33 EST

Nothing is known of this balance meanwhile: it may run out unnoticed. No
other alert about it fires or resolves until it can be read again. More than
30 minutes is too long.

  Last balance      8.0588 USD
  Spent today       4.11 USD
  Spent in 30 days  92.00 USD
  Read              44 minutes ago, at 09:33 EST
  Last failure      a web page instead of an answer
  Policy            blind (warning)
  Account           main

What to do:
  1. Look the balance up in the VoIP.ms portal meanwhile.
  2. Run `balancewatch check --online`: it says whether the API can be asked
     at all.
  3. If the client is gone for good, exclude it from this policy.

`balancewatch explain 561115` shows what was compared and what would change
it.

-- 
balancewatch, for Phone service
",
    );
}

#[test]
fn mails_about_the_reseller_itself() {
    assert_mail(
        "the own balance",
        &[own_balance()],
        120,
        r"
CRITICAL: your own VoIP.ms balance (main) is 43.10 USD, below 50.00 USD

Your own VoIP.ms balance (main) is 43.10 USD, below 50.00 USD

VoIP.ms charges all your clients' calls to this balance. When it runs out,
calls of all of them may stop, and emergency calls may not go through
either.

  Balance   43.10 USD
  Read      2 minutes ago, at 10:14 EST
  Compared  the balance is below 50.00 USD
  Policy    own-balance (critical)
  Account   main

What to do:
  Add funds to your own VoIP.ms account.

-- 
balancewatch, for Phone service
",
    );
    assert_mail(
        "the account",
        &[account()],
        120,
        r"
CRITICAL: account main: VoIP.ms does not allow this machine's address (ip_not_enabled)

Account main: VoIP.ms does not allow this machine's address (ip_not_enabled)

VoIP.ms does not allow this machine's address (ip_not_enabled).

  Policy   account-access (critical)
  Account  main

What to do:
  Allow-list this address on the API page of the VoIP.ms portal.

-- 
balancewatch, for Phone service
",
    );
}

#[test]
fn mails_about_ends() {
    assert_mail(
        "recovered, to operators",
        &[recovered()],
        120,
        r"
RESOLVED: Consulting (561115) has 25.00 USD again

Consulting (561115) has 25.00 USD again

The alert fired since 22 Nov 2026 08:15 EST, for 1 day 2 hours, and resolved
by itself. There is nothing to do.

  Balance           25.00 USD
  Spent today       4.11 USD
  Spent in 30 days  92.00 USD
  Read              2 minutes ago, at 10:14 EST
  Compared          the balance is at or above 11.00 USD (110% of threshold)
  Threshold         10.00 USD
  Policy            low-balance (warning)
  Account           main

`balancewatch explain 561115` shows what was compared and what would change
it.

-- 
balancewatch, for Phone service
",
    );
    assert_mail(
        "recovered, to the client",
        &[to_client(recovered())],
        120,
        r"
Your phone balance is 25.00 USD again

Hello Consulting,

Your phone balance is 25.00 USD again

There is nothing you need to do. Thank you.

  Balance    25.00 USD
  Looked up  2 minutes ago (10:14 EST)

-- 
Phone service. This message was sent automatically.
",
    );
}

#[test]
fn mails_about_enforcements() {
    assert_mail(
        "set to HARD",
        &[enforced(spending(), Outcome::Verified)],
        3,
        r"
CHANGED: Consulting (561115) is set to HARD: calls should stop at 0, 43.10 USD left

Consulting (561115) is set to HARD: calls should stop at 0, 43.10 USD left

The record was read back: the value is there, and nothing else in it
changed.

This is a setting at VoIP.ms, no proof that calls stop. When they stop,
emergency calls may not go through either: tell the client.

  Balance           43.10 USD
  Spent today       120.50 USD
  Spent in 30 days  92.00 USD
  Read              just now, at 10:14 EST
  Compared          today's spending is above 50.00 USD
  Policy            fraud (critical)
  Account           main

What to do:
  1. To take it back, set its balance management to SOFT in the VoIP.ms
     portal.
  2. In the VoIP.ms portal, look at the client's call records: which
     destinations, at what hours?
  3. If these are not its own calls: change the SIP passwords of its sub
     accounts there, and restrict its international calls.
  4. Tell the client, so that it can look for the hole in its phone system.

`balancewatch explain 561115` shows what was compared and what would change
it.

-- 
balancewatch, for Phone service
",
    );
    assert_mail(
        "a record that differs",
        &[enforced(overdrawn(), differing())],
        3,
        r"
ACT NOW: Consulting (561115)'s record is not what it should be after the change to HARD

Consulting (561115)'s record is not what it should be after the change to
HARD

What was read back differs from what was meant. The brake is on:
balancewatch changes nothing any more, and will not repair this by itself.

  Balance           -2.31 USD
  Spent today       4.11 USD
  Spent in 30 days  92.00 USD
  Read              just now, at 10:14 EST
  Compared          the balance is at or below 0.00 USD
  Policy            overdrawn (critical)
  Account           main

  Field    Should be   Is
  company  Consulting  (empty)

What to do:
  1. Open the client in the VoIP.ms portal and put right what is wrong.
  2. `balancewatch enforcements show` has the whole record as it was before,
     without the password.
  3. When all is well, release the brake: `balancewatch brake off`.

`balancewatch explain 561115` shows what was compared and what would change
it.

-- 
balancewatch, for Phone service
",
    );
}

#[test]
fn mails_about_withdrawals_and_baselines() {
    assert_mail(
        "withdrawn",
        &[with(
            low(),
            Transition::Withdrawn {
                why: Withdrawal::ClientVanished,
            },
        )],
        3,
        r"
WITHDRAWN: Consulting (561115): the alert low-balance no longer applies

Consulting (561115): the alert low-balance no longer applies

It was withdrawn because the client is no longer on the reseller's list.
This is no recovery: the last balance read was 8.0588 USD, just now, at
10:14 EST.

  Balance           8.0588 USD
  Spent today       4.11 USD
  Spent in 30 days  92.00 USD
  Read              just now, at 10:14 EST
  Compared          the balance is below its threshold of 10.00 USD
  Threshold         10.00 USD
  Policy            low-balance (warning)
  Account           main

`balancewatch explain 561115` shows what was compared and what would change
it.

-- 
balancewatch, for Phone service
",
    );
    assert_mail(
        "a summary",
        &many(),
        3,
        r"
CRITICAL, summary: 2 clients of account main need a look, the lowest has -2.31 USD

2 clients of account main need a look, the lowest has -2.31 USD

balancewatch looked for the first time, or again after a pause, and tells
you of all it found in one mail. From now on each change is told by itself.

The calls of clients set to HARD should stop at 0, and then emergency calls
may not go through either; those set to SOFT go on at your cost.

  Client                              Balance            Limit  Policy
  A very long company n… (561115)   -2.31 USD             0.00  overdrawn
  Consulting (561115)               43.10 USD  120.50 of 50.00  fraud
  Consulting (561115)              8.0588 USD            10.00  low-balance
  Consulting (561116)                not read                   blind

What to do:
  `balancewatch alerts` lists them all; `balancewatch explain ID` tells
  about one.

The balances were read between 09:33 EST and 10:14 EST, the newest just now,
at 10:14 EST.

-- 
balancewatch, for Phone service
",
    );
}

#[test]
fn subjects_of_the_other_transitions() {
    let refused = Outcome::Refused {
        why: Refusal::PasswordMasked,
    };
    let declined = Outcome::Declined {
        code: "used_password".to_owned(),
    };
    let unknown = Outcome::Unknown {
        error: "timeout".to_owned(),
    };
    let reverted = Transition::Enforced {
        outcome: Outcome::Verified,
        wanted: Management::Soft,
        direction: Direction::Revert,
    };
    let repeat = Transition::Repeated { repeat: 2 };
    let rows = [
        (
            with(low(), Transition::Fired { relapse: true }),
            "WARNING: Consulting (561115) has 8.0588 USD left, below its threshold of 10.00 USD",
        ),
        (
            with(low(), Transition::ClientDue),
            "WARNING, the client is told now: Consulting (561115) still has 8.0588 USD left, below its threshold of 10.00 USD",
        ),
        (
            with(overdrawn(), repeat.clone()),
            "CRITICAL, reminder 2: Consulting (561115) still has no money left: -2.31 USD",
        ),
        (
            with(silence(), repeat.clone()),
            "WARNING, reminder 2: the balance of Consulting (561115) has still not been read since 09:33 EST",
        ),
        (
            with(own_balance(), repeat),
            "CRITICAL, reminder 2: your own VoIP.ms balance (main) is still 43.10 USD, below 50.00 USD",
        ),
        (
            with(silence(), Transition::Resolved),
            "RESOLVED: Consulting (561115) can be read again: 8.0588 USD",
        ),
        (
            with(account(), Transition::Resolved),
            "RESOLVED: the clients of account main are watched again",
        ),
        (
            enforced(overdrawn(), Outcome::Verified),
            "CHANGED: Consulting (561115) is set to HARD: calls should stop, as the balance is -2.31 USD",
        ),
        (
            with(recovered(), reverted),
            "CHANGED BACK: Consulting (561115) is set back to SOFT: it may go below 0, at your cost",
        ),
        (
            enforced(low(), Outcome::Already),
            "NOTHING TO CHANGE: Consulting (561115) is HARD already",
        ),
        (
            enforced(low(), refused),
            "NOT DONE: Consulting (561115) was not set to HARD",
        ),
        (
            enforced(low(), declined),
            "DECLINED: Consulting (561115) was not set to HARD",
        ),
        (
            enforced(low(), Outcome::DidNotHappen),
            "DID NOT HAPPEN: Consulting (561115) was not set to HARD",
        ),
        (
            enforced(low(), unknown),
            "UNKNOWN: it is not known whether Consulting (561115) was set to HARD",
        ),
        (
            enforced(low(), Outcome::Cancelled),
            "CALLED OFF: Consulting (561115): setting it to HARD was called off",
        ),
    ];
    for (notification, expected) in rows {
        assert_eq!(sent_after(&[notification], 3).unwrap().subject, expected);
    }
}

#[test]
fn what_is_planned_is_told_only_while_it_is_ahead() {
    let sentence = "The policy asks to set the client to HARD; a second mail tells how that ended.";
    let planned = |mut notification: Notification| {
        notification.facts.enforcement = Some(sentence.to_owned());
        unwrapped(&sent_after(&[notification], 3).unwrap()).contains(sentence)
    };
    assert!(planned(low()) && planned(with(low(), Transition::Repeated { repeat: 1 })));
    assert!(!planned(recovered()) && !planned(enforced(low(), Outcome::Verified)));
}

#[test]
fn an_enforcement_tells_the_balance_that_was_read_last() {
    let mut notification = enforced(low(), Outcome::Verified);
    notification.facts.reading.as_mut().unwrap().balance = money("7.5");
    let subject = sent_after(&[notification], 3).unwrap().subject;
    assert!(subject.ends_with("calls should stop at 0, 7.50 USD left"), "{subject}");
}

#[test]
fn a_threshold_that_was_not_read_in_this_sweep_says_so_on_both_sides_of_the_bound() {
    for (secs_older, said) in [(300, false), (301, true), (3 * 3600, true)] {
        let mut notification = low();
        let read = notification.facts.reading.as_ref().unwrap().at;
        notification.facts.threshold.as_mut().unwrap().at = read - SignedDuration::from_secs(secs_older);
        let operator = sent_after(&[notification.clone()], 3).unwrap();
        assert_eq!(
            unwrapped(&operator).contains("not in this sweep"),
            said,
            "{secs_older} s"
        );
        let client = sent_after(&[to_client(notification)], 3).unwrap();
        let words = "We last looked up the level at which you are told";
        assert_eq!(unwrapped(&client).contains(words), said, "{secs_older} s");
    }
}

#[test]
fn a_late_mail_says_when_it_was_decided_on_both_sides_of_the_bound() {
    for (secs, said) in [(299, false), (300, true), (36_000, true)] {
        let operator = sent_after(&[low()], secs).unwrap();
        assert_eq!(unwrapped(&operator).contains("This was decided"), said, "{secs} s");
        let client = sent_after(&[to_client(low())], secs).unwrap();
        assert_eq!(unwrapped(&client).contains("reaches you late"), said, "{secs} s");
    }
}

#[test]
fn a_summary_is_sorted_by_balance_and_bounded() {
    let many: Vec<Notification> = (0..250_u32)
        .map(|number| {
            let mut notification = low();
            notification.client = ClientId::new(&(561_000 + number).to_string()).unwrap();
            let balance = money(&format!("{}.5", 250 - number));
            notification.facts.reading.as_mut().unwrap().balance = balance;
            notification.facts.reason = Reason::NoThreshold;
            notification
        })
        .collect();
    let mail = sent_after(&many, 3).unwrap();
    assert_eq!(
        mail.subject,
        "WARNING, summary: 250 clients of account main need a look, the lowest has 1.50 USD"
    );
    let shown: Vec<u32> = (561_000..561_250).rev().collect();
    let ids: Vec<u32> = mail
        .text
        .lines()
        .filter_map(|line| line.split(['(', ')']).nth(1)?.parse().ok())
        .collect();
    assert_eq!(ids, shown[..100]);
    let more = "and 150 more: 150 low-balance";
    assert!(mail.text.contains(more) && mail.html.contains(more));
    let fewer = sent_after(&many[..100], 3).unwrap();
    assert!(!fewer.text.contains(" more: "));
}

#[test]
fn a_summary_names_one_time_when_all_were_read_within_the_minute() {
    for (secs_before, said) in [
        (0, "The balances were read just now"),
        (2, "The balances were read just now"),
        (60, "The balances were read between 10:13 EST and 10:14 EST"),
    ] {
        let mut earlier = low();
        let reading = earlier.facts.reading.as_mut().unwrap();
        reading.at = reading
            .at
            .checked_sub(jiff::SignedDuration::from_secs(secs_before))
            .unwrap();
        let mail = sent_after(&[low(), earlier], 3).unwrap();
        assert!(unwrapped(&mail).contains(said), "{secs_before} s: {}", mail.text);
    }
}

/// What an enforcement left behind is not nothing to do.
#[test]
fn an_end_says_that_a_client_is_still_set_to_hard() {
    for (enforcement, management, is_said) in [
        (Some("asked"), Some(Management::Hard), true),
        (Some("asked"), Some(Management::Soft), false),
        (Some("asked"), None, false),
        // A person set it, and no policy has to do with it.
        (None, Some(Management::Hard), false),
    ] {
        let mut notification = recovered();
        notification.facts.enforcement = enforcement.map(str::to_owned);
        notification.facts.management = management;
        let text = sent_after(&[notification], 120).unwrap().text;
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(text.contains("is set to HARD"), is_said, "{text}");
        assert_eq!(text.contains("nothing to do"), !is_said, "{text}");
    }
}
