//! Messages to one person's installations: by sessions, or by the DH fallback when none is known.

use std::collections::BTreeMap;

use crypto::{Header, PublicKey, RatchetError, RatchetMessage, SecretKey, Session, dh_fallback, x3dh};
use prost::Message as _;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{RatchetPart, SignedBundle};
use crate::id::{InstallationId, NO_INSTALLATION};
use crate::wire::encryption as wire;

/// What one of our installations shares with one of theirs. Known by their identity, their installation and `pre_key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairSession {
    /// The double ratchet.
    pub ratchet: Session,
    /// The signed pre-key that founded the session: theirs if we began, ours if they did.
    pub pre_key: PublicKey,
    /// Our ephemeral key, which goes with every message until they answer on this session.
    pub unanswered: Option<PublicKey>,
}

impl PairSession {
    /// Begins a session towards a pre-key from their bundle. Costs five ECDHs or multiplications.
    pub fn initiate(
        identity: &SecretKey,
        theirs: &PublicKey,
        their_pre_key: &PublicKey,
        rng: &mut dyn CryptoRng,
    ) -> PairSession {
        let ephemeral = SecretKey::generate(rng);
        let secret = x3dh::initiate(identity, &ephemeral, theirs, their_pre_key);
        PairSession {
            ratchet: Session::initiator(&secret, their_pre_key, rng),
            pre_key: *their_pre_key,
            unanswered: Some(ephemeral.public_key()),
        }
    }

    /// Answers to a session that they began towards `our_pre_key`. Only for a `part` of which no session is known;
    /// nothing is proved before [`open`](PairSession::open) succeeds.
    pub fn accept(
        part: &RatchetPart,
        identity: &SecretKey,
        our_pre_key: &SecretKey,
        theirs: &PublicKey,
    ) -> Result<PairSession, OpenError> {
        let ephemeral = part.ephemeral.ok_or(OpenError::NoSession)?;
        if our_pre_key.public_key() != part.pre_key {
            return Err(OpenError::NoSession);
        }
        let secret = x3dh::accept(identity, our_pre_key, theirs, &ephemeral);
        Ok(PairSession {
            ratchet: Session::responder(&secret, our_pre_key),
            pre_key: part.pre_key,
            unanswered: None,
        })
    }

    /// Opens a part of this session. On an error the session is as it was.
    pub fn open(&mut self, part: &RatchetPart, rng: &mut dyn CryptoRng) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        if part.pre_key != self.pre_key {
            return Err(OpenError::NoSession);
        }
        let plaintext = self.ratchet.decrypt(&part.header, &part.ciphertext, rng)?;
        self.unanswered = None;
        Ok(plaintext)
    }

    fn seal(&mut self, plaintext: &[u8]) -> Result<(wire::EncryptedMessageProtocol, Header), RatchetError> {
        let RatchetMessage { header, ciphertext } = self.ratchet.encrypt(plaintext)?;
        let Header { key, n, pn } = header;
        let id = self.pre_key.to_compressed().to_vec();
        let x3dh_header = self.unanswered.map(|key| wire::X3dhHeader {
            key: key.to_compressed().to_vec(),
            id: id.clone(),
        });
        let part = wire::EncryptedMessageProtocol {
            x3dh_header,
            dr_header: Some(wire::DrHeader {
                key: key.to_compressed().to_vec(),
                n,
                pn,
                id,
            }),
            payload: ciphertext,
            ..wire::EncryptedMessageProtocol::default()
        };
        Ok((part, header))
    }
}

/// What [`seal_pairwise`] makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairwise {
    /// A `ProtocolMessage`.
    pub bytes: Vec<u8>,
    /// Which key of its session each part is sealed with.
    pub headers: BTreeMap<InstallationId, Header>,
}

/// Seals for the given installations of one person, each by its session, which moves on. The bundle should go along
/// whenever the recipient may not have it.
pub fn seal_pairwise(
    plaintext: &[u8],
    ours: &InstallationId,
    bundle: Option<SignedBundle>,
    sessions: &mut BTreeMap<InstallationId, PairSession>,
) -> Result<Pairwise, RatchetError> {
    let (mut parts, mut headers) = (BTreeMap::new(), BTreeMap::new());
    for (installation, session) in sessions {
        let (part, header) = session.seal(plaintext)?;
        parts.insert(installation.to_string(), part);
        headers.insert(installation.clone(), header);
    }
    let bytes = encode(parts, ours, bundle);
    Ok(Pairwise { bytes, headers })
}

/// Seals for whoever holds the identity key `to`. Not forward secret: for people none of whose installations is known,
/// and for announcing an installation to one's own.
pub fn seal_dh(
    plaintext: &[u8],
    to: &PublicKey,
    ours: &InstallationId,
    bundle: Option<SignedBundle>,
    rng: &mut dyn CryptoRng,
) -> Vec<u8> {
    let sealed = dh_fallback::seal(plaintext, to, rng);
    let part = wire::EncryptedMessageProtocol {
        dh_header: Some(wire::DhHeader {
            key: sealed.key.to_compressed().to_vec(),
        }),
        payload: sealed.payload,
        ..wire::EncryptedMessageProtocol::default()
    };
    encode(BTreeMap::from([(NO_INSTALLATION.to_owned(), part)]), ours, bundle)
}

/// Opens what [`seal_dh`] made; `key` is the ephemeral key of the part.
pub fn open_dh(payload: &[u8], key: &PublicKey, identity: &SecretKey) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    dh_fallback::open(payload, key, identity).map_err(|_| OpenError::NotAuthentic)
}

/// Why a part does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The session is not known and cannot be begun from this part: an earlier one, or a pre-key, is missing.
    #[error("the session of the message is not known")]
    NoSession,
    /// The key was used or thrown away: a repetition, or far too late.
    #[error("the message was opened before or is too old")]
    KeyGone,
    /// The message claims to be too far ahead of what we know.
    #[error("the message is too far ahead of its session")]
    TooFarAhead,
    /// Altered, or sealed with something else.
    #[error("the message is not authentic")]
    NotAuthentic,
}

impl From<RatchetError> for OpenError {
    fn from(error: RatchetError) -> OpenError {
        match error {
            RatchetError::KeyGone => OpenError::KeyGone,
            RatchetError::TooFarAhead | RatchetError::ChainExhausted => OpenError::TooFarAhead,
            RatchetError::TooShort | RatchetError::NotAuthentic => OpenError::NotAuthentic,
        }
    }
}

fn encode(
    encrypted_message: BTreeMap<String, wire::EncryptedMessageProtocol>,
    ours: &InstallationId,
    bundle: Option<SignedBundle>,
) -> Vec<u8> {
    wire::ProtocolMessage {
        installation_id: ours.to_string(),
        bundles: bundle.into_iter().map(Into::into).collect(),
        encrypted_message,
        ..wire::ProtocolMessage::default()
    }
    .encode_to_vec()
}
