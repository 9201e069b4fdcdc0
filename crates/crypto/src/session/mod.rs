//! The double ratchet of the encryption layer, without header encryption, as a
//! value (54/WAKU2-X3DH-SESSIONS; labels and layout as deployed).
//!
//! A [`Session`] is everything one pair of devices shares from one X3DH. It
//! computes; it does not load, save or choose among sessions, and the X3DH
//! header that travels beside early messages is the protocol crate's business.
//!
//! # What is gone, and when
//!
//! [`Session::decrypt`] works beside the state and assigns only after the tag
//! was verified: on an error nothing has changed. With `Ok`, the message key,
//! the chain key it came from, and after a turn of the ratchet the old root
//! key and the old ratchet secret have been overwritten. They live in boxes
//! that are wiped when dropped, so moving a session leaves no copies, and the
//! stack below the two entry points is wiped before they return. Copies remain
//! where the caller made them: clones of the session and the bytes of
//! [`Session::to_bytes`].
//!
//! A key is kept for a message that was passed over, within [`MAX_SKIP`],
//! [`MAX_KEEP`] and [`MAX_STORED`], until that message comes. Whoever takes a
//! device can read those late messages, and everything after, until both sides
//! have written once more.

mod chain;
mod codec;
mod message_key;
mod root;
mod skipped;

use std::fmt;

use rand_core::CryptoRng;
use zeroize::{Zeroizing, zeroize_stack};

use crate::keys::{PublicKey, SecretKey, SharedSecret};
use chain::Chain;
pub use codec::CodecError;
use message_key::associated_data;
use root::RootKey;
use skipped::{Passed, Skipped};

/// What the receiver needs to find the message key (`DRHeader` without the bundle id).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The sender's current ratchet key.
    pub key: PublicKey,
    /// Number of the message in the current sending chain, from 0.
    pub n: u32,
    /// How many messages the previous sending chain had.
    pub pn: u32,
}

/// An encrypted message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatchetMessage {
    /// Travels in the clear, and is authenticated.
    pub header: Header,
    /// `iv(16) || ciphertext || tag(32)`.
    pub ciphertext: Vec<u8>,
}

/// Why a message was not decrypted or encrypted. The session is unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RatchetError {
    /// Fewer bytes than an empty message has.
    #[error("the ratchet message is too short")]
    TooShort,
    /// The tag does not verify: altered, from another session, or a repetition
    /// from a chain that has ended.
    #[error("the ratchet message does not verify")]
    NotAuthentic,
    /// The number lies behind the chain and its key is gone: a repetition, or
    /// a message so late that its key was dropped.
    #[error("the key of the ratchet message is gone")]
    KeyGone,
    /// More than [`MAX_SKIP`] messages of one chain would be passed over.
    #[error("the ratchet message is too far ahead")]
    TooFarAhead,
    /// 2^32 messages in one chain. Ours or theirs must turn the ratchet first.
    #[error("the ratchet chain has no more keys")]
    ChainExhausted,
}

/// One double-ratchet session. `Clone` it to try, assign to keep.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    root: RootKey,
    /// Our ratchet key pair (`DHs`).
    ours: SecretKey,
    /// Their ratchet key (`DHr`); a responder has none before the first message.
    theirs: Option<PublicKey>,
    sending: Chain,
    receiving: Chain,
    /// Length of our previous sending chain (`PN`).
    previous: u32,
    skipped: Skipped,
}

impl Session {
    /// Our side after [`x3dh::initiate`](crate::x3dh::initiate): turns the
    /// ratchet at once, towards their signed pre-key.
    pub fn initiator(secret: &SharedSecret, their_pre_key: &PublicKey, rng: &mut dyn CryptoRng) -> Self {
        let ours = SecretKey::generate(rng);
        let (root, sending) = RootKey::new(secret).step(&ours.ecdh(their_pre_key));
        Self {
            root,
            ours,
            theirs: Some(*their_pre_key),
            sending,
            receiving: Chain::new(secret),
            previous: 0,
            skipped: Skipped::default(),
        }
    }

    /// Our side after [`x3dh::accept`](crate::x3dh::accept): the signed
    /// pre-key is the first ratchet key.
    pub fn responder(secret: &SharedSecret, our_pre_key: &SecretKey) -> Self {
        Self {
            root: RootKey::new(secret),
            ours: our_pre_key.clone(),
            theirs: None,
            sending: Chain::new(secret),
            receiving: Chain::new(secret),
            previous: 0,
            skipped: Skipped::default(),
        }
    }

    /// Encrypts with the next key of the sending chain; adds [`OVERHEAD`] bytes.
    pub fn encrypt(&mut self, plaintext: &[u8]) -> Result<RatchetMessage, RatchetError> {
        let message = self.encrypt_leaving_traces(plaintext);
        zeroize_stack::<STACK>();
        message
    }

