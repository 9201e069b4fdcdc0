//! Installations: which devices a person has, which of them a message is for, and what they know of us.
//!
//! Devices of other people are used as soon as a bundle names them; further devices of our own only after pairing.

pub(crate) mod pre_keys;
pub(crate) mod sessions;

use crypto::PublicKey;
use protocol::Timestamp;
use protocol::content::{Content, SyncMessage};
use protocol::id::InstallationId;
use protocol::layers::application::Signed;
use protocol::layers::encryption::Bundle;
use store::{InstallationRow, PreKeyRow, PublicKeyBytes, StoreError};

use crate::contacts::Sender;
use crate::inbound::Reason;
use crate::receive::{Done, Halt, Origin};
use crate::turn::{Turn, row_key};
use crate::{chats, datasync, send};

/// Remembers the installations and pre-keys of a verified bundle.
///
/// Only of the sender, of ourselves, and of people we have accepted: anybody may sign a bundle, and who they are is no
/// business of ours.
pub(crate) fn learn(turn: &mut Turn<'_, '_>, sender: &Sender, bundle: &Bundle) -> Result<(), StoreError> {
    let own = bundle.identity == turn.me.public;
    if !own && bundle.identity != sender.key && !crate::contacts::is_added(turn, &bundle.identity)? {
        return Ok(());
    }
    let identity = row_key(&bundle.identity);
    let announced_at = u64::try_from(bundle.timestamp).unwrap_or(0);
    let mut newcomer = false;
    for (id, pre_key) in &bundle.pre_keys {
        if own && *id == turn.me.installation {
            continue;
        }
        let known = turn.tx.installations().load(&identity, id)?;
        newcomer |= known.is_none();
        let enabled = known.as_ref().map_or(!own, |row| row.enabled);
        announce(
            turn,
            known,
            InstallationRow {
                identity,
                id: id.clone(),
                protocol_version: pre_key.protocol_version,
                announced_at,
                enabled,
                name: String::new(),
                device_type: String::new(),
            },
        )?;
        learn_pre_key(turn, &identity, id, pre_key)?;
    }
    if newcomer {
        forget_surplus(turn, &identity)?;
        datasync::stop_holding(turn, &bundle.identity)?;
    }
    Ok(())
}

/// What another device of ours tells.
pub(crate) fn inbound(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    message: &SyncMessage,
) -> Result<Done, Halt> {
    match message {
        SyncMessage::DeleteForMe(deletion) => chats::delete::for_me(turn, origin, signed, deletion),
        _ => Err(Halt::Drop(Reason::Unsupported(signed.kind))),
    }
}

/// Tells something to the other devices of ours, if there are any.
pub(crate) fn tell_own(turn: &mut Turn<'_, '_>, content: &Content) -> Result<(), StoreError> {
    let me = turn.me.public;
    if targets(turn, &me)?.is_empty() {
        return Ok(());
    }
    send::to_person(turn, &me, content).map(drop)
}

