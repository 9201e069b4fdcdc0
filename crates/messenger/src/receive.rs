//! The inbound pipeline: the protocol in one function, see [`envelope`], and one table of contents, see [`route`].
//!
//! Every layer turns less trusted bytes into more trusted ones. What cannot be opened changes nothing on disk. What opens
//! but lacks something waits, see [`crate::waiting`], and is tried again in the turn in which that arrives.

use crypto::PublicKey;
use crypto::payload_v1::OpeningKey;
use protocol::Timestamp;
use protocol::content::Content;
use protocol::files::parse_chunk;
use protocol::id::{InstallationId, MessageId};
use protocol::layers::application::{self, ApplicationError, Signed};
use protocol::layers::datasync::{DatasyncId, Payload};
use protocol::layers::encryption::{Body, ParseError, PartError, ProtocolMessage};
use protocol::layers::sds;
use protocol::layers::segmentation::{self, Place, SegmentError};
use protocol::layers::transport::{self, Opened, TransportError};
use store::{Form, ParkedRow, SegmentRow, StoreError, TraceKeyRow, TraceLock};
use waku_proto::{Envelope, MessageHash, WakuMessage};

use crate::contacts::{Sender, Standing};
use crate::devices::sessions;
use crate::inbound::{Inbound, Missing, Reason, Rule};
use crate::topics::Topics;
use crate::traces::{self, Came, Carrier, Coming};
use crate::turn::{Arrival, Turn, row_key};
use crate::{
    broken, chats, contacts, datasync, devices, files, groups, presence, profile, repair, verification, waiting,
};

/// Why the handling of an envelope or of a message ends early; what it wrote until then is taken back.
#[derive(Debug)]
pub(crate) enum Halt {
    /// It comes to nothing.
    Drop(Reason),
    /// It waits for something: of which kind, and which one.
    Wait(Missing, Vec<u8>),
    /// Our disk could not.
    Store(StoreError),
}

/// What became of a content whose effects stand.
#[derive(Debug)]
pub(crate) enum Done {
    /// All of it was applied.
    Applied,
    /// It stands in a chat, under its id, which is how it will be recognised.
    Kept,
    /// What it says besides stands, but the message itself waits for something: of which kind, and which one.
    Waiting(Missing, Vec<u8>),
    /// What it says besides stands, but the message itself comes to nothing.
    Refused(Reason),
}

/// Where a message came from, as the layers below the application have proved it.
#[derive(Clone, Copy)]
pub(crate) struct Origin<'a> {
    /// Whose device signed the envelope.
    pub sender: &'a Sender,
    /// The envelope's time, in whole seconds.
    pub sent_at: Timestamp,
    /// Who else could read it.
    pub audience: Audience,
    /// The bytes it came in, if its coming is traced.
    pub coming: Option<&'a Coming<'a>>,
    /// The name by which it is acknowledged.
    pub sync: Option<[u8; 32]>,
}

/// For whom a message was encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// For us.
    Us,
    /// For everybody who can open the topic.
    Everybody,
}

/// Handles one envelope, and whatever waited for something that it brought.
pub(crate) fn envelope(
    turn: &mut Turn<'_, '_>,
    topics: &Topics,
    envelope: &Envelope,
    carrier: Option<&Carrier>,
) -> Result<Inbound, StoreError> {
    let hash = envelope.hash();
    if let Some(reason) = known(turn, &hash)? {
        traces::seen_again(turn, hash.as_bytes(), carrier)?;
        return Ok(Inbound::Dropped(reason));
    }
    let (opened, lock) = match open(turn, topics, envelope) {
        Ok(opened) => opened,
        Err(reason) => return Ok(Inbound::Dropped(reason)),
    };
    let sender = Sender::of(turn, opened.sender)?;
    if sender.standing == Standing::Blocked {
        return Ok(Inbound::Dropped(Reason::Blocked));
    }
    let chunk = parse_chunk(&opened.data).filter(|chunk| topics.carries(envelope, &chunk.file));
    // Chunks are known by their place in the file; after it was given up they may come again.
    let is_chunk = chunk.is_some();
    let came = Came {
        envelope,
        carrier,
        lock,
        data: opened.data.len(),
        at: turn.now,
    };
    let outcome = match turn.attempt(|turn| match chunk {
        Some(chunk) => files::inbound::chunk(turn, chunk),
        None => opened_envelope(turn, &sender, opened, &came),
    })? {
        Err(Halt::Wait(missing, what)) => {
            let raw = envelope_row(envelope, &sender, missing, what, turn.now);
            turn.attempt(|turn| waiting::park(turn, &sender, raw).map(|()| Inbound::Waiting(missing)))?
        }
        outcome => outcome,
    };
    let inbound = match outcome {
        Ok(inbound) => inbound,
        Err(Halt::Drop(reason)) => return Ok(Inbound::Dropped(reason)),
        Err(Halt::Wait(missing, _)) => return Ok(Inbound::Waiting(missing)),
        Err(Halt::Store(error)) => return Err(error),
    };
    if !is_chunk {
        turn.tx.seen().add_envelope(hash.as_bytes(), turn.now)?;
    }
    retry(turn, topics)?;
    Ok(inbound)
}

