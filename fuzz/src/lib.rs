//! One function for every decoder that reads bytes from the network: it must take any bytes without a panic, and what it
//! accepts must survive being written and read again. The fuzz targets are these functions; a test with the stable
//! toolchain runs them over mutated seeds.

use crypto::payload_v1::{self, OpeningKey};
use crypto::{GroupKey, SecretKey, Session, SymmetricKey};
use protocol::Timestamp;
use protocol::content::membership::MembershipUpdateEvent;
use protocol::content::{Content, MembershipEvent};
use protocol::extensions::Extensions;
use protocol::group::History;
use protocol::id::{ChatId, InstallationId, public_key_text};
use protocol::layers::encryption::{Body, Bundle, ProtocolMessage};
use protocol::layers::{application, datasync, sds, segmentation, transport};
use protocol::link::{Link, addresses};
use protocol::markup::{Block, blocks, only_emoji};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use waku_proto::codec::LengthReader;
use waku_proto::store::{Query, Response};
use waku_proto::{
    ContentTopic, Envelope, MessageHash, PubsubTopic, Shard, WakuMessage, filter, lightpush, metadata, rendezvous,
};

/// A decoder under test.
pub struct Target {
    /// Name of the fuzz target.
    pub name: &'static str,
    /// Must return, whatever the bytes are.
    pub run: fn(&[u8]),
    /// Well-formed bytes to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target {
        name: "framing",
        run: framing,
        seeds: || vec![vec![0x85, 0x01], vec![3, 1, 2, 3]],
    },
    Target {
        name: "waku_message",
        run: waku_message,
        seeds: seeds::waku_message,
    },
    Target {
        name: "discovery",
        run: discovery,
        seeds: seeds::discovery,
    },
    Target {
        name: "topics",
        run: topics,
        seeds: seeds::topics,
    },
    Target {
        name: "store_query",
        run: store_query,
        seeds: seeds::store_query,
    },
    Target {
        name: "store_response",
        run: store_response,
        seeds: seeds::store_response,
    },
    Target {
        name: "store_sync",
        run: store_sync,
        seeds: seeds::store_sync,
    },
    Target {
        name: "filter_messages",
        run: filter_messages,
        seeds: seeds::filter_messages,
    },
    Target {
        name: "lightpush_messages",
        run: lightpush_messages,
        seeds: seeds::lightpush_messages,
    },
    Target {
        name: "metadata_message",
        run: metadata_message,
        seeds: seeds::metadata_message,
    },
    Target {
        name: "payload_symmetric",
        run: payload_symmetric,
        seeds: seeds::payload_symmetric,
    },
    Target {
        name: "payload_asymmetric",
        run: payload_asymmetric,
        seeds: seeds::payload_asymmetric,
    },
    Target {
        name: "payload_plaintext",
        run: payload_plaintext,
        seeds: || vec![vec![1, 2, 9, 9, 0], vec![5; 80]],
    },
    Target {
        name: "envelope",
        run: envelope,
        seeds: seeds::waku_message,
    },
    Target {
        name: "ratchet_session",
        run: ratchet_session,
        seeds: seeds::ratchet_session,
    },
    Target {
        name: "segments",
        run: segments,
        seeds: seeds::segments,
    },
    Target {
        name: "protocol_message",
        run: protocol_message,
        seeds: seeds::protocol_message,
    },
    Target {
        name: "bundle",
        run: bundle,
        seeds: seeds::bundle,
    },
    Target {
        name: "datasync_payload",
        run: datasync_payload,
        seeds: seeds::datasync_payload,
    },
    Target {
        name: "extensions",
        run: extensions,
        seeds: seeds::extensions,
    },
    Target {
        name: "sds_wrapper",
        run: sds_wrapper,
        seeds: seeds::sds_wrapper,
    },
    Target {
        name: "application_message",
        run: application_message,
        seeds: seeds::application_message,
    },
    Target {
        name: "backup",
        run: backup,
        seeds: seeds::backup,
    },
    Target {
        name: "files",
        run: files,
        seeds: seeds::files,
    },
    Target {
        name: "sound",
        run: sound,
        seeds: || {
            vec![
                [&b"#!AMR\n"[..], &[0x3c; 64]].concat(),
                vec![0xff, 0xf1, 0x20, 0, 0, 0xff, 0xfc, 0, 0],
            ]
        },
    },
    Target {
        name: "content",
        run: content,
        seeds: seeds::content,
    },
    Target {
        name: "showcase",
        run: showcase,
        seeds: || vec![Vec::new(), vec![0x32, 0x06, 0x0a, 0x01, b'u', 0x1a, 0x01, b't']],
    },
    Target {
        name: "membership_event",
        run: membership_event,
        seeds: || vec![vec![1; 90]],
    },
    Target {
        name: "group_history",
        run: group_history,
        seeds: || vec![vec![0, 1, 1, 0, 0, 2, 3, 2, 1, 3, 2, 1, 2, 4, 5, 2], (0..200).collect()],
    },
    Target {
        name: "link",
        run: link,
        seeds: seeds::link,
    },
    Target {
        name: "markup",
        run: markup,
        seeds: seeds::markup,
    },
];

