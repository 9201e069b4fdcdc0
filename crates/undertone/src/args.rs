//! The command line. Every option of the app and the node can also be set by an environment variable or in `config.toml`;
//! the command line wins over the environment, the environment over the file.

use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use serde::Deserialize;

use crate::demo::DemoArgs;
use crate::exit;
use crate::node_args::{NodeCommand, Preset, layers};
use crate::output::Format;

mod activity;
mod attachments;
mod groups;
mod marks;
pub(crate) mod mistake;
mod people;
mod search;
mod settings;

pub(crate) use activity::{ActivityCommand, Entry, MuteArgs};
pub(crate) use attachments::{AudioCommand, FileCommand};
pub(crate) use groups::{AnswerCommand, GroupCommand, Named, RequestCommand};
pub(crate) use marks::{DeleteArgs, EditArgs, MarksCommand, PinArgs, PinsArgs, ReactArgs, Which};
pub(crate) use people::{
    AudienceArg, LoudnessArg, NotifyArgs, PresenceArg, PresenceArgs, PreviewArg, SetArgs, TrustArg, VerifyCommand,
};
pub(crate) use search::SearchArgs;
pub(crate) use settings::{InvitationsArg, LinkPreviewsArg, ModeArg, PicturesArg, RequestsArg, SettingsArgs};

/// A private messenger on the Waku network, compatible with Status.
///
/// Without a command it starts the app and opens it in the browser; if it runs already, it only opens the browser. The other
/// commands talk to the running app.
#[derive(Debug, Parser)]
#[command(
    name = "undertone",
    version,
    args_conflicts_with_subcommands = true,
    after_help = format!("{EXAMPLES}\n\n{}", exit::HELP),
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) start: StartArgs,
    /// Print how to get in instead of opening the browser
    #[arg(long)]
    pub(crate) no_browser: bool,
}

