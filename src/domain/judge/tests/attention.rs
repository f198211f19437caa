//! Acknowledgements that are told, and escalations.

use jiff::SignedDuration;

use super::{NOW, fires, low, rules, seen, watched};
use crate::domain::account_alert::AccountAlert;
use crate::domain::alert::{Alert, Phase};
use crate::domain::decision::{BY_PERSON, Decision, Kind, Scope};
use crate::domain::hush::Hushes;
use crate::domain::judge::Rules;
use crate::domain::judge::attention::Attended;
use crate::domain::kept::Fires;
use crate::domain::policy::{Policy, Scope as About};
use crate::domain::receiver::{Escalation, Reads, Receiver};
use crate::domain::testing::{at, threshold};
use crate::domain::watch::AccountState;
use crate::domain::{AccountName, ChannelName, ClientId, PolicyName, Severity};

const MINUTE: i64 = 60;

fn channel(name: &str) -> ChannelName {
    ChannelName::new(name).unwrap()
}

/// `ops` leads to `phone` after 30 minutes, and that to `boss` after an hour.
fn leading_on(policy: Policy) -> Rules {
    let to = |name: &str, after_mins| {
        Some(Escalation {
            to: channel(name),
            after: SignedDuration::from_mins(after_mins),
        })
    };
    let people = |name: &str, escalate| Receiver {
        escalate,
        ..Receiver::people(vec![format!("{name}@example.com")])
    };
    Rules {
        channels: [
            (channel("ops"), people("ops", to("phone", 30))),
            (channel("phone"), people("phone", to("boss", 60))),
            (channel("boss"), people("boss", None)),
        ]
        .into(),
        ..rules(vec![policy])
    }
}

fn critical() -> Policy {
    Policy {
        severity: Severity::Critical,
        ..low()
    }
}

fn kept(alert: Alert, decisions: Vec<Decision>) -> Fires {
    Fires {
        state: AccountState::default(),
        alerts: vec![alert],
        clients: vec![watched()],
        decisions,
    }
}

fn decision(kind: Kind, alert: &Alert, since: i64, until: Option<i64>) -> Decision {
    let account = AccountName::new("main").unwrap();
    Decision {
        id: format!("{kind:?}"),
        kind,
        by: "alice".to_owned(),
        until: until.map(|until| at(NOW + until)),
        scope: Scope {
            client: Some(alert.client.clone()),
            episode: alert.firing().map(|firing| firing.episode.clone()),
            ..Scope::default()
        },
        ..Decision::brake(account, BY_PERSON, String::new(), at(NOW + since))
    }
}

/// Who is owed what, and in how many minutes to look again.
fn told(attended: &Attended, now: i64) -> (Vec<String>, Option<i64>) {
    let owed = attended.owed.notifications.iter();
    let owed = owed.map(|notification| format!("{} {}", notification.recipient, notification.transition.label()));
    let next = attended
        .next_at
        .map(|at_| at_.duration_since(at(NOW + now)).as_secs() / MINUTE);
    (owed.collect(), next)
}

#[test]
fn a_critical_alert_that_nobody_acknowledged_goes_from_channel_to_channel_once_each() {
    let policy = critical();
    let rules = leading_on(policy.clone());
    let mut fires = kept(fires(&policy, NOW), vec![]);
    let mut look = |mins: i64| {
        let attended = rules.attend(&fires, at(NOW + mins * MINUTE));
        fires.decisions.extend(attended.escalations.clone());
        told(&attended, mins * MINUTE)
    };
    assert_eq!(look(0), (vec![], Some(30)));
    assert_eq!(look(29), (vec![], Some(1)));
    assert_eq!(look(30), (vec!["phone@example.com escalated".to_owned()], Some(60)));
    assert_eq!(look(31), (vec![], Some(59)), "once");
    assert_eq!(look(90), (vec!["boss@example.com escalated".to_owned()], None));
    assert_eq!(look(1_000), (vec![], None));

    // Its end goes wherever it went.
    let hushes = Hushes::new(&fires.decisions, &[], at(NOW));
    let (reader, ten) = (watched(), threshold(Some("10"), NOW + 7_200));
    let mut alert = fires.alerts[0].clone();
    if let Phase::Firing(firing) = &mut alert.phase {
        firing.clear_readings = 1;
    }
    let alerts = [alert];
    let read = super::reading("50", NOW + 7_200);
    let seen = seen(&reader, &read, &ten, &alerts).hushed(&hushes);
    let decided = rules.judge_client(&seen, &super::circumstances(NOW + 7_200));
    let mut ends = super::told(&decided);
    ends.retain(|told| !told.starts_with("john"));
    assert_eq!(
        ends,
        [
            "boss@example.com resolved",
            "ops@example.com resolved",
            "phone@example.com resolved"
        ]
    );
}

