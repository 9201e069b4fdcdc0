//! What was chosen about notifications for single chats. What was chosen for all of them are settings.

use protocol::id::ChatId;
use rusqlite::{Row, params};

use crate::StoreError;
use crate::access::Access;
use crate::value::{Code, Coded, Sql};

/// Door to what was chosen for single chats.
pub struct ChatNotifications<'t>(pub(crate) Access<'t>);

/// What was chosen for one chat; `None`: as for all others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChatNotificationsRow {
    /// Messages that name us or answer us.
    pub mention: Option<Loudness>,
    /// Messages that name everybody.
    pub everyone: Option<Loudness>,
    /// All other messages.
    pub other: Option<Loudness>,
}

/// How loudly one kind of thing is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loudness {
    /// Not at all; it is only counted.
    Off,
    /// Shown without a sound.
    Quiet,
    /// Shown, with a sound.
    Alert,
}

impl ChatNotifications<'_> {
    /// What was chosen for a chat.
    pub fn of(&self, chat: &ChatId) -> Result<ChatNotificationsRow, StoreError> {
        let row = self
            .0
            .one("SELECT * FROM chat_notifications WHERE chat = ?1", [Sql(chat)], read)?;
        Ok(row.unwrap_or_default())
    }

    /// Keeps what was chosen for a chat.
    pub fn save(&mut self, chat: &ChatId, row: &ChatNotificationsRow) -> Result<(), StoreError> {
        if *row == ChatNotificationsRow::default() {
            self.0
                .execute("DELETE FROM chat_notifications WHERE chat = ?1", [Sql(chat)])?;
        } else {
            self.0.execute(
                "INSERT OR REPLACE INTO chat_notifications (chat, mention, everyone, other) VALUES (?1, ?2, ?3, ?4)",
                params![
                    Sql(chat),
                    row.mention.map(Coded),
                    row.everyone.map(Coded),
                    row.other.map(Coded)
                ],
            )?;
        }
        self.0.record(|changes| {
            changes.chats.insert(chat.clone());
        });
        Ok(())
    }
}

impl Code for Loudness {
    const CODES: &'static [(Loudness, i64)] = &[(Loudness::Off, 0), (Loudness::Quiet, 1), (Loudness::Alert, 2)];
}

fn read(row: &Row<'_>) -> rusqlite::Result<ChatNotificationsRow> {
    let loudness = |name: &str| {
        row.get::<_, Option<Coded<Loudness>>>(name)
            .map(|value| value.map(|value| value.0))
    };
    Ok(ChatNotificationsRow {
        mention: loudness("mention")?,
        everyone: loudness("everyone")?,
        other: loudness("other")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::testing::one_to_one;

    #[test]
    fn what_was_chosen_reads_back_and_nothing_chosen_is_no_row() {
        let mut store = Store::in_memory().unwrap();
        let chosen = ChatNotificationsRow {
            mention: Some(Loudness::Off),
            everyone: None,
            other: Some(Loudness::Alert),
        };
        let ((), changes) = store
            .write(|tx| tx.chat_notifications().save(&one_to_one(1), &chosen))
            .unwrap();
        assert_eq!(changes.chats, [one_to_one(1)].into());
        let of = |store: &Store, number| {
            let id = one_to_one(number);
            store.read(|view| view.chat_notifications().of(&id)).unwrap()
        };
        assert_eq!(
            (of(&store, 1), of(&store, 2)),
            (chosen, ChatNotificationsRow::default())
        );
        let nothing = ChatNotificationsRow::default();
        store
            .write(|tx| tx.chat_notifications().save(&one_to_one(1), &nothing))
            .unwrap();
        assert_eq!(of(&store, 1), nothing);
    }
}
