//! Where the value of an option comes from: the command line, else the environment, else the configuration file.
//!
//! The file and the environment are put below the command line's own definition, so that a value is read by the same
//! rules wherever it stands. There is no list of options here: an option exists in all three places or in none.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use clap::builder::BoolishValueParser;
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory as _, FromArgMatches as _};

use crate::args::{Cli, mistake};
use crate::exit::{Exit, Failure};

use super::NodeArgs;

/// The table `[node]` of a configuration file: values by the names of the options.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layer {
    values: BTreeMap<String, Vec<String>>,
}

impl Layer {
    /// Reads the table. An unknown name or a value that no option takes is refused, with the place in `text`.
    pub(crate) fn read(table: &toml::Table, text: &str, path: &Path) -> Result<Self, Failure> {
        let place = |name: &str| {
            let is_key = |line: &str| line.trim_start().starts_with(name);
            let line = text.lines().position(is_key).map(|line| format!(", line {}", line + 1));
            format!("{}{}", path.display(), line.unwrap_or_default())
        };
        let known = option_names();
        let mut layer = Self::default();
        for (name, value) in table {
            let wrong = |what: &str| Failure::new(Exit::Usage, format!("{}: {what}", place(name)));
            if !known.contains(name) {
                return Err(wrong(&format!("the node has no option {name:?}")));
            }
            let values = match value {
                toml::Value::Array(list) => list.iter().map(scalar).collect(),
                value => scalar(value).map(|value| vec![value]),
            };
            let values = values.ok_or_else(|| wrong("a value is a text, a number, true, false, or a list of them"))?;
            layer.values.insert(name.clone(), values);
            layer.try_alone(name).map_err(|reason| wrong(&reason))?;
        }
        Ok(layer)
    }

    /// Whether the option takes its value.
    fn try_alone(&self, name: &str) -> Result<(), String> {
        let values = self.values.get(name).cloned().unwrap_or_default();
        let alone = Self {
            values: BTreeMap::from([(name.to_owned(), values)]),
        };
        let command = alone.below(NodeArgs::command_alone());
        match command.try_get_matches_from(["node"]) {
            Ok(_) => Ok(()),
            Err(error) => {
                let text = mistake::sentence(&error).unwrap_or_else(|| error.to_string());
                let line = text.lines().next().unwrap_or_default();
                Err(line.trim_start_matches("error: ").to_owned())
            }
        }
    }

    fn below(&self, command: Command) -> Command {
        command.mut_args(|arg| match arg.get_long().and_then(|name| self.values.get(name)) {
            Some(values) => arg.default_values(values.clone()),
            None => arg,
        })
    }
}

impl NodeArgs {
    /// The options as a command of their own.
    fn command_alone() -> Command {
        tolerant(<Self as clap::Args>::augment_args(Command::new("node")))
    }

    /// Reads the options again with the file below them.
    pub(crate) fn with_file(layer: &Layer) -> Result<(Self, ArgMatches), clap::Error> {
        let command = with_environment(Cli::command());
        let command = at_each_place(command, |command| layer.below(command));
        let matches = command.try_get_matches_from(arguments())?;
        let mut matches = innermost(&matches).clone();
        let args = Self::from_arg_matches_mut(&mut matches.clone())?;
        Ok((args, std::mem::take(&mut matches)))
    }
}

/// The whole command line with the node's environment variables.
pub(crate) fn with_environment(command: Command) -> Command {
    at_each_place(command, |command| {
        tolerant(command).mut_args(|arg| match arg.get_long() {
            Some(name) if arg.get_env().is_none() && !BESIDE.contains(&name) => {
                let name = name.to_ascii_uppercase().replace('-', "_");
                // nwaku's name, if only that one is there.
                let (ours, theirs) = (format!("UNDERTONE_NODE_{name}"), format!("WAKUNODE2_{name}"));
                let is_theirs = std::env::var_os(&ours).is_none() && std::env::var_os(&theirs).is_some();
                arg.env(if is_theirs { theirs } else { ours })
            }
            _ => arg,
        })
    })
}

/// Takes True and 1 for true, as nwaku does.
fn tolerant(command: Command) -> Command {
    command.mut_args(|arg| {
        let is_choice = arg.get_value_names().is_some_and(|names| names == ["BOOL"]);
        if is_choice {
            arg.value_parser(BoolishValueParser::new())
        } else {
            arg
        }
    })
}

/// The arguments of this process. After `node`, nwaku's `--name:value` is understood as `--name=value`.
pub(crate) fn arguments() -> Vec<OsString> {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|first| first == "node") {
        for argument in arguments.iter_mut().skip(2) {
            if let Some(text) = argument.to_str().and_then(with_equals) {
                *argument = text.into();
            }
        }
    }
    arguments
}

fn with_equals(argument: &str) -> Option<String> {
    let (name, value) = argument.strip_prefix("--")?.split_once(':')?;
    let is_name = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    is_name.then(|| format!("--{name}={value}"))
}

