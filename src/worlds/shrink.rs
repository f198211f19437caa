//! Makes a world that breaks a promise as short as it goes while it still breaks it: fewer days, fewer happenings, fewer clients.
//! It plays nothing itself: whoever calls it says whether a form still breaks the promise, and may say no when time is up.

use super::form::{Form, Kind};

/// Days and clients that are tried, fewest first.
const FEW: [u32; 8] = [1, 2, 3, 5, 8, 10, 15, 20];

/// The shortest form found that still breaks what `form` breaks.
pub fn shortest(form: &Form, mut still_breaks: impl FnMut(&Form) -> bool) -> Form {
    let mut best = form.clone();
    // Fewer days first: all else is quicker then.
    if let Some(shorter) = first(FEW.iter().filter(|days| **days < form.days), |days| {
        let shorter = Form { days, ..best.clone() };
        still_breaks(&shorter).then_some(shorter)
    }) {
        best = shorter;
    }
    best = without_kinds(best, &mut still_breaks);
    best = fewest_happenings(best, &mut still_breaks);
    let clients = best.plan().clients;
    if let Some(fewer) = first(FEW.iter().filter(|few| **few < clients), |few| {
        let clients = Some(few);
        let fewer = Form {
            clients,
            ..best.clone()
        };
        still_breaks(&fewer).then_some(fewer)
    }) {
        best = fewest_happenings(fewer, &mut still_breaks);
    }
    best
}

fn first<'a>(tried: impl Iterator<Item = &'a u32>, found: impl FnMut(u32) -> Option<Form>) -> Option<Form> {
    tried.copied().find_map(found)
}

/// Leaves out whole kinds of happenings, one after the other.
fn without_kinds(mut best: Form, still_breaks: &mut impl FnMut(&Form) -> bool) -> Form {
    for kind in Kind::ALL {
        let is_there = best
            .plan()
            .happenings
            .iter()
            .any(|planned| Kind::of(&planned.what) == kind);
        if !is_there {
            continue;
        }
        let mut fewer = best.clone();
        fewer.without.push(kind);
        if still_breaks(&fewer) {
            best = fewer;
        }
    }
    best
}

/// Leaves out happenings in halves, quarters and so on, down to one by one (delta debugging).
fn fewest_happenings(best: Form, still_breaks: &mut impl FnMut(&Form) -> bool) -> Form {
    let mut kept: Vec<usize> = best.plan().happenings.iter().map(|planned| planned.number).collect();
    let mut best = Form {
        only: Some(kept.clone()),
        without: Vec::new(),
        ..best
    };
    let mut parts = 1;
    while !kept.is_empty() {
        let size = kept.len().div_ceil(parts);
        let fewer = (0..kept.len()).step_by(size).find_map(|from| {
            let left = kept[..from].iter().chain(&kept[(from + size).min(kept.len())..]);
            let only = Some(left.copied().collect());
            let fewer = Form { only, ..best.clone() };
            still_breaks(&fewer).then_some(fewer)
        });
        if let Some(fewer) = fewer {
            kept = fewer.only.clone().unwrap_or_default();
            best = fewer;
            parts = parts.saturating_sub(1).max(1);
        } else if size == 1 {
            break;
        } else {
            parts = (parts * 2).min(kept.len());
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What breaks when two happenings and enough clients and days are there.
    fn breaks(form: &Form, needed: &[usize]) -> bool {
        let plan = form.plan();
        let numbers: Vec<usize> = plan.happenings.iter().map(|planned| planned.number).collect();
        form.days >= 3 && plan.clients >= 3 && needed.iter().all(|number| numbers.contains(number))
    }

    #[test]
    fn what_is_not_needed_is_left_out() {
        let form = Form::whole(1, 10);
        for needed in [vec![], vec![2], vec![1, 9]] {
            let mut plays = 0;
            let shortest = shortest(&form, |form| {
                plays += 1;
                breaks(form, &needed)
            });
            let expected = Form {
                days: 3,
                clients: Some(3),
                only: Some(needed.clone()),
                ..form.clone()
            };
            assert_eq!(shortest, expected);
            assert!(plays < 100, "{plays} plays for {needed:?}");
        }
    }

    #[test]
    fn what_never_breaks_again_stays_whole() {
        let form = Form::whole(1, 4);
        let all = form.plan().happenings.iter().map(|planned| planned.number).collect();
        let expected = Form {
            only: Some(all),
            ..form.clone()
        };
        assert_eq!(shortest(&form, |_| false), expected);
    }
}
