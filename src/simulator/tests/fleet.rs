//! The clients together: what `/sim/state` counts, which of them a share means, and how large and how fast a world may be.

use serde_json::{Value, json};

use super::{Options, Simulator, json_of, simulator, with};

/// One number of `/sim/state`.
fn count(simulator: &Simulator, key: &str) -> u64 {
    simulator.state()[key]
        .as_u64()
        .unwrap_or_else(|| panic!("{key} is no number"))
}

#[test]
fn each_client_is_counted_as_what_it_is() {
    let simulator = simulator(&["spending=off", "top-ups=off"]);
    let begin = |fields: Value| simulator.edit("561115", &fields).unwrap();
    begin(json!({"balance": "100", "balance_management": "soft", "threshold": "10"}));
    let counted = || ["below_threshold", "below_zero", "hard", "suspended"].map(|key| count(&simulator, key));
    let before = counted();
    for (name, edit, more) in [
        (
            "a smallest place above its threshold",
            json!({"balance": "10.0001"}),
            [0, 0, 0, 0],
        ),
        ("at its threshold", json!({"balance": "10"}), [0, 0, 0, 0]),
        ("below its threshold", json!({"balance": "9.9999"}), [1, 0, 0, 0]),
        ("at zero", json!({"balance": "0"}), [1, 0, 0, 0]),
        ("below zero", json!({"balance": "-0.0001"}), [1, 1, 0, 0]),
        ("without a threshold", json!({"threshold": null}), [0, 1, 0, 0]),
        ("switched to hard", json!({"balance_management": "hard"}), [0, 1, 1, 1]),
        ("paid up", json!({"balance": "100"}), [0, 0, 1, 0]),
        ("switched to soft", json!({"balance_management": "soft"}), [0, 0, 0, 0]),
    ] {
        begin(edit);
        let expected: Vec<u64> = before.iter().zip(more).map(|(before, more)| before + more).collect();
        assert_eq!(counted().to_vec(), expected, "{name}");
    }
}

#[test]
fn a_share_of_the_clients_is_that_many_and_always_the_same_ones() {
    let (simulator, _) = with(Options {
        clients: 400,
        ..Options::default()
    });
    let listed = || -> Vec<String> {
        let answer = json_of(&simulator, "method=getClients");
        let rows = answer["clients"].as_array().cloned().unwrap_or_default();
        rows.iter()
            .map(|row| row["client"].as_str().unwrap().to_owned())
            .collect()
    };
    let without_threshold = || -> Vec<String> {
        let none = |id: &String| {
            let answer = json_of(&simulator, &format!("method=getClientThreshold&client={id}"));
            answer["threshold_information"]["threshold"] == "0"
        };
        simulator.client_ids().into_iter().filter(none).collect()
    };
    let of: [(&str, &dyn Fn() -> Vec<String>); 2] = [("list-share", &listed), ("threshold-absent", &without_threshold)];
    for (setting, ids) in of {
        let mut smaller = Vec::new();
        for (share, least, most) in [("0", 0, 0), ("0.2", 55, 105), ("0.7", 250, 310), ("1", 400, 400)] {
            simulator.set_setting(setting, share).unwrap();
            let got = ids();
            assert!((least..=most).contains(&got.len()), "{setting}={share}: {}", got.len());
            assert_eq!(got, ids(), "{setting}={share}");
            assert!(
                smaller.iter().all(|id| got.contains(id)),
                "{setting}={share} leaves some out"
            );
            smaller = got;
        }
        let back = if setting == "list-share" { "1" } else { "0" };
        simulator.set_setting(setting, back).unwrap();
    }
}
