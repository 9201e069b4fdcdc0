//! Files that messages announce, and their sealed chunks.
//!
//! A file goes when its message goes: triggers see to that, whichever way a message is removed.

use protocol::Timestamp;
use protocol::files::FileId;
use protocol::id::{ChatId, MessageId};
use rusqlite::{Row, params};

use crate::access::Access;
use crate::value::{Code, Coded, Sql, coded, column, optional};
use crate::{OutboxId, PublicKeyBytes, Secret, StoreError};

/// Door to the files.
pub struct Files<'t>(pub(crate) Access<'t>);

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// Its name among those who hold its key.
    pub id: FileId,
    /// The message that announces it.
    pub message: MessageId,
    /// Who sent it.
    pub author: PublicKeyBytes,
    /// Whether this device sent it.
    pub outgoing: bool,
    /// What is said of it, in the form of the wire. It holds the key.
    pub announcement: Secret,
    /// Its length in bytes.
    pub size: u64,
    /// How far it is.
    pub state: FileState,
    /// How often what is missing was asked for, or served once more.
    pub tries: u32,
    /// When something is to be done about it.
    pub due_at: Option<Timestamp>,
    /// When it came into being here.
    pub created_at: Timestamp,
    /// Chunks that are there, of a file that goes from one device to the other.
    pub done: u32,
    /// Where the other side can be reached for it, in the form of the wire.
    pub door: Option<Vec<u8>>,
    /// When the other side is to be asked for it, or since when it waits for us.
    pub knock_at: Option<Timestamp>,
    /// Why it does not come.
    pub trouble: Option<FileTrouble>,
}

/// Why a file does not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileTrouble {
    /// There is no room for it.
    DiskFull,
    /// What came is not what was announced.
    Wrong,
    /// The other side could not be reached for days.
    Unreachable,
    /// Its author does not have it any more.
    Gone,
}

/// How far a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// Announced; nobody has asked for it here.
    Offered,
    /// On its way.
    Moving,
    /// All of it is here; if it is ours, the network has it too.
    Complete,
    /// Given up by a person.
    Cancelled,
    /// It cannot come any more, or is not what was announced.
    Failed,
}

/// A chunk of a file of ours that is to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct FileChunkRow {
    /// Its place among data and parity chunks together.
    pub position: u32,
    /// Its sealed bytes.
    pub sealed: Vec<u8>,
}

/// What a chat takes on the disk, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChatBytes {
    /// Texts, pictures and sounds.
    pub messages: u64,
    /// Files.
    pub files: u64,
}