/// Why an envelope need not be looked at: it was handled before, or made here.
fn known(turn: &mut Turn<'_, '_>, hash: &MessageHash) -> Result<Option<Reason>, StoreError> {
    if turn.tx.seen().has_envelope(hash.as_bytes())? {
        return Ok(Some(Reason::Duplicate));
    }
    let own = turn.tx.outbox().source(hash.as_bytes())?.is_some();
    Ok(own.then_some(Reason::OwnEcho))
}

/// Tries again what waited for things that arrived in this turn, and for what that brings in turn.
pub(crate) fn retry(turn: &mut Turn<'_, '_>, topics: &Topics) -> Result<(), StoreError> {
    while let Some(arrival) = turn.arrived.pop() {
        let waited = match &arrival {
            Arrival::Session(key) => waiting::take(turn, store::Missing::Session, key)?,
            Arrival::Contact(person) => waiting::take(turn, store::Missing::Chat, row_key(person).as_bytes())?,
            Arrival::Group(chat) => waiting::take(turn, store::Missing::Chat, chat.as_str().as_bytes())?,
            Arrival::Message(id) => waiting::take(turn, store::Missing::Target, id.as_bytes())?,
        };
        for parked in waited {
            again(turn, topics, parked)?;
        }
    }
    Ok(())
}

/// The layers between the envelope and its messages.
fn opened_envelope(turn: &mut Turn<'_, '_>, sender: &Sender, opened: Opened, came: &Came<'_>) -> Result<Inbound, Halt> {
    let Opened { data, sent_at, .. } = opened;
    let (bytes, whole) = match put_together(turn, sender, data, came)? {
        Whole::Bytes(bytes, whole) => (bytes, whole),
        Whole::Incomplete => return Ok(Inbound::Waiting(Missing::Segments)),
        Whole::Broken => return Ok(Inbound::Dropped(Reason::Undecodable)),
    };
    let encrypted = bytes.len();
    let Decrypted {
        bytes,
        installation,
        audience,
        key,
    } = decrypt(turn, sender, bytes)?;
    let coming = Coming::new(came, sender, whole, (encrypted, bytes.len()), key);
    let origin = Origin {
        sender,
        sent_at,
        audience,
        coming: Some(&coming),
        sync: None,
    };
    if audience == Audience::Everybody {
        let content = sds::unwrap(&bytes).map_or(bytes, |unwrapped| unwrapped.content);
        return Ok(message(turn, &origin, content)?);
    }
    if turn.now.since(sent_at) < JUST_NOW_MS && sender.is_accepted() {
        datasync::seen_online(turn, sender)?;
        repair::seen_online(turn, sender)?;
    }
    let Some(payload) = Payload::parse(&bytes) else {
        return Ok(message(turn, &origin, bytes)?);
    };
    Ok(synchronised(turn, &origin, installation.as_ref(), payload)?)
}

