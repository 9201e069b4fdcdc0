//! What has to happen because time has passed, and when the next of it is due.

use protocol::Timestamp;
use store::{RequestProgress, StoreError, View};

use crate::contacts;
use crate::datasync;
use crate::devices::pre_keys;
use crate::files;
use crate::groups;
use crate::presence;
use crate::profile::contact_code;
use crate::repair;
use crate::traces;
use crate::turn::Turn;
use crate::waiting;

/// Does everything that is due.
pub(crate) fn pass(turn: &mut Turn<'_, '_>) -> Result<(), StoreError> {
    match pre_keys::rotate(turn)? {
        true => contact_code::advertise(turn)?,
        false => contact_code::advertise_if_due(turn)?,
    }
    pre_keys::erase_old(turn)?;
    presence::tell_if_due(turn)?;
    expire_requests(turn)?;
    groups::follow_members(turn)?;
    datasync::flush_due(turn)?;
    repair::pass(turn)?;
    files::pass(turn)?;
    prune_if_due(turn)
}

/// When [`pass`] has something to do next.
pub(crate) fn next(view: &View<'_>) -> Result<Option<Timestamp>, StoreError> {
    let pre_key = view.bundles().newest_own()?;
    let pre_key_due = match pre_key {
        Some(row) => pre_keys::rotation_due(row.created_at),
        None => Timestamp(0),
    };
    let advertised = view.marks().at(contact_code::ADVERTISED, &[])?;
    let pruned = view.marks().at(PRUNED, &[])?;
    let due = [
        Some(pre_key_due),
        Some(advertised.map_or(Timestamp(0), contact_code::due_after)),
        Some(pruned.map_or(Timestamp(0), |last| last.plus(PRUNE_EVERY_MS))),
        view.bundles().first_expiry()?.map(pre_keys::erasure_due),
        view.contacts().next_expiry()?,
        view.marks().at(presence::DUE, &[])?,
        view.datasync().next_due()?.filter(|due| *due < datasync::NEVER),
        view.datasync().next_ack_due()?,
        view.repair().next_due()?,
        view.files().next_due()?,
        view.groups().has_unfollowed()?.then_some(Timestamp(0)),
    ];
    Ok(due.into_iter().flatten().min())
}

/// Requests end by themselves, on either side.
fn expire_requests(turn: &mut Turn<'_, '_>) -> Result<(), StoreError> {
    for mut contact in turn.tx.contacts().expired(turn.now, BATCH)? {
        contacts::close_request(turn, &mut contact, RequestProgress::Withdrawn)?;
        if contacts::relation(&contact).awaits_our_answer() {
            contact.request_ended_at = Some(turn.now);
        }
        turn.tx.contacts().save(&contact)?;
    }
    Ok(())
}

/// Forgets what has lost its use, once a day.
fn prune_if_due(turn: &mut Turn<'_, '_>) -> Result<(), StoreError> {
    if turn
        .tx
        .marks()
        .at(PRUNED, &[])?
        .is_some_and(|last| turn.now < last.plus(PRUNE_EVERY_MS))
    {
        return Ok(());
    }
    let month_ago = turn.now.minus(waiting::KEPT_MS);
    let seen_until = turn.now.minus(SEEN_KEPT_MS);
    while turn.tx.seen().prune(seen_until, PRUNE_AT_A_TIME)? > 0 {}
    turn.tx.waiting().prune(month_ago)?;
    turn.tx.segments().prune(month_ago)?;
    turn.tx.outbox().prune_hashes(seen_until)?;
    repair::prune(turn)?;
    traces::prune(turn)?;
    turn.tx.bundles().prune(month_ago)?;
    contacts::forget_strangers(turn, month_ago)?;
    turn.tx.sessions().prune(turn.now.minus(SESSION_KEPT_MS))?;
    turn.tx.marks().set(PRUNED, &[], turn.now)
}

const PRUNED: &str = "pruned";

const PRUNE_EVERY_MS: u64 = 24 * 60 * 60 * 1_000;

/// Longer than any store node keeps envelopes.
const SEEN_KEPT_MS: u64 = 40 * 24 * 60 * 60 * 1_000;

/// A session unused for so long is founded on pre-keys that are erased; the next message begins a new one.
const SESSION_KEPT_MS: u64 = 62 * 24 * 60 * 60 * 1_000;

const PRUNE_AT_A_TIME: u32 = 10_000;

/// Requests that one turn ends; the rest follows in the next.
const BATCH: u32 = 100;