impl Files<'_> {
    /// Saves a file, the first time or anew. Its message counts as touched.
    pub fn save(&mut self, file: &FileRow) -> Result<(), StoreError> {
        self.0.execute(
            "INSERT INTO files
                 (id, message, author, outgoing, announcement, size, state, tries, due_at, created_at, done, door, knock_at,
                  trouble)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
             ON CONFLICT (id) DO UPDATE SET state = ?7, tries = ?8, due_at = ?9, done = ?11, door = ?12, knock_at = ?13,
                 trouble = ?14",
            params![
                file.id.0,
                Sql(&file.message),
                file.author,
                file.outgoing,
                file.announcement,
                Sql(file.size),
                Coded(file.state),
                file.tries,
                file.due_at.map(Sql),
                Sql(file.created_at),
                file.done,
                file.door,
                file.knock_at.map(Sql),
                Coded(file.trouble),
            ],
        )?;
        self.touched(file.message);
        self.0.record(|changes| changes.transfers = true);
        Ok(())
    }

    /// One file.
    pub fn load(&self, id: &FileId) -> Result<Option<FileRow>, StoreError> {
        self.0.one("SELECT * FROM files WHERE id = ?1", [id.0], read)
    }

    /// The file that a message announces.
    pub fn of_message(&self, message: &MessageId) -> Result<Option<FileRow>, StoreError> {
        self.0
            .one("SELECT * FROM files WHERE message = ?1", [Sql(message)], read)
    }

    /// Up to `limit` files about which something is due at `now`, the longest due first.
    pub fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<FileRow>, StoreError> {
        self.0.all(
            "SELECT * FROM files WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2",
            params![Sql(now), limit],
            read,
        )
    }

    /// The files that wait for another device, or that another device waits for.
    pub fn transfers(&self) -> Result<Vec<FileRow>, StoreError> {
        self.0
            .all("SELECT * FROM files WHERE knock_at >= 0 ORDER BY knock_at", [], read)
    }

    /// Whether the bytes of a file are to be kept.
    pub fn is_kept(&self, id: &FileId) -> Result<bool, StoreError> {
        self.0.exists(
            "SELECT 1 FROM files WHERE id = ?1 AND state NOT IN (?2, ?3)",
            params![id.0, Coded(FileState::Cancelled), Coded(FileState::Failed)],
        )
    }

    /// When the next is due.
    pub fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.0.one(
            "SELECT due_at FROM files WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1",
            [],
            |row| column(row, "due_at"),
        )
    }

    /// How many files of a person are on their way to us, and how many bytes they are said to have.
    pub fn moving_from(&self, author: &PublicKeyBytes) -> Result<(u64, u64), StoreError> {
        let found = self.0.one(
            "SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes FROM files
             WHERE author = ?1 AND state = ?2 AND outgoing = 0",
            params![author, Coded(FileState::Moving)],
            |row| Ok((column(row, "files")?, column(row, "bytes")?)),
        )?;
        Ok(found.unwrap_or_default())
    }

    /// Whether a file stands here.
    pub fn contains(&self, id: &FileId) -> Result<bool, StoreError> {
        self.0.exists("SELECT 1 FROM files WHERE id = ?1", [id.0])
    }

    /// What a chat takes on the disk.
    pub fn bytes_of(&self, chat: &ChatId) -> Result<ChatBytes, StoreError> {
        let messages = self.0.count(
            "SELECT coalesce(sum(length(text) + coalesce(length(payload), 0)), 0) FROM messages
             WHERE chat = (SELECT row FROM chats WHERE id = ?1)",
            [Sql(chat)],
        )?;
        let files = self.0.count(
            "SELECT coalesce(sum(length(c.sealed)), 0)
             FROM messages m JOIN files f ON f.message = m.id JOIN file_chunks c ON c.file = f.id
             WHERE m.chat = (SELECT row FROM chats WHERE id = ?1)",
            [Sql(chat)],
        )?;
        Ok(ChatBytes { messages, files })
    }

    /// What each chat takes on the disk, the largest first, at most `limit` of them; chats that are not in the list too. Files
    /// of more than `beside` bytes stand beside the database and count with their size once they are whole.
    pub fn bytes_by_chat(&self, beside: u64, limit: u32) -> Result<Vec<(ChatId, ChatBytes)>, StoreError> {
        self.0.all(
            "SELECT id, messages, files FROM (
                 SELECT c.id AS id,
                     (SELECT coalesce(sum(length(m.text) + coalesce(length(m.payload), 0)), 0)
                      FROM messages m WHERE m.chat = c.row) AS messages,
                     (SELECT coalesce(sum(length(k.sealed)), 0)
                      FROM messages m JOIN files f ON f.message = m.id JOIN file_chunks k ON k.file = f.id
                      WHERE m.chat = c.row)
                     + (SELECT coalesce(sum(f.size), 0) FROM messages m JOIN files f ON f.message = m.id
                        WHERE m.chat = c.row AND f.size > ?2
                            AND (f.state = ?3 OR f.outgoing = 1 AND f.state IN (?4, ?5))) AS files
                 FROM chats c
             )
             WHERE messages + files > 0 ORDER BY messages + files DESC, id LIMIT ?1",
            params![
                limit,
                Sql(beside),
                Coded(FileState::Complete),
                Coded(FileState::Offered),
                Coded(FileState::Moving),
            ],
            |row| {
                let bytes = ChatBytes {
                    messages: column(row, "messages")?,
                    files: column(row, "files")?,
                };
                Ok((column(row, "id")?, bytes))
            },
        )
    }

    fn touched(&mut self, message: MessageId) {
        self.0.record(|changes| {
            changes.messages.insert(message);
        });
    }
}