pub fn framing(bytes: &[u8]) {
    let mut reader = LengthReader::default();
    for byte in bytes {
        match reader.push(*byte, 1 << 20) {
            Ok(None) => {}
            Ok(Some(length)) => return assert!(length <= 1 << 20),
            Err(_) => return,
        }
    }
}

pub fn waku_message(bytes: &[u8]) {
    let Ok(message) = WakuMessage::decode(bytes) else {
        return;
    };
    assert_eq!(message.encoded_len(), message.encode().len());
    let _ = (
        message.check(),
        Envelope::new("/waku/2/rs/16/32".into(), message.clone()).hash(),
    );
    assert_eq!(WakuMessage::decode(&message.encode()), Ok(message));
}

/// Entries of node records, peer exchange, and rendezvous.
pub fn discovery(bytes: &[u8]) {
    use waku_proto::enr::{RelayShards, SHARD_LIST, join_addresses, split_addresses};
    use waku_proto::peer_exchange::{MAX_PEERS, Request, Response};
    let read = [RelayShards::from_list(bytes), RelayShards::from_bits(bytes)];
    for shards in read.into_iter().flatten() {
        let (key, value) = shards.encode();
        let again = if key == SHARD_LIST {
            RelayShards::from_list(&value)
        } else {
            RelayShards::from_bits(&value)
        };
        assert_eq!(again, Ok(shards));
    }
    if let Ok(addresses) = split_addresses(bytes) {
        assert_eq!(join_addresses(addresses), bytes);
    }
    if let Ok(request) = Request::decode(bytes) {
        assert!(request.granted() <= MAX_PEERS);
    }
    if let Ok(response) = Response::decode(bytes) {
        assert!(response.records.len() <= MAX_PEERS);
        assert_eq!(Response::decode(&response.clone().encode()), Ok(response));
    }
    if let Ok(message) = rendezvous::Message::decode(bytes) {
        let again = rendezvous::Message::decode(&message.clone().encode());
        assert_eq!(again, Ok(message.clone()));
        if let rendezvous::Message::Discover(question) = message {
            let _ = rendezvous::point::Point::<u8>::default().discover(&0, &question, 0);
        }
    }
    let _ = rendezvous::MixRecord::decode(bytes);
}

pub fn topics(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Some(shard) = Shard::of(&PubsubTopic::from(&*text)) {
        assert_eq!(Shard::of(&shard.topic()), Some(shard));
    }
    let topic = ContentTopic::from(&*text);
    if let Ok(shard) = waku_proto::autoshard(&topic, 1, 8) {
        assert!(shard.index < 8);
    }
    let _ = protocol::address::parse_content_topic(&topic);
}

pub fn store_query(bytes: &[u8]) {
    let Ok(query) = Query::decode(bytes) else { return };
    assert!((1..=100).contains(&query.page_size()));
    let _ = query.check();
    assert_eq!(Query::decode(&query.encode()), Ok(query));
}

pub fn store_response(bytes: &[u8]) {
    let Ok(response) = Response::decode(bytes) else { return };
    assert_eq!(Response::decode(&response.clone().encode()), Ok(response));
}

