//! Conversations of every kind: one-to-one, public, private groups, channels of communities.

use protocol::Timestamp;
use protocol::id::{ChatId, ChatKind, CommunityId, MessageId};
use rusqlite::{Row, params};

use crate::access::Access;
use crate::messages;
use crate::value::{Sql, column, optional};
use crate::{MessageRow, StoreError};

/// Door to the chats.
pub struct Chats<'t>(pub(crate) Access<'t>);

/// One conversation. Its kind, and the community it may belong to, are in the shape of its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatRow {
    /// Its id.
    pub id: ChatId,
    /// The name to show, if it has one of its own.
    pub name: String,
    /// Whether it is in the list of chats.
    pub active: bool,
    /// Until when it makes no noise.
    pub muted_until: Option<Timestamp>,
    /// The last value of its Lamport clock.
    pub clock: u64,
    /// Messages up to this clock were removed and stay away.
    pub deleted_at_clock: u64,
    /// Messages up to this clock count as read.
    pub read_at_clock: u64,
    /// A text begun but not sent.
    pub draft: DraftRow,
    /// When it came into being here.
    pub created_at: Timestamp,
}

/// A text begun but not sent.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DraftRow {
    /// The text, with people by their keys.
    pub text: String,
    /// The message it answers.
    pub response_to: Option<MessageId>,
    /// The message of ours whose text it replaces.
    pub edits: Option<MessageId>,
}

impl std::fmt::Debug for DraftRow {
    /// Not the text.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DraftRow").finish_non_exhaustive()
    }
}

/// A chat as a list shows it. All but the row is derived from the messages, so it cannot go wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatSummary {
    /// The chat.
    pub chat: ChatRow,
    /// Its newest message.
    pub last: Option<MessageRow>,
    /// How many of its messages were not seen.
    pub unread: u64,
    /// How many of those mention us.
    pub mentions: u64,
}

impl ChatRow {
    /// A new chat with nothing in it, in the list of chats.
    pub fn new(id: ChatId, created_at: Timestamp) -> ChatRow {
        ChatRow {
            id,
            name: String::new(),
            active: true,
            muted_until: None,
            clock: 0,
            deleted_at_clock: 0,
            read_at_clock: 0,
            draft: DraftRow::default(),
            created_at,
        }
    }
}

impl ChatSummary {
    /// The place of this chat in the list, to go on from.
    pub fn place(&self) -> (u64, ChatId) {
        (
            self.last.as_ref().map_or(self.chat.created_at.0, |last| last.clock),
            self.chat.id.clone(),
        )
    }
}

