//! Arguments of the commands about pictures, sounds and files.

use std::path::PathBuf;

use clap::Subcommand;

use super::{Output, Who};

/// What can be done with sounds.
#[derive(Debug, Subcommand)]
pub(crate) enum AudioCommand {
    /// Send a recording: AAC or AMR, at most two minutes
    #[command(after_help = "Example:\n  undertone audio send @bob ./hello.aac")]
    Send {
        /// @name, chat key (zQ3… or 0x04…), or chat id
        chat: String,
        /// The recording
        file: PathBuf,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
}

/// What can be done with files.
#[derive(Debug, Subcommand)]
pub(crate) enum FileCommand {
    /// Send a file of any kind, up to 1 GB; contacts with another program see its name and a hint. Above 5 MB it goes directly
    /// from your device to theirs when both are online, if you have allowed that
    #[command(
        after_help = "Examples:\n  undertone file send @bob ./report.pdf\n  undertone file send @bob ./report.pdf --wait\n  \
        undertone settings --direct-files true && undertone file send @bob ./film.mp4"
    )]
    Send {
        /// @name, chat key (zQ3… or 0x04…), or chat id
        chat: String,
        /// The file
        file: PathBuf,
        /// Stay until the network has all of it
        #[arg(long)]
        wait: bool,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// Save what a message carries; waits until it is here
    #[command(after_help = "Examples:\n  undertone file get 0x5f…\n  undertone file get 0x5f… --to ./report.pdf")]
    Get {
        /// The id of the message
        message: String,
        /// Where to save it [default: its own name, in the current directory]
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// Begin to fetch a file, and do not wait for it
    #[command(after_help = "Example:\n  undertone file fetch 0x5f…")]
    Fetch {
        /// The id of the message
        message: String,
        #[command(flatten)]
        who: Who,
    },
    /// List pictures, sounds and files among the latest messages of a chat
    #[command(after_help = "Examples:\n  undertone file list @bob\n  undertone file list @bob --json")]
    List {
        /// @name, chat key (zQ3… or 0x04…), or chat id
        chat: String,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// Give up sending or fetching a file; the message stays
    #[command(after_help = "Example:\n  undertone file cancel 0x5f…")]
    Cancel {
        /// The id of the message
        message: String,
        #[command(flatten)]
        who: Who,
    },
}