/// What a data-sync payload says: acknowledgements of ours, and messages to acknowledge.
fn synchronised(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    installation: Option<&InstallationId>,
    payload: Payload,
) -> Result<Inbound, StoreError> {
    let settled = datasync::acknowledged(turn, origin.sender, installation, &payload.acks)?;
    let mut inbound = match settled {
        true => Inbound::Applied,
        false => Inbound::Dropped(Reason::Duplicate),
    };
    for sync_message in payload.messages.into_iter().take(MAX_MESSAGES) {
        let id: DatasyncId = sync_message.id();
        if broken::ACK_BEFORE_APPLY {
            datasync::acknowledge(turn, origin.sender, &id)?;
            if id.0[0] & 3 == 0 {
                continue;
            }
        }
        let named = Origin {
            sync: Some(id.0),
            ..*origin
        };
        let outcome = message(turn, &named, sync_message.body)?;
        if is_done_with(outcome) {
            datasync::acknowledge(turn, origin.sender, &id)?;
        }
        inbound = foremost(inbound, outcome);
    }
    Ok(inbound)
}

/// One application message: verified, read, and applied whole or not at all.
pub(crate) fn message(turn: &mut Turn<'_, '_>, origin: &Origin<'_>, bytes: Vec<u8>) -> Result<Inbound, StoreError> {
    let signed = match application::verify(bytes, &origin.sender.key) {
        Ok(signed) => signed,
        Err(ApplicationError::Malformed) => return Ok(Inbound::Dropped(Reason::Undecodable)),
        Err(ApplicationError::Unsigned | ApplicationError::Signature) => {
            return Ok(Inbound::Dropped(Reason::BadSignature));
        }
    };
    if is_known(turn, &signed.id)? {
        return Ok(Inbound::Dropped(Reason::Duplicate));
    }
    let Ok(content) = Content::parse(signed.kind, &signed.body) else {
        return Ok(Inbound::Dropped(Reason::Undecodable));
    };
    let place = repair::place(turn, origin, &signed, &content);
    let outcome = routed(turn, origin, &signed, content)?;
    if let Some(place) = place
        && repair::is_accounted_for(outcome)
    {
        repair::inbound::heard(turn, origin, &signed, &place, outcome)?;
    }
    Ok(outcome)
}

/// Applies a content whole or not at all, or lets it wait.
fn routed(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    content: Content,
) -> Result<Inbound, StoreError> {
    let outcome = match turn.attempt(|turn| route(turn, origin, signed, content))? {
        Ok(Done::Kept) => {
            traces::kept(turn, origin, signed)?;
            return Ok(Inbound::Applied);
        }
        Ok(Done::Applied) => Inbound::Applied,
        Ok(Done::Refused(reason)) => Inbound::Dropped(reason),
        Ok(Done::Waiting(missing, what)) | Err(Halt::Wait(missing, what)) => {
            let row = content_row(origin, signed, missing, what, turn.now);
            return match turn.attempt(|turn| waiting::park(turn, origin.sender, row))? {
                Ok(()) => {
                    traces::kept(turn, origin, signed)?;
                    Ok(Inbound::Waiting(missing))
                }
                Err(halt) => halt.into_outcome(),
            };
        }
        Err(halt) => halt.into_outcome()?,
    };
    if matches!(outcome, Inbound::Applied | Inbound::Dropped(Reason::Unsupported(_))) {
        turn.tx.seen().add_message(&signed.id, turn.now)?;
    }
    Ok(outcome)
}

/// Whether a message stands in a chat, was applied otherwise, or waits.
fn is_known(turn: &mut Turn<'_, '_>, id: &MessageId) -> Result<bool, StoreError> {
    Ok(turn.tx.messages().contains(id)?
        || turn.tx.seen().has_message(id)?
        || turn.tx.waiting().contains(id.as_bytes())?)
}

