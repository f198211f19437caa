//! Channels, maintenance windows, the digest and the heartbeat: what each kind needs, and what goes together.

use super::problems;
use crate::config::ChannelKind;
use crate::config::load::parse;
use crate::domain::testing::at;

const BASE: &str =
    "[[account]]\nname='a'\nusername='u'\npassword='p'\n[smtp]\nurl='smtp://localhost'\nfrom='a@example.com'\n";

#[test]
fn each_kind_takes_what_it_needs() {
    let hook = "type='webhook'\nurl='https://hooks.example.com/SECRET'";
    for (name, text) in [
        (
            "mail",
            "type='email'\nto=['a@example.com']\nreply_to='b@example.com'".to_owned(),
        ),
        (
            "a mirror",
            "type='alertmanager'\nurls=['http://10.0.0.1:9093', 'https://am.example.com/prefix']".to_owned(),
        ),
        (
            "with a token",
            "type='alertmanager'\nurls=['http://am:9093']\nbearer_token='t'".to_owned(),
        ),
        (
            "with a user",
            "type='alertmanager'\nurls=['http://am:9093']\nusername='u'\npassword='p'".to_owned(),
        ),
        (
            "incidents",
            "type='pagerduty'\nrouting_key='0123456789abcdef0123456789abcdef'".to_owned(),
        ),
        (
            "incidents elsewhere",
            "type='pagerduty'\nrouting_key='k'\nurl='https://events.eu.pagerduty.com/v2/enqueue'".to_owned(),
        ),
        ("a hook", hook.to_owned()),
        (
            "a signed hook",
            format!("{hook}\nsecret='whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='"),
        ),
        (
            "a template",
            format!("{hook}\nformat='template'\nbody='discord'\nheaders={{ X-Key = 'k' }}"),
        ),
        (
            "a hook at home",
            "type='webhook'\nurl='http://gotify.lan/message'\ninternal=true".to_owned(),
        ),
        (
            "a hook on this machine",
            "type='webhook'\nurl='http://127.0.0.1:8080/'".to_owned(),
        ),
        (
            "an incoming webhook",
            "type='slack'\nurl='https://hooks.slack.com/services/T/B/X'".to_owned(),
        ),
        ("a bot", "type='slack'\ntoken='xoxb-1'\nto=['C1', 'C2']".to_owned()),
        ("ntfy", "type='ntfy'\ntopic='phones_1-a'".to_owned()),
        (
            "ntfy with a token",
            "type='ntfy'\ntopic='phones'\ntoken='tk_1'".to_owned(),
        ),
        (
            "with times and limits",
            format!("{hook}\nmin_severity='critical'\nresolved=false\nquiet_hours='22:00-07:00'\nmax_per_hour=6"),
        ),
    ] {
        let found = problems(&format!("{BASE}[[channel]]\nname='c'\n{text}"));
        assert_eq!(found, [""; 0], "{name}");
    }
}

#[test]
fn what_does_not_make_a_channel_is_refused_without_its_secrets() {
    let hook = "type='webhook'\nurl='https://hooks.example.com/SECRET'";
    for (name, text, expected) in [
        ("no url", "type='webhook'".to_owned(), "channel.c.url: is missing"),
        (
            "plain http",
            "type='webhook'\nurl='http://SECRET.example.com/'".to_owned(),
            "channel.c.url: is not encrypted",
        ),
        (
            "no URL at all",
            "type='slack'\nurl='SECRET'".to_owned(),
            "channel.c.url: is not a URL",
        ),
        (
            "another scheme",
            "type='slack'\nurl='ftp://example.com/SECRET'".to_owned(),
            "channel.c.url: is no web address",
        ),
        (
            "twice",
            format!("{hook}\nurl_file='x'"),
            "channel.c.url: is given beside url_file",
        ),
        (
            "a template without one",
            format!("{hook}\nformat='template'"),
            "channel.c.body: is missing",
        ),
        (
            "a template that is not used",
            format!("{hook}\nbody='discord'"),
            "channel.c.body: is not used",
        ),
        (
            "a key of another kind",
            format!("{hook}\ntopic='x'"),
            "channel.c.topic: means nothing for a channel of type webhook (it belongs to ntfy)",
        ),
        (
            "a secret of another kind",
            format!("{hook}\nrouting_key='SECRET'"),
            "channel.c.routing_key: means nothing for a channel of type webhook",
        ),
        ("no address", "type='email'".to_owned(), "channel.c.to: is missing"),
        (
            "no good address",
            "type='email'\nto=['nobody']".to_owned(),
            "channel.c.to: is not an e-mail address (`nobody`",
        ),
        (
            "no peer",
            "type='alertmanager'\nurls=[]".to_owned(),
            "channel.c.urls: is empty",
        ),
        (
            "a password in a peer",
            "type='alertmanager'\nurls=['http://u:SECRET@am:9093']".to_owned(),
            "channel.c.urls: has a user or password in it",
        ),
        (
            "a mirror in quiet hours",
            "type='alertmanager'\nurls=['http://am:9093']\nquiet_hours='22:00-07:00'".to_owned(),
            "channel.c.quiet_hours: means nothing",
        ),
        (
            "two logins",
            "type='alertmanager'\nurls=['http://am:9093']\nbearer_token='SECRET'\nusername='u'\npassword='SECRET'"
                .to_owned(),
            "channel.c.username: is given beside a token",
        ),
        (
            "a user without a password",
            "type='ntfy'\ntopic='t'\nusername='u'".to_owned(),
            "channel.c.password: is missing",
        ),
        (
            "a password without a user",
            "type='ntfy'\ntopic='t'\npassword='SECRET'".to_owned(),
            "channel.c.username: is missing",
        ),
        (
            "no key",
            "type='pagerduty'".to_owned(),
            "channel.c.routing_key: is missing",
        ),
        (
            "a bot without a room",
            "type='slack'\ntoken='SECRET'".to_owned(),
            "channel.c.to: is missing",
        ),
        (
            "rooms without a bot",
            "type='slack'\nurl='https://hooks.slack.com/SECRET'\nto=['C1']".to_owned(),
            "channel.c.to: is not used",
        ),
        ("no topic", "type='ntfy'".to_owned(), "channel.c.topic: is missing"),
        (
            "a topic that is a path",
            "type='ntfy'\ntopic='a/b'".to_owned(),
            "channel.c.topic: is not a topic",
        ),
        (
            "no hours",
            format!("{hook}\nquiet_hours='22-7'"),
            "channel.c.quiet_hours: is not two times of day",
        ),
        (
            "hours that are none",
            format!("{hook}\nquiet_hours='07:00-07:00'"),
            "channel.c.quiet_hours: is no time at all",
        ),
        (
            "an escalation to nobody",
            format!("{hook}\nescalate={{ to='phone', after='30m' }}"),
            "channel.c.escalate.to: names no channel",
        ),
        (
            "an escalation to itself",
            format!("{hook}\nescalate={{ to='c', after='30m' }}"),
            "channel.c.escalate.to: leads back",
        ),
    ] {
        let found = problems(&format!("{BASE}[[channel]]\nname='c'\n{text}"));
        assert!(
            found.iter().any(|problem| problem.starts_with(expected)),
            "{name}: {found:?}"
        );
        assert!(
            found.iter().all(|problem| !problem.contains("SECRET")),
            "{name}: {found:?}"
        );
    }
}

