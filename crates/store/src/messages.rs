//! Messages of all chats: saving, order, state. Finding them by their text is in [`search`].
//!
//! A chat's messages are ordered by Lamport clock, equal clocks by message id. Unread counts are derived from the `seen`
//! mark, never stored.

use std::ops::{Range, RangeInclusive};

use protocol::Timestamp;
use protocol::id::{ChatId, MessageId};
use rusqlite::{Params, Row, params};

use crate::access::Access;
use crate::value::{Code, Coded, Sql, coded, column, optional};
use crate::{PublicKeyBytes, StoreError};

pub use search::{Found, Search, SearchPlace, Sort};

mod search;

/// Door to the messages.
pub struct Messages<'t>(pub(crate) Access<'t>);

/// One message.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageRow {
    /// Its id.
    pub id: MessageId,
    /// The chat it stands in; the chat must be saved before.
    pub chat: ChatId,
    /// Who wrote it.
    pub author: PublicKeyBytes,
    /// Lamport clock, its place in the chat.
    pub clock: u64,
    /// The time to show: the envelope's, or ours for what we wrote.
    pub sent_at: Timestamp,
    /// The wire's number of its content type.
    pub kind: u32,
    /// Its text; empty if it has none or none any more.
    pub text: String,
    /// What else it carries, in the form of the wire.
    pub payload: Option<Vec<u8>>,
    /// The message it answers, which may not be here.
    pub response_to: Option<MessageId>,
    /// How far it got, if we wrote it.
    pub delivery: Option<Delivery>,
    /// If it carries a contact request: how that stands.
    pub request: Option<RequestProgress>,
    /// Clock of the newest edit that was applied; 0 if none.
    pub edited_clock: u64,
    /// Whether and for whom it was deleted.
    pub deletion: Deletion,
    /// Who deleted it, if not its author.
    pub deleted_by: Option<PublicKeyBytes>,
    /// Whether we have seen it.
    pub seen: bool,
    /// Whether it is meant for us in particular.
    pub mention: bool,
}

/// How far a message of ours got, from evidence only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It is in the outbox.
    Queued,
    /// The network has all of it.
    Sent,
    /// Everybody it was for has acknowledged it.
    Delivered,
    /// It was given up.
    Failed,
}

/// How the contact request in a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestProgress {
    /// Not answered yet.
    Pending,
    /// Accepted.
    Accepted,
    /// Declined.
    Declined,
    /// Taken back, or ended by itself.
    Withdrawn,
}

/// Whether and for whom a message was deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Deletion {
    /// It stands.
    #[default]
    None,
    /// For everyone.
    ForEveryone,
    /// On our own devices only.
    ForMe,
}

/// A place in the order of a chat's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// Lamport clock.
    pub clock: u64,
    /// Message id, which orders equal clocks.
    pub id: MessageId,
}

impl MessageRow {
    /// Its place in its chat.
    pub fn cursor(&self) -> Cursor {
        Cursor {
            clock: self.clock,
            id: self.id,
        }
    }
}

impl std::fmt::Debug for MessageRow {
    /// Not the text.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MessageRow")
            .field("id", &self.id)
            .field("chat", &self.chat)
            .field("clock", &self.clock)
            .field("kind", &self.kind)
            .field("delivery", &self.delivery)
            .finish_non_exhaustive()
    }
}

