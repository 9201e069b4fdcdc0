//! Well-formed bytes for every decoder, for mutation to begin with.

use std::collections::BTreeMap;

use crypto::payload_v1::{self, Recipient};
use crypto::x3dh::PreKey;
use crypto::{GroupKey, SecretKey, Session};
use protocol::Timestamp;
use protocol::content::Kind;
use protocol::layers::encryption::{PairSession, SignedBundle, seal_dh, seal_pairwise, seal_public};
use protocol::layers::{application, datasync, segmentation};
use waku_proto::filter::{Ask, Topics};
use waku_proto::store::{Direction, Entry, Query, Response};
use waku_proto::{Envelope, MessageHash, WakuMessage, filter, lightpush, metadata, rendezvous};

use super::{installation, rng, secret_key, topic_key};

pub(super) fn waku_message() -> Vec<Vec<u8>> {
    vec![message().encode(), WakuMessage::default().encode()]
}

/// Shards as a list, addresses, and an answer of peer exchange.
pub(super) fn discovery() -> Vec<Vec<u8>> {
    let response = waku_proto::peer_exchange::Response {
        status: waku_proto::peer_exchange::OK,
        description: String::new(),
        records: vec![vec![0xf8; 40]],
    };
    let registration = rendezvous::Registration {
        namespace: "rs/16/32".into(),
        record: vec![7; 40],
        ttl: Some(7_200),
    };
    let question = rendezvous::Question {
        namespace: "rs/16/32".into(),
        limit: Some(12),
        cookie: [&[0; 8][..], b"rs/16/32"].concat(),
    };
    let answer = rendezvous::Answer {
        registrations: vec![registration.clone()],
        ..rendezvous::Answer::default()
    };
    vec![
        vec![0, 16, 2, 0, 32, 0, 64],
        vec![0, 8, 4, 127, 0, 0, 1, 6, 0xea, 0x60],
        response.encode(),
        rendezvous::Message::Register(registration).encode(),
        rendezvous::Message::Discover(question).encode(),
        rendezvous::Message::Discovered(answer).encode(),
    ]
}

