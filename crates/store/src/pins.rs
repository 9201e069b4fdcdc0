//! Pinned messages. There is one pin for a message; the newest clock says whether it stands.

use protocol::id::{ChatId, MessageId};
use rusqlite::{Row, params};

use crate::access::Access;
use crate::value::{Sql, column};
use crate::{PublicKeyBytes, StoreError};

/// Door to the pins.
pub struct Pins<'t>(pub(crate) Access<'t>);

/// The pin of one message, set or taken off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinRow {
    /// The message.
    pub message: MessageId,
    /// The chat it stands in.
    pub chat: ChatId,
    /// Who pinned or unpinned it last.
    pub author: PublicKeyBytes,
    /// Lamport clock of that.
    pub clock: u64,
    /// Whether it is pinned.
    pub pinned: bool,
}

impl Pins<'_> {
    /// The pin of one message.
    pub fn load(&self, message: &MessageId) -> Result<Option<PinRow>, StoreError> {
        self.0
            .one("SELECT * FROM pins WHERE message = ?1", [Sql(message)], read)
    }

    /// Saves a pin, the first time or anew.
    pub fn save(&mut self, pin: &PinRow) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT OR REPLACE INTO pins (message, chat, author, clock, pinned) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                Sql(&pin.message),
                Sql(&pin.chat),
                pin.author,
                Sql(pin.clock),
                pin.pinned
            ],
        )?;
        self.0.record(|changes| {
            changes.messages.insert(pin.message);
            changes.chats.insert(pin.chat.clone());
        });
        Ok(())
    }

    /// How many messages are pinned in a chat.
    pub fn count(&self, chat: &ChatId) -> Result<u64, StoreError> {
        self.0
            .count("SELECT count(*) FROM pins WHERE chat = ?1 AND pinned = 1", [Sql(chat)])
    }

    /// Forgets the pin of a message.
    pub fn remove(&mut self, message: &MessageId) -> Result<(), StoreError> {
        let chat = self.0.one(
            "DELETE FROM pins WHERE message = ?1 RETURNING chat",
            [Sql(message)],
            |row| column::<ChatId>(row, "chat"),
        )?;
        self.0.record(|changes| changes.chats.extend(chat));
        Ok(())
    }

    /// What is pinned in a chat, the newest first.
    pub fn of_chat(&self, chat: &ChatId) -> Result<Vec<PinRow>, StoreError> {
        self.0.all(
            "SELECT * FROM pins WHERE chat = ?1 AND pinned = 1 ORDER BY clock DESC",
            [Sql(chat)],
            read,
        )
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<PinRow> {
    Ok(PinRow {
        message: column(row, "message")?,
        chat: column(row, "chat")?,
        author: row.get("author")?,
        clock: column(row, "clock")?,
        pinned: row.get("pinned")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::testing::{message_id, one_to_one, person};

    #[test]
    fn one_pin_per_message_the_newest_first() {
        let mut store = Store::in_memory().unwrap();
        let pin = |number: u64, clock: u64, pinned| PinRow {
            message: message_id(number),
            chat: one_to_one(1),
            author: person(1),
            clock,
            pinned,
        };
        store
            .write(|tx| {
                for row in [pin(1, 1, true), pin(2, 2, true), pin(3, 3, true), pin(2, 4, false)] {
                    tx.pins().save(&row)?;
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
        let pinned = store.read(|view| view.pins().of_chat(&one_to_one(1))).unwrap();
        assert_eq!(pinned, [pin(3, 3, true), pin(1, 1, true)]);
        assert_eq!(store.read(|view| view.pins().count(&one_to_one(1))).unwrap(), 2);
        assert_eq!(
            store.read(|view| view.pins().load(&message_id(2))).unwrap(),
            Some(pin(2, 4, false))
        );
        let ((), changes) = store.write(|tx| tx.pins().remove(&message_id(3))).unwrap();
        assert_eq!(changes.chats, [one_to_one(1)].into());
        assert_eq!(store.read(|view| view.pins().count(&one_to_one(1))).unwrap(), 1);
    }
}
