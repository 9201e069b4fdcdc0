//! 17/WAKU2-RLN-RELAY with the second version of RLN: what a rate limiting proof looks like, what it is bound to, and
//! what has to be remembered to notice that somebody exceeds the rate.
//!
//! | Module | What |
//! | --- | --- |
//! | this one | the proof on the wire, epochs, the signal, the checks that need no cryptography |
//! | [`nullifiers`] | the log by which two messages under one number are noticed |
//! | [`nonces`] | the numbers that a publisher has spent |
//! | [`roots`] | the window of roots that are accepted |
//! | [`queue`] | whose message is verified next |
//!
//! Hashing into the field and the proofs themselves are not here: they are in `undertone-rln`.

use prost::Message as _;

use crate::message::WakuMessage;

pub mod nonces;
pub mod nullifiers;
pub mod queue;
pub mod roots;

#[cfg(test)]
mod tests;

/// The proof as field 21 of a message carries it. The 32-byte values are little-endian field elements, save `epoch` and
/// `rln_identifier`, which are texts that get hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimitProof {
    /// Groth16 over BN254, compressed: A, B, C.
    pub proof: [u8; PROOF_BYTES],
    /// Root of the tree of members that the proof was made for.
    pub merkle_root: [u8; 32],
    /// See [`Epoch::to_bytes`].
    pub epoch: [u8; 32],
    /// Hash of the signal. Whoever verifies computes it anew.
    pub share_x: [u8; 32],
    /// The sender's line at `share_x`.
    pub share_y: [u8; 32],
    /// The same for two messages of one member with one number in one epoch.
    pub nullifier: [u8; 32],
    /// [`RLN_IDENTIFIER`]. Whoever verifies uses the constant.
    pub rln_identifier: [u8; 32],
}

impl RateLimitProof {
    /// Reads the protobuf form as deployed nodes do: what is absent or short is filled with zeros, what is too long is cut.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let wire = wire::RateLimitProof::decode(bytes).map_err(|_| Malformed)?;
        Ok(Self {
            proof: filled(&wire.proof),
            merkle_root: filled(&wire.merkle_root),
            epoch: filled(&wire.epoch),
            share_x: filled(&wire.share_x),
            share_y: filled(&wire.share_y),
            nullifier: filled(&wire.nullifier),
            rln_identifier: filled(&wire.rln_identifier),
        })
    }

    /// Writes the protobuf form, with every field and all of its bytes: 335 bytes.
    pub fn encode(&self) -> Vec<u8> {
        wire::RateLimitProof {
            proof: self.proof.to_vec(),
            merkle_root: self.merkle_root.to_vec(),
            epoch: self.epoch.to_vec(),
            share_x: self.share_x.to_vec(),
            share_y: self.share_y.to_vec(),
            nullifier: self.nullifier.to_vec(),
            rln_identifier: self.rln_identifier.to_vec(),
        }
        .encode_to_vec()
    }

    /// The point that the message reveals of its sender's line.
    pub fn share(&self) -> Share {
        Share {
            x: self.share_x,
            y: self.share_y,
        }
    }
}

/// The proof field is not a protobuf message of this form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rate limiting proof cannot be read")]
pub struct Malformed;

/// A point of a sender's line. Two of the same line give the sender's secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Hash of the signal.
    pub x: [u8; 32],
    /// The line there.
    pub y: [u8; 32],
}

impl std::fmt::Debug for Share {
    /// Nothing of it: two are as good as a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Share(..)")
    }
}

/// A stretch of time in which each member may send so many messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(pub u64);

impl Epoch {
    /// The epoch of a time in nanoseconds since 1970; the first one for times before. `seconds` is how long one lasts,
    /// at least 1.
    pub fn of(timestamp: i64, seconds: u64) -> Self {
        let since = u64::try_from(timestamp).unwrap_or(0) / NANOSECONDS;
        Self(since / seconds.max(1))
    }

    /// The number little-endian in the first eight bytes, then zeros.
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&self.0.to_le_bytes());
        bytes
    }
}