impl Messages<'_> {
    /// Adds a message; false if one with this id is there already, which then stays as it is.
    pub fn insert(&mut self, message: &MessageRow) -> Result<bool, StoreError> {
        let added = self.0.execute(
            "INSERT INTO messages
                 (id, chat, author, clock, sent_at, kind, text, payload, response_to, delivery, request_state,
                  edited_clock, deletion, deleted_by, seen, mention)
             VALUES (?1, (SELECT row FROM chats WHERE id = ?2), ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,
                 ?16)
             ON CONFLICT (id) DO NOTHING",
            params![
                Sql(&message.id),
                Sql(&message.chat),
                message.author,
                Sql(message.clock),
                Sql(message.sent_at),
                message.kind,
                message.text,
                message.payload,
                message.response_to.as_ref().map(Sql),
                message.delivery.map(Coded),
                message.request.map(Coded),
                Sql(message.edited_clock),
                Coded(message.deletion),
                message.deleted_by,
                message.seen,
                message.mention,
            ],
        )?;
        if added > 0 {
            self.0.note_text(self.0.last_row(), None);
            self.touched(message.id, &message.chat);
            if !message.seen {
                self.0.record(|changes| {
                    changes.arrived.insert(message.id);
                });
            }
        }
        Ok(added > 0)
    }

    /// Saves what can change in a message: text, payload, states, marks. Id, chat, author, clock and time stay. A message
    /// that is not here is left out.
    pub fn update(&mut self, message: &MessageRow) -> Result<(), StoreError> {
        let before = self.0.one(
            "SELECT row, text FROM messages WHERE id = ?1",
            [Sql(&message.id)],
            |row| Ok((row.get("row")?, row.get("text")?)),
        )?;
        let Some((row, text)) = before else { return Ok(()) };
        self.0.note_text(row, Some(text));
        self.0.execute(
            "UPDATE messages SET kind = ?2, text = ?3, payload = ?4, delivery = ?5, request_state = ?6, edited_clock = ?7,
                 deletion = ?8, deleted_by = ?9, seen = ?10, mention = ?11
             WHERE id = ?1",
            params![
                Sql(&message.id),
                message.kind,
                message.text,
                message.payload,
                message.delivery.map(Coded),
                message.request.map(Coded),
                Sql(message.edited_clock),
                Coded(message.deletion),
                message.deleted_by,
                message.seen,
                message.mention,
            ],
        )?;
        self.touched(message.id, &message.chat);
        self.0.record(|changes| changes.erased = true);
        Ok(())
    }

    /// Sets how far a message of ours got; false if the message is not here.
    pub fn set_delivery(&mut self, id: &MessageId, delivery: Delivery) -> Result<bool, StoreError> {
        let chat = self.0.one(
            "UPDATE messages SET delivery = ?2 WHERE id = ?1
             RETURNING (SELECT id FROM chats WHERE row = messages.chat) AS chat_id",
            params![Sql(id), Coded(delivery)],
            |row| column::<ChatId>(row, "chat_id"),
        )?;
        if let Some(chat) = &chat {
            self.touched(*id, chat);
        }
        Ok(chat.is_some())
    }

    /// Marks the messages of a chat up to a clock as seen; answers how many were not.
    pub fn mark_seen(&mut self, chat: &ChatId, up_to: u64) -> Result<usize, StoreError> {
        let ids = self.0.all(
            "UPDATE messages SET seen = 1
             WHERE chat = (SELECT row FROM chats WHERE id = ?1) AND seen = 0 AND clock <= ?2 RETURNING id, row, text",
            params![Sql(chat), Sql(up_to)],
            |row| column::<MessageId>(row, "id"),
        )?;
        let count = ids.len();
        for id in ids {
            self.touched(id, chat);
        }
        Ok(count)
    }

    /// Removes one message altogether; false if it was not here.
    pub fn remove(&mut self, id: &MessageId) -> Result<bool, StoreError> {
        let Some(message) = self.load(id)? else {
            return Ok(false);
        };
        remove_where(
            &mut self.0,
            "DELETE FROM messages WHERE id = ?1 RETURNING id, row, text",
            [Sql(id)],
        )?;
        self.touched(*id, &message.chat);
        Ok(true)
    }

    /// Removes the messages of a chat up to a clock; answers how many.
    pub fn remove_up_to(&mut self, chat: &ChatId, clock: u64) -> Result<usize, StoreError> {
        remove_of_chat(&mut self.0, chat, clock)
    }

    /// Removes everything that a person wrote, in all chats; answers how many.
    pub fn remove_of_author(&mut self, author: &PublicKeyBytes) -> Result<usize, StoreError> {
        let chats = self.0.all(
            "SELECT id FROM chats WHERE row IN (SELECT chat FROM messages WHERE author = ?1)",
            [author],
            |row| column::<ChatId>(row, "id"),
        )?;
        let removed = remove_where(
            &mut self.0,
            "DELETE FROM messages WHERE author = ?1 RETURNING id, row, text",
            [author],
        )?;
        let count = removed.len();
        self.0.record(|changes| {
            changes.chats.extend(chats);
            changes.messages.extend(removed);
        });
        Ok(count)
    }

    /// One message.
    pub fn load(&self, id: &MessageId) -> Result<Option<MessageRow>, StoreError> {
        self.0.one(
            "SELECT m.*, c.id AS chat_id FROM messages m JOIN chats c ON c.row = m.chat WHERE m.id = ?1",
            [Sql(id)],
            read,
        )
    }

    /// How many messages there are, in all chats together.
    pub fn count(&self) -> Result<u64, StoreError> {
        self.0.count("SELECT count(*) FROM messages", [])
    }

    /// Whether a message is here.
    pub fn contains(&self, id: &MessageId) -> Result<bool, StoreError> {
        self.0.exists("SELECT 1 FROM messages WHERE id = ?1", [Sql(id)])
    }

    /// Up to `limit` messages of a chat, the newest first, from the one before `before`. Those that were deleted on our own
    /// devices only are left out.
    pub fn page(&self, chat: &ChatId, before: Option<&Cursor>, limit: u32) -> Result<Vec<MessageRow>, StoreError> {
        page(&self.0, chat, before, limit)
    }

    /// Up to `limit` messages of a chat, the oldest first, from the one after `after`. Those that were deleted on our own
    /// devices only are left out.
    pub fn newer_page(&self, chat: &ChatId, after: &Cursor, limit: u32) -> Result<Vec<MessageRow>, StoreError> {
        self.0.all(
            "SELECT m.*, c.id AS chat_id FROM chats c JOIN messages m ON m.chat = c.row
             WHERE c.id = ?1 AND m.deletion <> 2 AND (m.clock, m.id) > (?2, ?3) ORDER BY m.clock, m.id LIMIT ?4",
            params![Sql(chat), Sql(after.clock), Sql(&after.id), limit],
            read,
        )
    }

    /// Up to `limit` messages of a chat, the oldest first, from the one after `after`, deleted or not.
    pub fn page_after(&self, chat: &ChatId, after: &Cursor, limit: u32) -> Result<Vec<MessageRow>, StoreError> {
        self.0.all(
            "SELECT m.*, c.id AS chat_id FROM chats c JOIN messages m ON m.chat = c.row
             WHERE c.id = ?1 AND (m.clock, m.id) > (?2, ?3) ORDER BY m.clock, m.id LIMIT ?4",
            params![Sql(chat), Sql(after.clock), Sql(&after.id), limit],
            read,
        )
    }

    /// Up to `limit` messages of one person in a chat whose clocks are in a span, those nearest to its middle first.
    pub fn of_author(
        &self,
        chat: &ChatId,
        author: &PublicKeyBytes,
        clocks: RangeInclusive<u64>,
        limit: u32,
    ) -> Result<Vec<MessageRow>, StoreError> {
        let (first, last) = clocks.into_inner();
        self.0.all(
            "SELECT m.*, c.id AS chat_id FROM chats c JOIN messages m INDEXED BY messages_order ON m.chat = c.row
             WHERE c.id = ?1 AND m.clock BETWEEN ?3 AND ?4 AND m.author = ?2
             ORDER BY abs(m.clock - (?3 + ?4) / 2), m.id LIMIT ?5",
            params![Sql(chat), author, Sql(first), Sql(last), limit],
            read,
        )
    }

    /// How many messages of a chat were sent from one time until before another, by one person or by all; counts no further
    /// than `most`.
    pub fn count_sent(
        &self,
        chat: &ChatId,
        author: Option<&PublicKeyBytes>,
        sent: Range<Timestamp>,
        most: u32,
    ) -> Result<u64, StoreError> {
        self.0.count(
            "SELECT count(*) FROM (
                 SELECT 1 FROM messages INDEXED BY messages_sent
                 WHERE chat = (SELECT row FROM chats WHERE id = ?1) AND sent_at >= ?2 AND sent_at < ?3
                     AND (?4 IS NULL OR author = ?4) LIMIT ?5
             )",
            params![Sql(chat), Sql(sent.start), Sql(sent.end), author, most],
        )
    }

    /// The messages that answer a message.
    pub fn responses(&self, to: &MessageId) -> Result<Vec<MessageId>, StoreError> {
        self.0
            .all("SELECT id FROM messages WHERE response_to = ?1", [Sql(to)], |row| {
                column(row, "id")
            })
    }

    /// Up to `limit` messages of ours that are queued or sent but not more, the oldest first.
    pub fn undelivered(&self, limit: u32) -> Result<Vec<MessageRow>, StoreError> {
        self.0.all(
            "SELECT m.*, c.id AS chat_id FROM messages m JOIN chats c ON c.row = m.chat
             WHERE m.delivery IN (0, 1) ORDER BY m.sent_at LIMIT ?1",
            [limit],
            read,
        )
    }

    fn touched(&mut self, id: MessageId, chat: &ChatId) {
        self.0.record(|changes| {
            changes.messages.insert(id);
            if !changes.chats.contains(chat) {
                changes.chats.insert(chat.clone());
            }
        });
    }
}

