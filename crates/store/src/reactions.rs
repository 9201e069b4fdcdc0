//! Reactions. A reaction needs no target: one that comes before its message waits here by itself.

use protocol::id::MessageId;
use rusqlite::{Row, params};

use crate::access::Access;
use crate::value::{Sql, column};
use crate::{PublicKeyBytes, StoreError};

/// Door to the reactions.
pub struct Reactions<'t>(pub(crate) Access<'t>);

/// One reaction of one person; message, author and emoji together identify it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactionRow {
    /// The message it is about.
    pub message: MessageId,
    /// Who reacts.
    pub author: PublicKeyBytes,
    /// The emoji itself.
    pub emoji: String,
    /// Lamport clock of its newest change.
    pub clock: u64,
    /// Whether it was taken back.
    pub retracted: bool,
}

impl Reactions<'_> {
    /// One reaction.
    pub fn load(
        &self,
        message: &MessageId,
        author: &PublicKeyBytes,
        emoji: &str,
    ) -> Result<Option<ReactionRow>, StoreError> {
        self.0.one(
            "SELECT * FROM reactions WHERE message = ?1 AND author = ?2 AND emoji = ?3",
            params![Sql(message), author, emoji],
            read,
        )
    }

    /// Saves a reaction, the first time or anew.
    pub fn save(&mut self, reaction: &ReactionRow) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT OR REPLACE INTO reactions (message, author, emoji, clock, retracted) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                Sql(&reaction.message),
                reaction.author,
                reaction.emoji,
                Sql(reaction.clock),
                reaction.retracted
            ],
        )?;
        self.0.record(|changes| {
            changes.messages.insert(reaction.message);
        });
        Ok(())
    }

    /// The reactions to a message that stand.
    pub fn to(&self, message: &MessageId) -> Result<Vec<ReactionRow>, StoreError> {
        self.0.all(
            "SELECT * FROM reactions WHERE message = ?1 AND retracted = 0 ORDER BY clock, author, emoji",
            [Sql(message)],
            read,
        )
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<ReactionRow> {
    Ok(ReactionRow {
        message: column(row, "message")?,
        author: row.get("author")?,
        emoji: row.get("emoji")?,
        clock: column(row, "clock")?,
        retracted: row.get("retracted")?,
    })
}
