use crypto::group_key::GroupKey;
use crypto::x3dh::SignedPreKey;
use crypto::{PublicKey, SecretKey};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::Timestamp;

/// A person with one installation.
struct Person {
    identity: SecretKey,
    installation: InstallationId,
    pre_key: SignedPreKey,
}

impl Person {
    fn new(name: &str, rng: &mut ChaCha20Rng) -> Person {
        Person {
            identity: SecretKey::generate(rng),
            installation: name.parse().unwrap(),
            pre_key: SignedPreKey::generate(1, rng),
        }
    }

    fn key(&self) -> PublicKey {
        self.identity.public_key()
    }

    fn bundle(&self) -> SignedBundle {
        let pre_keys = BTreeMap::from([(self.installation.clone(), self.pre_key.public())]);
        SignedBundle::sign(&self.identity, &pre_keys, Timestamp(1_700_000_000_123))
    }
}

fn alice_and_bob() -> (Person, Person, ChaCha20Rng) {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    (Person::new("alice's", &mut rng), Person::new("bob's", &mut rng), rng)
}

fn part_for(person: &Person, bytes: &[u8]) -> Result<Part, PartError> {
    match ProtocolMessage::parse(bytes).unwrap().body {
        Body::Encrypted(mut parts) => parts.take(&person.installation),
        Body::Public(_) => panic!("not encrypted"),
    }
}