/// The chunks.
impl Files<'_> {
    /// Keeps a chunk; false if that place is taken already.
    pub fn add_chunk(&mut self, file: &FileId, position: u32, sealed: &[u8]) -> Result<bool, StoreError> {
        let added = self.0.execute(
            "INSERT INTO file_chunks (file, position, sealed) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![file.0, position, sealed],
        )?;
        Ok(added > 0)
    }

    /// The places of the chunks that are here.
    pub fn positions(&self, file: &FileId) -> Result<Vec<u32>, StoreError> {
        self.0.all(
            "SELECT position FROM file_chunks WHERE file = ?1 ORDER BY position",
            [file.0],
            |row| row.get(0),
        )
    }

    /// How many chunks are here.
    pub fn count(&self, file: &FileId) -> Result<u64, StoreError> {
        self.0
            .count("SELECT count(*) FROM file_chunks WHERE file = ?1", [file.0])
    }

    /// One chunk.
    pub fn chunk(&self, file: &FileId, position: u32) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.one(
            "SELECT sealed FROM file_chunks WHERE file = ?1 AND position = ?2",
            params![file.0, position],
            |row| row.get(0),
        )
    }

    /// The first chunk that was not handed to the outbox yet.
    pub fn next_to_send(&self, file: &FileId) -> Result<Option<FileChunkRow>, StoreError> {
        self.0.one(
            "SELECT position, sealed FROM file_chunks WHERE file = ?1 AND entry IS NULL ORDER BY position LIMIT 1",
            [file.0],
            |row| {
                Ok(FileChunkRow {
                    position: row.get("position")?,
                    sealed: row.get("sealed")?,
                })
            },
        )
    }

    /// Remembers the entry of the outbox that carries a chunk; none: it is to be sent again.
    pub fn set_entry(&mut self, file: &FileId, position: u32, entry: Option<OutboxId>) -> Result<(), StoreError> {
        self.0.execute(
            "UPDATE file_chunks SET entry = ?3 WHERE file = ?1 AND position = ?2",
            params![file.0, position, entry.map(|entry| entry.0)],
        )?;
        Ok(())
    }

    /// Lets a chunk be sent again, unless it waits in the outbox still.
    pub fn resend(&mut self, file: &FileId, position: u32) -> Result<(), StoreError> {
        self.0.execute(
            "UPDATE file_chunks SET entry = NULL WHERE file = ?1 AND position = ?2
                 AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.id = entry)",
            params![file.0, position],
        )?;
        Ok(())
    }

    /// The file whose chunk an entry of the outbox carries or carried.
    pub fn of_entry(&self, entry: OutboxId) -> Result<Option<FileId>, StoreError> {
        self.0
            .one("SELECT file FROM file_chunks WHERE entry = ?1", [entry.0], |row| {
                Ok(FileId(row.get(0)?))
            })
    }

    /// How many chunks the network took.
    pub fn published(&self, file: &FileId) -> Result<u64, StoreError> {
        self.0.count(
            "SELECT count(*) FROM file_chunks c LEFT JOIN outbox o ON o.id = c.entry
             WHERE c.file = ?1 AND c.entry IS NOT NULL AND o.id IS NULL",
            [file.0],
        )
    }

    /// How many chunks stand in the outbox, of all files together.
    pub fn in_outbox(&self) -> Result<u64, StoreError> {
        self.0
            .count("SELECT count(*) FROM outbox o JOIN file_chunks c ON c.entry = o.id", [])
    }

    /// Erases the chunks from a place on, with what of them waits in the outbox.
    pub fn remove_chunks(&mut self, file: &FileId, from: u32) -> Result<usize, StoreError> {
        let removed = self.0.execute(
            "DELETE FROM file_chunks WHERE file = ?1 AND position >= ?2",
            params![file.0, from],
        )?;
        self.0.record(|changes| changes.erased |= removed > 0);
        Ok(removed)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<FileRow> {
    Ok(FileRow {
        id: FileId(row.get("id")?),
        message: column(row, "message")?,
        author: row.get("author")?,
        outgoing: row.get("outgoing")?,
        announcement: row.get("announcement")?,
        size: column(row, "size")?,
        state: coded(row, "state")?,
        tries: row.get("tries")?,
        due_at: optional(row, "due_at")?,
        created_at: column(row, "created_at")?,
        done: row.get("done")?,
        door: row.get("door")?,
        knock_at: optional(row, "knock_at")?,
        trouble: coded(row, "trouble")?,
    })
}

impl Code for FileState {
    const CODES: &'static [(FileState, i64)] = &[
        (FileState::Offered, 0),
        (FileState::Moving, 1),
        (FileState::Complete, 2),
        (FileState::Cancelled, 3),
        (FileState::Failed, 4),
    ];
}

