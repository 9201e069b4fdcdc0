//! The protobuf messages of the Waku services, field by field.
//!
//! Deployed decoders demand that certain tags are present even when the value is empty or zero, so
//! almost every scalar is `optional` here and always set by whoever writes one. What a value means is
//! said in the module of the service.

use prost::Message;

/// 14/WAKU2-MESSAGE.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct WakuMessage {
    #[prost(bytes = "vec", optional, tag = "1")]
    pub payload: Option<Vec<u8>>,
    #[prost(string, optional, tag = "2")]
    pub content_topic: Option<String>,
    #[prost(uint32, optional, tag = "3")]
    pub version: Option<u32>,
    #[prost(sint64, optional, tag = "10")]
    pub timestamp: Option<i64>,
    #[prost(bytes = "vec", optional, tag = "11")]
    pub meta: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "21")]
    pub rate_limit_proof: Option<Vec<u8>>,
    #[prost(bool, optional, tag = "31")]
    pub ephemeral: Option<bool>,
}

/// 13/WAKU2-STORE v3, the question.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct StoreQueryRequest {
    #[prost(string, optional, tag = "1")]
    pub request_id: Option<String>,
    #[prost(bool, optional, tag = "2")]
    pub include_data: Option<bool>,
    #[prost(string, optional, tag = "10")]
    pub pubsub_topic: Option<String>,
    #[prost(string, repeated, tag = "11")]
    pub content_topics: Vec<String>,
    #[prost(sint64, optional, tag = "12")]
    pub time_start: Option<i64>,
    #[prost(sint64, optional, tag = "13")]
    pub time_end: Option<i64>,
    #[prost(bytes = "vec", repeated, tag = "20")]
    pub message_hashes: Vec<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "51")]
    pub pagination_cursor: Option<Vec<u8>>,
    #[prost(bool, optional, tag = "52")]
    pub pagination_forward: Option<bool>,
    #[prost(uint64, optional, tag = "53")]
    pub pagination_limit: Option<u64>,
}

/// 13/WAKU2-STORE v3, one entry of an answer.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct WakuMessageKeyValue {
    #[prost(bytes = "vec", optional, tag = "1")]
    pub message_hash: Option<Vec<u8>>,
    #[prost(message, optional, tag = "2")]
    pub message: Option<WakuMessage>,
    #[prost(string, optional, tag = "3")]
    pub pubsub_topic: Option<String>,
}

/// 13/WAKU2-STORE v3, the answer.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct StoreQueryResponse {
    #[prost(string, optional, tag = "1")]
    pub request_id: Option<String>,
    #[prost(uint32, optional, tag = "10")]
    pub status_code: Option<u32>,
    #[prost(string, optional, tag = "11")]
    pub status_desc: Option<String>,
    #[prost(message, repeated, tag = "20")]
    pub messages: Vec<WakuMessageKeyValue>,
    #[prost(bytes = "vec", optional, tag = "51")]
    pub pagination_cursor: Option<Vec<u8>>,
}

/// 12/WAKU2-FILTER v2, the question. Types: 0 ping, 1 subscribe, 2 unsubscribe, 3 unsubscribe all.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct FilterSubscribeRequest {
    #[prost(string, optional, tag = "1")]
    pub request_id: Option<String>,
    #[prost(uint32, optional, tag = "2")]
    pub filter_subscribe_type: Option<u32>,
    #[prost(string, optional, tag = "10")]
    pub pubsub_topic: Option<String>,
    #[prost(string, repeated, tag = "11")]
    pub content_topics: Vec<String>,
}

/// 12/WAKU2-FILTER v2, the answer.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct FilterSubscribeResponse {
    #[prost(string, optional, tag = "1")]
    pub request_id: Option<String>,
    #[prost(uint32, optional, tag = "10")]
    pub status_code: Option<u32>,
    #[prost(string, optional, tag = "11")]
    pub status_desc: Option<String>,
}

/// 12/WAKU2-FILTER v2, one message pushed to a subscriber.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct MessagePush {
    #[prost(message, optional, tag = "1")]
    pub waku_message: Option<WakuMessage>,
    #[prost(string, optional, tag = "2")]
    pub pubsub_topic: Option<String>,
}

/// 19/WAKU2-LIGHTPUSH v3, the question.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct LightPushRequest {
    #[prost(string, optional, tag = "1")]
    pub request_id: Option<String>,
    #[prost(string, optional, tag = "20")]
    pub pubsub_topic: Option<String>,
    #[prost(message, optional, tag = "21")]
    pub message: Option<WakuMessage>,
}

/// 19/WAKU2-LIGHTPUSH v3, the answer.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct LightPushResponse {
    #[prost(string, optional, tag = "1")]
    pub request_id: Option<String>,
    #[prost(uint32, optional, tag = "10")]
    pub status_code: Option<u32>,
    #[prost(string, optional, tag = "11")]
    pub status_desc: Option<String>,
    #[prost(uint32, optional, tag = "12")]
    pub relay_peer_count: Option<u32>,
}

/// 19/WAKU2-LIGHTPUSH v2: question and answer share one message.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct PushRpc {
    #[prost(string, optional, tag = "1")]
    pub request_id: Option<String>,
    #[prost(message, optional, tag = "2")]
    pub request: Option<PushRequest>,
    #[prost(message, optional, tag = "3")]
    pub response: Option<PushResponse>,
}

