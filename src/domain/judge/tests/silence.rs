//! How long a client has been unread, and what is held back because something larger explains it.

use super::{
    alert, blind, circumstances, fires, firing, low, moves, pending, reading, rules, seen, states, told, watched,
};
use crate::domain::alert::{Alert, Firing, Phase};
use crate::domain::judge::Seen;
use crate::domain::judge::rows::How;
use crate::domain::policy::{NoReadingFor, Policy};
use crate::domain::testing::{at, threshold};
use crate::domain::watch::Watched;
use crate::domain::{ClientId, Threshold};

const TWO_HOURS: i64 = 2 * 3600;

fn read_at(secs: i64) -> Watched {
    Watched {
        reading: Some(reading("50", secs)),
        ..watched()
    }
}

#[test]
fn silence_counts_from_the_latest_of_reading_start_and_first_attempt() {
    let never_read = |first_attempt: Option<i64>| Watched {
        reading: None,
        first_attempt_at: first_attempt.map(at),
        ..watched()
    };
    // Name; the client, since when the program watches, now, whether it fires.
    for (name, watched, started_at, now, fires) in [
        ("a second is left", read_at(0), 0, TWO_HOURS - 1, false),
        ("two hours", read_at(0), 0, TWO_HOURS, true),
        ("the program started later", read_at(0), 100, TWO_HOURS, false),
        ("two hours since it started", read_at(0), 100, TWO_HOURS + 100, true),
        (
            "never read, asked first at 50",
            never_read(Some(50)),
            0,
            TWO_HOURS + 49,
            false,
        ),
        (
            "never read, for two hours",
            never_read(Some(50)),
            0,
            TWO_HOURS + 50,
            true,
        ),
        ("never asked", never_read(None), 0, 1_000_000, false),
        ("the clock went back", read_at(500_000), 0, 100, false),
    ] {
        let circumstances = crate::domain::judge::Circumstances {
            started_at: at(started_at),
            ..circumstances(now)
        };
        let decided = rules(vec![blind()]).judge_silence(&Seen::unread(&watched, &[]), &circumstances, false);
        assert_eq!(moves(&decided) == [How::Fired], fires, "{name}");
        assert_eq!(decided.alerts.is_empty(), !fires, "{name}");
    }
}

#[test]
fn the_shipped_bound_grows_with_the_time_between_two_readings() {
    let mut shipped = blind();
    shipped.when.no_reading_for = Some(NoReadingFor {
        limit: jiff::SignedDuration::from_hours(2),
        at_least_two_intervals: true,
    });
    for (interval_secs, now, fires) in [
        (3_600, TWO_HOURS, true),
        (3_601, TWO_HOURS + 1, false),
        (3_601, TWO_HOURS + 2, true),
    ] {
        let circumstances = crate::domain::judge::Circumstances {
            interval: jiff::SignedDuration::from_secs(interval_secs),
            ..circumstances(now)
        };
        let watched = read_at(0);
        let decided = rules(vec![shipped.clone()]).judge_silence(&Seen::unread(&watched, &[]), &circumstances, false);
        assert_eq!(!decided.alerts.is_empty(), fires, "{interval_secs} at {now}");
    }
}

#[test]
fn what_is_held_back_does_not_begin_and_what_runs_goes_on() {
    let cases: [(&str, Vec<Alert>, &[&str]); 3] = [
        ("nothing begins", vec![], &[]),
        (
            "what is pending stays so",
            vec![pending(&blind(), 0, 0)],
            &["blind pending"],
        ),
        ("what fires stays so", vec![fires(&blind(), 0)], &["blind firing"]),
    ];
    for (name, before, expected) in cases {
        let watched = read_at(0);
        let decided =
            rules(vec![blind()]).judge_silence(&Seen::unread(&watched, &before), &circumstances(TWO_HOURS), true);
        assert_eq!(states(&super::after(&before, &decided)), expected, "{name}");
        assert_eq!(told(&decided), [""; 0], "{name}");
    }
}

#[test]
fn only_a_reading_ends_silence_and_a_balance_ends_nothing_else() {
    let ended = |threshold: &Threshold, policies: Vec<Policy>| {
        let clear = Firing {
            clear_readings: 1,
            clear_since: Some(at(0)),
            ..firing(&blind(), 0)
        };
        let before = [alert(&blind(), Phase::Firing(clear)), fires(&low(), 90_000)];
        let (watched, reading) = (read_at(0), reading("5", 100_000));
        let seen = seen(&watched, &reading, threshold, &before);
        moves(&rules(policies).judge_client(&seen, &circumstances(100_000)))
    };
    let (fresh, too_old) = (
        threshold(Some("10"), 100_000),
        threshold(Some("10"), 100_000 - 24 * 3600 - 1),
    );
    assert_eq!(ended(&fresh, vec![low(), blind()]), [How::Resolved]);
    // A balance that no policy can be applied to is as good as none.
    assert_eq!(ended(&too_old, vec![low(), blind()]), []);
    assert_eq!(
        ended(&too_old, vec![blind()]),
        [How::Withdrawn, How::Resolved].into_iter().rev().collect::<Vec<_>>(),
        "where no policy asks for thresholds, none is missed"
    );
}

#[test]
fn a_look_between_two_readings_interrupts_them_only_where_one_failed() {
    for (name, last_error, clear_readings) in [
        ("not tried again yet", None, 1),
        ("failed meanwhile", Some("timeout"), 0),
    ] {
        let clear = Firing {
            clear_readings: 1,
            clear_since: Some(at(100_000)),
            ..firing(&blind(), 0)
        };
        let before = [alert(&blind(), Phase::Firing(clear))];
        let watched = Watched {
            last_error: last_error.map(Into::into),
            ..read_at(100_000)
        };
        let seen = Seen::unread(&watched, &before);
        let decided = rules(vec![blind()]).judge_silence(&seen, &circumstances(100_060), false);
        let after = super::after(&before, &decided);
        let firing = after[0].firing().unwrap();
        assert_eq!(firing.clear_readings, clear_readings, "{name}");
        assert_eq!(firing.clear_since.is_some(), last_error.is_none(), "{name}");
    }
}

#[test]
fn a_threshold_that_cannot_be_read_is_silence_from_the_moment_it_grew_too_old() {
    let day = 24 * 3600;
    for (name, now, fires) in [
        ("usable", day, false),
        ("a second before two hours without", day + TWO_HOURS - 1, false),
        ("two hours without", day + TWO_HOURS, true),
    ] {
        let watched = read_at(now);
        let (reading, old) = (reading("50", now), threshold(Some("10"), 0));
        let decided =
            rules(vec![low(), blind()]).judge_client(&seen(&watched, &reading, &old, &[]), &circumstances(now));
        let state: &[&str] = if fires { &["blind firing"] } else { &[] };
        assert_eq!(states(&decided.alerts), state, "{name}");
    }
}

#[test]
fn the_reseller_itself_is_no_silent_client() {
    let reseller = Watched {
        client: super::listed(ClientId::reseller()),
        ..read_at(0)
    };
    let decided = rules(vec![blind()]).judge_silence(&Seen::unread(&reseller, &[]), &circumstances(1_000_000), false);
    assert!(decided.alerts.is_empty());
}
