//! What waits for something that is missing, within quotas, and what happens when it arrives.

use crypto::PublicKey;
use protocol::id::InstallationId;
use store::{Missing, ParkedRow, StoreError};

use crate::contacts::Sender;
use crate::inbound::Reason;
use crate::receive::Halt;
use crate::turn::Turn;

/// Names a session: whose, with which device, founded on which pre-key.
pub(crate) fn session_key(person: &PublicKey, installation: &InstallationId, pre_key: &PublicKey) -> Vec<u8> {
    [
        &person.to_compressed()[..],
        &pre_key.to_compressed(),
        installation.as_str().as_bytes(),
    ]
    .concat()
}

/// Lets something wait, unless its sender or everybody together has too much waiting here.
pub(crate) fn park(turn: &mut Turn<'_, '_>, sender: &Sender, parked: ParkedRow) -> Result<(), Halt> {
    if turn.tx.waiting().contains(&parked.digest)? {
        return Ok(());
    }
    let (pieces, bytes) = if sender.is_accepted() {
        QUOTA
    } else {
        QUOTA_OF_STRANGERS
    };
    let usage = turn.tx.waiting().usage(Some(&sender.row))?;
    let total = turn.tx.waiting().total()?;
    let size = parked.bytes.len() as u64;
    let own_share = usage.count < pieces && usage.bytes + size <= bytes;
    let all_shares = total.count < TOTAL_QUOTA.0 && total.bytes + size <= TOTAL_QUOTA.1;
    if !own_share || !all_shares {
        return Err(Halt::Drop(Reason::OverQuota));
    }
    turn.tx.waiting().park(&parked)?;
    Ok(())
}

/// Takes out what waited for this.
pub(crate) fn take(turn: &mut Turn<'_, '_>, missing: Missing, what: &[u8]) -> Result<Vec<ParkedRow>, StoreError> {
    turn.tx
        .waiting()
        .take(missing, what, u32::try_from(TOTAL_QUOTA.0).unwrap_or(u32::MAX))
}

/// How long something may wait: as long as the network keeps messages.
pub(crate) const KEPT_MS: u64 = 30 * 24 * 60 * 60 * 1_000;

/// Pieces and bytes that one accepted person may have waiting: a long burst that overtook its first message.
const QUOTA: (u64, u64) = (1_000, 16 << 20);

/// Pieces and bytes that a stranger may have waiting: a request and a few lines after it.
const QUOTA_OF_STRANGERS: (u64, u64) = (20, 256 << 10);

/// Pieces and bytes that may wait in all.
const TOTAL_QUOTA: (u64, u64) = (10_000, 64 << 20);
