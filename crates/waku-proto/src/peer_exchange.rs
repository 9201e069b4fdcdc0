//! Peer exchange (34/WAKU2-PEER-EXCHANGE): asking a node for records of others.
//!
//! The records are raw bytes here; whether they are genuine is found out by whoever reads them. Whom a server tells
//! of is decided by the node.

use prost::Message as _;

use crate::wire;

/// The question: so many records, please.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// At most so many; servers give no more than [`MAX_PEERS`].
    pub peers: u64,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// [`OK`], or why there are none.
    pub status: u32,
    /// In words.
    pub description: String,
    /// Node records, RLP.
    pub records: Vec<Vec<u8>>,
}

impl Request {
    /// Reads a question.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let rpc = wire::PeerExchangeRpc::decode(bytes).map_err(|_| DecodeError::Malformed)?;
        let query = rpc.query.ok_or(DecodeError::Malformed)?;
        Ok(Self {
            peers: query.num_peers.unwrap_or(0),
        })
    }

    /// Writes a question.
    pub fn encode(self) -> Vec<u8> {
        wire::PeerExchangeRpc {
            query: Some(wire::PeerExchangeQuery {
                num_peers: Some(self.peers),
            }),
            response: None,
        }
        .encode_to_vec()
    }

    /// How many a server gives, however many were asked for.
    pub fn granted(self) -> usize {
        usize::try_from(self.peers).unwrap_or(usize::MAX).min(MAX_PEERS)
    }
}

impl Response {
    /// Records for whoever asked.
    pub fn records(records: Vec<Vec<u8>>) -> Self {
        Self {
            status: OK,
            description: "OK".into(),
            records,
        }
    }

    /// No records.
    pub fn refused(status: u32, description: impl Into<String>) -> Self {
        Self {
            status,
            description: description.into(),
            records: Vec::new(),
        }
    }

    /// Reads an answer. Go nodes write no status; then records are a success and none are unavailability.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let rpc = wire::PeerExchangeRpc::decode(bytes).map_err(|_| DecodeError::Malformed)?;
        let response = rpc.response.ok_or(DecodeError::Malformed)?;
        let records: Vec<Vec<u8>> = response
            .peer_infos
            .into_iter()
            .take(MAX_PEERS)
            .filter_map(|info| info.enr)
            .collect();
        let silent = if records.is_empty() { SERVICE_UNAVAILABLE } else { OK };
        Ok(Self {
            status: response.status_code.unwrap_or(silent),
            description: response.status_desc.unwrap_or_default(),
            records,
        })
    }

    /// Writes an answer, with the empty question that deployed decoders demand.
    pub fn encode(self) -> Vec<u8> {
        wire::PeerExchangeRpc {
            query: Some(wire::PeerExchangeQuery { num_peers: Some(0) }),
            response: Some(wire::PeerExchangeResponse {
                peer_infos: self
                    .records
                    .into_iter()
                    .map(|record| wire::PeerInfo { enr: Some(record) })
                    .collect(),
                status_code: Some(self.status),
                status_desc: Some(self.description),
            }),
        }
        .encode_to_vec()
    }
}

/// The other side's bytes are not peer exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not a protobuf message of this form, or without the part that was expected.
    #[error("the bytes are not a peer exchange message")]
    Malformed,
}

/// libp2p protocol id.
pub const PROTOCOL: &str = "/vac/waku/peer-exchange/2.0.0-alpha1";
/// Status of an answer with records.
pub const OK: u32 = 200;
/// Status: the question cannot be read.
pub const BAD_REQUEST: u32 = 400;
/// Status: asked too often.
pub const TOO_MANY_REQUESTS: u32 = 429;
/// Status: nobody is known.
pub const SERVICE_UNAVAILABLE: u32 = 503;
/// Records in one answer, as deployed servers cap it.
pub const MAX_PEERS: usize = 60;
/// Longest answer that is read, in bytes: sixty records of 300 bytes, with room.
pub const MAX_SIZE: usize = 32 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_answer_carries_an_empty_question() {
        let bytes = Response::records(vec![vec![7]]).encode();
        assert_eq!(bytes[..4], [0x0a, 2, 0x08, 0]);
        assert_eq!(Response::decode(&bytes), Ok(Response::records(vec![vec![7]])));
    }

    #[test]
    fn an_answer_without_status_is_judged_by_its_records() {
        // response { peer_infos { enr: 01 } }
        let some = Response::decode(&[0x12, 5, 0x0a, 3, 0x0a, 1, 1]).unwrap();
        assert_eq!((some.status, some.records), (OK, vec![vec![1]]));
        assert_eq!(Response::decode(&[0x12, 0]).unwrap().status, SERVICE_UNAVAILABLE);
        assert_eq!(Response::decode(&[]), Err(DecodeError::Malformed));
    }

    #[test]
    fn however_many_are_asked_for() {
        let all = Request::decode(&Request { peers: u64::MAX }.encode()).unwrap();
        assert_eq!(all.granted(), MAX_PEERS);
        assert_eq!(Request { peers: 0 }.granted(), 0);
        assert_eq!(Request::decode(&[]), Err(DecodeError::Malformed));
    }

    proptest! {
        #[test]
        fn anything_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Request::decode(&bytes);
            let _ = Response::decode(&bytes);
        }
    }
}
