//! The command line of what is done about messages that stand already.

use clap::{Args, Subcommand};

use super::{Output, Who};

/// What can be done about messages that stand already.
#[derive(Debug, Subcommand)]
pub(crate) enum MarksCommand {
    /// Give a message of yours another text
    #[command(
        after_help = "Examples:\n  undertone edit @bob last 'At nine, I meant'\n  undertone edit @bob 0x5f3a 'At nine'"
    )]
    Edit(EditArgs),
    /// Delete a message for everyone, or for you
    #[command(after_help = "Examples:\n  undertone delete @bob last\n  undertone delete @bob 0x5f3a --for-me")]
    Delete(DeleteArgs),
    /// Put an emoji on a message, or take it off
    #[command(after_help = "Examples:\n  undertone react @bob last 👍\n  undertone react @bob 0x5f3a 👍 --undo")]
    React(ReactArgs),
    /// Pin a message to its chat; three in a chat can be
    #[command(after_help = "Examples:\n  undertone pin @bob last\n  undertone pin @bob 0x5f3a")]
    Pin(PinArgs),
    /// Unpin a message
    #[command(after_help = "Example:\n  undertone unpin @bob 0x5f3a")]
    Unpin(PinArgs),
    /// List what is pinned in a chat, the newest first
    #[command(after_help = "Examples:\n  undertone pins @bob\n  undertone pins @bob --json")]
    Pins(PinsArgs),
}

/// Which message of which chat.
#[derive(Args, Clone, Debug)]
pub(crate) struct Which {
    /// @name, chat key (zQ3… or 0x04…), link, or chat id
    pub(crate) chat: String,
    /// Its id, the beginning of its id, or `last` (see `undertone messages --ids`)
    pub(crate) message: String,
}

/// Giving a message another text.
#[derive(Args, Clone, Debug)]
pub(crate) struct EditArgs {
    #[command(flatten)]
    pub(crate) which: Which,
    /// The new text; - reads it from standard input
    pub(crate) text: String,
    #[command(flatten)]
    pub(crate) who: Who,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Deleting a message.
#[derive(Args, Clone, Debug)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Only on your own devices
    #[arg(long)]
    pub(crate) for_me: bool,
    #[command(flatten)]
    pub(crate) who: Who,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Reacting to a message.
#[derive(Args, Clone, Debug)]
pub(crate) struct ReactArgs {
    #[command(flatten)]
    pub(crate) which: Which,
    /// One emoji
    pub(crate) emoji: String,
    /// Take it off again
    #[arg(long)]
    pub(crate) undo: bool,
    #[command(flatten)]
    pub(crate) who: Who,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Pinning a message, or unpinning it.
#[derive(Args, Clone, Debug)]
pub(crate) struct PinArgs {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) who: Who,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// The pins of a chat.
#[derive(Args, Clone, Debug)]
pub(crate) struct PinsArgs {
    /// @name, chat key (zQ3… or 0x04…), link, or chat id
    pub(crate) chat: String,
    #[command(flatten)]
    pub(crate) who: Who,
    #[command(flatten)]
    pub(crate) output: Output,
}
