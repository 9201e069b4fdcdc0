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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::testing::{message_id, person};

    #[test]
    fn a_reaction_may_come_before_its_message_and_be_taken_back() {
        let mut store = Store::in_memory().unwrap();
        let reaction = |author: u8, emoji: &str, retracted| ReactionRow {
            message: message_id(1),
            author: person(author),
            emoji: emoji.to_owned(),
            clock: u64::from(author),
            retracted,
        };
        let ((), changes) = store
            .write(|tx| {
                for row in [
                    reaction(2, "👍", false),
                    reaction(1, "👍", false),
                    reaction(1, "😀", false),
                ] {
                    tx.reactions().save(&row)?;
                }
                tx.reactions().save(&reaction(1, "👍", true))
            })
            .unwrap();
        assert_eq!(changes.messages, [message_id(1)].into());
        let standing = store.read(|view| view.reactions().to(&message_id(1))).unwrap();
        assert_eq!(standing, [reaction(1, "😀", false), reaction(2, "👍", false)]);
        let taken_back = store
            .read(|view| view.reactions().load(&message_id(1), &person(1), "👍"))
            .unwrap();
        assert_eq!(taken_back, Some(reaction(1, "👍", true)));
    }
}
