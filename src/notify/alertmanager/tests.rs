//! A mirror and peers that answer by a script.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::Value;

use super::testing::labelled;
use super::{Mirror, Settings};
use crate::clock::{Clock, Stepper};
use crate::domain::ChannelName;
use crate::domain::testing::at;
use crate::net::Network;
use crate::net::raw_server::{Act, RawServer, Seen, answer};

/// More than anything takes here.
const WITHIN: Duration = Duration::from_secs(20);

const RESEND: SignedDuration = SignedDuration::from_secs(60);

fn mirror(peers: &[&RawServer], clock: &Clock) -> Mirror {
    let urls = peers.iter().map(|peer| peer.url.replace("/api/v1/rest.php", "/am/"));
    let settings = Settings {
        channel: ChannelName::new("am").unwrap(),
        urls: urls.collect(),
        authorization: Some("Bearer S3cret".to_owned().into()),
        resend: RESEND,
    };
    Mirror::new(&settings, &Network::nobody(), clock).unwrap()
}

fn clock() -> (Clock, Stepper) {
    Clock::stepped(at(0))
}

/// Everything is taken.
async fn good() -> RawServer {
    RawServer::start(|_, _| Act::Send(answer("200 OK", "", b""))).await
}

fn alerts(seen: &Seen) -> Vec<Value> {
    serde_json::from_str(&seen.body).unwrap()
}

#[tokio::test]
async fn a_peer_is_asked_with_nothing_and_then_told_everything_as_configured() {
    let (peer, (clock, _stepper)) = (good().await, clock());
    let mirror = mirror(&[&peer], &clock);
    mirror.show(vec![(labelled(1, "low"), at(-5))], true);
    let told = mirror.tell_once(SignedDuration::from_mins(30), WITHIN).await;
    assert!(matches!(&told[..], [(_, Ok(()))]), "{told:?}");
    let seen = peer.seen();
    assert_eq!(seen.len(), 2);
    for request in &seen {
        let head = request.head.to_lowercase();
        assert!(head.starts_with("post /am/api/v2/alerts http/1.1\r\n"), "{head}");
        assert!(head.contains("authorization: bearer s3cret"), "{head}");
        assert!(head.contains("content-type: application/json"), "{head}");
    }
    assert_eq!((alerts(&seen[0]), alerts(&seen[1]).len()), (Vec::new(), 1));
    assert_eq!(alerts(&seen[1])[0]["endsAt"], at(30 * 60).to_string());
}

#[tokio::test]
async fn what_a_peer_answers_and_what_that_means() {
    for (status, is_told, is_silent) in [
        ("200 OK", true, false),
        ("204 No Content", true, false),
        ("301 Moved Permanently", false, false),
        ("400 Bad Request", false, false),
        ("401 Unauthorized", false, false),
        ("404 Not Found", false, false),
        ("413 Content Too Large", false, false),
        ("429 Too Many Requests", false, false),
        ("500 Internal Server Error", false, false),
        ("503 Service Unavailable", false, false),
        ("", false, true),
    ] {
        let act = move |status: &str| match status {
            "" => Act::SendAndClose(b"garbage\r\n\r\n".to_vec()),
            status => Act::Send(answer(status, "", b"\"said by S3cret\"")),
        };
        let peer = RawServer::start(move |_, _| act(status)).await;
        let (clock, _stepper) = clock();
        let mirror = mirror(&[&peer], &clock);
        let told = mirror.tell_once(RESEND, WITHIN).await.remove(0).1;
        assert_eq!(told.is_ok(), is_told, "{status}: {told:?}");
        if let Err(failed) = told {
            let code = status.split(' ').next().unwrap();
            let failed = failed.unwrap();
            assert!(is_silent || failed.word.contains(code), "{status}: {failed:?}");
            assert!(!format!("{failed:?}").contains("S3cret"), "{failed:?}");
        }
        let found = mirror.check().await.remove(0).found;
        assert_eq!(found.is_ok(), is_told, "{status}: {found:?}");
    }
}

#[tokio::test]
async fn a_refused_request_keeps_back_no_other() {
    let peer = RawServer::start(|number, _| {
        Act::Send(answer(if number == 1 { "400 Bad Request" } else { "200 OK" }, "", b""))
    })
    .await;
    let (clock, _stepper) = clock();
    let mirror = mirror(&[&peer], &clock);
    mirror.show((0..1_100).map(|client| (labelled(client, ""), at(0))).collect(), true);
    let told = mirror.tell_once(RESEND, WITHIN).await.remove(0).1;
    assert!(told.unwrap_err().unwrap().word.contains("HTTP 400"));
    let told: Vec<usize> = peer.seen().iter().map(|seen| alerts(seen).len()).collect();
    assert_eq!(told, [0, 500, 500, 100]);
}