#[test]
fn it_is_not_escalated_while_somebody_has_it_or_it_is_hushed_or_recovers() {
    let policy = critical();
    let alert = || fires(&policy, NOW);
    let ack = |until| vec![decision(Kind::Ack, &alert(), 60, until)];
    let silence = |until| vec![decision(Kind::Silence, &alert(), 60, Some(until))];
    let changed = |change: fn(&mut crate::domain::alert::Firing)| {
        let mut alert = alert();
        if let Phase::Firing(firing) = &mut alert.phase {
            change(firing);
        }
        alert
    };
    let escalated = || vec!["phone@example.com escalated".to_owned()];
    type Case = (&'static str, Policy, Alert, Vec<Decision>, Vec<String>, Option<i64>);
    let cases: [Case; 10] = [
        ("nobody has it", policy.clone(), alert(), vec![], escalated(), Some(60)),
        ("somebody has it", policy.clone(), alert(), ack(None), vec![], None),
        (
            "for a time",
            policy.clone(),
            alert(),
            ack(Some(7_200)),
            vec![],
            Some(60),
        ),
        (
            "no longer",
            policy.clone(),
            alert(),
            ack(Some(3_600)),
            escalated(),
            Some(60),
        ),
        (
            "it is silenced",
            policy.clone(),
            alert(),
            silence(5_400),
            vec![],
            Some(30),
        ),
        (
            "no longer silenced",
            policy.clone(),
            alert(),
            silence(3_600),
            escalated(),
            Some(60),
        ),
        (
            "it recovers",
            policy.clone(),
            changed(|firing| firing.is_recovering = true),
            vec![],
            vec![],
            None,
        ),
        (
            "nobody was told",
            policy.clone(),
            changed(|firing| firing.held_back = true),
            vec![],
            vec![],
            None,
        ),
        (
            "a baseline is not told yet",
            policy.clone(),
            changed(|firing| firing.baseline = true),
            vec![],
            vec![],
            None,
        ),
        (
            "it began less severe",
            policy.clone(),
            changed(|firing| firing.severity = Some(Severity::Warning)),
            vec![],
            vec![],
            None,
        ),
    ];
    for (name, policy, alert, decisions, expected, next) in cases {
        let attended = leading_on(policy).attend(&kept(alert, decisions), at(NOW + 3_600));
        assert_eq!(told(&attended, 3_600), (expected, next), "{name}");
        assert_eq!(attended.escalations.len(), attended.owed.messages.len(), "{name}");
    }
    // Whoever is told by the policy already needs no escalation, and leads on from then.
    let mut both = policy;
    both.notify.push(channel("phone"));
    let attended = leading_on(both.clone()).attend(&kept(fires(&both, NOW), vec![]), at(NOW + 3_600));
    assert_eq!(told(&attended, 3_600).0, ["boss@example.com escalated"]);
}

#[test]
fn an_alert_about_the_account_is_escalated_while_it_cannot_be_asked() {
    let upstream = Policy {
        name: PolicyName::new(AccountAlert::Upstream.name()).unwrap(),
        scope: About::Account,
        notify: vec![channel("ops")],
        ..critical()
    };
    let mut alert = fires(&upstream, NOW);
    alert.client = ClientId::account();
    let mut fires = kept(alert, vec![]);
    fires.state.probe_at = Some(at(NOW + 4_000));
    let attended = leading_on(upstream).attend(&fires, at(NOW + 3_600));
    assert_eq!(told(&attended, 3_600).0, ["phone@example.com escalated"]);
    assert_eq!(attended.owed.notifications[0].client, ClientId::account());
}

#[test]
fn that_somebody_has_it_is_told_to_machines_that_were_told() {
    let policy = low();
    let alert = || fires(&policy, NOW);
    let ack = |since| vec![decision(Kind::Ack, &alert(), since, None)];
    let mut unheard = alert();
    if let Phase::Firing(firing) = &mut unheard.phase {
        firing.held_back = true;
    }
    let acknowledged = || vec!["ops@example.com acknowledged".to_owned()];
    for (name, reads, alert, decisions, expected) in [
        ("a machine", Reads::Incidents, alert(), ack(60), acknowledged()),
        ("people", Reads::Messages, alert(), ack(60), vec![]),
        ("it was never told", Reads::Incidents, unheard, ack(60), vec![]),
        ("a day ago", Reads::Incidents, alert(), ack(3_600 - 86_400), vec![]),
        ("nobody has it", Reads::Incidents, alert(), vec![], vec![]),
    ] {
        let mut rules = leading_on(policy.clone());
        rules.channels.get_mut(&channel("ops")).unwrap().reads = reads;
        let fires = kept(alert, decisions);
        let attended = rules.attend(&fires, at(NOW + 3_600));
        assert_eq!(told(&attended, 3_600).0, expected, "{name}");
        let again = rules.attend(&fires, at(NOW + 3_605));
        let ids = |attended: &Attended| {
            let owed = attended.owed.notifications.iter();
            owed.map(|notification| notification.id.clone()).collect::<Vec<_>>()
        };
        assert_eq!(
            ids(&attended),
            ids(&again),
            "{name}: the same however often it is looked at"
        );
    }
}
