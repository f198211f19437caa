//! The pages for operators, held to what is: links lead somewhere, commands and their options exist, blocks of configuration
//! pass `check`, and the words by which TROUBLESHOOTING.md is searched are words that the program says. Whether a page is
//! good it cannot tell.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::{root, rust_files};
use crate::program::{Said, program};

/// Every page, by its path from the top.
fn pages() -> BTreeMap<String, String> {
    let folder = fs::read_dir(root().join("config")).unwrap();
    let mut names: Vec<String> = folder
        .map(|entry| format!("config/{}", entry.unwrap().file_name().into_string().unwrap()))
        .filter(|name| name.ends_with(".md"))
        .collect();
    names.push("README.md".to_owned());
    let read = |name: String| (name.clone(), fs::read_to_string(root().join(name)).unwrap());
    let pages: BTreeMap<String, String> = names.into_iter().map(read).collect();
    assert!(pages.len() > 9, "{:?}", pages.keys());
    pages
}

/// The fenced blocks of a page in a language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("```{language}\n");
    let blocks = page.split(&opening as &str).skip(1);
    blocks.map(|rest| rest.split("```").next().unwrap()).collect()
}

/// How a heading is named in links: GitHub's way.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept.chars().filter(|one| one.is_alphanumeric() || " -_".contains(*one));
    kept.map(|one| if one == ' ' { '-' } else { one }).collect()
}

#[test]
fn links_between_pages_lead_somewhere() {
    let (mut seen, mut problems) = (0, Vec::new());
    for (name, page) in &pages() {
        let folder = root().join(name).parent().unwrap().to_owned();
        for link in page.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if link.contains("://") {
                continue;
            }
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() {
                root().join(name)
            } else {
                folder.join(file)
            };
            if !target.exists() {
                problems.push(format!("{name}: {link}"));
            } else if !heading.is_empty() {
                let text = fs::read_to_string(&target).unwrap();
                let headings = text.lines().filter(|line| line.starts_with('#'));
                let mut found = headings.map(|line| anchor(line.trim_start_matches('#').trim()));
                if !found.any(|one| one == heading) {
                    problems.push(format!("{name}: {link}"));
                }
            }
            seen += 1;
        }
    }
    assert!(problems.is_empty(), "these lead nowhere:\n{}", problems.join("\n"));
    assert!(seen > 20, "only {seen} links were found");
}

/// `balancewatch` with its words up to the end of the line or of the code, each once.
fn commands(page: &str) -> BTreeSet<Vec<String>> {
    let mut commands = BTreeSet::new();
    for line in page.lines() {
        for rest in line.split("balancewatch ").skip(1) {
            let end = rest
                .find(['`', '#', '|', '&', ';', '>', '\'', ')'])
                .unwrap_or(rest.len());
            let words = rest[..end].split_whitespace().map(str::to_owned);
            let command: Vec<String> = words.collect();
            let starts_a_command = command
                .first()
                .is_some_and(|word| word.chars().all(|one| one.is_ascii_lowercase() || one == '-'));
            // In a sentence, the name is followed by an ordinary word.
            let is_code = line.contains("`balancewatch ")
                || line
                    .trim_start()
                    .trim_start_matches(['#', '$', ' '])
                    .starts_with("balancewatch ");
            if starts_a_command && is_code && !command[0].starts_with('-') {
                commands.insert(command);
            }
        }
    }
    commands
}

#[test]
fn commands_of_the_pages_exist_with_their_options() {
    let help = |words: &[&str]| -> Option<String> {
        let said = program("/nonexistent".as_ref(), words.iter().chain(&["--help"]))
            .output()
            .unwrap();
        said.status.success().then(|| Said::from(said).out)
    };
    let mut texts: BTreeMap<Vec<String>, Option<String>> = BTreeMap::new();
    let (mut seen, mut problems) = (0, Vec::new());
    for (name, page) in pages() {
        for command in commands(&page) {
            // The second word may be a command within the command, or its first argument.
            let depth = 2.min(command.iter().take_while(|word| !word.starts_with('-')).count());
            let text = (1..=depth).rev().find_map(|depth| {
                let key = command[..depth].to_vec();
                let ask = || help(&key.iter().map(String::as_str).collect::<Vec<_>>());
                texts.entry(key.clone()).or_insert_with(ask).clone()
            });
            let line = format!("{name}: balancewatch {}", command.join(" "));
            let Some(text) = text else {
                problems.push(line);
                continue;
            };
            let options = command.iter().filter(|word| word.starts_with("--") && word.len() > 2);
            let unknown = options.filter(|option| !text.contains(option.trim_end_matches(['.', ',', ':'])));
            problems.extend(unknown.map(|option| format!("{line}: {option}")));
            seen += 1;
        }
    }
    assert!(
        problems.is_empty(),
        "no such command or option:\n{}",
        problems.join("\n")
    );
    assert!(seen > 40, "only {seen} commands were found");
}

