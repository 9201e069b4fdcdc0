//! What each conversation is missing, how far every line of it was heard of, and the signed messages that are kept so
//! that others can be helped.
//!
//! A line is what one device writes in one conversation to one audience; its messages are numbered from 1.

use protocol::Timestamp;
use protocol::extensions::{Line, Name};
use protocol::id::{ChatId, MessageId};
use rusqlite::{Row, params};

use crate::access::Access;
use crate::value::{Code, Coded, Sql, coded, column, optional};
use crate::{PublicKeyBytes, StoreError};

/// Door to lines, absent messages and originals.
pub struct Repair<'t>(pub(crate) Access<'t>);

/// Our own line in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLineRow {
    /// The conversation.
    pub chat: ChatId,
    /// What the line is made of, beside author and conversation.
    pub nonce: [u8; 8],
    /// The number of its last message.
    pub number: u64,
    /// The id of its last message.
    pub last: MessageId,
    /// The devices it was written to, 8 bytes each, sorted.
    pub audience: Vec<u8>,
}

/// How far a line was heard of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineRow {
    /// The conversation.
    pub chat: ChatId,
    /// The line.
    pub line: Line,
    /// Who writes it, once a message of it was here.
    pub author: Option<PublicKeyBytes>,
    /// The highest number heard of.
    pub number: u64,
    /// When that was.
    pub heard_at: Timestamp,
}

/// A message that is known to exist and is not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbsentRow {
    /// The conversation.
    pub chat: ChatId,
    /// Which message.
    pub name: Name,
    /// Its id, if the message after it is here.
    pub message: Option<MessageId>,
    /// The message that made it known.
    pub named_by: MessageId,
    /// Who wrote that one.
    pub namer: PublicKeyBytes,
    /// The clock of that one: the gap stands before it.
    pub clock: u64,
    /// When it became known.
    pub since: Timestamp,
    /// What is being done.
    pub state: Absence,
    /// How often it was asked for.
    pub asked: u32,
    /// When to do the next thing; never if there is none.
    pub due_at: Option<Timestamp>,
}

/// What is being done about an absent message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// It may come by itself at any moment; no gap is shown yet.
    Expected,
    /// It is being asked for.
    Searching,
    /// Its author no longer has it.
    Gone,
    /// Nobody answered.
    GivenUp,
}

/// Absent messages that one message made known and that share their fate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapRow {
    /// The message before which the gap stands.
    pub named_by: MessageId,
    /// That message's clock.
    pub clock: u64,
    /// How many are absent.
    pub count: u64,
    /// Since when that is known.
    pub since: Timestamp,
    /// What is being done.
    pub state: Absence,
    /// How often was asked.
    pub asked: u32,
}

/// A message as its author signed it.
#[derive(Clone, PartialEq, Eq)]
pub struct OriginalRow {
    /// Its id.
    pub message: MessageId,
    /// The conversation.
    pub chat: ChatId,
    /// Its place.
    pub name: Name,
    /// The people it was written to, 33 bytes each.
    pub audience: Vec<u8>,
    /// The application wrapper; empty once its message was deleted.
    pub bytes: Vec<u8>,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// Since when it is kept.
    pub kept_at: Timestamp,
}

