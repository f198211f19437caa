//! One call at a time, in process: the order of the checks, what each setting and fault does, edits, time, counts.
//! The bytes on the wire are checked over real HTTP in `tests/it/wire/`.

mod access;
mod accounts;
mod bounds;
mod fields;
mod fleet;
mod money;
mod past;
mod records;
mod surface;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::php::params::Params;
use super::wire::Transport;
use super::wire::exchange::Arrival;
use super::wire::reply::Reply;
use super::{Options, Simulator, faults};
use crate::clock::{Clock, Stepper};

const AUTH: &str = "api_username=demo@example.com&api_password=demo";

/// Everything that setClient takes, for the first client.
const RECORD: &str = "method=setClient&client=561115&email=new@example.com&password=New-Pass-1&company=C&firstname=F\
&lastname=L&address=A&city=T&state=S&country=CA&zip=02134&phone_number=5550001111&balance_management=1";

const NOON: &str = "2026-11-23T17:00:00Z";

fn simulator(settings: &[&str]) -> Arc<Simulator> {
    with(Options {
        settings: settings.iter().map(|text| (*text).to_owned()).collect(),
        ..Options::default()
    })
    .0
}

fn with(options: Options) -> (Arc<Simulator>, Stepper) {
    let (clock, stepper) = Clock::stepped(NOON.parse().unwrap());
    (Simulator::new(options, clock).unwrap(), stepper)
}

fn reply(simulator: &Simulator, transport: Transport, query: &str) -> Reply {
    let mut params = Params::default();
    params.read_query(query);
    simulator.answer(Arrival {
        transport,
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        has_user_agent: false,
        params: &params,
    })
}

/// The body that an authorized GET gets.
fn body(simulator: &Simulator, query: &str) -> String {
    String::from_utf8(reply(simulator, Transport::Get, &format!("{AUTH}&{query}")).body).unwrap()
}

fn json_of(simulator: &Simulator, query: &str) -> Value {
    serde_json::from_str(&body(simulator, query)).unwrap()
}