    /// Decrypts one message. Draws 32 bytes from `rng` if the message turns the ratchet.
    ///
    /// A turn costs two ECDHs and one public key, everything else is hashing.
    pub fn decrypt(
        &mut self,
        header: &Header,
        ciphertext: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Zeroizing<Vec<u8>>, RatchetError> {
        let plaintext = self.decrypt_leaving_traces(header, ciphertext, rng);
        zeroize_stack::<STACK>();
        plaintext
    }

    /// How many keys [`Self::decrypt`] would have to keep for messages that
    /// `header` passes over. What the limits refuse counts as 0.
    pub fn would_skip(&self, header: &Header) -> u32 {
        if self.skipped.find(header).is_some() {
            return 0;
        }
        if self.theirs == Some(header.key) {
            return header.n.saturating_sub(self.receiving.n());
        }
        let rest = match self.theirs {
            Some(_) => header.pn.saturating_sub(self.receiving.n()),
            None => 0,
        };
        rest.saturating_add(header.n)
    }

    /// How many keys of passed-over messages are kept.
    pub fn skipped_len(&self) -> usize {
        self.skipped.len()
    }

    #[inline(never)]
    fn encrypt_leaving_traces(&mut self, plaintext: &[u8]) -> Result<RatchetMessage, RatchetError> {
        let header = Header {
            key: self.ours.public_key(),
            n: self.sending.n(),
            pn: self.previous,
        };
        let ciphertext = self.sending.step()?.seal(plaintext, &associated_data(&header));
        Ok(RatchetMessage { header, ciphertext })
    }

    #[inline(never)]
    fn decrypt_leaving_traces(
        &mut self,
        header: &Header,
        ciphertext: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Zeroizing<Vec<u8>>, RatchetError> {
        let data = associated_data(header);
        if let Some(key) = self.skipped.find(header) {
            let plaintext = key.open(ciphertext, &data)?;
            self.skipped.remove(header);
            return Ok(plaintext);
        }
        let mut passed = Vec::new();
        let (mut receiving, turned_root) = self.chain_of(header, &mut passed)?;
        skip(&mut receiving, &header.key, header.n, &mut passed)?;
        let plaintext = receiving.step()?.open(ciphertext, &data)?;

        if let Some(root) = turned_root {
            self.turn(root, header.key, rng);
        }
        self.receiving = receiving;
        self.skipped.commit(passed);
        Ok(plaintext)
    }

    /// The receiving chain that `header` belongs to, and the root key after it
    /// if the message turns the ratchet. Collects what is left of the chain before.
    fn chain_of(&self, header: &Header, passed: &mut Vec<Passed>) -> Result<(Chain, Option<RootKey>), RatchetError> {
        let mut receiving = self.receiving.clone();
        if self.theirs == Some(header.key) {
            return Ok((receiving, None));
        }
        if let Some(theirs) = &self.theirs {
            skip(&mut receiving, theirs, header.pn, passed)?;
        }
        let (root, receiving) = self.root.step(&self.ours.ecdh(&header.key));
        Ok((receiving, Some(root)))
    }

    /// The second half of a turn: a fresh ratchet key of ours and its sending chain.
    fn turn(&mut self, root: RootKey, theirs: PublicKey, rng: &mut dyn CryptoRng) {
        self.previous = self.sending.n();
        self.ours = SecretKey::generate(rng);
        (self.root, self.sending) = root.step(&self.ours.ecdh(&theirs));
        self.theirs = Some(theirs);
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("sent", &self.sending.n())
            .field("received", &self.receiving.n())
            .field("skipped", &self.skipped.len())
            .finish_non_exhaustive()
    }
}

/// Messages of one chain that may be passed over at once.
pub const MAX_SKIP: u32 = 1_000;

/// A key of a passed-over message is dropped once this many keys were derived after it.
pub const MAX_KEEP: u64 = 3_000;

/// Keys of passed-over messages in one session; the oldest go first.
pub const MAX_STORED: usize = 2_000;

/// Bytes that encrypting adds: iv and tag.
pub const OVERHEAD: usize = message_key::OVERHEAD;

/// Stack that the deepest call below `encrypt` and `decrypt` may have used
/// (point multiplication tables are the most of it).
const STACK: usize = 16 * 1024;

/// Advances `chain` to `until`, collecting the keys on the way.
fn skip(chain: &mut Chain, theirs: &PublicKey, until: u32, passed: &mut Vec<Passed>) -> Result<(), RatchetError> {
    let ahead = until.checked_sub(chain.n()).ok_or(RatchetError::KeyGone)?;
    if ahead > MAX_SKIP {
        return Err(RatchetError::TooFarAhead);
    }
    for n in chain.n()..until {
        passed.push(Passed {
            chain: theirs.to_compressed(),
            n,
            key: chain.step()?,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
