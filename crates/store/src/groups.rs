//! Private groups: how we stand to them, the signed events that make them, who is in them, who asks to be let in, and who
//! has got what we said there.

use std::collections::BTreeSet;
use std::fmt;

use protocol::Timestamp;
use protocol::id::{ChatId, MessageId};
use rusqlite::{Row, params};

use crate::access::Access;
use crate::value::{Code, Coded, Sql, coded, column, optional};
use crate::{PublicKeyBytes, StoreError};

/// Door to the groups.
pub struct Groups<'t>(pub(crate) Access<'t>);

/// How we stand to one group.
#[derive(Clone, PartialEq, Eq)]
pub struct GroupRow {
    /// The chat that it is.
    pub chat: ChatId,
    /// How we stand.
    pub standing: GroupStanding,
    /// Who let us in.
    pub inviter: Option<PublicKeyBytes>,
    /// Its colour as it is shown; empty if it has none.
    pub colour: String,
    /// Since when we are in it, or know of it.
    pub joined_at: Timestamp,
    /// When we learned that somebody was let in.
    pub widened_at: Timestamp,
}

/// How we stand to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupStanding {
    /// We are in it, and said or need to say nothing about that.
    In,
    /// A stranger let us in; whether we want that is asked.
    Invited,
    /// We do not want to be in it.
    Declined,
    /// We left it, or were put out.
    Out,
}

/// A signed event of a group, whose signature was checked when it came.
#[derive(Clone, PartialEq, Eq)]
pub struct GroupEventRow {
    /// Who signed it.
    pub author: PublicKeyBytes,
    /// Signature and event.
    pub bytes: Vec<u8>,
}

/// Somebody asks to be let into a group; we ourselves, if `person` is us.
#[derive(Clone, PartialEq, Eq)]
pub struct GroupRequestRow {
    /// The group, which whoever asks does not know yet.
    pub chat: ChatId,
    /// Who wants to be let in.
    pub person: PublicKeyBytes,
    /// Who is asked.
    pub admin: PublicKeyBytes,
    /// Clock of the newest word about it.
    pub clock: u64,
    /// What was written with it.
    pub introduction: String,
    /// Where it stands.
    pub state: GroupRequestState,
    /// When it last moved.
    pub at: Timestamp,
}

/// Where a request to be let in stands, with the numbers of deployed clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupRequestState {
    /// 1: asked.
    Asked,
    /// 2: the answer is no.
    Rejected,
    /// 3: the answer is yes.
    Approved,
}

/// One person to whom a message of ours went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptRow {
    /// Who it is.
    pub person: PublicKeyBytes,
    /// When a device of theirs acknowledged it; none if it has not.
    pub delivered_at: Option<Timestamp>,
}

impl fmt::Debug for GroupRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GroupRow({:?}, {:?})", self.chat, self.standing)
    }
}

impl fmt::Debug for GroupEventRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GroupEventRow(by {:?})", self.author)
    }
}

impl fmt::Debug for GroupRequestRow {
    /// Not what people wrote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "GroupRequestRow({:?}, {:?}, {:?})",
            self.chat, self.person, self.state
        )
    }
}

