use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::message_key::MessageKey;
use super::*;
use crate::secret::Secret;
use crate::x3dh;

#[allow(dead_code)] // Shared with the integration tests, which use all of it.
#[path = "../../tests/vectors/load.rs"]
mod load;

use load::{array, bytes, cases, public, secret};

#[test]
fn primitives_of_the_deployed_library() {
    let cases = cases("double_ratchet", "primitives");
    for case in &cases {
        let dh = &case["dh"];
        let shared = secret(&dh["private"]).ecdh(&public(&dh["remote_public_compressed"]));
        assert_eq!(shared.expose(), &array::<32>(&dh["shared"]));

        let kdf = &case["kdf_rk"];
        let root = RootKey::from_bytes(&array(&kdf["rk"]));
        let (root, chain) = root.step(&SharedSecret::from_bytes(&array(&kdf["dh_out"])));
        assert_eq!(root.expose(), &array::<32>(&kdf["new_rk"]));
        assert_eq!(chain.expose(), &array::<32>(&kdf["chain_key"]));

        let kdf = &case["kdf_ck"];
        let mut chain = Chain::from_parts(&array(&kdf["ck"]), 0);
        let message_key = chain.step().unwrap();
        assert_eq!(*message_key.0, array::<32>(&kdf["message_key"]));
        assert_eq!(chain.expose(), &array::<32>(&kdf["new_ck"]));

        let encrypt = &case["encrypt"];
        let key = MessageKey(Secret::copy_of(&array(&encrypt["message_key"])));
        let (plaintext, data) = (bytes(&encrypt["plaintext"]), bytes(&encrypt["associated_data"]));
        let ciphertext = bytes(&encrypt["ciphertext"]);
        assert_eq!(*key.open(&ciphertext, &data).unwrap(), plaintext);
        for index in 0..ciphertext.len() {
            let mut altered = ciphertext.clone();
            altered[index] ^= 1;
            assert!(key.open(&altered, &data).is_err());
            assert!(key.open(&ciphertext[..index], &data).is_err());
        }
        assert_eq!(key.seal(&plaintext, &data), ciphertext);
    }
    println!("double_ratchet: {} cases of its primitives", cases.len());
}

/// Two sides after X3DH, and a source of randomness for both.
fn pair(seed: u64) -> (Session, Session, ChaCha20Rng) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let [alice, ephemeral, bob, pre_key] = [(); 4].map(|()| SecretKey::generate(&mut rng));
    let (bob_public, pre_key_public) = (bob.public_key(), pre_key.public_key());
    let initiated = x3dh::initiate(&alice, &ephemeral, &bob_public, &pre_key_public);
    let accepted = x3dh::accept(&bob, &pre_key, &alice.public_key(), &ephemeral.public_key());
    (
        Session::initiator(&initiated, &pre_key_public, &mut rng),
        Session::responder(&accepted, &pre_key),
        rng,
    )
}

fn receive(session: &mut Session, message: &RatchetMessage, rng: &mut ChaCha20Rng) -> Result<Vec<u8>, RatchetError> {
    let before = session.clone();
    let result = session.decrypt(&message.header, &message.ciphertext, rng);
    if result.is_err() {
        assert!(*session == before, "a failure changes nothing");
    }
    result.map(|plaintext| plaintext.to_vec())
}

fn send_many(session: &mut Session, count: u32) -> Vec<RatchetMessage> {
    (0..count).map(|n| session.encrypt(&n.to_be_bytes()).unwrap()).collect()
}

#[test]
fn a_responder_may_write_first() {
    let (mut alice, mut bob, mut rng) = pair(1);
    let early = bob.encrypt(b"early").unwrap();
    let hello = alice.encrypt(b"hello").unwrap();
    assert_eq!(receive(&mut alice, &early, &mut rng).unwrap(), b"early");
    assert_eq!(receive(&mut bob, &hello, &mut rng).unwrap(), b"hello");
    let answer = bob.encrypt(b"answer").unwrap();
    assert_eq!(answer.header.pn, 1);
    assert_eq!(receive(&mut alice, &answer, &mut rng).unwrap(), b"answer");
}

