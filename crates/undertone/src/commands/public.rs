//! `undertone public …`: chats that anyone who knows their name can read.

use anyhow::Result;
use api::{ChatKind, JoinPublic};
use clap::Subcommand;

use crate::args::{Output, Who};
use crate::commands::chats::called;
use crate::output::{self, Format};
use crate::session::Session;

/// What can be done with public chats.
#[derive(Debug, Subcommand)]
pub(crate) enum PublicCommand {
    /// Enter the public chat of a name; anyone who knows the name can read what is written there
    #[command(
        after_help = "Examples:\n  undertone public join climbing\n  undertone public join '#climbing' --json\n  \
        undertone send '#climbing' 'Who is in on Saturday?'"
    )]
    Join {
        /// Small letters, digits and minus signs
        name: String,
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// Leave a public chat, and erase on this device what was said there
    #[command(after_help = "Example:\n  undertone public leave climbing")]
    Leave {
        /// Its name
        name: String,
        #[command(flatten)]
        who: Who,
    },
    /// List the public chats that you are in
    #[command(after_help = "Examples:\n  undertone public list\n  undertone public list --json | jq -r '.[].name'")]
    List {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
}

/// Runs one of the commands.
pub(super) async fn run(command: PublicCommand) -> Result<()> {
    match command {
        PublicCommand::Join { name, who, output } => {
            let session = Session::open(&who).await?;
            let chat = session
                .client
                .join_public(&session.profile, &JoinPublic { name })
                .await?;
            output::data(output.format(), &chat, |chat| {
                format!(
                    "You are in {}. Anyone who knows the name can read what you write.",
                    called(chat)
                )
            });
            Ok(())
        }
        PublicCommand::Leave { name, who } => {
            let session = Session::open(&who).await?;
            let chat = format!("#{}", name.trim_start_matches('#'));
            let chat = session.client.chat(&session.profile, &chat).await?;
            session.client.leave_chat(&session.profile, &chat.id).await?;
            output::text(&format!(
                "You left {}; what was said there is erased here.",
                called(&chat)
            ));
            Ok(())
        }
        PublicCommand::List { who, output } => list(&who, output.format()).await,
    }
}

async fn list(who: &Who, format: Format) -> Result<()> {
    let session = Session::open(who).await?;
    let mut chats = session.chats().await?;
    chats.retain(|chat| chat.kind == ChatKind::Public);
    output::data(format, &chats, |chats| {
        if chats.is_empty() {
            return "You are in no public chat; enter one with `undertone public join`.".into();
        }
        chats.iter().map(|chat| called(chat) + "\n").collect()
    });
    Ok(())
}
