//! The proofs themselves: Groth16 over BN254 for the circuit of depth 20, by zerokit.
//!
//! The public inputs are put together here from the message, never taken from what the sender says of them.

use waku_proto::WakuMessage;
use waku_proto::rln::{Epoch, PROOF_BYTES, RLN_IDENTIFIER, RateLimitProof, Share, TREE_DEPTH, signal};
use zeroize::Zeroizing;
use zerokit::prelude::{
    ArkGroth16Backend, CanonicalDeserialize as _, CanonicalSerialize as _, Fr, Hasher, PoseidonHash, Proof, RLN,
    RLNBuilder, RLNMerkleProof, RLNProofValues, RLNWitnessInput, Stateless, compute_id_secret, hash_to_field_le,
};

use crate::field::{bytes, element};
use crate::identity::{Identity, rate_commitment};

/// The circuit with its keys: about 20 MB, loaded in less than a tenth of a second.
pub struct Circuit(RLN<Stateless, ArkGroth16Backend<PoseidonHash>>);

impl Circuit {
    /// Loads what is inside the program.
    pub fn load() -> Self {
        Self(RLNBuilder::stateless().build())
    }

    /// Whether the proof holds for the message. Says nothing of the root, the epoch and the nullifier. Takes milliseconds.
    pub fn verify(&self, proof: &RateLimitProof, message: &WakuMessage) -> bool {
        self.holds(proof, message).unwrap_or(false)
    }

    fn holds(&self, proof: &RateLimitProof, message: &WakuMessage) -> Option<bool> {
        let groth = Proof::deserialize_compressed(&proof.proof[..]).ok()?;
        let values = RLNProofValues::new_single()
            .y(element(&proof.share_y)?)
            .root(element(&proof.merkle_root)?)
            .nullifier(element(&proof.nullifier)?)
            .x(element(&proof.share_x)?)
            .external_nullifier(external_nullifier(&proof.epoch))
            .build();
        let x = hash_to_field_le(&signal(message));
        self.0.verify_with_signal(&groth, &values, &x).ok()
    }

    /// Makes a proof for the message with one number of the member, who may use `limit` of them in the epoch. Takes a
    /// fraction of a second. The same number for another message gives the member's secret away.
    pub fn prove(
        &self,
        member: &Member<'_>,
        epoch: Epoch,
        message: &WakuMessage,
    ) -> Result<RateLimitProof, ProveError> {
        let x = hash_to_field_le(&signal(message));
        let epoch = epoch.to_bytes();
        let witness = RLNWitnessInput::new_single()
            .identity_secret(member.identity.secret())
            .user_message_limit(Fr::from(member.limit))
            .merkle_proof(member.path.for_witness())
            .x(x)
            .external_nullifier(external_nullifier(&epoch))
            .message_id(Fr::from(member.message_id))
            .build()
            .map_err(|_| ProveError)?;
        let (groth, values) = self.0.generate_proof(&witness).map_err(|_| ProveError)?;
        let mut proof = [0; PROOF_BYTES];
        groth.serialize_compressed(&mut proof[..]).map_err(|_| ProveError)?;
        Ok(RateLimitProof {
            proof,
            merkle_root: bytes(&values.root()),
            epoch,
            share_x: bytes(&x),
            share_y: bytes(&values.y().ok_or(ProveError)?),
            nullifier: bytes(&values.nullifier().ok_or(ProveError)?),
            rln_identifier: RLN_IDENTIFIER,
        })
    }
}

impl std::fmt::Debug for Circuit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Circuit(..)")
    }
}

/// With what a proof is made.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// Who.
    pub identity: &'a Identity,
    /// Where it stands in the tree.
    pub path: &'a MerklePath,
    /// Messages in an epoch.
    pub limit: u64,
    /// Below the limit, and not used in this epoch.
    pub message_id: u64,
}

/// The way from a leaf to the root: the neighbours on each level, from below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerklePath {
    /// Which leaf.
    pub index: u32,
    elements: Vec<Fr>,
}

impl MerklePath {
    /// A way whose neighbours are 32 bytes each, little-endian; `None` unless there are 20 below the modulus.
    pub fn new(index: u32, elements: &[[u8; 32]]) -> Option<Self> {
        let elements: Vec<Fr> = elements.iter().map(element).collect::<Option<_>>()?;
        Self::of(index, elements)
    }

    pub(crate) fn of(index: u32, elements: Vec<Fr>) -> Option<Self> {
        let fits = elements.len() == TREE_DEPTH && index >> TREE_DEPTH == 0;
        fits.then_some(Self { index, elements })
    }

    /// The root to which the way leads from the leaf of a member.
    pub fn root(&self, identity: &Identity, limit: u64) -> [u8; 32] {
        let commitment = element(&identity.commitment()).expect("a commitment is an element of the field");
        let leaf = rate_commitment(commitment, limit);
        let levels = self.elements.iter().enumerate();
        bytes(&levels.fold(leaf, |node, (level, neighbour)| {
            if self.index >> level & 1 == 1 {
                Hasher::<PoseidonHash>::hash_pair(*neighbour, node)
            } else {
                Hasher::<PoseidonHash>::hash_pair(node, *neighbour)
            }
        }))
    }

    fn for_witness(&self) -> RLNMerkleProof {
        let bits = (0..TREE_DEPTH).map(|level| (self.index >> level & 1) as u8);
        RLNMerkleProof::new(self.elements.clone(), bits.collect())
    }
}

/// The secret hash of whoever made both shares with one number in one epoch.
pub fn recover(first: &Share, second: &Share) -> Result<Zeroizing<[u8; 32]>, Unrecoverable> {
    let point = |share: &Share| Some((element(&share.x)?, element(&share.y)?));
    let points = point(first).zip(point(second)).ok_or(Unrecoverable)?;
    let secret = compute_id_secret(points.0, points.1).map_err(|_| Unrecoverable)?;
    Ok(Zeroizing::new(bytes(&secret)))
}

/// The shares are of the same message, or no shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the shares give nothing away")]
pub struct Unrecoverable;

/// Our fault: the path, the limit or the number are not such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no proof can be made of these values")]
pub struct ProveError;

/// What a nullifier belongs to: the epoch and the application.
pub(crate) fn external_nullifier(epoch: &[u8; 32]) -> Fr {
    Hasher::<PoseidonHash>::hash_pair(hash_to_field_le(epoch), hash_to_field_le(&RLN_IDENTIFIER))
}