#[test]
fn a_repetition_is_refused_in_its_chain_and_after_it() {
    let (mut alice, mut bob, mut rng) = pair(2);
    let first = alice.encrypt(b"first").unwrap();
    receive(&mut bob, &first, &mut rng).unwrap();
    let again = receive(&mut bob, &first, &mut rng);
    assert_eq!(again, Err(RatchetError::KeyGone));

    let answer = bob.encrypt(b"answer").unwrap();
    receive(&mut alice, &answer, &mut rng).unwrap();
    let second = alice.encrypt(b"second").unwrap();
    receive(&mut bob, &second, &mut rng).unwrap();
    // An ended chain is not remembered, so its messages look like any forgery.
    assert!(receive(&mut bob, &first, &mut rng).is_err());
    let third = alice.encrypt(b"third").unwrap();
    assert_eq!(receive(&mut bob, &third, &mut rng).unwrap(), b"third");
}

#[test]
fn a_kept_key_survives_a_forgery_and_is_used_once() {
    let (mut alice, mut bob, mut rng) = pair(3);
    let messages = send_many(&mut alice, 3);
    receive(&mut bob, &messages[2], &mut rng).unwrap();
    assert_eq!(bob.skipped_len(), 2);

    let mut forged = messages[0].clone();
    *forged.ciphertext.last_mut().unwrap() ^= 1;
    let refused = receive(&mut bob, &forged, &mut rng);
    assert_eq!(refused, Err(RatchetError::NotAuthentic));
    forged.ciphertext.truncate(OVERHEAD - 1);
    let refused = receive(&mut bob, &forged, &mut rng);
    assert_eq!(refused, Err(RatchetError::TooShort));

    receive(&mut bob, &messages[0], &mut rng).unwrap();
    assert_eq!(bob.skipped_len(), 1);
    let again = receive(&mut bob, &messages[0], &mut rng);
    assert_eq!(again, Err(RatchetError::KeyGone));
}

#[test]
fn the_header_is_authenticated() {
    let (mut alice, mut bob, mut rng) = pair(4);
    let messages = send_many(&mut alice, 2);
    for message in &messages {
        for change in [
            |header: &mut Header| header.n += 1,
            |header: &mut Header| header.pn += 1,
            |header: &mut Header| header.key = SecretKey::from_bytes(&[5; 32]).unwrap().public_key(),
        ] {
            let mut altered = message.clone();
            change(&mut altered.header);
            assert!(receive(&mut bob, &altered, &mut rng).is_err());
        }
        receive(&mut bob, message, &mut rng).unwrap();
    }
}

#[test]
fn a_thousand_may_be_passed_over_and_no_more() {
    let (mut alice, mut bob, mut rng) = pair(5);
    let messages = send_many(&mut alice, MAX_SKIP + 3);
    let too_far = &messages[MAX_SKIP as usize + 1];
    assert_eq!(bob.would_skip(&too_far.header), MAX_SKIP + 1);
    let refused = receive(&mut bob, too_far, &mut rng);
    assert_eq!(refused, Err(RatchetError::TooFarAhead));
    let farthest = &messages[MAX_SKIP as usize];
    assert_eq!(bob.would_skip(&farthest.header), MAX_SKIP);
    receive(&mut bob, farthest, &mut rng).unwrap();
    assert_eq!(bob.skipped_len(), MAX_SKIP as usize);
    assert_eq!(bob.would_skip(&messages[0].header), 0);
    for message in &messages[..MAX_SKIP as usize] {
        receive(&mut bob, message, &mut rng).unwrap();
    }
    assert_eq!(bob.skipped_len(), 0);
    receive(&mut bob, too_far, &mut rng).unwrap();
}

