//! Decoders never panic, and what was written is read again.

use proptest::prelude::*;
use waku_proto::codec::LengthReader;
use waku_proto::store::{Direction, Query};
use waku_proto::{
    ContentTopic, MessageHash, PubsubTopic, Shard, WakuMessage, autoshard, filter, lightpush, metadata, store,
};

proptest! {
    #[test]
    fn no_decoder_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = WakuMessage::decode(&bytes).map(|message| (message.check(), message.encode()));
        let _ = store::Query::decode(&bytes).map(|query| (query.check(), query.page_size()));
        let _ = store::Response::decode(&bytes).map(|response| response.fit(100, Direction::Backward));
        let _ = filter::Request::decode(&bytes);
        let _ = filter::Response::decode(&bytes);
        let _ = filter::decode_push(&bytes);
        let _ = lightpush::Request::decode_v3(&bytes);
        let _ = lightpush::Request::decode_v2(&bytes);
        let _ = lightpush::Response::decode_v3(&bytes);
        let _ = lightpush::Response::decode_v2(&bytes);
        let _ = metadata::Metadata::decode(&bytes);
        let mut length = LengthReader::default();
        for byte in &bytes {
            if !matches!(length.push(*byte, 1000), Ok(None)) { break; }
        }
    }

    #[test]
    fn messages_come_back(
        payload in proptest::collection::vec(any::<u8>(), 0..300),
        content_topic in ".{0,40}",
        version: u32,
        timestamp: Option<i64>,
        meta in proptest::collection::vec(any::<u8>(), 0..70),
        ephemeral: bool,
        proof in proptest::option::of(proptest::collection::vec(any::<u8>(), 1..70)),
    ) {
        let content_topic = ContentTopic::from(content_topic);
        let message = WakuMessage { payload, content_topic, version, timestamp, meta, ephemeral, rate_limit_proof: proof };
        let bytes = message.encode();
        prop_assert_eq!(bytes.len(), message.encoded_len());
        prop_assert_eq!(WakuMessage::decode(&bytes), Ok(message));
    }

    #[test]
    fn every_shard_is_read_from_its_name(cluster: u16, index: u16) {
        let shard = Shard::new(cluster, index);
        prop_assert_eq!(Shard::of(&shard.topic()), Some(shard));
    }

    #[test]
    fn topics_of_any_text_are_harmless(text in ".{0,60}", shards: u16) {
        let _ = Shard::of(&PubsubTopic::from(text.clone()));
        if let Ok(shard) = autoshard(&ContentTopic::from(text), 1, shards) {
            prop_assert!(shard.index < shards);
        }
    }

    #[test]
    fn store_questions_come_back(start: Option<i64>, end: Option<i64>, cursor: Option<[u8; 32]>, limit: Option<u64>, backward: bool) {
        let direction = if backward { Direction::Backward } else { Direction::Forward };
        let query = Query { start, end, cursor: cursor.map(MessageHash), limit, direction, ..Query::default() };
        prop_assert_eq!(Query::decode(&query.encode()), Ok(query));
    }
}
