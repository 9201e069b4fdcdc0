//! Options of nwaku and of logos-delivery, its successor, that this node does not have.
//!
//! Scripts and files that were made for those hold them. A value that asks for nothing that the node does not do anyway
//! is taken and ignored; any other is refused with a sentence that says what to use instead.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};

/// They are read and come to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Foreign;

/// An option that we do not have.
struct Theirs {
    name: &'static str,
    /// Values that ask for nothing; an empty one always does.
    harmless: Harmless,
    /// What to do instead.
    instead: &'static str,
}

#[derive(Clone, Copy)]
enum Harmless {
    /// Whatever is asked for, the node does it or it makes no difference.
    All,
    Only(&'static [&'static str]),
}

use Harmless::{All, Only};

const OPTIONS: &[Theirs] = &[
    option("keep-alive", All, ""),
    option("metrics-logging", All, ""),
    option("dns-discovery", All, ""),
    // The archive gives free space back while it removes messages.
    option("store-message-db-vacuum", All, ""),
    option(
        "store-message-db-migration",
        Only(&["true"]),
        "the archive's tables are always brought up to date; leave it out",
    ),
    option(
        "store-resume",
        Only(&["false"]),
        "use --store-sync, with --store-sync-range as long as the node may be off",
    ),
    option(
        "legacy-store",
        Only(&["false"]),
        "store version 2 is not served; clients have to ask version 3",
    ),
    option(
        "reliability",
        Only(&["false"]),
        "leave it out; --store-sync finds what gossip missed",
    ),
    option(
        "storenode",
        Only(&[]),
        "use --staticnode to stay connected to it, and --store-sync to fill the holes of this node's archive",
    ),
    option(
        "filternode",
        Only(&[]),
        "use --staticnode; this node relays and needs no filter",
    ),
    option(
        "lightpushnode",
        Only(&[]),
        "use --staticnode; this node relays and publishes by itself",
    ),
    option(
        "peer-exchange-node",
        Only(&[]),
        "use --staticnode; connected nodes that offer peer exchange are asked",
    ),
    option("max-relay-peers", Only(&[]), "use --relay-service-ratio"),
    option(
        "relay-peer-exchange",
        Only(&["false"]),
        "gossip tells of no peers here; leave it out, --peer-exchange does",
    ),
    option(
        "relay-shard-manager",
        Only(&["false"]),
        "places for peers are not shared out by shard; leave it out",
    ),
    option("pubsub-topic", Only(&[]), "use --shard with the number of the shard"),
    option("topic", Only(&[]), "use --shard with the number of the shard"),
    option("protected-topic", Only(&[]), "use --protected-shard"),
    option("dns-discovery-name-server", Only(&[]), "use --dns-addrs-name-server"),
    option(
        "discv5-table-ip-limit",
        Only(&["10"]),
        "how many nodes of one address discv5 keeps is fixed; leave it out",
    ),
    option(
        "discv5-bucket-ip-limit",
        Only(&["2"]),
        "how many nodes of one address discv5 keeps is fixed; leave it out",
    ),
    option(
        "discv5-bits-per-hop",
        Only(&["1"]),
        "discv5 walks as it does; leave it out",
    ),
    option(
        "enable-kad-discovery",
        Only(&["false"]),
        "use --discv5-discovery or --dns-discovery-url",
    ),
    option(
        "kad-bootstrap-node",
        Only(&[]),
        "use --discv5-bootstrap-node or --staticnode",
    ),
    option("kad-random-lookup-interval", All, ""),
    option("kad-service-lookup-interval", All, ""),
    option("mix", Only(&["false"]), "mix is not spoken; leave it out"),
    option("mixkey", Only(&[]), "mix is not spoken; leave it out"),
    option("mixnode", Only(&[]), "mix is not spoken; leave it out"),
    option(
        "entry-layer",
        Only(&["kernel"]),
        "the node offers what is there called kernel; leave it out",
    ),
    option(
        "mode",
        Only(&["core", "nomode"]),
        "the node relays and serves, which is there called Core; leave it out",
    ),
    option("local-storage-path", Only(&[]), "use --data-dir"),
];

const fn option(name: &'static str, harmless: Harmless, instead: &'static str) -> Theirs {
    Theirs {
        name,
        harmless,
        instead,
    }
}

/// What to use instead of the option, such as `--storenode`; none if it is none of these. Its value may be a secret.
pub(crate) fn instead_of(option: &str) -> Option<&'static str> {
    let name = option.strip_prefix("--")?;
    OPTIONS
        .iter()
        .find(|known| known.name == name)
        .map(|known| known.instead)
}

impl Theirs {
    fn arg(&'static self) -> Arg {
        Arg::new(self.name)
            .long(self.name)
            .hide(true)
            .num_args(0..=1)
            .default_missing_value("true")
            .action(ArgAction::Append)
            .value_parser(move |value: &str| self.take(value))
    }

    fn take(&self, value: &str) -> Result<String, &'static str> {
        let is_harmless = match self.harmless {
            All => true,
            Only(values) => value.is_empty() || values.iter().any(|known| value.eq_ignore_ascii_case(known)),
        };
        if is_harmless {
            Ok(value.to_owned())
        } else {
            Err(self.instead)
        }
    }
}

impl Args for Foreign {
    fn augment_args(command: Command) -> Command {
        OPTIONS
            .iter()
            .fold(command, |command, option| command.arg(option.arg()))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Foreign {
    fn from_arg_matches(_: &ArgMatches) -> Result<Self, Error> {
        Ok(Self)
    }

    fn update_from_arg_matches(&mut self, _: &ArgMatches) -> Result<(), Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_says_what_to_do_instead_with_options_that_exist() {
        let ours = crate::node_args::NodeArgs::augment_args(Command::new("node"));
        let is_ours = |name: &str| {
            let mut visible = ours.get_arguments().filter(|arg| !arg.is_hide_set());
            visible.any(|arg| arg.get_long() == Some(name))
        };
        for option in OPTIONS {
            assert!(!is_ours(option.name), "{}", option.name);
            let named = option.instead.split([' ', ',', ';']);
            for name in named.filter_map(|word| word.strip_prefix("--")) {
                assert!(is_ours(name), "{}: --{name}", option.name);
            }
            let is_silent = matches!(option.harmless, All);
            assert_eq!(option.instead.is_empty(), is_silent, "{}", option.name);
        }
    }
}
