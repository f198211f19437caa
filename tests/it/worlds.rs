//! Simulated worlds: that one goes the same way every time, and that what once broke in one does not
//! break again. `cargo run --release --example worlds` plays many; here are few, for the debug profile is slow.

use std::path::Path;

use balancewatch::worlds::form::Form;
use balancewatch::worlds::{Played, checks, play};

fn played(form: &Form) -> Played {
    let folder = tempfile::tempdir().unwrap();
    play(form.plan(), folder.path())
}

/// What was seen, a line each. The folder is always the same: the program names its store in what it tells of a disk.
fn lines(form: &Form, folder: &Path) -> Vec<String> {
    std::fs::create_dir(folder).unwrap();
    let played = play(form.plan(), folder);
    std::fs::remove_dir_all(folder).unwrap();
    played.log.iter().map(|entry| format!("{entry:?}")).collect()
}

#[test]
fn a_seed_goes_the_same_way_every_time() {
    let form = Form {
        clients: Some(20),
        ..Form::whole(11, 1)
    };
    let around = tempfile::tempdir().unwrap();
    let folder = around.path().join("world");
    let (first, second) = (lines(&form, &folder), lines(&form, &folder));
    let differs = first.iter().zip(&second).find(|(one, other)| one != other);
    assert_eq!(differs, None);
    assert_eq!(first.len(), second.len());
    assert!(
        first.iter().any(|line| line.contains("Killed")),
        "nothing went wrong in it"
    );
}

/// Worlds, each in the shortest form found of what once broke in it: a name, the seed and days, how many clients, and the numbers of what
/// happens.
type Case = (&'static str, u64, u32, Option<u32>, Option<&'static [usize]>);

const ONCE_BROKEN: [Case; 3] = [
    ("an ordinary day with everything", 4, 1, Some(20), None),
    ("an unread client's alert never ended", 15, 1, Some(10), Some(&[6])),
    (
        "an end came after what had begun anew",
        12,
        1,
        None,
        Some(&[7, 8, 11, 12, 13, 16, 17]),
    ),
];

#[test]
fn what_once_broke_holds() {
    for (name, seed, days, clients, only) in ONCE_BROKEN {
        let form = Form {
            clients,
            only: only.map(<[usize]>::to_vec),
            ..Form::whole(seed, days)
        };
        let found = checks::all(&played(&form));
        assert!(found.is_empty(), "{name} ({form}): {found:#?}");
    }
}
