//! What a person may ask for, what they get back, and why not.

use crypto::PublicKey;
use protocol::content::name::NameError;
use protocol::id::{ChatId, MessageId};

use crate::activity;
use crate::backup;
use crate::chats::{self, commands::Mute};
use crate::settings::Settings;
use crate::{files, groups, media, notifications, previews, profile, verification};

/// One wish of the person in front of the device. Handled whole or not at all.
#[derive(Clone, Debug)]
pub enum Command {
    /// Asks a person to become a contact, with a note of 1 to 280 characters.
    SendContactRequest {
        /// The person asked.
        to: PublicKey,
        /// What they read with the request.
        note: String,
    },
    /// Says yes to an open request.
    AcceptContactRequest {
        /// Who asked.
        contact: PublicKey,
    },
    /// Says no to an open request. The other person is not told.
    DeclineContactRequest {
        /// Who asked.
        contact: PublicKey,
    },
    /// Takes back a request of ours that has not been answered.
    RetractContactRequest {
        /// Who was asked.
        contact: PublicKey,
    },
    /// Ends a contact; both sides must ask anew. The chat stays, read-only.
    RemoveContact {
        /// Who is taken out of the list.
        contact: PublicKey,
    },
    /// Drops everything this person sends from now on, and hides what they sent before.
    Block {
        /// Who is blocked.
        contact: PublicKey,
    },
    /// Ends a block. Nothing of the earlier relation comes back.
    Unblock {
        /// Who is unblocked.
        contact: PublicKey,
    },
    /// Our own name for a person, at most 24 characters; empty takes it away. Stays on this device.
    SetNickname {
        /// Who is named.
        contact: PublicKey,
        /// The name.
        name: String,
    },
    /// Sends a text of 1 to 4096 characters.
    SendText {
        /// Where it is said.
        chat: ChatId,
        /// What is said.
        text: String,
        /// The message it answers, which need not be known.
        reply_to: Option<MessageId>,
    },
    /// Sends a text with previews of its links.
    SendPreviewed {
        /// Where it is said.
        chat: ChatId,
        /// What is said.
        text: String,
        /// The previews, at most [`MAX_PREVIEWS`](previews::MAX_PREVIEWS).
        previews: Vec<previews::Preview>,
        /// The message it answers, which need not be known.
        reply_to: Option<MessageId>,
    },
    /// Sends a failed message again, under the same id.
    Resend {
        /// The failed message.
        message: MessageId,
    },
    /// Something about chats and what was said in them.
    Chat(chats::Command),
    /// Something about private groups.
    Group(groups::Command),
    /// Something about files.
    File(files::Command),
    /// Something about pictures and sounds.
    Media(media::Command),
    /// Marks everything in a chat as read.
    MarkRead {
        /// The chat.
        chat: ChatId,
    },
    /// Makes a chat silent, or ends that. Mentions are still counted.
    Mute {
        /// The chat.
        chat: ChatId,
        /// For how long.
        how: Mute,
    },
    /// Something about the activity centre.
    Activity(activity::Command),
    /// Changes the name that contacts see, 5 to 24 characters.
    SetDisplayName {
        /// The new name.
        name: String,
    },
    /// Replaces the settings.
    ChangeSettings(Settings),
    /// Keeps the node's list of good peers, which is opaque here.
    SavePeers(Vec<u8>),
    /// Keeps the addresses of nodes that the person added, in place of those before; at most 16.
    SaveNodes(Vec<String>),
    /// Something about our own profile.
    Profile(profile::Command),
    /// Something about who somebody is.
    Verification(verification::Command),
    /// Something about notifications.
    Notifications(notifications::Command),
    /// Something about backups.
    Backup(backup::Command),
}

/// What a command answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Done, nothing to say.
    Done,
    /// A message was taken over under this id.
    Message(MessageId),
    /// The relation to this person changed.
    Contact(PublicKey),
    /// This chat is in the list now.
    Chat(ChatId),
    /// The places of the words that are asked for, counted from 1.
    Places([u8; 2]),
    /// What became of entries of a backup.
    Merged(backup::Merged),
}

