//! Our signed pre-keys (53/WAKU2-X3DH): a new one every day, and the end of the old ones.
//!
//! Whoever holds our identity key, a pre-key and a recorded header can compute the first chain of a session. So the
//! private half of a pre-key is erased 30 days after a newer one took its place, which is also as long as the network
//! keeps messages that may have been made with it.

use std::collections::BTreeMap;

use crypto::SecretKey;
use crypto::x3dh::{PreKey, SignedPreKey};
use protocol::Timestamp;
use protocol::layers::encryption::SignedBundle;
use store::{OwnPreKeyRow, Secret, StoreError};

use crate::turn::{Turn, row_key};

/// A pre-key of ours.
pub(crate) struct OwnPreKey {
    /// Both halves and the number.
    pub pre_key: SignedPreKey,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The present pre-key. Made now if there is none, but not renewed: see [`rotate`].
pub(crate) fn current(turn: &mut Turn<'_, '_>) -> Result<OwnPreKey, StoreError> {
    match turn.tx.bundles().newest_own()?.as_ref().and_then(read) {
        Some(present) => Ok(present),
        None => renew(turn, 1),
    }
}

/// Makes a new pre-key if the present one is a day old, and answers whether it did.
pub(crate) fn rotate(turn: &mut Turn<'_, '_>) -> Result<bool, StoreError> {
    let present = current(turn)?;
    if turn.now < present.created_at.plus(LIFETIME_MS) {
        return Ok(false);
    }
    turn.tx.bundles().expire_own(turn.now)?;
    renew(turn, present.pre_key.version.saturating_add(1))?;
    Ok(true)
}

/// Erases the private halves whose time is over.
pub(crate) fn erase_old(turn: &mut Turn<'_, '_>) -> Result<usize, StoreError> {
    // `erase_own` takes what expired *before* a time; at exactly 30 days the time is over.
    turn.tx.bundles().erase_own(turn.now.minus(KEPT_MS).plus(1))
}

/// Our bundle, signed now: this device and the newest two others of ours that are paired.
pub(crate) fn bundle(turn: &mut Turn<'_, '_>) -> Result<SignedBundle, StoreError> {
    let mut pre_keys = BTreeMap::from([(turn.me.installation.clone(), current(turn)?.pre_key.public())]);
    let own = row_key(&turn.me.public);
    for other in super::targets(turn, &turn.me.public.clone())?.into_iter().take(2) {
        if let Some(row) = turn.tx.bundles().newest(&own, &other)?
            && let Ok(key) = crypto::PublicKey::from_compressed(row.public.as_bytes())
        {
            let pre_key = PreKey {
                key,
                version: row.version,
                protocol_version: row.protocol_version,
            };
            pre_keys.insert(other, pre_key);
        }
    }
    Ok(SignedBundle::sign(&turn.me.key, &pre_keys, turn.now))
}

/// The private half of the pre-key with this public half, as long as it exists.
pub(crate) fn private_half(
    turn: &mut Turn<'_, '_>,
    public: &crypto::PublicKey,
) -> Result<Option<SecretKey>, StoreError> {
    let row = turn.tx.bundles().own(&row_key(public))?;
    Ok(row.as_ref().and_then(read).map(|own| own.pre_key.secret))
}

/// When a pre-key made at `created_at` is replaced.
pub(crate) fn rotation_due(created_at: Timestamp) -> Timestamp {
    created_at.plus(LIFETIME_MS)
}

/// When the private half of a pre-key that expired at `expired_at` is erased.
pub(crate) fn erasure_due(expired_at: Timestamp) -> Timestamp {
    expired_at.plus(KEPT_MS)
}

/// A pre-key is advertised for one day.
const LIFETIME_MS: u64 = 24 * 60 * 60 * 1_000;

/// The private half is kept for 30 days after that.
const KEPT_MS: u64 = 30 * 24 * 60 * 60 * 1_000;

fn renew(turn: &mut Turn<'_, '_>, version: u32) -> Result<OwnPreKey, StoreError> {
    let pre_key = SignedPreKey::generate(version, turn.rng);
    turn.tx.bundles().insert_own(&OwnPreKeyRow {
        public: row_key(&pre_key.secret.public_key()),
        secret: Secret::from(&pre_key.secret.expose()[..]),
        version,
        created_at: turn.now,
        expired_at: None,
    })?;
    Ok(OwnPreKey {
        pre_key,
        created_at: turn.now,
    })
}

fn read(row: &OwnPreKeyRow) -> Option<OwnPreKey> {
    let secret = SecretKey::from_bytes(row.secret[..].try_into().ok()?).ok()?;
    let pre_key = SignedPreKey {
        secret,
        version: row.version,
        protocol_version: crypto::x3dh::PROTOCOL_VERSION,
    };
    Some(OwnPreKey {
        pre_key,
        created_at: row.created_at,
    })
}