/// A message of a reconciliation, with its answer; and a message that is handed over.
pub fn store_sync(bytes: &[u8]) {
    if let Ok(envelope) = waku_proto::sync::transfer::decode(bytes) {
        let again = waku_proto::sync::transfer::encode(envelope.clone());
        assert_eq!(waku_proto::sync::transfer::decode(&again), Ok(envelope));
    }
    let Ok(payload) = waku_proto::sync::Payload::decode(bytes) else {
        return;
    };
    assert_eq!(
        waku_proto::sync::Payload::decode(&payload.encode()),
        Ok(payload.clone())
    );
    let places = (0..250_i64).map(|number| (number / 2, MessageHash([number as u8; 32])));
    let items = waku_proto::sync::Items::new(places.collect());
    let answer = items.answer(&payload, 5);
    assert!(answer.ranges.len() <= 4_096);
    let said = waku_proto::sync::Payload {
        ranges: answer.ranges,
        ..Default::default()
    };
    assert!(waku_proto::sync::Payload::decode(&said.encode()).is_ok());
}

pub fn filter_messages(bytes: &[u8]) {
    if let Ok(request) = filter::Request::decode(bytes) {
        assert_eq!(filter::Request::decode(&request.encode()), Ok(request));
    }
    if let Ok(response) = filter::Response::decode(bytes) {
        let again = filter::Response::decode(&response.encode()).expect("what was written can be read");
        assert_eq!(again.request_id, response.request_id);
    }
    if let Ok(envelope) = filter::decode_push(bytes) {
        assert_eq!(
            filter::decode_push(&filter::encode_push(envelope.clone())),
            Ok(envelope)
        );
    }
}

pub fn lightpush_messages(bytes: &[u8]) {
    if let Ok(request) = lightpush::Request::decode_v3(bytes) {
        assert_eq!(lightpush::Request::decode_v3(&request.clone().encode_v3()), Ok(request));
    }
    if let Ok(request) = lightpush::Request::decode_v2(bytes) {
        let again = lightpush::Request::decode_v2(&request.clone().encode_v2()).expect("what was written can be read");
        assert_eq!(again.message, request.message);
    }
    let _ = (
        lightpush::Response::decode_v3(bytes),
        lightpush::Response::decode_v2(bytes),
    );
}

pub fn metadata_message(bytes: &[u8]) {
    let Ok(metadata) = metadata::Metadata::decode(bytes) else {
        return;
    };
    assert_eq!(metadata::Metadata::decode(&metadata.encode()), Ok(metadata));
}

pub fn payload_symmetric(bytes: &[u8]) {
    let _ = payload_v1::open(bytes, OpeningKey::Symmetric(&topic_key()));
}

pub fn payload_asymmetric(bytes: &[u8]) {
    let _ = payload_v1::open(bytes, OpeningKey::Asymmetric(&secret_key()));
}

/// Behind the cipher: somebody who holds the key of the topic writes what they like.
pub fn payload_plaintext(bytes: &[u8]) {
    let sealed = topic_key().seal(bytes, &mut rng());
    if let Ok(opened) = payload_v1::open(&sealed, OpeningKey::Symmetric(&topic_key())) {
        assert!(opened.data.len() + opened.padding.len() < bytes.len());
    }
}

pub fn envelope(bytes: &[u8]) {
    let Ok(message) = WakuMessage::decode(bytes) else {
        return;
    };
    let _ = transport::open(&message, OpeningKey::Symmetric(&topic_key()));
    let _ = transport::open(&message, OpeningKey::Asymmetric(&secret_key()));
}

/// From our own disk, but a damaged disk must not end the program either.
pub fn ratchet_session(bytes: &[u8]) {
    if let Ok(session) = Session::from_bytes(bytes) {
        assert_eq!(
            Session::from_bytes(&session.to_bytes()).map(|again| again.to_bytes()),
            Ok(session.to_bytes())
        );
    }
    if let Ok(key) = GroupKey::from_bytes(bytes) {
        assert_eq!(
            GroupKey::from_bytes(&key.to_bytes()).map(|again| again.to_bytes()),
            Ok(key.to_bytes())
        );
    }
}