#[tokio::test]
async fn a_peer_with_another_clock_is_told_times_by_its_own() {
    let peer_now = at(7_200).to_zoned(jiff::tz::TimeZone::UTC);
    let date = format!("date: {}\r\n", peer_now.strftime("%a, %d %b %Y %H:%M:%S GMT"));
    let peer = RawServer::start(move |_, _| Act::Send(answer("200 OK", &date, b""))).await;
    let (clock, _stepper) = clock();
    let mirror = mirror(&[&peer], &clock);
    mirror.show(vec![(labelled(1, ""), at(-5))], true);
    mirror.tell_once(RESEND, WITHIN).await.remove(0).1.unwrap();
    let alert = alerts(&peer.seen()[1]).remove(0);
    assert_eq!(
        (&alert["startsAt"], &alert["endsAt"]),
        (&at(7_195).to_string().into(), &at(7_260).to_string().into())
    );
    let found = mirror.check().await.remove(0).found.unwrap();
    assert!(
        found.ends_with("its clock is 7200 s ahead of this machine's"),
        "{found}"
    );
}

/// Polls until something is so; the servers are of this process.
async fn until(mut is_so: impl FnMut() -> bool) {
    let looking = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), looking).await.unwrap();
}

#[tokio::test]
async fn what_is_new_is_told_at_once_and_everything_every_resend() {
    let (peer, (clock, _stepper)) = (good().await, clock());
    let mirror = mirror(&[&peer], &clock);
    let counts = || -> Vec<usize> { peer.seen().iter().map(|seen| alerts(seen).len()).collect() };
    let following = async {
        mirror.show(vec![(labelled(1, ""), at(0))], true);
        until(|| counts() == [0, 1]).await;
        mirror.show(vec![(labelled(1, ""), at(0)), (labelled(2, ""), at(1))], false);
        until(|| counts() == [0, 1, 0, 1]).await;
        assert_eq!(alerts(&peer.seen()[3])[0]["labels"]["client"], "2");
        mirror.show(vec![(labelled(2, ""), at(1))], false);
        until(|| counts() == [0, 1, 0, 1, 0, 1]).await;
        let ended = &alerts(&peer.seen()[5])[0];
        assert_eq!(
            (&ended["labels"]["client"], &ended["endsAt"]),
            (&"1".into(), &at(0).to_string().into())
        );
        mirror.show(vec![(labelled(2, ""), at(1))], true);
        until(|| counts() == [0, 1, 0, 1, 0, 1, 0, 2]).await;
        mirror.show_again();
        until(|| counts() == [0, 1, 0, 1, 0, 1, 0, 2, 0, 2]).await;
    };
    tokio::select! {
        () = following => {}
        () = mirror.run() => {}
    }
}

#[tokio::test]
async fn a_peer_that_was_down_hears_everything_when_it_is_back_and_the_mirror_knows() {
    let is_up = Arc::new(Mutex::new(false));
    let up = Arc::clone(&is_up);
    let peer = RawServer::start(move |_, _| {
        Act::Send(answer(if *up.lock().unwrap() { "200 OK" } else { "503 Busy" }, "", b""))
    })
    .await;
    let (clock, stepper) = clock();
    let mirror = mirror(&[&peer], &clock);
    assert_eq!(mirror.verdict(), None, "nothing is known yet");
    let told = || peer.seen().iter().filter(|seen| seen.body != "[]").count();
    let asleep = |wake: i64| stepper.is_idle() && stepper.next_wake() >= Some(at(wake));
    let following = async {
        mirror.show(vec![(labelled(1, ""), at(0))], true);
        until(|| peer.seen().len() == 1 && asleep(30)).await;
        mirror.show(vec![(labelled(2, ""), at(0))], false);
        stepper.advance_to(at(30));
        until(|| peer.seen().len() == 2 && asleep(90)).await;
        assert_eq!(mirror.verdict(), None, "it may be starting");
        stepper.advance_to(at(179));
        assert_eq!(mirror.verdict(), None);
        stepper.advance_to(at(180));
        let (silent_for, why) = mirror.verdict().unwrap().unwrap_err();
        assert_eq!(silent_for, SignedDuration::from_secs(180));
        assert!(why.contains("HTTP 503"), "{why}");
        *is_up.lock().unwrap() = true;
        until(|| {
            stepper.advance_to(clock.now() + SignedDuration::from_secs(1));
            told() == 1
        })
        .await;
        until(|| mirror.verdict() == Some(Ok(()))).await;
        assert_eq!(alerts(peer.seen().last().unwrap()).len(), 2, "the one that ended, too");
    };
    tokio::select! {
        () = following => {}
        () = mirror.run() => {}
    }
}

#[tokio::test]
async fn a_peer_that_is_silent_delays_no_other() {
    let silent = RawServer::start(|_, _| Act::Silence).await;
    let (peer, (clock, _stepper)) = (good().await, clock());
    let mirror = mirror(&[&silent, &peer], &clock);
    let following = async {
        for round in 1..=5 {
            mirror.show(vec![(labelled(round, ""), at(0))], true);
            until(|| peer.seen().len() == usize::try_from(round).unwrap() * 2).await;
        }
        assert_eq!(mirror.verdict(), Some(Ok(())));
    };
    tokio::select! {
        () = following => {}
        () = mirror.run() => {}
    }
}
