//! Edits: which messages changed the text of which. The text itself stands in the message; here is what has to be known to
//! tell the newest edit, and to erase everything that carried a text once its message is deleted.

use protocol::id::MessageId;
use rusqlite::{Row, params};

use crate::StoreError;
use crate::access::Access;
use crate::value::{Sql, column};

/// Door to the edits.
pub struct Edits<'t>(pub(crate) Access<'t>);

/// One edit. Edits of a message are ordered by clock, equal clocks by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EditRow {
    /// Lamport clock of the edit.
    pub clock: u64,
    /// The message that brought it.
    pub id: MessageId,
}

impl Edits<'_> {
    /// Remembers an edit of a message; one that is known already stays as it is.
    pub fn add(&mut self, target: &MessageId, edit: &EditRow) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT INTO edits (id, target, clock) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![Sql(&edit.id), Sql(target), Sql(edit.clock)],
        )?;
        Ok(())
    }

    /// The newest edit of a message.
    pub fn newest(&self, target: &MessageId) -> Result<Option<EditRow>, StoreError> {
        self.0.one(
            "SELECT id, clock FROM edits WHERE target = ?1 ORDER BY clock DESC, id DESC LIMIT 1",
            [Sql(target)],
            read,
        )
    }

    /// All edits of a message, in order.
    pub fn of(&self, target: &MessageId) -> Result<Vec<EditRow>, StoreError> {
        self.0.all(
            "SELECT id, clock FROM edits WHERE target = ?1 ORDER BY clock, id",
            [Sql(target)],
            read,
        )
    }

    /// Forgets the edits of a message.
    pub fn remove_of(&mut self, target: &MessageId) -> Result<(), StoreError> {
        self.0.execute("DELETE FROM edits WHERE target = ?1", [Sql(target)])?;
        Ok(())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<EditRow> {
    Ok(EditRow {
        clock: column(row, "clock")?,
        id: column(row, "id")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::testing::message_id;

    #[test]
    fn the_newest_edit_is_that_of_the_highest_clock_then_id() {
        let mut store = Store::in_memory().unwrap();
        let edit = |number: u64, clock: u64| EditRow {
            clock,
            id: message_id(number),
        };
        let target = message_id(1);
        store
            .write(|tx| {
                for row in [edit(2, 5), edit(3, 9), edit(4, 9), edit(5, 7), edit(3, 9)] {
                    tx.edits().add(&target, &row)?;
                }
                tx.edits().add(&message_id(9), &edit(6, 99))
            })
            .unwrap();
        store
            .read(|view| {
                assert_eq!(
                    view.edits().newest(&target)?,
                    [edit(3, 9), edit(4, 9)].into_iter().max()
                );
                let of = view.edits().of(&target)?;
                assert!(of.len() == 4 && of.is_sorted());
                assert_eq!(view.edits().newest(&message_id(2))?, None);
                Ok::<_, StoreError>(())
            })
            .unwrap();
        store.write(|tx| tx.edits().remove_of(&target)).unwrap();
        store
            .read(|view| {
                assert!(view.edits().of(&target)?.is_empty());
                assert_eq!(view.edits().of(&message_id(9))?.len(), 1);
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
}
