//! Double-ratchet sessions (54/WAKU2-X3DH-SESSIONS) between the database and the pure layer that turns them.
//!
//! A session is loaded as a value, moved on, and saved in the same transaction as what it opened or sealed, so that no
//! key of it is ever used twice.

use std::collections::BTreeMap;

use crypto::{PublicKey, Session};
use protocol::id::InstallationId;
use protocol::layers::encryption::{
    OpenError, PairSession, Pairwise, Part, RatchetPart, Scheme, open_dh, seal_dh, seal_pairwise,
};
use store::{SessionRow, StoreError, TraceKeyRow};
use zeroize::Zeroizing;

use super::{agreed, knows_our_bundle, pre_keys, targets};
use crate::broken;
use crate::contacts::{self, Sender};
use crate::inbound::{Missing, Reason, Rule};
use crate::receive::Halt;
use crate::turn::{Arrival, Turn, row_key};
use crate::{groups, topics, traces, waiting};

/// A message for all installations of a person.
pub(crate) struct Sealed {
    /// A `ProtocolMessage`.
    pub bytes: Vec<u8>,
    /// Whether every installation listens on the negotiated topic.
    pub negotiated: bool,
    /// With what each part is encrypted.
    pub keys: Vec<TraceKeyRow>,
}

/// Whether our bundle may travel with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attach {
    /// As long as an installation is not known to have it.
    UntilKnown,
    /// Never: we did not choose to hear the person, and a bundle would invite them to the negotiated topic, where we do not listen.
    Never,
}