fn ratchet_part(person: &Person, bytes: &[u8]) -> RatchetPart {
    match part_for(person, bytes).unwrap().scheme {
        Scheme::Ratchet(part) => *part,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_x3dh_header_repeats_until_the_other_side_answers() {
    let (alice, bob, mut rng) = alice_and_bob();
    let bobs = PairSession::initiate(&alice.identity, &bob.key(), &bob.pre_key.public().key, &mut rng);
    let mut to_bob = BTreeMap::from([(bob.installation.clone(), bobs)]);
    let send = |sessions: &mut BTreeMap<_, _>, from: &Person, text: &[u8]| {
        seal_pairwise(text, &from.installation, Some(from.bundle()), sessions)
            .unwrap()
            .bytes
    };

    let first = ratchet_part(&bob, &send(&mut to_bob, &alice, b"one"));
    let second = ratchet_part(&bob, &send(&mut to_bob, &alice, b"two"));
    assert_eq!(first.ephemeral, second.ephemeral);
    assert!(first.ephemeral.is_some());
    let mut session = PairSession::accept(&second, &bob.identity, &bob.pre_key.secret, &alice.key()).unwrap();
    assert_eq!(session.open(&second, &mut rng).unwrap().as_slice(), b"two");
    assert_eq!(session.open(&first, &mut rng).unwrap().as_slice(), b"one");
    assert_eq!(session.open(&first, &mut rng), Err(OpenError::KeyGone), "a repetition");

    let mut to_alice = BTreeMap::from([(alice.installation.clone(), session)]);
    let answer = ratchet_part(&alice, &send(&mut to_alice, &bob, b"three"));
    assert_eq!(answer.ephemeral, None, "who answers did not begin");
    let session = to_bob.get_mut(&bob.installation).unwrap();
    assert_eq!(session.open(&answer, &mut rng).unwrap().as_slice(), b"three");
    assert_eq!(ratchet_part(&bob, &send(&mut to_bob, &alice, b"four")).ephemeral, None);
}

#[test]
fn each_installation_finds_its_own_part() {
    let (alice, bob, mut rng) = alice_and_bob();
    let carol = Person::new("carol's", &mut rng);
    let mut sessions: BTreeMap<_, _> = [&bob, &carol]
        .map(|to| {
            let pre_key = to.pre_key.public().key;
            (
                to.installation.clone(),
                PairSession::initiate(&alice.identity, &to.key(), &pre_key, &mut rng),
            )
        })
        .into();
    let sealed = seal_pairwise(b"both", &alice.installation, None, &mut sessions)
        .unwrap()
        .bytes;
    for to in [&bob, &carol] {
        let part = ratchet_part(to, &sealed);
        let mut session = PairSession::accept(&part, &to.identity, &to.pre_key.secret, &alice.key()).unwrap();
        assert_eq!(session.open(&part, &mut rng).unwrap().as_slice(), b"both");
    }
    assert_eq!(part_for(&alice, &sealed).unwrap_err(), PartError::NotForUs);
    let swapped = ratchet_part(&bob, &sealed);
    let mut wrong = PairSession::accept(&swapped, &bob.identity, &bob.pre_key.secret, &carol.key()).unwrap();
    assert_eq!(
        wrong.open(&swapped, &mut rng),
        Err(OpenError::NotAuthentic),
        "another sender"
    );
}

#[test]
fn messages_without_sessions() {
    let (alice, bob, mut rng) = alice_and_bob();
    let sealed = seal_dh(
        b"hello",
        &bob.key(),
        &alice.installation,
        Some(alice.bundle()),
        &mut rng,
    );
    let read = ProtocolMessage::parse(&sealed).unwrap();
    assert_eq!(read.installation.as_ref(), Some(&alice.installation));
    assert_eq!(read.bundles[0].identity, alice.key());
    assert_eq!(read.bundles[0].timestamp, 1_700_000_000_123_000_000);
    let Scheme::Dh { key, payload } = part_for(&bob, &sealed).unwrap().scheme else {
        panic!("not DH")
    };
    assert_eq!(open_dh(&payload, &key, &bob.identity).unwrap().as_slice(), b"hello");
    assert_eq!(open_dh(&payload, &key, &alice.identity), Err(OpenError::NotAuthentic));

    let public = seal_public(b"to all".to_vec(), &alice.installation, alice.bundle());
    let Body::Public(payload) = ProtocolMessage::parse(&public).unwrap().body else {
        panic!("not public")
    };
    assert_eq!(payload, b"to all");
}

#[test]
fn groups_share_a_key_and_a_count() {
    let (alice, bob, mut rng) = alice_and_bob();
    let mut alices = GroupKey::generate(b"group", 1_700_000_000_000, &mut rng);
    let members = [bob.key()];
    let sealed = seal_rekeying(
        b"open".to_vec(),
        &alice.installation,
        &alices,
        &alice.identity,
        &members,
        &mut rng,
    );
    let part = part_for(&bob, &sealed).unwrap();
    assert!(matches!(part.scheme, Scheme::Clear(payload) if payload == b"open"));
    let mut keys = part.group_keys.unwrap().open(&bob.identity, &alice.key());
    let mut bobs = keys.pop().unwrap();

    let sealed = seal_group(b"one", &alice.installation, &mut alices, &mut rng).unwrap();
    let Scheme::Group(message) = part_for(&bob, &sealed).unwrap().scheme else {
        panic!("no group")
    };
    assert!(message.names(&bobs));
    assert_eq!(message.open(&mut bobs).unwrap().as_slice(), b"one");
    let old_sender = GroupMessage {
        key_id: vec![],
        ..message.clone()
    };
    assert!(old_sender.names(&bobs));
    assert!(
        !GroupMessage {
            deprecated_key_id: 0,
            ..old_sender
        }
        .names(&bobs)
    );
    assert!(
        !GroupMessage {
            group_id: b"other".to_vec(),
            ..message
        }
        .names(&bobs)
    );
    let answer = seal_group(b"two", &bob.installation, &mut bobs, &mut rng).unwrap();
    let Scheme::Group(message) = part_for(&alice, &answer).unwrap().scheme else {
        panic!("no group")
    };
    assert_eq!(message.seq_no, 2);
    assert_eq!(message.open(&mut alices).unwrap().as_slice(), b"two");
}

#[test]
// over budget: one case a line
fn what_is_wrong_with_a_message_has_a_name() {
    let (alice, bob, mut rng) = alice_and_bob();
    let good = wire::ProtocolMessage::decode(
        &seal_dh(
            b"hello",
            &bob.key(),
            &alice.installation,
            Some(alice.bundle()),
            &mut rng,
        )[..],
    )
    .unwrap();
    let parse = |change: fn(&mut wire::ProtocolMessage)| {
        let mut message = good.clone();
        change(&mut message);
        ProtocolMessage::parse(&message.encode_to_vec())
    };
    assert_eq!(
        parse(|m| m.encrypted_message.clear()).unwrap_err(),
        ParseError::NotOfThisLayer
    );
    assert_eq!(
        parse(|m| m.bundles[0].signature[3] ^= 1).unwrap_err(),
        ParseError::Bundle(BundleError::Signature)
    );
    assert_eq!(
        parse(|m| m.bundles = vec![m.bundles[0].clone(); 5]).unwrap_err(),
        ParseError::TooManyBundles
    );
    assert_eq!(parse(|m| m.installation_id.clear()).unwrap().installation, None);

    let take = |change: fn(&mut wire::EncryptedMessageProtocol)| {
        let mut message = good.clone();
        change(message.encrypted_message.get_mut(NO_INSTALLATION).unwrap());
        part_for(&bob, &message.encode_to_vec()).unwrap_err()
    };
    assert_eq!(take(|part| part.dh_header = None), PartError::NoScheme);
    assert_eq!(
        take(|part| part.dh_header = Some(wire::DhHeader { key: vec![2; 32] })),
        PartError::Key
    );
    assert_eq!(
        take(|part| part.dr_header = Some(wire::DrHeader::default())),
        PartError::Key
    );
    let keys = |count: usize, length: usize| {
        let key = wire::HrKey {
            key: vec![1; length],
            timestamp: 5,
            ..Default::default()
        };
        let keys = Some(wire::HrKeys {
            keys: vec![key; count],
            rekey_group: None,
        });
        let part = wire::EncryptedMessageProtocol {
            hr_header: Some(wire::HrHeader {
                keys,
                ..Default::default()
            }),
            ..Default::default()
        };
        Part::read(part).map(|part| part.group_keys.unwrap().keys.len())
    };
    assert_eq!(keys(2, 32), Ok(2));
    assert_eq!(keys(1, 31), Err(PartError::Key));
    assert_eq!(keys(1_001, 32), Err(PartError::TooManyKeys));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// Whatever is lost, repeated or comes late: what is delivered opens once, to what was sealed.
    #[test]
    fn every_message_opens_once(
        seed: u64,
        turns in proptest::collection::vec((any::<bool>(), any::<bool>(), any::<bool>()), 1..24),
        order in any::<prop::sample::Index>(),
    ) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let people = [Person::new("alice's", &mut rng), Person::new("bob's", &mut rng)];
        let pre_key = people[1].pre_key.public().key;
        let begun = PairSession::initiate(&people[0].identity, &people[1].key(), &pre_key, &mut rng);
        let mut sessions = [Some(begun), None];
        let mut under_way: Vec<(usize, Vec<u8>, u8)> = Vec::new();
        for (index, (by_bob, lost, delayed)) in turns.iter().enumerate() {
            let from = usize::from(*by_bob && sessions[1].is_some());
            let to = &people[1 - from];
            let mut map = BTreeMap::from([(to.installation.clone(), sessions[from].take().unwrap())]);
            let sealed = seal_pairwise(&[index as u8], &people[from].installation, None, &mut map).unwrap().bytes;
            sessions[from] = map.remove(&to.installation);
            if !lost {
                under_way.push((1 - from, sealed, index as u8));
            }
            if *delayed {
                continue;
            }
            while !under_way.is_empty() {
                let (to, sealed, expected) = under_way.remove(order.index(under_way.len()));
                let part = ratchet_part(&people[to], &sealed);
                let from = people[1 - to].key();
                let secret = &people[to].pre_key.secret;
                let mut session = sessions[to]
                    .take()
                    .map_or_else(|| PairSession::accept(&part, &people[to].identity, secret, &from), Ok)
                    .unwrap();
                prop_assert_eq!(session.open(&part, &mut rng).unwrap().to_vec(), [expected]);
                prop_assert!(session.open(&part, &mut rng).is_err());
                sessions[to] = Some(session);
            }
        }
    }

    #[test]
    fn any_bytes_parse_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let (alice, ..) = alice_and_bob();
        if let Ok(ProtocolMessage { body: Body::Encrypted(mut parts), .. }) = ProtocolMessage::parse(&bytes) {
            let _ = parts.take(&alice.installation);
        }
        let _ = Bundle::open(&bytes);
    }

    #[test]
    fn cut_messages_are_refused_or_differ(seed: u64, cut in any::<prop::sample::Index>()) {
        let (alice, bob, _) = alice_and_bob();
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let sealed = seal_dh(b"hello", &bob.key(), &alice.installation, Some(alice.bundle()), &mut rng);
        let cut = &sealed[..cut.index(sealed.len())];
        if let Ok(ProtocolMessage { body: Body::Encrypted(mut parts), .. }) = ProtocolMessage::parse(cut)
            && let Ok(Part { scheme: Scheme::Dh { key, payload }, .. }) = parts.take(&bob.installation)
        {
            prop_assert!(open_dh(&payload, &key, &bob.identity).is_err());
        }
    }
}
