//! The command line of private groups.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Output, Who};

/// What can be done with private groups. What is said in them is sent and read as in any other chat.
#[derive(Debug, Subcommand)]
pub(crate) enum GroupCommand {
    /// Found a group
    #[command(after_help = "Examples:\n  undertone group create Climbing @bob @carol\n  \
        undertone group create Climbing @bob --colour '#7cda00' --picture ./wall.jpg --json")]
    Create {
        /// Its name, 1 to 30 characters; only members see it
        name: String,
        /// Who is let in: contacts, by @name, chat key or link
        people: Vec<String>,
        /// Its colour
        #[arg(long, value_name = "#RRGGBB")]
        colour: Option<String>,
        /// An image file (JPEG, PNG, GIF, WebP); it is cut to a square and loses everything but its pixels
        #[arg(long, value_name = "FILE")]
        picture: Option<PathBuf>,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// List the groups
    #[command(after_help = "Examples:\n  undertone group list\n  undertone group list --json | jq -r '.[].name'")]
    List {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// Show a group: its members, its admins, who asks to be let in
    #[command(
        after_help = "Examples:\n  undertone group members @Climbing\n  undertone group members @Climbing --json"
    )]
    Members(Named),
    /// Show what happened to a group
    #[command(after_help = "Example:\n  undertone group events @Climbing")]
    Events(Named),
    /// Give a group another name
    #[command(after_help = "Example:\n  undertone group rename @Climbing 'Climbing on Sundays'")]
    Rename {
        #[command(flatten)]
        group: Named,
        /// 1 to 30 characters
        name: String,
    },
    /// Give a group another colour
    #[command(after_help = "Example:\n  undertone group colour @Climbing '#7cda00'")]
    Colour {
        #[command(flatten)]
        group: Named,
        /// # and six hexadecimal digits
        colour: String,
    },
    /// Give a group another picture
    #[command(after_help = "Example:\n  undertone group picture @Climbing ./wall.jpg")]
    Picture {
        #[command(flatten)]
        group: Named,
        /// An image file (JPEG, PNG, GIF, WebP); it is cut to a square and loses everything but its pixels
        file: PathBuf,
    },
    /// Let contacts in; they see what is written from now on
    #[command(after_help = "Example:\n  undertone group add @Climbing @david @erika")]
    Add {
        #[command(flatten)]
        group: Named,
        /// @name, chat key or link
        #[arg(required = true)]
        people: Vec<String>,
    },
    /// Put a member out, as an admin; they see nothing that is written later
    #[command(after_help = "Example:\n  undertone group remove @Climbing @david")]
    Remove {
        #[command(flatten)]
        group: Named,
        /// @name, chat key or link
        person: String,
    },
    /// Make a member an admin, as an admin; or be none any more
    #[command(
        after_help = "Examples:\n  undertone group admin @Climbing @carol\n  undertone group admin @Climbing --step-down"
    )]
    Admin {
        #[command(flatten)]
        group: Named,
        /// @name, chat key or link
        #[arg(required_unless_present = "step_down")]
        person: Option<String>,
        /// Be no admin any more
        #[arg(long, conflicts_with = "person")]
        step_down: bool,
    },
    /// Leave a group; what was said stays readable
    #[command(after_help = "Example:\n  undertone group leave @Climbing")]
    Leave(Named),
    /// List invitations of strangers that wait for an answer
    #[command(after_help = "Examples:\n  undertone group invitations\n  undertone group invitations --json")]
    Invitations {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// Say yes to a stranger's invitation
    #[command(after_help = "Example:\n  undertone group accept @Climbing")]
    Accept(Named),
    /// Say no to a stranger's invitation; nobody is told
    #[command(after_help = "Example:\n  undertone group decline @Climbing")]
    Decline(Named),
    /// Print a link by which a contact of yours can ask you to let them in
    #[command(after_help = "Examples:\n  undertone group link @Climbing\n  \
        undertone send @david \"Join us: $(undertone group link @Climbing)\"")]
    Link(Named),
    /// Ask to be let into groups, and answer those who ask
    #[command(subcommand)]
    Request(RequestCommand),
    /// Show which members have a message of yours
    #[command(after_help = "Examples:\n  undertone group delivery 0x5f…\n  \
        undertone group delivery $(undertone send @Climbing 'Sunday?') --json")]
    Delivery {
        /// The id of the message
        message: String,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
}

/// Being let into groups on request.
#[derive(Debug, Subcommand)]
pub(crate) enum RequestCommand {
    /// Ask a contact to let you into a group that they are in
    #[command(
        after_help = "Examples:\n  undertone group request ask 'undertone:group:…' --note 'We met on the wall'\n  \
        undertone group request ask 01234567-89ab-…-0x04… @alice"
    )]
    Ask {
        /// The link of a member, or the words with it; or the id of the group
        group: String,
        /// Who is asked, if it is not who made the link: @name, chat key or link
        admin: Option<String>,
        /// What they read with it, 1 to 280 characters
        #[arg(long, default_value = "Please let me into the group")]
        note: String,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// List requests that nobody has answered
    #[command(after_help = "Examples:\n  undertone group request list\n  undertone group request list --json")]
    List {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// Let somebody in who asks for it
    #[command(after_help = "Example:\n  undertone group request accept @Climbing @david")]
    Accept(AnswerCommand),
    /// Refuse somebody who asks; they are told
    #[command(after_help = "Example:\n  undertone group request decline @Climbing @david")]
    Decline(AnswerCommand),
}

/// Which group.
#[derive(Args, Clone, Debug)]
pub(crate) struct Named {
    /// @name or id of the group
    pub(crate) group: String,
    #[command(flatten)]
    pub(crate) who: Who,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Whose request.
#[derive(Args, Clone, Debug)]
pub(crate) struct AnswerCommand {
    #[command(flatten)]
    pub(crate) group: Named,
    /// @name, chat key or link
    pub(crate) person: String,
}
