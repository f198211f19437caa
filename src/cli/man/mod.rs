//! `man`: the manual pages, made from the commands and from the table of keys. Formats nothing itself: `man` does.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory};

use super::Cli;
use super::context::{Context, Exit};
use super::failure::{FAILED, Failure};

mod commands;
mod keys;
mod roff;

/// Print the manual, or write its pages.
///
/// Section 1 holds a page for each command, section 5 is about the configuration.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch man | man -l -                            read the manual
  balancewatch man --section 5 | man -l -                every key of the configuration
  balancewatch man --into /usr/local/share/man           install all pages, below man1 and man5")]
pub struct ManArgs {
    /// 1: the commands; 5: the configuration
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::builder::RangedU64ValueParser::<u8>::new().range(1..=5), conflicts_with = "into")]
    pub section: u8,
    /// Write all pages below this folder instead
    #[arg(long, value_name = "DIR")]
    pub into: Option<PathBuf>,
}

/// A page as it is written.
struct Manual {
    /// Without section: `balancewatch-status`.
    name: String,
    section: u8,
    text: String,
}

pub fn run(context: &mut Context, args: &ManArgs) -> Result<Exit, Failure> {
    if let Some(folder) = &args.into {
        let pages = pages()?;
        for page in &pages {
            write(folder, page)?;
        }
        let (number, folder) = (pages.len(), folder.display());
        context.out.line(&format!("wrote {number} pages below {folder}"))?;
        return Ok(Exit::Fine);
    }
    let page = match args.section {
        1 => commands::page(&Cli::command())?,
        5 => keys::page(),
        other => return Err(Failure::usage(format!("there is no section {other}")).hint("there are 1 and 5")),
    };
    context.out.text(&page.text)?;
    Ok(Exit::Fine)
}

fn pages() -> Result<Vec<Manual>, Failure> {
    let mut pages = commands::pages(&Cli::command())?;
    pages.push(keys::page());
    Ok(pages)
}

fn write(folder: &Path, page: &Manual) -> Result<(), Failure> {
    let section = page.section;
    let folder = folder.join(format!("man{section}"));
    let path = folder.join(format!("{}.{section}", page.name));
    let written = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, &page.text));
    written.map_err(|error| {
        Failure::from_error(&error, FAILED).while_doing(format!("`{}` cannot be written", path.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::pages;

    #[test]
    fn every_command_and_every_key_has_its_place() {
        let pages = pages().unwrap();
        let names: Vec<&str> = pages.iter().map(|page| page.name.as_str()).collect();
        for name in [
            "balancewatch",
            "balancewatch-run",
            "balancewatch-man",
            "balancewatch-brake-on",
            "balancewatch-api-getClients",
            "balancewatch.toml",
        ] {
            assert!(names.contains(&name), "{name} is missing in {names:?}");
        }
        assert!(!names.iter().any(|name| name.contains("help")), "{names:?}");
        for page in &pages {
            assert!(page.text.is_ascii(), "{}: some formatters read nothing else", page.name);
            assert!(page.text.contains(".SH NAME\n"), "{}", page.name);
        }
        let keys = &pages.last().unwrap().text;
        for entry in crate::config::manual() {
            let heading = entry.heading.replace('-', "\\-");
            assert!(keys.contains(&heading), "{} is missing", entry.path);
        }
    }
}
