//! Files of any kind between our own clients, in chunks; see ADR 0015.
//!
//! A chat message announces a file. If it is small its chunks follow as envelopes on a topic of the file's own: one at a
//! time and after everything else, so that a text never waits for a file. Whoever fetches the file listens to that topic,
//! and history brings what came while they were away; what is lost beyond the parity is asked for. All of it is in the
//! database, so both sides go on where they were after a restart.

pub(crate) mod commands;
pub(crate) mod direct;
pub(crate) mod inbound;
pub mod rules;

use crypto::PublicKey;
use protocol::address;
use protocol::content::Content;
use protocol::files::{self as wire, FileControl, What};
use protocol::id::MessageId;
use protocol::layers::transport::{Route, RouteKey};
use store::{FileRow, FileState, OutboxId, Secret, StoreError, TopicRow, View};

use crate::send;
use crate::turn::{Turn, row_key};

pub use crypto::SymmetricKey;
pub use crypto::file::{FileKey, Hasher, sha256};

pub use commands::{Command, FileCommandError, NewFile};
pub use direct::Step;
pub use protocol::files::{
    Announcement, FileDoor, FileError, FileId, MAX_DIRECT_SIZE, MAX_SIZE, Prepared, Shape, Way, assemble,
    clean_media_type, clean_name, decode_door, list_hash, open_data, prepare, seal_padded,
};
pub use store::FileTrouble as Trouble;

/// How much of a file is done, in chunks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Chunks that are here, or that the network took.
    pub done: u64,
    /// Chunks that it takes.
    pub total: u64,
}

/// How much of a file is done.
pub fn progress(view: &View<'_>, file: &FileRow, announced: &Announcement) -> Result<Progress, StoreError> {
    let shape = &announced.shape;
    let files = view.files();
    let (done, total) = match (file.state, file.outgoing) {
        (FileState::Complete, _) => (1, 1),
        _ if announced.is_direct() => (u64::from(file.done), u64::from(shape.data)),
        (_, true) => (files.published(&file.id)?, u64::from(shape.total())),
        (_, false) => (files.count(&file.id)?, u64::from(shape.data)),
    };
    Ok(Progress {
        done: done.min(total),
        total,
    })
}

/// Does what is due: the next chunk of a file of ours, or asking for what is missing of another's.
pub(crate) fn pass(turn: &mut Turn<'_, '_>) -> Result<(), StoreError> {
    for mut file in turn.tx.files().due(turn.now, AT_A_TIME)? {
        match (file.outgoing, file.state) {
            (true, FileState::Moving) => send_next(turn, file)?,
            (false, FileState::Moving) => ask(turn, file)?,
            _ => {
                file.due_at = None;
                turn.tx.files().save(&file)?;
            }
        }
    }
    Ok(())
}

/// The entry of the outbox is gone: if it carried a chunk, the network has that, and the next may follow.
pub(crate) fn entry_taken(turn: &mut Turn<'_, '_>, entry: OutboxId) -> Result<(), StoreError> {
    let Some(mut file) = of_entry(turn, entry)? else {
        return Ok(());
    };
    if file.state != FileState::Moving {
        return Ok(());
    }
    let Some(announced) = Announcement::decode(&file.announcement) else {
        return Ok(());
    };
    if turn.tx.files().next_to_send(&file.id)?.is_some() {
        file.due_at = Some(next_turn(turn)?);
    } else if turn.tx.files().published(&file.id)? == turn.tx.files().count(&file.id)? {
        file.state = FileState::Complete;
        file.due_at = None;
        // Parity can be computed again; what was asked for once more are always data chunks.
        turn.tx.files().remove_chunks(&file.id, announced.shape.data)?;
    }
    turn.tx.files().save(&file)
}

/// The entry was given up: so is the file.
pub(crate) fn entry_given_up(turn: &mut Turn<'_, '_>, entry: OutboxId) -> Result<(), StoreError> {
    let Some(file) = of_entry(turn, entry)? else {
        return Ok(());
    };
    turn.tx.files().save(&FileRow {
        state: FileState::Failed,
        due_at: None,
        ..file
    })
}

fn of_entry(turn: &mut Turn<'_, '_>, entry: OutboxId) -> Result<Option<FileRow>, StoreError> {
    match turn.tx.files().of_entry(entry)? {
        Some(id) => turn.tx.files().load(&id),
        None => Ok(None),
    }
}

/// Hands one chunk to the outbox, unless chunks wait there already.
fn send_next(turn: &mut Turn<'_, '_>, mut file: FileRow) -> Result<(), StoreError> {
    let (Some(announced), Some(chunk)) = (
        Announcement::decode(&file.announcement),
        turn.tx.files().next_to_send(&file.id)?,
    ) else {
        file.due_at = None;
        return turn.tx.files().save(&file);
    };
    let next = next_turn(turn)?;
    if next > turn.now || turn.tx.files().in_outbox()? >= IN_OUTBOX {
        file.due_at = Some(next.max(turn.now.plus(CHUNK_EVERY_MS)));
        return turn.tx.files().save(&file);
    }
    let route = route(turn, &announced);
    let payload = wire::encode_chunk(&file.id, chunk.position, chunk.sealed);
    let entry = send::chunk(turn, &route, payload)?;
    turn.tx.files().set_entry(&file.id, chunk.position, Some(entry))?;
    turn.tx.marks().set(LAST_CHUNK, &[], turn.now)?;
    file.due_at = Some(turn.now.plus(CHUNK_EVERY_MS));
    turn.tx.files().save(&file)
}