pub(super) fn topics() -> Vec<Vec<u8>> {
    let texts = [
        "/waku/2/rs/16/32",
        "/waku/1/0xcffd5810/rfc26",
        "/0/app/1/name/proto",
        "/app/1/name/proto",
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}

pub(super) fn store_query() -> Vec<Vec<u8>> {
    let query = Query {
        request_id: "seed".into(),
        pubsub_topic: Some("/waku/2/rs/16/32".into()),
        content_topics: vec!["/a".into(), "/b".into()],
        start: Some(-1),
        end: Some(i64::MAX),
        hashes: vec![MessageHash([1; 32]), MessageHash([2; 32])],
        cursor: Some(MessageHash([3; 32])),
        direction: Direction::Backward,
        limit: Some(7),
        ..Query::default()
    };
    vec![query.encode(), Query::default().encode()]
}

pub(super) fn store_response() -> Vec<Vec<u8>> {
    let whole = Entry {
        hash: envelope().hash(),
        envelope: Some(envelope()),
    };
    let bare = Entry {
        hash: MessageHash([4; 32]),
        envelope: None,
    };
    let page = Response::page(vec![whole, bare], Some(MessageHash([4; 32])));
    vec![page.encode(), Response::refused(300, "no").encode()]
}

pub(super) fn store_sync() -> Vec<Vec<u8>> {
    let places = (0..150_i64).map(|number| (number, MessageHash([number as u8; 32])));
    let items = waku_proto::sync::Items::new(places.collect());
    let mut payload = waku_proto::sync::Payload {
        pubsub_topics: vec!["/waku/2/rs/16/32".into()],
        content_topics: vec!["/a".into()],
        ranges: items.open(0, 100),
    };
    let first = payload.encode();
    payload.ranges = waku_proto::sync::Items::default().answer(&payload, 0).ranges;
    let transferred = waku_proto::sync::transfer::encode(envelope());
    vec![first, payload.encode(), transferred, vec![0]]
}

pub(super) fn filter_messages() -> Vec<Vec<u8>> {
    let topics = Topics {
        pubsub_topic: Some("/waku/2/rs/16/32".into()),
        content_topics: vec!["/a".into()],
    };
    let asks = [
        Ask::Ping,
        Ask::Subscribe(topics.clone()),
        Ask::Unsubscribe(topics),
        Ask::UnsubscribeAll,
    ];
    let requests = asks.map(|ask| {
        filter::Request {
            request_id: "seed".into(),
            ask,
        }
        .encode()
    });
    let response = filter::Response::to("seed".into(), Ok(())).encode();
    requests
        .into_iter()
        .chain([response, filter::encode_push(envelope())])
        .collect()
}

pub(super) fn lightpush_messages() -> Vec<Vec<u8>> {
    let request = lightpush::Request {
        request_id: "seed".into(),
        pubsub_topic: Some("/waku/2/rs/16/32".into()),
        message: message(),
    };
    let response = lightpush::Response::published("seed".into(), 3);
    vec![
        request.clone().encode_v3(),
        request.encode_v2(),
        response.clone().encode_v3(),
        response.encode_v2(),
    ]
}

pub(super) fn metadata_message() -> Vec<Vec<u8>> {
    vec![
        metadata::Metadata {
            cluster: Some(16),
            shards: vec![32, 64, 65_535],
        }
        .encode(),
    ]
}

pub(super) fn payload_symmetric() -> Vec<Vec<u8>> {
    sealed(Recipient::Symmetric(&topic_key()))
}

pub(super) fn payload_asymmetric() -> Vec<Vec<u8>> {
    sealed(Recipient::Asymmetric(&secret_key().public_key()))
}

pub(super) fn ratchet_session() -> Vec<Vec<u8>> {
    let (ours, theirs) = (SecretKey::generate(&mut rng()), secret_key());
    let secret = ours.ecdh(&theirs.public_key());
    let session = Session::initiator(&secret, &theirs.public_key(), &mut rng());
    vec![
        session.to_bytes().to_vec(),
        GroupKey::new(b"group", 5, &[6; 32]).to_bytes().to_vec(),
    ]
}

pub(super) fn files() -> Vec<Vec<u8>> {
    use protocol::files::{Announcement, encode_chunk, prepare};
    let key = crypto::file::FileKey::from_bytes(&[7; 32]);
    let prepared = prepare(&[5; 9_000], &key).expect("a size that is allowed");
    let announced = Announcement {
        key,
        name: "notes.txt".into(),
        media_type: "text/plain".into(),
        size: 9_000,
        content_hash: prepared.content_hash,
        shape: prepared.shape,
        hashes: prepared.hashes,
    };
    let chunk = encode_chunk(&announced.id(), 0, vec![1; 40]);
    vec![announced.encode(), chunk, b"../a\\b.txt".to_vec()]
}

pub(super) fn backup() -> Vec<Vec<u8>> {
    use protocol::backup::encode_record;
    use protocol::wire::backup::backup_record::What;
    use protocol::wire::backup::{BackupContact, BackupEnd};
    let contact = BackupContact {
        identity: secret_key().public_key().to_compressed().to_vec(),
        display_name: "Bobby".into(),
        local_state: 2,
        local_clock: 7,
        ..BackupContact::default()
    };
    let end = BackupEnd { records: 3 };
    vec![encode_record(What::Contact(contact)), encode_record(What::End(end))]
}

pub(super) fn segments() -> Vec<Vec<u8>> {
    let framed = |pieces: Vec<Vec<u8>>| -> Vec<u8> {
        let frame = |piece: Vec<u8>| [&(piece.len() as u16).to_be_bytes()[..], &piece].concat();
        pieces.into_iter().flat_map(frame).collect()
    };
    let pieces = segmentation::split(&[5; 900], 100);
    let some_lost = pieces.iter().skip(1).cloned().collect();
    vec![framed(pieces), framed(some_lost)]
}

pub(super) fn bundle() -> Vec<Vec<u8>> {
    vec![signed_bundle().encode()]
}

pub(super) fn protocol_message() -> Vec<Vec<u8>> {
    let theirs = SecretKey::generate(&mut rng()).public_key();
    let session = PairSession::initiate(&secret_key(), &theirs, &theirs, &mut rng());
    let mut sessions = BTreeMap::from([(installation(), session)]);
    let pairwise = seal_pairwise(b"text", &installation(), Some(signed_bundle()), &mut sessions);
    vec![
        seal_public(b"text".to_vec(), &installation(), signed_bundle()),
        pairwise.expect("the session is new").bytes,
        seal_dh(b"text", &theirs, &installation(), None, &mut rng()),
    ]
}

pub(super) fn datasync_payload() -> Vec<Vec<u8>> {
    let message = datasync::Message::new([1; 32], Timestamp(1_700_000_000_000), application_message().remove(0));
    let payload = datasync::Payload {
        acks: vec![message.id()],
        offers: vec![message.id()],
        requests: vec![message.id()],
        messages: vec![message],
        group_offers: vec![datasync::GroupOffer {
            group_id: b"chat".to_vec(),
            message_ids: vec![vec![1; 32]],
        }],
    };
    vec![payload.encode()]
}

/// Both numberings, by hand: nothing here writes them.
pub(super) fn extensions() -> Vec<Vec<u8>> {
    use protocol::extensions::{Answer, Capabilities, Extensions, Line, Name, Original, Record};
    let name = Name {
        line: Line([1; 8]),
        number: 2,
    };
    let record = Record {
        nonce: [3; 8],
        number: 4,
        before: Some(protocol::id::MessageId::from_bytes([5; 32])),
        heads: vec![name],
    };
    let answer = Answer {
        originals: vec![Original {
            sent_at: 6,
            bytes: b"signed".to_vec(),
        }],
        gone: vec![name],
        withheld: vec![name],
    };
    let all = Extensions {
        capabilities: Capabilities::REPAIR,
        record: Some(record),
        ask: vec![name],
        answer: Some(answer),
        at: 7,
    };
    let mut body = b"\x0a\x04text".to_vec();
    all.append_to(&mut body);
    vec![body]
}

pub(super) fn sds_wrapper() -> Vec<Vec<u8>> {
    let field = |number: u16, bytes: &[u8]| -> Vec<u8> {
        let key = number << 3 | 2;
        let key = if key < 0x80 {
            vec![key as u8]
        } else {
            vec![key as u8 | 0x80, (key >> 7) as u8]
        };
        [&key[..], &[bytes.len() as u8], bytes].concat()
    };
    let status = [field(1, b"id"), field(4, b"channel"), field(5, b"content")].concat();
    let specification = [
        field(1, b"sender"),
        field(2, b"id"),
        field(3, b"channel"),
        field(20, b"content"),
    ]
    .concat();
    vec![status, specification]
}

pub(super) fn application_message() -> Vec<Vec<u8>> {
    // Field 4, text: what a chat message and a good many other kinds have there.
    vec![application::sign(Kind::ChatMessage, b"\x22\x05hello".to_vec(), &secret_key()).bytes]
}

/// For every kind one body that has all kinds of values in its first fields.
pub(super) fn content() -> Vec<Vec<u8>> {
    let numbers = b"\x08\x01\x10\x02\x18\x03\x20\x04\x28\x05\x30\x06\x38\x07\x40\x08\x48\x09\x50\x01";
    let texts = b"\x0a\x01a\x12\x01b\x1a\x01c\x22\x01d\x2a\x01e\x32\x01f\x3a\x01g\x42\x01h\x4a\x01i\x52\x01j\x5a\x01k";
    let bodies = [&numbers[..], &texts[..], &[]];
    (0..=u8::MAX)
        .flat_map(|kind| bodies.map(|body| [&[kind], body].concat()))
        .collect()
}

pub(super) fn link() -> Vec<Vec<u8>> {
    [
        "https://status.app/u#zQ3shwQPhRuDJSjVGVBnTjCdgXy5i9WQaeVPdGJD6yTarJQSj",
        "https://status.app/u/iwSACggKBkp1bGllbgM=#zQ3shmh1sbvE6qrGotuyNQB22XU5jTrZ2HFC8bA56d5kTS2fy",
        "https://status.app/c/iyKACkQKB0Rvb2RsZXMSJ0NvbG9yaW5nIHRoZSB3b3JsZCB3aXRoIGpveSDigKIg4bSXIOKAohiYohsiByMxMzFEMkYqAwEhMwM=\
         #zQ3shYSHp7GoiXaauJMnDcjwU2yNjdzpXLosAWapPS4CFxc11",
        "https://status.app/cc/003cdcd5-e065-48f9-b166-b1a94ac75a11#zQ3shYSHp7GoiXaauJMnDcjwU2yNjdzpXLosAWapPS4CFxc11",
        "see https://example.org/(a), `https://example.org/b` and http://[::1]:80/.",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

pub(super) fn markup() -> Vec<Vec<u8>> {
    [
        "**bold _both_ ~~struck~~ `code`** ***all*** \\*no\\* #channel @0x00001 https://a.example/(b).",
        "> quoted\nlazily\n\n```rust\ncode\n```\n~~~\nmore\n~~~\n1\u{fe0f}\u{20e3}",
        "👩🏽‍🚀🏳️‍🌈🇩🇪",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

fn sealed(to: Recipient<'_>) -> Vec<Vec<u8>> {
    let author = secret_key();
    let seal = |author| payload_v1::seal(b"data", to, author, &mut rng()).expect("short data");
    vec![seal(None), seal(Some(&author))]
}

fn signed_bundle() -> SignedBundle {
    let pre_key = PreKey {
        key: secret_key().public_key(),
        version: 1,
        protocol_version: 1,
    };
    let pre_keys = BTreeMap::from([(installation(), pre_key)]);
    SignedBundle::sign(&secret_key(), &pre_keys, Timestamp(1_700_000_000_000))
}

fn envelope() -> Envelope {
    Envelope::new("/waku/2/rs/16/32".into(), message())
}

fn message() -> WakuMessage {
    WakuMessage {
        payload: payload_symmetric().remove(1),
        content_topic: "/waku/1/0xcffd5810/rfc26".into(),
        version: 1,
        timestamp: Some(1_700_000_000_000_000_000),
        meta: vec![3; 64],
        ephemeral: true,
        rate_limit_proof: Some(vec![1, 2, 3]),
    }
}
