//! What others send of their files, and say about them.

use crypto::file::sha256;
use protocol::files::{Announcement, Chunk, FileControl, FileId, What, from_bits, repair};
use protocol::id::MessageId;
use protocol::layers::application::Signed;
use protocol::wire::files::FileAnnouncement;
use store::{FileRow, FileState};

use super::{direct, fetch, ignore, row, rules, stop, tell_person};
use crate::contacts::Standing;
use crate::inbound::{Inbound, Reason, Rule};
use crate::receive::{Done, Halt, Origin};
use crate::turn::Turn;

/// A message that is kept announces a file, perhaps. One that we cannot take is no reason to refuse its text.
pub(crate) fn announced(
    turn: &mut Turn<'_, '_>,
    message: MessageId,
    author: &crypto::PublicKey,
    wire: Option<&FileAnnouncement>,
) -> Result<(), Halt> {
    let Some(announced) = wire.and_then(|wire| Announcement::parse(wire).ok()) else {
        return Ok(());
    };
    if turn.tx.files().contains(&announced.id())? {
        // The same file in a second message, or somebody who repeats another's announcement.
        return Ok(());
    }
    let mut file = row(turn, &announced, message, author);
    let (files, bytes) = turn.tx.files().moving_from(&file.author)?;
    turn.tx.files().save(&file)?;
    if !announced.is_direct() && rules::fetches_by_itself(files, bytes, announced.size) {
        fetch(turn, &mut file, &announced)?;
    }
    Ok(())
}

/// A chunk on a file's topic.
pub(crate) fn chunk(turn: &mut Turn<'_, '_>, chunk: Chunk) -> Result<Inbound, Halt> {
    let Some(file) = turn.tx.files().load(&chunk.file)? else {
        return Err(Reason::NotForUs.into());
    };
    if file.outgoing || file.state != FileState::Moving {
        return Err(Reason::Duplicate.into());
    }
    let announced = Announcement::decode(&file.announcement).ok_or(Reason::Undecodable)?;
    if announced.is_direct() {
        return Err(Reason::NotForUs.into());
    }
    let expected = announced.hashes.get(chunk.index as usize).ok_or(Rule::WrongChunk)?;
    if sha256(&chunk.sealed) != *expected {
        return Err(Rule::WrongChunk.into());
    }
    if !turn.tx.files().add_chunk(&file.id, chunk.index, &chunk.sealed)? {
        return Err(Reason::Duplicate.into());
    }
    match turn.tx.files().count(&file.id)? >= u64::from(announced.shape.data) {
        true => put_together(turn, file, &announced)?,
        // Its message shows how far it is.
        false => turn.tx.files().save(&file)?,
    }
    Ok(Inbound::Applied)
}

/// Enough chunks are here.
fn put_together(turn: &mut Turn<'_, '_>, mut file: FileRow, announced: &Announcement) -> Result<(), Halt> {
    let shape = &announced.shape;
    let mut chunks = Vec::with_capacity(shape.total() as usize);
    for position in 0..shape.total() {
        chunks.push(turn.tx.files().chunk(&file.id, position)?);
    }
    let data = repair(shape, chunks).filter(|data| protocol::files::assemble(announced, data).is_some());
    let Some(data) = data else {
        // Every chunk is what was announced, so the announcement itself was wrong.
        return Ok(stop(turn, file, FileState::Failed)?);
    };
    for (position, sealed) in data.iter().enumerate() {
        turn.tx.files().add_chunk(&file.id, position as u32, sealed)?;
    }
    turn.tx.files().remove_chunks(&file.id, shape.data)?;
    ignore(turn, &file.id)?;
    file.state = FileState::Complete;
    file.due_at = None;
    Ok(turn.tx.files().save(&file)?)
}

/// What somebody says about a file.
pub(crate) fn control(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    control: &FileControl,
) -> Result<Done, Halt> {
    origin.must_be_personal(&signed.author)?;
    let id = FileId(control.file_id[..].try_into().map_err(|_| Reason::Undecodable)?);
    let file = turn.tx.files().load(&id)?.ok_or(Rule::Outdated)?;
    match &control.what {
        Some(What::Wanted(bits)) => wanted(turn, origin, file, bits),
        Some(What::Withdrawn(_)) => withdrawn(turn, origin, file),
        Some(What::Come(door) | What::Open(door)) => direct::door(turn, origin, signed, control, file, door),
        None => Err(Reason::Unsupported(signed.kind).into()),
    }
}

/// Chunks of ours did not arrive. Who knows the file's name was given its key; nobody else can ask.
fn wanted(turn: &mut Turn<'_, '_>, origin: &Origin<'_>, mut file: FileRow, bits: &[u8]) -> Result<Done, Halt> {
    if !file.outgoing || origin.sender.standing == Standing::Blocked || !rules::serves_again(file.tries) {
        return Err(Rule::NotAllowed.into());
    }
    match file.state {
        FileState::Moving | FileState::Complete => {}
        FileState::Cancelled => return no_more(turn, origin, file),
        FileState::Offered | FileState::Failed => return Err(Rule::NotAllowed.into()),
    }
    let announced = Announcement::decode(&file.announcement).ok_or(Reason::Undecodable)?;
    if announced.is_direct() {
        return Err(Rule::NotAllowed.into());
    }
    for position in from_bits(bits, announced.shape.total()) {
        turn.tx.files().resend(&file.id, position)?;
    }
    file.tries += 1;
    file.state = FileState::Moving;
    file.due_at = Some(turn.now);
    turn.tx.files().save(&file)?;
    Ok(Done::Applied)
}

/// We took the file back, and who asks did not hear it: in groups nobody is told before they ask, and elsewhere it may have
/// come before the announcement.
fn no_more(turn: &mut Turn<'_, '_>, origin: &Origin<'_>, mut file: FileRow) -> Result<Done, Halt> {
    tell_person(turn, &origin.sender.key, &file, What::Withdrawn(true))?;
    file.tries += 1;
    turn.tx.files().save(&file)?;
    Ok(Done::Applied)
}

/// The author took the file back.
fn withdrawn(turn: &mut Turn<'_, '_>, origin: &Origin<'_>, file: FileRow) -> Result<Done, Halt> {
    if file.outgoing || file.author != origin.sender.row {
        return Err(Rule::NotAllowed.into());
    }
    if file.state != FileState::Complete {
        stop(turn, file, FileState::Cancelled)?;
    }
    Ok(Done::Applied)
}
