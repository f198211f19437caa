//! The shape of the house, checked: who may import whom, what the pure part may not touch, who reads the clock and
//! who prints. The rules are in [`rules`]; here they are put to the sources, and themselves tried on small bad inputs, so
//! that a rule that no longer bites is noticed.

mod manual;
mod rules;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use rules::{MAX_PRODUCT_LINES, problems_of};

#[test]
fn the_sources_keep_the_rules() {
    let mut problems = Vec::new();
    let mut seen = 0;
    for file in rust_files() {
        let text = fs::read_to_string(root().join(&file)).unwrap();
        problems.extend(problems_of(&file, &text));
        seen += 1;
    }
    assert!(seen > 10, "only {seen} source files were found: the walk is broken");
    assert!(
        problems.is_empty(),
        "{} problem(s):\n{}",
        problems.len(),
        problems.join("\n")
    );
}

#[test]
fn the_map_at_the_top_of_the_library_names_every_module() {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let map: String = text.lines().filter(|line| line.starts_with("//!")).collect();
    for module in text
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
    {
        assert!(
            map.contains(&format!("[`{module}`]")),
            "`{module}` is not on the map in src/lib.rs"
        );
    }
}

#[test]
fn what_people_are_sent_to_is_there() {
    let read = |name: &str| fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    for name in ["balancewatch.toml", "minimal.toml", "container.toml"] {
        read(&format!("config/{name}"));
    }
    let (readme, run) = (read("README.md"), read(".ci/run"));
    for command in ["cargo run --release -- demo", "cargo test"] {
        assert!(readme.contains(command), "README.md does not name `{command}`");
        assert!(run.contains(command), ".ci/run does not run `{command}`");
    }
}

#[test]
fn each_rule_bites() {
    let cases = [
        (
            "waiting in domain",
            "src/domain/money.rs",
            "fn f() { g().await }",
            "pure",
        ),
        ("a task in domain", "src/domain/money.rs", "use tokio::time;", "pure"),
        (
            "a file in domain",
            "src/domain/money.rs",
            "fn f() { std::fs::read(p); }",
            "pure",
        ),
        (
            "a random number in domain",
            "src/domain/retry.rs",
            "use rand::Rng;",
            "pure",
        ),
        (
            "a float in domain",
            "src/domain/money.rs",
            "pub fn f(x: f64) {}",
            "float",
        ),
        (
            "the clock elsewhere",
            "src/store/mod.rs",
            "let now = Timestamp::now();",
            "clock",
        ),
        (
            "printing elsewhere",
            "src/daemon.rs",
            "println!(\"x\");",
            "only `cli` prints",
        ),
        (
            "the environment elsewhere",
            "src/net.rs",
            "std::env::var(\"HOME\")",
            "environment",
        ),
        (
            "sideways",
            "src/store/sqlite.rs",
            "use crate::voipms::Client;",
            "`store` may not use `voipms`",
        ),
        (
            "sideways in a group",
            "src/store/mod.rs",
            "use crate::{domain::{A, B}, voipms};",
            "may not use `voipms`",
        ),
        (
            "sideways in a group of lines",
            "src/notify/mod.rs",
            "use crate::{\n    domain::A,\n    net::B,\n    monitor::C,\n};",
            "may not use `monitor`",
        ),
        (
            "sideways in an expression",
            "src/monitor/mod.rs",
            "fn f() { crate::notify::run() }",
            "may not use `notify`",
        ),
        (
            "sideways by climbing",
            "src/store/mod.rs",
            "use super::voipms::Client;",
            "may not use `voipms`",
        ),
        (
            "sideways by climbing twice",
            "src/voipms/read.rs",
            "use super::super::store::Row;",
            "may not use `store`",
        ),
        (
            "upwards",
            "src/domain/alert.rs",
            "use crate::config::Settings;",
            "may not use `config`",
        ),
        (
            "a leaf in domain",
            "src/domain/alert.rs",
            "use crate::clock::Clock;",
            "may not use `clock`",
        ),
        (
            "money in the simulator",
            "src/simulator/wire/http.rs",
            "use crate::domain::Money;",
            "may not use `domain`",
        ),
        (
            "main beyond cli",
            "src/main.rs",
            "balancewatch::daemon::run()",
            "`main` may not use `daemon`",
        ),
        ("a module off the map", "src/misc/mod.rs", "", "not on the map"),
        ("an empty name", "src/store/utils.rs", "", "says nothing"),
        (
            "left open",
            "src/store/mod.rs",
            concat!("// TO", "DO: later"),
            "half done",
        ),
        (
            "left open in a test",
            "tests/it/x.rs",
            concat!("#[test]\n#[ig", "nore]\nfn t() {}"),
            "half done",
        ),
    ];
    for (name, path, body, expected) in cases {
        let problems = problems_of(path, &format!("//! Purpose.\n{body}\n"));
        assert_eq!(problems.len(), 1, "{name}: {problems:?}");
        assert!(problems[0].contains(expected), "{name}: {problems:?}");
    }
    assert_eq!(
        problems_of("src/net.rs", "use std::fmt;\n").len(),
        1,
        "a file without its purpose"
    );
    let long = |lines: usize| format!("//! Purpose.\n{}", "fn f() {}\n".repeat(lines - 1));
    assert_eq!(
        problems_of("src/net.rs", &long(MAX_PRODUCT_LINES)).len(),
        0,
        "as long as may be"
    );
    assert_eq!(
        problems_of("src/net.rs", &long(MAX_PRODUCT_LINES + 1)).len(),
        1,
        "a line too long"
    );
}

