//! The contact code: what we announce to everybody who knows our key. The bundle around it is the main thing.
//!
//! Published when something changed and every six hours. What we tell everybody of ourselves, if anything, goes along when
//! it changed and once a day, see [`publish`].

use protocol::Timestamp;
use protocol::content::{ChatIdentity, ContactCode, Content};
use store::StoreError;

use crate::profile::publish;
use crate::send;
use crate::turn::Turn;

/// Publishes the contact code now.
pub(crate) fn advertise(turn: &mut Turn<'_, '_>) -> Result<(), StoreError> {
    let identity = identity_if_due(turn)?;
    let code = ContactCode {
        push: Vec::new(),
        identity,
    };
    send::to_followers(turn, &Content::ContactCode(Box::new(code)))?;
    turn.tx.marks().set(ADVERTISED, &[], turn.now)
}

/// Publishes the contact code if the last time is six hours ago.
pub(crate) fn advertise_if_due(turn: &mut Turn<'_, '_>) -> Result<(), StoreError> {
    match turn.tx.marks().at(ADVERTISED, &[])? {
        Some(last) if turn.now < due_after(last) => Ok(()),
        _ => advertise(turn),
    }
}

/// When the contact code is due again after it was published at `last`.
pub(crate) fn due_after(last: Timestamp) -> Timestamp {
    last.plus(EVERY_MS)
}

/// The mark of the last publication.
pub(crate) const ADVERTISED: &str = "contact code published";

const EVERY_MS: u64 = 6 * 60 * 60 * 1_000;

/// The identity goes along at least this often.
const IDENTITY_EVERY_MS: u64 = 24 * 60 * 60 * 1_000;

const IDENTITY_PUBLISHED: &str = "identity published";
/// What was published last, so that it is not published again; without it, it is.
pub(crate) const IDENTITY_HASH: &str = "identity hash";

fn identity_if_due(turn: &mut Turn<'_, '_>) -> Result<Option<ChatIdentity>, StoreError> {
    let hash = publish::digest(turn);
    let unchanged = turn.tx.settings().bytes(IDENTITY_HASH)?.as_deref() == Some(&hash[..]);
    let recent = turn
        .tx
        .marks()
        .at(IDENTITY_PUBLISHED, &[])?
        .is_some_and(|last| turn.now < last.plus(IDENTITY_EVERY_MS));
    if unchanged && recent {
        return Ok(None);
    }
    let Some(identity) = publish::for_everybody(turn)? else {
        return Ok(None);
    };
    turn.tx.settings().set_bytes(IDENTITY_HASH, &hash)?;
    turn.tx.marks().set(IDENTITY_PUBLISHED, &[], turn.now)?;
    Ok(Some(identity))
}