impl Chats<'_> {
    /// One chat.
    pub fn load(&self, id: &ChatId) -> Result<Option<ChatRow>, StoreError> {
        self.0.one("SELECT * FROM chats WHERE id = ?1", [Sql(id)], read)
    }

    /// Saves a chat, the first time or anew.
    pub fn save(&mut self, chat: &ChatRow) -> Result<(), StoreError> {
        let (kind, community) = kind_columns(&chat.id);
        self.0.execute(
            "INSERT INTO chats
                 (id, kind, community, name, active, muted_until, clock, deleted_at_clock, read_at_clock, draft, created_at,
                  draft_response_to, draft_edits)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
             ON CONFLICT (id) DO UPDATE SET
                 name = excluded.name, active = excluded.active, muted_until = excluded.muted_until,
                 clock = excluded.clock, deleted_at_clock = excluded.deleted_at_clock,
                 read_at_clock = excluded.read_at_clock, draft = excluded.draft, created_at = excluded.created_at,
                 draft_response_to = excluded.draft_response_to, draft_edits = excluded.draft_edits",
            params![
                Sql(&chat.id),
                kind,
                community.as_ref().map(|id| id.as_bytes()),
                chat.name,
                chat.active,
                chat.muted_until.map(Sql),
                Sql(chat.clock),
                Sql(chat.deleted_at_clock),
                Sql(chat.read_at_clock),
                chat.draft.text,
                Sql(chat.created_at),
                chat.draft.response_to.as_ref().map(Sql),
                chat.draft.edits.as_ref().map(Sql),
            ],
        )?;
        self.touched(&chat.id);
        Ok(())
    }

    /// Moves a chat's Lamport clock, without the cost of saving the rest.
    pub fn set_clock(&mut self, id: &ChatId, clock: u64) -> Result<(), StoreError> {
        self.0.execute(
            "UPDATE chats SET clock = ?2 WHERE id = ?1",
            params![Sql(id), Sql(clock)],
        )?;
        self.touched(id);
        Ok(())
    }

    /// Keeps a text that was begun, in place of the one before.
    pub fn set_draft(&mut self, id: &ChatId, draft: &DraftRow) -> Result<(), StoreError> {
        self.0.execute(
            "UPDATE chats SET draft = ?2, draft_response_to = ?3, draft_edits = ?4 WHERE id = ?1",
            params![
                Sql(id),
                draft.text,
                draft.response_to.as_ref().map(Sql),
                draft.edits.as_ref().map(Sql),
            ],
        )?;
        self.touched(id);
        self.0.record(|changes| changes.erased = true);
        Ok(())
    }

    /// Removes a chat with all its messages.
    pub fn remove(&mut self, id: &ChatId) -> Result<(), StoreError> {
        messages::remove_of_chat(&mut self.0, id, u64::MAX)?;
        self.0.execute("DELETE FROM pins WHERE chat = ?1", [Sql(id)])?;
        self.0.execute("DELETE FROM chats WHERE id = ?1", [Sql(id)])?;
        self.touched(id);
        Ok(())
    }

    /// Up to `limit` chats, listed or not, in the order of their ids, from the one after `after`.
    pub fn list(&self, after: Option<&ChatId>, limit: u32) -> Result<Vec<ChatRow>, StoreError> {
        self.0.all(
            "SELECT * FROM chats WHERE id > coalesce(?1, '') ORDER BY id LIMIT ?2",
            params![after.map(Sql), limit],
            read,
        )
    }

    /// The channels of a community.
    pub fn of_community(&self, community: &CommunityId) -> Result<Vec<ChatRow>, StoreError> {
        self.0.all(
            "SELECT * FROM chats WHERE community = ?1 ORDER BY id",
            [community.as_bytes()],
            read,
        )
    }

    /// Up to `limit` active chats as a list shows them, the one with the newest message first, from the one after
    /// `before` (see [`ChatSummary::place`]).
    pub fn summaries(&self, before: Option<&(u64, ChatId)>, limit: u32) -> Result<Vec<ChatSummary>, StoreError> {
        let (at, id) = before.map_or((u64::MAX, None), |(at, id)| (*at, Some(Sql(id))));
        let chats = self.0.all(
            "SELECT * FROM (
                 SELECT c.*, coalesce(
                     (SELECT m.clock FROM messages m WHERE m.chat = c.row AND m.deletion <> 2
                      ORDER BY m.clock DESC, m.id DESC LIMIT 1),
                     c.created_at
                 ) AS moved
                 FROM chats c WHERE c.active = 1
             )
             WHERE (moved, id) < (?1, coalesce(?2, x''))
             ORDER BY moved DESC, id DESC LIMIT ?3",
            params![Sql(at), id, limit],
            read,
        )?;
        chats.into_iter().map(|chat| self.summarise(chat)).collect()
    }

    /// One chat as a list shows it.
    pub fn summary(&self, id: &ChatId) -> Result<Option<ChatSummary>, StoreError> {
        self.load(id)?.map(|chat| self.summarise(chat)).transpose()
    }

    fn summarise(&self, chat: ChatRow) -> Result<ChatSummary, StoreError> {
        let last = messages::page(&self.0, &chat.id, None, 1)?.pop();
        let counts = self.0.one(
            "SELECT count(*) AS unread, coalesce(sum(mention), 0) AS mentions FROM messages
             WHERE chat = (SELECT row FROM chats WHERE id = ?1) AND seen = 0",
            [Sql(&chat.id)],
            |row| Ok((column(row, "unread")?, column(row, "mentions")?)),
        )?;
        let (unread, mentions) = counts.unwrap_or_default();
        Ok(ChatSummary {
            chat,
            last,
            unread,
            mentions,
        })
    }

    fn touched(&mut self, id: &ChatId) {
        self.0.record(|changes| {
            changes.chats.insert(id.clone());
        });
    }
}

