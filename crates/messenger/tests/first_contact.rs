//! How two people who know nothing of each other's devices begin.

#![allow(clippy::unwrap_used)]

extern crate undertone_messenger as messenger;

mod common;

use common::{HOUR, START, Who, World, phrase};
use crypto::SecretKey;
use crypto::derive::{CHAT, ExtendedKey};
use crypto::payload_v1::OpeningKey;
use messenger::{Command, MessageId, Reply};
use prost::Message as _;
use protocol::address;
use protocol::layers::transport;
use protocol::wire::encryption::{EncryptedMessageProtocol, ProtocolMessage};
use waku_proto::Envelope;

fn secret(name: &str) -> SecretKey {
    ExtendedKey::master(&phrase(name).to_seed(""))
        .unwrap()
        .derive(CHAT)
        .unwrap()
        .key()
        .clone()
}

/// What a person's envelopes look like below the outer seal, if they travel on the person's partition.
fn inside(envelope: &Envelope, to: &str) -> Option<ProtocolMessage> {
    let secret = secret(to);
    let here = address::partitioned(&secret.public_key());
    if envelope.message.content_topic != here.content_topic {
        return None;
    }
    let opened = transport::open(&envelope.message, OpeningKey::Asymmetric(&secret)).ok()?;
    ProtocolMessage::decode(&opened.data[..]).ok()
}

fn parts(message: &ProtocolMessage) -> Vec<(&String, &EncryptedMessageProtocol)> {
    message.encrypted_message.iter().collect()
}