/// The groups themselves.
impl Groups<'_> {
    /// How we stand to a group.
    pub fn load(&self, chat: &ChatId) -> Result<Option<GroupRow>, StoreError> {
        self.0.one("SELECT * FROM groups WHERE chat = ?1", [Sql(chat)], read)
    }

    /// Saves how we stand to a group, the first time or anew.
    pub fn save(&mut self, row: &GroupRow) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT INTO groups (chat, standing, inviter, colour, joined_at, widened_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (chat) DO UPDATE SET
                 standing = excluded.standing, inviter = excluded.inviter, colour = excluded.colour,
                 joined_at = excluded.joined_at, widened_at = excluded.widened_at",
            params![
                Sql(&row.chat),
                Coded(row.standing),
                row.inviter,
                row.colour,
                Sql(row.joined_at),
                Sql(row.widened_at),
            ],
        )?;
        self.touched(&row.chat);
        Ok(())
    }

    /// How many groups of one inviter, or of anybody, are in this standing.
    pub fn count(&self, standing: GroupStanding, inviter: Option<&PublicKeyBytes>) -> Result<u64, StoreError> {
        match inviter {
            Some(inviter) => self.0.count(
                "SELECT count(*) FROM groups WHERE standing = ?1 AND inviter = ?2",
                params![Coded(standing), inviter],
            ),
            None => self
                .0
                .count("SELECT count(*) FROM groups WHERE standing = ?1", [Coded(standing)]),
        }
    }

    /// The groups in one standing, the one we have known longest first.
    pub fn in_standing(&self, standing: GroupStanding) -> Result<Vec<ChatId>, StoreError> {
        self.0.all(
            "SELECT chat FROM groups WHERE standing = ?1 ORDER BY joined_at, chat",
            [Coded(standing)],
            |row| column(row, "chat"),
        )
    }

    /// The events of a group, in the order in which they came.
    pub fn events(&self, chat: &ChatId) -> Result<Vec<GroupEventRow>, StoreError> {
        self.0.all(
            "SELECT author, bytes FROM group_events WHERE chat = ?1 ORDER BY id",
            [Sql(chat)],
            |row| {
                Ok(GroupEventRow {
                    author: row.get("author")?,
                    bytes: row.get("bytes")?,
                })
            },
        )
    }

    /// Keeps an event of a group. That it is not there yet is the caller's to know.
    pub fn add_event(&mut self, chat: &ChatId, event: &GroupEventRow) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT INTO group_events (chat, author, bytes) VALUES (?1, ?2, ?3)",
            params![Sql(chat), event.author, event.bytes],
        )?;
        self.touched(chat);
        Ok(())
    }

    /// Erases the events and members of a group.
    pub fn erase(&mut self, chat: &ChatId) -> Result<(), StoreError> {
        self.0
            .execute("DELETE FROM group_events WHERE chat = ?1", [Sql(chat)])?;
        self.0
            .execute("DELETE FROM group_members WHERE chat = ?1", [Sql(chat)])?;
        self.0.record(|changes| changes.erased = true);
        self.touched(chat);
        Ok(())
    }

    fn touched(&mut self, chat: &ChatId) {
        self.0.record(|changes| {
            changes.chats.insert(chat.clone());
            changes.groups.insert(chat.clone());
        });
    }
}

/// Who is in them.
impl Groups<'_> {
    /// The members of a group, in the order of their keys.
    pub fn members(&self, chat: &ChatId) -> Result<Vec<PublicKeyBytes>, StoreError> {
        self.0.all(
            "SELECT person FROM group_members WHERE chat = ?1 ORDER BY person",
            [Sql(chat)],
            |row| row.get(0),
        )
    }

    /// Sets who the members of a group are.
    pub fn set_members(&mut self, chat: &ChatId, members: &BTreeSet<PublicKeyBytes>) -> Result<(), StoreError> {
        for gone in self.members(chat)? {
            if !members.contains(&gone) {
                self.0.execute(
                    "DELETE FROM group_members WHERE chat = ?1 AND person = ?2",
                    params![Sql(chat), gone],
                )?;
            }
        }
        for person in members {
            self.0.execute(
                "INSERT INTO group_members (chat, person, followed) VALUES (?1, ?2, 0) ON CONFLICT DO NOTHING",
                params![Sql(chat), person],
            )?;
        }
        self.touched(chat);
        Ok(())
    }

    /// The groups in which a person is, and in which we are.
    pub fn shared_with(&self, person: &PublicKeyBytes) -> Result<Vec<ChatId>, StoreError> {
        self.0.all(
            "SELECT m.chat AS chat FROM group_members m JOIN groups g ON g.chat = m.chat
             WHERE m.person = ?1 AND g.standing = ?2 ORDER BY m.chat",
            params![person, Coded(GroupStanding::In)],
            |row| column(row, "chat"),
        )
    }

    /// Up to `limit` members of groups we are in whom we do not follow yet.
    pub fn unfollowed(&self, limit: u32) -> Result<Vec<PublicKeyBytes>, StoreError> {
        self.0.all(
            "SELECT DISTINCT m.person FROM group_members m INDEXED BY group_members_unfollowed
             JOIN groups g ON g.chat = m.chat
             WHERE m.followed = 0 AND g.standing = ?1 LIMIT ?2",
            params![Coded(GroupStanding::In), limit],
            |row| row.get(0),
        )
    }

    /// Whether [`Self::unfollowed`] has anybody.
    pub fn has_unfollowed(&self) -> Result<bool, StoreError> {
        self.0.exists(
            "SELECT 1 FROM group_members m INDEXED BY group_members_unfollowed
             JOIN groups g ON g.chat = m.chat
             WHERE m.followed = 0 AND g.standing = ?1",
            [Coded(GroupStanding::In)],
        )
    }

    /// Remembers that we follow a person, in whatever groups they are.
    pub fn followed(&mut self, person: &PublicKeyBytes) -> Result<(), StoreError> {
        self.0
            .execute("UPDATE group_members SET followed = 1 WHERE person = ?1", [person])?;
        Ok(())
    }

    /// Forgets that we follow a person, in whatever groups they are.
    pub fn not_followed(&mut self, person: &PublicKeyBytes) -> Result<(), StoreError> {
        self.0
            .execute("UPDATE group_members SET followed = 0 WHERE person = ?1", [person])?;
        Ok(())
    }
}