#[test]
fn what_is_allowed_passes() {
    let cases = [
        (
            "a banned word in a comment",
            "src/domain/money.rs",
            "// never async, never f64\n/* tokio /* rand */ sqlx */",
        ),
        (
            "a banned word in a string",
            "src/domain/reason.rs",
            r##"const A: &str = "\"async f64"; const B: &str = r#"tokio " rand"#;"##,
        ),
        (
            "a quote as a character",
            "src/domain/reason.rs",
            "const Q: (char, u8, char) = ('\"', b'\"', '\\''); // async",
        ),
        (
            "a lifetime",
            "src/domain/reason.rs",
            "fn f<'a>(a: &'a str) -> &'a str { a } // it's async",
        ),
        (
            "part of a word",
            "src/domain/reason.rs",
            "fn operand(brand: Instantly) {}",
        ),
        (
            "a test of the product",
            "src/domain/money.rs",
            "fn f() {}\n#[cfg(test)]\nmod tests {\n    use crate::store::Store;\n    async fn f() { println!(\"{}\", 1f64) }\n}",
        ),
        ("a file of tests", "src/store/tests.rs", "use crate::voipms::Client;"),
        (
            "a sign within a word",
            "src/simulator/wire/php.rs",
            concat!("// escaped as `\\uXX", "XX`"),
        ),
        ("the clock", "src/clock/mod.rs", "Timestamp::now()"),
        ("printing in cli", "src/cli/status.rs", "println!(\"x\")"),
        (
            "downwards",
            "src/store/sqlite.rs",
            "use crate::domain::{Money, alert::Alert};\nuse crate::{clock::Clock, store::Row};\nuse super::Row;",
        ),
        (
            "siblings",
            "src/domain/alert.rs",
            "use super::{store, Money};\nuse super::net::Net;",
        ),
    ];
    for (name, path, body) in cases {
        assert_eq!(
            problems_of(path, &format!("//! Purpose.\n{body}\n")),
            Vec::<String>::new(),
            "{name}"
        );
    }
    let tested = format!(
        "//! Purpose.\n#[cfg(test)]\nmod tests {{\n{}}}\n",
        "    // line\n".repeat(MAX_PRODUCT_LINES)
    );
    assert_eq!(
        problems_of("src/net.rs", &tested),
        Vec::<String>::new(),
        "tests do not count as product lines"
    );
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of the repository that people write, relative to its root.
fn rust_files() -> Vec<String> {
    let mut folders: Vec<PathBuf> = ["src", "tests", "benches", "examples", "fuzz/src", "fuzz/fuzz_targets"]
        .iter()
        .map(|name| root().join(name))
        .collect();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        // Not every one of the folders has to exist.
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    files.sort();
    files
}
