use crypto::SecretKey;
use proptest::prelude::*;

use super::*;
use crate::content::Content;

fn name(byte: u8, number: u64) -> Name {
    Name {
        line: Line([byte; 8]),
        number,
    }
}

fn full() -> Extensions {
    Extensions {
        capabilities: Capabilities::REPAIR.with(Capabilities(1 << 63)),
        record: Some(Record {
            nonce: [9; 8],
            number: 300,
            before: Some(MessageId::from_bytes([7; 32])),
            heads: vec![name(1, 4), name(2, MAX_NUMBER)],
        }),
        ask: vec![name(3, 1)],
        answer: Some(Answer {
            originals: vec![Original {
                sent_at: 1_780_000_000,
                bytes: b"signed".to_vec(),
            }],
            gone: vec![name(4, 2)],
            withheld: vec![name(5, 3)],
        }),
        at: 1_780_000_000_123,
    }
}

#[test]
fn the_field_is_found_behind_any_body_and_the_last_one_counts() {
    let mut body = b"\x0a\x05hello".to_vec();
    Extensions::default().append_to(&mut body);
    full().append_to(&mut body);
    assert_eq!(Extensions::find(&body), full());
    assert!(full().capabilities.has(Capabilities::REPAIR));
    assert_eq!(Extensions::find(b"\x0a\x05hello"), Extensions::default());
}

#[test]
fn a_message_of_its_own_kind_means_nothing_to_others() {
    let author = SecretKey::from_bytes(&[3; 32]).unwrap();
    let signed = full().sign(&author);
    let kind = KIND as u32;
    assert_eq!(
        Content::parse(signed.kind, &signed.body),
        Ok(Content::Unsupported(kind))
    );
    let verified = application::verify(signed.bytes.clone(), &author.public_key()).unwrap();
    assert_eq!(Extensions::find(&verified.body), full());
}

#[test]
fn what_is_out_of_bounds_is_not_there() {
    let record = |change: fn(&mut Record)| {
        let mut extensions = full();
        change(extensions.record.as_mut().unwrap());
        let mut body = Vec::new();
        extensions.append_to(&mut body);
        Extensions::find(&body)
    };
    assert_eq!(record(|record| record.number = 0), Extensions::default());
    assert_eq!(record(|record| record.number = MAX_NUMBER + 1), Extensions::default());
    assert_eq!(
        record(|record| record.heads = vec![name(1, 1); MAX_HEADS + 1]),
        Extensions::default()
    );
    let mut asks_much = Vec::new();
    let ask = vec![name(1, 1); MAX_NAMES + 1];
    Extensions { ask, ..full() }.append_to(&mut asks_much);
    assert_eq!(Extensions::find(&asks_much), Extensions::default());
}

#[test]
fn a_line_belongs_to_one_author_and_one_conversation() {
    let [one, other] = [[3; 32], [4; 32]].map(|key| SecretKey::from_bytes(&key).unwrap().public_key());
    let base = line(b"here", &one, &[1; 8]);
    assert_eq!(base, line(b"here", &one, &[1; 8]));
    assert_ne!(base, line(b"here", &other, &[1; 8]));
    assert_ne!(base, line(b"there", &one, &[1; 8]));
    assert_ne!(base, line(b"here", &one, &[2; 8]));
}

proptest! {
    #[test]
    fn any_bytes_are_searched_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = Extensions::find(&bytes);
        let mut wrapped = Vec::new();
        encode_key(FIELD, WireType::LengthDelimited, &mut wrapped);
        encode_varint(bytes.len() as u64, &mut wrapped);
        wrapped.extend_from_slice(&bytes);
        let _ = Extensions::find(&wrapped);
    }
}