/// The table of contents of the protocol: which kind is whose.
fn route(turn: &mut Turn<'_, '_>, origin: &Origin<'_>, signed: &Signed, content: Content) -> Result<Done, Halt> {
    match content {
        Content::ChatMessage(message) => chats::inbound::message(turn, origin, signed, &message),
        Content::Edit(edit) => chats::edit::inbound(turn, origin, signed, &edit),
        Content::Delete(deletion) => chats::delete::inbound(turn, origin, signed, &deletion),
        Content::Reaction(reaction) => chats::react::inbound(turn, origin, signed, &reaction),
        Content::Pin(pin) => chats::pin::inbound(turn, origin, signed, &pin),
        Content::Sync(message) => devices::inbound(turn, origin, signed, &message),
        Content::ContactUpdate(update) => contacts::inbound::update(turn, origin, signed, &update),
        Content::AcceptContactRequest(accept) => contacts::inbound::accepted(turn, origin, signed, &accept),
        Content::RetractContactRequest(retract) => contacts::inbound::retracted(turn, origin, signed, &retract),
        Content::ContactCode(code) => profile::inbound::contact_code(turn, origin, signed, &code),
        Content::FileControl(control) => files::inbound::control(turn, origin, signed, &control),
        Content::ChatIdentity(identity) => profile::inbound::identity(turn, origin, signed, &identity),
        Content::Unsupported(repair::KIND) => repair::inbound::exchange(turn, origin, signed),
        Content::StatusUpdate(update) => presence::inbound(turn, origin, signed, &update),
        Content::MembershipUpdate(update) => groups::inbound::update(turn, origin, signed, &update),
        Content::GroupInvitation(invitation) => groups::requests::inbound(turn, origin, signed, &invitation),
        Content::Verification(message) => verification::inbound::message(turn, origin, signed, &message),
        _ => Err(Halt::Drop(Reason::Unsupported(signed.kind))),
    }
}

impl Origin<'_> {
    /// That a message is between its author and us: encrypted for us, by the person who wrote it. Without this, anybody
    /// could hand on to us what somebody once wrote to them.
    pub(crate) fn must_be_personal(&self, author: &PublicKey) -> Result<(), Halt> {
        match self.audience == Audience::Us && *author == self.sender.key {
            true => Ok(()),
            false => Err(Halt::Drop(Reason::RuleBroken(Rule::NotAllowed))),
        }
    }
}

impl Halt {
    /// The same as an outcome, if it is one.
    fn into_outcome(self) -> Result<Inbound, StoreError> {
        match self {
            Halt::Drop(reason) => Ok(Inbound::Dropped(reason)),
            Halt::Wait(missing, _) => Ok(Inbound::Waiting(missing)),
            Halt::Store(error) => Err(error),
        }
    }
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Halt {
        Halt::Store(error)
    }
}

impl From<Reason> for Halt {
    fn from(reason: Reason) -> Halt {
        Halt::Drop(reason)
    }
}

impl From<protocol::content::Rule> for Halt {
    fn from(rule: protocol::content::Rule) -> Halt {
        Halt::Drop(Reason::RuleBroken(rule.into()))
    }
}

impl From<Rule> for Halt {
    fn from(rule: Rule) -> Halt {
        Halt::Drop(Reason::RuleBroken(rule))
    }
}

/// Transport: tries the keys of the topic. Says which kind of key opened it.
fn open(turn: &Turn<'_, '_>, topics: &Topics, envelope: &Envelope) -> Result<(Opened, TraceLock), Reason> {
    let mut reason = Reason::NotForUs;
    for key in topics.keys(envelope, &turn.me.key) {
        let lock = match key {
            OpeningKey::Symmetric(_) => TraceLock::Topic,
            OpeningKey::Asymmetric(_) => TraceLock::Identity,
        };
        match transport::open(&envelope.message, key) {
            Ok(opened) => return Ok((opened, lock)),
            Err(TransportError::WrongKey) => {}
            Err(TransportError::Unsigned | TransportError::Signature) => reason = Reason::BadSignature,
            Err(TransportError::Version | TransportError::NoTime | TransportError::Malformed) => {
                reason = Reason::Undecodable;
            }
        }
    }
    Err(reason)
}

enum Whole {
    /// With the hash and number of the segments, if there were any.
    Bytes(Vec<u8>, Option<traces::Whole>),
    Incomplete,
    /// The segments never fit; they are gone.
    Broken,
}