/// When the next chunk of any file may go.
fn next_turn(turn: &mut Turn<'_, '_>) -> Result<protocol::Timestamp, StoreError> {
    let last = turn.tx.marks().at(LAST_CHUNK, &[])?;
    Ok(last.map_or(turn.now, |last| last.plus(CHUNK_EVERY_MS)).max(turn.now))
}

/// Asks the author for the chunks that are missing, or gives up.
fn ask(turn: &mut Turn<'_, '_>, mut file: FileRow) -> Result<(), StoreError> {
    let Some(announced) = Announcement::decode(&file.announcement) else {
        return fail(turn, file);
    };
    let Some(wait) = rules::next_ask(file.tries) else {
        return fail(turn, file);
    };
    let here = turn.tx.files().positions(&file.id)?;
    let missing: Vec<u32> = (0..announced.shape.data)
        .filter(|position| !here.contains(position))
        .collect();
    let bits = wire::to_bits(&missing, announced.shape.total());
    tell(turn, &file, What::Wanted(bits))?;
    file.tries += 1;
    file.due_at = Some(turn.now.plus(wait).plus(rules::time_for(missing.len() as u64)));
    turn.tx.files().save(&file)
}

/// Says something about a file to its author, or to the person it was sent to.
pub(crate) fn tell(turn: &mut Turn<'_, '_>, file: &FileRow, what: What) -> Result<(), StoreError> {
    let other = match file.outgoing {
        true => match turn.tx.messages().load(&file.message)? {
            Some(message) => message.chat.peer(),
            None => None,
        },
        false => PublicKey::from_compressed(file.author.as_bytes()).ok(),
    };
    match other.filter(|other| *other != turn.me.public) {
        Some(other) => tell_person(turn, &other, file, what),
        None => Ok(()),
    }
}

/// Says something about a file to one person.
fn tell_person(turn: &mut Turn<'_, '_>, person: &PublicKey, file: &FileRow, what: What) -> Result<(), StoreError> {
    let control = FileControl {
        clock: turn.now.0,
        file_id: file.id.0.to_vec(),
        what: Some(what),
    };
    send::to_person(turn, person, &Content::FileControl(Box::new(control)))?;
    Ok(())
}

/// The file cannot come any more.
fn fail(turn: &mut Turn<'_, '_>, file: FileRow) -> Result<(), StoreError> {
    stop(turn, file, FileState::Failed)
}

/// Ends a file's journey and forgets what of it is here.
pub(crate) fn stop(turn: &mut Turn<'_, '_>, mut file: FileRow, state: FileState) -> Result<(), StoreError> {
    ignore(turn, &file.id)?;
    turn.tx.files().remove_chunks(&file.id, 0)?;
    file.state = state;
    file.due_at = None;
    (file.knock_at, file.door) = (None, None);
    turn.tx.files().save(&file)
}

/// Begins to fetch a file: from now on we listen where it travels, and history is asked for what came before.
pub(crate) fn fetch(turn: &mut Turn<'_, '_>, file: &mut FileRow, announced: &Announcement) -> Result<(), StoreError> {
    let route = route(turn, announced);
    turn.tx.topics().save(&TopicRow {
        name: wire::topic_name(&file.id),
        pubsub_topic: route.pubsub_topic.as_str().to_owned(),
        content_topic: route.content_topic.as_str().to_owned(),
        key: Some(Secret::from(&announced.key.topic_key().expose()[..])),
        listening: true,
    })?;
    let chunks = u64::from(announced.shape.total());
    file.state = FileState::Moving;
    file.tries = 0;
    file.due_at = Some(turn.now.plus(rules::PATIENCE_MS).plus(rules::time_for(chunks)));
    turn.tx.files().save(file)
}

/// Stops listening for a file's chunks.
pub(crate) fn ignore(turn: &mut Turn<'_, '_>, file: &FileId) -> Result<(), StoreError> {
    let name = wire::topic_name(file);
    if let Some(topic) = turn.tx.topics().load(&name)? {
        turn.tx.topics().remove(&name)?;
        turn.tx.history().forget(&topic.pubsub_topic, &topic.content_topic)?;
    }
    Ok(())
}

/// The message of a file is about to be deleted, and the file with it: nobody listens to its chunks any more.
pub(crate) fn leave(turn: &mut Turn<'_, '_>, message: &MessageId) -> Result<(), StoreError> {
    match turn.tx.files().of_message(message)? {
        Some(file) => ignore(turn, &file.id),
        None => Ok(()),
    }
}

/// Where the chunks of a file travel.
fn route(turn: &Turn<'_, '_>, announced: &Announcement) -> Route {
    Route {
        pubsub_topic: turn.me.shard.clone(),
        content_topic: address::content_topic(&wire::topic_name(&announced.id())),
        key: RouteKey::Symmetric(announced.key.topic_key()),
    }
}

/// The row of a file that is announced by a message.
pub(crate) fn row(turn: &Turn<'_, '_>, announced: &Announcement, message: MessageId, author: &PublicKey) -> FileRow {
    FileRow {
        id: announced.id(),
        message,
        author: row_key(author),
        outgoing: false,
        announcement: announced.encode().into(),
        size: announced.size,
        state: FileState::Offered,
        tries: 0,
        due_at: None,
        created_at: turn.now,
        done: 0,
        door: None,
        knock_at: None,
        trouble: None,
    }
}

/// Deployed light clients publish two envelopes a second; files leave the other one to everything else.
pub(crate) const CHUNK_EVERY_MS: u64 = 1_000;

/// Chunks that may stand in the outbox: one on its way and one behind it, so that a text waits for one at most.
const IN_OUTBOX: u64 = 2;

/// Files that one turn looks after; the rest follows in the next.
const AT_A_TIME: u32 = 8;

/// When a chunk last went to the outbox.
const LAST_CHUNK: &str = "chunk of a file";