/// 19/WAKU2-LIGHTPUSH v2, the question.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct PushRequest {
    #[prost(string, optional, tag = "1")]
    pub pubsub_topic: Option<String>,
    #[prost(message, optional, tag = "2")]
    pub message: Option<WakuMessage>,
}

/// 19/WAKU2-LIGHTPUSH v2, the answer.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct PushResponse {
    #[prost(bool, optional, tag = "1")]
    pub is_success: Option<bool>,
    #[prost(string, optional, tag = "2")]
    pub info: Option<String>,
}

/// 66/WAKU2-METADATA, question and answer alike. Browser clients read the shards from field 2,
/// unpacked; Go and Nim nodes from field 3, packed.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct WakuMetadata {
    #[prost(uint32, optional, tag = "1")]
    pub cluster_id: Option<u32>,
    #[prost(uint32, repeated, packed = "false", tag = "2")]
    pub shards_unpacked: Vec<u32>,
    #[prost(uint32, repeated, tag = "3")]
    pub shards: Vec<u32>,
}

/// 34/WAKU2-PEER-EXCHANGE: question and answer share one message.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct PeerExchangeRpc {
    #[prost(message, optional, tag = "1")]
    pub query: Option<PeerExchangeQuery>,
    #[prost(message, optional, tag = "2")]
    pub response: Option<PeerExchangeResponse>,
}

/// 34/WAKU2-PEER-EXCHANGE, the question.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct PeerExchangeQuery {
    #[prost(uint64, optional, tag = "1")]
    pub num_peers: Option<u64>,
}

/// 34/WAKU2-PEER-EXCHANGE, the answer.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct PeerExchangeResponse {
    #[prost(message, repeated, tag = "1")]
    pub peer_infos: Vec<PeerInfo>,
    #[prost(uint32, optional, tag = "10")]
    pub status_code: Option<u32>,
    #[prost(string, optional, tag = "11")]
    pub status_desc: Option<String>,
}

/// 34/WAKU2-PEER-EXCHANGE, one node record.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct PeerInfo {
    #[prost(bytes = "vec", optional, tag = "1")]
    pub enr: Option<Vec<u8>>,
}

/// Store sync: one message on its way from one store node to another. The specification has the two tags the
/// other way round; deployed nodes write these.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct WakuMessageAndTopic {
    #[prost(string, optional, tag = "1")]
    pub pubsub_topic: Option<String>,
    #[prost(message, optional, tag = "2")]
    pub message: Option<WakuMessage>,
}

/// Rendezvous of libp2p. Types: 0 register, 1 its answer, 2 unregister, 3 discover, 4 its answer.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct Rendezvous {
    #[prost(int32, optional, tag = "1")]
    pub r#type: Option<i32>,
    #[prost(message, optional, tag = "2")]
    pub register: Option<RendezvousRegister>,
    #[prost(message, optional, tag = "3")]
    pub register_response: Option<RendezvousRegisterResponse>,
    #[prost(message, optional, tag = "4")]
    pub unregister: Option<RendezvousUnregister>,
    #[prost(message, optional, tag = "5")]
    pub discover: Option<RendezvousDiscover>,
    #[prost(message, optional, tag = "6")]
    pub discover_response: Option<RendezvousDiscoverResponse>,
}

/// Rendezvous: keep this record.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct RendezvousRegister {
    #[prost(string, optional, tag = "1")]
    pub ns: Option<String>,
    #[prost(bytes = "vec", optional, tag = "2")]
    pub signed_peer_record: Option<Vec<u8>>,
    #[prost(uint64, optional, tag = "3")]
    pub ttl: Option<u64>,
}

/// Rendezvous: what became of a record.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct RendezvousRegisterResponse {
    #[prost(uint32, optional, tag = "1")]
    pub status: Option<u32>,
    #[prost(string, optional, tag = "2")]
    pub status_text: Option<String>,
    #[prost(uint64, optional, tag = "3")]
    pub ttl: Option<u64>,
}

/// Rendezvous: keep it no longer.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct RendezvousUnregister {
    #[prost(string, optional, tag = "1")]
    pub ns: Option<String>,
}

/// Rendezvous: who is there?
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct RendezvousDiscover {
    #[prost(string, optional, tag = "1")]
    pub ns: Option<String>,
    #[prost(uint64, optional, tag = "2")]
    pub limit: Option<u64>,
    #[prost(bytes = "vec", optional, tag = "3")]
    pub cookie: Option<Vec<u8>>,
}

/// Rendezvous: those are.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct RendezvousDiscoverResponse {
    #[prost(message, repeated, tag = "1")]
    pub registrations: Vec<RendezvousRegister>,
    #[prost(bytes = "vec", optional, tag = "2")]
    pub cookie: Option<Vec<u8>>,
    #[prost(uint32, optional, tag = "3")]
    pub status: Option<u32>,
    #[prost(string, optional, tag = "4")]
    pub status_text: Option<String>,
}

/// What nodes of the mix network leave at a rendezvous point, below a signature.
#[derive(Clone, PartialEq, Message)]
#[allow(missing_docs)]
pub struct WakuPeerRecord {
    #[prost(bytes = "vec", optional, tag = "1")]
    pub peer_id: Option<Vec<u8>>,
    #[prost(uint64, optional, tag = "2")]
    pub seq_no: Option<u64>,
    #[prost(bytes = "vec", repeated, tag = "3")]
    pub multiaddrs: Vec<Vec<u8>>,
    #[prost(string, optional, tag = "4")]
    pub mix_public_key: Option<String>,
}
