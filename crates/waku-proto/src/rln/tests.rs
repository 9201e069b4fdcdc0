use super::nonces::{DrawError, Nonces};
use super::nullifiers::{NullifierLog, Seen};
use super::queue::{FairQueue, QueueLimits};
use super::roots::{ACCEPTABLE_ROOTS, RootWindow};
use super::*;

const NOW: i64 = 1_700_000_000_123_456_789;

fn message() -> WakuMessage {
    let proof = RateLimitProof {
        proof: [7; PROOF_BYTES],
        merkle_root: [1; 32],
        epoch: Epoch::of(NOW, 600).to_bytes(),
        share_x: [2; 32],
        share_y: [3; 32],
        nullifier: [4; 32],
        rln_identifier: RLN_IDENTIFIER,
    };
    WakuMessage {
        payload: b"hello".to_vec(),
        content_topic: "/a/1/b/proto".into(),
        timestamp: Some(NOW),
        rate_limit_proof: Some(proof.encode()),
        ..WakuMessage::default()
    }
}

#[test]
fn a_proof_has_one_form() {
    let bytes = message().rate_limit_proof.unwrap();
    assert_eq!(bytes.len(), 335);
    let proof = RateLimitProof::decode(&bytes).unwrap();
    assert_eq!(proof.encode(), bytes);
    // Field 4, 32 bytes: as the table of the specification numbers them.
    assert_eq!((bytes[131], bytes[131 + 34], bytes[131 + 68]), (0x12, 0x1a, 0x22));
}

#[test]
fn short_fields_are_filled_and_nonsense_is_refused() {
    let proof = RateLimitProof::decode(&[0x12, 0x02, 0xaa, 0xbb]).unwrap();
    assert_eq!(
        (proof.merkle_root[..3].to_vec(), proof.nullifier),
        (vec![0xaa, 0xbb, 0], [0; 32])
    );
    let mut long = vec![0x12, 40];
    long.extend([9; 40]);
    assert_eq!(RateLimitProof::decode(&long).unwrap().merkle_root, [9; 32]);
    assert_eq!(RateLimitProof::decode(&[0x12, 0x02, 0xaa]), Err(Malformed));
}

#[test]
fn cheap_checks_stand_in_the_deployed_order() {
    let second = 1_000_000_000;
    assert_eq!(read(&message(), NOW, 600).map(|(epoch, _)| epoch), Ok(Epoch(2_833_333)));
    assert!(read(&message(), NOW + 20 * second, 600).is_ok());
    assert!(read(&message(), NOW + 21 * second - 1, 600).is_ok());
    for late in [NOW + 21 * second, NOW - 21 * second] {
        assert_eq!(read(&message(), late, 600), Err(Invalid::Timestamp));
    }
    assert_eq!(read(&message(), NOW, 1), Err(Invalid::Epoch));
    let without_time = WakuMessage {
        timestamp: None,
        ..message()
    };
    assert_eq!(read(&without_time, NOW, 600), Err(Invalid::Timestamp));
    let without_proof = WakuMessage {
        rate_limit_proof: None,
        ..message()
    };
    assert_eq!(read(&without_proof, NOW, 600), Err(Invalid::Epoch));
    let broken = WakuMessage {
        rate_limit_proof: Some(vec![0xff]),
        timestamp: None,
        ..message()
    };
    assert_eq!(read(&broken, NOW, 600), Err(Invalid::Malformed));
}

#[test]
fn epochs_are_floors() {
    assert_eq!(Epoch::of(599_999_999_999, 600), Epoch(0));
    assert_eq!(Epoch::of(600_000_000_000, 600), Epoch(1));
    assert_eq!((Epoch::of(-1, 600), Epoch::of(5_000_000_000, 0)), (Epoch(0), Epoch(5)));
}

