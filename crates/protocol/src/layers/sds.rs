//! SDS (Scalable Data Sync): the reliability wrapper that newer clients put around messages of communities.
//!
//! Only unwrapped here, not written, and nothing is requested again. Two numberings of its fields exist and are told
//! apart, also from an application wrapper, by which fields are there and how they are encoded. The id in the wrapper is
//! not the message id.

use prost::Message as _;
use prost::encoding::{DecodeContext, WireType, decode_key, skip_field};

use crate::wire::sds::{SpecificationMessage, StatusMessage};

/// What was in a reliability wrapper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwrapped {
    /// The bytes for the next layer; empty in a wrapper that only tells what its sender has seen.
    pub content: Vec<u8>,
    /// The channel whose history the wrapper belongs to; the community's id as text in messages of Status.
    pub channel_id: String,
}

/// Unwraps; `None` means that the bytes are not such a wrapper and are to be taken as they are.
pub fn unwrap(bytes: &[u8]) -> Option<Unwrapped> {
    match numbering(bytes)? {
        Numbering::Status => {
            let message = StatusMessage::decode(bytes).ok()?;
            Some(Unwrapped {
                content: message.content,
                channel_id: message.channel_id,
            })
        }
        Numbering::Specification => {
            let message = SpecificationMessage::decode(bytes).ok()?;
            Some(Unwrapped {
                content: message.content.unwrap_or_default(),
                channel_id: message.channel_id,
            })
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Numbering {
    /// Fields 1, 4 and 5 hold bytes.
    Status,
    /// Field 20 holds bytes.
    Specification,
}

/// Looks at the outermost fields only. A number in field 3 is the kind of an application wrapper.
fn numbering(mut bytes: &[u8]) -> Option<Numbering> {
    let (mut with_bytes, mut with_number) = (0u32, 0u32);
    while !bytes.is_empty() {
        let (tag, wire_type) = decode_key(&mut bytes).ok()?;
        match wire_type {
            WireType::LengthDelimited if tag <= HIGHEST_FIELD => with_bytes |= 1 << tag,
            WireType::Varint if tag <= HIGHEST_FIELD => with_number |= 1 << tag,
            _ => {}
        }
        skip_field(wire_type, tag, &mut bytes, DecodeContext::default()).ok()?;
    }
    if with_number & 1 << 3 != 0 {
        return None;
    }
    let has_bytes = |fields: &[u32]| fields.iter().all(|field| with_bytes & 1 << field != 0);
    match (has_bytes(&[1, 4, 5]), has_bytes(&[20])) {
        (true, false) => Some(Numbering::Status),
        (false, true) => Some(Numbering::Specification),
        _ => None,
    }
}

const HIGHEST_FIELD: u32 = 20;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::application::{ApplicationMetadataMessage, Kind};
    use crate::wire::sds::HistoryEntry;

    fn entry() -> HistoryEntry {
        HistoryEntry {
            message_id: "0xab".into(),
            retrieval_hint: Some(vec![1]),
            sender_id: None,
        }
    }

    fn in_status_numbering(history: Vec<Vec<u8>>) -> Vec<u8> {
        StatusMessage {
            message_id: "0xcd".into(),
            lamport_timestamp: 5,
            causal_history: history,
            channel_id: "0x02".into(),
            content: b"inner".to_vec(),
            bloom_filter: vec![0; 8],
            sender_id: "me".into(),
            repair_request: vec![entry()],
        }
        .encode_to_vec()
    }

    #[test]
    fn both_numberings_and_both_histories_unwrap() {
        let specification = SpecificationMessage {
            sender_id: "me".into(),
            message_id: "0xcd".into(),
            channel_id: "0x02".into(),
            lamport_timestamp: Some(5),
            causal_history: vec![entry()],
            content: Some(b"inner".to_vec()),
            ..SpecificationMessage::default()
        };
        let forms = [
            in_status_numbering(vec![]),
            in_status_numbering(vec![b"0xab".to_vec()]),
            in_status_numbering(vec![entry().encode_to_vec()]),
            specification.encode_to_vec(),
        ];
        for bytes in forms {
            let unwrapped = unwrap(&bytes).unwrap();
            assert_eq!(
                (&unwrapped.content[..], &unwrapped.channel_id[..]),
                (&b"inner"[..], "0x02")
            );
        }
    }

    #[test]
    fn an_application_wrapper_is_not_taken_for_one() {
        let wrapper = ApplicationMetadataMessage {
            signature: vec![1; 65],
            payload: in_status_numbering(vec![]),
            r#type: Kind::ChatMessage as i32,
        };
        assert_eq!(unwrap(&wrapper.encode_to_vec()), None);
        let kindless = ApplicationMetadataMessage { r#type: 0, ..wrapper };
        assert_eq!(unwrap(&kindless.encode_to_vec()), None);
        assert_eq!(unwrap(&[]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_unwrap_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = unwrap(&bytes);
        }
    }
}
