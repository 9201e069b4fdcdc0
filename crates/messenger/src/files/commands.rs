//! What a person does with files.

use protocol::content::chat_message::Body;
use protocol::files::{Announcement, FileId, What};
use protocol::id::{ChatId, MessageId};
use store::{FileRow, FileState};

use super::direct::{self, Step};
use super::{fetch, ignore, row, stop, tell};
use crate::command::{CommandError, Reply};
use crate::turn::Turn;

/// Wishes about files.
#[derive(Clone, Debug)]
pub enum Command {
    /// Announces a file and begins to send it.
    Send {
        /// Where it is said.
        chat: ChatId,
        /// The file.
        file: NewFile,
        /// The message it answers.
        reply_to: Option<MessageId>,
    },
    /// Fetches a file that is not fetched by itself, or was given up.
    Get {
        /// The message that announces it.
        message: MessageId,
    },
    /// Says what became of moving a file from one device to the other.
    Transfer {
        /// The file.
        file: FileId,
        /// What became of it.
        step: Step,
    },
    /// Gives up sending or fetching a file, and forgets what of it is here. The message stays.
    Cancel {
        /// The message that announces it.
        message: MessageId,
    },
}

/// A file that was prepared: see [`prepare`](super::prepare).
#[derive(Clone)]
pub struct NewFile {
    /// What is said of it.
    pub announced: Announcement,
    /// Its sealed chunks, parity after data; none of a file that goes from one device to the other.
    pub sealed: Vec<Vec<u8>>,
}

/// The person asked for something that cannot be done with this file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileCommandError {
    /// The message announces none.
    #[error("this message has no file")]
    NoFile,
    /// In public chats anybody could read along, so that files are not sent there.
    #[error("files cannot be sent to a public chat")]
    PublicChat,
    /// It is ours.
    #[error("you sent this file yourself")]
    Own,
    /// Nothing is under way.
    #[error("this file is not on its way")]
    NotMoving,
    /// The person has not allowed it.
    #[error(
        "files above 5 MB go directly from your device to theirs, so that the other person sees your internet address (IP); \
         allow this in the settings (undertone settings --direct-files true)"
    )]
    DirectOff,
    /// Nobody else than the two may learn an address.
    #[error("files above 5 MB can be sent to one contact at a time, not to a group")]
    OneToOneOnly,
    /// It was sent already.
    #[error("this file was sent already")]
    SentAlready,
}

impl FileCommandError {
    /// A word for programs. Stable across versions.
    pub fn code(&self) -> &'static str {
        match self {
            FileCommandError::NoFile => "no_file",
            FileCommandError::PublicChat => "public_chat",
            FileCommandError::Own => "own_file",
            FileCommandError::NotMoving => "file_not_moving",
            FileCommandError::DirectOff => "direct_files_off",
            FileCommandError::OneToOneOnly => "one_to_one_only",
            FileCommandError::SentAlready => "file_sent_already",
        }
    }
}

impl std::fmt::Debug for NewFile {
    /// How it is cut, and nothing of what it holds.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewFile({:?})", self.announced.shape)
    }
}

pub(crate) fn carry_out(turn: &mut Turn<'_, '_>, command: Command) -> Result<Reply, CommandError> {
    match command {
        Command::Send { chat, file, reply_to } => send(turn, &chat, file, reply_to).map(Reply::Message),
        Command::Get { message } => get(turn, &message).map(|()| Reply::Done),
        Command::Transfer { file, step } => direct::step(turn, &file, step).map(|()| Reply::Done),
        Command::Cancel { message } => cancel(turn, &message).map(|()| Reply::Done),
    }
}

fn send(
    turn: &mut Turn<'_, '_>,
    chat: &ChatId,
    file: NewFile,
    reply_to: Option<MessageId>,
) -> Result<MessageId, CommandError> {
    let NewFile { announced, sealed } = file;
    if !crate::chats::abilities::of_kind(&chat.kind()).files {
        return Err(FileCommandError::PublicChat.into());
    }
    if announced.is_direct() {
        direct::allowed(turn, chat)?;
    }
    let text = hint(&announced);
    let message = crate::media::post(turn, chat, &text, Body::Text, Some(announced.to_wire()), reply_to)?;
    let own = turn.me.public;
    let (state, due_at) = match announced.is_direct() {
        // It goes when they ask for it.
        true => (FileState::Offered, None),
        false => (FileState::Moving, Some(turn.now)),
    };
    let row = FileRow {
        outgoing: true,
        state,
        due_at,
        ..row(turn, &announced, message, &own)
    };
    turn.tx.files().save(&row)?;
    for (position, chunk) in sealed.iter().enumerate() {
        turn.tx.files().add_chunk(&row.id, position as u32, chunk)?;
    }
    Ok(message)
}

fn get(turn: &mut Turn<'_, '_>, message: &MessageId) -> Result<(), CommandError> {
    let (mut file, announced) = load(turn, message)?;
    match file.state {
        _ if file.outgoing => Err(FileCommandError::Own.into()),
        FileState::Complete | FileState::Moving => Ok(()),
        _ if announced.is_direct() => direct::fetch(turn, file),
        FileState::Offered | FileState::Cancelled | FileState::Failed => {
            // What history gave before is asked for again.
            ignore(turn, &file.id)?;
            fetch(turn, &mut file, &announced)?;
            Ok(())
        }
    }
}

fn cancel(turn: &mut Turn<'_, '_>, message: &MessageId) -> Result<(), CommandError> {
    let (file, _) = load(turn, message)?;
    match file.state {
        FileState::Moving => {}
        FileState::Offered if file.outgoing => {}
        FileState::Complete if file.outgoing => return Err(FileCommandError::SentAlready.into()),
        _ => return Err(FileCommandError::NotMoving.into()),
    }
    if file.outgoing {
        tell(turn, &file, What::Withdrawn(true))?;
    }
    stop(turn, file, FileState::Cancelled)?;
    Ok(())
}

fn load(turn: &mut Turn<'_, '_>, message: &MessageId) -> Result<(FileRow, Announcement), CommandError> {
    if !turn.tx.messages().contains(message)? {
        return Err(CommandError::MessageNotFound);
    }
    let file = turn.tx.files().of_message(message)?.ok_or(FileCommandError::NoFile)?;
    let announced = Announcement::decode(&file.announcement).ok_or(FileCommandError::NoFile)?;
    Ok((file, announced))
}

/// What a client reads that cannot show the file.
fn hint(announced: &Announcement) -> String {
    let size = match announced.size {
        bytes @ 0..1_000 => format!("{bytes} bytes"),
        bytes @ 1_000..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        bytes => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    };
    format!(
        "📎 {} ({size})\nThis is a file sent with Undertone; this app cannot show it.",
        announced.name
    )
}