/// Segmentation: gives the bytes as they are, or a message whose segments are all here.
fn put_together(turn: &mut Turn<'_, '_>, sender: &Sender, data: Vec<u8>, came: &Came<'_>) -> Result<Whole, Halt> {
    let Some(segment) = segmentation::parse(&data) else {
        return Ok(Whole::Bytes(data, None));
    };
    if turn.tx.segments().is_complete(&segment.whole, &sender.row)? {
        return Err(Halt::Drop(Reason::Duplicate));
    }
    let (parity, position, total) = match segment.place {
        Place::Data { index, count } => (false, index, count),
        Place::Parity { index, count } => (true, index, count),
    };
    let quota = if sender.is_accepted() {
        SEGMENT_BYTES_OF_ONE
    } else {
        SEGMENT_BYTES_OF_STRANGERS
    };
    if turn.tx.segments().usage(&sender.row)?.bytes + data.len() as u64 > quota {
        return Err(Halt::Drop(Reason::OverQuota));
    }
    let hash = segment.whole;
    let row = SegmentRow {
        hash,
        signer: sender.row,
        parity,
        position,
        total,
        data,
        received_at: turn.now,
    };
    if !turn.tx.segments().insert(&row)? {
        return Err(Halt::Drop(Reason::Duplicate));
    }
    let traced = traces::segment(turn, came, sender, &segment)?;
    if !parity && turn.tx.segments().count(&hash, &sender.row)? < u64::from(total) {
        return Ok(Whole::Incomplete);
    }
    let rows = turn.tx.segments().of(&hash, &sender.row)?;
    let segments: Vec<_> = rows.iter().filter_map(|row| segmentation::parse(&row.data)).collect();
    let whole = match segmentation::assemble(&segments) {
        Ok(None) => return Ok(Whole::Incomplete),
        Ok(Some(whole)) => Whole::Bytes(whole, Some(traced)),
        Err(SegmentError::Contradiction) => return Err(Halt::Drop(Reason::Undecodable)),
        Err(SegmentError::TooLarge | SegmentError::WrongHash) => Whole::Broken,
    };
    turn.tx.segments().complete(&hash, &sender.row, turn.now)?;
    Ok(whole)
}

struct Decrypted {
    bytes: Vec<u8>,
    /// The device that encrypted it.
    installation: Option<InstallationId>,
    audience: Audience,
    /// With what it was encrypted.
    key: TraceKeyRow,
}

/// Encryption: learns the bundles, and opens the part that is for us. Bytes that are no message of this layer are plain.
fn decrypt(turn: &mut Turn<'_, '_>, sender: &Sender, bytes: Vec<u8>) -> Result<Decrypted, Halt> {
    let message = match ProtocolMessage::parse(&bytes) {
        Ok(message) => message,
        Err(ParseError::NotOfThisLayer) => {
            return Ok(Decrypted {
                bytes,
                installation: None,
                audience: Audience::Everybody,
                key: traces::clear(),
            });
        }
        Err(ParseError::Bundle(_)) => return Err(Halt::Drop(Reason::BadSignature)),
        Err(ParseError::TooManyBundles) => return Err(Halt::Drop(Reason::Undecodable)),
    };
    for bundle in &message.bundles {
        devices::learn(turn, sender, bundle)?;
    }
    let installation = message.installation;
    let mut parts = match message.body {
        Body::Public(bytes) => {
            return Ok(Decrypted {
                bytes,
                installation,
                audience: Audience::Everybody,
                key: traces::clear(),
            });
        }
        Body::Encrypted(parts) => parts,
    };
    let part = parts.take(&turn.me.installation).map_err(|error| match error {
        PartError::NotForUs => Reason::NotForUs,
        PartError::Key | PartError::NoScheme | PartError::TooManyKeys => Reason::Undecodable,
    })?;
    let key = traces::key_of(&part, installation.as_ref());
    let plaintext = sessions::open(turn, sender, installation.as_ref(), part)?;
    if let Some(installation) = &installation {
        let uses_secret = message
            .bundles
            .iter()
            .filter(|bundle| bundle.identity == sender.key)
            .any(|bundle| {
                bundle
                    .pre_keys
                    .get(installation)
                    .is_some_and(|pre_key| pre_key.protocol_version >= 1)
            });
        if uses_secret {
            turn.tx
                .shared_secrets()
                .acknowledge(&sender.row, installation, turn.now)?;
        }
    }
    Ok(Decrypted {
        bytes: plaintext.to_vec(),
        installation,
        audience: Audience::Us,
        key,
    })
}

