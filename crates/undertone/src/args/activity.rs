//! The command line of the activity centre, and of muting.

use clap::{Args, Subcommand};

use super::{Output, Who};

/// What can be done in the activity centre.
#[derive(Debug, Subcommand)]
pub(crate) enum ActivityCommand {
    /// List what happened, latest first
    #[command(after_help = "Examples:\n  undertone activity list --unread\n  \
        undertone activity list --kind mention --kind reply --json")]
    List {
        /// Only what was not read
        #[arg(long)]
        unread: bool,
        /// Only this kind (contact-request, mention, reply, verification, group-invitation, …); can be repeated
        #[arg(long, value_name = "KIND")]
        kind: Vec<String>,
        /// At most so many, 1 to 200
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u32,
        /// Only those before this place (`next` of an earlier --json answer)
        #[arg(long, value_name = "CURSOR")]
        before: Option<String>,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// Mark one entry as read, or all of them
    #[command(after_help = "Examples:\n  undertone activity read 17\n  undertone activity read --all")]
    Read {
        /// The number of the entry
        #[arg(required_unless_present = "all")]
        entry: Option<String>,
        /// All of them
        #[arg(long, conflicts_with = "entry")]
        all: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Say yes to what an entry asks
    #[command(after_help = "Example:\n  undertone activity accept 17")]
    Accept(Entry),
    /// Say no to what an entry asks
    #[command(after_help = "Example:\n  undertone activity dismiss 17")]
    Dismiss(Entry),
}

/// Which entry.
#[derive(Args, Clone, Debug)]
pub(crate) struct Entry {
    /// The number of the entry
    pub(crate) entry: String,
    #[command(flatten)]
    pub(crate) who: Who,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Which chat to make silent, and for how long.
#[derive(Args, Clone, Debug)]
pub(crate) struct MuteArgs {
    /// @name, chat key (zQ3… or 0x04…), or chat id
    pub(crate) chat: String,
    /// For so long: 15m, 8h, 7d [default: until switched on again]
    #[arg(long = "for", value_name = "TIME")]
    pub(crate) time: Option<String>,
    /// End it
    #[arg(long, conflicts_with = "time")]
    pub(crate) off: bool,
    #[command(flatten)]
    pub(crate) who: Who,
    #[command(flatten)]
    pub(crate) output: Output,
}
