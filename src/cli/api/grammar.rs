//! The command line of `api`: a subcommand for each function, an option for each of its parameters, and the help that
//! teaches them. Made from what `voipms` knows of the functions, so that neither can lag behind; judges no value.

use std::fmt;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, CommandFactory, value_parser};

use super::words;
use crate::cli::Cli;
use crate::voipms::{Class, Function, Kind, Parameter};

/// How the list of functions is laid out; they stand in groups, which the parser's own list cannot do.
const LIST: &str = "{about-with-newline}\n{usage-heading} {usage}\n\n";

/// What was given to a function. Its values may be passwords, so it cannot be printed.
pub struct Given {
    pub function: Function,
    /// Names and values in the order of the document; a name may be there twice.
    pub values: Vec<(&'static str, String)>,
    pub password_file: Option<PathBuf>,
    pub yes: bool,
    /// `--test`, for a function that has no dry run.
    pub vain_test: bool,
    pub raw: bool,
    pub show_secrets: bool,
}

/// Call a function of the reseller API, with its own names and arguments
pub enum ApiArgs {
    Known(Box<Given>),
    /// A word that is none.
    Unknown(String),
}

impl fmt::Debug for ApiArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(given) => write!(f, "api {}", given.function),
            Self::Unknown(name) => write!(f, "api {name:?}"),
        }
    }
}

