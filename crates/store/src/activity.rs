//! The activity centre: things that happened and are worth a look. One entry per kind and subject.

use std::fmt;

use protocol::Timestamp;
use protocol::id::{ChatId, CommunityId, MessageId};
use rusqlite::{Row, params};

use crate::access::Access;
use crate::value::{Code, Coded, Sql, coded, column, optional};
use crate::{PublicKeyBytes, StoreError};

/// Door to the activity centre.
pub struct Activity<'t>(pub(crate) Access<'t>);

/// Names an entry on this device. Never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ActivityId(pub u64);

/// One entry.
#[derive(Clone, PartialEq, Eq)]
pub struct ActivityRow {
    /// Its name; whatever stands here is ignored when it is saved the first time.
    pub id: ActivityId,
    /// What happened.
    pub kind: ActivityKind,
    /// What it is about; the same kind and subject is the same entry.
    pub subject: Vec<u8>,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub person: Option<PublicKeyBytes>,
    /// Where.
    pub chat: Option<ChatId>,
    /// The message that says it.
    pub message: Option<MessageId>,
    /// The community it is about.
    pub community: Option<CommunityId>,
    /// What else is to be shown; may hold what people wrote.
    pub detail: String,
    /// Whether the person has seen it.
    pub read: bool,
    /// Whether it wants an answer, and what that was.
    pub answer: Answer,
}

/// What happened. The numbers are our own and only ever appended to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActivityKind {
    /// Somebody asks to become a contact.
    ContactRequest,
    /// Somebody accepted our request.
    ContactAccepted,
    /// Somebody ended the contact.
    ContactRemoved,
    /// Somebody asks us to prove who we are, or answered our question.
    Verification,
    /// A message names us, or everybody in the chat.
    Mention,
    /// A message answers one of ours.
    Reply,
    /// Somebody we did not write with before wrote to us.
    NewChat,
    /// Somebody put us into a private group.
    GroupInvitation,
    /// A group we are in changed: who is in it, its name, its picture, its admins.
    GroupChange,
    /// Somebody asks to be let into a group of ours.
    GroupJoinRequest,
    /// How our request to be let into a group ended.
    GroupJoinAnswer,
    /// Somebody invites us to a community.
    CommunityInvitation,
    /// How our request to join a community stands.
    CommunityRequest,
    /// Somebody asks to join a community that we manage.
    CommunityJoinRequest,
    /// We were put out of a community.
    CommunityKicked,
    /// We may not come back to a community.
    CommunityBanned,
    /// We may come back to a community.
    CommunityUnbanned,
    /// A device that we do not know uses our account.
    NewDevice,
    /// A device of ours was paired.
    DevicePaired,
    /// A file arrived, or failed to.
    File,
}

/// Whether an entry wants an answer, and what that was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// It only tells.
    #[default]
    None,
    /// It waits.
    Pending,
    /// Yes.
    Accepted,
    /// No.
    Dismissed,
    /// It can no longer be answered: taken back, or too late.
    Over,
}

/// Which entries to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivityFilter {
    /// Only these kinds; empty: all.
    pub kinds: Vec<ActivityKind>,
    /// Only those that were read, or were not.
    pub read: Option<bool>,
}

/// A place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ActivityPlace {
    /// When it happened.
    pub at: Timestamp,
    /// Orders what happened at the same time.
    pub id: ActivityId,
}

impl ActivityRow {
    /// An unread entry that only tells.
    pub fn new(kind: ActivityKind, subject: &[u8], at: Timestamp) -> ActivityRow {
        ActivityRow {
            id: ActivityId(0),
            kind,
            subject: subject.to_vec(),
            at,
            person: None,
            chat: None,
            message: None,
            community: None,
            detail: String::new(),
            read: false,
            answer: Answer::None,
        }
    }

    /// Its place in the list.
    pub fn place(&self) -> ActivityPlace {
        ActivityPlace {
            at: self.at,
            id: self.id,
        }
    }
}

impl fmt::Debug for ActivityRow {
    /// Not what people wrote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActivityRow")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("at", &self.at)
            .field("read", &self.read)
            .field("answer", &self.answer)
            .finish_non_exhaustive()
    }
}

