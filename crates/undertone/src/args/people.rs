//! The command line of profiles, presence, proofs of identity and notifications.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Output, Person, Who};

/// What to change in the profile.
#[derive(Args, Clone, Debug)]
pub(crate) struct SetArgs {
    /// Display name, 5 to 24 characters
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// What you say of yourself, at most 240 characters; empty takes it away
    #[arg(long)]
    pub(crate) bio: Option<String>,
    /// Your colour, 0 to 17
    #[arg(long, value_name = "N")]
    pub(crate) colour: Option<u32>,
    /// An image file (JPEG, PNG, GIF, WebP); it is cut to a square and loses everything but its pixels
    #[arg(long, value_name = "FILE")]
    pub(crate) picture: Option<PathBuf>,
    /// Take the picture away
    #[arg(long, conflicts_with = "picture")]
    pub(crate) no_picture: bool,
    /// A link as LABEL=ADDRESS; can be repeated, and replaces those there are
    #[arg(long, value_name = "LABEL=ADDRESS")]
    pub(crate) link: Vec<String>,
    /// Take the links away
    #[arg(long, conflicts_with = "link")]
    pub(crate) no_links: bool,
    #[command(flatten)]
    pub(crate) who: Who,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// What to tell of being there.
#[derive(Args, Clone, Debug)]
pub(crate) struct PresenceArgs {
    /// What to tell
    pub(crate) presence: PresenceArg,
    /// Some words about it, at most 128 characters
    #[arg(long, default_value = "")]
    pub(crate) text: String,
    #[command(flatten)]
    pub(crate) who: Who,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// What to tell of being there.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum PresenceArg {
    /// Nothing
    Off,
    /// There, as long as the daemon runs: told every five minutes
    Automatic,
    /// There, but not to be disturbed
    DoNotDisturb,
    /// There, for two weeks after the daemon last ran
    AlwaysOnline,
    /// Away
    Inactive,
}

/// What to choose for one chat.
#[derive(Args, Clone, Debug)]
pub(crate) struct NotifyArgs {
    /// @name, chat key (zQ3… or 0x04…), or chat id
    pub(crate) chat: String,
    /// Messages that name you or answer you
    #[arg(long, value_name = "HOW")]
    pub(crate) mention: Option<LoudnessArg>,
    /// Messages that name everybody
    #[arg(long, value_name = "HOW")]
    pub(crate) everyone: Option<LoudnessArg>,
    /// All other messages
    #[arg(long, value_name = "HOW")]
    pub(crate) other: Option<LoudnessArg>,
    /// As for all other chats again
    #[arg(long, conflicts_with_all = ["mention", "everyone", "other"])]
    pub(crate) reset: bool,
    #[command(flatten)]
    pub(crate) who: Who,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// How loudly something is told.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LoudnessArg {
    /// Not at all
    Off,
    /// Without a sound
    Quiet,
    /// With a sound
    Alert,
}

/// How much a notification says.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum PreviewArg {
    /// That something came
    Nothing,
    /// From whom
    Name,
    /// And what it says
    All,
}

/// For whom something is.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum AudienceArg {
    /// Everybody who knows your key
    Everyone,
    /// Contacts
    Contacts,
    /// Nobody
    Nobody,
}

/// What is thought of a person.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum TrustArg {
    /// Nothing
    Unknown,
    /// They are who they say
    Trusted,
    /// They are not, or do harm
    Untrusted,
}

/// Proving who somebody is.
#[derive(Debug, Subcommand)]
pub(crate) enum VerifyCommand {
    /// Ask a contact something that only they can answer
    #[command(after_help = "Example:\n  undertone contact verify ask @bob 'Where did we meet?'")]
    Ask {
        #[command(flatten)]
        person: Person,
        /// The question, 1 to 280 bytes
        question: String,
    },
    /// Answer a contact's question
    #[command(after_help = "Example:\n  undertone contact verify answer @alice 'On the train'")]
    Answer {
        #[command(flatten)]
        person: Person,
        /// The answer, 1 to 280 bytes
        answer: String,
    },
    /// Take your question back
    #[command(after_help = "Example:\n  undertone contact verify cancel @bob")]
    Cancel(Person),
    /// Refuse to answer; they are told
    #[command(after_help = "Example:\n  undertone contact verify decline @alice")]
    Decline(Person),
    /// Say that the answer was right; they are not told
    #[command(after_help = "Example:\n  undertone contact verify believe @bob")]
    Believe(Person),
    /// Say that the answer was wrong; they are not told
    #[command(after_help = "Example:\n  undertone contact verify doubt @bob")]
    Doubt(Person),
}