impl Repair<'_> {
    /// Our line in a conversation.
    pub fn own_line(&self, chat: &ChatId) -> Result<Option<OwnLineRow>, StoreError> {
        self.0
            .one("SELECT * FROM own_lines WHERE chat = ?1", [Sql(chat)], |row| {
                Ok(OwnLineRow {
                    chat: column(row, "chat")?,
                    nonce: row.get("nonce")?,
                    number: column(row, "number")?,
                    last: column(row, "last")?,
                    audience: row.get("audience")?,
                })
            })
    }

    /// Saves our line in a conversation.
    pub fn save_own_line(&mut self, row: &OwnLineRow) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT OR REPLACE INTO own_lines (chat, nonce, number, last, audience) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![Sql(&row.chat), row.nonce, Sql(row.number), Sql(&row.last), row.audience],
        )?;
        Ok(())
    }

    /// How far a line was heard of.
    pub fn line(&self, chat: &ChatId, line: &Line) -> Result<Option<LineRow>, StoreError> {
        self.0.one(
            "SELECT * FROM lines WHERE chat = ?1 AND line = ?2",
            params![Sql(chat), line.0],
            read_line,
        )
    }

    /// Saves how far a line was heard of; of the lines of one conversation the `most` that spoke last are kept.
    pub fn save_line(&mut self, row: &LineRow, most: u32) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT OR REPLACE INTO lines (chat, line, author, number, heard_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                Sql(&row.chat),
                row.line.0,
                row.author,
                Sql(row.number),
                Sql(row.heard_at)
            ],
        )?;
        self.0.execute(
            "DELETE FROM lines WHERE chat = ?1 AND line IN
                 (SELECT line FROM lines WHERE chat = ?1 ORDER BY heard_at DESC LIMIT -1 OFFSET ?2)",
            params![Sql(&row.chat), most],
        )?;
        Ok(())
    }

    /// How far an author's line was heard of, in whichever conversation it is.
    pub fn reached(&self, line: &Line, author: &PublicKeyBytes) -> Result<Option<u64>, StoreError> {
        self.0.one(
            "SELECT number FROM lines WHERE line = ?1 AND author = ?2 LIMIT 1",
            params![line.0, author],
            |row| column(row, "number"),
        )
    }

    /// The lines of a conversation that spoke last.
    pub fn latest_lines(&self, chat: &ChatId, limit: u32) -> Result<Vec<LineRow>, StoreError> {
        self.0.all(
            "SELECT * FROM lines WHERE chat = ?1 ORDER BY heard_at DESC LIMIT ?2",
            params![Sql(chat), limit],
            read_line,
        )
    }

    /// Adds an absent message unless it is known already or the conversation has `most` of them.
    pub fn add_absent(&mut self, row: &AbsentRow, most: u64) -> Result<(), StoreError> {
        if self
            .0
            .count("SELECT count(*) FROM absent WHERE chat = ?1", [Sql(&row.chat)])?
            >= most
        {
            return Ok(());
        }
        self.0.execute(
            "INSERT INTO absent
                 (chat, line, number, message, named_by, namer, clock, since, state, asked, due_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING",
            params![
                Sql(&row.chat),
                row.name.line.0,
                Sql(row.name.number),
                row.message.as_ref().map(Sql),
                Sql(&row.named_by),
                row.namer,
                Sql(row.clock),
                Sql(row.since),
                Coded(row.state),
                row.asked,
                row.due_at.map(Sql),
            ],
        )?;
        Ok(())
    }

    /// Says what is being done about an absent message.
    pub fn update_absent(&mut self, row: &AbsentRow) -> Result<(), StoreError> {
        self.0.execute(
            "UPDATE absent SET message = ?4, state = ?5, asked = ?6, due_at = ?7
             WHERE chat = ?1 AND line = ?2 AND number = ?3",
            params![
                Sql(&row.chat),
                row.name.line.0,
                Sql(row.name.number),
                row.message.as_ref().map(Sql),
                Coded(row.state),
                row.asked,
                row.due_at.map(Sql),
            ],
        )?;
        self.touch(row);
        Ok(())
    }

    /// It is here now, or was never for us. Answers whether it was absent.
    pub fn remove_absent(&mut self, chat: &ChatId, name: &Name) -> Result<bool, StoreError> {
        let Some(row) = self.absent(chat, name)? else {
            return Ok(false);
        };
        self.0.execute(
            "DELETE FROM absent WHERE chat = ?1 AND line = ?2 AND number = ?3",
            params![Sql(chat), name.line.0, Sql(name.number)],
        )?;
        self.touch(&row);
        Ok(true)
    }

    /// One absent message of a conversation.
    pub fn absent(&self, chat: &ChatId, name: &Name) -> Result<Option<AbsentRow>, StoreError> {
        self.0.one(
            "SELECT * FROM absent WHERE chat = ?1 AND line = ?2 AND number = ?3",
            params![Sql(chat), name.line.0, Sql(name.number)],
            read_absent,
        )
    }

    /// The conversations that lack the message of this name; one, unless somebody lies.
    pub fn lacking(&self, name: &Name) -> Result<Vec<AbsentRow>, StoreError> {
        self.0.all(
            "SELECT * FROM absent WHERE line = ?1 AND number = ?2 LIMIT 8",
            params![name.line.0, Sql(name.number)],
            read_absent,
        )
    }

    /// Absent messages about which something is due.
    pub fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<AbsentRow>, StoreError> {
        self.0.all(
            "SELECT * FROM absent WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2",
            params![Sql(now), limit],
            read_absent,
        )
    }

    /// When something is due next.
    pub fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.0.one(
            "SELECT due_at FROM absent WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1",
            [],
            |row| column(row, "due_at"),
        )
    }

    /// What a conversation asks for and whose next attempt is later than `after` is due at `at` instead.
    pub fn bring_forward(&mut self, chat: &ChatId, after: Timestamp, at: Timestamp) -> Result<(), StoreError> {
        self.0.execute(
            "UPDATE absent SET due_at = ?3 WHERE chat = ?1 AND due_at > ?2 AND asked > 0",
            params![Sql(chat), Sql(after), Sql(at)],
        )?;
        Ok(())
    }

    /// The gaps of a conversation, the earliest place first.
    pub fn gaps(&self, chat: &ChatId) -> Result<Vec<GapRow>, StoreError> {
        self.0.all(
            "SELECT named_by, clock, state, count(*) AS count, min(since) AS since, max(asked) AS asked
             FROM absent WHERE chat = ?1 AND state <> 0 GROUP BY named_by, state ORDER BY clock, named_by",
            [Sql(chat)],
            |row| {
                Ok(GapRow {
                    named_by: column(row, "named_by")?,
                    clock: column(row, "clock")?,
                    count: column(row, "count")?,
                    since: column(row, "since")?,
                    state: coded(row, "state")?,
                    asked: row.get("asked")?,
                })
            },
        )
    }

    /// Everything that a conversation lacks, expected or not.
    pub fn all_absent(&self, chat: &ChatId) -> Result<Vec<AbsentRow>, StoreError> {
        self.0
            .all("SELECT * FROM absent WHERE chat = ?1", [Sql(chat)], read_absent)
    }

    /// Keeps a message as its author signed it. Of each conversation the newest are kept: so many of at most `small`
    /// bytes, and so many larger ones.
    pub fn keep_original(&mut self, row: &OriginalRow, small: usize, most: [u32; 2]) -> Result<(), StoreError> {
        let large = row.bytes.len() > small;
        self.0.execute(
            "INSERT INTO originals (message, chat, line, number, audience, bytes, sent_at, kept_at, large)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
            params![
                Sql(&row.message),
                Sql(&row.chat),
                row.name.line.0,
                Sql(row.name.number),
                row.audience,
                row.bytes,
                Sql(row.sent_at),
                Sql(row.kept_at),
                large,
            ],
        )?;
        let pruned = self.0.execute(
            "DELETE FROM originals WHERE message IN (SELECT message FROM originals
                 WHERE chat = ?1 AND large = ?2 ORDER BY kept_at DESC LIMIT -1 OFFSET ?3)",
            params![Sql(&row.chat), large, most[usize::from(large)]],
        )?;
        self.erased(pruned);
        Ok(())
    }

    /// The message of this name as its author signed it.
    pub fn original(&self, name: &Name) -> Result<Option<OriginalRow>, StoreError> {
        self.0.one(
            "SELECT * FROM originals WHERE line = ?1 AND number = ?2 LIMIT 1",
            params![name.line.0, Sql(name.number)],
            |row| {
                Ok(OriginalRow {
                    message: column(row, "message")?,
                    chat: column(row, "chat")?,
                    name: read_name(row)?,
                    audience: row.get("audience")?,
                    bytes: row.get("bytes")?,
                    sent_at: column(row, "sent_at")?,
                    kept_at: column(row, "kept_at")?,
                })
            },
        )
    }

    /// Erases what an original says. That there was one stays known until it would be forgotten anyway: its bytes are
    /// empty from now on.
    pub fn erase_original(&mut self, message: &MessageId) -> Result<(), StoreError> {
        let erased = self.0.execute(
            "UPDATE originals SET bytes = x'', large = 0 WHERE message = ?1",
            [Sql(message)],
        )?;
        self.erased(erased);
        Ok(())
    }

    /// Forgets an original altogether.
    pub fn remove_original(&mut self, message: &MessageId) -> Result<(), StoreError> {
        let removed = self
            .0
            .execute("DELETE FROM originals WHERE message = ?1", [Sql(message)])?;
        self.erased(removed);
        Ok(())
    }

    /// The names of the messages with this id that a conversation lacks; one, unless somebody lies.
    pub fn absent_of(&self, chat: &ChatId, message: &MessageId) -> Result<Vec<Name>, StoreError> {
        self.0.all(
            "SELECT line, number FROM absent WHERE chat = ?1 AND message = ?2 LIMIT 8",
            params![Sql(chat), Sql(message)],
            read_name,
        )
    }

    /// Forgets originals kept since before; answers how many.
    pub fn prune_originals(&mut self, before: Timestamp) -> Result<usize, StoreError> {
        let pruned = self
            .0
            .execute("DELETE FROM originals WHERE kept_at < ?1", [Sql(before)])?;
        self.erased(pruned);
        Ok(pruned)
    }

    /// Forgets what a conversation lacks and how far it was heard. Our own line goes on.
    pub fn forget_absent(&mut self, chat: &ChatId) -> Result<(), StoreError> {
        for sql in [
            "DELETE FROM lines WHERE chat = ?1",
            "DELETE FROM absent WHERE chat = ?1",
        ] {
            self.0.execute(sql, [Sql(chat)])?;
        }
        self.0.record(|changes| _ = changes.chats.insert(chat.clone()));
        Ok(())
    }

    /// Forgets what a conversation keeps for others.
    pub fn forget_originals(&mut self, chat: &ChatId) -> Result<(), StoreError> {
        let erased = self.0.execute("DELETE FROM originals WHERE chat = ?1", [Sql(chat)])?;
        self.erased(erased);
        Ok(())
    }

    /// Marks a message as one that came late, into the middle of its chat.
    pub fn mark_late(&mut self, message: &MessageId) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT INTO late_messages (message) VALUES (?1) ON CONFLICT DO NOTHING",
            [Sql(message)],
        )?;
        Ok(())
    }

    /// Whether a message came late, into the middle of its chat.
    pub fn is_late(&self, message: &MessageId) -> Result<bool, StoreError> {
        self.0
            .exists("SELECT 1 FROM late_messages WHERE message = ?1", [Sql(message)])
    }

    fn erased(&mut self, count: usize) {
        if count > 0 {
            self.0.record(|changes| changes.erased = true);
        }
    }

    fn touch(&mut self, row: &AbsentRow) {
        self.0.record(|changes| {
            changes.chats.insert(row.chat.clone());
            changes.messages.insert(row.named_by);
        });
    }
}