impl Activity<'_> {
    /// Saves an entry; one of the same kind and subject is replaced and keeps its name. Answers the name.
    pub fn save(&mut self, entry: &ActivityRow) -> Result<ActivityId, StoreError> {
        let id = self.0.one(
            "INSERT INTO activity (kind, subject, at, person, chat, message, community, detail, read, answer)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (kind, subject) DO UPDATE SET
                 at = excluded.at, person = excluded.person, chat = excluded.chat, message = excluded.message,
                 community = excluded.community, detail = excluded.detail, read = excluded.read, answer = excluded.answer
             RETURNING row",
            params![
                Coded(entry.kind),
                entry.subject,
                Sql(entry.at),
                entry.person,
                entry.chat.as_ref().map(Sql),
                entry.message.as_ref().map(Sql),
                entry.community.as_ref().map(|id| id.as_bytes()),
                entry.detail,
                entry.read,
                Coded(entry.answer),
            ],
            |row| column(row, "row"),
        )?;
        let id = ActivityId(id.unwrap_or_default());
        self.touched([id]);
        if !entry.read && matches!(entry.answer, Answer::None | Answer::Pending) {
            self.0.record(|changes| {
                changes.noted.insert(id);
            });
        }
        Ok(id)
    }

    /// One entry.
    pub fn load(&self, id: ActivityId) -> Result<Option<ActivityRow>, StoreError> {
        self.0.one("SELECT * FROM activity WHERE row = ?1", [Sql(id.0)], read)
    }

    /// The entry of a kind about something.
    pub fn find(&self, kind: ActivityKind, subject: &[u8]) -> Result<Option<ActivityRow>, StoreError> {
        self.0.one(
            "SELECT * FROM activity WHERE kind = ?1 AND subject = ?2",
            params![Coded(kind), subject],
            read,
        )
    }

    /// Up to `limit` entries, the newest first, from the one before `before`.
    pub fn list(
        &self,
        filter: &ActivityFilter,
        before: Option<ActivityPlace>,
        limit: u32,
    ) -> Result<Vec<ActivityRow>, StoreError> {
        let before = before.unwrap_or(ActivityPlace {
            at: Timestamp(u64::MAX),
            id: ActivityId(u64::MAX),
        });
        let kinds = filter.kinds.iter().fold(0_i64, |mask, kind| mask | 1 << kind.code());
        self.0.all(
            "SELECT * FROM activity
             WHERE (at, row) < (?1, ?2) AND (?3 = 0 OR (?3 >> kind) & 1 = 1) AND (?4 IS NULL OR read = ?4)
             ORDER BY at DESC, row DESC LIMIT ?5",
            params![Sql(before.at), Sql(before.id.0), kinds, filter.read, limit],
            read,
        )
    }

    /// How many entries were not read.
    pub fn unread(&self) -> Result<u64, StoreError> {
        self.0.count("SELECT count(*) FROM activity WHERE read = 0", [])
    }

    /// Sets the mark of one entry; false if it is not here.
    pub fn set_read(&mut self, id: ActivityId, read: bool) -> Result<bool, StoreError> {
        let known = self
            .0
            .execute("UPDATE activity SET read = ?2 WHERE row = ?1", params![Sql(id.0), read])?
            > 0;
        if known {
            self.touched([id]);
        }
        Ok(known)
    }

    /// Marks all entries as read; answers how many were not.
    pub fn mark_all_read(&mut self) -> Result<usize, StoreError> {
        let ids = self
            .0
            .all("UPDATE activity SET read = 1 WHERE read = 0 RETURNING row", [], id)?;
        Ok(self.touched(ids))
    }

    /// Marks the entries about a message as read.
    pub fn mark_message_read(&mut self, message: &MessageId) -> Result<usize, StoreError> {
        let ids = self.0.all(
            "UPDATE activity SET read = 1 WHERE message = ?1 AND read = 0 RETURNING row",
            [Sql(message)],
            id,
        )?;
        Ok(self.touched(ids))
    }

    /// Marks the entries of some kinds about messages of a chat as read.
    pub fn mark_chat_read(&mut self, chat: &ChatId, kinds: &[ActivityKind]) -> Result<usize, StoreError> {
        let kinds = kinds.iter().fold(0_i64, |mask, kind| mask | 1 << kind.code());
        let ids = self.0.all(
            "UPDATE activity SET read = 1 WHERE chat = ?1 AND read = 0 AND (?2 >> kind) & 1 = 1 RETURNING row",
            params![Sql(chat), kinds],
            id,
        )?;
        Ok(self.touched(ids))
    }

    /// Removes one entry; false if it was not here.
    pub fn remove(&mut self, id: ActivityId) -> Result<bool, StoreError> {
        let gone = self.0.execute("DELETE FROM activity WHERE row = ?1", [Sql(id.0)])? > 0;
        if gone {
            self.touched([id]);
        }
        Ok(gone)
    }

    /// Removes everything that a person did; answers how many.
    pub fn remove_of_person(&mut self, person: &PublicKeyBytes) -> Result<usize, StoreError> {
        let ids = self
            .0
            .all("DELETE FROM activity WHERE person = ?1 RETURNING row", [person], id)?;
        Ok(self.touched(ids))
    }

    /// Removes the entries about a message; answers how many.
    pub fn remove_of_message(&mut self, message: &MessageId) -> Result<usize, StoreError> {
        let ids = self.0.all(
            "DELETE FROM activity WHERE message = ?1 RETURNING row",
            [Sql(message)],
            id,
        )?;
        Ok(self.touched(ids))
    }

    /// Keeps the newest `keep` entries only; answers how many were removed.
    pub fn prune(&mut self, keep: u32) -> Result<usize, StoreError> {
        let oldest_kept = self.0.one(
            "SELECT at, row FROM activity ORDER BY at DESC, row DESC LIMIT 1 OFFSET ?1",
            [keep.saturating_sub(1)],
            |row| Ok((column::<Timestamp>(row, "at")?, column::<u64>(row, "row")?)),
        )?;
        let Some((at, row)) = oldest_kept else { return Ok(0) };
        let ids = self.0.all(
            "DELETE FROM activity WHERE (at, row) < (?1, ?2) RETURNING row",
            params![Sql(at), Sql(row)],
            id,
        )?;
        Ok(self.touched(ids))
    }

    fn touched(&mut self, ids: impl IntoIterator<Item = ActivityId>) -> usize {
        let mut count = 0;
        self.0.record(|changes| {
            for id in ids {
                changes.activity.insert(id);
                count += 1;
            }
        });
        count
    }
}