/// Who asks to be let in.
impl Groups<'_> {
    /// What a person last asked, and where it stands.
    pub fn request(&self, chat: &ChatId, person: &PublicKeyBytes) -> Result<Option<GroupRequestRow>, StoreError> {
        self.0.one(
            "SELECT * FROM group_requests WHERE chat = ?1 AND person = ?2",
            params![Sql(chat), person],
            read_request,
        )
    }

    /// All that was asked about one group, in the order of the keys of those who ask.
    pub fn requests(&self, chat: &ChatId) -> Result<Vec<GroupRequestRow>, StoreError> {
        self.0.all(
            "SELECT * FROM group_requests WHERE chat = ?1 ORDER BY person",
            [Sql(chat)],
            read_request,
        )
    }

    /// Up to `limit` requests that nobody has answered, of others and of ours, the latest first.
    pub fn open_requests(&self, limit: u32) -> Result<Vec<GroupRequestRow>, StoreError> {
        self.0.all(
            "SELECT * FROM group_requests WHERE state = ?1 ORDER BY at DESC, chat, person LIMIT ?2",
            params![Coded(GroupRequestState::Asked), limit],
            read_request,
        )
    }

    /// How many requests there are about one group.
    pub fn count_requests(&self, chat: &ChatId) -> Result<u64, StoreError> {
        self.0
            .count("SELECT count(*) FROM group_requests WHERE chat = ?1", [Sql(chat)])
    }

    /// Saves a request, the first time or anew.
    pub fn save_request(&mut self, row: &GroupRequestRow) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT INTO group_requests (chat, person, admin, clock, introduction, state, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (chat, person) DO UPDATE SET
                 admin = excluded.admin, clock = excluded.clock, introduction = excluded.introduction,
                 state = excluded.state, at = excluded.at",
            params![
                Sql(&row.chat),
                row.person,
                row.admin,
                Sql(row.clock),
                row.introduction,
                Coded(row.state),
                Sql(row.at),
            ],
        )?;
        self.touched(&row.chat);
        Ok(())
    }
}

/// Who has got what we said.
impl Groups<'_> {
    /// Remembers that a message of ours goes to a person.
    pub fn expect_receipt(&mut self, message: &MessageId, person: &PublicKeyBytes) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT INTO group_receipts (message, person, delivered_at) VALUES (?1, ?2, NULL) ON CONFLICT DO NOTHING",
            params![Sql(message), person],
        )?;
        Ok(())
    }

    /// Remembers that a device of a person acknowledged a message of ours; answers whether one was expected.
    pub fn received(
        &mut self,
        message: &MessageId,
        person: &PublicKeyBytes,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = self.0.execute(
            "UPDATE group_receipts SET delivered_at = ?3 WHERE message = ?1 AND person = ?2 AND delivered_at IS NULL",
            params![Sql(message), person, Sql(at)],
        )?;
        if changed > 0 {
            self.0.record(|changes| {
                changes.messages.insert(*message);
            });
        }
        Ok(changed > 0)
    }

    /// To whom a message of ours went, and who has it, in the order of their keys.
    pub fn receipts(&self, message: &MessageId) -> Result<Vec<ReceiptRow>, StoreError> {
        self.0.all(
            "SELECT person, delivered_at FROM group_receipts WHERE message = ?1 ORDER BY person",
            [Sql(message)],
            |row| {
                Ok(ReceiptRow {
                    person: row.get("person")?,
                    delivered_at: optional(row, "delivered_at")?,
                })
            },
        )
    }
}