/// Announcements of files, their chunks, and what is said about them: as they come, and as pieces of them.
pub fn files(bytes: &[u8]) {
    use protocol::files::{Announcement, clean_media_type, clean_name, from_bits, parse_chunk};
    let _ = parse_chunk(bytes);
    let _ = from_bits(bytes, 64);
    if let Some(announced) = Announcement::decode(bytes) {
        let again = Announcement::decode(&announced.encode());
        assert!(again.as_ref() == Some(&announced), "what is accepted survives the wire");
        assert_eq!(clean_name(&announced.name), announced.name);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        assert!(!clean_name(text).contains(['/', '\\', '\0']));
        assert!(clean_media_type(text).is_ascii());
    }
}

/// A backup file as it comes, one whose plain bytes are these, and a record.
pub fn backup(bytes: &[u8]) {
    use crypto::backup::{BackupKey, Position};
    use protocol::backup::{HEADER, Opener, SEALED_CHUNK, Sealer, decode_record, encode_record};
    let key = BackupKey::of(&secret_key());
    if let Ok(Some(record)) = decode_record(bytes) {
        let again = decode_record(&encode_record(record.clone()));
        assert!(again == Ok(Some(record)), "what is accepted survives the file");
    }
    let (mut sealer, header) = Sealer::begin(&key, &[3; 32]);
    let mut file = header.to_vec();
    file.extend(sealer.push(bytes).unwrap_or_default());
    file.extend(sealer.finish());
    for file in [&file[..], bytes] {
        let Some((header, rest)) = file.split_first_chunk::<HEADER>() else {
            continue;
        };
        let Ok(mut opener) = Opener::begin(&key, header) else {
            continue;
        };
        let mut chunks = rest.chunks(SEALED_CHUNK).peekable();
        while let Some(chunk) = chunks.next() {
            let position = if chunks.peek().is_some() {
                Position::Inner
            } else {
                Position::Last
            };
            if opener.chunk(chunk, position).is_err() {
                break;
            }
            while let Ok(Some(record)) = opener.record() {
                let _ = decode_record(&record);
            }
        }
    }
}

/// Recordings.
pub fn sound(bytes: &[u8]) {
    if let Ok(sound) = protocol::sound::Sound::parse(bytes.to_vec()) {
        assert!((1..=protocol::sound::MAX_DURATION_MS).contains(&sound.duration_ms));
    }
}

/// The bytes hold several segments, each behind its length in two bytes.
pub fn segments(mut bytes: &[u8]) {
    let mut all: Vec<segmentation::Segment> = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
        let (segment, rest) = rest.split_at(length);
        all.extend(segmentation::parse(segment));
        bytes = rest;
    }
    if let Some(first) = all.first() {
        let whole = first.whole;
        all.retain(|segment| segment.whole == whole);
        let _ = segmentation::assemble(&all);
    }
}

pub fn protocol_message(bytes: &[u8]) {
    let Ok(message) = ProtocolMessage::parse(bytes) else {
        return;
    };
    if let Body::Encrypted(mut parts) = message.body {
        let _ = parts.take(&installation());
    }
}

pub fn bundle(bytes: &[u8]) {
    let _ = Bundle::open(bytes);
}

pub fn datasync_payload(bytes: &[u8]) {
    let Some(payload) = datasync::Payload::parse(bytes) else {
        return;
    };
    for message in &payload.messages {
        let _ = message.id();
    }
    if !payload.is_empty() {
        assert_eq!(
            datasync::Payload::parse(&payload.encode()).map(|again| again.encode()),
            Some(payload.encode())
        );
    }
}

/// A body with our field: what is found in it is found again. In a body of its own, because nothing can be added to one that
/// ends in the middle of a field.
pub fn extensions(bytes: &[u8]) {
    let found = Extensions::find(bytes);
    let mut body = Vec::new();
    found.append_to(&mut body);
    assert_eq!(Extensions::find(&body), found);
}

pub fn sds_wrapper(bytes: &[u8]) {
    if let Some(unwrapped) = sds::unwrap(bytes) {
        assert!(unwrapped.content.len() < bytes.len());
    }
}

pub fn application_message(bytes: &[u8]) {
    let Ok(signed) = application::verify(bytes.to_vec(), &secret_key().public_key()) else {
        return;
    };
    assert_eq!(signed.bytes, bytes);
    let _ = Content::parse(signed.kind, &signed.body);
}

