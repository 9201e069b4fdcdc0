//! `undertone nodes …`: nodes of the network that a profile always connects to.

use anyhow::Result;
use api::{AddNode, NodeStatus};
use clap::Subcommand;

use crate::args::{Output, Who};
use crate::output;
use crate::session::Session;

/// What can be done with them.
#[derive(Debug, Subcommand)]
pub(crate) enum NodesCommand {
    /// List the nodes that you added
    #[command(after_help = "Examples:\n  undertone nodes list\n  undertone nodes list --json | jq -r '.[]'")]
    List {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        output: Output,
    },
    /// Connect to a node, now and whenever the profile is unlocked; where others are blocked, it leads into the network
    #[command(after_help = "Example:\n  undertone nodes add /ip4/192.0.2.1/tcp/30303/p2p/16Uiu2…")]
    Add {
        /// Its address, which ends in /p2p/ and its id
        address: String,
        #[command(flatten)]
        who: Who,
    },
    /// Hang up on a node that you added, and connect to it no more
    #[command(after_help = "Example:\n  undertone nodes remove /ip4/192.0.2.1/tcp/30303/p2p/16Uiu2…")]
    Remove {
        /// Its address, as `undertone nodes list` shows it
        address: String,
        #[command(flatten)]
        who: Who,
    },
}

/// Runs one of the commands.
pub(super) async fn run(command: NodesCommand) -> Result<()> {
    match command {
        NodesCommand::List { who, output } => {
            let session = Session::open(&who).await?;
            let added = session.client.node(&session.profile).await?.added;
            output::data(output.format(), &added, |added| match added.is_empty() {
                true => "You added no node; add one with `undertone nodes add`.".into(),
                false => added.iter().map(|address| format!("{address}\n")).collect(),
            });
        }
        NodesCommand::Add { address, who } => {
            let session = Session::open(&who).await?;
            let status = session.client.add_node(&session.profile, &AddNode { address }).await?;
            output::text(&count(&status));
        }
        NodesCommand::Remove { address, who } => {
            let session = Session::open(&who).await?;
            let status = session.client.node(&session.profile).await?;
            anyhow::ensure!(
                status.added.contains(&address),
                "you added no node with this address; `undertone nodes list` shows those you did"
            );
            let status = session.client.remove_node(&session.profile, &address).await?;
            output::text(&count(&status));
        }
    }
    Ok(())
}

fn count(status: &NodeStatus) -> String {
    match status.added.len() {
        0 => "No node that you added is left.".into(),
        1 => "One node that you added.".into(),
        count => format!("{count} nodes that you added."),
    }
}