/// Alice sends `count` messages of which only the last arrives.
fn lose(alice: &mut Session, bob: &mut Session, count: u32, rng: &mut ChaCha20Rng) -> Vec<RatchetMessage> {
    let mut messages = send_many(alice, count);
    let last = messages.pop().unwrap();
    receive(bob, &last, rng).unwrap();
    messages
}

#[test]
fn two_thousand_are_kept_and_the_oldest_go_first() {
    let (mut alice, mut bob, mut rng) = pair(6);
    let oldest = lose(&mut alice, &mut bob, MAX_SKIP + 1, &mut rng);
    let middle = lose(&mut alice, &mut bob, MAX_SKIP + 1, &mut rng);
    assert_eq!(bob.skipped_len(), MAX_STORED);
    let newest = lose(&mut alice, &mut bob, 11, &mut rng);
    assert_eq!(bob.skipped_len(), MAX_STORED);
    for message in &oldest[..10] {
        let gone = receive(&mut bob, message, &mut rng);
        assert_eq!(gone, Err(RatchetError::KeyGone));
    }
    let stored = bob.to_bytes();
    assert!(Session::from_bytes(&stored).unwrap() == bob);
    for message in oldest[10..].iter().chain(&middle).chain(&newest) {
        receive(&mut bob, message, &mut rng).unwrap();
    }
    assert_eq!(bob.skipped_len(), 0);
}

#[test]
fn a_key_is_dropped_once_three_thousand_were_derived_after_it() {
    let (mut alice, mut bob, mut rng) = pair(7);
    let lost = lose(&mut alice, &mut bob, 2, &mut rng);
    assert_eq!(bob.skipped_len(), 1);
    // The lost key is number 0, the one that arrived number 1.
    let keys_left = MAX_KEEP as u32 - 3;
    for message in send_many(&mut alice, keys_left) {
        receive(&mut bob, &message, &mut rng).unwrap();
    }
    assert_eq!(bob.skipped_len(), 1);
    let mut still_kept = bob.clone();
    receive(&mut still_kept, &lost[0], &mut rng).unwrap();
    let one_more = alice.encrypt(b"one more").unwrap();
    receive(&mut bob, &one_more, &mut rng).unwrap();
    assert_eq!(bob.skipped_len(), 0);
    let gone = receive(&mut bob, &lost[0], &mut rng);
    assert_eq!(gone, Err(RatchetError::KeyGone));
}

#[test]
fn an_exhausted_chain_says_so() {
    let (alice, mut bob, mut rng) = pair(8);
    let mut bytes = alice.to_bytes();
    let at = 1 + 32 + 32 + 65 + 66 + 32;
    bytes[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut alice = Session::from_bytes(&bytes).unwrap();
    assert_eq!(alice.encrypt(b"one"), Err(RatchetError::ChainExhausted));
    let answer = bob.encrypt(b"hello").unwrap();
    receive(&mut alice, &answer, &mut rng).unwrap();

    let far = Header {
        n: u32::MAX,
        pn: u32::MAX,
        ..answer.header
    };
    let refused = bob.decrypt(&far, &[0; OVERHEAD], &mut rng);
    assert_eq!(refused.unwrap_err(), RatchetError::TooFarAhead);
    assert_eq!(bob.would_skip(&far), u32::MAX);
}

#[derive(Debug, Clone)]
enum Step {
    Send {
        alice: bool,
    },
    /// Which of the messages under way arrives, and whether it stays under way.
    Arrive {
        pick: prop::sample::Index,
        repeats: bool,
    },
    Lose {
        pick: prop::sample::Index,
    },
    Forge {
        pick: prop::sample::Index,
        at: prop::sample::Index,
        bit: u8,
    },
    /// Both go through storage.
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        4 => any::<bool>().prop_map(|alice| Step::Send { alice }),
        4 => (index(), any::<bool>()).prop_map(|(pick, repeats)| Step::Arrive { pick, repeats }),
        1 => index().prop_map(|pick| Step::Lose { pick }),
        1 => (index(), index(), 0..8u8).prop_map(|(pick, at, bit)| Step::Forge { pick, at, bit }),
        1 => Just(Step::Reopen),
    ]
}