impl Cli {
    /// Reads the command line; on a mistake, says what is wrong and ends the process.
    pub(crate) fn read() -> Cli {
        let command = layers::with_environment(Cli::command());
        let read = command
            .try_get_matches_from(layers::arguments())
            .and_then(|matches| Cli::from_arg_matches(&matches));
        read.unwrap_or_else(|mut error| {
            if error.kind() == ErrorKind::ArgumentConflict {
                let tip = "the options of a command come after it, as in: undertone status --data-dir DIR".into();
                error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
            }
            mistake::exit(&error)
        })
    }
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// See it live on this machine: five nodes, two people, two apps side by side, no internet
    #[command(
        after_help = "Examples:\n  undertone demo                          two windows and a conversation; Ctrl+C ends it\n  \
        undertone demo --story                  the same told and checked in the terminal\n  \
        undertone demo --headless               one line per check, for scripts\n  \
        undertone demo --keep ./demo            look at what is left afterwards"
    )]
    Demo(DemoArgs),
    /// Open the running app in the browser
    #[command(
        after_help = "Examples:\n  undertone open\n  undertone open --code     print a code to type into the page instead"
    )]
    Open(OpenArgs),
    /// Start the daemon without a browser, and unlock a profile
    #[command(after_help = "Examples:\n  undertone start --profile 'Alice Doe'\n  \
        undertone start --profile alice --data-dir ./alice --password-file ./pw --api-port 0 \\\n    \
        --static-node /ip4/127.0.0.1/tcp/60000/p2p/16Uiu2… --no-discovery")]
    Start(StartArgs),
    /// Profiles on this device
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Take a profile's keys out of memory and go offline with it
    #[command(after_help = "Example:\n  undertone lock --profile 'Alice Doe'")]
    Lock(Who),
    /// Bring a profile's keys into memory and go online with it
    #[command(after_help = "Examples:\n  undertone unlock\n  undertone unlock --profile alice --password-file ./pw")]
    Unlock {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        password: PasswordFile,
    },
    /// Contacts and contact requests
    #[command(subcommand)]
    Contact(ContactCommand),
    /// Private groups
    #[command(subcommand)]
    Group(GroupCommand),
    /// Links and QR codes that lead to people, communities and channels
    #[command(subcommand)]
    Link(crate::commands::links::LinkCommand),
    /// Chats that anyone who knows their name can read and write in
    #[command(subcommand)]
    Public(crate::commands::public::PublicCommand),
    /// Nodes of the network that a profile always connects to
    #[command(subcommand)]
    Nodes(crate::commands::nodes::NodesCommand),
    /// Encrypted backups of a profile
    #[command(subcommand)]
    Backup(crate::commands::backup::BackupCommand),
    /// List chats, latest first
    #[command(after_help = "Examples:\n  undertone chats\n  undertone chats --json | jq -r '.[].name'")]
    Chats {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// Send a text to a chat
    #[command(after_help = "Examples:\n  undertone send @bob 'Are you there?'\n  \
        undertone send @bob 'Look' --image ./sea.jpg --image ./sky.png\n  \
        undertone send @bob 'Read https://example.org' --preview
        undertone send zQ3sh… 'By key' --reply-to 0x5f…\n  undertone send '#climbing' 'Who is in on Saturday?'\n  \
        date | undertone send @bob -")]
    Send {
        /// @name, #name of a public chat, chat key (zQ3… or 0x04…), link, or chat id
        chat: String,
        /// What to say; - reads it from standard input
        #[arg(default_value = "", required_unless_present = "image")]
        text: String,
        /// A picture to send; up to six become an album
        #[arg(long, value_name = "FILE")]
        image: Vec<PathBuf>,
        /// The id of the message that this answers
        #[arg(long, value_name = "MESSAGE")]
        reply_to: Option<String>,
        /// Make previews of the links in the text: asks their pages, from your address
        #[arg(long, conflicts_with = "image")]
        preview: bool,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// Sounds
    #[command(subcommand)]
    Audio(AudioCommand),
    /// Files of any kind
    #[command(subcommand)]
    File(FileCommand),
    /// Send a failed message again
    #[command(after_help = "Example:\n  undertone resend 0x5f…")]
    Resend {
        /// The id of the message
        message: String,
        #[command(flatten)]
        who: Who,
    },
    /// What is done about messages that stand already
    #[command(flatten)]
    Marks(MarksCommand),
    /// List the messages of a chat, oldest of the page first
    #[command(after_help = "Examples:\n  undertone messages @bob\n  undertone messages @bob --limit 200 --json")]
    Messages {
        /// @name, #name of a public chat, chat key (zQ3… or 0x04…), link, or chat id
        chat: String,
        /// At most so many, 1 to 200
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u32,
        /// Only those before this place (`next` of an earlier --json answer)
        #[arg(long, value_name = "CURSOR")]
        before: Option<String>,
        /// Print the beginning of each message's id, to name it with
        #[arg(long)]
        ids: bool,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// Single messages
    #[command(subcommand)]
    Message(crate::commands::message::MessageCommand),
    /// Mark everything in a chat as read
    #[command(after_help = "Example:\n  undertone read @bob")]
    Read {
        /// @name, #name of a public chat, chat key (zQ3… or 0x04…), link, or chat id
        chat: String,
        #[command(flatten)]
        who: Who,
    },
    /// What happened: requests, mentions, replies, invitations
    #[command(subcommand)]
    Activity(ActivityCommand),
    /// Make a chat silent
    #[command(
        after_help = "Examples:\n  undertone mute @bob --for 8h\n  undertone mute @bob\n  undertone mute @bob --off"
    )]
    Mute(MuteArgs),
    /// Choose what is told of your being there; everybody who knows your key can hear it
    #[command(
        after_help = "Examples:\n  undertone presence automatic\n  undertone presence do-not-disturb --text 'on a wall'\n  \
        undertone presence off"
    )]
    Presence(PresenceArgs),
    /// Choose about the notifications of one chat
    #[command(after_help = "Examples:\n  undertone notify @bob --other quiet\n  undertone notify @bob --reset")]
    Notify(NotifyArgs),
    /// Print messages and changes as they happen, until interrupted
    #[command(
        after_help = "Examples:\n  undertone listen\n  undertone listen --json    one frame of the event stream per line"
    )]
    Listen {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// Save a chat as files that anybody can read: pages for a browser, JSON, pictures, sounds and files
    #[command(
        after_help = "Examples:\n  undertone export @bob --to ./bob\n  undertone export @bob --to ./bob.zip    one archive\n\n\
        Nothing in it is encrypted: keep it where only you can read it."
    )]
    Export {
        /// @name, #name of a public chat, chat key (zQ3… or 0x04…), link, or chat id
        chat: String,
        /// A new directory, or a new file that ends in .zip
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// Find messages by words, chat, person, time or kind
    #[command(after_help = "Examples:\n  undertone search 'train station'\n  \
        undertone search station --in @bob --since 2026-05-01 --json\n  undertone search --from @bob --kind image\n  \
        undertone search --in '#climbing' --since 7d")]
    Search(SearchArgs),
    /// Show the daemon, its profiles, and the network node of those that are unlocked
    #[command(after_help = "Examples:\n  undertone status\n  undertone status --json")]
    Status {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        output: Output,
    },
    /// Show or change a profile's settings
    #[command(
        after_help = "Examples:\n  undertone settings\n  undertone settings --auto-lock 15\n  undertone settings --mode light"
    )]
    Settings {
        #[command(flatten)]
        changes: SettingsArgs,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// Run a service node: relay, store, filter and light push for everybody
    #[command(after_help = "Examples:\n  undertone node --preset status.prod\n  \
        undertone node --tcp-port 60000\n  \
        undertone node --cluster-id 16 --shard 32 --shard 64 --staticnode /ip4/192.0.2.1/tcp/60000/p2p/16Uiu2…\n  \
        undertone node --store-message-retention-policy time:172800 --websocket-support --websocket-port 8000\n\n\
        Every option is also an environment variable (UNDERTONE_NODE_TCP_PORT) and a key of the table [node] in \
        config.toml (tcp-port = 60000).")]
    Node(Box<NodeCommand>),
    /// Print a completion script for a shell
    #[command(
        after_help = "Examples:\n  undertone completions bash > ~/.local/share/bash-completion/completions/undertone\n  \
        undertone completions zsh > ~/.zfunc/_undertone\n  undertone completions fish > ~/.config/fish/completions/undertone.fish"
    )]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Write manual pages, one a command
    #[command(after_help = "Example:\n  undertone man ~/.local/share/man/man1     read them with: man undertone-node")]
    Man {
        /// The folder; made if it is not there
        folder: PathBuf,
    },
}

