//! Files that go from one device to the other, in a one-to-one chat: who may, who asks whom, and when again.
//!
//! The receiver says where it can be reached (`come`), the author answers where it can be (`open`), both inside the
//! encrypted conversation. The bytes move elsewhere: whoever moves them reports here what became of it, so that both sides
//! go on where they were after a restart. A door says an IP address; so all of it is off until the person allows it.

use protocol::Timestamp;
use protocol::files::{Announcement, FileControl, FileDoor, FileId, What};
use protocol::id::ChatId;
use protocol::layers::application::Signed;
use store::{FileRow, FileState, FileTrouble, PublicKeyBytes};

use super::{FileCommandError, rules, tell};
use crate::command::CommandError;
use crate::contacts;
use crate::inbound::Rule;
use crate::receive::{Done, Halt, Origin};
use crate::turn::{Turn, row_key};

/// What became of moving a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// We, who want the file, can be reached here.
    Knocked(FileDoor),
    /// We, who have the file, can be reached here; whoever knocked is told.
    Opened(FileDoor),
    /// So many chunks are there, counted from the first.
    Progress(u32),
    /// The receiver has all of it, and it is what was announced.
    Complete,
    /// The connection broke, or none came about.
    Broken,
    /// It cannot go on.
    Failed(FileTrouble),
}

/// Whether files may be sent and fetched this way at all, and in this chat.
pub(super) fn allowed(turn: &mut Turn<'_, '_>, chat: &ChatId) -> Result<(), CommandError> {
    if !crate::chats::abilities::of_kind(&chat.kind()).large_files {
        return Err(FileCommandError::OneToOneOnly.into());
    }
    match chat.peer() {
        Some(peer) if is_contact(turn, &row_key(&peer))? => {}
        _ => return Err(CommandError::NotAContact),
    }
    match turn.me.settings.direct_files {
        true => Ok(()),
        false => Err(FileCommandError::DirectOff.into()),
    }
}

/// Begins to fetch a file, or to fetch it anew.
pub(super) fn fetch(turn: &mut Turn<'_, '_>, file: FileRow) -> Result<(), CommandError> {
    let chat = turn.tx.messages().load(&file.message)?.map(|message| message.chat);
    allowed(turn, &chat.ok_or(CommandError::MessageNotFound)?)?;
    turn.tx.files().save(&FileRow {
        state: FileState::Moving,
        tries: 0,
        knock_at: Some(turn.now),
        door: None,
        trouble: None,
        ..file
    })?;
    Ok(())
}

/// Takes a report about a file. One that says nothing new any more changes nothing.
pub(super) fn step(turn: &mut Turn<'_, '_>, id: &FileId, step: Step) -> Result<(), CommandError> {
    let Some(mut file) = turn.tx.files().load(id)? else {
        return Ok(());
    };
    let goes_on = match (file.outgoing, file.state) {
        (_, FileState::Cancelled | FileState::Failed) => false,
        (true, _) => true,
        (false, state) => state == FileState::Moving,
    };
    if !goes_on {
        return Ok(());
    }
    match step {
        // They had it and want it again: whatever comes of that, it stays complete.
        Step::Progress(_) | Step::Broken if file.outgoing && file.state == FileState::Complete => {
            (file.knock_at, file.door) = (None, None);
        }
        Step::Knocked(door) => match rules::next_knock(file.tries) {
            Some(wait) => {
                tell(turn, &file, What::Come(door))?;
                file.tries += 1;
                file.door = None;
                file.knock_at = Some(turn.now.plus(wait));
            }
            None => fail(&mut file, FileTrouble::Unreachable),
        },
        Step::Opened(door) => {
            tell(turn, &file, What::Open(door))?;
            (file.knock_at, file.door) = (None, None);
        }
        Step::Progress(done) => {
            if !file.outgoing {
                // They are there: whatever breaks is tried again soon.
                file.tries = 0;
            }
            file.state = FileState::Moving;
            file.done = done;
        }
        Step::Complete => {
            file.state = FileState::Complete;
            (file.knock_at, file.door) = (None, None);
        }
        Step::Broken if file.outgoing => {
            file.state = FileState::Offered;
            (file.knock_at, file.door) = (None, None);
        }
        Step::Broken => {
            let soon = turn.now.plus(rules::KNOCK_SOON_MS);
            let again = file.knock_at.filter(|_| file.tries > rules::SOON_TRIES);
            file.knock_at = Some(again.map_or(soon, |at| at.max(soon)));
            file.door = None;
        }
        Step::Failed(trouble) => fail(&mut file, trouble),
    }
    Ok(turn.tx.files().save(&file)?)
}

fn fail(file: &mut FileRow, trouble: FileTrouble) {
    file.state = FileState::Failed;
    file.trouble = Some(trouble);
    (file.knock_at, file.door) = (None, None);
}

/// The other side says where it can be reached.
pub(super) fn door(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    control: &FileControl,
    mut file: FileRow,
    door: &FileDoor,
) -> Result<Done, Halt> {
    let who = row_key(&signed.author);
    let comes_from = match &control.what {
        Some(What::Come(_)) if file.outgoing => turn
            .tx
            .messages()
            .load(&file.message)?
            .and_then(|message| message.chat.peer())
            .map(|peer| row_key(&peer)),
        Some(What::Open(_)) if !file.outgoing && file.state == FileState::Moving => Some(file.author),
        _ => None,
    };
    let is_open = matches!(file.state, FileState::Offered | FileState::Moving | FileState::Complete);
    let is_theirs = comes_from == Some(who) && origin.sender.row == who;
    if !is_open || !is_theirs || !turn.me.settings.direct_files || !is_contact(turn, &who)? {
        return Err(Rule::NotAllowed.into());
    }
    let is_large = Announcement::decode(&file.announcement).is_some_and(|announced| announced.is_direct());
    if !is_large || !rules::is_door(door) || !is_fresh(control.clock, turn.now) {
        return Err(Rule::Outdated.into());
    }
    file.door = Some(protocol::files::encode_door(door));
    if file.outgoing {
        file.knock_at = Some(turn.now);
    }
    turn.tx.files().save(&file)?;
    Ok(Done::Applied)
}

/// A door is shut after a few minutes.
fn is_fresh(clock: u64, now: Timestamp) -> bool {
    now.0.abs_diff(clock) <= rules::DOOR_OPEN_MS
}

fn is_contact(turn: &mut Turn<'_, '_>, person: &PublicKeyBytes) -> Result<bool, store::StoreError> {
    let contact = turn.tx.contacts().load(person)?;
    Ok(contact.is_some_and(|contact| contacts::is_mutual(&contact) && !contact.blocked))
}
