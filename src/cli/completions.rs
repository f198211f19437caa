//! `completions SHELL`: what a shell completes, made from the commands themselves.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;
use super::context::{Context, Exit};
use super::failure::Failure;

/// Print completions for a shell.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  balancewatch completions bash > /usr/share/bash-completion/completions/balancewatch
  balancewatch completions zsh > /usr/share/zsh/vendor-completions/_balancewatch
  balancewatch completions fish > ~/.config/fish/completions/balancewatch.fish
  source <(balancewatch completions bash)                in this shell alone")]
pub struct CompletionsArgs {
    /// Which shell
    #[arg(value_enum)]
    pub shell: Shell,
}

pub fn run(context: &mut Context, args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "balancewatch", &mut script);
    context.out.text(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Fine)
}