/// The status of the answer to a whole query.
fn status(simulator: &Simulator, query: &str) -> String {
    let body = reply(simulator, Transport::Get, query).body;
    let answer: Value = serde_json::from_slice(&body).unwrap();
    answer["status"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_fault_takes_effect_or_not_as_it_says() {
    let write = format!("{AUTH}&{RECORD}");
    for row in faults::TABLE {
        let simulator = simulator(&[]);
        simulator.set_fault(&format!("{}@setClient", row.name), "1").unwrap();
        let reply = reply(&simulator, Transport::Multipart, &write);
        let written = simulator.client("561115").unwrap()["company"] == "C";
        assert_eq!(written, row.stage == faults::Stage::Answer, "{}", row.name);
        if row.name == "wrong-types" {
            assert_eq!(reply.body, b"{\"status\":[\"success\"]}");
        }
    }
}

#[test]
fn a_portal_edit_can_come_between() {
    for (when, city) in [("edit-before-set-client", "T"), ("edit-after-set-client", "Elsewhere")] {
        let simulator = simulator(&[&format!("{when}=561115:city=Elsewhere")]);
        assert_eq!(
            status(&simulator, &format!("{AUTH}&{}", RECORD.replace("561115", "561116"))),
            "success"
        );
        assert_eq!(
            status(&simulator, &format!("{AUTH}&{}", RECORD.replace("new@", "b@"))),
            "success"
        );
        assert_eq!(simulator.client("561115").unwrap()["city"], city, "{when}");
        assert_eq!(simulator.state()["settings"][when], "", "only once");
        assert_eq!(
            status(&simulator, &format!("{AUTH}&{}", RECORD.replace("new@", "c@"))),
            "success"
        );
        assert_eq!(simulator.client("561115").unwrap()["city"], "T");
        for bad in ["561115", "561115:city", "561115:town=x", "1:city=x", "561115:balance=x"] {
            assert!(simulator.set_setting(when, bad).is_err(), "{bad}");
            assert_eq!(simulator.state()["settings"][when], "", "{bad}");
        }
    }
}

#[test]
fn rules_that_change_count_from_then_on() {
    let simulator = simulator(&["hard-stops=on", "spending=off"]);
    let drain = json!({"balance": "1", "balance_management": "hard", "spend_per_hour": "1"});
    simulator.edit("561115", &drain).unwrap();
    simulator.advance(Duration::from_secs(2 * 3_600));
    assert_eq!(simulator.client("561115").unwrap()["suspended"], true);
    simulator.set_setting("hard-stops", "off").unwrap();
    assert_eq!(simulator.client("561115").unwrap()["balance"], "0.0000");
    simulator.advance(Duration::from_secs(3_600));
    assert_eq!(simulator.client("561115").unwrap()["balance"], "-1.0000");
}

#[test]
fn who_stays_suspended_does_so_whatever_the_balance_is_edited_to() {
    for (resume, suspended) in [("on", false), ("off", true)] {
        let simulator = simulator(&[&format!("resume-on-payment={resume}"), "spending=off"]);
        let edit = |fields: Value| {
            simulator.edit("561115", &fields).unwrap();
            simulator.client("561115").unwrap()["suspended"].clone()
        };
        assert_eq!(
            edit(json!({"balance": "0", "balance_management": "hard"})),
            true,
            "{resume}"
        );
        assert_eq!(edit(json!({"balance": "5"})), suspended, "{resume}");
        assert_eq!(edit(json!({"balance_management": "soft"})), false, "{resume}");
        assert_eq!(edit(json!({"balance_management": "hard"})), false, "{resume}");
    }
}

#[test]
fn virtual_time_follows_the_clock_the_speed_and_advances() {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let (simulator, stepper) = with(Options {
        speed: "60".parse().unwrap(),
        start: Some(start),
        ..Options::default()
    });
    stepper.advance_to(NOON.parse::<Timestamp>().unwrap() + Duration::from_secs(10));
    simulator.advance(Duration::from_secs(5));
    assert_eq!(simulator.now(), start + Duration::from_secs(605));
    assert_eq!(simulator.state()["time"], "2026-01-01T00:10:05Z");
}

#[test]
fn latency_delays_and_nothing_else() {
    let (simulator, _) = with(Options {
        latency: Duration::from_millis(50),
        faults: vec!["slow@561116=1".to_owned()],
        settings: vec!["slow-secs=2".to_owned()],
        ..Options::default()
    });
    for (client, millis) in [("561115", 50), ("561116", 2_050)] {
        let reply = reply(
            &simulator,
            Transport::Get,
            &format!("{AUTH}&method=getResellerBalance&client={client}"),
        );
        assert_eq!(reply.delay.as_millis(), millis);
    }
}

#[test]
fn options_that_make_no_world_are_refused() {
    let faulty = |fault: &str| Options {
        faults: vec![fault.to_owned()],
        ..Options::default()
    };
    let set = |setting: &str| Options {
        settings: vec![setting.to_owned()],
        ..Options::default()
    };
    for (name, options) in [
        (
            "too many clients",
            Options {
                clients: 250_001,
                ..Options::default()
            },
        ),
        (
            "a cap of nothing",
            Options {
                rate_cap_per_minute: Some(0),
                ..Options::default()
            },
        ),
        ("unknown fault", faulty("html-504=0.1")),
        ("no share", faulty("html-503")),
        ("unknown setting", set("colour=blue")),
        ("unknown value", set("types=blue")),
        ("no value", set("types")),
    ] {
        let (clock, _stepper) = Clock::stepped(Timestamp::UNIX_EPOCH);
        assert!(Simulator::new(options, clock).is_err(), "{name}");
    }
    let none = Options {
        clients: 0,
        ..Options::default()
    };
    assert_eq!(status(&with(none).0, &format!("{AUTH}&method=getClients")), "no_client");
}

#[test]
fn no_secret_is_printed() {
    let simulator = simulator(&[]);
    status(
        &simulator,
        &format!("api_username=demo@example.com&api_password=T0pS3cret&{RECORD}"),
    );
    assert!(!simulator.requests().to_string().contains("T0pS3cret"));
    assert!(!simulator.requests().to_string().contains("New-Pass-1"));
    let (clock, _stepper) = Clock::stepped(Timestamp::UNIX_EPOCH);
    let options = Options {
        password: "T0pS3cret".to_owned().into(),
        ..Options::default()
    };
    assert!(!format!("{:?}", Simulator::new(options, clock).unwrap()).contains("T0pS3cret"));
}