/// What a person shows to contacts, once it was opened; and any text as it is shown.
pub fn showcase(bytes: &[u8]) {
    if let Some(entries) = protocol::content::identity::parse_showcase(bytes) {
        for link in &entries.social_links {
            let shown = protocol::content::name::harmless(&link.text);
            assert_eq!(protocol::content::name::harmless(&shown), shown);
        }
    }
}

/// The first byte is the kind.
pub fn content(bytes: &[u8]) {
    let Some((kind, body)) = bytes.split_first() else {
        return;
    };
    let Ok(content) = Content::parse(u32::from(*kind), body) else {
        return;
    };
    if matches!(content, Content::Unsupported(_)) {
        return;
    }
    let (kind, body) = content.encode();
    let again = Content::parse(kind, &body).expect("what was written can be read");
    assert_eq!(again.encode(), (kind, body));
    if let Content::MembershipUpdate(update) = &content {
        let _ = History::receive(update, None, Timestamp(u64::MAX));
    }
}

pub fn link(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for address in addresses(&text, 5) {
        assert_eq!(&text[address.place], address.url);
    }
    let Ok(link) = text.parse::<Link>() else { return };
    let again: Link = link.to_string().parse().expect("what was written reads back");
    assert_eq!(again.to, link.to);
    assert_eq!(again.card.unwrap_or_default(), link.card.unwrap_or_default());
}

/// What a text looks like: places in order, on characters.
pub fn markup(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = only_emoji(&text);
    let mut last = 0;
    let mut see = |place: &std::ops::Range<usize>| {
        assert!(last <= place.start && place.start <= place.end && text.get(place.clone()).is_some());
        last = place.end;
    };
    for block in blocks(&text) {
        match block {
            Block::Paragraph(spans) | Block::Quote(spans) => spans.iter().for_each(|span| see(&span.place)),
            Block::Code { language, place } => {
                language.iter().for_each(&mut see);
                see(&place);
            }
        }
    }
}

pub fn membership_event(bytes: &[u8]) {
    let chat = ChatId::one_to_one(&secret_key().public_key());
    let _ = MembershipEvent::open(&chat, bytes);
}

/// Well-signed events of four people, four bytes each: who, when, what and about whom. Whatever they are, what stands is
/// valid by itself, and two halves united are the whole.
pub fn group_history(bytes: &[u8]) {
    let keys = [7, 8, 9, 10].map(|byte| SecretKey::from_bytes(&[byte; 32]).expect("a number below the order"));
    let names = keys.each_ref().map(|key| public_key_text(&key.public_key()));
    let chat = ChatId::new(format!("00000000-0000-4000-8000-000000000000-{}", names[0])).expect("a chat id");
    let mut events = Vec::new();
    for one in bytes.chunks_exact(4).take(40) {
        let event = MembershipUpdateEvent {
            clock: u64::from(one[1] % 32),
            members: names
                .iter()
                .take(usize::from(one[3] % 4))
                .skip(usize::from(one[3] >> 6))
                .cloned()
                .collect(),
            name: "x".repeat(usize::from(one[3] % 2)),
            r#type: i32::from(one[2] % 11),
            color: "x".repeat(usize::from(one[3] % 2)),
            image: vec![0; usize::from(one[3] % 2)],
        };
        events.push(MembershipEvent::sign(&chat, event, &keys[usize::from(one[0] % 4)]));
    }
    let (first, second) = events.split_at(events.len() / 2);
    let Ok(whole) = History::replay(&chat, events.clone()) else {
        return;
    };
    let valid = History::judge(&chat, whole.standing().to_vec()).expect("what stands is valid");
    assert_eq!(valid.state(), whole.state());
    let halves = [first, second].map(|half| History::replay(&chat, half.to_vec()));
    if let [Ok(first), Ok(second)] = halves {
        assert_eq!(first.merge(&second).as_ref(), Ok(&whole));
        assert_eq!(second.merge(&first).as_ref(), Ok(&whole));
    }
}

fn secret_key() -> SecretKey {
    SecretKey::from_bytes(&[7; 32]).expect("a number below the order of the curve")
}

fn topic_key() -> SymmetricKey {
    SymmetricKey::from_bytes(&[9; 32])
}

fn installation() -> InstallationId {
    InstallationId::new("0b0c7e4c-8f2e-4a7e-9a53-2f8d1b1f7e11").expect("a UUID")
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

mod seeds;