#[test]
fn the_log_notices_a_number_that_is_used_twice() {
    let (first, second) = (Share { x: [1; 32], y: [1; 32] }, Share { x: [2; 32], y: [2; 32] });
    let mut log = NullifierLog::new(2);
    let current = Epoch(10);
    assert_eq!(log.log(current, current, [1; 32], first), Seen::Fresh);
    assert_eq!(log.log(current, current, [1; 32], second), Seen::Spam(first));
    assert_eq!(log.log(current, current, [1; 32], first), Seen::Spam(first));
    // Another epoch is another matter.
    assert_eq!(log.log(current, Epoch(9), [1; 32], first), Seen::Fresh);
    assert_eq!(log.log(current, Epoch(11), [1; 32], first), Seen::Fresh);
    assert_eq!(log.log(current, Epoch(8), [1; 32], first), Seen::NotKept);
    // The neighbour is remembered over the boundary, and full is full.
    assert_eq!(log.log(Epoch(11), current, [1; 32], second), Seen::Spam(first));
    assert_eq!(log.log(Epoch(11), Epoch(11), [2; 32], first), Seen::Fresh);
    assert_eq!(log.log(Epoch(11), Epoch(11), [3; 32], first), Seen::NotKept);
    assert_eq!(log.len(), 3);
    assert_eq!(log.log(Epoch(100), Epoch(100), [3; 32], first), Seen::Fresh);
    assert_eq!(log.len(), 1);
}

#[test]
fn no_message_id_is_given_twice() {
    let mut nonces = Nonces::default();
    let drawn: Vec<_> = (0..4).map(|_| nonces.draw(Epoch(7), 3)).collect();
    assert_eq!(drawn, [Ok(0), Ok(1), Ok(2), Err(DrawError::Spent)]);
    assert_eq!((nonces.left(Epoch(7), 3), nonces.left(Epoch(8), 3)), (0, 3));
    // The neighbour's are counted apart, also after coming back.
    assert_eq!(nonces.draw(Epoch(8), 3), Ok(0));
    assert_eq!(nonces.draw(Epoch(7), 4), Ok(3));
    for epoch in 9..12 {
        assert_eq!(nonces.draw(Epoch(epoch), 3), Ok(0));
    }
    let read = Nonces::from_text(&nonces.to_text()).unwrap();
    assert_eq!(read, nonces);
    // The clock went back to an epoch that is forgotten.
    assert_eq!(nonces.draw(Epoch(7), 100), Err(DrawError::Past));
    for wrong in ["7", "7 x\n", "x 7", "7  1", "1 1\n2 1\n3 1\n4 1\n5 1\n"] {
        assert_eq!(Nonces::from_text(wrong), None, "{wrong}");
    }
}

#[test]
fn the_window_slides() {
    let mut window = RootWindow::default();
    assert!(window.is_empty() && !window.accepts(&[0; 32]));
    for root in 0..=ACCEPTABLE_ROOTS {
        window.push([root as u8; 32]);
    }
    assert_eq!((window.len(), window.newest()), (ACCEPTABLE_ROOTS, Some(&[50; 32])));
    assert!(!window.accepts(&[0; 32]) && window.accepts(&[1; 32]));
    window.push([1; 32]);
    assert_eq!((window.len(), window.newest()), (ACCEPTABLE_ROOTS, Some(&[1; 32])));
}

#[test]
fn a_flood_waits_behind_itself() {
    let mut queue = FairQueue::new(QueueLimits {
        count: 6,
        per_peer: 4,
        bytes: 100,
    });
    let pushed: Vec<bool> = (0..6).map(|n| queue.push('f', 10, n).is_ok()).collect();
    assert_eq!(pushed, [true, true, true, true, false, false]);
    assert_eq!(queue.push('h', 61, 90), Err(90));
    assert_eq!(queue.push('h', 60, 91), Ok(()));
    assert_eq!(queue.push('i', 0, 92), Ok(()));
    assert_eq!(queue.push('j', 0, 93), Err(93));
    let order: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
    assert_eq!(order, [('f', 0), ('h', 91), ('i', 92), ('f', 1), ('f', 2), ('f', 3)]);
    assert!(queue.is_empty() && queue.push('f', 100, 0).is_ok());
}

proptest::proptest! {
    #[test]
    fn decoding_never_panics(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        if let Ok(proof) = RateLimitProof::decode(&bytes) {
            proptest::prop_assert_eq!(RateLimitProof::decode(&proof.encode()), Ok(proof));
        }
    }
}