/// The person asked for something that cannot be done, or our own disk failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// No chat has this id.
    #[error("there is no such chat")]
    ChatNotFound,
    /// No message has this id.
    #[error("there is no such message")]
    MessageNotFound,
    /// Nothing is known of this person.
    #[error("there is no such contact")]
    ContactNotFound,
    /// The key is our own.
    #[error("this is your own key")]
    OwnKey,
    /// Messages flow between mutual contacts only.
    #[error("both of you have to accept a contact request before you can write to each other")]
    NotAContact,
    /// They are a contact already.
    #[error("you are contacts already")]
    AlreadyContacts,
    /// A request of ours is open and younger than seven days.
    #[error("a request is open; you can ask again seven days after the last one")]
    AlreadyAsked,
    /// No request of this person is open.
    #[error("there is no open request of this person")]
    NoOpenRequest,
    /// The request is older than seven days.
    #[error("the request has expired; send one of your own")]
    RequestExpired,
    /// The person is blocked.
    #[error("you have blocked this person; unblock them first")]
    Blocked,
    /// Nothing but white space.
    #[error("the text is empty")]
    EmptyText,
    /// More than 4096 characters.
    #[error("the text is longer than 4096 characters")]
    MessageTooLong,
    /// The note of a request has 1 to 280 characters.
    #[error("the note has to have 1 to 280 characters")]
    BadNote,
    /// The nickname has more than 24 characters.
    #[error("the nickname is longer than 24 characters")]
    NicknameTooLong,
    /// The display name would be refused by others.
    #[error(transparent)]
    BadName(#[from] NameError),
    /// Only failed messages can be sent again.
    #[error("this message did not fail")]
    NotFailed,
    /// This kind of chat cannot be written to yet.
    #[error("this kind of chat cannot be written to")]
    UnsupportedChat,
    /// Too many, or no addresses.
    #[error("at most 16 nodes are kept; remove one first")]
    BadNodes,
    /// The message cannot be put into the form of the network.
    #[error("the message cannot be sent in this form")]
    Unsendable,
    /// Something about the activity centre.
    #[error(transparent)]
    Activity(#[from] activity::Error),
    /// Something about our own profile.
    #[error(transparent)]
    Profile(#[from] profile::Error),
    /// Something about who somebody is.
    #[error(transparent)]
    Verification(#[from] verification::Error),
    /// The name we give somebody has characters that cannot be seen.
    #[error("the nickname has characters that cannot be seen; type it anew")]
    BadNickname,
    /// Something about chats and what was said in them.
    #[error(transparent)]
    Chat(#[from] chats::Error),
    /// Something about private groups.
    #[error(transparent)]
    Group(#[from] groups::Error),
    /// It cannot be done with this file.
    #[error(transparent)]
    File(#[from] files::FileCommandError),
    /// It cannot be done with these pictures or this sound.
    #[error(transparent)]
    Media(#[from] media::MediaError),
    /// It cannot be done with these previews.
    #[error(transparent)]
    Preview(#[from] previews::PreviewError),
    /// It cannot be done with this backup.
    #[error(transparent)]
    Backup(#[from] backup::Error),
    /// Our disk could not.
    #[error("the database failed")]
    Store(#[from] store::StoreError),
}

impl CommandError {
    /// A word for programs. Stable across versions.
    pub fn code(&self) -> &'static str {
        match self {
            CommandError::ChatNotFound => "chat_not_found",
            CommandError::MessageNotFound => "message_not_found",
            CommandError::ContactNotFound => "contact_not_found",
            CommandError::OwnKey => "own_key",
            CommandError::NotAContact => "not_a_contact",
            CommandError::AlreadyContacts => "already_contacts",
            CommandError::AlreadyAsked => "already_asked",
            CommandError::NoOpenRequest => "no_open_request",
            CommandError::RequestExpired => "request_expired",
            CommandError::Blocked => "blocked",
            CommandError::EmptyText => "empty_text",
            CommandError::MessageTooLong => "message_too_long",
            CommandError::BadNote => "bad_note",
            CommandError::NicknameTooLong => "nickname_too_long",
            CommandError::BadName(_) => "bad_name",
            CommandError::NotFailed => "not_failed",
            CommandError::UnsupportedChat => "unsupported_chat",
            CommandError::BadNodes => "too_many_nodes",
            CommandError::Unsendable => "unsendable",
            CommandError::Activity(error) => error.code(),
            CommandError::Profile(error) => error.code(),
            CommandError::Verification(error) => error.code(),
            CommandError::BadNickname => "bad_nickname",
            CommandError::Chat(error) => error.code(),
            CommandError::Group(error) => error.code(),
            CommandError::File(error) => error.code(),
            CommandError::Media(error) => error.code(),
            CommandError::Preview(error) => error.code(),
            CommandError::Backup(error) => error.code(),
            CommandError::Store(_) => "store",
        }
    }
}

/// What kind of mistake an error of a feature is, for callers that do not look closer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// What is meant does not exist.
    NotFound,
    /// What was given is not of the form that is needed.
    Invalid,
    /// It cannot be done as things stand.
    Conflict,
}