impl clap::Args for ApiArgs {
    fn augment_args(command: clap::Command) -> clap::Command {
        let footer = "`balancewatch api FUNCTION --help` tells what a function does, takes and answers.\n\n\
                      Exit codes: 0 the API answered success, or that a list is empty; 1 anything else; 64 usage, and \
                      nothing was sent; 78 configuration.";
        command
            .about("Call a function of the reseller API, with its own names and arguments")
            .override_usage("balancewatch api [OPTIONS] FUNCTION [--PARAMETER VALUE]...")
            .help_template(format!("{LIST}{}{{all-args}}{{after-help}}", groups()))
            .after_help(footer)
            .arg_required_else_help(true)
            .subcommand_required(true)
            .disable_help_subcommand(true)
            .disable_help_flag(true)
            .arg(help())
            .allow_external_subcommands(true)
            .external_subcommand_value_parser(value_parser!(std::ffi::OsString))
            .subcommands(Function::ALL.map(subcommand))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for ApiArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let (name, matches) = matches.subcommand().unwrap_or(("", matches));
        Ok(match Function::from_name(name) {
            Some(function) => Self::Known(Box::new(given(function, matches))),
            None => Self::Unknown(name.to_owned()),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn given(function: Function, matches: &ArgMatches) -> Given {
    // Which options a function has differs; asking for one that it has not is no mistake here.
    let flag = |name| matches.try_get_one::<bool>(name).ok().flatten().copied();
    let flag = |name| flag(name).unwrap_or_default();
    let mut values = Vec::new();
    for parameter in function.parameters() {
        let texts = matches.get_many::<String>(parameter.name).into_iter().flatten();
        values.extend(texts.map(|text| (parameter.name, text.clone())));
    }
    Given {
        function,
        values,
        password_file: matches.try_get_one::<PathBuf>(PASSWORD_FILE).ok().flatten().cloned(),
        yes: flag(YES),
        vain_test: !function.has_dry_run() && matches.try_contains_id(TEST).unwrap_or_default(),
        raw: flag(RAW),
        show_secrets: flag(SHOW_SECRETS),
    }
}

const YES: &str = "yes";
const TEST: &str = "test";
const RAW: &str = "raw";
const SHOW_SECRETS: &str = "show-secrets";
const PASSWORD_FILE: &str = "password-file";

/// Whether this is an option of every command, or of a function of the API.
pub fn is_option(word: &str) -> bool {
    let Some(name) = word.strip_prefix('-') else {
        return false;
    };
    let is_meant = |option: &Arg| match name.strip_prefix('-') {
        Some(long) => option.get_long() == Some(long),
        None => option.get_short().is_some_and(|short| name.chars().eq([short])),
    };
    let program = Cli::command();
    let functions = program.find_subcommand("api").into_iter();
    let functions = functions.flat_map(clap::Command::get_subcommands);
    program
        .get_arguments()
        .chain(functions.flat_map(clap::Command::get_arguments))
        .any(is_meant)
}

/// The functions by class, with a line each.
fn groups() -> String {
    let mut text = String::new();
    for class in [Class::Read, Class::IdempotentWrite, Class::MoneyMovingWrite] {
        text += &format!("{}:\n", words::group(class));
        for function in Function::ALL.into_iter().filter(|function| function.class() == class) {
            text += &format!("  {:<20}  {}\n", function.name(), function.summary());
        }
        text += "\n";
    }
    text
}

fn subcommand(function: Function) -> clap::Command {
    let summary = capitalised(function.summary());
    let paragraphs = [&*summary, words::class(function), words::notes(function)];
    let about: Vec<&str> = paragraphs.into_iter().filter(|text| !text.is_empty()).collect();
    let examples: Vec<String> = words::examples(function)
        .iter()
        .map(|example| format!("  balancewatch api {example}"))
        .collect();
    let mut command = clap::Command::new(function.name())
        .about(about.join("\n\n"))
        .override_usage(usage(function))
        // It stands in a group of the list.
        .hide(true)
        .disable_help_flag(true)
        .after_help(format!("Examples:\n{}", examples.join("\n")));
    for parameter in function.parameters() {
        command = command.arg(option(function, parameter));
    }
    for own in own_options(function) {
        command = command.arg(own.help_heading("Options"));
    }
    command
}

/// What is not sent, but says how.
fn own_options(function: Function) -> Vec<Arg> {
    let switch = |name: &'static str, help: &'static str| {
        let action = ArgAction::SetTrue;
        Arg::new(name).long(name).action(action).help(help)
    };
    let mut options = Vec::new();
    if function.class() != Class::Read {
        options.push(switch(YES, "Do it; without this nothing is sent"));
        if !function.has_dry_run() {
            // Known, so that it can be refused with the reason.
            options.push(Arg::new(TEST).long(TEST).num_args(0..=1).hide(true));
        }
    }
    if function == Function::SetClient {
        let help = "Send what is given and nothing else; read nothing before or after";
        options.push(switch(RAW, help));
    }
    if function.parameter("password").is_some() {
        let file = Arg::new(PASSWORD_FILE)
            .long(PASSWORD_FILE)
            .value_name("PATH")
            .value_parser(value_parser!(PathBuf))
            .conflicts_with("password")
            .help("A file that holds the client's password, and at most a line break behind it");
        options.push(file);
    }
    let show_secrets = "Show the passwords in an answer, which are `***` otherwise";
    options.push(switch(SHOW_SECRETS, show_secrets));
    options.push(help());
    options
}

/// One kind of help: what the other adds is about options that every command has.
fn help() -> Arg {
    let help = Arg::new("help").short('h').long("help").action(ArgAction::HelpShort);
    help.help("Print help")
}

/// What cannot be left out, then the rest.
fn usage(function: Function) -> String {
    let mut usage = format!("balancewatch api {function}");
    let is_needed = |parameter: &&Parameter| need(function, parameter) == Need::Always;
    let needed: Vec<&Parameter> = function.parameters().iter().filter(is_needed).collect();
    if needed.len() > MOST_IN_USAGE {
        usage += " --PARAMETER VALUE...";
    } else {
        for parameter in needed {
            usage += &format!(" --{} <{}>", parameter.name, value_name(parameter.kind));
        }
    }
    if function.class() != Class::Read {
        usage += " --yes";
    }
    usage + " [OPTIONS]"
}

/// More required parameters than this would be no usage line any more; the list below it marks them.
const MOST_IN_USAGE: usize = 4;

/// Whether a parameter must be given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Always,
    /// The record has it, where it is read first.
    WithRaw,
    Never,
}

fn need(function: Function, parameter: &Parameter) -> Need {
    match (parameter.required, function) {
        (false, _) => Need::Never,
        (true, Function::SetClient) if parameter.name != "client" => Need::WithRaw,
        (true, _) => Need::Always,
    }
}

fn option(function: Function, parameter: &'static Parameter) -> Arg {
    let needed = match need(function, parameter) {
        Need::Always => "required; ",
        Need::WithRaw => "required with --raw; ",
        Need::Never => "",
    };
    let more = match parameter.kind {
        Kind::Password => "; `-` reads a line of standard input, at a terminal unseen",
        Kind::DryRun => "; `--test` alone is enough",
        _ => "",
    };
    let help = format!("{}{more} [{needed}example: {}]", parameter.meaning, parameter.example);
    let arg = Arg::new(parameter.name)
        .long(parameter.name)
        .value_name(value_name(parameter.kind))
        .action(ArgAction::Append)
        .help_heading("Parameters, in the words of the API's document")
        .help(help);
    if parameter.kind == Kind::DryRun {
        // `--test` alone says it; `--test 1` is what the API calls it.
        return arg.num_args(0..=1).default_missing_value("1");
    }
    arg.allow_hyphen_values(true)
}

const fn value_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Client => "ID",
        Kind::ClientOrEmail => "ID|EMAIL",
        Kind::Amount => "AMOUNT",
        Kind::Threshold => "NUMBER",
        Kind::Email => "EMAIL",
        Kind::Country | Kind::Code => "CODE",
        Kind::Flag => "1|0",
        Kind::DryRun | Kind::Advanced => "1",
        Kind::Text | Kind::Description => "TEXT",
        Kind::Password => "PASSWORD",
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use clap::{Args, FromArgMatches};

    use super::{ApiArgs, Given, is_option};
    use crate::cli::api::words::examples;
    use crate::voipms::{Call, Class, Function, Kind};

    fn parse(line: &str) -> Result<Given, clap::Error> {
        let mut words = vec!["api".to_owned()];
        for (index, part) in line.replace("\\\n", " ").split('\'').enumerate() {
            if index % 2 == 0 {
                words.extend(part.split_whitespace().map(str::to_owned));
            } else {
                words.push(part.to_owned());
            }
        }
        // Every command has this one.
        let output = clap::Arg::new("output").long("output").global(true);
        let command = ApiArgs::augment_args(clap::Command::new("api").arg(output));
        let matches = command.try_get_matches_from(words)?;
        match ApiArgs::from_arg_matches(&matches)? {
            ApiArgs::Known(given) => Ok(*given),
            ApiArgs::Unknown(name) => panic!("`{name}` is unknown"),
        }
    }

    #[test]
    fn every_function_has_every_parameter_and_examples_that_work() {
        for function in Function::ALL {
            let mut has_yes = false;
            for example in examples(function) {
                let mut given = parse(example).unwrap_or_else(|error| panic!("{example}: {error}"));
                assert_eq!(given.function, function, "{example}");
                has_yes |= given.yes;
                if given.password_file.is_some() {
                    given.values.push(("password", "Passw0rd".to_owned()));
                    if function == Function::SignupClient {
                        given.values.push(("confirm_password", "Passw0rd".to_owned()));
                    }
                }
                if function != Function::SetClient {
                    Call::new(function, given.values).unwrap_or_else(|error| panic!("{example}: {error:?}"));
                }
                for line in format!("  balancewatch api {example}").lines() {
                    assert!(line.len() <= 80, "{line}: help would break it");
                }
            }
            assert_eq!(has_yes, function.class() != Class::Read, "{function}");
            for parameter in function.parameters() {
                let value = if parameter.kind == Kind::DryRun { "1" } else { "-x" };
                let line = format!("{function} --{} {value} --{} {value}", parameter.name, parameter.name);
                let given = parse(&line).unwrap();
                let twice = [(parameter.name, value.to_owned()), (parameter.name, value.to_owned())];
                assert_eq!(given.values, twice, "{line}");
            }
        }
    }

    #[test]
    fn values_come_in_the_order_of_the_document() {
        let given = parse("addCharge --test --description x --charge 1 --client 2").unwrap();
        let names: Vec<&str> = given.values.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["client", "charge", "description", "test"]);
        assert_eq!(given.values[3].1, "1");
        assert!(!given.vain_test && !given.yes && !given.raw && !given.show_secrets);
        let given = parse("setClient --client 2 --test true --raw --show-secrets").unwrap();
        assert!(given.vain_test && given.raw && given.show_secrets);
    }

    #[test]
    fn options_are_those_of_every_command_and_of_the_functions() {
        for word in [
            "--config",
            "--log-format",
            "-v",
            "--verbose",
            "-h",
            "--help",
            "--yes",
            "--test",
            "--raw",
        ] {
            assert!(is_option(word), "{word}");
        }
        for word in ["--show-secrets", "--password-file", "--client", "--confirm_email"] {
            assert!(is_option(word), "{word}");
        }
        // The first is how a password is asked for.
        for word in [
            "-",
            "--",
            "",
            "-x",
            "-5",
            "-vv",
            "--clinet",
            "client",
            "---client",
            "--client=5",
        ] {
            assert!(!is_option(word), "{word}");
        }
    }

    #[test]
    fn debug_shows_no_value() {
        let given = parse("setClient --client 2 --password hunter2").unwrap();
        assert_eq!(format!("{:?}", ApiArgs::Known(Box::new(given))), "api setClient");
    }
}
