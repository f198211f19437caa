//! Reads the folder of the reseller's own texts: `FOLDER/LANGUAGE/NAME.txt`. Bounded, and decides nothing about what
//! the texts say: that is `letter::templates`. Texts of webhooks lie in a folder of their own and are not read here.

use std::io::{self, Read};
use std::path::Path;

use super::letter::templates::{Fault, LARGEST, Source};
use crate::domain::Language;
use crate::regular;

/// Most files in one folder: every letter to clients and operators for a dozen policies.
const MOST_FILES: usize = 500;

/// Folders beside those of the languages that hold other templates.
const OTHERS: [&str; 1] = ["webhook"];

/// Reads every file, and says which could not be read and which lie where nobody looks.
#[must_use]
pub fn read(folder: &Path) -> (Vec<Source>, Vec<Fault>) {
    let (mut sources, mut faults) = (Vec::new(), Vec::new());
    let fault = |name: &str, what: String| Fault {
        file: name.to_owned(),
        line: None,
        what,
        given: String::new(),
        known: Vec::new(),
    };
    let folders = match names(folder) {
        Ok(folders) => folders,
        Err(error) => return (sources, vec![fault("", format!("the folder cannot be read: {error}"))]),
    };
    let codes = Language::ALL.map(Language::code);
    for name in folders {
        if OTHERS.contains(&name.as_str()) || name.starts_with('.') {
            continue;
        }
        let path = folder.join(&name);
        if !codes.contains(&name.as_str()) {
            let mut fault = fault(
                &name,
                "is not looked at: texts lie in a folder for each language".to_owned(),
            );
            fault.given = name;
            fault.known = codes.into_iter().chain(OTHERS).map(str::to_owned).collect();
            faults.push(fault);
            continue;
        }
        match names(&path) {
            Err(error) => faults.push(fault(&name, format!("cannot be read: {error}"))),
            Ok(files) => {
                for file in files.into_iter().filter(|file| !file.starts_with('.')) {
                    let name = format!("{name}/{file}");
                    match text(&path.join(file)) {
                        Ok(text) => sources.push(Source { name, text }),
                        Err(error) => faults.push(fault(&name, format!("cannot be read: {error}"))),
                    }
                }
            }
        }
    }
    (sources, faults)
}

/// The names in a folder, in order.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = std::fs::read_dir(folder)?.take(MOST_FILES);
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<io::Result<Vec<String>>>()?;
    names.sort();
    Ok(names)
}

fn text(path: &Path) -> io::Result<String> {
    let most = u64::try_from(LARGEST).unwrap_or(u64::MAX);
    let mut text = String::new();
    // One byte more, so that what is too large is seen to be.
    regular::open(path)?.take(most + 1).read_to_string(&mut text)?;
    Ok(text)
}
