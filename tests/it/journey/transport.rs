//! The API as it was in January 2024: every multipart POST is answered by `missing_method`.

use serde_json::Value;

use super::enforcement::enforcing;
use super::world::{World, nothing_new};

#[tokio::test(flavor = "multi_thread")]
async fn without_multipart_reads_go_on_by_get_as_announced_and_a_change_never_does() {
    let world = World::new(3).await;
    world.configure(&enforcing("apply", ""));
    nothing_new(&world.sweep(0).await);
    world.simulator.set_setting("multipart-missing", "on").unwrap();
    world.balance(&world.ids[0], "-3.00");
    let said = world.run(&["sweep", "--once", "--output", "json"]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.err.contains("WARN") && said.err.contains("GET"), "{said:?}");
    let report = said.json();
    assert_eq!(report["readings"], 3, "{report}");
    assert_eq!(report["alerts"]["fired"], 2, "{report}");
    assert_eq!(report["enforcements"]["applied"], 0, "{report}");
    let requests = world.simulator.requests();
    let requests: Vec<&Value> = requests.as_array().unwrap().iter().collect();
    let by_get = |method: &str| {
        let of = |request: &&&Value| request["transport"] == "get" && request["params"]["method"] == method;
        requests.iter().filter(of).count()
    };
    assert!(by_get("getResellerBalance") >= 3, "{requests:#?}");
    assert_eq!(by_get("setClient"), 0, "a password never stands in an address");
    assert_eq!(world.simulator.client(&world.ids[0]).unwrap()["management"], "soft");
}
