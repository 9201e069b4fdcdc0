use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;

fn key(seed: u64) -> (GroupKey, ChaCha20Rng) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let key = GroupKey::generate(b"group", 1_700_000_000_000, &mut rng);
    (key, rng)
}

/// `payload` as if it were message `number`, sealed without following the rules of sending.
fn sealed_at(key: &GroupKey, number: u32, rng: &mut ChaCha20Rng) -> Vec<u8> {
    let mut hash = key.key.clone();
    (0..number).for_each(|_| step(&mut hash));
    SymmetricKey::from_secret(hash).seal(b"text", rng)
}

#[test]
fn numbers_go_on_after_the_highest_sent_or_received() {
    let (mut alice, mut rng) = key(1);
    let mut bob = alice.clone();
    let (number, first) = alice.encrypt(b"one", &mut rng).unwrap();
    assert_eq!(number, 1);
    assert_eq!(*bob.decrypt(1, &first).unwrap(), b"one");
    let (number, second) = bob.encrypt(b"two", &mut rng).unwrap();
    assert_eq!(number, 2);
    // Both may write the same number; each message has a nonce of its own.
    let (number, other) = alice.encrypt(b"too", &mut rng).unwrap();
    assert_eq!(number, 2);
    assert_eq!(*alice.decrypt(2, &second).unwrap(), b"two");
    assert_eq!(*bob.decrypt(2, &other).unwrap(), b"too");
    assert_eq!(alice.last_number(), 2);
}

#[test]
fn number_zero_and_far_numbers_are_refused() {
    let (mut key, mut rng) = key(2);
    assert_eq!(key.decrypt(0, b""), Err(GroupKeyError::NumberZero));
    let farthest = sealed_at(&key, MAX_STEPS, &mut rng);
    assert_eq!(key.decrypt(MAX_STEPS + 1, &farthest), Err(GroupKeyError::TooFar));
    assert_eq!(key.decrypt(u32::MAX, &farthest), Err(GroupKeyError::TooFar));
    assert_eq!(key.decrypt(MAX_STEPS, b"short"), Err(GroupKeyError::NotAuthentic));
    assert_eq!(key.last_number(), 0);
    key.decrypt(MAX_STEPS, &farthest).unwrap();
    assert_eq!(key.last_number(), MAX_STEPS);

    let next = sealed_at(&key, 2 * MAX_STEPS, &mut rng);
    let early = sealed_at(&key, 5, &mut rng);
    key.decrypt(2 * MAX_STEPS, &next).unwrap();
    assert_eq!(key.milestones.len(), MAX_MILESTONES);
    assert!(key.milestones.len() <= u8::MAX.into(), "fits the stored count");
    key.decrypt(5, &early).unwrap();
    assert_eq!(key.last_number(), 2 * MAX_STEPS);
    assert!(GroupKey::from_bytes(&key.to_bytes()).unwrap() == key);
}

#[test]
fn a_late_message_costs_less_than_a_stride() {
    let (mut key, mut rng) = key(3);
    let ahead = sealed_at(&key, 5_000, &mut rng);
    key.decrypt(5_000, &ahead).unwrap();
    let numbers: Vec<u32> = key.milestones.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [1024, 2048, 3072, 4096]);
    for number in [1, 1023, 1024, 1025, 4999] {
        let late = sealed_at(&key, number, &mut rng);
        key.decrypt(number, &late).unwrap();
        assert_eq!(key.milestones.len(), 4);
    }
}

#[test]
fn new_keys_have_higher_timestamps() {
    assert_eq!(next_timestamp(None, 1_000), 1_010);
    assert_eq!(next_timestamp(Some(900), 1_000), 1_010);
    assert_eq!(next_timestamp(Some(1_000), 1_000), 1_001);
    assert_eq!(next_timestamp(Some(5_000), 1_000), 5_001);
    assert_eq!(next_timestamp(Some(u64::MAX), 1_000), u64::MAX);
}

/// Figures of the protocol's reference.
#[test]
fn reference_example() {
    let key = GroupKey::new(&[0xaa, 0xbb, 0xcc], 1_700_000_000_000, &[0x66; 32]);
    let hash = |number| hex::encode(key.message_key(number).unwrap().expose());
    let id = "1e4d8841b5897746f485f25bae9b3f78f2d7d083549deca852ec8657b78de055";
    assert_eq!(hex::encode(key.id()), id);
    assert_eq!(key.deprecated_id(), 3_487_918_080);
    assert_eq!(
        hash(1),
        "f32c4715f37c1907671089c9b1b0c30dc58aec8169ced234ebbb7a54ce5d09e5"
    );
    assert_eq!(
        hash(2),
        "14e179aacf1cd951a4e865f3fc4176be1fb1fb28f525b65216b5fef4f3ca7430"
    );
}

#[test]
fn members_that_share_a_slot_each_find_their_box() {
    let (key, mut rng) = key(4);
    let [sender, one, two] = [(); 3].map(|()| SecretKey::generate(&mut rng));
    let sealed = seal_rekey(&key, &sender, [&one.public_key(), &two.public_key()], &mut rng);
    let shared: Vec<u8> = sealed.values().flatten().copied().collect();
    assert_eq!(shared.len(), 2 * REKEY_BOX);
    for member in [&one, &two] {
        let opened = open_rekey(&shared, member, &sender.public_key()).unwrap();
        assert_eq!(*opened, *key.expose());
    }
    assert!(open_rekey(&shared, &sender, &sender.public_key()).is_none());
    assert!(open_rekey(&shared[..REKEY_BOX - 1], &one, &sender.public_key()).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_order_opens(seed in any::<u64>(), order in Just((1..40u32).collect::<Vec<_>>()).prop_shuffle()) {
        let (mut sender, mut rng) = key(seed);
        let mut receiver = sender.clone();
        let sent: Vec<_> = (1..40).map(|n| sender.encrypt(&[n], &mut rng).unwrap()).collect();
        for number in order {
            let (_, payload) = &sent[number as usize - 1];
            prop_assert_eq!(&**receiver.decrypt(number, payload).unwrap(), &[number as u8]);
        }
    }

    #[test]
    fn altered_stored_keys_are_refused_or_kept_as_they_are(
        seed in any::<u64>(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let (mut key, mut rng) = key(seed);
        let ahead = sealed_at(&key, 2_100, &mut rng);
        key.decrypt(2_100, &ahead).unwrap();
        let mut bytes = key.to_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Some(cut) = cut {
            let length = cut.index(bytes.len());
            bytes.truncate(length);
        }
        if let Ok(read) = GroupKey::from_bytes(&bytes) {
            prop_assert_eq!(read.to_bytes(), bytes);
        }
    }

    #[test]
    fn any_bytes_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), number in any::<u32>()) {
        let _ = GroupKey::from_bytes(&bytes);
        let (mut key, mut rng) = key(5);
        prop_assert!(key.decrypt(number % 2_000, &bytes).is_err());
        let us = SecretKey::generate(&mut rng);
        prop_assert!(open_rekey(&bytes, &us, &us.public_key()).is_none());
    }
}
