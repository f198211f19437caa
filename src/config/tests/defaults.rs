//! What holds when nothing is said.

use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;

use super::super::{SmtpTls, Transport};
use super::{BASE, load, settings, with};
use crate::domain::Languages;
use crate::domain::account_alert::AccountAlert;
use crate::domain::enforcement::Mode;
use crate::domain::policy::Scope;

#[test]
fn the_defaults_are_those_of_the_contract() {
    let settings = settings(BASE);
    let account = &settings.accounts[0];
    assert_eq!(account.url, "https://voip.ms/api/v1/rest.php");
    assert_eq!((account.rate_per_minute, account.concurrency), (60, 8));
    assert_eq!(
        (account.transport, account.currency.as_str()),
        (Transport::Multipart, "USD")
    );
    assert_eq!(account.own_balance_below.for_people(), "50.00");
    let schedule = &settings.schedule;
    assert_eq!(
        (schedule.sweep.text().as_str(), schedule.timezone_name.as_str()),
        ("*/5 * * * *", "America/Toronto")
    );
    assert_eq!(schedule.interval(super::now()), SignedDuration::from_mins(5));
    assert_eq!(schedule.threshold_refresh, SignedDuration::from_hours(6));
    assert_eq!(schedule.revisit_within, SignedDuration::from_mins(60));
    let smtp = settings.smtp.as_ref().unwrap();
    assert_eq!(
        (smtp.host.as_str(), smtp.port, smtp.tls),
        ("mail.example.com", 587, SmtpTls::Starttls)
    );
    assert_eq!(
        (smtp.username.as_deref(), smtp.timeout),
        (Some("alerts"), Duration::from_secs(30))
    );
    let mail = &settings.mail;
    assert_eq!((&mail.reply_to, &mail.pay_url, mail.contact.len()), (&None, &None, 0));
    assert_eq!(mail.languages, Languages::default());
    let alerts = &settings.alerts;
    assert_eq!(
        (
            alerts.notify_clients,
            alerts.client_mails_per_hour,
            alerts.default_threshold
        ),
        (false, 20, None)
    );
    assert_eq!(settings.store.path, Path::new("/var/lib/balancewatch/state.db"));
    assert_eq!(settings.store.keep_history, SignedDuration::from_hours(400 * 24));
    let enforcement = &settings.enforcement;
    assert_eq!(
        (enforcement.mode, enforcement.max_per_sweep, enforcement.max_per_day),
        (Mode::Observe, 3, 20)
    );
    assert_eq!(
        (enforcement.max_per_hour, enforcement.max_share_per_day.to_string()),
        (5, "2%".to_owned())
    );
    let approvals = &enforcement.approvals;
    assert_eq!(
        (approvals.needed, approvals.expires, approvals.ask_again),
        (1, SignedDuration::from_hours(4), SignedDuration::from_hours(6))
    );
    let brake = enforcement.brake;
    assert_eq!(
        [brake.firing, brake.balance_jump, brake.unread].map(|share| share.to_string()),
        ["10%", "30%", "50%"]
    );
    assert_eq!(
        (enforcement.protect.len(), enforcement.canary_wait),
        (0, Duration::from_secs(60))
    );
    assert!(enforcement.extra_fields.is_empty());
}

#[test]
fn the_shipped_policies_and_built_in_alerts_are_there() {
    let settings = settings(BASE);
    let names: Vec<&str> = settings.policies.iter().map(|policy| policy.name.as_str()).collect();
    assert_eq!(names[..4], ["low-balance", "overdrawn", "blind", "own-balance"]);
    let account: Vec<_> = settings
        .policies
        .iter()
        .filter(|policy| policy.scope == Scope::Account)
        .collect();
    assert_eq!(account.len(), AccountAlert::ALL.len());
    for policy in &account {
        assert!(AccountAlert::of(policy.name.as_str()).is_some(), "{}", policy.name);
        assert_eq!(policy.severity.as_str(), "critical", "{}", policy.name);
    }
    for policy in &settings.policies {
        assert_eq!(policy.enforce, None, "{}", policy.name);
        assert_eq!(policy.repeat_every, SignedDuration::from_hours(24), "{}", policy.name);
        assert_eq!(
            (policy.max_repeats, policy.cool_down),
            (5, SignedDuration::from_hours(6)),
            "{}",
            policy.name
        );
        assert_eq!(
            (policy.hold, policy.clear_for),
            (SignedDuration::ZERO, SignedDuration::ZERO),
            "{}",
            policy.name
        );
        assert!(
            policy.notify.iter().all(|channel| !channel.is_client()),
            "{}",
            policy.name
        );
    }
    let severities: Vec<&str> = settings.policies[..4]
        .iter()
        .map(|policy| policy.severity.as_str())
        .collect();
    assert_eq!(severities, ["warning", "critical", "warning", "critical"]);
    assert_eq!(
        settings.policies[0].when.balance_below.unwrap().to_string(),
        "threshold"
    );
    let clear = settings.policies[0].clear.as_ref().unwrap();
    assert_eq!(clear.balance_at_least.unwrap().to_string(), "110% of threshold");
}

#[test]
fn mail_servers_are_protected_by_where_they_are() {
    let cases = [
        ("'smtp://a@mail.example.com'", SmtpTls::Starttls, 587),
        ("'smtps://a@mail.example.com'", SmtpTls::Tls, 465),
        ("'smtps://a@127.0.0.1'", SmtpTls::Tls, 465),
        ("'smtp://a@127.0.0.1'", SmtpTls::OpportunisticLoopback, 25),
        ("'smtp://a@localhost:2525'", SmtpTls::OpportunisticLoopback, 2525),
        ("'smtp://a@[::1]:2525'", SmtpTls::OpportunisticLoopback, 2525),
        ("'smtp://a@localhost.example.com'", SmtpTls::Starttls, 587),
        ("'smtp://a@10.0.0.1'", SmtpTls::Starttls, 587),
    ];
    for (url, tls, port) in cases {
        let smtp = settings(&with("smtp", "url", url)).smtp.unwrap();
        assert_eq!((smtp.tls, smtp.port), (tls, port), "{url}");
        assert!(!smtp.host.contains(['[', ']', '@']), "{url}");
    }
    let encoded = settings(&with("smtp", "url", "'smtp://a%40example.com@h'"))
        .smtp
        .unwrap();
    assert_eq!(encoded.username.as_deref(), Some("a@example.com"));
}

#[test]
fn a_password_without_a_user_is_not_used_and_said_to_be() {
    let loaded = load(&with("smtp", "url", "'smtp://mail.example.com'")).unwrap();
    let smtp = loaded.settings.smtp.unwrap();
    assert!(smtp.username.is_none() && smtp.password.is_none());
    assert!(
        loaded.warnings[0].to_string().contains("smtp.url: names no user"),
        "{:?}",
        loaded.warnings
    );
}

#[test]
fn nobody_to_tell_is_a_warning() {
    let loaded = load("[[account]]\nname='a'\nusername='u'\npassword='p'").unwrap();
    assert!(loaded.settings.smtp.is_none() && loaded.settings.channels.is_empty());
    assert!(
        loaded.warnings[0]
            .to_string()
            .contains("channel: is missing, so nobody is told")
    );
}

#[test]
fn one_user_in_two_accounts_is_a_warning() {
    let second = "[[account]]\nname='b'\nusername='reseller@example.com'\npassword='p'";
    let loaded = load(&format!("{BASE}{second}")).unwrap();
    assert!(
        loaded.warnings[0]
            .to_string()
            .contains("account.b.username: is the user of account `main` too")
    );
}
