//! Keeping the index of words in step with the messages: once per transaction, just before its commit.
//!
//! Not by triggers, because a savepoint makes the index write out what it has gathered, and every envelope of a batch is
//! applied inside a savepoint of its own.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use crate::StoreError;

/// The rows of messages whose text may differ from what the index holds, with the text that it holds; none for a row that
/// it does not know. It knows every message, also one without words.
#[derive(Default)]
pub(crate) struct Unindexed(BTreeMap<i64, Option<String>>);

impl Unindexed {
    /// A message is about to change, or has just come or gone: until now its row had this text.
    pub(crate) fn note(&mut self, row: i64, text_before: Option<String>) {
        self.0.entry(row).or_insert(text_before);
    }

    /// Adds what a part of the transaction noted. Of a row that was noted before, the index holds what was noted first.
    pub(crate) fn merge(&mut self, part: Unindexed) {
        for (row, text_before) in part.0 {
            self.note(row, text_before);
        }
    }

    /// Brings the index to the messages as they are now, in the order of rows, which the index likes best.
    pub(crate) fn settle(self, connection: &Connection) -> Result<(), StoreError> {
        for (row, indexed) in self.0 {
            let mut load = connection.prepare_cached("SELECT text FROM messages WHERE row = ?1")?;
            let text: Option<String> = load.query_row([row], |row| row.get(0)).optional()?;
            if text == indexed {
                continue;
            }
            if let Some(indexed) = indexed {
                connection
                    .prepare_cached("INSERT INTO message_text (message_text, rowid, text) VALUES ('delete', ?1, ?2)")?
                    .execute(params![row, indexed])?;
            }
            if let Some(text) = text {
                connection
                    .prepare_cached("INSERT INTO message_text (rowid, text) VALUES (?1, ?2)")?
                    .execute(params![row, text])?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::testing::{chat, message, message_id, one_to_one};
    use crate::{Search, Store, StoreError, Tx};

    #[derive(Clone, Debug)]
    enum Act {
        Add(u64, u8),
        Edit(u64, u8),
        Remove(u64),
        Part(Vec<Act>, bool),
    }

    fn act() -> impl Strategy<Value = Act> {
        let leaf = prop_oneof![
            (0..4_u64, 0..4_u8).prop_map(|(number, word)| Act::Add(number, word)),
            (0..4_u64, 0..4_u8).prop_map(|(number, word)| Act::Edit(number, word)),
            (0..4_u64).prop_map(Act::Remove),
        ];
        leaf.prop_recursive(3, 20, 5, |inner| {
            (prop::collection::vec(inner, 0..5), any::<bool>()).prop_map(|(acts, declines)| Act::Part(acts, declines))
        })
    }

    /// The text of a word; the first is none.
    fn text(word: u8) -> &'static str {
        ["", "alpha", "beta", "gamma"][usize::from(word)]
    }

    fn run(tx: &mut Tx<'_>, acts: &[Act]) -> Result<(), StoreError> {
        for act in acts {
            match act {
                Act::Add(number, word) => drop(tx.messages().insert(&message(&one_to_one(1), *number, text(*word)))?),
                Act::Edit(number, word) => tx.messages().update(&message(&one_to_one(1), *number, text(*word)))?,
                Act::Remove(number) => drop(tx.messages().remove(&message_id(*number))?),
                Act::Part(acts, declines) => drop(tx.attempt(|tx| {
                    let outcome = run(tx, acts);
                    if *declines { Err(None) } else { outcome.map_err(Some) }
                })?),
            }
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn the_index_holds_the_words_that_stand(turns in prop::collection::vec(prop::collection::vec(act(), 0..6), 0..5)) {
            let mut store = Store::in_memory().unwrap();
            store.write(|tx| tx.chats().save(&chat(&one_to_one(1)))).unwrap();
            for acts in turns {
                store.write(|tx| run(tx, &acts)).unwrap();
                let rows = store.read(|view| view.messages().page(&one_to_one(1), None, 100)).unwrap();
                for word in 1..4 {
                    let search = Search { text: text(word).into(), ..Search::default() };
                    let found = store.read(|view| view.messages().search(&search, None, 100)).unwrap().rows;
                    let standing = rows.iter().filter(|row| row.text == text(word)).count();
                    prop_assert_eq!(found.len(), standing);
                }
                let check = "INSERT INTO message_text (message_text, rank) VALUES ('integrity-check', 1)";
                store.connection.execute(check, []).unwrap();
            }
        }
    }
}