fn ask(world: &mut World, from: Who, to: Who) -> MessageId {
    let to = world.key(to);
    match world
        .command(
            from,
            Command::SendContactRequest {
                to,
                note: "hello".into(),
            },
        )
        .unwrap()
    {
        Reply::Message(id) => id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_contact_code_is_asked_first_and_its_bundle_used() {
    let (mut world, alice, bob) = World::two();
    let before = world.archive.len();
    ask(&mut world, alice, bob);
    assert_eq!(world.archive.len(), before, "the request waits for the bundle");
    let now = world.now;
    let gaps = world.messenger(alice).history_gaps(now).unwrap();
    let bobs_code = address::contact_code(&world.key(bob)).content_topic;
    assert!(
        gaps[0].urgent && gaps[0].gap.content_topics.contains(&bobs_code),
        "{gaps:?}"
    );
    assert!(gaps[1..].iter().all(|gap| !gap.urgent));
    world.pass(300);
    world.catch_up(alice);
    world.pass(1);
    let request = world.archive[before..]
        .iter()
        .find_map(|one| inside(one, "Bobby"))
        .expect("sent before the 5 s end");
    assert!(world.now.since(START) < 5_000);
    let parts = parts(&request);
    assert_eq!(*parts[0].0, world.messenger(bob).account().installation_id.to_string());
    assert!(parts[0].1.x3dh_header.is_some() && parts[0].1.dr_header.is_some() && parts[0].1.dh_header.is_none());
    assert_eq!(world.texts(bob, alice), ["hello"]);
    let now = world.now;
    assert!(
        world
            .messenger(alice)
            .history_gaps(now)
            .unwrap()
            .iter()
            .all(|gap| !gap.urgent)
    );
}

#[test]
fn without_a_bundle_the_fallback_is_used_after_five_seconds() {
    let (mut world, alice, bob) = World::two();
    let before = world.archive.len();
    ask(&mut world, alice, bob);
    world.pass(4_999);
    assert_eq!(world.archive.len(), before);
    world.pass(1);
    let request = world.archive[before..]
        .iter()
        .find_map(|one| inside(one, "Bobby"))
        .unwrap();
    let parts = parts(&request);
    assert_eq!(parts[0].0, "none");
    assert!(parts[0].1.dh_header.is_some() && parts[0].1.dr_header.is_none());
    assert_eq!(
        request.bundles.len(),
        1,
        "our bundle goes along, so that the answer need not fall back"
    );
    assert_eq!(world.texts(bob, alice), ["hello"]);
}

#[test]
fn an_empty_contact_code_topic_ends_the_wait_early() {
    let (mut world, alice, bob) = World::two();
    world.archive.clear(); // the store node lost everything
    ask(&mut world, alice, bob);
    world.pass(200);
    world.catch_up(alice);
    world.pass(1);
    assert_eq!(world.texts(bob, alice), ["hello"], "nothing is to be waited for");
}

#[test]
fn strangers_get_an_acknowledgement_without_a_bundle_and_no_key_is_derived_for_them() {
    let (mut world, alice, bob) = World::two();
    ask(&mut world, alice, bob);
    world.pass(6_000);
    let ack = world
        .archive
        .iter()
        .find_map(|one| inside(one, "Alice"))
        .expect("the acknowledgement");
    assert!(ack.bundles.is_empty());
    let topics = world
        .messenger(bob)
        .store()
        .read(|view| view.topics().listening())
        .unwrap();
    assert_eq!(topics.len(), 3, "Bobby listens to nothing but his own topics");
    assert!(!world.messenger(bob).interests().pairs().any(|(_, topic)| {
        *topic == address::negotiated(&secret("Bobby").ecdh(&secret("Alice").public_key())).content_topic
    }));
}

#[test]
fn both_move_to_the_negotiated_topic_and_stop_sending_bundles() {
    let (mut world, alice, bob) = World::friends();
    let negotiated = address::negotiated(&secret("Alice").ecdh(&world.key(bob))).content_topic;
    world.pass(2_000);
    for _ in 0..2 {
        world.say(alice, bob, "to and");
        world.pass(2_000);
        world.say(bob, alice, "fro");
        world.pass(2_000);
    }
    let last: Vec<&Envelope> = world.archive.iter().rev().take(4).collect();
    assert!(last.iter().all(|one| one.message.content_topic == negotiated));
    let sizes: Vec<usize> = last.iter().map(|one| one.message.encoded_len()).collect();
    println!("message and acknowledgement, short text: {sizes:?} bytes");
    // A new pre-key is told again, until it is known to have arrived.
    world.pass(25 * HOUR);
    let secret = secret("Alice").ecdh(&world.key(bob));
    let address::Lock::Password(password) = address::negotiated(&secret).lock else {
        panic!()
    };
    let key = crypto::SymmetricKey::from_password(password.expose());
    let mut bundles = Vec::new();
    for _ in 0..3 {
        let before = world.archive.len();
        world.say(alice, bob, "again");
        world.pass(2_000);
        let opened = transport::open(&world.archive[before].message, OpeningKey::Symmetric(&key)).unwrap();
        bundles.push(ProtocolMessage::decode(&opened.data[..]).unwrap().bundles.len());
    }
    assert_eq!(bundles, [1, 0, 0]);
}

#[test]
fn a_message_of_100_characters_costs_at_most_1700_bytes_with_its_acknowledgement() {
    let (mut world, alice, bob) = World::friends();
    for _ in 0..2 {
        world.say(alice, bob, "warm");
        world.pass(3_000);
    }
    let before = world.archive.len();
    world.say(alice, bob, &"x".repeat(100));
    world.pass(3_000);
    let sizes: Vec<usize> = world.archive[before..]
        .iter()
        .map(|one| one.message.encoded_len())
        .collect();
    println!(
        "message and acknowledgement: {sizes:?} = {} bytes",
        sizes.iter().sum::<usize>()
    );
    assert_eq!(sizes.len(), 2, "no identity, nothing else");
    assert!(sizes.iter().sum::<usize>() <= 1_700);
}

#[test]
fn nothing_is_published_while_nothing_changes_but_the_contact_code() {
    let (mut world, alice, bob) = World::friends();
    world.pass(3 * HOUR);
    let before = world.archive.len();
    world.pass(24 * HOUR);
    let codes = [alice, bob].map(|who| address::contact_code(&world.key(who)).content_topic);
    let day = &world.archive[before..];
    assert!(day.iter().all(|one| codes.contains(&one.message.content_topic)));
    assert!(
        day.len() <= 2 * 5,
        "four times a day, and once for the new pre-key: {}",
        day.len()
    );
}