/// Up to `limit` messages of a chat, the newest first, from the one before `before`.
pub(crate) fn page(
    access: &Access<'_>,
    chat: &ChatId,
    before: Option<&Cursor>,
    limit: u32,
) -> Result<Vec<MessageRow>, StoreError> {
    match before {
        None => access.all(
            "SELECT m.*, c.id AS chat_id FROM chats c JOIN messages m ON m.chat = c.row
             WHERE c.id = ?1 AND m.deletion <> 2 ORDER BY m.clock DESC, m.id DESC LIMIT ?2",
            params![Sql(chat), limit],
            read,
        ),
        Some(before) => access.all(
            "SELECT m.*, c.id AS chat_id FROM chats c JOIN messages m ON m.chat = c.row
             WHERE c.id = ?1 AND m.deletion <> 2 AND (m.clock, m.id) < (?2, ?3)
             ORDER BY m.clock DESC, m.id DESC LIMIT ?4",
            params![Sql(chat), Sql(before.clock), Sql(&before.id), limit],
            read,
        ),
    }
}

/// Removes the messages of a chat up to a clock; answers how many.
pub(crate) fn remove_of_chat(access: &mut Access<'_>, chat: &ChatId, clock: u64) -> Result<usize, StoreError> {
    let removed = remove_where(
        access,
        "DELETE FROM messages WHERE chat = (SELECT row FROM chats WHERE id = ?1) AND clock <= ?2 RETURNING id, row, text",
        params![Sql(chat), Sql(clock)],
    )?;
    access.record(|changes| {
        changes.chats.insert(chat.clone());
        if !removed.is_empty() {
            changes.cleared.insert(chat.clone());
        }
    });
    Ok(removed.len())
}