/// Tries something parked once more. Its sender may be somebody else to us by now.
fn again(turn: &mut Turn<'_, '_>, topics: &Topics, parked: ParkedRow) -> Result<(), StoreError> {
    let Some(key) = parked
        .sender
        .and_then(|key| PublicKey::from_compressed(key.as_bytes()).ok())
    else {
        return Ok(());
    };
    let sender = Sender::of(turn, key)?;
    if sender.standing == Standing::Blocked {
        return Ok(());
    }
    match parked.form {
        Form::Content | Form::PublicContent => {
            let audience = match parked.form {
                Form::PublicContent => Audience::Everybody,
                _ => Audience::Us,
            };
            let origin = Origin {
                sender: &sender,
                sent_at: parked.sent_at,
                audience,
                // How it came was written down when it was parked.
                coming: None,
                sync: None,
            };
            message(turn, &origin, parked.bytes)?;
        }
        Form::Envelope => {
            let Ok(waku) = WakuMessage::decode(&parked.bytes) else {
                return Ok(());
            };
            let raw = Envelope::new(parked.topic.as_str().into(), waku);
            let Ok((opened, lock)) = open(turn, topics, &raw) else {
                return Ok(());
            };
            let came = Came {
                envelope: &raw,
                carrier: None,
                lock,
                data: opened.data.len(),
                at: parked.parked_at,
            };
            match turn.attempt(|turn| opened_envelope(turn, &sender, opened, &came))? {
                Err(Halt::Store(error)) => return Err(error),
                Err(Halt::Wait(missing, what)) => {
                    let row = envelope_row(&raw, &sender, missing, what, turn.now);
                    let _over_quota_is_final = turn.attempt(|turn| waiting::park(turn, &sender, row))?;
                }
                Ok(_) | Err(Halt::Drop(_)) => {}
            }
        }
    }
    Ok(())
}

/// Whether the sender may forget a message: it is applied, or kept, or was before, or will never mean anything here.
fn is_done_with(outcome: Inbound) -> bool {
    matches!(
        outcome,
        Inbound::Applied
            | Inbound::Waiting(_)
            | Inbound::Dropped(Reason::Duplicate | Reason::Unsupported(_) | Reason::RuleBroken(Rule::Outdated))
    )
}

/// Of two outcomes the one to tell: applied before waiting before dropped; the later of two drops.
fn foremost(first: Inbound, second: Inbound) -> Inbound {
    match (first, second) {
        (Inbound::Dropped(_), second) => second,
        (Inbound::Waiting(_), Inbound::Applied) => Inbound::Applied,
        (first, _) => first,
    }
}

fn envelope_row(envelope: &Envelope, sender: &Sender, missing: Missing, what: Vec<u8>, now: Timestamp) -> ParkedRow {
    ParkedRow {
        missing: missing.into(),
        what,
        form: Form::Envelope,
        digest: *envelope.hash().as_bytes(),
        sender: Some(sender.row),
        topic: envelope.pubsub_topic.as_str().to_owned(),
        bytes: envelope.message.encode(),
        sent_at: Timestamp::from_nanoseconds(envelope.message.timestamp.unwrap_or(0)).whole_seconds(),
        parked_at: now,
    }
}

fn content_row(origin: &Origin<'_>, signed: &Signed, missing: Missing, what: Vec<u8>, now: Timestamp) -> ParkedRow {
    ParkedRow {
        missing: missing.into(),
        what,
        form: match origin.audience {
            Audience::Us => Form::Content,
            Audience::Everybody => Form::PublicContent,
        },
        digest: *signed.id.as_bytes(),
        sender: Some(origin.sender.row),
        topic: String::new(),
        bytes: signed.bytes.clone(),
        sent_at: origin.sent_at,
        parked_at: now,
    }
}

/// An envelope this young says that its sender is there now.
const JUST_NOW_MS: u64 = 10_000;

/// Messages in one data-sync payload that are looked at; deployed clients put what waits into one, some hundreds at most.
const MAX_MESSAGES: usize = 10_000;

/// Bytes of unfinished segments that an accepted person may have here: the largest message twice.
const SEGMENT_BYTES_OF_ONE: u64 = 64 << 20;

/// Bytes of unfinished segments that a stranger may have here.
const SEGMENT_BYTES_OF_STRANGERS: u64 = 512 << 10;

#[cfg(test)]
mod tests;