/// Whether our bundle may travel with what we write to a person: if we accepted them, or are in a group with them, and it
/// invites them to where we listen.
pub(crate) fn attach(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<Attach, StoreError> {
    let hears = contacts::is_added(turn, person)?
        || groups::shares_one_with(turn, person)? && topics::listens_to(turn, person)?;
    Ok(match hears {
        true => Attach::UntilKnown,
        false => Attach::Never,
    })
}

/// Encrypts for the installations of a person: by their sessions, by new ones where there are only pre-keys, and by the
/// DH fallback if no installation is known.
pub(crate) fn seal(
    turn: &mut Turn<'_, '_>,
    person: &PublicKey,
    plaintext: &[u8],
    attach: Attach,
) -> Result<Sealed, StoreError> {
    let mut sessions = writable(turn, person)?;
    let installations: Vec<InstallationId> = sessions.keys().cloned().collect();
    let bundle = match attach == Attach::UntilKnown && is_bundle_due(turn, person, &installations)? {
        true => Some(pre_keys::bundle(turn)?),
        false => None,
    };
    let ours = &turn.me.installation;
    let sealed = seal_pairwise(plaintext, ours, bundle.clone(), &mut sessions);
    let (bytes, headers) = match sealed {
        Ok(Pairwise { bytes, headers }) if !sessions.is_empty() => (bytes, headers),
        // No installation is known, or a chain of 2^32 messages is used up, which a turn of the ratchet by them mends.
        _ => (seal_dh(plaintext, person, ours, bundle, turn.rng), BTreeMap::new()),
    };
    let keys = traces::keys(&sessions, &headers);
    for (installation, session) in &sessions {
        if broken::REUSE_MESSAGE_KEY && turn.tx.sessions().current(&row_key(person), installation)?.is_some() {
            continue;
        }
        save(turn, person, installation, session)?;
    }
    let negotiated = agreed(turn, person, &installations)?;
    Ok(Sealed {
        bytes,
        negotiated,
        keys,
    })
}

/// Decrypts the part of a message that is for us.
pub(crate) fn open(
    turn: &mut Turn<'_, '_>,
    sender: &Sender,
    installation: Option<&InstallationId>,
    part: Part,
) -> Result<Zeroizing<Vec<u8>>, Halt> {
    match part.scheme {
        Scheme::Ratchet(part) => {
            let installation = installation.ok_or(Halt::Drop(Reason::Undecodable))?;
            open_ratchet(turn, sender, installation, &part)
        }
        Scheme::Dh { key, payload } => Ok(open_dh(&payload, &key, &turn.me.key).map_err(|_| Reason::Undecodable)?),
        // Keys of groups that we are not in; groups are entered by other means than this message.
        Scheme::Group(_) => Err(Halt::Drop(Reason::NotForUs)),
        Scheme::Clear(payload) => Ok(Zeroizing::new(payload)),
    }
}

fn open_ratchet(
    turn: &mut Turn<'_, '_>,
    sender: &Sender,
    installation: &InstallationId,
    part: &RatchetPart,
) -> Result<Zeroizing<Vec<u8>>, Halt> {
    let known = load(turn, sender, installation, &part.pre_key)?;
    let is_new = known.is_none();
    let mut session = match known {
        Some(session) => session,
        None => begin(turn, sender, installation, part)?,
    };
    if !sender.is_accepted() && session.ratchet.would_skip(&part.header) > MAX_SKIP_OF_STRANGERS {
        return Err(Halt::Drop(Reason::OverQuota));
    }
    let plaintext = session.open(part, turn.rng).map_err(|error| match error {
        OpenError::KeyGone => Reason::Duplicate,
        OpenError::TooFarAhead => Reason::OverQuota,
        OpenError::NoSession | OpenError::NotAuthentic => Reason::Undecodable,
    })?;
    save(turn, &sender.key, installation, &session)?;
    if is_new {
        turn.arrived.push(Arrival::Session(waiting::session_key(
            &sender.key,
            installation,
            &part.pre_key,
        )));
    }
    Ok(plaintext)
}

/// Our half of a session that they began.
fn begin(
    turn: &mut Turn<'_, '_>,
    sender: &Sender,
    installation: &InstallationId,
    part: &RatchetPart,
) -> Result<PairSession, Halt> {
    if part.ephemeral.is_none() {
        let what = waiting::session_key(&sender.key, installation, &part.pre_key);
        return Err(Halt::Wait(Missing::Session, what));
    }
    // Sessions are bounded by installations, and those by what is remembered of one person.
    if !sender.is_accepted() && turn.tx.installations().load(&sender.row, installation)?.is_none() {
        return Err(Halt::Drop(Reason::RuleBroken(Rule::NotAllowed)));
    }
    // Ours exist before anybody can use them; one that is not there was erased, or never ours.
    let secret = pre_keys::private_half(turn, &part.pre_key)?.ok_or(Halt::Drop(Reason::NotForUs))?;
    Ok(PairSession::accept(part, &turn.me.key, &secret, &sender.key).map_err(|_| Reason::Undecodable)?)
}

/// A session for each installation that can be written to.
fn writable(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<BTreeMap<InstallationId, PairSession>, StoreError> {
    let identity = row_key(person);
    let mut sessions = BTreeMap::new();
    for installation in targets(turn, person)? {
        let current = turn.tx.sessions().current(&identity, &installation)?;
        if let Some(session) = current.as_ref().and_then(read) {
            sessions.insert(installation, session);
        } else if let Some(row) = turn.tx.bundles().newest(&identity, &installation)?
            && let Ok(pre_key) = PublicKey::from_compressed(row.public.as_bytes())
        {
            let session = PairSession::initiate(&turn.me.key, person, &pre_key, turn.rng);
            sessions.insert(installation, session);
        }
    }
    Ok(sessions)
}

fn is_bundle_due(
    turn: &mut Turn<'_, '_>,
    person: &PublicKey,
    installations: &[InstallationId],
) -> Result<bool, StoreError> {
    let made_at = pre_keys::current(turn)?.created_at;
    for installation in installations {
        if !knows_our_bundle(turn, person, installation, made_at)? {
            return Ok(true);
        }
    }
    Ok(installations.is_empty())
}

fn load(
    turn: &mut Turn<'_, '_>,
    sender: &Sender,
    installation: &InstallationId,
    pre_key: &PublicKey,
) -> Result<Option<PairSession>, StoreError> {
    let row = turn.tx.sessions().load(&sender.row, installation, &row_key(pre_key))?;
    Ok(row.as_ref().and_then(read))
}

fn save(
    turn: &mut Turn<'_, '_>,
    person: &PublicKey,
    installation: &InstallationId,
    session: &PairSession,
) -> Result<(), StoreError> {
    turn.tx.sessions().save(&SessionRow {
        identity: row_key(person),
        installation: installation.clone(),
        bundle: row_key(&session.pre_key),
        state: session.ratchet.to_bytes().into(),
        ephemeral: session.unanswered.as_ref().map(row_key),
        used_at: turn.now,
    })
}

/// `None` for bytes that a later version wrote: a session of which nothing is known, so that a new one begins.
fn read(row: &SessionRow) -> Option<PairSession> {
    let unanswered = match &row.ephemeral {
        Some(key) => Some(PublicKey::from_compressed(key.as_bytes()).ok()?),
        None => None,
    };
    Some(PairSession {
        ratchet: Session::from_bytes(&row.state).ok()?,
        pre_key: PublicKey::from_compressed(row.bundle.as_bytes()).ok()?,
        unanswered,
    })
}

/// Messages that somebody we have not accepted may pass over: each costs two hashes and 77 bytes.
const MAX_SKIP_OF_STRANGERS: u32 = 20;