/// What a proof speaks for: payload, content topic, and the time, little-endian. Version, meta, ephemeral and the pubsub
/// topic are not covered.
pub fn signal(message: &WakuMessage) -> Vec<u8> {
    let topic = message.content_topic.as_str().as_bytes();
    let mut signal = Vec::with_capacity(message.payload.len() + topic.len() + 8);
    signal.extend_from_slice(&message.payload);
    signal.extend_from_slice(topic);
    signal.extend_from_slice(&message.timestamp.unwrap_or(0).to_le_bytes());
    signal
}

/// The checks that need no cryptography and no group, in the deployed order. `now` in nanoseconds since 1970, `seconds` the
/// length of an epoch. An absent proof reads as zeros, which fails at a later check.
pub fn read(message: &WakuMessage, now: i64, seconds: u64) -> Result<(Epoch, RateLimitProof), Invalid> {
    let bytes = message.rate_limit_proof.as_deref().unwrap_or_default();
    let proof = RateLimitProof::decode(bytes).map_err(|Malformed| Invalid::Malformed)?;
    let timestamp = message.timestamp.unwrap_or(0);
    if !is_timely(timestamp, now) {
        return Err(Invalid::Timestamp);
    }
    let epoch = Epoch::of(timestamp, seconds);
    if proof.epoch != epoch.to_bytes() {
        return Err(Invalid::Epoch);
    }
    Ok((epoch, proof))
}

/// Whether a message of this time passes the validators now; both in nanoseconds since 1970, compared in whole seconds.
pub fn is_timely(timestamp: i64, now: i64) -> bool {
    now.abs_diff(timestamp) / NANOSECONDS <= MAX_CLOCK_GAP
}

/// The sender's fault: the proof does not hold for the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Invalid {
    /// The proof field is no protobuf message.
    #[error("the proof cannot be read")]
    Malformed,
    /// The message's time is more than [`MAX_CLOCK_GAP`] away.
    #[error("the message is too old or from the future")]
    Timestamp,
    /// The proof is for another epoch than the message's time.
    #[error("the proof is for another time than the message")]
    Epoch,
    /// The proof was made for a root that is not accepted.
    #[error("the proof is for an unknown group of members")]
    Root,
    /// The proof is wrong, or there is none.
    #[error("the proof is wrong")]
    Proof,
}

impl Invalid {
    /// Every reason.
    pub const ALL: [Self; 5] = [Self::Malformed, Self::Timestamp, Self::Epoch, Self::Root, Self::Proof];

    /// What metrics call it: nwaku's names, and one of ours for what nwaku does not count.
    pub fn label(self) -> &'static str {
        match self {
            Self::Malformed => "malformed_proof",
            Self::Timestamp => "invalid_timestamp",
            Self::Epoch => "timestamp_mismatch",
            Self::Root => "invalid_root",
            Self::Proof => "invalid_proof",
        }
    }
}

mod wire {
    use prost::Message;

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct RateLimitProof {
        #[prost(bytes = "vec", tag = "1")]
        pub(super) proof: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")]
        pub(super) merkle_root: Vec<u8>,
        #[prost(bytes = "vec", tag = "3")]
        pub(super) epoch: Vec<u8>,
        #[prost(bytes = "vec", tag = "4")]
        pub(super) share_x: Vec<u8>,
        #[prost(bytes = "vec", tag = "5")]
        pub(super) share_y: Vec<u8>,
        #[prost(bytes = "vec", tag = "6")]
        pub(super) nullifier: Vec<u8>,
        #[prost(bytes = "vec", tag = "7")]
        pub(super) rln_identifier: Vec<u8>,
    }
}

fn filled<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    let length = bytes.len().min(N);
    array[..length].copy_from_slice(&bytes[..length]);
    array
}

/// Bytes of a compressed Groth16 proof.
pub const PROOF_BYTES: usize = 128;
/// Which application the nullifiers are for.
pub const RLN_IDENTIFIER: [u8; 32] = *b"rln/waku-rln-relay/v2.0.0\0\0\0\0\0\0\0";
/// Levels of the tree of members.
pub const TREE_DEPTH: usize = 20;
/// Seconds that a message's time may be off.
pub const MAX_CLOCK_GAP: u64 = 20;
const NANOSECONDS: u64 = 1_000_000_000;
