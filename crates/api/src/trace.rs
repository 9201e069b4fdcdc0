//! How one message travelled: what each layer made of it and which nodes had its envelopes. Facts of this device, no prose.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How one message travelled.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    /// The message's id.
    pub message: String,
    /// The chat it stands in.
    pub chat: String,
    /// Whether we wrote it.
    pub own: bool,
    /// Bytes of its text in UTF-8.
    pub text: u64,
    /// When this is forgotten at the latest (Unix milliseconds); absent if nothing is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_until: Option<u64>,
    /// The bytes it travelled in: one entry for each person and each attempt, in the order in which they went or came.
    pub parcels: Vec<TraceParcel>,
}

/// One piece of bytes in which the message was.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TraceParcel {
    /// For whom it was encrypted, or whose device sent it; absent: for everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// What to call them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it was encrypted, or was here as a whole (Unix milliseconds).
    pub at: u64,
    /// Bytes of the message with its author's signature.
    pub signed: u64,
    /// Bytes with what asks for an acknowledgement.
    pub synced: u64,
    /// Bytes after they were encrypted for each device.
    pub encrypted: u64,
    /// What kind of place its topic is.
    pub place: TracePlace,
    /// The mesh.
    pub pubsub_topic: String,
    /// What listeners filter by.
    pub content_topic: String,
    /// With what its envelopes are sealed.
    pub lock: TraceLock,
    /// Envelopes that it takes, those that only make up for lost ones not counted.
    pub segments: u32,
    /// When we acknowledged it, if it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<u64>,
    /// With what it was encrypted, for each device.
    pub keys: Vec<TraceKey>,
    /// What it was sealed in. Each attempt is an envelope of its own.
    pub envelopes: Vec<TraceEnvelope>,
}

/// What kind of place a topic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TracePlace {
    /// One in 5,000 people shares it.
    Partitioned,
    /// Only the two can compute it.
    Negotiated,
    /// Whoever knows the chat's name can compute it.
    Public,
}

/// With what envelopes are sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TraceLock {
    /// A key of the topic.
    Topic,
    /// The reader's identity key.
    Identity,
}

/// The key for one device, or for all. The key itself is nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TraceKey {
    /// The device that opens it, or that encrypted it; absent: whoever has the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installation: Option<String>,
    /// What kind of key it is.
    pub scheme: TraceScheme,
    /// Eight bytes of a hash, which tell the chains of a session apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
    /// Its number in the chain, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// When the device acknowledged the message (Unix milliseconds).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<u64>,
    /// What became of it on this device.
    pub fate: TraceFate,
    /// Until when it can be computed again, if that is known (Unix milliseconds).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
}

/// What kind of key opens a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TraceScheme {
    /// A message key of a double ratchet.
    Ratchet,
    /// The same, in the first chain of a session.
    Founding,
    /// The identity key alone.
    Identity,
    /// None on this layer.
    Clear,
}

/// What became of a key on this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TraceFate {
    /// Erased: nothing here opens what travelled.
    Erased,
    /// It can be computed again from our pre-key until that is erased.
    InPreKey,
    /// The reader's identity key opens it for good.
    InIdentity,
    /// Whoever knows the topic can read it.
    Shared,
}

/// An envelope: what nodes pass on and keep.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TraceEnvelope {
    /// Its deterministic hash (`0x…`), by which store nodes know it.
    pub hash: String,
    /// Its place among the segments, from 0.
    pub segment: u32,
    /// Whether it only makes up for lost ones.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub parity: bool,
    /// Bytes that were sealed.
    pub data: u64,
    /// The same with our signature and padding.
    pub padded: u64,
    /// The same sealed.
    pub sealed: u64,
    /// Bytes of the whole envelope.
    pub wire: u64,
    /// What became of it.
    pub outcome: TraceOutcome,
    /// When that was (Unix milliseconds).
    pub at: u64,
    /// How many nodes took it, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peers: Option<u32>,
    /// Nodes that had it, at most eight.
    pub seen: Vec<TraceSighting>,
    /// All that a node in the middle can read, field by field; the bytes together are `wire`.
    pub fields: Vec<TraceField>,
}

/// What became of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TraceOutcome {
    /// It came here.
    Came,
    /// The network took it.
    Taken,
    /// Nobody took it then.
    NotTaken,
    /// It was too large for the network.
    TooLarge,
}

/// A node that had an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TraceSighting {
    /// How we know.
    pub way: TraceWay,
    /// Its libp2p peer id; absent if it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// When (Unix milliseconds).
    pub at: u64,
}

/// How it is known that a node had an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TraceWay {
    /// We handed it to the node.
    Handed,
    /// It came from there by gossip.
    Relay,
    /// The node pushed it.
    Filter,
    /// It stood in an answer of the node's store.
    Store,
}

/// A field of an envelope as it stands on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TraceField {
    /// Its name in 14/WAKU2-MESSAGE.
    pub name: String,
    /// Bytes with its tag and length.
    pub bytes: u64,
    /// What it says; of the payload, its first bytes in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}
