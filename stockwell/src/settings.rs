//! Settings of the command line and of the environment. All that can't be read are named at once, so that they can be mended together.

use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::builder::OsStringValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, Error};

/// A fault of the settings.
#[derive(Debug)]
pub struct Fault {
    /// The fault, with the setting that it is about.
    pub error: Error,
    /// The environment variable of the setting, if it has one.
    pub variable: Option<String>,
}

/// Returns all faults of the arguments and of the environment. Settings that are missing are one fault, the last one.
pub fn faults(mut command: Command, arguments: &[OsString]) -> Vec<Fault> {
    let (mut found, mut accepted) = (Vec::new(), BTreeSet::new());
    // The parser stops at the first value that it can't read. So it reads again, and takes any text for that setting.
    while let Err(error) = command.clone().try_get_matches_from(arguments) {
        let Some(argument) = rejected(&command, &error) else {
            found.push(Fault { error, variable: None });
            break;
        };
        let id = argument.get_id().as_str().to_owned();
        let variable = argument.get_env().map(|name| name.to_string_lossy().into_owned());
        if !accepted.insert(id.clone()) {
            break;
        }
        found.push(Fault { error, variable });
        command = accepting(command, &id);
    }
    found
}

/// Returns the option whose value an error rejects.
fn rejected(command: &Command, error: &Error) -> Option<Arg> {
    let is_of_value = matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue);
    let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg).filter(|_| is_of_value) else {
        return None;
    };
    // An argument is shown as in the error once its command is built.
    let mut built = command.clone();
    built.build();
    option(&built, shown)
}

/// Returns the option of a command, or of one below it, that is shown as this text.
fn option(command: &Command, shown: &str) -> Option<Arg> {
    let is_meant = |argument: &&Arg| {
        let has_value = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
        has_value && !argument.is_positional() && argument.to_string() == shown
    };
    let own = command.get_arguments().find(is_meant).cloned();
    own.or_else(|| command.get_subcommands().find_map(|below| option(below, shown)))
}

/// Takes any text for an option.
fn accepting(command: Command, id: &str) -> Command {
    let has_option = command.get_arguments().any(|argument| argument.get_id().as_str() == id);
    let command = match has_option {
        true => command.mut_arg(id, |argument| argument.value_parser(OsStringValueParser::new())),
        false => command,
    };
    command.mut_subcommands(|below| accepting(below, id))
}

#[cfg(test)]
mod tests {
    use api::config::Config;
    use clap::Args;

    use super::*;

    fn found(arguments: &[&str]) -> Vec<Fault> {
        let command = Command::new("stockwell").subcommand(Config::augment_args(Command::new("serve")));
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        faults(command, &arguments)
    }

    #[test]
    fn all_faults_are_named_at_once() {
        let found = found(&[
            "stockwell",
            "serve",
            "--workers",
            "many",
            "--addr",
            "nowhere",
            "--redis-url",
            "file:/nowhere/redis_url",
            "--logged-requests",
            "some",
            "--db-wait-ms",
            "300",
            "--trusted-proxies",
            "10.0.0.0/8,all",
        ]);
        let variables: Vec<&str> = found.iter().filter_map(|fault| fault.variable.as_deref()).collect();
        let expected = [
            "STOCKWELL_WORKERS",
            "STOCKWELL_ADDR",
            "STOCKWELL_REDIS_URL",
            "STOCKWELL_LOGGED_REQUESTS",
            "STOCKWELL_TRUSTED_PROXIES",
        ];
        assert_eq!(variables, expected);
        assert!(found[2].error.to_string().contains("reading /nowhere/redis_url"), "{found:?}");
        let missing = found.last().map(|fault| fault.error.to_string()).unwrap_or_default();
        assert!(missing.contains("--database-url") && missing.contains("--signing-key-file"), "{missing}");
    }

    #[test]
    fn a_wrong_command_is_one_fault() {
        let found = found(&["stockwell", "serf"]);
        assert_eq!((found.len(), found[0].error.kind()), (1, ErrorKind::InvalidSubcommand));
    }

    #[test]
    fn settings_without_a_fault_have_none() {
        let found =
            found(&["stockwell", "serve", "--database-url", "postgres://a:b@c/d", "--signing-key-file", "k"]);
        assert!(found.is_empty(), "{found:?}");
    }
}
