//! The rules of the house. The map of modules is STYLE.md's; a module that is new must first be given its place in
//! [`MODULES`].
//!
//! They read text, not types: they catch slips, not ill will.

use std::path::Path;

use super::source::{climbed_segments, code_of, first_segments, has_word, line_of, test_items, without};

/// Leaves that every module may use, but for the simulator.
const LEAVES: [&str; 7] = ["clock", "links", "metrics", "net", "redact", "regular", "telemetry"];

/// What each top-level module may use, in words, besides itself and, where the second field says so, the leaves.
const MODULES: [(&str, bool, &str); 26] = [
    (
        "cli",
        true,
        "config daemon demo desk domain enforce mail_catcher monitor notify simulator store view voipms web worlds",
    ),
    ("clock", false, ""),
    ("config", true, "domain"),
    (
        "daemon",
        true,
        "config desk domain enforce monitor notify store vitals voipms web",
    ),
    (
        "demo",
        true,
        "config daemon domain enforce mail_catcher monitor notify simulator store view voipms web world",
    ),
    ("desk", true, "config domain store view"),
    ("domain", false, ""),
    ("enforce", true, "domain store voipms"),
    ("links", false, ""),
    ("mail_catcher", true, ""),
    ("metrics", false, ""),
    ("monitor", true, "domain store voipms"),
    ("net", false, "clock"),
    ("notify", true, "domain store"),
    ("redact", false, ""),
    ("regular", false, ""),
    // Shares nothing with the client's side, so that one mistake cannot hide in both.
    ("simulator", false, "clock"),
    ("store", true, "domain"),
    ("telemetry", false, ""),
    // Pure, as `domain` is: what is shown, of which commands, pages and JSON are the clothes.
    ("view", false, "domain"),
    ("vitals", false, "clock domain"),
    ("voipms", true, "domain"),
    ("web", true, "config desk domain mail_catcher store view vitals"),
    ("world", false, "clock mail_catcher simulator"),
    (
        "worlds",
        true,
        "config daemon desk domain mail_catcher notify simulator store view web",
    ),
    // `main` hands over to the library and does nothing else; the name stands for `src/main.rs`.
    ("main", false, "cli"),
];

/// Words that product code may hold only in certain places.
struct Rule {
    words: &'static [&'static str],
    /// Whether the rule holds in the file at this path.
    holds_in: fn(&str) -> bool,
    why: &'static str,
}

const RULES: [Rule; 6] = [
    Rule {
        words: &[
            "async",
            "await",
            "tokio",
            "std::thread",
            "std::io",
            "std::env",
            "std::fs",
            "std::net",
            "std::process",
        ],
        holds_in: is_domain,
        why: "`domain` is pure: no waiting and no outside world",
    },
    Rule {
        words: &[
            "reqwest",
            "sqlx",
            "tracing",
            "lettre",
            "axum",
            "rand",
            "SystemTime",
            "Instant",
        ],
        holds_in: is_domain,
        why: "`domain` is pure: values and the time go in, decisions come out",
    },
    Rule {
        words: &["f32", "f64"],
        // How many seconds a sweep took is the one number that wants a float.
        holds_in: |path| is_domain(path) && path != "src/domain/report.rs",
        why: "no float touches an amount",
    },
    Rule {
        words: &[
            "SystemTime::now",
            "Instant::now",
            "Timestamp::now",
            "Zoned::now",
            "Utc::now",
            "Local::now",
        ],
        holds_in: |path| !path.starts_with("src/clock/"),
        why: "time is an argument; only `clock` reads the system clock",
    },
    Rule {
        words: &["println!", "print!", "eprintln!", "eprint!", "io::stdout"],
        holds_in: |path| module_of(path) != Some("cli"),
        why: "only `cli` prints; everything else logs or returns what is to be said",
    },
    Rule {
        words: &["env::var", "env::var_os", "env::vars", "env::vars_os"],
        holds_in: |path| !matches!(module_of(path), Some("cli" | "config")),
        why: "the environment is read by `config` and `cli`; everything else is given its settings",
    },
];

