//! The activity centre: what happened and is worth a look, in one list over everything.
//!
//! Features tell it with [`note`], and how a matter ended with [`settle`]. Whether something is worth an entry is decided
//! by them; here is only what holds for all: nobody's entry about themselves, none of blocked people, and a bound.
//! Whether anything is also shown on the screen is decided elsewhere.

pub(crate) mod commands;

use crypto::PublicKey;
use protocol::Timestamp;
use protocol::id::{ChatId, CommunityId, MessageId};
use store::{ActivityRow, StoreError};

use crate::turn::{Turn, row_key};

pub use commands::{Command, Error};
pub use store::{ActivityFilter, ActivityId, ActivityKind, ActivityPlace, Answer};

/// What is to be noted.
#[derive(Clone, Debug)]
pub(crate) struct Note<'a> {
    kind: ActivityKind,
    subject: &'a [u8],
    at: Option<Timestamp>,
    person: Option<&'a PublicKey>,
    chat: Option<&'a ChatId>,
    message: Option<&'a MessageId>,
    community: Option<&'a CommunityId>,
    detail: &'a str,
    answer: Answer,
    read: bool,
}

// Some of these are for features that come later than this one.
#[allow(dead_code)]
impl<'a> Note<'a> {
    /// Something of this kind about this subject: the id of a message, a key, the id of a chat. Noting the same kind and
    /// subject again replaces the entry, and makes it unread and new.
    pub(crate) fn new(kind: ActivityKind, subject: &'a [u8]) -> Note<'a> {
        Note {
            kind,
            subject,
            at: None,
            person: None,
            chat: None,
            message: None,
            community: None,
            detail: "",
            answer: Answer::None,
            read: false,
        }
    }

    /// About a message, which is the subject.
    pub(crate) fn about(kind: ActivityKind, message: &'a MessageId) -> Note<'a> {
        Note {
            message: Some(message),
            ..Note::new(kind, message.as_bytes())
        }
    }

    /// When it happened, if not now.
    pub(crate) fn at(self, at: Timestamp) -> Note<'a> {
        Note { at: Some(at), ..self }
    }

    /// Who did it.
    pub(crate) fn by(self, person: &'a PublicKey) -> Note<'a> {
        Note {
            person: Some(person),
            ..self
        }
    }

    /// Where.
    pub(crate) fn in_chat(self, chat: &'a ChatId) -> Note<'a> {
        Note {
            chat: Some(chat),
            ..self
        }
    }

    /// The message that says it.
    pub(crate) fn message(self, message: &'a MessageId) -> Note<'a> {
        Note {
            message: Some(message),
            ..self
        }
    }

    /// The community it is about.
    pub(crate) fn community(self, community: &'a CommunityId) -> Note<'a> {
        Note {
            community: Some(community),
            ..self
        }
    }

    /// What else is to be shown; only the first [`MAX_DETAIL`] characters are kept.
    pub(crate) fn detail(self, detail: &'a str) -> Note<'a> {
        Note { detail, ..self }
    }

    /// It waits for an answer.
    pub(crate) fn asks(self) -> Note<'a> {
        Note {
            answer: Answer::Pending,
            ..self
        }
    }

    /// The person has seen it already, for instance because the chat was read on another device.
    pub(crate) fn seen_if(self, seen: bool) -> Note<'a> {
        Note { read: seen, ..self }
    }
}

/// Puts an entry into the activity centre. Of ourselves and of blocked people there is none.
pub(crate) fn note(turn: &mut Turn<'_, '_>, note: &Note<'_>) -> Result<(), StoreError> {
    if let Some(person) = note.person {
        let blocked = turn
            .tx
            .contacts()
            .load(&row_key(person))?
            .is_some_and(|row| row.blocked);
        if *person == turn.me.public || blocked {
            return Ok(());
        }
    }
    let row = ActivityRow {
        person: note.person.map(row_key),
        chat: note.chat.cloned(),
        message: note.message.copied(),
        community: note.community.copied(),
        detail: note.detail.chars().take(MAX_DETAIL).collect(),
        answer: note.answer,
        read: note.read,
        ..ActivityRow::new(note.kind, note.subject, note.at.unwrap_or(turn.now))
    };
    let id = turn.tx.activity().save(&row)?;
    // Counting is cheaper than pruning, and names only ever grow.
    if id.0 % PRUNE_EVERY == 0 {
        turn.tx.activity().prune(MAX_ENTRIES)?;
    }
    Ok(())
}

/// Says how a matter that waited for an answer ended. An entry that is gone, or was settled before, stays as it is.
pub(crate) fn settle(
    turn: &mut Turn<'_, '_>,
    kind: ActivityKind,
    subject: &[u8],
    answer: Answer,
) -> Result<(), StoreError> {
    match turn.tx.activity().find(kind, subject)? {
        Some(entry) if entry.answer == Answer::Pending => {
            let read = entry.read || answer != Answer::Over;
            turn.tx.activity().save(&ActivityRow { answer, read, ..entry })?;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Takes an entry away, because what it tells is no longer so.
pub(crate) fn withdraw(turn: &mut Turn<'_, '_>, kind: ActivityKind, subject: &[u8]) -> Result<(), StoreError> {
    match turn.tx.activity().find(kind, subject)? {
        Some(entry) => turn.tx.activity().remove(entry.id).map(drop),
        None => Ok(()),
    }
}

/// The person read a chat: what happened in it is no news any more.
pub(crate) fn chat_was_read(turn: &mut Turn<'_, '_>, chat: &ChatId) -> Result<(), StoreError> {
    turn.tx.activity().mark_chat_read(chat, IN_CHATS).map(drop)
}

/// What is over when its chat was read. Requests and invitations are not: they want an answer.
const IN_CHATS: &[ActivityKind] = &[
    ActivityKind::Mention,
    ActivityKind::Reply,
    ActivityKind::NewChat,
    ActivityKind::GroupChange,
    ActivityKind::File,
];

/// Characters of a detail: as many as the longest note of a contact request.
pub(crate) const MAX_DETAIL: usize = 280;

/// Entries that are kept. Nobody scrolls further, and whoever mentions us in a loop fills no disk.
const MAX_ENTRIES: u32 = 5_000;

/// How many new entries until old ones are looked for.
const PRUNE_EVERY: u64 = 64;
