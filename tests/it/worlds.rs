//! Simulated worlds: that one goes the same way every time, and that what once broke in one does not
//! break again. `cargo run --release --example worlds` plays many; here are few, for the debug profile is slow.

use balancewatch::worlds::form::Form;
use balancewatch::worlds::{Played, checks, play};

fn played(form: &Form) -> Played {
    let folder = tempfile::tempdir().unwrap();
    play(form.plan(), folder.path())
}

#[test]
fn a_seed_goes_the_same_way_every_time() {
    let form = Form {
        clients: Some(20),
        ..Form::whole(11, 1)
    };
    let lines = || -> Vec<String> { played(&form).log.iter().map(|entry| format!("{entry:?}")).collect() };
    let (first, second) = (lines(), lines());
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

const ONCE_BROKEN: [Case; 1] = [("an ordinary day with everything", 4, 1, Some(20), None)];

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