/// What can be done with profiles. Without a running daemon, the work is done in this process, offline.
#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// Make a profile with new keys
    #[command(after_help = "Examples:\n  undertone profile create --name 'Alice Doe'\n  \
        undertone profile create --name alice --data-dir ./alice --password-file ./pw --json")]
    Create {
        /// Display name, 5 to 24 characters
        #[arg(long)]
        name: String,
        #[command(flatten)]
        password: PasswordFile,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        output: Output,
    },
    /// Make a profile from a recovery phrase
    #[command(after_help = "Example:\n  undertone profile restore --name 'Alice Doe' --phrase-file ./words")]
    Restore {
        /// Display name, 5 to 24 characters
        #[arg(long)]
        name: String,
        /// Read the phrase from this file (default: ask)
        #[arg(long, value_name = "FILE")]
        phrase_file: Option<PathBuf>,
        #[command(flatten)]
        password: PasswordFile,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        output: Output,
    },
    /// List the profiles of this device
    #[command(after_help = "Examples:\n  undertone profile list\n  undertone profile list --json")]
    List {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        output: Output,
    },
    /// Show an unlocked profile: its name and the chat key to give to others
    #[command(
        after_help = "Examples:\n  undertone profile show\n  undertone profile show --qr\n  \
        undertone profile show --json | jq -r .key"
    )]
    Show {
        /// Draw the link to it for a camera
        #[arg(long)]
        qr: bool,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// Change what your profile says
    #[command(
        after_help = "Examples:\n  undertone profile set --name 'Alice Doe' --bio 'Climbs walls' --colour 7\n  \
        undertone profile set --picture me.jpg --link 'site=https://example.org'\n  undertone profile set --no-picture --no-links"
    )]
    Set(SetArgs),
    /// Show that you wrote the recovery phrase down: give two of its words
    #[command(after_help = "Examples:\n  undertone profile confirm-phrase\n  \
        undertone profile confirm-phrase --phrase-file ./words    takes the two from the whole phrase")]
    ConfirmPhrase {
        #[command(flatten)]
        who: Who,
        /// Read the whole phrase from this file, - for standard input (default: ask for the two words)
        #[arg(long, value_name = "FILE")]
        phrase_file: Option<PathBuf>,
    },
    /// Erase the recovery phrase from this device, once it was confirmed
    #[command(after_help = "Example:\n  undertone profile forget-phrase")]
    ForgetPhrase {
        #[command(flatten)]
        who: Who,
    },
    /// Print the recovery phrase; whoever has it has the account
    #[command(after_help = "Example:\n  undertone profile export-phrase --profile 'Alice Doe'")]
    ExportPhrase {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        password: PasswordFile,
        #[command(flatten)]
        output: Output,
    },
    /// Change the password and the key it protects
    #[command(after_help = "Examples:\n  undertone profile change-password\n  \
        undertone profile change-password --password-file ./old --new-password-file ./new")]
    ChangePassword {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        password: PasswordFile,
        /// Read the new password from this file (default: ask)
        #[arg(long, value_name = "FILE")]
        new_password_file: Option<PathBuf>,
    },
    /// Delete a profile from this device
    #[command(after_help = "Example:\n  undertone profile remove --profile 'Alice Doe' --yes")]
    Remove {
        #[command(flatten)]
        who: Who,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// What can be done about people.
#[derive(Debug, Subcommand)]
pub(crate) enum ContactCommand {
    /// Ask somebody to become a contact
    #[command(
        after_help = "Examples:\n  undertone contact add zQ3sh… --note 'Hi, it is Alice from the train'\n  \
        undertone contact add https://status.app/u/…#zQ3sh…"
    )]
    Add {
        /// Their chat key (zQ3… or 0x04…), or a link to them
        key: String,
        /// What they read with the request, 1 to 280 characters
        #[arg(long, default_value = "Please add me to your contacts")]
        note: String,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// Say yes to a request
    #[command(after_help = "Example:\n  undertone contact accept @bob")]
    Accept(Person),
    /// Say no to a request; they are not told
    #[command(after_help = "Example:\n  undertone contact decline @bob")]
    Decline(Person),
    /// Take back a request of yours
    #[command(after_help = "Example:\n  undertone contact retract @bob")]
    Retract(Person),
    /// End a contact; the chat stays, read-only
    #[command(after_help = "Example:\n  undertone contact remove @bob")]
    Remove(Person),
    /// Show nothing of this person any more
    #[command(after_help = "Example:\n  undertone contact block zQ3sh…")]
    Block(Person),
    /// End a block
    #[command(after_help = "Example:\n  undertone contact unblock zQ3sh…")]
    Unblock(Person),
    /// Name a person for yourself; an empty name takes it away
    #[command(after_help = "Example:\n  undertone contact nickname zQ3sh… 'Bob (work)'")]
    Nickname {
        #[command(flatten)]
        person: Person,
        /// At most 24 characters
        name: String,
    },
    /// Show a person: what they say of themselves, and how you stand
    #[command(after_help = "Examples:\n  undertone contact show @bob\n  undertone contact show zQ3sh… --json")]
    Show(Person),
    /// Show the number that you and a person compare to be sure that nobody stands between you
    #[command(after_help = "Example:\n  undertone contact safety @bob")]
    Safety(Person),
    /// Say that you compared the safety number and it was the same
    #[command(after_help = "Examples:\n  undertone contact verified @bob\n  undertone contact verified @bob --undo")]
    Verified {
        #[command(flatten)]
        person: Person,
        /// It was not the same, or you take the mark back
        #[arg(long)]
        undo: bool,
    },
    /// Label a person for yourself; they are not told
    #[command(after_help = "Example:\n  undertone contact trust @bob trusted")]
    Trust {
        #[command(flatten)]
        person: Person,
        /// The label
        trust: TrustArg,
    },
    /// Prove who somebody is by a question that only they can answer
    #[command(subcommand)]
    Verify(VerifyCommand),
    /// List contacts and open requests
    #[command(after_help = "Examples:\n  undertone contact list\n  undertone contact list --json")]
    List {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
}

/// Starting the daemon.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct StartArgs {
    /// Unlock this profile (name or id) at once
    #[arg(long, value_name = "PROFILE", env = "UNDERTONE_PROFILE")]
    pub(crate) profile: Option<String>,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) password: PasswordFile,
    #[command(flatten)]
    pub(crate) options: AppOptions,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// What the file `config.toml` can say about the app, under the same names.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct AppOptions {
    /// Port of the local API; 0 takes any free one [default: 7667]
    #[arg(long, value_name = "N", env = "UNDERTONE_API_PORT")]
    pub(crate) api_port: Option<u16>,
    /// Which network: that of Status users, or another [default: status.prod]
    #[arg(long, value_name = "NETWORK", env = "UNDERTONE_PRESET")]
    pub(crate) preset: Option<Preset>,
    /// Stay connected to this node; can be repeated
    #[arg(long, value_name = "MULTIADDR", env = "UNDERTONE_STATIC_NODE", value_delimiter = ',')]
    pub(crate) static_node: Vec<String>,
    /// The network's cluster; another than the preset's is not looked for [default: 16]
    #[arg(long, value_name = "N", env = "UNDERTONE_CLUSTER_ID")]
    pub(crate) cluster_id: Option<u16>,
    /// A shard to take part in; can be repeated [default: 32 64]
    #[arg(long, value_name = "N", env = "UNDERTONE_SHARD", value_delimiter = ',')]
    pub(crate) shard: Vec<u16>,
    /// Light mode: only ask other nodes for our own messages [default: the profile's setting]
    #[arg(long, env = "UNDERTONE_LIGHT", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) light: Option<bool>,
    /// Use only the nodes given, and look for no others [default: false]
    #[arg(long, env = "UNDERTONE_NO_DISCOVERY", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) no_discovery: Option<bool>,
    /// Address at which other nodes reach us [default: 0.0.0.0]
    #[arg(long, value_name = "IP", env = "UNDERTONE_LISTEN_ADDRESS")]
    pub(crate) listen_address: Option<std::net::IpAddr>,
    /// Port at which other nodes reach us; 0 takes any free one [default: 0]
    #[arg(long, value_name = "N", env = "UNDERTONE_TCP_PORT")]
    pub(crate) tcp_port: Option<u16>,
    /// What to write to the log: error, warn, info, debug, trace [default: warn]
    #[arg(long, value_name = "LEVEL", env = "UNDERTONE_LOG_LEVEL")]
    pub(crate) log_level: Option<LogLevel>,
}

