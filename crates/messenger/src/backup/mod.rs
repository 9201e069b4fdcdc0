//! Backups: what of a profile goes into a file, and how a file is merged into a profile; see ADR 0016
//! and docs/protocol/backup.md.
//!
//! In it are the profile, the settings, people, chats and, if chosen, messages with their reactions and pins. Never in it
//! are sessions, pre-keys, group keys, the outbox, the recovery phrase, or which installation this is. A merge adds and
//! never overwrites what is newer here. Knows no files: whoever calls [`Walk::next`] writes what it gives, and whoever
//! reads a file hands its entries to [`Command::Merge`].

mod form;
mod merge;
pub mod rules;
mod walk;

use protocol::Timestamp;
use protocol::id::ChatKind;
use store::{
    ChatNotificationsRow, ChatRow, ContactRow, GroupEventRow, GroupRow, LinkRow, MessageRow, PinRow, PublicKeyBytes,
    ReactionRow,
};

use crate::command::Fault;

pub use crypto::backup::{BackupKey, Position};
pub(crate) use merge::{PROFILE_CHANGED, SETTINGS_CHANGED, carry_out, note};
pub use protocol::backup::{BackupError, HEADER, MAX_RECORD, Opener, SEALED_CHUNK, Sealer};
pub use walk::Walk;

/// How much a backup holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The profile, settings, people and chats.
    WithoutMessages,
    /// Messages, too.
    WithMessages,
}

/// One record of a backup, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The first.
    Head(Head),
    /// What we say of ourselves.
    Profile(Box<OwnProfile>),
    /// What was chosen.
    Settings(Choices),
    /// A person.
    Contact(Box<ContactRow>),
    /// A private group, with its signed events.
    Group(Box<(GroupRow, Vec<GroupEventRow>)>),
    /// A conversation.
    Chat(Box<(ChatRow, ChatNotificationsRow)>),
    /// A message.
    Message(Box<MessageRow>),
    /// A reaction that stands.
    Reaction(Box<ReactionRow>),
    /// A pin that stands.
    Pin(Box<PinRow>),
    /// The last: so many stand before it.
    End(u64),
    /// Something that a later version wrote.
    Unknown,
}

/// How a backup begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// When it was made.
    pub made_at: Timestamp,
    /// Whose it is.
    pub identity: PublicKeyBytes,
    /// How much it holds.
    pub extent: Extent,
    /// How many entries follow, roughly.
    pub expected: u64,
}

/// Our own profile in a backup.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnProfile {
    /// When its person last changed it, if ever.
    pub changed_at: Timestamp,
    /// The name.
    pub display_name: String,
    /// What we say of ourselves.
    pub bio: String,
    /// The colour, 0 to 17.
    pub colour: u32,
    /// The links.
    pub links: Vec<LinkRow>,
    /// The picture, small and large, and since when we have it.
    pub picture: Option<(Vec<u8>, Vec<u8>, Timestamp)>,
}

impl std::fmt::Debug for OwnProfile {
    /// Not what it says.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OwnProfile({})", self.changed_at.0)
    }
}

/// The settings in a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choices {
    /// When they were last changed, if ever.
    pub changed_at: Timestamp,
    /// Their names and numbers. Names that nobody knows here are left out when they are merged.
    pub numbers: Vec<(String, u64)>,
}

/// Something about backups.
#[derive(Clone)]
pub enum Command {
    /// Merges some entries of a backup that was read to its end before. Repeating it does no harm.
    Merge {
        /// How the backup begins.
        head: Head,
        /// Entries in the order of the file; see [`Entry::weight`].
        entries: Vec<Entry>,
    },
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Command::Merge { entries, .. } = self;
        write!(f, "Merge({} entries)", entries.len())
    }
}

/// What became of entries that were merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// People that were not here.
    pub contacts: u64,
    /// Chats that were not here.
    pub chats: u64,
    /// Messages that were not here.
    pub messages: u64,
}

impl Merged {
    /// Both together.
    pub fn and(self, more: Merged) -> Merged {
        Merged {
            contacts: self.contacts + more.contacts,
            chats: self.chats + more.chats,
            messages: self.messages + more.messages,
        }
    }
}

/// It cannot be done with this backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It belongs to somebody else.
    #[error(transparent)]
    File(#[from] BackupError),
}

impl Error {
    /// A word for programs. Stable across versions.
    pub fn code(&self) -> &'static str {
        match self {
            Error::File(BackupError::NotABackup) => "not_a_backup",
            Error::File(BackupError::Version) => "newer_version",
            Error::File(BackupError::OtherProfile) => "other_profile",
            Error::File(BackupError::Damaged) => "damaged_backup",
        }
    }

    /// What kind of mistake it is.
    pub fn fault(&self) -> Fault {
        Fault::Invalid
    }
}

impl Entry {
    /// What merging it costs; entries of [`TURN_WEIGHT`] together are enough for one turn.
    pub fn weight(&self) -> u64 {
        match self {
            Entry::Profile(_) | Entry::Settings(_) => TURN_WEIGHT,
            // The keys of topics cost some 50 ms.
            Entry::Contact(_) => TURN_WEIGHT / 8,
            // Each event of a group is parsed and judged.
            Entry::Group(group) => 8 + group.1.len() as u64,
            Entry::Chat(chat) if chat.0.id.kind() == ChatKind::Public => TURN_WEIGHT / 8,
            Entry::Message(row) => 4 + (row.payload.as_ref().map_or(0, Vec::len) / 4_096) as u64,
            _ => 1,
        }
    }
}

/// Entries of so much weight are merged in one turn: some hundred milliseconds.
pub const TURN_WEIGHT: u64 = 1_000;