/// What the shape of the id says, in columns that SQL can search.
fn kind_columns(id: &ChatId) -> (u8, Option<CommunityId>) {
    match id.kind() {
        ChatKind::OneToOne => (1, None),
        ChatKind::Public => (2, None),
        ChatKind::Group => (3, None),
        ChatKind::Channel { community } => (4, Some(community)),
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<ChatRow> {
    Ok(ChatRow {
        id: column(row, "id")?,
        name: row.get("name")?,
        active: row.get("active")?,
        muted_until: optional(row, "muted_until")?,
        clock: column(row, "clock")?,
        deleted_at_clock: column(row, "deleted_at_clock")?,
        read_at_clock: column(row, "read_at_clock")?,
        draft: DraftRow {
            text: row.get("draft")?,
            response_to: optional(row, "draft_response_to")?,
            edits: optional(row, "draft_edits")?,
        },
        created_at: column(row, "created_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::testing::{NOW, message, message_id, one_to_one};

    fn channel(number: u8) -> (CommunityId, ChatId) {
        let mut bytes = [number; 33];
        bytes[0] = 2;
        let community = CommunityId::from_slice(&bytes).unwrap();
        let id = ChatId::channel(&community, "01234567-89ab-4cde-8f01-23456789abcd").unwrap();
        (community, id)
    }

    #[test]
    fn every_column_reads_back_and_saving_again_keeps_the_messages() {
        let mut store = Store::in_memory().unwrap();
        let row = ChatRow {
            name: "name".into(),
            active: false,
            muted_until: Some(NOW.plus(1)),
            clock: 2,
            deleted_at_clock: 3,
            read_at_clock: 4,
            draft: DraftRow {
                text: "draft".into(),
                response_to: Some(message_id(1)),
                edits: Some(message_id(2)),
            },
            ..ChatRow::new(one_to_one(1), NOW)
        };
        let ((), changes) = store.write(|tx| tx.chats().save(&row)).unwrap();
        assert_eq!(changes.chats, [row.id.clone()].into());
        store
            .write(|tx| tx.messages().insert(&message(&row.id, 1, "text")))
            .unwrap();
        let read = store.read(|view| view.chats().load(&row.id)).unwrap();
        assert_eq!(read.as_ref(), Some(&row));
        let row = ChatRow {
            draft: DraftRow::default(),
            ..row
        };
        let ((), changes) = store.write(|tx| tx.chats().set_draft(&row.id, &row.draft)).unwrap();
        assert!(changes.erased && changes.chats.contains(&row.id));
        store.write(|tx| tx.chats().set_clock(&row.id, 99)).unwrap();
        let summary = store.read(|view| view.chats().summary(&row.id)).unwrap().unwrap();
        assert_eq!(summary.chat, ChatRow { clock: 99, ..row });
        assert_eq!(summary.last.unwrap().clock, 1);
    }

    #[test]
    fn the_list_has_active_chats_by_their_newest_message_and_pages_through_them() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                for number in 1..=6 {
                    let id = one_to_one(number);
                    tx.chats().save(&ChatRow {
                        active: number != 4,
                        ..ChatRow::new(id.clone(), NOW)
                    })?;
                    if number != 5 {
                        let clock = NOW.0 + 100 - u64::from(number / 2);
                        tx.messages().insert(&MessageRow {
                            clock,
                            ..message(&id, u64::from(number), "text")
                        })?;
                    }
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
        let mut listed = Vec::new();
        let mut before = None;
        loop {
            let page = store.read(|view| view.chats().summaries(before.as_ref(), 2)).unwrap();
            let Some(last) = page.last() else { break };
            before = Some(last.place());
            listed.extend(page.into_iter().map(|summary| summary.chat.id));
        }
        assert_eq!(listed, [1, 3, 2, 6, 5].map(one_to_one));
        let all = store.read(|view| view.chats().list(Some(&one_to_one(2)), 2)).unwrap();
        assert_eq!(
            all.into_iter().map(|row| row.id).collect::<Vec<_>>(),
            [3, 4].map(one_to_one)
        );
    }

    #[test]
    fn channels_are_found_by_their_community() {
        let mut store = Store::in_memory().unwrap();
        let [(first, first_channel), (second, second_channel)] = [1, 2].map(channel);
        store
            .write(|tx| {
                tx.chats().save(&ChatRow::new(first_channel.clone(), NOW))?;
                tx.chats().save(&ChatRow::new(second_channel, NOW))?;
                tx.chats().save(&ChatRow::new(one_to_one(1), NOW))
            })
            .unwrap();
        let found = store.read(|view| view.chats().of_community(&first)).unwrap();
        assert_eq!(found.into_iter().map(|row| row.id).collect::<Vec<_>>(), [first_channel]);
        assert_eq!(store.read(|view| view.chats().of_community(&second)).unwrap().len(), 1);
    }
}