/// Every setting that somebody made: name, values, and who.
pub(crate) fn given(matches: &ArgMatches) -> Vec<(String, Vec<String>, &'static str)> {
    let command = NodeArgs::command_alone();
    let options = command.get_arguments().filter_map(|arg| {
        let name = arg.get_long().filter(|name| !BESIDE.contains(name))?;
        let from = match matches.value_source(arg.get_id().as_str())? {
            ValueSource::CommandLine => "command line",
            ValueSource::EnvVariable => "environment",
            _ => "configuration file",
        };
        let is_secret = arg.is_hide_env_values_set();
        let values = matches.get_raw(arg.get_id().as_str())?;
        let values = values.map(|value| {
            let value = value.to_string_lossy();
            // The address of a database holds no password where it is a file.
            if is_secret && !value.starts_with("sqlite://") {
                "(not shown)".to_owned()
            } else {
                value.into_owned()
            }
        });
        Some((name.to_owned(), values.collect(), from))
    });
    options.collect()
}

fn option_names() -> Vec<String> {
    let command = NodeArgs::command_alone();
    let names = command.get_arguments().filter_map(|arg| arg.get_long());
    names.filter(|name| !BESIDE.contains(name)).map(str::to_owned).collect()
}

/// `node` itself, and its commands that take the same options.
fn at_each_place(command: Command, change: impl Fn(Command) -> Command) -> Command {
    command.mut_subcommand("node", |node| {
        change(node)
            .mut_subcommand("config", |config| config.mut_subcommand("print", &change))
            .mut_subcommand("doctor", &change)
            .mut_subcommand("rln", |rln| {
                rln.mut_subcommand("new", &change).mut_subcommand("show", &change)
            })
            .mut_subcommand("archive", |archive| {
                ["check", "export", "import"]
                    .iter()
                    .fold(archive, |archive, name| archive.mut_subcommand(name, &change))
            })
    })
}

fn innermost(matches: &ArgMatches) -> &ArgMatches {
    matches.subcommand().map_or(matches, |(_, below)| innermost(below))
}

fn scalar(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(choice) => Some(choice.to_string()),
        _ => None,
    }
}

/// Options that say where things are and how to print; they stand in no file.
const BESIDE: &[&str] = &["data-dir", "json", "config-file", "wait", "messages", "help", "version"];

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(text: &str) -> Result<Layer, Failure> {
        Layer::read(&text.parse().unwrap(), text, Path::new("config.toml"))
    }

    fn read(layer: &Layer, arguments: &[&str]) -> NodeArgs {
        let command = layer.below(NodeArgs::command_alone());
        let mut matches = command.try_get_matches_from(arguments).unwrap();
        NodeArgs::from_arg_matches_mut(&mut matches).unwrap()
    }

    #[test]
    fn the_command_line_goes_before_the_file() {
        let layer = layer("tcp-port = 2\nmax-msg-size = \"150KiB\"\nshard = [1, 2]\nstore = false\n").unwrap();
        let args = read(&layer, &["node", "--tcp-port=3"]);
        assert_eq!(args.tcp_port, Some(3));
        assert_eq!(args.max_msg_size.unwrap().0, 153_600);
        assert_eq!((args.shard, args.store, args.relay), (vec![1, 2], Some(false), None));
        assert_eq!(read(&layer, &["node", "--shard=9"]).shard, [9]);
    }

    #[test]
    fn a_mistake_in_the_file_is_named_with_its_line() {
        for (text, words) in [
            ("\nmax-msg-size = \"many\"\n", ["line 2", "--max-msg-size"]),
            ("tcp-prot = 1\n", ["line 1", "tcp-prot"]),
            ("shard = [[1]]\n", ["line 1", "list"]),
            ("storenode = \"/ip4/1\"\n", ["line 1", "--staticnode"]),
            ("json = true\n", ["line 1", "json"]),
            ("tcp-port = 70000\n", ["line 1", "--tcp-port"]),
        ] {
            let failure = layer(text).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage);
            for word in words {
                assert!(failure.sentence.contains(word), "{}", failure.sentence);
            }
            assert!(!failure.sentence.contains('\n'));
        }
    }

    #[test]
    fn a_secret_is_shown_nowhere() {
        let layer = layer(&format!("nodekey = \"{}\"\ntcp-port = 1\n", "ab".repeat(32))).unwrap();
        let command = layer.below(NodeArgs::command_alone());
        let help = command.clone().render_long_help().to_string();
        let matches = command.try_get_matches_from(["node"]).unwrap();
        let given = format!("{:?}", given(&matches));
        assert!(!help.contains("abab") && !given.contains("abab"), "{help}{given}");
        assert!(
            given.contains("nodekey") && given.contains("configuration file"),
            "{given}"
        );
    }

    #[test]
    fn colons_are_equals_signs() {
        assert_eq!(with_equals("--tcp-port:1").as_deref(), Some("--tcp-port=1"));
        assert_eq!(
            with_equals("--nat:extip:1.2.3.4").as_deref(),
            Some("--nat=extip:1.2.3.4")
        );
        for other in ["--nat=extip:1.2.3.4", "/ip4/1:2", "--", "--tcp-port"] {
            assert_eq!(with_equals(other), None);
        }
    }
}