/// The installations that a message to a person is for: the newest three that are enabled, without this one.
pub(crate) fn targets(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<Vec<InstallationId>, StoreError> {
    let own = *person == turn.me.public;
    let rows = turn.tx.installations().enabled(&row_key(person), MAX_INSTALLATIONS)?;
    let ids = rows.into_iter().map(|row| row.id);
    Ok(ids.filter(|id| !own || *id != turn.me.installation).collect())
}

/// Whether every one of these installations has shown that it uses the secret we share with the person.
pub(crate) fn agreed(
    turn: &mut Turn<'_, '_>,
    person: &PublicKey,
    targets: &[InstallationId],
) -> Result<bool, StoreError> {
    if targets.is_empty() {
        return Ok(false);
    }
    let acknowledged = turn.tx.shared_secrets().acknowledged(&row_key(person))?;
    Ok(targets.iter().all(|id| acknowledged.contains(id)))
}

/// Remembers that an installation acknowledged a message of ours that was first sent at `sent_at`. If our present
/// pre-key is older than that, the message carried it, see [`knows_our_bundle`].
pub(crate) fn acknowledged_by(
    turn: &mut Turn<'_, '_>,
    person: &PublicKey,
    installation: &InstallationId,
    sent_at: Timestamp,
) -> Result<(), StoreError> {
    let made_at = pre_keys::current(turn)?.created_at;
    if sent_at > made_at && !knows_our_bundle(turn, person, installation, made_at)? {
        turn.tx
            .marks()
            .set(KNOWS_BUNDLE, &device(person, installation), made_at)?;
    }
    Ok(())
}

/// Whether an installation is known to have our present pre-key, made at `made_at`.
///
/// The bundle goes with every message until this is so. Therefore an acknowledgement of any message that is younger than
/// the pre-key proves it, and peers still see a bundle early enough to move to the negotiated topic.
pub(crate) fn knows_our_bundle(
    turn: &mut Turn<'_, '_>,
    person: &PublicKey,
    installation: &InstallationId,
    made_at: Timestamp,
) -> Result<bool, StoreError> {
    let known = turn.tx.marks().at(KNOWS_BUNDLE, &device(person, installation))?;
    Ok(known == Some(made_at))
}

/// Peers use the three newest installations of a person, and so do we.
pub(crate) const MAX_INSTALLATIONS: u32 = 3;

/// Installations of one person that are remembered at all; the ones announced longest ago go first.
const MAX_REMEMBERED: usize = 10;

/// A bundle is signed anew with every message; younger repetitions than this do not change the order of devices.
const ANNOUNCEMENT_RESOLUTION_NS: u64 = 60_000_000_000;

const KNOWS_BUNDLE: &str = "installation knows our pre-key";

fn device(person: &PublicKey, installation: &InstallationId) -> Vec<u8> {
    [&person.to_compressed()[..], installation.as_str().as_bytes()].concat()
}

fn announce(
    turn: &mut Turn<'_, '_>,
    known: Option<InstallationRow>,
    announced: InstallationRow,
) -> Result<(), StoreError> {
    let Some(known) = known else {
        return turn.tx.installations().save(&announced);
    };
    let newer = announced.announced_at > known.announced_at.saturating_add(ANNOUNCEMENT_RESOLUTION_NS);
    let protocol_version = known.protocol_version.max(announced.protocol_version);
    if newer || protocol_version != known.protocol_version {
        let announced_at = known.announced_at.max(announced.announced_at);
        turn.tx.installations().save(&InstallationRow {
            announced_at,
            protocol_version,
            ..known
        })?;
    }
    Ok(())
}

fn learn_pre_key(
    turn: &mut Turn<'_, '_>,
    identity: &PublicKeyBytes,
    installation: &InstallationId,
    pre_key: &crypto::x3dh::PreKey,
) -> Result<(), StoreError> {
    let public = row_key(&pre_key.key);
    let newest = turn.tx.bundles().newest(identity, installation)?;
    if newest.as_ref().is_some_and(|newest| newest.public == public) {
        return Ok(());
    }
    let expired = newest.is_some_and(|newest| newest.version > pre_key.version);
    turn.tx.bundles().insert(&PreKeyRow {
        identity: *identity,
        installation: installation.clone(),
        public,
        version: pre_key.version,
        protocol_version: pre_key.protocol_version,
        received_at: turn.now,
        expired,
    })?;
    if !expired {
        turn.tx
            .bundles()
            .expire_older(identity, installation, pre_key.version)?;
    }
    Ok(())
}

fn forget_surplus(turn: &mut Turn<'_, '_>, identity: &PublicKeyBytes) -> Result<(), StoreError> {
    for surplus in turn.tx.installations().of(identity)?.into_iter().skip(MAX_REMEMBERED) {
        turn.tx.sessions().remove(identity, &surplus.id)?;
        turn.tx.installations().remove(identity, &surplus.id)?;
    }
    Ok(())
}