impl std::fmt::Debug for OriginalRow {
    /// Not the message.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OriginalRow({:?}, {} bytes)", self.message, self.bytes.len())
    }
}

impl Code for Absence {
    const CODES: &'static [(Absence, i64)] = &[
        (Absence::Expected, 0),
        (Absence::Searching, 1),
        (Absence::Gone, 2),
        (Absence::GivenUp, 3),
    ];
}

fn read_line(row: &Row<'_>) -> rusqlite::Result<LineRow> {
    Ok(LineRow {
        chat: column(row, "chat")?,
        line: Line(row.get("line")?),
        author: row.get("author")?,
        number: column(row, "number")?,
        heard_at: column(row, "heard_at")?,
    })
}

fn read_name(row: &Row<'_>) -> rusqlite::Result<Name> {
    Ok(Name {
        line: Line(row.get("line")?),
        number: column(row, "number")?,
    })
}

fn read_absent(row: &Row<'_>) -> rusqlite::Result<AbsentRow> {
    Ok(AbsentRow {
        chat: column(row, "chat")?,
        name: read_name(row)?,
        message: optional(row, "message")?,
        named_by: column(row, "named_by")?,
        namer: row.get("namer")?,
        clock: column(row, "clock")?,
        since: column(row, "since")?,
        state: coded(row, "state")?,
        asked: row.get("asked")?,
        due_at: optional(row, "due_at")?,
    })
}

#[cfg(test)]
mod tests;