impl ActivityKind {
    /// All of them.
    pub fn all() -> impl Iterator<Item = ActivityKind> {
        Self::CODES.iter().map(|(kind, _)| *kind)
    }
}

impl Code for ActivityKind {
    /// Below 63, because filters are masks.
    const CODES: &'static [(ActivityKind, i64)] = &[
        (ActivityKind::ContactRequest, 1),
        (ActivityKind::ContactAccepted, 2),
        (ActivityKind::ContactRemoved, 3),
        (ActivityKind::Verification, 4),
        (ActivityKind::Mention, 5),
        (ActivityKind::Reply, 6),
        (ActivityKind::NewChat, 7),
        (ActivityKind::GroupInvitation, 8),
        (ActivityKind::GroupChange, 9),
        (ActivityKind::GroupJoinRequest, 10),
        (ActivityKind::GroupJoinAnswer, 11),
        (ActivityKind::CommunityInvitation, 12),
        (ActivityKind::CommunityRequest, 13),
        (ActivityKind::CommunityJoinRequest, 14),
        (ActivityKind::CommunityKicked, 15),
        (ActivityKind::CommunityBanned, 16),
        (ActivityKind::CommunityUnbanned, 17),
        (ActivityKind::NewDevice, 18),
        (ActivityKind::DevicePaired, 19),
        (ActivityKind::File, 20),
    ];
}

impl Code for Answer {
    const CODES: &'static [(Answer, i64)] = &[
        (Answer::None, 0),
        (Answer::Pending, 1),
        (Answer::Accepted, 2),
        (Answer::Dismissed, 3),
        (Answer::Over, 4),
    ];
}

fn id(row: &Row<'_>) -> rusqlite::Result<ActivityId> {
    column(row, "row").map(ActivityId)
}