/// Runs a statement that deletes messages and returns their ids, rows and texts; removes what hangs on them; answers which
/// they were, for the caller to record.
fn remove_where(access: &mut Access<'_>, sql: &str, params: impl Params) -> Result<Vec<MessageId>, StoreError> {
    let removed = access.all(sql, params, |row| {
        Ok((column::<MessageId>(row, "id")?, row.get("row")?, row.get("text")?))
    })?;
    let mut ids = Vec::with_capacity(removed.len());
    for (id, row, text) in removed {
        access.note_text(row, Some(text));
        ids.push(id);
    }
    for id in &ids {
        access.execute("DELETE FROM reactions WHERE message = ?1", [Sql(id)])?;
        access.execute("DELETE FROM pins WHERE message = ?1", [Sql(id)])?;
        access.execute("DELETE FROM originals WHERE message = ?1", [Sql(id)])?;
        access.execute(
            "DELETE FROM originals WHERE message IN (SELECT id FROM edits WHERE target = ?1)",
            [Sql(id)],
        )?;
        access.execute("DELETE FROM edits WHERE target = ?1", [Sql(id)])?;
        access.execute("DELETE FROM late_messages WHERE message = ?1", [Sql(id)])?;
    }
    access.record(|changes| {
        changes.erased |= !ids.is_empty();
        // Their files go with them, and the topics of those.
        changes.topics |= !ids.is_empty();
    });
    Ok(ids)
}

pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<MessageRow> {
    Ok(MessageRow {
        id: column(row, "id")?,
        chat: column(row, "chat_id")?,
        author: row.get("author")?,
        clock: column(row, "clock")?,
        sent_at: column(row, "sent_at")?,
        kind: row.get("kind")?,
        text: row.get("text")?,
        payload: row.get("payload")?,
        response_to: optional(row, "response_to")?,
        delivery: row.get::<_, Option<Coded<Delivery>>>("delivery")?.map(|code| code.0),
        request: row
            .get::<_, Option<Coded<RequestProgress>>>("request_state")?
            .map(|code| code.0),
        edited_clock: column(row, "edited_clock")?,
        deletion: coded(row, "deletion")?,
        deleted_by: row.get("deleted_by")?,
        seen: row.get("seen")?,
        mention: row.get("mention")?,
    })
}

impl Code for Delivery {
    const CODES: &'static [(Delivery, i64)] = &[
        (Delivery::Queued, 0),
        (Delivery::Sent, 1),
        (Delivery::Delivered, 2),
        (Delivery::Failed, 3),
    ];
}

impl Code for RequestProgress {
    const CODES: &'static [(RequestProgress, i64)] = &[
        (RequestProgress::Pending, 1),
        (RequestProgress::Accepted, 2),
        (RequestProgress::Declined, 3),
        (RequestProgress::Withdrawn, 4),
    ];
}

impl Code for Deletion {
    const CODES: &'static [(Deletion, i64)] = &[(Deletion::None, 0), (Deletion::ForEveryone, 1), (Deletion::ForMe, 2)];
}

#[cfg(test)]
mod tests;