#[test]
fn blocks_of_configuration_pass_check() {
    let (mut seen, mut problems) = (0, Vec::new());
    for (name, page) in pages() {
        for block in blocks(&page, "toml") {
            let folder = tempfile::tempdir().unwrap();
            let path = |name: &str| folder.path().join(name);
            let main = path("config.toml");
            fs::copy(root().join("config/minimal.toml"), &main).unwrap();
            fs::create_dir(path("templates")).unwrap();
            fs::create_dir(path("conf.d")).unwrap();
            let block = block.replace("/etc/balancewatch", folder.path().to_str().unwrap());
            fs::write(path("conf.d/block.toml"), &block).unwrap();
            let said = Said::from(program(&main, ["check"]).output().unwrap());
            if said.code != Some(0) {
                problems.push(format!("{name}:\n{block}\n{}", said.err));
            }
            seen += 1;
        }
    }
    assert!(problems.is_empty(), "refused:\n{}", problems.join("\n"));
    assert!(seen > 15, "only {seen} blocks were found");
}

/// What a string literal says when it is broken over lines, and nothing of how it is quoted.
fn unbroken(text: &str) -> String {
    let mut parts = text.split("\\\n");
    let mut joined = parts.next().unwrap_or_default().to_owned();
    parts.for_each(|part| joined.push_str(part.trim_start()));
    joined.replace("\\\"", "\"")
}

#[test]
fn what_is_searched_for_in_troubleshooting_is_what_the_program_says() {
    let sources: Vec<String> = rust_files()
        .into_iter()
        .filter(|path| path.starts_with("src"))
        .map(|path| unbroken(&fs::read_to_string(root().join(path)).unwrap()))
        .collect();
    let builtin = fs::read_to_string(root().join("src/config/builtin.toml")).unwrap();
    let said = |words: &str| builtin.contains(words) || sources.iter().any(|text| text.contains(words));
    let page = &pages()["config/TROUBLESHOOTING.md"];
    let (mut seen, mut problems) = (0, Vec::new());
    for row in page.lines().filter_map(|line| line.strip_prefix("| ")) {
        let symptom = row.split(" | ").next().unwrap();
        // What systemd and commands are called is held elsewhere.
        if symptom.starts_with("systemd") || symptom.contains("`balancewatch") || symptom.contains("`/-/") {
            continue;
        }
        for words in symptom.split('`').skip(1).step_by(2).flat_map(|code| code.split('…')) {
            let words = words.trim();
            if words.len() > 4 && !words.contains("FILE: KEY") {
                seen += 1;
                if !said(words) {
                    problems.push(words);
                }
            }
        }
    }
    assert!(problems.is_empty(), "nothing says:\n{}", problems.join("\n"));
    assert!(seen > 50, "only {seen} pieces were found");
}

#[test]
fn every_alert_about_the_watching_has_a_row_in_troubleshooting() {
    let page = &pages()["config/TROUBLESHOOTING.md"];
    let builtin = fs::read_to_string(root().join("src/config/builtin.toml")).unwrap();
    let names = builtin
        .lines()
        .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    // These three are about money, and what they mean is no trouble of the program.
    let about_money = ["low-balance", "overdrawn", "own-balance"];
    let names: Vec<&str> = names.filter(|name| !about_money.contains(name)).collect();
    assert!(names.len() > 9, "{names:?}");
    for name in names {
        assert!(page.contains(&format!("alert `{name}`")), "`{name}` has no row");
    }
}