/// Opening the app.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct OpenArgs {
    /// Print the address, and a code to type there; it works once and for a minute
    #[arg(long)]
    pub(crate) code: bool,
    /// Where a development server shows the page, as in http://127.0.0.1:5173
    #[arg(long, value_name = "ORIGIN", hide = true)]
    pub(crate) page: Option<String>,
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Which daemon.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Place {
    /// Where everything is kept [default: undertone in the person's data directory]
    #[arg(long, value_name = "DIR", env = "UNDERTONE_DATA_DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// Which profile of which daemon.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Who {
    /// The profile (name or id); not needed if there is only one to choose
    #[arg(long, value_name = "PROFILE", env = "UNDERTONE_PROFILE")]
    pub(crate) profile: Option<String>,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// Which person.
#[derive(Args, Clone, Debug)]
pub(crate) struct Person {
    /// @name, chat key (zQ3… or 0x04…), or link
    pub(crate) person: String,
    #[command(flatten)]
    pub(crate) who: Who,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Where the password comes from.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct PasswordFile {
    /// Read the password from this file, - for standard input (default: ask on the terminal)
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}

/// How to print.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Output {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Output {
    /// The form asked for.
    pub(crate) fn format(self) -> Format {
        if self.json { Format::Json } else { Format::Text }
    }
}

/// What to write to the log. nwaku's names are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lower")]
pub(crate) enum LogLevel {
    /// Nothing but failures
    #[value(aliases = ["ERROR", "FATAL", "fatal"])]
    #[serde(alias = "ERROR", alias = "FATAL", alias = "fatal")]
    Error,
    /// What a person should look at
    #[value(aliases = ["WARN", "NOTICE", "notice"])]
    #[serde(alias = "WARN", alias = "NOTICE", alias = "notice")]
    Warn,
    /// What happens
    #[value(aliases = ["INFO"])]
    #[serde(alias = "INFO")]
    Info,
    /// Details, with shortened identifiers
    #[value(aliases = ["DEBUG"])]
    #[serde(alias = "DEBUG")]
    Debug,
    /// Everything
    #[value(aliases = ["TRACE"])]
    #[serde(alias = "TRACE")]
    Trace,
}

impl LogLevel {
    /// As a directive for the log.
    pub(crate) fn directive(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// The first things to do.
const EXAMPLES: &str = "\
Examples:
  undertone                                       start the app and open it in the browser
  undertone demo                                  watch the whole story on this machine
  undertone profile create --name 'Alice Doe'     make a profile
  undertone start --profile 'Alice Doe'           go online
  undertone contact add zQ3sh… --note 'Hi, Bob!'  ask somebody to become a contact
  undertone send @bob 'Are you there?'            write to a contact
  undertone listen                                watch messages arrive
  undertone node --tcp-port 60000                 run a service node for everybody";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example() {
        fn walk(command: &clap::Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            if command.has_subcommands() {
                command.get_subcommands().for_each(|c| walk(c, &path));
            } else {
                let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("Example"), "{path} has no example");
            }
        }
        walk(&Cli::command(), "");
    }

    #[test]
    fn no_option_takes_a_password() {
        fn walk(command: &clap::Command) {
            for argument in command.get_arguments() {
                let name = argument.get_id().as_str();
                // nwaku's scripts have it; the environment and the file of settings do as well.
                if name == "rln_relay_cred_password" {
                    continue;
                }
                assert!(!name.contains("password") || name.ends_with("password_file"), "{name}");
                assert!(!name.contains("phrase") || name.ends_with("phrase_file"), "{name}");
            }
            command.get_subcommands().for_each(walk);
        }
        walk(&Cli::command());
    }
}
