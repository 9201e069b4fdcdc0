//! `application_messages`: wrappers, ids, contents, and the events of private groups.

use prost::Message as _;
use undertone_protocol::content::membership::EventError;
use undertone_protocol::content::{Content, Kind, MembershipEvent};
use undertone_protocol::extensions::{Extensions, Record};
use undertone_protocol::id::{ChatId, MessageId};
use undertone_protocol::layers::application::{self, ApplicationError};
use undertone_protocol::wire::application::ApplicationMetadataMessage;

use crate::json;
use crate::load::{array, bytes, cases, files, list, number, public, secret, text};

#[test]
fn application_messages() {
    let mut count = 0;
    for file in files("application_messages") {
        let signer = secret(&file["signer"]["private"]);
        for case in list(&file["vectors"]) {
            let label = text(&case["label"]);
            let (body, wrapper) = (bytes(&case["message_bytes"]), bytes(&case["wrapper_bytes"]));
            let kind = Kind::from_str_name(text(&case["type"])).unwrap();
            assert_eq!(kind as u64, number(&case["type_number"]));

            let verified = application::verify(wrapper.clone(), &signer.public_key()).unwrap();
            assert_eq!(
                verified.id,
                MessageId::from_bytes(array(&case["message_id"])),
                "{label}"
            );
            assert_eq!(verified.author, public(&case["recovered_public"]));
            assert_eq!((verified.kind, &verified.body), (kind as u32, &body));
            assert_eq!(application::sign(kind, body.clone(), &signer), verified, "{label}");

            assert_eq!(json::of_kind(kind, &body), json::recorded(&case["message"]), "{label}");
            check_content(kind, &body, label);
            check_extension(kind, &body, label);
            check_forgeries(&wrapper, &signer.public_key());
            count += 1;
        }
    }
    assert!(count > 0, "application_messages without any vectors");
    println!("application_messages: {count} cases");
}

/// What is read and written again says the same.
pub(crate) fn check_content(kind: Kind, body: &[u8], label: &str) {
    let content = Content::parse(kind as u32, body).unwrap();
    assert_ne!(content, Content::Unsupported(kind as u32), "{label}");
    let (again, encoded) = content.encode();
    assert_eq!(again, kind as u32);
    let mut written = json::of_kind(kind, &encoded);
    if kind == Kind::EmojiReaction {
        // We add the text form.
        assert!(written.as_object_mut().unwrap().remove("emoji").is_some());
    }
    assert_eq!(written, json::of_kind(kind, body), "{label}");
    // Communities have maps, whose order is anybody's; we add the text form of reactions.
    if !kind.as_str_name().starts_with("COMMUNITY") && kind != Kind::EmojiReaction {
        assert_eq!(fields(&encoded), fields(body), "{label}");
    }
}

/// The fields of a message as bytes, sorted: deployed clients write alternatives behind everything else.
fn fields(mut rest: &[u8]) -> Vec<Vec<u8>> {
    let varint = |rest: &[u8]| rest.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let key = varint(rest);
        let length = match rest[0] & 7 {
            0 => key + varint(&rest[key..]),
            1 => key + 8,
            2 => {
                let value = &rest[key..];
                let size = varint(value);
                let number = |number: usize, byte: &u8| number << 7 | usize::from(byte & 0x7f);
                key + size + value[..size].iter().rev().fold(0, number)
            }
            5 => key + 4,
            other => panic!("wire type {other}"),
        };
        fields.push(rest[..length].to_vec());
        rest = &rest[length..];
    }
    fields.sort();
    fields
}