impl Code for Option<FileTrouble> {
    const CODES: &'static [(Option<FileTrouble>, i64)] = &[
        (None, 0),
        (Some(FileTrouble::DiskFull), 1),
        (Some(FileTrouble::Wrong), 2),
        (Some(FileTrouble::Unreachable), 3),
        (Some(FileTrouble::Gone), 4),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, chat, message, message_id, one_to_one, person};
    use crate::{Deletion, NewEntry, RouteKey, Store, TopicRow, Tx};

    fn file(number: u8) -> FileRow {
        FileRow {
            id: FileId([number; 32]),
            message: message_id(u64::from(number)),
            author: person(1),
            outgoing: false,
            announcement: vec![1, 2, 3].into(),
            size: 100,
            state: FileState::Moving,
            tries: 0,
            due_at: Some(NOW.plus(5)),
            created_at: NOW,
            done: 0,
            door: None,
            knock_at: None,
            trouble: None,
        }
    }

    fn entry() -> NewEntry {
        NewEntry {
            message: None,
            pubsub_topic: "p".into(),
            content_topic: "c".into(),
            key: RouteKey::Symmetric(vec![8; 32].into()),
            payload: vec![1],
            ephemeral: false,
            priority: 0,
            due_at: NOW,
            created_at: NOW,
        }
    }

    /// A message with a file of two chunks, one of them in the outbox, and the topic it travels on.
    fn set(tx: &mut Tx<'_>, number: u8) -> Result<(), StoreError> {
        let id = one_to_one(1);
        tx.chats().save(&chat(&id))?;
        tx.messages().insert(&message(&id, u64::from(number), "text"))?;
        let row = file(number);
        tx.files().save(&row)?;
        assert!(tx.files().add_chunk(&row.id, 0, &[1; 10])?);
        assert!(!tx.files().add_chunk(&row.id, 0, &[2; 10])?);
        assert!(tx.files().add_chunk(&row.id, 1, &[3; 10])?);
        let entry = tx.outbox().insert(&entry())?;
        tx.files().set_entry(&row.id, 0, Some(entry))?;
        tx.topics().save(&TopicRow {
            name: protocol::files::topic_name(&row.id),
            pubsub_topic: "p".into(),
            content_topic: "c".into(),
            key: None,
            listening: true,
        })
    }

    fn is_gone(tx: &mut Tx<'_>, number: u8) -> Result<bool, StoreError> {
        let id = FileId([number; 32]);
        Ok(tx.files().load(&id)?.is_none()
            && tx.files().count(&id)? == 0
            && tx.outbox().count()? == 0
            && tx.topics().load(&protocol::files::topic_name(&id))?.is_none())
    }

    #[test]
    fn a_file_goes_with_its_message_whichever_way_that_goes() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                set(tx, 1)?;
                tx.messages().remove(&message_id(1))?;
                assert!(is_gone(tx, 1)?, "removed");
                set(tx, 2)?;
                let mut row = tx.messages().load(&message_id(2))?.unwrap();
                row.deletion = Deletion::ForEveryone;
                tx.messages().update(&row)?;
                assert!(is_gone(tx, 2)?, "deleted for everyone");
                set(tx, 3)?;
                tx.messages().remove_up_to(&one_to_one(1), u64::MAX)?;
                assert!(is_gone(tx, 3)?, "cleared");
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }

    #[test]
    fn each_chat_takes_what_its_messages_and_files_take() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                set(tx, 1)?;
                let other = one_to_one(2);
                tx.chats().save(&chat(&other))?;
                tx.messages().insert(&message(&other, 9, &"x".repeat(1_000)))?;
                let large = FileRow {
                    message: message_id(9),
                    size: 6_000_000,
                    state: FileState::Complete,
                    ..file(9)
                };
                tx.files().save(&large)?;
                let bytes = tx.files().bytes_by_chat(5_000_000, 10)?;
                let of_first = tx.files().bytes_of(&one_to_one(1))?;
                let of_other = ChatBytes {
                    messages: 1_000,
                    files: 6_000_000,
                };
                assert_eq!(bytes, [(other, of_other), (one_to_one(1), of_first)]);
                assert!(of_first.files > 0);
                assert_eq!(tx.files().bytes_by_chat(5_000_000, 1)?.len(), 1);
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }

    #[test]
    fn chunks_are_handed_out_once_and_again_when_asked() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                set(tx, 1)?;
                let id = FileId([1; 32]);
                assert_eq!(tx.files().positions(&id)?, [0, 1]);
                assert_eq!(tx.files().next_to_send(&id)?.unwrap().position, 1);
                assert_eq!((tx.files().published(&id)?, tx.files().in_outbox()?), (0, 1));
                let first = tx.outbox().due(NOW, 1)?[0].id;
                assert_eq!(tx.files().of_entry(first)?, Some(id));
                tx.outbox().remove(first)?;
                assert_eq!((tx.files().published(&id)?, tx.files().in_outbox()?), (1, 0));
                tx.files().set_entry(&id, 0, None)?;
                assert_eq!(tx.files().next_to_send(&id)?.unwrap().position, 0);
                assert_eq!(tx.files().chunk(&id, 0)?, Some(vec![1; 10]));
                assert_eq!(tx.files().remove_chunks(&id, 1)?, 1);
                assert_eq!(tx.files().positions(&id)?, [0]);
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }

    #[test]
    fn rows_come_back_and_are_counted() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                set(tx, 1)?;
                assert_eq!(tx.files().load(&FileId([1; 32]))?, Some(file(1)));
                assert_eq!(tx.files().of_message(&message_id(1))?, Some(file(1)));
                assert_eq!(tx.files().moving_from(&person(1))?, (1, 100));
                assert_eq!(tx.files().moving_from(&person(2))?, (0, 0));
                assert_eq!(tx.files().next_due()?, Some(NOW.plus(5)));
                assert_eq!(tx.files().due(NOW.plus(4), 9)?.len(), 0);
                assert_eq!(tx.files().due(NOW.plus(5), 9)?.len(), 1);
                let bytes = tx.files().bytes_of(&one_to_one(1))?;
                assert_eq!(bytes, ChatBytes { messages: 4, files: 20 });
                let done = FileRow {
                    state: FileState::Complete,
                    due_at: None,
                    ..file(1)
                };
                tx.files().save(&done)?;
                assert_eq!(tx.files().load(&FileId([1; 32]))?, Some(done));
                assert_eq!(tx.files().next_due()?, None);
                assert_eq!(tx.files().bytes_of(&one_to_one(1))?.files, 20);
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }

    #[test]
    fn transfers_are_those_that_somebody_waits_for() {
        let mut store = Store::in_memory().unwrap();
        store
            .write(|tx| {
                for number in 1..=3 {
                    set(tx, number)?;
                }
                let asked = FileRow {
                    outgoing: true,
                    door: Some(vec![9]),
                    knock_at: Some(NOW.plus(1)),
                    done: 7,
                    ..file(2)
                };
                let knocking = FileRow {
                    knock_at: Some(NOW),
                    trouble: Some(FileTrouble::DiskFull),
                    ..file(3)
                };
                tx.files().save(&asked)?;
                tx.files().save(&knocking)?;
                let waiting = tx.files().transfers()?;
                assert_eq!(waiting.iter().map(|row| row.id.0[0]).collect::<Vec<_>>(), [3, 2]);
                assert_eq!((waiting[1].done, waiting[0].trouble), (7, knocking.trouble));
                assert!(tx.files().is_kept(&knocking.id)?);
                tx.files().save(&FileRow {
                    state: FileState::Cancelled,
                    ..knocking.clone()
                })?;
                assert!(!tx.files().is_kept(&knocking.id)? && !tx.files().is_kept(&FileId([9; 32]))?);
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
}
