use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;

fn message() -> impl Strategy<Value = Message> {
    (
        any::<[u8; 32]>(),
        any::<i64>(),
        proptest::collection::vec(any::<u8>(), 0..60),
    )
        .prop_map(|(group_id, timestamp, body)| Message {
            group_id: group_id.to_vec(),
            timestamp,
            body,
        })
}

fn payload() -> impl Strategy<Value = Payload> {
    let ids = || proptest::collection::vec(any::<[u8; 32]>().prop_map(DatasyncId), 0..4);
    let offer = proptest::collection::vec(any::<u8>(), 0..9).prop_map(|bytes| GroupOffer {
        group_id: bytes.clone(),
        message_ids: vec![bytes],
    });
    (
        ids(),
        ids(),
        ids(),
        proptest::collection::vec(message(), 0..4),
        proptest::collection::vec(offer, 0..3),
    )
        .prop_map(|(acks, offers, requests, messages, group_offers)| Payload {
            acks,
            offers,
            requests,
            messages,
            group_offers,
        })
}

#[test]
fn the_schedule_doubles_and_ends() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    assert_eq!(next_send(0, &mut rng), None);
    for count in 1..=MAX_SENDS {
        let nominal = 27_000 << (count - 1);
        for _ in 0..20 {
            let wait = next_send(count, &mut rng).unwrap();
            assert!((nominal..nominal + 9_000).contains(&wait), "{count}: {wait}");
        }
    }
    assert_eq!(next_send(MAX_SENDS + 1, &mut rng), None);
    assert_eq!(next_send(u32::MAX, &mut rng), None);
}

#[test]
fn ids_of_another_length_are_left_out() {
    let bytes = wire::Payload {
        acks: vec![vec![1; 31], vec![2; 32]],
        ..wire::Payload::default()
    }
    .encode_to_vec();
    assert_eq!(Payload::parse(&bytes).unwrap().acks, vec![DatasyncId([2; 32])]);
}

#[test]
fn a_payload_of_hostile_length_is_none() {
    let acks = |count| {
        Payload {
            acks: vec![DatasyncId([1; 32]); count],
            ..Payload::default()
        }
        .encode()
    };
    assert!(Payload::parse(&acks(MAX_ITEMS)).is_some());
    assert_eq!(Payload::parse(&acks(MAX_ITEMS + 1)), None);
}

#[test]
fn other_layers_are_not_payloads() {
    assert_eq!(Payload::parse(&[]), None);
    assert_eq!(
        Payload::parse(&[0x0a, 0x01, 0xff]),
        None,
        "an application wrapper has only unknown fields"
    );
}

#[test]
fn debug_output_shows_no_body() {
    let message = Message::new([0; 32], Timestamp::from_seconds(5), b"secret text".to_vec());
    let shown = format!(
        "{:?}",
        Payload {
            messages: vec![message],
            ..Payload::default()
        }
    );
    assert!(!shown.contains("secret") && !shown.contains("115, 101"), "{shown}");
}

proptest! {
    #[test]
    fn decoding_inverts_encoding(payload in payload()) {
        let expected = if payload.is_empty() { None } else { Some(payload.clone()) };
        prop_assert_eq!(Payload::parse(&payload.encode()), expected);
    }

    #[test]
    fn any_bytes_parse_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Payload::parse(&bytes);
    }

    #[test]
    fn batches_hold_everything_in_order_and_fit(
        acks in proptest::collection::vec(any::<[u8; 32]>().prop_map(DatasyncId), 0..50),
        messages in proptest::collection::vec(message(), 0..20),
        max_bytes in 1usize..600,
    ) {
        let payloads = batch(acks.clone(), messages.clone(), max_bytes);
        prop_assert!(payloads.iter().all(|payload| !payload.is_empty()));
        for payload in &payloads {
            let items = payload.acks.len() + payload.messages.len();
            prop_assert!(items == 1 || payload.encode().len() <= max_bytes);
        }
        prop_assert_eq!(payloads.iter().flat_map(|payload| payload.acks.clone()).collect::<Vec<_>>(), acks);
        prop_assert_eq!(payloads.iter().flat_map(|payload| payload.messages.clone()).collect::<Vec<_>>(), messages);
    }
}
