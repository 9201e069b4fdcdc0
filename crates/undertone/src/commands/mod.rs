//! One function per command.

mod activity;
mod app;
mod attachments;
pub(crate) mod backup;
mod chats;
mod contacts;
mod export;
mod groups;
pub(crate) mod links;
mod listen;
mod marks;
pub(crate) mod message;
mod node;
pub(crate) mod nodes;
mod open;
mod people;
mod profiles;
pub(crate) mod public;
mod search;
mod settings;
mod status;
mod text;

pub(crate) use open::can_show;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::CommandFactory as _;

use crate::args::{Cli, Command};
use crate::node_args::layers;

/// Runs what the command line asks for.
pub(crate) fn run(cli: Cli) -> Result<()> {
    if let Some(Command::Completions { shell }) = cli.command {
        clap_complete::generate(shell, &mut Cli::command(), "undertone", &mut std::io::stdout());
        return Ok(());
    }
    if let Some(Command::Man { folder }) = cli.command {
        return manual(&folder);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .worker_threads(WORKERS)
        .build()
        .context("the system gives no threads")?;
    let result = runtime.block_on(dispatch(cli));
    // At exit libcrypto is taken away from under whoever still looks at a database. A read from the terminal may wait for
    // ever.
    runtime.shutdown_timeout(LOOKS_END);
    result
}

// over budget: one arm a command
async fn dispatch(cli: Cli) -> Result<()> {
    match cli.command {
        None => app::open(cli.start, cli.no_browser).await,
        Some(Command::Open(open)) => open::run(open).await,
        Some(Command::Demo(demo)) => crate::demo::run(demo, node::interrupted()?).await,
        Some(Command::Start(start)) => app::start(start).await,
        Some(Command::Node(node)) => node::run(*node).await,
        Some(Command::Profile(command)) => profiles::run(command).await,
        Some(Command::Lock(who)) => profiles::lock(&who).await,
        Some(Command::Unlock { who, password }) => profiles::unlock(&who, &password).await,
        Some(Command::Contact(command)) => contacts::run(command).await,
        Some(Command::Group(command)) => groups::run(command).await,
        Some(Command::Nodes(command)) => nodes::run(command).await,
        Some(Command::Public(command)) => public::run(command).await,
        Some(Command::Backup(command)) => backup::run(command).await,
        Some(Command::Link(command)) => links::run(command).await,
        Some(Command::Chats { who, output }) => chats::list(&who, output.format()).await,
        Some(Command::Send {
            chat,
            text,
            image,
            reply_to,
            preview,
            who,
            output,
        }) if image.is_empty() => {
            let previews = match preview {
                true => chats::Previews::Wanted,
                false => chats::Previews::AsChosen,
            };
            chats::send(&who, &chat, text, reply_to, previews, output.format()).await
        }
        Some(Command::Send {
            chat,
            text,
            image,
            reply_to,
            preview: _,
            who,
            output,
        }) => attachments::send_images(&who, &chat, text, &image, reply_to, output.format()).await,
        Some(Command::Audio(command)) => attachments::audio(command).await,
        Some(Command::File(command)) => attachments::file(command).await,
        Some(Command::Resend { message, who }) => chats::resend(&who, &message).await,
        Some(Command::Marks(command)) => marks::run(command).await,
        Some(Command::Messages {
            chat,
            limit,
            before,
            ids,
            who,
            output,
        }) => {
            let query = api::PageQuery {
                before,
                limit: Some(limit),
            };
            chats::messages(&who, &chat, &query, ids, output.format()).await
        }
        Some(Command::Message(command)) => message::run(command).await,
        Some(Command::Read { chat, who }) => chats::read(&who, &chat).await,
        Some(Command::Export { chat, to, who, output }) => export::run(&who, &chat, &to, output.format()).await,
        Some(Command::Search(args)) => search::run(args).await,
        Some(Command::Activity(command)) => activity::run(command).await,
        Some(Command::Mute(args)) => activity::mute(&args).await,
        Some(Command::Presence(args)) => people::presence(&args).await,
        Some(Command::Notify(args)) => people::notify(&args).await,
        Some(Command::Listen { who, output }) => listen::run(&who, output.format()).await,
        Some(Command::Status { place, output }) => status::run(&place, output.format()).await,
        Some(Command::Settings { changes, who, output }) => settings::run(&who, &changes, output.format()).await,
        Some(Command::Completions { .. } | Command::Man { .. }) => Ok(()),
    }
}

/// Writes a page for every command, made of the same words as `--help`.
fn manual(folder: &Path) -> Result<()> {
    let shown = || folder.display().to_string();
    std::fs::create_dir_all(folder).with_context(shown)?;
    clap_mangen::generate_to(layers::with_environment(Cli::command()), folder).with_context(shown)
}

/// The longest look at a database is a search.
const LOOKS_END: Duration = Duration::from_secs(1);
/// Network and API share two threads; the work of a profile has one of its own.
const WORKERS: usize = 2;