#[test]
fn windows_digests_and_heartbeats_are_checked() {
    let mail = "[[channel]]\nname='ops'\ntype='email'\nto=['a@example.com']\n[[channel]]\nname='am'\ntype='alertmanager'\nurls=['http://am:9093']\n";
    for (name, text, expected) in [
        ("a window", "[[mute]]\nname='w'\nstart='0 2 * * SUN'\nfor='3h'", None),
        (
            "a narrow one",
            "[[mute]]\nname='w'\nstart='0 2 * * *'\nfor='1h'\ntimezone='UTC'\nclients.include=['561115']\npolicies=['blind']",
            None,
        ),
        (
            "without an end",
            "[[mute]]\nname='w'\nstart='0 2 * * *'",
            Some("mute.w.for: is missing"),
        ),
        (
            "no rule",
            "[[mute]]\nname='w'\nstart='at two'\nfor='1h'",
            Some("mute.w.start: is not a cron rule"),
        ),
        (
            "no policy",
            "[[mute]]\nname='w'\nstart='0 2 * * *'\nfor='1h'\npolicies=['blinde']",
            Some("mute.w.policies: names no policy (`blinde`"),
        ),
        ("a digest", "[digest]\nat='0 8 * * MON'\nchannel='ops'", None),
        (
            "a digest to nobody",
            "[digest]\nat='0 8 * * MON'\nchannel='opps'",
            Some("digest.channel: names no channel"),
        ),
        (
            "a digest to a mirror",
            "[digest]\nat='0 8 * * MON'\nchannel='am'",
            Some("digest.channel: is an Alertmanager"),
        ),
        (
            "a digest to a pager",
            "[[channel]]\nname='pd'\ntype='pagerduty'\nrouting_key='SECRET'\n[digest]\nat='0 8 * * MON'\nchannel='pd'",
            Some("digest.channel: would open an incident"),
        ),
        ("a heartbeat", "[heartbeat]\nurl='https://hc.example.com/SECRET'", None),
        (
            "a heartbeat in the open",
            "[heartbeat]\nurl='http://hc.example.com/SECRET'",
            Some("heartbeat.url: is not encrypted"),
        ),
    ] {
        let found = problems(&format!("{BASE}{mail}{text}"));
        match expected {
            None => assert_eq!(found, [""; 0], "{name}"),
            Some(expected) => assert!(
                found.iter().any(|problem| problem.starts_with(expected)),
                "{name}: {found:?}"
            ),
        }
        assert!(
            found.iter().all(|problem| !problem.contains("SECRET")),
            "{name}: {found:?}"
        );
    }
}

#[test]
fn what_is_shown_hides_urls_and_headers() {
    let text =
        "[[channel]]\nname='c'\ntype='webhook'\nurl='https://hooks.example.com/SECRET'\nheaders={ X-Key = 'SECRET' }";
    let loaded = parse(&format!("{BASE}{text}"), at(0)).unwrap();
    let ChannelKind::Webhook { headers, .. } = &loaded.settings.channels[0].kind else {
        panic!("it is no webhook");
    };
    assert_eq!(headers.len(), 1);
    let shown = format!("{}{}", loaded.effective.to_toml(), loaded.effective.to_json());
    assert!(
        shown.contains("headers = \"***\"") && !shown.contains("SECRET"),
        "{shown}"
    );
    assert!(!format!("{:?}", loaded.settings).contains("SECRET"));
}