/// A body with our field reads the same, by the deployed definitions and by ours, and the field is found.
fn check_extension(kind: Kind, body: &[u8], label: &str) {
    let record = Record {
        nonce: [0xff; 8],
        number: 1 << 40,
        before: Some(MessageId::from_bytes([0xff; 32])),
        heads: Vec::new(),
    };
    let extensions = Extensions {
        record: Some(record),
        ..Extensions::default()
    };
    let mut extended = body.to_vec();
    extensions.append_to(&mut extended);
    assert_eq!(json::of_extended(kind, &extended), json::of_kind(kind, body), "{label}");
    assert_eq!(
        Content::parse(kind as u32, &extended),
        Content::parse(kind as u32, body),
        "{label}"
    );
    assert_eq!(Extensions::find(&extended), extensions, "{label}");
    assert_eq!(Extensions::find(body), Extensions::default(), "{label}");
}

/// Wrappers that were altered or cut name another author, another id, or are refused.
fn check_forgeries(wrapper: &[u8], signer: &crypto::PublicKey) {
    let genuine = application::verify(wrapper.to_vec(), signer).unwrap();
    let read = ApplicationMetadataMessage::decode(wrapper).unwrap();
    let altered = |change: fn(&mut ApplicationMetadataMessage)| {
        let mut altered = read.clone();
        change(&mut altered);
        application::verify(altered.encode_to_vec(), signer)
    };
    assert!(altered(|wrapper| wrapper.payload.push(0)).map_or(true, |signed| signed.author != genuine.author));
    assert_ne!(altered(|wrapper| wrapper.r#type = 77).unwrap().id, genuine.id);
    let unsigned = altered(|wrapper| wrapper.signature.clear());
    if genuine.kind == Kind::SyncPairInstallation as u32 {
        assert_ne!(unsigned.unwrap().id, genuine.id);
    } else {
        assert_eq!(unsigned, Err(ApplicationError::Unsigned));
    }
    assert_eq!(
        altered(|wrapper| wrapper.signature[64] += 27),
        Err(ApplicationError::Signature)
    );
    assert_eq!(
        altered(|wrapper| wrapper.signature.truncate(64)),
        Err(ApplicationError::Signature)
    );
    assert_eq!(
        altered(|wrapper| wrapper.signature[..32].fill(0xff)),
        Err(ApplicationError::Signature)
    );
    for length in (1..wrapper.len()).step_by(7) {
        if let Ok(cut) = application::verify(wrapper[..length].to_vec(), signer) {
            assert_ne!(cut.id, genuine.id);
        }
    }
}

#[test]
fn membership_events() {
    let cases = cases("application_messages", "membership_events");
    for case in &cases {
        let chat_id = ChatId::new(text(&case["chat_id"])).unwrap();
        let encoded = bytes(&case["raw_event"]);
        let signed = [bytes(&case["signature"]), encoded.clone()].concat();
        let event = MembershipEvent::open(&chat_id, &signed).unwrap();
        assert_eq!(event.author, public(&case["signer_public"]));
        assert_eq!(event.signature(), bytes(&case["signature"]));
        assert_eq!(
            json::of("MembershipUpdateEvent", &encoded),
            json::recorded(&case["decoded"])
        );
        let material = [chat_id.as_str().as_bytes(), &encoded].concat();
        assert_eq!(material, bytes(&case["signature_material_keccak_of"]));

        let other = ChatId::new(format!("other-{chat_id}")).unwrap();
        assert_ne!(
            MembershipEvent::open(&other, &signed).map(|event| event.author),
            Ok(event.author)
        );
        assert_eq!(
            MembershipEvent::open(&chat_id, &signed[..64]),
            Err(EventError::Malformed)
        );
    }
    for file in files("application_messages") {
        let signer = secret(&file["signer"]["private"]);
        for case in list(&file["membership_events"]) {
            let chat_id = ChatId::new(text(&case["chat_id"])).unwrap();
            let recorded = [bytes(&case["signature"]), bytes(&case["raw_event"])].concat();
            let event = MembershipEvent::open(&chat_id, &recorded).unwrap();
            if event.author == signer.public_key() {
                assert_eq!(MembershipEvent::sign(&chat_id, event.event.clone(), &signer), event);
            }
        }
    }
    println!("application_messages: {} membership events", cases.len());
}