impl Code for GroupStanding {
    const CODES: &'static [(GroupStanding, i64)] = &[
        (GroupStanding::In, 1),
        (GroupStanding::Invited, 2),
        (GroupStanding::Declined, 3),
        (GroupStanding::Out, 4),
    ];
}

impl Code for GroupRequestState {
    const CODES: &'static [(GroupRequestState, i64)] = &[
        (GroupRequestState::Asked, 1),
        (GroupRequestState::Rejected, 2),
        (GroupRequestState::Approved, 3),
    ];
}

fn read(row: &Row<'_>) -> rusqlite::Result<GroupRow> {
    Ok(GroupRow {
        chat: column(row, "chat")?,
        standing: coded(row, "standing")?,
        inviter: row.get("inviter")?,
        colour: row.get("colour")?,
        joined_at: column(row, "joined_at")?,
        widened_at: column(row, "widened_at")?,
    })
}

fn read_request(row: &Row<'_>) -> rusqlite::Result<GroupRequestRow> {
    Ok(GroupRequestRow {
        chat: column(row, "chat")?,
        person: row.get("person")?,
        admin: row.get("admin")?,
        clock: column(row, "clock")?,
        introduction: row.get("introduction")?,
        state: coded(row, "state")?,
        at: column(row, "at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, message, message_id, person};
    use crate::{ChatRow, Store};

    fn group(number: u8) -> ChatId {
        let creator = format!("0x04{}", "5a".repeat(64));
        ChatId::new(format!("01234567-89ab-4cde-8f01-2345678{number:05x}-{creator}")).unwrap()
    }

    fn row(number: u8, standing: GroupStanding) -> GroupRow {
        GroupRow {
            chat: group(number),
            standing,
            inviter: Some(person(1)),
            colour: "#7cda00".into(),
            joined_at: NOW,
            widened_at: NOW.plus(1),
        }
    }

    #[test]
    fn a_group_reads_back_with_its_events_and_members() {
        let mut store = Store::in_memory().unwrap();
        let event = |number: u8| GroupEventRow {
            author: person(number),
            bytes: vec![number; 70],
        };
        let members: BTreeSet<_> = [1, 2, 3].map(person).into();
        let ((), changes) = store
            .write(|tx| {
                tx.groups().save(&row(1, GroupStanding::Invited))?;
                tx.groups().save(&row(1, GroupStanding::In))?;
                tx.groups().add_event(&group(1), &event(2))?;
                tx.groups().add_event(&group(1), &event(1))?;
                tx.groups().set_members(&group(1), &members)
            })
            .unwrap();
        assert_eq!((changes.chats, changes.groups), ([group(1)].into(), [group(1)].into()));
        store
            .read(|view| {
                let groups = view.groups();
                assert_eq!(groups.load(&group(1))?, Some(row(1, GroupStanding::In)));
                assert_eq!(groups.load(&group(2))?, None);
                assert_eq!(groups.events(&group(1))?, [event(2), event(1)]);
                assert_eq!(groups.members(&group(1))?, [2, 1, 3].map(person));
                assert_eq!(groups.count(GroupStanding::In, Some(&person(1)))?, 1);
                assert_eq!(groups.count(GroupStanding::In, Some(&person(2)))?, 0);
                assert_eq!(groups.count(GroupStanding::Invited, None)?, 0);
                assert_eq!(groups.in_standing(GroupStanding::In)?, [group(1)]);
                assert!(groups.in_standing(GroupStanding::Invited)?.is_empty());
                Ok::<_, StoreError>(())
            })
            .unwrap();
        let ((), changes) = store.write(|tx| tx.groups().erase(&group(1))).unwrap();
        assert!(changes.erased);
        assert!(store.read(|view| view.groups().events(&group(1))).unwrap().is_empty());
        assert!(store.read(|view| view.groups().members(&group(1))).unwrap().is_empty());
    }

    #[test]
    fn whom_we_share_a_group_with_is_known_by_groups_we_are_in() {
        let mut store = Store::in_memory().unwrap();
        let both: BTreeSet<_> = [1, 2].map(person).into();
        store
            .write(|tx| {
                for (number, standing) in [(1, GroupStanding::In), (2, GroupStanding::Invited)] {
                    tx.groups().save(&row(number, standing))?;
                    tx.groups().set_members(&group(number), &both)?;
                }
                tx.groups().set_members(&group(1), &[person(2)].into())
            })
            .unwrap();
        let shared = |number| store.read(|view| view.groups().shared_with(&person(number))).unwrap();
        assert_eq!(shared(1), []);
        assert_eq!(shared(2), [group(1)]);
        let unfollowed = |store: &Store| {
            let has_some = store.read(|view| view.groups().has_unfollowed()).unwrap();
            let people = store.read(|view| view.groups().unfollowed(9)).unwrap();
            assert_eq!(has_some, !people.is_empty());
            people
        };
        assert_eq!(unfollowed(&store), [person(2)]);
        store.write(|tx| tx.groups().followed(&person(2))).unwrap();
        assert!(unfollowed(&store).is_empty());
        store.write(|tx| tx.groups().set_members(&group(1), &both)).unwrap();
        assert_eq!(unfollowed(&store), [person(1)], "who stays is still followed");
        store.write(|tx| tx.groups().not_followed(&person(2))).unwrap();
        assert_eq!(unfollowed(&store).len(), 2);
    }

    #[test]
    fn one_request_per_person_and_group() {
        let mut store = Store::in_memory().unwrap();
        let request = |state| GroupRequestRow {
            chat: group(1),
            person: person(1),
            admin: person(2),
            clock: 5,
            introduction: "we met on the train".into(),
            state,
            at: NOW,
        };
        store
            .write(|tx| {
                tx.groups().save_request(&request(GroupRequestState::Asked))?;
                tx.groups().save_request(&request(GroupRequestState::Rejected))
            })
            .unwrap();
        store
            .read(|view| {
                let groups = view.groups();
                let saved = request(GroupRequestState::Rejected);
                assert_eq!(groups.request(&group(1), &person(1))?, Some(saved.clone()));
                assert_eq!(groups.request(&group(1), &person(2))?, None);
                assert_eq!(groups.count_requests(&group(1))?, 1);
                assert!(!format!("{saved:?}").contains("train"));
                assert_eq!(groups.requests(&group(1))?, [saved]);
                assert!(groups.open_requests(9)?.is_empty());
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }

    #[test]
    fn receipts_go_with_their_message() {
        let mut store = Store::in_memory().unwrap();
        let said = message(&group(1), 7, "text");
        let ((), changes) = store
            .write(|tx| {
                tx.chats().save(&ChatRow::new(group(1), NOW))?;
                tx.messages().insert(&said)?;
                for number in [1, 2] {
                    tx.groups().expect_receipt(&said.id, &person(number))?;
                }
                assert!(tx.groups().received(&said.id, &person(1), NOW)?);
                assert!(!tx.groups().received(&said.id, &person(1), NOW.plus(5))?);
                assert!(!tx.groups().received(&message_id(99), &person(1), NOW)?);
                Ok::<_, StoreError>(())
            })
            .unwrap();
        assert!(changes.messages.contains(&said.id));
        let receipts = |store: &Store| store.read(|view| view.groups().receipts(&said.id)).unwrap();
        let delivered: Vec<_> = receipts(&store).iter().map(|row| row.delivered_at).collect();
        assert_eq!(delivered, [None, Some(NOW)], "in the order of the keys");
        store.write(|tx| tx.messages().remove(&said.id).map(drop)).unwrap();
        assert!(receipts(&store).is_empty());
    }
}
