//! The crate `voip-ms`, unchanged, against the simulator: every function that both know, in every profile of JSON types, and
//! what it makes of refusals and broken answers. What it decodes is compared with what `/sim/` says, never with the
//! program's own client.
//!
//! ```text
//! cargo run --manifest-path tests/others/rust/Cargo.toml -- PATH_OF_BALANCEWATCH
//! ```

mod lab;
mod money;
mod reads;
mod refusals;
mod writes;

use std::process::ExitCode;

use lab::{Lab, Report};

/// The profiles of JSON types; the crate reads numbers and strings alike, so it can be expected to read all.
const TYPES: [&str; 4] = ["mixed", "doc-strings", "all-numbers", "all-strings"];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(program) = std::env::args().nth(1) else {
        eprintln!("missing argument: PATH_OF_BALANCEWATCH");
        return ExitCode::FAILURE;
    };
    let mut report = Report::default();
    for types in TYPES {
        let lab = Lab::start(&program, &[&format!("types={types}")]);
        reads::all(&lab, report.of(types)).await;
        money::all(&lab, report.of(types)).await;
        writes::all(&lab, report.of(types)).await;
    }
    refusals::all(&Lab::start(&program, &[]), &mut report).await;
    report.end()
}
