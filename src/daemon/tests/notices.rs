//! What is said of an episode is what became of it.

use serde_json::json;

use crate::domain::notice::{Ending, Transition};
use crate::domain::testing::money;

use super::{Stage, id};

#[tokio::test]
async fn a_lowered_threshold_is_told_as_one_and_a_payment_as_one() {
    let stage = Stage::new(2, "rate_per_minute = 1000000", "[schedule]\nthreshold_refresh = '1m'\n").await;
    let edit = |index, balance: &str, threshold: &str| {
        let fields = json!({ "balance": balance, "threshold": threshold });
        stage.simulator.edit(&id(index), &fields).unwrap();
    };
    stage.pass().await;
    for (first, second) in [(("20", "50"), ("5", "10")), (("20", "5"), ("500", "10"))] {
        edit(0, first.0, first.1);
        edit(1, second.0, second.1);
        for _ in 0..2 {
            stage.wait(300);
            stage.pass().await;
        }
    }
    let notices = stage.notices().await;
    let ends = notices
        .iter()
        .filter(|notice| notice.transition == Transition::Resolved);
    let ends: Vec<_> = ends
        .map(|notice| (notice.client.to_string(), notice.facts.ending))
        .collect();
    let changed = Ending::LimitChanged { from: money("50") };
    let paid = Ending::Rose { from: money("5") };
    assert_eq!(ends, [(id(0), Some(changed)), (id(1), Some(paid))]);
}
