//! Reactions. Message, author and emoji together identify one; the newest clock says whether it stands.

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

/// How often one emoji stands on a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// The emoji.
    pub emoji: String,
    /// How many people chose it.
    pub count: u64,
    /// Whether the one who asks is among them.
    pub own: bool,
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

    /// Up to `limit` emoji that stand on a message, the one that came first first; `own` is who asks.
    pub fn tally(&self, message: &MessageId, own: &PublicKeyBytes, limit: u32) -> Result<Vec<Tally>, StoreError> {
        // Most messages have none, and to sort takes a table that is made, wiped and thrown away.
        let some = "SELECT 1 FROM reactions WHERE message = ?1 AND retracted = 0";
        if !self.0.exists(some, [Sql(message)])? {
            return Ok(Vec::new());
        }
        self.0.all(
            "SELECT emoji, count(*) AS count, max(author = ?2) AS own, min(clock) AS first FROM reactions
             WHERE message = ?1 AND retracted = 0 GROUP BY emoji ORDER BY first, emoji LIMIT ?3",
            params![Sql(message), own, limit],
            |row| {
                Ok(Tally {
                    emoji: row.get("emoji")?,
                    count: column(row, "count")?,
                    own: row.get("own")?,
                })
            },
        )
    }

    /// Up to `limit` people whose emoji of this kind stands on a message, the first first.
    pub fn authors(&self, message: &MessageId, emoji: &str, limit: u32) -> Result<Vec<PublicKeyBytes>, StoreError> {
        self.0.all(
            "SELECT author FROM reactions WHERE message = ?1 AND emoji = ?2 AND retracted = 0
             ORDER BY clock, author LIMIT ?3",
            params![Sql(message), emoji, limit],
            |row| row.get("author"),
        )
    }

    /// How many different emoji one person ever put on a message, those taken back included.
    pub fn count_of(&self, message: &MessageId, author: &PublicKeyBytes) -> Result<u64, StoreError> {
        self.0.count(
            "SELECT count(*) FROM reactions WHERE message = ?1 AND author = ?2",
            params![Sql(message), author],
        )
    }

    /// How many different emoji stand on a message.
    pub fn kinds(&self, message: &MessageId) -> Result<u64, StoreError> {
        self.0.count(
            "SELECT count(DISTINCT emoji) FROM reactions WHERE message = ?1 AND retracted = 0",
            [Sql(message)],
        )
    }

    /// Forgets the reactions to a message.
    pub fn remove_of(&mut self, message: &MessageId) -> Result<(), StoreError> {
        self.0
            .execute("DELETE FROM reactions WHERE message = ?1", [Sql(message)])?;
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
    fn a_reaction_stands_until_it_is_taken_back() {
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
        let tally = store
            .read(|view| view.reactions().tally(&message_id(1), &person(2), 9))
            .unwrap();
        let count = |emoji: &str, count, own| Tally {
            emoji: emoji.to_owned(),
            count,
            own,
        };
        assert_eq!(tally, [count("😀", 1, false), count("👍", 1, true)]);
        store
            .read(|view| {
                let reactions = view.reactions();
                assert_eq!(reactions.authors(&message_id(1), "👍", 9)?, [person(2)]);
                assert_eq!(reactions.count_of(&message_id(1), &person(1))?, 2);
                assert_eq!(reactions.kinds(&message_id(1))?, 2);
                Ok::<_, StoreError>(())
            })
            .unwrap();
        let taken_back = store
            .read(|view| view.reactions().load(&message_id(1), &person(1), "👍"))
            .unwrap();
        assert_eq!(taken_back, Some(reaction(1, "👍", true)));
    }
}
