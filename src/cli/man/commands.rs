//! Section 1: a page for each command, with what `--help` says.

use clap::Command;
use clap_mangen::Man;

use super::Manual;
use super::roff::Roff;
use crate::cli::failure::{FAILED, Failure};

/// The page of the program itself.
pub fn page(command: &Command) -> Result<Manual, Failure> {
    page_of(&built(command))
}

/// The pages of the program and of all its commands.
pub fn pages(command: &Command) -> Result<Vec<Manual>, Failure> {
    let mut pages = Vec::new();
    let mut open = vec![built(command)];
    while let Some(command) = open.pop() {
        pages.push(page_of(&command)?);
        // What is hidden is only left out of a list: the functions of the API are told in one of their own.
        open.extend(command.get_subcommands().cloned());
    }
    pages.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(pages)
}

/// The command with the names by which its inner ones are known; `help` is no page.
fn built(command: &Command) -> Command {
    let mut command = without_help(command.clone());
    command.build();
    command
}

fn without_help(command: Command) -> Command {
    command.disable_help_subcommand(true).mut_subcommands(without_help)
}

fn page_of(command: &Command) -> Result<Manual, Failure> {
    let name = command
        .get_display_name()
        .unwrap_or_else(|| command.get_name())
        .to_owned();
    let mut roff = Roff::default();
    roff.title(&name, 1);
    let man = Man::new(command.clone());
    let mut made = Vec::new();
    let rendered = man
        .render_name_section(&mut made)
        .and_then(|()| man.render_synopsis_section(&mut made))
        .and_then(|()| man.render_description_section(&mut made))
        .and_then(|()| man.render_options_section(&mut made))
        .and_then(|()| match command.get_subcommands().any(|inner| !inner.is_hide_set()) {
            true => man.render_subcommands_section(&mut made),
            false => Ok(()),
        });
    rendered
        .map_err(|error| Failure::from_error(&error, FAILED).while_doing(format!("the page `{name}` was not made")))?;
    roff.raw(&made);
    if let Some(more) = command.get_after_long_help().or_else(|| command.get_after_help()) {
        after_help(&mut roff, &more.to_string());
    }
    roff.heading("SEE ALSO");
    roff.text("balancewatch(1), balancewatch.toml(5)");
    Ok(Manual {
        name,
        section: 1,
        text: roff.finish(),
    })
}

/// What help says at its end: headings with their examples, exit codes, and text.
fn after_help(roff: &mut Roff, text: &str) {
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with(' ') {
            let mut block = vec![line];
            while let Some(next) = lines.next_if(|next| next.starts_with(' ')) {
                block.push(next);
            }
            roff.verbatim(block.into_iter());
        } else if let Some(codes) = line.strip_prefix("Exit codes: ") {
            roff.heading("EXIT STATUS");
            roff.text(codes);
        } else if let Some(title) = line.strip_suffix(':').filter(|title| title.len() < 20) {
            roff.heading(&title.to_uppercase());
        } else if !line.is_empty() {
            roff.paragraph(line);
        }
    }
}