/// Signs of work half done, looked for in whole files, comments and tests included. In pieces, or this file would
/// hold them.
const UNFINISHED: [&str; 6] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("todo", "!"),
    concat!("unimplemented", "!"),
    concat!("#[ig", "nore"),
];

/// Names that say nothing of what a file is for.
const EMPTY_NAMES: [&str; 4] = ["utils", "helpers", "common", "manager"];

/// A file with more product lines than this is two things in one.
pub const MAX_PRODUCT_LINES: usize = 500;

/// Every problem of the file at `path` (relative to the repository), each with the file and, where it has one, the line.
pub fn problems_of(path: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if !text.starts_with("//!") {
        problems.push(format!("{path}:1: begins without `//!`, its purpose"));
    }
    if Path::new(path)
        .file_stem()
        .is_some_and(|stem| EMPTY_NAMES.iter().any(|name| stem == *name))
    {
        problems.push(format!("{path}: the name says nothing of what is in it"));
    }
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(sign) = UNFINISHED.iter().find(|sign| has_word(line, sign)) {
            problems.push(format!("{path}:{number}: `{sign}`: work half done does not land"));
        }
    }
    if path.starts_with("src/") && !is_test_file(path) {
        problems.extend(product_problems(path, text));
    }
    problems
}

/// The problems that only product code can have.
fn product_problems(path: &str, text: &str) -> Vec<String> {
    let code = code_of(text);
    let tests = test_items(&code);
    let product = without(&code, &tests);
    let mut problems = Vec::new();

    let test_lines: usize = tests
        .iter()
        .map(|item| line_of(&code, item.end) - line_of(&code, item.start))
        .sum();
    let product_lines = text.lines().count() - test_lines;
    if product_lines > MAX_PRODUCT_LINES {
        problems.push(format!(
            "{path}: {product_lines} lines of product code (at most {MAX_PRODUCT_LINES})"
        ));
    }
    for rule in RULES.iter().filter(|rule| (rule.holds_in)(path)) {
        for (number, line) in (1..).zip(product.lines()) {
            if let Some(word) = rule.words.iter().find(|word| has_word(line, word)) {
                problems.push(format!("{path}:{number}: `{word}`: {}", rule.why));
            }
        }
    }
    if let Some(module) = module_of(path) {
        problems.extend(import_problems(path, module, &product));
    }
    problems
}

/// Uses of modules that `module` may not use.
fn import_problems(path: &str, module: &str, product: &str) -> Vec<String> {
    let Some((_, uses_leaves, others)) = MODULES.iter().find(|(name, _, _)| *name == module) else {
        return vec![format!(
            "{path}: the module `{module}` is not on the map (tests/it/tidy.rs, STYLE.md)"
        )];
    };
    let may_use = |other: &str| {
        other == module
            || others.split(' ').any(|allowed| allowed == other)
            || (*uses_leaves && LEAVES.contains(&other))
    };
    let is_module = |name: &str| MODULES.iter().any(|(module, _, _)| *module == name);
    let root = if module == "main" { "balancewatch" } else { "crate" };
    let mut used = first_segments(product, root);
    used.extend(climbed_segments(product, climbs_to_root(path)));
    used.iter()
        .filter(|(_, other)| is_module(other) && !may_use(other))
        .map(|(line, other)| format!("{path}:{line}: `{module}` may not use `{other}`"))
        .collect()
}

/// The top-level module that the file at `path` belongs to; `None` for the root of the library and outside `src`.
fn module_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    let module = inside.split('/').next()?.trim_end_matches(".rs");
    (module != "lib").then_some(module)
}

/// How many `super` lead from the module of this file to the root of the crate.
fn climbs_to_root(path: &str) -> usize {
    match path.strip_prefix("src/") {
        Some("lib.rs" | "main.rs") | None => 0,
        Some(inside) => inside.split('/').filter(|part| *part != "mod.rs").count(),
    }
}

fn is_domain(path: &str) -> bool {
    module_of(path) == Some("domain")
}

/// Whether the whole file is tests or only for them: `src/x/tests.rs`, `src/x/testing.rs`, or anything in a folder of tests.
fn is_test_file(path: &str) -> bool {
    path.split('/')
        .any(|part| matches!(part, "tests" | "tests.rs" | "testing.rs"))
}