struct UnderWay {
    from_alice: bool,
    text: Vec<u8>,
    message: RatchetMessage,
    arrived: bool,
}

/// A life of two sides: what arrives for the first time opens, what arrives
/// again or altered does not and changes nothing.
fn live(seed: u64, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let (mut alice, mut bob, mut rng) = pair(seed);
    let mut under_way: Vec<UnderWay> = Vec::new();
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Send { alice: from_alice } => {
                let text = format!("message {number}").into_bytes();
                let sender = if from_alice { &mut alice } else { &mut bob };
                let message = sender.encrypt(&text).unwrap();
                under_way.push(UnderWay {
                    from_alice,
                    text,
                    message,
                    arrived: false,
                });
            }
            Step::Reopen => {
                for session in [&mut alice, &mut bob] {
                    let bytes = session.to_bytes();
                    *session = Session::from_bytes(&bytes).unwrap();
                    prop_assert_eq!(session.to_bytes(), bytes);
                }
            }
            _ if under_way.is_empty() => {}
            Step::Lose { pick } => {
                let index = pick.index(under_way.len());
                under_way.swap_remove(index);
            }
            Step::Forge { pick, at, bit } => {
                let index = pick.index(under_way.len());
                let picked = &under_way[index];
                let mut forged = picked.message.clone();
                let at = at.index(forged.ciphertext.len());
                forged.ciphertext[at] ^= 1 << bit;
                let receiver = if picked.from_alice { &mut bob } else { &mut alice };
                prop_assert!(receive(receiver, &forged, &mut rng).is_err());
            }
            Step::Arrive { pick, repeats } => {
                let index = pick.index(under_way.len());
                let picked = &mut under_way[index];
                let receiver = if picked.from_alice { &mut bob } else { &mut alice };
                let result = receive(receiver, &picked.message, &mut rng);
                if picked.arrived {
                    prop_assert!(matches!(
                        result,
                        Err(RatchetError::KeyGone | RatchetError::NotAuthentic)
                    ));
                } else {
                    prop_assert_eq!(result.as_ref(), Ok(&picked.text));
                }
                picked.arrived = true;
                if !repeats {
                    under_way.swap_remove(index);
                }
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_arrives_opens_once(seed in any::<u64>(), steps in prop::collection::vec(step(), 1..80)) {
        live(seed, steps)?;
    }

    #[test]
    fn stored_sessions_with_altered_bytes_are_refused_or_kept_as_they_are(
        seed in any::<u64>(),
        lost in 1..6u32,
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let (mut alice, mut bob, mut rng) = pair(seed);
        lose(&mut alice, &mut bob, lost, &mut rng);
        let mut bytes = bob.to_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Some(cut) = cut {
            let length = cut.index(bytes.len());
            bytes.truncate(length);
        }
        if let Ok(read) = Session::from_bytes(&bytes) {
            prop_assert_eq!(read.to_bytes(), bytes);
        }
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let mut versioned = bytes.clone();
        versioned.insert(0, 1);
        prop_assert!(Session::from_bytes(&bytes).is_err());
        prop_assert!(Session::from_bytes(&versioned).is_err());
        let (alice, mut bob, mut rng) = pair(9);
        let header = Header { key: alice.ours.public_key(), n: 0, pn: 0 };
        prop_assert!(bob.decrypt(&header, &bytes, &mut rng).is_err());
    }
}

#[test]
fn stored_sessions_name_a_version_from_the_future() {
    let (alice, _, _) = pair(10);
    let mut bytes = alice.to_bytes();
    bytes[0] = 2;
    assert_eq!(Session::from_bytes(&bytes).err(), Some(CodecError::Version));
    assert_eq!(Session::from_bytes(&[]).err(), Some(CodecError::Damaged));
    bytes[0] = 1;
    bytes.push(0);
    assert_eq!(Session::from_bytes(&bytes).err(), Some(CodecError::Damaged));
}