fn read(row: &Row<'_>) -> rusqlite::Result<ActivityRow> {
    let community: Option<Vec<u8>> = row.get("community")?;
    Ok(ActivityRow {
        id: id(row)?,
        kind: coded(row, "kind")?,
        subject: row.get("subject")?,
        at: column(row, "at")?,
        person: row.get("person")?,
        chat: optional(row, "chat")?,
        message: optional(row, "message")?,
        community: community.and_then(|bytes| CommunityId::from_slice(&bytes).ok()),
        detail: row.get("detail")?,
        read: row.get("read")?,
        answer: coded(row, "answer")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::testing::{NOW, message_id, one_to_one, person};

    fn entry(kind: ActivityKind, number: u8) -> ActivityRow {
        ActivityRow {
            person: Some(person(number)),
            chat: Some(one_to_one(number)),
            message: Some(message_id(u64::from(number))),
            community: CommunityId::from_slice(person(number).as_bytes()).ok(),
            detail: "detail".into(),
            answer: Answer::Pending,
            ..ActivityRow::new(kind, &[number], NOW.plus(u64::from(number)))
        }
    }

    #[test]
    fn an_entry_reads_back_and_the_same_subject_replaces_it() {
        let mut store = Store::in_memory().unwrap();
        let first = entry(ActivityKind::Mention, 1);
        let (id, changes) = store.write(|tx| tx.activity().save(&first)).unwrap();
        assert_eq!(changes.activity, [id].into());
        let again = ActivityRow {
            id,
            at: NOW.plus(99),
            read: true,
            answer: Answer::Accepted,
            ..first
        };
        let (same, _) = store.write(|tx| tx.activity().save(&again)).unwrap();
        assert_eq!(same, id);
        let (other, _) = store
            .write(|tx| tx.activity().save(&entry(ActivityKind::Reply, 1)))
            .unwrap();
        assert_ne!(other, id);
        store
            .read(|view| {
                assert_eq!(view.activity().load(id)?, Some(again.clone()));
                assert_eq!(view.activity().find(ActivityKind::Mention, &[1])?, Some(again));
                assert_eq!(view.activity().unread()?, 1);
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }

    #[test]
    fn the_list_pages_through_what_the_filter_lets_pass() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                for number in 1..=9 {
                    let kind = if number % 3 == 0 {
                        ActivityKind::Reply
                    } else {
                        ActivityKind::Mention
                    };
                    tx.activity().save(&ActivityRow {
                        read: number > 6,
                        // The same moment three times: the order is still complete.
                        at: NOW.plus(u64::from(number / 4)),
                        ..entry(kind, number)
                    })?;
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
        let all = |filter: &ActivityFilter| {
            let (mut found, mut before) = (Vec::new(), None);
            loop {
                let page = store.read(|view| view.activity().list(filter, before, 2)).unwrap();
                let Some(last) = page.last() else { return found };
                before = Some(last.place());
                found.extend(page.into_iter().map(|row| row.subject[0]));
            }
        };
        assert_eq!(all(&ActivityFilter::default()), [9, 8, 7, 6, 5, 4, 3, 2, 1]);
        let replies = ActivityFilter {
            kinds: vec![ActivityKind::Reply],
            read: None,
        };
        assert_eq!(all(&replies), [9, 6, 3]);
        let read = ActivityFilter {
            kinds: vec![ActivityKind::Mention],
            read: Some(true),
        };
        assert_eq!(all(&read), [8, 7]);
    }

    #[test]
    fn marks_are_set_by_entry_message_chat_and_for_all() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                let mut activity = tx.activity();
                let id = activity.save(&entry(ActivityKind::Mention, 1))?;
                activity.save(&entry(ActivityKind::Mention, 2))?;
                activity.save(&entry(ActivityKind::ContactRequest, 2))?;
                activity.save(&entry(ActivityKind::Reply, 3))?;
                activity.save(&entry(ActivityKind::NewDevice, 4))?;
                assert_eq!(activity.unread()?, 5);
                assert!(activity.set_read(id, true)? && !activity.set_read(ActivityId(99), true)?);
                assert_eq!(activity.mark_chat_read(&one_to_one(2), &[ActivityKind::Mention])?, 1);
                assert_eq!(activity.mark_message_read(&message_id(3))?, 1);
                assert_eq!(activity.unread()?, 2);
                assert_eq!(activity.mark_all_read()?, 2);
                assert!(activity.set_read(id, false)?);
                assert_eq!(activity.unread()?, 1);
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }

    #[test]
    fn entries_go_with_their_person_or_message_and_the_oldest_first() {
        let mut store = Store::in_memory().unwrap();
        let ((), changes) = store
            .write(|tx| {
                let mut activity = tx.activity();
                for number in 1..=9 {
                    activity.save(&entry(ActivityKind::Mention, number))?;
                }
                activity.save(&entry(ActivityKind::Reply, 9))?;
                assert_eq!(activity.prune(10)?, 0);
                assert_eq!(activity.prune(7)?, 3);
                assert!(activity.find(ActivityKind::Mention, &[3])?.is_none());
                assert_eq!(activity.remove_of_person(&person(9))?, 2);
                assert_eq!(activity.remove_of_message(&message_id(8))?, 1);
                let last = activity.find(ActivityKind::Mention, &[7])?.unwrap();
                assert!(activity.remove(last.id)? && !activity.remove(last.id)?);
                assert_eq!(activity.unread()?, 3);
                Ok::<_, StoreError>(())
            })
            .unwrap();
        assert_eq!(changes.activity.len(), 10);
    }

    #[test]
    fn every_kind_has_a_number_of_its_own_below_63() {
        let mut codes: Vec<i64> = ActivityKind::CODES.iter().map(|(_, code)| *code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ActivityKind::all().count());
        assert!(codes.iter().all(|code| (1..63).contains(code)));
    }
}
